package paint

import (
	"bytes"
	"flag"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/image/font/gofont/goregular"
)

var update = flag.Bool("update", false, "write the golden pictures")

var (
	night  = color.NRGBA{0x14, 0x17, 0x1c, 255}
	paper  = color.NRGBA{0xf6, 0xf7, 0xf9, 255}
	blue   = color.NRGBA{0x56, 0xb4, 0xe9, 255}
	orange = color.NRGBA{0xe6, 0x9f, 0x00, 255}
	red    = color.NRGBA{0xe5, 0x53, 0x4b, 255}
	grey   = color.NRGBA{0x8b, 0x95, 0xa5, 255}
)

func typeface(t testing.TB) *Typeface {
	t.Helper()
	f, err := NewTypeface(goregular.TTF)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// golden compares with testdata/name.png; one step of rounding per channel is
// allowed, for the compiler may fuse multiplications on some machines.
func golden(t *testing.T, name string, img *image.RGBA) {
	t.Helper()
	path := filepath.Join("testdata", name+".png")
	if *update {
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	if want.Bounds() != img.Bounds() {
		t.Fatalf("size %v, want %v", img.Bounds(), want.Bounds())
	}
	bad := 0
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			r, g, b, a := want.At(x, y).RGBA()
			p := img.RGBAAt(x, y)
			for _, d := range []int{int(p.R) - int(r>>8), int(p.G) - int(g>>8), int(p.B) - int(b>>8), int(p.A) - int(a>>8)} {
				if d > 2 || d < -2 {
					bad++
				}
			}
		}
	}
	if bad > 0 {
		t.Errorf("%s: %d values differ; look at it and run with -update if it is right", name, bad)
	}
}

func drawShapes(c *Canvas, bg color.NRGBA) {
	c.Begin(160, 120, bg)
	c.RoundRect(6, 6, 60, 30, 6, Mix(bg, grey, 0.3))
	c.StrokeRoundRect(6, 6, 60, 30, 6, 1, grey)
	c.StrokeRoundRect(72.5, 6.5, 40, 30, 8, 2, blue)
	c.Rect(120.25, 6, 10.5, 30, orange)
	c.Circle(145, 20, 9.5, red)
	c.StrokeCircle(145, 46, 9.5, 1.5, blue)
	c.Gear(20, 52, 9, orange)
	c.Cross(45, 52, 6, 2, red)
	c.Arrow(75, 52, 1, 0.3, 10, blue)
	c.Arrow(95, 45, 0, 1, 10, orange)
	c.RoundRect(100, 56, 30, 10, 5, WithAlpha(blue, 0.4))
	c.Line(4.5, 70.5, 155.5, 70.5, 1, grey, nil)
	c.Hairline(4, 74, 155, 80, grey)
	c.Hairline(150, 74, 140, 118, grey)
}

func drawStrokes(c *Canvas, bg color.NRGBA, scale float32) {
	c.Begin(int(160*scale), int(120*scale), bg)
	s := func(x, y float32) Point { return Point{x * scale, y * scale} }
	c.Cubic(s(5, 10), s(70, 10), s(80, 60), s(150, 60), 2*scale, blue, nil)
	c.Cubic(s(5, 20), s(70, 20), s(80, 70), s(150, 70), 2*scale, orange, Dash{5, 5}.Scaled(scale))
	c.Cubic(s(5, 30), s(70, 30), s(80, 80), s(150, 80), 1.2*scale, grey, Dash{0, 4}.Scaled(scale))
	c.Polyline([]Point{s(5, 110), s(30, 80), s(40, 112), s(60, 90), s(150, 100)}, 1.5*scale, red, nil)
	c.Polyline([]Point{s(5, 118), s(100, 112), s(155, 118)}, 1.5*scale, WithAlpha(blue, 0.5), Dash{8, 3, 1, 3}.Scaled(scale))
	c.Clip(image.Rect(int(100*scale), 0, int(140*scale), int(30*scale)))
	c.Line(0, 0, 160*scale, 30*scale, 6*scale, red, nil)
	c.Unclip()
	c.Line(-1e6, 40*scale, 1e6, 41*scale, scale, grey, Dash{6, 6}.Scaled(scale))
}

