package stats

import (
	"encoding/json"
	"slices"
)

// Field describes a field of the server's statistics: what it means, not just
// what it is called. Its name is the server's own.
type Field struct {
	Name  string
	Label string // short, for a column or a legend
	// Unit is that of Value.V. It is the server's own, but for fractionLost,
	// which is a byte on the wire.
	Unit Unit
	Kind Kind
	// Falls tells of a Total that it may go down: duplicates and late packets
	// lower packetsLost.
	Falls bool
	// Types are the values of the reply's "type" (kurento.StatsType) that have
	// the field.
	Types []string
	// Dirs are the directions in which it occurs.
	Dirs []Direction
	// Help is a sentence or two for people.
	Help string
	// Source names the type of the KMD that declares it.
	Source string
	// Reliability warns of what is known to be wrong with the figure; "" is
	// nothing known.
	Reliability string

	// read gives the figure where it is data; nil reads the field of that name
	// of a type that servers do not fill today.
	read func(*entry) number
}

// Units that only fields have.
const (
	Seconds     Unit = "s"
	Nanoseconds Unit = "ns"
	Pixels      Unit = "px"
	Hertz       Unit = "Hz"
	Decibels    Unit = "dB"
	// Word is a state, not a number: Value.Text has it.
	Word Unit = "state"
)

// The values of kurento.StatsType in use.
const (
	typeIn      = "inboundrtp"
	typeOut     = "outboundrtp"
	typeSession = "session"
	typeChannel = "datachannel"
	typeElement = "element"
	typeEnd     = "endpoint"
	typeTrack   = "track"
	typeTrans   = "transport"
	typePair    = "candidatepair"
	typeLocal   = "localcandidate"
	typeRemote  = "remotecandidate"

	// The KMD declares these as types of statistics and gives them no name; these
	// are the W3C's.
	typeCodec = "codec"
	typeCert  = "certificate"
)

const (
	unfilled = "Declared by the KMD; no server is known to fill it."
	latent   = "Filled only while the pipeline's latencyStats is on; 0 is none measured and is left out. Smoothed (each new buffer counts a quarter)."
)

func measured(n number) number {
	n.ok = n.ok && n.v > 0
	return n
}

func (e *entry) dir() Direction {
	switch e.Type {
	case typeIn:
		return In
	case typeOut:
		return Out
	}
	return None
}

// hasRTT tells that a receiver report came.
func (e *entry) hasRTT() bool {
	return e.RoundTripTime.ok && e.RoundTripTime.v > 0 && e.RoundTripTime.v*1000 < maxSaneMs
}

// fraction gives the share that the raw byte of a receiver report stands for.
// Before the first report the byte is garbage: what is sent and has no round
// trip time yet had none.
func (e *entry) fraction() number {
	n := e.FractionLost
	n.ok = n.ok && n.v >= 0 && n.v <= 255 && (e.Type != typeOut || e.hasRTT())
	n.v /= 256
	return n
}

func (e *entry) bitrate(n number) number {
	n.ok = n.ok && n.v > 0 && n.v < maxSaneBps
	return n
}

var (
	rtp      = []string{typeIn, typeOut}
	received = []string{typeIn, typeChannel, typeTrans, typePair}
	sent     = []string{typeOut, typeChannel, typeTrans, typePair}
	elements = []string{typeElement, typeEnd}
	ends     = []string{typeLocal, typeRemote} // of candidates
)

