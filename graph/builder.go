package graph

import (
	"time"

	"kmscope/inventory"
)

// Builder builds graphs as Build and BuildAlive do, and faster where little has
// changed since it built the last ones: an object that did not change is the same in
// two snapshots, and its node is taken over. The zero Builder is ready; a nil one
// remembers nothing. It belongs to one goroutine at a time.
type Builder struct {
	recent, older map[*inventory.Object]Node
}

// Build gives the same as the function Build.
func (b *Builder) Build(s *inventory.Snapshot, figures Figures) *Graph {
	g, _ := b.build(s, figures, false)
	return g
}

// BuildAlive gives the same as the function BuildAlive.
func (b *Builder) BuildAlive(s *inventory.Snapshot, figures Figures) (g *Graph, gone int) {
	return b.build(s, figures, true)
}

// Forget drops what was not used since it dropped something last, if more than some
// nodes were: what a Builder remembers is bounded by twice that.
func (b *Builder) Forget(more int) {
	if len(b.recent) > more {
		b.recent, b.older = b.older, b.recent
		clear(b.recent)
	}
}

func (b *Builder) node(o *inventory.Object, frame string, now time.Time) Node {
	if b == nil {
		return buildNode(o, frame, now)
	}
	if n, known := b.recent[o]; known && n.Frame == frame {
		return n
	}
	n, known := b.older[o]
	if !known || n.Frame != frame {
		if n = buildNode(o, frame, now); ages(&n) {
			return n
		}
	}
	if b.recent == nil {
		b.recent = map[*inventory.Object]Node{}
	}
	b.recent[o] = n
	return n
}

// ages tells whether a node becomes another with time alone.
func ages(n *Node) bool {
	for i := range n.States {
		if s := &n.States[i]; (s.Lane == "ICE" || s.Lane == "DTLS") && s.Value == "CONNECTING" {
			return true
		}
	}
	return false
}
