package graph

import (
	"bytes"
	"context"
	"fmt"
	"hash/maphash"
	"math"
	"slices"
)

// Boxes is what Layouter.Boxes places: boxes of any sort, with lines that end
// at given heights of their sides. It holds no text.
type Boxes struct {
	// Sizes are widths and heights in points.
	Sizes []Point
	Lines []Line
	// First and Last are boxes that stand leftmost and rightmost.
	First, Last []int
	// Gap is the space between columns in points: what is to be written on the
	// lines needs it.
	Gap float64
}

// Line leads from the right side of a box to the left side of a box.
type Line struct {
	From, To int
	// FromY and ToY are where it ends, in points below the upper edges.
	FromY, ToY float64
}

// BoxesAt is where boxes stand.
type BoxesAt struct {
	// At are the upper left corners, from the upper left corner of the whole.
	At []Point
	// Paths are cubic Bézier curves, one for each line.
	Paths [][]Point
	W, H  float64
	// Note says why the boxes stand in simple columns; "" is: they do not.
	Note string
}

// boxGap is between the parts of what Boxes places, in points.
const boxGap = 24

// Boxes places boxes with graphviz in the child process. Where none has to
// stand first or last, each connected part is placed on its own, and the parts are
// packed in rows; boxes without a line stand in a grid below in any case. The
// error is that of ctx, or of boxes that make no sense: when graphviz fails, or
// there are too many for it, they stand in simple columns and the Note says so.
// What was placed before is remembered. Any goroutine; a second call waits for
// the first.
func (l *Layouter) Boxes(ctx context.Context, b *Boxes) (*BoxesAt, error) {
	if err := b.job().check(); err != nil {
		return nil, err
	}
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-l.turn }()
	l.rouse()
	defer l.idleLater()
	l.round++
	defer l.forget()
	return b.place(func(j *job) (*placement, string, error) { return l.boxes(ctx, j) })
}

// BoxColumns places boxes as Layouter.Boxes does, but in simple columns, at
// once and without a child. The error is that of boxes that make no sense. Any
// goroutine.
func BoxColumns(b *Boxes) (*BoxesAt, error) {
	if err := b.job().check(); err != nil {
		return nil, err
	}
	return b.place(func(j *job) (*placement, string, error) { return portColumns(j), "", nil })
}

// boxes places one part, or remembers it.
func (l *Layouter) boxes(ctx context.Context, j *job) (*placement, string, error) {
	h := l.hash(func(w *maphash.Hash) {
		_, _ = w.WriteString("boxes")
		for _, b := range j.Boxes {
			writeFloats(w, b[0], b[1])
		}
		for i, p := range j.Pairs {
			writeFloats(w, float64(p[0]), float64(p[1]), float64(j.Ends[i][0]), float64(j.Ends[i][1]))
		}
		for _, n := range slices.Concat(j.First, []int{-1}, j.Last) {
			writeFloats(w, float64(n))
		}
		writeFloats(w, j.Gap)
	})
	if old := l.parts[h]; old != nil && len(old.At) == len(j.Boxes) && len(old.Paths) == len(j.Pairs) {
		old.used = l.round
		return old.placement, "", nil
	}
	if len(j.Boxes) > maxBoxesPerJob || len(j.Pairs) > maxPairsPerJob {
		return portColumns(j), fmt.Sprintf("%d connected elements are too many to be placed well in good time: they stand in simple columns.", len(j.Boxes)), nil
	}
	p, err := l.ask(ctx, j)
	switch {
	case err == nil:
		l.parts[h] = &placedPart{placement: p, used: l.round}
		return p, "", nil
	case ctx.Err() != nil:
		return nil, "", ctx.Err()
	}
	return portColumns(j), "Placed in simple columns, for graphviz failed: " + err.Error() + ".", nil
}

// job gives boxes in the child's form. Lines end at whole points.
func (b *Boxes) job() *job {
	j := &job{Boxes: make([][2]float64, len(b.Sizes)), Pairs: make([][2]int, len(b.Lines)), Ends: make([][2]int, len(b.Lines)), First: b.First, Last: b.Last, Gap: b.Gap}
	for i, s := range b.Sizes {
		j.Boxes[i] = [2]float64{math.Ceil(s.X), math.Ceil(s.Y)}
	}
	for i, e := range b.Lines {
		j.Pairs[i], j.Ends[i] = [2]int{e.From, e.To}, [2]int{int(math.Round(e.FromY)), int(math.Round(e.ToY))}
	}
	return j
}

