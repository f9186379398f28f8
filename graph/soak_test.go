package graph

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	"kmscope/inventory"
	"kmscope/kmssim"
	"kmscope/session"
)

// soakFor is how long TestSoak runs: go test ./graph -run TestSoak -soak 30m -timeout 40m -v
var (
	soakFor      = flag.Duration("soak", 0, "how long elements come and go in TestSoak, in real time; 0 is a few seconds at ten times the speed")
	soakProfiles = flag.String("soakprofiles", "", "the folder into which TestSoak writes a profile of the heap with each line it prints")
)

// What a run may cost. An element that came and went stays in the history for
// a while, so memory grows by soakBytesPerElement for each, until the rooms are
// at their bounds and have grown by soakHistoryBytes; from then on by what the
// log of events takes, whose bound of a million entries is hours away. That each
// bound holds is the matter of the rooms' own tests, and of the session's
// TestMemoryIsBounded. In a run of soakSettled and more the last third must take no
// more than the one before, but for the log and soakNoise: by so much the heap goes
// up and down between two times at which a bound drops a part.
const (
	soakBytesPerElement = 48 << 10
	soakHistoryBytes    = 96 << 20
	soakLogPerElement   = 2 << 10
	soakSlackBytes      = 24 << 20
	soakNoise           = 6 << 20
	soakSettled         = 25 * time.Minute
	soakSlackGoroutines = 8
)

