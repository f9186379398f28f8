package gst

import (
	"context"
	"fmt"
	"math"
	"slices"

	"kmscope/graph"
)

// Placing a dump. Each open bin is placed on its own, from the inside
// outwards: what is in it are boxes with lines between the pads at their sides,
// and its own pads are narrow boxes at the left and the right edge. Where these
// came to stand are the ends of the lines outside. So no job of graphviz holds
// more than what is directly in one bin (25 boxes in Kurento's largest), a bin
// that did not change is not placed again when another is opened, work can stop
// between two bins, and a dump of 2,000 elements costs what its bins cost.
// Rejected: handing the dump itself to graphviz as GStreamer means it, a cluster
// for every element and a node for every pad. It puts a server's text into
// graphviz, and takes seconds for what takes a tenth this way.

// Placer places boxes; graph.Layouter does.
type Placer interface {
	Boxes(ctx context.Context, b *graph.Boxes) (*graph.BoxesAt, error)
}

// Sizes of what is drawn, in points.
const (
	TitleSize   = 12.0 // of the letters of names
	SmallSize   = 10.0 // of types, states, properties
	PadSize     = 9.0  // of pads' names and what is on links
	HeaderLine  = 15.0 // of a box: each line of its text
	BoxMargin   = 8.0  // around the text
	PadRow      = 14.0
	SignSize    = 20.0 // of the sign that opens a bin, and of the one that marks a queue
	BinHeader   = 26.0 // above what is in an open bin
	BinPadding  = 14.0
	leastWidth  = 92.0
	mostWidth   = 260.0
	portHeight  = 14
	leastGap    = 44.0
	mostGap     = 150.0
	simpleAbove = 4_000 // boxes in all: beyond it nobody waits for graphviz
)

// Box is an element that is drawn.
type Box struct {
	Element    int
	X, Y, W, H float64
	// Open: what is in the bin is drawn inside.
	Open bool
	// Lines is the text of a box that is not open, below its name.
	Lines []string
}

// Wire is a link that is drawn, as a cubic Bézier curve. A link that leads
// through the borders of bins has one for each bin that it runs in.
type Wire struct {
	Link int
	Path []graph.Point
}

// Drawing is a placed dump, in points, y downwards. It is not changed any more.
type Drawing struct {
	Dump *Dump
	// Boxes: a bin comes before what is in it.
	Boxes []Box
	// Pads is where on the border of its box a pad is; pads of boxes that are
	// not drawn are missing.
	Pads  map[int]graph.Point
	Wires []Wire
	W, H  float64
	// Notes say in sentences why the drawing is not as it could be.
	Notes []string
}

// Options of Layout.
type Options struct {
	// Open tells which bins show what is in them; nil is all. The dumped bin is
	// always open.
	Open func(element int) bool
	// Width measures a text in points; nil is an estimate.
	Width func(text string, size float64) float64
	// Progress is told how many of the open bins are placed, on the goroutine of
	// Layout; it may be nil.
	Progress func(done, of int)
}

// Layout places a dump. The error is that of ctx. Any goroutine.
func Layout(ctx context.Context, d *Dump, placer Placer, o Options) (*Drawing, error) {
	if o.Open == nil {
		o.Open = func(int) bool { return true }
	}
	if o.Width == nil {
		o.Width = func(s string, size float64) float64 { return 0.56 * size * float64(len([]rune(s))) }
	}
	n := len(d.Elements)
	p := &planner{d: d, o: o, placer: placer, open: make([]bool, n), shown: make([]bool, n), pads: slices.Clone(d.Pads), own: make([][]int, n),
		size: make([]graph.Point, n), at: make([]graph.Point, n), padAt: make(map[int]graph.Point), pieces: make([][]piece, n), lines: make([][]string, n)}
	p.visible()
	for i := range d.Elements {
		p.own[i] = slices.Clip(d.Elements[i].Pads)
	}
	for i := range d.Links {
		p.split(i)
	}
	if err := p.bin(ctx, 0); err != nil {
		return nil, err
	}
	return p.drawing(), nil
}

