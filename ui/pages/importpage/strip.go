package importpage

import (
	"image"
	"image/color"
	"math"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"kmscope/browserdump"
	"kmscope/inventory"
	"kmscope/stats"
	"kmscope/timeline"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
	"kmscope/ui/view"
)

// stripRow is one line of the states: a lane, or the head over those of one side.
type stripRow struct {
	title string
	head  bool
	lane  inventory.Lane
	spans []timeline.Interval // on the clock of the window
}

// The measures of the strip, in window units.
const (
	stripLane  = 18.0
	stripHead  = 20.0
	stripTop   = 22.0
	stripFoot  = 24.0
	stripLeft  = 188.0
	stripRight = 16.0
	stripChart = 92.0
)

func stripPlot(width float64) (x, w float64) { return stripLeft, max(width-stripLeft-stripRight, 10) }

// stripHeight is the height of all lanes.
func stripHeight(rows []stripRow) float64 {
	h := 0.0
	for i := range rows {
		h += rows[i].height()
	}
	return h
}

func (r *stripRow) height() float64 {
	if r.head {
		return stripHead
	}
	return stripLane
}

// serverLanes are the lanes of an endpoint that a browser has the like of.
var serverLanes = []string{"ice/", "dtls/", "connection", "media"}

// lanes works out the states of both sides, and the part of time that is drawn:
// that of the window where it shows any of the connection, else the connection's.
func (d *dumpView) lanes() {
	if d.pc == nil {
		return
	}
	d.rows = d.rows[:0]
	m := d.s.result.Of(d.pc)
	if x := d.p.server(); x != nil && m != nil && x.Lanes() != nil {
		d.rows = append(d.rows, stripRow{title: "server: " + d.p.objectName(m.Object), head: true})
		for _, l := range x.Lanes().Object(m.Object, d.p.view.End()) {
			for _, want := range serverLanes {
				if strings.HasPrefix(string(l.Lane), want) {
					d.rows = append(d.rows, stripRow{title: view.LaneTitle(l.Lane), lane: l.Lane, spans: l.Intervals})
					break
				}
			}
		}
	}
	if len(d.rows) == 1 {
		d.rows[0].title += ", of which nothing is known up to this moment of the capture"
	}
	d.rows = append(d.rows, stripRow{title: "browser: " + d.pc.ID, head: true})
	for _, l := range d.pc.Lanes(d.pc.ID, d.offset()) {
		d.rows = append(d.rows, stripRow{title: view.LaneTitle(l.Lane), lane: l.Lane, spans: l.Intervals})
	}
	from, to := d.at(d.pc.From), d.at(d.pc.To)
	room := max(to.Sub(from)/50, 100*time.Millisecond)
	from, to = from.Add(-room), to.Add(room)
	d.time = surface.TimeAxis{From: from, To: to, Clock: d.p.clock()}
	if v := d.p.view; v != nil {
		if a, b := v.Range(); !a.IsZero() && a.Before(to) && from.Before(b) {
			d.time.From, d.time.To = a, b
		}
		if at, live := v.Cursor(); !live {
			d.time.Cursor = at
		}
	}
	d.hold()
	d.strip.Repaint()
}

// newStrip makes the widget of the states.
func (d *dumpView) newStrip() *surface.Surface {
	s := surface.New(fyne.NewSize(200, 110), d.paint)
	inPlot := func(pos fyne.Position) (time.Time, bool) {
		x, w := stripPlot(float64(s.Size().Width))
		if d.p.view == nil || d.p.view.Server() == nil || d.pc == nil || float64(pos.X) < x-2 || float64(pos.X) > x+w+2 {
			return time.Time{}, false
		}
		return d.time.TimeAt(float64(pos.X), x, w), true
	}
	s.OnHovered = func(pos fyne.Position) {
		at, in := inPlot(pos)
		if !in {
			d.left()
			return
		}
		d.hover = true
		d.p.view.Hover(at)
		d.time.Cursor = at
		s.Repaint()
	}
	s.OnLeft = d.left
	s.OnClicked = func(pos fyne.Position, _ bool) {
		if at, in := inPlot(pos); in {
			d.p.view.Pin(at)
		}
	}
	s.OnDoubled = func(fyne.Position) {
		if d.p.view != nil {
			d.p.view.Follow()
		}
	}
	s.OnDragged = func(_, by fyne.Position) {
		_, w := stripPlot(float64(s.Size().Width))
		d.move(time.Duration(-float64(by.X) / w * float64(d.time.To.Sub(d.time.From))))
	}
	s.OnWheeled = func(pos fyne.Position, by fyne.Delta, mods fyne.KeyModifier) {
		at, in := inPlot(pos)
		if in && mods&fyne.KeyModifierControl != 0 {
			f := 1 / surface.WheelZoom(float64(by.DY))
			d.p.view.SetRange(at.Add(-time.Duration(float64(at.Sub(d.time.From))*f)), at.Add(time.Duration(float64(d.time.To.Sub(at))*f)))
			d.refresh()
			return
		}
		d.scroll -= float64(by.DY)
		d.hold()
		s.Repaint()
	}
	s.OnResized = func(fyne.Size) { d.hold() }
	return s
}

