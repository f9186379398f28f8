package negotiation

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Context is what a lint needs to know beyond the two descriptions. The zero
// Context judges the descriptions alone.
type Context struct {
	// WebRTC is set for a WebRtcEndpoint.
	WebRTC bool
	// LocalRole and RemoteRole tell offer from answer; UnknownRole when nobody
	// saw who began.
	LocalRole, RemoteRole Role
	// RemoteTrickled is set when candidates of the peer came apart from the
	// description, or a pair shows that they must have.
	RemoteTrickled bool
	// CallsVisible is set when such candidates would have been seen.
	CallsVisible bool
}

func (n *Negotiation) lintContext() Context {
	c := Context{WebRTC: n.Type == "WebRtcEndpoint", CallsVisible: n.history.CallsVisible()}
	for i := range n.Descriptions {
		switch v := &n.Descriptions[i]; {
		case v.Refused != "" || v.Role == UnknownRole:
		case v.Side == Local:
			c.LocalRole = v.Role
		default:
			c.RemoteRole = v.Role
		}
	}
	// Who let the other choose the DTLS role began.
	for _, p := range []struct {
		d           *Description
		mine, their *Role
	}{{n.RemoteDescription, &c.RemoteRole, &c.LocalRole}, {n.LocalDescription, &c.LocalRole, &c.RemoteRole}} {
		if *p.mine != UnknownRole || *p.their != UnknownRole || p.d == nil {
			continue
		}
		if slices.ContainsFunc(p.d.Media, func(s Section) bool { return strings.TrimSpace(s.First("setup")) == "actpass" }) {
			*p.mine, *p.their = Offer, Answer
		}
	}
	c.RemoteTrickled = n.history.Added > 0 || len(n.object.RemoteCandidates) > 0 || len(n.Pairs) > 0
	return c
}

// linter collects the findings of two descriptions.
type linter struct {
	Context
	local, remote *Description
	out           []Finding
}

// Lint looks for what is wrong in a local and a remote description, and between
// the two. Either may be nil: then nothing is said of it. The rules and where
// they come from are listed in docs/headless.md.
func Lint(local, remote *Description, c Context) []Finding {
	l := linter{Context: c, local: local, remote: remote}
	l.description(Remote, remote)
	l.description(Local, local)
	if local != nil && remote != nil && len(local.Media) > 0 && len(remote.Media) > 0 {
		l.pair()
	}
	return l.out
}

func (l *linter) add(rule string, s Severity, side Side, mline int, text, advice string) {
	l.out = append(l.out, Finding{Rule: rule, Severity: s, Side: side, MLine: mline, Text: text, Advice: advice})
}

func (l *linter) role(side Side) Role {
	if side == Local {
		return l.LocalRole
	}
	return l.RemoteRole
}

func (l *linter) description(side Side, d *Description) {
	if d == nil {
		return
	}
	if d.Err != "" {
		l.add("sdp.malformed", Error, side, -1, "the description is malformed: "+d.Err, "Hand the peer's description over unchanged, with all its line ends.")
	}
	if len(d.Media) == 0 {
		if d.Err == "" {
			l.add("sdp.no-media", Error, side, -1, "the description has no m-line: nothing can be sent", "The peer must add a track or a transceiver before it makes its description.")
		}
		return
	}
	l.credentials(side, &d.Session, d)
	video := 0
	for i := range d.Media {
		s := &d.Media[i]
		if s.Kind == "video" && !s.Rejected() && s.Direction != "inactive" {
			video++
		}
		l.section(side, d, s)
	}
	if video > 1 && side == Remote {
		l.add("sdp.several-videos", Warning, side, -1, fmt.Sprintf("%d m-lines of video are active; the server adapts the rate (REMB) of one only", video),
			"Use one endpoint per video.")
	}
	l.bundle(side, d)
}

func (l *linter) section(side Side, d *Description, s *Section) {
	if s.Rejected() {
		advice, severity := "The peer does not want this medium, or knows none of the codecs.", Warning
		if side == Local {
			advice = "The server found no codec that both know, or does not take this medium: compare the codecs, and those of the server's configuration (H.264 may be missing)."
		} else if l.RemoteRole == Offer {
			severity = Info // a stopped transceiver
		}
		l.add("sdp.port-zero", severity, side, s.Index, "the m-line is rejected (port 0)", advice)
		return
	}
	l.credentials(side, s, d)
	l.candidateUfrags(side, d, s)
	l.roles(side, d, s)
	l.rtp(side, s)
	l.bandwidth(side, s)
	l.trickle(side, d, s)
}

