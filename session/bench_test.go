package session

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"kmscope/capture"
)

// BenchmarkOpenLarge opens a recording of 5 MB: 20 pipelines of 10 elements,
// read, reduced and published.
func BenchmarkOpenLarge(b *testing.B) {
	for b.Loop() {
		r := benchOpen(b, "../testdata/recordings/08-large.jsonl.zst")
		if n := r.Sessions()[0].Snapshot().Seen["MediaPipeline"]; n != 20 {
			b.Fatalf("%d pipelines", n)
		}
		benchClose(b, r)
	}
}

// BenchmarkOpenMillion opens a capture of a million events, as a person opens it:
// from the file to the published state.
func BenchmarkOpenMillion(b *testing.B) {
	const n = 1_000_000
	path := filepath.Join(b.TempDir(), "million.kmscap")
	writeEvents(b, path, n)
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	heap := func() float64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc)
	}
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		before := heap()
		b.StartTimer()
		r := benchOpen(b, path)
		b.StopTimer()
		if got := r.Sessions()[0].Timeline().Len(); got < n {
			b.Fatalf("%d entries", got)
		}
		b.ReportMetric((heap()-before)/n, "heap-B/event")
		b.ReportMetric(float64(info.Size())/n, "file-B/event")
		benchClose(b, r)
		b.StartTimer()
	}
}

func benchOpen(b *testing.B, path string) *Replay {
	b.Helper()
	w, err := NewWorkspace(Options{NoCapture: true})
	if err != nil {
		b.Fatal(err)
	}
	r, err := w.Open(context.Background(), path)
	if err != nil {
		b.Fatal(err)
	}
	return r
}

func benchClose(b *testing.B, r *Replay) {
	b.Helper()
	if err := r.ws.Close(context.Background()); err != nil {
		b.Fatal(err)
	}
}

// writeEvents writes a capture of n events as a conference server sends them:
// endpoints that come, gather candidates, connect, flow, falter and go, one event
// in ten a few milliseconds late.
func writeEvents(tb testing.TB, path string, n int) {
	tb.Helper()
	start := time.UnixMilli(1_750_000_000_000)
	w, err := capture.Create(path, capture.Header{Created: start}, capture.WriterOptions{QueueBytes: 2 << 30})
	if err != nil {
		tb.Fatal(err)
	}
	rec := capture.Record{Dir: capture.DirOpen, Conn: "w1", Server: "ws://127.0.0.1:8888/kurento", WallMs: start.UnixMilli()}
	capture.Stamp(&rec, start, start)
	w.Append(rec)
	random := rand.New(rand.NewPCG(7, 7))
	now, left, room := start, n, 0
	var live []string
	hex := func() string {
		return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", random.Uint32(), random.IntN(1<<16), random.IntN(1<<12), random.IntN(1<<12), random.Int64N(1<<48))
	}
	pipeline := ""
	add := func(source, object, kind, data string) {
		if left--; left < 0 {
			return
		}
		now = now.Add(time.Duration(random.IntN(8000)) * time.Microsecond)
		stamp := now.UnixMilli()
		if random.IntN(10) == 0 {
			stamp -= random.Int64N(20)
		}
		rec := capture.Record{Dir: capture.DirRecv, Conn: "w1", Frame: json.RawMessage(fmt.Sprintf(
			`{"jsonrpc":"2.0","method":"onEvent","params":{"value":{"data":{%s,"source":"%s","tags":[],"timestamp":"%d","timestampMillis":"%d","type":"%s"},"object":"%s","type":"%s"}}}`,
			data, source, stamp/1000, stamp, kind, object, kind))}
		capture.Stamp(&rec, now.Add(time.Duration(300+random.IntN(900))*time.Microsecond), start)
		w.Append(rec)
	}
	for left > 0 {
		if room++; room%20 == 1 {
			pipeline = hex() + "_kurento.MediaPipeline"
			add("manager_ServerManager", "manager_ServerManager", "ObjectCreated", fmt.Sprintf(`"object":%q`, pipeline))
		}
		id := pipeline + "/" + hex() + "_kurento.WebRtcEndpoint"
		live = append(live, id)
		add("manager_ServerManager", "manager_ServerManager", "ObjectCreated", fmt.Sprintf(`"object":%q`, id))
		for range 8 {
			add(id, id, "IceCandidateFound", fmt.Sprintf(`"candidate":{"__module__":"kurento","__type__":"IceCandidate","candidate":"candidate:%d 1 UDP 2015363327 10.%d.0.%d %d typ host","sdpMLineIndex":0,"sdpMid":"0"}`,
				random.IntN(9), random.IntN(4), random.IntN(250), 1024+random.IntN(60000)))
		}
		for _, s := range []string{"GATHERING", "CONNECTING", "CONNECTED", "READY"} {
			add(id, id, "IceComponentStateChanged", fmt.Sprintf(`"componentId":1,"state":%q,"streamId":1`, s))
		}
		add(id, id, "MediaStateChanged", `"newState":"CONNECTED","oldState":"DISCONNECTED"`)
		if len(live) > 50 {
			add("manager_ServerManager", "manager_ServerManager", "ObjectDestroyed", fmt.Sprintf(`"objectId":%q`, live[0]))
			live = live[1:]
		}
		for range 40 {
			from := live[random.IntN(len(live))]
			add(from, from, []string{"MediaFlowInStateChanged", "MediaFlowOutStateChanged"}[random.IntN(2)],
				fmt.Sprintf(`"mediaType":%q,"padName":"default","state":%q`, []string{"AUDIO", "VIDEO"}[random.IntN(2)], []string{"FLOWING", "NOT_FLOWING"}[random.IntN(2)]))
		}
		if random.IntN(20) == 0 {
			add(id, id, "Error", `"description":"the remote side went away","errorCode":12`)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	if d := w.State().Dropped; d > 0 {
		tb.Fatalf("%d records dropped", d)
	}
}
