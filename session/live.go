package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"strconv"
	"sync"
	"time"

	"kmscope/capture"
	"kmscope/control"
	"kmscope/inventory"
	"kmscope/kmsconn"
)

// A live session is one loop and a few callers around it.
//
//	readers of the sockets -- frames --> intake --> loop: redact, write, decode, apply, publish
//	sweeper   reads the states of what is new, and what the inspector asks for
//	sampler   getStats and the server's figures, spread over the second
//	prober    getUsedCpu on a connection of its own
//	desk      what a person changes (package control)
//	watcher   event subscriptions as a lease (kmsconn.Watcher)
//
// The loop learns from frames alone. The callers use the results of their
// calls for one thing only: to decide what to ask next.

// live is the live side of a Session. Its fields without a remark are set
// before its goroutines start and never change.
type live struct {
	s      *Session
	ws     *Workspace
	log    *slog.Logger
	target kmsconn.Target
	prefix string // of the connections' labels

	desk      *control.Desk // where a person changes the server
	dialDumps sync.Mutex    // one goroutine makes the connection for dumps

	intake *intake
	models *Models // loop only
	server *Server // loop only

	gate      *kmsconn.Gate
	abilities *kmsconn.Abilities
	reader    *kmsconn.Reader  // the sweeper's; set under mu when connected, after that it never changes
	sampler   *kmsconn.Reader  // set by run, nil until connected; under mu
	watcher   *kmsconn.Watcher // likewise
	probe     *kmsconn.Probe   // likewise
	dumper    *kmsconn.Reader  // made for the first dump; under mu
	dumpsOver bool             // no dumper is made any more; under mu

	cancel context.CancelFunc
	wg     sync.WaitGroup

	wake   chan struct{}       // the sweeper has work
	soon   chan struct{}       // the sampler is to look now at what a person looks at
	flush  chan struct{}       // the loop is to publish all that came by now
	forget chan string         // ids to dismiss, for the loop
	notes  chan capture.Record // remarks, for the loop

	mu        sync.Mutex
	pending   []string             // ids whose states are to be read, in order
	unnamed   []string             // ids whose name and tags are to be read, after the states
	asked     map[string]bool      // ids whose states were, or are about to be, read
	watched   map[string]bool      // ids whose events are subscribed
	waiting   map[string]time.Time // ids known since, whose events are not subscribed yet
	inspected []string             // ids whose properties are to be read
	focused   map[string]bool
	greet     bool   // a new connection: read the server's info
	kmdsRead  string // serverId whose descriptions were read
}

// attachTimeout bounds the first connection.
const attachTimeout = 15 * time.Second

// Attach connects to a server and begins to observe it. It fails in one clear
// sentence when the server cannot be reached, is none, or is not trusted
// (*UntrustedError: ask the user and set Target.Fingerprint); once it
// succeeded, failures are states of the Session's Link.
func (w *Workspace) Attach(ctx context.Context, t Target) (*Session, error) {
	if err := t.Validate(); err != nil {
		return nil, err
	}
	shown := t.Shown()
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return nil, errClosed
	}
	for _, s := range w.sessions {
		if s.live != nil && s.url == shown {
			w.mu.Unlock()
			return nil, fmt.Errorf("%s is attached already: it is in the list on the left", shown)
		}
	}
	w.labels++
	prefix := strconv.Itoa(w.labels)
	w.mu.Unlock()

	run, cancel := context.WithCancel(context.Background())
	l := &live{
		ws: w, log: w.opts.Logger.With("server", shown), target: t, prefix: prefix,
		intake: newIntake(), models: newModels(shown),
		gate: new(kmsconn.Gate), abilities: new(kmsconn.Abilities),
		cancel: cancel, wake: make(chan struct{}, 1), soon: make(chan struct{}, 1), flush: make(chan struct{}, 1), forget: make(chan string, 16), notes: make(chan capture.Record, 16),
		asked: make(map[string]bool), watched: make(map[string]bool), waiting: make(map[string]time.Time), focused: make(map[string]bool), greet: true,
	}
	l.server = l.models.order[0]
	l.s = newSession(w, nameOf(shown), shown, l.server.Model)
	l.s.live = l
	l.desk = l.newDesk()
	l.s.link = Link{State: Connecting, Since: time.Now()}
	l.start(run, l.loop)

	ctx, done := context.WithTimeout(ctx, attachTimeout)
	defer done()
	reader, err := kmsconn.NewReader(ctx, l.options("read", kmsconn.Observer{OnState: l.onState, OnSession: l.onSession}), l.gate)
	if err != nil {
		cancel()
		l.wg.Wait()
		return nil, err
	}
	l.mu.Lock()
	l.reader = reader // the loop runs already
	l.mu.Unlock()
	l.start(run, l.sweep)
	l.start(run, l.watch)
	l.start(run, l.sample)
	l.start(run, l.measureCPU)
	w.add(l.s)
	return l.s, nil
}

