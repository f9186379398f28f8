package timeline

import (
	"bytes"
	"regexp"
	"slices"
	"time"
	"unicode/utf8"
)

// Filter selects entries; a zero field selects all.
type Filter struct {
	// Object is an id; entries of its descendants match as well.
	Object string
	Types  []string
	// Text is looked for in text, type, object and name, whatever the case.
	Text string
	// Words must all occur, each in any of these, whatever the case; the first
	// thirty count.
	Words []string
	// Regexp is matched against text, type, object and name in turn. It must
	// not be one of the POSIX kind.
	Regexp      *regexp.Regexp
	MinSeverity Severity
	// From and To bound At, both ends included.
	From, To time.Time
	// Name, if set, gives what people call an object: it is searched as well.
	Name func(id string) string
}

// Match tells whether an entry is selected. Any goroutine, if Name allows it.
func (f *Filter) Match(e *Entry) bool {
	m := newMatcher(*f)
	c := newChunk(1)
	at := e.At.UnixMilli()
	c.records = []record{{at: at, severity: e.Severity, object: c.add([]byte(e.Object)), kind: c.add([]byte(e.Type)), text: c.add([]byte(e.Text))}}
	return m.match(c, m.of(c), &c.records[0])
}

// maxSearched is how many words of a filter count.
const maxSearched = 30

// matcher is a filter at work on many entries. A chunk's strings are looked at
// once each: what was found in them is remembered. One goroutine uses it.
type matcher struct {
	Filter
	words    [][]byte
	regexp   *automaton // of Regexp, nil where there is none
	all      uint32     // the bits that a match has
	from, to int64
	memos    map[uint64]*memo // by the chunk's first entry
	names    map[string]uint32
}

// memo is what a matcher found in a chunk's strings.
type memo struct {
	found []uint32 // of a string, the words and the regexp in it, and known
	scope []uint8  // of a string as an object: 0 not known, 1 outside, 2 within
	types []uint8  // of a string as a type
}

const (
	bitRegexp = 1 << maxSearched
	bitKnown  = 1 << (maxSearched + 1)
)

func newMatcher(f Filter) *matcher {
	m := &matcher{Filter: f, memos: make(map[uint64]*memo), names: make(map[string]uint32)}
	if f.Text != "" {
		m.words = append(m.words, []byte(f.Text))
	}
	for _, w := range f.Words {
		if w != "" && len(m.words) < maxSearched {
			m.words = append(m.words, []byte(w))
		}
	}
	m.all = 1<<len(m.words) - 1
	if f.Regexp != nil {
		m.all |= bitRegexp
		m.regexp = newAutomaton(f.Regexp)
	}
	if !f.From.IsZero() {
		m.from = -floorMs(-f.From.UnixMicro()) // up
	}
	if !f.To.IsZero() {
		m.to = floorMs(f.To.UnixMicro())
	}
	return m
}

// matchBatch is how many entries are looked at while the log is held.
const matchBatch = 2048

// each calls f for the entries that match, with their index in seqs, and tells
// whether it came to the end: goOn, if there is one, is told the share that is done
// and stops it with false.
func (m *matcher) each(l *Log, seqs []uint64, f func(i int), goOn func(share float64) bool) bool {
	for from := 0; from < len(seqs); from += matchBatch {
		if goOn != nil && !goOn(float64(from)/float64(len(seqs))) {
			return false
		}
		l.mu.RLock()
		if from == 0 {
			for first := range m.memos {
				if first < l.first {
					delete(m.memos, first)
				}
			}
		}
		var c *chunk
		var x *memo
		for i := from; i < min(from+matchBatch, len(seqs)); i++ {
			if c == nil || seqs[i] < c.first || seqs[i] >= c.first+chunkSize {
				if c = l.chunk(seqs[i]); c == nil {
					continue // dropped since
				}
				x = m.of(c)
			}
			if m.match(c, x, &c.records[seqs[i]-c.first]) {
				f(i)
			}
		}
		l.mu.RUnlock()
	}
	return true
}

// of gives the memo of a chunk, with room for all of its strings.
func (m *matcher) of(c *chunk) *memo {
	x := m.memos[c.first]
	if x == nil {
		x = new(memo)
		m.memos[c.first] = x
	}
	if n := len(c.ends); m.all != 0 && len(x.found) < n {
		x.found = append(x.found, make([]uint32, n-len(x.found))...)
	}
	if n := len(c.ends); m.Object != "" && len(x.scope) < n {
		x.scope = append(x.scope, make([]uint8, n-len(x.scope))...)
	}
	if n := len(c.ends); len(m.Types) > 0 && len(x.types) < n {
		x.types = append(x.types, make([]uint8, n-len(x.types))...)
	}
	return x
}

func (m *matcher) match(c *chunk, x *memo, r *record) bool {
	if r.severity < m.MinSeverity || !m.From.IsZero() && r.at < m.from || !m.To.IsZero() && r.at > m.to {
		return false
	}
	if m.Object != "" {
		if x.scope[r.object] == 0 {
			x.scope[r.object] = 1
			if within(c.bytes(r.object), m.Object) {
				x.scope[r.object] = 2
			}
		}
		if x.scope[r.object] == 1 {
			return false
		}
	}
	if len(m.Types) > 0 {
		if x.types[r.kind] == 0 {
			x.types[r.kind] = 1
			if slices.Contains(m.Types, c.string(r.kind)) {
				x.types[r.kind] = 2
			}
		}
		if x.types[r.kind] == 1 {
			return false
		}
	}
	if m.all == 0 {
		return true
	}
	found := m.look(c, x, r.kind) | m.look(c, x, r.object) | m.look(c, x, r.text)
	if found&m.all != m.all && m.Name != nil {
		found |= m.named(c.bytes(r.object))
	}
	return found&m.all == m.all
}

// within tells whether an id is another one or stands below it.
func within(id []byte, scope string) bool {
	return len(id) >= len(scope) && string(id[:len(scope)]) == scope && (len(id) == len(scope) || id[len(scope)] == '/')
}

func (m *matcher) look(c *chunk, x *memo, s uint32) uint32 {
	if x.found[s] == 0 {
		x.found[s] = m.find(c.bytes(s)) | bitKnown
	}
	return x.found[s]
}

// named looks into the name of an object.
func (m *matcher) named(id []byte) uint32 {
	found, ok := m.names[string(id)]
	if !ok {
		if len(m.names) > maxObjects {
			clear(m.names)
		}
		found = m.find([]byte(m.Name(string(id))))
		m.names[string(id)] = found
	}
	return found
}

func (m *matcher) find(s []byte) (found uint32) {
	for i, w := range m.words {
		if containsFold(s, w) {
			found |= 1 << i
		}
	}
	if m.regexp != nil && m.regexp.match(s) {
		found |= bitRegexp
	}
	return found
}

// containsFold is bytes.Contains whatever the case. ASCII, which is nearly
// everything here, needs no copy.
func containsFold(s, part []byte) bool {
	if len(part) == 0 {
		return true
	}
	if part[0] >= utf8.RuneSelf {
		return bytes.Contains(bytes.ToLower(s), bytes.ToLower(part))
	}
	lower, upper := part[0], part[0]
	if 'a' <= lower|0x20 && lower|0x20 <= 'z' {
		lower, upper = lower|0x20, lower&^0x20
	}
	ascii := true
	for i, c := range s {
		if (c == lower || c == upper) && i+len(part) <= len(s) && bytes.EqualFold(s[i:i+len(part)], part) {
			return true
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	return !ascii && bytes.Contains(bytes.ToLower(s), bytes.ToLower(part))
}
