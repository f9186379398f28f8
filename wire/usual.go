package wire

import (
	"encoding/json"

	"kmscope/capture"
	"kmscope/rawjson"
)

// The answers to a sampler's transactions are most of what comes from a server at
// which nothing happens: hundreds of kilobytes a second. Those in the form in which
// servers write them are walked once, down to the value of each operation; so are
// the transactions that asked for them. Anything else, an error among it, is left to
// the general way, which walks each level by itself; a fuzz test holds that both
// give the same.

// usualReply reads a reply whose parts all stand where servers put them; false, and
// nothing done, for any other frame.
func (d *Decoder) usualReply(r *capture.Record) bool {
	w := d.conns[r.Conn]
	if w == nil {
		return false
	}
	var (
		key   string
		q     request
		m     message
		first = true
		c     = rawjson.NewCursor(r.Frame)
	)
	list := d.answered[:0]
	c.Object(func(k []byte) {
		switch {
		case string(k) == "id" && m.ID == nil:
			m.ID = c.Skip()
			key = idKey(m.ID)
			var waits bool
			if q, waits = w.pending[key]; !waits {
				c.Stop()
			}
		case string(k) == "jsonrpc":
			c.Skip()
		case string(k) == "result" && m.ID != nil && first:
			first = false
			unfold := q.fact.Method == "transaction"
			d.usualResult(&c, r.Frame, &m, func() {
				if !unfold {
					c.Skip()
				} else if !c.Array(func() { list = d.usualAnswer(&c, r.Frame, list) }) {
					c.Stop() // no list: no transaction
				}
			})
		default:
			c.Stop()
		}
	})
	if !c.Done() || first {
		d.answered = emptied(list)
		return false
	}
	d.answered = list
	d.complete(*r, key, w, q, m)
	return true
}

// usualAnswer reads the answer to one operation of a transaction.
func (d *Decoder) usualAnswer(c *rawjson.Cursor, frame []byte, list []message) []message {
	list = append(list, message{})
	m := &list[len(list)-1]
	if !c.Object(func(k []byte) {
		switch {
		case string(k) == "id" && m.ID == nil:
			m.ID = c.Skip()
		case string(k) == "jsonrpc":
			c.Skip()
		case string(k) == "result" && m.Result == nil:
			d.usualResult(c, frame, m, func() { c.Skip() })
		default:
			c.Stop()
		}
	}) || m.Result == nil {
		c.Stop()
	}
	return list
}

// usualResult reads a result, as replyResult does: inside takes its value.
func (d *Decoder) usualResult(c *rawjson.Cursor, frame []byte, m *message, inside func()) {
	from := c.Offset()
	if c.First() != '{' {
		m.Result = c.Skip()
		m.value, m.split = m.Result, true
		return
	}
	var session bool
	c.Object(func(k []byte) {
		switch {
		case string(k) == "sessionId" && !session:
			session = true
			var ok bool
			if m.session, ok = d.name(c.Skip()); !ok {
				c.Stop()
			}
		case string(k) == "value" && m.value == nil:
			at := c.Offset()
			if inside(); c.Offset() > at {
				m.value = frame[at:c.Offset()]
			}
		default:
			c.Stop()
		}
	})
	if c.Offset() < 0 {
		return
	}
	m.Result, m.split = frame[from:c.Offset()], true
	if m.value == nil {
		m.value = m.Result
	}
}

// usualOperations gives what a transaction asks for, with the target of each; false
// where anything is not as usual.
func (d *Decoder) usualOperations(list []message, params json.RawMessage) ([]message, bool) {
	list = list[:0]
	found := false
	c := rawjson.NewCursor(params)
	c.Object(func(k []byte) {
		switch {
		case string(k) != "operations":
			c.Skip()
		case found:
			c.Stop()
		default:
			if found = c.Array(func() { list = d.usualOperation(&c, params, list) }); !found {
				c.Stop()
			}
		}
	})
	return list, c.Done() && found
}

func (d *Decoder) usualOperation(c *rawjson.Cursor, params json.RawMessage, list []message) []message {
	list = append(list, message{})
	m := &list[len(list)-1]
	text := func() string {
		s, ok := d.name(c.Skip())
		if !ok {
			c.Stop()
		}
		return s
	}
	if !c.Object(func(k []byte) {
		switch {
		case string(k) == "method" && m.Method == nil:
			m.Method = &usualMethod
			if s := text(); s != methodInvoke {
				other := s
				m.Method = &other
			}
		case string(k) == "params" && m.Params == nil:
			from := c.Offset()
			if c.Object(func(k []byte) {
				switch string(k) {
				case "object":
					m.target.Object = text()
				case "operation":
					m.target.Operation = text()
				case "operationParams":
					m.target.OperationParams = c.Skip()
				default:
					c.Skip()
				}
			}) {
				m.Params, m.split = params[from:c.Offset()], true
			} else {
				c.Stop()
			}
		case string(k) == "id" || string(k) == "jsonrpc":
			c.Skip()
		default:
			c.Stop()
		}
	}) {
		c.Stop()
	}
	return list
}

const methodInvoke = "invoke"

// usualMethod is that of nearly all operations: who reads them changes nothing.
var usualMethod = methodInvoke

// name decodes a string, and keeps one copy of those that repeat: ids and types do.
func (d *Decoder) name(quoted []byte) (string, bool) {
	if len(quoted) < 2 || quoted[0] != '"' {
		return "", false
	}
	raw := quoted[1 : len(quoted)-1]
	if s, ok := d.names[string(raw)]; ok {
		return s, true
	}
	s, ok := rawjson.String(quoted)
	if ok && len(raw) <= maxNameBytes {
		d.keepName(raw, s)
	}
	return s, ok
}

func (d *Decoder) keepName(raw []byte, s string) {
	if d.names == nil || len(d.names) >= maxNames {
		d.names = make(map[string]string)
	}
	d.names[string(raw)] = s
}
