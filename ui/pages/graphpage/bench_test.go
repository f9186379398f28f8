package graphpage

import (
	"fmt"
	"math"
	"testing"
	"time"

	"kmscope/graph"
	"kmscope/inventory"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
	"kmscope/ui/theme"
)

// grid is a placed graph of n nodes and as many curved edges.
func grid(n int) *scene {
	g := &graph.Graph{}
	columns := int(math.Sqrt(float64(n)))
	for i := range n {
		x, y := float64(i%columns)*340, float64(i/columns)*90
		g.Nodes = append(g.Nodes, graph.Node{
			ID: fmt.Sprint(i), Frame: "p", Label: fmt.Sprintf("guest-%d", i), Sub: fmt.Sprintf("WebRtcEndpoint %04x", i),
			Summary: "ICE READY · DTLS · flowing", Kind: graph.Kind(i % 10), Health: graph.Health(i % 5), Errors: i % 7 / 6, Transcoding: i%11 == 0,
			W: 208, H: 58, X: x, Y: y,
		})
		if i%columns > 0 {
			from := g.Nodes[i-1]
			x0, y0 := from.X+from.W, from.Y+29
			y1 := y + 29 + float64(i%3-1)*40
			g.Edges = append(g.Edges, graph.Edge{From: from.ID, To: fmt.Sprint(i), Frame: "p", Media: []inventory.Media{inventory.Video, inventory.Audio}[i%2],
				Count: 1, Flow: graph.Flow(i % 3), RateBps: 1.2e6,
				Path: []graph.Point{{X: x0, Y: y0}, {X: x0 + 60, Y: y0}, {X: x - 60, Y: y1}, {X: x, Y: y1}}})
		}
	}
	last := g.Nodes[n-1]
	g.Frames = []graph.Frame{{ID: "p", Label: "room", Elements: n, X: -20, Y: -40, W: float64(columns)*340 + 40, H: last.Y + 160}}
	return newScene(g, time.Time{})
}

func BenchmarkGraphFrame(b *testing.B) {
	l, c := surface.LookOf(theme.Dark), paint.NewCanvas()
	for _, n := range []int{500, 2000} {
		s := grid(n)
		for _, zoom := range []float64{1, 0.5, 0} {
			v := surface.Viewport{Zoom: max(zoom, 0.01), W: 1900, H: 1000}
			name := fmt.Sprintf("%d/zoom-%v", n, zoom)
			if zoom == 0 {
				v, name = v.Fitted(s.bounds, 24, 1), fmt.Sprintf("%d/all", n)
			} else {
				v = v.Centred(s.bounds.X+s.bounds.W/2, s.bounds.Y+s.bounds.H/2)
			}
			b.Run(name, func(b *testing.B) {
				var gp graphPainter
				b.ReportAllocs()
				for b.Loop() {
					c.Begin(1900, 1000, l.Background)
					gp.paint(c, l, s, v, graphMarks{selected: "7"}, 1)
					gp.miniMap(c, l, s, v, &troubles{}, 1)
				}
			})
		}
	}
}