// nameOf gives host and port of an address.
func nameOf(shown string) string {
	if u, err := url.Parse(shown); err == nil && u.Host != "" {
		return u.Host
	}
	return shown
}

func (l *live) start(ctx context.Context, f func(context.Context)) {
	l.wg.Add(1)
	go func() {
		defer l.wg.Done()
		f(ctx)
	}()
}

// label names a connection in the capture. The parts add their own word to
// what they are given: "1/read", "1/watch", "1/stats/read", "1/dump/read",
// "1/control/read".
func (l *live) label(role string) string {
	if role == samplerRole || role == "dump" || role == controlRole {
		return l.prefix + "/" + role
	}
	return l.prefix
}

func (l *live) options(role string, o kmsconn.Observer) kmsconn.Options {
	patience := l.ws.opts.Patience
	if role == "cpu" {
		patience += 2 * kmsconn.ProbeLeast // its connection is silent while the server measures
	}
	tap := l.intake.push
	if role == samplerRole {
		tap = l.intake.lay
	}
	return kmsconn.Options{
		Target: l.target, Label: l.label(role), Role: role, Tap: tap, Observer: o,
		Schema:    func() kmsconn.Schema { return l.s.Schema() },
		Abilities: l.abilities,

		CallTimeout: patience, PingEvery: patience, PingTimeout: patience / 2, HandshakeTimeout: patience / 2,
	}
}

// close ends everything: the connections first, each of which leaves nothing
// of ours on the server, then the goroutines.
func (l *live) close(ctx context.Context) error {
	// First the end, then who is there: whoever connects in this moment either
	// is seen here, or sees the end and leaves by itself; see keep.
	l.cancel()
	l.mu.Lock()
	sampler, watcher, probe := l.sampler, l.watcher, l.probe
	l.mu.Unlock()
	var wg sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	end := func(farewell func(context.Context) error) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			if err := farewell(ctx); err != nil {
				mu.Lock()
				errs = append(errs, err)
				mu.Unlock()
			}
		}()
	}
	if watcher != nil {
		end(watcher.Close)
	}
	if sampler != nil {
		end(sampler.Close)
	}
	if probe != nil {
		end(probe.Close)
	}
	end(l.reader.Close)
	end(l.desk.End)
	end(l.closeDumps)
	wg.Wait()
	ended := make(chan struct{})
	go func() {
		l.wg.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
		return errors.Join(append(errs, fmt.Errorf("%s was left before everything had ended: %w", l.s.name, ctx.Err()))...)
	}
	for more := true; more; { // the frames of the farewell belong to the capture
		_, more = l.drain()
	}
	l.s.setLink(func(k *Link) { *k = Link{State: Closed, Since: time.Now()} })
	return errors.Join(errs...)
}

