package graphpage

import (
	"hash/maphash"
	"math"
	"slices"
	"time"

	"kmscope/graph"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
	"kmscope/ui/view"
)

// scene is a placed graph as the page draws it: with an index by id, hit tests,
// and nothing that changes. The worker makes it, the interface reads it.
type scene struct {
	g  *graph.Graph
	at time.Time // of the snapshot
	// moments are the times of the pipelines' own snapshots, where there are several.
	moments map[string]time.Time
	index   map[string]int
	bounds  surface.Rect
	room    surface.Rect // with what is kept free for the frames
	hidden  int          // objects that are gone and not shown
	over    bool         // nothing is alive: what is shown is gone
	placed  *graph.Graph // as the layout gave it, before anything was moved by hand

	changes *changes // what changed since another moment; nil is not asked

	bands []band  // of several servers; nil where there is one
	apart []apart // their scenes

	// What the lens adds; see lens.
	tiles          bool // the frames are tiles: nothing else is shown
	pipelines      int
	matched, total int    // nodes that the filter keeps, of how many
	groups         int    // groups of nodes of one kind
	lost           bool   // the focus is on nothing that is there
	way            string // what is to be told of the path
	dimNodes       []bool // by index; nil is none
	dimEdges       []bool
	onWay          []bool // edges of the path
}

func newScene(g *graph.Graph, at time.Time) *scene {
	s := &scene{g: g, at: at, index: make(map[string]int, len(g.Nodes))}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		s.index[n.ID] = i
		for _, id := range n.Members {
			if _, taken := s.index[id]; !taken {
				s.index[id] = i
			}
		}
		s.bounds = s.bounds.Union(nodeRect(n))
	}
	for i := range g.Frames {
		f := &g.Frames[i]
		s.bounds = s.bounds.Union(frameRect(f))
		w, h := f.Room()
		s.room = s.room.Union(surface.Rect{X: f.X, Y: f.Y, W: w, H: h})
	}
	s.room = s.room.Union(s.bounds)
	return s
}

// now is the time at which a pipeline is shown.
func (s *scene) now(f *graph.Frame) time.Time {
	if at, ok := s.moments[f.ID]; ok {
		return at
	}
	return s.at
}

func nodeRect(n *graph.Node) surface.Rect   { return surface.Rect{X: n.X, Y: n.Y, W: n.W, H: n.H} }
func frameRect(f *graph.Frame) surface.Rect { return surface.Rect{X: f.X, Y: f.Y, W: f.W, H: f.H} }

// node finds a node by id, its own or one that it stands for; nil when there is
// none.
func (s *scene) node(id string) *graph.Node {
	if s == nil {
		return nil
	}
	if i, ok := s.index[id]; ok {
		return &s.g.Nodes[i]
	}
	return nil
}

// place gives where an object is: a node or a whole frame.
func (s *scene) place(id string) (surface.Rect, bool) {
	if n := s.node(id); n != nil {
		return nodeRect(n), true
	}
	if s != nil {
		for i := range s.g.Frames {
			if f := &s.g.Frames[i]; f.ID == id && id != "" {
				return frameRect(f), true
			}
		}
	}
	return surface.Rect{}, false
}

// hit is what lies under a point: one of the three is set, or none.
type hit struct {
	node  *graph.Node
	edge  *graph.Edge
	frame *graph.Frame // its header
	on    view.Session // on whose band that is; nil where there is one server
	named bool         // on the name of the band
}

func (h hit) none() bool { return h.node == nil && h.edge == nil && h.frame == nil && !h.named }

// id names the object that a click on it selects.
func (h hit) id() string {
	switch {
	case h.node != nil:
		return objectOf(h.node)
	case h.frame != nil:
		return h.frame.ID
	}
	return ""
}

