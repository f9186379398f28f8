package stats

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"kmscope/wire"
)

// The store. Facts come in one after the other (Feed); a getStats reply is
// taken apart into streams (one per element, direction and SSRC), each of which
// remembers the counters of its last sample and appends what they say to its
// series.
//
// What is true of rates:
//   - They are taken between two samples of one stream, over the server's own
//     milliseconds. Where a reply has none (6.x gives seconds) the time of
//     arrival serves: seconds are too coarse for a rate.
//   - A sample that repeats a timestamp, or follows within 200 ms, or was
//     overtaken by a newer one, is ignored.
//   - A counter that goes backwards, a growth that no network can make, a clock
//     that moved differently from ours: the sample becomes the new base and the
//     line is broken. There is never a negative or giant rate.
//
// Cost: a sample of one stream costs one map operation and about eight appends;
// what a point takes in memory stands in chunk.go. Rejected: keeping the replies
// and computing on demand (3.7 kB a sample against 50 bytes).

// ManagerID is the Key.Element of figures of the server itself: the id of its
// ServerManager.
const ManagerID = "manager_ServerManager"

// Limits bound the memory of a Store. A zero field takes the default.
type Limits struct {
	// Bytes is the most that the series may take; the default is DefaultLimit.
	Bytes int64
	// Series is how many there may be, default 20,000; the longest silent ones go
	// first.
	Series int
}

const (
	// DefaultLimit is the memory of a Store whose user chose none.
	DefaultLimit = 256 << 20
	// MinLimit is the least memory that a user may choose.
	MinLimit = 256 << 10

	defaultSeries = 20_000
	// maxCPUWaits bounds what is kept of the CPU before the number of its cores is
	// known.
	maxCPUWaits = 3_600
	// pingHandover is how long a connection must be silent before the pings of
	// another one are shown.
	pingHandover = time.Minute
)

// Store holds the series of one server. One goroutine feeds it; any goroutine
// reads it. The zero value is not ready; see NewStore.
type Store struct {
	mu     sync.RWMutex
	limits Limits

	all       map[Key]*series
	byElement map[string][]*series
	streams   map[streamKey]*stream
	groups    map[groupKey]*counter
	labels    map[streamKey]string // media of streams, known beforehand; see Sibling
	newest    map[askKey]*kept
	// The answer that is being read, and what it says of each session; of who feeds.
	scratch    []entry
	nack       map[groupKey]sampled
	nNewest    int                // entries in newest, and one for each answer
	nKept      int                // nNewest when old answers were dropped last
	flow       *Flow              // who takes the values as they come; nil for none
	gone       []string           // what was destroyed, in that order; see gone.go
	evicted    bool               // a series had to be dropped for another
	forgot     bool               // the oldest of a series had to be dropped
	bytes      int64              // what the series take
	tierBytes  [len(tierMs)]int64 // of them, full chunks
	queues     [len(tierMs)]queue
	pages      *pages  // nil: nothing goes into a file
	paged      queue   // chunks that are in it
	pagedBytes int64   // what they take in memory
	unpack     decoder // of the writer
	samples    int
	version    uint64
	first      int64 // milliseconds of the oldest and newest point ever; 0 is none
	last       int64

	epoch    uint32 // grows at restarts and gaps of the capture
	serverID string
	cpuCount float64
	cpuWaits []point // getUsedCpu before the number of cores is known

	pingConn string // the connection whose pings are kept
	pingAt   time.Time

	cost cost

	offsets [15]int64 // server's clock minus ours, milliseconds, newest samples
	nOffset int
	shift   int64 // what arrivals are moved by
}

// NewStore makes an empty store with the default limits.
func NewStore() *Store { return NewStoreWithin(Limits{}) }

// NewStoreWithin makes an empty store with limits of the caller's choice.
func NewStoreWithin(l Limits) *Store {
	if l.Series <= 0 {
		l.Series = defaultSeries
	}
	if l.Bytes <= 0 {
		l.Bytes = DefaultLimit
	}
	return &Store{
		limits:    l,
		all:       make(map[Key]*series),
		byElement: make(map[string][]*series),
		streams:   make(map[streamKey]*stream),
		groups:    make(map[groupKey]*counter),
		newest:    make(map[askKey]*kept),
		nack:      make(map[groupKey]sampled),
	}
}

// Feed takes one fact; those that carry no figure are ignored. One goroutine
// at a time: the session's loop.
func (s *Store) Feed(f wire.Fact) {
	if f.Bytes > 0 || f.Kind == wire.KindGap {
		s.mu.Lock()
		s.tally(&f)
		s.mu.Unlock()
	}
	switch f.Kind {
	case wire.KindGap:
		s.mu.Lock()
		s.epoch++
		s.mu.Unlock()
		return
	case wire.KindEvent:
		s.destroyed(f)
		return
	case wire.KindCall:
	default:
		return
	}
	if f.Err != nil {
		return
	}
	switch f.Method {
	case "connect":
		s.connected(f.ServerID)
	case "ping":
		s.pinged(f)
	case "invoke":
		switch f.Operation {
		case "getStats":
			s.feedStats(f)
		case "getUsedCpu", "getCpuCount", "getUsedMemory":
			if f.Object == ManagerID {
				s.feedManager(f)
			}
		}
	}
}

