package kmssim

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

func TestWrongPathAndPlainRequest(t *testing.T) {
	_, url := start(t, Options{})
	ws, _, err := websocket.DefaultDialer.Dial(strings.Replace(url, "/kurento", "/elsewhere", 1), nil)
	if err != nil {
		t.Fatalf("the socket must open: %v", err)
	}
	_, _, err = ws.ReadMessage()
	if !websocket.IsCloseError(err, websocket.CloseProtocolError) || !strings.Contains(err.Error(), "Invalid path") {
		t.Errorf("closed with %v, want 1002 Invalid path", err)
	}
	_ = ws.Close()
	resp, err := http.Get(strings.Replace(url, "ws://", "http://", 1))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if resp.StatusCode != http.StatusUpgradeRequired {
		t.Errorf("a plain request got %s, want 426", resp.Status)
	}
}

// A session begins with its first reference. Until then the server does not know
// it, not even on the socket that it was given to (seen on 7.3.1-dev).
func TestAFreshSessionIsUnknown(t *testing.T) {
	_, url := start(t, Options{})
	c := dial(t, url).connect()
	if text := c.refusal("connect", nil); !strings.Contains(text, "40007") {
		t.Error(text)
	}
	c.call("describe", map[string]any{"object": managerID})
	if again := c.call("connect", nil)["sessionId"]; again != c.session {
		t.Errorf("session %v, want %v", again, c.session)
	}
}

func TestTransactions(t *testing.T) {
	_, url := start(t, Options{})
	c := dial(t, url).connect()
	op := func(id any, method string, params map[string]any) map[string]any {
		return map[string]any{"id": id, "jsonrpc": "2.0", "method": method, "params": params}
	}
	run := func(ops ...any) []any {
		ops = append([]any{}, ops...)
		v, _ := c.call("transaction", map[string]any{"operations": ops})["value"].([]any)
		return v
	}
	v := run(op(0, "create", map[string]any{"type": "MediaPipeline", "constructorParams": map[string]any{}}),
		op(1, "create", map[string]any{"type": "PassThrough", "constructorParams": map[string]any{"mediaPipeline": "newref:0"}}),
		op(2, "invoke", map[string]any{"object": "newref:1", "operation": "getParent"}),
		op(3, "describe", map[string]any{"object": "nope"}),
		op(4, "release", map[string]any{"object": "newref:0"}))
	if len(v) != 4 {
		t.Fatalf("%d replies, want 4: it stops at the first error", len(v))
	}
	if text := fmt.Sprint(v[3]); !strings.Contains(text, "40101") || !strings.Contains(text, "id:3") {
		t.Errorf("the fourth reply is %s", text)
	}
	made := v[0].(map[string]any)["result"].(map[string]any)["value"]
	if parent := v[2].(map[string]any)["result"].(map[string]any)["value"]; parent != made {
		t.Errorf("newref: parent %v, want %v", parent, made)
	}
	if text := c.refusal("transaction", map[string]any{"operations": []any{op(0, "ping", nil), op(2, "ping", nil)}}); !strings.Contains(text, "Id of request '1' should be '1'") {
		t.Error(text)
	}
	if text := c.refusal("transaction", map[string]any{"operations": []any{op(0, "describe", map[string]any{"object": "newref:7"})}}); !strings.Contains(text, "40008") {
		t.Error(text)
	}
	if v := run(); len(v) != 0 {
		t.Errorf("an empty transaction gave %v", v)
	}
}

