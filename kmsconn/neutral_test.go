package kmsconn

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// observer is everything at once: a reader that reads as fast as it can, a
// watcher and a probe.
type observer struct {
	reader  *Reader
	watcher *Watcher
}

func attach(t testing.TB, url string, change func(*WatchOptions)) *observer {
	t.Helper()
	reader, err := NewReader(within(t), quick(url), nil)
	if err != nil {
		t.Fatal(err)
	}
	opts := WatchOptions{Options: quick(url), Reader: reader, PollEvery: 100 * time.Millisecond, RenewApart: 100 * time.Millisecond}
	if change != nil {
		change(&opts)
	}
	watcher, err := Watch(within(t), opts)
	if err != nil {
		_ = reader.Close(within(t))
		t.Fatal(err)
	}
	return &observer{reader, watcher}
}

func (o *observer) detach(t testing.TB) {
	t.Helper()
	if err := o.watcher.Close(within(t)); err != nil {
		t.Error(err)
	}
	if err := o.reader.Close(within(t)); err != nil {
		t.Error(err)
	}
}

// statsOf reads what a full observer reads.
func (o *observer) statsOf(t testing.TB, ids []string) []Result {
	var ops []Op
	for _, id := range ids {
		ops = append(ops, Describe(id), Invoke(id, "getName", nil))
		if typeOf(id) != "MediaPipeline" {
			ops = append(ops, Invoke(id, "getStats", nil))
		}
	}
	return o.reader.Read(within(t), ops)
}

// An application dies while everything of it is observed: its objects go, not
// later than without an observer plus the lease's bound.
func TestDeadApplicationIsCollectedWhileObserved(t *testing.T) {
	servers(t, 200*time.Millisecond, func(t *testing.T, url string, _ *fakeServer) {
		j := newJudge(t, url)
		living := newApp(t, url)
		keep := living.pipeline(2)
		dying := newApp(t, url)
		ids := dying.pipeline(3)
		// The same thing without an observer would go by itself at the same
		// time: this one nobody ever looked at in particular.
		o := attach(t, url, nil)
		defer o.detach(t)
		eventually(t, "everything is held", func() bool { return o.watcher.Held() >= 7 })

		ctx, stop := context.WithCancel(context.Background())
		read := make(chan struct{})
		var reads atomic.Int64
		go func() { // a full observer, and faster than any
			defer close(read)
			for ctx.Err() == nil {
				for _, r := range o.statsOf(t, append(append([]string(nil), keep...), ids...)) {
					if r.Err != nil && !IsNotFound(r.Err) && ctx.Err() == nil {
						t.Errorf("%v", r.Err)
						return
					}
				}
				reads.Add(1)
				if _, err := o.reader.List(ctx); err != nil && ctx.Err() == nil {
					t.Errorf("%v", err)
					return
				}
				select {
				case <-ctx.Done():
				case <-time.After(20 * time.Millisecond):
				}
			}
		}()
		eventually(t, "some reads", func() bool { return reads.Load() > 3 })
		died := time.Now()
		dying.die()
		eventually(t, "the dead application's objects are destroyed", func() bool {
			for _, id := range ids {
				if _, gone := j.when(id); !gone {
					return false
				}
			}
			return true
		})
		at, _ := j.when(ids[0])
		t.Logf("collected %v after the death, %d reads, %d renewals", at.Sub(died), reads.Load(), o.watcher.Renewals())
		stop()
		<-read
		for _, id := range keep {
			if _, gone := j.when(id); gone {
				t.Errorf("%s of the living application was destroyed", id)
			}
		}
		eventually(t, "the count of what is held is right", func() bool { return o.watcher.Held() >= 3 && !held(o.watcher, ids[0]) })
	})
}

func held(w *Watcher, id string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.held[id]
}

