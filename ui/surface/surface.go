package surface

import (
	"image"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"kmscope/ui/paint"
	"kmscope/ui/shade"
)

// doubleClick is how soon a second press must follow the first. Fyne's own
// DoubleTapped delays every single tap until it is sure; a selection must not
// wait.
const doubleClick = 350 * time.Millisecond

// dragSlack is how far the pointer may stray in a click, in window units.
const dragSlack = 3

// Surface is a widget that is one picture: a page paints it and gets the raw
// input back. Everything happens on the interface goroutine.
type Surface struct {
	widget.BaseWidget

	raster *canvas.Raster
	sheet  *shade.Sheet // nil: raster shows the picture itself
	frame  *paint.Canvas
	// Least is the smallest size that the surface may have.
	Least fyne.Size

	// paint draws a frame; scale is pixels per window unit.
	paint func(c *paint.Canvas, l *Look, scale float32)

	// Input, in window units from the top left corner. Any may be nil.
	OnResized  func(fyne.Size)
	OnClicked  func(pos fyne.Position, secondary bool)
	OnDoubled  func(pos fyne.Position)
	OnDragged  func(pos, delta fyne.Position)
	OnDragDone func()
	OnHovered  func(pos fyne.Position)
	OnLeft     func()
	OnWheeled  func(pos fyne.Position, delta fyne.Delta, mods fyne.KeyModifier)
	OnKey      func(fyne.KeyName) bool
	OnTyped    func(rune) bool
	OnCursor   func() desktop.Cursor
	// OnPainted gets each frame before it goes to the screen, for tests and
	// benchmarks; it must not keep it.
	OnPainted func(*image.RGBA)

	// PressedAt is where a button went down last, Pressed whether it still is.
	PressedAt fyne.Position
	Pressed   bool
	dragging  bool
	lastClick time.Time
	lastPos   fyne.Position
	focused   bool
	held      map[fyne.KeyName]bool // keys that are down
}

var (
	_ desktop.Mouseable  = (*Surface)(nil)
	_ desktop.Hoverable  = (*Surface)(nil)
	_ desktop.Cursorable = (*Surface)(nil)
	_ fyne.Draggable     = (*Surface)(nil)
	_ fyne.Scrollable    = (*Surface)(nil)
	_ fyne.Focusable     = (*Surface)(nil)
	_ desktop.Keyable    = (*Surface)(nil)
)

// New makes a surface of at least a size; draw paints each frame, scale is
// pixels per window unit.
func New(least fyne.Size, draw func(c *paint.Canvas, l *Look, scale float32)) *Surface {
	s := &Surface{Least: least, paint: draw, frame: paint.NewCanvas()}
	s.raster = canvas.NewRaster(s.picture)
	s.raster.ScaleMode = canvas.ImageScalePixels
	s.sheet = shade.NewSheet()
	s.ExtendBaseWidget(s)
	return s
}

// picture is called by the toolkit for every new frame, while it draws the window:
// what lies above the raster is drawn after it.
func (s *Surface) picture(w, h int) image.Image {
	l := CurrentLook()
	s.frame.Begin(w, h, l.Background)
	scale := float32(1)
	if size := s.raster.Size(); size.Width > 0 {
		scale = float32(w) / size.Width
	}
	s.paint(s.frame, l, scale)
	if s.OnPainted != nil {
		s.OnPainted(s.frame.Image())
	}
	if s.sheet != nil {
		s.sheet.Show(s.frame.Image())
		return nothing
	}
	return s.frame.Image()
}

// nothing is a picture that the toolkit neither uploads nor draws.
var nothing = image.NewRGBA(image.Rectangle{})

// Repaint asks for a new frame; many calls between two frames are one.
func (s *Surface) Repaint() { s.raster.Refresh() }

// CreateRenderer implements fyne.Widget.
func (s *Surface) CreateRenderer() fyne.WidgetRenderer { return &surfaceRenderer{s} }

type surfaceRenderer struct{ s *Surface }

func (r *surfaceRenderer) Layout(size fyne.Size) {
	r.s.raster.Resize(size)
	if r.s.sheet != nil {
		r.s.sheet.Resize(size)
	}
	if r.s.OnResized != nil {
		r.s.OnResized(size)
	}
}
func (r *surfaceRenderer) MinSize() fyne.Size { return r.s.Least }
func (r *surfaceRenderer) Refresh()           { r.s.raster.Refresh() }
func (r *surfaceRenderer) Objects() []fyne.CanvasObject {
	if r.s.sheet != nil {
		return []fyne.CanvasObject{r.s.raster, r.s.sheet.Shader}
	}
	return []fyne.CanvasObject{r.s.raster}
}
func (r *surfaceRenderer) Destroy() {}

