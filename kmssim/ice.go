package kmssim

import (
	"fmt"
	"strings"
	"time"
)

// ICE and DTLS of a WebRtcEndpoint, with the times and the order of events of
// the recordings: gathering is over in milliseconds, a pair is found at once or
// after the first retransmission (1 s), component 2 stays GATHERING for ever.

var _ = register("WebRtcEndpoint", map[string]handler{
	"gatherCandidates": gatherCandidates,
	"addIceCandidate":  addIceCandidate,
	"getICECandidatePairs": func(_ *Server, o *object, _ map[string]any) (any, *rpcError) {
		return append([]any{}, o.rtp.pairs...), nil
	},
	"getIceConnectionState": func(s *Server, o *object, _ map[string]any) (any, *rpcError) {
		out := []any{}
		for c := 1; c <= 2; c++ {
			if st := o.rtp.iceStates[c]; st != "" {
				v := structOf("IceConnection", map[string]any{"streamId": "1", "componentId": c, "state": st})
				if s.schema.gen != gen7 {
					ageFields(v, s.schema.gen)
				}
				out = append(out, v)
			}
		}
		return out, nil
	},
	"getDtlsConnectionState": func(_ *Server, o *object, _ map[string]any) (any, *rpcError) {
		out := []any{}
		for _, name := range []string{"[bundle/dtlssrtpdec]", "[bundle/dtlssrtpenc]"} {
			if st := o.rtp.dtls[name]; st != "" {
				out = append(out, structOf("DtlsConnection", map[string]any{"streamId": "1", "componentId": name,
					"connectionId": o.rtp.dtlsName, "state": st}))
			}
		}
		return out, nil
	},
	"getNetworkInterfaces": func(_ *Server, o *object, _ map[string]any) (any, *rpcError) {
		v, _ := o.props["networkInterfaces"].(string)
		return v, nil
	},
	"createDataChannel": func(s *Server, o *object, _ map[string]any) (any, *rpcError) {
		if o.rtp.dataMID == "" {
			return nil, errf(40105, "MEDIA_OBJECT_METHOD_NOT_FOUND", "Data channels are not supported")
		}
		id := o.rtp.channels
		o.rtp.channels++
		s.rtpLaterLocked(o, 20*time.Millisecond, func() {
			s.raiseLocked(o, "DataChannelOpened", map[string]any{"channelId": id})
		})
		return nil, nil
	},
	"closeDataChannel": func(s *Server, o *object, args map[string]any) (any, *rpcError) {
		id, _ := intValue(args["channelId"])
		if id < o.rtp.channels {
			s.rtpLaterLocked(o, 20*time.Millisecond, func() {
				s.raiseLocked(o, "DataChannelClosed", map[string]any{"channelId": id})
			})
		}
		return nil, nil
	},
})

func (s *Server) setICELocked(o *object, component int, state string) {
	o.rtp.iceStates[component] = state
	s.raiseLocked(o, "IceComponentStateChanged", map[string]any{"streamId": 1, "componentId": component, "state": state})
}

func (s *Server) setDTLSLocked(o *object, component, state string) {
	if missingIn("DtlsConnectionState", s.schema.gen) {
		return
	}
	o.rtp.dtls[component] = state
	s.raiseLocked(o, "DtlsConnectionStateChange", map[string]any{"streamId": "1", "componentId": component,
		"connectionId": o.rtp.dtlsName, "state": state})
}

func gatherCandidates(s *Server, o *object, _ map[string]any) (any, *rpcError) {
	r := o.rtp
	if r.localSDP == "" || r.gathered {
		return nil, nil // before the negotiation it does nothing
	}
	r.gathered = true
	s.setICELocked(o, 1, "GATHERING")
	s.setICELocked(o, 2, "GATHERING")
	stun, _ := o.props["stunServerAddress"].(string)
	turn, _ := o.props["turnUrl"].(string)
	wait := time.Millisecond
	if stun != "" {
		wait = 120 * time.Millisecond
		if strings.HasPrefix(stun, "198.51.100.1") { // a documentation address that never answers
			wait, stun = 2100*time.Millisecond, ""
		}
	}
	for component := 1; component <= 2; component++ {
		for _, c := range s.hostCandidates(o, component) {
			s.candidateLocked(o, c)
		}
	}
	s.rtpLaterLocked(o, wait, func() {
		if stun != "" {
			s.candidateLocked(o, fmt.Sprintf("candidate:4 1 UDP 1679819007 203.0.113.7 %d typ srflx raddr %s rport %d",
				s.port(), s.opt.Addresses[0], s.port()))
		}
		if turn != "" {
			s.candidateLocked(o, fmt.Sprintf("candidate:5 1 UDP 505413887 203.0.113.9 %d typ relay raddr 203.0.113.7 rport %d", s.port(), s.port()))
		}
		s.raiseLocked(o, "IceGatheringDone", map[string]any{})
		s.setICELocked(o, 1, "CONNECTING")
		s.tryICELocked(o)
	})
	return nil, nil
}

