package kmd

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
)

func TestEventName(t *testing.T) {
	for in, want := range map[string]string{
		"OnIceCandidate": "IceCandidateFound", "MediaFlowInStateChange": "MediaFlowInStateChanged", "Error": "Error", "": "",
		"IceCandidateFound": "IceCandidateFound", "DtlsConnectionStateChange": "DtlsConnectionStateChange",
		"DtlsConnectionStateChanged": "DtlsConnectionStateChange", "IceComponentStateChange": "IceComponentStateChanged",
		"MediaFlowOutStateChang?": "MediaFlowOutStateChang?", string(make([]byte, 100)): string(make([]byte, 100)),
	} {
		if got := EventName(in); got != want {
			t.Errorf("EventName(%s) = %s", in, got)
		}
	}
	want := []string{"IceGatheringDone", "Error", "OnIceGatheringDone"}
	if got := EventNames("IceGatheringDone", "Error"); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// TestEventNamesOfGenerations holds that the names which the built-in descriptions
// give to the events of older servers are known here.
func TestEventNamesOfGenerations(t *testing.T) {
	var generations []generation
	if err := json.Unmarshal(builtinGenerations, &generations); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, g := range generations {
		for _, names := range []map[string]string{g.Renamed, g.Also} {
			for name, old := range maps.All(names) {
				if !slices.Contains(EventNames(name), old) {
					continue // a member of a class, or a struct
				}
				n++
				if EventName(old) != name {
					t.Errorf("%s of %s: %s", old, g.Name, EventName(old))
				}
			}
		}
		for name, old := range g.Also { // events alone
			if EventName(old) != name {
				t.Errorf("%s of %s: %s", old, g.Name, EventName(old))
			}
		}
	}
	if n < 16 {
		t.Errorf("%d names", n)
	}
}
