package chartpage

import (
	"context"
	"image/color"
	"slices"
	"strings"
	"time"

	"kmscope/inventory"
	"kmscope/stats"
	"kmscope/timeline"
	"kmscope/ui/surface"
	"kmscope/ui/view"
)

// maxOverlay bounds how many elements are drawn over each other: more lines
// than these colours nobody tells apart.
const maxOverlay = 6

// chartQuery is all that the charts depend on.
type chartQuery struct {
	session  view.Session
	object   string
	overlay  string // ids of further elements, one per line
	set      chartSets
	rank     string // metric that elements are ranked by while none is selected
	from, to time.Time
	version  uint64
	snapshot uint64
	events   uint64
	points   int
}

// elements gives the elements that are drawn over each other: the selected one
// first. None means that nothing is selected, or a pipeline.
func (q chartQuery) elements() []string {
	var out []string
	if q.object != "" && q.object != inventory.ManagerID && q.object != inventory.PipelineOf(q.object) {
		out = append(out, q.object)
	}
	for id := range strings.SplitSeq(q.overlay, "\n") {
		if id != "" && !slices.Contains(out, id) && len(out) < maxOverlay {
			out = append(out, id)
		}
	}
	return out
}

// gatherCharts reads the series and makes the charts. Any goroutine.
func gatherCharts(ctx context.Context, q chartQuery, snap *inventory.Snapshot) (charts []chart, empty string) {
	store := q.session.Stats()
	if store == nil || q.set != inServer && store.Samples() == 0 && len(store.Elements()) == 0 {
		return nil, "No statistics yet: nothing was sampled. They appear about a second after an endpoint begins to exchange media."
	}
	offset, _ := store.ClockOffset()
	read := func(element string, metrics ...string) []stats.Series {
		sq := stats.Query{Element: element, Metrics: metrics, MaxPoints: q.points}
		if !q.from.IsZero() {
			// A little more on both ends lets the lines run to the edges.
			margin := q.to.Sub(q.from)/20 + 5*time.Second
			sq.From, sq.To = q.from.Add(offset-margin), q.to.Add(offset+margin)
		}
		list := store.Series(sq)
		for i := range list {
			for k := range list[i].Points {
				list[i].Points[k].At = list[i].Points[k].At.Add(-offset)
			}
		}
		return list
	}
	label := func(id string) string { return view.ObjectName(snap, id) }
	server := func() []chart {
		return chartsOf(serverCharts, q.set, append(read(inventory.ManagerID), countSeries(snap)...), "server")
	}
	if q.set == inServer {
		return server(), ""
	}
	if elements := q.elements(); len(elements) > 0 {
		if charts = elementsCharts(elements, q.set, func(id string) []stats.Series { return read(id) }, label); charts == nil {
			return nil, "No statistics yet: " + label(elements[0]) + " has no figures in this range. RTP and WebRTC endpoints have them once media is negotiated."
		}
		return append(charts, server()...), ""
	}
	inPipeline := ""
	if q.object != "" && q.object != inventory.ManagerID {
		inPipeline = q.object
	} else {
		charts = server()
	}
	to := q.to
	if !to.IsZero() {
		to = to.Add(offset)
	}
	r := rankingOf(q.rank)
	ranked := busiest(store.Latest(stats.Query{Metrics: []string{r.metric}, To: to}), r.metric, busiestCharts, func(id string) bool {
		return inPipeline == "" || inventory.PipelineOf(id) == inPipeline
	})
	for _, b := range ranked {
		if ctx.Err() != nil {
			return charts, ""
		}
		if ch := overviewChart(r, read(b.ID, r.metric), label(b.ID)); len(ch.Lines) > 0 {
			ch.Object = b.ID
			charts = append(charts, ch)
		}
	}
	if len(charts) == 0 {
		if inPipeline != "" {
			return nil, "No element of " + label(inPipeline) + " has figures of " + r.word + " in this range."
		}
		return nil, "No statistics of " + r.word + " in this range. Choose a longer one, or follow the end."
	}
	return charts, ""
}

