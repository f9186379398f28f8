package kmssim

import (
	"strings"
	"time"
)

// PlayerEndpoint and RecorderEndpoint.

type uriState struct {
	state     string // STOP, START, PAUSE as getState tells
	has       [mediaCount]bool
	broken    bool // the player found nothing to play
	recording bool // record was called
	started   time.Time
	played    time.Duration // before the last start
	cancelEOS func()
}

// fileLength is the length of every file that can be played, but of short ones.
const fileLength = 30008 * time.Millisecond

func lengthOf(o *object) time.Duration {
	if uri, _ := o.props["uri"].(string); strings.Contains(uri, "short") {
		return 8008 * time.Millisecond
	}
	return fileLength
}

func (u *uriState) playing() bool { return u.state == "START" && !u.broken && !u.started.IsZero() }

func (u *uriState) cancel() {
	if u.cancelEOS != nil {
		u.cancelEOS()
		u.cancelEOS = nil
	}
}

func (o *object) position(now time.Time) time.Duration {
	p := o.uri.played
	if o.uri.playing() {
		p += now.Sub(o.uri.started)
	}
	return min(p, lengthOf(o))
}

var _ = register("UriEndpoint", map[string]handler{
	"getState": func(_ *Server, o *object, _ map[string]any) (any, *rpcError) { return o.uri.state, nil },
})

var _ = register("PlayerEndpoint", map[string]handler{
	"play": playerPlay,
	"pause": func(s *Server, o *object, _ map[string]any) (any, *rpcError) {
		s.playerHaltLocked(o, "PAUSE")
		return nil, nil
	},
	"stop": func(s *Server, o *object, _ map[string]any) (any, *rpcError) {
		s.playerHaltLocked(o, "STOP")
		return nil, nil
	},
	"getVideoInfo": func(_ *Server, o *object, _ map[string]any) (any, *rpcError) {
		info := map[string]any{"duration": 0, "isSeekable": false, "seekableEnd": 0, "seekableInit": 0}
		if o.uri.playing() && seekable(o) {
			ms := lengthOf(o).Milliseconds()
			info = map[string]any{"duration": ms, "isSeekable": true, "seekableEnd": ms, "seekableInit": 0}
		}
		return structOf("VideoInfo", info), nil
	},
	"getPosition": func(s *Server, o *object, _ map[string]any) (any, *rpcError) {
		return o.position(s.clock.Now()).Milliseconds(), nil
	},
	"setPosition": func(s *Server, o *object, args map[string]any) (any, *rpcError) {
		ms, _ := intValue(args["position"])
		at := time.Duration(ms) * time.Millisecond
		if !o.uri.playing() && o.uri.state != "PAUSE" || !seekable(o) {
			return nil, errf(40700, "PLAYER_SEEK_FAIL", "Seek fails")
		}
		if ms < 0 || at > lengthOf(o) {
			return nil, nil // accepted without an effect
		}
		o.uri.played = at
		if !o.uri.playing() {
			return nil, nil
		}
		o.uri.started = s.clock.Now()
		s.scheduleEOSLocked(o)
		return nil, nil
	},
	"getElementGstreamerDot": elementDot,
})

func seekable(o *object) bool {
	uri, _ := o.props["uri"].(string)
	return !strings.HasPrefix(uri, "rtsp:")
}

// playerError is one Error event of a player that cannot play.
type playerError struct {
	typ         string
	code        int
	description string
}

// unplayable tells what a player says to an address: files play unless their
// name says that they are missing or no media, network sources unless they
// point to port 1.
func unplayable(o *object) []playerError {
	uri, _ := o.props["uri"].(string)
	name := o.gstName()
	invalid := playerError{"INVALID_URI", 0, "Invalid URI"}
	scheme, rest, _ := strings.Cut(uri, "://")
	switch {
	case scheme == "rtsp" && strings.Contains(rest, ":1/"):
		return []playerError{invalid}
	case (scheme == "http" || scheme == "https") && strings.Contains(rest, ":1/"):
		return []playerError{invalid, {"UNEXPECTED_ELEMENT_ERROR", 4, "Error code 4: Stream doesn't contain enough data., source: " + name +
			", element: " + name + ", debug info: Can't typefind stream"}}
	case scheme == "rtsp" || scheme == "http" || scheme == "https":
		return nil
	case scheme != "file" || strings.Contains(uri, "missing") || strings.Contains(uri, "nonexistent"):
		return []playerError{invalid, invalid, invalid, invalid}
	case !strings.Contains(rest[strings.LastIndexByte(rest, '/')+1:], "."):
		return []playerError{{"INVALID_MEDIA", 0, "Invalid Media"}, {"STREAM_ERROR_FAILED", 1,
			"Error code 1: Internal data stream error., source: " + name + ", element: " + name +
				", debug info: streaming stopped, reason not-linked (-1)"}}
	}
	return nil
}

func playerPlay(s *Server, o *object, _ map[string]any) (any, *rpcError) {
	u := o.uri
	uri, _ := o.props["uri"].(string)
	if u.state == "START" && u.playing() {
		return nil, nil
	}
	resumed := u.state == "PAUSE"
	u.state = "START"
	s.after(time.Duration(5+s.rand.Intn(30))*time.Millisecond, func() { s.raiseURILocked(o, "START") })
	if failures := unplayable(o); len(failures) > 0 {
		u.broken = true
		s.after(time.Millisecond, func() {
			for _, f := range failures {
				s.raiseErrorLocked(o, f.typ, f.code, f.description)
			}
		})
		return nil, nil
	}
	u.broken = false
	if !resumed {
		u.played = 0
	}
	u.started = s.clock.Now()
	u.has = [mediaCount]bool{true, !strings.HasSuffix(uri, ".ogg")}
	s.scheduleEOSLocked(o)
	s.touchFlowLocked(o)
	return nil, nil
}

