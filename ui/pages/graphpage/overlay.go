package graphpage

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"strings"
	"time"

	"kmscope/graph"
	"kmscope/stats"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// The small map in the corner of the graph, in window units.
const (
	mapWidth  = 164.0
	mapHeight = 122.0
	mapInset  = 12.0
	mapFoot   = 22.0 // the line with zoom, fit and 1:1
)

// mapRect is where the small map is in a window; ok is false where there is no
// room for it. While all is in view it is its foot only: a map of what one sees
// would just hide a part of it.
func mapRect(v surface.Viewport, bounds surface.Rect) (surface.Rect, bool) {
	if v.W < 2*mapWidth || v.H < 2*mapFoot {
		return surface.Rect{}, false
	}
	h := mapHeight
	s := v.Shown().Grown(1 / v.Zoom)
	if all := s.Union(bounds) == s; all || v.W < 3*mapWidth || v.H < 2*mapHeight {
		h = mapFoot
	}
	return surface.Rect{X: v.W - mapWidth - mapInset, Y: v.H - h - mapInset, W: mapWidth, H: h}, true
}

// mapView is the viewport of the small map itself, relative to the window.
func mapView(v surface.Viewport, bounds surface.Rect) (surface.Viewport, surface.Rect, bool) {
	r, ok := mapRect(v, bounds)
	if !ok || bounds.Empty() || r.H <= mapFoot {
		return surface.Viewport{}, r, false
	}
	inner := surface.Viewport{Zoom: 1, W: r.W, H: r.H - mapFoot}
	zx, zy := (inner.W-16)/bounds.W, (inner.H-16)/bounds.H
	inner.Zoom = min(zx, zy)
	inner = inner.Centred(bounds.X+bounds.W/2, bounds.Y+bounds.H/2)
	return inner, r, true
}

// The words in the foot of the small map that can be clicked: from where to
// where, relative to the foot.
var (
	mapFit    = surface.Rect{X: 66, Y: 0, W: 34, H: mapFoot}
	mapActual = surface.Rect{X: 104, Y: 0, W: 44, H: mapFoot}
)

func (gp *graphPainter) miniMap(c *paint.Canvas, l *surface.Look, s *scene, v surface.Viewport, t *troubles, scale float32) {
	r, ok := mapRect(v, s.bounds)
	if !ok || s.bounds.Empty() {
		return
	}
	px := func(f float64) float32 { return float32(math.Round(f * float64(scale))) }
	one := surface.Hairline(scale)
	c.RoundRect(px(r.X), px(r.Y), px(r.W), px(r.H), 6*scale, l.Panel)
	c.StrokeRoundRect(px(r.X), px(r.Y), px(r.W), px(r.H), 6*scale, one, l.Line)
	if mv, _, ok := mapView(v, s.bounds); ok {
		gp.mapBody(c, l, s, v, mv, r, t, scale)
	}
	f := l.Regular.Face(11 * scale)
	base := px(r.Y + r.H - 7)
	c.Text(f, fmt.Sprintf("%.0f %%", v.Zoom*100), px(r.X+12), base, l.Dim)
	c.Text(f, "fit", px(r.X+mapFit.X+8), base, l.Text)
	c.Text(f, "1:1", px(r.X+mapActual.X+8), base, l.Text)
}

// mapKey is all that the blocks of the small map depend on.
type mapKey struct {
	scene   *scene
	palette theme.Palette
	view    surface.Viewport
	trouble *view.Problem // the first: there is a new list where anything is new
	scale   float32
}

// mapBlocks are the blocks of the small map, painted once: while the graph is moved
// they stay as they are, and there may be thousands.
type mapBlocks struct {
	of     mapKey
	canvas *paint.Canvas
}

// mapEdge is how far from its rim the small map shows nothing, in window units.
const mapEdge = 6.0

// blocks gives the picture of the small map without the part in view: of the rectangle
// that mapEdge leaves.
func (gp *graphPainter) blocks(l *surface.Look, s *scene, mv surface.Viewport, t *troubles, scale float32) *image.RGBA {
	m := &gp.small
	k := mapKey{scene: s, palette: l.Palette, view: mv, scale: scale}
	if len(t.list) > 0 {
		k.trouble = &t.list[0]
	}
	if m.canvas != nil && m.of == k {
		return m.canvas.Image()
	}
	if m.canvas == nil {
		m.canvas = paint.NewCanvas()
	}
	m.of = k
	c, one := m.canvas, surface.Hairline(scale)
	inset := float32(math.Round(mapEdge * float64(scale)))
	c.Begin(int(float32(mv.W)*scale-2*inset), int(float32(mv.H)*scale-2*inset), l.Panel)
	at := func(q surface.Rect) (x, y, w, h float32) {
		x0, y0 := mv.ToWindow(q.X, q.Y)
		return float32(x0)*scale - inset, float32(y0)*scale - inset, float32(q.W*mv.Zoom) * scale, float32(q.H*mv.Zoom) * scale
	}
	for i := range s.g.Frames {
		x, y, w, h := at(frameRect(&s.g.Frames[i]))
		if w > 3 && h > 3 {
			c.StrokeRoundRect(x, y, w, h, scale, one, l.Line)
		}
	}
	for i := range s.g.Nodes {
		n := t.inTrouble(s, i)
		x, y, w, h := at(nodeRect(n))
		hue := paint.Mix(l.Dim, l.Panel, 0.25)
		switch {
		case n.Dead || s.changes.ofNode(n) == graph.Removed:
			hue = l.Line
		case n.Health >= graph.HealthWarning:
			hue = healthColor(l, n.Health)
		}
		c.Rect(x, y, max(w, one), max(h, one), hue)
	}
	return c.Image()
}

