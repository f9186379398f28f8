package kmsconn

import (
	"context"
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"sync"
	"time"
)

// Reading without holding. Every describe, invoke or subscribe references its
// object and all ancestors into the session of the call, and an object lives
// as long as one session references it. So the Reader reads in bursts: calls
// on a connection of its own, under a session id that only this Reader knows,
// and closeSession{sessionId} at the end of every burst, which drops the
// references (observed: recording 13-refs-getPipelines-stats-closeSession-both:
// with such reads every second a dead application's pipeline goes after 11.9 s,
// as it does with nobody looking).
//
// getPipelines references every object of the server into the session whose id
// is the empty string; a burst with it ends with closeSession{sessionId:""} too.
//
// One id per connection is thrown away again and again, instead of a new id
// for each burst: on every change of the id the server writes a warning to its
// log ([source] WebSocketTransport::storeConnection, "Erasing old sessionId"),
// and an operation that the server finishes only after we gave up on it would
// reference its object into a session that nobody closes any more; like this
// the end of the next burst drops it. After each closeSession the manager is
// described under the id: that holds nothing, and without it the server's
// keep-alive complains about an unknown session once a minute.
//
// A burst that is cut off by a lost connection owes its end: the next
// connection resumes the session and closes it then.
//
// Bursts and the renewal of the Watcher's lease exclude each other (Gate): a
// read in that moment would make an orphan look as if somebody held it.

// Gate keeps the bursts of Readers and the renewal of a Watcher's lease apart.
// All parts that observe one server share one Gate. The zero Gate is ready.
type Gate struct{ mu sync.RWMutex }

// finishTimeout bounds the end of a burst: it happens even when the caller has
// given up, and must not keep him.
const finishTimeout = 3 * time.Second

// Reader reads without leaving a reference behind. All methods may be called
// from any goroutine; bursts follow each other.
type Reader struct {
	client *Client
	gate   *Gate
	turn   chan struct{} // one burst at a time

	mu sync.Mutex
	// held are the objects that bursts referenced and whose end was not paid yet.
	held map[string]struct{}
	// owed and owedListing: the session, or session "", has not been closed
	// after a burst. Owned by whoever has the turn, except for reading.
	owed        bool
	owedListing bool
}

// NewReader connects. observer may be empty; its OnEvent never fires. It fails
// as Dial does.
func NewReader(ctx context.Context, opts Options, gate *Gate) (*Reader, error) {
	if gate == nil {
		gate = new(Gate)
	}
	r := &Reader{gate: gate, turn: make(chan struct{}, 1), held: make(map[string]struct{})}
	outer := opts.Observer.OnSession
	observer := opts.Observer
	ready := make(chan struct{})
	observer.OnSession = func(s Session) {
		<-ready // r.client is set
		r.settle(s)
		if outer != nil {
			outer(s)
		}
	}
	client, err := Dial(ctx, opts.with("read", "read", observer))
	if err != nil {
		return nil, err
	}
	r.client = client
	close(ready)
	return r, nil
}

// Client gives the connection underneath, for its state. Calls on it would
// hold what they touch until the end of the next burst: use Read.
func (r *Reader) Client() *Client { return r.client }

// Held counts the objects that a burst references right now.
func (r *Reader) Held() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.held)
}

// AddHeld adds the ids of the objects that Held counts. Any goroutine.
func (r *Reader) AddHeld(ids map[string]struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id := range r.held {
		ids[id] = struct{}{}
	}
}

// Close ends the Reader; nothing of it stays on the server.
func (r *Reader) Close(ctx context.Context) error { return r.client.Close(ctx) }

// Read makes a burst of calls and drops its references. The results correspond
// to ops. It waits for the burst before, and for the end of its own; that end
// happens also when ctx is cancelled. Ops that change the server, subscribe,
// or measure CPU are refused.
func (r *Reader) Read(ctx context.Context, ops []Op) []Result { return r.read(ctx, ops, readable) }

// Change is Read with calls that change the server among the reading ones. It
// is for what a person asked for and nobody else: see package control. Creating
// is refused: what a burst creates would go with its end.
func (r *Reader) Change(ctx context.Context, ops []Op) []Result { return r.read(ctx, ops, invokable) }

func (r *Reader) read(ctx context.Context, ops []Op, allowed func(Op) error) []Result {
	results := make([]Result, len(ops))
	if len(ops) == 0 {
		return results
	}
	for i, op := range ops {
		if err := allowed(op); err != nil {
			for k := range results {
				results[k].Err = err
			}
			results[i].Err = err
			return results
		}
	}
	err := r.burst(ctx, func(ctx context.Context) {
		r.hold(ops)
		results = r.client.Transaction(ctx, ops)
	}, lists(ops))
	if err != nil {
		for i := range results {
			results[i].Err = err
		}
	}
	return results
}

