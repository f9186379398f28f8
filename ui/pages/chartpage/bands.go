package chartpage

import (
	"slices"
	"strings"
	"time"

	"kmscope/inventory"
	"kmscope/timeline"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
)

// band is a time in which ICE or DTLS of the element was not up: it lies behind
// the lines of a chart and explains why they stop.
type band struct {
	from, to time.Time
	word     string // "ICE CONNECTING"
	failed   bool
}

// maxBands bounds the bands of a chart.
const maxBands = 200

// bandsOf gives the bands of an element in a range of time, oldest first. Of ICE
// the first component alone counts: with rtcp-mux the second is never used. Any
// goroutine.
func bandsOf(lanes *timeline.Lanes, element string, from, to time.Time) []band {
	if lanes == nil || element == "" || element == inventory.ManagerID || from.IsZero() {
		return nil
	}
	var out []band
	for _, lane := range lanes.Object(element, to) {
		var what string
		switch parts := strings.Split(string(lane.Lane), "/"); {
		case parts[0] == "ice" && len(parts) == 3 && parts[2] == "1":
			what = "ICE "
		case parts[0] == "dtls":
			what = "DTLS "
		default:
			continue
		}
		for _, v := range lane.Intervals {
			if v.State == "READY" || v.State == "CONNECTED" || !v.To.After(from) || !v.From.Before(to) || len(out) >= maxBands {
				continue
			}
			b := band{from: v.From, to: v.To, word: what + v.State, failed: v.State == "FAILED"}
			// Both directions of DTLS, and all streams, mostly say the same.
			if !slices.ContainsFunc(out, func(o band) bool { return o.word == b.word && !b.from.Before(o.from) && !b.to.After(o.to) }) {
				out = append(out, b)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b band) int { return a.from.Compare(b.from) })
	return out
}

// paintBands lays the bands behind a plot from x0 to x1 and y0 to y1 in pixels,
// with a word where there is room.
func paintBands(c *paint.Canvas, l *surface.Look, bands []band, ct surface.TimeAxis, x0, y0, x1, y1, scale float32) {
	small := l.Regular.Face(9.5 * scale)
	row, end := 0, float32(0)
	for _, b := range bands {
		a := max(float32(ct.XAt(b.from, float64(x0), float64(x1-x0))), x0)
		z := min(float32(ct.XAt(b.to, float64(x0), float64(x1-x0))), x1)
		if z <= a {
			continue
		}
		hue := l.Warning
		if b.failed {
			hue = l.Error
		}
		c.Rect(a, y0, max(z-a, scale), y1-y0, paint.WithAlpha(hue, 0.10))
		if a >= end {
			row = 0
		}
		if small.Width(b.word)+8*scale < z-a && row < 3 {
			c.Text(small, b.word, a+4*scale, y0+float32(12+11*row)*scale, paint.WithAlpha(hue, 0.9))
			row++
			end = max(end, z)
		}
	}
}
