package app

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"kmscope/ui/loop"
)

// pump carries news to the interface goroutine. However much happens, there is
// at most one function handed over, and at most ten a second are made: the
// queue of the toolkit has no bound.
type pump struct {
	kicked  chan struct{}
	pending atomic.Bool
	touched atomic.Int64 // when a person last did something, in ns since 1970
	// urgent tells whether what changed is to be seen at once: states and
	// topology, not figures. Any goroutine.
	urgent func() bool
	calm   time.Duration // calmEvery, but in tests
	// slow is set where a frame costs so much that figures are painted half as often.
	slow atomic.Bool
	// prepare does beforehand, on the goroutine of the pump, what would take the
	// update long; nil is nothing.
	prepare func()
	update  func(full bool)
	// hurried tells that the last update came early: the next one does not.
	hurried bool
}

const (
	pumpEvery   = 100 * time.Millisecond // between two updates while a person does something
	urgentEvery = 40 * time.Millisecond  // before what is to be seen at once
	calmEvery   = time.Second            // between two updates of figures alone while nobody does: each has the whole window painted again
	calmAfter   = 3 * time.Second
	idleEvery   = time.Second // after an update, for what only time changes, such as a countdown
)

func newPump(update func(full bool), urgent func() bool) *pump {
	return &pump{kicked: make(chan struct{}, 1), update: update, urgent: urgent, calm: calmEvery}
}

// touch tells that a person does something, or watches something play. Any
// goroutine.
func (p *pump) touch() { p.touched.Store(time.Now().UnixNano()) }

// lively tells that a person did something just now. Any goroutine.
func (p *pump) lively() bool { return time.Since(time.Unix(0, p.touched.Load())) <= calmAfter }

func (p *pump) pause() time.Duration {
	if p.lively() {
		return pumpEvery
	}
	if p.slow.Load() {
		return 2 * p.calm
	}
	return p.calm
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
		if full && p.prepare != nil {
			p.prepare()
		}
		loop.Do(func() {
			p.pending.Store(false)
			p.update(full)
		})
		idle.Reset(idleEvery)
		p.rest(ctx, wait, changed)
	}
}

// rest waits until the next update may be made: less long if a person does
// something in between, or if something changed that is to be seen at once. Of two
// updates only one hurries: what happens once is seen at once, and what goes on
// happening costs little more than ten updates a second. Where nothing happens, it
// wakes up once.
func (p *pump) rest(ctx context.Context, wait *time.Timer, changed <-chan struct{}) {
	begun := time.Now()
	least := urgentEvery
	if p.hurried {
		least = pumpEvery
	}
	p.hurried = false
	news, fresh, kicked := false, false, false // fresh: not judged yet, for the update that shows it may be under way
	for {
		until := p.pause()
		switch {
		case fresh:
			until = least
		case kicked:
			until = pumpEvery
		}
		spent := time.Since(begun)
		if spent >= until {
			urgent := fresh && p.urgent()
			if fresh = false; !urgent && spent < p.pause() && !(kicked && spent >= pumpEvery) {
				continue
			}
			p.hurried = urgent && spent < pumpEvery
			if news || kicked {
				p.again()
			}
			return
		}
		told, asked := changed, p.kicked
		if fresh {
			told = nil
		}
		if kicked {
			asked = nil
		}
		wait.Reset(until - spent)
		select {
		case <-ctx.Done():
			return
		case <-wait.C:
		case <-asked:
			kicked = true
		case <-told:
			news, fresh = true, true
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
