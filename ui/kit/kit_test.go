package kit

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"kmscope/ui/theme"
)

func newApp(t *testing.T) {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(theme.New(theme.AlwaysDark))
}

func TestElide(t *testing.T) {
	newApp(t)
	long := "a name that is much too long for its place"
	for _, width := range []float32{0, 5, 40, 120, 1000} {
		got := Elide(long, theme.TextSize, fyne.TextStyle{}, width)
		if w := TextWidth(got, theme.TextSize, fyne.TextStyle{}); w > width {
			t.Errorf("in %v: %q is %v wide", width, got, w)
		}
		if width == 1000 && got != long {
			t.Errorf("cut without need: %q", got)
		}
		if width == 120 && (!strings.HasSuffix(got, "…") || len(got) < 10) {
			t.Errorf("in 120: %q", got)
		}
	}
}

func TestWrapKeepsEveryWord(t *testing.T) {
	newApp(t)
	text := "The time from a ping to its answer.\n\nid/with/many/parts_and_no_spaces_at_all_which_must_break_somewhere, end"
	lines := Wrap(text, theme.CaptionSize, fyne.TextStyle{}, 130)
	for _, l := range lines {
		if w := fyne.MeasureText(l, theme.CaptionSize, fyne.TextStyle{}).Width; w > 131 {
			t.Errorf("%q is %v wide", l, w)
		}
	}
	strip := func(s string) string { return strings.Join(strings.Fields(s), "") }
	if got := strip(strings.Join(lines, "")); got != strip(text) {
		t.Errorf("wrapped to %q", lines)
	}
	if len(Wrap("", theme.CaptionSize, fyne.TextStyle{}, 10)) != 1 || len(Wrap("xyz", theme.CaptionSize, fyne.TextStyle{}, 0)) != 3 {
		t.Error("nothing, or no room at all, is not handled")
	}
}

// A number is not parted from its unit, but where there is no other way.
func TestWrapKeepsUnits(t *testing.T) {
	newApp(t)
	text := "Audio loss in 6.7 %"
	room := fyne.MeasureText(text, theme.TextSize, fyne.TextStyle{}).Width - 1
	if lines := Wrap(text, theme.TextSize, fyne.TextStyle{}, room); len(lines) != 2 || lines[1] != "6.7 %" {
		t.Errorf("wrapped to %q", lines)
	}
	if lines := Wrap("100000000000000000000 %", theme.TextSize, fyne.TextStyle{}, 90); len(lines) < 2 {
		t.Errorf("wrapped to %q", lines)
	}
}

func TestMove(t *testing.T) {
	for _, c := range []struct {
		key      fyne.KeyName
		from, to int
	}{
		{fyne.KeyDown, -1, 0}, {fyne.KeyDown, 9, 9}, {fyne.KeyUp, 0, 0}, {fyne.KeyUp, 5, 4},
		{fyne.KeyPageDown, 1, 5}, {fyne.KeyPageUp, 5, 1}, {fyne.KeyHome, 7, 0}, {fyne.KeyEnd, 2, 9},
	} {
		if to, moves := Move(c.key, c.from, 10, 4); to != c.to || !moves {
			t.Errorf("%s from %d gives %d, want %d", c.key, c.from, to, c.to)
		}
	}
	if _, moves := Move(fyne.KeyReturn, 3, 10, 4); moves {
		t.Error("return moves")
	}
	if _, moves := Move(fyne.KeyDown, -1, 0, 4); moves {
		t.Error("an empty list moves")
	}
}

func TestButton(t *testing.T) {
	newApp(t)
	n := 0
	b := NewButton(Primary, "plug", "Connect", func() { n++ }).WithCaret()
	w := test.NewTempWindow(t, b)
	test.Tap(b)
	w.Canvas().Focus(b)
	b.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	b.SetEnabled(false)
	test.Tap(b)
	if n != 2 || b.Enabled() {
		t.Errorf("tapped %d times, want 2", n)
	}
	var passed fyne.KeyName
	OnUnhandled(func(e *fyne.KeyEvent) { passed = e.Name })
	t.Cleanup(func() { OnUnhandled(nil) })
	b.TypedKey(&fyne.KeyEvent{Name: fyne.KeyF1})
	if passed != fyne.KeyF1 {
		t.Error("F1 is lost in a button")
	}
	before := b.MinSize().Width
	b.Set("plug", "Connect to something")
	if b.MinSize().Width <= before {
		t.Error("a longer text needs no more room")
	}
}

