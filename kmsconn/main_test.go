package kmsconn

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"sync"
	"testing"
	"time"

	"kmscope/kmsconn/jsonrpc"
	"kmscope/kmsconn/kmd"

	"go.uber.org/goleak"
)

// kms is the address of a real server, whose collector period should be a few
// seconds: the tests of harmlessness run against it as well as against the
// model in fake_test.go.
var kms = flag.String("kms", "", "address of a real Kurento server to test against, too")

func TestMain(m *testing.M) {
	if os.Getenv(childTarget) != "" {
		os.Exit(beThroughProxy())
	}
	goleak.VerifyTestMain(m)
}

// within gives a context that ends long after anything should have happened.
func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// eventually waits for a condition.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	ctx := within(t)
	for !condition() {
		select {
		case <-ctx.Done():
			t.Fatalf("gave up waiting: %s", what)
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// servers runs a test against the model and, with -kms, against a real server.
func servers(t *testing.T, collectEvery time.Duration, run func(t *testing.T, url string, fake *fakeServer)) {
	t.Run("model", func(t *testing.T) {
		f := newFake(t, collectEvery)
		run(t, f.url(), f)
	})
	if *kms != "" {
		t.Run("real", func(t *testing.T) { run(t, *kms, nil) })
	}
}

// quick gives options whose times are short.
func quick(url string) Options {
	return Options{
		Target: Target{URL: url}, Label: "test", Schema: func() Schema { return testSchema{} },
		CallTimeout: 20 * time.Second, BackoffMin: 5 * time.Millisecond, BackoffMax: 50 * time.Millisecond,
	}
}

// deafSoon are options with which a silent server is soon found deaf: far later
// than an answer takes, also on a machine that has other things to do.
func deafSoon(url string) Options {
	o := quick(url)
	o.CallTimeout, o.PingTimeout, o.PingEvery = time.Second, time.Second, 20*time.Millisecond
	return o
}

// app is an application: a plain client with a session of the server's making.
type app struct {
	t       testing.TB
	conn    *jsonrpc.Conn
	session string
}

func newApp(t testing.TB, url string) *app {
	t.Helper()
	address, err := Target{URL: url}.Address()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := jsonrpc.Dial(within(t), jsonrpc.Options{URL: address})
	if err != nil {
		t.Fatal(err)
	}
	a := &app{t: t, conn: conn}
	t.Cleanup(a.die)
	var got connectReply
	a.call("connect", object{}, &got)
	a.session = got.SessionID
	return a
}

func (a *app) call(method string, params object, into any) {
	a.t.Helper()
	raw, err := a.conn.Call(within(a.t), method, params)
	if err != nil {
		a.t.Fatalf("%s: %v", method, err)
	}
	if into != nil {
		if err := json.Unmarshal(raw, into); err != nil {
			a.t.Fatal(err)
		}
	}
}

func (a *app) create(class string, constructor object) string {
	a.t.Helper()
	var got struct{ Value string }
	a.call("create", object{"type": class, "constructorParams": constructor, "properties": object{}, "sessionId": a.session}, &got)
	return got.Value
}

// pipeline makes a pipeline with n elements and gives the ids, it first.
func (a *app) pipeline(n int) []string {
	a.t.Helper()
	ids := []string{a.create("MediaPipeline", object{})}
	for range n {
		ids = append(ids, a.create("PassThrough", object{"mediaPipeline": ids[0]}))
	}
	return ids
}

// die ends the application without a word.
func (a *app) die() { a.conn.Abandon("the application dies") }

// destroyed gives a judge that knows which objects went, and when.
type judge struct {
	mu   sync.Mutex
	gone map[string]time.Time
}

func newJudge(t testing.TB, url string) *judge {
	t.Helper()
	j := &judge{gone: map[string]time.Time{}}
	address, err := Target{URL: url}.Address()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := jsonrpc.Dial(within(t), jsonrpc.Options{URL: address, OnEvent: func(_ string, params json.RawMessage) {
		var p struct {
			Value struct {
				Data struct{ ObjectID string }
			}
		}
		if json.Unmarshal(params, &p) == nil && p.Value.Data.ObjectID != "" {
			j.mu.Lock()
			j.gone[p.Value.Data.ObjectID] = time.Now()
			j.mu.Unlock()
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Abandon("done") })
	for _, method := range []string{"connect", "subscribe"} {
		params := object{}
		if method == "subscribe" {
			params = object{"object": Manager, "type": "ObjectDestroyed"}
		}
		if _, err := conn.Call(within(t), method, params); err != nil {
			t.Fatal(err)
		}
	}
	return j
}

func (j *judge) when(id string) (time.Time, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	at, ok := j.gone[id]
	return at, ok
}

// testSchema describes the few classes of these tests.
type testSchema struct{}

func (testSchema) Class(name string) *kmd.Class {
	switch name {
	case "MediaPipeline", "PassThrough", "MediaElement", "HubPort", "Composite", "WebRtcEndpoint":
		return &kmd.Class{Name: name}
	}
	return nil
}

func (testSchema) IsA(name, ancestor string) bool {
	if name == ancestor {
		return true
	}
	switch ancestor {
	case "MediaElement":
		return name == "PassThrough" || name == "HubPort" || name == "WebRtcEndpoint"
	case "Hub":
		return name == "Composite"
	}
	return false
}

func (s testSchema) Events(name string) []string {
	if s.IsA(name, "MediaElement") {
		return []string{"Error", "ElementConnected", "ElementDisconnected", "MediaFlowInStateChanged", "MediaFlowOutStateChanged", "MediaTranscodingStateChanged", "Unheard"}
	}
	return []string{"Error"}
}

var _ Schema = (*kmd.Schema)(nil)
