// Package chartfile writes charts as files for reports and tickets: SVG, PNG
// and PDF, with title, units, legend and time zone. It knows no window, so it
// works without a display. Files are drawn on white in both themes: they are
// read in documents and printed.
package chartfile

import (
	"errors"
	"fmt"
	"image/color"
	"io"
	"math"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgpdf"
	"gonum.org/v1/plot/vg/vgsvg"

	"kmscope/stats"
)

// Format is a kind of file.
type Format string

// The formats, named like the endings of their files.
const (
	SVG Format = "svg"
	PNG Format = "png"
	PDF Format = "pdf"
)

// Line is one series of a chart.
type Line struct {
	Label string
	Color color.Color
	// Dashes are the lengths of strokes and spaces in points; nil is solid.
	Dashes []float64
	// Points are in the order of time, on the local clock. A Gap is not bridged.
	Points []stats.Point
	// Low and High are the ends of what each point sums up: then the point is
	// their mean, and the span between them is drawn behind the line. nil where
	// every sample is a point.
	Low, High []float64
}

// Limit is a threshold, in the unit of its chart.
type Limit struct {
	V    float64
	Word string
}

// Chart is one small multiple.
type Chart struct {
	Title  string
	Unit   stats.Unit
	Lines  []Line
	Limits []Limit
	// Bottom and Top are the ends of the vertical axis, in Unit; where Top is not
	// above Bottom they come from the figures, and from zero on.
	Bottom, Top float64
	// Log makes the axis logarithmic: what is not above zero stands at its
	// bottom.
	Log bool
	// Stacked draws each line on those before it. They have their points at the
	// same moments.
	Stacked bool
}

// Sheet is what one file shows: charts over one range of time.
type Sheet struct {
	Title    string
	From, To time.Time
	// Zone is the time zone that the axis is written in; nil is UTC.
	Zone   *time.Location
	Charts []Chart
}

// maxCharts bounds a file: with more a picture would not open in any viewer.
const maxCharts = 64

// The measures of a sheet.
const (
	columns     = 2
	chartWidth  = 12 * vg.Centimeter
	chartHeight = 5.6 * vg.Centimeter
	headHeight  = 1.3 * vg.Centimeter
	margin      = 0.4 * vg.Centimeter
	pngDPI      = 144
)

// sans is the variant of the library's own font that is read best when small.
const sans = "Sans"

// ErrNothing is returned by Write for a sheet without charts or range.
var ErrNothing = errors.New("there is no chart to write: choose a range that has figures")

// Write draws a sheet in a format. Errors are ErrNothing, an unknown format, or
// those of w. Any goroutine; a sheet of an hour takes about a second.
func Write(w io.Writer, f Format, s Sheet) error {
	if len(s.Charts) == 0 || !s.To.After(s.From) {
		return ErrNothing
	}
	charts := s.Charts[:min(len(s.Charts), maxCharts)]
	cols := min(columns, len(charts))
	rows := (len(charts) + cols - 1) / cols
	width := vg.Length(cols)*chartWidth + 2*margin
	height := vg.Length(rows)*chartHeight + headHeight + 2*margin

	var c vg.CanvasWriterTo
	switch f {
	case SVG:
		c = vgsvg.New(width, height)
	case PNG:
		c = vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(pngDPI))}
	case PDF:
		c = vgpdf.New(width, height)
	default:
		return fmt.Errorf("charts cannot be written as %q: choose svg, png or pdf", string(f))
	}
	dc := draw.New(c)
	dc.SetColor(color.White)
	dc.Fill(dc.Rectangle.Path())

	zone := s.Zone
	if zone == nil {
		zone = time.UTC
	}
	head(dc, s, zone)
	grid := make([][]*plot.Plot, rows)
	for r := range grid {
		grid[r] = make([]*plot.Plot, cols)
		for k := range grid[r] {
			if i := r*cols + k; i < len(charts) {
				p, err := plotOf(charts[i], s.From, s.To, zone)
				if err != nil {
					return fmt.Errorf("the chart %q cannot be drawn: %w", charts[i].Title, err)
				}
				grid[r][k] = p
			}
		}
	}
	body := draw.Crop(dc, margin, -margin, margin, -margin-headHeight)
	tiles := draw.Tiles{Rows: rows, Cols: cols, PadX: 0.5 * vg.Centimeter, PadY: 0.4 * vg.Centimeter}
	canvases := plot.Align(grid, tiles, body)
	for r, row := range grid {
		for k, p := range row {
			if p != nil {
				p.Draw(canvases[r][k])
			}
		}
	}
	_, err := c.WriteTo(w)
	return err
}