// place splits boxes into parts, has each placed, and packs them.
func (b *Boxes) place(do func(*job) (*placement, string, error)) (*BoxesAt, error) {
	out := &BoxesAt{At: make([]Point, len(b.Sizes)), Paths: make([][]Point, len(b.Lines))}
	whole, loops := b.job().withoutLoops()
	if len(whole.Boxes) == 0 {
		return out, nil
	}
	line := make([]int, 0, len(whole.Pairs)) // pair -> line
	for i, e := range b.Lines {
		if e.From != e.To {
			line = append(line, i)
		}
	}
	edge := make([]bool, len(whole.Boxes))
	for _, n := range slices.Concat(b.First, b.Last) {
		edge[n] = true
	}
	var parts, lone [][]int
	var tied []int
	linked := make([]bool, len(whole.Boxes))
	for _, p := range whole.Pairs {
		linked[p[0]], linked[p[1]] = true, true
	}
	for _, boxes := range components(len(whole.Boxes), whole.Pairs) {
		switch {
		case len(boxes) == 1 && !edge[boxes[0]] && !linked[boxes[0]]:
			lone = append(lone, boxes)
		case len(b.First)+len(b.Last) > 0:
			tied = append(tied, boxes...)
		default:
			parts = append(parts, boxes)
		}
	}
	if len(tied) > 0 {
		slices.Sort(tied)
		parts = append(parts, tied)
	}
	var sizes []Point
	placed := make([]*placement, len(parts))
	lines := make([][]int, len(parts))
	for i, boxes := range parts {
		j, of := whole.part(boxes)
		p, note, err := do(j)
		if err != nil {
			return nil, err
		}
		if out.Note == "" {
			out.Note = note
		}
		placed[i], lines[i] = p, of
		sizes = append(sizes, Point{p.W, p.H})
	}
	for _, boxes := range lone {
		s := whole.Boxes[boxes[0]]
		sizes = append(sizes, Point{s[0], s[1]})
	}
	least := 0.0
	if len(tied) > 0 {
		least = placed[0].W // what is lone stands below, not beside: the last are at the right edge
	}
	width := shelfWidth(sizes, boxGap, max(least, 300))
	if len(tied) > 0 {
		width = least
	}
	at, w, h := shelf(sizes, width, boxGap)
	out.W, out.H = w, h
	for i, boxes := range parts {
		for k, n := range boxes {
			out.At[n] = Point{placed[i].At[k].X + at[i].X, placed[i].At[k].Y + at[i].Y}
		}
		for k, n := range lines[i] {
			path := make([]Point, len(placed[i].Paths[k]))
			for q, pt := range placed[i].Paths[k] {
				path[q] = Point{pt.X + at[i].X, pt.Y + at[i].Y}
			}
			out.Paths[line[n]] = path
		}
	}
	for i, boxes := range lone {
		out.At[boxes[0]] = at[len(parts)+i]
	}
	round := make(map[int]int) // lines drawn round a box
	for _, i := range loops {
		e := b.Lines[i]
		round[e.From]++
		out.Paths[i] = b.loop(e, out.At[e.From], round[e.From])
	}
	return out, nil
}

// loopRoom is what a line back to its own box takes below the box.
const loopRoom = 12

// withoutLoops takes out the lines that lead back to their own boxes, which
// get room below the box instead: graphviz leads them far out around wide boxes.
func (j *job) withoutLoops() (rest *job, loops []int) {
	rest = &job{Boxes: j.Boxes, First: j.First, Last: j.Last, Gap: j.Gap}
	for i, p := range j.Pairs {
		if p[0] == p[1] {
			loops = append(loops, i)
			rest.Boxes[p[0]][1] += loopRoom
			continue
		}
		rest.Pairs, rest.Ends = append(rest.Pairs, p), append(rest.Ends, j.Ends[i])
	}
	return rest, loops
}

