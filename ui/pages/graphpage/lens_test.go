package graphpage

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"kmscope/graph"
	"kmscope/inventory"
	"kmscope/ui/pages/pagetest"
)

// lecture is a presenter with n viewers that belong to one pipeline.
func lecture(n int) *graph.Graph {
	g := &graph.Graph{Frames: []graph.Frame{{ID: "p", Label: "lecture"}}}
	g.Nodes = append(g.Nodes, graph.Node{ID: "p/s", Frame: "p", Label: "presenter", Type: "WebRtcEndpoint"})
	for i := range n {
		id := fmt.Sprintf("p/v%d", i)
		g.Nodes = append(g.Nodes, graph.Node{ID: id, Frame: "p", Label: fmt.Sprintf("viewer-%d", i), Type: "WebRtcEndpoint"})
		g.Edges = append(g.Edges, graph.Edge{From: "p/s", To: id, Frame: "p", Media: inventory.Video, Count: 1})
	}
	return g
}

func TestLens(t *testing.T) {
	const group = "p/s#WebRtcEndpoint"
	query := func(text string) func(*lens) {
		return func(l *lens) {
			q, err := graph.ParseQuery(text)
			if err != nil {
				t.Fatal(err)
			}
			l.text, l.query = text, q
		}
	}
	for _, tt := range []struct {
		name     string
		viewers  int
		change   func(*lens)
		selected string
		nodes    int
		matched  int
		bright   int // -1: nothing is dimmed
	}{
		{"few viewers stay apart", 8, func(*lens) {}, "", 9, 0, -1},
		{"many become one", 50, func(*lens) {}, "", 2, 0, -1},
		{"the selected one stays visible", 50, func(*lens) {}, "p/v7", 3, 0, -1},
		{"few are put together by hand", 8, func(l *lens) { l.closed[group] = true }, "", 2, 0, -1},
		{"many are taken apart by hand", 50, func(l *lens) { l.open[group] = true }, "", 51, 0, -1},
		{"a pipeline is put together", 8, func(l *lens) { l.closed["p"] = true }, "", 1, 0, -1},
		{"a filter dims", 8, query("viewer-3"), "", 9, 1, 1},
		{"a filter leaves out", 8, func(l *lens) { query("viewer-3")(l); l.hide = true }, "", 1, 1, 1},
		{"a group with a match is bright", 50, query("viewer-3"), "", 2, 11, 1},
		{"a neighbourhood", 8, func(l *lens) { l.focus, l.hops = "p/v1", 1 }, "", 2, 0, -1},
		{"two hops", 8, func(l *lens) { l.focus, l.hops = "p/v1", 2 }, "", 9, 0, -1},
		{"a pipeline alone", 8, func(l *lens) { l.focus = "p" }, "", 9, 0, -1},
		{"a focus that is gone shows all", 8, func(l *lens) { l.focus, l.hops = "nobody", 1 }, "", 9, 0, -1},
		{"a path", 8, func(l *lens) { l.from, l.to = "p/s", "p/v2" }, "", 9, 0, 2},
		{"a path against the flow", 8, func(l *lens) { l.from, l.to = "p/v2", "p/s" }, "", 9, 0, 2},
		{"a path into a group", 50, func(l *lens) { l.from, l.to = "p/s", "p/v2" }, "", 3, 0, 2},
		{"no path", 8, func(l *lens) { l.from, l.to = "p/v1", "p/v2" }, "", 9, 0, -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var none *lens
			l := none.with(tt.change)
			g := lecture(tt.viewers)
			seen := l.look(g, tt.selected)
			s := newScene(seen.g, time.Time{})
			s.dim(l, &seen)
			if len(s.g.Nodes) != tt.nodes || s.matched != tt.matched || s.total != tt.viewers+1 {
				t.Errorf("%d nodes, %d of %d", len(s.g.Nodes), s.matched, s.total)
			}
			bright := -1
			if s.dimNodes != nil {
				bright = 0
				for _, dim := range s.dimNodes {
					if !dim {
						bright++
					}
				}
			}
			if bright != tt.bright {
				t.Errorf("%d stand out: %s", bright, s.way)
			}
			if len(g.Nodes) != tt.viewers+1 {
				t.Error("the graph handed in was changed")
			}
		})
	}
}

