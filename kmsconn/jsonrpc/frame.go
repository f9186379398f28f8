// Package jsonrpc speaks JSON-RPC 2.0 over one WebSocket: it numbers calls,
// matches replies, delivers events and hands every frame, both ways, to a tap.
// It knows nothing of Kurento.
package jsonrpc

import "time"

// Dir says what a Frame is: a message sent or received, or a change of the
// connection itself. The values are those of the capture format.
type Dir string

// The directions of a Frame.
const (
	Send  Dir = "send"  // client to server
	Recv  Dir = "recv"  // server to client
	Open  Dir = "open"  // the WebSocket is open
	Close Dir = "close" // the WebSocket ended
	Error Dir = "error" // the WebSocket could not be opened, or failed
)

// Frame is one thing that happened on one connection. Every Frame goes to the
// Tap in the order in which it happened on that connection.
type Frame struct {
	// At is the local wall clock; it carries Go's monotonic reading.
	At  time.Time
	Dir Dir
	// Conn labels the connection; a reconnected connection keeps its label.
	Conn string
	// URL is the server's address without userinfo; set on Open and Error.
	URL string
	// Data is the text of the message as it was on the wire, for Send and
	// Recv. It need not be JSON. The tap may keep it; nobody changes it.
	Data []byte
	// JSON: Data is known to be one JSON text, perhaps with blanks around it, so
	// that nobody else need look. What does not say so may be one.
	JSON bool
	// Code, By ("client" or "server") and Reason describe a Close.
	Code   int
	By     string
	Reason string
	// Err is one sentence, for Error.
	Err string
}

// Tap receives every Frame of a connection. It is called from the connection's
// reader and from callers of Call; it must not block and must not call back
// into the connection.
type Tap func(Frame)
