package negotiation

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"kmscope/inventory"
)

// Negotiation is all that is known of how one endpoint was connected. It is a
// value that nobody changes any more: any goroutine may read it.
type Negotiation struct {
	Object string
	Type   string

	// Local and Remote are the candidates, each once, in the order in which they
	// became known.
	Local, Remote []Candidate
	// Matrix has one cell per type of the local and of the remote side, those
	// with candidates alone, ordered as Types.
	Matrix []Cell
	// Pairs are the selected pairs, oldest first.
	Pairs []Pair

	// Descriptions are all descriptions, oldest first. LocalDescription and
	// RemoteDescription are the newest that were accepted; nil when none was seen.
	Descriptions                        []Version
	LocalDescription, RemoteDescription *Description

	Checklist Checklist
	// Findings are what is remarkable, the worst first.
	Findings []Finding

	object  *inventory.Object
	history *History
	now     time.Time
}

// Version is one description with where it came from.
type Version struct {
	Said
	// Parsed is never nil; of a refused description as well.
	Parsed *Description
	// After is the time since the checklist's zero, by the server's clock.
	After time.Duration
}

// Cell is one field of the matrix of candidate types.
type Cell struct {
	Local, Remote Type
	// Possible counts the pairs of candidates that could be tried: same component
	// and protocol, same family of addresses.
	Possible int
	// InUse is set when a pair of these types is in use.
	InUse bool
}

// Pair is a pair that was selected.
type Pair struct {
	Stream        string
	Component     int
	Local, Remote Candidate
	// At is the time by the server's clock of the event, or the local time when
	// only a reading of ICECandidatePairs showed it.
	At time.Time
	// InUse is set for the newest pair of its stream and component, unless ICE
	// failed since. Of an endpoint that is gone it is the last one in use.
	InUse bool
}

// Of gathers what is known of an endpoint. history may be the zero History:
// descriptions are then those that the inventory read, and the checklist knows
// no times. now is the local time of the newest record.
func Of(o *inventory.Object, history History, now time.Time) Negotiation {
	n := Negotiation{Object: o.ID, Type: o.Type, object: o, history: &history, now: now}
	n.describe()
	n.candidates()
	n.pairs()
	n.matrix()
	n.Checklist = checklist(o, &history, now)
	for i := range n.Descriptions {
		n.Descriptions[i].After = history.server(n.Descriptions[i].At).Sub(n.Checklist.Zero)
		if n.Checklist.Zero.IsZero() {
			n.Descriptions[i].After = 0
		}
	}
	n.Findings = append(n.iceFindings(), Lint(n.LocalDescription, n.RemoteDescription, n.lintContext())...)
	for i := range n.Descriptions {
		if d := &n.Descriptions[i]; d.Refused != "" {
			n.Findings = append(n.Findings, refused(d))
		}
	}
	slices.SortStableFunc(n.Findings, func(a, b Finding) int { return int(b.Severity) - int(a.Severity) })
	return n
}

// describe takes the descriptions of the history, or else what the inventory
// read last.
func (n *Negotiation) describe() {
	said := n.history.Said
	if len(said) == 0 {
		for _, p := range []struct {
			side Side
			name string
		}{{Remote, "remoteSessionDescriptor"}, {Local, "localSessionDescriptor"}} {
			prop := n.object.Properties[p.name]
			var text string
			if json.Unmarshal(prop.Value, &text) == nil && text != "" {
				said = append(said, Said{Side: p.side, Operation: "read", At: prop.At, Text: text})
			}
		}
	}
	for _, s := range said {
		v := Version{Said: s, Parsed: ParseDescription(s.Text)}
		n.Descriptions = append(n.Descriptions, v)
		switch {
		case s.Refused != "":
		case s.Side == Local:
			n.LocalDescription = v.Parsed
		default:
			n.RemoteDescription = v.Parsed
		}
	}
}

// collector makes one list of candidates out of several sources.
type collector struct {
	list  []Candidate
	index map[string]int
}

func (c *collector) add(x Candidate) {
	if c.index == nil {
		c.index = make(map[string]int)
	}
	k := x.key()
	i, known := c.index[k]
	if !known {
		if len(c.list) < maxCandidates {
			c.index[k] = len(c.list)
			c.list = append(c.list, x)
		}
		return
	}
	for _, mid := range x.Mids {
		if !slices.Contains(c.list[i].Mids, mid) {
			c.list[i].Mids = append(c.list[i].Mids, mid)
		}
	}
}

