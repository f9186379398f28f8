package inventory

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"kmscope/wire"
)

// applyCall learns from a completed call, whoever made it: the tool's own
// reads, and in a recording of an application also what the application did.
func (s *Reducer) applyCall(f wire.Fact) {
	if f.Err != nil {
		s.applyRefusal(f)
		return
	}
	asked := f.At.Add(-f.Took)
	switch f.Method {
	case "connect":
		if f.ServerID != "" {
			s.restart(f.ServerID, f.At)
		}
	case "ping":
		s.server.PingTook = f.Took
		s.changed = true
	case "create":
		s.applyCreate(f)
	case "release":
		if p, o := s.find(f.Object); o != nil {
			s.kill(p, o, f.At, "released")
		}
	case "describe":
		s.ensure(f.Object, f.At)
	case "invoke":
		if f.Object == ManagerID {
			s.applyManager(f, asked)
		} else if p, o := s.ensure(f.Object, f.At); o != nil && o.Alive() {
			s.applyInvoke(p, o, f, asked)
		}
	}
}

const codeObjectNotFound = 40101

// settling is how long an object may not be found after its creation was
// announced: the server announces it before it can be asked for it. The end of
// one that dies so young is announced as well.
const settling = time.Second

// What Object.Death says of what an event, and of what a refused call told of.
const (
	deathDestroyed = "destroyed"
	deathNotFound  = "not found any more"
)

// applyRefusal learns that an object is gone when the server says so of the
// very object (the object of a parameter may be meant instead), and keeps the
// refusal of a property as what is known of it.
func (s *Reducer) applyRefusal(f wire.Fact) {
	if f.Method != "invoke" && f.Method != "describe" && f.Method != "subscribe" {
		return
	}
	p, o := s.find(f.Object)
	if o == nil || !o.Alive() {
		return
	}
	if f.Err.Code == codeObjectNotFound && strings.Contains(f.Err.Message, "'"+f.Object+"'") {
		if o.CreatedAt.IsZero() || f.At.Add(-f.Took).Sub(o.FirstSeen) >= settling {
			s.kill(p, o, f.At, deathNotFound)
		}
		return
	}
	if name := propertyOf(f); name != "" && o.Properties[name].Err != f.Err.Message {
		s.editProperties(p, o)[name] = Property{Err: f.Err.Message, At: f.At}
	}
}

func (s *Reducer) applyCreate(f wire.Fact) {
	var id string
	if json.Unmarshal(f.Result, &id) != nil {
		return
	}
	p, o := s.ensure(id, f.At)
	if o == nil {
		return
	}
	var c struct {
		Properties struct {
			Name string `json:"name"`
		} `json:"properties"`
	}
	if json.Unmarshal(f.Params, &c) == nil && c.Properties.Name != "" {
		s.edit(p, o).Name = clip(c.Properties.Name)
	}
}

// maxNameRunes bounds names and tags as they are kept.
const maxNameRunes = 4096

func clip(name string) string {
	if len(name) <= maxNameRunes {
		return name
	}
	r := []rune(name)
	if len(r) > maxNameRunes {
		r = r[:maxNameRunes]
	}
	return string(r)
}

func (s *Reducer) applyManager(f wire.Fact, asked time.Time) {
	switch f.Operation {
	case "getInfo":
		s.applyInfo(f.Result)
	case "getPipelines":
		var ids []string
		if json.Unmarshal(f.Result, &ids) == nil {
			s.listPipelines(ids, asked, f.At)
		}
	case "getSessions":
		var ids []string
		if json.Unmarshal(f.Result, &ids) == nil {
			// The reply is padded with empty strings, and "" is itself a session
			// that getPipelines fills: neither is anybody's.
			n := len(slices.DeleteFunc(ids, func(id string) bool { return id == "" }))
			s.changed = s.changed || n != s.server.Sessions
			s.server.Sessions = n
		}
	case "getCpuCount":
		var n int
		if json.Unmarshal(f.Result, &n) == nil && n > 0 {
			s.changed = s.changed || n != s.server.CPUCount
			s.server.CPUCount = n
			s.setCPU()
		}
	case "getUsedCpu":
		var percent float64
		if string(f.Result) != "null" && json.Unmarshal(f.Result, &percent) == nil && percent >= 0 {
			s.usedCPU = percent
			s.setCPU()
		}
	case "getUsedMemory":
		var kib int64
		if json.Unmarshal(f.Result, &kib) == nil && kib > 0 {
			s.changed = s.changed || kib != s.server.UsedMemKiB
			s.server.UsedMemKiB = kib
		}
	}
}

