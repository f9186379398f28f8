package paint

import (
	"image"
	"image/color"
	"math"
	"unicode"
	"unicode/utf8"
)

// Foreign texts hold characters that none of the fonts has, or that are joined or go
// from right to left. The layout here can do none of that: who makes a Typeface may
// bring somebody who can. Such texts are rare, so what was drawn is kept whole, as a
// picture; everything else stays as quick as it is.

// Scribe draws whole texts. It belongs to the goroutine of its Typeface.
type Scribe interface {
	// Measure gives the width of a text at a size in pixels per em.
	Measure(s string, px float32) float32
	// Write gives the text as a picture with a transparent ground, and how far below
	// its upper edge the base line is.
	Write(s string, px float32, col color.NRGBA) (img *image.NRGBA, base float32)
}

// writing is a text that was drawn.
type writing struct {
	img  *image.NRGBA
	base float32
}

type writingKey struct {
	s   string
	px  float32
	col color.NRGBA
}

// What is kept of drawn texts and of their widths; both start afresh when full.
const (
	maxWritings   = 512
	maxForeign    = 2_048
	firstForeign  = 0x300 // below are the letters of Europe, one beside the other
	foreignMostPx = 64.0
	maxTextBytes  = 4 * maxTextRunes
)

// bounded gives as much of a text as is drawn at most.
func bounded(s string) string {
	if len(s) <= maxTextBytes {
		return s
	}
	n := maxTextBytes
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// foreign tells whether a text is for the scribe.
func (f *Face) foreign(s string) bool {
	if f.of == nil || f.of.Scribe == nil || f.px > foreignMostPx {
		return false
	}
	for i, r := range s {
		if i >= maxTextBytes {
			break
		}
		if r < firstForeign {
			continue
		}
		is, known := f.of.strange[r]
		if !known {
			is = joined(r) || !f.has(r)
			if len(f.of.strange) >= maxForeign || f.of.strange == nil {
				f.of.strange = make(map[rune]bool)
			}
			f.of.strange[r] = is
		}
		if is {
			return true
		}
	}
	return false
}

// joined tells whether a character is of a script in which letters change with their
// neighbours or go from right to left, or belongs to the one before it.
func joined(r rune) bool {
	return unicode.In(r, unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko, unicode.Devanagari, unicode.Bengali,
		unicode.Tamil, unicode.Telugu, unicode.Thai, unicode.Khmer, unicode.Mn, unicode.Variation_Selector)
}

// has reports whether one of the fonts has a character.
func (f *Face) has(r rune) bool {
	for i := range f.chain {
		if g, err := f.chain[i].font.GlyphIndex(&f.buf, r); err == nil && g != 0 {
			return true
		}
	}
	return false
}

func (f *Face) foreignWidth(s string) float32 {
	s = bounded(s)
	key := writingKey{s: s, px: f.px}
	if w, ok := f.of.widths[key]; ok {
		return w
	}
	if len(f.of.widths) >= maxForeign || f.of.widths == nil {
		f.of.widths = make(map[writingKey]float32)
	}
	w := f.of.Scribe.Measure(s, f.px)
	f.of.widths[key] = w
	return w
}

// fitForeign gives the beginning of a text that is too wide, with an ellipsis: guessed
// by the share that fits, as measuring costs.
func (f *Face) fitForeign(s string, width float32) string {
	whole := f.foreignWidth(s)
	if whole <= width {
		return s
	}
	runes := []rune(bounded(s))
	n := int(float32(len(runes)) * width / whole)
	for range 4 {
		if n <= 0 {
			break
		}
		cut := string(runes[:n]) + "…"
		if f.Width(cut) <= width {
			return cut
		}
		n = min(n-1, n*9/10)
	}
	return "…"
}

// foreignText draws a text of the scribe's from x on, with its base line at y.
func (c *Canvas) foreignText(f *Face, s string, x float32, y int, col color.NRGBA) float32 {
	end := x + f.foreignWidth(s)
	if x > float32(c.clip.Max.X) || end < float32(c.clip.Min.X) {
		return end
	}
	s = bounded(s)
	key := writingKey{s, f.px, col}
	w := f.of.writings[key]
	if w == nil {
		if len(f.of.writings) >= maxWritings || f.of.writings == nil {
			f.of.writings = make(map[writingKey]*writing)
		}
		w = &writing{}
		w.img, w.base = f.of.Scribe.Write(s, f.px, col)
		f.of.writings[key] = w
	}
	if w.img == nil {
		return end
	}
	left, top := int(math.Round(float64(x))), y-int(math.Round(float64(w.base)))
	b := w.img.Bounds()
	r := image.Rect(left, top, left+b.Dx(), top+b.Dy()).Intersect(c.clip)
	for py := r.Min.Y; py < r.Max.Y; py++ {
		from := w.img.PixOffset(b.Min.X+r.Min.X-left, b.Min.Y+py-top)
		pix := c.img.Pix[py*c.img.Stride+4*r.Min.X:]
		for i := range r.Dx() {
			p := w.img.Pix[from+4*i : from+4*i+4 : from+4*i+4]
			if p[3] != 0 {
				blend(pix[4*i:4*i+4:4*i+4], color.NRGBA{R: p[0], G: p[1], B: p[2], A: 255}, uint32(p[3]))
			}
		}
	}
	return end
}
