package metrics

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"go.uber.org/goleak"

	"kmscope/capture"
	"kmscope/inventory"
	"kmscope/session"
	"kmscope/stats"
	"kmscope/timeline"
	"kmscope/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// watched is a server that a recording plays.
type watched struct {
	url   string
	live  bool
	link  session.Link
	model *session.Model
	snap  *inventory.Snapshot
}

func (w *watched) URL() string                   { return w.url }
func (w *watched) Live() bool                    { return w.live }
func (w *watched) Link() session.Link            { return w.link }
func (w *watched) Snapshot() *inventory.Snapshot { return w.snap }
func (w *watched) Stats() *stats.Store           { return w.model.Stats() }
func (w *watched) Timeline() *timeline.Log       { return w.model.Timeline() }

// eachRecord unpacks a recording and reads a part of it (0..1).
func eachRecord(t testing.TB, name string, part float64, f func(capture.Record)) (last time.Time) {
	t.Helper()
	in, err := os.Open("../testdata/recordings/" + name + ".jsonl.zst")
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	z, err := zstd.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	raw, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "capture.jsonl")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := capture.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	n := int(float64(bytes.Count(raw, []byte("\n"))) * part)
	for i := 0; i < n; i++ {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		last = rec.At
		f(rec)
	}
	return last
}

// play gives the state of a server at a moment of a recording.
func play(t testing.TB, name string, part float64) (*watched, time.Time) {
	t.Helper()
	var m session.Models
	now := eachRecord(t, name, part, m.Feed)
	model := m.Servers()[0].Model
	return &watched{
		url: "ws://media.example:8888/kurento", live: true, link: session.Link{State: session.Connected, Held: 3, Gaps: 1},
		model: model, snap: model.Snapshot(),
	}, now
}

func options(now time.Time, servers ...Server) Options {
	return Options{Servers: func() []Server { return servers }, Version: "1.2.3", Now: func() time.Time { return now }}
}

// scrapeText asks the handler as Prometheus does.
func scrapeText(t testing.TB, o Options, accept string) string {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, Path, nil)
	r.Header.Set("Accept", accept)
	Handler(o).ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

const openMetrics = "application/openmetrics-text; version=1.0.0"

// TestScrape checks the figures of a real server in the middle of a call
// against the frames: the newest counters, read by the test alone.
func TestScrape(t *testing.T) {
	s, now := play(t, "incidents/I08-loss20-both", 0.6)
	text := scrapeText(t, options(now, s), "text/plain")
	p := expfmt.NewTextParser(model.UTF8Validation)
	families, err := p.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}

	// The newest bytesReceived of every SSRC of an element that is still there.
	want := make(map[string]float64)
	asked := make(map[string]string)
	eachRecord(t, "incidents/I08-loss20-both", 0.6, func(r capture.Record) {
		var f map[string]any
		if json.Unmarshal(r.Frame, &f) != nil {
			return
		}
		id := fmt.Sprint(r.Conn, f["id"])
		if p, ok := f["params"].(map[string]any); ok && p["operation"] == "getStats" {
			asked[id] = p["object"].(string)
			return
		}
		res, ok := f["result"].(map[string]any)
		element := asked[id]
		if !ok || element == "" || r.Dir != capture.DirRecv {
			return
		}
		value, _ := res["value"].(map[string]any)
		for _, e := range value {
			if m := e.(map[string]any); m["type"] == "inboundrtp" {
				want[element+" "+m["ssrc"].(string)] = m["bytesReceived"].(float64)
			}
		}
	})
	got := make(map[string]float64)
	for _, m := range families["kmscope_rtp_bytes_total"].GetMetric() {
		l := make(map[string]string)
		for _, p := range m.GetLabel() {
			l[p.GetName()] = p.GetValue()
		}
		if l["server"] != s.url || l["type"] != inventory.TypeOf(l["element"]) {
			t.Errorf("labels %v", l)
		}
		if l["direction"] == "in" {
			got[l["element"]+" "+l["stream"]] = m.GetCounter().GetValue()
		}
	}
	if len(got) < 4 {
		t.Fatalf("only %d streams", len(got))
	}
	for k, v := range got {
		if want[k] != v {
			t.Errorf("%s is %v, the newest frame says %v", k, v, want[k])
		}
	}
	for name, in := range map[string][2]float64{
		"kmscope_server_up": {1, 1}, "kmscope_server_cpu_ratio": {0, 1}, "kmscope_server_memory_bytes": {1 << 20, 1 << 34},
		"kmscope_held_objects": {3, 3}, "kmscope_rtp_jitter_seconds": {0, 1}, "kmscope_rtp_round_trip_seconds": {1e-5, 1},
		"kmscope_rtp_fraction_lost_ratio": {0, 1}, "kmscope_rtp_loss_ratio": {0, 1}, "kmscope_bits_per_second": {0, 1e8},
	} {
		f := families[name]
		if len(f.GetMetric()) == 0 {
			t.Errorf("%s is missing", name)
		}
		for _, m := range f.GetMetric() {
			if v := m.GetGauge().GetValue(); v < in[0] || v > in[1] {
				t.Errorf("%s is %v", name, v)
			}
		}
	}
	if !strings.Contains(text, "kmscope_gaps_total{server=\"ws://media.example:8888/kurento\"} 1") {
		t.Error("the gap is missing")
	}
}

