// Package viewtest is a workspace for tests of the window: servers whose facts
// the test feeds, without a network, a file or a clock.
package viewtest

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"kmscope/control"
	"kmscope/inventory"
	"kmscope/kmsconn/kmd"
	"kmscope/negotiation"
	"kmscope/session"
	"kmscope/stats"
	"kmscope/timeline"
	"kmscope/ui/view"
	"kmscope/wire"
)

// Workspace is a view.Workspace whose parts a test sets. The zero value has no
// sessions. Its methods may be called from any goroutine; its fields are for
// the test's.
type Workspace struct {
	// OnAttach answers Attach; nil refuses.
	OnAttach func(ctx context.Context, t view.Target) (view.Session, error)
	// OnOpen answers Open; nil refuses.
	OnOpen func(ctx context.Context, path string) (view.Replay, error)
	// State is what Capture gives.
	State view.Capture

	mu       sync.Mutex
	changed  chan struct{}
	sessions []view.Session
	replays  []view.Replay
	recorded []string
	sampling time.Duration
	closed   bool
}

var _ view.Workspace = (*Workspace)(nil)

// Attach implements view.Workspace.
func (w *Workspace) Attach(ctx context.Context, t view.Target) (view.Session, error) {
	if w.OnAttach == nil {
		return nil, errors.New("nothing accepts connections there; check that the server runs")
	}
	return w.OnAttach(ctx, t)
}

// Open implements view.Workspace.
func (w *Workspace) Open(ctx context.Context, path string, progress func(float64)) (view.Replay, error) {
	if w.OnOpen == nil {
		return nil, errors.New("this is not a capture")
	}
	if progress != nil {
		progress(0.5)
	}
	return w.OnOpen(ctx, path)
}

// Add adds a session.
func (w *Workspace) Add(s view.Session) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sessions = append(w.sessions, s)
}

// AddReplay adds a capture and the session that it plays.
func (w *Workspace) AddReplay(r *Replay) {
	w.Add(r.Of)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.replays = append(w.replays, r)
}

// Sessions implements view.Workspace.
func (w *Workspace) Sessions() []view.Session {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.sessions)
}

// Replays implements view.Workspace.
func (w *Workspace) Replays() []view.Replay {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.replays)
}

// Remove implements view.Workspace.
func (w *Workspace) Remove(_ context.Context, s view.Session) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sessions = slices.DeleteFunc(w.sessions, func(x view.Session) bool { return x == s })
	w.replays = slices.DeleteFunc(w.replays, func(r view.Replay) bool { return r.Plays(s) })
	return nil
}

// Changed implements view.Workspace.
func (w *Workspace) Changed() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.changed == nil {
		w.changed = make(chan struct{}, 1)
	}
	return w.changed
}

// Sampling implements view.Workspace.
func (w *Workspace) Sampling() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sampling == 0 {
		return time.Second
	}
	return w.sampling
}

// SetSampling implements view.Workspace.
func (w *Workspace) SetSampling(every time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sampling = every
}

// Capture implements view.Workspace.
func (w *Workspace) Capture() view.Capture {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.State
}

// Record implements view.Workspace.
func (w *Workspace) Record(path string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.recorded = append(w.recorded, path)
	w.State.Path, w.State.Named = path, true
	return nil
}

// Recorded gives the paths that Record got.
func (w *Workspace) Recorded() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.recorded)
}

// Close implements view.Workspace.
func (w *Workspace) Close(context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	return nil
}

// Closed reports whether Close was called.
func (w *Workspace) Closed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.closed
}

// Start is when the time of every Server begins.
var Start = time.Date(2026, 11, 21, 12, 3, 0, 0, time.UTC)

