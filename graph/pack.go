package graph

import "math"

// shelf packs boxes in rows, from left to right and top to bottom, in their
// order, and gives the size of the whole.
func shelf(sizes []Point, width, gap float64) (at []Point, w, h float64) {
	at = make([]Point, len(sizes))
	x, y, row := 0.0, 0.0, 0.0
	for i, s := range sizes {
		if x > 0 && x+s.X > width {
			x, y, row = 0, y+row+gap, 0
		}
		at[i] = Point{x, y}
		w = max(w, x+s.X)
		x += s.X + gap
		row = max(row, s.Y)
	}
	return at, w, y + row
}

// aspect is the width of a packed area over its height.
const aspect = 1.7

// shelfWidth gives the width that makes an area of the wanted aspect, in
// steps: one more box must not move all the others each time.
func shelfWidth(sizes []Point, gap, least float64) float64 {
	area, widest := 0.0, 0.0
	for _, s := range sizes {
		area += (s.X + gap) * (s.Y + gap)
		widest = max(widest, s.X)
	}
	want := math.Sqrt(area * aspect)
	width := least
	for width < want && width < 1e7 {
		width *= 1.4
	}
	return max(width, widest)
}

// The smallest widths of rows, in points.
const (
	leastFrameWidth = 760
	leastGraphWidth = 1200
)

// pack puts the parts of a frame in rows and the single boxes in a grid below.
func (p *placedFrame) pack(g *Graph, m *frameMembers, parts []part, single []int) {
	sizes := make([]Point, 0, len(parts)+len(single))
	for _, x := range parts {
		sizes = append(sizes, Point{x.W, x.H})
	}
	for _, b := range single {
		n := &g.Nodes[m.nodes[b]]
		sizes = append(sizes, Point{n.W, n.H})
	}
	at, w, h := shelf(sizes, shelfWidth(sizes, FramePadding, leastFrameWidth), FramePadding)
	for i, x := range parts {
		dx, dy := at[i].X+FramePadding, at[i].Y+HeaderHeight+FramePadding
		for k, b := range x.boxes {
			p.put(g, m, b, Point{x.At[k].X + dx, x.At[k].Y + dy})
		}
		for k, pair := range x.pairs {
			ids := [2]string{g.Nodes[m.nodes[pair[0]]].ID, g.Nodes[m.nodes[pair[1]]].ID}
			p.pairs[ids] = translated(x.Paths[k], dx, dy)
		}
	}
	for i, b := range single {
		a := at[len(parts)+i]
		p.put(g, m, b, Point{a.X + FramePadding, a.Y + HeaderHeight + FramePadding}).loose = true
	}
	p.w = max(w, DefaultNodeWidth) + 2*FramePadding
	p.h = max(h, DefaultNodeHeight/2) + HeaderHeight + 2*FramePadding
}

// put gives a box its place.
func (p *placedFrame) put(g *Graph, m *frameMembers, b int, at Point) *place {
	n := &g.Nodes[m.nodes[b]]
	x := &place{Point: at, w: n.W, h: n.H}
	p.at[n.ID] = x
	return x
}

// packFrames puts the frames in rows, and what is in them with them.
func packFrames(g *Graph) {
	sizes := make([]Point, len(g.Frames))
	for i := range g.Frames {
		sizes[i].X, sizes[i].Y = g.Frames[i].Room()
	}
	at, _, _ := shelf(sizes, shelfWidth(sizes, FrameSpacing, leastGraphWidth), FrameSpacing)
	g.W, g.H = 0, 0
	origin := make(map[string]Point, len(g.Frames))
	for i := range g.Frames {
		f := &g.Frames[i]
		f.X, f.Y = at[i].X, at[i].Y
		g.W, g.H = max(g.W, f.X+f.W), max(g.H, f.Y+f.H)
		origin[f.ID] = at[i]
	}
	for i := range g.Nodes {
		o := origin[g.Nodes[i].Frame]
		g.Nodes[i].X += o.X
		g.Nodes[i].Y += o.Y
	}
	for i := range g.Edges {
		o := origin[g.Edges[i].Frame]
		for k := range g.Edges[i].Path {
			g.Edges[i].Path[k].X += o.X
			g.Edges[i].Path[k].Y += o.Y
		}
	}
}
