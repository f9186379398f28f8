package stats

import (
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"kmscope/inventory"
	"kmscope/wire"
)

var update = flag.Bool("update", false, "write docs/statistics.md")

const document = "../docs/statistics.md"

// exampleRecordings are searched in this order for examples.
var exampleRecordings = []string{
	"incidents/I08-loss20-both", "02b-webrtc-datachannel", "02-webrtc-loopback", "09a-one2one", "10-rtp", "incidents/I25-send-cap-100k",
}

// example finds a value of every metric: the first that is not zero, in the
// middle of a recording rather than at its start.
func examples(t *testing.T) map[string]string {
	t.Helper()
	found := make(map[string]string)
	weak := make(map[string]bool) // a zero, for want of better
	for _, name := range exampleRecordings {
		var d wire.Decoder
		flow := NewFlow()
		names := inventory.NewReducer("")
		all := records(t, name)
		for i, r := range all {
			for _, f := range d.Feed(r) {
				names.Apply(f)
				values := flow.Feed(f)
				flow.Count(names.Census())
				for _, v := range values {
					if i < len(all)/2 || math.IsNaN(v.V) {
						continue
					}
					zero := v.V == 0 && v.Kind != State
					if _, ok := found[v.Metric]; ok && (!weak[v.Metric] || zero) {
						continue
					}
					weak[v.Metric] = zero
					text := v.Text
					if v.Kind != State {
						text = string(appendNumber(nil, v.V))
					}
					found[v.Metric] = fmt.Sprintf("%s (%s)", text, strings.TrimPrefix(name, "incidents/"))
				}
			}
		}
	}
	return found
}

func kindWord(k Kind, falls bool) string {
	switch {
	case k == Total && falls:
		return "counter, may fall"
	case k == Total:
		return "counter"
	case k == Rate:
		return "rate"
	case k == Share:
		return "share"
	case k == State:
		return "state"
	}
	return "gauge"
}

func directions(list []Direction) string {
	var words []string
	for _, d := range list {
		if d != None {
			words = append(words, string(d))
		}
	}
	if len(words) == 0 {
		return "–"
	}
	return strings.Join(words, ", ")
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// TestDocument holds the tables of docs/statistics.md to the catalogue and to
// recordings.
func TestDocument(t *testing.T) {
	raw, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	found := examples(t)
	var b strings.Builder
	b.WriteString("\n| field | label | unit | kind | direction | type | meaning | reliability | example |\n|---|---|---|---|---|---|---|---|---|\n")
	filled := 0
	for _, f := range Fields() {
		if found[f.Name] != "" {
			filled++
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s | %s (%s) | %s | %s |\n", f.Name, f.Label, f.Unit, kindWord(f.Kind, f.Falls),
			directions(f.Dirs), strings.Join(f.Types, ", "), f.Help, f.Source, orDash(f.Reliability), orDash(found[f.Name]))
	}
	if filled < 18 {
		t.Errorf("only %d fields have an example", filled)
	}
	want := between(t, string(raw), "fields", b.String())
	b.Reset()
	b.WriteString("\n| metric | label | unit | kind | direction | meaning | from | reliability | example |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, m := range Derived() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s | %s | %s | %s |\n", m.Name, m.Label, m.Unit, kindWord(m.Kind, false),
			directions(m.Dirs), m.Help, m.Source, orDash(m.Reliability), orDash(found[m.Name]))
		if found[m.Name] == "" && m.Name != Ping {
			t.Errorf("%s has no example", m.Name)
		}
	}
	want = between(t, want, "derived", b.String())
	if *update {
		if err := os.WriteFile(document, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(raw) {
		t.Error("docs/statistics.md is not what the code says: go test ./stats -run TestDocument -update")
	}
}

// between replaces what stands between the marks of a part.
func between(t *testing.T, text, part, body string) string {
	t.Helper()
	begin, end := "<!-- "+part+" -->\n", "<!-- end of "+part+" -->"
	head, rest, ok := strings.Cut(text, begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("the marks of %q are missing", part)
	}
	return head + begin + body + "\n" + end + tail
}

// TestFields checks that every field says what it must, and none is said twice.
func TestFields(t *testing.T) {
	seen := make(map[string]bool)
	for _, f := range Fields() {
		if f.Name == "" || f.Label == "" || f.Unit == "" || f.Kind == 0 || f.Help == "" || f.Source == "" || len(f.Types) == 0 || len(f.Dirs) == 0 {
			t.Errorf("%+v lacks something", f)
		}
		if seen[f.Name] {
			t.Errorf("%s is there twice", f.Name)
		}
		seen[f.Name] = true
		if got, ok := FieldOf(f.Name); !ok || got.Label != f.Label {
			t.Errorf("%s is not found", f.Name)
		}
	}
	for _, m := range Derived() {
		if seen[m.Name] {
			t.Errorf("%s is both a field and derived", m.Name)
		}
	}
	if _, ok := FieldOf("sliCount"); ok {
		t.Error("sliCount is no data")
	}
}
