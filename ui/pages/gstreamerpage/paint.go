package gstreamerpage

import (
	"fmt"
	"image/color"
	"math"
	"strconv"

	"kmscope/graph"
	"kmscope/graph/gst"
	"kmscope/inventory"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
	"kmscope/ui/view"
)

const (
	leastText  = 5.0  // pixels of the screen's own scale: smaller letters are left out
	wordsFrom  = 0.55 // the zoom from which links have words
	curvesFrom = 0.12 // below it links are straight
	radius     = 5.0
)

// painter paints scenes; it keeps scratch between frames.
type painter struct {
	path  []paint.Point
	words []surface.Rect // where words stand on links, in pixels
}

// marks is what the window adds to a scene.
type marks struct {
	chosen, hover target
	hits          map[int]bool // elements; those in closed bins count for the bin
	linkHits      map[int]bool
	at            target // the hit that was jumped to
}

// stateHue gives the colour of a state; its word says the same.
func stateHue(l *surface.Look, s gst.State) color.NRGBA {
	switch s {
	case gst.Playing:
		return l.OK
	case gst.Paused:
		return l.Warning
	case gst.Ready:
		return l.Accent
	case gst.Null:
		return l.Error
	}
	return l.Dim
}

func changeHue(l *surface.Look, c gst.Change) color.NRGBA {
	switch c {
	case gst.Added:
		return l.OK
	case gst.Removed:
		return l.Error
	}
	return l.Warning
}

// paint draws what a viewport shows of a scene.
func (pt *painter) paint(c *paint.Canvas, l *surface.Look, s *scene, v surface.Viewport, m marks, scale float32) {
	f := frame{c: c, l: l, s: s, v: v, m: m, k: float32(v.Zoom) * scale, scale: scale, pt: pt}
	shown := v.Shown()
	for i := range s.Boxes {
		if b := &s.Boxes[i]; b.Open && surface.Overlaps(boxRect(b), shown) {
			f.bin(b)
		}
	}
	pt.words = pt.words[:0]
	for pass := range 2 {
		for i := range s.Wires {
			first := s.Wires[i].Link == m.chosen.link || s.Wires[i].Link == m.hover.link || m.linkHits[s.Wires[i].Link]
			if first == (pass == 1) && surface.Overlaps(s.lines[i].bounds.Grown(10), shown) {
				f.wire(i)
			}
		}
	}
	for i := range s.Boxes {
		if b := &s.Boxes[i]; !b.Open && surface.Overlaps(boxRect(b).Grown(12), shown) {
			f.box(b)
		}
	}
	for i := range s.Boxes {
		if b := &s.Boxes[i]; surface.Overlaps(boxRect(b).Grown(12), shown) {
			f.pads(b)
		}
	}
	if v.Zoom >= wordsFrom {
		for pass := range 2 { // what a person points at has its words first
			for i := range s.Wires {
				first := s.Wires[i].Link == m.chosen.link || s.Wires[i].Link == m.hover.link
				if first == (pass == 0) && surface.Overlaps(s.lines[i].bounds.Grown(10), shown) {
					f.word(i)
				}
			}
		}
	}
}

// frame is one picture being painted.
type frame struct {
	c     *paint.Canvas
	l     *surface.Look
	s     *scene
	v     surface.Viewport
	m     marks
	k     float32 // pixels per point
	scale float32
	pt    *painter
}

func (f *frame) at(x, y float64) (float32, float32) {
	wx, wy := f.v.ToWindow(x, y)
	return float32(wx) * f.scale, float32(wy) * f.scale
}

// snap puts a box on whole pixels.
func (f *frame) snap(b *gst.Box) (x, y, w, h float32) {
	x, y = f.at(b.X, b.Y)
	x1, y1 := f.at(b.X+b.W, b.Y+b.H)
	r := func(v float32) float32 { return float32(math.Round(float64(v))) }
	x, y = r(x), r(y)
	return x, y, max(r(x1)-x, 1), max(r(y1)-y, 1)
}

func (f *frame) readable(size float64) bool { return size*f.v.Zoom >= leastText }

