package surface

import (
	"image"
	"image/color"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"
)

// row is a widget with a slip.
type row struct {
	widget.BaseWidget
	slip *Slip
}

func (r *row) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(&fyne.Container{Objects: r.slip.Objects()})
}

func TestSlip(t *testing.T) {
	test.NewTempApp(t)
	r := &row{slip: NewSlip()}
	r.ExtendBaseWidget(r)
	r.Resize(fyne.NewSize(200, 24))
	red, blue := color.NRGBA{R: 255, A: 255}, color.NRGBA{B: 255, A: 255}
	say := func(text string, ground color.NRGBA) {
		r.slip.Begin(r, ground, color.NRGBA{})
		defer r.slip.End()
		r.slip.Pill(10, 8, 8, red)
		r.slip.Icon(20, 14, "server", blue)
		r.slip.Icon(40, 14, "", blue)
		x := r.slip.Text(40, text, 13, fyne.TextStyle{}, blue)
		r.slip.Text(x, "", 13, fyne.TextStyle{}, blue)
	}
	say("name", color.NRGBA{})
	if got := r.slip.String(); got != "name" {
		t.Errorf("the slip says %q", got)
	}
	at, size := r.slip.raster.Position(), r.slip.raster.Size()
	if w := r.slip.Width("name", 13, fyne.TextStyle{}); at.X != 10 || at.X+size.Width < 40+w || at.X+size.Width > 44+w || at.Y < 0 || at.Y+size.Height > 24 {
		t.Errorf("the picture is at %v, %v large, and the text %v wide", at, size, w)
	}
	for _, scale := range []float32{1, 2} {
		img, ok := r.slip.picture(int(size.Width*scale), int(size.Height*scale)).(*image.RGBA)
		if !ok {
			t.Fatal("no picture")
		}
		colours := map[color.RGBA]int{}
		for i := 0; i < len(img.Pix); i += 4 {
			colours[color.RGBA{img.Pix[i], img.Pix[i+1], img.Pix[i+2], img.Pix[i+3]}]++
		}
		p := CurrentLook().Panel
		if colours[color.RGBA{255, 0, 0, 255}] < 20 || colours[color.RGBA{0, 0, 255, 255}] < 10 || colours[color.RGBA{p.R, p.G, p.B, 255}] < 100 {
			t.Errorf("at scale %v something is missing: %v", scale, colours)
		}
	}
	if r.slip.ground.Fill().A != 0 {
		t.Error("a row without a colour of its own is filled")
	}
	shown := &r.slip.before.things[0]
	say("name", color.NRGBA{})
	if shown != &r.slip.before.things[0] {
		t.Error("the same is another picture")
	}
	say("another name", blue)
	if r.slip.String() != "another name" || r.slip.ground.Fill().A == 0 || r.slip.before.ground != blue {
		t.Error("the change is not seen")
	}
	if fit := r.slip.Fit("a long name", 13, fyne.TextStyle{Bold: true}, 30); fit == "a long name" || r.slip.Width(fit, 13, fyne.TextStyle{Bold: true}) > 30 {
		t.Errorf("%q does not fit", fit)
	}
	r.slip.Begin(r, color.NRGBA{}, color.NRGBA{})
	r.slip.End()
	if r.slip.raster.Visible() || r.slip.ground.Fill().A != 0 {
		t.Error("an empty row has a picture")
	}
}
