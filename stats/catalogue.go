package stats

import "slices"

// Kind says how the values of a metric come about, and so how to sum them up
// over a time.
type Kind uint8

// The kinds of Metric.
const (
	Gauge Kind = iota + 1 // a value read at a moment
	Rate                  // the growth of a counter, per second
	Share                 // the growth of one counter over that of another, within an interval
	Total                 // a counter as it stands
	State                 // a word; of fields alone
)

// Metric describes what a name in Key.Metric means.
type Metric struct {
	Name  string
	Label string // short, for an axis or a legend
	Unit  Unit
	Kind  Kind
	// Dirs are the directions that the metric has; None for figures of a whole
	// element or of the server.
	Dirs []Direction
	// Help is a sentence or two for people.
	Help string
	// Source names the field of the server's reply (KMD type and field).
	Source string
	// Reliability warns of what is known to be wrong with the server's figure;
	// "" is nothing known.
	Reliability string
}

// The names of the catalogue.
const (
	Bitrate       = "bitrate"
	PacketRate    = "packet-rate"
	Loss          = "loss"
	FractionLost  = "fraction-lost"
	PacketsLost   = "packets-lost"
	Jitter        = "jitter"
	RTT           = "rtt"
	NACKRate      = "nack"
	PLIRate       = "pli"
	FIRRate       = "fir"
	REMB          = "remb"
	TargetBitrate = "target-bitrate"
	E2ELatency    = "e2e-latency"
	InputLatency  = "input-latency"
	MessageRate   = "message-rate"
	OpenChannels  = "data-channels"
	CPU           = "cpu"
	Memory        = "memory"
	Ping          = "ping"
	Pipelines     = "pipelines"
	Elements      = "elements"
	Sessions      = "sessions"
	WatchRequests = "watch-requests"
	WatchSent     = "watch-bytes-sent"
	WatchReceived = "watch-bytes-received"
	WatchTime     = "watch-server-time"
)

var (
	both    = []Direction{In, Out}
	inOnly  = []Direction{In}
	outOnly = []Direction{Out}
	noDir   = []Direction{None}
)

const anyRemote = "The server takes it from the last remote source that it visits: with several it may read 0 at random, of one medium for a whole call where the peer reports under another SSRC than it sends under. Judge by the median, and by the other medium."

