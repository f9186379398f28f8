package chartpage

import (
	"cmp"
	"image/color"
	"slices"
	"strings"
	"time"

	"kmscope/inventory"
	"kmscope/stats"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
)

// busiestCharts bounds the charts of an overview: more small multiples than
// this nobody compares.
const busiestCharts = 32

// chartKind says which series make one chart of an element.
type chartKind struct {
	title  string
	unit   stats.Unit
	pick   []pick
	sets   chartSets // the saved sets that it belongs to, besides that of all
	always chartSets // the sets in which it is shown empty as well
	limits []limit
	empty  string
}

// pick selects series for a chart. A word replaces the medium in the legend.
type pick struct {
	metric string
	dir    stats.Direction
	word   string
	hue    func(l *surface.Look) color.NRGBA // nil: the hue of the medium
	dash   paint.Dash                        // nil: the pattern of the medium
	apart  paint.Dash                        // the pattern where the hue tells elements apart; nil: dash
}

// The thresholds of the rules of diagnosis, in the units of their charts.
const (
	lossThreshold = 0.05 // the share of lost packets from which people hear and see it
	rttSlow       = 250  // ms; from here people begin to talk over each other
	rttBad        = 500  // ms
	jitterNotable = 30   // ms; a usual jitter buffer still hides it
	jitterBad     = 200  // ms; no usual jitter buffer does
	nackMany      = 10   // per second and medium
)

// limit is a threshold that a chart shows as a faint line with a word.
type limit struct {
	V    float64
	Word string
}

var (
	lossLimits   = []limit{{lossThreshold, "loss 5 %"}}
	rttLimits    = []limit{{rttSlow, "slow 250 ms"}, {rttBad, "bad 500 ms"}}
	jitterLimits = []limit{{jitterNotable, "notable 30 ms"}, {jitterBad, "bad 200 ms"}}
)

// elementCharts are the small multiples of one element, in their order.
var elementCharts = []chartKind{
	{title: received, unit: stats.Bps, sets: inVideo | inCongestion, always: inVideo | inAll, pick: []pick{{metric: stats.Bitrate, dir: stats.In}},
		empty: "Nothing received from the remote side yet."},
	{title: "Bitrate sent, target, REMB", unit: stats.Bps, sets: inVideo | inCongestion, always: inVideo | inCongestion | inAll, pick: []pick{
		{metric: stats.Bitrate, dir: stats.Out},
		{metric: stats.TargetBitrate, dir: stats.Out, word: "target", hue: func(l *surface.Look) color.NRGBA { return l.Dim }, dash: surface.DashLimit},
		{metric: stats.REMB, dir: stats.Out, word: "REMB", hue: func(l *surface.Look) color.NRGBA { return l.Data }, apart: surface.DashData},
	}, empty: "Nothing sent to the remote side yet."},
	{title: "REMB told to the sender", unit: stats.Bps, sets: inCongestion, pick: []pick{{metric: stats.REMB, dir: stats.In}}},
	{title: "Loss per interval", unit: stats.Ratio, sets: inVideo | inCongestion, always: inVideo | inCongestion | inAll, limits: lossLimits, pick: []pick{{metric: stats.Loss, dir: stats.In}},
		empty: "No loss figures yet: they need received RTP."},
	{title: "Loss told by the remote side", unit: stats.Ratio, sets: inVideo | inCongestion, limits: lossLimits, pick: []pick{{metric: stats.FractionLost, dir: stats.Out}}},
	{title: "Jitter received", unit: stats.Ms, sets: inVideo | inLatency | inCongestion, always: inVideo | inLatency | inAll, limits: jitterLimits, pick: []pick{{metric: stats.Jitter, dir: stats.In}},
		empty: "No jitter figures yet: they need received RTP."},
	{title: "Round trip", unit: stats.Ms, sets: inVideo | inLatency | inCongestion, always: inVideo | inLatency | inCongestion | inAll, limits: rttLimits, pick: []pick{{metric: stats.RTT, dir: stats.Out}},
		empty: "No round trip yet: it needs receiver reports from the remote side."},
	{title: "NACK, PLI, FIR", unit: stats.PerSecond, sets: inVideo | inCongestion, limits: []limit{{nackMany, "NACK 10 per s"}}, pick: []pick{
		{metric: stats.NACKRate, word: "NACK", hue: func(l *surface.Look) color.NRGBA { return l.Error }},
		{metric: stats.PLIRate, word: "PLI", hue: func(l *surface.Look) color.NRGBA { return l.Warning }, apart: surface.DashAudio},
		{metric: stats.FIRRate, word: "FIR", hue: func(l *surface.Look) color.NRGBA { return l.Data }, apart: surface.DashData},
	}},
	{title: "Packets", unit: stats.PerSecond, pick: []pick{{metric: stats.PacketRate}}},
	{title: "Latency end to end (unreliable figure)", unit: stats.Ms, sets: inVideo | inLatency, always: inLatency, pick: []pick{{metric: stats.E2ELatency}},
		empty: "Not measured: latencyStats of the pipeline is off."},
	{title: "Latency at the input", unit: stats.Ms, sets: inLatency, always: inLatency, pick: []pick{{metric: stats.InputLatency}},
		empty: "Not measured: latencyStats of the pipeline is off."},
	{title: "Data channel messages", unit: stats.PerSecond, pick: []pick{{metric: stats.MessageRate}}},
}

