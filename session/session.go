// Package session is one investigated server, live or replayed. It owns every
// goroutine of the investigation and publishes immutable snapshots.
package session

// Contract for ui and cmd (implemented in this package):
//
//	// Workspace: what one window investigates: several sessions, one capture file.
//	type Options struct { CacheDir string; KeepSecrets bool; CaptureLimitBytes int64; NoCapture bool; Logger *slog.Logger; SampleEvery time.Duration }
//	func NewWorkspace(opts Options) (*Workspace, error)
//	func (w *Workspace) Attach(ctx context.Context, t Target) (*Session, error)  // connects, or says in one sentence why not; later failures are states of the session
//	func (w *Workspace) Open(ctx context.Context, path string) (*Replay, error)   // a capture file; its servers become sessions
//	func (w *Workspace) Sessions() []*Session
//	func (w *Workspace) Remove(s *Session)                                       // detach: leaves the server as it would be without us
//	func (w *Workspace) Changed() <-chan struct{}                                // capacity 1: something was published (at most 20 per second)
//	func (w *Workspace) Capture() CaptureState                                   // path, bytes, since, named
//	func (w *Workspace) Record(path string) error                                // gives the running capture a name and keeps it
//	func (w *Workspace) Close(ctx context.Context) error
//
//	type Target struct { URL string; CAFile string; Fingerprint string /* pinned sha-256 of a self-signed certificate */; ControlAllowed bool }
//
//	func (s *Session) Name() string
//	func (s *Session) URL() string                  // without userinfo
//	func (s *Session) Snapshot() *inventory.Snapshot // never nil
//	func (s *Session) Stats() *stats.Store
//	func (s *Session) Timeline() *timeline.Log
//	func (s *Session) Schema() *kmd.Schema          // never nil; built-in until the server's own is read
//	func (s *Session) Link() Link
//	func (s *Session) Live() bool                   // false in replay
//	func (s *Session) Focus(ids ...string)          // the objects a person looks at: sampled at full rate
//	func (s *Session) Read(id string)               // read all safe properties of an object; the result arrives in a later Snapshot; no-op in replay
//	func (s *Session) Dismiss(id string)            // forget a dead object
//
//	type Link struct { State LinkState; Cause string; Since time.Time; RetryAt time.Time; PingTook time.Duration; FramesPerSecond float64; Held int; LeaseEnds time.Time; Gaps int; Undecoded int; Reading string /* what is being read now, "" when nothing */; ReadDone, ReadTotal int }
//	LinkState: Connecting, Connected, Reconnecting, Deaf, Closed, Replaying
//
//	type Replay: Play(), Pause(), Playing() bool, Speed(float64 /* 0: at once */), Seek(time.Duration), Position() time.Duration, Duration() time.Duration, Start() time.Time, Path() string, Sessions() []*Session
