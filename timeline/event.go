package timeline

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"kmscope/rawjson"
)

// text takes a JSON string, number or boolean as text: streamId is an int in
// one event and a string in the next.
type text string

// UnmarshalJSON implements json.Unmarshaler; it never fails.
func (t *text) UnmarshalJSON(b []byte) error {
	*t = ""
	switch {
	case len(b) > 0 && b[0] == '"':
		var s string
		if json.Unmarshal(b, &s) == nil {
			*t = text(s)
		}
	case len(b) > 0 && b[0] != '{' && b[0] != '[' && string(b) != "null":
		*t = text(b)
	}
	return nil
}

func or(a, b text) string {
	if a != "" {
		return string(a)
	}
	return string(b)
}

// candidate is kurento.IceCandidate, or, in odd hands, the bare attribute.
type candidate struct {
	Candidate text `json:"candidate"`
	Mid       text `json:"sdpMid"`
}

// pair is kurento.IceCandidatePair.
type pair struct {
	StreamID      text `json:"streamId"`
	StreamID67    text `json:"streamID"`
	ComponentID   text `json:"componentId"`
	ComponentID67 text `json:"componentID"`
	Local         text `json:"localCandidate"`
	Remote        text `json:"remoteCandidate"`
}

// eventData holds every field of every event of Kurento 6.x and 7.x. A field
// of an unexpected type stays empty and leaves the others as they are.
type eventData struct {
	Object        text            `json:"object"`
	ObjectID      text            `json:"objectId"`
	Source        json.RawMessage `json:"source"` // every event has it, few need it
	Sink          text            `json:"sink"`
	MediaType     text            `json:"mediaType"`
	SourceDesc    text            `json:"sourceMediaDescription"`
	SinkDesc      text            `json:"sinkMediaDescription"`
	State         text            `json:"state"`
	OldState      text            `json:"oldState"`
	NewState      text            `json:"newState"`
	PadName       text            `json:"padName"`
	BinName       text            `json:"binName"`
	StreamID      text            `json:"streamId"`
	StreamID67    text            `json:"streamID"`
	ComponentID   text            `json:"componentId"`
	ComponentID67 text            `json:"componentID"`
	ConnectionID  text            `json:"connectionId"`
	ChannelID     text            `json:"channelId"`
	ChannelID67   text            `json:"channelID"`
	Candidate     json.RawMessage `json:"candidate"`
	CandidatePair json.RawMessage `json:"candidatePair"`
	Type          text            `json:"type"`
	Description   text            `json:"description"`
	ErrorCode     text            `json:"errorCode"`
	CodeType      text            `json:"codeType"`
	Value         text            `json:"value"`
}

// said is what an event says, before it is known what was there before.
type said struct {
	// lane names the state that the event changes; its kind is "" where it
	// changes none.
	lane laneKey
	// before is the old state by the event's own word; "" where it names none.
	before string
	state  string
	// rank orders states of one lane with equal timestamps; 0 is none.
	rank int
	// text is the whole text where there is no lane; with one, it follows the states.
	text     string
	severity Severity
}

// laneKey names a state of an object: of which stream or medium, and of which
// component, pad or bin of it.
type laneKey struct{ kind, of, part string }

// head introduces the states: "ICE stream 1 component 1".
func (k laneKey) head() string {
	switch k.kind {
	case "ice":
		return "ICE stream " + word(text(k.of)) + " component " + word(text(k.part))
	case "dtls":
		return "DTLS stream " + word(text(k.of)) + " " + word(text(k.part))
	case "in", "out":
		return mediaWord(text(k.of)) + " " + k.kind
	case "transcoding":
		return mediaWord(text(k.of))
	case "uri":
		return "playback or recording"
	}
	return k.kind
}

// iceRank is the documented order of the states of one ICE component.
var iceRank = map[string]int{"GATHERING": 1, "CONNECTING": 2, "CONNECTED": 3, "READY": 4}

