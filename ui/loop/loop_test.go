package loop

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// loopOf is a sleeper on a loop like the toolkit's, and how often that looked. It ends
// with ctx.
func loopOf(ctx context.Context) (*sleeper, *atomic.Int64) {
	queue, woken, looks := make(chan func(), 16), make(chan bool, 1), new(atomic.Int64)
	s := &sleeper{
		post: func(f func()) { queue <- f },
		sleep: func(d time.Duration) {
			select {
			case <-woken:
			case <-time.After(d):
			case <-ctx.Done():
			}
		},
		wake: func() {
			select {
			case woken <- true:
			default:
			}
		},
	}
	go func() {
		tick := time.NewTicker(time.Second / 60)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case f := <-queue:
				f()
			case <-tick.C:
				s.looked()
				looks.Add(1)
			}
		}
	}()
	return s, looks
}

// pass lets time go on, which in these tests takes none.
func pass(d time.Duration) { <-time.After(d) }

func never() bool  { return false }
func always() bool { return true }

func long() time.Duration { return longest }
func none() time.Duration { return 0 }

func TestTheLoopSleepsWhileNothingHappens(t *testing.T) {
	for _, c := range []struct {
		name        string
		lively      func() bool
		may         func() time.Duration
		least, most int64 // looks in a minute; 3600 without sleep
	}{
		{"nobody is there", never, long, 15, 100},
		{"a person does something", always, long, 3590, 3601},
		{"something lies over the window", never, none, 3590, 3601},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				s, looks := loopOf(ctx)
				go s.run(ctx, c.lively, c.may)
				pass(time.Minute)
				synctest.Wait()
				if n := looks.Load(); n < c.least || n > c.most {
					t.Errorf("the loop looked %d times in a minute, not %d to %d times", n, c.least, c.most)
				}
			})
		})
	}
}

// Whatever is handed over runs at once and is painted: the loop looks before it
// sleeps again.
func TestWhatIsHandedOverWakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		s, looks := loopOf(ctx)
		go s.run(ctx, never, long)
		for i := range 500 {
			pass(time.Duration(i) * 3 * time.Millisecond) // every moment of a sleep
			asked, before := time.Now(), int64(0)
			done := make(chan bool)
			s.do(func() { before = looks.Load(); close(done) })
			<-done
			if late := time.Since(asked); late > 0 {
				t.Fatalf("round %d: what was handed over waited for %v", i, late)
			}
			pass(settle)
			synctest.Wait()
			if looks.Load() == before {
				t.Fatalf("round %d: nothing was painted", i)
			}
		}
	})
}

// Whoever shows something that moves keeps the loop awake, and a shorter stay does not
// end a longer one.
func TestStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		s, looks := loopOf(ctx)
		go s.run(ctx, never, long)
		s.stay(10 * time.Second)
		s.stay(time.Second)
		pass(10 * time.Second)
		if n := looks.Load(); n < 590 {
			t.Errorf("the loop looked %d times in ten seconds", n)
		}
		before := looks.Load()
		pass(10 * time.Second)
		if n := looks.Load() - before; n > 100 {
			t.Errorf("after its stay the loop looked %d times in ten seconds", n)
		}
	})
}

// What was handed over while the loop was about to sleep is not slept over, nor is
// what it changed before the loop has painted it.
func TestNoSleepWhileSomethingWaits(t *testing.T) {
	var queue []func()
	slept := 0
	s := &sleeper{
		post:  func(f func()) { queue = append(queue, f) },
		sleep: func(time.Duration) { slept++ },
		wake:  func() { t.Error("nobody slept") },
	}
	s.do(func() {})
	if d := s.rest(long); d <= 0 {
		t.Errorf("the loop is to be awake for %v", d)
	}
	queue[0]()
	if d := s.rest(long); d <= 0 || d > settle {
		t.Errorf("after a function the loop is to be awake for %v", d)
	}
	if slept > 0 {
		t.Error("the loop slept although something waits")
	}
	if s.looked(); s.rest(long) <= 0 || slept != 1 {
		t.Errorf("when all was painted the loop slept %d times", slept)
	}
}

// An event ends a sleep, and others may follow it.
func TestAnEventKeepsTheLoopAwake(t *testing.T) {
	s := &sleeper{sleep: func(time.Duration) {}}
	if d := s.rest(long); d != stirred {
		t.Errorf("after an event the loop is to be awake for %v, not %v", d, stirred)
	}
}

// A signal ends the toolkit at any moment; the library below it panics from then on.
func TestTheToolkitMayBeGone(t *testing.T) {
	gone := func() { panic("NotInitialized") }
	s := &sleeper{post: func(f func()) { f() }, sleep: func(time.Duration) { gone() }, wake: gone}
	if d := s.rest(long); d != stirred {
		t.Errorf("the loop is to be awake for %v", d)
	}
	s.asleep.Store(true)
	ran := false
	s.do(func() { ran = true })
	if !ran {
		t.Error("what was handed over did not run")
	}
}