func (n *Negotiation) candidates() {
	var local, remote collector
	for _, x := range n.object.LocalCandidates {
		c := ParseCandidate(x.Text)
		c.Origin, c.Mids, c.At = FromEvent, mids(x), x.At
		local.add(c)
	}
	for _, x := range n.object.RemoteCandidates {
		c := ParseCandidate(x.Text)
		c.Origin, c.Mids, c.At = FromCall, mids(x), n.history.server(x.At)
		remote.add(c)
	}
	for i := range n.Descriptions {
		v := &n.Descriptions[i]
		if v.Refused != "" {
			continue
		}
		for _, c := range v.Parsed.Candidates() {
			c.At = n.history.server(v.At)
			if v.Side == Local {
				local.add(c)
			} else {
				remote.add(c)
			}
		}
	}
	for _, p := range n.object.Pairs {
		l, r := ParseCandidate(p.Local), ParseCandidate(p.Remote)
		l.Origin, r.Origin, l.At, r.At = FromPair, FromPair, p.At, p.At
		local.add(l)
		remote.add(r)
	}
	n.Local, n.Remote = local.list, remote.list
}

func mids(c inventory.Candidate) []string {
	if c.Mid == "" {
		return nil
	}
	return []string{c.Mid}
}

func (n *Negotiation) pairs() {
	last := make(map[[2]string]int)
	for _, p := range n.object.Pairs {
		x := Pair{Stream: p.Stream, Component: p.Component, Local: ParseCandidate(p.Local), Remote: ParseCandidate(p.Remote), At: p.At}
		x.Local.Origin, x.Remote.Origin = FromPair, FromPair
		last[[2]string{p.Stream, itoa(p.Component)}] = len(n.Pairs)
		n.Pairs = append(n.Pairs, x)
	}
	for _, i := range last {
		p := &n.Pairs[i]
		p.InUse = n.object.State(iceLane(p.Stream, p.Component)).Value != "FAILED"
		if !p.InUse {
			continue
		}
		p.Local.InUse, p.Remote.InUse = true, true
		use(n.Local, p.Local.key())
		use(n.Remote, p.Remote.key())
	}
}

func use(list []Candidate, key string) {
	for i := range list {
		if list[i].key() == key {
			list[i].InUse = true
		}
	}
}

func iceLane(stream string, component int) inventory.Lane {
	return inventory.Lane("ice/" + stream + "/" + itoa(component))
}

func (n *Negotiation) matrix() {
	for _, l := range Types {
		for _, r := range Types {
			cell := Cell{Local: l, Remote: r}
			seen := false
			for i := range n.Local {
				for j := range n.Remote {
					a, b := &n.Local[i], &n.Remote[j]
					if a.Type != l || b.Type != r {
						continue
					}
					seen = true
					if canPair(a, b) {
						cell.Possible++
					}
				}
			}
			for i := range n.Pairs {
				p := &n.Pairs[i]
				cell.InUse = cell.InUse || p.InUse && p.Local.Type == l && p.Remote.Type == r
			}
			if seen {
				n.Matrix = append(n.Matrix, cell)
			}
		}
	}
}

// canPair follows RFC 8445, section 6.1.2.2, and RFC 6544, section 6.2, for TCP.
func canPair(a, b *Candidate) bool {
	if a.Component != b.Component || a.Protocol != b.Protocol {
		return false
	}
	if a.Class != ClassMDNS && b.Class != ClassMDNS && isIPv6(a.Address) != isIPv6(b.Address) {
		return false
	}
	if a.Protocol != "tcp" {
		return true
	}
	return a.TCPType == "active" && b.TCPType == "passive" || a.TCPType == "passive" && b.TCPType == "active" ||
		a.TCPType == "so" && b.TCPType == "so"
}

// iceStates gives the state of every ICE component, by "stream/component".
func (n *Negotiation) iceStates() map[string]string { return n.states("ice/") }

func (n *Negotiation) states(prefix string) map[string]string {
	out := make(map[string]string)
	for lane, s := range n.object.States {
		if rest, ok := strings.CutPrefix(string(lane), prefix); ok && s.Known() {
			out[rest] = s.Value
		}
	}
	return out
}

// ICE gives the state of every ICE component, by "stream/component".
func (n *Negotiation) ICE() map[string]string { return n.iceStates() }

// DTLS gives the state of every DTLS connection, by "stream/component".
func (n *Negotiation) DTLS() map[string]string { return n.states("dtls/") }

func (n *Negotiation) ice(state string) bool {
	for _, s := range n.iceStates() {
		if s == state {
			return true
		}
	}
	return false
}

// Candidate finds a candidate of either side by its address; nil when there is
// none.
func (n *Negotiation) Candidate(address string, port int) *Candidate {
	for _, list := range [][]Candidate{n.Local, n.Remote} {
		for i := range list {
			if list[i].Address == address && list[i].Port == port {
				return &list[i]
			}
		}
	}
	return nil
}
