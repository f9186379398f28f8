package negotiation

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
)

// Description is a session description, split into its sections without the
// loss of a byte: the texts and ends of all lines together are the Raw text.
type Description struct {
	// Raw is the text as it was sent; it holds secrets, see Redacted.
	Raw string
	// Err says why pion/sdp refused the text, "" when it did not. The sections
	// are there in any case.
	Err string
	// Session is what stands before the first m-line.
	Session Section
	// Media are the m-lines with what belongs to them.
	Media []Section
}

// Section is the session's part of a description, or one m-line's.
type Section struct {
	// Index is the number of the m-line, from 0; -1 for the session.
	Index int
	Lines []Line

	// The rest is of m-lines only.

	Kind    string // "audio", "video", "application"
	Port    int    // -1 when it cannot be read
	Proto   string // "UDP/TLS/RTP/SAVPF"
	Formats []string
	Mid     string
	// Direction is "sendrecv", "sendonly", "recvonly" or "inactive"; where the
	// m-line says nothing the session's, else sendrecv (RFC 8866, section 6.7).
	Direction string
	Codecs    []Codec
}

// Codec is one payload type of an m-line.
type Codec struct {
	Payload  string
	Name     string // "VP8"; "" when nothing says what the payload is
	ClockHz  int    // 0 is unknown
	Format   string // the value of fmtp
	Feedback []string
}

// Line is one line of a description.
type Line struct {
	// Text is the line without its end, End the end as it was sent.
	Text string
	End  string
	// Name is the attribute's name ("rtpmap") for a-lines, else the letter ("c").
	Name string
	// Value is what follows "a=name:" or "c=", with all its blanks.
	Value string
	// Note explains the line in plain language; "" for what explains itself.
	Note string
}

// maxLines bounds what is looked at of one description.
const maxLines = 20000

// ParseDescription splits a description. It never fails: see Err.
func ParseDescription(raw string) *Description {
	d := &Description{Raw: raw, Session: Section{Index: -1}}
	if strings.TrimSpace(raw) == "" {
		d.Err = "empty"
	}
	cur := &d.Session
	rest := raw
	for n := 0; rest != ""; n++ {
		var l Line
		if n == maxLines {
			d.Err = fmt.Sprintf("more than %d lines: the rest was not looked at", maxLines)
			l.Text, rest = rest, ""
		} else {
			l, rest = nextLine(rest)
		}
		if l.Name == "m" {
			d.Media = append(d.Media, mediaSection(len(d.Media), l.Value))
			cur = &d.Media[len(d.Media)-1]
		}
		cur.Lines = append(cur.Lines, l)
	}
	for i := range d.Media {
		d.Media[i].finish(&d.Session)
	}
	for i := range d.Session.Lines {
		d.Session.Lines[i].Note = note(&d.Session, &d.Session.Lines[i])
	}
	if d.Err != "" {
		return d
	}
	d.Err = refusedByPion(raw)
	for _, must := range []string{"v", "o", "s", "t"} {
		if !d.Session.Has(must) && d.Session.Has("v") { // a text that ends early is fine for pion
			d.Err = "the line " + must + "= is missing, which every description must have"
			break
		}
	}
	return d
}

// refusedByPion tells why pion/sdp does not take a text. Its errors quote the
// line, which may hold a secret: they are told in our own words. The culprit is
// the last line of the shortest beginning that pion refuses; all longer ones
// are refused as well, so that it is found by halving.
func refusedByPion(raw string) string {
	refused := func(text string) bool {
		var s sdp.SessionDescription
		return s.UnmarshalString(text) != nil
	}
	if !refused(raw) {
		return ""
	}
	var lines []Line
	var ends []int
	for rest := raw; rest != ""; {
		var l Line
		l, rest = nextLine(rest)
		lines = append(lines, l)
		ends = append(ends, len(raw)-len(rest))
	}
	n := sort.Search(len(ends), func(i int) bool { return refused(raw[:ends[i]]) })
	if n == len(ends) {
		return "a line is malformed or stands in the wrong place"
	}
	if l := lines[n].Text; len(l) < 2 || l[1] != '=' || l[0] < 'a' || l[0] > 'z' {
		return fmt.Sprintf("line %d is no line of a session description: it has to be a letter, an equals sign and a value", n+1)
	}
	return fmt.Sprintf("line %d (%s=) is malformed or stands in the wrong place", n+1, lines[n].Text[:1])
}

