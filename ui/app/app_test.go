package app

import (
	"context"
	"errors"
	"image/color"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"
	"go.uber.org/goleak"

	"kmscope/ui/page"
	"kmscope/ui/theme"
	"kmscope/ui/view"
	"kmscope/ui/view/viewtest"
)

func TestMain(m *testing.M) {
	// The toolkit keeps goroutines of its own for the whole run.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("fyne.io/fyne/v2/internal/async.(*UnboundedChan[...]).processing"),
		goleak.IgnoreAnyFunction("fyne.io/fyne/v2/test.(*app).run"))
}

// blank is a page that counts what the window does with it.
type blank struct {
	title   string
	content fyne.CanvasObject
	updates int
	shown   bool
	ran     int
}

func newBlank(title string) *blank {
	return &blank{title: title, content: container.NewCenter(canvas.NewText(title, color.Gray{Y: 128}))}
}

func (b *blank) Title() string              { return b.title }
func (b *blank) Content() fyne.CanvasObject { return b.content }
func (b *blank) Update(*view.State)         { b.updates++ }
func (b *blank) Shown(on bool)              { b.shown = on }
func (b *blank) Commands() []page.Command {
	return []page.Command{{Title: b.title + ": do it", Run: func() { b.ran++ }}}
}

// rig is a window over a fake workspace, whose goroutines come back to the
// test through a channel.
type rig struct {
	t     *testing.T
	w     *Window
	ws    *viewtest.Workspace
	pages []*blank
	posts chan func()
	files *chooser
}

// chooser answers at once.
type chooser struct{ open, save string }

func (c *chooser) Open(_, _ string, _ []string, done func(string)) { done(c.open) }
func (c *chooser) Save(_, _, _ string, done func(string))          { done(c.save) }

func newRig(t *testing.T, mode theme.Mode, more ...page.Page) *rig {
	t.Helper()
	a := test.NewTempApp(t)
	r := &rig{t: t, ws: &viewtest.Workspace{}, posts: make(chan func(), 16), files: &chooser{}}
	r.w = New(a, Options{Workspace: r.ws, Theme: &mode, Version: "1.2.3", Pages: func() []page.Page {
		var list []page.Page
		for _, title := range []string{"Graph", "Charts", "Timeline"} {
			b := newBlank(title)
			r.pages = append(r.pages, b)
			list = append(list, b)
		}
		return append(list, more...)
	}, Demo: func(context.Context) (view.Target, error) { return view.Target{URL: "ws://demo"}, nil }})
	r.w.do = func(f func()) { r.posts <- f }
	r.w.files = r.files
	r.w.state.SetClock(view.Clock{Mode: view.UTC})
	r.w.win.Resize(fyne.NewSize(1240, 760))
	t.Cleanup(func() {
		r.w.end()
		r.w.win.Close()
	})
	return r
}

// patience bounds every wait for what takes moments on a machine that has
// nothing else to do.
const patience = time.Minute

// wait runs what comes back from goroutines until a condition holds.
func (r *rig) wait(what string, ok func() bool) {
	r.t.Helper()
	deadline := time.After(patience)
	for !ok() {
		select {
		case f := <-r.posts:
			f()
		case <-deadline:
			r.t.Fatalf("timeout: %s", what)
		}
	}
}

func (r *rig) conference() (*viewtest.Server, map[string]string) {
	s := viewtest.NewServer("studio-1")
	ids := s.Conference()
	r.ws.Add(s)
	r.w.update(true)
	return s, ids
}

// texts gives all texts that are shown below an object.
func texts(o fyne.CanvasObject) string {
	var b strings.Builder
	var walk func(fyne.CanvasObject)
	walk = func(o fyne.CanvasObject) {
		if !o.Visible() {
			return
		}
		switch x := o.(type) {
		case *canvas.Text:
			b.WriteString(x.Text + "\n")
		case *fyne.Container:
			for _, c := range x.Objects {
				walk(c)
			}
		case *widget.Label:
			b.WriteString(x.Text + "\n")
		case fyne.Accessible: // painted as one picture
			b.WriteString(x.AccessibilityLabel() + "\n")
		case fyne.Widget:
			for _, c := range test.WidgetRenderer(x).Objects() {
				walk(c)
			}
		}
	}
	walk(o)
	return b.String()
}

