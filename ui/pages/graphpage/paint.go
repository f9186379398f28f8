package graphpage

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"kmscope/graph"
	"kmscope/inventory"
	"kmscope/ui/icon"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
	"kmscope/ui/view"
)

// Sizes of text in a graph at zoom 1, and the size in pixels of the screen's
// own scale below which text is left out.
const (
	nodeTitle   = 13
	nodeSmall   = 10.5
	frameTitle  = 12.5
	leastText   = 6.0
	curvesFrom  = 0.3 // below this zoom edges are straight hairlines
	boxesFrom   = 0.3 // below this zoom nodes are blocks in the colour of their health
	labelsFrom  = 0.6 // below this zoom edges have no rates
	stoppedFrom = 0.4 // below this zoom edges do not say in words what is missing
	crossesFrom = 0.1 // below this zoom edges are not marked at all
	nodeRadius  = 6.0
	frameRadius = 8.0
)

// graphPainter paints scenes; it keeps scratch between frames.
type graphPainter struct {
	path  []paint.Point
	words []surface.Rect // where words stand on edges, in pixels
	faint surface.Look   // for what is dimmed
	small mapBlocks
}

// graphMarks is what the window adds to a scene.
type graphMarks struct {
	selected string
	server   view.Session // that is looked at
	hover    hit
	troubles troubles
}

// paint draws what a viewport shows of a scene.
func (gp *graphPainter) paint(c *paint.Canvas, l *surface.Look, s *scene, v surface.Viewport, marks graphMarks, scale float32) {
	k := float32(v.Zoom) * scale
	shown := v.Shown()
	for i := range s.bands {
		if b := &s.bands[i]; surface.Overlaps(b.rect, shown) {
			gp.band(c, l, b, v, k, scale, marks.server == b.session)
		}
	}
	if s.tiles {
		gp.tiles(c, l, s, v, marks, k, scale)
		return
	}
	gp.faint = dimmed(l)
	for i := range s.g.Frames {
		f := &s.g.Frames[i]
		if surface.Overlaps(frameRect(f), shown) {
			gp.frame(c, l, f, v, k, scale, marks.selected == f.ID && f.ID != "")
		}
	}
	selected := ""
	if n := s.node(marks.selected); n != nil {
		selected = n.ID
	}
	// What is dimmed first, then quiet edges, what flows on top, what belongs to
	// the selection or the path last.
	for pass := range 4 {
		for i := range s.g.Edges {
			e := &s.g.Edges[i]
			p, with := 1, l
			switch {
			case s.dimEdges != nil && s.dimEdges[i] || s.changes.ofEdge(e) == graph.Removed:
				p, with = 0, &gp.faint
			case selected != "" && (e.From == selected || e.To == selected) || marks.hover.edge == e || s.onWay != nil && s.onWay[i]:
				p = 3
			case e.Flow != graph.FlowUnknown:
				p = 2
			}
			if p == pass && surface.Overlaps(pathBounds(e.Path), shown) {
				gp.edge(c, with, e, v, k, scale, p == 3)
			}
		}
	}
	for i := range s.g.Nodes {
		n := &s.g.Nodes[i]
		if surface.Overlaps(nodeRect(n).Grown(14), shown) {
			with := l
			if s.dimNodes != nil && s.dimNodes[i] {
				with = &gp.faint
			}
			change := s.changes.ofNode(n)
			if change == graph.Removed {
				with = &gp.faint
			}
			gp.node(c, with, marks.troubles.inTrouble(s, i), v, k, scale, n.ID == selected, marks.hover.node == n)
			if change != graph.Same {
				gp.changed(c, l, n, change, v, k, scale)
			}
		}
	}
	for i := range s.g.Frames {
		f := &s.g.Frames[i]
		if surface.Overlaps(frameRect(f), shown) {
			gp.frameTitle(c, l, f, s.now(f), v, k, scale)
		}
	}
	for i := range s.g.Edges {
		if e := &s.g.Edges[i]; s.changes != nil && overlapsPath(e, shown) {
			if change := s.changes.ofEdge(e); change != graph.Same {
				gp.changedEdge(c, l, e, change, v, k, scale)
			}
		}
	}
	gp.words = gp.words[:0]
	if v.Zoom < crossesFrom {
		return
	}
	// What is missing gets its word first, and a cross where there is no room for
	// one: it must meet the eye at any zoom.
	for _, stopped := range []bool{true, false} {
		if !stopped && v.Zoom < labelsFrom {
			return
		}
		for i := range s.g.Edges {
			e := &s.g.Edges[i]
			if e.PartOf || e.Flow == graph.NotFlowing != stopped || s.dimEdges != nil && s.dimEdges[i] || !overlapsPath(e, shown) {
				continue
			}
			if (v.Zoom < stoppedFrom || !gp.rate(c, l, e, v, k, scale)) && stopped {
				gp.cross(c, l, e, v, k, scale)
			}
		}
	}
}