type planner struct {
	d      *Dump
	o      Options
	placer Placer
	simple bool
	open   []bool
	shown  []bool
	done   int
	bins   int // open ones

	// pads are those of the dump, and behind them the places where links lead
	// through the border of a bin that has no pad for them; own is them by element.
	pads  []Pad
	own   [][]int
	size  []graph.Point
	at    []graph.Point       // within the bin around it
	padAt map[int]graph.Point // on the border, from the element's upper left corner
	// pieces are the links, by the bin in which they run.
	pieces [][]piece
	lines  [][]string
	notes  []string
}

// piece is the part of a link that runs in one bin: most links have one.
type piece struct {
	link     int
	from, to int           // pads
	path     []graph.Point // within the bin
}

// visible finds what is drawn.
func (p *planner) visible() {
	boxes := 0
	for i := range p.d.Elements {
		e := &p.d.Elements[i]
		p.shown[i] = i == 0 || p.shown[e.Parent] && p.open[e.Parent]
		p.open[i] = i == 0 || p.shown[i] && e.Bin() && p.o.Open(i)
		if p.open[i] {
			p.bins++
		}
		if p.shown[i] {
			boxes++
		}
	}
	if p.simple = boxes > simpleAbove; p.simple {
		p.notes = append(p.notes, fmt.Sprintf("%d boxes are too many to be placed well in good time: they stand in simple columns. Close bins to see them better placed.", boxes))
	}
}

// split finds the bins in which a link runs. What leads to another bin does so
// by ghost pads as a rule, and each side of these is a link of its own. But pads of
// different bins can be linked directly, and Kurento's WebRTC endpoint does: such
// a link gets a place on the border of each bin that it leaves or enters.
func (p *planner) split(link int) {
	l := &p.d.Links[link]
	up := func(i int) int { return p.d.Elements[i].Parent }
	a, b := &p.d.Pads[l.From], &p.d.Pads[l.To]
	add := func(bin, from, to int) { p.pieces[bin] = append(p.pieces[bin], piece{link: link, from: from, to: to}) }
	from, to := p.visibleOf(a.Element), p.visibleOf(b.Element)
	switch {
	case from == to:
		own := a.Element == from && b.Element == from
		switch {
		case own && p.open[from] && !a.Gives && b.Gives: // through a bin from pad to pad
			add(from, l.From, l.To)
		case own && up(from) >= 0 && a.Gives && !b.Gives: // back to itself
			add(up(from), l.From, l.To)
		}
		return // or inside a box that is not open
	}
	// The bin in which both ends are, or whose own pad one of them is.
	var around int
	switch {
	case !a.Gives && p.open[from] && p.within(to, from):
		around = from
	case b.Gives && p.open[to] && p.within(from, to):
		around = to
	default:
		for around = up(to); around >= 0 && !p.within(from, around); {
			around = up(around)
		}
		if around < 0 {
			return
		}
	}
	first, last := l.From, l.To
	for i := up(from); from != around && i != around; i = up(i) {
		out := p.through(i, true)
		add(i, first, out)
		first = out
	}
	for i := up(to); to != around && i != around; i = up(i) {
		in := p.through(i, false)
		add(i, in, last)
		last = in
	}
	add(around, first, last)
}

// within tells whether an element is somewhere inside a bin.
func (p *planner) within(element, bin int) bool {
	for i := p.d.Elements[element].Parent; i >= 0; i = p.d.Elements[i].Parent {
		if i == bin {
			return true
		}
	}
	return false
}

// through makes a place on the border of a bin.
func (p *planner) through(bin int, gives bool) int {
	n := len(p.pads)
	p.pads = append(p.pads, Pad{Element: bin, Gives: gives, Ghost: true})
	p.own[bin] = append(p.own[bin], n)
	return n
}

// visibleOf gives the box in which an element is to be seen.
func (p *planner) visibleOf(element int) int {
	for !p.shown[element] {
		element = p.d.Elements[element].Parent
	}
	return element
}

