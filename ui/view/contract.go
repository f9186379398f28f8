// Package view is what the window shows, without any widget: the one selection,
// the one time cursor, the visible range, the history of what was looked at, and
// the presenters that turn snapshots into rows and words. It knows no toolkit
// and is tested without a display.
package view

import (
	"context"
	"time"

	"kmscope/control"
	"kmscope/inventory"
	"kmscope/kmsconn/kmd"
	"kmscope/negotiation"
	"kmscope/session"
	"kmscope/stats"
	"kmscope/timeline"
)

// Session is one server under investigation, live or replayed: what the window
// needs of session.Session. Any goroutine may call the methods. Two values are
// the same session if they are equal.
type Session interface {
	// Name is what the window calls it.
	Name() string
	// URL is the address without userinfo; "" when a recording does not say.
	URL() string
	// Live reports whether a server is behind it, not a capture.
	Live() bool
	// Snapshot is the newest state; never nil.
	Snapshot() *inventory.Snapshot
	// SnapshotAt is the state that was in force at a past moment, or the first
	// one known later; nil when nothing is known. Since is from when on it knows.
	SnapshotAt(t time.Time) *inventory.Snapshot
	Since() time.Time
	Stats() *stats.Store
	// Archive reads again what Stats has summed up; nil when nothing is captured.
	Archive() stats.Archive
	Timeline() *timeline.Log
	Lanes() *timeline.Lanes
	Negotiation() *negotiation.Log
	// Schema is never nil.
	Schema() *kmd.Schema
	Link() Link
	// Focus names the objects to sample at the full rate.
	Focus(ids ...string)
	// Read asks for all properties of an object that are safe to read.
	Read(id string)
	// Guarded says why an operation of an object is never called unasked, for
	// example because it would stop the server; "" when nothing is against it.
	Guarded(id, operation string) string
	// Dump gives GStreamer's own graph of an element, a hub or a pipeline, as
	// text in the DOT language; details is one of session.DumpDetails, or "" for
	// the server's default. In a replay it is the newest one in the capture. An
	// error is one sentence. It may take long: not for the interface goroutine.
	Dump(ctx context.Context, id, details string) (string, error)
	// Dumps gives the dumps that the capture behind a replay holds, the oldest
	// first; none when live. It may take long.
	Dumps(ctx context.Context) ([]session.CapturedDump, error)
	// SetControl allows changes of the server, or ends that and takes back what
	// was changed: only a person's wish is a reason. Control tells how it stands;
	// Audit is what was changed, never nil. An error is one sentence. SetControl
	// may take long.
	SetControl(ctx context.Context, on bool) error
	Control() control.State
	Audit() *control.Log
	// SetLatencyStats turns the measuring of delays in a pipeline on or off, while
	// control is on. An error is one sentence. It may take long.
	SetLatencyStats(ctx context.Context, pipelineID string, on bool) error
	// Dismiss forgets a dead object and its dead descendants.
	Dismiss(id string)
}

// Replay is an open capture file: what the window needs of session.Replay.
// Play, SetSpeed and Seek may take long: not for the interface goroutine.
type Replay interface {
	Play()
	Pause()
	Playing() bool
	// SetSpeed takes 1 for the original speed, 0 for at once.
	SetSpeed(factor float64)
	Speed() float64
	// Seek goes to a moment, counted from the start of the capture.
	Seek(to time.Duration)
	Position() time.Duration
	Duration() time.Duration
	Start() time.Time
	Path() string
	// Err says why playing stopped before the end; nil otherwise.
	Err() error
	// Cut says in one clause that the end of the file is missing; "" when it is not.
	Cut() string
	// Plays reports whether the session is one of this capture.
	Plays(s Session) bool
}

// Workspace is what one window investigates: what it needs of
// session.Workspace. Any goroutine may call the methods; those with a context
// may take long.
type Workspace interface {
	// Attach connects to a server, or says in one sentence why not.
	Attach(ctx context.Context, t Target) (Session, error)
	// Open opens a capture file, or says in one sentence why not. It tells progress,
	// if there is one, how much was read, 0 to 1, on any goroutine.
	Open(ctx context.Context, path string, progress func(share float64)) (Replay, error)
	Sessions() []Session
	Replays() []Replay
	// Remove ends a session and leaves its server as it would be without us.
	Remove(ctx context.Context, s Session) error
	// Changed gets a value after something was published.
	Changed() <-chan struct{}
	// Sampling is the time between two samples of what a person looks at;
	// SetSampling changes it, from 0.25 to 10 seconds.
	Sampling() time.Duration
	SetSampling(every time.Duration)
	Capture() Capture
	// Record gives the running capture a name and keeps it.
	Record(path string) error
	// Close ends all sessions and finishes the capture.
	Close(ctx context.Context) error
}
