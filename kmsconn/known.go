package kmsconn

import (
	"context"
	"sort"
	"time"
)

// An object is announced before it can be found: asked for within the same
// millisecond or two, the server knows it not (observed on 7.3.1-dev). So
// what is not found is asked for again, earlyTries times in all.
type attempt struct {
	made int
	next time.Time
}

const earlyTries = 3

// relist makes objects equal to what lives and subscribes to what is new.
func (w *Watcher) relist(ctx context.Context) error {
	listing, err := w.opts.Reader.List(ctx)
	if err != nil {
		return err
	}
	alive := make(map[string]bool, len(listing.Objects))
	for _, id := range listing.Objects {
		alive[id] = true
	}
	for _, ids := range w.objects {
		for _, id := range append([]string(nil), ids...) {
			if !alive[id] {
				w.forget(id)
			}
		}
	}
	return w.welcome(ctx, listing.Objects)
}

// welcome subscribes to objects that are not known yet.
func (w *Watcher) welcome(ctx context.Context, ids []string) error {
	fresh := make([]string, 0, len(ids))
	for _, id := range ids {
		if id != Manager && w.remember(id) {
			fresh = append(fresh, id)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	return w.subscribe(ctx, w.subscriptions(fresh), w.opts.OnWatched)
}

// dueAgain gives what was not found when it was announced, and is to be asked
// for once more.
func (w *Watcher) dueAgain() (ids []string) {
	now := time.Now()
	for id, a := range w.early {
		if !now.Before(a.next) {
			ids = append(ids, id)
		}
	}
	sort.Strings(ids) // parents first
	return ids
}

// noteEarly keeps which of those that welcome was given were not found.
func (w *Watcher) noteEarly(ids []string) {
	for _, id := range ids {
		a := w.early[id]
		a.made++
		a.next = time.Now().Add(retryEvery)
		if w.known[id] || id == Manager || a.made >= earlyTries {
			delete(w.early, id)
		} else {
			w.early[id] = a
		}
	}
}

// remember reports whether an object is new.
func (w *Watcher) remember(id string) bool {
	if w.known[id] {
		return false
	}
	w.known[id] = true
	root := rootOf(id)
	w.objects[root] = append(w.objects[root], id)
	return true
}

func (w *Watcher) forget(id string) {
	if !w.known[id] {
		return
	}
	delete(w.known, id)
	root := rootOf(id)
	ids := w.objects[root]
	for i, known := range ids {
		if known == id {
			w.objects[root] = append(ids[:i:i], ids[i+1:]...)
			break
		}
	}
	if len(w.objects[root]) == 0 {
		delete(w.objects, root)
	}
	w.mu.Lock()
	delete(w.held, id)
	w.mu.Unlock()
}