func (s *Server) scheduleEOSLocked(o *object) {
	u := o.uri
	u.cancel()
	if !seekable(o) {
		return
	}
	u.cancelEOS = s.after(lengthOf(o)-u.played, func() {
		u.cancelEOS = nil
		u.state, u.played, u.started = "STOP", 0, time.Time{}
		s.raiseURILocked(o, "STOP")
		s.raiseLocked(o, "EndOfStream", map[string]any{})
		s.touchFlowLocked(o)
	})
}

func (s *Server) playerHaltLocked(o *object, state string) {
	u := o.uri
	u.cancel()
	if state == "PAUSE" {
		u.played = o.position(s.clock.Now())
	} else {
		u.played = 0
	}
	if u.state != state {
		u.state = state
		s.raiseURILocked(o, state)
	}
	u.started = time.Time{}
	s.touchFlowLocked(o)
}

func (s *Server) raiseURILocked(o *object, state string) {
	s.raiseLocked(o, "UriEndpointStateChanged", map[string]any{"state": state})
}

func (s *Server) raiseErrorLocked(o *object, typ string, code int, description string) {
	s.raiseLocked(o, "Error", map[string]any{"type": typ, "errorCode": code, "description": description})
}

var _ = register("RecorderEndpoint", map[string]handler{
	"record": func(s *Server, o *object, _ map[string]any) (any, *rpcError) {
		uri, _ := o.props["uri"].(string)
		if strings.Contains(uri, "/readonly/") {
			s.after(20*time.Millisecond, func() {
				s.raiseErrorLocked(o, "RESOURCE_ERROR_OPEN", -1, "Error opening resource for writing")
				s.raiseErrorLocked(o, "UNEXPECTED_ELEMENT_ERROR", 6, "Error code 6: Could not open file for writing.")
			})
			return nil, nil
		}
		o.uri.recording = true
		o.uri.has = recorderWants(o)
		s.touchFlowLocked(o)
		return nil, nil
	},
	"pause": func(s *Server, o *object, _ map[string]any) (any, *rpcError) {
		s.recorderHaltLocked(o, "PAUSE", "Paused")
		return nil, nil
	},
	"stop":        recorderStop,
	"stopAndWait": recorderStop,
})

func recorderStop(s *Server, o *object, _ map[string]any) (any, *rpcError) {
	s.recorderHaltLocked(o, "STOP", "Stopped")
	return nil, nil
}

func (s *Server) recorderHaltLocked(o *object, state, event string) {
	o.uri.recording = false
	if state == "STOP" { // a stopped recorder is silent about its inputs
		for m := audio; m < mediaCount; m++ {
			o.flow.in[m] = false
			if cancel := o.flow.falling["in"+m.String()]; cancel != nil {
				cancel()
				delete(o.flow.falling, "in"+m.String())
			}
		}
	}
	if o.uri.state != state && !(o.uri.state == "STOP" && state == "PAUSE") {
		o.uri.state = state
		s.raiseURILocked(o, state)
		s.raiseLocked(o, event, map[string]any{})
	}
	s.touchFlowLocked(o)
}

// recorderFlowLocked starts a recorder whose media are all there; until then
// record() has no visible effect.
func (s *Server) recorderFlowLocked(o *object) {
	u := o.uri
	if !u.recording || u.state == "START" {
		return
	}
	for m := audio; m < mediaCount; m++ {
		if u.has[m] && !o.flow.in[m] {
			return
		}
	}
	u.state = "START"
	s.raiseURILocked(o, "START")
	s.raiseLocked(o, "Recording", map[string]any{})
}

// recorderWants are the media that a profile needs.
func recorderWants(o *object) [mediaCount]bool {
	profile, _ := o.props["mediaProfile"].(string)
	return [mediaCount]bool{!strings.HasSuffix(profile, "VIDEO_ONLY"), !strings.HasSuffix(profile, "AUDIO_ONLY")}
}

func recorderCodec(o *object, m media) string {
	profile, _ := o.props["mediaProfile"].(string)
	switch {
	case strings.HasPrefix(profile, "WEBM"), profile == "":
		return [...]string{"OPUS", "VP8"}[m]
	case strings.HasPrefix(profile, "MP4"), strings.HasPrefix(profile, "FLV"):
		return [...]string{"AAC", "H264"}[m]
	case strings.HasPrefix(profile, "JPEG"):
		return [...]string{"", "JPEG"}[m]
	}
	return "" // MKV and the split recorder take what comes
}

var _ = register("HttpEndpoint", map[string]handler{
	"getUrl": func(s *Server, o *object, _ map[string]any) (any, *rpcError) {
		return "http://" + s.opt.Addresses[0] + ":9091/" + o.id[len(o.pipeline.id)+1:], nil
	},
})

var _ = register("MediaPipeline", map[string]handler{
	"getGstreamerDot": func(s *Server, o *object, args map[string]any) (any, *rpcError) {
		return s.dotLocked(o, textArg(args, "details")), nil
	},
	"getLatencyStats": func(_ *Server, o *object, _ map[string]any) (any, *rpcError) { return latencyOn(o), nil },
})

func latencyOn(pipeline *object) bool {
	on, _ := pipeline.props["latencyStats"].(bool)
	return on
}