// rim gives the outline of a box: what is chosen, found, or changed.
func (f *frame) rim(b *gst.Box, quiet color.NRGBA) (color.NRGBA, float32) {
	one := surface.Hairline(f.scale)
	t := target{b.Element, -1}
	switch {
	case f.m.chosen == t || f.m.at == t:
		return f.l.Accent, 2.5 * f.scale
	case f.m.hits[b.Element]:
		return f.l.Accent, 1.5 * f.scale
	case f.s.change(t) != gst.Same:
		return changeHue(f.l, f.s.change(t)), 2 * f.scale
	case f.m.hover == t:
		return f.l.Dim, one
	}
	return quiet, one
}

// bin draws the ground and the header of an open bin.
func (f *frame) bin(b *gst.Box) {
	e := &f.s.d.Elements[b.Element]
	x, y, w, h := f.snap(b)
	ground := f.l.Panel
	for up := e.Parent; up >= 0; up = f.s.d.Elements[up].Parent {
		ground = other(f.l, ground)
	}
	hue, width := f.rim(b, f.l.Line)
	f.c.RoundRect(x, y, w, h, radius*f.k, ground)
	f.c.StrokeRoundRect(x, y, w, h, radius*f.k, width, hue)
	if !f.readable(gst.TitleSize) {
		return
	}
	left := x + 9*f.k
	if b.Element > 0 {
		f.sign(b, false)
		left = x + (gst.SignSize+5)*f.k
	}
	base := y + 17*f.k
	end := f.c.Text(f.l.Bold.Face(gst.TitleSize*f.k), short(e.Name, 60), left, base, f.l.Text)
	end = f.state(e, end+8*f.k, base)
	f.changeSign(b, end+10*f.k, base)
}

// other is the ground of the next bin inwards: the two take turns.
func other(l *surface.Look, ground color.NRGBA) color.NRGBA {
	if ground == l.Panel {
		return l.Background
	}
	return l.Panel
}

// state writes type and state, and gives where they end.
func (f *frame) state(e *gst.Element, x, base float32) float32 {
	face := f.l.Regular.Face(gst.SmallSize * f.k)
	x = f.c.Text(face, e.ShortType(), x, base, f.l.Dim)
	if e.State == gst.StateUnknown {
		return x
	}
	hue := stateHue(f.l, e.State)
	f.c.Circle(x+9*f.k, base-3.4*f.k, 2.8*f.k, hue)
	word := e.State.String()
	if e.Pending != gst.StateUnknown {
		word += " → " + e.Pending.String()
	}
	if e.Locked {
		word += " (locked)"
	}
	return f.c.Text(face, word, x+15*f.k, base, hue)
}

// sign draws what opens and closes a bin.
func (f *frame) sign(b *gst.Box, closed bool) {
	x, y := f.at(b.X+7, b.Y+7)
	side := 12 * f.k
	f.c.StrokeRoundRect(x, y, side, side, 2*f.k, surface.Hairline(f.scale), f.l.Dim)
	mid := side / 2
	f.c.Line(x+3*f.k, y+mid, x+side-3*f.k, y+mid, max(1.2*f.k, 1), f.l.Text, nil)
	if closed {
		f.c.Line(x+mid, y+3*f.k, x+mid, y+side-3*f.k, max(1.2*f.k, 1), f.l.Text, nil)
	}
}

// changeSign writes what changed of a box since the other dump, or in it.
func (f *frame) changeSign(b *gst.Box, x, base float32) {
	if f.s.diff == nil {
		return
	}
	face := f.l.Bold.Face(gst.SmallSize * f.k)
	if c := f.s.change(target{b.Element, -1}); c != gst.Same {
		word := map[gst.Change]string{gst.Added: "+ new", gst.Removed: "− gone", gst.Changed: "~ changed"}[c]
		x = f.c.Text(face, word, x, base, changeHue(f.l, c)) + 8*f.k
	}
	if !b.Open && len(f.s.d.Elements[b.Element].Children) > 0 {
		if n := f.s.changesInside(b.Element); n > 0 {
			f.c.Text(face, "~ "+strconv.Itoa(n)+" inside", x, base, f.l.Warning)
		}
	}
}

