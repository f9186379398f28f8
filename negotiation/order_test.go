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

const endpoint = "p_kurento.MediaPipeline/e_kurento.WebRtcEndpoint"

// script is a stream written by hand. Server and local clocks differ by an hour.
type script struct {
	log     Log
	reducer *inventory.Reducer
	now     time.Time
}

var began = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

const apart = time.Hour

func newScript() *script {
	return &script{reducer: inventory.NewReducer(""), now: began}
}

func (s *script) feed(f wire.Fact) {
	s.log.Feed(f)
	s.reducer.Apply(f)
}

// call completes a call at ms after the beginning, by the local clock.
func (s *script) call(ms int, method, operation string, params, result any) {
	s.fail(ms, method, operation, params, result, nil)
}

func (s *script) fail(ms int, method, operation string, params, result any, err *wire.RPCError) {
	p, _ := json.Marshal(params)
	r, _ := json.Marshal(result)
	s.now = began.Add(time.Duration(ms) * time.Millisecond)
	s.feed(wire.Fact{Kind: wire.KindCall, Method: method, Operation: operation, Object: endpoint, Params: p, Result: r, Err: err, At: s.now})
}

func (s *script) subscribe(ms int, types ...string) {
	for _, t := range types {
		s.call(ms, "subscribe", "", map[string]string{"type": t}, "1")
	}
}

// event arrives at ms after the beginning; the server stamps it with stamp.
func (s *script) event(ms, stamp int, name, data string) {
	s.now = began.Add(time.Duration(ms) * time.Millisecond)
	s.feed(wire.Fact{Kind: wire.KindEvent, Type: name, Object: endpoint, Data: json.RawMessage(data), At: s.now,
		Stamp: began.Add(apart + time.Duration(stamp)*time.Millisecond)})
}

func (s *script) ice(ms, stamp int, state string) {
	s.event(ms, stamp, "IceComponentStateChanged", fmt.Sprintf(`{"streamId":1,"componentId":1,"state":%q}`, state))
}

func (s *script) of(ms int) Negotiation {
	s.now = began.Add(time.Duration(ms) * time.Millisecond)
	return Of(s.reducer.Snapshot().Object(endpoint), s.log.History(endpoint), s.now)
}

func check1(t *testing.T, n Negotiation, s Step, want Status, note string) Check {
	t.Helper()
	c := n.Checklist.Check(s)
	if c.Status != want || !strings.Contains(c.Note, note) || (note == "") != (c.Note == "") {
		t.Errorf("%s: %s %q, want %s %q", s, c.Status, c.Note, want, note)
	}
	return c
}

var allEvents = []string{"IceComponentStateChanged", "IceCandidateFound", "IceGatheringDone", "NewCandidatePairSelected", "DtlsConnectionStateChange", "MediaStateChanged", "MediaFlowOutStateChanged"}

func (s *script) healthyUntilConnecting() {
	s.subscribe(0, allEvents...)
	s.event(10, 10, "MediaSessionStarted", `{}`)
	s.ice(20, 20, "GATHERING")
	s.event(22, 22, "IceCandidateFound", `{"candidate":{"candidate":"candidate:1 1 UDP 5 10.0.0.1 5000 typ host","sdpMid":"0"}}`)
	s.event(23, 23, "IceGatheringDone", `{}`)
	s.ice(24, 24, "CONNECTING")
}

const pairData = `{"candidatePair":{"streamId":"1","componentId":1,"localCandidate":"candidate:1 1 UDP 5 10.0.0.1 5000 typ host","remoteCandidate":"candidate:2 1 UDP 5 10.0.0.2 6000 typ prflx raddr 10.0.0.9 rport 1"}}`

