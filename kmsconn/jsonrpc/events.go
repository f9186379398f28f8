package jsonrpc

import (
	"encoding/json"
	"sync"
)

type event struct {
	method string
	params json.RawMessage
}

// eventOverhead is what a queued event costs besides its text, roughly.
const eventOverhead = 96

// eventQueue stands between the reader, which must not wait, and OnEvent,
// which may be slow. It is bounded in bytes; beyond the bound new events are
// dropped and counted, and the count is delivered in their place.
type eventQueue struct {
	mu      sync.Mutex
	wake    *sync.Cond
	queue   []event
	bytes   int
	limit   int
	dropped int
	closed  bool
}

func newEventQueue(limit int) *eventQueue {
	q := &eventQueue{limit: limit}
	q.wake = sync.NewCond(&q.mu)
	return q
}

func (q *eventQueue) push(e event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	size := len(e.params) + eventOverhead
	if q.closed {
		return
	}
	// After a drop everything is dropped until the queue is empty, so that the
	// gap is in one place and its count can be told there.
	if q.dropped > 0 || q.bytes+size > q.limit {
		q.dropped++
	} else {
		q.bytes += size
		q.queue = append(q.queue, e)
	}
	q.wake.Signal()
}

// pop waits for the next event. dropped counts events lost right before it;
// the event itself may be empty then. ok is false after close, when the queue
// is empty.
func (q *eventQueue) pop() (e event, dropped int, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.queue) == 0 && q.dropped == 0 && !q.closed {
		q.wake.Wait()
	}
	switch {
	case len(q.queue) > 0:
		e = q.queue[0]
		q.queue[0] = event{}
		q.queue = q.queue[1:]
		if len(q.queue) == 0 {
			q.queue = nil
		}
		q.bytes -= len(e.params) + eventOverhead
		return e, 0, true
	case q.dropped > 0:
		dropped, q.dropped = q.dropped, 0
		return event{}, dropped, true
	}
	return event{}, 0, false
}

// close lets pop end when the queue is empty, or at once with discard.
func (q *eventQueue) close(discard bool) {
	q.mu.Lock()
	q.closed = true
	if discard {
		q.queue, q.bytes, q.dropped = nil, 0, 0
	}
	q.mu.Unlock()
	q.wake.Broadcast()
}
