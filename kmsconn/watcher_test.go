package kmsconn

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"kmscope/kmsconn/jsonrpc"
)

// watched records what a Watcher tells.
type watched struct {
	mu      sync.Mutex
	events  []Event
	gaps    [][]string
	settled int
}

func (l *watched) options(o *WatchOptions) {
	o.OnEvent = func(e Event) { l.mu.Lock(); defer l.mu.Unlock(); l.events = append(l.events, e) }
	o.OnGap = func(ids []string, _ string) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.gaps = append(l.gaps, append([]string(nil), ids...))
	}
	o.OnSettled = func() { l.mu.Lock(); defer l.mu.Unlock(); l.settled++ }
}

func (l *watched) gapCount() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.gaps)
}

func (l *watched) settledCount() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.settled
}

func (l *watched) count(kind, id string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, e := range l.events {
		if e.Type == kind && (e.Object == id || strings.Contains(string(e.Data), `"`+id+`"`)) {
			n++
		}
	}
	return n
}

// subscribed reports whether the watch session has a subscription.
func subscribed(f *fakeServer, w *Watcher, id, event string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.subs[w.Connection().Session().ID][id+" "+event]
}

func TestWatchFollowsObjects(t *testing.T) {
	for _, variant := range []string{"current", "no transactions", "old names"} {
		t.Run(variant, func(t *testing.T) {
			f := newFake(t, time.Hour)
			f.noTransactions, f.oldNames = variant == "no transactions", variant == "old names"
			a := newApp(t, f.url())
			ids := a.pipeline(2)
			hub := a.create("Composite", object{"mediaPipeline": ids[0]})
			port := a.create("HubPort", object{"hub": hub})
			var l watched
			o := attach(t, f.url(), l.options)
			defer o.detach(t)
			for _, id := range append(ids, hub, port) {
				if !subscribed(f, o.watcher, id, "Error") {
					t.Errorf("%s is not watched", id)
				}
			}
			if n := o.watcher.Held(); n != 5 {
				t.Errorf("%d held", n)
			}
			if l.settledCount() != 1 {
				t.Errorf("settled %d times", l.settledCount())
			}
			later := a.create("PassThrough", object{"mediaPipeline": ids[0]})
			eventually(t, "the new element is watched", func() bool { return subscribed(f, o.watcher, later, "MediaFlowInStateChanged") })
			f.set(func() { f.raise(later, "MediaFlowInStateChanged", object{"state": "FLOWING"}) })
			eventually(t, "its event arrives", func() bool { return l.count("MediaFlowInStateChanged", later) == 1 })
			a.call("release", object{"object": ids[0], "sessionId": a.session}, nil)
			eventually(t, "nothing is held", func() bool { return o.watcher.Held() == 0 })
			if l.count("ObjectDestroyed", port) != 1 || l.count("ObjectCreated", later) != 1 {
				t.Error("the manager's events were not forwarded once")
			}
			// An event that the class does not have is asked once, not again.
			refusals := f.count("subscribe")
			second := a.pipeline(1)
			eventually(t, "the second pipeline is watched", func() bool { return subscribed(f, o.watcher, second[1], "Error") })
			if n := f.count("subscribe") - refusals; n > 8 {
				t.Errorf("%d subscriptions for a pipeline and an element", n)
			}
		})
	}
}

// The lease is renewed in time, whatever happens; what lives is watched on.
func TestLeaseEndsInTime(t *testing.T) {
	for _, without := range []bool{false, true} {
		t.Run(fmt.Sprint("no transactions: ", without), func(t *testing.T) {
			f := newFake(t, time.Hour)
			f.noTransactions = without
			a := newApp(t, f.url())
			ids := a.pipeline(2)
			dying := newApp(t, f.url())
			orphan := dying.pipeline(1)
			var l watched
			o := attach(t, f.url(), func(w *WatchOptions) {
				l.options(w)
				w.LeaseEvery, w.PollEvery = 30*time.Millisecond, 10*time.Millisecond
			})
			defer o.detach(t)
			// The application lets go of one object without ending its session:
			// only the lease's own end can tell.
			dying.call("unref", object{"object": orphan[0], "sessionId": dying.session}, nil)
			eventually(t, "the orphan goes", func() bool { return f.holders(orphan[0]) == "" && f.holders(orphan[1]) == "" })
			eventually(t, "the living is watched", func() bool { return subscribed(f, o.watcher, ids[2], "Error") && o.watcher.Held() == 3 })
			eventually(t, "the gap is told", func() bool { return l.gapCount() >= 2 })
			if !o.watcher.LeaseEnds().After(time.Now().Add(-time.Second)) || o.watcher.Renewals() == 0 {
				t.Error("the lease's end is wrong")
			}
		})
	}
}

