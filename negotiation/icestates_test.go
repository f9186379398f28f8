package negotiation_test

import (
	"testing"
	"time"

	"kmscope/negotiation"
)

func TestICEPathOf(t *testing.T) {
	begin := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	at := func(ms int) time.Time { return begin.Add(time.Duration(ms) * time.Millisecond) }
	p := negotiation.ICEPathOf([]negotiation.Visit{
		{"DISCONNECTED", at(0), at(5)},
		{"GATHERING", at(5), at(15)},
		{"CONNECTING", at(15), at(315)},
		{"CONNECTED", at(315), at(320)},
		{"READY", at(320), at(1320)},
		{"CONNECTED", at(1320), at(1330)},
		{"READY", at(1330), at(2330)},
		{"GATHERING", at(2330), at(2340)},
		{"SINGING", at(2340), at(2341)},
	})
	stays := map[string]negotiation.ICEStay{}
	for _, s := range p.Stays {
		stays[s.State] = s
	}
	for state, want := range map[string]negotiation.ICEStay{
		"DISCONNECTED": {Visits: 1, Total: 5 * time.Millisecond},
		"CONNECTED":    {Visits: 2, Total: 15 * time.Millisecond},
		"READY":        {Visits: 2, Total: 2 * time.Second},
		"FAILED":       {},
		"SINGING":      {Visits: 1, Total: time.Millisecond, Current: true},
	} {
		want.State = state
		if stays[state] != want {
			t.Errorf("%+v, want %+v", stays[state], want)
		}
	}
	taken := map[string]negotiation.ICETransition{}
	for _, x := range p.Transitions {
		taken[x.From+">"+x.To] = x
	}
	for key, want := range map[string]struct {
		way   negotiation.Way
		count int
		took  time.Duration
	}{
		"CONNECTING>CONNECTED": {negotiation.WayGood, 1, 300 * time.Millisecond},
		"CONNECTED>READY":      {negotiation.WayGood, 2, 10 * time.Millisecond},
		"READY>CONNECTED":      {negotiation.WayBack, 1, time.Second},
		"READY>GATHERING":      {negotiation.WayUndocumented, 1, time.Second},
		"CONNECTING>FAILED":    {negotiation.WayFailure, 0, 0},
	} {
		if x := taken[key]; x.Way != want.way || x.Count != want.count || x.Took != want.took {
			t.Errorf("%s: %+v, want %+v", key, x, want)
		}
	}
	if again := negotiation.ICEPathOf(nil); again.Stays[0].Visits != 0 || again.Transitions[0].Count != 0 {
		t.Error("a path leaves its marks on the next")
	}
}
