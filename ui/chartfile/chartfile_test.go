package chartfile

import (
	"bytes"
	"errors"
	"image/color"
	"image/png"
	"math"
	"strings"
	"testing"
	"time"

	"kmscope/stats"
)

func sheet() Sheet {
	from := time.Date(2026, 11, 21, 12, 3, 0, 0, time.UTC)
	video := Line{Label: "video & audio", Color: color.NRGBA{0, 0x72, 0xb2, 0xff}, Dashes: []float64{4, 3}}
	for i := range 60 {
		video.Points = append(video.Points, stats.Point{At: from.Add(time.Duration(i) * time.Second), V: 0.001 * float64(i), Gap: i == 30})
	}
	video.Points[10].V, video.Points[12].V = math.NaN(), math.Inf(1)
	return Sheet{Title: "server · <guest>", From: from, To: from.Add(time.Minute), Charts: []Chart{
		{Title: "Loss per interval", Unit: stats.Ratio, Lines: []Line{video}, Limits: []Limit{{0.05, "loss 5 %"}, {9, "far away"}}},
		{Title: "Nothing", Unit: stats.Bps},
		{Title: "Flat", Unit: stats.Ms, Lines: []Line{{Label: "one", Points: []stats.Point{{At: from, V: 0}}}}},
	}}
}

func TestWriteSVG(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, SVG, sheet()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<svg", "server · &lt;guest&gt;", "Loss per interval", "loss 5 %", "video &amp; audio", ">%<", "UTC", "12:03:"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in the file", want)
		}
	}
	for _, no := range []string{"NaN", "Inf", "far away"} {
		if strings.Contains(b.String(), no) {
			t.Errorf("%q in the file", no)
		}
	}
}

func TestWriteOthers(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, PNG, sheet()); err != nil {
		t.Fatal(err)
	}
	if m, err := png.Decode(&b); err != nil || m.Bounds().Dx() < 800 {
		t.Errorf("%v", err)
	}
	b.Reset()
	if err := Write(&b, PDF, sheet()); err != nil || !strings.HasPrefix(b.String(), "%PDF") {
		t.Errorf("%v", err)
	}
	if err := Write(&b, "gif", sheet()); err == nil || !strings.Contains(err.Error(), "svg, png or pdf") {
		t.Errorf("%v", err)
	}
	if err := Write(&b, SVG, Sheet{}); !errors.Is(err, ErrNothing) {
		t.Errorf("%v", err)
	}
}

// TestPartsEndAtGaps holds the lines to what the store says about continuity.
func TestPartsEndAtGaps(t *testing.T) {
	s := sheet()
	got := parts(s.Charts[0].Lines[0], s.From, s.To, 0.01)
	var n []int
	for _, p := range got {
		n = append(n, len(p.mean))
	}
	if len(n) != 4 || n[0] != 10 || n[1] != 1 || n[2] != 17 || n[3] != 30 {
		t.Errorf("parts of %v points", n)
	}
}

// TestAxes holds the files to the axis that was chosen, on figures that no
// logarithm takes.
func TestAxes(t *testing.T) {
	s := sheet()
	stack := Chart{Title: "Stack", Unit: stats.Ms, Stacked: true}
	for k := range 3 {
		ln := Line{Label: string(rune('a' + k)), Color: color.NRGBA{uint8(80 * k), 0x72, 0xb2, 0xff}}
		for i := range 20 {
			ln.Points = append(ln.Points, stats.Point{At: s.From.Add(time.Duration(i) * 3 * time.Second), V: float64(k), Gap: i == 7})
		}
		stack.Lines = append(stack.Lines, ln)
	}
	banded := stack
	banded.Stacked, banded.Lines = false, stack.Lines[:1]
	banded.Lines[0].Low, banded.Lines[0].High = make([]float64, 20), []float64{19: 40}
	zeros := Chart{Title: "Zeros", Unit: stats.Bps, Log: true, Lines: []Line{{Label: "none", Points: []stats.Point{{At: s.From}, {At: s.To}}}}}
	log, fixed, both := s.Charts[0], s.Charts[0], s.Charts[0]
	log.Log = true
	fixed.Bottom, fixed.Top = 0.01, 0.02
	both.Log, both.Bottom, both.Top = true, -1, 0.02
	s.Charts = []Chart{stack, banded, zeros, log, fixed, both}
	var b bytes.Buffer
	for _, f := range []Format{SVG, PNG, PDF} {
		b.Reset()
		if err := Write(&b, f, s); err != nil || b.Len() < 1000 {
			t.Errorf("%s: %v, %d bytes", f, err, b.Len())
		}
	}
	y := axisOf(stack, stacked(stack.Lines), s.From, s.To, 1)
	if y.low != 0 || y.high != 3 {
		t.Errorf("the stack reaches from %v to %v", y.low, y.high)
	}
	if y = axisOf(fixed, fixed.Lines, s.From, s.To, 0.01); y.low != 1 || y.high != 2 {
		t.Errorf("the fixed axis reaches from %v to %v", y.low, y.high)
	}
	if y = axisOf(log, log.Lines, s.From, s.To, 0.01); y.low != 0.1 || y.high != 10 {
		t.Errorf("the logarithmic axis reaches from %v to %v", y.low, y.high)
	}
}