// mapBody draws the blocks of the small map and the part in view.
func (gp *graphPainter) mapBody(c *paint.Canvas, l *surface.Look, s *scene, v, mv surface.Viewport, r surface.Rect, t *troubles, scale float32) {
	px := func(f float64) float32 { return float32(math.Round(f * float64(scale))) }
	one := surface.Hairline(scale)
	c.Copy(gp.blocks(l, s, mv, t, scale), int(px(r.X)+px(mapEdge)), int(px(r.Y)+px(mapEdge)))
	at := func(q surface.Rect) (x, y, w, h float32) {
		x0, y0 := mv.ToWindow(q.X, q.Y)
		return float32(r.X+x0) * scale, float32(r.Y+y0) * scale, float32(q.W*mv.Zoom) * scale, float32(q.H*mv.Zoom) * scale
	}
	// The part in view, held to the map.
	shown := v.Shown()
	x, y, w, h := at(shown)
	left, top := px(r.X+2), px(r.Y+2)
	right, bottom := px(r.X+r.W-2), px(r.Y+r.H-mapFoot)
	x1, y1 := min(x+w, right), min(y+h, bottom)
	x, y = max(x, left), max(y, top)
	if x1 > x && y1 > y {
		c.RoundRect(x, y, x1-x, y1-y, scale, paint.WithAlpha(l.Accent, 0.10))
		c.StrokeRoundRect(x, y, x1-x, y1-y, scale, one, l.Accent)
	}
}

// cardLine is one line of the hover card.
type cardLine struct {
	text string
	hue  func(*surface.Look) color.NRGBA
	bold bool
	mono bool
}

func dimHue(l *surface.Look) color.NRGBA  { return l.Dim }
func textHue(l *surface.Look) color.NRGBA { return l.Text }

// cardLines says what is known of the thing under the pointer.
func cardLines(s *scene, h hit, clock view.Clock, t troubles) []cardLine {
	var out []cardLine
	add := func(text string, hue func(*surface.Look) color.NRGBA) {
		out = append(out, cardLine{text: text, hue: hue})
	}
	switch {
	case h.node != nil:
		n := h.node
		out = append(out, cardLine{text: n.Label, hue: textHue, bold: true})
		add(n.Type, dimHue)
		if id := objectOf(n); id != "" {
			out = append(out, cardLine{text: id, hue: dimHue, mono: true})
		}
		if len(n.Members) > 0 {
			add("stands for "+view.Plural(len(n.Members), "object")+": click + to open", dimHue)
		}
		if change := s.changes.ofNode(n); change != graph.Same {
			_, word := changeLook(&surface.Look{}, change)
			add(word, func(l *surface.Look) color.NRGBA { hue, _ := changeLook(l, change); return hue })
			for _, w := range s.changes.words[n.ID] {
				add(w, func(l *surface.Look) color.NRGBA { return l.Accent })
			}
		}
		out = append(out, t.troubleLines(n, h.on)...)
		for _, b := range n.States {
			text := b.Text
			if !b.Since.IsZero() {
				text += " since " + clock.Format(b.Since)
			}
			health := b.Health
			add(text, func(l *surface.Look) color.NRGBA {
				if health == graph.HealthUnknown || health == graph.HealthIdle {
					return l.Text
				}
				return healthColor(l, health)
			})
		}
		if len(n.States) == 0 && n.Summary != "" {
			add(n.Summary, dimHue)
		} else if len(n.States) == 0 {
			add("no state known yet", dimHue)
		}
		if w := n.LatencyWord(); w != "" {
			add(w+", as the server says: unreliable", dimHue)
		}
		if n.Transcoding {
			add("transcodes: costs CPU", func(l *surface.Look) color.NRGBA { return l.Warning })
		}
	case h.edge != nil:
		e := h.edge
		name := func(id string) string {
			if n := s.node(id); n != nil {
				return n.Label
			}
			return id
		}
		out = append(out, cardLine{text: name(e.From) + " → " + name(e.To), hue: textHue, bold: true})
		what := surface.MediaWord(e.Media)
		if e.Count > 1 {
			what += fmt.Sprintf(", %d connections", e.Count)
		}
		add(what, func(l *surface.Look) color.NRGBA { return l.Media(e.Media) })
		flow := map[graph.Flow]string{graph.Flowing: "flowing", graph.NotFlowing: "NOT FLOWING", graph.FlowUnknown: "flow unknown: no flow event was seen and nothing was read"}[e.Flow]
		if e.Stopped > 0 && e.Stopped < e.Count {
			flow += fmt.Sprintf(" on %d of %d", e.Stopped, e.Count)
		}
		add(flow, func(l *surface.Look) color.NRGBA {
			switch e.Flow {
			case graph.Flowing:
				return l.OK
			case graph.NotFlowing:
				return l.Error
			}
			return l.Dim
		})
		if e.RateBps >= 0 {
			add(stats.Format(e.RateBps, stats.Bps), textHue)
		}
	case h.frame != nil:
		f := h.frame
		out = append(out, cardLine{text: "pipeline " + f.Label, hue: textHue, bold: true})
		if f.ID != "" {
			out = append(out, cardLine{text: f.ID, hue: dimHue, mono: true})
		}
		add(frameNote(f, s.now(f))+" · "+view.Plural(f.Connections, "connection"), textHue)
		if !f.Born.IsZero() {
			word := "created "
			if f.BornSeen {
				word = "first seen "
			}
			add(word+clock.Format(f.Born), dimHue)
		}
		if f.Zombie != "" {
			add("zombie? "+f.Zombie+" since "+clock.Format(f.ZombieSince), func(l *surface.Look) color.NRGBA { return l.Warning })
		}
		if f.Dead {
			add("gone since "+clock.Format(f.DiedAt), dimHue)
		}
	}
	return out
}