// box draws an element, or a bin that is not open.
func (f *frame) box(b *gst.Box) {
	e := &f.s.d.Elements[b.Element]
	x, y, w, h := f.snap(b)
	ground := f.l.Raised
	if f.s.change(target{b.Element, -1}) == gst.Removed {
		ground = paint.Mix(f.l.Raised, f.l.Error, 0.12)
	}
	if !f.readable(gst.TitleSize) && e.State != gst.StateUnknown { // too small for words
		ground = paint.Mix(ground, stateHue(f.l, e.State), 0.3)
	}
	hue, width := f.rim(b, f.l.Line)
	f.c.RoundRect(x, y, w, h, radius*f.k, ground)
	if len(e.Children) > 0 { // there is more behind it
		f.c.StrokeRoundRect(x+2.5*f.k, y+2.5*f.k, w-5*f.k, h-5*f.k, (radius-2)*f.k, surface.Hairline(f.scale), f.l.Line)
	}
	if e.State != gst.StateUnknown {
		f.c.RoundRect(x+f.k/2, y+3*f.k, 3*f.k, h-6*f.k, 1.5*f.k, stateHue(f.l, e.State))
	}
	f.c.StrokeRoundRect(x, y, w, h, radius*f.k, width, hue)
	if !f.readable(gst.TitleSize) {
		return
	}
	room := w - 2*gst.BoxMargin*f.k
	left := x + (gst.BoxMargin+1)*f.k
	name := left
	if e.Bin() {
		f.sign(b, true)
		name += gst.SignSize * f.k
		room -= gst.SignSize * f.k
	} else if e.Queues() {
		f.queue(x+w-19*f.k, y+8*f.k)
		room -= gst.SignSize * f.k
	}
	base := y + (gst.BoxMargin+10)*f.k
	title := f.l.Bold.Face(gst.TitleSize * f.k)
	f.c.Text(title, title.Fit(e.Name, room), name, base, f.l.Text)
	if !f.readable(gst.SmallSize) {
		return
	}
	face := f.l.Regular.Face(gst.SmallSize * f.k)
	for i := range b.Lines {
		base += gst.HeaderLine * f.k
		if i == 0 {
			f.state(e, left, base)
			continue
		}
		f.c.Text(face, face.Fit(b.Lines[i], w-2*gst.BoxMargin*f.k), left, base, f.l.Dim)
	}
	f.changeSign(b, left, y-4*f.k)
}

// queue draws the mark of what holds media back: a row of buffers.
func (f *frame) queue(x, y float32) {
	for i := range 3 {
		f.c.RoundRect(x+float32(i)*4.5*f.k, y, 3*f.k, 10*f.k, f.k, f.l.Accent)
	}
}

// pads draws the pads of a box, and their names where there is room.
func (f *frame) pads(b *gst.Box) {
	if f.v.Zoom < 0.25 {
		return
	}
	names := f.readable(gst.PadSize)
	face := f.l.Regular.Face(gst.PadSize * f.k)
	for _, n := range f.s.d.Elements[b.Element].Pads {
		pt, ok := f.s.Pads[n]
		if !ok {
			continue
		}
		p := &f.s.d.Pads[n]
		x, y := f.at(pt.X, pt.Y)
		hue, words := padHue(f.l, p)
		r := 3.2 * f.k
		f.c.Circle(x, y, r, hue)
		f.c.StrokeCircle(x, y, r, surface.Hairline(f.scale), f.l.Background)
		if !names {
			continue
		}
		word := short(p.Name, 24)
		ink := f.l.Dim
		if words != "" {
			word += " " + words
			ink = hue
		}
		if p.Gives {
			f.c.TextRight(face, word, x-6*f.k, y+3.2*f.k, ink)
		} else {
			f.c.Text(face, word, x+6*f.k, y+3.2*f.k, ink)
		}
	}
}

// padHue gives the colour of a pad, and the word for what is unusual.
func padHue(l *surface.Look, p *gst.Pad) (color.NRGBA, string) {
	switch {
	case p.EOS:
		return l.Error, "EOS"
	case p.Flushing:
		return l.Warning, "flushing"
	case p.Blocked || p.Blocking:
		return l.Warning, "blocked"
	case p.Mode == gst.ModeNone:
		return l.Stopped(), "off"
	}
	return l.Dim, ""
}

