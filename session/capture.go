package session

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"kmscope/capture"
	"kmscope/kmsconn/jsonrpc"
)

// convert makes the record of a frame, without its secrets: what the model sees
// is what the file holds.
func (w *Workspace) convert(f jsonrpc.Frame) capture.Record {
	return w.clean(capture.FromFrame(f, w.started))
}

// stamp dates a record that is no frame.
func (w *Workspace) stamp(r capture.Record, at time.Time) capture.Record {
	capture.Stamp(&r, at, w.started)
	return r
}

func (w *Workspace) clean(r capture.Record) capture.Record {
	if w.opts.KeepSecrets {
		return r
	}
	return w.redact.Redact(r)
}

// append writes a record to the running capture, which begins with the first
// one. It never blocks.
func (w *Workspace) append(r capture.Record) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.opts.NoCapture || w.closed && w.writer == nil {
		return
	}
	if w.writer == nil {
		if w.captureErr != nil {
			return
		}
		if w.captureErr = w.beginCapture(); w.captureErr != nil {
			w.opts.Logger.Warn("nothing is being captured", "error", w.captureErr)
			return
		}
	}
	w.writer.Append(r)
}

func (w *Workspace) beginCapture() error {
	path, limit := w.opts.CaptureFile, int64(0)
	if path == "" {
		if err := os.MkdirAll(w.opts.CacheDir, 0o700); err != nil {
			return fmt.Errorf("the folder for captures cannot be made: %w", err)
		}
		w.dropOldCaptures()
		path = filepath.Join(w.opts.CacheDir, "kmscope-"+w.started.Format("20060102-150405.000")+".kmscap")
		limit = w.opts.CaptureLimitBytes
	}
	var err error
	w.writer, err = capture.Create(path, capture.Header{
		Version: 1, Created: w.started, Tool: w.opts.Tool, Redacted: !w.opts.KeepSecrets,
	}, capture.WriterOptions{LimitBytes: limit})
	return err
}

// settled is how long a capture must be untouched to count as one of an
// earlier run, not of another window that is open now.
const settled = 10 * time.Minute

// dropOldCaptures removes the oldest captures of earlier runs until those that
// stay fit into the limit of one: each run is bounded, so must be their sum.
// Named captures are elsewhere, by the user's choice.
func (w *Workspace) dropOldCaptures() {
	names, err := filepath.Glob(filepath.Join(w.opts.CacheDir, "kmscope-*"+capture.Extension+"*"))
	if err != nil {
		return
	}
	type old struct {
		name string
		at   time.Time
		size int64
	}
	var files []old
	var sum int64
	for _, name := range names {
		st, err := os.Lstat(name)
		if err != nil || !st.Mode().IsRegular() {
			continue
		}
		sum += st.Size()
		if time.Since(st.ModTime()) > settled {
			files = append(files, old{name, st.ModTime(), st.Size()})
		}
	}
	slices.SortFunc(files, func(a, b old) int { return a.at.Compare(b.at) })
	for _, f := range files {
		if sum <= w.opts.CaptureLimitBytes {
			return
		}
		if err := os.Remove(f.name); err != nil {
			w.opts.Logger.Warn("an old capture stays", "error", err)
			continue
		}
		sum -= f.size
	}
}

// CaptureState is how the running capture stands.
type CaptureState struct {
	Path    string // "" when nothing is being captured
	Bytes   int64
	Records int64
	Dropped int64
	Since   time.Time
	// Named: the user gave it a name; it is kept, and no longer a ring.
	Named    bool
	Redacted bool
	// Err says in one sentence why nothing, or not everything, is written.
	Err string
}

// Capture tells how the running capture stands.
func (w *Workspace) Capture() CaptureState {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := CaptureState{Redacted: !w.opts.KeepSecrets}
	if w.captureErr != nil {
		out.Err = w.captureErr.Error()
	}
	if w.writer == nil {
		return out
	}
	st := w.writer.State()
	out.Path, out.Bytes, out.Records, out.Dropped, out.Since, out.Named = st.Path, st.Bytes, st.Records, st.Dropped, st.Since, st.Kept
	if st.Err != nil {
		out.Err = st.Err.Error()
	}
	return out
}

// Record gives the running capture a name and keeps it, with everything that
// was captured so far. It fails in one sentence when there is such a file.
func (w *Workspace) Record(path string) error {
	w.mu.Lock()
	writer := w.writer
	w.mu.Unlock()
	if writer == nil {
		return fmt.Errorf("nothing is being captured yet: attach to a server first")
	}
	return writer.Keep(path)
}

// Note writes a remark into the running capture and on every timeline.
func (w *Workspace) Note(text string) {
	rec := w.clean(w.stamp(capture.Record{Dir: capture.DirNote, Note: text}, time.Now()))
	w.append(rec)
	for _, s := range w.Sessions() {
		if s.live != nil {
			select {
			case s.live.notes <- rec:
			default: // the loop is busy: the capture has the note
			}
		}
	}
}
