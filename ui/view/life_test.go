package view

import (
	"encoding/json"
	"testing"
	"time"

	"kmscope/inventory"
	"kmscope/wire"
)

// still is a session of which only the snapshot matters.
type still struct {
	Session
	snapshot *inventory.Snapshot
}

func (s still) Snapshot() *inventory.Snapshot { return s.snapshot }

func TestLastLife(t *testing.T) {
	start := time.UnixMilli(1_795_247_811_000)
	event := func(after time.Duration, typ, field, id string) wire.Fact {
		at := start.Add(after)
		return wire.Fact{Kind: wire.KindEvent, At: at, Stamp: at, Type: typ, Object: inventory.ManagerID, Data: json.RawMessage(`{"` + field + `":"` + id + `"}`)}
	}
	const a, b = "1_kurento.MediaPipeline", "2_kurento.MediaPipeline"
	reduce := func(facts ...wire.Fact) []Session {
		r := inventory.NewReducer("")
		for _, f := range facts {
			r.Apply(f)
		}
		return []Session{still{snapshot: r.Snapshot()}}
	}
	made := []wire.Fact{event(0, "ObjectCreated", "object", a), event(0, "ObjectCreated", "object", b)}
	gone := []wire.Fact{event(5*time.Second, "ObjectDestroyed", "objectId", a), event(9*time.Second, "ObjectDestroyed", "objectId", b)}
	if _, ok := LastLife(reduce()); ok {
		t.Error("nothing ever lived")
	}
	if _, ok := LastLife(reduce(append(made, gone[0])...)); ok {
		t.Error("one is alive")
	}
	at, ok := LastLife(reduce(append(made, gone...)...))
	if want := start.Add(8 * time.Second); !ok || !at.Equal(want) {
		t.Errorf("%v %v, want %v", at, ok, want)
	}
	// A peer that hung up before the application released it belongs to the end.
	const end = b + "/3_kurento.WebRtcEndpoint"
	hungUp := wire.Fact{Kind: wire.KindEvent, At: start.Add(6 * time.Second), Stamp: start.Add(6 * time.Second), Type: "DtlsConnectionStateChange", Object: end,
		Data: json.RawMessage(`{"source":"` + end + `","streamId":"0","componentId":"[rtp/dtlssrtpdec]","connectionId":"x","state":"CLOSED"}`)}
	at, ok = LastLife(reduce(made[0], made[1], event(0, "ObjectCreated", "object", end), hungUp, gone[0],
		event(8*time.Second, "ObjectDestroyed", "objectId", end), gone[1]))
	if want := start.Add(5 * time.Second); !ok || !at.Equal(want) {
		t.Errorf("with a peer that hung up: %v %v, want %v", at, ok, want)
	}
}
