package kmsconn

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"
)

// Watching as a lease.
//
// The problem. A subscription to an element references the element and all its
// ancestors into our session; and what is referenced is not destroyed. When an
// application dies, the server forgets its session after one to two collector
// periods (by default 4 to 8 minutes) and destroys what no session references
// any more. With us subscribed that never happens: the tool that looks for
// leaks would make them. The server does not tell who references what.
//
// What the server really does ([source] MediaSet; the recordings 13-refs-* agree).
// There is no sweep over objects: references are counted, and an object goes at
// the moment when the last session lets go of it, whichever that is. So
//
//   - to let go of a pipeline (unref of its id, which lets go of everything
//     below it and ends the subscriptions) IS the question whether it is an
//     orphan. If it is, it is destroyed at once, and the very next call to
//     anything in it gives MEDIA_OBJECT_NOT_FOUND;
//   - if it is not, nobody has noticed, and we may subscribe again in the same
//     breath. There is no need to stay away for a while.
//
// So the lease is renewed pipeline by pipeline, with one transaction that holds
// the unref of the pipeline and, right behind it, the subscriptions to what is
// in it. If the first of them answers "not found" it was an orphan, and the
// rest is dropped. The gap in which an event of one object may be missed is the
// time of those operations, about 0.1 ms each, and OnGap tells whose states
// should be read once to close it.
//
// When. A pipeline can become an orphan when a session other than ours goes.
// getSessions is asked every PollEvery (it concerns the manager, to which
// references hold nothing), and when a foreign session is missing the lease is
// renewed at once; they are asked for as well before a new pipeline is
// subscribed to, or its owner might come and go between two looks (observed with
// a collector period of 0.6 s); in any case every LeaseEvery, for sessions let go of single
// objects, too. Renewals keep RenewApart between them, and 20 times what the last
// one took, so that a server whose sessions come and go all the time is not kept
// busy. The bound is therefore: a dead application's pipeline goes at most
// PollEvery + RenewApart + the time of the renewal later than with nobody
// looking; LeaseEvery at the very worst.
//
// Two sockets. The server maps a socket to one session and sends a session's
// events to its socket. ObjectCreated and ObjectDestroyed of the manager hold
// nothing (observed: recording 13-refs-events-only) and have a session and a
// socket of their own, which are never let go of; so nothing is missed about
// what lives while the other session is being renewed.
//
// Reads. A Reader's burst references what it reads for some milliseconds. If
// the renewal fell into it, an orphan would look as if it were held; hence the
// Gate, which makes them wait for each other.
//
// Other copies of this program hold references as we do, and two that renew at
// different moments would keep an orphan alive for each other. They know each
// other by the names of their sessions. When a foreign session goes while
// another copy is watching, we let go of everything and stay away for
// PollEvery and a second more: the other does the same, and the times overlap.
//
// Rejected: closeSession of the watch session instead of unref (one gap over
// all objects instead of a short one for each pipeline); waiting for
// ObjectDestroyed before subscribing again (the answer to the subscription
// already tells); one session for the manager and the elements (a timeout in
// the middle of a renewal would have to close it, and lose ObjectDestroyed).
//
// Cost: 7 operations for each element and renewal: observed on 7.3.1-dev, two
// busy cores: 220 objects attached in 0.16 to 0.23 s and renewed in 0.17 to
// 0.26 s. Subscribing and unsubscribing while an object raises an event is not
// guarded inside the server ([source] MediaObjectImpl::sigcSignalEmit), which is
// one more reason not to renew without need; it survived 1,224 renewals in 40 s
// with 3,800 events a second.
//
// Observed (neutral_test.go with -kms, collector period 6 s): a dead
// application's pipeline goes after 8.1 to 10.5 s while everything is watched
// and read continuously, as with nobody looking (8 to 11 s); two watchers at
// once change nothing; 100 rounds of attaching leave no session and no object.

