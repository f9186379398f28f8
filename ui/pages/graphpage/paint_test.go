package graphpage

import (
	"bytes"
	"fmt"
	"image"
	"math/rand/v2"
	"slices"
	"testing"

	"kmscope/graph"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
	"kmscope/ui/theme"
)

// What the painter keeps between frames makes no difference: after any moves, zooms
// and changes a frame equals, pixel by pixel, the first of a painter that has seen
// nothing before.
func TestFramesDependOnNothingBefore(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	dark, light := surface.LookOf(theme.Dark), surface.LookOf(theme.Light)
	s, l, scale := grid(60), dark, float32(1)
	v := surface.Viewport{Zoom: 1, W: 700, H: 460}
	var gp graphPainter
	c := paint.NewCanvas()
	draw := func(gp *graphPainter, c *paint.Canvas, marks graphMarks) *image.RGBA {
		c.Begin(int(float32(v.W)*scale), int(float32(v.H)*scale), l.Background)
		gp.paint(c, l, s, v, marks, scale)
		gp.miniMap(c, l, s, v, &troubles{}, scale)
		return c.Image()
	}
	for step := range 120 {
		marks := graphMarks{}
		switch r.IntN(8) {
		case 0, 1, 2: // a drag, in whole pixels or not
			v = v.Panned(float64(r.IntN(81)-40), r.Float64()*80-40).Held(s.bounds, 80)
		case 3:
			v = v.ZoomedAt(r.Float64()*v.W, r.Float64()*v.H, []float64{1.25, 0.8, 1 / v.Zoom}[r.IntN(3)]).Held(s.bounds, 80)
		case 4: // states change: a scene of the same places
			g := *s.g
			g.Nodes, g.Edges = slices.Clone(g.Nodes), slices.Clone(g.Edges)
			for range 6 {
				n, e := &g.Nodes[r.IntN(len(g.Nodes))], &g.Edges[r.IntN(len(g.Edges))]
				n.Health, n.Dead, n.Summary = graph.Health(r.IntN(5)), r.IntN(9) == 0, []string{"ICE READY", "flowing"}[r.IntN(2)]
				e.Flow, e.RateBps = graph.Flow(r.IntN(3)), r.Float64()*2e6
			}
			s = newScene(&g, s.at)
		case 5:
			marks.selected = fmt.Sprint(r.IntN(60))
			marks.hover = hit{edge: &s.g.Edges[r.IntN(len(s.g.Edges))]}
		case 6:
			l = []*surface.Look{dark, light}[r.IntN(2)]
			scale = []float32{1, 1.25, 2}[r.IntN(3)]
		case 7: // the window
			v.W, v.H = float64(400+r.IntN(400)), float64(300+r.IntN(200))
		}
		got, want := draw(&gp, c, marks), draw(new(graphPainter), paint.NewCanvas(), marks)
		if got.Rect != want.Rect || !bytes.Equal(got.Pix, want.Pix) {
			t.Fatalf("step %d: the frame differs from a first one at zoom %v, scale %v", step, v.Zoom, scale)
		}
	}
	if gp.small.of.scene == nil {
		t.Error("no frame had a small map")
	}
}
