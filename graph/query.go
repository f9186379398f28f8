package graph

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Query says which nodes of a graph to keep: those of which everything holds
// that is set. The zero Query keeps all. Letters are compared without regard to
// case, but in Pattern, which decides for itself.
type Query struct {
	// Types are parts of unqualified types ("WebRtc"), of which a node's must have one.
	Types []string
	// Name is a part of the name, the label or the id.
	Name string
	// Tag is a key, "key=value", or "=value" for any key.
	Tag string
	// State is a part of one of the states, as a badge writes it ("ice ready",
	// "video in not flowing") or in the server's word ("NOT_FLOWING"), or a
	// health ("error", "warning"), or "dead".
	State string
	// Pattern must match the name, the label, the type, the id, a tag as
	// "key=value", or a state.
	Pattern *regexp.Regexp
}

// maxFilterBytes bounds what a person may type.
const maxFilterBytes = 1_000

// ParseQuery reads a Query as a person types it into one field:
//
//	type:WebRtcEndpoint,PlayerEndpoint name:alice tag:room=7 state:"not flowing" /regular expression/
//
// A word without a key is a part of the name or the type. Values with spaces
// stand in quotes. The error says in one sentence what is wrong.
func ParseQuery(text string) (Query, error) {
	var q Query
	if len(text) > maxFilterBytes {
		return q, fmt.Errorf("a filter may have %d characters at most", maxFilterBytes)
	}
	rest := strings.TrimSpace(text)
	var loose []string
	for rest != "" {
		if rest[0] == '/' {
			end := strings.LastIndexByte(rest, '/')
			source := rest[1:]
			rest, end = "", end-1
			if end >= 0 {
				source, rest = source[:end], strings.TrimSpace(source[end+1:])
			}
			re, err := regexp.Compile(source)
			if err != nil {
				return q, fmt.Errorf("the regular expression /%s/ is not understood: %s", source, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
			}
			q.Pattern = re
			continue
		}
		var key, value string
		if i := strings.IndexAny(rest, ": \t\""); i > 0 && rest[i] == ':' {
			key, rest = strings.ToLower(rest[:i]), rest[i+1:]
		}
		value, rest = word(rest)
		if value == "" && key != "" {
			return q, fmt.Errorf("%s: needs a value behind the colon", key)
		}
		switch key {
		case "type":
			types := strings.FieldsFunc(value, func(r rune) bool { return r == ',' })
			if len(types) == 0 {
				return q, errors.New("type: needs a type behind the colon")
			}
			q.Types = append(q.Types, types...)
		case "name":
			q.Name = value
		case "tag":
			q.Tag = value
		case "state":
			q.State = value
		case "":
			loose = append(loose, value)
		default:
			return q, fmt.Errorf("%s: is nothing to filter by; there are type:, name:, tag:, state: and /regular expression/", key)
		}
	}
	if len(loose) > 0 {
		if q.Pattern != nil {
			return q, errors.New("give a word or a /regular expression/, not both; name: goes with either")
		}
		q.Pattern = regexp.MustCompile("(?i)" + regexp.QuoteMeta(strings.ToValidUTF8(strings.Join(loose, " "), "\uFFFD")))
	}
	return q, nil
}

// word takes the first word of a text, or what stands in quotes.
func word(s string) (value, rest string) {
	if quoted, ok := strings.CutPrefix(s, `"`); ok {
		value, rest, _ = strings.Cut(quoted, `"`)
		return value, strings.TrimSpace(rest)
	}
	if i := strings.IndexAny(s, " \t\n"); i >= 0 {
		return s[:i], strings.TrimSpace(s[i:])
	}
	return s, ""
}

// Match reports whether a node is one to keep. Any goroutine.
func (q *Query) Match(n *Node) bool {
	if len(q.Types) > 0 && !slices.ContainsFunc(q.Types, func(t string) bool { return contains(n.Type, t) }) {
		return false
	}
	if q.Name != "" && !slices.ContainsFunc([]string{n.Name, n.Label, n.ID}, func(s string) bool { return contains(s, q.Name) }) {
		return false
	}
	return (q.Tag == "" || q.tag(n)) && (q.State == "" || q.state(n)) && (q.Pattern == nil || q.pattern(n))
}

func contains(s, part string) bool {
	return strings.Contains(strings.ToLower(s), strings.ToLower(part))
}

func (q *Query) tag(n *Node) bool {
	key, value, both := strings.Cut(q.Tag, "=")
	for k, v := range n.Tags {
		if (key == "" || strings.EqualFold(k, key)) && (!both || strings.EqualFold(v, value)) {
			return true
		}
	}
	return false
}

func (q *Query) state(n *Node) bool {
	if n.Dead {
		return strings.EqualFold(q.State, "dead")
	}
	return strings.EqualFold(n.Health.String(), q.State) ||
		slices.ContainsFunc(n.States, func(b Badge) bool { return strings.EqualFold(b.Value, q.State) || contains(b.Text, q.State) })
}

func (q *Query) pattern(n *Node) bool {
	for _, s := range []string{n.Name, n.Label, n.Type, n.ID} {
		if q.Pattern.MatchString(s) {
			return true
		}
	}
	for k, v := range n.Tags {
		if q.Pattern.MatchString(k + "=" + v) {
			return true
		}
	}
	return slices.ContainsFunc(n.States, func(b Badge) bool { return q.Pattern.MatchString(b.Text) || q.Pattern.MatchString(b.Value) })
}

// Filter gives the nodes that q keeps, the edges between them and their frames.
// The zero Query gives all, empty frames too.
func (g *Graph) Filter(q Query) *Graph {
	all := len(q.Types) == 0 && q.Name == "" && q.Tag == "" && q.State == "" && q.Pattern == nil
	return g.subset(q.Match, func(_ *Frame, anyLeft bool) bool { return all || anyLeft })
}
