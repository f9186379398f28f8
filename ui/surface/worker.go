package surface

import (
	"context"
	"sync"
	"time"

	"kmscope/ui/loop"
)

// Worker runs the long part of a page off the interface goroutine: one run at
// a time, one result under way to the interface at most. A request that comes
// during a run replaces the one that waits, so a slow machine draws fewer
// states, never older and older ones.
type Worker struct {
	// OnUI runs a function on the interface goroutine; nil is loop.Do, and then
	// Start waits a moment for the result.
	OnUI func(func())

	mu      sync.Mutex
	busy    bool
	next    func(context.Context) func()
	cancel  context.CancelFunc
	version uint64
}

// sameFrame is how long Start waits for a result. The toolkit paints the whole
// window whatever changed, so a result that comes with what asked for it saves a
// frame each time; and it is less than a frame, so nobody feels the wait.
const sameFrame = 12 * time.Millisecond

// Start asks for a run of work. It gives the function that puts the result on
// the screen, which runs on the interface goroutine unless stop was called in
// between; nil is nothing to show. What takes but a moment is shown before Start
// returns. It must be called on the interface goroutine.
func (w *Worker) Start(work func(context.Context) func()) {
	w.mu.Lock()
	w.next = work
	if w.busy {
		w.mu.Unlock()
		return
	}
	w.busy = true
	w.mu.Unlock()
	if w.OnUI != nil {
		go w.run(w.OnUI)
		return
	}
	// Whoever is first, the result or the end of the wait, decides where it is
	// shown: here, or by the toolkit's queue.
	here := make(chan func())
	over := make(chan struct{})
	go w.run(func(show func()) {
		select {
		case here <- show:
		case <-over:
			loop.Do(show)
		}
	})
	wait := time.NewTimer(sameFrame)
	defer wait.Stop()
	select {
	case show := <-here:
		show()
	case <-wait.C:
	}
	close(over)
}

// Stop forgets what waits, cancels what runs and drops its result.
func (w *Worker) Stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.version++
	w.next = nil
	if w.cancel != nil {
		w.cancel()
	}
}

// Post runs a function on the interface goroutine, for work that tells how far it
// is. Any goroutine.
func (w *Worker) Post(f func()) {
	if w.OnUI != nil {
		w.OnUI(f)
		return
	}
	loop.Do(f)
}

// run works until nothing waits; the first result goes to post, later ones to
// the interface's queue.
func (w *Worker) run(post func(func())) {
	w.mu.Lock()
	work, version := w.next, w.version
	w.next = nil
	if work == nil {
		w.busy = false
		w.mu.Unlock()
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel = cancel
	w.mu.Unlock()

	show := work(ctx)
	cancel()
	post(func() {
		w.mu.Lock()
		stale := w.version != version
		w.cancel = nil
		w.mu.Unlock()
		if show != nil && !stale {
			show()
		}
		// The next run starts only now: at most one function of this page waits
		// for the interface.
		go w.run(w.Post)
	})
}

// SearchRest is how much longer than a search took a page rests before the
// next, so that a search never takes more than a sixth of a core.
const SearchRest = 5
