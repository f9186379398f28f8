package browserdump

import (
	"testing"
	"time"

	"kmscope/stats"
)

// TestFigures reads what a real browser measured as the server's own figures are
// read: by direction, in their units, on the server's clock.
func TestFigures(t *testing.T) {
	d := readDump(t, "loopback")
	const offset = 3 * time.Second
	list := d.Connections[0].Figures("endpoint", offset)
	find := func(metric string, dir stats.Direction, media string) stats.Series {
		t.Helper()
		for _, s := range list {
			if s.Metric == metric && s.Dir == dir && s.Media == media {
				return s
			}
		}
		t.Fatalf("no %s %s %s", metric, dir, media)
		return stats.Series{}
	}
	for _, want := range []struct {
		metric    string
		dir       stats.Direction
		media     string
		unit      stats.Unit
		low, high float64 // that the greatest value lies between
	}{
		{MetricPrefix + stats.Bitrate, stats.In, "VIDEO", stats.Bps, 1e5, 5e6},
		{MetricPrefix + stats.Bitrate, stats.Out, "AUDIO", stats.Bps, 1e3, 2e5},
		{MetricPrefix + stats.PacketRate, stats.In, "AUDIO", stats.PerSecond, 30, 70},
		{MetricPrefix + stats.RTT, stats.Out, "VIDEO", stats.Ms, 0, 100},
		{MetricPrefix + stats.REMB, stats.In, "", stats.Bps, 1e5, 1e8},
		{Frames, stats.In, "VIDEO", stats.PerSecond, 5, 61},
		{FrameHeight, stats.Out, "VIDEO", stats.Pixels, 90, 1080},
		{JitterBuffer, stats.Out, "VIDEO", stats.Ms, 1, 1000},
	} {
		s := find(want.metric, want.dir, want.media)
		most := 0.0
		for i, pt := range s.Points {
			most = max(most, pt.V)
			if i > 0 && !pt.At.After(s.Points[i-1].At) {
				t.Errorf("%s: point %d stands before the one that it follows", s.Metric, i)
			}
			if pt.At.Before(d.From.Add(offset)) || pt.At.After(d.To.Add(offset)) {
				t.Errorf("%s: a point at %v", s.Metric, pt.At)
			}
		}
		if s.Unit != want.unit || most < want.low || most > want.high || s.Element != "endpoint" || s.Stream == "" {
			t.Errorf("%+v in %s: at most %v", s.Key, s.Unit, most)
		}
	}
	// The rate is what the counter grew by: both add up to the same.
	var sent *Series
	pc := d.Connections[0]
	for i := range pc.Series {
		if s := &pc.Series[i]; s.Kind == "outbound-rtp" && s.Metric == "bytesSent" && s.Points[len(s.Points)-1].Value > 100_000 {
			sent = s
		}
	}
	rate := find(MetricPrefix+stats.Bitrate, stats.In, "VIDEO")
	sum, at := 0.0, sent.Points[0].At.Add(offset)
	for _, pt := range rate.Points {
		sum += pt.V / 8 * pt.At.Sub(at).Seconds()
		at = pt.At
	}
	if grown := sent.Points[len(sent.Points)-1].Value - sent.Points[0].Value; sum < grown*0.999 || sum > grown*1.001 {
		t.Errorf("the rates add up to %.0f bytes, the counter grew by %.0f", sum, grown)
	}
}

// TestFiguresOfOddCounters has counters that begin anew, samples that are told
// twice, and long pauses.
func TestFiguresOfOddCounters(t *testing.T) {
	at := func(s float64) time.Time {
		return time.UnixMilli(1_800_000_000_000).Add(time.Duration(s * float64(time.Second)))
	}
	series := func(metric string, points ...Point) Series {
		return Series{Stat: "A", Kind: "inbound-rtp", Metric: metric, Points: points}
	}
	p := &PeerConnection{Series: []Series{
		series("bytesReceived", Point{at(0), 0}, Point{at(1), 1000}, Point{at(1), 1000}, Point{at(2), 3000}, Point{at(3), 10}, Point{at(4), 1010}, Point{at(60), 1010}),
		series("packetsLost", Point{at(0), 0}, Point{at(1), 1}, Point{at(2), 0}),
		series("packetsReceived", Point{at(0), 0}, Point{at(1), 9}, Point{at(2), 19}),
	}}
	got := map[string][]stats.Point{}
	for _, s := range p.Figures("e", 0) {
		got[s.Metric] = s.Points
	}
	want := map[string][]stats.Point{
		MetricPrefix + stats.Bitrate:      {{At: at(1), V: 8000}, {At: at(2), V: 16000}, {At: at(4), V: 8000}, {At: at(60), V: 0, Gap: true}},
		MetricPrefix + stats.FractionLost: {{At: at(1), V: 0.1}, {At: at(2), V: 0}},
		MetricPrefix + stats.PacketRate:   {{At: at(1), V: 9}, {At: at(2), V: 10}},
	}
	for metric, points := range want {
		if len(got[metric]) != len(points) {
			t.Errorf("%s: %+v", metric, got[metric])
			continue
		}
		for i := range points {
			if got[metric][i] != points[i] {
				t.Errorf("%s: %+v, want %+v", metric, got[metric][i], points[i])
			}
		}
	}
	p.Series[2].Points = []Point{{at(0), 0}, {at(9), 0}}
	if list := p.Figures("e", 0); len(list) != 0 {
		t.Errorf("a stream without a packet has %+v", list)
	}
}
