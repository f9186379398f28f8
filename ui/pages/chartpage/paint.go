package chartpage

import (
	"image"
	"image/color"
	"math"
	"sort"
	"time"

	"kmscope/inventory"
	"kmscope/stats"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
)

// chartLine is one series as a chart draws it.
type chartLine struct {
	Label  string // for the legend: "video", "audio", "REMB"
	Media  inventory.Media
	Hue    func(*surface.Look) color.NRGBA // nil: the hue of the medium
	Dash   paint.Dash
	Apart  paint.Dash // replaces Dash where the hue is that of an element
	Faded  bool       // the weaker of two directions
	Unit   stats.Unit
	Points []stats.Point
	// Low and High are the ends of what each point sums up, which is then the
	// mean; nil where every sample is a point.
	Low, High []float64
	Key       stats.Key
	Before    bool // of what the chart is compared with
}

// color is looked up for each frame: the theme may have changed since.
func (ln *chartLine) color(l *surface.Look) color.NRGBA {
	hue := l.Accent
	switch {
	case ln.Hue != nil:
		hue = ln.Hue(l)
	case ln.Media != "":
		hue = l.Media(ln.Media)
	}
	if ln.Faded {
		hue = paint.Mix(hue, l.Panel, 0.4)
	}
	if ln.Before {
		hue = paint.Mix(hue, l.Text, 0.45)
	}
	return hue
}

// chart is one small multiple.
type chart struct {
	Title string
	Note  string // at the right of the title, after the unit: the element
	Unit  stats.Unit
	Lines []chartLine
	// Limits are the thresholds that it shows once values come near, in Unit.
	Limits []limit
	// Empty says in words why there is no line.
	Empty string
	// Object is what a click on the title selects; "" is nothing.
	Object string
	// Kind names what the chart shows, whatever element it is of: choices are
	// kept under it. Element is that element; "" is several.
	Kind, Element string
	// Ranked tells a chart of an overview, Stacked one whose lines add up.
	Ranked, Stacked bool
	// Bands are when ICE or DTLS of the element was not up.
	Bands []band
	// Chosen by a person: see choices.
	Pinned, Wide bool
	Scale        surface.Scale
}

// The measures within a chart, in units of the window.
const (
	plotLeft   = 50
	plotRight  = 10
	plotTop    = 48
	plotBottom = 22
)

// dashBefore is the pattern of what a chart is compared with, of every medium:
// shorter than that of any of them.
var dashBefore = paint.Dash{2.5, 3.5}

// dash is the pattern of a line.
func (ln *chartLine) dash() paint.Dash {
	if ln.Before {
		return dashBefore
	}
	return ln.Dash
}

// axisOf gives the vertical axis of a chart over a range of time.
func axisOf(ch *chart, ct surface.TimeAxis, steps int) surface.Axis {
	lo, hi, least := valueRange(ch, ct)
	if ch.Scale.Mode != surface.Fixed {
		for _, m := range ch.Limits {
			if hi > m.V*0.4 {
				hi = max(hi, m.V*1.1)
			}
		}
	}
	scale := ch.Scale
	if ch.Stacked && scale.Mode == surface.FromZero && !scale.Log {
		// The parts are what counts, however small the whole is.
		lo, scale.Mode = 0, surface.FromData
	}
	return scale.Axis(lo, hi, least, ch.Unit, steps)
}

// plotArea is where the lines of a chart go.
func plotArea(r surface.Rect) surface.Rect {
	return surface.Rect{X: r.X + plotLeft, Y: r.Y + plotTop, W: max(r.W-plotLeft-plotRight, 1), H: max(r.H-plotTop-plotBottom, 1)}
}

// pointAt finds the point that a line shows at a moment: the newest one not
// later than it, unless a gap or more than a few samples lie between. ok is
// false where the line has nothing to say.
func pointAt(points []stats.Point, at time.Time) (p stats.Point, ok bool) {
	i := sort.Search(len(points), func(i int) bool { return points[i].At.After(at) })
	// The nearest of the two neighbours, so that the reading is the dot under
	// the cursor.
	switch {
	case len(points) == 0:
		return p, false
	case i == 0:
		p = points[0]
		if p.At.Sub(at) > reach(points, 0) {
			return p, false
		}
		return p, true
	case i == len(points):
		p = points[i-1]
		return p, at.Sub(p.At) <= reach(points, i-1)
	}
	a, b := points[i-1], points[i]
	if at.Sub(a.At) <= b.At.Sub(at) {
		p = a
	} else {
		p = b
	}
	if b.Gap {
		d := at.Sub(p.At)
		if d < 0 {
			d = -d
		}
		return p, d <= reach(points, i)
	}
	return p, true
}

