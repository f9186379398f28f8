package serverlog

// Advice tells what to log for a symptom, and what to look for then.
type Advice struct {
	// ID is stable.
	ID      string
	Symptom string
	// Environment are the variables to set before the server starts, one a
	// line, as a shell or /etc/default/kurento-media-server takes them.
	Environment string
	// Note says what the lines will tell, "" when that is plain.
	Note string
	// Looks are what to search the log for.
	Looks []Look
}

// Look is a text of the log and what it means.
type Look struct {
	// Text stands in the lines as it is.
	Text string
	// Means says what such a line, or its lack, tells.
	Means string
}

// Advices are the levels that Kurento's own documentation suggests ("Debug
// Logging"), by symptom, mended where a real server 7.3 writes what matters at
// another level. Each holds level 3 for the rest: errors, warnings and
// unfinished code always show.
var Advices = []Advice{
	{ID: "default", Symptom: "Nothing in particular: the usual level", Environment: `export GST_DEBUG="3,Kurento*:4,kms*:4,sdp*:4,webrtc*:4,*rtpendpoint:4,rtp*handler:4,rtpsynchronizer:4,agnosticbin:4"`,
		Looks: []Look{
			{"Kurento Media Server started", "The server began here; more than once, it was restarted or crashed in between."},
			{"TRANSCODING ACTIVE", "An element decodes and encodes this medium: the costliest thing that a server does."},
		}},
	{ID: "ice", Symptom: "ICE does not connect, candidates are missing",
		Environment: `export GST_DEBUG="3,kmsiceniceagent:5,kmswebrtcsession:5,kmswebrtcbaseconnection:4,webrtcendpoint:5,KurentoWebRtcEndpointImpl:5"`,
		Note:        "kmsiceniceagent shows how candidates are handled, kmswebrtcsession what is decided, webrtcendpoint every state and candidate.",
		Looks: []Look{
			{"STUN server not configured", "Peers outside the server's network cannot reach it, unless an external address or TURN is set."},
			{"TURN relay server not configured", "Peers behind a firewall that lets no UDP pass cannot connect."},
			{"Added local address", "The addresses that the server offers. Docker's (172.17.x) among them mean nothing to a peer."},
			{"ICE Gathering not started yet", "The application hands on candidates before gatherCandidates: they are kept until then. When nothing follows, it never calls it."},
			{"[IceComponentStateChanged]", "How far each component came: gathering, connecting, connected, ready, or failed."},
			{"New candidate pair selected", "The two addresses that are in use."},
			{"Found peer-reflexive remote", "The peer came from an address that it had not announced: a NAT in between."},
		}},
	{ID: "libnice", Symptom: "ICE does not connect, and the connectivity checks themselves matter",
		Environment: "export G_MESSAGES_DEBUG=\"libnice,libnice-stun\"\nexport NICE_DEBUG=\"$G_MESSAGES_DEBUG\"",
		Note:        "Very much is written: not for a server that people use."},
	{ID: "dtls", Symptom: "ICE connects, but no media comes", Environment: `export GST_DEBUG="3,webrtcendpoint:5,KurentoWebRtcEndpointImpl:5,dtls*:5"`,
		Looks: []Look{
			{"DTLS connection state change", "NEW, CONNECTING, CONNECTED for each direction. Without CONNECTED no packet can be decrypted: compare the fingerprints of the descriptions."},
		}},
	{ID: "comedia", Symptom: "Plain RTP behind NAT: the port of the peer is not found", Environment: `export GST_DEBUG="3,rtpendpoint:5"`},
	{ID: "flow", Symptom: "Media does not flow, or flow events are missing", Environment: `export GST_DEBUG="3,KurentoMediaElementImpl:5"`,
		Looks: []Look{
			{"MediaFlowInStateChanged", "An element began or ceased to receive. The first element in the chain that has none is where media is lost."},
			{"MediaFlowOutStateChanged", "An element began or ceased to send."},
		}},
	{ID: "sdp", Symptom: "Codecs or directions are negotiated otherwise than expected", Environment: `export GST_DEBUG="3,kmssdpsession:5,KurentoWebRtcEndpointImpl:4,basertpendpoint:4"`,
		Note: "Whole session descriptions are written, with their secrets.",
		Looks: []Look{
			{"Process SDP Offer", "What the peer sent, as the server got it."},
			{"Generated SDP Answer", "What the server made of it. A medium with port 0 was refused."},
			{"Removing not supported codec", "The server's settings name a codec that it has no plugin for: it is never offered."},
			{"Payloader not found for media", "No codec of this medium was agreed on: it is not sent."},
		}},
	{ID: "transcoding", Symptom: "Media is transcoded and should not be", Environment: `export GST_DEBUG="3,Kurento*:5,kms*:4,agnosticbin*:7"`,
		Note: "agnosticbin decides; at level 7 it writes for every buffer.",
		Looks: []Look{
			{"TRANSCODING ACTIVE", "Which element and medium."},
			{"TreeBin <", "Which formats were looked at before, and so what made the codecs differ."},
		}},
	{ID: "remb", Symptom: "The bitrate stays low, or swings", Environment: `export GST_DEBUG="3,kmsremb:5,basertpendpoint:4,KurentoBaseRtpEndpointImpl:5"`,
		Note: "Level 5 of kmsremb shows the REMB values in force, level 6 how each source is handled.",
		Looks: []Look{
			{"has REMB", "The peer knows REMB. Without this line for video the rate does not adapt: look for goog-remb in the offer."},
			{"Creating REMB", "For which SSRC the server estimates."},
		}},
	{ID: "sync", Symptom: "Sound and picture drift apart", Environment: `export GST_DEBUG="3,kmsutils:5,rtpsynchronizer:5,rtpsynccontext:5,basertpendpoint:5"`,
		Looks: []Look{
			{"Fix PTS not strictly increasing", "The peer's timestamps stand still or run backwards."},
			{"dropping buffers until keyframe", "Picture is missing until the sender makes a key frame."},
		}},
	{ID: "player", Symptom: "A player does not start or stops", Environment: `export GST_DEBUG="3,playerendpoint:5"`,
		Looks: []Look{
			{"Emit 'EOS' signal", "The source came to its end."},
		}},
	{ID: "recorder", Symptom: "A recording is empty or broken", Environment: `export GST_DEBUG="3,KurentoRecorderEndpointImpl:4,recorderendpoint:5,qtmux:5"`,
		Looks: []Look{
			{"Setting sink caps", "The format of each medium. One that is missing never arrived, and the profile waits for it."},
			{"Received EOS in muxing pipeline", "The file is complete from here on. Without it the recorder was released before it had stopped."},
		}},
	{ID: "rpc", Symptom: "What applications ask, and what the server answers and sends", Environment: `export GST_DEBUG="3,KurentoWebSocketTransport:5,KurentoWebSocketEventHandler:5"`,
		Note: "Whole messages are written, with session descriptions and their secrets. The log then lines up with a capture to the millisecond.",
		Looks: []Look{
			{"processMessage: Message:", "A request, with its id."},
			{"processMessage: Response:", "The answer to it."},
			{"Sending event:", "An event and the session that gets it."},
		}},
	{ID: "lifetime", Symptom: "Objects vanish, or stay for ever", Environment: `export GST_DEBUG="3,KurentoMediaSet:5,KurentoServerMethods:5"`,
		Note: "Who is collected and destroyed, and which session goes.",
		Looks: []Look{
			{"async_delete: Destroying", "The object is gone from here on. Nobody asked for it: no session referred to it any more."},
		}},
}
