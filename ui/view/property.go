package view

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"kmscope/kmsconn/kmd"
	"kmscope/stats"
)

// unit is how the number of a property is written. The KMD files say units in
// prose only, if at all; these are from the server's sources.
type unit struct {
	write func(v float64, c Clock) string
	zero  string // the word for 0, "" for none
}

func inUnit(factor float64, u stats.Unit, zero string) unit {
	return unit{func(v float64, _ Clock) string { return stats.Format(v*factor, u) }, zero}
}

var propertyUnits = map[string]unit{
	"maxAudioRecvBandwidth": inUnit(1000, stats.Bps, "no limit"),
	"maxVideoRecvBandwidth": inUnit(1000, stats.Bps, "no limit"),
	"minVideoRecvBandwidth": inUnit(1000, stats.Bps, "no limit"),
	"maxVideoSendBandwidth": inUnit(1000, stats.Bps, "no limit"),
	"minVideoSendBandwidth": inUnit(1000, stats.Bps, "no limit"),
	"encoderBitrate":        inUnit(1, stats.Bps, ""),
	"minEncoderBitrate":     inUnit(1, stats.Bps, "no limit"),
	"maxEncoderBitrate":     inUnit(1, stats.Bps, "no limit"),
	"minOutputBitrate":      inUnit(1, stats.Bps, "no limit"), // 6.x
	"maxOutputBitrate":      inUnit(1, stats.Bps, "no limit"),
	"minOuputBitrate":       inUnit(1, stats.Bps, "no limit"), // 6.x, as the server spells it
	"maxOuputBitrate":       inUnit(1, stats.Bps, "no limit"),
	"mtu":                   inUnit(1, stats.Bytes, ""),
	"position":              inUnit(1, stats.Ms, ""),
	"creationTime": {func(v float64, c Clock) string {
		t := time.Unix(int64(v), 0)
		if c.Mode == UTC {
			return t.UTC().Format("2006-01-02 15:04:05 UTC")
		}
		return t.Local().Format("2006-01-02 15:04:05")
	}, "unknown"},
}

// maxValueRunes bounds a value in its row; the whole stands in the detail.
const maxValueRunes = 300

// propertyText writes a value for people.
func propertyText(name string, raw json.RawMessage, c Clock) string {
	v := maskJSON(name, raw)
	switch v := v.(type) {
	case nil:
		return "none"
	case string:
		if v == "" {
			return "empty"
		}
		return clip(oneLine(v), maxValueRunes)
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case json.Number:
		f, err := v.Float64()
		if u, ok := propertyUnits[name]; ok && err == nil {
			if (f == 0 || f >= math.MaxInt32) && u.zero != "" {
				return u.zero
			}
			return u.write(f, c)
		}
		return clip(v.String(), 40)
	case []any:
		if len(v) == 0 {
			return "none"
		}
		if len(v) > 3 {
			return fmt.Sprintf("%d values", len(v))
		}
	}
	return clip(compact(v), maxValueRunes)
}

// compact writes a struct or list in one line without the noise of JSON, and
// without the fields that only name its type.
func compact(v any) string {
	switch v := v.(type) {
	case map[string]any:
		parts := make([]string, 0, len(v))
		for _, k := range sortedKeys(v) {
			if !strings.HasPrefix(k, "__") {
				parts = append(parts, k+" "+compact(v[k]))
			}
		}
		if len(parts) == 0 {
			return "not set"
		}
		return strings.Join(parts, ", ")
	case []any:
		parts := make([]string, len(v))
		for i, x := range v {
			parts[i] = compact(x)
		}
		return strings.Join(parts, "; ")
	case nil:
		return "none"
	case string:
		return oneLine(v)
	}
	return fmt.Sprint(v)
}

// propertyDetail gives what a person sees who opens a property: the
// description of the server, its type, and the whole value.
func propertyDetail(p kmd.Property, raw json.RawMessage) string {
	var b strings.Builder
	if doc := Prose(p.Doc); doc != "" {
		b.WriteString(doc)
		b.WriteString("\n")
	}
	b.WriteString("type " + p.Type)
	if p.Final || p.ReadOnly {
		b.WriteString(", read only")
	}
	if p.DefaultValue != nil {
		b.WriteString(", default " + compact(p.DefaultValue))
	}
	if len(raw) > 0 {
		v := maskJSON(p.Name, raw)
		switch v := v.(type) {
		case map[string]any, []any:
			if text, err := json.MarshalIndent(v, "", "  "); err == nil {
				b.WriteString("\n" + string(text))
			}
		case string:
			if len(v) > 24 {
				b.WriteString("\n" + v)
			}
		case json.Number:
			b.WriteString("\nas sent: " + v.String())
		}
	}
	return b.String()
}

// Prose turns the HTML of KMD descriptions into plain text.
func Prose(doc string) string {
	var b strings.Builder
	inTag := false
	var tag strings.Builder
	// Single newlines of the source are spaces; blank lines part paragraphs.
	doc = strings.ReplaceAll(strings.ReplaceAll(doc, "\r", ""), "\n\n", "<p>")
	for _, r := range strings.ReplaceAll(doc, "\n", " ") {
		switch {
		case r == '<':
			inTag = true
			tag.Reset()
		case r == '>' && inTag:
			inTag = false
			switch name := strings.ToLower(strings.Trim(tag.String(), "/ ")); name {
			case "p", "br", "ul", "ol":
				b.WriteString("\n")
			case "li":
				if !strings.HasPrefix(tag.String(), "/") {
					b.WriteString("\n– ")
				}
			}
		case inTag:
			tag.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	if inTag { // a "<" that began no tag
		b.WriteString("<" + tag.String())
	}
	text := b.String()
	text = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&", "&quot;", `"`, "\t", " ").Replace(text)
	var out []string
	for _, par := range strings.Split(text, "\n") {
		par = strings.Join(strings.Fields(par), " ")
		if par != "" {
			out = append(out, par)
		}
	}
	return strings.Join(out, "\n")
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func clip(s string, runes int) string {
	if len(s) <= runes {
		return s
	}
	r := []rune(s)
	if len(r) <= runes {
		return s
	}
	return string(r[:runes-1]) + "…"
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sortNatural(keys)
	return keys
}

// sortNatural sorts words with numbers in them as people do: "ice/2" before
// "ice/10".
func sortNatural(words []string) { slices.SortFunc(words, CompareNatural) }

// CompareNatural tells which of two words with numbers in them comes first, as people
// sort them: "room-2" before "room-10". Any goroutine.
func CompareNatural(a, b string) int {
	for a != "" && b != "" {
		na, ra := leadingNumber(a)
		nb, rb := leadingNumber(b)
		if na >= 0 && nb >= 0 {
			if na != nb {
				return na - nb
			}
			a, b = ra, rb
			continue
		}
		if a[0] != b[0] {
			return int(a[0]) - int(b[0])
		}
		a, b = a[1:], b[1:]
	}
	return len(a) - len(b)
}

func leadingNumber(s string) (n int, rest string) {
	i := 0
	for i < len(s) && i < 9 && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	if i == 0 {
		return -1, s
	}
	n, err := strconv.Atoi(s[:i])
	if err != nil {
		return -1, s
	}
	return n, s[i:]
}