// elementsCharts makes the charts of one element, or of several over each
// other: then the hue tells the elements apart and the dash the media. It gives
// nil when none of the elements has figures at all.
func elementsCharts(elements []string, set chartSets, read func(id string) []stats.Series, label func(id string) string) []chart {
	var out []chart
	found := false
	for i, id := range elements {
		series := read(id)
		found = found || len(series) > 0
		name := label(id)
		charts := chartsOf(elementCharts, inAll, series, name)
		if len(elements) == 1 {
			out = chartsOf(elementCharts, set, series, name)
			break
		}
		for _, ch := range charts {
			for k := range ch.Lines {
				ln := &ch.Lines[k]
				// Short names: several of them share a legend.
				ln.Label = strings.TrimPrefix(name, inventory.TypeOf(id)+" ") + " " + ln.Label
				ln.Hue = overlayHue(i)
				if ln.Apart != nil {
					ln.Dash = ln.Apart
				}
			}
			at := slices.IndexFunc(out, func(c chart) bool { return c.Title == ch.Title })
			if at < 0 {
				ch.Note = "overlay"
				out = append(out, ch)
				continue
			}
			out[at].Lines = append(out[at].Lines, ch.Lines...)
		}
	}
	if !found {
		return nil
	}
	if len(elements) > 1 {
		order := func(title string) int {
			return slices.IndexFunc(elementCharts, func(k chartKind) bool { return k.title == title })
		}
		out = slices.DeleteFunc(out, func(c chart) bool {
			k := elementCharts[order(c.Title)]
			return set != inAll && k.sets&set == 0 || len(c.Lines) == 0 && k.always&set == 0
		})
		slices.SortStableFunc(out, func(a, b chart) int { return order(a.Title) - order(b.Title) })
		for i := range out {
			// What is to be compared stands side by side in the legend.
			slices.SortStableFunc(out[i].Lines, func(a, b chartLine) int { return mediaOrder(a.Media) - mediaOrder(b.Media) })
		}
	}
	return out
}

// overlayHue gives the hue of one of several elements. All of them are of the
// palette that colour-blind people tell apart.
func overlayHue(i int) func(*surface.Look) color.NRGBA {
	return func(l *surface.Look) color.NRGBA {
		return []color.NRGBA{l.Video, l.Data, l.OK, l.Audio, l.Error, l.Text}[i%maxOverlay]
	}
}

// The bounds of the ticks of events.
const (
	maxMarks      = 400
	maxMarkSearch = 20_000
)

// findMarks picks the events of a range that explain a change in the figures:
// errors, changes of ICE, and commands. With elements only theirs count, and
// what belongs to no object. Any goroutine.
func findMarks(ctx context.Context, log *timeline.Log, elements []string, from, to time.Time) []surface.Mark {
	if log == nil || from.IsZero() {
		return nil
	}
	var out []surface.Mark
	end := log.Len()
	stop := max(end-maxMarkSearch, 0)
	for end > stop && len(out) < maxMarks && ctx.Err() == nil {
		begin := max(end-view.EntryChunk, stop)
		list := log.Range(begin, end)
		end = begin
		for i := len(list) - 1; i >= 0 && len(out) < maxMarks; i-- {
			e := &list[i]
			kind, ok := markOf(e)
			if !ok || len(elements) > 0 && e.Object != "" && !slices.Contains(elements, e.Object) && !slices.Contains(elements, inventory.PipelineOf(e.Object)) {
				continue
			}
			if at := e.At; !at.Before(from) && !at.After(to) {
				out = append(out, surface.Mark{At: at, Kind: kind})
			}
		}
		if len(list) > 0 && list[0].At.Before(from.Add(-time.Minute)) {
			break
		}
	}
	return out
}

func markOf(e *timeline.Entry) (surface.MarkKind, bool) {
	switch {
	case e.Severity == timeline.Error:
		return surface.MarkError, true
	case e.Type == timeline.TypeCommand:
		return surface.MarkCommand, true
	case strings.Contains(e.Type, "IceComponentStateChange"):
		return surface.MarkICE, true
	}
	return 0, false
}
