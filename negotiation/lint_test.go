package negotiation

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A healthy offer of a browser and the answer of a server, cut to what matters.
const offerSDP = `v=0
o=- 1 1 IN IP4 0.0.0.0
s=-
t=0 0
a=group:BUNDLE 0 1
m=audio 9 UDP/TLS/RTP/SAVPF 111 0
c=IN IP4 0.0.0.0
a=setup:actpass
a=mid:0
a=ice-ufrag:abcd
a=ice-pwd:aaaaaaaaaaaaaaaaaaaaaaaa
a=fingerprint:sha-256 AA:BB
a=rtcp-mux
a=rtpmap:111 opus/48000/2
a=ssrc:1 cname:x
a=sendrecv
m=video 9 UDP/TLS/RTP/SAVPF 96 97
c=IN IP4 0.0.0.0
a=setup:actpass
a=mid:1
a=ice-ufrag:abcd
a=ice-pwd:aaaaaaaaaaaaaaaaaaaaaaaa
a=fingerprint:sha-256 AA:BB
a=rtcp-mux
a=rtpmap:96 VP8/90000
a=rtpmap:97 rtx/90000
a=fmtp:97 apt=96
a=rtcp-fb:96 goog-remb
a=ssrc:2 cname:x
a=sendrecv
`

const answerSDP = `v=0
o=- 2 2 IN IP4 0.0.0.0
s=Kurento Media Server
t=0 0
a=group:BUNDLE 0 1
m=audio 1 UDP/TLS/RTP/SAVPF 111
a=setup:active
a=mid:0
a=ice-ufrag:efgh
a=ice-pwd:bbbbbbbbbbbbbbbbbbbbbb
a=fingerprint:sha-256 CC:DD
a=rtcp-mux
a=rtpmap:111 opus/48000/2
a=ssrc:3 cname:y
a=sendrecv
m=video 1 UDP/TLS/RTP/SAVPF 96
a=setup:active
a=mid:1
a=ice-ufrag:efgh
a=ice-pwd:bbbbbbbbbbbbbbbbbbbbbb
a=fingerprint:sha-256 CC:DD
a=rtcp-mux
a=rtpmap:96 VP8/90000
a=rtcp-fb:96 goog-remb
a=ssrc:4 cname:y
a=sendrecv
`

// change edits a text: "old=>new" in the last place where old stands, which is
// of the video, or "old=>>new" everywhere.
func change(t *testing.T, text string, edits ...string) string {
	t.Helper()
	for _, e := range edits {
		old, now, all := strings.Cut(e, "=>>")
		if !all {
			var ok bool
			if old, now, ok = strings.Cut(e, "=>"); !ok {
				t.Fatalf("%q is no edit", e)
			}
		}
		i := strings.LastIndex(text, old)
		if i < 0 {
			t.Fatalf("%q is not in the text", old)
		}
		if all {
			text = strings.ReplaceAll(text, old, now)
		} else {
			text = text[:i] + now + text[i+len(old):]
		}
	}
	return text
}

// browser is a negotiation that a browser began and that was seen in whole.
var browser = Context{WebRTC: true, LocalRole: Answer, RemoteRole: Offer, RemoteTrickled: true, CallsVisible: true}

type lintCase struct {
	name            string
	offer, answer   []string // edits
	context         func(*Context)
	serverOffers    bool // the offer is the server's, the answer the peer's
	want            []string
	without         Side // leave this side out
	offerIs         string
	notInAnyMessage string
}

func swap(c *Context) { c.LocalRole, c.RemoteRole = Offer, Answer }

