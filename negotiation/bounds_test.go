package negotiation

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"kmscope/inventory"
	"kmscope/wire"
)

// TestTheNewestGoneAreKept has endpoints come and go: those that are gone are forgotten,
// those first that went first, and the living only when there is nothing else.
func TestTheNewestGoneAreKept(t *testing.T) {
	var l Log
	begin := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	endpoint := func(n int) string {
		return fmt.Sprintf("%08d_kurento.MediaPipeline/%08d_kurento.WebRtcEndpoint", n, n)
	}
	sdp := strings.Repeat(`a=candidate:1 1 udp 2130706431 192.0.2.7 5000 typ host\r\n`, 150)
	come := func(n int) {
		at := begin.Add(time.Duration(n) * time.Second)
		params := json.RawMessage(fmt.Sprintf(`{"offer":"%d %s"}`, n, sdp))
		answer := json.RawMessage(fmt.Sprintf(`"%d answer %s"`, n, sdp))
		l.Feed(wire.Fact{Kind: wire.KindCall, Method: "subscribe", Object: endpoint(n), At: at, Params: json.RawMessage(`{"type":"OnIceCandidate"}`)})
		l.Feed(wire.Fact{Kind: wire.KindCall, Method: "invoke", Operation: "processOffer", Object: endpoint(n), At: at, Params: params, Result: answer})
		l.Feed(wire.Fact{Kind: wire.KindEvent, Type: "IceComponentStateChanged", Object: endpoint(n), At: at, Stamp: at, Data: json.RawMessage(`{"state":"READY"}`)})
	}
	leave := func(n int) {
		f := wire.Fact{Kind: wire.KindEvent, Type: "ObjectDestroyed", Object: "manager_ServerManager", Data: json.RawMessage(fmt.Sprintf(`{"objectId":%q}`, endpoint(n)))}
		if n%2 == 0 { // with its pipeline, by a call
			f = wire.Fact{Kind: wire.KindCall, Method: "release", Object: fmt.Sprintf("%08d_kurento.MediaPipeline", n)}
		}
		l.Feed(f)
	}
	check := func(when string) {
		t.Helper()
		sum := 0
		for id, h := range l.byID {
			want := historyCost + len(id) + markCost*(len(h.Subscribed)+len(h.Marks)) + h.said()
			if h.id != id || h.bytes != want {
				t.Fatalf("%s: %s is counted with %d bytes, not %d", when, id, h.bytes, want)
			}
			sum += want
		}
		if sum != l.bytes || sum > maxLogBytes || len(l.order)+len(l.gone) != len(l.byID) {
			t.Fatalf("%s: %d bytes of %d endpoints, counted as %d; %d live, %d are gone", when, sum, len(l.byID), l.bytes, len(l.order), len(l.gone))
		}
	}
	known := func(n int) bool {
		h := l.History(endpoint(n))
		return len(h.Said) == 2
	}
	come(0)
	const all = 2500
	for n := 1; n <= all; n++ {
		come(n)
		leave(n)
		if most := inventory.MaxDead + inventory.MaxDead/8; len(l.gone) > most {
			t.Fatalf("after %d went, %d of them are kept", n, len(l.gone))
		}
	}
	check("after all went")
	if len(l.order) != 1 || !known(0) || known(1) || !known(all) {
		t.Errorf("the living is known: %v, the first that went: %v, the last: %v", known(0), known(1), known(all))
	}
	for n := 1; n < all; n++ {
		if known(n) && !known(n+1) {
			t.Fatalf("number %d is known, but not the one that went after it", n)
		}
	}
	for n := all + 1; n < 2*all; n++ {
		come(n)
	}
	check("with more alive than fit")
	if len(l.gone) != 0 || known(0) || !known(2*all-1) {
		t.Errorf("%d that are gone are kept beside the living", len(l.gone))
	}
	for _, id := range []string{"one", "one", "two"} {
		l.Feed(wire.Fact{Kind: wire.KindCall, Method: "connect", ServerID: id})
	}
	check("after a restart")
	if len(l.order) != 0 || !known(2*all-1) {
		t.Errorf("%d live after a restart", len(l.order))
	}
}
