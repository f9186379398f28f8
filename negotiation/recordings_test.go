package negotiation

import (
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/sdp/v3"

	"kmscope/capture"
	"kmscope/inventory"
	"kmscope/wire"
)

// strs calls f for every string in a JSON value.
func strs(raw json.RawMessage, f func(string)) {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return
	}
	var walk func(any)
	walk = func(v any) {
		switch x := v.(type) {
		case string:
			f(x)
		case []any:
			for _, e := range x {
				walk(e)
			}
		case map[string]any:
			for _, e := range x {
				walk(e)
			}
		}
	}
	walk(v)
}

// TestEveryDescriptionAndCandidate takes whatever any frame of any recording
// holds, in whatever place.
func TestEveryDescriptionAndCandidate(t *testing.T) {
	descriptions, candidates := map[string]bool{}, map[string]bool{}
	for _, file := range recordings(t) {
		facts(t, file, func(f wire.Fact) {
			for _, raw := range []json.RawMessage{f.Params, f.Result, f.Data} {
				strs(raw, func(s string) {
					switch {
					case strings.HasPrefix(s, "v=0"):
						descriptions[s] = true
					case strings.HasPrefix(s, "candidate:"):
						candidates[s] = true
					}
				})
			}
		})
	}
	if len(descriptions) < 75 || len(candidates) < 180 {
		t.Fatalf("found %d descriptions and %d candidates", len(descriptions), len(candidates))
	}
	for s := range descriptions {
		d := ParseDescription(s)
		if d.String() != s {
			t.Errorf("lost something of %q", s)
		}
		if s == "v=0\r\n" { // an application tried this
			if d.Err == "" {
				t.Errorf("%q was accepted", s)
			}
			continue
		}
		if d.Err != "" {
			t.Errorf("%q: %s", s, d.Err)
		}
		var p sdp.SessionDescription
		if err := p.UnmarshalString(s); err != nil {
			t.Fatal(err)
		}
		again, err := p.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if got := string(again); got != s {
			t.Errorf("pion gives back another text: %s", cmp.Diff(s, got))
		}
		for i := range d.Media {
			m, ours := p.MediaDescriptions[i].MediaName, &d.Media[i]
			if m.Media != ours.Kind || m.Port.Value != ours.Port || strings.Join(m.Protos, "/") != ours.Proto || !cmp.Equal(m.Formats, ours.Formats) {
				t.Errorf("m-line %d is %+v for pion, %+v for us", i, m, ours)
			}
			for _, l := range ours.Lines {
				if l.Note == "" {
					t.Errorf("%q has no note", l.Text)
				}
			}
		}
		red := d.Redacted()
		for _, section := range d.Sections() {
			for _, name := range []string{"ice-ufrag", "ice-pwd"} {
				for _, v := range section.All(name) {
					if strings.Contains(red, ":"+v+"\r") {
						t.Errorf("%s survives redaction", name)
					}
				}
			}
		}
		if strings.Contains(red, "inline:Y") {
			t.Error("a key survives redaction")
		}
	}
	for s := range candidates {
		c := ParseCandidate(s)
		if c.Raw != s {
			t.Errorf("lost something of %q", s)
		}
		if c.Err != "" || c.Type != Host || c.Port == 0 || c.Foundation == "" || c.Priority == 0 || c.Class == ClassUnknown || c.Class == ClassName {
			t.Errorf("%q: %+v", s, c)
		}
		if words := strings.Fields(s); c.Address != words[4] || strconv.Itoa(c.Port) != words[5] || !strings.EqualFold(c.Protocol, words[2]) || strconv.Itoa(c.Component) != words[1] {
			t.Errorf("%q: %+v", s, c)
		}
		if c.TCPType == "" && c.Protocol == "tcp" {
			t.Errorf("%q: no tcptype", s)
		}
	}
}

