package gst

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

func unquote(t *testing.T, s string) string {
	t.Helper()
	var out string
	if err := json.Unmarshal([]byte(s), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// An independent reading of the text: clusters that are not the pads' and edges
// that are not there for the picture's sake.
var (
	clusters = regexp.MustCompile(`(?m)^ *subgraph cluster_\S+ \{`)
	padSides = regexp.MustCompile(`(?m)^ *subgraph cluster_\S+_(sink|src) \{\n *label="";`)
	edges    = regexp.MustCompile(`(?m)^ *\w+ -> \w+(.*)$`)
	padNodes = regexp.MustCompile(`(?m)^ *[a-z]\w* \[color=`)
)

func TestRecordings(t *testing.T) {
	dumps := recorded(t)
	if len(dumps) < 100 {
		t.Fatalf("only %d dumps", len(dumps))
	}
	playing, open := 0, 0
	for name, text := range dumps {
		d, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, want := len(d.Elements)-1, len(clusters.FindAllString(text, -1))-len(padSides.FindAllString(text, -1)); got != want {
			t.Errorf("%s: %d elements, the text has %d", name, got, want)
		}
		want := 0
		for _, m := range edges.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(m[1], "invis") && !strings.Contains(m[1], "dashed") {
				want++
			}
		}
		if len(d.Links) != want {
			t.Errorf("%s: %d links, the text has %d", name, len(d.Links), want)
		}
		outside := 0
		for _, p := range d.Elements[0].Pads {
			if strings.HasPrefix(d.Pads[p].Name, "proxypad") {
				outside++
			}
		}
		if got, want := len(d.Pads)-outside, len(padNodes.FindAllString(text, -1)); got != want {
			t.Errorf("%s: %d pads, the text has %d", name, got, want)
		}
		if len(d.Notes) > 0 {
			t.Errorf("%s: %v", name, d.Notes)
		}
		for i := range d.Links {
			l := &d.Links[i]
			if a, b := &d.Pads[l.From], &d.Pads[l.To]; !a.Gives && !a.Ghost || b.Gives && !b.Ghost {
				t.Errorf("%s: link %d leads from %+v to %+v", name, i, a, b)
			}
		}
		c := d.Counts()
		playing += c.ByState[Playing]
		open += c.NotNegotiated
	}
	if playing < 3000 || open < 1000 {
		t.Errorf("%d elements play, %d links are open", playing, open)
	}
}

func TestStates(t *testing.T) {
	d := parse(t, read(t, "ready.dot"))
	root, decode := &d.Elements[0], &d.Elements[2]
	if root.State != Ready || root.Pending != Playing || root.Type != "GstPipeline" || root.Name != "internalpipeline" {
		t.Errorf("%+v", root)
	}
	if decode.Path != "internalpipeline/uridecodebin5/decodebin2" || decode.State != Ready || decode.Pending != Paused {
		t.Errorf("%+v", decode)
	}
	if s := decode.Subtitle(); s != "DecodeBin · READY → PAUSED" {
		t.Error(s)
	}
	if v := d.Elements[1].Param("uri"); v != `"file:///etc/passwd"` {
		t.Errorf("%q", v)
	}
	find := d.Elements[3]
	if find.Name != "typefind" || find.State != Paused || find.Role != Through {
		t.Errorf("%+v", find)
	}
	src := d.Pads[find.Pads[1]]
	if src.Name != "src" || !src.Gives || !src.EOS || src.Blocked || src.Mode != Push || src.Task != NoTask || !src.Stops() {
		t.Errorf("%+v", src)
	}
	if sink := d.Pads[find.Pads[0]]; sink.Mode != Pull || sink.Task != TaskPaused || sink.Stops() {
		t.Errorf("%+v", sink)
	}
}

// element writes the text of one element with two pads.
func element(name, label, sink string) string {
	return `subgraph cluster_` + name + `_0x1 { label="` + label + `"; subgraph cluster_` + name + `_0x1_sink { label=""; style="invis"; ` +
		name + `_0x1_sink_0x2 [color=black, fillcolor="#aaaaff", label="` + sink + `", style="filled,solid"]; } fillcolor="#aaaaff"; }` + "\n"
}

func TestParseText(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		err  string
		see  func(d *Dump) bool
	}{
		"locked": {text: `digraph p { label="<GstBin>\nb\n[0](locked)"; }`, see: func(d *Dump) bool { return d.Elements[0].State == Null && d.Elements[0].Locked }},
		"escapes": {text: "digraph p { " + element("a", `GstA\na\n[>]\nx=\"q\\\"r\"\ny=\303\244\nz=1`, "sink") + "}", see: func(d *Dump) bool {
			e := &d.Elements[1]
			return e.Param("x") == `"q\"r"` && e.Param("y") == "ä" && e.Param("z") == "1"
		}},
		"blocked": {text: "digraph p { " + element("a", `GstA\na`, `sink\n[>][BfB][T]`) + "}", see: func(d *Dump) bool {
			p := &d.Pads[0]
			return p.Blocked && p.Blocking && !p.Flushing && p.Task == TaskStarted && d.Elements[1].State == StateUnknown
		}},
		"pad's properties": {text: "digraph p { " + element("a", `GstA\na`, `sink\nzorder=3\nalpha=0.5\n[>][bFb]`) + "}", see: func(d *Dump) bool {
			p := &d.Pads[0]
			return len(p.Params) == 2 && p.Params[1] == Param{"alpha", "0.5"} && p.Flushing && !p.Blocking
		}},
		"cut": {text: "digraph p { label=\"<GstBin>\\nb\\n[>]\"; " + element("a", `GstA\na\n[>]`, "sink") + `subgraph cluster_b { label="Gst`, see: func(d *Dump) bool { return len(d.Elements) == 2 && len(d.Notes) == 1 && d.Elements[1].Name == "a" }},
		"secrets": {text: "digraph p { " + element("a", `GstA\na\n[>]\nturn-url=\"joe:pw@h:1\"\npem=\"-----BEGIN PRIVATE KEY-----\\nMII…\nuri=\"rtsp://joe:pw@h/x\"`, "sink") + "}", see: func(d *Dump) bool {
			s, _ := json.Marshal(d)
			return !strings.Contains(string(s), "pw") && !strings.Contains(string(s), "MII") && strings.Contains(string(s), "@h/x")
		}},
		"same name twice": {text: "digraph p { " + element("a", `GstA\na`, "s") + element("b", `GstA\na`, "s") + "}", see: func(d *Dump) bool { return d.Elements[1].Path != d.Elements[2].Path }},
		"empty":           {text: "", err: "no graph as GStreamer"},
		"no graph":        {text: "hello", err: "no graph as GStreamer"},
		"other language":  {text: "<svg/>", err: "no graph as GStreamer"},
		"comment":         {text: "digraph p { /* \" */ }", err: "no graph as GStreamer"},
		"too deep":        {text: "digraph p {" + strings.Repeat("subgraph a {", 200), err: "nested"},
		"not closed":      {text: "digraph p { a -> ; }", err: "no graph in the DOT language"},
		"closed first":    {text: "} digraph p { subgraph {", err: "no graph"},
		"too many closed": {text: "digraph p { } } }", err: "no graph"},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := Parse(c.text)
			switch {
			case c.err != "":
				if err == nil || !strings.Contains(err.Error(), c.err) || strings.Contains(err.Error(), "\n") {
					t.Errorf("%v", err)
				}
			case err != nil:
				t.Error(err)
			case !c.see(d):
				t.Errorf("%+v %+v", d.Elements, d.Pads)
			}
		})
	}
}

