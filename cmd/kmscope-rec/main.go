// Command kmscope-rec records Kurento servers and reads captures without a
// window: on servers, in containers, in CI.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"kmscope/capture"
)

const usage = `kmscope-rec records Kurento Media Servers and reads captures.

  kmscope-rec record URL... -o FILE [--for 10m]   record servers until the time is over or Ctrl-C
  kmscope-rec info [--json] FILE                  what a capture holds
  kmscope-rec print [--json] FILE                 every record, a line each
  kmscope-rec timeline [--json] FILE              every event in words, or the state lanes as JSON
  kmscope-rec negotiate [--json] FILE             candidates, pairs, SDP and what is wrong with them
  kmscope-rec browser [--json] [--offset TIME] DUMP FILE
                                                  a browser's webrtc-internals dump beside a capture
  kmscope-rec graph [--at MS] --svg|--dot|--mermaid|--json FILE
                                                  what is alive and connected to what
  kmscope-rec dot [--number N] FILE               dumps of GStreamer's own graph
  kmscope-rec stats --csv|--jsonl|--openmetrics [--metric RE] FILE
                                                  every figure, for other programs
  kmscope-rec version

Options may stand before or after the file or the addresses. The exit status is
0, or 1 after a sentence on standard error that says what is wrong.

record:
  -o, --output FILE     where to write (required; must not exist)
      --for DURATION    stop after this time, for example 90s, 10m, 2h
      --every DURATION  time between two samples of the statistics (default 1s)
      --metrics ADDRESS give current figures to Prometheus, for example at
                        127.0.0.1:9464; without a host, to this machine alone
      --ca FILE         certificate authorities to trust, in PEM format
      --fingerprint HEX trust exactly the certificate with this SHA-256
      --keep-secrets    do not redact secrets
URL is ws://host:port/kurento, wss://..., or host:port. FILE may be "-" for
standard input with print, info and negotiate.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run gives the exit status: 0, or 1 after one sentence on errors.
func run(ctx context.Context, args []string, out, errs io.Writer) int {
	err := dispatch(ctx, args, out, errs)
	if err == nil {
		return 0
	}
	say(errs, err.Error())
	return 1
}

// say writes one sentence for a person.
func say(errs io.Writer, sentence string) {
	fmt.Fprintln(errs, "kmscope-rec: "+strings.ReplaceAll(sentence, "\n", "; "))
}

func dispatch(ctx context.Context, args []string, out, errs io.Writer) error {
	if len(args) == 0 {
		return errors.New("say what to do: record, info, print, timeline, negotiate, browser, graph, dot or stats (kmscope-rec help tells more)")
	}
	switch args[0] {
	case "record":
		return record(ctx, args[1:], out, errs)
	case "info":
		return info(args[1:], out, errs)
	case "print":
		return printRecords(args[1:], out, errs)
	case "timeline":
		return showTimeline(args[1:], out, errs)
	case "negotiate":
		return negotiate(args[1:], out, errs)
	case "browser":
		return showBrowser(args[1:], out, errs)
	case "graph":
		return drawGraph(args[1:], out, errs)
	case "dot":
		return showDumps(ctx, args[1:], out)
	case "stats":
		return exportStats(args[1:], out, errs)
	case "version", "--version", "-version":
		_, err := fmt.Fprintln(out, toolVersion())
		return err
	case "help", "--help", "-help", "-h":
		return help(out)
	}
	return fmt.Errorf("%q is no command; there are record, info, print, timeline, negotiate, browser, graph, dot and stats (kmscope-rec help tells more)", args[0])
}

func help(out io.Writer) error {
	_, err := io.WriteString(out, usage)
	return err
}

// toolVersion names the program and the version it was built from.
func toolVersion() string {
	version := "devel"
	if b, ok := debug.ReadBuildInfo(); ok && b.Main.Version != "" && b.Main.Version != "(devel)" {
		version = b.Main.Version
	}
	return "kmscope-rec " + version
}

// eachRecord reads a capture to its end. Where it is cut, everything up to
// there is read and the person is told; that is no failure.
func eachRecord(file string, errs io.Writer, f func(capture.Record) error) (err error) {
	name := file
	if file == "-" {
		name = "standard input"
		file, err = spool(os.Stdin)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.Remove(file)) }()
	}
	r, err := capture.Open(file)
	if err != nil {
		if name != file { // the name of the copy means nothing to anybody
			return errors.New(strings.ReplaceAll(err.Error(), file, name))
		}
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	var last capture.Record
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			if last.Inserted() {
				say(errs, name+" ends with a gap: "+printable(last.Note))
			}
			return nil
		}
		if err != nil {
			return err
		}
		last = rec
		if err := f(rec); err != nil {
			return err
		}
	}
}

// spool copies standard input to a file: a capture is opened by its content.
func spool(in io.Reader) (string, error) {
	f, err := os.CreateTemp("", "kmscope-*.kmscap")
	if err != nil {
		return "", fmt.Errorf("no room to read standard input: %w", err)
	}
	_, err = io.Copy(f, in)
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return filepath.Clean(f.Name()), nil
}

// sortedKeys gives the keys of a map in order.
func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
