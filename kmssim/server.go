// Package kmssim is a simulated Kurento Media Server behind a real WebSocket:
// for demonstrations, tests and fault scenarios. It behaves as recordings of a
// real server show, surprises included, and shares no code with the client but
// the module descriptions' types.
//
// One lock guards the whole model. Requests run under it on the goroutine of
// their connection, at most ten at a time as on the real server; delays run on
// the Clock and take the lock when they fire. Events that a request or a delay
// raises are collected and handed to the connections at its end. Nothing blocks
// under the lock: a connection has an outgoing queue and a writer of its own.
package kmssim

import (
	"errors"
	"fmt"
	"math/rand"
	"net"
	"net/http"
	"sort"
	"strconv"
	"sync"
	"time"
)

// Server is a simulated media server. Make one with New; its methods may be
// called from any goroutine.
type Server struct {
	opt   Options
	clock Clock

	workers chan struct{} // one token per worker thread
	quit    chan struct{} // closed by Close
	wg      sync.WaitGroup

	mu       sync.Mutex
	schema   *schema
	methods  map[string]func(map[string]any) (any, *rpcError)
	rand     *rand.Rand
	faults   Faults
	closed   bool
	epoch    uint64    // counts restarts; delays of an older epoch are void
	downTill time.Time // connections are refused until then

	serverID string
	objects  map[string]*object
	sessions map[string]*session
	links    map[string]*link // by session: who gets its events
	conns    map[*link]struct{}
	manager  *object
	serials  map[string]int
	bins     int
	cache    map[cacheKey]cacheEntry

	cacheSwept time.Time
	pending    []outEvent
	dying      []*object // destroyed, not yet buried
	eventCount int
	timers     map[uint64]func() bool
	timerNext  uint64

	usedKiB int64

	httpServer *http.Server
}

// New makes a server that runs but does not listen: use it as an http.Handler,
// or call Start. Close it when done.
func New(opt Options) *Server {
	opt = opt.withDefaults()
	s := &Server{
		opt:     opt,
		clock:   opt.Clock,
		workers: make(chan struct{}, workerThreads),
		quit:    make(chan struct{}),
		rand:    rand.New(rand.NewSource(opt.Seed)), //nolint:gosec // ids of a simulation
		faults:  opt.Faults,
		conns:   map[*link]struct{}{},
		timers:  map[uint64]func() bool{},
	}
	schema, err := loadSchema(opt.Version, !opt.NoProse)
	if err != nil {
		// The descriptions are embedded and tested: there is nothing to run without.
		schema = emptySchema()
	}
	s.schema = schema
	s.methods = s.methodTable()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bootLocked()
	return s
}

// bootLocked gives the server its first, or after a restart its next, life.
func (s *Server) bootLocked() {
	s.epoch++
	for _, stop := range s.timers {
		if stop() {
			s.wg.Done()
		}
	}
	s.timers = map[uint64]func() bool{}
	s.serverID = s.uuid()
	s.objects = map[string]*object{}
	s.sessions = map[string]*session{}
	s.links = map[string]*link{}
	s.serials = map[string]int{}
	s.bins = 0
	s.cache = map[cacheKey]cacheEntry{}
	s.pending, s.dying = nil, nil
	s.usedKiB = 77_000 + int64(s.rand.Intn(9000))
	s.manager = &object{
		id: managerID, class: s.schema.class("ServerManager"),
		children: map[string]*object{}, sessions: map[string]struct{}{},
		created: s.clock.Now(), tags: map[string]string{}, props: map[string]any{},
		listeners: map[string]map[string]int{},
	}
	s.objects[managerID] = s.manager
	s.startCollectorLocked()
}

// Start listens on a TCP address such as "127.0.0.1:0" and gives the WebSocket
// URL. It fails where the address cannot be had.
func (s *Server) Start(listen string) (string, error) {
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return "", fmt.Errorf("listen on %s: %w", listen, err)
	}
	srv := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	s.mu.Lock()
	if s.closed || s.httpServer != nil {
		s.mu.Unlock()
		_ = l.Close()
		return "", errors.New("the simulated server was already started or closed")
	}
	s.httpServer = srv
	s.wg.Add(1)
	s.mu.Unlock()
	go func() {
		defer s.wg.Done()
		_ = srv.Serve(l)
	}()
	return "ws://" + l.Addr().String() + "/kurento", nil
}

