package browserdump

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"kmscope/negotiation"
)

// PeerConnection is one RTCPeerConnection of the browser.
type PeerConnection struct {
	// ID is the browser's name for it: "8-1", process and number.
	ID string
	// URL is the page that made it.
	URL string
	// From and To are the first and the last time of its entries and series, by
	// the browser's clock; zero when nothing has a time.
	From, To time.Time
	// Coarse is set where the entries' times are cut to the second.
	Coarse bool
	// Entries is the event log in the order of the dump.
	Entries []Entry
	// Descriptions are the session descriptions that were set, oldest first.
	Descriptions []Description
	// Candidates are the candidates that were found and added, oldest first,
	// then those that only a description or the statistics name.
	Candidates []Candidate
	// Series are the statistics, by id and metric.
	Series []Series
}

// Entry is one entry of the event log.
type Entry struct {
	// At is by the browser's clock; zero when the dump does not say.
	At time.Time
	// Type is the event as the dump names it: "onicecandidate".
	Type string
	// Event is the same by the name of the W3C's WebRTC: "icecandidate".
	Event string
	// Value is what the dump has, strings without their quotes. It holds secrets
	// where it is a description or a candidate: see Text.
	Value string
	// Text sums the value up for people, without secrets.
	Text string
	// Failed is set for what the browser reports as failed.
	Failed bool
}

// Description is a session description as one side set it.
type Description struct {
	At time.Time
	// Side is seen from the server, as everywhere: what the browser set as its
	// local description is Remote.
	Side   negotiation.Side
	Role   negotiation.Role
	Parsed *negotiation.Description
}

// Candidate is an ICE candidate that the browser knows.
type Candidate struct {
	negotiation.Candidate
	// Browser is set for the browser's own candidates, else it is the peer's.
	Browser bool
	// Added is when the browser found it, or was given it; zero when only a
	// description or the statistics name it.
	Added time.Time
}

type connectionJSON struct {
	URL       json.RawMessage            `json:"url"`
	UpdateLog []json.RawMessage          `json:"updateLog"`
	Stats     map[string]json.RawMessage `json:"stats"`
}

type entryJSON struct {
	Time      json.RawMessage `json:"time"`
	Timestamp json.RawMessage `json:"timestamp"`
	Type      string          `json:"type"`
	Value     json.RawMessage `json:"value"`
}

func (d *Dump) connection(id string, raw json.RawMessage) (*PeerConnection, error) {
	var j connectionJSON
	if err := json.Unmarshal(raw, &j); err != nil {
		return nil, err
	}
	p := &PeerConnection{ID: clip(id, 100), URL: clip(word(j.URL), 2048)}
	d.series(p, j.Stats)
	if len(j.UpdateLog) > maxEntries {
		d.note("peer connection %s has more than %d entries; the rest is left out", p.ID, maxEntries)
		j.UpdateLog = j.UpdateLog[:maxEntries]
	}
	bad := 0
	var times []moment
	for _, raw := range j.UpdateLog {
		var e entryJSON
		if json.Unmarshal(raw, &e) != nil || e.Type == "" {
			bad++
			continue
		}
		if len(e.Timestamp) == 0 {
			e.Timestamp = e.Time
		}
		m, _ := momentOf(e.Timestamp)
		times = append(times, m)
		p.Entries = append(p.Entries, entry(clip(e.Type, 200), word(e.Value)))
	}
	if bad > 0 {
		d.note("%d entries of peer connection %s cannot be read", bad, p.ID)
	}
	d.date(p, times)
	for i := range p.Entries {
		p.learn(&p.Entries[i])
	}
	p.known()
	return p, nil
}

