package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"kmscope/capture"
	"kmscope/inventory"
	"kmscope/stats"
	"kmscope/wire"
)

// archiveLead is how long before a range its reading begins: a rate needs the
// sample before, a reply its request, and whoever is not looked at is sampled
// seldom.
const archiveLead = 30 * time.Second

// Archive gives the samples that memory let go, out of the capture behind the
// session: the file of a replay, or the running capture, as far back as it is
// kept. nil when nothing is being captured.
func (s *Session) Archive() stats.Archive {
	var path string
	if s.replay != nil {
		path = s.replay.path
	} else {
		path = s.ws.Capture().Path
	}
	if path == "" {
		return nil
	}
	return archive{s, path}
}

type archive struct {
	s    *Session
	path string
}

// Load implements stats.Archive.
func (a archive) Load(ctx context.Context, from, to time.Time) (*stats.Store, error) {
	memory := a.s.Stats()
	r, err := capture.Open(a.path)
	if err != nil {
		return nil, fmt.Errorf("what memory let go cannot be read again: %w", err)
	}
	defer r.Close()
	ahead, _ := memory.ClockOffset() // the file has our clock
	from, to = from.Add(-ahead), to.Add(-ahead)
	if err := r.SeekTo(from.Add(-archiveLead)); err != nil {
		return nil, fmt.Errorf("what memory let go cannot be read again: %w", err)
	}
	part := memory.Sibling()
	var d wire.Decoder
	conns := make(map[string]bool) // of this server?
	alone := len(a.s.neighbours()) <= 1
	for n := 0; ; n++ {
		if n%256 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		rec, err := r.Next()
		if errors.Is(err, io.EOF) || err == nil && rec.At.After(to) {
			return part, nil
		}
		if err != nil {
			return nil, err
		}
		if rec.Dir == capture.DirOpen && rec.Server != "" {
			conns[rec.Conn] = rec.Server == a.s.url
		}
		ours, known := conns[rec.Conn]
		for _, f := range d.Feed(rec) {
			switch {
			case rec.Conn == "", known && ours, !known && alone:
			case !known && f.Object != inventory.ManagerID && (memory.Knows(f.Object) || a.s.live != nil && strings.HasPrefix(rec.Conn, a.s.live.prefix+"/")):
				// The connection was opened before, and its server is told by its
				// label or by the element; what is counted per connection is left to
				// memory.
				f.Bytes = 0
			default:
				continue
			}
			part.Feed(f)
		}
	}
}

// neighbours are the sessions of the same capture, the session itself included.
func (s *Session) neighbours() []*Session {
	if s.replay != nil {
		return s.replay.Sessions()
	}
	var out []*Session
	for _, x := range s.ws.Sessions() {
		if x.replay == nil {
			out = append(out, x)
		}
	}
	return out
}
