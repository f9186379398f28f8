package timeline

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"runtime"
	"sync"
	"testing"
	"time"

	"kmscope/capture"
	"kmscope/wire"
)

// manyEvents is a million events as a conference server sends them: endpoints
// that come, gather candidates, connect, flow, falter and go, one event in ten
// a few milliseconds late.
var manyEvents = sync.OnceValue(func() []wire.Fact {
	const n = 1_000_000
	r := rand.New(rand.NewPCG(7, 7))
	out := make([]wire.Fact, 0, n)
	now := base
	pipeline := 0
	var decoder wire.Decoder
	var kept []string // endpoints that live long
	add := func(object, kind, data string) {
		now = now.Add(time.Duration(r.IntN(8)) * time.Millisecond)
		stamp := now
		if r.IntN(10) == 0 {
			stamp = stamp.Add(-time.Duration(r.IntN(20)) * time.Millisecond)
		}
		frame := fmt.Sprintf(`{"jsonrpc":"2.0","method":"onEvent","params":{"value":{"data":{"source":%q,"tags":[],"timestampMillis":"%d","type":%q,%s},"object":%q,"type":%q}}}`,
			object, stamp.UnixMilli(), kind, data, object, kind)
		out = append(out, decoder.Feed(capture.Record{Dir: capture.DirRecv, Conn: "c", Index: int64(len(out)), At: now.Add(time.Duration(300+r.IntN(900)) * time.Microsecond), Frame: json.RawMessage(frame)})...)
	}
	hex := func() string {
		return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", r.Uint32(), r.IntN(1<<16), r.IntN(1<<12), r.IntN(1<<12), r.Int64N(1<<48))
	}
	room := hex() + "_kurento.MediaPipeline"
	for len(out) < n {
		if pipeline++; pipeline%20 == 0 {
			room = hex() + "_kurento.MediaPipeline"
		}
		id := room + "/" + hex() + "_kurento.WebRtcEndpoint"
		kept = append(kept, id)
		add("manager_ServerManager", "ObjectCreated", fmt.Sprintf(`"object":%q`, id))
		for range 8 {
			add(id, "IceCandidateFound", fmt.Sprintf(`"candidate":{"__module__":"kurento","__type__":"IceCandidate","candidate":"candidate:%d 1 UDP 2015363327 10.%d.0.%d %d typ host","sdpMLineIndex":0,"sdpMid":"0"}`,
				r.IntN(9), r.IntN(4), r.IntN(250), 1024+r.IntN(60000)))
		}
		for _, s := range []string{"GATHERING", "CONNECTING", "CONNECTED", "READY"} {
			add(id, "IceComponentStateChanged", fmt.Sprintf(`"streamId":1,"componentId":1,"state":%q`, s))
		}
		add(id, "MediaStateChanged", `"oldState":"DISCONNECTED","newState":"CONNECTED"`)
		if len(kept) > 50 {
			add("manager_ServerManager", "ObjectDestroyed", fmt.Sprintf(`"objectId":%q`, kept[0]))
			kept = kept[1:]
		}
		for range 40 {
			add(kept[r.IntN(len(kept))], []string{"MediaFlowInStateChanged", "MediaFlowOutStateChanged"}[r.IntN(2)],
				fmt.Sprintf(`"mediaType":%q,"padName":"default","state":%q`, []string{"AUDIO", "VIDEO"}[r.IntN(2)], []string{"FLOWING", "NOT_FLOWING"}[r.IntN(2)]))
		}
		if r.IntN(20) == 0 {
			add(id, "Error", `"description":"the remote side went away","errorCode":12,"type":"RESOURCE_ERROR_READ"`)
		}
	}
	return out[:n]
})

func million() *Log {
	l := NewLog(0)
	for _, f := range manyEvents() {
		l.Feed(f)
	}
	return l
}

// BenchmarkLoad feeds a million events: into both is what a session does.
func BenchmarkLoad(b *testing.B) {
	facts := manyEvents()
	b.Run("both", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			l, x := NewLog(0), new(Lanes)
			for _, f := range facts {
				Feed(l, x, f)
			}
			if l.Len() != len(facts) {
				b.Fatal("an event is lost")
			}
		}
	})
	b.Run("log", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if l := million(); l.Len() != len(facts) {
				b.Fatal("an event is lost")
			}
		}
	})
	b.Run("lanes", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var l Lanes
			for _, f := range facts {
				l.Feed(f)
			}
		}
	})
}

// BenchmarkMemory reports what a million events cost, messages included.
func BenchmarkMemory(b *testing.B) {
	facts := manyEvents()
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	for b.Loop() {
		before := heap()
		l := million()
		with := heap()
		b.ReportMetric(float64(with-before)/float64(len(facts)), "B/event")
		b.ReportMetric(float64(l.raws.bytes)/float64(len(facts)), "message-B/event")
		var x Lanes
		for _, f := range facts {
			x.Feed(f)
		}
		b.ReportMetric(float64(heap()-with)/float64(len(facts)), "lanes-B/event")
		runtime.KeepAlive(l)
		runtime.KeepAlive(&x)
	}
}

// BenchmarkFilter searches a million events, each time from nothing.
func BenchmarkFilter(b *testing.B) {
	l := million()
	for _, c := range []struct {
		name string
		f    Filter
	}{
		{"object", Filter{Object: "none"}},
		{"type", Filter{Types: []string{"Error"}}},
		{"severity", Filter{MinSeverity: Error}},
		{"words", Filter{Words: []string{"video", "not"}}},
		{"regexp", Filter{Regexp: regexp.MustCompile(`(?im)ice.*(connected|failed)`)}},
		{"regexp none", Filter{Regexp: regexp.MustCompile(`(?im)zzz|yyy`)}},
		{"regexp without words", Filter{Regexp: regexp.MustCompile(`(?im)\d{3} ms$`)}},
		{"regexp of classes", Filter{Regexp: regexp.MustCompile(`(?im)[0-9]{4}\.[0-9]`)}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				l.Select(c.f)
			}
		})
	}
}

// BenchmarkViewRefresh is a page that follows a full log, 100 events later.
func BenchmarkViewRefresh(b *testing.B) {
	l := million()
	v := l.View(Filter{Words: []string{"not"}})
	v.Refresh()
	i := int64(20_000_000)
	for b.Loop() {
		for range 100 {
			l.Feed(event("MediaFlowInStateChanged", i, i, `{"mediaType":"VIDEO","padName":"default","state":"NOT_FLOWING"}`))
			i++
		}
		v.Refresh()
	}
}

// BenchmarkLate feeds events of which each comes before the last one.
func BenchmarkLate(b *testing.B) {
	l := million()
	i := int64(20_000_000)
	for b.Loop() {
		l.Feed(ice(i, i-(i%11)*300, []string{"CONNECTED", "READY"}[i%2]))
		i++
	}
}

// BenchmarkRaw reads the messages of a million events one after the other, as
// an export does.
func BenchmarkRaw(b *testing.B) {
	l := million()
	seq := uint64(0)
	for b.Loop() {
		seq = seq%1_000_000 + 1
		if len(l.Raw(seq)) == 0 {
			b.Fatal("a message is lost")
		}
	}
}
