package negotiation

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"kmscope/inventory"
	"kmscope/kmsconn/kmd"
	"kmscope/rawjson"
	"kmscope/wire"
)

// Side is the side of an endpoint, seen from the server.
type Side string

// The sides.
const (
	Local  Side = "local"  // the server's own
	Remote Side = "remote" // the peer's
)

// Role is the role of a description in its exchange (RFC 3264).
type Role string

// The roles.
const (
	Offer       Role = "offer"
	Answer      Role = "answer"
	UnknownRole Role = ""
)

// Said is one session description, as it was handed over or read.
type Said struct {
	Side Side
	Role Role
	// Operation is the call that shows it, for example processOffer.
	Operation string
	// At is the local time of the call's reply.
	At   time.Time
	Text string
	// Refused is why the server did not take it; "" when it did.
	Refused string
}

// Mark is the first time that something happened at an endpoint.
type Mark struct {
	// Stamp is the server's timestamp; zero where the event had none.
	Stamp time.Time
	// Arrived is the local time.
	Arrived time.Time
	// Seq numbers the facts in order of arrival.
	Seq uint64
}

// History is what a stream says of the negotiation of one endpoint beyond what
// the inventory keeps. It is a copy: the caller may keep it, but must not
// change what its maps and slices hold.
type History struct {
	// Said are the descriptions, oldest first. What was read again unchanged is
	// there once.
	Said []Said
	// Marks are the first times of the steps; see Steps.
	Marks map[Step]Mark
	// Subscribed says since when somebody receives events of a type (the names
	// of 7.x).
	Subscribed map[string]Mark
	// CreateSeen is set when the stream holds the creation of the endpoint:
	// somebody watched from its start.
	CreateSeen bool
	// GatherAsked is the first gatherCandidates; zero when none was seen.
	GatherAsked Mark
	// Added counts the candidates of addIceCandidate, Refused those that the
	// server did not take.
	Added, RefusedCandidates int
	// Skew is what to take off a local time to get the server's; see the
	// package. SkewKnown is false before the first event with a timestamp.
	Skew      time.Duration
	SkewKnown bool

	id    string
	bytes int // as the Log counts it
}

// Until gives the History as it was known at a local time. The counts of
// candidates are those of today: when each was handed over is not kept.
func (h *History) Until(t time.Time) History {
	was := *h
	was.Said, was.Marks, was.Subscribed = nil, make(map[Step]Mark, len(h.Marks)), make(map[string]Mark, len(h.Subscribed))
	for _, s := range h.Said {
		if !s.At.After(t) {
			was.Said = append(was.Said, s)
		}
	}
	for k, m := range h.Marks {
		if !m.Arrived.After(t) {
			was.Marks[k] = m
		}
	}
	for k, m := range h.Subscribed {
		if !m.Arrived.After(t) {
			was.Subscribed[k] = m
		}
	}
	if was.GatherAsked.Arrived.After(t) {
		was.GatherAsked = Mark{}
	}
	return was
}

// CallsVisible reports whether the stream holds the calls of the application
// that negotiates: only then does the lack of a call mean anything.
func (h *History) CallsVisible() bool {
	for i := range h.Said {
		if !strings.HasPrefix(h.Said[i].Operation, "get") {
			return true
		}
	}
	return h.GatherAsked.Seq > 0 || h.Added > 0
}

// server moves a local time to the server's clock.
func (h *History) server(local time.Time) time.Time {
	if local.IsZero() || !h.SkewKnown {
		return local
	}
	return local.Add(-h.Skew)
}

// when gives the time of a mark by the server's clock.
func (h *History) when(m Mark) time.Time {
	if !m.Stamp.IsZero() {
		return m.Stamp
	}
	return h.server(m.Arrived)
}

// The bounds of a Log.
const (
	maxEndpoints        = 20000
	maxLogBytes         = 32 << 20
	maxSaid             = 32
	maxDescriptionBytes = 256 << 10
)

// What a History takes in memory, about, with the runtime's overhead.
const (
	historyCost = 1200
	markCost    = 120 // an entry of Marks or of Subscribed
	saidCost    = 144 // beside the text
)

// Log keeps the History of the endpoints of a stream: up to 20,000, and no more
// than take about 32 MiB. Beyond that endpoints that are gone are forgotten,
// those first that went first, and then those that are known longest. Of those
// that are gone no more are kept than the inventory keeps to be looked at
// (inventory.MaxDead), and up to an eighth more. The zero value is ready. One goroutine feeds it; any may ask for a History.
type Log struct {
	mu       sync.Mutex
	byID     map[string]*History
	order    []*History // those not known to be gone, as they became known
	gone     []*History // as they went
	bytes    int
	seq      uint64
	serverID string
	words    map[string]string
}

