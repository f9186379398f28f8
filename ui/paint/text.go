package paint

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// Glyphs are placed at quarters of a pixel: even spacing at small sizes for
// four masks a glyph.
const subPixels = 4

// faceBytes bounds the masks of one Face, typefaceFaces the sizes kept of one
// Typeface; both start afresh when they are full. A zoom walks through many
// sizes and needs each for a moment.
const (
	faceBytes     = 1 << 20
	typefaceFaces = 24
)

// Typeface is a font in all sizes, with fall-backs for characters that it does
// not have. The zero Typeface has no characters. It belongs to one goroutine at a time,
// like the Canvas. Text is laid out from left to right, one glyph a character; what
// needs more is for the Scribe (foreign.go).
type Typeface struct {
	// Scribe draws what the fonts cannot; nil leaves it out.
	Scribe Scribe

	fonts []*sfnt.Font
	faces map[int]*Face // by size in quarters of a pixel

	strange  map[rune]bool // whether a character is for the scribe
	widths   map[writingKey]float32
	writings map[writingKey]*writing
}

// NewTypeface reads TrueType or OpenType fonts: the first is used, the others
// give the characters that it lacks. Fall-backs that cannot be read are left
// out; an error means that the first cannot.
func NewTypeface(data []byte, fallbacks ...[]byte) (*Typeface, error) {
	f, err := opentype.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("read the font: %w", err)
	}
	t := &Typeface{fonts: []*sfnt.Font{f}, faces: map[int]*Face{}}
	for _, d := range fallbacks {
		if f, err := opentype.Parse(d); err == nil {
			t.fonts = append(t.fonts, f)
		}
	}
	return t, nil
}

// Face gives the font at a size in pixels per em, rounded to half a pixel and
// held to 3..200.
func (t *Typeface) Face(px float32) *Face {
	if !(px >= 3) {
		px = 3
	}
	half := int(math.Round(float64(min(px, 200)) * 2))
	if f := t.faces[half]; f != nil {
		return f
	}
	if t.faces == nil || len(t.faces) >= typefaceFaces {
		t.faces = map[int]*Face{}
	}
	f := &Face{of: t, glyphs: map[glyphKey]*glyph{}, px: float32(half) / 2}
	for _, src := range t.fonts {
		face, err := opentype.NewFace(src, &opentype.FaceOptions{Size: float64(half) / 2, DPI: 72, Hinting: font.HintingNone})
		if err != nil {
			continue // no error is possible with these options today
		}
		f.chain = append(f.chain, source{src, face})
	}
	if len(f.chain) > 0 {
		m := f.chain[0].face.Metrics()
		f.Ascent, f.Descent = float32(m.Ascent)/64, float32(m.Descent)/64
		f.capHeight = float32(m.CapHeight) / 64
		if f.capHeight <= 0 {
			f.capHeight = 0.7 * f.px
		}
	}
	t.faces[half] = f
	return f
}

// Face is a font at one size.
type Face struct {
	// Ascent and Descent are the distances from the base line to the top and
	// bottom of a line, in pixels, both positive.
	Ascent, Descent float32

	of        *Typeface
	px        float32
	capHeight float32
	chain     []source
	glyphs    map[glyphKey]*glyph
	bytes     int
	buf       sfnt.Buffer
	plain     [128 * subPixels]*glyph // the same for the characters used most
}

type source struct {
	font *sfnt.Font
	face font.Face
}

type glyphKey struct {
	r   rune
	sub uint8
}

// glyph is the mask of one character at one quarter of a pixel, relative to
// the base line.
type glyph struct {
	x, y, w, h int
	mask       []uint8
	advance    float32
}

// source finds the first font of the chain that has the character.
func (f *Face) source(r rune) *source {
	for i := range f.chain {
		if g, err := f.chain[i].font.GlyphIndex(&f.buf, r); err == nil && g != 0 {
			return &f.chain[i]
		}
	}
	if len(f.chain) == 0 {
		return nil
	}
	return &f.chain[0]
}

func (f *Face) glyph(r rune, sub int) *glyph {
	plain := uint32(r) < 128
	if plain {
		if g := f.plain[int(r)*subPixels+sub]; g != nil {
			return g
		}
	}
	key := glyphKey{r, uint8(sub)}
	if g := f.glyphs[key]; g != nil {
		return g
	}
	if f.bytes > faceBytes {
		clear(f.glyphs)
		clear(f.plain[:])
		f.bytes = 0
	}
	g := &glyph{}
	if s := f.source(r); s != nil {
		dot := fixed.Point26_6{X: fixed.Int26_6(sub * 64 / subPixels)}
		dr, mask, mp, adv, ok := s.face.Glyph(dot, r)
		if ok {
			g.x, g.y, g.w, g.h = dr.Min.X, dr.Min.Y, dr.Dx(), dr.Dy()
			g.advance = float32(adv) / 64
			g.mask = make([]uint8, g.w*g.h)
			for y := range g.h {
				for x := range g.w {
					_, _, _, a := mask.At(mp.X+x, mp.Y+y).RGBA()
					g.mask[y*g.w+x] = uint8(a >> 8)
				}
			}
		}
	}
	if plain {
		f.plain[int(r)*subPixels+sub] = g
	} else {
		f.glyphs[key] = g
	}
	f.bytes += len(g.mask) + 64
	return g
}

