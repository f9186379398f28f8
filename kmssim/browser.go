package kmssim

import (
	"fmt"
	"strings"
)

// browserOffer is the offer of a simulated browser.
func (s *Server) browserOffer(direction string, p Peer) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	ufrag, pwd, finger := s.iceWord(16), s.iceWord(32), s.hexWord(32, ":")
	line("v=0\r\no=- %d %d IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=msid-semantic:WMS *\r\na=extmap-allow-mixed\r\na=group:BUNDLE 0 1",
		s.rand.Int63(), s.clock.Now().Unix())
	section := func(kind, mid, pts, codecs string) {
		line("m=%s 9 UDP/TLS/RTP/SAVPF %s\r\nc=IN IP4 0.0.0.0\r\na=fingerprint:sha-256 %s\r\na=setup:active\r\na=mid:%s", kind, pts, finger, mid)
		line("a=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=rtcp-mux\r\na=rtcp-rsize", ufrag, pwd)
		b.WriteString(codecs)
		if direction != "recvonly" {
			ssrc := s.ssrc()
			line("a=ssrc:%s cname:browser\r\na=ssrc:%s msid:stream %s", ssrc, ssrc, kind)
		}
		line("a=%s", direction)
	}
	section("audio", "0", "111 0 8", "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n"+
		"a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n")
	codecs := map[string]string{"VP8": "96", "H264": "102"}
	order := []string{"VP8", "H264"}
	if p.VideoCodec == "H264" {
		order = []string{"H264", "VP8"}
	}
	var pts []string
	var lines strings.Builder
	for _, c := range order {
		pt := codecs[c]
		pts = append(pts, pt)
		fmt.Fprintf(&lines, "a=rtpmap:%s %s/90000\r\n", pt, c)
		for _, fb := range []string{"goog-remb", "ccm fir", "nack", "nack pli"} {
			fmt.Fprintf(&lines, "a=rtcp-fb:%s %s\r\n", pt, fb)
		}
	}
	section("video", "1", strings.Join(pts, " "), lines.String())
	return b.String()
}

// plainOffer is the offer of a sender of plain RTP.
func plainOffer(direction string, p Peer) string {
	return fmt.Sprintf("v=0\r\no=- 1 1 IN IP4 %[1]s\r\ns=-\r\nc=IN IP4 %[1]s\r\nt=0 0\r\n"+
		"m=audio 45002 RTP/AVPF 111\r\na=rtpmap:111 opus/48000/2\r\na=%[2]s\r\na=ssrc:305419895 cname:sender\r\n"+
		"m=video 45004 RTP/AVPF 96\r\na=rtpmap:96 VP8/90000\r\na=%[2]s\r\na=ssrc:305419896 cname:sender\r\n", p.Address, direction)
}
