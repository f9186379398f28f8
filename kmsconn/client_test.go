package kmsconn

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"kmscope/kmsconn/jsonrpc"

	"github.com/gorilla/websocket"
)

func connect(t testing.TB, opts Options) *Client {
	t.Helper()
	c, err := Dial(within(t), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(within(t)); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return c
}

// log records what a Client's observer is told.
type observed struct {
	mu       sync.Mutex
	phases   []Phase
	sessions []Session
	events   []Event
}

func (o *observed) observer() Observer {
	return Observer{
		OnState:   func(s State) { o.mu.Lock(); defer o.mu.Unlock(); o.phases = append(o.phases, s.Phase) },
		OnSession: func(s Session) { o.mu.Lock(); defer o.mu.Unlock(); o.sessions = append(o.sessions, s) },
		OnEvent:   func(e Event) { o.mu.Lock(); defer o.mu.Unlock(); o.events = append(o.events, e) },
	}
}

func (o *observed) session(n int) (Session, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.sessions) <= n {
		return Session{}, false
	}
	return o.sessions[n], true
}

func (o *observed) saw(p Phase) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, q := range o.phases {
		if q == p {
			return true
		}
	}
	return false
}

func TestClientCalls(t *testing.T) {
	f := newFake(t, time.Hour)
	a := newApp(t, f.url())
	ids := a.pipeline(1)
	c := connect(t, quick(f.url()))
	ctx := within(t)
	if id, err := c.Connect(ctx); err != nil || id != "server-1" {
		t.Errorf("Connect = %q, %v", id, err)
	}
	if _, err := c.Ping(ctx); err != nil {
		t.Error(err)
	}
	if d, err := c.Describe(ctx, ids[1]); err != nil || d.QualifiedType != "kurento.PassThrough" || d.Type != "PassThrough" || len(d.Hierarchy) != 1 {
		t.Errorf("Describe = %+v, %v", d, err)
	}
	if raw, err := c.Invoke(ctx, ids[1], "getName", nil); err != nil || string(raw) != `"getName of `+ids[1]+`"` {
		t.Errorf("Invoke = %s, %v", raw, err)
	}
	sub, err := c.Subscribe(ctx, ids[1], "Error")
	if err != nil || sub == "" {
		t.Errorf("Subscribe = %q, %v", sub, err)
	}
	for name, err := range map[string]error{
		"Unsubscribe": c.Unsubscribe(ctx, ids[1], sub), "Ref": c.Ref(ctx, ids[1]), "Unref": c.Unref(ctx, ids[0]),
		"KeepAlive": c.KeepAlive(ctx), "CloseSession": c.CloseSession(ctx),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	made, err := c.Create(ctx, "MediaPipeline", nil, nil)
	if err != nil || typeOf(made) != "MediaPipeline" {
		t.Errorf("Create = %q, %v", made, err)
	}
	if err := c.Release(ctx, made); err != nil {
		t.Error(err)
	}
	if info, err := c.Info(ctx); err != nil || info.Version != "7.3.1-dev" {
		t.Errorf("Info = %+v, %v", info, err)
	}
	sessions, err := c.Sessions(ctx)
	if err != nil || len(sessions) != 2 {
		t.Errorf("Sessions = %v, %v", sessions, err)
	}
	if err := c.closeSession(ctx, a.session); err == nil {
		t.Error("a foreign session was closed")
	}
}

func TestErrors(t *testing.T) {
	f := newFake(t, time.Hour)
	c := connect(t, quick(f.url()))
	ctx := within(t)
	_, err := c.Invoke(ctx, "nobody", "getName", nil)
	var e *Error
	if !errors.As(err, &e) || !IsNotFound(err) || e.Op != "getName" || e.Object != "nobody" || e.Type != "MEDIA_OBJECT_NOT_FOUND" {
		t.Errorf("%#v", err)
	}
	if got := err.Error(); got != "getName: Object 'nobody' not found (40101 MEDIA_OBJECT_NOT_FOUND)" {
		t.Error(got)
	}
	if _, err := c.Invoke(ctx, Manager, "nonsense", nil); !IsUnknownOperation(err) {
		t.Error(err)
	}
	if _, err := c.Subscribe(ctx, Manager, "Unheard"); !IsUnknownEvent(err) {
		t.Error(err)
	}
	if r := c.Do(ctx, Op{Method: "nonsense"}); r.Err == nil {
		t.Error("a call that does not exist was sent")
	}
	if r := c.Do(ctx, Invoke(Manager, "getName", []int{1})); r.Err == nil {
		t.Error("parameters without names were sent")
	}
	if r := c.Do(ctx, Invoke(Manager, "getName", func() {})); r.Err == nil {
		t.Error("a function was sent")
	}
	bare := newError(&jsonrpc.RPCError{Code: -32000, Data: json.RawMessage(`"x"`)}, "create X", "")
	if bare.Type != "" || bare.Error() != "create X: refused without a reason (-32000)" {
		t.Errorf("%+v %s", bare, bare)
	}
}

func TestDialFailures(t *testing.T) {
	f := newFake(t, time.Hour)
	notKurento := websocketServer(t, func(ws *websocket.Conn, id json.RawMessage) {
		_ = ws.WriteMessage(websocket.TextMessage, []byte(`{"id":`+string(id)+`,"jsonrpc":"2.0","result":"hello"}`))
	})
	refuses := websocketServer(t, func(ws *websocket.Conn, id json.RawMessage) {
		_ = ws.WriteMessage(websocket.TextMessage, []byte(`{"id":`+string(id)+`,"jsonrpc":"2.0","error":{"code":-1,"message":"who are you"}}`))
	})
	chats := websocketServer(t, func(ws *websocket.Conn, _ json.RawMessage) {
		_ = ws.WriteMessage(websocket.TextMessage, []byte(`{"from":"a chat","text":"hello"}`))
	})
	garbles := websocketServer(t, func(ws *websocket.Conn, _ json.RawMessage) {
		_ = ws.WriteMessage(websocket.BinaryMessage, []byte("\xff\x00{{"))
	})
	silent := websocketServer(t, func(*websocket.Conn, json.RawMessage) {})
	web := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(web.Close)
	for _, c := range []struct {
		name, url string
		want      jsonrpc.Failure
	}{
		{"wrong path", f.url() + "/elsewhere", jsonrpc.FailPath},
		{"not Kurento", notKurento, FailNotKurento},
		{"refuses", refuses, FailNotKurento},
		{"chats", chats, FailNotKurento},
		{"garbles", garbles, FailNotKurento},
		{"silent", silent, FailSilent},
		{"web server", web.URL, jsonrpc.FailNotWebSocket},
		{"refused", "127.0.0.1:1", jsonrpc.FailRefused},
	} {
		t.Run(c.name, func(t *testing.T) {
			opts := quick(c.url)
			switch c.name {
			case "silent", "chats", "garbles": // the answer never comes
				opts.CallTimeout = 500 * time.Millisecond
			}
			_, err := Dial(within(t), opts)
			if jsonrpc.FailureOf(err) != c.want {
				t.Errorf("%s: %v", jsonrpc.FailureOf(err), err)
			}
		})
	}
	for _, target := range []Target{{URL: ""}, {URL: "ftp://x"}, {URL: "ws://x", CAFile: "/nowhere"}, {URL: "ws://x", Fingerprint: "abc"}} {
		if _, err := Dial(within(t), Options{Target: target}); err == nil {
			t.Errorf("%+v was accepted", target)
		}
	}
}

// websocketServer runs answer for every request.
func websocketServer(t *testing.T, answer func(*websocket.Conn, json.RawMessage)) string {
	t.Helper()
	up := websocket.Upgrader{}
	done := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		go func() { <-done; ws.Close() }()
		for {
			_, data, err := ws.ReadMessage()
			if err != nil {
				return
			}
			var req struct {
				ID json.RawMessage `json:"id"`
			}
			_ = json.Unmarshal(data, &req)
			answer(ws, req.ID)
		}
	}))
	t.Cleanup(func() { close(done); s.Close() })
	return s.URL
}

