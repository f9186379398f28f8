package importpage

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"kmscope/browserdump"
	"kmscope/timeline/serverlog"
	"kmscope/ui/pages/pagetest"
	"kmscope/ui/surface"
	"kmscope/ui/view"
)

const beside = "../../../testdata/beside/"

// besides is a server with the facts of a capture of testdata/beside, whose file
// the window can read.
type besides struct {
	*pagetest.Bench
	path string
}

func (b *besides) Capture() view.Capture { return view.Capture{Path: b.path} }

// rig is a page in a window over the capture of a real call; "" is a server
// without one.
type rig struct {
	*testing.T
	b     *besides
	p     *Page
	state *view.State
	posts chan func()
}

func newRig(t *testing.T, name string) *rig {
	t.Helper()
	r := &rig{T: t, b: &besides{Bench: pagetest.New(t)}, posts: make(chan func(), 64)}
	if name != "" {
		r.b.path = beside + name + ".jsonl.zst"
		for f := range factsOf(t.Context(), r.b.path) {
			at := f.At
			r.b.At = at.Add(-100 * time.Millisecond) // Feed goes on by as much
			r.b.Feed(f)
		}
	}
	r.state = view.NewState(r.b)
	r.state.SetClock(view.Clock{Mode: view.UTC})
	r.p = New()
	for _, w := range []*surface.Worker{&r.p.load, &r.p.log.work} {
		w.OnUI = func(f func()) { r.posts <- f }
	}
	win := pagetest.Window(r.p, 900, 520)
	t.Cleanup(win.Close)
	r.p.Shown(true)
	r.p.Update(r.state)
	t.Cleanup(func() {
		r.p.Release()
		r.p.Shown(false)
	})
	return r
}

// settle runs what workers post until done.
func (r *rig) settle(done func() bool) {
	r.Helper()
	deadline := time.After(time.Minute)
	for !done() {
		select {
		case f := <-r.posts:
			f()
		case <-deadline:
			r.Fatal("the page never got there")
		}
	}
}

// idle reports whether nothing is being read or searched.
func (r *rig) idle() bool {
	return r.p.current == nil && len(r.p.queue) == 0 && (r.p.log.s == nil || r.p.log.done)
}

func (r *rig) open(path string) {
	r.Helper()
	r.p.Import(path)
	r.settle(r.idle)
}

func copied() string { return fyne.CurrentApp().Clipboard().Content() }

func TestKinds(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	for path, want := range map[string]fileKind{
		beside + "loopback.log.gz":                                   logKind,
		beside + "loopback.dump.json.gz":                             dumpKind,
		beside + "loopback.jsonl.zst":                                captureKind,
		"../../../timeline/serverlog/testdata/dated.log":             logKind,
		write("plain.jsonl", `{"jsonrpc":"2.0"}`+"\n{}"):             captureKind,
		write("notes.txt", "hello"):                                  logKind, // who reads it says what is wrong
		write("broken.gz", "\x1f\x8bxxxx"):                           logKind,
		write("one.json", "{}"):                                      dumpKind,
		write("rtcstats_dump", "RTCStatsDump\n{\"fileFormat\":3}\n"): dumpKind,
		write("what", "hello"):                                       unknownKind,
		write("empty", ""):                                           unknownKind,
		filepath.Join(dir, "none.log"):                               unknownKind,
		dir:                                                          unknownKind,
	} {
		if got := kindOf(path); got != want {
			t.Errorf("%s is taken for %d, want %d", path, got, want)
		}
	}
}

