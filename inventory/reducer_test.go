package inventory

import (
	"encoding/json"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kmscope/wire"
)

const (
	pipeID  = "11111111-0000-0000-0000-000000000001_kurento.MediaPipeline"
	webrtc  = pipeID + "/22222222-0000-0000-0000-000000000002_kurento.WebRtcEndpoint"
	player  = pipeID + "/33333333-0000-0000-0000-000000000003_kurento.PlayerEndpoint"
	hub     = pipeID + "/44444444-0000-0000-0000-000000000004_kurento.Composite"
	hubPort = hub + "/55555555-0000-0000-0000-000000000005_kurento.HubPort"
)

var epoch = time.UnixMilli(1_795_247_811_000)

func ms(n int) time.Time { return epoch.Add(time.Duration(n) * time.Millisecond) }

// event makes an event that arrives at arrived with the server's time stamped.
func event(arrived, stamped int, typ, object, data string) wire.Fact {
	return wire.Fact{Kind: wire.KindEvent, At: ms(arrived), Stamp: ms(stamped), Type: typ, Object: object, Data: json.RawMessage(data)}
}

func created(arrived int, id string) wire.Fact {
	return event(arrived, arrived, "ObjectCreated", ManagerID, `{"object":"`+id+`"}`)
}

func ice(arrived, stamped int, state string) wire.Fact {
	return event(arrived, stamped, "IceComponentStateChanged", webrtc, `{"streamId":1,"componentId":1,"state":"`+state+`"}`)
}

func dtls(arrived, stamped int, state string) wire.Fact {
	return event(arrived, stamped, "DtlsConnectionStateChange", webrtc, `{"streamId":"1","componentId":"[x]","state":"`+state+`"}`)
}

// call makes a call whose request was sent at asked and answered at answered.
func call(asked, answered int, object, op, params, result string) wire.Fact {
	return wire.Fact{Kind: wire.KindCall, At: ms(answered), Took: time.Duration(answered-asked) * time.Millisecond,
		Method: "invoke", Object: object, Operation: op, Params: json.RawMessage(params), Result: json.RawMessage(result)}
}

func reduce(facts ...wire.Fact) *Snapshot {
	r := NewReducer("ws://kms.example")
	for _, f := range facts {
		r.Apply(f)
	}
	return r.Snapshot()
}

func TestLanesAreOrderedByTheServersTime(t *testing.T) {
	flow := func(arrived, stamped int, state string) wire.Fact {
		return event(arrived, stamped, "MediaFlowInStateChanged", webrtc, `{"mediaType":"VIDEO","padName":"default","state":"`+state+`"}`)
	}
	isFlowing := func(asked, answered int, value string) wire.Fact {
		return call(asked, answered, webrtc, "isMediaFlowingIn", `{"mediaType":"VIDEO"}`, value)
	}
	for _, c := range []struct {
		name  string
		facts []wire.Fact
		lane  Lane
		want  string
	}{
		{"in order", []wire.Fact{ice(1, 1, "CONNECTING"), ice(2, 2, "CONNECTED"), ice(3, 3, "READY")}, "ice/1/1", "READY"},
		{"READY before CONNECTED at one timestamp", []wire.Fact{ice(1, 1, "CONNECTING"), ice(2, 5, "READY"), ice(3, 5, "CONNECTED")}, "ice/1/1", "READY"},
		{"late CONNECTING", []wire.Fact{ice(1, 9, "CONNECTED"), ice(2, 4, "CONNECTING")}, "ice/1/1", "CONNECTED"},
		{"DTLS CONNECTED before CONNECTING at one timestamp", []wire.Fact{dtls(1, 5, "CONNECTED"), dtls(2, 5, "CONNECTING")}, "dtls/1/[x]", "CONNECTED"},
		{"DTLS CLOSED after CONNECTED at one timestamp", []wire.Fact{dtls(1, 5, "CONNECTED"), dtls(2, 5, "CLOSED")}, "dtls/1/[x]", "CLOSED"},
		{"FAILED after READY at one timestamp", []wire.Fact{ice(1, 5, "READY"), ice(2, 5, "FAILED")}, "ice/1/1", "FAILED"},
		{"flows of one timestamp follow arrival", []wire.Fact{flow(1, 5, "FLOWING"), flow(2, 5, "NOT_FLOWING")}, "flow-in/VIDEO", "NOT_FLOWING"},
		{"a read after the event wins", []wire.Fact{flow(1, 1, "FLOWING"), isFlowing(10, 12, "false")}, "flow-in/VIDEO", "NOT_FLOWING"},
		{"an event during the read wins", []wire.Fact{flow(11, 11, "FLOWING"), isFlowing(10, 12, "false")}, "flow-in/VIDEO", "FLOWING"},
		{"clocks are never compared", []wire.Fact{isFlowing(10, 12, "false"), flow(20, -90000, "FLOWING")}, "flow-in/VIDEO", "FLOWING"},
		{"never heard of", []wire.Fact{created(1, webrtc)}, "flow-in/VIDEO", ""},
		{"6.7 names", []wire.Fact{event(1, 1, "OnIceComponentStateChanged", webrtc, `{"streamID":1,"componentID":1,"state":"READY"}`)}, "ice/1/1", "READY"},
		{"an unknown word is kept", []wire.Fact{ice(1, 1, "MAYBE")}, "ice/1/1", "MAYBE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := reduce(c.facts...).Object(webrtc).State(c.lane)
			if got.Value != c.want {
				t.Errorf("%s is %q, want %q", c.lane, got.Value, c.want)
			}
			if got.Known() != (c.want != "") {
				t.Errorf("known is %v for %q", got.Known(), c.want)
			}
		})
	}
}