// A session that is only slow to be renewed is not destroyed: the renewal lets
// go and subscribes in one breath, and others hold what they use.
func TestRenewalLosesNothing(t *testing.T) {
	f := newFake(t, time.Hour)
	a := newApp(t, f.url())
	ids := a.pipeline(20)
	var l watched
	o := attach(t, f.url(), l.options)
	defer o.detach(t)
	for i := range 20 {
		o.watcher.Renew()
		eventually(t, "a renewal", func() bool { return o.watcher.Renewals() > i })
	}
	for _, id := range ids {
		if !subscribed(f, o.watcher, id, "Error") || l.count("ObjectDestroyed", id) != 0 {
			t.Errorf("%s was lost", id)
		}
	}
}

func TestWatchReconnects(t *testing.T) {
	for _, restart := range []bool{false, true} {
		t.Run(fmt.Sprint("restart: ", restart), func(t *testing.T) {
			f := newFake(t, time.Hour)
			a := newApp(t, f.url())
			before := a.pipeline(2)
			var l watched
			o := attach(t, f.url(), l.options)
			defer o.detach(t)
			if restart {
				f.restart()
			} else {
				f.cut()
			}
			again := newApp(t, f.url())
			after := again.pipeline(2)
			eventually(t, "what is new is watched", func() bool { return subscribed(f, o.watcher, after[2], "Error") })
			eventually(t, "it is told", func() bool { return l.settledCount() >= 2 })
			want := 6
			if restart {
				want = 3
			}
			eventually(t, fmt.Sprint(want, " are held"), func() bool { return o.watcher.Held() == want })
			if !restart && !subscribed(f, o.watcher, before[2], "Error") {
				t.Error("what lived before is not watched")
			}
			third := again.create("PassThrough", object{"mediaPipeline": after[0]})
			eventually(t, "discovery goes on", func() bool { return subscribed(f, o.watcher, third, "Error") })
		})
	}
}