func (r *rig) sees(want string) bool {
	all := texts(r.w.win.Content())
	for _, o := range r.w.win.Canvas().Overlays().List() {
		all += texts(o)
	}
	return strings.Contains(all, want)
}

func TestPictures(t *testing.T) {
	for _, c := range []struct {
		name string
		mode theme.Mode
	}{{"dark", theme.AlwaysDark}, {"light", theme.AlwaysLight}} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, c.mode)
			test.AssertImageMatches(t, "empty-"+c.name+".png", r.w.win.Canvas().Capture())
			s, ids := r.conference()
			r.w.state.Select(view.Selection{Session: s, Object: ids["guest-2"]})
			r.w.update(true)
			test.AssertImageMatches(t, "conference-"+c.name+".png", r.w.win.Canvas().Capture())
		})
	}
}

func TestPagesAreToldWhenTheyAreShown(t *testing.T) {
	r := newRig(t, theme.AlwaysDark)
	if r.w.visible != -1 || r.pages[0].shown || !r.sees("See what a media server does, without touching it") {
		t.Error("without a server the start page is not shown")
	}
	r.conference()
	if !r.pages[0].shown || r.pages[0].updates == 0 || r.pages[1].updates != 0 {
		t.Errorf("the first page is not the one that is updated: %+v %+v", r.pages[0], r.pages[1])
	}
	r.w.tabs.Choose(2)
	if r.pages[0].shown || !r.pages[2].shown || r.pages[2].updates == 0 {
		t.Error("choosing a tab does not show its page")
	}
	before := r.pages[0].updates
	r.w.update(true)
	if r.pages[0].updates != before {
		t.Error("a hidden page is updated")
	}
	if got := r.w.prefs.p.String(prefPage); got != "Timeline" {
		t.Errorf("the page that is remembered is %q", got)
	}
}

// TestStartsOnTheRememberedPage starts the window again after another page than
// the first was left open.
func TestStartsOnTheRememberedPage(t *testing.T) {
	a := test.NewTempApp(t)
	a.Preferences().SetString(prefPage, "Timeline")
	w := New(a, Options{Workspace: &viewtest.Workspace{}, Pages: func() []page.Page { return []page.Page{newBlank("Graph"), newBlank("Timeline")} }})
	defer w.end()
	if w.tabs.Chosen() != 1 {
		t.Errorf("page %d is chosen", w.tabs.Chosen())
	}
}

func TestTreeByKeyboard(t *testing.T) {
	r := newRig(t, theme.AlwaysDark)
	s, ids := r.conference()
	key := func(names ...fyne.KeyName) {
		for _, n := range names {
			r.w.navigator.list.TypedKey(&fyne.KeyEvent{Name: n})
		}
	}
	sel := func() string { return r.w.state.Selection().Object }
	if r.w.state.Selection().Session != s || sel() != "" {
		t.Fatal("the first server is not selected")
	}
	key(fyne.KeyDown, fyne.KeyDown)
	if sel() != ids["guest-1"] {
		t.Errorf("two down is %s", sel())
	}
	key(fyne.KeyLeft)
	if sel() != ids["room-42"] {
		t.Errorf("left is %s", sel())
	}
	rows := len(r.w.navigator.rows)
	key(fyne.KeyLeft)
	if len(r.w.navigator.rows) >= rows {
		t.Error("left does not close")
	}
	key(fyne.KeyRight)
	if len(r.w.navigator.rows) != rows {
		t.Error("right does not open")
	}
	key(fyne.KeyEnd)
	if sel() != ids["idle-b"] {
		t.Errorf("the end is %s", sel())
	}
	r.w.update(true)
	if len(s.ReadIDs) == 0 || s.ReadIDs[len(s.ReadIDs)-1] != ids["idle-b"] || s.Focused[0] != ids["idle-b"] {
		t.Error("what is selected is neither read nor in focus")
	}
}

