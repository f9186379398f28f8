package surface

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"kmscope/ui/kit"
	"kmscope/ui/theme"
)

// Chip is a filter in force, in words, with a cross that removes it. Where it gets
// less than its MinSize, the words are cut with an ellipsis, and its tip has them all.
type Chip struct {
	widget.BaseWidget
	Text   string
	remove func()
	hover  bool

	box   *canvas.Rectangle
	label *canvas.Text
	cross *canvas.Text
}

// NewChip makes a chip; remove runs when its cross is pressed.
func NewChip(text string, remove func()) *Chip {
	c := &Chip{Text: text, remove: remove,
		box: canvas.NewRectangle(color.Transparent), label: canvas.NewText(text, color.Black), cross: canvas.NewText("×", color.Black)}
	c.box.StrokeWidth, c.box.CornerRadius = 1, theme.Radius
	c.ExtendBaseWidget(c)
	return c
}

// Set changes the text.
func (c *Chip) Set(text string) {
	if c.Text != text {
		c.Text = text
		c.Refresh()
	}
}

// Tapped implements fyne.Tappable.
func (c *Chip) Tapped(*fyne.PointEvent) {
	if c.remove != nil {
		c.remove()
	}
}

// MouseIn implements desktop.Hoverable.
func (c *Chip) MouseIn(*desktop.MouseEvent) {
	c.hover = true
	c.Refresh()
	if c.Size().Width < c.MinSize().Width {
		kit.ShowTip(c, c.Text, fyne.NewPos(0, c.Size().Height+4))
	}
}

// MouseMoved implements desktop.Hoverable.
func (c *Chip) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (c *Chip) MouseOut() { c.hover = false; c.Refresh(); kit.HideTip(c) }

// Cursor implements desktop.Cursorable.
func (c *Chip) Cursor() desktop.Cursor { return desktop.PointerCursor }

// CreateRenderer implements fyne.Widget.
func (c *Chip) CreateRenderer() fyne.WidgetRenderer {
	r := &chipRenderer{c}
	r.Refresh()
	return r
}

type chipRenderer struct{ c *Chip }

func (r *chipRenderer) Layout(size fyne.Size) {
	r.c.box.Resize(size)
	text := r.c.Text
	if over := r.MinSize().Width - size.Width; over > 0 && size.Width > 0 {
		text = kit.Elide(text, theme.TextSize, fyne.TextStyle{}, kit.TextWidth(text, theme.TextSize, fyne.TextStyle{})-over)
	}
	if r.c.label.Text != text {
		r.c.label.Text = text
		r.c.label.Refresh()
	}
	y := (size.Height - r.c.label.MinSize().Height) / 2
	r.c.label.Move(fyne.NewPos(8, y))
	r.c.label.Resize(r.c.label.MinSize())
	r.c.cross.Move(fyne.NewPos(size.Width-r.c.cross.MinSize().Width-8, y))
	r.c.cross.Resize(r.c.cross.MinSize())
}

func (r *chipRenderer) MinSize() fyne.Size {
	l, x := fyne.MeasureText(r.c.Text, theme.TextSize, fyne.TextStyle{}), r.c.cross.MinSize()
	return fyne.NewSize(l.Width+x.Width+22, max(l.Height, x.Height)+8)
}

func (r *chipRenderer) Refresh() {
	p := theme.Current()
	r.c.label.TextSize, r.c.label.Color = theme.TextSize, p.Text
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

// Inset gives a bar of controls the distance to its neighbours that the pages
// share.
func Inset(o fyne.CanvasObject) fyne.CanvasObject {
	return container.New(layout.NewCustomPaddedLayout(2*theme.Grid, 2*theme.Grid, 2*theme.Grid, 2*theme.Grid), o)
}
