package conformance

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kmscope/session"
)

// leaseBound is how much later than with nobody looking a dead application's
// pipeline may go: the Watcher looks at the sessions every two seconds, keeps
// four seconds between renewals, and takes a moment for one.
const leaseBound = slack * (2*time.Second + 4*time.Second + time.Second)

// call makes what a small call would: a pipeline with endpoints, a hub with
// ports, and connections; the pipeline is first.
func (c *client) build() []string {
	c.t.Helper()
	p := c.create("MediaPipeline", object{})
	in := object{"mediaPipeline": p}
	a, b := c.create("WebRtcEndpoint", in), c.create("RtpEndpoint", in)
	hub := c.create("Composite", in)
	left, right := c.create("HubPort", object{"hub": hub}), c.create("HubPort", object{"hub": hub})
	pass := c.create("PassThrough", in)
	for _, pair := range [][2]string{{a, left}, {right, b}, {b, pass}, {pass, a}} {
		c.invoke(pair[0], "connect", object{"sink": pair[1]})
	}
	return []string{p, a, b, hub, left, right, pass}
}

// TestDeadApplicationWhileObserved is the first duty of this program: an
// application dies while everything of it is observed, and its pipeline goes
// as it would have gone.
func TestDeadApplicationWhileObserved(t *testing.T) {
	alongside(t)
	const rounds = 3
	servers(t, func(t *testing.T, s *server) {
		j := judge(t, s)
		// An application's objects go one to two periods after its death.
		die := func(app *client, ids []string, bound time.Duration) time.Duration {
			app.die()
			return eventually(t, bound, "the dead application's objects are destroyed", func() bool {
				return !slices.ContainsFunc(ids, func(id string) bool { _, gone := j.when(id); return !gone })
			})
		}
		unobserved := 2*s.period + s.period/2 + slack*time.Second
		var without, with []time.Duration
		for range rounds {
			app := dial(t, s.url)
			without = append(without, die(app, app.build(), unobserved))
		}

		living := dial(t, s.url)
		keep := living.build()
		o := attach(t, s.url, session.Options{})
		defer o.detach(t)
		for range rounds {
			app := dial(t, s.url)
			ids := app.build()
			o.s.Focus(append(slices.Clone(ids), keep...)...)
			o.wait(t, patience, "all of it is seen, read and subscribed", func() bool { return o.complete(len(ids)+len(keep)) && o.sees(ids...) })
			samples := o.s.Stats().Samples()
			o.s.Read(ids[1]) // a person opens it in the inspector
			o.wait(t, patience, "statistics are sampled", func() bool { return o.s.Stats().Samples() > samples+10 })
			with = append(with, die(app, ids, unobserved+leaseBound))
			o.wait(t, patience, "the observer sees it dead", func() bool { return o.buried(ids...) })
			if !o.sees(keep...) {
				t.Error("the living application's objects are not seen any more")
			}
		}
		for _, id := range keep {
			if _, gone := j.when(id); gone {
				t.Errorf("%s of the living application was destroyed", id)
			}
		}
		t.Logf("%s, collector period %s: without observer %s; with %s", s.name, s.period, rounded(without), rounded(with))
	})
}

func rounded(ds []time.Duration) string {
	var out []string
	for _, d := range ds {
		out = append(out, fmt.Sprintf("%.1fs", d.Seconds()))
	}
	return strings.Join(out, " ")
}

// TestLeavingLetsGo: once the observer has left, its references are gone, too:
// the only owner lets go, and the pipeline goes in that moment.
func TestLeavingLetsGo(t *testing.T) {
	alongside(t)
	servers(t, func(t *testing.T, s *server) {
		j := judge(t, s)
		app := dial(t, s.url)
		ids := app.build()
		o := attach(t, s.url, session.Options{})
		o.s.Focus(ids...)
		o.wait(t, patience, "all is read", func() bool { return o.complete(len(ids)) && o.sees(ids...) })
		o.detach(t)
		app.call("unref", object{"object": ids[0]})
		took := eventually(t, slack*s.period/2, "all is destroyed at once", func() bool {
			return !slices.ContainsFunc(ids, func(id string) bool { _, gone := j.when(id); return !gone })
		})
		t.Logf("after %s", took)
	})
}

// TestHundredRounds: attaching and detaching leaves the server's objects and
// sessions as they were.
func TestHundredRounds(t *testing.T) {
	alongside(t)
	const rounds = 100
	servers(t, func(t *testing.T, s *server) {
		app := dial(t, s.url)
		ids := app.build()
		outside := dial(t, s.url)
		look := func() string {
			var b strings.Builder
			sessions := outside.sessions()
			sort.Strings(sessions)
			var pipelines, objects []string
			list, _ := outside.invoke(manager, "getPipelines", nil).([]any)
			for _, p := range list {
				pipelines = append(pipelines, fmt.Sprint(p))
				children, _ := outside.call("invoke", object{"object": p, "operation": "getChildren", "sessionId": "conformance-look"})["value"].([]any)
				for _, id := range children {
					objects = append(objects, fmt.Sprint(id))
				}
			}
			outside.call("closeSession", object{"sessionId": "conformance-look"})
			outside.call("closeSession", object{"sessionId": ""})
			sort.Strings(pipelines)
			sort.Strings(objects)
			fmt.Fprintln(&b, "sessions", sessions, "\npipelines", pipelines, "\nobjects", objects)
			if s.sim != nil {
				fmt.Fprintln(&b, "subscriptions", s.sim.Subscriptions(), "\nconnections", s.sim.Connections())
				for _, id := range s.sim.Objects() {
					fmt.Fprintln(&b, id, s.sim.References(id))
				}
			}
			return b.String()
		}
		look()
		before := look()
		began := time.Now()
		for range rounds {
			o := attach(t, s.url, session.Options{NoCapture: true})
			o.wait(t, patience, "all is read", func() bool { return o.complete(len(ids)) })
			o.detach(t)
		}
		t.Logf("%s a round", (time.Since(began) / rounds).Round(time.Millisecond))
		// The sockets of the last round may take a moment to be seen closed.
		var after string
		deadline := within(t, patience)
		for after = look(); after != before && deadline.Err() == nil; after = look() {
			pause(deadline)
		}
		if diff := cmp.Diff(strings.Split(before, "\n"), strings.Split(after, "\n")); diff != "" {
			t.Errorf("after %d rounds (-before +after):\n%s", rounds, diff)
		}
	})
}
