package kmssim

import (
	"sort"
	"strings"
	"time"
)

// Who keeps what alive. This file is the reason why the simulator exists: a
// monitor changes a Kurento server by looking at it, and only a server that
// models references can prove that ours does not.
//
// The model, as measured on 7.3.1-dev:
//
//   - A session is a name with a set of objects. Any describe, invoke,
//     subscribe or ref puts the object and all its ancestors into the caller's
//     session; a new object goes into the session that created it and into every
//     session that has its parent.
//   - An object lives while at least one session has it. unref takes it and its
//     descendants out of one session, with their subscriptions; release takes
//     them out of all; what no session has any more is destroyed, children first.
//   - The collector runs once per period: a session that was used since is
//     marked unused, one that is still unused is dropped like closeSession. A
//     session with a socket is marked used four times per period. So a session
//     whose socket is gone disappears after one to two periods.
//   - getPipelines runs under the session "", and references every object.
//   - The server's own object is never destroyed.

// session is a name with the objects it holds.
type session struct {
	id      string
	objects map[string]*object
	inUse   bool
	// subs are subscriptions: object id -> subscription id -> event type.
	subs map[string]map[string]string
}

// keepAlive marks a session as used; false when there is none of that id.
func (s *Server) keepAliveLocked(id string) bool {
	ses := s.sessions[id]
	if ses == nil {
		return false
	}
	ses.inUse = true
	return true
}

// refLocked puts an object and its ancestors into a session, which is made
// where there is none.
func (s *Server) refLocked(sessionID string, o *object) {
	ses := s.sessions[sessionID]
	if ses == nil {
		ses = &session{id: sessionID, objects: map[string]*object{}, subs: map[string]map[string]string{}}
		s.sessions[sessionID] = ses
	}
	ses.inUse = true
	for ; o != nil; o = o.parent {
		ses.objects[o.id] = o
		o.sessions[sessionID] = struct{}{}
	}
}

// addLocked makes an object known: it goes into every session that has its
// parent and is announced.
func (s *Server) addLocked(o *object) {
	s.objects[o.id] = o
	if o.parent != nil {
		o.parent.children[o.id] = o
		for id := range o.parent.sessions {
			s.refLocked(id, o)
		}
	}
	s.raiseLocked(s.manager, "ObjectCreated", map[string]any{"object": o.id})
}

// unrefLocked takes an object and its descendants out of one session.
func (s *Server) unrefLocked(sessionID string, o *object) {
	ses := s.sessions[sessionID]
	if ses != nil {
		delete(ses.objects, o.id)
	}
	for _, child := range o.sortedChildren() {
		s.unrefLocked(sessionID, child)
	}
	delete(o.sessions, sessionID)
	if ses != nil {
		for sub := range ses.subs[o.id] {
			s.unsubscribeLocked(ses, o.id, sub)
		}
		delete(ses.subs, o.id)
	}
	if len(o.sessions) == 0 && o != s.manager {
		s.destroyLocked(o)
	}
}

// releaseLocked takes an object out of all sessions.
func (s *Server) releaseLocked(o *object) {
	ids := make([]string, 0, len(o.sessions))
	for id := range o.sessions {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	for _, id := range ids {
		s.unrefLocked(id, o)
	}
}

// closeSessionLocked drops a session; with release it first releases what the
// session ever looked at, for everybody.
func (s *Server) closeSessionLocked(id string, release bool) {
	ses := s.sessions[id]
	if ses == nil {
		return
	}
	ids := make([]string, 0, len(ses.objects))
	for oid := range ses.objects {
		ids = append(ids, oid)
	}
	sort.Strings(ids)
	for _, oid := range ids {
		o := s.objects[oid]
		switch {
		case o == nil:
		case release:
			s.releaseLocked(o)
		default:
			s.unrefLocked(id, o)
		}
	}
	delete(s.sessions, id)
}

func (s *Server) destroyLocked(o *object) {
	if s.objects[o.id] != o {
		return
	}
	delete(s.objects, o.id)
	if o.parent != nil {
		delete(o.parent.children, o.id)
	}
	s.dying = append(s.dying, o)
}

// buryLocked ends what destroyed objects had going on. It runs when the request
// or delay that destroyed them is done: by then all subscriptions to them are
// gone, so that only elements that live on tell of lost connections.
func (s *Server) buryLocked() {
	for len(s.dying) > 0 {
		o := s.dying[0]
		s.dying = s.dying[1:]
		s.detachLocked(o)
		s.raiseLocked(s.manager, "ObjectDestroyed", map[string]any{"objectId": o.id})
	}
	s.dying = nil
}

// collectLocked is one run of the collector.
func (s *Server) collectLocked() {
	ids := make([]string, 0, len(s.sessions))
	for id := range s.sessions {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	for _, id := range ids {
		if ses := s.sessions[id]; ses != nil && ses.inUse {
			ses.inUse = false
		} else {
			s.closeSessionLocked(id, false)
		}
	}
}

// startCollectorLocked runs the collector every period, and keeps the sessions
// that have a socket alive four times per period. One timer drives both: with two
// of them a machine that has other things to do could run the collector twice in
// a row, which would take what belongs to a connected application.
func (s *Server) startCollectorLocked() {
	const keptAlive = 4
	quarters := 0
	s.every(s.opt.CollectorPeriod/keptAlive, func() {
		if quarters++; quarters%keptAlive == 0 {
			s.collectLocked()
		}
		for id := range s.links {
			s.keepAliveLocked(id)
		}
	})
}

// every runs f under the lock once per period until the server restarts.
func (s *Server) every(period time.Duration, f func()) {
	var run func()
	run = func() {
		f()
		s.after(period, run)
	}
	s.after(period, run)
}

// lookupLocked finds a living object, with the server's own errors.
func (s *Server) lookupLocked(id string) (*object, *rpcError) {
	if len(id) > len("newref:") && strings.HasPrefix(id, "newref:") {
		return nil, errf(40109, "MEDIA_OBJECT_NOT_FOUND_TRANSACTION_NO_COMMIT",
			"Object '%s' not found. Possibly using a transactional object without committing the transaction.", id)
	}
	o := s.objects[id]
	if o == nil || len(o.sessions) == 0 && o != s.manager {
		return nil, errf(40101, "MEDIA_OBJECT_NOT_FOUND", "Object '%s' not found", id)
	}
	return o, nil
}

// sessionListLocked is getSessions, blanks included: the real server makes room
// for the sessions and then appends them.
func (s *Server) sessionListLocked() []any {
	ids := make([]string, 0, len(s.sessions))
	for id := range s.sessions {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	out := make([]any, len(ids), 2*len(ids))
	for i := range out {
		out[i] = ""
	}
	for _, id := range ids {
		out = append(out, id)
	}
	return out
}

// pipelineListLocked is getPipelines: it references every object.
func (s *Server) pipelineListLocked() []any {
	out := []any{}
	for _, o := range s.sortedObjectsLocked() {
		s.refLocked("", o)
		if o.class.Name == "MediaPipeline" {
			out = append(out, o.id)
		}
	}
	return out
}

func (s *Server) sortedObjectsLocked() []*object {
	out := make([]*object, 0, len(s.objects))
	for _, o := range s.objects {
		out = append(out, o)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].id < out[j].id })
	return out
}
