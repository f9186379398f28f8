package graph

import (
	"slices"
	"strconv"
	"strings"
)

// GroupFrom is from how many nodes of one kind under one source on Group is
// worth its while.
const GroupFrom = 5

// Group puts nodes of the same kind under one source into one: the 200 viewers
// of a one-to-many become a node "200 × WebRtcEndpoint". They are those of one
// type, alive, that one node sends to and no other, and that send to nobody;
// there must be at least atLeast of them. Those that keep names stay apart: what
// a person has selected or opened. The grouped node has the members' ids in
// Members, the worst of their healths and the sum of their errors; its ID is the
// same as long as the source is.
func (g *Graph) Group(atLeast int, keep ...string) *Graph {
	sources := make(map[string]string, len(g.Nodes)) // the only source, "" for several
	busy := make(map[string]bool, len(keep))         // sends, or has to do with a hub
	for _, id := range keep {
		busy[id] = true
	}
	for _, e := range g.Edges {
		busy[e.From] = true
		if e.PartOf {
			busy[e.To] = true
		} else if s, ok := sources[e.To]; ok && s != e.From {
			sources[e.To] = ""
		} else if !ok {
			sources[e.To] = e.From
		}
	}
	type kind struct{ frame, source, typ string }
	groups := make(map[kind][]int)
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if s := sources[n.ID]; s != "" && !busy[n.ID] && !n.Dead {
			k := kind{n.Frame, s, n.Type}
			groups[k] = append(groups[k], i)
		}
	}
	stands := make(map[string]*Node)
	for k, members := range groups {
		if len(members) < max(atLeast, 2) {
			continue
		}
		n := g.combine(members)
		n.ID = k.source + "#" + k.typ
		n.Label = Shorten(strconv.Itoa(len(members))+" × "+k.typ, MaxLabelRunes)
		n.Sub = "under one source"
		for _, i := range members {
			stands[g.Nodes[i].ID] = &n
		}
	}
	return g.replace(stands)
}

// Collapse makes one node of each pipeline, and of each hub with its ports, that
// is named. A collapsed hub keeps its ID and everything that its ports were
// connected to; a collapsed pipeline is a node in its own frame. Ids of anything
// else change nothing.
func (g *Graph) Collapse(ids ...string) *Graph {
	named := make(map[string]bool, len(ids))
	for _, id := range ids {
		named[id] = true
	}
	stands := make(map[string]*Node)
	for i := range g.Frames {
		f := &g.Frames[i]
		if !named[f.ID] {
			continue
		}
		var members []int
		for k := range g.Nodes {
			if g.Nodes[k].Frame == f.ID {
				members = append(members, k)
			}
		}
		if len(members) == 0 {
			continue
		}
		n := g.combine(members)
		n.ID, n.Type, n.Kind, n.Parent, n.Dead = f.ID+"#", "MediaPipeline", PipelineKind, f.ID, f.Dead
		n.Label, n.Sub = f.Label, countOf(f.Elements, "element")
		for _, k := range members {
			stands[g.Nodes[k].ID] = &n
		}
	}
	ports := make(map[string][]int)
	for i := range g.Nodes {
		if n := &g.Nodes[i]; n.Kind == HubPort && named[n.Parent] && stands[n.ID] == nil {
			ports[n.Parent] = append(ports[n.Parent], i)
		}
	}
	for i := range g.Nodes {
		hub := &g.Nodes[i]
		if len(ports[hub.ID]) == 0 || stands[hub.ID] != nil {
			continue
		}
		n := g.combine(append([]int{i}, ports[hub.ID]...))
		n.Label, n.Sub = hub.Label, Shorten(hub.Sub+" · "+countOf(len(ports[hub.ID]), "port"), MaxLabelRunes)
		n.Name, n.Tags, n.Dead = hub.Name, hub.Tags, hub.Dead
		for _, id := range n.Members {
			stands[id] = &n
		}
	}
	return g.replace(stands)
}

func countOf(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return strconv.Itoa(n) + " " + word + "s"
}

// combine sums up nodes; identity and words are those of the first, for the
// caller to change.
func (g *Graph) combine(members []int) Node {
	n := g.Nodes[members[0]]
	n.Name, n.Tags, n.States, n.Members = "", nil, nil, make([]string, 0, len(members))
	n.Errors, n.Health, n.Transcoding, n.LatencyMs = 0, HealthUnknown, false, -1
	healths := make(map[Health]int)
	for _, i := range members {
		m := &g.Nodes[i]
		n.Members = append(n.Members, m.ID)
		if m.Dead {
			continue
		}
		n.Errors += m.Errors
		n.LatencyMs = max(n.LatencyMs, m.LatencyMs)
		n.Health = max(n.Health, m.Health)
		n.Transcoding = n.Transcoding || m.Transcoding
		healths[m.Health]++
	}
	n.Summary = ""
	for _, h := range []Health{HealthError, HealthWarning, HealthOK, HealthIdle, HealthUnknown} {
		if healths[h] > 0 {
			n.Summary += strconv.Itoa(healths[h]) + " " + h.String() + " · "
		}
	}
	n.Summary = strings.TrimSuffix(n.Summary, " · ")
	return n
}

// replace puts nodes in the place of others, where the first of those stood, and
// leads their edges there. Edges within one of them are left out, parallel
// ones become one.
func (g *Graph) replace(stands map[string]*Node) *Graph {
	if len(stands) == 0 {
		return g
	}
	out := &Graph{Frames: slices.Clone(g.Frames), W: g.W, H: g.H}
	written := make(map[*Node]bool)
	for _, n := range g.Nodes {
		switch s := stands[n.ID]; {
		case s == nil:
			out.Nodes = append(out.Nodes, n)
		case !written[s]:
			written[s] = true
			out.Nodes = append(out.Nodes, *s)
		}
	}
	type key struct {
		edgeKey
		partOf bool
	}
	index := make(map[key]int)
	for _, e := range g.Edges {
		from, to := stands[e.From], stands[e.To]
		if from != nil && from == to {
			continue
		}
		if from != nil {
			e.From = from.ID
		}
		if to != nil {
			e.To = to.ID
		}
		if from != nil || to != nil {
			e.Path = nil
		}
		k := key{edgeKey{e.From, e.To, e.Media}, e.PartOf}
		i, ok := index[k]
		if !ok {
			index[k] = len(out.Edges)
			out.Edges = append(out.Edges, e)
			continue
		}
		sum := &out.Edges[i]
		sum.Count, sum.Stopped = sum.Count+e.Count, sum.Stopped+e.Stopped
		sum.Flow = max(sum.Flow, e.Flow) // one that stopped shows
		if e.RateBps >= 0 {
			sum.RateBps = max(sum.RateBps, 0) + e.RateBps
		}
	}
	return out
}
