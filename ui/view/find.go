package view

import (
	"slices"
	"strings"
	"unicode"

	"kmscope/graph"
	"kmscope/inventory"
)

// Hit is something that a person can find: an object, or a command of the
// window, such as opening a page.
type Hit struct {
	Title string
	// Note is the dim text beside it: the type and the pipeline, or the keys.
	Note string
	Kind graph.Kind
	// Run does it.
	Run func()
	// Command tells commands from objects.
	Command bool

	also string // what is searched besides the title
	cost int
}

// maxHits bounds what Find gives.
const maxHits = 100

// Find gives what fits a query best, best first: objects of all servers, alive
// before gone, and commands. All letters of the query must occur in order, the
// closer together and the nearer to the start of a word the better. An empty
// query gives the commands, then the first objects.
func Find(s *State, commands []Hit, query string) []Hit {
	words := strings.Fields(strings.ToLower(query))
	var hits []Hit
	take := func(h Hit, penalty int) {
		h.cost = penalty
		for _, w := range words {
			a, okA := distance(h.Title, w)
			b, okB := distance(h.also, w)
			switch {
			case okA && (!okB || a <= b+8):
				h.cost += a
			case okB:
				h.cost += b + 8
			default:
				return
			}
		}
		hits = append(hits, h)
	}
	for _, c := range commands {
		c.Command = true
		take(c, 0)
	}
	sessions := s.Workspace().Sessions()
	for _, x := range sessions {
		snap := s.Snapshot(x)
		take(Hit{Title: x.Name(), Note: "server", also: x.URL(), Run: func() { s.Select(Selection{Session: x}) }}, 1)
		for _, p := range snap.Pipelines {
			for _, o := range p.Objects {
				take(objectHit(s, x, snap, o, len(sessions) > 1), objectPenalty(o))
			}
		}
	}
	slices.SortStableFunc(hits, func(a, b Hit) int { return a.cost - b.cost })
	return hits[:min(len(hits), maxHits)]
}

func objectPenalty(o *inventory.Object) int {
	if !o.Alive() {
		return 20
	}
	return 2
}

func objectHit(s *State, x Session, snap *inventory.Snapshot, o *inventory.Object, several bool) Hit {
	h := Hit{Title: o.Label(), Kind: graph.KindOf(o.Type), also: o.Type + " " + o.ID}
	h.Note = ShortType(o.Type) + " " + o.ShortID()
	if o.Pipeline != o.ID {
		h.Note += " · " + Title(snap, o.Pipeline)
	}
	if several {
		h.Note += " · " + x.Name()
	}
	if !o.Alive() {
		h.Note += " · gone"
	}
	id := o.ID
	h.Run = func() { s.Select(Selection{Session: x, Object: id}) }
	return h
}

// distance says how badly a word of small letters fits a text: 0 is a start of
// a word; false when its letters do not occur in order.
func distance(text, word string) (int, bool) {
	lower := strings.ToLower(text)
	if i := strings.Index(lower, word); i >= 0 {
		if i == 0 || !unicode.IsLetter(rune(lower[i-1])) && !unicode.IsDigit(rune(lower[i-1])) {
			return 0, true
		}
		if i < len(text) && text[i] >= 'A' && text[i] <= 'Z' {
			return 1, true
		}
		return 3, true
	}
	// Letters with gaps: only in short texts, or everything fits everything.
	if len(lower) > 80 || len(word) < 2 {
		return 0, false
	}
	cost, at := 6, -1
	for _, r := range word {
		i := strings.IndexRune(lower[at+1:], r)
		if i < 0 {
			return 0, false
		}
		if at >= 0 {
			cost += i
		}
		at += 1 + i
	}
	return cost, true
}
