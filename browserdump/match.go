package browserdump

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Evidence is one kind of value that a peer connection and an endpoint share.
type Evidence struct {
	Kind Kind
	// Browser is set for what belongs to the browser, else it is the server's.
	Browser bool
	// Values counts the values of this kind that both hold; Unique those of them
	// that no other connection and no other endpoint holds.
	Values, Unique int
	// Text says it for people, without secrets.
	Text string
}

// Pairing is a peer connection and an endpoint that share something.
type Pairing struct {
	Connection *PeerConnection
	// Object is the endpoint's id, Server the address of its server, "" when the
	// capture does not say.
	Object, Server string
	// Evidence is sorted by strength.
	Evidence []Evidence
	// Confidence is from 0 to 1: how sure it is that the two are the ends of one
	// connection.
	Confidence float64
}

// Sure tells whether something speaks for the pairing that nothing else could.
func (p *Pairing) Sure() bool { return p.Confidence >= 0.99 }

// Result is what Match found. Nobody changes it: any goroutine may read it.
type Result struct {
	// Pairings are the connections with their endpoints, each at most once, in
	// the order of the dump.
	Pairings []Pairing
	// Doubtful are pairings that were not taken because the evidence is weak, or
	// fits another as well; the best first.
	Doubtful []Pairing
	// Unmatched are the connections without an endpoint.
	Unmatched []*PeerConnection
	// Clocks tells for each server of a pairing how its clock differs.
	Clocks []Clock
}

// strength is how sure one unique value makes, and the order of the evidence. A
// ufrag has 24 bits or more, an SSRC 32; a port may be used again.
var strength = []struct {
	kind Kind
	sure float64
}{
	{KindUfrag, 0.99}, {KindFingerprint, 0.999}, {KindSession, 0.99}, {KindSSRC, 0.99}, {KindCandidate, 0.95}, {KindLooseCandidate, 0.9},
}

// shared is how sure a value makes that others hold too.
const shared = 0.05

// enough is the confidence that a pairing needs.
const enough = 0.5

// Match finds out which connection of the dump is which endpoint. The Server was
// fed the whole capture; neither is changed.
func Match(d *Dump, s *Server) Result {
	conns := make([]map[key]bool, len(d.Connections))
	holders := make(map[key][2]int)
	for i, p := range d.Connections {
		conns[i] = p.keys()
		for k := range conns[i] {
			n := holders[k]
			n[0]++
			holders[k] = n
		}
	}
	byKey := make(map[key][]int)
	for i, e := range s.order {
		for k := range e.keys {
			if n, ok := holders[k]; ok {
				n[1]++
				holders[k] = n
				byKey[k] = append(byKey[k], i)
			}
		}
	}
	var all []Pairing
	for i, p := range d.Connections {
		found := make(map[int]map[key]bool)
		for k := range conns[i] {
			if len(byKey[k]) > maxHolders {
				continue // it tells nothing
			}
			for _, j := range byKey[k] {
				if found[j] == nil {
					found[j] = make(map[key]bool)
				}
				found[j][k] = true
			}
		}
		for j, keys := range found {
			x := Pairing{Connection: p, Object: s.order[j].id, Server: s.order[j].server}
			x.weigh(keys, holders)
			all = append(all, x)
		}
	}
	return d.decide(all, s)
}

// maxHolders is how many endpoints may hold a key that is looked at.
const maxHolders = 64

func (p *Pairing) weigh(keys map[key]bool, holders map[key][2]int) {
	doubt := 1.0
	exact := make(map[bool]bool)
	for _, s := range strength {
		for _, browser := range []bool{true, false} {
			e := Evidence{Kind: s.kind, Browser: browser}
			var named []string
			for k := range keys {
				if k.kind != s.kind || k.browser != browser {
					continue
				}
				e.Values++
				if holders[k] == [2]int{1, 1} {
					e.Unique++
				}
				named = append(named, k.value)
			}
			if e.Values == 0 || s.kind == KindLooseCandidate && exact[browser] {
				continue
			}
			exact[browser] = exact[browser] || s.kind == KindCandidate && e.Unique > 0
			if e.Unique > 0 {
				doubt *= 1 - s.sure
			} else {
				doubt *= 1 - shared
			}
			e.say(named)
			p.Evidence = append(p.Evidence, e)
		}
	}
	slices.SortStableFunc(p.Evidence, func(a, b Evidence) int { return cmp.Compare(min(b.Unique, 1), min(a.Unique, 1)) })
	p.Confidence = 1 - doubt
}