// TestLog leafs through the log of a real run beside its capture.
func TestLog(t *testing.T) {
	r := newRig(t, "events")
	if !r.p.advice.object.Visible() || r.p.row.Visible() {
		t.Error("without an import the page does not say what to do")
	}
	r.open(beside + "events.log.gz")
	v := r.p.log
	total := v.s.book.Len()
	if len(v.rows) != total || total == 0 || !v.object.Visible() || r.p.advice.object.Visible() {
		t.Fatalf("%d of %d rows", len(v.rows), total)
	}
	if !strings.Contains(v.clock.why, "agree within") {
		t.Errorf("the clock bar says %q", v.clock.why)
	}

	v.filter.SetText("event sending")
	r.settle(r.idle)
	few := len(v.rows)
	if few == 0 || few == total {
		t.Fatalf("%d rows", few)
	}
	for _, n := range v.rows {
		if !strings.Contains(strings.ToLower(v.line(n).Text), "sending") {
			t.Errorf("%q", v.line(n).Text)
		}
	}
	v.filter.SetText("/(/")
	if !strings.Contains(r.p.sentence.Text, "regular expression") || !r.p.wrong.Visible() {
		t.Errorf("a broken expression is told as %q", r.p.sentence.Text)
	}
	v.filter.SetText("/^nothing of the kind$/")
	r.settle(r.idle)
	if len(v.rows) != 0 || v.empty.Text == "" {
		t.Errorf("%d rows, %q", len(v.rows), v.empty.Text)
	}
	v.filter.SetText("")
	r.settle(r.idle)
	v.level.SetSelectedIndex(1)
	r.settle(r.idle)
	for _, n := range v.rows {
		if v.s.book.Level(int(n)) != serverlog.Error {
			t.Error("a line that is no error")
		}
	}
	v.level.SetSelectedIndex(0)
	v.component.SetSelectedIndex(1)
	r.settle(r.idle)
	if len(v.rows) == 0 || len(v.rows) == total {
		t.Errorf("%d rows of a component", len(v.rows))
	}
	v.component.SetSelectedIndex(0)
	r.settle(r.idle)

	// A line that names an object pins the cursor; opened, it selects the object.
	at := -1
	for i, n := range v.rows {
		if strings.HasSuffix(v.s.book.Object(int(n)), "_kurento.WebRtcEndpoint") {
			at = i
			break
		}
	}
	if at < 0 {
		t.Fatal("no line names an endpoint")
	}
	v.table.choose(at)
	if got, want := r.state.Pinned(), v.at(v.rows[at]); !got.Equal(want) {
		t.Errorf("pinned %v, want %v", got, want)
	}
	if r.state.Selection().Object != "" {
		t.Error("a choice alone selects")
	}
	v.table.key(&fyne.KeyEvent{Name: fyne.KeyReturn})
	id := r.state.Selection().Object
	if id != v.s.book.Object(int(v.rows[at])) {
		t.Errorf("selected %q", id)
	}
	v.mine.SetChecked(true)
	r.settle(r.idle)
	if len(v.rows) == 0 || len(v.rows) == total {
		t.Errorf("%d rows of the object", len(v.rows))
	}
	for _, n := range v.rows {
		if v.s.book.Object(int(n)) != id {
			t.Error("a line of another object")
		}
	}
	v.mine.SetChecked(false)
	r.settle(r.idle)

	// The cursor of the window leads to the nearest line.
	want := v.rows[len(v.rows)/2]
	r.state.Pin(v.at(want).Add(time.Microsecond))
	r.p.Update(r.state)
	if got := v.rows[v.table.near]; !v.at(got).Equal(v.at(want)) {
		t.Errorf("the cursor shows %v, want %v", v.at(got), v.at(want))
	}
	r.state.Follow()
	r.p.Update(r.state)
	if v.table.near >= 0 {
		t.Error("the cursor stays when the end is followed")
	}

	v.copyTSV()
	r.settle(func() bool { return strings.Count(copied(), "\n") == total })
	if c := strings.Count(strings.SplitN(copied(), "\n", 2)[0], "\t"); c != 5 {
		t.Errorf("%d tabs in a row", c)
	}
	v.table.choose(at)
	v.copyLine()
	if !strings.Contains(copied(), id) {
		t.Errorf("copied %q", copied())
	}
}

