package pages

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"kmscope/ui/theme"
)

// chip is a filter in force, in words, with a cross that removes it.
type chip struct {
	widget.BaseWidget
	text   string
	remove func()
	hover  bool

	box   *canvas.Rectangle
	label *canvas.Text
	cross *canvas.Text
}

func newChip(text string, remove func()) *chip {
	c := &chip{text: text, remove: remove,
		box: canvas.NewRectangle(color.Transparent), label: canvas.NewText(text, color.Black), cross: canvas.NewText("×", color.Black)}
	c.box.StrokeWidth, c.box.CornerRadius = 1, theme.Radius
	c.ExtendBaseWidget(c)
	return c
}

// set changes the text.
func (c *chip) set(text string) {
	if c.text != text {
		c.text = text
		c.Refresh()
	}
}

// Tapped implements fyne.Tappable.
func (c *chip) Tapped(*fyne.PointEvent) {
	if c.remove != nil {
		c.remove()
	}
}

// MouseIn implements desktop.Hoverable.
func (c *chip) MouseIn(*desktop.MouseEvent) { c.hover = true; c.Refresh() }

// MouseMoved implements desktop.Hoverable.
func (c *chip) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (c *chip) MouseOut() { c.hover = false; c.Refresh() }

// Cursor implements desktop.Cursorable.
func (c *chip) Cursor() desktop.Cursor { return desktop.PointerCursor }

// CreateRenderer implements fyne.Widget.
func (c *chip) CreateRenderer() fyne.WidgetRenderer {
	r := &chipRenderer{c}
	r.Refresh()
	return r
}

type chipRenderer struct{ c *chip }

func (r *chipRenderer) Layout(size fyne.Size) {
	r.c.box.Resize(size)
	y := (size.Height - r.c.label.MinSize().Height) / 2
	r.c.label.Move(fyne.NewPos(8, y))
	r.c.label.Resize(r.c.label.MinSize())
	r.c.cross.Move(fyne.NewPos(size.Width-r.c.cross.MinSize().Width-8, y))
	r.c.cross.Resize(r.c.cross.MinSize())
}

func (r *chipRenderer) MinSize() fyne.Size {
	l, x := r.c.label.MinSize(), r.c.cross.MinSize()
	return fyne.NewSize(l.Width+x.Width+22, max(l.Height, x.Height)+8)
}

func (r *chipRenderer) Refresh() {
	p := theme.Current()
	r.c.label.Text, r.c.label.TextSize, r.c.label.Color = r.c.text, theme.TextSize, p.Text
	r.c.cross.TextSize, r.c.cross.Color = theme.TextSize, p.Dim
	r.c.box.FillColor, r.c.box.StrokeColor = p.Raised, p.Line
	if r.c.hover {
		r.c.box.StrokeColor, r.c.cross.Color = p.Dim, p.Text
	}
	r.Layout(r.c.Size())
	canvas.Refresh(r.c)
}

func (r *chipRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.c.box, r.c.label, r.c.cross}
}

func (r *chipRenderer) Destroy() {}

// inset gives a bar of controls the distance to its neighbours that the pages
// share.
func inset(o fyne.CanvasObject) fyne.CanvasObject {
	return container.New(layout.NewCustomPaddedLayout(2*theme.Grid, 2*theme.Grid, 2*theme.Grid, 2*theme.Grid), o)
}