// say words the evidence. A ufrag is a secret and is not named.
func (e *Evidence) say(values []string) {
	slices.Sort(values)
	whose := "the server's"
	if e.Browser {
		whose = "the browser's"
	}
	switch e.Kind {
	case KindUfrag:
		e.Text = whose + " ufrag is the same"
	case KindFingerprint:
		e.Text = whose + " certificate is the same: " + clip(values[0], 23)
	case KindSession:
		e.Text = whose + " session id (o=) is the same: " + clip(values[0], 40)
	case KindSSRC:
		way := "the server sends and the browser receives "
		if e.Browser {
			way = "the browser sends and the server receives "
		}
		e.Text = way + "SSRC " + list(values)
	case KindCandidate:
		e.Text = whose + " " + plural("candidate", len(values)) + " " + list(values)
	case KindLooseCandidate:
		e.Text = fmt.Sprintf("%s candidates, all but for their addresses: %d", whose, len(values))
	}
	if e.Unique == 0 {
		e.Text += " (others have that too)"
	}
}

func plural(word string, n int) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

func list(values []string) string {
	if n := len(values); n > 3 {
		return clip(strings.Join(values[:3], ", "), 300) + fmt.Sprintf(" and %d more", n-3)
	}
	return clip(strings.Join(values, ", "), 300)
}

// decide takes the best pairings, each side once.
func (d *Dump) decide(all []Pairing, s *Server) Result {
	place := make(map[*PeerConnection]int, len(d.Connections))
	for i, p := range d.Connections {
		place[p] = i
	}
	slices.SortFunc(all, func(a, b Pairing) int {
		return cmp.Or(cmp.Compare(b.Confidence, a.Confidence), cmp.Compare(b.unique(), a.unique()),
			cmp.Compare(place[a.Connection], place[b.Connection]), cmp.Compare(a.Object, b.Object))
	})
	var r Result
	taken, used := make(map[*PeerConnection]bool), make(map[string]bool)
	for i := range all {
		p := &all[i]
		if p.Confidence < enough || taken[p.Connection] || used[p.Server+" "+p.Object] {
			if p.Confidence >= shared && len(r.Doubtful) < 100 && (!taken[p.Connection] || p.unique() > 0) {
				r.Doubtful = append(r.Doubtful, *p)
			}
			continue
		}
		taken[p.Connection], used[p.Server+" "+p.Object] = true, true
		r.Pairings = append(r.Pairings, *p)
	}
	slices.SortFunc(r.Pairings, func(a, b Pairing) int { return cmp.Compare(place[a.Connection], place[b.Connection]) })
	for _, p := range d.Connections {
		if !taken[p] {
			r.Unmatched = append(r.Unmatched, p)
		}
	}
	r.Clocks = clocks(r.Pairings, s)
	return r
}

func (p *Pairing) unique() int {
	n := 0
	for _, e := range p.Evidence {
		n += e.Unique
	}
	return n
}

// Of gives the pairing of a connection; nil when it has none.
func (r *Result) Of(p *PeerConnection) *Pairing {
	for i := range r.Pairings {
		if r.Pairings[i].Connection == p {
			return &r.Pairings[i]
		}
	}
	return nil
}

// Clock gives what is known of a server's clock; false where nothing is.
func (r *Result) Clock(server string) (Clock, bool) {
	for _, c := range r.Clocks {
		if c.Server == server {
			return c, true
		}
	}
	return Clock{}, false
}

// Offset gives what to add to the browser's clock for a connection: that of its
// pairing's server, else that of the only server with a pairing, since one
// browser has one clock; false when it is not known.
func (r *Result) Offset(p *PeerConnection) (time.Duration, bool) {
	if x := r.Of(p); x != nil {
		c, ok := r.Clock(x.Server)
		return c.Offset, ok
	}
	if len(r.Clocks) == 1 {
		return r.Clocks[0].Offset, true
	}
	return 0, false
}
