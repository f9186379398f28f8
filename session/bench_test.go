package session

import (
	"context"
	"testing"
)

// BenchmarkOpenLarge opens a recording of 5 MB: 20 pipelines of 10 elements,
// read, reduced and published.
func BenchmarkOpenLarge(b *testing.B) {
	for b.Loop() {
		w, err := NewWorkspace(Options{NoCapture: true})
		if err != nil {
			b.Fatal(err)
		}
		r, err := w.Open(context.Background(), "../testdata/recordings/08-large.jsonl.zst")
		if err != nil {
			b.Fatal(err)
		}
		if n := r.Sessions()[0].Snapshot().Seen["MediaPipeline"]; n != 20 {
			b.Fatalf("%d pipelines", n)
		}
		if err := w.Close(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}
