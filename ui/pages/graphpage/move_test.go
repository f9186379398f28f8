package graphpage

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"kmscope/graph"
	"kmscope/ui/pages/pagetest"
	"kmscope/ui/surface"
)

func TestMoves(t *testing.T) {
	g := small()
	g.Frames = append(g.Frames, graph.Frame{ID: "right", X: 624, W: 100, H: 100}, graph.Frame{ID: "below", Y: 324, W: 100, H: 100})
	g.Nodes = append(g.Nodes, graph.Node{ID: "r", Frame: "right", X: 640, Y: 40, W: 60, H: 30}, graph.Node{ID: "b", Frame: "below", X: 20, Y: 360, W: 60, H: 30})
	var m *moves
	if m.apply(g) != g || m.with("nobody", graph.Point{}).apply(g) != g {
		t.Error("a graph without moved nodes was copied")
	}
	m = m.with("p/b", graph.Point{X: 600, Y: 400}).with("p/a", graph.Point{X: -50, Y: -50})
	out := m.apply(g)
	s := newScene(out, g.Frames[0].Born)
	f := frameRect(&out.Frames[0])
	for _, id := range []string{"p/a", "p/b", "p/c"} {
		r := nodeRect(s.node(id))
		if f.Union(r) != f || r.Y < graph.HeaderHeight {
			t.Errorf("%s at %v left its frame %v", id, r, f)
		}
	}
	for i := range out.Frames {
		for k := range out.Frames[:i] {
			if surface.Overlaps(frameRect(&out.Frames[i]), frameRect(&out.Frames[k])) {
				t.Errorf("frames %d and %d overlap", i, k)
			}
		}
	}
	if n := s.node("r"); n.X-out.Frames[1].X != 16 {
		t.Errorf("a node did not go along with its frame: %v", n.X)
	}
	end := out.Edges[0].Path[3]
	if r := nodeRect(s.node("p/b")).Grown(1); !r.Contains(end.X, end.Y) {
		t.Errorf("the edge ends at %v, the node is at %v", end, r)
	}
	if g.Nodes[1].X != 400 || g.Frames[0].W != 600 || g.Edges[0].Path[0].X != 200 {
		t.Error("the graph handed in was changed")
	}
}

func TestDirectPathMeetsBothBoxes(t *testing.T) {
	a := &graph.Node{ID: "a", X: 500, Y: 500, W: 180, H: 56}
	for _, at := range []graph.Point{{X: 900, Y: 500}, {X: 0, Y: 480}, {X: 520, Y: 900}, {X: 480, Y: 0}, {X: 500, Y: 500}} {
		b := &graph.Node{ID: "b", X: at.X, Y: at.Y, W: 180, H: 56}
		path := directPath(a, b, "VIDEO")
		if len(path) != 4 || !nodeRect(a).Grown(1).Contains(path[0].X, path[0].Y) || !nodeRect(b).Grown(1).Contains(path[3].X, path[3].Y) {
			t.Errorf("to %v: %v", at, path)
		}
	}
	if path := directPath(a, a, "AUDIO"); len(path) != 4 || path[1].X <= a.X+a.W {
		t.Errorf("a loop: %v", path)
	}
}

func TestNodesAreMovedByHand(t *testing.T) {
	b := pagetest.New(t)
	b.Room()
	l := &row{}
	p := New(l)
	b.Catch(&p.work)
	win := pagetest.Window(p, 1100, 700)
	defer win.Close()
	p.Update(b.State)
	b.Settle(func() bool { return p.scene != nil })
	before := nodeRect(p.scene.node(pagetest.Bob))
	x, y := p.port.ToWindow(before.X+40, before.Y+20)
	from := fyne.NewPos(float32(x), float32(y))
	p.surface.MouseDown(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: from}})
	p.surface.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: from.AddXY(30, 50)}, Dragged: fyne.NewDelta(30, 50)})
	p.surface.DragEnd()
	zoom := p.port.Zoom
	if got := nodeRect(p.scene.node(pagetest.Bob)); !close1(got.X, before.X+30/zoom) || !close1(got.Y, before.Y+50/zoom) {
		t.Errorf("from %v to %v", before, got)
	}
	// The worker keeps it there.
	old := p.scene
	b.Settle(func() bool { return p.scene != old })
	if got := nodeRect(p.scene.node(pagetest.Bob)); !close1(got.X, before.X+30/zoom) {
		t.Errorf("the worker put it to %v", got)
	}
	p.putBack()
	b.Settle(func() bool { return nodeRect(p.scene.node(pagetest.Bob)) == before })
	if l.calls.Load() != 1 {
		t.Errorf("%d layouts", l.calls.Load())
	}
}
