// Package graph turns a snapshot into nodes and edges, takes views of them, places
// them, and writes them as SVG, DOT, Mermaid and JSON. It knows no toolkit.
package graph

import (
	"strings"
	"time"

	"kmscope/inventory"
)

// Kind is what sort of element a node is: it decides the icon.
type Kind uint8

// The kinds.
const (
	UnknownKind Kind = iota
	WebRTC
	RTP
	Player
	Recorder
	HTTP
	Filter
	Hub
	HubPort
	PassThrough
	PipelineKind
)

// String gives the kind as a word.
func (k Kind) String() string {
	return [...]string{"unknown", "WebRTC", "RTP", "player", "recorder", "HTTP", "filter", "hub", "hub port", "pass-through", "pipeline"}[min(k, PipelineKind)]
}

// KindOf gives the kind of an unqualified type, by the names of Kurento's own
// modules and the habits of custom ones ("FaceOverlayFilter" is a filter).
func KindOf(kmdType string) Kind {
	switch kmdType {
	case "MediaPipeline":
		return PipelineKind
	case "WebRtcEndpoint":
		return WebRTC
	case "RtpEndpoint":
		return RTP
	case "PlayerEndpoint":
		return Player
	case "RecorderEndpoint":
		return Recorder
	case "HttpPostEndpoint", "HttpGetEndpoint", "HttpEndpoint":
		return HTTP
	case "PassThrough":
		return PassThrough
	case "HubPort":
		return HubPort
	case "Composite", "Dispatcher", "DispatcherOneToMany", "AlphaBlending", "Mixer":
		return Hub
	}
	switch {
	case strings.HasSuffix(kmdType, "Filter"), strings.HasSuffix(kmdType, "Detector"):
		return Filter
	case strings.HasSuffix(kmdType, "HubPort"), strings.HasSuffix(kmdType, "Port"):
		return HubPort
	case strings.HasSuffix(kmdType, "Hub"), strings.HasSuffix(kmdType, "Mixer"), strings.HasSuffix(kmdType, "Composite"):
		return Hub
	}
	return UnknownKind
}

// Flow says whether media moves along an edge.
type Flow uint8

// The flows.
const (
	FlowUnknown Flow = iota
	Flowing
	NotFlowing
)

// String gives the flow as a word.
func (f Flow) String() string {
	return [...]string{"unknown", "flowing", "not flowing"}[min(f, NotFlowing)]
}

// Health sums up a node or a frame. Larger is worse, but for Unknown and Idle,
// which are neither good nor bad.
type Health uint8

// The healths.
const (
	HealthUnknown Health = iota // nothing is known
	HealthIdle                  // nothing is wrong, and nothing flows
	HealthOK
	HealthWarning
	HealthError
)

// String gives the health as a word.
func (h Health) String() string {
	return [...]string{"unknown", "idle", "ok", "warning", "error"}[min(h, HealthError)]
}

// Badge is one state of a node, in words for a label.
type Badge struct {
	// Lane is what the state is of: "ICE", "DTLS", "media", "connection",
	// "flow-in", "flow-out", "transcoding", "player", "recorder", "errors",
	// "zombie".
	Lane string
	// Media is set for flow and transcoding.
	Media inventory.Media
	// Value is the server's own word.
	Value string
	// Text is the badge in words: "ICE READY", "video in NOT FLOWING".
	Text   string
	Health Health
	// Since is when the state was taken, zero when unknown.
	Since time.Time
}

// Node is one element, hub or port. Coordinates are points, y downwards; X and
// Y are the upper left corner of its box.
type Node struct {
	ID     string
	Frame  string // ID of its frame
	Type   string // unqualified KMD type
	Name   string // the whole name that was set; "" when none is known
	Label  string // the name, or type and short id; shortened
	Sub    string // type and short id
	Kind   Kind
	Parent string // object id
	// Tags by key; nil when never read. Not to be changed.
	Tags   map[string]string
	States []Badge
	// Members are the ids of what the node stands for, where it stands for
	// several (Group, Collapse): then ID is none that the server knows, unless
	// it is a hub with its ports.
	Members []string
	// Summary is the line of states that a box has room for: "ICE READY · DTLS
	// · flowing".
	Summary string
	// LatencyMs is how old media is here, from its source on; <0 is not known.
	LatencyMs   float64
	Errors      int
	Dead        bool
	Transcoding bool
	Health      Health
	// W and H are the size of the box. Build sets a default; who measures the
	// text sets them anew before Layout.
	W, H float64
	X, Y float64
}

// Point is a place in points, y downwards.
type Point struct{ X, Y float64 }

// Edge is what connects two nodes: parallel connections of one medium are one
// edge. With PartOf it is no connection: the hub port belongs to the hub; it
// has no medium, and its direction is the one in which media of the port goes,
// from port to hub where it goes both ways or is not known.
type Edge struct {
	From, To string
	Frame    string
	Media    inventory.Media
	PartOf   bool
	Count    int // connections in it
	Stopped  int // connections in it through which nothing flows
	Flow     Flow
	RateBps  float64 // <0 unknown
	// Path is a cubic Bézier curve: a start, then three points for each piece.
	// Empty until Layout.
	Path []Point
}

// Frame is one pipeline, drawn as a box around its elements.
type Frame struct {
	ID    string // pipeline's id; "" for objects that no pipeline is known of
	Label string
	// Elements, Connections and Errors count what is alive in it.
	Elements, Connections, Errors int
	// Born is when the pipeline was created, or first seen where that is not
	// known; its age is the snapshot's At minus that.
	Born     time.Time
	BornSeen bool // Born is when it was first seen, not when it was created
	Dead     bool
	DiedAt   time.Time
	Health   Health
	// Zombie says why the pipeline looks left behind by its application: "empty",
	// "nothing flows"; "" is: it does not. ZombieSince is since when.
	Zombie      string
	ZombieSince time.Time
	// Note tells people why the frame looks as it does: "1,800 elements are too
	// many for graphviz: placed in simple columns." "" is nothing to tell.
	Note string
	// The box, in points; set by Layout. The first HeaderHeight points of it
	// are free for the label.
	X, Y, W, H float64
	// RoomW and RoomH are what is kept free from X, Y on, in points; set by Layout,
	// never less than W and H once they are. What is in the frame comes and goes,
	// and the frames beside it should not move each time.
	RoomW, RoomH float64
}

// Room is what a frame takes of the plane, in points: W and H, or more where room
// is kept for what may come back.
func (f *Frame) Room() (w, h float64) { return max(f.W, f.RoomW), max(f.H, f.RoomH) }

// Graph is what one page of the interface shows. Build makes one, Layout gives
// a placed copy; a Graph that was handed over is not changed any more.
type Graph struct {
	Frames []Frame
	Nodes  []Node
	Edges  []Edge
	// W and H are the size of the whole, in points; set by Layout.
	W, H float64
}

// Sizes that Build and Layout use, in points.
const (
	DefaultNodeWidth  = 180
	DefaultNodeHeight = 56
	HeaderHeight      = 32 // of a frame
	FramePadding      = 20
	FrameSpacing      = 24
)

// MaxLabelRunes bounds Node.Label and Frame.Label: longer names end in an
// ellipsis. The whole name is in the inventory.
const MaxLabelRunes = 40
