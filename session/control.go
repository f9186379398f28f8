package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"kmscope/capture"
	"kmscope/control"
	"kmscope/inventory"
	"kmscope/kmsconn"
)

// errCapture tells that there is no server behind a session.
var errCapture = errors.New("this is a capture: nothing in it can be changed")

// SetControl allows changes of the server, or ends that. It is off until a
// person turns it on. Turning it off takes back what was changed; it stays on
// where a change may still be in force because the server does not answer. What
// ends the session takes everything back as well. An error is one sentence; in a
// replay it is one always. Any goroutine may call it; it takes a few round trips.
func (s *Session) SetControl(ctx context.Context, on bool) error {
	if s.live == nil {
		return errCapture
	}
	err := s.live.desk.Set(ctx, on)
	s.ws.notify()
	return err
}

// Control tells whether changes of the server are allowed, and how many of ours
// are in force. In a replay they never are.
func (s *Session) Control() control.State {
	if s.live == nil {
		return control.State{}
	}
	return s.live.desk.State()
}

// Audit gives what this tool changed on the server, live or in the capture.
func (s *Session) Audit() *control.Log { return s.model.Load().Audit() }

// SetLatencyStats turns the measuring of delays in a pipeline on or off (KMD:
// MediaPipeline.latencyStats): without it a server measures none, and measuring
// costs it something. It is refused while control is off (control.ErrReadOnly).
// What it was before is put back when control is turned off, and when the session
// ends. An error is one sentence. Any goroutine may call it; it takes a few round
// trips.
func (s *Session) SetLatencyStats(ctx context.Context, pipelineID string, on bool) error {
	if s.live == nil {
		return errCapture
	}
	if inventory.TypeOf(pipelineID) != "MediaPipeline" {
		return fmt.Errorf("delays are measured by pipelines, not by a %s: choose the pipeline", inventory.TypeOf(pipelineID))
	}
	err := s.live.desk.Do(ctx, control.SetProperty(pipelineID, "latencyStats", on))
	s.ws.notify()
	return err
}

// controlRole names the connection for changes.
const controlRole = "control"

// newDesk makes the desk of a live session. Its notes go the way of the frames,
// so that they stand behind the replies that they tell of.
func (l *live) newDesk() *control.Desk {
	return control.NewDesk(control.Options{
		Dial: func(ctx context.Context) (control.Server, error) {
			return kmsconn.NewReader(ctx, l.options(controlRole, kmsconn.Observer{}), l.gate)
		},
		Schema: func() kmsconn.Schema { return l.s.Schema() },
		Note: func(sentence string, frame json.RawMessage) {
			l.intake.remark(capture.Record{Dir: capture.DirNote, Conn: l.label(controlRole) + "/read", Note: sentence, Frame: frame}, time.Now())
		},
	})
}
