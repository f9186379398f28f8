package timeline

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"kmscope/wire"
)

// The log. Entries stand in one slice, in order of their millisecond and then
// of arrival; entries are immutable and the slice holds pointers, so that
// putting a late one into its place moves eight bytes for each that follows it,
// and a reader copies pointers under the lock and looks at them outside.
//
// The text of a state names the state before it, so an event that arrives late
// changes the text of its successor: each lane (one state of one object)
// remembers its last eight entries, and the successor is replaced by a copy
// with a new text. Later than that, an event stands in its place without
// mending its neighbours.
//
// Cost: about 200 bytes an entry plus its frame; frames are kept up to
// maxRawBytes together, the oldest are dropped first. Rejected: a balanced tree
// (events are almost always at the end), and writing the texts when they are
// looked at (a filter looks at all of them).

const (
	defaultLimit = 1_000_000
	maxRawBytes  = 256 << 20
	maxTypes     = 1_000
	maxObjects   = 100_000
	laneHistory  = 8
)

// Log keeps the newest entries of one server. One goroutine feeds it; any
// goroutine reads it. The zero value is not ready; see NewLog.
type Log struct {
	mu    sync.RWMutex
	limit int

	order  []*Entry // order[head:] by At, then by arrival
	head   int
	total  uint64
	counts map[string]int

	// version grows with every change; deep counts the changes further back
	// than viewDepth, which a View must look for everywhere.
	version uint64
	deep    uint64

	// Only the feeding goroutine touches what follows.
	raws     []*Entry // entries with Raw, by arrival
	rawBytes int
	bared    uint64 // frames dropped
	lanes    map[string][]lane
	names    map[string]string // interned ids and types
	newest   time.Time         // latest timestamp of the server
	serverID string
}

// lane is one state of one object.
type lane struct {
	name string
	last []laneEntry // oldest first, at most laneHistory
}

type laneEntry struct {
	entry *Entry
	said  said
}

// NewLog makes a log that keeps the newest limit entries; 0 means 1,000,000.
func NewLog(limit int) *Log {
	if limit <= 0 {
		limit = defaultLimit
	}
	return &Log{
		limit: limit, counts: make(map[string]int),
		lanes: make(map[string][]lane), names: make(map[string]string),
	}
}

