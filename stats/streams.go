package stats

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"

	"kmscope/rawjson"
	"kmscope/wire"
)

// streamKey names an RTP stream or a data channel.
type streamKey struct {
	element string
	dir     Direction
	id      string // SSRC, or the stats id where there is none
}

// groupKey names an RTP session, as far as the statistics tell sessions apart.
type groupKey struct {
	element string
	dir     Direction
	media   string
}

// The metrics that a stream writes itself, and their places in stream.out.
const (
	outBitrate = iota
	outPackets
	outLoss
	outFraction
	outLost
	outJitter
	outRTT
	outPLI
	outFIR
	outREMB
	outTarget
	outMessages
	outCount
)

var outMetric = [outCount]string{
	Bitrate, PacketRate, Loss, FractionLost, PacketsLost, Jitter, RTT, PLIRate, FIRRate, REMB, TargetBitrate, MessageRate,
}

// stream is what is remembered of one RTP stream between two samples. Guarded
// by Store.mu.
type stream struct {
	key   streamKey
	media string // "" until a getStats with a mediaType named it

	seen    bool // there is a sample to compare with
	at      int64
	arrived int64
	step    int64
	bytes   number
	packets number
	lost    number
	pli     number
	fir     number

	out [outCount]*series
}

// counter is a single counter with its series, for figures of a whole session.
type counter struct {
	at, arrived, step int64
	value             number
	out               *series
}

// What no network does; a growth beyond it is a counter that jumped.
const (
	maxBytesPerSecond   = 12.5e9 // 100 Gbit/s
	maxPacketsPerSecond = 20e6
	maxLostPerSecond    = 50_000 // large jumps of the sequence number restart packetsLost
	maxAsksPerSecond    = 100_000
	maxSaneMs           = 3_600_000
	maxSaneBps          = 1e12
)

func (s *Store) feedStats(f wire.Fact) {
	asked := ""
	rawjson.Object(f.Params, func(key, v []byte) {
		if string(key) == "mediaType" {
			asked, _ = wire.Word(v)
		}
	})
	media := clip(asked)
	var before []entry
	if old := s.newest[askKey{f.Object, media}]; old != nil { // who feeds is who changes it
		before = old.entries
	}
	entries, ok := decode(s.scratch[:0], f.Result, before)
	defer func() { // what is used anew keeps nothing of the frame, and no memory of a huge one
		clear(entries)
		if s.scratch = entries; cap(entries) > keptScratch {
			s.scratch = nil
		}
		if clear(s.nack); len(entries) > keptScratch {
			s.nack = make(map[groupKey]sampled)
		}
	}()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.samples++
	if !ok {
		return
	}
	clockNoted := false
	nack := s.nack
	for i := range entries {
		e := &entries[i]
		at, stamped := e.at()
		if stamped && !clockNoted {
			s.noteClock(at, f)
			clockNoted = true
		}
		if !e.Millis.ok || !stamped {
			at = s.local(f.At) // seconds are too coarse for a rate
		}
		when := moment{at: at, arrived: f.At.UnixMilli()}
		switch {
		case e.Type == typeIn && e.phantom() && hasTwin(entries, e):
			// The same SSRC in another session of the bundle has the figures.
		case e.Type == typeIn:
			s.feedRTP(f.Object, In, media, e.stream(), e, when, nack)
		case e.Type == typeOut:
			s.feedRTP(f.Object, Out, media, e.stream(), e, when, nack)
		case e.Type == typeChannel:
			s.feedChannel(f.Object, e.channel(), e, when)
		case e.Type == typeSession:
			if e.ChannelsOpened.ok && e.ChannelsClosed.ok {
				s.gauge(Key{Element: f.Object, Metric: OpenChannels, Media: "DATA"}, at, max(e.ChannelsOpened.v-e.ChannelsClosed.v, 0))
			}
		default: // element, endpoint, and what is not known
			s.feedLatencies(f.Object, e, at)
		}
		e.atMs = at
		if s.flow != nil {
			s.flow.values = e.values(s.flow.values, f.Object, s.mediumOf(f.Object, media, e), at)
		}
	}
	s.keep(f, media, entries)
	var few [4]groupKey // on the stack: most answers have one
	groups := few[:0]
	for k := range nack {
		groups = append(groups, k)
	}
	slices.SortFunc(groups, func(a, b groupKey) int {
		return cmp.Or(cmp.Compare(a.dir, b.dir), cmp.Compare(a.media, b.media))
	})
	for _, k := range groups {
		s.feedGroup(k, nack[k])
	}
}

