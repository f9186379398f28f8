package inventory

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"kmscope/wire"
)

// LaneWords holds what the events of state lanes need (kurento.MediaFlowInStateChanged
// and the like). They are by far the most frequent: that their decoding does not
// build the strings of the other events nearly doubles the rate. Of the ids those
// that end with 67 are as 6.7 spells them; numbers are taken as their text, for
// streamId is an int in one event and a string in the next.
type LaneWords struct {
	MediaType, State, NewState, PadName, BinName string

	StreamID, ComponentID     string
	StreamID67, ComponentID67 string
}

// Lane gives the lane that an event with these words changes, by its name in
// 7.x, and the state's word; "" and "" for an event that changes no lane. Any
// goroutine.
func (d *LaneWords) Lane(event string) (Lane, string) {
	lane, word := d.lane(event)
	if word == "" {
		return "", ""
	}
	return lane, word
}

func (d *LaneWords) lane(event string) (Lane, string) {
	switch event {
	case "MediaFlowInStateChanged":
		return padLane("flow-in", d.MediaType, d.PadName), d.State
	case "MediaFlowOutStateChanged":
		return padLane("flow-out", d.MediaType, d.PadName), d.State
	case "MediaTranscodingStateChanged":
		return padLane("transcoding", d.MediaType, d.BinName), d.State
	case "MediaStateChanged":
		return LaneMedia, d.NewState
	case "ConnectionStateChanged":
		return LaneConnection, d.NewState
	case "IceComponentStateChanged":
		return iceLane(cmp.Or(d.StreamID, d.StreamID67), cmp.Or(d.ComponentID, d.ComponentID67)), d.State
	case "DtlsConnectionStateChange":
		return dtlsLane(cmp.Or(d.StreamID, d.StreamID67), cmp.Or(d.ComponentID, d.ComponentID67)), d.State
	case "UriEndpointStateChanged":
		return LaneURI, d.State
	case "Recording":
		return LaneRecorder, "RECORDING"
	case "Paused":
		return LaneRecorder, "PAUSED"
	case "Stopped":
		return LaneRecorder, "STOPPED"
	}
	return "", ""
}

// isLaneEvent tells the events of state lanes.
func isLaneEvent(name string) bool {
	switch name {
	case "MediaFlowInStateChanged", "MediaFlowOutStateChanged", "MediaTranscodingStateChanged", "MediaStateChanged", "ConnectionStateChanged",
		"IceComponentStateChanged", "DtlsConnectionStateChange", "UriEndpointStateChanged", "Recording", "Paused", "Stopped":
		return true
	}
	return false
}

// eventData holds the fields of the other events.
type eventData struct {
	Object   string // ObjectCreated
	ObjectID string // ObjectDestroyed

	Source, Sink, MediaType, SourceDesc, SinkDesc string

	Candidate     candidateData
	CandidatePair pairData

	Description, Type string
}

type candidateData struct {
	Candidate     string `json:"candidate"`
	SDPMid        string `json:"sdpMid"`
	SDPMLineIndex int    `json:"sdpMLineIndex"`
}

type pairData struct {
	StreamID        text   `json:"streamId"`
	StreamID67      text   `json:"streamID"`
	ComponentID     text   `json:"componentId"`
	ComponentI67    text   `json:"componentID"`
	LocalCandidate  string `json:"localCandidate"`
	RemoteCandidate string `json:"remoteCandidate"`
}

// text takes a JSON string, number or boolean as text.
type text string

// UnmarshalJSON implements json.Unmarshaler; it never fails.
func (t *text) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		var s string
		if json.Unmarshal(b, &s) == nil {
			*t = text(s)
		}
		return nil
	}
	if string(b) != "null" {
		*t = text(b)
	}
	return nil
}

func first(a, b text) string {
	if a != "" {
		return string(a)
	}
	return string(b)
}

