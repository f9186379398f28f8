package timeline

import (
	"cmp"
	"encoding/json"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"kmscope/inventory"
	"kmscope/wire"
)

// The lanes: which state each lane of each object was in, from when to when.
// The inventory knows the newest state only; Lanes keep the whole way there.
//
// The axis is the local clock, that of Fact.At. An event stands at the server's
// timestamp moved to that clock (see skew), so that what is late on the way
// still gets its place; a reading stands where its reply arrived, and an event
// without a timestamp where it arrived. What is true when they disagree:
//   - Events of one lane stand in order of their timestamps. Equal timestamps of
//     one ICE component follow GATHERING, CONNECTING, CONNECTED, READY (the
//     server does send READY before CONNECTED); all others follow arrival.
//   - A reading counts after the events that stand before it, unless the last
//     of them arrived only when the reading's request was under way: then nobody
//     knows which of the two is older, the event has the last word, and the
//     reading is left out.
//   - Nothing is known of a lane before its first event or reading, and its last
//     state holds until the object dies.
//
// What was fed stays as marks, one small value each, in order; the intervals
// are made of them when somebody asks, because the skew is known better with
// each event and the whole lane moves with it. Cost: a mark is 32 bytes, feeding
// is one insertion at the end of a slice, All is one pass. Rejected: intervals
// that are kept up to date (each late event and each better skew would rewrite
// them), and asking a second inventory.Reducer for its state after each event
// (it knows only the end of the way, so what is late is lost).

// The bounds of Lanes. Beyond maxMarks the older half of the longer lanes is
// dropped, then the objects known longest; beyond maxDead the objects that died
// first.
const (
	maxLanes     = 512 // of one object
	maxLaneMarks = 1 << 17
	maxMarks     = 1 << 20
	maxWords     = 4096
	maxIDBytes   = 1024
)

// Interval is one state of a lane for as long as it held.
type Interval struct {
	// State is the server's own word.
	State string
	// From and To are on the clock of Fact.At. They are equal where the server
	// gave two states the same millisecond.
	From, To time.Time
	// Source says whether an event began it or a reading.
	Source inventory.Source
	// Late is set when the event that began it arrived after the one that ended
	// it: the order is that of the server's timestamps, not that of arrival.
	Late bool
}

// ObjectLane is one lane of one object.
type ObjectLane struct {
	Object string
	Lane   inventory.Lane
	// Intervals stand in order and touch each other.
	Intervals []Interval
	// Died tells that the object's death ended the last interval.
	Died bool
	// Cut tells that the beginning was dropped: the lane was too long.
	Cut bool
}

// Lanes keeps the lanes of all objects of a stream of facts, of one server or
// of several. The zero value is ready. One goroutine feeds it; any may ask.
type Lanes struct {
	mu      sync.RWMutex
	servers []*laneServer
	conns   map[string]*laneServer
	objects map[string]*laneObject
	order   []*laneObject // as they became known
	pipes   map[string][]*laneObject
	dead    []*laneObject    // as they died
	gone    map[string]death // deaths of objects without lanes
	words   map[string]*string
	marks   int
	last    time.Time
	version uint64
	shape   uint64
	global  *laneMarks // what happened to the connection, as ticks
	own     ownConns
	unseen  unseen
	// attempts folds those to connect.
	attempts attempts
}

type laneServer struct {
	url  string
	id   string // of the server's process
	skew skew
}

type laneObject struct {
	id     string
	server *laneServer
	seen   int64 // first mark, arrival
	death  death
	lanes  []*laneMarks
	ticks  [tickKinds]*laneMarks
}

// death is when an object died; stamp is the server's time, 0 where only the
// local one is known.
type death struct {
	stamp, at int64
	known     bool
	doubtful  bool // a server did not find it, which it says of a new object as well
}

type laneMarks struct {
	name   inventory.Lane
	events []mark // by timestamp
	reads  []mark // by arrival; also the events without a timestamp
	newest int64  // arrival of the newest event
	cut    bool
	ticks  bool // events that change no state: equal ones count each
	way    way
}

// mark is a state that began. Times are microseconds since 1970. There are up to a
// million: it is as small as it can be.
type mark struct {
	state *string // the one copy of it
	stamp int64   // the server's, 0 is none; of a reading, when its request was sent
	at    int64   // arrival
	rank  int8
	bad   Severity // of a tick
	late  bool
	read  bool // not an event
}