// credentials look at ufrag and password where they stand. What they are is
// never told, only how they look.
func (l *linter) credentials(side Side, s *Section, d *Description) {
	for _, c := range []struct {
		name  string
		short int
	}{{"ice-ufrag", 4}, {"ice-pwd", 22}} {
		values := s.All(c.name)
		if len(values) == 0 && s.Index >= 0 && !d.Session.Has(c.name) && l.WebRTC && !s.Has("bundle-only") {
			l.add("sdp.no-"+c.name, Error, side, s.Index, "a="+c.name+" is missing: no ICE check can succeed", "Hand the description over unchanged.")
		}
		for _, v := range values {
			bad := strings.IndexFunc(v, func(r rune) bool { return !isICEChar(r) })
			switch {
			case strings.ContainsAny(v, " \t"):
				l.add("sdp.ice-blank", Error, side, s.Index,
					fmt.Sprintf("a=%s has a blank at place %d: no ICE check can succeed", c.name, strings.IndexAny(v, " \t")+1),
					`Signalling decoded it as part of a URL, where "+" means a blank. Send it as JSON, or encode it before.`)
			case bad >= 0:
				l.add("sdp.ice-char", Warning, side, s.Index,
					fmt.Sprintf("a=%s has a character at place %d that is not allowed there (RFC 8839)", c.name, bad+1), "Look for what changes the description on its way.")
			case len(v) < c.short:
				l.add("sdp.ice-short", Warning, side, s.Index,
					fmt.Sprintf("a=%s has %d characters; at least %d are required (RFC 8839)", c.name, len(v), c.short), "It may have been cut on its way.")
			}
		}
	}
}

// candidateUfrags hold the ufrag in the candidates of an m-line against that of
// the m-line: they differ when one of the two was changed on its way, or when a
// candidate is left from an earlier session.
func (l *linter) candidateUfrags(side Side, d *Description, s *Section) {
	ufrag := s.First("ice-ufrag")
	if ufrag == "" {
		ufrag = d.Session.First("ice-ufrag")
	}
	if ufrag == "" {
		return
	}
	for _, c := range s.All("candidate") {
		_, rest, ok := strings.Cut(c, " ufrag ")
		if !ok || rest == ufrag || strings.HasPrefix(rest, ufrag+" ") {
			continue
		}
		l.add("sdp.candidate-ufrag", Warning, side, s.Index, "a candidate names another ufrag than a=ice-ufrag",
			"Signalling changed one of the two, or the candidate is left from an earlier session.")
		return
	}
}

func isICEChar(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '+' || r == '/'
}

func value(s *Section, session *Section, name string) string {
	if v := strings.TrimSpace(s.First(name)); v != "" {
		return v
	}
	return strings.TrimSpace(session.First(name))
}

// roles look at DTLS.
func (l *linter) roles(side Side, d *Description, s *Section) {
	if !s.isSecure(&d.Session) {
		if l.WebRTC && !s.Has("crypto") {
			l.add("sdp.no-dtls", Error, side, s.Index, "neither DTLS nor SDES: nothing protects the media, which WebRTC requires", "The peer must be a WebRTC peer; use RtpEndpoint for plain RTP.")
		}
		return
	}
	if !s.Has("fingerprint") && !d.Session.Has("fingerprint") {
		l.add("sdp.no-fingerprint", Error, side, s.Index, "a=fingerprint is missing: DTLS cannot check whom it talks to", "Hand the description over unchanged.")
	}
	setup := value(s, &d.Session, "setup")
	switch setup {
	case "":
		l.add("sdp.no-setup", Warning, side, s.Index, "a=setup is missing: nobody says who begins DTLS", "Hand the description over unchanged.")
	case "active", "passive":
		if l.role(side) == Offer && side == Remote {
			l.add("sdp.setup", Info, side, s.Index, "the offer fixes its DTLS role ("+setup+"); actpass is usual (RFC 8842)", "")
		}
	case "actpass":
		if l.role(side) == Answer {
			l.add("sdp.setup", Error, side, s.Index, "the answer says a=setup:actpass: it must choose active or passive", "The answer may be an offer that was handed over as an answer.")
		}
	case "holdconn":
		l.add("sdp.setup", Warning, side, s.Index, "a=setup:holdconn: DTLS does not begin", "")
	default:
		l.add("sdp.setup", Error, side, s.Index, fmt.Sprintf("a=setup has the unknown value %s", strconv.Quote(clip(setup))), "")
	}
}

