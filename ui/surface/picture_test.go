package surface

import (
	"bytes"
	"image/png"
	"testing"

	"fyne.io/fyne/v2/test"

	"kmscope/ui/paint"
)

// TestPicture paints planes of all sizes whole: the last corner is in the picture.
func TestPicture(t *testing.T) {
	test.NewTempApp(t)
	for _, plane := range []Rect{{0, 0, 300, 200}, {-500, 40, 7_000, 100}, {0, 0, 90_000, 40_000}, {0, 0, 10, 300_000}} {
		var seen Viewport
		write := Picture(plane, func(_ *paint.Canvas, _ *Look, v Viewport, scale float32) { seen = v; seen.Zoom *= float64(scale) })
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		cfg, err := png.DecodeConfig(&b)
		if err != nil {
			t.Fatal(err)
		}
		right, bottom := (plane.X+plane.W-seen.X)*seen.Zoom, (plane.Y+plane.H-seen.Y)*seen.Zoom
		if cfg.Width > paint.MaxSide || cfg.Height > paint.MaxSide || float64(cfg.Width) < right || float64(cfg.Height) < bottom {
			t.Errorf("%v: %dx%d, the corner is at %.0f,%.0f", plane, cfg.Width, cfg.Height, right, bottom)
		}
		if plane.W == 300 && seen.Zoom != 2 {
			t.Errorf("a small plane at %v", seen.Zoom)
		}
	}
}
