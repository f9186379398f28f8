package timeline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kmscope/wire"
)

var base = time.UnixMilli(1_795_247_813_000)

const endpoint = "p1_kurento.MediaPipeline/abcd1234_kurento.WebRtcEndpoint"

// event makes the fact of an event that arrives at one time with the server's
// timestamp of another, in milliseconds after base.
func event(name string, arrived, stamp int64, data string) wire.Fact {
	return wire.Fact{Kind: wire.KindEvent, Type: name, Object: endpoint, Data: json.RawMessage(data),
		At: base.Add(time.Duration(arrived) * time.Millisecond), Stamp: base.Add(time.Duration(stamp) * time.Millisecond),
		Raw: json.RawMessage(data)}
}

func ice(arrived, stamp int64, state string) wire.Fact {
	return event("IceComponentStateChanged", arrived, stamp, `{"streamId":1,"componentId":1,"state":"`+state+`"}`)
}

func texts(l *Log) []string {
	var out []string
	for _, e := range l.Range(0, l.Len()) {
		s := e.Text
		if e.Late {
			s += " (late)"
		}
		out = append(out, s)
	}
	return out
}

// TestFailedAttempts: five connections that look for a server that is away say so once.
func TestFailedAttempts(t *testing.T) {
	l := NewLog(0)
	feed := func(kind wire.Kind, conn, text string) {
		l.Feed(wire.Fact{Kind: kind, Conn: conn, Text: text, At: base})
	}
	feed(wire.KindOpen, "a", "")
	for range 50 {
		for _, conn := range []string{"a", "b", "c"} {
			feed(wire.KindError, conn, "nobody answers")
		}
	}
	feed(wire.KindError, "a", "not trusted")
	feed(wire.KindError, "b", "nobody answers")
	feed(wire.KindOpen, "a", "ws://host/kurento")
	feed(wire.KindError, "b", "nobody answers")
	feed(wire.KindOpen, "b", "")
	feed(wire.KindError, "b", "nobody answers")
	feed(wire.KindOpen, "b", "")
	feed(wire.KindOpen, "b", "")
	var got []string
	for _, e := range l.Range(0, l.Len()) {
		got = append(got, e.Text)
	}
	if diff := cmp.Diff([]string{"a: opened", "a: nobody answers", "a: not trusted", "a: opened (after 51 failed attempts) to ws://host/kurento",
		"b: nobody answers", "b: opened (after 52 failed attempts)", "b: nobody answers", "b: opened (after a failed attempt)", "b: opened"}, got); diff != "" {
		t.Error(diff)
	}
	for i := range 3 * maxFailing {
		feed(wire.KindError, fmt.Sprint(i), fmt.Sprint(i))
	}
	if len(l.attempts.failed) > maxFailing+1 || len(l.attempts.said) > maxFailing+1 {
		t.Errorf("%d connections and %d causes are kept", len(l.attempts.failed), len(l.attempts.said))
	}
}

