// Command kmscope is a window on Kurento Media Servers: it shows what is in
// them, what flows and what does not, without changing them.
//
//	kmscope [--demo] [--theme dark|light|system] [--metrics ADDRESS] [--keep-secrets] [--version] [URL | file]...
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"fyne.io/fyne/v2/app"

	"kmscope/graph"
	"kmscope/graph/viz"
	"kmscope/kmssim"
	"kmscope/metrics"
	"kmscope/report"
	"kmscope/session"
	uiapp "kmscope/ui/app"
	"kmscope/ui/page"
	"kmscope/ui/pages/chartpage"
	"kmscope/ui/pages/graphpage"
	"kmscope/ui/pages/gstreamerpage"
	"kmscope/ui/pages/importpage"
	"kmscope/ui/pages/negotiationpage"
	"kmscope/ui/pages/timelinepage"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// version is set by the build (-ldflags "-X main.version=...").
var version = "0.1.0"

// demoScenario is what --demo shows.
const demoScenario = "conference"

func main() {
	if graph.IsChild() {
		if err := graph.ServeLayout(os.Stdin, os.Stdout, viz.Plain); err != nil {
			fmt.Fprintln(os.Stderr, "kmscope: layout:", err)
			os.Exit(1)
		}
		return
	}
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "kmscope:", err)
		os.Exit(1)
	}
}

type options struct {
	demo  bool
	theme *theme.Mode
	names []string
	// metrics is where current figures are given to Prometheus; "" is nowhere.
	metrics string
	// keepSecrets leaves secrets in captures as they are.
	keepSecrets bool
}

// errDone tells that the flags asked for nothing but a text.
var errDone = errors.New("nothing more to do")

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("kmscope", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // what is wrong is said once, by main
	flags.Usage = func() {}
	flags.BoolVar(&o.demo, "demo", false, "start a simulated server and attach to it")
	look := flags.String("theme", "", "dark, light or system, for this run")
	flags.StringVar(&o.metrics, "metrics", "", "give current figures to Prometheus at this `address`, for example 127.0.0.1:9464")
	flags.BoolVar(&o.keepSecrets, "keep-secrets", false, "leave secrets in the capture as they are")
	showVersion := flags.Bool("version", false, "print the version and exit")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Println("usage: kmscope [--demo] [--theme dark|light|system] [--metrics ADDRESS] [--keep-secrets] [--version] [URL | file]...")
			flags.SetOutput(os.Stdout)
			flags.PrintDefaults()
			return o, errDone
		}
		return o, fmt.Errorf("%w (kmscope --help tells what there is)", err)
	}
	if *showVersion {
		fmt.Println("kmscope", version, runtime.GOOS+"/"+runtime.GOARCH)
		return o, errDone
	}
	if *look != "" {
		m, err := theme.ParseMode(*look)
		if err != nil {
			return o, err
		}
		o.theme = &m
	}
	o.names = flags.Args()
	return o, nil
}

