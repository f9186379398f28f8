package stats

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"kmscope/rawjson"
	"kmscope/wire"
)

// number is a figure that the server may give as a number, as text, as null,
// or not at all. ok tells whether there is one; NaN and infinities are none.
type number struct {
	v  float64
	ok bool
}

// UnmarshalJSON implements json.Unmarshaler; it never fails: one odd field
// must not cost the others.
func (n *number) UnmarshalJSON(b []byte) error {
	*n = number{}
	if len(b) == 0 {
		return nil
	}
	if v, ok := plainDigits(b); ok {
		n.v, n.ok = v, true
		return nil
	}
	if c := b[0]; c != '-' && (c < '0' || c > '9') {
		b = bytes.TrimSpace(bytes.Trim(b, `"`))
		switch string(b) {
		case "", "null", "true", "false":
			return nil
		}
	}
	v, err := strconv.ParseFloat(string(b), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	n.v, n.ok = v, true
	return nil
}

// plainDigits reads digits alone, as most figures are: so few that a float64 has them all.
func plainDigits(b []byte) (float64, bool) {
	if len(b) > 15 {
		return 0, false
	}
	var v int64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		v = 10*v + int64(c-'0')
	}
	return float64(v), true
}

// text takes a string or a number as text (an SSRC is a string today).
type text string

// UnmarshalJSON implements json.Unmarshaler; it never fails.
func (t *text) UnmarshalJSON(b []byte) error {
	*t = ""
	if len(b) > 0 && b[0] == '"' {
		if s, ok := wire.Word(b); ok {
			*t = text(s)
		}
	} else if len(b) > 0 && (b[0] == '-' || b[0] >= '0' && b[0] <= '9') {
		*t = text(b)
	}
	return nil
}

// word takes all that can be said in words: text, true and false, a number, and
// lists of them.
type word string

// UnmarshalJSON implements json.Unmarshaler; it never fails.
func (w *word) UnmarshalJSON(b []byte) error {
	*w = ""
	switch {
	case string(b) == "true" || string(b) == "false":
		*w = word(b)
	case len(b) > 0 && b[0] == '[':
		var parts []string
		rawjson.Array(b, func(v []byte) {
			var one text
			if _ = one.UnmarshalJSON(v); one != "" && len(parts) < maxWords {
				parts = append(parts, string(one))
			}
		})
		*w = word(strings.Join(parts, " "))
	default:
		var one text
		_ = one.UnmarshalJSON(b)
		*w = word(one)
	}
	return nil
}

// maxWords bounds a list of words.
const maxWords = 64

// latency is kurento.MediaLatencyStat.
type latency struct {
	Name text
	Type text
	Avg  number // nanoseconds
}

// latencies takes the array of 7.x; anything else is none.
type latencies []latency

func (l *latencies) read(c *rawjson.Cursor) {
	n := 0
	var out latencies
	ok := c.Array(func() {
		if n++; n > maxLatencies {
			return
		}
		var x latency
		if c.Object(func(key []byte) {
			switch string(key) {
			case "name":
				_ = x.Name.UnmarshalJSON(c.Skip()) // never fails, nor do the others
			case "type":
				_ = x.Type.UnmarshalJSON(c.Skip())
			case "avg":
				_ = x.Avg.UnmarshalJSON(c.Skip())
			}
		}) {
			out = append(out, x)
		}
	})
	if *l = nil; ok && n <= maxLatencies {
		*l = out
	}
}

// entry is one element of a getStats reply: every field that the server fills
// of kurento.Stats and what extends it, of 6.x and 7.x.
type entry struct {
	// key is that of the entry in the reply; whole is the entry where its type
	// is one that has words, or that servers do not fill today.
	key   string
	whole json.RawMessage
	atMs  int64 // when the figures were taken, on the server's clock
	// medium is what is known of the stream's; "" is nothing.
	medium string

	ID     text
	Type   text
	Millis number
	Stamp  number // 6.x, seconds

	SSRC            text
	BytesReceived   number
	BytesSent       number
	PacketsReceived number
	PacketsSent     number
	PacketsLost     number
	FractionLost    number
	Jitter          number // seconds
	RoundTripTime   number // seconds
	NACK            number
	PLI             number
	FIR             number
	REMB            number // bit/s
	TargetBitrate   number // bit/s

	InputLatency latencies
	E2ELatency   latencies
	InputAudio   number // 6.x, nanoseconds, like the next three
	InputVideo   number
	E2EAudio     number
	E2EVideo     number

	ChannelsOpened   number
	ChannelsClosed   number
	Label            text
	ChannelID        text
	State            text
	MessagesSent     number
	MessagesReceived number
}

