package graph

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"kmscope/inventory"
)

// odd is what a server may send as a name.
const odd = "quote \" ' back \\ <script>alert(1)</script> &amp; ]]> `md` **b** #35; ; --> | {x} 😀 שלום عربى"

// svgTexts parses a picture as XML and gives its texts and how many elements of
// each name it has.
func svgTexts(t *testing.T, picture []byte) (texts []string, names map[string]int) {
	t.Helper()
	names = map[string]int{}
	d := xml.NewDecoder(bytes.NewReader(picture))
	inText := false
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return texts, names
		}
		if err != nil {
			t.Fatalf("%v\n%.4000s", err, picture)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			names[tok.Name.Local]++
			inText = tok.Name.Local == "text"
			for _, a := range tok.Attr {
				if strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf") {
					t.Fatalf("%s has %s=%q", tok.Name.Local, a.Name.Local, a.Value)
				}
			}
		case xml.EndElement:
			inText = false
		case xml.CharData:
			if inText {
				texts = append(texts, string(tok))
			}
		}
	}
}

func svg(t *testing.T, g *Graph, onDark bool) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := g.WriteSVG(&b, onDark); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSVG(t *testing.T) {
	s := newServer()
	for _, id := range []string{pipeline, webrtc, player, hub, portA} {
		s.created(id)
	}
	s.connected(player, webrtc, "VIDEO")
	s.connected(player, portA, "AUDIO")
	s.flow(webrtc, "In", "VIDEO", "FLOWING")
	s.named(webrtc, "Ann & <Bob>")
	g := Columns(Build(s.Snapshot(), Figures{}).FitText())
	sound(t, g)
	for _, onDark := range []bool{false, true} {
		picture := svg(t, g, onDark)
		texts, names := svgTexts(t, picture)
		for _, want := range []string{"pipeline aaaa", "4 elements", "Ann & <Bob>", "WebRtcEndpoint bbbb", "PlayerEndpoint cccc", "Composite dddd", "HubPort eeee", "flowing"} {
			if n := strings.Count("\n"+strings.Join(texts, "\n")+"\n", "\n"+want+"\n"); n != 1 {
				t.Errorf("%q stands there %d times", want, n)
			}
		}
		if names["script"] != 0 || names["svg"] != 1 {
			t.Errorf("elements: %v", names)
		}
		for medium, hue := range map[string]string{"video": map[bool]string{false: "#0072b2", true: "#56b4e9"}[onDark]} {
			if !bytes.Contains(picture, []byte(hue)) {
				t.Errorf("no %s in its hue", medium)
			}
		}
	}
	if texts, _ := svgTexts(t, svg(t, Columns(&Graph{}), false)); !cmp.Equal(texts, []string{"no pipelines"}) {
		t.Errorf("an empty graph says %q", texts)
	}
}

// TestOddNames writes what a hostile server may name things, in every format.
func TestOddNames(t *testing.T) {
	s := newServer()
	for _, id := range []string{pipeline, webrtc, player} {
		s.created(id)
	}
	s.connected(player, player, "VIDEO")
	s.connected(player, webrtc, `x"]; evil --> y`)
	s.named(player, odd)
	s.named(webrtc, strings.Repeat("😀\u202e\x00\x1b", 10_000))
	s.named(pipeline, "\"]\nend\n<!--")
	full := s.Snapshot()
	g := Columns(Build(full, Figures{}).FitText())
	sound(t, g)
	texts, names := svgTexts(t, svg(t, g, false))
	if names["script"] != 0 {
		t.Error("a script came through")
	}
	if !strings.Contains(strings.Join(texts, "\n"), "quote \" ' back \\ <script>") {
		t.Errorf("the name is not there: %q", texts)
	}

	var b strings.Builder
	if err := g.WriteMermaid(&b); err != nil {
		t.Fatal(err)
	}
	checkMermaid(t, g, b.String())
	if want := `quote #34; #39; back #92; #60;script#62;`; !strings.Contains(b.String(), want) {
		t.Errorf("no %q in\n%s", want, b.String())
	}

	var doc Document
	b.Reset()
	if err := Describe(full).WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(b.String()), &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Nodes) != 3 || len(doc.Edges) != 2 {
		t.Errorf("%+v", doc)
	}
}

// What a line of Mermaid may be: text is words, entities and what is harmless.
var mermaidLines = regexp.MustCompile(func() string {
	text := `(?:[^\x00-\x7f]|[A-Za-z0-9 .,:()/+-]|<br/>|#\d+;)*`
	return `^(?:flowchart LR|  subgraph p\d+\["` + text + `"\]|    direction LR|  end|  n\d+ -\.- n\d+|` +
		`    n\d+(?:\["` + text + `"\]|\{\{"` + text + `"\}\}|\(\["` + text + `"\]\))|` +
		`  n\d+ (?:-->|-\.->)\|"` + text + `"\| n\d+|  linkStyle [\d,]+ stroke:#[0-9a-f]{6})$`
}())

func checkMermaid(t *testing.T, g *Graph, chart string) {
	t.Helper()
	links := 0
	for line := range strings.Lines(chart) {
		line = strings.TrimSuffix(line, "\n")
		if !mermaidLines.MatchString(line) {
			t.Fatalf("odd line %q", line)
		}
		if strings.Contains(line, " -") && strings.HasPrefix(line, "  n") {
			links++
		}
	}
	if links != len(g.Edges) {
		t.Errorf("%d links, want %d", links, len(g.Edges))
	}
}