// TestSteps holds the checklist against a reading of the frames that shares
// nothing with the Log but the decoder.
func TestSteps(t *testing.T) {
	seen := 0
	for _, file := range recordings(t) {
		firsts := map[string]map[Step]int64{}
		note := func(object string, s Step, millis string) {
			n, err := strconv.ParseInt(millis, 10, 64)
			if err != nil {
				t.Fatalf("%s: %q is no timestamp", file, millis)
			}
			if firsts[object] == nil {
				firsts[object] = map[Step]int64{}
			}
			if old, ok := firsts[object][s]; !ok || n < old {
				firsts[object][s] = n
			}
		}
		facts(t, file, func(f wire.Fact) {
			if f.Kind != wire.KindEvent || !strings.HasSuffix(f.Object, "WebRtcEndpoint") {
				return
			}
			text := string(f.Data)
			var d struct {
				Millis string `json:"timestampMillis"`
			}
			if err := json.Unmarshal(f.Data, &d); err != nil {
				t.Fatal(err)
			}
			is := func(parts ...string) bool {
				for _, p := range parts {
					if !strings.Contains(text, `"`+p+`"`) {
						return false
					}
				}
				return true
			}
			switch {
			case is("IceComponentStateChanged", "GATHERING"):
				note(f.Object, StepGathering, d.Millis)
			case is("IceComponentStateChanged", "CONNECTING"):
				note(f.Object, StepConnecting, d.Millis)
			case is("IceComponentStateChanged", "CONNECTED"):
				note(f.Object, StepConnected, d.Millis)
			case is("IceComponentStateChanged", "READY"):
				note(f.Object, StepReady, d.Millis)
			case is("IceCandidateFound"):
				note(f.Object, StepCandidate, d.Millis)
			case is("IceGatheringDone"):
				note(f.Object, StepGatheringDone, d.Millis)
			case is("NewCandidatePairSelected"):
				note(f.Object, StepPair, d.Millis)
			case is("DtlsConnectionStateChange", "CONNECTED"):
				note(f.Object, StepDTLS, d.Millis)
			case strings.Contains(text, `"newState":"CONNECTED"`) && is("MediaStateChanged"):
				note(f.Object, StepMedia, d.Millis)
			case is("FLOWING"):
				note(f.Object, StepFlow, d.Millis)
			}
		})
		for _, n := range negotiations(t, file) {
			for _, c := range n.Checklist.Checks {
				want, ok := firsts[n.Object][c.Step]
				if !ok {
					if !c.At.IsZero() || c.Status == Late || c.Status == OutOfOrder {
						t.Errorf("%s %s: %+v, but no event says so", file, n.Object, c)
					}
					continue
				}
				seen++
				if c.At.UnixMilli() != want {
					t.Errorf("%s %s %s: at %d, want %d", file, n.Object, c.Step, c.At.UnixMilli(), want)
				}
				zero, ok := firsts[n.Object][StepGathering]
				if ok && c.After != time.Duration(want-zero)*time.Millisecond {
					t.Errorf("%s %s %s: after %s", file, n.Object, c.Step, c.After)
				}
				if c.Status == Missing || c.Status == NotKnown || c.Status == OutOfOrder {
					t.Errorf("%s %s: %+v", file, n.Object, c)
				}
			}
		}
	}
	if seen < 250 {
		t.Errorf("only %d steps were compared", seen)
	}
}

