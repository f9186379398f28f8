package app

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"fyne.io/fyne/v2"
)

// pump carries news to the interface goroutine. However much happens, there is
// at most one call of fyne.Do pending, and at most ten a second are made: the
// queue behind fyne.Do has no bound.
type pump struct {
	kicked  chan struct{}
	pending atomic.Bool
	update  func(full bool)
}

const (
	pumpEvery = 100 * time.Millisecond // between two updates
	idleEvery = time.Second            // for what only time changes, such as a countdown
)

func newPump(update func(full bool)) *pump {
	return &pump{kicked: make(chan struct{}, 1), update: update}
}

// kick asks for an update soon. Any goroutine.
func (p *pump) kick() {
	select {
	case p.kicked <- struct{}{}:
	default:
	}
}

// run works until ctx ends; changed tells of published news.
func (p *pump) run(ctx context.Context, changed <-chan struct{}) {
	idle := time.NewTicker(idleEvery)
	defer idle.Stop()
	wait := time.NewTimer(0)
	defer wait.Stop()
	<-wait.C
	for {
		full := true
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-p.kicked:
		case <-idle.C:
			full = false
		}
		if p.pending.Swap(true) {
			// The interface is behind: try again later, or this news is lost.
			if full {
				wait.Reset(pumpEvery)
				select {
				case <-ctx.Done():
					return
				case <-wait.C:
				}
				p.kick()
			}
			continue
		}
		fyne.Do(func() {
			p.pending.Store(false)
			p.update(full)
		})
		wait.Reset(pumpEvery)
		select {
		case <-ctx.Done():
			return
		case <-wait.C:
		}
	}
}

// queue runs functions on a goroutine, one at a time and in order. Of those
// that follow each other under one name only the newest is run: who drags a
// slider wants its last place.
type queue struct {
	wake chan struct{}

	mu      sync.Mutex
	waiting []job
}

type job struct {
	name string
	run  func()
}

func newQueue() *queue { return &queue{wake: make(chan struct{}, 1)} }

// do asks for f to be run. Any goroutine.
func (q *queue) do(name string, f func()) {
	q.mu.Lock()
	if n := len(q.waiting); n > 0 && q.waiting[n-1].name == name {
		q.waiting[n-1].run = f
	} else {
		q.waiting = append(q.waiting, job{name, f})
	}
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (q *queue) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-q.wake:
		}
		for ctx.Err() == nil {
			q.mu.Lock()
			if len(q.waiting) == 0 {
				q.mu.Unlock()
				break
			}
			next := q.waiting[0]
			q.waiting = q.waiting[1:]
			q.mu.Unlock()
			next.run()
		}
	}
}