// server gives the server's timestamp, 0 is none.
func (m *mark) server() int64 {
	if m.read {
		return 0
	}
	return m.stamp
}

// Feed takes one fact. It never fails: what it does not understand changes
// nothing.
func (l *Lanes) Feed(f wire.Fact) {
	if f.Kind == wire.KindEvent {
		var d eventData
		d.read(&f)
		l.feed(&f, &d)
		return
	}
	l.feed(&f, nil)
}

// feed takes a fact, of an event with its data read.
func (l *Lanes) feed(f *wire.Fact, d *eventData) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f.At.After(l.last) {
		l.last = f.At
	}
	l.sight(f)
	l.connection(f)
	switch f.Kind {
	case wire.KindOpen:
		l.open(f)
	case wire.KindClose:
		delete(l.conns, f.Conn)
	case wire.KindEvent:
		l.event(f, d)
	case wire.KindControl:
		l.own.take(f)
	case wire.KindCall:
		l.call(f)
	}
	l.boundDead()
}

func (l *Lanes) event(f *wire.Fact, d *eventData) {
	s := l.server(f.Conn)
	at, stamp := f.At.UnixMicro(), int64(0)
	if !f.Stamp.IsZero() {
		stamp = f.Stamp.UnixMicro()
		s.skew.take(at - stamp)
	}
	if f.Type == "ObjectDestroyed" {
		l.kill(s, or(d.ObjectID, d.Object), death{stamp: stamp, at: at, known: true})
		return
	}
	name := f.Event()
	lane, word := d.lane(name)
	var x *laneMarks
	if lane == "" {
		x, word = l.tickLane(s, f, name, at), f.Type
	} else {
		x = l.lane(s, f.Object, lane, at)
	}
	if x == nil {
		return
	}
	m := mark{state: l.word(word), stamp: stamp, at: at}
	switch {
	case x.ticks && f.Type == "Error":
		m.bad = decodeEvent(name, f.Data, d).severity
	case strings.HasPrefix(string(lane), "ice/"):
		m.rank = int8(iceRank[word])
	case strings.HasPrefix(string(lane), "dtls/"):
		m.rank = int8(dtlsRank[word])
	}
	x.newest = max(x.newest, at)
	l.keep(x, m)
}

// keep puts a mark into a lane.
func (l *Lanes) keep(x *laneMarks, m mark) {
	if m.server() == 0 {
		x.reads = insertMark(x.reads, m)
	} else {
		x.events = insertMark(x.events, m)
	}
	x.way.disturb(&m)
	l.version++
	l.bound(x)
}

// insertMark puts a mark into its place, which is nearly always the end.
func insertMark(list []mark, m mark) []mark {
	i := len(list)
	for i > 0 && follows(&list[i-1], &m) {
		if i--; len(list)-i == 64 && m.server() != 0 { // far back: search instead
			i, _ = slices.BinarySearchFunc(list[:i], m.stamp+1, func(x mark, stamp int64) int { return cmp.Compare(x.stamp, stamp) })
		}
	}
	m.late = i < len(list) && !m.read
	return slices.Insert(list, i, m)
}

// follows tells whether a, which came before b, stands after it in their list.
func follows(a, b *mark) bool {
	if b.server() == 0 {
		return a.at > b.at
	}
	if a.stamp != b.stamp {
		return a.stamp > b.stamp
	}
	return b.rank > 0 && a.rank > b.rank
}

func (l *Lanes) read(s *laneServer, f *wire.Fact) {
	at := f.At.UnixMicro()
	asked := max(f.At.Add(-f.Took).UnixMicro(), 1)
	for _, r := range inventory.LaneReadings(f) {
		x := l.lane(s, f.Object, r.Lane, at)
		if x == nil {
			continue
		}
		m := mark{state: l.word(r.Value), stamp: asked, at: at, read: true}
		if n := len(x.reads); n > 0 {
			// The same again, and no event since that was asked: this one
			// counts only where the first one counts too.
			if p := &x.reads[n-1]; p.read && *p.state == *m.state && x.newest <= p.stamp {
				continue
			}
		}
		l.keep(x, m)
	}
}

