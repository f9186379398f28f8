package graphpage

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"kmscope/graph"
	"kmscope/ui/surface"
	"kmscope/ui/view"
)

// From how many on things are put together unasked: viewers of one source into
// one node, pipelines into tiles. A person can take either apart again.
const (
	groupFrom = 12
	tilesFrom = 12
)

// lens is how a person looks at the graph: what is left out, what is put
// together and what stands out. A lens is never changed: each change makes a new
// one, so that two of them are the same if their addresses are.
type lens struct {
	text  string // the filter as typed
	query graph.Query
	hide  bool // what does not match is left out; else it is dimmed

	focus string // the object around which to look; "" is everything
	hops  int    // how far; 0 with a pipeline shows the pipeline alone

	from, to string // the ends of the path that stands out; "" is none

	open   map[string]bool // ids of groups that stay apart
	closed map[string]bool // ids of pipelines, hubs and groups put together by hand
	flat   bool            // pipelines are never tiles
}

// with gives a changed copy.
func (l *lens) with(change func(*lens)) *lens {
	out := lens{}
	if l != nil {
		out = *l
	}
	out.open, out.closed = maps.Clone(out.open), maps.Clone(out.closed)
	if out.open == nil {
		out.open = map[string]bool{}
	}
	if out.closed == nil {
		out.closed = map[string]bool{}
	}
	change(&out)
	return &out
}

// lensed is a graph as seen through a lens.
type lensed struct {
	g       *graph.Graph
	match   map[string]bool // of the nodes before anything was put together; nil: no filter
	total   int             // nodes before the filter
	groups  int             // groups of nodes of one kind
	lost    bool            // the focus is on nothing that is there
	focused bool
}

// look leaves out and puts together. Any goroutine. selected stays visible on
// its own.
func (l *lens) look(g *graph.Graph, selected string) lensed {
	if l == nil {
		l = &lens{}
	}
	out := lensed{total: len(g.Nodes)}
	if l.text != "" {
		out.match = make(map[string]bool)
		for i := range g.Nodes {
			if l.query.Match(&g.Nodes[i]) {
				out.match[g.Nodes[i].ID] = true
			}
		}
		if l.hide {
			g = g.Filter(l.query)
		}
	}
	if l.focus != "" {
		near := l.near(g)
		out.lost, out.focused = len(near.Nodes) == 0, len(near.Nodes) > 0
		if out.focused {
			g = near
		}
	}
	if len(l.closed) > 0 {
		g = g.Collapse(slices.Sorted(maps.Keys(l.closed))...)
	}
	// All that could be a group, then without the members of those that nobody
	// wants.
	keep := []string{selected, l.focus, l.from, l.to}
	all := g.Group(2)
	for i := range all.Nodes {
		n := &all.Nodes[i]
		if !isGroup(n) {
			continue
		}
		if l.closed[n.ID] || len(n.Members) >= groupFrom && !l.open[n.ID] {
			out.groups++
		} else {
			keep = append(keep, n.Members...)
		}
	}
	if out.groups > 0 {
		g = g.Group(2, keep...)
	}
	out.g = g
	return out
}

// near gives what is around the focus: of an element its neighbourhood, of a
// pipeline or a hub also what belongs to it.
func (l *lens) near(g *graph.Graph) *graph.Graph {
	ids := []string{l.focus}
	for i := range g.Nodes {
		if n := &g.Nodes[i]; n.Frame == l.focus {
			ids = append(ids, n.ID)
		}
	}
	return g.Near(l.hops, ids...)
}

// isGroup tells whether a node stands for several of one kind.
func isGroup(n *graph.Node) bool {
	return len(n.Members) > 0 && strings.Contains(n.ID, "#") && !strings.HasSuffix(n.ID, "#")
}

// objectOf gives the object of the server that a node is; "" for a group.
func objectOf(n *graph.Node) string {
	switch {
	case len(n.Members) == 0 || !strings.Contains(n.ID, "#"):
		return n.ID
	case strings.HasSuffix(n.ID, "#"):
		return strings.TrimSuffix(n.ID, "#")
	}
	return ""
}

// dim marks what does not match the filter, or is not on the path, and gives
// what is to be told of the path.
func (s *scene) dim(l *lens, seen *lensed) {
	s.matched, s.total, s.groups, s.lost = len(seen.match), seen.total, seen.groups, seen.lost
	if l == nil {
		return
	}
	if seen.match != nil {
		s.dimNodes = make([]bool, len(s.g.Nodes))
		for i := range s.g.Nodes {
			n := &s.g.Nodes[i]
			s.dimNodes[i] = !seen.match[n.ID] && !slices.ContainsFunc(n.Members, func(id string) bool { return seen.match[id] })
		}
		s.dimEdges = make([]bool, len(s.g.Edges))
		for i := range s.g.Edges {
			e := &s.g.Edges[i]
			s.dimEdges[i] = s.dimNodes[s.index[e.From]] || s.dimNodes[s.index[e.To]]
		}
	}
	if l.from == "" || l.to == "" {
		return
	}
	from, to := s.node(l.from), s.node(l.to)
	if from == nil || to == nil {
		s.way = "One end of the path is not there."
		return
	}
	routes := s.g.Routes(from.ID, to.ID)
	if len(routes) == 0 {
		if routes = s.g.Routes(to.ID, from.ID); len(routes) > 0 {
			from, to = to, from
		}
	}
	if len(routes) == 0 {
		s.way = fmt.Sprintf("No media goes between %s and %s.", from.Label, to.Label)
		return
	}
	nodes, edges := make([]bool, len(s.g.Nodes)), make([]bool, len(s.g.Edges))
	var media []string
	hops := math.MaxInt
	for _, r := range routes {
		for _, id := range r.Nodes {
			nodes[s.index[id]] = true
		}
		for _, i := range r.Edges {
			edges[i] = true
		}
		media = append(media, surface.MediaWord(r.Media))
		hops = min(hops, len(r.Nodes)-1)
	}
	s.way = fmt.Sprintf("%s from %s to %s: %s", strings.Join(media, " and "), from.Label, to.Label, view.Plural(hops, "hop"))
	s.onWay = edges
	s.dimNodes, s.dimEdges = make([]bool, len(nodes)), make([]bool, len(edges))
	for i := range nodes {
		s.dimNodes[i] = !nodes[i]
	}
	for i := range edges {
		s.dimEdges[i] = !edges[i]
	}
}

// The size of a tile, in points.
const (
	tileWidth  = 268.0
	tileHeight = 96.0
	tileGap    = 16.0
)

// tiled gives the pipelines of a graph as tiles in rows, by name, for a window
// of some shape.
func tiled(g *graph.Graph, aspect float64) *graph.Graph {
	out := &graph.Graph{Frames: slices.Clone(g.Frames)}
	slices.SortStableFunc(out.Frames, func(a, b graph.Frame) int { return view.CompareNatural(a.Label, b.Label) })
	n := float64(len(out.Frames))
	columns := int(math.Ceil(math.Sqrt(n * min(max(aspect, 0.3), 4) * (tileHeight + tileGap) / (tileWidth + tileGap))))
	columns = max(columns, 1)
	for i := range out.Frames {
		f := &out.Frames[i]
		f.X, f.Y = float64(i%columns)*(tileWidth+tileGap), float64(i/columns)*(tileHeight+tileGap)
		f.W, f.H = tileWidth, tileHeight
		out.W, out.H = max(out.W, f.X+f.W), max(out.H, f.Y+f.H)
	}
	return out
}
