package session

import (
	"context"
	"maps"
	"slices"
	"time"

	"kmscope/inventory"
	"kmscope/kmsconn"
	"kmscope/kmsconn/kmd"
)

// sweepObjects is how many objects are read in one burst: few enough that the
// references of a burst are short and that its progress can be seen.
const sweepObjects = 100

// watch keeps the events of everything subscribed. Its listing is what tells
// the model what lives.
func (l *live) watch(ctx context.Context) {
	w, ok := connect(ctx, l, func(ctx context.Context) (*kmsconn.Watcher, error) {
		return kmsconn.Watch(ctx, kmsconn.WatchOptions{Options: l.options("watch", kmsconn.Observer{}), Reader: l.reader, OnGap: l.reread, OnWatched: l.onWatched})
	})
	if !ok {
		return
	}
	if !l.keep(ctx, func() { l.watcher = w }) {
		_ = w.Close(context.WithoutCancel(ctx))
		return
	}
	l.s.setLink(func(k *Link) { k.Held, k.LeaseEnds = w.Held(), w.LeaseEnds() })
}

// sweep reads the states of what is new and what the inspector asks for.
func (l *live) sweep(ctx context.Context) {
	late := false
	for {
		for l.sweepOnce(ctx, late) {
			if late = false; ctx.Err() != nil {
				return
			}
		}
		var look <-chan time.Time // a timer for nothing wakes the processor as well
		if l.unswept() {
			look = time.After(unwatchedAfter / 4)
		}
		select {
		case <-ctx.Done():
			return
		case <-l.wake:
			late = false
		case <-look:
			late = true
			l.overdue()
		}
	}
}

// unswept tells whether something waits for the sweeper that nobody will wake it for.
func (l *live) unswept() bool {
	server := l.s.Snapshot().Server
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.watcher == nil || len(l.waiting)+len(l.unnamed) > 0 || server.ServerID == "" || len(server.Modules) == 0 || l.kmdsRead != server.ServerID
}

// sweepOnce does the most urgent work and reports whether there was any. Names
// wait for the states of all, unless it is late.
func (l *live) sweepOnce(ctx context.Context, late bool) bool {
	l.mu.Lock()
	greet, inspect := l.greet, l.inspected
	l.greet, l.inspected = false, nil
	states := cut(&l.pending)
	left := len(l.pending) + len(l.waiting)
	var names []string
	settled := l.watcher != nil
	if len(states) == 0 && (left == 0 && settled || late) {
		names = cut(&l.unnamed)
	}
	l.mu.Unlock()

	if greet {
		// Who refuses getInfo is old or odd: the built-in description serves.
		if _, err := l.reader.Client().Info(ctx); err != nil {
			l.log.Debug("the server's info was not read", "error", err)
		}
		if took, err := l.reader.Client().Ping(ctx); err == nil {
			l.s.setLink(func(k *Link) { k.PingTook = took })
		}
	}
	if len(inspect) > 0 {
		l.read(ctx, inspect, allReads)
	}
	if len(states) > 0 {
		alive := l.s.Snapshot().Counts
		total := alive.Elements + alive.Pipelines
		l.reading("states", max(0, total-left-len(states)), total)
		l.read(ctx, states, stateReads)
	}
	if left == 0 {
		l.reading("", 0, 0)
		if len(states) > 0 {
			// At once: the descriptions that follow take long to take in.
			select {
			case l.flush <- struct{}{}:
			default:
			}
		}
	}
	if len(names) > 0 {
		l.read(ctx, names, labelReads)
	}
	if left == 0 && len(states) == 0 && settled {
		l.readDescriptions(ctx)
	}
	return greet || len(inspect) > 0 || len(states) > 0 || len(names) > 0
}

// cut takes the ids of a burst off a list.
func cut(ids *[]string) []string {
	n := min(len(*ids), sweepObjects)
	first := (*ids)[:n:n]
	*ids = (*ids)[n:]
	return first
}

