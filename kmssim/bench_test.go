package kmssim

import (
	"fmt"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// benchWorld is a server with n WebRtcEndpoints in a call, and a socket to it.
func benchWorld(b *testing.B, n int) (*Server, *websocket.Conn, []string) {
	b.Helper()
	clock := NewFakeClock(time.UnixMilli(1795246000000))
	s := New(Options{Seed: 1, Clock: clock})
	b.Cleanup(s.Close)
	url, err := s.Start("127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	w := write(s.NewApp())
	var ids []string
	var p string
	for i := range n {
		if i%10 == 0 {
			p = w.pipeline(fmt.Sprint("p", i))
		}
		e := w.make("WebRtcEndpoint", p, fmt.Sprint("e", i), nil)
		w.link(e, e)
		w.call(e, "sendrecv", Peer{})
		ids = append(ids, e)
	}
	if w.err != nil {
		b.Fatal(w.err)
	}
	clock.Advance(5 * time.Second)
	ws, _, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = ws.Close() })
	return s, ws, ids
}

// BenchmarkStats200InOneTransaction is one sweep of 200 live endpoints, as a
// monitor makes it once per second.
func BenchmarkStats200InOneTransaction(b *testing.B) {
	_, ws, ids := benchWorld(b, 200)
	var ops []any
	for i, id := range ids {
		ops = append(ops, map[string]any{"id": i, "jsonrpc": "2.0", "method": "invoke",
			"params": map[string]any{"object": id, "operation": "getStats"}})
	}
	size := 0
	for n := 0; b.Loop(); n++ {
		frame := encode(map[string]any{"jsonrpc": "2.0", "id": n, "method": "transaction",
			"params": map[string]any{"sessionId": "bench", "operations": ops}})
		if err := ws.WriteMessage(websocket.TextMessage, frame); err != nil {
			b.Fatal(err)
		}
		_, reply, err := ws.ReadMessage()
		if err != nil {
			b.Fatal(err)
		}
		size = len(reply)
	}
	b.ReportMetric(float64(size), "B/reply")
}

// BenchmarkStats200OneByOne is the same sweep call by call.
func BenchmarkStats200OneByOne(b *testing.B) {
	_, ws, ids := benchWorld(b, 200)
	n := 0
	for b.Loop() {
		for _, id := range ids {
			n++
			frame := encode(map[string]any{"jsonrpc": "2.0", "id": n, "method": "invoke",
				"params": map[string]any{"sessionId": "bench", "object": id, "operation": "getStats"}})
			if err := ws.WriteMessage(websocket.TextMessage, frame); err != nil {
				b.Fatal(err)
			}
			if _, _, err := ws.ReadMessage(); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkCreate makes and releases a pipeline of ten elements.
func BenchmarkCreate(b *testing.B) {
	s := New(Options{Seed: 1, Clock: NewFakeClock(time.UnixMilli(0))})
	b.Cleanup(s.Close)
	w := write(s.NewApp())
	for b.Loop() {
		p := w.make("MediaPipeline", "", "", nil)
		for range 10 {
			w.make("PassThrough", p, "", nil)
		}
		w.release(p)
	}
	if w.err != nil {
		b.Fatal(w.err)
	}
}
