package chartpage

import (
	"math"
	"slices"
	"time"

	"kmscope/graph"
	"kmscope/inventory"
	"kmscope/stats"
	"kmscope/ui/surface"
)

// The bounds of a stack.
const (
	maxHops     = maxOverlay
	stackPoints = 600
	stackReach  = 3 * time.Second // how long a value holds; more is a gap
)

// path gives the elements that a medium passes on its way to an element, the
// source first: of several sources the first. A hub ends it, for what a hub
// mixes is not known. to alone is a path as well;
// so it is where the pipeline is not known (nil).
func path(p *inventory.Pipeline, to string, m inventory.Media) []string {
	out := []string{to}
	if p == nil {
		return out
	}
	for len(out) < maxHops {
		at := out[len(out)-1]
		i := slices.IndexFunc(p.Connections, func(c inventory.Connection) bool {
			return c.Sink == at && c.Media == m && !slices.Contains(out, c.Source)
		})
		if i < 0 {
			break
		}
		out = append(out, p.Connections[i].Source)
	}
	slices.Reverse(out)
	return out
}

// pathBetween gives the way of a medium from one element to another; nil when
// none leads there.
func pathBetween(snap *inventory.Snapshot, from, to string, m inventory.Media) []string {
	for _, r := range graph.Build(snap, graph.Figures{}).Routes(from, to) {
		if r.Media == m {
			return r.Nodes[:min(len(r.Nodes), maxHops)]
		}
	}
	return nil
}

// stacks makes the charts of where the time goes on the way to an element, or
// between two: one per medium that has figures.
func stacks(snap *inventory.Snapshot, elements []string, ct surface.TimeAxis, read func(id string) []stats.Series, label func(id string) string) []chart {
	if len(elements) == 0 || len(elements) > 2 {
		return nil
	}
	var out []chart
	for _, m := range []inventory.Media{inventory.Video, inventory.Audio} {
		ids := path(snap.Pipeline(inventory.PipelineOf(elements[0])), elements[0], m)
		if len(elements) == 2 {
			if ids = pathBetween(snap, elements[1], elements[0], m); ids == nil {
				ids = pathBetween(snap, elements[0], elements[1], m)
			}
		}
		ch := chart{Title: "Where the time goes: " + surface.MediaWord(m), Kind: "stack:" + string(m), Element: elements[0], Unit: stats.Ms, Stacked: true}
		var silent int
		for _, id := range ids {
			points := latencyOf(read(id), m)
			if len(points) == 0 {
				silent++
				continue
			}
			i := len(ch.Lines)
			ch.Lines = append(ch.Lines, chartLine{Label: label(id), Hue: overlayHue(i), Unit: stats.Ms, Points: points,
				Key: stats.Key{Element: id, Metric: stats.InputLatency, Media: string(m)}})
		}
		if len(ch.Lines) == 0 {
			continue
		}
		align(ch.Lines, ct)
		ch.Note = label(ids[0]) + " → " + label(ids[len(ids)-1])
		if silent > 0 {
			ch.Note += ", " + itoa(silent) + " not measured"
		}
		out = append(out, ch)
	}
	return out
}

// latencyOf gives the latency at the input of one medium; of several pads the
// first.
func latencyOf(list []stats.Series, m inventory.Media) []stats.Point {
	for _, s := range list {
		if s.Metric == stats.InputLatency && s.Media == string(m) {
			return s.Points
		}
	}
	return nil
}

// align gives all lines points at the same moments, so that they can be added
// up: a value holds until the next one, but not for long, and where one of them
// has none there is a gap in all.
func align(lines []chartLine, ct surface.TimeAxis) {
	span := ct.To.Sub(ct.From)
	step := max(span/stackPoints, time.Second)
	if span <= 0 || span/step > 4*stackPoints {
		return
	}
	reach := max(stackReach, 2*step)
	at := make([]int, len(lines)) // how many points of each are past
	out := make([][]stats.Point, len(lines))
	gap := false
	for t := ct.From.Truncate(step); !t.After(ct.To.Add(step)); t = t.Add(step) {
		whole := true
		values := make([]float64, len(lines))
		for k := range lines {
			pts := lines[k].Points
			for at[k] < len(pts) && !pts[at[k]].At.After(t) {
				at[k]++
			}
			i := at[k] - 1
			if i < 0 || t.Sub(pts[i].At) > reach || math.IsNaN(pts[i].V) || math.IsInf(pts[i].V, 0) {
				whole = false
				break
			}
			values[k] = max(pts[i].V, 0)
		}
		if !whole {
			gap = true
			continue
		}
		for k := range lines {
			out[k] = append(out[k], stats.Point{At: t, V: values[k], Gap: gap && len(out[k]) > 0})
		}
		gap = false
	}
	for k := range lines {
		lines[k].Points = out[k]
	}
}
