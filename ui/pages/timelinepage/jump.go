package timelinepage

import (
	"time"

	"kmscope/timeline"
)

// jumpTarget is what the arrows, N and Shift+N go to.
type jumpTarget uint8

const (
	jumpMatch jumpTarget = iota // an event that the filter lets through
	jumpError
	jumpICE
)

var jumpWords = []string{"match", "error", "ICE change"}

// iceChanges are the events of ICE in the words of 6.x and 7.x, candidates left
// out.
var iceChanges = []string{"IceComponentStateChanged", "OnIceComponentStateChanged", "NewCandidatePairSelected", "IceGatheringDone", "OnIceGatheringDone"}

// jump goes to the next event of a kind, or to the one before.
func (p *Page) jump(to jumpTarget, back bool) {
	if p.view == nil || p.view.Server() == nil {
		return
	}
	f := timeline.Filter{Object: p.scope}
	switch to {
	case jumpMatch:
		f = p.query().filter(p.parsed, p.view.Server().Snapshot())
	case jumpError:
		f.MinSeverity = timeline.Error
	case jumpICE:
		f.Types = iceChanges
	}
	at, live := p.view.Cursor()
	seq := uint64(0)
	if p.hasChosen && at.Equal(p.chosenAt) {
		seq = p.chosen
	} else if live && !back {
		at = time.Time{} // from the end there is nothing ahead: begin anew
	}
	e, ok := p.view.Server().Timeline().Find(f, at, seq, back)
	if !ok {
		where := "after"
		if back {
			where = "before"
		}
		p.note = "no " + jumpWords[to] + " " + where + " this moment"
		p.say()
		return
	}
	p.note = ""
	p.follow.SetChecked(false)
	p.take(&e)
	p.showRow()
	p.refresh()
}

// take makes an entry the chosen one: it selects the object for the whole
// window, puts the cursor on the moment and shows the message.
func (p *Page) take(e *timeline.Entry) {
	p.chosen, p.hasChosen, p.chosenAt = e.Seq, true, e.At
	p.showMessage(e)
	if id := selectable(e.Object); e.Object != "" && id != p.view.Selection().Object {
		p.own = true
		p.view.SelectObject(id)
	}
	p.view.Pin(e.At)
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
