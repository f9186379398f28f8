package capture

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"kmscope/kmsconn/jsonrpc"
	"kmscope/rawjson"
)

// Bounds of what a file may claim. Beyond them a time.Time can be computed, but
// no longer be written or subtracted.
const (
	maxTimeMs = 9e12            // a time.Duration ends at 292 years
	maxWallMs = 253402300799999 // the end of the year 9999
)

// micros is a record's TimeMs in whole microseconds, the resolution of a file.
func micros(timeMs float64) int64 { return int64(math.Round(timeMs * 1000)) }

// moment is the wall clock at a record's TimeMs, when anchor was the wall clock
// at TimeMs 0, in microseconds since 1970. Live records and read ones get
// theirs here, so that they are equal to the last bit.
func moment(anchor int64, timeMs float64) time.Time {
	return time.UnixMicro(anchor + micros(timeMs)).UTC()
}

// Stamp sets TimeMs and At of a record that happened at the moment at, in a
// capture whose Header.Created is start. Both should carry Go's monotonic
// reading (time.Time.Truncate removes it): then a step of the wall clock does
// not show. At is exactly what a Reader computes from the file. Any goroutine
// may call it.
func Stamp(r *Record, at, start time.Time) {
	// The header holds whole milliseconds, so they are the zero.
	elapsed := at.Sub(start) + time.Duration(start.Nanosecond())%time.Millisecond
	past := float64(elapsed.Round(time.Microsecond).Microseconds()) / 1000
	r.TimeMs = max(-maxTimeMs, min(maxTimeMs, past))
	r.At = moment(start.UnixMilli()*1000, r.TimeMs)
}

// FromFrame makes the record of something that happened on a connection, in a
// capture whose Header.Created is start; see Stamp. Text that is not JSON
// becomes {"_raw": text}. It keeps f.Data. Any goroutine may call it.
func FromFrame(f jsonrpc.Frame, start time.Time) Record {
	r := Record{Dir: string(f.Dir), Conn: f.Conn}
	Stamp(&r, f.At, start)
	switch f.Dir {
	case jsonrpc.Open:
		r.Server = withoutUserinfo(f.URL)
		if ms := f.At.UnixMilli(); ms > 0 && ms <= maxWallMs {
			r.WallMs = ms
		}
	case jsonrpc.Error:
		r.Server, r.Error = withoutUserinfo(f.URL), f.Err
	case jsonrpc.Close:
		r.By, r.Code, r.Reason = f.By, f.Code, f.Reason
	default:
		r.Frame, r.whole = message(f.Data, f.JSON), true
	}
	return r
}

// message makes text the frame of a record: JSON on one line, without blanks
// around it, otherwise byte by byte as it was. valid: it is known to be JSON.
func message(text []byte, valid bool) json.RawMessage {
	trimmed := bytes.Trim(text, " \t\r\n")
	if len(trimmed) == 0 || !valid && !rawjson.Valid(trimmed) {
		return appendRaw(nil, text)
	}
	// A valid message has line ends between its tokens only.
	if hasLineEnd(trimmed) {
		var one bytes.Buffer
		if json.Compact(&one, trimmed) == nil {
			return one.Bytes()
		}
	}
	return trimmed
}

// appendRaw appends {"_raw": text}.
func appendRaw(dst, text []byte) []byte {
	dst = append(dst, `{"_raw":`...)
	return append(rawjson.AppendString(dst, string(text)), '}')
}

// appendLine appends a record as a line of a file. The frame keeps its bytes,
// so that what is read is what was seen live.
func appendLine(dst []byte, r *Record) []byte {
	t := r.TimeMs
	if !(math.Abs(t) <= maxTimeMs) { // also for NaN
		t = 0
	}
	dst = strconv.AppendFloat(append(dst, `{"t":`...), t, 'f', -1, 64)
	dst = rawjson.AppendString(append(dst, `,"dir":`...), r.Dir)
	text := func(key, value string) {
		if value != "" {
			dst = append(append(append(dst, `,"`...), key...), `":`...)
			dst = rawjson.AppendString(dst, value)
		}
	}
	number := func(key string, value int64) {
		if value != 0 {
			dst = append(append(append(dst, `,"`...), key...), `":`...)
			dst = strconv.AppendInt(dst, value, 10)
		}
	}
	text("conn", r.Conn)
	text("server", r.Server)
	number("wall", r.WallMs)
	if len(r.Frame) > 0 {
		dst = append(append(dst, `,"frame":`...), r.Frame...)
	}
	text("by", r.By)
	number("code", int64(r.Code))
	text("reason", r.Reason)
	text("error", r.Error)
	number("dropped", int64(r.Dropped))
	text("note", r.Note)
	if r.Resumed {
		dst = append(dst, `,"resumed":true`...)
	}
	return append(dst, '}', '\n')
}

// withoutUserinfo takes user and password off an address.
func withoutUserinfo(address string) string {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return address
	}
	host := rest
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		host = rest[:i]
	}
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		return scheme + "://" + rest[i+1:]
	}
	return address
}
