package chartpage

import (
	"encoding/csv"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"kmscope/ui/surface"
)

// chartCSV writes the points in view, one line each, in the order of the
// charts: local time in RFC 3339, what it is of, value and unit. A gap is a
// line of its own without a value. Where a point sums up many samples the value
// is their mean, and the least and the greatest of them stand beside it.
func chartCSV(charts []chart, ct surface.TimeAxis) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	// A strings.Builder takes everything, so no error can come of these.
	_ = w.Write([]string{"time", "chart", "series", "object", "metric", "direction", "media", "stream", "value", "unit", "least", "greatest"})
	for i := range charts {
		ch := &charts[i]
		for k := range ch.Lines {
			ln := &ch.Lines[k]
			for n, p := range ln.Points {
				if p.At.Before(ct.From) || p.At.After(ct.To) {
					continue
				}
				row := []string{p.At.Format(time.RFC3339Nano), ch.Title, ln.Label, ln.Key.Element, ln.Key.Metric, string(ln.Key.Dir), ln.Key.Media, ln.Key.Stream, "", string(ln.Unit), "", ""}
				if p.Gap {
					_ = w.Write(row)
				}
				if ln.Low != nil {
					row[10], row[11] = strconv.FormatFloat(ln.Low[n], 'g', -1, 64), strconv.FormatFloat(ln.High[n], 'g', -1, 64)
				}
				row[8] = strconv.FormatFloat(p.V, 'g', -1, 64)
				_ = w.Write(row)
			}
		}
	}
	w.Flush()
	return b.String()
}

func (p *Page) copyCSV() {
	if len(p.charts) > 0 {
		fyne.CurrentApp().Clipboard().SetContent(chartCSV(p.charts, p.time))
	}
}