// date gives the entries their times.
func (d *Dump) date(p *PeerConnection, times []moment) {
	var stats time.Time
	for i := range p.Series {
		if pts := p.Series[i].Points; len(pts) > 0 {
			stats = earlier(stats, pts[0].At)
			p.span(pts[0].At)
			p.span(pts[len(pts)-1].At)
		}
	}
	i := slices.IndexFunc(times, func(m moment) bool { return m.local })
	var add time.Duration
	exchanged := false
	if i >= 0 {
		p.Coarse = true
		var ok bool
		if add, exchanged, ok = zone(times[i], stats); !ok {
			d.note("the times of peer connection %s have no zone; they are taken for UTC, and day and month may be exchanged", p.ID)
		}
	}
	for i, m := range times {
		t := m.at
		if m.local {
			if exchanged && !m.other.IsZero() {
				t = m.other
			}
			t = t.Add(add)
		}
		p.Entries[i].At = t
		p.span(t)
	}
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

func (p *PeerConnection) span(t time.Time) {
	if t.IsZero() {
		return
	}
	p.From = earlier(p.From, t)
	if t.After(p.To) {
		p.To = t
	}
}

// entry reads an entry but its time.
func entry(name, value string) Entry {
	e := Entry{Type: name, Event: eventOf(name), Value: clip(unquote(value), maxValueBytes)}
	e.Failed = strings.HasSuffix(name, "OnFailure") || strings.HasSuffix(name, "Failed") || e.Event == "icecandidateerror"
	switch e.Event {
	case "signalingstatechange", "iceconnectionstatechange", "connectionstatechange", "icegatheringstatechange":
		e.Value = stateOf(e.Value)
		e.Text = clip(e.Value, 100)
		e.Failed = e.Value == "failed"
	case "icecandidate", "addIceCandidate":
		if c := candidateOf(e.Value); c != "" {
			parsed := negotiation.ParseCandidate(c)
			e.Text = parsed.String()
		} else {
			e.Text = "end of candidates"
		}
	default:
		if role, sdp, ok := descriptionOf(e.Value); ok {
			d := negotiation.ParseDescription(sdp)
			e.Text = strings.TrimSpace(string(role) + " " + outline(d))
		} else if !strings.Contains(e.Value, "a=ice-") && !strings.Contains(e.Value, "ufrag") && !strings.Contains(e.Value, "credential") {
			e.Text = clip(strings.Join(strings.Fields(e.Value), " "), 200)
		}
	}
	return e
}

func outline(d *negotiation.Description) string {
	var kinds []string
	for i := range d.Media {
		kinds = append(kinds, d.Media[i].Kind)
	}
	if len(kinds) > 8 {
		kinds = append(kinds[:8], "…")
	}
	return "(" + clip(strings.Join(kinds, ", "), 100) + ")"
}

// unquote takes a JSON string out of its quotes: newer dumps hold JSON in their
// values.
func unquote(s string) string {
	if len(s) >= 2 && s[0] == '"' {
		var v string
		if json.Unmarshal([]byte(s), &v) == nil {
			return v
		}
	}
	return s
}

// eventOf gives the W3C's name of an event.
func eventOf(name string) string {
	switch low := strings.TrimPrefix(strings.ToLower(name), "on"); low {
	case "signalingstatechange", "iceconnectionstatechange", "connectionstatechange", "icegatheringstatechange",
		"icecandidate", "icecandidateerror", "negotiationneeded", "track", "datachannel":
		return low
	case "renegotiationneeded":
		return "negotiationneeded"
	case "addicecandidate":
		return "addIceCandidate"
	case "stop", "close":
		return "close"
	}
	return name
}

// stateOf gives the W3C's word of a state: older dumps write the browser's own
// names.
func stateOf(value string) string {
	for _, prefix := range []string{"ICEConnectionState", "ICEGatheringState", "SignalingState"} {
		camel, ok := strings.CutPrefix(value, prefix)
		if !ok {
			continue
		}
		var b strings.Builder
		for i, r := range camel {
			if r >= 'A' && r <= 'Z' {
				if i > 0 {
					b.WriteByte('-')
				}
				r += 'a' - 'A'
			}
			b.WriteRune(r)
		}
		value = strings.ReplaceAll(b.String(), "pr-answer", "pranswer")
	}
	return strings.TrimSpace(clip(value, 100))
}

// descriptionOf takes a description out of a value: JSON, or "type: offer, sdp: ...".
func descriptionOf(value string) (negotiation.Role, string, bool) {
	var j struct {
		Type string `json:"type"`
		SDP  string `json:"sdp"`
	}
	if strings.HasPrefix(value, "{") {
		if json.Unmarshal([]byte(value), &j) != nil {
			return "", "", false
		}
	} else if rest, ok := strings.CutPrefix(value, "type: "); ok {
		j.Type, j.SDP, _ = strings.Cut(rest, ", sdp: ")
	}
	return negotiation.Role(clip(j.Type, 20)), j.SDP, j.SDP != ""
}

// candidateOf takes a candidate out of a value: JSON, or "sdpMid: 0,
// sdpMLineIndex: 0, candidate: candidate:..., url: ...".
func candidateOf(value string) string {
	if strings.HasPrefix(value, "{") {
		var j struct {
			Candidate string `json:"candidate"`
		}
		_ = json.Unmarshal([]byte(value), &j) // without one it is the end of them
		return clip(j.Candidate, 4096)
	}
	i := strings.Index(value, "candidate:")
	if i < 0 {
		return ""
	}
	c := strings.TrimPrefix(value[i:], "candidate: ")
	c, _, _ = strings.Cut(c, ", ")
	return clip(c, 4096)
}

// learn takes what an entry tells of descriptions and candidates.
func (p *PeerConnection) learn(e *Entry) {
	switch e.Event {
	case "setLocalDescription", "setRemoteDescription", "setLocalDescriptionOnSuccess":
		// The last has it where the page let the browser make the description.
		role, sdp, ok := descriptionOf(e.Value)
		if !ok {
			return
		}
		side := negotiation.Local
		if e.Event != "setRemoteDescription" {
			side = negotiation.Remote
		}
		if n := len(p.Descriptions); n > 0 && p.Descriptions[n-1].Side == side && p.Descriptions[n-1].Parsed.Raw == sdp {
			return
		}
		p.Descriptions = append(p.Descriptions, Description{At: e.At, Side: side, Role: role, Parsed: negotiation.ParseDescription(sdp)})
	case "icecandidate", "addIceCandidate":
		if text := candidateOf(e.Value); text != "" {
			c := negotiation.ParseCandidate(text)
			c.At = e.At
			p.addCandidate(Candidate{Candidate: c, Browser: e.Event == "icecandidate", Added: e.At})
		}
	}
}

// maxCandidates bounds the candidates of one connection.
const maxCandidates = 1024

func (p *PeerConnection) addCandidate(c Candidate) {
	if c.Address == "" {
		return
	}
	for i := range p.Candidates {
		k := &p.Candidates[i]
		if k.Browser == c.Browser && k.Component == c.Component && k.Protocol == c.Protocol && k.Address == c.Address && k.Port == c.Port && k.Type == c.Type {
			return
		}
	}
	if len(p.Candidates) < maxCandidates {
		p.Candidates = append(p.Candidates, c)
	}
}

// known adds the candidates that stand in descriptions and statistics alone:
// the log begins when the browser's page was opened, which may be late.
func (p *PeerConnection) known() {
	for i := range p.Descriptions {
		d := &p.Descriptions[i]
		for _, c := range d.Parsed.Candidates() {
			p.addCandidate(Candidate{Candidate: c, Browser: d.Side == negotiation.Remote})
		}
	}
	for _, r := range p.reports() {
		own := r.kind == "local-candidate"
		if !own && r.kind != "remote-candidate" {
			continue
		}
		port, ok := r.last("port")
		address := r.word("address")
		if address == "" {
			address = r.word("ip")
		}
		if !ok || address == "" || port < 1 || port > 65535 {
			continue
		}
		c := negotiation.Candidate{Type: negotiation.Type(r.word("candidateType")), Protocol: strings.ToLower(r.word("protocol")), TCPType: r.word("tcpType"),
			Address: address, Port: int(port), Class: negotiation.ClassOf(address), Component: 1, Foundation: r.word("foundation")}
		if v, ok := r.last("priority"); ok && v >= 0 && v <= 1<<32-1 {
			c.Priority = uint32(v)
		}
		p.addCandidate(Candidate{Candidate: c, Browser: own})
	}
}
