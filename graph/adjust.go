package graph

import (
	"maps"
	"math"
	"slices"
)

// Adjusting a placed frame. A pipeline changes by an element or two, and whoever
// looks at it has learnt where things stand: so what stands keeps its place, and
// the new is put where it belongs among it. A box with neighbours gets a column
// beside them, aligned with the boxes that stand there, at the nearest free
// height that crosses few edges; new boxes that know each other alone are placed
// by graphviz as ever and put below the rest; a box that nothing connects is set
// below and moves to its neighbours when it gets some. What left keeps its place
// reserved until somebody else needs it. The frame is drawn round what is in it
// now; the room that it keeps for the rest is a matter of packing alone, so that
// the frames beside it stay where they are.
//
// Such placing gets worse with each box. When a third of a frame was put in that
// way, or half of it is gone, the frame is placed anew: as the share is what
// counts, a pipeline that grows to n boxes is placed anew about log n times.
//
// Cost: one pass over boxes and edges, no graphviz: the benchmark of one element
// more among a thousand stays far below the 50 ms in which a person expects it.
// Rejected: pinned positions in graphviz (only neato and fdp know them, and they
// draw no layers), and moving neighbours aside (one element more would move
// many).

// The share of a frame that may be put in without placing it anew.
const adjustShare = 3

// place is where a box stands, relative to the frame.
type place struct {
	Point
	w, h float64
	// loose boxes have nothing to do with the others: they may be moved when
	// that changes.
	loose bool
	late  bool // put in after the frame was placed
	away  bool // not in the graph just now
}

func (p *place) rect() box { return box{p.X, p.Y, p.w, p.h} }

// box is a rectangle: the upper left corner and the size.
type box struct{ x, y, w, h float64 }

// hits tells whether two boxes are nearer to each other than gap.
func (b box) hits(o box, gap float64) bool {
	return b.x < o.x+o.w+gap && o.x < b.x+b.w+gap && b.y < o.y+o.h+gap && o.y < b.y+b.h+gap
}

// leastGap is between boxes that were put in, in points.
const leastGap = rowGap / 2

// change is what a frame has to take in.
type change struct {
	fresh   []int    // box numbers without a place
	isFresh []bool   // by box number
	pairs   [][2]int // new, between boxes that stand
	same    bool     // nothing changed
}

// changes compares a placed frame with what is there now. ok is false where it
// should be placed anew.
func (p *placedFrame) changes(g *Graph, m *frameMembers) (c change, ok bool) {
	c.isFresh, c.same = make([]bool, len(m.nodes)), true
	connected := make([]bool, len(m.nodes))
	for _, k := range m.order {
		connected[k[0]], connected[k[1]] = true, true
	}
	standing, late, away := 0, 0, 0
	for b, i := range m.nodes {
		n := &g.Nodes[i]
		at := p.at[n.ID]
		other := at != nil && (at.away || at.w != n.W || at.h != n.H)
		c.same = c.same && !other
		if at == nil || at.loose && connected[b] || other && p.blocked(n.ID, box{at.X, at.Y, n.W, n.H}) {
			c.fresh, c.isFresh[b] = append(c.fresh, b), true
			continue
		}
		standing++
		if at.late {
			late++
		}
	}
	for _, at := range p.at {
		if at.away {
			away++
		}
	}
	for _, k := range m.order {
		if !c.isFresh[k[0]] && !c.isFresh[k[1]] && p.path(g, m, k) == nil {
			c.pairs = append(c.pairs, k)
		}
	}
	c.same = c.same && len(c.fresh)+len(c.pairs) == 0 && len(p.at)-away == len(m.nodes)
	return c, c.same || (late+len(c.fresh)+len(c.pairs)+p.bent)*adjustShare <= p.base && standing*2 >= p.base
}

// path gives the path of a pair, or of the pair turned round; nil for none.
func (p *placedFrame) path(g *Graph, m *frameMembers, k [2]int) []Point {
	a, b := g.Nodes[m.nodes[k[0]]].ID, g.Nodes[m.nodes[k[1]]].ID
	if path := p.pairs[[2]string{a, b}]; path != nil {
		return path
	}
	return p.pairs[[2]string{b, a}]
}

// blocked tells whether something else stands where a box should.
func (p *placedFrame) blocked(id string, b box) bool {
	for other, at := range p.at {
		if other != id && !at.away && at.rect().hits(b, 1) {
			return true
		}
	}
	return false
}