// A lost connection is replaced; the session and its subscriptions live on.
func TestReconnectResumes(t *testing.T) {
	f := newFake(t, time.Hour)
	var o observed
	opts := quick(f.url())
	opts.Observer = o.observer()
	c := connect(t, opts)
	if _, err := c.Subscribe(within(t), Manager, "ObjectCreated"); err != nil {
		t.Fatal(err)
	}
	f.cut()
	eventually(t, "a second session", func() bool { _, ok := o.session(1); return ok })
	first, _ := o.session(0)
	second, _ := o.session(1)
	if !first.First || first.Resumed || second.First || !second.Resumed || second.Restarted || second.ID != first.ID {
		t.Errorf("%+v then %+v", first, second)
	}
	if err := c.WaitConnected(within(t)); err != nil {
		t.Error(err)
	}
	id := newApp(t, f.url()).create("MediaPipeline", object{})
	eventually(t, "the subscription delivers", func() bool {
		o.mu.Lock()
		defer o.mu.Unlock()
		return len(o.events) == 1 && o.events[0].Type == "ObjectCreated" && strings.Contains(string(o.events[0].Data), id)
	})
	if !o.saw(Connecting) || !o.saw(Connected) || !o.saw(Reconnecting) {
		t.Errorf("phases %v", o.phases)
	}
}

