package paint

import (
	"image/color"
	"math"
)

// Dash is a pattern of lengths in pixels: drawn, left out, drawn, ... An odd
// number of lengths is not allowed; nil draws a solid line. Ends are round, so
// a drawn length of 0 is a dot, and a drawn piece is longer by the width of
// the line.
type Dash []float32

// Scaled gives the pattern for a screen or zoom of the given scale.
func (d Dash) Scaled(scale float32) Dash {
	if d == nil {
		return nil
	}
	out := make(Dash, len(d))
	for i, v := range d {
		out[i] = v * scale
	}
	return out
}

func (d Dash) period() float32 {
	var sum float32
	for _, v := range d {
		if !(v >= 0) {
			return 0
		}
		sum += v
	}
	if len(d)%2 != 0 || sum < 0.5 {
		return 0 // malformed, or too fine to be seen: solid
	}
	return sum
}

// Line draws a straight line of the given width in pixels.
func (c *Canvas) Line(x0, y0, x1, y1, width float32, col color.NRGBA, dash Dash) {
	if !c.begin(width, dash) || !finite(x0, y0, x1, y1) {
		return
	}
	c.walk(x0, y0, x1, y1)
	c.flush(thin(col, width))
}

// Hairline draws a straight line of one pixel without softening its ends and
// without a mask: for the many edges of a graph seen from far away.
func (c *Canvas) Hairline(x0, y0, x1, y1 float32, col color.NRGBA) {
	if !finite(x0, y0, x1, y1) {
		return
	}
	c.strokeX0, c.strokeY0 = float32(c.clip.Min.X), float32(c.clip.Min.Y)
	c.strokeX1, c.strokeY1 = float32(c.clip.Max.X), float32(c.clip.Max.Y)
	t0, t1, ok := c.cut(x0, y0, x1, y1)
	if !ok {
		return
	}
	dx, dy := x1-x0, y1-y0
	x0, y0, x1, y1 = x0+dx*t0, y0+dy*t0, x0+dx*t1, y0+dy*t1
	if abs(dx) >= abs(dy) {
		if x0 > x1 {
			x0, y0, x1, y1 = x1, y1, x0, y0
		}
		m := float32(0)
		if x1 > x0 {
			m = (y1 - y0) / (x1 - x0)
		}
		y := y0 - 0.5
		for px := floor(x0); px <= floor(x1); px++ {
			iy := floor(y)
			f := y - float32(iy)
			c.dot(px, iy, col, 1-f)
			c.dot(px, iy+1, col, f)
			y += m
		}
		return
	}
	if y0 > y1 {
		x0, y0, x1, y1 = x1, y1, x0, y0
	}
	m := (x1 - x0) / (y1 - y0)
	x := x0 - 0.5
	for py := floor(y0); py <= floor(y1); py++ {
		ix := floor(x)
		f := x - float32(ix)
		c.dot(ix, py, col, 1-f)
		c.dot(ix+1, py, col, f)
		x += m
	}
}

// Polyline draws connected straight lines.
func (c *Canvas) Polyline(pts []Point, width float32, col color.NRGBA, dash Dash) {
	if len(pts) < 2 || !c.begin(width, dash) {
		return
	}
	for i := 1; i < len(pts); i++ {
		a, b := pts[i-1], pts[i]
		if !finite(a.X, a.Y, b.X, b.Y) {
			c.strokeJoined = false
			continue
		}
		c.walk(a.X, a.Y, b.X, b.Y)
	}
	c.flush(thin(col, width))
}

// Cubic draws a Bézier curve from p0 to p3 with the control points p1, p2.
func (c *Canvas) Cubic(p0, p1, p2, p3 Point, width float32, col color.NRGBA, dash Dash) {
	c.Spline([]Point{p0, p1, p2, p3}, width, col, dash)
}

