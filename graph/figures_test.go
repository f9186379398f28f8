package graph

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"kmscope/inventory"
	"kmscope/stats"
	"kmscope/wire"
)

func TestWord(t *testing.T) {
	for _, tt := range []struct {
		e    Edge
		want string
	}{
		{Edge{Media: inventory.Video, Flow: Flowing, RateBps: 1.24e6, Count: 1}, "1.24 Mbit/s"},
		{Edge{Media: inventory.Video, Flow: Flowing, RateBps: 1.24e6, Count: 3}, "1.24 Mbit/s ×3"},
		{Edge{Media: inventory.Video, Flow: NotFlowing, RateBps: 5, Count: 1}, "no video"},
		{Edge{Media: inventory.Video, Flow: NotFlowing, RateBps: 5, Count: 50, Stopped: 50}, "no video"},
		{Edge{Media: inventory.Video, Flow: NotFlowing, RateBps: 5, Count: 50, Stopped: 3}, "no video on 3"},
		{Edge{Media: inventory.Audio, RateBps: -1, Count: 1}, ""},
		{Edge{PartOf: true, RateBps: 5}, ""},
	} {
		if got := tt.e.Word(); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.e, got, tt.want)
		}
	}
}

// sampled gives a store with two samples of what an element sends, and its
// latency.
func sampled(element string) *stats.Store {
	store := stats.NewStore()
	for i, bytes := range []int{0, 125_000, 375_000} {
		at := epoch.Add(time.Duration(i) * time.Second)
		answer := fmt.Sprintf(`{"s1":{"id":"s1","type":"outboundrtp","ssrc":"7","bytesSent":%d,"packetsSent":%d,"timestampMillis":%d},
			"e":{"id":"e","type":"endpoint","timestampMillis":%d,"E2ELatency":[{"name":"sink_video_default","type":"VIDEO","avg":%d}]}}`,
			bytes, bytes/1000, at.UnixMilli(), at.UnixMilli(), 85_000_000*(i+1))
		store.Feed(wire.Fact{Kind: wire.KindCall, Method: "invoke", Operation: "getStats", Object: element, At: at, Stamp: at,
			Params: json.RawMessage(`{"mediaType":"VIDEO"}`), Result: json.RawMessage(answer)})
	}
	return store
}

// TestFigures writes bit rates and latencies in every format, of now and of a
// moment before.
func TestFigures(t *testing.T) {
	s := newServer()
	for _, id := range []string{pipeline, webrtc, player} {
		s.created(id)
	}
	s.connected(player, webrtc, "VIDEO")
	s.flow(webrtc, "In", "VIDEO", "FLOWING")
	store := sampled(webrtc)
	for _, c := range []struct {
		at            time.Time
		rate, latency string
		bps, ms       float64
	}{
		{time.Time{}, "2.00 Mbit/s", "≈ 255 ms end to end", 2e6, 255},
		{epoch.Add(1500 * time.Millisecond), "1.00 Mbit/s", "≈ 170 ms end to end", 1e6, 170},
		{epoch.Add(time.Minute), "", "", 0, 0},
		{epoch.Add(-time.Minute), "", "", 0, 0},
	} {
		f := FiguresAt(store, c.at)
		g := Columns(Build(s.Snapshot(), f).FitText())
		n := node(t, g, webrtc)
		if got := n.LatencyWord(); got != c.latency {
			t.Errorf("at %v: latency %q, want %q", c.at, got, c.latency)
		}
		if got := g.Edges[0].Word(); got != c.rate {
			t.Errorf("at %v: rate %q, want %q", c.at, got, c.rate)
		}
		d := Describe(s.Snapshot()).With(f)
		if c.rate == "" {
			if d.Edges[0].RateBps != nil || d.Nodes[1].LatencyMs != nil {
				t.Errorf("at %v: %+v", c.at, d)
			}
			continue
		}
		if e := d.Edges[0]; e.RateBps == nil || *e.RateBps != c.bps {
			t.Errorf("at %v: %+v", c.at, e)
		}
		if n := d.Nodes[1]; n.LatencyMs == nil || *n.LatencyMs != c.ms {
			t.Errorf("at %v: %+v", c.at, n)
		}
		texts, _ := svgTexts(t, svg(t, g, false))
		if all := strings.Join(texts, "\n"); !strings.Contains(all, c.rate) || !strings.Contains(all, c.latency) {
			t.Errorf("the picture says %q", texts)
		}
		for name, write := range map[string]func(*bytes.Buffer) error{
			"DOT":     func(b *bytes.Buffer) error { return g.WriteDOT(b) },
			"Mermaid": func(b *bytes.Buffer) error { return g.WriteMermaid(b) },
		} {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(b.String(), "video "+c.rate) || !strings.Contains(b.String(), strings.TrimPrefix(c.latency, "≈ ")) {
				t.Errorf("%s says %s", name, b.String())
			}
		}
	}
	if f := FiguresAt(nil, time.Time{}); f.Rate != nil || f.Latency != nil {
		t.Error("nothing has figures")
	}
}
