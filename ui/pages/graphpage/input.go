package graphpage

import (
	"fyne.io/fyne/v2"

	"kmscope/graph"
	"kmscope/ui/surface"
)

// under finds what lies under a point of the window.
func (p *Page) under(pos fyne.Position) hit {
	x, y := p.port.ToPlane(float64(pos.X), float64(pos.Y))
	return p.scene.under(x, y, 5/p.port.Zoom)
}

// inMap tells whether a point is on the small map, and where on it.
func (p *Page) inMap(pos fyne.Position) (x, y float64, ok bool) {
	if p.scene == nil || p.scene.bounds.Empty() {
		return 0, 0, false
	}
	r, ok := mapRect(p.port, p.scene.bounds)
	if !ok || !r.Contains(float64(pos.X), float64(pos.Y)) {
		return 0, 0, false
	}
	return float64(pos.X) - r.X, float64(pos.Y) - r.Y, true
}

func (p *Page) toggleGone() {
	p.showGone = !p.showGone
	p.refresh()
}

func (p *Page) clicked(pos fyne.Position, secondary bool) {
	p.told = ""
	if secondary {
		p.showMenu(pos)
		return
	}
	if p.linkRect.Contains(float64(pos.X), float64(pos.Y)) {
		p.toggleGone()
		return
	}
	if x, y, ok := p.inMap(pos); ok {
		r, _ := mapRect(p.port, p.scene.bounds)
		switch foot := y - (r.H - mapFoot); {
		case mapFit.Contains(x, foot):
			p.fit()
		case mapActual.Contains(x, foot):
			p.actual()
		case foot < 0:
			p.toMap(x, y)
		}
		return
	}
	p.surface.Repaint()
	if p.view == nil || p.scene == nil {
		return
	}
	h := p.under(pos)
	if h.node != nil && (isGroup(h.node) || p.onPlus(h.node, pos)) {
		p.expand(h.node)
		return
	}
	if p.pathFrom != "" && h.node != nil && h.id() != "" && h.id() != p.pathFrom {
		p.setPath(p.pathFrom, h.id())
		return
	}
	if len(p.picked) > 0 && h.none() {
		p.unpick()
	}
	p.chooseOn(h.on, h.id())
}

// onPlus tells whether a point of the window is on the sign that opens a node
// that stands for several.
func (p *Page) onPlus(n *graph.Node, pos fyne.Position) bool {
	x, y := p.port.ToPlane(float64(pos.X), float64(pos.Y))
	return len(n.Members) > 0 && x >= n.X+n.W-30 && y <= n.Y+32
}

// choose selects an object, or the server itself with "".
func (p *Page) choose(id string) {
	if p.view.Selection().Object == id {
		return
	}
	p.lastSelected = id
	p.view.SelectObject(id)
	p.surface.Repaint()
}

// toMap centres the window on a point of the small map.
func (p *Page) toMap(x, y float64) {
	mv, _, ok := mapView(p.port, p.scene.bounds)
	if !ok {
		return
	}
	p.fitted = false
	px, py := mv.ToPlane(x, y)
	p.port = p.port.Centred(px, py).Held(p.scene.bounds, 80)
	p.surface.Repaint()
}

func (p *Page) doubled(pos fyne.Position) {
	if _, _, ok := p.inMap(pos); ok || p.scene == nil || p.view == nil {
		return
	}
	h := p.under(pos)
	if h.id() == "" {
		if h.named { // the one server
			p.chooseOn(h.on, "")
			p.toggleAll()
		}
		return
	}
	p.chooseOn(h.on, h.id())
	if h.node != nil && len(h.node.Members) > 0 {
		p.expand(h.node)
		return
	}
	if p.opened != nil {
		p.opened()
	}
}

func (p *Page) dragged(pos, delta fyne.Position) {
	if p.scene == nil {
		return
	}
	if p.banding || !p.panning && !p.mapDrag && p.moving == "" && modifiers()&fyne.KeyModifierShift != 0 && !p.grabs() && !p.scene.tiles {
		p.stretch(pos)
		return
	}
	if !p.panning && !p.mapDrag && p.moving == "" {
		if _, _, ok := p.inMap(p.surface.PressedAt); ok {
			p.mapDrag = true
		} else if h := p.under(p.surface.PressedAt); h.node != nil && p.surface.Pressed && p.port.Zoom >= boxesFrom && !p.grabs() {
			p.moving, p.movingOn = h.node.ID, h.on
		} else {
			p.panning = true
		}
	}
	if p.moving != "" {
		p.fitted = false
		p.moveAll(p.moving, float64(delta.X)/p.port.Zoom, float64(delta.Y)/p.port.Zoom)
		return
	}
	if p.mapDrag {
		if r, ok := mapRect(p.port, p.scene.bounds); ok {
			p.toMap(float64(pos.X)-r.X, float64(pos.Y)-r.Y)
		}
		return
	}
	p.fitted = false
	p.port = p.port.Panned(float64(delta.X), float64(delta.Y)).Held(p.scene.bounds, 80)
	p.surface.Repaint()
}

