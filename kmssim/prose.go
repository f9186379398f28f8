package kmssim

// Help texts in the descriptions that getKmd returns. A real server sends long
// ones; these are our own, short, so that a demonstration shows help too.

// prose is keyed by "Class", "Class.member", "Event" or "Type".
var prose = map[string]string{
	"MediaObject":                             "Everything that lives on a media server.",
	"MediaObject.name":                        "A name for people. Until it is set it reads as the id.",
	"MediaObject.creationTime":                "When the object was made, in seconds since 1970 (UTC).",
	"MediaObject.children":                    "The objects that were made inside this one.",
	"MediaObject.parent":                      "The object that this one was made in; a pipeline has none.",
	"MediaObject.sendTagsInEvents":            "Whether events of this object carry its tags.",
	"MediaObject.addTag":                      "Attaches a key with a value to the object; an old value of the key is replaced.",
	"MediaElement":                            "A part of a pipeline that media flow into, out of, or both.",
	"MediaElement.encoderBitrate":             "The bitrate that an encoder of this element starts with, in bit/s.",
	"MediaElement.minEncoderBitrate":          "The lowest bitrate that an encoder of this element may use, in bit/s.",
	"MediaElement.maxEncoderBitrate":          "The highest bitrate that an encoder of this element may use, in bit/s.",
	"MediaElement.connect":                    "Sends media of this element to another one, one way. A sink has one source per medium.",
	"MediaElement.disconnect":                 "Ends a connection made with connect.",
	"MediaElement.getStats":                   "Counters of the element's streams. Nothing in them tells audio from video: ask per media type.",
	"MediaElement.isMediaFlowingIn":           "Whether data of a medium come in now. Needs AUDIO or VIDEO.",
	"MediaElement.isMediaTranscoding":         "Whether the element converts between codecs for one of its sinks.",
	"MediaElement.getGstreamerDot":            "The GStreamer graph inside, in Graphviz's DOT language.",
	"MediaPipeline":                           "A set of elements that can be connected with each other.",
	"MediaPipeline.latencyStats":              "Whether delays are measured. They appear in getStats of the elements.",
	"ServerManager":                           "The server itself.",
	"ServerManager.info":                      "Version, modules and abilities of the server.",
	"ServerManager.pipelines":                 "All pipelines. Asking holds every object in a session with an empty name.",
	"ServerManager.sessions":                  "The sessions that hold objects, padded with empty texts.",
	"ServerManager.getUsedCpu":                "CPU use in percent of one core, measured over an interval in milliseconds. The call takes that long.",
	"ServerManager.getUsedMemory":             "Resident memory in KiB.",
	"ServerManager.getKmd":                    "The description of one module.",
	"SdpEndpoint.generateOffer":               "Makes an SDP offer. Works once.",
	"SdpEndpoint.processOffer":                "Takes an SDP offer and gives the answer.",
	"SdpEndpoint.processAnswer":               "Takes the answer to an offer made before.",
	"SdpEndpoint.maxVideoRecvBandwidth":       "Highest video bitrate asked of the other side, in kbit/s; 0 is no limit.",
	"SdpEndpoint.maxAudioRecvBandwidth":       "Highest audio bitrate asked of the other side, in kbit/s; 0 is no limit.",
	"BaseRtpEndpoint.mtu":                     "Largest RTP packet that is sent, in bytes.",
	"BaseRtpEndpoint.minVideoRecvBandwidth":   "Lowest video bitrate asked of the other side by REMB, in kbit/s.",
	"BaseRtpEndpoint.minVideoSendBandwidth":   "Lowest video bitrate that is sent, in kbit/s.",
	"BaseRtpEndpoint.maxVideoSendBandwidth":   "Highest video bitrate that is sent, in kbit/s. The default of 500 is low for HD.",
	"BaseRtpEndpoint.mediaState":              "CONNECTED while RTP or RTCP arrive.",
	"BaseRtpEndpoint.connectionState":         "CONNECTED once all transports are.",
	"BaseRtpEndpoint.rembParams":              "How the bandwidth asked of the other side grows and falls.",
	"BaseRtpEndpoint.requestKeyframe":         "Asks the other side for a complete picture.",
	"WebRtcEndpoint":                          "Exchanges media with a browser: ICE, DTLS, SRTP, data channels.",
	"WebRtcEndpoint.stunServerAddress":        "IP address of a STUN server; a host name does not work.",
	"WebRtcEndpoint.stunServerPort":           "Port of the STUN server.",
	"WebRtcEndpoint.turnUrl":                  "TURN server as user:password@address:port. Anybody who asks can read it.",
	"WebRtcEndpoint.externalIPv4":             "Public address that replaces the server's own in its candidates.",
	"WebRtcEndpoint.networkInterfaces":        "Names of the network interfaces used for ICE, separated by commas; empty is all.",
	"WebRtcEndpoint.iceTcp":                   "Whether TCP candidates are gathered. Reading it crashes some versions.",
	"WebRtcEndpoint.gatherCandidates":         "Starts ICE gathering. Call it after the SDP negotiation.",
	"WebRtcEndpoint.addIceCandidate":          "Hands over a candidate of the other side.",
	"WebRtcEndpoint.ICECandidatePairs":        "The candidate pairs in use.",
	"RtpEndpoint":                             "Exchanges plain RTP, or SRTP with keys in the SDP.",
	"PlayerEndpoint":                          "Plays a file, an HTTP resource or an RTSP camera.",
	"PlayerEndpoint.position":                 "Where in the stream it plays, in milliseconds.",
	"PlayerEndpoint.play":                     "Starts, or goes on after a pause.",
	"RecorderEndpoint":                        "Writes a file or sends it by HTTP.",
	"RecorderEndpoint.record":                 "Starts once media of every needed kind flow; until then nothing is to be seen.",
	"RecorderEndpoint.stopAndWait":            "Stops and returns when the file is complete.",
	"Composite":                               "Mixes the pictures of its ports into a grid and adds their sound. It always transcodes.",
	"HubPort":                                 "A hub's socket: connect elements to it.",
	"Dispatcher":                              "Routes between any two of its ports.",
	"DispatcherOneToMany":                     "Sends the media of one port to all others.",
	"PassThrough":                             "Gives out what comes in.",
	"Error":                                   "Something went wrong in an element. Errors do not reach subscribers of the pipeline.",
	"MediaFlowInStateChanged":                 "Data of a medium began or ceased to come in. NOT_FLOWING comes after two silent seconds.",
	"MediaFlowOutStateChanged":                "Data of a medium began or ceased to go out. NOT_FLOWING comes after two silent seconds.",
	"MediaTranscodingStateChanged":            "An element began or ceased to convert between codecs.",
	"IceComponentStateChanged":                "The ICE state of one component changed.",
	"NewCandidatePairSelected":                "ICE chose a pair of addresses.",
	"MediaFlowState":                          "Whether data flow.",
	"MediaType":                               "The kinds of media.",
	"RTCInboundRTPStreamStats.jitter":         "Variation of the packets' delay, in seconds.",
	"RTCInboundRTPStreamStats.packetsLost":    "Packets that never came; -1 is a clean stream.",
	"RTCRTPStreamStats.fractionLost":          "Loss since the last report, as 0 to 255: divide by 256.",
	"RTCRTPStreamStats.remb":                  "Bandwidth estimate in bit/s; 0 is not reported.",
	"RTCOutboundRTPStreamStats.roundTripTime": "Round trip in seconds.",
	"EndpointStats.E2ELatency":                "Delay from the pipeline's entry to here, in nanoseconds. Not reliable.",
	"ElementStats.inputLatency":               "Delay of what comes in, in nanoseconds.",
}

// addProse puts the texts into a description.
func addProse(module map[string]any) {
	for _, list := range []string{"remoteClasses", "complexTypes", "events"} {
		for _, item := range maps(module[list]) {
			owner, _ := item["name"].(string)
			if text := prose[owner]; text != "" {
				item["doc"] = text
			}
			for _, members := range []string{"properties", "methods"} {
				for _, member := range maps(item[members]) {
					name, _ := member["name"].(string)
					if text := prose[owner+"."+name]; text != "" {
						member["doc"] = text
					}
				}
			}
		}
	}
}
