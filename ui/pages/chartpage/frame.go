package chartpage

import (
	"image"
	"math"
	"runtime"
	"sync"

	"kmscope/ui/paint"
	"kmscope/ui/surface"
)

// How a frame of many charts comes to be. Each is drawn in three layers: its ground
// with all that lies behind the lines, the lines, and what lies on them. The lines
// take most of the time and need nothing but pixels of their own, so they are drawn
// on as many cores as are worth it, beside the grounds of the charts that follow.
// Texts stay with the goroutine of the window, which the fonts belong to.
//
// Rejected: pictures of charts that are kept and moved. While a person zooms, or
// figures come, every chart is another one in every frame.

const (
	// helpers is how many cores are used beside that of the window; more only wait
	// for the grounds.
	helpers = 3
	// helpedFrom is the least number of charts that are worth a goroutine.
	helpedFrom = 4
	// maxGaps bounds the notches of a chart.
	maxGaps = 200
)

// frame is one chart of a frame, with its measures in pixels.
type frame struct {
	ch             *chart
	rect           surface.Rect // of all, window units
	x, y, w, h     float32      // the same in pixels
	x0, y0, x1, y1 float32      // its plot
	one            float32      // the width of a hairline
	scale          float32      // pixels per window unit
	ax             surface.Axis
	per            float64 // pixels per unit of an axis that is not logarithmic
}

// measure takes the axis.
func (f *frame) measure(ax surface.Axis) {
	f.ax, f.per = ax, float64(f.y1-f.y0)/(ax.Top-ax.Bottom)
}

// yAt gives the height of a value in pixels.
func (f *frame) yAt(v float64) float32 {
	if f.ax.Log {
		return f.y1 - float32(f.ax.Share(v))*(f.y1-f.y0)
	}
	return f.y1 - float32((v-f.ax.Bottom)*f.per)
}

// box is what nothing of the chart may leave, plot what its lines may not.
func (f *frame) box() image.Rectangle {
	return image.Rect(int(f.x)+1, int(f.y)+1, int(f.x+f.w)-1, int(f.y+f.h)-1)
}

func (f *frame) plot() image.Rectangle {
	return image.Rect(int(f.x0), int(f.y0)-int(2*f.scale)-1, int(f.x1)+1, int(f.y1)+int(2*f.scale)+1).Intersect(f.box())
}

// chartPainter paints charts; it keeps scratch between frames.
type chartPainter struct {
	pts  []paint.Point
	gaps []float32 // where lines of the chart break

	frames  []frame
	helping []helper
}

// helper draws lines on a goroutine of its own while a frame is painted.
type helper struct {
	painter *chartPainter
	canvas  *paint.Canvas
}

// paintAll draws charts into rectangles that do not overlap.
func (cp *chartPainter) paintAll(c *paint.Canvas, l *surface.Look, ct surface.TimeAxis, scale float32, charts []chart, place func(i int) surface.Rect) {
	cp.frames = cp.frames[:0]
	ready := make(chan *frame, len(charts))
	var drawn sync.WaitGroup
	if len(charts) >= helpedFrom {
		for i := range min(runtime.GOMAXPROCS(0)-1, helpers) {
			if i == len(cp.helping) {
				cp.helping = append(cp.helping, helper{&chartPainter{}, paint.NewCanvas()})
			}
			h := cp.helping[i]
			h.canvas.On(c)
			drawn.Go(func() {
				for f := range ready {
					h.painter.lines(h.canvas, l, f, ct)
				}
			})
		}
	}
	if cap(cp.frames) < len(charts) {
		cp.frames = make([]frame, 0, len(charts)) // it must not move while others draw
	}
	for i := range charts {
		if f, ok := cp.ground(c, l, &charts[i], ct, place(i), scale); ok {
			cp.frames = append(cp.frames, f)
			ready <- &cp.frames[len(cp.frames)-1]
		}
	}
	close(ready)
	for f := range ready {
		cp.lines(c, l, f, ct)
	}
	drawn.Wait()
	for i := range cp.frames {
		cp.top(c, l, &cp.frames[i], ct)
	}
	clear(cp.frames) // the charts may go
}

