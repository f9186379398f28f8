package chartpage

import (
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
	// Over is how long the time is that each point sums up, around it, but for the
	// last, which stands at its end; nil where that is too short to be seen.
	Over   []time.Duration
	Key    stats.Key
	Before bool // of what the chart is compared with
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
	if ln.Before || ln.browser() {
		hue = paint.Mix(hue, l.Text, 0.45) // where it lies on the other it is seen still
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
	// Held is what the axis reaches over besides what is in view; nil is nothing.
	Held *extent
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
	if ln.browser() {
		return dashBrowser
	}
	return ln.Dash
}

// axisOf gives the vertical axis of a chart over a range of time.
func axisOf(ch *chart, ct surface.TimeAxis, steps int) surface.Axis {
	lo, hi, least := valueRange(ch, ct)
	if e := ch.Held; e != nil {
		lo, hi, least = min(lo, e.lo), max(hi, e.hi), least0(least, e.least)
	}
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