func TestColumnsKeepTheirWidths(t *testing.T) {
	newApp(t)
	left, middle, right := canvas.NewRectangle(nil), canvas.NewRectangle(nil), canvas.NewRectangle(nil)
	c := NewColumns(left, middle, right, 200, 300)
	w := test.NewTempWindow(t, c)
	w.SetPadded(false)
	w.Resize(fyne.NewSize(1200, 400))
	if left.Size().Width != 200 || right.Size().Width != 300 || middle.Size().Width != 700 {
		t.Errorf("the widths are %v %v %v", left.Size().Width, middle.Size().Width, right.Size().Width)
	}
	w.Resize(fyne.NewSize(1600, 400))
	if left.Size().Width != 200 || right.Size().Width != 300 {
		t.Error("a larger window makes the sides wider")
	}
	w.Resize(fyne.NewSize(640, 400))
	if middle.Size().Width < minMiddle-1 {
		t.Errorf("a small window leaves %v for the middle", middle.Size().Width)
	}
	changed := 0
	c.Changed = func() { changed++ }
	r, ok := test.WidgetRenderer(c).(*columnsRenderer)
	if !ok {
		t.Fatal("another renderer")
	}
	w.Resize(fyne.NewSize(1600, 400))
	r.rightEdge.Dragged(&fyne.DragEvent{Dragged: fyne.NewDelta(-50, 0)})
	r.rightEdge.DragEnd()
	if _, rw := c.Widths(); rw != 350 || changed != 1 {
		t.Errorf("dragged to %v", rw)
	}
	r.leftEdge.Dragged(&fyne.DragEvent{Dragged: fyne.NewDelta(-5000, 0)})
	if lw, _ := c.Widths(); lw != minSide {
		t.Errorf("dragged to %v, want %v", lw, minSide)
	}
	c.ShowSides(false, true)
	if middle.Position().X != 0 {
		t.Error("a hidden side keeps its place")
	}
}

func TestTabs(t *testing.T) {
	newApp(t)
	var chosen []int
	tabs := NewTabs([]string{"a", "b", "c"}, func(i int) { chosen = append(chosen, i) })
	w := test.NewTempWindow(t, tabs.Object())
	w.Resize(fyne.NewSize(400, 60))
	test.Tap(tabs.tabs[2])
	test.Tap(tabs.tabs[2])
	tabs.Choose(7)
	tabs.Choose(-1)
	tabs.Choose(0)
	if len(chosen) != 2 || chosen[0] != 2 || tabs.Chosen() != 0 {
		t.Errorf("chosen were %v", chosen)
	}
}

func TestListDrawsRowsWithoutGaps(t *testing.T) {
	newApp(t)
	var rows []fyne.CanvasObject
	l, o := NewList(func() int { return 1000 }, func() fyne.CanvasObject {
		r := canvas.NewRectangle(nil)
		r.SetMinSize(fyne.NewSize(10, 24))
		rows = append(rows, r)
		return r
	}, func(int, fyne.CanvasObject) {})
	w := test.NewTempWindow(t, o)
	w.SetPadded(false)
	w.Resize(fyne.NewSize(200, 240))
	if len(rows) > 30 {
		t.Errorf("%d rows were made for a place of 10", len(rows))
	}
	if l.PageRows(24) != 10 {
		t.Errorf("%d rows are in view, want 10", l.PageRows(24))
	}
	taken := false
	l.OnKey = func(*fyne.KeyEvent) bool { taken = true; return true }
	w.Canvas().Focus(l)
	l.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
	if !taken || !l.Focused() {
		t.Error("the list does not get the keys")
	}
}

