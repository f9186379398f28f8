package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"kmscope/inventory"
	"kmscope/kmsconn"
)

// latencyStats is the one property that observing may have to change: without
// it a server measures no delays, and measuring them costs it something. So it
// is turned on by a person only, for one pipeline, and turned back when the
// session ends. The call is made as a reading is, under a session that is
// thrown away, so that it does not keep the pipeline alive; and like every call
// that changes something it is on the timeline as our own command.

// SetLatencyStats turns the measuring of delays in a pipeline on or off (KMD:
// MediaPipeline.latencyStats). What it was before is restored when the session
// ends. It changes the server: only a person's wish is a reason to call it. An
// error is one sentence; in a replay it is one always. Any goroutine may call
// it; it takes a few round trips.
func (s *Session) SetLatencyStats(ctx context.Context, pipelineID string, on bool) error {
	if s.live == nil {
		return errors.New("this is a capture: nothing in it can be changed")
	}
	if inventory.TypeOf(pipelineID) != "MediaPipeline" {
		return fmt.Errorf("delays are measured by pipelines, not by a %s: choose the pipeline", inventory.TypeOf(pipelineID))
	}
	return s.live.setLatencyStats(ctx, pipelineID, on)
}

func (l *live) setLatencyStats(ctx context.Context, id string, on bool) error {
	l.latency.Lock()
	defer l.latency.Unlock()
	if l.latency.over {
		return errors.New("the session is closed")
	}
	if _, ours := l.latency.before[id]; !ours {
		var before bool
		raw, err := l.reader.Invoke(ctx, id, "getLatencyStats", nil)
		if err == nil {
			err = json.Unmarshal(raw, &before)
		}
		if err != nil {
			return latencyError(err)
		}
		if before == on {
			return nil
		}
		if l.latency.before == nil {
			l.latency.before = make(map[string]bool)
		}
		l.latency.before[id] = before
	}
	if err := l.writeLatencyStats(ctx, id, on); err != nil {
		return latencyError(err)
	}
	if l.latency.before[id] == on {
		delete(l.latency.before, id)
	}
	return nil
}

// writeLatencyStats sets the property and reads it again, for the model.
func (l *live) writeLatencyStats(ctx context.Context, id string, on bool) error {
	results := l.reader.Read(ctx, []kmsconn.Op{
		kmsconn.Invoke(id, "setLatencyStats", map[string]bool{"latencyStats": on}),
		kmsconn.Invoke(id, "getLatencyStats", nil),
	})
	return results[0].Err
}

func latencyError(err error) error {
	if kmsconn.IsNotFound(err) {
		return errors.New("the server does not know this pipeline any more: it has been released")
	}
	return fmt.Errorf("the measuring of delays was not changed: %w", err)
}

// restoreLatencyStats puts back what setLatencyStats changed, for good. A
// pipeline that is gone needs nothing.
func (l *live) restoreLatencyStats(ctx context.Context) error {
	l.latency.Lock()
	defer l.latency.Unlock()
	l.latency.over = true
	var errs []error
	for id, before := range l.latency.before {
		if err := l.writeLatencyStats(ctx, id, before); err != nil && !kmsconn.IsNotFound(err) {
			errs = append(errs, fmt.Errorf("latencyStats of a pipeline was not turned back: %w", err))
		}
	}
	clear(l.latency.before)
	return errors.Join(errs...)
}
