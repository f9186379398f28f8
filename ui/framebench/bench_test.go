package framebench

import (
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"maps"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"kmscope/inventory"
	"kmscope/kmssim"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
	"kmscope/ui/view"
	"kmscope/ui/view/viewtest"
	"kmscope/wire"
)

// server is a server without a network. One goroutine feeds it.
type server struct {
	*viewtest.Server
	reducer  *inventory.Reducer
	snap     atomic.Pointer[inventory.Snapshot]
	elements []string
	at       time.Time
	record   int64
}

// Snapshot implements view.Session.
func (s *server) Snapshot() *inventory.Snapshot { return s.snap.Load() }

func (s *server) event(object, kind, format string, args ...any) {
	s.at = s.at.Add(time.Millisecond)
	s.record++
	s.reducer.Apply(wire.Fact{Kind: wire.KindEvent, Record: s.record, At: s.at, Stamp: s.at, Conn: "1", Object: object, Type: kind,
		Data: json.RawMessage(fmt.Sprintf(format, args...))})
}

func (s *server) flow(id, state string) {
	s.event(id, "MediaFlowInStateChanged", `{"state":%q,"padName":"default","mediaType":"VIDEO"}`, state)
}

func (s *server) publish() { s.snap.Store(s.reducer.Snapshot()) }

// busy makes a server of n elements in ten pipelines, in each of which presenters
// have viewers, and are joined: as many connections as elements.
func busy(n int) *server {
	name := fmt.Sprintf("busy-%d", n)
	s := &server{Server: viewtest.NewServer(name), reducer: inventory.NewReducer("ws://" + name), at: viewtest.Start}
	pipe, room := "", ""
	for i := range n {
		if i%(n/10) == 0 {
			pipe = fmt.Sprintf("%08x-0000-4000-8000-000000000000_kurento.MediaPipeline", i)
			s.event(inventory.ManagerID, "ObjectCreated", `{"object":%q}`, pipe)
		}
		id := fmt.Sprintf("%s/%08x-0000-4000-8000-000000000001_kurento.WebRtcEndpoint", pipe, i)
		s.event(inventory.ManagerID, "ObjectCreated", `{"object":%q}`, id)
		from := room
		switch {
		case i%(n/10) == 0:
			from = ""
		case i%10 == 0:
			from = s.elements[i-10]
		}
		if i%10 == 0 {
			room = id
		}
		if from != "" {
			s.event(from, "ElementConnected", `{"source":%q,"sink":%q,"mediaType":"VIDEO","sourceMediaDescription":"default","sinkMediaDescription":"default"}`, from, id)
		}
		s.event(id, "IceComponentStateChanged", `{"streamId":1,"componentId":1,"state":"READY"}`)
		s.flow(id, "FLOWING")
		s.elements = append(s.elements, id)
	}
	s.publish()
	return s
}

// restless changes the state of a tenth of a server's elements, twice a second, until
// ctx ends.
func (s *server) restless(ctx context.Context, news func()) {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for turn := 0; ; turn++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		state := []string{"NOT_FLOWING", "FLOWING"}[turn%2]
		for i := turn / 2 % 10; i < len(s.elements); i += 10 {
			s.flow(s.elements[i], state)
		}
		s.publish()
		news()
	}
}

