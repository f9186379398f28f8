package kit

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"kmscope/ui/shade"
)

// Columns shows three columns. The outer ones keep their widths when the
// window changes, the middle one takes the rest: the toolkit's split keeps
// ratios, which would make side panels grow with the window.
type Columns struct {
	widget.BaseWidget
	left, middle, right fyne.CanvasObject
	leftW, rightW       float32
	// Changed is called after a person moved an edge.
	Changed func()
}

// The bounds of the columns.
const (
	minSide   = 160
	minMiddle = 320
	// goodMiddle is what the middle has before the outer ones have more than
	// they need: pages have rows of tools that are longer than this.
	goodMiddle = 580
	grip       = 6 // how near to an edge the pointer takes hold of it
)

// NewColumns makes three columns with the widths of the outer ones.
func NewColumns(left, middle, right fyne.CanvasObject, leftWidth, rightWidth float32) *Columns {
	c := &Columns{left: left, middle: middle, right: right, leftW: leftWidth, rightW: rightWidth}
	c.ExtendBaseWidget(c)
	return c
}

// Widths gives the widths of the outer columns.
func (c *Columns) Widths() (left, right float32) { return c.leftW, c.rightW }

// ShowSides shows or hides the outer columns.
func (c *Columns) ShowSides(left, right bool) {
	show := func(o fyne.CanvasObject, on bool) {
		if on {
			o.Show()
		} else {
			o.Hide()
		}
	}
	show(c.left, left)
	show(c.right, right)
	c.Refresh()
}

// Sides reports which of the outer columns are shown.
func (c *Columns) Sides() (left, right bool) { return c.left.Visible(), c.right.Visible() }

// CreateRenderer implements fyne.Widget.
func (c *Columns) CreateRenderer() fyne.WidgetRenderer {
	r := &columnsRenderer{c: c}
	r.leftEdge, r.rightEdge = newEdge(c, true), newEdge(c, false)
	r.objects = []fyne.CanvasObject{c.left, c.middle, c.right, r.leftEdge, r.rightEdge}
	return r
}

type columnsRenderer struct {
	c                   *Columns
	leftEdge, rightEdge *edge
	objects             []fyne.CanvasObject
}

func (r *columnsRenderer) MinSize() fyne.Size {
	h := max(r.c.left.MinSize().Height, r.c.middle.MinSize().Height, r.c.right.MinSize().Height)
	return fyne.NewSize(2*minSide+minMiddle, h)
}

func (r *columnsRenderer) Layout(size fyne.Size) {
	c := r.c
	l, rr := c.leftW, c.rightW
	if !c.left.Visible() {
		l = 0
	}
	if !c.right.Visible() {
		rr = 0
	}
	if over := l + rr + goodMiddle - size.Width; over > 0 {
		spareL, spareR := max(l-minSide, 0), max(rr-minSide, 0)
		if spare := spareL + spareR; spare > 0 {
			give := min(over/spare, 1)
			l, rr = l-spareL*give, rr-spareR*give
		}
	}
	if over := l + rr + minMiddle - size.Width; over > 0 && l+rr > 0 {
		shrink := max((l+rr-over)/(l+rr), 0)
		l, rr = l*shrink, rr*shrink
	}
	l, rr = float32(int(l)), float32(int(rr))
	put := func(o fyne.CanvasObject, x, w float32) {
		o.Move(fyne.NewPos(x, 0))
		o.Resize(fyne.NewSize(max(w, 0), size.Height))
	}
	put(c.left, 0, l)
	put(c.middle, l, size.Width-l-rr)
	put(c.right, size.Width-rr, rr)
	put(r.leftEdge, l-grip/2-1, grip)
	put(r.rightEdge, size.Width-rr-grip/2, grip)
	r.leftEdge.Hidden, r.rightEdge.Hidden = !c.left.Visible(), !c.right.Visible()
}

func (r *columnsRenderer) Refresh() {
	r.Layout(r.c.Size())
	canvas.Refresh(r.c)
}

func (r *columnsRenderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *columnsRenderer) Destroy()                     {}

// edge is where a column is taken hold of.
type edge struct {
	widget.BaseWidget
	c       *Columns
	isLeft  bool
	line    *shade.Plate
	hovered bool
}

var (
	_ fyne.Draggable     = (*edge)(nil)
	_ desktop.Hoverable  = (*edge)(nil)
	_ desktop.Cursorable = (*edge)(nil)
)

func newEdge(c *Columns, isLeft bool) *edge {
	e := &edge{c: c, isLeft: isLeft, line: shade.NewPlate(0, 0)}
	e.ExtendBaseWidget(e)
	return e
}

func (e *edge) CreateRenderer() fyne.WidgetRenderer { return &edgeRenderer{e} }

func (e *edge) Cursor() desktop.Cursor { return desktop.HResizeCursor }

func (e *edge) Dragged(ev *fyne.DragEvent) {
	w := &e.c.leftW
	d := ev.Dragged.DX
	if !e.isLeft {
		w, d = &e.c.rightW, -d
	}
	other := e.c.rightW
	if !e.isLeft {
		other = e.c.leftW
	}
	*w = min(max(*w+d, minSide), max(e.c.Size().Width-other-minMiddle, minSide))
	e.c.Refresh()
}

func (e *edge) DragEnd() {
	if e.c.Changed != nil {
		e.c.Changed()
	}
}

func (e *edge) MouseIn(*desktop.MouseEvent)    { e.hovered = true; e.Refresh() }
func (e *edge) MouseMoved(*desktop.MouseEvent) {}
func (e *edge) MouseOut()                      { e.hovered = false; e.Refresh() }

type edgeRenderer struct{ e *edge }

func (r *edgeRenderer) MinSize() fyne.Size { return fyne.NewSize(grip, 1) }
func (r *edgeRenderer) Layout(size fyne.Size) {
	r.e.line.Move(fyne.NewPos(grip/2-1, 0))
	r.e.line.Resize(fyne.NewSize(2, size.Height))
}
func (r *edgeRenderer) Refresh() {
	line := color.NRGBA{}
	if r.e.hovered {
		line = palette().Accent
	}
	r.e.line.SetFill(line)
}
func (r *edgeRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.e.line.CanvasObject}
}
func (r *edgeRenderer) Destroy() {}
