package inventory

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"kmscope/wire"
)

// The reducer. A Reducer takes facts one after the other (Apply) and gives
// immutable snapshots on demand (Snapshot). Between two snapshots it changes
// its own copies in place: an object that was published is cloned at its first
// change after that, an unpublished one is not. A fact costs one lookup and
// one small change; a snapshot costs the pipelines that changed. So a storm of
// events is cheap, however often the screen asks.
//
// What is true when facts disagree:
//   - An event carries the server's timestamp: among events of one lane the
//     newest timestamp wins, whatever the order of arrival. Events of one ICE
//     component with equal timestamps follow the documented order GATHERING,
//     CONNECTING, CONNECTED, READY.
//   - A read has no server timestamp. It beats every event that had arrived
//     when its request was sent and loses to those that arrived since. The two
//     clocks are never compared.
//   - A listing kills only objects that were known before its request was sent.
//   - Ids are never reused: what died stays dead, also once it was dismissed.
//
// Rejected: persistent maps for the whole state (an event would cost several
// allocations even when nobody looks), and one goroutine per server here (the
// owner, session, has one already).

// MaxDead is how many dead objects of a server stay to be seen, at least: when
// there are an eighth more, those that died first are dismissed by themselves,
// down to this number. A dead object takes its dead descendants along. Without
// it a server on which elements come and go would fill the memory: one costs
// some 10 kB.
const MaxDead = 1000

// maxBuried is how many ids of forgotten objects are remembered at least, and
// half of what there are at most: late news must not bring one back to life.
const maxBuried = 4096

// maxGoneConnections bounds, per pipeline, the memory of connections that
// ended (needed to refuse a late ElementConnected).
const maxGoneConnections = 10000

// Reducer is the working state of one server. One goroutine owns it. The zero
// value is not ready; see NewReducer.
type Reducer struct {
	alive      Census // Pipelines and Elements
	generation uint64
	at         time.Time
	server     Server
	listed     bool
	created    uint64
	seen       map[string]int

	pipes     map[string]*pipe
	order     []*pipe
	places    map[string]int // of the published order; nil when it changed since
	openConns map[string]bool
	dead      []*object // in the order in which they died, as far as it became known
	// buried and older hold the ids of what was forgotten, the newest and those
	// before.
	buried, older map[string]struct{}
	usedCPU       float64 // last getUsedCpu, percent of one core; negative unknown

	changed   bool
	changedAt time.Time
	published *Snapshot
}

type pipe struct {
	id        string
	objects   map[string]*object
	order     []*object
	ids       *places // of order; nil when it changed since the last publishing
	conns     map[ConnectionKey]*connState
	gone      map[ConnectionKey]time.Time // server's timestamp of the disconnection
	sorted    []Connection
	connDirty bool
	dirty     bool
	published *Pipeline
}

type object struct {
	*Object
	shared bool // published: clone before the next change
	// The tables that a published state holds as well: each is cloned at its own
	// first change, for most changes concern one of them.
	lentStates, lentProperties, lentTags bool
	// conns holds the connections that the object is an end of.
	conns map[ConnectionKey]struct{}
	// forgotten is set once it is in no list but, for a while, Reducer.dead.
	forgotten bool
}

type connState struct {
	since   time.Time
	stamp   time.Time // server's timestamp, zero when read
	arrived time.Time
	from    Source
}

// NewReducer makes the state of a server of which nothing is known but its URL.
func NewReducer(url string) *Reducer {
	return &Reducer{
		server:    Server{URL: url, Sessions: -1, UsedCPURatio: -1, UsedMemKiB: -1},
		seen:      make(map[string]int),
		pipes:     make(map[string]*pipe),
		openConns: make(map[string]bool),
		usedCPU:   -1,
		changed:   true,
	}
}

// Apply takes one fact. It never fails: what it does not understand changes
// nothing.
func (s *Reducer) Apply(f wire.Fact) {
	if f.At.After(s.at) {
		s.at = f.At
	}
	before := s.changed
	s.changed = false
	s.apply(&f)
	s.boundDead()
	if s.changed {
		s.changedAt = s.at
	}
	s.changed = s.changed || before
}

func (s *Reducer) apply(f *wire.Fact) {
	switch f.Kind {
	case wire.KindCall:
		s.applyCall(*f)
	case wire.KindEvent:
		s.applyEvent(f)
	case wire.KindOpen:
		if f.Text != "" && s.server.URL == "" {
			s.server.URL = f.Text
		}
		s.openConns[f.Conn] = true
		s.server.Connected = true
		s.changed = true
	case wire.KindClose:
		delete(s.openConns, f.Conn)
		s.server.Connected = len(s.openConns) > 0
		if f.Type == "server" || s.server.LastClose == "" {
			s.server.LastClose = f.Text
		}
		s.changed = true
	case wire.KindError:
		s.server.LastClose = f.Text
		s.changed = true
	}
}

