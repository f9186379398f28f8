package timeline

import (
	"math"
	"slices"
	"sort"
	"strings"
	"time"

	"kmscope/inventory"
	"kmscope/wire"
)

// What the lanes look like at some zoom. A window of so many columns never gets
// more than one bar a column and lane, and one tick a column and kind, however
// many states there were: each is found by a binary search, so the cost is that
// of the columns times the logarithm of the events. States that share a column
// are one bar that counts them and has the worst of them.

// TickKind is what an event that changes no state is about.
type TickKind uint8

// The kinds of ticks.
const (
	TickICE     TickKind = iota // a candidate, a pair, gathering done
	TickEvent                   // any other event of the object
	TickCommand                 // a call that changes the object, by somebody else
	TickOwn                     // the same by this tool
	TickError                   // an Error event
	tickKinds
)

// Window is the part of time that is drawn, in columns of equal width.
type Window struct {
	From, To time.Time
	Columns  int
	// End is where the last state of what lives ends; zero is the last fact.
	End time.Time
	// Coarse makes one Bar of neighbours that each are several states and as bad:
	// far out nearly all are, and who draws them a few pixels high sees no more.
	Coarse bool
}

// Bar is one state of a lane in a Window, or several that share a column.
type Bar struct {
	// Column is the first, Until the one after the last.
	Column, Until int
	// From and To are those of the state, also outside of the window.
	From, To time.Time
	// State is "" where Count is above 1.
	State    string
	Count    int
	Severity Severity // the worst
	Source   inventory.Source
	// Late is set when the event that began it arrived after the one that ended
	// it.
	Late bool
	// Holds is set when nothing has ended the state.
	Holds bool
}

// Tick is one event in a Window, or several that share a column.
type Tick struct {
	Column int
	At     time.Time // of the first
	// Type is that of the first: an event's name, or that of an operation.
	Type     string
	Count    int
	Severity Severity // the worst
	Late     bool
}

// LaneObject names an object and its lanes.
type LaneObject struct {
	ID string
	// Lanes are in the order of CompareLanes.
	Lanes []inventory.Lane
	// Errors counts its Error events.
	Errors int
	// Died is when the object died, zero while it lives.
	Died time.Time
}

// connection notes what happened to the connection as ticks.
func (l *Lanes) connection(f *wire.Fact) {
	m := mark{at: f.At.UnixMicro()}
	var what string
	switch f.Kind {
	case wire.KindOpen:
		l.attempts.open(f)
		return
	case wire.KindError:
		if l.attempts.failing(f) {
			return
		}
		what, m.bad = "connection failed", Error
	case wire.KindGap:
		what, m.bad = "records are missing", Warning
	case wire.KindClose:
		_, s := closing(f)
		what, m.bad = "connection closed", s
	default:
		return
	}
	if l.global == nil {
		l.global = &laneMarks{ticks: true}
	}
	m.state = l.word(what)
	l.keep(l.global, m)
}

// iceTicks are the events of ICE that change no state.
var iceTicks = map[string]bool{"IceCandidateFound": true, "IceGatheringDone": true, "NewCandidatePairSelected": true}

// tickLane gives the place of an event that changes no state, by its name of 7.x;
// nil where it has none.
func (l *Lanes) tickLane(s *laneServer, f *wire.Fact, name string, at int64) *laneMarks {
	kind := TickEvent
	switch {
	case name == "ObjectCreated" || name == "ObjectDestroyed":
		return nil
	case name == "Error":
		kind = TickError
	case iceTicks[name]:
		kind = TickICE
	}
	return l.tick(s, f.Object, kind, at)
}

func (l *Lanes) tick(s *laneServer, id string, kind TickKind, at int64) *laneMarks {
	o := l.object(s, id, at)
	if o == nil {
		return nil
	}
	if o.ticks[kind] == nil {
		o.ticks[kind] = &laneMarks{ticks: true}
		l.shape++
	}
	return o.ticks[kind]
}

