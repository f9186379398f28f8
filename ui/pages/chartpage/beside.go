package chartpage

import (
	"image/color"
	"slices"
	"sort"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"kmscope/browserdump"
	"kmscope/stats"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
	"kmscope/ui/view"
)

// What the browser at the other end measured (view.Besides) stands in the chart of
// what the server measured of the same: what the browser sends beside what the
// server receives. Its metrics have the names of the server's behind
// browserdump.MetricPrefix, so that each pick finds its like; what only a browser
// knows has charts of its own.

// dashBrowser is the pattern of what a browser tells, of every medium: long and
// short, like that of no medium.
var dashBrowser = paint.Dash{7, 3, 1.5, 3}

// browser tells whether a browser told the line, not the server.
func (ln *chartLine) browser() bool { return ofBrowser(ln.Key.Metric) }

func ofBrowser(metric string) bool { return strings.HasPrefix(metric, browserdump.MetricPrefix) }

// inBrowser is the same pick among what the browser tells.
func (p pick) inBrowser() pick {
	if ofBrowser(p.metric) {
		return p
	}
	p.metric = browserdump.MetricPrefix + p.metric
	p.word = strings.TrimSpace("browser " + p.word)
	return p
}

// browserCharts are the charts of what only a browser knows. In and Out are seen
// from the server, as everywhere.
var browserCharts = []chartKind{
	{title: "Browser: frames", unit: stats.PerSecond, sets: inVideo, pick: []pick{
		{metric: browserdump.Frames, dir: stats.In, word: "sent"}, {metric: browserdump.Frames, dir: stats.Out, word: "shown", hue: okHue}}},
	{title: "Browser: height of the picture", unit: stats.Pixels, sets: inVideo, pick: []pick{
		{metric: browserdump.FrameHeight, dir: stats.In, word: "sent"}, {metric: browserdump.FrameHeight, dir: stats.Out, word: "received", hue: okHue}}},
	{title: "Browser: target bit rate", unit: stats.Bps, sets: inVideo | inCongestion, pick: []pick{{metric: browserdump.MetricPrefix + stats.TargetBitrate, dir: stats.In}}},
	{title: "Browser: sound made up", unit: stats.Ratio, sets: inVideo, pick: []pick{{metric: browserdump.Concealed, dir: stats.Out}}},
	{title: "Browser: jitter received", unit: stats.Ms, sets: inLatency, limits: jitterLimits, pick: []pick{{metric: browserdump.MetricPrefix + stats.Jitter, dir: stats.Out}}},
	{title: "Browser: wait in the jitter buffer", unit: stats.Ms, sets: inLatency, pick: []pick{{metric: browserdump.JitterBuffer, dir: stats.Out}}},
	{title: "Browser: time for a frame", unit: stats.Ms, sets: inLatency, pick: []pick{
		{metric: browserdump.FrameTime, dir: stats.In, word: "encode"}, {metric: browserdump.FrameTime, dir: stats.Out, word: "decode", hue: okHue}}},
}

func okHue(l *surface.Look) color.NRGBA { return l.OK }

// browserKind finds the chart of a metric that only a browser knows.
func browserKind(metric string) (chartKind, bool) {
	i := slices.IndexFunc(browserCharts, func(k chartKind) bool { return k.pick[0].metric == metric })
	if i < 0 {
		return chartKind{}, false
	}
	k := browserCharts[i]
	k.always, k.empty = inAll, "The browser's dump has no figures of this in this range."
	return k, true
}

// browserItems are the lines of the menu of metrics that only a browser knows.
func (p *Page) browserItems() []*fyne.MenuItem {
	if p.view == nil || !p.view.Besides().Any(view.Browser) {
		return nil
	}
	var out []*fyne.MenuItem
	for _, k := range browserCharts {
		item := fyne.NewMenuItem(k.title, func() { p.chooseMetric(k.pick[0].metric) })
		item.Checked = p.metric == k.pick[0].metric
		out = append(out, item)
	}
	return out
}