func TestWhoLives(t *testing.T) {
	released := wire.Fact{Kind: wire.KindCall, At: ms(50), Method: "release", Object: pipeID}
	connected := func(at int, server string) wire.Fact {
		return wire.Fact{Kind: wire.KindCall, At: ms(at), Method: "connect", ServerID: server}
	}
	notFound := func(object, message string) wire.Fact {
		return wire.Fact{Kind: wire.KindCall, At: ms(1100), Took: 2 * time.Millisecond, Method: "invoke", Object: object, Operation: "connect",
			Err: &wire.RPCError{Code: 40101, Message: message}}
	}
	pipelines := func(asked, answered int, list string) wire.Fact {
		return call(asked, answered, ManagerID, "getPipelines", "", list)
	}
	for _, c := range []struct {
		name  string
		facts []wire.Fact
		id    string
		alive bool
		death string
	}{
		{"created", []wire.Fact{created(1, webrtc)}, webrtc, true, ""},
		{"ancestors exist", []wire.Fact{created(1, hubPort)}, hub, true, ""},
		{"destroyed", []wire.Fact{created(1, webrtc), destroyed(2, webrtc)}, webrtc, false, "destroyed"},
		{"destroyed before its creation is told", []wire.Fact{created(1, pipeID), destroyed(2, webrtc), created(3, webrtc)}, webrtc, false, "destroyed"},
		{"released with its pipeline", []wire.Fact{created(1, hubPort), released}, hubPort, false, "released"},
		{"an event after death changes nothing", []wire.Fact{created(1, webrtc), destroyed(2, webrtc), ice(3, 3, "READY")}, webrtc, false, "destroyed"},
		{"another server process", []wire.Fact{connected(1, "a"), created(2, webrtc), connected(3, "b")}, webrtc, false, "server restarted"},
		{"the same server process", []wire.Fact{connected(1, "a"), created(2, webrtc), connected(3, "a")}, webrtc, true, ""},
		{"not listed", []wire.Fact{created(1, webrtc), pipelines(5, 7, `[]`)}, pipeID, false, "not listed any more"},
		{"created while the list was on its way", []wire.Fact{created(6, webrtc), pipelines(5, 7, `[]`)}, pipeID, true, ""},
		{"not found", []wire.Fact{created(1, webrtc), notFound(webrtc, "Object '"+webrtc+"' not found")}, webrtc, false, "not found any more"},
		{"not found a moment before its end is told", []wire.Fact{created(1, webrtc), notFound(webrtc, "Object '"+webrtc+"' not found"), destroyed(1101, webrtc)}, webrtc, false, "destroyed"},
		{"listed, and not found at once", []wire.Fact{pipelines(1090, 1097, `["`+pipeID+`"]`), notFound(pipeID, "Object '"+pipeID+"' not found")}, pipeID, false, "not found any more"},
		{"announced before it can be found", []wire.Fact{created(1097, webrtc), notFound(webrtc, "Object '"+webrtc+"' not found")}, webrtc, true, ""},
		{"the sink was not found", []wire.Fact{created(1, webrtc), notFound(webrtc, "Object '"+player+"' not found")}, webrtc, true, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := reduce(c.facts...).Object(c.id)
			if o == nil {
				t.Fatal("the object is not known")
			}
			if o.Alive() != c.alive || o.Death != c.death {
				t.Errorf("alive %v (%q), want %v (%q)", o.Alive(), o.Death, c.alive, c.death)
			}
		})
	}
}

