package graph

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-graphviz"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/klauspost/compress/zstd"

	"kmscope/capture"
	"kmscope/graph/viz"
	"kmscope/inventory"
	"kmscope/wire"
)

var epoch = time.UnixMilli(1_795_247_813_000)

// server makes snapshots out of events, as a real server sends them.
type server struct {
	*inventory.Reducer
	ms int64
}

func newServer() *server { return &server{Reducer: inventory.NewReducer("ws://test")} }

func (s *server) event(object, name, data string) {
	s.ms += 10
	at := epoch.Add(time.Duration(s.ms) * time.Millisecond)
	s.Apply(wire.Fact{Kind: wire.KindEvent, Type: name, Object: object, Data: json.RawMessage(data), At: at, Stamp: at})
}

func (s *server) created(id string) {
	s.event(inventory.ManagerID, "ObjectCreated", `{"object":"`+id+`"}`)
}

func (s *server) connected(from, to, media string) {
	s.event(from, "ElementConnected", fmt.Sprintf(`{"source":%q,"sink":%q,"mediaType":%q,"sourceMediaDescription":"default","sinkMediaDescription":"default"}`, from, to, media))
}

func (s *server) flow(id, dir, media, state string) {
	s.event(id, "MediaFlow"+dir+"StateChanged", fmt.Sprintf(`{"mediaType":%q,"padName":"default","state":%q}`, media, state))
}

func (s *server) named(id, name string) {
	params, _ := json.Marshal(map[string]string{"name": name})
	s.Apply(wire.Fact{Kind: wire.KindCall, Method: "invoke", Operation: "setName", Object: id, Params: params, At: epoch})
}

const (
	pipeline = "aaaa_kurento.MediaPipeline"
	webrtc   = pipeline + "/bbbb_kurento.WebRtcEndpoint"
	player   = pipeline + "/cccc_kurento.PlayerEndpoint"
	hub      = pipeline + "/dddd_kurento.Composite"
	portA    = hub + "/eeee_kurento.HubPort"
	portB    = hub + "/ffff_kurento.HubPort"
)

func node(t *testing.T, g *Graph, id string) Node {
	t.Helper()
	i := slices.IndexFunc(g.Nodes, func(n Node) bool { return n.ID == id })
	if i < 0 {
		t.Fatalf("no node %s", id)
	}
	return g.Nodes[i]
}

func edges(g *Graph) []string {
	var out []string
	for _, e := range g.Edges {
		kind := string(e.Media)
		if e.PartOf {
			kind = "part of"
		}
		out = append(out, fmt.Sprintf("%s -%s-> %s ×%d %s %.0f", inventory.TypeOf(e.From), kind, inventory.TypeOf(e.To), e.Count, e.Flow, e.RateBps))
	}
	return out
}