// TestOpenMetricsScrape checks the form of the newer format.
func TestOpenMetricsScrape(t *testing.T) {
	s, now := play(t, "02b-webrtc-datachannel", 0.8)
	text := scrapeText(t, options(now, s), openMetrics)
	checkOpenMetrics(t, text)
	for _, want := range []string{"kmscope_data_channel_up{", "kmscope_data_channel_messages_total{", "kmscope_data_channels{", `name="loopback-ep"`} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing", want)
		}
	}
}

var (
	sampleLine = regexp.MustCompile(`^([a-z_0-9]+)(\{(?:[a-z]+="(?:[^"\\\n]|\\.)*",?)*\})? (\S+)(?: (\S+))?$`)
	typeLine   = regexp.MustCompile(`^# TYPE (\S+) (counter|gauge)$`)
)

// checkOpenMetrics holds a text to OpenMetrics 1.0: families together, counters
// with _total, points of a metric together and growing in time, an end.
func checkOpenMetrics(t *testing.T, text string) {
	t.Helper()
	if !strings.HasSuffix(text, "# EOF\n") {
		t.Error("no end")
	}
	families, metrics := make(map[string]bool), make(map[string]float64)
	var family, kind, metric string
	in := bufio.NewScanner(strings.NewReader(text))
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		l := in.Text()
		if m := typeLine.FindStringSubmatch(l); m != nil {
			if family != m[1] && families[m[1]] {
				t.Errorf("the family %s is in two places", m[1])
			}
			family, kind = m[1], m[2]
			families[family] = true
			continue
		}
		if strings.HasPrefix(l, "#") {
			continue
		}
		m := sampleLine.FindStringSubmatch(l)
		if m == nil {
			t.Fatalf("no line of the format: %s", l)
		}
		name := family
		if kind == "counter" {
			name += "_total"
		}
		if m[1] != name || !strings.HasPrefix(name, "kmscope_") {
			t.Errorf("%s in the family %s, a %s", m[1], family, kind)
		}
		id, at := m[1]+m[2], 0.0
		if m[4] != "" {
			_, _ = fmt.Sscan(m[4], &at)
		}
		before, known := metrics[id]
		if known && (id != metric || at <= before) {
			t.Errorf("%s at %v after %v, or in two places", id, at, before)
		}
		metric, metrics[id] = id, at
	}
}