// leaf measures a box that is not open.
func (p *planner) leaf(i int) {
	e := &p.d.Elements[i]
	lines := []string{e.Subtitle()}
	if n := p.d.Inside(i); n > 0 {
		lines = append(lines, fmt.Sprintf("%d inside", n))
	} else if s := e.Summary(); s != "" {
		lines = append(lines, short(s, 42))
	}
	p.lines[i] = lines
	w := p.o.Width(short(e.Name, 40), TitleSize)
	if e.Bin() || e.Queues() {
		w += SignSize
	}
	for _, s := range lines {
		w = max(w, p.o.Width(s, SmallSize))
	}
	w += 2*BoxMargin + 6
	var side [2][]int
	var names [2]float64
	for _, n := range e.Pads {
		k := 0
		if p.d.Pads[n].Gives {
			k = 1
		}
		side[k] = append(side[k], n)
		names[k] = max(names[k], p.o.Width(short(p.d.Pads[n].Name, 24), PadSize))
	}
	w = math.Ceil(min(max(w, names[0]+names[1]+30, leastWidth), mostWidth))
	top := math.Ceil(BoxMargin + HeaderLine*float64(1+len(lines)))
	rows := max(len(side[0]), len(side[1]))
	for k, pads := range side {
		for r, n := range pads {
			p.padAt[n] = graph.Point{X: float64(k) * w, Y: top + PadRow*(float64(r)+0.5)}
		}
	}
	p.size[i] = graph.Point{X: w, Y: top + PadRow*float64(rows) + 6}
}

// bin places what is in an open bin, and so gives it its size.
func (p *planner) bin(ctx context.Context, bin int) error {
	b := &p.d.Elements[bin]
	boxes := &graph.Boxes{}
	number := make(map[int]int, len(b.Children)) // element -> box
	for _, c := range b.Children {
		if p.open[c] {
			if err := p.bin(ctx, c); err != nil {
				return err
			}
		} else {
			p.leaf(c)
		}
		number[c] = len(boxes.Sizes)
		boxes.Sizes = append(boxes.Sizes, p.size[c])
	}
	// The bin's own pads, all of a side equally wide.
	port := make(map[int]int, len(p.own[bin])) // pad -> box
	var width [2]float64
	for _, n := range p.own[bin] {
		k := p.side(n)
		room := 8.0
		if name := p.pads[n].Name; name != "" {
			room = math.Ceil(p.o.Width(short(name, 24), PadSize) + 16)
		}
		width[k] = max(width[k], room)
	}
	for _, n := range p.own[bin] {
		port[n] = len(boxes.Sizes)
		k := p.side(n)
		if k == 1 {
			boxes.Last = append(boxes.Last, len(boxes.Sizes))
		} else {
			boxes.First = append(boxes.First, len(boxes.Sizes))
		}
		boxes.Sizes = append(boxes.Sizes, graph.Point{X: width[k], Y: portHeight})
	}
	gap := leastGap
	drawn := p.pieces[bin][:0]
	for _, c := range p.pieces[bin] {
		line := graph.Line{}
		var okFrom, okTo bool
		line.From, line.FromY, okFrom = p.end(bin, c.from, number, port)
		line.To, line.ToY, okTo = p.end(bin, c.to, number, port)
		if !okFrom || !okTo {
			continue
		}
		drawn = append(drawn, c)
		boxes.Lines = append(boxes.Lines, line)
		gap = max(gap, p.o.Width(p.d.Links[c.link].Label(), PadSize)+24)
	}
	p.pieces[bin] = drawn
	boxes.Gap = math.Ceil(min(gap, mostGap))
	placed, err := p.place(ctx, boxes)
	if err != nil {
		return err
	}
	if placed.Note != "" && !slices.Contains(p.notes, placed.Note) {
		p.notes = append(p.notes, placed.Note)
	}
	p.frame(bin, boxes, placed, number, port)
	p.done++
	if p.o.Progress != nil {
		p.o.Progress(p.done, p.bins)
	}
	return nil
}

func (p *planner) place(ctx context.Context, b *graph.Boxes) (*graph.BoxesAt, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if p.simple || p.placer == nil {
		return graph.BoxColumns(b)
	}
	return p.placer.Boxes(ctx, b)
}

// side is 0 for a pad at the left side of its element and 1 for the right.
func (p *planner) side(pad int) int {
	if p.pads[pad].Gives {
		return 1
	}
	return 0
}

// end gives the box in a bin at which a piece ends, and how far below the box's
// upper edge.
func (p *planner) end(bin, pad int, number, port map[int]int) (box int, y float64, ok bool) {
	element := p.visibleOf(p.pads[pad].Element)
	if element == bin {
		box, ok = port[pad]
		return box, portHeight / 2, ok
	}
	box, ok = number[element]
	if at, here := p.padAt[pad]; here && p.pads[pad].Element == element {
		return box, at.Y, ok
	}
	return box, p.size[element].Y / 2, ok
}

