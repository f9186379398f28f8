package timeline

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
// Cost, measured by BenchmarkMemory: some 120 bytes an entry and 40 for its
// packed message. A reader takes the numbers under the lock and then the
// entries by the thousand, so that feeding never waits for a search. Rejected:
// pointers to immutable entries (250 bytes each, and the garbage collector walks
// them all), a balanced tree (events are almost always at the end), and writing
// the texts when they are looked at (a search looks at all of them).

const (
	defaultLimit = 1_000_000
	maxTypes     = 1_000
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
	counts map[string]int
	raws   raws

	// version grows with every change; deep counts the changes further back
	// than viewDepth, which a View must look for everywhere.
	version uint64
	deep    uint64

	// Only the feeding goroutine touches what follows.
	skew     skew
	ahead    int64 // of the server's clock, microseconds, as the entries have it
	aligned  bool  // ahead is known
	lanes    map[string][]lane
	newest   int64 // latest timestamp of the server, milliseconds
	serverID string
	words    map[string]string
	scratch  []byte
}

// lane is one state of one object.
type lane struct {
	name, head string
	last       []laneEntry // oldest first, at most laneHistory
}

// laneEntry is an entry of a lane, as its text needs it.
type laneEntry struct {
	seq   uint64
	at    int64
	state string
	more  *moreSaid // nil is the rule
	rank  int8
}

// moreSaid is what else an event said: the state before it, and the rest.
type moreSaid struct{ before, text string }

// draft is an entry before it has its place.
type draft struct {
	Entry
	raw     []byte
	command bool
}

// NewLog makes a log that keeps the newest limit entries; 0 means 1,000,000.
func NewLog(limit int) *Log {
	if limit <= 0 {
		limit = defaultLimit
	}
	return &Log{limit: limit, first: 1, counts: make(map[string]int), lanes: make(map[string][]lane), words: make(map[string]string)}
}

// Feed takes one fact; reads and requests give no entry. One goroutine at a
// time: the session's loop.
func (l *Log) Feed(f wire.Fact) {
	e := &draft{Entry: Entry{Arrived: f.At, At: f.At}, raw: f.Raw}
	switch f.Kind {
	case wire.KindEvent:
		l.event(e, &f)
		return
	case wire.KindCall:
		if f.Method == "connect" && f.Err == nil {
			l.connected(e, &f)
			return
		}
		if !changes(&f) {
			return
		}
		e.Type, e.Object, e.At, e.command = TypeCommand, f.Object, f.At.Add(-max(f.Took, 0)), true
		if f.Method == "create" {
			var id text
			if json.Unmarshal(f.Result, &id) == nil {
				e.Object = string(id)
			}
		}
		e.Text, e.Severity = command(&f)
		if e.raw = f.Params; secret(&f) {
			e.raw = nil
		}
	case wire.KindOpen:
		e.Type, e.Text = TypeConnection, label(f.Conn)+"opened"
		if f.Text != "" {
			e.Text += " to " + withoutUser(f.Text)
		}
	case wire.KindClose:
		e.Type = TypeConnection
		e.Text, e.Severity = closing(&f)
	case wire.KindError:
		e.Type, e.Text, e.Severity = TypeConnection, label(f.Conn)+line(f.Text), Error
	case wire.KindGap:
		e.Type, e.Text, e.Severity = TypeGap, gap(&f), Warning
	case wire.KindNote:
		e.Type, e.Text = TypeNote, line(f.Text)
	case wire.KindUndecoded:
		e.Type, e.Text, e.Severity = TypeUndecoded, label(f.Conn)+line(f.Text), Warning
	default:
		return
	}
	l.insert(e, nil)
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
	clear(l.lanes)
	e.Type, e.Severity = TypeConnection, Warning
	e.Text = "the server was restarted: another process answers, and everything of the old one is gone"
	l.insert(e, nil)
}