// look of a link: colour, dash and width in points.
func (f *frame) strokeOf(link int) (color.NRGBA, paint.Dash, float32) {
	k := &f.s.d.Links[link]
	hue, dash, width := paint.Mix(f.l.Dim, f.l.Background, 0.2), paint.Dash(nil), float32(1.5)
	switch k.Caps.Medium() {
	case "video":
		hue = f.l.Media(inventory.Video)
	case "audio":
		hue, dash = f.l.Media(inventory.Audio), surface.DashAudio
	}
	if k.Negotiated() == gst.Open {
		hue, dash, width = f.l.Stopped(), surface.DashBroken, 1.2
	}
	t := target{-1, link}
	if c := f.s.change(t); c != gst.Same {
		hue, width = changeHue(f.l, c), 2.4
		if c == gst.Removed {
			dash = surface.DashBroken
		}
	}
	if f.m.linkHits[link] {
		hue, width = f.l.Accent, 2.4
	}
	if f.m.hover == t {
		width += 0.8
	}
	if f.m.chosen == t || f.m.at.link == link {
		hue, width = f.l.Accent, 3
	}
	return hue, dash, width
}

func (f *frame) wire(i int) {
	w := &f.s.Wires[i]
	hue, dash, width := f.strokeOf(w.Link)
	px := max(width*min(f.k, 1.4*f.scale), 0.8)
	point := func(p graph.Point) paint.Point {
		x, y := f.at(p.X, p.Y)
		return paint.Point{X: x, Y: y}
	}
	last := len(w.Path) - 1
	if f.v.Zoom < curvesFrom {
		a, b := point(w.Path[0]), point(w.Path[last])
		f.c.Line(a.X, a.Y, b.X, b.Y, px, hue, nil)
		return
	}
	f.pt.path = f.pt.path[:0]
	for _, p := range w.Path {
		f.pt.path = append(f.pt.path, point(p))
	}
	f.c.Spline(f.pt.path, px, hue, dash.Scaled(f.k))
	if f.v.Zoom >= 0.3 {
		tip, from := f.pt.path[last], f.pt.path[last-1]
		f.c.Arrow(tip.X-2.5*f.k, tip.Y, tip.X-from.X, tip.Y-from.Y, 6.5*f.k, hue)
	}
}

// word writes on a link what it carries, where nothing stands yet.
func (f *frame) word(i int) {
	w := &f.s.Wires[i]
	k := &f.s.d.Links[w.Link]
	text := k.Label()
	if text == "" {
		return
	}
	hue, _, _ := f.strokeOf(w.Link)
	face := f.l.Regular.Face(gst.PadSize * f.k)
	x, y := f.at(float64(f.s.lines[i].at.X), float64(f.s.lines[i].at.Y))
	width, height := face.Width(text)+6*f.k, 12*f.k
	if length := float32(f.s.lines[i].bounds.W) * f.k; width > length+8*f.k && f.m.hover.link != w.Link && f.m.chosen.link != w.Link {
		return
	}
	box := surface.Rect{X: float64(x - width/2), Y: float64(y - height), W: float64(width), H: float64(height)}
	for _, taken := range f.pt.words {
		if surface.Overlaps(taken, box) {
			return
		}
	}
	f.pt.words = append(f.pt.words, box)
	f.c.RoundRect(x-width/2, y-height+f.k, width, height-2*f.k, 2*f.k, paint.WithAlpha(paint.Mix(f.l.Background, f.l.Panel, 0.5), 0.85))
	f.c.TextCentred(face, text, x, y-6*f.k, hue)
}

// paint draws the page's picture.
func (p *Page) paint(c *paint.Canvas, l *surface.Look, scale float32) {
	if p.scene == nil {
		surface.EmptyState(c, l, p.emptyText(), scale)
		p.notice(c, l, scale)
		return
	}
	p.painter.paint(c, l, p.scene, p.port, p.marks(), scale)
	p.legend(c, l, scale)
	p.miniMap(c, l, scale)
	p.notice(c, l, scale)
}

func (p *Page) notice(c *paint.Canvas, l *surface.Look, scale float32) {
	text := ""
	switch {
	case p.taking != "" && p.session != nil && p.session.Live():
		text = "Asking the server for a dump of " + short(p.taking, 40) + " … Esc stops it"
	case p.taking != "":
		text = "Looking for a dump of " + short(p.taking, 40) + " in the capture … Esc stops it"
	case p.slow:
		n := p.progress.Load()
		text = "Placing the dump …"
		if of := n & 0xffffffff; of > 0 {
			text = fmt.Sprintf("Placing the dump: %d of %s … Esc stops it", n>>32, view.Plural(int(of), "bin"))
		}
	case p.problem != "" && p.scene != nil:
		text = p.problem
	case p.wrong != "":
		text = p.wrong
	case p.told != "":
		text = p.told
	case p.scene != nil && len(p.scene.Notes) > 0:
		text = p.scene.Notes[0]
	}
	if text == "" {
		return
	}
	w, _ := c.Size()
	face := l.Regular.Face(12 * scale)
	surface.Notice(c, l, face.Fit(text, float32(w)-60*scale), scale)
}

