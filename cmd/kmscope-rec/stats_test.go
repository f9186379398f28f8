package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
)

// The reader of these tests shares no code with the program: lines into maps,
// replies to requests by connection and id, and arithmetic.

// eachReply finds every reply to getStats of a recording.
func eachReply(t *testing.T, name string, f func(object, media string, entries map[string]any)) {
	t.Helper()
	file, err := os.Open("../../testdata/recordings/" + name + ".jsonl.zst")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	z, err := zstd.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	type question struct{ object, media string }
	open := make(map[string]question)
	in := bufio.NewScanner(z)
	in.Buffer(nil, 64<<20)
	for in.Scan() {
		var line map[string]any
		if json.Unmarshal(in.Bytes(), &line) != nil {
			continue
		}
		frame, _ := line["frame"].(map[string]any)
		key := fmt.Sprint(line["conn"], " ", frame["id"])
		if line["dir"] == "send" {
			p, _ := frame["params"].(map[string]any)
			if frame["method"] == "invoke" && p["operation"] == "getStats" {
				with, _ := p["operationParams"].(map[string]any)
				media, _ := with["mediaType"].(string)
				open[key] = question{p["object"].(string), media}
			}
			continue
		}
		q, asked := open[key]
		result, ok := frame["result"].(map[string]any)
		if line["dir"] != "recv" || !asked || !ok {
			continue
		}
		delete(open, key)
		f(q.object, q.media, result["value"].(map[string]any))
	}
	if in.Err() != nil {
		t.Fatal(in.Err())
	}
}

// point is what a stream said last.
type point struct {
	ms float64
	m  map[string]any
}

func num(m map[string]any, field string) float64 { v, _ := m[field].(float64); return v }

// reference computes the rows that a capture must give: time, element, stream,
// media, direction, metric, unit, value.
type reference struct {
	rows  []string
	media map[string]string // of a stream, once known
	last  map[string]point
	nack  map[string]point
}

func (x *reference) row(ms float64, element, stream, media, dir, metric, unit string, value any) {
	if v, ok := value.(float64); ok {
		value = fmt.Sprintf("%.9g", v)
	}
	x.rows = append(x.rows, fmt.Sprintf("%.0f|%s|%s|%s|%s|%s|%s|%v", ms, element, stream, media, dir, metric, unit, value))
}

func (x *reference) reply(element, asked string, entries map[string]any) {
	type group struct {
		ms, n float64
	}
	groups := make(map[string]group)
	for _, raw := range entries {
		m := raw.(map[string]any)
		ms := num(m, "timestampMillis")
		switch m["type"] {
		case "inboundrtp":
			media := x.rtp(element, asked, "in", m)
			if num(m, "packetsReceived") > 0 {
				g := groups["in|"+media]
				groups["in|"+media] = group{max(g.ms, ms), max(g.n, num(m, "nackCount"))}
			}
		case "outboundrtp":
			media := x.rtp(element, asked, "out", m)
			g := groups["out|"+media]
			groups["out|"+media] = group{max(g.ms, ms), max(g.n, num(m, "nackCount"))}
		case "session":
			opened, closed := num(m, "dataChannelsOpened"), num(m, "dataChannelsClosed")
			x.row(ms, element, "", "DATA", "", "dataChannelsOpened", "count", opened)
			x.row(ms, element, "", "DATA", "", "dataChannelsClosed", "count", closed)
			x.row(ms, element, "", "DATA", "", "data-channels", "count", opened-closed)
		case "datachannel":
			label := m["label"].(string)
			x.row(ms, element, label, "DATA", "", "state", "state", m["state"])
			for dir, word := range map[string]string{"in": "Received", "out": "Sent"} {
				x.row(ms, element, label, "DATA", dir, "bytes"+word, "B", num(m, "bytes"+word))
				x.row(ms, element, label, "DATA", dir, "messages"+word, "count", num(m, "messages"+word))
				k := element + dir + label
				old, seen := x.last[k]
				if seen && ms-old.ms < 200 {
					continue
				}
				x.last[k] = point{ms, m}
				if seen {
					sec := (ms - old.ms) / 1000
					x.row(ms, element, label, "DATA", dir, "bitrate", "bit/s", 8*(num(m, "bytes"+word)-num(old.m, "bytes"+word))/sec)
					x.row(ms, element, label, "DATA", dir, "message-rate", "1/s", (num(m, "messages"+word)-num(old.m, "messages"+word))/sec)
				}
			}
		case "element", "endpoint":
			for _, field := range []string{"inputLatency", "E2ELatency"} {
				list, _ := m[field].([]any)
				for _, l := range list {
					l := l.(map[string]any)
					if avg := num(l, "avg"); avg > 0 {
						x.row(ms, element, l["name"].(string), l["type"].(string), "", field, "ns", avg)
					}
				}
			}
		}
	}
	for k, g := range groups {
		dir, media, _ := strings.Cut(k, "|")
		old, seen := x.nack[element+k]
		if seen && g.ms-old.ms < 200 {
			continue
		}
		x.nack[element+k] = point{g.ms, map[string]any{"n": g.n}}
		if seen {
			x.row(g.ms, element, "", media, dir, "nack", "1/s", (g.n-num(old.m, "n"))*1000/(g.ms-old.ms))
		}
	}
}

