package negotiation

import (
	"strings"
)

// notes explain attributes and lines that need no look at their value.
var notes = map[string]string{
	"v": "version of the format, always 0",
	"s": "name of the session, of no effect",
	"t": "when the session takes place; 0 0 means any time",

	"sendrecv":           "this side wants to send and to receive",
	"sendonly":           "this side sends and does not want to receive",
	"recvonly":           "this side receives and sends nothing",
	"inactive":           "this side neither sends nor receives",
	"rtcp-mux":           "RTCP shares the port of RTP: there is no second component",
	"rtcp-mux-only":      "RTCP has no port of its own in any case",
	"rtcp-rsize":         "RTCP packets may be short",
	"extmap-allow-mixed": "one- and two-byte header extensions may be mixed",
	"msid-semantic":      "how the streams are named",
	"ice-ufrag":          "user name of the ICE checks; a blank or a plus that went lost breaks every check",
	"ice-pwd":            "password of the ICE checks",
	"ice-lite":           "this side has public addresses and only answers checks",
	"end-of-candidates":  "there are no further candidates",
	"fingerprint":        "of the certificate that DTLS must show",
	"crypto":             "SDES: the key of SRTP stands here in the open",
	"mid":                "name of the m-line",
	"bundle-only":        "only valid as part of a bundle",
	"sctp-port":          "SCTP port of the data channels",
	"max-message-size":   "largest message of a data channel in bytes",
	"sctpmap":            "older way to describe data channels",
	"ssrc-group":         "SSRCs that belong together",
	"rid":                "name of one encoding of a simulcast",
	"simulcast":          "several encodings of one source",
	"imageattr":          "picture sizes",
	"ptime":              "milliseconds of sound in a packet",
	"maxptime":           "most milliseconds of sound in a packet",
	"framerate":          "pictures a second",
	"remote-candidates":  "the candidates of the other side that were chosen",
}

// note explains one line in plain language.
func note(s *Section, l *Line) string {
	switch l.Name {
	case "m":
		return noteMedia(s)
	case "o":
		return "who made the description, its id and its version"
	case "c":
		if strings.Contains(l.Value, "0.0.0.0") {
			return "no address here: the candidates have them"
		}
		return "address for media where ICE is not used"
	case "b":
		return noteBandwidth(l.Value)
	case "setup":
		return noteSetup(l.Value)
	case "group":
		return noteGroup(l.Value)
	case "candidate":
		c := ParseCandidate(l.Value)
		if c.Address == "" {
			return c.Err
		}
		return c.String() + ", " + string(c.Class) + " address"
	case "ice-options":
		if strings.Contains(l.Value, "trickle") {
			return "further candidates follow apart from the description"
		}
		return "options of ICE"
	case "rtpmap":
		pt, codec, _ := strings.Cut(l.Value, " ")
		return "payload type " + pt + " is " + codec
	case "fmtp":
		return noteFormat(s, l.Value)
	case "rtcp-fb":
		return noteFeedback(s, l.Value)
	case "extmap":
		return noteExtension(l.Value)
	case "ssrc":
		id, what, _ := strings.Cut(l.Value, " ")
		name, _, _ := strings.Cut(what, ":")
		return "this side sends with SSRC " + id + " (" + name + ")"
	case "msid":
		return "names of the stream and of the track"
	case "rtcp":
		return "where RTCP goes without ICE"
	}
	return notes[strings.TrimSpace(l.Name)]
}

func noteMedia(s *Section) string {
	text := s.Kind
	switch {
	case s.Rejected():
		return text + ", rejected: port 0"
	case s.Port == 0:
		text += ", sent within the bundle"
	case s.Port == 9 || s.Port == 1:
		text += "; the port means nothing, ICE finds it"
	case s.Port < 0:
		text += "; the port cannot be read"
	}
	switch {
	case strings.Contains(s.Proto, "SCTP"):
		text += "; data channels over DTLS"
	case strings.Contains(s.Proto, "TLS/RTP/SAVP"):
		text += "; SRTP with keys from DTLS"
	case strings.Contains(s.Proto, "SAVP"):
		text += "; SRTP"
	case strings.Contains(s.Proto, "AVP"):
		text += "; RTP in the open"
	}
	if strings.HasSuffix(s.Proto, "F") && s.isRTP() {
		text += " with feedback"
	}
	return text
}