// serverCharts are the figures of the server itself.
var serverCharts = []chartKind{
	{title: "Server CPU", unit: stats.Ratio, sets: inVideo | inLatency | inServer, always: inServer, pick: []pick{{metric: stats.CPU, word: "all cores", hue: func(l *surface.Look) color.NRGBA { return l.Accent }}},
		empty: "The server was not asked for its CPU load yet, or does not tell it."},
	{title: "Server memory", unit: stats.KiB, sets: inVideo | inServer, always: inServer, pick: []pick{{metric: stats.Memory, word: "resident", hue: func(l *surface.Look) color.NRGBA { return l.Dim }}},
		empty: "The server was not asked for its memory yet, or does not tell it."},
	{title: "Ping", unit: stats.Ms, sets: inLatency | inServer, pick: []pick{{metric: stats.Ping, word: "round trip", hue: func(l *surface.Look) color.NRGBA { return l.OK }}}},
	{title: "Pipelines", unit: stats.Count, sets: inServer, pick: []pick{{metric: stats.Pipelines, word: "alive", hue: func(l *surface.Look) color.NRGBA { return l.Accent }}}},
	{title: "Elements", unit: stats.Count, sets: inServer, pick: []pick{{metric: stats.Elements, word: "alive", hue: func(l *surface.Look) color.NRGBA { return l.OK }}}},
	{title: "Sessions", unit: stats.Count, sets: inServer, pick: []pick{{metric: stats.Sessions, word: "listed", hue: func(l *surface.Look) color.NRGBA { return l.Data }}}},
	{title: "Cost of watching: requests", unit: stats.PerSecond, sets: inServer | inCost, always: inCost, pick: []pick{{metric: stats.WatchRequests, word: "requests", hue: func(l *surface.Look) color.NRGBA { return l.Dim }}},
		empty: "Nothing was asked yet."},
	{title: "Cost of watching: server time", unit: stats.MsPerSecond, sets: inServer | inCost, always: inCost, pick: []pick{{metric: stats.WatchTime, word: "at most", hue: func(l *surface.Look) color.NRGBA { return l.OK }}},
		empty: "Nothing was answered yet."},
	{title: "Cost of watching: bytes", unit: stats.BytesPerSecond, sets: inCost, always: inCost, pick: []pick{
		{metric: stats.WatchReceived, word: "from the server", hue: func(l *surface.Look) color.NRGBA { return l.Accent }},
		{metric: stats.WatchSent, word: "to the server", hue: func(l *surface.Look) color.NRGBA { return l.Warning }, dash: surface.DashAudio},
	}, empty: "Nothing was sent yet."},
}

// chartsOf makes the charts of one element that are in a saved set from its
// series. note names the element.
func chartsOf(kinds []chartKind, set chartSets, series []stats.Series, note string) []chart {
	var out []chart
	for _, k := range kinds {
		if set != inAll && k.sets&set == 0 {
			continue
		}
		ch := chart{Title: k.title, Kind: k.title, Unit: k.unit, Note: note, Limits: k.limits, Empty: k.empty}
		for _, p := range k.pick {
			ch.Lines = append(ch.Lines, linesOf(p, series)...)
			if b := p.inBrowser(); b.metric != p.metric {
				ch.Lines = append(ch.Lines, linesOf(b, series)...)
			}
		}
		if k.unit == stats.PerSecond {
			ch.Lines = dropSilent(ch.Lines)
		}
		if len(ch.Lines) > 0 || k.always&set != 0 {
			out = append(out, ch)
		}
	}
	return out
}

// metricPrefix begins the names of the kinds that show one metric; a direction
// and the metric follow.
const metricPrefix = "metric:"

// kindNamed finds the kind of chart that chart.Kind names.
func kindNamed(name string) (chartKind, bool) {
	if rest, ok := strings.CutPrefix(name, metricPrefix); ok {
		dir, metric, _ := strings.Cut(rest, ":")
		for _, k := range kindsOf(metric) {
			if string(k.pick[0].dir) == dir {
				return k, true
			}
		}
		if m, ok := stats.MetricOf(metric); ok && dir == "" {
			return chartKind{title: m.Label, unit: m.Unit, limits: rankingOf(metric).limits, pick: []pick{{metric: metric}}}, true
		}
		return chartKind{}, false
	}
	for _, list := range [][]chartKind{elementCharts, browserCharts, serverCharts} {
		for _, k := range list {
			if k.title == name {
				return k, true
			}
		}
	}
	return chartKind{}, false
}