func TestGetUsedCPUHoldsUpItsOwnConnectionOnly(t *testing.T) {
	clock := NewFakeClock(time.UnixMilli(1795246000000))
	_, url := start(t, Options{Clock: clock})
	slow, other := dial(t, url).connect(), dial(t, url).connect()
	answer := make(chan any, 1)
	go func() { answer <- slow.invoke(managerID, "getUsedCpu", map[string]any{"interval": 1000}) }()
	eventually(t, "the call sleeps", func() bool { return clock.sleeping(time.Second) })
	other.call("ping", nil)
	select {
	case v := <-answer:
		t.Fatalf("answered at once: %v", v)
	default:
	}
	clock.Advance(time.Second)
	if v := <-answer; v == nil {
		t.Error("no figure")
	}
	if v := other.invoke(managerID, "getUsedCpu", map[string]any{"interval": 1}); v != nil {
		t.Errorf("an interval of 1 gave %v, want null", v)
	}
}

func TestTenSleepersBlockEverybody(t *testing.T) {
	clock := NewFakeClock(time.UnixMilli(1795246000000))
	s, url := start(t, Options{Clock: clock})
	done := make(chan struct{}, workerThreads)
	for range workerThreads {
		c := dial(t, url).connect()
		go func() {
			c.invoke(managerID, "getUsedCpu", map[string]any{"interval": 5000})
			done <- struct{}{}
		}()
	}
	eventually(t, "all workers sleep", func() bool { return len(s.workers) == workerThreads })
	other := dial(t, url)
	if m, ok := other.try(1, map[string]any{"jsonrpc": "2.0", "id": 1, "method": "ping"}, 100*time.Millisecond); ok {
		t.Errorf("answered by a busy server: %v", m)
	}
	clock.Advance(5 * time.Second)
	for range workerThreads {
		<-done
	}
	other.call("ping", nil)
}

func TestASlowReaderIsCut(t *testing.T) {
	s, url := start(t, Options{QueueBytes: 1 << 20})
	ws, _, err := websocket.DefaultDialer.Dial(url, nil) // and never reads
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ws.Close() }()
	request := map[string]any{"jsonrpc": "2.0", "id": 1, "method": "subscribe",
		"params": map[string]any{"object": managerID, "type": "Error"}}
	if err := ws.WriteMessage(websocket.TextMessage, encode(request)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the subscription", func() bool { return s.Subscriptions() == 1 })
	app := s.NewApp()
	defer app.Leave()
	eventually(t, "the socket is cut", func() bool {
		app.Fail(managerID, "STORM", 1, strings.Repeat("x", 1<<19))
		return s.Connections() == 0
	})
}

// sleeping tells whether something waits for exactly d more.
func (c *FakeClock) sleeping(d time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.pending {
		if !p.done && p.at.Equal(c.now.Add(d)) {
			return true
		}
	}
	return false
}

func TestASocketHasOneSession(t *testing.T) {
	_, url := start(t, Options{})
	c, app := dial(t, url).connect(), dial(t, url).connect()
	own := c.session
	c.subscribe(managerID, "ObjectCreated")
	// A throw-away session moves the socket away from its own: events are lost
	// until the own session is used again.
	c.call("describe", map[string]any{"object": managerID, "sessionId": "burst"})
	app.create("MediaPipeline", nil)
	c.call("describe", map[string]any{"object": managerID, "sessionId": own})
	second := app.create("MediaPipeline", nil)
	d := c.event("ObjectCreated", nil)
	if d["object"] != second {
		t.Errorf("the first event is about %v, want %v", d["object"], second)
	}
	if _, has := d["type"]; has {
		t.Error("ObjectCreated has a type, which the real server leaves out")
	}
}

func TestMalformedFramesMayLeaveADeafConnection(t *testing.T) {
	_, url := start(t, Options{Malformed: MalformedDeaf})
	c := dial(t, url).connect()
	if err := c.ws.WriteMessage(websocket.TextMessage, []byte("[1,2]")); err != nil {
		t.Fatal(err)
	}
	if m, ok := c.try(99, map[string]any{"jsonrpc": "2.0", "id": 99, "method": "ping"}, 200*time.Millisecond); ok {
		t.Fatalf("a deaf connection answered %v", m)
	}
	select {
	case <-c.done:
		t.Fatal("a deaf connection stays open")
	default:
	}
	dial(t, url).call("ping", nil)
}