func run(args []string) error {
	o, err := parse(args)
	if err != nil {
		if errors.Is(err, errDone) {
			return nil
		}
		return err
	}
	ws, err := session.NewWorkspace(session.Options{Tool: "kmscope " + version, KeepSecrets: o.keepSecrets, Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err != nil {
		return err
	}
	if o.metrics != "" {
		end, err := metrics.Listen(o.metrics, metrics.Options{Servers: metrics.Watched(ws), Version: version})
		if err != nil {
			return errors.Join(err, closeWorkspace(ws))
		}
		defer end.Close()
	}
	if !hasDisplay() {
		return withoutDisplay(ws, o)
	}
	crashFile()
	d := &demo{}
	defer d.close()
	layouter := graph.NewLayouter(graph.ChildCommand)
	defer layouter.Close()
	// A second one, for dumps of a thousand elements must not hold up the graph.
	dumps := graph.NewLayouter(graph.ChildCommand)
	defer dumps.Close()
	w := uiapp.New(app.NewWithID(uiapp.ID), uiapp.Options{
		Workspace: view.Of(ws),
		Pages: func() []page.Page {
			return []page.Page{graphpage.New(layouter), chartpage.New(), timelinepage.New(), negotiationpage.New(dumps), gstreamerpage.New(dumps), importpage.New()}
		},
		Theme:   o.theme,
		Version: version,
		Demo:    d.start,
	})
	// A signal ends the toolkit's loop: Run then leaves the servers as they would
	// be without us, as it does when a person closes the window.
	w.Run(o.names, o.demo)
	return nil
}

// hasDisplay reports whether a window can be shown at all.
func hasDisplay() bool {
	switch runtime.GOOS {
	case "windows", "darwin":
		return true
	}
	return os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != ""
}

// headlessFor is how long is captured where no window can be shown.
const headlessFor = 10 * time.Second

// withoutDisplay makes a capture of what was named, or of the demo, with a
// report on it, and says where they are.
func withoutDisplay(ws *session.Workspace, o options) error {
	var targets []string
	for _, n := range o.names {
		if uiapp.IsAddress(n) {
			targets = append(targets, n)
		}
	}
	d := &demo{}
	defer d.close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	switch {
	case o.demo:
		t, err := d.start(ctx)
		if err != nil {
			return err
		}
		targets = append(targets, t.URL)
	case len(targets) == 0:
		return errors.New("there is no display to open a window on: set DISPLAY, or use kmscope-rec on servers, or try kmscope --demo")
	}
	fmt.Printf("There is no display: capturing for %v instead of opening a window.\n", headlessFor)
	for _, t := range targets {
		if _, err := ws.Attach(ctx, session.Target{URL: t}); err != nil {
			return errors.Join(err, closeWorkspace(ws))
		}
	}
	stop, release := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer release()
	select {
	case <-stop.Done():
	case <-time.After(headlessFor):
	}
	base := "kmscope-" + time.Now().Format("20060102-150405")
	if abs, err := filepath.Abs(base); err == nil {
		base = abs
	}
	captured, reported := base+".kmscap", base+".md"
	if err := ws.Record(captured); err != nil {
		return errors.Join(err, closeWorkspace(ws))
	}
	var sources []view.ReportSource
	for _, s := range view.Of(ws).Sessions() {
		snap := s.Snapshot()
		c := snap.Counts
		fmt.Printf("%s: %s, %s, %s\n", s.Name(), view.Plural(c.Pipelines, "pipeline"), view.Plural(c.Elements, "element"), view.Plural(c.Connections, "connection"))
		sources = append(sources, view.ReportSource{Session: s, Snapshot: snap})
	}
	doc := view.Report(ctx, "kmscope "+version, captured, sources)
	if err := errors.Join(writeReport(reported, doc), closeWorkspace(ws)); err != nil {
		return err
	}
	fmt.Println("The capture is in", captured)
	fmt.Println("The report is in", reported)
	return nil
}

func writeReport(path string, doc *report.Document) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(doc.WriteMarkdown(f), f.Close())
}

func closeWorkspace(ws *session.Workspace) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return ws.Close(ctx)
}

// demo is the simulated server of this process.
type demo struct {
	mu     sync.Mutex
	server *kmssim.Server
	url    string
	cancel context.CancelFunc
	played chan struct{}
}

// start starts it, or gives the one that runs.
func (d *demo) start(context.Context) (view.Target, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.server != nil {
		return view.Target{URL: d.url, Demo: true}, nil
	}
	sc, err := kmssim.FindScenario(demoScenario)
	if err != nil {
		return view.Target{}, err
	}
	// A port of its own choice: the usual one may be taken by a real server.
	s := kmssim.New(kmssim.Options{})
	url, err := s.Start(net.JoinHostPort("127.0.0.1", "0"))
	if err != nil {
		s.Close()
		return view.Target{}, fmt.Errorf("the demo server cannot listen on this computer: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	d.server, d.url, d.cancel, d.played = s, url, cancel, make(chan struct{})
	go func() {
		defer close(d.played)
		if err := s.Play(ctx, sc); err != nil {
			slog.Warn("the demo stopped", "error", err)
		}
	}()
	return view.Target{URL: url, Demo: true}, nil
}

func (d *demo) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.server == nil {
		return
	}
	d.cancel()
	<-d.played
	d.server.Close()
}

// crashFile has the stack of a crash written to a file beside the captures.
func crashFile() {
	base, err := os.UserCacheDir()
	if err != nil {
		return
	}
	dir := filepath.Join(base, "kmscope")
	if os.MkdirAll(dir, 0o700) != nil {
		return
	}
	f, err := os.OpenFile(filepath.Join(dir, "crash.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return
	}
	defer f.Close()
	if err := debug.SetCrashOutput(f, debug.CrashOptions{}); err != nil {
		slog.Warn("a crash would not be written to a file", "error", err)
	}
}
