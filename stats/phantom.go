package stats

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// A phantom is an inbound stream that a server lists though no packet of it ever
// came: a source that spoke RTCP alone, such as the other end of a stream that
// the server sends. It has no rates and no loss, and its zeros beside real
// streams would be read as media that is missing, so it has no series. What the
// server says of it is given here, for who wants to see it all the same.

// phantom tells whether an entry is one.
func (e *entry) phantom() bool {
	return e.Type == typeIn && !(e.PacketsReceived.ok && e.PacketsReceived.v > 0)
}

// hasTwin tells whether an entry of the same reply has packets of the stream of
// which e, a phantom, has none.
func hasTwin(entries []entry, e *entry) bool {
	for i := range entries {
		if o := &entries[i]; o.Type == typeIn && !o.phantom() && o.stream() == e.stream() {
			return true
		}
	}
	return false
}

// Phantoms gives the fields of the phantoms in the newest replies of an element,
// or of all elements for "", in the order element, stream, field. since drops
// older replies, as in Current. Any goroutine.
func (s *Store) Phantoms(element string, since time.Time) []Value {
	s.mu.RLock()
	var out []Value
	for k, x := range s.newest {
		if element != "" && k.element != element || x.arrived.Before(since) {
			continue
		}
		for i := range x.entries {
			if e := &x.entries[i]; e.phantom() {
				out = e.values(out, k.element, e.medium, e.atMs)
			}
		}
	}
	s.mu.RUnlock()
	slices.SortFunc(out, func(a, b Value) int {
		return cmp.Or(strings.Compare(a.Element, b.Element), strings.Compare(a.Stream, b.Stream), strings.Compare(a.Metric, b.Metric),
			cmp.Compare(b.AtMs, a.AtMs), strings.Compare(b.Media, a.Media))
	})
	return slices.CompactFunc(out, func(a, b Value) bool {
		return a.Element == b.Element && a.Stream == b.Stream && a.Metric == b.Metric
	})
}
