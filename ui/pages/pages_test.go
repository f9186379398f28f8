package pages

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"kmscope/graph"
	"kmscope/inventory"
	"kmscope/kmsconn/kmd"
	"kmscope/stats"
	"kmscope/timeline"
	"kmscope/ui/page"
	"kmscope/ui/theme"
	"kmscope/ui/view"
	"kmscope/wire"
)

// bench is a server whose facts a test feeds, and the window state over it.
type bench struct {
	t       testing.TB
	reducer *inventory.Reducer
	store   *stats.Store
	log     *timeline.Log
	at      time.Time
	record  int64
	state   *view.State
	off     bool // no session at all
	posts   chan func()
}

func newBench(t testing.TB) *bench {
	t.Helper()
	a := test.NewApp()
	a.Settings().SetTheme(theme.New(theme.AlwaysDark))
	t.Cleanup(func() { test.NewApp() })
	b := &bench{t: t, reducer: inventory.NewReducer("ws://server"), store: stats.NewStore(), log: timeline.NewLog(0),
		at: time.Date(2026, 11, 21, 12, 3, 0, 0, time.UTC)}
	b.state = view.NewState(b)
	b.state.SetClock(view.Clock{Mode: view.UTC})
	return b
}

func (b *bench) feed(f wire.Fact) {
	b.at = b.at.Add(100 * time.Millisecond)
	b.record++
	f.Record, f.At, f.Conn = b.record, b.at, "1"
	if f.Kind == wire.KindEvent && f.Stamp.IsZero() {
		f.Stamp = b.at
	}
	b.reducer.Apply(f)
	b.store.Feed(f)
	b.log.Feed(f)
}

const (
	room  = "11111111-0000-0000-0000-000000000000_kurento.MediaPipeline"
	alice = room + "/aaaaaaaa-0000-0000-0000-000000000000_kurento.WebRtcEndpoint"
	bob   = room + "/bbbbbbbb-0000-0000-0000-000000000000_kurento.WebRtcEndpoint"
)

// created feeds the ObjectCreated event of an object.
func (b *bench) created(id string) {
	b.feed(wire.Fact{Kind: wire.KindEvent, Type: "ObjectCreated", Object: inventory.ManagerID,
		Data: []byte(fmt.Sprintf(`{"source":%q,"type":"ObjectCreated","object":%q,"objectId":%q}`, inventory.ManagerID, id, id))})
}

// sampled feeds the answer of one getStats.
func (b *bench) sampled(id string, bytes int) {
	ms := b.at.UnixMilli()
	b.feed(wire.Fact{Kind: wire.KindCall, Method: "invoke", Operation: "getStats", Object: id, Took: time.Millisecond, Params: []byte(`{"mediaType":"VIDEO"}`),
		Result: []byte(fmt.Sprintf(`{"s":{"__type__":"RTCInboundRTPStreamStats","id":"s","type":"inboundrtp","ssrc":"77","timestampMillis":%d,"timestamp":%d,"bytesReceived":%d,"packetsReceived":%d,"packetsLost":0,"jitter":0.003}}`,
			ms, ms/1000, bytes, bytes/1000))})
}

// room fills the server with a pipeline of two endpoints.
func (b *bench) room() {
	for _, id := range []string{room, alice, bob} {
		b.created(id)
	}
	b.feed(wire.Fact{Kind: wire.KindEvent, Type: "MediaFlowInStateChanged", Object: alice,
		Data: []byte(fmt.Sprintf(`{"source":%q,"type":"MediaFlowInStateChanged","state":"FLOWING","padName":"default","mediaType":"VIDEO"}`, alice))})
	b.feed(wire.Fact{Kind: wire.KindEvent, Type: "Error", Object: bob,
		Data: []byte(fmt.Sprintf(`{"source":%q,"type":"Error","errorCode":1,"description":"it broke"}`, bob))})
	for i := range 30 {
		b.at = b.at.Add(time.Second)
		b.sampled(alice, 100_000*i)
	}
}

