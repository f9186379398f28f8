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

// Entry is one row of the timeline: an event of the server, a change of the
// connection, a command of our own, a gap or a note.
type Entry struct {
	// Seq numbers the entries in order of arrival.
	Seq uint64
	// At is the server's timestamp where the event has one (put on the local
	// clock only by the caller's choice), else Arrived.
	At      time.Time
	Arrived time.Time
	Object  string // id of the object, "" for the connection itself
	Type    string // the event's name as sent; "connection", "gap", "note", "command" for the tool's own
	// Text says what changed: "ICE stream 1 component 1: CONNECTING -> CONNECTED after 312 ms".
	Text     string
	Severity Severity
	// Late is set when an entry with a later At arrived before it.
	Late bool
	Raw  json.RawMessage
}

// Contract for the other rooms; implemented in this package:
//
//	func NewLog(limit int) *Log                        // keeps the newest limit entries (0: 1,000,000)
//	func (l *Log) Feed(f wire.Fact)                    // session loop only
//	func (l *Log) Len() int                            // any goroutine, like all below
//	func (l *Log) Total() uint64                       // entries ever, dropped ones included
//	func (l *Log) Range(from, to int) []Entry          // a copy, in order of At then Seq; i counts from the oldest kept
//	func (l *Log) Select(f Filter) []int               // indexes that match, in order
//	func (l *Log) Counts() map[string]int              // event type -> count ever
//	type Filter struct { Object string; Types []string; Text string; Regexp *regexp.Regexp; MinSeverity Severity; From, To time.Time }