// TestLogLinesUp holds that lines stand where the events stand that they tell of.
func TestLogLinesUp(t *testing.T) {
	r := newRig(t, "loopback")
	r.open(beside + "loopback.log.gz")
	v := r.p.log
	if a, ok := v.s.book.Alignment(); !ok || a.Votes < 2 {
		t.Fatalf("%+v", a)
	}
	found := 0
	v.filter.SetText("/New candidate pair selected/")
	r.settle(r.idle)
	for _, n := range v.rows {
		for _, e := range r.b.Log.Range(0, r.b.Log.Len()) {
			if strings.HasPrefix(e.Type, "NewCandidatePairSelected") {
				if d := e.At.Sub(v.at(n)).Abs(); d < 20*time.Millisecond {
					found++
				}
			}
		}
	}
	if len(v.rows) > 0 && found == 0 {
		t.Error("no line stands within 20 ms of its event")
	}
	// By hand.
	before := v.at(0)
	v.clock.typed("1.5s")
	if got := v.at(0).Sub(before); got != 1500*time.Millisecond {
		t.Errorf("moved by %v", got)
	}
	v.clock.move(-10 * time.Millisecond)
	if got := v.at(0).Sub(before); got != 1490*time.Millisecond || v.clock.entry.Text != "+1490 ms" {
		t.Errorf("moved by %v, shown %q", got, v.clock.entry.Text)
	}
	v.clock.typed("soon")
	if v.at(0).Sub(before) != 1490*time.Millisecond || !strings.Contains(v.clock.text.Text, "is no time") {
		t.Errorf("%q", v.clock.text.Text)
	}
	v.clock.set(0)
	if !v.at(0).Equal(before) {
		t.Error("Reset does not go back")
	}
}

// TestWithoutCapture holds that what was read alone is lined up once there is a
// capture.
func TestWithoutCapture(t *testing.T) {
	r := newRig(t, "")
	r.b.Off = true
	r.open(beside + "loopback.log.gz")
	if !strings.Contains(r.p.log.clock.why, "no capture") || r.p.log.table.chosen >= 0 {
		t.Errorf("%q", r.p.log.clock.why)
	}
	r.p.log.table.choose(0) // nobody is there to take the cursor
	r.b.Off, r.b.path = false, beside+"loopback.jsonl.zst"
	r.p.Update(r.state)
	r.settle(r.idle)
	if !strings.Contains(r.p.log.clock.why, "agree within") {
		t.Errorf("%q", r.p.log.clock.why)
	}
}

func TestSeveralImports(t *testing.T) {
	r := newRig(t, "loopback")
	r.p.Import(beside + "loopback.log.gz")
	r.p.Import(beside + "loopback.dump.json.gz")
	r.settle(r.idle)
	if len(r.p.sources) != 2 || !r.p.dump.object.Visible() || r.p.log.object.Visible() {
		t.Fatalf("%d imports", len(r.p.sources))
	}
	r.p.which.SetSelectedIndex(0)
	r.settle(r.idle)
	if !r.p.log.object.Visible() || r.p.dump.object.Visible() {
		t.Error("the log is not shown")
	}
	// Errors are one sentence, and what was open stays.
	dir := t.TempDir()
	for name, text := range map[string]string{"notes.log": "hello\n", "broken.gz": "\x1f\x8bnothing", "other.json": "{}", "bad.json.gz": gzipped("{"), "cut.json": `{"PeerConnections":`} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		r.open(path)
		if s := r.p.sentence.Text; !r.p.wrong.Visible() || s == "" || strings.Contains(s, "\n") || len(r.p.sources) != 2 {
			t.Errorf("%s: %q, %d imports", name, s, len(r.p.sources))
		}
	}
	r.open(dir)
	if !strings.Contains(r.p.sentence.Text, "folder") {
		t.Errorf("%q", r.p.sentence.Text)
	}
	// The same again replaces what is there.
	r.open(beside + "loopback.log.gz")
	if len(r.p.sources) != 2 || r.p.wrong.Visible() {
		t.Errorf("%d imports, %q", len(r.p.sources), r.p.sentence.Text)
	}
	r.p.next()
	r.p.closeSource(r.p.shown)
	r.settle(r.idle)
	r.p.closeSource(r.p.shown)
	if len(r.p.sources) != 0 || !r.p.advice.object.Visible() {
		t.Errorf("%d imports", len(r.p.sources))
	}
}

func gzipped(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := io.WriteString(z, text)
	if err != nil || z.Close() != nil {
		panic("a buffer takes all")
	}
	return b.String()
}

