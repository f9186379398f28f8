package chartpage

import (
	"slices"
	"strings"
	"time"

	"kmscope/inventory"
	"kmscope/stats"
	"kmscope/ui/view"
)

// Phantoms have no series, and so no charts: see stats.Store.Phantoms. The chart
// of what is received says how many are hidden, and the table shows what the
// server says of them, marked, when it is asked to.

// received is the chart that says how many phantoms are hidden.
const received = "Bitrate received"

// phantomFields are the rows of a phantom: what could say something though no
// packet came.
var phantomFields = []string{"packetsReceived", "packetsLost", "nackCount", "pliCount", "firCount", "jitter"}

// phantomsOf gives the fields of the phantoms of some elements.
func phantomsOf(store *stats.Store, elements []string) (list []stats.Value, streams int) {
	last := stats.Key{}
	for _, id := range elements {
		for _, v := range store.Phantoms(id, time.Time{}) {
			if v.Element != last.Element || v.Stream != last.Stream {
				last = v.Key
				streams++
			}
			list = append(list, v)
		}
	}
	return list, streams
}

// notePhantoms has the chart of what an element receives tell of its phantoms.
func notePhantoms(charts []chart, store *stats.Store) {
	for i := range charts {
		if ch := &charts[i]; ch.Kind == received && ch.Element != "" {
			if _, n := phantomsOf(store, []string{ch.Element}); n > 0 {
				ch.Note += " · " + view.Plural(n, "phantom") + " hidden"
			}
		}
	}
}

// phantomRows makes the rows of the table.
func phantomRows(list []stats.Value, offset time.Duration, name func(id string) string) []tableRow {
	var rows []tableRow
	for _, v := range list {
		f, known := stats.FieldOf(v.Metric)
		if !known || !slices.Contains(phantomFields, v.Metric) || len(rows) >= maxRows {
			continue
		}
		at := time.UnixMilli(v.AtMs).Add(-offset)
		row := tableRow{Key: v.Key, Element: name(v.Element) + " · phantom …" + v.Stream[max(len(v.Stream)-4, 0):], Figure: f.Label, Unit: v.Unit,
			Min: v.V, Mean: v.V, Max: v.V, Points: []stats.Point{{At: at, V: v.V}}, Phantom: true}
		row.words = strings.ToLower(row.Element + "\n" + row.Figure + "\n" + row.media() + "\n" + string(row.Key.Dir) + "\n" + v.Element + "\n" + v.Stream)
		rows = append(rows, row)
	}
	return rows
}

// tableElements gives the elements of which the table has figures.
func (q *chartQuery) tableElements(store *stats.Store) []string {
	if elements := q.elements(); len(elements) > 0 {
		return elements
	}
	var elements []string
	for _, id := range store.Elements() {
		if q.object == "" || q.object == inventory.ManagerID || inventory.PipelineOf(id) == q.object {
			elements = append(elements, id)
		}
	}
	slices.Sort(elements)
	return elements
}

// phantomWord says what a click at the end of the table does; "" when there are
// no phantoms.
func (t *table) phantomWord() string {
	switch {
	case t.phantoms == 0:
		return ""
	case t.page.phantoms:
		return "Hide the " + view.Plural(t.phantoms, "phantom stream")
	}
	return "Show " + view.Plural(t.phantoms, "phantom stream") + ": listed by the server, but no packet ever came"
}

// showPhantoms shows them in the table, or hides them again.
func (p *Page) showPhantoms(on bool) {
	p.phantoms = on
	if on && !p.asTable {
		p.showTable(true)
		return
	}
	if p.view != nil {
		p.refresh()
	}
	p.surface.Repaint()
}

// countPhantoms counts those of what is looked at.
func (p *Page) countPhantoms() int {
	if p.view == nil || p.server == nil || p.server.Stats() == nil {
		return 0
	}
	_, n := phantomsOf(p.server.Stats(), p.asked.tableElements(p.server.Stats()))
	return n
}
