package browserdump

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"kmscope/capture"
	"kmscope/negotiation"
	"kmscope/stats"
	"kmscope/wire"
)

// The dumps of testdata/beside were made by Chromium 156 that negotiated with a
// real Kurento Media Server on the same machine, so that the two clocks are one.
const beside = "../testdata/beside/"

// dumpText gives the JSON of a dump.
func dumpText(t testing.TB, name string) []byte {
	t.Helper()
	f, err := os.Open(beside + name + ".dump.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func readDump(t testing.TB, name string) *Dump {
	t.Helper()
	f, err := os.Open(beside + name + ".dump.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d, err := Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// facts reads a capture of testdata/beside.
func facts(t testing.TB, name string) []wire.Fact {
	t.Helper()
	r, err := capture.Open(beside + name + ".jsonl.zst")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var d wire.Decoder
	var out []wire.Fact
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, d.Feed(rec)...)
	}
}

func fed(all []wire.Fact) *Server {
	var s Server
	for _, f := range all {
		s.Feed(f)
	}
	return &s
}

// endpoints are the WebRtcEndpoints of a capture in the order of their creation,
// found without the code under test.
func endpoints(t testing.TB, all []wire.Fact) []string {
	t.Helper()
	var out []string
	for _, f := range all {
		var d struct{ Object string }
		if f.Kind == wire.KindEvent && f.Type == "ObjectCreated" && json.Unmarshal(f.Data, &d) == nil && strings.HasSuffix(d.Object, "WebRtcEndpoint") {
			out = append(out, d.Object)
		}
		var id string
		if f.Kind == wire.KindCall && f.Method == "create" && json.Unmarshal(f.Result, &id) == nil && strings.HasSuffix(id, "WebRtcEndpoint") {
			out = append(out, id)
		}
	}
	return out
}

func states(p *PeerConnection, lane string) string {
	for _, l := range p.Lanes(p.ID, 0) {
		if string(l.Lane) != "browser/"+lane {
			continue
		}
		var out []string
		for i, v := range l.Intervals {
			if v.To.Before(v.From) || i > 0 && !l.Intervals[i-1].To.Equal(v.From) {
				return fmt.Sprintf("intervals that do not touch: %v", l.Intervals)
			}
			out = append(out, v.State)
		}
		return strings.Join(out, " ")
	}
	return ""
}

// TestRealDumps lays real dumps beside the captures of the same calls. The two
// clocks are one, so the offset must come out as nothing.
func TestRealDumps(t *testing.T) {
	for _, c := range []struct {
		name string
		// made says which endpoint, in the order of creation, each connection is.
		made     []int
		sure     bool
		evidence []Kind
		ice      []string
		within   time.Duration
	}{
		{"loopback", []int{0}, true, []Kind{KindSSRC, KindCandidate}, []string{"new checking connected"}, 2 * time.Millisecond},
		{"ice-failed", []int{0}, false, []Kind{KindLooseCandidate}, []string{"new checking disconnected"}, 20 * time.Millisecond},
		// The third endpoint of this capture has no connection.
		{"two-connections", []int{0, 1}, true, []Kind{KindUfrag, KindFingerprint, KindSession, KindCandidate},
			[]string{"new checking connected", "new checking connected"}, 2 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := readDump(t, c.name)
			if d.Browser != "Chromium 156.0.8078.79" || len(d.Notes) > 0 || len(d.Connections) != len(c.made) {
				t.Fatalf("%s, %d connections, %q", d.Browser, len(d.Connections), d.Notes)
			}
			all := facts(t, c.name)
			known := endpoints(t, all)
			r := Match(d, fed(all))
			for i, p := range d.Connections {
				m := r.Of(p)
				if m == nil || m.Object != known[c.made[i]] || m.Sure() != c.sure {
					t.Fatalf("connection %s: %+v", p.ID, m)
				}
				for _, k := range c.evidence {
					found := false
					for _, e := range m.Evidence {
						found = found || e.Kind == k && e.Unique > 0 && e.Text != ""
					}
					if !found {
						t.Errorf("connection %s lacks %s: %+v", p.ID, k, m.Evidence)
					}
				}
				if got := states(p, "iceConnectionState"); got != c.ice[i] {
					t.Errorf("ICE of %s: %s", p.ID, got)
				}
				if got := states(p, "signalingState"); got != "stable have-local-offer stable" {
					t.Errorf("signalling of %s: %s", p.ID, got)
				}
				if got := states(p, "iceGatheringState"); got != "new gathering complete" {
					t.Errorf("gathering of %s: %s", p.ID, got)
				}
			}
			if len(r.Unmatched) > 0 || len(r.Clocks) != 1 {
				t.Fatalf("%d unmatched, %d clocks", len(r.Unmatched), len(r.Clocks))
			}
			if k := r.Clocks[0]; k.Offset.Abs() > c.within || k.HasLow && k.Low > 0 || k.HasHigh && k.High < 0 {
				t.Errorf("the clocks are one, but %+v", k)
			}
		})
	}
}

