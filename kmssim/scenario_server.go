package kmssim

import (
	"context"
	"errors"
	"fmt"
	"time"
)

var playerRecorderScenario = Scenario{
	Name:    "player-recorder",
	Summary: "a file played to a recorder and a viewer, again and again; a second player finds no file",
	Run: func(ctx context.Context, app *App) error {
		b := write(app)
		p := b.pipeline("playout")
		player := b.make("PlayerEndpoint", p, "player", map[string]any{"uri": "file:///srv/media/sample.webm"})
		recorder := b.make("RecorderEndpoint", p, "recorder", map[string]any{"uri": "file:///srv/recordings/copy.webm"})
		flip := b.make("GStreamerFilter", p, "flip", map[string]any{"command": "videoflip method=vertical-flip", "filterType": "VIDEO"})
		viewer := b.make("WebRtcEndpoint", p, "viewer", nil)
		lost := b.make("PlayerEndpoint", p, "missing file", map[string]any{"uri": "file:///srv/media/missing.webm"})
		b.link(player, recorder)
		b.link(player, flip)
		b.link(flip, viewer)
		b.call(viewer, "recvonly", Peer{})
		b.wait(ctx, 1500*time.Millisecond)
		for b.err == nil {
			b.do(recorder, "record", nil)
			b.do(player, "play", nil)
			b.do(lost, "play", nil)
			b.wait(ctx, fileLength+3*time.Second)
			b.do(recorder, "stopAndWait", nil)
			b.do(lost, "stop", nil)
			b.wait(ctx, 3*time.Second)
		}
		return b.err
	},
}

var zombieScenario = Scenario{
	Name:    "zombie",
	Summary: "applications that die and leave pipelines behind, which the collector takes after one to two periods",
	Run: func(ctx context.Context, app *App) error {
		b := write(app)
		p := b.pipeline("well kept")
		e := b.make("WebRtcEndpoint", p, "alive", nil)
		b.link(e, e)
		b.call(e, "sendrecv", Peer{})
		for i := 1; b.err == nil; i++ {
			doomed := write(app.Server().NewApp())
			dead := doomed.pipeline(fmt.Sprintf("left behind %d", i))
			a := doomed.make("WebRtcEndpoint", dead, "caller", nil)
			c := doomed.make("WebRtcEndpoint", dead, "callee", nil)
			doomed.link(a, c)
			doomed.link(c, a)
			doomed.call(a, "sendrecv", Peer{})
			doomed.call(c, "sendrecv", Peer{})
			b.wait(ctx, 6*time.Second)
			if doomed.err == nil {
				doomed.HangUp(a, false)
				doomed.HangUp(c, false)
			}
			doomed.Leave()
			b.wait(ctx, 20*time.Second)
		}
		return b.err
	},
}

var restartScenario = Scenario{
	Name:    "restart",
	Summary: "a server that crashes every 20 s and comes back empty under another server id",
	Run: func(ctx context.Context, app *App) error {
		for ctx.Err() == nil {
			b := write(app)
			p := b.pipeline("call")
			caller := b.make("WebRtcEndpoint", p, "caller", nil)
			callee := b.make("WebRtcEndpoint", p, "callee", nil)
			b.link(caller, callee)
			b.link(callee, caller)
			b.call(caller, "sendrecv", Peer{})
			b.call(callee, "sendrecv", Peer{})
			b.wait(ctx, 20*time.Second)
			if b.err != nil && !errors.Is(b.err, ErrGone) {
				return b.err
			}
			app.Server().Restart()
			if err := app.Reconnect(ctx); err != nil {
				return err
			}
		}
		return ctx.Err()
	},
}

var slowScenario = Scenario{
	Name:    "slow",
	Summary: "a conference on a server whose answers take 400 ms, and 3 s every half minute",
	Run: func(ctx context.Context, app *App) error {
		srv := app.Server()
		srv.UpdateFaults(func(f *Faults) { f.Latency = 400 * time.Millisecond })
		defer srv.UpdateFaults(func(f *Faults) { f.Latency = 0 })
		helper := srv.NewApp()
		defer helper.Leave()
		sub, cancel := context.WithCancel(ctx)
		done := make(chan error, 1)
		go func() { done <- conferenceScenario.Run(sub, helper) }()
		b := write(app)
		for b.err == nil {
			b.wait(ctx, 25*time.Second)
			srv.UpdateFaults(func(f *Faults) { f.Latency = 3 * time.Second })
			b.wait(ctx, 6*time.Second)
			srv.UpdateFaults(func(f *Faults) { f.Latency = 400 * time.Millisecond })
		}
		cancel()
		<-done
		return b.err
	},
}

var hugeScenario = Scenario{
	Name:    "huge",
	Summary: "5,000 objects in 250 pipelines, a tenth of them with media",
	Run: func(ctx context.Context, app *App) error {
		b := write(app)
		for i := range app.size(250) {
			p := b.make("MediaPipeline", "", fmt.Sprintf("room-%03d", i), nil)
			mix := b.make("Composite", p, "", nil)
			for j := range 6 {
				e := b.make("WebRtcEndpoint", p, fmt.Sprintf("user-%03d-%d", i, j), nil)
				port := b.make("HubPort", mix, "", nil)
				b.link(e, port)
				b.link(port, e)
				if i%10 == 0 {
					b.call(e, "sendrecv", Peer{RTT: time.Duration(10+i%60) * time.Millisecond})
				}
			}
			for range 2 {
				player := b.make("PlayerEndpoint", p, "", map[string]any{"uri": "file:///srv/media/sample.webm"})
				pass := b.make("PassThrough", p, "", nil)
				b.link(player, pass)
			}
			b.make("RecorderEndpoint", p, "", map[string]any{"uri": "file:///srv/recordings/x.webm"})
			b.make("PassThrough", p, "", nil)
			if b.err != nil || ctx.Err() != nil {
				break
			}
		}
		return b.stay(ctx)
	},
}

var churnScenario = Scenario{
	Name:    "churn",
	Summary: "five elements come and five go every second, in pipelines that come and go as well",
	Run: func(ctx context.Context, app *App) error {
		b := write(app)
		var alive []string
		pipe := b.pipeline("churn-0")
		hub := b.make("PassThrough", pipe, "hub", nil)
		var old string
		for i := 0; b.err == nil; i++ {
			if i%50 == 49 {
				if old != "" {
					b.release(old)
				}
				old, alive = pipe, nil
				pipe = b.pipeline(fmt.Sprintf("churn-%d", i/50+1))
				hub = b.make("PassThrough", pipe, "hub", nil)
			}
			e := b.make("WebRtcEndpoint", pipe, fmt.Sprintf("passer-by-%d", i), nil)
			b.link(hub, e)
			if i%3 == 0 {
				b.call(e, "sendrecv", Peer{})
			}
			alive = append(alive, e)
			if len(alive) > 15 {
				b.release(alive[0])
				alive = alive[1:]
			}
			b.wait(ctx, 200*time.Millisecond)
		}
		return b.err
	},
}
