package kmssim

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// App is an application that uses the server from inside the process, as a
// client session would over a socket: what it creates belongs to its session,
// which shows in getSessions and is kept alive while the App is connected. Its
// methods may be called from any goroutine. Faults do not touch it, but for a
// restart, after which Reconnect gives it a new session.
type App struct {
	s      *Server
	link   *link
	nextID int
}

// size is how many of something a scenario makes: what the options ask for,
// else its own number.
func (a *App) size(own int) int {
	if n := a.s.opt.Size; n > 0 {
		return n
	}
	return own
}

// ErrGone is what an App's calls give after the server restarted or closed.
var ErrGone = errors.New("the simulated server restarted or was closed: reconnect")

// NewApp connects an application.
func (s *Server) NewApp() *App {
	a := &App{s: s}
	s.mu.Lock()
	defer s.mu.Unlock()
	a.attachLocked()
	return a
}

func (a *App) attachLocked() {
	a.link = &link{s: a.s, gone: make(chan struct{})}
	if a.s.closed {
		a.link.closed = true
		close(a.link.gone)
		return
	}
	a.s.conns[a.link] = struct{}{}
}

// Reconnect waits until the server is up and opens a new session.
func (a *App) Reconnect(ctx context.Context) error {
	for {
		a.s.mu.Lock()
		wait := a.s.downTill.Sub(a.s.clock.Now())
		if wait <= 0 && !a.s.closed {
			a.link.dropLocked()
			a.attachLocked()
			a.s.mu.Unlock()
			return nil
		}
		closed := a.s.closed
		a.s.mu.Unlock()
		if closed {
			return ErrGone
		}
		if err := a.Wait(ctx, wait); err != nil {
			return err
		}
	}
}

// Leave drops the application's connection, as a crash would: its session and
// objects stay until the collector takes them.
func (a *App) Leave() {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	a.link.dropLocked()
}

// Call sends one request of the protocol and gives its result; a refusal is an
// error.
func (a *App) Call(method string, params map[string]any) (any, error) {
	if params == nil {
		params = map[string]any{}
	}
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	if a.link.closed {
		return nil, ErrGone
	}
	a.nextID++
	req, ok := decodeRequest(encode(map[string]any{"jsonrpc": "2.0", "id": a.nextID, "method": method, "params": params}))
	if !ok {
		return nil, fmt.Errorf("%s: the parameters cannot be written as JSON", method)
	}
	reply := a.s.processLocked(a.link, req)
	if a.link.closed {
		return nil, ErrGone
	}
	a.s.flushLocked()
	if e, ok := reply["error"].(map[string]any); ok {
		return nil, fmt.Errorf("%s: %v (%v)", method, e["message"], e["code"])
	}
	return reply["result"], nil
}

func (a *App) value(method string, params map[string]any) (any, error) {
	r, err := a.Call(method, params)
	if err != nil {
		return nil, err
	}
	m, _ := r.(map[string]any)
	return m["value"], nil
}

// Create makes an object and gives its id. args are the constructor's
// parameters.
func (a *App) Create(typ string, args map[string]any) (string, error) {
	if args == nil {
		args = map[string]any{}
	}
	v, err := a.value("create", map[string]any{"type": typ, "constructorParams": args})
	if err != nil {
		return "", fmt.Errorf("create a %s: %w", typ, err)
	}
	id, _ := v.(string)
	return id, nil
}

// Invoke runs an operation; params may be nil.
func (a *App) Invoke(object, operation string, params map[string]any) (any, error) {
	p := map[string]any{"object": object, "operation": operation}
	if params != nil {
		p["operationParams"] = params
	}
	v, err := a.value("invoke", p)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", operation, err)
	}
	return v, nil
}

// Connect connects two elements, for all media or for those named.
func (a *App) Connect(source, sink string, mediaTypes ...string) error {
	if len(mediaTypes) == 0 {
		_, err := a.Invoke(source, "connect", map[string]any{"sink": sink})
		return err
	}
	for _, m := range mediaTypes {
		if _, err := a.Invoke(source, "connect", map[string]any{"sink": sink, "mediaType": m}); err != nil {
			return err
		}
	}
	return nil
}

// Release destroys an object and what is below it.
func (a *App) Release(object string) error {
	_, err := a.Call("release", map[string]any{"object": object})
	return err
}

// Dial lets a simulated browser call a WebRtcEndpoint, or a sender use an
// RtpEndpoint. direction is the browser's: "sendrecv", "sendonly" or "recvonly".
func (a *App) Dial(endpoint, direction string, p Peer) error {
	a.SetPeer(endpoint, func(have *Peer) { *have = p })
	p = p.withDefaults()
	a.s.mu.Lock()
	offer := a.s.browserOffer(direction, p)
	o := a.s.objects[endpoint]
	plain := o != nil && o.class.Name == "RtpEndpoint"
	if plain {
		offer = plainOffer(direction, p)
	}
	port := a.s.port()
	a.s.mu.Unlock()
	if _, err := a.Invoke(endpoint, "processOffer", map[string]any{"offer": offer}); err != nil {
		return err
	}
	if plain {
		return nil
	}
	if _, err := a.Invoke(endpoint, "gatherCandidates", nil); err != nil {
		return err
	}
	_, err := a.Invoke(endpoint, "addIceCandidate", map[string]any{"candidate": map[string]any{"__module__": "kurento",
		"__type__": "IceCandidate", "sdpMid": "0", "sdpMLineIndex": 0,
		"candidate": fmt.Sprintf("candidate:2878742611 1 UDP 2130706431 %s %d typ host", p.Address, port)}})
	return err
}

// SetPeer changes the other end of an endpoint, also in the middle of a call.
func (a *App) SetPeer(endpoint string, change func(*Peer)) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	if o := a.s.objects[endpoint]; o != nil && o.rtp != nil {
		a.s.setPeerLocked(o, change)
		a.s.flushLocked()
	}
}

// HangUp lets the other end of an endpoint go: politely with a DTLS close, or
// as if it had been killed.
func (a *App) HangUp(endpoint string, polite bool) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	if o := a.s.objects[endpoint]; o != nil && o.rtp != nil {
		a.s.hangUpLocked(o, polite)
		a.s.flushLocked()
	}
}

// Fail raises an Error event of an object.
func (a *App) Fail(object, typ string, code int, description string) {
	a.Raise(object, "Error", map[string]any{"type": typ, "errorCode": code, "description": description})
}

// Raise raises any event of an object, for storms and for events that nothing
// else raises. data are the event's own fields; source, tags and the time are
// added. It changes data.
func (a *App) Raise(object, typ string, data map[string]any) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	if o := a.s.objects[object]; o != nil {
		a.s.raiseLocked(o, typ, data)
		a.s.flushLocked()
	}
}

// Server is where the application is connected.
func (a *App) Server() *Server { return a.s }

// Wait waits for d of the model's time, or for the end of ctx or of the server.
func (a *App) Wait(ctx context.Context, d time.Duration) error {
	if !a.s.sleep(d, ctx.Done()) {
		if err := ctx.Err(); err != nil {
			return err
		}
		return ErrGone
	}
	return ctx.Err()
}
