package inventory

import (
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