func lintCases() []lintCase {
	unknown := func(c *Context) { c.LocalRole, c.RemoteRole = UnknownRole, UnknownRole }
	return []lintCase{
		{name: "healthy"},
		{name: "healthy, the server offers", serverOffers: true},
		{name: "healthy, roles unknown", context: unknown},
		{name: "healthy, alone", without: Local},

		{name: "garbage", offerIs: "garbage", want: []string{"error sdp.malformed remote -1"}},
		{name: "empty", offerIs: "\r\n", want: []string{"error sdp.malformed remote -1"}},
		{name: "a line that is none", offer: []string{"a=mid:1=>mid 1"}, want: []string{"error sdp.malformed remote -1", "warning sdp.bundle remote -1"}},
		{name: "cut after the first line", offerIs: "v=0\n", want: []string{"error sdp.malformed remote -1"}},
		{name: "no m-line", offerIs: "v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\n", want: []string{"error sdp.no-media remote -1"}},

		{name: "port 0 in the answer", answer: []string{"m=video 1 =>m=video 0 "}, want: []string{"warning sdp.port-zero local 1"}},
		{name: "port 0 in the peer's answer", answer: []string{"m=video 1 =>m=video 0 "}, serverOffers: true, want: []string{"warning sdp.port-zero remote 1"}},
		{name: "port 0 in the offer", offer: []string{"m=video 9 =>m=video 0 "}, answer: []string{"m=video 1 =>m=video 0 "}, want: []string{"info sdp.port-zero remote 1", "warning sdp.port-zero local 1"}},
		{name: "port 0 within a bundle", offer: []string{"m=video 9 =>m=video 0 ", "a=mid:1=>a=mid:1\na=bundle-only"}},

		{name: "no common codec", offer: []string{"96 VP8=>96 H264"}, want: []string{"error sdp.no-common-codec  1"}},
		{name: "no common codec, rejected", offer: []string{"96 VP8=>96 H264"}, answer: []string{"m=video 1 =>m=video 0 "}, want: []string{"error sdp.no-common-codec  1", "warning sdp.port-zero local 1"}},
		{name: "rtx alone is no codec", offer: []string{"m=video 9 UDP/TLS/RTP/SAVPF 96 97=>m=video 9 UDP/TLS/RTP/SAVPF 96 97 98", "a=rtpmap:97=>a=rtpmap:98 H264/90000\na=rtpmap:97", "96 VP8=>96 AV1"},
			answer: []string{"SAVPF 96=>SAVPF 96 97", "a=rtcp-fb=>a=rtpmap:97 rtx/90000\na=rtcp-fb"}, want: []string{"error sdp.no-common-codec  1"}},
		{name: "case of a codec", answer: []string{"VP8=>vp8"}},
		{name: "payload types without rtpmap are known", answer: []string{"SAVPF 111\n=>SAVPF 0\n", "a=rtpmap:111 opus/48000/2\n=>"}},
		{name: "no rtpmap", offer: []string{"SAVPF 96 97=>SAVPF 96 97 120"}, want: []string{"warning sdp.no-rtpmap remote 1"}},

		{name: "no ssrc, audio", offer: []string{"a=ssrc:1 cname:x\n=>"}, want: []string{"warning sdp.no-ssrc remote 0"}},
		{name: "no ssrc, video", offer: []string{"a=ssrc:2 cname:x\n=>"}, want: []string{"info sdp.no-ssrc remote 1"}},
		{name: "no ssrc, simulcast", offer: []string{"a=ssrc:2 cname:x\n=>a=rid:h send\n"}, want: []string{"warning sdp.no-ssrc remote 1"}},
		{name: "no ssrc, but it only receives", offer: []string{"a=ssrc:2 cname:x\na=sendrecv=>a=recvonly"}, answer: []string{"a=sendrecv=>a=sendonly"}},

		{name: "no remb", offer: []string{"a=rtcp-fb:96 goog-remb\n=>"}, want: []string{"warning sdp.no-remb remote 1"}},
		{name: "transport-cc instead", offer: []string{"goog-remb=>transport-cc"}, want: []string{"warning sdp.no-remb remote 1"}},
		{name: "remb with a blank", offer: []string{"goog-remb=>goog-remb "}, answer: []string{"goog-remb=>goog-remb "}, want: []string{"warning sdp.remb-blank remote 1"}},
		{name: "remb with a blank and without", offer: []string{"a=rtcp-fb:96 goog-remb=>a=rtcp-fb:96 goog-remb \na=rtcp-fb:96 goog-remb"}},
		{name: "remb with a blank, remote unknown", answer: []string{"goog-remb=>goog-remb "}, without: Remote, want: []string{"warning sdp.remb-blank local 1"}},
		{name: "nack with a blank", offer: []string{"a=rtcp-fb:96 goog-remb=>a=rtcp-fb:96 nack \na=rtcp-fb:96 goog-remb"}, want: []string{"info sdp.feedback-blank remote 1"}},

		{name: "direction: answer sends to sendonly", offer: []string{"a=sendrecv=>a=sendonly"}, want: []string{"error sdp.direction  1"}},
		{name: "direction: the server's offer", offer: []string{"a=sendrecv=>a=recvonly"}, serverOffers: true, want: []string{"error sdp.direction  1"}},
		{name: "direction: right", offer: []string{"a=sendrecv=>a=sendonly"}, answer: []string{"a=sendrecv=>a=recvonly"}},
		{name: "direction: cut down", answer: []string{"a=sendrecv=>a=recvonly"}, want: []string{"info sdp.direction  1"}},
		{name: "direction: inactive", answer: []string{"a=sendrecv=>a=inactive"}, want: []string{"info sdp.inactive local 1", "warning sdp.direction  1"}},
		{name: "direction: roles unknown", offer: []string{"a=sendrecv=>a=sendonly"}, answer: []string{"a=sendrecv=>a=sendonly"}, context: unknown, want: []string{"error sdp.direction  1"}},
		{name: "direction: of the session", offer: []string{"a=sendrecv\n=>>", "t=0 0\n=>t=0 0\na=recvonly\n", "a=ssrc:1 cname:x\n=>", "a=ssrc:2 cname:x\n=>"}, answer: []string{"a=sendrecv=>>a=sendonly"}},

		{name: "ufrag with a blank", offer: []string{"a=ice-ufrag:abcd=>a=ice-ufrag:s3 cr"}, want: []string{"error sdp.ice-blank remote 1"}, notInAnyMessage: "s3 cr"},
		{name: "ufrag with a blank at its end", offer: []string{"a=ice-ufrag:abcd=>a=ice-ufrag:abcd "}, want: []string{"error sdp.ice-blank remote 1"}},
		{name: "pwd with a blank", answer: []string{"bbbbbbbbbbbbbbbbbbbbbb=>bbbbbbbbbbb bbbbbbbbbbbbbbbb"}, want: []string{"error sdp.ice-blank local 1"}, notInAnyMessage: "bbbbb"},
		{name: "pwd of the session with a blank", offer: []string{"a=ice-pwd:aaaaaaaaaaaaaaaaaaaaaaaa\n=>>", "t=0 0\n=>t=0 0\na=ice-pwd:aaaaaaaaaaa aaaaaaaaaaaaaaaa\n"}, want: []string{"error sdp.ice-blank remote -1"}, notInAnyMessage: "aaaaa"},
		{name: "a bad character", offer: []string{"a=ice-ufrag:abcd=>a=ice-ufrag:ab%2Bcd"}, want: []string{"warning sdp.ice-char remote 1"}, notInAnyMessage: "%2B"},
		{name: "short", offer: []string{"a=ice-ufrag:abcd=>a=ice-ufrag:abc"}, want: []string{"warning sdp.ice-short remote 1"}},
		{name: "no ufrag", offer: []string{"a=ice-ufrag:abcd\n=>"}, want: []string{"error sdp.no-ice-ufrag remote 1"}},
		{name: "no pwd", offer: []string{"a=ice-pwd:aaaaaaaaaaaaaaaaaaaaaaaa\n=>"}, want: []string{"error sdp.no-ice-pwd remote 1"}},
		{name: "ufrag of the session", offer: []string{"a=ice-ufrag:abcd\n=>>", "t=0 0\n=>t=0 0\na=ice-ufrag:abcd\n"}},
		{name: "candidate of another ufrag", offer: []string{"a=mid:0=>a=mid:0\na=candidate:1 1 udp 1 10.0.0.1 5 typ host ufrag zzzz"}, want: []string{"warning sdp.candidate-ufrag remote 0"}},
		{name: "candidate of this ufrag", offer: []string{"a=mid:0=>a=mid:0\na=candidate:1 1 udp 1 10.0.0.1 5 typ host ufrag abcd network-cost 10"}},

		{name: "setup: answer of actpass", answer: []string{"a=setup:active=>a=setup:actpass"}, want: []string{"error sdp.setup local 1"}},
		{name: "setup: both active", offer: []string{"a=setup:actpass=>a=setup:active"}, want: []string{"info sdp.setup remote 1", "error sdp.setup  1"}},
		{name: "setup: both passive", answer: []string{"a=setup:active=>a=setup:passive"}, offer: []string{"a=setup:actpass=>a=setup:passive"}, want: []string{"info sdp.setup remote 1", "error sdp.setup  1"}},
		{name: "setup: holdconn", answer: []string{"a=setup:active=>a=setup:holdconn"}, want: []string{"warning sdp.setup local 1"}},
		{name: "setup: nonsense", answer: []string{"a=setup:active=>a=setup:maybe"}, want: []string{"error sdp.setup local 1"}},
		{name: "setup: none", answer: []string{"a=setup:active\n=>"}, want: []string{"warning sdp.no-setup local 1"}},
		{name: "no fingerprint", offer: []string{"a=fingerprint:sha-256 AA:BB\n=>"}, want: []string{"error sdp.no-fingerprint remote 1"}},
		{name: "no DTLS", offer: []string{"a=fingerprint:sha-256 AA:BB\n=>", "m=video 9 UDP/TLS/RTP/SAVPF=>m=video 9 RTP/AVPF"}, want: []string{"error sdp.no-dtls remote 1"}},

		{name: "bundle: no such m-line", offer: []string{"BUNDLE 0 1=>BUNDLE 0 1 2"}, want: []string{"warning sdp.bundle remote -1"}},
		{name: "bundle: not answered", answer: []string{"a=group:BUNDLE 0 1\n=>"}, want: []string{"warning sdp.bundle  -1"}},
		{name: "bundle: not offered", offer: []string{"a=group:BUNDLE 0 1\n=>"}, want: []string{"error sdp.bundle  -1"}},
		{name: "bundle without rtcp-mux", offer: []string{"a=rtcp-mux\n=>"}, answer: []string{"a=rtcp-mux\n=>"}, want: []string{"warning sdp.rtcp-mux remote 1", "warning sdp.rtcp-mux local 1"}},
		{name: "two mids alike", answer: []string{"a=mid:1=>a=mid:0", "BUNDLE 0 1=>BUNDLE 0"}, want: []string{"error sdp.mid local 1", "warning sdp.mid  1"}},
		{name: "mids differ", answer: []string{"a=mid:1=>a=mid:v", "BUNDLE 0 1=>BUNDLE 0"}, want: []string{"warning sdp.mid  1"}},
		{name: "rtcp-mux not offered", offer: []string{"a=rtcp-mux\n=>>", "a=group:BUNDLE 0 1\n=>"}, answer: []string{"a=group:BUNDLE 0 1\n=>"}, want: []string{"error sdp.rtcp-mux  0", "error sdp.rtcp-mux  1"}},
		{name: "rtcp-mux declined", offer: []string{"a=group:BUNDLE 0 1\n=>"}, answer: []string{"a=group:BUNDLE 0 1\n=>", "a=rtcp-mux\n=>"}, want: []string{"info sdp.rtcp-mux  1"}},
		{name: "rtcp-mux-only declined", offer: []string{"a=group:BUNDLE 0 1\n=>", "a=rtcp-mux\n=>a=rtcp-mux\na=rtcp-mux-only\n"}, answer: []string{"a=group:BUNDLE 0 1\n=>", "a=rtcp-mux\n=>"}, want: []string{"error sdp.rtcp-mux  1"}},
		{name: "rtcp-mux, roles unknown", offer: []string{"a=group:BUNDLE 0 1\n=>", "a=setup:actpass=>>a=setup:passive"}, answer: []string{"a=group:BUNDLE 0 1\n=>", "a=rtcp-mux\n=>"}, context: unknown, want: []string{"warning sdp.rtcp-mux  1"}},

		{name: "b=AS", offer: []string{"a=mid:1=>b=AS:2000\na=mid:1"}, want: []string{"info sdp.bandwidth remote 1"}},
		{name: "b=AS, low", offer: []string{"a=mid:1=>b=AS:64\na=mid:1"}, want: []string{"warning sdp.bandwidth remote 1"}},
		{name: "b=TIAS, low", offer: []string{"a=mid:1=>b=TIAS:64000\na=mid:1"}, want: []string{"warning sdp.bandwidth remote 1"}},
		{name: "b=AS, nothing", offer: []string{"a=mid:0=>b=AS:0\na=mid:0"}, want: []string{"warning sdp.bandwidth remote 0"}},
		{name: "b=AS, no number", answer: []string{"a=mid:1=>b=AS:lots\na=mid:1"}, want: []string{"error sdp.malformed local -1", "warning sdp.bandwidth local 1"}},
		{name: "b=RS", offer: []string{"a=mid:1=>b=RS:0\na=mid:1"}},

		{name: "no candidates, no trickle", context: func(c *Context) { c.RemoteTrickled = false }, want: []string{"warning sdp.no-candidates remote 0"}},
		{name: "no candidates although trickle", context: func(c *Context) { c.RemoteTrickled = false }, offer: []string{"t=0 0\n=>t=0 0\na=ice-options:trickle\n"}, want: []string{"warning sdp.no-candidates remote 0"}},
		{name: "no candidates, nobody would see them", context: func(c *Context) { c.RemoteTrickled, c.CallsVisible = false, false }, want: []string{"info sdp.no-candidates remote 0"}},
		{name: "candidates in the description", context: func(c *Context) { c.RemoteTrickled = false }, offer: []string{"a=mid:0=>a=mid:0\na=candidate:1 1 udp 1 10.0.0.1 5 typ host"}},

		{name: "fewer m-lines", answer: []string{"m=video 1 UDP/TLS/RTP/SAVPF 96\n=>", "BUNDLE 0 1=>BUNDLE 0"}, context: func(c *Context) { *c = Context{} }, want: []string{"error sdp.m-lines  -1"}},
		{name: "other media", answer: []string{"m=video=>m=audio"}, want: []string{"error sdp.m-lines  1"}},
		{name: "several videos", offer: []string{"m=audio=>m=video", "SAVPF 111 0=>SAVPF 111", "opus/48000/2=>VP8/90000\na=rtcp-fb:111 goog-remb"}, without: Local, want: []string{"warning sdp.several-videos remote -1"}},
	}
}