// TestGone checks that what is gone is not given.
func TestGone(t *testing.T) {
	s, now := play(t, "incidents/I08-loss20-both", 0.6)
	o := options(now, s)
	s.link.State = session.Reconnecting
	text := scrapeText(t, o, openMetrics)
	if strings.Contains(text, "kmscope_rtp_") || !strings.Contains(text, `kmscope_server_up{server="ws://media.example:8888/kurento"} 0`) {
		t.Error("a server that does not answer has figures")
	}
	s.link.State = session.Connected
	o.Now = func() time.Time { return now.Add(maxAge + time.Minute) }
	if strings.Contains(scrapeText(t, o, openMetrics), "kmscope_rtp_") {
		t.Error("figures of long ago are given as current ones")
	}
	o.Now = func() time.Time { return now }
	s.snap = inventory.NewReducer("").Snapshot()
	if strings.Contains(scrapeText(t, o, openMetrics), "kmscope_rtp_") {
		t.Error("figures of elements that are gone")
	}
	s.live = false
	if strings.Contains(scrapeText(t, o, openMetrics), "kmscope_server_up") {
		t.Error("a replay has a present")
	}
}

// TestHostileServer checks that nothing that a server sends breaks an answer.
func TestHostileServer(t *testing.T) {
	var models session.Models
	models.Feed(capture.Record{Dir: capture.DirOpen, Conn: "1", Server: "ws://h", At: time.UnixMilli(1e12)})
	id := 0
	call := func(object, operation, params, value string) {
		id++
		at := time.UnixMilli(1e12 + int64(id))
		models.Feed(capture.Record{Dir: capture.DirSend, Conn: "1", At: at, Frame: json.RawMessage(fmt.Sprintf(
			`{"jsonrpc":"2.0","id":%d,"method":"invoke","params":{"object":%q,"operation":%q,"operationParams":%s}}`, id, object, operation, params))})
		models.Feed(capture.Record{Dir: capture.DirRecv, Conn: "1", At: at, Frame: json.RawMessage(fmt.Sprintf(
			`{"jsonrpc":"2.0","id":%d,"result":{"value":%s}}`, id, value))})
	}
	element := "p_kurento.MediaPipeline/e_kurento.WebRtcEndpoint"
	call(element, "setName", fmt.Sprintf(`{"name":%q}`, "a\"b\\c\n"+strings.Repeat("x", 1000)), "null")
	for _, media := range []string{"", `"AUDIO"`, `"VIDEO"`} {
		params := "{}"
		if media != "" {
			params = `{"mediaType":` + media + `}`
		}
		var entries []string
		for i := range 40 {
			entries = append(entries, fmt.Sprintf(`"%d":{"id":"%d","type":"inboundrtp","ssrc":"7","timestampMillis":%d,"packetsReceived":-5,"bytesReceived":%d,"nackCount":"9","jitter":"NaN"}`, i, i, int64(1e12)+int64(i), i))
		}
		entries = append(entries, `"d":{"type":"datachannel","label":"l","state":"\u0000","bytesSent":1e308}`, `"t":{"type":"track","framesSent":4,"frameWidth":640}`, `"x":{"type":"transport","bytesSent":5}`)
		call(element, "getStats", params, "{"+strings.Join(entries, ",")+"}")
	}
	m := models.Servers()[0].Model
	s := &watched{url: "ws://h", live: true, link: session.Link{State: session.Connected}, model: m, snap: m.Snapshot()}
	now := time.UnixMilli(1e12 + 1000)
	text := scrapeText(t, options(now, s, s), openMetrics)
	checkOpenMetrics(t, text)
	for _, want := range []string{"kmscope_track_frames_sent_total", "kmscope_track_frame_width_pixels", "kmscope_transport_bytes_sent_total", "kmscope_rtp_bytes_total"} {
		if !strings.Contains(text, want+"{") {
			t.Errorf("%s is missing:\n%s", want, text)
		}
	}
	for l := range strings.Lines(text) {
		if len(l) > 2000 {
			t.Errorf("a line of %d bytes", len(l))
		}
	}
}

