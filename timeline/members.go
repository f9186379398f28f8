package timeline

import (
	"kmscope/inventory"
	"kmscope/wire"
)

// Events come by the ten thousand a second in a storm, and encoding/json with a
// lenient type per field costs ten times what the rest of an entry does. The
// data of an event is one flat object: read walks its members by hand, and what
// is no object says nothing.

// field gives the place of a member, nil for those that nobody needs.
func (d *eventData) field(name []byte) *text {
	switch string(name) {
	case "object":
		return &d.Object
	case "objectId":
		return &d.ObjectID
	case "sink":
		return &d.Sink
	case "mediaType":
		return &d.MediaType
	case "sourceMediaDescription":
		return &d.SourceDesc
	case "sinkMediaDescription":
		return &d.SinkDesc
	case "state":
		return &d.State
	case "oldState":
		return &d.OldState
	case "newState":
		return &d.NewState
	case "padName":
		return &d.PadName
	case "binName":
		return &d.BinName
	case "streamId":
		return &d.StreamID
	case "streamID":
		return &d.StreamID67
	case "componentId":
		return &d.ComponentID
	case "componentID":
		return &d.ComponentID67
	case "connectionId":
		return &d.ConnectionID
	case "channelId":
		return &d.ChannelID
	case "channelID":
		return &d.ChannelID67
	case "type":
		return &d.Type
	case "description":
		return &d.Description
	case "errorCode":
		return &d.ErrorCode
	case "codeType":
		return &d.CodeType
	case "value":
		return &d.Value
	}
	return nil
}

// read takes the data of an event.
func (d *eventData) read(f *wire.Fact) {
	ok := f.Members(func(name, raw []byte) {
		switch string(name) {
		case "candidate":
			d.Candidate = raw
		case "candidatePair":
			d.CandidatePair = raw
		case "source":
			d.Source = raw
		default:
			if t := d.field(name); t != nil {
				t.take(raw)
			}
		}
	})
	if !ok {
		*d = eventData{}
	}
}

// lane gives the lane of an object that the event changes, and the state's word;
// "" and "" where it changes none. The event has its name of 7.x.
func (d *eventData) lane(event string) (inventory.Lane, string) {
	w := inventory.LaneWords{MediaType: string(d.MediaType), State: string(d.State), NewState: string(d.NewState), PadName: string(d.PadName), BinName: string(d.BinName),
		StreamID: string(d.StreamID), ComponentID: string(d.ComponentID), StreamID67: string(d.StreamID67), ComponentID67: string(d.ComponentID67)}
	return w.Lane(event)
}

// take is UnmarshalJSON without reflection for the plain case.
func (t *text) take(raw []byte) {
	if len(raw) > 0 && raw[0] == '"' {
		w, _ := wire.Word(raw)
		*t = text(w)
		return
	}
	_ = t.UnmarshalJSON(raw)
}
