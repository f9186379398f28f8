package view

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"kmscope/inventory"
	"kmscope/kmsconn/kmd"
	"kmscope/stats"
)

// Field is one line of the inspector.
type Field struct {
	// ID names the line within its section, so that an opened one stays open.
	ID string
	// Key is the dim word on the left; "" lets Value have the whole width.
	Key   string
	Value string
	Level Level
	// Dim is for what is not there, or says little.
	Dim  bool
	Mono bool
	// Media gives Value the hue of a medium where Level is Unknown.
	Media inventory.Media
	// Detail is shown beneath when the line is opened; "" is nothing.
	Detail string
	// Wide gives Value lines of its own, as many as it needs, below Key.
	Wide bool
	// Target is where a click goes.
	Target Selection
}

// Section is a titled group of fields.
type Section struct {
	Title  string
	Fields []Field
	// Empty is what stands there when there are no fields.
	Empty string
}

// Inspection is what the inspector shows of what is selected.
type Inspection struct {
	Session Session
	// Object is the id; "" for the server itself.
	Object string
	Title  string
	Sub    string
	// Shown is the id in short, for the line under the title.
	Shown string
	// Alert is the sentence that stands first, "" for none.
	Alert string
	Level Level
	// Gone tells that the object does not exist any more, and since when.
	Gone     string
	Sections []Section
}

// Inspect says all that is known of what a State has selected; nil when
// nothing is.
func Inspect(s *State) *Inspection {
	sel := s.Selection()
	if sel.Session == nil {
		return nil
	}
	snap := s.Snapshot(sel.Session)
	at, live := s.Cursor()
	if live {
		at = time.Time{}
	}
	if sel.Object == "" || sel.Object == inventory.ManagerID {
		in := inspectServer(sel.Session, snap, s.clock)
		if sec := s.problemSection(sel.Session, snap, ""); len(sec.Fields) > 0 || sec.Empty != "" {
			in.Sections = slices.Insert(in.Sections, 0, sec)
		}
		return in
	}
	o := snap.Object(sel.Object)
	in := &Inspection{Session: sel.Session, Object: sel.Object, Title: Title(snap, sel.Object), Shown: shortID(sel.Object)}
	if o == nil {
		in.Sub = inventory.TypeOf(sel.Object)
		in.Alert = "This object is not known at this moment: it was created later, or its end was not seen."
		in.Level = Attention
		return in
	}
	in.Sub = o.Type
	if o.Pipeline != o.ID {
		in.Sub += " · " + Title(snap, o.Pipeline)
	}
	if !o.Alive() {
		in.Gone = "gone: " + gone(o, s.clock)
	}
	if o.LastError != "" {
		in.Alert, in.Level = o.LastError, Trouble
		if o.Errors > 1 {
			in.Alert = fmt.Sprintf("%s (%d errors, the last at %s)", o.LastError, o.Errors, s.clock.Format(o.LastErrorAt))
		} else if !o.LastErrorAt.IsZero() {
			in.Alert = fmt.Sprintf("%s (%s)", o.LastError, s.clock.Format(o.LastErrorAt))
		}
	}
	in.Sections = append(in.Sections,
		s.problemSection(sel.Session, snap, o.ID),
		stateSection(o, snap, s.clock),
		nowSection(sel.Session, o, at),
		propertySection(sel.Session, snap, o, s.clock),
		tagSection(o),
		childSection(sel.Session, snap, o),
		connectionSection(sel.Session, snap, o),
		candidateSection(o, s.clock),
	)
	in.Sections = slices.DeleteFunc(in.Sections, func(s Section) bool { return len(s.Fields) == 0 && s.Empty == "" })
	return in
}

// shortID gives the own part of an id so that it fits a line: "e5b1…c2a7".
func shortID(id string) string {
	own := id[strings.LastIndexByte(id, '/')+1:]
	own, _, _ = strings.Cut(own, "_")
	if len(own) > 12 {
		own = own[:4] + "…" + own[len(own)-4:]
	}
	return own
}

