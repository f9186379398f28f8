package surface

import (
	"image"
	"math"

	"kmscope/ui/paint"
)

// ScrollMark draws the thin bar that says how much there is above and below.
func ScrollMark(c *paint.Canvas, l *Look, at, full float64, r image.Rectangle, scale float32) {
	view := float64(r.Dy()) / float64(scale)
	if full <= view+1 {
		return
	}
	h := float32(math.Max(view/full*view, 24))
	y := float32(at/(full-view)) * (float32(view) - h)
	c.RoundRect(float32(r.Max.X)-5*scale, float32(r.Min.Y)+y*scale, 3*scale, h*scale, 1.5*scale, paint.WithAlpha(l.Dim, 0.5))
}

// EmptyState writes a sentence into the middle of a page.
func EmptyState(c *paint.Canvas, l *Look, s string, scale float32) {
	w, h := c.Size()
	f := l.Regular.Face(13 * scale)
	lines := Wrap(f, s, min(float32(w)-40*scale, 460*scale), 5)
	y := float32(h)*0.42 - float32(len(lines)-1)*10*scale
	for _, line := range lines {
		c.TextCentred(f, line, float32(w)/2, y, l.Dim)
		y += 20 * scale
	}
}

// Wrap breaks a text at spaces into at most n lines of the given width.
func Wrap(f *paint.Face, s string, width float32, n int) []string {
	var lines []string
	for s != "" && len(lines) < n {
		if f.Width(s) <= width {
			return append(lines, s)
		}
		cut := 0
		for i, r := range s {
			if r != ' ' {
				continue
			}
			if f.Width(s[:i]) > width {
				break
			}
			cut = i
		}
		if cut == 0 || len(lines) == n-1 {
			return append(lines, f.Fit(s, width))
		}
		lines = append(lines, s[:cut])
		s = s[cut+1:]
	}
	return lines
}

// Notice draws a short text at the top of a page: progress, or a hint.
func Notice(c *paint.Canvas, l *Look, s string, scale float32) {
	notice(c, l, s, 12*scale, scale)
}

// NoticeBelow draws it at the bottom, where the top has titles.
func NoticeBelow(c *paint.Canvas, l *Look, s string, scale float32) {
	_, h := c.Size()
	notice(c, l, s, float32(h)-38*scale, scale)
}

func notice(c *paint.Canvas, l *Look, s string, y, scale float32) {
	f := l.Regular.Face(12 * scale)
	w, _ := c.Size()
	tw := f.Width(s)
	x := (float32(w)-tw)/2 - 12*scale
	c.RoundRect(x, y, tw+24*scale, 26*scale, 13*scale, l.Raised)
	c.StrokeRoundRect(x, y, tw+24*scale, 26*scale, 13*scale, Hairline(scale), l.Line)
	c.TextCentred(f, s, float32(w)/2, y+13*scale, l.Text)
}

// Hairline is the width in pixels of the thinnest crisp line.
func Hairline(scale float32) float32 { return max(float32(math.Round(float64(scale))), 1) }
