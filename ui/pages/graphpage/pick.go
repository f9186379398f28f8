package graphpage

import (
	"maps"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"kmscope/ui/paint"
	"kmscope/ui/surface"
	"kmscope/ui/view"
)

// Picking several nodes: dragging with Shift held draws a band, and all nodes that
// it touches are picked. They can be moved together, shown alone, brought into
// view and copied. It is the graph's own: the window's selection is one object.

// modifiers gives the keys held just now.
func modifiers() fyne.KeyModifier {
	if d, ok := fyne.CurrentApp().Driver().(desktop.Driver); ok {
		return d.CurrentKeyModifiers()
	}
	return 0
}

// dropped ends a drag.
func (p *Page) dropped() {
	if p.moving != "" {
		p.rememberMoves()
	}
	if p.banding {
		p.surface.Repaint()
	}
	p.mapDrag, p.panning, p.banding, p.moving = false, false, false, ""
}

// stretch draws the band from where the button went down to a point, and picks what
// it touches.
func (p *Page) stretch(to fyne.Position) {
	p.banding, p.bandTo = true, to
	x0, y0 := p.port.ToPlane(float64(p.surface.PressedAt.X), float64(p.surface.PressedAt.Y))
	x1, y1 := p.port.ToPlane(float64(to.X), float64(to.Y))
	r := surface.Rect{X: min(x0, x1), Y: min(y0, y1), W: max(x0, x1) - min(x0, x1), H: max(y0, y1) - min(y0, y1)}
	p.picked = map[string]bool{}
	for i := range p.scene.g.Nodes {
		if n := &p.scene.g.Nodes[i]; surface.Overlaps(nodeRect(n), r) {
			p.picked[n.ID] = true
		}
	}
	p.sayBar()
	p.surface.Repaint()
}

// unpick lets go of what is picked.
func (p *Page) unpick() {
	p.picked = nil
	p.sayBar()
	p.surface.Repaint()
}

// fitSelection brings what is picked, or else what is selected, into view, as
// large as it fits.
func (p *Page) fitSelection() {
	if p.scene == nil {
		return
	}
	var all surface.Rect
	for id := range p.picked {
		if n := p.scene.node(id); n != nil {
			all = all.Union(nodeRect(n))
		}
	}
	if all.Empty() && p.view != nil {
		all, _ = p.scene.place(p.view.Selection().Object)
	}
	if !all.Empty() {
		p.fitted = false
		p.port = p.port.Fitted(all, 60, fitMost)
		p.surface.Repaint()
	}
}

// copyPicked copies what is picked as JSON.
func (p *Page) copyPicked() {
	var texts []string
	for _, id := range slices.Sorted(maps.Keys(p.picked)) {
		if n := p.scene.node(id); n != nil {
			texts = append(texts, nodeJSON(n))
		}
	}
	copyText("[" + strings.Join(texts, ",\n") + "]")
	p.tell("Copied as JSON.")
}

// moveAll moves a node by hand, and with it what is picked if it is one of them.
func (p *Page) moveAll(id string, dx, dy float64) {
	if !p.picked[id] {
		p.move(id, dx, dy)
		return
	}
	for _, other := range slices.Sorted(maps.Keys(p.picked)) {
		p.move(other, dx, dy)
	}
}

// band draws the band and the outlines of what is picked.
func (p *Page) band(c *paint.Canvas, l *surface.Look, scale float32) {
	k := float32(p.port.Zoom) * scale
	for id := range p.picked {
		i, ok := p.scene.index[id]
		if !ok {
			continue
		}
		x, y, w, h := snap(p.port, nodeRect(&p.scene.g.Nodes[i]), scale)
		one := surface.Hairline(scale)
		c.StrokeRoundRect(x-3*one, y-3*one, w+6*one, h+6*one, nodeRadius*k+3*one, 2*one, l.Accent)
	}
	if !p.banding {
		return
	}
	a, b := p.surface.PressedAt, p.bandTo
	x, y := min(a.X, b.X)*scale, min(a.Y, b.Y)*scale
	w, h := max(a.X, b.X)*scale-x, max(a.Y, b.Y)*scale-y
	c.Rect(x, y, w, h, paint.WithAlpha(l.Accent, 0.12))
	c.StrokeRoundRect(x, y, w, h, 1, surface.Hairline(scale), l.Accent)
}

// pickItems are the items of the context menu of what is picked.
func (p *Page) pickItems(add func(string, func())) {
	n := view.Plural(len(p.picked), "element")
	add("Fit "+n, p.fitSelection)
	add("Copy "+n+" as JSON", p.copyPicked)
	add("Let go of "+n, p.unpick)
}