// bench is the session and the workspace as well.
func (b *bench) Name() string                                              { return "server" }
func (b *bench) URL() string                                               { return "ws://server" }
func (b *bench) Live() bool                                                { return true }
func (b *bench) Snapshot() *inventory.Snapshot                             { return b.reducer.Snapshot() }
func (b *bench) Stats() *stats.Store                                       { return b.store }
func (b *bench) Timeline() *timeline.Log                                   { return b.log }
func (b *bench) Schema() *kmd.Schema                                       { return kmd.Builtin("") }
func (b *bench) Link() view.Link                                           { return view.Link{State: view.Connected} }
func (b *bench) Focus(...string)                                           {}
func (b *bench) Read(string)                                               {}
func (b *bench) Guarded(string, string) string                             { return "" }
func (b *bench) Dismiss(string)                                            {}
func (b *bench) Attach(context.Context, view.Target) (view.Session, error) { return b, nil }
func (b *bench) Open(context.Context, string) (view.Replay, error)         { return nil, nil }
func (b *bench) Replays() []view.Replay                                    { return nil }
func (b *bench) Remove(context.Context, view.Session) error                { return nil }
func (b *bench) Changed() <-chan struct{}                                  { return nil }
func (b *bench) Capture() view.Capture                                     { return view.Capture{} }
func (b *bench) Record(string) error                                       { return nil }
func (b *bench) Close(context.Context) error                               { return nil }
func (b *bench) Sessions() []view.Session {
	if b.off {
		return nil
	}
	return []view.Session{b}
}

// settle runs what a worker posts, as the interface goroutine would, until
// done.
func (b *bench) settle(done func() bool) {
	b.t.Helper()
	deadline := time.After(10 * time.Second)
	for !done() {
		select {
		case f := <-b.posts:
			f()
		case <-deadline:
			b.t.Fatal("the page never got there")
		}
	}
}

// catch has a worker post to the test, which is the interface goroutine.
func (b *bench) catch(w *worker) {
	b.posts = make(chan func(), 8)
	ch := b.posts
	w.onUI = func(f func()) { ch <- f }
}

func window(p page.Page, w, h float32) fyne.Window {
	win := test.NewWindow(p.Content())
	win.SetPadded(false)
	win.Resize(fyne.NewSize(w, h))
	return win
}

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

func press(s *surface, at fyne.Position, button desktop.MouseButton) {
	e := &desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: at}, Button: button}
	s.MouseDown(e)
	s.MouseUp(e)
}

func TestGraphPage(t *testing.T) {
	b := newBench(t)
	b.room()
	l := &row{}
	p := NewGraph(l)
	b.catch(&p.work)
	opened := 0
	p.Opened = func() { opened++ }
	win := window(p, 900, 600)
	defer win.Close()
	p.Shown(true)
	p.Update(b.state)
	b.settle(func() bool { return p.scene != nil })
	win.Canvas().Capture()
	if len(p.scene.g.Nodes) != 2 || l.calls.Load() != 1 {
		t.Fatalf("%d nodes after %d layouts", len(p.scene.g.Nodes), l.calls.Load())
	}

	at := func(id string) fyne.Position {
		n := p.scene.node(id)
		x, y := p.port.toWindow(n.X+n.W/2, n.Y+n.H/2)
		return fyne.NewPos(float32(x), float32(y))
	}
	press(p.surface, at(alice), desktop.MouseButtonPrimary)
	if got := b.state.Selection().Object; got != alice {
		t.Errorf("a click selected %q", got)
	}
	press(p.surface, at(alice), desktop.MouseButtonPrimary)
	if opened != 1 {
		t.Errorf("a double click opened %d times", opened)
	}
	p.surface.TypedKey(&fyne.KeyEvent{Name: fyne.KeyRight})
	if got := b.state.Selection().Object; got != bob {
		t.Errorf("the right arrow led to %q", got)
	}
	p.surface.MouseMoved(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: at(bob)}})
	if p.hover.node == nil || p.hover.node.ID != bob {
		t.Errorf("hover %+v", p.hover)
	}
	var words []string
	for _, ln := range cardLines(p.scene, p.hover, b.state.Clock()) {
		words = append(words, ln.text)
	}
	if s := strings.Join(words, "\n"); !strings.Contains(s, bob) || !strings.Contains(s, "1 error") {
		t.Errorf("the card says %q", s)
	}

	// A change of state keeps the places; panning ends fitting.
	before := p.port
	p.surface.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(300, 300)}, Dragged: fyne.NewDelta(40, 10)})
	p.surface.DragEnd()
	if p.fitted || near(before.X, p.port.X) {
		t.Error("dragging did not pan")
	}
	b.feed(wire.Fact{Kind: wire.KindEvent, Type: "MediaFlowInStateChanged", Object: alice,
		Data: []byte(fmt.Sprintf(`{"source":%q,"type":"MediaFlowInStateChanged","state":"NOT_FLOWING","padName":"default","mediaType":"VIDEO"}`, alice))})
	old, port := p.scene, p.port
	p.Update(b.state)
	b.settle(func() bool { return p.scene != old })
	if l.calls.Load() != 1 || p.port != port {
		t.Errorf("a state moved the graph: %d layouts, %v", l.calls.Load(), p.port)
	}
	p.surface.TypedRune('f')
	if !p.fitted {
		t.Error("F did not fit")
	}

	// A hidden page drops what is under way.
	b.created(room + "/cccccccc-0000-0000-0000-000000000000_kurento.PassThrough")
	old = p.scene
	p.Update(b.state)
	late := <-b.posts
	p.Shown(false)
	late()
	if p.scene != old {
		t.Error("a hidden page took over a scene")
	}
	p.Shown(true)
	p.Update(b.state)
	b.settle(func() bool { return len(p.scene.g.Nodes) == 3 })
}

