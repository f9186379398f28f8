package stats

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kmscope/wire"
)

// TestNeverBridged feeds a steady stream with all that may go wrong between
// two samples, and checks that no line leads across it, that each rate is the
// true one, and that the line goes on afterwards.
func TestNeverBridged(t *testing.T) {
	faults := []string{"reset", "wrap", "back", "jump", "null", "NaN", "word", "absent", "away", "gap", "restart", "clock"}
	happened := make(map[string]int)
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 9))
		flow := NewFlow()
		var values []Value
		feed := func(f wire.Fact) {
			for _, v := range flow.Feed(f) {
				if v.Metric == Bitrate {
					values = append(values, v)
				}
			}
		}
		const perSecond = 12_500 // bytes: 100 kbit/s
		var skew int64
		counted, packets := int64(1_000_000), int64(1_000)
		var broken []int64 // server times in which something went wrong
		ms := int64(0)
		for i := range 80 {
			step := int64(1000)
			fault := ""
			if i > 2 && r.IntN(6) == 0 {
				fault = faults[r.IntN(len(faults))]
				happened[fault]++
			}
			if fault == "away" {
				step = 45_000
			}
			ms += step
			counted += perSecond * step / 1000
			packets += 50 * step / 1000
			var sentBytes any = counted
			switch fault {
			case "reset":
				counted, packets = 12_500, 50
				sentBytes = counted
			case "wrap":
				counted = (counted + 1<<32 - 5000) % (1 << 32)
				if packets -= 100_000_000; packets < 1 {
					packets = 1
				}
				counted = max(0, counted-1<<31)
				sentBytes = counted
			case "back":
				counted = max(0, counted-50_000)
				packets = max(1, packets-200)
				sentBytes = counted
			case "jump":
				counted += 1 << 50
				sentBytes = counted
			case "null":
				sentBytes = nil
			case "NaN":
				sentBytes = "NaN"
			case "word":
				sentBytes = "many"
			case "gap":
				feed(wire.Fact{Kind: wire.KindGap, At: base.Add(time.Duration(ms) * time.Millisecond)})
			case "restart":
				feed(wire.Fact{Kind: wire.KindCall, Method: "connect", ServerID: "before"})
				feed(wire.Fact{Kind: wire.KindCall, Method: "connect", ServerID: fmt.Sprint("after", i)})
				counted, packets = 12_500, 50
				sentBytes = counted
			case "clock":
				skew += 3_600_000
			}
			fields := map[string]any{"bytesReceived": sentBytes, "packetsReceived": packets}
			if fault == "absent" {
				delete(fields, "bytesReceived")
			}
			at := base.Add(time.Duration(ms) * time.Millisecond)
			stamp := at.UnixMilli() + skew
			if fault != "" {
				broken = append(broken, stamp)
			}
			feed(reply(at, "VIDEO", entryOf("inboundrtp", stamp, "7", fields)))
		}
		var last *Value
		numbers := 0
		for i := range values {
			v := &values[i]
			if math.IsNaN(v.V) {
				last = nil
				continue
			}
			numbers++
			// The first rate after a wrap may be anything that a network can do.
			if v.V < 0 || v.V > maxBytesPerSecond*8 {
				t.Fatalf("seed %d: %v bit/s", seed, v.V)
			}
			if last != nil {
				if math.Abs(v.V-8*perSecond) > 1e-6 {
					t.Fatalf("seed %d: %v bit/s at %d, expected %d", seed, v.V, v.AtMs, 8*perSecond)
				}
				for _, b := range broken {
					if b > last.AtMs && b <= v.AtMs {
						t.Fatalf("seed %d: a line from %d to %d across the fault at %d", seed, last.AtMs, v.AtMs, b)
					}
				}
			}
			last = v
		}
		if numbers < 30 {
			t.Fatalf("seed %d: the line did not go on: %d values", seed, numbers)
		}
	}
	for _, f := range faults {
		if happened[f] < 20 {
			t.Errorf("%s happened %d times", f, happened[f])
		}
	}
}