// fields is in the order in which values are given.
var fields = []Field{
	{"packetsReceived", "packets received", Count, Total, false, []string{typeIn}, inOnly,
		"RTP packets received since the stream began.", "RTCInboundRTPStreamStats", "",
		func(e *entry) number { return e.PacketsReceived }},
	{"bytesReceived", "bytes received", Bytes, Total, false, received, inOnly,
		"Bytes received since the stream or channel began.", "RTCInboundRTPStreamStats, RTCDataChannelStats", "",
		func(e *entry) number { return e.BytesReceived }},
	{"jitter", "jitter", Seconds, Gauge, false, []string{typeIn}, inOnly,
		"Variation of the packets' transit time (RFC 3550, section 6.4.1).", "RTCInboundRTPStreamStats", "",
		func(e *entry) number {
			n := e.Jitter
			n.ok = n.ok && n.v >= 0 && n.v*1000 < maxSaneMs
			return n
		}},
	{"packetsSent", "packets sent", Count, Total, false, []string{typeOut}, outOnly,
		"RTP packets sent since the stream began.", "RTCOutboundRTPStreamStats", "",
		func(e *entry) number { return e.PacketsSent }},
	{"bytesSent", "bytes sent", Bytes, Total, false, sent, outOnly,
		"Bytes sent since the stream or channel began.", "RTCOutboundRTPStreamStats, RTCDataChannelStats", "",
		func(e *entry) number { return e.BytesSent }},
	{"targetBitrate", "target bit rate", Bps, Gauge, false, []string{typeOut}, outOnly,
		"Bit rate that the encoder aims for.", "RTCOutboundRTPStreamStats", "0 is not reported and is left out.",
		func(e *entry) number { return e.bitrate(e.TargetBitrate) }},
	{"roundTripTime", "round trip", Seconds, Gauge, false, []string{typeOut, typePair}, outOnly,
		"Round trip time between the media server and the remote side, from RTCP reports.", "RTCOutboundRTPStreamStats",
		anyRemote + " 0 is no report yet and is left out.",
		func(e *entry) number {
			n := e.RoundTripTime
			n.ok = e.hasRTT()
			return n
		}},
	{"packetsLost", "packets lost", Count, Total, true, rtp, both,
		"Packets lost since the stream began, signed: duplicates count against it.", "RTCRTPStreamStats",
		"Reads -1 on clean streams, and restarts after a large jump of the sequence number. Sent streams: " + anyRemote,
		func(e *entry) number {
			n := e.PacketsLost
			n.ok = n.ok && n.v <= 1<<31 && n.v >= -1<<31
			return n
		}},
	{"fractionLost", "fraction lost", Ratio, Gauge, false, rtp, both,
		"The share of packets lost as the last RTCP receiver report says (RFC 3550, section 6.4.1): the server's byte over 256.", "RTCRTPStreamStats",
		"Of sent streams it is garbage before the first report and is left out until there is a round trip time. " + anyRemote,
		(*entry).fraction},
	{"nackCount", "NACKs", Count, Total, false, rtp, both,
		"Requests for retransmission: sent by the server for what it receives (in), received from the remote side (out).", "RTCRTPStreamStats",
		"Counted per RTP session and copied onto every stream of it: never to be summed over streams.",
		func(e *entry) number { return e.NACK }},
	{"pliCount", "PLIs", Count, Total, false, rtp, both,
		"Picture loss indications: sent by the server (in), received by it (out).", "RTCRTPStreamStats", "",
		func(e *entry) number { return e.PLI }},
	{"firCount", "FIRs", Count, Total, false, rtp, both,
		"Full intra requests (key frames): sent by the server (in), received by it (out).", "RTCRTPStreamStats", "",
		func(e *entry) number { return e.FIR }},
	{"remb", "REMB", Bps, Gauge, false, rtp, both,
		"Bandwidth that the receiver estimates: told by the server to the sender (in), told by the remote side to the server (out).", "RTCRTPStreamStats",
		"0 is not reported and is left out.",
		func(e *entry) number { return e.bitrate(e.REMB) }},
	{"inputLatency", "latency at input", Nanoseconds, Gauge, false, elements, noDir,
		"Time that a buffer spends on its way into the element, per pad (the stream).", "ElementStats", latent, nil},
	{"E2ELatency", "latency end to end", Nanoseconds, Gauge, false, []string{typeEnd}, noDir,
		"Time of a buffer from the source element to this one, per pad (the stream).", "EndpointStats",
		"Known to be unreliable: 0.5 to 15 s were reported while people perceived less than 500 ms. " + latent, nil},
	{"inputAudioLatency", "latency at input, audio", Nanoseconds, Gauge, false, elements, noDir,
		"Of 6.x servers: what inputLatency is today.", "ElementStats (6.x)", latent,
		func(e *entry) number { return measured(e.InputAudio) }},
	{"inputVideoLatency", "latency at input, video", Nanoseconds, Gauge, false, elements, noDir,
		"Of 6.x servers: what inputLatency is today.", "ElementStats (6.x)", latent,
		func(e *entry) number { return measured(e.InputVideo) }},
	{"audioE2ELatency", "latency end to end, audio", Nanoseconds, Gauge, false, []string{typeEnd}, noDir,
		"Of 6.x servers: what E2ELatency is today.", "EndpointStats (6.x)", "As unreliable as E2ELatency. " + latent,
		func(e *entry) number { return measured(e.E2EAudio) }},
	{"videoE2ELatency", "latency end to end, video", Nanoseconds, Gauge, false, []string{typeEnd}, noDir,
		"Of 6.x servers: what E2ELatency is today.", "EndpointStats (6.x)", "As unreliable as E2ELatency. " + latent,
		func(e *entry) number { return measured(e.E2EVideo) }},
	{"dataChannelsOpened", "data channels opened", Count, Total, false, []string{typeSession}, noDir,
		"Data channels that were opened since the connection began.", "RTCPeerConnectionStats", "",
		func(e *entry) number { return e.ChannelsOpened }},
	{"dataChannelsClosed", "data channels closed", Count, Total, false, []string{typeSession}, noDir,
		"Data channels that were closed since the connection began.", "RTCPeerConnectionStats", "",
		func(e *entry) number { return e.ChannelsClosed }},
	{"messagesReceived", "messages received", Count, Total, false, []string{typeChannel}, inOnly,
		"Messages received on the channel.", "RTCDataChannelStats", "",
		func(e *entry) number { return e.MessagesReceived }},
	{"messagesSent", "messages sent", Count, Total, false, []string{typeChannel}, outOnly,
		"Messages sent on the channel.", "RTCDataChannelStats", "",
		func(e *entry) number { return e.MessagesSent }},
	{"state", "state", Word, State, false, []string{typeChannel, typePair}, noDir,
		"State of the data channel: connecting, open, closing or closed. (Of a candidate pair: frozen, waiting, inprogress, failed, succeeded or cancelled.)", "RTCDataChannelStats, RTCIceCandidatePairStats", "", nil},
	{"protocol", "protocol", Word, State, false, []string{typeChannel}, noDir,
		"Name of the protocol on the data channel that the application gave; left out where it gave none.", "RTCDataChannelStats", "", nil},

	{"frameWidth", "frame width", Pixels, Gauge, false, []string{typeTrack}, noDir, "Width of the last frame.", "RTCMediaStreamTrackStats", unfilled, nil},
	{"frameHeight", "frame height", Pixels, Gauge, false, []string{typeTrack}, noDir, "Height of the last frame.", "RTCMediaStreamTrackStats", unfilled, nil},
	{"framesPerSecond", "frame rate", PerSecond, Gauge, false, []string{typeTrack}, noDir, "Nominal frames per second.", "RTCMediaStreamTrackStats", unfilled, nil},
	{"framesSent", "frames sent", Count, Total, false, []string{typeTrack}, outOnly, "Frames sent.", "RTCMediaStreamTrackStats", unfilled, nil},
	{"framesReceived", "frames received", Count, Total, false, []string{typeTrack}, inOnly, "Frames received.", "RTCMediaStreamTrackStats", unfilled, nil},
	{"framesDecoded", "frames decoded", Count, Total, false, []string{typeTrack}, inOnly, "Frames decoded.", "RTCMediaStreamTrackStats", unfilled, nil},
	{"framesDropped", "frames dropped", Count, Total, false, []string{typeTrack}, inOnly, "Frames dropped before or after decoding.", "RTCMediaStreamTrackStats", unfilled, nil},
	{"framesCorrupted", "frames corrupted", Count, Total, false, []string{typeTrack}, inOnly, "Frames in which a fault was found.", "RTCMediaStreamTrackStats", unfilled, nil},
	{"audioLevel", "audio level", Ratio, Gauge, false, []string{typeTrack}, noDir, "Level of the sound, 1 is full scale.", "RTCMediaStreamTrackStats", unfilled, nil},
	{"echoReturnLoss", "echo return loss", Decibels, Gauge, false, []string{typeTrack}, noDir, "Echo return loss.", "RTCMediaStreamTrackStats", unfilled, nil},
	{"echoReturnLossEnhancement", "echo return loss enhancement", Decibels, Gauge, false, []string{typeTrack}, noDir, "Echo return loss enhancement.", "RTCMediaStreamTrackStats", unfilled, nil},
	{"priority", "priority", Count, Gauge, false, []string{typePair, typeLocal, typeRemote}, noDir, "Priority of the candidate pair or the candidate (RFC 8445, sections 6.1.2.3 and 5.1.2).", "RTCIceCandidatePairStats, RTCIceCandidateAttributes", unfilled, nil},
	{"availableOutgoingBitrate", "available outgoing bit rate", Bps, Gauge, false, []string{typePair}, outOnly, "Bit rate that the pair is estimated to carry.", "RTCIceCandidatePairStats", unfilled, nil},
	{"availableIncomingBitrate", "available incoming bit rate", Bps, Gauge, false, []string{typePair}, inOnly, "Bit rate that the pair is estimated to bring.", "RTCIceCandidatePairStats", unfilled, nil},
	{"payloadType", "payload type", Count, Gauge, false, []string{typeCodec}, noDir, "RTP payload type.", "RTCCodec", unfilled, nil},
	{"clockRate", "clock rate", Hertz, Gauge, false, []string{typeCodec}, noDir, "RTP clock rate.", "RTCCodec", unfilled, nil},
	{"channels", "channels", Count, Gauge, false, []string{typeCodec}, noDir, "Channels of sound.", "RTCCodec", unfilled, nil},
	{"portNumber", "port", Count, Gauge, false, ends, noDir, "Port of the candidate.", "RTCIceCandidateAttributes", unfilled, nil},

	{"trackIdentifier", "track", Word, State, false, []string{typeTrack}, noDir, "Name of the track.", "RTCMediaStreamTrackStats", unfilled, nil},
	{"remoteSource", "remote", Word, State, false, []string{typeTrack}, noDir, "Whether the track comes from the remote side.", "RTCMediaStreamTrackStats", unfilled, nil},
	{"ssrcIds", "SSRCs", Word, State, false, []string{typeTrack}, noDir, "The RTP streams of the track.", "RTCMediaStreamTrackStats", unfilled, nil},
	{"rtcpTransportStatsId", "RTCP transport", Word, State, false, []string{typeTrans}, noDir, "Id of the statistics of the transport for RTCP, where it has its own.", "RTCTransportStats", unfilled, nil},
	{"activeConnection", "active", Word, State, false, []string{typeTrans}, noDir, "Whether the transport is in use.", "RTCTransportStats", unfilled, nil},
	{"selectedCandidatePairId", "selected pair", Word, State, false, []string{typeTrans}, noDir, "Id of the statistics of the candidate pair in use.", "RTCTransportStats", unfilled, nil},
	{"localCertificateId", "local certificate", Word, State, false, []string{typeTrans}, noDir, "Id of the statistics of the local certificate.", "RTCTransportStats", unfilled, nil},
	{"remoteCertificateId", "remote certificate", Word, State, false, []string{typeTrans}, noDir, "Id of the statistics of the remote certificate.", "RTCTransportStats", unfilled, nil},
	{"localCandidateId", "local candidate", Word, State, false, []string{typePair}, noDir, "Id of the statistics of the local candidate.", "RTCIceCandidatePairStats", unfilled, nil},
	{"remoteCandidateId", "remote candidate", Word, State, false, []string{typePair}, noDir, "Id of the statistics of the remote candidate.", "RTCIceCandidatePairStats", unfilled, nil},
	{"nominated", "nominated", Word, State, false, []string{typePair}, noDir, "Whether the pair was nominated (RFC 8445, section 8.1.1).", "RTCIceCandidatePairStats", unfilled, nil},
	{"writable", "writable", Word, State, false, []string{typePair}, noDir, "Whether a check of the pair was answered.", "RTCIceCandidatePairStats", unfilled, nil},
	{"readable", "readable", Word, State, false, []string{typePair}, noDir, "Whether a check of the remote side came over the pair.", "RTCIceCandidatePairStats", unfilled, nil},
	{"ipAddress", "address", Word, State, false, ends, noDir, "Address of the candidate.", "RTCIceCandidateAttributes", unfilled, nil},
	{"transport", "transport", Word, State, false, ends, noDir, "udp or tcp.", "RTCIceCandidateAttributes", unfilled, nil},
	{"candidateType", "candidate type", Word, State, false, ends, noDir, "host, serverreflexive, peerreflexive or relayed.", "RTCIceCandidateAttributes", unfilled, nil},
	{"addressSourceUrl", "learned from", Word, State, false, ends, noDir, "The STUN or TURN server that told the candidate.", "RTCIceCandidateAttributes", unfilled, nil},
	{"codec", "codec", Word, State, false, []string{typeCodec}, noDir, "Name of the codec, as audio/opus.", "RTCCodec", unfilled, nil},
	{"parameters", "codec parameters", Word, State, false, []string{typeCodec}, noDir, "What a=fmtp says of the codec.", "RTCCodec", unfilled, nil},
	{"fingerprint", "fingerprint", Word, State, false, []string{typeCert}, noDir, "Fingerprint of the certificate.", "RTCCertificateStats", unfilled, nil},
	{"fingerprintAlgorithm", "fingerprint algorithm", Word, State, false, []string{typeCert}, noDir, "Hash function of the fingerprint.", "RTCCertificateStats", unfilled, nil},
	{"issuerCertificateId", "issuer", Word, State, false, []string{typeCert}, noDir, "Id of the statistics of the issuer's certificate.", "RTCCertificateStats", unfilled, nil},
}