func TestGolden(t *testing.T) {
	c := NewCanvas()
	tf := typeface(t)
	for _, theme := range []struct {
		name   string
		bg, fg color.NRGBA
	}{{"dark", night, color.NRGBA{0xd9, 0xde, 0xe7, 255}}, {"light", paper, color.NRGBA{0x1d, 0x24, 0x30, 255}}} {
		t.Run(theme.name, func(t *testing.T) {
			drawShapes(c, theme.bg)
			golden(t, "shapes-"+theme.name, c.Image())
			drawStrokes(c, theme.bg, 1)
			golden(t, "strokes-"+theme.name, c.Image())
			c.Begin(200, 70, theme.bg)
			f := tf.Face(13)
			end := c.Text(f, "guest-2 1.24 Mbit/s ", 4, 16, theme.fg)
			c.Text(tf.Face(10), "ICE READY · é ü Ж", end, 16, grey)
			c.TextCentred(f, "centred", 100, 34, blue)
			c.TextRight(f, "right", 196, 38, orange)
			c.Text(f, f.Fit("a name that is much too long", 90), 4, 38, theme.fg)
			c.Text(tf.Face(26), "26 px", 4, 64, theme.fg)
			golden(t, "text-"+theme.name, c.Image())
		})
	}
	drawStrokes(c, night, 2)
	golden(t, "strokes-dark-2x", c.Image())
}

func TestFrameIsReused(t *testing.T) {
	c := NewCanvas()
	c.Begin(100, 50, night)
	first := &c.Image().Pix[0]
	c.Line(0, 0, 100, 50, 3, red, nil)
	c.Begin(100, 50, paper)
	if &c.Image().Pix[0] != first {
		t.Error("a frame of the same size got a new picture")
	}
	for i := 0; i < len(c.Image().Pix); i += 4 {
		if c.Image().Pix[i] != paper.R {
			t.Fatal("the frame before shines through")
		}
	}
	c.Begin(50, 20, night)
	c.Line(-10, -10, 80, 40, 3, red, nil)
	c.Begin(100, 50, night)
	if w, h := c.Size(); w != 100 || h != 50 || len(c.Image().Pix) != 100*50*4 {
		t.Errorf("size %d x %d with %d bytes", w, h, len(c.Image().Pix))
	}
	c.Begin(-5, 1<<30, night)
	if w, h := c.Size(); w != 1 || h != MaxSide {
		t.Errorf("size %d x %d is not held to its bounds", w, h)
	}
}

func TestNothingAllocatedPerFrame(t *testing.T) {
	c, f := NewCanvas(), typeface(t).Face(12)
	frame := func() {
		c.Begin(160, 120, night)
		c.RoundRect(6, 6, 60, 30, 6, grey)
		c.Cubic(Point{5, 10}, Point{70, 10}, Point{80, 60}, Point{150, 60}, 2, blue, nil)
		c.Text(f, "guest-2 1.24 Mbit/s", 4, 16, grey)
	}
	frame()
	if n := testing.AllocsPerRun(20, frame); n > 1 {
		t.Errorf("%v allocations per frame", n)
	}
}

func TestFlatten(t *testing.T) {
	p0, p1, p2, p3 := Point{0, 0}, Point{300, 0}, Point{-100, 200}, Point{200, 200}
	line := Flatten(nil, p0, p1, p2, p3)
	for i := range 1000 {
		q := CubicAt(p0, p1, p2, p3, float32(i)/999)
		best := math.Inf(1)
		for k := 1; k < len(line); k++ {
			best = min(best, segmentDistance(q, line[k-1], line[k]))
		}
		if best > 0.3 {
			t.Fatalf("the polyline is %.2f pixels from the curve", best)
		}
	}
	if n := len(Flatten(nil, Point{0, 0}, Point{1, 0}, Point{2, 0}, Point{3, 0})); n != 2 {
		t.Errorf("a straight curve has %d points, want 2", n)
	}
	if n := len(Flatten(nil, Point{0, 0}, Point{1e8, 1e8}, Point{-1e8, 0}, Point{3, 0})); n > 65 {
		t.Errorf("%d points", n)
	}
}

