package chartpage

import (
	"testing"
	"time"

	"kmscope/stats"
)

func TestPointAt(t *testing.T) {
	at := func(s float64) time.Time { return time.Unix(1000, 0).Add(time.Duration(s * float64(time.Second))) }
	pts := []stats.Point{{At: at(0), V: 1}, {At: at(1), V: 2}, {At: at(2), V: 3}, {At: at(20), V: 4, Gap: true}, {At: at(21), V: 5}}
	for _, tt := range []struct {
		s    float64
		want float64
		ok   bool
	}{
		{-10, 0, false}, {-0.5, 1, true}, {0, 1, true}, {0.4, 1, true}, {0.6, 2, true}, {2.4, 3, true},
		{10, 0, false}, {19.5, 4, true}, {21, 5, true}, {22, 5, true}, {60, 0, false},
	} {
		p, ok := pointAt(pts, at(tt.s))
		if ok != tt.ok || ok && p.V != tt.want {
			t.Errorf("at %v: %v %v, want %v %v", tt.s, p.V, ok, tt.want, tt.ok)
		}
	}
	if _, ok := pointAt(nil, at(0)); ok {
		t.Error("a point of nothing")
	}
}
