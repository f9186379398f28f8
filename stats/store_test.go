package stats

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kmscope/wire"
)

const element = "p_kurento.MediaPipeline/e_kurento.WebRtcEndpoint"

var base = time.UnixMilli(1_795_247_813_000)

// entryOf writes one entry of a reply; fields override the usual ones.
func entryOf(kind string, ms int64, ssrc string, fields map[string]any) map[string]any {
	m := map[string]any{
		"type": kind, "id": "id-" + ssrc, "ssrc": ssrc, "timestampMillis": ms,
		"nackCount": 0, "pliCount": 0, "firCount": 0, "remb": 0, "packetsLost": 0, "fractionLost": 0,
	}
	maps.Copy(m, fields)
	return m
}

func reply(at time.Time, media string, entries ...map[string]any) wire.Fact {
	value := make(map[string]any)
	for i, e := range entries {
		value[fmt.Sprint(i, e["id"])] = e
	}
	result, _ := json.Marshal(value)
	params := "{}"
	if media != "" {
		params = `{"mediaType":"` + media + `"}`
	}
	return wire.Fact{Kind: wire.KindCall, Method: "invoke", Operation: "getStats", Object: element, At: at,
		Params: json.RawMessage(params), Result: result}
}

// feed gives one inbound sample, taken ms milliseconds after base on both clocks.
func feed(s *Store, ms int64, fields map[string]any) {
	at := base.Add(time.Duration(ms) * time.Millisecond)
	s.Feed(reply(at, "VIDEO", entryOf("inboundrtp", at.UnixMilli(), "7", fields)))
}

func points(s *Store, metric string) []Point {
	got := s.Series(Query{Metrics: []string{metric}})
	if len(got) == 0 {
		return nil
	}
	return got[0].Points
}

func counters(bytes, packets, lost any) map[string]any {
	return map[string]any{"bytesReceived": bytes, "packetsReceived": packets, "packetsLost": lost}
}