// reach is how far beyond a last or first point its value is still read: the
// distance to its neighbour, at least two seconds and at most a minute.
func reach(points []stats.Point, i int) time.Duration {
	d := 2 * time.Second
	if i > 0 && !points[i].Gap {
		d = max(d, points[i].At.Sub(points[i-1].At)*3/2)
	}
	return min(d, time.Minute)
}

// maxGaps bounds the notches of a chart.
const maxGaps = 200

// chartPainter paints charts; it keeps scratch between frames.
type chartPainter struct {
	pts  []paint.Point
	gaps []float32 // where lines of the chart break
}

// paint draws one chart into r (window units; scale is pixels per unit).
func (cp *chartPainter) paint(c *paint.Canvas, l *surface.Look, ch *chart, ct surface.TimeAxis, r surface.Rect, scale float32) {
	px := func(v float64) float32 { return float32(math.Round(v * float64(scale))) }
	x, y, w, h := px(r.X), px(r.Y), px(r.X+r.W)-px(r.X), px(r.Y+r.H)-px(r.Y)
	if !c.Visible(x, y, w, h) {
		return
	}
	one := max(float32(math.Round(float64(scale))), 1)
	c.RoundRect(x, y, w, h, 6*scale, l.Panel)
	c.StrokeRoundRect(x, y, w, h, 6*scale, one, l.Line)

	title, small := l.Bold.Face(12*scale), l.Regular.Face(11*scale)
	tick := l.Regular.Face(10 * scale)
	plot := plotArea(r)
	x0, x1 := px(plot.X), px(plot.X+plot.W)
	y0, y1 := px(plot.Y), px(plot.Y+plot.H)

	ax := axisOf(ch, ct, min(max(int(plot.H/30), 3), 8))

	note := ax.Unit
	if ch.Note != "" {
		if note != "" {
			note += " · "
		}
		note += ch.Note
	}
	if ch.Scale.Log {
		note += " · log"
	}
	right := x + w - 10*scale
	left := x + 12*scale
	if ch.Pinned {
		left += pinMark(c, left, y+14*scale, l.Accent, scale)
	}
	tt := title.Fit(ch.Title, x+w-left-12*scale)
	used := title.Width(tt) + left - x - 12*scale
	c.Text(title, tt, left, y+18*scale, l.Text)
	if room := w - 40*scale - used; room > 30*scale {
		c.TextRight(small, small.Fit(note, room), right, y+18*scale, l.Dim)
	}

	if len(ch.Lines) == 0 {
		cp.words(c, l, ch.Empty, r, scale)
		return
	}
	cp.legend(c, l, ch, ct, small, x+12*scale, y+34*scale, right, scale)

	c.Clip(image.Rect(int(x)+1, int(y)+1, int(x+w)-1, int(y+h)-1))
	defer c.Unclip()
	yAt := func(v float64) float32 {
		return y1 - float32(ax.Share(v))*(y1-y0)
	}
	paintBands(c, l, ch.Bands, ct, x0, y0, x1, y1, scale)
	grid := paint.WithAlpha(l.Line, 0.75)
	for _, v := range ax.Ticks() {
		gy := float32(math.Floor(float64(yAt(v))))
		c.Rect(x0, gy, x1-x0, one, grid)
		c.TextRight(tick, ax.Label(v), x0-6*scale, gy+tick.CapHeight()/2, l.Dim)
	}
	n := max(int(plot.W/75), 2)
	ticks, step := surface.TimeTicks(ct.From, ct.To, n, ct.Clock)
	for _, t := range ticks {
		tx := float32(math.Floor(ct.XAt(t, float64(x0), float64(x1-x0))))
		c.Rect(tx, y0, one, y1-y0, paint.WithAlpha(l.Line, 0.5))
		s := surface.ClockLabel(ct.Clock, t, step)
		half := tick.Width(s) / 2
		at := min(max(tx-half, x0), x1-2*half)
		c.Text(tick, s, at, y1+14*scale, l.Dim)
	}
	for i, m := range ch.Limits {
		if m.V >= ax.Top || m.V <= ax.Bottom {
			continue
		}
		ly := yAt(m.V)
		c.Line(x0, ly, x1, ly, scale, paint.WithAlpha(limitHue(l, i), 0.6), surface.DashLimit.Scaled(scale))
	}
	for _, m := range ct.Marks {
		mx := float32(math.Floor(ct.XAt(m.At, float64(x0), float64(x1-x0))))
		if mx < x0 || mx > x1 {
			continue
		}
		// The kinds differ in length as well as in hue.
		hue, long := l.OK, 4*scale
		switch m.Kind {
		case surface.MarkCommand:
			hue, long = l.Accent, 6*scale
		case surface.MarkError:
			hue, long = l.Error, 9*scale
		case surface.MarkOwn:
			hue, long = l.Control, 12*scale
		}
		c.Rect(mx, y1-long, max(1.5*scale, one), long, hue)
	}
	c.Clip(image.Rect(int(x0), int(y0)-int(2*scale)-1, int(x1)+1, int(y1)+int(2*scale)+1))
	cp.gaps = cp.gaps[:0]
	if ch.Stacked {
		cp.stack(c, l, ch, ct, x0, x1, yAt, scale)
	}
	for i := range ch.Lines {
		if !ch.Stacked {
			cp.line(c, &ch.Lines[i], ch.Lines[i].color(l), ct, x0, x1, yAt, scale)
		}
	}
	// A break is told by a notch at the top as well: between two samples it is a
	// few pixels wide.
	for _, x := range cp.gaps {
		c.Rect(float32(math.Floor(float64(x))), y0, one, 6*scale, l.Dim)
	}
	c.Unclip()
	// The words come after the lines, on a ground of their own: a busy line must
	// not cross them out. They stand at the left, away from the newest figures.
	for i, m := range ch.Limits {
		if m.V >= ax.Top || m.V <= ax.Bottom {
			continue
		}
		word := tick.Fit(m.Word, x1-x0)
		tw, th := tick.Width(word)+6*scale, 12*scale
		ty := max(yAt(m.V)-th-scale, y0)
		c.RoundRect(x0, ty, tw, th, 2*scale, paint.WithAlpha(l.Panel, 0.85))
		c.Text(tick, word, x0+3*scale, ty+th/2+tick.CapHeight()/2, limitHue(l, i))
	}
	if ct.Zero.After(ct.From) && ct.Zero.Before(ct.To) {
		zx := float32(math.Floor(ct.XAt(ct.Zero, float64(x0), float64(x1-x0))))
		c.Line(zx, y0, zx, y1, one, l.Dim, paint.Dash{1, 3}.Scaled(scale))
	}
	if !ct.Cursor.IsZero() && !ct.Cursor.Before(ct.From) && !ct.Cursor.After(ct.To) {
		cx := float32(math.Floor(ct.XAt(ct.Cursor, float64(x0), float64(x1-x0))))
		c.Rect(cx, y0-4*scale, one, y1-y0+4*scale, paint.WithAlpha(l.Error, 0.85))
		base := 0.0
		for i := range ch.Lines {
			if p, ok := pointAt(ch.Lines[i].Points, ct.Cursor); ok && !math.IsNaN(p.V) {
				if ch.Stacked {
					base += p.V
					p.V = base
				}
				dx := float32(ct.XAt(p.At, float64(x0), float64(x1-x0)))
				if dx < x0-1 || dx > x1+1 {
					continue
				}
				c.Circle(dx, yAt(p.V), 4*scale, l.Panel)
				c.Circle(dx, yAt(p.V), 3*scale, ch.Lines[i].color(l))
			}
		}
	}
}

