package chartfile

import (
	"image/color"
	"math"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"kmscope/stats"
)

// part is a piece of a line without a gap. low and high are the ends of what its
// points sum up, or the line below for a layer of a stack; nil is neither.
type part struct {
	mean, low, high plotter.XYs
}

// parts cuts the points of a range at the gaps and at values that are none.
func parts(ln Line, from, to time.Time, div float64) []part {
	var out []part
	var one part
	flush := func() {
		if len(one.mean) > 0 {
			out = append(out, one)
			one = part{}
		}
	}
	spread := len(ln.Low) == len(ln.Points) && len(ln.High) == len(ln.Points)
	for i, pt := range ln.Points {
		if pt.At.Before(from) || pt.At.After(to) {
			continue
		}
		bad := math.IsNaN(pt.V) || math.IsInf(pt.V, 0)
		if pt.Gap || bad {
			flush()
		}
		if bad {
			continue
		}
		x := seconds(pt.At)
		one.mean = append(one.mean, plotter.XY{X: x, Y: pt.V / div})
		if spread {
			one.low = append(one.low, plotter.XY{X: x, Y: ln.Low[i] / div})
			one.high = append(one.high, plotter.XY{X: x, Y: ln.High[i] / div})
		}
	}
	flush()
	return out
}

// stacked gives lines that are the sums of those given, with the line below as
// their low end.
func stacked(lines []Line) []Line {
	out := make([]Line, len(lines))
	var below []float64
	for k, ln := range lines {
		sum := ln
		sum.Points = append([]stats.Point(nil), ln.Points...)
		sum.Low, sum.High = make([]float64, len(ln.Points)), make([]float64, len(ln.Points))
		for i := range sum.Points {
			if i < len(below) {
				sum.Low[i] = below[i]
				sum.Points[i].V += below[i]
			}
			sum.High[i] = sum.Points[i].V
		}
		below = sum.High
		out[k] = sum
	}
	return out
}

// yAxis is the vertical axis, in the unit that it shows.
type yAxis struct {
	low, high float64
	log       bool
	fixed     bool
}

// axisOf finds the ends of the axis of a chart.
func axisOf(ch Chart, lines []Line, from, to time.Time, div float64) yAxis {
	lo, hi, least := math.Inf(1), math.Inf(-1), math.Inf(1)
	for _, ln := range lines {
		for _, one := range parts(ln, from, to, div) {
			for _, list := range []plotter.XYs{one.mean, one.low, one.high} {
				for _, xy := range list {
					if math.IsNaN(xy.Y) || math.IsInf(xy.Y, 0) {
						continue
					}
					lo, hi = min(lo, xy.Y), max(hi, xy.Y)
					if xy.Y > 0 {
						least = min(least, xy.Y)
					}
				}
			}
		}
	}
	if lo > hi {
		lo, hi = 0, 1
	}
	y := yAxis{log: ch.Log, low: min(lo, 0), high: hi}
	if ch.Top > ch.Bottom && !(ch.Log && ch.Bottom <= 0) {
		y.low, y.high, y.fixed = ch.Bottom/div, ch.Top/div, true
		return y
	}
	for _, m := range ch.Limits {
		if v := m.V / div; hi > v*0.4 {
			y.high = max(y.high, v*1.1)
		}
	}
	if y.log {
		if y.low = least; math.IsInf(least, 0) {
			y.low, y.high = 0.1, 10
		}
		y.low = math.Pow(10, math.Floor(math.Log10(y.low)))
		y.high = math.Pow(10, math.Ceil(math.Log10(max(y.high, y.low*2))))
	}
	if y.high <= y.low {
		y.high = y.low + 1
	}
	return y
}

// use gives a plot the axis. The legend stands above the lines, not on them.
func (y yAxis) use(p *plot.Plot) {
	p.Y.Min, p.Y.Max = y.low, y.low+(y.high-y.low)*1.35
	if y.log {
		p.Y.Max = y.high * math.Pow(y.high/y.low, 0.35)
		p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	}
}

// hold keeps what the axis cannot show at its ends: the library would draw it
// over the axis, and has no logarithm of zero.
func (y yAxis) hold(list plotter.XYs) plotter.XYs {
	out := make(plotter.XYs, len(list))
	for i, xy := range list {
		if y.log || y.fixed {
			xy.Y = min(max(xy.Y, y.low), y.high)
		}
		out[i] = xy
	}
	return out
}

// addLine adds a line to a plot and to its legend: what its points sum up is an
// area behind it, as is a layer of a stack.
func addLine(p *plot.Plot, ln *Line, list []part, y yAxis, layer bool) error {
	first := true
	for _, one := range list {
		mean := y.hold(one.mean)
		if one.low != nil && len(mean) > 1 {
			area := append(plotter.XYs(nil), y.hold(one.high)...)
			low := y.hold(one.low)
			for i := len(low) - 1; i >= 0; i-- {
				area = append(area, low[i])
			}
			polygon, err := plotter.NewPolygon(area)
			if err != nil {
				return err
			}
			polygon.Color, polygon.LineStyle.Width = faded(ln.Color, layer), 0
			p.Add(polygon)
		}
		var thing plot.Thumbnailer
		if len(mean) == 1 {
			dot, err := plotter.NewScatter(mean)
			if err != nil {
				return err
			}
			dot.Color, dot.Radius, dot.Shape = ln.Color, 1.2, draw.CircleGlyph{}
			p.Add(dot)
			thing = dot
		} else {
			line, err := plotter.NewLine(mean)
			if err != nil {
				return err
			}
			line.Color, line.Width = ln.Color, 1
			for _, d := range ln.Dashes {
				line.Dashes = append(line.Dashes, vg.Length(d))
			}
			p.Add(line)
			thing = line
		}
		if first {
			p.Legend.Add(ln.Label, thing)
			first = false
		}
	}
	return nil
}

// faded is the colour of an area on white, opaque: not every viewer of PDF
// files mixes colours.
func faded(c color.Color, layer bool) color.Color {
	share := uint32(25)
	if layer {
		share = 50
	}
	if c == nil {
		c = color.Black
	}
	r, g, b, _ := c.RGBA()
	mix := func(v uint32) uint8 { return uint8((v*share + 0xffff*(100-share)) / 100 >> 8) }
	return color.NRGBA{mix(r), mix(g), mix(b), 0xff}
}
