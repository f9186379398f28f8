package session

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"kmscope/capture"
	"kmscope/control"
	"kmscope/kmssim"
	"kmscope/timeline"
)

// controlled attaches to a loopback and turns control on.
func controlled(t *testing.T, opts Options) (server *kmssim.Server, url string, w *Workspace, s *Session, pipeline string) {
	t.Helper()
	server, url = simulate(t, "loopback", kmssim.Options{})
	w = workspace(t, opts)
	s = attach(t, w, url)
	pipeline = first(t, w, s, "MediaPipeline")
	if err := s.SetControl(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	return server, url, w, s, pipeline
}

func measured(t *testing.T, server *kmssim.Server, pipeline string) bool {
	t.Helper()
	on, err := server.NewApp().Invoke(pipeline, "getLatencyStats", nil)
	if err != nil {
		t.Fatal(err)
	}
	return on == true
}

func leave(t *testing.T, w *Workspace) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := w.Close(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestLatencyStatsAreTurnedBack(t *testing.T) {
	for _, before := range []bool{false, true} {
		for name, end := range map[string]func(*testing.T, *Workspace, *Session){
			"control off": func(t *testing.T, _ *Workspace, s *Session) {
				if err := s.SetControl(t.Context(), false); err != nil {
					t.Fatal(err)
				}
			},
			"detached": func(t *testing.T, w *Workspace, s *Session) {
				if err := w.Remove(t.Context(), s); err != nil {
					t.Fatal(err)
				}
			},
			"quit": func(t *testing.T, w *Workspace, _ *Session) { leave(t, w) },
		} {
			t.Run(name, func(t *testing.T) {
				file := filepath.Join(t.TempDir(), "x.kmscap")
				server, _, w, s, p := controlled(t, Options{CaptureFile: file})
				ctx := t.Context()
				if _, err := server.NewApp().Invoke(p, "setLatencyStats", map[string]any{"latencyStats": before}); err != nil {
					t.Fatal(err)
				}
				for _, on := range []bool{before, !before, before, !before} {
					if err := s.SetLatencyStats(ctx, p, on); err != nil {
						t.Fatal(err)
					}
					if measured(t, server, p) != on {
						t.Errorf("latencyStats is not %v", on)
					}
				}
				if got := s.Control(); got != (control.State{On: true, InForce: 1}) {
					t.Errorf("control is %+v", got)
				}
				if err := s.SetLatencyStats(ctx, first(t, w, s, "WebRtcEndpoint"), true); err == nil || !strings.Contains(err.Error(), "choose the pipeline") {
					t.Errorf("an element took it: %v", err)
				}
				end(t, w, s)
				if measured(t, server, p) != before {
					t.Errorf("after leaving, latencyStats is %v, it was %v", !before, before)
				}
				if err := s.SetLatencyStats(ctx, p, true); err == nil {
					t.Error("changed after the end")
				}
				leave(t, w)
				live := s.Audit().Entries()
				if len(live) != 6 || live[1].Undone != control.Done || live[3].UndoneAt.IsZero() || live[4].Undoes != live[3].ID || live[5].What != control.Off {
					t.Errorf("the audit is %+v", live)
				}
				replayed(t, file, p, live)
			})
		}
	}
}

// replayed checks that a capture tells what was changed as the live server did.
func replayed(t *testing.T, file, pipeline string, live []control.Entry) {
	t.Helper()
	w := workspace(t, Options{NoCapture: true})
	r, err := w.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	x := r.Sessions()[0]
	if diff := cmp.Diff(live, x.Audit().Entries(), cmpopts.EquateApproxTime(time.Millisecond)); diff != "" {
		t.Errorf("the audit of the replay (-live +replay):\n%s", diff)
	}
	kinds := map[string]int{}
	log := x.Timeline()
	for _, e := range log.Range(0, log.Len()) {
		kinds[e.Type]++
		if e.Type == timeline.TypeOwn && e.Object != pipeline {
			t.Errorf("a command of ours is about %q", e.Object)
		}
	}
	if kinds[timeline.TypeOwn] != 4 || kinds[timeline.TypeControl] != 2 || kinds[timeline.TypeCommand] != 0 {
		t.Errorf("the timeline has %v", kinds)
	}
	for _, err := range []error{x.SetLatencyStats(t.Context(), pipeline, true), x.SetControl(t.Context(), true)} {
		if err == nil || !strings.Contains(err.Error(), "capture") {
			t.Errorf("a capture was changed: %v", err)
		}
	}
	if x.Control().On {
		t.Error("control is on in a replay")
	}
}

func TestReadOnlyUntilControlIsOn(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.kmscap")
	server, url := simulate(t, "loopback", kmssim.Options{})
	w := workspace(t, Options{CaptureFile: file})
	s := attach(t, w, url)
	p := first(t, w, s, "MediaPipeline")
	before := measured(t, server, p)
	for range 2 {
		if err := s.SetLatencyStats(t.Context(), p, !before); !errors.Is(err, control.ErrReadOnly) {
			t.Errorf("while control is off: %v", err)
		}
		if s.Control().On || measured(t, server, p) != before {
			t.Error("the server was changed while control was off")
		}
		for _, on := range []bool{true, true, false, false} {
			if err := s.SetControl(t.Context(), on); err != nil || s.Control().On != on {
				t.Fatalf("control is %+v, want %v: %v", s.Control(), on, err)
			}
		}
	}
	leave(t, w)
	var whats []control.What
	for _, e := range s.Audit().Entries() {
		whats = append(whats, e.What)
	}
	if diff := cmp.Diff([]control.What{control.On, control.Off, control.On, control.Off}, whats); diff != "" {
		t.Error(diff)
	}
	reader, err := capture.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	for {
		r, err := reader.Next()
		if err != nil {
			break
		}
		if strings.Contains(string(r.Frame), "setLatencyStats") {
			t.Fatalf("sent: %s", r.Frame)
		}
	}
}
