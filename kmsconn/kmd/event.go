package kmd

import "slices"

// renamedEvents tells how the events of 7.x are called elsewhere. Of many 6.18 has
// both names, and sends both to who subscribed to both.
var renamedEvents = []struct {
	name string
	old  []string
}{
	{"MediaFlowInStateChanged", []string{"MediaFlowInStateChange"}},
	{"MediaFlowOutStateChanged", []string{"MediaFlowOutStateChange"}},
	{"MediaTranscodingStateChanged", []string{"MediaTranscodingStateChange"}},
	{"IceCandidateFound", []string{"OnIceCandidate"}},
	{"IceGatheringDone", []string{"OnIceGatheringDone"}},
	{"IceComponentStateChanged", []string{"OnIceComponentStateChanged", "IceComponentStateChange"}},
	{"DataChannelOpened", []string{"OnDataChannelOpened", "DataChannelOpen"}},
	{"DataChannelClosed", []string{"OnDataChannelClosed", "DataChannelClose"}},
	{"UriEndpointStateChanged", []string{"UriEndpointStateChange"}},
	{"DtlsConnectionStateChange", []string{"DtlsConnectionStateChanged"}},
}

// eventNames gives the name of 7.x by any other; otherLengths are the lengths of
// those others, so that most names, which are asked for with every event, need no
// look into the map.
var eventNames, otherLengths = func() (names map[string]string, lengths [64]bool) {
	names = make(map[string]string)
	for _, e := range renamedEvents {
		for _, old := range e.old {
			names[old], lengths[len(old)] = e.name, true
		}
	}
	return names, lengths
}()

// EventName gives the name of 7.x for that of an event in any version; a name that
// is not known to have changed stays. Any goroutine.
func EventName(name string) string {
	if len(name) < len(otherLengths) && otherLengths[len(name)] {
		if now, ok := eventNames[name]; ok {
			return now
		}
	}
	return name
}

// EventNames gives all names that events of 7.x have in any version, their own
// first. Any goroutine.
func EventNames(names ...string) []string {
	all := slices.Clone(names)
	for _, e := range renamedEvents {
		if slices.Contains(names, e.name) {
			all = append(all, e.old...)
		}
	}
	return all
}
