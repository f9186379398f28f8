package kmsconn

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	mrand "math/rand/v2"
	"sync"
	"time"

	"kmscope/kmsconn/jsonrpc"
)

// SessionPrefix starts the id of every session of this program: people see in
// getSessions whose it is, and two copies of the program know each other.
const SessionPrefix = "kmscope-"

// Phase is what a connection is doing.
type Phase string

// The phases of a Client.
const (
	Connecting   Phase = "connecting"   // for the first time
	Connected    Phase = "connected"    // calls are answered
	Reconnecting Phase = "reconnecting" // lost; will be tried again at RetryAt
	Deaf         Phase = "deaf"         // open, but it does not answer any more; being replaced
	Closed       Phase = "closed"       // by us, for good
)

// State is the state of a Client's connection.
type State struct {
	Phase Phase
	// Cause says why it is not connected, in one sentence; nil when it is.
	Cause error
	Since time.Time
	// RetryAt is when the next attempt starts, when Reconnecting.
	RetryAt time.Time
	// Attempt counts the attempts since the connection was lost.
	Attempt int
}

// Session tells what a new connection found.
type Session struct {
	ServerID string
	// ID is the session's id: a secret of sorts, for whoever knows it can
	// take the session over. Not for logs.
	ID string
	// Resumed: the server still had our session: subscriptions and references
	// are alive; events in between are lost.
	Resumed bool
	// Restarted: the server is another one than before: nothing is as it was.
	Restarted bool
	// First: the first connection of this Client.
	First bool
}

// Event is an onEvent notification.
type Event struct {
	Type   string // as sent; see kmd.EventName
	Object string
	Data   json.RawMessage
}

// Observer receives what happens to a Client. The functions may be nil. OnState
// and OnSession are called one at a time, in order; so are OnEvent and
// OnDropped, from another goroutine. All may make calls on the Client; none may
// call its Close.
type Observer struct {
	OnState   func(State)
	OnSession func(Session)
	OnEvent   func(Event)
	// OnDropped tells that events were lost because OnEvent was too slow.
	OnDropped func(count int)
}

// Options configure a Client. Only Target is required.
type Options struct {
	Target Target
	// Label names the connection in captured frames.
	Label string
	// Role is part of the session's id: kmscope-<Role>-<random>.
	Role string
	Tap  jsonrpc.Tap
	// Observer of this connection.
	Observer Observer
	// Schema gives the server's description, for the guard; may be nil or give nil.
	Schema func() Schema
	// Abilities is what is known of the server, shared by its connections.
	Abilities *Abilities

	CallTimeout      time.Duration // per call, 0 means 10 s
	PingEvery        time.Duration // 0 means 20 s: proxies cut idle sockets at 60 s
	PingTimeout      time.Duration // after which the connection is deaf, 0 means 5 s
	HandshakeTimeout time.Duration // until the WebSocket is open, 0 means 5 s
	BackoffMin       time.Duration // 0 means 0.25 s
	BackoffMax       time.Duration // 0 means 3 s
	MaxFrameBytes    int64         // 0 means jsonrpc.DefaultMaxFrameBytes
}

func (o *Options) setDefaults() {
	def := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	def(&o.CallTimeout, 10*time.Second)
	def(&o.PingEvery, 20*time.Second)
	def(&o.PingTimeout, 5*time.Second)
	def(&o.HandshakeTimeout, 5*time.Second)
	def(&o.BackoffMin, 250*time.Millisecond)
	def(&o.BackoffMax, 3*time.Second)
	if o.Abilities == nil {
		o.Abilities = new(Abilities)
	}
	if o.Role == "" {
		o.Role = "call"
	}
}

// with gives the options for a further connection to the same server.
func (o Options) with(label, role string, observer Observer) Options {
	if o.Label != "" {
		label = o.Label + "/" + label
	}
	o.Label, o.Role, o.Observer = label, role, observer
	return o
}

// Client is one connection to a Kurento server with a session of its own. It
// keeps itself alive: it pings, replaces a connection that is lost or deaf,
// and resumes its session, or starts a clean one. All methods may be called
// from any goroutine.
//
// One goroutine (run) owns the life of the connection; another delivers
// OnState and OnSession. A call never waits for a reconnect: it fails with a
// DownError, and WaitConnected waits.
type Client struct {
	opts    Options
	address string
	shown   string
	ids     jsonrpc.IDs // shared by all connections, for the server caches replies
	batch   batchSize
	notify  *notifier
	suspect chan *jsonrpc.Conn // a call on it timed out
	closing chan struct{}
	ended   chan struct{}

	mu       sync.Mutex
	conn     *jsonrpc.Conn // nil while there is none
	state    State
	session  Session
	pingTook time.Duration
	changed  chan struct{} // closed and replaced when state changes
	closed   bool
	// issued holds every session id this client ever used: the only ones that
	// it may close.
	issued map[string]bool
}

