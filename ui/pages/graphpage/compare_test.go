package graphpage

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"kmscope/graph"
	"kmscope/inventory"
	"kmscope/ui/pages/pagetest"
	"kmscope/ui/surface"
	"kmscope/ui/view"
)

func TestCompareMarksWhatChanged(t *testing.T) {
	before := small()
	after := small()
	after.Nodes = append(slices.Clone(after.Nodes[1:]), graph.Node{ID: "p/new", Frame: "p", Label: "new"})
	after.Nodes[0].Label = "other"
	after.Edges = nil
	g, c := compare(before, after, false)
	gone := before.Nodes[0].ID
	if c.nodes["p/new"] != graph.Added || c.nodes[gone] != graph.Removed || c.nodes[after.Nodes[0].ID] != graph.Changed {
		t.Errorf("%v", c.nodes)
	}
	if len(g.Nodes) != len(before.Alive().Nodes)+1 {
		t.Errorf("%d nodes: what is gone is to be shown", len(g.Nodes))
	}
	if s := c.sum(); !strings.HasPrefix(s, "+1 −") || !strings.HasSuffix(s, "1 changed") {
		t.Errorf("%q", s)
	}
	if _, c := compare(before, before, false); c.sum() != "nothing changed" {
		t.Errorf("%q", c.sum())
	}
	if _, c := compare(before, before, true); c != nil {
		t.Error("nothing is marked unasked where nothing came or went")
	}
	group := &graph.Node{ID: "g#x", Members: []string{"p/new", gone}}
	if got := c.ofNode(group); got != graph.Changed {
		t.Errorf("a group of which one came and one went is %v", got)
	}
}

func TestGraphComparesWithAMark(t *testing.T) {
	b := pagetest.New(t)
	b.Room()
	p := New(&row{})
	b.Catch(&p.work)
	win := pagetest.Window(p, 1100, 700)
	defer win.Close()
	p.Update(b.State)
	b.Settle(func() bool { return p.scene != nil })
	p.toggleMark()
	const added = pagetest.Room + "/cccccccc-0000-0000-0000-000000000000_kurento.PassThrough"
	b.Created(added)
	p.Update(b.State)
	b.Settle(func() bool { return p.scene.node(added) != nil && p.scene.changes != nil })
	if got := p.scene.changes.ofNode(p.scene.node(added)); got != graph.Added {
		t.Errorf("the new element is %v", got)
	}
	if text := p.sayMark(); !strings.Contains(text, " → now: +1") {
		t.Errorf("the bar says %q", text)
	}
	lines := cardLines(p.scene, hit{node: p.scene.node(added)}, b.State.Clock(), troubles{})
	if !slices.ContainsFunc(lines, func(l cardLine) bool { return l.text == "+ new" }) {
		t.Errorf("the card says %v", lines)
	}
	win.Canvas().Capture() // paints the marks
	p.toggleMark()
	b.Settle(func() bool { return p.scene.changes == nil })
}

func TestBandPicksAndMoves(t *testing.T) {
	b := pagetest.New(t)
	b.Room()
	p := New(&row{})
	b.Catch(&p.work)
	win := pagetest.Window(p, 1100, 700)
	defer win.Close()
	p.Update(b.State)
	b.Settle(func() bool { return p.scene != nil })
	p.surface.PressedAt = fyne.NewPos(0, 0)
	p.stretch(fyne.NewPos(1100, 700))
	win.Canvas().Capture()
	p.dropped()
	if got := slices.Sorted(maps.Keys(p.picked)); !slices.Equal(got, []string{pagetest.Alice, pagetest.Bob}) {
		t.Fatalf("picked %v", got)
	}
	alice, bob := nodeRect(p.scene.node(pagetest.Alice)), nodeRect(p.scene.node(pagetest.Bob))
	p.moving = pagetest.Bob
	p.moveAll(pagetest.Bob, 10, 30)
	p.dropped()
	for id, was := range map[string]surface.Rect{pagetest.Alice: alice, pagetest.Bob: bob} {
		if now := nodeRect(p.scene.node(id)); !close1(now.Y, was.Y+30) {
			t.Errorf("%s went from %v to %v", id, was, now)
		}
	}
	p.copyPicked()
	var copied []struct{ ID string }
	if err := json.Unmarshal([]byte(fyne.CurrentApp().Clipboard().Content()), &copied); err != nil || len(copied) != 2 {
		t.Errorf("%v: %v", err, copied)
	}
	p.fitSelection()
	if p.fitted {
		t.Error("the selection was not fitted")
	}

	// Another window finds the places again, and what was put back is forgotten.
	again := New(&row{})
	if m := again.movesOf(p.session); m == nil || len(m.at) != 2 {
		t.Errorf("remembered %v", m)
	}
	p.putBack()
	if m := New(&row{}).movesOf(p.session); m != nil {
		t.Errorf("still remembered: %v", m)
	}
	fyne.CurrentApp().Preferences().SetString(prefMoves, "{no JSON")
	if m := New(&row{}).movesOf(p.session); m != nil {
		t.Errorf("read %v out of nothing", m)
	}
	p.unpick()
	if len(p.picked) != 0 {
		t.Error("still picked")
	}
}

// TestPastMarksWhatCame pins the cursor shortly after an element came.
func TestPastMarksWhatCame(t *testing.T) {
	before, after := small(), small()
	after.Nodes = append(after.Nodes, graph.Node{ID: "p/new", Frame: "p"})
	after.Edges[0].Flow = graph.Flowing
	if _, c := compare(before, after, true); len(c.nodes) != 1 || len(c.edges) != 0 || c.marked {
		t.Errorf("%+v", c)
	}
	s := newScene(after, time.Time{})
	if s.changes.ofNode(&s.g.Nodes[0]) != graph.Same || s.changes.ofEdge(&graph.Edge{Media: inventory.Video}) != graph.Same {
		t.Error("a scene without a comparison marks something")
	}
}

// deadRoom is a server in a capture.
type deadRoom struct{ *pagetest.Bench }

func (deadRoom) Live() bool { return false }

// A replay that was put to a moment is not "now".
func TestComparedInAReplay(t *testing.T) {
	b := pagetest.New(t)
	b.Room()
	p := New(&row{})
	b.State.Select(view.Selection{Session: deadRoom{b}})
	p.view = b.State
	p.mark = b.Snapshot().At.Add(-time.Second)
	if text := p.sayMark(); strings.Contains(text, "now") || !strings.Contains(text, " → ") {
		t.Errorf("the bar says %q", text)
	}
}
