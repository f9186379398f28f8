package view

import (
	"sort"
	"time"

	"kmscope/inventory"
)

// The states that are kept to look back at. They share nearly everything with
// each other, so a state costs the pipelines that changed. When the list is
// full, every second state of its older half goes: the distant past is coarser.
const (
	historySpacing = 500 * time.Millisecond
	historyLimit   = 1200
)

// history is the past states of one session, oldest first.
type history struct {
	snaps []*inventory.Snapshot
}

// add keeps a state, unless it is as good as one that is kept. A replay that
// went back adds states in between.
func (h *history) add(s *inventory.Snapshot) {
	if s == nil || s.At.IsZero() {
		return
	}
	i := sort.Search(len(h.snaps), func(i int) bool { return !h.snaps[i].At.Before(s.At) })
	if i < len(h.snaps) && h.snaps[i].At.Sub(s.At) < historySpacing ||
		i > 0 && s.At.Sub(h.snaps[i-1].At) < historySpacing {
		return
	}
	h.snaps = append(h.snaps, nil)
	copy(h.snaps[i+1:], h.snaps[i:])
	h.snaps[i] = s
	if len(h.snaps) > historyLimit {
		h.thin()
	}
}

func (h *history) thin() {
	half := len(h.snaps) / 2
	kept := h.snaps[:0]
	for i, s := range h.snaps {
		if i >= half || i%2 == 0 {
			kept = append(kept, s)
		}
	}
	clear(h.snaps[len(kept):])
	h.snaps = kept
}

// at gives the last state at or before a moment, or the first later one; nil
// when nothing is kept.
func (h *history) at(t time.Time) *inventory.Snapshot {
	if len(h.snaps) == 0 {
		return nil
	}
	i := sort.Search(len(h.snaps), func(i int) bool { return h.snaps[i].At.After(t) })
	return h.snaps[max(i-1, 0)]
}

func (h *history) first() time.Time {
	if len(h.snaps) == 0 {
		return time.Time{}
	}
	return h.snaps[0].At
}