// under finds what lies under a point of the plane: nodes before edges before
// the headers of frames. slack is how near an edge must be.
func (s *scene) under(x, y, slack float64) hit {
	if s == nil {
		return hit{}
	}
	on := s.serverAt(x, y)
	for i := len(s.g.Nodes) - 1; i >= 0; i-- {
		if n := &s.g.Nodes[i]; nodeRect(n).Contains(x, y) {
			return hit{node: n, on: on}
		}
	}
	best, found := slack, -1
	for i := range s.g.Edges {
		e := &s.g.Edges[i]
		if e.PartOf || !pathBounds(e.Path).Grown(slack).Contains(x, y) {
			continue
		}
		if d := pathDistance(e.Path, x, y); d <= best {
			best, found = d, i
		}
	}
	if found >= 0 {
		return hit{edge: &s.g.Edges[found], on: on}
	}
	for i := range s.g.Frames {
		f := &s.g.Frames[i]
		head := surface.Rect{X: f.X, Y: f.Y, W: f.W, H: graph.HeaderHeight}
		if s.tiles {
			head.H = f.H
		}
		if head.Contains(x, y) {
			return hit{frame: f, on: on}
		}
	}
	named := slices.ContainsFunc(s.bands, func(b band) bool { return b.onHeader(x, y) })
	return hit{on: on, named: named}
}

// pathBounds bounds a curve by its control points.
func pathBounds(path []graph.Point) surface.Rect {
	if len(path) == 0 {
		return surface.Rect{}
	}
	x0, y0, x1, y1 := path[0].X, path[0].Y, path[0].X, path[0].Y
	for _, p := range path[1:] {
		x0, y0, x1, y1 = min(x0, p.X), min(y0, p.Y), max(x1, p.X), max(y1, p.Y)
	}
	return surface.Rect{X: x0, Y: y0, W: max(x1-x0, 1e-6), H: max(y1-y0, 1e-6)}
}

// pathDistance is the distance of a point from a curve.
func pathDistance(path []graph.Point, x, y float64) float64 {
	best := math.Inf(1)
	var flat []paint.Point
	for i := 0; i+3 < len(path); i += 3 {
		flat = paint.Flatten(flat[:0], pt(path[i]), pt(path[i+1]), pt(path[i+2]), pt(path[i+3]))
		for k := 1; k < len(flat); k++ {
			best = min(best, lineDistance(x, y, flat[k-1], flat[k]))
		}
	}
	return best
}

func pt(p graph.Point) paint.Point { return paint.Point{X: float32(p.X), Y: float32(p.Y)} }

func lineDistance(x, y float64, a, b paint.Point) float64 {
	dx, dy := float64(b.X-a.X), float64(b.Y-a.Y)
	t := 0.0
	if l := dx*dx + dy*dy; l > 0 {
		t = min(max(((x-float64(a.X))*dx+(y-float64(a.Y))*dy)/l, 0), 1)
	}
	return math.Hypot(x-float64(a.X)-t*dx, y-float64(a.Y)-t*dy)
}

// pathPoint gives the point of a curve at t (0..1 over all its pieces).
func pathPoint(path []graph.Point, t float64) (graph.Point, bool) {
	pieces := (len(path) - 1) / 3
	if pieces < 1 {
		return graph.Point{}, false
	}
	at := min(max(t, 0), 1) * float64(pieces)
	i := min(int(at), pieces-1)
	p := paint.CubicAt(pt(path[3*i]), pt(path[3*i+1]), pt(path[3*i+2]), pt(path[3*i+3]), float32(at-float64(i)))
	return graph.Point{X: float64(p.X), Y: float64(p.Y)}, true
}