// emptyText says what to do when there is nothing to draw.
func (p *Page) emptyText() string {
	_, name := p.selected()
	switch {
	case p.view == nil || p.session == nil:
		return "No server yet. Connect to one, or open a capture."
	case p.taking != "" || p.placing:
		return ""
	case p.problem != "":
		return p.problem
	case name == "" && p.session.Live():
		return "Choose a pipeline, an element or a hub on the left, then take a dump: it shows the GStreamer elements inside, their states, and the formats between them."
	case name == "":
		return "Choose a pipeline, an element or a hub on the left, then look for its dump in the capture."
	case !p.session.Live():
		return "Press “Find dump” (T) for the newest dump of " + name + " in the capture up to here. A capture holds dumps only if somebody asked for them while it was made."
	}
	return "Press “Take dump” (T) to see the GStreamer elements inside " + name + ", their states, and the formats between them. The server is asked once."
}

// legend says in the lower left corner what colours and lines mean, with how
// much of each there is.
func (p *Page) legend(c *paint.Canvas, l *surface.Look, scale float32) {
	w, h := c.Size()
	counts := p.scene.d.Counts()
	face := l.Regular.Face(11 * scale)
	type part struct {
		text string
		hue  color.NRGBA
		mark byte // 'o' a state, '-' a link without format, 'q' a queue
	}
	parts := []part{{view.Plural(counts.Elements, "element") + " in " + view.Plural(counts.Bins, "bin"), l.Dim, 0}}
	for s := gst.Playing; s > gst.StateUnknown; s-- {
		if n := counts.ByState[s]; n > 0 {
			parts = append(parts, part{strconv.Itoa(n) + " " + s.String(), stateHue(l, s), 'o'})
		}
	}
	if counts.NotNegotiated > 0 {
		parts = append(parts, part{fmt.Sprintf("%d of %s without a format yet", counts.NotNegotiated, view.Plural(counts.Links, "link")), l.Stopped(), '-'})
	} else if counts.Links > 0 {
		parts = append(parts, part{view.Plural(counts.Links, "link"), l.Dim, 0})
	}
	if counts.Queues > 0 {
		parts = append(parts, part{view.Plural(counts.Queues, "queue"), l.Accent, 'q'})
	}
	width := float32(10) * scale
	for i, q := range parts {
		more := face.Width(q.text) + 14*scale
		if q.mark != 0 {
			more += 18 * scale
		}
		if i > 0 && width+more > float32(w)-20*scale { // what has no room is left out, not cut
			parts = parts[:i]
			break
		}
		width += more
	}
	height := 24 * scale
	x, y := 10*scale, float32(h)-10*scale-height
	c.RoundRect(x, y, width, height, 5*scale, l.Panel)
	c.StrokeRoundRect(x, y, width, height, 5*scale, surface.Hairline(scale), l.Line)
	x += 10 * scale
	mid := y + height/2
	for _, q := range parts {
		switch q.mark {
		case 'o':
			c.Circle(x+5*scale, mid, 3.5*scale, q.hue)
		case '-':
			c.Line(x, mid, x+13*scale, mid, 1.5*scale, q.hue, surface.DashBroken.Scaled(scale))
		case 'q':
			for i := range 3 {
				c.RoundRect(x+float32(i)*4.5*scale, mid-5*scale, 3*scale, 10*scale, scale, q.hue)
			}
		}
		if q.mark != 0 {
			x += 18 * scale
		}
		x = c.Text(face, q.text, x, mid+4*scale, l.Text) + 14*scale
	}
}

// marks gives what the picture marks now.
func (p *Page) marks() marks {
	m := marks{chosen: p.chosen, hover: p.hover, at: nothing}
	if len(p.hits) > 0 {
		m.hits, m.linkHits = make(map[int]bool), make(map[int]bool)
		for i, h := range p.hits {
			t := target{p.scene.shown(h.Element), -1}
			if h.Link >= 0 {
				m.linkHits[h.Link] = true
				t = target{-1, h.Link}
			} else {
				m.hits[t.element] = true
			}
			if i == p.hit {
				m.at = t
			}
		}
	}
	return m
}