// Feed takes one fact; reads and requests give no entry. One goroutine at a
// time: the session's loop.
func (l *Log) Feed(f wire.Fact) {
	e := &Entry{Arrived: f.At, At: f.At, Raw: f.Raw}
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
		e.Type, e.Object, e.At = TypeCommand, l.intern(f.Object), f.At.Add(-max(f.Took, 0))
		if f.Method == "create" {
			var id text
			if json.Unmarshal(f.Result, &id) == nil {
				e.Object = l.intern(string(id))
			}
		}
		e.Text, e.Severity = command(&f)
		if e.Raw = f.Params; secret(&f) {
			e.Raw = nil
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
func (l *Log) connected(e *Entry, f *wire.Fact) {
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

func (l *Log) event(e *Entry, f *wire.Fact) {
	e.Type = l.intern(f.Type)
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
	e.Object = l.intern(object)
	e.Severity, e.Text = s.severity, s.text
	if !f.Stamp.IsZero() {
		e.At = f.Stamp
		e.Late = f.Stamp.Before(l.newest)
		if !e.Late {
			l.newest = f.Stamp
		}
	}
	l.mu.Lock()
	if _, ok := l.counts[e.Type]; ok || len(l.counts) < maxTypes {
		l.counts[e.Type]++
	} else {
		l.counts["other"]++
	}
	l.mu.Unlock()
	if s.lane == "" {
		l.insert(e, nil)
		return
	}
	l.insert(e, &s)
}

// insert puts an entry into its place. s is set for a change of a lane.
func (l *Log) insert(e *Entry, s *said) {
	// Milliseconds, as the server gives them: our own finer clock must not put
	// an event before the command that caused it.
	e.At = e.At.Truncate(time.Millisecond)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.total++
	e.Seq = l.total
	if s == nil {
		l.place(e, nil)
	} else {
		l.placeState(e, s)
	}
	l.keepRaw(e)
	for len(l.order)-l.head > l.limit {
		l.order[l.head] = nil
		l.head++
	}
	if l.head > 1024 && l.head > len(l.order)/2 {
		n := copy(l.order, l.order[l.head:])
		clear(l.order[n:])
		l.order, l.head = l.order[:n], 0
	}
}

// place inserts by time, at the end of equal times, or before an entry with
// the same time that must follow.
func (l *Log) place(e, before *Entry) {
	i := len(l.order)
	for i > l.head && l.order[i-1].At.After(e.At) {
		if len(l.order)-i > 64 { // far back: search instead
			kept := l.order[l.head:]
			i, _ = slices.BinarySearchFunc(kept, e.At, func(x *Entry, at time.Time) int {
				if x.At.After(at) {
					return 1
				}
				return -1
			})
			i += l.head
			break
		}
		i--
	}
	for j := i; before != nil && j > l.head && l.order[j-1].At.Equal(e.At); j-- {
		if l.order[j-1] == before {
			i = j - 1
			break
		}
	}
	l.noteChange(e.At)
	l.order = slices.Insert(l.order, i, e)
}

// noteChange tells the views how far back they must look.
func (l *Log) noteChange(at time.Time) {
	l.version++
	if n := len(l.order); n > l.head && l.order[n-1].At.Sub(at) > viewDepth {
		l.deep++
	}
}

// placeState puts a change of a lane into its place, and mends the text of
// the change that follows it.
func (l *Log) placeState(e *Entry, s *said) {
	x := l.laneOf(e.Object, s.lane)
	i := len(x.last)
	for i > 0 {
		prev := x.last[i-1]
		follows := prev.entry.At.After(e.At)
		if prev.entry.At.Equal(e.At) && s.rank > 0 && prev.said.rank > s.rank {
			follows = true
		}
		if !follows {
			break
		}
		i--
	}
	var before, after *laneEntry
	if i > 0 {
		before = &x.last[i-1]
	}
	if i < len(x.last) {
		after = &x.last[i]
	}
	e.Text = stateText(s, e, before)
	var tie *Entry
	if after != nil {
		tie = after.entry
		e.Late = true
	}
	l.place(e, tie)
	self := laneEntry{entry: e, said: *s}
	if after != nil {
		mended := *after.entry
		mended.Text = stateText(&after.said, &mended, &self)
		l.replace(after.entry, &mended)
		after.entry = &mended
	}
	if i == 0 && len(x.last) == laneHistory {
		return // older than what the lane remembers
	}
	x.last = slices.Insert(x.last, i, self)
	if len(x.last) > laneHistory {
		x.last = slices.Delete(x.last, 0, 1)
	}
}

// replace puts a changed copy of an entry where the entry stands.
func (l *Log) replace(old, changed *Entry) {
	kept := l.order[l.head:]
	i, _ := slices.BinarySearchFunc(kept, old.At, func(x *Entry, at time.Time) int { return x.At.Compare(at) })
	for ; i < len(kept) && kept[i].At.Equal(old.At); i++ {
		if kept[i] == old {
			kept[i] = changed
			l.noteChange(old.At)
			break
		}
	}
	// A copy that keeps its frame must be found when frames are dropped.
	for j := len(l.raws) - 1; j >= 0 && j > len(l.raws)-4096; j-- {
		if l.raws[j] == old {
			l.raws[j] = changed
			break
		}
	}
}

func (l *Log) laneOf(object, name string) *lane {
	lanes := l.lanes[object]
	for i := range lanes {
		if lanes[i].name == name {
			return &lanes[i]
		}
	}
	if lanes == nil && len(l.lanes) >= maxObjects {
		clear(l.lanes)
	}
	if len(lanes) >= 512 { // nothing real has so many
		lanes = lanes[256:]
	}
	lanes = append(lanes, lane{name: name})
	l.lanes[object] = lanes
	return &lanes[len(lanes)-1]
}

// stateText writes "head: OLD -> NEW after 312 ms, rest".
func stateText(s *said, e *Entry, before *laneEntry) string {
	var b strings.Builder
	b.WriteString(s.head + ": ")
	switch {
	case before != nil && before.said.state == s.state:
		b.WriteString(human(s.state) + " again")
	case before != nil:
		b.WriteString(human(before.said.state) + " -> " + human(s.state) + " after " + span(e.At.Sub(before.entry.At)))
	case s.before != "":
		b.WriteString(human(s.before) + " -> " + human(s.state))
	default:
		b.WriteString(human(s.state))
	}
	if s.text != "" {
		b.WriteString(", " + s.text)
	}
	return b.String()
}

// human writes NOT_FLOWING as NOT FLOWING.
func human(state string) string { return strings.ReplaceAll(clip(state, maxWordRunes), "_", " ") }

// keepRaw bounds the frames that are kept.
func (l *Log) keepRaw(e *Entry) {
	if len(e.Raw) == 0 {
		return
	}
	l.raws = append(l.raws, e)
	l.rawBytes += len(e.Raw)
	drop := 0
	for l.rawBytes > maxRawBytes || len(l.raws)-drop > l.limit {
		l.rawBytes -= len(l.raws[drop].Raw)
		bare := *l.raws[drop]
		bare.Raw = nil
		l.swap(l.raws[drop], &bare)
		l.raws[drop] = nil
		drop++
	}
	l.raws = l.raws[drop:]
}

// swap replaces an entry by one without its frame; no text changes.
func (l *Log) swap(old, bare *Entry) {
	kept := l.order[l.head:]
	i, _ := slices.BinarySearchFunc(kept, old.At, func(x *Entry, at time.Time) int { return x.At.Compare(at) })
	for ; i < len(kept) && kept[i].At.Equal(old.At); i++ {
		if kept[i] == old {
			kept[i] = bare
			break
		}
	}
	if l.bared++; l.bared%(1<<16) == 0 {
		l.version++
		l.deep++ // or the views would hold on to the frames
	}
}

// maxNames bounds the table of interned strings.
const maxNames = 200_000

func (l *Log) intern(s string) string {
	if s == "" {
		return ""
	}
	s = clip(s, 1024)
	if known, ok := l.names[s]; ok {
		return known
	}
	if len(l.names) >= maxNames {
		clear(l.names)
	}
	s = strings.Clone(s)
	l.names[s] = s
	return s
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
	for i, e := range kept[from:to] {
		out[i] = *e
	}
	return out
}

// Counts tells how many events of each type ever came, by the name as sent.
func (l *Log) Counts() map[string]int {
	l.mu.RLock()
	defer l.mu.RUnlock()
	out := make(map[string]int, len(l.counts))
	for k, v := range l.counts {
		out[k] = v
	}
	return out
}

// Select gives the indexes of the entries that match, in order. An index is
// good until the log changes: it counts from the oldest kept. Who shows a list
// that grows uses a View. Who shows a list
// that lives uses a View.
func (l *Log) Select(f Filter) []int {
	l.mu.RLock()
	kept := slices.Clone(l.order[l.head:])
	l.mu.RUnlock()
	var out []int
	m := newMatcher(f)
	for i, e := range kept {
		if m.match(e) {
			out = append(out, i)
		}
	}
	return out
}

func label(conn string) string {
	if conn == "" {
		return "connection "
	}
	return clip(conn, maxWordRunes) + ": "
}
