package kmssim

import (
	"fmt"
	"strings"
)

// Session descriptions: enough of SDP (RFC 8866) to answer an offer as the real
// server does, and to write one that looks like its own.

// sdpMedia is one m-line.
type sdpMedia struct {
	kind      string // audio, video, application
	port      string
	proto     string
	formats   []string
	mid       string
	direction string // sendrecv where nothing is said
	rtpmap    map[string]string
	fmtp      map[string]string
	feedback  []string // "96 nack pli"
	candidate int      // number of candidates inside
	ssrc      string
	setup     string
}

type sdpOffer struct {
	bundle string
	media  []*sdpMedia
}

const maxMLines = 64

// parseSDP reads a description; false where it is none.
func parseSDP(text string) (*sdpOffer, bool) {
	if !strings.HasPrefix(text, "v=0") {
		return nil, false
	}
	d := &sdpOffer{}
	var cur *sdpMedia
	for _, line := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		if len(line) < 2 || line[1] != '=' {
			continue
		}
		value := line[2:]
		if line[0] == 'm' {
			f := strings.Fields(value)
			if len(f) < 4 || len(d.media) >= maxMLines {
				return nil, false
			}
			cur = &sdpMedia{kind: f[0], port: f[1], proto: f[2], formats: f[3:], direction: "sendrecv",
				rtpmap: map[string]string{}, fmtp: map[string]string{}}
			d.media = append(d.media, cur)
			continue
		}
		if line[0] != 'a' {
			continue
		}
		name, rest, _ := strings.Cut(value, ":")
		if cur == nil {
			if name == "group" && strings.HasPrefix(rest, "BUNDLE") {
				d.bundle = strings.TrimPrefix(rest, "BUNDLE")
			}
			continue
		}
		switch name {
		case "mid":
			cur.mid = rest
		case "sendrecv", "sendonly", "recvonly", "inactive":
			cur.direction = name
		case "rtpmap":
			pt, codec, _ := strings.Cut(rest, " ")
			cur.rtpmap[pt] = codec
		case "fmtp":
			pt, params, _ := strings.Cut(rest, " ")
			cur.fmtp[pt] = params
		case "rtcp-fb":
			cur.feedback = append(cur.feedback, rest)
		case "candidate":
			cur.candidate++
		case "setup":
			cur.setup = rest
		case "ssrc":
			if cur.ssrc == "" {
				cur.ssrc, _, _ = strings.Cut(rest, " ")
			}
		}
	}
	return d, true
}

func (m *sdpMedia) index() (media, bool) {
	switch m.kind {
	case "audio":
		return audio, true
	case "video":
		return video, true
	}
	return 0, false
}

// supported keeps the formats of an m-line that the server has codecs for.
func (m *sdpMedia) supported() []string {
	var out []string
	for _, pt := range m.formats {
		name, _, _ := strings.Cut(m.codecOf(pt), "/")
		switch strings.ToUpper(name) {
		case "OPUS", "PCMU", "PCMA", "VP8", "VP9", "H264", "AV1":
			out = append(out, pt)
		}
	}
	return out
}

func (m *sdpMedia) codecOf(pt string) string {
	if c := m.rtpmap[pt]; c != "" {
		return c
	}
	return map[string]string{"0": "PCMU/8000", "8": "PCMA/8000"}[pt]
}

func mirror(direction string) string {
	switch direction {
	case "sendonly":
		return "recvonly"
	case "recvonly":
		return "sendonly"
	}
	return direction
}

// answerLocked writes the answer to an offer and notes what was negotiated.
func (s *Server) answerLocked(o *object, offer *sdpOffer) string {
	r := o.rtp
	web := o.class.Name == "WebRtcEndpoint"
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	session := 4004230000 + int64(s.rand.Intn(9999))
	addr := "0.0.0.0"
	if !web {
		addr = s.opt.Addresses[0]
	}
	line("v=0\r\no=- %d %d IN IP4 %s\r\ns=Kurento Media Server\r\nc=IN IP4 %s\r\nt=0 0", session, session, addr, addr)
	if web {
		line("a=msid-semantic:WMS *\r\na=extmap-allow-mixed")
		if offer.bundle != "" {
			line("a=group:BUNDLE%s", offer.bundle)
		}
	}
	for i, m := range offer.media {
		kind, known := m.index()
		pts := m.supported()
		switch {
		case m.kind == "application" && web && o.props["useDataChannels"] == true:
			r.dataMID = m.mid
			line("m=application 1 %s %s\r\na=mid:%s\r\na=sctp-port:5000\r\na=setup:passive", m.proto, strings.Join(m.formats, " "), m.mid)
			s.iceLines(r, line)
			r.mids = append(r.mids, midLine{m.mid, i})
			continue
		case !known || len(pts) == 0 || m.port == "0" || r.media[kind] != nil:
			line("m=%s 0 %s %s\r\na=inactive", m.kind, m.proto, strings.Join(m.formats, " "))
			if m.mid != "" {
				line("a=mid:%s", m.mid)
			}
			continue
		}
		dir := mirror(m.direction)
		neg := s.negotiate(r, kind, m, pts[0])
		if neg.ssrcIn == "" {
			neg.ssrcIn = s.ssrc()
		}
		if web {
			line("m=%s 1 %s %s\r\na=%s", m.kind, m.proto, strings.Join(pts, " "), dir)
			if m.mid != "" {
				line("a=mid:%s", m.mid)
			}
			line("a=rtcp:9 IN IP4 0.0.0.0")
		} else {
			port := 1024 + 2*s.rand.Intn(30000)
			line("m=%s %d %s %s\r\na=%s\r\na=rtcp:%d", m.kind, port, m.proto, strings.Join(pts, " "), dir, port+1)
		}
		s.codecLines(m, pts, web, line)
		line("a=ssrc:%s cname:%s", neg.ssrcOut, r.cname)
		if web {
			s.iceLines(r, line)
		}
		r.mids = append(r.mids, midLine{m.mid, i})
	}
	return b.String()
}

