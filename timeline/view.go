package timeline

import (
	"slices"
	"time"
)

// viewDepth is how far behind the newest entry a View expects changes: events
// come out of order by milliseconds. What changes further back makes it look
// through the whole log once.
const viewDepth = 2 * time.Second

// View is a filtered list of the log's entries that follows the log: Refresh
// costs what is new. Its rows stand still between two calls of Refresh, whatever
// is fed meanwhile, but for the words of a row whose predecessor came late, and
// for rows that the log dropped, which are zero. One goroutine at a time uses a
// View; several Views may watch one log.
type View struct {
	log    *Log
	filter *matcher
	rows   []uint64

	version, deep uint64
	started       bool
	upTo          int64 // where the newest entry looked at stands
}

// View makes a view of the entries that match. It is empty until Refresh.
func (l *Log) View(f Filter) *View { return &View{log: l, filter: newMatcher(f)} }

// Refresh brings the view up to date and tells whether anything changed in the
// log since the last call.
func (v *View) Refresh() bool {
	return v.Search(func(float64) bool { return true })
}

// Search is Refresh for a log that is long: goOn is told now and then which share
// is done, and stops it with false. The view is then empty until the next call.
func (v *View) Search(goOn func(share float64) bool) bool {
	l := v.log
	l.mu.RLock()
	if v.started && v.version == l.version {
		l.mu.RUnlock()
		return false
	}
	kept := l.order[l.head:]
	from := 0
	cut := v.upTo - viewDepth.Milliseconds()
	if !v.started || v.deep != l.deep {
		v.rows = nil
	} else {
		from = l.search(kept, cut)
		v.rows = v.rows[:l.search(v.rows, cut)]
		v.forget(kept)
	}
	fresh := slices.Clone(kept[from:])
	if len(kept) > 0 {
		v.upTo = l.record(kept[len(kept)-1]).at
	}
	v.started, v.version, v.deep = true, l.version, l.deep
	l.mu.RUnlock()
	if !v.filter.each(l, fresh, func(i int) { v.rows = append(v.rows, fresh[i]) }, goOn) {
		v.rows, v.started = nil, false
	}
	return true
}

// forget drops the rows that the log dropped.
func (v *View) forget(kept []uint64) {
	l := v.log
	oldest := l.record(kept[0]).at
	start := l.search(v.rows, oldest)
	// The oldest millisecond may be dropped in part.
	var ties []uint64
	for i := 0; i < len(kept) && l.record(kept[i]).at == oldest; i++ {
		ties = append(ties, kept[i])
	}
	for start < len(v.rows) && l.record(v.rows[start]).at == oldest && !slices.Contains(ties, v.rows[start]) {
		start++
	}
	v.rows = v.rows[start:]
}

// Len counts the rows.
func (v *View) Len() int { return len(v.rows) }

// Rows gives the numbers of the rows' entries, in order; the slice is the
// caller's.
func (v *View) Rows() []uint64 { return slices.Clone(v.rows) }

// Times tells where the rows stand, in milliseconds since 1970, as they stand now;
// 0 is a row that the log dropped.
func (v *View) Times() []int64 {
	v.log.mu.RLock()
	defer v.log.mu.RUnlock()
	out := make([]int64, len(v.rows))
	for i, seq := range v.rows {
		if r := v.log.record(seq); r != nil {
			out[i] = r.at
		}
	}
	return out
}

// Entry gives a row, 0 is the oldest; the zero Entry when there is none.
func (v *View) Entry(i int) Entry {
	if i < 0 || i >= len(v.rows) {
		return Entry{}
	}
	e, _ := v.log.Entry(v.rows[i])
	return e
}

// Index finds the first row that stands at or after a time; Len when all are
// before it.
func (v *View) Index(at time.Time) int {
	v.log.mu.RLock()
	defer v.log.mu.RUnlock()
	return v.log.search(v.rows, -floorMs(-at.UnixMicro()))
}