func TestOrder(t *testing.T) {
	t.Run("events out of order", func(t *testing.T) {
		s := newScript()
		s.healthyUntilConnecting()
		s.ice(1001, 1001, "READY")
		s.ice(1002, 1000, "CONNECTED")
		s.event(1003, 1000, "NewCandidatePairSelected", pairData)
		s.event(1010, 1010, "DtlsConnectionStateChange", `{"streamId":"1","componentId":"[x]","state":"CONNECTED"}`)
		n := s.of(2000)
		if n.Checklist.ZeroIs != "gathering" || !n.Checklist.Zero.Equal(began.Add(apart+20*time.Millisecond)) {
			t.Errorf("zero is %s %s", n.Checklist.ZeroIs, n.Checklist.Zero)
		}
		check1(t, n, StepGathering, Done, "")
		check1(t, n, StepReady, Done, `arrived before "connected"`)
		check1(t, n, StepConnected, Done, `arrived before "pair selected"`)
		check1(t, n, StepPair, Done, "")
		if c := check1(t, n, StepDTLS, Done, ""); c.Took != 10*time.Millisecond || c.From != StepConnected || c.After != 990*time.Millisecond {
			t.Errorf("%+v", c)
		}
		check1(t, n, StepMedia, Missing, "not within 998 ms after connected")
	})
	t.Run("the server's own stamps contradict", func(t *testing.T) {
		s := newScript()
		s.healthyUntilConnecting()
		s.ice(1000, 1000, "CONNECTED")
		s.ice(1001, 900, "READY")
		if c := check1(t, s.of(2000), StepReady, OutOfOrder, "100 ms before connected"); c.Advice == "" {
			t.Error("no advice")
		}
	})
	t.Run("late", func(t *testing.T) {
		s := newScript()
		s.healthyUntilConnecting()
		s.ice(12000, 12000, "CONNECTED")
		if c := check1(t, s.of(13000), StepConnected, Late, "11.976 s after connecting"); c.Advice == "" {
			t.Error("no advice")
		}
	})
	t.Run("nobody listened", func(t *testing.T) {
		s := newScript()
		s.call(0, "invoke", "getLocalSessionDescriptor", nil, answerSDP)
		n := s.of(9000)
		for _, c := range n.Checklist.Checks {
			if c.Status != NotKnown || c.Note == "" {
				t.Errorf("%+v", c)
			}
		}
		if got := rules(n.Findings, Warning); len(got) != 0 {
			t.Errorf("%v", got)
		}
	})
	t.Run("readings alone", func(t *testing.T) {
		s := newScript()
		s.call(0, "invoke", "getIceConnectionState", nil, []map[string]any{{"streamId": "1", "componentId": 1, "state": "READY"}})
		s.subscribe(1, allEvents...)
		n := s.of(9000)
		check1(t, n, StepReady, Done, "known from IceConnectionState alone")
		check1(t, n, StepDTLS, NotKnown, `when "connected" happened is not known`)
	})
	t.Run("gatherCandidates was not called", func(t *testing.T) {
		s := newScript()
		s.subscribe(0, allEvents...)
		s.event(10, 10, "MediaSessionStarted", `{}`)
		n := s.of(6010)
		if c := check1(t, n, StepGathering, Missing, "not within 6 s after the exchange of descriptions"); !strings.Contains(c.Advice, "gatherCandidates") {
			t.Error(c.Advice)
		}
		check1(t, n, StepCandidate, Missing, `waits for "gathering"`)
	})
	t.Run("subscribed too late", func(t *testing.T) {
		s := newScript()
		s.subscribe(0, allEvents[0])
		s.ice(20, 20, "GATHERING")
		s.ice(24, 24, "CONNECTING")
		s.subscribe(1000, allEvents[1:]...)
		n := s.of(6010)
		check1(t, n, StepCandidate, NotKnown, "the subscription to IceCandidateFound came late")
		check1(t, n, StepPair, NotKnown, "came late")
		check1(t, n, StepConnected, Missing, "not within 5.986 s after connecting")
	})
	t.Run("names of 6.x", func(t *testing.T) {
		s := newScript()
		s.subscribe(0, "OnIceComponentStateChanged")
		s.event(20, 20, "OnIceComponentStateChanged", `{"streamID":1,"componentID":1,"state":"GATHERING"}`)
		s.event(21, 21, "OnIceGatheringDone", `{}`)
		n := s.of(100)
		check1(t, n, StepGathering, Done, "")
		check1(t, n, StepGatheringDone, Done, "")
	})
	t.Run("an RtpEndpoint has no such order", func(t *testing.T) {
		n := Of(&inventory.Object{ID: "p/x_kurento.RtpEndpoint", Type: "RtpEndpoint"}, History{}, began)
		if len(n.Checklist.Checks) != 0 || len(n.Findings) != 0 {
			t.Errorf("%+v", n)
		}
	})
}

func TestMedians(t *testing.T) {
	var all []Negotiation
	for _, after := range []time.Duration{30 * time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond} {
		all = append(all, Negotiation{Checklist: Checklist{Checks: []Check{
			{Step: StepReady, At: began, After: after}, {Step: StepDTLS, Status: Missing},
		}}})
	}
	got := Medians(all)
	if len(got) != 1 || got[StepReady] != 20*time.Millisecond {
		t.Errorf("%v", got)
	}
}