// show writes points as "1000:8000 2000:8000|": the bar marks a gap before the
// next point.
func show(pts []Point) string {
	var parts []string
	for _, p := range pts {
		s := fmt.Sprintf("%d:%.4g", p.At.Sub(base).Milliseconds(), p.V)
		if p.Gap {
			s = "|" + s
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, " ")
}

func TestRates(t *testing.T) {
	type step struct {
		ms     int64
		fields map[string]any
	}
	c := counters
	for name, x := range map[string]struct {
		steps         []step
		bitrate, loss string
	}{
		"steady":                {[]step{{0, c(0, 1, 0)}, {1000, c(1000, 11, 0)}, {2000, c(3000, 21, 0)}}, "1000:8000 2000:1.6e+04", "1000:0 2000:0"},
		"repeated timestamp":    {[]step{{0, c(0, 1, 0)}, {1000, c(1000, 11, 0)}, {1000, c(1500, 12, 0)}, {2000, c(2000, 21, 0)}}, "1000:8000 2000:8000", "1000:0 2000:0"},
		"overtaken":             {[]step{{0, c(0, 1, 0)}, {1000, c(1000, 11, 0)}, {500, c(500, 6, 0)}, {2000, c(2000, 21, 0)}}, "1000:8000 2000:8000", "1000:0 2000:0"},
		"reset":                 {[]step{{0, c(5000, 50, 0)}, {1000, c(6000, 60, 0)}, {2000, c(100, 2, 0)}, {3000, c(1100, 12, 0)}}, "1000:8000 |3000:8000", "1000:0 |3000:0"},
		"packets reset alone":   {[]step{{0, c(5000, 50, 0)}, {1000, c(6000, 60, 0)}, {2000, c(7000, 5, 0)}, {3000, c(8000, 15, 0)}}, "1000:8000 |3000:8000", "1000:0 |3000:0"},
		"absurd":                {[]step{{0, c(0, 1, 0)}, {1000, c(1000, 11, 0)}, {2000, c(1e15, 21, 0)}, {3000, c(1e15+1000, 31, 0)}}, "1000:8000 |3000:8000", "1000:0 |3000:0"},
		"pause":                 {[]step{{0, c(0, 1, 0)}, {1000, c(1000, 11, 0)}, {61000, c(61000, 611, 0)}, {62000, c(62000, 621, 0)}}, "1000:8000 |61000:8000 62000:8000", "1000:0 |61000:0 62000:0"},
		"slower sampling":       {[]step{{0, c(0, 1, 0)}, {1000, c(1000, 11, 0)}, {16000, c(16000, 12, 0)}, {31000, c(31000, 13, 0)}, {46000, c(46000, 14, 0)}}, "1000:8000 |16000:8000 31000:8000 46000:8000", "1000:0 |16000:0 31000:0 46000:0"},
		"loss":                  {[]step{{0, c(0, 100, 0)}, {1000, c(1000, 190, 10)}, {2000, c(2000, 290, 10)}}, "1000:8000 2000:8000", "1000:0.1 2000:0"},
		"minus one":             {[]step{{0, c(0, 100, 0)}, {1000, c(1000, 200, -1)}, {2000, c(2000, 299, 0)}}, "1000:8000 2000:8000", "1000:0 2000:0.01"},
		"late packets":          {[]step{{0, c(0, 100, 20)}, {1000, c(1000, 200, 10)}}, "1000:8000", "1000:0"},
		"loss counter restarts": {[]step{{0, c(0, 100, 5000)}, {1000, c(1000, 200, 0)}, {2000, c(2000, 300, 0)}}, "1000:8000 2000:8000", "2000:0"},
		"sequence number jumps": {[]step{{0, c(0, 100, 0)}, {1000, c(1000, 200, 0)}, {2000, c(2000, 300, 60000)}, {3000, c(3000, 400, 60000)}}, "1000:8000 2000:8000 3000:8000", "1000:0 |3000:0"},
		"nothing expected":      {[]step{{0, c(1000, 100, 0)}, {1000, c(1000, 100, 0)}}, "1000:0", ""},
		"null":                  {[]step{{0, c(0, 1, 0)}, {1000, c(1000, 11, 0)}, {2000, c(nil, 21, nil)}, {3000, c(3000, 31, 0)}, {4000, c(4000, 41, 0)}}, "1000:8000 |4000:8000", "1000:0 |4000:0"},
		"text":                  {[]step{{0, c("0", "1", "0")}, {1000, c("1000", "11", "0")}}, "1000:8000", "1000:0"},
		"not a number":          {[]step{{0, c(0, 1, 0)}, {1000, c("NaN", 11, "Infinity")}, {2000, c(2000, 21, 0)}, {3000, c(3000, 31, 0)}}, "3000:8000", "3000:0"},
		"negative":              {[]step{{0, c(-5, 1, 0)}, {1000, c(-1000, 11, 0)}, {2000, c(0, 21, 0)}}, "2000:8000", "2000:0"},
		"phantom":               {[]step{{0, c(0, 0, 0)}, {1000, c(0, 0, 0)}}, "", ""},
		"phantom comes alive":   {[]step{{0, c(0, 0, 0)}, {1000, c(1000, 10, 0)}, {2000, c(2000, 20, 0)}}, "2000:8000", "2000:0"},
	} {
		t.Run(name, func(t *testing.T) {
			s := NewStore()
			for _, st := range x.steps {
				feed(s, st.ms, st.fields)
			}
			if d := cmp.Diff(x.bitrate, show(points(s, Bitrate))); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(x.loss, show(points(s, Loss))); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestClocks checks what a clock that is set does: a gap, and no point of the
// past is lost.
func TestClocks(t *testing.T) {
	for _, jump := range []time.Duration{time.Hour, -time.Hour} {
		s := NewStore()
		for i := range 20 {
			local := base.Add(time.Duration(i) * time.Second)
			server := local
			if i >= 10 {
				server = local.Add(jump)
			}
			s.Feed(reply(local, "", entryOf("inboundrtp", server.UnixMilli(), "7", counters(1000*i, 10*i+1, 0))))
		}
		pts := points(s, Bitrate)
		if len(pts) != 18 {
			t.Errorf("%v: %d points", jump, len(pts))
		}
		gaps := 0
		for i, p := range pts {
			if p.V != 8000 {
				t.Errorf("%v: %v", jump, p.V)
			}
			if p.Gap && i > 0 {
				gaps++
			}
			if i > 0 && !p.At.After(pts[i-1].At) {
				t.Errorf("%v: out of order", jump)
			}
		}
		if gaps != 1 {
			t.Errorf("%v: %d gaps", jump, gaps)
		}
		if off, _ := s.ClockOffset(); off != jump {
			t.Errorf("offset %v after a jump of %v", off, jump)
		}
		if last := s.Latest(Query{Metrics: []string{Bitrate}}); len(last) != 1 || len(last[0].Points) != 1 || !last[0].Points[0].At.Equal(pts[len(pts)-1].At) {
			t.Errorf("%v: Latest gives %v", jump, last)
		}
	}
}

// TestNeverAbsurd feeds counters that do what they like: they reset, wrap, go
// backwards, jump, are null, NaN, text or missing; times that repeat and go back;
// streams that come and go. Whatever comes, no rate is negative or absurd, whole or
// summed up. (What breaks a line is in TestRates; that sums keep it, in TestTiers.)
func TestNeverAbsurd(t *testing.T) {
	names := []string{"bytesReceived", "packetsReceived", "packetsLost", "pliCount", "firCount", "nackCount"}
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 2))
		s := NewStoreWithin(Limits{Bytes: 30_000})
		var ms, skew int64
		values := map[string]map[string]int64{"7": {}, "8": {}, "9": {}}
		for range 150 {
			ms += []int64{1000, 1000, 1000, 0, 50, 5000, 100_000, -400, -90_000}[r.IntN(9)]
			if r.IntN(20) == 0 {
				skew = r.Int64N(1e7) - 5e6
			}
			at := base.Add(time.Duration(ms) * time.Millisecond)
			var entries []map[string]any
			for _, ssrc := range []string{"7", "8", "9"} {
				if r.IntN(4) == 0 {
					continue // the stream is gone for this time
				}
				v := values[ssrc]
				for _, k := range names {
					switch r.IntN(12) {
					case 0:
						v[k] = 0
					case 1:
						v[k] = r.Int64()
					case 2:
						v[k] -= r.Int64N(100_000)
					case 3:
						v[k] = math.MaxInt64
					case 4:
						v[k] = (v[k] + r.Int64N(1<<33)) % (1 << 32) // wraps
					default:
						v[k] += r.Int64N(50_000) / 2
					}
				}
				fields := map[string]any{"jitter": r.NormFloat64() * 1e6, "remb": r.Int64(), "fractionLost": r.Int64N(1000)}
				for k, x := range v {
					fields[k] = x
					switch r.IntN(40) {
					case 0:
						fields[k] = nil
					case 1:
						fields[k] = "NaN"
					case 2:
						fields[k] = fmt.Sprint(x)
					case 3:
						fields[k] = []int{1}
					case 4:
						fields[k] = "-Infinity"
					}
				}
				e := entryOf("inboundrtp", at.UnixMilli()+skew, ssrc, fields)
				if r.IntN(20) == 0 {
					delete(e, names[r.IntN(len(names))])
				}
				entries = append(entries, e)
			}
			s.Feed(reply(at, "", entries...))
		}
		checkAccount(t, s)
		for _, x := range s.Series(Query{}) {
			for i, p := range x.Points {
				if absurd(x.Metric, x.Unit, p.V) {
					t.Fatalf("seed %d: %s has %v", seed, x.Key, p.V)
				}
				if i > 0 && p.At.Before(x.Points[i-1].At) {
					t.Fatalf("seed %d: %s is out of order", seed, x.Key)
				}
			}
		}
		for _, n := range []int{0, 3, 40} {
			for _, z := range s.Zoom(Query{MaxPoints: n}) {
				for i, b := range z.Buckets {
					if absurd(z.Metric, z.Unit, b.Min) || absurd(z.Metric, z.Unit, b.Max) || absurd(z.Metric, z.Unit, b.Mean) ||
						b.Mean < b.Min || b.Mean > b.Max || b.N < 1 || b.ToMs < b.FromMs || i > 0 && b.FromMs < z.Buckets[i-1].FromMs {
						t.Fatalf("seed %d: %s has the sum %+v", seed, z.Key, b)
					}
				}
			}
		}
	}
}

func absurd(metric string, u Unit, v float64) bool {
	return math.IsNaN(v) || math.IsInf(v, 0) || v < 0 && metric != PacketsLost ||
		u == Ratio && v > 1 || u == Bps && v > 1e12 || u == Ms && v >= maxSaneMs
}

func TestGauges(t *testing.T) {
	s := NewStore()
	out := func(ms int64, fields map[string]any) {
		at := base.Add(time.Duration(ms) * time.Millisecond)
		s.Feed(reply(at, "AUDIO", entryOf("outboundrtp", at.UnixMilli(), "9", fields)))
	}
	out(0, map[string]any{"fractionLost": 128, "roundTripTime": 0, "targetBitrate": 0})            // no report yet
	out(1000, map[string]any{"fractionLost": 64, "roundTripTime": 0.031, "targetBitrate": 5e5})    // fine
	out(2000, map[string]any{"fractionLost": 4711, "roundTripTime": 0.032, "remb": 1_500_000})     // garbage
	out(3000, map[string]any{"fractionLost": 255, "roundTripTime": "0.5", "targetBitrate": "6e5"}) // text
	for metric, want := range map[string]string{
		FractionLost:  "1000:0.25 |3000:0.9961",
		RTT:           "1000:31 2000:32 3000:500",
		TargetBitrate: "1000:5e+05 |3000:6e+05",
		REMB:          "2000:1.5e+06",
	} {
		if got := show(points(s, metric)); got != want {
			t.Errorf("%s: %s, want %s", metric, got, want)
		}
	}
}

// TestSessionNACK checks that the counter of a session, copied onto each of its
// streams, is counted once.
func TestSessionNACK(t *testing.T) {
	s := NewStore()
	for i := range int64(4) {
		at := base.Add(time.Duration(i) * time.Second)
		f := func(ssrc string, nack int64) map[string]any {
			m := counters(1000*i, 10*i+1, 0)
			m["nackCount"] = nack
			return entryOf("inboundrtp", at.UnixMilli(), ssrc, m)
		}
		s.Feed(reply(at, "VIDEO", f("1", 5*i), f("2", 5*i), f("3", 5*i)))
	}
	got := s.Series(Query{Metrics: []string{NACKRate}})
	if len(got) != 1 || got[0].Stream != "" || got[0].Media != "VIDEO" || show(got[0].Points) != "1000:5 2000:5 3000:5" {
		t.Errorf("%+v", got)
	}
}

func TestMediumIsLearned(t *testing.T) {
	s := NewStore()
	both := func(ms int64, media string) {
		at := base.Add(time.Duration(ms) * time.Millisecond)
		a := entryOf("inboundrtp", at.UnixMilli(), "1", counters(ms, ms/100+1, 0))
		v := entryOf("inboundrtp", at.UnixMilli(), "2", counters(ms*9, ms/10+1, 0))
		switch media {
		case "AUDIO":
			s.Feed(reply(at, media, a))
		case "VIDEO":
			s.Feed(reply(at, media, v))
		default:
			s.Feed(reply(at, "", a, v))
		}
	}
	both(0, "")
	both(1000, "")
	if got := s.Series(Query{Metrics: []string{Bitrate}}); len(got) != 2 || got[0].Media != "" {
		t.Fatalf("%+v", got)
	}
	both(2000, "AUDIO")
	both(2003, "VIDEO")
	both(3000, "")
	for media, want := range map[string]string{"AUDIO": "1000:8000 2000:8000 3000:8000", "VIDEO": "1000:7.2e+04 2003:7.2e+04 3000:7.2e+04"} {
		got := s.Series(Query{Metrics: []string{Bitrate}, Media: media})
		if len(got) != 1 || show(got[0].Points) != want {
			t.Errorf("%s: %+v", media, got)
		}
	}
	if got := s.Series(Query{Metrics: []string{Bitrate}}); len(got) != 2 {
		t.Errorf("an unlabelled line is left: %+v", got)
	}
	if bps, ok := s.Rate(element, In, "VIDEO"); !ok || math.Round(bps) != 72000 {
		t.Errorf("Rate gives %v %v", bps, ok)
	}
	if _, ok := s.Rate(element, Out, "VIDEO"); ok {
		t.Error("Rate knows what nobody said")
	}
}

func TestLatencies(t *testing.T) {
	s := NewStore()
	at := base.UnixMilli()
	s.Feed(reply(base, "", map[string]any{
		"id": element, "type": "endpoint", "timestampMillis": at,
		"E2ELatency":   []any{map[string]any{"name": "sink_audio_default", "type": "AUDIO", "avg": 596980}, map[string]any{"type": "VIDEO", "name": "v", "avg": 0}, 7, nil},
		"inputLatency": []any{map[string]any{"name": "sink_video_default", "type": "VIDEO", "avg": 5994547.5}},
	}))
	// 6.x: plain numbers, seconds.
	s.Feed(reply(base.Add(time.Second), "", map[string]any{
		"id": element, "type": "endpoint", "timestamp": base.Unix(),
		"audioE2ELatency": 2e6, "videoE2ELatency": 0, "inputAudioLatency": "1e6", "inputVideoLatency": nil,
	}))
	var got []string
	for _, x := range s.Series(Query{}) {
		got = append(got, x.Metric+" "+x.Media+" "+x.Stream+" "+show(x.Points))
	}
	want := []string{
		"e2e-latency AUDIO  1000:2",
		"e2e-latency AUDIO sink_audio_default 0:0.597",
		"input-latency AUDIO  1000:1",
		"input-latency VIDEO sink_video_default 0:5.995",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestOldServer(t *testing.T) {
	s := NewStore()
	for i := range 4 {
		at := base.Add(time.Duration(i) * time.Second)
		e := entryOf("inboundrtp", 0, "7", counters(1000*i, 10*i+1, 0))
		delete(e, "timestampMillis")
		e["timestamp"] = at.Unix()
		s.Feed(reply(at, "", e))
	}
	if got := show(points(s, Bitrate)); got != "1000:8000 2000:8000 3000:8000" {
		t.Error(got)
	}
}

func TestManager(t *testing.T) {
	s := NewStore()
	call := func(sec int, op, result string) {
		s.Feed(wire.Fact{Kind: wire.KindCall, Method: "invoke", Operation: op, Object: ManagerID,
			At: base.Add(time.Duration(sec) * time.Second), Result: json.RawMessage(result)})
	}
	call(0, "getUsedCpu", "100")
	call(1, "getCpuCount", "4")
	call(2, "getUsedCpu", "200.0")
	call(3, "getUsedCpu", "null")
	call(3, "getUsedMemory", "521668")
	s.Feed(wire.Fact{Kind: wire.KindCall, Method: "ping", At: base, Took: 300 * time.Microsecond})
	for metric, want := range map[string]string{CPU: "0:0.25 2000:0.5", Memory: "3000:5.217e+05", Ping: "0:0.3"} {
		if got := show(points(s, metric)); got != want {
			t.Errorf("%s: %s, want %s", metric, got, want)
		}
	}
	s.Feed(wire.Fact{Kind: wire.KindCall, Method: "connect", ServerID: "one", At: base})
	call(4, "getUsedMemory", "521668")
	s.Feed(wire.Fact{Kind: wire.KindCall, Method: "connect", ServerID: "two", At: base})
	call(5, "getUsedMemory", "1000")
	s.Feed(wire.Fact{Kind: wire.KindGap, Dropped: 3})
	call(6, "getUsedMemory", "1001")
	if got := show(points(s, Memory)); got != "3000:5.217e+05 4000:5.217e+05 |5000:1000 |6000:1001" {
		t.Error(got)
	}
}

func TestPingsAreOfOneConnection(t *testing.T) {
	s := NewStore()
	for _, p := range []struct {
		sec  int
		conn string
		ms   int
	}{{0, "read", 1}, {1, "watch", 40}, {10, "read", 2}, {11, "watch", 41}, {72, "watch", 42}, {73, "read", 3}, {80, "watch", 43}} {
		s.Feed(wire.Fact{Kind: wire.KindCall, Method: "ping", Conn: p.conn, At: base.Add(time.Duration(p.sec) * time.Second),
			Took: time.Duration(p.ms) * time.Millisecond})
	}
	if got, want := show(points(s, Ping)), "0:1 10000:2 |72000:42 80000:43"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestDataChannels(t *testing.T) {
	s := NewStore()
	for i := range 3 {
		at := base.Add(time.Duration(i) * time.Second)
		s.Feed(reply(at, "DATA",
			map[string]any{"type": "datachannel", "id": "d", "label": "chat", "timestampMillis": at.UnixMilli(), "bytesSent": 100 * i, "messagesSent": i, "bytesReceived": 0, "messagesReceived": 0},
			map[string]any{"type": "session", "id": "s", "timestampMillis": at.UnixMilli(), "dataChannelsOpened": 3, "dataChannelsClosed": 1}))
	}
	if got := s.Series(Query{Metrics: []string{Bitrate}, Dir: Out}); len(got) != 1 || got[0].Stream != "chat" || got[0].Media != "DATA" || show(got[0].Points) != "1000:800 2000:800" {
		t.Errorf("%+v", got)
	}
	if got := show(points(s, OpenChannels)); got != "0:2 1000:2 2000:2" {
		t.Error(got)
	}
}

func TestBounds(t *testing.T) {
	s := NewStoreWithin(Limits{Bytes: 60_000, Series: 40})
	for i := range 3000 {
		at := base.Add(time.Duration(i) * time.Second)
		var entries []map[string]any
		for k := range 3 {
			entries = append(entries, entryOf("inboundrtp", at.UnixMilli(), fmt.Sprint(i/300*100+k), counters(1000*i+i*i%777, 10*i+1, 0)))
		}
		s.Feed(reply(at, "VIDEO", entries...))
		if len(s.all) > 40 || s.bytes > 60_000 || len(s.streams) > 40 {
			t.Fatalf("step %d: %d series, %d bytes, %d streams", i, len(s.all), s.bytes, len(s.streams))
		}
		checkAccount(t, s)
		for _, st := range s.streams {
			for _, x := range st.out {
				if x != nil && x.evicted {
					t.Fatalf("step %d: stream %s holds the evicted %s", i, st.key.id, x.Metric)
				}
			}
		}
	}
	first, last := s.Span()
	if !first.Equal(base) || !last.Equal(base.Add(2999*time.Second)) {
		t.Errorf("span %v to %v", first, last)
	}
	s.Forget(element)
	if len(s.all)+len(s.streams)+len(s.groups) != 0 || s.bytes != 0 {
		t.Errorf("%d bytes are left of a forgotten element", s.bytes)
	}
}

// TestBoundsAreTheSameEachTime checks that stores that are fed alike keep the same series
// where too many fell silent in the same moment.
func TestBoundsAreTheSameEachTime(t *testing.T) {
	fed := func() *Store {
		s := NewStoreWithin(Limits{Bytes: 60_000, Series: 60})
		for i := range 300 {
			at := base.Add(time.Duration(i) * time.Second)
			var entries []map[string]any
			for k := range 8 {
				entries = append(entries, entryOf("inboundrtp", at.UnixMilli(), fmt.Sprint(i/20*100+k), counters(1000*i+i*i%777, 10*i+1, 0)))
			}
			s.Feed(reply(at, "VIDEO", entries...))
		}
		return s
	}
	first := fed()
	if !first.Forgot() {
		t.Fatal("nothing had to go")
	}
	for range 5 {
		again := fed()
		if !maps.EqualFunc(first.all, again.all, func(a, b *series) bool { return a.size() == b.size() }) {
			t.Fatal("other series are left")
		}
		if !maps.EqualFunc(first.streams, again.streams, func(a, b *stream) bool { return a.arrived == b.arrived }) {
			t.Fatal("other streams are left")
		}
	}
}

// checkAccount counts again what the store says that it takes.
func checkAccount(t *testing.T, s *Store) {
	t.Helper()
	var sum int64
	var paged int64
	var tiers [len(tierMs)]int64
	for _, x := range s.all {
		sum += x.size()
		x.chunks(func(c *chunk) {
			if c.in != nil {
				paged += c.size()
				return
			}
			tiers[c.tier] += c.size()
		})
	}
	if sum != s.bytes || tiers != s.tierBytes || paged != s.pagedBytes {
		t.Fatalf("%d bytes counted, %d there; of tiers %v, %v there; of the file %d, %d there", s.bytes, sum, s.tierBytes, tiers, s.pagedBytes, paged)
	}
}

func TestQuery(t *testing.T) {
	s := NewStore()
	for i := range int64(1000) {
		feed(s, i*1000, counters(1000*i*i, 10*i+1, 0))
	}
	sec := func(n int) time.Time { return base.Add(time.Duration(n) * time.Second) }
	got := s.Series(Query{Metrics: []string{Bitrate}, From: sec(10), To: sec(20)})
	if len(got) != 1 || len(got[0].Points) != 11 || !got[0].Points[0].At.Equal(sec(10)) || got[0].Unit != Bps {
		t.Errorf("%+v", got)
	}
	if got := s.Latest(Query{Metrics: []string{Bitrate}, To: sec(20)}); len(got) != 1 || !got[0].Points[0].At.Equal(sec(20)) {
		t.Errorf("%+v", got)
	}
	if got := s.Latest(Query{Metrics: []string{Bitrate}, From: sec(2000)}); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	for _, q := range []Query{{Element: "x"}, {Metrics: []string{"none"}}, {Dir: Out}, {Media: "AUDIO"}} {
		if got := s.Series(q); len(got) != 0 {
			t.Errorf("%+v gives %v", q, got)
		}
	}
	for limit := 1; limit < 1100; limit += 7 {
		if got := s.Series(Query{Metrics: []string{Bitrate}, MaxPoints: limit}); len(got[0].Points) > limit {
			t.Errorf("%d points, %d wanted", len(got[0].Points), limit)
		}
	}
}

// TestThin checks that no extreme and no gap is lost, and that a bucket stays
// the same while the window moves.
func TestThin(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	pts := make([]point, 5000)
	for i := range pts {
		pts[i] = newPoint(int64(i), r.Float64(), r.IntN(500) == 0)
	}
	pts[1234].v, pts[3210].v = 99, -99
	for _, limit := range []int{4, 5, 10, 99, 600, 4999} {
		got := thin(pts, 17, limit)
		if len(got) > limit {
			t.Errorf("limit %d: %d points", limit, len(got))
		}
		if got[len(got)-1] != pts[len(pts)-1] && got[len(got)-1].ms() != 4999 {
			t.Errorf("limit %d: the newest is lost", limit)
		}
		var hi, lo bool
		for _, p := range got {
			hi, lo = hi || p.v == 99, lo || p.v == -99
		}
		if !hi || !lo {
			t.Errorf("limit %d: an extreme is lost", limit)
		}
		// A gap of the source lies between two points or on the second: that one has it.
		for i := 1; i < len(got); i++ {
			want := false
			for j := got[i-1].ms() + 1; j <= got[i].ms(); j++ {
				want = want || pts[j].gap()
			}
			if got[i].gap() != want {
				t.Errorf("limit %d: gap before %d is %v", limit, got[i].ms(), got[i].gap())
			}
		}
	}
	a, b := thin(pts[:4000], 0, 300), thin(pts[1:4001], 1, 300)
	if !slices.Equal(a[10:200], b[slices.Index(b, a[10]):][:190]) {
		t.Error("the picture flickers when the window moves by one point")
	}
}

func TestReadersBesideTheWriter(*testing.T) {
	s := NewStoreWithin(Limits{Bytes: 40_000, Series: 30})
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				for _, x := range s.Series(Query{MaxPoints: 20}) {
					x.Points[0].V = 0
				}
				s.Latest(Query{Element: element})
				s.Zoom(Query{MaxPoints: 20})
				s.Bytes()
				s.Span()
				s.Rate(element, In, "")
				s.Version()
				s.Elements()
				s.ClockOffset()
			}
		})
	}
	for i := range 300 {
		at := base.Add(time.Duration(i) * time.Second)
		media := []string{"", "AUDIO"}[i%2]
		s.Feed(reply(at, media, entryOf("inboundrtp", at.UnixMilli(), fmt.Sprint(i/20), counters(1000*i, i+1, 0))))
	}
	close(done)
	wg.Wait()
}

func TestFormat(t *testing.T) {
	for _, c := range []struct {
		v    float64
		u    Unit
		want string
	}{
		{1_240_000, Bps, "1.24 Mbit/s"}, {36_000, Bps, "36.0 kbit/s"}, {0, Bps, "0 bit/s"}, {999.7, Bps, "1.00 kbit/s"},
		{999_700, Bps, "1.00 Mbit/s"}, {450_000, Bps, "450 kbit/s"}, {2.5e15, Bps, "2,500 Tbit/s"}, {-1500, Bps, "-1.50 kbit/s"},
		{31.4, Ms, "31 ms"}, {0.58, Ms, "0.6 ms"}, {0.02, Ms, "0.02 ms"}, {4, Ms, "4 ms"}, {12_345, Ms, "12 s"}, {1234, Ms, "1,234 ms"},
		{0.008, Ratio, "0.8 %"}, {0.12, Ratio, "12 %"}, {1, Ratio, "100 %"}, {0, Ratio, "0 %"},
		{521_668, KiB, "509 MiB"}, {512, KiB, "512 KiB"}, {1500, Bytes, "1.50 kB"},
		{12.53, PerSecond, "13 /s"}, {48_120, Count, "48,120"}, {-1, Count, "-1"}, {2.5, Count, "2.5"},
		{math.NaN(), Ms, "–"}, {math.Inf(1), Bps, "–"}, {7, "frames", "7 frames"}, {7, "", "7"},
	} {
		if got := Format(c.v, c.u); got != c.want {
			t.Errorf("Format(%v, %s) = %q, want %q", c.v, c.u, got, c.want)
		}
	}
}

func TestCatalogue(t *testing.T) {
	seen := make(map[string]bool)
	for _, m := range Catalogue() {
		if seen[m.Name] || m.Label == "" || m.Unit == "" || m.Kind == 0 || len(m.Dirs) == 0 || m.Help == "" || m.Source == "" {
			t.Errorf("%+v is incomplete or named twice", m)
		}
		seen[m.Name] = true
		if got, ok := MetricOf(m.Name); !ok || got.Label != m.Label {
			t.Errorf("MetricOf(%q) gives %+v", m.Name, got)
		}
	}
	for _, name := range outMetric {
		if !seen[name] {
			t.Errorf("%q is not in the catalogue", name)
		}
	}
	if _, ok := MetricOf("none"); ok {
		t.Error("a metric that is none is known")
	}
}

// TestLossOfReports: a server that counts lost packets every few seconds, when
// it reports them. The figures are those of a server on a link that loses 5 %.
func TestLossOfReports(t *testing.T) {
	told := func(packets, lost, fraction float64) map[string]any {
		f := counters(packets*80, packets, lost)
		f["fractionLost"] = fraction
		return f
	}
	s := NewStore()
	for i, f := range []map[string]any{
		told(828, 38, 12), told(873, 38, 12), told(896, 38, 12), told(927, 64, 23), told(963, 64, 23), told(1011, 64, 23),
		told(1061, 64, 0), // a report of no loss
		told(1061, 64, 23),
	} {
		feed(s, int64(i)*1000, f)
	}
	if d := cmp.Diff("1000:0.04688 2000:0.04688 3000:0.08984 4000:0.08984 5000:0.08984 6000:0", show(points(s, Loss))); d != "" {
		t.Error(d)
	}
	// Slower than the reports, only the counters know of all of them.
	s = NewStore()
	feed(s, 0, told(828, 38, 12))
	feed(s, 9000, told(1213, 76, 11))
	if d := cmp.Diff("9000:0.08983", show(points(s, Loss))); d != "" {
		t.Error(d)
	}
}
