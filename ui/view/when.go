package view

import (
	"fmt"
	"time"
)

// Cursor gives the moment that the window shows, and whether it is the end of
// time, which moves on. Hovering goes before pinning.
func (s *State) Cursor() (at time.Time, live bool) {
	switch {
	case !s.hover.IsZero():
		return s.hover, false
	case !s.pinned.IsZero():
		return s.pinned, false
	}
	return s.End(), true
}

// Pinned gives the moment that a person pinned; zero while following the end.
func (s *State) Pinned() time.Time { return s.pinned }

// Hover moves the cursor for as long as the pointer is over a moment; the zero
// time ends it.
func (s *State) Hover(at time.Time) {
	if !at.Equal(s.hover) {
		s.hover = at
		s.changed()
	}
}

// Pin leaves the cursor at a moment until Follow.
func (s *State) Pin(at time.Time) {
	if !at.Equal(s.pinned) {
		s.pinned = at
		s.changed()
	}
}

// Follow lets go of the cursor and of a fixed range: both follow the end again.
func (s *State) Follow() {
	if s.pinned.IsZero() && s.hover.IsZero() && s.to.IsZero() {
		return
	}
	if !s.to.IsZero() {
		s.length = s.to.Sub(s.from)
	}
	s.pinned, s.hover, s.from, s.to = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	s.changed()
}

// End gives the newest moment known: of the pause while paused, of the replay's
// position, else of the newest snapshot of the server looked at. Zero when
// nothing is known.
func (s *State) End() time.Time { return s.EndOf(s.Server()) }

// EndOf is End of a certain server; nil is none.
func (s *State) EndOf(x Session) time.Time {
	if s.Paused() {
		return s.stop
	}
	if r := s.replayOf(x); r != nil {
		return r.Start().Add(r.Position())
	}
	if x != nil {
		return x.Snapshot().At
	}
	return time.Time{}
}

// Span gives the whole time that is known of the server looked at; zero times
// when nothing is.
func (s *State) Span() (first, last time.Time) { return s.SpanOf(s.Server()) }

// SpanOf is Span of a certain server; nil is none.
func (s *State) SpanOf(x Session) (first, last time.Time) {
	if r := s.replayOf(x); r != nil {
		return r.Start(), r.Start().Add(r.Duration())
	}
	if x == nil {
		return time.Time{}, time.Time{}
	}
	last = s.EndOf(x)
	first = last
	if log := x.Timeline(); log != nil {
		if e := log.Range(0, 1); len(e) == 1 && !e[0].Arrived.IsZero() && e[0].Arrived.Before(first) {
			first = e[0].Arrived
		}
	}
	if at := x.Since(); !at.IsZero() && at.Before(first) {
		first = at
	}
	// Events and states are forgotten in the end, and so are figures; the time of the
	// first of them is not. The clocks differ by a little more or less all the time.
	if store := x.Stats(); store != nil {
		offset, _ := store.ClockOffset()
		if at, _ := store.Span(); !at.IsZero() && at.Add(-offset).Before(first.Add(-time.Second)) {
			first = at.Add(-offset).Truncate(time.Second)
		}
	}
	return first, last
}

// Range gives the visible window of time. Zero times when nothing is known.
// While it follows the end it never begins before the first known moment, but
// for what a very young session needs to be legible: what is before is empty,
// and the little that there is gets the room.
func (s *State) Range() (from, to time.Time) {
	if !s.to.IsZero() {
		return s.from, s.to
	}
	first, last := s.Span()
	to = s.End()
	if s.length == 0 {
		return first, last
	}
	from = to.Add(-s.length)
	if first.After(from) {
		from = first
		if least := to.Add(-min(s.length, leastSpan)); from.After(least) {
			from = least
		}
	}
	return from, to
}

// Following reports whether the range moves on with the end.
func (s *State) Following() bool { return s.to.IsZero() }

// Length gives the length of the visible window; 0 is everything.
func (s *State) Length() time.Duration {
	if !s.to.IsZero() {
		return s.to.Sub(s.from)
	}
	return s.length
}

// leastSpan is how much a followed window shows of a session that is younger.
const leastSpan = 10 * time.Second

// shortestRange bounds zooming in.
const shortestRange = 2 * time.Millisecond

// SetRange fixes the visible window; the bounds may be in either order.
func (s *State) SetRange(from, to time.Time) {
	if to.Before(from) {
		from, to = to, from
	}
	if to.Sub(from) < shortestRange {
		middle := from.Add(to.Sub(from) / 2)
		from, to = middle.Add(-shortestRange/2), middle.Add(shortestRange/2)
	}
	if from.Equal(s.from) && to.Equal(s.to) {
		return
	}
	s.from, s.to = from, to
	s.changed()
}

// SetLength makes the visible window follow the end with a length; 0 shows
// everything.
func (s *State) SetLength(d time.Duration) {
	d = max(d, 0)
	if d > 0 {
		d = max(d, shortestRange)
	}
	if s.length == d && s.to.IsZero() {
		return
	}
	s.length, s.from, s.to = d, time.Time{}, time.Time{}
	s.changed()
}

// ClockMode says how times are written.
type ClockMode uint8

// The modes.
const (
	LocalTime ClockMode = iota
	UTC
	Relative // to Clock.Zero
)

// Clock writes times.
type Clock struct {
	Mode ClockMode
	// Zero is where Relative counts from.
	Zero time.Time
}

// Clock gives how the window writes times.
func (s *State) Clock() Clock { return s.clock }

// SetClock chooses how the window writes times.
func (s *State) SetClock(c Clock) {
	if c != s.clock {
		s.clock = c
		s.changed()
	}
}

// Format writes a moment with milliseconds: "12:03:44.120", or "+3.120 s" when
// relative; "–" for the zero time.
func (c Clock) Format(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	switch c.Mode {
	case UTC:
		return t.UTC().Format("15:04:05.000")
	case Relative:
		return signed(t.Sub(c.Zero))
	}
	return t.Local().Format("15:04:05.000")
}

func signed(d time.Duration) string {
	sign := "+"
	if d < 0 {
		sign, d = "-", -d
	}
	if d < time.Minute {
		return fmt.Sprintf("%s%.3f s", sign, d.Seconds())
	}
	d = d.Round(time.Millisecond)
	h, m := int(d.Hours()), int(d.Minutes())%60
	s := (d % time.Minute).Seconds()
	if h > 0 {
		return fmt.Sprintf("%s%d:%02d:%06.3f", sign, h, m, s)
	}
	return fmt.Sprintf("%s%d:%06.3f", sign, m, s)
}