func TestTexts(t *testing.T) {
	for _, c := range []struct {
		name, data, text string
		severity         Severity
	}{
		{"IceComponentStateChanged", `{"streamId":1,"componentId":1,"state":"GATHERING"}`, "ICE stream 1 component 1: GATHERING", Info},
		{"OnIceComponentStateChanged", `{"streamID":2,"componentID":1,"state":"FAILED"}`, "ICE stream 2 component 1: FAILED", Error},
		{"DtlsConnectionStateChange", `{"componentId":"[bundle/dtlssrtpdec]","connectionId":"x","streamId":"1","state":"CONNECTED"}`, "DTLS stream 1 bundle/dtlssrtpdec: CONNECTED", Info},
		{"MediaFlowInStateChanged", `{"mediaType":"VIDEO","padName":"default","state":"NOT_FLOWING"}`, "video in: NOT FLOWING", Warning},
		{"MediaFlowOutStateChange", `{"mediaType":"AUDIO","padName":"sink_1","state":"FLOWING"}`, "audio out: FLOWING, on pad sink_1", Info},
		{"MediaTranscodingStateChanged", `{"mediaType":"AUDIO","binName":"kmsagnosticbin2-9","state":"TRANSCODING"}`, "audio: TRANSCODING, in kmsagnosticbin2-9", Notice},
		{"MediaStateChanged", `{"oldState":"DISCONNECTED","newState":"CONNECTED"}`, "media: DISCONNECTED -> CONNECTED", Info},
		{"ConnectionStateChanged", `{"oldState":"CONNECTED","newState":"DISCONNECTED"}`, "connection: CONNECTED -> DISCONNECTED", Warning},
		{"UriEndpointStateChanged", `{"state":"START"}`, "playback or recording: START", Info},
		{"Recording", `{}`, "recorder: RECORDING", Info},
		{"Stopped", ``, "recorder: STOPPED", Info},
		{"EndOfStream", `{}`, "end of stream", Notice},
		{"MediaSessionStarted", `{}`, "media session started", Info},
		{"MediaSessionTerminated", `{}`, "media session ended", Notice},
		{"DataChannelOpened", `{"channelId":0}`, "data channel 0 opened", Info},
		{"OnDataChannelClosed", `{"channelID":3}`, "data channel 3 closed", Notice},
		{"IceGatheringDone", `{}`, "ICE: all local candidates gathered", Info},
		{"IceCandidateFound", `{"candidate":{"candidate":"candidate:1 1 UDP 2015363327 127.0.0.1 62315 typ host","sdpMLineIndex":1,"sdpMid":"1"}}`, "candidate found: host udp 127.0.0.1:62315 (m-line 1)", Info},
		{"OnIceCandidate", `{"candidate":{"candidate":"candidate:3 1 TCP 1010827519 fe80::1 1634 typ host tcptype passive"}}`, "candidate found: host tcp passive [fe80::1]:1634", Info},
		{"IceCandidateFound", `{"candidate":{"candidate":"candidate:9 1 udp 41885439 198.51.100.7 49152 typ relay raddr 10.0.0.1 rport 5000 ufrag SECRET"}}`, "candidate found: relay udp 198.51.100.7:49152 from 10.0.0.1:5000", Info},
		{"IceCandidateFound", `{"candidate":"x"}`, `candidate found: "x"`, Info},
		{"IceCandidateFound", `{"candidate":{}}`, "candidate found: none (end of candidates)", Info},
		{"NewCandidatePairSelected", `{"candidatePair":{"componentId":1,"streamId":"1","localCandidate":"candidate:1 1 UDP 2015364095 127.0.0.1 44129 typ host","remoteCandidate":"candidate:1 1 UDP 2015364095 127.0.0.1 63517 typ prflx raddr 0.0.0.0 rport 0"}}`,
			"ICE stream 1 component 1: pair selected, local host udp 127.0.0.1:44129, remote prflx udp 127.0.0.1:63517 from 0.0.0.0:0", Notice},
		{"ElementConnected", `{"mediaType":"VIDEO","source":"` + endpoint + `","sink":"p/ef015678_kurento.PassThrough","sourceMediaDescription":"default","sinkMediaDescription":"default"}`, "video connected: WebRtcEndpoint abcd -> PassThrough ef01", Info},
		{"ElementDisconnected", `{"mediaType":"DATA","source":"a","sink":"b","sourceMediaDescription":"x","sinkMediaDescription":"y"}`, "data disconnected: a -> b (pads x -> y)", Notice},
		{"Error", `{"type":"INVALID_URI","errorCode":0,"description":"Invalid URI"}`, "INVALID_URI (code 0): Invalid URI", Error},
		{"Error", `{"type":"RESOURCE_ERROR_WRITE","errorCode":10,"description":"Could not write to resource.,\n source: sctpenc_0"}`, "RESOURCE_ERROR_WRITE (code 10): Could not write to resource., source: sctpenc_0", Notice},
		{"OnKeySoftLimit", `{"mediaType":"AUDIO"}`, "audio: the SRTP key reached its soft limit, a new one is needed", Warning},
		{"CodeFound", `{"codeType":"QR","value":"hello\nworld"}`, `code found: QR "hello\nworld"`, Info},
		{"Novelty", `{"b":2,"a":"x y","source":"s","tags":[],"timestampMillis":"1","c":{"d":1}}`, `a x y, b 2, c {"d":1}`, Info},
		{"Novelty", `[1]`, `[1]`, Info},
		{"IceComponentStateChanged", `{"streamId":{},"componentId":null,"state":["x"]}`, "ICE stream ? component ?: ?", Info},
	} {
		l := NewLog(0)
		l.Feed(event(c.name, 0, 0, c.data))
		e := l.Range(0, 1)[0]
		if e.Text != c.text || e.Severity != c.severity || e.Type != c.name || e.Object != endpoint {
			t.Errorf("%s %s:\n got %q %v\nwant %q %v", c.name, c.data, e.Text, e.Severity, c.text, c.severity)
		}
	}
}