func TestBuild(t *testing.T) {
	s := newServer()
	for _, id := range []string{pipeline, player, webrtc, hub, portA, portB} {
		s.created(id)
	}
	s.named(pipeline, "room-42")
	s.named(webrtc, "guest-2")
	s.connected(player, webrtc, "VIDEO")
	s.connected(player, portA, "AUDIO")
	s.connected(portB, webrtc, "AUDIO")
	s.flow(player, "Out", "VIDEO", "FLOWING")
	s.flow(webrtc, "In", "VIDEO", "NOT_FLOWING")
	s.flow(portB, "Out", "AUDIO", "FLOWING")
	s.event(webrtc, "IceComponentStateChanged", `{"streamId":1,"componentId":1,"state":"READY"}`)
	s.event(webrtc, "IceComponentStateChanged", `{"streamId":1,"componentId":2,"state":"GATHERING"}`)
	s.event(player, "Error", `{"type":"INVALID_URI","errorCode":0,"description":"Invalid URI"}`)
	s.event(webrtc, "MediaTranscodingStateChanged", `{"mediaType":"VIDEO","binName":"bin","state":"TRANSCODING"}`)
	g := Build(s.Snapshot(), Figures{Rate: func(_, _ string, m inventory.Media) (float64, bool) {
		return 1.24e6, m == inventory.Video
	}})
	if d := cmp.Diff([]string{
		"PlayerEndpoint -VIDEO-> WebRtcEndpoint ×1 not flowing 1240000",
		"PlayerEndpoint -AUDIO-> HubPort ×1 unknown -1",
		"HubPort -AUDIO-> WebRtcEndpoint ×1 flowing -1",
		"HubPort -part of-> Composite ×1 unknown -1",
		"Composite -part of-> HubPort ×1 unknown -1",
	}, edges(g)); d != "" {
		t.Error(d)
	}
	if len(g.Frames) != 1 || len(g.Nodes) != 5 {
		t.Fatalf("%d frames, %d nodes", len(g.Frames), len(g.Nodes))
	}
	f := g.Frames[0]
	if f.Label != "room-42" || f.Elements != 5 || f.Connections != 3 || f.Errors != 1 || f.Health != HealthError || f.Dead || f.Born.IsZero() || f.BornSeen {
		t.Errorf("%+v", f)
	}
	n := node(t, g, webrtc)
	if n.Label != "guest-2" || n.Sub != "WebRtcEndpoint bbbb" || n.Kind != WebRTC || !n.Transcoding || n.Health != HealthError {
		t.Errorf("%+v", n)
	}
	if n.Summary != "ICE READY · video NOT FLOWING · transcoding video" {
		t.Error(n.Summary)
	}
	if p := node(t, g, player); p.Health != HealthError || p.Errors != 1 || p.States[0].Text != "1 error" || p.Label != "PlayerEndpoint cccc" {
		t.Errorf("%+v", p)
	}
	if node(t, g, portA).Kind != HubPort || node(t, g, hub).Kind != Hub || node(t, g, portA).Parent != hub {
		t.Error("kinds or parents of hub and port")
	}

	// What dies stays, marked, until it is dismissed.
	s.event(inventory.ManagerID, "ObjectDestroyed", `{"objectId":"`+webrtc+`"}`)
	g = Build(s.Snapshot(), Figures{})
	n = node(t, g, webrtc)
	if !n.Dead || n.Health != HealthIdle || n.Transcoding || !strings.HasPrefix(n.Summary, "gone") || g.Frames[0].Elements != 4 {
		t.Errorf("%+v", n)
	}
	s.event(inventory.ManagerID, "ObjectDestroyed", `{"objectId":"`+pipeline+`"}`)
	g = Build(s.Snapshot(), Figures{})
	if f := g.Frames[0]; !f.Dead || f.DiedAt.IsZero() || f.Elements != 0 || f.Health != HealthIdle || f.Errors != 0 {
		t.Errorf("%+v", f)
	}
	s.Dismiss(pipeline)
	if g = Build(s.Snapshot(), Figures{}); len(g.Frames) != 0 || len(g.Nodes) != 0 {
		t.Errorf("%d frames are left", len(g.Frames))
	}
	if g = Build(nil, Figures{}); len(g.Frames) != 0 {
		t.Error("a graph of nothing")
	}
}

// TestBuildAlive has objects die one after the other.
func TestBuildAlive(t *testing.T) {
	s := newServer()
	for _, id := range []string{pipeline, webrtc, player, hub, portA, "b_kurento.MediaPipeline"} {
		s.created(id)
	}
	s.connected(player, webrtc, "VIDEO")
	for i, c := range []struct {
		dies                string
		frames, nodes, gone int
	}{{"", 2, 4, 0}, {player, 2, 3, 1}, {hub, 2, 1, 3}, {pipeline, 1, 0, 5}, {"b_kurento.MediaPipeline", 0, 0, 6}} {
		if c.dies != "" {
			s.event(inventory.ManagerID, "ObjectDestroyed", `{"objectId":"`+c.dies+`"}`)
		}
		g, gone := BuildAlive(s.Snapshot(), Figures{})
		if len(g.Frames) != c.frames || len(g.Nodes) != c.nodes || gone != c.gone {
			t.Errorf("%d: %d frames, %d nodes, %d gone", i, len(g.Frames), len(g.Nodes), gone)
		}
		if d := cmp.Diff(Build(s.Snapshot(), Figures{}).Alive(), g, cmpopts.EquateEmpty()); d != "" {
			t.Error(d)
		}
	}
}

