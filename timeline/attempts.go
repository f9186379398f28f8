package timeline

import (
	"fmt"

	"kmscope/wire"
)

// maxFailing bounds what is kept of attempts that failed.
const maxFailing = 1000

// attempts folds what is tried again and again while a server is away: several
// connections of a tool, each every second or two, for as long as it takes. What they
// fail of is worth saying once; what was before it must not drown in it.
type attempts struct {
	failed map[string]int  // by connection, since it was open
	said   map[string]bool // causes, since the server last answered any connection
}

// failing tells whether the cause of a failed attempt was said already.
func (a *attempts) failing(f *wire.Fact) bool {
	if a.failed == nil || len(a.failed) > maxFailing || len(a.said) > maxFailing {
		a.failed, a.said = make(map[string]int), make(map[string]bool)
	}
	a.failed[f.Conn]++
	again := a.said[f.Text]
	a.said[f.Text] = true
	return again
}

// open gives the words for how often it was tried; "" where it went well at once.
func (a *attempts) open(f *wire.Fact) string {
	n := a.failed[f.Conn]
	delete(a.failed, f.Conn)
	clear(a.said)
	switch n {
	case 0:
		return ""
	case 1:
		return " (after a failed attempt)"
	}
	return fmt.Sprintf(" (after %d failed attempts)", n)
}
