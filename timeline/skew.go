package timeline

// skew is what the local clock is ahead of a server's. An event says arrival
// minus timestamp, which is the skew and the time that it was on its way: the
// smallest such difference is the best that can be known, and puts no event
// after its own arrival. Its error is the quickest way, below a millisecond on
// a good network, and the millisecond to which the server cuts its timestamps.
//
// A timestamp may be nonsense, and one of those must not move all others: the
// differences are kept by the hour, and the hour with most of them counts.
//
// A server's clock that is set by less than an hour while it is watched is not
// noticed: what came before it or after it then stands that much too early.
type skew struct {
	hours map[int64]*hourOfSkew
}

// hourOfSkew is what is known of differences that are alike.
type hourOfSkew struct {
	n   int
	min int64
}

const (
	skewStep     = 3600 * 1_000_000 // microseconds
	maxSkewHours = 64
)

// take learns from one event: arrival minus timestamp, in microseconds.
func (s *skew) take(d int64) {
	key := d / skewStep
	if d < 0 {
		key--
	}
	h := s.hours[key]
	if h == nil {
		if len(s.hours) >= maxSkewHours {
			return
		}
		if s.hours == nil {
			s.hours = make(map[int64]*hourOfSkew)
		}
		h = &hourOfSkew{min: d}
		s.hours[key] = h
	}
	h.n++
	h.min = min(h.min, d)
}

// value gives the skew in microseconds; false before the first event.
func (s *skew) value() (int64, bool) {
	var best *hourOfSkew
	var key int64
	for k, h := range s.hours {
		if best == nil || h.n > best.n || h.n == best.n && k < key {
			best, key = h, k
		}
	}
	if best == nil {
		return 0, false
	}
	// The hour's border may stand among differences that are alike.
	if h := s.hours[key-1]; h != nil && best.min-h.min < 60*1_000_000 {
		return h.min, true
	}
	return best.min, true
}
