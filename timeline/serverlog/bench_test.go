package serverlog

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
)

// BenchmarkGigabyte reads a log of 1 GB and lines it up, and reports the most
// memory that it held.
func BenchmarkGigabyte(b *testing.B) {
	const size = 1 << 30
	_, events := run(b, "loopback")
	for b.Loop() {
		var before, now runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		var a Aligner
		for _, f := range events {
			a.Event(f)
		}
		r, err := NewReader("the benchmark's log", newEndless(b, size))
		if err != nil {
			b.Fatal(err)
		}
		var most uint64
		n := 0
		for {
			l, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			a.See(&l)
			if n++; n%(1<<18) == 0 {
				runtime.GC()
				runtime.ReadMemStats(&now)
				most = max(most, now.HeapAlloc-min(now.HeapAlloc, before.HeapAlloc))
			}
		}
		if _, ok := a.Alignment(); !ok || n < 1<<20 {
			b.Fatalf("%d lines", n)
		}
		b.ReportMetric(float64(most)/(1<<20), "MiB-held")
	}
	b.SetBytes(size)
}

// BenchmarkImportGigabyte indexes a log file of 1 GB.
func BenchmarkImportGigabyte(b *testing.B) {
	const size = 1 << 30
	_, events := run(b, "loopback")
	file := filepath.Join(b.TempDir(), "server.log")
	f, err := os.Create(file)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := io.Copy(f, newEndless(b, size)); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		book, err := Import(b.Context(), file, slices.Values(events), nil)
		if err != nil {
			b.Fatal(err)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-min(after.HeapAlloc, before.HeapAlloc))/(1<<20), "MiB-held")
		b.ReportMetric(float64(book.Len()), "messages")
		if err := book.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(size)
}