// head writes the title of the sheet, and the range with its zone.
func head(dc draw.Canvas, s Sheet, zone *time.Location) {
	sty := plot.New().Title.TextStyle
	sty.XAlign, sty.YAlign = draw.XLeft, draw.YTop
	sty.Font.Size, sty.Font.Variant = 12, sans
	at := vg.Point{X: dc.Min.X + margin, Y: dc.Max.Y - margin}
	dc.FillText(sty, at, s.Title)
	sty.Font.Size = 9
	sty.Color = color.Gray{0x60}
	const layout = "2006-01-02 15:04:05"
	at.Y -= 16
	dc.FillText(sty, at, s.From.In(zone).Format(layout)+" to "+s.To.In(zone).Format(layout+" MST (-07:00)"))
}

func plotOf(ch Chart, from, to time.Time, zone *time.Location) (*plot.Plot, error) {
	p := plot.New()
	div, unit := scaleOf(ch, from, to)
	p.Title.Text = ch.Title
	p.Title.TextStyle.Font.Size = 10
	p.Y.Label.Text = unit
	p.Y.Label.TextStyle.Font.Size, p.X.Tick.Label.Font.Size, p.Y.Tick.Label.Font.Size = 8, 7, 7
	p.Legend.TextStyle.Font.Size = 7
	for _, sty := range []*text.Style{&p.Title.TextStyle, &p.Y.Label.TextStyle, &p.X.Tick.Label, &p.Y.Tick.Label, &p.Legend.TextStyle} {
		sty.Font.Variant = sans
	}
	p.Legend.Top, p.Legend.Left = true, true
	p.Legend.ThumbnailWidth = 14
	p.Add(&plotter.Grid{
		Vertical:   draw.LineStyle{Color: color.Gray{0xe8}, Width: 0.4},
		Horizontal: draw.LineStyle{Color: color.Gray{0xe8}, Width: 0.4},
	})
	lines := ch.Lines
	if ch.Stacked {
		lines = stacked(lines)
	}
	y := axisOf(ch, lines, from, to, div)
	// What lies below is drawn after what lies above it, or a stack would hide
	// its lower layers.
	for n := range lines {
		i := n
		if ch.Stacked {
			i = len(lines) - 1 - n
		}
		if err := addLine(p, &lines[i], parts(lines[i], from, to, div), y, ch.Stacked); err != nil {
			return nil, err
		}
	}
	for _, m := range ch.Limits {
		v := m.V / div
		if v <= y.low || v >= y.high {
			continue
		}
		line, err := plotter.NewLine(plotter.XYs{{X: seconds(from), Y: v}, {X: seconds(to), Y: v}})
		if err != nil {
			return nil, err
		}
		line.Color, line.Width, line.Dashes = color.NRGBA{0xa3, 0x6a, 0, 0xff}, 0.6, []vg.Length{2, 3}
		p.Add(line)
		p.Legend.Add(m.Word, line)
	}
	y.use(p)
	p.X.Min, p.X.Max = seconds(from), seconds(to)
	layout := "15:04:05"
	if to.Sub(from) > 20*time.Minute {
		layout = "15:04"
	}
	p.X.Tick.Marker = plot.TimeTicks{Ticker: plot.DefaultTicks{}, Format: layout, Time: func(t float64) time.Time {
		return time.Unix(0, int64(t*1e9)).In(zone)
	}}
	return p, nil
}

func seconds(t time.Time) float64 { return float64(t.UnixNano()) / 1e9 }

// scaleOf gives what values are divided by, and the unit that then holds.
func scaleOf(ch Chart, from, to time.Time) (div float64, unit string) {
	hi := 0.0
	for _, ln := range ch.Lines {
		for _, pt := range ln.Points {
			if !pt.At.Before(from) && !pt.At.After(to) && !math.IsNaN(pt.V) && !math.IsInf(pt.V, 0) {
				hi = max(hi, math.Abs(pt.V))
			}
		}
	}
	pick := func(step float64, units ...string) (float64, string) {
		d, i := 1.0, 0
		for i < len(units)-1 && hi >= d*step {
			d *= step
			i++
		}
		return d, units[i]
	}
	switch ch.Unit {
	case stats.Bps:
		return pick(1000, "bit/s", "kbit/s", "Mbit/s", "Gbit/s")
	case stats.Bytes:
		return pick(1000, "B", "kB", "MB", "GB")
	case stats.BytesPerSecond:
		return pick(1000, "B/s", "kB/s", "MB/s", "GB/s")
	case stats.KiB:
		return pick(1024, "KiB", "MiB", "GiB")
	case stats.Ratio:
		return 0.01, "%"
	case stats.PerSecond:
		return 1, "per s"
	case stats.Count:
		return 1, "count"
	}
	return 1, string(ch.Unit)
}
