package timeline

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kmscope/inventory"
	"kmscope/wire"
)

const laneEndpoint = "aaaaaaaa_kurento.MediaPipeline/bbbbbbbb_kurento.WebRtcEndpoint"

// laneFacts builds a stream: times are milliseconds of the local clock, stamps
// of the server's, which is ahead by serverAhead.
type laneFacts struct{ l Lanes }

const serverAhead = 5_000_000_000_000

func (b *laneFacts) feed(f wire.Fact, at int) {
	f.At, f.Conn = time.UnixMilli(int64(at)), "c"
	b.l.Feed(f)
}

func (b *laneFacts) event(at, stamp int, name, data string) {
	f := wire.Fact{Kind: wire.KindEvent, Object: laneEndpoint, Type: name, Data: json.RawMessage(data)}
	if stamp != 0 {
		f.Stamp = time.UnixMilli(serverAhead + int64(stamp))
	}
	b.feed(f, at)
}

func (b *laneFacts) ice(at, stamp int, state string) {
	b.event(at, stamp, "IceComponentStateChanged", `{"streamId":1,"componentId":1,"state":"`+state+`"}`)
}

func (b *laneFacts) media(at, stamp int, state string) {
	b.event(at, stamp, "MediaStateChanged", `{"newState":"`+state+`"}`)
}

func (b *laneFacts) read(asked, at int, value string) {
	b.feed(wire.Fact{Kind: wire.KindCall, Method: "invoke", Operation: "getMediaState", Object: laneEndpoint,
		Result: json.RawMessage(`"` + value + `"`), Took: time.Duration(at-asked) * time.Millisecond}, at)
}

func (b *laneFacts) String() string {
	var out []string
	for _, l := range b.l.All(time.Time{}) {
		s := string(l.Lane)
		for _, v := range l.Intervals {
			s += fmt.Sprintf(" %s %d-%d", v.State, v.From.UnixMilli(), v.To.UnixMilli())
			if v.Source == inventory.FromRead {
				s += " read"
			}
			if v.Late {
				s += " late"
			}
		}
		if l.Died {
			s += " died"
		}
		out = append(out, s)
	}
	return strings.Join(out, "\n")
}