// setCPU puts getUsedCpu, where one core is 100 (141 was seen on two cores), on
// the scale of the whole machine.
func (s *Reducer) setCPU() {
	before := s.server.UsedCPURatio
	if s.usedCPU >= 0 && s.server.CPUCount > 0 {
		s.server.UsedCPURatio = s.usedCPU / 100 / float64(s.server.CPUCount)
	}
	s.changed = s.changed || before != s.server.UsedCPURatio
}

func (s *Reducer) applyInfo(result json.RawMessage) {
	var info struct {
		Version      string   `json:"version"`
		Type         string   `json:"type"`
		Capabilities []string `json:"capabilities"`
		Modules      []struct {
			Name      string   `json:"name"`
			Version   string   `json:"version"`
			Factories []string `json:"factories"`
		} `json:"modules"`
	}
	if json.Unmarshal(result, &info) != nil {
		return
	}
	s.server.Version, s.server.Type, s.server.Capabilities = info.Version, info.Type, info.Capabilities
	s.server.Modules = make([]Module, 0, len(info.Modules))
	for _, m := range info.Modules {
		s.server.Modules = append(s.server.Modules, Module{Name: m.Name, Version: m.Version, Factories: m.Factories})
	}
	s.changed = true
}

func (s *Reducer) listPipelines(ids []string, asked, at time.Time) {
	listed := make(map[string]bool, len(ids))
	for _, id := range ids {
		listed[id] = true
		s.ensure(id, at)
	}
	for _, p := range slices.Clone(s.order) {
		if o := p.objects[p.id]; o != nil && !listed[p.id] && o.FirstSeen.Before(asked) {
			s.kill(p, o, at, "not listed any more")
		}
	}
	s.listed, s.changed = true, true
}

// notProperties are getters whose results are kept elsewhere or are too large
// or too volatile to be a property of the object.
var notProperties = map[string]bool{
	"getStats": true, "getChildren": true, "getChilds": true, "getTags": true, "getTag": true,
	"getSourceConnections": true, "getSinkConnections": true, "getGstreamerDot": true,
	"getElementGstreamerDot": true, "getKmd": true,
}

// propertyOf names the property that an invoke reads: getName reads "name". A
// getter with parameters reads no property.
func propertyOf(f wire.Fact) string {
	if notProperties[f.Operation] || f.Method != "invoke" {
		return ""
	}
	if p := strings.TrimSpace(string(f.Params)); p != "" && p != "{}" && p != "null" {
		return ""
	}
	return PropertyKey(f.Operation)
}

// PropertyKey gives the key in Object.Properties of what a getter reads:
// "name" for getName; "" when the operation is no getter. The descriptions
// write some properties with a capital (IceConnectionState): the getter's name
// is what both sides agree on.
func PropertyKey(getter string) string {
	name, ok := strings.CutPrefix(getter, "get")
	if !ok || name == "" {
		return ""
	}
	// The getter of ICECandidatePairs is getICECandidatePairs: a name that begins
	// with two capitals stays as it is.
	if len(name) > 1 && name[1] >= 'A' && name[1] <= 'Z' {
		return name
	}
	return strings.ToLower(name[:1]) + name[1:]
}

// maxProperties and maxPropertyBytes bound what is kept per object.
const (
	maxProperties    = 512
	maxPropertyBytes = 1 << 20
)

func (s *Reducer) setProperty(p *pipe, o *object, name string, value json.RawMessage, at time.Time) {
	if _, known := o.Properties[name]; !known && len(o.Properties) >= maxProperties {
		return
	}
	if len(value) > maxPropertyBytes {
		s.editProperties(p, o)[name] = Property{Err: "the value is larger than 1 MiB and was not kept", At: at}
		return
	}
	if old := o.Properties[name].Value; old != nil && bytes.Equal(old, value) {
		return // polled, mostly: nothing is new
	}
	// A clone, for it is a part of a frame, which may be large.
	s.editProperties(p, o)[name] = Property{Value: bytes.Clone(value), At: at}
}

