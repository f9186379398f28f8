package timelinepage

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"kmscope/inventory"
	"kmscope/timeline"
	"kmscope/ui/view"
)

// column is one of the table.
type column uint8

const (
	byTime column = iota
	byObject
	byType
	byText
)

// eventQuery is all that the table of events depends on.
type eventQuery struct {
	session  view.Session
	log      *timeline.Log // another one when a replay went back
	scope    string        // object whose events (and its descendants') are shown; "" is all
	text     string        // the filter as typed
	types    string        // those shown, joined by typeSeparator; "" is all
	severity timeline.Severity
	sort     column
	down     bool   // last first
	total    uint64 // of the log
	names    uint64 // generation of the snapshot that gives names
}

// typeSeparator is in the name of no type.
const typeSeparator = "\x00"

// filter gives the query in the words of the log.
func (q eventQuery) filter(f view.Filter, snap *inventory.Snapshot) timeline.Filter {
	out := timeline.Filter{Object: q.scope, MinSeverity: q.severity}
	if q.types != "" {
		out.Types = strings.Split(q.types, typeSeparator)
	}
	out.Words, out.Regexp = f.Parts()
	if !f.Empty() {
		out.Name = func(id string) string { return view.ObjectName(snap, id) }
	}
	return out
}

// eventList is the rows of the table: numbers of entries of the log.
type eventList struct {
	log     *timeline.Log
	rows    []uint64
	sort    column
	down    bool
	dropped uint64 // entries that the log has no more
	kept    int    // entries in the log
	took    time.Duration
}

// search finds the rows. It keeps its view of the log, so that more of the same
// costs what is new. One goroutine at a time.
type search struct {
	asked eventQuery
	view  *timeline.View
}

// find selects the rows.
func (s *search) find(ctx context.Context, q eventQuery, f view.Filter, snap *inventory.Snapshot) *eventList {
	began := time.Now()
	log := q.log
	same := q
	same.total, same.sort, same.down = s.asked.total, s.asked.sort, s.asked.down
	if s.view == nil || same != s.asked {
		s.view = log.View(q.filter(f, snap))
	}
	s.asked = q
	s.view.Refresh()
	l := &eventList{log: log, kept: log.Len(), rows: s.view.Rows(), sort: q.sort, down: q.down}
	l.dropped = log.Total() - uint64(l.kept)
	if q.sort != byTime {
		l.order(ctx, snap)
	}
	if q.down {
		slices.Reverse(l.rows)
	}
	l.took = time.Since(began)
	return l
}

// order sorts the rows by a column of text; equal ones stay in order of time.
func (l *eventList) order(ctx context.Context, snap *inventory.Snapshot) {
	type keyed struct {
		key string
		seq uint64
	}
	list := make([]keyed, len(l.rows))
	names, types := map[string]string{}, map[string]string{}
	for i, seq := range l.rows {
		if i%4096 == 0 && ctx.Err() != nil {
			return
		}
		e, _ := l.log.Entry(seq)
		var key string
		switch l.sort {
		case byObject:
			name, ok := names[e.Object]
			if !ok {
				name = strings.ToLower(view.ObjectName(snap, e.Object)) + "\x00" + e.Object
				names[e.Object] = name
			}
			key = name
		case byType:
			if _, ok := types[e.Type]; !ok {
				types[e.Type] = e.Type
			}
			key = types[e.Type]
		default:
			key = e.Text
		}
		list[i] = keyed{key, seq}
	}
	slices.SortStableFunc(list, func(a, b keyed) int { return cmp.Compare(a.key, b.key) })
	for i := range list {
		l.rows[i] = list[i].seq
	}
}

// len counts the rows; 0 for no list.
func (l *eventList) len() int {
	if l == nil {
		return 0
	}
	return len(l.rows)
}

// entry reads row i as the log has it now; ok is false when it was dropped.
func (l *eventList) entry(i int) (timeline.Entry, bool) {
	if i < 0 || i >= l.len() {
		return timeline.Entry{}, false
	}
	return l.log.Entry(l.rows[i])
}

// find gives the row of an entry by its number; -1 is none.
func (l *eventList) find(seq uint64) int {
	if l == nil {
		return -1
	}
	return slices.Index(l.rows, seq)
}

// index gives the row nearest to a moment; -1 when the rows are in another order
// than that of time, or there is none.
func (l *eventList) index(at time.Time) int {
	if l.len() == 0 || l.sort != byTime {
		return -1
	}
	i, _ := slices.BinarySearchFunc(l.rows, at, func(seq uint64, at time.Time) int {
		e, _ := l.log.Entry(seq)
		if l.down {
			return at.Compare(e.At)
		}
		return e.At.Compare(at)
	})
	return min(i, len(l.rows)-1)
}

// selectable is the id that the window selects for that of an entry.
func selectable(id string) string {
	if id == inventory.ManagerID {
		return ""
	}
	return id
}

// typesOf lists the types of events that came, the most frequent first.
func typesOf(log *timeline.Log) []string {
	counts := log.Counts()
	out := make([]string, 0, len(counts))
	for name := range counts {
		out = append(out, name)
	}
	slices.SortFunc(out, func(a, b string) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
	return append(out, timeline.TypeOwn, timeline.TypeControl, timeline.TypeCommand, timeline.TypeConnection, timeline.TypeGap, timeline.TypeNote, timeline.TypeUndecoded)
}
