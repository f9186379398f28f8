package kmssim

import (
	"slices"
	"testing"
	"time"
)

// What is due is called in the order of its time, in whatever order the timers
// of the runtime fire.
func TestRealClockKeepsTheOrder(t *testing.T) {
	const n = 200
	c := newRealClock(1)
	var got []int // called one at a time
	done := make(chan struct{})
	c.run.Lock() // all fall due while none can be called
	for i := range n {
		c.AfterFunc(time.Duration(i*37%n)*10*time.Microsecond, func() {
			if got = append(got, i); len(got) == n {
				close(done)
			}
		})
	}
	stop := c.AfterFunc(0, func() { t.Error("what was stopped is called") })
	if !stop() || stop() {
		t.Error("stop does not say whether it prevented anything")
	}
	c.mu.Lock()
	var want []int
	for _, w := range c.due {
		want = append(want, int(w.serial)-1)
	}
	c.mu.Unlock()
	c.run.Unlock()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("not everything was called")
	}
	if !slices.Equal(got, want) {
		t.Errorf("called in the order %v, want %v", got, want)
	}
}
