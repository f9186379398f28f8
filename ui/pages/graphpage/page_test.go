package graphpage

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"kmscope/graph"
	"kmscope/inventory"
	"kmscope/ui/pages/pagetest"
	"kmscope/wire"
)

// row is a Layouter without graphviz: all nodes side by side.
type row struct{ calls atomic.Int32 }

func (r *row) Layout(_ context.Context, g *graph.Graph) (*graph.Graph, error) {
	r.calls.Add(1)
	out := *g
	out.Nodes, out.Frames = append([]graph.Node(nil), g.Nodes...), append([]graph.Frame(nil), g.Frames...)
	out.Edges = append([]graph.Edge(nil), g.Edges...)
	x := 20.0
	for i := range out.Nodes {
		out.Nodes[i].X, out.Nodes[i].Y = x, 60
		x += out.Nodes[i].W + 60
	}
	for i := range out.Frames {
		out.Frames[i].W, out.Frames[i].H = x, 160
	}
	for i := range out.Edges {
		out.Edges[i].Path = []graph.Point{{X: 10, Y: 10}, {X: 20, Y: 10}, {X: 30, Y: 10}, {X: 40, Y: 10}}
	}
	return &out, nil
}

func TestGraphPage(t *testing.T) {
	b := pagetest.New(t)
	b.Room()
	l := &row{}
	p := New(l)
	b.Catch(&p.work)
	opened := 0
	p.opened = func() { opened++ }
	win := pagetest.Window(p, 900, 600)
	defer win.Close()
	p.Shown(true)
	p.Update(b.State)
	b.Settle(func() bool { return p.scene != nil })
	win.Canvas().Capture()
	if len(p.scene.g.Nodes) != 2 || l.calls.Load() != 1 {
		t.Fatalf("%d nodes after %d layouts", len(p.scene.g.Nodes), l.calls.Load())
	}

	at := func(id string) fyne.Position {
		n := p.scene.node(id)
		x, y := p.port.ToWindow(n.X+n.W/2, n.Y+n.H/2)
		return fyne.NewPos(float32(x), float32(y))
	}
	pagetest.Press(p.surface, at(pagetest.Alice), desktop.MouseButtonPrimary)
	if got := b.State.Selection().Object; got != pagetest.Alice {
		t.Errorf("a click selected %q", got)
	}
	pagetest.Press(p.surface, at(pagetest.Alice), desktop.MouseButtonPrimary)
	if opened != 1 {
		t.Errorf("a double click opened %d times", opened)
	}
	p.surface.TypedKey(&fyne.KeyEvent{Name: fyne.KeyRight})
	if got := b.State.Selection().Object; got != pagetest.Bob {
		t.Errorf("the right arrow led to %q", got)
	}
	p.surface.MouseMoved(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: at(pagetest.Bob)}})
	if p.hover.node == nil || p.hover.node.ID != pagetest.Bob {
		t.Errorf("hover %+v", p.hover)
	}
	var words []string
	for _, ln := range cardLines(p.scene, p.hover, b.State.Clock(), troubles{}) {
		words = append(words, ln.text)
	}
	if s := strings.Join(words, "\n"); !strings.Contains(s, pagetest.Bob) || !strings.Contains(s, "1 error") {
		t.Errorf("the card says %q", s)
	}

	// A change of state keeps the places; panning ends fitting.
	before := p.port
	p.surface.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(300, 300)}, Dragged: fyne.NewDelta(40, 10)})
	p.surface.DragEnd()
	if p.fitted || close1(before.X, p.port.X) {
		t.Error("dragging did not pan")
	}
	b.Feed(wire.Fact{Kind: wire.KindEvent, Type: "MediaFlowInStateChanged", Object: pagetest.Alice,
		Data: []byte(fmt.Sprintf(`{"source":%q,"type":"MediaFlowInStateChanged","state":"NOT_FLOWING","padName":"default","mediaType":"VIDEO"}`, pagetest.Alice))})
	p.surface.MouseMoved(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: at(pagetest.Alice)}})
	old, port := p.scene, p.port
	p.Update(b.State)
	b.Settle(func() bool { return p.scene != old })
	if p.hover.node != p.scene.node(pagetest.Alice) {
		t.Errorf("a new state hid what the pointer is on: %+v", p.hover)
	}
	p.surface.MouseOut()
	if l.calls.Load() != 1 || p.port != port {
		t.Errorf("a state moved the graph: %d layouts, %v", l.calls.Load(), p.port)
	}
	p.surface.TypedRune('f')
	if !p.fitted {
		t.Error("F did not fit")
	}

	// A hidden page drops what is under way.
	b.Created(pagetest.Room + "/cccccccc-0000-0000-0000-000000000000_kurento.PassThrough")
	old = p.scene
	p.Update(b.State)
	late := <-b.Posts
	p.Shown(false)
	late()
	if p.scene != old {
		t.Error("a hidden page took over a scene")
	}
	p.Shown(true)
	p.Update(b.State)
	b.Settle(func() bool { return len(p.scene.g.Nodes) == 3 })
}

