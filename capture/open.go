package capture

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

const (
	sniffBytes = 4 << 20
	sniffLines = 64
)

// part is one file of a capture.
type part struct {
	f       *os.File
	size    int64
	zstd    bool
	segment int // 0 unless of a ring
	plain   *countingReader
}

func (p *part) read(z *frameReader) int64 {
	switch {
	case z != nil:
		return z.off
	case p.plain != nil:
		return p.plain.n
	}
	return 0
}

// countingReader counts what is read from a plain file.
type countingReader struct {
	r io.Reader
	n int64
}

// Read implements io.Reader.
func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// Open opens a capture: zstd-compressed or plain JSON lines, with or without a
// header, told apart by their content. The path of a ring opens all its files
// as one capture. The error is one sentence for the user.
func Open(path string) (*Reader, error) {
	r := &Reader{name: path, open: map[string]bool{}}
	if err := r.openParts(path); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	for i, p := range r.parts {
		if err := r.sniff(i, p); err != nil {
			name := p.f.Name()
			var newer newerError
			if errors.As(err, &newer) {
				err = fmt.Errorf("%s %w", name, err)
			}
			_ = r.Close() // it was only read
			return nil, err
		}
	}
	r.rewind()
	return r, nil
}

// openPart opens one file.
func openPart(path string) (*part, error) {
	f, err := os.Open(path)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("%s cannot be opened: %w; check the name", path, os.ErrNotExist)
		}
		return nil, fmt.Errorf("%s cannot be opened: %w", path, err)
	}
	info, err := f.Stat()
	switch {
	case err != nil:
		err = fmt.Errorf("%s cannot be read: %w", path, err)
	case info.IsDir():
		err = fmt.Errorf("%s is a folder, not a capture: choose a file in it", path)
	case !info.Mode().IsRegular():
		err = fmt.Errorf("%s is not a regular file: copy what it gives into a file and open that", path)
	case info.Size() == 0:
		err = fmt.Errorf("%s is empty: nothing was captured into it", path)
	}
	if err != nil {
		_ = f.Close() // it was only read
		return nil, err
	}
	p := &part{f: f, size: info.Size()}
	head := make([]byte, 4)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		_ = f.Close() // it was only read
		return nil, fmt.Errorf("%s cannot be read: %w", path, err)
	}
	p.zstd = isZstd(head[:n])
	return p, nil
}

// sniff decides whether a file is a capture, and takes its header.
func (r *Reader) sniff(i int, p *part) error {
	r.cur = i
	if err := r.enter(); err != nil {
		return err
	}
	defer func() {
		r.leave()
	}()
	lines := newLines(io.LimitReader(r.text, sniffBytes))
	for n := 0; n < sniffLines; n++ {
		line, err := lines.next()
		trimmed := bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\ufeff")))
		if len(trimmed) > 0 {
			var l fileLine
			if parseLine(trimmed, &l, "") == "" {
				if l.Capture == nil {
					return nil
				}
				h, err := parseHeader(trimmed)
				if err != nil {
					var newer newerError
					if errors.As(err, &newer) {
						return err
					}
					return fmt.Errorf("%s is not a readable capture: %w", r.name, err)
				}
				if i == 0 {
					r.header = h
				}
				return nil
			}
		}
		if errors.Is(err, errCut) {
			return nil // cut too early to tell: it is compressed at least
		}
		var lost damage
		if err != nil && !errors.As(err, &lost) {
			break
		}
	}
	return fmt.Errorf("%s is not a capture: it holds no records of connections", p.f.Name())
}

// enter begins to read the current part.
func (r *Reader) enter() error {
	p := r.parts[r.cur]
	if p.zstd {
		z, err := newFrameReader(p.f, p.size)
		if err != nil {
			return fmt.Errorf("%s cannot be decompressed: %w", r.name, err)
		}
		r.frames, r.text = z, z
	} else {
		p.plain = &countingReader{r: io.NewSectionReader(p.f, 0, p.size)}
		r.text = p.plain
	}
	r.lines = newLines(r.text)
	return nil
}

// leave ends the reading of the current part.
func (r *Reader) leave() {
	if r.frames != nil {
		r.frames.close()
	}
	r.frames, r.text, r.lines = nil, nil, nil
}