// WatchOptions configure a Watcher. Reader is required; Options are those of
// the connections, and their Observer is that of the manager's connection.
type WatchOptions struct {
	Options
	Reader *Reader
	// LeaseEvery is the longest time between renewals; 0 means 2 minutes.
	LeaseEvery time.Duration
	// PollEvery is the time between looks at the sessions; 0 means 2 s.
	PollEvery time.Duration
	// RenewApart is the least time between renewals because of vanished
	// sessions; 0 means 4 s.
	RenewApart time.Duration
	// OnEvent receives the events of the manager and of all objects; those of
	// the manager in order, those of the objects in order. May be nil: the
	// tap sees them as well. Called from two goroutines.
	OnEvent func(Event)
	// OnGap tells that events of these objects may have been missed, and why:
	// their states should be read once. Called from the Watcher's goroutine;
	// it must not block. May be nil.
	OnGap func(ids []string, why string)
	// OnWatched tells that the events of these objects are subscribed from now
	// on, for the first time: a reading of their states that begins now misses
	// nothing, one that was made before may have. Called like OnGap.
	OnWatched func(ids []string)
	// OnSettled tells that everything known is subscribed: after the start,
	// and after every reconnect. Called like OnGap. May be nil.
	OnSettled func()
}

// Watcher keeps subscriptions to everything that lives on a server, without
// keeping it alive. All methods may be called from any goroutine.
//
// One goroutine (run) owns objects, unsupported and the renewals; what arrives
// from the connections waits for it in inbox.
type Watcher struct {
	opts    WatchOptions
	manager *Client // ObjectCreated, ObjectDestroyed, getSessions
	watch   *Client // events of everything else
	cancel  context.CancelFunc
	ended   chan struct{}

	inbox inbox

	// Owned by run.
	objects     map[string][]string // the objects of a pipeline's id
	known       map[string]bool     // all of them
	unsupported map[string]bool     // "class event" that the server refused
	early       map[string]attempt  // announced, and not found yet
	foreign     map[string]bool     // sessions of others at the last look
	peers       bool                // another copy of this program is watching
	renewalTook time.Duration       // of the last renewal

	mu        sync.Mutex
	held      map[string]bool // objects that the watch session references
	leaseEnds time.Time
	renewals  int
}

// renewShare keeps renewals below this part of the time.
const renewShare = 20

// Renewed is why OnGap is called after an ordinary renewal of the lease.
const Renewed = "the watch was renewed"

// inboxMost bounds what waits for run; retryEvery is when it tries again what
// failed.
const (
	inboxMost  = 50_000
	retryEvery = 300 * time.Millisecond
)

// inbox is what run has to deal with next.
type inbox struct {
	mu        sync.Mutex
	wake      chan struct{}
	created   []string
	destroyed []string
	todo      work
}

// work is what is due.
type work struct {
	resubscribeManager bool
	relist             bool
	renew              bool
	why                string
}

func (w *work) add(o work) {
	w.resubscribeManager = w.resubscribeManager || o.resubscribeManager
	w.relist = w.relist || o.relist
	w.renew = w.renew || o.renew
	if o.why != "" {
		w.why = o.why
	}
}

