package stats

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"
	"time"

	"kmscope/wire"
)

func FuzzStats(f *testing.F) {
	f.Add([]byte(`{"a":{"type":"inboundrtp","ssrc":"1","timestampMillis":1795247813065,"bytesReceived":289,"packetsReceived":2,"jitter":0.1}}`), "VIDEO", int64(1000))
	f.Add([]byte(`{"a":{"type":"outboundrtp","ssrc":1,"timestampMillis":"1795247813065","bytesSent":nan,"packetsSent":-nan,"roundTripTime":inf}}`), "", int64(0))
	f.Add([]byte(`{"e":{"type":"endpoint","E2ELatency":[{"avg":1,"name":"x","type":"AUDIO"}],"inputLatency":7,"timestamp":1795247813}}`), "AUDIO", int64(-5))
	f.Add([]byte(`{"d":{"type":"datachannel","label":"\ud800","bytesSent":"1e309"}}`), "DATA", int64(1))
	f.Add([]byte(`null`), "", int64(0))
	f.Fuzz(func(t *testing.T, raw []byte, media string, step int64) {
		s := NewStoreWithin(Limits{PointsPerSeries: 8, Series: 16, Points: 64})
		params, _ := json.Marshal(map[string]string{"mediaType": media})
		for i := range int64(3) {
			s.Feed(wire.Fact{Kind: wire.KindCall, Method: "invoke", Operation: "getStats", Object: element,
				At: base.Add(time.Duration(i*(step%1e12)) * time.Millisecond), Params: params, Result: raw})
		}
		if s.Samples() != 3 || len(s.all) > 16 || s.points > 64 {
			t.Fatal("a bound does not hold")
		}
		for _, x := range s.Series(Query{MaxPoints: 2}) {
			for _, p := range x.Points {
				if math.IsNaN(p.V) || math.IsInf(p.V, 0) {
					t.Fatal(x.Key, p.V)
				}
				_ = Format(p.V, x.Unit)
			}
		}
	})
}

// BenchmarkFeed takes replies of five entries, as a WebRtcEndpoint gives them.
func BenchmarkFeed(b *testing.B) {
	const streams = 4
	s := NewStore()
	i := int64(0)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		at := base.Add(time.Duration(i) * time.Second)
		var entries []map[string]any
		for k := range streams {
			entries = append(entries, entryOf("inboundrtp", at.UnixMilli(), fmt.Sprint(k), counters(1000*i, 10*i+1, 0)))
		}
		f := reply(at, "", entries...)
		i++
		b.StartTimer()
		s.Feed(f)
	}
}

// BenchmarkAppend is the store without the JSON.
func BenchmarkAppend(b *testing.B) {
	s := NewStore()
	e := entry{Type: "inboundrtp", SSRC: "7", PacketsReceived: number{1, true}, BytesReceived: number{1, true}, Jitter: number{0.1, true}, PacketsLost: number{0, true}}
	nack := make(map[groupKey]sampled)
	i := int64(0)
	b.ReportAllocs()
	for b.Loop() {
		i++
		e.BytesReceived.v += 1000
		e.PacketsReceived.v++
		s.feedRTP(element, In, "VIDEO", "7", &e, moment{i * 1000, i * 1000}, nack)
	}
}

func BenchmarkSeries(b *testing.B) {
	s := NewStore()
	for i := range int64(3600) {
		feed(s, i*1000, counters(1000*i*i, 10*i+1, 0))
	}
	b.ReportAllocs()
	for b.Loop() {
		s.Series(Query{Element: element, Metrics: []string{Bitrate}, MaxPoints: 600})
	}
}
