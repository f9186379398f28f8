package capture

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"kmscope/rawjson"
)

const (
	// maxLineBytes is the longest line that is read: the longest message that a
	// connection takes (64 MiB), escaped or not, and what stands around it.
	maxLineBytes = 64<<20 + 1<<20
	// keptRawBytes is how much is shown of a line that is not decoded.
	keptRawBytes = 64 << 10
	// maxOpenConns bounds what is remembered to recognise resumed connections.
	maxOpenConns = 1 << 16
)

// Reader reads a capture, or a ring of them, from its start. It is for one
// goroutine at a time.
type Reader struct {
	name     string
	parts    []*part
	cur      int // parts before it are read
	text     io.Reader
	frames   *frameReader // nil for a plain file
	lines    *lines
	header   headerLine
	anchor   int64 // wall clock at TimeMs 0, in microseconds since 1970
	anchored bool  // by a header: opens do not change it

	waiting []Record // to be given before the next line
	ended   bool
	segment int // of a ring, the one that is being read
	index   int64
	extra   int64 // records given that the marks in the file do not count
	lastMs  float64
	open    map[string]bool
	line    fileLine  // the one that is read
	conn    string    // the plain label that was read last, of which one copy is kept
	notFrom time.Time // records before it are left out, after SeekTo
	way     []waypoint
	within  bool  // SeekTo left out the beginning
	landed  int64 // of the first record after that, its moment; 0 when it was read
}

// Header gives the first line of the file; its Version is 0 when it has none.
func (r *Reader) Header() Header { return r.header.header() }

// Offset is how many bytes of the file, or of all files of the ring, were read.
func (r *Reader) Offset() int64 {
	var n int64
	for _, p := range r.parts[:min(r.cur, len(r.parts))] {
		n += p.size
	}
	if r.cur < len(r.parts) {
		n += r.parts[r.cur].read(r.frames)
	}
	return n
}

// Progress is Offset as a share of the whole, 0 to 1.
func (r *Reader) Progress() float64 {
	var total int64
	for _, p := range r.parts {
		total += p.size
	}
	if total <= 0 || r.ended {
		return 1
	}
	return math.Min(1, float64(r.Offset())/float64(total))
}

// Close closes the file. The Reader must not be used afterwards.
func (r *Reader) Close() error {
	r.leave()
	var errs []error
	for _, p := range r.parts {
		errs = append(errs, p.f.Close())
	}
	r.parts, r.cur, r.ended, r.waiting = nil, 0, true, nil
	return errors.Join(errs...)
}

// Next gives the next record, io.EOF after the last. What cannot be decoded is
// a record too (DirUndecoded), and so is what is missing (DirGap); other errors
// come from the disk.
func (r *Reader) Next() (Record, error) {
	for {
		rec, err := r.next()
		if err != nil {
			return Record{}, err
		}
		if !r.notFrom.IsZero() {
			if rec.At.Before(r.notFrom) {
				continue
			}
			r.notFrom = time.Time{}
		}
		return rec, nil
	}
}

func (r *Reader) next() (Record, error) {
	for {
		if len(r.waiting) > 0 {
			rec := r.waiting[0]
			r.waiting = r.waiting[1:]
			return r.number(rec), nil
		}
		if r.ended {
			return Record{}, io.EOF
		}
		if r.lines == nil {
			if err := r.enter(); err != nil {
				r.ended = true
				return Record{}, err
			}
		}
		line, err := r.lines.next()
		var lost damage
		switch {
		case err == nil:
			if rec, ok := r.decode(line); ok {
				return r.number(rec), nil
			}
		case errors.Is(err, errTooLong):
			return r.number(r.undecoded(line, "the line is longer than 65 MiB")), nil
		case errors.As(err, &lost):
			r.wait(r.gap(fmt.Sprintf("%d bytes of the file are damaged and were left out", lost.bytes)))
		case errors.Is(err, io.EOF), errors.Is(err, errCut):
			r.endPart(line, errors.Is(err, errCut))
		default:
			r.ended = true
			return Record{}, fmt.Errorf("%s cannot be read further, everything up to here is shown: %w", r.name, err)
		}
	}
}

// endPart takes leave of a file whose last line may lack its end.
func (r *Reader) endPart(rest []byte, cut bool) {
	if len(bytes.TrimSpace(rest)) > 0 {
		rec, ok := r.decode(rest)
		switch {
		case ok && rec.Dir != DirUndecoded:
			r.wait(rec)
		case ok && !rawjson.Valid(rest):
			cut = true
		case ok:
			r.wait(rec)
		}
	}
	if cut {
		r.wait(r.gap("the file was cut here: what came after is lost"))
	}
	r.leave()
	r.cur++
	if r.cur >= len(r.parts) {
		r.ended = true
		return
	}
}

func (r *Reader) wait(rec Record) {
	r.waiting = append(r.waiting, rec)
	if rec.Dir == DirGap || rec.Dir == DirUndecoded {
		return
	}
	r.lastMs = rec.TimeMs
}

func (r *Reader) number(rec Record) Record {
	rec.Index = r.index
	r.index++
	return rec
}

// gap is a record that no writer wrote.
func (r *Reader) gap(note string) Record {
	r.extra++
	return Record{Dir: DirGap, Note: note, TimeMs: r.lastMs, At: moment(r.anchor, r.lastMs)}
}

func (r *Reader) undecoded(line []byte, why string) Record {
	if len(line) > keptRawBytes {
		line = line[:keptRawBytes]
		why += "; only its beginning is kept"
	}
	return Record{
		Dir: DirUndecoded, Note: why, Frame: rawjson.AppendString(nil, string(line)),
		TimeMs: r.lastMs, At: moment(r.anchor, r.lastMs),
	}
}

