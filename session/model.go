package session

import (
	"time"

	"kmscope/capture"
	"kmscope/control"
	"kmscope/inventory"
	"kmscope/kmsconn/kmd"
	"kmscope/negotiation"
	"kmscope/stats"
	"kmscope/timeline"
	"kmscope/wire"
)

// Model is everything that the frames of one server say: the inventory, the
// series and the timeline. It learns from records alone, so that a capture
// gives what the live server gave. One goroutine feeds it; Stats and Timeline
// may be read from any goroutine, and so may a Snapshot once it was taken.
type Model struct {
	inventory *inventory.Reducer
	stats     *stats.Store
	timeline  *timeline.Log
	lanes     timeline.Lanes
	// negotiation keeps what a Snapshot forgets: earlier descriptions, and when
	// each step of a connection was first seen.
	negotiation negotiation.Log
	audit       control.Log

	undecoded, gaps int
	shown           uint64 // entries of the timeline at the last Snapshot
}

// NewModel makes the model of a server of which nothing is known but its URL
// (without userinfo; "" when a recording does not say).
func NewModel(url string) *Model {
	return &Model{
		inventory: inventory.NewReducer(url),
		stats:     stats.NewStore(),
		timeline:  timeline.NewLog(0),
	}
}

// Snapshot gives the state as of the last record.
func (m *Model) Snapshot() *inventory.Snapshot {
	m.shown = m.timeline.Total()
	return m.inventory.Snapshot()
}

// Changed reports whether the inventory changed since the last Snapshot, or
// events came: what a person should see at once. Statistics alone can wait.
func (m *Model) Changed() bool {
	return m.inventory.Changed() || m.timeline.Total() != m.shown
}

// Stats gives the store of series.
func (m *Model) Stats() *stats.Store { return m.stats }

// Timeline gives the log of events.
func (m *Model) Timeline() *timeline.Log { return m.timeline }

// Lanes gives what state each lane of each object was in, over time.
func (m *Model) Lanes() *timeline.Lanes { return &m.lanes }

// Negotiation gives the log of descriptions and steps.
func (m *Model) Negotiation() *negotiation.Log { return &m.negotiation }

// Audit gives what this tool changed on the server.
func (m *Model) Audit() *control.Log { return &m.audit }

// Undecoded counts the records that could not be understood.
func (m *Model) Undecoded() int { return m.undecoded }

// Gaps counts the places where records are missing.
func (m *Model) Gaps() int { return m.gaps }

// apply takes a fact but for the timeline; see write.
func (m *Model) apply(f wire.Fact) {
	switch f.Kind {
	case wire.KindUndecoded:
		m.undecoded++
	case wire.KindGap:
		m.gaps++
	}
	m.inventory.Apply(f)
	m.stats.Feed(f)
	m.stats.Count(m.inventory.Census())
	m.negotiation.Feed(f)
	m.audit.Feed(f)
}

// write takes a fact into the timeline, which one goroutine at a time may do, this
// one or another.
func (m *Model) write(f *wire.Fact) { timeline.Feed(m.timeline, &m.lanes, *f) }

// Models routes the records of one stream to one Model per server: an open
// record says which server a connection belongs to. The zero value is ready;
// one goroutine owns it.
type Models struct {
	decoder wire.Decoder
	order   []*Server
	byURL   map[string]*Server
	byConn  map[string]*Server

	// Records counts the records fed, Undecoded those that could not be
	// understood, Gaps the places where records are missing.
	Records, Undecoded, Gaps int
	// Cut says why the newest record is not the last that was captured; "" where
	// nothing is known to be missing behind it.
	Cut string
	// First and Last are the times of the first and of the newest record.
	First, Last time.Time
	// FirstMs and LastMs are the same on the capture's own, monotonic clock.
	FirstMs, LastMs float64
}

// Server is one server of a stream.
type Server struct {
	URL string
	*Model
	schema schemaReader
	// newSchema is a description that came since the owner looked last.
	newSchema *kmd.Schema
	changed   bool
	trail     trail
}

func (s *Server) take(f wire.Fact) {
	s.apply(f)
	if schema := s.schema.feed(f); schema != nil {
		s.newSchema = schema
	}
	s.changed = true
}

// newModels makes the Models of one server that is known from the start.
func newModels(url string) *Models {
	s := &Server{URL: url, Model: NewModel(url)}
	return &Models{order: []*Server{s}, byURL: map[string]*Server{url: s}, byConn: make(map[string]*Server)}
}

// Servers gives the servers in the order in which they were first named.
func (m *Models) Servers() []*Server { return m.order }

// Feed takes one record.
func (m *Models) Feed(r capture.Record) {
	m.take(&r, m.decoder.Feed(r), func(x *Model, f *wire.Fact) { x.write(f) })
}

// take takes a record and what it says, but for the timeline: tell is called with
// the facts that belong there, in order.
func (m *Models) take(r *capture.Record, facts []wire.Fact, tell func(*Model, *wire.Fact)) {
	m.Records++
	m.Cut = ""
	if r.Inserted() {
		m.Cut = r.Note
	}
	if m.Records == 1 {
		m.FirstMs, m.LastMs = r.TimeMs, r.TimeMs
	}
	m.FirstMs, m.LastMs = min(m.FirstMs, r.TimeMs), max(m.LastMs, r.TimeMs)
	if m.First.IsZero() || r.At.Before(m.First) {
		m.First = r.At
	}
	if r.At.After(m.Last) {
		m.Last = r.At
	}
	for i := range facts {
		f := &facts[i]
		switch f.Kind {
		case wire.KindUndecoded:
			m.Undecoded++
		case wire.KindGap:
			m.Gaps++
		}
		if r.Conn == "" {
			for _, s := range m.order {
				s.take(*f)
				tell(s.Model, f)
			}
			continue
		}
		s := m.server(r)
		s.take(*f)
		tell(s.Model, f)
	}
}

// server finds the server of a record's connection. A connection without an
// open record belongs to the only server known, or to the nameless one.
func (m *Models) server(r *capture.Record) *Server {
	named := r.Server != "" && (r.Dir == capture.DirOpen || r.Dir == capture.DirError)
	if s := m.byConn[r.Conn]; s != nil && (!named || s.URL == r.Server) {
		return s
	}
	if m.byConn == nil {
		m.byConn, m.byURL = make(map[string]*Server), make(map[string]*Server)
	}
	var s *Server
	if !named && len(m.order) == 1 {
		s = m.order[0]
	} else if s = m.byURL[r.Server]; s == nil {
		s = &Server{URL: r.Server, Model: NewModel(r.Server)}
		m.byURL[r.Server] = s
		m.order = append(m.order, s)
	}
	m.byConn[r.Conn] = s
	return s
}
