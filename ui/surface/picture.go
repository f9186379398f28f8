package surface

import (
	"fmt"
	"image/png"
	"io"
	"math"

	"kmscope/ui/paint"
)

// A picture of a plane is at twice the plane's size, but never so large that viewers
// of pictures give up, or that the painter does.
const (
	pictureScale  = 2.0
	pictureMargin = 24.0
	pictureArea   = 60e6 // pixels: 240 MB while it is made
)

// Picture paints a whole plane, at twice its size if that is not too much, and gives
// what writes it as PNG: painting is quick, and what takes long may run on any
// goroutine. draw paints what a viewport shows. Interface goroutine.
func Picture(all Rect, draw func(c *paint.Canvas, l *Look, v Viewport, scale float32)) func(io.Writer) error {
	all = all.Grown(pictureMargin)
	k := min(pictureScale, paint.MaxSide/all.W, paint.MaxSide/all.H, math.Sqrt(pictureArea/(all.W*all.H)))
	l, c := CurrentLook(), paint.NewCanvas()
	c.Begin(int(math.Ceil(all.W*k)), int(math.Ceil(all.H*k)), l.Background)
	// The scale is what a screen of that density would have; the zoom is 1 unless the
	// plane is too large for it.
	scale := max(k, 1)
	draw(c, l, Viewport{X: all.X, Y: all.Y, Zoom: k / scale, W: all.W * k / scale, H: all.H * k / scale}, float32(scale))
	return func(w io.Writer) error {
		if err := png.Encode(w, c.Image()); err != nil {
			return fmt.Errorf("write the picture: %w", err)
		}
		return nil
	}
}
