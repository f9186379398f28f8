package surface

import (
	"math"
)

// The limits of a zoom: from 5,000 nodes on one screen to letters as large as
// a hand.
const (
	minZoom = 0.01
	maxZoom = 4.0
)

// Rect is a rectangle in the units of a graph.
type Rect struct{ X, Y, W, H float64 }

// Empty reports whether nothing fits in.
func (r Rect) Empty() bool { return r.W <= 0 || r.H <= 0 }

// Contains reports whether a point lies in the rectangle.
func (r Rect) Contains(x, y float64) bool {
	return x >= r.X && y >= r.Y && x < r.X+r.W && y < r.Y+r.H
}

// Union is the smallest rectangle that holds both; an empty one adds nothing.
func (r Rect) Union(o Rect) Rect {
	if r.Empty() {
		return o
	}
	if o.Empty() {
		return r
	}
	x0, y0 := min(r.X, o.X), min(r.Y, o.Y)
	return Rect{x0, y0, max(r.X+r.W, o.X+o.W) - x0, max(r.Y+r.H, o.Y+o.H) - y0}
}

// Grown is the rectangle with more on every side.
func (r Rect) Grown(by float64) Rect {
	return Rect{r.X - by, r.Y - by, r.W + 2*by, r.H + 2*by}
}

// Viewport is the part of a plane that a window shows: the plane's point at
// the window's top left corner, and how many window units one plane unit
// takes. Window units are Fyne's, so the screen's scale plays no part.
type Viewport struct {
	X, Y float64
	Zoom float64
	W, H float64 // size of the window
}

// ToWindow gives where a point of the plane is in the window.
func (v Viewport) ToWindow(x, y float64) (float64, float64) {
	return (x - v.X) * v.Zoom, (y - v.Y) * v.Zoom
}

// ToPlane gives the point of the plane under a point of the window.
func (v Viewport) ToPlane(x, y float64) (float64, float64) {
	return v.X + x/v.Zoom, v.Y + y/v.Zoom
}

// Shown is the part of the plane in view.
func (v Viewport) Shown() Rect { return Rect{v.X, v.Y, v.W / v.Zoom, v.H / v.Zoom} }

// ZoomedAt multiplies the zoom and keeps the plane's point under (x, y) of the
// window where it is.
func (v Viewport) ZoomedAt(x, y, factor float64) Viewport {
	px, py := v.ToPlane(x, y)
	v.Zoom = min(max(v.Zoom*factor, minZoom), maxZoom)
	v.X, v.Y = px-x/v.Zoom, py-y/v.Zoom
	return v
}

// Panned moves the plane under the window by window units.
func (v Viewport) Panned(dx, dy float64) Viewport {
	v.X -= dx / v.Zoom
	v.Y -= dy / v.Zoom
	return v
}

// Fitted shows all of r with a margin in window units, but never larger than
// most: small graphs are not blown up.
func (v Viewport) Fitted(r Rect, margin, most float64) Viewport {
	if r.Empty() || v.W <= 0 || v.H <= 0 {
		return v
	}
	zx := max(v.W-2*margin, 1) / r.W
	zy := max(v.H-2*margin, 1) / r.H
	v.Zoom = min(max(min(zx, zy, most), minZoom), maxZoom)
	return v.Centred(r.X+r.W/2, r.Y+r.H/2)
}

// Centred puts a point of the plane into the middle of the window.
func (v Viewport) Centred(x, y float64) Viewport {
	v.X, v.Y = x-v.W/v.Zoom/2, y-v.H/v.Zoom/2
	return v
}

// Held moves the window back where at least a corner of r, keep window units
// wide, stays in view: nobody gets lost in the void.
func (v Viewport) Held(r Rect, keep float64) Viewport {
	if r.Empty() || v.W <= 0 || v.H <= 0 {
		return v
	}
	kx, ky := min(keep, v.W/2)/v.Zoom, min(keep, v.H/2)/v.Zoom
	kx, ky = min(kx, r.W), min(ky, r.H)
	v.X = min(max(v.X, r.X+kx-v.W/v.Zoom), r.X+r.W-kx)
	v.Y = min(max(v.Y, r.Y+ky-v.H/v.Zoom), r.Y+r.H-ky)
	return v
}

// Revealed moves the window as little as needed to have r in view, with a
// margin in window units.
func (v Viewport) Revealed(r Rect, margin float64) Viewport {
	m := margin / v.Zoom
	s := v.Shown()
	v.X = reveal(v.X, s.W, r.X-m, r.W+2*m)
	v.Y = reveal(v.Y, s.H, r.Y-m, r.H+2*m)
	return v
}

func reveal(at, size, from, length float64) float64 {
	switch {
	case length > size:
		return from + (length-size)/2
	case from < at:
		return from
	case from+length > at+size:
		return from + length - size
	}
	return at
}

// WheelZoom is the factor of a turn of the wheel; Fyne gives about 10 units a
// notch, a touch pad fractions of one.
func WheelZoom(dy float64) float64 { return math.Exp(min(max(dy, -60), 60) * 0.012) }

// Overlaps reports whether two rectangles share an area.
func Overlaps(a, b Rect) bool {
	return a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H
}