func stateSection(o *inventory.Object, snap *inventory.Snapshot, c Clock) Section {
	sec := Section{Title: "STATE"}
	now := snap.At
	if !o.Alive() {
		now = o.DiedAt
	}
	bins := map[inventory.Media]string{}
	for _, l := range sortedLanes(o.States) {
		st := o.States[l]
		if !st.Known() {
			continue
		}
		shown, detail := l, string(l)+" = "+st.Value+"\nsince "+c.Format(st.Since)+", "+sourceWord(st.Source)
		if m, ok := transcodingMedia(l); ok {
			// One line per medium: the inner bins stand in its detail.
			if bins[m] != "" {
				bins[m] += "\n" + detail
				continue
			}
			bins[m], st, shown = detail, o.Transcoding(m), inventory.TranscodingLane(m)
		}
		if !saysTranscoding(shown, st) {
			sec.Fields = append(sec.Fields, Field{ID: "state/" + string(shown), Key: LaneTitle(shown), Value: "not known", Dim: true,
				Detail: "No event told of it. To the question itself the server answers no, whatever it does, unless one converter is named."})
			continue
		}
		f := Field{ID: "state/" + string(shown), Key: LaneTitle(shown), Value: human(st.Value), Level: StateLevel(shown, st), Detail: detail}
		if age := now.Sub(st.Since); st.Source == inventory.FromEvent && age >= 0 && f.Level > Fine && !st.Since.IsZero() {
			f.Value += " " + Ago(age)
		}
		if f.Level == Fine {
			f.Level = Unknown // what is well needs no colour
		}
		if !o.Alive() {
			f.Level, f.Dim = Unknown, true
		}
		sec.Fields = append(sec.Fields, f)
	}
	for i := range sec.Fields {
		for m, detail := range bins {
			if sec.Fields[i].ID == "state/"+string(inventory.TranscodingLane(m)) {
				sec.Fields[i].Detail = detail
			}
		}
	}
	if n := len(o.Pairs); n > 0 {
		p := o.Pairs[n-1]
		sec.Fields = append(sec.Fields, Field{ID: "pair", Key: "pair", Value: pairText(p),
			Detail: "local " + p.Local + "\nremote " + p.Remote + "\nselected " + c.Format(p.At)})
	}
	if o.Errors > 0 {
		sec.Fields = append(sec.Fields, Field{ID: "errors", Key: "errors", Value: Thousands(o.Errors), Level: Trouble})
	}
	if len(sec.Fields) == 0 && o.Type != "MediaPipeline" {
		sec.Empty = "nothing known yet"
	}
	return sec
}

func sourceWord(s inventory.Source) string {
	if s == inventory.FromRead {
		return "as read"
	}
	return "as an event said"
}

// saysTranscoding reports whether a state tells anything: asked without the name
// of a converter, servers say that nothing is transcoded even while all is.
func saysTranscoding(l inventory.Lane, s inventory.State) bool {
	return s.Value != "NOT_TRANSCODING" || s.Source != inventory.FromRead || !strings.HasPrefix(string(l), "transcoding/")
}

// transcodingMedia gives the medium of a transcoding lane.
func transcodingMedia(l inventory.Lane) (inventory.Media, bool) {
	rest, ok := strings.CutPrefix(string(l), "transcoding/")
	m, _, _ := strings.Cut(rest, "/")
	return inventory.Media(m), ok
}

func sortedLanes(states map[inventory.Lane]inventory.State) []inventory.Lane {
	words := make([]string, 0, len(states))
	for l := range states {
		words = append(words, string(l))
	}
	sortNatural(words)
	lanes := make([]inventory.Lane, len(words))
	for i, w := range words {
		lanes[i] = inventory.Lane(w)
	}
	slices.SortStableFunc(lanes, func(a, b inventory.Lane) int { return laneRank(a) - laneRank(b) })
	return lanes
}