// maxCardLines bounds the card: an element with more states has them in the
// inspector.
const maxCardLines = 14

// card draws lines into a box near a point of the window, inside of it.
func (gp *graphPainter) card(c *paint.Canvas, l *surface.Look, lines []cardLine, at [2]float32, scale float32) {
	if len(lines) == 0 {
		return
	}
	if len(lines) > maxCardLines {
		lines = append(lines[:maxCardLines:maxCardLines], cardLine{text: fmt.Sprintf("and %d more in the inspector", len(lines)-maxCardLines), hue: dimHue})
	}
	const widest = 380
	face := func(ln *cardLine) *paint.Face {
		switch {
		case ln.bold:
			return l.Bold.Face(12.5 * scale)
		case ln.mono:
			return l.Mono.Face(10.5 * scale)
		}
		return l.Regular.Face(11.5 * scale)
	}
	type row struct {
		text string
		line *cardLine
	}
	var rows []row
	var w float32
	for i := range lines {
		ln := &lines[i]
		f := face(ln)
		var parts []string
		if ln.mono {
			parts = breakID(f, ln.text, widest*scale)
		} else {
			parts = surface.Wrap(f, ln.text, widest*scale, 3)
		}
		for _, p := range parts {
			rows = append(rows, row{p, ln})
			w = max(w, f.Width(p))
		}
	}
	pad, step := 10*scale, 17*scale
	bw, bh := w+2*pad, float32(len(rows))*step+2*pad-4*scale
	cw, ch := c.Size()
	x, y := at[0]*scale+16*scale, at[1]*scale+18*scale
	if x+bw > float32(cw)-4*scale {
		x = at[0]*scale - bw - 10*scale
	}
	if y+bh > float32(ch)-4*scale {
		y = at[1]*scale - bh - 10*scale
	}
	x, y = max(x, 4*scale), max(y, 4*scale)
	x, y = float32(math.Round(float64(x))), float32(math.Round(float64(y)))
	c.RoundRect(x-2*scale, y, bw+4*scale, bh+4*scale, 7*scale, paint.WithAlpha(l.Shadow, 0.5))
	c.RoundRect(x, y, bw, bh, 6*scale, l.Panel)
	c.StrokeRoundRect(x, y, bw, bh, 6*scale, surface.Hairline(scale), paint.Mix(l.Line, l.Dim, 0.3))
	base := y + pad + 10*scale
	for _, r := range rows {
		c.Text(face(r.line), r.text, x+pad, base, r.line.hue(l))
		base += step
	}
}

// breakID breaks an id after its parts, and where a part is too wide anywhere.
func breakID(f *paint.Face, s string, width float32) []string {
	var out []string
	for s != "" && len(out) < 6 {
		cut, last := 0, 0
		for i := range s {
			if f.Width(s[:i]) > width {
				break
			}
			cut = i
			if i > 0 && strings.ContainsRune("/_", rune(s[i-1])) {
				last = i
			}
		}
		switch {
		case f.Width(s) <= width:
			cut = len(s)
		case last > 0:
			cut = last
		case cut == 0:
			return append(out, f.Fit(s, width))
		}
		out = append(out, s[:cut])
		s = s[cut:]
	}
	return out
}

// layoutPatience is how long a layout may take before the page says so.
const layoutPatience = 500 * time.Millisecond