func TestConnections(t *testing.T) {
	joined := func(arrived, stamped int, typ, source, sink, media string) wire.Fact {
		return event(arrived, stamped, typ, source,
			fmt.Sprintf(`{"source":%q,"sink":%q,"mediaType":%q,"sourceMediaDescription":"default","sinkMediaDescription":"default"}`, source, sink, media))
	}
	data := func(source, sink, media string) string {
		return fmt.Sprintf(`{"source":%q,"sink":%q,"type":%q,"sourceDescription":"default","sinkDescription":"default"}`, source, sink, media)
	}
	both := []wire.Fact{created(1, webrtc), created(1, player), created(1, hubPort)}
	for _, c := range []struct {
		name  string
		facts []wire.Fact
		want  []string
	}{
		{"connected", []wire.Fact{joined(2, 2, "ElementConnected", player, webrtc, "VIDEO")}, []string{"PlayerEndpoint>WebRtcEndpoint VIDEO"}},
		{"and disconnected", []wire.Fact{joined(2, 2, "ElementConnected", player, webrtc, "VIDEO"), joined(3, 3, "ElementDisconnected", player, webrtc, "VIDEO")}, nil},
		{"told in the wrong order", []wire.Fact{joined(2, 3, "ElementDisconnected", player, webrtc, "VIDEO"), joined(3, 2, "ElementConnected", player, webrtc, "VIDEO")}, nil},
		{"a sink takes one source", []wire.Fact{joined(2, 2, "ElementConnected", player, webrtc, "VIDEO"), joined(3, 3, "ElementConnected", hubPort, webrtc, "VIDEO")}, []string{"HubPort>WebRtcEndpoint VIDEO"}},
		{"a source feeds many", []wire.Fact{joined(2, 2, "ElementConnected", player, webrtc, "VIDEO"), joined(3, 3, "ElementConnected", player, hubPort, "VIDEO")}, []string{"PlayerEndpoint>WebRtcEndpoint VIDEO", "PlayerEndpoint>HubPort VIDEO"}},
		{"connect without a medium", []wire.Fact{call(1, 2, player, "connect", `{"sink":"`+webrtc+`"}`, "null")}, []string{"PlayerEndpoint>WebRtcEndpoint AUDIO", "PlayerEndpoint>WebRtcEndpoint DATA", "PlayerEndpoint>WebRtcEndpoint VIDEO"}},
		{"a dispatcher joins its ports inside", []wire.Fact{call(1, 2, hub, "connect", `{"source":"`+hubPort+`","sink":"`+hubPort+`"}`, "null")}, nil},
		{"read", []wire.Fact{call(1, 2, webrtc, "getSourceConnections", "", "["+data(player, webrtc, "AUDIO")+"]")}, []string{"PlayerEndpoint>WebRtcEndpoint AUDIO"}},
		{"read again without it", []wire.Fact{call(1, 2, webrtc, "getSourceConnections", "", "["+data(player, webrtc, "AUDIO")+"]"), call(4, 5, webrtc, "getSourceConnections", "", "[]")}, nil},
		{"a connection made while the list was on its way stays", []wire.Fact{joined(5, 5, "ElementConnected", player, webrtc, "VIDEO"), call(4, 6, webrtc, "getSourceConnections", "", "[]")}, []string{"PlayerEndpoint>WebRtcEndpoint VIDEO"}},
		{"the other side's list says nothing", []wire.Fact{joined(2, 2, "ElementConnected", player, webrtc, "VIDEO"), call(4, 6, webrtc, "getSinkConnections", "", "[]")}, []string{"PlayerEndpoint>WebRtcEndpoint VIDEO"}},
		{"gone with its end", []wire.Fact{joined(2, 2, "ElementConnected", player, webrtc, "VIDEO"), event(3, 3, "ObjectDestroyed", ManagerID, `{"objectId":"`+player+`"}`)}, nil},
		{"to itself", []wire.Fact{joined(2, 2, "ElementConnected", webrtc, webrtc, "VIDEO")}, []string{"WebRtcEndpoint>WebRtcEndpoint VIDEO"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := reduce(append(append([]wire.Fact{}, both...), c.facts...)...).Pipeline(pipeID)
			var got []string
			for _, x := range p.Connections {
				got = append(got, TypeOf(x.Source)+">"+TypeOf(x.Sink)+" "+string(x.Media))
			}
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("connections %v, want %v", got, c.want)
			}
		})
	}
}