func (l *live) reading(what string, done, total int) {
	l.s.setLink(func(k *Link) { k.Reading, k.ReadDone, k.ReadTotal = what, done, total })
}

// isRefusal reports that the server answered, if only to refuse.
func isRefusal(err error) bool {
	return kmsconn.IsUnknownOperation(err) || kmsconn.IsUnknownMethod(err) || kmsconn.IsNotFound(err)
}

// read makes the calls that ops gives for each object, in one burst. The model
// learns from the frames; the results say nothing more.
func (l *live) read(ctx context.Context, ids []string, ops func(*kmd.Schema, *inventory.Object) []kmsconn.Op) {
	schema := l.s.Schema()
	snapshot := l.s.Snapshot()
	var all []kmsconn.Op
	for _, id := range ids {
		o := snapshot.Object(id)
		if o == nil { // listed, not yet published
			o = &inventory.Object{ID: id, Type: inventory.TypeOf(id)}
		}
		if o.Alive() {
			all = append(all, ops(schema, o)...)
		}
	}
	l.reader.Read(ctx, all)
}

// readDescriptions reads what the server says of its own modules, once per
// server process, after the states: they matter first.
func (l *live) readDescriptions(ctx context.Context) {
	server := l.s.Snapshot().Server
	if len(server.Modules) == 0 {
		return
	}
	l.mu.Lock()
	known := l.kmdsRead == server.ServerID
	l.kmdsRead = server.ServerID
	l.mu.Unlock()
	if known {
		return
	}
	var ops []kmsconn.Op
	for _, m := range server.Modules {
		ops = append(ops, kmsconn.Invoke(inventory.ManagerID, "getKmd", map[string]string{"moduleName": m.Name}))
	}
	l.reader.Read(ctx, ops)
}

// connectAgain is the pause between attempts to make a further connection.
const connectAgain = 2 * time.Second

// connect makes a further connection, trying until it succeeds.
func connect[T any](ctx context.Context, l *live, dial func(context.Context) (T, error)) (T, bool) {
	for {
		c, err := dial(ctx)
		if err == nil {
			return c, true
		}
		l.log.Debug("a further connection failed", "error", err)
		select {
		case <-ctx.Done():
			return c, false
		case <-time.After(connectAgain):
		}
	}
}

const (
	// beatYoung and beatMost are the time between two beats, at each of which a part
	// of what nobody looks at is sampled and polled, while something is young and
	// while nothing is: each beat is a burst of its own, here and on the server.
	beatYoung = 500 * time.Millisecond
	beatMost  = time.Second
	// restLeast is the least time between two samples of an endpoint at which
	// nobody looks, unless Options.SampleAll.
	restLeast = 2 * time.Second
	// sampledPerSecond bounds the endpoints that are sampled; with more than fit
	// into their interval, they take turns.
	sampledPerSecond = 100
	// polledPerSecond bounds the objects that are polled.
	polledPerSecond = 28
	// young is the age up to which an element's connections are polled at every beat.
	young = 3 * time.Second
	// serverEvery is the time between two samples of the server.
	serverEvery = 2 * time.Second
)

// restEvery is the time between two samples of an endpoint at which nobody looks.
func (w *Workspace) restEvery() time.Duration {
	if w.opts.SampleAll {
		return w.Sampling()
	}
	return max(restLeast, 2*w.Sampling())
}

// beatEvery is the time between two beats: restEvery is a whole number of them.
func (w *Workspace) beatEvery(isYoung bool) time.Duration {
	rest, most := w.restEvery(), beatMost
	if isYoung {
		most = beatYoung
	}
	return rest / ((rest + most - 1) / most)
}

// perBeat gives the part of so many in a second that is due in a beat of a length.
func perBeat(perSecond int, beat time.Duration) int {
	return max(1, int(time.Duration(perSecond)*beat/time.Second))
}

// samplerRole names the sampler's connection.
const samplerRole = "stats"