// Dismiss forgets a dead object and its dead descendants. It does nothing to a
// living one.
func (s *Reducer) Dismiss(id string) {
	p := s.pipes[PipelineOf(id)]
	if p == nil {
		return
	}
	o := p.objects[id]
	if o == nil || o.Alive() {
		return
	}
	s.forget(map[*pipe][]*object{p: {o}})
}

// forget drops dead objects with their dead descendants.
func (s *Reducer) forget(dead map[*pipe][]*object) {
	for _, p := range s.order { // in order: what is remembered follows from the facts alone
		if dead[p] == nil {
			continue
		}
		for _, o := range dead[p] {
			o.forgotten = true
		}
		// An ancestor is known before its descendants.
		for _, o := range p.order {
			if po := p.objects[o.Parent]; po != nil && po.forgotten && !o.Alive() {
				o.forgotten = true
			}
		}
		bereft := make(map[*object]bool)
		p.order = slices.DeleteFunc(p.order, func(o *object) bool {
			if !o.forgotten {
				return false
			}
			delete(p.objects, o.ID)
			s.bury(o.ID)
			if po := p.objects[o.Parent]; po != nil && !po.forgotten {
				bereft[po] = true
			}
			return true
		})
		for po := range bereft {
			e := s.edit(p, po)
			left := make([]string, 0, len(e.Children))
			for _, id := range e.Children {
				if p.objects[id] != nil {
					left = append(left, id)
				}
			}
			e.Children = left
		}
		p.ids = nil
		if len(p.order) == 0 {
			delete(s.pipes, p.id)
		}
		p.dirty = true
	}
	s.order = slices.DeleteFunc(s.order, func(p *pipe) bool { return len(p.order) == 0 })
	s.dead = slices.DeleteFunc(s.dead, func(o *object) bool { return o.forgotten })
	s.places, s.changed = nil, true
}

func (s *Reducer) bury(id string) {
	if len(s.buried) >= maxBuried {
		s.older, s.buried = s.buried, nil
	}
	if s.buried == nil {
		s.buried = make(map[string]struct{})
	}
	s.buried[id] = struct{}{}
}

func (s *Reducer) isBuried(id string) bool {
	_, is := s.buried[id]
	if !is {
		_, is = s.older[id]
	}
	return is
}

// isDead reports whether an object of a pipeline is known to be gone.
func (s *Reducer) isDead(p *pipe, id string) bool {
	if o := p.objects[id]; o != nil {
		return !o.Alive()
	}
	return s.isBuried(id)
}

// boundDead forgets those that died first, when there are too many.
func (s *Reducer) boundDead() {
	if len(s.dead) <= MaxDead+MaxDead/8 {
		return
	}
	old := make(map[*pipe][]*object)
	for _, o := range s.dead[:len(s.dead)-MaxDead] {
		p := s.pipes[o.Pipeline]
		old[p] = append(old[p], o)
	}
	s.forget(old)
}

// edit gives an object for changing, but for what stands in its tables; see
// editStates, editProperties and editTags.
func (s *Reducer) edit(p *pipe, o *object) *Object {
	if o.shared {
		c := *o.Object
		c.Children = slices.Clip(c.Children)
		c.LocalCandidates = slices.Clip(c.LocalCandidates)
		c.RemoteCandidates = slices.Clip(c.RemoteCandidates)
		c.Pairs = slices.Clip(c.Pairs)
		o.Object, o.shared = &c, false
		o.lentStates, o.lentProperties, o.lentTags = true, true, true
	}
	p.dirty, s.changed = true, true
	return o.Object
}

// editStates gives the states of an object for changing.
func (s *Reducer) editStates(p *pipe, o *object) map[Lane]State {
	e := s.edit(p, o)
	if o.lentStates {
		e.States, o.lentStates = maps.Clone(e.States), false
	}
	return e.States
}

// editProperties gives the properties of an object for changing.
func (s *Reducer) editProperties(p *pipe, o *object) map[string]Property {
	e := s.edit(p, o)
	if o.lentProperties {
		e.Properties, o.lentProperties = maps.Clone(e.Properties), false
	}
	return e.Properties
}

