package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"kmscope/capture"
)

// Options of a Workspace. The zero value is usable: captures go to the user's
// cache folder, secrets are redacted.
type Options struct {
	// CacheDir holds the running capture; "" is kmscope's own folder in the
	// user's cache folder.
	CacheDir string
	// KeepSecrets writes and shows secrets as they are.
	KeepSecrets bool
	// CaptureLimitBytes bounds the running capture; 0 is 1 GiB.
	CaptureLimitBytes int64
	// NoCapture switches the running capture off.
	NoCapture bool
	// CaptureFile names the capture from its beginning and keeps it; "" captures
	// into a ring in CacheDir.
	CaptureFile string
	// SampleEvery is the time between two samples of what a person looks at;
	// 0 is one second. SetSampling changes it later.
	SampleEvery time.Duration
	// SampleAll samples every endpoint as often as what a person looks at: for
	// recordings at which nobody looks yet.
	SampleAll bool
	// Patience is how long a server may take to answer a call; 0 is ten
	// seconds. Half of it is what a ping may take, before the connection counts
	// as deaf and is replaced.
	Patience time.Duration
	// Tool names the program and its version in capture files.
	Tool   string
	Logger *slog.Logger
}

// Workspace is what one window investigates: sessions, and one capture of all
// that they exchange. All methods may be called from any goroutine.
type Workspace struct {
	opts    Options
	changed chan struct{}
	started time.Time
	redact  *capture.Redactor
	// sampling is a time.Duration; see SetSampling.
	sampling atomic.Int64

	mu       sync.Mutex
	sessions []*Session
	replays  []*Replay
	writer   *capture.Writer
	labels   int
	closed   bool
	// captureErr is why nothing is captured; tried once.
	captureErr error
}

// NewWorkspace makes an empty workspace.
func NewWorkspace(opts Options) (*Workspace, error) {
	if opts.Patience <= 0 {
		opts.Patience = 10 * time.Second
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.CaptureLimitBytes <= 0 {
		opts.CaptureLimitBytes = 1 << 30
	}
	if opts.Tool == "" {
		opts.Tool = "kmscope"
	}
	if opts.CacheDir == "" && opts.CaptureFile == "" && !opts.NoCapture {
		base, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("no folder for the capture: set HOME or XDG_CACHE_HOME, or switch the capture off: %w", err)
		}
		opts.CacheDir = filepath.Join(base, "kmscope", "captures")
	}
	w := &Workspace{opts: opts, changed: make(chan struct{}, 1), started: time.Now(), redact: capture.NewRedactor()}
	w.SetSampling(opts.SampleEvery)
	if opts.SampleEvery > SamplingMost { // a long recording may want less
		w.sampling.Store(int64(opts.SampleEvery))
	}
	return w, nil
}

// The bounds of SetSampling, and what it is when nobody said.
const (
	SamplingLeast   = 250 * time.Millisecond
	SamplingMost    = 10 * time.Second
	SamplingDefault = time.Second
)

// Sampling is the time between two samples of what a person looks at.
func (w *Workspace) Sampling() time.Duration { return time.Duration(w.sampling.Load()) }

// SetSampling changes the time between two samples of what a person looks at,
// from SamplingLeast to SamplingMost; less or more is adjusted, 0 is
// SamplingDefault. Everything else is sampled more slowly: see Options.SampleAll.
// It takes effect at once, on all servers.
func (w *Workspace) SetSampling(every time.Duration) {
	if every <= 0 {
		every = SamplingDefault
	}
	w.sampling.Store(int64(min(max(every, SamplingLeast), SamplingMost)))
	for _, s := range w.Sessions() {
		if s.live != nil {
			s.live.sampleSoon()
		}
	}
}

// Changed gets a value after something was published, at most one at a time:
// read what changed from the sessions.
func (w *Workspace) Changed() <-chan struct{} { return w.changed }

func (w *Workspace) notify() {
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

// Sessions gives the sessions in the order in which they were opened.
func (w *Workspace) Sessions() []*Session {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.sessions)
}

// Replays gives the open capture files.
func (w *Workspace) Replays() []*Replay {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.replays)
}

func (w *Workspace) add(s *Session) {
	w.mu.Lock()
	w.sessions = append(w.sessions, s)
	w.mu.Unlock()
	w.notify()
}

var errClosed = errors.New("the workspace is closed")

// Remove ends a session: a live one leaves the server as it would be without
// us; a replay is closed with its last session.
func (w *Workspace) Remove(ctx context.Context, s *Session) error {
	w.mu.Lock()
	w.sessions = slices.DeleteFunc(w.sessions, func(x *Session) bool { return x == s })
	var over *Replay
	for _, r := range w.replays {
		if r.remove(s) == 0 {
			over = r
		}
	}
	w.replays = slices.DeleteFunc(w.replays, func(r *Replay) bool { return r == over })
	w.mu.Unlock()
	defer w.notify()
	var err error
	if s.live != nil {
		err = s.live.close(ctx)
	}
	if over != nil {
		over.stop()
	}
	return err
}

// Close ends all sessions, leaves every server as it would be without us, and
// finishes the capture. It returns when ctx ends at the latest.
func (w *Workspace) Close(ctx context.Context) error {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	var wg sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	for _, s := range w.Sessions() {
		wg.Add(1)
		go func() {
			defer wg.Done()
			if err := w.Remove(ctx, s); err != nil {
				mu.Lock()
				errs = append(errs, err)
				mu.Unlock()
			}
		}()
	}
	wg.Wait()
	w.mu.Lock()
	writer := w.writer // it stays: Capture tells what it wrote
	w.mu.Unlock()
	if writer != nil {
		errs = append(errs, writer.Close())
	}
	return errors.Join(errs...)
}
