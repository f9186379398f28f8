package graphpage

import (
	"image/color"
	"math"
	"strconv"

	"kmscope/graph"
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

// dimmed gives a look in which things are still there, but stand back.
func dimmed(l *surface.Look) surface.Look {
	d := *l
	ground := paint.Mix(l.Background, l.Panel, 0.35)
	for _, hue := range []*color.NRGBA{&d.Raised, &d.Line, &d.Text, &d.Dim, &d.Video, &d.Audio, &d.Data, &d.OK, &d.Warning, &d.Error} {
		*hue = paint.Mix(*hue, ground, 0.72)
	}
	return d
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