func (l *Log) event(e *draft, f *wire.Fact) {
	e.Type = f.Type
	object := f.Object
	s := decodeEvent(f.Type, f.Data)
	if f.Type == "ObjectCreated" || f.Type == "ObjectDestroyed" {
		// The manager raises them, but they are about the object.
		var d eventData
		d.read(f.Data)
		if id := or(d.ObjectID, d.Object); id != "" {
			object = id
		}
		if f.Type == "ObjectDestroyed" {
			defer delete(l.lanes, object)
		}
	}
	e.Object = object
	e.Severity, e.Text = s.severity, s.text
	if !f.Stamp.IsZero() {
		e.Stamp = f.Stamp
		e.Late = f.Stamp.UnixMilli() < l.newest
		if !e.Late {
			l.newest = f.Stamp.UnixMilli()
		}
		l.align(f.At.UnixMicro() - f.Stamp.UnixMicro())
	}
	l.mu.Lock()
	switch _, ok := l.counts[e.Type]; {
	case ok:
		l.counts[e.Type]++
	case len(l.counts) < maxTypes:
		l.counts[strings.Clone(e.Type)] = 1
	default:
		l.counts["other"]++
	}
	l.mu.Unlock()
	if s.lane == "" {
		l.insert(e, nil)
		return
	}
	l.insert(e, &s)
}

// align learns what the server's clock is ahead from the difference of one
// event, in microseconds, and moves the entries when it is another than thought.
func (l *Log) align(d int64) {
	l.skew.take(d)
	if l.aligned && d >= l.ahead && d < l.ahead+skewStep/2 {
		return // on its way for longer than the quickest: nothing new
	}
	ahead, _ := l.skew.value()
	if by := ahead - l.ahead; l.aligned && by > -minShift && by < minShift {
		return
	}
	l.ahead = ahead
	if !l.aligned {
		l.aligned = true
		return // no entry has a timestamp yet
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, seq := range l.order[l.head:] {
		r := l.record(seq)
		r.at = l.standing(r)
	}
	slices.SortStableFunc(l.order[l.head:], func(a, b uint64) int {
		x, y := l.record(a), l.record(b)
		return cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(y.flags&flagCommand, x.flags&flagCommand))
	})
	for _, lanes := range l.lanes {
		for i := range lanes {
			for j := range lanes[i].last {
				if x := &lanes[i].last[j]; l.record(x.seq) != nil {
					x.at = l.record(x.seq).at
				}
			}
		}
	}
	l.version++
	l.deep++
}

// standing gives where a record stands, in milliseconds: see place.
func (l *Log) standing(r *record) int64 {
	if r.stamp == 0 {
		return r.at
	}
	return floorMs(place(r.stamp*1000, r.arrived/1000, l.ahead))
}

func floorMs(micro int64) int64 {
	ms := micro / 1000
	if micro%1000 < 0 {
		ms--
	}
	return ms
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

// insert puts an entry into its place. s is set for a change of a lane.
func (l *Log) insert(e *draft, s *said) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.total++
	e.Seq = l.total
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
	r.object, r.kind = l.add(c, e.Object), l.add(c, e.Type)
	if s == nil {
		r.text = l.add(c, e.Text)
	}
	c.records = append(c.records, r)
	c.live++
	if s == nil {
		l.place(e.Seq, 0)
	} else {
		l.placeState(e.Seq, e.Object, s)
	}
	l.trim()
}

