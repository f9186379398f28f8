package gstreamerpage

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"go.uber.org/goleak"

	"kmscope/graph"
	"kmscope/graph/gst"
	"kmscope/session"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
	"kmscope/ui/theme"
	"kmscope/ui/view"
	"kmscope/ui/view/viewtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// columns places without graphviz, which is tested elsewhere.
type columns struct{ entered chan struct{} }

func (c columns) Boxes(ctx context.Context, b *graph.Boxes) (*graph.BoxesAt, error) {
	if c.entered != nil {
		c.entered <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return graph.BoxColumns(b)
}

const (
	room  = "11111111-0000-0000-0000-000000000000_kurento.MediaPipeline"
	alice = room + "/aaaaaaaa-0000-0000-0000-000000000000_kurento.WebRtcEndpoint"
)

// bench is a page over a server, with what its workers post.
type bench struct {
	t      *testing.T
	page   *Page
	server *viewtest.Server
	state  *view.State
	posts  chan func()
	asked  []string
	answer func(ctx context.Context) (string, error)
}

func newBench(t *testing.T, placer gst.Placer) *bench {
	t.Helper()
	a := test.NewApp()
	a.Settings().SetTheme(theme.New(theme.AlwaysDark))
	t.Cleanup(func() { test.NewApp() })
	b := &bench{t: t, page: New(placer), server: viewtest.NewServer("server"), posts: make(chan func(), 16)}
	for _, w := range []*surface.Worker{&b.page.take, &b.page.place} {
		w.OnUI = func(f func()) { b.posts <- f }
	}
	b.server.OnDump = func(ctx context.Context, id, details string) (string, error) {
		b.asked = append(b.asked, id+" "+details)
		return b.answer(ctx)
	}
	ws := &viewtest.Workspace{}
	ws.Add(b.server)
	b.server.Create(room, "")
	b.server.Create(alice, "")
	b.state = view.NewState(ws)
	b.state.SetClock(view.Clock{Mode: view.UTC})
	win := test.NewWindow(b.page.Content())
	win.Resize(fyne.NewSize(1000, 640))
	t.Cleanup(win.Close)
	b.page.Shown(true)
	b.page.Update(b.state)
	return b
}

// settle runs what the workers post, as the interface would, until done.
func (b *bench) settle(done func() bool) {
	b.t.Helper()
	deadline := time.After(time.Minute)
	for !done() {
		select {
		case f := <-b.posts:
			f()
		case <-deadline:
			b.t.Fatal("the page never got there")
		}
	}
}

// dump takes a dump of alice whose text is given.
func (b *bench) dump(text string) {
	b.t.Helper()
	b.answer = func(context.Context) (string, error) { return text, nil }
	n := len(b.page.shots)
	b.page.takeDump()
	b.settle(func() bool { return len(b.page.shots) == n+1 && !b.page.placing })
}

func dumpText(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("../../../graph/gst/testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func (b *bench) find(name string) int {
	b.t.Helper()
	for i := range b.page.dump().Elements {
		if b.page.dump().Elements[i].Name == name {
			return i
		}
	}
	b.t.Fatalf("no element %s", name)
	return 0
}

func TestTakeDump(t *testing.T) {
	b := newBench(t, columns{})
	p := b.page
	if !strings.Contains(p.emptyText(), "Choose") || p.takeIt.Enabled() {
		t.Errorf("%q", p.emptyText())
	}
	b.state.SelectObject(alice)
	p.Update(b.state)
	if !strings.Contains(p.emptyText(), "Take dump") || !p.takeIt.Enabled() || !strings.Contains(p.target.Text, "WebRtcEndpoint") {
		t.Errorf("%q %q", p.emptyText(), p.target.Text)
	}
	p.details.SetSelectedIndex(4)
	b.dump(dumpText(t, "webrtc.dot"))
	if len(b.asked) != 1 || b.asked[0] != alice+" SHOW_MEDIA_TYPE" {
		t.Errorf("%q", b.asked)
	}
	if p.scene == nil || p.emptyText() == "" && p.now == nil {
		t.Fatal("nothing is drawn")
	}
	if n := len(p.scene.Boxes); n > firstBoxes+1 || n < 5 {
		t.Errorf("%d boxes at first", n)
	}
	p.toggleAll()
	b.settle(func() bool { return !p.placing })
	if p.scene.open != p.scene.bins || len(p.scene.Boxes) != len(p.dump().Elements) || p.bins.Text() != "Close all bins" {
		t.Errorf("%d of %d bins are open", p.scene.open, p.scene.bins)
	}
	// An error leaves what is there, and says why.
	b.answer = func(context.Context) (string, error) { return "", errors.New("the server does not answer") }
	p.takeDump()
	b.settle(func() bool { return p.taking == "" })
	if p.problem != "The server does not answer." || p.scene == nil {
		t.Errorf("%q", p.problem)
	}
	b.answer = func(context.Context) (string, error) { return "hello", nil }
	p.takeDump()
	b.settle(func() bool { return p.taking == "" })
	if !strings.Contains(p.problem, "no graph as GStreamer writes it") || len(p.shots) != 1 {
		t.Errorf("%q", p.problem)
	}
}

// Esc stops a dump that is being taken, and one that is being placed.
func TestCancel(t *testing.T) {
	entered := make(chan struct{}, 4)
	b := newBench(t, columns{entered})
	p := b.page
	b.state.SelectObject(alice)
	p.Update(b.state)
	asked := make(chan struct{})
	b.answer = func(ctx context.Context) (string, error) {
		close(asked)
		<-ctx.Done()
		return "", ctx.Err()
	}
	p.takeDump()
	<-asked
	if p.takeIt.Text() != "Cancel" {
		t.Error("nothing tells how to stop it")
	}
	if !p.key(fyne.KeyEscape) || p.taking != "" || p.takeIt.Text() != "Take dump" {
		t.Error("the dump is still being taken")
	}
	(<-b.posts)() // what was cancelled reports, and is dropped
	b.answer = func(context.Context) (string, error) { return dumpText(t, "webrtc.dot"), nil }
	p.takeDump()
	b.settle(func() bool { return p.placing })
	<-entered
	if !p.key(fyne.KeyEscape) || p.placing || !strings.Contains(p.told, "stopped") {
		t.Errorf("it is still being placed: %q", p.told)
	}
	b.settle(func() bool { return len(b.posts) == 0 })
}

func TestSearch(t *testing.T) {
	b := newBench(t, columns{})
	p := b.page
	b.state.SelectObject(alice)
	p.Update(b.state)
	b.dump(dumpText(t, "webrtc.dot"))
	p.search.SetText("srtpenc0")
	if len(p.hits) == 0 || !strings.Contains(p.count.Text, "hit") {
		t.Fatalf("%q %v", p.count.Text, p.hits)
	}
	inner := -1
	for i := range p.hits {
		p.jump(1)
		b.settle(func() bool { return !p.placing })
		if h := p.hits[p.hit]; h.Link < 0 && p.dump().Elements[h.Element].Name == "srtpenc0" {
			inner = i
			if p.chosen.element != h.Element {
				t.Errorf("the jump went to %v instead of %v", p.chosen, h)
			}
			if _, ok := p.scene.boxOf[h.Element]; !ok {
				t.Error("what was found is in a closed bin")
			}
			x, y := p.port.ToWindow(p.scene.Boxes[p.scene.boxOf[h.Element]].X, p.scene.Boxes[p.scene.boxOf[h.Element]].Y)
			if x < 0 || y < 0 || x > p.port.W || y > p.port.H {
				t.Errorf("it is out of view at %v, %v", x, y)
			}
		}
	}
	if inner < 0 {
		t.Error("srtpenc0 was not found")
	}
	p.jump(1)
	p.jump(-1)
	b.settle(func() bool { return !p.placing })
	p.search.SetText("/(/")
	if p.wrong == "" || p.count.Text != "not valid" {
		t.Errorf("%q %q", p.wrong, p.count.Text)
	}
	p.searchKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if p.search.Text != "" || p.wrong != "" {
		t.Error("Esc does not clear the search")
	}
}

// texts gives what the panel tells.
func (p *Page) texts() string {
	var b strings.Builder
	for _, r := range p.sideRows() {
		b.WriteString(r.name + " " + r.text + "\n")
	}
	return b.String()
}

func TestPanel(t *testing.T) {
	b := newBench(t, columns{})
	p := b.page
	if !strings.Contains(p.texts(), "chosen") {
		t.Error(p.texts())
	}
	b.state.SelectObject(alice)
	p.Update(b.state)
	b.dump(dumpText(t, "webrtc.dot"))
	for _, want := range []string{"WebRtcEndpoint", "without a format", "queues"} {
		if !strings.Contains(p.texts(), want) {
			t.Errorf("no %q in\n%s", want, p.texts())
		}
	}
	p.visit(target{b.find("nicesink0"), -1})
	b.settle(func() bool { return !p.placing })
	for _, want := range []string{"GstNiceSink", "● PLAYING", "Properties", "Sink pads", "async FALSE", "dtls"} {
		if !strings.Contains(p.texts(), want) {
			t.Errorf("no %q in\n%s", want, p.texts())
		}
	}
	for i := range p.dump().Links {
		p.choose(target{-1, i})
		if s := p.texts(); !strings.Contains(s, "from ") || strings.Contains(s, "PRIVATE") {
			t.Errorf("link %d:\n%s", i, s)
		}
	}
	p.copyDetails()
	if s := fyne.CurrentApp().Clipboard().Content(); !strings.Contains(s, "Source pad") {
		t.Error(s)
	}
	if !p.key(fyne.KeyEscape) || p.chosen != nothing {
		t.Error("Esc keeps the choice")
	}
}

func TestCompareDumps(t *testing.T) {
	b := newBench(t, columns{})
	p := b.page
	b.state.SelectObject(alice)
	p.Update(b.state)
	text := dumpText(t, "player.dot")
	b.dump(text)
	p.compareLast()
	if p.before != nil || p.told == "" {
		t.Error("a dump is compared with nothing")
	}
	b.dump(strings.ReplaceAll(strings.Replace(text, `GstOpusEnc\nopusenc`, `GstVorbisEnc\nvorbisenc`, 1), `typefind\n[>]`, `typefind\n[=]`))
	p.compareLast()
	b.settle(func() bool { return !p.placing })
	if p.diff == nil || len(p.diff.List) == 0 || !strings.Contains(p.texts(), "changed") {
		t.Fatalf("no difference\n%s", p.texts())
	}
	if !strings.Contains(p.texts(), "state: PLAYING → PAUSED") {
		t.Error(p.texts())
	}
	p.toggleAll()
	b.settle(func() bool { return !p.placing })
	p.visit(target{p.diff.List[0].Element, -1})
	b.settle(func() bool { return !p.placing })
	if !strings.Contains(p.texts(), "since") {
		t.Error(p.texts())
	}
	// From the list, and no more.
	p.compare.SetSelectedIndex(0)
	b.settle(func() bool { return !p.placing })
	if p.before != nil || p.diff != nil {
		t.Error("it is still compared")
	}
	p.history.SetSelectedIndex(1)
	b.settle(func() bool { return !p.placing })
	if p.now != p.shots[0] {
		t.Error("the older dump is not shown")
	}
}

func TestExports(t *testing.T) {
	b := newBench(t, columns{})
	p := b.page
	p.save(0)
	if p.told == "" {
		t.Error("nobody was told that there is no dump")
	}
	b.state.SelectObject(alice)
	p.Update(b.state)
	b.dump(dumpText(t, "player.dot"))
	files := map[string][]byte{}
	p.SetSaver(func(_, name string, write func(io.Writer) error) {
		var buf bytes.Buffer
		if err := write(&buf); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		files[filepath.Ext(name)] = buf.Bytes()
	})
	for i := range exports {
		p.save(i)
	}
	if !bytes.HasPrefix(files[".dot"], []byte("digraph pipeline")) || !bytes.HasPrefix(files[".pdf"], []byte("%PDF")) {
		t.Errorf("%.40s %.40s", files[".dot"], files[".pdf"])
	}
	if err := xml.Unmarshal(files[".svg"], new(struct{})); err != nil {
		t.Error(err)
	}
	if m, err := png.Decode(bytes.NewReader(files[".png"])); err != nil || float64(m.Bounds().Dx()) < p.scene.W {
		t.Error(err)
	}
	p.copyDOT()
	if !strings.HasPrefix(fyne.CurrentApp().Clipboard().Content(), "digraph") {
		t.Error("the dump was not copied")
	}
}

// In a replay the same dump is found again, and not listed twice.
func TestReplay(t *testing.T) {
	b := newBench(t, columns{})
	p := b.page
	b.server.IsLive = false
	b.state.SelectObject(alice)
	p.Update(b.state)
	if p.takeIt.Text() != "Find dump" || !p.details.Disabled() {
		t.Errorf("%q", p.takeIt.Text())
	}
	b.dump(dumpText(t, "player.dot"))
	p.takeDump()
	b.settle(func() bool { return p.taking == "" && !p.placing })
	if len(p.shots) != 1 || p.told == "" || b.asked[0] != alice+" " {
		t.Errorf("%d dumps, %q, %q", len(p.shots), p.told, b.asked)
	}
}

// Keys walk along the links.
func TestKeys(t *testing.T) {
	b := newBench(t, columns{})
	p := b.page
	b.state.SelectObject(alice)
	p.Update(b.state)
	b.dump(dumpText(t, "player.dot"))
	for _, r := range "f01+-nNbBdc/" {
		if !p.typed(r) {
			t.Errorf("%c does nothing", r)
		}
		b.settle(func() bool { return !p.placing })
	}
	link := -1
	for i := range p.dump().Links {
		l := &p.dump().Links[i]
		if !p.dump().Pads[l.From].Ghost && !p.dump().Pads[l.To].Ghost {
			link = i
			break
		}
	}
	p.visit(target{p.dump().Pads[p.dump().Links[link].From].Element, -1})
	b.settle(func() bool { return !p.placing })
	from := p.chosen
	p.key(fyne.KeyRight)
	if p.chosen.link < 0 {
		t.Errorf("from an element to %v", p.chosen)
	}
	p.key(fyne.KeyRight)
	if p.chosen.element < 0 || p.chosen == from {
		t.Errorf("from a link to %v", p.chosen)
	}
	p.key(fyne.KeyDown)
	p.key(fyne.KeyHome)
	if !p.fitted {
		t.Error("Home does not fit")
	}
}

// The picture of a small dump, in both themes.
func TestPicture(t *testing.T) {
	d, err := gst.Parse(dumpText(t, "ready.dot"))
	if err != nil {
		t.Fatal(err)
	}
	newBench(t, columns{})
	s, err := newScene(t.Context(), d, nil, func(int) bool { return true }, columns{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]theme.Palette{"dark": theme.Dark, "light": theme.Light} {
		l, c := surface.LookOf(p), paint.NewCanvas()
		c.Begin(int(s.W)+40, int(s.H)+40, l.Background)
		var pt painter
		pt.paint(c, l, s, surface.Viewport{X: -20, Y: -20, Zoom: 1, W: s.W + 40, H: s.H + 40}, marks{chosen: target{1, -1}, hover: nothing, at: nothing}, 1)
		golden(t, "ready-"+name, c.Image())
	}
}

// golden compares with testdata/name.png; a missing file is written, and the
// test fails until it was looked at and added.
func golden(t *testing.T, name string, got *image.RGBA) {
	t.Helper()
	path := filepath.Join("testdata", name+".png")
	raw, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		var b bytes.Buffer
		if err := png.Encode(&b, got); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		t.Fatalf("%s was written: look at it", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	want, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if want.Bounds() != got.Bounds() {
		t.Fatalf("%s is %v, painted was %v", path, want.Bounds(), got.Bounds())
	}
	off := 0
	for y := range got.Bounds().Dy() {
		for x := range got.Bounds().Dx() {
			a, b := got.RGBAAt(x, y), want.At(x, y)
			r, g, bl, _ := b.RGBA()
			if diff(a.R, uint8(r>>8)) > 2 || diff(a.G, uint8(g>>8)) > 2 || diff(a.B, uint8(bl>>8)) > 2 {
				off++
			}
		}
	}
	if off > 0 {
		t.Errorf("%s: %d pixels differ", path, off)
	}
}

func diff(a, b uint8) uint8 { return max(a, b) - min(a, b) }

func BenchmarkPaint(b *testing.B) {
	raw, err := os.ReadFile("../../../graph/gst/testdata/webrtc.dot")
	if err != nil {
		b.Fatal(err)
	}
	d, err := gst.Parse(string(raw))
	if err != nil {
		b.Fatal(err)
	}
	test.NewApp()
	s, err := newScene(b.Context(), d, nil, func(int) bool { return true }, columns{}, nil)
	if err != nil {
		b.Fatal(err)
	}
	l, c := surface.LookOf(theme.Dark), paint.NewCanvas()
	var pt painter
	for b.Loop() {
		c.Begin(1100, 750, l.Background)
		pt.paint(c, l, s, surface.Viewport{Zoom: 0.8, W: 1100, H: 750}, marks{chosen: nothing, hover: nothing, at: nothing}, 1)
	}
}

// In a replay all dumps of the capture are listed by themselves, and any two of them
// can be compared.
func TestCapturedDumps(t *testing.T) {
	b := newBench(t, columns{})
	p := b.page
	x := viewtest.NewServer("a capture")
	x.IsLive = false
	one, two := dumpText(t, "player.dot"), strings.ReplaceAll(dumpText(t, "player.dot"), "uridecodebin", "otherdecodebin")
	x.Captured = []session.CapturedDump{
		{At: viewtest.Start, Object: alice, Details: "SHOW_ALL", Text: one},
		{At: viewtest.Start.Add(time.Second), Object: alice, Text: two},
		{At: viewtest.Start.Add(2 * time.Second), Object: alice + "2", Text: "no dump at all"},
		{At: viewtest.Start.Add(3 * time.Second), Object: alice + "3", Text: one},
	}
	posts := make(chan func(), 4)
	p.list.OnUI = func(f func()) { posts <- f }
	b.state.Select(view.Selection{Session: x})
	p.Update(b.state)
	(<-posts)()
	if len(p.history.Options) != 3 || !strings.Contains(p.history.Options[2], "everything") || p.now == nil || p.now.id != alice+"3" {
		t.Fatalf("%q", p.history.Options)
	}
	if n := len(p.compare.Options); n != 3 {
		t.Errorf("it can be compared with %d others", n-1)
	}
	p.history.SetSelectedIndex(1)
	p.compareLast()
	if p.before == nil || p.before.text != one {
		t.Errorf("compared with %+v", p.before)
	}
	p.compare.SetSelectedIndex(2)
	if p.now == nil || p.now.id != alice+"3" || p.before == nil || p.before.text != two {
		t.Error("two objects were not compared")
	}
}
