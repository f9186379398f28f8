package negotiationpage

import (
	"context"
	"time"

	"kmscope/inventory"
	"kmscope/negotiation"
	"kmscope/ui/surface"
	"kmscope/ui/view"
)

// negotiationQuery is all that the page depends on.
type negotiationQuery struct {
	session    view.Session
	object     string // the endpoint; "" is the list
	pipeline   string // of the list; "" is all
	generation uint64
	at         time.Time // the past moment looked at; zero is the end
}

// query says what the selection asks for: an endpoint, or the endpoints of the
// pipeline around what is selected.
func (p *Page) query(x view.Session, snap *inventory.Snapshot) negotiationQuery {
	q := negotiationQuery{session: x, generation: snap.Generation}
	if sel := p.view.Selection(); sel.Session != nil && sel.Object != "" {
		if negotiation.Negotiates(inventory.TypeOf(sel.Object)) {
			q.object = sel.Object
		} else if p := inventory.PipelineOf(sel.Object); snap.Pipeline(p) != nil {
			q.pipeline = p
		}
	}
	if q.object == "" {
		q.object = onlyEndpoint(snap, q.pipeline)
	}
	return q
}

// onlyEndpoint gives the endpoint of a pipeline, or of all of them, where there is
// but one: a list of one tells less than that one. "" is none, or several.
func onlyEndpoint(snap *inventory.Snapshot, pipeline string) string {
	only := ""
	for _, p := range snap.Pipelines {
		if pipeline != "" && p.ID != pipeline {
			continue
		}
		for _, o := range p.Objects {
			if !negotiation.Negotiates(o.Type) {
				continue
			}
			if only != "" {
				return ""
			}
			only = o.ID
		}
	}
	return only
}

// same reports whether two queries ask for the same, but for newer facts.
func (q negotiationQuery) same(r negotiationQuery) bool {
	return q.session == r.session && q.object == r.object && q.pipeline == r.pipeline
}

// refresh works out anew what changed.
func (p *Page) refresh() {
	v := p.view
	if v == nil {
		return
	}
	x := v.Server()
	if x == nil {
		p.work.Stop()
		p.setWork.Stop()
		p.one, p.set, p.asked, p.setAsked = nil, nil, negotiationQuery{}, negotiationQuery{}
		p.rebuild()
		return
	}
	snap, end := x.Snapshot(), v.End()
	at, live := v.Cursor()
	if live {
		at = time.Time{}
	} else {
		snap, end = v.Snapshot(x), at
	}
	q := p.query(x, snap)
	q.at = at
	now := time.Now()
	if !q.same(p.asked) {
		p.start(q)
	} else if v.Paused() && q.at.Equal(p.asked.at) {
		return // what is shown is held
	}
	if p.only != p.unasked() {
		p.tellChip()
	}
	if q.object != "" && q != p.asked && (!q.same(p.asked) || !q.at.Equal(p.asked.at) || !now.Before(p.next)) {
		p.asked = q
		o := snap.Object(q.object)
		p.work.Start(func(context.Context) func() {
			if o == nil {
				return func() { p.showOne(nil, 0) }
			}
			began := time.Now()
			n := negotiate(x, o, q.at, end)
			took := time.Since(began)
			return func() { p.showOne(n, took) }
		})
	}
	p.asked.session, p.asked.object, p.asked.pipeline = q.session, q.object, q.pipeline
	if q != p.setAsked && (!q.same(p.setAsked) || !q.at.Equal(p.setAsked.at) || !now.Before(p.setNext)) {
		p.setAsked = q
		p.setWork.Start(func(ctx context.Context) func() {
			set := findEndpoints(ctx, x, snap, q.pipeline, q.object, q.at, end)
			return func() { p.showSet(set) }
		})
	}
}

// start turns to something else: nothing of the last endpoint may stay.
func (p *Page) start(q negotiationQuery) {
	p.one, p.set, p.diagram, p.noDiagram = nil, nil, nil, ""
	p.draw.Stop()
	p.chosen, p.manual, p.version = -1, false, [2]int{-1, -1}
	p.asked = negotiationQuery{session: q.session, object: q.object, pipeline: q.pipeline}
	p.next, p.setNext = time.Time{}, time.Time{}
	p.work.Stop()
	p.setWork.Stop()
	p.showTools()
	p.rebuild()
	p.list.ScrollToTop()
}

func (p *Page) showOne(n *negotiated, took time.Duration) {
	p.one = n
	p.next = time.Now().Add(surface.SearchRest * took)
	if n != nil {
		if !p.manual {
			p.version[0], p.version[1] = firstPair(n)
		}
		for i, at := range p.version {
			if at >= len(n.Descriptions) {
				p.version[i] = -1
			}
		}
		p.tellVersions()
		p.redraw()
	}
	p.rebuild()
}

func (p *Page) showSet(set *endpointSet) {
	p.set = set
	p.setNext = time.Now().Add(surface.SearchRest * set.took)
	p.rebuild()
}
