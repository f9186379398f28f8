package chartpage

import (
	"encoding/json"
	"math"
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"kmscope/ui/surface"
)

// choices is what a person chose about how the charts look and stand. It is
// remembered from run to run, so everything in it is bounded.
type choices struct {
	// Columns is 1 to 3; 0 takes as many as there is room for.
	Columns int `json:"columns,omitempty"`
	// Height of a chart in window units; 0 is chartHeight.
	Height float64               `json:"height,omitempty"`
	Kinds  map[string]kindChoice `json:"kinds,omitempty"`
	// Order holds the kinds of a saved set in the order in which they stand.
	Order map[string][]string `json:"order,omitempty"`
	Pins  []pin               `json:"pins,omitempty"`
}

// kindChoice is what was chosen for the charts of one kind, whatever element
// they are of.
type kindChoice struct {
	Mode surface.ScaleMode `json:"mode,omitempty"`
	Low  float64           `json:"low,omitempty"`
	High float64           `json:"high,omitempty"`
	Log  bool              `json:"log,omitempty"`
	Wide bool              `json:"wide,omitempty"`
}

func (k kindChoice) scale() surface.Scale {
	return surface.Scale{Mode: k.Mode, Low: k.Low, High: k.High, Log: k.Log}
}

// pin names a chart that stays, whatever is selected: a kind, of an element.
type pin struct {
	Kind    string `json:"kind"`
	Element string `json:"element"`
}

// The bounds of what is remembered.
const (
	prefChoices    = "charts.choices"
	maxPins        = 12
	maxKinds       = 64
	maxChoiceBytes = 32 << 10
	minHeight      = 110
	maxHeight      = 480
)

// readChoices reads what writeChoices wrote. What is broken or out of bounds is
// left out: nobody must lose the page over a line of preferences.
func readChoices(s string) choices {
	var c choices
	if len(s) > maxChoiceBytes || json.Unmarshal([]byte(s), &c) != nil {
		return choices{}
	}
	if c.Columns < 0 || c.Columns > maxColumns {
		c.Columns = 0
	}
	if c.Height != 0 {
		c.Height = min(max(c.Height, minHeight), maxHeight)
	}
	if len(c.Kinds) > maxKinds || len(c.Order) > maxKinds {
		c.Kinds, c.Order = nil, nil
	}
	for name, k := range c.Kinds {
		if k.Mode > surface.Fixed || math.IsInf(k.Low, 0) || math.IsInf(k.High, 0) || k.Mode == surface.Fixed && k.High <= k.Low {
			delete(c.Kinds, name)
		}
	}
	for set, list := range c.Order {
		if len(list) > maxKinds {
			delete(c.Order, set)
		}
	}
	if len(c.Pins) > maxPins {
		c.Pins = c.Pins[:maxPins]
	}
	c.Pins = slices.DeleteFunc(c.Pins, func(p pin) bool {
		return p.Kind == "" || p.Element == "" || strings.ContainsAny(p.Kind+p.Element, "\n\t")
	})
	return c
}

// write gives the text that readChoices reads; "" when it would be too long.
func (c choices) write() string {
	b, err := json.Marshal(c)
	if err != nil || len(b) > maxChoiceBytes {
		return ""
	}
	return string(b)
}

// pinned gives the place of a pin; -1 is none.
func (c *choices) pinned(kind, element string) int { return slices.Index(c.Pins, pin{kind, element}) }

// setKind keeps a choice for a kind; the usual one takes no room.
func (c *choices) setKind(kind string, k kindChoice) {
	if k == (kindChoice{}) {
		delete(c.Kinds, kind)
		return
	}
	if c.Kinds == nil {
		c.Kinds = map[string]kindChoice{}
	}
	if _, known := c.Kinds[kind]; known || len(c.Kinds) < maxKinds {
		c.Kinds[kind] = k
	}
}