// maxCandidates and maxPairs bound what is kept per object.
const (
	maxCandidates = 256
	maxPairs      = 64
)

func (s *Reducer) applyEvent(f *wire.Fact) {
	name := f.Event()
	if isLaneEvent(name) {
		s.applyLaneEvent(f, name)
		return
	}
	var d eventData
	d.read(f)
	when := f.Stamp
	if when.IsZero() {
		when = f.At
	}
	switch name {
	case "ObjectCreated":
		if p, o := s.ensure(d.Object, f.At); o != nil && o.CreatedAt.IsZero() {
			s.edit(p, o).CreatedAt = when
		}
		return
	case "ObjectDestroyed":
		id := d.ObjectID
		if id == "" {
			id = d.Object
		}
		if p, o := s.ensure(id, f.At); o != nil {
			if o.Death == deathNotFound { // a call that came while it went was answered first
				s.edit(p, o).Death = deathDestroyed
			}
			s.kill(p, o, when, deathDestroyed)
		}
		return
	}
	id := f.Object
	if id == "" {
		id = d.Source
	}
	p, o := s.ensure(id, f.At)
	if o == nil || !o.Alive() {
		return
	}
	switch name {
	case "ElementConnected", "ElementDisconnected":
		k := connectionKey(d.Source, d.Sink, d.MediaType, d.SourceDesc, d.SinkDesc)
		s.applyConnectionEvent(k, name == "ElementConnected", f, when)
	case "IceCandidateFound":
		s.addLocalCandidate(p, o, d.Candidate, when)
	case "IceGatheringDone":
		s.edit(p, o).GatheringDone = true
	case "NewCandidatePairSelected":
		s.addPair(p, o, d.CandidatePair, when)
	case "Error":
		e := s.edit(p, o)
		e.Errors++
		e.LastErrorAt = when
		e.LastError = strings.TrimSpace(d.Type + ": " + d.Description)
	}
}

func (s *Reducer) applyLaneEvent(f *wire.Fact, name string) {
	var d LaneWords
	d.read(f)
	lane, word := d.Lane(name)
	if p, o := s.ensure(f.Object, f.At); o != nil && o.Alive() && lane != "" {
		s.setLane(p, o, lane, word, f)
	}
}

func padLane(kind, media, pad string) Lane {
	if pad == "" || pad == "default" {
		// Nearly every event is one of these: they cost no memory.
		switch {
		case kind == "flow-in" && media == "AUDIO":
			return "flow-in/AUDIO"
		case kind == "flow-in" && media == "VIDEO":
			return "flow-in/VIDEO"
		case kind == "flow-out" && media == "AUDIO":
			return "flow-out/AUDIO"
		case kind == "flow-out" && media == "VIDEO":
			return "flow-out/VIDEO"
		}
	}
	l := Lane(kind + "/" + media)
	if pad != "" && pad != "default" {
		l += Lane("/" + pad)
	}
	return l
}

func iceLane(stream, component string) Lane {
	if component == "1" {
		switch stream {
		case "0":
			return "ice/0/1"
		case "1":
			return "ice/1/1"
		case "2":
			return "ice/2/1"
		}
	}
	return Lane("ice/" + stream + "/" + component)
}

func dtlsLane(stream, component string) Lane { return Lane("dtls/" + stream + "/" + component) }

// iceRank orders the states of one component that carry equal timestamps.
var iceRank = map[string]int{"GATHERING": 1, "CONNECTING": 2, "CONNECTED": 3, "READY": 4}

// dtlsRank does so for a DTLS connection; CLOSED and FAILED may follow any of
// these and are taken as they come.
var dtlsRank = map[string]int{"NEW": 1, "CONNECTING": 2, "CONNECTED": 3}

func orderOf(lane Lane) map[string]int {
	switch {
	case strings.HasPrefix(string(lane), "ice/"):
		return iceRank
	case strings.HasPrefix(string(lane), "dtls/"):
		return dtlsRank
	}
	return nil
}