// editTags gives the tags of an object for changing; never nil.
func (s *Reducer) editTags(p *pipe, o *object) map[string]string {
	e := s.edit(p, o)
	if o.lentTags {
		e.Tags, o.lentTags = maps.Clone(e.Tags), false
	}
	if e.Tags == nil {
		e.Tags = make(map[string]string)
	}
	return e.Tags
}

// maxIDBytes bounds what is taken for an id.
const maxIDBytes = 1024

// find gives a known object.
func (s *Reducer) find(id string) (*pipe, *object) {
	p := s.pipes[PipelineOf(id)]
	if p == nil {
		return nil, nil
	}
	return p, p.objects[id]
}

// ensure gives the object of an id, and makes it and its ancestors known when
// they are not: an id names its type and its parents. It gives nil for the
// manager and for what is no object id.
func (s *Reducer) ensure(id string, at time.Time) (*pipe, *object) {
	p := s.pipes[PipelineOf(id)]
	if p != nil {
		if o := p.objects[id]; o != nil {
			return p, o
		}
	}
	if id == ManagerID || len(id) > maxIDBytes || TypeOf(id) == "" {
		return nil, nil
	}
	for x := id; x != ""; x = ParentOf(x) {
		if s.isBuried(x) {
			return nil, nil // news from before its death
		}
	}
	if p == nil {
		p = &pipe{
			id: PipelineOf(id), objects: make(map[string]*object),
			conns: make(map[ConnectionKey]*connState), gone: make(map[ConnectionKey]time.Time),
		}
		s.pipes[p.id] = p
		s.order = append(s.order, p)
		s.places = nil
	}
	parent := ParentOf(id)
	if parent != "" {
		if _, po := s.ensure(parent, at); po != nil {
			if !po.Alive() {
				// A child cannot outlive its parent: this is news from before
				// the parent's death.
				defer func() { s.kill(p, p.objects[id], po.DiedAt, po.Death) }()
			}
			edited := s.edit(p, po)
			edited.Children = append(edited.Children, id)
		}
	}
	s.created++
	o := &object{Object: &Object{
		ID: id, Type: TypeOf(id), Parent: parent, Pipeline: p.id,
		FirstSeen: at, Created: s.created,
		States: make(map[Lane]State), Properties: make(map[string]Property),
	}}
	p.objects[id] = o
	p.order = append(p.order, o)
	p.ids = nil
	s.seen[o.Type]++
	s.count(o, 1)
	p.dirty, s.changed = true, true
	return p, o
}

// kill marks an object and all below it as gone, with its connections.
func (s *Reducer) kill(p *pipe, o *object, at time.Time, why string) {
	if o == nil || !o.Alive() {
		return
	}
	for _, child := range o.Children {
		s.kill(p, p.objects[child], at, why)
	}
	for k := range o.conns {
		p.unlink(k)
	}
	o.conns = nil
	p.forgetGone(o)
	e := s.edit(p, o)
	e.DiedAt, e.Death = at, why
	s.count(o, -1)
	s.dead = append(s.dead, o)
}

// forgetGone drops the ended connections of an object that died: nothing
// connects it again.
func (p *pipe) forgetGone(o *object) {
	if o.ID == p.id {
		clear(p.gone)
		return
	}
	for k := range p.gone {
		if k.Source == o.ID || k.Sink == o.ID {
			delete(p.gone, k)
		}
	}
}

// restart begins a new epoch: nothing of the old server process exists any more.
func (s *Reducer) restart(serverID string, at time.Time) {
	if s.server.ServerID == serverID {
		return
	}
	if s.server.ServerID != "" {
		s.server.Epoch++
		for _, p := range slices.Clone(s.order) {
			for _, o := range slices.Clone(p.order) {
				s.kill(p, o, at, "server restarted")
			}
		}
		s.listed = false
		s.server.Sessions, s.server.UsedCPURatio, s.server.UsedMemKiB = -1, -1, -1
	}
	s.server.ServerID = serverID
	s.changed = true
}

// setConnection makes a connection exist. A sink pad takes one source per
// medium: the server disconnects the former one (observed: ElementDisconnected
// precedes the ElementConnected of its replacement).
func (s *Reducer) setConnection(k ConnectionKey, c connState) {
	p, source := s.ensure(k.Source, c.arrived)
	_, sink := s.ensure(k.Sink, c.arrived)
	if source == nil || sink == nil || !source.Alive() || !sink.Alive() {
		return
	}
	if old := p.conns[k]; old != nil {
		if !c.stamp.IsZero() && c.stamp.After(old.stamp) {
			old.stamp = c.stamp
		}
		old.arrived = c.arrived
		return
	}
	for other := range sink.conns {
		if other.Sink == k.Sink && other.Media == k.Media && other.SinkDesc == k.SinkDesc {
			p.unlink(other)
		}
	}
	p.conns[k] = &c
	source.link(k)
	sink.link(k)
	p.connDirty, p.dirty, s.changed = true, true, true
}

