package wire

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"kmscope/capture"
	"kmscope/rawjson"
)

// The decoder holds one small table per connection: the requests that wait for
// their reply, by id. Its cost is one map operation a call. What was rejected:
// keying replies by the whole stream (two connections may use one id at the
// same moment), and decoding results into Go types here (a field of a type
// that we do not expect would then drop a message; every room decodes what it
// needs, leniently, from the raw JSON).

// maxPending bounds the requests that wait for a reply on one connection; the
// oldest is forgotten beyond it. A server that answers nothing must not make
// the table grow for ever.
const maxPending = 4096

// Decoder turns the records of one stream into facts. The zero value is ready.
// It is not safe for concurrent use: one goroutine feeds it.
type Decoder struct {
	conns   map[string]*conn
	out     []Fact
	members []member          // of the events, a block at a time
	names   map[string]string // ids and types
	// asked and answered are the operations of a transaction, empty between two.
	asked, answered []message
}

// keptMessages bounds the lists that are used anew; our own transactions are shorter.
const keptMessages = 1024

type conn struct {
	pending map[string]request
	order   []string
}

type request struct {
	fact Fact // Method, Object, Operation and Params
	at   time.Time
}

type message struct {
	ID     json.RawMessage `json:"id"`
	Method *string         `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  json.RawMessage `json:"error"`

	// split: what is said by the result, or asked for by the params, is known. A
	// result is of a session and has a value; params have a target.
	split   bool
	session string
	value   json.RawMessage
	target  requestParams
}

// read takes a message apart; false when it is none. What it keeps belongs to b.
func (m *message) read(b []byte) bool {
	usual := true
	ok := rawjson.Object(b, func(key, v []byte) {
		switch string(key) {
		case "id":
			m.ID = v
		case "method":
			s, ok := rawjson.String(v)
			m.Method, usual = &s, usual && ok
		case "params":
			m.Params = v
		case "result":
			m.Result = v
		case "error":
			m.Error = v
		}
	})
	if ok && usual {
		return true
	}
	*m = message{}
	return json.Unmarshal(b, m) == nil
}

// Feed decodes one record. The slice is valid until the next call; the facts
// in it may be kept. A record that says nothing gives no fact; one that cannot
// be understood gives KindUndecoded.
func (d *Decoder) Feed(r capture.Record) []Fact {
	d.out = d.out[:0]
	switch r.Dir {
	case capture.DirSend, capture.DirRecv:
		d.frame(r)
		if len(d.out) > 0 {
			d.out[0].Bytes = len(r.Frame)
		}
	case capture.DirOpen:
		delete(d.conns, r.Conn) // a new socket: no reply of the old one can come
		d.emit(r, Fact{Kind: KindOpen, Text: r.Server})
	case capture.DirClose:
		delete(d.conns, r.Conn)
		d.emit(r, Fact{Kind: KindClose, Code: r.Code, Text: r.Reason, Type: r.By})
	case capture.DirError:
		d.emit(r, Fact{Kind: KindError, Text: r.Error})
	case capture.DirGap:
		d.emit(r, Fact{Kind: KindGap, Dropped: r.Dropped, Text: r.Note})
	case capture.DirNote, capture.DirCtl:
		if f, ok := control(r); ok {
			d.emit(r, f)
			break
		}
		d.emit(r, Fact{Kind: KindNote, Text: r.Note, Raw: r.Frame})
	case capture.DirUndecoded:
		d.undecoded(r, r.Note)
	default:
		d.emit(r, Fact{Kind: KindUndecoded, Text: "a record of the unknown kind " + strconv.Quote(r.Dir), Raw: r.Frame})
	}
	return d.out
}

func (d *Decoder) emit(r capture.Record, f Fact) {
	f.Record, f.At, f.Conn = r.Index, r.At, r.Conn
	d.out = append(d.out, f)
}

// control reads the note on a change by this tool.
func control(r capture.Record) (Fact, bool) {
	f := Fact{Kind: KindControl, Text: r.Note}
	if len(r.Frame) == 0 || r.Dir != capture.DirNote {
		return f, false
	}
	rawjson.Object(r.Frame, func(key, v []byte) {
		if string(key) == ControlKey {
			f.Raw = v
		}
	})
	rawjson.Object(f.Raw, func(key, v []byte) {
		switch string(key) {
		case "what":
			f.Type, _ = rawjson.String(v)
		case "object":
			f.Object, _ = rawjson.String(v)
		}
	})
	return f, f.Type != ""
}

func (d *Decoder) conn(label string) *conn {
	c := d.conns[label]
	if c == nil {
		if d.conns == nil {
			d.conns = make(map[string]*conn)
		}
		c = &conn{pending: make(map[string]request)}
		d.conns[label] = c
	}
	return c
}

func (d *Decoder) undecoded(r capture.Record, why string) {
	d.emit(r, Fact{Kind: KindUndecoded, Text: why, Raw: r.Frame})
}

func (d *Decoder) frame(r capture.Record) {
	if r.Dir == capture.DirRecv && (d.usualEvent(&r) || d.usualReply(&r)) {
		return
	}
	f := bytes.TrimLeft(r.Frame, " \t\r\n")
	if len(f) == 0 || f[0] != '{' {
		d.undecoded(r, "a frame that is no JSON object")
		return
	}
	var m message
	if !m.read(f) {
		d.undecoded(r, "a frame that is no JSON-RPC message")
		return
	}
	switch {
	case r.Dir == capture.DirSend && isRaw(f):
		d.undecoded(r, "a frame that is not JSON")
	case r.Dir == capture.DirSend:
		d.request(r, m)
	case m.Method != nil && *m.Method == "onEvent":
		d.event(r, m.Params)
	case m.Method != nil:
		// The server sends no other notification today. Kept and shown raw.
		d.undecoded(r, "a message of the server with the unknown method "+strconv.Quote(*m.Method))
	case r.Dir == capture.DirRecv && (m.Result != nil || m.Error != nil):
		d.reply(r, m)
	default:
		d.undecoded(r, "a frame that is neither a request, a reply nor an event")
	}
}

// isRaw reports whether a frame is the text of one that was not JSON.
func isRaw(f []byte) bool {
	if len(f) > 0 && !bytes.Contains(f[:min(len(f), 16)], []byte(`"_raw"`)) {
		return false
	}
	var raw struct {
		Raw *string `json:"_raw"`
	}
	return json.Unmarshal(f, &raw) == nil && raw.Raw != nil
}

// idKey makes 7 and "7" one key, as the server does.
func idKey(id json.RawMessage) string {
	return strings.Trim(string(id), `" `)
}