func TestObjectEventsAreAboutTheObject(t *testing.T) {
	l := NewLog(0)
	for name, field := range map[string]string{"ObjectCreated": "object", "ObjectDestroyed": "objectId"} {
		f := event(name, 0, 0, `{"`+field+`":"`+endpoint+`","source":"manager_ServerManager"}`)
		f.Object = "manager_ServerManager"
		l.Feed(f)
	}
	for _, e := range l.Range(0, 2) {
		if e.Object != endpoint || !strings.HasPrefix(e.Text, "WebRtcEndpoint abcd ") {
			t.Errorf("%+v", e)
		}
	}
}

func TestOrder(t *testing.T) {
	for name, c := range map[string]struct {
		facts []wire.Fact
		want  []string
	}{
		"in order": {
			[]wire.Fact{ice(0, 0, "GATHERING"), ice(10, 9, "CONNECTING"), ice(400, 321, "CONNECTED")},
			[]string{"ICE stream 1 component 1: GATHERING", "ICE stream 1 component 1: GATHERING -> CONNECTING after 9 ms", "ICE stream 1 component 1: CONNECTING -> CONNECTED after 312 ms"},
		},
		"READY before CONNECTED, equal timestamps": {
			[]wire.Fact{ice(0, 0, "CONNECTING"), ice(10, 9, "READY"), ice(11, 9, "CONNECTED")},
			[]string{"ICE stream 1 component 1: CONNECTING", "ICE stream 1 component 1: CONNECTING -> CONNECTED after 9 ms (late)", "ICE stream 1 component 1: CONNECTED -> READY after 0 ms"},
		},
		"late": {
			[]wire.Fact{ice(0, 0, "GATHERING"), ice(900, 800, "CONNECTED"), ice(901, 300, "CONNECTING"), ice(902, 900, "READY")},
			[]string{"ICE stream 1 component 1: GATHERING", "ICE stream 1 component 1: GATHERING -> CONNECTING after 300 ms (late)", "ICE stream 1 component 1: CONNECTING -> CONNECTED after 500 ms", "ICE stream 1 component 1: CONNECTED -> READY after 100 ms"},
		},
		"again": {
			[]wire.Fact{ice(0, 0, "READY"), ice(5, 5, "READY")},
			[]string{"ICE stream 1 component 1: READY", "ICE stream 1 component 1: READY again"},
		},
		"equal timestamps of different kinds stay as they came": {
			[]wire.Fact{event("EndOfStream", 0, 0, ""), event("MediaSessionStarted", 1, 0, ""), event("MediaSessionTerminated", 2, 0, "")},
			[]string{"end of stream", "media session started", "media session ended"},
		},
		"a long wait": {
			[]wire.Fact{ice(0, 0, "CONNECTING"), ice(125_000, 125_000, "FAILED")},
			[]string{"ICE stream 1 component 1: CONNECTING", "ICE stream 1 component 1: CONNECTING -> FAILED after 2 min 5 s"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := NewLog(0)
			for _, f := range c.facts {
				l.Feed(f)
			}
			if d := cmp.Diff(c.want, texts(l)); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestAnyOrderGivesOneText shuffles events of several lanes: the texts must be
// those of the sorted order.
func TestAnyOrderGivesOneText(t *testing.T) {
	var sorted []wire.Fact
	states := []string{"GATHERING", "CONNECTING", "CONNECTED", "READY", "DISCONNECTED", "FAILED"}
	for i, s := range states { // fewer than a lane remembers
		at := int64(100 * i)
		sorted = append(sorted, ice(at, at, s),
			event("MediaFlowInStateChanged", at+1, at+1, `{"mediaType":"VIDEO","padName":"default","state":"`+[]string{"FLOWING", "NOT_FLOWING"}[i%2]+`"}`))
	}
	want := NewLog(0)
	for _, f := range sorted {
		want.Feed(f)
	}
	for seed := range uint64(100) {
		l := NewLog(0)
		shuffled := slices.Clone(sorted)
		rand.New(rand.NewPCG(seed, 1)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		for _, f := range shuffled {
			l.Feed(f)
		}
		for i, e := range l.Range(0, l.Len()) {
			if w := want.Range(i, i+1)[0]; e.Text != w.Text || !e.At.Equal(w.At) {
				t.Fatalf("seed %d: %q at %v, want %q", seed, e.Text, e.At, w.Text)
			}
		}
	}
}

func TestCommandsAndLinks(t *testing.T) {
	at := base.Add(time.Second)
	call := func(op, params, result string) wire.Fact {
		return wire.Fact{Kind: wire.KindCall, Conn: "app", Method: "invoke", Operation: op, Object: endpoint, At: at, Took: 12 * time.Millisecond,
			Params: json.RawMessage(params), Result: json.RawMessage(result)}
	}
	refused := call("play", `{}`, "")
	refused.Err = &wire.RPCError{Code: 40101, Type: "MEDIA_OBJECT_NOT_FOUND", Message: "Object 'x'\nnot found"}
	slow := call("processOffer", `{"offer":"v=0 a=ice-pwd:SECRET"}`, `"answer"`)
	slow.Took = 1500 * time.Millisecond
	connect := func(id string) wire.Fact {
		return wire.Fact{Kind: wire.KindCall, Method: "connect", ServerID: id, At: at}
	}
	for _, c := range []struct {
		fact     wire.Fact
		kind     string
		text     string
		severity Severity
	}{
		{wire.Fact{Kind: wire.KindCall, Conn: "app", Method: "create", At: at, Params: json.RawMessage(`{"type":"WebRtcEndpoint"}`), Result: json.RawMessage(`"` + endpoint + `"`)}, TypeCommand, "app: create WebRtcEndpoint -> abcd", Notice},
		{wire.Fact{Kind: wire.KindCall, Conn: "app", Method: "release", Object: endpoint, At: at}, TypeCommand, "app: release WebRtcEndpoint abcd", Notice},
		{wire.Fact{Kind: wire.KindCall, Method: "closeSession", Params: json.RawMessage(`{"sessionId":"x","release":true}`), At: at}, TypeCommand, "close a session and release all that it ever looked at", Warning},
		{call("connect", `{"sink":"p/ef015678_kurento.PassThrough","mediaType":"AUDIO"}`, "null"), TypeCommand, "app: WebRtcEndpoint abcd.connect(mediaType AUDIO, sink PassThrough ef01)", Notice},
		{call("setMaxVideoSendBandwidth", `{"maxVideoSendBandwidth":500}`, "null"), TypeCommand, "app: WebRtcEndpoint abcd.setMaxVideoSendBandwidth(500)", Notice},
		{call("setTurnUrl", `{"turnUrl":"user:SECRET@1.2.3.4:3478"}`, "null"), TypeCommand, "app: WebRtcEndpoint abcd.setTurnUrl(•••)", Notice},
		{call("addIceCandidate", `{"candidate":{"candidate":"candidate:1 1 UDP 1 1.2.3.4 5 typ host ufrag SECRET"}}`, "null"), TypeCommand, "app: WebRtcEndpoint abcd.addIceCandidate(host udp 1.2.3.4:5)", Notice},
		{slow, TypeCommand, "app: WebRtcEndpoint abcd.processOffer(SDP of 20 bytes) (took 1.5 s)", Notice},
		{refused, TypeCommand, "app: WebRtcEndpoint abcd.play(): refused, 40101 MEDIA_OBJECT_NOT_FOUND: Object 'x' not found", Warning},
		{wire.Fact{Kind: wire.KindOpen, Conn: "obs", Text: "ws://user:SECRET@host:8888/kurento", At: at}, TypeConnection, "obs: opened to ws://host:8888/kurento", Info},
		{wire.Fact{Kind: wire.KindClose, Conn: "obs", Type: "server", Code: 1002, Text: "Invalid path", At: at}, TypeConnection, "obs: closed by the server, code 1002: Invalid path", Warning},
		{wire.Fact{Kind: wire.KindClose, Conn: "obs", Type: "client", Code: 1000, At: at}, TypeConnection, "obs: closed by the client, code 1000", Notice},
		{wire.Fact{Kind: wire.KindError, Conn: "obs", Text: "refused", At: at}, TypeConnection, "obs: refused", Error},
		{wire.Fact{Kind: wire.KindGap, Dropped: 12, Text: "slow disk", At: at}, TypeGap, "12 records are missing here: slow disk", Warning},
		{wire.Fact{Kind: wire.KindNote, Text: "look here", At: at}, TypeNote, "look here", Info},
		{wire.Fact{Kind: wire.KindUndecoded, Conn: "obs", Text: "garbage", At: at}, TypeUndecoded, "obs: garbage", Warning},
	} {
		l := NewLog(0)
		l.Feed(c.fact)
		if l.Len() != 1 {
			t.Fatalf("%q gives %d entries", c.text, l.Len())
		}
		e := l.Range(0, 1)[0]
		if e.Type != c.kind || e.Text != c.text || e.Severity != c.severity {
			t.Errorf("got %s %q %v\nwant %s %q %v", e.Type, e.Text, e.Severity, c.kind, c.text, c.severity)
		}
		if raw := string(l.Raw(e.Seq)); strings.Contains(e.Text+raw, "SECRET") {
			t.Errorf("a secret is kept: %q %s", e.Text, raw)
		}
		if len(l.Counts()) != 0 {
			t.Error("what is no event is counted")
		}
	}
	l := NewLog(0)
	for _, f := range []wire.Fact{
		call("getStats", "", "{}"), call("isMediaFlowingIn", "", "true"), {Kind: wire.KindCall, Method: "subscribe"},
		{Kind: wire.KindCall, Method: "closeSession", Params: json.RawMessage(`{}`)}, {Kind: wire.KindRequest, Method: "create"}, {Kind: wire.KindCall, Method: "ping"},
		connect("one"), connect("one"), connect(""),
	} {
		l.Feed(f)
	}
	if l.Len() != 0 {
		t.Errorf("reads are entries: %q", texts(l))
	}
	l.Feed(connect("two"))
	if got := texts(l); len(got) != 1 || !strings.Contains(got[0], "restarted") {
		t.Errorf("%q", got)
	}
	// A command stands before what it caused, although its reply came later.
	l = NewLog(0)
	l.Feed(event("MediaSessionStarted", 995, 990, ""))
	l.Feed(call("processOffer", "", ""))
	if got := texts(l); !strings.Contains(got[0], "processOffer") || strings.Contains(got[1], "late") {
		t.Errorf("%q", got)
	}
}

func TestBounds(t *testing.T) {
	l := NewLog(1000)
	r := rand.New(rand.NewPCG(1, 1))
	for i := range int64(20_000) {
		l.Feed(ice(i*10, i*10-r.Int64N(3000), []string{"CONNECTED", "READY", "DISCONNECTED"}[r.IntN(3)]))
		if l.Len() > 1000 || len(l.order) > 4096 {
			t.Fatalf("%d entries, %d places", l.Len(), len(l.order))
		}
	}
	if l.Total() != 20_000 || l.Len() != 1000 || l.Counts()["IceComponentStateChanged"] != 20_000 {
		t.Errorf("%d %d %v", l.Total(), l.Len(), l.Counts())
	}
	all := l.Range(-5, 1<<30)
	if !slices.IsSortedFunc(all, func(a, b Entry) int { return a.At.Compare(b.At) }) || len(all) != 1000 {
		t.Error("not in order")
	}
	if l.Range(5, 5) != nil || l.Range(2000, 3000) != nil {
		t.Error("an empty range is not empty")
	}
	for i := range 3 * maxTypes {
		l.Feed(event(fmt.Sprint("T", i), 0, 0, ""))
	}
	if n := len(l.Counts()); n != maxTypes+1 {
		t.Errorf("%d types are counted", n)
	}
}

func TestFilter(t *testing.T) {
	l := NewLog(0)
	l.Feed(ice(0, 0, "CONNECTING"))
	l.Feed(ice(100, 100, "FAILED"))
	other := event("MediaFlowInStateChanged", 200, 200, `{"mediaType":"VIDEO","state":"FLOWING"}`)
	other.Object = "p1_kurento.MediaPipeline/x_kurento.Été"
	l.Feed(other)
	at := func(ms int) time.Time { return base.Add(time.Duration(ms) * time.Millisecond) }
	for name, c := range map[string]struct {
		f    Filter
		want []int
	}{
		"all":        {Filter{}, []int{0, 1, 2}},
		"object":     {Filter{Object: endpoint}, []int{0, 1}},
		"descendant": {Filter{Object: "p1_kurento.MediaPipeline"}, []int{0, 1, 2}},
		"prefix":     {Filter{Object: "p1_kurento.Media"}, nil},
		"type":       {Filter{Types: []string{"MediaFlowInStateChanged", "x"}}, []int{2}},
		"text":       {Filter{Text: "fAiLeD"}, []int{1}},
		"text é":     {Filter{Text: "éTÉ"}, []int{2}},
		"regexp":     {Filter{Regexp: regexp.MustCompile(`(?i)flow|-> failed`)}, []int{1, 2}},
		"severity":   {Filter{MinSeverity: Error}, []int{1}},
		"time":       {Filter{From: at(100), To: at(100)}, []int{1}},
		"nothing":    {Filter{Text: "none such"}, nil},
	} {
		if got := l.Select(c.f); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
		v := l.View(c.f)
		if !v.Refresh() || v.Refresh() || v.Len() != len(c.want) {
			t.Errorf("%s: the view has %d rows", name, v.Len())
		}
	}
	v := l.View(Filter{})
	v.Refresh()
	if v.Index(at(100)) != 1 || v.Index(at(101)) != 2 || v.Index(at(999)) != 3 || v.Entry(7).Seq != 0 || v.Entry(1).Seq != 2 {
		t.Error("Index or Entry")
	}
}

// TestViewFollows feeds at random and compares a view that follows with one
// that begins anew.
func TestViewFollows(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 5))
		l := NewLog(700)
		f := Filter{Regexp: regexp.MustCompile("CONNECTED|video")}
		v := l.View(f)
		now := int64(0)
		for step := range 1500 {
			now += r.Int64N(40)
			back := int64(0)
			if r.IntN(5) == 0 {
				back = r.Int64N(60)
			}
			if r.IntN(300) == 0 {
				back = r.Int64N(20_000)
			}
			if r.IntN(2) == 0 {
				l.Feed(ice(now, now-back, []string{"CONNECTED", "READY"}[r.IntN(2)]))
			} else {
				l.Feed(event("MediaFlowInStateChanged", now, now-back, `{"mediaType":"VIDEO","state":"FLOWING"}`))
			}
			if r.IntN(20) > 0 && step < 1499 {
				continue
			}
			v.Refresh()
			want := l.View(f)
			want.Refresh()
			a, b := make([]uint64, 0), make([]uint64, 0)
			for i := range v.Len() {
				a = append(a, v.Entry(i).Seq)
			}
			for i := range want.Len() {
				b = append(b, want.Entry(i).Seq)
				if i < v.Len() && v.Entry(i).Text != want.Entry(i).Text {
					t.Fatalf("seed %d step %d: row %d says %q, should %q", seed, step, i, v.Entry(i).Text, want.Entry(i).Text)
				}
			}
			if !slices.Equal(a, b) {
				t.Fatalf("seed %d step %d: rows differ: %s", seed, step, cmp.Diff(b, a))
			}
		}
	}
}

func TestReadersBesideTheWriter(*testing.T) {
	l := NewLog(500)
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			v := l.View(Filter{Text: "ready"})
			for {
				select {
				case <-done:
					return
				default:
				}
				v.Refresh()
				mine := l.Range(0, 50)
				for i := range mine {
					mine[i].Text = "" // a copy: the log must not mind
				}
				l.Select(Filter{Text: "x"})
				l.Counts()
			}
		})
	}
	for i := range int64(3000) {
		l.Feed(ice(i, i-i%3, []string{"CONNECTED", "READY"}[i%2]))
	}
	close(done)
	wg.Wait()
}

