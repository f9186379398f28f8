package jsonrpc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

func TestCall(t *testing.T) {
	var frames tapLog
	c := dial(t, Options{URL: serve(t, false, echo).ws(), Label: "main", Tap: frames.tap})
	got, err := c.Call(within(t), "ping", map[string]int{"interval": 5})
	if err != nil || string(got) != `{"interval":5}` {
		t.Errorf("Call = %s, %v", got, err)
	}
	if got, err = c.Call(within(t), "connect", nil); err != nil || string(got) != `{}` {
		t.Errorf("Call without params = %s, %v", got, err)
	}
	_, err = c.Call(within(t), "fail", nil)
	var rpc *RPCError
	if !errors.As(err, &rpc) || rpc.Code != 40101 || string(rpc.Data) != `{"type":"MEDIA_OBJECT_NOT_FOUND"}` {
		t.Errorf("Call = %#v", err)
	}
	closeNow(t, c)
	if got := frames.dirs(); got != "open send recv send recv send recv close" {
		t.Errorf("tap: %s", got)
	}
	all := frames.all()
	if string(all[1].Data) != `{"id":1,"method":"ping","params":{"interval":5},"jsonrpc":"2.0"}` {
		t.Errorf("sent %s", all[1].Data)
	}
	last := all[len(all)-1]
	if last.By != "client" || last.Code != websocket.CloseNormalClosure || last.Conn != "main" || last.At.IsZero() {
		t.Errorf("close frame %+v", last)
	}
	if _, err := c.Call(within(t), "ping", nil); FailureOf(err) != FailLocal {
		t.Errorf("Call after Close: %v", err)
	}
}

func TestParamsMustBeAnObject(t *testing.T) {
	var frames tapLog
	c := dial(t, Options{URL: serve(t, false, echo).ws(), Tap: frames.tap})
	for _, params := range []any{[]int{1}, "x", 7, (*int)(nil), func() {}} {
		if _, err := c.Call(within(t), "ping", params); err == nil {
			t.Errorf("params %T were sent", params)
		}
	}
	if _, err := c.Call(within(t), "", nil); err == nil {
		t.Error("a call without a method was sent")
	}
	if got := frames.dirs(); got != "open" {
		t.Errorf("tap: %s", got)
	}
}

func TestIDsGoOnAfterReconnect(t *testing.T) {
	var frames tapLog
	ids := new(IDs)
	s := serve(t, false, echo)
	for range 2 {
		c := dial(t, Options{URL: s.ws(), Tap: frames.tap, IDs: ids})
		for range 3 {
			if _, err := c.Call(within(t), "ping", nil); err != nil {
				t.Fatal(err)
			}
		}
		closeNow(t, c)
	}
	var seen []string
	for _, f := range frames.all() {
		if f.Dir == Send {
			var req struct{ ID json.Number }
			if err := json.Unmarshal(f.Data, &req); err != nil {
				t.Fatal(err)
			}
			seen = append(seen, req.ID.String())
		}
	}
	if got := strings.Join(seen, " "); got != "1 2 3 4 5 6" {
		t.Errorf("ids %s", got)
	}
}

func TestConcurrentCallsGetTheirOwnReplies(t *testing.T) {
	c := dial(t, Options{URL: serve(t, false, echo).ws()})
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			got, err := c.Call(within(t), "ping", map[string]int{"n": i})
			if want := fmt.Sprintf(`{"n":%d}`, i); err != nil || string(got) != want {
				t.Errorf("%s, %v, want %s", got, err, want)
			}
		}()
	}
	wg.Wait()
	if n := c.InFlight(); n != 0 {
		t.Errorf("%d calls in flight", n)
	}
}

func TestStartedCallsAreSentInOrder(t *testing.T) {
	var frames tapLog
	c := dial(t, Options{URL: serve(t, false, echo).ws(), Tap: frames.tap})
	var started []*Pending
	for i := range 50 {
		p, err := c.Start(within(t), "ping", map[string]int{"n": i})
		if err != nil {
			t.Fatal(err)
		}
		started = append(started, p)
	}
	for i, p := range started {
		if got, err := p.Wait(within(t)); err != nil || string(got) != fmt.Sprintf(`{"n":%d}`, i) {
			t.Fatalf("%d: %s %v", i, got, err)
		}
	}
}

// A server that answers nothing: the call ends with its context, and the
// connection lives on.
func TestSilence(t *testing.T) {
	c := dial(t, Options{URL: serve(t, false, silent).ws()})
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, err := c.Call(ctx, "ping", nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Call = %v", err)
	}
	if c.InFlight() != 0 || c.Err() != nil {
		t.Errorf("%d in flight, %v", c.InFlight(), c.Err())
	}
}

