package stats

import (
	"bufio"
	"encoding/json"
	"math"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"kmscope/capture"
	"kmscope/wire"
)

// records reads a recording of a real server. The reader is the test's own, so
// that a mistake of the product's reader cannot hide one here.
func records(t testing.TB, name string) []capture.Record {
	t.Helper()
	f, err := os.Open("../testdata/recordings/" + name + ".jsonl.zst")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := zstd.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	in := bufio.NewScanner(z)
	in.Buffer(nil, 64<<20)
	var out []capture.Record
	start := time.UnixMilli(0)
	for in.Scan() {
		var r capture.Record
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		if r.WallMs != 0 {
			start = time.UnixMilli(r.WallMs).Add(-time.Duration(r.TimeMs * float64(time.Millisecond)))
		}
		r.Index, r.At = int64(len(out)), start.Add(time.Duration(r.TimeMs*float64(time.Millisecond)))
		out = append(out, r)
	}
	if in.Err() != nil {
		t.Fatal(in.Err())
	}
	return out
}

func replay(t testing.TB, name string, into *Store) {
	t.Helper()
	var d wire.Decoder
	for _, r := range records(t, name) {
		for _, f := range d.Feed(r) {
			into.Feed(f)
		}
	}
}

// sample is one entry of one getStats reply as the independent reader sees it.
type sample struct {
	ms    float64
	media string
	m     map[string]any
}

// readStats finds every getStats reply and sorts the RTP entries by element
// and SSRC, newest last. It knows nothing of the product's types.
func readStats(t *testing.T, name string) (byStream map[[3]string][]sample, replies int) {
	byStream = make(map[[3]string][]sample)
	type asked struct{ object, media string }
	waiting := make(map[string]asked)
	for _, r := range records(t, name) {
		var f map[string]any
		if json.Unmarshal(r.Frame, &f) != nil {
			continue
		}
		id, _ := json.Marshal(f["id"])
		key := r.Conn + string(id)
		if p, ok := f["params"].(map[string]any); ok && r.Dir == "send" && p["operation"] == "getStats" {
			a := asked{object: p["object"].(string)}
			if o, ok := p["operationParams"].(map[string]any); ok {
				a.media, _ = o["mediaType"].(string)
			}
			waiting[key] = a
			continue
		}
		q, ok := waiting[key]
		if !ok || r.Dir != "recv" {
			continue
		}
		delete(waiting, key)
		res, ok := f["result"].(map[string]any)
		if !ok {
			continue
		}
		replies++
		for _, v := range res["value"].(map[string]any) {
			m := v.(map[string]any)
			dir := map[string]string{"inboundrtp": "in", "outboundrtp": "out"}[m["type"].(string)]
			if dir == "" {
				continue
			}
			k := [3]string{q.object, dir, m["ssrc"].(string)}
			byStream[k] = append(byStream[k], sample{m["timestampMillis"].(float64), q.media, m})
		}
	}
	return byStream, replies
}

func (s sample) num(field string) float64 { v, _ := s.m[field].(float64); return v }

// expected computes what the series of a stream must hold. Two samples less
// than 200 ms apart count as one.
func expected(list []sample, dir string) map[string]map[int64]float64 {
	out := make(map[string]map[int64]float64)
	put := func(metric string, ms, v float64) {
		if out[metric] == nil {
			out[metric] = make(map[int64]float64)
		}
		out[metric][int64(ms)] = v
	}
	bytes, packets := "bytesReceived", "packetsReceived"
	if dir == "out" {
		bytes, packets = "bytesSent", "packetsSent"
	}
	var last *sample
	for _, s := range list {
		if dir == "in" && s.num(packets) == 0 {
			continue
		}
		if last != nil && s.ms-last.ms < 200 {
			continue
		}
		if v := s.num("remb"); v > 0 {
			put("remb", s.ms, v)
		}
		if dir == "in" {
			put("jitter", s.ms, s.num("jitter")*1000)
		} else if v := s.num("roundTripTime"); v > 0 {
			put("rtt", s.ms, v*1000)
			if f := s.num("fractionLost"); f <= 255 {
				put("fraction-lost", s.ms, f/256)
			}
		}
		if last != nil {
			sec := (s.ms - last.ms) / 1000
			put("bitrate", s.ms, (s.num(bytes)-last.num(bytes))*8/sec)
			put("packet-rate", s.ms, (s.num(packets)-last.num(packets))/sec)
			put("pli", s.ms, (s.num("pliCount")-last.num("pliCount"))/sec)
			put("fir", s.ms, (s.num("firCount")-last.num("firCount"))/sec)
			if dir == "in" {
				lost, got := s.num("packetsLost")-last.num("packetsLost"), s.num(packets)-last.num(packets)
				switch told := s.num("fractionLost"); {
				case lost+got <= 0:
				case told >= 1 && told <= 255 && sec < 2.5: // the last report's, see TestRecordedLoss
					put("loss", s.ms, told/256)
				default:
					put("loss", s.ms, math.Max(lost, 0)/(math.Max(lost, 0)+got))
				}
			}
		}
		last = &s
	}
	return out
}

