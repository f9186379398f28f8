package kit

import (
	"image/color"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"kmscope/ui/shade"
	"kmscope/ui/theme"
)

// Select is the toolkit's choice of one among several words, with the ground
// and outline of a framed Button: the toolkit's own has none, and stands there
// like a label.
type Select struct {
	widget.Select
}

// NewSelect makes a choice among options; changed is called with what was
// chosen, by a person or by the program. Interface goroutine.
func NewSelect(options []string, changed func(string)) *Select {
	s := &Select{widget.Select{Options: options, OnChanged: changed}}
	s.ExtendBaseWidget(s)
	return s
}

// CreateRenderer implements fyne.Widget.
func (s *Select) CreateRenderer() fyne.WidgetRenderer {
	inner := s.Select.CreateRenderer()
	frame := canvas.NewRectangle(color.Transparent)
	frame.CornerRadius, frame.StrokeWidth = theme.Radius, 1
	r := &selectRenderer{WidgetRenderer: inner, frame: frame}
	r.dress()
	return r
}

type selectRenderer struct {
	fyne.WidgetRenderer
	frame *canvas.Rectangle
}

func (r *selectRenderer) Objects() []fyne.CanvasObject {
	// Over the others: their ground would hide it.
	return append(slices.Clip(r.WidgetRenderer.Objects()), r.frame)
}

func (r *selectRenderer) Layout(size fyne.Size) {
	r.WidgetRenderer.Layout(size)
	r.frame.Resize(size)
}

func (r *selectRenderer) Refresh() {
	r.WidgetRenderer.Refresh()
	r.dress()
}

func (r *selectRenderer) dress() {
	p := palette()
	for _, o := range r.WidgetRenderer.Objects() {
		// The ground of the toolkit's is that of a field to write in.
		if ground, ok := o.(*canvas.Rectangle); ok && ground.FillColor == color.Color(p.Background) {
			ground.FillColor = p.Raised
			ground.Refresh()
		}
	}
	r.frame.StrokeColor = shade.Seen(p.Line)
	r.frame.Refresh()
}