// line is a Record, or a header, as it stands in a file.
type fileLine struct {
	Capture json.RawMessage `json:"kmscope_capture"`
	T       *float64        `json:"t"`
	Record
}

// kinds are the strings of which a line has one: nobody needs a copy of each.
var kinds = [...]string{DirRecv, DirSend, DirOpen, DirClose, DirError, DirCtl, DirGap, DirNote}

// cut reads a line as it is usually written, in one pass; false where anything is
// unusual and encoding/json must say what it means. conn is the label of the line
// before.
func (l *fileLine) cut(line []byte, conn string) bool {
	usual := true
	text := func(to *string, v []byte) {
		s, ok := rawjson.String(v)
		*to, usual = s, usual && ok
	}
	whole := func(v []byte) int64 {
		n, err := strconv.ParseInt(string(v), 10, 32)
		usual = usual && err == nil
		return n
	}
	ok := rawjson.Object(line, func(key, v []byte) {
		switch string(key) {
		case "t":
			t, err := strconv.ParseFloat(string(v), 64)
			l.TimeMs, usual = t, usual && err == nil && v[0] != '"'
			l.T = &l.TimeMs
		case "dir":
			for _, k := range kinds {
				if is(v, k) {
					l.Dir = k
					return
				}
			}
			text(&l.Dir, v)
		case "conn":
			if is(v, conn) {
				l.Conn = conn
				return
			}
			text(&l.Conn, v)
		case "server":
			text(&l.Server, v)
		case "frame":
			l.Frame = bytes.Clone(v) // the line is read over
		case "by":
			text(&l.By, v)
		case "code":
			l.Code = int(whole(v))
		case "reason":
			text(&l.Reason, v)
		case "error":
			text(&l.Error, v)
		case "dropped":
			l.Dropped = int(whole(v))
		case "note":
			text(&l.Note, v)
		default: // wall and resumed, headers, what other programs add
			usual = false
		}
	})
	return ok && usual
}

// decode reads a line. It gives false for lines that are no records and need
// no mention: blank ones, headers, and opens that repeat what is known.
func (r *Reader) decode(line []byte) (Record, bool) {
	trimmed := bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\ufeff")))
	if len(trimmed) == 0 {
		return Record{}, false
	}
	l := &r.line
	*l = fileLine{}
	if why := parseLine(trimmed, l, r.conn); why != "" {
		return r.undecoded(trimmed, why), true
	}
	if l.Capture != nil {
		// The first line of a segment, or of a file that was appended.
		h, err := parseHeader(trimmed)
		if err != nil {
			return r.undecoded(trimmed, err.Error()), true
		}
		if h.WallMs > 0 {
			r.anchor, r.anchored, r.landed = h.WallMs*1000, true, 0
		}
		if r.segment > 0 && h.Segment > r.segment+1 {
			r.wait(r.gap("a part of the capture is missing here"))
		}
		r.segment = h.Segment
		return Record{}, false
	}
	rec := l.Record
	rec.TimeMs = *l.T
	if rec.Conn != r.conn && !strings.ContainsRune(rec.Conn, '\\') {
		r.conn = rec.Conn
	}
	if rec.Resumed && rec.Dir != DirOpen {
		rec.Resumed = false
	}
	switch rec.Dir {
	case DirOpen:
		if rec.Resumed {
			if r.within || r.open[rec.Conn] {
				return Record{}, false
			}
			r.extra++
		}
		if len(r.open) < maxOpenConns {
			r.open[rec.Conn] = true
		}
		if !r.anchored && rec.WallMs > 0 {
			r.anchor = rec.WallMs*1000 - micros(rec.TimeMs)
		}
	case DirClose:
		delete(r.open, rec.Conn)
	}
	return r.dated(rec), true
}

func (r *Reader) dated(rec Record) Record {
	if r.landed != 0 {
		// The header was not read: the mark says the same.
		r.anchor, r.anchored, r.landed = r.landed-micros(rec.TimeMs), true, 0
	}
	rec.At = moment(r.anchor, rec.TimeMs)
	r.lastMs = rec.TimeMs
	return rec
}

// is tells whether a value is a string that stands for itself.
func is(v []byte, s string) bool {
	return len(v) == len(s)+2 && v[0] == '"' && string(v[1:len(v)-1]) == s
}

// parseLine says in a few words why a line is no record; "" when it is one, or
// a header.
func parseLine(line []byte, l *fileLine, conn string) string {
	if !l.cut(line, conn) {
		*l = fileLine{}
		if err := json.Unmarshal(line, l); err != nil {
			if line[0] != '{' || !rawjson.Valid(line) {
				return "the line is not a JSON object"
			}
			return "a field of the record has a wrong type"
		}
	}
	if l.Capture != nil {
		return ""
	}
	switch {
	case l.T == nil:
		return "the record has no time (t)"
	case math.Abs(*l.T) > maxTimeMs:
		return "the time of the record (t) is impossible"
	case l.WallMs < 0 || l.WallMs > maxWallMs:
		return "the wall clock of the record is impossible"
	}
	switch l.Dir {
	case DirSend, DirRecv:
		if len(l.Frame) == 0 {
			return "the record has no message (frame)"
		}
	case DirOpen, DirClose, DirError, DirCtl, DirGap, DirNote:
	case "":
		return "the record does not say what it is (dir)"
	default:
		return "the record is of a kind that this program does not know"
	}
	return ""
}
