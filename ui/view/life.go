package view

import "time"

// beforeTheEnd is how long before the last death a capture is opened: the
// teardown of an application takes some hundred milliseconds.
const beforeTheEnd = time.Second

// LastLife gives a moment shortly before everything was gone. ok is false when
// something is alive, or nothing ever was: then the end is the moment to show.
// Most captures end after the application released all that it made, and who
// opens one wants to see what was there.
func LastLife(sessions []Session) (at time.Time, ok bool) {
	for _, s := range sessions {
		for _, p := range s.Snapshot().Pipelines {
			for _, o := range p.Objects {
				if o.Alive() {
					return time.Time{}, false
				}
				if o.DiedAt.After(at) {
					at = o.DiedAt
				}
			}
		}
	}
	return at.Add(-beforeTheEnd), !at.IsZero()
}
