package wire

import "kmscope/rawjson"

// Word decodes a JSON string as rawjson.String does. The words that servers use all
// the time cost no memory of their own. Any goroutine.
func Word(v []byte) (string, bool) {
	if w := usualWord(v); w != "" {
		return w, true
	}
	return rawjson.String(v)
}

// usualWord gives one of the server's usual words, "" for any other. A switch takes
// a fifth of the time of a map.
func usualWord(quoted []byte) string {
	switch string(quoted) {
	case `"FLOWING"`:
		return "FLOWING"
	case `"NOT_FLOWING"`:
		return "NOT_FLOWING"
	case `"TRANSCODING"`:
		return "TRANSCODING"
	case `"NOT_TRANSCODING"`:
		return "NOT_TRANSCODING"
	case `"CONNECTED"`:
		return "CONNECTED"
	case `"DISCONNECTED"`:
		return "DISCONNECTED"
	case `"GATHERING"`:
		return "GATHERING"
	case `"CONNECTING"`:
		return "CONNECTING"
	case `"READY"`:
		return "READY"
	case `"FAILED"`:
		return "FAILED"
	case `"NEW"`:
		return "NEW"
	case `"CLOSED"`:
		return "CLOSED"
	case `"START"`:
		return "START"
	case `"STOP"`:
		return "STOP"
	case `"PAUSE"`:
		return "PAUSE"
	case `"inboundrtp"`:
		return "inboundrtp"
	case `"outboundrtp"`:
		return "outboundrtp"
	case `"endpoint"`:
		return "endpoint"
	case `"element"`:
		return "element"
	case `"session"`:
		return "session"
	case `"sink_audio_default"`:
		return "sink_audio_default"
	case `"sink_video_default"`:
		return "sink_video_default"
	case `"AUDIO"`:
		return "AUDIO"
	case `"VIDEO"`:
		return "VIDEO"
	case `"DATA"`:
		return "DATA"
	case `"default"`:
		return "default"
	case `"0"`:
		return "0"
	case `"1"`:
		return "1"
	case `"2"`:
		return "2"
	case `"IceCandidateFound"`:
		return "IceCandidateFound"
	case `"IceComponentStateChanged"`:
		return "IceComponentStateChanged"
	case `"MediaFlowInStateChanged"`:
		return "MediaFlowInStateChanged"
	case `"MediaFlowOutStateChanged"`:
		return "MediaFlowOutStateChanged"
	case `"MediaTranscodingStateChanged"`:
		return "MediaTranscodingStateChanged"
	case `"MediaStateChanged"`:
		return "MediaStateChanged"
	case `"ConnectionStateChanged"`:
		return "ConnectionStateChanged"
	case `"DtlsConnectionStateChange"`:
		return "DtlsConnectionStateChange"
	case `"ElementConnected"`:
		return "ElementConnected"
	case `"ElementDisconnected"`:
		return "ElementDisconnected"
	case `"NewCandidatePairSelected"`:
		return "NewCandidatePairSelected"
	case `"ObjectCreated"`:
		return "ObjectCreated"
	case `"ObjectDestroyed"`:
		return "ObjectDestroyed"
	case `"Error"`:
		return "Error"
	}
	return ""
}