// pinged keeps the pings of one connection. A client has several, whose answers
// take differently long: one line through all of them would show jumps that no
// connection knows. Another one takes over when the first has been silent.
func (s *Store) pinged(f wire.Fact) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Conn != s.pingConn && f.At.Sub(s.pingAt) < pingHandover {
		return
	}
	s.pingConn, s.pingAt = f.Conn, f.At
	s.gauge(Key{Element: ManagerID, Metric: Ping}, s.local(f.At), float64(f.Took)/float64(time.Millisecond))
}

// connected begins a new epoch when another server process answers.
func (s *Store) connected(serverID string) {
	if serverID == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.serverID != "" && s.serverID != serverID {
		s.epoch++
		clear(s.streams)
		clear(s.groups)
		clear(s.newest)
		s.nNewest = 0
		s.cpuCount, s.cpuWaits = 0, nil
		s.allGone()
	}
	s.serverID = serverID
}

func (s *Store) feedManager(f wire.Fact) {
	var n number
	_ = json.Unmarshal(f.Result, &n)
	if !n.ok || n.v < 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.local(f.At)
	switch f.Operation {
	case "getCpuCount":
		if n.v < 1 {
			return
		}
		s.cpuCount = n.v
		for _, p := range s.cpuWaits {
			s.gauge(Key{Element: ManagerID, Metric: CPU}, p.ms(), p.v/100/n.v)
		}
		s.cpuWaits = nil
	case "getUsedCpu":
		if s.cpuCount == 0 {
			if len(s.cpuWaits) < maxCPUWaits {
				s.cpuWaits = append(s.cpuWaits, newPoint(at, n.v, false))
			}
			return
		}
		s.gauge(Key{Element: ManagerID, Metric: CPU}, at, n.v/100/s.cpuCount)
	case "getUsedMemory":
		if n.v > 0 {
			s.gauge(Key{Element: ManagerID, Metric: Memory}, at, n.v)
		}
	}
}

// local puts a time of arrival on the server's clock.
func (s *Store) local(t time.Time) int64 { return t.UnixMilli() + s.shift }

// noteClock learns how far the server's clock is from ours. What arrives
// without a timestamp follows it in steps of a second at least: less is not
// worth a jump of the line.
func (s *Store) noteClock(serverMs int64, f wire.Fact) {
	s.offsets[s.nOffset%len(s.offsets)] = serverMs - f.At.Add(-f.Took/2).UnixMilli()
	s.nOffset++
	if m := s.medianOffset(); m-s.shift > 1000 || s.shift-m > 1000 {
		s.shift = m
	}
}

func (s *Store) medianOffset() int64 {
	o := s.offsets
	known := o[:min(s.nOffset, len(o))]
	slices.Sort(known)
	return known[len(known)/2]
}

// ClockOffset gives the server's clock minus the local one, as the newest
// replies show it, and false when no reply had a timestamp. Any goroutine.
func (s *Store) ClockOffset() (time.Duration, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.nOffset == 0 {
		return 0, false
	}
	return time.Duration(s.medianOffset()) * time.Millisecond, true
}

// gauge appends a value to the series of a key.
func (s *Store) gauge(k Key, ms int64, v float64) { s.append(s.seriesOf(k), ms, v) }

func (s *Store) append(x *series, ms int64, v float64) {
	s.version++
	p, ok := x.next(ms, v, s.epoch)
	if !ok {
		return
	}
	s.last = max(s.last, ms)
	if s.flow != nil {
		s.flow.take(x, ms)
		return
	}
	if s.first == 0 || ms < s.first {
		s.first = ms
	}
	s.keepPoint(x, p)
}

func (s *Store) seriesOf(k Key) *series {
	x := s.all[k]
	if x == nil {
		if len(s.all) >= s.limits.Series {
			s.evict()
		}
		x = &series{Key: k, metric: metricIndex[k.Metric]}
		s.all[k] = x
		s.byElement[k.Element] = append(s.byElement[k.Element], x)
		s.bytes += seriesCost
	}
	return x
}

