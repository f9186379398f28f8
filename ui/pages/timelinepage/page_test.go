package timelinepage

import (
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"kmscope/timeline"
	"kmscope/ui/pages/pagetest"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

func TestTimelinePage(t *testing.T) {
	b := pagetest.New(t)
	b.Room()
	p := New()
	b.Catch(&p.work)
	win := pagetest.Window(p, 1000, 600)
	defer win.Close()
	p.Shown(true)
	p.Update(b.State)
	all := b.Log.Len()
	b.Settle(func() bool { return p.rows != nil && len(p.rows.rows) == all })
	win.Canvas().Capture()

	p.filter.SetText("broke")
	b.Settle(func() bool { return len(p.rows.rows) == 1 })
	if want := fmt.Sprintf("1 of %d events", all); p.count.Text() != want {
		t.Errorf("%q, want %q", p.count.Text(), want)
	}
	p.list.Select(0)
	if got := b.State.Selection().Object; got != pagetest.Bob {
		t.Errorf("a row selected %q", got)
	}
	if b.State.Pinned().IsZero() {
		t.Error("a row did not move the cursor")
	}
	if !strings.Contains(p.raw.Text, "it broke") && !strings.Contains(p.raw.Text, "No message") {
		t.Errorf("the pane shows %q", p.raw.Text)
	}
	// The own choice does not narrow the table; one from elsewhere does.
	p.Update(b.State)
	if p.scope != "" {
		t.Errorf("scope %q", p.scope)
	}
	p.filter.SetText("")
	b.State.SelectObject(pagetest.Alice)
	p.Update(b.State)
	b.Settle(func() bool { return len(p.rows.rows) > 0 && len(p.rows.rows) < all })
	if !p.chip.Visible() || p.chip.Text != "WebRtcEndpoint aaaa" {
		t.Errorf("the chip says %q", p.chip.Text)
	}
	test.Tap(p.chip)
	b.Settle(func() bool { return len(p.rows.rows) == all })

	p.filter.SetText("/(/")
	if p.wrong == "" || !strings.Contains(p.count.Text(), "regular expression") {
		t.Errorf("a broken expression is told as %q", p.count.Text())
	}
	p.filter.SetText("/^MediaFlow/")
	b.Settle(func() bool { return len(p.rows.rows) == 1 })

	p.list.UnselectAll()
	p.list.Select(0)
	p.copyRow()
	got := fyne.CurrentApp().Clipboard().Content()
	if lines := strings.Split(strings.TrimSpace(got), "\n"); len(lines) != 2 || strings.Count(lines[1], "\t") != 6 || !strings.Contains(lines[1], pagetest.Alice) {
		t.Errorf("copied %q", got)
	}
	p.copyAllJSON()
	if got := fyne.CurrentApp().Clipboard().Content(); !strings.Contains(got, `"type": "MediaFlowInStateChanged"`) {
		t.Errorf("copied %q", got)
	}
}

func TestRawTextMasksSecrets(t *testing.T) {
	raw := []byte(`{"params":{"sessionId":"abc","sdp":"a=ice-pwd:hushhush","turnUrl":"me:pw@1.2.3.4:3478","n":1}}`)
	s := rawText(raw)
	for _, secret := range []string{"hushhush", "me:pw", `"abc"`} {
		if strings.Contains(s, secret) {
			t.Errorf("%q shows %s", s, secret)
		}
	}
	if s := rawText(nil); !strings.HasPrefix(s, "No message") {
		t.Errorf("%q", s)
	}
}

// TestRowTakesTheClick holds that a click anywhere on a row chooses it, and that
// the head sorts.
func TestRowTakesTheClick(t *testing.T) {
	b := pagetest.New(t)
	b.Room()
	b.Named = "=server"
	p := New()
	b.Catch(&p.work)
	win := pagetest.Window(p, 1000, 600)
	defer win.Close()
	p.Shown(true)
	p.Update(b.State)
	b.Settle(func() bool { return p.rows.len() > 3 })
	win.Canvas().Capture()
	test.TapCanvas(win.Canvas(), fyne.CurrentApp().Driver().AbsolutePositionForObject(p.list).AddXY(300, 40))
	if !p.hasChosen || p.table.Objects[0] != p.beside {
		t.Error("a click on a row chose nothing")
	}
	first, _ := p.rows.entry(0)
	p.head.Tapped(&fyne.PointEvent{Position: fyne.NewPos(500, 5)})
	p.head.Tapped(&fyne.PointEvent{Position: fyne.NewPos(500, 5)})
	b.Settle(func() bool { return p.rows.sort == byText && p.rows.down })
	if e, _ := p.rows.entry(0); e.Seq == first.Seq && p.rows.len() > 1 {
		t.Errorf("sorted, the first row is still %q", e.Text)
	}
	p.jump(jumpError, false)
	if e, ok := p.chosenEntry(); !ok || e[0].Severity != timeline.Error {
		t.Errorf("jumped to %+v", e)
	}
	// Media that stopped is as red as an error, and is gone to like one.
	b.StateEvent(pagetest.Alice, "MediaFlowInStateChanged", `"state":"NOT_FLOWING","padName":"default","mediaType":"VIDEO"`)
	p.jump(jumpError, false)
	if e, ok := p.chosenEntry(); !ok || !strings.Contains(e[0].Text, "NOT FLOWING") {
		t.Errorf("jumped to %+v", e)
	}
	p.jump(jumpError, true)
	p.setMark()
	p.view.Pin(b.At)
	p.setMark()
	if p.board.until.IsZero() || !p.board.until.After(p.board.mark) {
		t.Errorf("measured from %v to %v", p.board.mark, p.board.until)
	}
	var out strings.Builder
	var names []string
	p.export(".csv") // the window has not said how
	p.SetSaver(func(_, name string, write func(io.Writer) error) {
		if names = append(names, name[strings.LastIndexByte(name, '.'):]); write(&out) != nil {
			t.Error("the rows cannot be written")
		}
	})
	p.export(".csv")
	p.export(".jsonl")
	if s := out.String(); strings.Join(names, "") != ".csv.jsonl" || strings.Count(s, "\n") != 2*p.rows.len()+1 || !strings.Contains(s, "'=server") || !strings.Contains(s, "it broke") {
		t.Errorf("%d lines: %s", strings.Count(s, "\n"), s)
	}
	for _, r := range "+-0mnNeEiI" {
		p.laneRune(r)
	}
	for _, k := range []fyne.KeyName{fyne.KeyLeft, fyne.KeyRight, fyne.KeyUp, fyne.KeyDown, fyne.KeyHome, fyne.KeyEscape, fyne.KeyEnd} {
		if !p.laneKey(k) {
			t.Errorf("the key %s does nothing", k)
		}
	}
	p.pick("Error")
	b.Settle(func() bool { return p.rows.len() == 1 })
}

// TestServersMerged holds that the events of several servers stand in one table in
// order of time, each with its server, wherever they go.
func TestServersMerged(t *testing.T) {
	b := pagetest.New(t)
	b.Named = "one:8888"
	b.Room()
	two := pagetest.New(t)
	two.Named = "two:8888"
	two.At = two.At.Add(50 * time.Millisecond)
	two.Room()
	b.Others = []view.Session{two}
	p := New()
	b.Catch(&p.work)
	win := pagetest.Window(p, 1000, 600)
	defer win.Close()
	p.Shown(true)
	p.Update(b.State)
	b.Settle(func() bool { return p.rows.len() == b.Log.Len() })
	if !p.servers.Visible() || p.servers.Text() != "one:8888" || p.head.several {
		t.Errorf("of one server: %q", p.servers.Text())
	}
	p.showServer(nil)
	all := b.Log.Len() + two.Log.Len()
	b.Settle(func() bool { return p.rows.len() == all })
	if p.servers.Text() != "all servers" || !p.head.several || p.head.cells[byServer] != "Server" {
		t.Errorf("of all servers: %q, head %q", p.servers.Text(), p.head.cells)
	}
	changes := 0
	var before event
	for i := range all {
		e, ok := p.rows.entry(i)
		if !ok || i > 0 && e.At.Before(before.At) {
			t.Fatalf("row %d: %v stands after %v", i, e.At, before.At)
		}
		if i > 0 && e.server != before.server {
			changes++
		}
		if p.rows.find(e.ref()) != i {
			t.Errorf("row %d is found at %d", i, p.rows.find(e.ref()))
		}
		before = e
	}
	if changes < 4 {
		t.Errorf("the servers change %d times: they are not merged", changes)
	}
	if len(p.board.servers) != 2 || p.board.rows[0].object != "" {
		t.Errorf("%d servers have lanes", len(p.board.servers))
	}
	win.Canvas().Capture()
	// The errors of both are gone to one after the other, there and back.
	// The pointer that rests on the lanes does not matter.
	var names []string
	for range 2 {
		p.laneHover = true
		p.view.Hover(b.At.Add(-time.Hour))
		p.jump(jumpError, false)
		e, _ := p.chosenEntry()
		names = append(names, e[0].server.Name())
		if at, _ := p.view.Cursor(); !at.Equal(e[0].At) {
			t.Errorf("the cursor is at %v, not at %v", at, e[0].At)
		}
		p.Update(b.State)
	}
	p.jump(jumpError, true)
	if e, _ := p.chosenEntry(); e[0].server.Name() != "one:8888" || strings.Join(names, " ") != "one:8888 two:8888" {
		t.Errorf("jumped to %v and back to %s", names, e[0].server.Name())
	}
	p.copyRow()
	if got := fyne.CurrentApp().Clipboard().Content(); !strings.Contains(got, "\tone:8888\t") {
		t.Errorf("copied %q", got)
	}
	var out strings.Builder
	for _, ending := range []string{".csv", ".jsonl"} {
		if err := writeRows(&out, p.rows, ending); err != nil {
			t.Error(err)
		}
	}
	if s := out.String(); strings.Count(s, ",two:8888,") != two.Log.Len() || strings.Count(s, `"server":"two:8888"`) != two.Log.Len() {
		t.Errorf("the export holds the server in %d and %d rows", strings.Count(s, ",two:8888,"), strings.Count(s, `"server":"two:8888"`))
	}
	p.sortBy(byServer)
	b.Settle(func() bool { return p.rows.sort == byServer })
	if e, _ := p.rows.entry(0); e.server.Name() != "one:8888" {
		t.Errorf("sorted by server, the first is of %s", e.server.Name())
	}
	p.showServer(two)
	p.Update(b.State)
	b.Settle(func() bool { return !p.rows.several() && p.rows.len() == two.Log.Len() })
	if len(p.board.servers) != 1 || p.board.servers[0].name != "two:8888" {
		t.Error("the lanes are not those of the server")
	}
}

// TestWholeRows holds that who follows the end sees no row cut, however high the
// window is.
func TestWholeRows(t *testing.T) {
	b := pagetest.New(t)
	b.Room()
	for range 60 {
		b.StateEvent(pagetest.Alice, "MediaFlowInStateChanged", `"state":"NOT_FLOWING","padName":"default","mediaType":"VIDEO"`)
	}
	p := New()
	b.Catch(&p.work)
	win := pagetest.Window(p, 1000, 600)
	defer win.Close()
	p.Shown(true)
	p.Update(b.State)
	b.Settle(func() bool { return p.rows.len() > 60 })
	win.Canvas().Capture()
	for height := float32(560); height < 620; height += 7 {
		win.Resize(fyne.NewSize(1000, height))
		offset, shown := p.list.GetScrollOffset(), p.list.Size().Height
		if rest := math.Mod(float64(offset), float64(theme.RowHeight)); offset <= 0 || rest != 0 {
			t.Errorf("%v high, the table begins %v into a row, at %v", height, rest, offset)
		}
		if all := float32(p.rows.len())*theme.RowHeight - theme.Grid; offset+shown != all {
			t.Errorf("%v high, the table ends at %v of %v", height, offset+shown, all)
		}
	}
}

// Both bars stay in the page, down to what is left of a window of 800, also where they
// have all that they may have.
func TestBarsFit(t *testing.T) {
	b := pagetest.New(t)
	b.Room()
	p := New()
	b.Catch(&p.work)
	win := pagetest.Window(p, 1000, 600)
	defer win.Close()
	p.Shown(true)
	p.Update(b.State)
	b.Settle(func() bool { return p.rows.len() > 0 })
	for range 2 {
		for _, width := range []float32{1000, 580, 480, 1000} {
			win.Resize(fyne.NewSize(width, 600))
			pagetest.Fits(t, p)
		}
		p.setScope(b, pagetest.Alice)
		p.servers.Set("", "a server with a name")
		p.servers.Show()
		p.pick("MediaTranscodingStateChanged")
	}
}
