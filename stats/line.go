package stats

import (
	"slices"
	"time"
)

// point is a Point in 16 bytes: milliseconds since 1970, shifted left by one,
// with the gap in the lowest bit.
type point struct {
	at int64
	v  float64
}

func (p point) ms() int64 { return p.at >> 1 }
func (p point) gap() bool { return p.at&1 != 0 }

func newPoint(ms int64, v float64, gap bool) point {
	p := point{at: ms << 1, v: v}
	if gap {
		p.at |= 1
	}
	return p
}

func (p point) export() Point { return Point{At: fromMs(p.ms()), V: p.v, Gap: p.gap()} }

// Bounds that decide when a line is broken.
const (
	// pauseMs and pauseSteps: nothing for longer than both is a pause in
	// sampling. A slower rate of sampling alone is none: it shows once, at the
	// step from the faster rate to the slower one.
	pauseMs    = 10_000
	pauseSteps = 3
	// reorderMs: replies of two connections may overtake one another by so
	// much; an older one says nothing new.
	reorderMs = 2_000
	// minStepMs: samples that follow closer than that are one sample. Two
	// readers of one element (the tool and an application) would else give
	// rates over a few milliseconds, which are noise.
	minStepMs = 200
)

// isPause tells whether a step is so long that nothing is known of the time
// between.
func isPause(step, usual int64) bool {
	return step > pauseMs && step > pauseSteps*usual
}

// series is the line of one Key: its newest samples whole, older ones in tiers.
// Guarded by Store.mu.
type series struct {
	Key
	metric int // index into the catalogue

	raw   run
	older *[lastTier]tier // nil while raw has all

	total uint64 // points ever

	last     point // the newest
	step     int64 // between the last two points
	epoch    uint32
	gapNext  bool
	unsorted bool // a point is older than its predecessor
	evicted  bool
}

// tier is what a series keeps of samples that are no longer whole.
type tier struct {
	run
	gather
}

// breakLine makes the next point start a new segment.
func (s *series) breakLine() {
	if s != nil {
		s.gapNext = true
	}
}

// next decides what a value is to the one before it: false when it says nothing
// new.
func (s *series) next(ms int64, v float64, epoch uint32) (point, bool) {
	if s.total > 0 {
		step := ms - s.last.ms()
		switch {
		case step <= 0 && step >= -reorderMs:
			return point{}, false
		case step < 0:
			s.unsorted, s.gapNext = true, true
		case isPause(step, s.step):
			s.gapNext = true
		}
		if s.epoch != epoch {
			s.gapNext = true
		}
		s.step = max(step, 0)
	} else {
		s.gapNext = false
	}
	s.last = newPoint(ms, v, s.gapNext)
	s.epoch, s.gapNext = epoch, false
	s.total++
	return s.last, true
}

// between copies the whole points of a range of time, in order of time. first
// is the number of the first in the count of points ever.
func (s *series) between(from, to int64) (out []point, first uint64) {
	if s.unsorted {
		return s.betweenUnsorted(from, to), s.raw.firstIn(-1<<62, 1<<62)
	}
	out = make([]point, 0, s.raw.count(from, to))
	first = s.raw.firstIn(from, to)
	s.raw.each(from, to, func(p point) bool {
		ms := p.ms()
		switch {
		case ms < from:
			first++
		case ms > to:
			return false
		default:
			out = append(out, p)
		}
		return true
	})
	return out, first
}

// newest finds the newest whole point of a range of time.
func (s *series) newest(from, to int64) (point, bool) {
	if s.unsorted {
		pts := s.betweenUnsorted(from, to)
		if len(pts) == 0 {
			return point{}, false
		}
		return pts[len(pts)-1], true
	}
	if s.total == 0 || s.last.ms() <= to {
		return s.last, s.total > 0 && s.last.ms() >= from
	}
	var found point
	ok := false
	take := func(p point) bool {
		if p.ms() <= to {
			found, ok = p, true
			return true
		}
		return false
	}
	var d decoder
	if s.raw.nOpen > 0 && s.raw.from <= to {
		d.each(s.raw.open.Bytes(), take)
	} else {
		for i := len(s.raw.full) - 1; i >= 0 && !ok; i-- {
			if c := s.raw.full[i]; c.from <= to {
				d.each(c.bytes(&d.page), take)
			}
		}
	}
	if !ok {
		found, ok = s.summed(to)
	}
	return found, ok && found.ms() >= from
}

// summed gives the mean of the newest sum that begins before a moment, as of that
// moment where the sum reaches beyond it: of a time whose samples were let go of
// that is all that memory knows.
func (s *series) summed(to int64) (p point, ok bool) {
	s.sums(to-summedMost, to, func(b bucket) {
		if b.from <= to && (!ok || b.from >= p.ms()) {
			p, ok = newPoint(min(b.to, to), b.mean, b.gap), true
		}
	})
	return p, ok
}

// summedMost is how far before a moment summed looks: the longest step of a tier.
const summedMost = int64(30 * time.Minute / time.Millisecond)

// betweenUnsorted is between for a line whose server's clock was set back. Each
// point keeps its own time; what now stands between two others is joined to
// neither.
func (s *series) betweenUnsorted(from, to int64) []point {
	type placed struct {
		point
		i int
	}
	all := make([]placed, 0, s.raw.n)
	s.raw.each(-1<<62, 1<<62, func(p point) bool {
		all = append(all, placed{p, len(all)})
		return true
	})
	slices.SortStableFunc(all, func(a, b placed) int { return int(min(max(a.ms()-b.ms(), -1), 1)) })
	out := make([]point, 0, len(all))
	prev := -1
	for _, p := range all {
		if p.i != prev+1 {
			p.at |= 1
		}
		prev = p.i
		if p.ms() >= from && p.ms() <= to {
			out = append(out, p.point)
		}
	}
	return out
}

// size is how many bytes the series takes.
func (s *series) size() int64 {
	sum := seriesCost + s.raw.size()
	if s.older != nil {
		sum += tiersCost
	}
	for _, t := range s.tiers() {
		sum += t.size()
	}
	return sum
}

// seriesCost is what a series takes without its points: itself, its key, its
// places in the maps. tiersCost is what the tiers take beside their runs.
const (
	seriesCost = 352
	tiersCost  = 624
)

// deepen makes the tiers when there are none, and tells what they take.
func (s *series) deepen() (grown int64) {
	if s.older != nil {
		return 0
	}
	s.older = new([lastTier]tier)
	return tiersCost
}

// tiers gives what is kept of samples that are no longer whole, the finest first.
func (s *series) tiers() []tier {
	if s.older == nil {
		return nil
	}
	return s.older[:]
}

// chunks gives every full chunk of the series.
func (s *series) chunks(yield func(c *chunk)) {
	for _, c := range s.raw.full {
		yield(c)
	}
	for _, t := range s.tiers() {
		for _, c := range t.full {
			yield(c)
		}
	}
}
