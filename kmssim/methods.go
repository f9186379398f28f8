package kmssim

import (
	"encoding/json"
	"strconv"
	"strings"
)

// The methods of the protocol. Each runs under the server's lock.

func (s *Server) rpcConnect(params map[string]any) (any, *rpcError) {
	id, given := params["sessionId"].(string)
	if given {
		if !s.keepAliveLocked(id) {
			return nil, errf(40007, "INVALID_SESSION", "Invalid session")
		}
	} else {
		id = s.uuid()
	}
	return map[string]any{"serverId": s.serverID, "sessionId": id}, nil
}

func (s *Server) rpcPing(params map[string]any) (any, *rpcError) {
	out := map[string]any{"value": "pong"}
	if id, ok := params["sessionId"].(string); ok {
		out["sessionId"] = id
	}
	return out, nil
}

func (s *Server) rpcKeepAlive(params map[string]any) (any, *rpcError) {
	id, err := need(params, "sessionId")
	if err != nil {
		return nil, err
	}
	if !s.keepAliveLocked(id) {
		return nil, errf(40007, "INVALID_SESSION", "Invalid session")
	}
	return map[string]any{"sessionId": id}, nil
}

func (s *Server) rpcCloseSession(params map[string]any) (any, *rpcError) {
	id, err := need(params, "sessionId")
	if err != nil {
		return nil, err
	}
	release, _ := params["release"].(bool)
	s.closeSessionLocked(id, release)
	return nil, nil
}

func (s *Server) rpcDescribe(params map[string]any) (any, *rpcError) {
	o, session, err := s.target(params)
	if err != nil {
		return nil, err
	}
	hierarchy := make([]any, len(o.class.hierarchy))
	for i, h := range o.class.hierarchy {
		hierarchy[i] = h
	}
	return map[string]any{"hierarchy": hierarchy, "qualifiedType": "kurento." + o.class.Name,
		"type": o.class.Name, "sessionId": session}, nil
}

// target finds the object of a call and references it.
func (s *Server) target(params map[string]any) (*object, string, *rpcError) {
	id, err := need(params, "object")
	if err != nil {
		return nil, "", err
	}
	session := s.sessionOf(params)
	o, err := s.lookupLocked(id)
	if err != nil {
		return nil, "", err
	}
	s.refLocked(session, o)
	return o, session, nil
}

func (s *Server) rpcRef(params map[string]any) (any, *rpcError) {
	id, err := need(params, "object")
	if err != nil {
		return nil, err
	}
	session, err := need(params, "sessionId")
	if err != nil {
		return nil, err
	}
	o, err := s.lookupLocked(id)
	if err != nil {
		return nil, err
	}
	s.refLocked(session, o)
	return map[string]any{"sessionId": session}, nil
}

func (s *Server) rpcUnref(params map[string]any) (any, *rpcError) {
	id, err := need(params, "object")
	if err != nil {
		return nil, err
	}
	session, err := need(params, "sessionId")
	if err != nil {
		return nil, err
	}
	if o, err := s.lookupLocked(id); err == nil {
		s.unrefLocked(session, o)
	}
	return map[string]any{"sessionId": session}, nil
}

func (s *Server) rpcRelease(params map[string]any) (any, *rpcError) {
	id, err := need(params, "object")
	if err != nil {
		return nil, err
	}
	session := s.sessionOf(params)
	if o, err := s.lookupLocked(id); err == nil {
		s.releaseLocked(o)
	}
	return map[string]any{"sessionId": session}, nil
}

func (s *Server) rpcSubscribe(params map[string]any) (any, *rpcError) {
	typ, err := need(params, "type")
	if err != nil {
		return nil, err
	}
	o, session, err := s.target(params)
	if err != nil {
		return nil, err
	}
	if !o.class.events[typ] {
		return nil, errf(40106, "MEDIA_OBJECT_EVENT_NOT_SUPPORTED", "Event '%s' not supported", typ)
	}
	id := s.uuid()
	ses := s.sessions[session]
	if ses.subs[o.id] == nil {
		ses.subs[o.id] = map[string]string{}
	}
	ses.subs[o.id][id] = typ
	if o.listeners[typ] == nil {
		o.listeners[typ] = map[string]int{}
	}
	o.listeners[typ][session]++
	return map[string]any{"sessionId": session, "value": id}, nil
}

func (s *Server) rpcUnsubscribe(params map[string]any) (any, *rpcError) {
	object, err := need(params, "object")
	if err != nil {
		return nil, err
	}
	sub, err := need(params, "subscription")
	if err != nil {
		return nil, err
	}
	session, err := need(params, "sessionId")
	if err != nil {
		return nil, err
	}
	if ses := s.sessions[session]; ses != nil {
		s.unsubscribeLocked(ses, object, sub)
	}
	return map[string]any{"sessionId": session}, nil
}

