package serverlog

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
)

// The bounds of what is kept of one message, and how far into a file the first
// line of a log is looked for.
const (
	maxTextBytes = 256 << 10
	searchBytes  = 1 << 20
)

// Reader reads a log line by line and holds one message at a time, so that the
// size of the file does not matter. It is for one goroutine at a time.
type Reader struct {
	name   string
	zip    *gzip.Reader
	in     *bufio.Reader
	number int64
	read   int64
	found  bool // a line of a log was seen

	ahead Line // the line that was read ahead
	have  bool
	// aheadAt, lastAt are where the line ahead and the message that Next gave
	// begin, lastEnd where that message ends: bytes of the plain text.
	aheadAt, lastAt, lastEnd int64
	err                      error
}

// NewReader reads a log, plain or gzip-compressed, told apart by its content.
// The name is for errors, which are one sentence for the user. Whoever opened
// the file closes it.
func NewReader(name string, in io.Reader) (*Reader, error) {
	r := &Reader{name: name, in: bufio.NewReaderSize(in, 64<<10)}
	head, err := r.in.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s cannot be read: %w", name, err)
	}
	if len(head) == 2 && head[0] == 0x1f && head[1] == 0x8b {
		if r.zip, err = gzip.NewReader(r.in); err != nil {
			return nil, fmt.Errorf("%s cannot be decompressed: %w", name, err)
		}
		r.in = bufio.NewReaderSize(r.zip, 64<<10)
	}
	return r, nil
}

// Next gives the next message with the lines that continue it, io.EOF after the
// last. What stands before the first message is one without a time. A file that
// holds no line of a server's log gives an error in one sentence; so does one
// that is damaged, after all that is readable.
func (r *Reader) Next() (Line, error) {
	if !r.have {
		if err := r.advance(); err != nil {
			return Line{}, err
		}
	}
	l := r.ahead
	r.have = false
	r.lastAt = r.aheadAt
	defer func() {
		if r.lastEnd = r.read; r.have {
			r.lastEnd = r.aheadAt
		}
	}()
	var more []string
	size := len(l.Text)
	for {
		if r.advance() != nil || r.ahead.Timed {
			break
		}
		r.have = false
		if r.ahead.Cut || size+1+len(r.ahead.Text) > maxTextBytes {
			l.Cut = true
			continue
		}
		size += 1 + len(r.ahead.Text)
		more = append(more, r.ahead.Text)
	}
	if !l.Timed && !r.found {
		return Line{}, r.err
	}
	if len(more) > 0 {
		l.Text += "\n" + strings.Join(more, "\n")
	}
	l.Text = strings.TrimRight(l.Text, "\n\t ")
	l.Objects = objects(l.Text)
	return l, nil
}

// advance reads one line ahead.
func (r *Reader) advance() error {
	if r.err != nil {
		return r.err
	}
	r.aheadAt = r.read
	s, cut, err := r.line()
	if err != nil {
		r.err = err
		switch {
		case !errors.Is(err, io.EOF):
			r.err = fmt.Errorf("%s cannot be read further, everything up to here is shown: %w", r.name, err)
		case !r.found:
			r.err = r.noLog()
		}
		return r.err
	}
	r.number++
	l, ok := parse(s)
	if !ok {
		l = Line{Text: s}
	}
	r.found = r.found || ok
	if !r.found && r.read > searchBytes {
		r.err = r.noLog()
		return r.err
	}
	l.Number, l.Cut = r.number, cut
	r.ahead, r.have = l, true
	return nil
}

func (r *Reader) noLog() error {
	return fmt.Errorf("%s is no log of a Kurento Media Server: choose a file of its log folder, or what it wrote to standard error", r.name)
}

// line reads one line of the file; the rest of one that is too long is skipped.
func (r *Reader) line() (s string, cut bool, err error) {
	var b []byte
	for {
		part, err := r.in.ReadSlice('\n')
		r.read += int64(len(part))
		if room := maxTextBytes - len(b); len(part) > room {
			part, cut = part[:room], true
		}
		full := errors.Is(err, bufio.ErrBufferFull)
		if b == nil && !full && err == nil {
			return strings.ToValidUTF8(strings.TrimRight(string(part), "\r\n"), "\ufffd"), cut, nil
		}
		b = append(b, part...)
		if full {
			continue
		}
		if err != nil && (len(b) == 0 || !errors.Is(err, io.EOF)) {
			return "", false, err
		}
		return strings.ToValidUTF8(strings.TrimRight(string(b), "\r\n"), "\ufffd"), cut, nil
	}
}
