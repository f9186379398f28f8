package conformance

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"kmscope/control"
	"kmscope/session"
)

// TestChangesAreUndone turns the one setting that this program can change on, in
// every way that there is to stop: before that it is refused, afterwards the
// pipeline must be as before, and the capture must tell of all of it.
func TestChangesAreUndone(t *testing.T) {
	alongside(t)
	servers(t, func(t *testing.T, s *server) {
		for name, stop := range map[string]func(*observer) error{
			"control off": func(o *observer) error { return o.s.SetControl(t.Context(), false) },
			"detach":      func(o *observer) error { return o.ws.Remove(t.Context(), o.s) },
			"quit":        func(o *observer) error { return o.ws.Close(t.Context()) },
		} {
			t.Run(name, func(t *testing.T) {
				app := dial(t, s.url)
				p := app.build()[0]
				defer app.call("release", object{"object": p})
				measured := func() any { return app.invoke(p, "getLatencyStats", object{}) }
				if on := measured(); on != false {
					t.Fatalf("latencyStats of a new pipeline is %v", on)
				}
				file := filepath.Join(t.TempDir(), "x.kmscap")
				o := attach(t, s.url, session.Options{CaptureFile: file})
				o.wait(t, patience, "the pipeline is known", func() bool { return o.sees(p) })
				if err := o.s.SetLatencyStats(t.Context(), p, true); !errors.Is(err, control.ErrReadOnly) || measured() != false {
					t.Errorf("while control is off: %v", err)
				}
				if err := o.s.SetControl(t.Context(), true); err != nil {
					t.Fatal(err)
				}
				if err := o.s.SetLatencyStats(t.Context(), p, true); err != nil {
					t.Fatal(err)
				}
				if on := measured(); on != true {
					t.Errorf("after turning it on latencyStats is %v", on)
				}
				if err := stop(o); err != nil {
					t.Error(err)
				}
				if on := measured(); on != false {
					t.Errorf("after leaving latencyStats is %v", on)
				}
				if err := o.s.SetLatencyStats(t.Context(), p, true); err == nil {
					t.Error("changed after control was off")
				}
				o.detach(t)
				audited(t, file, p)
			})
		}
	})
}

// audited checks what a capture says of one change that was undone.
func audited(t *testing.T, file, pipeline string) {
	t.Helper()
	ws, err := session.NewWorkspace(session.Options{NoCapture: true})
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close(within(t, patience))
	r, err := ws.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	e := r.Sessions()[0].Audit().Entries()
	if len(e) != 4 || e[0].What != control.On || e[1].Object != pipeline || e[1].Undone != control.Done || e[2].Undoes != e[1].ID || e[3].What != control.Off {
		t.Errorf("the audit of the capture is %+v", e)
	}
}

// TestDeadApplicationWhileControlled: what was changed is not kept alive for it.
func TestDeadApplicationWhileControlled(t *testing.T) {
	alongside(t)
	servers(t, func(t *testing.T, s *server) {
		j := judge(t, s)
		app := dial(t, s.url)
		ids := app.build()
		o := attach(t, s.url, session.Options{})
		o.wait(t, patience, "the pipeline is known", func() bool { return o.sees(ids...) })
		if err := o.s.SetControl(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		if err := o.s.SetLatencyStats(t.Context(), ids[0], true); err != nil {
			t.Fatal(err)
		}
		app.die()
		eventually(t, slack*(2*s.period+s.period/2+time.Second+leaseBound), "the dead application's pipeline is destroyed", func() bool { _, gone := j.when(ids[0]); return gone })
		if err := o.s.SetControl(t.Context(), false); err != nil {
			t.Errorf("undoing what is gone: %v", err)
		}
		o.detach(t)
	})
}

// childServer, set in the environment, makes this test binary an observer that
// changes the pipeline named by childPipeline and waits to be told to end.
const (
	childServer   = "KMSCOPE_TEST_SERVER"
	childPipeline = "KMSCOPE_TEST_PIPELINE"
	childCapture  = "KMSCOPE_TEST_CAPTURE"
)

// beChild is what the observer in the child process does.
func beChild() int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	ws, err := session.NewWorkspace(session.Options{CaptureFile: os.Getenv(childCapture)})
	if err == nil {
		var s *session.Session
		if s, err = ws.Attach(ctx, session.Target{URL: os.Getenv(childServer)}); err == nil {
			err = errors.Join(s.SetControl(ctx, true), s.SetLatencyStats(ctx, os.Getenv(childPipeline), true))
		}
		fmt.Println("changed", err)
		<-ctx.Done()
		leave, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		err = errors.Join(err, ws.Close(leave))
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// TestSignalUndoes stops a process that has changed a pipeline with SIGTERM.
func TestSignalUndoes(t *testing.T) {
	alongside(t)
	if runtime.GOOS == "windows" {
		return // it has no such signal
	}
	servers(t, func(t *testing.T, s *server) {
		app := dial(t, s.url)
		p := app.build()[0]
		defer app.call("release", object{"object": p})
		file := filepath.Join(t.TempDir(), "x.kmscap")
		cmd := exec.CommandContext(within(t, patience), os.Args[0])
		cmd.Env = append(os.Environ(), childServer+"="+s.url, childPipeline+"="+p, childCapture+"="+file)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		if !lines.Scan() || !strings.HasPrefix(lines.Text(), "changed <nil>") {
			t.Errorf("the child said %q", lines.Text())
		}
		if on := app.invoke(p, "getLatencyStats", object{}); on != true {
			t.Errorf("after turning it on latencyStats is %v", on)
		}
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() {
			t.Errorf("the child said %q", lines.Text())
		}
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
		if on := app.invoke(p, "getLatencyStats", object{}); on != false {
			t.Errorf("after SIGTERM latencyStats is %v", on)
		}
		audited(t, file, p)
	})
}
