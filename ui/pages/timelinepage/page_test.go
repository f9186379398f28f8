package timelinepage

import (
	"fmt"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

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
