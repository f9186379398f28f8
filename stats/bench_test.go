package stats

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"
)

// BenchmarkFeed takes replies of five entries, as a WebRtcEndpoint gives them.
func BenchmarkFeed(b *testing.B) {
	const streams = 4
	s := NewStore()
	i := int64(0)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		at := base.Add(time.Duration(i) * time.Second)
		var entries []map[string]any
		for k := range streams {
			entries = append(entries, entryOf("inboundrtp", at.UnixMilli(), fmt.Sprint(k), counters(1000*i, 10*i+1, 0)))
		}
		f := reply(at, "", entries...)
		i++
		b.StartTimer()
		s.Feed(f)
	}
}

// BenchmarkAppend is the store without the JSON.
func BenchmarkAppend(b *testing.B) {
	s := NewStore()
	e := entry{Type: "inboundrtp", SSRC: "7", PacketsReceived: number{1, true}, BytesReceived: number{1, true}, Jitter: number{0.1, true}, PacketsLost: number{0, true}}
	nack := make(map[groupKey]sampled)
	i := int64(0)
	b.ReportAllocs()
	for b.Loop() {
		i++
		e.BytesReceived.v += 1000
		e.PacketsReceived.v++
		s.feedRTP(element, In, "VIDEO", "7", &e, moment{i * 1000, i * 1000}, nack)
	}
	b.ReportMetric(float64(len(s.all))*float64(b.N)/b.Elapsed().Seconds(), "samples/s")
}

func BenchmarkSeries(b *testing.B) {
	s := NewStore()
	for i := range int64(3600) {
		feed(s, i*1000, counters(1000*i*i, 10*i+1, 0))
	}
	b.ReportAllocs()
	for b.Loop() {
		s.Series(Query{Element: element, Metrics: []string{Bitrate}, MaxPoints: 600})
	}
}

// hour fills a store with an hour of endpoints at 1 Hz, as a sampler does: for
// each, the metrics of four streams in and three out, with the noise that they have
// on a real server and a second that is not exactly one: 60 series.
func hour(endpoints int) (s *Store, series, samples int) {
	s = NewStore()
	r := rand.New(rand.NewPCG(1, 2))
	type source struct {
		key Key
		e   entry
	}
	var all []source
	for i := range endpoints {
		id := fmt.Sprintf("0d9f%04d-6c0c-4a1b-9c5e-0d0d6b7a5a01_kurento.MediaPipeline/5a5e%04d-1c1c-4b1b-8c5e-1d0d6b7a5a02_kurento.WebRtcEndpoint", i/10, i)
		for k, m := range []string{"AUDIO", "VIDEO"} {
			for j := range 2 {
				all = append(all, source{Key{Element: id, Dir: In, Media: m, Stream: fmt.Sprint(1e6 + i*8 + k*4 + j)}, entry{Type: typeIn}})
				if k+j < 2 {
					all = append(all, source{Key{Element: id, Dir: Out, Media: m, Stream: fmt.Sprint(1e6 + i*8 + k*4 + 2 + j)}, entry{Type: typeOut}})
				}
			}
		}
	}
	is := func(v float64) number { return number{v, true} }
	for sec := range int64(3600) {
		now := base.UnixMilli() + sec*1000
		for i := range all {
			x := &all[i]
			e := &x.e
			at := now + r.Int64N(4)
			n := float64(40 + r.IntN(20))
			if x.key.Dir == In {
				e.PacketsReceived, e.BytesReceived = is(e.PacketsReceived.v+n), is(e.BytesReceived.v+n*float64(900+r.IntN(200)))
				e.Jitter = is(float64(r.IntN(2000)) / 90000)
			} else {
				e.PacketsSent, e.BytesSent = is(e.PacketsSent.v+n), is(e.BytesSent.v+n*float64(900+r.IntN(200)))
				e.RoundTripTime = is(float64(1500+r.IntN(500)) / 65536)
			}
			lost := 0.0
			if r.IntN(20) == 0 {
				lost = float64(r.IntN(3))
			}
			e.PacketsLost, e.FractionLost, e.NACK = is(e.PacketsLost.v+lost), is(lost), is(e.NACK.v+lost)
			e.PLI, e.FIR, e.REMB = is(e.PLI.v), is(0), is(float64(1_000_000+1000*r.IntN(500)))
			s.feedRTP(x.key.Element, x.key.Dir, x.key.Media, x.key.Stream, e, moment{at, at}, make(map[groupKey]sampled))
		}
	}
	for _, x := range s.all {
		samples += x.raw.n
	}
	return s, len(s.all), samples
}

// BenchmarkMemory measures what an hour of 100 endpoints at 1 Hz takes, all of
// it whole.
func BenchmarkMemory(b *testing.B) {
	for b.Loop() {
		heap := func() float64 {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return float64(m.HeapAlloc)
		}
		before := heap()
		s, series, samples := hour(100)
		used := heap() - before
		b.ReportMetric(used/1e6, "MB")
		b.ReportMetric(float64(s.Bytes())/1e6, "MB-accounted")
		b.ReportMetric(used/float64(samples), "B/sample")
		b.ReportMetric(float64(series), "series")
		b.ReportMetric(float64(samples), "samples")
		runtime.KeepAlive(s)
	}
}

// BenchmarkZoom sums an hour of 36 series up at 600 points.
func BenchmarkZoom(b *testing.B) {
	s, _, _ := hour(1)
	first, last := s.Span()
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		n = len(s.Zoom(Query{From: first, To: last, MaxPoints: 600, Dir: In}))
	}
	b.ReportMetric(float64(n), "series")
}

// BenchmarkFold appends to a store that is full, so that every chunk goes
// through the tiers.
func BenchmarkFold(b *testing.B) {
	s := NewStoreWithin(Limits{Bytes: MinLimit})
	x := s.seriesOf(Key{Element: element, Metric: Bitrate, Dir: In})
	r := rand.New(rand.NewPCG(1, 2))
	ms := base.UnixMilli()
	b.ReportAllocs()
	for b.Loop() {
		ms += 1000
		s.append(x, ms, r.Float64())
	}
}
