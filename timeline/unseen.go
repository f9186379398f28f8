package timeline

import (
	"slices"
	"time"

	"kmscope/wire"
)

// maxUnseen bounds the times that are kept in which nobody could see a server.
const maxUnseen = 1000

// Span is a part of time.
type Span struct {
	From, To time.Time // To is zero while it lasts
}

// unseen are the times in which no connection was open: what the states were then
// nobody knows, whatever they were before.
type unseen struct{ spans []Span }

// lost begins one, known ends it. They tell whether that changed anything.
func (u *unseen) lost(at time.Time) bool {
	if u.now() {
		return false
	}
	if len(u.spans) == maxUnseen {
		u.spans = slices.Delete(u.spans, 0, maxUnseen/10)
	}
	u.spans = append(u.spans, Span{From: at})
	return true
}

func (u *unseen) known(at time.Time) bool {
	if !u.now() {
		return false
	}
	u.spans[len(u.spans)-1].To = at
	return true
}

func (u *unseen) now() bool { return len(u.spans) > 0 && u.spans[len(u.spans)-1].To.IsZero() }

// sight learns from a fact whether somebody sees the server.
func (l *Lanes) sight(f *wire.Fact) {
	changed := false
	switch f.Kind {
	case wire.KindOpen, wire.KindEvent, wire.KindCall:
		changed = l.unseen.known(f.At)
	case wire.KindClose:
		if _, open := l.conns[f.Conn]; open && len(l.conns) == 1 {
			changed = l.unseen.lost(f.At)
		}
	}
	if changed {
		l.version++
	}
}

// Unseen adds to dst the times within a window in which no connection was open, the
// oldest first, and gives it back: bars go on through them as they were. Any goroutine.
func (l *Lanes) Unseen(dst []Span, from, to time.Time) []Span {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, s := range l.unseen.spans {
		if s.From.Before(to) && (s.To.IsZero() || s.To.After(from)) {
			dst = append(dst, s)
		}
	}
	return dst
}
