package control

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"kmscope/wire"
)

// What says what an entry of the audit tells: that control was turned on or off,
// or how a command ended.
type What string

// The values of What. They are part of the capture format.
const (
	On      What = "on"
	Off     What = "off"
	Done    What = "done"
	Refused What = "refused" // the server answered no
	Gone    What = "gone"    // the object had been released
	Lost    What = "lost"    // no answer came: nobody knows
	Unsent  What = "unsent"  // not sent: it is on the list of dangerous calls
)

// note is what the capture holds of one entry.
type note struct {
	What      What            `json:"what"`
	ID        int             `json:"id,omitempty"`
	Object    string          `json:"object,omitempty"`
	Operation string          `json:"operation,omitempty"`
	Params    json.RawMessage `json:"params,omitempty"`
	Text      string          `json:"text,omitempty"`
	Problem   string          `json:"problem,omitempty"`
	TookMs    float64         `json:"tookMs,omitempty"`
	Undoes    int             `json:"undoes,omitempty"`
	Undoable  bool            `json:"undoable,omitempty"`
	Undone    int             `json:"undone,omitempty"`
	Left      int             `json:"left,omitempty"`
}

func (n note) frame() json.RawMessage {
	raw, err := json.Marshal(map[string]note{wire.ControlKey: n})
	if err != nil {
		bare := n
		bare.Params = nil // the one part that is not ours
		raw, _ = json.Marshal(map[string]note{wire.ControlKey: bare})
	}
	return raw
}

// sentence says a command for those who read the capture without knowing notes.
func (n note) sentence() string {
	s := "our own command " + strconv.Itoa(n.ID)
	if n.Undoes > 0 {
		s += ", undoing " + strconv.Itoa(n.Undoes)
	}
	s += ": " + class(n.Object) + " " + n.Text + ": " + n.What.Word()
	if n.Problem != "" {
		s += ", " + n.Problem
	}
	return s
}

// Word says how a command ended.
func (w What) Word() string {
	switch w {
	case Gone:
		return "the object was gone"
	case Lost:
		return "no answer"
	case Unsent:
		return "not sent"
	}
	return string(w)
}

// Entry is one row of the audit. Entries are values.
type Entry struct {
	// At is when the call was sent; for On and Off, when it happened.
	At   time.Time
	What What
	// ID numbers the commands of one connection, from 1; 0 for On and Off.
	ID   int
	Conn string
	// Object is what was changed; Call the call as it was sent, "setX({...})";
	// Text what changed, "latencyStats: false → true".
	Object, Call, Text string
	// Problem is the server's refusal, or why nothing was sent; "" when Done.
	Problem string
	// Took is the time to the reply; 0 when there was none.
	Took time.Duration
	// Undoes is the command that this one takes back; 0 is none.
	Undoes int
	// Undoable tells that leaving control takes it back. UndoneAt is when that
	// was tried last, Undone how it ended; "" when it was not tried.
	Undoable bool
	UndoneAt time.Time
	Undone   What
	// Sentence is the whole entry in words.
	Sentence string
}

// Command tells whether the entry is a command, not a turning of control.
func (e *Entry) Command() bool { return e.What != On && e.What != Off }

// maxEntries bounds the audit; the oldest go first, and stay in the capture.
const maxEntries = 10_000

// Log is the audit of one server: what this tool changed there, as the records
// tell it. One goroutine feeds it; any goroutine reads it. The zero Log is empty.
type Log struct {
	mu      sync.RWMutex
	entries []Entry
	total   uint64
}

// Feed takes one fact. One goroutine at a time.
func (l *Log) Feed(f wire.Fact) {
	if f.Kind != wire.KindControl {
		return
	}
	var n note
	if json.Unmarshal(f.Raw, &n) != nil || n.What == "" {
		return // the timeline has its sentence
	}
	took := time.Duration(max(0, min(n.TookMs, 1e9)) * float64(time.Millisecond))
	e := Entry{At: f.At.Add(-took), What: n.What, ID: n.ID, Conn: f.Conn, Object: n.Object, Text: clip(n.Text), Problem: clip(n.Problem),
		Took: took, Undoes: n.Undoes, Undoable: n.Undoable, Sentence: clip(f.Text)}
	if n.Operation != "" {
		e.Call = clip(n.Operation + "(" + string(n.Params) + ")")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := len(l.entries) - 1; i >= 0 && n.Undoes > 0; i-- {
		if x := &l.entries[i]; x.ID == n.Undoes && x.Conn == f.Conn {
			x.UndoneAt, x.Undone = e.At, e.What
			break
		}
	}
	l.entries = append(l.entries, e)
	if over := len(l.entries) - maxEntries; over > 0 {
		l.entries = slices.Delete(l.entries, 0, over)
	}
	l.total++
}

// Entries gives the audit, the oldest first; the slice is the caller's.
func (l *Log) Entries() []Entry {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return slices.Clone(l.entries)
}

// Total counts all entries that ever came: who draws compares it with the last
// one seen.
func (l *Log) Total() uint64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.total
}

// Result says how a command ended, and how long the answer took.
func (e *Entry) Result() string {
	s := e.What.Word()
	if e.Took > 0 && e.What == Done {
		s += fmt.Sprintf(" in %.1f ms", float64(e.Took)/float64(time.Millisecond))
	}
	if e.Problem != "" && e.What != Gone {
		s += ": " + e.Problem
	}
	return s
}

// maxText bounds what an entry keeps of a text, in bytes: captures come from
// anywhere.
const maxText = 2000

func clip(s string) string {
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "") + "…"
	}
	return s
}
