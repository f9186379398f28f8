package kmssim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// The JSON-RPC layer: what is a request, which session it belongs to, the
// request cache, the shapes of replies and errors.

// rpcError is the error object of a reply.
type rpcError struct {
	code int
	typ  string // data.type; "" leaves data out
	msg  string
	data any // instead of {type}
}

func errf(code int, typ, format string, args ...any) *rpcError {
	return &rpcError{code: code, typ: typ, msg: fmt.Sprintf(format, args...)}
}

func (e *rpcError) Error() string { return fmt.Sprintf("%s (%d): %s", e.typ, e.code, e.msg) }

func (e *rpcError) reply(id any) map[string]any {
	body := map[string]any{"code": e.code, "message": e.msg}
	switch {
	case e.data != nil:
		body["data"] = e.data
	case e.typ != "":
		body["data"] = map[string]any{"type": e.typ}
	}
	return map[string]any{"error": body, "id": id, "jsonrpc": "2.0"}
}

func resultReply(id, result any) map[string]any {
	return map[string]any{"id": id, "jsonrpc": "2.0", "result": result}
}

var errInvalidRequest = errf(-32600, "", "Invalid JSON-RPC request.")

// decodeRequest gives the request of a frame; false is a frame that the real
// server dies of (one connection's worth): no JSON, no object, params no object.
// What follows the request in its frame is ignored (observed on 7.3.1-dev).
func decodeRequest(frame []byte) (map[string]any, bool) {
	dec := json.NewDecoder(bytes.NewReader(frame))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, false
	}
	req, ok := v.(map[string]any)
	if !ok {
		return nil, false
	}
	switch req["params"].(type) {
	case nil, map[string]any:
		return req, true
	}
	return nil, false
}

// idKey is an id as the request cache sees it: 7 and "7" are the same.
func idKey(id any) (string, bool) {
	switch v := id.(type) {
	case json.Number:
		return v.String(), true
	case string:
		return v, true
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64), true
	case int:
		return strconv.Itoa(v), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

type cacheKey struct{ session, id string }

type cacheEntry struct {
	reply map[string]any
	until time.Time
}

// cached gives the reply that was given to this id in this session less than
// 20 s ago, to whatever method.
func (s *Server) cachedLocked(sessionID string, id any) map[string]any {
	key, ok := idKey(id)
	if !ok {
		return nil
	}
	e, ok := s.cache[cacheKey{sessionID, key}]
	if !ok || !s.clock.Now().Before(e.until) {
		return nil
	}
	return e.reply
}

func (s *Server) storeReplyLocked(sessionID string, id any, reply map[string]any) {
	key, ok := idKey(id)
	if !ok {
		return
	}
	now := s.clock.Now()
	s.cache[cacheKey{sessionID, key}] = cacheEntry{reply, now.Add(requestCacheTTL)}
	if now.Sub(s.cacheSwept) > requestCacheTTL {
		s.cacheSwept = now
		for k, e := range s.cache {
			if !now.Before(e.until) {
				delete(s.cache, k)
			}
		}
	}
}

// processLocked answers one request of a connection. The second result is
// false for frames that end the connection's life.
func (s *Server) processLocked(l *link, req map[string]any) map[string]any {
	params, _ := req["params"].(map[string]any)
	if l.session != "" {
		if params == nil {
			params = map[string]any{}
		}
		if _, has := params["sessionId"]; !has {
			params["sessionId"] = l.session
		}
		req["params"] = params
	}
	reply := s.handleLocked(req, true)
	if result, ok := reply["result"].(map[string]any); ok {
		if id, ok := result["sessionId"].(string); ok && id != "" {
			s.bindLocked(l, id)
		}
	}
	return reply
}

// bindLocked makes a connection the one of a session. A session has one
// connection and a connection one session: the last one wins, on both sides.
func (s *Server) bindLocked(l *link, sessionID string) {
	if l.closed || s.links[sessionID] == l && l.session == sessionID {
		return
	}
	if old := s.links[sessionID]; old != nil && old != l {
		old.session = ""
	}
	if l.session != "" && l.session != sessionID {
		delete(s.links, l.session)
	}
	s.links[sessionID] = l
	l.session = sessionID
	s.keepAliveLocked(sessionID)
}

// handleLocked answers a request or one operation of a transaction; the latter
// have ids that nobody can repeat, so that keeping their replies is no use.
func (s *Server) handleLocked(req map[string]any, keep bool) map[string]any {
	method, isString := req["method"].(string)
	id, hasID := req["id"]
	switch id.(type) {
	case map[string]any, []any:
		return errInvalidRequest.reply(nil)
	}
	if req["jsonrpc"] != "2.0" || !isString {
		return errInvalidRequest.reply(nil)
	}
	params, _ := req["params"].(map[string]any)
	sessionID, hasSession := params["sessionId"].(string)
	// What is no method is refused before the memory of replies is asked.
	if hasSession && hasID && id != nil && keep && s.methods[method] != nil {
		if reply := s.cachedLocked(sessionID, id); reply != nil {
			return reply
		}
	}
	result, err := s.callLocked(method, params)
	if !hasID || id == nil {
		if err != nil {
			return err.reply(nil)
		}
		return (&rpcError{code: -32000, msg: "Ignoring response because of a notification request", data: result}).reply(nil)
	}
	var reply map[string]any
	if err != nil {
		reply = err.reply(id)
	} else {
		reply = resultReply(id, result)
	}
	if m, ok := result.(map[string]any); ok && err == nil {
		if own, ok := m["sessionId"].(string); ok {
			sessionID, hasSession = own, true
		}
	}
	if hasSession && keep {
		s.storeReplyLocked(sessionID, id, reply)
	}
	return reply
}

// need gives a string parameter of a request.
func need(params map[string]any, name string) (string, *rpcError) {
	switch v := params[name].(type) {
	case string:
		return v, nil
	case json.Number:
		return v.String(), nil
	case nil:
		if _, given := params[name]; given { // null is the empty string
			return "", nil
		}
		return "", errf(-32000, "", "'%s' parameter is required", name)
	}
	return "", errf(-32000, "", "'%s' parameter should be a string", name)
}

// callLocked runs a method of the protocol.
func (s *Server) callLocked(method string, params map[string]any) (any, *rpcError) {
	if method != "connect" && method != "ping" && params == nil && s.methods[method] != nil {
		return nil, errf(-32602, "INVALID_PARAMS", "'params' is required")
	}
	f := s.methods[method]
	if f == nil {
		return nil, errf(-32601, "", "Method not found.")
	}
	return f(params)
}

func (s *Server) sessionOf(params map[string]any) string {
	if id, ok := params["sessionId"].(string); ok {
		return id
	}
	return s.uuid()
}

func (s *Server) methodTable() map[string]func(map[string]any) (any, *rpcError) {
	return map[string]func(map[string]any) (any, *rpcError){
		"connect":      s.rpcConnect,
		"create":       s.rpcCreate,
		"invoke":       s.rpcInvoke,
		"describe":     s.rpcDescribe,
		"subscribe":    s.rpcSubscribe,
		"unsubscribe":  s.rpcUnsubscribe,
		"release":      s.rpcRelease,
		"ref":          s.rpcRef,
		"unref":        s.rpcUnref,
		"keepAlive":    s.rpcKeepAlive,
		"ping":         s.rpcPing,
		"closeSession": s.rpcCloseSession,
		"transaction":  s.rpcTransaction,
	}
}
