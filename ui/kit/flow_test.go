package kit

import (
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"

	"kmscope/ui/theme"
)

// A bar stands in one row where it can, else in two, and what is under it makes room.
func TestFlowGoesOnInASecondRow(t *testing.T) {
	newApp(t)
	boxes := make([]fyne.CanvasObject, 4)
	for i := range boxes {
		r := canvas.NewRectangle(theme.Dark.Panel)
		r.SetMinSize(fyne.NewSize(100, 20))
		boxes[i] = r
	}
	told := float32(0)
	flow := &Flow{Bar: Bar{Gap: 10, Stretch: 2, Least: map[int]float32{1: 60, 3: 70}}, Break: 2, RowGap: 5, Fit: func(w float32) { told = w }}
	body := canvas.NewRectangle(theme.Dark.Panel)
	row := container.New(flow, boxes...)
	page := NewUnder(4, container.New(Margin{Top: 1}, row), body, flow)
	for _, c := range []struct {
		width         float32
		widths        [4]float32
		second, under float32
	}{
		{600, [4]float32{100, 100, 270, 100}, 0, 25},
		{360, [4]float32{100, 60, 100, 70}, 0, 25},
		{359, [4]float32{100, 100, 249, 100}, 25, 50},
		{600, [4]float32{100, 100, 270, 100}, 0, 25},
	} {
		page.Resize(fyne.NewSize(c.width, 300))
		for i, b := range boxes {
			if w := b.Size().Width; w != c.widths[i] {
				t.Errorf("in %v: object %d is %v wide", c.width, i, w)
			}
			if x := b.Position().X + b.Size().Width; x > c.width {
				t.Errorf("in %v: object %d ends at %v", c.width, i, x)
			}
		}
		if y := boxes[2].Position().Y; y != c.second || body.Position().Y != c.under || body.Size().Height != 300-c.under || told != c.width {
			t.Errorf("in %v: the second part is at %v, the rest at %v, %v high; told %v", c.width, y, body.Position().Y, body.Size().Height, told)
		}
	}
	// What comes into a bar that stays as wide as it is.
	page.Resize(fyne.NewSize(360, 300))
	wide := canvas.NewRectangle(theme.Dark.Panel)
	wide.SetMinSize(fyne.NewSize(40, 20))
	for _, c := range []struct {
		shown bool
		under float32
	}{{true, 50}, {false, 25}} {
		row.Objects = boxes
		if c.shown {
			row.Objects = append(slices.Clone(boxes), wide)
		}
		row.Refresh()
		if y := body.Position().Y; y != c.under {
			t.Errorf("with something more %v, what is under the bar is at %v", c.shown, y)
		}
	}
	boxes[2].Hide()
	boxes[3].Hide()
	page.Resize(fyne.NewSize(150, 300))
	if y := body.Position().Y; y != 25 {
		t.Errorf("an empty second row takes room: %v", y)
	}
}

// What is cut in a button or a line says so, and is whole again with more room.
func TestCutTexts(t *testing.T) {
	newApp(t)
	const long = "Why is the video bad"
	b := NewButton(Framed, "", long, nil).WithCaret()
	shown := test.WidgetRenderer(b).(*buttonRenderer).text
	b.Resize(fyne.NewSize(90, ButtonHeight))
	if !strings.HasSuffix(shown.Text, "…") || b.Text() != long || b.MinSize().Width < 120 {
		t.Errorf("in 90 the button says %q and is %q", shown.Text, b.Text())
	}
	b.Resize(b.MinSize())
	if shown.Text != long {
		t.Errorf("with room the button says %q", shown.Text)
	}
	l := NewLine(theme.TextSize)
	test.WidgetRenderer(l)
	l.Set(long, theme.Dark.Text)
	l.Resize(fyne.NewSize(60, 20))
	if !strings.HasSuffix(l.text.Text, "…") || l.MinSize().Width < 100 {
		t.Errorf("in 60 the line says %q", l.text.Text)
	}
	l.SetHint(long, theme.Dark.Text)
	if l.text.Text != "" || l.MinSize().Width != 0 || l.Text() != long {
		t.Errorf("in 60 the hint says %q", l.text.Text)
	}
	l.Resize(fyne.NewSize(300, 20))
	if l.text.Text != long {
		t.Errorf("with room the hint says %q", l.text.Text)
	}
}
