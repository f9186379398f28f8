package conformance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

const manager = "manager_ServerManager"

// object is a JSON object.
type object = map[string]any

// client is an application as plain as can be: it numbers requests, and keeps
// what comes. It shares no code with kmscope.
type client struct {
	t  testing.TB
	ws *websocket.Conn

	mu      sync.Mutex // also for writing
	next    int
	waiting map[string]chan object
	events  []object
	seen    map[string]bool      // objects that an event created
	gone    map[string]time.Time // objects that an event destroyed
	session string
	closed  error
	done    chan struct{}
}

// dial connects an application; its socket is cut at the end of the test.
func dial(t testing.TB, url string) *client {
	t.Helper()
	ws, _, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &client{
		t: t, ws: ws, waiting: map[string]chan object{},
		seen: map[string]bool{}, gone: map[string]time.Time{}, done: make(chan struct{}),
	}
	go c.read()
	t.Cleanup(c.die)
	return c
}

// die cuts the socket without a word, as a killed application does.
func (c *client) die() {
	_ = c.ws.Close()
	<-c.done
}

func (c *client) read() {
	defer close(c.done)
	for {
		_, data, err := c.ws.ReadMessage()
		if err != nil {
			c.mu.Lock()
			c.closed = err
			c.mu.Unlock()
			return
		}
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.UseNumber()
		var m object
		if err := dec.Decode(&m); err != nil {
			m = object{"garbage": string(data)}
		}
		c.mu.Lock()
		if m["method"] == "onEvent" {
			c.keepEventLocked(m)
		} else if w := c.waiting[fmt.Sprint(m["id"])]; w != nil {
			delete(c.waiting, fmt.Sprint(m["id"]))
			w <- m
		} else if w := c.waiting[anyReply]; w != nil {
			delete(c.waiting, anyReply)
			w <- m
		}
		c.mu.Unlock()
	}
}

func (c *client) keepEventLocked(m object) {
	c.events = append(c.events, m)
	value, _ := dig(m, "params", "value").(object)
	switch value["type"] {
	case "ObjectCreated":
		c.seen[fmt.Sprint(dig(value, "data", "object"))] = true
	case "ObjectDestroyed":
		c.gone[fmt.Sprint(dig(value, "data", "objectId"))] = time.Now()
	}
}

// send sends a text frame as it stands.
func (c *client) send(frame string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ws.WriteMessage(websocket.TextMessage, []byte(frame))
}

var errNoAnswer = errors.New("no answer")

// anyReply waits for a reply that nobody else waits for.
const anyReply = "any"

// post sends a frame and gives where the reply to id will be.
func (c *client) post(id any, frame string) (<-chan object, error) {
	ch := make(chan object, 1)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting[fmt.Sprint(id)] = ch
	return ch, c.ws.WriteMessage(websocket.TextMessage, []byte(frame))
}

// raw sends a frame and waits for the reply to id, or for the end of the socket.
func (c *client) raw(id any, frame string, wait time.Duration) (object, error) {
	ch, err := c.post(id, frame)
	if err != nil {
		return nil, err
	}
	defer func() {
		c.mu.Lock()
		delete(c.waiting, fmt.Sprint(id))
		c.mu.Unlock()
	}()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case m := <-ch:
		return m, nil
	case <-c.done:
		c.mu.Lock()
		defer c.mu.Unlock()
		return nil, c.closed
	case <-timer.C:
		return nil, errNoAnswer
	}
}

// request sends a numbered request, under the client's session unless the
// params say otherwise, and gives the whole reply.
func (c *client) request(method string, params object) (object, error) {
	c.mu.Lock()
	id := c.next
	c.next++
	session := c.session
	c.mu.Unlock()
	full := object{}
	for k, v := range params {
		full[k] = v
	}
	if _, has := full["sessionId"]; !has && session != "" {
		full["sessionId"] = session
	}
	raw, err := json.Marshal(object{"jsonrpc": "2.0", "id": id, "method": method, "params": full})
	if err != nil {
		return nil, err
	}
	reply, err := c.raw(id, string(raw), patience)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", method, err)
	}
	if s, ok := dig(reply, "result", "sessionId").(string); ok && session == "" {
		c.mu.Lock()
		c.session = s
		c.mu.Unlock()
	}
	return reply, nil
}

// call is request for what must succeed; it gives the result.
func (c *client) call(method string, params object) object {
	c.t.Helper()
	reply, err := c.request(method, params)
	if err != nil {
		c.t.Fatal(err)
	}
	if e, refused := reply["error"]; refused {
		c.t.Fatalf("%s %v: %v", method, params, e)
	}
	result, _ := reply["result"].(object)
	return result
}

func (c *client) create(class string, args object) string {
	c.t.Helper()
	id, _ := c.call("create", object{"type": class, "constructorParams": args, "properties": object{}})["value"].(string)
	return id
}

// pipeline makes a pipeline with n elements of a class; the pipeline is first.
func (c *client) pipeline(class string, n int) []string {
	c.t.Helper()
	ids := []string{c.create("MediaPipeline", object{})}
	for range n {
		ids = append(ids, c.create(class, object{"mediaPipeline": ids[0]}))
	}
	return ids
}

func (c *client) invoke(id, operation string, params object) any {
	c.t.Helper()
	p := object{"object": id, "operation": operation}
	if params != nil {
		p["operationParams"] = params
	}
	return c.call("invoke", p)["value"]
}

func (c *client) subscribe(id, event string) {
	c.t.Helper()
	c.call("subscribe", object{"object": id, "type": event})
}

// when tells when an object was destroyed, to a client that subscribed to it.
func (c *client) when(id string) (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, gone := c.gone[id]
	return at, gone
}

func (c *client) eventCount(match func(value object) bool) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, e := range c.events {
		if value, ok := dig(e, "params", "value").(object); ok && match(value) {
			n++
		}
	}
	return n
}

// judge is a client that sees what is destroyed and holds nothing.
func judge(t testing.TB, s *server) *client {
	t.Helper()
	c := dial(t, s.url)
	c.subscribe(manager, "ObjectDestroyed")
	c.subscribe(manager, "ObjectCreated")
	return c
}

// sessions lists what getSessions gives, without its padding.
func (c *client) sessions() []string {
	c.t.Helper()
	list, _ := c.invoke(manager, "getSessions", nil).([]any)
	var out []string
	for _, s := range list {
		if s != "" {
			out = append(out, fmt.Sprint(s))
		}
	}
	return out
}

// dig follows keys into nested objects.
func dig(v any, keys ...string) any {
	for _, k := range keys {
		m, ok := v.(object)
		if !ok {
			return nil
		}
		v = m[k]
	}
	return v
}

// code gives the code and type of a refusal; 0 for a success.
func code(reply object) (number int, kind string) {
	e, ok := reply["error"].(object)
	if !ok {
		return 0, ""
	}
	if n, ok := e["code"].(json.Number); ok {
		i, _ := n.Int64()
		number = int(i)
	}
	kind, _ = dig(e, "data", "type").(string)
	return number, kind
}

// ended reports whether the socket is gone.
func (c *client) ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// writeJSON gives one line with sorted keys.
func writeJSON(v any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil && !errors.Is(err, io.EOF) {
		return err.Error()
	}
	return strings.TrimSpace(b.String())
}
