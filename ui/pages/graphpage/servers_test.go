package graphpage

import (
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"kmscope/graph"
	"kmscope/ui/pages/pagetest"
	"kmscope/ui/view"
)

// both is a workspace of two servers, which have objects of the same ids, as two
// captures of one server do.
type both struct {
	*pagetest.Bench
	second view.Session
}

func (b both) Sessions() []view.Session { return []view.Session{b.Bench, b.second} }

func TestServersSideBySide(t *testing.T) {
	b, second := pagetest.New(t), pagetest.New(t)
	second.Named = "the other"
	b.Room()
	second.Room()
	third := pagetest.Room + "/cccccccc-0000-0000-0000-000000000000_kurento.PassThrough"
	second.Created(third)
	b.State = view.NewState(both{b, second})
	b.State.Select(view.Selection{Session: b})

	p := New(&row{})
	b.Catch(&p.work)
	win := pagetest.Window(p, 900, 600)
	defer win.Close()
	p.Shown(true)
	p.Update(b.State)
	b.Settle(func() bool { return p.scene != nil })
	if !p.bar.servers.Visible() || len(p.scene.bands) != 0 || len(p.scene.g.Nodes) != 2 {
		t.Fatalf("one server: switch %v, %d bands, %d nodes", p.bar.servers.Visible(), len(p.scene.bands), len(p.scene.g.Nodes))
	}
	p.toggleAll()
	b.Settle(func() bool { return len(p.scene.bands) == 2 })
	win.Canvas().Capture()
	if len(p.scene.g.Nodes) != 5 || p.scene.total != 5 || p.scene.pipelines != 2 {
		t.Fatalf("%d nodes, %d in all, %d pipelines", len(p.scene.g.Nodes), p.scene.total, p.scene.pipelines)
	}
	for i, x := range p.scene.bands {
		for k := x.nodes[0]; k < x.nodes[1]; k++ {
			n := &p.scene.g.Nodes[k]
			if !x.rect.Contains(n.X, n.Y) || !x.rect.Contains(n.X+n.W, n.Y+n.H) {
				t.Errorf("%s is not on its band %d", n.Label, i)
			}
		}
		if other := p.scene.bands[1-i].rect; other.Contains(x.rect.X+1, x.rect.Y+1) || x.rect.Contains(other.X+1, other.Y+1) {
			t.Error("two bands lie over one another")
		}
	}

	place := func(x, y float64) fyne.Position {
		px, py := p.port.ToWindow(x, y)
		return fyne.NewPos(float32(px), float32(py))
	}
	click := func(x, y float64) view.Selection {
		pagetest.Press(p.surface, place(x, y), desktop.MouseButtonPrimary)
		p.Update(b.State)
		return b.State.Selection()
	}
	was := p.scene
	for i, want := range []view.Session{b, second} {
		alice := &p.scene.g.Nodes[p.scene.bands[i].nodes[0]]
		if got := click(alice.X+alice.W/2, alice.Y+alice.H/2); got != (view.Selection{Session: want, Object: alice.ID}) {
			t.Errorf("on band %d a click selected %q of another server", i, got.Object)
		}
	}
	b.Settle(func() bool { return p.scene != was })
	if len(p.scene.bands) != 2 || p.session != view.Session(second) {
		t.Errorf("looking at the other server left %d bands", len(p.scene.bands))
	}
	head := p.scene.bands[0].rect
	if got := click(head.X+head.W/2, head.Y+bandHeader/2); got != (view.Selection{Session: b}) {
		t.Errorf("the name of a server selected %q", got.Object)
	}
	if got := p.scene.serverOf(third); got != view.Session(second) {
		t.Error("the third element is on no or another server")
	}

	// What is moved by hand stays with its own server.
	alice := func(i int) (x, y float64) {
		n := &p.scene.g.Nodes[p.scene.bands[i].nodes[0]]
		return n.X - p.scene.bands[i].rect.X, n.Y - p.scene.bands[i].rect.Y
	}
	x0, y0 := alice(0)
	x1, y1 := alice(1)
	n := &p.scene.g.Nodes[p.scene.bands[1].nodes[0]]
	from := place(n.X+5, n.Y+5)
	p.surface.MouseDown(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: from}, Button: desktop.MouseButtonPrimary})
	drag := fyne.NewDelta(0, float32(40*p.port.Zoom))
	p.surface.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: from.AddXY(0, drag.DY)}, Dragged: drag})
	p.surface.DragEnd()
	if x, y := alice(1); x != x1 || y < y1+39 || y > y1+41 {
		t.Errorf("dragged by 40 from %v,%v to %v,%v", x1, y1, x, y)
	}
	was = p.scene
	b.Settle(func() bool { _, y := alice(1); return p.scene != was && y > y1+39 }) // the worker leaves it there
	if x, y := alice(0); x != x0 || y != y0 {
		t.Error("the element of the same id on another server moved as well")
	}
	p.putBack()
	b.Settle(func() bool { _, y := alice(1); return y == y1 })

	// What is looked at more closely hides the servers that do not have it.
	p.focusOn(third, 1)
	b.Settle(func() bool { return len(p.scene.bands) == 1 })
	if p.scene.bands[0].session != view.Session(second) || p.scene.lost {
		t.Error("the focus shows another server")
	}
	p.focusOn("", 0)
	p.toggleAll()
	b.Settle(func() bool { return len(p.scene.bands) == 0 })
	if len(p.scene.g.Nodes) != 2 {
		t.Errorf("the one server has %d nodes", len(p.scene.g.Nodes))
	}
}

// TestTroubleBeyondStates has an endpoint whose states are well and whose figures
// are not: it must not look well.
func TestTroubleBeyondStates(t *testing.T) {
	b := pagetest.New(t)
	b.Room()
	p := New(&row{})
	b.Catch(&p.work)
	win := pagetest.Window(p, 900, 600)
	defer win.Close()
	p.Shown(true)
	p.Update(b.State)
	b.Settle(func() bool { return p.scene != nil })
	i := p.scene.index[pagetest.Alice]
	well := p.troublesNow()
	if n := well.inTrouble(p.scene, i); n != &p.scene.g.Nodes[i] || n.Health != graph.HealthOK {
		t.Fatalf("without a problem: %s", n.Health)
	}
	b.State.SetProblems(b, []view.Problem{{Object: pagetest.Alice, Level: view.Trouble,
		Reasons: []view.Reason{{Level: view.Trouble, Text: "Audio loss in 12 %"}, {Level: view.Attention, Text: "Jitter"}}}})
	now := p.troublesNow()
	if n := now.inTrouble(p.scene, i); n.Health != graph.HealthError || n.Summary != "Audio loss in 12 %" {
		t.Errorf("it says %s, %q", n.Health, n.Summary)
	}
	if n := &p.scene.g.Nodes[i]; n.Health != graph.HealthOK {
		t.Error("the graph itself changed")
	}
	if lines := cardLines(p.scene, hit{node: &p.scene.g.Nodes[i]}, b.State.Clock(), now); !slices.ContainsFunc(lines, func(l cardLine) bool { return l.text == "Jitter" }) {
		t.Error("the card does not tell of the jitter")
	}
	if h, word := now.tileState(&graph.Frame{ID: pagetest.Room, Health: graph.HealthOK}, nil); h != graph.HealthError || word != "1 in trouble" {
		t.Errorf("the tile says %s, %q", h, word)
	}
	before := now.inTrouble(p.scene, p.scene.index[pagetest.Bob])
	if before.Summary == "Audio loss in 12 %" {
		t.Error("the other element took it over")
	}
}