func TestLanes(t *testing.T) {
	notFound := wire.Fact{Kind: wire.KindCall, Method: "subscribe", Object: laneEndpoint,
		Err: &wire.RPCError{Code: 40101, Message: "Object '" + laneEndpoint + "' not found"}}
	for _, c := range []struct {
		name string
		feed func(b *laneFacts)
		want string
	}{
		{"nothing is known", func(b *laneFacts) { b.feed(wire.Fact{Kind: wire.KindNote}, 1) }, ""},
		{"in order", func(b *laneFacts) {
			b.ice(11, 10, "GATHERING")
			b.ice(22, 20, "CONNECTING")
			b.ice(31, 30, "CONNECTING")
		},
			"ice/1/1 GATHERING 11-21 CONNECTING 21-31"},
		{"late", func(b *laneFacts) {
			b.media(11, 10, "CONNECTED")
			b.media(41, 40, "CONNECTED")
			b.media(42, 30, "DISCONNECTED")
		},
			"media CONNECTED 11-31 DISCONNECTED 31-41 late CONNECTED 41-42"},
		{"equal timestamps of ICE", func(b *laneFacts) { b.ice(11, 10, "READY"); b.ice(12, 10, "CONNECTED"); b.ice(13, 10, "GATHERING") },
			"ice/1/1 GATHERING 11-11 late CONNECTED 11-11 late READY 11-13"},
		{"equal timestamps of others", func(b *laneFacts) { b.media(11, 10, "CONNECTED"); b.media(12, 10, "DISCONNECTED") },
			"media CONNECTED 11-11 DISCONNECTED 11-12"},
		{"the skew is that of the quickest", func(b *laneFacts) { b.media(60, 10, "CONNECTED"); b.media(70, 65, "DISCONNECTED") },
			"media CONNECTED 15-70 DISCONNECTED 70-70"},
		{"a nonsense timestamp", func(b *laneFacts) {
			b.media(11, 10, "CONNECTED")
			b.media(21, 20, "DISCONNECTED")
			b.media(31, 90_000_000, "CONNECTED")
		}, "media CONNECTED 11-21 DISCONNECTED 21-31 CONNECTED 31-31"},
		{"no timestamp", func(b *laneFacts) { b.media(11, 10, "CONNECTED"); b.media(21, 0, "DISCONNECTED") },
			"media CONNECTED 11-21 DISCONNECTED 21-21"},
		{"a reading", func(b *laneFacts) {
			b.read(5, 7, "DISCONNECTED")
			b.read(8, 9, "DISCONNECTED")
			b.media(21, 20, "CONNECTED")
		},
			"media DISCONNECTED 7-21 read CONNECTED 21-21"},
		{"a reading after an event", func(b *laneFacts) { b.media(11, 10, "CONNECTED"); b.read(12, 14, "DISCONNECTED") },
			"media CONNECTED 11-14 DISCONNECTED 14-14 read"},
		{"an event came while the reading was under way", func(b *laneFacts) { b.media(11, 10, "CONNECTED"); b.read(9, 14, "DISCONNECTED") },
			"media CONNECTED 11-14"},
		{"death by event", func(b *laneFacts) {
			b.media(11, 10, "CONNECTED")
			b.feed(wire.Fact{Kind: wire.KindCall, Method: "release", Object: "aaaaaaaa_kurento.MediaPipeline"}, 40)
			b.event(41, 30, "ObjectDestroyed", `{"objectId":"`+laneEndpoint+`"}`)
			b.media(50, 45, "DISCONNECTED")
		}, "media CONNECTED 11-31 died"},
		{"death by release of the pipeline", func(b *laneFacts) {
			b.media(11, 10, "CONNECTED")
			b.feed(wire.Fact{Kind: wire.KindCall, Method: "release", Object: "aaaaaaaa_kurento.MediaPipeline"}, 40)
			b.feed(wire.Fact{Kind: wire.KindNote}, 90)
		}, "media CONNECTED 11-40 died"},
		{"death by listing", func(b *laneFacts) {
			b.media(11, 10, "CONNECTED")
			list := func(asked, at int, ids string) {
				b.feed(wire.Fact{Kind: wire.KindCall, Method: "invoke", Operation: "getPipelines", Object: inventory.ManagerID,
					Result: json.RawMessage(ids), Took: time.Duration(at-asked) * time.Millisecond}, at)
			}
			list(10, 12, `[]`)
			list(13, 14, `["aaaaaaaa_kurento.MediaPipeline"]`)
			list(20, 22, `[]`)
			list(30, 32, `[]`)
		}, "media CONNECTED 11-22 died"},
		{"death by restart", func(b *laneFacts) {
			b.feed(wire.Fact{Kind: wire.KindCall, Method: "connect", ServerID: "one"}, 1)
			b.media(11, 10, "CONNECTED")
			b.feed(wire.Fact{Kind: wire.KindCall, Method: "connect", ServerID: "one"}, 20)
			b.feed(wire.Fact{Kind: wire.KindCall, Method: "connect", ServerID: "two"}, 30)
		}, "media CONNECTED 11-30 died"},
		{"not found any more", func(b *laneFacts) {
			b.media(11, 10, "CONNECTED")
			b.feed(notFound, 20)
			b.media(900, 899, "DISCONNECTED")
		}, "media CONNECTED 11-20 died"},
		{"not found yet", func(b *laneFacts) {
			b.feed(notFound, 5)
			b.media(11, 10, "CONNECTED")
			b.media(1200, 1199, "DISCONNECTED")
		}, "media CONNECTED 11-1200 DISCONNECTED 1200-1200"},
		{"dead before the first late event", func(b *laneFacts) {
			b.event(21, 20, "ObjectDestroyed", `{"objectId":"`+laneEndpoint+`"}`)
			b.media(22, 15, "CONNECTED")
			b.ice(23, 22, "READY")
		}, "media CONNECTED 16-21 died"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b laneFacts
			c.feed(&b)
			if got := b.String(); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			if one := b.l.Object(laneEndpoint, time.Time{}); len(one) != len(b.l.All(time.Time{})) {
				t.Errorf("Object gives %d lanes", len(one))
			}
		})
	}
}