// readable refuses what is no reading.
func readable(op Op) error {
	if op.Method == "invoke" && !IsReading(op.Operation) {
		return fmt.Errorf("%s may change the server; it cannot be part of a burst of reads", op.Operation)
	}
	return invokable(op)
}

// IsReading tells whether an operation only reads, by its name: the getters of
// properties, and the operations that begin as they do (all of those of the
// KMDs of Kurento 6.7 to 7.3 that read).
func IsReading(operation string) bool {
	for _, head := range []string{"get", "is", "has"} {
		rest, ok := strings.CutPrefix(operation, head)
		if ok && (rest == "" || rest[0] >= 'A' && rest[0] <= 'Z') {
			return true
		}
	}
	return false
}

// invokable refuses what a burst cannot hold.
func invokable(op Op) error {
	switch {
	case op.Method == "describe":
	case op.Method != "invoke":
		return fmt.Errorf("%s is no reading call; it cannot be part of a burst of reads", op.Method)
	case op.Object == Manager && op.Operation == "getUsedCpu":
		return fmt.Errorf("getUsedCpu sleeps on the server and would delay every read behind it; use a Probe")
	}
	return nil
}

func lists(ops []Op) bool {
	for _, op := range ops {
		if op.Operation == "getPipelines" {
			return true
		}
	}
	return false
}

// hold notes what ops reference: their objects and all ancestors.
func (r *Reader) hold(ops []Op) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, op := range ops {
		if op.Object != Manager {
			r.holdLocked(op.Object)
		}
	}
}

// holdAll notes that everything listed is referenced.
func (r *Reader) holdAll(ids []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range ids {
		r.holdLocked(id)
	}
}

func (r *Reader) holdLocked(id string) {
	for id != "" {
		if _, is := r.held[id]; is {
			return
		}
		r.held[id] = struct{}{}
		id = id[:max(strings.LastIndexByte(id, '/'), 0)]
	}
}

// burst runs f in its turn and drops the references afterwards.
func (r *Reader) burst(ctx context.Context, f func(context.Context), listing bool) error {
	select {
	case r.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-r.turn }()
	r.gate.mu.RLock()
	defer r.gate.mu.RUnlock()
	r.owe(true, listing)
	f(ctx)
	r.finish(context.WithoutCancel(ctx))
	return nil
}

func (r *Reader) owe(session, listing bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.owed = r.owed || session
	r.owedListing = r.owedListing || listing
}

// finish pays what is owed: all in flight at once, in order, for the server
// works through a connection's requests one after the other.
func (r *Reader) finish(ctx context.Context) {
	r.mu.Lock()
	owed, listing := r.owed, r.owedListing
	r.mu.Unlock()
	if !owed && !listing {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, finishTimeout)
	defer cancel()
	paid := func(err error) bool { return err == nil || refused(err) }
	closeListing := func() error { return nil }
	if listing {
		closeListing = r.client.startCloseSession(ctx, "")
	}
	id := r.client.Session().ID
	closeOwn := r.client.startCloseSession(ctx, id)
	// Keeps the session's name known; holds nothing. A failure shows in the
	// next burst.
	adopt := r.client.start(ctx, finishTimeout, "describe", map[string]any{"object": Manager, "sessionId": id}, "describe", Manager)
	listingErr, ownErr := closeListing(), closeOwn()
	_, _ = adopt()
	r.mu.Lock()
	defer r.mu.Unlock()
	if paid(listingErr) {
		r.owedListing = false
	}
	if paid(ownErr) {
		r.owed = false
		clear(r.held)
	}
}

// settle pays after a reconnect. A new session owes nothing: the server has
// forgotten the old one.
func (r *Reader) settle(s Session) {
	if s.First {
		return
	}
	r.turn <- struct{}{} // bursts are bounded
	defer func() { <-r.turn }()
	if !s.Resumed {
		r.mu.Lock()
		r.owed = false
		r.owedListing = r.owedListing && !s.Restarted
		clear(r.held)
		r.mu.Unlock()
	}
	r.finish(context.Background())
}

// Invoke makes one reading call.
func (r *Reader) Invoke(ctx context.Context, object, operation string, params any) (json.RawMessage, error) {
	res := r.Read(ctx, []Op{Invoke(object, operation, params)})[0]
	return res.Value, res.Err
}

// Listing is what lives on a server.
type Listing struct {
	// Pipelines are the ids of the pipelines.
	Pipelines []string
	// Objects are the ids of all that lives, the pipelines included, parents
	// before children. The ids tell the tree.
	Objects []string
}

