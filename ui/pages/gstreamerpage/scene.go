package gstreamerpage

import (
	"context"
	"math"

	"kmscope/graph/gst"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
	"kmscope/ui/theme"
)

// scene is a placed dump with what drawing and pointing need. It is not changed
// any more.
type scene struct {
	*gst.Drawing
	d     *gst.Dump
	diff  *gst.Diff
	boxOf map[int]int // element -> box; only of boxes that are drawn
	lines []line      // parallel to Wires
	open  int         // bins that are open, and that are there
	bins  int
}

// line is a link flattened for pointing, with where its text goes.
type line struct {
	pts    []paint.Point
	bounds surface.Rect
	at     paint.Point // middle of its text
}

// faces measures texts: of its own, for the interface's belong to the
// interface.
func faces() func(string, float64) float64 {
	regular, bold := surface.TypefaceOr(theme.Regular()), surface.TypefaceOr(theme.SemiBold())
	return func(s string, size float64) float64 {
		t := regular
		if size >= gst.TitleSize {
			t = bold
		}
		return float64(t.Face(float32(size)*2).Width(s)) / 2
	}
}

func newScene(ctx context.Context, d *gst.Dump, diff *gst.Diff, open func(int) bool, placer gst.Placer, progress func(done, of int)) (*scene, error) {
	g, err := gst.Layout(ctx, d, placer, gst.Options{Open: open, Width: faces(), Progress: progress})
	if err != nil {
		return nil, err
	}
	s := &scene{Drawing: g, d: d, diff: diff, boxOf: make(map[int]int, len(g.Boxes)), lines: make([]line, len(g.Wires))}
	for i := range g.Boxes {
		b := &g.Boxes[i]
		s.boxOf[b.Element] = i
		if b.Open && b.Element != 0 {
			s.open++
		}
	}
	for i := range d.Elements {
		if i > 0 && d.Elements[i].Bin() {
			s.bins++
		}
	}
	for i := range g.Wires {
		s.lines[i] = newLine(&g.Wires[i])
	}
	return s, nil
}

func newLine(w *gst.Wire) line {
	var pts []paint.Point
	at := func(i int) paint.Point { return paint.Point{X: float32(w.Path[i].X), Y: float32(w.Path[i].Y)} }
	for i := 0; i+3 < len(w.Path); i += 3 {
		pts = paint.Flatten(pts, at(i), at(i+1), at(i+2), at(i+3))
	}
	l := line{pts: pts}
	x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	total := float32(0)
	for i, p := range pts {
		x0, y0, x1, y1 = min(x0, float64(p.X)), min(y0, float64(p.Y)), max(x1, float64(p.X)), max(y1, float64(p.Y))
		if i > 0 {
			total += dist(pts[i-1], p)
		}
	}
	l.bounds = surface.Rect{X: x0, Y: y0, W: x1 - x0, H: y1 - y0}
	// Half way along, but never far from the start: long lines are read there.
	want := min(total/2, 90)
	for i := 1; i < len(pts); i++ {
		step := dist(pts[i-1], pts[i])
		if want <= step && step > 0 {
			t := want / step
			l.at = paint.Point{X: pts[i-1].X + (pts[i].X-pts[i-1].X)*t, Y: pts[i-1].Y + (pts[i].Y-pts[i-1].Y)*t}
			break
		}
		want -= step
	}
	return l
}

func dist(a, b paint.Point) float32 {
	return float32(math.Hypot(float64(a.X-b.X), float64(a.Y-b.Y)))
}

func (s *scene) bounds() surface.Rect { return surface.Rect{W: s.W, H: s.H} }

func boxRect(b *gst.Box) surface.Rect { return surface.Rect{X: b.X, Y: b.Y, W: b.W, H: b.H} }

// shown gives the element that stands for one that may be inside a closed bin.
func (s *scene) shown(element int) int {
	for element > 0 {
		if _, ok := s.boxOf[element]; ok {
			return element
		}
		element = s.d.Elements[element].Parent
	}
	return 0
}

// place gives where a target is drawn.
func (s *scene) place(t target) (surface.Rect, bool) {
	if s == nil {
		return surface.Rect{}, false
	}
	if t.link >= 0 {
		for i := range s.Wires {
			if s.Wires[i].Link == t.link {
				at := s.lines[i].at
				return surface.Rect{X: float64(at.X) - 60, Y: float64(at.Y) - 20, W: 120, H: 40}, true
			}
		}
	}
	if t.element < 0 {
		return surface.Rect{}, false
	}
	b := &s.Boxes[s.boxOf[s.shown(t.element)]]
	if b.Open { // its header
		return surface.Rect{X: b.X, Y: b.Y, W: min(b.W, 320), H: 60}, true
	}
	return boxRect(b), true
}