// fieldsOf lists the fields of each type of statistics.
var fieldsOf = func() map[string][]*Field {
	m := make(map[string][]*Field)
	for i := range fields {
		for _, t := range fields[i].Types {
			m[t] = append(m[t], &fields[i])
		}
	}
	return m
}()

// Fields gives the description of every field of the server's statistics that
// is data, in the order in which they are best shown. The caller owns the
// slice. Any goroutine.
func Fields() []Field { return slices.Clone(fields) }

// FieldOf finds the description of a field by its name. Any goroutine.
func FieldOf(name string) (Field, bool) {
	i := slices.IndexFunc(fields, func(f Field) bool { return f.Name == name })
	if i < 0 {
		return Field{}, false
	}
	return fields[i], true
}

// Value is one figure at one moment.
type Value struct {
	// Key.Metric is the name of a Field, or of a Metric of the catalogue.
	Key
	// AtMs is milliseconds since 1970 on the server's clock: the entry's
	// timestampMillis, else the time of arrival moved to that clock.
	AtMs int64
	// Type is the kurento.StatsType of a field; "" for a Metric of the catalogue.
	Type string
	Unit Unit
	Kind Kind
	// V is the figure; NaN marks a break: nothing is known of the time between
	// the values around it, and no line leads from one to the other.
	V float64
	// Text is the word where Kind is State.
	Text string
}