// clip bounds what is quoted of a server's or peer's text.
func clip(s string) string {
	if len(s) <= 40 {
		return s
	}
	return strings.ToValidUTF8(s[:40], "") + "…"
}

func (l *linter) bandwidth(side Side, s *Section) {
	for _, v := range s.All("b") {
		kind, amount, _ := strings.Cut(v, ":")
		n, err := strconv.ParseFloat(strings.TrimSpace(amount), 64)
		var kbps float64
		switch strings.ToUpper(strings.TrimSpace(kind)) {
		case "AS":
			kbps = n
		case "TIAS":
			kbps = n / 1000
		default:
			continue
		}
		switch {
		case err != nil || n < 0:
			l.add("sdp.bandwidth", Warning, side, s.Index, "b="+clip(v)+" is no number", "")
		case kbps == 0:
			l.add("sdp.bandwidth", Warning, side, s.Index, "b="+clip(v)+" lets the other side send nothing", "Take the line out, or give it a sensible value.")
		case s.Kind == "video" && kbps <= lowVideoKbps:
			l.add("sdp.bandwidth", Warning, side, s.Index, fmt.Sprintf("b=%s holds the video of the other side at %.0f kbit/s", clip(v), kbps), "Raise it or take it out; look also at the bandwidth properties of the endpoint.")
		default:
			l.add("sdp.bandwidth", Info, side, s.Index, fmt.Sprintf("b=%s holds what the other side sends at %.0f kbit/s", clip(v), kbps), "")
		}
	}
}

// lowVideoKbps is our own judgement of what no video looks good with.
const lowVideoKbps = 100

// trickle looks for candidates. Kurento announces its own apart from the
// description, always.
func (l *linter) trickle(side Side, d *Description, s *Section) {
	if side == Local || !l.WebRTC || l.RemoteTrickled || s.Has("candidate") || !bundleHead(d, s) {
		return
	}
	options := value(s, &d.Session, "ice-options")
	switch {
	case l.CallsVisible && !strings.Contains(options, "trickle"):
		l.add("sdp.no-candidates", Warning, side, s.Index, "no candidate in the description, no a=ice-options:trickle, and none was handed over later",
			"Wait for the end of gathering before sending the description, or pass the candidates on with addIceCandidate.")
	case l.CallsVisible:
		l.add("sdp.no-candidates", Warning, side, s.Index, "no candidate in the description, and none was handed over later",
			"Pass the peer's candidates on with addIceCandidate.")
	default:
		l.add("sdp.no-candidates", Info, side, s.Index, "no candidate in the description. They may come apart from it, handed over by another client, where nobody else sees them", "")
	}
}

// bundleHead reports whether an m-line has a transport of its own: it is the
// first of its bundle, or in none.
func bundleHead(d *Description, s *Section) bool {
	for _, g := range bundles(d) {
		if i := slices.Index(g, s.Mid); i > 0 && s.Mid != "" {
			return false
		}
	}
	return true
}

func bundles(d *Description) [][]string {
	var out [][]string
	for _, g := range d.Session.All("group") {
		if f := strings.Fields(g); len(f) > 0 && f[0] == "BUNDLE" {
			out = append(out, f[1:])
		}
	}
	return out
}

func (l *linter) bundle(side Side, d *Description) {
	seen := make(map[string]int)
	for i := range d.Media {
		s := &d.Media[i]
		if s.Mid == "" {
			continue
		}
		if first, twice := seen[s.Mid]; twice {
			l.add("sdp.mid", Error, side, s.Index, fmt.Sprintf("a=mid is the same as that of m-line %d", first), "Names of m-lines must differ.")
			continue
		}
		seen[s.Mid] = i
	}
	for _, g := range bundles(d) {
		for _, mid := range g {
			i, ok := seen[mid]
			if !ok {
				l.add("sdp.bundle", Warning, side, -1, "a=group:BUNDLE names the m-line "+strconv.Quote(clip(mid))+", which does not exist", "Something cut the description or changed its names.")
				continue
			}
			if s := &d.Media[i]; s.isRTP() && !s.Rejected() && !s.Has("rtcp-mux") {
				l.add("sdp.rtcp-mux", Warning, side, s.Index, "the m-line is bundled without a=rtcp-mux, which a bundle requires (RFC 8843)", "")
			}
		}
	}
}