// pairText gives a candidate pair by its kinds: "srflx ⇄ host, UDP".
func pairText(p inventory.Pair) string {
	kind := func(candidate string) (typ, transport string) {
		f := strings.Fields(candidate)
		for i := range f {
			if f[i] == "typ" && i+1 < len(f) {
				typ = f[i+1]
			}
		}
		if len(f) > 2 {
			transport = strings.ToUpper(f[2])
		}
		if typ == "" {
			typ = "?"
		}
		return typ, transport
	}
	local, transport := kind(p.Local)
	remote, _ := kind(p.Remote)
	text := local + " ⇄ " + remote
	if transport != "" {
		text += ", " + transport
	}
	return text
}

// staleAfter is from when on a figure is said to be old.
const staleAfter = 15 * time.Second

// nowSection shows the newest figures, or those at a moment.
func nowSection(x Session, o *inventory.Object, at time.Time) Section {
	sec := Section{Title: "NOW"}
	store := x.Stats()
	if store == nil {
		return sec
	}
	q := stats.Query{Element: o.ID}
	_, newest := store.Span()
	if !at.IsZero() {
		offset, _ := store.ClockOffset()
		q.To = at.Add(offset)
		newest = q.To
	}
	type part struct {
		text  string
		media inventory.Media
		level Level
	}
	groups := map[stats.Key]float64{}
	var order []stats.Key
	units := map[string]stats.Unit{}
	for _, one := range store.Latest(q) {
		p := one.Points[len(one.Points)-1]
		if newest.Sub(p.At) > staleAfter {
			continue
		}
		k := one.Key
		k.Stream, k.Element = "", ""
		v, seen := groups[k]
		switch {
		case !seen:
			order = append(order, k)
			v = p.V
		case one.Metric == stats.Bitrate || one.Metric == stats.PacketRate:
			v += p.V
		default:
			v = max(v, p.V)
		}
		groups[k] = v
		units[one.Metric] = one.Unit
	}
	for _, row := range nowRows {
		var parts []part
		for _, k := range order {
			if k.Metric != row.metric || k.Dir != row.dir {
				continue
			}
			p := part{text: stats.Format(groups[k], units[k.Metric]), media: inventory.Media(k.Media)}
			if k.Media != "" {
				p.text = strings.ToLower(k.Media) + " " + p.text
			}
			if row.judge != nil {
				p.level = row.judge(groups[k])
			}
			parts = append(parts, p)
		}
		// Video before audio before data.
		slices.SortFunc(parts, func(a, b part) int { return -strings.Compare(a.text, b.text) })
		for i, p := range parts {
			f := Field{ID: fmt.Sprintf("now/%s/%s/%d", row.metric, row.dir, i), Value: p.text, Level: p.level, Media: p.media}
			if i == 0 {
				f.Key, f.Detail = row.key, metricHelp(row.metric)
			}
			sec.Fields = append(sec.Fields, f)
		}
	}
	if len(sec.Fields) == 0 && strings.HasSuffix(o.Type, "Endpoint") && o.Alive() {
		sec.Empty = noFigures(x, o, at)
	}
	return sec
}

// noFigures says why an endpoint has none.
func noFigures(x Session, o *inventory.Object, at time.Time) string {
	store := x.Stats()
	switch {
	case store.Unmeasured(o.ID) && x.Schema().IsA(o.Type, "BaseRtpEndpoint"):
		return "no figures: no media was sent or received"
	case store.Unmeasured(o.ID):
		return "no figures: of this the server measures latency alone, and only while that is on"
	case !x.Live():
		return "the capture holds no statistics of it at this moment"
	case !at.IsZero():
		return "no statistics of it were read at this moment"
	case store.Knows(o.ID):
		return "no new figures from the server"
	}
	return "no figures yet: statistics are read once a second"
}

