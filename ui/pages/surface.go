package pages

import (
	"image"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"kmscope/ui/paint"
)

// doubleClick is how soon a second press must follow the first. Fyne's own
// DoubleTapped delays every single tap until it is sure; a selection must not
// wait.
const doubleClick = 350 * time.Millisecond

// dragSlack is how far the pointer may stray in a click, in window units.
const dragSlack = 3

// surface is a widget that is one picture: a page paints it and gets the raw
// input back. Everything happens on the interface goroutine.
type surface struct {
	widget.BaseWidget

	raster *canvas.Raster
	frame  *paint.Canvas
	least  fyne.Size

	// paint draws a frame; scale is pixels per window unit.
	paint func(c *paint.Canvas, l *look, scale float32)

	// Input, in window units from the top left corner. Any may be nil.
	resized  func(fyne.Size)
	clicked  func(pos fyne.Position, secondary bool)
	doubled  func(pos fyne.Position)
	dragged  func(pos, delta fyne.Position)
	dragDone func()
	hovered  func(pos fyne.Position)
	left     func()
	wheeled  func(pos fyne.Position, delta fyne.Delta, mods fyne.KeyModifier)
	key      func(fyne.KeyName) bool
	typed    func(rune) bool
	pointer  func() desktop.Cursor

	pressedAt fyne.Position
	pressed   bool
	dragging  bool
	lastClick time.Time
	lastPos   fyne.Position
	focused   bool
}

var (
	_ desktop.Mouseable  = (*surface)(nil)
	_ desktop.Hoverable  = (*surface)(nil)
	_ desktop.Cursorable = (*surface)(nil)
	_ fyne.Draggable     = (*surface)(nil)
	_ fyne.Scrollable    = (*surface)(nil)
	_ fyne.Focusable     = (*surface)(nil)
)

func newSurface(least fyne.Size, draw func(c *paint.Canvas, l *look, scale float32)) *surface {
	s := &surface{least: least, paint: draw, frame: paint.NewCanvas()}
	s.raster = canvas.NewRaster(s.picture)
	s.raster.ScaleMode = canvas.ImageScalePixels
	s.ExtendBaseWidget(s)
	return s
}

// picture is called by the toolkit for every new frame.
func (s *surface) picture(w, h int) image.Image {
	l := currentLook()
	s.frame.Begin(w, h, l.Background)
	scale := float32(1)
	if size := s.raster.Size(); size.Width > 0 {
		scale = float32(w) / size.Width
	}
	s.paint(s.frame, l, scale)
	return s.frame.Image()
}

// repaint asks for a new frame; many calls between two frames are one.
func (s *surface) repaint() { s.raster.Refresh() }

// CreateRenderer implements fyne.Widget.
func (s *surface) CreateRenderer() fyne.WidgetRenderer { return &surfaceRenderer{s} }

type surfaceRenderer struct{ s *surface }

func (r *surfaceRenderer) Layout(size fyne.Size) {
	r.s.raster.Resize(size)
	if r.s.resized != nil {
		r.s.resized(size)
	}
}
func (r *surfaceRenderer) MinSize() fyne.Size           { return r.s.least }
func (r *surfaceRenderer) Refresh()                     { r.s.raster.Refresh() }
func (r *surfaceRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.s.raster} }
func (r *surfaceRenderer) Destroy()                     {}

// MouseDown implements desktop.Mouseable.
func (s *surface) MouseDown(e *desktop.MouseEvent) {
	s.pressed, s.dragging, s.pressedAt = true, false, e.Position
	if c := fyne.CurrentApp().Driver().CanvasForObject(s); c != nil && s.key != nil {
		c.Focus(s)
	}
}

// MouseUp implements desktop.Mouseable: a press that did not become a drag is a
// click, and the second of two quick ones a double click.
func (s *surface) MouseUp(e *desktop.MouseEvent) {
	if !s.pressed || s.dragging {
		s.pressed = false
		return
	}
	s.pressed = false
	if far(e.Position, s.pressedAt) {
		return
	}
	now := time.Now()
	if e.Button != desktop.MouseButtonSecondary && now.Sub(s.lastClick) < doubleClick && !far(e.Position, s.lastPos) {
		s.lastClick = time.Time{}
		if s.doubled != nil {
			s.doubled(e.Position)
		}
		return
	}
	s.lastClick, s.lastPos = now, e.Position
	if s.clicked != nil {
		s.clicked(e.Position, e.Button == desktop.MouseButtonSecondary)
	}
}

func far(a, b fyne.Position) bool {
	d := a.Subtract(b)
	return d.X > dragSlack || d.X < -dragSlack || d.Y > dragSlack || d.Y < -dragSlack
}

// Dragged implements fyne.Draggable.
func (s *surface) Dragged(e *fyne.DragEvent) {
	if !s.dragging && s.pressed && !far(e.Position, s.pressedAt) {
		return
	}
	s.dragging = true
	if s.dragged != nil {
		s.dragged(e.Position, fyne.NewPos(e.Dragged.DX, e.Dragged.DY))
	}
}

// DragEnd implements fyne.Draggable.
func (s *surface) DragEnd() {
	s.dragging = false
	if s.dragDone != nil {
		s.dragDone()
	}
}

// MouseIn implements desktop.Hoverable.
func (s *surface) MouseIn(e *desktop.MouseEvent) { s.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (s *surface) MouseMoved(e *desktop.MouseEvent) {
	if s.hovered != nil {
		s.hovered(e.Position)
	}
}

// MouseOut implements desktop.Hoverable.
func (s *surface) MouseOut() {
	if s.left != nil {
		s.left()
	}
}

// Scrolled implements fyne.Scrollable.
func (s *surface) Scrolled(e *fyne.ScrollEvent) {
	if s.wheeled == nil {
		return
	}
	var mods fyne.KeyModifier
	if d, ok := fyne.CurrentApp().Driver().(desktop.Driver); ok {
		mods = d.CurrentKeyModifiers()
	}
	s.wheeled(e.Position, e.Scrolled, mods)
}

// Cursor implements desktop.Cursorable.
func (s *surface) Cursor() desktop.Cursor {
	if s.pointer != nil {
		return s.pointer()
	}
	return desktop.DefaultCursor
}

// FocusGained implements fyne.Focusable.
func (s *surface) FocusGained() { s.focused = true }

// FocusLost implements fyne.Focusable.
func (s *surface) FocusLost() { s.focused = false }

// TypedKey implements fyne.Focusable.
func (s *surface) TypedKey(e *fyne.KeyEvent) {
	if s.key != nil {
		s.key(e.Name)
	}
}

// TypedRune implements fyne.Focusable.
func (s *surface) TypedRune(r rune) {
	if s.typed != nil {
		s.typed(r)
	}
}