// Server is a view.Session whose facts a test feeds. Feed and the other
// methods that change it are for one goroutine.
type Server struct {
	Title   string
	Address string
	IsLive  bool
	// State is what Link gives.
	State view.Link
	// Focused, ReadIDs and Dismissed record what the window asked for.
	Focused   []string
	ReadIDs   []string
	Dismissed []string
	// Controlled is what Control gives; SetControl sets it, unless OnControl
	// refuses.
	Controlled control.State
	OnControl  func(on bool) error
	controls   sync.Mutex // SetControl may run beside Control
	// Latency records what SetLatencyStats asked for.
	Latency map[string]bool
	// OnDump answers Dump; nil refuses.
	OnDump func(ctx context.Context, id, details string) (string, error)
	// Captured is what Dumps gives.
	Captured []session.CapturedDump

	schema  *kmd.Schema
	reducer *inventory.Reducer
	now     atomic.Pointer[inventory.Snapshot]
	past    inventory.Past
	store   *stats.Store
	log     *timeline.Log
	lanes   timeline.Lanes
	steps   negotiation.Log
	audit   control.Log
	at      time.Time
	record  int64
}

var _ view.Session = (*Server)(nil)

// NewServer makes a live, connected server without objects.
func NewServer(name string) *Server {
	s := &Server{Title: name, Address: "ws://" + name + ":8888/kurento", IsLive: true,
		State:  view.Link{State: view.Connected, Since: Start, PingTook: 400 * time.Microsecond, FramesPerSecond: 310},
		schema: kmd.Builtin("7.3.0"), reducer: inventory.NewReducer("ws://" + name + ":8888/kurento"), store: stats.NewStore(), log: timeline.NewLog(0), at: Start}
	s.now.Store(s.reducer.Snapshot())
	return s
}

// Name implements view.Session.
func (s *Server) Name() string { return s.Title }

// URL implements view.Session.
func (s *Server) URL() string { return s.Address }

// Live implements view.Session.
func (s *Server) Live() bool { return s.IsLive }

// Snapshot implements view.Session.
func (s *Server) Snapshot() *inventory.Snapshot { return s.now.Load() }

// SnapshotAt implements view.Session.
func (s *Server) SnapshotAt(t time.Time) *inventory.Snapshot { return s.past.At(t) }

// Since implements view.Session.
func (s *Server) Since() time.Time { return s.past.First() }

// Stats implements view.Session.
func (s *Server) Stats() *stats.Store { return s.store }

// Archive implements view.Session: nothing is captured.
func (s *Server) Archive() stats.Archive { return nil }

// Timeline implements view.Session.
func (s *Server) Timeline() *timeline.Log { return s.log }

// Lanes implements view.Session.
func (s *Server) Lanes() *timeline.Lanes { return &s.lanes }

// Negotiation implements view.Session.
func (s *Server) Negotiation() *negotiation.Log { return &s.steps }

// Dump implements view.Session.
func (s *Server) Dump(ctx context.Context, id, details string) (string, error) {
	if s.OnDump == nil {
		return "", errors.New("the capture holds no dump of this object up to here")
	}
	return s.OnDump(ctx, id, details)
}

// SetControl implements view.Session.
func (s *Server) SetControl(_ context.Context, on bool) error {
	if s.OnControl != nil {
		if err := s.OnControl(on); err != nil {
			return err
		}
	}
	s.controls.Lock()
	defer s.controls.Unlock()
	s.Controlled = control.State{On: on}
	return nil
}

// Control implements view.Session.
func (s *Server) Control() control.State {
	s.controls.Lock()
	defer s.controls.Unlock()
	return s.Controlled
}

// Audit implements view.Session.
func (s *Server) Audit() *control.Log { return &s.audit }

// Note feeds a note of the audit; entry is JSON.
func (s *Server) Note(sentence, entry string) {
	f := wire.Fact{Kind: wire.KindControl, Text: sentence, Raw: json.RawMessage(entry)}
	var what struct{ What, Object string }
	if json.Unmarshal(f.Raw, &what) == nil {
		f.Type, f.Object = what.What, what.Object
	}
	s.Feed(f)
}

// Dumps implements view.Session: it gives Captured.
func (s *Server) Dumps(context.Context) ([]session.CapturedDump, error) { return s.Captured, nil }

// SetLatencyStats implements view.Session: it records what was asked for.
func (s *Server) SetLatencyStats(_ context.Context, pipelineID string, on bool) error {
	if s.Latency == nil {
		s.Latency = make(map[string]bool)
	}
	s.Latency[pipelineID] = on
	return nil
}

