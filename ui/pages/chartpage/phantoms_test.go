package chartpage

import (
	"fmt"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"kmscope/ui/pages/pagetest"
	"kmscope/ui/view"
	"kmscope/wire"
)

// TestPhantomsAreHiddenButReachable feeds a reply with a real stream and with one
// of which no packet ever came.
func TestPhantomsAreHiddenButReachable(t *testing.T) {
	b := pagetest.New(t)
	b.Room()
	p := New()
	b.Catch(&p.work)
	win := pagetest.Window(p, 1000, 500)
	defer win.Close()
	p.Shown(true)
	b.State.Select(view.Selection{Session: b, Object: pagetest.Alice})
	p.Update(b.State)
	p.showTable(true)
	b.Settle(func() bool { return len(p.table.rows) > 0 })
	if p.table.phantomWord() != "" || p.countPhantoms() != 0 {
		t.Fatalf("there is a phantom already: %q", p.table.phantomWord())
	}
	for i := range 3 {
		at := b.At.UnixMilli()
		b.Feed(wire.Fact{Kind: wire.KindCall, Method: "invoke", Operation: "getStats", Object: pagetest.Alice, Params: []byte(`{"mediaType":"VIDEO"}`),
			Result: fmt.Appendf(nil, `{"in":{"id":"in","type":"inboundrtp","ssrc":"4711","timestampMillis":%d,"bytesReceived":%d,"packetsReceived":%d},
				"ghost":{"id":"ghost","type":"inboundrtp","ssrc":"4712","timestampMillis":%d,"bytesReceived":0,"packetsReceived":0,"nackCount":3}}`, at, 1000*(i+1), 10*(i+1), at)})
	}
	p.Update(b.State)
	b.Settle(func() bool { return p.table.phantoms == 1 })
	ghosts := func() (n int) {
		for _, r := range p.table.rows {
			if r.Phantom {
				n++
			}
		}
		return n
	}
	win.Canvas().Capture()
	if ghosts() != 0 || !strings.HasPrefix(p.table.phantomWord(), "Show 1 phantom stream") {
		t.Errorf("%d rows of phantoms, %q", ghosts(), p.table.phantomWord())
	}
	// The line under the table shows them, and hides them again.
	line := func() {
		y := headHeight + (float64(len(p.table.rows))+0.5)*rowHeight - p.table.scroll
		pagetest.Press(p.surface, fyne.NewPos(60, float32(y)), desktop.MouseButtonPrimary)
	}
	p.table.scrollBy(1e6)
	line()
	b.Settle(func() bool { return ghosts() > 0 })
	p.filter.SetText("phantom nack")
	if len(p.table.rows) != 1 || p.table.rows[0].Max != 3 || !strings.Contains(p.table.rows[0].Element, "phantom …4712") {
		t.Errorf("%+v", p.table.rows)
	}
	p.filter.SetText("")
	win.Canvas().Capture()
	p.table.scrollBy(1e6)
	line()
	b.Settle(func() bool { return ghosts() == 0 })
	// The charts say that something is hidden, and the menu leads there.
	p.showTable(false)
	b.Settle(func() bool {
		for _, ch := range p.charts {
			if ch.Kind == received && strings.Contains(ch.Note, "1 phantom hidden") {
				return true
			}
		}
		return false
	})
	for _, item := range p.viewMenu().Items {
		if item.Label == "Show 1 phantom stream in the table" {
			item.Action()
		}
	}
	b.Settle(func() bool { return p.asTable && ghosts() > 0 })
}
