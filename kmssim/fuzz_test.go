package kmssim

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"
)

// FuzzFrame sends any frame to a server with a small world: it must neither
// panic nor answer what is no JSON.
func FuzzFrame(f *testing.F) {
	for _, seed := range []string{
		`{"jsonrpc":"2.0","id":1,"method":"connect","params":{}}`,
		`{"jsonrpc":"2.0","id":1,"method":"create","params":{"type":"WebRtcEndpoint","constructorParams":{"mediaPipeline":"P"}}}`,
		`{"jsonrpc":"2.0","id":1,"method":"create","params":{"type":"HubPort","constructorParams":{"hub":"H"}}}`,
		`{"jsonrpc":"2.0","id":1,"method":"invoke","params":{"object":"E","operation":"processOffer","operationParams":{"offer":"v=0\r\nm=audio 9 RTP/SAVPF 0\r\na=mid:0\r\n"}}}`,
		`{"jsonrpc":"2.0","id":1,"method":"invoke","params":{"object":"E","operation":"addIceCandidate","operationParams":{"candidate":{"candidate":"candidate:1 1 UDP 1 1.2.3.4 5 typ host"}}}}`,
		`{"jsonrpc":"2.0","id":1,"method":"invoke","params":{"object":"E","operation":"connect","operationParams":{"sink":"E"}}}`,
		`{"jsonrpc":"2.0","id":1,"method":"invoke","params":{"object":"M","operation":"connect","operationParams":{"media":"VIDEO","source":"Q","sink":"Q"}}}`,
		`{"jsonrpc":"2.0","id":1,"method":"invoke","params":{"object":"E","operation":"setRembParams","operationParams":{"rembParams":{}}}}`,
		`{"jsonrpc":"2.0","id":1,"method":"invoke","params":{"object":"E","operation":"getStats","operationParams":{"mediaType":"VIDEO"}}}`,
		`{"jsonrpc":"2.0","id":1,"method":"transaction","params":{"operations":[{"id":0,"jsonrpc":"2.0","method":"release","params":{"object":"E"}}]}}`,
		`{"jsonrpc":"2.0","id":1,"method":"closeSession","params":{"sessionId":"","release":true}}`,
		`{"jsonrpc":"2.0","id":null,"method":"ping"}`, `[1]`, `42`, ``, `{"id":{"a":1}}`,
		`{"jsonrpc":"2.0","id":1,"method":"invoke","params":{"object":"manager_ServerManager","operation":"getUsedCpu","operationParams":{"interval":1e99}}}`,
		`{"jsonrpc":"2.0","id":1,"method":"invoke","params":{"object":"manager_ServerManager","operation":"addTag","operationParams":{"key":"k","value":7}}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		clock := NewFakeClock(time.UnixMilli(1795246000000))
		s := New(Options{Seed: 1, Clock: clock})
		defer s.Close()
		app := s.NewApp()
		b := write(app)
		p := b.pipeline("p")
		e := b.make("WebRtcEndpoint", p, "e", nil)
		h := b.make("Composite", p, "h", nil)
		m := b.make("Mixer", p, "m", nil)
		q := b.make("HubPort", m, "q", nil)
		b.link(e, e)
		if b.err != nil {
			t.Fatal(b.err)
		}
		for short, id := range map[string]string{`"P"`: p, `"E"`: e, `"H"`: h, `"M"`: m, `"Q"`: q} {
			frame = bytes.ReplaceAll(frame, []byte(short), []byte(`"`+id+`"`))
		}
		req, ok := decodeRequest(frame)
		if !ok {
			return
		}
		s.mu.Lock()
		reply := s.processLocked(app.link, req)
		s.flushLocked()
		s.mu.Unlock()
		if text := encode(reply); !json.Valid(text) || bytes.Contains(text, []byte("Internal error")) {
			t.Errorf("%q was answered with %q", frame, text)
		}
		clock.Advance(20 * time.Second)
	})
}

// FuzzSDP reads any description.
func FuzzSDP(f *testing.F) {
	for _, seed := range []string{
		"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=rtpmap:111 opus/48000/2\r\n",
		"v=0\nm=video 9 RTP/AVPF 96 97\na=rtpmap:96 VP8/90000\na=rtcp-fb:96 nack pli\na=fmtp:96 x\na=recvonly\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\na=mid:d\n",
		"v=0", "m=", "v=0\nm=audio 0 RTP/AVP 0\na=ssrc:\na=candidate:1\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := New(Options{Seed: 1, Clock: NewFakeClock(time.UnixMilli(0))})
		defer s.Close()
		b := write(s.NewApp())
		p := b.pipeline("p")
		for _, typ := range []string{"WebRtcEndpoint", "RtpEndpoint"} {
			e := b.make(typ, p, "e", nil)
			answer, err := b.Invoke(e, "processOffer", map[string]any{"offer": text})
			if err != nil {
				continue
			}
			if _, ok := parseSDP(answer.(string)); !ok {
				t.Errorf("the answer to %q is no description: %q", text, answer)
			}
		}
	})
}
