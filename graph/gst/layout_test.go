package gst

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"kmscope/graph"
)

// checkDrawing looks at what must hold of every drawing.
func checkDrawing(t *testing.T, name string, g *Drawing) {
	t.Helper()
	d := g.Dump
	at := make(map[int]*Box, len(g.Boxes))
	for i := range g.Boxes {
		b := &g.Boxes[i]
		at[b.Element] = b
		if p := d.Elements[b.Element].Parent; p >= 0 {
			o := at[p]
			if o == nil || b.X < o.X || b.Y < o.Y+BinHeader-1 || b.X+b.W > o.X+o.W+1 || b.Y+b.H > o.Y+o.H+1 {
				t.Errorf("%s: %s is not inside its bin: %+v %+v", name, d.Elements[b.Element].Path, b, o)
			}
		}
	}
	for i := range d.Elements {
		children := d.Elements[i].Children
		for k, a := range children {
			for _, b := range children[k+1:] {
				x, y := at[a], at[b]
				if x != nil && y != nil && x.X < y.X+y.W-1 && y.X < x.X+x.W-1 && x.Y < y.Y+y.H-1 && y.Y < x.Y+x.H-1 {
					t.Errorf("%s: %s and %s overlap", name, d.Elements[a].Path, d.Elements[b].Path)
				}
			}
		}
	}
	drawn := make(map[int]int)
	for i := range g.Wires {
		w := &g.Wires[i]
		drawn[w.Link]++
		if len(w.Path) < 4 || len(w.Path)%3 != 1 {
			t.Errorf("%s: link %d has %d points", name, w.Link, len(w.Path))
		}
		for _, p := range w.Path {
			if math.IsNaN(p.X) || p.X < -2000 || p.Y < -2000 || p.X > g.W+2000 || p.Y > g.H+2000 { // curves bend far out
				t.Errorf("%s: link %d leads to %v", name, w.Link, p)
			}
		}
	}
	for i := range d.Links {
		l := &d.Links[i]
		from, okFrom := g.Pads[l.From]
		to, okTo := g.Pads[l.To]
		if !okFrom || !okTo {
			continue
		}
		if drawn[i] == 0 {
			t.Errorf("%s: link %d from %s to %s is not drawn", name, i, d.PadPath(l.From), d.PadPath(l.To))
			continue
		}
		// The link begins and ends at its pads; from a bin's own pad to the inside,
		// behind its name.
		first, last := false, false
		for k := range g.Wires {
			w := &g.Wires[k]
			if w.Link != i {
				continue
			}
			a, z := w.Path[0], w.Path[len(w.Path)-1]
			first = first || math.Abs(a.Y-from.Y) < 4 && a.X > from.X-4 && a.X < from.X+mostWidth
			last = last || math.Abs(z.Y-to.Y) < 4 && z.X < to.X+4 && z.X > to.X-mostWidth
		}
		if !first || !last {
			t.Errorf("%s: link %d from %s to %s does not reach its pads (%v %v)", name, i, d.PadPath(l.From), d.PadPath(l.To), first, last)
		}
	}
}

func TestLayoutOfRecordings(t *testing.T) {
	l := layouter(t)
	n := 0
	for name, text := range recorded(t) {
		if n++; strings.Contains(name, "08-large") && n%8 != 0 { // twenty alike
			continue
		}
		d := parse(t, text)
		for _, placer := range []Placer{l, nil} {
			g, err := Layout(bounded(t), d, placer, Options{})
			if err != nil {
				t.Fatal(name, err)
			}
			if len(g.Boxes) != len(d.Elements) || len(g.Notes) > 0 {
				t.Errorf("%s: %d boxes, %v", name, len(g.Boxes), g.Notes)
			}
			checkDrawing(t, name, g)
		}
	}
}

func TestClosedBins(t *testing.T) {
	d := parse(t, read(t, "webrtc.dot"))
	l := layouter(t)
	steps := 0
	g, err := Layout(bounded(t), d, l, Options{Open: func(int) bool { return false }, Progress: func(done, _ int) { steps = done }})
	if err != nil {
		t.Fatal(err)
	}
	checkDrawing(t, "closed", g)
	if want := len(d.Elements[0].Children) + 1; len(g.Boxes) != want || steps != 1 {
		t.Errorf("%d boxes instead of %d in %d steps", len(g.Boxes), want, steps)
	}
	inside := 0
	for _, b := range g.Boxes {
		if b.Element > 0 && d.Elements[b.Element].Bin() {
			if b.Open || len(b.Lines) < 2 || !strings.HasSuffix(b.Lines[1], "inside") {
				t.Errorf("%+v", b)
			}
			inside += d.Inside(b.Element)
		} else if b.Element > 0 {
			inside++
		}
	}
	if want := d.Counts().Elements; inside != want {
		t.Errorf("%d elements are drawn or inside, there are %d", inside, want)
	}
}