func nextLine(s string) (l Line, rest string) {
	n := strings.IndexByte(s, '\n')
	if n < 0 {
		l.Text, rest = s, ""
	} else {
		l.Text, l.End, rest = s[:n], "\n", s[n+1:]
	}
	for strings.HasSuffix(l.Text, "\r") {
		l.Text, l.End = l.Text[:len(l.Text)-1], "\r"+l.End
	}
	if len(l.Text) < 2 || l.Text[1] != '=' {
		return l, rest
	}
	l.Name, l.Value = l.Text[:1], l.Text[2:]
	if l.Name == "a" {
		l.Name, l.Value, _ = strings.Cut(l.Value, ":")
	}
	return l, rest
}

func mediaSection(index int, value string) Section {
	s := Section{Index: index, Port: -1}
	w := strings.Fields(value)
	if len(w) > 0 {
		s.Kind = w[0]
	}
	if len(w) > 1 {
		port, _, _ := strings.Cut(w[1], "/")
		if p, err := strconv.Atoi(port); err == nil && p >= 0 && p <= 65535 {
			s.Port = p
		}
	}
	if len(w) > 2 {
		s.Proto = w[2]
	}
	if len(w) > 3 {
		s.Formats = w[3:]
	}
	return s
}

var directions = []string{"sendrecv", "sendonly", "recvonly", "inactive"}

func (s *Section) finish(session *Section) {
	s.Direction = "sendrecv"
	for _, from := range []*Section{session, s} {
		for i := range from.Lines {
			if l := &from.Lines[i]; slices.Contains(directions, strings.TrimSpace(l.Name)) {
				s.Direction = strings.TrimSpace(l.Name)
			}
		}
	}
	s.Mid = strings.TrimSpace(s.First("mid"))
	if s.isRTP() {
		s.codecs()
	}
	for i := range s.Lines {
		s.Lines[i].Note = note(s, &s.Lines[i])
	}
}

// static are the payload types that need no rtpmap (RFC 3551) as far as
// anybody uses them.
var static = map[string]Codec{
	"0": {Name: "PCMU", ClockHz: 8000}, "3": {Name: "GSM", ClockHz: 8000}, "4": {Name: "G723", ClockHz: 8000},
	"8": {Name: "PCMA", ClockHz: 8000}, "9": {Name: "G722", ClockHz: 8000}, "13": {Name: "CN", ClockHz: 8000},
	"18": {Name: "G729", ClockHz: 8000}, "26": {Name: "JPEG", ClockHz: 90000}, "31": {Name: "H261", ClockHz: 90000},
	"34": {Name: "H263", ClockHz: 90000},
}

func (s *Section) codecs() {
	byPayload := make(map[string]int, len(s.Formats))
	for _, pt := range s.Formats {
		if _, twice := byPayload[pt]; twice {
			continue
		}
		c := static[pt]
		c.Payload = pt
		byPayload[pt] = len(s.Codecs)
		s.Codecs = append(s.Codecs, c)
	}
	for i := range s.Lines {
		l := &s.Lines[i]
		pt, value, _ := strings.Cut(l.Value, " ")
		switch l.Name {
		case "rtpmap":
			if n, ok := byPayload[pt]; ok {
				name, clock, _ := strings.Cut(value, "/")
				clock, _, _ = strings.Cut(clock, "/")
				s.Codecs[n].Name = strings.TrimSpace(name)
				s.Codecs[n].ClockHz, _ = strconv.Atoi(strings.TrimSpace(clock))
			}
		case "fmtp":
			if n, ok := byPayload[pt]; ok {
				s.Codecs[n].Format = value
			}
		case "rtcp-fb":
			for n := range s.Codecs {
				if s.Codecs[n].Payload == pt || pt == "*" {
					s.Codecs[n].Feedback = append(s.Codecs[n].Feedback, value)
				}
			}
		}
	}
}

// First gives the value of the first attribute of a name; "" when there is none.
func (s *Section) First(name string) string {
	for i := range s.Lines {
		if s.Lines[i].Name == name {
			return s.Lines[i].Value
		}
	}
	return ""
}

