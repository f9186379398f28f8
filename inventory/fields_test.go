package inventory

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kmscope/rawjson"
	"kmscope/wire"
)

// FuzzEventData holds the walks over the data of an event to what encoding/json
// gives for each member.
func FuzzEventData(f *testing.F) {
	for _, data := range []string{
		`{"mediaType":"VIDEO","padName":"default","state":"FLOWING","streamId":1,"componentId":"1"}`,
		`{"streamID":"2","componentID":null,"newState":7,"binName":["x"],"state":"a\u00e9"}`,
		`{"candidate":{"candidate":"candidate:1 1 UDP","sdpMid":"0","sdpMLineIndex":3}}`,
		`{"candidate":"text","candidatePair":{"streamID":1,"localCandidate":"x"}}`,
		`{"candidate":{"sdpMLineIndex":"3","sdpMid":1},"object":"a","objectId":"b","source":null}`,
		`{"candidate":{"sdpMLineIndex":1e2,"candidate":null}}`, `null`, `[]`, `{"state":"FLOWING"`,
	} {
		f.Add([]byte(data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var lane LaneWords
		lane.read(&wire.Fact{Data: data})
		var other eventData
		other.read(&wire.Fact{Data: data})
		m, ok := membersOf(data)
		if !ok {
			if !json.Valid(data) && (lane != (LaneWords{}) || other != (eventData{})) {
				t.Fatalf("something was read from what is no JSON: %+v %+v", lane, other)
			}
			return
		}
		want := LaneWords{
			MediaType: m.str("mediaType"), State: m.str("state"), NewState: m.str("newState"), PadName: m.str("padName"), BinName: m.str("binName"),
			StreamID: string(m.text("streamId")), ComponentID: string(m.text("componentId")), StreamID67: string(m.text("streamID")), ComponentID67: string(m.text("componentID")),
		}
		if d := cmp.Diff(want, lane); d != "" {
			t.Error(d)
		}
		all := eventData{
			Object: m.str("object"), ObjectID: m.str("objectId"), Source: m.str("source"), Sink: m.str("sink"), MediaType: m.str("mediaType"),
			SourceDesc: m.str("sourceMediaDescription"), SinkDesc: m.str("sinkMediaDescription"), Description: m.str("description"), Type: m.str("type"),
		}
		_ = json.Unmarshal(m["candidatePair"], &all.CandidatePair)
		if c, ok := membersOf(m["candidate"]); ok {
			all.Candidate = candidateData{Candidate: c.str("candidate"), SDPMid: c.str("sdpMid")}
			_ = json.Unmarshal(c["sdpMLineIndex"], &all.Candidate.SDPMLineIndex)
		} else {
			all.Candidate = other.Candidate
		}
		if d := cmp.Diff(all, other); d != "" {
			t.Error(d)
		}
	})
}

type fields map[string]json.RawMessage

// membersOf gives the members of an object; false for any other value, and where
// a name is there twice: then the last counts, unless its value is an odd one.
func membersOf(data []byte) (fields, bool) {
	var m fields
	named := 0
	rawjson.Object(data, func(_, _ []byte) { named++ })
	err := json.Unmarshal(data, &m)
	return m, err == nil && m != nil && named == len(m)
}

func (m fields) str(name string) (s string) {
	_ = json.Unmarshal(m[name], &s)
	return s
}

func (m fields) text(name string) (s text) {
	_ = json.Unmarshal(m[name], &s)
	return s
}

// FuzzConnections holds the walk over a list of connections to encoding/json.
func FuzzConnections(f *testing.F) {
	for _, raw := range []string{
		`[{"__module__":"kurento","__type__":"ElementConnectionData","sink":"a","sinkDescription":"default","source":"b","sourceDescription":"x","type":"VIDEO"}]`,
		`[]`, `null`, `[null]`, `[{}]`, `[{"sink":null}]`, `[{"Sink":"a"}]`, `[{"sink":"a","sink":"b\u0041"}]`, `[{"type":"AUDIO"},7]`, `[{"sink":"\\n"}`, `{}`,
	} {
		f.Add([]byte(raw))
	}
	p := &pipe{objects: map[string]*object{"a": {Object: &Object{ID: "a"}}, `\n`: {Object: &Object{ID: `\n`}}}}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, ok := p.usualConnections(raw)
		if !ok {
			return
		}
		var list []connectionData
		if err := json.Unmarshal(raw, &list); err != nil || len(list) != len(got) {
			t.Fatalf("%q: %d connections, encoding/json gives %d: %v", raw, len(got), len(list), err)
		}
		for i := range list {
			if list[i].key() != got[i] {
				t.Errorf("%q: %v, want %v", raw, got[i], list[i].key())
			}
		}
	})
}
