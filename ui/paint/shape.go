package paint

import (
	"image"
	"image/color"
	"math"
)

// finite guards the loops below against values that no pixel can have.
func finite(vs ...float32) bool {
	for _, v := range vs {
		if math.IsNaN(float64(v)) || v > 1e9 || v < -1e9 {
			return false
		}
	}
	return true
}

// Rect fills a rectangle; edges between pixels are softened.
func (c *Canvas) Rect(x, y, w, h float32, col color.NRGBA) {
	if !finite(x, y, w, h) || w <= 0 || h <= 0 || !c.Visible(x, y, w, h) {
		return
	}
	if left, top, width, height := int(x), int(y), int(w), int(h); float32(left) == x && float32(top) == y && float32(width) == w && float32(height) == h {
		c.Fill(image.Rect(left, top, left+width, top+height), col)
		return
	}
	c.rim(x, y, w, h, 0, 0, col)
}

// Fill fills a rectangle of whole pixels: lanes and charts are made of thousands
// of them, and there are no edges to soften.
func (c *Canvas) Fill(r image.Rectangle, col color.NRGBA) {
	r = r.Intersect(c.clip)
	if r.Empty() {
		return
	}
	if col.A == 255 {
		fillRow(c.img.Pix[r.Min.Y*c.img.Stride+4*r.Min.X:r.Min.Y*c.img.Stride+4*r.Max.X], col)
		c.Repeat(r)
		return
	}
	for y := r.Min.Y; y < r.Max.Y; y++ {
		row := c.img.Pix[y*c.img.Stride+4*r.Min.X : y*c.img.Stride+4*r.Max.X]
		wash(row, col, uint32(col.A))
	}
}

// Repeat copies the first row of a rectangle of whole pixels to all of its rows:
// what is a thousand thin bars side by side is drawn once. Of a rectangle that the
// clip cuts at the top the first row is the first one that is seen.
func (c *Canvas) Repeat(r image.Rectangle) {
	r = r.Intersect(c.clip)
	if r.Empty() {
		return
	}
	first := c.img.Pix[r.Min.Y*c.img.Stride+4*r.Min.X : r.Min.Y*c.img.Stride+4*r.Max.X]
	for y := r.Min.Y + 1; y < r.Max.Y; y++ {
		copy(c.img.Pix[y*c.img.Stride+4*r.Min.X:], first)
	}
}

// Copy puts an opaque picture with its upper left corner at x, y.
func (c *Canvas) Copy(from *image.RGBA, x, y int) {
	to := from.Rect.Sub(from.Rect.Min).Add(image.Pt(x, y)).Intersect(c.clip)
	if to.Empty() {
		return
	}
	for py := to.Min.Y; py < to.Max.Y; py++ {
		i := (py-y)*from.Stride + 4*(to.Min.X-x)
		copy(c.img.Pix[py*c.img.Stride+4*to.Min.X:py*c.img.Stride+4*to.Max.X], from.Pix[i:])
	}
}

// RoundRect fills a rectangle with corners of radius r.
func (c *Canvas) RoundRect(x, y, w, h, r float32, col color.NRGBA) {
	if !finite(x, y, w, h, r) || w <= 0 || h <= 0 || !c.Visible(x, y, w, h) {
		return
	}
	c.rim(x, y, w, h, r, 0, col)
}

// StrokeRoundRect draws the inner rim of a rounded rectangle, width pixels
// wide.
func (c *Canvas) StrokeRoundRect(x, y, w, h, r, width float32, col color.NRGBA) {
	if !finite(x, y, w, h, r, width) || w <= 0 || h <= 0 || width <= 0 || !c.Visible(x, y, w, h) {
		return
	}
	c.rim(x, y, w, h, r, width, col)
}

// Circle fills a disc around (x, y).
func (c *Canvas) Circle(x, y, r float32, col color.NRGBA) {
	c.RoundRect(x-r, y-r, 2*r, 2*r, r, col)
}

// StrokeCircle draws a ring around (x, y) whose outer radius is r.
func (c *Canvas) StrokeCircle(x, y, r, width float32, col color.NRGBA) {
	c.StrokeRoundRect(x-r, y-r, 2*r, 2*r, r, width, col)
}

// rim fills a rounded rectangle (width 0) or draws its inner rim. Only the
// pixels near the rim get a distance; the middle of each row is a span.
func (c *Canvas) rim(x, y, w, h, r, width float32, col color.NRGBA) {
	r = min(max(r, 0), w/2, h/2)
	if !c.wholeRim(x, y, w, h, r, width, col) {
		c.rimByPixel(x, y, w, h, r, width, col)
	}
}

