package session

import (
	"context"
	"maps"
	"time"

	"kmscope/capture"
	"kmscope/inventory"
)

// The loop of a live session: frames become records, the records change the model, and
// what changed is published.

// quietEvery is how often is published while only statistics come: whoever
// watches repaints then, and a window that repaints ten times a second for
// figures that come once a second costs what the laptop has for the incident.
const quietEvery = time.Second

// What is due once a second is done with the frames that come about then: to wake
// up for it alone costs more than the work.
const (
	refreshEvery = time.Second
	refreshLate  = refreshEvery + 250*time.Millisecond // where no frames come
	aboutNow     = 100 * time.Millisecond
)

// loop applies frames in the order in which they came and publishes.
func (l *live) loop(ctx context.Context) {
	var published time.Time
	var later <-chan time.Time
	refreshed, total := time.Now(), 0
	second := time.NewTimer(refreshEvery)
	defer second.Stop()
	refresh := func() {
		passed := time.Since(refreshed)
		l.refreshLink(float64(total) / passed.Seconds())
		refreshed, total = time.Now(), 0
		second.Reset(refreshLate)
	}
	for {
		select {
		case <-ctx.Done():
			return
		case id := <-l.forget:
			l.server.inventory.Dismiss(id)
			l.server.changed = true
		case rec := <-l.notes:
			l.models.Feed(rec)
		case <-l.intake.wake:
			n, more := l.drain()
			total += n
			if more {
				l.intake.signal()
			}
			if time.Since(refreshed) > refreshEvery-aboutNow {
				refresh()
			}
		case <-l.flush:
			for more := true; more; {
				var n int
				n, more = l.drain()
				total += n
			}
			published = time.Time{}
		case <-later:
			later = nil
		case <-second.C:
			if l.intake.waits() { // a burst of the sampler that takes its time
				l.intake.signal()
			}
			refresh()
		}
		if !l.server.changed {
			continue
		}
		every := publishEvery
		if !l.server.Changed() {
			every = quietEvery // statistics alone
		}
		if every == quietEvery {
			every -= aboutNow
		}
		if wait := every - time.Since(published); wait > 0 {
			if later == nil || wait < publishEvery {
				later = time.After(wait)
			}
			continue
		}
		published, later = time.Now(), nil
		l.publish()
	}
}

// drain applies a handful of the frames that wait, gives their number, and tells
// whether there are more. The loop calls it, and close after the loop ended.
func (l *live) drain() (applied int, more bool) {
	frames, dropped, more := l.intake.take()
	for i, f := range frames {
		l.ws.record(l.models, f)
		frames[i] = arrival{} // the rest of the queue may live long
	}
	if dropped > 0 {
		l.ws.recordGap(l.models, dropped, "frames came faster than they could be read")
		l.relist()
	}
	if schema := l.server.newSchema; schema != nil {
		more := len(schema.Modules()) > len(l.s.Schema().Modules())
		l.s.schema.Store(schema)
		l.server.newSchema = nil
		l.mu.Lock()
		watcher := l.watcher
		l.mu.Unlock()
		if more && watcher != nil {
			watcher.Renew() // the events of a custom module were not known before
		}
	}
	return len(frames), more
}

// relist has everything listed and read again: frames were lost, any frames.
func (l *live) relist() {
	l.mu.Lock()
	watcher := l.watcher
	l.mu.Unlock()
	if watcher != nil {
		watcher.Relist()
	}
	l.resync()
}

func (l *live) publish() {
	before := l.s.Snapshot()
	l.server.changed = false
	l.s.publish(l.server.Model)
	after := l.s.Snapshot()
	if after.Server.ServerID != before.Server.ServerID && before.Server.ServerID != "" {
		l.resync() // another server process
	}
	l.enqueueNew(before, after)
}

// enqueueNew has the states read of objects that became known: at once, or when they
// waited for too long, which the sweeper looks after. Pipelines that are the same in
// both snapshots hold nothing new.
func (l *live) enqueueNew(before, after *inventory.Snapshot) {
	found := false
	l.mu.Lock()
	for _, p := range after.Pipelines {
		if before.Pipeline(p.ID) == p {
			continue
		}
		for _, o := range p.Objects {
			switch {
			case !o.Alive():
				delete(l.asked, o.ID)
				delete(l.watched, o.ID)
				delete(l.waiting, o.ID)
			case l.asked[o.ID]:
			case l.watched[o.ID]:
				l.askLocked(o.ID)
				found = true
			case l.waiting[o.ID].IsZero():
				l.waiting[o.ID] = time.Now()
				found = true
			}
		}
	}
	l.forgetDeadLocked(after)
	l.mu.Unlock()
	if found {
		l.signal()
	}
}

// knownSpare is how many more ids than there are living objects may be
// remembered before the dead among them are looked for: those that were
// published dead are dropped one by one, but a listing may be late, and a
// restart kills more than are shown.
const knownSpare = 1000

func (l *live) forgetDeadLocked(s *inventory.Snapshot) {
	most := 2*(s.Counts.Elements+s.Counts.Pipelines) + knownSpare
	if len(l.asked) <= most && len(l.watched) <= most && len(l.waiting) <= most {
		return
	}
	dead := func(id string) bool {
		o := s.Object(id)
		return o == nil || !o.Alive()
	}
	maps.DeleteFunc(l.asked, func(id string, _ bool) bool { return dead(id) })
	maps.DeleteFunc(l.watched, func(id string, _ bool) bool { return dead(id) })
	maps.DeleteFunc(l.waiting, func(id string, _ time.Time) bool { return dead(id) })
}

func (l *live) refreshLink(framesPerSecond float64) {
	l.mu.Lock()
	reader, watcher, sampler, dumper := l.reader, l.watcher, l.sampler, l.dumper
	l.mu.Unlock()
	if reader == nil { // the first connection takes its time: nothing is held, and nothing came
		return
	}
	// What two connections hold is one object.
	held := make(map[string]struct{})
	reader.AddHeld(held)
	var ends time.Time
	if dumper != nil {
		dumper.AddHeld(held)
	}
	if sampler != nil {
		sampler.AddHeld(held)
	}
	if watcher != nil {
		watcher.AddHeld(held)
		ends = watcher.LeaseEnds()
	}
	took := reader.Client().PingTook()
	l.s.setLink(func(k *Link) {
		k.Held, k.LeaseEnds = len(held), ends
		if took > 0 { // the connection's own first ping comes later than ours
			k.PingTook = took
		}
		k.FramesPerSecond = framesPerSecond
		k.Gaps, k.Undecoded = l.server.Gaps(), l.server.Undecoded()
	})
}

// record redacts what came, writes it to the capture, and applies it.
func (w *Workspace) record(m *Models, f arrival) {
	var rec capture.Record
	if f.remark != nil {
		rec = w.clean(w.stamp(*f.remark, f.At))
	} else {
		rec = w.convert(f.Frame)
	}
	w.append(rec)
	m.Feed(rec)
}

func (w *Workspace) recordGap(m *Models, dropped int, why string) {
	rec := w.stamp(capture.Record{Dir: capture.DirGap, Dropped: dropped, Note: why}, time.Now())
	w.append(rec)
	m.Feed(rec)
}
