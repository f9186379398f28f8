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
	metric   string // the one that is shown; "" is those of the set
	rank     string // metric that elements are ranked by while none is selected
	kind     string // type of the elements that are ranked; "" is any
	pins     string // a kind and an element per line
	compared comparison
	table    bool
	phantoms bool // are in the table
	from, to time.Time
	version  uint64
	snapshot uint64
	events   uint64
	points   int
	deep     *archived // read again from the capture; nil is nothing
	besides  *view.Besides
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

// gatherCharts reads the series and makes the charts, those that are pinned
// first. Any goroutine.
func gatherCharts(ctx context.Context, q chartQuery, snap *inventory.Snapshot) (charts []chart, empty string, old deeper) {
	store := q.session.Stats()
	if store == nil || !q.set.server() && store.Samples() == 0 && len(store.Elements()) == 0 {
		return nil, "No statistics yet: nothing was sampled. They appear about a second after an endpoint begins to exchange media.", deeper{}
	}
	g := gathering{ctx: ctx, q: q, snap: snap, spread: spreads{}, old: deeper{have: q.deep}}
	charts, empty = g.main()
	pinned := g.pinned()
	charts = slices.DeleteFunc(charts, func(ch chart) bool {
		return slices.ContainsFunc(pinned, func(p chart) bool { return p.Kind == ch.Kind && p.Element == ch.Element })
	})
	charts = append(pinned, charts...)
	g.spread.attach(charts)
	bands := map[string][]band{}
	for i := range charts {
		id := charts[i].Element
		if _, known := bands[id]; !known {
			bands[id] = bandsOf(q.session.Lanes(), id, q.from, q.to)
		}
		charts[i].Bands = bands[id]
	}
	notePhantoms(charts, store)
	c, then := q.compared, spreads{}
	c.overlay(charts, q.session, q.elements(), func(x view.Session, element string) []stats.Series {
		return readSeries(x, q.from.Add(-c.shift), q.to.Add(-c.shift), q.points, then, nil, element)
	}, then)
	return charts, empty, g.old
}

// gathering is one run of gatherCharts.
type gathering struct {
	ctx  context.Context
	q    chartQuery
	snap *inventory.Snapshot
	// spread is what the points that were read sum up.
	spread spreads
	old    deeper
}

func (g *gathering) read(element string, metrics ...string) []stats.Series {
	list := readSeries(g.q.session, g.q.from, g.q.to, g.q.points, g.spread, &g.old, element, metrics...)
	return append(list, besideSeries(g.q.besides.Of(g.q.session), element, g.q.from, g.q.to, g.q.points, g.spread, metrics)...)
}

func (g *gathering) label(id string) string { return view.ObjectName(g.snap, id) }

func (g *gathering) server() []chart {
	return g.named(chartsOf(serverCharts, g.q.set, g.read(inventory.ManagerID), "server"), inventory.ManagerID)
}

// named says which element charts are of.
func (g *gathering) named(charts []chart, element string) []chart {
	for i := range charts {
		charts[i].Element = element
	}
	return charts
}

// pinned makes the charts that stay whatever is selected; those of elements that
// nobody knows (any more) are left out.
func (g *gathering) pinned() []chart {
	var out []chart
	for line := range strings.Lines(g.q.pins) {
		kind, element, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if !ok || g.ctx.Err() != nil {
			continue
		}
		k, ok := kindNamed(kind)
		list := g.read(element)
		if !ok || len(list) == 0 {
			continue
		}
		k.always = inAll
		note := g.label(element)
		if element == inventory.ManagerID {
			note = "server"
		}
		for _, ch := range g.named(chartsOf([]chartKind{k}, inAll, list, note), element) {
			ch.Kind, ch.Pinned, ch.Object = kind, true, element
			out = append(out, ch)
		}
	}
	return out
}