// TestLanesOfSeveralServers holds that a server's clock and its restart say
// nothing about another server.
func TestLanesOfSeveralServers(t *testing.T) {
	var l Lanes
	at := func(ms int64) time.Time { return time.UnixMilli(ms) }
	feed := func(conn string, ms int64, f wire.Fact) { f.Conn, f.At = conn, at(ms); l.Feed(f) }
	for i, conn := range []string{"a", "b"} {
		feed(conn, 1, wire.Fact{Kind: wire.KindOpen, Text: "ws://" + conn})
		feed(conn, 2, wire.Fact{Kind: wire.KindCall, Method: "connect", ServerID: conn})
		feed(conn, 10, wire.Fact{Kind: wire.KindEvent, Object: conn + "_kurento.MediaPipeline/x_kurento.PlayerEndpoint", Type: "UriEndpointStateChanged",
			Data: json.RawMessage(`{"state":"START"}`), Stamp: at(1000 * int64(i+1))})
	}
	feed("a", 20, wire.Fact{Kind: wire.KindCall, Method: "connect", ServerID: "c"})
	got := l.All(at(30))
	if len(got) != 2 || !got[0].Died || got[1].Died || !got[0].Intervals[0].To.Equal(at(20)) || !got[1].Intervals[0].To.Equal(at(30)) {
		t.Fatalf("%+v", got)
	}
	for i, g := range got {
		if !g.Intervals[0].From.Equal(at(10)) || !l.Local("ws://"+string("ab"[i]), at(1000*int64(i+1))).Equal(at(10)) {
			t.Errorf("%+v", g)
		}
	}
}

// TestLanesAreBounded feeds more than is kept.
func TestLanesAreBounded(t *testing.T) {
	var b laneFacts
	for i := range maxLaneMarks + 10 {
		b.media(i+11, i+10, strconv.Itoa(i%2))
	}
	for i := range maxLanes + 10 {
		b.event(maxLaneMarks+100, maxLaneMarks+99, "MediaFlowInStateChanged", `{"mediaType":"AUDIO","padName":"p`+strconv.Itoa(i)+`","state":"FLOWING"}`)
	}
	all := b.l.All(time.Time{})
	if len(all) != maxLanes || !all[0].Cut || len(all[0].Intervals) > maxLaneMarks || b.l.marks > maxLaneMarks+maxLanes {
		t.Errorf("%d lanes, the first cut %v with %d intervals, %d marks", len(all), all[0].Cut, len(all[0].Intervals), b.l.marks)
	}
}

// TestLanesFarBack feeds events in the worst order, newest first.
func TestLanesFarBack(t *testing.T) {
	var b laneFacts
	const n = 20_000
	for i := range n {
		b.ice(2*n+i, 2*n-i, []string{"CONNECTING", "FAILED"}[i%2])
	}
	v := b.l.All(time.Time{})[0].Intervals
	for i := range v {
		if i > 0 && (!v[i].From.Equal(v[i-1].To) || v[i].From.Sub(v[i-1].From) != time.Millisecond) || v[i].Late != (i < n-1) {
			t.Fatalf("interval %d of %d: %+v", i, len(v), v[i])
		}
	}
	if len(v) != n {
		t.Errorf("%d intervals, want %d", len(v), n)
	}
}