// command notes a call that changes an object.
func (l *Lanes) command(s *laneServer, f *wire.Fact) {
	if !changes(f) || f.Method == "closeSession" {
		return
	}
	id, name := f.Object, f.Operation
	if f.Method != "invoke" {
		name = f.Method
	}
	if f.Method == "create" {
		var made text
		if made.take(f.Result); made != "" {
			id = string(made)
		}
	}
	at := f.At.Add(-max(f.Took, 0)).UnixMicro()
	kind := TickCommand
	if l.own[f.Conn] {
		kind = TickOwn
	}
	x := l.tick(s, id, kind, at)
	if x == nil {
		return
	}
	m := mark{state: l.word(name), at: at}
	if f.Err != nil {
		m.bad = Warning
	}
	l.keep(x, m)
}

// Version grows with every change. Any goroutine, like all below.
func (l *Lanes) Version() uint64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.version
}

// Shape grows when an object or a lane is new, and when an object has its first
// error or dies: when Objects would give something else.
func (l *Lanes) Shape() uint64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.shape
}

// Objects lists what has lanes or ticks: an object and all below it, or all for
// "". They come in the order in which they became known.
func (l *Lanes) Objects(scope string) []LaneObject {
	l.mu.RLock()
	defer l.mu.RUnlock()
	all := l.order
	if scope != "" {
		all = l.pipes[inventory.PipelineOf(scope)]
	}
	var out []LaneObject
	for _, o := range all {
		if scope != "" && o.id != scope && !strings.HasPrefix(o.id, scope+"/") {
			continue
		}
		x := LaneObject{ID: o.id, Lanes: make([]inventory.Lane, len(o.lanes))}
		for i, lane := range o.lanes {
			x.Lanes[i] = lane.name
		}
		slices.SortFunc(x.Lanes, CompareLanes)
		if e := o.ticks[TickError]; e != nil {
			x.Errors = len(e.events) + len(e.reads)
		}
		if o.death.known {
			skew, _ := o.server.skew.value()
			x.Died = time.UnixMicro(place(o.death.stamp, o.death.at, skew))
		}
		out = append(out, x)
	}
	return out
}

// columns is a Window in microseconds.
type columns struct {
	from, to, end int64
	n             int
	width         float64
	coarse        bool
}

func (l *Lanes) columns(w *Window) columns {
	c := columns{from: w.From.UnixMicro(), to: w.To.UnixMicro(), n: max(w.Columns, 1), end: w.End.UnixMicro(), coarse: w.Coarse}
	if w.End.IsZero() {
		c.end = l.last.UnixMicro()
	}
	c.to = max(c.to, c.from+1)
	c.width = float64(c.to-c.from) / float64(c.n)
	return c
}

// of gives the column in which a time lies, n for the end of the window and what
// is after it.
func (c *columns) of(at int64) int {
	i := min(max(int(float64(at-c.from)/c.width), 0), c.n)
	for i > 0 && c.start(i) > at {
		i--
	}
	for i < c.n && c.start(i+1) <= at {
		i++
	}
	return i
}

// start gives where a column begins.
func (c *columns) start(column int) int64 {
	if column >= c.n {
		return c.to
	}
	return c.from + int64(math.Ceil(float64(column)*c.width))
}

// Bars adds to dst what a lane of an object looks like in a window, from left to
// right, and gives it back.
func (l *Lanes) Bars(dst []Bar, object string, lane inventory.Lane, w Window) []Bar {
	l.mu.Lock()
	defer l.mu.Unlock()
	o := l.objects[object]
	if o == nil {
		return dst
	}
	for _, x := range o.lanes {
		if x.name != lane {
			continue
		}
		c := l.columns(&w)
		skew, _ := o.server.skew.value()
		if o.death.known {
			c.end = min(c.end, place(o.death.stamp, o.death.at, skew))
		}
		x.walk(&x.way, skew)
		return c.bars(dst, x.way.steps, !o.death.known)
	}
	return dst
}