// rtp writes the rows of an RTP stream and gives the medium that is known of it.
func (x *reference) rtp(element, asked, dir string, m map[string]any) string {
	ms, ssrc := num(m, "timestampMillis"), m["ssrc"].(string)
	k := element + dir + ssrc
	if asked != "" && x.media[k] == "" {
		x.media[k] = asked
	}
	media := asked
	if media == "" {
		media = x.media[k]
	}
	field := func(name, unit string, v float64) { x.row(ms, element, ssrc, media, dir, name, unit, v) }
	word := "Received"
	if dir == "out" {
		word = "Sent"
	}
	rtt := num(m, "roundTripTime")
	field("packets"+word, "count", num(m, "packets"+word))
	field("bytes"+word, "B", num(m, "bytes"+word))
	field("packetsLost", "count", num(m, "packetsLost"))
	for _, f := range []string{"nackCount", "pliCount", "firCount"} {
		field(f, "count", num(m, f))
	}
	if v := num(m, "remb"); v > 0 {
		field("remb", "bit/s", v)
	}
	if dir == "in" {
		field("jitter", "s", num(m, "jitter"))
	} else {
		if rtt > 0 {
			field("roundTripTime", "s", rtt)
		}
		if v := num(m, "targetBitrate"); v > 0 {
			field("targetBitrate", "bit/s", v)
		}
	}
	if v := num(m, "fractionLost"); v <= 255 && (dir == "in" || rtt > 0) {
		field("fractionLost", "ratio", v/256)
	}

	if dir == "in" && num(m, "packetsReceived") == 0 { // nothing is received: no rates
		return media
	}
	old, seen := x.last[k]
	if seen && ms-old.ms < 200 {
		return media
	}
	x.last[k] = point{ms, m}
	if !seen {
		return media
	}
	sec := (ms - old.ms) / 1000
	grown := func(name string) float64 { return num(m, name) - num(old.m, name) }
	field("bitrate", "bit/s", 8*grown("bytes"+word)/sec)
	field("packet-rate", "1/s", grown("packets"+word)/sec)
	field("pli", "1/s", grown("pliCount")/sec)
	field("fir", "1/s", grown("firCount")/sec)
	if lost, got := max(grown("packetsLost"), 0), grown("packetsReceived"); dir == "in" && lost+got > 0 {
		loss := lost / (lost + got)
		if told := num(m, "fractionLost"); told >= 1 && told <= 255 && sec < 2.5 {
			loss = told / 256 // the last report's, which the counters follow in steps
		}
		field("loss", "ratio", loss)
	}
	return media
}

