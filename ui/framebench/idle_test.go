package framebench

import (
	"context"
	"flag"
	"testing"
	"time"

	"kmscope/kmssim/apart"
	"kmscope/ui/view"
)

var kms = flag.String("kms", "", "address of a real Kurento server to watch in BenchmarkIdle, with endpoints that somebody made")

const (
	// idleViewers get what one presenter sends.
	idleViewers = 99
	// idleOp is how much time is one "op" of BenchmarkIdle.
	idleOp = 100 * time.Millisecond
	// settled is how long after the last endpoint nothing happens any more.
	settled = 12 * time.Second
)

// BenchmarkIdle is the load of the whole program with its window while nobody does
// anything: in percent of one core, the renderer included where that is a program. It
// watches a hundred endpoints with media, or those of a real server, and samples each
// of them once a second. Below 3 is the aim for endpoints that are idle as well. One
// "op" is a tenth of a second.
func BenchmarkIdle(b *testing.B) {
	s := onStage(b)
	url, least := *kms, 1
	if url == "" {
		url, least = apart.Start(b, idleViewers), idleViewers+1
	}
	x, err := s.Attach(b.Context(), view.Target{URL: url})
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := s.Remove(context.Background(), x); err != nil {
			b.Error(err)
		}
	}()
	s.show(b, x)
	endpoints := 0
	for began := time.Now(); endpoints < least; endpoints = endpointsOf(x) {
		if time.Since(began) > time.Minute {
			b.Fatalf("%d endpoints, not %d", endpoints, least)
		}
		wait(b, time.Second)
	}
	wait(b, settled)
	before, busy := x.Stats().Samples(), cpu()
	lasts := time.Duration(b.N) * idleOp
	wait(b, lasts)
	busy = cpu() - busy
	// Audio and video; those of the last second may be under way.
	if got, want := x.Stats().Samples()-before, 2*endpoints*int(lasts/time.Second-1); got < want {
		b.Fatalf("%d samples of %d endpoints in %s", got, endpoints, lasts)
	}
	b.ReportMetric(100*float64(busy)/float64(lasts), "cpu-%")
	b.ReportMetric(0, "ns/op")
}

// endpointsOf counts those that are sampled.
func endpointsOf(x view.Session) (n int) {
	for _, p := range x.Snapshot().Pipelines {
		for _, o := range p.Objects {
			if o.Alive() && x.Schema().IsA(o.Type, "BaseRtpEndpoint") {
				n++
			}
		}
	}
	return n
}

// wait lets time pass: it is what is measured.
func wait(b *testing.B, d time.Duration) {
	select {
	case <-time.After(d):
	case <-b.Context().Done():
	}
}
