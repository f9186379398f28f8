package chartpage

import (
	"context"
	"time"

	"kmscope/stats"
	"kmscope/ui/view"
)

// archived is a range of time read again from the capture file, because memory
// has only sums of it. It is never changed once made.
type archived struct {
	session view.Session
	// from and to are on the server's clock.
	from, to time.Time
	store    *stats.Store // nil when it could not be read
}

// sumStep is the length of what memory keeps of old samples first; asking for
// steps no shorter than it gains nothing from the file.
const sumStep = 10 * time.Second

// toldAfter is how long the capture is read before the page says so: until it is
// there, old figures are coarse, or missing.
const toldAfter = 500 * time.Millisecond

// muchMore is how many times longer a range that is being read may be than one
// that is asked for, and still be waited for.
const muchMore = 4

// covers reports whether a range was read, or found to be unreadable.
func (a *archived) covers(x view.Session, from, to time.Time) bool {
	return a != nil && a.session == x && !a.from.After(from) && !a.to.Before(to)
}

// complete puts what was read again in place of sums.
func (a *archived) complete(x view.Session, q stats.Query, list []stats.Zoom) []stats.Zoom {
	if a == nil || a.session != x || a.store == nil || q.From.IsZero() || a.from.After(q.To) || a.to.Before(q.From) {
		return list
	}
	return stats.Complete(list, a.store.Zoom(q))
}

// missing gives the part of a query that memory has only sums of, though the
// chart has room for more; ok is false where there is none. forgot tells that memory
// may have dropped what it has nothing of.
func missing(q stats.Query, list []stats.Zoom, forgot bool) (from, to time.Time, ok bool) {
	if q.From.IsZero() || q.MaxPoints <= 0 {
		return from, to, false
	}
	step := q.To.Sub(q.From) / time.Duration(q.MaxPoints)
	if step >= sumStep {
		return from, to, false
	}
	for _, z := range list {
		if whole := time.UnixMilli(z.WholeFromMs); z.WholeFromMs != 0 && whole.After(q.From) && whole.After(to) {
			to = whole
		}
	}
	if len(list) == 0 && forgot {
		return q.From, q.To, true
	}
	if to.IsZero() {
		return from, to, false
	}
	if to = to.Add(2 * step); to.After(q.To) {
		to = q.To
	}
	return q.From, to, true
}

// latest gives the newest points of a metric up to a moment of the server's clock;
// the zero time is now. Series that memory has dropped come from what was read
// again; until that is there, as they are known later, so that they are looked for.
func latest(x view.Session, a *archived, metric string, to time.Time) []stats.Series {
	store := x.Stats()
	q := stats.Query{Metrics: []string{metric}, To: to}
	list := store.Latest(q)
	if to.IsZero() || !store.Forgot() {
		return list
	}
	known := make(map[stats.Key]bool, len(list))
	for _, s := range list {
		known[s.Key] = true
	}
	from := store
	if a != nil && a.session == x && a.store != nil && !to.Before(a.from) && !to.After(a.to) {
		from = a.store
	} else {
		q.To = time.Time{}
	}
	for _, s := range from.Latest(q) {
		if !known[s.Key] {
			list = append(list, s)
		}
	}
	return list
}

// deeper completes what is read, and notes what is missing still. nil does
// neither.
type deeper struct {
	have     *archived
	from, to time.Time // missing; to is zero where nothing is
}

func (d *deeper) complete(x view.Session, q stats.Query, list []stats.Zoom) []stats.Zoom {
	if d == nil {
		return list
	}
	m := x.Stats()
	if from, to, ok := missing(q, list, m.Forgot()); ok && to.After(d.to) {
		d.from, d.to = from, to
	}
	return d.have.complete(x, q, list)
}

// fetch has the missing part of what was gathered read from the capture, unless
// it was. The charts show sums until it is there.
func (p *Page) fetch(q chartQuery, from, to time.Time) {
	if to.IsZero() || q.deep.covers(q.session, from, to) || p.deep.covers(q.session, from, to) {
		return
	}
	archive := q.session.Archive()
	if archive == nil {
		return
	}
	// What is under way will do, unless it is so much more that it would have a
	// person wait who looks closer meanwhile.
	if under := p.fetching; under.covers(q.session, from, to) && under.to.Sub(under.from) <= muchMore*to.Sub(from) {
		return
	}
	p.file.Stop()
	// A margin on both sides: whoever pans a little reads nothing again.
	margin := to.Sub(from) / 4
	a := &archived{session: q.session, from: from.Add(-margin), to: to.Add(margin)}
	p.fetching = a
	p.reading = len(p.charts) == 0 // at once: nothing else is there to be seen
	p.file.Start(func(ctx context.Context) func() {
		slow := time.AfterFunc(toldAfter, func() {
			p.file.Post(func() {
				if ctx.Err() == nil { // else the result is there, or nobody wants it
					p.reading = true
					p.surface.Repaint()
				}
			})
		})
		defer slow.Stop()
		store, err := archive.Load(ctx, a.from, a.to)
		if ctx.Err() != nil {
			return nil
		}
		if err == nil { // else the sums are all that can be had
			a.store = store
		}
		return func() {
			p.deep, p.fetching, p.reading = a, nil, false
			p.refresh()
		}
	})
}
