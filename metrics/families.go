// Package metrics gives the figures of media servers in the words of
// Prometheus: an endpoint with the current ones, and whole captures as
// OpenMetrics text. Both use the same names, so that a dashboard shows either.
package metrics

import (
	"slices"
	"strings"

	"kmscope/inventory"
	"kmscope/stats"
)

// scope says which labels a family has.
type scope uint8

const (
	ofServer scope = iota // server
	ofStream              // server, element, type, name, media, direction, stream
)

// family is a metric family (OpenMetrics 1.0, section 2.4). Names have base units:
// seconds, bytes, ratios.
type family struct {
	name    string // without the _total of counters
	help    string
	counter bool
	scope   scope
	per     float64 // units of stats in a base unit
}

// shown is the family's name as it stands before the labels.
func (f *family) shown() string {
	if f.counter {
		return f.name + "_total"
	}
	return f.name
}

const (
	fromMs  = 1e3
	fromNs  = 1e9
	fromKiB = 1.0 / 1024
)

// byName maps fields and metrics to families. RTP streams, data channels and
// transports have fields of equal names: the key of the latter two carries the
// type.
var byName = map[string]family{
	"packetsReceived": {"kmscope_rtp_packets", "RTP packets received (in) or sent (out) by the media server.", true, ofStream, 1},
	"packetsSent":     {"kmscope_rtp_packets", "RTP packets received (in) or sent (out) by the media server.", true, ofStream, 1},
	"bytesReceived":   {"kmscope_rtp_bytes", "Bytes received (in) or sent (out) by the media server over RTP.", true, ofStream, 1},
	"bytesSent":       {"kmscope_rtp_bytes", "Bytes received (in) or sent (out) by the media server over RTP.", true, ofStream, 1},
	"packetsLost":     {"kmscope_rtp_packets_lost", "Packets lost since the stream began; may fall, and be negative.", false, ofStream, 1},
	"fractionLost":    {"kmscope_rtp_fraction_lost_ratio", "Share of packets lost as the last RTCP receiver report says.", false, ofStream, 1},
	"jitter":          {"kmscope_rtp_jitter_seconds", "Interarrival jitter (RFC 3550, section 6.4.1).", false, ofStream, 1},
	"roundTripTime":   {"kmscope_rtp_round_trip_seconds", "Round trip time from RTCP reports.", false, ofStream, 1},
	"nackCount":       {"kmscope_rtp_nacks", "NACKs sent (in) or received (out) by the media server; per RTP session, never to be summed over streams.", true, ofStream, 1},
	"pliCount":        {"kmscope_rtp_plis", "Picture loss indications sent (in) or received (out) by the media server.", true, ofStream, 1},
	"firCount":        {"kmscope_rtp_firs", "Full intra requests sent (in) or received (out) by the media server.", true, ofStream, 1},
	"remb":            {"kmscope_rtp_remb_bits_per_second", "Receiver estimated maximum bit rate.", false, ofStream, 1},
	"targetBitrate":   {"kmscope_rtp_target_bits_per_second", "Bit rate that the encoder aims for.", false, ofStream, 1},

	"inputLatency":      {"kmscope_element_input_latency_seconds", "Time of a buffer on its way into the element.", false, ofStream, fromNs},
	"inputAudioLatency": {"kmscope_element_input_latency_seconds", "Time of a buffer on its way into the element.", false, ofStream, fromNs},
	"inputVideoLatency": {"kmscope_element_input_latency_seconds", "Time of a buffer on its way into the element.", false, ofStream, fromNs},
	"E2ELatency":        {"kmscope_element_e2e_latency_seconds", "Time of a buffer from the source element to this one; known to be unreliable.", false, ofStream, fromNs},
	"audioE2ELatency":   {"kmscope_element_e2e_latency_seconds", "Time of a buffer from the source element to this one; known to be unreliable.", false, ofStream, fromNs},
	"videoE2ELatency":   {"kmscope_element_e2e_latency_seconds", "Time of a buffer from the source element to this one; known to be unreliable.", false, ofStream, fromNs},

	"dataChannelsOpened":        {"kmscope_data_channels_opened", "Data channels opened.", true, ofStream, 1},
	"dataChannelsClosed":        {"kmscope_data_channels_closed", "Data channels closed.", true, ofStream, 1},
	"messagesReceived":          {"kmscope_data_channel_messages", "Messages received (in) or sent (out) on data channels.", true, ofStream, 1},
	"messagesSent":              {"kmscope_data_channel_messages", "Messages received (in) or sent (out) on data channels.", true, ofStream, 1},
	"datachannel/bytesReceived": {"kmscope_data_channel_bytes", "Bytes received (in) or sent (out) on data channels.", true, ofStream, 1},
	"datachannel/bytesSent":     {"kmscope_data_channel_bytes", "Bytes received (in) or sent (out) on data channels.", true, ofStream, 1},
	"datachannel/state":         {"kmscope_data_channel_up", "1 while the data channel is open.", false, ofStream, 1},

	stats.Bitrate:      {"kmscope_bits_per_second", "Payload bits received (in) or sent (out) per second between the last two samples.", false, ofStream, 1},
	stats.PacketRate:   {"kmscope_rtp_packets_per_second", "RTP packets per second between the last two samples.", false, ofStream, 1},
	stats.Loss:         {"kmscope_rtp_loss_ratio", "Packets lost over packets expected, by the newest reports.", false, ofStream, 1},
	stats.NACKRate:     {"kmscope_rtp_nacks_per_second", "NACKs per second of one RTP session.", false, ofStream, 1},
	stats.PLIRate:      {"kmscope_rtp_plis_per_second", "Picture loss indications per second.", false, ofStream, 1},
	stats.FIRRate:      {"kmscope_rtp_firs_per_second", "Full intra requests per second.", false, ofStream, 1},
	stats.MessageRate:  {"kmscope_data_channel_messages_per_second", "Messages per second on a data channel.", false, ofStream, 1},
	stats.OpenChannels: {"kmscope_data_channels", "Data channels that are open.", false, ofStream, 1},

	stats.CPU:    {"kmscope_server_cpu_ratio", "Load by the media server of its machine, 1 is all cores busy.", false, ofServer, 1},
	stats.Memory: {"kmscope_server_memory_bytes", "Resident memory of the media server.", false, ofServer, fromKiB},
	stats.Ping:   {"kmscope_server_ping_seconds", "Time from a ping to its answer.", false, ofServer, fromMs},

	stats.Pipelines: {"kmscope_server_pipelines", "Pipelines that are alive.", false, ofServer, 1},
	stats.Elements:  {"kmscope_server_elements", "Elements and hubs that are alive, pipelines excluded.", false, ofServer, 1},
	stats.Sessions:  {"kmscope_server_sessions", "Sessions that the media server lists.", false, ofServer, 1},

	stats.WatchRequests: {"kmscope_watch_requests_per_second", "Requests per second that watching sends to the media server.", false, ofServer, 1},
	stats.WatchSent:     {"kmscope_watch_sent_bytes_per_second", "Bytes of messages per second that watching sends to the media server.", false, ofServer, 1},
	stats.WatchReceived: {"kmscope_watch_received_bytes_per_second", "Bytes of messages per second that watching receives from the media server.", false, ofServer, 1},
	stats.WatchTime:     {"kmscope_watch_server_seconds_per_second", "Time between requests and their replies per second: worker threads of the media server kept busy, at most.", false, ofServer, fromMs},
}