// limitHue gives the hue of the first threshold of a chart, and of those above.
func limitHue(l *surface.Look, i int) color.NRGBA {
	if i > 0 {
		return paint.Mix(l.Error, l.Dim, 0.35)
	}
	return paint.Mix(l.Warning, l.Dim, 0.35)
}

// words writes a sentence into the middle of a chart, over up to three lines.
func (cp *chartPainter) words(c *paint.Canvas, l *surface.Look, s string, r surface.Rect, scale float32) {
	f := l.Regular.Face(11 * scale)
	lines := surface.Wrap(f, s, float32(r.W-40)*scale, 3)
	y := float32(r.Y+r.H/2)*scale - float32(len(lines)-1)*7*scale + 6*scale
	for _, line := range lines {
		c.TextCentred(f, line, float32(r.X+r.W/2)*scale, y, l.Dim)
		y += 15 * scale
	}
}

// legend draws a swatch, a name and the value at the cursor (or the last one)
// for each line.
func (cp *chartPainter) legend(c *paint.Canvas, l *surface.Look, ch *chart, ct surface.TimeAxis, f *paint.Face, x, y, right, scale float32) {
	for i := range ch.Lines {
		ln := &ch.Lines[i]
		value := legendValue(ln, ct)
		need := 18*scale + f.Width(ln.Label) + 6*scale + f.Width(value)
		if x+need > right {
			if more := len(ch.Lines) - i; more > 0 && x+f.Width("+00") < right {
				c.Text(f, "+"+itoa(more), x, y, l.Dim)
			}
			return
		}
		c.Line(x+1, y-4*scale, x+13*scale, y-4*scale, 2*scale, ln.color(l), ln.dash().Scaled(scale*0.6))
		x = c.Text(f, ln.Label, x+18*scale, y, l.Dim)
		x = c.Text(f, value, x+6*scale, y, l.Text) + 16*scale
	}
}

