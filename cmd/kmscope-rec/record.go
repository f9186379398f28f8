package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"kmscope/metrics"
	"kmscope/session"
)

// goodbye bounds the time in which the servers are left as they were.
const goodbye = 5 * time.Second

func record(ctx context.Context, args []string, out, errs io.Writer) error {
	var output, ca, fingerprint, metricsAt string
	var duration, every time.Duration
	var keepSecrets bool
	every = time.Second
	urls, err := readArguments("record", args, append(fileInto(&output),
		durationInto("for", &duration), durationInto("every", &every), textInto("metrics", &metricsAt),
		textInto("ca", &ca), textInto("fingerprint", &fingerprint), flagInto("keep-secrets", &keepSecrets)))
	if errors.Is(err, errHelp) {
		return help(out)
	}
	if err != nil {
		return err
	}
	switch {
	case len(urls) == 0:
		return errors.New("record needs the address of a server: kmscope-rec record ws://host:8888/kurento -o FILE")
	case output == "":
		return errors.New("record needs a file to write: -o FILE")
	}
	if _, err := os.Lstat(output); err == nil {
		return fmt.Errorf("%s exists already; choose another name, nothing is overwritten", output)
	}
	if err := canWrite(filepath.Dir(output)); err != nil {
		return err
	}
	w, err := session.NewWorkspace(session.Options{
		CaptureFile: output, KeepSecrets: keepSecrets, SampleEvery: every, SampleAll: true, Tool: toolVersion(),
	})
	if err != nil {
		return err
	}
	if metricsAt != "" {
		end, err := metrics.Listen(metricsAt, metrics.Options{Servers: metrics.Watched(w), Version: toolVersion()})
		if err != nil {
			return errors.Join(err, w.Close(ctx))
		}
		defer end.Close()
		say(errs, "metrics are at http://"+end.Addr()+metrics.Path)
	}
	attached, err := observe(ctx, w, urls, session.Target{CAFile: ca, Fingerprint: fingerprint}, duration, errs)
	began := w.Capture().Path != ""
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
	defer cancel()
	watched := err == nil && attached > 0
	err = errors.Join(err, w.Close(end))
	if st := w.Capture(); watched && err == nil { // now all of it is on the disk
		say(errs, fmt.Sprintf("recorded %d frames into %s", st.Records, st.Path))
	}
	if attached == 0 && began { // it holds nothing but failed attempts, and would bar the next one
		err = errors.Join(err, os.Remove(output))
	}
	return err
}

// canWrite refuses a folder that takes no capture before anything is asked of a server.
func canWrite(dir string) error {
	if st, err := os.Stat(dir); err == nil && !st.IsDir() {
		return fmt.Errorf("%s is not a folder; choose another place with -o", dir)
	}
	f, err := os.CreateTemp(dir, ".kmscope-*")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the folder %s does not exist; make it first, or choose another with -o", dir)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("the folder %s may not be written to; choose another with -o", dir)
	case err != nil:
		return fmt.Errorf("no capture can be written in %s: %w; choose another folder with -o", dir, cause(err))
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// cause is what a file's error says without the file.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// howToTrust adds to the refusal of a certificate what the window would ask.
func howToTrust(err error) error {
	var u *session.UntrustedError
	if !errors.As(err, &u) {
		return err
	}
	switch {
	case u.Pinned:
		return fmt.Errorf("%w; it has now --fingerprint %s: find out who changed it before you trust it", err, u.Fingerprint)
	case !u.Unknown: // whoever vouches for it cannot mend this
		return fmt.Errorf("%w; have it replaced on the server, or trust it alone with --fingerprint %s", err, u.Fingerprint)
	}
	return fmt.Errorf("%w; name who vouches for it with --ca FILE, or trust it alone with --fingerprint %s", err, u.Fingerprint)
}

// observe attaches to all servers, waits, and says how many it attached to. One
// that cannot be reached at the start is an error: the recording would lack
// what it was made for. One that is lost later is waited for.
func observe(ctx context.Context, w *session.Workspace, urls []string, t session.Target, duration time.Duration, errs io.Writer) (attached int, err error) {
	for _, u := range urls {
		t.URL = u
		s, err := w.Attach(ctx, t)
		if ctx.Err() != nil {
			return attached, nil // stopped by the user
		}
		if err != nil {
			return attached, howToTrust(err)
		}
		attached++
		say(errs, "recording "+s.URL())
	}
	var over <-chan time.Time
	if duration > 0 {
		over = time.After(duration)
	}
	look := time.NewTicker(time.Second)
	defer look.Stop()
	told := reporter{errs: errs, states: make(map[string]session.LinkState)}
	for {
		select {
		case <-look.C:
			if err := told.report(w); err != nil {
				return attached, err
			}
			continue
		case <-ctx.Done():
		case <-over:
		}
		break
	}
	if st := w.Capture(); st.Err != "" && st.Path == "" {
		return attached, errors.New(st.Err)
	}
	return attached, nil // what the disk does not take now, the end of the capture tells
}

// reporter tells each trouble once.
type reporter struct {
	errs   io.Writer
	states map[string]session.LinkState
	err    string
}

// report fails when there is no file to write to; what may pass is told.
func (p *reporter) report(w *session.Workspace) error {
	st := w.Capture()
	if st.Err != "" && st.Path == "" {
		return errors.New(st.Err)
	}
	if st.Err != p.err {
		p.err = st.Err
		if st.Err != "" {
			say(p.errs, st.Err)
		}
	}
	for _, s := range w.Sessions() {
		l := s.Link()
		before, known := p.states[s.URL()]
		p.states[s.URL()] = l.State
		if l.State == before || !known && l.State == session.Connected {
			continue
		}
		sentence := s.URL() + " is " + l.State.String()
		if l.Cause != "" {
			sentence += ": " + l.Cause
		}
		say(p.errs, sentence)
	}
	return nil
}
