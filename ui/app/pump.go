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
	touched atomic.Int64 // when a person last did something, in ns since 1970
	// urgent tells whether what changed is to be seen at once: states and
	// topology, not figures. Any goroutine.
	urgent func() bool
	calm   time.Duration // calmEvery, but in tests
	update func(full bool)
}

const (
	pumpEvery = 100 * time.Millisecond // between two updates while a person does something
	calmEvery = time.Second            // between two updates of figures alone while nobody does: each has the whole window painted again
	calmAfter = 3 * time.Second
	idleEvery = time.Second // after an update, for what only time changes, such as a countdown
)

func newPump(update func(full bool), urgent func() bool) *pump {
	return &pump{kicked: make(chan struct{}, 1), update: update, urgent: urgent, calm: calmEvery}
}

// touch tells that a person does something, or watches something play. Any
// goroutine.
func (p *pump) touch() { p.touched.Store(time.Now().UnixNano()) }

func (p *pump) pause() time.Duration {
	if time.Since(time.Unix(0, p.touched.Load())) > calmAfter {
		return p.calm
	}
	return pumpEvery
}

// kick asks for an update soon, as a person did something. Any goroutine.
func (p *pump) kick() {
	p.touch()
	p.again()
}

func (p *pump) again() {
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
			// News that is due in the same moment comes with it, in one frame.
			select {
			case <-changed:
			case <-p.kicked:
			default:
				full = false
			}
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
				p.again()
			}
			continue
		}
		fyne.Do(func() {
			p.pending.Store(false)
			p.update(full)
		})
		idle.Reset(idleEvery)
		p.rest(ctx, wait, changed)
	}
}

// rest waits until the next update may be made: less long if a person does
// something in between, or if something changed that is to be seen at once.
func (p *pump) rest(ctx context.Context, wait *time.Timer, changed <-chan struct{}) {
	wait.Reset(pumpEvery)
	select {
	case <-ctx.Done():
		return
	case <-wait.C:
	}
	more := p.pause() - pumpEvery
	if more <= 0 {
		return
	}
	wait.Reset(more)
	defer wait.Stop()
	news := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-wait.C:
			if news {
				p.again()
			}
			return
		case <-p.kicked:
			p.again()
			return
		case <-changed:
			if news = true; p.urgent() {
				p.again()
				return
			}
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