// TestRecordings holds that every event of every recording is there, counted,
// in order, and has a text; independently counted.
func TestRecordings(t *testing.T) {
	files, err := filepath.Glob("../testdata/recordings/*.zst")
	if err != nil {
		t.Fatal(err)
	}
	more, _ := filepath.Glob("../testdata/recordings/incidents/*.zst")
	if len(files) < 20 || len(more) < 10 {
		t.Fatalf("%d and %d recordings found", len(files), len(more))
	}
	for _, file := range append(files, more...) {
		name := strings.TrimSuffix(strings.TrimPrefix(file, "../testdata/recordings/"), ".jsonl.zst")
		t.Run(name, func(t *testing.T) {
			want := make(map[string]int)
			all := records(t, name)
			for _, r := range all {
				if !bytes.Contains(r.Frame, []byte("onEvent")) {
					continue
				}
				var f struct {
					Method string
					Params struct{ Value struct{ Type string } }
				}
				if json.Unmarshal(r.Frame, &f) == nil && f.Method == "onEvent" && r.Dir == "recv" {
					want[f.Params.Value.Type]++
				}
			}
			l := replay(all)
			if d := cmp.Diff(want, l.Counts()); d != "" {
				t.Error(d)
			}
			got := make(map[string]int)
			entries := l.Range(0, l.Len())
			for i, e := range entries {
				if e.Type[0] >= 'A' && e.Type[0] <= 'Z' {
					got[e.Type]++
				}
				if e.Text == "" || e.Type != TypeCommand && strings.Contains(e.Text, "?") && !strings.Contains(string(l.Raw(e.Seq)), "?") || len(e.Text) > 4*maxTextRunes {
					t.Errorf("%s: text %q of %s", e.Type, e.Text, l.Raw(e.Seq))
				}
				if i > 0 && e.At.Before(entries[i-1].At) {
					t.Errorf("%q is out of order", e.Text)
				}
			}
			if !maps.Equal(got, want) {
				t.Errorf("entries %v, events %v", got, want)
			}
		})
	}
}