func (c *Canvas) rimByPixel(x, y, w, h, r, width float32, col color.NRGBA) {
	cx, cy := x+w/2, y+h/2
	ix, iy := w/2-r, h/2-r // half size of the rectangle that the radius surrounds
	side := max(r, width) + 1
	top, bottom := max(floor(y), c.clip.Min.Y), min(ceil(y+h), c.clip.Max.Y)
	left, right := floor(x), ceil(x+w)
	midFrom, midTo := min(ceil(x+side), right), max(floor(x+w-side), left)
	if midFrom > midTo { // narrow: no middle
		midFrom, midTo = right, right
	}
	// Between the corners the rim is as wide as the stroke alone.
	flatFrom, flatTo := min(ceil(x+width+1), right), max(floor(x+w-width-1), left)
	if flatFrom > flatTo {
		flatFrom, flatTo = right, right
	}
	flat := min(0, r-width-0.5)
	for py := top; py < bottom; py++ {
		qy := abs(float32(py)+0.5-cy) - iy
		from, to := midFrom, midTo
		if qy <= flat {
			from, to = flatFrom, flatTo
		}
		if from < to {
			if cov := rimCover(qy-r, width); cov > 0 {
				c.hspan(from, to, py, col, cov)
			}
		}
		c.rimPixels(max(left, c.clip.Min.X), min(from, c.clip.Max.X), py, cx, ix, qy, r, width, col)
		c.rimPixels(max(to, c.clip.Min.X), min(right, c.clip.Max.X), py, cx, ix, qy, r, width, col)
	}
}

func (c *Canvas) rimPixels(from, to, py int, cx, ix, qy, r, width float32, col color.NRGBA) {
	for px := from; px < to; px++ {
		qx := abs(float32(px)+0.5-cx) - ix
		var d float32
		switch {
		case r == 0 && width == 0:
			// A plain rectangle: each side covers on its own, which keeps thin
			// bars between two pixels at their true weight.
			c.dot(px, py, col, clamp01(0.5-qx)*clamp01(0.5-qy))
			continue
		case qx > 0 && qy > 0:
			d = sqrt(qx*qx+qy*qy) - r
		default:
			d = max(qx, qy) - r
		}
		c.dot(px, py, col, rimCover(d, width))
	}
}

// rimCover is the coverage of a pixel at signed distance d from the rim
// (negative inside): of the whole shape, or of its rim of the given width.
func rimCover(d, width float32) float32 {
	cov := clamp01(0.5 - d)
	if width > 0 {
		cov -= clamp01(0.5 - (d + width))
	}
	return cov
}

// Convex fills a convex polygon of up to a few corners, in either direction.
func (c *Canvas) Convex(pts []Point, col color.NRGBA) {
	if len(pts) < 3 {
		return
	}
	x0, y0, x1, y1 := pts[0].X, pts[0].Y, pts[0].X, pts[0].Y
	var area float32
	for i, p := range pts {
		if !finite(p.X, p.Y) {
			return
		}
		x0, y0, x1, y1 = min(x0, p.X), min(y0, p.Y), max(x1, p.X), max(y1, p.Y)
		q := pts[(i+1)%len(pts)]
		area += p.X*q.Y - q.X*p.Y
	}
	if area == 0 || !c.Visible(x0-1, y0-1, x1-x0+2, y1-y0+2) {
		return
	}
	sign := float32(1)
	if area < 0 {
		sign = -1
	}
	for py := max(floor(y0), c.clip.Min.Y); py < min(ceil(y1), c.clip.Max.Y); py++ {
		for px := max(floor(x0), c.clip.Min.X); px < min(ceil(x1), c.clip.Max.X); px++ {
			cov := float32(1)
			for i, p := range pts {
				q := pts[(i+1)%len(pts)]
				ex, ey := q.X-p.X, q.Y-p.Y
				l := sqrt(ex*ex + ey*ey)
				if l == 0 {
					continue
				}
				d := sign * (ex*(float32(py)+0.5-p.Y) - ey*(float32(px)+0.5-p.X)) / l
				cov = min(cov, d+0.5)
				if cov <= 0 {
					break
				}
			}
			c.dot(px, py, col, cov)
		}
	}
}

// Arrow draws a filled arrow head whose tip is at (x, y), pointing along
// (dx, dy); size is its length.
func (c *Canvas) Arrow(x, y, dx, dy, size float32, col color.NRGBA) {
	l := sqrt(dx*dx + dy*dy)
	if l == 0 || !finite(x, y, dx, dy, size) {
		return
	}
	dx, dy = dx/l, dy/l
	bx, by := x-dx*size, y-dy*size
	half := size * 0.46
	c.Convex([]Point{{x, y}, {bx - dy*half, by + dx*half}, {bx + dy*half, by - dx*half}}, col)
}

// Gear draws the badge of transcoding around (x, y): a ring with eight teeth,
// r is the radius over the teeth.
func (c *Canvas) Gear(x, y, r float32, col color.NRGBA) {
	inner := r * 0.70
	w := max(r*0.30, 1)
	c.StrokeCircle(x, y, inner, w, col)
	for i := range 8 {
		s, k := math.Sincos(float64(i) * math.Pi / 4)
		sx, sy := float32(k), float32(s)
		c.collect(x+sx*inner*0.9, y+sy*inner*0.9, x+sx*(r-w/2), y+sy*(r-w/2), w/2, false)
	}
	c.flush(col)
}

// Cross draws an x around (x, y) that reaches r to each side.
func (c *Canvas) Cross(x, y, r, width float32, col color.NRGBA) {
	if !finite(x, y, r, width) {
		return
	}
	c.collect(x-r, y-r, x+r, y+r, width/2, false)
	c.collect(x-r, y+r, x+r, y-r, width/2, false)
	c.flush(col)
}