// BenchmarkPan is the time from one frame of the window to the next while the graph is
// dragged, and a tenth of its elements change their state twice a second: everything
// is in it, the toolkit's own drawing of the rest of the window as well. The toolkit
// paints 60 times a second at most: 16.7 ms is the least. One "op" is one frame.
func BenchmarkPan(b *testing.B) {
	s := onStage(b)
	for _, n := range []int{500, 2000} {
		x := busy(n)
		s.extra.Store(&[]view.Session{x})
		s.show(b, x)
		ctx, stop := context.WithCancel(b.Context())
		var over sync.WaitGroup
		over.Go(func() { x.restless(ctx, s.kick) })
		for _, zoom := range []struct{ word, keys string }{{"original size", "1"}, {"40 percent", "1----"}, {"all in view", "0"}} {
			b.Run(fmt.Sprintf("%d/%s", n, zoom.word), func(b *testing.B) {
				painted := 0
				fyne.DoAndWait(func() {
					for _, r := range zoom.keys {
						s.surface.TypedRune(r)
					}
					s.surface.OnPainted = func(*image.RGBA) { painted++ }
				})
				defer fyne.DoAndWait(func() { s.surface.OnPainted = nil })
				turn := 0
				drag := func() {
					dx := float32(6)
					if turn++; turn/50%2 == 1 {
						dx = -6
					}
					s.surface.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(400, 300)}, Dragged: fyne.NewDelta(dx, dx/3)})
				}
				s.frames(20, drag)
				fyne.DoAndWait(func() { painted = 0 })
				busy := cpu()
				took := s.frames(b.N, drag)
				busy = cpu() - busy
				fyne.DoAndWait(s.surface.DragEnd)
				if painted < b.N*9/10 {
					b.Fatalf("%d of %d frames were painted", painted, b.N)
				}
				report(b, took)
				b.ReportMetric(ms(busy)/float64(b.N), "cpu-ms/frame")
			})
		}
		stop()
		over.Wait()
	}
	s.extra.Store(nil)
}

// BenchmarkEventToFrame is the time from a change on a simulated server to the end of
// the first frame of the window that shows it, over a real socket, at random moments:
// "connection" is a connection that comes or goes, "element" an element that does: both
// have the graph placed. The others are states, which do not: an event of that name
// says one word and then another. What is seen is the colour of pixels. One "op" is
// one change.
func BenchmarkEventToFrame(b *testing.B) {
	s := onStage(b)
	sim := kmssim.New(kmssim.Options{Seed: 1, Faults: kmssim.Faults{ReorderEvents: -1}})
	defer sim.Close()
	url, err := sim.Start("127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	a := sim.NewApp()
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	create := func(typ string, args map[string]any) string {
		id, err := a.Create(typ, args)
		must(err)
		return id
	}
	pipe := create("MediaPipeline", nil)
	var ends []string
	for i := range 10 {
		typ := "PassThrough"
		if i == 0 {
			typ = "WebRtcEndpoint"
		}
		ends = append(ends, create(typ, map[string]any{"mediaPipeline": pipe}))
		if i > 0 {
			must(a.Connect(ends[(i-1)/3], ends[i]))
		}
	}
	x, err := s.Attach(b.Context(), view.Target{URL: url})
	must(err)
	defer func() { must(s.Remove(context.Background(), x)) }()
	s.show(b, x)
	palette := surface.CurrentLook()
	more := ""
	state := func(event string, on, off map[string]any) func(bool) {
		return func(now bool) {
			data := off
			if now {
				data = on
			}
			a.Raise(ends[0], event, maps.Clone(data))
		}
	}
	ice := func(word string) map[string]any {
		return map[string]any{"streamId": 1, "componentId": 1, "state": word}
	}
	flow := func(word string) map[string]any {
		return map[string]any{"mediaType": "VIDEO", "padName": "default", "state": word}
	}
	media := func(was, is string) map[string]any { return map[string]any{"oldState": was, "newState": is} }
	for _, c := range []struct {
		name   string
		hue    color.NRGBA
		change func(on bool)
	}{
		{"connection", palette.Stopped(), func(on bool) {
			if on {
				_, err := a.Invoke(ends[2], "disconnect", map[string]any{"sink": ends[9]})
				must(err)
				return
			}
			must(a.Connect(ends[2], ends[9]))
		}},
		{"element", palette.Raised, func(on bool) {
			if on {
				more = create("PassThrough", map[string]any{"mediaPipeline": pipe})
				return
			}
			must(a.Release(more))
		}},
		{"IceComponentStateChanged", palette.Error, state("IceComponentStateChanged", ice("FAILED"), ice("READY"))},
		{"MediaFlowInStateChanged", palette.Error, state("MediaFlowInStateChanged", flow("NOT_FLOWING"), flow("FLOWING"))},
		{"MediaStateChanged", palette.Warning, state("MediaStateChanged", media("CONNECTED", "DISCONNECTED"), media("DISCONNECTED", "CONNECTED"))},
	} {
		on := false // a benchmark is run more than once
		fyne.DoAndWait(func() {
			if strings.HasSuffix(c.name, "Changed") { // so near that letters have pixels of their colour alone
				s.window.State().Select(view.Selection{Session: x, Object: ends[0]})
				for _, r := range "1+++" {
					s.surface.TypedRune(r)
				}
				s.window.State().Select(view.Selection{Session: x})
			}
		})
		b.Run(c.name, func(b *testing.B) {
			s.seen(b, c.hue, func() {
				on = !on
				c.change(on)
			})
		})
		if on {
			c.change(false)
		}
	}
}

// BenchmarkStateToFrame is the same on servers with many elements, from where their
// snapshot is published: one element stops to flow, or flows again.
func BenchmarkStateToFrame(b *testing.B) {
	s := onStage(b)
	for _, n := range []int{500, 2000} {
		x := busy(n)
		s.extra.Store(&[]view.Session{x})
		s.show(b, x)
		fyne.DoAndWait(func() {
			s.window.State().Select(view.Selection{Session: x, Object: x.elements[n/2]})
			s.surface.TypedRune('1')
		})
		l, on := surface.CurrentLook(), false
		around := paint.Mix(l.Line, l.Error, 0.6) // the line around what is in trouble
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s.seen(b, around, func() {
				on = !on
				word := "FLOWING"
				if on {
					word = "NOT_FLOWING"
				}
				x.flow(x.elements[n/2+5], word) // beside what is selected
				x.publish()
				s.kick()
			})
		})
	}
	s.extra.Store(nil)
}