// A bin that did not change is not placed again when another is opened, and
// what is not needed any more stops between two bins.
func TestLayoutStops(t *testing.T) {
	d := parse(t, big(t, 10))
	l := layouter(t)
	ctx, cancel := context.WithCancel(bounded(t))
	c := &counting{Placer: l, stop: func(calls int) {
		if calls == 5 {
			cancel()
		}
	}}
	if _, err := Layout(ctx, d, c, Options{}); !errors.Is(err, context.Canceled) || c.calls != 5 {
		t.Errorf("%v after %d bins", err, c.calls)
	}
}

func TestTooMany(t *testing.T) {
	var b strings.Builder
	b.WriteString("digraph p { label=\"<GstBin>\\nb\";\n")
	for i := range simpleAbove {
		fmt.Fprintf(&b, "subgraph cluster_e%d { label=\"GstTee\\ne%d\"; }\n", i, i)
	}
	d := parse(t, b.String()+"}")
	g, err := Layout(bounded(t), d, layouter(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(g.Boxes) != len(d.Elements) || len(g.Notes) != 1 || !strings.Contains(g.Notes[0], "simple columns") {
		t.Errorf("%d boxes, %v", len(g.Boxes), g.Notes)
	}
}

func TestFiles(t *testing.T) {
	before := parse(t, read(t, "player.dot"))
	after := parse(t, strings.ReplaceAll(read(t, "player.dot"), `opusdec`, `<b>&opus "2"`))
	diff := Compare(before, after)
	g, err := Layout(bounded(t), diff.Merged, nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var svg, pdf bytes.Buffer
	if err := errors.Join(g.WriteSVG(&svg, diff), g.WritePDF(&pdf, diff), g.WriteSVG(io.Discard, nil)); err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for dec := xml.NewDecoder(&svg); ; {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if c, ok := tok.(xml.CharData); ok {
			names = append(names, strings.TrimSpace(string(c)))
		}
	}
	for i := range diff.Merged.Elements {
		if want := plain(short(diff.Merged.Elements[i].Name, 40)); !slices.Contains(names, want) {
			t.Errorf("%q is not in the SVG", want)
		}
	}
	if !bytes.HasPrefix(pdf.Bytes(), []byte("%PDF")) || pdf.Len() < 2000 {
		t.Errorf("%d bytes: %.20s", pdf.Len(), pdf.Bytes())
	}
}

func benchmarkDumps(b *testing.B, run func(b *testing.B, text string)) {
	for _, c := range []struct {
		name string
		n    int
	}{{"100", 2}, {"1000", 23}, {"2000", 46}} {
		text := big(b, c.n)
		b.Run(c.name, func(b *testing.B) {
			run(b, text)
			b.ReportMetric(float64(parse(b, text).Counts().Elements), "elements")
		})
	}
}

func BenchmarkParse(b *testing.B) {
	benchmarkDumps(b, func(b *testing.B, text string) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			parse(b, text)
		}
	})
}

// BenchmarkLayout places dumps with all bins open, with nothing remembered but
// that the endpoints in them are alike.
func BenchmarkLayout(b *testing.B) {
	benchmarkDumps(b, func(b *testing.B, text string) {
		d := parse(b, text)
		for b.Loop() {
			b.StopTimer()
			l := graph.NewLayouter(nil)
			if _, err := l.Boxes(context.Background(), &graph.Boxes{Sizes: []graph.Point{{X: 10, Y: 10}, {X: 10, Y: 10}}, Lines: []graph.Line{{From: 0, To: 1}}}); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
			if _, err := Layout(context.Background(), d, unlike{l}, Options{}); err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			if err := l.Close(); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
	})
}

// unlike makes every job a new one.
type unlike struct{ Placer }

var unlikeWidth float64

func (u unlike) Boxes(ctx context.Context, b *graph.Boxes) (*graph.BoxesAt, error) {
	unlikeWidth++
	b.Gap += math.Mod(unlikeWidth, 4096) / 1024
	return u.Placer.Boxes(ctx, b)
}

func BenchmarkLayoutColumns(b *testing.B) {
	benchmarkDumps(b, func(b *testing.B, text string) {
		d := parse(b, text)
		for b.Loop() {
			if _, err := Layout(context.Background(), d, nil, Options{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