// shift moves the browser's clock. What the server said of its own (the time in
// sender reports) stays.
func shift(d *Dump, by time.Duration) {
	for _, p := range d.Connections {
		for i := range p.Entries {
			p.Entries[i].At = p.Entries[i].At.Add(by)
		}
		for i := range p.Candidates {
			if !p.Candidates[i].Added.IsZero() {
				p.Candidates[i].Added = p.Candidates[i].Added.Add(by)
			}
		}
		for i := range p.Series {
			for j := range p.Series[i].Points {
				p.Series[i].Points[j].At = p.Series[i].Points[j].At.Add(by)
			}
		}
	}
}

// TestClocksApart holds that the offset is found for a browser whose clock is
// wrong, with the server's sender reports and without.
func TestClocksApart(t *testing.T) {
	for _, c := range []struct {
		name    string
		reports bool
		within  time.Duration
	}{
		{"loopback", true, 2 * time.Millisecond},
		{"loopback", false, 100 * time.Millisecond},
		{"ice-failed", false, 20 * time.Millisecond},
		{"two-connections", true, 2 * time.Millisecond},
		{"two-connections", false, 20 * time.Millisecond},
	} {
		for _, by := range []time.Duration{-37 * time.Minute, 90 * time.Second, 400 * 24 * time.Hour} {
			t.Run(fmt.Sprint(c.name, " ", c.reports, " ", by), func(t *testing.T) {
				d := readDump(t, c.name)
				shift(d, by)
				if !c.reports {
					for _, p := range d.Connections {
						for i := range p.Series {
							if p.Series[i].Kind == "remote-outbound-rtp" {
								p.Series[i].Points = nil
							}
						}
					}
				}
				r := Match(d, fed(facts(t, c.name)))
				if len(r.Clocks) != 1 || (r.Clocks[0].Offset+by).Abs() > c.within {
					t.Errorf("%+v", r.Clocks)
				}
				if off, ok := r.Offset(d.Connections[0]); !ok || off != r.Clocks[0].Offset {
					t.Errorf("the connection's offset is %v, %v", off, ok)
				}
			})
		}
	}
}

// TestSenderReportsWithoutWallClock holds that reports which count from the
// server's start do not move the offset.
func TestSenderReportsWithoutWallClock(t *testing.T) {
	d := readDump(t, "loopback")
	for _, p := range d.Connections {
		for i := range p.Series {
			if s := &p.Series[i]; s.Metric == "remoteTimestamp" {
				for j := range s.Points {
					s.Points[j].Value -= 5 * 3600 * 1000
				}
			}
		}
	}
	r := Match(d, fed(facts(t, "loopback")))
	if len(r.Clocks) != 1 || r.Clocks[0].Offset.Abs() > 100*time.Millisecond || !strings.Contains(strings.Join(r.Clocks[0].Texts, " "), "left out") {
		t.Errorf("%+v", r.Clocks)
	}
}

