package paint

import (
	"image"
	"image/color"
)

// Boxes of whole pixels.
//
// Most of what is painted of a graph are rounded boxes, and those are put on whole
// pixels to be crisp. Then the four corners of all boxes of one radius look the same
// wherever they are, and all rows between them are equal: the coverage of a corner is
// worked out once per radius and line, and rows are copied. That is what makes the
// picture of a box the same wherever it is moved to, too.

// cornerKey is what the coverage of a corner depends on.
type cornerKey struct{ radius, width float32 }

// corner is the coverage of the upper left corner of a box, and of its sides beyond.
type corner struct {
	n   int       // pixels to a side
	cov []float32 // n rows of n
	// side is the coverage of a straight side by the distance from its rim in
	// pixels: 1 for a filled box, that of the line else; 0 from len on.
	side []float32
}

// maxCorners bounds the corners that are kept: a zoom walks through many radiuses.
const maxCorners = 64

func (c *Canvas) corner(radius, width float32) *corner {
	k := cornerKey{radius, width}
	if x := c.corners[k]; x != nil {
		return x
	}
	if c.corners == nil || len(c.corners) >= maxCorners {
		c.corners = map[cornerKey]*corner{}
	}
	x := &corner{n: ceil(max(radius, width))}
	for i := 0; float32(i) < width; i++ {
		x.side = append(x.side, rimCover(-float32(i)-0.5, width))
	}
	x.cov = make([]float32, x.n*x.n)
	for j := range x.n {
		for i := range x.n {
			// From the centre of the arc, outwards.
			qx, qy := radius-float32(i)-0.5, radius-float32(j)-0.5
			d := max(qx, qy)
			if qx > 0 && qy > 0 {
				d = sqrt(qx*qx + qy*qy)
			}
			x.cov[j*x.n+i] = rimCover(d-radius, width)
		}
	}
	c.corners[k] = x
	return x
}

// wholeRim does the work of rim for a box on whole pixels that is larger than its
// corners, and tells whether it was one.
func (c *Canvas) wholeRim(x, y, w, h, r, width float32, col color.NRGBA) bool {
	left, top, wide, high := int(x), int(y), int(w), int(h)
	if float32(left) != x || float32(top) != y || float32(wide) != w || float32(high) != h || r+width > MaxSide {
		return false
	}
	k := c.corner(r, width)
	if wide < 2*k.n || high < 2*k.n {
		return false
	}
	right, bottom := left+wide, top+high
	for j := range k.n {
		row, cov := k.cov[j*k.n:j*k.n+k.n], float32(1)
		if width > 0 {
			cov = 0
			if j < len(k.side) {
				cov = k.side[j]
			}
		}
		for _, py := range [2]int{top + j, bottom - 1 - j} {
			if py < c.clip.Min.Y || py >= c.clip.Max.Y {
				continue
			}
			for i, v := range row {
				c.dot(left+i, py, col, v)
				c.dot(right-1-i, py, col, v)
			}
			c.hspan(left+k.n, right-k.n, py, col, cov)
		}
	}
	if width == 0 {
		c.Fill(image.Rect(left, top+k.n, right, bottom-k.n), col)
		return true
	}
	for py := max(top+k.n, c.clip.Min.Y); py < min(bottom-k.n, c.clip.Max.Y); py++ {
		for i, v := range k.side {
			c.dot(left+i, py, col, v)
			c.dot(right-1-i, py, col, v)
		}
	}
	return true
}