func (d *Decoder) request(r capture.Record, m message) {
	key := idKey(m.ID)
	method := ""
	if m.Method != nil { // without one the server refuses it: still a request
		method = *m.Method
	}
	c := d.conn(r.Conn)
	if _, again := c.pending[key]; !again {
		c.order = append(c.order, key)
	}
	f := Fact{Kind: KindRequest}
	fillRequest(&f, method, m.Params, nil)
	c.pending[key] = request{fact: f, at: r.At}
	if len(c.order) > maxPending {
		// Most of order is usually answered already: compact before forgetting.
		kept := c.order[:0]
		for _, k := range c.order {
			if _, waits := c.pending[k]; waits {
				kept = append(kept, k)
			}
		}
		for len(kept) > maxPending/2 {
			delete(c.pending, kept[0])
			kept = kept[1:]
		}
		c.order = append([]string(nil), kept...)
	}
	d.emit(r, f)
}

type requestParams struct {
	Object          string          `json:"object"`
	Operation       string          `json:"operation"`
	OperationParams json.RawMessage `json:"operationParams"`
}

func (p *requestParams) read(b []byte) {
	usual := true
	ok := rawjson.Object(b, func(key, v []byte) {
		var ok bool
		switch string(key) {
		case "object":
			p.Object, ok = rawjson.String(v)
			usual = usual && ok
		case "operation":
			p.Operation, ok = rawjson.String(v)
			usual = usual && ok
		case "operationParams":
			p.OperationParams = v
		}
	})
	if !ok || !usual {
		// A field of an unexpected type leaves the others as they are: Unmarshal
		// goes on after a type mismatch.
		*p = requestParams{}
		_ = json.Unmarshal(b, p)
	}
}

// operations gives what a transaction asks for, in a list that may be used anew.
func operations(list []message, params json.RawMessage) []message {
	list = list[:0]
	rawjson.Object(params, func(key, v []byte) {
		if string(key) == "operations" {
			list = messages(list, v)
		}
	})
	return list
}

// fillRequest sets what the request says; p is what its params say, nil where
// they were not read.
func fillRequest(f *Fact, method string, params json.RawMessage, p *requestParams) {
	f.Method, f.Params = method, params
	if method == "transaction" {
		return // it has no object, and its operations are many
	}
	if p == nil {
		p = new(requestParams)
		p.read(params)
	}
	f.Object = p.Object
	if method == methodInvoke {
		f.Operation = p.Operation
		f.Params = p.OperationParams
	}
}

