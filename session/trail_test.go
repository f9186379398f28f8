package session

import (
	"errors"
	"io"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"kmscope/capture"
	"kmscope/inventory"
)

// TestPastOfCapture holds that a capture has the past that it has when the state
// after every single record is handed in.
func TestPastOfCapture(t *testing.T) {
	paths, err := filepath.Glob("../testdata/recordings/0[2-8]*.jsonl.zst")
	if err != nil || len(paths) < 5 {
		t.Fatalf("%d recordings, %v", len(paths), err)
	}
	many := filepath.Join(t.TempDir(), "many.kmscap")
	writeEvents(t, many, 2500)
	for _, path := range append(paths, many) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			records := readRecords(t, path)
			models := new(Models)
			var want inventory.Past
			for _, rec := range records {
				models.Feed(rec)
				if m := models.Servers()[0].Model; m.inventory.Changed() {
					want.Add(m.inventory.Snapshot())
				}
			}
			w, err := NewWorkspace(Options{NoCapture: true})
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := w.Close(t.Context()); err != nil {
					t.Error(err)
				}
			}()
			reader, err := capture.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			p := newPlayer(&Replay{path: path, ws: w}, reader)
			defer p.close()
			for more := true; more; {
				if more, err = p.step(time.Time{}); err != nil {
					t.Fatal(err)
				}
			}
			s := p.models.Servers()[0]
			if s.trail.waiting {
				p.session(s).past.Add(s.trail.take(s.Model))
			}
			got := p.session(s)
			if !got.Since().Equal(want.First()) {
				t.Fatalf("it begins at %v, want %v", got.Since(), want.First())
			}
			compared := make(map[*inventory.Snapshot]bool)
			for _, rec := range records {
				for _, at := range []time.Time{rec.At, rec.At.Add(5 * time.Millisecond)} {
					a, b := want.At(at), got.SnapshotAt(at)
					if !a.At.Equal(b.At) {
						t.Fatalf("at %v the state of %v, want that of %v", at, b.At, a.At)
					}
					if compared[a] {
						continue
					}
					compared[a] = true
					if a.Counts != b.Counts || !reflect.DeepEqual(a.Server, b.Server) || len(a.Pipelines) != len(b.Pipelines) {
						t.Fatalf("at %v: %+v, want %+v", at, b.Counts, a.Counts)
					}
					for i, p := range a.Pipelines {
						if q := b.Pipelines[i]; !reflect.DeepEqual(p.Objects, q.Objects) || !reflect.DeepEqual(p.Connections, q.Connections) {
							t.Fatalf("at %v: %s differs", at, p.ID)
						}
					}
				}
			}
		})
	}
}

func readRecords(t *testing.T, path string) (out []capture.Record) {
	t.Helper()
	reader, err := capture.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	for {
		rec, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, rec)
	}
}
