package negotiationpage

import (
	"context"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"kmscope/graph"
	"kmscope/negotiation"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
	"kmscope/ui/view"
)

// Placer places the states of ICE: graph.Layouter does.
type Placer interface {
	Boxes(ctx context.Context, b *graph.Boxes) (*graph.BoxesAt, error)
}

// The measures of the diagram, in points of its plane.
const (
	stateWidth  = 116
	stateHeight = 54
	stateGap    = 76
)

// iceDiagram is the states of one ICE component with the path taken.
type iceDiagram struct {
	lane string // "ice/1/1"
	path negotiation.ICEPath
	at   *graph.BoxesAt
}

// iceVisits gives the stays of one ICE lane of an endpoint, and all of its ICE
// lanes.
func iceVisits(x view.Session, id, lane string, end time.Time) (visits []negotiation.Visit, lanes []string, chosen string) {
	log := x.Lanes()
	if log == nil {
		return nil, nil, ""
	}
	all := log.Object(id, end)
	for i := range all {
		if name := string(all[i].Lane); strings.HasPrefix(name, "ice/") {
			lanes = append(lanes, name)
		}
	}
	slices.Sort(lanes)
	chosen = lane
	if !slices.Contains(lanes, chosen) {
		if len(lanes) == 0 {
			return nil, nil, ""
		}
		chosen = lanes[0]
	}
	for i := range all {
		if string(all[i].Lane) != chosen {
			continue
		}
		for _, v := range all[i].Intervals {
			if v.From.After(end) {
				break
			}
			to := v.To
			if to.After(end) {
				to = end
			}
			visits = append(visits, negotiation.Visit{State: v.State, From: v.From, To: to})
		}
	}
	return visits, lanes, chosen
}

// boxesOf gives the diagram to graphviz: states as boxes, transitions as lines
// whose ends are spread over the sides.
func boxesOf(p *negotiation.ICEPath) *graph.Boxes {
	b := &graph.Boxes{Gap: stateGap}
	number := map[string]int{}
	for i, s := range p.Stays {
		number[s.State] = i
		b.Sizes = append(b.Sizes, graph.Point{X: stateWidth, Y: stateHeight})
	}
	out, in := make([][]int, len(p.Stays)), make([][]int, len(p.Stays))
	for i, t := range p.Transitions {
		from, to := number[t.From], number[t.To]
		b.Lines = append(b.Lines, graph.Line{From: from, To: to})
		out[from], in[to] = append(out[from], i), append(in[to], i)
	}
	height := func(list []int, line int) float64 {
		at := slices.Index(list, line)
		return stateHeight * float64(at+1) / float64(len(list)+1)
	}
	for i := range b.Lines {
		e := &b.Lines[i]
		e.FromY, e.ToY = height(out[e.From], i), height(in[e.To], i)
	}
	return b
}

func drawStates(ctx context.Context, place Placer, lane string, visits []negotiation.Visit) (*iceDiagram, error) {
	d := &iceDiagram{lane: lane, path: negotiation.ICEPathOf(visits)}
	boxes := boxesOf(&d.path)
	var err error
	if place != nil {
		d.at, err = place.Boxes(ctx, boxes)
	} else {
		d.at, err = graph.BoxColumns(boxes)
	}
	return d, err
}

// paintStates draws the diagram as large as it fits.
func (d *iceDiagram) paint(c *paint.Canvas, l *surface.Look, scale float32) {
	w, h := c.Size()
	port := surface.Viewport{Zoom: 1, W: float64(float32(w) / scale), H: float64(float32(h) / scale)}
	port = port.Fitted(surface.Rect{W: d.at.W, H: d.at.H}, 28, 1.25)
	k := float32(port.Zoom) * scale
	point := func(p graph.Point) paint.Point {
		x, y := port.ToWindow(p.X, p.Y)
		return paint.Point{X: float32(x) * scale, Y: float32(y) * scale}
	}
	for _, taken := range []bool{false, true} {
		for i := range d.path.Transitions {
			if t := &d.path.Transitions[i]; (t.Count > 0) == taken {
				d.line(c, l, t, d.at.Paths[i], point, k, scale)
			}
		}
	}
	for i := range d.path.Stays {
		d.state(c, l, &d.path.Stays[i], point(d.at.At[i]), k, scale)
	}
}

