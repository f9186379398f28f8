package kit

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"kmscope/ui/shade"
	"kmscope/ui/theme"
)

func container0() *fyne.Container                        { return container.NewWithoutLayout() }
func stack(objects ...fyne.CanvasObject) *fyne.Container { return container.NewStack(objects...) }

// Edge is a side of a Ground that has a hairline.
type Edge uint8

// The edges; they can be added.
const (
	Top Edge = 1 << iota
	Bottom
	Left
	Right
)

// Ground is a plain background in a colour of the table, with hairlines at its
// edges; a nil colour is none. It changes with the theme.
type Ground struct {
	widget.BaseWidget
	colour func(theme.Palette) color.NRGBA
	edges  Edge
}

// NewGround makes a background.
func NewGround(c func(theme.Palette) color.NRGBA, edges Edge) *Ground {
	g := &Ground{colour: c, edges: edges}
	g.ExtendBaseWidget(g)
	return g
}

// SetColour changes the colour.
func (g *Ground) SetColour(c func(theme.Palette) color.NRGBA) { g.colour = c; g.Refresh() }

// PanelColour and the others name colours of the table, for NewGround.
func PanelColour(p theme.Palette) color.NRGBA { return p.Panel }

// BackgroundColour is behind pages.
func BackgroundColour(p theme.Palette) color.NRGBA { return p.Background }

// OnPanel puts content on the colour of panels, with hairlines and a margin.
func OnPanel(content fyne.CanvasObject, edges Edge) fyne.CanvasObject {
	return container.NewStack(NewGround(PanelColour, edges), content)
}

// OnWindow puts content on the window itself, which has the colour of panels.
func OnWindow(content fyne.CanvasObject, edges Edge) fyne.CanvasObject {
	return container.NewStack(NewGround(nil, edges), content)
}

// CreateRenderer implements fyne.Widget.
func (g *Ground) CreateRenderer() fyne.WidgetRenderer {
	r := &groundRenderer{g: g, fill: shade.NewPlate(0, 0)}
	r.objects = append(r.objects, r.fill.CanvasObject)
	for e := Top; e <= Right; e <<= 1 {
		if g.edges&e != 0 {
			l := shade.NewPlate(0, 0)
			r.lines = append(r.lines, edgeLine{e, l})
			r.objects = append(r.objects, l.CanvasObject)
		}
	}
	r.Refresh()
	return r
}

type edgeLine struct {
	edge Edge
	line *shade.Plate
}

type groundRenderer struct {
	g       *Ground
	fill    *shade.Plate
	lines   []edgeLine
	objects []fyne.CanvasObject
}

func (r *groundRenderer) MinSize() fyne.Size { return fyne.Size{} }

func (r *groundRenderer) Layout(size fyne.Size) {
	r.fill.Resize(size)
	for _, l := range r.lines {
		pos, s := fyne.NewPos(0, 0), fyne.NewSize(size.Width, 1)
		switch l.edge {
		case Bottom:
			pos.Y = size.Height - 1
		case Left:
			s = fyne.NewSize(1, size.Height)
		case Right:
			pos.X, s = size.Width-1, fyne.NewSize(1, size.Height)
		}
		l.line.Move(pos)
		l.line.Resize(s)
	}
}

func (r *groundRenderer) Refresh() {
	p := palette()
	if r.g.colour != nil {
		r.fill.SetFill(r.g.colour(p))
	}
	for _, l := range r.lines {
		l.line.SetFill(p.Line)
	}
}

func (r *groundRenderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *groundRenderer) Destroy()                     {}

// Margin is a layout that keeps a distance around its one object.
type Margin struct{ Top, Bottom, Left, Right float32 }

// MinSize implements fyne.Layout.
func (m Margin) MinSize(objects []fyne.CanvasObject) fyne.Size {
	s := fyne.Size{}
	for _, o := range objects {
		if o.Visible() {
			s = s.Max(o.MinSize())
		}
	}
	return s.AddWidthHeight(m.Left+m.Right, m.Top+m.Bottom)
}

