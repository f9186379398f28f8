package inventory

import (
	"encoding/json"

	"kmscope/wire"
)

// LaneEvent gives the lane of an object that an event changes, and the state's
// word by the event; "" and "" for events that change no lane. It knows the
// names of 6.x and of 7.x, and is pure: any goroutine.
func LaneEvent(f *wire.Fact) (Lane, string) {
	name := f.Event()
	if !isLaneEvent(name) {
		return "", ""
	}
	var d LaneWords
	d.read(f)
	return d.Lane(name)
}

// LaneReading is the state of one lane as a call read it.
type LaneReading struct {
	Lane  Lane
	Value string
}

// LaneReadings gives the states that a completed call read (getMediaState,
// getIceConnectionState, isMediaFlowingIn, ...); nil for any other fact. It is
// pure: any goroutine.
func LaneReadings(f *wire.Fact) []LaneReading {
	if f.Kind != wire.KindCall || f.Method != "invoke" || f.Err != nil || f.Object == ManagerID {
		return nil
	}
	switch f.Operation {
	case "isMediaFlowingIn":
		return readFlow("flow-in", "FLOWING", f)
	case "isMediaFlowingOut":
		return readFlow("flow-out", "FLOWING", f)
	case "isMediaTranscoding":
		return readFlow("transcoding", "TRANSCODING", f)
	case "getMediaState":
		return readWord(LaneMedia, f)
	case "getConnectionState":
		return readWord(LaneConnection, f)
	case "getState":
		return readWord(LaneURI, f)
	case "getIceConnectionState":
		return readComponents(iceLane, f)
	case "getDtlsConnectionState":
		return readComponents(dtlsLane, f)
	}
	return nil
}

func readFlow(kind, yes string, f *wire.Fact) []LaneReading {
	var q struct {
		MediaType string `json:"mediaType"`
		Sink      string `json:"sinkMediaDescription"`
		Source    string `json:"sourceMediaDescription"`
		Bin       string `json:"binName"`
	}
	var v bool
	if json.Unmarshal(f.Params, &q) != nil || q.MediaType == "" || json.Unmarshal(f.Result, &v) != nil {
		return nil
	}
	word := yes
	if !v {
		word = "NOT_" + yes
	}
	return []LaneReading{{padLane(kind, q.MediaType, q.Sink+q.Source+q.Bin), word}}
}

func readWord(lane Lane, f *wire.Fact) []LaneReading {
	var word string
	if json.Unmarshal(f.Result, &word) != nil || word == "" {
		return nil
	}
	return []LaneReading{{lane, word}}
}

func readComponents(lane func(stream, component string) Lane, f *wire.Fact) []LaneReading {
	var list []struct {
		StreamID    text   `json:"streamId"`
		ComponentID text   `json:"componentId"`
		State       string `json:"state"`
	}
	if json.Unmarshal(f.Result, &list) != nil {
		return nil
	}
	out := make([]LaneReading, 0, len(list))
	for _, x := range list {
		if x.State != "" {
			out = append(out, LaneReading{lane(string(x.StreamID), string(x.ComponentID)), x.State})
		}
	}
	return out
}