// kindsOf gives the charts of one metric of the catalogue, one per direction.
func kindsOf(metric string) []chartKind {
	if k, ok := browserKind(metric); ok {
		return []chartKind{k}
	}
	m, ok := stats.MetricOf(metric)
	if !ok {
		return nil
	}
	var out []chartKind
	for _, d := range m.Dirs {
		title := strings.ToUpper(m.Label[:1]) + m.Label[1:]
		switch d {
		case stats.In:
			title += ", in"
		case stats.Out:
			title += ", out"
		}
		out = append(out, chartKind{title: title, unit: m.Unit, always: inAll, limits: rankingOf(metric).limits,
			pick: []pick{{metric: metric, dir: d}}, empty: "No figures of this in this range."})
	}
	return out
}

// dropSilent leaves out counters that never counted: a chart of six flat
// lines says nothing.
func dropSilent(lines []chartLine) []chartLine {
	return slices.DeleteFunc(lines, func(ln chartLine) bool {
		for _, p := range ln.Points {
			if p.V != 0 {
				return false
			}
		}
		return true
	})
}

func linesOf(p pick, series []stats.Series) []chartLine {
	var out []chartLine
	perMedia := map[string]int{}
	dirs := map[stats.Direction]bool{}
	for _, s := range series {
		if s.Metric == p.metric && (p.dir == stats.None || s.Dir == p.dir) {
			perMedia[s.Media+string(s.Dir)]++
			dirs[s.Dir] = true
		}
	}
	for _, s := range series {
		if s.Metric != p.metric || p.dir != stats.None && s.Dir != p.dir {
			continue
		}
		ln := chartLine{Media: inventory.Media(s.Media), Hue: p.hue, Dash: p.dash, Apart: p.apart, Unit: s.Unit, Points: s.Points, Key: s.Key}
		if ln.Dash == nil {
			ln.Dash = surface.DashOf(ln.Media)
		}
		word := surface.MediaWord(ln.Media)
		if p.word != "" {
			if len(perMedia) > 1 && word != "" {
				word = p.word + " " + word
			} else {
				word = p.word
			}
		}
		if word == "" {
			word = string(s.Dir)
		} else if len(dirs) > 1 {
			word += " " + string(s.Dir)
		}
		ln.Faded = len(dirs) > 1 && s.Dir == stats.Out
		if perMedia[s.Media+string(s.Dir)] > 1 && s.Stream != "" {
			word += " …" + s.Stream[max(len(s.Stream)-4, 0):]
		}
		ln.Label = word
		out = append(out, ln)
	}
	slices.SortStableFunc(out, func(a, b chartLine) int {
		return cmp.Or(cmp.Compare(mediaOrder(a.Media), mediaOrder(b.Media)), strings.Compare(string(a.Key.Dir), string(b.Key.Dir)))
	})
	return out
}

// mediaOrder puts what people ask about first.
func mediaOrder(m inventory.Media) int {
	switch m {
	case inventory.Video:
		return 0
	case inventory.Audio:
		return 1
	case inventory.Data:
		return 2
	}
	return 3
}

// busyElement is an element of the overview with its rank.
type busyElement struct {
	ID string
	V  float64
}

// busiest ranks elements by what they have of a metric now, most first, and by
// id where that is equal: flows are summed, of everything else the worst value
// counts. keep tells which elements count.
func busiest(latest []stats.Series, metric string, n int, keep func(id string) bool) []busyElement {
	value := map[string]float64{}
	for _, s := range latest {
		if s.Metric != metric || len(s.Points) == 0 || !keep(s.Element) {
			continue
		}
		v := s.Points[len(s.Points)-1].V
		if metric == stats.Bitrate || metric == stats.PacketRate {
			v += value[s.Element]
		} else if old, ok := value[s.Element]; ok {
			v = max(v, old)
		}
		value[s.Element] = v
	}
	out := make([]busyElement, 0, len(value))
	for id, v := range value {
		out = append(out, busyElement{id, v})
	}
	slices.SortFunc(out, func(a, b busyElement) int {
		return cmp.Or(cmp.Compare(b.V, a.V), cmp.Compare(a.ID, b.ID))
	})
	return out[:min(len(out), n)]
}

// overviewChart is the one chart of an element in the overview. Of a bit rate
// it shows the direction in which the element moves more.
func overviewChart(r ranking, series []stats.Series, label string) chart {
	var in, out float64
	ch := chart{Title: label, Note: r.word, Limits: r.limits}
	for _, s := range series {
		if s.Metric != r.metric || len(s.Points) == 0 {
			continue
		}
		ch.Unit = s.Unit
		if s.Dir == stats.In {
			in += s.Points[len(s.Points)-1].V
		} else {
			out += s.Points[len(s.Points)-1].V
		}
	}
	what := pick{metric: r.metric}
	if r.metric == stats.Bitrate {
		what.dir, ch.Note = stats.In, "received"
		if out > in {
			what.dir, ch.Note = stats.Out, "sent"
		}
	}
	ch.Lines = append(linesOf(what, series), linesOf(what.inBrowser(), series)...)
	ch.Kind, ch.Ranked = metricPrefix+string(what.dir)+":"+r.metric, true
	return ch
}

// chartSpan is how much time the charts show.
type chartSpan struct {
	word string
	d    time.Duration // 0: all
}

var chartSpans = []chartSpan{{"20 s", 20 * time.Second}, {"5 min", 5 * time.Minute}, {"all", 0}}
