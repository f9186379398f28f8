package conformance

import (
	"slices"
	"testing"
	"time"

	"kmscope/inventory"
	"kmscope/session"
)

// observer is kmscope without its window: everything that it ever does to a
// server it does here, and it looks at all objects at the full rate.
type observer struct {
	ws *session.Workspace
	s  *session.Session
}

// attach begins to observe.
func attach(t testing.TB, url string, opts session.Options) *observer {
	t.Helper()
	if opts.CacheDir == "" {
		opts.CacheDir = t.TempDir()
	}
	ws, err := session.NewWorkspace(opts)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ws.Attach(within(t, patience), session.Target{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	return &observer{ws, s}
}

func (o *observer) detach(t testing.TB) {
	t.Helper()
	if err := o.ws.Close(within(t, patience)); err != nil {
		t.Errorf("detaching: %v", err)
	}
}

// complete reports whether everything is known of all objects, and at least n of
// them, their names and tags too, and all is subscribed.
func (o *observer) complete(n int) bool {
	return o.known(n, func(obj *inventory.Object) bool { return obj.TagsKnown && o.stated(obj) })
}

// attached reports whether all objects, and at least n of them, are known with
// their connections and states, and all is subscribed: what is seen from then on
// is right. Names follow.
func (o *observer) attached(n int) bool { return o.known(n, o.stated) }

func (o *observer) known(n int, enough func(*inventory.Object) bool) bool {
	link, snap := o.s.Link(), o.s.Snapshot()
	if link.Reading != "" || link.LeaseEnds.IsZero() || !snap.Listed {
		return false
	}
	alive := 0
	for _, p := range snap.Pipelines {
		for _, obj := range p.Objects {
			if !obj.Alive() {
				continue
			}
			alive++
			if !enough(obj) {
				return false
			}
		}
	}
	return alive >= n
}

// stated reports whether the connections and all states that every element has
// are known of an object.
func (o *observer) stated(obj *inventory.Object) bool {
	if !o.s.Schema().IsA(obj.Type, "MediaElement") {
		return true // pipelines and hubs have none
	}
	if !obj.ConnectionsRead {
		return false
	}
	for _, m := range []inventory.Media{inventory.Audio, inventory.Video} {
		if !obj.State(inventory.FlowIn(m)).Known() || !obj.State(inventory.FlowOut(m)).Known() {
			return false
		}
	}
	return true
}

// sees reports whether the objects are known to live.
func (o *observer) sees(ids ...string) bool {
	snap := o.s.Snapshot()
	return !slices.ContainsFunc(ids, func(id string) bool {
		obj := snap.Object(id)
		return obj == nil || !obj.Alive()
	})
}

// buried reports whether the objects are known to be dead.
func (o *observer) buried(ids ...string) bool {
	snap := o.s.Snapshot()
	return !slices.ContainsFunc(ids, func(id string) bool {
		obj := snap.Object(id)
		return obj == nil || obj.Alive()
	})
}

// alive gives the ids of what lives according to a snapshot, sorted.
func alive(snap *inventory.Snapshot) []string {
	out := []string{}
	for _, p := range snap.Pipelines {
		for _, o := range p.Objects {
			if o.Alive() {
				out = append(out, o.ID)
			}
		}
	}
	slices.Sort(out)
	return out
}

// wait waits for a condition that the observer's publications make true.
func (o *observer) wait(t testing.TB, bound time.Duration, what string, holds func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	deadline := time.NewTimer(bound)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-o.ws.Changed():
		case <-tick.C:
		case <-deadline.C:
			link, snap := o.s.Link(), o.s.Snapshot()
			t.Fatalf("after %s still not: %s (link %s %s, reading %q %d of %d, held %d until %v, listed %v, %+v)", bound, what,
				link.State, link.Cause, link.Reading, link.ReadDone, link.ReadTotal, link.Held, link.LeaseEnds, snap.Listed, snap.Counts)
		}
	}
	return time.Since(began)
}
