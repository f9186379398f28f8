package chartpage

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"kmscope/inventory"
	"kmscope/stats"
	"kmscope/ui/view"
)

// comparison is what the charts are compared with: the same figures of another
// time, and maybe of another element or server. Their lines are drawn dashed
// over the others.
type comparison struct {
	on      bool
	session view.Session // nil: the one that is shown
	element string       // "": that of each line
	// shift is added to a moment there and gives the moment here at which it is
	// drawn.
	shift time.Duration
	// until bounds what is drawn, in moments there; zero: nothing does. What was
	// before a moment must not run on into what came after it.
	until time.Time
	zero  time.Time // the moment here that is compared from; zero: none
	word  string    // for the legend, after the name of the line
	text  string    // for the chip
}

// zero is a moment that was kept to compare with.
type zero struct {
	session view.Session
	element string
	at      time.Time
	name    string
}

// maxCompared bounds the menu of what to compare with.
const maxCompared = 24

// compare draws a comparison; the zero one ends it.
func (p *Page) compare(c comparison) {
	p.compared = c
	if c.on {
		p.against.Set(c.text)
	}
	p.overlayChanged()
	p.refresh()
}

// compareBefore draws what is in view before a moment once more, dashed, over
// what came after it.
func (p *Page) compareBefore(at time.Time) {
	if p.view == nil || p.time.From.IsZero() || !at.After(p.time.From) {
		return
	}
	length := max(at.Sub(p.time.From), time.Second).Round(time.Second)
	p.view.Pin(at)
	// A range that follows the end would carry the moment out of sight.
	p.view.SetRange(p.time.From, maxTime(p.time.To, at.Add(length)))
	p.compare(comparison{on: true, shift: length, until: at, zero: at, word: "before",
		text: "dashed: the " + spoken(length) + " before " + p.time.Clock.Format(at)})
}