// old rewrites a dump as browsers wrote it some years ago: local dates without a
// zone, prose in place of JSON, the browser's own names of states.
func old(t testing.TB, text []byte, zone time.Duration, layout string) []byte {
	t.Helper()
	var top map[string]any
	if err := json.Unmarshal(text, &top); err != nil {
		t.Fatal(err)
	}
	delete(top, "timestamp")
	delete(top, "UserAgentData")
	camel := func(s string) string {
		var b strings.Builder
		for _, w := range strings.Split(s, "-") {
			b.WriteString(strings.ToUpper(w[:1]) + w[1:])
		}
		return b.String()
	}
	for _, pc := range top["PeerConnections"].(map[string]any) {
		pc := pc.(map[string]any)
		for _, e := range pc["updateLog"].([]any) {
			e := e.(map[string]any)
			ms, err := strconv.ParseFloat(fmt.Sprint(e["timestamp"]), 64)
			if err != nil {
				t.Fatal(err)
			}
			delete(e, "timestamp")
			e["time"] = time.UnixMilli(int64(ms)).UTC().Add(zone).Format(layout)
			var v map[string]any
			value := fmt.Sprint(e["value"])
			_ = json.Unmarshal([]byte(value), &v) // where it is JSON
			switch name := e["type"].(string); name {
			case "onicecandidate", "addIceCandidate":
				e["type"] = strings.Replace(name, "onicecandidate", "onIceCandidate", 1)
				e["value"] = fmt.Sprintf("sdpMid: %v, sdpMLineIndex: %v, candidate: %v, url: stun:example.org", v["sdpMid"], v["sdpMLineIndex"], v["candidate"])
			case "oniceconnectionstatechange":
				e["type"], e["value"] = "iceConnectionStateChange", "ICEConnectionState"+camel(strings.Trim(value, `"`))
			case "onicegatheringstatechange":
				e["type"], e["value"] = "iceGatheringStateChange", "ICEGatheringState"+camel(strings.Trim(value, `"`))
			case "onsignalingstatechange":
				e["type"], e["value"] = "signalingStateChange", "SignalingState"+camel(strings.Trim(value, `"`))
			default:
				if v["sdp"] != nil {
					e["value"] = fmt.Sprintf("type: %v, sdp: %v", v["type"], v["sdp"])
				}
			}
		}
		for k := range pc["stats"].(map[string]any) {
			if strings.HasSuffix(k, "-timestamp") || strings.HasSuffix(k, "remoteTimestamp") {
				delete(pc["stats"].(map[string]any), k)
			}
		}
	}
	b, err := json.Marshal(top)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestOldLayouts(t *testing.T) {
	for _, name := range []string{"loopback", "ice-failed", "two-connections"} {
		want := readDump(t, name)
		all := facts(t, name)
		right := Match(want, fed(all))
		for _, layout := range []string{"1/2/2006, 3:04:05 PM", "2.1.2006, 15:04:05", "02/01/2006, 15:04:05", "2006/1/2 15:04:05", "2006-01-02T15:04:05.000Z"} {
			zone := 5*time.Hour + 30*time.Minute
			if strings.HasSuffix(layout, "Z") {
				zone = 0
			}
			t.Run(name+" "+layout, func(t *testing.T) {
				d, err := Read(bytes.NewReader(old(t, dumpText(t, name), zone, layout)))
				if err != nil {
					t.Fatal(err)
				}
				r := Match(d, fed(all))
				for i, p := range d.Connections {
					for _, lane := range []string{"iceConnectionState", "signalingState", "iceGatheringState", "connectionState"} {
						if got := states(p, lane); got != states(want.Connections[i], lane) {
							t.Errorf("%s of %s: %s", lane, p.ID, got)
						}
					}
					if m := r.Of(p); m == nil || m.Object != right.Of(want.Connections[i]).Object {
						t.Errorf("connection %s: %+v", p.ID, m)
					}
					for j, e := range p.Entries {
						if off := e.At.Sub(want.Connections[i].Entries[j].At); off.Abs() > time.Second {
							t.Fatalf("entry %d is %v off", j, off)
						}
					}
				}
				// Times to the second give an offset to the second.
				if len(r.Clocks) != 1 || r.Clocks[0].Offset.Abs() > time.Second {
					t.Errorf("%+v", r.Clocks)
				}
			})
		}
	}
}

// TestSeries holds that samples get the times that the browser wrote for their
// object, and the units of webrtc-stats.
func TestSeries(t *testing.T) {
	var raw struct {
		PeerConnections map[string]struct {
			Stats map[string]struct{ Values string }
		}
	}
	if err := json.Unmarshal(dumpText(t, "loopback"), &raw); err != nil {
		t.Fatal(err)
	}
	p := readDump(t, "loopback").Connections[0]
	stat := raw.PeerConnections[p.ID].Stats
	compared := 0
	for i := range p.Series {
		s := &p.Series[i]
		var values []float64
		var times []float64
		if json.Unmarshal([]byte(stat[s.Stat+"-"+s.Metric].Values), &values) != nil || len(s.Points) == 0 {
			continue
		}
		if err := json.Unmarshal([]byte(stat[s.Stat+"-timestamp"].Values), &times); err != nil {
			t.Fatal(err)
		}
		if len(values) != len(s.Points) {
			t.Errorf("%s %s: %d of %d", s.Stat, s.Metric, len(s.Points), len(values))
			continue
		}
		if len(values) != len(times) {
			continue
		}
		compared++
		for j, pt := range s.Points {
			if pt.Value != values[j] || math.Abs(float64(pt.At.UnixMicro())/1000-times[j]) > 0.002 {
				t.Errorf("%s %s %d: %v", s.Stat, s.Metric, j, pt)
			}
		}
	}
	if compared < 200 {
		t.Errorf("%d series were compared", compared)
	}
	for metric, want := range map[string]stats.Unit{"bytesReceived": stats.Bytes, "availableOutgoingBitrate": stats.Bps, "targetBitrate": stats.Bps,
		"jitter": stats.Seconds, "totalRoundTripTime": stats.Seconds, "packetsLost": stats.Count, "fractionLost": stats.Ratio, "framesPerSecond": stats.PerSecond,
		"[bytesSent_in_bits/s]": stats.Bps, "[totalEncodeTime/framesEncoded_in_ms]": stats.Ms, "[framesSent/s]": stats.PerSecond,
		"dtlsState": stats.Word, "qualityLimitationReason": stats.Word, "frameWidth": stats.Pixels, "framesDecoded": stats.Count} {
		found := false
		for i := range p.Series {
			if s := &p.Series[i]; s.Metric == metric {
				found = true
				if s.Unit != want {
					t.Errorf("%s has the unit %q", metric, s.Unit)
				}
			}
		}
		if !found {
			t.Errorf("no series of %s", metric)
		}
	}
}

// TestNoSecrets holds that what is made for people names no ufrag and no
// password.
func TestNoSecrets(t *testing.T) {
	secret := regexp.MustCompile(`ice-(?:ufrag|pwd):([^\\\r\n]+)`)
	for _, name := range []string{"loopback", "ice-failed", "two-connections"} {
		words := make(map[string]bool)
		for _, m := range secret.FindAllStringSubmatch(string(dumpText(t, name)), -1) {
			words[m[1]] = true
		}
		if len(words) < 4 {
			t.Fatalf("%d secrets", len(words))
		}
		d := readDump(t, name)
		var b strings.Builder
		for _, p := range d.Connections {
			for _, e := range p.Entries {
				b.WriteString(e.Text + "\n")
			}
		}
		r := Match(d, fed(facts(t, name)))
		for _, m := range r.Pairings {
			for _, e := range m.Evidence {
				b.WriteString(e.Text + "\n")
			}
		}
		for _, c := range r.Clocks {
			b.WriteString(strings.Join(c.Texts, "\n"))
		}
		for _, w := range strings.Fields(b.String()) {
			if words[strings.Trim(w, `",.()`)] {
				t.Errorf("%s: %q is told", name, w)
			}
		}
		if !strings.Contains(b.String(), "offer (audio, video") || !strings.Contains(b.String(), "host udp") {
			t.Errorf("%s: the texts say nothing:\n%s", name, b.String())
		}
	}
}

// TestAmbiguous holds that nothing is decided where two connections fit: a page
// was loaded twice from one dump, so to say.
func TestAmbiguous(t *testing.T) {
	d := readDump(t, "ice-failed")
	twin := *d.Connections[0]
	twin.ID = "twin"
	d.Connections = append(d.Connections, &twin)
	r := Match(d, fed(facts(t, "ice-failed")))
	if len(r.Pairings) != 0 || len(r.Unmatched) != 2 || len(r.Doubtful) != 2 || len(r.Clocks) != 0 {
		t.Errorf("%d pairings, %d unmatched, %d doubtful", len(r.Pairings), len(r.Unmatched), len(r.Doubtful))
	}
	if _, ok := r.Offset(d.Connections[0]); ok {
		t.Error("an offset of nothing")
	}
	// Another call's capture fits not at all.
	r = Match(readDump(t, "loopback"), fed(facts(t, "two-connections")))
	if len(r.Pairings) != 0 || len(r.Unmatched) != 1 {
		t.Errorf("%+v", r.Pairings)
	}
}

func TestLenient(t *testing.T) {
	pc := func(inner string) string { return `{"PeerConnections":{"1-1":{` + inner + `}}}` }
	for _, c := range []struct {
		name, text string
		want       string // of the notes, or the error
		conns      int
	}{
		{"nothing", "", "no dump", 0},
		{"text", "hello", "no dump", 0},
		{"another JSON", `{"a":1}`, "no dump", 0},
		{"a list", `[]`, "no dump", 0},
		{"cut", `{"PeerConnections":{"1-1":{"url":"x"`, "damaged or incomplete", 0},
		{"no object", `{"PeerConnections":[]}`, "no dump", 0},
		{"rtcstats", "RTCStatsDump\n{}", "rtcstats dump", 0},
		{"rtcstats of blanks", "RTCStatsDump\n{\"fileFormat\":3}\n" + strings.Repeat("\n", 1<<19) + "x", "1 lines cannot be read", 0},
		{"cut gzip", "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x01", "damaged or incomplete", 0},
		{"bad gzip", "\x1f\x8b\x07", "decompressed", 0},
		{"too much", `{"PeerConnections":{}}` + strings.Repeat(" ", 1<<20), "more than", 0},
		{"empty", `{"PeerConnections":{}}`, "", 0},
		{"empty connection", pc(``), "", 1},
		{"null connection", `{"PeerConnections":{"1-1":null}}`, "", 1},
		{"a word for a connection", `{"PeerConnections":{"1-1":"x","1-2":{}}}`, "1-1 cannot be read", 1},
		{"odd entries", pc(`"updateLog":[1,"x",{},{"type":"close","value":5}]`), "3 entries", 1},
		{"odd stats", pc(`"stats":{"a":{},"a-b":5,"a-c":{"startTime":"x"},"-":{},"a-d":{"startTime":"2026-01-01T00:00:00Z","endTime":"2026-01-01T00:00:01Z","values":"[1,null,true]"}}`), "4 series", 1},
		{"no zone", pc(`"updateLog":[{"time":"1/2/2026, 3:04:05 PM","type":"close","value":""}]`), "no zone", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := read(strings.NewReader(c.text), 1<<20)
			if err != nil {
				if c.conns > 0 || !strings.Contains(err.Error(), c.want) || c.want == "" || strings.Contains(err.Error(), "\n") {
					t.Errorf("%v", err)
				}
				return
			}
			if len(d.Connections) != c.conns || !strings.Contains(strings.Join(d.Notes, "\n"), c.want) {
				t.Errorf("%d connections, %q", len(d.Connections), d.Notes)
			}
		})
	}
	d, err := Read(strings.NewReader(`{"PeerConnections":{},"UserAgentData":[{"brand":"Not A;Brand","version":"99"},{"brand":"Google Chrome","version":"97"},{"brand":"Chromium","version":"97"}]}`))
	if err != nil || d.Browser != "Google Chrome 97" {
		t.Errorf("%v, %v", d, err)
	}
}