// TestIncidents holds what is said of the incidents against what was planted.
func TestIncidents(t *testing.T) {
	unconnected := map[string]int{"ice.no-srflx": 1, "ice.no-relay": 1, "ice.only-private": 1}
	with := func(m map[string]int, more ...string) map[string]int {
		out := map[string]int{}
		for k, v := range m {
			out[k] = v
		}
		for _, r := range more {
			out[r]++
		}
		return out
	}
	for name, want := range map[string]map[string]int{
		"H3-one2many":                  {},
		"H4-player-webm":               {},
		"H6-recorder":                  {},
		"I02-unreachable-candidates":   with(unconnected, "ice.failed"),
		"I03b-dtls-filtered":           {"dtls.not-connected": 1},
		"I05-audio-only-sent":          {},
		"I08-loss20-both":              {},
		"I10a-h264-vp8":                {},
		"I12-recorder-video-only":      {},
		"I14-player-missing-file":      {},
		"I18-server-restart":           {},
		"I19-plus-became-blank":        with(unconnected, "ice.connecting", "sdp.candidate-ufrag", "sdp.ice-blank", "sdp.ice-blank", "sdp.ice-blank", "sdp.ice-blank"),
		"I22-stun-no-answer":           {"ice.no-srflx": 1},
		"I25-send-cap-100k":            {},
		"I30-recorder-never-connected": {},
		"I34-orphaned-pipeline":        {},
	} {
		t.Run(name, func(t *testing.T) {
			var all []Finding
			for _, n := range negotiations(t, incident(name)) {
				all = append(all, n.Findings...)
			}
			if diff := cmp.Diff(want, rules(all, Warning)); diff != "" {
				t.Errorf("findings above info (-want +got):\n%s", diff)
			}
		})
	}
}

func one(t *testing.T, name string) Negotiation {
	t.Helper()
	all := negotiations(t, incident(name))
	if len(all) != 1 {
		t.Fatalf("%d endpoints, want 1", len(all))
	}
	return all[0]
}

func TestPlusBecameBlank(t *testing.T) {
	n := one(t, "I19-plus-became-blank")
	for _, f := range n.Findings {
		if f.Rule == "sdp.ice-blank" && (f.Severity != Error || f.Side != Remote || strings.Contains(f.Text+f.Advice, "aB")) {
			t.Errorf("%+v", f)
		}
	}
	if c := n.Checklist.Check(StepConnected); c.Status != Missing || !strings.Contains(c.Note, "connecting") {
		t.Errorf("connected: %+v", c)
	}
	if c := n.Checklist.Check(StepDTLS); c.Status != Missing || c.Note != `waits for "connected"` {
		t.Errorf("DTLS: %+v", c)
	}
	// The description holds one candidate, whose ufrag kept its plus.
	if len(n.Remote) != 1 || n.Remote[0].Origin != FromSDP || len(n.Pairs) != 0 {
		t.Errorf("remote candidates: %v, pairs: %v", n.Remote, n.Pairs)
	}
}

func TestStunWithoutAnswer(t *testing.T) {
	n := one(t, "I22-stun-no-answer")
	if c := n.Checklist.Check(StepGatheringDone); c.Status != Late || c.Took < 2*time.Second || c.Took > 3*time.Second || c.Advice == "" {
		t.Errorf("gathering done: %+v", c)
	}
	if len(n.Local) != 6 || len(n.Local[0].Mids) != 2 || n.Local[0].Class != ClassPrivate {
		t.Errorf("local candidates: %+v", n.Local)
	}
	if len(n.Pairs) != 1 || !n.Pairs[0].InUse || n.Pairs[0].Remote.Address != "10.50.4.2" {
		t.Errorf("pairs: %+v", n.Pairs)
	}
	if len(n.Remote) != 1 || n.Remote[0].Origin != FromSDP || !n.Remote[0].InUse {
		t.Errorf("remote candidates: %+v", n.Remote)
	}
	if want := []Cell{{Local: Host, Remote: Host, Possible: 1, InUse: true}}; !cmp.Equal(n.Matrix, want) {
		t.Errorf("matrix: %+v", n.Matrix)
	}
}