// callParams holds the parameters of the operations that change what the
// inventory knows.
type callParams struct {
	Source     string `json:"source"`
	Sink       string `json:"sink"`
	MediaType  string `json:"mediaType"`
	SourceDesc string `json:"sourceMediaDescription"`
	SinkDesc   string `json:"sinkMediaDescription"`
	Key        string `json:"key"`
	Value      string `json:"value"`
	Offer      string `json:"offer"`
	Answer     string `json:"answer"`

	Candidate candidateData `json:"candidate"`
}

// paramsOf decodes them. The calls that a sampler makes all the time have none that
// count, so who needs them asks.
func paramsOf(f *wire.Fact) (c callParams) {
	if len(f.Params) > 0 {
		_ = json.Unmarshal(f.Params, &c)
	}
	return c
}

func (s *Reducer) applyInvoke(p *pipe, o *object, f wire.Fact, asked time.Time) {
	if name := propertyOf(f); name != "" {
		s.setProperty(p, o, name, f.Result, f.At)
	}
	for _, r := range LaneReadings(&f) {
		s.readLane(p, o, r.Lane, r.Value, asked, f.At)
	}
	switch f.Operation {
	case "getChildren", "getChilds":
		s.listChildren(p, o, f, asked)
	case "getName":
		var name string
		if json.Unmarshal(f.Result, &name) == nil {
			s.setName(p, o, name)
		}
	case "setName":
		var n struct {
			Name string `json:"name"`
		}
		if json.Unmarshal(f.Params, &n) == nil {
			s.setName(p, o, n.Name)
		}
	case "getTags":
		s.readTags(p, o, f.Result)
	case "addTag":
		c := paramsOf(&f)
		s.editTags(p, o)[clip(c.Key)] = clip(c.Value)
	case "removeTag":
		c := paramsOf(&f)
		if _, known := o.Tags[clip(c.Key)]; known {
			delete(s.editTags(p, o), clip(c.Key))
		}
	case "getCreationTime":
		var seconds int64
		if json.Unmarshal(f.Result, &seconds) == nil && seconds > 0 && o.CreatedAt.IsZero() {
			s.edit(p, o).CreatedAt = time.Unix(seconds, 0)
		}
	case "getSourceConnections", "getSinkConnections":
		s.readConnections(p, o, f, paramsOf(&f).MediaType, asked)
	case "connect", "disconnect":
		s.applyConnect(o, f, paramsOf(&f))
	case "getICECandidatePairs":
		var pairs []pairData
		if json.Unmarshal(f.Result, &pairs) == nil {
			for _, pair := range pairs {
				s.addPair(p, o, pair, f.At)
			}
		}
	case "addIceCandidate":
		if c := paramsOf(&f); c.Candidate.Candidate != "" && len(o.RemoteCandidates) < maxCandidates {
			e := s.edit(p, o)
			e.RemoteCandidates = append(e.RemoteCandidates,
				Candidate{Text: c.Candidate.Candidate, Mid: c.Candidate.SDPMid, MLine: c.Candidate.SDPMLineIndex, At: f.At})
		}
	case "processOffer":
		s.setText(p, o, "remoteSessionDescriptor", paramsOf(&f).Offer, f.At)
		s.setProperty(p, o, "localSessionDescriptor", f.Result, f.At)
	case "processAnswer":
		s.setText(p, o, "remoteSessionDescriptor", paramsOf(&f).Answer, f.At)
		s.setProperty(p, o, "localSessionDescriptor", f.Result, f.At)
	case "generateOffer":
		s.setProperty(p, o, "localSessionDescriptor", f.Result, f.At)
	default:
		s.applySetter(p, o, f)
	}
}

