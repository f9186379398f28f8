package kmssim

import (
	"encoding/json"
	"math"
	"strconv"
	"time"
)

// Figures of streams. Counters are integrals of rates over the model's time,
// taken when somebody reads them or when a rate changes, so that nobody has to
// count packets while nobody looks.

// stream is one RTP stream of an endpoint.
type stream struct {
	id, ssrc             string
	packets, bytes, lost float64
	nack, pli, fir       float64
	jitter, rtt, remb    float64
	fraction             int
}

func newStream(id, ssrc string) *stream { return &stream{id: id, ssrc: ssrc, remb: 300_000} }

// hidden is the share of lost video packets that retransmissions do not repair.
// With 20 % of all packets lost, the recorded REMB did not move.
const hidden = 0.07

// rateOf is what a source gives, in bit/s.
func (s *Server) rateOf(o *object, m media, hops int) float64 {
	if o == nil || hops > maxHops {
		return 0
	}
	switch {
	case o.rtp != nil:
		if m == audio {
			return o.rtp.peer.AudioBps
		}
		return o.rtp.peer.VideoBps
	case o.class.Name == "PlayerEndpoint":
		return [...]float64{64_000, 460_000}[m]
	case o.class.Name == "HubPort":
		if from := o.parent.hub.feeding(o); from != nil {
			return s.rateOf(sourceOf(from, m), m, hops+1)
		}
		return [...]float64{52_000, 440_000}[m]
	}
	if src := sourceOf(o, m); src != nil {
		return s.rateOf(src, m, hops+1)
	}
	return 0
}

// packetsPerSecond for a bitrate: audio is 50 frames, video packets have about 950 bytes.
func packetsPerSecond(m media, bps float64) float64 {
	if m == audio {
		return 50
	}
	return bps / 8 / 950
}

// advanceLocked brings the counters of an endpoint up to now.
func (s *Server) advanceLocked(o *object) {
	r := o.rtp
	now := s.clock.Now()
	dt := now.Sub(r.advanced).Seconds()
	if dt <= 0 || r.advanced.IsZero() {
		return
	}
	r.advanced = now
	for m := audio; m < mediaCount; m++ {
		n := r.media[m]
		if n == nil {
			continue
		}
		if n.in != nil && r.receives(m) {
			s.advanceIn(r, m, n.in, dt)
		}
		if n.out != nil && o.flow.in[m] && r.sends(m) {
			bps := s.rateOf(sourceOf(o, m), m, 0)
			if src := sourceOf(o, m); src != nil && codecOut(src, m, 0) != n.codec && m == video {
				// A transcoder follows REMB and the endpoint's own limit, in kbit/s.
				limit, ok := intValue(o.props["maxVideoSendBandwidth"])
				if !ok {
					limit = 500
				}
				if limit > 0 {
					bps = math.Min(bps, float64(limit)*1070)
				}
				bps = math.Min(bps, n.out.remb)
			}
			s.advanceOut(o, m, n.out, bps, dt)
		}
	}
}

// noise is a factor around 1.
func (s *Server) noise(width float64) float64 { return 1 + width*(2*s.rand.Float64()-1) }

func (s *Server) advanceIn(r *rtpState, m media, st *stream, dt float64) {
	bps := r.peer.VideoBps
	if m == audio {
		bps = r.peer.AudioBps
	}
	sent := packetsPerSecond(m, bps) * dt * s.noise(0.02)
	lost := sent * r.peer.LossIn
	repaired := 0.0
	if m == video { // retransmissions hide most of it
		repaired = lost * (1 - hidden)
		st.nack += lost
		st.pli += lost * 0.03
	}
	st.packets += sent - lost + repaired
	st.lost += lost - repaired
	st.bytes += bps / 8 * dt * s.noise(0.04) * (1 - r.peer.LossIn + repaired/math.Max(sent, 1))
	st.fraction = lossByte(r.peer.LossIn*s.noise(0.4), m)
	st.jitter = r.peer.Jitter.Seconds() * s.noise(0.5) * (1 + 3*r.peer.LossIn)
	if m == video {
		st.fir = math.Max(st.fir, 1)
		st.remb = nextREMB(st.remb, 500_000, r.peer.LossIn*hidden, dt)
	} else {
		st.remb = 0
	}
}

