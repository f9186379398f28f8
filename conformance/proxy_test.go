package conformance

import (
	"context"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"
)

// proxy stands between the observer and a server and makes the network fail:
// cut sockets, silence with open sockets, too little bandwidth.
type proxy struct {
	listener net.Listener
	dial     func(address string) (net.Conn, error)
	ctx      context.Context
	wg       sync.WaitGroup

	mu      sync.Mutex
	target  string
	links   []*proxied // in the order in which they were accepted
	held    chan struct{}
	perTick int // bytes to the client in 10 ms; 0 is no limit
}

type proxied struct {
	client, server net.Conn
	deaf           bool // nothing is passed on any more
}

// between gives a proxy before a server, and the address to use instead.
func between(t testing.TB, target string) (*proxy, string) {
	t.Helper()
	return betweenBy(t, target, func(address string) (net.Conn, error) {
		return net.DialTimeout("tcp", address, time.Second)
	})
}

// betweenBy is between for a server that is reached in a way of its own.
func betweenBy(t testing.TB, target string, dial func(address string) (net.Conn, error)) (*proxy, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	p := &proxy{listener: l, dial: dial, ctx: ctx}
	p.lead(t, target)
	p.wg.Go(p.accept)
	t.Cleanup(func() {
		cancel()
		l.Close()
		p.cut()
		p.wg.Wait()
	})
	return p, "ws://" + l.Addr().String() + "/kurento"
}

// lead sends new connections to another server.
func (p *proxy) lead(t testing.TB, target string) {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	p.target = u.Host
	p.mu.Unlock()
}

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		target := p.target
		p.mu.Unlock()
		server, err := p.dial(target)
		if err != nil {
			client.Close()
			continue
		}
		link := &proxied{client: client, server: server}
		p.mu.Lock()
		p.links = append(p.links, link)
		p.mu.Unlock()
		p.wg.Go(func() { p.copy(link, server, client, false) })
		p.wg.Go(func() { p.copy(link, client, server, true) })
	}
}

func (p *proxy) copy(link *proxied, to io.WriteCloser, from io.ReadCloser, down bool) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 16<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		for rest := buf[:n]; len(rest) > 0; {
			p.mu.Lock()
			held, deaf, limit := p.held, link.deaf, p.perTick
			p.mu.Unlock()
			if held != nil {
				select {
				case <-held:
				case <-p.ctx.Done():
					return
				}
				continue
			}
			if deaf {
				break
			}
			part := rest
			if down && limit > 0 {
				part = rest[:min(limit, len(rest))]
				select {
				case <-time.After(10 * time.Millisecond):
				case <-p.ctx.Done():
					return
				}
			}
			if _, err := to.Write(part); err != nil {
				return
			}
			rest = rest[len(part):]
		}
	}
}

// cut ends every socket.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.links {
		l.client.Close()
		l.server.Close()
	}
	p.links = nil
}

// hold lets nothing pass until free; the sockets stay open.
func (p *proxy) hold() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held = make(chan struct{})
}

func (p *proxy) free() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.held)
	p.held = nil
}

// narrow limits what comes from the server, for each connection; 0 ends it.
func (p *proxy) narrow(bytesPerSecond int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.perTick = bytesPerSecond / 100
}

// deafen makes the nth connection deaf for good and reports whether there is one.
func (p *proxy) deafen(n int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n >= len(p.links) {
		return false
	}
	p.links[n].deaf = true
	return true
}
