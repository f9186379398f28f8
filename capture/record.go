// Package capture reads and writes capture files: every frame of every
// connection, with gaps and notes, in the order in which they happened.
// The format is specified in docs/capture-format.md.
package capture

import (
	"encoding/json"
	"time"
)

// The kinds of Record, as written in the field "dir" of a file.
const (
	DirSend  = "send"  // client to server
	DirRecv  = "recv"  // server to client
	DirOpen  = "open"  // a connection was opened
	DirClose = "close" // a connection ended
	DirError = "error" // a connection could not be opened, or failed
	DirCtl   = "ctl"   // a remark of the recording program about a connection
	DirGap   = "gap"   // frames are missing here
	DirNote  = "note"  // a remark of a person or of the tool

	// DirUndecoded is never written: the Reader gives it to a line that is no
	// Record. Its Frame is the raw text as a JSON string, its Note says why.
	DirUndecoded = "undecoded"
)

// Record is one line of a capture file. Fields that a reader does not know are
// ignored; a line that is no Record at all is reported as undecoded, never
// skipped silently.
type Record struct {
	// Index counts the records of the stream from 0; headers, and opens that
	// only repeat what is known, do not count.
	Index int64 `json:"-"`
	// At is the wall clock of the capturing machine, worked out by the Reader
	// from T and the latest "wall" anchor.
	At time.Time `json:"-"`

	// TimeMs is milliseconds on a monotonic clock; its zero is the capture's own.
	TimeMs float64 `json:"t"`
	Dir    string  `json:"dir"`
	// Conn labels the connection; unique within the file at any moment.
	Conn string `json:"conn,omitempty"`
	// Server is the URL of the server, without userinfo; on open and error.
	// Recordings made by a proxy have none: their server is "".
	Server string `json:"server,omitempty"`
	// WallMs is the wall clock in milliseconds since 1970 at TimeMs; on open.
	WallMs int64 `json:"wall,omitempty"`
	// Frame is the message. Text that was not JSON is {"_raw": "..."}.
	Frame json.RawMessage `json:"frame,omitempty"`
	// By, Code and Reason describe a close.
	By     string `json:"by,omitempty"`
	Code   int    `json:"code,omitempty"`
	Reason string `json:"reason,omitempty"`
	// Error is one sentence, on error.
	Error string `json:"error,omitempty"`
	// Dropped counts the frames missing at a gap; 0 means an unknown number.
	Dropped int `json:"dropped,omitempty"`
	// Note is free text, on note, gap and undecoded.
	Note string `json:"note,omitempty"`
	// Resumed marks an open that repeats, at the start of a ring's segment, that
	// the connection is open since earlier.
	Resumed bool `json:"resumed,omitempty"`

	// whole: Frame is known to be one JSON text on one line. It spares the Redactor
	// and the Writer a look at each byte; what does not know it is looked at.
	whole bool
}

// Inserted reports whether a record stands in no file: the Reader puts a gap
// where it finds lines missing. Those that were written say how many are
// missing, or on which connection.
func (r *Record) Inserted() bool {
	return r.Dir == DirGap && r.Dropped == 0 && r.Conn == ""
}
