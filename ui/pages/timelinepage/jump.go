package timelinepage

import (
	"slices"
	"time"

	"kmscope/kmsconn/kmd"
	"kmscope/timeline"
	"kmscope/ui/view"
)

// jumpTarget is what the arrows, N and Shift+N go to.
type jumpTarget uint8

const (
	jumpMatch jumpTarget = iota // an event that the filter lets through
	jumpError
	jumpICE
)

var jumpWords = []string{"match", "error", "ICE change"}

// iceChanges are the events of ICE, of servers and of browsers, candidates left out.
var iceChanges = append(kmd.EventNames("IceComponentStateChanged", "NewCandidatePairSelected", "IceGatheringDone"), "iceconnectionstatechange")

// flowChanges are the events of media that begin and stop.
var flowChanges = kmd.EventNames("MediaFlowInStateChanged", "MediaFlowOutStateChanged")

// jump goes to the next event of a kind, or to the one before.
func (p *Page) jump(to jumpTarget, back bool) {
	if p.view == nil || p.view.Server() == nil {
		return
	}
	q := p.query()
	// From where the cursor was left: the pointer that rests on the lanes is no
	// place that anybody chose.
	at := p.view.Pinned()
	var from eventRef
	switch {
	case at.IsZero() && back:
		at = p.view.End()
	case at.IsZero(): // from the end there is nothing ahead: begin anew
	case p.hasChosen && at.Equal(p.chosenAt):
		from = p.chosen
	}
	e, ok := nearest(q.origins, from, at, back, func(x view.Session) []timeline.Filter {
		switch to {
		case jumpError: // what the table has in red: see view.EntryLevel
			return []timeline.Filter{{Object: p.scope, MinSeverity: timeline.Error}, {Object: p.scope, MinSeverity: timeline.Warning, Types: flowChanges}}
		case jumpICE:
			return []timeline.Filter{{Object: p.scope, Types: iceChanges}}
		}
		return []timeline.Filter{q.filter(p.parsed, x.Snapshot())}
	})
	if !ok {
		where := "later"
		if back {
			where = "earlier"
		}
		p.note = "there is no " + where + " " + jumpWords[to]
		p.say()
		return
	}
	p.note = ""
	p.follow.SetChecked(false)
	p.take(&e)
	p.showRow()
	p.refresh()
}

// nearest finds the entry that comes next, or before, in the order in which the
// table has the entries of several servers: of one millisecond, those of the
// first server come first.
func nearest(origins []origin, from eventRef, at time.Time, back bool, filters func(view.Session) []timeline.Filter) (best event, ok bool) {
	start := slices.IndexFunc(origins, func(o origin) bool { return o.is(from) })
	for i, o := range origins {
		// Of the servers on the far side of the one that it comes from, those of the
		// same millisecond are still ahead.
		since, seq := at, uint64(0)
		switch {
		case i == start:
			seq = from.seq
		case start >= 0 && !back && i > start:
			since = at.Add(-time.Millisecond)
		case start >= 0 && back && i < start:
			since = at.Add(time.Millisecond)
		}
		for _, f := range filters(o.session) {
			e, found := o.log.Find(f, since, seq, back)
			if found && (!ok || !back && e.At.Before(best.At) || back && !e.At.Before(best.At)) {
				best, ok = event{Entry: e, server: o.session, log: o.log}, true
				if o.beside != nil {
					best.name = o.beside.Name
				}
			}
		}
	}
	return best, ok
}

// take makes an entry the chosen one: it selects the object for the whole
// window, puts the cursor on the moment and shows the message.
func (p *Page) take(e *event) {
	p.chosen, p.hasChosen, p.chosenAt = e.ref(), true, e.At
	p.showMessage(e)
	sel := p.view.Selection()
	if sel.Session == nil {
		sel.Session = p.view.Server()
	}
	if id := selectable(e.Object); e.server != sel.Session || e.Object != "" && id != sel.Object {
		p.own = true
		p.view.Select(view.Selection{Session: e.server, Object: id})
	}
	p.view.Pin(e.At)
	p.laneLeft() // the cursor goes there, though the pointer may rest on the lanes
	p.reveal(e.At)
}

// reveal moves the visible range to a moment that is outside of it.
func (p *Page) reveal(at time.Time) {
	from, to := p.view.Range()
	if from.IsZero() || !at.Before(from) && !at.After(to) {
		return
	}
	half := to.Sub(from) / 2
	p.view.SetRange(at.Add(-half), at.Add(half))
}

// showRow scrolls the table to the chosen entry, where it is listed.
func (p *Page) showRow() {
	if i := p.rows.find(p.chosen); i >= 0 {
		p.quiet = true
		p.list.Select(i)
		p.quiet = false
		return
	}
	p.list.UnselectAll()
	p.showTime(p.chosenAt)
}

// showTime scrolls the table to a moment, when it is in order of time.
func (p *Page) showTime(at time.Time) {
	if i := p.rows.index(at); i >= 0 {
		p.follow.SetChecked(false)
		p.list.ScrollTo(i)
	}
}
