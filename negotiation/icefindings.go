package negotiation

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// property reads a string property; known is false when it was never read.
func (n *Negotiation) property(name string) (value string, known bool) {
	p, ok := n.object.Properties[name]
	if !ok || p.Err != "" {
		return "", false
	}
	_ = json.Unmarshal(p.Value, &value) // null is an empty value
	return value, true
}

func count(list []Candidate, f func(*Candidate) bool) int {
	c := 0
	for i := range list {
		if f(&list[i]) {
			c++
		}
	}
	return c
}

func ofType(t Type) func(*Candidate) bool { return func(c *Candidate) bool { return c.Type == t } }

func ofClass(classes ...Class) func(*Candidate) bool {
	return func(c *Candidate) bool { return slices.Contains(classes, c.Class) }
}

// unconnected reports that ICE failed, or still tries after the usual time.
func (n *Negotiation) unconnected() bool {
	return !n.ice("CONNECTED") && !n.ice("READY") && len(n.Pairs) == 0 && (n.ice("FAILED") || n.stuck())
}

// stuck reports that ICE has been trying for longer than is usual. The time is
// the one that the checklist saw pass.
func (n *Negotiation) stuck() bool {
	c := n.Checklist.Check(StepConnected)
	return n.ice("CONNECTING") && c.Status == Missing && n.waited() > lateConnected
}

// waited is how long ago CONNECTING was, sinceConnected how long ago CONNECTED
// was, at the end of the endpoint or of the records.
func (n *Negotiation) waited() time.Duration { return n.since(StepConnecting) }

func (n *Negotiation) sinceConnected() time.Duration { return n.since(StepConnected) }

func (n *Negotiation) happened(s Step) bool {
	st := n.Checklist.Check(s).Status
	return st == Done || st == Late || st == OutOfOrder
}

func (n *Negotiation) since(s Step) time.Duration {
	from, ok := n.history.Marks[s]
	if !ok {
		return 0
	}
	var last time.Time
	for _, at := range []time.Time{n.history.Local(n.object.DiedAt), n.now} {
		if !at.IsZero() && (last.IsZero() || at.Before(last)) {
			last = at
		}
	}
	return last.Sub(from.Arrived)
}

func (n *Negotiation) iceFindings() []Finding {
	if n.Type != "WebRtcEndpoint" {
		return nil
	}
	var out []Finding
	add := func(rule string, s Severity, side Side, text, advice string) {
		out = append(out, Finding{Rule: rule, Severity: s, Side: side, MLine: -1, Text: text, Advice: advice})
	}
	n.stateFindings(add)
	n.serverFindings(add)
	n.addressFindings(add)
	n.remoteFindings(add)
	n.pairFindings(add)
	for _, s := range []struct {
		side Side
		list []Candidate
	}{{Local, n.Local}, {Remote, n.Remote}} {
		for i := range s.list {
			if c := &s.list[i]; c.Err != "" && strings.TrimSpace(c.Raw) != "" {
				add("ice.candidate-unreadable", Warning, s.side, "a candidate could not be read: "+c.Err,
					"Compare it with what the other side sent; signalling may have changed it on its way.")
			}
		}
	}
	return out
}

type adder func(rule string, s Severity, side Side, text, advice string)

func (n *Negotiation) stateFindings(add adder) {
	switch {
	case n.ice("FAILED"):
		add("ice.failed", Error, "", "ICE failed: no pair of candidates came through",
			"Look at what both sides offered: addresses that the other can reach, or a TURN server for both.")
	case n.stuck():
		add("ice.connecting", Warning, "", "ICE has been connecting for "+n.waited().Round(time.Second).String()+" without a pair",
			"Look at the ufrag and password of the remote description, at its candidates, and at firewalls for UDP.")
	}
	if c := n.Checklist.Check(StepDTLS); c.Status == Missing && c.Note != "" && n.sinceConnected() > lateDTLS {
		add("dtls.not-connected", Warning, "", "ICE is connected, and DTLS has not been for "+n.sinceConnected().Round(time.Second).String(), c.Advice)
	}
	if n.object.Alive() && slices.Contains(slices.Collect(maps.Values(n.DTLS())), "CLOSED") {
		if n.happened(StepFlow) || n.happened(StepMedia) {
			add("dtls.closed", Info, "", "DTLS was closed: the peer hung up", "If nobody uses the endpoint any more, release it.")
		} else {
			add("dtls.closed", Warning, "", "DTLS was closed before any media flowed: the peer gave up, or found the certificate wrong", "Look at the peer's log, and at the a=fingerprint of both sides.")
		}
	}
	if n.history.RefusedCandidates > 0 {
		add("ice.candidates-refused", Warning, Remote, fmt.Sprintf("the server refused %d candidates of the peer", n.history.RefusedCandidates),
			"Candidates may be added only after the remote description.")
	}
}