func TestFilterField(t *testing.T) {
	r := newRig(t, theme.AlwaysDark)
	r.conference()
	test.Type(r.w.navigator.filter, "guest-1")
	if len(r.w.navigator.rows) != 5 {
		t.Errorf("%d rows, want 5", len(r.w.navigator.rows))
	}
	r.w.navigator.filter.SetText("/[/")
	if !r.w.navigator.problem.Visible() {
		t.Error("a broken expression is not told")
	}
	r.w.navigator.filter.SetText("nothing like it")
	if !r.sees("nothing of 11 objects matches") {
		t.Error("an empty result is not told")
	}
	r.w.navigator.filter.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if r.w.navigator.filter.Text != "" || len(r.w.navigator.rows) != 12 {
		t.Errorf("escape leaves %d rows", len(r.w.navigator.rows))
	}
}

func TestInspectorOpensAndFollows(t *testing.T) {
	r := newRig(t, theme.AlwaysDark)
	s, ids := r.conference()
	r.w.state.Select(view.Selection{Session: s, Object: ids["guest-2"]})
	r.w.update(true)
	var link, detail *line
	for i := range r.w.inspector.lines {
		l := &r.w.inspector.lines[i]
		if l.field.Target.Object == ids["presenter ▸ out"] {
			link = l
		}
		if l.field.Key == "in video" {
			detail = l
		}
	}
	if link == nil || detail == nil {
		t.Fatal("the inspector lacks the connection or the flow")
	}
	tapped := *link
	before := len(r.w.inspector.lines)
	r.w.inspector.tap(*detail)
	if len(r.w.inspector.lines) <= before {
		t.Error("a tap does not open the detail")
	}
	r.w.inspector.tap(tapped)
	if r.w.state.Selection().Object != ids["presenter ▸ out"] {
		t.Error("a tap on a connection does not go there")
	}
	r.w.inspector.json.Tapped(nil)
	if !r.sees(`"Type": "HubPort",`) {
		t.Error("JSON is not shown")
	}
	r.w.inspector.copy(r.w.inspector.tsv(), "")
	if got := fyne.CurrentApp().Clipboard().Content(); !strings.HasPrefix(got, "id\t"+ids["presenter ▸ out"]) {
		t.Errorf("copied %q", got)
	}
}

func TestFinder(t *testing.T) {
	r := newRig(t, theme.AlwaysDark)
	_, ids := r.conference()
	f := showFinder(r.w.win.Canvas(), r.w.state, func() []view.Hit {
		return []view.Hit{{Title: "Charts", Run: func() { r.w.tabs.Choose(1) }}}
	})
	test.Type(f.entry, "guest")
	f.entry.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
	f.entry.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if got := r.w.state.Selection().Object; got != ids["guest-2"] && got != ids["guest-1"] && got != ids["guest-1 ▸ out"] {
		t.Errorf("the second hit selects %s", got)
	}
	if r.w.win.Canvas().Overlays().Top() != nil {
		t.Error("the finder stays open")
	}
	r.w.find()
	if r.w.win.Canvas().Overlays().Top() == nil {
		t.Error("the finder does not open")
	}
}

// until waits for a condition that another goroutine makes true.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("timeout: %s", what)
		}
		<-tick.C
	}
}

func TestRecordKeepsTheCapture(t *testing.T) {
	r := newRig(t, theme.AlwaysDark)
	r.w.updateTools(time.Now())
	if r.w.recordButton.Enabled() {
		t.Error("there is nothing to record yet")
	}
	r.ws.State = view.Capture{Path: "/cache/ring", Since: time.Now()}
	r.files.save = "/tmp/ticket-17"
	r.w.record()
	r.wait("the record", func() bool { return len(r.ws.Recorded()) == 1 })
	if got := r.ws.Recorded()[0]; got != "/tmp/ticket-17.kmscap" {
		t.Errorf("recorded as %q", got)
	}
	r.w.updateTools(time.Now())
	if !strings.HasPrefix(r.w.recordButton.Text(), "Recording 0:0") {
		t.Errorf("the button says %q", r.w.recordButton.Text())
	}
}

