package chartpage

import (
	"image/color"
	"math"
	"sort"
	"time"

	"kmscope/stats"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
)

// pinMark draws the sign of a pinned chart and gives the room that it takes.
func pinMark(c *paint.Canvas, x, y float32, hue color.NRGBA, scale float32) float32 {
	c.Circle(x+4*scale, y-2*scale, 3*scale, hue)
	c.Line(x+4*scale, y, x+4*scale, y+6*scale, 1.5*scale, hue, nil)
	return 14 * scale
}

// stack draws lines that add up, each as an area on those below it. They have
// their points at the same moments: see align.
func (cp *chartPainter) stack(c *paint.Canvas, l *surface.Look, f *frame, ct surface.TimeAxis) {
	ch, x0, x1 := f.ch, f.x0, f.x1
	if len(ch.Lines) == 0 {
		return
	}
	n := len(ch.Lines[0].Points)
	for k := range ch.Lines {
		n = min(n, len(ch.Lines[k].Points))
	}
	base := make([]float64, n)
	top := make([]stats.Point, n)
	for k := range ch.Lines {
		ln := ch.Lines[k]
		for i := range top {
			top[i] = ln.Points[i]
			top[i].V += base[i]
		}
		hue := ln.color(l)
		fill := paint.WithAlpha(hue, 0.4)
		for i := 1; i < n; i++ {
			if top[i].Gap {
				continue
			}
			a, b := float32(ct.XAt(top[i-1].At, float64(x0), float64(x1-x0))), float32(ct.XAt(top[i].At, float64(x0), float64(x1-x0)))
			if b < x0 || a > x1 || b <= a {
				continue
			}
			// Column by column: areas that meet at an angle would show a seam.
			for x := float32(math.Ceil(float64(max(a, x0)))); x < min(b, x1); x++ {
				k := float64((x - a) / (b - a))
				y := f.yAt(top[i-1].V + (top[i].V-top[i-1].V)*k)
				c.Rect(x, y, 1, f.yAt(base[i-1]+(base[i]-base[i-1])*k)-y, fill)
			}
		}
		ln.Points, ln.Dash = top, nil
		cp.line(c, &ln, hue, ct, f)
		for i := range base {
			base[i] = top[i].V
		}
	}
}

// readout lists all lines of a chart at the cursor, in a box beside it, where
// the legend has no room for all of them.
func (cp *chartPainter) readout(c *paint.Canvas, l *surface.Look, ch *chart, ct surface.TimeAxis, r surface.Rect, scale float32) {
	f := l.Regular.Face(11 * scale)
	if ct.Cursor.IsZero() || cp.legendFits(ch, ct, f, r, scale) {
		return
	}
	head := ct.Clock.Format(ct.Cursor)
	label, value := f.Width(head), float32(0)
	values := make([]string, len(ch.Lines))
	sum := 0.0
	for i := range ch.Lines {
		values[i] = "–"
		if p, ok := reading(ch.Lines[i].Points, ct); ok {
			values[i] = stats.Format(p.V, ch.Lines[i].Unit)
			sum += p.V
		}
		label, value = max(label, f.Width(ch.Lines[i].Label)+18*scale), max(value, f.Width(values[i]))
	}
	w := label + value + 36*scale
	rows := len(ch.Lines) + 1
	if ch.Stacked {
		rows++
	}
	h := float32(rows)*16*scale + 12*scale
	plot := plotArea(r)
	cx := float32(ct.XAt(ct.Cursor, plot.X*float64(scale), plot.W*float64(scale)))
	x := cx + 12*scale
	cw, chh := c.Size()
	if x+w > float32(cw)-4*scale {
		x = cx - 12*scale - w
	}
	y := min(max(float32(plot.Y)*scale, 4*scale), max(float32(chh)-h-4*scale, 4*scale))
	c.RoundRect(x, y, w, h, 6*scale, l.Raised)
	c.StrokeRoundRect(x, y, w, h, 6*scale, surface.Hairline(scale), l.Line)
	y += 17 * scale
	c.Text(f, head, x+10*scale, y, l.Dim)
	// The top of a stack is read at the top.
	for k := range ch.Lines {
		i := k
		if ch.Stacked {
			i = len(ch.Lines) - 1 - k
		}
		y += 16 * scale
		ln := &ch.Lines[i]
		c.Line(x+10*scale, y-4*scale, x+22*scale, y-4*scale, 2*scale, ln.color(l), ln.dash().Scaled(scale*0.6))
		c.Text(f, ln.Label, x+28*scale, y, l.Dim)
		c.TextRight(f, values[i], x+w-10*scale, y, l.Text)
	}
	if ch.Stacked {
		y += 16 * scale
		c.Text(f, "together", x+28*scale, y, l.Dim)
		c.TextRight(f, stats.Format(sum, ch.Unit), x+w-10*scale, y, l.Text)
	}
}

// legendFits reports whether the legend names all lines.
func (cp *chartPainter) legendFits(ch *chart, ct surface.TimeAxis, f *paint.Face, r surface.Rect, scale float32) bool {
	x := float32(r.X+12) * scale
	for i := range ch.Lines {
		x += 18*scale + f.Width(ch.Lines[i].Label) + 6*scale + f.Width(legendValue(&ch.Lines[i], ct)) + 16*scale
	}
	return x-16*scale <= float32(r.X+r.W-10)*scale
}

// legendValue is what the legend says of a line.
func legendValue(ln *chartLine, ct surface.TimeAxis) string {
	if p, ok := reading(ln.Points, ct); ok {
		return stats.Format(p.V, ln.Unit)
	}
	// Of a time that is summed up, the mean is all that is known.
	at := ct.Cursor
	if at.IsZero() {
		at = ct.To
	}
	i := sort.Search(len(ln.Points), func(i int) bool { return i >= len(ln.Over) || ln.Points[i].At.Add(ln.Over[i]/2).After(at) })
	if i < len(ln.Over) && !ln.Points[i].At.Add(-ln.Over[i]/2).After(at) {
		return stats.Format(ln.Points[i].V, ln.Unit)
	}
	return "–"
}

// fresh is how long a last value counts as the present one.
const fresh = 5 * time.Second