// TestTheNewestDeadKeepTheirLanes has endpoints come and go.
func TestTheNewestDeadKeepTheirLanes(t *testing.T) {
	var b laneFacts
	id := func(n int) string {
		return fmt.Sprintf("aaaaaaaa_kurento.MediaPipeline/%08d_kurento.WebRtcEndpoint", n)
	}
	feed := func(object, name, data string) {
		b.feed(wire.Fact{Kind: wire.KindEvent, Object: object, Type: name, Data: json.RawMessage(data)}, 1)
	}
	const all = 2 * maxDead
	for n := range all {
		feed(id(n), "MediaStateChanged", `{"newState":"CONNECTED"}`)
		if n > 0 {
			feed(inventory.ManagerID, "ObjectDestroyed", fmt.Sprintf(`{"objectId":%q}`, id(n)))
		}
	}
	for n := range all {
		kept := b.l.Object(id(n), time.UnixMilli(9)) != nil
		if (n == 0 || n >= all-maxDead) && !kept || n > 0 && n < all-maxDead-maxDead/8 && kept {
			t.Fatalf("number %d of %d has lanes: %v", n, all, kept)
		}
	}
	if n := len(b.l.order); n != len(b.l.objects) || n != len(b.l.dead)+1 || b.l.marks != n || len(b.l.pipes) != 1 || len(b.l.pipes["aaaaaaaa_kurento.MediaPipeline"]) != n {
		t.Errorf("%d objects in order, %d by id, %d dead, %d marks", n, len(b.l.objects), len(b.l.dead), b.l.marks)
	}
	// What is late does not make the forgotten live.
	feed(id(1), "MediaStateChanged", `{"newState":"DISCONNECTED"}`)
	if o := b.l.objects[id(1)]; o == nil || !o.death.known {
		t.Errorf("after late news: %+v", o)
	}
}

// BenchmarkLanes feeds 100,000 events of 50 endpoints and asks for all lanes.
func BenchmarkLanes(b *testing.B) {
	var facts []wire.Fact
	for i := range 100_000 {
		facts = append(facts, wire.Fact{Kind: wire.KindEvent, Conn: "c", At: time.UnixMilli(int64(i + 3)), Stamp: time.UnixMilli(int64(i + i%3)),
			Object: "aaaaaaaa_kurento.MediaPipeline/b" + strconv.Itoa(i%50) + "_kurento.WebRtcEndpoint", Type: "MediaFlowInStateChanged",
			Data: json.RawMessage(`{"mediaType":"VIDEO","padName":"default","state":"` + []string{"FLOWING", "NOT_FLOWING"}[i/50%2] + `"}`)})
	}
	b.Run("feed", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var l Lanes
			for _, f := range facts {
				l.Feed(f)
			}
		}
	})
	var l Lanes
	for _, f := range facts {
		l.Feed(f)
	}
	b.Run("all", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if len(l.All(time.Time{})) != 50 {
				b.Fatal("lanes are missing")
			}
		}
	})
}

// TestFeedBoth holds that taking an event apart once for both changes neither.
func TestFeedBoth(t *testing.T) {
	for _, name := range []string{"02-webrtc-loopback", "03b-player-mp4-pause-errors", "12-server-crash-mixer"} {
		all := records(t, name)
		apart, log, lanes := replay(all), NewLog(0), new(Lanes)
		var alone Lanes
		var d wire.Decoder
		for _, r := range all {
			for _, f := range d.Feed(r) {
				Feed(log, lanes, f)
				alone.Feed(f)
			}
		}
		if diff := cmp.Diff(apart.Range(0, apart.Len()), log.Range(0, log.Len())); diff != "" || log.Len() == 0 {
			t.Errorf("%s: the log differs: %s", name, diff)
		}
		if diff := cmp.Diff(alone.All(time.Time{}), lanes.All(time.Time{})); diff != "" {
			t.Errorf("%s: the lanes differ: %s", name, diff)
		}
	}
}
