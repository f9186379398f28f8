package jsonrpc

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gorilla/websocket"
)

// Conn is one open connection: three goroutines around a WebSocket.
//
//	reader   reads frames, hands them to the tap, wakes the caller that waits
//	         for the reply, or queues the notification. It never waits for us:
//	         the server must feel no back-pressure from its monitor.
//	writer   writes requests, one at a time, so that a caller who gives up
//	         returns at once even when the socket is full.
//	deliver  hands notifications to OnEvent, in order.
//
// All changes of what is in flight go through register, retire and fail, under
// one lock. fail is the only end: it closes the socket, which stops the reader
// and the writer, and retires every pending call with the cause.
//
// All methods may be called from any goroutine.
type Conn struct {
	opts   Options
	shown  string
	ws     *websocket.Conn
	socket syscall.RawConn // beneath ws; may be nil
	out    chan *call      // to the writer; unbuffered: a caller waits in Call, not in a queue
	done   chan struct{}
	wg     sync.WaitGroup

	tapMu sync.Mutex // keeps the frames of the tap in order

	mu      sync.Mutex
	pending map[int64]*call
	err     error // why the connection ended; set once

	events *eventQueue
	// garbled counts what came and was no message.
	garbled atomic.Int64
}

// call is one request in flight.
type call struct {
	id   int64
	text []byte
	// answer has room for one: neither the reader nor fail waits for the
	// caller. Whoever removes the call from pending sends, so it is sent once.
	answer chan answer
}

type answer struct {
	result json.RawMessage
	err    error
}

// Call sends a request and waits for its reply. The result is the reply's
// "result" as it was on the wire ("null" included). An error is
//
//   - a *RPCError: the server refused; the connection is fine;
//   - the error of ctx: no reply in time. The reply, should it come, is dropped;
//   - the cause of the connection's end (*LinkError).
func (c *Conn) Call(ctx context.Context, method string, params any) (json.RawMessage, error) {
	p, err := c.Start(ctx, method, params)
	if err != nil {
		return nil, err
	}
	return p.Wait(ctx)
}

// Pending is a call that was handed to the writer; see Start.
type Pending struct {
	conn *Conn
	call *call
}

// Start hands a request to the writer and does not wait for the reply: requests
// started one after the other are written in that order, and may all be in
// flight. Its errors are those of Call. Wait must be called once.
func (c *Conn) Start(ctx context.Context, method string, params any) (*Pending, error) {
	return c.StartID(ctx, c.opts.IDs.Next(), method, params)
}

// StartID is Start with an id of the caller's choice, which must not be used
// again. See RandomID.
func (c *Conn) StartID(ctx context.Context, id int64, method string, params any) (*Pending, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	text, err := encodeRequest(id, method, params)
	if err != nil {
		return nil, err
	}
	k := &call{id: id, text: text, answer: make(chan answer, 1)}
	if err := c.register(k); err != nil {
		return nil, err
	}
	select {
	case c.out <- k:
		return &Pending{conn: c, call: k}, nil
	case <-ctx.Done():
		c.retire(id)
		return nil, ctx.Err()
	case <-c.done:
		return nil, c.Err()
	}
}

// Wait waits for the reply; its results are those of Call.
func (p *Pending) Wait(ctx context.Context) (json.RawMessage, error) {
	select {
	case a := <-p.call.answer:
		return a.result, a.err
	case <-ctx.Done():
		p.conn.retire(p.call.id)
		// The reply may have come in the same moment.
		select {
		case a := <-p.call.answer:
			return a.result, a.err
		default:
			return nil, ctx.Err()
		}
	}
}

// InFlight counts the calls that wait for a reply.
func (c *Conn) InFlight() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.pending)
}

// Done is closed when the connection has ended, for whatever reason.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Garbled counts the frames that came and were no message of JSON-RPC: a server
// that sends nothing else is another kind of server. Any goroutine.
func (c *Conn) Garbled() int { return int(c.garbled.Load()) }

// Err tells why the connection ended: a *LinkError; nil while it is open.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Close ends the connection: the socket first, then every pending call. It
// never waits for the server. It returns when the connection's goroutines have
// ended, or with the error of ctx when OnEvent does not return. Closing twice
// is harmless. It must not be called from OnEvent.
func (c *Conn) Close(ctx context.Context) error {
	return c.CloseBecause(ctx, "closed by this program")
}

// CloseBecause is Close with a reason, which pending calls and the tap get.
func (c *Conn) CloseBecause(ctx context.Context, reason string) error {
	c.fail(&LinkError{Failure: FailLocal, URL: c.shown, Sentence: "the connection was ended: " + reason, Code: websocket.CloseNormalClosure}, "client", reason)
	ended := make(chan struct{})
	go func() { c.wg.Wait(); close(ended) }()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Abandon ends the connection like CloseBecause, but waits for nothing at all.
// It may be called from OnEvent.
func (c *Conn) Abandon(reason string) {
	c.fail(&LinkError{Failure: FailLocal, URL: c.shown, Sentence: "the connection was ended: " + reason, Code: websocket.CloseNormalClosure}, "client", reason)
}

func (c *Conn) register(k *call) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return c.err
	}
	if c.pending[k.id] != nil {
		return fmt.Errorf("a call with the id %d is in flight already", k.id)
	}
	c.pending[k.id] = k
	return nil
}

// retire takes a call out of pending; nil when it is not there any more.
func (c *Conn) retire(id int64) *call {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.pending[id]
	delete(c.pending, id)
	return k
}