func TestLint(t *testing.T) {
	tested := make(map[string]bool)
	for _, c := range lintCases() {
		t.Run(c.name, func(t *testing.T) {
			offer, answer := change(t, offerSDP, c.offer...), change(t, answerSDP, c.answer...)
			if c.offerIs != "" {
				offer = c.offerIs
			}
			ctx := browser
			if c.serverOffers {
				swap(&ctx)
			}
			if c.context != nil {
				c.context(&ctx)
			}
			remote, local := ParseDescription(crlf(offer)), ParseDescription(crlf(answer))
			if c.serverOffers {
				local, remote = remote, local
			}
			switch c.without {
			case Local:
				local = nil
			case Remote:
				remote = nil
			}
			var got []string
			for _, f := range Lint(local, remote, ctx) {
				tested[f.Rule] = true
				if c.name == "fewer m-lines" && f.Rule != "sdp.m-lines" {
					continue
				}
				got = append(got, f.Severity.String()+" "+f.Rule+" "+string(f.Side)+" "+itoa(f.MLine))
				if c.notInAnyMessage != "" && strings.Contains(f.Text+f.Advice, c.notInAnyMessage) {
					t.Errorf("a secret in %q", f.Text)
				}
				if f.Text == "" || strings.ContainsAny(f.Text, "\r\n") || f.Severity == Error && f.Advice == "" && !strings.HasPrefix(f.Rule, "sdp.rtcp-mux") && f.Rule != "sdp.setup" {
					t.Errorf("%+v", f)
				}
			}
			slices.Sort(got)
			slices.Sort(c.want)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	// No rule without a row.
	files, err := filepath.Glob("lint*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`l\.add\("(sdp\.[a-z-]+[a-z])"`).FindAllSubmatch(source, -1) {
			if !tested[string(m[1])] {
				t.Errorf("no row of the table finds %s", m[1])
			}
		}
	}
}

// TestRulesAreDocumented holds docs/headless.md against the rules in the code.
func TestRulesAreDocumented(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join("..", "docs", "headless.md"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`"((?:ice|sdp|dtls)\.[a-z-]*[a-z])"`).FindAllSubmatch(source, -1) {
			found++
			if !strings.Contains(string(doc), "`"+string(m[1])+"`") {
				t.Errorf("docs/headless.md does not tell %s", m[1])
			}
		}
	}
	if found < 40 {
		t.Errorf("found %d rules only", found)
	}
}
