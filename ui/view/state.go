package view

import (
	"time"

	"kmscope/inventory"
)

// Selection is the one thing that the whole window looks at. It is kept by id:
// it survives pages, reconnects and replay, and may name an object that is not
// there (any more).
type Selection struct {
	// Session is the server; nil when nothing is selected.
	Session Session
	// Object is an object's id; "" is the server itself.
	Object string
}

// maxTrail bounds how far Back goes.
const maxTrail = 200

// State is what the window looks at: the selection with its trail, the time
// cursor, the visible range, and whether the picture is paused. Everything
// belongs to the interface goroutine: it calls all methods, and it runs the
// observers.
//
// All times are on the local clock of the machine that captured. Statistics and
// events carry the server's clock: see stats.Store.ClockOffset.
type State struct {
	ws Workspace

	selection Selection
	back      []Selection
	forward   []Selection

	hover  time.Time // zero: the pointer is over nothing that has a time
	pinned time.Time // zero: LIVE, the cursor is at the end

	from, to time.Time     // fixed range; zero: follow the end
	length   time.Duration // of the range that follows the end; 0 is everything

	paused map[Session]*inventory.Snapshot // nil: not paused
	stop   time.Time                       // when it was paused

	problems map[Session][]Problem
	levels   map[Session]map[string]Level // of the problems, by object and pipeline

	imports []laying
	besides *Besides // nil: to be made anew

	clock     Clock
	revision  uint64
	observers map[int]func()
	nextID    int
}

// DefaultRange is the visible range that a window starts with.
const DefaultRange = 5 * time.Minute

// NewState makes the state of a window that shows a workspace.
func NewState(ws Workspace) *State {
	return &State{ws: ws, length: DefaultRange, observers: map[int]func(){}}
}

// Workspace gives what is investigated.
func (s *State) Workspace() Workspace { return s.ws }

// Revision grows with every change that a person makes (selection, cursor,
// range, pause, clock). Who draws compares it with the last one seen.
func (s *State) Revision() uint64 { return s.revision }

// Observe has f called after every change that a person makes, until the
// returned function is called. f must not change the state.
func (s *State) Observe(f func()) (stop func()) {
	id := s.nextID
	s.nextID++
	s.observers[id] = f
	return func() { delete(s.observers, id) }
}

func (s *State) changed() {
	s.revision++
	for i := range s.nextID {
		if f := s.observers[i]; f != nil {
			f()
		}
	}
}

// Selection gives what is selected.
func (s *State) Selection() Selection { return s.selection }

// Select chooses what the whole window looks at. What was looked at before can
// be had again with Back.
func (s *State) Select(sel Selection) {
	if sel == s.selection {
		return
	}
	if s.selection.Session != nil {
		s.back = append(s.back, s.selection)
		if len(s.back) > maxTrail {
			s.back = s.back[len(s.back)-maxTrail:]
		}
	}
	s.forward = nil
	s.selection = sel
	s.changed()
}

// SelectObject selects an object of the server that is looked at.
func (s *State) SelectObject(id string) {
	if server := s.Server(); server != nil {
		s.Select(Selection{Session: server, Object: id})
	}
}

// CanBack reports whether Back would do something.
func (s *State) CanBack() bool { return len(s.back) > 0 }

// CanForward reports whether Forward would do something.
func (s *State) CanForward() bool { return len(s.forward) > 0 }

// Back returns to what was selected before; false when there is nothing.
func (s *State) Back() bool { return s.walk(&s.back, &s.forward) }

// Forward undoes Back; false when there is nothing.
func (s *State) Forward() bool { return s.walk(&s.forward, &s.back) }

func (s *State) walk(from, to *[]Selection) bool {
	if len(*from) == 0 {
		return false
	}
	last := len(*from) - 1
	*to = append(*to, s.selection)
	s.selection = (*from)[last]
	*from = (*from)[:last]
	s.changed()
	return true
}

// Forget drops a session that was removed from selection and trail.
func (s *State) Forget(x Session) {
	delete(s.paused, x)
	delete(s.problems, x)
	delete(s.levels, x)
	keep := func(list []Selection) []Selection {
		var out []Selection
		for _, sel := range list {
			if sel.Session != x {
				out = append(out, sel)
			}
		}
		return out
	}
	s.back, s.forward = keep(s.back), keep(s.forward)
	if s.selection.Session == x {
		s.selection = Selection{}
	}
	s.changed()
}

// Server gives the session that is looked at: the selected one, else the first;
// nil when there is none.
func (s *State) Server() Session {
	if s.selection.Session != nil {
		return s.selection.Session
	}
	if all := s.ws.Sessions(); len(all) > 0 {
		return all[0]
	}
	return nil
}

// Replay gives the capture that the server looked at is played from; nil when
// it is live, or when there is no server.
func (s *State) Replay() Replay { return s.replayOf(s.Server()) }

func (s *State) replayOf(x Session) Replay {
	if x == nil {
		return nil
	}
	for _, r := range s.ws.Replays() {
		if r.Plays(x) {
			return r
		}
	}
	return nil
}

// Snapshot gives the state of a session to show: at the cursor, or as it was
// when the window was paused, or the newest. Never nil. Where the window has
// kept nothing of the moment, it is the nearest later state that it has.
func (s *State) Snapshot(x Session) *inventory.Snapshot {
	if at, live := s.Cursor(); !live {
		if snap := x.SnapshotAt(at); snap != nil {
			return snap
		}
	}
	if snap := s.paused[x]; snap != nil {
		return snap
	}
	return x.Snapshot()
}

// SnapshotAt gives the state of a session at a moment, or the first one known
// later. Never nil.
func (s *State) SnapshotAt(x Session, at time.Time) *inventory.Snapshot {
	newest := x.Snapshot() // of a replay that went back, not the last one known
	if newest.At.After(at) || !x.Live() {
		if snap := x.SnapshotAt(at); snap != nil {
			return snap
		}
	}
	return newest
}

// Paused reports whether the window shows a state that is held, while capturing
// goes on.
func (s *State) Paused() bool { return s.paused != nil }

// SetPaused holds the picture, or lets it go on.
func (s *State) SetPaused(on bool) {
	if on == s.Paused() {
		return
	}
	if on {
		s.stop = s.End()
		s.paused = map[Session]*inventory.Snapshot{}
		for _, x := range s.ws.Sessions() {
			s.paused[x] = x.Snapshot()
		}
	} else {
		s.paused = nil
	}
	s.changed()
}

// maxFocused bounds how many objects are sampled at the full rate.
const maxFocused = 64

// FocusOf gives the objects that a person looks at who selected something: the
// object and what it is connected to, or what is in a pipeline.
func FocusOf(sel Selection) []string {
	if sel.Session == nil || sel.Object == "" {
		return nil
	}
	snap := sel.Session.Snapshot()
	ids := []string{sel.Object}
	p := snap.Pipeline(inventory.PipelineOf(sel.Object))
	if p == nil {
		return ids
	}
	seen := map[string]bool{sel.Object: true}
	add := func(id string) {
		if !seen[id] && len(ids) < maxFocused {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	if p.ID == sel.Object {
		for _, o := range p.Objects {
			if o.Alive() {
				add(o.ID)
			}
		}
		return ids
	}
	for _, c := range p.Connections {
		switch sel.Object {
		case c.Source:
			add(c.Sink)
		case c.Sink:
			add(c.Source)
		}
	}
	return ids
}
