package kmssim

import (
	"strings"
	"time"
)

// WebRtcEndpoint and RtpEndpoint: negotiation. What happens on the network
// afterwards is in ice.go, the figures in stats.go.

// Peer is the browser, or RTP sender, at the other end of an endpoint. The zero
// value is a healthy one that sends and receives what was negotiated.
type Peer struct {
	// MuteAudio and MuteVideo: negotiated, but never sent.
	MuteAudio, MuteVideo bool
	// AudioBps and VideoBps are what it sends, in bit/s; 0 is 46,000 and 480,000.
	AudioBps, VideoBps float64
	// LossIn and LossOut are the shares (0..1) of packets lost on the way to
	// and from the server.
	LossIn, LossOut float64
	// RTT is the round trip, 0 is 28 ms; Jitter is 0 for 3 ms.
	RTT, Jitter time.Duration
	// RembCap is the highest bandwidth that it reports, in bit/s; 0 is 1.5 Mbit/s.
	RembCap float64
	// VideoCodec is the video codec that it likes best: "VP8" (default) or "H264".
	VideoCodec string
	// Address is where it is; "" is 198.51.100.20.
	Address string
	// Unreachable: no candidate pair ever works; ICE fails after 7 s.
	Unreachable bool
	// DTLSFiltered: ICE connects, DTLS never starts.
	DTLSFiltered bool
}

func (p Peer) withDefaults() Peer {
	set := func(v *float64, d float64) {
		if *v == 0 {
			*v = d
		}
	}
	set(&p.AudioBps, 46_000)
	set(&p.VideoBps, 480_000)
	set(&p.RembCap, 1_500_000)
	if p.RTT == 0 {
		p.RTT = 28 * time.Millisecond
	}
	if p.Jitter == 0 {
		p.Jitter = 3 * time.Millisecond
	}
	if p.Address == "" {
		p.Address = "198.51.100.20"
	}
	return p
}

// negotiated is one medium of an endpoint after SDP.
type negotiated struct {
	sends, receives bool // as seen from the server
	codec           string
	ssrcIn, ssrcOut string
	in, out         *stream
	phantom         *stream
}

type midLine struct {
	mid  string
	line int
}

type rtpState struct {
	peer        Peer
	localSDP    string
	remoteSDP   string
	offering    bool // generateOffer was called
	settled     bool // both descriptions are there
	offered     map[string]string
	media       [mediaCount]*negotiated
	mids        []midLine
	dataMID     string
	cname       string
	ufrag, pwd  string
	fingerprint string

	remoteCandidates []string
	gathered         bool
	iceStates        map[int]string
	dtls             map[string]string // by component name
	dtlsName         string
	pairs            []any
	connection       string
	mediaState       string
	iceRunning       bool
	connected        bool // media can flow
	gone             bool // the peer left
	channels         int
	channelIDs       []string // statistics ids of the data channels
	statsID          string
	advanced         time.Time
	cancels          []func()
}

func newRTPState(o *object) *rtpState {
	return &rtpState{connection: "DISCONNECTED", mediaState: "DISCONNECTED",
		iceStates: map[int]string{}, dtls: map[string]string{}, offered: map[string]string{},
		dtlsName: "dtlssrtpenc" + itoa(o.serial) + "-dtlssrtpdec" + itoa(o.serial) + "-1-1"}
}

func (r *rtpState) stop() {
	for _, c := range r.cancels {
		c()
	}
	r.cancels = nil
}

// receives reports whether the remote side's medium comes in now.
func (r *rtpState) receives(m media) bool {
	n := r.media[m]
	if n == nil || !n.receives || !r.connected || r.gone {
		return false
	}
	return !(m == audio && r.peer.MuteAudio || m == video && r.peer.MuteVideo)
}

// sends reports whether the server may send a medium now.
func (r *rtpState) sends(m media) bool {
	n := r.media[m]
	return n != nil && n.sends && r.connected && !r.gone
}

func (r *rtpState) codec(m media) string {
	if n := r.media[m]; n != nil {
		return n.codec
	}
	return ""
}

