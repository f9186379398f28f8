package kmssim

import (
	"encoding/json"
	"testing"
	"time"
)

// callFor sets up one endpoint that sees itself, with a peer, and lets d pass.
func callFor(t *testing.T, p Peer, d time.Duration) (*Server, *FakeClock, *App, string) {
	t.Helper()
	clock := NewFakeClock(time.UnixMilli(1795246000000))
	s := New(Options{Seed: 3, Clock: clock})
	t.Cleanup(s.Close)
	b := write(s.NewApp())
	e := b.make("WebRtcEndpoint", b.pipeline("p"), "e", nil)
	b.link(e, e)
	b.call(e, "sendrecv", p)
	if b.err != nil {
		t.Fatal(b.err)
	}
	clock.Advance(d)
	return s, clock, b.App, e
}

// figures reads the RTP entries of one medium: inbound, then outbound.
func figures(t *testing.T, app *App, e, mediaType string) (in, out map[string]any) {
	t.Helper()
	v, err := app.Invoke(e, "getStats", map[string]any{"mediaType": mediaType})
	if err != nil {
		t.Fatal(err)
	}
	var entries map[string]map[string]any
	if err := json.Unmarshal(encode(v), &entries); err != nil {
		t.Fatal(err)
	}
	for _, s := range entries {
		switch {
		case s["type"] == "outboundrtp":
			out = s
		case s["type"] == "inboundrtp" && s["packetsReceived"] != 0.0:
			in = s
		}
	}
	return in, out
}

func between(t *testing.T, what string, v any, low, high float64) {
	t.Helper()
	if f, ok := v.(float64); !ok || f < low || f > high {
		t.Errorf("%s is %v, want %g to %g", what, v, low, high)
	}
}

func TestFiguresOfACleanCall(t *testing.T) {
	_, _, app, e := callFor(t, Peer{}, 11*time.Second)
	in, out := figures(t, app, e, "AUDIO")
	between(t, "audio packets in", in["packetsReceived"], 450, 550)
	between(t, "audio bytes in", in["bytesReceived"], 50_000, 64_000)
	between(t, "audio lost", in["packetsLost"], -1, -1)
	between(t, "audio packets out", out["packetsSent"], 440, 550)
	in, out = figures(t, app, e, "VIDEO")
	between(t, "video bytes in", in["bytesReceived"], 540_000, 660_000)
	between(t, "jitter", in["jitter"], 0.001, 0.006)
	between(t, "REMB in", in["remb"], 500_000, 500_000)
	between(t, "REMB out", out["remb"], 500_000, 900_000)
	between(t, "round trip", out["roundTripTime"], 0.02, 0.036)
}

func TestLossShowsOnAudioAndInNACKs(t *testing.T) {
	_, _, app, e := callFor(t, Peer{LossIn: 0.2, LossOut: 0.2}, 31*time.Second)
	in, out := figures(t, app, e, "AUDIO")
	between(t, "audio lost in", in["packetsLost"], 250, 350)
	between(t, "fraction", in["fractionLost"], 25, 80)
	between(t, "audio lost out", out["packetsLost"], 250, 350)
	in, _ = figures(t, app, e, "VIDEO")
	between(t, "video lost", in["packetsLost"], 10, 50)
	between(t, "NACKs", in["nackCount"], 250, 600)
	between(t, "REMB", in["remb"], 500_000, 500_000)
}

func TestAKilledPeerIsSeenByItsMediaAlone(t *testing.T) {
	s, clock, app, e := callFor(t, Peer{}, 5*time.Second)
	state := func() (flow, media bool, ice, connection string) {
		s.mu.Lock()
		defer s.mu.Unlock()
		o := s.objects[e]
		return o.flow.out[video], o.rtp.mediaState == "CONNECTED", o.rtp.iceStates[1], o.rtp.connection
	}
	app.HangUp(e, false)
	clock.Advance(3 * time.Second)
	if flow, media, _, _ := state(); !flow || !media {
		t.Error("after 3 s it still flows")
	}
	clock.Advance(time.Second)
	if flow, media, _, _ := state(); flow || !media {
		t.Error("after 4 s nothing flows, but the media state is connected")
	}
	clock.Advance(3 * time.Second)
	_, media, ice, connection := state()
	if media || ice != "READY" || connection != "CONNECTED" {
		t.Errorf("after 7 s: media %v, ICE %s, connection %s", media, ice, connection)
	}
	in1, _ := figures(t, app, e, "VIDEO")
	clock.Advance(10 * time.Second)
	if in2, _ := figures(t, app, e, "VIDEO"); in1["packetsReceived"] != in2["packetsReceived"] {
		t.Error("a gone peer sends on")
	}
}

func TestATranscoderKeepsTheSendLimit(t *testing.T) {
	clock := NewFakeClock(time.UnixMilli(1795246000000))
	s := New(Options{Seed: 3, Clock: clock})
	t.Cleanup(s.Close)
	b := write(s.NewApp())
	p := b.pipeline("p")
	player := b.make("PlayerEndpoint", p, "player", map[string]any{"uri": "file:///a.webm"})
	e := b.make("WebRtcEndpoint", p, "viewer", nil)
	b.do(e, "setMaxVideoSendBandwidth", map[string]any{"maxVideoSendBandwidth": 100})
	b.link(player, e)
	b.call(e, "recvonly", Peer{})
	b.do(player, "play", nil)
	if b.err != nil {
		t.Fatal(b.err)
	}
	clock.Advance(3 * time.Second)
	_, before := figures(t, b.App, e, "VIDEO")
	clock.Advance(10 * time.Second)
	_, after := figures(t, b.App, e, "VIDEO")
	from, _ := before["bytesSent"].(float64)
	to, _ := after["bytesSent"].(float64)
	between(t, "bitrate", (to-from)*8/10, 95_000, 120_000)
	if in, _ := figures(t, b.App, e, "VIDEO"); in != nil {
		t.Error("a viewer that only receives has inbound figures")
	}
}
