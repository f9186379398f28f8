package stats

// keepPoint appends a point to a series, and lets go of what is then too much.
func (s *Store) keepPoint(x *series, p point) {
	filled, grown := x.raw.add(p)
	s.bytes += grown
	if filled != nil {
		s.filled(x, 0, filled)
	}
	if s.bytes > s.limits.Bytes {
		s.shrink()
	}
}

// filled puts a full chunk in its queue.
func (s *Store) filled(x *series, tier int, c *chunk) {
	c.owner, c.tier = x, uint8(tier)
	s.bytes += c.size()
	s.tierBytes[tier] += c.size()
	s.queues[tier].push(c)
}

// shrink lets the oldest go until the limit holds: samples into buckets, buckets
// into longer ones, and those for good. Each tier of buckets may have a quarter
// of all.
func (s *Store) shrink() {
	share := s.limits.Bytes / 4
	for s.bytes > s.limits.Bytes {
		switch {
		case s.tierBytes[2] > share && s.foldOldest(2):
		case s.tierBytes[1] > share && s.foldOldest(1):
		case s.foldOldest(0), s.foldOldest(1), s.foldOldest(2):
		case len(s.all) > 1:
			// Nothing but chunks that are not full: too many series.
			s.evict()
		default:
			return
		}
	}
}

// foldOldest takes the oldest chunk of a tier to the next one; false when the
// tier has none.
func (s *Store) foldOldest(tier int) bool {
	c := s.queues[tier].pop()
	if c == nil {
		return false
	}
	x := c.owner
	c.gone = true
	s.bytes -= c.size()
	s.tierBytes[tier] -= c.size()
	if tier == 0 {
		x.raw.shift()
		s.bytes += x.deepen()
		s.unpack.each(c.data, func(p point) bool {
			if !x.older[0].addPoint(p) {
				s.fold(x, 0, bucketOf(p))
			}
			return true
		})
		return true
	}
	x.older[tier-1].shift()
	if tier < lastTier {
		s.unpack.each(c.data, triples(func(b bucket) { s.fold(x, tier, b) }))
	}
	return true
}

// fold puts a bucket into older[i] of a series.
func (s *Store) fold(x *series, i int, b bucket) {
	t := &x.older[i]
	t.step = tierMs[i+1]
	done, ok := t.gather.add(&b)
	if !ok {
		return
	}
	filled, grown := t.addBucket(&done)
	s.bytes += grown
	if filled != nil {
		s.filled(x, i+1, filled)
	}
}

// forgetBytes takes a dropped series out of the account.
func (s *Store) forgetBytes(x *series) {
	s.bytes -= x.size()
	x.chunks(func(c *chunk) {
		c.gone = true
		s.tierBytes[c.tier] -= c.size()
	})
}

// Bytes is how much memory the series take, as far as the Store accounts for it
// (what the runtime adds is not in it). Any goroutine.
func (s *Store) Bytes() int64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.bytes
}

// Limit is the most that Bytes may become. Any goroutine.
func (s *Store) Limit() int64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.limits.Bytes
}

// SetLimit sets how much memory the series may take, at least MinLimit. Where
// there is more, the oldest samples are summed up at once. Any goroutine.
func (s *Store) SetLimit(bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limits.Bytes = max(bytes, MinLimit)
	s.shrink()
	s.version++
}
