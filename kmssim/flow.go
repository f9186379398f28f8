package kmssim

import (
	"time"
)

// Connections between elements, and whether media flows over them.
//
// Flow is derived, never stored by hand: a change marks its pipeline, a moment
// later the whole pipeline is computed anew, and the differences become events.
// FLOWING is announced at once; NOT_FLOWING only after the real server's 2 s
// timer, if nothing flows then either.

// media is an index into arrays by media type.
type media int

const (
	audio media = iota
	video
	mediaCount
)

func (m media) String() string {
	if m == audio {
		return "AUDIO"
	}
	return "VIDEO"
}

func (m media) lower() string {
	if m == audio {
		return "audio"
	}
	return "video"
}

// edge is one connection: one medium from a source to a sink.
type edge struct {
	source, sink         *object
	media                string // AUDIO, VIDEO or DATA
	sourceDesc, sinkDesc string
}

const (
	transcodingUnknown = iota
	transcoding
	notTranscoding
)

type flowState struct {
	in, out     [mediaCount]bool
	transcoding [mediaCount]int
	bins        [mediaCount]int
	falling     map[string]func() // timers of NOT_FLOWING, by direction and medium
	dirty       bool              // of a pipeline: a recomputation is on its way
}

const notFlowingDelay = 2 * time.Second

var _ = register("MediaElement", map[string]handler{
	"connect":              connectElements,
	"disconnect":           disconnectElements,
	"getSourceConnections": func(_ *Server, o *object, a map[string]any) (any, *rpcError) { return listEdges(o.sources, a), nil },
	"getSinkConnections":   func(_ *Server, o *object, a map[string]any) (any, *rpcError) { return listEdges(o.sinks, a), nil },
	"isMediaFlowingIn": func(_ *Server, o *object, a map[string]any) (any, *rpcError) {
		return flowQuestion(a, "MediaFlowingIn", func(m media) bool { return o.flow.in[m] })
	},
	"isMediaFlowingOut": func(_ *Server, o *object, a map[string]any) (any, *rpcError) {
		return flowQuestion(a, "MediaFlowingOut", func(m media) bool { return o.flow.out[m] })
	},
	"isMediaTranscoding": func(_ *Server, o *object, a map[string]any) (any, *rpcError) {
		// Without the name of the converting bin the real server always says no.
		return flowQuestion(a, "MediaTranscoding", func(m media) bool {
			return o.flow.transcoding[m] == transcoding && textArg(a, "binName") == o.binName(m)
		})
	},
	"setAudioFormat": func(*Server, *object, map[string]any) (any, *rpcError) { return nil, nil },
	"setVideoFormat": func(*Server, *object, map[string]any) (any, *rpcError) { return nil, nil },
	"getStats": func(s *Server, o *object, a map[string]any) (any, *rpcError) {
		return s.statsLocked(o, textArg(a, "mediaType")), nil
	},
	"getGstreamerDot": elementDot,
})

func flowQuestion(args map[string]any, what string, f func(media) bool) (any, *rpcError) {
	switch textArg(args, "mediaType") {
	case "AUDIO":
		return f(audio), nil
	case "VIDEO":
		return f(video), nil
	}
	return nil, errf(40107, "MEDIA_OBJECT_ILLEGAL_PARAM_ERROR",
		"Media type %s is not supported for %s", textArg(args, "mediaType"), what)
}

func listEdges(edges []*edge, args map[string]any) any {
	out := []any{}
	for _, want := range []string{"AUDIO", "DATA", "VIDEO"} {
		if t := textArg(args, "mediaType"); t != "" && t != want {
			continue
		}
		for _, e := range edges {
			if e.media != want {
				continue
			}
			out = append(out, structOf("ElementConnectionData", map[string]any{"source": e.source.id, "sink": e.sink.id,
				"type": e.media, "sourceDescription": e.sourceDesc, "sinkDescription": e.sinkDesc}))
		}
	}
	return out
}

func mediaTypes(args map[string]any) []string {
	if t := textArg(args, "mediaType"); t != "" {
		return []string{t}
	}
	return []string{"AUDIO", "VIDEO", "DATA"}
}

func padNames(args map[string]any) (source, sink string) {
	source, sink = textArg(args, "sourceMediaDescription"), textArg(args, "sinkMediaDescription")
	if source == "" {
		source = "default"
	}
	if sink == "" {
		sink = "default"
	}
	return source, sink
}