// TestStreamsComeAndGo checks that the newest answer alone is current, that
// each stream occurs once, and that the bounds of what is kept hold.
func TestStreamsComeAndGo(t *testing.T) {
	s := NewStore()
	give := func(ms int64, media string, ssrcs ...string) {
		at := base.Add(time.Duration(ms) * time.Millisecond)
		var list []map[string]any
		for _, x := range ssrcs {
			list = append(list, entryOf("inboundrtp", at.UnixMilli(), x, counters(ms, ms, 0)))
		}
		s.Feed(reply(at, media, list...))
	}
	current := func(since time.Time) string {
		var got []string
		for _, v := range s.Current(since) {
			if v.Metric == "bytesReceived" {
				got = append(got, fmt.Sprintf("%s%s=%v", v.Media, v.Stream, v.V))
			}
		}
		return strings.Join(got, " ")
	}
	give(1000, "VIDEO", "7", "8")
	give(1001, "AUDIO", "9")
	give(1500, "", "7", "8", "9")
	if got := current(time.Time{}); got != "VIDEO7=1500 VIDEO8=1500 AUDIO9=1500" {
		t.Error(got)
	}
	give(2000, "VIDEO", "8", "10")
	give(2001, "", "8", "10")
	if got := current(time.Time{}); got != "VIDEO10=2001 VIDEO8=2001 AUDIO9=1001" {
		t.Error(got)
	}
	if got := current(base.Add(1500 * time.Millisecond)); got != "VIDEO10=2001 VIDEO8=2001" {
		t.Error(got)
	}
	s.Forget(element)
	if got := s.Current(time.Time{}); len(got) != 0 || s.nNewest != 0 {
		t.Error(got, s.nNewest)
	}
	for i := range 60_000 {
		f := wire.Fact{Kind: wire.KindCall, Method: "invoke", Operation: "getStats", Object: fmt.Sprint(i), At: base.Add(time.Duration(i)),
			Result: json.RawMessage(`{"a":{"id":"a","type":"session"}}`)}
		s.Feed(f)
	}
	n := 0
	for _, x := range s.newest {
		n += len(x.entries) + 1
	}
	if n != s.nNewest || n > maxKept {
		t.Errorf("%d entries are kept, counted as %d", n, s.nNewest)
	}
}

