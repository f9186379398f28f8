// Package timeline keeps every event of a server in order, with what changed
// written out for people, and the way of every state lane.
package timeline

import "time"

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
	TypeConnection = "connection"  // opened, closed, failed; the server restarted
	TypeGap        = "gap"         // records are missing
	TypeNote       = "note"        // a remark
	TypeControl    = "control"     // this tool was allowed to change the server, or no longer
	TypeOwn        = "own command" // a call of ours that changes the server
	TypeCommand    = "command"     // a call that changes the server, by whomever
	TypeUndecoded  = "undecoded"   // a frame that could not be understood
)

// Entry is one row of the timeline: an event of the server, a change of the
// connection, a command, a gap or a note. Entries are values: the caller may
// keep and change them. The message behind one is given by Log.Raw.
type Entry struct {
	// Seq numbers the entries in order of arrival, from 1.
	Seq uint64
	// At is where the entry stands, on the local clock: the server's timestamp
	// moved there (see skew) where the event has one, else Arrived; a command
	// stands at the time when it was sent, before what it caused. Milliseconds.
	At time.Time
	// Stamp is the server's own timestamp; zero where there is none.
	Stamp   time.Time
	Arrived time.Time
	Object  string // id of the object, "" for the connection itself
	Type    string // the event's name as sent; "connection", "gap", "note", "command" and so on for the others
	// Text says what changed: "ICE stream 1 component 1: CONNECTING -> CONNECTED after 312 ms".
	Text     string
	Severity Severity
	// Late is set when an event that stands later arrived before it.
	Late bool
}
