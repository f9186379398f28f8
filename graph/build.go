package graph

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"kmscope/inventory"
)

// Build makes the graph of a snapshot, not placed yet. It is pure: any
// goroutine. Frames, nodes and edges are in the order in
// which the snapshot has them, so equal snapshots give equal graphs.
func Build(s *inventory.Snapshot, figures Figures) *Graph {
	g, _ := (*Builder)(nil).build(s, figures, false)
	return g
}

// BuildAlive gives the same as Build and Alive do together, and how many objects
// were left out. A server on which much comes and goes has far more that is gone
// than that lives: they are not even looked at.
func BuildAlive(s *inventory.Snapshot, figures Figures) (g *Graph, gone int) {
	return (*Builder)(nil).build(s, figures, true)
}

func (b *Builder) build(s *inventory.Snapshot, figures Figures, alive bool) (g *Graph, gone int) {
	g = &Graph{}
	if s == nil {
		return g, 0
	}
	most := 0
	for _, p := range s.Pipelines {
		for _, o := range p.Objects {
			if !alive || o.Alive() {
				most++
			}
		}
	}
	g.Nodes = make([]Node, 0, most)
	for _, p := range s.Pipelines {
		elements := 0 // that live
		for _, o := range p.Objects {
			if !o.Alive() {
				gone++
			} else if o.ID != p.ID {
				elements++
			}
		}
		if alive && elements == 0 && (!p.Alive() || p.ID == "") {
			continue
		}
		b.buildFrame(g, p, s.At, figures, alive)
	}
	return g, gone
}

func (b *Builder) buildFrame(g *Graph, p *inventory.Pipeline, now time.Time, figures Figures, alive bool) {
	f := Frame{ID: p.ID, Label: "objects without a pipeline", Dead: !p.Alive()}
	if o := p.Object; o != nil {
		f.Label = Shorten(o.Label(), MaxLabelRunes)
		f.DiedAt = o.DiedAt
		f.Born, f.BornSeen = o.CreatedAt, false
		if f.Born.IsZero() {
			f.Born, f.BornSeen = o.FirstSeen, true
		}
		if !f.Dead {
			f.Errors = o.Errors
		}
	}
	first := len(g.Nodes)
	present := make(map[string]int, len(p.Objects))
	for _, o := range p.Objects {
		if o.ID == p.ID || alive && !o.Alive() {
			continue
		}
		n := b.node(o, p.ID, now)
		if figures.Latency != nil && !n.Dead {
			if ms, ok := figures.Latency(n.ID); ok && ms >= 0 {
				n.LatencyMs = ms
			}
		}
		present[n.ID] = len(g.Nodes)
		g.Nodes = append(g.Nodes, n)
		if !n.Dead {
			f.Elements++
			f.Errors += n.Errors
		}
	}
	if f.Zombie, f.ZombieSince = zombie(p, now); f.Zombie != "" {
		b := zombieBadge(f.Zombie, f.ZombieSince)
		for i := first; i < len(g.Nodes); i++ {
			if n := &g.Nodes[i]; !n.Dead { // the old list belongs to the Builder
				n.States = slices.Concat(n.States, []Badge{b})
			}
		}
	}
	edges := buildEdges(p, present, figures)
	f.Connections = len(p.Connections)
	connected := make(map[string]bool, 2*len(edges))
	for _, e := range edges {
		if !e.PartOf {
			connected[e.From], connected[e.To] = true, true
		}
	}
	for i := first; i < len(g.Nodes); i++ {
		n := &g.Nodes[i]
		if n.Health == HealthUnknown && !connected[n.ID] {
			if o := p.Find(n.ID); o != nil && o.ConnectionsRead {
				n.Health = HealthIdle
				if n.Summary == "" {
					n.Summary = "not connected"
				}
			}
		}
		if !n.Dead {
			f.Health = max(f.Health, n.Health)
		}
	}
	if f.Dead {
		f.Health = HealthIdle
	} else if f.Elements == 0 {
		f.Health = max(f.Health, HealthIdle)
	}
	g.Edges = append(g.Edges, edges...)
	g.Frames = append(g.Frames, f)
}

func buildNode(o *inventory.Object, frame string, now time.Time) Node {
	n := Node{
		ID: o.ID, Frame: frame, Type: o.Type, Parent: o.Parent, Name: o.Name, Tags: o.Tags,
		Label: Shorten(o.Label(), MaxLabelRunes),
		Sub:   Shorten(strings.TrimSpace(o.Type+" "+o.ShortID()), MaxLabelRunes),
		Kind:  KindOf(o.Type), Errors: o.Errors, Dead: !o.Alive(),
		W: DefaultNodeWidth, H: DefaultNodeHeight, LatencyMs: -1,
	}
	n.States = badges(o, now)
	for _, b := range n.States {
		if b.Lane == "transcoding" && b.Value == "TRANSCODING" {
			n.Transcoding = true
		}
	}
	n.Health = healthOf(n.States)
	n.Summary = summary(n.States)
	if n.Dead {
		n.Health = HealthIdle
		n.Summary = strings.TrimSpace("gone: " + Shorten(o.Death, MaxLabelRunes))
		n.Transcoding = false
	}
	return n
}

