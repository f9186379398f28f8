package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"

	"github.com/klauspost/compress/zstd"
)

// A file is a row of zstd frames (RFC 8878), each decodable alone, and of
// skippable frames, which other programs ignore. This file finds the frames by
// their headers, without decoding them, and so knows the offset of each: that
// is what makes a cut or damaged file readable up to and after the fault, and
// what seeking uses. The decoder of the library alone would give neither.

// Magic numbers, in the order of the bytes in the file.
var zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}

const (
	skippableMagic     = 0x184d2a50 // and the 15 that follow
	maxBlockBytes      = 128 << 10  // RFC 8878, 3.1.1.2.4
	maxWindowBytes     = 128 << 20  // what the zstd program writes with --long
	markPayloadBytes   = 20
	markFrameBytes     = 8 + markPayloadBytes
	markSkippableMagic = skippableMagic + 0xb
)

var (
	errCut     = errors.New("cut")
	errDamaged = errors.New("damaged")
)

// isZstd reports whether a file that begins like this is compressed.
func isZstd(head []byte) bool {
	if len(head) < 4 {
		return false
	}
	return bytes.Equal(head[:4], zstdMagic) || binary.LittleEndian.Uint32(head)&^0xf == skippableMagic
}

// mark is what the skippable frame before every frame of a capture tells about
// it: where it stands in the capture, so that seeking need not decode.
type mark struct {
	record int64 // number of its first record since the capture began, repeated opens not counted
	micros int64 // its moment, in microseconds since 1970
}

// appendMark appends the skippable frame: "KMSX", record, micros.
func appendMark(dst []byte, m mark) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, markSkippableMagic)
	dst = binary.LittleEndian.AppendUint32(dst, markPayloadBytes)
	dst = append(dst, "KMSX"...)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(m.record))
	return binary.LittleEndian.AppendUint64(dst, uint64(m.micros))
}

// extent is where a zstd frame stands in its file.
type extent struct {
	start, end int64
	skippable  bool
	cut        bool // the file ends within it
	mark       *mark
}

// scanFrame finds the end of the frame that starts at off. Only headers are
// read. It fails with errDamaged when there is no frame.
func scanFrame(f io.ReaderAt, off, size int64) (extent, error) {
	e := extent{start: off, end: size}
	var head [14 + markFrameBytes]byte
	n, err := f.ReadAt(head[:min(int64(len(head)), size-off)], off)
	if err != nil && !errors.Is(err, io.EOF) {
		return e, err
	}
	h := head[:n]
	if n < 4 {
		e.cut = true
		if !bytes.HasPrefix(zstdMagic, h) && !(n > 0 && h[0]&0xf0 == 0x50) {
			return e, errDamaged
		}
		return e, nil
	}
	if !isZstd(h) {
		return e, errDamaged
	}
	if !bytes.Equal(h[:4], zstdMagic) {
		e.skippable = true
		if n < 8 {
			e.cut = true
			return e, nil
		}
		length := int64(binary.LittleEndian.Uint32(h[4:]))
		if off+8+length > size {
			e.cut = true
			return e, nil
		}
		e.end = off + 8 + length
		if length == markPayloadBytes && n >= markFrameBytes && string(h[8:12]) == "KMSX" {
			e.mark = &mark{int64(binary.LittleEndian.Uint64(h[12:])), int64(binary.LittleEndian.Uint64(h[20:]))}
		}
		return e, nil
	}
	if n < 5 {
		e.cut = true
		return e, nil
	}
	d := h[4]
	if d&0x08 != 0 {
		return e, errDamaged
	}
	single := d&0x20 != 0
	pos := off + 5 + []int64{0, 1, 2, 4}[d&3] + []int64{0, 2, 4, 8}[d>>6]
	if !single {
		pos++
	} else if d>>6 == 0 {
		pos++
	}
	for {
		var b [3]byte
		if pos+3 > size {
			e.cut = true
			return e, nil
		}
		if _, err := f.ReadAt(b[:], pos); err != nil && !errors.Is(err, io.EOF) {
			return e, err
		}
		v := int64(b[0]) | int64(b[1])<<8 | int64(b[2])<<16
		length := v >> 3
		if length > maxBlockBytes || v>>1&3 == 3 {
			return e, errDamaged
		}
		if v>>1&3 == 1 { // one byte, repeated
			length = 1
		}
		pos += 3 + length
		if v&1 == 1 {
			break
		}
	}
	if d&0x04 != 0 {
		pos += 4
	}
	if pos > size {
		e.cut = true
		return e, nil
	}
	e.end = pos
	return e, nil
}

