package timeline

import (
	"encoding/json"
	"time"

	"kmscope/inventory"
)

// What others wrote of the same time, a browser or the log of a server, is laid
// beside a capture in a Log and Lanes of its own: so it is zoomed, searched and
// jumped through as the server's own events are. It comes with its place on the
// local clock; when that clock becomes known better, both are made anew.

// Lay puts in an entry that no fact tells of, at its At; Seq, Stamp and Arrived
// are not looked at. raw is what Raw gives, nil is nothing. One goroutine feeds a
// Log.
func (l *Log) Lay(e Entry, raw json.RawMessage) {
	e.Stamp, e.Arrived = time.Time{}, e.At
	l.insert(&draft{Entry: e, raw: raw, event: true}, nil)
}

// Lay has a lane of an object be in a state from a moment on. One goroutine
// feeds Lanes.
func (l *Lanes) Lay(object string, lane inventory.Lane, at time.Time, state string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if x := l.lane(l.named(""), object, lane, at.UnixMicro()); x != nil {
		l.keep(x, mark{state: l.word(state), at: at.UnixMicro()})
	}
	l.reach(at)
}

// LayTick puts in something that happened to an object and changed no state; the
// object "" is none. One goroutine feeds Lanes.
func (l *Lanes) LayTick(object string, kind TickKind, at time.Time, name string, bad Severity) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if object == "" && l.global == nil {
		l.global = &laneMarks{ticks: true}
	}
	x := l.global
	if object != "" {
		x = l.tick(l.named(""), object, kind, at.UnixMicro())
	}
	if x != nil {
		l.keep(x, mark{state: l.word(name), at: at.UnixMicro(), bad: bad})
	}
	l.reach(at)
}

// reach takes the last moment.
func (l *Lanes) reach(at time.Time) {
	if at.After(l.last) {
		l.last = at
	}
}