func wayHue(l *surface.Look, w negotiation.Way) color.NRGBA {
	switch w {
	case negotiation.WayFailure:
		return l.Error
	case negotiation.WayUndocumented:
		return l.Warning
	case negotiation.WayBack:
		return l.Accent
	case negotiation.WayGood:
	}
	return l.OK
}

func (d *iceDiagram) line(c *paint.Canvas, l *surface.Look, t *negotiation.ICETransition, path []graph.Point, point func(graph.Point) paint.Point, k, scale float32) {
	if len(path) < 4 {
		return
	}
	pts := make([]paint.Point, len(path))
	for i, p := range path {
		pts[i] = point(p)
	}
	hue, width, dash := paint.Mix(l.Line, l.Dim, 0.35), surface.Hairline(scale), paint.Dash(nil)
	if t.Way == negotiation.WayFailure {
		dash = surface.DashBroken.Scaled(scale)
	}
	if t.Count > 0 {
		hue, width, dash = wayHue(l, t.Way), 2.4*scale, nil
	}
	c.Spline(pts, width, hue, dash)
	end, before := pts[len(pts)-1], pts[len(pts)-2]
	dx, dy := end.X-before.X, end.Y-before.Y
	if n := float32(math.Hypot(float64(dx), float64(dy))); n > 0 {
		c.Arrow(end.X, end.Y, dx/n, dy/n, 8*min(k, scale), hue)
	}
	if t.Count == 0 {
		return
	}
	text := negotiation.Length(t.Took)
	if t.Count > 1 {
		text = fmt.Sprintf("%d× · %s", t.Count, text)
	}
	mid := pts[len(pts)/2]
	if len(pts) == 4 {
		mid = paint.CubicAt(pts[0], pts[1], pts[2], pts[3], 0.5)
	}
	f := l.Mono.Face(10.5 * scale)
	tw := f.Width(text)
	c.RoundRect(mid.X-tw/2-4*scale, mid.Y-9*scale, tw+8*scale, 18*scale, 4*scale, l.Background)
	c.StrokeRoundRect(mid.X-tw/2-4*scale, mid.Y-9*scale, tw+8*scale, 18*scale, 4*scale, surface.Hairline(scale), hue)
	c.TextCentred(f, text, mid.X, mid.Y, l.Text)
}

func (d *iceDiagram) state(c *paint.Canvas, l *surface.Look, s *negotiation.ICEStay, at paint.Point, k, scale float32) {
	w, h := stateWidth*k, stateHeight*k
	fill, rim, text, width := l.Panel, l.Line, l.Dim, surface.Hairline(scale)
	if s.Visits > 0 {
		rim, text, width = l.OK, l.Text, 1.5*scale
		if s.State == "FAILED" {
			rim = l.Error
		}
	}
	if s.Current {
		fill, width = paint.Mix(rim, l.Panel, 0.8), 2.5*scale
	}
	c.RoundRect(at.X, at.Y, w, h, 8*k, fill)
	c.StrokeRoundRect(at.X, at.Y, w, h, 8*k, width, rim)
	name := l.Bold.Face(min(12*k, 13*scale))
	c.TextCentred(name, name.Fit(s.State, w-8*k), at.X+w/2, at.Y+h*0.36, text)
	note := "never"
	switch {
	case s.Current && s.Visits > 1:
		note = fmt.Sprintf("now · %d× · %s", s.Visits, negotiation.Length(s.Total))
	case s.Current:
		note = "now · " + negotiation.Length(s.Total)
	case s.Visits > 1:
		note = fmt.Sprintf("%d× · %s", s.Visits, negotiation.Length(s.Total))
	case s.Visits == 1:
		note = negotiation.Length(s.Total)
	}
	small := l.Regular.Face(min(11*k, 12*scale))
	c.TextCentred(small, small.Fit(note, w-8*k), at.X+w/2, at.Y+h*0.7, l.Dim)
}

