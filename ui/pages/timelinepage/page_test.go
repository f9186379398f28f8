package timelinepage

import (
	"fmt"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"kmscope/timeline"
	"kmscope/ui/pages/pagetest"
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
	if want := fmt.Sprintf("1 of %d events", all); p.count.Text != want {
		t.Errorf("%q, want %q", p.count.Text, want)
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
	if p.wrong == "" || !strings.Contains(p.count.Text, "regular expression") {
		t.Errorf("a broken expression is told as %q", p.count.Text)
	}
	p.filter.SetText("/^MediaFlow/")
	b.Settle(func() bool { return len(p.rows.rows) == 1 })

	p.list.UnselectAll()
	p.list.Select(0)
	p.copyRow()
	got := fyne.CurrentApp().Clipboard().Content()
	if lines := strings.Split(strings.TrimSpace(got), "\n"); len(lines) != 2 || strings.Count(lines[1], "\t") != 5 || !strings.Contains(lines[1], pagetest.Alice) {
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
	p.setMark()
	p.view.Pin(b.At)
	p.setMark()
	if p.board.until.IsZero() || !p.board.until.After(p.board.mark) {
		t.Errorf("measured from %v to %v", p.board.mark, p.board.until)
	}
	var out strings.Builder
	for _, ending := range []string{".csv", ".jsonl"} {
		if err := writeRows(t.Context(), &out, p.rows, ending, "=server", p.names(), func(float64) {}); err != nil {
			t.Error(err)
		}
	}
	if s := out.String(); strings.Count(s, "\n") != 2*p.rows.len()+1 || !strings.Contains(s, "'=server") || !strings.Contains(s, "it broke") {
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