func (s *Server) advanceOut(o *object, m media, st *stream, bps, dt float64) {
	p := o.rtp.peer
	sent := packetsPerSecond(m, bps) * dt * s.noise(0.02)
	st.packets += sent
	st.bytes += bps / 8 * dt * s.noise(0.04)
	lost := sent * p.LossOut
	if m == video {
		st.nack += lost
		st.pli += lost * 0.02
		st.lost += lost * hidden
		st.remb = nextREMB(st.remb, p.RembCap, p.LossOut*hidden, dt)
	} else {
		st.lost += lost
		st.remb = 0
	}
	st.fraction = lossByte(p.LossOut*s.noise(0.4), m)
	st.rtt = math.Round(p.RTT.Seconds()*s.noise(0.15)*65536) / 65536 // RTCP's resolution
}

// lossByte is fractionLost as RTCP has it: 0..255.
func lossByte(loss float64, m media) int {
	if m == video {
		loss *= 0.1
	}
	return int(math.Min(255, math.Max(0, loss*256)))
}

// nextREMB: 8 % more per second up to the limit, and down to 85 % per second
// while more than 4.7 % (12/256) are lost for good.
func nextREMB(remb, limit, loss, dt float64) float64 {
	if loss > 12.0/256 {
		return math.Max(30_000, remb*math.Pow(0.85, dt))
	}
	if remb > limit {
		return limit
	}
	return math.Min(limit, remb*math.Pow(1.08, dt))
}

