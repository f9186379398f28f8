package graphpage

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"kmscope/graph"
	"kmscope/inventory"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
	"kmscope/ui/view"
)

// Several servers side by side. Each is built, looked at through the lens and
// placed on its own, as it would be alone, so that it stands the same in both
// views; then it gets a band with its name, and the bands are put in rows.
// Rejected: one graph of all, because pipelines of several servers would be
// packed among each other, and because two captures of one server have the same
// ids.

// maxBeside bounds how many servers are drawn at once.
const maxBeside = 8

// part is what a scene depends on of one server.
type part struct {
	session view.Session
	snap    *inventory.Snapshot
	version uint64
	moves   *moves
	// prior is the state to compare with, nil for none; shortly tells that nobody
	// asked for it.
	prior   *inventory.Snapshot
	shortly bool
}

// parts gives what to draw: the servers side by side, or the one.
func (q *graphQuery) parts() []part {
	n := 0
	for n < len(q.beside) && q.beside[n].session != nil {
		n++
	}
	if n == 0 {
		return []part{q.part}
	}
	return q.beside[:n]
}

// partOf gathers what a scene depends on of one server.
func (p *Page) partOf(x view.Session) part {
	out := part{session: x, snap: p.view.Snapshot(x), moves: p.movesOf(x)}
	out.prior, out.shortly = p.before(&out)
	if store := x.Stats(); store != nil {
		out.version = store.Version()
	}
	return out
}

// others counts the servers that could be drawn side by side.
func (p *Page) others() int {
	if p.view == nil || p.view.Workspace() == nil {
		return 0
	}
	return len(p.view.Workspace().Sessions())
}

// toggleAll goes from the one server to all of them, and back.
func (p *Page) toggleAll() {
	p.all = !p.all
	p.fitted = true
	p.sayBar()
	p.refresh()
}

// sayServers shows the switch where there is something to switch.
func (p *Page) sayServers() {
	n := p.others()
	if n < 2 {
		p.all = false
	}
	text := "All " + strconv.Itoa(n) + " servers"
	if n > maxBeside {
		text = "First " + strconv.Itoa(maxBeside) + " servers"
	}
	if p.all {
		text = "One server"
	}
	p.bar.servers.Set("", text)
	show(p.bar.servers, n > 1)
}

// band is the ground of one server among several.
type band struct {
	session     view.Session
	name, words string
	connected   bool
	rect        surface.Rect
	nodes       [2]int // the indexes of its nodes in the scene: from, before
}

// apart is the scene of one server among several, as it would be alone.
type apart struct {
	scene *scene
	of    part
}

// bandOf gives the scene of a server; nil is none.
func (s *scene) bandOf(x view.Session) *apart {
	for i := range s.apart {
		if s.apart[i].of.session == x {
			return &s.apart[i]
		}
	}
	return nil
}

// The measures of a band, in points.
const (
	bandHeader = 44.0
	bandInset  = 20.0
	bandGap    = 28.0
)

// onHeader tells whether a point of the plane is on the name of a band.
func (b *band) onHeader(x, y float64) bool {
	head := b.rect
	head.H = bandHeader
	return head.Contains(x, y)
}

// serverAt gives the server on whose band a point lies; nil is none, or there is
// but one server.
func (s *scene) serverAt(x, y float64) view.Session {
	for i := range s.bands {
		if s.bands[i].rect.Contains(x, y) {
			return s.bands[i].session
		}
	}
	return nil
}

// serverOf gives the server of an object; nil where there is but one.
func (s *scene) serverOf(id string) view.Session {
	if s == nil || len(s.bands) == 0 {
		return nil
	}
	if i, ok := s.index[id]; ok {
		return s.bandOfNode(i).session
	}
	if r, ok := s.place(id); ok {
		return s.serverAt(r.X+r.W/2, r.Y+r.H/2)
	}
	return nil
}

