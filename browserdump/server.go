package browserdump

import (
	"encoding/json"
	"strings"
	"time"

	"kmscope/inventory"
	"kmscope/negotiation"
	"kmscope/wire"
)

// Server keeps what a capture tells of the WebRtcEndpoints of one or several
// servers, for Match: feed it the whole capture first. The zero value is ready.
// One goroutine uses it.
type Server struct {
	byID  map[string]*endpoint
	order []*endpoint
	conns map[string]string // address of the server, by connection
	urls  []string
	skew  map[string]time.Duration // local minus server, the smallest seen
	quick map[string]time.Duration // the quickest call
}

// endpoint is what is known of one WebRtcEndpoint.
type endpoint struct {
	id, server string
	keys       map[key]bool
	marks      []serverMark
}

// serverMark is something that happened at the server and that the browser had
// a part in.
type serverMark struct {
	what string
	// at is by the server's clock, or, where local is set, by the clock of the
	// capture: the capture's side of a call.
	at    time.Time
	local bool
}

const (
	maxEndpoints = 20000
	maxMarks     = 2048 // of one endpoint
)

// The marks of an endpoint; those of candidates add the candidate.
const (
	markCandidate = "found "         // the server announced its candidate
	markAdded     = "added "         // the server was asked to take the browser's
	markTaken     = "description"    // a description of the browser was handed over
	markGiven     = "answer"         // the server's own was given back
	markSession   = "media session"  // the exchange was complete
	markICE       = "ICE connected"  // the first component
	markDTLS      = "DTLS connected" // the first connection
)

// Feed takes one fact. It never fails: what it does not understand changes
// nothing.
func (s *Server) Feed(f wire.Fact) {
	switch f.Kind {
	case wire.KindOpen:
		s.open(&f)
	case wire.KindClose:
		delete(s.conns, f.Conn)
	case wire.KindEvent:
		s.event(&f)
	case wire.KindCall:
		s.call(&f)
	}
}

func (s *Server) open(f *wire.Fact) {
	if s.conns == nil {
		s.conns = make(map[string]string)
	}
	url := f.Text
	if url == "" && len(s.urls) == 1 {
		url = s.urls[0]
	}
	s.conns[f.Conn] = url
	s.named(url)
}

func (s *Server) named(url string) {
	for _, u := range s.urls {
		if u == url {
			return
		}
	}
	s.urls = append(s.urls, url)
}

// server finds the server of a connection; one that nobody saw open belongs to
// the only server known, or to the nameless one.
func (s *Server) server(conn string) string {
	if url, ok := s.conns[conn]; ok {
		return url
	}
	if len(s.urls) == 1 {
		return s.urls[0]
	}
	return ""
}

func (s *Server) of(id, conn string) *endpoint {
	if e := s.byID[id]; e != nil {
		return e
	}
	if len(id) > 1024 || inventory.TypeOf(id) != "WebRtcEndpoint" || len(s.order) >= maxEndpoints {
		return nil
	}
	if s.byID == nil {
		s.byID = make(map[string]*endpoint)
	}
	e := &endpoint{id: strings.Clone(id), server: s.server(conn), keys: make(map[key]bool)}
	s.byID[e.id] = e
	s.order = append(s.order, e)
	return e
}

func (e *endpoint) add(k key) {
	if k.value != "" && len(k.value) <= 1024 && (len(e.keys) < maxKeys || e.keys[k]) {
		k.value = strings.Clone(k.value)
		e.keys[k] = true
	}
}

func (e *endpoint) mark(what string, at time.Time, local bool) {
	if at.IsZero() || len(e.marks) >= maxMarks {
		return
	}
	for i := range e.marks {
		if e.marks[i].what == what { // the first time counts, on either clock
			if e.marks[i].local == local && at.Before(e.marks[i].at) {
				e.marks[i].at = at
			}
			return
		}
	}
	e.marks = append(e.marks, serverMark{what, at, local})
}

func (e *endpoint) marked(what string) (serverMark, bool) {
	for _, m := range e.marks {
		if m.what == what {
			return m, true
		}
	}
	return serverMark{}, false
}

