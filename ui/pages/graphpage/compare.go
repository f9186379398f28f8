package graphpage

import (
	"fmt"
	"image/color"
	"strings"
	"time"

	"kmscope/graph"
	"kmscope/inventory"
	"kmscope/ui/page"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
)

// What changed between two moments. A person marks a moment; from then on the
// graph shows what is at the cursor, and beside it what changed since the mark: what
// is new, what is gone (it stands where it stood) and what is in another state.
// The cursor may be before the mark: the earlier moment is always the one before.
// While the cursor stands in the past without a mark, what came or went shortly
// before it is marked in the same way.

// recentFor is how long before a cursor in the past something came or went to be
// marked.
const recentFor = 5 * time.Second

// changes are what a scene says of the time before it.
type changes struct {
	nodes  map[string]graph.Change // by node id
	words  map[string][]string     // what changed of a node, in words
	edges  map[edgeID]graph.Change
	count  struct{ added, removed, changed int }
	marked bool // a person asked for it
}

type edgeID struct {
	from, to string
	media    inventory.Media
	partOf   bool
}

func idOf(e *graph.Edge) edgeID { return edgeID{e.From, e.To, e.Media, e.PartOf} }

// compare gives a graph with what it had before, and what changed; shortly tells
// that only what came and went matters, not what changed its state.
func compare(before, after *graph.Graph, shortly bool) (*graph.Graph, *changes) {
	d := graph.Compare(before, after)
	c := &changes{nodes: map[string]graph.Change{}, words: d.Words, edges: map[edgeID]graph.Change{}, marked: !shortly}
	c.count.added, c.count.removed, c.count.changed = d.Count.Added, d.Count.Removed, d.Count.Changed
	for i, change := range d.Nodes {
		if change != graph.Same && (!shortly || change != graph.Changed) {
			c.nodes[d.Graph.Nodes[i].ID] = change
		}
	}
	for i, change := range d.Edges {
		if change != graph.Same && (!shortly || change != graph.Changed) {
			c.edges[idOf(&d.Graph.Edges[i])] = change
		}
	}
	if shortly && len(c.nodes)+len(c.edges) == 0 {
		return after, nil
	}
	return d.Graph, c
}

// ofNode gives what became of a node; of one that stands for several, what became
// of all of them, or that some changed.
func (c *changes) ofNode(n *graph.Node) graph.Change {
	if c == nil {
		return graph.Same
	}
	if len(n.Members) == 0 {
		return c.nodes[n.ID]
	}
	all := c.nodes[n.Members[0]]
	for _, id := range n.Members {
		if c.nodes[id] != all {
			return graph.Changed
		}
	}
	return all
}

func (c *changes) ofEdge(e *graph.Edge) graph.Change {
	if c == nil {
		return graph.Same
	}
	return c.edges[idOf(e)]
}

// sum says how much changed: "+3 −1, 2 changed".
func (c *changes) sum() string {
	if c.count.added+c.count.removed+c.count.changed == 0 {
		return "nothing changed"
	}
	var parts []string
	if c.count.added > 0 {
		parts = append(parts, fmt.Sprintf("+%d", c.count.added))
	}
	if c.count.removed > 0 {
		parts = append(parts, fmt.Sprintf("−%d", c.count.removed))
	}
	out := strings.Join(parts, " ")
	if c.count.changed > 0 {
		if out != "" {
			out += ", "
		}
		out += fmt.Sprintf("%d changed", c.count.changed)
	}
	return out
}

// changeLook gives the hue and the word of a change.
func changeLook(l *surface.Look, c graph.Change) (hue color.NRGBA, word string) {
	switch c {
	case graph.Added:
		return l.OK, "+ new"
	case graph.Removed:
		return l.Error, "− gone"
	}
	return l.Accent, "changed"
}