// statesText is the path for the clipboard and for those who cannot see it: one
// line per transition taken.
func (d *iceDiagram) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", d.lane)
	for _, t := range d.path.Transitions {
		if t.Count > 0 {
			means := t.Means
			if t.Way == negotiation.WayUndocumented {
				means = "libnice's diagram does not have this one"
			}
			fmt.Fprintf(&b, "%s -> %s\t%d times\tafter %s\t%s\n", t.From, t.To, t.Count, negotiation.Length(t.Took), means)
		}
	}
	for _, s := range d.path.Stays {
		if s.Current {
			fmt.Fprintf(&b, "now %s for %s\n", s.State, negotiation.Length(s.Total))
		}
	}
	return b.String()
}

// laneTitle writes "ice/1/2" for people.
func laneTitle(lane string) string {
	parts := strings.Split(lane, "/")
	if len(parts) != 3 {
		return lane
	}
	return "stream " + parts[1] + ", component " + parts[2]
}

// newStates makes the picture; paint shows what p holds.
func (p *Page) newStates() *surface.Surface {
	return surface.New(fyne.NewSize(200, 120), func(c *paint.Canvas, l *surface.Look, scale float32) {
		switch {
		case p.diagram != nil:
			p.diagram.paint(c, l, scale)
		case p.one != nil && p.asked.object != "":
			surface.EmptyState(c, l, p.noDiagram, scale)
		}
	})
}

// redraw makes the diagram of the ICE states anew where it is shown.
func (p *Page) redraw() {
	x, id := p.asked.session, p.asked.object
	if p.part != partStates || x == nil || id == "" || p.view == nil {
		return
	}
	end := p.asked.at
	if end.IsZero() {
		end = p.view.End()
	}
	lane, place := p.lane, p.place
	p.draw.Start(func(ctx context.Context) func() {
		visits, lanes, chosen := iceVisits(x, id, lane, end)
		var d *iceDiagram
		why := "Nothing is known of the ICE states of this endpoint at this moment."
		if chosen != "" {
			var err error
			if d, err = drawStates(ctx, place, chosen, visits); err != nil {
				d, why = nil, "The diagram could not be placed: "+err.Error()
			}
		}
		return func() { p.showStates(d, lanes, why) }
	})
}

func (p *Page) showStates(d *iceDiagram, lanes []string, why string) {
	p.diagram, p.noDiagram, p.lanes = d, why, lanes
	p.quiet = true
	titles := make([]string, len(lanes))
	for i, lane := range lanes {
		titles[i] = laneTitle(lane)
	}
	if !slices.Equal(titles, p.laneMenu.Options) {
		p.laneMenu.SetOptions(titles)
	}
	if d != nil {
		if at := slices.Index(lanes, d.lane); p.laneMenu.SelectedIndex() != at {
			p.laneMenu.SetSelectedIndex(at)
		}
	}
	p.quiet = false
	p.showLanes()
	p.states.Repaint()
}

// showLanes shows the choice of a lane where there is one, and the diagram.
func (p *Page) showLanes() {
	on := len(p.lanes) > 0 && p.states.Visible()
	if p.laneBox.Visible() == on {
		return
	}
	if on {
		p.laneBox.Show()
	} else {
		p.laneBox.Hide()
	}
	p.content.Refresh()
}

func (p *Page) choseLane() {
	if i := p.laneMenu.SelectedIndex(); !p.quiet && i >= 0 && i < len(p.lanes) {
		p.lane = p.lanes[i]
		p.redraw()
	}
}

func (p *Page) copyStates() {
	if p.diagram != nil {
		toClipboard(p.diagram.text())
	}
}
