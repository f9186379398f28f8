package inventory

import (
	"sort"
	"sync"
	"time"
)

// The past of a server: snapshots to look back at. They share nearly all of
// what they hold, so a kept state costs the pipelines that changed since the one
// before. At first states at least 20 ms apart are kept; whenever the list is
// full that time doubles, over the whole list. The rule for leaving a state out
// is that what stands in for it must not be wrong for longer than that time: a
// state that was in force for minutes is kept however short the one before it
// was. Rejected: states at even distances (what lasts long and what is over at
// once count the same, and a state of a moment may stand for minutes), and
// replaying the capture for each look (a large one takes seconds).
const (
	pastLimit   = 2000
	pastSpacing = 20 * time.Millisecond
)

// Past keeps the states that a server was in. The zero value is ready. Its
// methods may be called from any goroutine.
type Past struct {
	mu      sync.Mutex
	spacing time.Duration
	snaps   []*Snapshot // oldest first; the last is the newest given
}

// Add gives the newest state. One older than the newest kept changes nothing:
// a replay that went back says nothing new.
func (p *Past) Add(s *Snapshot) {
	if s == nil || s.At.IsZero() {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.spacing = max(p.spacing, pastSpacing)
	n := len(p.snaps)
	switch {
	case n > 0 && !s.At.After(p.snaps[n-1].At):
		if s.At.Equal(p.snaps[n-1].At) {
			p.snaps[n-1] = s
		}
		return
	case n > 1 && s.At.Sub(p.snaps[n-2].At) < p.spacing:
		p.snaps[n-1] = s
		return
	}
	p.snaps = append(p.snaps, s)
	for len(p.snaps) > pastLimit {
		p.thin()
	}
}

func (p *Past) thin() {
	p.spacing *= 2
	kept := p.snaps[:1]
	for i := 1; i < len(p.snaps); i++ {
		if i+1 == len(p.snaps) || p.snaps[i+1].At.Sub(kept[len(kept)-1].At) >= p.spacing {
			kept = append(kept, p.snaps[i])
		}
	}
	clear(p.snaps[len(kept):])
	p.snaps = kept
}

// At gives the state at a moment of the local clock, or the first one known
// later; nil when nothing is known.
func (p *Past) At(t time.Time) *Snapshot {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.snaps) == 0 {
		return nil
	}
	i := sort.Search(len(p.snaps), func(i int) bool { return p.snaps[i].At.After(t) })
	return p.snaps[max(i-1, 0)]
}

// First is the time of the oldest state known; zero when there is none.
func (p *Past) First() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.snaps) == 0 {
		return time.Time{}
	}
	return p.snaps[0].At
}
