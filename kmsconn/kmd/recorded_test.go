package kmd

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
)

// recordedModules gives the descriptions that a real server of 7.3.1 sent.
func recordedModules(t testing.TB, recording string) []*Module {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "testdata", "recordings", recording+".jsonl.zst"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var out []*Module
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var l struct {
			Frame struct {
				Result struct {
					Value json.RawMessage `json:"value"`
				} `json:"result"`
			} `json:"frame"`
		}
		if json.Unmarshal(lines.Bytes(), &l) != nil {
			continue // the frame is no object, or the result none
		}
		var text string
		if json.Unmarshal(l.Frame.Result.Value, &text) != nil || !strings.Contains(text, `"remoteClasses"`) {
			continue
		}
		m, err := Parse([]byte(text))
		if err != nil {
			t.Fatalf("a description of the real server: %v", err)
		}
		out = append(out, m)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if len(out) == 0 {
		t.Fatalf("%s holds no description", recording)
	}
	return out
}

// shape is what of a schema the built-in description must have alike.
func shape(s *Schema) map[string]any {
	out := map[string]any{}
	for _, c := range s.Classes() {
		var methods []string
		for _, m := range c.Methods {
			sign := m.Name + "("
			for _, p := range m.Params {
				sign += p.Name + ":" + p.Type + ","
			}
			if m.Return != nil {
				sign += ")" + m.Return.Type
			}
			methods = append(methods, sign)
		}
		slices.Sort(methods)
		var params []string
		if c.Constructor != nil {
			params = names(c.Constructor.Params)
		}
		out[c.Name] = []any{c.Extends, c.Abstract, c.Module, fields(c.Properties), methods, params, c.Events}
	}
	for name, ct := range s.types {
		out["type "+name] = []any{ct.TypeFormat, ct.Extends, ct.Values, fields(ct.Properties)}
	}
	for name, e := range s.events {
		out["event "+name] = []any{e.Extends, fields(e.Properties)}
	}
	return out
}

func fields(ps []Property) []string {
	var out []string
	for _, p := range ps {
		f := p.Name + ":" + p.Type
		if p.Final || p.ReadOnly {
			f += " fixed"
		}
		out = append(out, f)
	}
	return out
}

// TestBuiltinIsTheRealServers holds the built-in description of 7.x to what a
// real server says of itself.
func TestBuiltinIsTheRealServers(t *testing.T) {
	s := Merge(recordedModules(t, "01-inventory")...)
	if s.Class("kurento.WebRtcEndpoint") == nil || s.Class("GStreamerFilter") == nil {
		t.Fatal("the descriptions are not those of core, elements and filters")
	}
	if d := cmp.Diff(shape(s), shape(Builtin("7.3.1"))); d != "" {
		t.Errorf("the built-in description differs from the server's (-server +built-in):\n%s", d)
	}
}

