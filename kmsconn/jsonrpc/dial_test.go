package jsonrpc

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

func noProxy(*http.Request) (*url.URL, error) { return nil, nil }

func TestDialFailures(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := free.Addr().String()
	mute := listen(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	chatty := listen(t, func(c net.Conn) { fmt.Fprint(c, "SSH-2.0-OpenSSH_9\r\n"); _, _ = io.Copy(io.Discard, c) })
	rude := listen(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) })
	web := listen(t, func(c net.Conn) {
		_, _ = bufio.NewReader(c).ReadString('\n')
		fmt.Fprint(c, "HTTP/1.1 426\r\nContent-Length: 0\r\n\r\n")
	})
	says := func(status string) string {
		return "ws://" + listen(t, func(c net.Conn) {
			_, _ = bufio.NewReader(c).ReadString('\n')
			fmt.Fprint(c, "HTTP/1.1 "+status+"\r\nContent-Length: 0\r\n\r\n")
		}) + "/kurento"
	}
	plain := strings.TrimPrefix(serve(t, false, echo).URL, "http://")
	secure := strings.TrimPrefix(serve(t, true, echo).URL, "https://")
	free.Close() // only now: the system may give a free port to the next who listens
	for _, c := range []struct {
		name, url string
		want      Failure
		says      string
	}{
		{"refused", "ws://" + closed + "/kurento", FailRefused, "nothing accepts connections at " + closed},
		{"unknown name", "ws://no-such-host.invalid:8888/kurento", FailName, "no-such-host.invalid"},
		{"timeout", "ws://" + mute + "/kurento", FailTimeout, "did not answer within 200ms"},
		{"not HTTP", "ws://" + chatty + "/kurento", FailNotWebSocket, "no WebSocket server"},
		{"hangs up", "ws://" + rude + "/kurento", FailNotWebSocket, "ended the connection"},
		{"hangs up in TLS", "wss://" + rude + "/kurento", FailTLS, "during the TLS handshake"},
		{"no WebSocket, no words", "ws://" + web + "/kurento", FailNotWebSocket, "HTTP 426 Upgrade Required"},
		{"moved", says("301 Moved Permanently"), FailNotWebSocket, "HTTP 301 Moved Permanently); check the port and the path"},
		{"behind a password", says("401 Unauthorized"), FailNotWebSocket, "HTTP 401 Unauthorized); write a user name"},
		{"forbidden", says("403 Forbidden"), FailNotWebSocket, "does not let us in"},
		{"down behind a proxy", says("502 Bad Gateway"), FailNotWebSocket, "check that the Kurento server runs"},
		{"plain port", "wss://" + plain + "/kurento", FailPlainPort, "use ws:// instead"},
		{"TLS port", "ws://" + secure + "/kurento", FailNotWebSocket, "HTTP 400"}, // Go's server answers in plain text
		{"http scheme", "http://" + plain, FailOther, "no WebSocket address"},
		{"no host", "ws:///kurento", FailOther, "no WebSocket address"},
		{"nonsense", "ws://u:secret@\x7f", FailOther, "no WebSocket address"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var frames tapLog
			timeout := time.Minute
			if c.want == FailTimeout {
				timeout = 200 * time.Millisecond
			}
			_, err := Dial(within(t), Options{URL: strings.Replace(c.url, "://", "://me:secret@", 1), Proxy: noProxy, Tap: frames.tap, HandshakeTimeout: timeout})
			if FailureOf(err) != c.want || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("%q: %v, want %s", FailureOf(err), err, c.want)
			}
			if s := err.Error(); strings.Contains(s, "secret") || strings.Contains(s, "\n") || strings.HasSuffix(s, ".") {
				t.Errorf("not a clean sentence: %s", s)
			}
			for _, f := range frames.all() {
				if f.Dir != Error || f.Err != err.Error() || strings.Contains(f.URL, "secret") {
					t.Errorf("tap %+v", f)
				}
			}
		})
	}
}

// What a TLS port of Kurento answers to a plain request is a TLS alert.
func TestTLSAlertIsRecognised(t *testing.T) {
	addr := listen(t, func(c net.Conn) {
		_, _ = c.Read(make([]byte, 1024))
		_, _ = c.Write([]byte{0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x46})
	})
	_, err := Dial(within(t), Options{URL: "ws://" + addr + "/kurento", Proxy: noProxy})
	if FailureOf(err) != FailTLSPort || !strings.Contains(err.Error(), "use wss://") {
		t.Errorf("%s: %v", FailureOf(err), err)
	}
}

func TestDialErrorSentences(t *testing.T) {
	wrap := func(err error) error {
		return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", err)}
	}
	for _, c := range []struct {
		err  error
		want Failure
	}{
		{wrap(syscall.EHOSTUNREACH), FailUnreachable},
		{wrap(syscall.ENETUNREACH), FailUnreachable},
		{wrap(syscall.ETIMEDOUT), FailTimeout},
		{wrap(syscall.ECONNREFUSED), FailRefused},
		{&net.DNSError{Name: "x", IsTimeout: true}, FailName},
		{tls.AlertError(40), FailTLS},
		{context.Canceled, FailCancelled},
		{errors.New("something else"), FailOther},
	} {
		err := dialError(c.err, nil, "ws://host:1/kurento", "host:1", "", time.Second)
		if FailureOf(err) != c.want || !errors.Is(err, c.err) {
			t.Errorf("%v: %s %v", c.err, FailureOf(err), err)
		}
	}
}

func TestDialCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	addr := listen(t, func(c net.Conn) { cancel(); _, _ = io.Copy(io.Discard, c) })
	_, err := Dial(ctx, Options{URL: "ws://" + addr + "/kurento", Proxy: noProxy})
	if FailureOf(err) != FailCancelled {
		t.Errorf("%s: %v", FailureOf(err), err)
	}
}

// A wrong path opens, then closes with 1002 (as the real server does).
func TestWrongPath(t *testing.T) {
	s := serve(t, false, func(ws *websocket.Conn) {
		_ = ws.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(1002, "Invalid path"))
		silent(ws)
	})
	var frames tapLog
	c := dial(t, Options{URL: s.ws(), Tap: frames.tap})
	_, err := c.Call(within(t), "connect", nil)
	if FailureOf(err) != FailPath || !strings.Contains(err.Error(), "usually /kurento") {
		t.Errorf("%s: %v", FailureOf(err), err)
	}
	select { // a call that comes after the close fails before the tap has it
	case <-c.Done():
	case <-within(t).Done():
		t.Fatal("the connection did not end")
	}
	all := frames.all()
	if last := all[len(all)-1]; last.Dir != Close || last.Code != 1002 || last.By != "server" || last.Reason != "Invalid path" {
		t.Errorf("tap %+v", last)
	}
}

// certificate makes a self-signed certificate.
func certificate(t *testing.T, name string, notAfter time.Time) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: notAfter.Add(-48 * time.Hour), NotAfter: notAfter,
		DNSNames: []string{name}, IsCA: true, BasicConstraintsValid: true,
	}
	if ip := net.ParseIP(name); ip != nil {
		template.DNSNames, template.IPAddresses = nil, []net.IP{ip}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func TestTLS(t *testing.T) {
	later := time.Now().Add(24 * time.Hour)
	for _, c := range []struct {
		name    string
		cert    tls.Certificate
		config  func(leaf *x509.Certificate) *tls.Config
		reason  string // "" is trusted
		pinned  bool
		unknown bool
	}{
		{name: "own authority", cert: certificate(t, "127.0.0.1", later), config: trust},
		{name: "self-signed", cert: certificate(t, "127.0.0.1", later), reason: "signed by itself", unknown: true},
		{name: "other name", cert: certificate(t, "kurento.example", later), config: trust, reason: "not valid for the name 127.0.0.1, but for kurento.example"},
		{name: "expired", cert: certificate(t, "127.0.0.1", time.Now().Add(-time.Hour)), config: trust, reason: "it expired on"},
		{name: "not yet", cert: certificate(t, "127.0.0.1", time.Now().Add(1000*time.Hour)), config: trust, reason: "not valid before"},
		{name: "pinned", cert: certificate(t, "whoever", time.Now().Add(-time.Hour)), config: func(leaf *x509.Certificate) *tls.Config { return PinnedTLS(Fingerprint(leaf)) }},
		{name: "pin of another", cert: certificate(t, "127.0.0.1", later), config: func(*x509.Certificate) *tls.Config { return PinnedTLS(strings.Repeat("ab", 32)) }, reason: "not the one that was accepted before", pinned: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serveCertificate(t, c.cert)
			var config *tls.Config
			if c.config != nil {
				config = c.config(c.cert.Leaf)
			}
			conn, err := Dial(within(t), Options{URL: s, TLS: config, Proxy: noProxy})
			if c.reason == "" {
				if err != nil {
					t.Fatal(err)
				}
				if _, err := conn.Call(within(t), "ping", nil); err != nil {
					t.Error(err)
				}
				closeNow(t, conn)
				return
			}
			var u *UntrustedError
			if !errors.As(err, &u) {
				t.Fatalf("Dial = %v", err)
			}
			if !strings.Contains(u.Reason, c.reason) || u.Fingerprint != Fingerprint(c.cert.Leaf) || u.Pinned != c.pinned || u.Unknown != c.unknown || FailureOf(err) != FailUntrusted {
				t.Errorf("%+v", u)
			}
			if u.Subject != c.cert.Leaf.Subject.String() || !u.NotAfter.Equal(c.cert.Leaf.NotAfter) || !strings.HasPrefix(u.URL, "wss://127.0.0.1:") {
				t.Errorf("%+v", u)
			}
		})
	}
}

func trust(leaf *x509.Certificate) *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return &tls.Config{RootCAs: pool}
}