// Dial connects for the first time and starts the Client. It fails with one
// clear sentence (*jsonrpc.LinkError, *jsonrpc.UntrustedError, or what Validate
// says). Once it succeeds, failures are states.
func Dial(ctx context.Context, opts Options) (*Client, error) {
	opts.setDefaults()
	address, err := opts.Target.Address()
	if err != nil {
		return nil, err
	}
	if _, err := opts.Target.tlsConfig(); err != nil {
		return nil, err
	}
	c := &Client{
		opts:    opts,
		address: address,
		shown:   opts.Target.Shown(),
		notify:  newNotifier(),
		suspect: make(chan *jsonrpc.Conn, 1),
		closing: make(chan struct{}),
		ended:   make(chan struct{}),
		changed: make(chan struct{}),
		issued:  make(map[string]bool),
	}
	c.setState(State{Phase: Connecting})
	conn, session, err := c.connect(ctx, opts.HandshakeTimeout, opts.CallTimeout)
	if err != nil {
		c.notify.close()
		return nil, err
	}
	c.adopt(conn, session)
	go c.run(conn)
	return c, nil
}

// State gives the connection's state.
func (c *Client) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// Session gives what the newest connection found.
func (c *Client) Session() Session {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session
}

// PingTook gives the round trip of the last ping; 0 before the first.
func (c *Client) PingTook() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pingTook
}

// Owns reports whether a session id is, or was, this client's.
func (c *Client) Owns(sessionID string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.issued[sessionID]
}

