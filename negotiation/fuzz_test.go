package negotiation

import (
	"strings"
	"testing"
)

func FuzzSDP(f *testing.F) {
	f.Add(crlf(offerSDP), crlf(answerSDP))
	f.Add("v=0\r\nm=audio 9 RTP/AVP 0\r\n", "garbage")
	f.Add(strings.Replace(offerSDP, "a=ice-ufrag:abcd", "a=ice-ufrag:ab cd", 1), answerSDP)
	f.Fuzz(func(t *testing.T, local, remote string) {
		l, r := ParseDescription(local), ParseDescription(remote)
		if l.String() != local || r.String() != remote {
			t.Fatal("a byte is lost")
		}
		for _, c := range []Context{{}, browser, {WebRTC: true, LocalRole: Offer, RemoteRole: Answer}} {
			for _, x := range Lint(l, r, c) {
				if x.Text == "" || x.MLine >= max(len(l.Media), len(r.Media)) {
					t.Fatalf("%+v", x)
				}
			}
		}
		rows := 0
		for _, d := range Diff(l, r) {
			for _, row := range d.Rows {
				if row.Left != nil {
					rows++
				}
				if row.Right != nil {
					rows++
				}
			}
		}
		lines := 0
		for _, d := range []*Description{l, r} {
			for _, s := range d.Sections() {
				lines += len(s.Lines)
			}
			for _, s := range ParseDescription(d.Redacted()).Sections() {
				for _, v := range append(s.All("ice-ufrag"), s.All("ice-pwd")...) {
					if v != mask {
						t.Fatalf("%q survives redaction", v)
					}
				}
			}
			d.Candidates()
		}
		if rows != lines {
			t.Fatalf("the comparison has %d lines of %d", rows, lines)
		}
	})
}

func FuzzCandidate(f *testing.F) {
	for _, s := range []string{
		"candidate:1 1 UDP 2015364095 127.0.0.1 44129 typ host",
		"candidate:3 1 TCP 1010828287 127.0.0.1 36584 typ host tcptype passive",
		"candidate:1 1 udp 5 1.2.3.4 5000 typ relay raddr 10.0.0.1 rport 7 generation 0 ufrag aB+9 network-id 1",
		"candidate:1 1 udp 5 a.local 5000 typ host ufrag aB 9",
		"a=candidate: 1 udp 500 ::1 80 typ srflx", "", "candidate:",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c := ParseCandidate(s)
		if c.Raw != s {
			t.Fatal("the text changed")
		}
		if c.Port < 0 || c.Port > 65535 || c.Err == "" && (c.Type == UnknownType || c.Address == "" || c.Protocol == "") {
			t.Fatalf("%+v", c)
		}
		if c.Address != "" && c.Class == ClassUnknown {
			t.Fatalf("no class: %+v", c)
		}
		_ = c.String()
		if strings.Contains(c.Redacted(), " ufrag ") && !strings.Contains(c.Redacted(), " ufrag "+mask) {
			t.Fatalf("%q is not redacted", s)
		}
		canPair(&c, &c)
		if c.key() == "" {
			t.Fatal("no key")
		}
	})
}