func (l *live) onState(st kmsconn.State) {
	l.s.setLink(func(k *Link) {
		k.Since, k.RetryAt, k.Cause = st.Since, st.RetryAt, ""
		if st.Cause != nil {
			k.Cause = st.Cause.Error()
		}
		switch st.Phase {
		case kmsconn.Connecting:
			k.State = Connecting
		case kmsconn.Connected:
			k.State = Connected
		case kmsconn.Reconnecting:
			k.State = Reconnecting
		case kmsconn.Deaf:
			k.State = Deaf
		case kmsconn.Closed:
			k.State = Closed
		}
	})
}

// onSession hears of every new connection of the reader: what was being read
// when the old one broke is read again.
func (l *live) onSession(kmsconn.Session) { l.resync() }

// resync has the server's info and the states of all objects read again.
func (l *live) resync() {
	l.mu.Lock()
	l.greet = true
	clear(l.asked)
	clear(l.waiting)
	l.pending, l.unnamed = nil, nil
	l.mu.Unlock()
	l.enqueueNew(&inventory.Snapshot{}, l.s.Snapshot())
	l.signal()
}

// reread has the states of some objects read again: events of theirs may have
// been missed.
func (l *live) reread(ids []string, why string) {
	l.log.Debug("reading states again", "objects", len(ids), "because", why)
	if why != kmsconn.Renewed {
		// A renewal misses what happens within a tenth of a millisecond; this may
		// have been more.
		l.note(capture.Record{Dir: capture.DirGap, Conn: l.prefix + "/watch", Note: "events may be missing: " + why})
	}
	l.mu.Lock()
	for _, id := range ids {
		l.asked[id] = true
	}
	l.pending = append(l.pending, ids...)
	l.mu.Unlock()
	l.signal()
}

func (l *live) askLocked(id string) {
	delete(l.waiting, id)
	l.asked[id] = true
	l.pending = append(l.pending, id)
	l.unnamed = append(l.unnamed, id)
}

// onWatched has the states read of objects whose events come from now on. Not
// before: what happens between a reading and the subscription is never heard of.
func (l *live) onWatched(ids []string) {
	l.mu.Lock()
	for _, id := range ids {
		l.watched[id] = true
		l.askLocked(id) // also when it is not published yet: the listing has it
	}
	l.mu.Unlock()
	l.signal()
}

// unwatchedAfter is how long the states of an object wait for the subscription
// of its events; they are read again when it is made.
const unwatchedAfter = time.Second

// overdue has the states read of what waits for too long.
func (l *live) overdue() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, since := range l.waiting {
		if time.Since(since) > unwatchedAfter {
			l.askLocked(id)
		}
	}
}

// note has the loop write a remark into the capture and the model.
func (l *live) note(r capture.Record) {
	rec := l.ws.stamp(r, time.Now())
	l.ws.append(rec)
	select {
	case l.notes <- rec:
	default: // the file has it
	}
}

func (l *live) signal() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *live) focus(ids []string) {
	l.mu.Lock()
	before := maps.Clone(l.focused)
	clear(l.focused)
	fresh := false
	for _, id := range ids {
		l.focused[id] = true
		fresh = fresh || !before[id]
	}
	l.mu.Unlock()
	if fresh {
		l.sampleSoon()
	}
}

// sampleSoon has the sampler look at what a person looks at, without waiting
// for its turn, and then at the present rate.
func (l *live) sampleSoon() {
	select {
	case l.soon <- struct{}{}:
	default:
	}
}

// maxInspected bounds the objects that wait to be read for the inspector.
const maxInspected = 64

func (l *live) readObject(id string) {
	l.mu.Lock()
	if len(l.inspected) < maxInspected {
		l.inspected = append(l.inspected, id)
	}
	l.mu.Unlock()
	l.signal()
}

func (l *live) dismiss(id string) {
	select {
	case l.forget <- id:
	default: // the loop is busy; the user presses again
	}
}
