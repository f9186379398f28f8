package stats

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"kmscope/inventory"
	"kmscope/wire"
)

// restated are the metrics of the catalogue that say in another unit what a
// field says. A Flow gives the field alone: two rows of one figure under one
// name would be two figures to whoever reads them.
var restated = map[string]bool{
	FractionLost: true, PacketsLost: true, Jitter: true, RTT: true, REMB: true, TargetBitrate: true,
	E2ELatency: true, InputLatency: true,
}

// Derived gives the metrics of the catalogue that no field says: rates, shares,
// and the figures of the server itself. A Flow gives them beside the fields.
// The caller owns the slice. Any goroutine.
func Derived() []Metric {
	return slices.DeleteFunc(Catalogue(), func(m Metric) bool { return restated[m.Name] })
}

// Flow turns facts into values as they come and keeps none of them, so that a
// capture of any length passes through a bounded memory. One goroutine owns it.
type Flow struct {
	store  *Store
	values []Value
}

// flowSeries bounds the series of which a Flow remembers the last point.
const flowSeries = 100_000

// NewFlow makes a Flow of one server.
func NewFlow() *Flow {
	f := &Flow{store: NewStoreWithin(Limits{Series: flowSeries})}
	f.store.flow = f
	return f
}

// Feed takes one fact and gives the values that it says, in no order of time
// across elements. The slice is valid until the next call.
func (f *Flow) Feed(fact wire.Fact) []Value {
	f.values = f.values[:0]
	f.store.Feed(fact)
	return f.values
}

// Count is Store.Count for the figures that a Flow gives.
func (f *Flow) Count(c inventory.Census) { f.store.Count(c) }

// take is called under the store's lock, after a point came to a series.
func (f *Flow) take(x *series, ms int64) {
	if restated[x.Metric] {
		return
	}
	m := &catalogue[x.metric]
	v := Value{Key: x.Key, AtMs: ms, Unit: m.Unit, Kind: m.Kind, V: x.last.v}
	// A series that had to be forgotten and begins again has lost its gap.
	if x.last.gap() || x.total == 1 && f.store.evicted {
		gap := v
		gap.AtMs, gap.V = ms-1, math.NaN()
		f.values = append(f.values, gap)
	}
	f.values = append(f.values, v)
}

// mediumOf gives the medium of an entry: what was asked for, or what an earlier
// request told of the stream.
func (s *Store) mediumOf(element, asked string, e *entry) string {
	if asked == "" && e.dir() != None {
		if st := s.streams[streamKey{element, e.dir(), e.stream()}]; st != nil {
			return st.media
		}
	}
	return asked
}

// askKey names a question: one element, asked for one medium or for all.
type askKey struct{ element, media string }

// kept is the newest answer to a question.
type kept struct {
	arrived time.Time
	entries []entry
}

const (
	// maxKept bounds the entries of all answers that are kept.
	maxKept = 50_000
	// keptFor is for how long an answer counts as current, at least: twice what
	// anybody asks for. What is older goes when the entries have doubled.
	keptFor = 10 * time.Minute
	// keptLeast is how many entries are kept without a look at their age.
	keptLeast = 1000
)

// keep remembers a copy of the newest reply. It replaces the one before as a whole:
// streams that are not in it are gone.
func (s *Store) keep(f wire.Fact, media string, entries []entry) {
	if s.flow != nil {
		return
	}
	for i := range entries {
		entries[i].medium = s.mediumOf(f.Object, media, &entries[i])
		entries[i].whole = bytes.Clone(entries[i].whole) // the frame may be large
	}
	k := askKey{f.Object, media}
	x := s.newest[k]
	if x == nil {
		x = new(kept)
		s.newest[k] = x
	} else {
		s.nNewest -= len(x.entries) + 1
	}
	x.arrived = f.At
	if len(x.entries) != len(entries) {
		x.entries = make([]entry, len(entries))
	}
	copy(x.entries, entries)
	s.nNewest += len(entries) + 1
	if s.nNewest > max(2*s.nKept, keptLeast) {
		s.forgetBefore(f.At.Add(-keptFor))
		s.nKept = s.nNewest
	}
	if s.nNewest > maxKept {
		s.forgetAnswers()
	}
}

// forgetAnswers drops the older half of the answers.
func (s *Store) forgetAnswers() {
	times := make([]time.Time, 0, len(s.newest))
	for _, x := range s.newest {
		times = append(times, x.arrived)
	}
	slices.SortFunc(times, time.Time.Compare)
	s.forgetBefore(times[len(times)/2].Add(1))
}

// forgetBefore drops the answers from before a moment.
func (s *Store) forgetBefore(limit time.Time) {
	for k, x := range s.newest {
		if x.arrived.Before(limit) {
			s.nNewest -= len(x.entries) + 1
			delete(s.newest, k)
		}
	}
}

// Unmeasured tells whether the server answers when it is asked for the statistics of an
// element, and has no figure of it: so it is of an endpoint without media. Any goroutine.
func (s *Store) Unmeasured(element string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if len(s.byElement[element]) > 0 {
		return false
	}
	for _, media := range []string{"", "AUDIO", "VIDEO", "DATA"} {
		if s.newest[askKey{element, media}] != nil {
			return true
		}
	}
	return false
}

// Current gives the fields of the newest replies, those that arrived at since
// or later (local clock; the zero time for all, which is the last ten
// minutes at least), in the order element, stream,
// field. Each key occurs once. Any goroutine.
func (s *Store) Current(since time.Time) []Value {
	s.mu.RLock()
	var out []Value
	for k, x := range s.newest {
		if x.arrived.Before(since) {
			continue
		}
		for i := range x.entries {
			e := &x.entries[i]
			out = e.values(out, k.element, e.medium, e.atMs)
		}
	}
	s.mu.RUnlock()
	slices.SortFunc(out, func(a, b Value) int {
		return cmp.Or(strings.Compare(a.Element, b.Element), strings.Compare(string(a.Dir), string(b.Dir)),
			strings.Compare(a.Stream, b.Stream), strings.Compare(a.Metric, b.Metric),
			cmp.Compare(b.AtMs, a.AtMs), strings.Compare(b.Media, a.Media))
	})
	// A stream that was asked for with a medium and without is one stream.
	return slices.CompactFunc(out, func(a, b Value) bool {
		return a.Element == b.Element && a.Dir == b.Dir && a.Stream == b.Stream && a.Metric == b.Metric &&
			(a.Media == b.Media || a.Stream != "" && (a.Media == "" || b.Media == ""))
	})
}

// Values gives the points of a series one by one, with the breaks between them:
// what an export writes.
func (s Series) Values() []Value {
	kind := Gauge
	if m, ok := MetricOf(s.Metric); ok {
		kind = m.Kind
	}
	out := make([]Value, 0, len(s.Points))
	for _, p := range s.Points {
		v := Value{Key: s.Key, AtMs: p.At.UnixMilli(), Unit: s.Unit, Kind: kind, V: p.V}
		if p.Gap {
			gap := v
			gap.AtMs, gap.V = v.AtMs-1, math.NaN()
			out = append(out, gap)
		}
		out = append(out, v)
	}
	return out
}