func (b *inbox) put(f func(*inbox)) {
	b.mu.Lock()
	f(b)
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

func (b *inbox) take() (created, destroyed []string, todo work) {
	b.mu.Lock()
	defer b.mu.Unlock()
	created, destroyed, todo = b.created, b.destroyed, b.todo
	b.created, b.destroyed, b.todo = nil, nil, work{}
	return created, destroyed, todo
}

// Watch connects, subscribes to the manager first, lists what lives, and
// subscribes to all of it. It fails as Dial does; later failures are states,
// and mended after the reconnect.
func Watch(ctx context.Context, opts WatchOptions) (*Watcher, error) {
	if opts.Reader == nil {
		return nil, errors.New("a Watcher needs a Reader")
	}
	def := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	def(&opts.LeaseEvery, 2*time.Minute)
	def(&opts.PollEvery, 2*time.Second)
	def(&opts.RenewApart, 4*time.Second)
	if opts.Abilities == nil {
		opts.Abilities = opts.Reader.client.opts.Abilities
	}
	if opts.Schema == nil {
		opts.Schema = opts.Reader.client.opts.Schema
	}
	w := &Watcher{
		opts:        opts,
		ended:       make(chan struct{}),
		inbox:       inbox{wake: make(chan struct{}, 1)},
		objects:     make(map[string][]string),
		known:       make(map[string]bool),
		unsupported: make(map[string]bool),
		early:       make(map[string]attempt),
		held:        make(map[string]bool),
		leaseEnds:   time.Now().Add(opts.LeaseEvery),
	}
	if err := w.connect(ctx); err != nil {
		return nil, err
	}
	if err := w.begin(ctx); err != nil {
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		_ = w.watch.Close(bounded) // the error that matters is the first
		_ = w.manager.Close(bounded)
		return nil, err
	}
	running, cancel := context.WithCancel(context.Background())
	w.cancel = cancel
	go w.run(running)
	return w, nil
}

// connect opens both connections at the same time.
func (w *Watcher) connect(ctx context.Context) error {
	type outcome struct {
		client *Client
		err    error
	}
	second := make(chan outcome, 1)
	go func() {
		c, err := Dial(ctx, w.opts.with("watch", "watch", Observer{
			OnEvent: w.opts.OnEvent, // nil spares decoding them: the tap has them
			OnSession: func(s Session) {
				if !s.First {
					w.due(work{renew: true, why: "the connection was lost for a while"})
				}
			},
			OnDropped: func(int) { w.due(work{renew: true, why: "more events came than could be handled"}) },
		}))
		second <- outcome{c, err}
	}()
	outer := w.opts.Observer
	observer := outer
	observer.OnEvent = func(e Event) {
		w.onManagerEvent(e)
		if outer.OnEvent != nil {
			outer.OnEvent(e)
		}
		w.forward(e)
	}
	observer.OnSession = func(s Session) {
		if !s.First {
			w.due(work{resubscribeManager: !s.Resumed, relist: true, why: "the connection was lost for a while"})
		}
		if outer.OnSession != nil {
			outer.OnSession(s)
		}
	}
	observer.OnDropped = func(n int) {
		w.due(work{relist: true, why: "more events came than could be handled"})
		if outer.OnDropped != nil {
			outer.OnDropped(n)
		}
	}
	manager, err := Dial(ctx, w.opts.with("events", "events", observer))
	other := <-second
	if err == nil && other.err == nil {
		w.manager, w.watch = manager, other.client
		return nil
	}
	for _, c := range []*Client{manager, other.client} {
		if c != nil {
			bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
			_ = c.Close(bounded) // the error that matters is the first
			cancel()
		}
	}
	if err != nil {
		return err
	}
	return other.err
}

// begin is the first subscription and listing.
func (w *Watcher) begin(ctx context.Context) error {
	if err := w.subscribeManager(ctx); err != nil {
		return err
	}
	if err := w.relist(ctx); err != nil {
		return err
	}
	w.look(ctx)
	if w.opts.OnSettled != nil {
		w.opts.OnSettled()
	}
	return nil
}

// Manager gives the connection that carries the manager's events. References
// to the manager hold nothing, so its figures (info, sessions, memory) may be
// read there; getPipelines may not.
func (w *Watcher) Manager() *Client { return w.manager }

// Connection gives the connection that carries the events of the elements, for
// its state.
func (w *Watcher) Connection() *Client { return w.watch }

// Held counts the objects that are alive and referenced by the watch.
func (w *Watcher) Held() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.held)
}

// AddHeld adds the ids of the objects that Held counts. Any goroutine.
func (w *Watcher) AddHeld(ids map[string]struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id := range w.held {
		ids[id] = struct{}{}
	}
}

// LeaseEnds is when the references are dropped next, at the latest.
func (w *Watcher) LeaseEnds() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.leaseEnds
}

// Renewals counts the renewals of the lease so far.
func (w *Watcher) Renewals() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.renewals
}

// Renew renews the lease soon, for instance after the schema was read: then
// the events of the new schema are subscribed.
func (w *Watcher) Renew() { w.due(work{renew: true}) }

// Relist lists anew what lives, soon.
func (w *Watcher) Relist() { w.due(work{relist: true}) }

// Close ends the watch: both sessions are closed on the server if it answers.
func (w *Watcher) Close(ctx context.Context) error {
	w.cancel()
	select {
	case <-w.ended:
	case <-ctx.Done():
	}
	watch := make(chan error, 1)
	go func() { watch <- w.watch.Close(ctx) }()
	return errors.Join(w.manager.Close(ctx), <-watch)
}

func (w *Watcher) due(o work) { w.inbox.put(func(b *inbox) { b.todo.add(o) }) }

func (w *Watcher) forward(e Event) {
	if w.opts.OnEvent != nil {
		w.opts.OnEvent(e)
	}
}

