package kmsconn

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"kmscope/kmsconn/jsonrpc"
)

// openSession resumes our session, or adopts a fresh one. A fresh id is
// adopted by a describe of the manager, before connect: a connect without id
// would make a second session, and the server would log a warning when the
// socket changes to the first ([source] WebSocketTransport::storeConnection).
func (c *Client) openSession(ctx context.Context, conn *jsonrpc.Conn) (Session, error) {
	before := c.Session()
	if before.ID != "" {
		got, err := c.connectCall(ctx, conn, map[string]any{"sessionId": before.ID})
		if err == nil {
			return Session{ServerID: got.ServerID, ID: before.ID, Resumed: true, Restarted: got.ServerID != before.ServerID}, nil
		}
		if !IsInvalidSession(err) {
			return Session{}, err
		}
	}
	id := c.newSessionID()
	_, err := c.ask(ctx, conn, "describe", map[string]any{"object": Manager, "sessionId": id})
	params := map[string]any{"sessionId": id}
	if IsUnknownMethod(err) || IsNotFound(err) {
		params, err = map[string]any{}, nil // a server without describe: take the session that it gives
	}
	if err != nil {
		return Session{}, err
	}
	got, err := c.connectCall(ctx, conn, params)
	if err != nil {
		return Session{}, err
	}
	if got.SessionID != "" && got.SessionID != id {
		id = got.SessionID
		c.mu.Lock()
		c.issued[id] = true
		c.mu.Unlock()
	}
	return Session{
		ServerID: got.ServerID, ID: id,
		First: before.ID == "", Restarted: before.ID != "" && got.ServerID != before.ServerID,
	}, nil
}

type connectReply struct {
	ServerID  string `json:"serverId"`
	SessionID string `json:"sessionId"`
}

func (c *Client) connectCall(ctx context.Context, conn *jsonrpc.Conn, params any) (connectReply, error) {
	raw, err := c.ask(ctx, conn, "connect", params)
	if err != nil {
		return connectReply{}, err
	}
	var got connectReply
	if json.Unmarshal(raw, &got) != nil || (got.ServerID == "" && got.SessionID == "") {
		return got, c.notKurento(nil)
	}
	return got, nil
}

// ask is a call of the handshake: its failures are failures to connect.
func (c *Client) ask(ctx context.Context, conn *jsonrpc.Conn, method string, params any) (json.RawMessage, error) {
	raw, err := conn.Call(ctx, method, params)
	var rpc *jsonrpc.RPCError
	switch {
	case err == nil:
		return raw, nil
	case errors.As(err, &rpc):
		kurento := newError(rpc, method, "")
		if codeIs(kurento, CodeInvalidSession, CodeMethodNotFound, CodeObjectNotFound) && method != "connect" ||
			codeIs(kurento, CodeInvalidSession) {
			return nil, kurento
		}
		return nil, c.notKurento(kurento)
	case errors.Is(err, context.DeadlineExceeded) && conn.Garbled() > 0:
		return nil, c.notKurento(err) // it answers, and nobody understands it
	case errors.Is(err, context.DeadlineExceeded):
		return nil, &jsonrpc.LinkError{Failure: FailSilent, URL: c.shown, Cause: err, Sentence: fmt.Sprintf(
			"%s accepts the connection but answers nothing; it may be overloaded, stuck, or no Kurento server", c.shown)}
	}
	return nil, err
}

func (c *Client) notKurento(cause error) error {
	return &jsonrpc.LinkError{Failure: FailNotKurento, URL: c.shown, Cause: cause, Sentence: fmt.Sprintf(
		"%s is a WebSocket server, but it does not answer as a Kurento server; check the address and the port", c.shown)}
}

func (c *Client) newSessionID() string {
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // never fails: crypto/rand
	id := SessionPrefix + c.opts.Role + "-" + hex.EncodeToString(raw[:])
	c.mu.Lock()
	c.issued[id] = true
	c.mu.Unlock()
	return id
}

// IsToolSession reports whether a session id of getSessions belongs to this
// program or another copy of it.
func IsToolSession(id string) bool { return strings.HasPrefix(id, SessionPrefix) }
