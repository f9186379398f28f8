package shade

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

// Plate is a rectangle of a colour, which may have round corners and an outline.
type Plate struct {
	fyne.CanvasObject
	rect   *canvas.Rectangle // one of the two
	shader *canvas.Shader

	radius, width float32
	fill, line    color.NRGBA
}

// NewPlate makes a plate without a colour, which is not seen. radius is that of its
// corners, width that of its outline, which lies within it; both in window units.
func NewPlate(radius, width float32) *Plate {
	p := &Plate{radius: radius, width: width}
	switch {
	case !apply():
		p.rect = canvas.NewRectangle(color.Transparent)
		p.rect.StrokeColor, p.rect.CornerRadius, p.rect.StrokeWidth = color.Transparent, radius, width
		p.CanvasObject = p.rect
	case p.plain():
		p.shader = canvas.NewShader("fill", fillSource, nil)
		p.shader.Uniforms = map[string]float32{}
	default:
		p.shader = canvas.NewShader("plate", plateSource, nil)
		p.shader.Uniforms = map[string]float32{"radius": radius, "line": width}
	}
	if p.shader != nil {
		p.shader.Hidden = true
		p.CanvasObject = p.shader
	}
	return p
}

// plain reports whether the plate is all of one colour.
func (p *Plate) plain() bool { return p.radius == 0 && p.width == 0 }

// SetFill gives the colour of a plate without an outline; what is transparent is not
// drawn.
func (p *Plate) SetFill(c color.NRGBA) { p.Set(c, color.NRGBA{}) }

// Set gives the colours of the plate and of its outline; what is transparent is not
// drawn.
func (p *Plate) Set(fill, line color.NRGBA) {
	if p.fill == fill && p.line == line {
		return
	}
	p.fill, p.line = fill, line
	if p.rect != nil {
		p.rect.FillColor, p.rect.StrokeColor = Seen(fill), Seen(line)
		p.rect.Refresh()
		return
	}
	p.shader.Hidden = fill.A == 0 && (line.A == 0 || p.width == 0)
	if fill.A == 0 { // or the outline would fade to black inwards
		fill.R, fill.G, fill.B = line.R, line.G, line.B
	}
	if line.A == 0 {
		line = fill
	}
	u := p.shader.Uniforms
	u["fillR"], u["fillG"], u["fillB"], u["fillA"] = ratio(fill.R), ratio(fill.G), ratio(fill.B), ratio(fill.A)
	if !p.plain() {
		u["lineR"], u["lineG"], u["lineB"], u["lineA"] = ratio(line.R), ratio(line.G), ratio(line.B), ratio(line.A)
	}
	p.shader.Refresh()
}

// Resize implements fyne.CanvasObject.
func (p *Plate) Resize(size fyne.Size) {
	if p.shader != nil && !p.plain() {
		p.shader.Uniforms["wide"] = size.Width
	}
	p.CanvasObject.Resize(size)
}

// Fill gives the colour of the plate.
func (p *Plate) Fill() color.NRGBA { return p.fill }

func ratio(v uint8) float32 { return float32(v) / 255 }

// Seen gives a colour as an object of the toolkit wants it: one that is transparent by
// its alpha alone it would draw, pixel by pixel.
func Seen(c color.NRGBA) color.Color {
	if c.A == 0 {
		return color.Transparent
	}
	return c
}