// lane gives a lane, and makes it where there is none; nil for what is no
// object, and beyond the bound.
func (l *Lanes) lane(s *laneServer, id string, name inventory.Lane, at int64) *laneMarks {
	o := l.object(s, id, at)
	if o == nil {
		return nil
	}
	if d := &o.death; d.doubtful && at > d.at+settling {
		l.revive(o)
	}
	for _, x := range o.lanes {
		if x.name == name {
			return x
		}
	}
	if len(o.lanes) >= maxLanes || len(name) > maxIDBytes {
		return nil
	}
	x := &laneMarks{name: name}
	o.lanes = append(o.lanes, x)
	l.shape++
	return x
}

// object gives an object, and makes it where there is none; nil for what is no
// object.
func (l *Lanes) object(s *laneServer, id string, at int64) *laneObject {
	o := l.objects[id]
	if o == nil {
		if id == inventory.ManagerID || len(id) > maxIDBytes || inventory.TypeOf(id) == "" {
			return nil
		}
		if l.objects == nil {
			l.objects, l.pipes = make(map[string]*laneObject), make(map[string][]*laneObject)
		}
		id = strings.Clone(id)
		o = &laneObject{id: id, server: s, seen: at, death: l.gone[id]}
		delete(l.gone, id)
		l.objects[id] = o
		l.order = append(l.order, o)
		if o.death.known {
			l.dead = append(l.dead, o)
		}
		p := inventory.PipelineOf(id)
		l.pipes[p] = append(l.pipes[p], o)
	}
	return o
}

// word keeps one copy of each state's name.
func (l *Lanes) word(w string) *string {
	w = clip(w, maxWordRunes)
	if known := l.words[w]; known != nil {
		return known
	}
	if l.words == nil || len(l.words) >= maxWords {
		l.words = make(map[string]*string)
	}
	kept := strings.Clone(w)
	l.words[kept] = &kept
	return &kept
}

// bound counts a mark that was just put into a lane, and drops old ones.
func (l *Lanes) bound(x *laneMarks) {
	l.marks++
	if len(x.events)+len(x.reads) > maxLaneMarks {
		l.marks -= x.halve()
	}
	if l.marks <= maxMarks {
		return
	}
	for _, o := range l.order {
		for x := range o.all() {
			if len(x.events)+len(x.reads) > 64 {
				l.marks -= x.halve()
			}
		}
	}
	oldest := make(map[*laneObject]bool)
	for left := l.marks; left > maxMarks/2 && len(oldest) < len(l.order)-1; {
		o := l.order[len(oldest)]
		oldest[o] = true
		left -= o.marks()
	}
	l.forget(oldest)
}

// halve drops the older half of a lane, and gives how many marks that were.
func (x *laneMarks) halve() int {
	e, r := len(x.events)/2, len(x.reads)/2
	x.events, x.reads = slices.Clone(x.events[e:]), slices.Clone(x.reads[r:])
	x.cut = true
	x.way = way{}
	return e + r
}

// all gives everything that an object keeps.
func (o *laneObject) all() iter.Seq[*laneMarks] {
	return func(yield func(*laneMarks) bool) {
		for _, x := range o.lanes {
			if !yield(x) {
				return
			}
		}
		for _, x := range o.ticks {
			if x != nil && !yield(x) {
				return
			}
		}
	}
}

func (l *Lanes) call(f *wire.Fact) {
	s := l.server(f.Conn)
	l.command(s, f)
	at := death{at: f.At.UnixMicro(), known: true}
	if f.Err != nil {
		if f.Err.Code == 40101 && (f.Method == "invoke" || f.Method == "describe" || f.Method == "subscribe") &&
			f.Object != "" && strings.Contains(f.Err.Message, "'"+f.Object+"'") {
			at.doubtful = true
			l.kill(s, f.Object, at)
		}
		return
	}
	switch f.Method {
	case "connect":
		if f.ServerID == "" || f.ServerID == s.id {
			return
		}
		if s.id != "" { // another process: nothing of the old one exists
			l.version++
			l.shape++
			for _, o := range l.order {
				if o.server == s {
					l.die(o, at)
				}
			}
		}
		s.id = f.ServerID
	case "release":
		l.kill(s, f.Object, at)
	case "invoke":
		switch f.Operation {
		case "getPipelines", "getChildren", "getChilds":
			l.listed(s, f, at)
		default:
			l.read(s, f)
		}
	}
}