// hubClasses have children of their own (HubPorts); known without a schema.
var hubClasses = map[string]bool{"Composite": true, "AlphaBlending": true, "Dispatcher": true, "DispatcherOneToMany": true, "Mixer": true}

// List lists everything that lives, in one burst: getPipelines, the children
// of each pipeline, and the ports of each hub. An object that dies meanwhile
// is no error.
func (r *Reader) List(ctx context.Context) (Listing, error) {
	var (
		l    Listing
		fail error
	)
	err := r.burst(ctx, func(ctx context.Context) { l, fail = r.list(ctx) }, true)
	if err != nil {
		return Listing{}, err
	}
	return l, fail
}

func (r *Reader) list(ctx context.Context) (Listing, error) {
	var l Listing
	raw, err := r.client.Invoke(ctx, Manager, "getPipelines", nil)
	if err != nil {
		return l, err
	}
	if err := json.Unmarshal(raw, &l.Pipelines); err != nil {
		return l, fmt.Errorf("the server's list of pipelines cannot be understood: %w", err)
	}
	sort.Strings(l.Pipelines)
	seen := make(map[string]bool)
	parents := l.Pipelines
	for depth := 0; len(parents) > 0 && depth < 8; depth++ {
		for _, id := range parents {
			if !seen[id] {
				seen[id] = true
				l.Objects = append(l.Objects, id)
			}
		}
		r.holdAll(l.Objects)
		children, err := r.children(ctx, parents)
		if err != nil {
			return l, err
		}
		parents = nil
		for _, id := range children {
			switch {
			case seen[id]:
			case r.mayHaveChildren(id):
				parents = append(parents, id)
			default:
				seen[id] = true
				l.Objects = append(l.Objects, id)
			}
		}
	}
	r.holdAll(l.Objects)
	return l, nil
}

// mayHaveChildren spares asking every element for children that it cannot have.
func (r *Reader) mayHaveChildren(id string) bool {
	class := typeOf(id)
	if hubClasses[class] {
		return true
	}
	if f := r.client.opts.Schema; f != nil {
		if s := f(); s != nil && s.Class(class) != nil {
			return s.IsA(class, "Hub") || !s.IsA(class, "MediaElement")
		}
	}
	return false
}

// children asks for the children of several objects.
func (r *Reader) children(ctx context.Context, parents []string) ([]string, error) {
	abilities := r.client.opts.Abilities
	operation := "getChildren"
	if abilities.oldChildren.Load() {
		operation = "getChilds"
	}
	ops := make([]Op, len(parents))
	for i, id := range parents {
		ops[i] = Invoke(id, operation, nil)
	}
	var found []string
	for i, res := range r.client.Transaction(ctx, ops) {
		var ids []string
		switch err := res.Decode(&ids); {
		case err == nil:
			found = append(found, ids...)
		case IsNotFound(err):
			// It died since it was listed.
		case IsUnknownOperation(err) && operation == "getChildren":
			abilities.oldChildren.Store(true)
			return r.children(ctx, parents)
		case IsUnknownOperation(err):
			// A class without children.
		default:
			return found, fmt.Errorf("listing the children of %s failed: %w", parents[i], err)
		}
	}
	return found, nil
}

// Sessions gives the sessions that getSessions lists, its padding removed, the
// session with the empty id too (observed: recording 06-reconnect: as many
// empty strings as there are sessions).
func (c *Client) Sessions(ctx context.Context) ([]string, error) {
	raw, err := c.Invoke(ctx, Manager, "getSessions", nil)
	if err != nil {
		return nil, err
	}
	var padded []string
	if err := json.Unmarshal(raw, &padded); err != nil {
		return nil, fmt.Errorf("the server's list of sessions cannot be understood: %w", err)
	}
	sessions := make([]string, 0, len(padded))
	for _, id := range padded {
		if id != "" {
			sessions = append(sessions, id)
		}
	}
	return sessions, nil
}

// ServerInfo is what the protocol's own decisions need of kurento.ServerInfo;
// the model reads the rest from the record of the reply.
type ServerInfo struct {
	Version      string   `json:"version"`
	Capabilities []string `json:"capabilities"`
}

// Info reads the server's description of itself, and remembers whether it runs transactions. It concerns the manager alone and holds nothing.
func (c *Client) Info(ctx context.Context) (ServerInfo, error) {
	var info ServerInfo
	raw, err := c.Invoke(ctx, Manager, "getInfo", nil)
	if err != nil {
		return info, err
	}
	if err := json.Unmarshal(raw, &info); err != nil {
		return info, fmt.Errorf("the server's description of itself cannot be understood: %w", err)
	}
	c.opts.Abilities.SetCapabilities(info.Capabilities)
	return info, nil
}
