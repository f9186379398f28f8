package session

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kmscope/stats"
)

// TestArchive checks that a part of a capture, read again, has the points that
// the whole had, in the same series.
func TestArchive(t *testing.T) {
	for _, name := range []string{"02-webrtc-loopback", "incidents/I08-loss20-both", "incidents/I25-send-cap-100k"} {
		t.Run(name, func(t *testing.T) {
			w := workspace(t, Options{NoCapture: true})
			r, err := w.Open(t.Context(), filepath.Join("..", "testdata", "recordings", name+".jsonl.zst"))
			if err != nil {
				t.Fatal(err)
			}
			compared := 0
			for _, s := range r.Sessions() {
				first, last := s.Stats().Span()
				from, to := first.Add(last.Sub(first)/2), last.Add(-2*time.Second)
				part, err := s.Archive().Load(t.Context(), from, to)
				if err != nil {
					t.Fatal(err)
				}
				for _, m := range stats.Catalogue() {
					switch m.Name {
					case stats.Pipelines, stats.Elements, stats.Sessions: // of all that was before
						continue
					}
					q := stats.Query{Metrics: []string{m.Name}, From: from, To: to.Add(-2 * time.Second)}
					want, got := s.Stats().Zoom(q), part.Zoom(q)
					if d := cmp.Diff(want, got); d != "" {
						t.Errorf("%s (- memory, + file):\n%.2000s", m.Name, d)
					}
					for _, z := range want {
						compared += len(z.Buckets)
					}
				}
				stopped, cancel := context.WithCancel(t.Context())
				cancel()
				if _, err := s.Archive().Load(stopped, from, to); !errors.Is(err, context.Canceled) {
					t.Errorf("a stopped reading gives %v", err)
				}
			}
			if compared < 100 {
				t.Errorf("only %d points compared", compared)
			}
		})
	}
}
