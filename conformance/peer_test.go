package conformance

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"
)

// wire is a UDP socket that can be cut like a cable.
type wire struct {
	net.PacketConn
	cut atomic.Bool
}

func (w *wire) WriteTo(p []byte, to net.Addr) (int, error) {
	if w.cut.Load() {
		return len(p), nil
	}
	return w.PacketConn.WriteTo(p, to)
}

func (w *wire) ReadFrom(p []byte) (int, net.Addr, error) {
	for {
		n, from, err := w.PacketConn.ReadFrom(p)
		if err != nil || !w.cut.Load() {
			return n, from, err
		}
	}
}

// peer is a WebRTC client on this machine that sends audio and video, and takes
// what comes.
type peer struct {
	pc   *webrtc.PeerConnection
	wire *wire
	stop chan struct{}
	wg   sync.WaitGroup
	// received counts the RTP packets that came.
	received atomic.Int64
}

// ring lets a peer on 127.0.0.1 call an endpoint that the client has made.
func ring(t testing.TB, c *client, endpoint string) *peer {
	t.Helper()
	socket, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return ringFrom(t, c, endpoint, socket)
}

// ringFrom lets a peer that owns a socket call an endpoint: offer, answer,
// candidates. It reports, and asks for and repeats what was lost, as browsers
// do.
func ringFrom(t testing.TB, c *client, endpoint string, socket net.PacketConn) *peer {
	t.Helper()
	fail := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	p := &peer{wire: &wire{PacketConn: socket}, stop: make(chan struct{})}
	var setting webrtc.SettingEngine
	setting.SetIncludeLoopbackCandidate(true)
	setting.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	mux := webrtc.NewICEUDPMux(nil, p.wire)
	setting.SetICEUDPMux(mux)
	var engine webrtc.MediaEngine
	fail(engine.RegisterDefaultCodecs())
	var habits interceptor.Registry
	habits.Add(asBrowsers{})
	fail(webrtc.ConfigureNack(&engine, &habits))
	fail(webrtc.ConfigureRTCPReports(&habits))
	api := webrtc.NewAPI(webrtc.WithSettingEngine(setting), webrtc.WithMediaEngine(&engine), webrtc.WithInterceptorRegistry(&habits))
	var err error
	p.pc, err = api.NewPeerConnection(webrtc.Configuration{})
	fail(err)
	t.Cleanup(func() {
		close(p.stop)
		if err := p.pc.GracefulClose(); err != nil {
			t.Error(err)
		}
		mux.Close()
		socket.Close()
		p.wg.Wait()
	})
	p.pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			if _, _, err := track.ReadRTP(); err != nil {
				return
			}
			p.received.Add(1)
		}
	})
	audio, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus}, "audio", "peer")
	fail(err)
	video, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "video", "peer")
	fail(err)
	for _, track := range []webrtc.TrackLocal{audio, video} {
		sender, err := p.pc.AddTrack(track)
		fail(err)
		p.wg.Go(func() { // RTCP must be read
			for {
				if _, _, err := sender.ReadRTCP(); err != nil {
					return
				}
			}
		})
	}

	for _, event := range []string{"IceCandidateFound", "IceGatheringDone"} {
		c.subscribe(endpoint, event)
	}
	offer, err := p.pc.CreateOffer(nil)
	fail(err)
	gathered := webrtc.GatheringCompletePromise(p.pc)
	fail(p.pc.SetLocalDescription(offer))
	<-gathered
	answer, _ := c.invoke(endpoint, "processOffer", object{"offer": palatable(p.pc.LocalDescription().SDP)}).(string)
	fail(p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}))
	c.invoke(endpoint, "gatherCandidates", nil)
	eventually(t, patience, "the server has gathered its candidates", func() bool {
		return c.eventCount(func(e object) bool { return e["type"] == "IceGatheringDone" && e["object"] == endpoint }) > 0
	})
	c.mu.Lock()
	events := append([]object(nil), c.events...)
	c.mu.Unlock()
	for _, e := range events {
		candidate, ok := dig(e, "params", "value", "data", "candidate").(object)
		if !ok || dig(e, "params", "value", "object") != endpoint {
			continue
		}
		if text := strings.Fields(fmt.Sprint(candidate["candidate"])); len(text) < 2 || text[1] != "1" {
			continue // of RTCP, which goes with RTP: pion does not tell them apart
		}
		mid := fmt.Sprint(candidate["sdpMid"])
		fail(p.pc.AddICECandidate(webrtc.ICECandidateInit{Candidate: fmt.Sprint(candidate["candidate"]), SDPMid: &mid}))
	}
	p.wg.Go(func() { p.talk(audio, video) })
	return p
}

