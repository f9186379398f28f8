package shade

import (
	"image"
	"testing"

	"fyne.io/fyne/v2/canvas"
)

// TestShow: the toolkit uploads a picture when its pointer is another one, though the
// pixels are the same.
func TestShow(t *testing.T) {
	s := &Sheet{Shader: canvas.NewShader("test", nil, nil)}
	s.Textures = map[string]image.Image{}
	img := image.NewRGBA(image.Rect(0, 0, 3, 2))
	var last image.Image
	for i := range 4 {
		img.Pix[0] = uint8(i)
		s.Show(img)
		now, ok := s.Textures["tex"].(*image.RGBA)
		if !ok || image.Image(now) == last || now.Rect != img.Rect || now.Pix[0] != uint8(i) {
			t.Fatalf("frame %d: %v", i, now)
		}
		last = now
	}
}