func TestModal(t *testing.T) {
	newApp(t)
	w := test.NewTempWindow(t, widget.NewLabel("below"))
	closed := 0
	m := NewModal(w.Canvas(), "Title", widget.NewLabel("content"))
	m.OnClosed(func() { closed++ })
	m.Show()
	if !m.Visible() {
		t.Error("shown, and not visible")
	}
	m.Hide()
	m.Hide()
	if closed != 1 {
		t.Errorf("closed %d times", closed)
	}
}

func TestEntryGivesKeysAway(t *testing.T) {
	newApp(t)
	e := NewEntry("x")
	e.OnKey = func(k *fyne.KeyEvent) bool { return k.Name == fyne.KeyDown }
	test.NewTempWindow(t, e)
	test.Type(e, "abc")
	e.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
	e.TypedKey(&fyne.KeyEvent{Name: fyne.KeyBackspace})
	if e.Text != "ab" {
		t.Errorf("the text is %q", e.Text)
	}
}

// Escape closes the box that was opened last, and only those of its own window.
func TestCloseTopModal(t *testing.T) {
	newApp(t)
	w, other := test.NewTempWindow(t, canvas.NewRectangle(theme.Dark.Panel)), test.NewTempWindow(t, canvas.NewRectangle(theme.Dark.Panel))
	first, second := NewModal(w.Canvas(), "first", canvas.NewRectangle(theme.Dark.Panel)), NewModal(w.Canvas(), "second", canvas.NewRectangle(theme.Dark.Panel))
	first.Show()
	second.Show()
	if CloseTopModal(other.Canvas()) {
		t.Error("a box of another window was closed")
	}
	if !CloseTopModal(w.Canvas()) || second.Visible() || !first.Visible() {
		t.Error("the topmost box was not closed, or not it alone")
	}
	if !CloseTopModal(w.Canvas()) || first.Visible() || CloseTopModal(w.Canvas()) {
		t.Error("the boxes were not closed one after the other")
	}
}

// Where there is no room, what may become narrow does, and a hint goes whole.
func TestBarGivesWay(t *testing.T) {
	newApp(t)
	fixed, field := canvas.NewRectangle(theme.Dark.Panel), canvas.NewRectangle(theme.Dark.Panel)
	fixed.SetMinSize(fyne.NewSize(100, 20))
	field.SetMinSize(fyne.NewSize(10, 20))
	hint := NewText("a hint", theme.TextSize, theme.Dark.Text)
	space := canvas.NewRectangle(theme.Dark.Panel)
	bar := Bar{Gap: 4, Stretch: 3, Least: map[int]float32{1: 60, 2: 0}}
	objects := []fyne.CanvasObject{fixed, Wide(200, field), WholeOrNone(hint), space, fixed}
	if least := bar.MinSize(objects).Width; least != 100+60+100+4*4+space.MinSize().Width {
		t.Errorf("the least width is %v", least)
	}
	bar.Layout(objects, fyne.NewSize(800, 20))
	if field.Size().Width != 200 || !hint.Visible() {
		t.Errorf("with room the field is %v wide, the hint shown: %v", field.Size().Width, hint.Visible())
	}
	bar.Layout(objects, fyne.NewSize(330, 20))
	if w := field.Size().Width; w >= 200 || w < 60 || hint.Visible() {
		t.Errorf("without room the field is %v wide, the hint shown: %v", w, hint.Visible())
	}
	bar.Layout(objects, fyne.NewSize(800, 20))
	if !hint.Visible() {
		t.Error("the hint does not come back")
	}
}

// The middle column has what a page needs before the outer ones have more.
func TestColumnsLeaveRoomForThePage(t *testing.T) {
	newApp(t)
	left, middle, right := canvas.NewRectangle(theme.Dark.Panel), canvas.NewRectangle(theme.Dark.Panel), canvas.NewRectangle(theme.Dark.Panel)
	c := NewColumns(left, middle, right, 260, 310)
	for _, width := range []float32{640, 1024, 1240, 2560} {
		c.Resize(fyne.NewSize(width, 400))
		test.WidgetRenderer(c).Layout(c.Size())
		l, m, r := left.Size().Width, middle.Size().Width, right.Size().Width
		if l+m+r != width || l > 260 || r > 310 || m < goodMiddle && (l > minSide || r > minSide) {
			t.Errorf("in %v: %v, %v, %v", width, l, m, r)
		}
	}
}
