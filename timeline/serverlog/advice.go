package serverlog

// Advice tells what to log for a symptom.
type Advice struct {
	// ID is stable.
	ID      string
	Symptom string
	// Environment are the variables to set before the server starts, one a
	// line, as a shell or /etc/default/kurento-media-server takes them.
	Environment string
	// Note says what the lines will tell, "" when that is plain.
	Note string
}

// Advices are the levels that Kurento's own documentation suggests ("Debug
// Logging"), by symptom. Each holds level 3 for the rest: errors, warnings and
// unfinished code always show.
var Advices = []Advice{
	{ID: "default", Symptom: "Nothing in particular: the usual level", Environment: `export GST_DEBUG="3,Kurento*:4,kms*:4"`},
	{ID: "ice", Symptom: "ICE does not connect, candidates are missing",
		Environment: `export GST_DEBUG="3,kmsiceniceagent:5,kmswebrtcsession:5,webrtcendpoint:4"`,
		Note:        "kmsiceniceagent shows how candidates are handled, kmswebrtcsession what is decided, webrtcendpoint the outline."},
	{ID: "libnice", Symptom: "ICE does not connect, and the connectivity checks themselves matter",
		Environment: "export G_MESSAGES_DEBUG=\"libnice,libnice-stun\"\nexport NICE_DEBUG=\"$G_MESSAGES_DEBUG\"",
		Note:        "Very much is written: not for a server that people use."},
	{ID: "comedia", Symptom: "Plain RTP behind NAT: the port of the peer is not found", Environment: `export GST_DEBUG="3,rtpendpoint:4"`},
	{ID: "flow", Symptom: "Media does not flow, or flow events are missing", Environment: `export GST_DEBUG="3,KurentoMediaElementImpl:5"`},
	{ID: "sdp", Symptom: "Codecs or directions are negotiated otherwise than expected", Environment: `export GST_DEBUG="3,kmssdpsession:4"`},
	{ID: "transcoding", Symptom: "Media is transcoded and should not be", Environment: `export GST_DEBUG="3,Kurento*:5,kms*:4,agnosticbin*:7"`,
		Note: "agnosticbin decides; at level 7 it writes for every buffer."},
	{ID: "remb", Symptom: "The bitrate stays low, or swings", Environment: `export GST_DEBUG="3,kmsremb:5"`,
		Note: "Level 5 shows the REMB values in force, level 6 how each source is handled."},
	{ID: "sync", Symptom: "Sound and picture drift apart", Environment: `export GST_DEBUG="3,kmsutils:5,rtpsynchronizer:5,rtpsynccontext:5,basertpendpoint:5"`},
	{ID: "player", Symptom: "A player does not start or stops", Environment: `export GST_DEBUG="3,playerendpoint:5"`},
	{ID: "recorder", Symptom: "A recording is empty or broken", Environment: `export GST_DEBUG="3,KurentoRecorderEndpointImpl:4,recorderendpoint:5,qtmux:5"`},
	{ID: "rpc", Symptom: "What applications ask, and what the server answers and sends", Environment: `export GST_DEBUG="3,KurentoWebSocketTransport:5,KurentoWebSocketEventHandler:5"`,
		Note: "Whole messages are written, with session descriptions and their secrets. The log then lines up with a capture to the millisecond."},
	{ID: "lifetime", Symptom: "Objects vanish, or stay for ever", Environment: `export GST_DEBUG="3,KurentoMediaSet:5,KurentoServerMethods:5"`,
		Note: "Who is collected and destroyed, and which session goes."},
}