func TestGroupsAreNoObjects(t *testing.T) {
	var l *lens
	seen := l.look(lecture(50), "")
	s := newScene(seen.g, time.Time{})
	group := s.node("p/v3")
	if group == nil || !isGroup(group) || objectOf(group) != "" {
		t.Fatalf("%+v", group)
	}
	if got := s.neighbour("p/s", 1, 0); got != "" {
		t.Errorf("an arrow led to %q", got)
	}
	whole := l.with(func(l *lens) { l.closed["p"] = true }).look(lecture(3), "").g.Nodes[0]
	if isGroup(&whole) || objectOf(&whole) != "p" {
		t.Errorf("%+v", whole)
	}
	var back map[string]any
	if err := json.Unmarshal([]byte(nodeJSON(group)), &back); err != nil || len(back["members"].([]any)) != 50 {
		t.Errorf("%v %v", back, err)
	}
}

func TestArrowsFollowEdges(t *testing.T) {
	g := small()
	// Something unconnected is nearer.
	g.Nodes = append(g.Nodes, graph.Node{ID: "p/x", Frame: "p", X: 220, Y: 100, W: 100, H: 56})
	s := newScene(g, time.Time{})
	if got := s.neighbour("p/a", 1, 0); got != "p/b" {
		t.Errorf("right of a is %q", got)
	}
	if got := s.neighbour("p/b", -1, 0); got != "p/a" {
		t.Errorf("left of b is %q", got)
	}
}

func TestGraphPageFiltersAndGroups(t *testing.T) {
	b := pagetest.New(t)
	b.Room()
	b.Viewers(50)
	p := New(&row{})
	b.Catch(&p.work)
	win := pagetest.Window(p, 1100, 700)
	defer win.Close()
	p.Shown(true)
	p.Update(b.State)
	b.Settle(func() bool { return p.scene != nil })
	if len(p.scene.g.Nodes) != 3 {
		t.Fatalf("%d nodes: the viewers are no group", len(p.scene.g.Nodes))
	}
	win.Canvas().Capture()

	p.bar.filter.SetText("state:error")
	b.Settle(func() bool { return p.scene.matched == 1 })
	if p.bar.count.Text != "1 of 52" || !p.bar.hide.Visible() {
		t.Errorf("%q, hide %v", p.bar.count.Text, p.bar.hide.Visible())
	}
	p.bar.hide.SetChecked(true)
	b.Settle(func() bool { return len(p.scene.g.Nodes) == 1 })
	p.bar.filter.SetText("/(/")
	if p.wrong == "" || p.bar.count.Text != "not valid" {
		t.Errorf("%q %q", p.wrong, p.bar.count.Text)
	}
	p.bar.filter.SetText("nobody is called so")
	b.Settle(func() bool { return p.emptyText() == "Nothing matches the filter." })
	p.bar.filter.SetText("")
	b.Settle(func() bool { return len(p.scene.g.Nodes) == 3 })

	var group *graph.Node
	for i := range p.scene.g.Nodes {
		if n := &p.scene.g.Nodes[i]; isGroup(n) {
			group = n
		}
	}
	x, y := p.port.ToWindow(group.X+group.W/2, group.Y+group.H/2)
	pagetest.Press(p.surface, fyne.NewPos(float32(x), float32(y)), desktop.MouseButtonPrimary)
	b.Settle(func() bool { return len(p.scene.g.Nodes) == 52 })
	p.groupAlike()
	b.Settle(func() bool { return len(p.scene.g.Nodes) == 3 })

	p.focusOn(pagetest.Bob, 1)
	b.Settle(func() bool { return len(p.scene.g.Nodes) == 1 })
	if !p.bar.focus.Visible() || !strings.Contains(p.bar.focus.Text, "1 hop around") {
		t.Errorf("the chip says %q", p.bar.focus.Text)
	}
	p.surface.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	b.Settle(func() bool { return len(p.scene.g.Nodes) == 3 })

	p.beginPath(pagetest.Alice)
	p.clickOn(t, pagetest.Bob)
	b.Settle(func() bool { return p.scene.way != "" })
	if !strings.HasPrefix(p.scene.way, "No media goes") || !p.bar.way.Visible() {
		t.Errorf("%q", p.scene.way)
	}
	p.endPath()

	for _, h := range []hit{{}, {node: p.scene.node(pagetest.Alice)}, {node: p.scene.node(pagetest.Bob)}, {frame: &p.scene.g.Frames[0]}, {edge: &p.scene.g.Edges[0]}} {
		for _, item := range p.menu(h).Items {
			if strings.HasPrefix(item.Label, "Copy") {
				item.Action()
				if fyne.CurrentApp().Clipboard().Content() == "" {
					t.Errorf("%s copied nothing", item.Label)
				}
			}
		}
	}
	pagetest.Press(p.surface, fyne.NewPos(400, 300), desktop.MouseButtonSecondary)
	if win.Canvas().Overlays().Top() == nil {
		t.Error("a right click opened no menu")
	}
}

