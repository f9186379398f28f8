package negotiation

import (
	"fmt"
	"slices"
	"strings"
)

// helpers are codecs that carry no medium by themselves.
var helpers = []string{"rtx", "red", "ulpfec", "flexfec-03", "flexfec", "telephone-event", "cn"}

// media gives the names of the codecs that carry a medium, in lower case.
func (s *Section) media() []string {
	var out []string
	for _, c := range s.Codecs {
		if name := strings.ToLower(c.Name); name != "" && !slices.Contains(helpers, name) && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// rtp looks at codecs, feedback and SSRCs of one m-line.
func (l *linter) rtp(side Side, s *Section) {
	if !s.isRTP() {
		return
	}
	var nameless []string
	for _, c := range s.Codecs {
		if c.Name == "" {
			nameless = append(nameless, clip(c.Payload))
		}
	}
	if len(nameless) > 0 {
		l.add("sdp.no-rtpmap", Warning, side, s.Index, "no a=rtpmap says what these payload types are: "+few(nameless), "Something cut the description.")
	}
	if s.Direction == "inactive" {
		l.add("sdp.inactive", Info, side, s.Index, "a=inactive: nothing flows in either direction", "")
	}
	l.feedback(side, s)
	if side == Remote && s.sends() && !s.Has("ssrc") {
		severity, advice := Info, ""
		if s.Kind == "audio" && l.WebRTC {
			severity, advice = Warning, "The server may drop its packets. The peer should send a=ssrc lines."
		}
		text := "the peer sends and names no SSRC (a=ssrc)"
		if s.Has("rid") {
			text += "; it names encodings of a simulcast (a=rid), which the server does not know"
			severity = max(severity, Warning)
			advice = "Turn simulcast off."
		}
		l.add("sdp.no-ssrc", severity, side, s.Index, text, advice)
	}
}

func few(list []string) string {
	if len(list) > 8 {
		return strings.Join(list[:8], ", ") + fmt.Sprintf(" and %d more", len(list)-8)
	}
	return strings.Join(list, ", ")
}

// feedback looks at rtcp-fb. A server that compares whole words does not know
// "goog-remb " with a blank at its end, and nothing tells that REMB is off. Its
// own answer repeats what the peer wrote, so only the peer's is reported, unless
// it is not known.
func (l *linter) feedback(side Side, s *Section) {
	if side == Local && l.remote != nil {
		return
	}
	var blank, other []string
	remb, twcc := false, false
	for _, c := range s.Codecs {
		clean := slices.Contains(c.Feedback, "goog-remb")
		remb = remb || clean
		for _, f := range c.Feedback {
			word := strings.TrimSpace(f)
			twcc = twcc || word == "transport-cc"
			switch {
			case word == f:
			case word == "goog-remb":
				if !clean && !slices.Contains(blank, c.Payload) {
					blank = append(blank, c.Payload)
				}
			case !slices.Contains(other, word) && !slices.Contains(c.Feedback, word):
				other = append(other, word)
			}
		}
	}
	if len(blank) > 0 {
		l.add("sdp.remb-blank", Warning, side, s.Index, "a=rtcp-fb with goog-remb has a blank at its end, for payload types "+few(blank)+": the server does not know it, and REMB is off without a word",
			"Take the blank off; some libraries write it.")
	}
	if len(other) > 0 {
		l.add("sdp.feedback-blank", Info, side, s.Index, "a=rtcp-fb has a blank at its end, after "+few(other)+": the server may not know it", "")
	}
	if s.Kind == "video" && !remb && len(blank) == 0 && strings.HasSuffix(s.Proto, "SAVPF") {
		text := "no goog-remb: the rate of the video does not adapt to the network"
		if twcc {
			text += "; transport-cc, which is offered, is not known to the server"
		}
		l.add("sdp.no-remb", Warning, side, s.Index, text, "The peer should offer goog-remb for its video codecs.")
	}
}

// pair compares the two sides m-line by m-line.
func (l *linter) pair() {
	a, b := l.local, l.remote
	if len(a.Media) != len(b.Media) {
		l.add("sdp.m-lines", Error, "", -1, fmt.Sprintf("the local description has %d m-lines, the remote one %d: an answer must have those of its offer", len(a.Media), len(b.Media)),
			"One of them belongs to another exchange.")
	}
	for i := range min(len(a.Media), len(b.Media)) {
		local, remote := &a.Media[i], &b.Media[i]
		if local.Kind != remote.Kind {
			l.add("sdp.m-lines", Error, "", i, fmt.Sprintf("the local m-line is %s, the remote one %s", clip(local.Kind), clip(remote.Kind)), "One of them belongs to another exchange, or their order was changed.")
			continue
		}
		l.codecs(local, remote)
		if local.Rejected() || remote.Rejected() {
			continue
		}
		l.direction(local, remote)
		l.setup(local, remote)
		l.mux(local, remote)
		if local.Mid != remote.Mid && local.Mid != "" && remote.Mid != "" {
			l.add("sdp.mid", Warning, "", i, "a=mid differs between the two sides", "One of them belongs to another exchange.")
		}
	}
	l.bundlePair()
}

func (l *linter) codecs(local, remote *Section) {
	mine, theirs := local.media(), remote.media()
	if len(mine) == 0 || len(theirs) == 0 {
		return
	}
	for _, c := range mine {
		if slices.Contains(theirs, c) {
			return
		}
	}
	l.add("sdp.no-common-codec", Error, "", local.Index, "no codec is known to both sides: local "+few(clipped(mine))+"; remote "+few(clipped(theirs)),
		"Let the peer offer one of the server's codecs, or turn the missing one on in the server's configuration.")
}

func clipped(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = clip(s)
	}
	return out
}

// direction holds the answer against the offer (RFC 3264, section 6.1): what it
// sends the offer must want to receive, and the other way round. Where nobody
// knows which is which, only what is wrong both ways counts.
func (l *linter) direction(local, remote *Section) {
	if !local.isRTP() {
		return
	}
	offer, answer := remote, local
	who := "the server's answer"
	switch {
	case l.LocalRole == Offer || l.RemoteRole == Answer:
		offer, answer = local, remote
		who = "the peer's answer"
	case l.LocalRole == Answer || l.RemoteRole == Offer:
	default:
		if local.Direction == remote.Direction && (local.Direction == "sendonly" || local.Direction == "recvonly") {
			l.add("sdp.direction", Error, "", local.Index, "both sides are "+local.Direction+": nothing can flow", "One of the two must be the other way round.")
		}
		return
	}
	wrong := answer.sends() && !offer.receives() || answer.receives() && !offer.sends()
	switch {
	case wrong:
		l.add("sdp.direction", Error, "", local.Index, fmt.Sprintf("%s is %s, which does not go with %s of the offer", who, answer.Direction, offer.Direction),
			"The answer must be cut down to what the offer allows.")
	case offer.Direction != "inactive" && answer.Direction == "inactive":
		l.add("sdp.direction", Warning, "", local.Index, who+" is inactive: nothing flows, although the offer is "+offer.Direction, "")
	case offer.Direction == "sendrecv" && answer.Direction != "sendrecv":
		l.add("sdp.direction", Info, "", local.Index, who+" makes it one-way: "+answer.Direction+" to an offer of sendrecv", "")
	}
}

func (l *linter) setup(local, remote *Section) {
	a, b := value(local, &l.local.Session, "setup"), value(remote, &l.remote.Session, "setup")
	if a != b || a != "active" && a != "passive" {
		return
	}
	text := "both sides begin DTLS (a=setup:active)"
	if a == "passive" {
		text = "both sides wait for the other to begin DTLS (a=setup:passive)"
	}
	l.add("sdp.setup", Error, "", local.Index, text, "The answer must take the role that the offer leaves.")
}

func (l *linter) mux(local, remote *Section) {
	if !local.isRTP() || local.Has("rtcp-mux") == remote.Has("rtcp-mux") {
		return
	}
	offer, answer, who := remote, local, "the server's answer"
	if l.LocalRole == Offer || l.RemoteRole == Answer {
		offer, answer, who = local, remote, "the peer's answer"
	} else if l.LocalRole != Answer && l.RemoteRole != Offer {
		l.add("sdp.rtcp-mux", Warning, "", local.Index, "only one side has a=rtcp-mux", "RTCP of the two goes to different ports unless the answer has it as the offer does.")
		return
	}
	if answer.Has("rtcp-mux") {
		l.add("sdp.rtcp-mux", Error, "", local.Index, who+" has a=rtcp-mux, which was not offered", "RTCP of the two goes to different ports.")
		return
	}
	s := Info
	if offer.Has("rtcp-mux-only") {
		s = Error
	}
	l.add("sdp.rtcp-mux", s, "", local.Index, who+" declines a=rtcp-mux: RTCP needs a port of its own", "")
}

func (l *linter) bundlePair() {
	offer, answer, who := l.remote, l.local, "the server's answer"
	if l.LocalRole == Offer || l.RemoteRole == Answer {
		offer, answer, who = l.local, l.remote, "the peer's answer"
	} else if l.LocalRole != Answer && l.RemoteRole != Offer {
		return
	}
	var offered []string
	for _, g := range bundles(offer) {
		offered = append(offered, g...)
	}
	got := bundles(answer)
	if len(offered) > 1 && len(got) == 0 {
		l.add("sdp.bundle", Warning, "", -1, who+" does not bundle, although the offer does: every m-line needs a transport of its own", "")
	}
	for _, g := range got {
		for _, mid := range g {
			if !slices.Contains(offered, mid) {
				l.add("sdp.bundle", Error, "", -1, who+" bundles m-lines that the offer does not", "One of them belongs to another exchange.")
				return
			}
		}
	}
}
