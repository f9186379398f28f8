package chartpage

import (
	"math"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"kmscope/ui/surface"
)

// grip is what a drag has hold of.
type grip uint8

// The grips.
const (
	noGrip    grip = iota
	gripRange      // a range of time is being drawn
	gripTime       // the time axis is being moved
	gripTitle      // a chart is being moved
	gripEdge       // the height of the charts is being changed
	gripPage       // the page is being scrolled
)

// drag is what a drag knows from its beginning on.
type drag struct {
	grip   grip
	i      int          // the chart
	rect   surface.Rect // of it
	x0, x  float64      // of the range
	height float64      // of the charts, before
	axis   surface.TimeAxis
	target int // where the chart would go
}

func (p *Page) hovered(pos fyne.Position) {
	p.pointer = pos
	i, r, ok := p.chartAt(pos)
	plot := plotArea(r)
	inside := ok && len(p.charts[i].Lines) > 0 && float64(pos.X) >= plot.X-2 && float64(pos.X) <= plot.X+plot.W+2 && float64(pos.Y) >= plot.Y-12
	if !inside || p.view == nil || p.time.From.IsZero() {
		p.left()
		return
	}
	p.hovering, p.under = true, i
	at := p.time.TimeAt(float64(pos.X), plot.X, plot.W)
	p.time.Cursor = at
	p.view.Hover(at)
	p.surface.Repaint()
}

func (p *Page) left() {
	if !p.hovering {
		return
	}
	p.hovering, p.under = false, -1
	if p.view != nil {
		p.view.Hover(time.Time{})
		p.refresh()
	}
}

func (p *Page) cursor() desktop.Cursor {
	if p.drag.grip == gripEdge {
		return desktop.VResizeCursor
	}
	if p.drag.grip == noGrip {
		if _, ok := p.edgeAt(p.pointer); ok {
			return desktop.VResizeCursor
		}
	}
	if p.hovering {
		return desktop.CrosshairCursor
	}
	return desktop.DefaultCursor
}

func (p *Page) clicked(pos fyne.Position, secondary bool) {
	i, r, ok := p.chartAt(pos)
	if !ok || p.view == nil {
		return
	}
	p.focus = i
	if secondary {
		p.showMenu(i, pos)
		return
	}
	if p.time.From.IsZero() {
		return
	}
	plot := plotArea(r)
	if float64(pos.Y) < r.Y+titleHeight {
		if o := p.charts[i].Object; o != "" {
			p.view.SelectObject(o)
		}
		p.refresh()
		return
	}
	p.view.Pin(p.time.TimeAt(float64(pos.X), plot.X, plot.W))
	p.refresh()
}

func (p *Page) doubled(pos fyne.Position) {
	if i, r, ok := p.chartAt(pos); ok && float64(pos.Y) < r.Y+titleHeight {
		p.toggleAlone(i)
		return
	}
	p.follow()
}

// grab decides what a drag that began at the pressed point has hold of.
func (p *Page) grab() drag {
	at := p.surface.PressedAt
	if i, ok := p.edgeAt(at); ok {
		return drag{grip: gripEdge, i: i, height: p.height()}
	}
	i, r, ok := p.chartAt(at)
	if !ok {
		return drag{grip: gripPage}
	}
	d := drag{i: i, rect: r, axis: p.time, x0: float64(at.X), target: i}
	plot := plotArea(r)
	switch {
	case float64(at.Y) < r.Y+titleHeight:
		d.grip = gripPage
		if movable(&p.charts[i]) && p.alone == (pin{}) {
			d.grip = gripTitle
		}
	case float64(at.Y) > plot.Y+plot.H:
		d.grip = gripTime
	default:
		d.grip = gripRange
	}
	return d
}

func (p *Page) dragged(pos, delta fyne.Position) {
	if p.view == nil || p.time.From.IsZero() {
		return
	}
	if p.drag.grip == noGrip {
		p.drag = p.grab()
	}
	d := &p.drag
	plot := plotArea(d.rect)
	switch d.grip {
	case gripPage:
		p.scroll -= float64(delta.Y)
		p.hold()
	case gripEdge:
		by := float64(pos.Y - p.surface.PressedAt.Y)
		if d.i < len(p.charts) && p.charts[d.i].Wide {
			by /= 2
		}
		p.chosen.Height = min(max(math.Round(d.height+by), minHeight), maxHeight)
		p.placeAll()
	case gripTitle:
		d.target = d.i
		if i, _, ok := p.chartAt(pos); ok && movable(&p.charts[i]) && d.i < len(p.charts) && p.charts[i].Pinned == p.charts[d.i].Pinned {
			d.target = i
		}
		p.pointer = pos
	case gripTime:
		span := d.axis.To.Sub(d.axis.From)
		by := time.Duration(float64(span) * (d.x0 - float64(pos.X)) / plot.W)
		p.view.SetRange(d.axis.From.Add(by), d.axis.To.Add(by))
		p.refresh()
		return
	case gripRange:
		d.x0 = min(max(d.x0, plot.X), plot.X+plot.W)
		d.x = min(max(float64(pos.X), plot.X), plot.X+plot.W)
	}
	p.surface.Repaint()
}

func (p *Page) dragDone() {
	d := p.drag
	p.drag = drag{}
	switch d.grip {
	case gripRange:
		plot := plotArea(d.rect)
		if math.Abs(d.x-d.x0) >= 4 {
			p.view.SetRange(p.time.TimeAt(d.x0, plot.X, plot.W), p.time.TimeAt(d.x, plot.X, plot.W))
		}
		p.refresh()
	case gripTitle:
		p.move(d.i, d.target)
		p.surface.Repaint()
	case gripEdge:
		p.setHeight(p.height())
	}
}