func TestHealth(t *testing.T) {
	ice := func(state string) string { return `{"streamId":1,"componentId":1,"state":"` + state + `"}` }
	dtls := func(state string) string { return `{"streamId":"1","componentId":"[x]","state":"` + state + `"}` }
	flows := [2]string{"MediaFlowInStateChanged", `{"mediaType":"AUDIO","padName":"default","state":"FLOWING"}`}
	for name, c := range map[string]struct {
		events  [][2]string
		wait    time.Duration
		health  Health
		summary string
	}{
		"nothing known": {nil, 0, HealthUnknown, ""},
		"ICE failed":    {[][2]string{{"IceComponentStateChanged", ice("CONNECTING")}, {"IceComponentStateChanged", ice("FAILED")}}, 0, HealthError, "ICE FAILED"},
		"connecting":    {[][2]string{{"IceComponentStateChanged", ice("CONNECTING")}}, time.Second, HealthUnknown, "ICE CONNECTING"},
		"for long":      {[][2]string{{"IceComponentStateChanged", ice("CONNECTING")}}, 11 * time.Second, HealthWarning, "ICE CONNECTING"},
		"for very long": {[][2]string{{"IceComponentStateChanged", ice("CONNECTING")}}, 31 * time.Second, HealthError, "ICE CONNECTING"},
		"DTLS closed":   {[][2]string{{"DtlsConnectionStateChange", `{"streamId":"1","componentId":"[x]","state":"CLOSED"}`}}, 0, HealthWarning, "DTLS CLOSED"},
		"handshake":     {[][2]string{{"DtlsConnectionStateChange", dtls("CONNECTING")}}, time.Second, HealthUnknown, "DTLS CONNECTING"},
		"flows, but":    {[][2]string{{"IceComponentStateChanged", ice("READY")}, {"DtlsConnectionStateChange", dtls("CONNECTING")}, flows}, time.Second, HealthUnknown, "ICE READY · DTLS CONNECTING · flowing"},
		"flows, and":    {[][2]string{{"IceComponentStateChanged", ice("READY")}, {"DtlsConnectionStateChange", dtls("CONNECTED")}, flows}, time.Hour, HealthOK, "ICE READY · DTLS · flowing"},
		"no handshake":  {[][2]string{{"DtlsConnectionStateChange", dtls("CONNECTING")}}, 11 * time.Second, HealthWarning, "DTLS CONNECTING"},
		"never":         {[][2]string{{"DtlsConnectionStateChange", dtls("CONNECTING")}, flows}, 31 * time.Second, HealthError, "DTLS CONNECTING · flowing"},
		"media lost":    {[][2]string{{"MediaStateChanged", `{"oldState":"CONNECTED","newState":"DISCONNECTED"}`}}, 0, HealthWarning, "media DISCONNECTED"},
		"hang-up":       {[][2]string{{"Error", `{"type":"RESOURCE_ERROR_WRITE","description":"source: sctpenc_0"}`}}, 0, HealthUnknown, ""},
		"flowing":       {[][2]string{{"MediaFlowInStateChanged", `{"mediaType":"AUDIO","padName":"default","state":"FLOWING"}`}}, 0, HealthOK, "flowing"},
		"odd words":     {[][2]string{{"IceComponentStateChanged", ice("WONDERFUL")}, {"MediaFlowInStateChanged", `{"mediaType":"SMELL","padName":"default","state":"STINKING"}`}}, 0, HealthUnknown, "ICE WONDERFUL"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer()
			s.created(webrtc)
			for _, e := range c.events {
				s.event(webrtc, e[0], e[1])
			}
			s.ms += c.wait.Milliseconds()
			s.event(inventory.ManagerID, "Other", `{}`)
			n := node(t, Build(s.Snapshot(), Figures{}), webrtc)
			if n.Health != c.health || n.Summary != c.summary {
				t.Errorf("%v %q, want %v %q", n.Health, n.Summary, c.health, c.summary)
			}
		})
	}
}

func TestParallelAndOdd(t *testing.T) {
	s := newServer()
	s.created(webrtc)
	s.created(player)
	for i := range 300 {
		s.event(player, "ElementConnected", fmt.Sprintf(`{"source":%q,"sink":%q,"mediaType":"VIDEO","sourceMediaDescription":"default","sinkMediaDescription":"pad%d"}`, player, webrtc, i))
	}
	s.event(webrtc, "MediaFlowInStateChanged", `{"mediaType":"VIDEO","padName":"pad7","state":"NOT_FLOWING"}`)
	s.event(webrtc, "MediaFlowInStateChanged", `{"mediaType":"VIDEO","padName":"pad8","state":"FLOWING"}`)
	s.connected(webrtc, webrtc, "AUDIO")
	s.named(webrtc, strings.Repeat("very long ", 1000))
	s.named(player, "a\tb\n\u202egpj.exe\u202c 👩‍👩‍👧 שלום \x00\xff")
	g := Build(s.Snapshot(), Figures{})
	if d := cmp.Diff([]string{"WebRtcEndpoint -AUDIO-> WebRtcEndpoint ×1 unknown -1", "PlayerEndpoint -VIDEO-> WebRtcEndpoint ×300 not flowing -1"}, edges(g)); d != "" {
		t.Error(d)
	}
	if l := node(t, g, webrtc).Label; utf8.RuneCountInString(l) > MaxLabelRunes || !strings.HasSuffix(l, "…") {
		t.Errorf("label %q", l)
	}
	l := node(t, g, player).Label
	if !strings.HasPrefix(l, "a b gpj.exe 👩‍👩‍👧 שלום") || strings.ContainsAny(l, "\u202e\x00\n") || !utf8.ValidString(l) {
		t.Errorf("label %q", l)
	}
	out, err := newLayouter(t, nil).Layout(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	sound(t, out)
}

func TestShorten(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "abc": "abc", "abcdef": "abcd…", "abcde": "abcde", "  a  b ": "a b", "ééééé": "ééééé", "éééééé": "éééé…",
		"abcd\u200d👩x": "abcd…",
	} {
		if got := Shorten(in, 5); got != want {
			t.Errorf("Shorten(%q) = %q, want %q", in, got, want)
		}
	}
	if got := Shorten(strings.Repeat("😀", 1<<20), 40); utf8.RuneCountInString(got) != 40 || !utf8.ValidString(got) {
		t.Errorf("%q", got)
	}
}

