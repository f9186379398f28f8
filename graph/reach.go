package graph

import (
	"slices"

	"kmscope/inventory"
)

// Near gives the neighbourhood of some nodes: what can be reached from them over
// at most hops edges, in whichever direction; a hub is one hop from its ports.
// Ids that the graph does not have are passed over. Negative hops are none.
func (g *Graph) Near(hops int, ids ...string) *Graph {
	next := make(map[string][]string)
	for _, e := range g.Edges {
		next[e.From] = append(next[e.From], e.To)
		next[e.To] = append(next[e.To], e.From)
	}
	near := make(map[string]bool, len(ids))
	front := ids
	for _, id := range ids {
		near[id] = true
	}
	for ; hops > 0 && len(front) > 0; hops-- {
		var further []string
		for _, id := range front {
			for _, to := range next[id] {
				if !near[to] {
					near[to] = true
					further = append(further, to)
				}
			}
		}
		front = further
	}
	return g.subset(
		func(n *Node) bool { return near[n.ID] },
		func(_ *Frame, anyLeft bool) bool { return anyLeft })
}

// Route is a way of media from one node to another.
type Route struct {
	// Nodes are the ids along the way, both ends included.
	Nodes []string
	// Edges are indexes into Graph.Edges, in the order of the way.
	Edges []int
	Media inventory.Media
}

// Routes gives the shortest way of each medium from one node to another, in the
// order in which the graph has the media; none where none leads there. A medium
// keeps to its own edges. Through a hub it may go from any port to any other:
// what the hub mixes or dispatches is not known to the graph. From a node to
// itself only a circle is a way.
func (g *Graph) Routes(from, to string) []Route {
	var media []inventory.Media
	seen := make(map[inventory.Media]bool)
	leads := make(map[string][]int, len(g.Nodes)) // edges that leave a node, or belong to it
	for i, e := range g.Edges {
		leads[e.From] = append(leads[e.From], i)
		if e.PartOf {
			leads[e.To] = append(leads[e.To], i)
		} else if !seen[e.Media] {
			seen[e.Media] = true
			media = append(media, e.Media)
		}
	}
	var out []Route
	for _, m := range media {
		if r, ok := g.route(from, to, m, leads); ok {
			out = append(out, r)
		}
	}
	return out
}

func (g *Graph) route(from, to string, m inventory.Media, leads map[string][]int) (Route, bool) {
	// came tells by which edge a node was reached first.
	came := map[string]int{}
	front := []string{from}
	found, carries := false, false
	for len(front) > 0 && !found {
		var further []string
		for _, id := range front {
			for _, i := range leads[id] {
				e := &g.Edges[i]
				if !e.PartOf && e.Media != m {
					continue
				}
				far := e.other(id)
				if _, ok := came[far]; ok || far == from && (to != from || e.PartOf) {
					continue
				}
				came[far] = i
				found = found || far == to
				further = append(further, far)
			}
		}
		front = further
	}
	if !found {
		return Route{}, false
	}
	r := Route{Nodes: []string{to}, Media: m}
	for at := to; ; {
		i := came[at]
		carries = carries || !g.Edges[i].PartOf
		at = g.Edges[i].other(at)
		r.Nodes, r.Edges = append(r.Nodes, at), append(r.Edges, i)
		if at == from {
			break
		}
	}
	slices.Reverse(r.Nodes)
	slices.Reverse(r.Edges)
	return r, carries // from a port to its hub alone no medium goes
}

// other gives the end of an edge that is not id; of a loop, id itself.
func (e *Edge) other(id string) string {
	if e.From == id {
		return e.To
	}
	return e.From
}