// adjuster puts new boxes into a frame.
type adjuster struct {
	*placedFrame
	g    *Graph
	m    *frameMembers
	next [][2][]int // by box number: those before it, those behind it
}

// node gives a box by its number.
func (a *adjuster) node(b int) *Node { return &a.g.Nodes[a.m.nodes[b]] }

// standing gives the place of a box that stands; nil otherwise.
func (a *adjuster) standing(b int) *place {
	if at := a.at[a.node(b).ID]; at != nil && !at.away {
		return at
	}
	return nil
}

// adjust brings a frame up to what is there, without moving what stands. parts
// places new boxes that are connected with each other alone.
func (p *placedFrame) adjust(g *Graph, m *frameMembers, c change, parts func(boxes []int) (part, error)) error {
	a := &adjuster{placedFrame: p, g: g, m: m, next: make([][2][]int, len(m.nodes))}
	here := make(map[string]bool, len(m.nodes))
	for b := range m.nodes {
		n := a.node(b)
		here[n.ID] = true
		if at := p.at[n.ID]; at != nil && !c.isFresh[b] {
			if at.away || at.w != n.W || at.h != n.H {
				at.w, at.h = n.W, n.H
				p.grow(at.rect())
			}
			at.away = false
		}
	}
	for _, b := range c.fresh {
		delete(p.at, a.node(b).ID)
	}
	for id, at := range p.at {
		at.away = !here[id]
		if at.away && at.late { // only so many places are kept as there were at first
			delete(p.at, id)
		}
	}
	maps.DeleteFunc(p.pairs, func(k [2]string, _ []Point) bool {
		return p.at[k[0]] == nil && !here[k[0]] || p.at[k[1]] == nil && !here[k[1]]
	})
	for _, k := range m.order {
		a.next[k[0]][1], a.next[k[1]][0] = append(a.next[k[0]][1], k[1]), append(a.next[k[1]][0], k[0])
	}
	p.bent += len(c.pairs)
	for _, boxes := range components(len(m.nodes), m.order) {
		fresh := slices.DeleteFunc(slices.Clone(boxes), func(b int) bool { return !c.isFresh[b] })
		switch {
		case len(fresh) == 0:
		case len(fresh) < len(boxes):
			a.join(fresh)
		case len(boxes) == 1 && len(a.next[boxes[0]][0]) == 0:
			n := a.node(boxes[0])
			a.add(boxes[0], a.below(n.W, n.H)).loose = true
		default:
			x, err := parts(boxes)
			if err != nil {
				return err
			}
			at := a.below(x.W, x.H)
			for k, b := range x.boxes {
				a.add(b, Point{x.At[k].X + at.X, x.At[k].Y + at.Y})
			}
			for k, pair := range x.pairs {
				p.pairs[a.ids(pair)] = translated(x.Paths[k], at.X, at.Y)
			}
		}
	}
	for _, k := range m.order {
		from, to := a.standing(k[0]), a.standing(k[1])
		ids := a.ids(k)
		if from.X > to.X && m.pairs[[2]int{k[1], k[0]}] != nil && (c.isFresh[k[0]] || c.isFresh[k[1]]) {
			delete(p.pairs, ids) // it runs beside the one that goes to the right
			continue
		}
		if old := p.path(g, m, k); old != nil && !c.isFresh[k[0]] && !c.isFresh[k[1]] && ends(old, from.rect(), to.rect()) {
			continue
		}
		if c.isFresh[k[0]] || c.isFresh[k[1]] || p.path(g, m, k) == nil {
			delete(p.pairs, [2]string{ids[1], ids[0]})
		}
		if fresh := p.pairs[ids]; fresh != nil && ends(fresh, from.rect(), to.rect()) {
			continue // graphviz has just drawn it
		}
		p.pairs[ids] = backOrCurve(from.Point, [2]float64{from.w, from.h}, to.Point, [2]float64{to.w, to.h}, k[0] == k[1])
	}
	p.shrink()
	return nil
}

// shrink takes room from a frame of which little is used any more: what it had room
// for has gone, or has become one node with others. Half of it must be free, or the
// frames beside it would move with everything that goes.
func (p *placedFrame) shrink() {
	if w, h := p.used(); w*h <= p.w*p.h/2 {
		p.w, p.h = w, h
	}
}