func (s *Server) unsubscribeLocked(ses *session, objectID, sub string) {
	typ, ok := ses.subs[objectID][sub]
	if !ok {
		return
	}
	delete(ses.subs[objectID], sub)
	o := s.objects[objectID]
	if o == nil {
		return
	}
	if o.listeners[typ][ses.id]--; o.listeners[typ][ses.id] <= 0 {
		delete(o.listeners[typ], ses.id)
	}
}

func (s *Server) rpcCreate(params map[string]any) (any, *rpcError) {
	typ, err := need(params, "type")
	if err != nil {
		return nil, err
	}
	session := s.sessionOf(params)
	c := s.schema.class(typ)
	if c == nil || c.Constructor == nil || c.Abstract {
		return nil, errf(40108, "MEDIA_OBJECT_NOT_AVAILABLE", "Factory '%s' not found", typ)
	}
	given, ok := params["constructorParams"].(map[string]any)
	if !ok && len(c.Constructor.Params) > 0 {
		return nil, errf(40001, "MARSHALL_ERROR", "'constructorParams' is required")
	}
	args, err := s.argumentsLocked(c.Constructor.Params, given)
	if err != nil {
		return nil, err
	}
	o, err := s.createLocked(session, c, args)
	if err != nil {
		return nil, err
	}
	return map[string]any{"sessionId": session, "value": o.id}, nil
}

func (s *Server) rpcInvoke(params map[string]any) (any, *rpcError) {
	operation, err := need(params, "operation")
	if err != nil {
		return nil, err
	}
	o, session, err := s.target(params)
	if err != nil {
		return nil, err
	}
	given, has := params["operationParams"].(map[string]any)
	value, err := s.invokeLocked(o, operation, given, has)
	if err != nil {
		return nil, err
	}
	return map[string]any{"sessionId": session, "value": value}, nil
}

// rpcTransaction runs operations under one session until one fails.
func (s *Server) rpcTransaction(params map[string]any) (any, *rpcError) {
	session := s.sessionOf(params)
	if _, given := params["operations"]; !given {
		return nil, errf(-32000, "", "'operations' parameter is required")
	}
	operations, ok := params["operations"].([]any)
	if !ok {
		return nil, errf(-32000, "", "'operations' parameter should be an array")
	}
	unique := s.uuid()
	replies := make([]any, 0, len(operations))
	for i, raw := range operations {
		op, ok := raw.(map[string]any)
		if !ok {
			return nil, errf(40008, "MALFORMED_TRANSACTION", "Id of request '%d' should be '%d'", i, i)
		}
		if !isIndex(op["id"], i) {
			return nil, errf(40008, "MALFORMED_TRANSACTION", "Id of request '%d' should be '%d'", i, i)
		}
		opParams, ok := op["params"].(map[string]any)
		if !ok {
			opParams = map[string]any{}
		}
		opParams["sessionId"] = session
		injected, err := injectRefs(opParams, replies)
		if err != nil {
			return nil, err
		}
		request := map[string]any{"id": unique + "_" + strconv.Itoa(i), "jsonrpc": op["jsonrpc"],
			"method": op["method"], "params": injected}
		done := s.handleLocked(request, false)
		reply := make(map[string]any, len(done))
		for k, v := range done {
			reply[k] = v
		}
		reply["id"] = i
		replies = append(replies, reply)
		if _, failed := reply["error"]; failed {
			break
		}
	}
	return map[string]any{"sessionId": session, "value": replies}, nil
}

func isIndex(id any, want int) bool {
	switch v := id.(type) {
	case nil:
		return want == 0
	case json.Number:
		f, err := v.Float64()
		return err == nil && f >= 0 && int(f) == want
	case int:
		return v == want
	case float64:
		return int(v) == want
	}
	return false
}

// injectRefs puts the values of earlier operations where "newref:N" stands.
func injectRefs(v any, replies []any) (any, *rpcError) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			r, err := injectRefs(e, replies)
			if err != nil {
				return nil, err
			}
			v[k] = r
		}
	case []any:
		for i, e := range v {
			r, err := injectRefs(e, replies)
			if err != nil {
				return nil, err
			}
			v[i] = r
		}
	case string:
		ref, ok := strings.CutPrefix(v, "newref:")
		if !ok || ref == "" {
			return v, nil
		}
		n, err := strconv.Atoi(ref)
		if err != nil {
			return nil, errf(40008, "MALFORMED_TRANSACTION", "Invalid index of newref '%s'", ref)
		}
		if n >= 0 && n < len(replies) {
			reply, _ := replies[n].(map[string]any)
			if result, ok := reply["result"].(map[string]any); ok {
				return result["value"], nil
			}
		}
		return nil, errf(40008, "MALFORMED_TRANSACTION", "Result not found on request %d", n)
	}
	return v, nil
}