func overlapsPath(e *graph.Edge, r surface.Rect) bool { return surface.Overlaps(pathBounds(e.Path), r) }

// dimmed gives a look in which things are still there, but stand back.
func dimmed(l *surface.Look) surface.Look {
	d := *l
	ground := paint.Mix(l.Background, l.Panel, 0.35)
	for _, hue := range []*color.NRGBA{&d.Raised, &d.Line, &d.Text, &d.Dim, &d.Video, &d.Audio, &d.Data, &d.OK, &d.Warning, &d.Error} {
		*hue = paint.Mix(*hue, ground, 0.72)
	}
	return d
}

// tiles draws an overview: a tile per pipeline.
func (gp *graphPainter) tiles(c *paint.Canvas, l *surface.Look, s *scene, v surface.Viewport, marks graphMarks, k, scale float32) {
	shown := v.Shown()
	one := surface.Hairline(scale)
	for i := range s.g.Frames {
		f := &s.g.Frames[i]
		if !surface.Overlaps(frameRect(f), shown) {
			continue
		}
		x, y, w, h := snap(v, frameRect(f), scale)
		on := s.serverAt(f.X, f.Y)
		health, state := marks.troubles.tileState(f, on)
		hue, line := healthColor(l, health), l.Line
		if f.Dead {
			hue = l.Line
		}
		if marks.hover.frame == f {
			line = l.Dim
		}
		c.RoundRect(x, y, w, h, frameRadius*k, l.Raised)
		c.StrokeRoundRect(x, y, w, h, frameRadius*k, one, line)
		c.RoundRect(x+8*k, y+12*k, max(3*k, 2*one), h-24*k, 1.5*k, hue)
		name := strings.TrimPrefix(f.Label, "MediaPipeline ")
		if 11.5*k < leastText*scale { // far away the name alone, as large as fits
			if size := min(11*scale, h*0.5); size >= leastText*scale {
				far := l.Regular.Face(size)
				c.Text(far, far.Fit(name, w-22*k), x+18*k, y+h/2+far.CapHeight()/2, l.Text)
			}
			continue
		}
		bold, small := l.Bold.Face(13.5*k), l.Regular.Face(11.5*k)
		left, room := x+22*k, w-34*k
		if f.Errors > 0 && !f.Dead {
			gp.pill(c, l, x+w-10*k, y+12*k, strconv.Itoa(f.Errors), l.Error, k, true)
			room -= 36 * k
		}
		c.Text(bold, bold.Fit(name, room), left, y+28*k, l.Text)
		c.Text(small, small.Fit(view.Plural(f.Elements, "element")+" · "+view.Plural(f.Connections, "connection"), room), left, y+50*k, l.Dim)
		switch {
		case f.Dead:
			state, hue = "gone", l.Dim
		case f.Zombie != "" && health < graph.HealthWarning:
			state, hue = "zombie? "+f.Zombie, l.Warning
		case f.Elements == 0:
			state, hue = "empty", l.Dim
		case health == graph.HealthUnknown:
			state = "state unknown"
		}
		end := c.Text(small, state, left, y+72*k, hue)
		if age := frameAge(f, s.now(f)); age != "" {
			c.Text(small, small.Fit(age, x+w-12*k-end), end+10*k, y+72*k, l.Dim)
		}
	}
}

// frameAge says for how long a pipeline is there; "" where that is not known.
func frameAge(f *graph.Frame, now time.Time) string {
	switch {
	case f.Dead || f.Born.IsZero() || !now.After(f.Born):
		return ""
	case f.BornSeen:
		return "seen for " + hms(now.Sub(f.Born))
	}
	return hms(now.Sub(f.Born))
}