// typed are the types whose fields may share names with those of RTP streams.
var typed = []string{"datachannel", "transport", "candidatepair", "track", "localcandidate", "remotecandidate", "codec", "certificate"}

func init() {
	// What servers do not fill today gets a name by rule, should one begin to.
	for _, f := range stats.Fields() {
		if f.Kind == stats.State {
			continue // a word; the one that is a figure stands above
		}
		for _, t := range f.Types {
			key := f.Name
			if slices.Contains(typed, t) {
				key = t + "/" + f.Name
			}
			if _, ok := byName[key]; ok {
				continue
			}
			if _, ok := byName[f.Name]; ok && t == "datachannel" {
				continue
			}
			byName[key] = family{
				"kmscope_" + t + "_" + snake(f.Name) + suffix(f.Unit), f.Label + " (" + f.Source + ")",
				f.Kind == stats.Total && !f.Falls, ofStream, 1,
			}
		}
	}
}

// suffix is the unit at the end of a name that does not say it already.
func suffix(u stats.Unit) string {
	switch u {
	case stats.Seconds:
		return "_seconds"
	case stats.Bps:
		return "_bits_per_second"
	case stats.Pixels:
		return "_pixels"
	case stats.Hertz:
		return "_hertz"
	case stats.Decibels:
		return "_decibels"
	case stats.Ratio:
		return "_ratio"
	}
	return ""
}

// snake writes framesPerSecond as frames_per_second.
func snake(s string) string {
	var b strings.Builder
	for i, r := range s {
		if r >= 'A' && r <= 'Z' {
			if i > 0 {
				b.WriteByte('_')
			}
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// familyOf finds the family of a value, and the value in its unit. false is a
// value that Prometheus has no place for.
func familyOf(v *stats.Value) (family, float64, bool) {
	f, ok := byName[v.Type+"/"+v.Metric]
	if !ok {
		f, ok = byName[v.Metric]
	}
	if !ok || f.scope == ofServer && v.Element != inventory.ManagerID {
		return family{}, 0, false
	}
	x := v.V / f.per
	if v.Kind == stats.State {
		x = 0
		if v.Text == "open" {
			x = 1
		}
	}
	if f.counter && !(x >= 0) {
		return family{}, 0, false
	}
	return f, x, true
}

// streamLabels are the labels of ofStream, in the order of labelsOf.
var streamLabels = []string{"server", "element", "type", "name", "media", "direction", "stream"}

// maxLabelBytes bounds a label's value. What is longer is cut.
const maxLabelBytes = 256

func label(s string) string {
	if len(s) > maxLabelBytes {
		s = s[:maxLabelBytes]
	}
	return strings.ToValidUTF8(s, "")
}

func labelsOf(f *family, server, name string, k *stats.Key) []string {
	if f.scope == ofServer {
		return []string{label(server)}
	}
	return []string{
		label(server), label(k.Element), label(inventory.TypeOf(k.Element)), label(name),
		label(k.Media), string(k.Dir), label(k.Stream),
	}
}

func labelNames(s scope) []string {
	if s == ofServer {
		return streamLabels[:1]
	}
	return streamLabels
}
