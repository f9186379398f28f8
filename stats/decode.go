package stats

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
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
	s := strings.TrimSpace(string(bytes.Trim(b, `"`)))
	switch s {
	case "", "null", "true", "false":
		return nil
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	n.v, n.ok = v, true
	return nil
}

// text takes a string or a number as text (an SSRC is a string today).
type text string

// UnmarshalJSON implements json.Unmarshaler; it never fails.
func (t *text) UnmarshalJSON(b []byte) error {
	*t = ""
	if len(b) > 0 && b[0] == '"' {
		var s string
		if json.Unmarshal(b, &s) == nil {
			*t = text(s)
		}
	} else if len(b) > 0 && (b[0] == '-' || b[0] >= '0' && b[0] <= '9') {
		*t = text(b)
	}
	return nil
}

// latency is kurento.MediaLatencyStat.
type latency struct {
	Name text   `json:"name"`
	Type text   `json:"type"`
	Avg  number `json:"avg"` // nanoseconds
}

// latencies takes the array of 7.x; anything else is none.
type latencies []latency

// UnmarshalJSON implements json.Unmarshaler; it never fails.
func (l *latencies) UnmarshalJSON(b []byte) error {
	*l = nil
	var raw []json.RawMessage
	if json.Unmarshal(b, &raw) != nil || len(raw) > maxLatencies {
		return nil
	}
	for _, r := range raw {
		var x latency
		if json.Unmarshal(r, &x) == nil {
			*l = append(*l, x)
		}
	}
	return nil
}

// entry is one element of a getStats reply: every field that the server fills
// of kurento.Stats and what extends it, of 6.x and 7.x.
type entry struct {
	// key is that of the entry in the reply; whole is the entry where its type
	// is one that servers do not fill today.
	key   string
	whole json.RawMessage
	atMs  int64 // when the figures were taken, on the server's clock
	// medium is what is known of the stream's; "" is nothing.
	medium string

	ID     text   `json:"id"`
	Type   text   `json:"type"`
	Millis number `json:"timestampMillis"`
	Stamp  number `json:"timestamp"` // 6.x, seconds

	SSRC            text   `json:"ssrc"`
	BytesReceived   number `json:"bytesReceived"`
	BytesSent       number `json:"bytesSent"`
	PacketsReceived number `json:"packetsReceived"`
	PacketsSent     number `json:"packetsSent"`
	PacketsLost     number `json:"packetsLost"`
	FractionLost    number `json:"fractionLost"`
	Jitter          number `json:"jitter"`        // seconds
	RoundTripTime   number `json:"roundTripTime"` // seconds
	NACK            number `json:"nackCount"`
	PLI             number `json:"pliCount"`
	FIR             number `json:"firCount"`
	REMB            number `json:"remb"`          // bit/s
	TargetBitrate   number `json:"targetBitrate"` // bit/s

	InputLatency latencies `json:"inputLatency"`
	E2ELatency   latencies `json:"E2ELatency"`
	InputAudio   number    `json:"inputAudioLatency"` // 6.x, nanoseconds, like the next three
	InputVideo   number    `json:"inputVideoLatency"`
	E2EAudio     number    `json:"audioE2ELatency"`
	E2EVideo     number    `json:"videoE2ELatency"`

	ChannelsOpened   number `json:"dataChannelsOpened"`
	ChannelsClosed   number `json:"dataChannelsClosed"`
	Label            text   `json:"label"`
	ChannelID        text   `json:"datachannelid"`
	State            text   `json:"state"`
	MessagesSent     number `json:"messagesSent"`
	MessagesReceived number `json:"messagesReceived"`
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

// decode reads the value of a getStats reply: an object keyed by stats id, in
// the order of the keys, so that equal replies give equal series. Entries that
// are no objects are left out. It gives false when the reply as a whole is none.
func decode(raw json.RawMessage) ([]entry, bool) {
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(raw, &parts); err != nil {
		if json.Unmarshal(bareNumbers(raw), &parts) != nil {
			return nil, false
		}
	}
	ids := make([]string, 0, len(parts))
	for id := range parts {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	out := make([]entry, 0, min(len(ids), maxEntries))
	for _, id := range ids {
		if len(out) >= maxEntries {
			break
		}
		p := bytes.TrimSpace(parts[id])
		if len(p) == 0 || p[0] != '{' {
			continue
		}
		var e entry
		_ = json.Unmarshal(p, &e) // the fields never fail
		if e.ID == "" {
			e.ID = text(id)
		}
		e.key = clip(id)
		switch e.Type {
		case typeTrack, typeTrans, typePair, typeCodec:
			e.whole = p
		}
		out = append(out, e)
	}
	return out, true
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
