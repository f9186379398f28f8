package kmssim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// client is a bare WebSocket client: it numbers requests and keeps events.
type client struct {
	t  *testing.T
	ws *websocket.Conn

	mu      sync.Mutex
	nextID  int
	waiting map[string]chan map[string]any
	events  []map[string]any
	news    chan struct{}
	done    chan struct{}
	session string
}

const patience = time.Minute

func start(t *testing.T, opt Options) (*Server, string) {
	t.Helper()
	if opt.Seed == 0 {
		opt.Seed = 42
	}
	s := New(opt)
	t.Cleanup(s.Close)
	url, err := s.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return s, url
}

func dial(t *testing.T, url string) *client {
	t.Helper()
	ws, _, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &client{t: t, ws: ws, waiting: map[string]chan map[string]any{},
		news: make(chan struct{}, 1), done: make(chan struct{})}
	go c.read()
	t.Cleanup(c.close)
	return c
}

func (c *client) close() {
	_ = c.ws.Close()
	<-c.done
}

// settle waits until everything that the server sent before is here.
func (c *client) settle() {
	c.t.Helper()
	c.try("settle", map[string]any{"jsonrpc": "2.0", "id": "settle", "method": "ping"}, patience)
}

func (c *client) read() {
	defer close(c.done)
	for {
		_, data, err := c.ws.ReadMessage()
		if err != nil {
			return
		}
		m, ok := decode(data)
		if !ok {
			m = map[string]any{"garbage": string(data)}
		}
		c.mu.Lock()
		if _, isReply := m["id"]; isReply {
			if w := c.waiting[fmt.Sprint(m["id"])]; w != nil {
				w <- m
			}
		} else {
			c.events = append(c.events, m)
		}
		c.mu.Unlock()
		select {
		case c.news <- struct{}{}:
		default:
		}
	}
}

func decode(data []byte) (map[string]any, bool) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var m map[string]any
	err := dec.Decode(&m)
	return m, err == nil
}

// raw sends a request as it stands and gives the reply with the id.
func (c *client) raw(id any, frame map[string]any) map[string]any {
	c.t.Helper()
	reply, ok := c.try(id, frame, patience)
	if !ok {
		c.t.Fatalf("no answer to %v", frame)
	}
	return reply
}

func (c *client) try(id any, frame map[string]any, wait time.Duration) (map[string]any, bool) {
	c.t.Helper()
	key := fmt.Sprint(id)
	if id == nil {
		key = "<nil>"
	}
	ch := make(chan map[string]any, 1)
	c.mu.Lock()
	c.waiting[key] = ch
	err := c.ws.WriteMessage(websocket.TextMessage, encode(frame))
	c.mu.Unlock()
	if err != nil {
		return nil, false
	}
	select {
	case <-c.done:
		return nil, false
	default:
	}
	select {
	case m := <-ch:
		return m, true
	case <-c.done:
		return nil, false
	case <-time.After(wait):
		return nil, false
	}
}

// request sends a numbered request under the client's own session.
func (c *client) request(method string, params map[string]any) map[string]any {
	c.t.Helper()
	c.mu.Lock()
	id := c.nextID
	c.nextID++
	c.mu.Unlock()
	full := map[string]any{}
	for k, v := range params {
		full[k] = v
	}
	if _, has := full["sessionId"]; !has && c.session != "" {
		full["sessionId"] = c.session
	}
	return c.raw(id, map[string]any{"jsonrpc": "2.0", "id": id, "method": method, "params": full})
}

// call is a request that must succeed; it gives the result.
func (c *client) call(method string, params map[string]any) map[string]any {
	c.t.Helper()
	m := c.request(method, params)
	if m["error"] != nil {
		c.t.Fatalf("%s %v: %v", method, params, m["error"])
	}
	result, _ := m["result"].(map[string]any)
	if id, ok := result["sessionId"].(string); ok && c.session == "" {
		c.session = id
	}
	return result
}

func (c *client) connect() *client {
	c.t.Helper()
	c.call("connect", nil)
	return c
}

func (c *client) create(typ string, args map[string]any) string {
	c.t.Helper()
	if args == nil {
		args = map[string]any{}
	}
	id, _ := c.call("create", map[string]any{"type": typ, "constructorParams": args})["value"].(string)
	return id
}

func (c *client) invoke(object, op string, params map[string]any) any {
	c.t.Helper()
	p := map[string]any{"object": object, "operation": op}
	if params != nil {
		p["operationParams"] = params
	}
	return c.call("invoke", p)["value"]
}

func (c *client) subscribe(object string, types ...string) {
	c.t.Helper()
	for _, typ := range types {
		c.call("subscribe", map[string]any{"object": object, "type": typ})
	}
}

func (c *client) refusal(method string, params map[string]any) string {
	c.t.Helper()
	m := c.request(method, params)
	e, ok := m["error"].(map[string]any)
	if !ok {
		c.t.Fatalf("%s %v succeeded: %v", method, params, m)
	}
	return string(encode(e))
}

// event waits for the first event that fits, from the start of the connection.
func (c *client) event(typ string, fits func(data map[string]any) bool) map[string]any {
	c.t.Helper()
	deadline := time.After(patience)
	for {
		if d := c.seen(typ, fits); d != nil {
			return d
		}
		select {
		case <-c.news:
		case <-c.done:
			c.t.Fatalf("the connection ended before %s", typ)
		case <-deadline:
			c.t.Fatalf("no %s", typ)
		}
	}
}

func (c *client) seen(typ string, fits func(data map[string]any) bool) map[string]any {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.events {
		d, t := eventOf(e)
		if t == typ && (fits == nil || fits(d)) {
			return d
		}
	}
	return nil
}

func eventOf(frame map[string]any) (data map[string]any, typ string) {
	p, _ := frame["params"].(map[string]any)
	v, _ := p["value"].(map[string]any)
	typ, _ = v["type"].(string)
	data, _ = v["data"].(map[string]any)
	return data, typ
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("never happened: %s", what)
		}
	}
}
