package timeline

import (
	"bytes"
	"slices"
	"sync"

	"github.com/klauspost/compress/s2"
)

// The messages behind the entries. They are alike, so a block of them shrinks
// to a tenth (39 bytes an event of the recordings), and then they fit in memory:
// nobody has to find them again in a capture, which may be redacted, cut, or
// not written at all. Rejected: zstd, which gives 24 bytes for three times the
// work; and the position in the capture file, for the reasons above.
const (
	rawBlockBytes = 64 << 10
	maxRawBytes   = 96 << 20 // of compressed blocks; the oldest go first
	maxRawOne     = 1 << 20  // of one message
)

// rawRef says where a message is: its block, from 1, and its number in it.
type rawRef struct {
	block uint32
	index uint16
}

// rawBlock is a block that is full.
type rawBlock struct {
	packed []byte
	ends   []uint32
}

// raws keeps messages. The log's lock guards it, except for unpacked.
type raws struct {
	first  uint32 // number of blocks[0]
	blocks []rawBlock
	bytes  int

	packing []byte
	open    []byte // the block that is being filled, number first+len(blocks)
	ends    []uint32

	unpacked struct {
		sync.Mutex
		number uint32
		data   []byte
	}
}

func (r *raws) keep(raw []byte) rawRef {
	if len(raw) == 0 || len(raw) > maxRawOne {
		return rawRef{}
	}
	if r.first == 0 {
		r.first = 1
	}
	ref := rawRef{block: r.first + uint32(len(r.blocks)), index: uint16(len(r.ends))}
	r.open = append(r.open, raw...)
	r.ends = append(r.ends, uint32(len(r.open)))
	if len(r.open) >= rawBlockBytes || len(r.ends) == 1<<16 {
		r.pack()
	}
	return ref
}

func (r *raws) pack() {
	r.packing = s2.Encode(r.packing[:cap(r.packing)], r.open)
	b := rawBlock{packed: bytes.Clone(r.packing), ends: slices.Clone(r.ends)}
	r.bytes += len(b.packed) + 4*len(b.ends)
	r.blocks = append(r.blocks, b)
	r.open, r.ends = r.open[:0], r.ends[:0]
	drop := 0
	for r.bytes > maxRawBytes && drop < len(r.blocks)-1 {
		r.bytes -= len(r.blocks[drop].packed) + 4*len(r.blocks[drop].ends)
		r.blocks[drop] = rawBlock{}
		drop++
	}
	r.blocks = r.blocks[drop:]
	r.first += uint32(drop)
}

// find gives the packed block of a message, or, from the open block, a copy of
// the message.
func (r *raws) find(ref rawRef) (b rawBlock, raw []byte) {
	i := int64(ref.block) - int64(r.first)
	switch {
	case ref.block == 0 || i < 0:
	case i < int64(len(r.blocks)):
		b = r.blocks[i]
	default:
		raw = bytes.Clone(slice(r.open, r.ends, ref.index))
	}
	return b, raw
}

// unpack reads a message of a packed block. Who reads one reads the next: the
// last block is kept as it is.
func (r *raws) unpack(b rawBlock, ref rawRef) []byte {
	u := &r.unpacked
	u.Lock()
	defer u.Unlock()
	if u.number != ref.block {
		data, err := s2.Decode(u.data[:0:cap(u.data)], b.packed)
		if err != nil {
			return nil // packed by us, in memory: it cannot happen
		}
		u.number, u.data = ref.block, data
	}
	return bytes.Clone(slice(u.data, b.ends, ref.index))
}

func slice(data []byte, ends []uint32, i uint16) []byte {
	from := uint32(0)
	if i > 0 {
		from = ends[i-1]
	}
	return data[from:ends[i]]
}