// TestLoopback compares the whole timeline of one recording with the text in
// testdata, which a person has read. Set UPDATE=1 to write it anew.
func TestLoopback(t *testing.T) {
	l := replay(records(t, "02-webrtc-loopback"))
	var b strings.Builder
	for _, e := range l.Range(0, l.Len()) {
		late := ""
		if e.Late {
			late = " (late)"
		}
		fmt.Fprintf(&b, "%s %-7s %-28s %s%s\n", e.At.UTC().Format("15:04:05.000"), e.Severity, e.Type, e.Text, late)
	}
	const golden = "testdata/02-webrtc-loopback.txt"
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(b.String(), "\n")); d != "" {
		t.Error(d)
	}
}

func FuzzEvent(f *testing.F) {
	f.Add("IceComponentStateChanged", []byte(`{"streamId":1,"componentId":1,"state":"READY"}`))
	f.Add("Error", []byte(`{"type":"X","errorCode":"7","description":"\u0000\n"}`))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		if json.Valid(data) {
			// The walk by hand must give what encoding/json gives.
			var fast, slow eventData
			fast.read(&wire.Fact{Data: data})
			_ = json.Unmarshal(data, &slow)
			folded := make(map[string]json.RawMessage) // encoding/json takes "STATE" for "state"
			_ = json.Unmarshal(data, &folded)
			for k := range folded {
				if fast.field([]byte(k)) == nil && k != "candidate" && k != "candidatePair" {
					slow = fast
				}
			}
			if d := cmp.Diff(slow, fast); d != "" {
				t.Fatal(d)
			}
		}
		l := NewLog(10)
		for i := range int64(3) {
			e := event(name, i*5, 10-i*5, string(data))
			l.Feed(e)
			e.Stamp = time.Time{}
			l.Feed(e)
		}
		if l.Len() != 6 || l.Total() != 6 {
			t.Fatal("an event is lost")
		}
		for i, e := range l.Range(0, 6) {
			if n := len([]rune(e.Text)); n > 6*maxTextRunes {
				t.Fatalf("a text of %d runes", n)
			}
			if i > 0 && e.At.Before(l.Range(i-1, i)[0].At) {
				t.Fatal("out of order")
			}
		}
	})
}

