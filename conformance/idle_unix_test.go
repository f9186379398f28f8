//go:build unix

package conformance

import (
	"syscall"
	"testing"
	"time"

	"kmscope/kmssim/apart"
	"kmscope/session"
)

// idleEndpoints are one presenter and the viewers of what it sends.
const idleEndpoints = 100

// BenchmarkIdleCPU is the load of the whole program without its window, attached
// to 100 endpoints with media, all of which are sampled once a second: in percent
// of one core. Below 3 is the aim.
func BenchmarkIdleCPU(b *testing.B) {
	o := attach(b, apart.Start(b, idleEndpoints-1), session.Options{})
	defer o.detach(b)
	o.wait(b, patience, "all is complete", func() bool { return o.complete(idleEndpoints) })
	o.s.Focus(alive(o.s.Snapshot())...)
	sampled := func(times int) {
		seen, late := o.s.Stats().Samples(), time.After(3*patience)
		for o.s.Stats().Samples() < seen+2*idleEndpoints*times {
			select {
			case <-o.ws.Changed(): // not more often: looking costs as well
			case <-late:
				b.Fatal("the endpoints are not sampled")
			}
		}
	}
	sampled(2)
	load, began := cpuTime(b), time.Now()
	for b.Loop() {
		sampled(10)
	}
	b.ReportMetric(100*float64(cpuTime(b)-load)/float64(time.Since(began)), "cpu-%")
	b.ReportMetric(0, "ns/op")
}

// cpuTime is what this process has used, in user and system mode.
func cpuTime(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