func segmentDistance(q, a, b Point) float64 {
	dx, dy := float64(b.X-a.X), float64(b.Y-a.Y)
	l2 := dx*dx + dy*dy
	t := 0.0
	if l2 > 0 {
		t = max(0, min(1, (float64(q.X-a.X)*dx+float64(q.Y-a.Y)*dy)/l2))
	}
	return math.Hypot(float64(q.X-a.X)-t*dx, float64(q.Y-a.Y)-t*dy)
}

func TestTextFit(t *testing.T) {
	f := typeface(t).Face(12)
	for _, s := range []string{"", "a", "guest-1 ▸ out", "a name that is much too long to fit", "\xff\xfe broken"} {
		for _, w := range []float32{0, 5, 20, 60, 1000} {
			got := f.Fit(s, w)
			if got != s && got != "…" && f.Width(got) > w+0.01 {
				t.Errorf("Fit(%q, %v) = %q is %v wide", s, w, got, f.Width(got))
			}
		}
	}
	if f.Fit("abc", 1000) != "abc" {
		t.Error("a text that fits was cut")
	}
	if got, err := NewTypeface([]byte("no font")); err == nil {
		t.Errorf("read %v from nonsense", got)
	}
}

// TestWildValues draws what no caller should ask for: nothing may panic, hang
// or write outside the picture.
func TestWildValues(t *testing.T) {
	c, f := NewCanvas(), typeface(t).Face(12)
	c.Begin(64, 48, night)
	wild := []float32{0, -1, 1, 31.5, 1e4, -1e4, 1e8, -1e8, 1e30, float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))}
	r := rand.New(rand.NewPCG(1, 2))
	v := func() float32 { return wild[r.IntN(len(wild))] }
	dashes := []Dash{nil, {3, 3}, {0, 4}, {0, 0}, {1}, {float32(math.NaN()), 2}, {-1, 5}, {1e-9, 1e-9}, {2, 0}}
	for range 20000 {
		d := dashes[r.IntN(len(dashes))]
		switch r.IntN(11) {
		case 0:
			c.Rect(v(), v(), v(), v(), red)
		case 1:
			c.RoundRect(v(), v(), v(), v(), v(), red)
		case 2:
			c.StrokeRoundRect(v(), v(), v(), v(), v(), v(), red)
		case 3:
			c.Line(v(), v(), v(), v(), r.Float32()*4, red, d)
		case 4:
			c.Cubic(Point{v(), v()}, Point{v(), v()}, Point{v(), v()}, Point{v(), v()}, r.Float32()*4, red, d)
		case 5:
			c.Hairline(v(), v(), v(), v(), red)
		case 6:
			c.Arrow(v(), v(), v(), v(), r.Float32()*20, red)
		case 7:
			c.Text(f, "x\x00\xffÿ", v(), v(), red)
		case 8:
			c.Circle(v(), v(), v(), red)
		case 9:
			c.Cross(v(), v(), r.Float32()*20, r.Float32()*3, red)
		case 10:
			c.Clip(image.Rect(r.IntN(200)-100, r.IntN(200)-100, r.IntN(200)-100, r.IntN(200)-100))
			c.Line(v(), v(), v(), v(), 2, red, d)
			c.Unclip()
		}
	}
	for i, m := range c.mask {
		if m != 0 {
			t.Fatalf("coverage left in the mask at %d", i)
		}
	}
}

func BenchmarkCurve(b *testing.B) {
	c := NewCanvas()
	c.Begin(1900, 1000, night)
	b.ReportAllocs()
	for b.Loop() {
		c.Cubic(Point{100, 100}, Point{200, 100}, Point{160, 220}, Point{260, 220}, 1.8, blue, nil)
	}
}

func BenchmarkLabel(b *testing.B) {
	c, f := NewCanvas(), typeface(b).Face(11)
	c.Begin(1900, 1000, night)
	b.ReportAllocs()
	for b.Loop() {
		c.Text(f, "WebRtcEndpoint e5b1", 100, 100, grey)
	}
}

func BenchmarkNodeBox(b *testing.B) {
	c := NewCanvas()
	c.Begin(1900, 1000, night)
	for b.Loop() {
		c.RoundRect(100, 100, 196, 58, 6, grey)
		c.StrokeRoundRect(100, 100, 196, 58, 6, 1, blue)
	}
}

