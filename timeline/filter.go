package timeline

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// Filter selects entries; a zero field selects all.
type Filter struct {
	// Object is an id; entries of its descendants match as well.
	Object string
	Types  []string
	// Text is looked for in text, type and object, whatever the case.
	Text string
	// Regexp is matched against text, type and object in turn.
	Regexp      *regexp.Regexp
	MinSeverity Severity
	// From and To bound At, both ends included.
	From, To time.Time
}

// Match tells whether an entry is selected. Any goroutine.
func (f *Filter) Match(e *Entry) bool { return newMatcher(*f).match(e) }

// matcher is a filter at work on many entries. Ids and types repeat: what was
// found of them is remembered. One goroutine uses it.
type matcher struct {
	Filter
	// type or id -> whether Text, or Regexp, is in it
	text, regexp map[string]bool
}

func newMatcher(f Filter) *matcher {
	return &matcher{Filter: f, text: make(map[string]bool), regexp: make(map[string]bool)}
}

func (m *matcher) match(e *Entry) bool {
	if e.Severity < m.MinSeverity ||
		!m.From.IsZero() && e.At.Before(m.From) || !m.To.IsZero() && e.At.After(m.To) {
		return false
	}
	if m.Object != "" && e.Object != m.Object &&
		(len(e.Object) <= len(m.Object) || e.Object[len(m.Object)] != '/' || e.Object[:len(m.Object)] != m.Object) {
		return false
	}
	if len(m.Types) > 0 && !slices.Contains(m.Types, e.Type) {
		return false
	}
	return (m.Text == "" || found(m.text, e, m.containsText)) &&
		(m.Regexp == nil || found(m.regexp, e, m.Regexp.MatchString))
}

func (m *matcher) containsText(s string) bool { return containsFold(s, m.Text) }

// found looks in the type and the object, where the answer is often known, and
// then in the text.
func found(known map[string]bool, e *Entry, test func(string) bool) bool {
	for _, s := range [2]string{e.Type, e.Object} {
		yes, ok := known[s]
		if !ok {
			if len(known) > maxObjects {
				clear(known)
			}
			yes = test(s)
			known[s] = yes
		}
		if yes {
			return true
		}
	}
	return test(e.Text)
}

// containsFold is strings.Contains whatever the case. ASCII, which is nearly
// everything here, needs no copy.
func containsFold(s, part string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return strings.Contains(strings.ToLower(s), strings.ToLower(part))
		}
	}
	if part == "" {
		return true
	}
	lower, upper := part[0], part[0]
	if 'a' <= lower|0x20 && lower|0x20 <= 'z' {
		lower, upper = lower|0x20, lower&^0x20
	}
	for i := 0; i+len(part) <= len(s); i++ {
		if (s[i] == lower || s[i] == upper) && strings.EqualFold(s[i:i+len(part)], part) {
			return true
		}
	}
	return false
}
