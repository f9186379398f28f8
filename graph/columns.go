package graph

import (
	"cmp"
	"slices"
)

// Space between the boxes of columns, in points.
const (
	columnGap = 90
	rowGap    = 24
)

// columns places a job without graphviz: each box one column right of what it
// receives from (an edge that closes a circle does not count), boxes of one
// column ordered by the middle of their neighbours to the left. It takes a few
// milliseconds for thousands of boxes and always succeeds; edges may run over
// boxes.
func columns(j *job) *placement {
	n := len(j.Boxes)
	p := &placement{At: make([]Point, n), Paths: make([][]Point, len(j.Pairs))}
	if n == 0 {
		return p
	}
	rank := ranks(n, j.Pairs)
	cols := make([][]int, slices.Max(rank)+1)
	for i, r := range rank {
		cols[r] = append(cols[r], i)
	}
	order(cols, rank, j)
	x := 0.0
	for _, col := range cols {
		width, y := 0.0, 0.0
		for _, b := range col {
			p.At[b] = Point{x, y}
			width = max(width, j.Boxes[b][0])
			y += j.Boxes[b][1] + rowGap
		}
		p.H = max(p.H, y-rowGap)
		x += width + columnGap
	}
	p.W = x - columnGap
	for _, col := range cols { // each column in the middle
		last := col[len(col)-1]
		shift := (p.H - (p.At[last].Y + j.Boxes[last][1])) / 2
		for _, b := range col {
			p.At[b].Y += shift
		}
	}
	for i, e := range j.Pairs {
		p.Paths[i] = curve(p.At[e[0]], j.Boxes[e[0]], p.At[e[1]], j.Boxes[e[1]], e[0] == e[1])
	}
	return p
}

// ranks gives each box its column: the longest way to it from a box that
// receives nothing. Edges back to a box that is being visited are left out.
func ranks(n int, pairs [][2]int) []int {
	next := make([][]int, n)
	into := make([]int, n)
	for _, e := range pairs {
		if e[0] != e[1] {
			next[e[0]] = append(next[e[0]], e[1])
			into[e[1]]++
		}
	}
	const (
		fresh = iota
		open
		done
	)
	state := make([]uint8, n)
	var sorted []int // every box before those that it leads to
	type step struct{ box, edge int }
	visit := func(start int) {
		stack := []step{{start, 0}}
		state[start] = open
		for len(stack) > 0 {
			top := &stack[len(stack)-1]
			if top.edge == len(next[top.box]) {
				state[top.box] = done
				sorted = append(sorted, top.box)
				stack = stack[:len(stack)-1]
				continue
			}
			to := next[top.box][top.edge]
			switch state[to] {
			case open: // closes a circle
				next[top.box] = slices.Delete(next[top.box], top.edge, top.edge+1)
			case fresh:
				top.edge++
				state[to] = open
				stack = append(stack, step{to, 0})
			default:
				top.edge++
			}
		}
	}
	for _, roots := range []bool{true, false} {
		for i := range n {
			if state[i] == fresh && (into[i] == 0 || !roots) {
				visit(i)
			}
		}
	}
	rank := make([]int, n)
	for _, b := range slices.Backward(sorted) {
		for _, to := range next[b] {
			rank[to] = max(rank[to], rank[b]+1)
		}
	}
	return rank
}

// order sorts each column by the middle of the neighbours in the columns to
// the left, then once more from the right.
func order(cols [][]int, rank []int, j *job) {
	at := make([]float64, len(rank))
	note := func(col []int) {
		for i, b := range col {
			at[b] = float64(i) - float64(len(col))/2
		}
	}
	for _, col := range cols {
		note(col)
	}
	sum, count := make([]float64, len(rank)), make([]float64, len(rank))
	sweep := func(c int) {
		col := cols[c]
		mid := make(map[int]float64, len(col))
		for _, b := range col {
			mid[b] = at[b]
			if count[b] > 0 {
				mid[b] = sum[b] / count[b]
			}
		}
		slices.SortStableFunc(col, func(a, b int) int { return cmp.Compare(mid[a], mid[b]) })
		note(col)
	}
	for _, fromLeft := range []bool{true, false} {
		clear(sum)
		clear(count)
		byCol := make([][][2]int, len(cols))
		for _, e := range j.Pairs {
			a, b := e[0], e[1]
			if rank[a] > rank[b] {
				a, b = b, a
			}
			if rank[a] == rank[b] {
				continue
			}
			if !fromLeft {
				a, b = b, a
			}
			byCol[rank[b]] = append(byCol[rank[b]], [2]int{a, b})
		}
		for k := range cols {
			c := k
			if !fromLeft {
				c = len(cols) - 1 - k
			}
			for _, e := range byCol[c] {
				sum[e[1]] += at[e[0]]
				count[e[1]]++
			}
			sweep(c)
		}
	}
}

// curve leads from the right side of one box to the left side of another; to
// the same box, or one further left, it goes round by the top.
func curve(a Point, sa [2]float64, b Point, sb [2]float64, loop bool) []Point {
	from := Point{a.X + sa[0], a.Y + sa[1]/2}
	to := Point{b.X, b.Y + sb[1]/2}
	bend := max((to.X-from.X)/2, columnGap/2)
	if loop || to.X <= from.X {
		top := min(a.Y, b.Y) - rowGap/2
		mid := Point{(from.X + to.X) / 2, top}
		return []Point{
			from, {from.X + columnGap/3, from.Y}, {from.X + columnGap/3, top}, mid,
			{to.X - columnGap/3, top}, {to.X - columnGap/3, to.Y}, to,
		}
	}
	return []Point{from, {from.X + bend, from.Y}, {to.X - bend, to.Y}, to}
}
