package inventory

import (
	"reflect"
	"sort"
	"sync"
	"time"
)

// The past of a server: snapshots to look back at. They share nearly all of
// what they hold, so a kept state costs the objects that changed since the one
// before, and a list for each pipeline that did; see weight. At first states at
// least 20 ms apart are kept; whenever the list is full, in number or in bytes,
// that time doubles, over the whole list. The rule for leaving a state out
// is that what stands in for it must not be wrong for longer than that time: a
// state that was in force for minutes is kept however short the one before it
// was. Rejected: states at even distances (what lasts long and what is over at
// once count the same, and a state of a moment may stand for minutes), and
// replaying the capture for each look (a large one takes seconds).
const (
	pastLimit   = 2000
	pastBytes   = 24 << 20 // beside the oldest state, which is kept whole
	pastSpacing = 20 * time.Millisecond
	// pastWidest is a time at which nothing is left to leave out.
	pastWidest = 100 * 365 * 24 * time.Hour
)

// Past keeps the states that a server was in: up to 2,000, and no more than
// take about 24 MiB. The zero value is ready. Its methods may be called from
// any goroutine.
type Past struct {
	mu      sync.Mutex
	spacing time.Duration
	snaps   []*Snapshot // oldest first; the last is the newest given
	// bytes are the weights of snaps, but for the first and for the last, which
	// may still be replaced; sum is theirs.
	bytes []int64
	sum   int64
}

// Add gives the newest state. One older than the newest kept changes nothing:
// a replay that went back says nothing new.
func (p *Past) Add(s *Snapshot) {
	if s == nil || s.At.IsZero() {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.spacing = max(p.spacing, pastSpacing)
	n := len(p.snaps)
	switch {
	case n > 0 && !s.At.After(p.snaps[n-1].At):
		if s.At.Equal(p.snaps[n-1].At) {
			p.snaps[n-1] = s
		}
		return
	case n > 1 && s.At.Sub(p.snaps[n-2].At) < p.spacing:
		p.snaps[n-1] = s
		return
	}
	p.snaps, p.bytes = append(p.snaps, s), append(p.bytes, 0)
	p.weigh(n - 1)
	for (len(p.snaps) > pastLimit || p.sum > pastBytes) && p.spacing < pastWidest {
		p.thin()
	}
}

// Room tells what a state of a moment would be worth, so that nobody makes states
// for nothing: those that come before until take its place. It is false when the
// state would change nothing.
func (p *Past) Room(at time.Time) (until time.Time, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.snaps)
	if n == 0 {
		return at, true
	}
	spacing := max(p.spacing, pastSpacing)
	newest := p.snaps[n-1].At
	if at.Before(newest) {
		return time.Time{}, false
	}
	if n > 1 {
		if until = p.snaps[n-2].At.Add(spacing); at.Equal(newest) || at.Before(until) {
			return until, true
		}
	} else if at.Equal(newest) {
		return at, true
	}
	return newest.Add(spacing), true
}

// weigh takes the weight of a state that will not be replaced any more.
func (p *Past) weigh(i int) {
	if i > 0 {
		p.bytes[i] = weight(p.snaps[i], p.snaps[i-1])
		p.sum += p.bytes[i]
	}
}

func (p *Past) thin() {
	p.spacing *= 2
	kept := p.snaps[:1]
	for i := 1; i < len(p.snaps); i++ {
		if i+1 == len(p.snaps) || p.snaps[i+1].At.Sub(kept[len(kept)-1].At) >= p.spacing {
			kept = append(kept, p.snaps[i])
		}
	}
	if len(kept) == len(p.snaps) {
		return
	}
	clear(p.snaps[len(kept):])
	p.snaps, p.bytes, p.sum = kept, p.bytes[:len(kept)], 0
	for i := range len(kept) - 1 {
		p.weigh(i)
	}
}