// TestUnfilledTypes checks that what servers do not fill today is read should
// one begin to.
func TestUnfilledTypes(t *testing.T) {
	flow := NewFlow()
	var got []string
	for _, v := range flow.Feed(reply(base, "VIDEO",
		map[string]any{"id": "t", "type": "track", "timestampMillis": base.UnixMilli(), "frameWidth": 640, "framesPerSecond": 29.97, "framesSent": nil, "remoteSource": true, "ssrcIds": []any{"77", 78, nil}},
		map[string]any{"id": "p", "type": "candidatepair", "timestampMillis": base.UnixMilli(), "bytesSent": 12, "availableOutgoingBitrate": "300000", "nominated": true},
		map[string]any{"id": "l", "type": "localcandidate", "timestampMillis": base.UnixMilli(), "ipAddress": "192.0.2.7", "portNumber": 4711, "candidateType": "host", "addressSourceUrl": ""},
		map[string]any{"id": "n", "type": "transport", "timestampMillis": base.UnixMilli(), "selectedCandidatePairId": "p", "activeConnection": false},
		map[string]any{"id": "u", "type": "unheard-of", "timestampMillis": base.UnixMilli(), "bytesSent": 12},
	)) {
		said := fmt.Sprint(v.V)
		if v.Kind == State {
			said = v.Text
		}
		got = append(got, fmt.Sprintf("%s %s %s %s %s %s", v.Type, v.Stream, v.Metric, v.Dir, said, v.Unit))
	}
	want := []string{
		"track t frameWidth  640 px", "track t framesPerSecond  29.97 1/s", "track t remoteSource  true state", "track t ssrcIds  77 78 state",
		"candidatepair p bytesSent out 12 B", "candidatepair p availableOutgoingBitrate out 300000 bit/s", "candidatepair p nominated  true state",
		"localcandidate l portNumber  4711 count", "localcandidate l ipAddress  192.0.2.7 state", "localcandidate l candidateType  host state",
		"transport n activeConnection  false state", "transport n selectedCandidatePairId  p state",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestTable checks the forms that are hard to write.
func TestTable(t *testing.T) {
	values := []Value{
		{Key: Key{Element: "e", Metric: Bitrate, Stream: "a,\"b\"\nc"}, AtMs: 5, Unit: Bps, V: math.NaN()},
		{Key: Key{Element: "e", Metric: "state", Stream: " x", Dir: In}, AtMs: -1, Unit: Word, Kind: State, Text: "o,k"},
		{Key: Key{Element: "e", Metric: Loss, Media: "AUDIO"}, AtMs: 6, Unit: Ratio, V: 1e-9},
		{Key: Key{Element: "f", Metric: "priority"}, AtMs: 7, Unit: Count, V: 1e300},
	}
	var asCSV, asJSON bytes.Buffer
	for format, out := range map[TableFormat]*bytes.Buffer{CSV: &asCSV, JSONLines: &asJSON} {
		w := NewTable(out, format)
		for i := range values {
			if err := w.Write("ws://h", "n\u2028ü", &values[i]); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	want := Columns + `
5,ws://h,e,n` + "\u2028" + `ü,"a,""b""
c",,,bitrate,bit/s,NaN
-1,ws://h,e,n` + "\u2028" + `ü," x",,in,state,state,"o,k"
6,ws://h,e,n` + "\u2028" + `ü,,AUDIO,,loss,ratio,1e-09
7,ws://h,f,n` + "\u2028" + `ü,,,,priority,count,1e+300
`
	if d := cmp.Diff(want, asCSV.String()); d != "" {
		t.Error(d)
	}
	if l, _, _ := strings.Cut(asJSON.String(), "\n"); l != `{"time_ms":5,"server":"ws://h","element":"e","name":"n\u2028ü","stream":"a,\"b\"\nc","media":"","direction":"","metric":"bitrate","unit":"bit/s","value":null}` {
		t.Error(l)
	}
	if err := NewTable(failing{}, CSV).Flush(); err == nil || !strings.Contains(err.Error(), "could not be written") {
		t.Error(err)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

// TestSeriesValues checks that breaks of a series are rows of their own.
func TestSeriesValues(t *testing.T) {
	s := Series{Key: Key{Element: "e", Metric: Bitrate}, Unit: Bps, Points: []Point{{At: base, V: 1}, {At: base.Add(time.Second), V: 2, Gap: true}}}
	var got []string
	for _, v := range s.Values() {
		got = append(got, fmt.Sprint(v.AtMs-base.UnixMilli(), " ", v.V))
	}
	if d := cmp.Diff([]string{"0 1", "999 NaN", "1000 2"}, got); d != "" {
		t.Error(d)
	}
}

// FuzzTable writes what a server may say and reads it back.
func FuzzTable(f *testing.F) {
	f.Add([]byte(`{"a":{"type":"inboundrtp","ssrc":"1","timestampMillis":1795247813065,"bytesReceived":289,"packetsReceived":2,"jitter":0.1}}`), "name")
	f.Add([]byte(`{"d":{"type":"datachannel","label":"a,\"b\"\r\n","state":"open","bytesSent":"1e309","messagesSent":1e-30}}`), "=1+2")
	f.Add([]byte(`{"t":{"type":"track","id":"\ud800","frameWidth":640,"audioLevel":nan}}`), "\x00\xff")
	f.Add([]byte(`{"e":{"type":"endpoint","E2ELatency":[{"avg":1,"name":"x","type":"AUDIO"}],"inputAudioLatency":7}}`), "")
	f.Fuzz(func(t *testing.T, raw []byte, name string) {
		flow := NewFlow()
		var asCSV, asJSON bytes.Buffer
		c, j := NewTable(&asCSV, CSV), NewTable(&asJSON, JSONLines)
		rows := 0
		for i := range 3 {
			for _, v := range flow.Feed(wire.Fact{Kind: wire.KindCall, Method: "invoke", Operation: "getStats", Object: element,
				At: base.Add(time.Duration(i) * time.Second), Result: raw}) {
				rows++
				if c.Write("", name, &v) != nil || j.Write("", name, &v) != nil {
					t.Fatal("a buffer refused")
				}
			}
		}
		if c.Flush() != nil || j.Flush() != nil {
			t.Fatal("a buffer refused")
		}
		all, err := csv.NewReader(&asCSV).ReadAll()
		if err != nil || len(all) != rows+1 {
			t.Fatal(len(all), rows, err)
		}
		for _, r := range all[1:] {
			if _, err := strconv.ParseFloat(r[9], 64); err != nil && r[8] != string(Word) {
				t.Fatal(r)
			}
		}
		lines := 0
		for l := range strings.Lines(asJSON.String()) {
			lines++
			if !json.Valid([]byte(l)) {
				t.Fatal(l)
			}
		}
		if lines != rows {
			t.Fatal(lines, rows)
		}
	})
}

// BenchmarkTable writes series of one hour, as the window exports them.
func BenchmarkTable(b *testing.B) {
	s := NewStore()
	for i := range int64(3600) {
		feed(s, i*1000, counters(1000*i*i, 10*i+1, 0))
	}
	var values []Value
	for _, x := range s.Series(Query{}) {
		values = append(values, x.Values()...)
	}
	for format, name := range map[TableFormat]string{CSV: "csv", JSONLines: "jsonl"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				var w written
				t := NewTable(&w, format)
				for i := range values {
					if t.Write("ws://media.example:8888/kurento", "presenter", &values[i]) != nil {
						b.Fatal("refused")
					}
				}
				if t.Flush() != nil {
					b.Fatal("refused")
				}
				n = int(w)
			}
			b.SetBytes(int64(n))
		})
	}
}

type written int

func (w *written) Write(p []byte) (int, error) {
	*w += written(len(p))
	return len(p), nil
}