// WaitConnected waits until calls can be made.
func (c *Client) WaitConnected(ctx context.Context) error {
	for {
		c.mu.Lock()
		phase, cause, changed := c.state.Phase, c.state.Cause, c.changed
		c.mu.Unlock()
		switch phase {
		case Connected:
			return nil
		case Closed:
			return &DownError{Cause: cause}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Close ends the client: its session is closed on the server, so that nothing
// of ours is left there, if the server answers within a second; then the
// socket. It is bounded by ctx. Closing twice is harmless.
func (c *Client) Close(ctx context.Context) error {
	c.mu.Lock()
	first := !c.closed
	c.closed = true
	c.mu.Unlock()
	if first {
		farewell, cancel := context.WithTimeout(ctx, time.Second)
		if err := c.CloseSession(farewell); err != nil && !IsDown(err) {
			// The server drops a session without a socket by itself, later.
			c.mark("the session could not be closed: " + err.Error())
		}
		cancel()
		close(c.closing)
	}
	select {
	case <-c.ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// mark keeps a remark as the cause of the state.
func (c *Client) mark(text string) {
	c.mu.Lock()
	c.state.Cause = errors.New(text)
	c.mu.Unlock()
}

// run owns the connection until Close.
func (c *Client) run(conn *jsonrpc.Conn) {
	defer close(c.ended)
	for conn != nil {
		c.serve(conn)
		c.mu.Lock()
		c.conn = nil
		c.mu.Unlock()
		conn = c.reconnect(conn.Err())
	}
	c.setState(State{Phase: Closed})
	c.notify.close()
	<-c.notify.done
}

// serve watches over one connection until it has ended.
func (c *Client) serve(conn *jsonrpc.Conn) {
	ticker := time.NewTicker(c.opts.PingEvery)
	defer ticker.Stop()
	end := func(reason string) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = conn.CloseBecause(ctx, reason) // bounded; a slow OnEvent ends on its own
	}
	for {
		select {
		case <-conn.Done():
			return
		case <-c.closing:
			end("closed by this program")
			return
		case suspect := <-c.suspect:
			if suspect != conn {
				continue
			}
		case <-ticker.C:
		}
		if err := c.pingConn(conn); err != nil {
			if conn.Err() != nil {
				return
			}
			c.setState(State{Phase: Deaf, Cause: fmt.Errorf("the server did not answer a ping within %s", c.opts.PingTimeout)})
			end("the server did not answer any more")
			return
		}
	}
}

// pingConn asks for a sign of life. A refusal is one, too.
func (c *Client) pingConn(conn *jsonrpc.Conn) error {
	ctx, cancel := context.WithTimeout(context.Background(), c.opts.PingTimeout)
	defer cancel()
	go func() { // Close need not wait for a deaf server
		select {
		case <-c.closing:
			cancel()
		case <-ctx.Done():
		}
	}()
	start := time.Now()
	_, err := conn.Call(ctx, "ping", map[string]any{"sessionId": c.Session().ID})
	var rpc *jsonrpc.RPCError
	if err != nil && !errors.As(err, &rpc) {
		select {
		case <-c.closing:
			return nil // serve sees closing next
		default:
			return err
		}
	}
	c.mu.Lock()
	c.pingTook = time.Since(start)
	c.mu.Unlock()
	return nil
}

// reconnectPatience bounds the two halves of an attempt to reconnect. It is
// short because a server that comes back answers at once, while an attempt
// begun during the silence may never be answered.
const reconnectPatience = 3 * time.Second

// reconnect tries until it succeeds; nil when the client is closing.
func (c *Client) reconnect(cause error) *jsonrpc.Conn {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-c.closing:
			cancel()
		case <-ctx.Done():
		}
	}()
	var took time.Duration
	for attempt := 1; ; attempt++ {
		wait := backoff(c.opts.BackoffMin, c.opts.BackoffMax, attempt)
		if took > time.Second {
			wait = min(wait, time.Second/2) // it has waited long enough
		}
		if c.isClosing() {
			return nil
		}
		c.setState(State{Phase: Reconnecting, Cause: cause, RetryAt: time.Now().Add(wait), Attempt: attempt})
		timer := time.NewTimer(wait)
		select {
		case <-c.closing:
			timer.Stop()
			return nil
		case <-timer.C:
		}
		began := time.Now()
		conn, session, err := c.connect(ctx, min(c.opts.HandshakeTimeout, reconnectPatience), min(c.opts.CallTimeout, reconnectPatience))
		if err == nil {
			c.adopt(conn, session)
			return conn
		}
		if c.isClosing() {
			return nil
		}
		cause, took = err, time.Since(began)
	}
}

func (c *Client) isClosing() bool {
	select {
	case <-c.closing:
		return true
	default:
		return false
	}
}

// backoff gives a random wait ("full jitter"), so that many clients of a
// server that restarted do not come back in step.
func backoff(low, high time.Duration, attempt int) time.Duration {
	ceiling := float64(low) * math.Pow(2, float64(min(attempt, 30)-1))
	ceiling = min(ceiling, float64(high))
	return time.Duration(mrand.Float64() * ceiling)
}

// connect opens a connection and its session, with a limit for each.
func (c *Client) connect(ctx context.Context, toOpen, toAnswer time.Duration) (*jsonrpc.Conn, Session, error) {
	tlsConfig, err := c.opts.Target.tlsConfig() // anew: the file may have been mended
	if err != nil {
		return nil, Session{}, err
	}
	conn, err := jsonrpc.Dial(ctx, jsonrpc.Options{
		URL: c.address, Label: c.opts.Label, TLS: tlsConfig, Tap: c.opts.Tap,
		MaxFrameBytes: c.opts.MaxFrameBytes, HandshakeTimeout: toOpen, IDs: &c.ids,
		OnEvent: c.onEvent, OnDropped: c.opts.Observer.OnDropped,
	})
	if err != nil {
		return nil, Session{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, toAnswer)
	defer cancel()
	session, err := c.openSession(ctx, conn)
	if err != nil {
		conn.Abandon("it could not be used")
		return nil, Session{}, err
	}
	return conn, session, nil
}

func (c *Client) adopt(conn *jsonrpc.Conn, session Session) {
	c.mu.Lock()
	c.conn, c.session = conn, session
	c.mu.Unlock()
	c.setState(State{Phase: Connected})
	if f := c.opts.Observer.OnSession; f != nil {
		c.notify.post(func() { f(session) })
	}
}

func (c *Client) setState(s State) {
	s.Since = time.Now()
	c.mu.Lock()
	if s.Phase == c.state.Phase {
		s.Since = c.state.Since
	}
	c.state = s
	close(c.changed)
	c.changed = make(chan struct{})
	c.mu.Unlock()
	if f := c.opts.Observer.OnState; f != nil {
		c.notify.post(func() { f(s) })
	}
}

func (c *Client) onEvent(method string, params json.RawMessage) {
	if method != "onEvent" || c.opts.Observer.OnEvent == nil {
		return
	}
	var p struct {
		Value struct {
			Type   string          `json:"type"`
			Object string          `json:"object"`
			Data   json.RawMessage `json:"data"`
		} `json:"value"`
	}
	if json.Unmarshal(params, &p) != nil {
		return // the tap has it, and the decoder of the capture will say so
	}
	c.opts.Observer.OnEvent(Event{Type: p.Value.Type, Object: p.Value.Object, Data: p.Value.Data})
}

// notifier runs functions one at a time, in order, on a goroutine of its own.
// Its queue holds changes of state only, which are rare.
type notifier struct {
	mu     sync.Mutex
	wake   *sync.Cond
	queue  []func()
	closed bool
	done   chan struct{}
}

func newNotifier() *notifier {
	n := &notifier{done: make(chan struct{})}
	n.wake = sync.NewCond(&n.mu)
	go n.run()
	return n
}

func (n *notifier) post(f func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.closed {
		n.queue = append(n.queue, f)
		n.wake.Signal()
	}
}

func (n *notifier) run() {
	defer close(n.done)
	n.mu.Lock()
	defer n.mu.Unlock()
	for {
		for len(n.queue) > 0 {
			f := n.queue[0]
			n.queue = n.queue[1:]
			n.mu.Unlock()
			f()
			n.mu.Lock()
		}
		if n.closed {
			return
		}
		n.wake.Wait()
	}
}

// close lets run end after what is queued.
func (n *notifier) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
	n.wake.Signal()
}