// Layout implements fyne.Layout.
func (m Margin) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		o.Move(fyne.NewPos(m.Left, m.Top))
		o.Resize(fyne.NewSize(max(size.Width-m.Left-m.Right, 0), max(size.Height-m.Top-m.Bottom, 0)))
	}
}

// WithMargin keeps a distance around an object.
func WithMargin(m Margin, o fyne.CanvasObject) *fyne.Container { return container.New(m, o) }

// Bar is a layout of one row: the objects before the stretch stand on the left,
// those after it on the right, the one at Stretch takes the rest. All are
// centred in height.
type Bar struct {
	Gap     float32
	Stretch int // index, or -1
	// MaxStretch bounds the width of the one that stretches; 0 is no bound.
	MaxStretch float32
	// Least are the widths down to which objects give way where there is no room
	// for all, by index; the others keep theirs.
	Least map[int]float32
}

// MinSize implements fyne.Layout.
func (b Bar) MinSize(objects []fyne.CanvasObject) fyne.Size {
	s := b.natural(objects)
	for i, o := range objects {
		if least, ok := b.Least[i]; ok && o.Visible() {
			s.Width -= max(o.MinSize().Width-least, 0)
		}
	}
	return s
}

// natural is the size at which no object gives way.
func (b Bar) natural(objects []fyne.CanvasObject) fyne.Size {
	s, n := fyne.Size{}, 0
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		m := o.MinSize()
		s.Width += m.Width
		s.Height = max(s.Height, m.Height)
		n++
	}
	s.Width += float32(max(n-1, 0)) * b.Gap
	return s
}

// Layout implements fyne.Layout.
func (b Bar) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	natural := b.natural(objects).Width
	rest, give := size.Width-natural, float32(0)
	if spare := natural - b.MinSize(objects).Width; rest < 0 && spare > 0 {
		give = min(-rest/spare, 1)
	}
	x := float32(0)
	for i, o := range objects {
		if !o.Visible() {
			continue
		}
		m := o.MinSize()
		if least, ok := b.Least[i]; ok {
			m.Width -= max(m.Width-least, 0) * give
		}
		if i == b.Stretch {
			w := m.Width + max(rest, 0)
			shown := w
			if b.MaxStretch > 0 {
				shown = min(shown, b.MaxStretch)
			}
			o.Resize(fyne.NewSize(shown, m.Height))
			o.Move(fyne.NewPos(x, (size.Height-m.Height)/2))
			x += w + b.Gap
			continue
		}
		o.Resize(m)
		o.Move(fyne.NewPos(x, (size.Height-m.Height)/2))
		x += m.Width + b.Gap
	}
}

// Wide gives an object a width that it can give up, for a Bar with Least.
func Wide(width float32, o fyne.CanvasObject) *fyne.Container { return container.New(wide(width), o) }

type wide float32

func (w wide) MinSize(o []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(float32(w), o[0].MinSize().Height)
}

func (w wide) Layout(o []fyne.CanvasObject, size fyne.Size) {
	o[0].Move(fyne.Position{})
	o[0].Resize(size)
}

// WholeOrNone shows an object only where there is room for all of it: for a hint
// that nobody needs to have cut.
func WholeOrNone(o fyne.CanvasObject) fyne.CanvasObject { return container.New(wholeOrNone{}, o) }

type wholeOrNone struct{}

func (wholeOrNone) MinSize(o []fyne.CanvasObject) fyne.Size { return o[0].MinSize() }

func (wholeOrNone) Layout(o []fyne.CanvasObject, size fyne.Size) {
	m := o[0].MinSize()
	switch fits := m.Width <= size.Width; {
	case fits && !o[0].Visible():
		o[0].Show()
	case !fits && o[0].Visible():
		o[0].Hide()
	}
	o[0].Resize(m)
	o[0].Move(fyne.NewPos(0, (size.Height-m.Height)/2))
}
