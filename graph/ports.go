package graph

import (
	"cmp"
	"math"
	"slices"
)

// graphviz ends all edges of a box near the middle of its side and draws
// neighbours with a straight line. ports gives each edge a place of its own on
// the side, in the order in which graphviz brings them there, and lets it leave
// and arrive level: so parallel media stay apart, and every line can be followed.

// end is one end of one edge at one box.
type end struct {
	edge  int
	tail  bool
	y     float64 // where graphviz ends it
	other float64 // where it comes from
	lane  float64 // among the media of one pair
}

// Distances of the ends on one side, in points.
const (
	portSpacing = laneSpacing
	portMargin  = 8 // from the corners
	sideSlack   = 6 // how far from a side graphviz may end an edge on it
)

// ports moves the ends of the edges of a frame. lanes gives each edge's shift
// among the media of its pair.
func ports(g *Graph, m *frameMembers, lanes map[int]float64) {
	number := make(map[string]int, len(m.nodes))
	for k, i := range m.nodes {
		number[g.Nodes[i].ID] = k
	}
	left, right := make([][]end, len(m.nodes)), make([][]end, len(m.nodes))
	for _, i := range m.edges {
		e := &g.Edges[i]
		if len(e.Path) < 4 {
			continue
		}
		from, to := number[e.From], number[e.To]
		a, b := &g.Nodes[m.nodes[from]], &g.Nodes[m.nodes[to]]
		if from == to {
			loop(e, a, lanes[i])
			continue
		}
		last := len(e.Path) - 1
		ahead := a.X+a.W < b.X
		tail := end{edge: i, tail: true, y: e.Path[0].Y - lanes[i], other: e.Path[last].Y - lanes[i], lane: lanes[i]}
		head := end{edge: i, y: tail.other, other: tail.y, lane: lanes[i]}
		switch x := e.Path[0].X; {
		case ahead, math.Abs(x-a.X-a.W) <= sideSlack:
			right[from] = append(right[from], tail)
		case math.Abs(x-a.X) <= sideSlack:
			left[from] = append(left[from], tail)
		default:
			across(e, 0, 1, lanes[i])
		}
		switch x := e.Path[last].X; {
		case ahead, math.Abs(x-b.X) <= sideSlack:
			left[to] = append(left[to], head)
		case math.Abs(x-b.X-b.W) <= sideSlack:
			right[to] = append(right[to], head)
		default:
			across(e, last, last-1, lanes[i])
		}
	}
	for k, i := range m.nodes {
		n := &g.Nodes[i]
		spread(g, n, left[k], n.X)
		spread(g, n, right[k], n.X+n.W)
	}
	for _, i := range m.edges {
		if e := &g.Edges[i]; e.From != e.To { // a way back to its own box must rise above it
			level(e)
		}
	}
}

// across mends an end on the upper or lower side of a box: there, the media
// stand side by side from left to right.
func across(e *Edge, at, near int, lane float64) {
	for _, i := range [2]int{at, near} {
		e.Path[i].X += lane
		e.Path[i].Y -= lane
	}
}

// loop mends an edge that leads back to its own box: the media go round one
// within the other.
func loop(e *Edge, n *Node, lane float64) {
	last := len(e.Path) - 1
	side := -1.0 // above the box
	if e.Path[last/2].Y-lane > n.Y+n.H/2 {
		side = 1
	}
	out := lane + float64(maxLoops)*laneSpacing/2
	for i := range e.Path {
		e.Path[i].Y -= lane
		if i > 0 && i < last {
			e.Path[i].Y += side * out
		}
		if i <= last/2 {
			e.Path[i].X -= out
		} else {
			e.Path[i].X += out
		}
	}
}

// maxLoops is how many media usually lead back to one box.
const maxLoops = 3

// roomForLoops makes a part higher where an edge leads back to its own box: its media
// go round further out than graphviz knows, into what stands above or below.
func (p *placement) roomForLoops(pairs [][2]int) {
	above, below := 0.0, 0.0
	for i, e := range pairs {
		if e[0] != e[1] {
			continue
		}
		for _, q := range p.Paths[i] {
			above, below = max(above, maxLoops*laneSpacing-q.Y), max(below, q.Y+maxLoops*laneSpacing-p.H)
		}
	}
	p.H += above + below
	for i := range p.At {
		p.At[i].Y += above
	}
	for _, path := range p.Paths {
		for i := range path {
			path[i].Y += above
		}
	}
}

// spread puts the ends of one side at even distances around their middle.
func spread(g *Graph, n *Node, ends []end, x float64) {
	if len(ends) == 0 {
		return
	}
	slices.SortStableFunc(ends, func(a, b end) int {
		return cmp.Or(cmp.Compare(math.Round(a.y), math.Round(b.y)), cmp.Compare(a.other, b.other), cmp.Compare(a.lane, b.lane))
	})
	room := max(n.H-2*portMargin, 0)
	step := 0.0
	if len(ends) > 1 {
		step = min(portSpacing, room/float64(len(ends)-1))
	}
	middle := 0.0
	for _, e := range ends {
		middle += e.y / float64(len(ends))
	}
	half := step * float64(len(ends)-1) / 2
	middle = min(max(middle, n.Y+portMargin+half), n.Y+n.H-portMargin-half)
	for k, e := range ends {
		path := g.Edges[e.edge].Path
		at, near := 0, 1
		if !e.tail {
			at, near = len(path)-1, len(path)-2
		}
		dx, dy := x-path[at].X, middle-half+float64(k)*step-path[at].Y
		path[at] = Point{path[at].X + dx, path[at].Y + dy}
		path[near] = Point{path[near].X + dx, path[near].Y + dy}
	}
}

// leastRun is how far an edge must go level before it may turn.
const leastRun = 40

// straighten leaves out the joints of an edge to the right that lie beside or
// behind its ends: graphviz ends steep edges on the upper or lower side of a box,
// and an end that was moved from there would leave a hook.
func straighten(p []Point) []Point {
	last := len(p) - 1
	if last < 6 || last%3 != 0 || p[last].X < p[0].X+2*leastRun {
		return p
	}
	out, from, cut := []Point{p[0]}, 0, false
	for i := 3; i <= last; i += 3 {
		if i < last && (p[i].X < p[0].X+leastRun || p[i].X > p[last].X-leastRun) {
			cut = true
			continue
		}
		if i == from+3 {
			out = append(out, p[i-2:i+1]...)
		} else {
			out = append(out, bend(p[from], p[i])...)
		}
		from = i
	}
	if !cut {
		return p
	}
	return out
}

// level lets an edge to the right leave and arrive level.
func level(e *Edge) {
	e.Path = straighten(e.Path)
	p := e.Path
	last := len(p) - 1
	if last < 3 || p[last].X <= p[0].X {
		return
	}
	if last == 3 {
		bend := (p[3].X - p[0].X) / 2
		p[1], p[2] = Point{p[0].X + bend, p[0].Y}, Point{p[3].X - bend, p[3].Y}
		return
	}
	if p[1].X > p[0].X {
		p[1].Y = p[0].Y
	}
	if p[last-1].X < p[last].X {
		p[last-1].Y = p[last].Y
	}
}
