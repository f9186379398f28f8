package chartpage

import (
	"math"
	"testing"
	"time"

	"kmscope/inventory"
	"kmscope/stats"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// wave is a chart of two lines of n points.
func wave(n int, from time.Time) chart {
	ch := chart{Title: "Bitrate received", Unit: stats.Bps, Note: "guest-2"}
	for k, m := range []inventory.Media{inventory.Video, inventory.Audio} {
		ln := chartLine{Label: surface.MediaWord(m), Media: m, Dash: surface.DashOf(m), Unit: stats.Bps}
		for i := range n {
			v := (1e6 + 1e5*math.Sin(float64(i)/9) + 5e4*math.Sin(float64(i)*1.7)) / float64(1+9*k)
			ln.Points = append(ln.Points, stats.Point{At: from.Add(time.Duration(i) * time.Second), V: v, Gap: i == n/2})
		}
		ch.Lines = append(ch.Lines, ln)
	}
	return ch
}

func BenchmarkCharts(b *testing.B) {
	l, c := surface.LookOf(theme.Dark), paint.NewCanvas()
	from := time.Unix(1_800_000_000, 0)
	ct := surface.TimeAxis{From: from, To: from.Add(600 * time.Second), Cursor: from.Add(100 * time.Second), Clock: view.Clock{Mode: view.UTC}}
	ch := wave(600, from)
	var cp chartPainter
	b.ReportAllocs()
	for b.Loop() {
		c.Begin(1900, 1400, l.Background)
		for i := range 32 {
			cp.paint(c, l, &ch, ct, surface.Rect{X: float64(i%4) * 470, Y: float64(i/4) * 170, W: 460, H: 160}, 1)
		}
	}
}
