package browserdump

import (
	"strings"

	"kmscope/stats"
)

// unitOf gives the unit of a metric by its name in the W3C's "Identifiers for
// WebRTC's Statistics API"; "" where the name is not known. What the browser
// derives names its own unit.
func unitOf(metric string) stats.Unit {
	if strings.HasPrefix(metric, "[") {
		switch {
		case strings.HasSuffix(metric, "_in_bits/s]"):
			return stats.Bps
		case strings.HasSuffix(metric, "_in_ms]"):
			return stats.Ms
		case strings.HasSuffix(metric, "/s]"):
			return stats.PerSecond
		case strings.HasPrefix(metric, "[total") && strings.Contains(metric, "Time/"), strings.HasPrefix(metric, "[totalRoundTripTime/"):
			return stats.Seconds
		}
		return ""
	}
	if u, ok := units[metric]; ok {
		return u
	}
	for _, rule := range unitRules {
		if strings.HasPrefix(metric, rule.prefix) && strings.HasSuffix(metric, rule.suffix) {
			return rule.unit
		}
	}
	return ""
}

var units = map[string]stats.Unit{
	"audioLevel": stats.Ratio, "fractionLost": stats.Ratio, "echoReturnLoss": stats.Decibels, "echoReturnLossEnhancement": stats.Decibels,
	"framesPerSecond": stats.PerSecond, "frameWidth": stats.Pixels, "frameHeight": stats.Pixels, "width": stats.Pixels, "height": stats.Pixels,
	"jitter": stats.Seconds, "jitterBufferDelay": stats.Seconds, "jitterBufferTargetDelay": stats.Seconds, "jitterBufferMinimumDelay": stats.Seconds,
	"totalProcessingDelay": stats.Seconds, "totalPacketSendDelay": stats.Seconds, "totalPlayoutDelay": stats.Seconds,
	"currentRoundTripTime": stats.Seconds, "roundTripTime": stats.Seconds, "synthesizedSamplesDuration": stats.Seconds,
	"totalSamplesDuration": stats.Seconds, "totalFreezesDuration": stats.Seconds, "totalPausesDuration": stats.Seconds,
	"totalInterFrameDelay": stats.Seconds, "clockRate": stats.Hertz,
	"estimatedPlayoutTimestamp": stats.Ms, "remoteTimestamp": stats.Ms, "lastPacketReceivedTimestamp": stats.Ms, "lastPacketSentTimestamp": stats.Ms,
	"concealmentEvents": stats.Count, "freezeCount": stats.Count, "pauseCount": stats.Count, "qpSum": stats.Count,
	"jitterBufferEmittedCount": stats.Count, "reportsSent": stats.Count, "roundTripTimeMeasurements": stats.Count,
	"selectedCandidatePairChanges": stats.Count, "qualityLimitationResolutionChanges": stats.Count, "totalSamplesReceived": stats.Count,
}

var unitRules = []struct {
	prefix, suffix string
	unit           stats.Unit
}{
	{"", "Bitrate", stats.Bps},
	{"bytes", "", stats.Bytes}, {"", "BytesSent", stats.Bytes}, {"", "BytesReceived", stats.Bytes}, {"total", "BytesTarget", stats.Bytes},
	{"total", "Time", stats.Seconds},
	{"packets", "", stats.Count}, {"", "PacketsSent", stats.Count}, {"", "PacketsReceived", stats.Count},
	{"frames", "", stats.Count}, {"keyFrames", "", stats.Count}, {"hugeFrames", "", stats.Count}, {"messages", "", stats.Count},
	{"requests", "", stats.Count}, {"responses", "", stats.Count}, {"consentRequests", "", stats.Count}, {"dataChannels", "", stats.Count},
	{"nack", "Count", stats.Count}, {"pli", "Count", stats.Count}, {"fir", "Count", stats.Count},
	{"", "Samples", stats.Count}, {"", "SamplesForAcceleration", stats.Count}, {"", "SamplesForDeceleration", stats.Count}, {"fec", "Discarded", stats.Count},
}
