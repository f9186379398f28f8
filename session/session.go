// Package session is one investigated server, live or replayed. It owns every
// goroutine of the investigation and publishes immutable snapshots.
package session

import (
	"sync"
	"sync/atomic"
	"time"

	"kmscope/inventory"
	"kmscope/kmsconn/kmd"
	"kmscope/negotiation"
	"kmscope/stats"
	"kmscope/timeline"
)

// LinkState says how the session stands with its server.
type LinkState uint8

// The states of a link.
const (
	Connecting   LinkState = iota // the first connection is being made
	Connected                     // frames flow
	Reconnecting                  // the connection was lost; another try is due at RetryAt
	Deaf                          // the socket is open but nothing is answered
	Closed                        // the session was ended by the user
	Replaying                     // a capture, no server
)

// String gives the state in a word, for people.
func (s LinkState) String() string {
	switch s {
	case Connecting:
		return "connecting"
	case Connected:
		return "connected"
	case Reconnecting:
		return "reconnecting"
	case Deaf:
		return "not answering"
	case Closed:
		return "closed"
	case Replaying:
		return "replay"
	}
	return "unknown"
}

// Link is how the session stands with its server at one moment.
type Link struct {
	State LinkState
	// Cause is one sentence on why the state is not Connected; "" otherwise.
	Cause   string
	Since   time.Time
	RetryAt time.Time // zero when no retry is due
	// PingTook is the last round trip; 0 is unknown.
	PingTook        time.Duration
	FramesPerSecond float64
	// Held counts the objects that the tool keeps referenced on the server just
	// now; LeaseEnds is when it lets go of them at the latest.
	Held      int
	LeaseEnds time.Time
	Gaps      int
	Undecoded int
	// Reading says what is being read now, "" when nothing; ReadDone of
	// ReadTotal objects are complete.
	Reading             string
	ReadDone, ReadTotal int
}

// Session is one server under investigation. All methods may be called from
// any goroutine.
type Session struct {
	name string
	url  string
	live *live // nil in replay
	ws   *Workspace
	// replay is the capture behind the session; nil when it is live.
	replay *Replay

	snapshot atomic.Pointer[inventory.Snapshot]
	past     inventory.Past
	model    atomic.Pointer[Model]
	schema   atomic.Pointer[kmd.Schema]

	mu   sync.Mutex
	link Link
}

func newSession(ws *Workspace, name, url string, m *Model) *Session {
	s := &Session{name: name, url: url, ws: ws}
	m.stats.PageTo(ws.pageFile)
	s.model.Store(m)
	s.snapshot.Store(m.Snapshot())
	s.schema.Store(kmd.Builtin(""))
	return s
}

// Name is what the session is called in the window: the server's host and
// port, or the name of the capture file.
func (s *Session) Name() string { return s.name }

// URL is the server's address without userinfo; "" when a recording does not say.
func (s *Session) URL() string { return s.url }

// Live reports whether a server is behind the session, not a capture.
func (s *Session) Live() bool { return s.live != nil }

// Snapshot gives the newest published state; never nil.
func (s *Session) Snapshot() *inventory.Snapshot { return s.snapshot.Load() }

// SnapshotAt gives the state that was in force at a past moment of the local
// clock, or the first one known later; nil when nothing is known yet. Moments
// that are close together may share one.
func (s *Session) SnapshotAt(t time.Time) *inventory.Snapshot { return s.past.At(t) }

// Since is the time of the oldest state that SnapshotAt knows; zero when it
// knows none.
func (s *Session) Since() time.Time { return s.past.First() }

// Stats gives the series of the server.
func (s *Session) Stats() *stats.Store { return s.model.Load().Stats() }

// Timeline gives the events of the server.
func (s *Session) Timeline() *timeline.Log { return s.model.Load().Timeline() }

// Lanes gives what state each lane of each object was in, over time. Events
// stand there on the local clock, see timeline.Lanes.Local.
func (s *Session) Lanes() *timeline.Lanes { return s.model.Load().Lanes() }

// Negotiation gives the session descriptions and the steps of the connections.
func (s *Session) Negotiation() *negotiation.Log { return s.model.Load().Negotiation() }

// Schema gives what the server says of its own modules; until it was read, and
// where it cannot be, the built-in description nearest to its version.
func (s *Session) Schema() *kmd.Schema { return s.schema.Load() }

// Link gives how the session stands with its server.
func (s *Session) Link() Link {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.link
}

func (s *Session) setLink(change func(*Link)) {
	s.mu.Lock()
	before := s.link
	change(&s.link)
	changed := s.link != before
	s.mu.Unlock()
	if changed {
		s.ws.notify()
	}
}

// publish takes a snapshot of the model. The goroutine that feeds the model
// calls it.
func (s *Session) publish(m *Model) {
	if s.model.Swap(m) != m {
		m.stats.PageTo(s.ws.pageFile)
	}
	now := m.Snapshot()
	s.snapshot.Store(now)
	s.past.Add(now)
	s.ws.notify()
}

// Focus names the objects that a person looks at now: their statistics are
// sampled at the full rate, all others more slowly. No effect in replay.
func (s *Session) Focus(ids ...string) {
	if s.live != nil {
		s.live.focus(ids)
	}
}

// Read reads all properties of an object that are safe to read. The answer
// comes with a later Snapshot. No effect in replay.
func (s *Session) Read(id string) {
	if s.live != nil {
		s.live.readObject(id)
	}
}

// Dismiss forgets a dead object and its dead descendants. When there are many,
// the oldest are dismissed without it; see inventory.MaxDead.
func (s *Session) Dismiss(id string) {
	if s.live != nil {
		s.live.dismiss(id)
	}
}
