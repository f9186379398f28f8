package chartpage

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"kmscope/inventory"
	"kmscope/stats"
	"kmscope/ui/pages/pagetest"
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

// placeIn4 lays charts out in four columns.
func placeIn4(i int) surface.Rect {
	return surface.Rect{X: float64(i%4) * 470, Y: float64(i/4) * 170, W: 460, H: 160}
}

// BenchmarkCharts paints 32 charts of two lines of 600 points, a frame.
func BenchmarkCharts(b *testing.B) {
	l, c := surface.LookOf(theme.Dark), paint.NewCanvas()
	from := time.Unix(1_800_000_000, 0)
	ct := surface.TimeAxis{From: from, To: from.Add(600 * time.Second), Cursor: from.Add(100 * time.Second), Clock: view.Clock{Mode: view.UTC}}
	charts := slices.Repeat([]chart{wave(600, from)}, 32)
	var cp chartPainter
	b.ReportAllocs()
	for b.Loop() {
		c.Begin(1900, 1400, l.Background)
		cp.paintAll(c, l, ct, 1, charts, placeIn4)
	}
}

// BenchmarkZoomAnHour reads an hour of 32 elements at one sample a second and
// paints their charts: what a zoom to all of it costs until it is seen.
func BenchmarkZoomAnHour(b *testing.B) {
	p := pagetest.New(b)
	const elements = 32
	ids := make([]string, elements)
	for i := range ids {
		ids[i] = fmt.Sprintf("%s/%08d-0000-0000-0000-000000000000_kurento.WebRtcEndpoint", pagetest.Room, i)
		p.Created(ids[i])
	}
	for s := range 3600 {
		p.At = p.At.Add(900 * time.Millisecond)
		for i, id := range ids {
			p.At = p.At.Add(-100 * time.Millisecond) // Feed goes on by as much
			p.Sampled(id, 60_000*s+1000*(s%7)*i)
		}
		p.At = p.At.Add(100 * time.Millisecond)
	}
	from, to := p.At.Add(-time.Hour), p.At
	q := chartQuery{session: p, set: inVideo, rank: stats.Bitrate, from: from, to: to, points: 920}
	l, c := surface.LookOf(theme.Dark), paint.NewCanvas()
	ct := surface.TimeAxis{From: from, To: to, Clock: view.Clock{Mode: view.UTC}}
	var cp chartPainter
	b.ReportAllocs()
	for b.Loop() {
		charts, _, _ := gatherCharts(context.Background(), q, p.Snapshot())
		if len(charts) < elements {
			b.Fatalf("%d charts", len(charts))
		}
		c.Begin(1900, 1400, l.Background)
		cp.paintAll(c, l, ct, 1, charts, placeIn4)
	}
}

// BenchmarkTable gathers and sorts the figures of 100 elements.
func BenchmarkTable(b *testing.B) {
	p := pagetest.New(b)
	for s := range 300 {
		p.At = p.At.Add(900 * time.Millisecond)
		for i := range 100 {
			p.At = p.At.Add(-100 * time.Millisecond)
			p.Sampled(fmt.Sprintf("%s/%08d-0000-0000-0000-000000000000_kurento.WebRtcEndpoint", pagetest.Room, i), 60_000*s)
		}
		p.At = p.At.Add(100 * time.Millisecond)
	}
	q := chartQuery{session: p, table: true, from: p.At.Add(-5 * time.Minute), to: p.At}
	page := New()
	page.time = surface.TimeAxis{From: q.from, To: q.to}
	b.ReportAllocs()
	for b.Loop() {
		rows, _, _ := gatherTable(context.Background(), q, p.Snapshot())
		page.table.take(rows, "")
		if len(page.table.rows) < 100 {
			b.Fatalf("%d rows", len(page.table.rows))
		}
	}
}
