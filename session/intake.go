package session

import (
	"sync"

	"kmscope/kmsconn/jsonrpc"
)

// maxIntakeBytes bounds the frames that wait for the session's loop. The
// readers never wait for it: beyond the bound frames are dropped, which the
// loop turns into an explicit gap.
const maxIntakeBytes = 64 << 20

// intake is the queue between the connections' readers and the loop.
type intake struct {
	wake chan struct{}

	mu      sync.Mutex
	frames  []jsonrpc.Frame
	bytes   int
	dropped int
}

func newIntake() *intake { return &intake{wake: make(chan struct{}, 1)} }

// push is the tap of every connection. It never blocks.
func (q *intake) push(f jsonrpc.Frame) {
	q.mu.Lock()
	// Changes of the connection are always taken: they are few and small, and
	// without them the rest could not be understood.
	if isMessage := f.Dir == jsonrpc.Send || f.Dir == jsonrpc.Recv; isMessage && q.bytes+len(f.Data) > maxIntakeBytes {
		q.dropped++
	} else {
		q.frames = append(q.frames, f)
		q.bytes += len(f.Data)
	}
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take gives all frames that wait and how many were dropped since the last
// call. buf is reused for the next frames.
func (q *intake) take(buf []jsonrpc.Frame) (frames []jsonrpc.Frame, dropped int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	frames, dropped = q.frames, q.dropped
	clear(buf)
	q.frames, q.bytes, q.dropped = buf[:0], 0, 0
	return frames, dropped
}
