package kmssim

import (
	"context"
	"fmt"
	"time"
)

var conferenceScenario = Scenario{
	Name:    "conference",
	Summary: "a presenter and guests mixed by a Composite, recorded; guests come and go, one has a bad line",
	Run: func(ctx context.Context, app *App) error {
		b := write(app)
		room := b.pipeline("room-4711")
		b.tag(room, "room", "4711")
		b.tag(room, "tenant", "acme")
		mix := b.make("Composite", room, "stage", nil)
		presenter := b.make("WebRtcEndpoint", room, "presenter", nil)
		b.tag(presenter, "user", "presenter")
		b.tag(presenter, "role", "moderator")
		presenterPort := b.make("HubPort", mix, "presenter port", nil)
		b.link(presenter, presenterPort)
		b.link(presenterPort, presenter)
		b.call(presenter, "sendrecv", Peer{VideoBps: 900_000, Address: "198.51.100.21"})
		recordPort := b.make("HubPort", mix, "recording port", nil)
		recorder := b.make("RecorderEndpoint", room, "recorder", map[string]any{"uri": "file:///srv/recordings/room-4711.webm"})
		b.link(recordPort, recorder)
		b.do(recorder, "record", nil)
		b.wait(ctx, 300*time.Millisecond)
		first := app.size(4)
		for i := 1; i <= first; i++ {
			p := Peer{Address: fmt.Sprintf("198.51.100.%d", 30+i), RTT: time.Duration(18+9*(i%12)) * time.Millisecond}
			if i == 3 {
				p.LossIn, p.LossOut, p.Jitter = 0.06, 0.04, 22*time.Millisecond
			}
			b.guest(room, mix, i, p)
			b.wait(ctx, 250*time.Millisecond)
		}
		// From here on one more guest comes, stays a while and goes.
		for i := first + 1; b.err == nil; i++ {
			b.wait(ctx, 12*time.Second)
			endpoint, port := b.guest(room, mix, i, Peer{Address: "203.0.113.40", MuteVideo: i%2 == 0})
			b.wait(ctx, 20*time.Second)
			if b.err == nil {
				b.HangUp(endpoint, i%3 != 0)
			}
			b.wait(ctx, 4*time.Second)
			b.release(endpoint)
			b.release(port)
		}
		return b.err
	},
}

// guest adds a participant to a mixed room.
func (b *script) guest(room, mix string, n int, p Peer) (endpoint, port string) {
	name := fmt.Sprintf("guest-%d", n)
	endpoint = b.make("WebRtcEndpoint", room, name, nil)
	b.tag(endpoint, "user", name)
	port = b.make("HubPort", mix, name+" port", nil)
	b.link(endpoint, port)
	b.link(port, endpoint)
	b.call(endpoint, "sendrecv", p)
	return endpoint, port
}

var loopbackScenario = Scenario{
	Name:    "loopback",
	Summary: "one healthy browser that sees itself",
	Run: func(ctx context.Context, app *App) error {
		b := write(app)
		p := b.pipeline("loopback")
		e := b.make("WebRtcEndpoint", p, "loopback-ep", nil)
		b.link(e, e)
		b.call(e, "sendrecv", Peer{})
		return b.stay(ctx)
	},
}

var oneToManyScenario = Scenario{
	Name:    "one-to-many",
	Summary: "a presenter (sendonly) to eight viewers (recvonly)",
	Run: func(ctx context.Context, app *App) error {
		b := write(app)
		p := b.pipeline("lecture")
		presenter := b.make("WebRtcEndpoint", p, "presenter", map[string]any{"recvonly": true})
		b.call(presenter, "sendonly", Peer{VideoBps: 1_200_000})
		for i := 1; i <= app.size(8); i++ {
			viewer := b.make("WebRtcEndpoint", p, fmt.Sprintf("viewer-%d", i), map[string]any{"sendonly": true})
			b.link(presenter, viewer)
			// Near and far, in no order: 20 to 120 ms.
			b.call(viewer, "recvonly", Peer{RTT: time.Duration(20+37*i%101) * time.Millisecond})
			b.wait(ctx, 150*time.Millisecond)
		}
		return b.stay(ctx)
	},
}