// neighbour finds the object that an arrow key leads to: along an edge where one
// leads that way, else the nearest one in that direction; what lies aside counts
// double. "" is none.
func (s *scene) neighbour(id string, dx, dy float64) string {
	from := s.node(id)
	if from == nil {
		return ""
	}
	linked := make(map[string]bool)
	for i := range s.g.Edges {
		switch e := &s.g.Edges[i]; from.ID {
		case e.From:
			linked[e.To] = true
		case e.To:
			linked[e.From] = true
		}
	}
	if dx != 0 {
		if to := s.nearest(from, dx, dy, func(n *graph.Node) bool { return linked[n.ID] }, math.Inf(1)); to != "" {
			return to
		}
	}
	return s.nearest(from, dx, dy, func(*graph.Node) bool { return true }, 3)
}

// nearest finds the nearest of some nodes in a direction, at most widest times
// as far aside as ahead.
func (s *scene) nearest(from *graph.Node, dx, dy float64, fits func(*graph.Node) bool, widest float64) string {
	cx, cy := from.X+from.W/2, from.Y+from.H/2
	best, found := math.Inf(1), ""
	for i := range s.g.Nodes {
		n := &s.g.Nodes[i]
		if n.ID == from.ID || objectOf(n) == "" || !fits(n) {
			continue
		}
		vx, vy := n.X+n.W/2-cx, n.Y+n.H/2-cy
		along := vx*dx + vy*dy
		aside := math.Abs(vx*dy) + math.Abs(vy*dx)
		if along <= 1 || aside > widest*along {
			continue
		}
		if d := along + 2*aside; d < best {
			best, found = d, objectOf(n)
		}
	}
	return found
}

// anchored moves the window along with what it showed: the node nearest to its
// middle that both scenes have stays where it was.
func anchored(v surface.Viewport, old, now *scene) surface.Viewport {
	if old == nil || now == nil {
		return v
	}
	shown := v.Shown()
	cx, cy := shown.X+shown.W/2, shown.Y+shown.H/2
	best := math.Inf(1)
	var dx, dy float64
	for i := range old.g.Nodes {
		a := &old.g.Nodes[i]
		d := math.Hypot(a.X+a.W/2-cx, a.Y+a.H/2-cy)
		if d >= best {
			continue
		}
		if b := now.node(a.ID); b != nil {
			best, dx, dy = d, b.X-a.X, b.Y-a.Y
		}
	}
	v.X += dx
	v.Y += dy
	return v
}

var shapeSeed = maphash.MakeSeed()

// shape sums up what decides the places of a graph: which nodes, how large, and
// what is connected. Graphs of one shape need one layout.
func shape(g *graph.Graph) uint64 {
	var h maphash.Hash
	h.SetSeed(shapeSeed)
	str := func(s string) {
		h.WriteString(s)
		h.WriteByte(0)
	}
	num := func(v float64) { maphash.WriteComparable(&h, v) }
	for i := range g.Frames {
		str(g.Frames[i].ID)
	}
	h.WriteByte(1)
	for i := range g.Nodes {
		n := &g.Nodes[i]
		str(n.ID)
		str(n.Frame)
		num(n.W)
		num(n.H)
	}
	h.WriteByte(2)
	for i := range g.Edges {
		e := &g.Edges[i]
		str(e.From)
		str(e.To)
		str(string(e.Media))
		if e.PartOf {
			h.WriteByte(1)
		}
	}
	return h.Sum64()
}

// placedAs gives g with the places of a graph of the same shape.
func placedAs(g, placed *graph.Graph) *graph.Graph {
	g.W, g.H = placed.W, placed.H
	for i := range g.Frames {
		f, p := &g.Frames[i], &placed.Frames[i]
		f.X, f.Y, f.W, f.H, f.Note = p.X, p.Y, p.W, p.H, p.Note
		f.RoomW, f.RoomH = p.RoomW, p.RoomH
	}
	for i := range g.Nodes {
		n, p := &g.Nodes[i], &placed.Nodes[i]
		n.X, n.Y, n.W, n.H = p.X, p.Y, p.W, p.H
	}
	for i := range g.Edges {
		g.Edges[i].Path = placed.Edges[i].Path
	}
	return g
}
