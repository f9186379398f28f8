package gst

import (
	"regexp"
	"strings"
)

// Hit is a place in a dump where a search found something: an element, or a
// link (then Element is the one that the link comes from).
type Hit struct {
	Element int
	Link    int // -1: the element itself
	// Where says what matched, in words: "name", "property caps", "caps".
	Where string
}

// Find looks for a text in names, types, states, properties, pads and caps, upper and
// lower case alike; between slashes it is a regular expression. An element that
// matches in several ways is found once. Hits come in the order of the dump.
// The error says what is wrong with the expression. Any goroutine.
func (d *Dump) Find(query string) ([]Hit, error) {
	match, err := matcher(query)
	if err != nil || match == nil {
		return nil, err
	}
	byFrom := make(map[int][]int, len(d.Links))
	for i := range d.Links {
		e := d.Pads[d.Links[i].From].Element
		byFrom[e] = append(byFrom[e], i)
	}
	var out []Hit
	for i := range d.Elements {
		if where := d.where(i, match); where != "" {
			out = append(out, Hit{i, -1, where})
		}
		for _, l := range byFrom[i] {
			if match(d.Links[l].Caps.String()) || match(d.Links[l].SinkCaps.String()) {
				out = append(out, Hit{i, l, "caps"})
			}
		}
	}
	return out, nil
}

// where says what of an element matches; "" is nothing.
func (d *Dump) where(i int, match func(string) bool) string {
	e := &d.Elements[i]
	switch {
	case match(e.Name):
		return "name"
	case match(e.Type):
		return "type"
	case match(e.State.String()):
		return "state"
	}
	for _, p := range e.Params {
		if match(p.Name + "=" + p.Value) {
			return "property " + p.Name
		}
	}
	for _, n := range e.Pads {
		p := &d.Pads[n]
		if match(p.Name) {
			return "pad " + p.Name
		}
		for _, q := range p.Params {
			if match(q.Name + "=" + q.Value) {
				return "property " + q.Name + " of pad " + p.Name
			}
		}
	}
	return ""
}

// matcher reads a query; nil is an empty one.
func matcher(query string) (func(string) bool, error) {
	query = strings.TrimSpace(query)
	if query == "" {
		return nil, nil
	}
	if len(query) > 2 && query[0] == '/' && query[len(query)-1] == '/' {
		re, err := regexp.Compile("(?i)" + query[1:len(query)-1])
		if err != nil {
			return nil, err
		}
		return re.MatchString, nil
	}
	query = strings.ToLower(query)
	return func(s string) bool { return s != "" && strings.Contains(strings.ToLower(s), query) }, nil
}