// catalogue is in the order in which series are given.
var catalogue = []Metric{
	{Bitrate, "bit rate", Bps, Rate, both,
		"Payload bits per second: received by the media server (in) or sent by it (out).",
		"RTCInboundRTPStreamStats.bytesReceived, RTCOutboundRTPStreamStats.bytesSent, RTCDataChannelStats", ""},
	{PacketRate, "packets", PerSecond, Rate, both,
		"RTP packets per second.", "packetsReceived, packetsSent", ""},
	{Loss, "loss per interval", Ratio, Share, inOnly,
		"Packets lost over packets expected, between two samples; of samples less than 2.5 s apart, as the server's last receiver report says.",
		"RTCInboundRTPStreamStats.packetsLost, packetsReceived, fractionLost",
		"The server counts lost packets when it sends a receiver report, every one to seven seconds: a change shows that much later. Retransmissions share the SSRC, so loss of video is hidden where NACKs are answered, and reads a little high, as a report counts what still comes: judge by audio and by NACKs."},
	{FractionLost, "fraction lost", Ratio, Gauge, both,
		"The share of packets lost as the last RTCP receiver report says (RFC 3550, section 6.4.1): reported by the remote side for what the server sends (out), by the server for what it receives (in).",
		"RTCRTPStreamStats.fractionLost / 256", anyRemote},
	{PacketsLost, "packets lost", Count, Total, both,
		"Packets lost since the stream began. May be negative: duplicates count against it.",
		"RTCRTPStreamStats.packetsLost",
		"Reads -1 on clean streams, and restarts after a large jump of the sequence number."},
	{Jitter, "jitter", Ms, Gauge, inOnly,
		"Variation of the packets' transit time (RFC 3550, section 6.4.1).", "RTCInboundRTPStreamStats.jitter", ""},
	{RTT, "round trip", Ms, Gauge, outOnly,
		"Round trip time between the media server and the remote side, from RTCP reports.",
		"RTCOutboundRTPStreamStats.roundTripTime", anyRemote},
	{NACKRate, "NACK", PerSecond, Rate, both,
		"Requests for retransmission per second: sent by the server for what it receives (in), received from the remote side (out).",
		"RTCRTPStreamStats.nackCount",
		"Counted per RTP session and copied onto every stream of it: one series per medium, never to be summed."},
	{PLIRate, "PLI", PerSecond, Rate, both,
		"Picture loss indications per second: sent by the server (in), received by it (out).", "RTCRTPStreamStats.pliCount", ""},
	{FIRRate, "FIR", PerSecond, Rate, both,
		"Full intra requests (key frames) per second: sent by the server (in), received by it (out).", "RTCRTPStreamStats.firCount", ""},
	{REMB, "REMB", Bps, Gauge, both,
		"Bandwidth that the receiver estimates: told by the server to the sender (in), told by the remote side to the server (out).",
		"RTCRTPStreamStats.remb", "0 means not reported and is left out."},
	{TargetBitrate, "target bit rate", Bps, Gauge, outOnly,
		"Bit rate that the encoder aims for.", "RTCOutboundRTPStreamStats.targetBitrate", "0 means not reported and is left out."},
	{E2ELatency, "latency end to end", Ms, Gauge, noDir,
		"Time of a buffer from the source element to this one, smoothed. Needs latencyStats on the pipeline.",
		"EndpointStats.E2ELatency (6.x: audioE2ELatency, videoE2ELatency)",
		"Known to be unreliable: 0.5 to 15 s were reported while people perceived less than 500 ms."},
	{InputLatency, "latency at input", Ms, Gauge, noDir,
		"Time that a buffer spends on its way into the element, smoothed. Needs latencyStats on the pipeline.",
		"ElementStats.inputLatency (6.x: inputAudioLatency, inputVideoLatency)", ""},
	{MessageRate, "messages", PerSecond, Rate, both,
		"Messages per second on a data channel.", "RTCDataChannelStats.messagesReceived, messagesSent", ""},
	{OpenChannels, "data channels", Count, Gauge, noDir,
		"Data channels that are open now.", "RTCPeerConnectionStats.dataChannelsOpened - dataChannelsClosed", ""},
	{CPU, "server CPU", Ratio, Gauge, noDir,
		"Load by the media server of the whole machine: 100 % is all cores busy.", "ServerManager.getUsedCpu / 100 / getCpuCount", ""},
	{Memory, "server memory", KiB, Gauge, noDir,
		"Resident memory of the media server.", "ServerManager.getUsedMemory", ""},
	{Ping, "ping", Ms, Gauge, noDir,
		"Time from a ping to its answer, as seen by the client that sent it.", "ping", ""},
	{Pipelines, "pipelines", Count, Gauge, noDir,
		"Pipelines that are alive.", "getPipelines, ObjectCreated, ObjectDestroyed", ""},
	{Elements, "elements", Count, Gauge, noDir,
		"Elements and hubs that are alive, pipelines excluded.", "ServerManager events and listings", ""},
	{Sessions, "sessions", Count, Gauge, noDir,
		"Sessions that the media server lists, those of the tool included.", "ServerManager.getSessions",
		"As of the last listing."},
	{WatchRequests, "requests", PerSecond, Rate, noDir,
		"Requests per second on the connections of the record: what watching costs the server. In a recording of an application, the application's.",
		"the frames", ""},
	{WatchSent, "bytes to the server", BytesPerSecond, Rate, noDir,
		"Bytes per second of the messages sent to the server, without the framing of WebSocket.", "the frames", ""},
	{WatchReceived, "bytes from the server", BytesPerSecond, Rate, noDir,
		"Bytes per second of the messages received, replies and events, without the framing of WebSocket.", "the frames", ""},
	{WatchTime, "server time", MsPerSecond, Rate, noDir,
		"Time between each request and its reply, summed per second: 1,000 keeps one worker thread of the server busy (it has ten).",
		"the frames",
		"An upper bound: the way there and back and waiting in line are in it. getUsedCpu, which sleeps while it measures, is left out."},
}

// metricIndex maps a name to its place in the catalogue.
var metricIndex = func() map[string]int {
	m := make(map[string]int, len(catalogue))
	for i, c := range catalogue {
		m[c.Name] = i
	}
	return m
}()

// Catalogue gives the description of every metric, in the order in which they
// are best shown. The caller owns the slice. Any goroutine.
func Catalogue() []Metric { return slices.Clone(catalogue) }

// MetricOf finds the description of a metric by its name. Any goroutine.
func MetricOf(name string) (Metric, bool) {
	i, ok := metricIndex[name]
	if !ok {
		return Metric{}, false
	}
	return catalogue[i], true
}
