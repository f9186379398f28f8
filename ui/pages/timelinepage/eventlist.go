package timelinepage

import (
	"cmp"
	"context"
	"maps"
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
	byServer
	byObject
	byType
	byText
	columns
)

// origin is a server whose events are listed, with all of it that the rows depend
// on.
type origin struct {
	session view.Session
	log     *timeline.Log // another one when a replay went back
	total   uint64        // of the log
	names   uint64        // generation of the snapshot that gives names
	// beside is who tells of the server's objects from outside; nil: the log is the
	// server's own.
	beside *view.Beside
}

// name is what the column of servers calls it.
func (o *origin) name() string {
	if o.beside != nil {
		return o.beside.Name
	}
	return o.session.Name()
}

// is tells whether an entry is one of its log.
func (o *origin) is(ref eventRef) bool {
	if o.beside != nil {
		return o.session == ref.server && o.beside.Name == ref.name
	}
	return o.session == ref.server && ref.name == ""
}

// eventQuery is all that the table of events depends on.
type eventQuery struct {
	origins  []origin
	scope    string // object whose events (and its descendants') are shown; "" is all
	text     string // the filter as typed
	types    string // those shown, joined by typeSeparator; "" is all
	severity timeline.Severity
	sort     column
	down     bool // last first
}

// equal tells whether the answers are the same; alike, whether they are but for
// what came or got a name since.
func (q *eventQuery) equal(o *eventQuery) bool {
	return q.alike(o) && slices.Equal(q.origins, o.origins)
}

func (q *eventQuery) alike(o *eventQuery) bool {
	return q.selects(o) && q.sort == o.sort && q.down == o.down
}

// selects tells whether the same rows are selected, in whatever order.
func (q *eventQuery) selects(o *eventQuery) bool {
	return q.scope == o.scope && q.text == o.text && q.types == o.types && q.severity == o.severity &&
		slices.EqualFunc(q.origins, o.origins, func(a, b origin) bool { return a.session == b.session && a.log == b.log })
}

// typeSeparator is in the name of no type.
const typeSeparator = "\x00"

