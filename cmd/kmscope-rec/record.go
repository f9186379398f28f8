package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"kmscope/session"
)

// goodbye bounds the time in which the servers are left as they were.
const goodbye = 5 * time.Second

func record(ctx context.Context, args []string, errs io.Writer) error {
	var output, ca, fingerprint string
	var duration, every time.Duration
	var keepSecrets bool
	set := flag.NewFlagSet("record", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.StringVar(&output, "o", "", "")
	set.StringVar(&output, "output", "", "")
	set.DurationVar(&duration, "for", 0, "")
	set.DurationVar(&every, "every", time.Second, "")
	set.StringVar(&ca, "ca", "", "")
	set.StringVar(&fingerprint, "fingerprint", "", "")
	set.BoolVar(&keepSecrets, "keep-secrets", false, "")
	var urls []string
	for len(args) > 0 { // options may stand before, between and after the addresses
		if err := set.Parse(args); err != nil {
			return fmt.Errorf("record: %w (kmscope-rec help tells more)", err)
		}
		args = set.Args()
		for len(args) > 0 && !strings.HasPrefix(args[0], "-") {
			urls, args = append(urls, args[0]), args[1:]
		}
	}
	switch {
	case len(urls) == 0:
		return errors.New("record needs the address of a server: kmscope-rec record ws://host:8888/kurento -o FILE")
	case output == "":
		return errors.New("record needs a file to write: -o FILE")
	case duration < 0 || every < 0:
		return errors.New("a duration cannot be negative")
	}
	if _, err := os.Lstat(output); err == nil {
		return fmt.Errorf("%s exists already; choose another name, nothing is overwritten", output)
	}
	w, err := session.NewWorkspace(session.Options{
		CaptureFile: output, KeepSecrets: keepSecrets, SampleEvery: every, Tool: toolVersion(),
	})
	if err != nil {
		return err
	}
	err = observe(ctx, w, urls, session.Target{CAFile: ca, Fingerprint: fingerprint}, duration, errs)
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
	defer cancel()
	err = errors.Join(err, w.Close(end))
	if st := w.Capture(); err == nil && st.Err != "" {
		err = errors.New(st.Err)
	}
	return err
}

// observe attaches to all servers and waits. One that cannot be reached at the
// start is an error: the recording would lack what it was made for.
func observe(ctx context.Context, w *session.Workspace, urls []string, t session.Target, duration time.Duration, errs io.Writer) error {
	for _, u := range urls {
		t.URL = u
		s, err := w.Attach(ctx, t)
		if err != nil {
			if errors.Is(err, context.Canceled) {
				return nil
			}
			return err
		}
		fmt.Fprintf(errs, "recording %s\n", s.URL())
	}
	var over <-chan time.Time
	if duration > 0 {
		over = time.After(duration)
	}
	select {
	case <-ctx.Done():
	case <-over:
	}
	st := w.Capture()
	fmt.Fprintf(errs, "recorded %d frames\n", st.Records)
	return nil
}
