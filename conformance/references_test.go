package conformance

import (
	"testing"
	"time"
)

// Who keeps a dead application's pipeline alive? An observer looks at it in one
// of the ways below, the application's socket is cut, and the pipeline goes, or
// it does not while the observer is there.

type looking struct {
	name string
	// look is what the observer does, again and again if often; ids are the
	// pipeline and its elements.
	look  func(c *client, ids []string)
	often bool
	// holds: the pipeline stays as long as the observer does.
	holds bool
	// lists: getPipelines references everything, also what other tests made.
	lists bool
}

// try makes a call whose refusal is an answer: the object may be gone.
func (c *client) try(method string, params object) {
	if _, err := c.request(method, params); err != nil {
		c.t.Error(err)
	}
}

func (c *client) tryStats(id string) {
	c.try("invoke", object{"object": id, "operation": "getStats"})
}

func (c *client) tryPipelines() {
	c.try("invoke", object{"object": manager, "operation": "getPipelines"})
}

var looks = []looking{
	{name: "nobody"},
	{name: "describe once", holds: true, look: func(c *client, ids []string) { c.try("describe", object{"object": ids[1]}) }},
	{name: "describe the pipeline once", holds: true, look: func(c *client, ids []string) { c.try("describe", object{"object": ids[0]}) }},
	{name: "subscribe once", holds: true, look: func(c *client, ids []string) {
		c.try("subscribe", object{"object": ids[1], "type": "ElementConnected"})
	}},
	{name: "subscribe, unref the element", holds: true, look: func(c *client, ids []string) {
		c.try("subscribe", object{"object": ids[1], "type": "ElementConnected"})
		c.try("unref", object{"object": ids[1]})
	}},
	{name: "ref once", holds: true, look: func(c *client, ids []string) { c.try("ref", object{"object": ids[1]}) }},
	{name: "stats, unref the element", often: true, holds: true, look: func(c *client, ids []string) {
		c.tryStats(ids[1])
		c.try("unref", object{"object": ids[1]})
	}},
	{name: "stats, unref element and pipeline", often: true, look: func(c *client, ids []string) {
		c.tryStats(ids[1])
		c.try("unref", object{"object": ids[1]})
		c.try("unref", object{"object": ids[0]})
	}},
	{name: "reads in a session that is closed", often: true, look: func(c *client, ids []string) {
		const session = "conformance-throw-away"
		c.try("invoke", object{"object": ids[1], "operation": "getStats", "sessionId": session})
		c.try("describe", object{"object": ids[2], "sessionId": session})
		c.try("closeSession", object{"sessionId": session})
	}},
	{name: "transaction of reads in a session that is closed", often: true, look: func(c *client, ids []string) {
		const session = "conformance-throw-away-2"
		c.try("transaction", object{"sessionId": session, "operations": []any{
			object{"id": 0, "jsonrpc": "2.0", "method": "describe", "params": object{"object": ids[1]}},
			object{"id": 1, "jsonrpc": "2.0", "method": "invoke", "params": object{"object": ids[2], "operation": "getStats"}},
		}})
		c.try("closeSession", object{"sessionId": session})
	}},
	{name: "listing", often: true, holds: true, lists: true, look: func(c *client, _ []string) { c.tryPipelines() }},
	{name: "listing once", lists: true, look: func(c *client, _ []string) { c.tryPipelines() }},
	{name: "listing, unref in both sessions", often: true, lists: true, look: func(c *client, ids []string) {
		c.tryPipelines()
		c.try("unref", object{"object": ids[0], "sessionId": ""})
		c.try("unref", object{"object": ids[0], "sessionId": c.session})
	}},
	{name: "listing, closing the nameless session", often: true, lists: true, look: func(c *client, _ []string) {
		c.tryPipelines()
		c.try("closeSession", object{"sessionId": ""})
	}},
}

