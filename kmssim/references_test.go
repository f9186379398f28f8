package kmssim

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// The recorded experiments on who keeps a dead application's pipeline alive, in
// the order in which one server saw them, with its collector's period of 6 s and
// phase: the simulator must destroy the same objects at the same moments.
func TestRecordedCollections(t *testing.T) {
	const period, phase = 6 * time.Second, 5616 * time.Millisecond // all nine recordings agree
	names := []string{"no-observer", "events-only", "getPipelines-only", "getPipelines-once", "describe-once-then-idle",
		"getStats-then-unref-element-only", "getPipelines-stats-closeSession-both",
		"getPipelines-then-unref-in-empty-session", "subscribed-to-element-then-unref"}
	zero := time.UnixMilli(1795246000000)
	p := newReplay(t, Options{CollectorPeriod: period}, zero.Add(phase-period))
	p.zero = zero
	for _, name := range names {
		records := load(t, "13-refs-"+name)
		p.differs = nil
		p.run(records)
		for _, d := range p.differs {
			t.Errorf("%s: %s", name, d)
		}
		var was, is []destruction
		for _, r := range records {
			if m, ok := decode(r.Frame); ok {
				if d, typ := eventOf(m); typ == "ObjectDestroyed" {
					was = append(was, destroyed(d, time.Duration(r.T*float64(time.Millisecond))))
				}
			}
		}
		c := p.clients["judge"]
		c.mu.Lock()
		for _, e := range c.events {
			if d, typ := eventOf(e); typ == "ObjectDestroyed" {
				var ms int64
				if _, err := fmt.Sscan(fmt.Sprint(d["timestampMillis"]), &ms); err != nil {
					t.Error(err)
				}
				is = append(is, destroyed(d, time.UnixMilli(ms).Sub(zero)))
			}
		}
		c.mu.Unlock()
		if len(was) != 2 || !slices.EqualFunc(was, is, destruction.like) {
			t.Errorf("%s: destroyed\n  real      %v\n  simulated %v", name, was, is)
		}
	}
}

type destruction struct {
	typ string
	at  time.Duration
}

func destroyed(d map[string]any, at time.Duration) destruction {
	id := fmt.Sprint(d["objectId"])
	return destruction{id[strings.LastIndexByte(id, '.')+1:], at}
}

// like: the same object at the same moment, but for the recording proxy's delay.
func (d destruction) like(e destruction) bool {
	return d.typ == e.typ && (d.at-e.at).Abs() < 100*time.Millisecond
}

// world is an application with a pipeline of one element, and an observer.
type world struct {
	t          *testing.T
	s          *Server
	clock      *FakeClock
	app, obs   *client
	pipe, elem string
	url        string
}

// leave drops a client's socket and waits until the server knows.
func (w *world) leave(c *client) {
	open := w.s.Connections()
	c.close()
	eventually(w.t, "socket closed", func() bool { return w.s.Connections() < open })
}