func serveCertificate(t *testing.T, cert tls.Certificate) string {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}})
	if err != nil {
		t.Fatal(err)
	}
	up := websocket.Upgrader{}
	srv := &http.Server{ErrorLog: quiet(), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ws, err := up.Upgrade(w, r, nil); err == nil {
			defer ws.Close()
			echo(ws)
		}
	})}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(l) }()
	t.Cleanup(func() { srv.Close(); <-done })
	return "wss://" + l.Addr().String() + "/kurento"
}

func TestParseFingerprint(t *testing.T) {
	hex := strings.Repeat("0aF9", 16)
	for _, in := range []string{hex, strings.ToUpper(hex), " " + hex + "\n", strings.TrimSuffix(strings.Repeat("0A:F9:", 32), ":"), strings.Repeat("0a f9 ", 32)} {
		got, err := ParseFingerprint(in)
		if len(strings.NewReplacer(":", "", " ", "", "\n", "").Replace(in)) != 64 {
			if err == nil {
				t.Errorf("%q was accepted", in)
			}
			continue
		}
		if err != nil || got != strings.ToLower(hex) {
			t.Errorf("%q: %q %v", in, got, err)
		}
	}
	for _, in := range []string{"", "xyz", hex[1:], hex + "00"} {
		if _, err := ParseFingerprint(in); err == nil {
			t.Errorf("%q was accepted", in)
		}
	}
}

// proxy is an HTTP proxy that knows CONNECT; status other than 200 refuses.
func proxy(t *testing.T, status int, asked chan<- string) *url.URL {
	t.Helper()
	addr := listen(t, func(c net.Conn) {
		req, err := http.ReadRequest(bufio.NewReader(c))
		if err != nil {
			return
		}
		asked <- req.Method + " " + req.Host + " " + req.Header.Get("Proxy-Authorization")
		if status != 200 {
			fmt.Fprintf(c, "HTTP/1.1 %d\r\nContent-Length: 0\r\n\r\n", status)
			return
		}
		up, err := net.Dial("tcp", req.Host)
		if err != nil {
			return
		}
		defer up.Close()
		fmt.Fprint(c, "HTTP/1.1 200 OK\r\n\r\n")
		done := make(chan struct{})
		go func() { defer close(done); _, _ = io.Copy(up, c); up.Close() }()
		_, _ = io.Copy(c, up)
		c.Close()
		<-done
	})
	return &url.URL{Scheme: "http", Host: addr, User: url.UserPassword("u", "secret")}
}

func TestProxy(t *testing.T) {
	for _, useTLS := range []bool{false, true} {
		s := serve(t, useTLS, echo)
		asked := make(chan string, 1)
		var config *tls.Config
		if useTLS {
			config = trusting(s)
		}
		c := dial(t, Options{URL: s.ws(), TLS: config, Proxy: http.ProxyURL(proxy(t, 200, asked))})
		if _, err := c.Call(within(t), "ping", nil); err != nil {
			t.Error(err)
		}
		host := strings.TrimPrefix(strings.TrimPrefix(s.URL, "http://"), "https://")
		if got := <-asked; got != "CONNECT "+host+" Basic dTpzZWNyZXQ=" {
			t.Errorf("the proxy was asked %q", got)
		}
	}
}

func TestProxyFailures(t *testing.T) {
	gone := &url.URL{Scheme: "http", Host: "127.0.0.1:1"}
	stranger := proxy(t, 407, make(chan string, 1))
	stranger.User = nil
	for _, c := range []struct {
		proxy *url.URL
		says  string
	}{
		{proxy(t, 407, make(chan string, 1)), "refuses the user or the password of the proxy address"},
		{proxy(t, 401, make(chan string, 1)), "refuses the user or the password of the proxy address"},
		{stranger, "wants a user and a password"},
		{proxy(t, 403, make(chan string, 1)), "HTTP 403 Forbidden"},
		{proxy(t, 599, make(chan string, 1)), "HTTP 599"},
		{gone, "the proxy itself cannot be reached"},
	} {
		_, err := Dial(within(t), Options{URL: "ws://kurento.example:8888/kurento", Proxy: http.ProxyURL(c.proxy)})
		if FailureOf(err) != FailProxy || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%v, want %q", err, c.says)
		}
	}
	_, err := Dial(within(t), Options{URL: "ws://kurento.example:8888/kurento", Proxy: func(*http.Request) (*url.URL, error) { return nil, errors.New("x") }})
	if FailureOf(err) != FailProxy {
		t.Errorf("%v", err)
	}
}

func TestUserinfoIsSentAndNotShown(t *testing.T) {
	got := make(chan string, 1)
	addr := listen(t, func(c net.Conn) {
		req, err := http.ReadRequest(bufio.NewReader(c))
		if err != nil {
			return
		}
		got <- req.Header.Get("Authorization") + " " + req.URL.RawQuery
		fmt.Fprint(c, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
	})
	_, err := Dial(within(t), Options{URL: "ws://me:secret@" + addr + "/kurento?token=secret", Proxy: noProxy})
	if want := "Basic bWU6c2VjcmV0 token=secret"; <-got != want {
		t.Error("the credentials were not sent")
	}
	if FailureOf(err) != FailNotWebSocket || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
}