// dtlsRank is that of a DTLS connection; CLOSED and FAILED may follow any.
var dtlsRank = map[string]int{"NEW": 1, "CONNECTING": 2, "CONNECTED": 3}

// decodeEvent writes out what an event says, whose data was read, by its name of
// 7.x. It understands every event of Kurento 6.x and 7.x and lists the fields of the
// others.
func decodeEvent(name string, data json.RawMessage, d *eventData) said {
	switch name {
	case "IceComponentStateChanged":
		return sayICE(d)
	case "DtlsConnectionStateChange":
		return sayDTLS(d)
	case "MediaFlowInStateChanged":
		return sayFlow("in", d)
	case "MediaFlowOutStateChanged":
		return sayFlow("out", d)
	case "MediaTranscodingStateChanged":
		return sayTranscoding(d)
	case "MediaStateChanged":
		return sayState("media", d)
	case "ConnectionStateChanged":
		return sayState("connection", d)
	case "UriEndpointStateChanged":
		return said{lane: laneKey{kind: "uri"}, state: word(d.State)}
	case "Recording", "Paused", "Stopped":
		return said{lane: laneKey{kind: "recorder"}, state: strings.ToUpper(name)}
	case "EndOfStream":
		return said{text: "end of stream", severity: Notice}
	case "MediaSessionStarted":
		return said{text: "media session started"}
	case "MediaSessionTerminated":
		return said{text: "media session ended", severity: Notice}
	case "DataChannelOpened":
		return said{text: "data channel " + or(d.ChannelID, d.ChannelID67) + " opened"}
	case "DataChannelClosed":
		return said{text: "data channel " + or(d.ChannelID, d.ChannelID67) + " closed", severity: Notice}
	case "IceCandidateFound":
		return said{text: "candidate found: " + candidateText(d.Candidate)}
	case "IceGatheringDone":
		return said{text: "ICE: all local candidates gathered"}
	case "NewCandidatePairSelected":
		return sayPair(d.CandidatePair)
	case "ElementConnected":
		return said{text: mediaWord(d.MediaType) + " connected: " + shortID(d.sourceID()) + " -> " + shortID(string(d.Sink)) + pads(d)}
	case "ElementDisconnected":
		return said{text: mediaWord(d.MediaType) + " disconnected: " + shortID(d.sourceID()) + " -> " + shortID(string(d.Sink)) + pads(d), severity: Notice}
	case "ObjectCreated":
		return said{text: shortID(or(d.Object, d.ObjectID)) + " created"}
	case "ObjectDestroyed":
		return said{text: shortID(or(d.ObjectID, d.Object)) + " destroyed"}
	case "Error":
		return sayError(d)
	case "OnKeySoftLimit":
		return said{text: mediaWord(d.MediaType) + ": the SRTP key reached its soft limit, a new one is needed", severity: Warning}
	case "CodeFound":
		return said{text: "code found: " + clip(string(d.CodeType), maxTextRunes) + " " + quote(string(d.Value))}
	}
	return said{text: fields(data)}
}

func sayICE(d *eventData) said {
	s := said{lane: laneKey{"ice", or(d.StreamID, d.StreamID67), or(d.ComponentID, d.ComponentID67)}, state: word(d.State)}
	s.rank = iceRank[s.state]
	switch s.state {
	case "FAILED":
		s.severity = Error
	case "DISCONNECTED":
		s.severity = Warning
	}
	return s
}

func sayDTLS(d *eventData) said {
	s := said{lane: laneKey{"dtls", or(d.StreamID, d.StreamID67), strings.Trim(or(d.ComponentID, d.ComponentID67), "[]")}, state: word(d.State)}
	s.rank = dtlsRank[s.state]
	switch s.state {
	case "FAILED":
		s.severity = Error
	case "CLOSED":
		s.severity = Notice
	}
	return s
}

