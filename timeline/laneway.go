package timeline

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"kmscope/inventory"
)

// way is a lane from its beginning: the marks where they stand on the local
// clock, readings that say nothing left out. It is kept between two looks. A
// mark that comes disturbs only what stands after it, so that looking at a lane
// that grows costs what is new.
type way struct {
	steps []step
	// dirty is the first place from which the marks have changed; MaxInt64 when
	// none has.
	dirty int64
	skew  int64 // with which the marks were put in their places
	known bool
}

// step is a state that begins, or a tick.
type step struct {
	at     int64
	state  string
	source inventory.Source
	late   bool
	bad    Severity
	// failed and odd count the steps up to this one that are errors, and that
	// are warnings.
	failed, odd uint32
}

// disturb is told of a mark that was put in.
func (w *way) disturb(m *mark) {
	if !w.known {
		return
	}
	stamp := m.server()
	p := place(stamp, m.at, w.skew)
	if stamp != 0 && p != stamp+w.skew {
		w.known = false // a timestamp that says nothing: it stands out of order
		return
	}
	w.dirty = min(w.dirty, p)
}

// walk brings a way up to date.
func (x *laneMarks) walk(w *way, skew int64) {
	type placed struct {
		*mark
		at int64
	}
	i, j := 0, 0
	if w.known && w.skew == skew {
		if w.dirty == math.MaxInt64 {
			return
		}
		i, _ = slices.BinarySearchFunc(x.events, w.dirty, func(m mark, at int64) int { return cmp.Compare(m.stamp+skew, at) })
		j, _ = slices.BinarySearchFunc(x.reads, w.dirty, func(m mark, at int64) int { return cmp.Compare(m.at, at) })
		n, _ := slices.BinarySearchFunc(w.steps, w.dirty, func(s step, at int64) int { return cmp.Compare(s.at, at) })
		w.steps = w.steps[:n]
	} else {
		w.steps = w.steps[:0]
	}
	events := make([]placed, 0, len(x.events)-i)
	straight := true
	for k := i; k < len(x.events); k++ {
		m := &x.events[k]
		p := placed{m, place(m.stamp, m.at, skew)}
		straight = straight && p.at == m.stamp+skew
		events = append(events, p)
	}
	if !straight {
		slices.SortStableFunc(events, func(a, b placed) int { return cmp.Compare(a.at, b.at) })
	}
	var before *mark // the event before events[0]
	if i > 0 {
		before = &x.events[i-1]
	}
	k := 0
	for ; j < len(x.reads); j++ {
		r := &x.reads[j]
		for ; k < len(events) && events[k].at <= r.at; k++ {
			x.step(w, events[k].mark, events[k].at)
			before = events[k].mark
		}
		if r.read && before != nil && before.at > r.stamp {
			continue // nobody knows which is older
		}
		x.step(w, r, r.at)
	}
	for ; k < len(events); k++ {
		x.step(w, events[k].mark, events[k].at)
	}
	w.known, w.skew, w.dirty = straight, skew, math.MaxInt64
}

func (x *laneMarks) step(w *way, m *mark, at int64) {
	s := step{at: at, state: *m.state, source: inventory.FromEvent, late: m.late}
	if m.read {
		s.source = inventory.FromRead
	}
	if n := len(w.steps); n > 0 {
		last := &w.steps[n-1]
		if !x.ticks && last.state == s.state {
			return
		}
		s.failed, s.odd = last.failed, last.odd
	}
	if s.bad = m.bad; !x.ticks {
		s.bad = stateSeverity(s.state)
	}
	switch s.bad {
	case Error:
		s.failed++
	case Warning:
		s.odd++
	}
	w.steps = append(w.steps, s)
}

// stateSeverity tells how bad a state of a lane is.
func stateSeverity(state string) Severity {
	switch {
	case state == "FAILED", state == "failed": // a browser's words are small
		return Error
	case state == "DISCONNECTED", state == "disconnected", strings.HasPrefix(state, "NOT_FLOWING"):
		return Warning
	}
	return Info
}
