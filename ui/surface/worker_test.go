package surface

import (
	"context"
	"sync/atomic"
	"testing"

	"fyne.io/fyne/v2/test"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestWorkerKeepsTheNewestRequest(t *testing.T) {
	posts := make(chan func(), 1)
	var waiting atomic.Int32
	w := Worker{OnUI: func(f func()) {
		if waiting.Add(1) > 1 {
			t.Error("two results wait for the interface")
		}
		posts <- f
	}}
	var got []int
	gate := make(chan struct{})
	job := func(n int) func(context.Context) func() {
		return func(context.Context) func() {
			<-gate
			return func() { got = append(got, n) }
		}
	}
	w.Start(job(1))
	for n := 2; n <= 50; n++ {
		w.Start(job(n))
	}
	close(gate)
	for len(got) == 0 || got[len(got)-1] != 50 {
		f := <-posts
		waiting.Add(-1)
		f()
	}
	// The first may have been taken before the others came: two runs at most.
	if len(got) > 2 {
		t.Errorf("ran %v", got)
	}
}

func TestWorkerStop(t *testing.T) {
	posts := make(chan func(), 1)
	w := Worker{OnUI: func(f func()) { posts <- f }}
	started, cancelled := make(chan struct{}), make(chan struct{})
	w.Start(func(ctx context.Context) func() {
		close(started)
		<-ctx.Done()
		close(cancelled)
		return func() { t.Error("a result was shown after stop") }
	})
	<-started
	w.Stop()
	<-cancelled
	(<-posts)()
	shown := false
	w.Start(func(context.Context) func() { return func() { shown = true } })
	for !shown {
		(<-posts)()
	}
}

// TestWorkerShowsWithoutWaitingForLong: a result that comes while Start waits is
// shown there, by the goroutine that paints; a later one by the toolkit's queue.
// Each is shown once.
func TestWorkerShowsWithoutWaitingForLong(t *testing.T) {
	test.NewTempApp(t)
	var w Worker
	shows := make(chan int, 2)
	w.Start(func(context.Context) func() { return func() { shows <- 1 } })
	<-shows
	begun, gate := make(chan struct{}), make(chan struct{})
	w.Start(func(context.Context) func() {
		close(begun)
		<-gate
		return func() { shows <- 2 }
	})
	<-begun // Start has given up waiting, for nothing opens the gate
	if len(shows) > 0 {
		t.Error("a result was shown before it was there")
	}
	close(gate)
	if n := <-shows; n != 2 {
		t.Errorf("result %d was shown again", n)
	}
}