func sayFlow(dir string, d *eventData) said {
	s := said{lane: laneKey{dir, string(d.MediaType), string(d.PadName)}, state: word(d.State)}
	if d.PadName != "" && d.PadName != "default" {
		s.text = "on pad " + clip(string(d.PadName), maxWordRunes)
	}
	if s.state == "NOT_FLOWING" {
		// The server says so when no buffer came for two seconds.
		s.severity = Warning
	}
	return s
}

func sayTranscoding(d *eventData) said {
	s := said{lane: laneKey{"transcoding", string(d.MediaType), string(d.BinName)}, state: word(d.State)}
	if d.BinName != "" {
		s.text = "in " + clip(string(d.BinName), maxWordRunes)
	}
	if s.state == "TRANSCODING" {
		s.severity = Notice
	}
	return s
}

func sayState(kind string, d *eventData) said {
	s := said{lane: laneKey{kind: kind}, state: word(text(or(d.NewState, d.State))), before: string(d.OldState)}
	if s.state == "DISCONNECTED" {
		s.severity = Warning
	}
	return s
}

func sayPair(raw json.RawMessage) said {
	var p pair
	_ = json.Unmarshal(raw, &p)
	return said{
		text: "ICE stream " + word(text(or(p.StreamID, p.StreamID67))) + " component " + word(text(or(p.ComponentID, p.ComponentID67))) +
			": pair selected, local " + Candidate(string(p.Local)) + ", remote " + Candidate(string(p.Remote)),
		severity: Notice,
	}
}

func sayError(d *eventData) said {
	var b strings.Builder
	b.WriteString(word(d.Type))
	if d.ErrorCode != "" {
		b.WriteString(" (code " + clip(string(d.ErrorCode), maxWordRunes) + ")")
	}
	if d.Description != "" {
		b.WriteString(": " + line(string(d.Description)))
	}
	s := said{text: b.String(), severity: Error}
	if strings.Contains(string(d.Description), "sctpenc") {
		// Every hang-up of a peer with data channels ends in such a message.
		s.severity = Notice
	}
	return s
}

func (d *eventData) sourceID() string {
	var id text
	_ = id.UnmarshalJSON(d.Source)
	return string(id)
}

// candidateText takes the object of the KMD or a bare attribute.
func candidateText(raw json.RawMessage) string {
	var c candidate
	ok := rawjson.Object(raw, func(name, raw []byte) {
		switch string(name) {
		case "candidate":
			c.Candidate.take(raw)
		case "sdpMid":
			c.Mid.take(raw)
		}
	})
	if !ok || c.Candidate == "" {
		var s text
		_ = s.UnmarshalJSON(raw)
		c.Candidate = s
	}
	out := Candidate(string(c.Candidate))
	if c.Mid != "" {
		out += " (m-line " + clip(string(c.Mid), maxWordRunes) + ")"
	}
	return out
}

// Candidate sums up a candidate attribute (RFC 8839, section 5.1):
// "host udp 127.0.0.1:62315", "relay udp 198.51.100.7:49152 from
// 10.0.0.1:5000", "host tcp passive 10.0.0.1:1634". What it leaves out are
// foundation, component and priority, and extensions such as the ufrag. Text
// that is no candidate is given back, shortened.
func Candidate(attribute string) string {
	a := strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(attribute), "a="), "candidate:")
	var f [8]string // up to the type
	rest, n := a, 0
	for ; n < len(f); n++ {
		if f[n], rest = field(rest); f[n] == "" {
			break
		}
	}
	if n < len(f) || f[6] != "typ" {
		if a == "" {
			return "none (end of candidates)"
		}
		return quote(a)
	}
	related, port, tcp := "", "", ""
	for {
		var name, value string
		name, rest = field(rest)
		if value, rest = field(rest); value == "" {
			break
		}
		switch name {
		case "raddr":
			related = value
		case "rport":
			port = value
		case "tcptype":
			tcp = value
		}
	}
	b := append(make([]byte, 0, 128), f[7]...)
	b = append(append(b, ' '), strings.ToLower(f[2])...)
	if tcp != "" {
		b = append(append(b, ' '), tcp...)
	}
	b = appendHostPort(append(b, ' '), f[4], f[5])
	if related != "" && f[7] != "host" {
		b = appendHostPort(append(b, " from "...), related, port)
	}
	return clip(string(b), maxTextRunes)
}