// messages reads a list of messages, into one that may be used anew. What is none of
// them is an empty one, so that the others keep their places.
func messages(out []message, list json.RawMessage) []message {
	out = out[:0]
	if !rawjson.Array(list, func(v []byte) {
		out = append(out, message{})
		out[len(out)-1].read(v)
	}) {
		clear(out)
		return out[:0]
	}
	return out
}

// emptied lets go of what a list holds, and of a list that is huge.
func emptied(list []message) []message {
	if cap(list) > keptMessages {
		return nil
	}
	clear(list)
	return list[:0]
}

type replyError struct {
	Code    int             `json:"code"`
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data"`
}

func rpcError(raw json.RawMessage) *RPCError {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	var e replyError
	_ = json.Unmarshal(raw, &e)
	out := &RPCError{Code: e.Code, Message: e.Message}
	var data struct {
		Type string `json:"type"`
	}
	if json.Unmarshal(e.Data, &data) == nil {
		out.Type = data.Type
	}
	return out
}

type replyResult struct {
	Value     json.RawMessage `json:"value"`
	SessionID string          `json:"sessionId"`
	ServerID  string          `json:"serverId"`
}

func (r *replyResult) read(b []byte) bool {
	usual := true
	ok := rawjson.Object(b, func(key, v []byte) {
		var ok bool
		switch string(key) {
		case "value":
			r.Value = v
		case "sessionId":
			r.SessionID, ok = rawjson.String(v)
			usual = usual && ok
		case "serverId":
			r.ServerID, ok = rawjson.String(v)
			usual = usual && ok
		}
	})
	if ok && usual {
		return true
	}
	*r = replyResult{}
	return json.Unmarshal(b, r) == nil
}

func fillReply(f *Fact, m *message) {
	if m.split {
		f.SessionID, f.Result = m.session, m.value
		return
	}
	if f.Err = rpcError(m.Error); f.Err != nil {
		return
	}
	var r replyResult
	if b := bytes.TrimLeft(m.Result, " "); len(b) > 0 && b[0] == '{' && r.read(b) {
		f.SessionID, f.ServerID = r.SessionID, r.ServerID
		if r.Value != nil {
			f.Result = r.Value
			return
		}
	}
	f.Result = m.Result
}

func (d *Decoder) reply(r capture.Record, m message) {
	key := idKey(m.ID)
	c := d.conn(r.Conn)
	q, ok := c.pending[key]
	if !ok {
		// A reply whose request came before the capture began, or a protocol
		// error with id null: it still says something (an error, a session).
		f := Fact{Kind: KindCall, Raw: r.Frame}
		fillReply(&f, &m)
		d.emit(r, f)
		return
	}
	d.complete(r, key, c, q, m)
}

// complete makes the fact of a reply to the request q, which waits as key. Where the
// reply was split, d.answered has what it says of each operation.
func (d *Decoder) complete(r capture.Record, key string, c *conn, q request, m message) {
	delete(c.pending, key)
	f := q.fact
	f.Kind, f.Took = KindCall, r.At.Sub(q.at)
	fillReply(&f, &m)
	if f.Method != "transaction" || f.Err != nil {
		d.emit(r, f)
		return
	}
	var usual bool
	if d.asked, usual = d.usualOperations(d.asked, f.Params); !usual {
		d.asked = operations(emptied(d.asked), f.Params)
	}
	if !m.split {
		d.answered = messages(d.answered, f.Result)
	}
	d.transaction(r, f, d.asked, d.answered)
	d.asked, d.answered = emptied(d.asked), emptied(d.answered) // they hold the frames
}

// transaction unfolds the operations that were answered. The server numbers
// them 0..n-1 and stops after the first error: what follows was never run.
func (d *Decoder) transaction(r capture.Record, whole Fact, ops, replies []message) {
	d.emit(r, whole)
	newrefs := make(map[string]string)
	for i := range replies {
		reply, n := &replies[i], i
		if v, err := strconv.Atoi(idKey(reply.ID)); err == nil {
			n = v
		}
		if n < 0 || n >= len(ops) || ops[n].Method == nil || reply.Result == nil && reply.Error == nil {
			continue
		}
		params := ops[n].Params
		var target *requestParams
		if ops[n].split && len(newrefs) == 0 {
			target = &ops[n].target
		}
		for ref, id := range newrefs {
			params = bytes.ReplaceAll(params, []byte(`"newref:`+ref+`"`), []byte(id))
		}
		f := Fact{Kind: KindCall, Took: whole.Took}
		fillRequest(&f, *ops[n].Method, params, target)
		fillReply(&f, reply)
		if f.Method == "create" && f.Err == nil {
			newrefs[strconv.Itoa(n)] = string(f.Result)
		}
		d.emit(r, f)
	}
}
