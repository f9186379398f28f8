package stats

import (
	"slices"

	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// How a series is kept.
//
// The model. The newest samples are kept whole, as they came, in chunks: XOR
// compression as Prometheus has it (Pelkonen et al., "Gorilla", VLDB 2015),
// which is lossless. Every full chunk stands in a queue of the Store, oldest
// first, over all series. When the Store has more than its limit, the oldest
// chunk of all is taken out of the queue, written to a file (pages.go) and, where
// there is none or it has enough, folded into the next tier of its own series: buckets of 10 s with minimum, maximum and mean; those go, in the
// same way, into buckets of 2 minutes and of half an hour, and those out of memory. So all series
// are whole for the same time back, a bucket exists only for what is no longer
// whole, and an eviction costs the decoding of one chunk, never a pass over
// everything.
//
// A bucket is three samples of a chunk (least, greatest, mean), so that tiers
// and samples share one code; their times are the bucket's first and last moment
// and, past the last, its count. The lowest bit of a time says that the line is broken
// before it.
//
// The cost, measured on what a server sends (see BenchmarkMemory): about 5
// bytes a sample, because a rate has 52 bits of noise and a counter that stands
// still none; 16 as a ring of points. Some 50 ns to append, 10 ns to read.
//
// Rejected: tiers that are filled as samples come (a third more memory for the
// same hour, and reading an hour whole takes less than a millisecond a chart);
// float32 (a counter above 16 million would lie); a ring per series (of 16
// bytes a sample); one queue per series (a series that is sampled seldom would
// reach days back while its neighbour has minutes, and nothing would line up).

const (
	// chunkBytes is the size at which a chunk is full.
	chunkBytes = 1000
	// chunkSamples bounds a chunk of a line that stands still, which is a
	// quarter of a byte a sample.
	chunkSamples = 2048
	// chunkCost is what a chunk takes beside its data: itself, its place in the
	// lists of its series and of the Store.
	chunkCost = 104
	// runCost is what the open chunk of a run takes beside its data.
	runCost = 128
)

// chunk is a part of a run that is full.
type chunk struct {
	owner *series
	tier  uint8 // 0 holds samples, the others buckets
	gone  bool  // its series was dropped, or it was folded
	n     int32 // samples; a bucket is three
	base  uint64
	data  []byte // nil while in is not
	// in is the file that has the data instead of memory, at a slot.
	in     *pages
	slot   int32
	length uint16
	// The bounds of its times, milliseconds.
	from, to int64
}

func (c *chunk) size() int64 { return int64(len(c.data)) + chunkCost }

// run is a row of samples, oldest first, compressed. Guarded by Store.mu.
type run struct {
	full []*chunk
	n    int    // samples in all
	base uint64 // samples that were ever before the open chunk
	lost bool   // those right before the first full chunk could not be read

	open     chunkenc.XORChunk
	app      chunkenc.Appender // nil before the first sample
	nOpen    int
	capacity int   // bytes reserved for the open chunk
	from, to int64 // of the open chunk
}

// add appends a sample, and gives the chunk that it filled, if any. grown is by
// how many bytes the run grew.
func (r *run) add(p point) (filled *chunk, grown int64) {
	ms := p.ms()
	grown = r.put(p, ms, ms)
	return r.fill(), grown
}

// addBucket appends a bucket as three samples of one chunk.
func (r *run) addBucket(b *bucket) (filled *chunk, grown int64) {
	grown = r.put(newPoint(b.from, b.min, b.gap), b.from, b.to)
	grown += r.put(newPoint(b.to, b.max, false), b.from, b.to)
	grown += r.put(newPoint(b.to+b.n, b.mean, false), b.from, b.to)
	return r.fill(), grown
}

// put appends to the open chunk. from and to is the time that the sample stands
// for.
func (r *run) put(p point, from, to int64) (grown int64) {
	if r.app == nil {
		r.open.Reset(make([]byte, 2, 64))
		app, err := r.open.Appender()
		if err != nil { // an empty chunk has no error to find
			return 0
		}
		r.app, r.capacity = app, 64
		grown = 64 + runCost
	}
	if r.nOpen == 0 {
		r.from, r.to = from, to
	}
	r.app.Append(p.at, p.v)
	r.n++
	r.nOpen++
	r.from, r.to = min(r.from, from), max(r.to, to)
	if c := cap(r.open.Bytes()); c != r.capacity {
		grown += int64(c - r.capacity)
		r.capacity = c
	}
	return grown
}

// fill closes the open chunk if it is full.
func (r *run) fill() *chunk {
	if len(r.open.Bytes()) < chunkBytes && r.nOpen < chunkSamples {
		return nil
	}
	return r.cut()
}

// cut closes the open chunk and gives it; nil when it is empty.
func (r *run) cut() *chunk {
	if r.nOpen == 0 {
		return nil
	}
	b := r.open.Bytes()
	c := &chunk{n: int32(r.nOpen), base: r.base, data: append(make([]byte, 0, len(b)), b...), from: r.from, to: r.to}
	r.full = append(r.full, c)
	r.base += uint64(r.nOpen)
	r.nOpen = 0
	clear(b[:2]) // the number of samples
	r.open.Reset(b[:2])
	app, err := r.open.Appender()
	if err != nil { // an empty chunk has no error to find
		r.app = nil
		return c
	}
	r.app = app
	return c
}

// shift forgets the oldest full chunk.
func (r *run) shift() {
	r.n -= int(r.full[0].n)
	r.full[0] = nil
	r.full = r.full[1:]
}

// size is how many bytes the run takes.
func (r *run) size() int64 {
	var sum int64
	for _, c := range r.full {
		sum += c.size()
	}
	if r.app != nil {
		sum += int64(r.capacity) + runCost
	}
	return sum
}

// decoder reads chunks. The zero value is ready; reading again with the same
// one allocates nothing.
type decoder struct {
	chunk chunkenc.XORChunk
	it    chunkenc.Iterator
	page  []byte // what was read from a file
}

// each gives the samples of a chunk's data, oldest first, until yield says no. What
// could not be read from the file has none.
func (d *decoder) each(data []byte, yield func(p point) bool) bool {
	if len(data) == 0 {
		return true
	}
	d.chunk.Reset(data)
	d.it = d.chunk.Iterator(d.it)
	for d.it.Next() == chunkenc.ValFloat {
		at, v := d.it.At()
		if !yield(point{at, v}) {
			return false
		}
	}
	return true
}

// each gives the samples of the chunks that touch a range of time, oldest
// first: all of the range, and those beside it in the same chunks.
func (r *run) each(from, to int64, yield func(p point) bool) {
	var d decoder
	lost := r.lost // nothing is known of the time before
	next := yield
	if lost || r.paged() {
		next = func(p point) bool {
			if lost {
				p.at |= 1
				lost = false
			}
			return yield(p)
		}
	}
	for i, c := range r.full {
		if c.to < from || c.from > to {
			lost = lost && i > 0 // of a later range it says nothing
			continue
		}
		data := c.bytes(&d.page)
		if data == nil {
			lost = true // the file cannot be read
			continue
		}
		if !d.each(data, next) {
			return
		}
	}
	if r.nOpen > 0 && r.to >= from && r.from <= to {
		d.each(r.open.Bytes(), next)
	}
}

// paged reports whether the oldest samples are in a file.
func (r *run) paged() bool { return len(r.full) > 0 && r.full[0].in != nil }

// firstIn is the number, in the count of samples ever, of the first that each
// gives.
func (r *run) firstIn(from, to int64) uint64 {
	for _, c := range r.full {
		if c.to >= from && c.from <= to {
			return c.base
		}
	}
	return r.base
}

// count is how many samples each gives at most.
func (r *run) count(from, to int64) int {
	n := 0
	for _, c := range r.full {
		if c.to >= from && c.from <= to {
			n += int(c.n)
		}
	}
	if r.nOpen > 0 && r.to >= from && r.from <= to {
		n += r.nOpen
	}
	return n
}

// start is the time of the oldest sample; false when there is none.
func (r *run) start() (int64, bool) {
	switch {
	case len(r.full) > 0:
		return r.full[0].from, true
	case r.nOpen > 0:
		return r.from, true
	}
	return 0, false
}

// queue is full chunks in the order in which they were filled.
type queue struct {
	list []*chunk
	head int
}

func (q *queue) push(c *chunk) {
	if q.head > 1024 && q.head > len(q.list)/2 {
		n := copy(q.list, q.list[q.head:])
		clear(q.list[n:])
		q.list, q.head = q.list[:n], 0
	}
	q.list = append(q.list, c)
}

// unpop puts back what pop took.
func (q *queue) unpop(c *chunk) {
	if q.head == 0 {
		q.list = slices.Insert(q.list, 0, c)
		return
	}
	q.head--
	q.list[q.head] = c
}

// pop takes the oldest chunk that is not gone; nil when there is none.
func (q *queue) pop() *chunk {
	for q.head < len(q.list) {
		c := q.list[q.head]
		q.list[q.head] = nil
		q.head++
		if !c.gone {
			return c
		}
	}
	q.list, q.head = q.list[:0], 0
	return nil
}