// Close ends everything: sockets, delays and scenarios' applications. It waits
// for the server's own goroutines.
func (s *Server) Close() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		s.wg.Wait()
		return
	}
	s.closed = true
	close(s.quit)
	for _, stop := range s.timers {
		if stop() {
			s.wg.Done()
		}
	}
	s.timers = map[uint64]func() bool{}
	for l := range s.conns {
		l.dropLocked()
	}
	srv := s.httpServer
	s.mu.Unlock()
	if srv != nil {
		_ = srv.Close()
	}
	s.wg.Wait()
}

// SetFaults replaces the faults in force.
func (s *Server) SetFaults(f Faults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = f
}

// UpdateFaults changes the faults in force.
func (s *Server) UpdateFaults(change func(*Faults)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.faults)
}

// Restart ends every connection without a close frame, forgets everything and
// comes back under another server id after Faults.RestartDelay.
func (s *Server) Restart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.restartLocked()
}

func (s *Server) restartLocked() {
	if s.closed {
		return
	}
	delay := s.faults.RestartDelay
	if delay <= 0 {
		delay = defaultRestartDelay
	}
	s.downTill = s.clock.Now().Add(delay)
	for l := range s.conns {
		l.dropLocked()
	}
	s.bootLocked()
}

// DropConnections cuts every socket without a close frame; sessions and objects
// stay.
func (s *Server) DropConnections() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for l := range s.conns {
		if l.ws != nil {
			l.dropLocked()
		}
	}
}

// ServerID is the id that connect replies; it changes at every restart.
func (s *Server) ServerID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.serverID
}

// Objects lists the ids of all living objects, without the manager, sorted.
func (s *Server) Objects() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]string, 0, len(s.objects))
	for id := range s.objects {
		if id != managerID {
			out = append(out, id)
		}
	}
	sort.Strings(out)
	return out
}

// Sessions lists the sessions that hold objects, "" included where getPipelines
// made it, sorted.
func (s *Server) Sessions() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]string, 0, len(s.sessions))
	for id := range s.sessions {
		out = append(out, id)
	}
	sort.Strings(out)
	return out
}

// References lists the sessions that hold an object, sorted; none for an object
// that does not live.
func (s *Server) References(id string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []string{}
	if o := s.objects[id]; o != nil {
		for ses := range o.sessions {
			out = append(out, ses)
		}
	}
	sort.Strings(out)
	return out
}

// Subscriptions counts the subscriptions of all sessions.
func (s *Server) Subscriptions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, ses := range s.sessions {
		for _, subs := range ses.subs {
			n += len(subs)
		}
	}
	return n
}

// Connections counts the open sockets.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for l := range s.conns {
		if l.ws != nil {
			n++
		}
	}
	return n
}

// after runs f under the lock in d, unless the server restarts or closes first.
// The caller holds the lock. The result, called under the lock, prevents f.
func (s *Server) after(d time.Duration, f func()) (cancel func()) {
	if s.closed {
		return func() {}
	}
	epoch, key := s.epoch, s.timerNext
	s.timerNext++
	cancelled := false
	s.wg.Add(1)
	stop := s.clock.AfterFunc(d, func() {
		defer s.wg.Done()
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.closed || cancelled || s.epoch != epoch {
			return
		}
		delete(s.timers, key)
		f()
		s.flushLocked()
	})
	s.timers[key] = stop
	return func() {
		cancelled = true
		if t, ok := s.timers[key]; ok && s.epoch == epoch {
			delete(s.timers, key)
			if t() {
				s.wg.Done()
			}
		}
	}
}

// sleep blocks the calling goroutine for model time d, without the lock; false
// when the server closed meanwhile.
func (s *Server) sleep(d time.Duration, gone <-chan struct{}) bool {
	if d <= 0 {
		return true
	}
	done := make(chan struct{})
	stop := s.clock.AfterFunc(d, func() { close(done) })
	defer stop()
	select {
	case <-done:
		return true
	case <-gone:
		return false
	case <-s.quit:
		return false
	}
}

// uuid gives an id of the usual shape. The caller holds the lock.
func (s *Server) uuid() string {
	var b [16]byte
	_, _ = s.rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

func itoa(n int) string { return strconv.Itoa(n) }

func emptySchema() *schema {
	s := &schema{text: map[string]string{}, classes: map[string]*class{}}
	s.classes["ServerManager"] = &class{}
	s.classes["ServerManager"].Name = "ServerManager"
	return s
}