// spoken writes a length of time as people say it.
func spoken(d time.Duration) string {
	switch {
	case d < time.Minute:
		return strconv.Itoa(int(d.Seconds())) + " s"
	case d < time.Hour:
		return strings.TrimSuffix(strconv.Itoa(int(d.Minutes()))+" min "+strconv.Itoa(int(d.Seconds())%60)+" s", " 0 s")
	}
	return strings.TrimSuffix(strconv.Itoa(int(d.Hours()))+" h "+strconv.Itoa(int(d.Minutes())%60)+" min", " 0 min")
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// keepZero remembers a moment of what is shown now.
func (p *Page) keepZero(at time.Time) {
	x := p.view.Server()
	if x == nil {
		return
	}
	z := zero{session: x, element: p.subject(), at: at, name: x.Name()}
	if z.element != "" {
		z.name = view.ObjectName(x.Snapshot(), z.element) + " (" + x.Name() + ")"
	}
	p.zero = z
}

// subject is the first element that is shown; "" is none.
func (p *Page) subject() string {
	if e := (chartQuery{object: p.view.Selection().Object, overlay: p.overlayKey()}).elements(); len(e) > 0 {
		return e[0]
	}
	return ""
}

// compareZero draws what was around the kept moment over what is around this
// one.
func (p *Page) compareZero(at time.Time) {
	if p.zero.session == nil || p.view == nil {
		return
	}
	p.view.Pin(at)
	p.compare(comparison{on: true, session: p.zero.session, element: p.zero.element, shift: at.Sub(p.zero.at), zero: at, word: "then",
		text: "dashed: " + p.zero.name + ", its " + p.time.Clock.Format(p.zero.at) + " on " + p.time.Clock.Format(at)})
}

// compareWith draws an element of another server or capture, both from their
// first figures on.
func (p *Page) compareWith(x view.Session, element string) {
	here := p.view.Server()
	first, ok := firstFigure(here, p.subject())
	other, ok2 := firstFigure(x, element)
	if !ok || !ok2 {
		return
	}
	name := x.Name()
	if element != "" {
		name = view.ObjectName(x.Snapshot(), element) + " (" + name + ")"
	}
	p.compare(comparison{on: true, session: x, element: element, shift: first.Sub(other), zero: first, word: "other",
		text: "dashed: " + name + ", both from their first figures"})
}

// firstFigure gives when the figures of an element begin, on the local clock;
// "" is the whole server.
func firstFigure(x view.Session, element string) (time.Time, bool) {
	if x == nil || x.Stats() == nil {
		return time.Time{}, false
	}
	offset, _ := x.Stats().ClockOffset()
	if element == "" {
		first, _ := x.Stats().Span()
		return first.Add(-offset), !first.IsZero()
	}
	var first time.Time
	for _, s := range x.Stats().Series(stats.Query{Element: element}) {
		if at := s.Points[0].At; first.IsZero() || at.Before(first) {
			first = at
		}
	}
	return first.Add(-offset), !first.IsZero()
}

// compareItems are the lines of a menu that begin and end comparisons with a
// moment.
func (p *Page) compareItems(at time.Time) []*fyne.MenuItem {
	clock := p.time.Clock.Format(at)
	before := fyne.NewMenuItem("Compare with what was before "+clock+"  (b)", func() { p.compareBefore(at) })
	before.Disabled = !at.After(p.time.From)
	items := []*fyne.MenuItem{before, fyne.NewMenuItem("Keep "+clock+" as the zero to compare with", func() { p.keepZero(at) })}
	if p.zero.session != nil && slices.Contains(p.view.Workspace().Sessions(), p.zero.session) {
		items = append(items, fyne.NewMenuItem("Compare with "+p.zero.name+" at "+p.time.Clock.Format(p.zero.at), func() { p.compareZero(at) }))
	}
	if with := p.otherMenu(); with != nil {
		item := fyne.NewMenuItem("Compare with another server or capture", nil)
		item.ChildMenu = with
		items = append(items, item)
	}
	if p.compared.on {
		items = append(items, fyne.NewMenuItem("Stop comparing", func() { p.compare(comparison{}) }))
	}
	return items
}

// otherMenu offers what the other sessions have figures of; nil when there is
// no other session.
func (p *Page) otherMenu() *fyne.Menu {
	m := fyne.NewMenu("")
	here := p.view.Server()
	for _, x := range p.view.Workspace().Sessions() {
		if x == here || x.Stats() == nil {
			continue
		}
		m.Items = append(m.Items, fyne.NewMenuItem(x.Name(), func() { p.compareWith(x, "") }))
		if p.subject() == "" {
			continue
		}
		snap := x.Snapshot()
		for _, b := range busiest(x.Stats().Latest(stats.Query{Metrics: []string{stats.Bitrate}}), stats.Bitrate, maxCompared, func(string) bool { return true }) {
			if len(m.Items) >= maxCompared {
				break
			}
			m.Items = append(m.Items, fyne.NewMenuItem("    "+view.ObjectName(snap, b.ID), func() { p.compareWith(x, b.ID) }))
		}
	}
	if len(m.Items) == 0 {
		return nil
	}
	return m
}

// overlay adds to charts the lines that they are compared with. read gives the
// series of an element of a session, on the local clock. Of several streams of
// one kind the n-th is compared with the n-th; spread is what their points sum
// up. Any goroutine.
func (c comparison) overlay(charts []chart, here view.Session, elements []string, read func(x view.Session, element string) []stats.Series, spread spreads) {
	if !c.on {
		return
	}
	other := c.session
	if other == nil {
		other = here
	}
	known := map[string][]stats.Series{}
	for i := range charts {
		ch := &charts[i]
		if ch.Stacked {
			continue
		}
		nth := map[stats.Key]int{}
		for k, n := 0, len(ch.Lines); k < n; k++ {
			ln := ch.Lines[k]
			if ln.browser() {
				continue // its dump has but one time
			}
			element := ln.Key.Element
			if element != inventory.ManagerID && c.element != "" {
				if len(elements) > 0 && element != elements[0] {
					continue
				}
				element = c.element
			}
			list, ok := known[element]
			if !ok {
				list = read(other, element)
				known[element] = list
			}
			kind := stats.Key{Element: element, Metric: ln.Key.Metric, Dir: ln.Key.Dir, Media: ln.Key.Media}
			points, key := c.points(list, kind, nth[kind])
			nth[kind]++
			if len(points) == 0 {
				continue
			}
			ln.Label += " " + c.word
			ln.Before, ln.Points = true, points
			ln.Low, ln.High, ln.Over = nil, nil, nil
			if one, ok := spread[key]; ok {
				// What comes after the end is cut off from the points alone.
				ln.Low, ln.High = one.low[:len(points)], one.high[:len(points)]
				if one.over != nil {
					ln.Over = one.over[:len(points)]
				}
			}
			ch.Lines = append(ch.Lines, ln)
		}
	}
}

// points gives the n-th series of a kind as it is drawn here.
func (c comparison) points(list []stats.Series, kind stats.Key, n int) ([]stats.Point, stats.Key) {
	for i := range list {
		k := list[i].Key
		k.Stream = ""
		if k != kind {
			continue
		}
		if n--; n >= 0 {
			continue
		}
		var out []stats.Point
		for _, pt := range list[i].Points {
			if !c.until.IsZero() && pt.At.After(c.until) {
				break
			}
			pt.At = pt.At.Add(c.shift)
			out = append(out, pt)
		}
		return out, list[i].Key
	}
	return nil, stats.Key{}
}