// used is the size of a frame that holds what is in it now, and no more: at most the
// room that it has.
func (p *placedFrame) used() (w, h float64) {
	for _, at := range p.at {
		if !at.away {
			w, h = max(w, at.X+at.w), max(h, at.Y+at.h)
		}
	}
	for ids, path := range p.pairs {
		from, to := p.at[ids[0]], p.at[ids[1]]
		if from == nil || to == nil || from.away || to.away {
			continue
		}
		lanes := 0.0 // the media run side by side, around what they lead back to
		if ids[0] == ids[1] {
			lanes = maxLoops * laneSpacing
		}
		for _, q := range path {
			w, h = max(w, q.X+lanes), max(h, q.Y+lanes)
		}
	}
	w, h = max(w, FramePadding+DefaultNodeWidth)+FramePadding, max(h, top+DefaultNodeHeight/2)+FramePadding
	return min(w, p.w), min(h, p.h)
}

// ids names a pair for good: numbers change when boxes leave.
func (a *adjuster) ids(k [2]int) [2]string { return [2]string{a.node(k[0]).ID, a.node(k[1]).ID} }

// ends tells whether a path still leads from one box to another, either way.
func ends(path []Point, a, b box) bool {
	const slack = sideSlack
	touches := func(p Point, b box) bool {
		return p.X >= b.x-slack && p.X <= b.x+b.w+slack && p.Y >= b.y-slack && p.Y <= b.y+b.h+slack
	}
	first, last := path[0], path[len(path)-1]
	return touches(first, a) && touches(last, b) || touches(first, b) && touches(last, a)
}

// add gives a new box its place, and the frame room for it.
func (a *adjuster) add(b int, at Point) *place {
	x := a.put(a.g, a.m, b, at)
	x.late = true
	a.grow(x.rect())
	return x
}

// grow gives a frame room for a box.
func (p *placedFrame) grow(b box) {
	p.w, p.h = max(p.w, b.x+b.w+FramePadding), max(p.h, b.y+b.h+FramePadding)
}

// join puts in boxes of a part of which others stand, those with neighbours
// first.
func (a *adjuster) join(fresh []int) {
	for len(fresh) > 0 {
		best, most := 0, -1
		for i, b := range fresh {
			n := 0
			for _, side := range a.next[b] {
				for _, o := range side {
					if a.standing(o) != nil {
						n++
					}
				}
			}
			if n > most {
				best, most = i, n
			}
		}
		a.beside(fresh[best])
		fresh = slices.Delete(fresh, best, best+1)
	}
}

// beside puts a box into the column behind those that it receives from, or in
// front of those that it sends to.
func (a *adjuster) beside(b int) {
	n := a.node(b)
	after, before := math.Inf(-1), math.Inf(1) // the sides of its neighbours
	middle, count := 0.0, 0
	for side, others := range a.next[b] {
		for _, o := range others {
			at := a.standing(o)
			if at == nil {
				continue
			}
			if side == 0 {
				after = max(after, at.X+at.w)
			} else {
				before = min(before, at.X)
			}
			middle += at.Y + at.h/2
			count++
		}
	}
	if count == 0 { // cannot be: a part has a way to every box
		at := a.below(n.W, n.H)
		a.add(b, at)
		return
	}
	x, least, most := after+adjustGap, after+adjustGap/2, math.Inf(1)
	if math.IsInf(after, -1) || a.outside(b) {
		x, least, most = before-adjustGap-n.W, math.Inf(-1), before-adjustGap/2-n.W
	}
	x = a.column(x, least, most)
	if x < FramePadding {
		a.shift(FramePadding - x)
		x = FramePadding
	}
	y := a.height(x, middle/float64(count)-n.H/2, n.W, n.H)
	a.add(b, Point{x, y})
}

// outside tells whether a box that sends to all of its neighbours and receives
// from them belongs to the left of them: they have theirs on the right.
func (a *adjuster) outside(b int) bool {
	right, left := 0, 0
	for _, o := range a.next[b][0] {
		at := a.standing(o)
		if at == nil {
			continue
		}
		if !slices.Contains(a.next[b][1], o) {
			return false
		}
		for _, others := range a.next[o] {
			for _, far := range others {
				if x := a.standing(far); x == nil || far == o || far == b {
					continue
				} else if x.X > at.X {
					right++
				} else if x.X < at.X {
					left++
				}
			}
		}
	}
	return right > left
}

// adjustGap is between columns: what graphviz is asked for. It has room for a
// rate and the head of an arrow.
const adjustGap = 1.45 * pointsPerInch

// column gives the left side of boxes near x, if some begin there: within the
// bounds.
func (a *adjuster) column(x, least, most float64) float64 {
	best, distance := x, adjustGap
	for _, at := range a.at {
		if d := math.Abs(at.X - x); !at.away && at.X >= least && at.X <= most && (d < distance || d == distance && at.X < best) {
			best, distance = at.X, d
		}
	}
	return best
}