func (w *Watcher) onManagerEvent(e Event) {
	var data struct {
		Object   string `json:"object"`
		ObjectID string `json:"objectId"`
	}
	if e.Object != Manager || json.Unmarshal(e.Data, &data) != nil {
		return
	}
	switch {
	case e.Type == "ObjectCreated" && data.Object != "":
		w.inbox.put(func(b *inbox) {
			if len(b.created) < inboxMost {
				b.created = append(b.created, data.Object)
			} else { // a listing is cheaper by now
				b.created, b.todo.relist = nil, true
			}
		})
	case e.Type == "ObjectDestroyed" && data.ObjectID != "":
		w.inbox.put(func(b *inbox) {
			if len(b.destroyed) < inboxMost {
				b.destroyed = append(b.destroyed, data.ObjectID)
			} else {
				b.destroyed, b.todo.relist = nil, true
			}
		})
	}
}

// run deals with what is due until Close.
func (w *Watcher) run(ctx context.Context) {
	defer close(w.ended)
	poll := time.NewTicker(w.opts.PollEvery)
	defer poll.Stop()
	var (
		lastRenewal time.Time
		apart       = w.opts.RenewApart
		vanished    bool // a renewal is due because a session went
		left        work // due, but failed or not yet possible
	)
	for {
		var retry <-chan time.Time
		if left != (work{}) || len(w.early) > 0 {
			retry = time.After(retryEvery)
		}
		select {
		case <-ctx.Done():
			return
		case <-w.inbox.wake:
		case <-retry:
		case <-poll.C:
			vanished = w.look(ctx) || vanished
		}
		created, destroyed, todo := w.inbox.take()
		todo.add(left)
		left = work{}
		for _, id := range destroyed {
			w.forget(id)
			delete(w.early, id)
		}
		settle := todo.relist || todo.resubscribeManager
		if todo.resubscribeManager {
			if err := w.subscribeManager(ctx); err != nil {
				left.resubscribeManager, left.relist = true, true
			}
		}
		// Never before the manager is subscribed: what comes in between would
		// be missed.
		if todo.relist && !left.relist {
			if err := w.relist(ctx); err != nil {
				left.relist = true
			}
		}
		created = without(created, destroyed)
		if slices.ContainsFunc(created, isRoot) {
			vanished = w.look(ctx) || vanished
		}
		created = append(created, w.dueAgain()...)
		if err := w.welcome(ctx, created); err != nil {
			left.renew = true // after the reconnect everything is subscribed anew
		}
		w.noteEarly(created)
		leaseOver := !time.Now().Before(w.LeaseEnds())
		if todo.renew || leaseOver || vanished && time.Since(lastRenewal) >= apart {
			why := todo.why
			if why == "" {
				why = Renewed
			}
			if err := w.renew(ctx, vanished && w.peers, why); err != nil {
				left.add(work{renew: true, why: why})
			} else {
				settle = settle || todo.renew
				lastRenewal, vanished = time.Now(), false
				apart = min(max(w.opts.RenewApart, renewShare*w.renewalTook), w.opts.LeaseEvery)
			}
		}
		if settle && left == (work{}) && w.opts.OnSettled != nil {
			w.opts.OnSettled()
		}
	}
}

// isRoot reports whether an id is a pipeline's.
func isRoot(id string) bool { return !strings.Contains(id, "/") }

// without gives the created that were not destroyed again in the same go.
func without(created, destroyed []string) []string {
	if len(destroyed) == 0 {
		return created
	}
	gone := make(map[string]bool, len(destroyed))
	for _, id := range destroyed {
		gone[id] = true
	}
	kept := created[:0]
	for _, id := range created {
		if !gone[id] {
			kept = append(kept, id)
		}
	}
	return kept
}

func (w *Watcher) subscribeManager(ctx context.Context) error {
	for _, event := range []string{"ObjectCreated", "ObjectDestroyed"} {
		if _, err := w.manager.Subscribe(ctx, Manager, event); err != nil {
			return err
		}
	}
	return nil
}

// look asks for the sessions and reports whether one of another client went.
func (w *Watcher) look(ctx context.Context) (vanished bool) {
	sessions, err := w.manager.Sessions(ctx)
	if err != nil {
		return false // the connection's state tells; the lease has its other bound
	}
	now := make(map[string]bool, len(sessions))
	w.peers = false
	for _, id := range sessions {
		if !IsToolSession(id) {
			now[id] = true
		} else if strings.HasPrefix(id, SessionPrefix+"watch-") && !w.watch.Owns(id) {
			w.peers = true
		}
	}
	for id := range w.foreign {
		vanished = vanished || !now[id]
	}
	w.foreign = now
	return vanished
}
