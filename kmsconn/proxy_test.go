package kmsconn

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kmscope/kmsconn/jsonrpc"
)

// Through an HTTP proxy, as the environment names it. The environment is read
// once in a process, and never for servers of this machine: so the program that
// connects is a child, and the server has a name that the proxy alone knows.

const (
	// childTarget, when set, makes the test binary connect to its value, trusting
	// the certificate of childPin if that is set; see beThroughProxy.
	childTarget = "KMSCONN_TEST_TARGET"
	childPin    = "KMSCONN_TEST_PIN"

	serverName = "kurento.invalid"
	// What must be told to nobody: the password for the proxy, that for the server.
	proxyPassword  = "pr0xy-hush"
	serverPassword = "s3rver-hush"
)

// beThroughProxy connects in all ways that a session does, and prints everything
// that such a program shows, logs or captures.
func beThroughProxy() int {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var mu sync.Mutex
	say := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Println(strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", " "))
	}
	again := make(chan struct{}, 8)
	opts := Options{
		Target: Target{URL: os.Getenv(childTarget), Fingerprint: os.Getenv(childPin)}, Label: "child", Schema: func() Schema { return testSchema{} },
		BackoffMin: time.Millisecond, BackoffMax: 20 * time.Millisecond,
		// Reading the system's authorities takes seconds on a busy machine.
		HandshakeTimeout: time.Minute, CallTimeout: time.Minute,
		Tap: func(f jsonrpc.Frame) {
			say("tap %s %s %s %s %s %s", f.Conn, f.Dir, f.URL, f.Reason, f.Err, f.Data)
		},
		Observer: Observer{
			OnState: func(s State) { say("state %s %v", s.Phase, s.Cause) },
			OnSession: func(s Session) {
				if !s.First {
					again <- struct{}{}
				}
			},
		},
	}
	say("target %s", opts.Target.Shown())
	fail := func(err error) int {
		say("failure %s: %v", jsonrpc.FailureOf(err), err)
		var u *jsonrpc.UntrustedError
		if errors.As(err, &u) {
			say("fingerprint %s pinned %v", u.Fingerprint, u.Pinned)
		}
		return 0
	}
	r, err := NewReader(ctx, opts, nil)
	if err != nil {
		return fail(err)
	}
	w, err := Watch(ctx, WatchOptions{Options: opts, Reader: r})
	if err != nil {
		return fail(err)
	}
	say("ready") // the parent cuts every tunnel
	select {
	case <-again:
		say("again")
	case <-ctx.Done():
		return fail(ctx.Err())
	}
	if err := r.Client().WaitConnected(ctx); err != nil {
		return fail(err)
	}
	l, err := r.List(ctx)
	if err != nil {
		return fail(err)
	}
	say("listed %d", len(l.Objects))
	if err := errors.Join(w.Close(ctx), r.Close(ctx)); err != nil {
		return fail(err)
	}
	return 0
}

// connectProxy is an HTTP proxy that knows CONNECT, one user, and one server.
type connectProxy struct {
	address, leadsTo string
	status           string // of every answer, "" is what is asked for

	mu      sync.Mutex
	asked   []string
	tunnels []net.Conn
	wg      sync.WaitGroup
}

func newConnectProxy(t *testing.T, leadsTo, status string) *connectProxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &connectProxy{address: l.Addr().String(), leadsTo: leadsTo, status: status}
	p.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.wg.Go(func() {
				defer c.Close()
				p.serve(c)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		p.cut()
		p.wg.Wait()
	})
	return p
}

// cut ends every tunnel.
func (p *connectProxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.tunnels {
		c.Close()
	}
	p.tunnels = nil
}

func (p *connectProxy) serve(c net.Conn) {
	in := bufio.NewReader(c)
	req, err := http.ReadRequest(in)
	if err != nil {
		return
	}
	p.mu.Lock()
	p.asked = append(p.asked, req.Method+" "+req.Host)
	p.mu.Unlock()
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte("me:"+proxyPassword))
	switch {
	case p.status != "":
		fmt.Fprintf(c, "HTTP/1.1 %s\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n<h1>no</h", p.status)
		return
	case req.Header.Get("Proxy-Authorization") != want:
		fmt.Fprint(c, "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"office\"\r\nContent-Length: 0\r\n\r\n")
		return
	case req.Method != http.MethodConnect || !strings.HasPrefix(req.Host, serverName+":"):
		fmt.Fprint(c, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
		return
	}
	up, err := net.Dial("tcp", p.leadsTo)
	if err != nil {
		fmt.Fprint(c, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
		return
	}
	defer up.Close()
	p.mu.Lock()
	p.tunnels = append(p.tunnels, c, up)
	p.mu.Unlock()
	fmt.Fprint(c, "HTTP/1.1 200 Connection established\r\nVia: 1.1 office\r\n\r\n")
	p.wg.Go(func() {
		_, _ = io.Copy(up, in)
		up.Close()
	})
	_, _ = io.Copy(c, up)
}

// behindTLS puts TLS before a server, and gives the address and the fingerprint of
// the certificate, which nobody signed.
func behindTLS(t *testing.T, server string) (address, fingerprint string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: serverName}, DNSNames: []string{serverName}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				up, err := net.Dial("tcp", server)
				if err != nil {
					return
				}
				defer up.Close()
				wg.Go(func() {
					_, _ = io.Copy(up, c)
					up.Close()
				})
				_, _ = io.Copy(c, up)
			})
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return l.Addr().String(), jsonrpc.Fingerprint(leaf)
}