func TestRecordings(t *testing.T) {
	for _, name := range []string{"02-webrtc-loopback", "10-rtp", "09a-one2one", "incidents/I08-loss20-both", "incidents/H3-one2many", "incidents/I25-send-cap-100k"} {
		t.Run(name, func(t *testing.T) {
			want, replies := readStats(t, name)
			s := NewStore()
			replay(t, name, s)
			if s.Samples() != replies || replies == 0 {
				t.Errorf("%d samples, the file has %d", s.Samples(), replies)
			}
			if off, ok := s.ClockOffset(); !ok || off.Abs() > 100*time.Millisecond {
				t.Errorf("clock offset %v on one machine", off)
			}
			compared := 0
			for k, list := range want {
				for metric, points := range expected(list, k[1]) {
					got := s.Series(Query{Element: k[0], Metrics: []string{metric}, Dir: Direction(k[1])})
					i := slices.IndexFunc(got, func(x Series) bool { return x.Stream == k[2] })
					if i < 0 {
						t.Errorf("%s of %v: no series, %d points expected", metric, k, len(points))
						continue
					}
					if len(got[i].Points) != len(points) {
						t.Errorf("%s of %v: %d points, %d expected", metric, k, len(got[i].Points), len(points))
					}
					for _, p := range got[i].Points {
						w, ok := points[p.At.UnixMilli()]
						if !ok || math.Abs(w-p.V) > 1e-6*math.Max(1, math.Abs(w)) {
							t.Errorf("%s of %v at %v: %v, expected %v", metric, k, p.At, p.V, w)
						}
						compared++
					}
					labelled := slices.ContainsFunc(list, func(x sample) bool { return x.media != "" })
					if labelled && got[i].Media == "" {
						t.Errorf("%s of %v has no medium although one was asked for", metric, k)
					}
				}
			}
			if compared < 50 {
				t.Errorf("only %d points compared", compared)
			}
			for _, x := range s.Series(Query{}) {
				phantom := x.Dir == In && x.Stream != "" && x.Metric != NACKRate
				for i, p := range x.Points {
					if math.IsNaN(p.V) || p.V < 0 && x.Metric != PacketsLost || x.Unit == Ratio && p.V > 1.0000001 {
						t.Errorf("%+v has the value %v", x.Key, p.V)
					}
					if i > 0 && !p.At.After(x.Points[i-1].At) {
						t.Errorf("%+v is out of order", x.Key)
					}
				}
				if list := want[[3]string{x.Element, "in", x.Stream}]; phantom && len(list) > 0 && list[len(list)-1].num("packetsReceived") == 0 && x.Media != "DATA" {
					t.Errorf("a phantom is shown: %+v", x.Key)
				}
			}
		})
	}
}

// TestRecordedLoss holds the loss of audio, which is never sent again, to what
// was lost in the whole call, on a link that lost 20 %. The server counts what is
// lost every few seconds only: taken second by second over the counters, the
// mean was half of it, and two thirds at the highest.
func TestRecordedLoss(t *testing.T) {
	const name = "incidents/I08-loss20-both"
	want, _ := readStats(t, name)
	s := NewStore()
	replay(t, name, s)
	compared := 0
	for k, list := range want {
		first, last := list[0], list[len(list)-1]
		lost := last.num("packetsLost") - first.num("packetsLost")
		got := last.num("packetsReceived") - first.num("packetsReceived")
		series := s.Series(Query{Element: k[0], Metrics: []string{Loss}, Dir: In, Media: "AUDIO"})
		i := slices.IndexFunc(series, func(x Series) bool { return x.Stream == k[2] })
		if k[1] != "in" || lost < 100 || i < 0 {
			continue
		}
		compared++
		sum, most := 0.0, 0.0
		for _, p := range series[i].Points {
			sum += p.V
			most = max(most, p.V)
		}
		whole, mean := lost/(lost+got), sum/float64(len(series[i].Points))
		if math.Abs(mean-whole) > whole/10 || most > 2*whole {
			t.Errorf("%v lost %.3f of all; shown are %.3f in the mean and %.3f at the highest", k, whole, mean, most)
		}
	}
	if compared == 0 {
		t.Error("no audio with losses")
	}
}

// TestRecordedServer checks the figures of the server itself.
func TestRecordedServer(t *testing.T) {
	s := NewStore()
	replay(t, "incidents/I08-loss20-both", s)
	for metric, in := range map[string][2]float64{CPU: {0, 1}, Memory: {1 << 10, 1 << 24}} {
		got := s.Series(Query{Element: ManagerID, Metrics: []string{metric}})
		if len(got) != 1 || len(got[0].Points) < 8 {
			t.Fatalf("%s: %d series", metric, len(got))
		}
		for _, p := range got[0].Points {
			if p.V < in[0] || p.V > in[1] {
				t.Errorf("%s is %v", metric, p.V)
			}
		}
	}
}

// TestRecordedRestart checks that no line leads from one server process to the
// next, and no figure is absurd around the restart.
func TestRecordedRestart(t *testing.T) {
	s := NewStore()
	replay(t, "incidents/I18-server-restart", s)
	for _, x := range s.Series(Query{Element: ManagerID, Metrics: []string{Memory}}) {
		gaps := 0
		for _, p := range x.Points {
			if p.Gap {
				gaps++
			}
		}
		if gaps == 0 {
			t.Error("the restart is no gap of the server's memory")
		}
	}
	for _, x := range s.Series(Query{Metrics: []string{Bitrate}}) {
		for _, p := range x.Points {
			if p.V < 0 || p.V > 1e8 {
				t.Errorf("%s has %v", x.Key, Format(p.V, Bps))
			}
		}
	}
}

func (k Key) String() string {
	return k.Metric + " " + string(k.Dir) + " " + k.Media + " " + k.Stream + " " + strconv.Quote(k.Element)
}