func (gp *graphPainter) frame(c *paint.Canvas, l *surface.Look, f *graph.Frame, v surface.Viewport, k, scale float32, selected bool) {
	x, y, w, h := snap(v, frameRect(f), scale)
	one := surface.Hairline(scale)
	r := frameRadius * min(k, scale*1.5)
	fill := paint.Mix(l.Background, l.Panel, 0.35)
	c.RoundRect(x, y, w, h, r, fill)
	line, width := l.Line, one
	if selected {
		line, width = l.Accent, 2*one
	}
	c.StrokeRoundRect(x, y, w, h, r, width, line)
}

// frameTitle writes the name of a pipeline. It stays readable as long as it
// fits: far away it lies over the nodes.
func (gp *graphPainter) frameTitle(c *paint.Canvas, l *surface.Look, f *graph.Frame, now time.Time, v surface.Viewport, k, scale float32) {
	x, y, w, h := snap(v, frameRect(f), scale)
	if w < 36*scale || h < 16*scale {
		return
	}
	size := max(frameTitle*k, min(10.5*scale, h*0.42))
	pad := max(14*k, 5*scale)
	bold, small := l.Bold.Face(size), l.Regular.Face(size*0.86)
	base := y + max(22*k, bold.Ascent+1.5*scale)
	room := w - 2*pad
	c.Clip(image.Rect(int(x), int(y), int(x+w), int(y+h)))
	defer c.Unclip()
	name := strings.TrimPrefix(f.Label, "MediaPipeline ")
	if full := "pipeline " + name; f.ID != "" && k >= 0.5*scale && bold.Width(full) <= room {
		name = full
	}
	name = bold.Fit(name, room)
	note, hue := frameNote(f, now), l.Dim
	if !f.Dead && (f.Zombie != "" || f.Health == graph.HealthIdle && f.Elements > 0) {
		hue = l.Warning
	}
	gap := 16 * max(k, 0.5*scale)
	left := room - bold.Width(name) - gap
	over := base+bold.Descent > y+graph.HeaderHeight*k // the text lies over the nodes
	if left > 40*scale && !over {
		note = small.Fit(note, left)
	} else {
		note = ""
	}
	if over {
		c.Rect(x+1, y+1, min(bold.Width(name)+2*pad, w-2), base+bold.Descent-y, paint.WithAlpha(l.Background, 0.8))
	}
	end := c.Text(bold, name, x+pad, base, l.Text)
	if note != "" {
		c.Text(small, note, end+gap, base, hue)
	}
	if f.Errors > 0 && !f.Dead && k >= 0.5*scale {
		gp.pill(c, l, x+w-pad, y+8*min(k, scale), strconv.Itoa(f.Errors), l.Error, min(k, scale), true)
	}
	if v.Zoom >= labelsFrom && f.Elements == 0 && !f.Dead && h > 40*k {
		text, hue := "no elements", l.Dim
		if f.Zombie != "" {
			text, hue = zombieNote(f, now), l.Warning
		}
		c.TextCentred(small, small.Fit(text, w-2*pad), x+w/2, y+h*0.62, hue)
	}
}

// frameNote says in a few words how a pipeline is.
func frameNote(f *graph.Frame, now time.Time) string {
	s := view.Plural(f.Elements, "element")
	if f.Dead {
		return "gone"
	}
	if age := frameAge(f, now); age != "" {
		s += " · " + age
	}
	if f.Zombie != "" && f.Elements > 0 {
		s = zombieNote(f, now) + " · " + s
	} else if f.Health == graph.HealthIdle && f.Elements > 0 {
		s += " · idle"
	}
	if f.Note != "" {
		s += " · " + f.Note
	}
	return s
}

// zombieNote says why a pipeline looks left behind, and for how long.
func zombieNote(f *graph.Frame, now time.Time) string {
	return "zombie? " + f.Zombie + " for " + hms(now.Sub(f.ZombieSince))
}

// hms writes how long something lasts: 00:41:07.
func hms(d time.Duration) string {
	s := int64(max(d, 0) / time.Second)
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}

