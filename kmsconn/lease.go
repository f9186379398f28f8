package kmsconn

import (
	"context"
	"slices"
	"sort"
	"strings"
	"time"
)

// renew lets go of every pipeline and subscribes to what still lives; see the
// essay in watcher.go. With apart it stays away for a while in between. It is
// called by run only.
func (w *Watcher) renew(ctx context.Context, apart bool, why string) error {
	if apart {
		if err := w.letGo(ctx); err != nil {
			return err
		}
		select {
		case <-time.After(w.opts.PollEvery + time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	roots := make([]string, 0, len(w.objects))
	for root := range w.objects {
		roots = append(roots, root)
	}
	sort.Strings(roots)
	began := time.Now()
	var ops []Op
	for i, root := range roots {
		ops = append(ops, Unref(root))
		ops = append(ops, w.subscriptions(w.objects[root])...)
		// Whole pipelines, some at a time: reads may go in between.
		if len(ops) < batchMost && i < len(roots)-1 {
			continue
		}
		if err := w.renewSome(ctx, ops); err != nil {
			return err
		}
		ops = nil
	}
	w.renewalTook = time.Since(began)
	var alive []string
	for _, root := range roots {
		alive = append(alive, w.objects[root]...)
	}
	w.mu.Lock()
	w.leaseEnds = time.Now().Add(w.opts.LeaseEvery)
	w.renewals++
	w.mu.Unlock()
	if w.opts.OnGap != nil && len(alive) > 0 {
		w.opts.OnGap(alive, why)
	}
	return nil
}

// renewSome makes the calls of some pipelines while no Reader reads.
func (w *Watcher) renewSome(ctx context.Context, ops []Op) error {
	gate := &w.opts.Reader.gate.mu
	gate.Lock()
	defer gate.Unlock()
	return w.subscribe(ctx, ops, nil)
}

// letGo drops every reference of the watch.
func (w *Watcher) letGo(ctx context.Context) error {
	for root := range w.objects {
		if err := w.watch.Unref(ctx, root); err != nil && !refused(err) {
			return err
		}
	}
	w.mu.Lock()
	clear(w.held)
	w.mu.Unlock()
	return nil
}

// subscriptions gives the calls that subscribe to all events of objects,
// parents first.
func (w *Watcher) subscriptions(ids []string) []Op {
	ids = append([]string(nil), ids...)
	sort.SliceStable(ids, func(i, k int) bool { return strings.Count(ids[i], "/") < strings.Count(ids[k], "/") })
	var schema Schema
	if w.opts.Schema != nil {
		schema = w.opts.Schema()
	}
	var ops []Op
	for _, id := range ids {
		class := typeOf(id)
		for _, event := range eventsOf(schema, class) {
			if !w.unsupported[class+" "+event] {
				ops = append(ops, Subscribe(id, event))
			}
		}
	}
	return ops
}

// basicEvents are asked for where a class is unknown: what the server does not
// have it refuses, and it is not asked again.
var basicEvents = []string{"Error"}

func eventsOf(schema Schema, class string) []string {
	switch {
	case schema == nil:
		return basicEvents
	case schema.Class(class) != nil:
		if events := WatchedEvents(schema, class); len(events) > 0 {
			return events
		}
	case schema.Class("MediaElement") != nil:
		return WatchedEvents(schema, "MediaElement") // most unknown classes are filters
	}
	return basicEvents
}

// subscribe works through unrefs and subscriptions, in order. Objects that turn
// out to be gone are forgotten with everything below them; events that turn out
// to be unknown are remembered. watched, which may be nil, hears of objects all of
// whose events are subscribed now, or refused. An error means that the rest was not done.
//
// Subscriptions alone may change places, so two transactions of them are in
// flight at a time: the server need not wait for us in between. An unref must
// not come after the subscriptions that follow it.
func (w *Watcher) subscribe(ctx context.Context, ops []Op, watched func([]string)) error {
	depth := 2
	for _, op := range ops {
		if op.Method != "subscribe" {
			depth = 1
			break
		}
	}
	told := countdown(ops, watched)
	type flight struct {
		chunk []Op
		wait  func() ([]Result, error)
	}
	var flights []flight
	for len(flights) > 0 || len(ops) > 0 && w.opts.Abilities.Transactions() {
		for len(flights) < depth && len(ops) > 0 && w.opts.Abilities.Transactions() {
			chunk := ops[:min(w.watch.batch.next(), len(ops))]
			ops = ops[len(chunk):]
			flights = append(flights, flight{chunk, w.watch.startTransaction(ctx, chunk)})
		}
		f := flights[0]
		flights = flights[1:]
		done, err := f.wait()
		switch {
		case IsUnknownMethod(err):
			w.opts.Abilities.noTransactions.Store(true)
		case refused(err):
			// The transaction as a whole: try its first call alone.
			done = []Result{w.watch.Do(ctx, f.chunk[0])}
		case err != nil:
			for _, other := range flights {
				_, _ = other.wait() // they fare no better
			}
			return err
		case len(done) == 0:
			done = []Result{{}} // no answer to the first: leave it out
		}
		for i, r := range done {
			if err := w.note(f.chunk[i], r.Err); err != nil {
				for _, other := range flights {
					_, _ = other.wait()
				}
				return err
			}
		}
		told(f.chunk[:len(done)])
		if rest := f.chunk[len(done):]; len(rest) > 0 {
			ops = slices.Concat(rest, ops)
		}
		if n := len(done); n > 0 && IsNotFound(done[n-1].Err) {
			ops = skip(ops, f.chunk[n-1].Object)
		}
	}
	if len(ops) > 0 {
		return w.subscribeSingly(ctx, ops, told)
	}
	return nil
}

// countdown gives what is told of calls that were made, and names those objects
// to watched of which no call is left.
func countdown(ops []Op, watched func([]string)) func(made []Op) {
	if watched == nil {
		return func([]Op) {}
	}
	left := make(map[string]int)
	for _, op := range ops {
		left[op.Object]++
	}
	return func(made []Op) {
		var ids []string
		for _, op := range made {
			if left[op.Object]--; left[op.Object] == 0 {
				ids = append(ids, op.Object)
			}
		}
		if len(ids) > 0 {
			watched(ids)
		}
	}
}

// skip leaves out the subscriptions to an object that is gone, and to all
// below it. They follow each other, but for what belongs to other pipelines.
func skip(ops []Op, gone string) []Op {
	kept := make([]Op, 0, len(ops))
	for _, op := range ops {
		if op.Method == "subscribe" && (op.Object == gone || strings.HasPrefix(op.Object, gone+"/")) {
			continue
		}
		kept = append(kept, op)
	}
	return kept
}

// subscribeSingly is subscribe for servers without transactions: an unref and
// what follows it are pipelined, in order.
func (w *Watcher) subscribeSingly(ctx context.Context, ops []Op, told func(made []Op)) error {
	for len(ops) > 0 {
		chunk := ops[:min(pipelineDepth, len(ops))]
		waits := make([]func() Result, len(chunk))
		for i, op := range chunk {
			waits[i] = w.watch.begin(ctx, op)
		}
		var first error
		for i, wait := range waits {
			if err := w.note(chunk[i], wait().Err); err != nil && first == nil {
				first = err
			}
		}
		if first != nil {
			return first
		}
		told(chunk)
		ops = ops[len(chunk):]
	}
	return nil
}

// note keeps what the answer to an unref or subscribe teaches. It gives back
// only errors that end the work: a broken connection, a timeout.
func (w *Watcher) note(op Op, err error) error {
	switch {
	case op.Method == "unref" && (err == nil || refused(err)):
		w.mu.Lock()
		for _, id := range w.objects[op.Object] {
			delete(w.held, id)
		}
		delete(w.held, op.Object)
		w.mu.Unlock()
	case err == nil:
		// The subscription references the object and all its ancestors.
		w.mu.Lock()
		for id := op.Object; ; {
			w.held[id] = true
			cut := strings.LastIndexByte(id, '/')
			if cut < 0 {
				break
			}
			id = id[:cut]
		}
		w.mu.Unlock()
	case IsNotFound(err):
		for _, id := range append([]string(nil), w.objects[rootOf(op.Object)]...) {
			if id == op.Object || strings.HasPrefix(id, op.Object+"/") {
				w.forget(id)
			}
		}
	case IsUnknownEvent(err):
		w.unsupported[typeOf(op.Object)+" "+op.Type] = true
	case refused(err):
		// One event less; the tap has the refusal.
	default:
		return err
	}
	return nil
}
