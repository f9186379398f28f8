package browserdump

import (
	"net"
	"strconv"
	"strings"

	"kmscope/negotiation"
)

// Kind says what a Key is.
type Kind string

// The kinds of keys, the strongest first.
const (
	KindUfrag       Kind = "ufrag"
	KindFingerprint Kind = "fingerprint" // of a certificate
	KindSession     Kind = "session id"  // of the o-line
	KindSSRC        Kind = "SSRC"
	KindCandidate   Kind = "candidate"
	// KindLooseCandidate is a candidate whose address was changed on the way: by
	// externalIPv4 and the like, by mDNS, or by the application.
	KindLooseCandidate Kind = "candidate but for its address"
)

// key is a value that both ends of one connection know.
type key struct {
	kind Kind
	// browser is set for what belongs to the browser: its ufrag, its candidate,
	// the SSRC that it sends.
	browser bool
	value   string
}

// describe takes the keys of a session description of one side.
func describe(add func(key), d *negotiation.Description, browser bool) {
	for _, s := range d.Sections() {
		for i := range s.Lines {
			l := &s.Lines[i]
			switch l.Name {
			case "ice-ufrag":
				add(key{KindUfrag, browser, l.Value})
			case "fingerprint":
				add(fingerprint(browser, l.Value))
			case "o":
				if f := strings.Fields(l.Value); len(f) > 1 && len(f[1]) > 5 {
					add(key{KindSession, browser, f[1]})
				}
			case "ssrc":
				id, _, _ := strings.Cut(l.Value, " ")
				add(key{KindSSRC, browser, id})
			}
		}
	}
	for _, c := range d.Candidates() {
		candidateKeys(add, &c, browser)
	}
}

// fingerprint takes "sha-256 12:AB:..." and the hexadecimal part alone.
func fingerprint(browser bool, value string) key {
	if _, hex, ok := strings.Cut(strings.TrimSpace(value), " "); ok {
		value = hex
	}
	return key{KindFingerprint, browser, strings.ToUpper(strings.TrimSpace(value))}
}

// discard is the port that candidates of active TCP name (RFC 6544, section 4.5).
const discard = 9

func candidateKeys(add func(key), c *negotiation.Candidate, browser bool) {
	if c.Address == "" || c.Port == discard || c.Port == 0 {
		return
	}
	if c.Class != negotiation.ClassMDNS {
		add(key{KindCandidate, browser, c.Protocol + " " + net.JoinHostPort(strings.ToLower(c.Address), strconv.Itoa(c.Port))})
	}
	if c.Foundation != "" && c.Priority != 0 {
		add(key{KindLooseCandidate, browser, looseCandidate(c)})
	}
}

func looseCandidate(c *negotiation.Candidate) string {
	return strings.Join([]string{c.Protocol, strconv.Itoa(c.Port), c.Foundation, strconv.FormatUint(uint64(c.Priority), 10), strconv.Itoa(c.Component)}, " ")
}

// keys gives what the browser knows of a connection, both sides.
func (p *PeerConnection) keys() map[key]bool {
	out := make(map[key]bool)
	add := func(k key) {
		if k.value != "" && len(k.value) <= 1024 && len(out) < maxKeys {
			out[k] = true
		}
	}
	for i := range p.Descriptions {
		describe(add, p.Descriptions[i].Parsed, p.Descriptions[i].Side == negotiation.Remote)
	}
	for i := range p.Candidates {
		candidateKeys(add, &p.Candidates[i].Candidate, p.Candidates[i].Browser)
	}
	certificates := make(map[string]bool) // id, whether it is the browser's
	reports := p.reports()
	for i := range reports {
		r := &reports[i]
		switch r.kind {
		case "outbound-rtp", "inbound-rtp":
			for _, m := range []string{"ssrc", "rtxSsrc", "fecSsrc"} {
				add(key{KindSSRC, r.kind == "outbound-rtp", r.word(m)})
			}
		case "transport":
			add(key{KindUfrag, true, r.word("iceLocalUsernameFragment")})
			certificates[r.word("localCertificateId")] = true
			certificates[r.word("remoteCertificateId")] = false
		}
	}
	for i := range reports {
		if browser, ok := certificates[reports[i].id]; ok && reports[i].kind == "certificate" {
			add(fingerprint(browser, reports[i].word("fingerprint")))
		}
	}
	return out
}

// maxKeys bounds what is kept of one connection or endpoint.
const maxKeys = 4096