func TestGraphPageSaysWhatToDo(t *testing.T) {
	b := newBench(t)
	b.off = true
	p := NewGraph(&row{})
	b.catch(&p.work)
	p.Update(b.state)
	if got := p.emptyText(); !strings.HasPrefix(got, "No server yet") {
		t.Errorf("%q", got)
	}
	b.off = false
	b.feed(wire.Fact{Kind: wire.KindCall, Method: "invoke", Operation: "getPipelines", Object: inventory.ManagerID, Result: []byte(`[]`)})
	p.Update(b.state)
	b.settle(func() bool { return p.scene != nil })
	if got := p.emptyText(); !strings.HasPrefix(got, "No pipelines yet") {
		t.Errorf("%q", got)
	}
	p.show(nil, fmt.Errorf("no child process"))
	if p.problem == "" {
		t.Error("a failed layout is not told")
	}
}

func TestChartsPage(t *testing.T) {
	b := newBench(t)
	b.room()
	p := NewCharts()
	b.catch(&p.work)
	win := window(p, 900, 600)
	defer win.Close()
	p.Shown(true)
	p.Update(b.state)
	b.settle(func() bool { return len(p.charts) > 0 })
	win.Canvas().Capture()
	if p.charts[0].Title != "WebRtcEndpoint aaaa" {
		t.Errorf("the overview begins with %q", p.charts[0].Title)
	}
	// The title of an overview chart selects its element.
	r := p.place(0)
	press(p.surface, fyne.NewPos(float32(r.X)+20, float32(r.Y)+12), desktop.MouseButtonPrimary)
	if got := b.state.Selection().Object; got != alice {
		t.Fatalf("selected %q", got)
	}
	b.settle(func() bool { return p.charts[0].Title == "Bitrate received" })
	if p.chip.text != "WebRtcEndpoint aaaa" || !p.chip.Visible() {
		t.Errorf("the chip says %q", p.chip.text)
	}
	if n := len(p.charts); n < 5 {
		t.Errorf("%d charts", n)
	}
	// Hovering moves the cursor of the window, leaving lets go of it.
	plot := plotArea(p.place(0))
	pos := fyne.NewPos(float32(plot.X+plot.W), float32(plot.Y+plot.H/2))
	p.surface.MouseMoved(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: pos}})
	if at, live := b.state.Cursor(); live || !at.Equal(p.time.To) {
		t.Errorf("cursor %v, live %v", at, live)
	}
	p.surface.MouseOut()
	if _, live := b.state.Cursor(); !live {
		t.Error("the cursor stayed")
	}
	// A drag chooses a range; following ends it.
	from := fyne.NewPos(float32(plot.X+plot.W/2), float32(plot.Y+10))
	p.surface.MouseDown(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: from}})
	p.surface.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: from.AddXY(50, 0)}, Dragged: fyne.NewDelta(50, 0)})
	win.Canvas().Capture()
	p.surface.DragEnd()
	if b.state.Following() {
		t.Error("the range was not fixed")
	}
	test.Tap(p.live)
	if !b.state.Following() {
		t.Error("Live does not follow")
	}
	test.Tap(p.spans[0])
	if b.state.Length() != 20*time.Second {
		t.Errorf("range %v", b.state.Length())
	}
	test.Tap(p.chip)
	if b.state.Selection().Object != "" {
		t.Error("the chip did not let go of the selection")
	}
}

func TestChartsPageSaysWhatToDo(t *testing.T) {
	b := newBench(t)
	p := NewCharts()
	b.catch(&p.work)
	win := window(p, 900, 600)
	defer win.Close()
	p.Update(b.state)
	b.settle(func() bool { return strings.HasPrefix(p.empty, "No statistics yet") })
	b.room()
	b.state.SelectObject(bob)
	p.Update(b.state)
	b.settle(func() bool { return strings.Contains(p.empty, "WebRtcEndpoint bbbb") })
	win.Canvas().Capture()
}