// Has reports whether there is an attribute of a name.
func (s *Section) Has(name string) bool {
	return slices.ContainsFunc(s.Lines, func(l Line) bool { return l.Name == name })
}

// All gives the values of all attributes of a name.
func (s *Section) All(name string) []string {
	var out []string
	for i := range s.Lines {
		if s.Lines[i].Name == name {
			out = append(out, s.Lines[i].Value)
		}
	}
	return out
}

// Rejected reports whether the m-line is refused: port 0, unless it only
// stands for a place in a bundle (RFC 8843).
func (s *Section) Rejected() bool { return s.Port == 0 && !s.Has("bundle-only") }

func (s *Section) sends() bool { return s.Direction == "sendrecv" || s.Direction == "sendonly" }

func (s *Section) receives() bool { return s.Direction == "sendrecv" || s.Direction == "recvonly" }

func (s *Section) isRTP() bool { return strings.Contains(s.Proto, "RTP/") }

// isSecure tells m-lines with DTLS. Kurento's own offers say RTP/SAVPF and
// have a fingerprint.
func (s *Section) isSecure(session *Section) bool {
	return strings.Contains(s.Proto, "TLS") || s.Has("fingerprint") || session.Has("fingerprint")
}

// Title sums the section up: "video 1: VP8, H264; sendrecv".
func (s *Section) Title() string {
	if s.Index < 0 {
		return "session"
	}
	var names []string
	for _, c := range s.Codecs {
		if c.Name != "" && !slices.Contains(names, c.Name) && len(names) < 6 {
			names = append(names, c.Name)
		}
	}
	title := fmt.Sprintf("%s, m-line %d", s.Kind, s.Index)
	if s.Mid != "" {
		title += " (mid " + s.Mid + ")"
	}
	if len(names) > 0 {
		title += ": " + strings.Join(names, ", ")
	}
	if s.Rejected() {
		return title + "; rejected"
	}
	if s.isRTP() {
		title += "; " + s.Direction
	}
	return title
}

// Sections gives the session and then the m-lines.
func (d *Description) Sections() []*Section {
	out := []*Section{&d.Session}
	for i := range d.Media {
		out = append(out, &d.Media[i])
	}
	return out
}

// String gives the text back, byte by byte.
func (d *Description) String() string { return d.text(func(l *Line) string { return l.Text }) }

// Redacted gives the text without ICE passwords and ufrags and without SDES
// keys. Addresses and fingerprints stay.
func (d *Description) Redacted() string { return d.text((*Line).Redacted) }

func (d *Description) text(f func(*Line) string) string {
	var b strings.Builder
	b.Grow(len(d.Raw))
	for _, s := range d.Sections() {
		for i := range s.Lines {
			b.WriteString(f(&s.Lines[i]))
			b.WriteString(s.Lines[i].End)
		}
	}
	return b.String()
}

// Redacted is the line's text without secrets.
func (l *Line) Redacted() string {
	switch l.Name {
	case "ice-ufrag", "ice-pwd":
		return "a=" + l.Name + ":" + mask
	case "candidate":
		return redactUfrag(l.Text)
	case "crypto", "k", "key-mgmt":
		if head, _, ok := strings.Cut(l.Text, "inline:"); ok {
			return head + "inline:" + mask
		}
		if l.Name != "crypto" {
			return l.Text[:2] + mask
		}
	case "":
		if strings.Contains(l.Text, "ice-") || strings.Contains(l.Text, "inline:") {
			return mask
		}
	}
	return l.Text
}

// Candidates are the candidates that the description itself names.
func (d *Description) Candidates() []Candidate {
	var out []Candidate
	for i := range d.Media {
		s := &d.Media[i]
		for j := range s.Lines {
			if s.Lines[j].Name != "candidate" || len(out) >= maxCandidates {
				continue
			}
			c := ParseCandidate("candidate:" + s.Lines[j].Value)
			c.Origin = FromSDP
			c.Mids = []string{s.midOrIndex()}
			out = append(out, c)
		}
	}
	return out
}

// maxCandidates bounds the candidates of one side.
const maxCandidates = 512

func (s *Section) midOrIndex() string {
	if s.Mid != "" {
		return s.Mid
	}
	return strconv.Itoa(s.Index)
}