func noteBandwidth(value string) string {
	kind, amount, _ := strings.Cut(value, ":")
	switch strings.ToUpper(kind) {
	case "AS":
		return "the other side may send at most " + amount + " kbit/s"
	case "TIAS":
		return "the other side may send at most " + amount + " bit/s, headers not counted"
	case "CT":
		return "the whole session may use at most " + amount + " kbit/s"
	case "RS", "RR":
		return "share of RTCP in bit/s"
	}
	return "a limit"
}

func noteSetup(value string) string {
	switch strings.TrimSpace(value) {
	case "actpass":
		return "DTLS: this side lets the other choose who begins (right for an offer)"
	case "active":
		return "DTLS: this side begins"
	case "passive":
		return "DTLS: this side waits for the other to begin"
	case "holdconn":
		return "DTLS: no connection for now"
	}
	return "DTLS: a role that nobody knows"
}

func noteGroup(value string) string {
	kind, mids, _ := strings.Cut(value, " ")
	if kind == "BUNDLE" {
		return "these m-lines share one transport: " + mids
	}
	return "m-lines that belong together"
}

func (s *Section) codec(payload string) string {
	for _, c := range s.Codecs {
		if c.Payload == payload && c.Name != "" {
			return c.Name
		}
	}
	return "payload type " + payload
}

func noteFormat(s *Section, value string) string {
	pt, params, _ := strings.Cut(value, " ")
	text := "parameters of " + s.codec(pt)
	for _, p := range strings.Split(params, ";") {
		k, v, _ := strings.Cut(strings.TrimSpace(p), "=")
		switch k {
		case "apt":
			text = "resends lost packets of " + s.codec(v)
		case "useinbandfec":
			if v == "1" {
				text += "; repairs losses by itself (FEC)"
			}
		case "packetization-mode":
			if v == "0" {
				text += "; one NAL unit a packet"
			}
		case "profile-level-id":
			text += "; profile " + v
		case "stereo":
			if v == "1" {
				text += "; stereo"
			}
		case "usedtx":
			if v == "1" {
				text += "; sends nothing in silence"
			}
		}
	}
	return text
}

func noteFeedback(s *Section, value string) string {
	pt, what, _ := strings.Cut(value, " ")
	text := "feedback for " + s.codec(pt) + ": "
	if pt == "*" {
		text = "feedback for all: "
	}
	switch strings.TrimSpace(what) {
	case "nack":
		text += "asks for lost packets again"
	case "nack pli":
		text += "asks for a key frame after a loss (PLI)"
	case "ccm fir":
		text += "asks for a key frame (FIR)"
	case "ccm tmmbr":
		text += "asks for a lower rate (TMMBR)"
	case "goog-remb":
		text += "tells how much may be sent (REMB), which is what Kurento adapts by"
	case "transport-cc":
		text += "arrival times of packets (TWCC), which Kurento does not use"
	default:
		text += what
	}
	if strings.TrimSpace(what) != what {
		text += "; a blank at the end, so the server does not know it"
	}
	return text
}

func noteExtension(value string) string {
	_, uri, _ := strings.Cut(value, " ")
	uri, _, _ = strings.Cut(uri, " ")
	for part, text := range map[string]string{
		"abs-send-time":          "header extension: when the packet left, which REMB needs",
		"transport-wide-cc":      "header extension: number of the packet over all streams (TWCC)",
		"sdes:mid":               "header extension: the m-line of the packet",
		"sdes:rtp-stream-id":     "header extension: the encoding of the packet (simulcast)",
		"sdes:repaired-rtp-stre": "header extension: the encoding that a resent packet belongs to",
		"ssrc-audio-level":       "header extension: how loud the packet is",
		"video-orientation":      "header extension: how the camera is turned",
		"toffset":                "header extension: offset of the sending time",
		"playout-delay":          "header extension: wished delay of showing",
	} {
		if strings.Contains(uri, part) {
			return text
		}
	}
	return "header extension"
}
