package view

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"kmscope/browserdump"
	"kmscope/graph"
	"kmscope/inventory"
)

// Level says how well something is, from the point of view of somebody who
// looks for trouble. The values are those of theme.Level.
type Level uint8

// The levels.
const (
	Unknown Level = iota
	Fine
	Attention
	Trouble
)

func levelOf(h graph.Health) Level {
	switch h {
	case graph.HealthOK:
		return Fine
	case graph.HealthWarning:
		return Attention
	case graph.HealthError:
		return Trouble
	}
	return Unknown
}

// ShortType gives a type without the endings that say nothing in a list of
// elements: "WebRtc" for "WebRtcEndpoint".
func ShortType(kmdType string) string {
	switch kmdType {
	case "MediaPipeline":
		return "pipeline"
	case "ServerManager":
		return "server"
	}
	if short := strings.TrimSuffix(kmdType, "Endpoint"); short != "" {
		return short
	}
	return kmdType
}

// name is what a row calls an object: its name, or the first characters of its
// id, as the type stands beside it.
func name(o *inventory.Object) string {
	if n := plain(o.Name); n != "" {
		return n
	}
	return o.ShortID()
}

// plain is a text without control characters, for one row.
func plain(s string) string {
	if strings.IndexFunc(s, unicode.IsControl) < 0 {
		return s
	}
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
}

// Title gives an object's label, or one made from its id when the object is
// not known.
func Title(s *inventory.Snapshot, id string) string {
	if o := s.Object(id); o != nil {
		return o.Label()
	}
	o := inventory.Object{ID: id, Type: inventory.TypeOf(id)}
	return o.Label()
}

// LaneTitle gives a lane in words: "ICE 1.1", "in video", "transcoding audio".
func LaneTitle(l inventory.Lane) string {
	parts := strings.Split(string(l), "/")
	rest := parts[1:]
	switch parts[0] {
	case "ice":
		return strings.TrimSpace("ICE " + strings.Join(rest, "."))
	case "dtls":
		return strings.TrimSpace("DTLS " + dtlsPart(rest))
	case "flow-in":
		return strings.TrimSpace("in " + lowerFirst(rest))
	case "flow-out":
		return strings.TrimSpace("out " + lowerFirst(rest))
	case "transcoding":
		return strings.TrimSpace("transcoding " + lowerFirst(rest))
	case "browser":
		return browserLane(l)
	}
	return strings.Join(parts, " ")
}

// browserLane is the same of what a browser tells.
func browserLane(l inventory.Lane) string {
	switch l {
	case browserdump.LaneSignaling:
		return "signaling"
	case browserdump.LaneICEGathering:
		return "ICE gathering"
	case browserdump.LaneICEConnection:
		return "ICE connection"
	case browserdump.LaneConnection:
		return "connection"
	}
	return strings.TrimPrefix(string(l), "browser/")
}

// browserLevel judges a state of a browser's connection, in the words of the
// W3C's WebRTC.
func browserLevel(state string) Level {
	switch state {
	case "connected", "completed", "complete", "stable":
		return Fine
	case "failed", "disconnected":
		return Trouble
	case "checking", "connecting", "gathering":
		return Attention
	}
	return Unknown
}

// dtlsPart gives stream and direction. The server names the component by its
// GStreamer elements ("[bundle/dtlssrtpdec]"): dec receives, enc sends.
func dtlsPart(parts []string) string {
	if len(parts) < 2 {
		return strings.Join(parts, " ")
	}
	component := strings.Trim(strings.Join(parts[1:], " "), "[]")
	switch {
	case strings.HasSuffix(component, "dtlssrtpdec"):
		component = "in " + strings.TrimPrefix(strings.TrimSuffix(component, "dtlssrtpdec"), "bundle ")
	case strings.HasSuffix(component, "dtlssrtpenc"):
		component = "out " + strings.TrimPrefix(strings.TrimSuffix(component, "dtlssrtpenc"), "bundle ")
	}
	return strings.TrimSpace(parts[0] + " " + strings.TrimSpace(component))
}

// lowerFirst joins the parts of a lane, the medium in small letters.
func lowerFirst(parts []string) string {
	if len(parts) == 0 {
		return ""
	}
	out := append([]string{strings.ToLower(parts[0])}, parts[1:]...)
	return strings.Join(out, " ")
}

// laneRank orders lanes as they come up in the life of an endpoint.
func laneRank(l inventory.Lane) int {
	order := []string{"ice", "dtls", "connection", "media", "flow-in", "flow-out", "transcoding", "uri", "recorder"}
	head, _, _ := strings.Cut(string(l), "/")
	for i, o := range order {
		if head == o {
			return i
		}
	}
	return len(order)
}

// StateLevel judges the value of one lane by itself. Tree, inspector, graph and
// lanes agree on media that stopped: it is trouble, red (see graph.FlowHealth), and
// so it is in the list of events: see EntryLevel.
func StateLevel(l inventory.Lane, s inventory.State) Level {
	head, _, _ := strings.Cut(string(l), "/")
	if head == "browser" {
		return browserLevel(s.Value)
	}
	switch s.Value {
	case "FAILED":
		return Trouble
	case "NOT_FLOWING":
		if graph.FlowHealth(s) == graph.HealthError {
			return Trouble
		}
		return Unknown
	case "DISCONNECTED", "CLOSED":
		if s.Source == inventory.FromEvent {
			return Attention
		}
		return Unknown
	case "CONNECTING", "GATHERING":
		// Component 2 stays GATHERING for ever with rtcp-mux.
		if head == "ice" && strings.HasSuffix(string(l), "/2") {
			return Unknown
		}
		return Attention
	case "TRANSCODING":
		return Attention
	case "FLOWING", "READY", "CONNECTED", "START", "RECORDING":
		return Fine
	}
	return Unknown
}

// human writes one of the server's words for people: "NOT FLOWING".
func human(v string) string { return strings.ReplaceAll(v, "_", " ") }

// Ago writes how long something lasts, with one or two units: "9 s", "6 min",
// "3 h 12 min", "2 d".
func Ago(d time.Duration) string {
	switch d = max(d, 0); {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 24*time.Hour:
		h, m := int(d.Hours()), int(d.Minutes())%60
		if m == 0 {
			return fmt.Sprintf("%d h", h)
		}
		return fmt.Sprintf("%d h %d min", h, m)
	}
	return fmt.Sprintf("%d d", int(d.Hours())/24)
}

// Stretch writes a length of time as a clock does: "1:32", "41:07", "2:03:04".
func Stretch(d time.Duration) string {
	d = max(d, 0).Round(time.Second)
	h, m, s := int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60
	if h > 0 {
		return fmt.Sprintf("%d:%02d:%02d", h, m, s)
	}
	return fmt.Sprintf("%d:%02d", m, s)
}

// Plural writes a number with its noun: "1 pipeline", "1,204 elements".
func Plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return Thousands(n) + " " + one + "s"
}

// Thousands writes a whole number with a comma per three digits.
func Thousands(n int) string {
	s := fmt.Sprint(n)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// Size writes a number of bytes with binary units: "18 MiB".
func Size(bytes int64) string {
	v, units := float64(bytes), []string{"B", "KiB", "MiB", "GiB", "TiB"}
	i := 0
	for v >= 1023.5 && i < len(units)-1 {
		v /= 1024
		i++
	}
	if i == 0 || v >= 9.95 {
		return fmt.Sprintf("%.0f %s", v, units[i])
	}
	return fmt.Sprintf("%.1f %s", v, units[i])
}
