package timeline

import (
	"slices"
	"strings"
	"time"
)

// lane is one state of one object.
type lane struct {
	*laneName
	last []laneEntry // oldest first, at most laneHistory
}

// laneName is what the lanes of many objects have in common.
type laneName struct {
	key  laneKey
	head string
}

// laneEntry is an entry of a lane, as its text needs it.
type laneEntry struct {
	seq  uint64
	at   int64
	what *laneState
	more *moreSaid // nil is the rule
}

// laneState is a state of a lane, and its place among those of equal times.
type laneState struct {
	word string
	rank int
}

// moreSaid is what else an event said: the state before it, and the rest.
type moreSaid struct{ before, text string }

// placeState puts a change of a lane into its place, and mends the text of
// the change that follows it.
func (l *Log) placeState(seq uint64, o *objectLog, s *said) {
	r := l.record(seq)
	x := l.laneOf(o, s.lane)
	i := len(x.last)
	for i > 0 {
		prev := &x.last[i-1]
		follows := prev.at > r.at || prev.at == r.at && s.rank > 0 && prev.what.rank > s.rank
		if !follows {
			break
		}
		i--
	}
	self := laneEntry{seq: seq, at: r.at, what: l.state(s.state, s.rank)}
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

func (l *Log) laneOf(o *objectLog, k laneKey) *lane {
	for i := range o.lanes {
		if o.lanes[i].is(&k) {
			return &o.lanes[i]
		}
	}
	if len(o.lanes) >= 512 { // nothing real has so many
		o.lanes = o.lanes[256:]
	}
	name := l.names[k]
	if name == nil {
		if len(l.names) >= maxWords {
			clear(l.names)
		}
		k = laneKey{k.kind, strings.Clone(k.of), strings.Clone(k.part)}
		name = &laneName{key: k, head: k.head()}
		l.names[k] = name
	}
	if o.lanes == nil {
		o.lanes = make([]lane, 0, 4)
	}
	o.lanes = append(o.lanes, lane{laneName: name, last: make([]laneEntry, 0, laneHistory/2)})
	return &o.lanes[len(o.lanes)-1]
}

// is compares first what differs most.
func (n *laneName) is(k *laneKey) bool {
	return n.key.of == k.of && n.key.kind == k.kind && n.key.part == k.part
}

// state keeps one copy of a state.
func (l *Log) state(word string, rank int) *laneState {
	s := laneState{word, rank}
	known := l.states[s]
	if known == nil {
		if len(l.states) >= maxWords {
			clear(l.states)
		}
		known = &laneState{strings.Clone(word), rank}
		l.states[*known] = known
	}
	return known
}

// appendText writes "head: OLD -> NEW after 312 ms, rest".
func (x *lane) appendText(b []byte, e, before *laneEntry) []byte {
	b = append(append(b, x.head...), ": "...)
	switch {
	case before != nil && before.what.word == e.what.word:
		b = append(appendHuman(b, e.what.word), " again"...)
	case before != nil:
		b = append(appendHuman(b, before.what.word), " -> "...)
		b = append(appendHuman(b, e.what.word), " after "...)
		b = appendSpan(b, time.Duration(e.at-before.at)*time.Millisecond)
	case e.more != nil && e.more.before != "":
		b = append(appendHuman(b, e.more.before), " -> "...)
		b = appendHuman(b, e.what.word)
	default:
		b = appendHuman(b, e.what.word)
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
