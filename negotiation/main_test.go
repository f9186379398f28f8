package negotiation

import (
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"kmscope/capture"
	"kmscope/inventory"
	"kmscope/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// recordings are all recordings of real servers.
func recordings(t testing.TB) []string {
	t.Helper()
	root := filepath.Join("..", "testdata", "recordings")
	var files []string
	for _, pattern := range []string{"*.zst", filepath.Join("incidents", "*.zst")} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) < 40 {
		t.Fatalf("found %d recordings, want all of them", len(files))
	}
	return files
}

func incident(name string) string {
	return filepath.Join("..", "testdata", "recordings", "incidents", name+".jsonl.zst")
}

// facts decodes a recording.
func facts(t testing.TB, file string, f func(wire.Fact)) {
	t.Helper()
	r, err := capture.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var d wire.Decoder
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, fact := range d.Feed(rec) {
			f(fact)
		}
	}
}

// negotiations reads a recording to its end.
func negotiations(t testing.TB, file string) []Negotiation {
	t.Helper()
	reducer := inventory.NewReducer("")
	var log Log
	var now time.Time
	facts(t, file, func(f wire.Fact) {
		reducer.Apply(f)
		log.Feed(f)
		now = f.At
	})
	var out []Negotiation
	for _, p := range reducer.Snapshot().Pipelines {
		for _, o := range p.Objects {
			if Negotiates(o.Type) {
				out = append(out, Of(o, log.History(o.ID), now))
			}
		}
	}
	return out
}

// rules gives the findings of a severity or worse, by rule.
func rules(list []Finding, least Severity) map[string]int {
	out := make(map[string]int)
	for _, f := range list {
		if f.Severity >= least {
			out[f.Rule]++
		}
	}
	return out
}

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