func TestPublishedObjectsNeverChange(t *testing.T) {
	r := NewReducer("")
	r.Apply(created(1, webrtc))
	r.Apply(ice(2, 2, "CONNECTING"))
	before := r.Snapshot()
	o := before.Object(webrtc)
	r.Apply(ice(3, 3, "READY"))
	r.Apply(call(3, 4, webrtc, "setName", `{"name":"presenter"}`, "null"))
	r.Apply(call(3, 4, webrtc, "addTag", `{"key":"room","value":"1"}`, "null"))
	if o.State("ice/1/1").Value != "CONNECTING" || o.Name != "" || len(o.Tags) != 0 {
		t.Errorf("a published object changed: %+v", o)
	}
	after := r.Snapshot()
	if after.Object(webrtc).Label() != "presenter" || after.Generation <= before.Generation {
		t.Errorf("the next snapshot misses the change")
	}
	if r.Snapshot() != after {
		t.Errorf("nothing changed, yet there is another snapshot")
	}
}

// TestPublishedTablesNeverChange changes each table of an object after it was
// published, and the others not: those are still shared.
func TestPublishedTablesNeverChange(t *testing.T) {
	r := NewReducer("")
	for _, f := range []wire.Fact{
		created(1, webrtc), ice(2, 2, "CONNECTING"),
		call(3, 4, webrtc, "getMaxOutputBitrate", "", "100"),
		call(3, 4, webrtc, "addTag", `{"key":"room","value":"1"}`, "null"),
	} {
		r.Apply(f)
	}
	kept := []*Object{r.Snapshot().Object(webrtc)}
	for i, change := range []wire.Fact{
		ice(5, 5, "READY"),
		call(6, 7, webrtc, "getMaxOutputBitrate", "", "200"),
		call(8, 9, webrtc, "addTag", `{"key":"room","value":"2"}`, "null"),
		call(10, 11, webrtc, "removeTag", `{"key":"room"}`, "null"),
		call(12, 13, webrtc, "getTags", "", `[{"key":"room","value":"3"}]`),
		call(14, 15, webrtc, "setName", `{"name":"presenter"}`, "null"),
	} {
		r.Apply(change)
		r.Apply(ice(20+i, 20+i, "READY")) // a second change before the next is published
		kept = append(kept, r.Snapshot().Object(webrtc))
	}
	var got []string
	for i, o := range kept {
		got = append(got, fmt.Sprintf("%s %s %s %q", o.State("ice/1/1").Value, o.Properties["maxOutputBitrate"].Value, o.Tags["room"], o.Name))
		if i == 0 {
			continue
		}
		was := kept[i-1]
		if shared := same(was.Properties, o.Properties); shared != (i != 2) {
			t.Errorf("state %d shares the properties with the one before: %v", i, shared)
		}
		if shared := same(was.Tags, o.Tags); shared != (i != 3 && i != 4 && i != 5) {
			t.Errorf("state %d shares the tags with the one before: %v", i, shared)
		}
	}
	want := []string{
		`CONNECTING 100 1 ""`, `READY 100 1 ""`, `READY 200 1 ""`, `READY 200 2 ""`, `READY 200  ""`, `READY 200 3 ""`, `READY 200 3 "presenter"`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("states, properties and tags as published (-want +got):\n%s", d)
	}
}

func TestDismiss(t *testing.T) {
	r := NewReducer("")
	r.Apply(created(1, webrtc))
	r.Apply(created(1, player))
	r.Dismiss(webrtc)
	if r.Snapshot().Object(webrtc) == nil {
		t.Fatal("a living object was dismissed")
	}
	r.Apply(event(2, 2, "ObjectDestroyed", ManagerID, `{"objectId":"`+webrtc+`"}`))
	r.Dismiss(webrtc)
	s := r.Snapshot()
	if s.Object(webrtc) != nil || s.Object(player) == nil || s.Counts.Dead != 0 || s.Seen["WebRtcEndpoint"] != 1 {
		t.Errorf("after dismissing: %+v", s.Counts)
	}
}

