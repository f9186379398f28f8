package chartpage

import (
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"kmscope/ui/pages/pagetest"
)

func TestChartsPage(t *testing.T) {
	b := pagetest.New(t)
	b.Room()
	for i := range 5 {
		b.At = b.At.Add(time.Second)
		b.Sampled(pagetest.Alice, 100_000*(30+i))
		b.Sampled(pagetest.Bob, 10_000*i)
	}
	p := New()
	b.Catch(&p.work)
	win := pagetest.Window(p, 900, 600)
	defer win.Close()
	p.Shown(true)
	p.Update(b.State)
	b.Settle(func() bool { return len(p.charts) > 0 })
	win.Canvas().Capture()
	if p.charts[0].Title != "WebRtcEndpoint aaaa" {
		t.Errorf("the overview begins with %q", p.charts[0].Title)
	}
	// The title of an overview chart selects its element.
	r := p.place(0)
	pagetest.Press(p.surface, fyne.NewPos(float32(r.X)+20, float32(r.Y)+12), desktop.MouseButtonPrimary)
	if got := b.State.Selection().Object; got != pagetest.Alice {
		t.Fatalf("selected %q", got)
	}
	b.Settle(func() bool { return p.charts[0].Title == "Bitrate received" })
	if p.chip.Text != "WebRtcEndpoint aaaa" || !p.chip.Visible() {
		t.Errorf("the chip says %q", p.chip.Text)
	}
	if n := len(p.charts); n < 5 {
		t.Errorf("%d charts", n)
	}
	// Hovering moves the cursor of the window, leaving lets go of it.
	plot := plotArea(p.place(0))
	pos := fyne.NewPos(float32(plot.X+plot.W), float32(plot.Y+plot.H/2))
	p.surface.MouseMoved(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: pos}})
	if at, live := b.State.Cursor(); live || !at.Equal(p.time.To) {
		t.Errorf("cursor %v, live %v", at, live)
	}
	p.surface.MouseOut()
	if _, live := b.State.Cursor(); !live {
		t.Error("the cursor stayed")
	}
	// A drag chooses a range; following ends it.
	from := fyne.NewPos(float32(plot.X+plot.W/2), float32(plot.Y+10))
	p.surface.MouseDown(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: from}})
	p.surface.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: from.AddXY(50, 0)}, Dragged: fyne.NewDelta(50, 0)})
	win.Canvas().Capture()
	p.surface.DragEnd()
	if b.State.Following() {
		t.Error("the range was not fixed")
	}
	p.surface.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if !b.State.Following() {
		t.Error("Escape does not follow")
	}
	test.Tap(p.spans[0])
	if b.State.Length() != 20*time.Second {
		t.Errorf("range %v", b.State.Length())
	}
	test.Tap(p.chip)
	if b.State.Selection().Object != "" {
		t.Error("the chip did not let go of the selection")
	}
}

// Where one element alone has figures there is nothing to rank: its charts
// stand there as if it were selected.
func TestOnlyElementIsShownWhole(t *testing.T) {
	b := pagetest.New(t)
	b.Room()
	p := New()
	b.Catch(&p.work)
	win := pagetest.Window(p, 900, 600)
	defer win.Close()
	p.Shown(true)
	p.Update(b.State)
	b.Settle(func() bool { return len(p.charts) > 0 })
	if n := len(p.charts); n < 5 || p.charts[0].Title != "Bitrate received" || p.charts[0].Element != pagetest.Alice {
		t.Errorf("%d charts, the first %q of %q", n, p.charts[0].Title, p.charts[0].Element)
	}
}

func TestChartsPageSaysWhatToDo(t *testing.T) {
	b := pagetest.New(t)
	p := New()
	b.Catch(&p.work)
	win := pagetest.Window(p, 900, 600)
	defer win.Close()
	p.Update(b.State)
	b.Settle(func() bool { return strings.HasPrefix(p.empty, "No statistics yet") })
	b.Room()
	b.State.SelectObject(pagetest.Bob)
	p.Update(b.State)
	b.Settle(func() bool { return strings.Contains(p.empty, "WebRtcEndpoint bbbb") })
	win.Canvas().Capture()
}

// The bar does without scrolling, down to what is left of a window of 800.
func TestBarFits(t *testing.T) {
	b := pagetest.New(t)
	b.Room()
	p := New()
	b.Catch(&p.work)
	win := pagetest.Window(p, 1200, 600)
	defer win.Close()
	p.Shown(true)
	p.Update(b.State)
	for _, id := range []string{"", pagetest.Alice} {
		b.State.SelectObject(id)
		p.Update(b.State)
		b.Settle(func() bool { return len(p.charts) > 0 })
		for _, table := range []bool{false, true} {
			p.showTable(table)
			heights := map[float32]float32{}
			for _, width := range []float32{1200, 580, 480, 320, 1200} {
				win.Resize(fyne.NewSize(width, 600))
				pagetest.Fits(t, p)
				heights[width] = p.bar.Size().Height
				if !p.asCharts.Visible() && !p.asRows.Visible() {
					t.Error("there is no way to the table")
				}
				if whole := width == 1200; !table && (p.spans[0].Visible() != whole || (p.add.Text() == addWord) != whole) {
					t.Errorf("in %v the bar has spans: %v, %q", width, p.spans[0].Visible(), p.add.Text())
				}
			}
			if heights[580] != heights[1200] || heights[480] != heights[1200] {
				t.Errorf("the bar has several rows: %v", heights)
			}
		}
		p.showTable(false)
	}
}