// serverFindings look for what STUN and TURN should have given. Before
// gathering is done nothing is missing.
func (n *Negotiation) serverFindings(add adder) {
	if !n.object.GatheringDone || len(n.Local) == 0 {
		return
	}
	worse := Info
	if n.unconnected() {
		worse = Warning
	}
	public := count(n.Local, ofClass(ClassPublic)) > 0
	stun, known := n.property("stunServerAddress")
	turn, turnKnown := n.property("turnUrl")
	if count(n.Local, ofType(Srflx)) == 0 {
		switch {
		case stun != "" && public:
			add("ice.no-srflx", Info, Local, "no server-reflexive candidate, although a STUN server is set; with a public address none is needed", "")
		case stun != "":
			add("ice.no-srflx", Warning, Local, "no server-reflexive candidate, although a STUN server is set: it did not answer",
				"Check that UDP to the STUN server is open, and that stunServerAddress is an IP address, not a host name.")
		case known && !public:
			add("ice.no-srflx", worse, Local, "no server-reflexive candidate: no STUN server is set",
				"Set stunServerAddress, or externalIPv4, if peers come from outside the server's network.")
		case !known && !public:
			add("ice.no-srflx", Info, Local, "no server-reflexive candidate; whether a STUN server is set was not read",
				"If peers come from outside the server's network, a STUN server or externalIPv4 is needed.")
		}
	}
	if count(n.Local, ofType(Relay)) == 0 {
		switch {
		case turn != "":
			add("ice.no-relay", Warning, Local, "no relayed candidate, although a TURN server is set",
				"Check its user and password, that it can be reached, and that turnUrl has an IP address, not a host name.")
		case turnKnown:
			add("ice.no-relay", worse, Local, "no relayed candidate: no TURN server is set",
				"Peers behind a strict firewall or a symmetric NAT need one on either side.")
		default:
			add("ice.no-relay", Info, Local, "no relayed candidate; whether a TURN server is set was not read", "")
		}
	}
}

func (n *Negotiation) addressFindings(add adder) {
	hosts := 0
	for i := range n.Local {
		if n.Local[i].Type == Host && n.Local[i].Class != ClassUnknown {
			hosts++
		}
	}
	if hosts == 0 {
		return
	}
	worse := Info
	if n.unconnected() {
		worse = Warning
	}
	outside := count(n.Local, func(c *Candidate) bool { return c.Class.reachableFromOutside() })
	docker := count(n.Local, ofClass(ClassDocker))
	external4, _ := n.property("externalIPv4")
	external6, _ := n.property("externalIPv6")
	loopback := count(n.Local, ofClass(ClassLoopback))
	switch {
	case loopback == len(n.Local):
		add("ice.only-loopback", worse, Local, "all local candidates are of the loopback: only peers on this very machine can connect",
			"Check networkInterfaces and the server's network.")
	case outside == 0 && external4 == "" && external6 == "":
		add("ice.only-private", worse, Local, "all local candidates are private addresses: peers outside of this network cannot connect",
			"Set externalIPv4 or a STUN server, or run the server with the network of its host.")
	}
	if docker > 0 {
		s := Info
		if docker == len(n.Local) {
			s = worse
		}
		add("ice.docker-bridge", s, Local, fmt.Sprintf("%d of %d local candidates have addresses of Docker's bridge, which only this machine can reach", docker, len(n.Local)),
			"Name the right interface in networkInterfaces, set externalIPv4, or run the container with the host's network.")
	}
}

func (n *Negotiation) remoteFindings(add adder) {
	if len(n.Remote) == 0 {
		if len(n.history.Marks) == 0 && n.RemoteDescription == nil {
			return
		}
		if n.history.CallsVisible() {
			s := Info
			if n.unconnected() {
				s = Warning
			}
			add("ice.no-remote", s, Remote, "no candidate of the peer was handed to the server", "The application must pass on the peer's candidates with addIceCandidate.")
			return
		}
		add("ice.no-remote", Info, Remote, "no candidate of the peer is known. If another client hands them over, nobody else can see them: this is no evidence", "")
		return
	}
	if c := count(n.Remote, ofClass(ClassMDNS)); c > 0 {
		s := Info
		if n.unconnected() {
			s = Warning
		}
		add("ice.mdns", s, Remote, fmt.Sprintf("%d of %d remote candidates are names of mDNS (.local), which the server must resolve", c, len(n.Remote)),
			"The server needs libnss-mdns and the same network; it never works from within a container. Browsers that may use the microphone or camera send addresses.")
	}
}

func (n *Negotiation) pairFindings(add adder) {
	for i := range n.Pairs {
		p := &n.Pairs[i]
		if !p.InUse {
			continue
		}
		if p.Local.Type == Relay || p.Remote.Type == Relay {
			add("ice.relay-in-use", Info, "", "media goes over a TURN server, which adds delay and costs its bandwidth", "")
		}
		if p.Local.Protocol == "tcp" || p.Remote.Protocol == "tcp" {
			add("ice.tcp-in-use", Warning, "", "media goes over TCP: every loss delays all that follows",
				"UDP seems to be blocked between the two: open the server's UDP ports.")
		}
	}
	for i := range n.Remote {
		a := &n.Remote[i]
		if a.Type != Prflx {
			continue
		}
		for j := range n.Remote {
			if b := &n.Remote[j]; b.Type == Srflx && b.Address == a.Address && b.Component == a.Component && b.Protocol == a.Protocol && b.Port != a.Port {
				add("ice.symmetric-nat", Info, Remote, "the peer's address came with another port than its STUN server saw: its NAT is symmetric",
					"Connections between two such NATs need a TURN server.")
				return
			}
		}
	}
	live := 0
	for i := range n.Pairs {
		if n.Pairs[i].InUse {
			live++
		}
	}
	if changes := len(n.Pairs) - live; changes >= 3 {
		add("ice.pair-changes", Info, "", fmt.Sprintf("the pair changed %d times", changes), "")
	}
}
