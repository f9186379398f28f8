package stats

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"kmscope/inventory"
	"kmscope/wire"
)

// TestTheNewestGoneKeepTheirSeries has elements come, be sampled and go.
func TestTheNewestGoneKeepTheirSeries(t *testing.T) {
	s := NewStore()
	at := base
	id := func(n int) string {
		return fmt.Sprintf("%08d_kurento.MediaPipeline/%08d_kurento.WebRtcEndpoint", n/10, n)
	}
	sample := func(n int) {
		for range 2 {
			at = at.Add(time.Second)
			f := reply(at, "VIDEO", entryOf("inboundrtp", at.UnixMilli(), fmt.Sprint(n), counters(at.UnixMilli()%1e9, 100, 0)))
			f.Object = id(n)
			s.Feed(f)
		}
	}
	leave := func(n int) {
		s.Feed(wire.Fact{Kind: wire.KindEvent, Type: "ObjectDestroyed", Object: ManagerID, At: at, Data: json.RawMessage(fmt.Sprintf(`{"objectId":%q}`, id(n)))})
	}
	check := func(when string) {
		t.Helper()
		checkAccount(t, s)
		known := make(map[string]bool)
		for k := range s.streams {
			known[k.element] = true
		}
		for k := range s.groups {
			known[k.element] = true
		}
		for k := range s.newest {
			known[k.element] = true
		}
		for e := range known {
			if !s.Knows(e) {
				t.Fatalf("%s: of %s only its series were forgotten", when, e)
			}
		}
	}
	const most = inventory.MaxDead + inventory.MaxDead/8
	sample(0) // lives on
	const all = 2 * inventory.MaxDead
	for n := 1; n <= all; n++ {
		sample(n)
		leave(n)
		if len(s.byElement) > most+1 {
			t.Fatalf("after %d went, %d elements have series", n, len(s.byElement))
		}
	}
	check("after all went")
	if !s.Knows(id(0)) || !s.Knows(id(all)) || !s.Knows(id(all-inventory.MaxDead+1)) || s.Knows(id(all-most)) {
		t.Errorf("the living is known: %v, the last: %v", s.Knows(id(0)), s.Knows(id(all)))
	}
	if got := s.Series(Query{Element: id(all), Metrics: []string{Bitrate}}); len(got) != 1 {
		t.Errorf("the last that went has %d lines of its bit rate", len(got))
	}
	if !s.Forgot() {
		t.Error("who draws is not told to ask for what is gone")
	}
	if n := len(s.newest); n > most+1 {
		t.Errorf("%d answers are kept", n)
	}
	// Twice the same news, news of what has no series, and no news at all.
	for _, data := range []string{fmt.Sprintf(`{"objectId":%q}`, id(all)), `{"objectId":"unknown"}`, `{}`, `[]`, ``} {
		s.Feed(wire.Fact{Kind: wire.KindEvent, Type: "ObjectDestroyed", Object: ManagerID, At: at, Data: json.RawMessage(data)})
	}
	check("after odd news")

	// Another process: all of them are gone.
	for n := all + 1; n <= all+inventory.MaxDead; n++ {
		sample(n)
	}
	for _, server := range []string{"one", "two"} {
		s.Feed(wire.Fact{Kind: wire.KindCall, Method: "connect", ServerID: server, At: at})
	}
	check("after a restart")
	if n := len(s.byElement); n != inventory.MaxDead {
		t.Errorf("%d elements have series after a restart", n)
	}
}
