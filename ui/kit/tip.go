package kit

import (
	"image/color"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"kmscope/ui/loop"
	"kmscope/ui/theme"
)

// tipDelay is how long the pointer must rest before a tip shows.
const tipDelay = 450 * time.Millisecond

// tipStays is how long a tip is shown at most: the toolkit does not tell when the
// pointer leaves the window.
const tipStays = 15 * time.Second

// tipWidth bounds a tip.
const tipWidth = 360

// Tips is the layer over the contents of a window in which tips are shown. It
// takes no events: the pointer stays with what lies below.
type Tips struct {
	layer *fyne.Container
	box   *canvas.Rectangle
	owner fyne.CanvasObject
	timer *time.Timer
}

var layers = map[fyne.Canvas]*Tips{}

// NewTips makes the layer of a canvas, on top of content, and gives both as one
// object.
func NewTips(c fyne.Canvas, content fyne.CanvasObject) fyne.CanvasObject {
	t := &Tips{layer: container0(), box: canvas.NewRectangle(color.Transparent)}
	t.box.CornerRadius, t.box.StrokeWidth = theme.Radius, 1
	layers[c] = t
	return stack(content, t.layer)
}

// ShowTip shows a text near an object, at a place relative to it, once the
// pointer has rested. Without a text, or without a layer, nothing happens.
func ShowTip(o fyne.CanvasObject, text string, at fyne.Position) {
	t := tipsOf(o)
	if t == nil {
		return
	}
	t.hide()
	if text == "" {
		return
	}
	t.owner = o
	t.timer = time.AfterFunc(tipDelay, func() {
		loop.Do(func() {
			if t.owner == o {
				t.show(o, text, at)
				t.timer = time.AfterFunc(tipStays, func() { loop.Do(func() { HideTip(o) }) })
			}
		})
	})
}

// HideTip takes back the tip of an object.
func HideTip(o fyne.CanvasObject) {
	if t := tipsOf(o); t != nil && t.owner == o {
		t.hide()
	}
}

// HideTips takes back whatever tip a canvas shows.
func HideTips(c fyne.Canvas) {
	if t := layers[c]; t != nil {
		t.hide()
	}
}

func tipsOf(o fyne.CanvasObject) *Tips {
	a := fyne.CurrentApp()
	if a == nil {
		return nil
	}
	return layers[a.Driver().CanvasForObject(o)]
}

func (t *Tips) hide() {
	if t.timer != nil {
		t.timer.Stop()
	}
	t.owner = nil
	if len(t.layer.Objects) > 0 {
		t.layer.Objects = nil
		t.layer.Refresh()
	}
}

func (t *Tips) show(o fyne.CanvasObject, text string, at fyne.Position) {
	p := palette()
	const size, pad = theme.CaptionSize + 1, 6
	lines := Wrap(text, size, fyne.TextStyle{}, tipWidth)
	if len(lines) > 16 {
		lines = append(lines[:16], "…")
	}
	t.box.FillColor, t.box.StrokeColor = p.Raised, p.Line
	objects := []fyne.CanvasObject{t.box}
	width, step := float32(0), fyne.MeasureText("X", size, fyne.TextStyle{}).Height+2
	for _, line := range lines {
		width = max(width, TextWidth(line, size, fyne.TextStyle{}))
	}
	box := fyne.NewSize(width+2*pad, float32(len(lines))*step+2*pad-2)
	pos := fyne.CurrentApp().Driver().AbsolutePositionForObject(o).Add(at)
	all := t.layer.Size()
	origin := fyne.CurrentApp().Driver().AbsolutePositionForObject(t.layer)
	pos = pos.Subtract(origin)
	pos.X = min(max(pos.X, 4), max(all.Width-box.Width-4, 4))
	if pos.Y+box.Height > all.Height-4 {
		pos.Y = max(pos.Y-box.Height-o.Size().Height-8, 4)
	}
	t.box.Move(pos)
	t.box.Resize(box)
	for i, line := range lines {
		text := NewText(line, size, p.Text)
		text.Move(pos.AddXY(pad, pad-1+float32(i)*step))
		text.Resize(fyne.NewSize(width, step))
		objects = append(objects, text)
	}
	t.layer.Objects = objects
	t.layer.Refresh()
}