// main makes the charts of what is selected, or of what ranks first.
func (g *gathering) main() (charts []chart, empty string) {
	q := g.q
	if q.set.server() && q.metric == "" {
		return g.server(), ""
	}
	if elements := q.elements(); len(elements) > 0 {
		return g.of(elements)
	}
	if charts := g.browsers(); len(charts) > 0 {
		return charts, ""
	}
	inPipeline := ""
	if q.object != "" && q.object != inventory.ManagerID {
		inPipeline = q.object
	} else if q.metric == "" {
		charts = g.server()
	}
	to := q.to
	if !to.IsZero() {
		offset, _ := q.session.Stats().ClockOffset()
		to = to.Add(offset)
	}
	r := rankingOf(q.rank)
	ranked := busiest(latest(q.session, q.deep, r.metric, to), r.metric, busiestCharts, func(id string) bool {
		return (inPipeline == "" || inventory.PipelineOf(id) == inPipeline) && (q.kind == "" || inventory.TypeOf(id) == q.kind)
	})
	if len(ranked) == 1 && q.metric == "" {
		// Nothing to rank: as good as selected.
		return g.of([]string{ranked[0].ID})
	}
	for _, b := range ranked {
		if g.ctx.Err() != nil {
			return charts, ""
		}
		if ch := overviewChart(r, g.read(b.ID, r.metric), g.label(b.ID)); len(ch.Lines) > 0 {
			ch.Object, ch.Element = b.ID, b.ID
			charts = append(charts, ch)
		}
	}
	if len(charts) == 0 {
		of := ""
		if q.kind != "" {
			of = " of type " + q.kind
		}
		if inPipeline != "" {
			return nil, "No element" + of + " of " + g.label(inPipeline) + " has figures of " + r.word + " in this range."
		}
		return nil, "No statistics of " + r.word + of + " in this range. Choose a longer one, another type, or follow the end."
	}
	return charts, ""
}

// of makes the charts of elements, and those of the server that belong to the
// set.
func (g *gathering) of(elements []string) (charts []chart, empty string) {
	q := g.q
	kinds, set := slices.Concat(elementCharts, browserCharts), q.set
	if q.metric != "" {
		kinds, set = kindsOf(q.metric), inAll
	}
	charts = elementsCharts(kinds, elements, set, func(id string) []stats.Series { return g.read(id) }, g.label)
	if charts == nil {
		return nil, "No statistics yet: " + g.label(elements[0]) + " has no figures in this range. RTP and WebRTC endpoints have them once media is negotiated."
	}
	if q.metric != "" {
		return charts, ""
	}
	if q.set == inLatency || q.set == inAll {
		charts = append(charts, stacks(g.snap, elements, surface.TimeAxis{From: q.from, To: q.to},
			func(id string) []stats.Series { return g.read(id, stats.InputLatency) }, g.label)...)
	}
	return append(charts, g.server()...), ""
}

// elementsCharts makes the charts of one element, or of several over each
// other: then the hue tells the elements apart and the dash the media. It gives
// nil when none of the elements has figures at all.
func elementsCharts(kinds []chartKind, elements []string, set chartSets, read func(id string) []stats.Series, label func(id string) string) []chart {
	var out []chart
	found := false
	for i, id := range elements {
		series := read(id)
		found = found || len(series) > 0
		name := label(id)
		charts := chartsOf(kinds, inAll, series, name)
		if len(elements) == 1 {
			out = chartsOf(kinds, set, series, name)
			for k := range out {
				out[k].Element = id
			}
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
			return slices.IndexFunc(kinds, func(k chartKind) bool { return k.title == title })
		}
		out = slices.DeleteFunc(out, func(c chart) bool {
			k := kinds[order(c.Title)]
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
	case e.Type == timeline.TypeOwn:
		return surface.MarkOwn, true
	case e.Type == timeline.TypeCommand:
		return surface.MarkCommand, true
	case strings.Contains(e.Type, "IceComponentStateChange"):
		return surface.MarkICE, true
	}
	return 0, false
}