// add keeps a string in a chunk, an id that is too long cut.
func (l *Log) add(c *chunk, s string) uint32 {
	if len(s) > 4*maxTextRunes {
		s = clip(s, maxTextRunes)
	}
	l.scratch = append(l.scratch[:0], s...)
	return c.add(l.scratch)
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

// place inserts by time, at the end of equal times (a command at their
// beginning), or before an entry with the same time that must follow; 0 is none.
func (l *Log) place(seq, before uint64) {
	r := l.record(seq)
	at := r.at
	if r.flags&flagCommand != 0 {
		at-- // after all that stand earlier
	}
	i := len(l.order)
	for i > l.head && l.record(l.order[i-1]).at > at {
		if len(l.order)-i > 64 { // far back: search instead
			i = l.head + l.search(l.order[l.head:i], at+1)
			break
		}
		i--
	}
	if r.flags&flagCommand != 0 { // after the commands of the same time
		for i < len(l.order) && l.record(l.order[i]).at == r.at && l.record(l.order[i]).flags&flagCommand != 0 {
			i++
		}
	}
	for j := i; before != 0 && j > l.head && l.record(l.order[j-1]).at == r.at; j-- {
		if l.order[j-1] == before {
			i = j - 1
			break
		}
	}
	l.noteChange(r.at)
	l.order = slices.Insert(l.order, i, seq)
}

// search gives the index of the first of some entries, in order, that stands at
// a time or later. Entries of a dropped chunk count as earlier.
func (l *Log) search(seqs []uint64, at int64) int {
	i, _ := slices.BinarySearchFunc(seqs, at, func(seq uint64, at int64) int {
		if r := l.record(seq); r != nil && r.at >= at {
			return 1
		}
		return -1
	})
	return i
}

// noteChange tells the views how far back they must look.
func (l *Log) noteChange(at int64) {
	l.version++
	if n := len(l.order); n > l.head && l.record(l.order[n-1]).at-at > viewDepth.Milliseconds() {
		l.deep++
	}
}

// placeState puts a change of a lane into its place, and mends the text of
// the change that follows it.
func (l *Log) placeState(seq uint64, object string, s *said) {
	r := l.record(seq)
	x := l.laneOf(object, s)
	i := len(x.last)
	for i > 0 {
		prev := &x.last[i-1]
		follows := prev.at > r.at || prev.at == r.at && s.rank > 0 && int(prev.rank) > s.rank
		if !follows {
			break
		}
		i--
	}
	self := laneEntry{seq: seq, at: r.at, state: l.word(s.state), rank: int8(s.rank)}
	if s.before != "" || s.text != "" {
		self.more = &moreSaid{before: clip(s.before, maxWordRunes), text: s.text}
	}
	var before *laneEntry
	if i > 0 {
		before = &x.last[i-1]
	}
	l.setText(x, &self, before)
	if i == len(x.last) {
		l.place(seq, 0)
	} else {
		after := &x.last[i]
		r.flags |= flagLate
		l.place(seq, after.seq)
		if l.record(after.seq) != nil {
			l.setText(x, after, &self)
			l.noteChange(after.at)
		}
	}
	if i == 0 && len(x.last) == laneHistory {
		return // older than what the lane remembers
	}
	x.last = slices.Insert(x.last, i, self)
	if len(x.last) > laneHistory {
		x.last = slices.Delete(x.last, 0, 1)
	}
}

// setText writes what a change of a lane says, given the change before it.
func (l *Log) setText(x *lane, e, before *laneEntry) {
	c := l.chunk(e.seq)
	l.scratch = x.appendText(l.scratch[:0], e, before)
	c.records[e.seq-c.first].text = c.add(l.scratch)
}

func (l *Log) laneOf(object string, s *said) *lane {
	lanes := l.lanes[object]
	for i := range lanes {
		if lanes[i].name == s.lane {
			return &lanes[i]
		}
	}
	if lanes == nil && len(l.lanes) >= maxObjects {
		clear(l.lanes)
	}
	if len(lanes) >= 512 { // nothing real has so many
		lanes = lanes[256:]
	}
	lanes = append(lanes, lane{name: l.word(s.lane), head: l.word(s.head)})
	l.lanes[strings.Clone(object)] = lanes
	return &lanes[len(lanes)-1]
}

// word keeps one copy of the words that repeat.
func (l *Log) word(w string) string {
	if known, ok := l.words[w]; ok {
		return known
	}
	if len(l.words) >= maxWords {
		clear(l.words)
	}
	w = strings.Clone(w)
	l.words[w] = w
	return w
}

// appendText writes "head: OLD -> NEW after 312 ms, rest".
func (x *lane) appendText(b []byte, e, before *laneEntry) []byte {
	b = append(append(b, x.head...), ": "...)
	switch {
	case before != nil && before.state == e.state:
		b = append(appendHuman(b, e.state), " again"...)
	case before != nil:
		b = append(appendHuman(b, before.state), " -> "...)
		b = append(appendHuman(b, e.state), " after "...)
		b = appendSpan(b, time.Duration(e.at-before.at)*time.Millisecond)
	case e.more != nil && e.more.before != "":
		b = append(appendHuman(b, e.more.before), " -> "...)
		b = appendHuman(b, e.state)
	default:
		b = appendHuman(b, e.state)
	}
	if e.more != nil && e.more.text != "" {
		b = append(append(b, ", "...), e.more.text...)
	}
	return b
}

// appendHuman writes NOT_FLOWING as NOT FLOWING; word has cut it before.
func appendHuman(b []byte, state string) []byte {
	from := len(b)
	b = append(b, state...)
	for i := from; i < len(b); i++ {
		if b[i] == '_' {
			b[i] = ' '
		}
	}
	return b
}

// Len counts the entries kept. Any goroutine, like all below.
func (l *Log) Len() int {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return len(l.order) - l.head
}

// Total counts the entries ever, dropped ones included.
func (l *Log) Total() uint64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.total
}