func TestCaps(t *testing.T) {
	for text, want := range map[string]struct {
		is    Fixation
		brief string
	}{
		`video/x-raw\l              format: I420\l               width: 640\l              height: 360\l           framerate: 30/1\l`: {Fixed, "video I420 640×360 30 fps"},
		`audio/x-raw\l                rate: [ 1, 2147483647 ]\l              format: { S16LE, S16BE }\l`:                              {Open, "audio"},
		`audio/x-opus\l                rate: 48000\l            channels: 2\l`:                                                        {Fixed, "opus 48000 Hz stereo"},
		`application/x-rtp\l               media: video\l       encoding-name: VP8\l             payload: 96\l`:                       {Fixed, "RTP VP8 pt 96"},
		`audio/x-opus\laudio/x-vorbis\l            channels: 2\l`:                                                                     {Open, "opus or others"},
		`video/x-raw(ANY)\l`: {Open, "video"},
		`application/x-srtcp\l            srtp-key: 51de57df611e65a78f0b05...\l         srtp-cipher: null\l`: {Fixed, "srtcp"},
		`ANY`:   {Open, "anything"},
		`EMPTY`: {Open, "nothing"},
		``:      {CapsUnknown, ""},
	} {
		c := readCaps(linesOf(`"` + text + `"`))
		if c.Fixation() != want.is || c.Brief() != want.brief {
			t.Errorf("%s: %d %q", text, c.Fixation(), c.Brief())
		}
		if strings.Contains(c.String(), "51de") {
			t.Error("a key is shown")
		}
	}
}