// exported runs the program and gives its output.
func exported(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(t.Context(), append([]string{"stats"}, args...), &out, &errs); code != 0 || errs.Len() > 0 {
		t.Fatalf("exit status %d: %s", code, errs.String())
	}
	return out.String()
}

// TestStatsAgainstReference compares all fields of all samples of recordings of
// a real server, and what is derived from them.
func TestStatsAgainstReference(t *testing.T) {
	for _, name := range []string{"02-webrtc-loopback", "02b-webrtc-datachannel", "09a-one2one", "10-rtp", "incidents/I08-loss20-both"} {
		t.Run(name, func(t *testing.T) {
			x := reference{media: map[string]string{}, last: map[string]point{}, nack: map[string]point{}}
			eachReply(t, name, x.reply)
			file := "../../testdata/recordings/" + name + ".jsonl.zst"

			var got []string
			in := csv.NewReader(strings.NewReader(exported(t, "--csv", file)))
			header, err := in.Read()
			if err != nil || strings.Join(header, ",") != "time_ms,server,element,name,stream,media,direction,metric,unit,value" {
				t.Fatal(header, err)
			}
			var asJSON []string
			for {
				r, err := in.Read()
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				asJSON = append(asJSON, strings.Join(r, "|"))
				value := r[9]
				if v, err := strconv.ParseFloat(value, 64); err == nil {
					if math.IsNaN(v) {
						t.Errorf("a break in a recording without one: %v", r)
					}
					value = fmt.Sprintf("%.9g", v)
				}
				if r[2] == "manager_ServerManager" { // from other calls
					continue
				}
				got = append(got, strings.Join([]string{r[0], r[2], r[4], r[5], r[6], r[7], r[8], value}, "|"))
			}
			slices.Sort(got)
			slices.Sort(x.rows)
			if d := cmp.Diff(x.rows, got); d != "" {
				t.Errorf("the rows differ (- reference, + export):\n%.4000s", d)
			}
			if len(got) < 250 {
				t.Errorf("only %d rows", len(got))
			}

			var lines []string
			for l := range strings.Lines(exported(t, "--jsonl", file)) {
				var o map[string]any
				d := json.NewDecoder(strings.NewReader(l))
				d.UseNumber()
				if err := d.Decode(&o); err != nil {
					t.Fatal(err)
				}
				lines = append(lines, fmt.Sprintf("%v|%v|%v|%v|%v|%v|%v|%v|%v|%v", o["time_ms"], o["server"], o["element"], o["name"],
					o["stream"], o["media"], o["direction"], o["metric"], o["unit"], o["value"]))
			}
			if d := cmp.Diff(asJSON, lines); d != "" {
				t.Errorf("JSON lines are not the CSV:\n%.2000s", d)
			}
		})
	}
}

// TestStatsChoice checks --metric, and that names of elements are given.
func TestStatsChoice(t *testing.T) {
	out := exported(t, "../../testdata/recordings/02b-webrtc-datachannel.jsonl.zst", "--metric=^(bitrate|packetsLost)$", "--csv")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) < 50 {
		t.Fatal(len(lines))
	}
	for _, l := range lines[1:] {
		c := strings.Split(l, ",")
		if c[7] != "bitrate" && c[7] != "packetsLost" || c[3] != "loopback-ep" {
			t.Fatal(l)
		}
	}
}