func TestRestartedServer(t *testing.T) {
	f := newFake(t, time.Hour)
	var o observed
	opts := quick(f.url())
	opts.Observer = o.observer()
	c := connect(t, opts)
	f.restart()
	eventually(t, "a second session", func() bool { _, ok := o.session(1); return ok })
	first, _ := o.session(0)
	second, _ := o.session(1)
	if second.Resumed || !second.Restarted || second.ID == first.ID || second.ServerID == first.ServerID {
		t.Errorf("%+v then %+v", first, second)
	}
	if !c.Owns(first.ID) || !c.Owns(second.ID) || c.Owns("x") {
		t.Error("a session's owner is wrong")
	}
	if _, err := c.Ping(within(t)); err != nil {
		t.Error(err)
	}
}

// The server dropped the session while we were away: a clean new one.
func TestExpiredSession(t *testing.T) {
	f := newFake(t, time.Hour)
	var o observed
	opts := quick(f.url())
	opts.Observer = o.observer()
	c := connect(t, opts)
	f.set(func() { f.closeSession(c.Session().ID) })
	f.cut()
	eventually(t, "a second session", func() bool { _, ok := o.session(1); return ok })
	if second, _ := o.session(1); second.Resumed || second.Restarted || second.First {
		t.Errorf("%+v", second)
	}
}

// A connection that is open and answers nothing is replaced.
func TestDeafConnection(t *testing.T) {
	t.Parallel()
	f := newFake(t, time.Hour)
	var o observed
	opts := deafSoon(f.url())
	opts.Observer, opts.PingEvery = o.observer(), time.Hour // the call finds it out
	c := connect(t, opts)
	f.set(func() { f.mute = true })
	_, err := c.Invoke(within(t), Manager, "getName", nil)
	var timeout *TimeoutError
	if !errors.As(err, &timeout) || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("%v", err)
	}
	eventually(t, "deaf", func() bool { return o.saw(Deaf) })
	f.set(func() { f.mute = false })
	eventually(t, "a new connection", func() bool { _, err := c.Ping(within(t)); return err == nil })
	eventually(t, "its session is told", func() bool { _, ok := o.session(1); return ok })
	if s, _ := o.session(1); !s.Resumed {
		t.Errorf("%+v", s)
	}
}

// One slow call is no deafness.
func TestSlowCallKeepsTheConnection(t *testing.T) {
	t.Parallel()
	f := newFake(t, time.Hour)
	var o observed
	opts := quick(f.url())
	opts.Observer, opts.CallTimeout = o.observer(), time.Second
	c := connect(t, opts)
	f.set(func() { f.slow = map[string]time.Duration{"getName": 1500 * time.Millisecond} })
	if _, err := c.Invoke(within(t), Manager, "getName", nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("%v", err)
	}
	eventually(t, "the ping answered", func() bool { return c.PingTook() > 0 })
	if o.saw(Deaf) || o.saw(Reconnecting) {
		t.Errorf("phases %v", o.phases)
	}
}

// The caller's own deadline is his own.
func TestCallersDeadline(t *testing.T) {
	f := newFake(t, time.Hour)
	c := connect(t, quick(f.url()))
	f.set(func() { f.mute = true })
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	_, err := c.Invoke(ctx, Manager, "getName", nil)
	var timeout *TimeoutError
	if !errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) {
		t.Errorf("%v", err)
	}
	f.set(func() { f.mute = false })
}