// snap gives a rectangle of the plane in pixels, put on whole pixels so that
// its lines are crisp.
func snap(v surface.Viewport, r surface.Rect, scale float32) (x, y, w, h float32) {
	x0, y0 := v.ToWindow(r.X, r.Y)
	x1, y1 := v.ToWindow(r.X+r.W, r.Y+r.H)
	s := float64(scale)
	px, py := math.Round(x0*s), math.Round(y0*s)
	return float32(px), float32(py), float32(max(math.Round(x1*s)-px, 1)), float32(max(math.Round(y1*s)-py, 1))
}

// healthColor is the colour of a whole node, for blocks and the small map.
func healthColor(l *surface.Look, h graph.Health) color.NRGBA {
	switch h {
	case graph.HealthOK:
		return l.OK
	case graph.HealthWarning:
		return l.Warning
	case graph.HealthError:
		return l.Error
	}
	return l.Dim
}

func (gp *graphPainter) node(c *paint.Canvas, l *surface.Look, n *graph.Node, v surface.Viewport, k, scale float32, selected, hovered bool) {
	x, y, w, h := snap(v, nodeRect(n), scale)
	one := surface.Hairline(scale)
	if v.Zoom < boxesFrom {
		hue := healthColor(l, n.Health)
		fill := paint.Mix(l.Raised, hue, 0.55)
		if n.Dead {
			fill = paint.Mix(l.Background, l.Dim, 0.2)
		}
		c.RoundRect(x, y, w, h, min(nodeRadius*k, 3*scale), fill)
		if selected {
			c.StrokeRoundRect(x-2*one, y-2*one, w+4*one, h+4*one, 3*scale, 2*one, l.Accent)
		} else if hovered {
			c.StrokeRoundRect(x, y, w, h, 2*scale, one, l.Text)
		}
		return
	}
	r := nodeRadius * k
	fill, line := l.Raised, l.Line
	text, dim := l.Text, l.Dim
	if n.Dead {
		fill, text = paint.Mix(l.Background, l.Panel, 0.35), l.Dim
		dim = paint.Mix(l.Dim, l.Background, 0.4)
	}
	if n.Health == graph.HealthError && !n.Dead {
		line = paint.Mix(l.Line, l.Error, 0.6)
	}
	if hovered {
		line = l.Dim
	}
	if len(n.Members) > 0 { // a stack of boxes
		for _, d := range []float32{8 * k, 4 * k} {
			c.RoundRect(x+d, y+d, w, h, r, fill)
			c.StrokeRoundRect(x+d, y+d, w, h, r, one, l.Line)
		}
	}
	c.RoundRect(x, y, w, h, r, fill)
	if selected {
		c.RoundRect(x, y, w, h, r, paint.WithAlpha(l.Accent, 0.10))
		c.StrokeRoundRect(x, y, w, h, r, 2*one, l.Accent)
	} else {
		c.StrokeRoundRect(x, y, w, h, r, one, line)
	}
	big, little := nodeTitle*k, nodeSmall*k
	iconR := 9 * k
	ix, iy := x+20*k, y+21*k
	if big >= leastText*scale {
		if little < leastText*scale {
			iy = y + h/2
		}
		gp.icon(c, n.Kind, ix, iy, iconR, dim, scale)
		tx := x + 37*k
		room := w - 37*k - 10*k
		if len(n.Members) > 0 {
			room -= 22 * k
			px, py, side := x+w-19*k, y+19*k, 5*k
			c.StrokeRoundRect(px-8*k, py-8*k, 16*k, 16*k, 4*k, one, l.Dim)
			c.Line(px-side, py, px+side, py, max(1.2*k, one), l.Text, nil)
			c.Line(px, py-side, px, py+side, max(1.2*k, one), l.Text, nil)
		}
		f := l.Bold.Face(big)
		if little >= leastText*scale {
			small := l.Regular.Face(little)
			c.Text(f, f.Fit(n.Label, room), tx, y+19*k, text)
			sub := n.Sub
			if sub == n.Label { // nobody named it: say what it is instead
				sub = n.Kind.String()
			}
			c.Text(small, small.Fit(sub, room), tx, y+33*k, dim)
			if n.Summary != "" {
				hue := healthColor(l, n.Health)
				if n.Dead || n.Health == graph.HealthUnknown || n.Health == graph.HealthIdle {
					hue = dim
				}
				c.Text(small, small.Fit(n.Summary, w-22*k), x+12*k, y+h-8.5*k, hue)
			}
		} else {
			c.Text(f, f.Fit(n.Label, room), tx, y+h/2+f.CapHeight()/2, text)
			if n.Health >= graph.HealthOK && !n.Dead {
				c.RoundRect(x+3*k, y+6*k, 3*k, h-12*k, 1.5*k, healthColor(l, n.Health))
			}
		}
	} else {
		c.RoundRect(x+6*k, y+h*0.5-6*k, w-12*k, 12*k, 3*k, paint.Mix(fill, healthColor(l, n.Health), 0.7))
	}
	at := x + w + 4*k
	if n.Errors > 0 && !n.Dead {
		at = gp.pill(c, l, at, y-8*k, strconv.Itoa(n.Errors), l.Error, k, false) - 3*k
	}
	if n.Transcoding {
		gp.pill(c, l, at, y-8*k, "", l.Warning, k, false)
	}
}

