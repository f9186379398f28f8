package graph

import (
	"encoding/json"
	"io"
	"slices"

	"kmscope/inventory"
)

// Document is the graph as data for other programs: what kmscope-rec graph
// --json prints. The names are part of the program's interface.
type Document struct {
	Nodes []DocumentNode `json:"nodes"`
	Edges []DocumentEdge `json:"edges"`
}

// DocumentNode is one object that is alive: a pipeline, an element, a hub or a
// hub port.
type DocumentNode struct {
	ID     string `json:"id"`
	Type   string `json:"type"`   // unqualified: "WebRtcEndpoint"
	Parent string `json:"parent"` // id of the parent, "" for a pipeline
	// States holds the server's word by inventory.Lane: every lane of which
	// something is known.
	States map[string]string `json:"states"`
	// LatencyMs is how old media is in the element, from its source on, as the
	// server says it; left out where that is not known.
	LatencyMs *float64 `json:"latencyMs,omitempty"`
}

// DocumentEdge is one medium from one element to another. Several pads between
// the same two are one edge.
type DocumentEdge struct {
	Source string `json:"source"`
	Sink   string `json:"sink"`
	Media  string `json:"media"`
	// Flowing is what the sink says of what comes in (lane flow-in/MEDIA, of the
	// pad of the connection): it takes one source per medium and pad, so its word
	// is about this very connection. Where it has said nothing, the source's word
	// of what goes out counts (flow-out/MEDIA), which is about all of its sinks.
	// nil, null in JSON, where neither has spoken: nobody knows. Of several pads,
	// one that stopped makes it false, else one that flows makes it true.
	Flowing *bool `json:"flowing"`
	// RateBps is the bit rate; left out where that is not known.
	RateBps *float64 `json:"rateBps,omitempty"`
}

// Describe gives the Document of what is alive in some servers. Nodes and edges
// are in the order of the snapshots; an object that two of them have counts
// once. It is pure: any goroutine.
func Describe(servers ...*inventory.Snapshot) Document {
	d := Document{Nodes: []DocumentNode{}, Edges: []DocumentEdge{}}
	alive, joined := make(map[string]bool), make(map[edgeKey]bool)
	for _, s := range servers {
		if s == nil {
			continue
		}
		for _, p := range s.Pipelines {
			d.pipeline(p, alive, joined)
		}
	}
	return d
}

// pipeline adds one pipeline; alive and joined say what is there already.
func (d *Document) pipeline(p *inventory.Pipeline, alive map[string]bool, joined map[edgeKey]bool) {
	for _, o := range p.Objects {
		if !o.Alive() || alive[o.ID] {
			continue
		}
		alive[o.ID] = true
		n := DocumentNode{ID: o.ID, Type: o.Type, Parent: o.Parent, States: make(map[string]string, len(o.States))}
		for lane, s := range o.States {
			if s.Known() {
				n.States[string(lane)] = s.Value
			}
		}
		d.Nodes = append(d.Nodes, n)
	}
	index := make(map[edgeKey]int, len(p.Connections))
	flows := make([]Flow, 0, len(p.Connections))
	first := len(d.Edges)
	for _, c := range p.Connections {
		if !alive[c.Source] || !alive[c.Sink] {
			continue
		}
		k := edgeKey{c.Source, c.Sink, c.Media}
		i, ok := index[k]
		if !ok && joined[k] {
			continue
		}
		if !ok {
			joined[k] = true
			i = len(flows)
			index[k] = i
			flows = append(flows, FlowUnknown)
			d.Edges = append(d.Edges, DocumentEdge{Source: c.Source, Sink: c.Sink, Media: string(c.Media)})
		}
		flows[i] = max(flows[i], flowOf(p, c))
	}
	for i, f := range flows {
		if f != FlowUnknown {
			flowing := f == Flowing
			d.Edges[first+i].Flowing = &flowing
		}
	}
}

// With gives the document with what the figures of one of its servers say; what
// they do not know stays as it is. The receiver is not changed. Any goroutine.
func (d Document) With(f Figures) Document {
	d.Nodes, d.Edges = slices.Clone(d.Nodes), slices.Clone(d.Edges)
	for i := range d.Nodes {
		if n := &d.Nodes[i]; f.Latency != nil {
			if ms, ok := f.Latency(n.ID); ok && ms >= 0 {
				n.LatencyMs = &ms
			}
		}
	}
	for i := range d.Edges {
		if e := &d.Edges[i]; f.Rate != nil {
			if bps, ok := f.Rate(e.Source, e.Sink, inventory.Media(e.Media)); ok && bps >= 0 {
				e.RateBps = &bps
			}
		}
	}
	return d
}

// WriteJSON writes the Document on one line. The error is that of w. Any
// goroutine.
func (d Document) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(d)
}