// MouseDown implements desktop.Mouseable.
func (s *Surface) MouseDown(e *desktop.MouseEvent) {
	s.Pressed, s.dragging, s.PressedAt = true, false, e.Position
	if c := fyne.CurrentApp().Driver().CanvasForObject(s); c != nil && s.OnKey != nil {
		c.Focus(s)
	}
}

// MouseUp implements desktop.Mouseable: a press that did not become a drag is a
// click, and the second of two quick ones a double click.
func (s *Surface) MouseUp(e *desktop.MouseEvent) {
	if !s.Pressed || s.dragging {
		s.Pressed = false
		return
	}
	s.Pressed = false
	if far(e.Position, s.PressedAt) {
		return
	}
	now := time.Now()
	if e.Button != desktop.MouseButtonSecondary && now.Sub(s.lastClick) < doubleClick && !far(e.Position, s.lastPos) {
		s.lastClick = time.Time{}
		if s.OnDoubled != nil {
			s.OnDoubled(e.Position)
		}
		return
	}
	s.lastClick, s.lastPos = now, e.Position
	if s.OnClicked != nil {
		s.OnClicked(e.Position, e.Button == desktop.MouseButtonSecondary)
	}
}

func far(a, b fyne.Position) bool {
	d := a.Subtract(b)
	return d.X > dragSlack || d.X < -dragSlack || d.Y > dragSlack || d.Y < -dragSlack
}

// Dragged implements fyne.Draggable.
func (s *Surface) Dragged(e *fyne.DragEvent) {
	if !s.dragging && s.Pressed && !far(e.Position, s.PressedAt) {
		return
	}
	s.dragging = true
	if s.OnDragged != nil {
		s.OnDragged(e.Position, fyne.NewPos(e.Dragged.DX, e.Dragged.DY))
	}
}

// DragEnd implements fyne.Draggable.
func (s *Surface) DragEnd() {
	s.dragging = false
	if s.OnDragDone != nil {
		s.OnDragDone()
	}
}

// MouseIn implements desktop.Hoverable.
func (s *Surface) MouseIn(e *desktop.MouseEvent) { s.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (s *Surface) MouseMoved(e *desktop.MouseEvent) {
	if s.OnHovered != nil {
		s.OnHovered(e.Position)
	}
}

// MouseOut implements desktop.Hoverable.
func (s *Surface) MouseOut() {
	if s.OnLeft != nil {
		s.OnLeft()
	}
}

// Scrolled implements fyne.Scrollable.
func (s *Surface) Scrolled(e *fyne.ScrollEvent) {
	if s.OnWheeled == nil {
		return
	}
	var mods fyne.KeyModifier
	if d, ok := fyne.CurrentApp().Driver().(desktop.Driver); ok {
		mods = d.CurrentKeyModifiers()
	}
	s.OnWheeled(e.Position, e.Scrolled, mods)
}

// Cursor implements desktop.Cursorable.
func (s *Surface) Cursor() desktop.Cursor {
	if s.OnCursor != nil {
		return s.OnCursor()
	}
	return desktop.DefaultCursor
}

// FocusGained implements fyne.Focusable.
func (s *Surface) FocusGained() { s.focused = true; s.Repaint() }

// FocusLost implements fyne.Focusable.
func (s *Surface) FocusLost() {
	s.focused = false
	clear(s.held) // nobody tells when they go up
	s.Repaint()
}

// KeyDown implements desktop.Keyable.
func (s *Surface) KeyDown(e *fyne.KeyEvent) {
	if s.held == nil {
		s.held = map[fyne.KeyName]bool{}
	}
	s.held[e.Name] = true
}

// KeyUp implements desktop.Keyable.
func (s *Surface) KeyUp(e *fyne.KeyEvent) { delete(s.held, e.Name) }

// Holds reports whether a key is held down while the surface has the keys.
func (s *Surface) Holds(k fyne.KeyName) bool { return s.held[k] }

// HasFocus reports whether the surface has the keys.
func (s *Surface) HasFocus() bool { return s.focused }

// TypedKey implements fyne.Focusable.
func (s *Surface) TypedKey(e *fyne.KeyEvent) {
	if s.OnKey != nil {
		s.OnKey(e.Name)
	}
}

// TypedRune implements fyne.Focusable.
func (s *Surface) TypedRune(r rune) {
	if s.OnTyped != nil {
		s.OnTyped(r)
	}
}
