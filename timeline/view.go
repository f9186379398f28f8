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
// is fed meanwhile. One goroutine uses a View; several Views may watch one log.
type View struct {
	log    *Log
	filter *matcher
	rows   []*Entry

	version, deep uint64
	started       bool
	upTo          time.Time // of the newest entry looked at
}

// View makes a view of the entries that match. It is empty until Refresh.
func (l *Log) View(f Filter) *View { return &View{log: l, filter: newMatcher(f)} }

// Refresh brings the view up to date and tells whether anything changed in the
// log since the last call.
func (v *View) Refresh() bool {
	l := v.log
	l.mu.RLock()
	if v.started && v.version == l.version {
		l.mu.RUnlock()
		return false
	}
	kept := l.order[l.head:]
	from := 0
	again := !v.started || v.deep != l.deep
	cut := v.upTo.Add(-viewDepth)
	if !again {
		from, _ = slices.BinarySearchFunc(kept, cut, func(e *Entry, at time.Time) int { return e.At.Compare(at) })
	}
	fresh := slices.Clone(kept[from:])
	var oldest time.Time
	var ties []uint64 // the oldest millisecond may be dropped in part
	if len(kept) > 0 {
		oldest = kept[0].At
		for i := 0; i < len(kept) && kept[i].At.Equal(oldest); i++ {
			ties = append(ties, kept[i].Seq)
		}
		v.upTo = kept[len(kept)-1].At
	}
	v.started, v.version, v.deep = true, l.version, l.deep
	l.mu.RUnlock()

	if again {
		v.rows = nil
	} else {
		rows := v.rows
		end, _ := slices.BinarySearchFunc(rows, cut, func(e *Entry, at time.Time) int { return e.At.Compare(at) })
		start, _ := slices.BinarySearchFunc(rows[:end], oldest, func(e *Entry, at time.Time) int { return e.At.Compare(at) })
		for start < end && rows[start].At.Equal(oldest) && !slices.Contains(ties, rows[start].Seq) {
			start++
		}
		v.rows = rows[start:end]
	}
	for _, e := range fresh {
		if v.filter.match(e) {
			v.rows = append(v.rows, e)
		}
	}
	return true
}

// Len counts the rows.
func (v *View) Len() int { return len(v.rows) }

// Entry gives a row, 0 is the oldest; the zero Entry when there is none.
func (v *View) Entry(i int) Entry {
	if i < 0 || i >= len(v.rows) {
		return Entry{}
	}
	return *v.rows[i]
}

// Index finds the first row at or after a time; Len when all are before it.
func (v *View) Index(at time.Time) int {
	i, _ := slices.BinarySearchFunc(v.rows, at, func(e *Entry, t time.Time) int { return e.At.Compare(t) })
	return i
}
