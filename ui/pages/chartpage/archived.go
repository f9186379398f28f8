package chartpage

import (
	"context"
	"sort"
	"time"

	"kmscope/stats"
	"kmscope/ui/surface"
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

// extent is what the values of a chart reach over; see valueRange.
type extent struct{ lo, hi, least float64 }

// heldAxes are the extents of charts that were shown before all of their figures were
// read: the axis that a person sees then stays, for as long as the range does. Of a
// sum that lies partly in view nobody knows on which side its extremes are; once the
// samples are read they may be out of it, and the axis would jump.
type heldAxes struct {
	session  view.Session
	from, to time.Time
	of       map[pin]extent
}

// holdAxes lets charts that were just gathered keep the axes that they had in the
// same range; missing tells that some of their figures are yet to be read.
func (p *Page) holdAxes(q chartQuery, missing bool) {
	h := &p.held
	if h.session != q.session || !h.from.Equal(q.from) || !h.to.Equal(q.to) {
		*h = heldAxes{session: q.session, from: q.from, to: q.to}
	}
	for i := range p.gathered {
		ch := &p.gathered[i]
		at := pin{ch.Kind, ch.Element}
		e, held := h.of[at]
		if missing {
			now := sumExtent(ch, p.time)
			if held {
				now = extent{min(now.lo, e.lo), max(now.hi, e.hi), least0(now.least, e.least)}
			}
			if h.of == nil {
				h.of = make(map[pin]extent)
			}
			e, held = now, true
			h.of[at] = now
		}
		if held {
			ch.Held = &e
		}
	}
}

// least0 is the smaller one of two numbers that are above zero, if they are.
func least0(a, b float64) float64 {
	if a <= 0 || b > 0 && b < a {
		return b
	}
	return a
}

// sumExtent is valueRange that takes in what sums at both ends of the view reach over
// in all: they stand for the time beside their middle as well.
func sumExtent(ch *chart, ct surface.TimeAxis) extent {
	var e extent
	e.lo, e.hi, e.least = valueRange(ch, ct)
	if ch.Stacked {
		return e
	}
	for i := range ch.Lines {
		ln := &ch.Lines[i]
		if ln.Low == nil {
			continue
		}
		from := sort.Search(len(ln.Points), func(i int) bool { return !ln.Points[i].At.Before(ct.From) })
		to := sort.Search(len(ln.Points), func(i int) bool { return ln.Points[i].At.After(ct.To) })
		for _, k := range []int{from - 1, to} {
			if k >= 0 && k < len(ln.Points) {
				e.lo, e.hi, e.least = min(e.lo, ln.Low[k]), max(e.hi, ln.High[k]), least0(e.least, ln.Low[k])
			}
		}
	}
	return e
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

// fetch has the missing part of what was gathered read from the capture, unless it
// was. The charts show sums until it is there.
func (p *Page) fetch(q chartQuery, from, to time.Time) {
	missing := !to.IsZero() && !q.deep.covers(q.session, from, to) && !p.deep.covers(q.session, from, to)
	archive := q.session.Archive()
	under := p.fetching
	switch {
	case archive == nil || !missing && !under.near(q):
		// Nobody waits for what is under way, and nobody is likely to.
		p.stopFetching()
		return
	case !missing:
		p.wanted = false
		p.tellReading()
		return
	}
	p.wanted = true
	// What is under way will do, unless it is so much more that it would have a
	// person wait who looks closer meanwhile.
	if under.covers(q.session, from, to) && under.to.Sub(under.from) <= muchMore*to.Sub(from) {
		p.tellReading()
		return
	}
	p.file.Stop()
	// More on both sides: whoever pans a little reads nothing again. Most go on to
	// what was before.
	span := to.Sub(from)
	a := &archived{session: q.session, from: from.Add(-span / 2), to: to.Add(span / 4)}
	p.fetching, p.slow = a, false
	p.tellReading()
	p.file.Start(func(ctx context.Context) func() {
		slow := time.AfterFunc(toldAfter, func() {
			p.file.Post(func() {
				if ctx.Err() == nil { // else the result is there, or nobody wants it
					p.slow = true
					p.tellReading()
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
			p.deep = a
			p.stopFetching()
			p.refresh()
		}
	})
}

// near reports whether a range that is being read is in view, or beside it.
func (a *archived) near(q chartQuery) bool {
	span := q.to.Sub(q.from)
	return a != nil && a.session == q.session && a.from.Before(q.to.Add(span)) && a.to.After(q.from.Add(-span))
}

// stopFetching ends what is being read, if anything is.
func (p *Page) stopFetching() {
	if p.fetching != nil {
		p.file.Stop()
	}
	p.fetching, p.slow, p.wanted = nil, false, false
	p.tellReading()
}

// tellReading says that the capture is being read, or no longer: at once where
// nothing else is to be seen, after a while where sums are.
func (p *Page) tellReading() {
	reading := p.wanted && (p.slow || len(p.charts) == 0)
	if reading != p.reading {
		p.reading = reading
		p.surface.Repaint()
	}
}
