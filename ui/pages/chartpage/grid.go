package chartpage

import (
	"fyne.io/fyne/v2"

	"kmscope/ui/surface"
)

// The measures of the grid of charts, in window units.
const (
	chartHeight   = 158
	chartMinWidth = 380
	chartGap      = 8
	maxColumns    = 3
	autoColumns   = 4 // most that are taken unasked
	edgeSlack     = 5 // how near the pointer must come to an edge to take it
	titleHeight   = 26
)

// arrange puts what was gathered into the order and the places that were
// chosen.
func (p *Page) arrange() {
	var list, pins []chart
	for _, ch := range p.gathered {
		k := p.chosen.Kinds[ch.Kind]
		ch.Scale, ch.Wide = k.scale(), k.Wide && !ch.Ranked
		if ch.Pinned && p.chosen.pinned(ch.Kind, ch.Element) >= 0 {
			pins = append(pins, ch)
			continue
		}
		ch.Pinned = false // let go since it was gathered: it goes with the next figures
		list = append(list, ch)
	}
	p.charts = append(pins, p.chosen.ordered(savedSetOf(p.set).title, list)...)
	if p.alone != (pin{}) {
		for i := range p.charts {
			if ch := &p.charts[i]; (pin{ch.Kind, ch.Element}) == p.alone {
				p.charts = p.charts[i : i+1]
				break
			}
		}
		if len(p.charts) != 1 {
			p.alone = pin{} // it went with its element
		}
	}
	p.focus = min(p.focus, len(p.charts)-1)
	p.placeAll()
}

// columns gives how many charts stand side by side, and how wide each is.
func (p *Page) columns() (n int, width float64) {
	w := float64(p.surface.Size().Width)
	n = p.chosen.Columns
	if n == 0 {
		n = min(max(1, int((w-chartGap)/(chartMinWidth+chartGap))), autoColumns)
	}
	if p.alone != (pin{}) {
		n = 1
	}
	return n, max((w-chartGap)/float64(n)-chartGap, 40)
}

// height is that of a chart that is not wide.
func (p *Page) height() float64 {
	if p.chosen.Height != 0 {
		return p.chosen.Height
	}
	return chartHeight
}

// placeAll works out where the charts stand, before scrolling.
func (p *Page) placeAll() {
	n, width := p.columns()
	height := p.height()
	p.places = p.places[:0]
	x, y, column := float64(chartGap), float64(0), 0
	for i := range p.charts {
		r := surface.Rect{X: x, Y: y, W: width, H: height}
		switch {
		case p.alone != (pin{}):
			r.H = max(float64(p.surface.Size().Height)-chartGap, minHeight)
			y += r.H + chartGap
		case p.charts[i].Wide:
			if column > 0 {
				y += height + chartGap
				x, column = chartGap, 0
			}
			r = surface.Rect{X: chartGap, Y: y, W: float64(n)*(width+chartGap) - chartGap, H: 2 * height}
			y += r.H + chartGap
		default:
			if column++; column == n {
				x, column = chartGap, 0
				y += height + chartGap
			} else {
				x += width + chartGap
			}
		}
		p.places = append(p.places, r)
	}
	p.full = y
	if column > 0 {
		p.full += height + chartGap
	}
	p.hold()
}

// place gives the rectangle of chart i, scrolling taken into account.
func (p *Page) place(i int) surface.Rect {
	if i < 0 || i >= len(p.places) {
		return surface.Rect{}
	}
	r := p.places[i]
	r.Y -= p.scroll
	return r
}

// resolution is how many points a line is worth asking for.
func (p *Page) resolution() int {
	_, width := p.columns()
	if p.alone == (pin{}) {
		for i := range p.charts {
			if p.charts[i].Wide {
				width = float64(p.surface.Size().Width)
			}
		}
	}
	return max(int(width)*2, 200)
}

// hold keeps the scroll position within the grid.
func (p *Page) hold() {
	p.scroll = min(max(p.scroll, 0), max(p.full-float64(p.surface.Size().Height), 0))
}

// reveal scrolls as little as needed to have a chart in view.
func (p *Page) reveal(i int) {
	if i < 0 || i >= len(p.places) {
		return
	}
	r := p.places[i]
	p.scroll = min(p.scroll, r.Y)
	p.scroll = max(p.scroll, r.Y+r.H+chartGap-float64(p.surface.Size().Height))
	p.hold()
}

// chartAt finds the chart under a point; ok is false between them.
func (p *Page) chartAt(pos fyne.Position) (i int, r surface.Rect, ok bool) {
	for i := range p.charts {
		if r := p.place(i); r.Contains(float64(pos.X), float64(pos.Y)) {
			return i, r, true
		}
	}
	return 0, surface.Rect{}, false
}

// edgeAt finds the chart whose lower edge is at a point.
func (p *Page) edgeAt(pos fyne.Position) (i int, ok bool) {
	x, y := float64(pos.X), float64(pos.Y)
	if p.alone != (pin{}) {
		return 0, false
	}
	for i := range p.charts {
		r := p.place(i)
		if x >= r.X && x < r.X+r.W && y >= r.Y+r.H-edgeSlack && y < r.Y+r.H+chartGap-1 {
			return i, true
		}
	}
	return 0, false
}

// toggleAlone shows one chart over the whole page, or all again.
func (p *Page) toggleAlone(i int) {
	switch {
	case p.alone != (pin{}):
		p.alone = pin{}
	case i >= 0 && i < len(p.charts):
		p.alone = pin{p.charts[i].Kind, p.charts[i].Element}
	}
	p.arrange()
	p.refresh()
}