// The terse dumps of one object say the same as its full ones, as far as they go.
func TestTerse(t *testing.T) {
	text := "digraph p { " + element("a", `GstA\na`, "sink") + "x_0x1_src_0x9 -> a_0x1_sink_0x2 [label=\"video/x-raw\"] }"
	d := parse(t, text)
	if l := &d.Links[0]; l.Negotiated() != CapsUnknown || l.Label() != "video" {
		t.Errorf("%d %q", l.Negotiated(), l.Label())
	}
	if p := &d.Pads[d.Links[0].From]; p.Element != 0 || p.Gives || !p.Ghost || p.Name != "x_0x1_src" {
		t.Errorf("%+v", p)
	}
}

func TestFind(t *testing.T) {
	d := parse(t, read(t, "webrtc.dot"))
	for query, least := range map[string]int{"rtpbin": 1, "GstQueue": 1, "PLAYING": 30, "x-opus": 1, "/^queue|funnel/": 1, "connection-state=connected": 1, "MIN-video": 1} {
		hits, err := d.Find(query)
		if err != nil || len(hits) < least {
			t.Errorf("%s: %d hits, %v", query, len(hits), err)
		}
		for _, h := range hits {
			if h.Where == "" || h.Link >= len(d.Links) {
				t.Errorf("%+v", h)
			}
		}
	}
	if hits, err := d.Find("  "); hits != nil || err != nil {
		t.Error("an empty search finds something")
	}
	if _, err := d.Find("/(/"); err == nil {
		t.Error("a broken expression is accepted")
	}
	if hits, _ := d.Find("PRIVATE KEY"); len(hits) != 0 {
		t.Error("a private key can be searched for")
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"ready.dot", "player.dot"} {
		f.Add(read(f, name))
	}
	f.Add("digraph p { " + element("a", `GstA\na\n[>]\nx=\"q\\\"r\"`, `sink\n[>][BfBE][t]`) + "_p_0x1 -> a_0x1_sink_0x2 [taillabel=\"ANY\", headlabel=\"a/b\\l  c: d\\l\"] }")
	f.Add(`digraph p { subgraph cluster_a { label="GstA\na"; a -> b; b -> a; a -> a; subgraph cluster_b { label="B\nb"; b [label="x"]; } } a [fillcolor="#ffdddd", label="a"]; }`)
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<16 {
			return
		}
		d, err := Parse(text)
		if err != nil {
			return
		}
		if _, err := d.Find("a"); err != nil {
			t.Error(err)
		}
		g, err := Layout(t.Context(), d, nil, Options{})
		if err != nil {
			t.Error(err)
			return
		}
		if len(g.Boxes) != len(d.Elements) {
			t.Errorf("%d of %d elements are drawn", len(g.Boxes), len(d.Elements))
		}
		if diff := Compare(d, d); len(diff.List) != 0 {
			t.Errorf("a dump differs from itself: %+v", diff.List)
		}
	})
}
