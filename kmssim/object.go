package kmssim

import (
	"sort"
	"strings"
	"time"
)

// object is a media object. All fields belong to the server's lock.
type object struct {
	id       string
	class    *class
	parent   *object
	pipeline *object // the pipeline it belongs to; itself for a pipeline
	children map[string]*object
	sessions map[string]struct{} // the sessions that hold it

	created  time.Time
	name     string
	tags     map[string]string
	sendTags bool
	props    map[string]any // properties that were set, and constructor arguments

	// listeners counts subscriptions: event type -> session id.
	listeners map[string]map[string]int

	// serial numbers the objects of one type, for GStreamer's names.
	serial int

	sinks   []*edge // connections where the object is the source
	sources []*edge // connections where it is the sink
	flow    flowState

	rtp *rtpState // WebRtcEndpoint, RtpEndpoint
	uri *uriState // PlayerEndpoint, RecorderEndpoint
	hub *hubState // hubs
}

// managerID is the id of the ServerManager.
const managerID = "manager_ServerManager"

func (o *object) is(name string) bool { return o.class.isA[name] }

func (o *object) sortedChildren() []*object {
	out := make([]*object, 0, len(o.children))
	for _, c := range o.children {
		out = append(out, c)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].id < out[j].id })
	return out
}

func (o *object) label() string {
	if o.name != "" {
		return o.name
	}
	return o.id
}

func (o *object) tagList() []any {
	keys := make([]string, 0, len(o.tags))
	for k := range o.tags {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	out := make([]any, 0, len(keys))
	for _, k := range keys {
		out = append(out, structOf("Tag", map[string]any{"key": k, "value": o.tags[k]}))
	}
	return out
}

// gstName is the name of the object's GStreamer element: "kmswebrtcendpoint3".
func (o *object) gstName() string {
	return "kms" + strings.ToLower(o.class.Name) + itoa(o.serial)
}

// structOf gives a value of a complex type its two markers.
func structOf(typ string, fields map[string]any) map[string]any {
	fields["__module__"] = "kurento"
	fields["__type__"] = typ
	return fields
}

// defaults are the values of properties that nobody set, where the zero value
// of the type is not right.
var defaults = map[string]any{
	"encoderBitrate":        300000,
	"maxEncoderBitrate":     2147483647,
	"maxOutputBitrate":      2147483647,
	"maxOuputBitrate":       2147483647,
	"mtu":                   1200,
	"minVideoRecvBandwidth": 100,
	"minVideoSendBandwidth": 100,
	"maxVideoSendBandwidth": 500,
	"maxAudioRecvBandwidth": 0,
	"maxVideoRecvBandwidth": 0,
	"stunServerPort":        3478,
	"iceTcp":                true,
}

// zero is the value of a property that was never set.
func zero(typ string) any {
	switch {
	case strings.HasSuffix(typ, "[]"):
		return []any{}
	case strings.HasSuffix(typ, "<>"):
		return map[string]any{}
	}
	switch typ {
	case "int", "int64", "float", "double":
		return 0
	case "boolean":
		return false
	case "String":
		return ""
	}
	return nil
}

// createLocked makes an object of a class; args are the checked constructor
// arguments.
func (s *Server) createLocked(sessionID string, c *class, args map[string]any) (*object, *rpcError) {
	var parent *object
	if p, ok := args["mediaPipeline"].(*object); ok {
		parent = p
	} else if h, ok := args["hub"].(*object); ok {
		parent = h
	}
	o := s.newObject(c, parent)
	for name, v := range args {
		if _, isObject := v.(*object); !isObject {
			o.props[name] = v
		}
	}
	if err := s.initLocked(o); err != nil {
		return nil, err
	}
	s.addLocked(o)
	s.refLocked(sessionID, o)
	return o, nil
}

func (s *Server) newObject(c *class, parent *object) *object {
	id := s.uuid() + "_kurento." + c.Name
	o := &object{
		class:     c,
		parent:    parent,
		children:  map[string]*object{},
		sessions:  map[string]struct{}{},
		created:   s.clock.Now(),
		tags:      map[string]string{},
		props:     map[string]any{},
		listeners: map[string]map[string]int{},
		serial:    s.serials[c.Name],
	}
	s.serials[c.Name]++
	if parent == nil {
		o.pipeline = o
	} else {
		id = parent.id + "/" + id
		o.pipeline = parent.pipeline
	}
	o.id = id
	return o
}

// initLocked gives an object the state that its class needs.
func (s *Server) initLocked(o *object) *rpcError {
	switch {
	case o.is("BaseRtpEndpoint"):
		o.rtp = newRTPState(o)
	case o.is("UriEndpoint"):
		o.uri = &uriState{state: "STOP"}
	case o.is("Hub"):
		o.hub = &hubState{routes: map[*object]*object{}}
	case o.class.Name == "GStreamerFilter":
		command, _ := o.props["command"].(string)
		word, _, _ := strings.Cut(strings.TrimSpace(command), " ")
		if word == "" {
			return errf(40001, "MARSHALL_ERROR", "GStreamer element cannot be created: empty pipeline not allowed")
		}
		if strings.HasPrefix(word, "nosuch") {
			return errf(40001, "MARSHALL_ERROR", "GStreamer element cannot be created: no element \"%s\"", word)
		}
	}
	if o.class.Name == "HubPort" {
		s.touchFlowLocked(o)
	}
	return nil
}

// detachLocked ends what a dying object had going on.
func (s *Server) detachLocked(o *object) {
	for _, e := range append(append([]*edge(nil), o.sinks...), o.sources...) {
		s.removeEdgeLocked(e)
	}
	if o.rtp != nil {
		o.rtp.stop()
	}
	if o.uri != nil {
		o.uri.cancel()
	}
	if o.parent != nil && o.parent.hub != nil {
		delete(o.parent.hub.routes, o)
		if o.parent.hub.source == o {
			o.parent.hub.source = nil
		}
	}
}