// Schema implements view.Session.
func (s *Server) Schema() *kmd.Schema { return s.schema }

// SetSchema changes what the server says of its classes.
func (s *Server) SetSchema(x *kmd.Schema) { s.schema = x }

// Link implements view.Session.
func (s *Server) Link() view.Link { return s.State }

// Focus implements view.Session.
func (s *Server) Focus(ids ...string) { s.Focused = ids }

// Read implements view.Session.
func (s *Server) Read(id string) { s.ReadIDs = append(s.ReadIDs, id) }

// Guarded implements view.Session: getIceTcp is guarded, as on a real server.
func (s *Server) Guarded(_, operation string) string {
	if operation == "getIceTcp" {
		return "the server dies at once"
	}
	return ""
}

// Dismiss implements view.Session.
func (s *Server) Dismiss(id string) {
	s.Dismissed = append(s.Dismissed, id)
	s.reducer.Dismiss(id)
	s.now.Store(s.reducer.Snapshot())
}

// Now gives the time of the server.
func (s *Server) Now() time.Time { return s.at }

// Pass lets time pass.
func (s *Server) Pass(d time.Duration) { s.at = s.at.Add(d) }

// Feed hands over a fact; 10 ms pass.
func (s *Server) Feed(f wire.Fact) {
	s.Pass(10 * time.Millisecond)
	s.record++
	f.Record, f.At, f.Conn = s.record, s.at, "1"
	if f.Kind == wire.KindEvent && f.Stamp.IsZero() {
		f.Stamp = s.at
	}
	s.reducer.Apply(f)
	s.now.Store(s.reducer.Snapshot())
	s.past.Add(s.now.Load())
	s.store.Feed(f)
	s.log.Feed(f)
	s.lanes.Feed(f)
	s.steps.Feed(f)
	s.audit.Feed(f)
}

// Event feeds an event of an object; data is JSON.
func (s *Server) Event(object, typ, data string) {
	s.Feed(wire.Fact{Kind: wire.KindEvent, Object: object, Type: typ, Data: json.RawMessage(data)})
}

// Call feeds a successful invoke; params and result are JSON.
func (s *Server) Call(object, operation, params, result string) {
	s.Feed(wire.Fact{Kind: wire.KindCall, Method: "invoke", Object: object, Operation: operation, Params: json.RawMessage(params), Result: json.RawMessage(result), Took: time.Millisecond})
}

// Create makes an object and names it; the id tells type and parent.
func (s *Server) Create(id, name string) {
	s.Event(inventory.ManagerID, "ObjectCreated", `{"object":"`+id+`"}`)
	if name != "" {
		s.Call(id, "getName", `{}`, `"`+name+`"`)
	}
}

// Destroy ends an object.
func (s *Server) Destroy(id string) {
	s.Event(inventory.ManagerID, "ObjectDestroyed", `{"objectId":"`+id+`"}`)
}

// Connect connects a medium from one element to another.
func (s *Server) Connect(source, sink, media string) {
	s.Event(source, "ElementConnected", `{"source":"`+source+`","sink":"`+sink+`","mediaType":"`+media+`","sourceMediaDescription":"default","sinkMediaDescription":"default"}`)
}

