package negotiation

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/pion/ice/v4"
)

// Type is the type of a candidate (RFC 8445, section 5.1.1).
type Type string

// The types of candidates, in the order in which tables show them.
const (
	Host        Type = "host"
	Srflx       Type = "srflx"
	Prflx       Type = "prflx"
	Relay       Type = "relay"
	UnknownType Type = "" // the text was not understood
)

// Types are the known types in the order of tables.
var Types = [...]Type{Host, Srflx, Prflx, Relay}

// Origin says how a candidate became known.
type Origin string

// The origins of candidates.
const (
	FromEvent Origin = "event"           // IceCandidateFound
	FromCall  Origin = "addIceCandidate" // a call that the stream shows
	FromSDP   Origin = "sdp"             // a line of a session description
	FromPair  Origin = "pair"            // known only since a pair with it was selected
)

// Candidate is one ICE candidate. What could not be read is empty; Raw has it
// all.
type Candidate struct {
	// Raw is the text as it was sent. It may hold a ufrag, which is a secret:
	// see Redacted.
	Raw string
	// Err says why pion/ice refused the text; "" when it did not. The other
	// fields are then read as far as they can be.
	Err string

	Type       Type
	Protocol   string // "udp" or "tcp", lower case
	TCPType    string // "active", "passive", "so"; "" for UDP
	Address    string
	Port       int
	Class      Class
	Component  int // 1 is RTP, 2 is RTCP
	Priority   uint32
	Foundation string
	// RelatedAddress is what the address was derived from: the base of a
	// reflexive candidate, the mapped address of a relayed one.
	RelatedAddress string
	RelatedPort    int

	// Origin is how it became known first.
	Origin Origin
	// Mids are the m-lines that it was announced for: with BUNDLE the server
	// announces each candidate once per m-line.
	Mids []string
	// At is the time by the server's clock; zero when it is not known.
	At time.Time
	// InUse is set when it is part of a pair in use.
	InUse bool
}

// maxCandidateBytes bounds what is read of one candidate.
const maxCandidateBytes = 4096

// ParseCandidate reads a candidate attribute, with or without "a=" and
// "candidate:" before it. It never fails: text that is no candidate is kept,
// and Err says what is wrong with it.
func ParseCandidate(text string) Candidate {
	c := Candidate{Raw: text, Class: ClassUnknown}
	body := strings.TrimSpace(text)
	body = strings.TrimPrefix(strings.TrimPrefix(body, "a="), "candidate:")
	switch {
	case strings.TrimSpace(body) == "":
		c.Err = "empty: some clients send this as the end of their candidates"
		return c
	case len(body) > maxCandidateBytes:
		c.Err = fmt.Sprintf("%d bytes are too long for a candidate", len(body))
		return c
	}
	parsed, err := ice.UnmarshalCandidate(body)
	if err != nil {
		c.fill(body)
		c.Err = refusal(&c)
		return c
	}
	c.take(parsed)
	switch words := strings.Fields(body); {
	case c.Foundation == "":
		c.Err = "the foundation is missing"
	case len(words)%2 != 0: // pion takes a name without a value
		c.Err = oddWords
	}
	return c
}

func (c *Candidate) take(p ice.Candidate) {
	c.Type = Type(p.Type().String())
	c.Protocol = p.NetworkType().NetworkShort()
	if t := p.TCPType(); t != ice.TCPTypeUnspecified {
		c.TCPType = t.String()
	}
	c.Address, c.Port = p.Address(), p.Port()
	c.Class = ClassOf(c.Address)
	c.Component = int(p.Component())
	c.Priority = p.Priority()
	c.Foundation = strings.TrimSpace(p.Foundation())
	if r := p.RelatedAddress(); r != nil {
		c.RelatedAddress, c.RelatedPort = r.Address, r.Port
	}
}

// fill reads what a damaged candidate still says, word by word.
func (c *Candidate) fill(body string) {
	words := strings.Fields(body)
	if len(words) < 8 || words[6] != "typ" {
		return
	}
	number := func(s string, most uint64) uint64 {
		n, err := strconv.ParseUint(s, 10, 32)
		if err != nil || n > most {
			return 0
		}
		return n
	}
	c.Foundation = words[0]
	c.Component = int(number(words[1], 256))
	c.Protocol = strings.ToLower(words[2])
	c.Priority = uint32(number(words[3], 1<<32-1))
	c.Address = words[4]
	c.Port = int(number(words[5], 65535))
	c.Class = ClassOf(c.Address)
	for _, t := range Types {
		if string(t) == words[7] {
			c.Type = t
		}
	}
	for i := 8; i+1 < len(words); i += 2 {
		switch words[i] {
		case "raddr":
			c.RelatedAddress = words[i+1]
		case "rport":
			c.RelatedPort = int(number(words[i+1], 65535))
		case "tcptype":
			c.TCPType = words[i+1]
		}
	}
}

const oddWords = "what follows the type is no list of names and values; a ufrag with a blank in it looks like that"

// refusal says in words what is wrong. pion's own errors quote the whole text,
// and so a ufrag.
func refusal(c *Candidate) string {
	switch {
	case c.Foundation == "" && c.Address == "":
		return "not a candidate: expected foundation, component, protocol, priority, address, port and type"
	case c.Type == UnknownType:
		return "the type is none of host, srflx, prflx and relay"
	case c.Protocol != "udp" && c.Protocol != "tcp":
		return "the protocol is neither UDP nor TCP"
	case c.Class == ClassName:
		return "the address is a host name, which candidates of most implementations may not have"
	case c.Port == 0:
		return "the port is no port"
	case c.Component == 0:
		return "the component is none"
	}
	return oddWords
}

// String sums the candidate up without what only machines need: "host udp
// 10.0.0.1:5000", "relay udp 198.51.100.7:49152 from 10.0.0.1:5000".
func (c *Candidate) String() string {
	if c.Address == "" {
		return "unreadable candidate"
	}
	words := make([]string, 0, 5)
	for _, w := range []string{string(c.Type), c.Protocol, c.TCPType} {
		if w != "" {
			words = append(words, w)
		}
	}
	words = append(words, hostPort(c.Address, c.Port))
	if c.RelatedAddress != "" {
		words = append(words, "from "+hostPort(c.RelatedAddress, c.RelatedPort))
	}
	return strings.Join(words, " ")
}

func hostPort(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }

// Redacted is Raw without the ufrag.
func (c *Candidate) Redacted() string { return redactUfrag(c.Raw) }

// redactUfrag masks the ufrag of a candidate. A ufrag with a blank in it makes
// the words after it odd in number, so everything up to a known extension goes.
func redactUfrag(s string) string {
	head, rest, ok := strings.Cut(s, " ufrag ")
	if !ok {
		return s
	}
	tail := ""
	for _, next := range []string{" network-id ", " network-cost ", " generation "} {
		if i := strings.Index(rest, next); i >= 0 && len(rest)-i > len(tail) {
			tail = rest[i:]
		}
	}
	return head + " ufrag " + mask + tail
}

const mask = "redacted"

// key makes one candidate of the copies that are announced per m-line, or by a
// call and by a pair. What is not understood is itself.
func (c *Candidate) key() string {
	if c.Address == "" {
		return "raw " + c.Raw
	}
	return fmt.Sprintf("%d %s %s %s %d %s", c.Component, c.Protocol, c.TCPType, strings.ToLower(c.Address), c.Port, c.Type)
}