// besideSeries gives what the browsers tell of an element, within a range and a
// little beyond, as readSeries does; of metrics of the server, what is like them.
func besideSeries(list []*view.Beside, element string, from, to time.Time, points int, into spreads, metrics []string) []stats.Series {
	if from.IsZero() {
		return nil
	}
	margin := to.Sub(from)/20 + 5*time.Second
	var out []stats.Series
	for _, b := range list {
		for _, s := range b.Series {
			if s.Element != element || len(metrics) > 0 && !slices.Contains(metrics, strings.TrimPrefix(s.Metric, browserdump.MetricPrefix)) {
				continue
			}
			var one spread
			if s.Points, one = within(s.Points, from.Add(-margin), to.Add(margin), points); len(s.Points) == 0 {
				continue
			}
			if one.low != nil && into != nil {
				into[s.Key] = one
			}
			out = append(out, s)
		}
	}
	return out
}

// within gives the points of a range; where there are more than there is room
// for, their means, with what each sums up.
func within(pts []stats.Point, from, to time.Time, room int) ([]stats.Point, spread) {
	i := sort.Search(len(pts), func(i int) bool { return !pts[i].At.Before(from) })
	k := sort.Search(len(pts), func(i int) bool { return pts[i].At.After(to) })
	if pts = pts[i:max(i, k)]; room <= 0 || len(pts) <= room {
		return pts, spread{}
	}
	step := (len(pts) + room - 1) / room
	var out []stats.Point
	var one spread
	for len(pts) > 0 {
		n := min(step, len(pts))
		sum := stats.Point{At: pts[n/2].At}
		low, high := pts[0].V, pts[0].V
		for _, pt := range pts[:n] {
			sum.V += pt.V
			sum.Gap = sum.Gap || pt.Gap
			low, high = min(low, pt.V), max(high, pt.V)
		}
		sum.V /= float64(n)
		out = append(out, sum)
		one.low, one.high = append(one.low, low), append(one.high, high)
		pts = pts[n:]
	}
	return out, one
}

// browsers makes the charts of a metric that only a browser knows, of all
// endpoints whose browser is known.
func (g *gathering) browsers() []chart {
	k, ok := browserKind(g.q.metric)
	if !ok {
		return nil
	}
	var out []chart
	for _, b := range g.q.besides.Of(g.q.session) {
		if b.Kind != view.Browser || len(out) == busiestCharts || g.ctx.Err() != nil {
			continue
		}
		for _, ch := range g.named(chartsOf([]chartKind{k}, inAll, g.read(b.Object), g.label(b.Object)), b.Object) {
			ch.Kind, ch.Object = metricPrefix+string(k.pick[0].dir)+":"+g.q.metric, b.Object
			out = append(out, ch)
		}
	}
	return out
}

// browserRows are the rows of the table that the browsers tell.
func browserRows(list []*view.Beside, elements []string, from, to time.Time, name func(id string) string) []tableRow {
	var rows []tableRow
	for _, b := range list {
		for _, s := range b.Series {
			if !slices.Contains(elements, s.Element) {
				continue
			}
			pts, _ := within(s.Points, from, to, 0)
			if len(pts) == 0 || len(rows) == maxRows {
				continue
			}
			row := tableRow{Key: s.Key, Element: name(s.Element), Unit: s.Unit, Min: pts[0].V, Max: pts[0].V, Figure: "browser: " + browserWord(s.Metric)}
			for _, pt := range pts {
				row.Min, row.Max = min(row.Min, pt.V), max(row.Max, pt.V)
				row.Mean += pt.V
			}
			row.Mean /= float64(len(pts))
			var ends spread
			row.Points, ends = within(pts, from, to, trendPoints)
			row.Low, row.High = ends.low, ends.high
			row.words = strings.ToLower(row.Element + "\n" + row.Figure + "\n" + row.media() + "\n" + string(row.Key.Dir) + "\n" + s.Element)
			rows = append(rows, row)
		}
	}
	return rows
}

// browserWord is what a metric of a browser is called.
func browserWord(metric string) string {
	own := strings.TrimPrefix(metric, browserdump.MetricPrefix)
	if m, ok := stats.MetricOf(own); ok {
		return m.Label
	}
	return strings.ReplaceAll(own, "-", " ")
}
