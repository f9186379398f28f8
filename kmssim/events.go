package kmssim

import (
	"strconv"
)

// outEvent is an event on its way to the connections that want it.
type outEvent struct {
	frame []byte
	links []*link
}

// raiseLocked raises an event of an object: the sessions that subscribed get it
// on the connection that they have now; a session without one loses it.
// Older servers get the event under their names, 6.18 under both.
func (s *Server) raiseLocked(o *object, typ string, data map[string]any) {
	if s.schema.gen == gen7 {
		s.emitLocked(o, typ, data)
		return
	}
	old, renamed := oldEvents[typ]
	if !renamed {
		s.emitLocked(o, typ, data)
		return
	}
	copied := make(map[string]any, len(data)+4)
	for k, v := range data {
		copied[k] = v
	}
	s.emitLocked(o, old, copied)
	if s.schema.gen == gen18 {
		s.emitLocked(o, typ, data)
	}
}

func (s *Server) emitLocked(o *object, typ string, data map[string]any) {
	want := o.listeners[typ]
	if len(want) == 0 {
		return
	}
	links := make([]*link, 0, len(want))
	for session := range want {
		if l := s.links[session]; l != nil && !l.closed {
			links = append(links, l)
		}
	}
	if len(links) == 0 {
		return
	}
	data["source"] = o.id
	data["tags"] = []any{}
	if o.sendTags {
		data["tags"] = o.tagList()
	}
	now := s.clock.Now()
	if s.schema.gen != gen7 {
		data["timestamp"] = strconv.FormatInt(now.Unix(), 10)
		ageFields(data, s.schema.gen)
	}
	if s.schema.gen != gen67 {
		data["timestampMillis"] = strconv.FormatInt(now.UnixMilli(), 10)
	}
	switch typ {
	case "ObjectCreated", "ObjectDestroyed":
	case "Error":
	default:
		data["type"] = typ
	}
	frame := encode(map[string]any{"jsonrpc": "2.0", "method": "onEvent", "params": map[string]any{
		"value": map[string]any{"data": data, "object": o.id, "type": typ}}})
	s.pending = append(s.pending, outEvent{frame, links})
}

// ageFields gives an event or struct the field names of 6.x.
func ageFields(data map[string]any, gen generation) {
	for name, old := range map[string]string{"streamId": "streamID", "componentId": "componentID"} {
		if v, ok := data[name]; ok {
			if n, isInt := v.(int); isInt && name == "streamId" {
				v = n
			}
			data[old] = v
			if gen == gen67 {
				delete(data, name)
			}
		}
	}
	if pair, ok := data["candidatePair"].(map[string]any); ok {
		if v, ok := pair["streamId"]; ok {
			pair["streamID"] = v
			pair["componentID"] = pair["componentId"]
			if gen == gen67 {
				delete(pair, "streamId")
				delete(pair, "componentId")
			}
		}
	}
}

// flushLocked hands the collected events to the connections, with the order,
// doubles and garbage that the faults ask for.
func (s *Server) flushLocked() {
	s.buryLocked()
	if len(s.pending) == 0 {
		return
	}
	events := s.pending
	s.pending = nil
	swap := s.faults.ReorderEvents
	if swap == 0 {
		swap = defaultReorder
	}
	if swap > 0 {
		for i := 1; i < len(events); i++ {
			if s.rand.Float64() < swap {
				events[i-1], events[i] = events[i], events[i-1]
			}
		}
	}
	for _, e := range events {
		s.eventCount++
		for _, l := range e.links {
			if l.closed {
				continue
			}
			s.spoilLocked(l)
			l.send(e.frame)
			if s.faults.DuplicateEvents > 0 && s.rand.Float64() < s.faults.DuplicateEvents {
				l.send(e.frame)
			}
		}
	}
}

// spoilLocked sends the broken frames that the faults ask for.
func (s *Server) spoilLocked(l *link) {
	if n := s.faults.GarbageEvery; n > 0 && s.eventCount%n == 0 {
		l.send([]byte(`{"jsonrpc":"2.0","method":"onEvent","params":{"value":{"da` + "\x01\xff"))
	}
	if n := s.faults.OversizedEvery; n > 0 && s.eventCount%n == 0 {
		size := s.faults.OversizedBytes
		if size <= 0 {
			size = 1 << 20
		}
		pad := make([]byte, size)
		for i := range pad {
			pad[i] = 'x'
		}
		l.send(encode(map[string]any{"jsonrpc": "2.0", "method": "onEvent", "params": map[string]any{
			"value": map[string]any{"data": map[string]any{"description": string(pad), "errorCode": 0, "source": managerID,
				"tags": []any{}, "timestampMillis": "0", "type": "OVERSIZED"}, "object": managerID, "type": "Error"}}}))
	}
}

// send hands a frame to a link. A socket whose reader does not keep up is cut.
func (l *link) send(frame []byte) {
	if l.closed {
		return
	}
	if l.ws != nil && !l.out.add(frame) { // an App subscribes to nothing
		l.dropLocked()
	}
}