var iceFailureScenario = Scenario{
	Name:    "ice-failure",
	Summary: "two browsers, one behind a NAT that no candidate gets through: ICE fails after 7 s",
	Run: func(ctx context.Context, app *App) error {
		b := write(app)
		p := b.pipeline("behind NAT")
		office := b.make("WebRtcEndpoint", p, "office", nil)
		home := b.make("WebRtcEndpoint", p, "home", nil)
		b.link(office, home)
		b.link(home, office)
		b.call(office, "sendrecv", Peer{})
		for b.err == nil {
			b.call(home, "sendrecv", Peer{Address: "10.0.0.17", Unreachable: true})
			b.wait(ctx, 45*time.Second)
			b.release(home) // the user reloads the page
			home = b.make("WebRtcEndpoint", p, "home", nil)
			b.link(office, home)
			b.link(home, office)
		}
		return b.err
	},
}

var oneWayAudioScenario = Scenario{
	Name:    "one-way-audio",
	Summary: "a call where one side's microphone is silent from the start: audio flows one way only",
	Run: func(ctx context.Context, app *App) error {
		b := write(app)
		p := b.pipeline("support call")
		alice := b.make("WebRtcEndpoint", p, "alice", nil)
		bob := b.make("WebRtcEndpoint", p, "bob", nil)
		b.link(alice, bob)
		b.link(bob, alice)
		b.call(alice, "sendrecv", Peer{})
		b.call(bob, "sendrecv", Peer{MuteAudio: true})
		return b.stay(ctx)
	},
}

var lossRampScenario = Scenario{
	Name:    "loss-ramp",
	Summary: "a call that loses more packets every ten seconds, up to 25 %, and recovers",
	Run: func(ctx context.Context, app *App) error {
		b := write(app)
		p := b.pipeline("bad line")
		mobile := b.make("WebRtcEndpoint", p, "mobile", nil)
		desk := b.make("WebRtcEndpoint", p, "desk", nil)
		b.link(mobile, desk)
		b.link(desk, mobile)
		b.call(mobile, "sendrecv", Peer{RTT: 70 * time.Millisecond})
		b.call(desk, "sendrecv", Peer{})
		for b.err == nil {
			for _, loss := range []float64{0, 0.01, 0.03, 0.06, 0.12, 0.25, 0.08, 0.02} {
				b.wait(ctx, 10*time.Second)
				if b.err != nil {
					break
				}
				b.SetPeer(mobile, func(p *Peer) {
					p.LossIn, p.LossOut = loss, loss*0.7
					p.RembCap = 1_500_000 * (1 - 3.4*loss)
					p.Jitter = time.Duration(3+200*loss) * time.Millisecond
				})
			}
		}
		return b.err
	},
}

var transcodingScenario = Scenario{
	Name:    "transcoding",
	Summary: "VP8 and H.264 browsers in one pipeline: every path is transcoded and the CPU is busy",
	Run: func(ctx context.Context, app *App) error {
		b := write(app)
		p := b.pipeline("codec soup")
		for i := 1; i <= 4; i++ {
			chrome := b.make("WebRtcEndpoint", p, fmt.Sprintf("vp8-%d", i), nil)
			safari := b.make("WebRtcEndpoint", p, fmt.Sprintf("h264-%d", i), nil)
			b.link(chrome, safari)
			b.link(safari, chrome)
			b.call(chrome, "sendrecv", Peer{VideoCodec: "VP8"})
			b.call(safari, "sendrecv", Peer{VideoCodec: "H264"})
			b.wait(ctx, 200*time.Millisecond)
		}
		return b.stay(ctx)
	},
}