var _ = register("SdpEndpoint", map[string]handler{
	"generateOffer": func(s *Server, o *object, _ map[string]any) (any, *rpcError) {
		if o.rtp.offering || o.rtp.localSDP != "" {
			return nil, errf(40208, "SDP_END_POINT_ALREADY_NEGOTIATED", "Endpoint already negotiated")
		}
		s.prepareLocked(o)
		o.rtp.offering = true
		o.rtp.localSDP = s.offerLocked(o)
		return o.rtp.localSDP, nil
	},
	"processOffer":  processOffer,
	"processAnswer": processAnswer,
	"getLocalSessionDescriptor": func(_ *Server, o *object, _ map[string]any) (any, *rpcError) {
		if o.rtp.localSDP == "" {
			return nil, errf(40202, "SDP_END_POINT_NO_LOCAL_SDP_ERROR", "No local SDP")
		}
		return o.rtp.localSDP, nil
	},
	"getRemoteSessionDescriptor": func(_ *Server, o *object, _ map[string]any) (any, *rpcError) {
		if o.rtp.remoteSDP == "" {
			return nil, errf(40203, "SDP_END_POINT_NO_REMOTE_SDP_ERROR", "No remote SDP")
		}
		return o.rtp.remoteSDP, nil
	},
})

// prepareLocked makes the endpoint's own ICE and DTLS identity.
func (s *Server) prepareLocked(o *object) {
	r := o.rtp
	r.ufrag, r.pwd = s.iceWord(4), s.iceWord(22)
	r.fingerprint = s.hexWord(32, ":")
	r.cname = "user" + s.ssrc() + "@host-" + strings.ToLower(s.hexWord(4, ""))
	r.statsID = s.uuid()
}

func processOffer(s *Server, o *object, args map[string]any) (any, *rpcError) {
	r := o.rtp
	text := textArg(args, "offer")
	if text == "" {
		return nil, errf(40201, "SDP_PARSE_ERROR", "Empty offer not valid")
	}
	offer, ok := parseSDP(text)
	if !ok {
		return nil, errf(40201, "SDP_PARSE_ERROR", "Invalid SDP")
	}
	if r.localSDP != "" {
		return nil, errf(40208, "SDP_END_POINT_ALREADY_NEGOTIATED", "Endpoint already negotiated")
	}
	s.prepareLocked(o)
	r.remoteSDP = text
	r.localSDP = s.answerLocked(o, offer)
	s.settleLocked(o, offer)
	return r.localSDP, nil
}

func processAnswer(s *Server, o *object, args map[string]any) (any, *rpcError) {
	r := o.rtp
	if !r.offering {
		return nil, errf(40209, "SDP_END_POINT_NOT_OFFER_GENERATED", "Offer not generated. It is not possible to process an answer.")
	}
	if r.settled {
		return nil, errf(40210, "SDP_END_POINT_ANSWER_ALREADY_PROCCESED", "Sdp Answer already processed")
	}
	answer, ok := parseSDP(textArg(args, "answer"))
	if !ok {
		return nil, errf(40201, "SDP_PARSE_ERROR", "Invalid SDP")
	}
	r.remoteSDP = textArg(args, "answer")
	for i, m := range answer.media {
		r.mids = append(r.mids, midLine{m.mid, i})
		if m.kind == "application" {
			r.dataMID = m.mid
		}
		kind, known := m.index()
		pts := m.supported()
		if !known || m.port == "0" || len(pts) == 0 || r.media[kind] != nil {
			continue
		}
		n := s.negotiate(r, kind, m, pts[0])
		if own := r.offered[m.kind]; own != "" {
			n.ssrcOut = own
		}
		if n.ssrcIn == "" {
			n.ssrcIn = s.ssrc()
		}
	}
	s.settleLocked(o, answer)
	return r.localSDP, nil
}

// onlyDigits gives "" for an SSRC that is no number.
func onlyDigits(ssrc string) string {
	for _, c := range ssrc {
		if c < '0' || c > '9' {
			return ""
		}
	}
	return ssrc
}

// negotiate notes one medium; m is the remote side's m-line.
func (s *Server) negotiate(r *rtpState, kind media, m *sdpMedia, pt string) *negotiated {
	name, _, _ := strings.Cut(m.codecOf(pt), "/")
	n := &negotiated{codec: strings.ToUpper(name), ssrcIn: onlyDigits(m.ssrc), ssrcOut: s.ssrc(),
		receives: m.direction == "sendrecv" || m.direction == "sendonly",
		sends:    m.direction == "sendrecv" || m.direction == "recvonly"}
	r.media[kind] = n
	return n
}

// settleLocked is the moment when both descriptions are there.
func (s *Server) settleLocked(o *object, remote *sdpOffer) {
	r := o.rtp
	r.settled = true
	r.peer = r.peer.withDefaults()
	for _, m := range remote.media {
		if m.candidate > 0 {
			r.remoteCandidates = append(r.remoteCandidates, "candidate:1 1 UDP 2130706431 "+r.peer.Address+" 50000 typ host")
		}
	}
	later := func(d time.Duration, f func()) { s.rtpLaterLocked(o, d, f) }
	if o.class.Name == "WebRtcEndpoint" {
		s.setDTLSLocked(o, "[bundle/dtlssrtpenc]", "NEW")
		later(3*time.Millisecond, func() { s.raiseLocked(o, "MediaSessionStarted", map[string]any{}) })
		if r.gathered {
			s.tryICELocked(o)
		}
		return
	}
	s.setConnectionLocked(o, "CONNECTED")
	s.raiseLocked(o, "MediaSessionStarted", map[string]any{})
	r.connected = true
	later(230*time.Millisecond, func() { s.startMediaLocked(o) })
}