func (s *Server) port() int { return 1024 + s.rand.Intn(64000) }

// hostCandidates are the server's own: UDP, and TCP unless iceTcp is off. An
// external address replaces the real ones.
func (s *Server) hostCandidates(o *object, component int) []string {
	addresses := s.opt.Addresses
	for _, name := range []string{"externalIPv4", "externalAddress"} {
		if ext, _ := o.props[name].(string); ext != "" {
			addresses = []string{ext}
		}
	}
	var out []string
	n := 1
	for _, a := range addresses {
		out = append(out, fmt.Sprintf("candidate:%d %d UDP %d %s %d typ host", n, component, 2015363327+1-component, a, s.port()))
		if o.props["iceTcp"] != false {
			out = append(out,
				fmt.Sprintf("candidate:%d %d TCP %d %s 9 typ host tcptype active", n+1, component, 1015021823+1-component, a),
				fmt.Sprintf("candidate:%d %d TCP %d %s %d typ host tcptype passive", n+2, component, 1010827519+1-component, a, s.port()))
		}
		n += 3
	}
	return out
}

// candidateLocked announces a candidate once per m-line: with bundle they are
// all the same.
func (s *Server) candidateLocked(o *object, text string) {
	r := o.rtp
	if r.pairs == nil && strings.Contains(text, " 1 UDP ") && o.props["candidate"] == nil {
		o.props["candidate"] = text
	}
	lines := r.mids
	if len(lines) == 0 {
		lines = []midLine{{"audio0", 0}, {"video0", 1}}
	}
	for _, m := range lines {
		s.raiseLocked(o, "IceCandidateFound", map[string]any{"candidate": structOf("IceCandidate",
			map[string]any{"candidate": text, "sdpMid": m.mid, "sdpMLineIndex": m.line})})
	}
}

func addIceCandidate(s *Server, o *object, args map[string]any) (any, *rpcError) {
	c, _ := args["candidate"].(map[string]any)
	text, _ := c["candidate"].(string)
	if !strings.HasPrefix(text, "candidate:") {
		return nil, nil // accepted without complaint
	}
	f := strings.Fields(text)
	if len(f) < 8 || strings.HasSuffix(f[4], ".local") {
		return nil, nil
	}
	if len(o.rtp.remoteCandidates) < 200 {
		o.rtp.remoteCandidates = append(o.rtp.remoteCandidates, strings.Join(f[:8], " "))
	}
	s.tryICELocked(o)
	return nil, nil
}

// tryICELocked starts the checks once there is something to check.
func (s *Server) tryICELocked(o *object) {
	r := o.rtp
	if r.iceRunning || !r.gathered || !r.settled || len(r.remoteCandidates) == 0 {
		return
	}
	r.iceRunning = true
	if r.peer.Unreachable {
		s.rtpLaterLocked(o, 7080*time.Millisecond, func() { s.setICELocked(o, 1, "FAILED") })
		return
	}
	wait := 20 * time.Millisecond
	if s.rand.Float64() < 0.6 {
		wait = 1049 * time.Millisecond
	}
	s.rtpLaterLocked(o, wait, func() { s.connectPeerLocked(o) })
}

func (s *Server) connectPeerLocked(o *object) {
	r := o.rtp
	local, _ := o.props["candidate"].(string)
	pair := func() map[string]any {
		v := structOf("IceCandidatePair", map[string]any{"streamId": "1", "componentId": 1,
			"localCandidate": local, "remoteCandidate": r.remoteCandidates[0]})
		if s.schema.gen != gen7 {
			ageFields(v, s.schema.gen)
		}
		return v
	}
	r.pairs = []any{pair()}
	s.raiseLocked(o, "NewCandidatePairSelected", map[string]any{"candidatePair": pair()})
	s.setICELocked(o, 1, "CONNECTED")
	s.setICELocked(o, 1, "READY")
	if r.peer.DTLSFiltered {
		s.setConnectionLocked(o, "CONNECTED")
		return
	}
	s.rtpLaterLocked(o, 12*time.Millisecond, func() {
		s.setDTLSLocked(o, "[bundle/dtlssrtpdec]", "CONNECTING")
		s.setDTLSLocked(o, "[bundle/dtlssrtpenc]", "CONNECTING")
	})
	s.rtpLaterLocked(o, 17*time.Millisecond, func() {
		s.setConnectionLocked(o, "CONNECTED")
		s.setDTLSLocked(o, "[bundle/dtlssrtpdec]", "CONNECTED")
		s.setDTLSLocked(o, "[bundle/dtlssrtpenc]", "CONNECTED")
	})
	s.rtpLaterLocked(o, 40*time.Millisecond, func() { s.startMediaLocked(o) })
}
