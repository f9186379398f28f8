package surface

import (
	"image"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/software"
)

// scribe has the toolkit draw what the painter's own layout cannot: it finds fonts of
// the system, joins letters, and knows both directions. Interface goroutine.
type scribe struct{ style fyne.TextStyle }

// Measure implements paint.Scribe.
func (s scribe) Measure(text string, px float32) float32 {
	return fyne.MeasureText(text, px, s.style).Width
}

// Write implements paint.Scribe.
func (s scribe) Write(text string, px float32, col color.NRGBA) (*image.NRGBA, float32) {
	t := canvas.NewText(text, col)
	t.TextSize, t.TextStyle = px, s.style
	c := software.NewTransparentCanvas()
	c.SetPadded(false)
	c.SetScale(1)
	c.SetContent(t)
	c.Resize(t.MinSize())
	img, ok := c.Capture().(*image.NRGBA)
	if !ok {
		return nil, 0
	}
	_, base := fyne.CurrentApp().Driver().RenderedTextSize(text, px, s.style, nil)
	return img, base
}