func TestCancel(t *testing.T) {
	r := newRig(t, "")
	path := filepath.Join(t.TempDir(), "long.log")
	line := "0:00:01.000000000 1 0x1 INFO  KurentoMediaServer main.cpp:240:main: a line\n"
	if err := os.WriteFile(path, []byte(strings.Repeat(line, 200_000)), 0o600); err != nil {
		t.Fatal(err)
	}
	r.p.Import(path)
	if !r.p.progress.Visible() {
		t.Error("nothing tells that a file is being read")
	}
	r.p.Cancel()
	if r.p.progress.Visible() {
		t.Error("what was cancelled is still told of")
	}
	r.open(beside + "events.log.gz")
	if len(r.p.sources) != 1 || r.p.source().title() != "log: events.log.gz" || r.p.wrong.Visible() {
		t.Errorf("%d imports, %q", len(r.p.sources), r.p.sentence.Text)
	}
}

// TestDump holds the dump of a real browser beside the capture of its call.
func TestDump(t *testing.T) {
	r := newRig(t, "two-connections")
	r.open(beside + "two-connections.dump.json.gz")
	d := r.p.dump
	if len(d.s.result.Pairings) != 2 || d.pc == nil {
		t.Fatalf("%d pairings", len(d.s.result.Pairings))
	}
	if !strings.Contains(d.evidence.Text, "2 ufrags") || !strings.Contains(d.detail.Text, "certificate is the same") || !strings.Contains(d.clock.why, "browser's clock") {
		t.Errorf("%q, %q", d.evidence.Text, d.clock.why)
	}
	heads, server, browser := 0, 0, 0
	for _, row := range d.rows {
		switch {
		case row.head:
			heads++
		case strings.HasPrefix(string(row.lane), "browser/"):
			browser++
		default:
			server++
		}
	}
	if heads != 2 || server == 0 || browser == 0 {
		t.Errorf("%d heads, %d lanes of the server, %d of the browser", heads, server, browser)
	}
	if len(d.entries) == 0 || len(d.figures) == 0 {
		t.Fatalf("%d entries, %d figures", len(d.entries), len(d.figures))
	}
	d.events.choose(0)
	if want := d.at(d.pc.Entries[0].At); !r.state.Pinned().Equal(want) {
		t.Errorf("pinned %v, want %v", r.state.Pinned(), want)
	}
	before := len(d.entries)
	d.filter.SetText("icecandidate")
	if len(d.entries) == 0 || len(d.entries) == before {
		t.Errorf("%d of %d entries", len(d.entries), before)
	}
	d.filter.SetText("/(/")
	if !strings.Contains(r.p.sentence.Text, "regular expression") {
		t.Errorf("%q", r.p.sentence.Text)
	}
	d.filter.SetText("")
	d.setPart(1)
	for i, n := range d.figures {
		if len(d.pc.Series[n].Points) > 1 {
			d.series.choose(i)
			break
		}
	}
	if d.chart < 0 {
		t.Error("no series is drawn")
	}
	d.copyTSV()
	if strings.Count(copied(), "\n") != len(d.figures) {
		t.Errorf("%d figures copied", strings.Count(copied(), "\n"))
	}
	d.connections.choose(1)
	if d.pc != d.s.dump.Connections[1] {
		t.Error("the second connection is not shown")
	}
	d.selectEndpoint()
	if got := r.state.Selection().Object; got != d.s.result.Of(d.pc).Object {
		t.Errorf("selected %q", got)
	}
	from := d.rows[len(d.rows)-1].spans[0].From
	d.clock.set(time.Second)
	if got := d.rows[len(d.rows)-1].spans[0].From.Sub(from); got != time.Second {
		t.Errorf("the browser's states moved by %v", got)
	}
}