// The rules of references, one by one. The clock stands still but where a rule
// is about time.
func TestReferences(t *testing.T) {
	refs := func(w *world, id string) string {
		names := []string{}
		for _, s := range w.s.References(id) {
			switch s {
			case w.app.session:
				s = "app"
			case w.obs.session:
				s = "obs"
			case "":
				s = "empty"
			}
			names = append(names, s)
		}
		return strings.Join(unique(names), " ")
	}
	tests := []struct {
		name string
		do   func(w *world)
		pipe string // who holds the pipeline afterwards
		elem string
	}{
		{"nobody looks", func(*world) {}, "app", "app"},
		{"subscribing to the manager holds nothing", func(w *world) {
			w.obs.subscribe(managerID, "ObjectCreated", "ObjectDestroyed")
		}, "app", "app"},
		{"describe holds the object and its ancestors", func(w *world) {
			w.obs.call("describe", map[string]any{"object": w.elem})
		}, "app obs", "app obs"},
		{"describe of the pipeline does not hold its children", func(w *world) {
			w.obs.call("describe", map[string]any{"object": w.pipe})
		}, "app obs", "app"},
		{"invoke holds", func(w *world) { w.obs.invoke(w.elem, "getName", nil) }, "app obs", "app obs"},
		{"subscribe holds", func(w *world) { w.obs.subscribe(w.elem, "Error") }, "app obs", "app obs"},
		{"ref holds", func(w *world) { w.obs.call("ref", map[string]any{"object": w.elem}) }, "app obs", "app obs"},
		{"a failed call holds as well", func(w *world) {
			w.obs.refusal("invoke", map[string]any{"object": w.elem, "operation": "noSuch"})
		}, "app obs", "app obs"},
		{"getPipelines holds everything in the empty session", func(w *world) {
			w.obs.invoke(managerID, "getPipelines", nil)
		}, "app empty", "app empty"},
		{"closeSession of the empty session lets go", func(w *world) {
			w.obs.invoke(managerID, "getPipelines", nil)
			w.obs.call("closeSession", map[string]any{"sessionId": ""})
		}, "app", "app"},
		{"unref of the element keeps the pipeline", func(w *world) {
			w.obs.invoke(w.elem, "getStats", nil)
			w.obs.call("unref", map[string]any{"object": w.elem})
		}, "app obs", "app"},
		{"unref of the pipeline lets go of the element too", func(w *world) {
			w.obs.invoke(w.elem, "getStats", nil)
			w.obs.call("unref", map[string]any{"object": w.pipe})
		}, "app", "app"},
		{"closeSession lets go of all", func(w *world) {
			w.obs.invoke(w.elem, "getStats", nil)
			w.obs.call("closeSession", nil)
		}, "app", "app"},
		{"an unknown session is adopted", func(w *world) {
			w.obs.call("describe", map[string]any{"object": w.elem, "sessionId": "throw-away"})
		}, "app throw-away", "app throw-away"},
		{"and dropped", func(w *world) {
			w.obs.call("describe", map[string]any{"object": w.elem, "sessionId": "throw-away"})
			w.obs.call("closeSession", map[string]any{"sessionId": "throw-away"})
		}, "app", "app"},
		{"a transaction runs under its session", func(w *world) {
			w.obs.call("transaction", map[string]any{"sessionId": "burst", "operations": []any{map[string]any{"id": 0,
				"jsonrpc": "2.0", "method": "describe", "params": map[string]any{"object": w.elem}}}})
		}, "app burst", "app burst"},
		{"the observer's reference outlives the application", func(w *world) {
			w.obs.invoke(w.elem, "getStats", nil)
			w.app.call("closeSession", nil)
		}, "obs", "obs"},
		{"the last reference gone is the end", func(w *world) {
			w.app.call("closeSession", nil)
		}, "", ""},
		{"unref of the last reference is the end", func(w *world) {
			w.app.call("unref", map[string]any{"object": w.elem})
		}, "app", ""},
		{"release is the end for everybody", func(w *world) {
			w.obs.invoke(w.elem, "getStats", nil)
			w.obs.call("release", map[string]any{"object": w.pipe})
		}, "", ""},
		{"closeSession with release destroys what was looked at", func(w *world) {
			w.obs.invoke(w.elem, "getStats", nil)
			w.obs.call("closeSession", map[string]any{"release": true})
		}, "", ""},
		{"a socket keeps its session", func(w *world) {
			w.clock.Advance(60 * time.Second)
		}, "app", "app"},
		{"a session without a socket is dropped after two periods", func(w *world) {
			w.leave(w.app)
			w.clock.Advance(12 * time.Second)
		}, "", ""},
		{"but not before one", func(w *world) {
			w.leave(w.app)
			w.clock.Advance(6*time.Second + 100*time.Millisecond)
		}, "app", "app"},
		{"one describe keeps it while the observer is connected", func(w *world) {
			w.obs.call("describe", map[string]any{"object": w.elem})
			w.leave(w.app)
			w.clock.Advance(60 * time.Second)
		}, "obs", "obs"},
		{"getPipelines every second keeps it", func(w *world) {
			w.leave(w.app)
			for range 30 {
				w.obs.invoke(managerID, "getPipelines", nil)
				w.clock.Advance(time.Second)
			}
		}, "empty", "empty"},
		{"reads under a throw-away session every second do not keep it", func(w *world) {
			w.leave(w.app)
			for i := range 13 {
				w.obs.request("describe", map[string]any{"object": w.elem, "sessionId": fmt.Sprint("burst", i)})
				w.obs.call("closeSession", map[string]any{"sessionId": fmt.Sprint("burst", i)})
				w.clock.Advance(time.Second)
			}
		}, "", ""},
		{"a moved session keeps its references", func(w *world) {
			thief := dial(t, w.url)
			thief.call("connect", map[string]any{"sessionId": w.app.session})
			w.leave(w.app) // its socket lost the session before
			w.clock.Advance(30 * time.Second)
		}, "app", "app"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			clock := NewFakeClock(time.UnixMilli(1795246000000))
			s, url := start(t, Options{CollectorPeriod: 6 * time.Second, Clock: clock})
			w := &world{t: t, s: s, clock: clock, url: url, app: dial(t, url), obs: dial(t, url)}
			w.app.connect()
			w.pipe = w.app.create("MediaPipeline", nil)
			w.elem = w.app.create("PassThrough", map[string]any{"mediaPipeline": w.pipe})
			w.obs.connect()
			tc.do(w)
			if got := refs(w, w.pipe); got != tc.pipe {
				t.Errorf("the pipeline is held by %q, want %q", got, tc.pipe)
			}
			if got := refs(w, w.elem); got != tc.elem {
				t.Errorf("the element is held by %q, want %q", got, tc.elem)
			}
			if alive := tc.pipe != ""; alive != (len(s.Objects()) > 0) {
				t.Errorf("objects: %v", s.Objects())
			}
		})
	}
}
