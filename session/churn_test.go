package session

import (
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"kmscope/capture"
	"kmscope/inventory"
	"kmscope/timeline"
)

// churn feeds what a server sends on which endpoints come, negotiate, carry
// media and go, ten of them at a time, in pipelines that come and go as well.
type churn struct {
	models Models
	begin  time.Time
	now    time.Time
	calls  int
	made   int
	pipe   string
	alive  []string
	last   string // that went
}

func (c *churn) feed(dir, text string) {
	c.now = c.now.Add(time.Millisecond)
	c.models.Feed(capture.Record{Dir: dir, Conn: "1/read", At: c.now, TimeMs: float64(c.now.Sub(c.begin).Milliseconds()), Frame: json.RawMessage(text)})
}

func (c *churn) event(object, kind, data string) {
	c.feed(capture.DirRecv, fmt.Sprintf(`{"jsonrpc":"2.0","method":"onEvent","params":{"value":{"object":%q,"type":%q,"data":{"source":%q,"tags":[],"timestampMillis":"%d"%s}}}}`,
		object, kind, object, c.now.UnixMilli(), data))
}

func (c *churn) call(method, object, more, result string) {
	c.calls++
	c.feed(capture.DirSend, fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":%q,"params":{"object":%q%s}}`, c.calls, method, object, more))
	c.feed(capture.DirRecv, fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"result":{"value":%s,"sessionId":"s"}}`, c.calls, result))
}

func (c *churn) invoke(object, operation, params, result string) {
	c.call("invoke", object, fmt.Sprintf(`,"operation":%q,"operationParams":%s`, operation, params), result)
}

func (c *churn) leave(id string) {
	c.event(inventory.ManagerID, "ObjectDestroyed", fmt.Sprintf(`,"objectId":%q`, id))
	c.last = id
}

// candidates make a description as long as those of browsers, in JSON.
var candidates = strings.Repeat(`a=candidate:1 1 udp 2130706431 192.0.2.7 5000 typ host\r\n`, 80)

// come makes the next endpoint, and has the oldest go.
func (c *churn) come() {
	if c.made%50 == 0 {
		for _, id := range c.alive {
			c.leave(id)
		}
		if c.alive = nil; c.pipe != "" {
			c.leave(c.pipe)
		}
		c.pipe = fmt.Sprintf("%08x-1111-2222-3333-444455556666_kurento.MediaPipeline", c.made)
		c.event(inventory.ManagerID, "ObjectCreated", fmt.Sprintf(`,"object":%q`, c.pipe))
	}
	id := fmt.Sprintf("%s/%08x-7777-8888-9999-aaaabbbbcccc_kurento.WebRtcEndpoint", c.pipe, c.made)
	c.made++
	c.event(inventory.ManagerID, "ObjectCreated", fmt.Sprintf(`,"object":%q`, id))
	c.call("subscribe", id, `,"type":"IceComponentStateChanged"`, `"x"`)
	c.invoke(id, "getName", `{}`, fmt.Sprintf("%q", fmt.Sprint("caller ", c.made)))
	sdp := fmt.Sprintf(`"v=0\r\no=- %d 1 IN IP4 10.0.0.1\r\ns=-\r\n%s"`, c.made, candidates)
	c.invoke(id, "processOffer", `{"offer":`+sdp+`}`, sdp)
	for _, state := range []string{"GATHERING", "CONNECTING", "CONNECTED", "READY"} {
		c.event(id, "IceComponentStateChanged", fmt.Sprintf(`,"streamId":1,"componentId":1,"state":%q`, state))
	}
	c.event(id, "MediaFlowInStateChange", `,"mediaType":"VIDEO","padName":"default","state":"FLOWING"`)
	if n := len(c.alive); n > 0 {
		link := fmt.Sprintf(`,"sink":%q,"mediaType":"VIDEO","sourceMediaDescription":"default","sinkMediaDescription":"default"`, id)
		c.event(c.alive[n-1], "ElementConnected", link)
		c.event(c.alive[n-1], "ElementDisconnected", link)
	}
	for range 2 {
		c.now = c.now.Add(time.Second)
		ms := c.now.UnixMilli()
		c.invoke(id, "getStats", `{"mediaType":"VIDEO"}`, fmt.Sprintf(`{"in":{"id":"in","type":"inboundrtp","timestampMillis":%d,"ssrc":"%d","bytesReceived":%d,"packetsReceived":%d,"packetsLost":0,"jitter":0.01,"fractionLost":0,"remb":1000000},`+
			`"out":{"id":"out","type":"outboundrtp","timestampMillis":%d,"ssrc":"%d","bytesSent":%d,"packetsSent":%d,"packetsLost":0,"roundTripTime":0.02,"fractionLost":0,"remb":1000000}}`,
			ms, c.made, ms%1e9*100, ms%1e9, ms, c.made+1e8, ms%1e9*100, ms%1e9))
	}
	c.alive = append(c.alive, id)
	if len(c.alive) > 10 {
		c.leave(c.alive[0])
		c.alive = c.alive[1:]
	}
}

// weigh gives the bytes that the process holds.
func weigh() int64 {
	runtime.GC()
	runtime.GC() // what the first one's finalizers let go of
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestMemoryIsBounded has endpoints come and go until every room of the model
// is at its bound, and then thousands more: by then nothing grows any more. The
// log of events alone reaches its bound (a million entries) after hours and has
// a nearer one here; what went last must be there to be looked at.
func TestMemoryIsBounded(t *testing.T) {
	const settled, all, window, step = 3000, 4000, 600, 200
	// noise is how far the heap goes up and down between two times at which a
	// bound drops an eighth.
	const noise = 6 << 20
	c := churn{begin: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}
	c.now = c.begin
	c.models.Feed(capture.Record{Dir: capture.DirOpen, Conn: "1/read", Server: "ws://kms:8888/kurento", At: c.now})
	m := c.models.Servers()[0].Model
	m.timeline = timeline.NewLog(20_000)
	before := weigh()
	var warm, end []int64
	for c.made < all {
		c.come()
		if c.made%10 == 0 {
			m.Snapshot() // as it is published: what changes next is copied
		}
		switch {
		case c.made%step != 0:
		case c.made > settled-window && c.made <= settled:
			warm = append(warm, weigh()-before)
		case c.made > all-window:
			end = append(end, weigh()-before)
		}
	}
	t.Logf("heap of the model from %d to %d endpoints: %.1f MiB, from %d to %d: %.1f MiB",
		settled-window, settled, mib(warm), all-window, all, mib(end))
	if slices.Max(end) > slices.Max(warm)+noise {
		t.Errorf("the heap grew from %d to %d bytes", slices.Max(warm), slices.Max(end))
	}
	s := m.Snapshot()
	if s.Counts.Dead < inventory.MaxDead || s.Counts.Dead > inventory.MaxDead*9/8 || s.Counts.Elements != len(c.alive) {
		t.Errorf("%+v with %d alive", s.Counts, len(c.alive))
	}
	o := s.Object(c.last)
	if o == nil || o.Alive() || o.Name == "" {
		t.Fatalf("what went last is %+v", o)
	}
	if h := m.negotiation.History(c.last); len(h.Said) != 2 || len(m.lanes.Object(c.last, time.Time{})) == 0 || !m.stats.Knows(c.last) {
		t.Errorf("of what went last %d descriptions are known", len(h.Said))
	}
	runtime.KeepAlive(&c)
}

func mib(bytes []int64) []float64 {
	out := make([]float64, len(bytes))
	for i, b := range bytes {
		out[i] = float64(b) / (1 << 20)
	}
	return out
}