// under finds what lies under a point of the plane; slack is how near a line
// must be. toggle is the sign that opens and closes a bin.
func (s *scene) under(x, y, slack float64) (t target, toggle bool) {
	t = nothing
	if s == nil {
		return t, false
	}
	for i := len(s.Boxes) - 1; i >= 0; i-- {
		b := &s.Boxes[i]
		if !boxRect(b).Contains(x, y) {
			continue
		}
		e := &s.d.Elements[b.Element]
		if e.Bin() && b.Element > 0 && x < b.X+gst.SignSize+4 && y < b.Y+gst.SignSize+4 {
			return target{b.Element, -1}, true
		}
		if !b.Open || y < b.Y+gst.BinHeader {
			t.element = b.Element
			return t, false
		}
		break // inside an open bin: a line, or nothing
	}
	best := slack
	for i := range s.lines {
		l := &s.lines[i]
		if !l.bounds.Grown(slack).Contains(x, y) {
			continue
		}
		for k := 1; k < len(l.pts); k++ {
			if d := toSegment(x, y, l.pts[k-1], l.pts[k]); d < best {
				best, t.link = d, s.Wires[i].Link
			}
		}
	}
	return t, false
}

func toSegment(x, y float64, a, b paint.Point) float64 {
	ax, ay, bx, by := float64(a.X), float64(a.Y), float64(b.X), float64(b.Y)
	dx, dy := bx-ax, by-ay
	t := 0.0
	if l := dx*dx + dy*dy; l > 0 {
		t = min(max(((x-ax)*dx+(y-ay)*dy)/l, 0), 1)
	}
	return math.Hypot(x-ax-t*dx, y-ay-t*dy)
}

// change is what became of a target between two dumps.
func (s *scene) change(t target) gst.Change {
	switch {
	case s.diff == nil:
		return gst.Same
	case t.link >= 0 && t.link < len(s.diff.Links):
		return s.diff.Links[t.link]
	case t.element >= 0 && t.element < len(s.diff.Elements):
		return s.diff.Elements[t.element]
	}
	return gst.Same
}

// changesInside counts what differs inside a bin, at any depth.
func (s *scene) changesInside(bin int) int {
	n := 0
	for _, c := range s.d.Elements[bin].Children {
		if s.diff.Elements[c] != gst.Same {
			n++
		}
		n += s.changesInside(c)
	}
	return n
}

// anchored gives the viewport that keeps an element where it is in the window;
// where it is not there, what is in the middle.
func anchored(v surface.Viewport, old, s *scene, element int) surface.Viewport {
	if element < 0 || !surface.Overlaps(boxRect(&old.Boxes[old.boxOf[old.shown(element)]]), v.Shown()) {
		element = -1
		mid := v.Shown()
		x, y := mid.X+mid.W/2, mid.Y+mid.H/2
		for i := len(old.Boxes) - 1; i >= 0; i-- {
			if b := &old.Boxes[i]; boxRect(b).Contains(x, y) {
				element = b.Element
				break
			}
		}
	}
	if element < 0 {
		return v
	}
	a, b := &old.Boxes[old.boxOf[old.shown(element)]], &s.Boxes[s.boxOf[s.shown(element)]]
	v.X += b.X - a.X
	v.Y += b.Y - a.Y
	return v
}

// firstBoxes is how many boxes are drawn before a person opens more.
const firstBoxes = 26

// openBins tells which bins are open: those that a person opened, and from the
// outside inwards as many as make a picture that can be taken in.
func (p *Page) openBins(d *gst.Dump) func(int) bool {
	usual := make([]bool, len(d.Elements))
	boxes := len(d.Elements[0].Children)
	queue := []int{0}
	for len(queue) > 0 {
		var next []int
		for _, b := range queue {
			for _, c := range d.Elements[b].Children {
				e := &d.Elements[c]
				if e.Bin() && boxes+len(e.Children) <= firstBoxes {
					boxes += len(e.Children)
					usual[c] = true
					next = append(next, c)
				}
			}
		}
		queue = next
	}
	decided := make(map[string]bool, len(p.open))
	for k, v := range p.open {
		decided[k] = v
	}
	return func(i int) bool {
		if on, ok := decided[d.Elements[i].Path]; ok {
			return on
		}
		return usual[i]
	}
}

// setOpen opens or closes bins.
func (p *Page) setOpen(on bool, bins ...int) {
	d := p.dump()
	if d == nil {
		return
	}
	if p.open == nil {
		p.open = make(map[string]bool)
	}
	for _, b := range bins {
		p.open[d.Elements[b].Path] = on
	}
	p.arrange()
}

// toggleAll opens all bins, or closes them if all are open.
func (p *Page) toggleAll() {
	d := p.dump()
	if d == nil || p.scene == nil {
		return
	}
	on := p.scene.open < p.scene.bins
	var all []int
	for i := range d.Elements {
		if i > 0 && d.Elements[i].Bin() {
			all = append(all, i)
		}
	}
	p.fitted = true
	p.setOpen(on, all...)
}

func (p *Page) sayBins() {
	word, on := "Open all bins", false
	if p.scene != nil && p.scene.bins > 0 {
		on = true
		if p.scene.open == p.scene.bins {
			word = "Close all bins"
		}
	}
	if p.bins.Text() != word {
		p.bins.Set("", word)
	}
	if p.bins.Enabled() != on {
		p.bins.SetEnabled(on)
	}
	if on = p.now != nil; p.export.Enabled() != on {
		p.export.SetEnabled(on)
	}
}
