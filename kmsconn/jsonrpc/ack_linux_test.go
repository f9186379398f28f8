package jsonrpc

import (
	"net"
	"testing"

	"github.com/gorilla/websocket"
)

func TestSocketBeneath(t *testing.T) {
	plain, secure := serve(t, false, echo), serve(t, true, echo)
	for _, opts := range []Options{{URL: plain.ws()}, {URL: secure.ws(), TLS: trusting(secure)}} {
		c := dial(t, opts)
		if c.socket == nil {
			t.Errorf("%s has no socket", opts.URL)
		}
		ackNow(c.socket)
		if _, err := c.Call(within(t), "ping", nil); err != nil {
			t.Error(err)
		}
		closeNow(t, c)
		ackNow(c.socket) // closed: nothing happens
	}
	pipe, other := net.Pipe()
	pipe.Close()
	other.Close()
	ackNow(rawSocket(pipe)) // has none
}

// BenchmarkInFlight has 20 calls in flight to a server that, as the real one,
// lets Nagle's algorithm collect its answers.
func BenchmarkInFlight(b *testing.B) {
	s := serve(b, false, func(ws *websocket.Conn) {
		if tcp, ok := ws.NetConn().(*net.TCPConn); ok {
			_ = tcp.SetNoDelay(false)
		}
		echo(ws)
	})
	c := dial(b, Options{URL: s.ws()})
	for b.Loop() {
		var calls []*Pending
		for range 20 {
			p, err := c.Start(within(b), "ping", map[string]any{"n": 1})
			if err != nil {
				b.Fatal(err)
			}
			calls = append(calls, p)
		}
		for _, p := range calls {
			if _, err := p.Wait(within(b)); err != nil {
				b.Fatal(err)
			}
		}
	}
}
