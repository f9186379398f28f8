package chartpage

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"kmscope/stats"
	"kmscope/ui/pages/pagetest"
)

func TestTable(t *testing.T) {
	b := pagetest.New(t)
	b.Room()
	for i := range 10 {
		b.At = b.At.Add(time.Second)
		b.Sampled(pagetest.Bob, 50_000*i)
		b.Sampled(pagetest.Alice, 3_000_000+100_000*i)
	}
	p := New()
	b.Catch(&p.work)
	win := pagetest.Window(p, 1000, 400)
	defer win.Close()
	p.Shown(true)
	p.Update(b.State)
	p.showTable(true)
	b.Settle(func() bool { return len(p.table.rows) > 4 })
	win.Canvas().Capture()
	if p.table.rows[0].Element != "WebRtcEndpoint aaaa" || p.table.rows[0].Figure != "bit rate" {
		t.Errorf("the first row is %+v", p.table.rows[0])
	}
	r := p.table.rows[0]
	if r.Min > r.Mean || r.Mean > r.Max || r.Min <= 0 {
		t.Errorf("%v, %v, %v", r.Min, r.Mean, r.Max)
	}
	// A click on a title sorts, the largest first; a second one turns it round.
	click := func(column int) {
		x, w := p.table.cells()
		pagetest.Press(p.surface, fyne.NewPos(float32(x[column]+w[column]/2), 10), desktop.MouseButtonPrimary)
	}
	click(colMax)
	if p.table.rows[0].Unit != stats.PerSecond && p.table.rows[0].Max < p.table.rows[1].Max {
		t.Errorf("sorted by max: %+v", p.table.rows[0])
	}
	click(colElement)
	click(colElement)
	if p.table.rows[0].Element != "server" && p.table.rows[0].Element != "WebRtcEndpoint bbbb" {
		t.Errorf("turned round: %q", p.table.rows[0].Element)
	}
	p.filter.SetText("bbbb bit")
	if len(p.table.rows) != 1 || p.table.rows[0].Key.Element != pagetest.Bob {
		t.Fatalf("%d rows", len(p.table.rows))
	}
	p.filter.SetText("/[/")
	win.Canvas().Capture()
	if p.table.bad == "" {
		t.Error("a wrong expression is not told")
	}
	p.filter.SetText("/aaaa/")
	p.surface.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEnd})
	if at := p.table.chosenRow(); at != len(p.table.rows)-1 {
		t.Errorf("End chose row %d", at)
	}
	p.surface.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if b.State.Selection().Object != pagetest.Alice {
		t.Error("Enter did not select the element")
	}
	b.Settle(func() bool { return len(p.table.rows) > 0 })

	p.copyTable(false)
	text := fyne.CurrentApp().Clipboard().Content()
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) != len(p.table.rows)+1 || strings.Count(lines[1], "\t") != 9 {
		t.Errorf("copied\n%s", text)
	}
	p.copyTable(true)
	var list []map[string]any
	if err := json.Unmarshal([]byte(fyne.CurrentApp().Clipboard().Content()), &list); err != nil || len(list) != len(p.table.rows) || list[0]["id"] != pagetest.Alice {
		t.Errorf("%v: %v", err, list)
	}
	// A narrow page keeps what matters.
	win.Resize(fyne.NewSize(430, 300))
	win.Canvas().Capture()
	if _, w := p.table.cells(); w[colNow] == 0 || w[colElement] == 0 || w[colMean] != 0 {
		t.Errorf("widths %v", w)
	}
	p.showTable(false)
	b.Settle(func() bool { return len(p.charts) > 0 })
}
