package negotiationpage

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"kmscope/capture"
	"kmscope/inventory"
	"kmscope/negotiation"
	"kmscope/ui/pages/pagetest"
	"kmscope/ui/theme"
	"kmscope/ui/view"
	"kmscope/wire"
)

var update = flag.Bool("update", false, "write the golden files anew")

// negotiating is a bench that keeps what package negotiation needs.
type negotiating struct {
	*pagetest.Bench
	facts negotiation.Log
}

func (s *negotiating) Negotiation() *negotiation.Log { return &s.facts }
func (s *negotiating) Sessions() []view.Session      { return []view.Session{s} }

// recorded plays a recording of a real server to its end.
func recorded(t *testing.T, file string) *negotiating {
	t.Helper()
	b := &negotiating{Bench: pagetest.New(t)}
	r, err := capture.Open(filepath.Join("..", "..", "..", "testdata", "recordings", file+".jsonl.zst"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var d wire.Decoder
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range d.Feed(rec) {
			b.Reducer.Apply(f)
			b.facts.Feed(f)
			b.Lanes().Feed(f)
			b.At = f.At
		}
	}
	b.State = view.NewState(b)
	b.State.SetClock(view.Clock{Mode: view.UTC})
	return b
}

// endpoints are what can negotiate.
func (s *negotiating) endpoints() []*inventory.Object {
	var out []*inventory.Object
	for _, p := range s.Snapshot().Pipelines {
		for _, o := range p.Objects {
			if negotiation.Negotiates(o.Type) {
				out = append(out, o)
			}
		}
	}
	return out
}

// words writes rows as text, cells between bars.
func words(rows []tableRow) string {
	var b strings.Builder
	for _, r := range rows {
		line := make([]string, len(r.cells))
		for i, c := range r.cells {
			line[i] = c.text
		}
		mark := "  "
		switch {
		case r.fold != "":
			mark = "# "
		case r.head:
			mark = "= "
		}
		b.WriteString(strings.TrimRight(mark+strings.Join(line, " | "), " |"))
		b.WriteByte('\n')
	}
	return b.String()
}

func wholeLines(_ rowKind, text string) []string { return []string{text} }

// TestNegotiationGolden holds every word of the page to files that people read.
func TestNegotiationGolden(t *testing.T) {
	for _, name := range []string{"02-webrtc-loopback", "incidents/I19-plus-became-blank", "incidents/I02-unreachable-candidates", "10-rtp"} {
		t.Run(filepath.Base(name), func(t *testing.T) {
			b := recorded(t, name)
			var text strings.Builder
			set := findEndpoints(context.Background(), b, b.Snapshot(), "", "", time.Time{}, b.At)
			m := &rowMaker{wrap: wholeLines, clock: b.State.Clock()}
			m.endpoints(set)
			text.WriteString("-- endpoints\n" + words(m.rows))
			for _, o := range b.endpoints()[:min(2, len(b.endpoints()))] {
				n := negotiate(b, o, time.Time{}, b.At)
				left, right := firstPair(n)
				v := sdpView{notes: true}
				if left >= 0 {
					v.left = &n.Descriptions[left]
				}
				if right >= 0 {
					v.right = &n.Descriptions[right]
				}
				for _, part := range []struct {
					name string
					make func(*rowMaker)
				}{
					{"overview", func(m *rowMaker) { m.overview(n, set.medians) }},
					{"candidates", func(m *rowMaker) { m.candidates(n) }},
					{"descriptions", func(m *rowMaker) { m.descriptions(n, v) }},
				} {
					m := &rowMaker{wrap: wholeLines, clock: b.State.Clock()}
					part.make(m)
					text.WriteString("-- " + o.Label() + ": " + part.name + "\n" + words(m.rows))
				}
			}
			golden := filepath.Join("testdata", "negotiation", filepath.Base(name)+".txt")
			if *update {
				if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(golden, []byte(text.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got := text.String(); got != string(want) {
				t.Errorf("the page changed; look at it, then run with -update:\n%s", firstDifference(got, string(want)))
			}
		})
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range g {
		if i >= len(w) || g[i] != w[i] {
			old := ""
			if i < len(w) {
				old = w[i]
			}
			return fmt.Sprintf("line %d\n got: %s\nwant: %s", i+1, g[i], old)
		}
	}
	return "the end is missing"
}

// secretsOf gives ufrags and passwords of all descriptions of an endpoint.
func secretsOf(n *negotiated) []string {
	var out []string
	for _, d := range n.Descriptions {
		for _, s := range d.Parsed.Sections() {
			out = append(append(out, s.All("ice-ufrag")...), s.All("ice-pwd")...)
		}
	}
	return out
}

func TestNegotiationShowsAndCopiesNoSecret(t *testing.T) {
	for _, name := range []string{"02-webrtc-loopback", "09a-one2one"} {
		b := recorded(t, name)
		for _, o := range b.endpoints() {
			n := negotiate(b, o, time.Time{}, b.At)
			m := &rowMaker{wrap: wholeLines, clock: b.State.Clock()}
			m.overview(n, nil)
			m.candidates(n)
			all := findingsText(n) + candidateTable(n, view.Filter{}) + view.PrettyJSON(candidateCopies(n, view.Filter{}))
			for i := range n.Descriptions {
				m.descriptions(n, sdpView{left: &n.Descriptions[i], notes: true})
				all += n.Descriptions[i].Parsed.Redacted()
			}
			all += words(m.rows)
			for i := range m.rows {
				all += m.rows[i].detail
			}
			secrets := secretsOf(n)
			if len(secrets) == 0 {
				t.Errorf("%s: no secret to look for in %s", name, o.Label())
			}
			for _, s := range secrets {
				if len(s) > 3 && strings.Contains(all, s) {
					t.Errorf("%s: %s shows a secret", name, o.Label())
					break
				}
			}
		}
	}
}

// shown makes the page in a window, with an endpoint selected.
func shownNegotiation(t *testing.T, b *negotiating, id string) (*Page, fyne.Window) {
	t.Helper()
	p := New(nil)
	b.Posts = make(chan func(), 8)
	post := func(f func()) { b.Posts <- f }
	p.work.OnUI, p.setWork.OnUI, p.draw.OnUI = post, post, post
	win := pagetest.Window(p, 900, 640)
	p.Shown(true)
	b.State.Select(view.Selection{Session: b, Object: id})
	p.Update(b.State)
	t.Cleanup(func() { p.Shown(false); win.Close() })
	return p, win
}

func (p *Page) row(text string) int {
	for i := range p.rows {
		if strings.Contains(p.rows[i].text(), text) {
			return i
		}
	}
	return -1
}

// TestEndpointList opens an endpoint from the list of all.
func TestEndpointList(t *testing.T) {
	b := recorded(t, "09a-one2one")
	p, win := shownNegotiation(t, b, "")
	b.Settle(func() bool { return p.set != nil })
	if p.row("alice") != 1 || p.row("bob") != 2 {
		t.Fatalf("the list is %q", words(p.rows))
	}
	// Down skips the head, Enter selects the endpoint for the whole window.
	win.Canvas().Focus(p.list)
	p.list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
	p.list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if got := b.State.Selection().Object; view.ObjectName(b.Snapshot(), got) != "alice" {
		t.Fatalf("Enter selected %q", got)
	}
}

func TestNegotiationPage(t *testing.T) {
	b := recorded(t, "02-webrtc-loopback")
	id := b.endpoints()[0].ID
	// A list of one would say less than that one.
	p, win := shownNegotiation(t, b, "")
	b.Settle(func() bool { return p.one != nil })
	if p.chip.Visible() || !strings.HasPrefix(p.state.Text(), "loopback-ep, the only endpoint   ICE READY") || p.rows[0].fold != "findings" {
		t.Errorf("of the only endpoint the head says %q", p.state.Text())
	}
	b.State.SelectObject(id)
	p.Update(b.State)
	b.Settle(func() bool { return p.one != nil && p.chip.Visible() })
	win.Canvas().Capture()
	if p.rows[0].fold != "findings" || p.row("● in use") < 0 || p.row("✓ done") < 0 {
		t.Errorf("the overview is %q", words(p.rows))
	}
	if p.chip.Text != "loopback-ep" || !strings.Contains(p.state.Text(), "ICE READY") {
		t.Errorf("the head says %q and %q", p.chip.Text, p.state.Text())
	}

	// Left folds the section of the chosen row, Right opens it again.
	all := len(p.rows)
	p.choose(2)
	p.list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyLeft})
	if len(p.rows) >= all || !p.rows[0].folded || p.chosen != 0 {
		t.Errorf("folded to %d of %d rows, row %d", len(p.rows), all, p.chosen)
	}
	p.list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyRight})
	if len(p.rows) != all {
		t.Errorf("opened to %d of %d rows", len(p.rows), all)
	}
	// A step takes the cursor of the window with it.
	p.choose(p.row("media connected"))
	p.open()
	if at, live := b.State.Cursor(); live || at.IsZero() {
		t.Error("a step did not move the cursor")
	}
	b.State.Follow()

	p.setPart(partCandidates)
	win.Canvas().Capture()
	p.filter.SetText("/tcp/")
	if p.row("39240") >= 0 || p.row("tcp passive") < 0 || !strings.HasPrefix(p.count.Text(), "4 of 7") {
		t.Errorf("%s: %q", p.count.Text(), words(p.rows))
	}
	p.copyCandidates()
	if got := fyne.CurrentApp().Clipboard().Content(); strings.Count(got, "\n") != 5 {
		t.Errorf("copied %q", got)
	}
	p.copyCandidatesJSON()
	var list []candidateCopy
	if err := json.Unmarshal([]byte(fyne.CurrentApp().Clipboard().Content()), &list); err != nil || len(list) != 4 {
		t.Errorf("copied %d candidates, %v", len(list), err)
	}
	p.filter.SetText("/(/")
	if p.wrong == "" || p.count.Text() != p.wrong {
		t.Errorf("a wrong filter says %q", p.count.Text())
	}
	p.filter.SetText("")

	p.setPart(partSDP)
	win.Canvas().Capture()
	if !strings.Contains(p.leftSide.Selected, "remote offer") || !strings.Contains(p.rightSide.Selected, "local answer") {
		t.Errorf("%q beside %q", p.leftSide.Selected, p.rightSide.Selected)
	}
	notes := len(p.rows)
	p.notes.SetChecked(false)
	if len(p.rows) >= notes {
		t.Error("the notes stayed")
	}
	p.toggleAll()
	if len(p.rows) != 3 {
		t.Errorf("all folded leaves %q", words(p.rows))
	}
	p.toggleAll()
	p.leftSide.SetSelectedIndex(0)
	if p.sdpView().left != nil || p.sdpView().right == nil {
		t.Error("none cannot be chosen")
	}
	p.copyDescription(1, false)
	if got := fyne.CurrentApp().Clipboard().Content(); !strings.HasPrefix(got, "v=0") {
		t.Errorf("copied %q", got)
	}
	redacted, whole := fyne.CurrentApp().Clipboard().Content(), p.sdpView().right.Parsed.Raw
	p.copyDescription(1, true)
	if got := fyne.CurrentApp().Clipboard().Content(); got != whole || got == redacted {
		t.Errorf("copied whole: %q", got)
	}

	p.up()
	b.Settle(func() bool { return p.set != nil })
	if got := b.State.Selection().Object; got != inventory.PipelineOf(id) || p.chip.Visible() {
		t.Errorf("up led to %q", got)
	}
	p.up()
	if got := b.State.Selection().Object; got != "" {
		t.Errorf("up again led to %q", got)
	}
}

func TestNegotiationPageInBothThemesAndNarrow(t *testing.T) {
	b := recorded(t, "incidents/I19-plus-became-blank")
	p, win := shownNegotiation(t, b, b.endpoints()[0].ID)
	b.Settle(func() bool { return p.one != nil })
	for width, mode := range map[float32]theme.Mode{1200: theme.AlwaysLight, 420: theme.AlwaysDark} {
		fyne.CurrentApp().Settings().SetTheme(theme.New(mode))
		win.Resize(fyne.NewSize(width, 400))
		for part := range p.parts {
			p.setPart(part)
			win.Canvas().Capture()
			if len(p.rows) < 4 {
				t.Errorf("%d rows in part %d at %v", len(p.rows), part, width)
			}
		}
	}
	for kind := range tableColumns {
		for _, width := range []float32{0, 50, 420, 2000} {
			x, w := columnsAt(kind, width)
			for i := range x {
				if w[i] <= 0 && tableColumns[kind][i].goes == 0 || i > 0 && x[i] < x[i-1] {
					t.Errorf("kind %d at %v: %v %v", kind, width, x, w)
				}
			}
		}
	}
}

func TestNegotiationPageSaysWhatToDo(t *testing.T) {
	b := &negotiating{Bench: pagetest.New(t)}
	b.Off = true
	p := New(nil)
	p.Update(b.Bench.State)
	if !strings.HasPrefix(p.empty.Text, "No server yet") {
		t.Errorf("%q", p.empty.Text)
	}
	b.State = view.NewState(b)
	p, _ = shownNegotiation(t, b, "")
	b.Settle(func() bool { return p.set != nil })
	if !strings.HasPrefix(p.empty.Text, "No endpoint negotiates here") {
		t.Errorf("%q", p.empty.Text)
	}
	b.Room()
	b.State.SelectObject(pagetest.Alice)
	p.Update(b.State)
	b.Settle(func() bool { return p.one != nil })
	// Nothing of it was timed: no columns are kept for times.
	if i := p.row("Remark"); i < 0 || p.rows[i].kind != rowUntimed || len(p.rows[i].cells) != 3 || len(p.rows[i+1].cells) != 3 {
		t.Errorf("%q", words(p.rows))
	}
	p.setPart(partCandidates)
	if p.empty.Text != "" || p.row("The server named no candidate") < 0 {
		t.Errorf("%q", words(p.rows))
	}
	p.setPart(partSDP)
	if p.row("No session description is known") < 0 {
		t.Errorf("%q", words(p.rows))
	}
	b.State.SelectObject(pagetest.Room + "/dddddddd-0000-0000-0000-000000000000_kurento.WebRtcEndpoint")
	p.Update(b.State)
	b.Settle(func() bool { return strings.HasPrefix(p.empty.Text, "This endpoint is not known") })
}

// A paused window holds what it shows; another endpoint is shown all the same.
func TestNegotiationPagePaused(t *testing.T) {
	b := &negotiating{Bench: pagetest.New(t)}
	b.State = view.NewState(b)
	b.Room()
	p, _ := shownNegotiation(t, b, pagetest.Alice)
	b.Settle(func() bool { return p.one != nil && p.set != nil })
	b.State.SetPaused(true)
	held := p.one
	b.Feed(wire.Fact{Kind: wire.KindEvent, Type: "IceGatheringDone", Object: pagetest.Alice, Data: []byte(`{}`)})
	p.next = time.Time{}
	p.Update(b.State)
	if p.one != held {
		t.Error("the page went on")
	}
	b.State.SelectObject(pagetest.Bob)
	p.Update(b.State)
	b.Settle(func() bool { return p.one != nil && p.one.object.ID == pagetest.Bob })
}

func TestWrapCellKeepsEveryWord(t *testing.T) {
	pagetest.New(t)
	text := "one two three four five six seven eight nine ten eleven twelve"
	for _, width := range []float32{300, 420, 900} {
		if got := strings.Join(wrapCell(rowFinding, text, width), " "); got != text {
			t.Errorf("at %v: %q", width, got)
		}
	}
	if got := wrapCell(rowText, strings.Repeat("x", 5000), 200); len(got) != maxLines || !strings.HasSuffix(got[maxLines-1], "…") {
		t.Errorf("%d lines", len(got))
	}
}

// In a window of 800 names are whole and nothing leaves the page; other columns go.
func TestNegotiationPageFits(t *testing.T) {
	b := recorded(t, "incidents/I19-plus-became-blank")
	p, win := shownNegotiation(t, b, b.endpoints()[0].ID)
	b.Settle(func() bool { return p.one != nil })
	for _, width := range []float32{900, 580, 480, 900} {
		win.Resize(fyne.NewSize(width, 600))
		for part := range p.parts {
			p.setPart(part)
			pagetest.Fits(t, p)
		}
	}
	x, w := columnsAt(rowEndpoint, 480)
	if w[0] < 100 || w[1] < 90 || w[5] < 120 || w[4] != 0 || x[5]+w[5] > 480 {
		t.Errorf("the columns of endpoints are %v wide at %v", w, x)
	}
	if _, w := columnsAt(rowEndpoint, 900); w[3] == 0 || w[4] == 0 {
		t.Errorf("with room columns are left out: %v", w)
	}
	face := faceOf(tableCell{})
	const name = "WebRtcEndpoint of a guest 4f1c"
	if got := fitName(face, name, 120); !strings.HasSuffix(got, " 4f1c") || !strings.Contains(got, "…") || face.Width(got) > 120 {
		t.Errorf("the name is cut to %q", got)
	}
	if got, gone := fitName(face, name, 120), fitName(face, name+goneMark, 120); gone != got {
		t.Errorf("the name of what is gone is cut to %q", gone)
	}
	if got := fitName(face, name, 1000); got != name {
		t.Errorf("the name is cut to %q without need", got)
	}
}
