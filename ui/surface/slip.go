package surface

import (
	"image"
	"image/color"
	"math"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"kmscope/ui/icon"
	"kmscope/ui/paint"
	"kmscope/ui/shade"
	"kmscope/ui/theme"
)

// Slip is what a row of a list says, as one small picture behind which the row may have
// a colour. Texts, icons and dots as objects of the toolkit, each a texture and a call
// of its own, made up half of every frame of the window where no graphics card draws.
//
// A row says anew what it shows, from Begin to End, as often as it likes: only what is
// another picture is painted. Positions are in window units from the row's upper left
// corner; everything stands in the middle of the row's height. Interface goroutine.
type Slip struct {
	ground, mark *shade.Plate
	raster       *canvas.Raster

	row         fyne.Size
	scale       float32 // device pixels per unit, for measuring
	look        *Look
	now, before said
	objects     []fyne.CanvasObject
}

// said is all that a picture depends on.
type said struct {
	ground        color.NRGBA
	height, scale float32
	things        []thing
}

// thing is something on a slip: a text, an icon, or without either a pill.
type thing struct {
	x, y, w, h float32
	text, icon string
	size       float32
	style      fyne.TextStyle
	colour     color.NRGBA
}

// NewSlip makes an empty slip.
func NewSlip() *Slip {
	s := &Slip{ground: shade.NewPlate(0, 0), mark: shade.NewPlate(0, 0)}
	s.raster = canvas.NewRaster(s.picture)
	s.raster.ScaleMode = canvas.ImageScalePixels
	s.raster.Hidden = true
	s.objects = []fyne.CanvasObject{s.ground.CanvasObject, s.mark.CanvasObject, s.raster}
	return s
}

// Objects are the objects of the slip, for the row's renderer.
func (s *Slip) Objects() []fyne.CanvasObject { return s.objects }

// String gives the texts of the slip, for those who do not see it.
func (s *Slip) String() string {
	var texts []string
	for _, t := range s.before.things {
		if t.text != "" {
			texts = append(texts, t.text)
		}
	}
	return strings.Join(texts, "\n")
}

// Begin starts what a row says. ground is the colour of the whole row and mark that of
// a thin bar at its left; both may be transparent: then the colour of panels is there.
func (s *Slip) Begin(row fyne.Widget, ground, mark color.NRGBA) {
	s.row, s.look, s.scale = row.Size(), CurrentLook(), 1
	if c := fyne.CurrentApp().Driver().CanvasForObject(row); c != nil {
		s.scale = c.Scale()
	}
	s.ground.Resize(s.row)
	s.mark.Resize(fyne.NewSize(2, s.row.Height))
	s.ground.SetFill(ground)
	s.mark.SetFill(mark)
	s.now = said{ground: theme.Over(ground, s.look.Panel), height: s.row.Height, scale: s.scale, things: s.now.things[:0]}
}

// End ends what a row says.
func (s *Slip) End() {
	a, b := s.now, s.before
	if a.ground == b.ground && a.height == b.height && a.scale == b.scale && slices.Equal(a.things, b.things) {
		return
	}
	s.now, s.before = s.before, s.now
	var all Rect
	for _, t := range s.before.things {
		all = all.Union(Rect{float64(t.x), float64(t.y), float64(t.w), float64(t.h)})
	}
	s.raster.Hidden = len(s.before.things) == 0
	s.raster.Move(fyne.NewPos(float32(math.Floor(all.X)), float32(math.Floor(all.Y))))
	right, bottom := float32(math.Ceil(all.X+all.W)), float32(math.Ceil(all.Y+all.H))
	s.raster.Resize(fyne.NewSize(right-s.raster.Position().X, bottom-s.raster.Position().Y))
	s.raster.Refresh()
}

// Fit gives a text, or as much of it as fits a width, with an ellipsis.
func (s *Slip) Fit(text string, size float32, style fyne.TextStyle, width float32) string {
	return s.look.face(style, size*s.scale).Fit(text, width*s.scale)
}

// FitMiddle gives a name, or its beginning and its end, with an ellipsis between them.
func (s *Slip) FitMiddle(name string, size float32, style fyne.TextStyle, width float32) string {
	return s.look.face(style, size*s.scale).FitMiddle(name, width*s.scale)
}

// Text writes a text from x on and gives the x where it ends.
func (s *Slip) Text(x float32, text string, size float32, style fyne.TextStyle, c color.NRGBA) (end float32) {
	if text == "" || c.A == 0 {
		return x
	}
	f := s.look.face(style, size*s.scale)
	w, top := f.Width(text)/s.scale, (s.row.Height+f.CapHeight()/s.scale)/2-f.Ascent/s.scale
	// Glyphs may stand out a little on both sides.
	s.now.things = append(s.now.things, thing{x - 1, top, w + 2, (f.Ascent + f.Descent) / s.scale, text, "", size, style, c})
	return x + w
}

// Width is the width that a text takes.
func (s *Slip) Width(text string, size float32, style fyne.TextStyle) float32 {
	return s.look.face(style, size*s.scale).Width(text) / s.scale
}

// Icon puts an icon of a side at x; one without a name is none.
func (s *Slip) Icon(x, side float32, name string, c color.NRGBA) {
	if name != "" && c.A != 0 {
		s.now.things = append(s.now.things, thing{x, s.middle(side), side, side, "", name, 0, fyne.TextStyle{}, c})
	}
}

// Pill puts a box with round ends at x: a disc, or the ground of a number.
func (s *Slip) Pill(x, w, h float32, c color.NRGBA) {
	if c.A != 0 {
		s.now.things = append(s.now.things, thing{x, s.middle(h), w, h, "", "", 0, fyne.TextStyle{}, c})
	}
}

// middle gives the top of what is h high: on a whole pixel.
func (s *Slip) middle(h float32) float32 {
	return float32(math.Round(float64((s.row.Height-h)/2*s.scale))) / s.scale
}

func (l *Look) face(style fyne.TextStyle, px float32) *paint.Face {
	switch {
	case style.Monospace:
		return l.Mono.Face(px)
	case style.Bold:
		return l.Bold.Face(px)
	}
	return l.Regular.Face(px)
}

// slips is what all slips are painted on, one after the other: the toolkit uploads a
// picture before it asks for the next one.
var slips = paint.NewCanvas()

// picture is called by the toolkit for every new picture.
func (s *Slip) picture(w, h int) image.Image {
	size, at := s.raster.Size(), s.raster.Position()
	if w <= 0 || h <= 0 || size.Width <= 0 {
		return nothing
	}
	slips.Begin(w, h, s.before.ground)
	k := float32(w) / size.Width
	l := CurrentLook()
	for _, t := range s.before.things {
		x, y := (t.x-at.X)*k, (t.y-at.Y)*k
		switch {
		case t.text != "":
			f := l.face(t.style, t.size*k)
			slips.Text(f, t.text, x+k, (s.before.height/2-at.Y)*k+f.CapHeight()/2, t.colour)
		case t.icon != "":
			side := int(math.Round(float64(t.w * k)))
			slips.Mask(icon.Mask(t.icon, side), int(math.Round(float64(x))), int(math.Round(float64(y))), t.colour)
		default:
			slips.RoundRect(x, y, t.w*k, t.h*k, min(t.w, t.h)*k/2, t.colour)
		}
	}
	return slips.Image()
}
