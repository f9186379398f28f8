package gst

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Change is how something differs between two dumps.
type Change uint8

// The changes.
const (
	Same Change = iota
	Added
	Removed
	Changed
)

// String gives the sign of a change.
func (c Change) String() string { return [...]string{"", "+", "-", "~"}[min(c, Changed)] }

// Difference is one thing that differs.
type Difference struct {
	Change Change
	// Element and Link are indexes into the later dump, or into the earlier one
	// where Change is Removed; Link is -1 where the difference is one of the
	// element.
	Element, Link int
	// What is the path of the element, or "source pad -> sink pad" of a link.
	What string
	// Lines say what changed, one each: "state: PAUSED → PLAYING".
	Lines []string
}

// Diff is what happened between two dumps of the same thing.
type Diff struct {
	// Merged is the later dump with what was removed since added to it, for
	// drawing both in one picture; Elements and Links tell of each what became
	// of it.
	Merged   *Dump
	Elements []Change
	Links    []Change
	// List is all differences: elements first, both in the order of Merged.
	// Their indexes are those of Merged.
	List []Difference
}

// Compare tells what differs between an earlier and a later dump. Elements are
// the same if their paths are, links if they connect the same pads. Addresses
// in memory are no difference. Any goroutine.
func Compare(before, after *Dump) *Diff {
	c := comparison{before: before, pads: len(after.Pads), Diff: &Diff{Merged: merge(before, after)}}
	m := c.Merged
	c.Elements, c.Links = make([]Change, len(m.Elements)), make([]Change, len(m.Links))
	old := make(map[string]int, len(before.Elements))
	for i := range before.Elements {
		old[before.Elements[i].Path] = i
	}
	// What was dumped is the same thing, whatever it is called.
	old[m.Elements[0].Path] = 0
	for i := range m.Elements {
		k, was := old[m.Elements[i].Path]
		switch {
		case i >= len(after.Elements):
			c.note(i, -1, Removed, m.Elements[i].Path, m.Elements[i].Type)
		case !was:
			c.note(i, -1, Added, m.Elements[i].Path, m.Elements[i].Type)
		default:
			if lines := c.element(k, i); len(lines) > 0 {
				c.note(i, -1, Changed, m.Elements[i].Path, lines...)
			}
		}
	}
	oldLinks := make(map[string]int, len(before.Links))
	for i := range before.Links {
		oldLinks[before.linkPath(i)] = i
	}
	for i := range m.Links {
		name := m.linkPath(i)
		k, was := oldLinks[name]
		l := &m.Links[i]
		switch {
		case i >= len(after.Links):
			c.note(m.Pads[l.From].Element, i, Removed, name, l.Caps.String())
		case !was:
			c.note(m.Pads[l.From].Element, i, Added, name, l.Caps.String())
		default:
			b := &before.Links[k]
			lines := append(capsLines("caps", &b.Caps, &l.Caps), capsLines("caps of the sink", &b.SinkCaps, &l.SinkCaps)...)
			if len(lines) > 0 {
				c.note(m.Pads[l.From].Element, i, Changed, name, lines...)
			}
		}
	}
	return c.Diff
}

type comparison struct {
	*Diff
	before *Dump
	pads   int // of the later dump; those behind were removed
}

func (c *comparison) note(element, link int, what Change, name string, lines ...string) {
	if link >= 0 {
		c.Links[link] = what
	} else {
		c.Elements[element] = what
	}
	c.List = append(c.List, Difference{what, element, link, name, lines})
}

// linkPath names a link: the same in every dump of the same bin.
func (d *Dump) linkPath(i int) string {
	l := &d.Links[i]
	return d.PadPath(l.From) + " -> " + d.PadPath(l.To)
}

// merge gives the later dump with what only the earlier one has behind it.
func merge(before, after *Dump) *Dump {
	m := &Dump{Elements: slices.Clone(after.Elements), Pads: slices.Clone(after.Pads), Links: slices.Clone(after.Links), Notes: after.Notes}
	elements := make(map[string]int, len(m.Elements))
	pads := make(map[string]int, len(m.Pads))
	links := make(map[string]bool, len(m.Links))
	for i := range m.Elements {
		e := &m.Elements[i]
		e.Children, e.Pads = slices.Clone(e.Children), slices.Clone(e.Pads)
		elements[e.Path] = i
	}
	for i := range m.Pads {
		pads[m.PadPath(i)] = i
	}
	for i := range m.Links {
		links[m.linkPath(i)] = true
	}
	element := make([]int, len(before.Elements)) // before -> merged
	for i, e := range before.Elements {
		k, there := elements[e.Path]
		if i == 0 {
			k, there = 0, true
		}
		if !there {
			e.Parent = element[e.Parent]
			e.Children, e.Pads = nil, nil
			k = len(m.Elements)
			m.Elements = append(m.Elements, e)
			m.Elements[e.Parent].Children = append(m.Elements[e.Parent].Children, k)
		}
		element[i] = k
	}
	pad := make([]int, len(before.Pads))
	for i, p := range before.Pads {
		p.Element = element[p.Element]
		name := m.Elements[p.Element].Path + ":" + p.Name
		k, there := pads[name]
		if !there {
			k = len(m.Pads)
			pads[name] = k
			m.Pads = append(m.Pads, p)
			m.Elements[p.Element].Pads = append(m.Elements[p.Element].Pads, k)
		}
		pad[i] = k
	}
	for _, l := range before.Links {
		if l.From, l.To = pad[l.From], pad[l.To]; !links[m.PadPath(l.From)+" -> "+m.PadPath(l.To)] {
			m.Links = append(m.Links, l)
		}
	}
	return m
}

