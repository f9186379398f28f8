package stats

import (
	"encoding/json"
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
		s := NewStoreWithin(Limits{Bytes: 40_000, Series: 16})
		params, _ := json.Marshal(map[string]string{"mediaType": media})
		for i := range int64(3) {
			s.Feed(wire.Fact{Kind: wire.KindCall, Method: "invoke", Operation: "getStats", Object: element,
				At: base.Add(time.Duration(i*(step%1e12)) * time.Millisecond), Params: params, Result: raw})
		}
		if s.Samples() != 3 || len(s.all) > 16 || s.bytes > 40_000 {
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