// Range copies the entries from index from (included) to index to (excluded),
// counted from the oldest kept; both are brought within bounds.
func (l *Log) Range(from, to int) []Entry {
	l.mu.RLock()
	defer l.mu.RUnlock()
	kept := l.order[l.head:]
	from, to = max(from, 0), min(to, len(kept))
	if from >= to {
		return nil
	}
	out := make([]Entry, to-from)
	for i, seq := range kept[from:to] {
		out[i] = l.chunk(seq).entry(seq)
	}
	return out
}

// Entry gives an entry by its number; false when it was dropped, or never was.
func (l *Log) Entry(seq uint64) (Entry, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	c := l.chunk(seq)
	if c == nil {
		return Entry{}, false
	}
	return c.entry(seq), true
}

// Raw gives the message behind an entry: an event's frame or a command's
// parameters, as they came, secrets not masked. It is nil where the tool wrote
// the entry itself, for commands that carry secrets, and for old entries once
// all messages together exceed the log's bound.
func (l *Log) Raw(seq uint64) json.RawMessage {
	l.mu.RLock()
	r := l.record(seq)
	if r == nil {
		l.mu.RUnlock()
		return nil
	}
	ref := r.raw
	b, raw := l.raws.find(ref)
	l.mu.RUnlock()
	if b.packed != nil {
		return l.raws.unpack(b, ref)
	}
	return raw
}

// Counts tells how many events of each type ever came, by the name as sent.
func (l *Log) Counts() map[string]int {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return maps.Clone(l.counts)
}

// Select gives the indexes of the entries that match, in order. An index is
// good until the log changes: it counts from the oldest kept. Who shows a list
// that grows uses a View.
func (l *Log) Select(f Filter) []int {
	l.mu.RLock()
	kept := slices.Clone(l.order[l.head:])
	l.mu.RUnlock()
	var out []int
	newMatcher(f).each(l, kept, func(i int) { out = append(out, i) })
	return out
}

// Find gives the first entry that matches after a moment, or, back, the last
// before it. seq is the entry that one comes from, which need not match: of
// those of its millisecond only what follows it, or, back, what stands before
// it, counts; 0 is none. False when there is no such entry.
func (l *Log) Find(f Filter, at time.Time, seq uint64, back bool) (Entry, bool) {
	l.mu.RLock()
	kept := l.order[l.head:]
	ms := floorMs(at.UnixMicro())
	lo, hi := l.search(kept, ms), l.search(kept, ms+1)
	if i := slices.Index(kept[lo:hi], seq); i >= 0 {
		lo, hi = lo+i, lo+i+1
	}
	var seqs []uint64
	if back {
		seqs = slices.Clone(kept[:lo])
	} else {
		seqs = slices.Clone(kept[hi:])
	}
	l.mu.RUnlock()
	m := newMatcher(f)
	for len(seqs) > 0 {
		n := min(len(seqs), matchBatch)
		part := seqs[:n]
		if back {
			part = seqs[len(seqs)-n:]
		}
		found := uint64(0)
		m.each(l, part, func(i int) {
			if back || found == 0 {
				found = part[i]
			}
		})
		if found != 0 {
			return l.Entry(found)
		}
		if back {
			seqs = seqs[:len(seqs)-n]
		} else {
			seqs = seqs[n:]
		}
	}
	return Entry{}, false
}

func label(conn string) string {
	if conn == "" {
		return "connection "
	}
	return clip(conn, maxWordRunes) + ": "
}