// TestStatsRefusals checks that what is wrong is said in one sentence.
func TestStatsRefusals(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"x.kmscap"}, "--csv, --jsonl or --openmetrics"},
		{[]string{"--csv"}, "needs a capture file"},
		{[]string{"--csv", "--jsonl", "x"}, "one format"},
		{[]string{"--csv", "--metric", "(", "x"}, "no regular expression"},
		{[]string{"--csv", "--metric"}, "--metric needs"},
		{[]string{"--csv", "--yaml", "x"}, "no option --yaml"},
		{[]string{"--csv", "x", "y"}, "one file"},
		{[]string{"--csv", "no-such-file"}, "no-such-file"},
	} {
		var out, errs bytes.Buffer
		if code := run(t.Context(), append([]string{"stats"}, c.args...), &out, &errs); code != 1 ||
			!strings.Contains(errs.String(), c.want) || strings.Count(errs.String(), "\n") != 1 {
			t.Errorf("%v: %d %q", c.args, code, errs.String())
		}
	}
}

// BenchmarkStats exports: a recording of real media from its beginning to its
// end, and an hour of such media as it is sampled once a second. MB/s is what is
// written.
func BenchmarkStats(b *testing.B) {
	whole := decoded(b, "../../testdata/recordings/incidents/I08-loss20-both.jsonl.zst")
	for name, file := range map[string]string{"recording": whole, "hour": sampledHour(b, whole)} {
		for _, format := range []string{"csv", "jsonl", "openmetrics"} {
			b.Run(name+"/"+format, func(b *testing.B) {
				var n countingWriter
				b.ReportAllocs()
				for b.Loop() {
					n = 0
					if err := exportStats([]string{"--" + format, file}, &n, io.Discard); err != nil {
						b.Fatal(err)
					}
				}
				b.SetBytes(int64(n))
			})
		}
	}
}

// sampledHour writes a capture in which the last getStats calls of another are
// repeated for an hour, a second apart, with times and ids that go on.
func sampledHour(b *testing.B, file string) string {
	b.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	var opens, calls []string
	asked := make(map[string]string)
	for line := range strings.Lines(string(raw)) {
		var r struct {
			Dir, Conn string
			Frame     struct{ ID json.Number }
		}
		if json.Unmarshal([]byte(line), &r) != nil {
			continue
		}
		key := r.Conn + r.Frame.ID.String()
		switch {
		case r.Dir == "open":
			opens = append(opens, line)
		case r.Dir == "send" && strings.Contains(line, `"getStats"`):
			asked[key] = line
		case r.Dir == "recv" && asked[key] != "":
			calls = append(calls, asked[key], line)
		}
	}
	calls = calls[max(len(calls)-8, 0):] // of one second
	numbers := regexp.MustCompile(`("t":|"id":|"timestampMillis":)(\d+)`)
	name := b.TempDir() + "/hour.jsonl"
	out, err := os.Create(name)
	if err != nil {
		b.Fatal(err)
	}
	w := bufio.NewWriter(out)
	fmt.Fprint(w, strings.Join(opens, ""))
	for second := range int64(3600) {
		for _, line := range calls {
			fmt.Fprint(w, numbers.ReplaceAllStringFunc(line, func(s string) string {
				i := strings.IndexByte(s, ':') + 1
				n, _ := strconv.ParseInt(s[i:], 10, 64) // digits
				return s[:i] + strconv.FormatInt(n+second*1000, 10)
			}))
		}
	}
	if err := errors.Join(w.Flush(), out.Close()); err != nil {
		b.Fatal(err)
	}
	return name
}

type countingWriter int64

func (w *countingWriter) Write(p []byte) (int, error) {
	*w += countingWriter(len(p))
	return len(p), nil
}

// decoded unpacks a recording: the pace of zstd is not what is measured.
func decoded(b *testing.B, packed string) string {
	b.Helper()
	f, err := os.Open(packed)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	z, err := zstd.NewReader(f)
	if err != nil {
		b.Fatal(err)
	}
	defer z.Close()
	raw, err := io.ReadAll(z)
	if err != nil {
		b.Fatal(err)
	}
	name := b.TempDir() + "/capture.jsonl"
	if err := os.WriteFile(name, bytes.Repeat(raw, 1), 0o600); err != nil {
		b.Fatal(err)
	}
	return name
}
