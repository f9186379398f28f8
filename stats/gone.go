package stats

import (
	"maps"
	"slices"

	"kmscope/inventory"
	"kmscope/rawjson"
	"kmscope/wire"
)

// Elements that were destroyed keep their series and newest answers for as long
// as the inventory keeps them to be looked at: the last inventory.MaxDead that
// went, and up to an eighth more. On a server on which elements come and go the series are mostly a table
// each with a few points in it, and would fill the memory long before Limits has
// anything to say. What is let go of comes back from an Archive.

// destroyed takes an event: the end of an element is the only one of interest.
func (s *Store) destroyed(f wire.Fact) {
	if f.Type != "ObjectDestroyed" {
		return
	}
	var id string
	rawjson.Object(f.Data, func(key, v []byte) {
		if string(key) == "objectId" || string(key) == "object" && id == "" {
			id, _ = rawjson.String(v)
		}
	})
	if id == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = append(s.gone, clip(id))
	s.boundGone()
}

// allGone is called when another server process answers.
func (s *Store) allGone() {
	was := make(map[string]bool, len(s.gone)+1)
	was[ManagerID] = true
	for _, id := range s.gone {
		was[id] = true
	}
	for _, id := range slices.Sorted(maps.Keys(s.byElement)) {
		if !was[id] {
			s.gone = append(s.gone, id)
		}
	}
	s.boundGone()
}

// boundGone forgets those that went first, when there are too many.
func (s *Store) boundGone() {
	if len(s.gone) <= inventory.MaxDead+inventory.MaxDead/8 {
		return
	}
	old := make(map[string]bool)
	for _, id := range s.gone[:len(s.gone)-inventory.MaxDead] {
		old[id] = true
		s.forgot = s.forgot || len(s.byElement[id]) > 0
	}
	s.forget(old)
}

// forget drops all that is known of elements.
func (s *Store) forget(elements map[string]bool) {
	for id := range elements {
		for _, x := range slices.Clone(s.byElement[id]) {
			s.drop(x)
		}
	}
	maps.DeleteFunc(s.streams, func(k streamKey, _ *stream) bool { return elements[k.element] })
	maps.DeleteFunc(s.groups, func(k groupKey, _ *counter) bool { return elements[k.element] })
	maps.DeleteFunc(s.newest, func(k askKey, x *kept) bool {
		if elements[k.element] {
			s.nNewest -= len(x.entries) + 1
		}
		return elements[k.element]
	})
	s.gone = slices.DeleteFunc(s.gone, func(id string) bool { return elements[id] })
	s.version++
}