// reading is the point that the legend shows: at the cursor, or the last one
// in view while it is fresh.
func reading(points []stats.Point, ct surface.TimeAxis) (stats.Point, bool) {
	at := ct.Cursor
	if at.IsZero() {
		at = ct.To
		i := sort.Search(len(points), func(i int) bool { return points[i].At.After(at) })
		if i == 0 {
			return stats.Point{}, false
		}
		// The charts end a little after the newest sample; a value of the last
		// seconds is "now".
		if at.Sub(points[i-1].At) < fresh {
			return points[i-1], true
		}
		return stats.Point{}, false
	}
	return pointAt(points, at)
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + string(rune('0'+n%10))
}

// valueRange gives the smallest and largest value in view, and the smallest
// above zero; zeros where there is none.
func valueRange(ch *chart, ct surface.TimeAxis) (lo, hi, least float64) {
	lo, hi, least = math.Inf(1), math.Inf(-1), math.Inf(1)
	for i := range ch.Lines {
		pts := ch.Lines[i].Points
		from := sort.Search(len(pts), func(i int) bool { return !pts[i].At.Before(ct.From) })
		for k := from; k < len(pts) && !pts[k].At.After(ct.To); k++ {
			v := pts[k].V
			if ch.Stacked {
				for n := range i {
					if k < len(ch.Lines[n].Points) {
						v += ch.Lines[n].Points[k].V
					}
				}
			}
			if math.IsNaN(v) || math.IsInf(v, 0) {
				continue
			}
			lo, hi = min(lo, v), max(hi, v)
			if ln := &ch.Lines[i]; ln.Low != nil {
				lo, hi = min(lo, ln.Low[k]), max(hi, ln.High[k])
			}
			if v > 0 {
				least = min(least, v)
			}
		}
	}
	if lo > hi {
		return 0, 0, 0
	}
	if least > hi {
		least = 0
	}
	return lo, hi, least
}

// line draws one series. Where several points share a column of pixels only the
// extremes are drawn, so the cost follows the width of the chart. A gap ends the line; a point between two gaps is a dot.
func (cp *chartPainter) line(c *paint.Canvas, ln *chartLine, hue color.NRGBA, ct surface.TimeAxis, x0, x1 float32, yAt func(float64) float32, scale float32) {
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
		y := yAt(p.V)
		low, high := y, y // on the screen: the low end has the larger y
		if ln.Low != nil {
			low, high = yAt(ln.Low[i]), yAt(ln.High[i])
		}
		if col := float32(math.Floor(float64(x))); col != column {
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