func (p *Page) hovered(pos fyne.Position) {
	p.over = true
	_, _, p.onMap = p.inMap(pos)
	p.onMap = p.onMap || p.linkRect.Contains(float64(pos.X), float64(pos.Y))
	h := hit{}
	if !p.onMap && p.scene != nil {
		h = p.under(pos)
	}
	moved := pos != p.hoverPos
	if h == p.hover && (h.none() || !moved) {
		p.hoverPos = pos
		return
	}
	p.hover, p.hoverPos = h, pos
	p.surface.Repaint()
}

func (p *Page) left() {
	p.onMap, p.over = false, false
	if !p.hover.none() {
		p.hover = hit{}
		p.surface.Repaint()
	}
}

// wheeled moves the graph; with Ctrl it zooms around the pointer.
func (p *Page) wheeled(pos fyne.Position, d fyne.Delta, mods fyne.KeyModifier) {
	if p.scene == nil {
		return
	}
	p.fitted = false
	if mods&fyne.KeyModifierShortcutDefault != 0 || mods&fyne.KeyModifierControl != 0 {
		p.port = p.port.ZoomedAt(float64(pos.X), float64(pos.Y), surface.WheelZoom(float64(d.DY+d.DX)))
	} else {
		p.port = p.port.Panned(float64(d.DX)*3, float64(d.DY)*3)
	}
	p.port = p.port.Held(p.scene.bounds, 80)
	p.hover = p.under(pos)
	p.surface.Repaint()
}

func (p *Page) key(k fyne.KeyName) bool {
	if p.scene == nil || p.view == nil {
		return false
	}
	dx, dy := 0.0, 0.0
	switch k {
	case fyne.KeyLeft:
		dx = -1
	case fyne.KeyRight:
		dx = 1
	case fyne.KeyUp:
		dy = -1
	case fyne.KeyDown:
		dy = 1
	case fyne.KeyHome:
		p.fit()
		return true
	case fyne.KeyReturn, fyne.KeyEnter:
		if p.opened != nil && p.view.Selection().Object != "" {
			p.opened()
		}
		return true
	case fyne.KeyEscape:
		// One thing at a time: the path, the focus, the selection.
		switch {
		case p.pathFrom != "" || p.lens != nil && p.lens.to != "":
			p.endPath()
		case len(p.picked) > 0:
			p.unpick()
		case p.lens != nil && p.lens.focus != "":
			p.focusOn("", 0)
		default:
			p.choose("")
		}
		return true
	default:
		return false
	}
	if id := p.view.Selection().Object; p.scene.node(id) != nil {
		if next := p.scene.neighbour(id, dx, dy); next != "" {
			p.chooseOn(p.scene.serverOf(next), next)
			if r, ok := p.scene.place(next); ok {
				was := p.port
				if p.port = p.port.Revealed(r, 32); p.port != was {
					p.fitted = false
				}
			}
			p.surface.Repaint()
		}
		return true
	}
	p.fitted = false
	p.port = p.port.Panned(-dx*60, -dy*60).Held(p.scene.bounds, 80)
	p.surface.Repaint()
	return true
}

func (p *Page) typed(r rune) bool {
	if p.scene == nil {
		return false
	}
	switch r {
	case 'f', 'F', '0':
		p.fit()
	case 's', 'S':
		p.fitSelection()
	case '/':
		p.toFilter()
	case 'c', 'C':
		p.toggleCollapsed()
	case '1':
		p.actual()
	case '+', '=', '-', '_':
		f := 1.25
		if r == '-' || r == '_' {
			f = 1 / f
		}
		p.fitted = false
		p.port = p.port.ZoomedAt(p.port.W/2, p.port.H/2, f).Held(p.scene.bounds, 80)
		p.surface.Repaint()
	default:
		return false
	}
	return true
}