// rtpLaterLocked runs f later, unless the endpoint dies first.
func (s *Server) rtpLaterLocked(o *object, d time.Duration, f func()) {
	o.rtp.cancels = append(o.rtp.cancels, s.after(d, f))
	if len(o.rtp.cancels) > 64 {
		o.rtp.cancels = o.rtp.cancels[32:]
	}
}

func (s *Server) setConnectionLocked(o *object, state string) {
	old := o.rtp.connection
	if old == state {
		return
	}
	o.rtp.connection = state
	s.raiseLocked(o, "ConnectionStateChanged", map[string]any{"oldState": old, "newState": state})
}

func (s *Server) setMediaStateLocked(o *object, state string) {
	old := o.rtp.mediaState
	if old == state {
		return
	}
	o.rtp.mediaState = state
	s.raiseLocked(o, "MediaStateChanged", map[string]any{"oldState": old, "newState": state})
}

// startMediaLocked makes the streams of a connected endpoint.
func (s *Server) startMediaLocked(o *object) {
	r := o.rtp
	r.connected = true
	r.advanced = s.clock.Now()
	for m := audio; m < mediaCount; m++ {
		n := r.media[m]
		if n == nil {
			continue
		}
		if n.receives {
			n.in = newStream(s.uuid(), n.ssrcIn)
		}
		if n.sends {
			n.out = newStream(s.uuid(), n.ssrcOut)
			if n.receives {
				n.phantom = newStream(s.uuid(), s.ssrc())
			}
		}
	}
	s.touchFlowLocked(o)
	if r.dataMID != "" {
		s.rtpLaterLocked(o, 1010*time.Millisecond, func() {
			r.channels = 1
			r.channelIDs = []string{s.uuid()}
			s.raiseLocked(o, "DataChannelOpened", map[string]any{"channelId": 0})
			s.raiseLocked(o, "DataChannelOpened", map[string]any{"channelId": 0})
		})
	}
	rtcp := time.Duration(600+s.rand.Intn(400)) * time.Millisecond
	if o.class.Name == "RtpEndpoint" { // its packets are seen at once
		rtcp = 15 * time.Millisecond
	}
	s.rtpLaterLocked(o, rtcp, func() { s.setMediaStateLocked(o, "CONNECTED") })
}

// hangUpLocked is the peer leaving: politely, with a DTLS alert, or killed.
// ICE and the connection state never notice.
func (s *Server) hangUpLocked(o *object, polite bool) {
	r := o.rtp
	if r == nil || r.gone {
		return
	}
	if polite && len(r.dtls) > 0 {
		s.setDTLSLocked(o, "[bundle/dtlssrtpdec]", "CLOSED")
		s.setDTLSLocked(o, "[bundle/dtlssrtpenc]", "CLOSED")
	}
	if polite && r.channels > 0 {
		s.raiseErrorLocked(o, "RESOURCE_ERROR_WRITE", 10, "Error code 10: Could not write to resource., source: sctpenc_0, element: "+
			o.gstName()+", debug info: SCTP association went into error state")
	}
	s.advanceLocked(o)
	r.gone = true
	s.rtpLaterLocked(o, 1600*time.Millisecond, func() { s.touchFlowLocked(o) })
	s.rtpLaterLocked(o, 6300*time.Millisecond, func() { s.setMediaStateLocked(o, "DISCONNECTED") })
}

// setPeerLocked changes the other end while it runs.
func (s *Server) setPeerLocked(o *object, change func(*Peer)) {
	if o.rtp.connected {
		s.advanceLocked(o)
	}
	change(&o.rtp.peer)
	if o.rtp.settled {
		o.rtp.peer = o.rtp.peer.withDefaults()
	}
	s.touchFlowLocked(o)
}

var _ = register("BaseRtpEndpoint", map[string]handler{
	"getMediaState":      func(_ *Server, o *object, _ map[string]any) (any, *rpcError) { return o.rtp.mediaState, nil },
	"getConnectionState": func(_ *Server, o *object, _ map[string]any) (any, *rpcError) { return o.rtp.connection, nil },
})