// TestNames holds the names to the conventions of Prometheus.
func TestNames(t *testing.T) {
	good := regexp.MustCompile(`^kmscope_[a-z0-9]+(_[a-z0-9]+)*$`)
	helps := make(map[string]family)
	for key, f := range byName {
		if !good.MatchString(f.name) || strings.HasSuffix(f.name, "_total") || f.help == "" || f.per == 0 {
			t.Errorf("%s: %+v", key, f)
		}
		if before, ok := helps[f.name]; ok && (before.help != f.help || before.counter != f.counter || before.scope != f.scope) {
			t.Errorf("%s is described twice, differently", f.name)
		}
		helps[f.name] = f
	}
	for _, f := range stats.Fields() {
		for _, typ := range f.Types {
			v := stats.Value{Key: stats.Key{Metric: f.Name}, Type: typ, Kind: f.Kind, V: 1}
			got, _, ok := familyOf(&v)
			if f.Kind == stats.State && typ+"/"+f.Name != "datachannel/state" {
				if ok {
					t.Errorf("the word %s of %s became the figure %s", f.Name, typ, got.name)
				}
				continue
			}
			if !ok || got.counter != (f.Kind == stats.Total && !f.Falls) {
				t.Errorf("%s of %s: %+v", f.Name, typ, got)
			}
		}
	}
	for _, m := range stats.Derived() {
		if _, _, ok := familyOf(&stats.Value{Key: stats.Key{Metric: m.Name, Element: inventory.ManagerID}, Kind: m.Kind}); !ok {
			t.Errorf("%s has no name", m.Name)
		}
	}
}

// TestExport checks the text of whole recordings against the values themselves.
func TestExport(t *testing.T) {
	for _, name := range []string{"02-webrtc-loopback", "02b-webrtc-datachannel", "09a-one2one", "10-rtp", "incidents/I18-server-restart"} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			x, err := NewExport(&out)
			if err != nil {
				t.Fatal(err)
			}
			var d wire.Decoder
			flow := stats.NewFlow()
			last := make(map[string]int64)
			var jitter []string
			eachRecord(t, name, 1, func(r capture.Record) {
				for _, f := range d.Feed(r) {
					for _, v := range flow.Feed(f) {
						if err := x.Write("", "n", &v); err != nil {
							t.Fatal(err)
						}
						if k := v.Element + v.Stream + v.Media; v.Metric == "jitter" && v.AtMs > last[k] {
							last[k] = v.AtMs
							jitter = append(jitter, fmt.Sprintf("%s %d.%03d", appendFloat(nil, v.V), v.AtMs/1000, v.AtMs%1000))
						}
					}
				}
			})
			if err := x.Finish(); err != nil {
				t.Fatal(err)
			}
			spool := x.spool.Name()
			if err := x.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(spool); !os.IsNotExist(err) {
				t.Error("the temporary file is left")
			}
			checkOpenMetrics(t, out.String())
			var got []string
			for l := range strings.Lines(out.String()) {
				if strings.HasPrefix(l, "kmscope_rtp_jitter_seconds{") {
					got = append(got, strings.TrimSpace(l[strings.LastIndexByte(l, '}')+1:]))
				}
			}
			slices.Sort(got)
			slices.Sort(jitter)
			if !slices.Equal(got, jitter) {
				t.Errorf("jitter: %d points, expected %d", len(got), len(jitter))
			}
		})
	}
}

// TestExportPieces checks that pieces are put together in their order, breaks
// included.
func TestExportPieces(t *testing.T) {
	var out bytes.Buffer
	x, err := NewExport(&out)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	const n = 3*pieceValues + 5
	for i := range n {
		for _, e := range []string{"b", "a"} {
			v := stats.Value{Key: stats.Key{Element: e, Metric: stats.Bitrate}, AtMs: int64(1_000_000 + i), V: float64(i)}
			if i == 7 {
				v.V = math.NaN()
			}
			if err := x.Write("ws://x", "q\"", &v); err != nil {
				t.Fatal(err)
			}
		}
	}
	late := stats.Value{Key: stats.Key{Element: "a", Metric: stats.Bitrate}, AtMs: 5}
	if err := x.Write("ws://x", "q\"", &late); err != nil {
		t.Fatal(err)
	}
	if err := x.Finish(); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	if len(lines) != 2*n+4 {
		t.Fatalf("%d lines", len(lines))
	}
	for i := range n {
		v := fmt.Sprint(i)
		if i == 7 {
			v = "NaN"
		}
		if want := fmt.Sprintf(`kmscope_bits_per_second{server="ws://x",element="a",name="q\""} %s 100%d.%03d`, v, i/1000, i%1000); lines[2+i] != want {
			t.Fatalf("%s, expected %s", lines[2+i], want)
		}
	}
}

