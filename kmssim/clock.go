package kmssim

import (
	"sort"
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

// realClock is the system's time, running speed times as fast.
type realClock struct {
	start time.Time
	speed float64
}

func newRealClock(speed float64) realClock {
	if speed <= 0 {
		speed = 1
	}
	return realClock{start: time.Now(), speed: speed}
}

func (c realClock) Now() time.Time {
	if c.speed == 1 {
		return time.Now()
	}
	return c.start.Add(time.Duration(float64(time.Since(c.start)) * c.speed))
}

func (c realClock) AfterFunc(d time.Duration, f func()) func() bool {
	return time.AfterFunc(time.Duration(float64(d)/c.speed), f).Stop
}

// FakeClock is a Clock that stands still until Advance. It is safe for use by
// several goroutines.
type FakeClock struct {
	mu      sync.Mutex
	now     time.Time
	serial  uint64
	pending []*fakeTimer
}

type fakeTimer struct {
	at     time.Time
	serial uint64
	f      func()
	done   bool
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
	t := &fakeTimer{at: c.now.Add(d), serial: c.serial, f: f}
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
		sort.Slice(c.pending, func(i, j int) bool {
			a, b := c.pending[i], c.pending[j]
			if !a.at.Equal(b.at) {
				return a.at.Before(b.at)
			}
			return a.serial < b.serial
		})
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
