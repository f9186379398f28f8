package graph

import "slices"

// What follows takes graphs apart and puts them together again. Everything here
// is pure, gives new graphs and leaves the old ones alone; places (X, Y, Path)
// are kept where the thing itself is kept, so that a part of a placed graph can
// be shown where it stood.

// subset gives what is left when only some nodes stay: the edges between them,
// and the frames for which frame says so. anyLeft tells it whether a node of the
// frame stayed. The counts of the frames remain those of the whole pipelines.
func (g *Graph) subset(node func(*Node) bool, frame func(f *Frame, anyLeft bool) bool) *Graph {
	out := &Graph{W: g.W, H: g.H}
	stays, left := make(map[string]bool, len(g.Nodes)), make(map[string]bool, len(g.Frames))
	for i := range g.Nodes {
		if n := &g.Nodes[i]; node(n) {
			stays[n.ID], left[n.Frame] = true, true
			out.Nodes = append(out.Nodes, *n)
		}
	}
	for _, e := range g.Edges {
		if stays[e.From] && stays[e.To] {
			out.Edges = append(out.Edges, e)
		}
	}
	for i := range g.Frames {
		if f := &g.Frames[i]; frame(f, left[f.ID]) {
			out.Frames = append(out.Frames, *f)
		}
	}
	return out
}

// Alive gives the graph without what is gone.
func (g *Graph) Alive() *Graph {
	return g.subset(
		func(n *Node) bool { return !n.Dead },
		func(f *Frame, anyLeft bool) bool { return anyLeft || !f.Dead && f.ID != "" })
}

// Merge puts the graphs of several servers into one, not placed. What several
// of them have counts once: a server may be attached to by two addresses.
func Merge(graphs ...*Graph) *Graph {
	if len(graphs) == 1 && graphs[0] != nil {
		return graphs[0]
	}
	out := &Graph{}
	frames, nodes := make(map[string]bool), make(map[string]bool)
	type pair struct {
		edgeKey
		partOf bool
	}
	edges := make(map[pair]bool)
	for _, g := range graphs {
		if g == nil {
			continue
		}
		for _, f := range g.Frames {
			if !frames[f.ID] {
				frames[f.ID] = true
				out.Frames = append(out.Frames, f)
			} else if f.ID == "" { // objects without a pipeline share one frame
				i := slices.IndexFunc(out.Frames, func(x Frame) bool { return x.ID == "" })
				x := &out.Frames[i]
				x.Elements, x.Connections, x.Errors = x.Elements+f.Elements, x.Connections+f.Connections, x.Errors+f.Errors
				x.Health = max(x.Health, f.Health)
			}
		}
		for _, n := range g.Nodes {
			if !nodes[n.ID] {
				nodes[n.ID] = true
				out.Nodes = append(out.Nodes, n)
			}
		}
		for _, e := range g.Edges {
			if k := (pair{edgeKey{e.From, e.To, e.Media}, e.PartOf}); !edges[k] {
				edges[k] = true
				out.Edges = append(out.Edges, e)
			}
		}
	}
	return out
}
