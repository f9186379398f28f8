package kmssim

import (
	"embed"
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"sync"

	"kmscope/kmsconn/kmd"
)

// The simulator keeps its own small index over the module descriptions instead
// of kmd.Schema: what the program under test merges, the simulator must not
// merge with the same code, or a bug in it would cancel out.

//go:embed kmd/*.json
var kmdFiles embed.FS

// generation is a family of servers that share their names.
type generation int

const (
	gen7  generation = iota // 7.x
	gen18                   // 6.13 to 6.18: old and new names side by side
	gen67                   // up to 6.12: old names only
)

func generationOf(version string) generation {
	var major, minor int
	if n, _ := fmt.Sscanf(version, "%d.%d", &major, &minor); n == 0 || major >= 7 {
		return gen7
	}
	if major == 6 && minor >= 13 {
		return gen18
	}
	return gen67
}

// schema answers what a class of this server has.
type schema struct {
	gen     generation
	modules []*kmd.Module
	text    map[string]string // what getKmd returns, by module name
	classes map[string]*class
	types   map[string]*kmd.ComplexType
}

// class is a remote class with everything it inherits.
type class struct {
	kmd.Class
	hierarchy  []string // ancestors, nearest first
	properties map[string]kmd.Property
	operations map[string][]kmd.Method // getters and setters included
	events     map[string]bool
	isA        map[string]bool
}

// schemas keeps what was loaded: a schema never changes.
var schemas sync.Map

type schemaKey struct {
	version string
	prose   bool
}

// loadSchema gives the schema of a version, which servers share.
func loadSchema(version string, prose bool) (*schema, error) {
	key := schemaKey{version, prose}
	if v, ok := schemas.Load(key); ok {
		if s, ok := v.(*schema); ok {
			return s, nil
		}
	}
	s, err := readSchema(version, prose)
	if err == nil {
		schemas.Store(key, s)
	}
	return s, err
}

func readSchema(version string, prose bool) (*schema, error) {
	s := &schema{
		gen:     generationOf(version),
		text:    map[string]string{},
		classes: map[string]*class{},
		types:   map[string]*kmd.ComplexType{},
	}
	for _, name := range []string{"core", "elements", "filters"} {
		raw, err := kmdFiles.ReadFile("kmd/" + name + ".json")
		if err != nil {
			return nil, fmt.Errorf("read the built-in description of %s: %w", name, err)
		}
		var tree map[string]any
		if err := json.Unmarshal(raw, &tree); err != nil {
			return nil, fmt.Errorf("read the built-in description of %s: %w", name, err)
		}
		tree["version"] = version
		if name == "core" {
			tree["kurentoVersion"] = version
		}
		ageModule(tree, s.gen)
		if prose {
			addProse(tree)
		}
		text, err := json.Marshal(tree)
		if err != nil {
			return nil, fmt.Errorf("write the built-in description of %s: %w", name, err)
		}
		m := &kmd.Module{}
		if err := json.Unmarshal(text, m); err != nil {
			return nil, fmt.Errorf("read the built-in description of %s: %w", name, err)
		}
		s.text[name] = string(text)
		s.modules = append(s.modules, m)
		for i := range m.RemoteClasses {
			c := &class{Class: m.RemoteClasses[i]}
			c.Module = name
			s.classes[c.Name] = c
		}
		for i := range m.ComplexTypes {
			s.types[m.ComplexTypes[i].Name] = &m.ComplexTypes[i]
		}
	}
	for _, c := range s.classes {
		s.inherit(c)
	}
	return s, nil
}

func (s *schema) inherit(c *class) {
	c.properties = map[string]kmd.Property{}
	c.operations = map[string][]kmd.Method{}
	c.events = map[string]bool{}
	c.isA = map[string]bool{}
	for a := c; a != nil; a = s.classes[a.Extends] {
		c.isA[a.Name] = true
		if a != c {
			c.hierarchy = append(c.hierarchy, "kurento."+a.Name)
		}
		for _, p := range a.Properties {
			c.properties[p.Name] = p
			get := p.Getter()
			c.operations[get] = append(c.operations[get], kmd.Method{Name: get})
			if set := p.Setter(); set != "" {
				c.operations[set] = append(c.operations[set], kmd.Method{Name: set,
					Params: []kmd.Property{{Name: p.Name, Type: p.Type}}})
			}
		}
		for _, m := range a.Methods {
			c.operations[m.Name] = append(c.operations[m.Name], m)
		}
		for _, e := range a.Events {
			c.events[e] = true
		}
	}
}

// class finds a class by its plain or qualified name.
func (s *schema) class(name string) *class {
	return s.classes[strings.TrimPrefix(name, "kurento.")]
}

// factories are the classes of a module that can be created, sorted.
func (s *schema) factories(m *kmd.Module) []any {
	var names []string
	for _, c := range m.RemoteClasses {
		if c.Constructor != nil && !c.Abstract {
			names = append(names, c.Name)
		}
	}
	sort.Strings(names)
	out := make([]any, len(names))
	for i, n := range names {
		out[i] = n
	}
	return out
}

// enum reports whether typ is an enumeration and has the value.
func (s *schema) enum(typ, value string) (isEnum, ok bool) {
	t := s.types[typ]
	if t == nil || t.TypeFormat != "ENUM" {
		return false, false
	}
	for _, v := range t.Values {
		if v == value {
			return true, true
		}
	}
	return true, false
}

// isSetter reports whether an operation sets a property: those miss the one
// parameter by its name, and not the parameters as a whole.
func (c *class) isSetter(operation string) bool {
	for _, p := range c.properties {
		if p.Setter() == operation {
			return true
		}
	}
	return false
}