func (s *Server) event(f *wire.Fact) {
	if !f.Stamp.IsZero() {
		url := s.server(f.Conn)
		least(&s.skew, url, f.At.Sub(f.Stamp))
	}
	e := s.of(f.Object, f.Conn)
	if e == nil {
		return
	}
	switch f.Event() {
	case "IceCandidateFound":
		var d struct {
			Candidate struct {
				Candidate string `json:"candidate"`
			} `json:"candidate"`
		}
		_ = json.Unmarshal(f.Data, &d) // without one it says nothing
		c := negotiation.ParseCandidate(d.Candidate.Candidate)
		candidateKeys(e.add, &c, false)
		e.mark(markCandidate+looseCandidate(&c), f.Stamp, false)
	case "NewCandidatePairSelected":
		var d struct {
			Pair struct {
				Local  string `json:"localCandidate"`
				Remote string `json:"remoteCandidate"`
			} `json:"candidatePair"`
		}
		_ = json.Unmarshal(f.Data, &d) // without a pair it says nothing
		local, remote := negotiation.ParseCandidate(d.Pair.Local), negotiation.ParseCandidate(d.Pair.Remote)
		candidateKeys(e.add, &local, false)
		candidateKeys(e.add, &remote, true)
	case "MediaSessionStarted":
		e.mark(markSession, f.Stamp, false)
	default:
		switch lane, word := inventory.LaneEvent(f); {
		case strings.HasPrefix(string(lane), "ice/") && (word == "CONNECTED" || word == "READY"):
			e.mark(markICE, f.Stamp, false)
		case strings.HasPrefix(string(lane), "dtls/") && word == "CONNECTED":
			e.mark(markDTLS, f.Stamp, false)
		}
	}
}

// least keeps the smallest value of each server.
func least(m *map[string]time.Duration, url string, d time.Duration) {
	if *m == nil {
		*m = make(map[string]time.Duration)
	}
	if old, ok := (*m)[url]; !ok || d < old {
		(*m)[url] = d
	}
}

func (s *Server) call(f *wire.Fact) {
	if f.Took > 0 {
		least(&s.quick, s.server(f.Conn), f.Took)
	}
	if f.Method != "invoke" || f.Err != nil {
		return
	}
	switch f.Operation {
	case "processOffer", "processAnswer", "generateOffer", "addIceCandidate",
		"getLocalSessionDescriptor", "getRemoteSessionDescriptor", "getStats", "getICECandidatePairs":
	default:
		return
	}
	e := s.of(f.Object, f.Conn)
	if e == nil {
		return
	}
	asked := f.At.Add(-f.Took)
	var p struct {
		Offer     string `json:"offer"`
		Answer    string `json:"answer"`
		Candidate struct {
			Candidate string `json:"candidate"`
		} `json:"candidate"`
	}
	_ = json.Unmarshal(f.Params, &p) // what is missing was not said
	var said string
	_ = json.Unmarshal(f.Result, &said)
	switch f.Operation {
	case "processOffer":
		e.describe(p.Offer, true)
		e.describe(said, false)
		e.mark(markTaken, asked, true)
		e.mark(markGiven, f.At, true)
	case "processAnswer":
		e.describe(p.Answer, true)
		e.mark(markTaken, asked, true)
	case "generateOffer":
		e.describe(said, false)
		e.mark(markGiven, f.At, true)
	case "getLocalSessionDescriptor":
		e.describe(said, false)
	case "getRemoteSessionDescriptor":
		e.describe(said, true)
	case "addIceCandidate":
		c := negotiation.ParseCandidate(p.Candidate.Candidate)
		candidateKeys(e.add, &c, true)
		e.mark(markAdded+looseCandidate(&c), asked, true)
	case "getICECandidatePairs":
		e.pairs(f.Result)
	case "getStats":
		e.stats(f.Result)
	}
}

// describe takes the keys of a description.
func (e *endpoint) describe(text string, browser bool) {
	if text != "" && len(text) <= maxValueBytes {
		describe(e.add, negotiation.ParseDescription(text), browser)
	}
}

func (e *endpoint) pairs(result json.RawMessage) {
	var list []struct {
		Local  string `json:"localCandidate"`
		Remote string `json:"remoteCandidate"`
	}
	_ = json.Unmarshal(result, &list) // what is no list has no pairs
	for _, x := range list {
		local, remote := negotiation.ParseCandidate(x.Local), negotiation.ParseCandidate(x.Remote)
		candidateKeys(e.add, &local, false)
		candidateKeys(e.add, &remote, true)
	}
}

// stats takes the SSRCs of a getStats (kurento.RTCRTPStreamStats): inboundrtp is
// what the server receives, so what the browser sends.
func (e *endpoint) stats(result json.RawMessage) {
	var all map[string]struct {
		Type string          `json:"type"`
		SSRC json.RawMessage `json:"ssrc"`
	}
	if json.Unmarshal(result, &all) != nil {
		return
	}
	for _, s := range all {
		if s.Type == "inboundrtp" || s.Type == "outboundrtp" {
			if id := word(s.SSRC); id != "0" {
				e.add(key{KindSSRC, s.Type == "inboundrtp", id})
			}
		}
	}
}
