package kmd

import (
	_ "embed" // the built-in descriptions
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// The built-in descriptions serve until a server described itself, and where
// it cannot. They hold names and types, no prose. One full description of 7.x
// is kept; older generations are made from it by generations.json, which says
// what they lacked and what they called differently.

//go:embed builtin/core.json
var builtinCore []byte

//go:embed builtin/elements.json
var builtinElements []byte

//go:embed builtin/filters.json
var builtinFilters []byte

//go:embed builtin/generations.json
var builtinGenerations []byte

// generation lists the differences of an older version from 7.x.
type generation struct {
	Name string `json:"name"`
	// Before is the first version that is newer than this generation.
	Before string `json:"before"`
	// Without names what did not exist: a class, a type, an event, or
	// "Class.member", "Class.method.parameter", "Class.constructor.parameter",
	// "Enumeration.VALUE".
	Without []string `json:"without"`
	// Renamed maps "Class.member", or an event, to its name then.
	Renamed map[string]string `json:"renamed"`
	// Also maps an event to an older name that existed beside it.
	Also map[string]string `json:"also"`
	// Properties adds properties, of classes and of structs, that are gone since.
	Properties map[string][]Property `json:"properties"`
	// Methods adds methods that are gone since.
	Methods map[string][]Method `json:"methods"`
}

var builtins = sync.OnceValue(func() map[string]*Schema {
	var generations []generation
	must(json.Unmarshal(builtinGenerations, &generations))
	out := map[string]*Schema{"": Merge(builtinModules()...)}
	for _, g := range generations {
		modules := builtinModules()
		for _, m := range modules {
			g.age(m)
		}
		out[g.Name] = Merge(modules...)
	}
	return out
})

// must holds for embedded data, which a test reads.
func must(err error) {
	if err != nil {
		panic(fmt.Sprintf("a built-in description is broken: %v", err))
	}
}

func builtinModules() []*Module {
	var out []*Module
	for _, data := range [][]byte{builtinCore, builtinElements, builtinFilters} {
		m, err := Parse(data)
		must(err)
		out = append(out, m)
	}
	return out
}

// Builtin gives the built-in description nearest to a version such as "7.3.1"
// or "6.7.2-dev". An unknown or empty version gives the newest.
func Builtin(version string) *Schema {
	var generations []generation
	must(json.Unmarshal(builtinGenerations, &generations))
	for _, g := range generations { // oldest first
		if older(version, g.Before) {
			return builtins()[g.Name]
		}
	}
	return builtins()[""]
}

// older compares major and minor; what is no version is not older.
func older(a, b string) bool {
	am, an, ok := majorMinor(a)
	bm, bn, _ := majorMinor(b)
	return ok && (am < bm || am == bm && an < bn)
}

func majorMinor(v string) (major, minor int, ok bool) {
	parts := strings.FieldsFunc(v, func(r rune) bool { return r < '0' || r > '9' })
	if len(parts) < 2 || v[0] < '0' || v[0] > '9' {
		return 0, 0, false
	}
	major, err1 := strconv.Atoi(parts[0])
	minor, err2 := strconv.Atoi(parts[1])
	return major, minor, err1 == nil && err2 == nil
}

// age turns a description of 7.x into one of the generation.
func (g generation) age(m *Module) {
	gone := func(path string) bool { return slices.Contains(g.Without, path) }
	called := func(path, name string) string {
		if old, ok := g.Renamed[path]; ok {
			return old
		}
		return name
	}
	m.RemoteClasses = slices.DeleteFunc(m.RemoteClasses, func(c Class) bool { return gone(c.Name) })
	for i := range m.RemoteClasses {
		c := &m.RemoteClasses[i]
		c.Properties = slices.DeleteFunc(c.Properties, func(p Property) bool { return gone(c.Name + "." + p.Name) })
		for j := range c.Properties {
			p := &c.Properties[j]
			p.Name = called(c.Name+"."+p.Name, p.Name)
		}
		c.Properties = append(c.Properties, g.Properties[c.Name]...)
		c.Methods = slices.DeleteFunc(c.Methods, func(x Method) bool { return gone(c.Name + "." + x.Name) })
		for j := range c.Methods {
			g.params(&c.Methods[j], c.Name+"."+c.Methods[j].Name)
		}
		if c.Constructor != nil {
			g.params(c.Constructor, c.Name+".constructor")
		}
		c.Methods = append(c.Methods, g.Methods[c.Name]...)
		c.Events = g.events(c.Events)
	}
	m.ComplexTypes = slices.DeleteFunc(m.ComplexTypes, func(t ComplexType) bool { return gone(t.Name) })
	for i := range m.ComplexTypes {
		t := &m.ComplexTypes[i]
		t.Properties = slices.DeleteFunc(t.Properties, func(p Property) bool { return gone(t.Name + "." + p.Name) })
		for j := range t.Properties {
			p := &t.Properties[j]
			p.Name = called(t.Name+"."+p.Name, p.Name)
		}
		t.Properties = append(t.Properties, g.Properties[t.Name]...)
		t.Values = slices.DeleteFunc(t.Values, func(v string) bool { return gone(t.Name + "." + v) })
	}
	var events []Event
	for _, e := range m.Events {
		if gone(e.Name) {
			continue
		}
		for j := range e.Properties {
			p := &e.Properties[j]
			p.Name = called(e.Name+"."+p.Name, p.Name)
		}
		if old, ok := g.Also[e.Name]; ok {
			twin := e
			twin.Name = old
			events = append(events, twin)
		}
		e.Properties = append(e.Properties, g.Properties[e.Name]...)
		e.Name = called(e.Name, e.Name)
		events = append(events, e)
	}
	m.Events = events
}

func (g generation) params(m *Method, path string) {
	m.Params = slices.DeleteFunc(m.Params, func(p Property) bool { return slices.Contains(g.Without, path+"."+p.Name) })
}

func (g generation) events(names []string) []string {
	var out []string
	for _, n := range names {
		if slices.Contains(g.Without, n) {
			continue
		}
		if old, ok := g.Also[n]; ok {
			out = append(out, old)
		}
		if old, ok := g.Renamed[n]; ok {
			n = old
		}
		out = append(out, n)
	}
	return out
}