// paint draws one chart into r (window units; scale is pixels per unit).
func (cp *chartPainter) paint(c *paint.Canvas, l *surface.Look, ch *chart, ct surface.TimeAxis, r surface.Rect, scale float32) {
	if f, ok := cp.ground(c, l, ch, ct, r, scale); ok {
		cp.lines(c, l, &f, ct)
		cp.top(c, l, &f, ct)
	}
}

// ground draws what lies behind the lines of a chart; ok is false where there are
// none to be seen.
func (cp *chartPainter) ground(c *paint.Canvas, l *surface.Look, ch *chart, ct surface.TimeAxis, r surface.Rect, scale float32) (f frame, ok bool) {
	px := func(v float64) float32 { return float32(math.Round(v * float64(scale))) }
	x, y, w, h := px(r.X), px(r.Y), px(r.X+r.W)-px(r.X), px(r.Y+r.H)-px(r.Y)
	if !c.Visible(x, y, w, h) {
		return f, false
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
		return f, false
	}
	cp.legend(c, l, ch, ct, small, x+12*scale, y+34*scale, right, scale)

	f = frame{ch: ch, rect: r, x: x, y: y, w: w, h: h, x0: x0, y0: y0, x1: x1, y1: y1, one: one, scale: scale}
	f.measure(ax)
	c.Clip(f.box())
	defer c.Unclip()
	paintBands(c, l, ch.Bands, ct, x0, y0, x1, y1, scale)
	grid := paint.WithAlpha(l.Line, 0.75)
	for _, v := range ax.Ticks() {
		gy := float32(math.Floor(float64(f.yAt(v))))
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
		ly := f.yAt(m.V)
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
	return f, true
}

// lines draws the lines of a chart, on pixels of its plot alone. Any goroutine, with
// a painter and a canvas of its own.
func (cp *chartPainter) lines(c *paint.Canvas, l *surface.Look, f *frame, ct surface.TimeAxis) {
	ch := f.ch
	c.Clip(f.plot())
	defer c.Unclip()
	cp.gaps = cp.gaps[:0]
	if ch.Stacked {
		cp.stack(c, l, f, ct)
	}
	for i := range ch.Lines {
		if !ch.Stacked {
			cp.line(c, &ch.Lines[i], ch.Lines[i].color(l), ct, f)
		}
	}
	// A break is told by a notch at the top as well: between two samples it is a
	// few pixels wide.
	for _, x := range cp.gaps {
		c.Rect(float32(math.Floor(float64(x))), f.y0, f.one, 6*f.scale, l.Dim)
	}
}

// top draws what lies on the lines of a chart.
func (cp *chartPainter) top(c *paint.Canvas, l *surface.Look, f *frame, ct surface.TimeAxis) {
	ch, ax, scale, one := f.ch, f.ax, f.scale, f.one
	x0, y0, x1, y1 := f.x0, f.y0, f.x1, f.y1
	tick := l.Regular.Face(10 * scale)
	c.Clip(f.box())
	defer c.Unclip()
	// The words come after the lines, on a ground of their own: a busy line must
	// not cross them out. They stand at the left, away from the newest figures.
	for i, m := range ch.Limits {
		if m.V >= ax.Top || m.V <= ax.Bottom {
			continue
		}
		word := tick.Fit(m.Word, x1-x0)
		tw, th := tick.Width(word)+6*scale, 12*scale
		ty := max(f.yAt(m.V)-th-scale, y0)
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
				c.Circle(dx, f.yAt(p.V), 4*scale, l.Panel)
				c.Circle(dx, f.yAt(p.V), 3*scale, ch.Lines[i].color(l))
			}
		}
	}
}