func (c *columns) bars(dst []Bar, steps []step, alive bool) []Bar {
	last := sort.Search(len(steps), func(i int) bool { return steps[i].at > c.end }) // what began after the death
	steps = steps[:last]
	end := min(c.end, c.to)
	s := sort.Search(len(steps), func(i int) bool { return steps[i].at >= c.from })
	for column := 0; column < c.n; {
		if c.start(column) > end {
			break
		}
		// steps[s:k] begin in this column.
		next := c.start(column + 1)
		k := ahead(steps, s, next)
		if k-s >= 2 {
			b := Bar{Column: column, From: time.UnixMicro(steps[s].at), Severity: worst(steps, s, k)}
			for c.coarse && column+1 < c.n {
				more := ahead(steps, k, c.start(column+2))
				if more-k < 2 || worst(steps, k, more) != b.Severity {
					break
				}
				k, column = more, column+1
			}
			b.Until, b.To, b.Count = column+1, time.UnixMicro(steps[k-1].at), k-s
			if k == len(steps) && c.of(end) <= column {
				b.To = time.UnixMicro(c.end)
			}
			dst = append(dst, b)
			s, column = k, column+1
			continue
		}
		until := min(c.of(end)+1, c.n)
		if k < len(steps) {
			until = max(min(c.of(steps[k].at), c.n), column+1)
		}
		if k > 0 {
			x := &steps[k-1]
			b := Bar{Column: column, Until: max(until, column+1), From: time.UnixMicro(x.at), To: time.UnixMicro(c.end), State: x.state, Count: 1,
				Severity: x.bad, Source: x.source, Late: x.late, Holds: k == len(steps) && alive}
			if k < len(steps) {
				b.To = time.UnixMicro(steps[k].at)
			}
			dst = append(dst, b)
		} else if k == len(steps) {
			break
		}
		s, column = k, max(until, column+1)
	}
	return dst
}

// ahead gives the first step from s on that is at a time or later. It is nearly
// always near: the strides grow until they are past it.
func ahead(steps []step, s int, at int64) int {
	stride := 1
	for s < len(steps) && steps[min(s+stride, len(steps))-1].at < at {
		s += stride
		stride *= 2
	}
	s, end := min(s, len(steps)), min(s+stride, len(steps))
	return s + sort.Search(end-s, func(i int) bool { return steps[s+i].at >= at })
}

// worst gives the worst severity of steps[s:k].
func worst(steps []step, s, k int) Severity {
	failed, odd := steps[k-1].failed, steps[k-1].odd
	if s > 0 {
		failed, odd = failed-steps[s-1].failed, odd-steps[s-1].odd
	}
	switch {
	case failed > 0:
		return Error
	case odd > 0:
		return Warning
	}
	return Info
}

// Ticks adds to dst the events of a kind of an object in a window, from left to
// right, and gives it back. For the object "" it is what happened to the
// connection, whatever the kind.
func (l *Lanes) Ticks(dst []Tick, object string, kind TickKind, w Window) []Tick {
	l.mu.Lock()
	defer l.mu.Unlock()
	x, skew := l.global, int64(0)
	if object != "" {
		o := l.objects[object]
		if o == nil || kind >= tickKinds {
			return dst
		}
		x = o.ticks[kind]
		skew, _ = o.server.skew.value()
	}
	if x == nil {
		return dst
	}
	c := l.columns(&w)
	x.walk(&x.way, skew)
	steps := x.way.steps
	s := sort.Search(len(steps), func(i int) bool { return steps[i].at >= c.from })
	for s < len(steps) && steps[s].at <= c.to {
		column := min(c.of(steps[s].at), c.n-1)
		next := c.start(column + 1)
		if column == c.n-1 {
			next = c.to + 1
		}
		k := ahead(steps, s+1, next)
		dst = append(dst, Tick{Column: column, At: time.UnixMicro(steps[s].at), Type: steps[s].state, Count: k - s, Severity: worst(steps, s, k), Late: steps[s].late})
		s = k
	}
	return dst
}

// At gives the state that a lane had at a moment, and since when; false where
// it is not known. end is that of Window.
func (l *Lanes) At(object string, lane inventory.Lane, at, end time.Time) (Bar, bool) {
	b := l.Bars(nil, object, lane, Window{From: at, To: at.Add(time.Microsecond), Columns: 1, End: end})
	if len(b) == 0 {
		return Bar{}, false
	}
	return b[0], true
}
