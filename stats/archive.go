package stats

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"
)

// Archive reads again what memory let go: from the capture file.
type Archive interface {
	// Load gives a Store with the samples of a range of time, whole; from and to
	// are times of points (the server's clock), both ends included. It reads a
	// file, some 100 MB of it in a second: not for the goroutine of the window, and
	// not for more than is looked at. The error is one sentence for the user, or
	// that of ctx. Any goroutine.
	Load(ctx context.Context, from, to time.Time) (*Store, error)
}

// leastPart is the least memory of a Sibling: some series take as much without a point.
const leastPart = 8 << 20

// Sibling makes an empty Store that knows what s knows of its server: which
// stream has which medium, the cores, the clock. An Archive feeds it with a part
// of a capture, so that the part gives the same series as the whole. Of the memory of
// s it may have another quarter, but at least leastPart; more goes into a file of its
// own, see PageTo. Any goroutine.
func (s *Store) Sibling() *Store {
	s.mu.RLock()
	defer s.mu.RUnlock()
	n := NewStoreWithin(Limits{Bytes: max(s.limits.Bytes/4, leastPart)})
	if s.pages != nil {
		n.pages = &pages{open: s.pages.open}
	}
	n.serverID, n.cpuCount = s.serverID, s.cpuCount
	n.offsets, n.nOffset, n.shift = s.offsets, s.nOffset, s.shift
	n.labels = maps.Clone(s.labels)
	for k, st := range s.streams {
		if st.media != "" {
			if n.labels == nil {
				n.labels = make(map[streamKey]string)
			}
			n.labels[k] = st.media
		}
	}
	return n
}

// Complete puts what an Archive loaded in the place of what memory has summed
// up: both asked with the same Query. Of each series the buckets before
// WholeFromMs are replaced where loaded has any; the rest stays. Load two steps
// beyond WholeFromMs, so that the step in which memory becomes whole is complete.
func Complete(memory, loaded []Zoom) []Zoom {
	out := slices.Clone(memory)
	place := make(map[Key]int, len(out))
	for i, z := range out {
		place[z.Key] = i
	}
	added := false
	for _, l := range loaded {
		i, ok := place[l.Key]
		if !ok {
			out = append(out, l) // memory forgot the series
			added = true
			continue
		}
		out[i] = complete(out[i], l.Buckets)
	}
	if added {
		slices.SortFunc(out, func(a, b Zoom) int {
			return cmp.Or(cmp.Compare(a.Element, b.Element), cmp.Compare(metricIndex[a.Metric], metricIndex[b.Metric]),
				cmp.Compare(a.Dir, b.Dir), cmp.Compare(a.Media, b.Media), cmp.Compare(a.Stream, b.Stream))
		})
	}
	return out
}

func complete(z Zoom, old []Bucket) Zoom {
	if z.WholeFromMs == 0 || len(old) == 0 {
		return z
	}
	first, last := old[0].FromMs, old[len(old)-1].ToMs
	// The first of memory's that has no sums in it.
	whole := slices.IndexFunc(z.Buckets, func(b Bucket) bool { return b.FromMs >= z.WholeFromMs })
	seam := int64(1 << 62)
	if whole < 0 {
		whole = len(z.Buckets)
	} else {
		if z.Buckets[whole].FromMs > last && whole > 0 && z.Buckets[whole-1].ToMs >= z.WholeFromMs {
			whole-- // loaded may lack a part of the step in which memory becomes whole
		}
		// The first of them may hold the end of its step alone: loaded has all of it.
		b := &z.Buckets[whole]
		if i := slices.IndexFunc(old, func(l Bucket) bool { return l.ToMs >= b.FromMs }); i >= 0 && old[i].FromMs < b.FromMs && old[i].ToMs >= b.ToMs {
			whole++
		}
		if whole < len(z.Buckets) {
			seam = z.Buckets[whole].FromMs
		}
	}
	// Of memory's sums remain those that loaded says nothing about: before it, and
	// between its end and the seam.
	var list []Bucket
	for _, b := range z.Buckets[:whole] {
		if b.ToMs < first {
			list = append(list, b)
		}
	}
	for _, b := range old {
		if b.FromMs < seam {
			list = append(list, b)
		}
	}
	for _, b := range z.Buckets[:whole] {
		if b.FromMs > last {
			list = append(list, b)
		}
	}
	list = append(list, z.Buckets[whole:]...)
	z.Buckets = list
	z.WholeFromMs = min(z.WholeFromMs, first)
	return z
}