// TestSoak watches a server on which five elements come and five go every
// second, as the window does: each published state is built and placed with
// graphviz. At the end the graph must be what the server says when it is asked
// by somebody else, nothing may have grown but the history, and when the session
// is closed, the history goes as well.
func TestSoak(t *testing.T) {
	if *soakProfiles != "" {
		runtime.MemProfileRate = 8 << 10 // the usual half a MiB is more than some rooms hold
	}
	opts, took := kmssim.Options{Seed: 1, Speed: 10}, 3*time.Second
	if *soakFor > 0 {
		opts.Speed, took = 1, *soakFor
	}
	server := kmssim.New(opts)
	defer server.Close()
	url, err := server.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	scenario, err := kmssim.FindScenario("churn")
	if err != nil {
		t.Fatal(err)
	}
	playing, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- scenario.Run(playing, server.NewApp()) }()

	before := weigh()
	w, err := session.NewWorkspace(session.Options{CacheDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	s, err := w.Attach(t.Context(), session.Target{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	l := newLayouter(t, nil)
	var placed *Graph
	scenes, slowest := 0, time.Duration(0)
	step := func() {
		begun := time.Now()
		g, err := l.Layout(t.Context(), living(s))
		if err != nil {
			t.Fatal(err)
		}
		placed = g
		scenes++
		slowest = max(slowest, time.Since(begun))
		for _, f := range g.Frames {
			if f.Note != "" {
				t.Fatalf("after %d scenes: %s", scenes, f.Note)
			}
		}
	}
	over := time.After(took)
	report := time.NewTicker(max(took/30, time.Second))
	defer report.Stop()
	var warm load
	seen := func() int { return s.Snapshot().Seen["WebRtcEndpoint"] }
	warmSeen := 0
	var heaps, seens []int64
	for running := true; running; {
		select {
		case <-over:
			running = false
		case <-report.C:
			now := weigh()
			heaps, seens = append(heaps, int64(now.heap)), append(seens, int64(seen()))
			if *soakProfiles != "" {
				profile(t, filepath.Join(*soakProfiles, fmt.Sprintf("heap-%02d.pb.gz", len(heaps))))
			}
			if warm.goroutines == 0 && scenes > 5 {
				warm, warmSeen = now, seen()
			}
			t.Logf("%d endpoints seen, %d scenes, heap %.1f MiB, resident %.1f MiB, %d goroutines, %d events, layout process %.1f MiB, %d parts and %d frames remembered, slowest scene %v",
				seen(), scenes, mib(now.heap), mib(resident(os.Getpid())), now.goroutines, s.Timeline().Len(), mib(childBytes(l)), len(l.parts), len(l.frames), slowest.Round(time.Millisecond))
			slowest = 0
		case <-w.Changed():
			step()
		}
	}
	stop()
	if err := <-ended; err != nil && playing.Err() == nil {
		t.Fatal(err)
	}

	// No drift.
	deadline := time.After(30 * time.Second)
	var want, got [2][]string
	for {
		want = truth(t, url, server.Objects())
		step()
		if got = shown(placed); gocmp.Equal(want, got) {
			break
		}
		select {
		case <-w.Changed():
		case <-time.After(200 * time.Millisecond):
		case <-deadline:
			t.Fatalf("the graph is not what the server has (-server +graph):\n%s", gocmp.Diff(want, got))
		}
	}
	sound(t, placed)
	if len(got[0]) < 10 || len(got[1]) < 10 {
		t.Errorf("%d objects and %d edges at the end", len(got[0]), len(got[1]))
	}

	// No growth.
	now, count := weigh(), seen()
	grown := int64(now.heap) - int64(warm.heap)
	t.Logf("after %v: %d endpoints seen, %d scenes; heap %.1f MiB before, %.1f warm, %.1f now (%.1f kB per endpoint); goroutines %d, %d, %d",
		took, count, scenes, mib(before.heap), mib(warm.heap), mib(now.heap), float64(grown)/1e3/float64(max(count-warmSeen, 1)), before.goroutines, warm.goroutines, now.goroutines)
	if warm.goroutines == 0 || count < int(took.Seconds()*3) {
		t.Errorf("%d endpoints in %v: too little happened", count, took)
	}
	came := int64(count - warmSeen)
	if grown > soakSlackBytes+min(soakBytesPerElement*came, soakHistoryBytes+soakLogPerElement*came) {
		t.Errorf("the heap grew by %d bytes with %d endpoints", grown, came)
	}
	if n := len(heaps) / 3; took >= soakSettled && n > 0 {
		before, last := mean(heaps[n:2*n]), mean(heaps[2*n:])
		t.Logf("on average %.1f MiB in the second third, %.1f in the last", mib(uint64(before)), mib(uint64(last)))
		if last > before+soakNoise+soakLogPerElement*(mean(seens[2*n:])-mean(seens[n:2*n])) {
			t.Errorf("the heap grows: from %d to %d bytes", before, last)
		}
	}
	if now.goroutines > warm.goroutines+soakSlackGoroutines {
		t.Errorf("%d goroutines, %d when warm", now.goroutines, warm.goroutines)
	}
	if len(l.parts) > maxParts+keepFor || len(l.frames) > maxFrames+keepFor {
		t.Errorf("%d parts and %d frames are remembered", len(l.parts), len(l.frames))
	}
	closing, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := w.Close(closing); err != nil {
		t.Fatal(err)
	}
	s, placed = nil, nil
	server.Close()
	after := weigh()
	t.Logf("closed: heap %.1f MiB, %d goroutines", mib(after.heap), after.goroutines)
	if *soakProfiles != "" {
		profile(t, filepath.Join(*soakProfiles, "heap-closed.pb.gz"))
	}
	if after.heap > before.heap+soakSlackBytes {
		t.Errorf("%d bytes stay when all is closed, %d before", after.heap, before.heap)
	}
}

func living(s *session.Session) *Graph {
	g, _ := BuildAlive(s.Snapshot(), FiguresAt(s.Stats(), time.Time{}))
	return g
}

// load is what the process holds.
type load struct {
	heap       uint64
	goroutines int
}

func weigh() load {
	runtime.GC()
	runtime.GC() // what finalizers let go of
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return load{m.HeapAlloc, runtime.NumGoroutine()}
}

// profile writes what the heap holds, by who asked for it.
func profile(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := pprof.Lookup("heap").WriteTo(f, 0); err != nil {
		t.Fatal(err)
	}
}

func mean(of []int64) int64 {
	var sum int64
	for _, x := range of {
		sum += x
	}
	return sum / int64(max(len(of), 1))
}

func mib(bytes uint64) float64 { return float64(bytes) / (1 << 20) }

// childBytes is the resident memory of the layout process; 0 where the system
// does not tell.
func childBytes(l *Layouter) uint64 {
	if l.child == nil {
		return 0
	}
	return resident(l.child.cmd.Process.Pid)
}

// resident is what a process has in memory; 0 where the system does not tell.
func resident(pid int) uint64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	var size, pages uint64
	if _, err := fmt.Sscan(string(text), &size, &pages); err != nil {
		return 0
	}
	return pages * uint64(os.Getpagesize())
}

// shown gives the ids and the connections of a graph, sorted.
func shown(g *Graph) [2][]string {
	var objects, edges []string
	for _, f := range g.Frames {
		objects = append(objects, f.ID)
	}
	for _, n := range g.Nodes {
		objects = append(objects, n.ID)
	}
	for _, e := range g.Edges {
		if !e.PartOf {
			edges = append(edges, e.From+" "+e.To+" "+string(e.Media))
		}
	}
	slices.Sort(objects)
	slices.Sort(edges)
	return [2][]string{objects, edges}
}

// truth asks the server itself what is connected, over a connection of its own
// and with no code of the program.
func truth(t *testing.T, url string, objects []string) [2][]string {
	t.Helper()
	conn, _, err := websocket.DefaultDialer.DialContext(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	slices.SortFunc(objects, cmp.Compare)
	var edges []string
	for i, id := range objects {
		if !strings.Contains(id, "/") {
			continue
		}
		if err := conn.WriteJSON(map[string]any{"jsonrpc": "2.0", "id": i, "method": "invoke", "params": map[string]any{"object": id, "operation": "getSinkConnections"}}); err != nil {
			t.Fatal(err)
		}
		for answered := false; !answered; {
			var reply struct {
				ID     *int
				Result struct {
					Value []struct{ Source, Sink, Type string }
				}
				Error *struct{ Message string }
			}
			_, text, err := conn.ReadMessage()
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(text, &reply); err != nil {
				t.Fatalf("%v: %s", err, text)
			}
			if answered = reply.ID != nil && *reply.ID == i; !answered {
				continue
			}
			if reply.Error != nil {
				t.Fatalf("%s: %s", id, reply.Error.Message)
			}
			for _, c := range reply.Result.Value {
				edges = append(edges, c.Source+" "+c.Sink+" "+string(inventory.Media(c.Type)))
			}
		}
	}
	slices.Sort(edges)
	return [2][]string{objects, edges}
}
