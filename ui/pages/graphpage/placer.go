package graphpage

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"kmscope/graph"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// placer builds and places graphs, one at a time, and remembers the last
// placed ones.
type placer struct {
	layouter Layouter

	mu    sync.Mutex
	graph graph.Builder
	last  map[view.Session]placedGraph
	stale atomic.Bool     // what is placed is not wanted any more
	face  *paint.Typeface // its own: the interface's belongs to the interface
}

// placedGraph is a graph as the layout gave it.
type placedGraph struct {
	shape uint64
	g     *graph.Graph
}

// forget has the next graph placed whatever its shape. Any goroutine.
func (pl *placer) forget() { pl.stale.Store(true) }

// place makes a scene; figures are by part of the query.
func (pl *placer) place(ctx context.Context, q graphQuery, figures []graph.Figures) (*scene, error) {
	pl.mu.Lock()
	defer pl.mu.Unlock()
	parts := q.parts()
	if pl.stale.Swap(false) {
		clear(pl.last)
	}
	for x := range pl.last {
		if !slices.ContainsFunc(parts, func(of part) bool { return of.session == x }) {
			delete(pl.last, x)
		}
	}
	defer pl.graph.Forget(0)
	if len(parts) > 1 {
		return pl.placeAll(ctx, q, figures)
	}
	b := pl.build(&q, &parts[0], figures[0])
	return pl.finish(ctx, &q, &parts[0], &b, b.seen.overview(&q, b.pipelines))
}

// built is the graph of one server before it is placed.
type built struct {
	hidden    int          // objects that are gone and not shown
	over      bool         // nothing is alive: what is shown is gone
	pipelines int          // before the lens
	graph     *graph.Graph // before the lens
	diff      *changes
	seen      lensed
}

func (pl *placer) build(q *graphQuery, of *part, figures graph.Figures) built {
	var b built
	if !q.gone {
		b.graph, b.hidden = pl.graph.BuildAlive(of.snap, figures)
		// Where nothing is left, what was there is all there is to see: the
		// usual end of a capture.
		b.over = len(b.graph.Frames) == 0 && b.hidden > 0
	}
	if q.gone || b.over {
		b.graph, b.hidden = pl.graph.Build(of.snap, figures), 0
	}
	if of.prior != nil {
		prior, _ := pl.graph.BuildAlive(of.prior, graph.Figures{})
		if !b.over {
			b.graph, b.diff = compare(prior, b.graph, of.shortly)
		}
	}
	b.pipelines = len(b.graph.Frames)
	b.seen = q.lens.look(b.graph, q.selected)
	return b
}

// finish places what was built, as tiles or with all that is in them.
func (pl *placer) finish(ctx context.Context, q *graphQuery, of *part, b *built, tiles bool) (*scene, error) {
	if tiles {
		s := newScene(tiled(b.graph, q.aspect), of.snap.At)
		s.hidden, s.over, s.tiles, s.pipelines, s.total = b.hidden, b.over, true, b.pipelines, b.seen.total
		return s, nil
	}
	g := b.seen.g
	pl.measure(g)
	sh := shape(g)
	if last, ok := pl.last[of.session]; ok && last.shape == sh {
		g = placedAs(g, last.g)
	} else {
		placed, err := pl.layouter.Layout(ctx, g)
		if err != nil {
			return nil, err
		}
		if len(placed.Nodes) != len(g.Nodes) || len(placed.Edges) != len(g.Edges) || len(placed.Frames) != len(g.Frames) {
			return nil, fmt.Errorf("the layout gave %d of %d nodes", len(placed.Nodes), len(g.Nodes))
		}
		if pl.last == nil {
			pl.last = map[view.Session]placedGraph{}
		}
		pl.last[of.session], g = placedGraph{sh, placed}, placed
	}
	s := newScene(of.moves.apply(g), of.snap.At)
	s.placed, s.changes = g, b.diff
	s.hidden, s.over, s.pipelines = b.hidden, b.over, b.pipelines
	s.dim(q.lens, &b.seen)
	return s, nil
}

// overview tells whether pipelines are to be shown as tiles: there are many, and
// nobody looks at a part of them.
func (seen *lensed) overview(q *graphQuery, pipelines int) bool {
	return pipelines > tilesFrom && q.selected == "" && seen.match == nil && !seen.focused && (q.lens == nil || !q.lens.flat && q.lens.to == "")
}

// The bounds of a node's box. Widths depend on the names alone and go in
// steps, so that a change of state moves nothing.
const (
	nodeMinWidth  = 208.0
	nodeMaxWidth  = 268.0
	nodeWidthStep = 20.0
	nodeHeight    = 58.0
)

// terse leaves out the words that say that all is well.
var terse = strings.NewReplacer("DTLS CONNECTED", "DTLS", "media CONNECTED", "media", "connection CONNECTED", "connected")

func (pl *placer) measure(g *graph.Graph) {
	if pl.face == nil {
		pl.face = surface.TypefaceOr(theme.SemiBold())
	}
	f, small := pl.face.Face(nodeTitle), pl.face.Face(nodeSmall)
	for i := range g.Nodes {
		n := &g.Nodes[i]
		w := float64(f.Width(n.Label)) + 50
		if len(n.Members) > 0 {
			w += 24 // the sign that opens it
		}
		w = math.Ceil((w-nodeMinWidth)/nodeWidthStep)*nodeWidthStep + nodeMinWidth
		n.W, n.H = min(max(w, nodeMinWidth), nodeMaxWidth), nodeHeight
		if float64(small.Width(n.Summary)) > n.W-22 {
			n.Summary = terse.Replace(n.Summary)
		}
	}
}
