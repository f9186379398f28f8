// Package inventory is what is known of a server at one moment: its
// pipelines, elements, connections and states, as a reducer over facts.
package inventory

import (
	"encoding/json"
	"strings"
	"sync"
	"time"
)

// ManagerID is the id of the ServerManager object of every server.
const ManagerID = "manager_ServerManager"

// Media is a Kurento MediaType: AUDIO, VIDEO or DATA. Other values are kept.
type Media string

// The values of kurento.MediaType.
const (
	Audio Media = "AUDIO"
	Video Media = "VIDEO"
	Data  Media = "DATA"
)

// TypeOf gives the unqualified type that an object id names
// ("x_kurento.MediaPipeline/y_kurento.HubPort" gives "HubPort"), or "".
func TypeOf(id string) string {
	if id == ManagerID {
		return "ServerManager"
	}
	last := id[strings.LastIndexByte(id, '/')+1:]
	_, qualified, ok := strings.Cut(last, "_")
	if !ok {
		return ""
	}
	return qualified[strings.LastIndexByte(qualified, '.')+1:]
}

// ParentOf gives the id of the parent that an object id names, or "" for a
// pipeline.
func ParentOf(id string) string {
	if i := strings.LastIndexByte(id, '/'); i >= 0 {
		return id[:i]
	}
	return ""
}

// PipelineOf gives the id of the pipeline that an object id names: its first
// part.
func PipelineOf(id string) string {
	root, _, _ := strings.Cut(id, "/")
	return root
}

// Source says how a value became known.
type Source uint8

// The sources of a value.
const (
	Unknown   Source = iota // never read, never announced: not the same as absent
	FromEvent               // an event announced it
	FromRead                // a call read it
)

// State is the value of one state lane of an object (an ICE component, a
// flow, ...). The zero State is unknown.
type State struct {
	// Value is the server's own word, for example READY; "" is unknown.
	Value string
	// Since is when the value was taken: the server's timestamp of the event,
	// or the local time of the read.
	Since  time.Time
	Source Source

	// stamp and arrived are the server's timestamp and the local arrival of the
	// newest event: they decide whether a late event or an older read may still
	// change the value.
	stamp   time.Time
	arrived time.Time
}

// Known reports whether anything was ever heard of the state.
func (s State) Known() bool { return s.Source != Unknown }

// Lane names one state of an object. The names are stable and appear in
// exports: "ice/<stream>/<component>", "dtls/<stream>/<component>",
// "connection", "media", "flow-in/<MEDIA>", "flow-out/<MEDIA>",
// "transcoding/<MEDIA>", "uri" (player and recorder). Pads other than
// "default" add "/<pad>".
type Lane string

// Lanes that need no parameter.
const (
	LaneConnection Lane = "connection"
	LaneMedia      Lane = "media"
	LaneURI        Lane = "uri"
)

// LaneRecorder is what a RecorderEndpoint says by its own events: RECORDING,
// PAUSED or STOPPED.
const LaneRecorder Lane = "recorder"

// FlowIn names the lane of media that the element receives on its default pad
// (MediaFlowInStateChanged).
func FlowIn(m Media) Lane { return Lane("flow-in/" + string(m)) }

// FlowOut names the lane of media that the element sends from its default pad
// (MediaFlowOutStateChanged).
func FlowOut(m Media) Lane { return Lane("flow-out/" + string(m)) }

// TranscodingLane names the lane of a medium that the element may transcode,
// as isMediaTranscoding reads it. Events name the inner bin as well: their
// lanes add "/<bin>"; Object.Transcoding sees both.
func TranscodingLane(m Media) Lane { return Lane("transcoding/" + string(m)) }

// Property is what one property or getter of an object gives.
type Property struct {
	// Value is the JSON that the server gave; nil when Err is set.
	Value json.RawMessage
	// Err is the server's refusal in words, "" when there is a value.
	Err string
	// At is when this value, or this refusal, was read first.
	At time.Time
}

// Candidate is an ICE candidate as an event or call named it.
type Candidate struct {
	Text  string // the candidate attribute
	Mid   string
	MLine int
	At    time.Time
}

// Pair is a selected candidate pair (kurento.IceCandidatePair).
type Pair struct {
	Stream    string
	Component int
	Local     string
	Remote    string
	At        time.Time
}

// Object is one pipeline, element, hub or hub port. A published Object is
// immutable: read it from any goroutine, change nothing reachable from it.
type Object struct {
	ID       string
	Type     string // unqualified: "WebRtcEndpoint"
	Parent   string // id of the parent, "" for a pipeline
	Pipeline string // id of the pipeline (its own for a pipeline)
	Children []string

	// Name is the name that was set; "" when unknown or still the default.
	Name string
	// Tags by key; nil when never read. TagsKnown tells unknown from none.
	Tags      map[string]string
	TagsKnown bool

	// FirstSeen is when the tool learned of it; CreatedAt the server's own
	// creation time where known (ObjectCreated, creationTime).
	FirstSeen time.Time
	CreatedAt time.Time
	// DiedAt is when it was destroyed, zero while it lives; Death says how the
	// tool knows ("released", "collected", "server restarted", "not listed any more").
	DiedAt time.Time
	Death  string

	// Created numbers objects in the order in which they became known.
	Created uint64

	States     map[Lane]State
	Properties map[string]Property

	LocalCandidates  []Candidate
	RemoteCandidates []Candidate
	GatheringDone    bool
	Pairs            []Pair // selected pairs, oldest first, bounded

	// Errors counts the Error events that the object raised; LastError is the
	// newest in words.
	Errors      int
	LastError   string
	LastErrorAt time.Time

	// ConnectionsRead is set once getSourceConnections or getSinkConnections
	// answered for it: from then on no connection means no connection.
	ConnectionsRead bool
}