// TestSecrets holds that nothing that lets a stranger in is shown or copied: every
// value of a dump's descriptions, and what logs write.
func TestSecrets(t *testing.T) {
	r := newRig(t, "two-connections")
	r.open(beside + "two-connections.dump.json.gz")
	d := r.p.dump
	var secrets []string
	for _, pc := range d.s.dump.Connections {
		for _, e := range pc.Entries {
			for _, head := range []string{"a=ice-pwd:", "a=ice-ufrag:"} {
				rest := e.Value
				for {
					_, after, ok := strings.Cut(rest, head)
					if !ok {
						break
					}
					secrets = append(secrets, strings.FieldsFunc(after, func(c rune) bool { return strings.ContainsRune("\\\r\n\" ", c) })[0])
					rest = after
				}
			}
		}
	}
	if len(secrets) == 0 {
		t.Fatal("the dump holds no secrets to look for")
	}
	var shown strings.Builder
	for i := range d.s.dump.Connections {
		d.connections.choose(i)
		shown.WriteString(d.evidence.Text + d.clock.why)
		for part := range 2 {
			d.setPart(part)
			d.copyTSV()
			shown.WriteString(copied())
			for n := range d.shownTable().length() {
				d.shownTable().chose(n)
				shown.WriteString(d.detail.Text)
			}
		}
	}
	for _, s := range secrets {
		if len(s) > 3 && strings.Contains(shown.String(), s) {
			t.Errorf("%q is shown", s)
		}
	}

	path := filepath.Join(t.TempDir(), "secret.log")
	var b strings.Builder
	for i, text := range []string{
		"Set remote credentials, ufrag: hush1, pwd: hush2", `{"sessionId":"hush3","sdp":"a=ice-pwd:hush4\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:hush5|2^31\r\n"}`,
		"Using TURN relay server: hush6:hush7@192.0.2.1:3478", "uri rtsp://hush8:hush9@camera/1", "caps: srtp-key=(buffer)hush10, a=1", "candidate:1 1 UDP 1 192.0.2.1 9 typ host ufrag hush11",
	} {
		fmt.Fprintf(&b, "0:00:0%d.000000000 1 0x1 DEBUG  kmswebrtcsession kmswebrtcsession.c:1:f:<x> %s\n", i, text)
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	r.open(path)
	v := r.p.log
	out := ""
	for i := range v.rows {
		for _, c := range v.cells(i) {
			out += c.text
		}
		v.choose(i)
		out += v.detail.Text
	}
	for _, write := range []func(){v.copyText, v.copyTSV} {
		toClipboard("")
		write()
		r.settle(func() bool { return copied() != "" })
		out += copied()
	}
	if strings.Contains(out, "hush") {
		t.Errorf("shown: %s", out)
	}
}

func TestParseShift(t *testing.T) {
	for s, want := range map[string]time.Duration{"": 0, "12": 12 * time.Millisecond, "-1.5s": -1500 * time.Millisecond, "+12.5 ms": 12500 * time.Microsecond,
		"−1 s": -time.Second, "2h": 2 * time.Hour} {
		if got, err := parseShift(s); err != nil || got != want {
			t.Errorf("%q is %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"soon", "1e99", "999999h", "--1"} {
		if d, err := parseShift(s); err == nil {
			t.Errorf("%q is %v", s, d)
		}
	}
}

func TestAdvice(t *testing.T) {
	r := newRig(t, "events")
	a := r.p.advice
	for i := range serverlog.Advices {
		a.symptoms.choose(i)
		if len(a.detail.Objects) < 2 {
			t.Errorf("nothing on %s", serverlog.Advices[i].ID)
		}
	}
	r.open(beside + "events.log.gz")
	r.p.ask(true)
	if !a.object.Visible() || a.intro.Visible() || a.find == nil {
		t.Error("the advice is not shown beside a log")
	}
	a.find("Sending event:")
	r.settle(r.idle)
	if r.p.asking || len(r.p.log.rows) == 0 || r.p.log.filter.Text != "Sending event:" {
		t.Errorf("%d lines, filter %q", len(r.p.log.rows), r.p.log.filter.Text)
	}
}

func TestLatestHidesWords(t *testing.T) {
	s := &browserdump.Series{Metric: "usernameFragment", Words: []browserdump.Word{{Value: "hush"}}}
	if got := latest(s); strings.Contains(got, "hush") {
		t.Errorf("%q", got)
	}
}

func TestFactsOfNothing(t *testing.T) {
	for range factsOf(context.Background(), "") {
		t.Error("a fact")
	}
	for range factsOf(context.Background(), filepath.Join(t.TempDir(), "none")) {
		t.Error("a fact")
	}
}
