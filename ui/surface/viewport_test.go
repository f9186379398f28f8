package surface

import (
	"math"
	"testing"
)

func TestViewportZoomKeepsThePoint(t *testing.T) {
	for _, tt := range []struct {
		x, y, factor float64
		want         float64 // zoom
	}{
		{0, 0, 2, 2}, {400, 300, 1.25, 1.25}, {17, 590, 0.5, 0.5}, {400, 300, 1000, maxZoom}, {1, 1, 1e-9, minZoom},
	} {
		v := Viewport{X: -50, Y: 20, Zoom: 1, W: 800, H: 600}
		px, py := v.ToPlane(tt.x, tt.y)
		z := v.ZoomedAt(tt.x, tt.y, tt.factor)
		if !near(z.Zoom, tt.want) {
			t.Errorf("zoom by %v: %v, want %v", tt.factor, z.Zoom, tt.want)
		}
		if qx, qy := z.ToPlane(tt.x, tt.y); !near(px, qx) || !near(py, qy) {
			t.Errorf("zoom by %v at (%v, %v): the point moved from (%v, %v) to (%v, %v)", tt.factor, tt.x, tt.y, px, py, qx, qy)
		}
	}
}

func TestViewportFit(t *testing.T) {
	v := Viewport{Zoom: 1, W: 800, H: 600}
	for _, tt := range []struct {
		name string
		r    Rect
		zoom float64
	}{
		{"wide", Rect{0, 0, 1500, 100}, 0.5},
		{"tall", Rect{-100, -100, 10, 1100}, 0.5},
		{"small is not blown up", Rect{5, 5, 10, 10}, 1},
		{"huge is held", Rect{0, 0, 1e9, 1}, minZoom},
	} {
		f := v.Fitted(tt.r, 25, 1)
		if !near(f.Zoom, tt.zoom) {
			t.Errorf("%s: zoom %v, want %v", tt.name, f.Zoom, tt.zoom)
		}
		x, y := f.ToWindow(tt.r.X+tt.r.W/2, tt.r.Y+tt.r.H/2)
		if !near(x, 400) || !near(y, 300) {
			t.Errorf("%s: the middle is at (%v, %v)", tt.name, x, y)
		}
	}
	if f := v.Fitted(Rect{}, 10, 1); f != v {
		t.Error("an empty rectangle moved the window")
	}
}

func TestViewportHeld(t *testing.T) {
	r := Rect{0, 0, 1000, 1000}
	for _, tt := range []struct{ x, y, wantX, wantY float64 }{
		{0, 0, 0, 0},
		{5000, 0, 920, 0},
		{-5000, -5000, -720, -520},
		{100, 5000, 100, 920},
	} {
		v := Viewport{X: tt.x, Y: tt.y, Zoom: 1, W: 800, H: 600}.Held(r, 80)
		if !near(v.X, tt.wantX) || !near(v.Y, tt.wantY) {
			t.Errorf("from (%v, %v) to (%v, %v), want (%v, %v)", tt.x, tt.y, v.X, v.Y, tt.wantX, tt.wantY)
		}
	}
}

func TestViewportRevealed(t *testing.T) {
	for _, tt := range []struct {
		name         string
		r            Rect
		wantX, wantY float64
	}{
		{"in view", Rect{100, 100, 50, 50}, 0, 0},
		{"to the right", Rect{900, 100, 50, 50}, 160, 0},
		{"above and left", Rect{-100, -200, 50, 50}, -110, -210},
		{"too large: its middle", Rect{0, 0, 2000, 50}, 600, -10},
	} {
		v := Viewport{Zoom: 1, W: 800, H: 600}.Revealed(tt.r, 10)
		if !near(v.X, tt.wantX) || !near(v.Y, tt.wantY) {
			t.Errorf("%s: (%v, %v), want (%v, %v)", tt.name, v.X, v.Y, tt.wantX, tt.wantY)
		}
	}
}

func TestViewportPan(t *testing.T) {
	v := Viewport{Zoom: 0.5, W: 800, H: 600}.Panned(10, -20)
	if !near(v.X, -20) || !near(v.Y, 40) {
		t.Errorf("(%v, %v)", v.X, v.Y)
	}
}

func TestRect(t *testing.T) {
	if got := (Rect{0, 0, 10, 10}).Union(Rect{20, -5, 5, 5}); got != (Rect{0, -5, 25, 15}) {
		t.Errorf("union %v", got)
	}
	if got := (Rect{}).Union(Rect{1, 2, 3, 4}); got != (Rect{1, 2, 3, 4}) {
		t.Errorf("union with nothing %v", got)
	}
	if !Overlaps(Rect{0, 0, 10, 10}, Rect{9, 9, 5, 5}) || Overlaps(Rect{0, 0, 10, 10}, Rect{10, 0, 5, 5}) {
		t.Error("overlaps")
	}
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-6*max(1, math.Abs(a), math.Abs(b)) }