// The end of the connection ends every call with the cause.
func TestCutRetiresEveryCall(t *testing.T) {
	started := make(chan struct{})
	s := serve(t, false, func(ws *websocket.Conn) {
		for range 10 {
			if _, _, err := ws.ReadMessage(); err != nil {
				return
			}
		}
		close(started)
		ws.NetConn().Close()
	})
	var frames tapLog
	c := dial(t, Options{URL: s.ws(), Tap: frames.tap})
	failures := make(chan error, 10)
	for range 10 {
		go func() {
			_, err := c.Call(within(t), "ping", nil)
			failures <- err
		}()
	}
	<-started
	for range 10 {
		if err := <-failures; FailureOf(err) != FailClosed {
			t.Errorf("Call = %v", err)
		}
	}
	<-c.Done()
	all := frames.all()
	if last := all[len(all)-1]; last.Dir != Close || last.By != "server" || last.Code != websocket.CloseAbnormalClosure || last.Reason == "" {
		t.Errorf("close frame %+v", last)
	}
}

// Close does not wait for a peer that reads nothing and says nothing.
func TestCloseNeverWaitsForThePeer(t *testing.T) {
	release := make(chan struct{})
	s := serve(t, false, func(*websocket.Conn) { <-release })
	defer close(release)
	c, err := Dial(within(t), Options{URL: s.ws()})
	if err != nil {
		t.Fatal(err)
	}
	// Fill the socket so that even a farewell cannot be written.
	big := map[string]string{"x": strings.Repeat("x", 1<<20)}
	var wg sync.WaitGroup
	for range 20 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			_, err := c.Call(within(t), "ping", big)
			if FailureOf(err) != FailLocal {
				t.Errorf("Call = %v", err)
			}
		}()
	}
	for c.InFlight() < 20 {
		waitABit(t)
	}
	closeNow(t, c)
	wg.Wait()
	closeNow(t, c)
}

// A caller who gives up returns at once although the socket takes nothing.
func TestGivingUpWhileTheSocketIsFull(t *testing.T) {
	release := make(chan struct{})
	s := serve(t, false, func(*websocket.Conn) { <-release })
	defer close(release)
	c := dial(t, Options{URL: s.ws()})
	ctx, cancel := context.WithCancel(context.Background())
	big := map[string]string{"x": strings.Repeat("x", 1<<20)}
	done := make(chan error, 20)
	for range 20 {
		go func() { _, err := c.Call(ctx, "ping", big); done <- err }()
	}
	for c.InFlight() < 20 {
		waitABit(t)
	}
	cancel()
	for range 20 {
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Call = %v", err)
		}
	}
}

func TestWriteTimeoutEndsTheConnection(t *testing.T) {
	release := make(chan struct{})
	s := serve(t, false, func(ws *websocket.Conn) {
		if tcp, ok := ws.NetConn().(*net.TCPConn); ok {
			_ = tcp.SetReadBuffer(64 << 10) // else the kernel takes megabytes
		}
		<-release
	})
	defer close(release)
	c := dial(t, Options{URL: s.ws(), WriteTimeout: 50 * time.Millisecond})
	_, err := c.Call(within(t), "ping", map[string]string{"x": strings.Repeat("x", 12<<20)})
	if FailureOf(err) != FailClosed {
		t.Errorf("Call = %v", err)
	}
}

// Garbage stays with the tap; the connection and the calls go on.
func TestGarbageIsKeptAndSurvived(t *testing.T) {
	garbage := []string{"", "this is not json", "{", "[1]", "42", "null", `{"id":1}`, `{"id":"x","result":1}`, "\xff\xfe",
		`{"error":{"code":-32600,"message":"Invalid JSON-RPC request"},"id":null,"jsonrpc":"2.0"}`,
		`{"id":99999,"result":{}}`, `{"method":7}`, `{"error":"no object","id":1}`}
	s := serve(t, false, func(ws *websocket.Conn) {
		_, data, err := ws.ReadMessage()
		if err != nil {
			return
		}
		for _, g := range garbage {
			_ = ws.WriteMessage(websocket.TextMessage, []byte(g))
		}
		_ = ws.WriteMessage(websocket.BinaryMessage, []byte{0, 1, 2})
		respond(ws, data)
		silent(ws)
	})
	var frames tapLog
	c := dial(t, Options{URL: s.ws(), Tap: frames.tap})
	if _, err := c.Call(within(t), "ping", nil); err != nil {
		t.Fatal(err)
	}
	received := 0
	for i, f := range frames.all()[2:] {
		if i < len(garbage) && string(f.Data) != garbage[i] {
			t.Errorf("tap has %q, want %q", f.Data, garbage[i])
		}
		received++
	}
	if received != len(garbage)+2 {
		t.Errorf("%d frames received", received)
	}
}