func TestKinds(t *testing.T) {
	for kmd, want := range map[string]Kind{
		"WebRtcEndpoint": WebRTC, "RtpEndpoint": RTP, "PlayerEndpoint": Player, "RecorderEndpoint": Recorder, "HttpPostEndpoint": HTTP,
		"FaceOverlayFilter": Filter, "GStreamerFilter": Filter, "Composite": Hub, "HubPort": HubPort, "PassThrough": PassThrough,
		"MediaPipeline": PipelineKind, "StyleCompositeMixer": Hub, "PlateDetector": Filter, "Whatever": UnknownKind, "": UnknownKind,
	} {
		if got := KindOf(kmd); got != want {
			t.Errorf("%s is %v, want %v", kmd, got, want)
		}
	}
	for _, s := range []fmt.Stringer{Kind(250), Flow(250), Health(250), WebRTC, Flowing, HealthOK} {
		if s.String() == "" {
			t.Errorf("%d has no word", s)
		}
	}
}

// snapshots replays a recording of a real server. The reader is the test's own.
func snapshot(t testing.TB, name string, until func(*inventory.Snapshot) bool) *inventory.Snapshot {
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
	var d wire.Decoder
	red := inventory.NewReducer("")
	begin := time.UnixMilli(0)
	for in.Scan() {
		var r capture.Record
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		if r.WallMs != 0 {
			begin = time.UnixMilli(r.WallMs).Add(-time.Duration(r.TimeMs * float64(time.Millisecond)))
		}
		r.At = begin.Add(time.Duration(r.TimeMs * float64(time.Millisecond)))
		for _, fact := range d.Feed(r) {
			red.Apply(fact)
		}
		if until != nil && until(red.Snapshot()) {
			break
		}
	}
	return red.Snapshot()
}

// TestRecordings builds and places what real servers had at their fullest and
// at the end, and checks it against the snapshot.
func TestRecordings(t *testing.T) {
	l := newLayouter(t, nil)
	for _, name := range []string{"00-js-client-verify", "04-hubs", "08-large", "02-webrtc-loopback", "03-player-eos", "incidents/H3-one2many"} {
		t.Run(name, func(t *testing.T) {
			var full *inventory.Snapshot
			end := snapshot(t, name, func(s *inventory.Snapshot) bool {
				if full == nil || s.Counts.Connections > full.Counts.Connections {
					full = s
				}
				return false
			})
			for _, s := range []*inventory.Snapshot{full, end} {
				g := Build(s, Figures{})
				elements, connections, dead := 0, 0, 0
				for _, f := range g.Frames {
					elements += f.Elements
				}
				for _, n := range g.Nodes {
					if n.Dead {
						dead++
					}
					if n.Kind == UnknownKind || n.Label == "" {
						t.Errorf("%s is of no kind", n.Type)
					}
				}
				for _, e := range g.Edges {
					if !e.PartOf {
						connections += e.Count
					}
				}
				if len(g.Frames) != len(s.Pipelines) || elements != s.Counts.Elements || connections != s.Counts.Connections || elements+dead != len(g.Nodes) {
					t.Errorf("%d frames %d elements %d connections, the snapshot has %d %d %d", len(g.Frames), elements, connections, len(s.Pipelines), s.Counts.Elements, s.Counts.Connections)
				}
				out, err := l.Layout(t.Context(), g)
				if err != nil {
					t.Fatal(err)
				}
				sound(t, out)
				for _, f := range out.Frames {
					if f.Note != "" {
						t.Error(f.Note)
					}
				}
			}
			if full.Counts.Connections == 0 {
				t.Error("a recording without a connection")
			}
		})
	}
}

