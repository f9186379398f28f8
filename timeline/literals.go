package timeline

import (
	"bytes"
	"regexp"
	"regexp/syntax"
	"unicode"
	"unicode/utf8"
)

// What people search for holds words: /ice.*(failed|disconnected)/. A search
// for these, whatever the case, costs a hundredth of the regular expression's,
// and most texts have none of them.

// The bounds of what literalsOf looks for.
const (
	minLiteral  = 2 // shorter ones are nearly everywhere
	maxLiterals = 8
)

// literalsOf gives strings of which one is in every text that re matches,
// whatever the case; nil where there are none.
func literalsOf(re *regexp.Regexp) [][]byte {
	tree, err := syntax.Parse(re.String(), syntax.Perl)
	if err != nil { // a regexp of the POSIX kind
		return nil
	}
	return required(tree.Simplify())
}

func required(re *syntax.Regexp) [][]byte {
	switch re.Op {
	case syntax.OpLiteral:
		return literal(re.Rune)
	case syntax.OpCapture, syntax.OpPlus:
		return required(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return required(re.Sub[0])
		}
	case syntax.OpConcat:
		var best [][]byte
		for _, sub := range re.Sub {
			if r := required(sub); r != nil && (best == nil || shortest(r) > shortest(best)) {
				best = r
			}
		}
		return best
	case syntax.OpAlternate:
		var all [][]byte
		for _, sub := range re.Sub {
			r := required(sub)
			if r == nil || len(all)+len(r) > maxLiterals {
				return nil
			}
			all = append(all, r...)
		}
		return all
	}
	return nil
}

// literal gives the longest part of some runes that no other rune folds to: the
// Kelvin sign is a k, whatever the case.
func literal(runes []rune) [][]byte {
	var best, cur []byte
	for _, r := range runes {
		if r >= utf8.RuneSelf || foreign(r) {
			cur = nil
			continue
		}
		cur = append(cur, byte(r))
		if len(cur) > len(best) {
			best = bytes.Clone(cur)
		}
	}
	if len(best) < minLiteral {
		return nil
	}
	return [][]byte{best}
}

// foreign tells whether a rune beyond ASCII folds to this one.
func foreign(r rune) bool {
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		if f >= utf8.RuneSelf {
			return true
		}
	}
	return false
}

func shortest(list [][]byte) int {
	n := len(list[0])
	for _, s := range list {
		n = min(n, len(s))
	}
	return n
}