// element says how an element changed.
func (c *comparison) element(was, is int) []string {
	a, b := &c.before.Elements[was], &c.Merged.Elements[is]
	var out []string
	if a.State != b.State || a.Pending != b.Pending {
		out = append(out, "state: "+stateWords(a)+" → "+stateWords(b))
	}
	if a.Locked != b.Locked {
		out = append(out, fmt.Sprintf("locked state: %s → %s", yesNo(a.Locked), yesNo(b.Locked)))
	}
	if a.Type != b.Type {
		out = append(out, "type: "+a.Type+" → "+b.Type)
	}
	out = append(out, paramLines("", a.Params, b.Params)...)
	old := make(map[string]*Pad, len(a.Pads))
	for _, p := range a.Pads {
		old[c.before.Pads[p].Name] = &c.before.Pads[p]
	}
	for _, n := range b.Pads {
		p := &c.Merged.Pads[n]
		q := old[p.Name]
		switch {
		case q == nil:
			out = append(out, "pad "+p.Name+" added")
		case n >= c.pads:
			out = append(out, "pad "+p.Name+" removed")
		default:
			if f, g := q.Flags(), p.Flags(); f != g {
				out = append(out, "pad "+p.Name+": "+f+" → "+g)
			}
			out = append(out, paramLines("pad "+p.Name+" ", q.Params, p.Params)...)
		}
	}
	return out
}

func stateWords(e *Element) string {
	s := e.State.String()
	if s == "" {
		s = "unknown"
	}
	if e.Pending != StateUnknown {
		s += " (going to " + e.Pending.String() + ")"
	}
	return s
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// Flags says in words how a pad is: "push, blocked, end of stream".
func (p *Pad) Flags() string {
	var out []string
	if p.Mode != ModeUnknown {
		out = append(out, p.Mode.String())
	}
	for _, f := range []struct {
		is   bool
		word string
	}{
		{p.Blocked && !p.Blocking, "blocked"}, {p.Blocking, "blocked, holding data back"}, {p.Flushing, "flushing"}, {p.EOS, "end of stream"},
		{p.Task == TaskStarted, "own thread"}, {p.Task == TaskPaused, "own thread, paused"},
	} {
		if f.is {
			out = append(out, f.word)
		}
	}
	return strings.Join(out, ", ")
}

// address is a place in memory, which differs from dump to dump.
var address = regexp.MustCompile(`0x[0-9a-fA-F]{5,16}`)

func same(a, b string) bool {
	return a == b || address.ReplaceAllString(a, "0x") == address.ReplaceAllString(b, "0x")
}

func paramLines(prefix string, a, b []Param) []string {
	var out []string
	old := make(map[string]string, len(a))
	for _, p := range a {
		old[p.Name] = p.Value
	}
	now := make(map[string]bool, len(b))
	for _, p := range b {
		now[p.Name] = true
		switch v, was := old[p.Name]; {
		case !was:
			out = append(out, prefix+p.Name+": default → "+p.Value)
		case !same(v, p.Value):
			out = append(out, prefix+p.Name+": "+v+" → "+p.Value)
		}
	}
	for _, p := range a {
		if !now[p.Name] {
			out = append(out, prefix+p.Name+": "+p.Value+" → default")
		}
	}
	return out
}

func capsLines(what string, a, b *Caps) []string {
	if same(a.String(), b.String()) {
		return nil
	}
	if len(a.Structures) == 1 && len(b.Structures) == 1 && a.Structures[0].Media == b.Structures[0].Media {
		lines := paramLines(what+" ", a.Structures[0].Fields, b.Structures[0].Fields)
		for i := range lines {
			lines[i] = strings.ReplaceAll(strings.ReplaceAll(lines[i], ": default →", ": none →"), "→ default", "→ none")
		}
		return lines
	}
	none := func(s string) string {
		if s == "" {
			return "none"
		}
		return s
	}
	return []string{what + ": " + none(a.String()) + " → " + none(b.String())}
}
