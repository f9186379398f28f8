package gstreamerpage

import (
	"fyne.io/fyne/v2"

	"kmscope/graph/gst"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
)

// The small map in the lower right corner: drawings of dumps are long, and what
// is in view is a part of them most of the time.
const (
	mapMost  = 220.0 // its longer side
	mapLeast = 36.0
	mapInset = 10.0
	// legendRoom keeps it above the legend.
	legendRoom = 32.0
)

// mapRect gives where the map is in the window, and its scale; false where all
// is in view anyway.
func (p *Page) mapRect() (r surface.Rect, k float64, ok bool) {
	if p.scene == nil || p.port.W < 2*mapMost {
		return r, 0, false
	}
	shown, all := p.port.Shown(), p.scene.bounds()
	if all.Empty() || shown.W >= all.W && shown.H >= all.H {
		return r, 0, false
	}
	k = min(mapMost/all.W, mapMost*0.6/all.H)
	w, h := all.W*k+8, max(all.H*k, mapLeast)+8
	return surface.Rect{X: p.port.W - w - mapInset, Y: p.port.H - h - mapInset - legendRoom, W: w, H: h}, k, true
}

// miniMap draws the map.
func (p *Page) miniMap(c *paint.Canvas, l *surface.Look, scale float32) {
	r, k, ok := p.mapRect()
	if !ok {
		return
	}
	px := func(v float64) float32 { return float32(v) * scale }
	one := surface.Hairline(scale)
	c.RoundRect(px(r.X), px(r.Y), px(r.W), px(r.H), px(5), l.Panel)
	c.StrokeRoundRect(px(r.X), px(r.Y), px(r.W), px(r.H), px(5), one, l.Line)
	for i := range p.scene.Boxes {
		b := &p.scene.Boxes[i]
		x, y := px(r.X+4+b.X*k), px(r.Y+4+b.Y*k)
		w, h := max(px(b.W*k), one), max(px(b.H*k), one)
		if b.Open {
			if b.Element > 0 {
				c.StrokeRoundRect(x, y, w, h, 0, one, l.Line)
			}
			continue
		}
		hue := paint.Mix(l.Dim, l.Panel, 0.25)
		if s := p.scene.d.Elements[b.Element].State; s != gst.StateUnknown && s != gst.Playing {
			hue = stateHue(l, s)
		}
		if ch := p.scene.change(target{b.Element, -1}); ch != gst.Same {
			hue = changeHue(l, ch)
		}
		c.Rect(x, y, w, h, hue)
	}
	shown := p.port.Shown()
	x0, y0 := max(px(r.X+4+shown.X*k), px(r.X+2)), max(px(r.Y+4+shown.Y*k), px(r.Y+2))
	x1, y1 := min(px(r.X+4+(shown.X+shown.W)*k), px(r.X+r.W-2)), min(px(r.Y+4+(shown.Y+shown.H)*k), px(r.Y+r.H-2))
	if x1 > x0 && y1 > y0 {
		c.RoundRect(x0, y0, x1-x0, y1-y0, scale, paint.WithAlpha(l.Accent, 0.10))
		c.StrokeRoundRect(x0, y0, x1-x0, y1-y0, scale, one, l.Accent)
	}
}

// toMap goes to where the map is pressed; false is beside it.
func (p *Page) toMap(pos fyne.Position) bool {
	r, k, ok := p.mapRect()
	if !ok || !r.Contains(float64(pos.X), float64(pos.Y)) {
		return false
	}
	p.fitted = false
	p.port = p.port.Centred((float64(pos.X)-r.X-4)/k, (float64(pos.Y)-r.Y-4)/k).Held(p.scene.bounds(), 80)
	p.surface.Repaint()
	return true
}
