package app

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/storage"
	"fyne.io/fyne/v2/test"

	"kmscope/ui/kit"
	"kmscope/ui/theme"
	"kmscope/ui/view"
	"kmscope/ui/view/viewtest"
)

func TestConnecting(t *testing.T) {
	r := newRig(t, theme.AlwaysDark)
	d := showConnect(r.w, "ws://me:secret@nowhere:8888/kurento")
	d.start()
	r.wait("the failure", d.failure.Visible)
	if d.failure.Text != "Nothing accepts connections there; check that the server runs." {
		t.Errorf("the failure is %q", d.failure.Text)
	}
	if d.tls.Visible() {
		t.Error("without TLS nothing is to be trusted")
	}

	var got view.Target
	s := viewtest.NewServer("nowhere")
	r.ws.OnAttach = func(_ context.Context, t view.Target) (view.Session, error) {
		got = t
		if t.Fingerprint == "" {
			return nil, &view.Untrusted{Fingerprint: strings.Repeat("ab", 32), Subject: "CN=kms", Err: errors.New("nobody vouches for the certificate of nowhere")}
		}
		r.ws.Add(s)
		return s, nil
	}
	d.address.SetText("wss://me:secret@nowhere:8433/kurento")
	if !d.tls.Visible() {
		t.Error("with TLS there is nothing to choose")
	}
	d.start()
	r.wait("the question", func() bool { return r.sees("Trust this certificate?") })
	if !r.sees("ABAB ABAB") {
		t.Error("the fingerprint is not shown in groups")
	}
	for _, b := range buttons(r.w.win.Canvas().Overlays().Top()) {
		if b.Text() == "Trust it from now on" {
			b.Tapped(nil)
		}
	}
	r.wait("the session", func() bool { return r.w.state.Selection().Session == s })
	if got.Fingerprint != strings.Repeat("ab", 32) {
		t.Errorf("the pin is %q", got.Fingerprint)
	}
	if d.dialog.Visible() {
		t.Error("the dialog stays open")
	}
	recent := r.w.prefs.recent(prefServers)
	if len(recent) != 1 || recent[0] != "wss://nowhere:8433/kurento" {
		t.Errorf("remembered is %q", recent)
	}
	if _, pin := r.w.prefs.trust("wss://other:pw@nowhere:8433/kurento"); pin != got.Fingerprint {
		t.Error("the pin is not remembered")
	}
}