func (s *Server) codecLines(m *sdpMedia, pts []string, web bool, line func(string, ...any)) {
	accepted := map[string]bool{}
	for _, pt := range pts {
		accepted[pt] = true
		line("a=rtpmap:%s %s", pt, m.codecOf(pt))
	}
	if !web {
		return
	}
	for _, fb := range m.feedback {
		pt, what, _ := strings.Cut(fb, " ")
		if accepted[pt] && !strings.HasPrefix(what, "transport-cc") {
			line("a=rtcp-fb:%s", fb)
		}
	}
	line("a=setup:passive\r\na=rtcp-mux")
	for _, pt := range pts {
		if f := m.fmtp[pt]; f != "" {
			line("a=fmtp:%s %s", pt, f)
		}
	}
}

func (s *Server) iceLines(r *rtpState, line func(string, ...any)) {
	line("a=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=fingerprint:sha-256 %s", r.ufrag, r.pwd, r.fingerprint)
}

// offerLocked writes the server's own offer.
func (s *Server) offerLocked(o *object) string {
	r := o.rtp
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	session := 4004230000 + int64(s.rand.Intn(9999))
	line("v=0\r\no=- %d %d IN IP4 0.0.0.0\r\ns=Kurento Media Server\r\nc=IN IP4 0.0.0.0\r\nt=0 0", session, session)
	web := o.class.Name == "WebRtcEndpoint"
	mids := "audio0 video0"
	if o.props["useDataChannels"] == true {
		mids += " data0"
	}
	proto := "RTP/AVPF"
	if web {
		proto = "RTP/SAVPF"
		line("a=group:BUNDLE %s", mids)
	}
	dir := "sendrecv"
	if o.props["recvonly"] == true {
		dir = "recvonly"
	} else if o.props["sendonly"] == true {
		dir = "sendonly"
	}
	section := func(kind string, pts, body string) {
		port := "1"
		if !web {
			port = itoa(1024 + 2*s.rand.Intn(30000))
		}
		line("m=%s %s %s %s", kind, port, proto, pts)
		if web {
			line("a=setup:actpass\r\na=extmap:3 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time")
		}
		b.WriteString(body)
		if web {
			line("a=rtcp:9 IN IP4 0.0.0.0\r\na=rtcp-mux")
		}
		line("a=%s", dir)
		line("a=mid:%s0", kind)
		r.offered[kind] = s.ssrc()
		line("a=ssrc:%s cname:%s", r.offered[kind], r.cname)
		if web {
			s.iceLines(r, line)
		}
	}
	section("audio", "96 0 8", "a=rtpmap:96 opus/48000/2\r\n")
	section("video", "102 103 104 105", "a=rtpmap:102 AV1/90000\r\na=fmtp:102 level-idx=5;profile=0;tier=0\r\n"+
		"a=rtpmap:103 VP9/90000\r\na=fmtp:103 profile-id=0\r\na=rtpmap:104 VP8/90000\r\na=rtpmap:105 H264/90000\r\n"+
		"a=fmtp:105 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n"+
		"a=rtcp-fb:102 nack\r\na=rtcp-fb:102 nack pli\r\na=rtcp-fb:102 goog-remb\r\na=rtcp-fb:102 ccm fir\r\n"+
		"a=rtcp-fb:104 nack\r\na=rtcp-fb:104 nack pli\r\na=rtcp-fb:104 goog-remb\r\na=rtcp-fb:104 ccm fir\r\n"+
		"a=rtcp-fb:105 nack\r\na=rtcp-fb:105 nack pli\r\na=rtcp-fb:105 ccm fir\r\n")
	if web && o.props["useDataChannels"] == true {
		line("m=application 1 UDP/DTLS/SCTP webrtc-datachannel\r\na=setup:actpass\r\na=mid:data0\r\na=sctp-port:5000")
		s.iceLines(r, line)
	}
	return b.String()
}

func (s *Server) ssrc() string { return fmt.Sprint(s.rand.Uint32()) }

const iceAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

func (s *Server) iceWord(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = iceAlphabet[s.rand.Intn(len(iceAlphabet))]
	}
	return string(b)
}

func (s *Server) hexWord(n int, sep string) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = fmt.Sprintf("%02X", s.rand.Intn(256))
	}
	return strings.Join(parts, sep)
}