// damage is the error of a frameReader for a part that it had to leave out.
// Reading may go on after it.
type damage struct{ bytes int64 }

func (damage) Error() string { return errDamaged.Error() }

// frameReader gives the text of a compressed file. After errCut comes io.EOF;
// after a damage, what follows it.
type frameReader struct {
	f    io.ReaderAt
	size int64
	off  int64 // where the next frame starts
	dec  *zstd.Decoder
	at   extent
	in   bool // dec is within the frame at
}

func newFrameReader(f io.ReaderAt, size int64) (*frameReader, error) {
	// One goroutine, the caller's: nothing to leak, and the order of errors is
	// that of the bytes.
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindowBytes))
	if err != nil {
		return nil, err
	}
	return &frameReader{f: f, size: size, dec: dec}, nil
}

func (z *frameReader) close() { z.dec.Close() }

// jump goes to a frame that starts at off.
func (z *frameReader) jump(off int64) { z.off, z.in = off, false }

// Read implements io.Reader.
func (z *frameReader) Read(p []byte) (int, error) {
	for {
		if !z.in {
			if z.off >= z.size {
				return 0, io.EOF
			}
			at, err := scanFrame(z.f, z.off, z.size)
			switch {
			case errors.Is(err, errDamaged):
				return 0, z.resync(z.off + 1)
			case err != nil:
				return 0, err
			case at.skippable && at.cut:
				return 0, z.resync(z.off + 1)
			case at.skippable:
				z.off = at.end
				continue
			}
			z.at = at
			if err := z.dec.Reset(io.NewSectionReader(z.f, at.start, at.end-at.start)); err != nil {
				return 0, z.resync(at.start + 4)
			}
			z.in = true
		}
		n, err := z.dec.Read(p)
		if n > 0 {
			return n, nil // an error comes again with the next call
		}
		switch {
		case err == nil:
			continue
		case errors.Is(err, io.EOF) && !z.at.cut:
			z.in, z.off = false, z.at.end
		case z.at.cut:
			return 0, z.resync(z.at.start + 4)
		default:
			// The block headers led to a next frame: trust them.
			if z.at.end == z.size || z.startsFrame(z.at.end) {
				return 0, z.skip(z.at.end)
			}
			return 0, z.resync(z.at.start + 4)
		}
	}
}

func (z *frameReader) startsFrame(off int64) bool {
	at, err := scanFrame(z.f, off, z.size)
	return err == nil && at.end > off+4
}

func (z *frameReader) skip(to int64) error {
	lost := to - z.off
	z.jump(to)
	return damage{lost}
}

// resync looks for the next frame from off on. Without one the file is cut.
func (z *frameReader) resync(off int64) error {
	const chunk = 64 << 10
	buf := make([]byte, chunk+3)
	for pos := off; pos < z.size; pos += chunk {
		n, err := z.f.ReadAt(buf[:min(int64(len(buf)), z.size-pos)], pos)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		for from := 0; ; {
			i := bytes.Index(buf[from:n], zstdMagic)
			if i < 0 {
				break
			}
			at := pos + int64(from+i)
			if e, err := scanFrame(z.f, at, z.size); err == nil && !e.cut {
				return z.skip(at)
			}
			from += i + 1
		}
	}
	z.jump(z.size)
	return errCut
}