func TestWhoKeepsADeadPipelineAlive(t *testing.T) {
	alongside(t)
	check := func(t *testing.T, s *server, l looking) {
		j := judge(t, s)
		app := dial(t, s.url)
		ids := app.pipeline("PassThrough", 2)
		observer := dial(t, s.url)
		observer.call("connect", nil)
		if l.look != nil {
			l.look(observer, ids)
		}
		app.die()
		died := time.Now()
		destroyed := func() bool { _, gone := j.when(ids[0]); return gone }
		// A session without a socket goes after one to two periods; that of
		// getPipelines starts to age when it is not used any more.
		bound := 2*s.period + s.period/2 + time.Second
		if l.lists {
			bound += 2 * s.period
		}
		next := died
		again := func() {
			if l.often && time.Now().After(next) {
				next = time.Now().Add(s.period / 8)
				l.look(observer, ids)
			}
		}
		if l.holds {
			during(t, bound, "the pipeline lives while it is observed", func() bool { again(); return !destroyed() })
			observer.die()
			left := eventually(t, bound, "the pipeline goes after its observer", destroyed)
			t.Logf("held; gone %.1f periods after the observer left", left.Seconds()/s.period.Seconds())
			return
		}
		took := eventually(t, bound, "the pipeline goes", func() bool { again(); return destroyed() })
		t.Logf("gone after %.1f periods", took.Seconds()/s.period.Seconds())
		for _, id := range ids {
			if _, gone := j.when(id); !gone {
				eventually(t, patience, id+" goes, too", func() bool { _, gone := j.when(id); return gone })
			}
		}
	}
	servers(t, func(t *testing.T, s *server) {
		t.Run("apart", func(t *testing.T) {
			for _, l := range looks {
				if !l.lists {
					t.Run(l.name, func(t *testing.T) {
						t.Parallel()
						check(t, s, l)
					})
				}
			}
		})
		for _, l := range looks {
			if l.lists {
				t.Run(l.name, func(t *testing.T) { check(t, s, l) })
			}
		}
	})
}

// TestReleaseBySessionDestroysForEverybody: closeSession with release, from a
// stranger who only looked.
func TestReleaseBySessionDestroysForEverybody(t *testing.T) {
	servers(t, func(t *testing.T, s *server) {
		j := judge(t, s)
		app := dial(t, s.url)
		ids := app.pipeline("PassThrough", 1)
		stranger := dial(t, s.url)
		stranger.call("describe", object{"object": ids[1]})
		stranger.call("closeSession", object{"sessionId": stranger.session, "release": true})
		took := eventually(t, patience, "the pipeline is destroyed", func() bool { _, gone := j.when(ids[0]); return gone })
		t.Logf("after %s", took)
		if n, _ := code(mustReply(t, app, "describe", object{"object": ids[1]})); n != 40101 {
			t.Errorf("its owner got code %d", n)
		}
	})
}

// TestReferencesReachAncestorsAndNewChildren: who describes a hub port holds the
// hub and the pipeline, and what is created below what it holds.
func TestReferencesReachAncestorsAndNewChildren(t *testing.T) {
	servers(t, func(t *testing.T, s *server) {
		j := judge(t, s)
		app := dial(t, s.url)
		ids := app.pipeline("Composite", 1)
		port := app.create("HubPort", object{"hub": ids[1]})
		observer := dial(t, s.url)
		observer.call("describe", object{"object": port})
		later := app.create("HubPort", object{"hub": ids[1]})
		sibling := app.create("PassThrough", object{"mediaPipeline": ids[0]})
		all := append(ids, port, later, sibling)
		// The owner lets go: nothing goes, for the observer holds it all.
		app.call("unref", object{"object": ids[0]})
		observer.call("ping", nil)
		for _, id := range all {
			if n, _ := code(mustReply(t, observer, "invoke", object{"object": id, "operation": "getName"})); n != 0 {
				t.Errorf("%s is gone", id)
			}
		}
		// Now the observer does, and all goes at once.
		observer.call("unref", object{"object": ids[0]})
		for _, id := range all {
			eventually(t, patience, id+" is destroyed", func() bool { _, gone := j.when(id); return gone })
		}
	})
}

func mustReply(t *testing.T, c *client, method string, params object) object {
	t.Helper()
	reply, err := c.request(method, params)
	if err != nil {
		t.Fatal(err)
	}
	return reply
}