// TestDOT lets graphviz itself read what was written.
func TestDOT(t *testing.T) {
	s := newServer()
	s.created(portA)
	s.created(webrtc)
	s.created(player)
	s.connected(player, webrtc, "VIDEO")
	odd := `quote " back \ \N \" end\` + " <b> &amp; & ] ; -> 😀 שלום"
	s.named(player, odd)
	g := Build(s.Snapshot(), Figures{})
	var b strings.Builder
	if err := g.WriteDOT(&b); err != nil {
		t.Fatal(err)
	}
	parsed, err := graphviz.ParseBytes([]byte(b.String()))
	if err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	defer parsed.Close()
	if n, err := parsed.NodeNum(); err != nil || n != len(g.Nodes) {
		t.Errorf("graphviz reads %d nodes, %v\n%s", n, err, b.String())
	}
	if n, err := parsed.EdgeNum(); err != nil || n != len(g.Edges) {
		t.Errorf("graphviz reads %d edges, %v", n, err)
	}
}

// unquote reads a DOT string as graphviz reads a label: first the string (only
// \" is special), then the label's escapes and entities.
func unquote(s string) (string, bool) {
	if len(s) < 2 || s[0] != '"' {
		return "", false
	}
	var raw strings.Builder
	i := 1
	for ; i < len(s) && s[i] != '"'; i++ {
		if s[i] == '\\' && i+1 < len(s) {
			if s[i+1] == '"' {
				raw.WriteByte('"')
				i++
				continue
			}
			raw.WriteByte('\\')
			i++
		}
		raw.WriteByte(s[i])
	}
	if i != len(s)-1 {
		return "", false // the string ends before its end
	}
	var out strings.Builder
	label := raw.String()
	for i := 0; i < len(label); i++ {
		if label[i] == '\\' && i+1 < len(label) {
			i++
			if label[i] == 'n' {
				out.WriteByte('\n')
				continue
			}
		}
		out.WriteByte(label[i])
	}
	return strings.ReplaceAll(out.String(), "&amp;", "&"), true
}

func FuzzQuote(f *testing.F) {
	for _, s := range []string{"", `"`, `\`, `\"`, `a\`, "\\N\n", "&amp;", "\xff\x00\u202e😀", `]; evil -> "x`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want := strings.Map(func(r rune) rune {
			if r < 0x20 && r != '\n' || r == 0x7f {
				return -1
			}
			return r
		}, strings.ToValidUTF8(s, "\uFFFD"))
		got, ok := unquote(Quote(s))
		// Runs of broken bytes may be mended as one or as several.
		squeeze := func(s string) string {
			for strings.Contains(s, "\uFFFD\uFFFD") {
				s = strings.ReplaceAll(s, "\uFFFD\uFFFD", "\uFFFD")
			}
			return s
		}
		if !ok || squeeze(got) != squeeze(want) {
			t.Fatalf("%q is read as %q", want, got)
		}
		if l := Shorten(s, 12); utf8.RuneCountInString(l) > 12 || strings.ContainsAny(l, "\n\r\x00") {
			t.Fatalf("label %q", l)
		}
	})
}

func FuzzServeLayout(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x02{}"))
	f.Add([]byte("\x00\x00\x00\x33{\"boxes\":[[180,56],[180,56]],\"pairs\":[[0,1],[1,1]]}"))
	f.Add([]byte("\xff\xff\xff\xff"))
	f.Add([]byte("\x00\x00\x00\x20{\"boxes\":[[1e99,-1]],\"pairs\":[]}"))
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) > 400 {
			return // large graphs are slow, not odd
		}
		var out strings.Builder
		_ = ServeLayout(strings.NewReader(string(in)), &out, viz.Plain)
		if out.Len() > 0 {
			var p placement
			if err := readFrame(strings.NewReader(out.String()), &p); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func BenchmarkBuild(b *testing.B) {
	s := snapshot(b, "08-large", func(s *inventory.Snapshot) bool { return s.Counts.Elements >= 200 })
	b.ReportAllocs()
	for b.Loop() {
		Build(s, Figures{})
	}
}

// BenchmarkBuilder is the same where nothing has changed.
func BenchmarkBuilder(b *testing.B) {
	s := snapshot(b, "08-large", func(s *inventory.Snapshot) bool { return s.Counts.Elements >= 200 })
	var known Builder
	b.ReportAllocs()
	for b.Loop() {
		known.Build(s, Figures{})
		known.Forget(0)
	}
}
