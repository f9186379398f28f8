package capture

import (
	"bufio"
	"errors"
	"io"
)

var errTooLong = errors.New("line too long")

// lines cuts a text into lines of bounded length. Unlike bufio.Scanner it goes
// on after a line that is too long and after an error that passes.
type lines struct {
	br  *bufio.Reader
	buf []byte
}

func newLines(r io.Reader) *lines {
	return &lines{br: bufio.NewReaderSize(r, 256<<10)}
}

// next gives the next line with its end, valid until the next call. With an
// error of the reader comes what was read of the line; with errTooLong, its
// beginning, and the line is passed over.
func (l *lines) next() ([]byte, error) {
	if cap(l.buf) > 4<<20 {
		l.buf = nil // one huge message need not be paid for ever
	}
	l.buf = l.buf[:0]
	long := false
	for {
		piece, err := l.br.ReadSlice('\n')
		if err == nil && len(l.buf) == 0 {
			return piece, nil
		}
		if !long && len(l.buf)+len(piece) > maxLineBytes {
			long = true
			l.buf = append(l.buf, piece...)[:keptRawBytes+1]
		}
		if !long {
			l.buf = append(l.buf, piece...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case err == nil && long:
			return l.buf, errTooLong
		case err == nil, !long:
			return l.buf, err
		case errors.Is(err, io.EOF), errors.Is(err, errCut):
			// The end shows again with the next call.
			return l.buf, errTooLong
		default:
			return l.buf, err
		}
	}
}