func TestConnectingCanBeCancelled(t *testing.T) {
	r := newRig(t, theme.AlwaysDark)
	r.ws.OnAttach = func(ctx context.Context, _ view.Target) (view.Session, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	d := showConnect(r.w, "ws://slow")
	d.start()
	if !d.busy.Visible() || d.connect.Enabled() {
		t.Error("while connecting nothing tells so")
	}
	d.cancel.Tapped(nil)
	r.wait("the end", func() bool { return d.stop == nil })
	if r.w.state.Selection().Session != nil || d.dialog.Visible() {
		t.Error("cancelled, and yet there")
	}
}

func buttons(o fyne.CanvasObject) []*kit.Button {
	var out []*kit.Button
	var walk func(fyne.CanvasObject)
	walk = func(o fyne.CanvasObject) {
		switch x := o.(type) {
		case *kit.Button:
			out = append(out, x)
		case *fyne.Container:
			for _, c := range x.Objects {
				walk(c)
			}
		case fyne.Widget:
			for _, c := range test.WidgetRenderer(x).Objects() {
				walk(c)
			}
		}
	}
	walk(o)
	return out
}

// logs is a page that takes files with a certain name.
type logs struct {
	*blank
	choose func(string, func(string))
	opened []string
	over   bool
}

func (l *logs) Takes(path string) bool                  { return strings.HasSuffix(path, ".log") }
func (l *logs) Import(path string)                      { l.opened = append(l.opened, filepath.Base(path)) }
func (l *logs) SetChooser(c func(string, func(string))) { l.choose = c }
func (l *logs) Release()                                { l.over = true }

// TestOpeningLogs holds that what is no capture goes to the page that takes it,
// which is shown without a server.
func TestOpeningLogs(t *testing.T) {
	l := &logs{blank: newBlank("Logs")}
	r := newRig(t, theme.AlwaysDark, l)
	r.w.dropped(fyne.Position{}, []fyne.URI{storage.NewFileURI(filepath.Join(t.TempDir(), "a.log"))})
	r.wait("the log", func() bool { return len(l.opened) == 1 })
	if !l.shown || l.updates == 0 || r.w.start.content.Visible() {
		t.Error("the page of logs is not shown")
	}
	r.files.open = "/b.log"
	l.choose("Open a log", l.Import)
	if !slices.Equal(l.opened, []string{"a.log", "b.log"}) {
		t.Errorf("opened %q", l.opened)
	}
	r.files.open = ""
	l.choose("Open a log", l.Import)
	r.w.tabs.Choose(0)
	if l.shown || !r.w.start.content.Visible() || len(l.opened) != 2 {
		t.Errorf("another page does not lead back to the start, opened %q", l.opened)
	}
	r.w.tabs.Choose(3)
	if !l.shown {
		t.Error("a person cannot go to the page of logs")
	}
	r.w.close()
	if !l.over {
		t.Error("the files are not closed with the window")
	}
}

func TestOpeningCaptures(t *testing.T) {
	r := newRig(t, theme.AlwaysDark)
	dir := t.TempDir()
	r.w.dropped(fyne.Position{}, []fyne.URI{storage.NewFileURI(filepath.Join(dir, "broken.kmscap"))})
	r.wait("the failure", func() bool { return r.sees("This is not a capture.") })

	s := viewtest.NewServer("file")
	s.IsLive = false
	s.State = view.Link{State: view.Replaying}
	s.Conference()
	replay := &viewtest.Replay{Of: s, File: filepath.Join(dir, "a.kmscap"), From: viewtest.Start, Length: 70 * time.Second}
	r.ws.OnOpen = func(context.Context, string) (view.Replay, error) {
		r.ws.AddReplay(replay)
		return replay, nil
	}
	r.files.open = replay.File
	r.w.openFile()
	r.wait("the replay", func() bool { return r.w.state.Selection().Session == s })
	r.w.update(true)
	if !r.sees("Replay of a.kmscap") || !r.sees("at 0:00 of 1:10") {
		t.Error("the replay is not announced")
	}
	replay.Missing = "the file was cut here: what came after is lost"
	r.w.update(true)
	if !r.sees("The file was cut here: what came after is lost. Replay of a.kmscap") {
		t.Errorf("the banner says %q", r.w.banner.full)
	}
	if got := r.w.prefs.recent(prefFiles); len(got) != 1 || got[0] != replay.File {
		t.Errorf("remembered is %q", got)
	}

	go r.w.queue.run(r.w.ctx)
	r.w.timeBar.track.Resize(fyne.NewSize(700, 28))
	calm := func() {
		until(t, "an update", func() bool { return len(r.w.pump.kicked) > 0 })
		r.w.pump.touched.Store(0)
		<-r.w.pump.kicked
	}
	r.w.pump.kick()
	calm()
	r.w.timeBar.track.MouseDown(nil)
	if !r.w.pump.lively() {
		t.Error("a press on the time bar lets the loop sleep: it becomes a tap later")
	}
	r.w.timeBar.track.Tapped(&fyne.PointEvent{Position: fyne.NewPos(350, 10)})
	until(t, "the position", func() bool { return replay.Position() == 35*time.Second })
	calm() // what was asked for is shown at once
	r.w.togglePause()
	until(t, "playing", replay.Playing)
	calm()
	r.w.timeBar.setSpeed(10)
	until(t, "the speed", func() bool { return replay.Speed() == 10 })
	calm()
	r.w.timeBar.follow()
	until(t, "the end", func() bool { return replay.Position() == 70*time.Second })

	r.w.remove(s)
	r.wait("the end of the replay", func() bool { return r.w.state.Selection().Session == nil })
}

// Why a connection was lost is said in a narrow window, too, as much of it as has room;
// half a figure is not.
func TestNarrowStatusBar(t *testing.T) {
	r := newRig(t, theme.AlwaysDark)
	s, _ := r.conference()
	s.State = view.Link{State: view.Reconnecting, Cause: "nothing accepts connections at 192.0.2.1:8888; check that the server runs and that the port is right"}
	b := r.w.statusBar
	b.update(time.Now())
	for _, c := range []struct {
		width float32
		cause bool
	}{{800, true}, {600, true}, {380, false}} {
		b.row.Resize(fyne.NewSize(c.width, phraseHeight))
		if b.phrases[1].Visible() != c.cause {
			t.Errorf("at %v px the cause is visible: %v", c.width, !c.cause)
		}
		end := b.right.Position().X
		for i, p := range b.phrases {
			if p.Visible() && p.Position().X+p.Size().Width > end {
				t.Errorf("at %v px phrase %d, %q, ends below what is on the right", c.width, i, p.Text)
			}
			if i > 1 && p.Visible() && p.Size().Width < p.MinSize().Width {
				t.Errorf("at %v px %q is cut", c.width, p.Text)
			}
		}
	}
}
