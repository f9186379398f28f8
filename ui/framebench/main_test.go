package framebench

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	fyneapp "fyne.io/fyne/v2/app"

	"kmscope/graph"
	"kmscope/graph/viz"
	"kmscope/kmssim/apart"
	"kmscope/session"
	"kmscope/ui/app"
	"kmscope/ui/loop"
	"kmscope/ui/page"
	"kmscope/ui/pages/graphpage"
	"kmscope/ui/surface"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

var inWindow = flag.Bool("window", false, "open the window on this display and measure it; make bench-window says how")

// TestMain is the program's main: the toolkit wants its loop on the main
// goroutine, so the benchmarks run beside it. It is the child of the layout as
// well.
func TestMain(m *testing.M) {
	if graph.IsChild() {
		if err := graph.ServeLayout(os.Stdin, os.Stdout, viz.Plain); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	apart.Serve()
	flag.Parse()
	if !*inWindow {
		os.Exit(m.Run())
	}
	home := os.Getenv(homeVariable)
	var code int
	var err error
	if home == "" {
		code, err = atHome()
	} else {
		code, err = open(m, home)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

const homeVariable = "FRAMEBENCH_HOME"

// atHome runs this program again in a home of its own: with nothing of who runs it,
// and at the display's own pixels. The toolkit watches its files there until the
// process ends.
func atHome() (code int, err error) {
	home, err := os.MkdirTemp("", "framebench")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(home)
	self, err := os.Executable()
	if err != nil {
		return 1, err
	}
	cmd := exec.Command(self, os.Args[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_CACHE_HOME="+home, homeVariable+"="+home, "FYNE_SCALE=1")
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return 1, nil // it said why
	}
	return 0, err
}

// open shows the window while the benchmarks run.
func open(m *testing.M, home string) (code int, err error) {
	ws, err := session.NewWorkspace(session.Options{CacheDir: home, Tool: "framebench", SampleAll: true})
	if err != nil {
		return 1, err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = ws.Close(ctx)
	}()
	placed := &layouter{Layouter: graph.NewLayouter(graph.ChildCommand)}
	defer placed.Close()
	s := &stage{Workspace: view.Of(ws), layouter: placed, news: make(chan struct{}, 1)}
	dark := theme.AlwaysDark
	w := app.New(fyneapp.NewWithID(app.ID+".bench"), app.Options{Workspace: s, Theme: &dark, Version: "bench", Pages: func() []page.Page {
		p := graphpage.New(placed)
		s.surface = surfaceIn(p.Content())
		return []page.Page{p}
	}})
	s.window = w
	w.Window().Resize(fyne.NewSize(1600, 900))
	theStage = s
	ended, forwarded, result := make(chan struct{}), make(chan struct{}), make(chan int, 1)
	go func() {
		defer close(forwarded)
		for {
			select {
			case <-ended:
				return
			case <-s.Workspace.Changed():
				s.kick()
			}
		}
	}()
	go func() {
		result <- m.Run()
		close(ended)
		loop.Do(w.Window().Close)
	}()
	w.Run(nil, false)
	select {
	case <-ended:
	default:
		return 1, fmt.Errorf("the window was closed before the benchmarks were done")
	}
	<-forwarded
	return <-result, nil
}

// theStage is nil where no window was asked for.
var theStage *stage

// onStage skips a benchmark where there is no window.
func onStage(b *testing.B) *stage {
	if theStage == nil {
		b.Skip("there is no window: run make bench-window, or add -window on a display")
	}
	return theStage
}

// stage is the window and its workspace, to which servers without a network can be
// added.
type stage struct {
	view.Workspace
	window   *app.Window
	surface  *surface.Surface
	layouter *layouter
	news     chan struct{}
	extra    atomic.Pointer[[]view.Session]
}

// Sessions implements view.Workspace.
func (s *stage) Sessions() []view.Session {
	all := s.Workspace.Sessions()
	if x := s.extra.Load(); x != nil {
		all = append(slices.Clone(all), *x...)
	}
	return all
}

// Changed implements view.Workspace.
func (s *stage) Changed() <-chan struct{} { return s.news }

func (s *stage) kick() {
	select {
	case s.news <- struct{}{}:
	default:
	}
}

// show looks at a server, and waits until its graph was placed and painted.
func (s *stage) show(b *testing.B, x view.Session) {
	b.Helper()
	before := s.layouter.done.Load()
	fyne.DoAndWait(func() { s.window.State().Select(view.Selection{Session: x}) })
	s.kick()
	deadline := time.Now().Add(30 * time.Second)
	for s.layouter.done.Load() == before {
		if time.Now().After(deadline) {
			b.Fatal("the graph was never placed")
		}
		s.frames(1, nil)
	}
	s.frames(30, nil)
}

// frames waits for n turns of the toolkit's loop, in each of which it calls each on
// the interface goroutine and then paints what is to be painted. It gives how long
// each took, whatever it was that took the time.
func (s *stage) frames(n int, each func()) []time.Duration {
	took := make([]time.Duration, 0, n)
	done := make(chan struct{})
	loop.Do(func() {
		var last time.Time
		var a *fyne.Animation
		a = &fyne.Animation{Duration: time.Hour, RepeatCount: fyne.AnimationRepeatForever, Curve: fyne.AnimationLinear, Tick: func(float32) {
			loop.Stay(time.Second)
			now := time.Now()
			if len(took) == n {
				return
			}
			if !last.IsZero() {
				if took = append(took, now.Sub(last)); len(took) == n {
					a.Stop()
					close(done)
					return
				}
			}
			last = now
			if each != nil {
				each()
			}
		}}
		a.Start()
	})
	<-done
	return took
}

// layouter counts what was placed.
type layouter struct {
	*graph.Layouter
	done atomic.Int64
}

// Layout implements graphpage.Layouter.
func (l *layouter) Layout(ctx context.Context, g *graph.Graph) (*graph.Graph, error) {
	out, err := l.Layouter.Layout(ctx, g)
	l.done.Add(1)
	return out, err
}

// surfaceIn finds the painted surface of a page.
func surfaceIn(o fyne.CanvasObject) *surface.Surface {
	switch o := o.(type) {
	case *surface.Surface:
		return o
	case *fyne.Container:
		for _, x := range o.Objects {
			if s := surfaceIn(x); s != nil {
				return s
			}
		}
	}
	return nil
}

// report gives the median, the 95th percentile and the worst of some times.
func report(b *testing.B, took []time.Duration) {
	if len(took) == 0 {
		return
	}
	slices.Sort(took)
	b.ReportMetric(ms(took[len(took)/2]), "median-ms")
	b.ReportMetric(ms(took[len(took)*95/100]), "p95-ms")
	b.ReportMetric(ms(took[len(took)-1]), "worst-ms")
	b.ReportMetric(0, "ns/op") // not a thing that is done n times
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