func TestGraphPageSaysWhatToDo(t *testing.T) {
	b := pagetest.New(t)
	b.Off = true
	p := New(&row{})
	b.Catch(&p.work)
	p.Update(b.State)
	if got := p.emptyText(); !strings.HasPrefix(got, "No server yet") {
		t.Errorf("%q", got)
	}
	b.Off = false
	b.Feed(wire.Fact{Kind: wire.KindCall, Method: "invoke", Operation: "getPipelines", Object: inventory.ManagerID, Result: []byte(`[]`)})
	p.Update(b.State)
	b.Settle(func() bool { return p.scene != nil })
	if got := p.emptyText(); !strings.HasPrefix(got, "No pipelines yet") {
		t.Errorf("%q", got)
	}
	p.show(nil, fmt.Errorf("no child process"))
	if p.problem == "" {
		t.Error("a failed layout is not told")
	}
}

func TestGraphPageShowsWhatWasThere(t *testing.T) {
	b := pagetest.New(t)
	b.Room()
	p := New(&row{})
	b.Catch(&p.work)
	destroy := func(id string) {
		b.Feed(wire.Fact{Kind: wire.KindEvent, Type: "ObjectDestroyed", Object: inventory.ManagerID,
			Data: []byte(fmt.Sprintf(`{"source":%q,"type":"ObjectDestroyed","objectId":%q}`, inventory.ManagerID, id))})
	}
	destroy(pagetest.Bob)
	p.Update(b.State)
	b.Settle(func() bool { return p.scene != nil })
	if p.scene.over || p.scene.hidden != 1 || len(p.scene.g.Nodes) != 1 {
		t.Errorf("one of two gone: over %v, %d hidden, %d nodes", p.scene.over, p.scene.hidden, len(p.scene.g.Nodes))
	}
	p.toggleGone()
	b.Settle(func() bool { return len(p.scene.g.Nodes) == 2 })
	p.toggleGone()
	destroy(pagetest.Alice)
	destroy(pagetest.Room)
	p.Update(b.State)
	b.Settle(func() bool { return p.scene.over })
	if len(p.scene.g.Nodes) != 2 || p.emptyText() != "" {
		t.Errorf("%d nodes, %q", len(p.scene.g.Nodes), p.emptyText())
	}
	win := pagetest.Window(p, 900, 600)
	defer win.Close()
	win.Canvas().Capture()
}

// What is fitted stands above the words in the lower corners.
func TestFitLeavesTheCorners(t *testing.T) {
	for _, h := range []float64{120, 400, 800} {
		p := New(&row{})
		p.port.W, p.port.H = 600, h
		p.scene = newScene(&graph.Graph{Nodes: []graph.Node{{ID: "a", W: 200, H: 3000}}}, time.Time{})
		p.fitNow()
		_, top := p.port.ToWindow(0, 0)
		_, low := p.port.ToWindow(0, 3000)
		if top < 23 || low > h-mapInset-mapFoot-4 {
			t.Errorf("%v high: from %v to %v", h, top, low)
		}
	}
}

// The header of a pipeline that looks left behind says so first.
func TestZombieIsSaid(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	f := &graph.Frame{Elements: 2, Zombie: "nothing flows", ZombieSince: now.Add(-5 * time.Minute)}
	if got := frameNote(f, now); got != "zombie? nothing flows for 00:05:00 · 2 elements" {
		t.Errorf("%q", got)
	}
	f.Dead = true
	if got := frameNote(f, now); got != "gone" {
		t.Errorf("when it is gone: %q", got)
	}
}
