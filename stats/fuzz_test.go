package stats

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"kmscope/wire"
)

// sameSorted holds that an answer in the order of its keys gives the same read in one
// walk and in general, also with an earlier answer to share texts with.
func sameSorted(t *testing.T, raw []byte) {
	t.Helper()
	fast, ok := decodeSorted(nil, raw, nil)
	if !ok {
		return
	}
	slow, ok := decodeAny(nil, raw, nil)
	again, _ := decodeSorted(make([]entry, 1), raw, slow)
	twisted := slices.Clone(slow)
	slices.Reverse(twisted)
	other, _ := decodeSorted(nil, raw, twisted)
	if !ok || !slices.EqualFunc(fast, slow, sameEntry) || !slices.EqualFunc(again[1:], slow, sameEntry) || !slices.EqualFunc(other, slow, sameEntry) {
		t.Fatalf("%q gives\n%+v and\n%+v, in general\n%+v", raw, fast, again, slow)
	}
}

func sameEntry(a, b entry) bool { return reflect.DeepEqual(a, b) }

func FuzzStats(f *testing.F) {
	f.Add([]byte(`{"a":{"type":"inboundrtp","ssrc":"1","timestampMillis":1795247813065,"bytesReceived":289,"packetsReceived":2,"jitter":0.1}}`), "VIDEO", int64(1000))
	f.Add([]byte(`{"a":{"type":"outboundrtp","ssrc":1,"timestampMillis":"1795247813065","bytesSent":nan,"packetsSent":-nan,"roundTripTime":inf}}`), "", int64(0))
	f.Add([]byte(`{"e":{"type":"endpoint","E2ELatency":[{"avg":1,"name":"x","type":"AUDIO"}],"inputLatency":7,"timestamp":1795247813}}`), "AUDIO", int64(-5))
	f.Add([]byte(`{"d":{"type":"datachannel","label":"\ud800","bytesSent":"1e309"}}`), "DATA", int64(1))
	f.Add([]byte(`null`), "", int64(0))
	f.Add([]byte(`{"a":{"id":"a","ssrc":"1","type":"x"},"b":{"id":"b\u0041","ssrc":"\\n","jitter":123456789012345678},"c":7,"d":{"id":5,"ssrc":null,"E2ELatency":[7,{},{"name":1}]}}`), "", int64(0))
	f.Add([]byte(` {"b":{},"a":{"type":"candidatepair"},"b":1} `), "", int64(0))
	f.Fuzz(func(t *testing.T, raw []byte, media string, step int64) {
		sameSorted(t, raw)
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

// TestUsualAnswers holds that real servers sort their answers.
func TestUsualAnswers(t *testing.T) {
	n := 0
	for _, name := range []string{"02-webrtc-loopback", "02b-webrtc-datachannel", "10-rtp"} {
		var d wire.Decoder
		for _, r := range records(t, name) {
			for _, f := range d.Feed(r) {
				if f.Kind != wire.KindCall || f.Operation != "getStats" || f.Err != nil {
					continue
				}
				if _, ok := decodeSorted(nil, f.Result, nil); !ok {
					t.Errorf("%s, record %d is not in the usual order: %s", name, r.Index, f.Result)
				}
				sameSorted(t, f.Result)
				n++
			}
		}
	}
	if n < 10 {
		t.Errorf("%d answers", n)
	}
}
