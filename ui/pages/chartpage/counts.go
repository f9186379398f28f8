package chartpage

import (
	"slices"
	"time"

	"kmscope/inventory"
	"kmscope/stats"
)

// The counts of what is alive are no statistics of the server: they are worked
// out of what the inventory knows of births and deaths, and named apart from
// the catalogue.
const (
	countPipelines = "pipelines-alive"
	countElements  = "elements-alive"
)

// discovery is how long the first look at a server may take: what is seen within
// it was there before.
const discovery = 3 * time.Second

// countSeries gives how many pipelines and elements were alive, as steps: a
// point before and one after each change. The inventory forgets the oldest dead
// when there are many; the lines begin where it still knows all of them. What
// was found at the first look is no rise from nothing: the lines begin after it.
func countSeries(snap *inventory.Snapshot) []stats.Series {
	type change struct {
		at       time.Time
		pipeline bool
		by       int
	}
	var changes []change
	known, ever := 0, 0
	var oldest time.Time
	note := func(o *inventory.Object, pipeline bool) {
		known++
		changes = append(changes, change{o.FirstSeen, pipeline, 1})
		if !o.Alive() {
			changes = append(changes, change{o.DiedAt, pipeline, -1})
			if oldest.IsZero() || o.DiedAt.Before(oldest) {
				oldest = o.DiedAt
			}
		}
	}
	for _, p := range snap.Pipelines {
		for _, o := range p.Objects {
			note(o, o.ID == p.ID)
		}
	}
	for _, n := range snap.Seen {
		ever += n
	}
	if known == 0 || snap.At.IsZero() {
		return nil
	}
	slices.SortStableFunc(changes, func(a, b change) int { return a.at.Compare(b.at) })
	first := changes[0].at.Add(discovery)
	if first.After(snap.At) {
		first = snap.At
	}
	if ever > known {
		first = oldest
		if first.IsZero() {
			first = snap.At
		}
	}
	begun := false
	out := []stats.Series{
		{Key: stats.Key{Element: inventory.ManagerID, Metric: countPipelines}, Unit: stats.Count},
		{Key: stats.Key{Element: inventory.ManagerID, Metric: countElements}, Unit: stats.Count},
	}
	var n [2]int
	add := func(k int, at time.Time) {
		pts := out[k].Points
		if last := len(pts) - 1; last >= 0 && pts[last].At.Equal(at) && last > 0 && pts[last-1].At.Equal(at) {
			pts[last].V = float64(n[k]) // many changes at one moment are one step
			return
		}
		out[k].Points = append(pts, stats.Point{At: at, V: float64(n[k])})
	}
	for _, c := range changes {
		k := 1
		if c.pipeline {
			k = 0
		}
		if !begun && !c.at.Before(first) {
			begun = true
			add(0, first)
			add(1, first)
		}
		if !c.at.Before(first) {
			add(k, c.at)
		}
		n[k] += c.by
		if !c.at.Before(first) {
			add(k, c.at)
		}
	}
	if !begun {
		add(0, first)
		add(1, first)
	}
	add(0, snap.At)
	add(1, snap.At)
	return out
}