// TestFillAndRepeat holds that whole pixels drawn once and copied are those that
// drawing each would give, clipped as well.
func TestFillAndRepeat(t *testing.T) {
	red, blue := color.NRGBA{200, 0, 0, 255}, color.NRGBA{0, 0, 200, 128}
	draw := func(clip image.Rectangle, copied bool) *image.RGBA {
		c := NewCanvas()
		c.Begin(20, 12, color.NRGBA{10, 20, 30, 255})
		c.Clip(clip)
		bottom := 9
		if copied {
			bottom = max(3, clip.Min.Y) + 1
		}
		for x := 2; x < 16; x += 2 {
			c.Fill(image.Rect(x, max(3, clip.Min.Y), x+1, bottom), red)
			c.Rect(float32(x+1), float32(max(3, clip.Min.Y)), 1, float32(bottom-max(3, clip.Min.Y)), blue)
		}
		if copied {
			c.Repeat(image.Rect(2, max(3, clip.Min.Y), 16, 9))
		}
		c.Unclip()
		return c.Image()
	}
	for _, clip := range []image.Rectangle{image.Rect(0, 0, 20, 12), image.Rect(5, 0, 9, 7), image.Rect(0, 5, 30, 30), image.Rect(0, 8, 20, 12)} {
		if !bytes.Equal(draw(clip, false).Pix, draw(clip, true).Pix) {
			t.Errorf("clipped to %v, the copies differ", clip)
		}
	}
	if img := draw(image.Rect(0, 0, 20, 12), true); img.RGBAAt(2, 8) != (color.RGBA{200, 0, 0, 255}) || img.RGBAAt(2, 9) != (color.RGBA{10, 20, 30, 255}) {
		t.Errorf("%v %v", img.RGBAAt(2, 8), img.RGBAAt(2, 9))
	}
}

// TestTwoOnOnePicture holds that canvases on one picture draw what one would.
func TestTwoOnOnePicture(t *testing.T) {
	line := func(c *Canvas, y float32) { c.Polyline([]Point{{4, y}, {30, y - 20}, {90, y}}, 3, red, nil) }
	one, two, other := NewCanvas(), NewCanvas(), NewCanvas()
	one.Begin(100, 80, night)
	line(one, 30)
	line(one, 75)
	other.Begin(20, 20, paper)
	two.Begin(100, 80, night)
	other.On(two)
	done := make(chan bool)
	go func() {
		defer close(done)
		line(other, 75)
	}()
	line(two, 30)
	<-done
	if !bytes.Equal(one.Image().Pix, two.Image().Pix) {
		t.Error("two canvases drew something else")
	}
}

// TestJoints holds that a line of two pieces is as wide at their joint as each of
// them drawn with both its ends.
func TestJoints(t *testing.T) {
	joined, apart := NewCanvas(), NewCanvas()
	for _, p := range [][3]Point{{{5, 5}, {30, 40}, {55, 6}}, {{5, 30}, {30, 30}, {6, 31}}, {{30, 5}, {30, 5}, {30, 50}}, {{-50, 30}, {20, 20}, {200, 90}}} {
		for _, width := range []float32{0.5, 1.5, 7} {
			joined.Begin(60, 60, night)
			joined.Polyline(p[:], width, red, nil)
			apart.Begin(60, 60, night)
			apart.begin(width, nil)
			apart.walk(p[0].X, p[0].Y, p[1].X, p[1].Y)
			apart.strokeJoined = false
			apart.walk(p[1].X, p[1].Y, p[2].X, p[2].Y)
			apart.flush(thin(red, width))
			if !bytes.Equal(joined.Image().Pix, apart.Image().Pix) {
				t.Errorf("%v, %v wide", p, width)
			}
		}
	}
}

// Blending two channels at a time gives what one at a time does, for
// every coverage.
func TestBlend(t *testing.T) {
	for a := range uint32(256) {
		for under := 0; under < 256; under += 5 {
			for over := 0; over < 256; over += 5 {
				p := []byte{uint8(under), uint8(255 - under), uint8(over), 255}
				col := color.NRGBA{R: uint8(over), G: uint8(under ^ over), B: uint8(under), A: 255}
				was := [3]uint8{p[0], p[1], p[2]}
				blend(p, col, a)
				for i, c := range []uint8{col.R, col.G, col.B} {
					want := (2*(uint32(c)*a+uint32(was[i])*(255-a)) + 255) / 510 // rounded
					if uint32(p[i]) != want {
						t.Fatalf("%d over %d with %d: %d, want %d", c, was[i], a, p[i], want)
					}
				}
				if p[3] != 255 {
					t.Fatal("it is not opaque any more")
				}
			}
		}
	}
}

