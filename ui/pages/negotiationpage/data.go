package negotiationpage

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"kmscope/inventory"
	"kmscope/negotiation"
	"kmscope/ui/view"
)

// negotiated is all that is known of one endpoint.
type negotiated struct {
	object  *inventory.Object
	history negotiation.History
	negotiation.Negotiation
}

func historyOf(x view.Session, id string) negotiation.History {
	if log := x.Negotiation(); log != nil {
		return log.History(id)
	}
	return negotiation.History{}
}

// negotiate gathers what is known of an endpoint, or what was known of it at a
// past moment unless at is zero. Any goroutine.
func negotiate(x view.Session, o *inventory.Object, at, now time.Time) *negotiated {
	h := historyOf(x, o.ID)
	if !at.IsZero() {
		h = h.Until(at)
	}
	return &negotiated{object: o, history: h, Negotiation: negotiation.Of(o, h, now)}
}

// maxEndpoints bounds how many endpoints of a server are compared.
const maxEndpoints = 2000

// endpointLine is one endpoint in the list of all.
type endpointLine struct {
	object    *inventory.Object
	id, name  string
	gone      bool
	ice, dtls string
	done, of  int // steps
	worst     negotiation.Finding
	hasWorst  bool
	findings  int
	order     int
}

// endpointSet is what is known of the endpoints of a server or a pipeline.
type endpointSet struct {
	lines   []endpointLine // the worst first
	left    int            // endpoints beyond the bound
	medians map[negotiation.Step]time.Duration
	took    time.Duration
}

// findEndpoints judges the endpoints of a pipeline, or of all where pipeline
// is "". The medians are those of all but one. Any goroutine.
func findEndpoints(ctx context.Context, x view.Session, snap *inventory.Snapshot, pipeline, but string, at, now time.Time) *endpointSet {
	began := time.Now()
	set := &endpointSet{}
	var others []negotiation.Negotiation
	for _, p := range snap.Pipelines {
		if pipeline != "" && p.ID != pipeline {
			continue
		}
		for _, o := range p.Objects {
			if !negotiation.Negotiates(o.Type) || ctx.Err() != nil {
				continue
			}
			if len(set.lines) >= maxEndpoints {
				set.left++
				continue
			}
			n := negotiate(x, o, at, now)
			set.lines = append(set.lines, lineOf(n, len(set.lines)))
			if o.ID != but {
				others = append(others, n.Negotiation)
			}
		}
	}
	slices.SortStableFunc(set.lines, func(a, b endpointLine) int {
		if a.gone != b.gone {
			if b.gone {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(b.rank(), a.rank()), view.ByName(a.object, b.object), cmp.Compare(a.order, b.order))
	})
	set.medians = negotiation.Medians(others)
	set.took = time.Since(began)
	return set
}

// rank orders lines by how bad the worst finding is; nothing is best.
func (l *endpointLine) rank() int {
	if !l.hasWorst {
		return -1
	}
	return int(l.worst.Severity)
}

func lineOf(n *negotiated, order int) endpointLine {
	l := endpointLine{object: n.object, id: n.object.ID, name: n.object.Label(), gone: !n.object.Alive(), order: order,
		ice: iceWord(n), dtls: joinStates(n.DTLS()), findings: len(n.Findings)}
	for i := range n.Checklist.Checks {
		l.of++
		if reached(n.Checklist.Checks[i].Status) {
			l.done++
		}
	}
	if len(n.Findings) > 0 {
		l.worst, l.hasWorst = n.Findings[0], true
	}
	return l
}

func reached(s negotiation.Status) bool {
	return s == negotiation.Done || s == negotiation.Late || s == negotiation.OutOfOrder
}

// iceWord sums the ICE states up. With rtcp-mux the second component is never
// used and stays where gathering left it: that says nothing.
func iceWord(n *negotiated) string {
	states := n.ICE()
	for key, s := range states {
		stream, isSecond := strings.CutSuffix(key, "/2")
		if _, ok := states[stream+"/1"]; isSecond && ok && s == "GATHERING" {
			delete(states, key)
		}
	}
	return joinStates(states)
}

// joinStates writes the different states once each, in a fixed order: one word
// where all components agree.
func joinStates(states map[string]string) string {
	var words []string
	for _, s := range states {
		if !slices.Contains(words, s) {
			words = append(words, s)
		}
	}
	slices.Sort(words)
	return strings.Join(words, ", ")
}
