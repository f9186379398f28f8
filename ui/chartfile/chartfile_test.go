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
	got := parts(s.Charts[0].Lines[0].Points, s.From, s.To, 0.01)
	var n []int
	for _, p := range got {
		n = append(n, len(p))
	}
	if len(n) != 4 || n[0] != 10 || n[1] != 1 || n[2] != 17 || n[3] != 30 {
		t.Errorf("parts of %v points", n)
	}
}