// sample reads statistics: what a person looks at, at the chosen rate and when
// it comes into view; all else in beats, and both in one burst when they are due at
// about the same time. What takes longer than its time is skipped: samples never queue.
func (l *live) sample(ctx context.Context) {
	r, ok := connect(ctx, l, func(ctx context.Context) (*kmsconn.Reader, error) {
		return kmsconn.NewReader(ctx, l.options(samplerRole, kmsconn.Observer{}), l.gate)
	})
	if !ok {
		return
	}
	if !l.keep(ctx, func() { l.sampler = r }) {
		_ = r.Close(context.WithoutCancel(ctx))
		return
	}
	every := l.ws.beatEvery(true)
	var (
		endpoints, polled turn
		beat              int
		looked            time.Time
		nextBeat          = time.Now().Add(every)
		nextLook          = time.Now().Add(l.ws.Sampling())
	)
	next := time.NewTimer(0)
	defer next.Stop()
	for {
		next.Reset(min(time.Until(nextBeat), time.Until(nextLook)))
		var ops []kmsconn.Op
		select {
		case <-ctx.Done():
			return
		case <-l.soon:
			now := time.Now()
			nextLook = lookAfter(now, l.ws.Sampling(), nextBeat, every)
			// A list that is scrolled brings new objects at every moment.
			if now.Sub(looked) < SamplingLeast {
				continue
			}
			looked = now
			ops = l.lookedAt(l.s.Schema(), l.s.Snapshot())
		case <-next.C:
			schema, snapshot, now := l.s.Schema(), l.s.Snapshot(), time.Now()
			// What is due about now comes in the same burst.
			soon := now.Add(min(aboutNow, l.ws.Sampling()/4))
			if !nextLook.After(soon) {
				looked = now
				nextLook = lookAfter(now, l.ws.Sampling(), nextBeat, every)
				ops = l.lookedAt(schema, snapshot)
			}
			if nextBeat.After(soon) {
				break
			}
			all, fresh := living(snapshot)
			every = l.ws.beatEvery(len(fresh) > 0)
			if nextBeat = nextBeat.Add(every); nextBeat.Before(now) { // late: beats never queue
				nextBeat = now.Add(every)
			}
			ops = append(ops, l.restBeat(schema, snapshot, beat, every, &endpoints)...)
			if l.settled() { // before, the sweeper reads the same anyway
				ops = append(ops, pollBeat(schema, snapshot, all, fresh, every, &polled)...)
			}
			if beat%int(serverEvery/every) == 0 {
				ops = append(ops, serverReads()...)
			}
			beat++
		}
		if len(ops) > 0 {
			r.Read(ctx, ops)
			l.intake.signal()
		}
	}
}

// lookAfter gives when what a person looks at is sampled next: after the time between
// two samples, or with the beat about then.
func lookAfter(now time.Time, sampling time.Duration, nextBeat time.Time, every time.Duration) time.Time {
	if sampling < every {
		return now.Add(sampling)
	}
	for nextBeat.Before(now.Add(sampling / 2)) {
		nextBeat = nextBeat.Add(every)
	}
	for n := nextBeat.Add(every); !n.After(now.Add(sampling + aboutNow)); n = n.Add(every) {
		nextBeat = n
	}
	return nextBeat
}

// settled reports whether everything was subscribed once.
func (l *live) settled() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.watcher != nil
}

// keep runs set under the lock unless the session ended meanwhile.
func (l *live) keep(ctx context.Context, set func()) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if ctx.Err() != nil {
		return false
	}
	set()
	return true
}

// turn remembers how far a rotation over a list came.
type turn struct{ last string }

// next gives up to n of ids (sorted), going on after the last one given.
func (t *turn) next(ids []string, n int) []string {
	if len(ids) <= n {
		return ids
	}
	start, found := slices.BinarySearch(ids, t.last)
	if found {
		start++
	}
	out := make([]string, 0, n)
	for i := range n {
		out = append(out, ids[(start+i)%len(ids)])
	}
	t.last = out[n-1]
	return out
}