// TestThroughProxy connects to a server behind an HTTP proxy: with TLS and
// without, trusted and not, with and without being let through. Whatever happens,
// no password is shown.
func TestThroughProxy(t *testing.T) {
	t.Parallel()
	fake := newFake(t, time.Hour)
	newApp(t, fake.url()).pipeline(3)
	plain := strings.TrimPrefix(fake.url(), "ws://")
	secure, pin := behindTLS(t, plain)
	wss := "wss://operator:" + serverPassword + "@" + serverName + ":8433/kurento"
	const works = "listed 4"
	for _, c := range []struct {
		name, url, pin string
		password       string // for the proxy
		status         string // of the proxy's answers
		env            string
		leadsTo        string
		asked          string // of the proxy; "" is nothing
		says           []string
	}{
		{name: "not seen before", url: wss, says: []string{"failure untrusted:", "fingerprint " + pin + " pinned false"}, asked: "CONNECT kurento.invalid:8433"},
		{name: "pinned", url: wss, pin: pin, says: []string{"state reconnecting", works}, asked: "CONNECT kurento.invalid:8433"},
		{name: "another is pinned", url: wss, pin: strings.Repeat("ab", 32), says: []string{"failure untrusted:", "fingerprint " + pin + " pinned true"}, asked: "CONNECT kurento.invalid:8433"},
		{name: "without TLS", url: strings.Replace(wss, "wss:", "ws:", 1), env: "HTTP_PROXY", leadsTo: plain, says: []string{works}, asked: "CONNECT kurento.invalid:8433"},
		{name: "named in small letters", url: wss, pin: pin, env: "https_proxy", says: []string{works}, asked: "CONNECT kurento.invalid:8433"},
		{name: "no port", url: "wss://kurento.invalid", pin: pin, says: []string{works}, asked: "CONNECT kurento.invalid:443"},
		{name: "wrong password", url: wss, pin: pin, password: "wr0ng-hush", says: []string{"failure proxy:", "refuses the user or the password of the proxy address"}, asked: "CONNECT kurento.invalid:8433"},
		{name: "no way on", url: wss, pin: pin, status: "502 Bad Gateway", says: []string{"failure proxy:", "the proxy did not let us through to kurento.invalid:8433: HTTP 502 Bad Gateway"}, asked: "CONNECT kurento.invalid:8433"},
		{name: "the server is down", url: wss, pin: pin, leadsTo: "127.0.0.1:1", says: []string{"failure proxy:", "HTTP 502"}, asked: "CONNECT kurento.invalid:8433"},
		{name: "not TLS behind it", url: wss, pin: pin, leadsTo: plain, says: []string{"failure plain-port:", "through the proxy 127.0.0.1:"}, asked: "CONNECT kurento.invalid:8433"},
		{name: "not for this server", url: wss, pin: pin, env: "NO_PROXY", says: []string{"failure name:"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			leadsTo := c.leadsTo
			if leadsTo == "" {
				leadsTo = secure
			}
			p := newConnectProxy(t, leadsTo, c.status)
			password := c.password
			if password == "" {
				password = proxyPassword
			}
			address := "http://me:" + password + "@" + p.address
			cmd := exec.CommandContext(within(t), os.Args[0])
			cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool {
				name, _, _ := strings.Cut(strings.ToUpper(v), "=")
				return strings.HasSuffix(name, "_PROXY") || name == "REQUEST_METHOD"
			})
			cmd.Env = append(cmd.Env, childTarget+"="+c.url, childPin+"="+c.pin)
			switch c.env {
			case "":
				cmd.Env = append(cmd.Env, "HTTPS_PROXY="+address, "NO_PROXY=other.invalid,.example.org")
			case "NO_PROXY":
				cmd.Env = append(cmd.Env, "HTTPS_PROXY="+address, "NO_PROXY=other.invalid,"+serverName)
			default:
				cmd.Env = append(cmd.Env, c.env+"="+address)
			}
			var complaints strings.Builder
			cmd.Stderr = &complaints
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			var heard strings.Builder
			lines := bufio.NewScanner(out)
			lines.Buffer(nil, 1<<20)
			for lines.Scan() {
				heard.WriteString(lines.Text() + "\n")
				if lines.Text() == "ready" {
					p.cut()
				}
			}
			if err := cmd.Wait(); err != nil {
				t.Fatalf("%v\n%s%s", err, heard.String(), complaints.String())
			}
			all := heard.String() + complaints.String()
			for _, says := range c.says {
				if !strings.Contains(all, says) {
					t.Errorf("nothing says %q:\n%s", says, all)
				}
			}
			for _, secret := range []string{"hush", "bWU6", "b3BlcmF0b3I6"} { // plain, and as basic authentication begins
				if strings.Contains(all, secret) {
					t.Errorf("a password is shown (%s):\n%s", secret, all)
				}
			}
			p.mu.Lock()
			asked := slices.Compact(slices.Clone(p.asked))
			p.mu.Unlock()
			if got := strings.Join(asked, ", "); got != c.asked {
				t.Errorf("the proxy was asked %q", got)
			}
		})
	}
}
