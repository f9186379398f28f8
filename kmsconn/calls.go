package kmsconn

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"kmscope/kmsconn/jsonrpc"
)

// Abilities is what connections to one server learned of it. The zero value
// assumes a current server. Any goroutine may use it.
type Abilities struct {
	noTransactions atomic.Bool
	oldChildren    atomic.Bool // getChilds instead of getChildren (6.x)
}

// SetCapabilities takes kurento.ServerInfo.capabilities: without "transactions"
// calls are pipelined one by one.
func (a *Abilities) SetCapabilities(capabilities []string) {
	found := false
	for _, c := range capabilities {
		found = found || c == "transactions"
	}
	a.noTransactions.Store(!found)
}

// Transactions reports whether the server runs transactions.
func (a *Abilities) Transactions() bool { return !a.noTransactions.Load() }

// call sends one request with the call timeout and waits for the reply.
func (c *Client) call(ctx context.Context, method string, params any, op, object string) (json.RawMessage, error) {
	return c.start(ctx, c.opts.CallTimeout, method, params, op, object)()
}

// start sends one request and gives what waits for its reply, which must be
// called once. Requests started one after the other are sent in that order.
func (c *Client) start(ctx context.Context, timeout time.Duration, method string, params any, op, object string) func() (json.RawMessage, error) {
	return c.startID(ctx, c.ids.Next(), timeout, method, params, op, object)
}

func (c *Client) startID(ctx context.Context, id int64, timeout time.Duration, method string, params any, op, object string) func() (json.RawMessage, error) {
	c.mu.Lock()
	conn, cause := c.conn, c.state.Cause
	c.mu.Unlock()
	if conn == nil {
		return func() (json.RawMessage, error) { return nil, &DownError{Cause: cause} }
	}
	bounded, cancel := context.WithTimeout(ctx, timeout)
	began := time.Now()
	pending, err := conn.StartID(bounded, id, method, params)
	return func() (json.RawMessage, error) {
		defer cancel()
		var raw json.RawMessage
		if err == nil {
			raw, err = pending.Wait(bounded)
		}
		var (
			rpc  *jsonrpc.RPCError
			link *jsonrpc.LinkError
		)
		switch {
		case err == nil:
			return raw, nil
		case errors.As(err, &rpc):
			return nil, newError(rpc, op, object)
		case errors.As(err, &link):
			return nil, &DownError{Cause: err}
		case ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded):
			// The server may be slow, or the connection deaf: run finds out.
			select {
			case c.suspect <- conn:
			default:
			}
			return nil, &TimeoutError{Op: op, Object: object, After: time.Since(began)}
		}
		return nil, err
	}
}

// Do makes one call under the client's session.
func (c *Client) Do(ctx context.Context, op Op) Result { return c.begin(ctx, op)() }

// begin is Do without waiting; see start.
func (c *Client) begin(ctx context.Context, op Op) func() Result {
	if err := c.guard(ctx, op); err != nil {
		return func() Result { return Result{Err: err} }
	}
	params, err := op.params(c.Session().ID)
	if err != nil {
		return func() Result { return Result{Err: err} }
	}
	began := time.Now()
	wait := c.start(ctx, c.opts.CallTimeout, op.Method, params, op.name(), op.Object)
	return func() Result {
		raw, err := wait()
		if err != nil {
			return Result{Err: err, Took: time.Since(began)}
		}
		return Result{Value: valueOf(raw), Took: time.Since(began)}
	}
}

// Connect asks for the server's id, resuming the client's own session.
func (c *Client) Connect(ctx context.Context) (serverID string, err error) {
	raw, err := c.call(ctx, "connect", c.own(), "connect", "")
	if err != nil {
		return "", err
	}
	var got connectReply
	if err := json.Unmarshal(raw, &got); err != nil {
		return "", fmt.Errorf("connect: the reply cannot be understood: %w", err)
	}
	return got.ServerID, nil
}