// keptScratch is for how many entries of an answer memory is used anew.
const keptScratch = 64

// moment is when a sample was taken: on the server's clock and on ours.
type moment struct{ at, arrived int64 }

type sampled struct {
	moment
	value float64
}

// reportGapMs is the time between two samples below which the loss is the one
// that the server itself reports. It counts lost packets when it sends a
// receiver report, every one to seven seconds as seen on 7.3: over the packets
// of one second, what was lost in five made peaks of several times the loss
// with zeros between them, whose mean was 11 % where 20 % were lost.
const reportGapMs = 2500

// verdict says what a new sample is to the one before it.
type verdict uint8

const (
	stale verdict = iota // says nothing new
	first                // nothing to compare with, or not comparable
	next                 // a rate can be taken
	pause                // a rate can be taken, but nothing is known of the time between
)

// judge compares the time of a sample with that of the last one.
func judge(now moment, at, arrived, usual int64) verdict {
	step := now.at - at
	switch {
	case step < -reorderMs:
		return first // the server's clock was set back
	case step < minStepMs:
		return stale
	}
	// A clock that moved differently from ours was set.
	ours := now.arrived - arrived
	if off := max(step-ours, ours-step); off > max(reorderMs, ours/2) {
		return first
	}
	if isPause(step, usual) {
		return pause
	}
	return next
}

// grew gives the growth of a counter per second. ok is false where either end
// is missing; reset where it went backwards or jumped.
func grew(now, before number, seconds, most float64) (rate float64, ok, reset bool) {
	if !now.ok || !before.ok {
		return 0, false, false
	}
	d := now.v - before.v
	if d < 0 || d > most*seconds {
		return 0, false, true
	}
	return d / seconds, true, false
}

func (s *Store) feedRTP(element string, dir Direction, media, id string, e *entry, now moment, nack map[groupKey]sampled) {
	bytes, packets := e.BytesReceived, e.PacketsReceived
	if dir == Out {
		bytes, packets = e.BytesSent, e.PacketsSent
	}
	k := streamKey{element, dir, id}
	st := s.streams[k]
	phantom := e.phantom()
	if phantom && (st == nil && media == "" || st != nil && st.seen && media != "" && media != st.media) {
		return // nothing is said, or of a stream whose figures another session has
	}
	if st == nil {
		st = s.newStream(k)
	}
	// A phantom may have named the wrong medium.
	if media != "" && (st.media == "" || !st.seen && !phantom && st.media != media) {
		s.label(st, media)
	}
	if phantom && !st.seen {
		return
	}
	if e.NACK.ok && e.NACK.v >= 0 {
		g := groupKey{element, dir, st.media}
		n := nack[g]
		nack[g] = sampled{moment{max(n.at, now.at), now.arrived}, max(n.value, e.NACK.v)}
	}
	v := first
	if st.seen {
		if v = judge(now, st.at, st.arrived, st.step); v == stale {
			return
		}
	}
	if v == pause || v == first {
		for i := range st.out {
			st.out[i].breakLine()
		}
	}
	if v == next || v == pause {
		s.rates(st, now, bytes, packets, e)
		st.step = now.at - st.at
	}
	s.gauges(st, now.at, e)
	st.seen, st.at, st.arrived = true, now.at, now.arrived
	st.bytes, st.packets, st.lost, st.pli, st.fir = bytes, packets, e.PacketsLost, e.PLI, e.FIR
}