var nowRows = []struct {
	key    string
	metric string
	dir    stats.Direction
	judge  func(float64) Level
}{
	{"received", stats.Bitrate, stats.In, nil},
	{"sent", stats.Bitrate, stats.Out, nil},
	{"loss in", stats.Loss, stats.In, lossLevel},
	{"lost by peer", stats.FractionLost, stats.Out, lossLevel},
	{"jitter in", stats.Jitter, stats.In, above(50, 150)},
	{"round trip", stats.RTT, stats.Out, above(300, 800)},
	{"REMB to peer", stats.REMB, stats.In, nil},
	{"REMB by peer", stats.REMB, stats.Out, nil},
	{"target", stats.TargetBitrate, stats.Out, nil},
	{"NACK sent", stats.NACKRate, stats.In, nil},
	{"NACK received", stats.NACKRate, stats.Out, nil},
	{"latency in", stats.InputLatency, stats.None, nil},
	{"e2e (unreliable)", stats.E2ELatency, stats.None, nil},
	{"data channels", stats.OpenChannels, stats.None, nil},
}

var lossLevel = above(0.02, 0.08)

func above(attention, trouble float64) func(float64) Level {
	return func(v float64) Level {
		switch {
		case v >= trouble:
			return Trouble
		case v >= attention:
			return Attention
		}
		return Unknown
	}
}

func metricHelp(name string) string {
	m, ok := stats.MetricOf(name)
	if !ok {
		return ""
	}
	text := m.Help
	if m.Reliability != "" {
		text += "\n" + m.Reliability
	}
	return text + "\nFrom " + m.Source
}

// propertySection lists all properties that the server's description of the
// class has, read or not, and those that were read beyond it.
func propertySection(x Session, snap *inventory.Snapshot, o *inventory.Object, c Clock) Section {
	sec := Section{Title: "PROPERTIES"}
	known := map[string]bool{}
	for _, p := range x.Schema().Properties(o.Type) {
		known[inventory.PropertyKey(p.Getter())] = true
		sec.Fields = append(sec.Fields, propertyField(x, snap, o, p, c))
	}
	for _, name := range sortedKeys(o.Properties) {
		if !known[name] {
			sec.Fields = append(sec.Fields, propertyField(x, snap, o, kmd.Property{Name: name, Type: "not in the server's description"}, c))
		}
	}
	return sec
}

func propertyField(x Session, snap *inventory.Snapshot, o *inventory.Object, p kmd.Property, c Clock) Field {
	f := Field{ID: "prop/" + p.Name, Key: p.Name}
	v, read := o.Properties[inventory.PropertyKey(p.Getter())]
	f.Detail = propertyDetail(p, v.Value)
	if !read { // what the id tells needs no reading
		link := func(id string) Field {
			f.Value, f.Target = Title(snap, id), Selection{Session: x, Object: id}
			return f
		}
		switch n := len(o.Children); {
		case p.Name == "children":
			f.Value, f.Dim = Plural(n, "object"), n == 0
			return f
		case p.Name == "id":
			f.Value, f.Dim = shortID(o.ID), true
			return f
		case p.Name == "parent" && o.Parent != "":
			return link(o.Parent)
		case p.Name == "mediaPipeline" && o.Pipeline != o.ID && o.Pipeline != "":
			return link(o.Pipeline)
		}
	}
	why := x.Guarded(o.ID, p.Getter())
	switch {
	case read && v.Err != "":
		f.Value, f.Level = Mask(p.Name, v.Err), Attention
	case read:
		f.Value = propertyText(p.Name, v.Value, c)
		var id string
		if json.Unmarshal(v.Value, &id) == nil && id != "" {
			if snap.Object(id) != nil && id != o.ID {
				f.Value, f.Target = Title(snap, id), Selection{Session: x, Object: id}
			} else if id == o.ID {
				f.Value = "itself"
				if p.Name == "name" {
					f.Value = "default (the id)"
				}
				if p.Name == "id" {
					f.Value = shortID(id)
				}
				f.Dim = true
			}
		}
		if f.Value == "empty" || f.Value == "none" || f.Value == "not set" {
			f.Dim = true
		}
		f.Mono = addressLike[p.Name]
	case why != "":
		f.Value, f.Dim = "not read: would stop the server", true
		f.Detail = "Not read: " + why + "\n" + f.Detail
	case !x.Live():
		f.Value, f.Dim = "not in the capture", true
	default:
		f.Value, f.Dim = "not read yet", true
	}
	return f
}

