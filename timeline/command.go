package timeline

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"kmscope/wire"
)

// reads are the beginnings of operations that change nothing.
var reads = []string{"get", "is", "has"}

// changes tells whether a call changes the server: what people did, as opposed
// to what they looked at. Subscriptions and references are no change that
// anybody would look for.
func changes(f *wire.Fact) bool {
	switch f.Method {
	case "create", "release":
		return true
	case "closeSession":
		return strings.Contains(string(f.Params), `"release"`)
	case "invoke":
		for _, r := range reads {
			rest, ok := strings.CutPrefix(f.Operation, r)
			if ok && (rest == "" || rest[0] >= 'A' && rest[0] <= 'Z') {
				return false
			}
		}
		return f.Operation != ""
	}
	return false
}

// ownConns are the connections whose commands are those of this tool: control
// was turned on there. The zero value has none.
type ownConns map[string]bool

// maxOwn bounds them.
const maxOwn = 1000

func (o *ownConns) take(f *wire.Fact) {
	if f.Type != "on" || len(*o) >= maxOwn {
		return
	}
	if *o == nil {
		*o = make(ownConns)
	}
	(*o)[f.Conn] = true
}

// secret tells whether the parameters of a command may carry a secret: the SDP
// holds ICE passwords and SRTP keys, a TURN URL its credentials.
func secret(f *wire.Fact) bool {
	switch f.Operation {
	case "processOffer", "processAnswer", "addIceCandidate":
		return true
	}
	p := strings.ToLower(f.Operation + string(f.Params))
	for _, w := range []string{"turn", "passw", "secret", "credential", "crypto", "ice-pwd", "certificate", "token", "@"} {
		if strings.Contains(p, w) {
			return true
		}
	}
	return false
}

// command writes out a command and its outcome.
func command(f *wire.Fact) (string, Severity) {
	var b strings.Builder
	if f.Conn != "" {
		b.WriteString(clip(f.Conn, maxWordRunes) + ": ")
	}
	severity := Notice
	switch f.Method {
	case "create":
		var p struct {
			Type text `json:"type"`
		}
		_ = json.Unmarshal(f.Params, &p)
		b.WriteString("create " + word(p.Type))
		var id text
		if json.Unmarshal(f.Result, &id) == nil && id != "" {
			own := shortID(string(id))
			b.WriteString(" -> " + own[strings.LastIndexByte(own, ' ')+1:])
		}
	case "release":
		b.WriteString("release " + shortID(f.Object))
	case "closeSession":
		b.WriteString("close a session and release all that it ever looked at")
		severity = Warning
	default:
		b.WriteString(shortID(f.Object) + "." + clip(f.Operation, maxWordRunes) + arguments(f))
	}
	if f.Err != nil {
		b.WriteString(": refused, " + refusal(f.Err))
		return clip(b.String(), maxTextRunes), Warning
	}
	if f.Took >= 100*time.Millisecond {
		b.WriteString(" (took " + span(f.Took) + ")")
	}
	return clip(b.String(), maxTextRunes), severity
}

func refusal(e *wire.RPCError) string {
	out := strconv.Itoa(e.Code)
	if e.Type != "" {
		out += " " + clip(e.Type, maxWordRunes)
	}
	if e.Message != "" {
		out += ": " + line(e.Message)
	}
	return out
}

// arguments writes the parameters of an operation, short and without secrets.
func arguments(f *wire.Fact) string {
	var p map[string]json.RawMessage
	if json.Unmarshal(f.Params, &p) != nil || len(p) == 0 {
		return "()"
	}
	switch f.Operation {
	case "processOffer", "processAnswer":
		for _, k := range []string{"offer", "answer"} {
			var sdp text
			if raw, ok := p[k]; ok && sdp.UnmarshalJSON(raw) == nil {
				return "(SDP of " + strconv.Itoa(len(sdp)) + " bytes)"
			}
		}
	case "addIceCandidate":
		return "(" + candidateText(p["candidate"]) + ")"
	}
	hide := secret(f)
	names := make([]string, 0, len(p))
	for k := range p {
		names = append(names, k)
	}
	slices.Sort(names)
	parts := make([]string, 0, len(names))
	for _, k := range names[:min(len(names), 16)] {
		parts = append(parts, argument(k, p[k], hide, len(names) == 1))
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

func argument(name string, raw json.RawMessage, hide, alone bool) string {
	v := clip(string(raw), maxWordRunes)
	var s string
	if json.Unmarshal(raw, &s) == nil {
		v = clip(s, maxWordRunes)
		if strings.Contains(s, "_kurento.") || strings.Count(s, "-") == 4 && strings.Contains(s, "_") {
			v = shortID(s)
		}
	} else if len(raw) > 0 && (raw[0] == '{' || raw[0] == '[') {
		v = "…"
	}
	if hide {
		v = "•••"
	}
	if alone {
		return v
	}
	return clip(name, maxWordRunes) + " " + v
}

// span writes a duration for people: "312 ms", "4.2 s", "2 min 5 s".
func span(d time.Duration) string { return string(appendSpan(nil, d)) }

func appendSpan(b []byte, d time.Duration) []byte {
	switch {
	case d < time.Second:
		return append(strconv.AppendInt(b, d.Milliseconds(), 10), " ms"...)
	case d < time.Minute:
		return append(strconv.AppendFloat(b, d.Seconds(), 'f', 1, 64), " s"...)
	case d < time.Hour:
		b = append(strconv.AppendInt(b, int64(d/time.Minute), 10), " min "...)
		return append(strconv.AppendInt(b, int64(d%time.Minute/time.Second), 10), " s"...)
	}
	b = append(strconv.AppendInt(b, int64(d/time.Hour), 10), " h "...)
	return append(strconv.AppendInt(b, int64(d%time.Hour/time.Minute), 10), " min"...)
}
