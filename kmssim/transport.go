package kmssim

import (
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// link is one client of the server: a socket, or an application inside the
// process. closed, session and received belong to the server's lock.
type link struct {
	s        *Server
	ws       *websocket.Conn // nil for an App
	session  string          // the session that its requests belong to
	closed   bool
	received int

	gone chan struct{} // closed when the link ends

	out outQueue
}

// outQueue is what waits to be written. It is bounded: a reader that does not
// read loses its connection, not the simulator its memory.
type outQueue struct {
	mu     sync.Mutex
	frames [][]byte
	bytes  int
	limit  int
	wake   chan struct{}
}

const (
	maxQueueBytes = 128 << 20
	maxFrameBytes = 64 << 20
)

// farewell is how long a socket stays that was told the reason of its end: until
// it has answered, or as long.
const farewell = 10 * time.Second

var upgrader = websocket.Upgrader{
	ReadBufferSize: 16 << 10, WriteBufferSize: 32 << 10,
	CheckOrigin: func(*http.Request) bool { return true },
}

// ServeHTTP serves the WebSocket on /kurento. Another path opens the socket and
// closes it with 1002 "Invalid path"; a plain request gets 426.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	down := s.closed || s.clock.Now().Before(s.downTill)
	s.mu.Unlock()
	if down {
		// Nobody listens on the port of a server that restarts.
		if h, ok := w.(http.Hijacker); ok {
			if c, _, err := h.Hijack(); err == nil {
				_ = c.Close()
			}
		}
		return
	}
	if !websocket.IsWebSocketUpgrade(r) {
		w.Header().Set("Server", "WebSocket++/0.8.2")
		w.WriteHeader(http.StatusUpgradeRequired)
		return
	}
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	if r.URL.Path != "/kurento" {
		_ = ws.WriteControl(websocket.CloseMessage,
			websocket.FormatCloseMessage(websocket.CloseProtocolError, "Invalid path"),
			time.Now().Add(farewell))
		_ = ws.SetReadDeadline(time.Now().Add(farewell))
		_, _, _ = ws.ReadMessage()
		_ = ws.Close()
		return
	}
	ws.SetReadLimit(maxFrameBytes)
	l := &link{s: s, ws: ws, gone: make(chan struct{})}
	l.out.wake, l.out.limit = make(chan struct{}, 1), s.opt.QueueBytes
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		_ = ws.Close()
		return
	}
	s.conns[l] = struct{}{}
	s.wg.Add(2)
	s.mu.Unlock()
	go l.write()
	l.read()
}

// read handles the frames of a socket one after the other, as the real server
// does: a slow request holds up its own connection and no other.
func (l *link) read() {
	defer l.s.wg.Done()
	defer l.end()
	for {
		_, frame, err := l.ws.ReadMessage()
		if err != nil {
			return
		}
		switch l.s.receive(l, frame) {
		case fateClosed:
			return
		case fateDeaf:
			for err == nil {
				_, _, err = l.ws.ReadMessage()
			}
			return
		}
	}
}

// fate is what becomes of a connection after a frame.
type fate int

const (
	fateLives fate = iota
	fateClosed
	fateDeaf // read on, so that the socket stays open, and answer nothing
)

// receive answers one frame.
func (s *Server) receive(l *link, frame []byte) fate {
	select {
	case s.workers <- struct{}{}:
	case <-s.quit:
		return fateClosed
	case <-l.gone:
		return fateClosed
	}
	defer func() { <-s.workers }()

	req, ok := decodeRequest(frame)
	if ok && !s.delay(l, req) {
		return fateClosed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l.received++
	switch {
	case s.closed || l.closed:
		return fateClosed
	case s.faults.Deaf:
		return fateLives
	case s.faults.DropEvery > 0 && l.received%s.faults.DropEvery == 0:
		l.dropLocked()
		return fateClosed
	case !ok && s.opt.Malformed == MalformedDeaf:
		return fateDeaf
	case !ok:
		l.dropLocked()
		return fateClosed
	}
	reply := s.processLocked(l, req)
	if l.closed || s.closed { // the call killed the server
		return fateClosed
	}
	text := encode(reply)
	// Events are sent by other threads: before or after the reply.
	if s.rand.Float64() < 0.3 {
		s.flushLocked()
		l.send(text)
	} else {
		l.send(text)
		s.flushLocked()
	}
	return fateLives
}

// delay blocks a request for as long as faults and getUsedCpu want; false when
// the connection ended meanwhile.
func (s *Server) delay(l *link, req map[string]any) bool {
	s.mu.Lock()
	d := s.faults.Latency
	slow := s.faults.SlowOperations
	s.mu.Unlock()
	if params, ok := req["params"].(map[string]any); ok && req["method"] == "invoke" {
		op, _ := params["operation"].(string)
		d += slow[op]
		if op == "getUsedCpu" && params["object"] == managerID {
			if p, ok := params["operationParams"].(map[string]any); ok {
				if n, ok := intValue(p["interval"]); ok && n > 1 {
					d += time.Duration(min(n, 600_000)) * time.Millisecond
				}
			}
		}
	}
	return s.sleep(d, l.gone)
}

// write sends what the queue holds.
func (l *link) write() {
	defer l.s.wg.Done()
	for {
		select {
		case <-l.gone:
			return
		case <-l.out.wake:
		}
		for _, frame := range l.out.take() {
			if err := l.ws.WriteMessage(websocket.TextMessage, frame); err != nil {
				_ = l.ws.Close() // the reader ends the link
				return
			}
		}
	}
}

// end forgets a socket that was closed; its session stays for the collector.
func (l *link) end() {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	l.dropLocked()
}

// dropLocked ends a link without a close frame.
func (l *link) dropLocked() {
	if l.closed {
		return
	}
	l.closed = true
	close(l.gone)
	delete(l.s.conns, l)
	if l.session != "" && l.s.links[l.session] == l {
		delete(l.s.links, l.session)
	}
	l.session = ""
	if l.ws != nil {
		_ = l.ws.NetConn().Close()
	}
}

// add queues a frame; false when the queue is full.
func (q *outQueue) add(frame []byte) bool {
	q.mu.Lock()
	if q.bytes+len(frame) > q.limit {
		q.mu.Unlock()
		return false
	}
	q.frames = append(q.frames, frame)
	q.bytes += len(frame)
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
	return true
}

func (q *outQueue) take() [][]byte {
	q.mu.Lock()
	defer q.mu.Unlock()
	frames := q.frames
	q.frames, q.bytes = nil, 0
	return frames
}
