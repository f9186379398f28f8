package kmssim

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// Clock is where the simulated server gets its time from. Every delay of the
// model (the collector, ICE, a stream that stops) goes through AfterFunc, so a
// test can let minutes pass at once.
type Clock interface {
	Now() time.Time
	// AfterFunc calls f once, d from now, on a goroutine of the clock's
	// choosing. stop prevents it and reports whether it did.
	AfterFunc(d time.Duration, f func()) (stop func() bool)
}

// realClock is the system's time, running speed times as fast. What falls due
// is called in the order of its time, however late: two timers of the runtime
// that are due milliseconds apart may fire in either order on a busy machine, and
// then an endpoint would stay CONNECTING for ever because CONNECTED came first.
type realClock struct {
	start time.Time
	speed float64

	mu     sync.Mutex
	serial uint64
	due    []*waiting // not called and not stopped yet, the earliest first
	run    sync.Mutex // held while one is called
}

func newRealClock(speed float64) *realClock {
	if speed <= 0 {
		speed = 1
	}
	return &realClock{start: time.Now(), speed: speed}
}

func (c *realClock) Now() time.Time {
	if c.speed == 1 {
		return time.Now()
	}
	return c.start.Add(time.Duration(float64(time.Since(c.start)) * c.speed))
}

func (c *realClock) AfterFunc(d time.Duration, f func()) func() bool {
	wait := max(time.Duration(float64(d)/c.speed), 0)
	c.mu.Lock()
	c.serial++
	t := &waiting{at: time.Now().Add(wait), serial: c.serial, f: f}
	i, _ := slices.BinarySearchFunc(c.due, t, (*waiting).compare)
	c.due = slices.Insert(c.due, i, t)
	c.mu.Unlock()
	timer := time.AfterFunc(wait, c.next)
	return func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		i, waits := slices.BinarySearchFunc(c.due, t, (*waiting).compare)
		if !waits {
			return false
		}
		c.due = slices.Delete(c.due, i, i+1)
		timer.Stop()
		return true
	}
}

// next calls the earliest of what is due. Each timer of the runtime calls once,
// so that as many are called as fired; with a stopped one there is less to do.
func (c *realClock) next() {
	c.run.Lock()
	defer c.run.Unlock()
	c.mu.Lock()
	if len(c.due) == 0 || c.due[0].at.After(time.Now()) {
		c.mu.Unlock()
		return
	}
	t := c.due[0]
	c.due = slices.Delete(c.due, 0, 1)
	c.mu.Unlock()
	t.f()
}

// FakeClock is a Clock that stands still until Advance. It is safe for use by
// several goroutines.
type FakeClock struct {
	mu      sync.Mutex
	now     time.Time
	serial  uint64
	pending []*waiting
}

type waiting struct {
	at     time.Time
	serial uint64
	f      func()
	done   bool
}

func (t *waiting) compare(o *waiting) int {
	return cmp.Or(t.at.Compare(o.at), cmp.Compare(t.serial, o.serial))
}

// NewFakeClock gives a clock that shows t.
func NewFakeClock(t time.Time) *FakeClock { return &FakeClock{now: t} }

// Now is the time that Advance has reached.
func (c *FakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// AfterFunc registers f; a later Advance calls it.
func (c *FakeClock) AfterFunc(d time.Duration, f func()) func() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.serial++
	t := &waiting{at: c.now.Add(d), serial: c.serial, f: f}
	c.pending = append(c.pending, t)
	return func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		if t.done {
			return false
		}
		t.done = true
		return true
	}
}

// Advance moves the time on by d and calls what falls due, in order, on the
// caller's goroutine.
func (c *FakeClock) Advance(d time.Duration) {
	c.mu.Lock()
	end := c.now.Add(d)
	for {
		slices.SortFunc(c.pending, (*waiting).compare)
		for len(c.pending) > 0 && c.pending[0].done {
			c.pending = c.pending[1:]
		}
		if len(c.pending) == 0 || c.pending[0].at.After(end) {
			break
		}
		t := c.pending[0]
		c.pending = c.pending[1:]
		t.done = true
		if t.at.After(c.now) {
			c.now = t.at
		}
		c.mu.Unlock()
		t.f()
		c.mu.Lock()
	}
	c.now = end
	c.mu.Unlock()
}