// Deaf, then alive again: right within seconds.
func TestWatchSurvivesSilence(t *testing.T) {
	t.Parallel()
	f := newFake(t, time.Hour)
	a := newApp(t, f.url())
	a.pipeline(2)
	opts := deafSoon(f.url())
	opts.HandshakeTimeout = opts.CallTimeout
	reader, err := NewReader(within(t), opts, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close(within(t))
	w, err := Watch(within(t), WatchOptions{Options: opts, Reader: reader, PollEvery: 10 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close(within(t))
	f.set(func() { f.mute = true })
	eventually(t, "deafness", func() bool {
		return w.Manager().State().Phase != Connected && w.Connection().State().Phase != Connected && reader.Client().State().Phase != Connected
	})
	f.set(func() { f.mute = false })
	id := newApp(t, f.url()).pipeline(1)
	eventually(t, "watched again", func() bool { return subscribed(f, w, id[1], "Error") && w.Held() == 5 })
}

// The end of a burst that a lost connection cut off is made up for.
func TestReaderPaysAfterReconnect(t *testing.T) {
	f := newFake(t, time.Hour)
	ids := newApp(t, f.url()).pipeline(2)
	r, err := NewReader(within(t), quick(f.url()), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close(within(t))
	f.set(func() { f.slow = map[string]time.Duration{"getPipelines": 30 * time.Millisecond} })
	done := make(chan error)
	go func() { _, err := r.List(within(t)); done <- err }()
	eventually(t, "the listing runs", func() bool { return f.count("invoke getPipelines") == 1 || f.holders(ids[1]) != "" })
	f.cut()
	if err := <-done; err != nil && !IsDown(err) {
		t.Errorf("%v", err)
	}
	eventually(t, "nothing of ours is left", func() bool { refs, _ := f.ours(); return refs == 0 && r.Held() == 0 })
	if _, err := r.List(within(t)); err != nil && !IsDown(err) {
		t.Error(err)
	}
}

// While the connection is lost, what may still be held is counted once, however
// often a reading of it is tried.
func TestLostReaderCountsOnce(t *testing.T) {
	f := newFake(t, time.Hour)
	ids := newApp(t, f.url()).pipeline(2)
	r, err := NewReader(within(t), quick(f.url()), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close(within(t))
	f.http.CloseClientConnections()
	f.http.Close()
	f.cut()
	eventually(t, "the connection is lost", func() bool { return r.Client().State().Phase != Connected })
	for range 5 {
		if err := r.Read(within(t), []Op{Describe(ids[1]), Describe(ids[2])})[0].Err; !IsDown(err) {
			t.Errorf("%v", err)
		}
	}
	if n := r.Held(); n > len(ids) {
		t.Errorf("%d are held of %d", n, len(ids))
	}
}

// What the watch and a burst hold in the same moment is counted once.
func TestHeldTwiceCountsOnce(t *testing.T) {
	f := newFake(t, time.Hour)
	ids := newApp(t, f.url()).pipeline(2)
	r, err := NewReader(within(t), quick(f.url()), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close(within(t))
	w, err := Watch(within(t), WatchOptions{Options: quick(f.url()), Reader: r, PollEvery: 10 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close(within(t))
	eventually(t, "everything is held", func() bool { return held(w, ids[0]) && held(w, ids[1]) && held(w, ids[2]) })
	f.set(func() { f.slow = map[string]time.Duration{"": time.Second} })
	ctx, cancel := context.WithCancel(within(t))
	done := make(chan struct{})
	go func() { defer close(done); r.Read(ctx, []Op{Describe(ids[1]), Describe(ids[2])}) }()
	eventually(t, "the burst holds them too", func() bool {
		both, ours := make(map[string]struct{}), make(map[string]struct{})
		r.AddHeld(ours)
		w.AddHeld(both)
		watched := len(both)
		r.AddHeld(both)
		_, one := ours[ids[1]]
		_, two := ours[ids[2]]
		return one && two && watched >= len(ids) && len(both) == watched
	})
	cancel()
	<-done
}

// A caller who gives up leaves nothing behind either.
func TestCancelledReadHoldsNothing(t *testing.T) {
	f := newFake(t, time.Hour)
	ids := newApp(t, f.url()).pipeline(2)
	r, err := NewReader(within(t), quick(f.url()), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close(within(t))
	f.set(func() { f.slow = map[string]time.Duration{"": time.Second} })
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	for _, res := range r.Read(ctx, []Op{Describe(ids[1]), Describe(ids[2])}) {
		if res.Err == nil {
			t.Error("it was not cancelled")
		}
	}
	f.set(func() { f.slow = nil })
	eventually(t, "nothing of ours is left", func() bool { refs, _ := f.ours(); return refs == 0 })
}

func TestReaderRefusesWhatIsNoReading(t *testing.T) {
	f := newFake(t, time.Hour)
	r, err := NewReader(within(t), quick(f.url()), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close(within(t))
	for _, op := range []Op{Subscribe(Manager, "ObjectCreated"), Release("x"), Create("MediaPipeline", nil, nil), Ref("x"), Invoke(Manager, "getUsedCpu", nil)} {
		calls := f.count(strings.TrimSpace(op.Method + " " + op.Operation))
		for _, res := range r.Read(within(t), []Op{Invoke(Manager, "getInfo", nil), op}) {
			if res.Err == nil {
				t.Errorf("%s was read", op.name())
			}
		}
		if f.count(strings.TrimSpace(op.Method+" "+op.Operation)) != calls {
			t.Errorf("%s was sent", op.name())
		}
	}
	if _, err := r.Invoke(within(t), Manager, "getInfo", nil); err != nil {
		t.Error(err)
	}
}

func TestWatchFailsAtOnce(t *testing.T) {
	f := newFake(t, time.Hour)
	if _, err := Watch(within(t), WatchOptions{}); err == nil {
		t.Error("a Watcher without a Reader")
	}
	r, err := NewReader(within(t), quick(f.url()), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(within(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := Watch(within(t), WatchOptions{Options: quick(f.url()), Reader: r}); !IsDown(err) {
		t.Errorf("%v", err)
	}
	if _, err := Watch(within(t), WatchOptions{Options: quick("127.0.0.1:1"), Reader: r}); jsonrpc.FailureOf(err) != "refused" {
		t.Errorf("%v", err)
	}
	if _, err := NewReader(within(t), quick("127.0.0.1:1"), nil); jsonrpc.FailureOf(err) != "refused" {
		t.Errorf("%v", err)
	}
	if _, err := NewProbe(within(t), quick("127.0.0.1:1")); jsonrpc.FailureOf(err) != "refused" {
		t.Errorf("%v", err)
	}
}

// Many objects come and go while everything is watched.
func TestWatchChurn(t *testing.T) {
	f := newFake(t, time.Hour)
	o := attach(t, f.url(), nil)
	defer o.detach(t)
	a := newApp(t, f.url())
	var keep []string
	for i := range 30 {
		ids := a.pipeline(3)
		if i%3 == 0 {
			keep = append(keep, ids...)
			continue
		}
		a.call("release", object{"object": ids[0], "sessionId": a.session}, nil)
	}
	eventually(t, "the count is right", func() bool { return o.watcher.Held() == len(keep) })
	for _, id := range keep {
		if !subscribed(f, o.watcher, id, "Error") {
			t.Errorf("%s is not watched", id)
		}
	}
}

// The server announces an object before it can be found: what was refused at
// first is asked for again, and watched in the end.
func TestAnnouncedBeforeItIsFound(t *testing.T) {
	for _, noTransactions := range []bool{false, true} {
		f := newFake(t, time.Hour)
		f.noTransactions, f.hideNew = noTransactions, 1
		o := attach(t, f.url(), nil)
		ids := newApp(t, f.url()).pipeline(2)
		eventually(t, "all of it is watched", func() bool {
			for _, id := range ids {
				if !subscribed(f, o.watcher, id, "Error") {
					return false
				}
			}
			return o.watcher.Held() == len(ids)
		})
		o.detach(t)
	}
}

// What is never found is given up, and what was destroyed is not asked for.
func TestNeverFoundIsGivenUp(t *testing.T) {
	const found, lost = "found_kurento.MediaPipeline", "lost_kurento.MediaPipeline"
	w := &Watcher{early: map[string]attempt{}, known: map[string]bool{found: true}}
	for try := 1; try <= earlyTries; try++ {
		w.noteEarly([]string{found, lost, Manager})
		if want := min(1, earlyTries-try); len(w.early) != want {
			t.Fatalf("after try %d: %v", try, w.early)
		}
		if due := w.dueAgain(); len(due) > 0 {
			t.Errorf("%v at once", due)
		}
	}
}

func TestInboxIsBounded(t *testing.T) {
	w := &Watcher{inbox: inbox{wake: make(chan struct{}, 1)}}
	for i := range inboxMost + 10 {
		w.onManagerEvent(Event{Type: "ObjectCreated", Object: Manager, Data: []byte(fmt.Sprintf(`{"object":"o%d"}`, i))})
		w.onManagerEvent(Event{Type: "ObjectDestroyed", Object: Manager, Data: []byte(fmt.Sprintf(`{"objectId":"o%d"}`, i))})
	}
	w.onManagerEvent(Event{Type: "ObjectCreated", Object: "other", Data: []byte(`{"object":"x"}`)})
	w.onManagerEvent(Event{Type: "ObjectCreated", Object: Manager, Data: []byte(`[]`)})
	created, destroyed, todo := w.inbox.take()
	if len(created) > inboxMost || len(destroyed) > inboxMost || !todo.relist {
		t.Errorf("%d created, %d destroyed, %+v", len(created), len(destroyed), todo)
	}
	if got := without([]string{"a", "b", "c"}, []string{"b"}); strings.Join(got, "") != "ac" {
		t.Error(got)
	}
}
