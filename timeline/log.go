package timeline

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"kmscope/wire"
)

// The log. Entries arrive into chunks, as records without pointers whose
// strings stand once in a table of the chunk; order holds their numbers, by the
// millisecond where they stand and then by arrival. Putting a late one into its
// place moves eight bytes for each that follows it.
//
// The text of a state names the state before it, so an event that arrives late
// changes the text of its successor: each lane (one state of one object)
// remembers its last eight entries, and the successor gets a new text. Later
// than that, an event stands in its place without mending its neighbours.
//
// What the server's clock is ahead becomes known better with time. When it
// changes by a millisecond all entries of the server move, and the order is
// made anew; that happens some ten times in a million events.
//
// Cost, measured by BenchmarkMemory: some 85 bytes an entry and 50 for its
// packed message. A reader takes the numbers under the lock and then the
// entries by the thousand, so that feeding never waits for a search. Rejected:
// pointers to immutable entries (250 bytes each, and the garbage collector walks
// them all), a balanced tree (events are almost always at the end), and writing
// the texts when they are looked at (a search looks at all of them).

const (
	defaultLimit = 1_000_000
	maxTypes     = 1_000
	otherTypes   = "other" // counts the types beyond that
	maxObjects   = 100_000
	laneHistory  = 8
	// minShift is by how much the server's clock must seem to have moved before
	// the entries follow.
	minShift = 1000 // microseconds
)

// Log keeps the newest entries of one server. One goroutine feeds it; any
// goroutine reads it. The zero value is not ready; see NewLog.
type Log struct {
	mu    sync.RWMutex
	limit int

	chunks []*chunk // chunks[i] holds the entries from first + i*chunkSize
	first  uint64   // Seq of the first of chunks[0]
	order  []uint64 // order[head:] by place, then by arrival
	head   int
	total  uint64
	types  map[string]*typeLog
	raws   raws

	// version grows with every change; deep counts the changes further back
	// than viewDepth, which a View must look for everywhere.
	version uint64
	deep    uint64

	// Only the feeding goroutine touches what follows.
	skew     skew
	ahead    int64 // of the server's clock, microseconds, as the entries have it
	aligned  bool  // ahead is known
	objects  map[string]*objectLog
	newest   int64 // latest timestamp of the server, milliseconds
	serverID string
	names    map[laneKey]*laneName
	states   map[laneState]*laneState
	own      ownConns
	attempts attempts
	scratch  []byte
}

// typeLog is what is kept of a type of events, and objectLog of an object.
type typeLog struct {
	count int
	asString
}

type objectLog struct {
	lanes []lane
	asString
}

// asString is the number that a string has in the newest chunk that it was added
// to, so that it need not be looked for again.
type asString struct {
	chunk  uint64 // its first
	number uint32
}

// in gives the number of a string in a chunk.
func (n *asString) in(c *chunk, l *Log, s string) uint32 {
	if n.chunk != c.first {
		n.chunk, n.number = c.first, l.add(c, s)
	}
	return n.number
}

// draft is an entry before it has its place.
type draft struct {
	Entry
	raw     []byte
	command bool
	event   bool
}

// NewLog makes a log that keeps the newest limit entries; 0 means 1,000,000.
func NewLog(limit int) *Log {
	if limit <= 0 {
		limit = defaultLimit
	}
	return &Log{limit: limit, first: 1, types: make(map[string]*typeLog), objects: make(map[string]*objectLog), names: make(map[laneKey]*laneName), states: make(map[laneState]*laneState)}
}

// Feed takes one fact; reads and requests give no entry. One goroutine at a
// time: the session's loop.
func (l *Log) Feed(f wire.Fact) {
	if f.Kind == wire.KindEvent {
		var d eventData
		d.read(&f)
		l.event(&f, &d)
		return
	}
	l.feed(&f)
}

// Feed gives a fact to a log and to lanes, which takes an event apart once for
// both. One goroutine at a time.
func Feed(l *Log, x *Lanes, f wire.Fact) {
	if f.Kind == wire.KindEvent {
		var d eventData
		d.read(&f)
		l.event(&f, &d)
		x.feed(&f, &d)
		return
	}
	l.feed(&f)
	x.feed(&f, nil)
}

