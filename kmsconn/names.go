package kmsconn

import (
	_ "embed"
	"encoding/json"
	"sync"
)

// nameData tells how events and operations were called before, by the name
// that 7.x uses. Server 6.18 has both names of many events.
//
//go:embed names.json
var nameData []byte

type generations struct {
	Events     []generation `json:"events"`
	Operations []generation `json:"operations"`
}

type generation struct {
	Name string   `json:"name"`
	Old  []string `json:"old"`
}

type nameTable struct {
	newEvent     map[string]string   // any name to the current one
	newOperation map[string]string   // likewise
	oldOperation map[string][]string // current name to the older ones
}

var names = sync.OnceValue(func() nameTable {
	t := nameTable{newEvent: map[string]string{}, newOperation: map[string]string{}, oldOperation: map[string][]string{}}
	var g generations
	if err := json.Unmarshal(nameData, &g); err != nil {
		return t // the file is part of the program, and a test reads it
	}
	for _, e := range g.Events {
		for _, old := range e.Old {
			t.newEvent[old] = e.Name
		}
	}
	for _, o := range g.Operations {
		t.oldOperation[o.Name] = o.Old
		for _, old := range o.Old {
			t.newOperation[old] = o.Name
		}
	}
	return t
})

// CanonicalEvent gives the 7.x name of an event; a name that is not known to
// have changed stays.
func CanonicalEvent(name string) string {
	if n, ok := names().newEvent[name]; ok {
		return n
	}
	return name
}

// CanonicalOperation gives the 7.x name of an operation; a name that is not
// known to have changed stays.
func CanonicalOperation(name string) string {
	if n, ok := names().newOperation[name]; ok {
		return n
	}
	return name
}

// OperationNames gives the names under which servers know an operation, the
// newest first.
func OperationNames(name string) []string {
	name = CanonicalOperation(name)
	return append([]string{name}, names().oldOperation[name]...)
}

// WatchedEvents gives the events of a class to subscribe to: all that the
// schema knows, but of an event that has an old and a new name the new one
// only, for it would come twice (6.18).
func WatchedEvents(schema Schema, class string) []string {
	if schema == nil {
		return nil
	}
	all := schema.Events(class)
	have := make(map[string]bool, len(all))
	for _, e := range all {
		have[e] = true
	}
	watched := make([]string, 0, len(all))
	seen := make(map[string]bool, len(all))
	for _, e := range all {
		if current := CanonicalEvent(e); current != e && have[current] || seen[e] {
			continue
		}
		seen[e] = true
		watched = append(watched, e)
	}
	return watched
}