// ordered sorts charts as they stand in a set: those that were never moved
// stay behind the one that they naturally follow.
func (c *choices) ordered(set string, charts []chart) []chart {
	order := c.Order[set]
	if len(order) == 0 {
		return charts
	}
	place := make([]float64, len(charts))
	last := -1.0
	for i := range charts {
		if k := slices.Index(order, charts[i].Kind); k >= 0 {
			last = float64(k)
		} else {
			last += 1e-3
		}
		place[i] = last
	}
	index := make([]int, len(charts))
	for i := range index {
		index[i] = i
	}
	slices.SortStableFunc(index, func(a, b int) int {
		switch {
		case place[a] < place[b]:
			return -1
		case place[a] > place[b]:
			return 1
		}
		return 0
	})
	out := make([]chart, len(charts))
	for i, k := range index {
		out[i] = charts[k]
	}
	return out
}

// recall reads the choices of the last run.
func (p *Page) recall() {
	if a := fyne.CurrentApp(); a != nil {
		p.chosen = readChoices(a.Preferences().String(prefChoices))
	}
}

// choicesChanged keeps the choices and shows them.
func (p *Page) choicesChanged() {
	if a := fyne.CurrentApp(); a != nil {
		a.Preferences().SetString(prefChoices, p.chosen.write())
	}
	p.arrange()
	p.refresh()
}

// setScale chooses the vertical axis of a kind of chart.
func (p *Page) setScale(kind string, s surface.Scale) {
	k := p.chosen.Kinds[kind]
	k.Mode, k.Low, k.High, k.Log = s.Mode, s.Low, s.High, s.Log
	p.chosen.setKind(kind, k)
	p.choicesChanged()
}

// togglePin keeps a chart on the page whatever is selected, or lets go of it.
func (p *Page) togglePin(ch *chart) {
	if ch.Element == "" {
		return
	}
	if i := p.chosen.pinned(ch.Kind, ch.Element); i >= 0 {
		p.chosen.Pins = slices.Delete(p.chosen.Pins, i, i+1)
	} else if len(p.chosen.Pins) < maxPins {
		p.chosen.Pins = append(p.chosen.Pins, pin{ch.Kind, ch.Element})
	}
	p.choicesChanged()
}

// toggleWide gives a kind of chart the whole width and twice the height.
func (p *Page) toggleWide(ch *chart) {
	if ch.Ranked {
		return
	}
	k := p.chosen.Kinds[ch.Kind]
	k.Wide = !k.Wide
	p.chosen.setKind(ch.Kind, k)
	p.choicesChanged()
}

func (p *Page) setColumns(n int) {
	p.chosen.Columns = n
	p.choicesChanged()
}

// setHeight makes all charts as high as this, within bounds.
func (p *Page) setHeight(h float64) {
	p.chosen.Height = min(max(math.Round(h), minHeight), maxHeight)
	if p.chosen.Height == chartHeight {
		p.chosen.Height = 0
	}
	p.choicesChanged()
}

// resetChoices takes back order, sizes, axes and pins.
func (p *Page) resetChoices() {
	p.chosen = choices{}
	p.choicesChanged()
}

// movable reports whether a chart has a place of its own to be moved from: those
// of a ranking stand as they rank.
func movable(ch *chart) bool { return ch.Pinned || !ch.Ranked }

// move puts chart from where chart to stands; pins stay among pins, all others
// among all others.
func (p *Page) move(from, to int) {
	if from == to || from < 0 || to < 0 || from >= len(p.charts) || to >= len(p.charts) || p.alone != (pin{}) {
		return
	}
	ch := p.charts[from]
	if !movable(&ch) || !movable(&p.charts[to]) || ch.Pinned != p.charts[to].Pinned {
		return
	}
	if ch.Pinned {
		a, b := p.chosen.pinned(ch.Kind, ch.Element), p.chosen.pinned(p.charts[to].Kind, p.charts[to].Element)
		if a < 0 || b < 0 {
			return
		}
		one := p.chosen.Pins[a]
		p.chosen.Pins = slices.Insert(slices.Delete(p.chosen.Pins, a, a+1), b, one)
	} else {
		list := slices.Insert(slices.Delete(slices.Clone(p.charts), from, from+1), to, ch)
		var kinds []string
		for i := range list {
			if !list[i].Pinned && !list[i].Ranked && len(kinds) < maxKinds {
				kinds = append(kinds, list[i].Kind)
			}
		}
		if p.chosen.Order == nil {
			p.chosen.Order = map[string][]string{}
		}
		p.chosen.Order[savedSetOf(p.set).title] = kinds
	}
	p.choicesChanged()
	p.focus = to
	p.reveal(to)
}
