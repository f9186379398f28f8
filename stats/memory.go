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

// shrink lets the oldest go until the limit holds: samples into the file, what has
// been there longest into buckets, buckets into longer ones, and those for good. The
// tiers of buckets may have a quarter of all, the last one half as much, for it reaches
// days back; and a quarter what is known of the file.
func (s *Store) shrink() {
	share := s.limits.Bytes / 4
	for s.bytes > s.limits.Bytes {
		switch {
		case s.tierBytes[3] > share/2 && s.foldOldest(3):
		case s.tierBytes[2] > share && s.foldOldest(2):
		case s.tierBytes[1] > share && s.foldOldest(1):
		case s.pagedBytes > share && s.foldPaged():
		case s.pageOldest():
		case s.foldPaged(), s.foldOldest(0), s.foldOldest(1), s.foldOldest(2), s.foldOldest(3):
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
		s.foldSamples(x, c.data)
		return true
	}
	x.older[tier-1].shift()
	if tier == lastTier {
		s.forgot = true
	} else {
		s.unpack.each(c.data, triples(func(b bucket) { s.fold(x, tier, b) }))
	}
	return true
}

// foldPaged sums up the oldest chunk that is in the file; false when none is.
func (s *Store) foldPaged() bool {
	c := s.paged.pop()
	if c == nil {
		return false
	}
	x := c.owner
	data := c.bytes(&s.unpack.page)
	s.bytes -= c.size()
	s.pagedBytes -= c.size()
	c.forget()
	x.raw.shift()
	s.foldSamples(x, data)
	x.raw.lost = data == nil
	return true
}

// foldSamples puts samples into the first tier; data is nil where they cannot be read.
func (s *Store) foldSamples(x *series, data []byte) {
	if data == nil {
		return
	}
	s.bytes += x.deepen()
	s.unpack.each(data, func(p point) bool {
		if x.raw.lost {
			p.at |= 1
			x.raw.lost = false
		}
		if !x.older[0].addPoint(p) {
			s.fold(x, 0, bucketOf(p))
		}
		return true
	})
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
		if c.in != nil {
			s.pagedBytes -= c.size()
		} else {
			s.tierBytes[c.tier] -= c.size()
		}
		c.forget()
	})
}

// Forgot reports whether there were samples of which memory and file have nothing any
// more, not even a sum. Any goroutine.
func (s *Store) Forgot() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.forgot || s.evicted
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
// there is more, the oldest samples leave memory at once. Any goroutine.
func (s *Store) SetLimit(bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limits.Bytes = max(bytes, MinLimit)
	s.shrink()
	s.version++
}