// field cuts the first word off, and the white space around it.
func field(s string) (word, rest string) {
	for s != "" && s[0] == ' ' {
		s = s[1:]
	}
	// Up to here, and from here to the next blank, there is nothing but ASCII in
	// every real one.
	for i := range len(s) {
		switch c := s[i]; {
		case c == ' ' && i > 0:
			return s[:i], s[i:]
		case c < ' ' || c >= utf8.RuneSelf:
			s = strings.TrimLeftFunc(s, unicode.IsSpace)
			if i := strings.IndexFunc(s, unicode.IsSpace); i >= 0 {
				return s[:i], s[i:]
			}
			return s, ""
		}
	}
	return s, ""
}

func appendHostPort(b []byte, host, port string) []byte {
	if strings.Contains(host, ":") {
		b = append(append(append(b, '['), host...), ']')
	} else {
		b = append(b, host...)
	}
	return append(append(b, ':'), port...)
}

func pads(d *eventData) string {
	src, sink := string(d.SourceDesc), string(d.SinkDesc)
	if (src == "" || src == "default") && (sink == "" || sink == "default") {
		return ""
	}
	return " (pads " + clip(src, maxWordRunes) + " -> " + clip(sink, maxWordRunes) + ")"
}

// mediaWord gives "audio", "video", "data", or the server's own word.
func mediaWord(m text) string {
	switch m {
	case "":
		return "media"
	case "AUDIO":
		return "audio"
	case "VIDEO":
		return "video"
	}
	return strings.ToLower(word(m))
}

// word shortens a word of the server; "?" where there is none.
func word(t text) string {
	if t == "" {
		return "?"
	}
	return clip(strings.TrimSpace(string(t)), maxWordRunes)
}

// Bounds of what is written.
const (
	maxWordRunes = 64
	maxTextRunes = 400
)

// clip shortens to n runes, with an ellipsis, and mends broken UTF-8.
func clip(s string, n int) string {
	if len(s) <= n && utf8.ValidString(s) {
		return s
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	i := 0
	for j := range s {
		if i++; i == n {
			return s[:j] + "…"
		}
	}
	return s
}

// line makes one line of a text.
func line(s string) string {
	return clip(strings.Join(strings.Fields(s), " "), maxTextRunes)
}

func quote(s string) string { return strconv.Quote(clip(s, maxTextRunes)) }

// shortID gives the type and the first four characters of an id, as labels do.
func shortID(id string) string {
	own := id[strings.LastIndexByte(id, '/')+1:]
	uuid, kind, ok := strings.Cut(own, "_")
	if !ok {
		return word(text(own))
	}
	if len(uuid) > 4 {
		uuid = uuid[:4]
	}
	return clip(kind[strings.LastIndexByte(kind, '.')+1:], maxWordRunes) + " " + strings.ToValidUTF8(uuid, "")
}

// fields lists the fields of an event that is not known.
func fields(data json.RawMessage) string {
	var m map[string]json.RawMessage
	if json.Unmarshal(data, &m) != nil {
		return clip(string(bytes.TrimSpace(data)), maxTextRunes)
	}
	for _, k := range []string{"source", "tags", "timestamp", "timestampMillis", "type"} {
		delete(m, k)
	}
	names := make([]string, 0, len(m))
	for k := range m {
		names = append(names, k)
	}
	slices.Sort(names)
	var b strings.Builder
	for _, k := range names {
		if b.Len() > maxTextRunes {
			break
		}
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		var t text
		_ = t.UnmarshalJSON(m[k])
		if t == "" {
			t = text(m[k])
		}
		b.WriteString(clip(k, maxWordRunes) + " " + line(string(t)))
	}
	return clip(b.String(), maxTextRunes)
}