func TestTimelinePage(t *testing.T) {
	b := newBench(t)
	b.room()
	p := NewTimeline()
	b.catch(&p.work)
	win := window(p, 1000, 600)
	defer win.Close()
	p.Shown(true)
	p.Update(b.state)
	all := b.log.Len()
	b.settle(func() bool { return p.rows != nil && len(p.rows.rows) == all })
	win.Canvas().Capture()

	p.filter.SetText("broke")
	b.settle(func() bool { return len(p.rows.rows) == 1 })
	if want := fmt.Sprintf("1 of %d events", all); p.count.Text != want {
		t.Errorf("%q, want %q", p.count.Text, want)
	}
	p.list.Select(0)
	if got := b.state.Selection().Object; got != bob {
		t.Errorf("a row selected %q", got)
	}
	if b.state.Pinned().IsZero() {
		t.Error("a row did not move the cursor")
	}
	if !strings.Contains(p.raw.Text, "it broke") && !strings.Contains(p.raw.Text, "No message") {
		t.Errorf("the pane shows %q", p.raw.Text)
	}
	// The own choice does not narrow the table; one from elsewhere does.
	p.Update(b.state)
	if p.scope != "" {
		t.Errorf("scope %q", p.scope)
	}
	p.filter.SetText("")
	b.state.SelectObject(alice)
	p.Update(b.state)
	b.settle(func() bool { return len(p.rows.rows) > 0 && len(p.rows.rows) < all })
	if !p.chip.Visible() || p.chip.text != "WebRtcEndpoint aaaa" {
		t.Errorf("the chip says %q", p.chip.text)
	}
	test.Tap(p.chip)
	b.settle(func() bool { return len(p.rows.rows) == all })

	p.filter.SetText("/(/")
	if p.wrong == "" || !strings.Contains(p.count.Text, "regular expression") {
		t.Errorf("a broken expression is told as %q", p.count.Text)
	}
	p.filter.SetText("/^MediaFlow/")
	b.settle(func() bool { return len(p.rows.rows) == 1 })

	p.list.UnselectAll()
	p.list.Select(0)
	p.copyRow()
	got := fyne.CurrentApp().Clipboard().Content()
	if lines := strings.Split(strings.TrimSpace(got), "\n"); len(lines) != 2 || strings.Count(lines[1], "\t") != 5 || !strings.Contains(lines[1], alice) {
		t.Errorf("copied %q", got)
	}
	p.copyAllJSON()
	if got := fyne.CurrentApp().Clipboard().Content(); !strings.Contains(got, `"type": "MediaFlowInStateChanged"`) {
		t.Errorf("copied %q", got)
	}
}

func TestRawTextMasksSecrets(t *testing.T) {
	e := timeline.Entry{Raw: []byte(`{"params":{"sessionId":"abc","sdp":"a=ice-pwd:hushhush","turnUrl":"me:pw@1.2.3.4:3478","n":1}}`)}
	s := rawText(&e)
	for _, secret := range []string{"hushhush", "me:pw", `"abc"`} {
		if strings.Contains(s, secret) {
			t.Errorf("%q shows %s", s, secret)
		}
	}
	if s := rawText(&timeline.Entry{}); !strings.HasPrefix(s, "No message") {
		t.Errorf("%q", s)
	}
}

func TestGraphPageShowsWhatWasThere(t *testing.T) {
	b := newBench(t)
	b.room()
	p := NewGraph(&row{})
	b.catch(&p.work)
	destroy := func(id string) {
		b.feed(wire.Fact{Kind: wire.KindEvent, Type: "ObjectDestroyed", Object: inventory.ManagerID,
			Data: []byte(fmt.Sprintf(`{"source":%q,"type":"ObjectDestroyed","objectId":%q}`, inventory.ManagerID, id))})
	}
	destroy(bob)
	p.Update(b.state)
	b.settle(func() bool { return p.scene != nil })
	if p.scene.over || p.scene.hidden != 1 || len(p.scene.g.Nodes) != 1 {
		t.Errorf("one of two gone: over %v, %d hidden, %d nodes", p.scene.over, p.scene.hidden, len(p.scene.g.Nodes))
	}
	p.toggleGone()
	b.settle(func() bool { return len(p.scene.g.Nodes) == 2 })
	p.toggleGone()
	destroy(alice)
	destroy(room)
	p.Update(b.state)
	b.settle(func() bool { return p.scene.over })
	if len(p.scene.g.Nodes) != 2 || p.emptyText() != "" {
		t.Errorf("%d nodes, %q", len(p.scene.g.Nodes), p.emptyText())
	}
	win := window(p, 900, 600)
	defer win.Close()
	win.Canvas().Capture()
}
