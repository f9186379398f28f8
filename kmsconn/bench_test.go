package kmsconn

import (
	"context"
	"testing"
	"time"

	"kmscope/kmsconn/kmd"
)

// crowd makes pipelines of ten elements each on the server under test (-kms, or
// the model) until there are n objects, and gives the ids of the elements.
func crowd(b *testing.B, n int) (url string, elements []string) {
	b.Helper()
	url = *kms
	if url == "" {
		url = newFake(b, time.Hour).url()
	}
	a := newApp(b, url)
	b.Cleanup(func() {
		// At once, not when the collector comes round.
		_, _ = a.conn.Call(context.Background(), "closeSession", object{"sessionId": a.session})
	})
	for made := 0; made < n; made += 11 {
		elements = append(elements, a.pipeline(10)[1:]...)
	}
	return url, elements
}

// BenchmarkSweep reads the statistics of 200 elements in one burst;
// BenchmarkOneByOne reads the same with a call each, holding what it reads.
func BenchmarkSweep(b *testing.B) {
	url, elements := crowd(b, 220)
	r, err := NewReader(context.Background(), quick(url), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close(context.Background())
	var ops []Op
	for _, id := range elements[:200] {
		ops = append(ops, Invoke(id, "getStats", nil))
	}
	for b.Loop() {
		for _, res := range r.Read(context.Background(), ops) {
			if res.Err != nil {
				b.Fatal(res.Err)
			}
		}
	}
}

func BenchmarkOneByOne(b *testing.B) {
	url, elements := crowd(b, 220)
	c, err := Dial(context.Background(), quick(url))
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close(context.Background())
	for b.Loop() {
		for _, id := range elements[:200] {
			if _, err := c.Invoke(context.Background(), id, "getStats", nil); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkBurstEach reads the same, as harmlessly as the sweep, one by one.
func BenchmarkBurstEach(b *testing.B) {
	url, elements := crowd(b, 220)
	r, err := NewReader(context.Background(), quick(url), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close(context.Background())
	for b.Loop() {
		for _, id := range elements[:200] {
			if _, err := r.Invoke(context.Background(), id, "getStats", nil); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkAttach connects, lists 220 objects and subscribes to all of their
// events.
func BenchmarkAttach(b *testing.B) {
	url, elements := crowd(b, 220)
	schema := kmd.Builtin("7.3.1")
	opts := quick(url)
	opts.Schema = func() Schema { return schema }
	for b.Loop() {
		r, err := NewReader(context.Background(), opts, nil)
		if err != nil {
			b.Fatal(err)
		}
		w, err := Watch(context.Background(), WatchOptions{Options: opts, Reader: r})
		if err != nil {
			b.Fatal(err)
		}
		if w.Held() < len(elements) {
			b.Fatalf("%d held", w.Held())
		}
		b.StopTimer()
		_ = w.Close(context.Background())
		_ = r.Close(context.Background())
		b.StartTimer()
	}
}

// BenchmarkRenewal renews the lease of 220 objects.
func BenchmarkRenewal(b *testing.B) {
	url, _ := crowd(b, 220)
	schema := kmd.Builtin("7.3.1")
	opts := quick(url)
	opts.Schema = func() Schema { return schema }
	r, err := NewReader(context.Background(), opts, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close(context.Background())
	renewed := make(chan struct{}, 1)
	w, err := Watch(context.Background(), WatchOptions{Options: opts, Reader: r, OnGap: func([]string, string) {
		select {
		case renewed <- struct{}{}:
		default:
		}
	}})
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close(context.Background())
	for b.Loop() {
		w.Renew()
		<-renewed
	}
}