// bandOfNode gives the band on which the ith node stands; nil where there is one
// server.
func (s *scene) bandOfNode(i int) *band {
	for k := range s.bands {
		if b := &s.bands[k]; i >= b.nodes[0] && i < b.nodes[1] {
			return b
		}
	}
	return nil
}

// placeAll makes the scene of several servers. figures are by part. For who has
// the placer's turn.
func (pl *placer) placeAll(ctx context.Context, q graphQuery, figures []graph.Figures) (*scene, error) {
	parts := q.parts()
	made := make([]built, len(parts))
	pipelines, found := 0, false
	for i := range parts {
		made[i] = pl.build(&q, &parts[i], figures[i])
		pipelines += made[i].pipelines
		found = found || made[i].seen.focused
	}
	scenes := make([]*scene, 0, len(parts))
	of := make([]part, 0, len(parts))
	tiles := false
	for i := range made {
		tiles = tiles || made[i].seen.overview(&q, pipelines)
	}
	for i := range made {
		if found && !made[i].seen.focused {
			continue // what is looked at is on another server
		}
		s, err := pl.finish(ctx, &q, &parts[i], &made[i], tiles)
		if err != nil {
			return nil, err
		}
		scenes, of = append(scenes, s), append(of, parts[i])
	}
	return joined(scenes, of), nil
}

// joined puts the scenes of several servers into one.
func joined(scenes []*scene, of []part) *scene {
	out := &scene{g: &graph.Graph{}, index: map[string]int{}, moments: map[string]time.Time{}, lost: true}
	sizes := make([]surface.Rect, len(scenes))
	for i, s := range scenes {
		sizes[i] = surface.Rect{
			W: max(s.room.W, nodeMinWidth) + 2*bandInset, H: max(s.room.H, nodeHeight) + bandHeader + bandInset,
		}
	}
	for i, at := range inRows(sizes) {
		out.join(scenes[i], &of[i], at)
	}
	return out
}

// inRows puts boxes in rows from left to right, so that the whole is about as
// wide as a window.
func inRows(sizes []surface.Rect) []surface.Rect {
	area, widest := 0.0, 0.0
	for _, s := range sizes {
		area += (s.W + bandGap) * (s.H + bandGap)
		widest = max(widest, s.W)
	}
	width := widest
	for width*width < 1.8*area {
		width *= 1.2
	}
	out := slices.Clone(sizes)
	x, y, row := 0.0, 0.0, 0.0
	for i := range out {
		if x > 0 && x+out[i].W > width {
			x, y, row = 0, y+row+bandGap, 0
		}
		out[i].X, out[i].Y = x, y
		x += out[i].W + bandGap
		row = max(row, out[i].H)
	}
	return out
}

// join adds the scene of a server, in a band.
func (s *scene) join(x *scene, of *part, rect surface.Rect) {
	dx, dy := rect.X+bandInset-x.room.X, rect.Y+bandHeader-x.room.Y
	from := len(s.g.Nodes)
	for _, f := range x.g.Frames {
		s.moments[f.ID] = x.at
		f.X, f.Y = f.X+dx, f.Y+dy
		s.g.Frames = append(s.g.Frames, f)
	}
	for _, n := range x.g.Nodes {
		n.X, n.Y = n.X+dx, n.Y+dy
		s.g.Nodes = append(s.g.Nodes, n)
	}
	for _, e := range x.g.Edges {
		e.Path = slices.Clone(e.Path)
		for i := range e.Path {
			e.Path[i].X, e.Path[i].Y = e.Path[i].X+dx, e.Path[i].Y+dy
		}
		s.g.Edges = append(s.g.Edges, e)
	}
	for id, i := range x.index {
		if _, taken := s.index[id]; !taken {
			s.index[id] = from + i
		}
	}
	alive := of.snap.Counts
	s.bands = append(s.bands, band{
		session: of.session, name: of.session.Name(), connected: of.snap.Server.Connected || !of.session.Live(), rect: rect,
		words: view.Plural(alive.Pipelines, "pipeline") + " · " + view.Plural(alive.Elements, "element"),
		nodes: [2]int{from, len(s.g.Nodes)},
	})
	s.apart = append(s.apart, apart{x, *of})
	s.bounds = s.bounds.Union(rect)
	s.g.W, s.g.H = max(s.g.W, rect.X+rect.W), max(s.g.H, rect.Y+rect.H)
	if x.at.After(s.at) {
		s.at = x.at
	}
	s.hidden, s.pipelines, s.groups = s.hidden+x.hidden, s.pipelines+x.pipelines, s.groups+x.groups
	s.matched, s.total = s.matched+x.matched, s.total+x.total
	s.tiles, s.lost = x.tiles, s.lost && x.lost
	s.over = x.over && (s.over || len(s.bands) == 1)
	s.dimNodes = beside(s.dimNodes, from, x.dimNodes, len(x.g.Nodes))
	s.dimEdges = beside(s.dimEdges, len(s.g.Edges)-len(x.g.Edges), x.dimEdges, len(x.g.Edges))
	s.onWay = beside(s.onWay, len(s.g.Edges)-len(x.g.Edges), x.onWay, len(x.g.Edges))
	if s.way == "" || x.onWay != nil {
		s.way = x.way
	}
	s.changes = s.changes.and(x.changes)
}