// loop leads the nth line back to its box, below it.
func (b *Boxes) loop(e Line, at Point, nth int) []Point {
	const out = 16
	size := b.Sizes[e.From]
	right, left, low := at.X+size.X, at.X, at.Y+size.Y+loopRoom*(float64(nth)-0.4)
	from, to := Point{right, at.Y + e.FromY}, Point{left, at.Y + e.ToY}
	wide := out + 3*float64(nth)
	return []Point{
		from, {right + wide, from.Y}, {right + wide, low}, {right - out, low},
		{right - out - 1, low}, {left + out + 1, low}, {left + out, low},
		{left - wide, low}, {left - wide, to.Y}, to,
	}
}

// part gives the job of some of the boxes, and which lines it holds.
func (j *job) part(boxes []int) (part *job, lines []int) {
	part = &job{Gap: j.Gap}
	local := make(map[int]int, len(boxes))
	for i, n := range boxes {
		local[n] = i
		part.Boxes = append(part.Boxes, j.Boxes[n])
	}
	for i, p := range j.Pairs {
		if a, ok := local[p[0]]; ok {
			part.Pairs = append(part.Pairs, [2]int{a, local[p[1]]})
			part.Ends = append(part.Ends, j.Ends[i])
			lines = append(lines, i)
		}
	}
	for _, n := range j.First {
		if k, ok := local[n]; ok {
			part.First = append(part.First, k)
		}
	}
	for _, n := range j.Last {
		if k, ok := local[n]; ok {
			part.Last = append(part.Last, k)
		}
	}
	return part, lines
}

// portColumns is columns with the lines brought to their ends.
func portColumns(j *job) *placement {
	p := columns(j)
	for i, e := range j.Pairs {
		path := p.Paths[i]
		last := len(path) - 1
		if last < 3 {
			continue
		}
		from, to := p.At[e[0]].Y+float64(j.Ends[i][0]), p.At[e[1]].Y+float64(j.Ends[i][1])
		path[0].Y, path[1].Y = from, from
		path[last].Y, path[last-1].Y = to, to
	}
	return p
}

// boxSides are the heights of the ends at the sides of one box.
type boxSides struct{ left, right []int }

// sides gives the boxes that need ends at given heights; nil for one that has
// its ends in the middle, where graphviz puts them anyway.
func (j *job) sides() map[int]*boxSides {
	out := make(map[int]*boxSides)
	side := func(n int) *boxSides {
		s := out[n]
		if s == nil {
			s = &boxSides{}
			out[n] = s
		}
		return s
	}
	for i := range j.Ends {
		from, to := side(j.Pairs[i][0]), side(j.Pairs[i][1])
		from.right, to.left = append(from.right, j.Ends[i][0]), append(to.left, j.Ends[i][1])
	}
	for n, s := range out {
		middle := true
		for _, y := range slices.Concat(s.left, s.right) {
			middle = middle && math.Abs(float64(y)-j.Boxes[n][1]/2) <= 1
		}
		if middle {
			delete(out, n)
		}
	}
	return out
}

// node writes a box as a table without lines, whose cells are the ends.
func (s *boxSides) node(b *bytes.Buffer, n int, size [2]float64) {
	const table = `<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0">`
	w, h := int(math.Ceil(size[0])), int(math.Ceil(size[1]))
	fmt.Fprintf(b, "n%d [shape=plain, fixedsize=false, width=0, height=0, label=<%s<TR>", n, table)
	half := w / 2
	for _, c := range []struct {
		name  string
		ends  []int
		width int
	}{{"i", s.left, half}, {"o", s.right, w - half}} {
		b.WriteString("<TD>" + table)
		y := 0
		row := func(to int, port string) {
			if to > y || port != "" {
				fmt.Fprintf(b, `<TR><TD%s FIXEDSIZE="TRUE" WIDTH="%d" HEIGHT="%d"></TD></TR>`, port, c.width, max(to-y, 1))
				y = max(to, y+1)
			}
		}
		ends := slices.Compact(slices.Sorted(slices.Values(c.ends)))
		for k, e := range ends {
			half := 3
			if k+1 < len(ends) {
				half = min(half, (ends[k+1]-e)/2)
			}
			row(e-half, "")
			row(e+half, fmt.Sprintf(` PORT="%s%d"`, c.name, e))
		}
		row(h, "")
		b.WriteString("</TABLE></TD>")
	}
	b.WriteString("</TR></TABLE>>];\n")
}