// TestGenerationsNameWhatExists: a difference that applies to nothing is a
// typing error.
func TestGenerationsNameWhatExists(t *testing.T) {
	known := map[string]bool{}
	for _, m := range builtinModules() {
		for _, c := range m.RemoteClasses {
			known[c.Name] = true
			for _, p := range c.Properties {
				known[c.Name+"."+p.Name] = true
			}
			ops := c.Methods
			if c.Constructor != nil {
				ctor := *c.Constructor
				ctor.Name = "constructor"
				ops = append(slices.Clone(ops), ctor)
			}
			for _, x := range ops {
				known[c.Name+"."+x.Name] = true
				for _, p := range x.Params {
					known[c.Name+"."+x.Name+"."+p.Name] = true
				}
			}
		}
		for _, ct := range m.ComplexTypes {
			known[ct.Name] = true
			for _, p := range ct.Properties {
				known[ct.Name+"."+p.Name] = true
			}
			for _, v := range ct.Values {
				known[ct.Name+"."+v] = true
			}
		}
		for _, e := range m.Events {
			known[e.Name] = true
			for _, p := range e.Properties {
				known[e.Name+"."+p.Name] = true
			}
		}
	}
	var generations []generation
	if err := json.Unmarshal(builtinGenerations, &generations); err != nil {
		t.Fatal(err)
	}
	for _, g := range generations {
		check := func(what, path string) {
			if !known[path] {
				t.Errorf("%s: %s names %s, which 7.x does not have", g.Name, what, path)
			}
		}
		for _, path := range g.Without {
			check("without", path)
		}
		for path := range g.Renamed {
			check("renamed", path)
		}
		for path := range g.Also {
			check("also", path)
		}
		for path := range g.Properties {
			check("properties", path)
		}
		for path := range g.Methods {
			check("methods", path)
		}
		// What a generation has refers to nothing that it lacks.
		s := Builtin(g.Name + ".0")
		for _, c := range s.Classes() {
			for _, e := range s.Events(c.Name) {
				if s.Event(e) == nil {
					t.Errorf("%s: %s raises %s, which is not described", g.Name, c.Name, e)
				}
			}
			for _, p := range s.Properties(c.Name) {
				if !described(s, p.Type) {
					t.Errorf("%s: %s.%s is a %s, which is not described", g.Name, c.Name, p.Name, p.Type)
				}
			}
			for _, m := range s.Methods(c.Name) {
				for _, p := range m.Params {
					if !described(s, p.Type) {
						t.Errorf("%s: %s.%s takes a %s, which is not described", g.Name, c.Name, m.Name, p.Type)
					}
				}
			}
		}
	}
}

func described(s *Schema, name string) bool {
	bare := strings.TrimSuffix(strings.TrimSuffix(name, "[]"), "<>")
	return slices.Contains([]string{"String", "int", "int64", "boolean", "float", "double"}, bare) || s.Type(bare) != nil || s.Class(bare) != nil
}

// TestHostileDescriptions: what a server sends is not trusted, in size, depth
// or shape.
func TestHostileDescriptions(t *testing.T) {
	var chain, wide strings.Builder
	chain.WriteString(`{"name":"m","remoteClasses":[{"name":"C0"}`)
	wide.WriteString(`{"name":"m","remoteClasses":[{"name":"W","properties":[{"name":"p","type":"int"}`)
	for i := range 20000 {
		n := 1 + i
		chain.WriteString(`,{"name":"C` + itoa(n) + `","extends":"C` + itoa(n-1) + `","properties":[{"name":"p` + itoa(n) + `"}]}`)
		wide.WriteString(`,{"name":"p` + itoa(n) + `"}`)
	}
	chain.WriteString(`]}`)
	wide.WriteString(`]}]}`)
	m, err := Parse([]byte(chain.String()))
	if err != nil {
		t.Fatal(err)
	}
	s := Merge(m)
	if n := len(s.Ancestors("C20000")); n != maxAncestors {
		t.Errorf("%d ancestors, want %d", n, maxAncestors)
	}
	if n := len(s.Properties("m.C20000")); n != maxAncestors+1 {
		t.Errorf("%d properties", n)
	}
	if m, err = Parse([]byte(wide.String())); err != nil || len(Merge(m).Properties("W")) != 20001 {
		t.Errorf("a wide class: %v", err)
	}
	if _, err := Parse([]byte(strings.Repeat(`{"a":`, 1<<17))); err == nil {
		t.Error("a description 131072 levels deep was taken")
	}
	if _, err := Parse(make([]byte, maxBytes+1)); err == nil || !strings.Contains(err.Error(), "16 MiB") {
		t.Errorf("a description that is too large: %v", err)
	}
}

func itoa(n int) string { b, _ := json.Marshal(n); return string(b) }

func TestSourceTreeDialect(t *testing.T) {
	m, err := Parse([]byte("{\"name\":\"m\",\"remoteClasses\":[{\"name\":\"A\",\"doc\":\"a \\d path C:\\x and \\\"quotes\\\" \\\nend\"}]}"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := m.RemoteClasses[0].Doc, "a \\d path C:\\x and \"quotes\" \\\nend"; got != want {
		t.Errorf("prose is %q, want %q", got, want)
	}
}
