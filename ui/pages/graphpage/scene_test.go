package graphpage

import (
	"testing"
	"time"

	"kmscope/graph"
	"kmscope/inventory"
	"kmscope/ui/surface"
)

// small is a graph that was placed by hand: a feeds b (video) and c (audio).
func small() *graph.Graph {
	return &graph.Graph{
		Frames: []graph.Frame{{ID: "p", Label: "room", Elements: 3, X: 0, Y: 0, W: 600, H: 300}},
		Nodes: []graph.Node{
			{ID: "p/a", Frame: "p", Label: "a", X: 20, Y: 100, W: 180, H: 56, Health: graph.HealthOK},
			{ID: "p/b", Frame: "p", Label: "b", X: 400, Y: 50, W: 180, H: 56, Health: graph.HealthError, Errors: 2},
			{ID: "p/c", Frame: "p", Label: "c", X: 400, Y: 180, W: 180, H: 56, Dead: true},
		},
		Edges: []graph.Edge{
			{From: "p/a", To: "p/b", Frame: "p", Media: inventory.Video, Count: 1, Flow: graph.Flowing, RateBps: 1.2e6,
				Path: []graph.Point{{X: 200, Y: 128}, {X: 300, Y: 128}, {X: 300, Y: 78}, {X: 400, Y: 78}}},
			{From: "p/a", To: "p/c", Frame: "p", Media: inventory.Audio, Count: 2, Flow: graph.NotFlowing, RateBps: -1,
				Path: []graph.Point{{X: 200, Y: 128}, {X: 300, Y: 128}, {X: 300, Y: 208}, {X: 400, Y: 208}}},
		},
		W: 600, H: 300,
	}
}

func TestUnder(t *testing.T) {
	s := newScene(small(), time.Time{})
	if s.bounds != (surface.Rect{X: 0, Y: 0, W: 600, H: 300}) {
		t.Errorf("bounds %v", s.bounds)
	}
	for _, tt := range []struct {
		name string
		x, y float64
		id   string
		edge string
	}{
		{"a node", 30, 110, "p/a", ""},
		{"the last pixel of a node", 199.9, 155.9, "p/a", ""},
		{"next to a node", 230, 180, "", ""},
		{"an edge", 300, 103, "", "p/b"},
		{"near an edge", 300, 107, "", "p/b"},
		{"the other edge", 300, 168, "", "p/c"},
		{"the head of the frame", 10, 10, "p", ""},
		{"the middle of the frame", 300, 280, "", ""},
		{"outside", -10, -10, "", ""},
	} {
		h := s.under(tt.x, tt.y, 5)
		edge := ""
		if h.edge != nil {
			edge = h.edge.To
		}
		if h.id() != tt.id || edge != tt.edge {
			t.Errorf("%s: %q, edge to %q", tt.name, h.id(), edge)
		}
	}
	var none *scene
	if !none.under(1, 1, 1).none() {
		t.Error("something under nothing")
	}
}

func TestNeighbour(t *testing.T) {
	s := newScene(small(), time.Time{})
	for _, tt := range []struct {
		from   string
		dx, dy float64
		want   string
	}{
		{"p/a", 1, 0, "p/b"}, {"p/b", 0, 1, "p/c"}, {"p/c", 0, -1, "p/b"}, {"p/c", -1, 0, "p/a"}, {"p/a", -1, 0, ""}, {"nobody", 1, 0, ""},
	} {
		if got := s.neighbour(tt.from, tt.dx, tt.dy); got != tt.want {
			t.Errorf("from %s along (%v, %v): %q, want %q", tt.from, tt.dx, tt.dy, got, tt.want)
		}
	}
}

func TestShape(t *testing.T) {
	base := shape(small())
	for _, tt := range []struct {
		name   string
		change func(*graph.Graph)
		same   bool
	}{
		{"nothing", func(*graph.Graph) {}, true},
		{"a state", func(g *graph.Graph) { g.Nodes[0].Summary, g.Nodes[0].Health = "x", graph.HealthError }, true},
		{"a flow", func(g *graph.Graph) { g.Edges[0].Flow = graph.NotFlowing }, true},
		{"a place", func(g *graph.Graph) { g.Nodes[0].X = 7 }, true},
		{"a width", func(g *graph.Graph) { g.Nodes[0].W = 300 }, false},
		{"a node less", func(g *graph.Graph) { g.Nodes = g.Nodes[:2] }, false},
		{"an edge less", func(g *graph.Graph) { g.Edges = g.Edges[:1] }, false},
		{"a medium", func(g *graph.Graph) { g.Edges[0].Media = inventory.Data }, false},
		{"another frame", func(g *graph.Graph) { g.Frames[0].ID = "q" }, false},
	} {
		g := small()
		tt.change(g)
		if got := shape(g) == base; got != tt.same {
			t.Errorf("%s: same shape %v, want %v", tt.name, got, tt.same)
		}
	}
}

func TestPlacedAs(t *testing.T) {
	g := small()
	for i := range g.Nodes {
		g.Nodes[i].X, g.Nodes[i].Y = 0, 0
	}
	g.Edges[0].Path, g.Edges[1].Flow = nil, graph.Flowing
	placedAs(g, small())
	if g.Nodes[1].X != 400 || len(g.Edges[0].Path) != 4 || g.Edges[1].Flow != graph.Flowing {
		t.Errorf("%+v", g)
	}
}

func TestAnchored(t *testing.T) {
	old, now := newScene(small(), time.Time{}), small()
	for i := range now.Nodes {
		now.Nodes[i].X += 50
		now.Nodes[i].Y -= 30
	}
	v := anchored(surface.Viewport{X: 1, Y: 2, Zoom: 1, W: 600, H: 300}, old, newScene(now, time.Time{}))
	if !close1(v.X, 51) || !close1(v.Y, -28) {
		t.Errorf("(%v, %v)", v.X, v.Y)
	}
}