// evict drops the eighth of the series that is longest silent.
func (s *Store) evict() {
	s.evicted = true
	// Of those that fell silent together the same ones go each time: a capture gives the
	// same series whenever it is opened.
	list := slices.SortedFunc(maps.Values(s.all), func(a, b *series) int {
		return cmp.Or(cmp.Compare(a.last.ms(), b.last.ms()), a.compare(b.Key))
	})
	for _, x := range list[:(len(list)+7)/8] {
		s.drop(x)
	}
	// Nothing may hold on to them, or their points stay beyond every limit. What
	// loses its last series is over.
	for k, st := range s.streams {
		lost, left := false, false
		for i, x := range st.out {
			switch {
			case x == nil:
			case x.evicted:
				st.out[i], lost = nil, true
			default:
				left = true
			}
		}
		if lost && !left {
			delete(s.streams, k)
		}
	}
	for k, c := range s.groups {
		if c.out != nil && c.out.evicted {
			delete(s.groups, k)
		}
	}
}

func (s *Store) drop(x *series) {
	x.evicted = true
	delete(s.all, x.Key)
	s.forgetBytes(x)
	rest := slices.DeleteFunc(s.byElement[x.Element], func(y *series) bool { return y == x })
	if len(rest) == 0 {
		delete(s.byElement, x.Element)
		return
	}
	s.byElement[x.Element] = rest
}

// Forget drops every series of an element. It must not run beside Feed: the
// session's loop.
func (s *Store) Forget(element string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(map[string]bool{element: true})
}

// Series gives copies of the series that a query selects, in the order
// element, catalogue, direction, medium, stream: the samples that memory has
// whole, which is all but for the oldest of a long time (see Zoom, which has
// those too). Series without a sample in the range are left out. Any goroutine.
func (s *Store) Series(q Query) []Series {
	return s.collect(q, func(x *series, from, to int64) []point {
		pts, first := x.between(from, to)
		return thin(pts, first, q.MaxPoints)
	})
}

// Latest is like Series with the newest point of the range only. Any goroutine.
func (s *Store) Latest(q Query) []Series {
	return s.collect(q, func(x *series, from, to int64) []point {
		if p, ok := x.newest(from, to); ok {
			return []point{p}
		}
		return nil
	})
}

func (s *Store) collect(q Query, pick func(x *series, from, to int64) []point) []Series {
	from, to := q.bounds()
	s.mu.RLock()
	defer s.mu.RUnlock()
	found := s.selected(q)
	out := make([]Series, 0, len(found))
	for _, x := range found {
		pts := pick(x, from, to)
		if len(pts) == 0 {
			continue
		}
		one := Series{Key: x.Key, Unit: catalogue[x.metric].Unit, Points: make([]Point, len(pts))}
		for i, p := range pts {
			one.Points[i] = p.export()
		}
		out = append(out, one)
	}
	return out
}

// selected lists the series that a query selects, in the order in which they are
// given. s.mu is held.
func (s *Store) selected(q Query) []*series {
	var found []*series
	visit := func(x *series) {
		if (q.Dir == None || x.Dir == q.Dir) && (q.Media == "" || x.Media == q.Media) &&
			(len(q.Metrics) == 0 || slices.Contains(q.Metrics, x.Metric)) {
			found = append(found, x)
		}
	}
	if q.Element != "" {
		for _, x := range s.byElement[q.Element] {
			visit(x)
		}
	} else {
		for _, x := range s.all {
			visit(x)
		}
	}
	slices.SortFunc(found, func(a, b *series) int {
		return cmp.Or(strings.Compare(a.Element, b.Element), cmp.Compare(a.metric, b.metric), a.compare(b.Key))
	})
	return found
}

// Rate sums the newest bit rate of one medium of one element in a direction
// over its streams: what an edge of the graph shows. Streams that were not
// sampled within the last 15 s of the store are left out; false means that
// there is none. With media "" all streams count. Any goroutine.
func (s *Store) Rate(element string, dir Direction, media string) (float64, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	sum, found := 0.0, false
	for _, x := range s.byElement[element] {
		if x.Metric == Bitrate && x.Dir == dir && (media == "" || x.Media == media) && x.total > 0 && s.last-x.last.ms() <= 15_000 {
			sum += x.last.v
			found = true
		}
	}
	return sum, found
}

// Elements lists the elements that have series, in no order. Any goroutine.
func (s *Store) Elements() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([]string, 0, len(s.byElement))
	for e := range s.byElement {
		out = append(out, e)
	}
	return out
}

// Knows tells whether an element has series. Any goroutine.
func (s *Store) Knows(element string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.byElement[element]) > 0
}

// Version grows with every change: who draws compares it with the last one
// seen. Any goroutine.
func (s *Store) Version() uint64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.version
}

// Samples counts the successful getStats replies seen. Any goroutine.
func (s *Store) Samples() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.samples
}

// Span gives the times of the oldest and the newest point ever; zero times
// when there is none. Any goroutine.
func (s *Store) Span() (first, last time.Time) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.first == 0 {
		return time.Time{}, time.Time{}
	}
	return fromMs(s.first), fromMs(s.last)
}
