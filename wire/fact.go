// Package wire turns a stream of capture records into facts: completed calls
// (a reply means nothing without its request), events, and changes of the
// connections. Live servers and capture files go through the same decoder, so
// that a replay gives what was seen live. It is pure: no goroutine, no clock.
package wire

import (
	"encoding/json"
	"time"
)

// Kind says which fields of a Fact are filled.
type Kind uint8

// The kinds of Fact.
const (
	KindCall      Kind = iota + 1 // a completed call, or one operation of a transaction
	KindEvent                     // an onEvent notification
	KindOpen                      // a connection was opened
	KindClose                     // a connection ended
	KindError                     // a connection failed
	KindGap                       // records are missing here
	KindNote                      // a remark; nothing changed on the server
	KindRequest                   // a request was sent; its Call follows, or never does
	KindControl                   // a change of the server by this tool, or that it may make some; see package control
	KindUndecoded                 // a record that could not be understood; Raw keeps it
)

// ControlKey is the one key in the frame of a note on control; see KindControl
// and docs/capture-format.md.
const ControlKey = "kmscope_control"

// RPCError is the error object of a reply (JSON-RPC 2.0, section 5.1, with
// Kurento's data.type).
type RPCError struct {
	Code    int
	Type    string // for example MEDIA_OBJECT_NOT_FOUND; empty when data is absent
	Message string
}

// Fact is one thing that the stream says. Facts are handed over by value, in
// the order of the records, and are never changed afterwards.
type Fact struct {
	Kind Kind
	// Record is the index of the capture record that completed the fact.
	Record int64
	// At is when that record was captured (local wall clock).
	At time.Time
	// Conn is the connection's label.
	Conn string

	// Call: Method is the JSON-RPC method; Operation the operation of an
	// invoke; Object the target object's id; Params the request's params, or
	// for an invoke its operationParams; Result is the value of the reply
	// ("value" of the result where there is one, else the result). Err is set
	// instead of Result when the server refused. Took is the time from request
	// to reply (of the whole frame, for operations of a transaction).
	Method    string
	Operation string
	Object    string
	Params    json.RawMessage
	Result    json.RawMessage
	Err       *RPCError
	Took      time.Duration
	// ServerID is set on a completed connect.
	ServerID string
	// SessionID is the session of the reply, where it names one.
	SessionID string

	// Event: Type is the event's name as sent; Object the object that raised
	// it; Data its data; Stamp the server's timestamp (timestampMillis, or
	// timestamp in seconds on 6.x), zero where there is none. See also Members and
	// Event.
	Type  string
	Data  json.RawMessage
	Stamp time.Time

	// Control: Type is the word for what happened ("on", "off", or how a command
	// ended), Object what it is about, Text the sentence, Raw the whole entry.

	// Text is the reason of a close, the sentence of an error, gap or note, or
	// why a record is undecoded.
	Text string
	// Code is the WebSocket close code; Dropped the size of a gap.
	Code    int
	Dropped int
	// Bytes is the size of the message that the fact stands for: of a request as
	// it was sent, of a reply, of an event, of what was not understood. It is 0
	// for the operations that are unfolded out of a transaction, whose reply is a
	// fact of its own: so the sums of Bytes, and of Took where Bytes is not 0, count
	// every message once.
	Bytes int
	// Raw is the frame of an event, or the undecoded frame.
	Raw json.RawMessage
	// members says where the members of Data are; nil is not known.
	members []member
}