// fail ends the connection once. by and reason go to the tap.
func (c *Conn) fail(cause *LinkError, by, reason string) {
	c.mu.Lock()
	if c.err != nil {
		c.mu.Unlock()
		return
	}
	c.err = cause
	pending := c.pending
	c.pending = make(map[int64]*call)
	c.mu.Unlock()

	if by == "client" {
		// A farewell, if the socket takes it at once; then the socket goes,
		// whatever the server thinks of it.
		message := websocket.FormatCloseMessage(cause.Code, "")
		_ = c.ws.WriteControl(websocket.CloseMessage, message, time.Now().Add(50*time.Millisecond))
	}
	// Not tls.Conn.Close: it would wait up to five seconds to say goodbye.
	socket := c.ws.NetConn()
	if t, ok := socket.(*tls.Conn); ok {
		socket = t.NetConn()
	}
	_ = socket.Close() // the end is an end, with or without an error
	c.tap(Frame{Dir: Close, URL: c.shown, Code: cause.Code, By: by, Reason: reason})
	for _, k := range pending {
		k.answer <- answer{err: cause}
	}
	close(c.done)
	c.events.close(cause.Failure == FailLocal)
}

func (c *Conn) tap(f Frame) {
	if c.opts.Tap == nil {
		return
	}
	c.tapMu.Lock()
	defer c.tapMu.Unlock()
	f.At, f.Conn = time.Now(), c.opts.Label
	c.opts.Tap(f)
}

// received decodes a frame and hands it to the tap, with the time at which it came.
func (c *Conn) received(data []byte) message {
	if c.opts.Tap == nil {
		return decode(data)
	}
	c.tapMu.Lock()
	defer c.tapMu.Unlock()
	f := Frame{At: time.Now(), Conn: c.opts.Label, Dir: Recv, Data: data}
	m := decode(data)
	f.JSON = m.json
	c.opts.Tap(f)
	return m
}

func (c *Conn) read() {
	defer c.wg.Done()
	var scratch []byte
	for {
		var data []byte
		var err error
		data, scratch, err = readMessage(c.ws, scratch)
		if err != nil {
			cause := readError(err, c.shown, c.opts.MaxFrameBytes)
			by := "server"
			if cause.Failure == FailTooLarge {
				by = "client"
			}
			c.fail(cause, by, closeReason(err, cause))
			return
		}
		switch m := c.received(data); m.kind {
		case reply:
			if k := c.retire(m.id); k != nil {
				c.expectMore()
				a := answer{result: m.result}
				if m.err != nil {
					a = answer{err: m.err}
				}
				k.answer <- a
			}
		case notification:
			c.expectMore()
			c.events.push(event{method: m.method, params: m.params})
		case garbage, orphanReply:
			c.garbled.Add(1)
			// The tap has it. The connection stays: one bad frame is no reason
			// to lose sight of the server.
		}
	}
}

// keptScratch bounds the memory that a connection keeps for the messages to come.
const keptScratch = 512 << 10

// readMessage reads a message into scratch, which the next one may have, and gives a
// copy of its own size: a server's answers are large and come every second, and to
// grow a buffer for each makes as much garbage again.
func readMessage(ws *websocket.Conn, scratch []byte) (data, kept []byte, err error) {
	_, r, err := ws.NextReader()
	if err != nil {
		return nil, scratch, err
	}
	n := 0
	for {
		if n == len(scratch) {
			scratch = append(scratch, make([]byte, max(n, 4<<10))...)
			scratch = scratch[:cap(scratch)]
		}
		read, err := r.Read(scratch[n:])
		n += read
		if err == nil {
			continue
		}
		if errors.Is(err, io.EOF) {
			err = nil
			data = make([]byte, n)
			copy(data, scratch)
		}
		if len(scratch) > keptScratch {
			scratch = nil
		}
		return data, scratch, err
	}
}

// expectMore has the answers come that wait on the server's side until what came
// before them is acknowledged.
func (c *Conn) expectMore() {
	if c.InFlight() > 0 {
		ackNow(c.socket)
	}
}

// closeReason is the reason as the capture keeps it: the server's own words
// where it said any.
func closeReason(err error, cause *LinkError) string {
	var closed *websocket.CloseError
	if errors.As(err, &closed) && closed.Code != websocket.CloseAbnormalClosure {
		return clip(closed.Text, 200)
	}
	return cause.Sentence
}

func (c *Conn) write() {
	defer c.wg.Done()
	for {
		select {
		case <-c.done:
			return
		case k := <-c.out:
			c.mu.Lock()
			_, wanted := c.pending[k.id]
			c.mu.Unlock()
			if !wanted {
				continue // the caller gave up before it was written
			}
			// Tapped before it is written: its reply must not come first.
			c.tap(Frame{Dir: Send, Data: k.text, JSON: true})
			_ = c.ws.SetWriteDeadline(time.Now().Add(c.opts.WriteTimeout)) // an error shows in the write
			if err := c.ws.WriteMessage(websocket.TextMessage, k.text); err != nil {
				if c.Err() != nil {
					return
				}
				c.fail(&LinkError{
					Failure: FailClosed, URL: c.shown, Cause: err, Code: websocket.CloseAbnormalClosure,
					Sentence: fmt.Sprintf("the connection was lost while sending: %s", plainReason(err)),
				}, "client", "sending failed")
				return
			}
		}
	}
}

func (c *Conn) deliver() {
	defer c.wg.Done()
	for {
		e, dropped, ok := c.events.pop()
		if !ok {
			return
		}
		if dropped > 0 && c.opts.OnDropped != nil {
			c.opts.OnDropped(dropped)
		}
		if c.opts.OnEvent != nil && e.method != "" {
			c.opts.OnEvent(e.method, e.params)
		}
	}
}