// Spline draws connected Bézier curves: a start, then three points for each
// curve, as graphviz writes the path of an edge. Points left over are ignored.
func (c *Canvas) Spline(pts []Point, width float32, col color.NRGBA, dash Dash) {
	if len(pts) < 4 || !c.begin(width, dash) {
		return
	}
	for i := 0; i+3 < len(pts); i += 3 {
		c.flat = Flatten(c.flat[:0], pts[i], pts[i+1], pts[i+2], pts[i+3])
		c.strokeJoined = c.strokeJoined && len(c.flat) > 0
		for k := 1; k < len(c.flat); k++ {
			c.walk(c.flat[k-1].X, c.flat[k-1].Y, c.flat[k].X, c.flat[k].Y)
		}
	}
	c.flush(thin(col, width))
}

// Flatten appends a polyline that is nowhere farther than a quarter of a pixel
// from the curve. The number of pieces follows from the second differences
// (Wang's bound) and is at most 64.
func Flatten(dst []Point, p0, p1, p2, p3 Point) []Point {
	if !finite(p0.X, p0.Y, p1.X, p1.Y, p2.X, p2.Y, p3.X, p3.Y) {
		return dst
	}
	ax, ay := p0.X-2*p1.X+p2.X, p0.Y-2*p1.Y+p2.Y
	bx, by := p1.X-2*p2.X+p3.X, p1.Y-2*p2.Y+p3.Y
	dd := max(ax*ax+ay*ay, bx*bx+by*by)
	n := min(max(ceil(sqrt(0.75*sqrt(dd)/0.25)), 1), 64)
	dst = append(dst, p0)
	for i := 1; i <= n; i++ {
		dst = append(dst, CubicAt(p0, p1, p2, p3, float32(i)/float32(n)))
	}
	return dst
}

// CubicAt is the point of a Bézier curve at t (0..1).
func CubicAt(p0, p1, p2, p3 Point, t float32) Point {
	u := 1 - t
	a, b, d, e := u*u*u, 3*u*u*t, 3*u*t*t, t*t*t
	return Point{a*p0.X + b*p1.X + d*p2.X + e*p3.X, a*p0.Y + b*p1.Y + d*p2.Y + e*p3.Y}
}

// thin lets lines under one pixel fade instead of breaking up.
func thin(col color.NRGBA, width float32) color.NRGBA {
	if width < 1 {
		return WithAlpha(col, float64(width))
	}
	return col
}

func (c *Canvas) begin(width float32, dash Dash) bool {
	if !(width > 0) || c.img == nil || c.clip.Empty() {
		return false
	}
	r := max(width, 1) / 2
	c.strokeRadius = r
	c.strokeX0, c.strokeY0 = float32(c.clip.Min.X)-r-2, float32(c.clip.Min.Y)-r-2
	c.strokeX1, c.strokeY1 = float32(c.clip.Max.X)+r+2, float32(c.clip.Max.Y)+r+2
	c.strokePeriod = dash.period()
	if c.strokePeriod == 0 {
		dash = nil
	}
	c.strokeDash = dash
	c.strokeJoined = false
	c.dashIndex = 0
	if dash != nil {
		c.dashLeft = dash[0]
	}
	return true
}

// cut gives the part [t0, t1] of a line that lies in the clip (Liang-Barsky).
func (c *Canvas) cut(x0, y0, x1, y1 float32) (t0, t1 float32, ok bool) {
	if min(x0, x1) >= c.strokeX0 && max(x0, x1) <= c.strokeX1 && min(y0, y1) >= c.strokeY0 && max(y0, y1) <= c.strokeY1 {
		return 0, 1, true
	}
	t0, t1 = 0, 1
	edge := func(p, q float32) bool {
		if p == 0 {
			return q >= 0
		}
		t := q / p
		if p < 0 {
			t0 = max(t0, t)
		} else {
			t1 = min(t1, t)
		}
		return t0 <= t1
	}
	dx, dy := x1-x0, y1-y0
	ok = edge(-dx, x0-c.strokeX0) && edge(dx, c.strokeX1-x0) &&
		edge(-dy, y0-c.strokeY0) && edge(dy, c.strokeY1-y0)
	return t0, t1, ok
}

