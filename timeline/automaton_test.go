package timeline

import (
	"math/rand/v2"
	"regexp"
	"testing"
)

// expressions and searched are what the automaton is compared with.
var (
	expressions = []string{
		``, `a`, `(?im)ice.*(connected|failed)`, `(?im)\d{3} ms$`, `(?im)[0-9]{4}\.[0-9]`, `^$`, `^a`, `a$`, `(?m)^a$`, `\Aa`, `a\z`,
		`\bice\b`, `\Bce`, `x*`, `(a|b)*abb`, `a{2,5}b?`, `[^a-z]`, `(?s)a.b`, `a.b`, `(?i)k`, `\pL+\d`, `(a*)*b`, `$a`, `a^`, `(?m)$.^`,
		`\x00`, `(?:a?){20}a{20}`, `(?i)[s-z]{3}`, `(a|ab)(c|bcd)$`, `[ab]*a[ab]{14}$`,
	}
	searched = []string{
		"", "a", "A", "abb", "ice 1: CONNECTING -> FAILED", "video in: FLOWING after 312 ms", "10.0.0.1:4242", "a\nb", "b\na\n", "nice ice", "ice",
		"\n", "k\u212a", "\u212a", "caf\u00e9 a", "\xff", "a\x00b", "aaaaaaaaaaaaaaaaaaaaaaaa", "xyz", "abcd", "abbababaabbabababbababababababbabbababab",
	}
)

func compare(t *testing.T, a *automaton, text string) {
	t.Helper()
	for range 2 { // the second time the states are there
		if got, want := a.match([]byte(text)), a.re.MatchString(text); got != want {
			t.Fatalf("/%s/ in %q: %v, package regexp says %v", a.re, text, got, want)
		}
	}
}

func TestAutomaton(t *testing.T) {
	for _, e := range expressions {
		a := newAutomaton(regexp.MustCompile(e))
		for _, s := range searched {
			compare(t, a, s)
		}
	}
}

// TestAutomatonBound has an expression of which every text leads to new states.
func TestAutomatonBound(t *testing.T) {
	a := newAutomaton(regexp.MustCompile(`[ab]*a[ab]{20}c`))
	text := make([]byte, 0, 20_000)
	r := rand.New(rand.NewPCG(7, 7))
	for range 20_000 {
		text = append(text, "ab"[r.IntN(2)])
	}
	compare(t, a, string(text))
	compare(t, a, string(append(text, 'c')))
	if !a.full || len(a.states) != 0 {
		t.Errorf("%d states", len(a.states))
	}
}

// FuzzAutomaton holds the automaton to package regexp.
func FuzzAutomaton(f *testing.F) {
	for i, e := range expressions {
		f.Add(e, searched[i%len(searched)], searched[(i+7)%len(searched)])
	}
	f.Fuzz(func(t *testing.T, expression, one, other string) {
		re, err := regexp.Compile(expression)
		if err != nil {
			return
		}
		a := newAutomaton(re)
		compare(t, a, one)
		compare(t, a, other)
		compare(t, a, one+other)
	})
}
