package timeline

import (
	"bytes"
	"hash/maphash"
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
	// numbers finds strings while the chunk is being filled: a table of hashes,
	// open, with the number of a string and one; 0 is free. A map would keep each
	// string once more.
	numbers []uint32
}

// hashSeed makes it unknown which strings of a server share a place.
var hashSeed = maphash.MakeSeed()

func newChunk(first uint64) *chunk {
	return &chunk{first: first, numbers: make([]uint32, 64)}
}

// add keeps a string and gives its number.
func (c *chunk) add(s []byte) uint32 {
	place := 0
	if c.numbers != nil {
		if place = c.place(s); c.numbers[place] != 0 {
			return c.numbers[place] - 1
		}
	}
	n := uint32(len(c.ends))
	c.data = append(c.data, s...)
	c.ends = append(c.ends, uint32(len(c.data)))
	if c.numbers == nil {
		return n
	}
	c.numbers[place] = n + 1
	if 2*len(c.ends) > len(c.numbers) {
		c.numbers = make([]uint32, 4*len(c.numbers))
		for i := range c.ends {
			c.numbers[c.place(c.bytes(uint32(i)))] = uint32(i) + 1
		}
	}
	return n
}

// place gives where a string stands among the numbers, or would.
func (c *chunk) place(s []byte) int {
	mask := len(c.numbers) - 1
	i := int(maphash.Bytes(hashSeed, s)) & mask
	for c.numbers[i] != 0 && !bytes.Equal(c.bytes(c.numbers[i]-1), s) {
		i = (i + 1) & mask
	}
	return i
}

// seal is called once the chunk is full, and gives the one that follows, which
// takes over the space that this one has grown.
func (c *chunk) seal(first uint64) *chunk {
	next := &chunk{first: first, records: make([]record, 0, chunkSize), data: c.data[:0], ends: c.ends[:0], numbers: c.numbers}
	clear(next.numbers)
	c.data, c.ends, c.numbers = bytes.Clone(c.data), slices.Clone(c.ends), nil
	return next
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