// feed takes what is no event.
func (l *Log) feed(f *wire.Fact) {
	e := &draft{Entry: Entry{Arrived: f.At, At: f.At}, raw: f.Raw}
	switch f.Kind {
	case wire.KindCall:
		if f.Method == "connect" && f.Err == nil {
			l.connected(e, f)
			return
		}
		if !changes(f) {
			return
		}
		e.Type, e.Object, e.At, e.command = TypeCommand, f.Object, f.At.Add(-max(f.Took, 0)), true
		if f.Method == "create" {
			var id text
			if json.Unmarshal(f.Result, &id) == nil {
				e.Object = string(id)
			}
		}
		call := *f
		if l.own[f.Conn] {
			e.Type, call.Conn = TypeOwn, "" // nobody need know which connection
		}
		e.Text, e.Severity = command(&call)
		if e.raw = f.Params; secret(f) {
			e.raw = nil
		}
	case wire.KindOpen:
		e.Type, e.Text = TypeConnection, label(f.Conn)+"opened"+l.attempts.open(f)
		if f.Text != "" {
			e.Text += " to " + withoutUser(f.Text)
		}
	case wire.KindClose:
		e.Type = TypeConnection
		e.Text, e.Severity = closing(f)
	case wire.KindError:
		if l.attempts.failing(f) {
			return
		}
		e.Type, e.Text, e.Severity = TypeConnection, label(f.Conn)+line(f.Text), Error
	case wire.KindGap:
		e.Type, e.Text, e.Severity = TypeGap, gap(f), Warning
	case wire.KindNote:
		e.Type, e.Text = TypeNote, line(f.Text)
	case wire.KindControl:
		if !l.control(e, f) {
			return
		}
	case wire.KindUndecoded:
		e.Type, e.Text, e.Severity = TypeUndecoded, label(f.Conn)+line(f.Text), Warning
	default:
		return
	}
	l.insert(e, nil)
}

// control takes a note on what this tool changes. The commands themselves are
// known from their frames; only those that none was answered to come from here.
func (l *Log) control(e *draft, f *wire.Fact) bool {
	e.Type, e.Text, e.Severity, e.Object, e.raw = TypeControl, line(f.Text), Notice, f.Object, nil
	l.own.take(f)
	switch f.Type {
	case "on", "off":
	case "lost":
		e.Type, e.Severity = TypeOwn, Warning
	case "unsent":
		e.Severity = Warning
	default:
		return false
	}
	return true
}

// connected notes a restart of the server; any other connect changes nothing.
func (l *Log) connected(e *draft, f *wire.Fact) {
	if f.ServerID == "" || f.ServerID == l.serverID {
		return
	}
	again := l.serverID != ""
	l.serverID = f.ServerID
	if !again {
		return
	}
	clear(l.objects)
	e.Type, e.Severity = TypeConnection, Warning
	e.Text = "the server was restarted: another process answers, and everything of the old one is gone"
	l.insert(e, nil)
}

// event takes an event whose data was read.
func (l *Log) event(f *wire.Fact, d *eventData) {
	e := draft{Entry: Entry{Arrived: f.At, At: f.At, Object: f.Object, Type: f.Type}, raw: f.Raw, event: true}
	s := decodeEvent(f.Event(), f.Data, d)
	e.Severity, e.Text = s.severity, s.text
	switch f.Type {
	case "ObjectCreated", "ObjectDestroyed":
		// The manager raises them, but they are about the object.
		if id := or(d.ObjectID, d.Object); id != "" {
			e.Object = id
		}
	}
	if !f.Stamp.IsZero() {
		e.Stamp = f.Stamp
		stamp := f.Stamp.UnixMilli()
		if e.Late = stamp < l.newest; !e.Late {
			l.newest = stamp
		}
		l.align(f.At.UnixMicro() - f.Stamp.UnixMicro())
	}
	if s.lane.kind == "" {
		l.insert(&e, nil)
	} else {
		l.insert(&e, &s)
	}
	if f.Type == "ObjectDestroyed" {
		delete(l.objects, e.Object)
	}
}

