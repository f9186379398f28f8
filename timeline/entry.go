// Package timeline keeps every event of a server in order, with what changed
// written out for people.
package timeline

import (
	"encoding/json"
	"time"
)

// Severity of an entry.
type Severity uint8

// The severities.
const (
	Info Severity = iota
	Notice
	Warning
	Error
)

// String gives the severity as a word.
func (s Severity) String() string {
	switch s {
	case Info:
		return "info"
	case Notice:
		return "notice"
	case Warning:
		return "warning"
	}
	return "error"
}

// The types of entries that are no event of the server. No event of Kurento
// has such a name: they start with a capital letter.
const (
	TypeConnection = "connection" // opened, closed, failed; the server restarted
	TypeGap        = "gap"        // records are missing
	TypeNote       = "note"       // a remark
	TypeCommand    = "command"    // a call that changes the server, by whomever
	TypeUndecoded  = "undecoded"  // a frame that could not be understood
)

// Entry is one row of the timeline: an event of the server, a change of the
// connection, a command of our own, a gap or a note. Entries are values: the
// caller may keep and change them, but must not change what Raw points to.
type Entry struct {
	// Seq numbers the entries in order of arrival.
	Seq uint64
	// At is the server's timestamp where the event has one (put on the local
	// clock only by the caller's choice), else Arrived; a command stands at the
	// time when it was sent, before what it caused. Milliseconds.
	At      time.Time
	Arrived time.Time
	Object  string // id of the object, "" for the connection itself
	Type    string // the event's name as sent; "connection", "gap", "note", "command" for the tool's own
	// Text says what changed: "ICE stream 1 component 1: CONNECTING -> CONNECTED after 312 ms".
	Text     string
	Severity Severity
	// Late is set when an event with a later At arrived before it.
	Late bool
	// Raw is the event's frame or the command's parameters; nil for commands
	// that carry secrets, and for old entries once all frames together exceed
	// the log's bound.
	Raw json.RawMessage
}