// walk collects one straight piece of a stroke, broken up by the dash pattern;
// what lies outside the clip only moves the pattern on.
func (c *Canvas) walk(x0, y0, x1, y1 float32) {
	dx, dy := x1-x0, y1-y0
	l := sqrt(dx*dx + dy*dy)
	t0, t1, ok := c.cut(x0, y0, x1, y1)
	if !ok {
		c.strokeJoined = false
		if c.strokeDash != nil {
			c.skip(l)
		}
		return
	}
	if c.strokeDash == nil || l == 0 {
		c.collect(x0+dx*t0, y0+dy*t0, x0+dx*t1, y0+dy*t1, c.strokeRadius, c.strokeJoined && t0 == 0)
		c.strokeJoined = t1 == 1
		return
	}
	c.skip(t0 * l)
	// Count from where the line enters the clip: far outside, one dash is
	// smaller than the step between two numbers.
	ux, uy := dx/l, dy/l
	x0, y0 = x0+dx*t0, y0+dy*t0
	at, end := float32(0), (t1-t0)*l
	for range maxDashes {
		step := min(c.dashLeft, end-at)
		if c.dashIndex%2 == 0 {
			c.collect(x0+ux*at, y0+uy*at, x0+ux*(at+step), y0+uy*(at+step), c.strokeRadius, false)
		}
		at += step
		c.dashLeft -= step
		if at >= end {
			break
		}
		c.nextDash()
	}
	c.skip((1 - t1) * l)
}

// maxDashes bounds the dashes of one straight piece within the clip.
const maxDashes = 4 * MaxSide

func (c *Canvas) nextDash() {
	if c.dashIndex++; c.dashIndex >= len(c.strokeDash) {
		c.dashIndex = 0
	}
	c.dashLeft = c.strokeDash[c.dashIndex]
}

// skip moves the dash pattern on without drawing.
func (c *Canvas) skip(l float32) {
	if l <= 0 {
		return
	}
	l = float32(math.Mod(float64(l), float64(c.strokePeriod)))
	for range 2*len(c.strokeDash) + 2 {
		if l < c.dashLeft {
			c.dashLeft -= l
			return
		}
		l -= c.dashLeft
		c.nextDash()
	}
}

// Distances of pixels from a piece are counted in whole steps of 2^-24 pixel: in the
// narrow band of a chart's line, numbers with fractions cost more than all else.
const (
	fixedBits = 24
	fixedOne  = 1 << fixedBits
)

// maxFixed bounds what is given in such steps: no band is as wide in pixels.
const maxFixed = 1 << 20

func toFixed(v float32) int64 { return int64(min(max(v, -maxFixed), maxFixed) * fixedOne) }

// band is the row of a piece that is being collected.
type band struct {
	d, along   int64 // of the first pixel: its distance from the line, its way along it
	ux, uy     int64 // by which they change from pixel to pixel
	length     int64 // of the piece
	reach      int64 // where the coverage ends
	joined     bool  // the start of the piece was drawn as the end of the one before
	whole, rim float32
}