// A box on whole pixels looks the same wherever it is and however it is clipped, and
// as one does that is painted pixel by pixel.
func TestBoxes(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	const side = 120
	here, there, slow := NewCanvas(), NewCanvas(), NewCanvas()
	for range 300 {
		for _, c := range []*Canvas{here, there, slow} {
			c.Begin(side, side, night)
		}
		x, y, w, h := r.IntN(140)-40, r.IntN(140)-40, 1+r.IntN(90), 1+r.IntN(90)
		radius, width := r.Float32()*14, float32(0)
		if r.IntN(2) == 0 {
			width = []float32{1, 2, 1 + r.Float32()*3}[r.IntN(3)]
		}
		col := WithAlpha([]color.NRGBA{blue, orange, red}[r.IntN(3)], []float64{1, 0.4}[r.IntN(2)])
		draw := func(c *Canvas, dx, dy int) {
			x, y, w, h := float32(x+dx), float32(y+dy), float32(w), float32(h)
			if width > 0 {
				c.StrokeRoundRect(x, y, w, h, radius, width, col)
			} else {
				c.RoundRect(x, y, w, h, radius, col)
			}
		}
		dx, dy := r.IntN(40)-20, r.IntN(40)-20
		clip := image.Rect(r.IntN(side), r.IntN(side), r.IntN(side), r.IntN(side))
		draw(here, 0, 0)
		there.Clip(clip.Add(image.Pt(dx, dy)))
		draw(there, dx, dy)
		there.Unclip()
		if rr := min(radius, float32(w)/2, float32(h)/2); w >= 2*ceil(max(rr, width)) && h >= 2*ceil(max(rr, width)) {
			slow.rimByPixel(float32(x), float32(y), float32(w), float32(h), rr, width, col)
		} else {
			draw(slow, 0, 0)
		}
		for py := range side {
			for px := range side {
				got := here.img.RGBAAt(px, py)
				if want := slow.img.RGBAAt(px, py); far(got, want) > 1 {
					t.Fatalf("%dx%d at %d,%d, radius %v, line %v: %v at %d,%d, want %v", w, h, x, y, radius, width, got, px, py, want)
				}
				moved := image.Pt(px+dx, py+dy)
				if moved.In(there.img.Rect) && image.Pt(px, py).In(clip) && there.img.RGBAAt(moved.X, moved.Y) != got {
					t.Fatalf("%dx%d at %d,%d, radius %v, line %v: %v at %d,%d, and %v where it was moved by %d,%d",
						w, h, x, y, radius, width, got, px, py, there.img.RGBAAt(moved.X, moved.Y), dx, dy)
				}
			}
		}
	}
}

// far is the largest difference of two colours in a channel.
func far(a, b color.RGBA) uint8 {
	d := func(x, y uint8) uint8 { return max(x, y) - min(x, y) }
	return max(d(a.R, b.R), d(a.G, b.G), d(a.B, b.B))
}

// A name that is cut keeps its end, and never gets wider than it may.
func TestFitMiddle(t *testing.T) {
	f := typeface(t).Face(13)
	for _, name := range []string{"WebRtcEndpoint 4f1c", "short", "", "a quite long name of a person with äöü and 中文字 in it"} {
		for width := float32(0); width < 400; width += 7 {
			got := f.FitMiddle(name, width)
			if w := f.Width(got); w > width+0.01 && got != "…" {
				t.Errorf("%q in %v: %q is %v wide", name, width, got, w)
			}
			if whole := f.Width(name) <= width; whole != (got == name) {
				t.Errorf("%q, %v wide, in %v: %q", name, f.Width(name), width, got)
			}
			if len([]rune(name)) >= 15 && width > 70 && !strings.HasSuffix(got, name[len(name)-4:]) {
				t.Errorf("%q in %v: %q", name, width, got)
			}
		}
	}
}