func (d *dumpView) move(by time.Duration) {
	if d.p.view != nil && d.p.view.Server() != nil && d.pc != nil {
		d.p.view.SetRange(d.time.From.Add(by), d.time.To.Add(by))
		d.refresh()
	}
}

// left ends what the pointer over the strip showed.
func (d *dumpView) left() {
	if d.hover {
		d.hover = false
		d.p.view.Hover(time.Time{})
		d.refresh()
	}
}

// laneRoom is the height that the lanes have.
func (d *dumpView) laneRoom() float64 {
	h := float64(d.strip.Size().Height) - stripTop - stripFoot
	if d.chart >= 0 {
		h -= stripChart
	}
	return h
}

func (d *dumpView) hold() {
	if d.strip != nil {
		d.scroll = min(max(d.scroll, 0), max(stripHeight(d.rows)-d.laneRoom(), 0))
	}
}

// stateHue is the colour of a state, by how good it is.
func stateHue(l *surface.Look, lane inventory.Lane, state string, from inventory.Source) color.NRGBA {
	switch view.StateLevel(lane, inventory.State{Value: state, Source: from}) {
	case view.Fine:
		return l.OK
	case view.Attention:
		return l.Warning
	case view.Trouble:
		return l.Error
	}
	return l.Dim
}

// paint draws the lanes, the chosen series and the cursor.
func (d *dumpView) paint(c *paint.Canvas, l *surface.Look, scale float32) {
	if d.pc == nil {
		return
	}
	cw, ch := c.Size()
	width, height := float64(cw)/float64(scale), float64(ch)/float64(scale)
	x0, w := stripPlot(width)
	px := func(v float64) float32 { return float32(math.Round(v * float64(scale))) }
	one := surface.Hairline(scale)
	small, bold, tick := l.Regular.Face(11*scale), l.Bold.Face(11*scale), l.Regular.Face(10*scale)
	bottom := height - stripFoot
	ticks, step := surface.TimeTicks(d.time.From, d.time.To, max(int(w/90), 2), d.time.Clock)
	for _, t := range ticks {
		x := float32(math.Floor(d.time.XAt(t, x0, w) * float64(scale)))
		c.Rect(x, px(stripTop), one, px(bottom)-px(stripTop), l.Faint)
		s := surface.ClockLabel(d.time.Clock, t, step)
		if x+4*scale+tick.Width(s) < float32(cw) {
			c.Text(tick, s, x+3*scale, px(15), l.Dim)
		}
	}
	lanesEnd := bottom
	if d.chart >= 0 && d.chart < len(d.pc.Series) {
		lanesEnd -= stripChart
		d.paintChart(c, l, &d.pc.Series[d.chart], lanesEnd+6, stripChart-6, scale)
	}
	c.Clip(image.Rect(0, int(px(stripTop)), cw, int(px(lanesEnd))))
	y := stripTop - d.scroll
	for i := range d.rows {
		r := &d.rows[i]
		if h := r.height(); y+h > stripTop && y < lanesEnd {
			if r.head {
				c.Text(bold, bold.Fit(r.title, px(width-24)), px(12), px(y+15), l.Text)
			} else {
				c.Text(small, small.Fit(r.title, px(x0-36)), px(24), px(y+13), l.Dim)
				d.paintSpans(c, l, r, y+1, stripLane-3, scale)
			}
		}
		y += r.height()
	}
	c.Unclip()
	surface.ScrollMark(c, l, d.scroll, stripHeight(d.rows), image.Rect(0, int(px(stripTop)), cw, int(px(lanesEnd))), scale)
	at := d.time.Cursor
	if at.IsZero() || at.Before(d.time.From) || at.After(d.time.To) {
		return
	}
	x := float32(math.Floor(d.time.XAt(at, x0, w) * float64(scale)))
	c.Rect(x, px(stripTop-4), one, px(bottom+4)-px(stripTop-4), l.Error)
	s := d.time.Clock.Format(at)
	tw := small.Width(s) + 20*scale
	left := min(max(x-tw/2, 4*scale), float32(cw)-tw-4*scale)
	c.RoundRect(left, px(bottom+3), tw, 18*scale, 3*scale, l.Error)
	c.TextCentred(small, s, left+tw/2, px(bottom+3)+9*scale, l.OnAccent)
}

