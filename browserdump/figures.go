package browserdump

import (
	"math"
	"slices"
	"strings"
	"time"

	"kmscope/stats"
)

// MetricPrefix begins the names of the browser's metrics in Figures. What
// follows is the name that the server's own metric has in the catalogue of
// package stats, where it has the like: "browser/bitrate".
const MetricPrefix = "browser/"

// The metrics of a browser that a server has not the like of.
const (
	Frames       = MetricPrefix + "frames"        // per second
	FrameHeight  = MetricPrefix + "frame-height"  // pixels
	FrameTime    = MetricPrefix + "frame-time"    // ms to encode or to decode one
	JitterBuffer = MetricPrefix + "jitter-buffer" // ms that media waits in it
	Concealed    = MetricPrefix + "concealed"     // share of the sound that was made up
)

// how a figure is made of the browser's values.
type how uint8

const (
	gauge   how = iota
	rate        // per second
	perUnit     // what it grew by, over what another metric grew by
	share       // the same, over what both grew by
)

// figure makes one metric of the figures. The direction is seen from the server,
// as everywhere: what the browser sends is In.
type figure struct {
	kind, metric string // as the dump has them
	over         string // the other metric
	name         string
	dir          stats.Direction
	how          how
	factor       float64
	unit         stats.Unit
}

// figures are all that Figures gives. Names and meaning are those of the W3C's
// webrtc-stats.
var figures = []figure{
	{kind: "outbound-rtp", metric: "bytesSent", name: MetricPrefix + stats.Bitrate, dir: stats.In, how: rate, factor: 8, unit: stats.Bps},
	{kind: "inbound-rtp", metric: "bytesReceived", name: MetricPrefix + stats.Bitrate, dir: stats.Out, how: rate, factor: 8, unit: stats.Bps},
	{kind: "outbound-rtp", metric: "packetsSent", name: MetricPrefix + stats.PacketRate, dir: stats.In, how: rate, factor: 1, unit: stats.PerSecond},
	{kind: "inbound-rtp", metric: "packetsReceived", name: MetricPrefix + stats.PacketRate, dir: stats.Out, how: rate, factor: 1, unit: stats.PerSecond},
	{kind: "outbound-rtp", metric: "targetBitrate", name: MetricPrefix + stats.TargetBitrate, dir: stats.In, factor: 1, unit: stats.Bps},
	// What the browser was told by the server's receiver reports, and what it
	// lacks itself, which is what its own reports tell the server.
	{kind: "remote-inbound-rtp", metric: "fractionLost", name: MetricPrefix + stats.Loss, dir: stats.In, factor: 1, unit: stats.Ratio},
	{kind: "inbound-rtp", metric: "packetsLost", over: "packetsReceived", name: MetricPrefix + stats.FractionLost, dir: stats.Out, how: share, factor: 1, unit: stats.Ratio},
	{kind: "remote-inbound-rtp", metric: "jitter", name: MetricPrefix + stats.Jitter, dir: stats.In, factor: 1000, unit: stats.Ms},
	{kind: "inbound-rtp", metric: "jitter", name: MetricPrefix + stats.Jitter, dir: stats.Out, factor: 1000, unit: stats.Ms},
	// The way there and back is the same from both ends; the server has it of
	// what it sends.
	{kind: "remote-inbound-rtp", metric: "roundTripTime", name: MetricPrefix + stats.RTT, dir: stats.Out, factor: 1000, unit: stats.Ms},
	{kind: "outbound-rtp", metric: "nackCount", name: MetricPrefix + stats.NACKRate, dir: stats.In, how: rate, factor: 1, unit: stats.PerSecond},
	{kind: "inbound-rtp", metric: "nackCount", name: MetricPrefix + stats.NACKRate, dir: stats.Out, how: rate, factor: 1, unit: stats.PerSecond},
	{kind: "outbound-rtp", metric: "pliCount", name: MetricPrefix + stats.PLIRate, dir: stats.In, how: rate, factor: 1, unit: stats.PerSecond},
	{kind: "inbound-rtp", metric: "pliCount", name: MetricPrefix + stats.PLIRate, dir: stats.Out, how: rate, factor: 1, unit: stats.PerSecond},
	{kind: "outbound-rtp", metric: "firCount", name: MetricPrefix + stats.FIRRate, dir: stats.In, how: rate, factor: 1, unit: stats.PerSecond},
	{kind: "inbound-rtp", metric: "firCount", name: MetricPrefix + stats.FIRRate, dir: stats.Out, how: rate, factor: 1, unit: stats.PerSecond},
	{kind: "candidate-pair", metric: "availableOutgoingBitrate", name: MetricPrefix + stats.REMB, dir: stats.In, factor: 1, unit: stats.Bps},

	{kind: "outbound-rtp", metric: "framesPerSecond", name: Frames, dir: stats.In, factor: 1, unit: stats.PerSecond},
	{kind: "inbound-rtp", metric: "framesPerSecond", name: Frames, dir: stats.Out, factor: 1, unit: stats.PerSecond},
	{kind: "outbound-rtp", metric: "frameHeight", name: FrameHeight, dir: stats.In, factor: 1, unit: stats.Pixels},
	{kind: "inbound-rtp", metric: "frameHeight", name: FrameHeight, dir: stats.Out, factor: 1, unit: stats.Pixels},
	{kind: "outbound-rtp", metric: "totalEncodeTime", over: "framesEncoded", name: FrameTime, dir: stats.In, how: perUnit, factor: 1000, unit: stats.Ms},
	{kind: "inbound-rtp", metric: "totalDecodeTime", over: "framesDecoded", name: FrameTime, dir: stats.Out, how: perUnit, factor: 1000, unit: stats.Ms},
	{kind: "inbound-rtp", metric: "jitterBufferDelay", over: "jitterBufferEmittedCount", name: JitterBuffer, dir: stats.Out, how: perUnit, factor: 1000, unit: stats.Ms},
	{kind: "inbound-rtp", metric: "concealedSamples", over: "totalSamplesReceived", name: Concealed, dir: stats.Out, how: perUnit, factor: 1, unit: stats.Ratio},
}