// Pings keep an idle connection open and find one that went deaf while idle.
func TestPing(t *testing.T) {
	t.Parallel()
	f := newFake(t, time.Hour)
	var o observed
	opts := deafSoon(f.url())
	opts.Observer = o.observer()
	c := connect(t, opts)
	eventually(t, "several pings", func() bool { return f.count("ping") >= 3 })
	if c.PingTook() <= 0 || c.State().Phase != Connected {
		t.Errorf("%v %+v", c.PingTook(), c.State())
	}
	f.set(func() { f.mute = true })
	eventually(t, "deaf", func() bool { return o.saw(Deaf) })
	f.set(func() { f.mute = false })
	eventually(t, "connected again", func() bool { return c.State().Phase == Connected })
}

func TestCallsFailWhileDown(t *testing.T) {
	f := newFake(t, time.Hour)
	opts := quick(f.url())
	opts.BackoffMin, opts.BackoffMax = time.Hour, time.Hour
	c := connect(t, opts)
	f.cut()
	eventually(t, "reconnecting", func() bool { return c.State().Phase == Reconnecting })
	_, err := c.Invoke(within(t), Manager, "getName", nil)
	if !IsDown(err) || !strings.Contains(err.Error(), "not connected") {
		t.Errorf("%v", err)
	}
	s := c.State()
	if s.Cause == nil || s.RetryAt.IsZero() || s.Attempt != 1 || s.Since.IsZero() {
		t.Errorf("%+v", s)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	if err := c.WaitConnected(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	for _, r := range c.Transaction(within(t), []Op{Describe("a"), Describe("b")}) {
		if !IsDown(r.Err) {
			t.Error(r.Err)
		}
	}
	if err := c.Close(within(t)); err != nil {
		t.Error(err)
	}
	if err := c.WaitConnected(within(t)); !IsDown(err) || c.State().Phase != Closed {
		t.Errorf("%v %+v", err, c.State())
	}
}

// Close is bounded when the server says nothing.
func TestCloseOfADeafClient(t *testing.T) {
	f := newFake(t, time.Hour)
	opts := quick(f.url())
	c, err := Dial(within(t), opts)
	if err != nil {
		t.Fatal(err)
	}
	f.set(func() { f.mute = true })
	start := time.Now()
	if err := c.Close(within(t)); err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("Close took %v", took)
	}
}

func TestGarbageBetweenReplies(t *testing.T) {
	f := newFake(t, time.Hour)
	f.garbage = true
	c := connect(t, quick(f.url()))
	for range 10 {
		if _, err := c.Ping(within(t)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestServerWithoutDescribe(t *testing.T) {
	f := newFake(t, time.Hour)
	f.noDescribe = true
	c := connect(t, quick(f.url()))
	if s := c.Session(); IsToolSession(s.ID) || !c.Owns(s.ID) {
		t.Errorf("%+v", s)
	}
}

func TestBackoffIsBoundedAndRandom(t *testing.T) {
	seen := map[time.Duration]bool{}
	for attempt := range 100 {
		b := backoff(250*time.Millisecond, 3*time.Second, attempt+1)
		if b < 0 || b > 3*time.Second || attempt == 0 && b > 250*time.Millisecond {
			t.Errorf("attempt %d waits %v", attempt+1, b)
		}
		seen[b] = true
	}
	if len(seen) < 90 {
		t.Errorf("%d different waits of 100", len(seen))
	}
}

func TestTransaction(t *testing.T) {
	for _, without := range []bool{false, true} {
		t.Run(fmt.Sprintf("without=%v", without), func(t *testing.T) {
			f := newFake(t, time.Hour)
			f.noTransactions = without
			a := newApp(t, f.url())
			ids := a.pipeline(20)
			opts := quick(f.url())
			opts.Abilities = new(Abilities)
			c := connect(t, opts)
			var ops []Op
			for i := range 500 {
				switch {
				case i%7 == 0:
					ops = append(ops, Invoke("nobody", "getName", nil))
				case i%50 == 1:
					ops = append(ops, Invoke(ids[0], "connect", object{"sink": ids[0]})) // refused by the guard
				case i%50 == 2:
					ops = append(ops, Invoke(ids[0], "getName", 7)) // not sendable
				default:
					ops = append(ops, Invoke(ids[i%20], "getName", nil))
				}
			}
			for i, r := range c.Transaction(within(t), ops) {
				var guard *GuardError
				switch {
				case i%7 == 0:
					if !IsNotFound(r.Err) {
						t.Errorf("%d: %v", i, r.Err)
					}
				case i%50 == 1:
					if !errors.As(r.Err, &guard) {
						t.Errorf("%d: %v", i, r.Err)
					}
				case i%50 == 2:
					if r.Err == nil {
						t.Errorf("%d: %v", i, r.Err)
					}
				default:
					var name string
					if err := r.Decode(&name); err != nil || name != "getName of "+ids[i%20] || r.Took <= 0 {
						t.Errorf("%d: %s %v", i, name, err)
					}
				}
			}
			if opts.Abilities.Transactions() == without {
				t.Errorf("transactions: %v", opts.Abilities.Transactions())
			}
		})
	}
}

func TestBatchFollowsTheCost(t *testing.T) {
	var b batchSize
	if b.next() != batchStart {
		t.Errorf("starts with %d", b.next())
	}
	for range 50 {
		b.add(64, 64*4*time.Millisecond) // GStreamer DOT
	}
	if n := b.next(); n != 12 {
		t.Errorf("%d calls of 4 ms", n)
	}
	for range 50 {
		b.add(10, 10*time.Second)
	}
	if n := b.next(); n != batchLeast {
		t.Errorf("%d slow calls", n)
	}
	for range 200 {
		b.add(100, time.Microsecond)
	}
	if n := b.next(); n != batchMost {
		t.Errorf("%d fast calls", n)
	}
	b.add(0, time.Second)
}

func TestProbe(t *testing.T) {
	f := newFake(t, time.Hour)
	p, err := NewProbe(within(t), quick(f.url()))
	if err != nil {
		t.Fatal(err)
	}
	if load, err := p.UsedCPU(within(t), time.Millisecond); err != nil || load != 12.5 {
		t.Errorf("%v %v", load, err)
	}
	if p.Client().State().Phase != Connected {
		t.Error("not connected")
	}
	if err := p.Close(within(t)); err != nil {
		t.Error(err)
	}
	if _, sessions := f.ours(); sessions != 0 {
		t.Errorf("%d sessions are left", sessions)
	}
}

// What is shown and logged holds no session id and no userinfo.
func TestSecretsAreNotInErrors(t *testing.T) {
	f := newFake(t, time.Hour)
	opts := quick(strings.Replace(f.url(), "ws://", "ws://me:secret@", 1) + "/kurento?token=secret")
	var frames []jsonrpc.Frame
	opts.Tap = func(fr jsonrpc.Frame) { frames = append(frames, fr) }
	c, err := Dial(within(t), opts)
	if err != nil {
		t.Fatal(err)
	}
	session := c.Session().ID
	texts := []string{opts.Target.Shown(), (&DownError{}).Error()}
	for _, op := range []Op{Invoke("nobody", "getName", nil), Subscribe("nobody", "Error"), Unsubscribe("nobody", "x")} {
		if r := c.Do(within(t), op); r.Err != nil {
			texts = append(texts, r.Err.Error())
		}
	}
	f.set(func() { f.mute = true })
	short, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	texts = append(texts, c.Do(short, Describe(Manager)).Err.Error())
	if err := c.Close(within(t)); err != nil {
		t.Fatal(err)
	}
	texts = append(texts, c.Do(within(t), Describe(Manager)).Err.Error(), fmt.Sprint(c.State().Cause))
	for _, fr := range frames {
		texts = append(texts, fr.URL, fr.Err, fr.Reason)
	}
	for _, s := range texts {
		if strings.Contains(s, "secret") || strings.Contains(s, session) {
			t.Errorf("a secret is told: %s", s)
		}
	}
}

// A self-signed certificate: the error has what is needed to ask; once pinned
// it is trusted.
func TestSelfSignedCertificate(t *testing.T) {
	f := newFake(t, time.Hour)
	secure := httptest.NewUnstartedServer(f.http.Config.Handler)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	opts := quick(secure.URL)
	_, err := Dial(within(t), opts)
	var untrusted *jsonrpc.UntrustedError
	if !errors.As(err, &untrusted) || untrusted.Pinned || untrusted.Fingerprint == "" {
		t.Fatalf("%v", err)
	}
	opts.Target.Fingerprint = untrusted.Fingerprint
	c := connect(t, opts)
	if _, err := c.Ping(within(t)); err != nil {
		t.Error(err)
	}
	opts.Target.Fingerprint = strings.Repeat("00", 32)
	if _, err := Dial(within(t), opts); !errors.As(err, &untrusted) || !untrusted.Pinned {
		t.Errorf("%v", err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	opts.Target.Fingerprint, opts.Target.CAFile = "", file
	connect(t, opts)
}