// Alive reports whether the object is not known to be gone.
func (o *Object) Alive() bool { return o.DiedAt.IsZero() }

// ShortID is the first four characters of the object's own part of the id.
func (o *Object) ShortID() string {
	own := o.ID[strings.LastIndexByte(o.ID, '/')+1:]
	if len(own) > 4 {
		own = own[:4]
	}
	return own
}

// Label is the object's name, or its type and ShortID when no name was set.
func (o *Object) Label() string {
	if o.Name != "" {
		return o.Name
	}
	if o.Type == "" {
		return o.ShortID()
	}
	return o.Type + " " + o.ShortID()
}

// State gives the state of a lane; the zero State when nothing is known.
func (o *Object) State(l Lane) State { return o.States[l] }

// Transcoding sums up the transcoding lanes of a medium: TRANSCODING when any
// bin transcodes, else the newest state known.
func (o *Object) Transcoding(m Media) State {
	prefix := string(TranscodingLane(m))
	var best State
	for lane, s := range o.States {
		if l := string(lane); l != prefix && !strings.HasPrefix(l, prefix+"/") {
			continue
		}
		const yes = "TRANSCODING"
		switch {
		case !best.Known(), s.Value == yes && best.Value != yes:
			best = s
		case best.Value == yes && s.Value != yes:
		case s.Since.After(best.Since):
			best = s
		}
	}
	return best
}

// ConnectionKey identifies one connection: a medium from one pad of a source
// element to one pad of a sink element (kurento.ElementConnectionData).
type ConnectionKey struct {
	Source     string
	Sink       string
	Media      Media
	SourceDesc string // "default" unless said otherwise
	SinkDesc   string
}

// Connection is a connection that exists.
type Connection struct {
	ConnectionKey
	Since time.Time
	From  Source
}

// Pipeline groups what belongs to one media pipeline, or, with an empty ID,
// objects whose id names no pipeline. Immutable once published.
type Pipeline struct {
	ID string
	// Object is the pipeline itself; nil when only its descendants are known.
	Object *Object
	// Objects holds the pipeline and all its descendants, dead ones included
	// (see MaxDead), in the order in which they became known.
	Objects []*Object
	// Connections that exist, ordered by source, sink, media, pads.
	Connections []Connection

	counts Counts
	ids    *places
}

// places finds the objects of a pipeline by id. Published states of a pipeline
// share them as long as its objects are the same.
type places struct {
	once sync.Once
	of   map[string]int
}

// Find finds an object of the pipeline by id; nil when there is none.
func (p *Pipeline) Find(id string) *Object {
	if p.ids == nil { // not of a Reducer
		for _, o := range p.Objects {
			if o.ID == id {
				return o
			}
		}
		return nil
	}
	p.ids.once.Do(func() {
		p.ids.of = make(map[string]int, len(p.Objects))
		for i, o := range p.Objects {
			p.ids.of[o.ID] = i
		}
	})
	if i, known := p.ids.of[id]; known {
		return p.Objects[i]
	}
	return nil
}

// Alive reports whether the pipeline is not known to be gone.
func (p *Pipeline) Alive() bool { return p.Object == nil || p.Object.Alive() }

// Module is a module of the server (kurento.ModuleInfo).
type Module struct {
	Name      string
	Version   string
	Factories []string
}

// Server is what is known of the server itself.
type Server struct {
	URL string // without userinfo; "" in recordings that do not say
	// ServerID changes when the server restarts; Epoch counts those changes, from 0.
	ServerID string
	Epoch    int
	// Version, Type and Modules are kurento.ServerInfo; empty until read.
	Version      string
	Type         string
	Modules      []Module
	Capabilities []string
	// Sessions counts the sessions of others and our own as getSessions listed
	// them, padding removed; -1 is unknown.
	Sessions int
	// UsedCPURatio is the load of the whole machine, 1 is all cores busy
	// (getUsedCpu over getCpuCount); negative is unknown.
	UsedCPURatio float64
	CPUCount     int   // 0 is unknown
	UsedMemKiB   int64 // negative is unknown
	// PingTook is the round trip of the last ping; 0 is unknown.
	PingTook time.Duration
	// Connected tells whether any connection to it is open now.
	Connected bool
	// LastClose says why the last connection ended.
	LastClose string
}

// Counts are the totals of a Snapshot.
type Counts struct {
	Pipelines   int // alive
	Elements    int // alive, pipelines excluded
	Dead        int
	Connections int
	Errors      int
}

// Snapshot is the state of one server at one moment. It is immutable and may
// be read from any goroutine.
type Snapshot struct {
	Generation uint64
	// At is the time of the last fact applied (local wall clock).
	At     time.Time
	Server Server
	// Pipelines in the order in which they became known, dead ones included.
	Pipelines []*Pipeline
	// Listed is set once the server listed its pipelines, or was seen from its
	// start: until then an empty list means unknown, not none.
	Listed bool
	Counts Counts
	// Seen counts by type the objects that were ever known, dead and dismissed
	// ones included.
	Seen map[string]int

	places map[string]int // of Pipelines, by id; shared by snapshots
}

// Pipeline finds a pipeline by id; nil when there is none.
func (s *Snapshot) Pipeline(id string) *Pipeline {
	if i, known := s.places[id]; known {
		return s.Pipelines[i]
	}
	return nil
}

// Object finds an object by id; nil when the snapshot has none of that id.
func (s *Snapshot) Object(id string) *Object {
	p := s.Pipeline(PipelineOf(id))
	if p == nil {
		return nil
	}
	return p.Find(id)
}