// What a state takes in memory, about, with the runtime's overhead.
const (
	weighSnapshot = 512
	weighPipeline = 160
	weighObject   = 640
	weighState    = 120 // a place in Object.States
	weighProperty = 88
	weighTag      = 64
	weighPlace    = 48 // an entry of the tables of ids
	weighLink     = 144
	weighText     = 128 // a candidate or half a pair, beside its text
)

// weight is about how many bytes a state holds that the one before it does not.
func weight(s, before *Snapshot) int64 {
	sum := weighSnapshot + 8*len(s.Pipelines) + weighTag*len(s.Seen)
	if len(s.Pipelines) != len(before.Pipelines) {
		sum += weighPlace * len(s.Pipelines)
	}
	for _, p := range s.Pipelines {
		was := before.Pipeline(p.ID)
		if was == p {
			continue
		}
		if was == nil {
			was = new(Pipeline)
		}
		sum += weighPipeline + 8*len(p.Objects)
		if p.ids != was.ids {
			sum += weighPlace * len(p.Objects)
		}
		if n := len(p.Connections); n > 0 && (len(was.Connections) != n || &p.Connections[0] != &was.Connections[0]) {
			sum += weighLink * n
		}
		// Both are in the order in which the objects became known.
		old := was.Objects
		for _, o := range p.Objects {
			for len(old) > 0 && old[0].Created < o.Created {
				old = old[1:]
			}
			switch {
			case len(old) == 0 || old[0].Created != o.Created:
				sum += o.weight(new(Object))
			case old[0] != o:
				sum += o.weight(old[0])
			}
		}
	}
	return int64(sum)
}

// weight is about how many bytes an object holds that an earlier state of it
// does not: of its tables those that changed are its own, and what stands in them
// is shared.
func (o *Object) weight(was *Object) int {
	sum := weighObject
	if !same(o.States, was.States) {
		sum += weighState * slots(len(o.States))
	}
	if !same(o.Properties, was.Properties) {
		sum += weighProperty * slots(len(o.Properties))
		for name, p := range o.Properties {
			old := was.Properties[name].Value
			if n := len(p.Value); n > 0 && (len(old) != n || &old[0] != &p.Value[0]) {
				sum += n
			}
		}
	}
	if !same(o.Tags, was.Tags) {
		sum += weighTag * len(o.Tags)
		for k, v := range o.Tags {
			if was.Tags[k] != v {
				sum += len(k) + len(v)
			}
		}
	}
	if len(o.Children) != len(was.Children) {
		sum += 16 * len(o.Children)
	}
	sum += weighCandidates(o.LocalCandidates, was.LocalCandidates) + weighCandidates(o.RemoteCandidates, was.RemoteCandidates)
	if len(o.Pairs) != len(was.Pairs) {
		for i := range o.Pairs {
			sum += 2*weighText + len(o.Pairs[i].Local) + len(o.Pairs[i].Remote)
		}
	}
	if o.Name != was.Name {
		sum += len(o.Name)
	}
	if o.LastError != was.LastError {
		sum += len(o.LastError)
	}
	return sum
}

// same reports whether two tables are one.
func same[K comparable, V any](a, b map[K]V) bool {
	return reflect.ValueOf(a).UnsafePointer() == reflect.ValueOf(b).UnsafePointer()
}

// slots is how many places the runtime makes for so many entries of a map.
func slots(entries int) int { return (entries + 8) &^ 7 }

func weighCandidates(list, was []Candidate) int {
	if len(list) == len(was) {
		return 0
	}
	sum := weighText * len(list)
	for i := min(len(was), len(list)); i < len(list); i++ {
		sum += len(list[i].Text)
	}
	return sum
}

// At gives the state at a moment of the local clock, or the first one known
// later; nil when nothing is known.
func (p *Past) At(t time.Time) *Snapshot {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.snaps) == 0 {
		return nil
	}
	i := sort.Search(len(p.snaps), func(i int) bool { return p.snaps[i].At.After(t) })
	return p.snaps[max(i-1, 0)]
}

// First is the time of the oldest state known; zero when there is none.
func (p *Past) First() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.snaps) == 0 {
		return time.Time{}
	}
	return p.snaps[0].At
}