// asBrowsers lets receiver reports come from the SSRC under which the peer sends
// media of that kind, as browsers do. pion makes up another SSRC for them. The
// server then knows two remote sources of one medium, and tells the round trip
// and the loss of the one that it visits last: of one that never reported, as
// often as not.
type asBrowsers struct{}

func (asBrowsers) NewInterceptor(string) (interceptor.Interceptor, error) { return &reporter{}, nil }

type reporter struct {
	interceptor.NoOp
	mu            sync.Mutex
	sends, sentBy map[string]uint32 // SSRCs by MIME type
}

func (r *reporter) BindLocalStream(s *interceptor.StreamInfo, w interceptor.RTPWriter) interceptor.RTPWriter {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sends == nil {
		r.sends = make(map[string]uint32)
	}
	r.sends[s.MimeType] = s.SSRC
	return w
}

func (r *reporter) BindRemoteStream(s *interceptor.StreamInfo, in interceptor.RTPReader) interceptor.RTPReader {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sentBy == nil {
		r.sentBy = make(map[string]uint32)
	}
	r.sentBy[s.MimeType] = s.SSRC
	return in
}

func (r *reporter) BindRTCPWriter(w interceptor.RTCPWriter) interceptor.RTCPWriter {
	return interceptor.RTCPWriterFunc(func(packets []rtcp.Packet, a interceptor.Attributes) (int, error) {
		for _, p := range packets {
			if report, ok := p.(*rtcp.ReceiverReport); ok && len(report.Reports) > 0 {
				report.SSRC = r.own(report.Reports[0].SSRC, report.SSRC)
			}
		}
		return w.Write(packets, a)
	})
}

// own gives the SSRC of what is sent of the same kind as a stream that is
// received, else the one that was meant.
func (r *reporter) own(received, meant uint32) uint32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	for kind, ssrc := range r.sentBy {
		if mine, ok := r.sends[kind]; ok && ssrc == received {
			return mine
		}
	}
	return meant
}

// palatable makes an offer that Kurento can answer: it does not look at the
// fingerprint of the whole session, and repeats it in its answer; and its DTLS
// (GStreamer 1.22) fails as the client of pion's. It does not understand the
// blank that pion leaves behind feedback without a parameter either, and would
// ask for no packet again.
func palatable(offer string) string {
	var fingerprint string
	var kept strings.Builder
	for line := range strings.Lines(offer) {
		switch {
		case strings.HasPrefix(line, "a=fingerprint:"):
			fingerprint = line
		case strings.HasPrefix(line, "a=candidate:") && strings.Fields(line)[1] == "2": // see ring
		case strings.HasPrefix(line, "a=setup:"):
			kept.WriteString("a=setup:active\r\n" + fingerprint)
		case strings.HasPrefix(line, "a=rtcp-fb:"):
			kept.WriteString(strings.TrimRight(line, " \r\n") + "\r\n")
		default:
			kept.WriteString(line)
		}
	}
	return kept.String()
}

// talk sends 50 frames of audio and 25 of video a second until the end. Nobody
// decodes them, but the server reads the head of a picture before it sends it
// on: that of a key frame, whose zeros mean one partition and no extras.
func (p *peer) talk(audio, video *webrtc.TrackLocalStaticSample) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	sound := append([]byte{0xfc}, make([]byte, 80)...)
	picture := make([]byte, 2000)
	// RFC 6386, 9.1: a key frame of 320 x 240.
	copy(picture, []byte{0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00})
	for n := 0; ; n++ {
		select {
		case <-p.stop:
			return
		case <-tick.C:
		}
		_ = audio.WriteSample(media.Sample{Data: sound, Duration: 20 * time.Millisecond}) // fails when it is over
		if n%2 == 0 {
			_ = video.WriteSample(media.Sample{Data: picture, Duration: 40 * time.Millisecond})
		}
	}
}

// kill cuts the cable: no farewell of any kind.
func (p *peer) kill() { p.wire.cut.Store(true) }