func TestDocumentFlow(t *testing.T) {
	yes, no := true, false
	for _, c := range []struct {
		sink, source string
		want         *bool
	}{
		{"", "", nil}, {"FLOWING", "", &yes}, {"NOT_FLOWING", "", &no}, {"", "FLOWING", &yes}, {"", "NOT_FLOWING", &no},
		{"FLOWING", "NOT_FLOWING", &yes}, {"NOT_FLOWING", "FLOWING", &no}, {"odd", "FLOWING", &yes},
	} {
		s := newServer()
		for _, id := range []string{pipeline, webrtc, player} {
			s.created(id)
		}
		s.connected(player, webrtc, "VIDEO")
		if c.sink != "" {
			s.flow(webrtc, "In", "VIDEO", c.sink)
		}
		if c.source != "" {
			s.flow(player, "Out", "VIDEO", c.source)
		}
		d := Describe(s.Snapshot(), s.Snapshot(), nil)
		if len(d.Nodes) != 3 || len(d.Edges) != 1 || !cmp.Equal(d.Edges[0].Flowing, c.want) {
			t.Errorf("sink %q source %q: %+v", c.sink, c.source, d)
		}
	}
	var b strings.Builder
	if err := Describe().WriteJSON(&b); err != nil || b.String() != "{\"nodes\":[],\"edges\":[]}\n" {
		t.Errorf("nothing is %q, %v", b.String(), err)
	}
}

// FuzzModel lets a server do odd things with a few objects, and builds, takes
// apart and draws what comes of it.
func FuzzModel(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x00\x01\x00\x00\x02\x00\x01\x01\x02\x03\x01\x02"), "name", "VIDEO", "name")
	f.Add([]byte("\x00\x00\x00\x00\x01\x00\x01\x01\x01\x01\x01\x01"), odd, "DATA", "/x/")
	f.Add([]byte("\x00\x00\x00\x00\x05\x00\x00\x06\x00\x00\x07\x00\x01\x06\x02\x01\x02\x07\x04\x05\x00"), "\u202e\xff", "a\"b", "state:dead")
	f.Fuzz(func(t *testing.T, script []byte, name, media, query string) {
		if len(script) > 300 || len(name) > 20_000 || len(media) > 1_000 {
			return // slow, not odd
		}
		things := []string{
			pipeline, webrtc, player, hub, portA, portB, "a_kurento.MediaPipeline", "a_kurento.MediaPipeline/b_x." + strings.ToValidUTF8(name, ""),
			"a_kurento.MediaPipeline/c_kurento.HubPort", "orphan", pipeline + "/", "/" + player,
		}
		thing := func(b byte) string { return things[int(b)%len(things)] }
		quoted := func(s string) string {
			b, _ := json.Marshal(s)
			return string(b)
		}
		s := newServer()
		var before *Graph
		l := newLayouter(t, nil) // places one state after the other, as the page does
		l.plain = true
		for i := 0; i+2 < len(script); i += 3 {
			a, b := thing(script[i+1]), thing(script[i+2])
			switch script[i] % 6 {
			case 0:
				s.event(inventory.ManagerID, "ObjectCreated", `{"object":`+quoted(a)+`}`)
			case 1:
				s.event(a, "ElementConnected", fmt.Sprintf(`{"source":%s,"sink":%s,"mediaType":%s}`, quoted(a), quoted(b), quoted(media)))
			case 2:
				s.event(a, "MediaFlowInStateChanged", fmt.Sprintf(`{"mediaType":%s,"padName":"default","state":%s}`, quoted(media), quoted(name)))
			case 3:
				s.named(a, name)
			case 4:
				s.event(inventory.ManagerID, "ObjectDestroyed", `{"objectId":`+quoted(a)+`}`)
			case 5:
				before = Build(s.Snapshot(), Figures{})
				adjusted, err := l.place(t.Context(), before.Alive())
				if err != nil {
					t.Fatal(err)
				}
				sound(t, adjusted)
			}
		}
		g := Build(s.Snapshot(), Figures{})
		consistent(t, g)
		living, gone := BuildAlive(s.Snapshot(), Figures{})
		if d := cmp.Diff(g.Alive(), living, cmpopts.EquateEmpty()); d != "" || gone > len(g.Nodes)+len(g.Frames) {
			t.Fatalf("%d gone, %s", gone, d)
		}
		q, err := ParseQuery(query)
		if err != nil && strings.Contains(err.Error(), "\n") && !strings.Contains(query, "\n") {
			t.Errorf("%v", err)
		}
		views := []*Graph{g, g.Alive(), g.Filter(q), g.Near(1, player), g.Group(2), g.Collapse(hub, pipeline), Merge(g, g)}
		if before != nil {
			views = append(views, Compare(before, g).Graph)
		}
		g.Routes(player, webrtc)
		for _, v := range views {
			consistent(t, v)
			placed := Columns(v.FitText())
			sound(t, placed)
			svgTexts(t, svg(t, placed, false))
			var b strings.Builder
			if err := placed.WriteMermaid(&b); err != nil {
				t.Fatal(err)
			}
			checkMermaid(t, placed, b.String())
			if err := placed.WriteDOT(io.Discard); err != nil {
				t.Fatal(err)
			}
		}
		var b bytes.Buffer
		if err := Describe(s.Snapshot()).WriteJSON(&b); err != nil || !json.Valid(b.Bytes()) {
			t.Fatalf("%v\n%s", err, b.Bytes())
		}
	})
}
