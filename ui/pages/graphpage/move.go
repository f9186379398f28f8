package graphpage

import (
	"encoding/json"
	"maps"
	"math"
	"slices"

	"fyne.io/fyne/v2"

	"kmscope/graph"
	"kmscope/inventory"
	"kmscope/ui/surface"
	"kmscope/ui/view"
)

// moves is where a person put the nodes of one server: the upper left corners,
// relative to the frame of their pipeline, so that they stay where they are in it
// wherever the pipeline goes. A moves is never changed; nil is none.
type moves struct {
	at map[string]graph.Point // by id of the node
}

// maxMoved bounds how many places are kept.
const maxMoved = 5_000

// with gives a copy with one more place.
func (m *moves) with(id string, at graph.Point) *moves {
	out := &moves{at: map[string]graph.Point{}}
	if m != nil && len(m.at) < maxMoved {
		out.at = maps.Clone(m.at)
	}
	out.at[id] = at
	return out
}

// apply gives a placed graph with what was moved by hand: edges follow, frames
// grow, and what lay beside or below a grown frame makes room. g is not changed.
func (m *moves) apply(g *graph.Graph) *graph.Graph {
	if m == nil || !slices.ContainsFunc(g.Nodes, func(n graph.Node) bool { _, ok := m.at[n.ID]; return ok }) {
		return g
	}
	out := &graph.Graph{Frames: slices.Clone(g.Frames), Nodes: slices.Clone(g.Nodes), Edges: slices.Clone(g.Edges), W: g.W, H: g.H}
	frames := make(map[string]int, len(out.Frames))
	for i := range out.Frames {
		frames[out.Frames[i].ID] = i
	}
	moved := make(map[string]bool)
	for i := range out.Nodes {
		n := &out.Nodes[i]
		at, ok := m.at[n.ID]
		k, framed := frames[n.Frame]
		if !ok || !framed {
			continue
		}
		f := &out.Frames[k]
		n.X, n.Y = f.X+max(at.X, graph.FramePadding), f.Y+max(at.Y, graph.HeaderHeight+graph.FramePadding/2)
		f.W, f.H = max(f.W, n.X+n.W+graph.FramePadding-f.X), max(f.H, n.Y+n.H+graph.FramePadding-f.Y)
		moved[n.ID] = true
	}
	// How far each frame makes room is decided by where all stood: what was
	// apart stays apart.
	shift := make(map[string]graph.Point)
	for i := range out.Frames {
		was := &g.Frames[i]
		w, h := was.Room()
		dw, dh := max(out.Frames[i].W-w, 0), max(out.Frames[i].H-h, 0)
		if dw == 0 && dh == 0 {
			continue
		}
		for k := range g.Frames {
			d := shift[g.Frames[k].ID]
			if g.Frames[k].X >= was.X+w {
				d.X += dw
			}
			if g.Frames[k].Y >= was.Y+h {
				d.Y += dh
			}
			shift[g.Frames[k].ID] = d
		}
	}
	for i := range out.Frames {
		f, d := &out.Frames[i], shift[out.Frames[i].ID]
		f.X, f.Y = f.X+d.X, f.Y+d.Y
		out.W, out.H = max(out.W, f.X+f.W), max(out.H, f.Y+f.H)
	}
	index := make(map[string]int, len(out.Nodes))
	for i := range out.Nodes {
		n := &out.Nodes[i]
		d := shift[n.Frame]
		n.X, n.Y = n.X+d.X, n.Y+d.Y
		index[n.ID] = i
	}
	for i := range out.Edges {
		e := &out.Edges[i]
		from, ok := index[e.From]
		to, okTo := index[e.To]
		switch d := shift[e.Frame]; {
		case ok && okTo && (moved[e.From] || moved[e.To]):
			e.Path = directPath(&out.Nodes[from], &out.Nodes[to], e.Media)
		case d != graph.Point{}:
			e.Path = slices.Clone(e.Path)
			for k := range e.Path {
				e.Path[k].X, e.Path[k].Y = e.Path[k].X+d.X, e.Path[k].Y+d.Y
			}
		}
	}
	return out
}

// directPath leads from one box to another on the sides that face each other;
// the media run beside one another.
func directPath(a, b *graph.Node, m inventory.Media) []graph.Point {
	off := 0.0
	switch m {
	case inventory.Audio:
		off = -7
	case inventory.Video:
		off = 7
	}
	ax, ay, bx, by := a.X+a.W, a.Y+a.H/2+off, b.X, b.Y+b.H/2+off
	if a.ID == b.ID { // around the right side
		x := a.X + a.W
		return []graph.Point{{X: x, Y: ay - 6}, {X: x + 40, Y: ay - 30}, {X: x + 40, Y: ay + 30}, {X: x, Y: ay + 6}}
	}
	side := 1.0
	switch {
	case b.X+b.W < a.X: // b is on the left
		ax, bx, side = a.X, b.X+b.W, -1
	case bx < ax: // one above the other
		ax, bx = a.X+a.W/2+off, b.X+b.W/2+off
		ay, by = a.Y+a.H, b.Y
		if b.Y < a.Y {
			ay, by = a.Y, b.Y+b.H
		}
		mid := (ay + by) / 2
		return []graph.Point{{X: ax, Y: ay}, {X: ax, Y: mid}, {X: bx, Y: mid}, {X: bx, Y: by}}
	}
	reach := side * max((bx-ax)*side/2, 30)
	return []graph.Point{{X: ax, Y: ay}, {X: ax + reach, Y: ay}, {X: bx - reach, Y: by}, {X: bx, Y: by}}
}