// pill draws a badge that ends at right, and gives the x where it begins; an
// empty text is the gear of transcoding.
func (gp *graphPainter) pill(c *paint.Canvas, l *surface.Look, right, y float32, s string, hue color.NRGBA, k float32, inside bool) float32 {
	f := l.Bold.Face(10 * k)
	w, h := max(f.Width(s)+14*k, 24*k), 16*k
	if s == "" {
		w = 26 * k
	}
	x := right - w
	if !inside {
		c.RoundRect(x-1.5*k, y-1.5*k, w+3*k, h+3*k, (h+3*k)/2, paint.Mix(l.Background, l.Panel, 0.35))
	}
	c.RoundRect(x, y, w, h, h/2, hue)
	if s == "" {
		c.Gear(x+w/2, y+h/2, 5*k, l.OnAccent)
	} else {
		c.TextCentred(f, s, x+w/2, y+h/2, l.OnAccent)
	}
	return x
}

// icon draws the sign of a kind into a circle.
func (gp *graphPainter) icon(c *paint.Canvas, kind graph.Kind, x, y, r float32, hue color.NRGBA, scale float32) {
	c.StrokeCircle(x, y, r, max(r*0.11, surface.Hairline(scale)), hue)
	px := int(math.Round(float64(r * 1.25)))
	c.Mask(icon.Mask(icon.Of(kind), px), int(math.Round(float64(x-float32(px)/2))), int(math.Round(float64(y-float32(px)/2))), hue)
}

// edgeStyle gives how an edge is drawn: by medium and by whether it flows.
func edgeStyle(l *surface.Look, e *graph.Edge) (hue color.NRGBA, width float32, dash paint.Dash) {
	if e.PartOf {
		return paint.Mix(l.Line, l.Dim, 0.45), 1, nil
	}
	switch e.Flow {
	case graph.Flowing:
		return l.Media(e.Media), 1.8, surface.DashOf(e.Media)
	case graph.NotFlowing:
		return l.Stopped(), 1.2, surface.DashBroken
	}
	return l.Dim, 1.2, surface.DashUnknown
}

func (gp *graphPainter) edge(c *paint.Canvas, l *surface.Look, e *graph.Edge, v surface.Viewport, k, scale float32, strong bool) {
	if len(e.Path) < 2 {
		return
	}
	hue, width, dash := edgeStyle(l, e)
	if v.Zoom < curvesFrom {
		a, b := e.Path[0], e.Path[len(e.Path)-1]
		x0, y0 := v.ToWindow(a.X, a.Y)
		x1, y1 := v.ToWindow(b.X, b.Y)
		s := float64(scale)
		if !strong {
			hue = paint.WithAlpha(hue, 0.7)
		}
		c.Hairline(float32(x0*s), float32(y0*s), float32(x1*s), float32(y1*s), hue)
		return
	}
	thick := min(max(k, 0.55*scale), 1.5*scale)
	width *= thick
	if strong {
		width += 0.8 * thick
	}
	gp.path = gp.path[:0]
	for _, p := range e.Path {
		x, y := v.ToWindow(p.X, p.Y)
		gp.path = append(gp.path, paint.Point{X: float32(x) * scale, Y: float32(y) * scale})
	}
	n := len(gp.path)
	if !e.PartOf {
		// The line ends inside the head, so that its round end does not stick out.
		tip, before := gp.path[n-1], gp.path[n-2]
		dx, dy := tip.X-before.X, tip.Y-before.Y
		size := 8 * thick
		c.Arrow(tip.X, tip.Y, dx, dy, size, hue)
		if d := float32(math.Hypot(float64(dx), float64(dy))); d > 0 {
			gp.path[n-1] = paint.Point{X: tip.X - dx/d*size*0.8, Y: tip.Y - dy/d*size*0.8}
		}
	}
	if dash != nil {
		dash = dash.Scaled(thick)
	}
	if n < 4 {
		c.Polyline(gp.path, width, hue, dash)
		return
	}
	c.Spline(gp.path, width, hue, dash)
}

