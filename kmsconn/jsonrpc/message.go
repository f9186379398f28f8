package jsonrpc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"kmscope/rawjson"
)

// RPCError is the error object of a reply (JSON-RPC 2.0, section 5.1): the
// server understood the request and refused it. The connection is fine.
type RPCError struct {
	Code    int             `json:"code"`
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data,omitempty"`
}

// Error gives the server's words and its code.
func (e *RPCError) Error() string {
	if e.Message == "" {
		return fmt.Sprintf("the server refused the call (code %d)", e.Code)
	}
	return fmt.Sprintf("%s (code %d)", e.Message, e.Code)
}

// encodeRequest gives the text of a request. Params that are no JSON object
// are refused: they would make a Kurento connection deaf for ever (observed:
// recording 05b-malformed, c-array-params and c-params-string).
func encodeRequest(id int64, method string, params any) ([]byte, error) {
	if method == "" {
		return nil, fmt.Errorf("a call needs a method name")
	}
	if params == nil {
		params = struct{}{}
	}
	raw, isText := params.(json.RawMessage)
	if !isText || !rawjson.Valid(raw) {
		var err error
		if raw, err = json.Marshal(params); err != nil {
			return nil, fmt.Errorf("the parameters of %s cannot be written as JSON: %w", method, err)
		}
	}
	if len(raw) == 0 || raw[0] != '{' {
		return nil, fmt.Errorf("the parameters of %s are no JSON object, and the server would stop answering on this connection", method)
	}
	// The order of the members is that of the recorded clients.
	text := make([]byte, 0, len(raw)+len(method)+64)
	text = strconv.AppendInt(append(text, `{"id":`...), id, 10)
	text = rawjson.AppendString(append(text, `,"method":`...), method)
	text = append(append(text, `,"params":`...), raw...)
	return append(text, `,"jsonrpc":"2.0"}`...), nil
}

// kind says what a received frame is.
type kind uint8

const (
	garbage      kind = iota // not JSON, not an object, or neither reply nor notification
	reply                    // result or error, with a numeric id
	orphanReply              // an error whose id is null: the server could not tell which request it was
	notification             // a method without an id
)

// message is a decoded frame.
type message struct {
	kind   kind
	json   bool // whatever it says, the frame is JSON
	id     int64
	method string
	params json.RawMessage
	result json.RawMessage
	err    *RPCError
}

// members are those of a frame that count.
type members struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *RPCError       `json:"error"`
}

// read takes a frame apart; false when it is none. What it keeps belongs to data.
func (m *members) read(data []byte) bool {
	usual := true
	ok := rawjson.Object(data, func(key, v []byte) {
		switch string(key) {
		case "id":
			m.ID = v
		case "method":
			name, ok := rawjson.String(v)
			m.Method, usual = name, usual && ok
		case "params":
			m.Params = v
		case "result":
			m.Result = v
		case "error": // few
			usual = usual && string(v) == "null"
		}
	})
	if ok && usual {
		return true
	}
	*m = members{}
	return json.Unmarshal(data, m) == nil
}

// decode understands a received frame. It never fails: what it does not
// understand is garbage, which the tap has seen and nobody else needs to.
func decode(data []byte) message {
	data = bytes.TrimLeft(data, " \t\r\n")
	if len(data) == 0 || data[0] != '{' {
		return message{}
	}
	var m members
	if !m.read(data) {
		return message{}
	}
	out := m.message()
	out.json = true
	return out
}

// message tells what the members of a frame make it.
func (m *members) message() message {
	switch {
	case m.Method != "":
		// A request of the server (with an id) is treated as a notification:
		// no Kurento server sends one, and nothing here could answer it.
		return message{kind: notification, method: m.Method, params: m.Params}
	case m.Error == nil && m.Result == nil:
		return message{}
	}
	id, ok := numericID(m.ID)
	if !ok {
		if m.Error == nil {
			return message{}
		}
		return message{kind: orphanReply, err: m.Error}
	}
	return message{kind: reply, id: id, result: m.Result, err: m.Error}
}

// numericID reads an id: a number, or a string of digits, which Kurento treats
// as equal.
func numericID(raw json.RawMessage) (int64, bool) {
	s := string(bytes.Trim(raw, `"`))
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}
