package jsonrpc

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/gorilla/websocket"
)

// Defaults of Options.
const (
	DefaultMaxFrameBytes    int64 = 64 << 20
	DefaultHandshakeTimeout       = 10 * time.Second
	DefaultWriteTimeout           = 10 * time.Second
	// DefaultMaxQueuedEventBytes bounds the notifications that wait for OnEvent.
	DefaultMaxQueuedEventBytes = 64 << 20
)

// Options says how to open a connection. Only URL is required.
type Options struct {
	// URL is ws:// or wss://. Userinfo is sent as HTTP basic authentication
	// and shown nowhere.
	URL string
	// Label names the connection in its Frames.
	Label string
	// TLS is used for wss://; nil means the system's roots. See PinnedTLS.
	TLS *tls.Config
	// Proxy chooses the proxy; nil means the environment's (HTTP_PROXY,
	// HTTPS_PROXY, NO_PROXY). Return nil, nil for none.
	Proxy func(*http.Request) (*url.URL, error)
	// Tap receives every Frame; may be nil.
	Tap Tap
	// MaxFrameBytes bounds a received message; 0 means DefaultMaxFrameBytes.
	// A larger one ends the connection with FailTooLarge.
	MaxFrameBytes int64
	// OnEvent receives every notification, one at a time, in order, from a
	// goroutine of the connection that holds no lock. It may make calls on the
	// connection; it must not call Close. May be nil.
	OnEvent func(method string, params json.RawMessage)
	// OnDropped is called, in order with OnEvent, after notifications were
	// dropped because OnEvent was too slow. (The tap has seen them all.)
	OnDropped func(count int)
	// MaxQueuedEventBytes bounds what waits for OnEvent; 0 means
	// DefaultMaxQueuedEventBytes.
	MaxQueuedEventBytes int
	// HandshakeTimeout bounds Dial; 0 means DefaultHandshakeTimeout.
	HandshakeTimeout time.Duration
	// WriteTimeout bounds the writing of one message; a peer that takes
	// nothing for so long has lost the connection. 0 means DefaultWriteTimeout.
	WriteTimeout time.Duration
	// IDs numbers the requests; nil means a fresh one. Give the same one to
	// connections that share a session.
	IDs *IDs
}

// Dial opens a connection and starts its goroutines; Close ends them. An error
// is a *LinkError or an *UntrustedError: one clear sentence. The failure goes
// to the tap as well.
func Dial(ctx context.Context, opts Options) (*Conn, error) {
	setDefaults(&opts)
	u, err := url.Parse(opts.URL)
	if err != nil || (u.Scheme != "ws" && u.Scheme != "wss") || u.Hostname() == "" {
		// The address is not repeated: what cannot be parsed cannot be cleaned
		// of secrets either.
		return nil, &LinkError{Failure: FailOther, Sentence: "the address is no WebSocket address; write ws://host:port/path or wss://host:port/path"}
	}
	shown := ShownURL(u)
	c := &Conn{
		opts:    opts,
		shown:   shown,
		pending: make(map[int64]*call),
		out:     make(chan *call),
		done:    make(chan struct{}),
		events:  newEventQueue(opts.MaxQueuedEventBytes),
	}
	ws, err := open(ctx, opts, u, shown)
	if err != nil {
		c.tap(Frame{Dir: Error, URL: shown, Err: err.Error()})
		return nil, err
	}
	ws.SetReadLimit(opts.MaxFrameBytes)
	// A server's close frame is answered by closing the socket, not by a frame
	// that could block.
	ws.SetCloseHandler(func(int, string) error { return nil })
	c.ws, c.socket = ws, rawSocket(ws.NetConn())
	c.tap(Frame{Dir: Open, URL: shown})
	c.wg.Add(3)
	go c.read()
	go c.write()
	go c.deliver()
	return c, nil
}

func setDefaults(o *Options) {
	if o.MaxFrameBytes <= 0 {
		o.MaxFrameBytes = DefaultMaxFrameBytes
	}
	if o.HandshakeTimeout <= 0 {
		o.HandshakeTimeout = DefaultHandshakeTimeout
	}
	if o.WriteTimeout <= 0 {
		o.WriteTimeout = DefaultWriteTimeout
	}
	if o.MaxQueuedEventBytes <= 0 {
		o.MaxQueuedEventBytes = DefaultMaxQueuedEventBytes
	}
	if o.IDs == nil {
		o.IDs = new(IDs)
	}
	if o.Proxy == nil {
		o.Proxy = http.ProxyFromEnvironment
	}
}

// ShownURL gives an address as it may be shown and recorded: without userinfo,
// query and fragment, any of which may hold a secret.
func ShownURL(u *url.URL) string {
	clean := *u
	clean.User, clean.RawQuery, clean.Fragment, clean.RawFragment, clean.ForceQuery = nil, "", "", "", false
	return clean.String()
}

// open does the network's part of Dial.
func open(ctx context.Context, opts Options, u *url.URL, shown string) (*websocket.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, opts.HandshakeTimeout)
	defer cancel()
	header := http.Header{}
	target := *u
	if user := u.User; user != nil {
		password, _ := user.Password()
		header.Set("Authorization", basicAuth(user.Username(), password))
		target.User = nil
	}
	target.Fragment = ""

	netDialer := &net.Dialer{}
	dialer := websocket.Dialer{
		HandshakeTimeout: opts.HandshakeTimeout,
		TLSClientConfig:  opts.TLS,
		ReadBufferSize:   64 << 10,
		WriteBufferSize:  16 << 10,
		NetDialContext:   netDialer.DialContext,
	}
	proxy, err := proxyFor(opts, &target)
	if err != nil {
		return nil, &LinkError{Failure: FailProxy, URL: shown, Sentence: "the proxy address in the environment cannot be used; check HTTP_PROXY and HTTPS_PROXY"}
	}
	via := ""
	if proxy != nil {
		via = proxy.Host
		switch proxy.Scheme {
		case "http", "https":
			dialer.NetDialContext = func(ctx context.Context, _, addr string) (net.Conn, error) {
				return connectThrough(ctx, netDialer, proxy, addr)
			}
		default: // socks5, which gorilla knows
			dialer.Proxy = http.ProxyURL(proxy)
		}
	}
	ws, resp, err := dialer.DialContext(ctx, target.String(), header)
	if err == nil {
		return ws, nil
	}
	if u := untrusted(err, shown); u != nil {
		return nil, u
	}
	if ctx.Err() != nil && !errors.Is(err, ctx.Err()) {
		// gorilla reports a cancelled handshake as an i/o timeout.
		err = fmt.Errorf("%w: %w", ctx.Err(), err)
	}
	return nil, dialError(err, resp, shown, target.Host, via, opts.HandshakeTimeout)
}

// proxyFor asks for the proxy of the http or https address that corresponds.
func proxyFor(opts Options, target *url.URL) (*url.URL, error) {
	web := *target
	web.Scheme = map[string]string{"ws": "http", "wss": "https"}[target.Scheme]
	return opts.Proxy(&http.Request{Method: http.MethodGet, URL: &web, Host: web.Host, Header: http.Header{}})
}
