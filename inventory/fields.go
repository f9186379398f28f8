package inventory

import (
	"bytes"
	"encoding/json"
	"strconv"

	"kmscope/rawjson"
	"kmscope/wire"
)

// The data of an event is read by walking its members: encoding/json took nine
// tenths of the time of an event. What is asked of a member is the same: one of
// an unexpected type leaves what was there before, and all the others count.

// read takes the data of a state event.
func (d *LaneWords) read(f *wire.Fact) {
	if !f.Members(func(key, v []byte) {
		switch string(key) {
		case "mediaType":
			takeWord(&d.MediaType, v)
		case "state":
			takeWord(&d.State, v)
		case "newState":
			takeWord(&d.NewState, v)
		case "padName":
			takeWord(&d.PadName, v)
		case "binName":
			takeWord(&d.BinName, v)
		case "streamId":
			(*text)(&d.StreamID).take(v)
		case "componentId":
			(*text)(&d.ComponentID).take(v)
		case "streamID":
			(*text)(&d.StreamID67).take(v)
		case "componentID":
			(*text)(&d.ComponentID67).take(v)
		}
	}) {
		*d = LaneWords{}
	}
}

// read takes the data of any other event.
func (d *eventData) read(f *wire.Fact) {
	if !f.Members(func(key, v []byte) {
		switch string(key) {
		case "object":
			takeWord(&d.Object, v)
		case "objectId":
			takeWord(&d.ObjectID, v)
		case "source":
			takeWord(&d.Source, v)
		case "sink":
			takeWord(&d.Sink, v)
		case "mediaType":
			takeWord(&d.MediaType, v)
		case "sourceMediaDescription":
			takeWord(&d.SourceDesc, v)
		case "sinkMediaDescription":
			takeWord(&d.SinkDesc, v)
		case "candidate":
			d.Candidate.read(v)
		case "candidatePair":
			_ = json.Unmarshal(v, &d.CandidatePair) // also one of an odd shape says something
		case "description":
			takeWord(&d.Description, v)
		case "type":
			takeWord(&d.Type, v)
		}
	}) {
		*d = eventData{}
	}
}

func (c *candidateData) read(data []byte) {
	rawjson.Object(data, func(key, v []byte) {
		switch string(key) {
		case "candidate":
			takeWord(&c.Candidate, v)
		case "sdpMid":
			takeWord(&c.SDPMid, v)
		case "sdpMLineIndex":
			if n, err := strconv.Atoi(string(v)); err == nil {
				c.SDPMLineIndex = n
			}
		}
	})
}

// takeWord takes a string; any other value changes nothing.
func takeWord(s *string, v []byte) {
	if w, ok := wire.Word(v); ok {
		*s = w
	}
}

// take is UnmarshalJSON without reflection.
func (t *text) take(v []byte) {
	if len(v) > 0 && v[0] == '"' {
		takeWord((*string)(t), v)
		return
	}
	if string(v) != "null" {
		*t = text(v)
	}
}

// connectionData is kurento.ElementConnectionData.
type connectionData struct {
	Source     string `json:"source"`
	Sink       string `json:"sink"`
	Type       string `json:"type"`
	SourceDesc string `json:"sourceDescription"`
	SinkDesc   string `json:"sinkDescription"`
}

func (d *connectionData) key() ConnectionKey {
	return connectionKey(d.Source, d.Sink, d.Type, d.SourceDesc, d.SinkDesc)
}

// connections reads a list of them, most of which are polled and say what is known:
// as servers write it in one walk, any other by encoding/json; false is no list.
func (p *pipe) connections(raw []byte) ([]ConnectionKey, bool) {
	if out, ok := p.usualConnections(raw); ok {
		return out, true
	}
	var list []connectionData
	if json.Unmarshal(raw, &list) != nil {
		return nil, false
	}
	out := make([]ConnectionKey, 0, len(list))
	for i := range list {
		out = append(out, list[i].key())
	}
	return out, true
}

func (p *pipe) usualConnections(raw []byte) ([]ConnectionKey, bool) {
	var out []ConnectionKey
	c := rawjson.NewCursor(raw)
	c.Array(func() {
		var d connectionData
		if !c.Object(func(key []byte) {
			var to *string
			switch string(key) {
			case "source":
				to = &d.Source
			case "sink":
				to = &d.Sink
			case "type":
				to = &d.Type
			case "sourceDescription":
				to = &d.SourceDesc
			case "sinkDescription":
				to = &d.SinkDesc
			case "__module__", "__type__":
				return
			default:
				c.Stop() // encoding/json knows more ways to write a key
				return
			}
			var ok bool
			if *to, ok = p.word(c.Skip()); !ok {
				c.Stop()
			}
		}) {
			c.Stop()
		}
		out = append(out, d.key())
	})
	return out, c.Done()
}

// word decodes a string; the ids of a pipeline's objects cost no memory of their own.
func (p *pipe) word(quoted []byte) (string, bool) {
	if len(quoted) > 1 && quoted[0] == '"' {
		if o := p.objects[string(quoted[1:len(quoted)-1])]; o != nil && bytes.IndexByte(quoted, '\\') < 0 {
			return o.ID, true
		}
	}
	return wire.Word(quoted)
}