// The application's own calls are in this recording, and a trickled candidate.
func TestLoopback(t *testing.T) {
	all := negotiations(t, filepath.Join("..", "testdata", "recordings", "02-webrtc-loopback.jsonl.zst"))
	if len(all) != 1 {
		t.Fatalf("%d endpoints", len(all))
	}
	n := all[0]
	if len(n.Descriptions) != 2 || n.Descriptions[0].Side != Remote || n.Descriptions[0].Role != Offer || n.Descriptions[1].Role != Answer {
		t.Fatalf("descriptions: %+v", n.Descriptions)
	}
	if len(n.Remote) != 1 || n.Remote[0].Origin != FromCall || n.Remote[0].Mids[0] != "0" || !n.Remote[0].InUse {
		t.Errorf("remote: %+v", n.Remote)
	}
	if c := n.Candidate("127.0.0.1", 39240); c == nil || strings.Contains(c.Redacted(), "XpNc") || !strings.Contains(c.Raw, " ufrag ") {
		t.Errorf("candidate: %+v", c)
	}
	if got := rules(n.Findings, Info); got["sdp.remb-blank"] != 1 || got["ice.only-loopback"] != 1 || got["sdp.no-candidates"] != 0 || got["ice.no-remote"] != 0 {
		t.Errorf("findings: %v", got)
	}
	if c := n.Checklist.Check(StepReady); c.Status != Done || c.After != 1048*time.Millisecond {
		t.Errorf("ready: %+v", c)
	}
}

// What was read before and after gathering are two descriptions.
func TestHistoryOfReadings(t *testing.T) {
	n := one(t, "I22-stun-no-answer")
	for _, v := range n.Descriptions {
		if v.Parsed.Err != "" || v.Refused != "" {
			t.Errorf("%+v", v.Said)
		}
	}
	for i := 1; i < len(n.Descriptions); i++ {
		for j := range i {
			if a, b := n.Descriptions[i], n.Descriptions[j]; a.Side == b.Side && a.Text == b.Text {
				t.Errorf("description %d is the same as %d", i, j)
			}
		}
	}
}

// TestRedactedCaptures: what a capture keeps of ufrags and passwords is enough
// for every rule.
func TestRedactedCaptures(t *testing.T) {
	for _, name := range []string{"I19-plus-became-blank", "I22-stun-no-answer", "I08-loss20-both"} {
		t.Run(name, func(t *testing.T) { sameWhenRedacted(t, incident(name)) })
	}
}

func sameWhenRedacted(t *testing.T, file string) {
	t.Helper()
	red := capture.NewRedactor()
	var plain, redacted wire.Decoder
	var logs [2]Log
	reducers := [2]*inventory.Reducer{inventory.NewReducer(""), inventory.NewReducer("")}
	var now time.Time
	r, err := capture.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		now = rec.At
		for _, f := range plain.Feed(rec) {
			logs[0].Feed(f)
			reducers[0].Apply(f)
		}
		for _, f := range redacted.Feed(red.Redact(rec)) {
			logs[1].Feed(f)
			reducers[1].Apply(f)
		}
	}
	var findings [2][]Finding
	var texts [2]string
	for i := range 2 {
		for _, p := range reducers[i].Snapshot().Pipelines {
			for _, o := range p.Objects {
				if Negotiates(o.Type) {
					n := Of(o, logs[i].History(o.ID), now)
					findings[i] = append(findings[i], n.Findings...)
					if n.RemoteDescription != nil {
						texts[i] += n.RemoteDescription.Raw
					}
				}
			}
		}
	}
	if diff := cmp.Diff(findings[0], findings[1]); diff != "" || len(findings[0]) == 0 {
		t.Errorf("(-plain +redacted):\n%s", diff)
	}
	if texts[0] == texts[1] || len(texts[0]) != len(texts[1]) {
		t.Error("the redacted descriptions are not of the same shape")
	}
}

// BenchmarkOf is what a page costs each time that it is drawn afresh.
func BenchmarkOf(b *testing.B) {
	reducer := inventory.NewReducer("")
	var log Log
	var now time.Time
	facts(b, incident("I22-stun-no-answer"), func(f wire.Fact) {
		reducer.Apply(f)
		log.Feed(f)
		now = f.At
	})
	for _, p := range reducer.Snapshot().Pipelines {
		for _, o := range p.Objects {
			if !Negotiates(o.Type) {
				continue
			}
			h := log.History(o.ID)
			for b.Loop() {
				Of(o, h, now)
			}
		}
	}
}
