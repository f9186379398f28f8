package gstreamerpage

import (
	"fmt"
	"math"

	"fyne.io/fyne/v2"

	"kmscope/ui/surface"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

const fitMost = 1.0 // small dumps are not blown up

func (p *Page) resized(size fyne.Size) {
	if w, h := float64(size.Width), float64(size.Height); w != p.port.W || h != p.port.H {
		p.port.W, p.port.H = w, h
		if p.fitted {
			p.fitNow()
		}
	}
}

// leastFirst is the zoom at which names can be read.
const leastFirst = 0.8

// first shows a drawing for the first time: all of it, or, where that would be
// too small to read, its left end. The small map shows the rest.
func (p *Page) first() {
	p.fitNow()
	if p.port.Zoom >= leastFirst || p.port.W <= 0 {
		return
	}
	all := p.scene.bounds()
	p.port.Zoom = leastFirst
	y := all.H / 2
	if all.H*leastFirst > p.port.H-48 { // where things begin
		least := math.Inf(1)
		for i := range p.scene.Boxes {
			if b := &p.scene.Boxes[i]; b.Element > 0 && b.X < least {
				least, y = b.X, b.Y+b.H/2
			}
		}
	}
	p.port = p.port.Centred(p.port.W/leastFirst/2-24, y)
	p.fitted = false
}

// fitNow shows all.
func (p *Page) fitNow() {
	if p.scene == nil {
		return
	}
	p.port = p.port.Fitted(p.scene.bounds(), 24, fitMost)
}

func (p *Page) fit() {
	p.fitted = true
	p.fitNow()
	p.surface.Repaint()
}

// actual goes to the original size, around what is chosen or the middle.
func (p *Page) actual() {
	p.fitted = false
	p.port = p.port.ZoomedAt(p.port.W/2, p.port.H/2, 1/p.port.Zoom)
	if r, ok := p.scene.place(p.chosen); ok {
		p.port = p.port.Centred(r.X+r.W/2, r.Y+r.H/2)
	}
	p.surface.Repaint()
}

func (p *Page) pan(dx, dy float64) {
	if p.scene != nil {
		p.port = p.port.Panned(dx, dy).Held(p.scene.bounds(), 80)
		p.surface.Repaint()
	}
}

func (p *Page) zoom(x, y, factor float64) {
	if p.scene != nil {
		p.fitted = false
		p.port = p.port.ZoomedAt(x, y, factor).Held(p.scene.bounds(), 80)
		p.surface.Repaint()
	}
}

// wheeled moves the drawing; with Ctrl it zooms around the pointer.
func (p *Page) wheeled(pos fyne.Position, d fyne.Delta, mods fyne.KeyModifier) {
	if mods&(fyne.KeyModifierShortcutDefault|fyne.KeyModifierControl) != 0 {
		p.zoom(float64(pos.X), float64(pos.Y), surface.WheelZoom(float64(d.DY+d.DX)))
		return
	}
	p.fitted = false
	p.pan(float64(d.DX)*3, float64(d.DY)*3)
}

func (p *Page) under(pos fyne.Position) (target, bool) {
	x, y := p.port.ToPlane(float64(pos.X), float64(pos.Y))
	return p.scene.under(x, y, 6/p.port.Zoom)
}

func (p *Page) clicked(pos fyne.Position, secondary bool) {
	p.told, p.problem = "", ""
	if p.toMap(pos) {
		return
	}
	t, toggle := p.under(pos)
	if toggle && !secondary {
		p.toggle(t.element)
		return
	}
	p.choose(t)
}

func (p *Page) doubled(pos fyne.Position) {
	t, _ := p.under(pos)
	if t.element > 0 && len(p.scene.d.Elements[t.element].Children) > 0 {
		p.toggle(t.element)
		return
	}
	if r, ok := p.scene.place(t); ok { // closer
		p.fitted = false
		p.port.Zoom = max(p.port.Zoom, 1)
		p.port = p.port.Centred(r.X+r.W/2, r.Y+r.H/2)
		p.surface.Repaint()
	}
}

// toggle opens or closes a bin.
func (p *Page) toggle(bin int) {
	i, ok := p.scene.boxOf[bin]
	if !ok || len(p.scene.d.Elements[bin].Children) == 0 {
		return
	}
	p.setOpen(!p.scene.Boxes[i].Open, bin)
}

// choose turns to an element or a link: the panel tells all of it.
func (p *Page) choose(t target) {
	p.chosen = t
	p.panel.set(p.sideRows())
	p.surface.Repaint()
	p.side.Repaint()
}

// goTo chooses something and brings it into view, large enough to be read.
func (p *Page) goTo(t target) {
	p.choose(t)
	if r, ok := p.scene.place(t); ok {
		p.fitted = false
		if p.port.Zoom < wordsFrom {
			p.port.Zoom = 1
			p.port = p.port.Centred(r.X+r.W/2, r.Y+r.H/2)
		}
		p.port = p.port.Revealed(r, 48)
		p.surface.Repaint()
	}
}

func (p *Page) hovered(pos fyne.Position) {
	t, _ := p.under(pos)
	p.point(t)
}

func (p *Page) point(t target) {
	if p.hover != t {
		p.hover = t
		p.surface.Repaint()
	}
}

func (p *Page) key(k fyne.KeyName) bool {
	switch k {
	case fyne.KeyEscape:
		switch { // one thing at a time
		case p.taking != "" || p.placing:
			p.cancel()
		case p.chosen != nothing:
			p.choose(nothing)
		case p.search.Text != "":
			p.search.SetText("")
		default:
			return false
		}
	case fyne.KeyLeft:
		p.step(-1, 0)
	case fyne.KeyRight:
		p.step(1, 0)
	case fyne.KeyUp:
		p.step(0, -1)
	case fyne.KeyDown:
		p.step(0, 1)
	case fyne.KeyHome:
		p.fit()
	case fyne.KeyReturn, fyne.KeyEnter:
		if p.scene != nil && p.chosen.element > 0 {
			p.toggle(p.chosen.element)
		}
	default:
		return false
	}
	return true
}

// step goes along the links: from an element to the link, from the link to the
// next element. Up and down walk through the neighbours in the same bin.
// Without a choice the picture moves.
func (p *Page) step(dx, dy int) {
	if p.scene == nil {
		return
	}
	d := p.scene.d
	switch {
	case p.chosen == nothing:
		p.fitted = false
		p.pan(float64(-dx)*60, float64(-dy)*60)
	case p.chosen.link >= 0 && dx != 0:
		l := &d.Links[p.chosen.link]
		pad := l.To
		if dx < 0 {
			pad = l.From
		}
		p.goTo(target{p.scene.shown(d.Pads[pad].Element), -1})
	case dx != 0:
		for i := range d.Links {
			l := &d.Links[i]
			pad := l.From
			if dx < 0 {
				pad = l.To
			}
			if d.Pads[pad].Element == p.chosen.element {
				p.goTo(target{-1, i})
				return
			}
		}
	case p.chosen.element > 0:
		around := d.Elements[d.Elements[p.chosen.element].Parent].Children
		for i, c := range around {
			if c == p.chosen.element {
				p.goTo(target{around[(i+dy+len(around))%len(around)], -1})
				return
			}
		}
	}
}

func (p *Page) typed(r rune) bool {
	switch r {
	case 't', 'T':
		p.takeDump()
	case 'f', 'F', '0':
		p.fit()
	case '1':
		p.actual()
	case '/':
		p.toSearch()
	case 'n':
		p.jump(1)
	case 'N':
		p.jump(-1)
	case 'b', 'B':
		p.toggleAll()
	case 'd', 'D':
		p.compareLast()
	case 'c', 'C':
		p.copyDetails()
	case '+', '=':
		p.zoom(p.port.W/2, p.port.H/2, 1.25)
	case '-', '_':
		p.zoom(p.port.W/2, p.port.H/2, 0.8)
	default:
		return false
	}
	return true
}

func (p *Page) sideKey(k fyne.KeyName) bool {
	page := p.panel.height * 0.9
	switch k {
	case fyne.KeyDown:
		p.panel.scroll(rowHeight)
	case fyne.KeyUp:
		p.panel.scroll(-rowHeight)
	case fyne.KeyPageDown:
		p.panel.scroll(page)
	case fyne.KeyPageUp:
		p.panel.scroll(-page)
	case fyne.KeyHome:
		p.panel.scroll(-1e9)
	case fyne.KeyEnd:
		p.panel.scroll(1e9)
	default:
		return p.key(k)
	}
	p.side.Repaint()
	return true
}

// toSearch puts the cursor into the search.
func (p *Page) toSearch() {
	if c := fyne.CurrentApp().Driver().CanvasForObject(p.search); c != nil {
		c.Focus(p.search)
	}
}

func (p *Page) searchKey(k *fyne.KeyEvent) bool {
	if k.Name != fyne.KeyEscape {
		return false
	}
	p.search.SetText("")
	if c := fyne.CurrentApp().Driver().CanvasForObject(p.surface); c != nil {
		c.Focus(p.surface)
	}
	return true
}

// searched looks anew for what was typed.
func (p *Page) searched() {
	p.hits, p.hit, p.wrong = nil, -1, ""
	if d := p.dump(); d != nil {
		hits, err := d.Find(p.search.Text)
		if err != nil {
			p.wrong = "The search is not valid: " + err.Error() + "."
		}
		p.hits = hits
	}
	p.saySearch()
	p.surface.Repaint()
}

func (p *Page) saySearch() {
	text, hue := "", theme.Current().Dim
	switch {
	case p.search.Text == "" || p.dump() == nil:
	case p.wrong != "":
		text, hue = "not valid", theme.Current().Error
	case len(p.hits) == 0:
		text, hue = "nothing", theme.Current().Warning
	case p.hit < 0:
		text = view.Plural(len(p.hits), "hit") + " (N: next)"
	default:
		text = fmt.Sprintf("%d of %s: %s", p.hit+1, view.Thousands(len(p.hits)), p.hits[p.hit].Where)
	}
	if p.count.Text != text || p.count.Color != hue {
		p.count.Text, p.count.Color = text, hue
		p.count.Refresh()
	}
}

// jump goes to the next place found, or to the one before; bins around it are
// opened.
func (p *Page) jump(by int) {
	if len(p.hits) == 0 || p.scene == nil {
		return
	}
	n := len(p.hits)
	if p.hit < 0 && by < 0 {
		p.hit = 0
	}
	p.hit = ((p.hit+by)%n + n) % n
	h := p.hits[p.hit]
	p.saySearch()
	t := target{h.Element, -1}
	if h.Link >= 0 {
		t = target{-1, h.Link}
	}
	p.visit(t)
}

// visit opens what is around a target and goes to it.
func (p *Page) visit(t target) {
	d := p.dump()
	if d == nil || p.scene == nil {
		return
	}
	var around []int
	inside := func(element int) {
		for up := d.Elements[element].Parent; up > 0; up = d.Elements[up].Parent {
			if i, ok := p.scene.boxOf[up]; !ok || !p.scene.Boxes[i].Open {
				around = append(around, up)
			}
		}
	}
	if t.element >= 0 {
		inside(t.element)
	}
	if t.link >= 0 {
		l := &d.Links[t.link]
		for _, pad := range [...]int{l.From, l.To} {
			inside(d.Pads[pad].Element)
		}
	}
	if len(around) == 0 {
		p.goTo(t)
		return
	}
	p.goal = t
	p.setOpen(true, around...)
}
