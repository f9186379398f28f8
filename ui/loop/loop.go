// Package loop lets the toolkit's loop sleep while nothing happens.
//
// The toolkit looks for events and for what is to be painted sixty times a second,
// for as long as the program runs. A look at nothing takes a few microseconds, but
// each wakes three threads, and together they cost one per cent of a core: about as
// much as watching a hundred endpoints, and a processor that never rests. The toolkit
// has no other way; the library below it has: it can wait until something happens,
// which is how programs without animations use it. So, while nobody does anything,
// Run hands the loop a function that waits in its place.
//
// What the loop would have seen wakes it: any event of the window, and whatever is
// handed over by Do, which for that reason is used instead of the toolkit's own
// fyne.Do, and a signal that ends the program. What else the toolkit itself hands over
// (a change of the desktop's theme) waits until something wakes the loop, four seconds
// at most. Animations go on only while the loop looks: it is awake while a person does
// something and some seconds longer, while something lies over the window, and for as
// long as Stay says. The cursor of a field goes on blinking, in fewer steps: fading it
// cost more than all else together.
//
// Painting from a goroutine of our own instead of the loop was no choice: the toolkit
// has one painter, and it is the loop's.
package loop

import (
	"context"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"fyne.io/fyne/v2"
	"github.com/go-gl/glfw/v3.4/glfw"
)

const (
	// look is the time between two looks of the loop, and a little.
	look = 17 * time.Millisecond
	// settle bounds how long the loop stays awake for a look after a function that was
	// handed to it.
	settle = 50 * time.Millisecond
	// longest is how long it sleeps at once, for what wakes nobody: each sleep has the
	// scheduler look sixty times before it lets go of the processor.
	longest = 4 * time.Second
	// blink is how long it sleeps while a field has the keyboard: twice in a period of
	// its cursor.
	blink = 500 * time.Millisecond
	// stirred is how long it stays awake after an event that is no person's doing: where
	// there was one, others follow. The toolkit takes half of it to be sure that a tap
	// has no second one, and wakes nobody when it is.
	stirred = 600 * time.Millisecond
	// again is when a loop that must not sleep now is asked the next time.
	again = time.Second
)

// Do runs a function on the interface goroutine, soon, and before those that are
// handed over later. Any goroutine.
func Do(f func()) { toolkit.do(f) }

// Stay keeps the loop awake for so long from now, or longer if it was told so before:
// an animation of ours that nobody's hand began moves on only then. Any goroutine.
func Stay(d time.Duration) { toolkit.stay(d) }

// Run lets the loop of a window's application sleep when it may, until ctx ends. lively
// tells that it must not, because somebody may see something move; it is called on
// Run's goroutine. A window of tests has no loop, and Run returns at once.
func Run(ctx context.Context, w fyne.Window, lively func() bool) {
	if _, native := w.(interface{ RunWithContext(func()) }); !native {
		return
	}
	// It shows nothing: the toolkit moves its animations on before each picture.
	looks := fyne.NewAnimation(time.Minute, func(float32) { toolkit.looked() })
	looks.RepeatCount = fyne.AnimationRepeatForever
	looks.Start()
	defer looks.Stop()
	ends := make(chan os.Signal, 1)
	signal.Notify(ends, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(ends)
	go func() {
		select {
		case <-ctx.Done():
		case <-ends: // the toolkit has it as well, and its loop is to see it
			toolkit.must(toolkit.wake)
		}
	}()
	toolkit.run(ctx, lively, func() time.Duration {
		switch c := w.Canvas(); {
		case c.Overlays().Top() != nil:
			return 0
		case c.Focused() != nil:
			return blink
		}
		return longest
	})
}

var toolkit = sleeper{
	post:  fyne.Do,
	sleep: func(d time.Duration) { glfw.WaitEventsTimeout(d.Seconds()) },
	wake:  glfw.PostEmptyEvent,
}

// sleeper is a loop that may sleep.
type sleeper struct {
	post  func(func())        // hands a function to the loop
	sleep func(time.Duration) // waits, on the loop, for an event, for wake, or so long
	wake  func()              // ends sleep, or the next one at once; any goroutine

	waiting atomic.Int64 // functions that were handed over and did not begin
	asleep  atomic.Bool
	until   atomic.Int64 // when the loop may sleep, in ns since 1970
	// unseen is when the last function ended, in ns since 1970; 0 when the loop has
	// looked since.
	unseen atomic.Int64
}

func (s *sleeper) do(f func()) {
	s.waiting.Add(1)
	s.post(func() {
		s.waiting.Add(-1)
		f()
		s.unseen.Store(time.Now().UnixNano())
	})
	// Either the sleeper sees that something waits, or this sees that it sleeps.
	if s.asleep.Load() {
		s.must(s.wake)
	}
}

// looked tells that the loop looks, and paints what changed before anything else runs.
func (s *sleeper) looked() { s.unseen.Store(0) }

// seen reports whether what functions changed is painted.
func (s *sleeper) seen() bool {
	ended := s.unseen.Load()
	return ended == 0 || time.Since(time.Unix(0, ended)) > settle
}

func (s *sleeper) stay(d time.Duration) {
	until := time.Now().Add(d).UnixNano()
	for {
		was := s.until.Load()
		if was >= until || s.until.CompareAndSwap(was, until) {
			return
		}
	}
}

// run has the loop sleep again and again, between what happens; may tells for how long,
// on the loop.
func (s *sleeper) run(ctx context.Context, lively func() bool, may func() time.Duration) {
	pause := time.NewTimer(stirred)
	defer pause.Stop()
	slept := make(chan time.Duration, 1)
	for {
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
		if lively() {
			pause.Reset(again)
			continue
		}
		s.post(func() {
			if lively() { // since this was handed over
				slept <- look
				return
			}
			slept <- s.rest(may)
		})
		select {
		case <-ctx.Done():
			return
		case d := <-slept:
			pause.Reset(d)
		}
	}
}

// rest sleeps unless something is in the way, and tells for how long the loop is to
// be awake now. On the loop.
func (s *sleeper) rest(may func() time.Duration) (awake time.Duration) {
	if d := time.Until(time.Unix(0, s.until.Load())); d > 0 {
		return d
	}
	if !s.seen() {
		return look
	}
	most := may()
	if most == 0 {
		return again
	}
	s.asleep.Store(true)
	defer s.asleep.Store(false)
	if s.waiting.Load() > 0 {
		return look
	}
	began := time.Now()
	if !s.must(func() { s.sleep(most) }) {
		return stirred
	}
	if s.waiting.Load() == 0 && time.Since(began) < most {
		return stirred // an event
	}
	return look
}

// must calls the library below the toolkit, which panics once the toolkit has ended
// it: a signal may do so at any moment, and what is handed over after that runs
// wherever it was handed over.
func (s *sleeper) must(f func()) (there bool) {
	defer func() { there = recover() == nil }()
	f()
	return true
}
