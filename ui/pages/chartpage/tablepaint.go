package chartpage

import (
	"image"
	"image/color"
	"math"

	"kmscope/inventory"
	"kmscope/stats"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
)

// The measures of the table, in window units.
const (
	rowHeight  = 26
	headHeight = 30
	cellGap    = 10
)

// columnShares say how the width is divided; what stands to the left of the
// values takes more of a wide page.
var columnShares = [columnCount]float64{2.2, 1.7, 0.7, 0.5, 1, 1, 1, 1, 2}

// leastWidths keep a column readable; the trend, the spread and the direction go
// when there is no room.
var leastWidths = [columnCount]float64{110, 110, 54, 38, 84, 84, 84, 84, 90}

// dropOrder says which columns go first when the page is narrow.
var dropOrder = []int{colMean, colMin, colTrend, colMax, colDir}

// cells gives where the columns begin and how wide they are; a width of 0 is a
// column that there is no room for.
func (t *table) cells() (x, w [columnCount]float64) {
	width := float64(t.page.surface.Size().Width) - 2*chartGap
	shown := [columnCount]bool{}
	need := 0.0
	for i := range shown {
		shown[i] = true
		need += leastWidths[i] + cellGap
	}
	for _, i := range dropOrder {
		if need <= width {
			break
		}
		shown[i] = false
		need -= leastWidths[i] + cellGap
	}
	shares := 0.0
	for i, s := range columnShares {
		if shown[i] {
			shares += s
		}
	}
	at := float64(chartGap)
	for i := range shown {
		if !shown[i] {
			x[i] = at
			continue
		}
		x[i] = at
		w[i] = leastWidths[i] + max(width-need, 0)*columnShares[i]/shares
		at += w[i] + cellGap
	}
	return x, w
}

// columnAt gives the column under a point.
func (t *table) columnAt(px float64) int {
	x, w := t.cells()
	for i := range x {
		if w[i] > 0 && px < x[i]+w[i]+cellGap {
			return i
		}
	}
	return colTrend
}

func (t *table) paint(c *paint.Canvas, l *surface.Look, ct surface.TimeAxis, scale float32) {
	pw, ph := c.Size()
	t.height = float64(ph) / float64(scale)
	ct.From = t.begin(ct)
	if len(t.all) == 0 {
		surface.EmptyState(c, l, t.empty, scale)
		return
	}
	if t.sortBy == colNow {
		t.sort() // the cursor may have moved
	}
	t.hold()
	x, w := t.cells()
	px := func(v float64) float32 { return float32(math.Round(v * float64(scale))) }
	text, bold := l.Regular.Face(12*scale), l.Bold.Face(11*scale)
	one := surface.Hairline(scale)
	c.Clip(image.Rect(0, int(px(headHeight)), pw, ph))
	chosen := t.chosenRow()
	first := int(t.scroll / rowHeight)
	for i := first; i < len(t.rows); i++ {
		y := headHeight + float64(i)*rowHeight - t.scroll
		if y > t.height {
			break
		}
		r := &t.rows[i]
		top, high := px(y), px(y+rowHeight)-px(y)
		switch i {
		case chosen:
			c.Rect(0, top, float32(pw), high, l.Selection)
		case t.hover:
			c.Rect(0, top, float32(pw), high, l.Hover)
		}
		base := top + high/2 + text.CapHeight()/2
		hue := l.Dim
		if r.Key.Media != "" {
			hue = l.Media(inventory.Media(r.Key.Media))
		}
		cell := func(col int, s string, ink color.NRGBA) {
			if w[col] > 0 {
				c.Text(text, text.Fit(s, px(w[col])), px(x[col]), base, ink)
			}
		}
		value := func(col int, s string, ink color.NRGBA) {
			if w[col] > 0 {
				c.TextRight(text, text.Fit(s, px(w[col])), px(x[col]+w[col]), base, ink)
			}
		}
		ink := l.Text
		if r.Phantom {
			ink = l.Dim
		}
		cell(colElement, r.Element, ink)
		cell(colFigure, r.Figure, ink)
		cell(colMedia, r.media(), hue)
		cell(colDir, string(r.Key.Dir), l.Dim)
		now := "–"
		if v, ok := r.now(ct); ok {
			now = stats.Format(v, r.Unit)
		}
		value(colNow, now, ink)
		value(colMin, stats.Format(r.Min, r.Unit), l.Dim)
		value(colMean, stats.Format(r.Mean, r.Unit), l.Dim)
		value(colMax, stats.Format(r.Max, r.Unit), l.Dim)
		if w[colTrend] > 0 {
			t.trend(c, l, r, ct, surface.Rect{X: x[colTrend], Y: y + 4, W: w[colTrend], H: rowHeight - 8}, hue, scale)
		}
		c.Rect(0, top+high-one, float32(pw), one, l.Faint)
	}
	if word := t.phantomWord(); word != "" {
		y := headHeight + float64(len(t.rows))*rowHeight - t.scroll
		if t.hover == len(t.rows) {
			c.Rect(0, px(y), float32(pw), px(y+rowHeight)-px(y), l.Hover)
		}
		c.Text(text, text.Fit(word, float32(pw)-2*px(chartGap)), px(chartGap), px(y+rowHeight/2)+text.CapHeight()/2, l.Accent)
	}
	c.Unclip()
	c.Rect(0, 0, float32(pw), px(headHeight), l.Panel)
	c.Rect(0, px(headHeight)-one, float32(pw), one, l.Line)
	for i, title := range columnTitles {
		if w[i] == 0 {
			continue
		}
		ink := l.Dim
		base := px(headHeight/2) + bold.CapHeight()/2
		sorted := t.sortBy == i
		if sorted {
			ink = l.Text
		}
		right := px(x[i] + w[i])
		var end float32
		if i >= colNow && i < colTrend {
			c.TextRight(bold, title, right, base, ink)
			end = right - bold.Width(title) - 10*scale
		} else {
			end = c.Text(bold, title, px(x[i]), base, ink) + 4*scale
		}
		if sorted {
			sortMark(c, end, base-4*scale, t.down, ink, scale)
		}
	}
	if t.bad != "" || len(t.rows) == 0 {
		s := "No figure matches the filter. Clear it, or type another."
		if t.bad != "" {
			s = t.bad
		}
		surface.Notice(c, l, s, scale)
	}
	surface.ScrollMark(c, l, t.scroll, t.full(), image.Rect(0, 0, pw, ph), scale)
}

