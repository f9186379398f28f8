package graphpage

import (
	"image/color"
	"math"
	"slices"
	"strings"

	"kmscope/graph"
	"kmscope/inventory"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
)

func overlapsPath(e *graph.Edge, r surface.Rect) bool { return surface.Overlaps(pathBounds(e.Path), r) }

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