func (o *object) link(k ConnectionKey) {
	if o.conns == nil {
		o.conns = make(map[ConnectionKey]struct{})
	}
	o.conns[k] = struct{}{}
}

func (p *pipe) unlink(k ConnectionKey) {
	delete(p.conns, k)
	for _, id := range [2]string{k.Source, k.Sink} {
		if o := p.objects[id]; o != nil {
			delete(o.conns, k)
		}
	}
	p.connDirty, p.dirty = true, true
}

func (s *Reducer) dropConnection(k ConnectionKey, stamp time.Time) {
	p := s.pipes[PipelineOf(k.Source)]
	if p == nil {
		return
	}
	if _, ok := p.conns[k]; ok {
		p.unlink(k)
		s.changed = true
	}
	if !stamp.IsZero() && !s.isDead(p, k.Source) && !s.isDead(p, k.Sink) {
		if len(p.gone) >= maxGoneConnections {
			clear(p.gone)
		}
		p.gone[k] = stamp
	}
}

func (s *Reducer) count(o *object, by int) {
	if o.ID == o.Pipeline {
		s.alive.Pipelines += by
	} else {
		s.alive.Elements += by
	}
}

// Census is how many there are of what a server holds; -1 is unknown.
type Census struct {
	Pipelines int // alive
	Elements  int // alive, pipelines excluded
	Sessions  int // as the server listed them last
}

// Census counts what is alive now, without making a Snapshot.
func (s *Reducer) Census() Census {
	c := s.alive
	if !s.listed {
		c.Pipelines, c.Elements = -1, -1
	}
	c.Sessions = s.server.Sessions
	return c
}

// Changed reports whether anything but the time changed since the last Snapshot.
func (s *Reducer) Changed() bool { return s.changed }

// ChangedAt is when a fact changed anything but the time last, as Snapshot.At
// would have said then.
func (s *Reducer) ChangedAt() time.Time { return s.changedAt }

// Snapshot gives the state as it is now. When nothing changed it gives the
// same Snapshot again.
func (s *Reducer) Snapshot() *Snapshot {
	if !s.changed && s.published != nil && s.published.At.Equal(s.at) {
		return s.published
	}
	s.generation++
	if s.places == nil {
		s.places = make(map[string]int, len(s.order))
		for i, p := range s.order {
			s.places[p.id] = i
		}
	}
	snap := &Snapshot{
		Generation: s.generation, At: s.at, Server: s.server, Listed: s.listed,
		Pipelines: make([]*Pipeline, 0, len(s.order)),
		Seen:      maps.Clone(s.seen),
		places:    s.places,
	}
	for _, p := range s.order {
		if p.dirty || p.published == nil {
			p.publish()
		}
		snap.Pipelines = append(snap.Pipelines, p.published)
		c := p.published.counts
		snap.Counts.Pipelines += c.Pipelines
		snap.Counts.Elements += c.Elements
		snap.Counts.Dead += c.Dead
		snap.Counts.Connections += c.Connections
		snap.Counts.Errors += c.Errors
	}
	s.changed, s.published = false, snap
	return snap
}

func (p *pipe) publish() {
	if p.ids == nil {
		p.ids = new(places)
	}
	out := &Pipeline{ID: p.id, Objects: make([]*Object, len(p.order)), ids: p.ids}
	for i, o := range p.order {
		o.shared = true
		out.Objects[i] = o.Object
		switch {
		case !o.Alive():
			out.counts.Dead++
		case o.ID == p.id:
			out.counts.Pipelines++
		default:
			out.counts.Elements++
		}
		out.counts.Errors += o.Errors
		if o.ID == p.id {
			out.Object = o.Object
		}
	}
	if p.connDirty {
		p.sorted = make([]Connection, 0, len(p.conns))
		for k, c := range p.conns {
			p.sorted = append(p.sorted, Connection{ConnectionKey: k, Since: c.since, From: c.from})
		}
		slices.SortFunc(p.sorted, func(a, b Connection) int {
			return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Sink, b.Sink),
				cmp.Compare(a.Media, b.Media), cmp.Compare(a.SourceDesc, b.SourceDesc), cmp.Compare(a.SinkDesc, b.SinkDesc))
		})
		p.connDirty = false
	}
	out.Connections = p.sorted
	out.counts.Connections = len(p.sorted)
	p.published, p.dirty = out, false
}