// sortMark is the little triangle beside the title of the column that is sorted
// by.
func sortMark(c *paint.Canvas, x, y float32, down bool, ink color.NRGBA, scale float32) {
	d := 3 * scale
	if down {
		c.Convex([]paint.Point{{X: x, Y: y - d/2}, {X: x + 2*d, Y: y - d/2}, {X: x + d, Y: y + d}}, ink)
		return
	}
	c.Convex([]paint.Point{{X: x, Y: y + d}, {X: x + 2*d, Y: y + d}, {X: x + d, Y: y - d/2}}, ink)
}

// trend draws a series small, from the smallest to the largest value in view,
// without an axis: it says whether something changed, not how much.
func (t *table) trend(c *paint.Canvas, l *surface.Look, r *tableRow, ct surface.TimeAxis, at surface.Rect, hue color.NRGBA, scale float32) {
	lo, hi := r.Min, r.Max
	if lo > 0 && lo < hi/2 || r.Unit == stats.Ratio {
		lo = 0
	}
	if !(hi > lo) {
		lo, hi = lo-1, hi+1
	}
	y1, h := float32(at.Y+at.H)*scale, float32(at.H)*scale
	x0, x1 := float32(at.X)*scale, float32(at.X+at.W)*scale
	ln := chartLine{Points: r.Points, Low: r.Low, High: r.High}
	c.Clip(image.Rect(int(x0), int(y1-h)-1, int(x1)+1, int(y1)+2))
	defer c.Unclip()
	f := frame{x0: x0, y0: y1 - h, x1: x1, y1: y1, scale: scale * 0.85}
	f.measure(surface.Axis{Bottom: lo, Top: hi})
	t.page.painter.line(c, &ln, hue, ct, &f)
	if !ct.Cursor.IsZero() && !ct.Cursor.Before(ct.From) && !ct.Cursor.After(ct.To) {
		c.Rect(float32(math.Floor(ct.XAt(ct.Cursor, float64(x0), float64(x1-x0)))), y1-h, surface.Hairline(scale), h, paint.WithAlpha(l.Error, 0.6))
	}
}