// lookedAt gives the samples of what a person looks at.
func (l *live) lookedAt(schema *kmd.Schema, snapshot *inventory.Snapshot) []kmsconn.Op {
	l.mu.Lock()
	ids := slices.Sorted(maps.Keys(l.focused))
	l.mu.Unlock()
	var ops []kmsconn.Op
	for _, id := range ids {
		if o := snapshot.Object(id); o != nil && o.Alive() {
			ops = append(ops, statsReads(schema, o, true)...)
		}
	}
	return ops
}

// restBeat gives the samples that are due in a beat of the endpoints at which
// nobody looks: spread over the beats of their interval.
func (l *live) restBeat(schema *kmd.Schema, snapshot *inventory.Snapshot, beat int, every time.Duration, endpoints *turn) []kmsconn.Op {
	l.mu.Lock()
	focused := maps.Clone(l.focused)
	l.mu.Unlock()
	var rest []string
	for _, p := range snapshot.Pipelines {
		for _, o := range p.Objects {
			if o.Alive() && !focused[o.ID] && schema.IsA(o.Type, "BaseRtpEndpoint") {
				rest = append(rest, o.ID)
			}
		}
	}
	slices.Sort(rest)
	beats, most := max(1, int(l.ws.restEvery()/every)), perBeat(sampledPerSecond, every)
	if len(rest) <= most*beats {
		// Each endpoint has its fixed beat: its samples are an interval apart.
		var mine []string
		for i := beat % beats; i < len(rest); i += beats {
			mine = append(mine, rest[i])
		}
		rest = mine
	} else {
		rest = endpoints.next(rest, most)
	}
	var ops []kmsconn.Op
	for _, id := range rest {
		ops = append(ops, statsReads(schema, snapshot.Object(id), false)...)
	}
	return ops
}

// living gives the objects that live, sorted, and which of them are young. What was
// there before us is not.
func living(snapshot *inventory.Snapshot) (all, fresh []string) {
	for _, p := range snapshot.Pipelines {
		for _, o := range p.Objects {
			if !o.Alive() {
				continue
			}
			all = append(all, o.ID)
			if !o.CreatedAt.IsZero() && snapshot.At.Sub(o.FirstSeen) < young {
				fresh = append(fresh, o.ID)
			}
		}
	}
	slices.Sort(all)
	return all, fresh
}

// pollBeat polls what no event tells: of young objects often, for an application
// names and connects what it has just made; of all in turns.
func pollBeat(schema *kmd.Schema, snapshot *inventory.Snapshot, all, fresh []string, every time.Duration, polled *turn) []kmsconn.Op {
	due := append(slices.Clone(polled.next(all, perBeat(polledPerSecond, every))), fresh...)
	slices.Sort(due)
	var ops []kmsconn.Op
	for _, id := range slices.Compact(due) {
		ops = append(ops, polledReads(schema, snapshot.Object(id))...)
	}
	return ops
}

// cpuEvery is the time between two measurements of the server's load.
const cpuEvery = 5 * time.Second

// measureCPU samples the server's load on a connection of its own.
func (l *live) measureCPU(ctx context.Context) {
	p, ok := connect(ctx, l, func(ctx context.Context) (*kmsconn.Probe, error) {
		return kmsconn.NewProbe(ctx, l.options("cpu", kmsconn.Observer{}))
	})
	if !ok {
		return
	}
	if !l.keep(ctx, func() { l.probe = p }) {
		_ = p.Close(context.WithoutCancel(ctx))
		return
	}
	tick := time.NewTicker(cpuEvery)
	defer tick.Stop()
	for {
		// The model learns from the frames. A server without the call (before
		// 6.13) refuses it at no cost.
		if _, err := p.UsedCPU(ctx, kmsconn.ProbeLeast); isRefusal(err) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
