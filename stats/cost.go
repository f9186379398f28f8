package stats

import (
	"time"

	"kmscope/inventory"
	"kmscope/wire"
)

// What watching costs, and how much there is to watch: counted per second of the
// records' own clock, so that a replay gives what was seen live. A second is
// written when the first frame of a later one comes; silence is zero, for as
// long as a line may lead over it.

// cost is the second that is being counted.
type cost struct {
	second         int64 // since 1970, local clock; 0 is none
	requests       int
	sent, received int
	took           time.Duration
	census         inventory.Census
	counted        bool // census is known
}

// maxSilence is for how many seconds without a frame zeros are written.
const maxSilence = pauseMs / 1000

// tally counts a frame. s.mu is held.
func (s *Store) tally(f *wire.Fact) {
	c := &s.cost
	now := f.At.Unix()
	switch {
	case f.Kind == wire.KindGap:
		// Of the second in which records are missing nothing can be said.
		*c = cost{census: c.census, counted: c.counted}
		return
	case f.Bytes == 0:
		return
	case c.second == 0 || now < c.second:
		*c = cost{second: now, census: c.census, counted: c.counted}
	case now > c.second:
		s.writeCost()
		for t := c.second + 1; t < now && t-c.second <= maxSilence; t++ {
			silent := *c
			*c = cost{second: t, census: silent.census, counted: silent.counted}
			s.writeCost()
			*c = silent
		}
		*c = cost{second: now, census: c.census, counted: c.counted}
	}
	switch f.Kind {
	case wire.KindRequest:
		c.requests++
		c.sent += f.Bytes
	case wire.KindCall:
		c.received += f.Bytes
		if f.Operation != "getUsedCpu" && f.Took > 0 {
			c.took += f.Took
		}
	default:
		c.received += f.Bytes
	}
}

// writeCost gives what a second said, at its end.
func (s *Store) writeCost() {
	c := &s.cost
	at := s.local(time.Unix(c.second+1, 0))
	for _, x := range [...]struct {
		metric string
		v      float64
	}{
		{WatchRequests, float64(c.requests)}, {WatchSent, float64(c.sent)}, {WatchReceived, float64(c.received)},
		{WatchTime, float64(c.took) / float64(time.Millisecond)},
	} {
		s.gauge(Key{Element: ManagerID, Metric: x.metric}, at, x.v)
	}
	if !c.counted {
		return
	}
	for _, x := range [...]struct {
		metric string
		n      int
	}{{Pipelines, c.census.Pipelines}, {Elements, c.census.Elements}, {Sessions, c.census.Sessions}} {
		if x.n >= 0 {
			s.gauge(Key{Element: ManagerID, Metric: x.metric}, at, float64(x.n))
		}
	}
}

// Count says how much there is after the fact that was fed last: what the
// inventory knows. It shows in the series of pipelines, elements and sessions
// with the end of the second. Who feeds, calls it.
func (s *Store) Count(c inventory.Census) {
	if s.cost.counted && s.cost.census == c { // the writer alone changes it
		return
	}
	s.mu.Lock()
	s.cost.census, s.cost.counted = c, true
	s.mu.Unlock()
}