func TestOversizedFrame(t *testing.T) {
	s := serve(t, false, func(ws *websocket.Conn) {
		_ = ws.WriteMessage(websocket.TextMessage, make([]byte, 2<<20))
		silent(ws)
	})
	c := dial(t, Options{URL: s.ws(), MaxFrameBytes: 1 << 20})
	<-c.Done()
	if err := c.Err(); FailureOf(err) != FailTooLarge || !strings.Contains(err.Error(), "1 MiB") {
		t.Errorf("Err = %v", err)
	}
}

// What is no WebSocket frame at all is said in words of ours, not the library's.
func TestBytesThatAreNoFrame(t *testing.T) {
	for _, bytes := range []string{"\xff\xff\xff\xff\xff", "\x81\x85masked", "HTTP/1.1 400 Bad Request\r\n\r\n"} {
		s := serve(t, false, func(ws *websocket.Conn) {
			_, _ = ws.NetConn().Write([]byte(bytes))
			silent(ws)
		})
		c := dial(t, Options{URL: s.ws()})
		<-c.Done()
		err := c.Err()
		if FailureOf(err) != FailClosed || !strings.Contains(err.Error(), "no WebSocket message") || strings.Contains(err.Error(), gorillaSays) {
			t.Errorf("%q: Err = %v", bytes, err)
		}
	}
}

func TestFrameBelowTheLimit(t *testing.T) {
	c := dial(t, Options{URL: serve(t, false, echo).ws(), MaxFrameBytes: 2 << 20})
	if _, err := c.Call(within(t), "ping", map[string]string{"x": strings.Repeat("x", 404<<10)}); err != nil {
		t.Error(err)
	}
}

func TestEventsAreDeliveredInOrder(t *testing.T) {
	const n = 20_000
	s := serve(t, false, func(ws *websocket.Conn) {
		for i := range n {
			if ws.WriteMessage(websocket.TextMessage, []byte(fmt.Sprintf(`{"jsonrpc":"2.0","method":"onEvent","params":%d}`, i))) != nil {
				return
			}
		}
		silent(ws)
	})
	done := make(chan struct{})
	next := 0
	dial(t, Options{URL: s.ws(), OnEvent: func(method string, params json.RawMessage) {
		if method != "onEvent" || string(params) != fmt.Sprint(next) {
			t.Errorf("%s %s, want %d", method, params, next)
		}
		if next++; next == n {
			close(done)
		}
	}})
	select {
	case <-done:
	case <-within(t).Done():
		t.Fatalf("%d events of %d", next, n)
	}
}

// A slow OnEvent does not slow the reader: the tap gets everything, replies
// come, and what was dropped is counted in its place.
func TestSlowObserverLosesEventsNotReplies(t *testing.T) {
	const n = 5_000
	s := serve(t, false, func(ws *websocket.Conn) {
		for i := range n {
			if ws.WriteMessage(websocket.TextMessage, []byte(fmt.Sprintf(`{"jsonrpc":"2.0","method":"onEvent","params":{"n":%d}}`, i))) != nil {
				return
			}
		}
		echo(ws)
	})
	var frames tapLog
	gate := make(chan struct{})
	var mu sync.Mutex
	delivered, dropped := 0, 0
	c := dial(t, Options{URL: s.ws(), Tap: frames.tap, MaxQueuedEventBytes: 10_000,
		OnEvent:   func(string, json.RawMessage) { <-gate; mu.Lock(); delivered++; mu.Unlock() },
		OnDropped: func(k int) { mu.Lock(); dropped += k; mu.Unlock() }})
	if _, err := c.Call(within(t), "ping", nil); err != nil {
		t.Fatal(err)
	}
	received := 0
	for _, f := range frames.all() {
		if f.Dir == Recv {
			received++
		}
	}
	if received != n+1 {
		t.Errorf("tap has %d frames", received)
	}
	close(gate)
	for {
		mu.Lock()
		sum, lost := delivered+dropped, dropped
		mu.Unlock()
		if sum == n && lost > 0 {
			break
		}
		waitABit(t)
	}
}

// waitABit lets others run; loops around it end by the test's own deadline.
func waitABit(t *testing.T) {
	t.Helper()
	select {
	case <-time.After(time.Millisecond):
	case <-t.Context().Done():
		t.Fatal("gave up")
	}
}

func BenchmarkCall(b *testing.B) {
	c := dial(b, Options{URL: serve(b, false, echo).ws()})
	for b.Loop() {
		if _, err := c.Call(context.Background(), "ping", nil); err != nil {
			b.Fatal(err)
		}
	}
}
