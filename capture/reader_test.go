package capture

import (
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rest reads to the end.
func rest(t testing.TB, r *Reader) []Record {
	t.Helper()
	var out []Record
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, rec)
	}
}

// readAll opens a file, reads it to its end and closes it.
func readAll(t testing.TB, path string) []Record {
	t.Helper()
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	out := rest(t, r)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return out
}

// recordings are the recordings of a real server.
func recordings(t testing.TB) []string {
	t.Helper()
	var all []string
	for _, dir := range []string{"", "incidents"} {
		found, err := filepath.Glob(filepath.Join("..", "testdata", "recordings", dir, "*.jsonl.zst"))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found...)
	}
	if len(all) < 40 {
		t.Fatalf("only %d recordings", len(all))
	}
	return all
}

func recording(name string) string {
	return filepath.Join("..", "testdata", "recordings", name+".jsonl.zst")
}

func TestRecordingsReadWhole(t *testing.T) {
	for _, path := range recordings(t) {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".jsonl.zst"), func(t *testing.T) {
			recs := readAll(t, path)
			for i, r := range recs {
				if r.Index != int64(i) {
					t.Fatalf("record %d has the index %d", i, r.Index)
				}
				if r.Dir == DirUndecoded || r.Dir == DirGap {
					t.Errorf("record %d: %s: %s", i, r.Dir, r.Note)
				}
				if r.At.Year() != 2026 {
					t.Errorf("record %d is dated %v", i, r.At)
				}
			}
			if len(recs) < 4 {
				t.Errorf("only %d records", len(recs))
			}
		})
	}
}

// BenchmarkOpen reads the largest recording, which is 5 MB of text.
func BenchmarkOpen(b *testing.B) {
	var n int
	for b.Loop() {
		n = len(readAll(b, recording("08-large")))
	}
	b.ReportMetric(float64(n), "records")
}
