package kit

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// Line is a text in a bar that is cut with an ellipsis where there is no room for all
// of it: what is wrong must be seen in a narrow window, too. Its tip has the rest.
type Line struct {
	widget.BaseWidget
	whole string
	text  *canvas.Text
	// orNone is for what nobody needs: it is left out rather than cut.
	orNone bool
}

var _ desktop.Hoverable = (*Line)(nil)

// NewLine makes an empty line of a size.
func NewLine(size float32) *Line {
	t := &Line{text: NewText("", size, color.Transparent)}
	t.ExtendBaseWidget(t)
	return t
}

// Set changes the text.
func (t *Line) Set(text string, hue color.NRGBA) { t.change(text, hue, false) }

// SetHint changes the text to one that asks for no room, and is left out where there is
// not enough for all of it.
func (t *Line) SetHint(text string, hue color.NRGBA) { t.change(text, hue, true) }

// Text gives all of the text.
func (t *Line) Text() string { return t.whole }

func (t *Line) change(text string, hue color.NRGBA, orNone bool) {
	if t.whole == text && t.text.Color == hue && t.orNone == orNone {
		return
	}
	t.whole, t.text.Color, t.orNone = text, hue, orNone
	t.Refresh()
}

// MouseIn implements desktop.Hoverable.
func (t *Line) MouseIn(*desktop.MouseEvent) {
	if t.text.Text != "" && t.text.Text != t.whole {
		ShowTip(t, t.whole, fyne.NewPos(0, t.Size().Height+4))
	}
}

// MouseMoved implements desktop.Hoverable.
func (t *Line) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (t *Line) MouseOut() { HideTip(t) }

// CreateRenderer implements fyne.Widget.
func (t *Line) CreateRenderer() fyne.WidgetRenderer { return &lineRenderer{t} }

type lineRenderer struct{ t *Line }

func (r *lineRenderer) MinSize() fyne.Size {
	size := fyne.MeasureText(r.t.whole, r.t.text.TextSize, r.t.text.TextStyle)
	if r.t.orNone {
		return fyne.NewSize(0, size.Height)
	}
	return fyne.NewSize(size.Width+2, size.Height)
}

func (r *lineRenderer) Layout(size fyne.Size) {
	r.t.text.Text = Elide(r.t.whole, r.t.text.TextSize, r.t.text.TextStyle, size.Width)
	if r.t.orNone && r.t.text.Text != r.t.whole {
		r.t.text.Text = ""
	}
	m := r.t.text.MinSize()
	r.t.text.Move(fyne.NewPos(0, (size.Height-m.Height)/2))
	r.t.text.Resize(m)
	canvas.Refresh(r.t.text)
}

func (r *lineRenderer) Refresh()                     { r.Layout(r.t.Size()) }
func (r *lineRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.t.text} }
func (r *lineRenderer) Destroy()                     {}
