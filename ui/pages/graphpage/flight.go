package graphpage

import (
	"math"
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"kmscope/graph"
	"kmscope/ui/loop"
	"kmscope/ui/surface"
)

// A flight is how everything goes to its new place when a person has it placed anew:
// the eye keeps hold of what it looked at. Whatever the person does next ends it, and
// so does the next scene. Large graphs do not fly: nobody could follow, and every
// frame would need all of it moved.

const (
	flightTime = 250 * time.Millisecond
	flightMost = 1_000 // nodes
)

// flight is under way from one scene to another.
type flight struct {
	from, to     *scene
	port, toPort surface.Viewport
	anim         *fyne.Animation
}

// fly goes from what is shown to a scene whose places are others. The page shows the
// scene already when it is called.
func (p *Page) fly(from *scene, port surface.Viewport) {
	if from == nil || from.tiles || p.scene.tiles || len(from.bands)+len(p.scene.bands) > 0 || len(p.scene.g.Nodes) > flightMost || len(from.g.Nodes) > flightMost {
		return
	}
	f := &flight{from: from, to: p.scene, port: port, toPort: p.port}
	p.flight = f
	f.anim = fyne.NewAnimation(flightTime, func(t float32) {
		if p.flight != f {
			return
		}
		if t >= 1 {
			p.land()
			return
		}
		p.scene, p.port = f.at(float64(t)), f.portAt(float64(t))
		p.surface.Repaint()
	})
	f.anim.Curve = fyne.AnimationEaseInOut
	loop.Stay(time.Second) // who asked for it may have waited for long
	f.anim.Start()
}

// land ends a flight where it leads to.
func (p *Page) land() {
	f := p.flight
	if f == nil {
		return
	}
	p.flight = nil
	f.anim.Stop()
	p.scene, p.port = f.to, f.toPort
	p.surface.Repaint()
}

// landFirst has whatever a person does on the surface end a flight.
func (p *Page) landFirst() {
	s := p.surface
	click, double, drag, wheel, key, typed, size := s.OnClicked, s.OnDoubled, s.OnDragged, s.OnWheeled, s.OnKey, s.OnTyped, s.OnResized
	s.OnClicked = func(pos fyne.Position, secondary bool) { p.land(); click(pos, secondary) }
	s.OnDoubled = func(pos fyne.Position) { p.land(); double(pos) }
	s.OnDragged = func(pos, delta fyne.Position) { p.land(); drag(pos, delta) }
	s.OnWheeled = func(pos fyne.Position, d fyne.Delta, mods fyne.KeyModifier) { p.land(); wheel(pos, d, mods) }
	s.OnKey = func(k fyne.KeyName) bool { p.land(); return key(k) }
	s.OnTyped = func(r rune) bool { p.land(); return typed(r) }
	s.OnResized = func(size2 fyne.Size) { p.land(); size(size2) }
}

// between is the way from a to b.
func between(a, b, t float64) float64 { return a + (b-a)*t }

func (f *flight) portAt(t float64) surface.Viewport {
	v := f.toPort
	v.Zoom = f.port.Zoom * math.Pow(f.toPort.Zoom/f.port.Zoom, t)
	// The middle of the window goes straight.
	a, b := f.port.Shown(), f.toPort.Shown()
	return v.Centred(between(a.X+a.W/2, b.X+b.W/2, t), between(a.Y+a.H/2, b.Y+b.H/2, t))
}

// at gives the scene on its way: what both scenes have moves, what is new is in its
// place at once.
func (f *flight) at(t float64) *scene {
	out := *f.to
	g := *f.to.g
	g.Nodes, g.Frames, g.Edges = slices.Clone(g.Nodes), slices.Clone(g.Frames), slices.Clone(g.Edges)
	out.g = &g
	moved := make(map[string]bool, len(g.Nodes))
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if was := f.from.node(n.ID); was != nil && was.ID == n.ID && (was.X != n.X || was.Y != n.Y) {
			n.X, n.Y = between(was.X, n.X, t), between(was.Y, n.Y, t)
			moved[n.ID] = true
		}
	}
	frames := make(map[string]*graph.Frame, len(f.from.g.Frames))
	for i := range f.from.g.Frames {
		frames[f.from.g.Frames[i].ID] = &f.from.g.Frames[i]
	}
	for i := range g.Frames {
		x := &g.Frames[i]
		if was := frames[x.ID]; was != nil {
			x.X, x.Y, x.W, x.H = between(was.X, x.X, t), between(was.Y, x.Y, t), between(was.W, x.W, t), between(was.H, x.H, t)
		}
	}
	paths := make(map[edgeID][]graph.Point, len(f.from.g.Edges))
	for i := range f.from.g.Edges {
		paths[idOf(&f.from.g.Edges[i])] = f.from.g.Edges[i].Path
	}
	for i := range g.Edges {
		e := &g.Edges[i]
		if !moved[e.From] && !moved[e.To] {
			continue
		}
		was := paths[idOf(e)]
		a, b := out.node(e.From), out.node(e.To)
		switch {
		case len(was) == len(e.Path):
			path := make([]graph.Point, len(was))
			for k := range path {
				path[k] = graph.Point{X: between(was[k].X, e.Path[k].X, t), Y: between(was[k].Y, e.Path[k].Y, t)}
			}
			e.Path = path
		case a != nil && b != nil:
			e.Path = directPath(a, b, e.Media)
		}
	}
	return &out
}

// panKey is the key with which a drag moves the graph, whatever lies under the pointer.
const panKey = fyne.KeySpace

// grabs tells whether a drag moves the graph wherever it begins.
func (p *Page) grabs() bool { return p.surface.Holds(panKey) }

// cursor is the pointer's shape over the surface.
func (p *Page) cursor() desktop.Cursor {
	switch {
	case p.grabs():
		return desktop.CrosshairCursor
	case p.hover.id() != "" || p.onMap:
		return desktop.PointerCursor
	}
	return desktop.DefaultCursor
}