// seen measures how long b.N changes take to be seen, at moments of no meaning, by a
// colour of which there is more or less then.
func (s *stage) seen(b *testing.B, hue color.NRGBA, change func()) {
	w := &watcher{hue: hue}
	fyne.DoAndWait(func() {
		s.surface.MouseOut() // on a bare display the pointer stands in the middle, and its tip over what changes
		s.surface.OnPainted = w.painted
		s.surface.Repaint()
	})
	defer fyne.DoAndWait(func() { s.surface.OnPainted = nil })
	r := rand.New(rand.NewPCG(1, 1))
	var took []time.Duration
	for range b.N {
		s.frames(30+r.IntN(12), nil) // all is quiet again
		time.Sleep(time.Duration(r.IntN(17)) * time.Millisecond)
		fyne.DoAndWait(w.begin)
		begun := time.Now()
		change()
		for !w.seen.Load() {
			if time.Since(begun) > 5*time.Second {
				b.Fatal("the change was never seen")
			}
			s.frames(1, nil)
		}
		took = append(took, time.Since(begun))
	}
	report(b, took)
}

// watcher waits for pixels of a colour to come or go. Its fields but seen are the
// interface goroutine's.
type watcher struct {
	hue           color.NRGBA
	count, before int
	seen          atomic.Bool
}

// enough pixels are no flicker of a letter.
const enough = 4

func (w *watcher) begin() {
	w.before = w.count
	w.seen.Store(false)
}

func (w *watcher) painted(img *image.RGBA) {
	n := 0
	for i := 0; i+3 < len(img.Pix); i += 4 {
		if img.Pix[i] == w.hue.R && img.Pix[i+1] == w.hue.G && img.Pix[i+2] == w.hue.B {
			n++
		}
	}
	w.count = n
	if n > w.before+enough || n < w.before-enough {
		w.seen.Store(true)
	}
}