// maxLanes bounds the lanes of one object: a server cannot make it grow for ever.
const maxLanes = 512

// setLane takes the word of an event; see the essay in reducer.go.
func (s *Reducer) setLane(p *pipe, o *object, lane Lane, value string, f *wire.Fact) {
	old, known := o.States[lane]
	if !known && len(o.States) >= maxLanes {
		return
	}
	if f.Stamp.Before(old.stamp) {
		return
	}
	if f.Stamp.Equal(old.stamp) && !f.Stamp.IsZero() {
		rank := orderOf(lane)
		was, is := rank[old.Value], rank[value]
		if was > 0 && is > 0 && is < was {
			return
		}
	}
	since := f.Stamp
	if since.IsZero() {
		since = f.At
	}
	if known && old.Value == value && old.Source == FromEvent {
		since = old.Since
	}
	s.editStates(p, o)[lane] = State{Value: value, Since: since, Source: FromEvent, stamp: f.Stamp, arrived: f.At}
}

// readLane takes the value of a read whose request was sent at asked.
func (s *Reducer) readLane(p *pipe, o *object, lane Lane, value string, asked, at time.Time) {
	old, known := o.States[lane]
	if !known && len(o.States) >= maxLanes || old.arrived.After(asked) {
		return
	}
	if known && old.Value == value {
		return
	}
	s.editStates(p, o)[lane] = State{Value: value, Since: at, Source: FromRead, stamp: old.stamp, arrived: old.arrived}
}

func (s *Reducer) applyConnectionEvent(k ConnectionKey, connected bool, f *wire.Fact, when time.Time) {
	p := s.pipes[PipelineOf(k.Source)]
	if p == nil {
		return
	}
	if connected {
		// A disconnection that the server made later has arrived already.
		if f.Stamp.Before(p.gone[k]) {
			return
		}
		s.setConnection(k, connState{since: when, stamp: f.Stamp, arrived: f.At, from: FromEvent})
		return
	}
	if c := p.conns[k]; c != nil && f.Stamp.Before(c.stamp) {
		return
	}
	s.dropConnection(k, f.Stamp)
}

func connectionKey(source, sink, media, sourceDesc, sinkDesc string) ConnectionKey {
	if sourceDesc == "" {
		sourceDesc = "default"
	}
	if sinkDesc == "" {
		sinkDesc = "default"
	}
	return ConnectionKey{Source: source, Sink: sink, Media: Media(media), SourceDesc: sourceDesc, SinkDesc: sinkDesc}
}

func (s *Reducer) addLocalCandidate(p *pipe, o *object, c candidateData, at time.Time) {
	if c.Candidate == "" || len(o.LocalCandidates) >= maxCandidates {
		return
	}
	e := s.edit(p, o)
	e.LocalCandidates = append(e.LocalCandidates, Candidate{Text: c.Candidate, Mid: c.SDPMid, MLine: c.SDPMLineIndex, At: at})
}

func (s *Reducer) addPair(p *pipe, o *object, c pairData, at time.Time) {
	component, _ := strconv.Atoi(first(c.ComponentID, c.ComponentI67))
	pair := Pair{Stream: first(c.StreamID, c.StreamID67), Component: component, Local: c.LocalCandidate, Remote: c.RemoteCandidate, At: at}
	for i := len(o.Pairs) - 1; i >= 0; i-- {
		if x := o.Pairs[i]; x.Stream == pair.Stream && x.Component == pair.Component {
			if x.Local == pair.Local && x.Remote == pair.Remote {
				return
			}
			break
		}
	}
	e := s.edit(p, o)
	if len(e.Pairs) >= maxPairs {
		e.Pairs = append([]Pair(nil), e.Pairs[len(e.Pairs)-maxPairs/2:]...)
	}
	e.Pairs = append(e.Pairs, pair)
}