// changed marks what became of a node: an outline and a word on its upper left
// corner; what is gone is outlined in pieces.
func (gp *graphPainter) changed(c *paint.Canvas, l *surface.Look, n *graph.Node, change graph.Change, v surface.Viewport, k, scale float32) {
	x, y, w, h := snap(v, nodeRect(n), scale)
	hue, word := changeLook(l, change)
	line := max(1.5*min(k, scale), surface.Hairline(scale))
	if change == graph.Removed && v.Zoom >= boxesFrom {
		d := paint.Dash{4 * scale, 4 * scale}
		c.Line(x, y, x+w, y, line, hue, d)
		c.Line(x, y+h, x+w, y+h, line, hue, d)
		c.Line(x, y, x, y+h, line, hue, d)
		c.Line(x+w, y, x+w, y+h, line, hue, d)
	} else {
		c.StrokeRoundRect(x, y, w, h, nodeRadius*k, line, hue)
	}
	if 10*k < leastText*scale {
		return
	}
	f := l.Bold.Face(10 * k)
	gp.pill(c, l, x-4*k+max(f.Width(word)+14*k, 24*k), y-8*k, word, hue, k, false)
}

// changedEdge marks what became of an edge, in its middle.
func (gp *graphPainter) changedEdge(c *paint.Canvas, l *surface.Look, e *graph.Edge, change graph.Change, v surface.Viewport, k, scale float32) {
	at := 0.22
	switch e.Media { // media run side by side, nearer than such a mark is wide
	case inventory.Video:
	case inventory.Data:
		at += 0.14
	default:
		at += 0.28
	}
	p, ok := pathPoint(e.Path, at)
	if !ok || e.PartOf || v.Zoom < boxesFrom {
		return
	}
	x, y := v.ToWindow(p.X, p.Y)
	px, py, r := float32(x)*scale, float32(y)*scale, 6*min(k, 1.4*scale)
	hue, _ := changeLook(l, change)
	c.Circle(px, py, r+1.5*scale, paint.Mix(l.Background, l.Panel, 0.35))
	c.Circle(px, py, r, hue)
	w := max(1.6*min(k, scale), surface.Hairline(scale))
	c.Line(px-r*0.5, py, px+r*0.5, py, w, l.OnAccent, nil)
	if change == graph.Added {
		c.Line(px, py-r*0.5, px, py+r*0.5, w, l.OnAccent, nil)
	}
	if change == graph.Changed {
		c.Circle(px, py, r*0.4, l.OnAccent)
	}
}

// mark takes the moment of the cursor as the one to compare with; a second time
// ends comparing.
func (p *Page) toggleMark() {
	if !p.mark.IsZero() {
		p.setMark(time.Time{})
		return
	}
	if p.view == nil || p.view.Server() == nil {
		return
	}
	at, _ := p.view.Cursor()
	p.setMark(at)
}

// setMark compares with a moment; the zero time ends that.
func (p *Page) setMark(at time.Time) {
	p.mark = at
	p.sayBar()
	p.refresh()
}

// compareRange compares the ends of the visible range.
func (p *Page) compareRange() {
	if p.view == nil || p.view.Server() == nil {
		return
	}
	from, to := p.view.Range()
	p.mark = from
	p.view.Pin(to)
	p.setMark(from)
}

// before gives the state to compare with, and whether a person asked for it; nil
// for none.
func (p *Page) before(q *part) (snap *inventory.Snapshot, shortly bool) {
	at, live := p.view.Cursor()
	if !p.mark.IsZero() {
		snap = p.view.SnapshotAt(q.session, p.mark)
		if p.mark.After(at) { // the mark is the later one
			snap, q.snap = q.snap, snap
		}
		return snap, false
	}
	if live && q.session.Live() || at.IsZero() {
		return nil, false
	}
	if snap = p.view.SnapshotAt(q.session, at.Add(-recentFor)); snap == q.snap || snap.At.After(q.snap.At) {
		return nil, false
	}
	return snap, true
}

// sayMark gives the words of what is compared; "" is nothing.
func (p *Page) sayMark() string {
	if p.mark.IsZero() || p.view == nil {
		return ""
	}
	at, live := p.view.Cursor()
	first, second := p.view.Clock().Format(p.mark), p.view.Clock().Format(at)
	switch {
	case p.mark.After(at):
		first, second = second, first
	case live && p.view.Server() != nil && p.view.Server().Live(): // a replay is where it was put
		second = "now"
	}
	text := first + " → " + second
	if p.scene != nil && p.scene.changes != nil && p.scene.changes.marked {
		text += ": " + p.scene.changes.sum()
	}
	return text
}

func (p *Page) compareCommands() []page.Command {
	return []page.Command{
		{Title: "Graph: compare with the moment of the cursor, or end comparing", Run: p.toggleMark},
		{Title: "Graph: compare the ends of the visible range", Run: p.compareRange},
	}
}