func (p *Page) clickOn(t *testing.T, id string) {
	t.Helper()
	n := p.scene.node(id)
	if n == nil {
		t.Fatalf("%s is not there", id)
	}
	x, y := p.port.ToWindow(n.X+n.W/2, n.Y+n.H/2)
	pagetest.Press(p.surface, fyne.NewPos(float32(x), float32(y)), desktop.MouseButtonPrimary)
}

func TestManyPipelinesAreTiles(t *testing.T) {
	b := pagetest.New(t)
	b.Room()
	for i := range 20 {
		b.Created(fmt.Sprintf("%08x-1111-0000-0000-000000000000_kurento.MediaPipeline", i))
	}
	l := &row{}
	p := New(l)
	b.Catch(&p.work)
	win := pagetest.Window(p, 1100, 700)
	defer win.Close()
	p.Update(b.State)
	b.Settle(func() bool { return p.scene != nil && p.scene.tiles })
	if l.calls.Load() != 0 || len(p.scene.g.Frames) != 21 {
		t.Errorf("%d tiles, %d layouts", len(p.scene.g.Frames), l.calls.Load())
	}
	win.Canvas().Capture()
	f := p.scene.g.Frames[0]
	x, y := p.port.ToWindow(f.X+f.W/2, f.Y+f.H-5)
	pagetest.Press(p.surface, fyne.NewPos(float32(x), float32(y)), desktop.MouseButtonPrimary)
	if b.State.Selection().Object != f.ID {
		t.Fatalf("selected %q", b.State.Selection().Object)
	}
	p.Update(b.State)
	b.Settle(func() bool { return !p.scene.tiles })
	p.toggleOverview()
	p.Update(b.State)
	b.Settle(func() bool { return p.scene.tiles })
	p.toggleOverview()
	b.Settle(func() bool { return !p.scene.tiles })
	p.toggleOverview()
	b.Settle(func() bool { return p.scene.tiles })
}

// TestTilesInOrder sorts pipelines as people and the navigator do.
func TestTilesInOrder(t *testing.T) {
	g := tiled(&graph.Graph{Frames: []graph.Frame{{Label: "room-10"}, {Label: "room-2"}, {Label: "room-1"}}}, 1)
	var names []string
	for _, f := range g.Frames {
		names = append(names, f.Label)
	}
	if want := []string{"room-1", "room-2", "room-10"}; !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
}

func close1(a, b float64) bool { return math.Abs(a-b) < 1e-6*max(1, math.Abs(a), math.Abs(b)) }
