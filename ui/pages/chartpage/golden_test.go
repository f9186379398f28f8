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
