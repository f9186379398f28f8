package chartpage

import (
	"image/color"
	"math"
	"sort"

	"kmscope/ui/paint"
	"kmscope/ui/surface"
)

// line draws one series. Where several points share a column of pixels only the
// extremes are drawn, so the cost follows the width of the chart. A gap ends the line;
// a point between two gaps is a dot. A sum over more time than a few pixels is a bar
// from its least to its greatest value with a line at the mean: how the values went
// within is not known.
func (cp *chartPainter) line(c *paint.Canvas, ln *chartLine, hue color.NRGBA, ct surface.TimeAxis, f *frame) {
	x0, x1, scale := f.x0, f.x1, f.scale
	width := 1.5 * scale
	dash := ln.dash().Scaled(scale * 0.8)
	pts := cp.pts[:0]
	flush := func() {
		if len(pts) == 1 {
			c.Circle(pts[0].X, pts[0].Y, width*1.1, hue)
		} else {
			c.Polyline(pts, width, hue, dash)
		}
		pts = pts[:0]
	}
	perNs := 0.0 // pixels
	if span := ct.To.Sub(ct.From); span > 0 {
		perNs = float64(x1-x0) / float64(span)
	}
	column := float32(math.Inf(-1))
	var lowY, highY float32
	var lowFirst bool
	inColumn := 0
	// The first point of the column stands at the end of pts: of several the
	// extremes stay, in the order in which they came.
	closeColumn := func() {
		if inColumn > 1 && len(pts) > 0 {
			a, b := lowY, highY
			if !lowFirst {
				a, b = b, a
			}
			pts[len(pts)-1] = paint.Point{X: column + 0.5, Y: a}
			if a != b {
				pts = append(pts, paint.Point{X: column + 0.5, Y: b})
			}
		}
		inColumn = 0
	}
	// One point beyond each end keeps the line going to the edge.
	from := sort.Search(len(ln.Points), func(i int) bool { return !ln.Points[i].At.Before(ct.From) })
	from = max(from-1, 0)
	for i := from; i < len(ln.Points); i++ {
		p := ln.Points[i]
		bad := math.IsNaN(p.V) || math.IsInf(p.V, 0)
		if p.Gap || bad {
			closeColumn()
			flush()
			column = float32(math.Inf(-1))
			if bad {
				continue
			}
			if i > 0 && len(cp.gaps) < maxGaps && p.At.After(ct.From) {
				cp.gaps = append(cp.gaps, x0+float32(float64(p.At.Sub(ct.From))*perNs))
			}
		}
		x := x0 + float32(float64(p.At.Sub(ct.From))*perNs)
		y := f.yAt(p.V)
		low, high := y, y // on the screen: the low end has the larger y
		if ln.Low != nil {
			low, high = f.yAt(ln.Low[i]), f.yAt(ln.High[i])
		}
		if wide := ln.wide(i, perNs); wide > wideSum*scale {
			closeColumn()
			left, right := x-wide/2, x+wide/2
			if i == len(ln.Points)-1 {
				left, right = x-wide, x
			}
			c.Rect(left, high, right-left, low-high, paint.WithAlpha(hue, 0.22))
			pts = append(pts, paint.Point{X: left, Y: y}, paint.Point{X: right, Y: y})
			column = float32(math.Inf(-1))
		} else if col := float32(math.Floor(float64(x))); col != column {
			closeColumn()
			pts = append(pts, paint.Point{X: x, Y: y})
			column, lowY, highY = col, low, high
			inColumn = 1
			if low != high {
				// What came first within a sum is not known: the nearer one.
				inColumn = 2
				if n := len(pts); n > 1 {
					lowFirst = pts[n-2].Y-high > low-pts[n-2].Y
				}
			}
		} else {
			inColumn++
			if high < highY {
				highY, lowFirst = high, true
			}
			if low > lowY {
				lowY, lowFirst = low, false
			}
		}
		if p.At.After(ct.To) {
			break
		}
	}
	closeColumn()
	flush()
	cp.pts = pts
}

// wideSum is from how many window units on a sum is drawn as wide as it is.
const wideSum = 3

// wide gives how wide the time is that a point sums up, in pixels.
func (ln *chartLine) wide(i int, perNs float64) float32 {
	if ln.Over == nil {
		return 0
	}
	return float32(float64(ln.Over[i]) * perNs)
}
