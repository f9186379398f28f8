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

// Wire is a link that is drawn, as a cubic Bézier curve.
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
	p := &planner{d: d, o: o, placer: placer, open: make([]bool, len(d.Elements)), shown: make([]bool, len(d.Elements)),
		size: make([]graph.Point, len(d.Elements)), at: make([]graph.Point, len(d.Elements)), padAt: make(map[int]graph.Point),
		links: make(map[int][]int), paths: make([][]graph.Point, len(d.Links)), lines: make([][]string, len(d.Elements))}
	p.visible()
	p.sortLinks()
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

	size  []graph.Point
	at    []graph.Point       // within the bin around it
	padAt map[int]graph.Point // on the border, from the element's upper left corner
	links map[int][]int       // by the bin that they are in
	paths [][]graph.Point     // within that bin
	lines [][]string
	notes []string
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

// sortLinks finds the bin in which each link runs.
func (p *planner) sortLinks() {
	for i := range p.d.Links {
		if bin, _, _, ok := p.ends(i); ok {
			p.links[bin] = append(p.links[bin], i)
		}
	}
}

// ends gives the bin in which a link runs, and what it connects there: a child
// of the bin, or the bin itself by its own pad. A link whose ends are further
// apart is drawn between the boxes around them that are neighbours. false is a
// link inside a box that is not open.
func (p *planner) ends(link int) (bin, from, to int, ok bool) {
	l := &p.d.Links[link]
	from, to = p.d.Pads[l.From].Element, p.d.Pads[l.To].Element
	for !p.shown[from] {
		from = p.d.Elements[from].Parent
	}
	for !p.shown[to] {
		to = p.d.Elements[to].Parent
	}
	up := func(i int) int { return p.d.Elements[i].Parent }
	switch {
	case from == to:
		// Through a bin from pad to pad, or a leaf that is linked to itself.
		a, b := &p.d.Pads[l.From], &p.d.Pads[l.To]
		own := a.Element == from && b.Element == from
		if own && p.open[from] && !a.Gives && b.Gives {
			return from, from, to, true
		}
		return up(from), from, to, own && up(from) >= 0 && a.Gives && !b.Gives
	case up(to) == from && !p.d.Pads[l.From].Gives:
		return from, from, to, true
	case up(from) == to && p.d.Pads[l.To].Gives:
		return to, from, to, true
	}
	depth := func(i int) (n int) {
		for ; i > 0; i = up(i) {
			n++
		}
		return n
	}
	a, b := depth(from), depth(to)
	for ; a > b; a-- {
		from = up(from)
	}
	for ; b > a; b-- {
		to = up(to)
	}
	for up(from) != up(to) {
		from, to = up(from), up(to)
	}
	return up(from), from, to, from != to && up(from) >= 0
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
	port := make(map[int]int, len(b.Pads)) // pad -> box
	var width [2]float64
	for _, n := range b.Pads {
		k := 0
		if p.d.Pads[n].Gives {
			k = 1
		}
		width[k] = max(width[k], math.Ceil(p.o.Width(short(p.d.Pads[n].Name, 24), PadSize)+16))
	}
	for _, n := range b.Pads {
		port[n] = len(boxes.Sizes)
		k := 0
		if p.d.Pads[n].Gives {
			k = 1
			boxes.Last = append(boxes.Last, len(boxes.Sizes))
		} else {
			boxes.First = append(boxes.First, len(boxes.Sizes))
		}
		boxes.Sizes = append(boxes.Sizes, graph.Point{X: width[k], Y: portHeight})
	}
	var links []int
	gap := leastGap
	for _, i := range p.links[bin] {
		_, from, to, _ := p.ends(i)
		l := &p.d.Links[i]
		line := graph.Line{}
		var ok bool
		if line.From, line.FromY, ok = p.end(bin, from, l.From, number, port); !ok {
			continue
		}
		if line.To, line.ToY, ok = p.end(bin, to, l.To, number, port); !ok {
			continue
		}
		links = append(links, i)
		boxes.Lines = append(boxes.Lines, line)
		gap = max(gap, p.o.Width(l.Label(), PadSize)+24)
	}
	boxes.Gap = math.Ceil(min(gap, mostGap))
	placed, err := p.place(ctx, boxes)
	if err != nil {
		return err
	}
	if placed.Note != "" && !slices.Contains(p.notes, placed.Note) {
		p.notes = append(p.notes, placed.Note)
	}
	p.frame(bin, boxes, placed, number, port, links)
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

// end gives the box in a bin at which a link ends, and how far below the box's
// upper edge.
func (p *planner) end(bin, element, pad int, number, port map[int]int) (box int, y float64, ok bool) {
	if element == bin {
		box, ok = port[pad]
		return box, portHeight / 2, ok
	}
	box, ok = number[element]
	if at, here := p.padAt[pad]; here && p.d.Pads[pad].Element == element {
		return box, at.Y, ok
	}
	return box, p.size[element].Y / 2, ok
}

// frame puts the border of a bin around what is in it, and its pads on it.
func (p *planner) frame(bin int, boxes *graph.Boxes, placed *graph.BoxesAt, number, port map[int]int, links []int) {
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
		if p.d.Pads[pad].Gives {
			at.X = size.X
		}
		p.padAt[pad] = at
	}
	p.size[bin] = size
	for k, i := range links {
		path := make([]graph.Point, len(placed.Paths[k]))
		for q, pt := range placed.Paths[k] {
			path[q] = move(pt)
		}
		if len(path) < 4 {
			continue
		}
		// The bin's own pads were moved to its border.
		l := &p.d.Links[i]
		if at, ok := p.padAt[l.From]; ok && p.d.Pads[l.From].Element == bin {
			x := boxes.Sizes[port[l.From]].X
			path = extended(path, graph.Point{X: at.X + x, Y: at.Y}, true)
		}
		if at, ok := p.padAt[l.To]; ok && p.d.Pads[l.To].Element == bin {
			x := boxes.Sizes[port[l.To]].X
			path = extended(path, graph.Point{X: at.X - x, Y: at.Y}, false)
		}
		p.paths[i] = path
	}
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
		o := at[p.d.Pads[pad].Element]
		out.Pads[pad] = graph.Point{X: o.X + pt.X, Y: o.Y + pt.Y}
	}
	for bin := range p.d.Elements {
		for _, i := range p.links[bin] {
			if len(p.paths[i]) < 4 {
				continue
			}
			path := slices.Clone(p.paths[i])
			for k := range path {
				path[k].X += at[bin].X
				path[k].Y += at[bin].Y
			}
			out.Wires = append(out.Wires, Wire{i, path})
		}
	}
	return out
}
