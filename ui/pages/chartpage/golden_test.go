package chartpage

import (
	"bytes"
	"flag"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"
	"time"

	"kmscope/stats"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

var update = flag.Bool("update", false, "write the golden pictures")

// TestGoldenChart holds the look of a chart with all that can be on it: a gap, a
// threshold, events, the cursor, a comparison. One step in a few hundred pixels
// is allowed: compilers may fuse multiplications.
func TestGoldenChart(t *testing.T) {
	from := time.Date(2026, 11, 21, 12, 3, 0, 0, time.UTC)
	ch := wave(120, from)
	ch.Pinned, ch.Limits = true, []limit{{1e6, "as agreed"}}
	before := ch.Lines[0]
	before.Before, before.Label, before.Points = true, "video before", nil
	for _, p := range ch.Lines[0].Points[:40] {
		p.At = p.At.Add(40 * time.Second)
		before.Points = append(before.Points, p)
	}
	ch.Lines = append(ch.Lines, before)
	ct := surface.TimeAxis{From: from, To: from.Add(2 * time.Minute), Cursor: from.Add(75 * time.Second), Zero: from.Add(40 * time.Second), Clock: view.Clock{Mode: view.UTC},
		Marks: []surface.Mark{{At: from.Add(20 * time.Second), Kind: surface.MarkICE}, {At: from.Add(90 * time.Second), Kind: surface.MarkError}}}
	for name, palette := range map[string]theme.Palette{"dark": theme.Dark, "light": theme.Light} {
		c := paint.NewCanvas()
		l := surface.LookOf(palette)
		c.Begin(420, 170, l.Background)
		var cp chartPainter
		cp.paint(c, l, &ch, ct, surface.Rect{X: 6, Y: 6, W: 408, H: 158}, 1)
		path := filepath.Join("testdata", "chart-"+name+".png")
		if *update {
			var b bytes.Buffer
			if err := png.Encode(&b, c.Image()); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if n := differing(c.Image(), want); n > 200 {
			t.Errorf("%d pixels differ from %s; look at both, and run with -update if the new one is right", n, path)
		}
	}
}

// differing counts the pixels that are more than a rounding apart.
func differing(a *image.RGBA, b image.Image) int {
	n := 0
	for y := range a.Rect.Dy() {
		for x := range a.Rect.Dx() {
			r0, g0, b0, _ := a.At(x, y).RGBA()
			r1, g1, b1, _ := b.At(x, y).RGBA()
			if apart(r0, r1) || apart(g0, g1) || apart(b0, b1) {
				n++
			}
		}
	}
	return n
}

func apart(a, b uint32) bool { return max(a, b)-min(a, b) > 0x600 }

// TestChartsTogether holds that charts drawn on several cores look as each drawn
// alone, in a frame whose size changed as well.
func TestChartsTogether(t *testing.T) {
	from := time.Date(2026, 11, 21, 12, 3, 0, 0, time.UTC)
	l := surface.LookOf(theme.Dark)
	ct := surface.TimeAxis{From: from, To: from.Add(5 * time.Minute), Cursor: from.Add(75 * time.Second), Clock: view.Clock{Mode: view.UTC}}
	var charts []chart
	for i := range 12 {
		ch := wave(50*i, from)
		ch.Stacked = i == 5
		if i == 7 {
			ch.Lines, ch.Empty = nil, "Nothing was sampled."
		}
		charts = append(charts, ch)
	}
	place := func(i int) surface.Rect {
		return surface.Rect{X: float64(i%3) * 300, Y: float64(i/3) * 130, W: 290, H: 120}
	}
	together, alone := paint.NewCanvas(), paint.NewCanvas()
	var many, one chartPainter
	for _, size := range []image.Point{{900, 520}, {700, 300}, {900, 520}} {
		together.Begin(size.X, size.Y, l.Background)
		many.paintAll(together, l, ct, 1, charts, place)
		alone.Begin(size.X, size.Y, l.Background)
		for i := range charts {
			one.paint(alone, l, &charts[i], ct, place(i), 1)
		}
		if !bytes.Equal(together.Image().Pix, alone.Image().Pix) {
			t.Errorf("%v: %d pixels differ", size, differing(together.Image(), alone.Image()))
		}
	}
}

// TestSums holds how sums are drawn that are wide enough to be seen as such: bars from
// the least to the greatest, a line at the mean, nothing over a gap.
func TestSums(t *testing.T) {
	from := time.Date(2026, 11, 21, 12, 3, 0, 0, time.UTC)
	var list []stats.Bucket
	for i := range int64(6) {
		at := from.UnixMilli() + i*20_000
		list = append(list, stats.Bucket{FromMs: at, ToMs: at + 19_000, Min: 2e5, Max: 1e6, Mean: 6e5, N: 20, Gap: i == 3})
	}
	ln := chartLine{Label: "video", Unit: stats.Bps}
	var one spread
	ln.Points, one = pointsOf(list, 0)
	ln.Low, ln.High, ln.Over = one.low, one.high, one.over
	ch := chart{Title: "Bitrate", Unit: stats.Bps, Lines: []chartLine{ln}}
	ct := surface.TimeAxis{From: from, To: from.Add(2 * time.Minute), Clock: view.Clock{Mode: view.UTC}}
	l, c := surface.LookOf(theme.Dark), paint.NewCanvas()
	c.Begin(420, 170, l.Background)
	var cp chartPainter
	f, ok := cp.ground(c, l, &ch, ct, surface.Rect{X: 6, Y: 6, W: 408, H: 158}, 1)
	if !ok {
		t.Fatal("nothing to be seen")
	}
	before := image.NewRGBA(c.Image().Rect)
	copy(before.Pix, c.Image().Pix)
	cp.lines(c, l, &f, ct)
	drawn := func(at time.Duration, v float64) bool {
		x, y := int(ct.XAt(from.Add(at), float64(f.x0), float64(f.x1-f.x0))), int(f.yAt(v))
		return c.Image().RGBAAt(x, y) != before.RGBAAt(x, y)
	}
	for _, p := range []struct {
		at   time.Duration
		v    float64
		want bool
	}{
		{10 * time.Second, 9e5, true}, {3 * time.Second, 3e5, true}, {10 * time.Second, 6e5, true}, {118 * time.Second, 9e5, true},
		{10 * time.Second, 1e5, false}, {10 * time.Second, 1.1e6, false},
		{39500 * time.Millisecond, 6e5, true}, {59500 * time.Millisecond, 4e5, false},
	} {
		if drawn(p.at, p.v) != p.want {
			t.Errorf("at %v, %v: drawn %v", p.at, p.v, !p.want)
		}
	}
	if got := legendValue(&ln, surface.TimeAxis{From: from, To: ct.To, Cursor: from.Add(12 * time.Second)}); got != "600 kbit/s" {
		t.Errorf("the legend tells %q", got)
	}
	if got := legendValue(&ln, surface.TimeAxis{From: from, To: ct.To, Cursor: from.Add(-time.Minute)}); got != "–" {
		t.Errorf("the legend tells %q of a time before", got)
	}
}