// History gives what is known of an endpoint; an empty one for an id that never
// negotiated.
func (l *Log) History(id string) History {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.byID[id]
	if h == nil {
		return History{}
	}
	c := *h
	c.Said = append([]Said(nil), h.Said...)
	c.Marks = make(map[Step]Mark, len(h.Marks))
	for k, v := range h.Marks {
		c.Marks[k] = v
	}
	c.Subscribed = make(map[string]Mark, len(h.Subscribed))
	for k, v := range h.Subscribed {
		c.Subscribed[k] = v
	}
	return c
}

// Negotiates reports whether objects of a type have session descriptions.
func Negotiates(objectType string) bool {
	return objectType == "WebRtcEndpoint" || objectType == "RtpEndpoint"
}

// Feed takes one fact. It never fails: what it does not understand changes
// nothing.
func (l *Log) Feed(f wire.Fact) {
	if f.Kind != wire.KindEvent && f.Kind != wire.KindCall {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seq++
	if f.Kind == wire.KindEvent {
		l.event(f)
		return
	}
	switch f.Method {
	case "connect":
		if f.Err == nil && f.ServerID != "" && f.ServerID != l.serverID {
			if l.serverID != "" { // another process: nothing of the old one exists
				l.bury("")
			}
			l.serverID = f.ServerID
		}
	case "release":
		if f.Err == nil && f.Object != "" {
			l.bury(f.Object)
		}
	case "create":
		var id string
		if f.Err == nil && json.Unmarshal(f.Result, &id) == nil {
			if h := l.of(id); h != nil {
				h.CreateSeen = true
			}
		}
	case "subscribe":
		l.subscribe(f)
	case "invoke":
		l.invoke(f)
	}
}

func (l *Log) of(id string) *History {
	if h := l.byID[id]; h != nil {
		return h
	}
	if len(id) > 1024 || !Negotiates(inventory.TypeOf(id)) {
		return nil
	}
	if l.byID == nil {
		l.byID = make(map[string]*History)
	}
	h := &History{Marks: make(map[Step]Mark), Subscribed: make(map[string]Mark), id: strings.Clone(id)}
	l.byID[h.id] = h
	l.order = append(l.order, h)
	l.grow(h, historyCost+len(id))
	return h
}

// grow counts what a History takes, and forgets others when it is too much.
func (l *Log) grow(h *History, by int) {
	h.bytes += by
	l.bytes += by
	if l.bytes <= maxLogBytes && len(l.byID) <= maxEndpoints {
		return
	}
	// An eighth at once: few passes over the lists.
	for _, list := range [...]*[]*History{&l.gone, &l.order} {
		*list = slices.DeleteFunc(*list, func(old *History) bool {
			if old == h || l.bytes <= maxLogBytes/8*7 && len(l.byID) <= maxEndpoints/8*7 {
				return false
			}
			delete(l.byID, old.id)
			l.bytes -= old.bytes
			return true
		})
	}
}

// bury notes that an object and all below it are gone; "" is everything.
func (l *Log) bury(id string) {
	if h := l.byID[id]; h == nil && Negotiates(inventory.TypeOf(id)) {
		return // an endpoint has nothing below it
	}
	l.order = slices.DeleteFunc(l.order, func(h *History) bool {
		below := id == "" || h.id == id || len(h.id) > len(id) && h.id[len(id)] == '/' && strings.HasPrefix(h.id, id)
		if below {
			l.gone = append(l.gone, h)
		}
		return below
	})
	if len(l.gone) > inventory.MaxDead+inventory.MaxDead/8 {
		first := len(l.gone) - inventory.MaxDead
		for _, h := range l.gone[:first] {
			delete(l.byID, h.id)
			l.bytes -= h.bytes
		}
		l.gone = slices.Delete(l.gone, 0, first)
	}
}

func (l *Log) mark(f wire.Fact) Mark { return Mark{Stamp: f.Stamp, Arrived: f.At, Seq: l.seq} }

func (l *Log) subscribe(f wire.Fact) {
	var p struct {
		Type string `json:"type"`
	}
	if f.Err != nil || json.Unmarshal(f.Params, &p) != nil || len(p.Type) > 128 {
		return
	}
	h := l.of(f.Object)
	if h == nil {
		return
	}
	name := l.word(kmd.EventName(p.Type))
	if _, again := h.Subscribed[name]; !again && len(h.Subscribed) < 128 {
		h.Subscribed[name] = l.mark(f)
		l.grow(h, markCost)
	}
}

// word keeps one copy of the names of events.
func (l *Log) word(w string) string {
	if known, ok := l.words[w]; ok {
		return known
	}
	if l.words == nil || len(l.words) >= 1024 {
		l.words = make(map[string]string)
	}
	l.words[w] = w
	return w
}

func (l *Log) event(f wire.Fact) {
	if f.Type == "ObjectDestroyed" {
		var d struct {
			Object   string `json:"object"`
			ObjectID string `json:"objectId"`
		}
		_ = json.Unmarshal(f.Data, &d) // without an id nobody died
		if id := d.ObjectID + d.Object; id != "" {
			l.bury(id)
		}
		return
	}
	h := l.of(f.Object)
	if h == nil {
		return
	}
	if !f.Stamp.IsZero() {
		if d := f.At.Sub(f.Stamp); !h.SkewKnown || d < h.Skew {
			h.Skew, h.SkewKnown = d, true
		}
	}
	if step := stepOf(f.Event(), stateOf(&f)); step != "" {
		m := l.mark(f)
		old, ok := h.Marks[step]
		if !ok || h.when(m).Before(h.when(old)) {
			h.Marks[step] = m
		}
		if !ok {
			l.grow(h, markCost)
		}
	}
}

// stateOf gives the state that the data of an event names; "" where it names none.
func stateOf(f *wire.Fact) string {
	var state, newState string
	if !f.Members(func(key, v []byte) {
		switch string(key) {
		case "state":
			take(&state, v)
		case "newState":
			take(&newState, v)
		}
	}) {
		return ""
	}
	return state + newState
}

// take takes a string; any other value changes nothing.
func take(s *string, v []byte) {
	if w, ok := wire.Word(v); ok {
		*s = w
	}
}

func (l *Log) invoke(f wire.Fact) {
	switch f.Operation {
	case "processOffer", "processAnswer", "generateOffer", "gatherCandidates", "addIceCandidate",
		"getLocalSessionDescriptor", "getRemoteSessionDescriptor":
	default:
		return
	}
	h := l.of(f.Object)
	if h == nil {
		return
	}
	var offer, answer string
	rawjson.Object(f.Params, func(key, v []byte) {
		switch string(key) {
		case "offer":
			take(&offer, v)
		case "answer":
			take(&answer, v)
		}
	})
	result, _ := rawjson.String(f.Result)
	before := h.said()
	defer func() { l.grow(h, h.said()-before) }()
	switch f.Operation {
	case "processOffer":
		h.say(f, Remote, Offer, offer)
		h.say(f, Local, Answer, result)
	case "processAnswer":
		h.say(f, Remote, Answer, answer)
		// What comes back is the offer again, as the answer cut it down.
		h.say(f, Local, Offer, result)
	case "generateOffer":
		h.say(f, Local, Offer, result)
	case "getLocalSessionDescriptor":
		h.say(f, Local, UnknownRole, result)
	case "getRemoteSessionDescriptor":
		h.say(f, Remote, UnknownRole, result)
	case "gatherCandidates":
		if h.GatherAsked.Seq == 0 && f.Err == nil {
			h.GatherAsked = l.mark(f)
			h.GatherAsked.Arrived = f.At.Add(-f.Took)
		}
	case "addIceCandidate":
		if f.Err != nil {
			h.RefusedCandidates++
			return
		}
		h.Added++
	}
}

// said is about how many bytes the descriptions take.
func (h *History) said() int {
	n := 0
	for i := range h.Said {
		n += saidCost + len(h.Said[i].Text) + len(h.Said[i].Refused)
	}
	return n
}

func (h *History) say(f wire.Fact, side Side, role Role, text string) {
	if f.Err != nil {
		if side == Local || strings.HasPrefix(f.Operation, "get") {
			return // nothing was said: only what the peer handed in was refused
		}
	} else if text == "" {
		return
	}
	s := Said{Side: side, Role: role, Operation: f.Operation, At: f.At, Text: text}
	if len(text) > maxDescriptionBytes {
		s.Text = ""
		s.Refused = "the description is larger than 256 KiB and was not kept"
	}
	if f.Err != nil {
		s.Refused = f.Err.Message
	}
	for i := len(h.Said) - 1; i >= 0; i-- {
		last := &h.Said[i]
		if last.Side != side {
			continue
		}
		if last.Refused != "" {
			if last.Refused == s.Refused && last.Text == s.Text {
				return
			}
			continue
		}
		if last.Text == s.Text && s.Refused == "" {
			if last.Role == UnknownRole {
				last.Role = role
			}
			return
		}
		if s.Role == UnknownRole { // a later reading of the same exchange
			s.Role = last.Role
		}
		break
	}
	if len(h.Said) >= maxSaid {
		// The first ones tell how it began, the newest how it stands.
		h.Said = append(h.Said[:maxSaid/2], h.Said[maxSaid/2+1:]...)
	}
	h.Said = append(h.Said, s)
}

// Local moves a time of the server's clock to the local one.
func (h *History) Local(server time.Time) time.Time {
	if server.IsZero() || !h.SkewKnown {
		return server
	}
	return server.Add(h.Skew)
}
