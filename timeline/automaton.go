package timeline

import (
	"encoding/binary"
	"regexp"
	"regexp/syntax"
	"slices"
	"unicode/utf8"
)

// A regular expression over a million texts. Package regexp also finds where a
// match lies, and takes a microsecond for a text; a search asks only whether
// there is one. That an automaton tells with one look into a table for a byte: a
// state is the set of places in the program of package syntax where a match may
// stand, together with what the byte before was, and the states are made when a
// text first leads to them. What is empty (^, $, \b) is settled by the byte
// before and the one that comes, as package regexp does it.
//
// It knows ASCII, which is nearly everything here; a text with more goes to
// package regexp, and so does a program for which there would be too many states.
// Rejected: looking for the words of the expression first (the others then cost
// all the more), and splitting over cores (the room starts no goroutine).

const (
	maxStates = 2048 // of half a KiB each
	textEnd   = utf8.RuneSelf
	symbols   = utf8.RuneSelf + 1
)

// What a step may give besides the number of a state.
const (
	stepUnknown int32 = -1 - iota
	stepMatch
	stepNever // no text that goes on from here matches
	stepFull  // too many states
)

// automaton tells whether a regular expression matches. One goroutine uses it.
type automaton struct {
	re     *regexp.Regexp
	prog   *syntax.Prog
	states []autoState
	byKey  map[string]int32
	full   bool

	seen  []uint32 // by place: the walk that saw it
	walk  uint32
	stack []uint32
}

type autoState struct {
	places []uint32 // sorted, before what is empty is passed
	before rune     // -1 at the beginning of the text
	next   [symbols]int32
}

// newAutomaton makes the automaton of an expression.
func newAutomaton(re *regexp.Regexp) *automaton {
	a := &automaton{re: re, byKey: make(map[string]int32)}
	tree, err := syntax.Parse(re.String(), syntax.Perl)
	if err == nil {
		a.prog, err = syntax.Compile(tree.Simplify())
	}
	if err != nil { // an expression of the POSIX kind: it cannot be read
		a.full = true
		return a
	}
	a.seen = make([]uint32, len(a.prog.Inst))
	a.state([]uint32{uint32(a.prog.Start)}, -1)
	return a
}

// match tells whether the expression matches somewhere in a text.
func (a *automaton) match(s []byte) bool {
	if a.full {
		return a.re.Match(s)
	}
	at := int32(0)
	for _, c := range s {
		if c >= utf8.RuneSelf {
			return a.re.Match(s)
		}
		to := a.states[at].next[c]
		if to == stepUnknown {
			to = a.step(at, rune(c))
		}
		if to < 0 {
			return a.ends(to, s)
		}
		at = to
	}
	to := a.states[at].next[textEnd]
	if to == stepUnknown {
		to = a.step(at, textEnd)
	}
	return a.ends(to, s)
}

func (a *automaton) ends(step int32, s []byte) bool {
	if step == stepFull {
		a.full = true
		a.states, a.byKey = nil, nil
		return a.re.Match(s)
	}
	return step == stepMatch
}

// step works out where a symbol leads from a state, and notes it.
func (a *automaton) step(from int32, c rune) int32 {
	to := a.lead(from, c)
	a.states[from].next[c] = to
	return to
}

func (a *automaton) lead(from int32, c rune) int32 {
	s := &a.states[from]
	next := c
	if c == textEnd {
		next = -1
	}
	empty := syntax.EmptyOpContext(s.before, next)
	a.walk++
	a.stack = append(a.stack[:0], s.places...)
	var places []uint32
	for len(a.stack) > 0 {
		pc := a.stack[len(a.stack)-1]
		a.stack = a.stack[:len(a.stack)-1]
		if a.seen[pc] == a.walk {
			continue
		}
		a.seen[pc] = a.walk
		switch i := &a.prog.Inst[pc]; i.Op {
		case syntax.InstMatch:
			return stepMatch
		case syntax.InstAlt, syntax.InstAltMatch:
			a.stack = append(a.stack, i.Out, i.Arg)
		case syntax.InstCapture, syntax.InstNop:
			a.stack = append(a.stack, i.Out)
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(i.Arg)&^empty == 0 {
				a.stack = append(a.stack, i.Out)
			}
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			if next >= 0 && i.MatchRune(next) {
				places = append(places, i.Out)
			}
		}
	}
	if next < 0 {
		return stepNever
	}
	return a.state(append(places, uint32(a.prog.Start)), next)
}

// state gives the number of a state, and makes it where it is new. A match may
// begin anywhere: the program's start is one of its places.
func (a *automaton) state(places []uint32, before rune) int32 {
	slices.Sort(places)
	places = slices.Compact(places)
	// Of the byte before only this counts: a letter, a line's end, anything else.
	switch {
	case before >= 0 && syntax.IsWordChar(before):
		before = 'a'
	case before >= 0 && before != '\n':
		before = ' '
	}
	key := binary.AppendVarint(nil, int64(before))
	for _, p := range places {
		key = binary.AppendUvarint(key, uint64(p))
	}
	if n, ok := a.byKey[string(key)]; ok {
		return n
	}
	if len(a.states) >= maxStates {
		return stepFull
	}
	n := int32(len(a.states))
	s := autoState{places: places, before: before}
	for c := range s.next {
		s.next[c] = stepUnknown
	}
	a.states = append(a.states, s)
	a.byKey[string(key)] = n
	return n
}
