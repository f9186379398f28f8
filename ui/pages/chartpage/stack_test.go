package chartpage

import (
	"testing"
	"time"

	"kmscope/inventory"
	"kmscope/stats"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

func TestPath(t *testing.T) {
	const p = "11111111-0000-0000-0000-000000000000_kurento.MediaPipeline"
	id := func(s string) string { return p + "/" + s + "_kurento.PassThrough" }
	link := func(from, to string, m inventory.Media) inventory.Connection {
		return inventory.Connection{ConnectionKey: inventory.ConnectionKey{Source: id(from), Sink: id(to), Media: m}}
	}
	line := &inventory.Pipeline{ID: p, Connections: []inventory.Connection{
		link("a", "b", inventory.Video), link("b", "c", inventory.Video), link("x", "c", inventory.Audio), link("c", "a", inventory.Video)}}
	names := func(ids []string) (out string) {
		for _, i := range ids {
			out += i[len(p)+1 : len(p)+2]
		}
		return out
	}
	// The circle ends where it would begin again.
	if got := names(path(line, id("c"), inventory.Video)); got != "abc" {
		t.Errorf("video %s", got)
	}
	if got := names(path(line, id("c"), inventory.Audio)); got != "xc" {
		t.Errorf("audio %s", got)
	}
	if got := path(nil, id("c"), inventory.Video); len(got) != 1 {
		t.Errorf("%v", got)
	}
}

func TestAlign(t *testing.T) {
	from := time.Unix(1_800_000_000, 0)
	at := func(s float64) time.Time { return from.Add(time.Duration(s * float64(time.Second))) }
	lines := []chartLine{
		{Points: []stats.Point{{At: at(0), V: 1}, {At: at(1), V: 2}, {At: at(2), V: 3}, {At: at(11), V: 4}, {At: at(12), V: 5}}},
		{Points: []stats.Point{{At: at(0.5), V: 10}, {At: at(1.5), V: 20}, {At: at(10.5), V: 30}, {At: at(11.5), V: 40}}},
	}
	align(lines, surface.TimeAxis{From: from, To: at(14)})
	a, b := lines[0].Points, lines[1].Points
	if len(a) != len(b) || len(a) == 0 {
		t.Fatalf("%d and %d points", len(a), len(b))
	}
	gaps := 0
	for i := range a {
		if !a[i].At.Equal(b[i].At) {
			t.Fatalf("point %d at %v and %v", i, a[i].At, b[i].At)
		}
		if a[i].Gap {
			gaps++
		}
		if s := a[i].At.Sub(from).Seconds(); s > 5.1 && s < 10.9 {
			t.Errorf("a sum at %v s, where nothing was measured", s)
		}
	}
	if gaps != 1 || a[0].V != 1 && a[0].V != 2 {
		t.Errorf("%d gaps, the first %+v", gaps, a[0])
	}
	lo, hi, _ := valueRange(&chart{Stacked: true, Lines: lines}, surface.TimeAxis{From: from, To: at(14)})
	if hi != 45 || lo <= 0 {
		t.Errorf("the sum reaches from %v to %v", lo, hi)
	}
}

// TestStackIsPainted looks for both layers at their heights.
func TestStackIsPainted(t *testing.T) {
	from := time.Unix(1_800_000_000, 0)
	ch := chart{Title: "Where the time goes", Unit: stats.Ms, Stacked: true}
	for k := range 2 {
		ln := chartLine{Label: "x", Hue: overlayHue(k), Unit: stats.Ms}
		for i := range 21 {
			ln.Points = append(ln.Points, stats.Point{At: from.Add(time.Duration(i) * time.Second), V: 5})
		}
		ch.Lines = append(ch.Lines, ln)
	}
	c, l := paint.NewCanvas(), surface.LookOf(theme.Dark)
	c.Begin(400, 260, l.Background)
	var cp chartPainter
	r := surface.Rect{W: 400, H: 258}
	ct := surface.TimeAxis{From: from, To: from.Add(20 * time.Second), Cursor: from.Add(3 * time.Second), Clock: view.Clock{Mode: view.UTC}}
	cp.paint(c, l, &ch, ct, r, 1)
	cp.readout(c, l, &ch, ct, r, 1)
	plot := plotArea(r)
	x := int(plot.X + plot.W*0.8)
	low, high := c.Image().RGBAAt(x, int(plot.Y+plot.H*0.8)), c.Image().RGBAAt(x, int(plot.Y+plot.H*0.3))
	ground := c.Image().RGBAAt(x, int(plot.Y)-6)
	if low == high || low == ground || high == ground {
		t.Errorf("layers %v and %v on %v", low, high, ground)
	}
}