func TestDangerousCallsKillTheServer(t *testing.T) {
	for _, tc := range []struct {
		name string
		call func(c *client, pipe string) (string, string, map[string]any)
	}{
		{"getIceTcp", func(c *client, pipe string) (string, string, map[string]any) {
			return c.create("WebRtcEndpoint", map[string]any{"mediaPipeline": pipe}), "getIceTcp", nil
		}},
		{"connect to a pipeline", func(c *client, pipe string) (string, string, map[string]any) {
			return c.create("PassThrough", map[string]any{"mediaPipeline": pipe}), "connect", map[string]any{"sink": pipe}
		}},
		{"Mixer.connect", func(c *client, pipe string) (string, string, map[string]any) {
			mix := c.create("Mixer", map[string]any{"mediaPipeline": pipe})
			a, b := c.create("HubPort", map[string]any{"hub": mix}), c.create("HubPort", map[string]any{"hub": mix})
			return mix, "connect", map[string]any{"media": "VIDEO", "source": a, "sink": b}
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, url := start(t, Options{Faults: Faults{RestartDelay: time.Millisecond}})
			c, other := dial(t, url).connect(), dial(t, url).connect()
			before := s.ServerID()
			object, op, params := tc.call(c, c.create("MediaPipeline", nil))
			p := map[string]any{"object": object, "operation": op, "sessionId": c.session}
			if params != nil {
				p["operationParams"] = params
			}
			if m, ok := c.try(500, map[string]any{"jsonrpc": "2.0", "id": 500, "method": "invoke", "params": p}, patience); ok {
				t.Fatalf("a dead server answered %v", m)
			}
			<-other.done
			if s.ServerID() == before || len(s.Objects()) != 0 || len(s.Sessions()) != 0 {
				t.Error("the server did not start anew")
			}
			eventually(t, "the server is back", func() bool {
				ws, _, err := websocket.DefaultDialer.Dial(url, nil)
				if err == nil {
					_ = ws.Close()
				}
				return err == nil
			})
			text := dial(t, url).refusal("connect", map[string]any{"sessionId": c.session})
			if !strings.Contains(text, "40007") {
				t.Errorf("the old session: %s", text)
			}
		})
	}
}

func TestFaults(t *testing.T) {
	s, url := start(t, Options{})
	c, app := dial(t, url).connect(), dial(t, url).connect()
	c.subscribe(managerID, "ObjectCreated")
	s.SetFaults(Faults{DuplicateEvents: 1, GarbageEvery: 1, OversizedEvery: 1, OversizedBytes: 100_000, ReorderEvents: 1})
	app.create("MediaPipeline", nil)
	c.event("ObjectCreated", nil)
	c.settle()
	c.mu.Lock()
	var doubles, garbage, large int
	for _, e := range c.events {
		_, typ := eventOf(e)
		switch {
		case e["garbage"] != nil:
			garbage++
		case typ == "ObjectCreated":
			doubles++
		case len(encode(e)) > 100_000:
			large++
		}
	}
	c.mu.Unlock()
	if doubles != 2 || garbage != 1 || large != 1 {
		t.Errorf("%d equal events, %d garbage, %d large frames", doubles, garbage, large)
	}
	s.SetFaults(Faults{DropEvery: 1})
	if m, ok := c.try(900, map[string]any{"jsonrpc": "2.0", "id": 900, "method": "ping"}, patience); ok {
		t.Errorf("a cut socket answered %v", m)
	}
	s.SetFaults(Faults{Deaf: true})
	if m, ok := app.try(901, map[string]any{"jsonrpc": "2.0", "id": 901, "method": "ping"}, 100*time.Millisecond); ok {
		t.Errorf("a deaf server answered %v", m)
	}
	s.SetFaults(Faults{})
	app.call("ping", nil)
	s.DropConnections()
	<-app.done
	if len(s.Objects()) != 1 {
		t.Error("objects must outlive the sockets")
	}
}