// TestGzip holds that a compressed dump gives what the plain one does.
func TestGzip(t *testing.T) {
	d, err := Read(bytes.NewReader(dumpText(t, "loopback")))
	want := readDump(t, "loopback")
	if err != nil || len(d.Connections) != 1 || len(d.Connections[0].Series) != len(want.Connections[0].Series) || len(d.Connections[0].Entries) != len(want.Connections[0].Entries) {
		t.Errorf("%v, %v", d, err)
	}
	if n := len(want.Connections[0].Descriptions); n != 2 || want.Connections[0].Descriptions[0].Side != negotiation.Remote {
		t.Errorf("%d descriptions", n)
	}
}

func FuzzRead(f *testing.F) {
	all := facts(f, "two-connections")
	server := fed(all)
	f.Fuzz(func(t *testing.T, in []byte) {
		d, err := read(bytes.NewReader(in), 4<<20)
		if err != nil {
			return
		}
		r := Match(d, server)
		if len(r.Pairings)+len(r.Unmatched) != len(d.Connections) {
			t.Fatalf("%d pairings and %d unmatched of %d", len(r.Pairings), len(r.Unmatched), len(d.Connections))
		}
		for _, p := range d.Connections {
			for _, l := range p.Lanes(p.ID, time.Hour) {
				for i, v := range l.Intervals {
					if v.To.Before(v.From) || i > 0 && !l.Intervals[i-1].To.Equal(v.From) {
						t.Fatalf("%+v", l)
					}
				}
			}
			for i := range p.Series {
				if len(p.Series[i].Points) > maxSamples {
					t.Fatal("more samples than the bound")
				}
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	text := dumpText(b, "two-connections")
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Read(bytes.NewReader(text)); err != nil {
			b.Fatal(err)
		}
	}
}