func TestFind(t *testing.T) {
	l := NewLog(0)
	for i := range int64(5000) {
		l.Feed(ice(i, i-i%2, []string{"CONNECTED", "READY"}[i%2]))
		if i == 100 || i == 4000 || i == 4001 {
			l.Feed(event("Error", i, i-i%2, `{"type":"X"}`))
		}
	}
	f := Filter{MinSeverity: Error}
	var got []int64
	at, seq := time.Time{}, uint64(0)
	for {
		e, ok := l.Find(f, at, seq, false)
		if !ok {
			break
		}
		at, seq = e.At, e.Seq
		got = append(got, e.At.Sub(base).Milliseconds())
	}
	if !slices.Equal(got, []int64{100, 4000, 4000}) {
		t.Errorf("forward: %v", got)
	}
	got = nil
	for {
		e, ok := l.Find(f, at, seq, true)
		if !ok {
			break
		}
		at, seq = e.At, e.Seq
		got = append(got, e.At.Sub(base).Milliseconds())
	}
	if !slices.Equal(got, []int64{4000, 100}) {
		t.Errorf("back: %v", got)
	}
	if e, ok := l.Find(Filter{}, base.Add(time.Hour), 0, true); !ok || !strings.Contains(e.Text, "READY") {
		t.Errorf("%+v", e)
	}
}

// TestSearchStops holds that a search that is stopped leaves nothing half done.
func TestSearchStops(t *testing.T) {
	l := NewLog(0)
	for i := range int64(3 * matchBatch) {
		l.Feed(ice(i, i, []string{"CONNECTED", "READY"}[i%2]))
	}
	v := l.View(Filter{Words: []string{"ready"}})
	asked := 0
	v.Search(func(share float64) bool {
		if share < 0 || share >= 1 {
			t.Errorf("share %v", share)
		}
		asked++
		return asked < 2
	})
	if asked != 2 || v.Len() != 0 {
		t.Errorf("stopped after %d batches with %d rows", asked, v.Len())
	}
	all := len(l.Select(Filter{Words: []string{"ready"}}))
	if !v.Refresh() || v.Len() != all || all == 0 {
		t.Errorf("%d rows, want %d", v.Len(), all)
	}
	for i, ms := range v.Times() {
		if e := v.Entry(i); e.At.UnixMilli() != ms {
			t.Fatalf("row %d stands at %v, not %v", i, e.At, ms)
		}
	}
}
