package graph

import "slices"

// Change says what became of a thing between two moments.
type Change uint8

// The changes.
const (
	Same Change = iota
	Added
	Removed
	Changed
)

// String gives the change as a word.
func (c Change) String() string {
	return [...]string{"same", "added", "removed", "changed"}[min(c, Changed)]
}

// Diff is what changed between two graphs of the same server.
type Diff struct {
	// Graph holds everything that was alive at either moment, not placed: as it
	// is after, or as it was before where it was removed.
	Graph *Graph
	// Frames, Nodes and Edges say what became of what has the same index in
	// Graph.
	Frames, Nodes, Edges []Change
	// Words tells by node id what changed of a node, a line each: "ICE
	// CONNECTING → ICE READY".
	Words map[string][]string
	// Count sums up nodes and edges, hub ports' lines to their hub left out.
	Count struct{ Added, Removed, Changed int }
}

// Compare gives what changed from one graph to a later one. What is dead counts
// as not there. Rates and places are no change. It is pure: any goroutine.
func Compare(before, after *Graph) *Diff {
	a, b := before.Alive(), after.Alive()
	d := &Diff{Graph: &Graph{}, Words: make(map[string][]string)}
	d.frames(a, b)
	d.nodes(a, b)
	d.edges(a, b)
	return d
}

func (d *Diff) frames(a, b *Graph) {
	had := make(map[string]*Frame, len(a.Frames))
	for i := range a.Frames {
		had[a.Frames[i].ID] = &a.Frames[i]
	}
	has := make(map[string]bool, len(b.Frames))
	for _, f := range b.Frames {
		has[f.ID] = true
		change := Added
		if old := had[f.ID]; old != nil {
			change = Same
			if old.Label != f.Label {
				change = Changed
			}
		}
		d.Graph.Frames, d.Frames = append(d.Graph.Frames, f), append(d.Frames, change)
	}
	for _, f := range a.Frames {
		if !has[f.ID] {
			d.Graph.Frames, d.Frames = append(d.Graph.Frames, f), append(d.Frames, Removed)
		}
	}
}

func (d *Diff) nodes(a, b *Graph) {
	had := make(map[string]*Node, len(a.Nodes))
	for i := range a.Nodes {
		had[a.Nodes[i].ID] = &a.Nodes[i]
	}
	has := make(map[string]bool, len(b.Nodes))
	for i := range b.Nodes {
		n := &b.Nodes[i]
		has[n.ID] = true
		change := Added
		if old := had[n.ID]; old != nil {
			change = Same
			if words := differences(old, n); len(words) > 0 {
				change = Changed
				d.Words[n.ID] = words
			}
		}
		d.node(*n, change)
	}
	for _, n := range a.Nodes {
		if !has[n.ID] {
			d.node(n, Removed)
		}
	}
}

func (d *Diff) node(n Node, c Change) {
	d.Graph.Nodes, d.Nodes = append(d.Graph.Nodes, n), append(d.Nodes, c)
	d.count(c)
}

func (d *Diff) count(c Change) {
	switch c {
	case Added:
		d.Count.Added++
	case Removed:
		d.Count.Removed++
	case Changed:
		d.Count.Changed++
	}
}

// differences tells in words what changed of a node: name, tags and states.
func differences(a, b *Node) []string {
	var out []string
	if a.Label != b.Label {
		out = append(out, a.Label+" → "+b.Label)
	}
	for _, k := range keys(a.Tags, b.Tags) {
		old, was := a.Tags[k]
		now, is := b.Tags[k]
		name := Shorten(k, MaxLabelRunes)
		switch {
		case was && !is && b.Tags != nil: // nil is not read, not none
			out = append(out, "tag "+name+" removed")
		case is && !was && a.Tags != nil:
			out = append(out, "tag "+name+" = "+Shorten(now, MaxLabelRunes))
		case was && is && old != now:
			out = append(out, "tag "+name+" = "+Shorten(old, MaxLabelRunes)+" → "+Shorten(now, MaxLabelRunes))
		}
	}
	of := func(n *Node, lane string, b *Badge) string {
		for i := range n.States {
			if s := &n.States[i]; s.Lane == lane && s.Media == b.Media {
				return s.Text
			}
		}
		return "unknown"
	}
	for i := range a.States {
		s := &a.States[i]
		if now := of(b, s.Lane, s); now != s.Text {
			out = append(out, s.Text+" → "+now)
		}
	}
	for i := range b.States {
		if s := &b.States[i]; of(a, s.Lane, s) == "unknown" {
			out = append(out, s.Text)
		}
	}
	return out
}

// keys gives the keys of two maps, sorted, each once.
func keys(a, b map[string]string) []string {
	out := make([]string, 0, len(a)+len(b))
	for k := range a {
		out = append(out, k)
	}
	for k := range b {
		out = append(out, k)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (d *Diff) edges(a, b *Graph) {
	type key struct {
		edgeKey
		partOf bool
	}
	of := func(e *Edge) key {
		k := key{edgeKey{e.From, e.To, e.Media}, e.PartOf}
		if e.PartOf && k.from > k.to { // it turns round with what the port does
			k.from, k.to = k.to, k.from
		}
		return k
	}
	had := make(map[key]*Edge, len(a.Edges))
	for i := range a.Edges {
		had[of(&a.Edges[i])] = &a.Edges[i]
	}
	has := make(map[key]bool, len(b.Edges))
	for _, e := range b.Edges {
		has[of(&e)] = true
		change := Added
		if old := had[of(&e)]; old != nil {
			change = Same
			if !e.PartOf && (old.Flow != e.Flow || old.Count != e.Count) {
				change = Changed
			}
		}
		d.edge(e, change)
	}
	for _, e := range a.Edges {
		if !has[of(&e)] {
			d.edge(e, Removed)
		}
	}
}

func (d *Diff) edge(e Edge, c Change) {
	d.Graph.Edges, d.Edges = append(d.Graph.Edges, e), append(d.Edges, c)
	if !e.PartOf {
		d.count(c)
	}
}
