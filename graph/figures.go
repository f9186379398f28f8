package graph

import (
	"strconv"
	"time"

	"kmscope/inventory"
	"kmscope/stats"
)

// Figures are what statistics say of a graph. The zero Figures know nothing. The
// functions are called once per edge or node by Build, on its goroutine.
type Figures struct {
	// Rate gives the bit rate of one medium from source to sink; false where none
	// is known.
	Rate func(source, sink string, media inventory.Media) (bps float64, ok bool)
	// Latency gives how old media is in an element, from its source on, in
	// milliseconds; false where that is not known.
	Latency func(element string) (ms float64, ok bool)
}

// freshFor is how old a figure may be to be shown as one of now.
const freshFor = 15 * time.Second

// FiguresAt gives the figures of a server at a moment of the local clock, which is
// the snapshots'; the zero time is the newest. The rate of an edge is what the
// sink sends on, which is what it got, or what the source receives from outside:
// of connections within the server there are no counters. The latency is the
// server's E2ELatency, of the slowest medium. A store may be nil. Any goroutine.
func FiguresAt(store *stats.Store, at time.Time) Figures {
	if store == nil {
		return Figures{}
	}
	q := stats.Query{From: at.Add(-freshFor), To: at}
	if at.IsZero() {
		_, last := store.Span()
		q = stats.Query{From: last.Add(-freshFor)}
	} else if offset, ok := store.ClockOffset(); ok {
		q.From, q.To = q.From.Add(offset), q.To.Add(offset)
	}
	rate := func(element string, dir stats.Direction, media inventory.Media) (float64, bool) {
		if at.IsZero() {
			return store.Rate(element, dir, string(media))
		}
		q := q
		q.Element, q.Dir, q.Media, q.Metrics = element, dir, string(media), []string{stats.Bitrate}
		sum, found := 0.0, false
		for _, s := range store.Latest(q) {
			sum += s.Points[len(s.Points)-1].V
			found = true
		}
		return sum, found
	}
	return Figures{
		Rate: func(source, sink string, media inventory.Media) (float64, bool) {
			if bps, ok := rate(sink, stats.Out, media); ok {
				return bps, true
			}
			return rate(source, stats.In, media)
		},
		Latency: func(element string) (float64, bool) {
			q := q
			q.Element, q.Metrics = element, []string{stats.E2ELatency}
			most, found := 0.0, false
			for _, s := range store.Latest(q) {
				most, found = max(most, s.Points[len(s.Points)-1].V), true
			}
			return most, found
		},
	}
}

// Word says in a few letters how an edge is: its rate, "no video" where that does
// not flow, "no video on 3" where that is so of three of its connections and not of
// the others, how many connections it stands for; "" is nothing to say.
func (e *Edge) Word() string {
	times := ""
	if e.Count > 1 {
		times = "×" + strconv.Itoa(e.Count)
	}
	switch {
	case e.PartOf:
		return ""
	case e.Flow == NotFlowing && e.Stopped > 0 && e.Stopped < e.Count:
		return "no " + mediaWord(e.Media) + " on " + strconv.Itoa(e.Stopped)
	case e.Flow == NotFlowing:
		return "no " + mediaWord(e.Media)
	case e.RateBps >= 0 && times != "":
		return stats.Format(e.RateBps, stats.Bps) + " " + times
	case e.RateBps >= 0:
		return stats.Format(e.RateBps, stats.Bps)
	}
	return times
}

// LatencyWord says how old media is in a node: "≈ 85 ms end to end"; "" where that
// is not known. The figure is the server's own, which is known to be far too high
// at times.
func (n *Node) LatencyWord() string {
	if !(n.LatencyMs >= 0) {
		return ""
	}
	return "≈ " + stats.Format(n.LatencyMs, stats.Ms) + " end to end"
}
