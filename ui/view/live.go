package view

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"kmscope/inventory"
	"kmscope/session"
)

// Of gives a workspace of package session as the window needs it.
func Of(w *session.Workspace) Workspace { return &liveWorkspace{w} }

type liveWorkspace struct{ w *session.Workspace }

// liveSession adds to a session what the window asks of it besides. It is
// compared by what it holds.
type liveSession struct{ *session.Session }

func (s liveSession) Guarded(id, operation string) string {
	class := inventory.TypeOf(id)
	schema := s.Schema()
	for _, d := range session.Dangers() {
		if d.Operation == operation && d.Param == "" && (d.Class == "*" || d.Class == class || schema.IsA(class, d.Class)) {
			return fmt.Sprintf("%s (seen on %s)", d.Reason, d.Versions)
		}
	}
	return ""
}

type liveReplay struct{ *session.Replay }

func (r liveReplay) Plays(s Session) bool {
	x, ok := s.(liveSession)
	return ok && slices.Contains(r.Sessions(), x.Session)
}

func (w *liveWorkspace) Attach(ctx context.Context, t Target) (Session, error) {
	s, err := w.w.Attach(ctx, session.Target{URL: t.URL, CAFile: t.CAFile, Fingerprint: t.Fingerprint})
	if err != nil {
		var u *session.UntrustedError
		if errors.As(err, &u) {
			return nil, &Untrusted{Fingerprint: u.Fingerprint, Subject: u.Subject, NotAfter: u.NotAfter, Changed: u.Pinned, Err: err}
		}
		return nil, err
	}
	return liveSession{s}, nil
}

func (w *liveWorkspace) Open(ctx context.Context, path string, progress func(float64)) (Replay, error) {
	r, err := w.w.OpenTelling(ctx, path, progress)
	if err != nil {
		return nil, err
	}
	return liveReplay{r}, nil
}

func (w *liveWorkspace) Sessions() []Session {
	all := w.w.Sessions()
	out := make([]Session, len(all))
	for i, s := range all {
		out[i] = liveSession{s}
	}
	return out
}

func (w *liveWorkspace) Replays() []Replay {
	all := w.w.Replays()
	out := make([]Replay, len(all))
	for i, r := range all {
		out[i] = liveReplay{r}
	}
	return out
}

func (w *liveWorkspace) Remove(ctx context.Context, s Session) error {
	x, ok := s.(liveSession)
	if !ok {
		return errors.New("this session is not one of this workspace")
	}
	return w.w.Remove(ctx, x.Session)
}

func (w *liveWorkspace) Sampling() time.Duration { return w.w.Sampling() }

func (w *liveWorkspace) SetSampling(every time.Duration) { w.w.SetSampling(every) }

func (w *liveWorkspace) Changed() <-chan struct{} { return w.w.Changed() }

func (w *liveWorkspace) Capture() Capture {
	c := w.w.Capture()
	return Capture{Path: c.Path, Bytes: c.Bytes, Since: c.Since, Named: c.Named, KeepsSecrets: !c.Redacted, Err: c.Err}
}

func (w *liveWorkspace) Record(path string) error { return w.w.Record(path) }

func (w *liveWorkspace) Close(ctx context.Context) error { return w.w.Close(ctx) }