// Ping gives the time of a round trip.
func (c *Client) Ping(ctx context.Context) (time.Duration, error) {
	start := time.Now()
	_, err := c.call(ctx, "ping", c.own(), "ping", "")
	return time.Since(start), err
}

// Description is what describe tells of an object.
type Description struct {
	Type          string   `json:"type"`
	QualifiedType string   `json:"qualifiedType"`
	Hierarchy     []string `json:"hierarchy"` // qualified, nearest first, without itself
}

// Describe asks an object's class. It references the object and its ancestors
// into the client's session.
func (c *Client) Describe(ctx context.Context, object string) (Description, error) {
	var d Description
	err := c.Do(ctx, Describe(object)).Decode(&d)
	return d, err
}

// Create makes an object and gives its id: a control action.
func (c *Client) Create(ctx context.Context, class string, constructorParams, properties any) (string, error) {
	var id string
	err := c.Do(ctx, Create(class, constructorParams, properties)).Decode(&id)
	return id, err
}

// Invoke calls an operation; params may be nil. It references the object and
// its ancestors into the client's session.
func (c *Client) Invoke(ctx context.Context, object, operation string, params any) (json.RawMessage, error) {
	r := c.Do(ctx, Invoke(object, operation, params))
	return r.Value, r.Err
}

// Subscribe asks for events and gives the subscription's id. It references the
// object and its ancestors into the client's session.
func (c *Client) Subscribe(ctx context.Context, object, event string) (string, error) {
	var id string
	err := c.Do(ctx, Subscribe(object, event)).Decode(&id)
	return id, err
}

// Unsubscribe ends a subscription; one that does not exist is no error. The
// reference to the object stays.
func (c *Client) Unsubscribe(ctx context.Context, object, subscription string) error {
	return c.Do(ctx, Unsubscribe(object, subscription)).Err
}

// Release removes an object and its descendants for everybody: a control
// action, to be confirmed by a person. One that does not exist is no error.
func (c *Client) Release(ctx context.Context, object string) error {
	return c.Do(ctx, Release(object)).Err
}

// Ref references an object and its ancestors into the client's session.
func (c *Client) Ref(ctx context.Context, object string) error {
	return c.Do(ctx, Ref(object)).Err
}

// Unref drops the references to an object and its descendants, and their
// subscriptions. What nobody else references is destroyed at once.
func (c *Client) Unref(ctx context.Context, object string) error {
	return c.Do(ctx, Unref(object)).Err
}

// KeepAlive marks the client's session as used. A server does so by itself
// while the session's socket is open.
func (c *Client) KeepAlive(ctx context.Context) error {
	_, err := c.call(ctx, "keepAlive", c.own(), "keepAlive", "")
	return err
}

// CloseSession drops every reference and subscription of the client's session.
// What nobody else references is destroyed at once, as it would have been
// without us. The next call uses the session anew.
func (c *Client) CloseSession(ctx context.Context) error {
	return c.closeSession(ctx, c.Session().ID)
}

// closeSession closes a session of ours, or "", into which getPipelines
// references every object of the server.
func (c *Client) closeSession(ctx context.Context, id string) error {
	return c.startCloseSession(ctx, id)()
}

func (c *Client) startCloseSession(ctx context.Context, id string) func() error {
	if id != "" && !c.Owns(id) {
		return func() error { return fmt.Errorf("closeSession: the session is not ours") }
	}
	// The server keeps its replies by (session, id) for 20 s and gives the old
	// one instead of doing anything. The session "" is everybody's: with ids that
	// count from 1, the second program to close it within 20 s got the reply
	// of the first, and its references stayed (observed on 7.3.1-dev: the
	// pipeline then went with the collector, after 7 to 12 s instead of 0.04 s).
	requestID := c.ids.Next()
	if id == "" {
		requestID = jsonrpc.RandomID()
	}
	wait := c.startID(ctx, requestID, c.opts.CallTimeout, "closeSession", map[string]any{"sessionId": id}, "closeSession", "")
	return func() error {
		_, err := wait()
		return err
	}
}

func (c *Client) own() map[string]any { return map[string]any{"sessionId": c.Session().ID} }