// shift moves all of the frame to the right.
func (a *adjuster) shift(by float64) {
	for _, at := range a.at {
		at.X += by
	}
	for k, path := range a.pairs {
		a.pairs[k] = translated(path, by, 0)
	}
	a.w += by
}

// translated gives a path elsewhere.
func translated(path []Point, dx, dy float64) []Point {
	out := make([]Point, len(path))
	for i, p := range path {
		out[i] = Point{p.X + dx, p.Y + dy}
	}
	return out
}

// top is where the boxes of a frame begin.
const top = HeaderHeight + FramePadding

// crossingCost is how much further away a box is put to cross one edge less.
const crossingCost = 70.0

// height finds the free height nearest to a wish for a box at x.
func (a *adjuster) height(x, wish, w, h float64) float64 {
	type span struct{ from, to float64 }
	var taken, crossed []span
	for _, at := range a.at {
		if !at.away && at.X < x+w+leastGap && x < at.X+at.w+leastGap {
			taken = append(taken, span{at.Y - rowGap, at.Y + at.h + rowGap})
		}
	}
	for ids, path := range a.pairs {
		from, to := a.at[ids[0]], a.at[ids[1]]
		if from == nil || to == nil || from.away || to.away {
			continue
		}
		s := span{math.Inf(1), math.Inf(-1)}
		for i := 0; i+3 < len(path); i += 3 {
			piece := path[i : i+4]
			if max(piece[0].X, piece[1].X, piece[2].X, piece[3].X) < x || min(piece[0].X, piece[1].X, piece[2].X, piece[3].X) > x+w {
				continue
			}
			for step := range 13 {
				if p := along(piece, float64(step)/12); p.X > x && p.X < x+w {
					s.from, s.to = min(s.from, p.Y), max(s.to, p.Y)
				}
			}
		}
		if s.from <= s.to {
			crossed = append(crossed, s)
		}
	}
	wish = max(wish, top)
	candidates := []float64{wish, top}
	for _, s := range taken {
		candidates = append(candidates, s.to, s.from-h)
	}
	for _, s := range crossed {
		candidates = append(candidates, s.to+laneSpacing, s.from-h-laneSpacing)
	}
	best, cost := math.Inf(1), math.Inf(1)
	slices.Sort(candidates)
	for _, y := range slices.Compact(candidates) {
		d := math.Abs(y - wish)
		if y < top || d >= cost || slices.ContainsFunc(taken, func(s span) bool { return y < s.to && s.from < y+h }) {
			continue
		}
		for _, s := range crossed {
			if y < s.to && s.from < y+h {
				d += crossingCost
			}
		}
		if d < cost {
			best, cost = y, d
		}
	}
	return best // below the lowest box there is always room
}

// along gives a point of a cubic Bézier curve.
func along(p []Point, t float64) Point {
	u := 1 - t
	a, b, c, d := u*u*u, 3*u*u*t, 3*u*t*t, t*t*t
	return Point{a*p[0].X + b*p[1].X + c*p[2].X + d*p[3].X, a*p[0].Y + b*p[1].Y + c*p[2].Y + d*p[3].Y}
}

// below finds room for something below what is connected: in the rows that
// stand there already, or in a new one.
func (a *adjuster) below(w, h float64) Point {
	const gap = FramePadding
	floor := float64(top - gap)
	bottom := floor
	var loose []box
	rows := []float64{}
	for _, at := range a.at {
		switch {
		case at.away:
		case at.loose:
			loose = append(loose, at.rect())
			rows = append(rows, at.Y)
			bottom = max(bottom, at.Y+at.h)
		default:
			floor = max(floor, at.Y+at.h)
		}
	}
	rows = append(rows, floor+gap, max(floor, bottom)+gap)
	slices.Sort(rows)
	right := max(a.w-FramePadding, leastFrameWidth)
	for _, y := range slices.Compact(rows) {
		if y < floor+gap {
			continue
		}
		xs := []float64{FramePadding}
		for _, b := range loose {
			xs = append(xs, b.x+b.w+gap)
		}
		slices.Sort(xs)
		for _, x := range slices.Compact(xs) {
			r := box{x, y, w, h}
			if (x == FramePadding || x+w <= right) && !slices.ContainsFunc(loose, func(o box) bool { return o.hits(r, gap-0.5) }) {
				return Point{x, y}
			}
		}
	}
	return Point{FramePadding, max(floor, bottom) + gap}
}