// wheeled scrolls the grid; with Ctrl, or where all charts are in view, it zooms
// the range of time around the pointer; sideways (or with Shift) it moves the
// range.
func (p *Page) wheeled(pos fyne.Position, d fyne.Delta, mods fyne.KeyModifier) {
	_, r, ok := p.chartAt(pos)
	zoom := mods&fyne.KeyModifierControl != 0 || p.full <= float64(p.surface.Size().Height)
	if p.view == nil || !ok || p.time.From.IsZero() || !zoom && d.DX == 0 {
		p.scroll -= float64(d.DY)
		p.hold()
		p.surface.Repaint()
		return
	}
	plot := plotArea(r)
	span := p.time.To.Sub(p.time.From)
	if d.DX != 0 && mods&fyne.KeyModifierControl == 0 {
		move := time.Duration(float64(span) * float64(-d.DX) / plot.W)
		p.view.SetRange(p.time.From.Add(move), p.time.To.Add(move))
		p.refresh()
		return
	}
	p.zoom(p.time.TimeAt(float64(pos.X), plot.X, plot.W), surface.WheelZoom(float64(d.DY)))
}

// zoom shows more detail by a factor around a moment.
func (p *Page) zoom(at time.Time, factor float64) {
	if p.view == nil || p.time.From.IsZero() {
		return
	}
	p.view.SetRange(at.Add(-time.Duration(float64(at.Sub(p.time.From))/factor)), at.Add(time.Duration(float64(p.time.To.Sub(at))/factor)))
	p.refresh()
}

func (p *Page) key(k fyne.KeyName) bool {
	page := float64(p.surface.Size().Height)
	n, _ := p.columns()
	switch k {
	case fyne.KeyEscape:
		switch {
		case p.alone != (pin{}):
			p.toggleAlone(-1)
		case p.compared.on:
			p.compare(comparison{})
		default:
			p.follow()
		}
	case fyne.KeyEnd:
		p.follow()
	case fyne.KeyUp:
		p.chooseChart(p.focus - n)
	case fyne.KeyDown:
		p.chooseChart(p.focus + n)
	case fyne.KeyPageUp:
		p.scroll -= page
	case fyne.KeyPageDown:
		p.scroll += page
	case fyne.KeyHome:
		p.scroll = 0
	case fyne.KeySpace:
		p.togglePause()
	case fyne.KeyReturn, fyne.KeyEnter:
		p.toggleAlone(p.focus)
	case fyne.KeyLeft, fyne.KeyRight:
		p.step(k == fyne.KeyRight)
	default:
		return false
	}
	p.hold()
	p.surface.Repaint()
	return true
}

// typed takes the letters of the chart that is chosen; the menu of a chart names
// them.
func (p *Page) typed(r rune) bool {
	at := p.time.Cursor
	if at.IsZero() {
		at = p.time.To
	}
	switch r {
	case '+', '=':
		p.zoom(at, 1.5)
	case '-':
		p.zoom(at, 1/1.5)
	case '1', '2', '3':
		p.setColumns(int(r - '0'))
	case '0':
		p.setColumns(0)
	case 'm', 'p', 'l', 'w', 'b':
		if p.focus < 0 || p.focus >= len(p.charts) {
			return false
		}
		ch := &p.charts[p.focus]
		switch r {
		case 'm':
			at := p.place(p.focus)
			p.showMenu(p.focus, fyne.NewPos(float32(at.X)+12, float32(at.Y)+titleHeight))
		case 'p':
			p.togglePin(ch)
		case 'l':
			s := ch.Scale
			s.Log = !s.Log
			p.setScale(ch.Kind, s)
		case 'w':
			p.toggleWide(ch)
		case 'b':
			p.compareBefore(at)
		}
	default:
		return false
	}
	return true
}

// chooseChart chooses the chart that keys act on.
func (p *Page) chooseChart(i int) {
	if len(p.charts) == 0 {
		return
	}
	if p.focus < 0 {
		i = 0
	}
	p.focus = min(max(i, 0), len(p.charts)-1)
	p.reveal(p.focus)
}

// shift moves the chosen chart by one place.
func (p *Page) shift(by int) {
	if p.focus >= 0 {
		p.move(p.focus, p.focus+by)
	}
}

// step moves the cursor by a hundredth of the range.
func (p *Page) step(forward bool) {
	if p.view == nil || p.time.From.IsZero() {
		return
	}
	d := p.time.To.Sub(p.time.From) / 100
	if !forward {
		d = -d
	}
	at := p.time.Cursor
	if at.IsZero() {
		at = p.time.To
	}
	p.view.Pin(at.Add(d))
	p.refresh()
}

// togglePause holds the picture of the whole window; sampling goes on, and what
// came meanwhile is there when the picture goes on.
func (p *Page) togglePause() {
	if p.view == nil || p.view.Server() == nil || !p.view.Server().Live() {
		return
	}
	p.view.SetPaused(!p.view.Paused())
	p.refresh()
}

// follow takes back a chosen range and the cursor: both follow the end again.
func (p *Page) follow() {
	if p.view == nil {
		return
	}
	fixed := !p.view.Following()
	p.view.Follow()
	if fixed {
		// Back to the length before: the zoomed range was for one look.
		p.view.SetLength(p.length)
	}
	p.refresh()
}
