package view

import (
	"fmt"
	"regexp"
	"strings"
)

// Filter selects rows by what a person typed: words that must all occur,
// whatever their case and order, or a regular expression between slashes,
// which ignores case as well. The zero Filter selects everything.
type Filter struct {
	words []string
	re    *regexp.Regexp
}

// ParseFilter reads a filter. A regular expression that is not valid is an
// error in one sentence; one whose last slash is still missing is taken as is.
func ParseFilter(text string) (Filter, error) {
	text = strings.TrimSpace(text)
	if rest, ok := strings.CutPrefix(text, "/"); ok {
		rest = strings.TrimSuffix(strings.TrimSuffix(rest, "i"), "/")
		if rest == "" {
			return Filter{}, nil
		}
		re, err := regexp.Compile("(?im)" + rest)
		if err != nil {
			return Filter{}, fmt.Errorf("%q is no regular expression: %s", rest, reason(err))
		}
		return Filter{re: re}, nil
	}
	return Filter{words: strings.Fields(strings.ToLower(text))}, nil
}

// reason drops the head that package regexp puts before every error.
func reason(err error) string {
	return strings.TrimPrefix(err.Error(), "error parsing regexp: ")
}

// Empty reports whether everything is selected.
func (f Filter) Empty() bool { return f.re == nil && len(f.words) == 0 }

// Parts gives what a filter looks for: the words in small letters, all of which
// must occur, or the expression; at most one of them is set.
func (f Filter) Parts() (words []string, re *regexp.Regexp) { return f.words, f.re }

// matchLower is Match for texts that were joined by newlines and put in small
// letters before.
func (f Filter) matchLower(joined string) bool {
	if f.re != nil {
		return f.re.MatchString(joined)
	}
	for _, w := range f.words {
		if !strings.Contains(joined, w) {
			return false
		}
	}
	return true
}

// Match reports whether the texts of a row, taken together, are selected. A
// regular expression must match one of them.
func (f Filter) Match(texts ...string) bool {
	if f.re != nil {
		for _, t := range texts {
			if f.re.MatchString(t) {
				return true
			}
		}
		return false
	}
	for _, w := range f.words {
		found := false
		for _, t := range texts {
			if strings.Contains(strings.ToLower(t), w) {
				found = true
				break
			}
		}
		if !found {
			return false
		}
	}
	return true
}

// orderings is up to how many words a filter is turned into one expression for
// all orders of them.
const orderings = 4

// Regexp gives an expression that matches the texts that Match selects, nil for
// every text: for searches that take nothing else. More than four words are
// looked for in the order in which they were typed.
func (f Filter) Regexp() *regexp.Regexp {
	if f.re != nil || len(f.words) == 0 {
		return f.re
	}
	quoted := make([]string, len(f.words))
	for i, w := range f.words {
		quoted[i] = regexp.QuoteMeta(w)
	}
	var ways []string
	if len(quoted) > orderings {
		ways = []string{strings.Join(quoted, ".*")}
	} else {
		permute(quoted, 0, func(p []string) { ways = append(ways, strings.Join(p, ".*")) })
	}
	return regexp.MustCompile("(?is)" + strings.Join(ways, "|"))
}

// permute gives all orders of list from at on.
func permute(list []string, at int, give func([]string)) {
	if at >= len(list)-1 {
		give(list)
		return
	}
	for i := at; i < len(list); i++ {
		list[at], list[i] = list[i], list[at]
		permute(list, at+1, give)
		list[at], list[i] = list[i], list[at]
	}
}
