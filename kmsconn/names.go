package kmsconn

import "kmscope/kmsconn/kmd"

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
		if current := kmd.EventName(e); current != e && have[current] || seen[e] {
			continue
		}
		seen[e] = true
		watched = append(watched, e)
	}
	return watched
}
