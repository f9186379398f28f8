package timeline

import (
	"encoding/json"
	"slices"
	"time"
)

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
	out := make(map[string]int, len(l.types))
	for name, t := range l.types {
		out[name] = t.count
	}
	return out
}

// Select gives the indexes of the entries that match, in order. An index is
// good until the log changes: it counts from the oldest kept. Who shows a list
// that grows uses a View.
func (l *Log) Select(f Filter) []int {
	l.mu.RLock()
	kept := slices.Clone(l.order[l.head:])
	l.mu.RUnlock()
	var out []int
	newMatcher(f).each(l, kept, func(i int) { out = append(out, i) }, nil)
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
		}, nil)
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
