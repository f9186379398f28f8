package conformance

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"kmscope/inventory"
	"kmscope/kmssim"
	"kmscope/session"
	"kmscope/stats"
)

// TestCallIsSeen: peers call endpoints that send back what they get; the
// observer sees ICE, DTLS, the flow of media and its rate; one is killed, and
// the observer sees that, too, where the server tells it.
func TestCallIsSeen(t *testing.T) {
	alongside(t)
	check := func(t *testing.T, url string, app *client, call func(endpoint string) (kill func())) {
		o := attach(t, url, session.Options{})
		defer o.detach(t)
		pipeline := app.create("MediaPipeline", object{})
		defer app.call("release", object{"object": pipeline})
		var ids []string
		var kills []func()
		for range 3 {
			id := app.create("WebRtcEndpoint", object{"mediaPipeline": pipeline})
			app.invoke(id, "connect", object{"sink": id})
			ids = append(ids, id)
		}
		o.wait(t, patience, "the endpoints are seen", func() bool { return o.sees(ids...) })
		o.s.Focus(ids...)
		for _, id := range ids {
			kills = append(kills, call(id))
		}
		defer func() { // what the server itself says, should something be missing
			if !t.Failed() {
				return
			}
			for _, id := range ids {
				for _, getter := range []string{"getIceConnectionState", "getDtlsConnectionState", "getConnectionState", "getMediaState"} {
					t.Log(id, getter, writeJSON(app.invoke(id, getter, nil)))
				}
				t.Logf("observed: %+v", o.s.Snapshot().Object(id).States)
			}
		}()
		lanes := func(id, prefix string) string {
			var out []string
			if obj := o.s.Snapshot().Object(id); obj != nil {
				for lane, s := range obj.States {
					if strings.HasPrefix(string(lane), prefix) {
						out = append(out, s.Value)
					}
				}
			}
			return fmt.Sprint(out)
		}
		state := func(id string, lane inventory.Lane) string { return o.s.Snapshot().Object(id).State(lane).Value }
		for _, id := range ids {
			o.wait(t, patience, "ICE is ready", func() bool {
				l := lanes(id, "ice/")
				return strings.Contains(l, "READY") || strings.Contains(l, "CONNECTED")
			})
			o.wait(t, patience, "DTLS is connected", func() bool { return strings.Contains(lanes(id, "dtls/"), "CONNECTED") })
			o.wait(t, patience, "the endpoint is connected", func() bool {
				return state(id, inventory.LaneConnection) == "CONNECTED" && state(id, inventory.LaneMedia) == "CONNECTED"
			})
			for _, m := range []inventory.Media{inventory.Audio, inventory.Video} {
				o.wait(t, patience, string(m)+" flows in and out", func() bool {
					return state(id, inventory.FlowIn(m)) == "FLOWING" && state(id, inventory.FlowOut(m)) == "FLOWING"
				})
				for _, dir := range []stats.Direction{stats.In, stats.Out} {
					o.wait(t, patience, fmt.Sprint("a bit rate of ", m, " ", dir), func() bool {
						rate, known := o.s.Stats().Rate(id, dir, string(m))
						return known && rate > 1000
					})
				}
			}
			in, _ := o.s.Stats().Rate(id, stats.In, string(inventory.Video))
			out, _ := o.s.Stats().Rate(id, stats.Out, string(inventory.Video))
			t.Logf("ICE %s, DTLS %s, video %.0f bit/s in, %.0f bit/s out", lanes(id, "ice/"), lanes(id, "dtls/"), in, out)
			if pairs := len(o.s.Snapshot().Object(id).Pairs); pairs == 0 {
				t.Error("no selected pair of candidates")
			}
		}
		killed := ids[1]
		kills[1]()
		stopped := o.wait(t, patience, "no media flows in any more", func() bool {
			return state(killed, inventory.FlowIn(inventory.Audio)) == "NOT_FLOWING" && state(killed, inventory.FlowIn(inventory.Video)) == "NOT_FLOWING"
		})
		// The server notices at last, as a rule; it was seen not to for 20 s.
		asked := time.Now()
		lost := o.wait(t, patience, "the media are disconnected, if the server says so", func() bool {
			if state(killed, inventory.LaneMedia) == "DISCONNECTED" {
				return true
			}
			if time.Since(asked) < patience/2 {
				return false
			}
			return app.invoke(killed, "getMediaState", nil) == state(killed, inventory.LaneMedia)
		})
		t.Logf("killed: not flowing after %.1f s, media %s after %.1f s; ICE %s",
			stopped.Seconds(), state(killed, inventory.LaneMedia), (stopped + lost).Seconds(), lanes(killed, "ice/"))
		o.wait(t, patience, "its rate is zero", func() bool {
			rate, known := o.s.Stats().Rate(killed, stats.In, string(inventory.Video))
			return !known || rate == 0
		})
		if v := state(ids[0], inventory.FlowIn(inventory.Video)); v != "FLOWING" {
			t.Errorf("the others' video is %s", v)
		}
		// A killed peer is no failed ICE, as far as the server knows.
		if state(killed, inventory.LaneConnection) != "CONNECTED" {
			t.Logf("connection %s", state(killed, inventory.LaneConnection))
		}
	}
	t.Run("simulated", func(t *testing.T) {
		s := simulated(t, kmssim.Options{CollectorPeriod: time.Minute})
		browser := s.sim.NewApp()
		check(t, s.url, dial(t, s.url), func(endpoint string) func() {
			if err := browser.Dial(endpoint, "sendrecv", kmssim.Peer{}); err != nil {
				t.Fatal(err)
			}
			return func() { browser.HangUp(endpoint, false) }
		})
	})
	if *kms != "" {
		t.Run("real", func(t *testing.T) {
			app := dial(t, *kms)
			check(t, *kms, app, func(endpoint string) func() { return ring(t, app, endpoint).kill })
		})
	}
}
