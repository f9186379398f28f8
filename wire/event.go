package wire

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"

	"kmscope/capture"
	"kmscope/kmsconn/kmd"
	"kmscope/rawjson"
)

// Events come by the ten thousand a second in a storm, and a capture of a million
// is opened at once, so their frames are read once: Kurento writes all of them in
// one form, its keys sorted, and what is in that form needs no look for what is
// where. The members of the data are noted on the way, as places in it, for the
// rooms that want one or the other of them. A frame in any other form is read like
// any message; a fuzz test holds that both ways give the same.

const (
	eventHead   = `{"jsonrpc":"2.0","method":"onEvent","params":{"value":{"data":`
	eventObject = `,"object":"`
	eventType   = `,"type":"`
	eventTail   = `}}}`
	eventDepth  = 3 // of the data
)

// member says where a member stands in the data of an event.
type member struct{ key, keyEnd, value, end uint32 }

const (
	// memberBlock is how many members share an allocation, and usualMembers more
	// than nearly every event has.
	memberBlock  = 4096
	usualMembers = 24
	// maxNames bounds the ids and types of which one copy is kept.
	maxNames     = 8192
	maxNameBytes = 1024
)

// Event gives the name of 7.x for that of the event; see kmd.EventName.
func (f *Fact) Event() string { return kmd.EventName(f.Type) }

// Members walks the members of Data as rawjson.Object does; what it gives belongs
// to Data. Any goroutine.
func (f *Fact) Members(yield func(key, value []byte)) bool {
	if f.members == nil {
		return rawjson.Object(f.Data, yield)
	}
	for i := range f.members {
		m := &f.members[i]
		yield(f.Data[m.key:m.keyEnd], f.Data[m.value:m.end])
	}
	return true
}

// usualEvent reads an event in the usual form; false for anything else.
func (d *Decoder) usualEvent(r *capture.Record) bool {
	rest, ok := bytes.CutPrefix(r.Frame, []byte(eventHead))
	if !ok {
		return false
	}
	if cap(d.members)-len(d.members) < usualMembers {
		d.members = make([]member, 0, memberBlock)
	}
	from := len(d.members)
	var s eventStamp
	data := rest
	usual := true
	end := rawjson.Prefix(data, eventDepth, func(key, v []byte) {
		// Both are parts of data, but for a key with escapes.
		k, at := cap(data)-cap(key), cap(data)-cap(v)
		if len(key) == 0 || k < 0 || k >= len(data) || &data[k] != &key[0] {
			usual = false
			return
		}
		d.members = append(d.members, member{uint32(k), uint32(k + len(key)), uint32(at), uint32(at + len(v))})
		s.take(key, v)
	})
	var object, kind string
	if usual = usual && end >= 0; usual {
		rest = data[end:]
		object, rest, usual = d.text(rest, eventObject)
	}
	if usual {
		kind, rest, usual = d.text(rest, eventType)
	}
	if !usual || kind == "" || string(rest) != eventTail {
		d.members = d.members[:from]
		return false
	}
	d.emit(*r, Fact{Kind: KindEvent, Type: kind, Object: object, Data: json.RawMessage(data[:end]), Stamp: s.time(), Raw: r.Frame,
		members: d.members[from:len(d.members):len(d.members)]})
	return true
}

// text reads a string behind what leads to it, and keeps one copy of those that
// repeat: ids and types do.
func (d *Decoder) text(b []byte, lead string) (text string, rest []byte, ok bool) {
	if len(b) < len(lead) || string(b[:len(lead)]) != lead {
		return "", nil, false
	}
	n := bytes.IndexByte(b[len(lead):], '"')
	if n < 0 {
		return "", nil, false
	}
	raw, rest := b[len(lead):len(lead)+n], b[len(lead)+n+1:]
	if text, ok = d.names[string(raw)]; ok {
		return text, rest, true
	}
	if text, ok = rawjson.String(b[len(lead)-1 : len(lead)+n+1]); !ok || n > maxNameBytes {
		return text, rest, ok
	}
	d.keepName(raw, text)
	return text, rest, true
}

type eventValue struct {
	Type   string          `json:"type"`
	Object string          `json:"object"`
	Data   json.RawMessage `json:"data"`
}

type eventParams struct {
	Value eventValue `json:"value"`
}

// read takes the params of an event apart.
func (p *eventParams) read(b []byte) {
	usual := true
	v := &p.Value
	ok := rawjson.Object(b, func(key, inner []byte) {
		if string(key) != "value" {
			return
		}
		found := rawjson.Object(inner, func(key, text []byte) {
			var ok bool
			switch string(key) {
			case "type":
				v.Type, ok = rawjson.String(text)
				usual = usual && ok
			case "object":
				v.Object, ok = rawjson.String(text)
				usual = usual && ok
			case "data":
				v.Data = text
			}
		})
		usual = usual && found
	})
	if !ok || !usual {
		*p = eventParams{}
		_ = json.Unmarshal(b, p) // what it says of the type is asked for
	}
}

// eventStamp are the members of the data that say when.
type eventStamp struct {
	millis, seconds []byte
}

func (s *eventStamp) take(key, v []byte) {
	switch string(key) {
	case "timestampMillis":
		s.millis = v
	case "timestamp":
		s.seconds = v
	}
}

func (d *Decoder) event(r capture.Record, params json.RawMessage) {
	var p eventParams
	p.read(params)
	if p.Value.Type == "" { // nothing can be done with it, whatever the reason
		d.undecoded(r, "an event without a type")
		return
	}
	f := Fact{Kind: KindEvent, Type: p.Value.Type, Object: p.Value.Object, Data: p.Value.Data, Raw: r.Frame}
	var s eventStamp
	if rawjson.Object(p.Value.Data, s.take) {
		f.Stamp = s.time()
	}
	d.emit(r, f)
}

// maxStampMs is the year 9999; beyond it a number is no timestamp.
const maxStampMs = 253402300799999

// time reads timestampMillis (7.x, a string) or timestamp (6.x, seconds).
func (s *eventStamp) time() time.Time {
	if ms, err := strconv.ParseInt(idKey(s.millis), 10, 64); err == nil && ms > 0 && ms < maxStampMs {
		return time.UnixMilli(ms)
	}
	if sec, err := strconv.ParseFloat(idKey(s.seconds), 64); err == nil && sec > 0 && sec < maxStampMs/1000 {
		return time.UnixMilli(int64(sec * 1000))
	}
	return time.Time{}
}
