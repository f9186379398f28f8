package surface

import (
	"context"
	"sync"

	"fyne.io/fyne/v2"
)

// Worker runs the long part of a page off the interface goroutine: one run at
// a time, one result under way to the interface at most. A request that comes
// during a run replaces the one that waits, so a slow machine draws fewer
// states, never older and older ones.
type Worker struct {
	// OnUI runs a function on the interface goroutine; nil is fyne.Do.
	OnUI func(func())

	mu      sync.Mutex
	busy    bool
	next    func(context.Context) func()
	cancel  context.CancelFunc
	version uint64
}

// Start asks for a run of work. It gives the function that puts the result on
// the screen, which runs on the interface goroutine unless stop was called in
// between; nil is nothing to show.
func (w *Worker) Start(work func(context.Context) func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.next = work
	if w.busy {
		return
	}
	w.busy = true
	go w.run()
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

func (w *Worker) run() {
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
	post := w.OnUI
	if post == nil {
		post = fyne.Do
	}
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
		go w.run()
	})
}

// SearchRest is how much longer than a search took a page rests before the
// next, so that a search never takes more than a sixth of a core.
const SearchRest = 5
