package stats

import "slices"

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

// series is a ring of the newest points of one Key. Guarded by Store.mu.
type series struct {
	Key
	metric int // index into the catalogue

	pts   []point
	head  int // index of the oldest
	n     int
	total uint64 // points ever
	taken uint64 // of them, by a Flow

	lastMs   int64
	step     int64 // between the last two points
	epoch    uint32
	gapNext  bool
	unsorted bool // a point is older than its predecessor
	evicted  bool
}

// breakLine makes the next point start a new segment.
func (s *series) breakLine() {
	if s != nil {
		s.gapNext = true
	}
}

// add appends a value. It tells by how much the ring grew (0 or 1).
func (s *series) add(ms int64, v float64, epoch uint32, limit int) int {
	if s.n > 0 {
		step := ms - s.lastMs
		switch {
		case step <= 0 && step >= -reorderMs:
			return 0
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
		s.gapNext = s.gapNext && s.total > 0
	}
	p := newPoint(ms, v, s.gapNext)
	s.lastMs, s.epoch, s.gapNext = ms, epoch, false
	s.total++
	if s.n == len(s.pts) && len(s.pts) < limit {
		s.resize(min(max(16, 2*len(s.pts)), limit))
	}
	if s.n == len(s.pts) {
		s.pts[s.head] = p
		s.head = (s.head + 1) % len(s.pts)
		return 0
	}
	s.pts[(s.head+s.n)%len(s.pts)] = p
	s.n++
	return 1
}

func (s *series) resize(size int) {
	next := make([]point, size)
	for i := range s.n {
		next[i] = s.at(i)
	}
	s.pts, s.head = next, 0
}

// dropOldest forgets k points and gives back their memory.
func (s *series) dropOldest(k int) {
	k = min(k, s.n)
	s.head = (s.head + k) % max(len(s.pts), 1)
	s.n -= k
	s.resize(max(s.n, 16))
}

func (s *series) at(i int) point { return s.pts[(s.head+i)%len(s.pts)] }

// between copies the points of a range of time, in order of time.
func (s *series) between(from, to int64) []point {
	out := make([]point, 0, s.n)
	for i := range s.n {
		if p := s.at(i); s.unsorted || p.ms() >= from && p.ms() <= to {
			out = append(out, p)
		}
	}
	if !s.unsorted {
		return out
	}
	// The server's clock was set back. Each point keeps its own time; what now
	// stands between two others is joined to neither.
	type placed struct {
		point
		i int
	}
	all := make([]placed, len(out))
	for i, p := range out {
		all[i] = placed{p, i}
	}
	slices.SortStableFunc(all, func(a, b placed) int { return int(min(max(a.ms()-b.ms(), -1), 1)) })
	out = out[:0]
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

// thin reduces points to at most limit: the smallest and the largest of every
// bucket, in their order, and the newest. A bucket holds a power of two of
// points and starts at a multiple of it, counted from the series' first point
// ever, so that the picture does not flicker while it scrolls. first is the
// number of pts[0] in that count.
func thin(pts []point, first uint64, limit int) []point {
	n := len(pts)
	if limit <= 0 || n <= limit {
		return pts
	}
	if limit < 3 {
		return join(pts, []int{0, n - 1}[2-limit:])
	}
	buckets := (limit - 1) / 2
	size := uint64(n) // one bucket for all, wherever it starts
	if buckets > 1 {
		size = 1
		for uint64(n-1)/size+2 > uint64(buckets) { // n points touch so many buckets at most
			size <<= 1
		}
	} else {
		first = 0
	}
	keep := make([]int, 0, limit)
	for i := 0; i < n-1; {
		end := min(i+int(size-(first+uint64(i))%size), n-1)
		lo, hi := i, i
		for j := i + 1; j < end; j++ {
			if pts[j].v < pts[lo].v {
				lo = j
			}
			if pts[j].v > pts[hi].v {
				hi = j
			}
		}
		keep = append(keep, min(lo, hi))
		if lo != hi {
			keep = append(keep, max(lo, hi))
		}
		i = end
	}
	return join(pts, append(keep, n-1))
}

// join picks points and carries over the gaps between them.
func join(pts []point, keep []int) []point {
	out := make([]point, 0, len(keep))
	from := 0
	for k, i := range keep {
		p := pts[i]
		for j := from; j < i && k > 0 && !p.gap(); j++ {
			if pts[j].gap() {
				p.at |= 1
			}
		}
		from = i + 1
		out = append(out, p)
	}
	return out
}
