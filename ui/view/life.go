package view

import (
	"strings"
	"time"

	"kmscope/inventory"
)

// beforeTheEnd is how long before the last death a capture is opened: the
// teardown of an application takes some hundred milliseconds.
const beforeTheEnd = time.Second

// hangingUp is how long before the last death the peers of an application that
// ends may have hung up: what they close is part of the end.
const hangingUp = 10 * time.Second

// LastLife gives a moment shortly before everything was gone. ok is false when
// something is alive, or nothing ever was: then the end is the moment to show.
// Most captures end after the application released all that it made, and who
// opens one wants to see what was there: so peers that hung up just before are
// still connected at that moment.
func LastLife(sessions []Session) (at time.Time, ok bool) {
	var closed []time.Time
	for _, s := range sessions {
		for _, p := range s.Snapshot().Pipelines {
			for _, o := range p.Objects {
				if o.Alive() {
					return time.Time{}, false
				}
				if o.DiedAt.After(at) {
					at = o.DiedAt
				}
				for lane, st := range o.States {
					if st.Value == "CLOSED" && strings.HasPrefix(string(lane), "dtls/") && st.Source == inventory.FromEvent {
						closed = append(closed, st.Since)
					}
				}
			}
		}
	}
	if at.IsZero() {
		return at, false
	}
	began := at
	for _, c := range closed {
		if c.Before(began) && at.Sub(c) < hangingUp {
			began = c
		}
	}
	return began.Add(-beforeTheEnd), true
}