// serverKey names a server: its address, or the name of its capture.
func serverKey(x view.Session) string { return x.Name() + " " + x.URL() }

// movesOf gives what was moved by hand on a server, in this window or in an
// earlier one.
func (p *Page) movesOf(x view.Session) *moves {
	key := serverKey(x)
	m, known := p.moved[key]
	if !known {
		if p.moved == nil {
			p.moved = map[string]*moves{}
		}
		m = rememberedMoves(key)
		p.moved[key] = m
	}
	return m
}

// What is remembered between two runs: the places of so many nodes on so many
// servers, those moved last.
const (
	prefMoves       = "graph.moved"
	maxMovedServers = 12
	maxMovedKept    = 400
)

// keptMoves are the places of one server in the preferences; in them, a place is
// a node's id and its two coordinates.
type keptMoves struct {
	Server string                `json:"server"`
	At     map[string][2]float64 `json:"at"`
}

func readMoves() []keptMoves {
	var all []keptMoves
	if a := fyne.CurrentApp(); a == nil || json.Unmarshal([]byte(a.Preferences().String(prefMoves)), &all) != nil {
		return nil
	}
	return all
}

func rememberedMoves(server string) *moves {
	for _, k := range readMoves() {
		if k.Server != server {
			continue
		}
		m := &moves{at: make(map[string]graph.Point, len(k.At))}
		for id, at := range k.At {
			if math.Abs(at[0]) < 1e6 && math.Abs(at[1]) < 1e6 { // somebody may have written there by hand
				m.at[id] = graph.Point{X: at[0], Y: at[1]}
			}
		}
		return m
	}
	return nil
}

// rememberMoves keeps what was moved by hand for the next run; what is gone from
// the server is left out.
func (p *Page) rememberMoves() {
	for _, x := range p.asked.parts() {
		p.rememberMovesOf(x.session)
	}
}

func (p *Page) rememberMovesOf(x view.Session) {
	if x == nil {
		return
	}
	server, m := serverKey(x), p.movesOf(x)
	all := slices.DeleteFunc(readMoves(), func(k keptMoves) bool { return k.Server == server })
	if m != nil {
		k := keptMoves{Server: server, At: map[string][2]float64{}}
		for id, at := range m.at {
			if len(k.At) < maxMovedKept && p.scene.node(id) != nil {
				k.At[id] = [2]float64{math.Round(at.X), math.Round(at.Y)}
			}
		}
		if len(k.At) > 0 {
			all = append([]keptMoves{k}, all...)
		}
	}
	text, err := json.Marshal(all[:min(len(all), maxMovedServers)])
	if err != nil {
		return
	}
	fyne.CurrentApp().Preferences().SetString(prefMoves, string(text))
}

// move moves a node by hand. The picture follows at once; the next scene of the
// worker has it too.
func (p *Page) move(id string, dx, dy float64) {
	s, x := p.scene, p.session
	if len(s.apart) > 0 { // the scene of its own server tells where it stands
		x = p.scene.serverOf(id)
		if p.scene.bandOf(p.movingOn) != nil && p.scene.bandOf(p.movingOn).scene.node(id) != nil {
			x = p.movingOn
		}
		b := p.scene.bandOf(x)
		if b == nil {
			return
		}
		s = b.scene
	}
	n := s.node(id)
	if n == nil || x == nil || s.placed == nil {
		return
	}
	var f surface.Rect
	ok := false
	for i := range s.g.Frames {
		if s.g.Frames[i].ID == n.Frame {
			f, ok = frameRect(&s.g.Frames[i]), true
		}
	}
	if !ok {
		return
	}
	p.moved[serverKey(x)] = p.movesOf(x).with(n.ID, graph.Point{X: n.X - f.X + dx, Y: n.Y - f.Y + dy})
	p.scene, p.hover = p.byHand(p.scene), hit{}
	p.refresh()
	p.surface.Repaint()
}

// byHand gives a scene with what was moved by hand where it is now.
func (p *Page) byHand(s *scene) *scene {
	if len(s.apart) == 0 {
		return s.moved(p.movesOf(p.session))
	}
	scenes, of := make([]*scene, len(s.apart)), make([]part, len(s.apart))
	for i, a := range s.apart {
		scenes[i], of[i] = a.scene.moved(p.movesOf(a.of.session)), a.of
	}
	return joined(scenes, of)
}

// moved gives the scene of one server with other places; tiles stay.
func (s *scene) moved(m *moves) *scene {
	if s.placed == nil {
		return s
	}
	out := *s
	out.g = m.apply(s.placed)
	fresh := newScene(out.g, s.at)
	out.bounds, out.room = fresh.bounds, fresh.room
	return &out
}

// anyMoved tells whether something stands where it was put by hand.
func (p *Page) anyMoved() bool {
	return slices.ContainsFunc(p.asked.parts(), func(x part) bool { return x.moves != nil })
}

// putBack forgets what was moved by hand on what is drawn.
func (p *Page) putBack() {
	if p.session == nil {
		return
	}
	for _, x := range p.asked.parts() {
		p.moved[serverKey(x.session)] = nil
	}
	p.rememberMoves()
	p.flying = true
	p.refresh()
}