// filter gives the query in the words of a log.
func (q *eventQuery) filter(f view.Filter, snap *inventory.Snapshot) timeline.Filter {
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

// rowID names an entry: the number of its server in the list, and its own number
// in that server's log. A million of them are 8 MB.
type rowID uint64

const seqBits = 48

func (r rowID) origin() int { return int(r >> seqBits) }
func (r rowID) seq() uint64 { return uint64(r) & (1<<seqBits - 1) }

// maxOrigins is how many servers one table can show.
const maxOrigins = 1 << (64 - seqBits - 1)

// eventRef names an entry for as long as its log has it, whatever is listed.
type eventRef struct {
	server view.Session
	name   string // of what is laid beside the server; "" is the server itself
	seq    uint64
}

// event is an entry with its server, and the log that has it: when a replay goes
// back, the server gets another.
type event struct {
	timeline.Entry
	server view.Session
	name   string // of what is laid beside it; "" is the server itself
	log    *timeline.Log
}

func (e *event) ref() eventRef { return eventRef{e.server, e.name, e.Seq} }

// source says who tells of it.
func (e *event) source() string {
	if e.name != "" {
		return e.name
	}
	return e.server.Name()
}

// eventList is the rows of the table.
type eventList struct {
	origins []origin
	rows    []rowID
	sort    column
	down    bool
	dropped uint64 // entries that the logs have no more
	kept    int    // entries in the logs
	took    time.Duration
}

// search finds the rows. It keeps its views of the logs, so that more of the same
// costs what is new, and the merging of several. One goroutine at a time.
type search struct {
	asked eventQuery
	views []*timeline.View
}

// find selects the rows; nil when it was stopped. told is given the share that is
// done, now and then.
func (s *search) find(ctx context.Context, q *eventQuery, f view.Filter, told func(share float64)) *eventList {
	began := time.Now()
	if s.views == nil || !s.asked.selects(q) || !s.sameNames(q, &f) {
		s.views = make([]*timeline.View, len(q.origins))
		for i, o := range q.origins {
			s.views[i] = o.log.View(q.filter(f, o.session.Snapshot()))
		}
	}
	s.asked = *q
	l := &eventList{origins: q.origins, sort: q.sort, down: q.down}
	for i, v := range s.views {
		v.Search(func(share float64) bool {
			told((float64(i) + share) / float64(len(s.views)))
			return ctx.Err() == nil
		})
		o := &q.origins[i]
		n := o.log.Len()
		l.kept += n
		l.dropped += o.log.Total() - uint64(n)
	}
	if ctx.Err() != nil {
		return nil
	}
	l.rows = merge(s.views)
	if q.sort != byTime && !l.order(ctx) {
		return nil
	}
	if q.down {
		slices.Reverse(l.rows)
	}
	l.took = time.Since(began)
	return l
}

// sameNames tells whether what the words are looked for in is called as before.
func (s *search) sameNames(q *eventQuery, f *view.Filter) bool {
	return f.Empty() || slices.EqualFunc(q.origins, s.asked.origins, func(a, b origin) bool { return a.names == b.names })
}

// merge puts the rows of all views in order of time; of one millisecond those of
// the first server come first.
func merge(views []*timeline.View) []rowID {
	total := 0
	seqs, times := make([][]uint64, len(views)), make([][]int64, len(views))
	for i, v := range views {
		seqs[i] = v.Rows()
		total += len(seqs[i])
		if len(views) > 1 {
			times[i] = v.Times()
		}
	}
	out := make([]rowID, 0, total)
	if len(views) == 1 {
		for _, seq := range seqs[0] {
			out = append(out, rowID(seq))
		}
		return out
	}
	for len(out) < total {
		first := -1
		for i := range seqs {
			if len(seqs[i]) > 0 && (first < 0 || times[i][0] < times[first][0]) {
				first = i
			}
		}
		out = append(out, rowID(first)<<seqBits|rowID(seqs[first][0]))
		seqs[first], times[first] = seqs[first][1:], times[first][1:]
	}
	return out
}

// order sorts the rows by a column of text; equal ones stay in order of time. It
// gives false when it was stopped.
func (l *eventList) order(ctx context.Context) bool {
	type keyed struct {
		key string
		row rowID
	}
	list := make([]keyed, len(l.rows))
	type named struct {
		origin int
		id     string
	}
	names, types := map[named]string{}, map[string]string{}
	for i, row := range l.rows {
		if i%4096 == 0 && ctx.Err() != nil {
			return false
		}
		o := &l.origins[row.origin()]
		var key string
		if l.sort == byServer {
			list[i] = keyed{strings.ToLower(o.name()), row}
			continue
		}
		e, _ := o.log.Entry(row.seq())
		switch l.sort {
		case byObject:
			n := named{row.origin(), e.Object}
			name, ok := names[n]
			if !ok {
				name = strings.ToLower(view.ObjectName(o.session.Snapshot(), e.Object)) + "\x00" + e.Object
				names[n] = name
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
		list[i] = keyed{key, row}
	}
	steps, stopped := 0, false
	slices.SortStableFunc(list, func(a, b keyed) int {
		if steps++; steps%(1<<16) == 0 {
			stopped = ctx.Err() != nil
		}
		if stopped {
			return 0 // nobody wants it any more: be done quickly
		}
		return cmp.Compare(a.key, b.key)
	})
	for i := range list {
		l.rows[i] = list[i].row
	}
	return !stopped
}

// len counts the rows; 0 for no list.
func (l *eventList) len() int {
	if l == nil {
		return 0
	}
	return len(l.rows)
}

// several tells whether there is more than one server to tell apart.
func (l *eventList) several() bool { return l != nil && len(l.origins) > 1 }

// servers tells whether they are of several servers.
func (l *eventList) servers() bool {
	return l != nil && slices.ContainsFunc(l.origins, func(o origin) bool { return o.session != l.origins[0].session })
}

// source is the title of the column that says which of them an entry is of.
func (l *eventList) source() string {
	switch {
	case !l.several():
		return ""
	case slices.ContainsFunc(l.origins, func(o origin) bool { return o.beside != nil }):
		return "Source"
	}
	return "Server"
}

// sourceOf says who tells of an entry, where there are several: of one server
// alone its address says nothing.
func (l *eventList) sourceOf(e *event) string {
	switch {
	case !l.several():
		return ""
	case e.name == "" && !l.servers():
		return "server"
	}
	return e.source()
}

// entry reads row i as the log has it now; ok is false when it was dropped.
func (l *eventList) entry(i int) (e event, ok bool) {
	if i < 0 || i >= l.len() {
		return event{}, false
	}
	o := &l.origins[l.rows[i].origin()]
	e.server, e.log = o.session, o.log
	if o.beside != nil {
		e.name = o.beside.Name
	}
	e.Entry, ok = o.log.Entry(l.rows[i].seq())
	return e, ok
}

// find gives the row of an entry; -1 is none.
func (l *eventList) find(ref eventRef) int {
	if l == nil {
		return -1
	}
	i := slices.IndexFunc(l.origins, func(o origin) bool { return o.is(ref) })
	if i < 0 {
		return -1
	}
	return slices.Index(l.rows, rowID(i)<<seqBits|rowID(ref.seq))
}

// index gives the row nearest to a moment; -1 when the rows are in another order
// than that of time, or there is none.
func (l *eventList) index(at time.Time) int {
	if l.len() == 0 || l.sort != byTime {
		return -1
	}
	i, _ := slices.BinarySearchFunc(l.rows, at, func(row rowID, at time.Time) int {
		e, _ := l.origins[row.origin()].log.Entry(row.seq())
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
func typesOf(origins []origin) []string {
	counts := map[string]int{}
	for _, o := range origins {
		for name, n := range o.log.Counts() {
			counts[name] += n
		}
	}
	out := slices.Collect(maps.Keys(counts))
	slices.SortFunc(out, func(a, b string) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
	return append(out, timeline.TypeOwn, timeline.TypeControl, timeline.TypeCommand, timeline.TypeConnection, timeline.TypeGap, timeline.TypeNote, timeline.TypeUndecoded)
}
