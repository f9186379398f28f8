package timeline

import (
	"slices"
	"strings"
	"time"
)

// lane is one state of one object.
type lane struct {
	key  laneKey
	head string
	last []laneEntry // oldest first, at most laneHistory
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

// placeState puts a change of a lane into its place, and mends the text of
// the change that follows it.
func (l *Log) placeState(seq uint64, o *objectLog, s *said) {
	r := l.record(seq)
	x := l.laneOf(o, s.lane)
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

func (l *Log) laneOf(o *objectLog, k laneKey) *lane {
	for i := range o.lanes {
		if o.lanes[i].key == k {
			return &o.lanes[i]
		}
	}
	if len(o.lanes) >= 512 { // nothing real has so many
		o.lanes = o.lanes[256:]
	}
	k = laneKey{k.kind, l.word(k.of), l.word(k.part)}
	o.lanes = append(o.lanes, lane{key: k, head: l.word(k.head()), last: make([]laneEntry, 0, laneHistory/2)})
	return &o.lanes[len(o.lanes)-1]
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