// values appends the figures of one entry that are data.
func (e *entry) values(dst []Value, element, media string, atMs int64) []Value {
	k := Key{Element: element, Dir: e.dir(), Media: media}
	switch e.Type {
	case typeIn, typeOut:
		k.Stream = e.stream()
	case typeChannel:
		k.Stream, k.Media = e.channel(), "DATA"
	case typeSession:
		k.Media = "DATA"
	case typeElement, typeEnd:
		k.Media = ""
	default:
		k.Stream = clip(string(e.ID))
	}
	var rest map[string]number
	var words map[string]word
	for _, f := range fieldsOf[string(e.Type)] {
		switch f.Name {
		case "inputLatency":
			dst = e.latencies(dst, f, e.InputLatency, k, atMs)
			continue
		case "E2ELatency":
			dst = e.latencies(dst, f, e.E2ELatency, k, atMs)
			continue
		}
		if f.Kind == State {
			said := word(e.State)
			if f.Name != "state" {
				if words == nil {
					_ = json.Unmarshal(e.whole, &words) // the fields never fail
				}
				said = words[f.Name]
			}
			if said != "" {
				k := k
				k.Metric = f.Name
				dst = append(dst, Value{Key: k, AtMs: atMs, Type: string(e.Type), Unit: f.Unit, Kind: f.Kind, Text: clip(string(said))})
			}
			continue
		}
		var n number
		if f.read != nil {
			n = f.read(e)
		} else {
			if rest == nil {
				_ = json.Unmarshal(e.whole, &rest) // the fields never fail
			}
			n = rest[f.Name]
		}
		if !n.ok {
			continue
		}
		k := k
		k.Metric = f.Name
		if k.Dir == None && len(f.Dirs) == 1 {
			k.Dir = f.Dirs[0]
		}
		switch f.Name {
		case "inputAudioLatency", "audioE2ELatency":
			k.Media = "AUDIO"
		case "inputVideoLatency", "videoE2ELatency":
			k.Media = "VIDEO"
		}
		dst = append(dst, Value{Key: k, AtMs: atMs, Type: string(e.Type), Unit: f.Unit, Kind: f.Kind, V: n.v})
	}
	return dst
}

func (e *entry) latencies(dst []Value, f *Field, list latencies, k Key, atMs int64) []Value {
	for _, l := range list {
		if !measured(l.Avg).ok {
			continue
		}
		k.Metric, k.Media, k.Stream = f.Name, clip(string(l.Type)), clip(string(l.Name))
		dst = append(dst, Value{Key: k, AtMs: atMs, Type: string(e.Type), Unit: f.Unit, Kind: f.Kind, V: l.Avg.v})
	}
	return dst
}

// stream names an RTP stream: its SSRC, or the stats id where there is none.
func (e *entry) stream() string {
	if e.SSRC != "" {
		return clip(string(e.SSRC))
	}
	return e.key
}

// channel names a data channel.
func (e *entry) channel() string {
	switch {
	case e.Label != "":
		return clip(string(e.Label))
	case e.ChannelID != "":
		return clip(string(e.ChannelID))
	}
	return e.key
}
