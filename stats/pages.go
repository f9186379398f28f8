package stats

import "io"

// What becomes of samples that memory has no room for. Their chunks, packed as they
// are, go into a file and come back whenever somebody looks at their time: a page of
// 1 KiB is some 200 samples, so an hour of a chart is a dozen short reads from what
// the system mostly has cached. Where a chunk is stays in memory, and is bounded
// there; the oldest pages are folded into the tiers in the end, and of those times the
// capture tells more.
//
// The same samples are in the capture as well, between everything else that a server
// said: to have them from there, some hundred times as much is read and decoded, which
// takes seconds for an hour. So a person would see sums first and samples later.
//
// Rejected: a database (a file of slots needs none); mapping the file into memory (a
// full disk would end the program); writing every sample as it comes (most are never
// let go).

// PageFile keeps what a Store has no room for in memory; an *os.File does. Reading
// may happen on several goroutines at once, also while one writes.
type PageFile interface {
	io.ReaderAt
	io.WriterAt
}

const (
	// pageBytes is the place of a chunk in the file: a chunk is full at chunkBytes,
	// and the sample that fills it takes 20 more at most.
	pageBytes = 1024
	// maxPages bounds the file, to 4 GiB.
	maxPages = 1 << 22
)

// pages is the file of a Store. Guarded by Store.mu, but for reading.
type pages struct {
	open  func() (PageFile, error)
	asked bool     // open was called
	file  PageFile // nil: none yet, or none at all
	free  []int32  // slots that hold nothing any more
	next  int32    // the first slot that never held anything
}

// PageTo lets the Store write samples that memory has no room for to a file, and read
// them from there; open makes the file when it is needed first. Without it, where open
// fails and where the file takes no more, such samples are summed up instead. Any
// goroutine; it has an effect once.
func (s *Store) PageTo(open func() (PageFile, error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pages == nil {
		s.pages = &pages{open: open}
	}
}

// pageOldest takes the oldest chunk of samples out of memory, into the file; false
// when there is none, or no file.
func (s *Store) pageOldest() bool {
	p := s.pages
	if p == nil || !p.ready() {
		return false
	}
	c := s.queues[0].pop()
	if c == nil {
		return false
	}
	slot, ok := p.write(c.data)
	if !ok {
		s.queues[0].unpop(c)
		return false
	}
	s.bytes -= int64(len(c.data))
	s.tierBytes[0] -= c.size()
	c.in, c.slot, c.length, c.data = p, slot, uint16(len(c.data)), nil
	s.paged.push(c)
	s.pagedBytes += c.size()
	return true
}

// ready makes the file when it is needed first.
func (p *pages) ready() bool {
	if !p.asked {
		p.asked = true
		if f, err := p.open(); err == nil {
			p.file = f
		}
	}
	return p.file != nil
}

// write puts data into a free slot; false when there is none, or the disk does not
// take it.
func (p *pages) write(data []byte) (slot int32, ok bool) {
	if len(data) > pageBytes {
		return 0, false
	}
	n := len(p.free)
	switch {
	case n > 0:
		slot = p.free[n-1]
	case p.next < maxPages:
		slot = p.next
	default:
		return 0, false
	}
	if _, err := p.file.WriteAt(data, int64(slot)*pageBytes); err != nil {
		return 0, false
	}
	if n > 0 {
		p.free = p.free[:n-1]
	} else {
		p.next++
	}
	return slot, true
}

// bytes gives the data of a chunk, from memory or from its file; nil when it cannot be
// read. buf is used for what is read.
func (c *chunk) bytes(buf *[]byte) []byte {
	if c.in == nil {
		return c.data
	}
	if cap(*buf) < pageBytes {
		*buf = make([]byte, pageBytes)
	}
	b := (*buf)[:c.length]
	if n, _ := c.in.file.ReadAt(b, int64(c.slot)*pageBytes); n < len(b) {
		return nil
	}
	return b
}

// forget frees the place of a chunk that is gone. Store.mu is held for writing.
func (c *chunk) forget() {
	c.gone = true
	if c.in != nil {
		c.in.free = append(c.in.free, c.slot)
	}
}