// typeOf counts an event of a type, and gives what is kept of the type; nil
// beyond the bound.
func (l *Log) typeOf(name string) *typeLog {
	t := l.types[name]
	switch {
	case t != nil:
		t.count++
	case len(l.types) < maxTypes:
		t = &typeLog{count: 1}
		l.types[strings.Clone(name)] = t
	case l.types[otherTypes] != nil:
		l.types[otherTypes].count++
	default:
		l.types[otherTypes] = &typeLog{count: 1}
	}
	return t
}

// objectOf gives what is kept of an object.
func (l *Log) objectOf(id string) *objectLog {
	o := l.objects[id]
	if o == nil {
		if len(l.objects) >= maxObjects {
			clear(l.objects)
		}
		o = new(objectLog)
		l.objects[strings.Clone(id)] = o
	}
	return o
}

// insert puts an entry into its place. s is set for a change of a lane.
func (l *Log) insert(e *draft, s *said) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.total++
	e.Seq = l.total
	e.Object = cut(e.Object)
	if len(l.chunks) == 0 || len(l.chunks[len(l.chunks)-1].records) == chunkSize {
		if n := len(l.chunks); n > 0 {
			l.chunks = append(l.chunks, l.chunks[n-1].seal(e.Seq))
		} else {
			l.chunks = append(l.chunks, newChunk(e.Seq))
		}
	}
	c := l.chunks[len(l.chunks)-1]
	r := record{arrived: e.Arrived.UnixNano(), severity: e.Severity, raw: l.raws.keep(e.raw)}
	// Milliseconds, as the server gives them: our own finer clock must not put
	// an event before the command that caused it.
	r.at = floorMs(e.At.UnixMicro())
	if !e.Stamp.IsZero() {
		r.stamp = e.Stamp.UnixMilli()
		r.at = l.standing(&r)
	}
	if e.Late {
		r.flags |= flagLate
	}
	if e.command {
		r.flags |= flagCommand
	}
	o := l.objectOf(e.Object)
	r.object = o.in(c, l, e.Object)
	var t *typeLog
	if e.event {
		t = l.typeOf(e.Type)
	}
	if t != nil {
		r.kind = t.in(c, l, e.Type)
	} else {
		r.kind = l.add(c, e.Type)
	}
	if s == nil {
		r.text = l.add(c, e.Text)
	}
	c.records = append(c.records, r)
	c.live++
	if s == nil {
		l.place(e.Seq, 0)
	} else {
		l.placeState(e.Seq, o, s)
	}
	l.trim()
}

// add keeps a string in a chunk.
func (l *Log) add(c *chunk, s string) uint32 {
	l.scratch = append(l.scratch[:0], cut(s)...)
	return c.add(l.scratch)
}

// cut shortens an id or a type that is too long.
func cut(s string) string {
	if len(s) > 4*maxTextRunes {
		return clip(s, maxTextRunes)
	}
	return s
}

// trim drops what is beyond the limit.
func (l *Log) trim() {
	for len(l.order)-l.head > l.limit {
		l.chunk(l.order[l.head]).live--
		l.head++
	}
	if l.head > 1024 && l.head > len(l.order)/2 {
		n := copy(l.order, l.order[l.head:])
		l.order, l.head = l.order[:n], 0
	}
	// A timestamp far ahead keeps its entry, and its chunk, for ever: when such
	// make up half of the chunks, the oldest goes with all that is in it.
	if most := 2 * (l.limit/chunkSize + 2); len(l.chunks) > most && l.chunks[0].live > 0 {
		end := l.first + chunkSize
		kept := slices.DeleteFunc(l.order[l.head:], func(seq uint64) bool { return seq < end })
		l.order = l.order[:l.head+len(kept)]
		l.chunks[0].live = 0
		l.version++
		l.deep++
	}
	for len(l.chunks) > 1 && l.chunks[0].live == 0 {
		l.chunks[0] = nil
		l.chunks = l.chunks[1:]
		l.first += chunkSize
	}
}

// record finds an entry by its number; nil when its chunk was dropped.
func (l *Log) record(seq uint64) *record {
	c := l.chunk(seq)
	if c == nil {
		return nil
	}
	return &c.records[seq-c.first]
}

func (l *Log) chunk(seq uint64) *chunk {
	if seq < l.first || seq > l.total {
		return nil
	}
	return l.chunks[(seq-l.first)/chunkSize]
}