func (f *Face) advance(r rune) float32 { return f.glyph(r, 0).advance }

// maxTextRunes bounds what one call measures or draws: no line on a screen is
// longer.
const maxTextRunes = 1024

// Width is the width of a text in pixels.
func (f *Face) Width(s string) float32 {
	if f.foreign(s) {
		return f.foreignWidth(s)
	}
	var w float32
	n := 0
	for _, r := range s {
		w += f.advance(r)
		if n++; n >= maxTextRunes {
			break
		}
	}
	return w
}

// Fit gives the text, or its beginning with an ellipsis when it is wider than
// width pixels.
func (f *Face) Fit(s string, width float32) string {
	if f.foreign(s) {
		return f.fitForeign(s, width)
	}
	if f.Width(s) <= width {
		return s
	}
	room := width - f.advance('…')
	var w float32
	for i, r := range s {
		w += f.advance(r)
		if w > room || i >= 4*maxTextRunes {
			if i == 0 {
				return "…"
			}
			return s[:i] + "…"
		}
	}
	return s
}

// FitMiddle gives the text, or its beginning, an ellipsis and its last letters when it is
// wider than width pixels: names that a program made up differ in their ends.
func (f *Face) FitMiddle(s string, width float32) string {
	const tail = 5
	r := []rune(s)
	if len(r) < 3*tail || len(r) > maxTextRunes || f.Width(s) <= width {
		return f.Fit(s, width)
	}
	end := string(r[len(r)-tail:])
	room := width - f.Width(end)
	if room < f.advance('…') {
		return f.Fit(s, width)
	}
	// An ellipsis at least, also where the beginning alone would fit.
	begin := strings.TrimSuffix(f.Fit(string(r[:len(r)-tail])+"…", room), "…")
	return begin + "…" + end
}

// CapHeight is the height of capital letters in pixels.
func (f *Face) CapHeight() float32 { return f.capHeight }

// Text draws s with its base line at y, from x on, and gives the x where it
// ends. The base line is put on a whole pixel.
func (c *Canvas) Text(f *Face, s string, x, y float32, col color.NRGBA) float32 {
	if f == nil || !finite(x, y) {
		return x
	}
	by := floor(y + 0.5)
	if by-ceil(f.Ascent)-2 >= c.clip.Max.Y || by+ceil(f.Descent)+2 <= c.clip.Min.Y {
		return x + f.Width(s)
	}
	if f.foreign(s) {
		return c.foreignText(f, s, x, by, col)
	}
	n := 0
	for _, r := range s {
		if x > float32(c.clip.Max.X) {
			break
		}
		q := floor(x*subPixels + 0.5)
		px := floorDiv(q, subPixels)
		g := f.glyph(r, q-px*subPixels)
		c.stamp(g, px, by, col)
		x += g.advance
		if n++; n >= maxTextRunes {
			break
		}
	}
	return x
}

// TextCentred draws s centred on (x, y), capitals centred vertically.
func (c *Canvas) TextCentred(f *Face, s string, x, y float32, col color.NRGBA) {
	if f == nil {
		return
	}
	c.Text(f, s, x-f.Width(s)/2, y+f.capHeight/2, col)
}

// TextRight draws s so that it ends at x, with its base line at y.
func (c *Canvas) TextRight(f *Face, s string, x, y float32, col color.NRGBA) {
	if f == nil {
		return
	}
	c.Text(f, s, x-f.Width(s), y, col)
}

func (c *Canvas) stamp(g *glyph, px, by int, col color.NRGBA) {
	x0, y0 := px+g.x, by+g.y
	fromX, toX := max(x0, c.clip.Min.X), min(x0+g.w, c.clip.Max.X)
	fromY, toY := max(y0, c.clip.Min.Y), min(y0+g.h, c.clip.Max.Y)
	if fromX >= toX {
		return
	}
	for y := fromY; y < toY; y++ {
		m := g.mask[(y-y0)*g.w+fromX-x0 : (y-y0)*g.w+toX-x0]
		blendRow(c.img.Pix[y*c.img.Stride+4*fromX:], m, col)
	}
}

// Mask paints a colour through a mask, such as an icon, whose upper left corner is
// at x, y.
func (c *Canvas) Mask(m *image.Alpha, x, y int, col color.NRGBA) {
	b := m.Bounds()
	if m.Stride == b.Dx() {
		c.stamp(&glyph{x: 0, y: 0, w: b.Dx(), h: b.Dy(), mask: m.Pix}, x, y, col)
	}
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}