// beside appends the marks of n things to those of as many as there were; nil
// is none marked.
func beside(old []bool, had int, more []bool, n int) []bool {
	if old == nil && more == nil {
		return nil
	}
	if old == nil {
		old = make([]bool, had)
	}
	if more == nil {
		more = make([]bool, n)
	}
	return append(old, more...)
}

// and gives what changed on two servers.
func (c *changes) and(x *changes) *changes {
	switch {
	case c == nil:
		return x
	case x == nil:
		return c
	}
	out := &changes{nodes: maps.Clone(c.nodes), words: map[string][]string{}, edges: maps.Clone(c.edges), count: c.count, marked: c.marked || x.marked}
	maps.Copy(out.nodes, x.nodes)
	maps.Copy(out.edges, x.edges)
	maps.Copy(out.words, c.words)
	maps.Copy(out.words, x.words)
	out.count.added += x.count.added
	out.count.removed += x.count.removed
	out.count.changed += x.count.changed
	return out
}

// band draws the ground and the name of a server.
func (gp *graphPainter) band(c *paint.Canvas, l *surface.Look, b *band, v surface.Viewport, k, scale float32, chosen bool) {
	x, y, w, h := snap(v, b.rect, scale)
	line := l.Line
	if chosen {
		line = l.Accent
	}
	c.RoundRect(x, y, w, h, frameRadius*k, paint.Mix(l.Background, l.Panel, 0.7))
	c.StrokeRoundRect(x, y, w, h, frameRadius*k, surface.Hairline(scale), line)
	// The name stays readable when all is far away: that is when it is needed.
	size := max(15*k, min(11*scale, h*0.5))
	hue := l.OK
	switch {
	case !b.session.Live():
		hue = l.Dim
	case !b.connected:
		hue = l.Error
	}
	bold := l.Bold.Face(size)
	middle := y + max(bandHeader*k, size*1.6)/2
	c.Circle(x+bandInset*k+size*0.3, middle, size*0.3, hue)
	left := x + bandInset*k + size
	end := c.Text(bold, bold.Fit(b.name, w-(left-x)-bandInset*k), left, middle+bold.CapHeight()/2, l.Text)
	if small := l.Regular.Face(size * 0.85); small.Width(b.words) < x+w-end-2*size {
		c.Text(small, b.words, end+size, middle+small.CapHeight()/2, l.Dim)
	}
}

// chooseOn selects an object of a server, or the server itself with "". A server
// of nil is the one that is looked at.
func (p *Page) chooseOn(x view.Session, id string) {
	if x == nil || x == p.view.Server() {
		p.choose(id)
		return
	}
	p.lastSelected = id
	p.view.Select(view.Selection{Session: x, Object: id})
	p.surface.Repaint()
}