// addressLike are properties in the font of addresses.
var addressLike = map[string]bool{
	"stunServerAddress": true, "turnUrl": true, "externalIPv4": true, "externalIPv6": true, "externalAddress": true,
	"networkInterfaces": true, "uri": true,
}

func tagSection(o *inventory.Object) Section {
	sec := Section{Title: "TAGS"}
	for _, k := range sortedKeys(o.Tags) {
		sec.Fields = append(sec.Fields, Field{ID: "tag/" + k, Key: k, Value: Mask(k, o.Tags[k])})
	}
	return sec
}

// maxListed bounds the lists of children and connections: the tree and the
// graph show them all.
const maxListed = 200

func childSection(x Session, snap *inventory.Snapshot, o *inventory.Object) Section {
	sec := Section{Title: "CHILDREN"}
	p := snap.Pipeline(o.Pipeline)
	if p == nil {
		return sec
	}
	more := 0
	for _, c := range p.Objects {
		if c.Parent != o.ID || c.ID == o.ID || !c.Alive() {
			continue
		}
		if len(sec.Fields) >= maxListed {
			more++
			continue
		}
		sec.Fields = append(sec.Fields, Field{ID: "child/" + c.ID, Key: ShortType(c.Type), Value: name(c), Target: Selection{Session: x, Object: c.ID}})
	}
	if more > 0 {
		sec.Fields = append(sec.Fields, Field{ID: "child/more", Value: fmt.Sprintf("and %s more", Thousands(more)), Dim: true})
	}
	return sec
}

func connectionSection(x Session, snap *inventory.Snapshot, o *inventory.Object) Section {
	sec := Section{Title: "CONNECTIONS"}
	p := snap.Pipeline(o.Pipeline)
	if p == nil || o.ID == p.ID {
		return sec
	}
	type end struct {
		other string
		in    bool
		pad   string
	}
	media := map[end][]string{}
	var order []end
	for _, c := range p.Connections {
		var e end
		switch o.ID {
		case c.Sink:
			e = end{c.Source, true, c.SinkDesc}
		case c.Source:
			e = end{c.Sink, false, c.SourceDesc}
		default:
			continue
		}
		if media[e] == nil {
			order = append(order, e)
		}
		media[e] = append(media[e], strings.ToLower(string(c.Media)))
	}
	for i, e := range order {
		if i == maxListed {
			sec.Fields = append(sec.Fields, Field{ID: "conn/more", Value: fmt.Sprintf("and %s more", Thousands(len(order)-i)), Dim: true})
			break
		}
		key := "to"
		if e.in {
			key = "from"
		}
		value := Title(snap, e.other) + "  " + strings.Join(media[e], " ")
		if e.pad != "" && e.pad != "default" {
			value += " (" + e.pad + ")"
		}
		sec.Fields = append(sec.Fields, Field{ID: "conn/" + key + e.other + e.pad, Key: key, Value: value, Target: Selection{Session: x, Object: e.other}})
	}
	if len(sec.Fields) == 0 && o.Alive() && o.ConnectionsRead {
		sec.Empty = "connected to nothing"
	}
	return sec
}

func candidateSection(o *inventory.Object, c Clock) Section {
	sec := Section{Title: "CANDIDATES"}
	add := func(key string, list []inventory.Candidate) {
		for i, cand := range list {
			f := Field{ID: fmt.Sprintf("cand/%s/%d", key, i), Key: key, Value: candidateText(cand.Text),
				Detail: cand.Text + "\n" + fmt.Sprintf("m-line %d, mid %q, %s", cand.MLine, cand.Mid, c.Format(cand.At))}
			if i == maxListed {
				return
			}
			sec.Fields = append(sec.Fields, f)
		}
	}
	add("local", o.LocalCandidates)
	add("remote", o.RemoteCandidates)
	return sec
}

// candidateText gives a candidate by kind, transport and address.
func candidateText(text string) string {
	f := strings.Fields(strings.TrimPrefix(text, "a="))
	if len(f) < 8 {
		return clip(text, 60)
	}
	return fmt.Sprintf("%s %s %s:%s", f[7], strings.ToUpper(f[2]), f[4], f[5])
}