// collect adds the coverage of a round-ended piece of radius r to the mask, row by
// row: of each only the pixels of the band are looked at, and the distance is
// counted on from pixel to pixel.
func (c *Canvas) collect(x0, y0, x1, y1, r float32, joined bool) {
	dx, dy := x1-x0, y1-y0
	l := sqrt(dx*dx + dy*dy)
	ux, uy := float32(1), float32(0)
	if l > 0 {
		ux, uy = dx/l, dy/l
	}
	reach := r + 0.5
	top := max(floor(min(y0, y1)-reach), c.clip.Min.Y)
	bottom := min(ceil(max(y0, y1)+reach), c.clip.Max.Y)
	left := max(floor(min(x0, x1)-reach), c.clip.Min.X)
	right := min(ceil(max(x0, x1)+reach), c.clip.Max.X)
	if top >= bottom || left >= right {
		return
	}
	c.dirtyTop, c.dirtyBottom = min(c.dirtyTop, top), max(c.dirtyBottom, bottom-1)

	// The first pixel of the first row, from the start of the piece.
	fx, fy := float32(left)+0.5-x0, float32(top)+0.5-y0
	d, along := toFixed(fx*uy-fy*ux), toFixed(fx*ux+fy*uy)
	b := band{ux: toFixed(ux), uy: toFixed(uy), length: toFixed(l), reach: toFixed(reach), joined: joined, whole: (reach - 1) * fixedOne, rim: reach * fixedOne}
	// A row cuts the band from one pixel to another; both move on from row to row. Of
	// a piece that lies nearly flat it cuts all.
	var from, to, slope int64
	sloped := abs(uy)*float32(right-left+1) > reach
	if sloped {
		half := reach / abs(uy)
		middle := x0 + fy*ux/uy - float32(left)
		// Of pixels, the middles count.
		from, to, slope = toFixed(middle-half-0.5)+fixedOne-1, toFixed(middle+half+0.5), toFixed(ux/uy)
	}
	width := int64(right - left)
	for py := top; py < bottom; py++ {
		lo, hi := int64(0), width
		if sloped {
			lo, hi = max(from>>fixedBits, 0), min(to>>fixedBits, width)
			from += slope
			to += slope
		}
		if lo < hi {
			b.d, b.along = d+lo*b.uy, along+lo*b.ux
			c.cover(py, left+int(lo), left+int(hi), &b)
		}
		d -= b.ux
		along += b.uy
	}
}

// cover takes the coverage of the pixels [lo, hi) of a row into the mask.
func (c *Canvas) cover(py, lo, hi int, b *band) {
	s := &c.spans[py]
	s.from, s.to = min(s.from, int32(lo)), max(s.to, int32(hi-1))
	row := c.mask[py*c.maskWidth+lo : py*c.maskWidth+hi]
	d, along := b.d, b.along
	if end := along + int64(len(row)-1)*b.ux; min(along, end) >= 0 && max(along, end) <= b.length {
		for i, a := range row {
			off := max(d, -d)
			d += b.uy
			row[i] = max(a, uint8((min(max(b.reach-off, 0), fixedOne)*255+fixedOne/2)>>fixedBits))
		}
		return
	}
	for i, a := range row {
		off, past := max(d, -d), max(-along, along-b.length)
		skip := along < 0 && b.joined
		d += b.uy
		along += b.ux
		if past > 0 { // beyond an end, which is round
			sq := float32(off)*float32(off) + float32(past)*float32(past)
			if skip || sq >= b.rim*b.rim {
				continue
			}
			if off = 0; b.whole < 0 || sq > b.whole*b.whole {
				off = int64(sqrt(sq))
			}
		}
		row[i] = max(a, uint8((min(max(b.reach-off, 0), fixedOne)*255+fixedOne/2)>>fixedBits))
	}
}

// flush blends the collected coverage and leaves the mask empty.
func (c *Canvas) flush(col color.NRGBA) {
	for y := c.dirtyTop; y <= c.dirtyBottom; y++ {
		s := &c.spans[y]
		if s.to < s.from {
			continue
		}
		row := c.mask[y*c.maskWidth+int(s.from) : y*c.maskWidth+int(s.to)+1]
		blendRow(c.img.Pix[y*c.img.Stride+4*int(s.from):], row, col)
		clear(row)
		*s = span{math.MaxInt32, -1}
	}
	c.dirtyTop, c.dirtyBottom = math.MaxInt32, -1
}