// TestCancelledSaving gives up a file half-way: what stood under its name stays.
func TestCancelledSaving(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "figures.csv")
	if err := os.WriteFile(path, []byte("the one before"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	err := writeFile(ctx, path, func(w io.Writer) error {
		if _, err := w.Write([]byte("half")); err != nil {
			t.Error(err)
		}
		cancel()
		_, err := w.Write([]byte(" of it"))
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled, and yet: %v", err)
	}
	if kept, err := os.ReadFile(path); err != nil || string(kept) != "the one before" {
		t.Errorf("the file has %q now, %v", kept, err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("%d files are left, %v", len(left), err)
	}
}

func TestBanners(t *testing.T) {
	r := newRig(t, theme.AlwaysDark)
	s, _ := r.conference()
	now := time.Now()
	for _, c := range []struct {
		link view.Link
		want string
	}{
		{view.Link{State: view.Connected}, ""},
		{view.Link{State: view.Reconnecting, Cause: "The server closed it", RetryAt: now.Add(2500 * time.Millisecond)},
			"The connection is lost: what you see is the state of " + s.Snapshot().At.UTC().Format("15:04:05.000") + ". The server closed it. The next try is in 3 s."},
		{view.Link{State: view.Deaf}, "The server does not answer any more: what you see may be old."},
		{view.Link{State: view.Closed}, "The session is closed."},
		{view.Link{State: view.Connected, Reading: "states", ReadDone: 10, ReadTotal: 1220}, "Reading states: 10 of 1,220"},
	} {
		s.State = c.link
		r.w.updateBanner(now)
		shown := strings.TrimSuffix(r.w.banner.full, "…") // the window may be too narrow for all of it
		if r.w.banner.content.Visible() != (c.want != "") || c.want != "" && (len(shown) < 20 || !strings.HasPrefix(c.want, shown)) {
			t.Errorf("%v: the banner says %q, want %q", c.link.State, r.w.banner.full, c.want)
		}
	}
	s.State = view.Link{State: view.Connected}
	r.w.state.SetPaused(true)
	r.w.updateBanner(now)
	if !strings.HasPrefix(r.w.banner.full, "The picture is held at") {
		t.Errorf("the banner says %q", r.w.banner.full)
	}
}

func TestShortcutsAreUniqueAndInTheMenu(t *testing.T) {
	r := newRig(t, theme.AlwaysDark)
	seen := map[string]string{}
	for _, c := range r.w.commands {
		if c.shortcut == nil {
			continue
		}
		name := c.shortcut.ShortcutName()
		if other := seen[name]; other != "" {
			t.Errorf("%q and %q have the same keys, %s", other, c.title, name)
		}
		seen[name] = c.title
		if s, ok := c.shortcut.(*desktop.CustomShortcut); !ok || s.Modifier == 0 {
			t.Errorf("%q has keys without a modifier: the menu never gets them", c.title)
		}
	}
	inMenu := map[string]bool{}
	for _, m := range r.w.win.MainMenu().Items {
		for _, i := range m.Items {
			if i.Shortcut != nil {
				inMenu[i.Shortcut.ShortcutName()] = true
			}
		}
	}
	for name, title := range seen {
		if !inMenu[name] {
			t.Errorf("the keys of %q stand in no menu", title)
		}
	}
	for _, c := range r.w.commands {
		if c.title == "Charts: do it" {
			r.conference()
			c.run()
		}
	}
	if r.pages[1].ran != 1 || r.w.tabs.Chosen() != 1 {
		t.Error("a page's command does not run on its page")
	}
}

func TestKeysAndAbout(t *testing.T) {
	r := newRig(t, theme.AlwaysDark)
	r.w.key(&fyne.KeyEvent{Name: fyne.KeyF1})
	if !r.sees("Find an object, a page or a command…") || !r.sees("Ctrl+K") {
		t.Error("the keys are not listed")
	}
	r.w.showAbout()
	if !r.sees("kmscope 1.2.3") {
		t.Error("the version is not shown")
	}
}

func TestClosingLeavesTheServers(t *testing.T) {
	r := newRig(t, theme.AlwaysDark)
	r.conference()
	r.w.close()
	r.wait("the end", func() bool { return r.ws.Closed() && r.w.ctx.Err() != nil })
	if r.w.prefs.p.Float(prefWidth) == 0 {
		t.Error("the size of the window is not remembered")
	}
}

func TestPumpIsSlowAndLosesNothing(t *testing.T) {
	test.NewTempApp(t)
	updates := make(chan time.Time, 100)
	p := newPump(func(bool) { updates <- time.Now() }, func() bool { return false })
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	changed := make(chan struct{}, 1)
	go func() { p.run(ctx, changed); close(ended) }()
	patient := time.After(patience)
	var at []time.Time
	for len(at) < 5 {
		select {
		case now := <-updates:
			at = append(at, now)
		case <-patient:
			t.Fatalf("%d updates within %s", len(at), patience)
		default:
			p.kick()
		}
	}
	for i := range at[1:] {
		if apart := at[i+1].Sub(at[i]); apart < pumpEvery {
			t.Errorf("two updates within %s", apart)
		}
	}
	for len(updates) > 0 {
		<-updates
	}
	p.kick()
	select {
	case <-updates:
	case <-patient:
		t.Error("the last kick was lost")
	}
	cancel()
	<-ended
}

// TestPumpHurries has figures wait for an hour while nobody does anything: a
// state must not.
func TestPumpHurries(t *testing.T) {
	test.NewTempApp(t)
	updates := make(chan bool, 100)
	var urgent atomic.Bool
	p := newPump(func(full bool) { updates <- full }, urgent.Load)
	p.calm = time.Hour
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	changed := make(chan struct{})
	go func() { p.run(ctx, changed); close(ended) }()
	changed <- struct{}{}
	<-updates
	changed <- struct{}{} // a figure: taken while the pump rests
	if len(updates) > 0 {
		t.Error("a figure was shown at once")
	}
	urgent.Store(true)
	changed <- struct{}{}
	select {
	case <-updates:
	case <-time.After(patience):
		t.Error("a state waited as figures do")
	}
	cancel()
	<-ended
}

// TestWhatIsUrgent: a state, an object and a lost link are shown at once, a
// figure waits for its turn.
func TestWhatIsUrgent(t *testing.T) {
	r := newRig(t, theme.AlwaysDark)
	s := viewtest.NewServer("kms.example:8888")
	s.IsLive, s.State.State = true, view.Connected
	id := "p_kurento.MediaPipeline"
	s.Create(id, "room")
	r.ws.Add(s)
	for _, c := range []struct {
		what string
		news func()
		want bool
	}{
		{"nothing", func() {}, false},
		{"time", func() { s.Pass(time.Second) }, false},
		{"a figure", func() { s.Call("manager_ServerManager", "getUsedMemory", "", "143660") }, false},
		{"a poll that gives the same", func() { s.Call(id, "getName", "", `"room"`) }, false},
		{"a name", func() { s.Call(id, "getName", "", `"hall"`) }, true},
		{"an object", func() { s.Create(id+"/e_kurento.WebRtcEndpoint", "alice") }, true},
		{"a death", func() { s.Destroy(id + "/e_kurento.WebRtcEndpoint") }, true},
		{"a lost link", func() { s.State.State = view.Reconnecting }, true},
	} {
		r.w.update(true)
		c.news()
		if got := r.w.urgent(); got != c.want {
			t.Errorf("%s: urgent is %v", c.what, got)
		}
	}
}

func TestQueueKeepsOrderAndTheNewest(t *testing.T) {
	q := newQueue()
	ctx, cancel := context.WithCancel(context.Background())
	var got []string
	done := make(chan struct{})
	for _, n := range []string{"seek 1", "seek 2", "play", "seek 3", "seek 4"} {
		q.do(strings.Fields(n)[0], func() { got = append(got, n) })
	}
	q.do("end", func() { close(done) })
	ended := make(chan struct{})
	go func() { q.run(ctx); close(ended) }()
	<-done
	cancel()
	<-ended
	if s := strings.Join(got, ", "); s != "seek 2, play, seek 4" {
		t.Errorf("ran %s", s)
	}
}

func TestAddresses(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"ws://u:p@h:1/kurento?x=1#f", "ws://h:1/kurento"},
		{"host:8888", "host:8888"},
		{"u:p@host", "host"},
		{" wss://h/kurento ", "wss://h/kurento"},
		{"://", ""},
	} {
		if got := withoutSecrets(c.in); got != c.want {
			t.Errorf("withoutSecrets(%q) = %q, want %q", c.in, got, c.want)
		}
	}
	for name, want := range map[string]bool{"ws://x": true, "kms.example:8888": true, "[::1]:8888/kurento": true, "/tmp/x.kmscap": false, "x.jsonl": false, "C:\\x.kmscap": false} {
		if IsAddress(name) != want {
			t.Errorf("IsAddress(%q) is %v", name, !want)
		}
	}
	if got := sentence(errors.New("it failed")); got != "It failed." {
		t.Errorf("a sentence is %q", got)
	}
	if got := sentence(&url.Error{Op: "x", URL: "y", Err: errors.New("z?")}); got != "X \"y\": z?" {
		t.Errorf("a sentence is %q", got)
	}
}

// The page that was shown last is shown again.
func TestTheLastPageIsRemembered(t *testing.T) {
	a := test.NewTempApp(t)
	a.Preferences().SetString(prefPage, "Charts")
	mode := theme.AlwaysDark
	w := New(a, Options{Workspace: &viewtest.Workspace{}, Theme: &mode, Pages: func() []page.Page {
		return []page.Page{newBlank("Graph"), newBlank("Charts"), newBlank("Logs")}
	}})
	t.Cleanup(func() { w.end(); w.win.Close() })
	if got := w.tabs.Chosen(); got != 1 {
		t.Errorf("page %d is shown", got)
	}
}

// ending is a lifecycle like that of the toolkit, in which something is to be done at
// its end.
type ending struct {
	fyne.Lifecycle
	hook, stopped func()
}

func (e *ending) OnStopped() func() {
	if e.hook == nil {
		return e.stopped
	}
	return e.hook
}
func (e *ending) SetOnStopped(f func())             { e.stopped = f }
func (e *ending) SetOnStoppedHookExecuted(f func()) { e.hook = f }

func TestTakeStopped(t *testing.T) {
	done := 0
	e := &ending{hook: func() { done++ }, stopped: func() { done += 10 }}
	f := takeStopped(e)
	if e.OnStopped() != nil || done != 0 {
		t.Fatal("the toolkit still has it, or did it")
	}
	if f(); done != 1 {
		t.Errorf("it was done %d times", done)
	}
	takeStopped(e)()
	takeStopped(test.NewTempApp(t).Lifecycle())()
}

// In a narrow inspector a value that finds no room beside its key stands below it, and
// the keyboard takes both for one.
func TestNarrowInspector(t *testing.T) {
	r := newRig(t, theme.AlwaysDark)
	s, ids := r.conference()
	r.w.state.Select(view.Selection{Session: s, Object: ids["guest-2"]})
	r.w.update(true)
	in := r.w.inspector
	count := func() (below, bare, stops int) {
		for i, l := range in.lines {
			if l.kind == lineValue {
				below++
				if l.field.Key != "" && (!in.lines[i-1].bare || in.lines[i-1].field.Value != l.field.Value) {
					t.Errorf("%q stands below %+v", l.field.Value, in.lines[i-1])
				}
			}
			if l.bare {
				bare++
			}
			if l.stop() {
				stops++
			}
		}
		return below, bare, stops
	}
	below, bare, stops := count()
	if below+bare > 0 || stops == 0 {
		t.Fatalf("in %v: %d values stand below their keys", in.width, below)
	}
	r.w.win.Resize(fyne.NewSize(800, 760))
	if in.width >= rightBelow {
		t.Fatalf("the inspector is %v wide in a window of 800", in.width)
	}
	below, bare, narrow := count()
	if bare == 0 || bare > below || narrow != stops {
		t.Errorf("%d keys alone, %d values below, the keyboard stops %d times instead of %d", bare, below, narrow, stops)
	}
}
