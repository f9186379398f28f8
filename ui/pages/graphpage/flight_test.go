package graphpage

import (
	"math"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"kmscope/ui/pages/pagetest"
	"kmscope/ui/surface"
)

// TestFlight goes from one placing of a graph to another: it begins at the one, ends at
// the other, and edges stay at their boxes on the way.
func TestFlight(t *testing.T) {
	a, b := grid(40), grid(40)
	for i := range b.g.Nodes {
		n := &b.g.Nodes[i]
		n.X, n.Y = n.Y*3, n.X/2
	}
	for i := range b.g.Edges {
		e := &b.g.Edges[i]
		e.Path = directPath(b.node(e.From), b.node(e.To), e.Media)
	}
	b = newScene(b.g, time.Time{})
	f := &flight{from: a, to: b, port: surface.Viewport{Zoom: 0.5, W: 800, H: 600}, toPort: surface.Viewport{X: 100, Y: 50, Zoom: 2, W: 800, H: 600}}
	for _, c := range []struct {
		t    float64
		like *scene
		port surface.Viewport
	}{{0, a, f.port}, {1, b, f.toPort}} {
		got := f.at(c.t)
		for i, n := range got.g.Nodes {
			if w := c.like.g.Nodes[i]; math.Abs(n.X-w.X)+math.Abs(n.Y-w.Y) > 1e-6 {
				t.Fatalf("at %v: %s is at %v,%v, want %v,%v", c.t, n.ID, n.X, n.Y, w.X, w.Y)
			}
		}
		if p := f.portAt(c.t); math.Abs(p.Zoom-c.port.Zoom)+math.Abs(p.X-c.port.X)+math.Abs(p.Y-c.port.Y) > 1e-6 {
			t.Errorf("at %v: %+v, want %+v", c.t, p, c.port)
		}
	}
	for i, n := range f.at(0.5).g.Nodes {
		if x := (a.g.Nodes[i].X + b.g.Nodes[i].X) / 2; math.Abs(n.X-x) > 1e-6 {
			t.Errorf("half-way %s is at %v, want %v", n.ID, n.X, x)
		}
	}
	if x := a.g.Nodes[7]; x.X != grid(40).g.Nodes[7].X {
		t.Error("a scene was changed")
	}
}

// TestInputLands ends a flight by whatever a person does.
func TestInputLands(t *testing.T) {
	for name, do := range map[string]func(p *Page){
		"wheel": func(p *Page) { p.surface.OnWheeled(fyne.NewPos(5, 5), fyne.NewDelta(0, 1), 0) },
		"drag":  func(p *Page) { p.surface.OnDragged(fyne.NewPos(5, 5), fyne.NewPos(1, 1)) },
		"key":   func(p *Page) { p.surface.OnKey(fyne.KeyHome) },
		"typed": func(p *Page) { p.surface.OnTyped('+') },
		"click": func(p *Page) { p.surface.OnClicked(fyne.NewPos(5, 5), false) },
	} {
		pagetest.New(t)
		p := New(&row{})
		p.surface.Resize(fyne.NewSize(800, 600))
		from, to := grid(10), grid(10)
		p.flight = &flight{from: from, to: to, port: p.port, toPort: p.port, anim: fyne.NewAnimation(time.Second, func(float32) {})}
		p.scene = p.flight.at(0.3)
		do(p)
		if p.flight != nil || p.scene != to {
			t.Errorf("%s: still on its way", name)
		}
	}
}

// TestSpaceDrags moves the graph where a drag would move a node.
func TestSpaceDrags(t *testing.T) {
	pagetest.New(t)
	p := New(&row{})
	p.scene = grid(10)
	p.port = surface.Viewport{Zoom: 1, W: 800, H: 600}
	p.surface.Pressed, p.surface.PressedAt = true, fyne.NewPos(20, 20)
	p.surface.KeyDown(&fyne.KeyEvent{Name: fyne.KeySpace})
	p.dragged(fyne.NewPos(60, 20), fyne.NewPos(40, 0))
	if p.moving != "" || !p.panning || p.port.X != -40 {
		t.Errorf("moving %q, panning %v, %+v", p.moving, p.panning, p.port)
	}
	p.dropped()
	p.surface.KeyUp(&fyne.KeyEvent{Name: fyne.KeySpace})
	if p.grabs() {
		t.Error("the key is held for ever")
	}
}
