package graph

import (
	"strings"
	"time"

	"kmscope/inventory"
)

// A zombie is a pipeline that nobody uses any more and that is still there: its
// application forgot it, or died and left it to the server's collector. The server
// does not tell which session holds what, so this is a guess from outside, and every
// word of it ends in a question mark: a pipeline that has been empty for a minute, or
// one in which for four minutes, the usual period of the collector, nothing has
// flowed and no peer has been connected. What is not known counts for a pipeline:
// without a state of media and of flow it is none. Times begin when we came to know an
// object: what was before is known to nobody.

const (
	emptyAfter  = time.Minute
	unusedAfter = 4 * time.Minute
)

// Why a pipeline looks left behind.
const (
	zombieEmpty  = "empty"
	zombieUnused = "nothing flows"
)

// zombie tells why a pipeline looks left behind, and since when; "" is: it does not.
func zombie(p *inventory.Pipeline, now time.Time) (why string, since time.Time) {
	if p.Object == nil || !p.Object.Alive() {
		return "", time.Time{}
	}
	empty, unused := p.Object.FirstSeen, p.Object.FirstSeen
	elements, peers, flows := 0, 0, 0
	for _, o := range p.Objects {
		if o.ID == p.ID {
			continue
		}
		if !o.Alive() {
			empty = later(empty, o.DiedAt)
			continue
		}
		elements++
		unused = later(unused, o.FirstSeen)
		for lane, s := range o.States {
			of := &flows
			switch {
			case !s.Known():
				continue
			case lane == inventory.LaneMedia:
				of = &peers
			case !strings.HasPrefix(string(lane), "flow-"):
				continue
			}
			if s.Value != "DISCONNECTED" && s.Value != "NOT_FLOWING" {
				return "", time.Time{}
			}
			*of++
			unused = later(unused, s.Since)
		}
	}
	switch {
	case elements == 0 && now.Sub(empty) > emptyAfter:
		return zombieEmpty, empty
	case peers > 0 && flows > 0 && now.Sub(unused) > unusedAfter:
		return zombieUnused, unused
	}
	return "", time.Time{}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// zombieBadge is what the elements of such a pipeline show.
func zombieBadge(why string, since time.Time) Badge {
	return Badge{Lane: "zombie", Value: "ZOMBIE", Text: "zombie? " + why, Since: since, Health: HealthWarning}
}

// zombieWord is what a picture says of such a pipeline; "" of others.
func (f *Frame) zombieWord() string {
	if f.Zombie == "" {
		return ""
	}
	return "zombie? " + f.Zombie
}

// title is the name of a pipeline with what is to be said of it, for formats that have
// one line for both.
func (f *Frame) title() string {
	if w := f.zombieWord(); w != "" {
		return f.Label + " · " + w
	}
	return f.Label
}