// cross marks the middle of an edge that does not flow.
func (gp *graphPainter) cross(c *paint.Canvas, l *surface.Look, e *graph.Edge, v surface.Viewport, k, scale float32) {
	at := 0.5
	if e.Media == inventory.Audio { // its edge runs beside that of the video
		at = 0.62
	}
	p, ok := pathPoint(e.Path, at)
	if !ok {
		return
	}
	x, y := v.ToWindow(p.X, p.Y)
	px, py := float32(x)*scale, float32(y)*scale
	r := min(max(6*k, 2*scale), 4*scale)
	box := surface.Rect{X: float64(px - r), Y: float64(py - r), W: float64(2 * r), H: float64(2 * r)}
	if slices.ContainsFunc(gp.words, func(o surface.Rect) bool { return surface.Overlaps(box, o) }) {
		return // a neighbour says it
	}
	c.Line(px-r, py-r, px+r, py+r, 1.6*scale, l.Error, nil)
	c.Line(px-r, py+r, px+r, py-r, 1.6*scale, l.Error, nil)
}

// rate writes what moves along an edge, or does not, onto its middle, and tells
// whether it found room for more than nothing.
func (gp *graphPainter) rate(c *paint.Canvas, l *surface.Look, e *graph.Edge, v surface.Viewport, k, scale float32) bool {
	s, hue := e.Word(), l.Media(e.Media)
	if s == "" {
		return false
	}
	size := 10.5 * min(k, 1.4*scale)
	if e.Flow == graph.NotFlowing {
		hue, size = l.Stopped(), max(size, 8*scale)
	} else if e.Flow == graph.FlowUnknown {
		hue = l.Dim
	}
	f := l.Regular.Face(size)
	b := pathBounds(e.Path)
	w, h := f.Width(s), f.CapHeight()
	// A short edge has no room for words, or for the rate alone.
	room := float32(math.Hypot(b.W, b.H))*k - 26*k
	if i := strings.LastIndex(s, " ×"); w > room && i > 0 {
		s = s[:i]
		w = f.Width(s)
	}
	if w > room || len(gp.words) >= maxWords {
		return false
	}
	// Edges of the same two nodes run side by side: each word takes the first
	// place along its edge where no other word is.
	places := ratePlaces[0]
	if e.Media == inventory.Audio {
		places = ratePlaces[1]
	}
	for _, t := range places {
		p, ok := pathPoint(e.Path, t)
		if !ok {
			return false
		}
		x, y := v.ToWindow(p.X, p.Y)
		px, py := float32(x)*scale, float32(y)*scale
		box := surface.Rect{X: float64(px - w/2 - 4*k), Y: float64(py - h/2 - 3.5*k), W: float64(w + 8*k), H: float64(h + 7*k)}
		text := surface.Rect{X: box.X, Y: float64(py - h/2 - k), W: box.W, H: float64(h + 2*k)} // the box may cover lines, the words not
		if slices.ContainsFunc(gp.words, func(o surface.Rect) bool { return surface.Overlaps(text, o) }) {
			continue
		}
		gp.words = append(gp.words, text)
		c.RoundRect(float32(box.X), float32(box.Y), float32(box.W), float32(box.H), 3*k, paint.Mix(l.Background, l.Panel, 0.35))
		c.TextCentred(f, s, px, py, hue)
		return true
	}
	return false
}

// ratePlaces are where on an edge its word may go, best first: video and other
// media, and audio.
var ratePlaces = [2][]float64{{0.46, 0.38, 0.56, 0.3, 0.64}, {0.56, 0.64, 0.46, 0.7, 0.36}}

// maxWords bounds the words on edges in one frame.
const maxWords = 500
