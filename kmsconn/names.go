package kmsconn

import (
	_ "embed"
	"encoding/json"
	"sync"
)

// nameData tells how events were called before, by the name that 7.x uses.
// Server 6.18 has both names of many of them.
//
//go:embed names.json
var nameData []byte

type renamedEvent struct {
	Name string   `json:"name"`
	Old  []string `json:"old"`
}

// currentEvents gives the 7.x name by any older one.
var currentEvents = sync.OnceValue(func() map[string]string {
	m := map[string]string{}
	var list []renamedEvent
	if err := json.Unmarshal(nameData, &list); err != nil {
		return m // the file is part of the program, and a test reads it
	}
	for _, e := range list {
		for _, old := range e.Old {
			m[old] = e.Name
		}
	}
	return m
})

// CanonicalEvent gives the 7.x name of an event; a name that is not known to
// have changed stays.
func CanonicalEvent(name string) string {
	if n, ok := currentEvents()[name]; ok {
		return n
	}
	return name
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
