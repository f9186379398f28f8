package graphpage

import (
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"kmscope/ui/pages/pagetest"
	"kmscope/ui/view"
)

const (
	otherRoom = "99999999-0000-0000-0000-000000000000_kurento.MediaPipeline"
	carol     = otherRoom + "/dddddddd-0000-0000-0000-000000000000_kurento.WebRtcEndpoint"
)

// TestAllServersSideBySide shows two servers in one graph: each pipeline says of
// which server it is, a click makes the server of what was clicked the current one,
// and a move by hand is kept with its own server.
func TestAllServersSideBySide(t *testing.T) {
	b, other := pagetest.New(t), pagetest.New(t)
	b.Named, other.Named = "paris:8888", "oslo:8888"
	b.Room()
	other.Created(otherRoom)
	other.Created(carol)
	l := &row{}
	p := New(l)
	b.Catch(&p.work)
	win := pagetest.Window(p, 1000, 600)
	defer win.Close()
	p.Shown(true)
	p.Update(b.State)
	b.Settle(func() bool { return p.scene != nil })
	if p.bar.all.Visible() {
		t.Error("one server, and a button to show all")
	}
	update := func() {
		t.Helper()
		old := p.scene
		p.Update(b.State)
		b.Settle(func() bool { return p.scene != old })
	}
	b.Others = []view.Session{other}
	b.Created(pagetest.Room + "/cccccccc-0000-0000-0000-000000000000_kurento.PassThrough")
	update()
	if !p.bar.all.Visible() || p.scene.node(carol) != nil {
		t.Error("the second server is shown unasked, or there is no button to show it")
	}
	old := p.scene
	p.toggleAll()
	b.Settle(func() bool { return p.scene != old })
	if len(p.scene.g.Nodes) != 4 || p.scene.node(carol) == nil || p.scene.node(pagetest.Alice) == nil {
		t.Fatalf("%d nodes of both servers", len(p.scene.g.Nodes))
	}
	var labels []string
	for _, f := range p.scene.g.Frames {
		labels = append(labels, f.Label)
	}
	if got := strings.Join(labels, ", "); !strings.Contains(got, "paris:8888 · ") || !strings.Contains(got, "oslo:8888 · ") {
		t.Errorf("the pipelines are called %s", got)
	}

	for _, f := range p.scene.g.Frames {
		if age := p.scene.now(&f).Sub(f.Born); f.ID == otherRoom && age > time.Second {
			t.Errorf("%s is %s old, and was made a moment before its server was looked at", f.Label, age)
		}
	}

	layouts := l.calls.Load()
	n := p.scene.node(carol)
	x, y := p.port.ToWindow(n.X+n.W/2, n.Y+n.H/2)
	pagetest.Press(p.surface, fyne.NewPos(float32(x), float32(y)), desktop.MouseButtonPrimary)
	if sel := b.State.Selection(); sel.Session != view.Session(other) || sel.Object != carol {
		t.Fatalf("a click selected %+v", sel)
	}
	update()
	if p.scene.node(pagetest.Alice) == nil || l.calls.Load() != layouts || p.session != view.Session(other) {
		t.Error("another current server changed the graph of all")
	}
	p.move(carol, 30, 0)
	if p.movesOf(other) == nil || p.movesOf(b) != nil {
		t.Error("the move is kept with the wrong server")
	}
	if p.scene.node(carol).X == n.X {
		t.Error("the node did not move")
	}
	p.toggleMark()
	if !p.mark.IsZero() || p.told == "" || p.bar.compare.Visible() {
		t.Error("comparing is of one server")
	}

	// Its figures and states go on.
	b.Settle(func() bool { return true })
	other.Created(otherRoom + "/eeeeeeee-0000-0000-0000-000000000000_kurento.PassThrough")
	update()
	if len(p.scene.g.Nodes) != 5 {
		t.Errorf("%d nodes after one came", len(p.scene.g.Nodes))
	}
	old = p.scene
	p.toggleAll()
	b.Settle(func() bool { return p.scene != old })
	if p.scene.node(carol) == nil || p.scene.node(pagetest.Alice) != nil {
		t.Error("back to one server, it is not the selected one")
	}
}