// Conference fills a server with what the sketches of the window show: a room
// with guests around a Composite, and an idle pipeline. It gives the ids by
// name.
func (s *Server) Conference() map[string]string {
	const room = "5d2a0c41-0000-4000-8000-000000000042_kurento.MediaPipeline"
	const idle = "3fe09b10-0000-4000-8000-000000000003_kurento.MediaPipeline"
	const mix = room + "/a1d9e0c3-0000-4000-8000-000000000010_kurento.Composite"
	ids := map[string]string{
		"room-42":         room,
		"presenter":       room + "/94f2aa01-0000-4000-8000-000000000011_kurento.WebRtcEndpoint",
		"guest-1":         room + "/1c07aa02-0000-4000-8000-000000000012_kurento.WebRtcEndpoint",
		"guest-2":         room + "/e5b1aa03-0000-4000-8000-0000000000c2_kurento.WebRtcEndpoint",
		"recorder":        room + "/77abaa04-0000-4000-8000-000000000014_kurento.RecorderEndpoint",
		"mix":             mix,
		"presenter ▸ out": mix + "/0001aa05-0000-4000-8000-000000000015_kurento.HubPort",
		"guest-1 ▸ out":   mix + "/0002aa06-0000-4000-8000-000000000016_kurento.HubPort",
		"idle":            idle,
		"idle-a":          idle + "/e7c1aa07-0000-4000-8000-000000000017_kurento.WebRtcEndpoint",
		"idle-b":          idle + "/b020aa08-0000-4000-8000-000000000018_kurento.WebRtcEndpoint",
	}
	for _, n := range []string{"room-42", "presenter", "guest-1", "guest-2", "mix", "presenter ▸ out", "guest-1 ▸ out", "recorder"} {
		s.Create(ids[n], n)
	}
	s.Pass(time.Second)
	s.Create(idle, "")
	s.Create(ids["idle-a"], "")
	s.Create(ids["idle-b"], "")
	for _, n := range []string{"presenter", "guest-1", "guest-2"} {
		id := ids[n]
		s.Event(id, "IceComponentStateChanged", `{"streamId":1,"componentId":1,"state":"READY"}`)
		s.Event(id, "MediaStateChanged", `{"oldState":"DISCONNECTED","newState":"CONNECTED"}`)
		s.Event(id, "ConnectionStateChanged", `{"oldState":"DISCONNECTED","newState":"CONNECTED"}`)
		for _, m := range []string{"AUDIO", "VIDEO"} {
			s.Event(id, "MediaFlowInStateChanged", `{"state":"FLOWING","padName":"default","mediaType":"`+m+`"}`)
			s.Connect(id, ids["presenter ▸ out"], m)
		}
	}
	s.Pass(time.Minute)
	s.Event(ids["guest-2"], "MediaFlowInStateChanged", `{"state":"NOT_FLOWING","padName":"default","mediaType":"VIDEO"}`)
	s.Event(ids["recorder"], "MediaTranscodingStateChanged", `{"state":"TRANSCODING","binName":"bin1","mediaType":"VIDEO"}`)
	s.Pass(9 * time.Second)
	s.Call(ids["guest-1"], "getName", `{}`, `"guest-1"`)
	return ids
}

// Replay is a view.Replay that does what it is told, at once.
type Replay struct {
	Of       view.Session
	File     string
	From     time.Time
	Length   time.Duration
	Problem  error
	Missing  string // what Cut says
	mu       sync.Mutex
	position time.Duration
	playing  bool
	speed    float64
}

var _ view.Replay = (*Replay)(nil)

// Play implements view.Replay.
func (r *Replay) Play() { r.set(func() { r.playing = true }) }

// Pause implements view.Replay.
func (r *Replay) Pause() { r.set(func() { r.playing = false }) }

// SetSpeed implements view.Replay.
func (r *Replay) SetSpeed(f float64) { r.set(func() { r.speed = f }) }

// Seek implements view.Replay.
func (r *Replay) Seek(to time.Duration) { r.set(func() { r.position = to }) }

func (r *Replay) set(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
}

// Playing implements view.Replay.
func (r *Replay) Playing() (on bool) { r.set(func() { on = r.playing }); return on }

// Speed implements view.Replay.
func (r *Replay) Speed() (f float64) { r.set(func() { f = r.speed }); return f }

// Position implements view.Replay.
func (r *Replay) Position() (d time.Duration) { r.set(func() { d = r.position }); return d }

// Duration implements view.Replay.
func (r *Replay) Duration() time.Duration { return r.Length }

// Start implements view.Replay.
func (r *Replay) Start() time.Time { return r.From }

// Path implements view.Replay.
func (r *Replay) Path() string { return r.File }

// Err implements view.Replay.
func (r *Replay) Err() error { return r.Problem }

// Cut implements view.Replay.
func (r *Replay) Cut() string { return r.Missing }

// Plays implements view.Replay.
func (r *Replay) Plays(s view.Session) bool { return s == r.Of }
