package negotiation

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// TestPionExamples takes every description of pion's own tests: without loss,
// and without a complaint that pion does not have.
func TestPionExamples(t *testing.T) {
	ar, err := txtar.ParseFile(filepath.Join("testdata", "pion-examples.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	if len(ar.Files) < 35 {
		t.Fatalf("%d examples", len(ar.Files))
	}
	for _, f := range ar.Files {
		text, err := strconv.Unquote(strings.TrimSpace(string(f.Data)))
		if err != nil {
			t.Fatal(err)
		}
		d := ParseDescription(text)
		if d.String() != text {
			t.Errorf("%s: lost something", f.Name)
		}
		noTiming := strings.Contains(d.Err, "the line t=") // BaseSDP is a piece of the others
		if d.Err != "" && !noTiming {
			t.Errorf("%s: %s", f.Name, d.Err)
		}
	}
}

func TestParseCandidate(t *testing.T) {
	for _, c := range []struct {
		text string
		want Candidate
	}{
		{"candidate:1 1 UDP 2015364095 127.0.0.1 44129 typ host",
			Candidate{Type: Host, Protocol: "udp", Address: "127.0.0.1", Port: 44129, Class: ClassLoopback, Component: 1, Priority: 2015364095, Foundation: "1"}},
		{"a=candidate:2 2 TCP 1015022590 10.50.4.1 9 typ host tcptype active",
			Candidate{Type: Host, Protocol: "tcp", TCPType: "active", Address: "10.50.4.1", Port: 9, Class: ClassPrivate, Component: 2, Priority: 1015022590, Foundation: "2"}},
		{"647372371 1 udp 1694498815 191.228.238.68 53991 typ srflx raddr 192.168.0.27 rport 53991",
			Candidate{Type: Srflx, Protocol: "udp", Address: "191.228.238.68", Port: 53991, Class: ClassPublic, Component: 1, Priority: 1694498815, Foundation: "647372371", RelatedAddress: "192.168.0.27", RelatedPort: 53991}},
		{"4207374052 1 tcp 1685790463 192.0.2.15 50000 typ prflx raddr 10.0.0.1 rport 12345 generation 0 network-id 2 network-cost 10",
			Candidate{Type: Prflx, Protocol: "tcp", Address: "192.0.2.15", Port: 50000, Class: ClassPublic, Component: 1, Priority: 1685790463, Foundation: "4207374052", RelatedAddress: "10.0.0.1", RelatedPort: 12345}},
		{"848194626 1 udp 16777215 50.0.0.1 5000 typ relay raddr 192.168.0.1 rport 5001",
			Candidate{Type: Relay, Protocol: "udp", Address: "50.0.0.1", Port: 5000, Class: ClassPublic, Component: 1, Priority: 16777215, Foundation: "848194626", RelatedAddress: "192.168.0.1", RelatedPort: 5001}},
		{"candidate:1380287402 1 udp 2130706431 e2494022-4d9a-4c1e-a750-cc48d4f8d6ee.local 60542 typ host",
			Candidate{Type: Host, Protocol: "udp", Address: "e2494022-4d9a-4c1e-a750-cc48d4f8d6ee.local", Port: 60542, Class: ClassMDNS, Component: 1, Priority: 2130706431, Foundation: "1380287402"}},
		{"750 1 udp 500 fcd9:e3b8:12ce:9fc5:74a5:c6bb:d8b:e08a 53987 typ host",
			Candidate{Type: Host, Protocol: "udp", Address: "fcd9:e3b8:12ce:9fc5:74a5:c6bb:d8b:e08a", Port: 53987, Class: ClassPrivate, Component: 1, Priority: 500, Foundation: "750"}},
		{"candidate: 1 udp 500 127.0.0.1 80 typ host",
			Candidate{Err: "the foundation is missing", Type: Host, Protocol: "udp", Address: "127.0.0.1", Port: 80, Class: ClassLoopback, Component: 1, Priority: 500}},
		// What pion refuses is read as far as it goes.
		{"candidate:1 1 udp 5 10.0.0.1 5000 typ host ufrag aB 9",
			Candidate{Err: "what follows the type is no list of names and values; a ufrag with a blank in it looks like that",
				Type: Host, Protocol: "udp", Address: "10.0.0.1", Port: 5000, Class: ClassPrivate, Component: 1, Priority: 5, Foundation: "1"}},
		{"candidate:1 1 udp 5 media.example.org 5000 typ host",
			Candidate{Err: "the address is a host name, which candidates of most implementations may not have",
				Type: Host, Protocol: "udp", Address: "media.example.org", Port: 5000, Class: ClassName, Component: 1, Priority: 5, Foundation: "1"}},
		{"candidate:1 1 udp 5 10.0.0.1 5000 typ wormhole",
			Candidate{Err: "the type is none of host, srflx, prflx and relay", Protocol: "udp", Address: "10.0.0.1", Port: 5000, Class: ClassPrivate, Component: 1, Priority: 5, Foundation: "1"}},
		{"candidate:1 1 ssltcp 5 10.0.0.1 5000 typ host",
			Candidate{Err: "the protocol is neither UDP nor TCP", Type: Host, Protocol: "ssltcp", Address: "10.0.0.1", Port: 5000, Class: ClassPrivate, Component: 1, Priority: 5, Foundation: "1"}},
		{"candidate:1 1 udp 5 10.0.0.1 99999 typ host",
			Candidate{Err: "the port is no port", Type: Host, Protocol: "udp", Address: "10.0.0.1", Class: ClassPrivate, Component: 1, Priority: 5, Foundation: "1"}},
		{"", Candidate{Err: "empty: some clients send this as the end of their candidates", Class: ClassUnknown}},
		{"not a candidate", Candidate{Err: "not a candidate: expected foundation, component, protocol, priority, address, port and type", Class: ClassUnknown}},
		{strings.Repeat("x", 5000), Candidate{Err: "5000 bytes are too long for a candidate", Class: ClassUnknown}},
	} {
		c.want.Raw = c.text
		if diff := cmp.Diff(c.want, ParseCandidate(c.text)); diff != "" {
			t.Errorf("%.60q (-want +got):\n%s", c.text, diff)
		}
	}
}

func TestCandidateText(t *testing.T) {
	for text, want := range map[string]string{
		"candidate:1 1 udp 5 10.0.0.1 5000 typ host":                        "host udp 10.0.0.1:5000",
		"candidate:1 1 tcp 5 10.0.0.1 9 typ host tcptype active":            "host tcp active 10.0.0.1:9",
		"candidate:1 1 udp 5 1.2.3.4 5000 typ relay raddr 10.0.0.1 rport 7": "relay udp 1.2.3.4:5000 from 10.0.0.1:7",
		"candidate:1 1 udp 5 fe80::1 5000 typ host":                         "host udp [fe80::1]:5000",
		"nonsense": "unreadable candidate",
	} {
		c := ParseCandidate(text)
		if got := c.String(); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"candidate:1 1 udp 5 10.0.0.1 5000 typ host":                                   "candidate:1 1 udp 5 10.0.0.1 5000 typ host",
		"candidate:1 1 udp 5 10.0.0.1 5000 typ host ufrag aB+9":                        "candidate:1 1 udp 5 10.0.0.1 5000 typ host ufrag redacted",
		"candidate:1 1 udp 5 10.0.0.1 5000 typ host ufrag aB 9 network-cost 10":        "candidate:1 1 udp 5 10.0.0.1 5000 typ host ufrag redacted network-cost 10",
		"candidate:1 1 udp 5 10.0.0.1 5000 typ host generation 0 ufrag x network-id 1": "candidate:1 1 udp 5 10.0.0.1 5000 typ host generation 0 ufrag redacted network-id 1",
	} {
		c := ParseCandidate(text)
		if got := c.Redacted(); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestClassOf(t *testing.T) {
	for address, want := range map[string]Class{
		"8.8.8.8": ClassPublic, "2001:4860:4860::8888": ClassPublic, "203.0.113.50": ClassPublic,
		"10.1.2.3": ClassPrivate, "192.168.1.1": ClassPrivate, "172.16.0.1": ClassPrivate, "172.18.0.2": ClassPrivate, "fd00::1": ClassPrivate,
		"172.17.0.2": ClassDocker, "100.64.0.1": ClassCarrierNAT, "127.0.0.1": ClassLoopback, "::1": ClassLoopback,
		"169.254.1.1": ClassLinkLocal, "fe80::1": ClassLinkLocal, "fe80::1%eth0": ClassLinkLocal, "[fe80::1]": ClassLinkLocal,
		"0.0.0.0": ClassUnspecified, "::": ClassUnspecified, "224.0.0.1": ClassMulticast,
		"a.local": ClassMDNS, "A.LOCAL.": ClassMDNS, "example.org": ClassName, "999.1.1.1": ClassName, "": ClassUnknown,
		"::ffff:10.0.0.1": ClassPrivate,
	} {
		if got := ClassOf(address); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}

func TestDescription(t *testing.T) {
	d := ParseDescription(crlf(offerSDP))
	if d.Err != "" || len(d.Media) != 2 || d.Session.First("group") != "BUNDLE 0 1" {
		t.Fatalf("%+v", d)
	}
	v := &d.Media[1]
	want := []Codec{{Payload: "96", Name: "VP8", ClockHz: 90000, Feedback: []string{"goog-remb"}}, {Payload: "97", Name: "rtx", ClockHz: 90000, Format: "apt=96"}}
	if diff := cmp.Diff(want, v.Codecs); diff != "" {
		t.Error(diff)
	}
	if v.Title() != "video, m-line 1 (mid 1): VP8, rtx; sendrecv" || v.Port != 9 || v.Proto != "UDP/TLS/RTP/SAVPF" || v.Kind != "video" {
		t.Errorf("%s: %+v", v.Title(), v)
	}
	notes := make(map[string]string)
	for _, s := range d.Sections() {
		for _, l := range s.Lines {
			notes[l.Text] = l.Note
		}
	}
	for text, want := range map[string]string{
		"a=fmtp:97 apt=96":                  "resends lost packets of VP8",
		"a=setup:actpass":                   "DTLS: this side lets the other choose who begins (right for an offer)",
		"a=rtcp-fb:96 goog-remb":            "feedback for VP8: tells how much may be sent (REMB), which is what Kurento adapts by",
		"a=group:BUNDLE 0 1":                "these m-lines share one transport: 0 1",
		"a=rtpmap:111 opus/48000/2":         "payload type 111 is opus/48000/2",
		"c=IN IP4 0.0.0.0":                  "no address here: the candidates have them",
		"m=video 9 UDP/TLS/RTP/SAVPF 96 97": "video; the port means nothing, ICE finds it; SRTP with keys from DTLS with feedback",
	} {
		if notes[text] != want {
			t.Errorf("%s: %q, want %q", text, notes[text], want)
		}
	}
}

// Whatever the ends of lines, and whatever stands between, nothing is lost.
func TestDescriptionKeepsEveryByte(t *testing.T) {
	for _, s := range []string{
		"", "\n", "\r\n\r\n", "v=0", "v=0\r\r\n", "garbage", "m=", "m=audio", "m=audio x y", "a=", "=", "a=mid", "\x00\xff", offerSDP, crlf(answerSDP),
		"m=video 99999999999999999999 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96\r\na=rtpmap:\r\na=fmtp:96\r\na=rtcp-fb:96\r\na=ssrc:\r\na=extmap:\r\na=candidate:\r\na=crypto:\r\nb=\r\n",
		strings.Repeat("a=x\n", maxLines+5),
	} {
		d := ParseDescription(s)
		if d.String() != s {
			t.Errorf("%.40q became %.40q", s, d.String())
		}
		Lint(d, d, browser)
		Diff(d, nil)
	}
}

func TestErrorsOfDescriptions(t *testing.T) {
	for text, want := range map[string]string{
		"garbage":                                             "line 1 is no line of a session description",
		change(t, offerSDP, "a=mid:1=>mid1"):                  "line 20 is no line of a session description",
		change(t, offerSDP, "t=0 0=>t=soon"):                  "line 4 (t=) is malformed",
		change(t, offerSDP, "t=0 0\n=>"):                      "t= is missing",
		change(t, offerSDP, "a=mid:1=>b=AS:a=ice-pwd:geheim"): "line 20 (b=) is malformed",
		"  ": "empty",
	} {
		d := ParseDescription(crlf(text))
		if !strings.Contains(d.Err, want) {
			t.Errorf("%.20q: %q, want %q", text, d.Err, want)
		}
		if strings.Contains(d.Err, "geheim") {
			t.Error("the error tells a secret")
		}
	}
}

func TestRedacted(t *testing.T) {
	text := crlf(change(t, offerSDP, "a=mid:1=>a=mid:1\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:Z2VoZWlt|2^20\nk=clear:geheim\na=candidate:1 1 udp 5 10.0.0.1 5 typ host ufrag abcd\nice-pwd:lost"))
	got := ParseDescription(text).Redacted()
	for _, secret := range []string{"abcd", "aaaa", "Z2Vo", "geheim", "lost"} {
		if strings.Contains(got, secret) {
			t.Errorf("%q is left", secret)
		}
	}
	for _, keeps := range []string{"a=ice-ufrag:redacted\r\n", "inline:redacted\r\n", "AES_CM_128_HMAC_SHA1_80", "10.0.0.1 5 typ host ufrag redacted\r\n", "a=fingerprint:sha-256 AA:BB\r\n"} {
		if !strings.Contains(got, keeps) {
			t.Errorf("%q is gone:\n%s", keeps, got)
		}
	}
}

func TestDiff(t *testing.T) {
	left := ParseDescription(crlf(offerSDP))
	right := ParseDescription(crlf(answerSDP))
	render := func(list []SectionDiff) string {
		var b strings.Builder
		for _, s := range list {
			fmt.Fprintf(&b, "section, %d differ\n", s.Differs)
			for _, r := range s.Rows {
				var l, x string
				if r.Left != nil {
					l = r.Left.Text
				}
				if r.Right != nil {
					x = r.Right.Text
				}
				if r.Change != Same {
					fmt.Fprintf(&b, "%s: %s | %s\n", r.Change, l, x)
				}
			}
		}
		return b.String()
	}
	want := `section, 2 differ
changed: o=- 1 1 IN IP4 0.0.0.0 | o=- 2 2 IN IP4 0.0.0.0
changed: s=- | s=Kurento Media Server
section, 7 differ
changed: m=audio 9 UDP/TLS/RTP/SAVPF 111 0 | m=audio 1 UDP/TLS/RTP/SAVPF 111
only left: c=IN IP4 0.0.0.0 | 
changed: a=setup:actpass | a=setup:active
changed: a=ice-ufrag:abcd | a=ice-ufrag:efgh
changed: a=ice-pwd:aaaaaaaaaaaaaaaaaaaaaaaa | a=ice-pwd:bbbbbbbbbbbbbbbbbbbbbb
changed: a=fingerprint:sha-256 AA:BB | a=fingerprint:sha-256 CC:DD
changed: a=ssrc:1 cname:x | a=ssrc:3 cname:y
section, 9 differ
changed: m=video 9 UDP/TLS/RTP/SAVPF 96 97 | m=video 1 UDP/TLS/RTP/SAVPF 96
only left: c=IN IP4 0.0.0.0 | 
changed: a=setup:actpass | a=setup:active
changed: a=ice-ufrag:abcd | a=ice-ufrag:efgh
changed: a=ice-pwd:aaaaaaaaaaaaaaaaaaaaaaaa | a=ice-pwd:bbbbbbbbbbbbbbbbbbbbbb
changed: a=fingerprint:sha-256 AA:BB | a=fingerprint:sha-256 CC:DD
only left: a=rtpmap:97 rtx/90000 | 
only left: a=fmtp:97 apt=96 | 
changed: a=ssrc:2 cname:x | a=ssrc:4 cname:y
`
	if diff := cmp.Diff(want, render(Diff(left, right))); diff != "" {
		t.Error(diff)
	}
	if got := render(Diff(left, left)); got != "section, 0 differ\nsection, 0 differ\nsection, 0 differ\n" {
		t.Error(got)
	}
	direction := ParseDescription(crlf(change(t, offerSDP, "a=sendrecv=>a=recvonly", "goog-remb=>goog-remb ")))
	want = "section, 0 differ\nsection, 0 differ\nsection, 2 differ\nchanged: a=rtcp-fb:96 goog-remb | a=rtcp-fb:96 goog-remb \nchanged: a=sendrecv | a=recvonly\n"
	if diff := cmp.Diff(want, render(Diff(left, direction))); diff != "" {
		t.Error(diff)
	}
	if got := Diff(nil, left); len(got) != 3 || got[1].Left != nil || got[1].Rows[0].Change != OnlyRight {
		t.Errorf("%+v", got)
	}
}