func connectElements(s *Server, o *object, args map[string]any) (any, *rpcError) {
	sink := objectArg(args, "sink")
	if sink.pipeline != o.pipeline {
		return nil, errf(40004, "CONNECT_ERROR", "Media elements do not share pipeline")
	}
	sourceDesc, sinkDesc := padNames(args)
	for _, m := range mediaTypes(args) {
		for _, e := range append([]*edge(nil), sink.sources...) {
			// A sink has one source per medium; what is connected already is
			// disconnected first, too.
			if e.media == m && e.sinkDesc == sinkDesc {
				s.removeEdgeLocked(e)
			}
		}
		e := &edge{o, sink, m, sourceDesc, sinkDesc}
		o.sinks = append(o.sinks, e)
		sink.sources = append(sink.sources, e)
		s.raiseLocked(o, "ElementConnected", edgeEvent(e))
	}
	s.touchFlowLocked(o)
	return nil, nil
}

// disconnectElements raises ElementDisconnected even where nothing was
// connected, as the real server does.
func disconnectElements(s *Server, o *object, args map[string]any) (any, *rpcError) {
	sink := objectArg(args, "sink")
	sourceDesc, sinkDesc := padNames(args)
	for _, m := range mediaTypes(args) {
		e := &edge{o, sink, m, sourceDesc, sinkDesc}
		for _, have := range o.sinks {
			if have.sink == sink && have.media == m && have.sourceDesc == sourceDesc && have.sinkDesc == sinkDesc {
				e = have
			}
		}
		s.removeEdgeLocked(e)
	}
	return nil, nil
}

func edgeEvent(e *edge) map[string]any {
	return map[string]any{"sink": e.sink.id, "mediaType": e.media,
		"sourceMediaDescription": e.sourceDesc, "sinkMediaDescription": e.sinkDesc}
}

func (s *Server) removeEdgeLocked(e *edge) {
	e.source.sinks = without(e.source.sinks, e)
	e.sink.sources = without(e.sink.sources, e)
	s.raiseLocked(e.source, "ElementDisconnected", edgeEvent(e))
	s.touchFlowLocked(e.source)
}

func without(list []*edge, gone *edge) []*edge {
	out := list[:0:0]
	for _, e := range list {
		if e != gone {
			out = append(out, e)
		}
	}
	return out
}

// touchFlowLocked has the flows of the object's pipeline computed soon.
func (s *Server) touchFlowLocked(o *object) {
	p := o.pipeline
	if p == nil || p.flow.dirty {
		return
	}
	p.flow.dirty = true
	s.after(time.Duration(15+s.rand.Intn(35))*time.Millisecond, func() {
		p.flow.dirty = false
		if s.objects[p.id] == p {
			s.computeFlowLocked(p)
		}
	})
}

// elementsOf lists the elements below an object, in the order of their ids.
func elementsOf(o *object) []*object {
	var out []*object
	for _, c := range o.sortedChildren() {
		if c.is("MediaElement") {
			out = append(out, c)
		}
		out = append(out, elementsOf(c)...)
	}
	return out
}

func (s *Server) computeFlowLocked(pipeline *object) {
	elements := elementsOf(pipeline)
	for _, o := range elements {
		for m := audio; m < mediaCount; m++ {
			s.applyFlowLocked(o, m, "out", &o.flow.out[m], produces(o, m, 0))
		}
	}
	for _, o := range elements {
		for m := audio; m < mediaCount; m++ {
			s.applyFlowLocked(o, m, "in", &o.flow.in[m], consumes(o, m, 0))
		}
	}
	for _, o := range elements {
		for m := audio; m < mediaCount; m++ {
			s.applyTranscodingLocked(o, m)
		}
		if o.uri != nil && o.class.Name == "RecorderEndpoint" {
			s.recorderFlowLocked(o)
		}
	}
}

func (s *Server) applyFlowLocked(o *object, m media, dir string, state *bool, now bool) {
	key := dir + m.String()
	if now {
		if cancel := o.flow.falling[key]; cancel != nil {
			cancel()
			delete(o.flow.falling, key)
		}
		if !*state {
			*state = true
			s.raiseFlowLocked(o, m, dir, "FLOWING")
		}
		return
	}
	if !*state || o.flow.falling[key] != nil {
		return
	}
	if o.flow.falling == nil {
		o.flow.falling = map[string]func(){}
	}
	late := notFlowingDelay + time.Duration(s.rand.Intn(60))*time.Millisecond
	o.flow.falling[key] = s.after(late, func() {
		delete(o.flow.falling, key)
		if *state && s.objects[o.id] == o {
			*state = false
			s.raiseFlowLocked(o, m, dir, "NOT_FLOWING")
		}
	})
}