// rates appends what the counters say, or breaks the lines where they restarted.
func (s *Store) rates(st *stream, now moment, bytes, packets number, e *entry) {
	sec := float64(now.at-st.at) / 1000
	byteRate, okB, resetB := grew(bytes, st.bytes, sec, maxBytesPerSecond)
	packetRate, okP, resetP := grew(packets, st.packets, sec, maxPacketsPerSecond)
	if resetB || resetP {
		// One counter that restarts means that the stream restarted.
		for i := range st.out {
			st.out[i].breakLine()
		}
		return
	}
	s.put(st, outBitrate, now.at, byteRate*8, okB)
	s.put(st, outPackets, now.at, packetRate, okP)
	pli, ok, _ := grew(e.PLI, st.pli, sec, maxAsksPerSecond)
	s.put(st, outPLI, now.at, pli, ok)
	fir, ok, _ := grew(e.FIR, st.fir, sec, maxAsksPerSecond)
	s.put(st, outFIR, now.at, fir, ok)
	if st.key.dir == In {
		loss, ok := lossBetween(e.PacketsLost, st.lost, packetRate*sec, sec)
		if told := e.fraction(); ok && told.ok && told.v > 0 && sec*1000 < reportGapMs {
			loss = told.v
		}
		s.put(st, outLoss, now.at, loss, ok && okP)
	}
}

// lossBetween gives the packets lost over those expected. Late packets lower
// packetsLost, by no more than what was received; a larger step either way is
// a restart of the counter.
func lossBetween(now, before number, received, seconds float64) (float64, bool) {
	if !now.ok || !before.ok {
		return 0, false
	}
	lost := now.v - before.v
	switch {
	case lost > maxLostPerSecond*seconds, -lost > received:
		return 0, false
	case lost < 0:
		return 0, true
	case lost+received == 0:
		return 0, false // nothing was expected
	}
	return lost / (lost + received), true
}

// put appends a value, or breaks the line where there is none.
func (s *Store) put(st *stream, which int, at int64, v float64, ok bool) {
	x := st.out[which]
	if !ok {
		x.breakLine()
		return
	}
	if x == nil || x.evicted {
		x = s.seriesOf(Key{Element: st.key.element, Metric: outMetric[which], Dir: st.key.dir, Media: st.media, Stream: st.key.id})
		st.out[which] = x
	}
	s.append(x, at, v)
}

// gauges appends the values that are no counters.
func (s *Store) gauges(st *stream, at int64, e *entry) {
	if e.PacketsLost.ok && math.Abs(e.PacketsLost.v) < math.MaxInt32 {
		if x := st.out[outLost]; st.lost.ok && e.PacketsLost.v < st.lost.v-1000 {
			x.breakLine()
		}
		s.put(st, outLost, at, e.PacketsLost.v, true)
	}
	fraction := e.fraction()
	s.put(st, outFraction, at, fraction.v, fraction.ok)
	s.put(st, outREMB, at, e.REMB.v, e.REMB.ok && e.REMB.v > 0 && e.REMB.v < maxSaneBps)
	if st.key.dir == In {
		s.put(st, outJitter, at, e.Jitter.v*1000, e.Jitter.ok && e.Jitter.v >= 0 && e.Jitter.v*1000 < maxSaneMs)
		return
	}
	s.put(st, outRTT, at, e.RoundTripTime.v*1000, e.hasRTT())
	s.put(st, outTarget, at, e.TargetBitrate.v, e.TargetBitrate.ok && e.TargetBitrate.v > 0 && e.TargetBitrate.v < maxSaneBps)
}

func (s *Store) newStream(k streamKey) *stream {
	if len(s.streams) >= s.limits.Series {
		s.forgetStreams()
	}
	st := &stream{key: k, media: s.labels[k]}
	s.streams[k] = st
	return st
}

// forgetStreams drops the eighth of the streams that is longest silent; the same ones
// each time, see evict.
func (s *Store) forgetStreams() {
	list := slices.SortedFunc(maps.Values(s.streams), func(a, b *stream) int {
		return cmp.Or(cmp.Compare(a.arrived, b.arrived), strings.Compare(a.key.element, b.key.element),
			strings.Compare(string(a.key.dir), string(b.key.dir)), strings.Compare(a.key.id, b.key.id))
	})
	for _, st := range list[:(len(list)+7)/8] {
		delete(s.streams, st.key)
	}
}

