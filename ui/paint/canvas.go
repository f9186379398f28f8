// Package paint draws frames of the graph and of the charts into one picture
// that is used again for every frame. It knows no toolkit and no model.
//
// # The model
//
// A Canvas is an opaque RGBA picture in device pixels; callers multiply their
// own units by the zoom and by the scale of the screen before they draw, so
// that a line of one pixel is one pixel on every screen. Filled shapes are
// written as spans: whole rows inside, a signed distance only along the rim.
// Lines and curves are first collected as coverage in a byte mask (the larger
// coverage wins), then blended once: joins and overlapping dashes never get
// darker than the rest. Text is blended from cached glyph masks.
//
// # Cost
//
// A frame of 2,000 nodes at 1900x1000 takes a few milliseconds on one core; nothing is
// allocated per frame once the caches are warm.
//
// # Rejected
//
// One toolkit object per node and edge: 10 frames a second with 2,000 nodes.
// golang.org/x/image/vector: a full-size accumulation buffer per path halves
// the frame rate on large windows. Masks of whole labels: they are thrown away
// at every step of a zoom, glyphs are shared by all labels of that size.
package paint

import (
	"encoding/binary"
	"image"
	"image/color"
	"math"
)

// MaxSide bounds both sides of a Canvas in pixels: 8192 x 8192 is 256 MiB, and
// larger than any screen.
const MaxSide = 8192

// Canvas is a picture being drawn. All coordinates are device pixels, x to the
// right and y down; the centre of the first pixel is (0.5, 0.5). A Canvas
// belongs to one goroutine at a time.
type Canvas struct {
	img   *image.RGBA
	clip  image.Rectangle
	clips []image.Rectangle

	// The stroke mask: coverage of the stroke being collected, one byte a
	// pixel, maskWidth to a row, all zero between strokes. spans holds the
	// touched part of each row, dirtyTop and dirtyBottom the touched rows.
	mask                  []uint8
	maskWidth             int
	spans                 []span
	dirtyTop, dirtyBottom int

	// The stroke being collected: its clip, widened by the radius, and where
	// in the dash pattern it is.
	strokeX0, strokeY0 float32
	strokeX1, strokeY1 float32
	strokeRadius       float32
	strokeDash         Dash
	strokePeriod       float32
	strokeJoined       bool // the next piece begins where the last one ended
	dashLeft           float32
	dashIndex          int

	flat    []Point // scratch of flattened curves
	corners map[cornerKey]*corner
}

type span struct{ from, to int32 }

// Point is a position in pixels.
type Point struct{ X, Y float32 }

// NewCanvas makes an empty Canvas; Begin gives it a size.
func NewCanvas() *Canvas { return &Canvas{} }

// Begin starts a frame of w x h pixels, filled with bg (its alpha is ignored:
// a Canvas is opaque). The picture is the one of the frame before if the size
// is the same: a caller that keeps frames must copy them. Sizes are held to
// 1..8192.
func (c *Canvas) Begin(w, h int, bg color.NRGBA) {
	w, h = min(max(w, 1), MaxSide), min(max(h, 1), MaxSide)
	if c.img == nil || c.img.Rect.Dx() != w || c.img.Rect.Dy() != h {
		if c.img != nil && cap(c.img.Pix) >= 4*w*h {
			c.img = &image.RGBA{Pix: c.img.Pix[:4*w*h], Stride: 4 * w, Rect: image.Rect(0, 0, w, h)}
		} else {
			c.img = image.NewRGBA(image.Rect(0, 0, w, h))
		}
	}
	c.fit(w, h)
	c.dirtyTop, c.dirtyBottom = math.MaxInt32, -1
	c.clip = c.img.Rect
	c.clips = c.clips[:0]
	row := c.img.Pix[:4*w]
	fillRow(row, bg)
	for y := 1; y < h; y++ {
		copy(c.img.Pix[y*c.img.Stride:y*c.img.Stride+4*w], row)
	}
}