func TestAddress(t *testing.T) {
	for in, want := range map[string]string{
		"9464": "127.0.0.1:9464", ":9464": "127.0.0.1:9464", "127.0.0.1:0": "127.0.0.1:0", "localhost:9464": "localhost:9464",
		"0.0.0.0:9464": "0.0.0.0:9464", "[::1]:9464": "[::1]:9464",
		"": "", "host": "", "host:": "", "host:http": "", "1.2.3.4:99999": "", ":-1": "", "a:b:c": "",
	} {
		got, err := Address(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", in, got, err)
		}
		if err != nil && !strings.Contains(err.Error(), "127.0.0.1:9464") {
			t.Errorf("%q: %v says not what to do", in, err)
		}
	}
}

// TestEndpoint checks the listener: this machine alone, and nothing left behind.
func TestEndpoint(t *testing.T) {
	e, err := Listen(":0", options(time.UnixMilli(0)))
	if err != nil {
		t.Fatal(err)
	}
	if host, _, _ := net.SplitHostPort(e.Addr()); host != "127.0.0.1" {
		t.Errorf("listens on %s", e.Addr())
	}
	if _, err := Listen(e.Addr(), options(time.UnixMilli(0))); err == nil || !strings.Contains(err.Error(), "--metrics") {
		t.Errorf("an address twice: %v", err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	ask := func(method, path, host string) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), method, "http://"+e.Addr()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(b)
	}
	for _, c := range []struct {
		method, path, host string
		code               int
	}{
		{"GET", "/metrics", "", 200}, {"GET", "/metrics", "localhost:9464", 200}, {"GET", "/metrics", "[::1]:1", 200}, {"GET", "/", "", 200},
		{"GET", "/metrics", "evil.example", 403}, {"POST", "/metrics", "", 405}, {"GET", "/debug/pprof/", "", 404},
	} {
		code, body := ask(c.method, c.path, c.host)
		if code != c.code || c.path == "/metrics" && code == 200 && !strings.Contains(body, `kmscope_build_info{version="1.2.3"} 1`) {
			t.Errorf("%+v: %d %s", c, code, body)
		}
	}
	e.Close()
	if c, err := net.Dial("tcp", e.Addr()); err == nil {
		c.Close()
		t.Error("it still listens")
	}
}

// TestDashboard checks that the dashboard asks for nothing that is not given.
func TestDashboard(t *testing.T) {
	raw, err := os.ReadFile("../packaging/grafana/kmscope.json")
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(raw, &d); err != nil {
		t.Fatal(err)
	}
	given := make(map[string]bool)
	descs := make(chan *prometheus.Desc, 1000)
	NewCollector(Options{}).Describe(descs)
	close(descs)
	name := regexp.MustCompile(`kmscope_[a-z0-9_]+`)
	for desc := range descs {
		given[name.FindString(desc.String())] = true
	}
	asked := 0
	for _, p := range d.Panels {
		for _, x := range p.Targets {
			for _, n := range name.FindAllString(x.Expr, -1) {
				asked++
				if !given[n] {
					t.Errorf("%s asks for %s, which there is not", p.Title, n)
				}
			}
		}
	}
	if asked < 15 {
		t.Errorf("only %d names", asked)
	}
}

// BenchmarkScrape answers for a server in the middle of a call.
func BenchmarkScrape(b *testing.B) {
	s, now := play(b, "incidents/I08-loss20-both", 0.6)
	o := options(now, s)
	h := Handler(o)
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, Path, nil))
	}
}