func TestServerFigures(t *testing.T) {
	s := reduce(
		call(1, 2, ManagerID, "getCpuCount", "", "2"),
		call(1, 2, ManagerID, "getUsedCpu", `{"interval":1000}`, "141"),
		call(1, 2, ManagerID, "getUsedMemory", "", "143660"),
		call(1, 2, ManagerID, "getSessions", "", `["","","a","b",""]`),
	).Server
	if s.UsedCPURatio != 0.705 || s.UsedMemKiB != 143660 || s.Sessions != 2 {
		t.Errorf("server is %+v", s)
	}
	s = reduce(call(1, 2, ManagerID, "getUsedCpu", `{"interval":1}`, "null")).Server
	if s.UsedCPURatio >= 0 || s.Sessions >= 0 || s.UsedMemKiB >= 0 {
		t.Errorf("what was never read must be unknown: %+v", s)
	}
}

// TestSameAgainIsNoNews reads twice what is polled: the second time nothing has
// changed, so nobody need paint it.
func TestSameAgainIsNoNews(t *testing.T) {
	r := NewReducer("")
	polls := func(at int) []wire.Fact {
		refused := call(at, at+1, webrtc, "getMtu", "", "")
		refused.Err = &wire.RPCError{Code: 40105, Message: "no such method"}
		return []wire.Fact{
			call(at, at+1, webrtc, "getName", "", `"alice"`),
			call(at, at+1, webrtc, "getTags", "", `[{"key":"k","value":"v"}]`),
			call(at, at+1, webrtc, "getSourceConnections", "", "[]"),
			call(at, at+1, webrtc, "isMediaFlowingIn", `{"mediaType":"VIDEO"}`, "true"),
			refused,
			call(at, at+1, ManagerID, "getCpuCount", "", "2"),
			call(at, at+1, ManagerID, "getUsedCpu", `{"interval":1000}`, "141"),
			call(at, at+1, ManagerID, "getUsedMemory", "", "143660"),
			call(at, at+1, ManagerID, "getSessions", "", `["a"]`),
		}
	}
	for _, f := range polls(1) {
		r.Apply(f)
	}
	before := r.Snapshot()
	for _, f := range polls(11) {
		if r.Apply(f); r.Changed() {
			t.Fatalf("%s again counts as a change", f.Operation)
		}
	}
	if after := r.Snapshot(); after.Pipelines[0] != before.Pipelines[0] {
		t.Error("the pipeline was published anew")
	}
	for _, f := range []wire.Fact{
		call(21, 22, webrtc, "getTags", "", "[]"),
		call(21, 22, webrtc, "getName", "", `"bob"`),
		call(21, 22, webrtc, "getMtu", "", "1200"),
		call(21, 22, ManagerID, "getUsedMemory", "", "143661"),
	} {
		r.Snapshot()
		if r.Apply(f); !r.Changed() {
			t.Errorf("%s with another result is no change", f.Operation)
		}
	}
}

// BenchmarkApply measures events at 10,000 objects, with a snapshot every
// 5,000 events: more often than 20 times a second at the rate aimed at.
func BenchmarkApply(b *testing.B) {
	r := NewReducer("")
	var ids []string
	for p := range 100 {
		for e := range 99 {
			id := fmt.Sprintf("%08d-0000_kurento.MediaPipeline/%08d-0000_kurento.WebRtcEndpoint", p, e)
			ids = append(ids, id)
			r.Apply(created(0, id))
		}
	}
	events := make([]wire.Fact, 4096)
	for i := range events {
		events[i] = event(i, i, "MediaFlowInStateChanged", ids[i*7%len(ids)],
			`{"mediaType":"VIDEO","padName":"default","source":"`+ids[i*7%len(ids)]+`","state":"`+[]string{"FLOWING", "NOT_FLOWING"}[i%2]+`","tags":[],"timestampMillis":"`+strconv.Itoa(i)+`","type":"MediaFlowInStateChanged"}`)
	}
	b.ResetTimer()
	for i := range b.N {
		f := events[i%len(events)]
		f.Stamp = ms(i)
		r.Apply(f)
		if i%5000 == 0 {
			r.Snapshot()
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
