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
	"kmscope/kmsconn/jsonrpc"
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

// BenchmarkSecond takes what a second brings from a server with 100 endpoints that
// have media: the two statistics of each, in one transaction, from the frames to the
// capture and the model. 1 % of a core is 10 ms.
func BenchmarkSecond(b *testing.B) {
	w, err := NewWorkspace(Options{CaptureFile: filepath.Join(b.TempDir(), "second.kmscap")})
	if err != nil {
		b.Fatal(err)
	}
	const (
		url, conn = "ws://127.0.0.1:8888/kurento", "1/stats/read"
		ours      = "kmscope-read-4bf7906a55064cf0793464b27975a936"
	)
	models, start := newModels(url), time.UnixMilli(1_750_000_000_000)
	pipeline := "a7520d3e-33f8-46ac-b3c2-3c17605f705c_kurento.MediaPipeline"
	second := 0
	frame := func(dir jsonrpc.Dir, text []byte) {
		w.record(models, arrival{Frame: jsonrpc.Frame{At: start.Add(time.Duration(second) * time.Second), Conn: conn, Dir: dir, URL: url, Data: text, JSON: true}})
	}
	frame(jsonrpc.Open, nil)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		second++
		ask := fmt.Appendf(nil, `{"id":%d,"method":"transaction","params":{"operations":[`, second)
		answer := fmt.Appendf(nil, `{"id":%d,"jsonrpc":"2.0","result":{"sessionId":%q,"value":[`, second, ours)
		for n := range 200 {
			id := fmt.Sprintf("%s/%08d-97d5-433c-80b0-3487493f0e1d_kurento.WebRtcEndpoint", pipeline, n/2)
			medium := []string{"AUDIO", "VIDEO"}[n%2]
			if n > 0 {
				ask, answer = append(ask, ','), append(answer, ',')
			}
			ask = fmt.Appendf(ask, `{"id":%d,"jsonrpc":"2.0","method":"invoke","params":{"object":%q,"operation":"getStats","operationParams":{"mediaType":%q}}}`, n, id, medium)
			stamp := start.UnixMilli() + 1000*int64(second)
			answer = fmt.Appendf(answer, `{"id":%d,"jsonrpc":"2.0","result":{"sessionId":%q,"value":{"%08d-4912-427c-963e-d18feddfb19a":{"__module__":"kurento","__type__":"RTCOutboundRTPStreamStats",`+
				`"associateStatsId":"","bytesSent":%d,"codecId":"","firCount":0,"fractionLost":0,"id":"%08d-4912-427c-963e-d18feddfb19a","isRemote":false,"mediaTrackId":"","nackCount":0,"packetsLost":0,`+
				`"packetsSent":%d,"pliCount":0,"remb":1500000,"roundTripTime":0.0832061767578125,"sliCount":0,"ssrc":"%d","targetBitrate":0,"timestampMillis":%d,"transportId":"","type":"outboundrtp"},`+
				`%q:{"E2ELatency":[{"__module__":"kurento","__type__":"MediaLatencyStat","avg":%d,"name":"sink_audio_default","type":%q}],"__module__":"kurento","__type__":"EndpointStats","id":%q,`+
				`"inputLatency":[{"__module__":"kurento","__type__":"MediaLatencyStat","avg":344929,"name":"sink_audio_default","type":%q}],"timestampMillis":%d,"type":"endpoint"}}}}`,
				n, ours, n, 187_000*second+n, n, 120*second+n, 2_566_000_000+n, stamp, id, 403_757+second%97, medium, id, medium, stamp)
		}
		ask = fmt.Appendf(ask, `],"sessionId":%q},"jsonrpc":"2.0"}`, ours)
		answer = append(answer, `]}}`...)
		b.StartTimer()
		frame(jsonrpc.Send, ask)
		frame(jsonrpc.Recv, answer)
	}
	if got := models.Servers()[0].Stats().Samples(); got != 200*second || models.Undecoded > 0 {
		b.Fatalf("%d samples of %d, %d undecoded", got, 200*second, models.Undecoded)
	}
	if err := w.Close(context.Background()); err != nil {
		b.Fatal(err)
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
