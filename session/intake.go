package session

import (
	"bytes"
	"sync"
	"time"

	"kmscope/capture"
	"kmscope/kmsconn/jsonrpc"
)

// The queue between the connections' readers and the loop. The readers never
// wait for it. What is asked for comes at the pace of who asks; events come at
// the server's. So it is events that are dropped when the loop falls behind:
// all that wait, at once, for what they say is old, and a fresh reading tells
// more than the rest of them. The bytes are a bound on everything, should
// anything else ever go wrong.
const (
	maxIntakeBytes = 64 << 20
	// maxLag is how old the oldest waiting frame may become before events are
	// dropped.
	maxLag = 2 * time.Second
	// handful is how many frames the loop takes before it publishes again.
	handful = 2000
)

// intake is the queue.
type intake struct {
	wake chan struct{}

	mu      sync.Mutex
	frames  []arrival
	bytes   int
	dropped int
	// since is when the oldest frame came that was pushed and waits since the
	// events were dropped last; zero when none waits.
	since time.Time
}

// arrival is what waits: a frame, or a remark of our own between frames.
type arrival struct {
	jsonrpc.Frame
	remark *capture.Record
}

func newIntake() *intake { return &intake{wake: make(chan struct{}, 1)} }

// eventPrefix is how the server begins events: it sorts the keys. An event that
// begins otherwise is kept.
var eventPrefix = []byte(`{"jsonrpc":"2.0","method":"onEvent"`)

func isEvent(f jsonrpc.Frame) bool {
	return f.Dir == jsonrpc.Recv && bytes.HasPrefix(f.Data, eventPrefix)
}

// push is the tap of every connection but the sampler's. It never blocks.
func (q *intake) push(f jsonrpc.Frame) {
	q.mu.Lock()
	if q.since.IsZero() {
		q.since = f.At
	}
	if isEvent(f) && f.At.Sub(q.since) > maxLag {
		q.dropEventsLocked()
		q.since = f.At
	}
	q.addLocked(f)
	q.mu.Unlock()
	q.signal()
}

// lay is the tap of the sampler's connection: what it brings is no news until its
// burst is over, and the loop need not wake up for each part of it. Whoever lays
// frames down signals.
func (q *intake) lay(f jsonrpc.Frame) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.addLocked(f)
}

func (q *intake) addLocked(f jsonrpc.Frame) {
	// Changes of the connection are always taken: they are few and small, and
	// without them the rest could not be understood.
	if isMessage := f.Dir == jsonrpc.Send || f.Dir == jsonrpc.Recv; isMessage && q.bytes+len(f.Data) > maxIntakeBytes {
		q.dropped++
	} else {
		q.frames = append(q.frames, arrival{Frame: f})
		q.bytes += len(f.Data)
	}
}

// remark puts a record that is no frame behind the frames that came by now. It
// is never dropped: remarks are few and small.
func (q *intake) remark(r capture.Record, at time.Time) {
	q.mu.Lock()
	q.frames = append(q.frames, arrival{Frame: jsonrpc.Frame{At: at}, remark: &r})
	q.mu.Unlock()
	q.signal()
}

func (q *intake) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// waits reports whether frames wait.
func (q *intake) waits() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.frames) > 0
}

func (q *intake) dropEventsLocked() {
	kept := make([]arrival, 0, handful)
	for _, f := range q.frames {
		if isEvent(f.Frame) {
			q.dropped++
			q.bytes -= len(f.Data)
		} else {
			kept = append(kept, f)
		}
	}
	q.frames = kept
}

// take gives a handful of frames and how many were dropped since the last call;
// more tells that others wait.
func (q *intake) take() (frames []arrival, dropped int, more bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	frames, dropped = q.frames, q.dropped
	q.dropped = 0
	if len(frames) <= handful {
		q.frames, q.bytes, q.since = nil, 0, time.Time{}
		return frames, dropped, false
	}
	q.frames = frames[handful:]
	frames = frames[:handful:handful]
	for _, f := range frames {
		q.bytes -= len(f.Data)
	}
	// After a drop, what was kept may be older: it does not count again.
	if first := q.frames[0].At; !q.since.IsZero() && first.After(q.since) {
		q.since = first
	}
	return frames, dropped, true
}
