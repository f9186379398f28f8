package negotiation

import (
	"slices"
	"time"
)

// The states of an ICE component and the ways between them, as libnice
// documents them for NiceComponentState, which the server passes on as
// IceComponentState.

// ICEStates are the states that are documented, in the order of a call that
// works; FAILED last.
var ICEStates = []string{"DISCONNECTED", "GATHERING", "CONNECTING", "CONNECTED", "READY", "FAILED"}

// Way says what a transition between two ICE states is.
type Way uint8

// The ways.
const (
	WayGood         Way = iota // on the way to a connection
	WayBack                    // normal, but a step back
	WayFailure                 // towards FAILED
	WayUndocumented            // libnice's diagram does not have it
)

// ICETransition is a change between two states.
type ICETransition struct {
	From, To string
	Way      Way
	// Means says in words what makes it happen; "" for undocumented ones.
	Means string
	// Count is how often it was taken; Took is the time spent in From before it
	// was taken last.
	Count int
	Took  time.Duration
}

var iceTransitions = []ICETransition{
	{From: "DISCONNECTED", To: "GATHERING", Way: WayGood, Means: "gathering began"},
	{From: "GATHERING", To: "CONNECTING", Way: WayGood, Means: "candidates of the peer came"},
	{From: "CONNECTING", To: "CONNECTED", Way: WayGood, Means: "a pair works"},
	{From: "CONNECTED", To: "READY", Way: WayGood, Means: "all checks are done"},
	{From: "READY", To: "CONNECTED", Way: WayBack, Means: "the selected pair failed"},
	{From: "FAILED", To: "CONNECTING", Way: WayBack, Means: "more candidates of the peer came"},
	{From: "DISCONNECTED", To: "CONNECTING", Way: WayBack, Means: "candidates of the peer came first"},
	{From: "DISCONNECTED", To: "FAILED", Way: WayFailure, Means: "failed"},
	{From: "GATHERING", To: "FAILED", Way: WayFailure, Means: "failed"},
	{From: "CONNECTING", To: "FAILED", Way: WayFailure, Means: "no pair works"},
	{From: "CONNECTED", To: "FAILED", Way: WayFailure, Means: "the connection was lost"},
	{From: "READY", To: "FAILED", Way: WayFailure, Means: "the connection was lost"},
}

// Visit is one stay in a state; To is when it ended, or the moment looked at
// for the last one.
type Visit struct {
	State    string
	From, To time.Time
}

// ICEStay sums up the stays in one state.
type ICEStay struct {
	State string
	// Visits is how often the state was entered, Total how long it held
	// altogether.
	Visits int
	Total  time.Duration
	// Current is set for the state at the end of the path.
	Current bool
}

// ICEPath is the diagram of the states of one component with the path taken.
type ICEPath struct {
	// Stays has all of ICEStates in their order, then the unknown ones seen.
	Stays []ICEStay
	// Transitions has the documented ones in their order, then the others taken.
	Transitions []ICETransition
}

// maxUnknownStates bounds the states that no server of today has.
const maxUnknownStates = 8

// ICEPathOf lights up the path that visits took, oldest first. It is pure: any
// goroutine.
func ICEPathOf(visits []Visit) ICEPath {
	p := ICEPath{Transitions: slices.Clone(iceTransitions)}
	for _, s := range ICEStates {
		p.Stays = append(p.Stays, ICEStay{State: s})
	}
	before := -1
	for i, v := range visits {
		at := slices.IndexFunc(p.Stays, func(s ICEStay) bool { return s.State == v.State })
		if at < 0 {
			if len(p.Stays) >= len(ICEStates)+maxUnknownStates {
				continue
			}
			at = len(p.Stays)
			p.Stays = append(p.Stays, ICEStay{State: v.State})
		}
		if at != before {
			p.Stays[at].Visits++
		}
		p.Stays[at].Total += max(v.To.Sub(v.From), 0)
		if before >= 0 && at != before {
			took := max(v.From.Sub(visits[i-1].From), 0)
			p.take(p.Stays[before].State, v.State, took)
		}
		before = at
	}
	if before >= 0 {
		p.Stays[before].Current = true
	}
	return p
}

func (p *ICEPath) take(from, to string, took time.Duration) {
	for i := range p.Transitions {
		if t := &p.Transitions[i]; t.From == from && t.To == to {
			t.Count++
			t.Took = took
			return
		}
	}
	p.Transitions = append(p.Transitions, ICETransition{From: from, To: to, Way: WayUndocumented, Count: 1, Took: took})
}