// Attaching and detaching a hundred times leaves the server's objects and
// sessions as they were.
func TestHundredRoundsLeaveNothing(t *testing.T) {
	servers(t, 10*time.Second, func(t *testing.T, url string, fake *fakeServer) {
		a := newApp(t, url)
		ids := a.pipeline(3)
		outside := newApp(t, url)
		look := func() map[string]bool {
			var s, p struct{ Value []string }
			outside.call("invoke", object{"object": Manager, "operation": "getSessions"}, &s)
			outside.call("invoke", object{"object": Manager, "operation": "getPipelines"}, &p)
			outside.call("closeSession", object{"sessionId": ""}, nil)
			seen := map[string]bool{}
			for _, id := range append(s.Value, p.Value...) {
				seen[id] = true
			}
			return seen
		}
		look()
		before := look()
		for range 100 {
			o := attach(t, url, nil)
			o.statsOf(t, ids)
			o.detach(t)
		}
		// A real server may have collected others' meanwhile; nothing new may
		// be there, and nothing of the living application may be gone.
		after := look()
		for id := range after {
			if !before[id] {
				t.Errorf("%s is new", id)
			}
		}
		for _, id := range []string{a.session, outside.session, ids[0]} {
			if !after[id] {
				t.Errorf("%s is gone", id)
			}
		}
		if fake != nil {
			if refs, sessions := fake.ours(); refs != 0 || sessions != 0 {
				t.Errorf("%d references and %d sessions are left", refs, sessions)
			}
		}
	})
}

// After every burst no reference is left, whatever was read.
func TestReaderHoldsNothing(t *testing.T) {
	servers(t, 10*time.Second, func(t *testing.T, url string, fake *fakeServer) {
		j := newJudge(t, url)
		a := newApp(t, url)
		ids := a.pipeline(5)
		r, err := NewReader(within(t), quick(url), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close(within(t))
		l, err := r.List(within(t))
		if err != nil {
			t.Fatal(err)
		}
		listed := map[string]bool{}
		for _, id := range l.Objects {
			listed[id] = true
		}
		for _, id := range ids {
			if !listed[id] {
				t.Errorf("%s was not listed", id)
			}
		}
		for _, res := range r.Read(within(t), []Op{Describe(ids[1]), Invoke(ids[2], "getStats", nil), Invoke(ids[3], "getNonsense", nil), Invoke("nobody", "getName", nil), Invoke(ids[4], "getName", nil)}) {
			if res.Err != nil && !IsUnknownOperation(res.Err) && !IsNotFound(res.Err) {
				t.Error(res.Err)
			}
		}
		for _, operation := range []string{"setName", "release", "connect", "dumpGstreamerDot", "isolate", ""} {
			if err := r.Read(within(t), []Op{Invoke(ids[4], operation, nil)})[0].Err; err == nil || !strings.Contains(err.Error(), "may change the server") {
				t.Errorf("a reading of %q: %v", operation, err)
			}
		}
		if err := r.Change(within(t), []Op{Invoke(ids[4], "setName", map[string]any{"name": "x"})})[0].Err; err != nil && !IsUnknownOperation(err) {
			t.Error(err)
		}
		if err := r.Change(within(t), []Op{Release(ids[4])})[0].Err; err == nil {
			t.Error("a burst released an object")
		}
		if r.Held() != 0 {
			t.Errorf("%d held", r.Held())
		}
		if fake != nil {
			if refs, _ := fake.ours(); refs != 0 {
				t.Errorf("%d references are left: %s", refs, fake.holders(ids[2]))
			}
		}
		// The proof by the server itself: its only owner lets go, and it goes.
		a.call("unref", object{"object": ids[0], "sessionId": a.session}, nil)
		eventually(t, "the pipeline goes at once", func() bool { _, gone := j.when(ids[0]); return gone })
	})
}

// Two copies of the program watch the same server: neither keeps alive for the
// other what nobody else holds.
func TestTwoObserversDoNotKeepOrphansAlive(t *testing.T) {
	servers(t, 200*time.Millisecond, func(t *testing.T, url string, _ *fakeServer) {
		j := newJudge(t, url)
		living := newApp(t, url)
		keep := living.pipeline(1)
		dying := newApp(t, url)
		ids := dying.pipeline(2)
		var both [2]*observer
		for i := range both {
			both[i] = attach(t, url, nil)
			defer both[i].detach(t)
			eventually(t, "everything is held", func() bool { return held(both[i].watcher, ids[2]) && held(both[i].watcher, keep[1]) })
		}
		dying.die()
		eventually(t, "the dead application's objects are destroyed", func() bool { _, gone := j.when(ids[0]); return gone })
		for _, o := range both {
			eventually(t, "the living one is watched again", func() bool { return held(o.watcher, keep[1]) && !held(o.watcher, ids[0]) })
		}
		if _, gone := j.when(keep[0]); gone {
			t.Error("the living application's pipeline was destroyed")
		}
	})
}