// listed ends what a listing leaves out, unless it is younger than the question.
func (l *Lanes) listed(s *laneServer, f *wire.Fact, d death) {
	var ids []string
	if json.Unmarshal(f.Result, &ids) != nil {
		return
	}
	asked := f.At.Add(-f.Took).UnixMicro()
	all, prefix := l.order, ""
	if f.Operation != "getPipelines" {
		all, prefix = l.pipes[inventory.PipelineOf(f.Object)], f.Object+"/"
	}
	listed := make(map[string]bool, len(ids))
	for _, id := range ids {
		listed[id] = true
	}
	for _, o := range all {
		below, ok := strings.CutPrefix(o.id, prefix)
		if !ok || o.server != s || o.seen >= asked || o.death.known {
			continue
		}
		if top, _, _ := strings.Cut(below, "/"); !listed[prefix+top] {
			l.die(o, d)
		}
	}
}

// Local moves a timestamp of a server to the local clock, that of Fact.At. The
// URL is that of the connection's opening, "" where it named none. Without an
// event of that server to compare, the timestamp is given back. Any goroutine.
func (l *Lanes) Local(url string, stamp time.Time) time.Time {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, s := range l.servers {
		if s.url == url || len(l.servers) == 1 {
			if d, ok := s.skew.value(); ok {
				return stamp.Add(time.Duration(d) * time.Microsecond)
			}
		}
	}
	return stamp
}

// All gives the lanes of all objects, the objects in the order in which they
// became known, their lanes in that of CompareLanes. The last interval of an
// object that lives ends at end; the zero time means the last fact. Any
// goroutine.
func (l *Lanes) All(end time.Time) []ObjectLane {
	l.mu.RLock()
	defer l.mu.RUnlock()
	var out []ObjectLane
	for _, o := range l.order {
		out = l.appendObject(out, o, end)
	}
	return out
}

// Object gives the lanes of one object, as All does; nil when it has none. Any
// goroutine.
func (l *Lanes) Object(id string, end time.Time) []ObjectLane {
	l.mu.RLock()
	defer l.mu.RUnlock()
	o := l.objects[id]
	if o == nil {
		return nil
	}
	return l.appendObject(nil, o, end)
}

func (l *Lanes) appendObject(out []ObjectLane, o *laneObject, end time.Time) []ObjectLane {
	if end.IsZero() {
		end = l.last
	}
	until := end.UnixMicro()
	skew, _ := o.server.skew.value()
	if o.death.known {
		until = min(until, place(o.death.stamp, o.death.at, skew))
	}
	from := len(out)
	for _, x := range o.lanes {
		if list := x.intervals(skew, until); len(list) > 0 {
			out = append(out, ObjectLane{Object: o.id, Lane: x.name, Intervals: list, Died: o.death.known, Cut: x.cut})
		}
	}
	slices.SortFunc(out[from:], func(a, b ObjectLane) int { return CompareLanes(a.Lane, b.Lane) })
	return out
}

// place gives where something stands on the local clock that has a timestamp of
// the server (0 is none) and arrived at a time, all in microseconds. A timestamp that is out
// by more than an hour against those of the other events says nothing, and
// nothing happened after it was told.
func place(stamp, at, skew int64) int64 {
	if stamp == 0 {
		return at
	}
	p := stamp + skew
	if p < at-skewStep || p > at {
		return at
	}
	return p
}

// intervals makes the intervals of a lane that began before until.
func (x *laneMarks) intervals(skew, until int64) []Interval {
	var w way
	x.walk(&w, skew)
	out := make([]Interval, 0, len(w.steps))
	for i := range w.steps {
		s := &w.steps[i]
		if s.at > until {
			break
		}
		if i > 0 {
			out[i-1].To = time.UnixMicro(s.at)
		}
		out = append(out, Interval{State: s.state, From: time.UnixMicro(s.at), Source: s.source, Late: s.late})
	}
	if n := len(out); n > 0 {
		out[n-1].To = time.UnixMicro(until)
	}
	return out
}

// laneHeads is the order in which lanes come up in the life of an endpoint.
var laneHeads = []string{"ice", "dtls", "connection", "media", "uri", "recorder", "flow-in", "flow-out", "transcoding"}

// CompareLanes orders lanes as they come up in the life of an endpoint: ICE,
// DTLS, connection, media, playing and recording, flow, transcoding. It is
// negative when a comes first.
func CompareLanes(a, b inventory.Lane) int {
	x, _, _ := strings.Cut(string(a), "/")
	y, _, _ := strings.Cut(string(b), "/")
	if d := slices.Index(laneHeads, x) - slices.Index(laneHeads, y); d != 0 {
		return d
	}
	return strings.Compare(string(a), string(b))
}