// set takes a field of an entry, the value of which comes next; it never fails. last
// is what was said of the same stream before.
func (e *entry) set(key []byte, c *rawjson.Cursor, last *entry) {
	var n *number
	var t *text
	switch string(key) {
	case "id":
		e.ID = again(c.Skip(), text(e.key))
		return
	case "type":
		t = &e.Type
	case "timestampMillis":
		n = &e.Millis
	case "timestamp":
		n = &e.Stamp
	case "ssrc":
		e.SSRC = again(c.Skip(), last.SSRC)
		return
	case "bytesReceived":
		n = &e.BytesReceived
	case "bytesSent":
		n = &e.BytesSent
	case "packetsReceived":
		n = &e.PacketsReceived
	case "packetsSent":
		n = &e.PacketsSent
	case "packetsLost":
		n = &e.PacketsLost
	case "fractionLost":
		n = &e.FractionLost
	case "jitter":
		n = &e.Jitter
	case "roundTripTime":
		n = &e.RoundTripTime
	case "nackCount":
		n = &e.NACK
	case "pliCount":
		n = &e.PLI
	case "firCount":
		n = &e.FIR
	case "remb":
		n = &e.REMB
	case "targetBitrate":
		n = &e.TargetBitrate
	case "inputLatency":
		e.InputLatency.read(c)
		return
	case "E2ELatency":
		e.E2ELatency.read(c)
		return
	case "inputAudioLatency":
		n = &e.InputAudio
	case "inputVideoLatency":
		n = &e.InputVideo
	case "audioE2ELatency":
		n = &e.E2EAudio
	case "videoE2ELatency":
		n = &e.E2EVideo
	case "dataChannelsOpened":
		n = &e.ChannelsOpened
	case "dataChannelsClosed":
		n = &e.ChannelsClosed
	case "label":
		t = &e.Label
	case "datachannelid":
		t = &e.ChannelID
	case "state":
		t = &e.State
	case "messagesSent":
		n = &e.MessagesSent
	case "messagesReceived":
		n = &e.MessagesReceived
	default:
		return
	}
	if n != nil {
		_ = n.UnmarshalJSON(c.Skip()) // never fails
	} else {
		_ = t.UnmarshalJSON(c.Skip()) // never fails
	}
}

// again reads a text; one that is what was read before costs no memory of its own.
func again(v []byte, before text) text {
	if len(v) == len(before)+2 && v[0] == '"' && string(v[1:len(v)-1]) == string(before) && bytes.IndexByte(v, '\\') < 0 {
		return before
	}
	var t text
	_ = t.UnmarshalJSON(v) // never fails
	return t
}

// Bounds on one reply.
const (
	maxEntries   = 4096
	maxLatencies = 64
	maxNameBytes = 256
	maxStampMs   = 253402300799999 // the year 9999
)

// at gives the server's timestamp in milliseconds since 1970, and whether the
// entry has one that can be believed.
func (e *entry) at() (int64, bool) {
	if e.Millis.ok && e.Millis.v > 0 && e.Millis.v < maxStampMs {
		return int64(e.Millis.v), true
	}
	if e.Stamp.ok && e.Stamp.v > 0 && e.Stamp.v < maxStampMs/1000 {
		return int64(e.Stamp.v * 1000), true
	}
	return 0, false
}

// decode reads the value of a getStats reply, an object keyed by stats id, into dst,
// in the order of the keys, so that equal replies give equal series. Entries that
// are no objects are left out. It gives false when the reply as a whole is none.
// before is an earlier answer to the same question: what it says again shares its
// texts.
func decode(dst []entry, raw json.RawMessage, before []entry) ([]entry, bool) {
	if string(bytes.TrimSpace(raw)) == "null" {
		return dst, true
	}
	if out, ok := decodeSorted(dst, raw, before); ok {
		return out, true
	}
	return decodeAny(dst, raw, before)
}