func TestOlderGenerations(t *testing.T) {
	for _, tc := range []struct {
		version        string
		has, hasNot    []string // operations of a WebRtcEndpoint
		events, others []string
		fields, no     []string // of an event's data
	}{
		{"7.3.1-dev", []string{"getMinEncoderBitrate", "getChildren", "getExternalIPv4", "getDtlsConnectionState"},
			[]string{"getMinOutputBitrate", "getChilds", "getExternalAddress"},
			[]string{"MediaFlowInStateChanged", "IceCandidateFound"}, []string{"MediaFlowInStateChange", "OnIceCandidate"},
			[]string{"timestampMillis", "streamId", "componentId"}, []string{"timestamp", "streamID"}},
		{"6.18.0", []string{"getMinEncoderBitrate", "getMinOutputBitrate", "getMinOuputBitrate", "getChilds", "getChildren", "getMtu", "getExternalAddress"},
			[]string{"getDtlsConnectionState", "requestKeyframe"},
			[]string{"MediaFlowInStateChanged", "MediaFlowInStateChange", "OnIceCandidate", "IceCandidateFound"}, []string{"DtlsConnectionStateChange"},
			[]string{"timestampMillis", "timestamp", "streamID", "streamId"}, nil},
		{"6.7.2", []string{"getMinOutputBitrate", "getChilds", "getExternalAddress"},
			[]string{"getMinEncoderBitrate", "getChildren", "getMtu", "getNetworkInterfaces", "getExternalIPv4"},
			[]string{"MediaFlowInStateChange", "OnIceCandidate"}, []string{"MediaFlowInStateChanged", "IceCandidateFound"},
			[]string{"timestamp", "streamID", "componentID"}, []string{"timestampMillis", "streamId"}},
	} {
		t.Run(tc.version, func(t *testing.T) {
			s, url := start(t, Options{Version: tc.version})
			c := dial(t, url).connect()
			info, _ := c.invoke(managerID, "getInfo", nil).(map[string]any)
			if info["version"] != tc.version {
				t.Errorf("version %v", info["version"])
			}
			pipe := c.create("MediaPipeline", nil)
			e := c.create("WebRtcEndpoint", map[string]any{"mediaPipeline": pipe})
			for _, op := range tc.has {
				c.invoke(e, op, nil)
			}
			for _, op := range tc.hasNot {
				c.refusal("invoke", map[string]any{"object": e, "operation": op})
			}
			c.subscribe(e, tc.events...)
			for _, typ := range tc.others {
				c.refusal("subscribe", map[string]any{"object": e, "type": typ})
			}
			ice := "IceComponentStateChanged"
			if tc.version == "6.7.2" {
				ice = "OnIceComponentStateChanged"
			}
			c.subscribe(e, ice)
			app := s.NewApp()
			defer app.Leave()
			if err := app.Dial(e, "sendrecv", Peer{}); err != nil {
				t.Fatal(err)
			}
			d := c.event(ice, nil)
			for _, f := range tc.fields {
				if _, has := d[f]; !has {
					t.Errorf("an event lacks %s: %v", f, d)
				}
			}
			for _, f := range tc.no {
				if _, has := d[f]; has {
					t.Errorf("an event has %s: %v", f, d)
				}
			}
			for _, typ := range tc.events {
				if strings.Contains(typ, "Candidate") {
					c.event(typ, nil)
				}
			}
			c.invoke(e, "getStats", nil)
			for _, m := range []string{"core", "elements", "filters"} {
				text, _ := c.invoke(managerID, "getKmd", map[string]any{"moduleName": m}).(string)
				if _, ok := decode([]byte(text)); !ok || !strings.Contains(text, `"doc"`) && m != "filters" {
					t.Errorf("the description of %s is no JSON or has no help", m)
				}
			}
		})
	}
}