func (d *dumpView) paintSpans(c *paint.Canvas, l *surface.Look, row *stripRow, y, h float64, scale float32) {
	cw, _ := c.Size()
	x0, w := stripPlot(float64(cw) / float64(scale))
	s := float64(scale)
	f := l.Regular.Face(10.5 * scale)
	for i := range row.spans {
		sp := &row.spans[i]
		from, to := sp.From, sp.To
		if to.IsZero() || to.After(d.time.To) {
			to = d.time.To
		}
		if to.Before(d.time.From) || from.After(d.time.To) {
			continue
		}
		if from.Before(d.time.From) {
			from = d.time.From
		}
		a := float32(math.Round(d.time.XAt(from, x0, w) * s))
		b := max(float32(math.Round(d.time.XAt(to, x0, w)*s)), a+2*scale)
		top, height := float32(math.Round(y*s)), float32(math.Round(h*s))
		hue := stateHue(l, row.lane, sp.State, sp.Source)
		c.RoundRect(a, top, b-a, height, 3*scale, paint.WithAlpha(hue, 0.25))
		c.StrokeRoundRect(a, top, b-a, height, 3*scale, surface.Hairline(scale), paint.WithAlpha(hue, 0.75))
		word := strings.ReplaceAll(sp.State, "_", " ")
		if room := b - a - 12*scale; room > 14*scale {
			if fit := f.Fit(word, room); fit == word || room > 40*scale {
				c.Text(f, fit, a+6*scale, top+height/2+f.CapHeight()/2, l.Text)
			}
		}
	}
}

// paintChart draws a series of the browser on the same time axis.
func (d *dumpView) paintChart(c *paint.Canvas, l *surface.Look, s *browserdump.Series, y, h float64, scale float32) {
	cw, _ := c.Size()
	x0, w := stripPlot(float64(cw) / float64(scale))
	px := func(v float64) float32 { return float32(math.Round(v * float64(scale))) }
	small, tick := l.Regular.Face(11*scale), l.Regular.Face(10*scale)
	c.Text(small, small.Fit(s.Metric, px(x0-56)), px(12), px(y+14), l.Text)
	c.Text(tick, tick.Fit(s.Kind, px(x0-56)), px(12), px(y+30), l.Dim)
	c.Text(tick, tick.Fit(latest(s), px(x0-56)), px(12), px(y+46), l.Dim)
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, p := range s.Points {
		if !math.IsNaN(p.Value) && !math.IsInf(p.Value, 0) {
			lo, hi = min(lo, p.Value), max(hi, p.Value)
		}
	}
	unit := s.Unit
	if unit == "" {
		unit = stats.Count
	}
	axis := surface.AxisFor(lo, hi, unit, 2)
	yAt := func(v float64) float32 { return px(y + h - 4 - axis.Share(v)*(h-12)) }
	for _, t := range axis.Ticks() {
		c.Rect(px(x0), yAt(t), px(w), surface.Hairline(scale), l.Faint)
		c.TextRight(tick, axis.Label(t)+" "+axis.Unit, px(x0-6), yAt(t)+4*scale, l.Dim)
	}
	c.Clip(image.Rect(int(px(x0)), int(px(y)), int(px(x0+w)), int(px(y+h))))
	defer c.Unclip()
	pts := make([]paint.Point, 0, len(s.Points))
	for _, p := range s.Points {
		if math.IsNaN(p.Value) || math.IsInf(p.Value, 0) {
			continue
		}
		pts = append(pts, paint.Point{X: float32(d.time.XAt(d.at(p.At), x0, w) * float64(scale)), Y: yAt(p.Value)})
	}
	if len(pts) == 1 {
		c.Circle(pts[0].X, pts[0].Y, 2*scale, l.Accent)
		return
	}
	c.Polyline(pts, 1.5*scale, l.Accent, nil)
}