// statsLocked is getStats: null where there is nothing to tell.
func (s *Server) statsLocked(o *object, mediaType string) any {
	out := map[string]any{}
	now := s.clock.Now()
	if o.rtp != nil {
		s.advanceLocked(o)
		for m := audio; m < mediaCount; m++ {
			n := o.rtp.media[m]
			if n == nil || mediaType != "" && mediaType != m.String() {
				continue
			}
			if n.in != nil {
				s.putStream(out, n.in, true, now)
			}
			if n.phantom != nil {
				s.putStream(out, n.phantom, true, now)
			}
			if n.out != nil {
				s.putStream(out, n.out, false, now)
			}
		}
		if o.rtp.dataMID != "" && o.rtp.settled && (mediaType == "" || mediaType == "DATA") {
			out[o.rtp.statsID] = s.stamp(structOf("RTCPeerConnectionStats", map[string]any{"id": o.rtp.statsID,
				"type": "session", "dataChannelsOpened": o.rtp.channels, "dataChannelsClosed": 0}), now)
			for i := range min(o.rtp.channels, len(o.rtp.channelIDs)) {
				id := o.rtp.channelIDs[i]
				out[id] = s.stamp(structOf("RTCDataChannelStats", map[string]any{"id": id, "type": "datachannel", "label": "chat",
					"protocol": "", "datachannelid": i, "state": "open", "messagesSent": 1, "messagesReceived": 1,
					"bytesSent": 7, "bytesReceived": 7}), now)
			}
		}
	}
	if o.pipeline != nil && latencyOn(o.pipeline) {
		out[o.id] = s.elementStats(o, mediaType, now)
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func (s *Server) stamp(v map[string]any, now time.Time) map[string]any {
	if s.schema.gen != gen7 {
		v["timestamp"] = now.Unix()
	}
	if s.schema.gen != gen67 {
		v["timestampMillis"] = now.UnixMilli()
	}
	return v
}

// putStream writes the entry of a stream. It is most of what a monitor reads,
// 200 endpoints have a thousand: so it is text at once, keys in order, instead of
// a map for the encoder to sort.
func (s *Server) putStream(out map[string]any, st *stream, in bool, now time.Time) {
	packets, bytes, lost, remb := int64(st.packets), int64(st.bytes), int64(st.lost), int64(st.remb)
	if packets == 0 {
		remb = 0
	}
	b := make([]byte, 0, 640)
	text := func(s string) { b = append(b, s...) }
	number := func(key string, n int64) { b = strconv.AppendInt(append(b, key...), n, 10) }
	if in {
		if packets > 40 && lost == 0 {
			lost = -1 // a clean stream reads so on the real server
		}
		number(`{"__module__":"kurento","__type__":"RTCInboundRTPStreamStats","associateStatsId":"","bytesReceived":`, bytes)
	} else {
		number(`{"__module__":"kurento","__type__":"RTCOutboundRTPStreamStats","associateStatsId":"","bytesSent":`, bytes)
	}
	number(`,"codecId":"","firCount":`, int64(st.fir))
	number(`,"fractionLost":`, int64(st.fraction))
	text(`,"id":"` + st.id + `","isRemote":false,`)
	if in {
		text(`"jitter":`)
		b = strconv.AppendFloat(b, st.jitter, 'g', -1, 64)
		text(",")
	}
	number(`"mediaTrackId":"","nackCount":`, int64(st.nack))
	number(`,"packetsLost":`, lost)
	if in {
		number(`,"packetsReceived":`, packets)
	} else {
		number(`,"packetsSent":`, packets)
	}
	number(`,"pliCount":`, int64(st.pli))
	number(`,"remb":`, remb)
	if !in {
		text(`,"roundTripTime":`)
		b = strconv.AppendFloat(b, st.rtt, 'g', -1, 64)
	}
	text(`,"sliCount":0,"ssrc":"` + st.ssrc + `"`)
	if !in {
		text(`,"targetBitrate":0`)
	}
	if s.schema.gen != gen7 {
		number(`,"timestamp":`, now.Unix())
	}
	if s.schema.gen != gen67 {
		number(`,"timestampMillis":`, now.UnixMilli())
	}
	if in {
		text(`,"transportId":"","type":"inboundrtp"}`)
	} else {
		text(`,"transportId":"","type":"outboundrtp"}`)
	}
	out[st.id] = json.RawMessage(b)
}

// hasSinkPad: only then the element measures the medium's delay.
func hasSinkPad(o *object, m media) bool {
	if o.rtp != nil {
		n := o.rtp.media[m]
		return n != nil && o.rtp.connection == "CONNECTED" && !o.rtp.peer.DTLSFiltered
	}
	// A PassThrough has its sink pads from the beginning.
	return sourceOf(o, m) != nil || o.class.Name == "PassThrough"
}

// elementStats is the entry of the element itself, there while the pipeline's
// latencyStats is on.
func (s *Server) elementStats(o *object, mediaType string, now time.Time) map[string]any {
	endpoint := o.is("Endpoint") && o.class.Name != "PlayerEndpoint"
	v := map[string]any{"id": o.id}
	input, e2e := []any{}, []any{}
	var plain [2][mediaCount]float64
	for m := audio; m < mediaCount; m++ {
		if mediaType == "AUDIO" && m != audio || mediaType == "VIDEO" && m != video {
			continue
		}
		if !hasSinkPad(o, m) {
			continue
		}
		in, all := 0.0, 0.0
		if o.flow.in[m] {
			in = math.Round([...]float64{420_000, 700_000}[m] * s.noise(0.25))
			all = math.Round(in * 1.3 * s.noise(0.1))
			if src := sourceOf(o, m); src != nil && codecOut(src, m, 0) == "RAW" && endpoint {
				all += math.Round([...]float64{18e6, 46e6}[m] * s.noise(0.2))
			}
		}
		plain[0][m], plain[1][m] = in, all
		name := "sink_" + m.lower() + "_default"
		input = append(input, structOf("MediaLatencyStat", map[string]any{"name": name, "type": m.String(), "avg": in}))
		e2e = append(e2e, structOf("MediaLatencyStat", map[string]any{"name": name, "type": m.String(), "avg": all}))
	}
	typ := "ElementStats"
	v["type"] = "element"
	if endpoint {
		typ = "EndpointStats"
		v["type"] = "endpoint"
	}
	if s.schema.gen != gen67 {
		v["inputLatency"] = input
		if endpoint {
			v["E2ELatency"] = e2e
		}
	}
	if s.schema.gen != gen7 {
		v["inputAudioLatency"], v["inputVideoLatency"] = plain[0][audio], plain[0][video]
		if endpoint {
			v["audioE2ELatency"], v["videoE2ELatency"] = plain[1][audio], plain[1][video]
		}
	}
	return s.stamp(structOf(typ, v), now)
}