// fit gives the stroke mask the size of the picture.
func (c *Canvas) fit(w, h int) {
	if c.maskWidth == w && len(c.spans) == h {
		return
	}
	if cap(c.mask) < w*h {
		c.mask = make([]uint8, w*h)
	}
	c.mask, c.maskWidth = c.mask[:w*h], w
	if cap(c.spans) < h {
		c.spans = make([]span, h)
	}
	c.spans = c.spans[:h]
	for i := range c.spans {
		c.spans[i] = span{math.MaxInt32, -1}
	}
}

// On makes c draw on the picture of another Canvas, within its clip, until that
// begins its next frame. Two goroutines may so draw at the same time, each with a
// Canvas of its own, as long as both stay on pixels of their own.
func (c *Canvas) On(of *Canvas) {
	c.img, c.clip, c.clips = of.img, of.clip, c.clips[:0]
	c.dirtyTop, c.dirtyBottom = math.MaxInt32, -1
	w, h := c.Size()
	c.fit(w, h)
}

// Image is the picture as drawn so far; nil before the first Begin. It is
// drawn over by the next frame.
func (c *Canvas) Image() *image.RGBA { return c.img }

// Size gives the size of the frame in pixels.
func (c *Canvas) Size() (w, h int) {
	if c.img == nil {
		return 0, 0
	}
	return c.img.Rect.Dx(), c.img.Rect.Dy()
}

// Clip restricts drawing to r and to the clip before; Unclip undoes it.
func (c *Canvas) Clip(r image.Rectangle) {
	c.clips = append(c.clips, c.clip)
	c.clip = c.clip.Intersect(r)
}

// Unclip restores the clip before the last Clip; without one it does nothing.
func (c *Canvas) Unclip() {
	if n := len(c.clips); n > 0 {
		c.clip = c.clips[n-1]
		c.clips = c.clips[:n-1]
	}
}

// Visible reports whether any pixel of the rectangle can be drawn.
func (c *Canvas) Visible(x, y, w, h float32) bool {
	return x < float32(c.clip.Max.X) && y < float32(c.clip.Max.Y) &&
		x+w > float32(c.clip.Min.X) && y+h > float32(c.clip.Min.Y)
}

// WithAlpha gives the colour with its alpha multiplied by f (0..1).
func WithAlpha(col color.NRGBA, f float64) color.NRGBA {
	col.A = uint8(math.Round(float64(col.A) * min(max(f, 0), 1)))
	return col
}

// Mix gives the colour between a (t = 0) and b (t = 1).
func Mix(a, b color.NRGBA, t float64) color.NRGBA {
	t = min(max(t, 0), 1)
	m := func(x, y uint8) uint8 { return uint8(math.Round(float64(x) + (float64(y)-float64(x))*t)) }
	return color.NRGBA{m(a.R, b.R), m(a.G, b.G), m(a.B, b.B), m(a.A, b.A)}
}

// fillRow writes opaque pixels; it doubles what is written, which the runtime
// copies faster than any loop here.
func fillRow(row []byte, col color.NRGBA) {
	if len(row) < 4 {
		return
	}
	row[0], row[1], row[2], row[3] = col.R, col.G, col.B, 255
	for n := 4; n < len(row); n *= 2 {
		copy(row[n:], row[:n])
	}
}

// ink is a colour prepared to be laid over pixels: red and blue, green and alpha,
// each in 16 bits, and all four as a pixel.
type ink struct{ rb, ga, solid uint32 }

func inkOf(col color.NRGBA) ink {
	rb, ga := uint32(col.R)|uint32(col.B)<<16, uint32(col.G)|255<<16
	return ink{rb, ga, rb | ga<<8}
}