func TestDescriptionsOfCalls(t *testing.T) {
	s := newScript()
	s.call(0, "create", "", map[string]string{"type": "WebRtcEndpoint"}, endpoint)
	s.fail(1, "invoke", "processOffer", map[string]string{"offer": "garbage"}, nil, &wire.RPCError{Code: 40201, Message: "Invalid SDP"})
	s.call(2, "invoke", "generateOffer", nil, crlf(offerSDP))
	s.call(3, "invoke", "processAnswer", map[string]string{"answer": crlf(answerSDP)}, crlf(offerSDP))
	s.call(4, "invoke", "getLocalSessionDescriptor", nil, crlf(offerSDP))
	later := crlf(offerSDP + "a=candidate:1 1 udp 5 10.0.0.1 5 typ host\n")
	s.call(5, "invoke", "getLocalSessionDescriptor", nil, later)
	s.fail(6, "invoke", "getRemoteSessionDescriptor", nil, nil, &wire.RPCError{Code: 40203, Message: "No remote SDP"})
	n := s.of(10)
	var got []string
	for _, v := range n.Descriptions {
		got = append(got, fmt.Sprint(v.Side, " ", v.Role, " ", v.Operation, " ", v.Refused))
	}
	want := "remote offer processOffer Invalid SDP|local offer generateOffer |remote answer processAnswer |local offer getLocalSessionDescriptor "
	if strings.Join(got, "|") != want {
		t.Errorf("%s", strings.Join(got, "|"))
	}
	if n.LocalDescription.Raw != later || n.RemoteDescription.Raw != crlf(answerSDP) {
		t.Error("the newest descriptions are others")
	}
	if r := rules(n.Findings, Warning); r["sdp.refused"] != 1 || r["sdp.no-candidates"] != 1 || len(r) != 2 {
		t.Errorf("%v", n.Findings)
	}
	h := s.log.History(endpoint)
	if !h.CreateSeen || !h.CallsVisible() {
		t.Errorf("%+v", h)
	}
}

// Whatever a client does, an endpoint's history stays small.
func TestLogIsBounded(t *testing.T) {
	s := newScript()
	for i := range 200 {
		s.call(i, "invoke", "getLocalSessionDescriptor", nil, fmt.Sprintf("v=0\r\ns=%d\r\n", i))
	}
	h := s.log.History(endpoint)
	if len(h.Said) != maxSaid || h.Said[0].Text != "v=0\r\ns=0\r\n" || h.Said[maxSaid-1].Text != "v=0\r\ns=199\r\n" {
		t.Errorf("%d descriptions, from %q", len(h.Said), h.Said[0].Text)
	}
	s.call(300, "invoke", "getLocalSessionDescriptor", nil, "v=0\r\n"+strings.Repeat("x", maxDescriptionBytes))
	h = s.log.History(endpoint)
	if last := h.Said[len(h.Said)-1]; last.Text != "" || last.Refused == "" {
		t.Errorf("%.50q", last.Text)
	}
	var log Log
	for i := range maxEndpoints + 10 {
		log.Feed(wire.Fact{Kind: wire.KindEvent, Type: "IceGatheringDone", Object: fmt.Sprintf("p/%d_kurento.WebRtcEndpoint", i)})
	}
	if len(log.byID) > maxEndpoints || len(log.byID) != len(log.order) {
		t.Errorf("%d endpoints, %d in order", len(log.byID), len(log.order))
	}
	log.Feed(wire.Fact{Kind: wire.KindEvent, Type: "IceGatheringDone", Object: "p/x_kurento.Composite"})
	if log.byID["p/x_kurento.Composite"] != nil {
		t.Error("a Composite does not negotiate")
	}
}

// A History that was handed out does not change any more.
func TestHistoryIsACopy(t *testing.T) {
	s := newScript()
	s.healthyUntilConnecting()
	h := s.log.History(endpoint)
	said, marks, subscribed := len(h.Said), len(h.Marks), len(h.Subscribed)
	s.ice(1000, 1000, "CONNECTED")
	s.subscribe(1001, "Error")
	s.call(1002, "invoke", "generateOffer", nil, offerSDP)
	if len(h.Said) != said || len(h.Marks) != marks || len(h.Subscribed) != subscribed {
		t.Error("it changed")
	}
}