// decodeSorted reads a reply as servers write it, its keys sorted, in one walk; false
// is for any other.
func decodeSorted(dst []entry, raw json.RawMessage, before []entry) ([]entry, bool) {
	out := dst
	var last []byte
	c := rawjson.NewCursor(raw)
	c.Object(func(key []byte) {
		switch {
		case last != nil && bytes.Compare(last, key) >= 0 || len(out)-len(dst) >= maxEntries:
			c.Stop()
		case c.First() == '{':
			i := len(out)
			out = append(out, entry{})
			out[i].read(key, &c, raw, nth(before, i-len(dst)))
		}
		last = key
	})
	if !c.Done() {
		clear(out[len(dst):])
		return dst, false
	}
	return out, true
}

// decodeAny reads a reply with its keys in any order, of equal ones the last, and with
// words that are no JSON.
func decodeAny(dst []entry, raw json.RawMessage, before []entry) ([]entry, bool) {
	type part struct {
		id    []byte
		value []byte
	}
	var parts []part
	take := func(key, v []byte) { parts = append(parts, part{key, v}) }
	if !rawjson.Object(raw, take) {
		parts = parts[:0]
		if !rawjson.Object(bareNumbers(raw), take) {
			return dst, false
		}
	}
	slices.SortStableFunc(parts, func(a, b part) int { return bytes.Compare(a.id, b.id) })
	out := dst
	for i, p := range parts {
		if len(out)-len(dst) >= maxEntries {
			break
		}
		if i+1 < len(parts) && bytes.Equal(parts[i+1].id, p.id) || p.value[0] != '{' {
			continue // of equal keys the last counts
		}
		c := rawjson.NewCursor(p.value)
		n := len(out)
		out = append(out, entry{})
		out[n].read(p.id, &c, p.value, nth(before, n-len(dst)))
	}
	return out, true
}

// nothing is said of a stream for the first time.
var nothing entry

func nth(list []entry, i int) *entry {
	if i < len(list) {
		return &list[i]
	}
	return &nothing
}

// read takes the entry that the cursor stands before.
func (e *entry) read(key []byte, c *rawjson.Cursor, raw []byte, last *entry) {
	if e.key = last.key; string(key) != e.key {
		last = &nothing
		e.key = clip(string(key))
	}
	from := c.Offset()
	c.Object(func(key []byte) { e.set(key, c, last) })
	if c.Offset() < 0 {
		return
	}
	if e.ID == "" {
		e.ID = text(key)
	}
	switch e.Type {
	case typeChannel, typeTrack, typeTrans, typePair, typeCodec, typeLocal, typeRemote, typeCert:
		e.whole = raw[from:c.Offset()]
	}
}

func clip(s string) string {
	if len(s) > maxNameBytes {
		return strings.ToValidUTF8(s[:maxNameBytes], "")
	}
	return s
}

// bareNumbers replaces the words nan, inf and infinity outside of strings,
// which are no JSON but which a C++ printer writes, by null.
func bareNumbers(raw []byte) []byte {
	out := make([]byte, 0, len(raw))
	inString := false
	for i := 0; i < len(raw); {
		c := raw[i]
		if inString {
			if c == '\\' && i+1 < len(raw) {
				out = append(out, c, raw[i+1])
				i += 2
				continue
			}
			inString = c != '"'
			out = append(out, c)
			i++
			continue
		}
		if c == '"' {
			inString = true
		}
		j := i
		if c == '-' || c == '+' {
			j++
		}
		k := j
		for k < len(raw) && (raw[k]|0x20 >= 'a' && raw[k]|0x20 <= 'z') {
			k++
		}
		switch strings.ToLower(string(raw[j:k])) {
		case "nan", "inf", "infinity":
			out = append(out, "null"...)
			i = k
		default:
			if k == i {
				k++
			}
			out = append(out, raw[i:k]...)
			i = k
		}
	}
	return out
}

func fromMs(ms int64) time.Time { return time.UnixMilli(ms) }