func (s *Server) raiseFlowLocked(o *object, m media, dir, state string) {
	typ := "MediaFlowInStateChanged"
	if dir == "out" {
		typ = "MediaFlowOutStateChanged"
	}
	s.raiseLocked(o, typ, map[string]any{"mediaType": m.String(), "padName": "default", "state": state})
}

// applyTranscodingLocked: the source of a connection converts for its sinks.
func (s *Server) applyTranscodingLocked(o *object, m media) {
	if !o.flow.out[m] {
		return
	}
	state := transcodingUnknown
	have := codecOut(o, m, 0)
	for _, e := range o.sinks {
		if e.media != m.String() || !e.sink.flow.in[m] {
			continue
		}
		want := codecWanted(e.sink, m)
		if want != "" && want != have || m == video && o.class.Name == "PlayerEndpoint" && have == "RAW" {
			// A player that decodes is told to transcode video for any sink.
			state = transcoding
		} else if state == transcodingUnknown {
			state = notTranscoding
		}
	}
	if state == transcodingUnknown || state == o.flow.transcoding[m] {
		return
	}
	first := o.flow.transcoding[m] == transcodingUnknown
	o.flow.transcoding[m] = state
	if first {
		o.flow.bins[m] = s.bins
		s.bins++
	}
	word := "NOT_TRANSCODING"
	if state == transcoding {
		word = "TRANSCODING"
	}
	s.raiseLocked(o, "MediaTranscodingStateChanged", map[string]any{"mediaType": m.String(), "binName": o.binName(m), "state": word})
}

// binName is the name of the bin that converts a medium.
func (o *object) binName(m media) string {
	bin := "kmsagnosticbin2-" + itoa(o.flow.bins[m])
	if o.class.Name == "PassThrough" {
		return bin
	}
	return o.gstName() + "_" + bin
}

// maxHops bounds the search through connections: they may form circles.
const maxHops = 32

// sourceOf is the element that feeds a medium into o, or nil.
func sourceOf(o *object, m media) *object {
	for _, e := range o.sources {
		if e.media == m.String() {
			return e.source
		}
	}
	return nil
}

// produces reports whether an element gives a medium to its sinks now.
func produces(o *object, m media, hops int) bool {
	if hops > maxHops {
		return false
	}
	switch {
	case o.rtp != nil:
		return o.rtp.receives(m)
	case o.class.Name == "PlayerEndpoint":
		return o.uri.playing() && o.uri.has[m]
	case o.class.Name == "HubPort":
		return portProduces(o, m, hops+1)
	case o.is("Filter"), o.class.Name == "PassThrough":
		return feeds(o, m, hops+1)
	}
	return false
}

// feeds reports whether the element's source gives it a medium now.
func feeds(o *object, m media, hops int) bool {
	src := sourceOf(o, m)
	return src != nil && produces(src, m, hops+1)
}

// consumes reports whether a medium flows into an element now.
func consumes(o *object, m media, hops int) bool {
	switch {
	case o.rtp != nil && !o.rtp.sends(m):
		return false
	case o.class.Name == "RecorderEndpoint" && !(o.uri.has[m] && (o.uri.recording || o.uri.state == "PAUSE")):
		return false
	case o.class.Name == "PlayerEndpoint":
		return false
	}
	return feeds(o, m, hops+1)
}

// codecOut is the format in which an element gives a medium: a codec or "RAW".
func codecOut(o *object, m media, hops int) string {
	if hops > maxHops {
		return "RAW"
	}
	switch {
	case o.rtp != nil:
		return o.rtp.codec(m)
	case o.class.Name == "PlayerEndpoint":
		if encoded, _ := o.props["useEncodedMedia"].(bool); encoded {
			return [...]string{"OPUS", "VP8"}[m]
		}
	case o.class.Name == "PassThrough":
		if src := sourceOf(o, m); src != nil {
			return codecOut(src, m, hops+1)
		}
	case o.class.Name == "HubPort" && o.parent.class.Name != "Composite" && o.parent.class.Name != "AlphaBlending":
		if from := o.parent.hub.feeding(o); from != nil {
			if src := sourceOf(from, m); src != nil {
				return codecOut(src, m, hops+1)
			}
		}
	}
	return "RAW"
}

// codecWanted is the format that a sink takes; "" takes any.
func codecWanted(o *object, m media) string {
	switch {
	case o.rtp != nil:
		return o.rtp.codec(m)
	case o.class.Name == "RecorderEndpoint":
		return recorderCodec(o, m)
	case o.class.Name == "HubPort":
		if n := o.parent.class.Name; n == "Composite" || n == "AlphaBlending" {
			return "RAW"
		}
	case o.is("Filter") && m == video:
		return "RAW"
	}
	return ""
}
