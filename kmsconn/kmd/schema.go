package kmd

import (
	"cmp"
	"slices"
	"strings"
)

// Schema is the merged description of all modules of a server. It is immutable
// after Merge and may be used from any goroutine. Lookups take "WebRtcEndpoint"
// and "kurento.WebRtcEndpoint" alike.
type Schema struct {
	modules []*Module
	classes map[string]*Class
	types   map[string]*ComplexType
	events  map[string]*Event
}

// Merge joins modules; of two descriptions of one name the later wins. It
// never fails: what a module leaves out is not there.
func Merge(modules ...*Module) *Schema {
	s := &Schema{classes: map[string]*Class{}, types: map[string]*ComplexType{}, events: map[string]*Event{}}
	for _, m := range modules {
		if m == nil {
			continue
		}
		// A module that came again replaces its former description.
		s.modules = slices.DeleteFunc(s.modules, func(x *Module) bool { return x.Name == m.Name })
		s.modules = append(s.modules, m)
		for i := range m.RemoteClasses {
			c := m.RemoteClasses[i]
			c.Module = m.Name
			s.classes[c.Name] = &c
		}
		for i := range m.ComplexTypes {
			s.types[m.ComplexTypes[i].Name] = &m.ComplexTypes[i]
		}
		for i := range m.Events {
			s.events[m.Events[i].Name] = &m.Events[i]
		}
	}
	return s
}

// unqualified takes the module off a name: core calls itself kurento on the
// wire, other modules use their own names.
func unqualified(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

// Class finds a class; nil when it is unknown.
func (s *Schema) Class(name string) *Class { return s.classes[unqualified(name)] }

// maxAncestors bounds a lineage: Kurento's own have six classes, and a
// description is not trusted.
const maxAncestors = 64

// Ancestors gives the classes that a class extends, nearest first, without
// itself. A description that extends itself in a circle ends where it closes,
// one that never ends after 64 classes.
func (s *Schema) Ancestors(name string) []string {
	var out []string
	c := s.Class(name)
	for c != nil && c.Extends != "" && len(out) < maxAncestors {
		up := unqualified(c.Extends)
		if up == unqualified(name) || slices.Contains(out, up) {
			break
		}
		out = append(out, up)
		c = s.classes[up]
	}
	return out
}

// IsA reports whether a class is ancestor, or extends it.
func (s *Schema) IsA(name, ancestor string) bool {
	name, ancestor = unqualified(name), unqualified(ancestor)
	// As Ancestors, but every reading asks it of every object: nothing is allocated.
	for range maxAncestors + 1 {
		if name == ancestor {
			return true
		}
		c := s.classes[name]
		if c == nil || c.Extends == "" {
			return false
		}
		name = unqualified(c.Extends)
	}
	return false
}

// lineage gives the class and its ancestors as descriptions, ancestors first.
func (s *Schema) lineage(name string) []*Class {
	names := append([]string{unqualified(name)}, s.Ancestors(name)...)
	slices.Reverse(names)
	out := make([]*Class, 0, len(names))
	for _, n := range names {
		if c := s.classes[n]; c != nil {
			out = append(out, c)
		}
	}
	return out
}

// Properties gives the properties of a class, inherited ones included,
// ancestors first, each name once (the nearest description of it).
func (s *Schema) Properties(name string) []Property {
	var out []Property
	at := make(map[string]int)
	for _, c := range s.lineage(name) {
		for _, p := range c.Properties {
			if i, ok := at[p.Name]; ok {
				out[i] = p
				continue
			}
			at[p.Name] = len(out)
			out = append(out, p)
		}
	}
	return out
}

// Methods gives the methods of a class, inherited ones included, ancestors
// first. Overloads of one name are all kept.
func (s *Schema) Methods(name string) []Method {
	var out []Method
	for _, c := range s.lineage(name) {
		out = append(out, c.Methods...)
	}
	return out
}

// Method gives the overloads of a method of a class.
func (s *Schema) Method(class, method string) []Method {
	return slices.DeleteFunc(s.Methods(class), func(m Method) bool { return m.Name != method })
}

// Events gives the names of all events that a class can raise, each once.
func (s *Schema) Events(name string) []string {
	var out []string
	seen := make(map[string]bool)
	for _, c := range s.lineage(name) {
		for _, e := range c.Events {
			if e = unqualified(e); !seen[e] {
				seen[e] = true
				out = append(out, e)
			}
		}
	}
	return out
}

// Event finds an event; nil when it is unknown.
func (s *Schema) Event(name string) *Event { return s.events[unqualified(name)] }

// Type finds a complex type, of "Tag[]" or "Stats<>" the type in it; nil when
// it is unknown or simple.
func (s *Schema) Type(name string) *ComplexType {
	return s.types[unqualified(strings.TrimSuffix(strings.TrimSuffix(name, "[]"), "<>"))]
}

// Classes gives all classes by name.
func (s *Schema) Classes() []*Class {
	out := make([]*Class, 0, len(s.classes))
	for _, c := range s.classes {
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b *Class) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// Concrete gives the classes that can be created, by name.
func (s *Schema) Concrete() []*Class {
	return slices.DeleteFunc(s.Classes(), func(c *Class) bool { return c.Abstract || c.Constructor == nil })
}

// Modules gives the modules in the order in which they were merged.
func (s *Schema) Modules() []*Module { return slices.Clone(s.modules) }