// edgeKey bundles parallel connections.
type edgeKey struct {
	from, to string
	media    inventory.Media
}

func buildEdges(p *inventory.Pipeline, present map[string]int, figures Figures) []Edge {
	edges := make([]Edge, 0, len(p.Connections))
	index := make(map[edgeKey]int, len(p.Connections))
	receives, sends := make(map[string]bool), make(map[string]bool)
	for _, c := range p.Connections {
		if _, ok := present[c.Source]; !ok {
			continue
		}
		if _, ok := present[c.Sink]; !ok {
			continue
		}
		sends[c.Source], receives[c.Sink] = true, true
		flow := flowOf(p, c)
		k := edgeKey{c.Source, c.Sink, c.Media}
		if i, ok := index[k]; ok {
			edges[i].Count++
			edges[i].stop(flow)
			edges[i].Flow = max(edges[i].Flow, flow) // one that stopped shows
			continue
		}
		e := Edge{From: c.Source, To: c.Sink, Frame: p.ID, Media: c.Media, Count: 1, Flow: flow, RateBps: -1}
		e.stop(flow)
		if figures.Rate != nil {
			if bps, ok := figures.Rate(c.Source, c.Sink, c.Media); ok && bps >= 0 {
				e.RateBps = bps
			}
		}
		index[k] = len(edges)
		edges = append(edges, e)
	}
	for _, o := range p.Objects {
		if KindOf(o.Type) != HubPort || o.Parent == p.ID {
			continue
		}
		if _, ok := present[o.Parent]; !ok {
			continue
		}
		if _, ok := present[o.ID]; !ok {
			continue
		}
		e := Edge{From: o.ID, To: o.Parent, Frame: p.ID, PartOf: true, Count: 1, RateBps: -1}
		if sends[o.ID] && !receives[o.ID] {
			e.From, e.To = e.To, e.From
		}
		edges = append(edges, e)
	}
	return edges
}

// stop counts a connection through which nothing flows.
func (e *Edge) stop(f Flow) {
	if f == NotFlowing {
		e.Stopped++
	}
}

// flowOf says whether a connection carries media. The sink takes one source
// per medium and pad, so its word is about this very connection; the source's
// is about all of its sinks.
func flowOf(p *inventory.Pipeline, c inventory.Connection) Flow {
	if o := p.Find(c.Sink); o != nil {
		if f := flowWord(o.State(padLane(inventory.FlowIn(c.Media), c.SinkDesc)).Value); f != FlowUnknown {
			return f
		}
	}
	if o := p.Find(c.Source); o != nil {
		return flowWord(o.State(padLane(inventory.FlowOut(c.Media), c.SourceDesc)).Value)
	}
	return FlowUnknown
}

func padLane(l inventory.Lane, pad string) inventory.Lane {
	if pad == "" || pad == "default" {
		return l
	}
	return l + inventory.Lane("/"+pad)
}

func flowWord(v string) Flow {
	switch v {
	case "FLOWING":
		return Flowing
	case "NOT_FLOWING":
		return NotFlowing
	}
	return FlowUnknown
}

// Shorten makes a label of at most n runes: one line, an ellipsis where
// something was left out, and none of the invisible characters that turn the
// direction of the text around the label.
func Shorten(s string, n int) string {
	if len(s) > 16*n { // no need to look at all of a megabyte
		s = s[:16*n]
	}
	var b strings.Builder
	count := 0
	space := false
	for i, r := range s {
		if r == utf8.RuneError && count > 0 && len(s)-i < 4 {
			break // cut in the middle of a rune
		}
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r):
			space = b.Len() > 0
			continue
		case r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069:
			continue
		}
		if space {
			b.WriteByte(' ')
			count++
			space = false
		}
		b.WriteRune(r)
		count++
		if count > n {
			break
		}
	}
	if count <= n {
		return b.String()
	}
	out := []rune(b.String())[:n-1]
	return strings.TrimRight(string(out), " \u200d\ufe0f") + "…"
}

// Sum counts the nodes of a graph in words: "12 elements in 3 pipelines".
func (g *Graph) Sum() string {
	plural := func(n int, one, many string) string {
		if n == 1 {
			return "1 " + one
		}
		return strconv.Itoa(n) + " " + many
	}
	return plural(len(g.Nodes), "element", "elements") + " in " + plural(len(g.Frames), "pipeline", "pipelines")
}

// clone copies a graph so that placing it leaves the original alone.
func (g *Graph) clone() *Graph {
	return &Graph{Frames: slices.Clone(g.Frames), Nodes: slices.Clone(g.Nodes), Edges: slices.Clone(g.Edges)}
}