// label gives a stream its medium, and its series a new key: what was sampled
// before anybody asked with a mediaType belongs to the same line.
func (s *Store) label(st *stream, media string) {
	st.media = media
	for i, x := range st.out {
		if x == nil || x.evicted {
			continue
		}
		k := x.Key
		k.Media = media
		if old := s.all[k]; old != nil {
			st.out[i] = old // two names of one line: the labelled one goes on
			continue
		}
		delete(s.all, x.Key)
		x.Key = k
		s.all[k] = x
	}
}

// feedGroup appends the NACK rate of one RTP session. The server copies the
// session's counter onto every stream: the largest is the session's own.
func (s *Store) feedGroup(k groupKey, now sampled) {
	c := s.groups[k]
	if c == nil {
		if len(s.groups) >= s.limits.Series {
			clear(s.groups)
		}
		c = &counter{}
		s.groups[k] = c
	} else {
		v := judge(now.moment, c.at, c.arrived, c.step)
		if v == stale {
			return
		}
		if v != next {
			c.out.breakLine()
		}
		if v != first {
			rate, ok, _ := grew(number{now.value, true}, c.value, float64(now.at-c.at)/1000, maxAsksPerSecond)
			if !ok {
				c.out.breakLine()
			} else {
				if c.out == nil || c.out.evicted {
					c.out = s.seriesOf(Key{Element: k.element, Metric: NACKRate, Dir: k.dir, Media: k.media})
				}
				s.append(c.out, now.at, rate)
			}
			c.step = now.at - c.at
		}
	}
	c.at, c.arrived, c.value = now.at, now.arrived, number{now.value, true}
}

// feedChannel takes the counters of a data channel.
func (s *Store) feedChannel(element, id string, e *entry, now moment) {
	for _, d := range [2]struct {
		dir             Direction
		bytes, messages number
	}{{In, e.BytesReceived, e.MessagesReceived}, {Out, e.BytesSent, e.MessagesSent}} {
		k := streamKey{element, d.dir, "data channel " + id}
		st := s.streams[k]
		if st == nil {
			st = s.newStream(k)
			st.media, st.key.id = "DATA", id
		}
		if st.seen {
			v := judge(now, st.at, st.arrived, st.step)
			if v == stale {
				continue
			}
			if v != next {
				st.out[outBitrate].breakLine()
				st.out[outMessages].breakLine()
			}
			if v != first {
				sec := float64(now.at-st.at) / 1000
				b, ok, _ := grew(d.bytes, st.bytes, sec, maxBytesPerSecond)
				s.put(st, outBitrate, now.at, b*8, ok)
				m, ok, _ := grew(d.messages, st.packets, sec, maxPacketsPerSecond)
				s.put(st, outMessages, now.at, m, ok)
				st.step = now.at - st.at
			}
		}
		st.seen, st.at, st.arrived, st.bytes, st.packets = true, now.at, now.arrived, d.bytes, d.messages
	}
}

// feedLatencies takes the latencies of an element: the arrays of 7.x and the
// plain numbers of 6.x, all in nanoseconds; 0 is "none measured".
func (s *Store) feedLatencies(element string, e *entry, at int64) {
	one := func(metric, media, stream string, ns number) {
		if ms := ns.v / 1e6; ns.ok && ms > 0 && ms < maxSaneMs {
			s.gauge(Key{Element: element, Metric: metric, Media: clip(media), Stream: clip(stream)}, at, ms)
		}
	}
	for _, l := range e.InputLatency {
		one(InputLatency, string(l.Type), string(l.Name), l.Avg)
	}
	for _, l := range e.E2ELatency {
		one(E2ELatency, string(l.Type), string(l.Name), l.Avg)
	}
	one(InputLatency, "AUDIO", "", e.InputAudio)
	one(InputLatency, "VIDEO", "", e.InputVideo)
	one(E2ELatency, "AUDIO", "", e.E2EAudio)
	one(E2ELatency, "VIDEO", "", e.E2EVideo)
}