// applySetter learns the new value of a property from a successful setX.
func (s *Reducer) applySetter(p *pipe, o *object, f wire.Fact) {
	name, ok := strings.CutPrefix(f.Operation, "set")
	if !ok || name == "" {
		return
	}
	name = strings.ToLower(name[:1]) + name[1:]
	var params map[string]json.RawMessage
	if json.Unmarshal(f.Params, &params) != nil {
		return
	}
	if v, ok := params[name]; ok {
		s.setProperty(p, o, name, v, f.At)
	}
}

func (s *Reducer) setName(p *pipe, o *object, name string) {
	if name == o.ID { // the default name is the whole id
		name = ""
	}
	if name = clip(name); name != o.Name {
		s.edit(p, o).Name = name
	}
}

func (s *Reducer) setText(p *pipe, o *object, property, value string, at time.Time) {
	if b, err := json.Marshal(value); err == nil {
		s.setProperty(p, o, property, b, at)
	}
}

func (s *Reducer) readTags(p *pipe, o *object, result json.RawMessage) {
	if string(result) == "[]" && o.TagsKnown && len(o.Tags) == 0 {
		return // polled, mostly
	}
	var tags []struct {
		Key   string `json:"key"`
		Value string `json:"value"`
	}
	if json.Unmarshal(result, &tags) != nil {
		return
	}
	read := make(map[string]string, len(tags))
	for _, t := range tags {
		read[clip(t.Key)] = clip(t.Value)
	}
	if o.TagsKnown && maps.Equal(o.Tags, read) {
		return // polled, mostly: nothing is new
	}
	e := s.edit(p, o)
	e.TagsKnown, e.Tags, o.lentTags = true, read, false
}

func (s *Reducer) listChildren(p *pipe, o *object, f wire.Fact, asked time.Time) {
	var ids []string
	if json.Unmarshal(f.Result, &ids) != nil {
		return
	}
	for _, id := range ids {
		if ParentOf(id) == o.ID {
			s.ensure(id, f.At)
		}
	}
	for _, id := range slices.Clone(o.Children) {
		child := p.objects[id]
		if child != nil && child.FirstSeen.Before(asked) && !slices.Contains(ids, id) {
			s.kill(p, child, f.At, "not listed any more")
		}
	}
}

// fewConnections is how many are looked through one by one.
const fewConnections = 8

// readConnections takes the complete list of one side of one element (of one
// medium, when the call asked for one).
func (s *Reducer) readConnections(p *pipe, o *object, f wire.Fact, media string, asked time.Time) {
	list, ok := p.connections(f.Result)
	if !ok {
		return
	}
	var listed map[ConnectionKey]bool
	if len(list) > fewConnections {
		listed = make(map[ConnectionKey]bool, len(list))
	}
	for _, k := range list {
		if listed != nil {
			listed[k] = true
		}
		s.setConnection(k, connState{since: f.At, arrived: asked, from: FromRead})
	}
	for k := range o.conns {
		mine := k.Sink == o.ID
		if f.Operation == "getSinkConnections" {
			mine = k.Source == o.ID
		}
		if !mine || media != "" && string(k.Media) != media || listed[k] || listed == nil && slices.Contains(list, k) {
			continue
		}
		if st := p.conns[k]; st != nil && !st.arrived.After(asked) {
			p.unlink(k)
			s.changed = true
		}
	}
	if !o.ConnectionsRead {
		s.edit(p, o).ConnectionsRead = true
	}
}

// applyConnect follows the connect and disconnect of any client. Without a
// media type the server connects all three (observed in every recording). The
// connect of a Dispatcher names a source as well: it joins two ports inside the
// hub and is no connection of elements.
func (s *Reducer) applyConnect(o *object, f wire.Fact, c callParams) {
	if c.Source != "" {
		return
	}
	media := []Media{Audio, Video, Data}
	if c.MediaType != "" {
		media = []Media{Media(c.MediaType)}
	}
	for _, m := range media {
		k := connectionKey(o.ID, c.Sink, string(m), c.SourceDesc, c.SinkDesc)
		if f.Operation == "connect" {
			s.setConnection(k, connState{since: f.At, arrived: f.At, from: FromRead})
		} else {
			s.dropConnection(k, time.Time{})
		}
	}
}
