package timeline

import (
	"slices"
	"time"
)

// chunkSize is how many entries share a table of strings. A larger one shares
// more; a smaller one gives memory back sooner when old entries are dropped.
const chunkSize = 8192

// record is an Entry without its strings, 48 bytes and no pointer, so that a
// million of them cost the garbage collector nothing.
type record struct {
	at      int64 // where it stands, milliseconds since 1970 on the local clock
	stamp   int64 // the server's timestamp, milliseconds since 1970; 0 is none
	arrived int64 // nanoseconds since 1970

	object, kind, text uint32 // numbers in the chunk's table of strings

	raw      rawRef
	severity Severity
	flags    uint8
}

const (
	flagLate uint8 = 1 << iota
	flagCommand
)

// chunk holds entries that arrived one after the other, and their strings.
type chunk struct {
	first   uint64 // Seq of the first
	records []record
	live    int // entries that the log still shows

	// String i is data[ends[i-1]:ends[i]]; equal ones are kept once, but for
	// those that come after the chunk was filled.
	data []byte
	ends []uint32
	// numbers finds strings while the chunk is being filled.
	numbers map[string]uint32
}

func newChunk(first uint64) *chunk {
	return &chunk{first: first, numbers: make(map[string]uint32)}
}

// add keeps a string and gives its number.
func (c *chunk) add(s []byte) uint32 {
	if n, ok := c.numbers[string(s)]; ok {
		return n
	}
	n := uint32(len(c.ends))
	c.data = append(c.data, s...)
	c.ends = append(c.ends, uint32(len(c.data)))
	if c.numbers != nil {
		c.numbers[string(s)] = n
	}
	return n
}

// seal is called once the chunk is full.
func (c *chunk) seal() {
	c.numbers = nil
	c.data, c.ends = slices.Clip(c.data), slices.Clip(c.ends)
}

// bytes gives a string without copying it; it must not be changed.
func (c *chunk) bytes(i uint32) []byte {
	from := uint32(0)
	if i > 0 {
		from = c.ends[i-1]
	}
	return c.data[from:c.ends[i]]
}

func (c *chunk) string(i uint32) string { return string(c.bytes(i)) }

func (c *chunk) entry(seq uint64) Entry {
	r := &c.records[seq-c.first]
	e := Entry{Seq: seq, At: time.UnixMilli(r.at), Arrived: time.Unix(0, r.arrived), Object: c.string(r.object), Type: c.string(r.kind),
		Text: c.string(r.text), Severity: r.severity, Late: r.flags&flagLate != 0}
	if r.stamp != 0 {
		e.Stamp = time.UnixMilli(r.stamp)
	}
	return e
}