// over gives a pixel with the ink laid over it, with coverage a (0..255).
func (k ink) over(was, a uint32) uint32 {
	// Two channels at a time: 255*255+255 has room in 16 bits. (v + 1 + v>>8) >> 8
	// divides by 255 exactly for products of bytes.
	const low = 0x00ff00ff
	inv := 255 - a
	rb, ga := k.rb*a+was&low*inv+0x007f007f, k.ga*a+was>>8&low*inv+0x007f007f
	return (rb+0x00010001+rb>>8&low)>>8&low | (ga+0x00010001+ga>>8&low)&^low
}

// blend lays col over one opaque pixel with coverage a (0..255, the colour's
// own alpha already in it).
func blend(p []byte, col color.NRGBA, a uint32) {
	k := inkOf(col)
	if a >= 255 {
		binary.LittleEndian.PutUint32(p, k.solid)
		return
	}
	binary.LittleEndian.PutUint32(p, k.over(binary.LittleEndian.Uint32(p), a))
}

// blendRow lays col over a row of opaque pixels through a mask of coverage.
func blendRow(pix []byte, mask []uint8, col color.NRGBA) {
	k, alpha := inkOf(col), uint32(col.A)
	pix = pix[:4*len(mask)]
	for i, a := range mask {
		if a == 0 {
			continue
		}
		p := pix[4*i : 4*i+4 : 4*i+4]
		v := uint32(a) * alpha
		if v = (v + 1 + v>>8) >> 8; v == 255 {
			binary.LittleEndian.PutUint32(p, k.solid)
			continue
		}
		binary.LittleEndian.PutUint32(p, k.over(binary.LittleEndian.Uint32(p), v))
	}
}

// hspan lays col over the pixels [x0, x1) of row y, with coverage cov (0..1).
func (c *Canvas) hspan(x0, x1, y int, col color.NRGBA, cov float32) {
	if y < c.clip.Min.Y || y >= c.clip.Max.Y {
		return
	}
	x0, x1 = max(x0, c.clip.Min.X), min(x1, c.clip.Max.X)
	if x0 >= x1 || cov <= 0 {
		return
	}
	row := c.img.Pix[y*c.img.Stride+4*x0 : y*c.img.Stride+4*x1]
	a := uint32(float32(col.A)*min(cov, 1) + 0.5)
	if a >= 255 {
		fillRow(row, col)
		return
	}
	if a == 0 {
		return
	}
	wash(row, col, a)
}

// wash lays col over a row of opaque pixels with coverage a. Most of them are like
// the one before, and so is what becomes of them.
func wash(row []byte, col color.NRGBA, a uint32) {
	if len(row) < 4 {
		return
	}
	was := binary.LittleEndian.Uint32(row)
	blend(row[:4:4], col, a)
	is := binary.LittleEndian.Uint32(row)
	for i := 4; i+4 <= len(row); i += 4 {
		p := row[i : i+4 : i+4]
		if v := binary.LittleEndian.Uint32(p); v != was {
			blend(p, col, a)
			was, is = v, binary.LittleEndian.Uint32(p)
			continue
		}
		binary.LittleEndian.PutUint32(p, is)
	}
}

// dot lays col over one pixel with coverage cov (0..1).
func (c *Canvas) dot(x, y int, col color.NRGBA, cov float32) {
	if cov <= 0 || x < c.clip.Min.X || x >= c.clip.Max.X || y < c.clip.Min.Y || y >= c.clip.Max.Y {
		return
	}
	i := y*c.img.Stride + 4*x
	blend(c.img.Pix[i:i+4:i+4], col, uint32(float32(col.A)*min(cov, 1)+0.5))
}

// floor and ceil are for values within a few picture sizes of it.
func floor(v float32) int {
	i := int(v)
	if float32(i) > v {
		i--
	}
	return i
}

func ceil(v float32) int {
	i := int(v)
	if float32(i) < v {
		i++
	}
	return i
}

func sqrt(v float32) float32 { return float32(math.Sqrt(float64(v))) }

func abs(v float32) float32 {
	if v < 0 {
		return -v
	}
	return v
}

func clamp01(v float32) float32 { return min(max(v, 0), 1) }
