package surface

import (
	"time"

	"kmscope/ui/view"
)

// TimeAxis is the time axis that all charts of a page share, and the one
// cursor of the window.
type TimeAxis struct {
	From, To time.Time
	Cursor   time.Time // zero: none
	Zero     time.Time // that a comparison is aligned on; zero: none
	Clock    view.Clock
	Marks    []Mark // events, as ticks on the axis
}

// XAt gives the position of a moment within a plot from x to x+w.
func (ct TimeAxis) XAt(t time.Time, x, w float64) float64 {
	span := ct.To.Sub(ct.From)
	if span <= 0 {
		return x
	}
	return x + w*float64(t.Sub(ct.From))/float64(span)
}

// TimeAt is the reverse of XAt.
func (ct TimeAxis) TimeAt(px, x, w float64) time.Time {
	if w <= 0 {
		return ct.From
	}
	f := min(max((px-x)/w, 0), 1)
	return ct.From.Add(time.Duration(f * float64(ct.To.Sub(ct.From))))
}

// Mark is an event that the time axis of the charts shows as a tick.
type Mark struct {
	At   time.Time // local clock
	Kind MarkKind
}

// MarkKind is what a mark tells of.
type MarkKind uint8

// What a mark may tell of, by what is behind it.
const (
	MarkICE     MarkKind = iota
	MarkCommand          // a change of the server, by somebody else
	MarkError
	MarkOwn // a change of the server by this tool
)