// maxPause is how far two samples may be apart for a line between them: a
// browser samples every second, a hidden page every few.
const maxPause = 15 * time.Second

// Figures gives what the connection's statistics tell, in the units and the
// directions in which a server's figures are kept: object is whose they are to be
// (the matched endpoint), offset what to add to the browser's clock. Counters
// are rates. Streams that never moved are left out. Pure: any goroutine.
func (p *PeerConnection) Figures(object string, offset time.Duration) []stats.Series {
	var out []stats.Series
	reports := p.reports()
	for i := range figures {
		f := &figures[i]
		for k := range reports {
			r := &reports[k]
			if r.kind != f.kind || !succeeded(r) {
				continue
			}
			points := f.points(r, offset)
			if len(points) == 0 || !r.moved() {
				continue
			}
			stream := r.word("ssrc")
			if stream == "" {
				stream = r.id
			}
			medium := r.word("kind")
			if medium == "" {
				medium = r.word("mediaType")
			}
			out = append(out, stats.Series{Key: stats.Key{Element: object, Metric: f.name, Dir: f.dir, Media: strings.ToUpper(medium), Stream: stream},
				Unit: f.unit, Points: points})
		}
	}
	return out
}

// moved tells whether a stream carried anything; what is no stream counts.
func (r *report) moved() bool {
	for _, name := range []string{"packetsSent", "packetsReceived"} {
		if s := r.find(name); s != nil && r.kind != "candidate-pair" {
			return slices.ContainsFunc(s.Points, func(pt Point) bool { return pt.Value > 0 })
		}
	}
	return true
}

func (f *figure) points(r *report, offset time.Duration) []stats.Point {
	s := r.find(f.metric)
	if s == nil || len(s.Points) == 0 {
		return nil
	}
	var other map[time.Time]float64
	if f.over != "" {
		o := r.find(f.over)
		if o == nil {
			return nil
		}
		other = make(map[time.Time]float64, len(o.Points))
		for _, pt := range o.Points {
			other[pt.At] = pt.Value
		}
	}
	out := make([]stats.Point, 0, len(s.Points))
	var last *Point
	for i := range s.Points {
		pt := &s.Points[i]
		if last != nil && !pt.At.After(last.At) {
			continue // the same report once more
		}
		was := last
		last = pt
		v, ok := pt.Value, true
		if f.how != gauge {
			if was == nil {
				continue
			}
			v, ok = f.grown(was, pt, other)
		}
		if v *= f.factor; !ok || math.IsNaN(v) || math.IsInf(v, 0) {
			continue
		}
		at := pt.At.Add(offset)
		gap := len(out) > 0 && at.Sub(out[len(out)-1].At) > maxPause
		out = append(out, stats.Point{At: at, V: v, Gap: gap})
	}
	return out
}

// grown gives what a counter says of the time between two samples; false where
// it began anew.
func (f *figure) grown(was, is *Point, other map[time.Time]float64) (float64, bool) {
	by := is.Value - was.Value
	if f.how == rate {
		return by / is.At.Sub(was.At).Seconds(), by >= 0
	}
	a, okA := other[was.At]
	b, okB := other[is.At]
	over := b - a
	if f.how == share {
		by = max(by, 0) // duplicates count against what was lost
		over += by
	}
	return by / over, okA && okB && by >= 0 && over > 0
}
