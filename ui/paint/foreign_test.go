package paint

import (
	"image"
	"image/color"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/image/font/gofont/goregular"
)

// blocks draws a filled block for each character, and counts.
type blocks struct{ measured, wrote int }

func (b *blocks) Measure(s string, px float32) float32 {
	b.measured++
	return float32(utf8.RuneCountInString(s)) * px
}

func (b *blocks) Write(s string, px float32, col color.NRGBA) (*image.NRGBA, float32) {
	b.wrote++
	img := image.NewNRGBA(image.Rect(0, 0, int(b.Measure(s, px)), int(px)))
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			img.SetNRGBA(x, y, col)
		}
	}
	return img, px
}

// TestForeign has the scribe draw what the font cannot, once, and nothing else.
func TestForeign(t *testing.T) {
	face, err := NewTypeface(goregular.TTF)
	if err != nil {
		t.Fatal(err)
	}
	b := &blocks{}
	face.Scribe = b
	f := face.Face(10)
	c := NewCanvas()
	red := color.NRGBA{R: 255, A: 255}
	for _, s := range []string{"plain", "Überprüfung – 1 × 2 …", strings.Repeat("x", 20_000)} {
		if f.foreign(s) {
			t.Errorf("%.30q is foreign", s)
		}
	}
	for _, s := range []string{"\u4f1a\u8bae", "\u0645\u0631\u062d", "abc \u05e9\u05dc", "\U0001f3a5 room"} {
		n := utf8.RuneCountInString(s)
		for range 3 {
			c.Begin(100, 40, color.NRGBA{A: 255})
			if end := c.Text(f, s, 5, 30, red); end != 5+float32(10*n) || f.Width(s) != float32(10*n) {
				t.Errorf("%q ends at %v", s, end)
			}
		}
		img := c.Image()
		if img.RGBAAt(6, 25) != (color.RGBA{R: 255, A: 255}) || img.RGBAAt(6, 31) != (color.RGBA{A: 255}) || img.RGBAAt(4, 25) != (color.RGBA{A: 255}) {
			t.Errorf("%q stands elsewhere", s)
		}
		if got := f.Fit(s+s+s, 45); f.Width(got) > 45 || !strings.HasSuffix(got, "…") || !strings.HasPrefix(s+s+s, strings.TrimSuffix(got, "…")) {
			t.Errorf("%q was cut to %q", s+s+s, got)
		}
	}
	if b.wrote != 4 {
		t.Errorf("wrote %d texts", b.wrote)
	}
	// Far too long, at the edge, and in far too many colours and sizes.
	long := strings.Repeat("\u4f1a", 50_000)
	if got := f.Fit(long, 60); f.Width(got) > 60 {
		t.Errorf("%q", got)
	}
	c.Text(f, long, 95, 30, red)
	for i := range 3_000 {
		c.Text(face.Face(10+float32(i%7)), "\u4f1a", 0, 0, color.NRGBA{R: uint8(i), G: uint8(i >> 8), A: 255})
	}
	if len(face.writings) > maxWritings || len(face.widths) > maxForeign || len(face.strange) > maxForeign {
		t.Errorf("%d, %d and %d are kept", len(face.writings), len(face.widths), len(face.strange))
	}
}
