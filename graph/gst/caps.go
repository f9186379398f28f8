package gst

import "strings"

// Caps is a description of formats, as a dump writes it.
type Caps struct {
	// Any: everything (ANY). With no structure and not Any nothing is known, or
	// nothing is possible (EMPTY): None.
	Any, None  bool
	Structures []Structure
	// Terse: the dump has media types only, not their fields.
	Terse bool
}

// Structure is one format of caps.
type Structure struct {
	// Media is the media type with its features: "video/x-raw(memory:DMABuf)".
	Media  string
	Fields []Param
}

// Fixation tells whether caps are one format.
type Fixation uint8

// The fixations.
const (
	CapsUnknown Fixation = iota
	Fixed                // one format: negotiated
	Open                 // several are possible: not negotiated
)

// Fixation tells whether caps are one format (gst_caps_is_fixed). GStreamer
// writes the caps that a pad agreed on, or all that it could handle where it has
// not agreed on any: these are seldom one format.
func (c *Caps) Fixation() Fixation {
	switch {
	case c.Any, c.None, len(c.Structures) > 1:
		return Open
	case len(c.Structures) == 0, c.Terse && c.Structures[0].Media != "*":
		return CapsUnknown
	case c.Structures[0].Media == "*": // several, without details
		return Open
	}
	for _, f := range c.Structures[0].Fields {
		if strings.HasPrefix(f.Value, "[ ") || strings.HasPrefix(f.Value, "{ ") {
			return Open
		}
	}
	// A raw format without its fields is a pad's template; an encoded one may
	// well have none.
	if s := &c.Structures[0]; len(s.Fields) == 0 && strings.Contains(s.Media, "/x-raw") {
		return Open
	}
	return Fixed
}

// String gives caps on one line: "video/x-raw, format=I420, width=640".
func (c *Caps) String() string {
	switch {
	case c.Any:
		return "ANY"
	case c.None:
		return "EMPTY"
	}
	var b strings.Builder
	for i, s := range c.Structures {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(s.Media)
		for _, f := range s.Fields {
			b.WriteString(", " + f.Name + "=" + f.Value)
		}
	}
	return b.String()
}

// Brief gives what people ask for first: "I420 640×360", "Opus 48 kHz",
// "RTP VP8 96".
func (c *Caps) Brief() string {
	switch {
	case c.Any:
		return "anything"
	case c.None:
		return "nothing"
	case len(c.Structures) == 0:
		return ""
	}
	s := &c.Structures[0]
	out := s.brief()
	if n := len(c.Structures) - 1; n > 0 {
		out += " or others"
	}
	return out
}

func (s *Structure) brief() string {
	kind, sub, _ := strings.Cut(s.Media, "/")
	sub = strings.TrimPrefix(sub, "x-")
	field := func(name string) string {
		for _, f := range s.Fields {
			if f.Name == name {
				return f.Value
			}
		}
		return ""
	}
	var words []string
	add := func(w string) {
		if w != "" && !strings.ContainsAny(w, "[{") {
			words = append(words, w)
		}
	}
	switch {
	case s.Media == "*":
		return "several formats"
	case kind == "application" && (sub == "rtp" || sub == "srtp"):
		add(strings.ToUpper(sub))
		add(field("encoding-name"))
		if pt := field("payload"); pt != "" {
			add("pt " + pt)
		}
		if len(words) == 1 {
			add(field("media"))
		}
	case kind == "video" || kind == "image":
		if strings.HasPrefix(sub, "raw") {
			add(kind)
			add(field("format"))
		} else {
			add(sub)
		}
		if w, h := field("width"), field("height"); w != "" && h != "" {
			add(w + "×" + h)
		}
		if f := field("framerate"); f != "" && f != "0/1" {
			add(strings.TrimSuffix(f, "/1") + " fps")
		}
	case kind == "audio":
		if strings.HasPrefix(sub, "raw") {
			add(kind)
			add(field("format"))
		} else {
			add(sub)
		}
		if r := field("rate"); r != "" {
			add(r + " Hz")
		}
		switch n := field("channels"); n {
		case "":
		case "1":
			add("mono")
		case "2":
			add("stereo")
		default:
			add(n + " channels")
		}
	default:
		if sub == "" {
			return s.Media
		}
		add(sub)
	}
	return strings.Join(words, " ")
}

// Medium is "audio" or "video" where the caps say so, else "": by the media
// type, or by what RTP carries.
func (c *Caps) Medium() string {
	if len(c.Structures) == 0 {
		return ""
	}
	s := &c.Structures[0]
	for _, m := range [...]string{"audio", "video"} {
		if strings.HasPrefix(s.Media, m+"/") {
			return m
		}
		for _, f := range s.Fields {
			if f.Name == "media" && f.Value == m {
				return m
			}
		}
	}
	return ""
}

// maxStructures and maxFields bound caps; GStreamer's longest have some fifty.
const (
	maxStructures = 400
	maxFields     = 4_000
)

// readCaps reads the lines of a link's label. Media types stand at the start
// of a line, fields are set off by a blank.
func readCaps(lines []string) Caps {
	var c Caps
	fields := 0
	for _, line := range lines {
		text := strings.TrimSpace(line)
		name, value, isField := strings.Cut(text, ": ")
		switch {
		case text == "":
		case text == "ANY":
			c.Any = true
		case text == "EMPTY":
			c.None = true
		case isField && strings.HasPrefix(line, " ") && len(c.Structures) > 0:
			if fields++; fields > maxFields {
				return c
			}
			s := &c.Structures[len(c.Structures)-1]
			s.Fields = append(s.Fields, Param{name, concealed(name, value)})
		case len(c.Structures) < maxStructures:
			c.Structures = append(c.Structures, Structure{Media: text})
		}
	}
	return c
}
