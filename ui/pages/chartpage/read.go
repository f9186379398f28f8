package chartpage

import (
	"time"

	"kmscope/stats"
	"kmscope/ui/view"
)

// spread is the least and the greatest of what each point of a series sums up;
// the point itself is the mean.
type spread struct {
	low, high []float64
	over      []time.Duration // what time it sums up; nil: not known
}

// spreads are those of the series that have any: of a range with more samples
// than a chart has room for.
type spreads map[stats.Key]spread

// attach gives the lines of charts what their points sum up.
func (s spreads) attach(charts []chart) {
	for i := range charts {
		if charts[i].Stacked {
			continue // its points are no longer those that were read
		}
		for k := range charts[i].Lines {
			ln := &charts[i].Lines[k]
			if one, ok := s[ln.Key]; ok && len(one.low) == len(ln.Points) {
				ln.Low, ln.High, ln.Over = one.low, one.high, one.over
			}
		}
	}
}

// readSeries gives the series of an element of a session with their points on the
// local clock, from one moment to another and a little beyond, so that the lines
// run to the edges. Where there are more samples than points they are summed up:
// what they sum up goes into the spreads. Any goroutine.
func readSeries(x view.Session, from, to time.Time, points int, into spreads, old *deeper, element string, metrics ...string) []stats.Series {
	store := x.Stats()
	if store == nil {
		return nil
	}
	offset, _ := store.ClockOffset()
	q := stats.Query{Element: element, Metrics: metrics, MaxPoints: points}
	if !from.IsZero() {
		margin := to.Sub(from)/20 + 5*time.Second
		q.From, q.To = from.Add(offset-margin), to.Add(offset+margin)
	}
	list := old.complete(x, q, store.Zoom(q))
	out := make([]stats.Series, len(list))
	for i := range list {
		out[i] = stats.Series{Key: list[i].Key, Unit: list[i].Unit}
		var one spread
		out[i].Points, one = pointsOf(list[i].Buckets, offset)
		if one.low != nil && into != nil {
			into[list[i].Key] = one
		}
	}
	return out
}

// pointsOf makes points of sums: each stands in the middle of what it sums up,
// the last at its end, for it is the present.
func pointsOf(list []stats.Bucket, offset time.Duration) ([]stats.Point, spread) {
	pts := make([]stats.Point, len(list))
	summed := false
	for i := range list {
		b := &list[i]
		at := b.FromMs + (b.ToMs-b.FromMs)/2
		if i == len(list)-1 {
			at = b.ToMs
		}
		pts[i] = stats.Point{At: time.UnixMilli(at).Add(-offset), V: b.Mean, Gap: b.Gap}
		summed = summed || b.N > 1
	}
	if !summed {
		return pts, spread{}
	}
	one := spread{low: make([]float64, len(list)), high: make([]float64, len(list)), over: make([]time.Duration, len(list))}
	for i := range list {
		one.low[i], one.high[i] = list[i].Min, list[i].Max
		one.over[i] = time.Duration(list[i].ToMs-list[i].FromMs) * time.Millisecond
	}
	return pts, one
}