// frame puts the border of a bin around what is in it, and its pads on it.
func (p *planner) frame(bin int, boxes *graph.Boxes, placed *graph.BoxesAt, number, port map[int]int) {
	b := &p.d.Elements[bin]
	left, right := BinPadding, BinPadding
	if len(boxes.First) > 0 {
		left = 0
	}
	if len(boxes.Last) > 0 {
		right = 0
	}
	header := p.o.Width(short(b.Name, 60), TitleSize) + p.o.Width(b.Subtitle(), SmallSize) + 60
	size := graph.Point{X: math.Ceil(max(placed.W+left+right, header)), Y: math.Ceil(placed.H + BinHeader + BinPadding)}
	move := func(pt graph.Point) graph.Point { return graph.Point{X: pt.X + left, Y: pt.Y + BinHeader} }
	for c, n := range number {
		p.at[c] = move(placed.At[n])
	}
	for pad, n := range port {
		at := graph.Point{Y: math.Round(placed.At[n].Y + BinHeader + portHeight/2)}
		if p.pads[pad].Gives {
			at.X = size.X
		}
		p.padAt[pad] = at
	}
	p.size[bin] = size
	for k := range p.pieces[bin] {
		c := &p.pieces[bin][k]
		path := make([]graph.Point, len(placed.Paths[k]))
		for q, pt := range placed.Paths[k] {
			path[q] = move(pt)
		}
		if len(path) < 4 {
			continue
		}
		// The bin's own pads were moved to its border.
		if n, ok := port[c.from]; ok {
			at := p.padAt[c.from]
			path = extended(path, graph.Point{X: at.X + p.stub(c.from, boxes.Sizes[n].X), Y: at.Y}, true)
		}
		if n, ok := port[c.to]; ok {
			at := p.padAt[c.to]
			path = extended(path, graph.Point{X: at.X - p.stub(c.to, boxes.Sizes[n].X), Y: at.Y}, false)
		}
		c.path = path
	}
}

// stub is the distance of a link from the border at a pad of the bin around it:
// the name stands there, if there is one.
func (p *planner) stub(pad int, width float64) float64 {
	if p.pads[pad].Name == "" {
		return 0
	}
	return width
}

// extended leads a path straight on to a point in front of it or behind it.
func extended(path []graph.Point, to graph.Point, front bool) []graph.Point {
	end := path[len(path)-1]
	if front {
		end = path[0]
	}
	if math.Abs(end.X-to.X) < 1 {
		return path
	}
	third := graph.Point{X: (to.X - end.X) / 3, Y: (to.Y - end.Y) / 3}
	near, far := graph.Point{X: end.X + third.X, Y: end.Y + third.Y}, graph.Point{X: to.X - third.X, Y: to.Y - third.Y}
	if front {
		return append([]graph.Point{to, far, near}, path...)
	}
	return append(path, near, far, to)
}

// drawing moves everything to its place in the whole.
func (p *planner) drawing() *Drawing {
	out := &Drawing{Dump: p.d, Pads: make(map[int]graph.Point, len(p.padAt)), W: p.size[0].X, H: p.size[0].Y, Notes: append(slices.Clone(p.d.Notes), p.notes...)}
	at := make([]graph.Point, len(p.d.Elements))
	for i := range p.d.Elements {
		if !p.shown[i] {
			continue
		}
		if i > 0 {
			around := at[p.d.Elements[i].Parent]
			at[i] = graph.Point{X: around.X + p.at[i].X, Y: around.Y + p.at[i].Y}
		}
		out.Boxes = append(out.Boxes, Box{Element: i, X: at[i].X, Y: at[i].Y, W: p.size[i].X, H: p.size[i].Y, Open: p.open[i], Lines: p.lines[i]})
	}
	for pad, pt := range p.padAt {
		if pad >= len(p.d.Pads) {
			continue
		}
		o := at[p.d.Pads[pad].Element]
		out.Pads[pad] = graph.Point{X: o.X + pt.X, Y: o.Y + pt.Y}
	}
	for bin := range p.d.Elements {
		for _, c := range p.pieces[bin] {
			if len(c.path) < 4 {
				continue
			}
			for k := range c.path {
				c.path[k].X += at[bin].X
				c.path[k].Y += at[bin].Y
			}
			out.Wires = append(out.Wires, Wire{c.link, c.path})
		}
	}
	return out
}
