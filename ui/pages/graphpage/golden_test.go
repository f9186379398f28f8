package graphpage

import (
	"bytes"
	"errors"
	"flag"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kmscope/capture"
	"kmscope/graph"
	"kmscope/session"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
	"kmscope/ui/theme"
)

var redraw = flag.Bool("redraw", false, "write the pictures of TestRecordedPictures anew: look at them before they are committed")

// TestRecordedPictures paints five recordings of real servers as they were at a
// moment, without a window and placed in columns, and compares with pictures that
// somebody looked at.
func TestRecordedPictures(t *testing.T) {
	for _, c := range []struct {
		name string
		at   float64 // ms from the start
		mode surface.Look
	}{
		{"04-hubs", 3_000, *surface.LookOf(theme.Dark)},
		{"09a-one2one", 6_000, *surface.LookOf(theme.Light)},
		{"02-webrtc-loopback", 6_000, *surface.LookOf(theme.Dark)},
		{"incidents/H3-one2many", 30_000, *surface.LookOf(theme.Light)},
		{"incidents/H6-recorder", 20_000, *surface.LookOf(theme.Dark)},
	} {
		name := strings.ReplaceAll(c.name, "/", "-")
		t.Run(name, func(t *testing.T) {
			g := recordedGraph(t, c.name, c.at)
			if len(g.Nodes) == 0 {
				t.Fatal("nothing is alive at that moment")
			}
			new(placer).measure(g)
			s := newScene(graph.Columns(g), time.Time{})
			all := s.bounds.Grown(16)
			w, h := int(min(all.W, 1400)), int(min(all.H, 900))
			v := surface.Viewport{W: float64(w), H: float64(h)}.Fitted(s.bounds, 16, 1)
			canvas := paint.NewCanvas()
			canvas.Begin(w, h, c.mode.Background)
			new(graphPainter).paint(canvas, &c.mode, s, v, graphMarks{}, 1)
			same(t, filepath.Join("testdata", "pictures", name+".png"), canvas.Image())
		})
	}
}

// recordedGraph gives what was alive at a moment of a recording.
func recordedGraph(t *testing.T, name string, atMs float64) *graph.Graph {
	t.Helper()
	r, err := capture.Open(filepath.Join("..", "..", "..", "testdata", "recordings", filepath.FromSlash(name)+".jsonl.zst"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var m session.Models
	first, begun := 0.0, false
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if !begun {
			first, begun = rec.TimeMs, true
		}
		if rec.TimeMs-first > atMs {
			break
		}
		m.Feed(rec)
	}
	x := m.Servers()[0]
	g, _ := graph.BuildAlive(x.Snapshot(), graph.FiguresAt(x.Stats(), time.Time{}))
	return g
}

// same compares a picture with the one that is kept. Sums of floats differ in the
// last bit between processors, so a few steps of colour are let pass.
func same(t *testing.T, file string, got *image.RGBA) {
	t.Helper()
	if *redraw {
		var b bytes.Buffer
		if err := png.Encode(&b, got); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	if want.Bounds() != got.Bounds() {
		t.Fatalf("the picture is %v, the kept one %v", got.Bounds(), want.Bounds())
	}
	off := 0
	for y := range got.Bounds().Dy() {
		for x := range got.Bounds().Dx() {
			a, b := color.RGBAModel.Convert(want.At(x, y)).(color.RGBA), got.RGBAAt(x, y)
			if far := func(p, q uint8) bool { return max(p, q)-min(p, q) > 8 }; far(a.R, b.R) || far(a.G, b.G) || far(a.B, b.B) {
				off++
			}
		}
	}
	if off > 20 {
		t.Errorf("%d pixels differ from %s; run with -redraw and look at what changed", off, file)
	}
}
