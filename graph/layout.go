package graph

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"math"
	"os/exec"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Layout. A frame (pipeline) is placed on its own. What dies or is disconnected
// stays where it is, so that a person finds it again; what is new is put in
// beside what stands (adjust.go), until too much of the frame was put in so:
// then it is placed anew. Within a frame each connected part is one job for
// graphviz, remembered by its structure, and the parts are packed in rows, single
// boxes last in a grid. Frames are packed in rows in the order in which the
// pipelines came.
//
// graphviz runs in a child process: it is not safe for two goroutines, leaks,
// and may crash or think for minutes. When the child fails, thinks too long, or
// a part is over the limit, the part is placed in simple columns of our own
// (columns.go), and the frame's Note says so.
//
// Media of one pair share one path of graphviz and are drawn side by side.
// Rejected: one job per frame (a new element would move all the others, and
// lonely boxes make one endless column), and one job for everything (frames of
// one size for all, and 400 ms for 1,000 boxes whenever anything changes).

// What graphviz is asked to place at most; beyond it, seconds become minutes.
const (
	maxBoxesPerJob = 1_500
	maxPairsPerJob = 6_000
	jobTimeout     = 20 * time.Second
	retryAfter     = 30 * time.Second
	idleAfter      = time.Minute
)

// Layouter places graphs with graphviz in a child process of this same program.
// Any goroutine may use it; it does one graph at a time.
type Layouter struct {
	command func() *exec.Cmd
	plain   bool          // columns are what was asked for
	turn    chan struct{} // capacity 1: who holds it owns what follows

	child  *process
	idle   *time.Timer
	frames map[string]*placedFrame
	parts  map[uint64]*placedPart
	round  uint64
	seed   maphash.Seed
	broken time.Time // graphviz failed at
	why    string

	tidied    atomic.Bool
	closeOnce sync.Once
	closed    chan struct{}
}

// placedFrame is where the boxes of a frame stand, relative to the frame.
type placedFrame struct {
	at     map[string]*place     // by node id
	pairs  map[[2]string][]Point // paths by the ids of both ends
	base   int                   // boxes when all of it was placed
	bent   int                   // pairs that appeared since between boxes that stood
	w, h   float64               // its room: what is drawn may need less
	note   string
	simple bool   // placed without graphviz because that failed
	asked  uint64 // the round in which it was last asked for
}

type placedPart struct {
	*placement
	used uint64
}

// NewLayouter makes a Layouter. cmd makes the command that starts the child
// (ServeLayout); nil is ChildCommand. The child is started when it is first
// needed, and ends after a minute without work.
func NewLayouter(cmd func() *exec.Cmd) *Layouter {
	if cmd == nil {
		cmd = ChildCommand
	}
	return &Layouter{
		command: cmd, turn: make(chan struct{}, 1), closed: make(chan struct{}),
		frames: make(map[string]*placedFrame), parts: make(map[uint64]*placedPart), seed: maphash.MakeSeed(),
	}
}

// Close ends the child. Layout works on without it, in simple columns.
func (l *Layouter) Close() error {
	l.closeOnce.Do(func() { close(l.closed) })
	l.turn <- struct{}{}
	defer func() { <-l.turn }()
	if l.idle != nil {
		l.idle.Stop()
	}
	l.stopChild()
	return nil
}

// Tidy has the next Layout place everything anew: where much came and went, that
// is tidier than what was put in beside what stood. Any goroutine; it does not
// wait.
func (l *Layouter) Tidy() { l.tidied.Store(true) }

// Layout gives a placed copy of a graph: boxes, paths of edges, frames and the
// size of the whole. g is not changed. The error is that of ctx: when graphviz
// fails, the graph is placed more simply and the frames' Notes say so. Any
// goroutine; a second call waits for the first, or for its own ctx.
func (l *Layouter) Layout(ctx context.Context, g *Graph) (*Graph, error) {
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-l.turn }()
	l.rouse()
	defer l.idleLater()
	return l.place(ctx, g)
}

// rouse keeps the child from ending while there is work; idleLater lets it end
// again. For who has the turn.
func (l *Layouter) rouse() {
	if l.idle != nil {
		l.idle.Stop()
	}
}

func (l *Layouter) idleLater() { l.idle = time.AfterFunc(idleAfter, l.rest) }

// Columns gives a placed copy of a graph as Layout does, but without graphviz:
// in simple columns, at once, in this process, and equal for equal graphs. It is
// for programs that cannot afford graphviz (see package viz). Any goroutine.
func Columns(g *Graph) *Graph {
	l := NewLayouter(nil)
	l.plain = true
	out, err := l.place(context.Background(), g)
	if err != nil { // only a cancelled context or a child can fail: there are none
		return g.clone()
	}
	return out
}

// place is Layout for who has the turn.
func (l *Layouter) place(ctx context.Context, g *Graph) (*Graph, error) {
	l.round++
	if l.tidied.Swap(false) {
		clear(l.frames)
	}
	out := g.clone()
	members := out.members()
	for i := range out.Frames {
		f := &out.Frames[i]
		m := members[f.ID]
		if m == nil {
			m = &frameMembers{}
		}
		placed, err := l.frame(ctx, out, f.ID, m)
		if err != nil {
			return nil, err
		}
		placed.asked = l.round
		apply(out, f, m, placed)
	}
	packFrames(out)
	l.forget()
	return out, nil
}

// rest ends a child that has nothing to do.
func (l *Layouter) rest() {
	select {
	case l.turn <- struct{}{}:
		l.stopChild()
		<-l.turn
	default: // it has something to do
	}
}

func (l *Layouter) stopChild() {
	if l.child != nil {
		l.child.end()
		l.child = nil
	}
}

// frameMembers are the indexes of what belongs to one frame.
type frameMembers struct {
	nodes, edges []int
	pairs        map[[2]int][]int // box numbers within the frame -> edges
	order        [][2]int         // the keys of pairs, in order of appearance
}

// members sorts nodes and edges by frame. Edges to nodes that are not there
// are left without a path.
func (g *Graph) members() map[string]*frameMembers {
	out := make(map[string]*frameMembers, len(g.Frames))
	number := make(map[string]int, len(g.Nodes))
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if !(n.W > 0 && n.W < 1e5) {
			n.W = DefaultNodeWidth
		}
		if !(n.H > 0 && n.H < 1e5) {
			n.H = DefaultNodeHeight
		}
		m := out[n.Frame]
		if m == nil {
			m = &frameMembers{pairs: make(map[[2]int][]int)}
			out[n.Frame] = m
		}
		number[n.ID] = len(m.nodes)
		m.nodes = append(m.nodes, i)
	}
	for i := range g.Edges {
		e := &g.Edges[i]
		e.Path = nil
		m := out[e.Frame]
		a, okA := number[e.From]
		b, okB := number[e.To]
		if m == nil || !okA || !okB || a >= len(m.nodes) || b >= len(m.nodes) ||
			g.Nodes[m.nodes[a]].ID != e.From || g.Nodes[m.nodes[b]].ID != e.To {
			continue
		}
		p := [2]int{a, b}
		if _, ok := m.pairs[p]; !ok {
			m.order = append(m.order, p)
		}
		m.pairs[p] = append(m.pairs[p], i)
		m.edges = append(m.edges, i)
	}
	return out
}

// frame places one frame, or puts in what is new, or finds that it need not.
func (l *Layouter) frame(ctx context.Context, g *Graph, id string, m *frameMembers) (*placedFrame, error) {
	p := &placedFrame{
		at: make(map[string]*place, len(m.nodes)), pairs: make(map[[2]string][]Point, len(m.order)), base: len(m.nodes),
	}
	place := func(boxes []int) (part, error) {
		x, note, err := l.part(ctx, g, m, boxes)
		if note.text != "" && p.note == "" {
			p.note = note.text
		}
		p.simple = p.simple || note.failed
		return x, err
	}
	if old := l.frames[id]; old != nil && (!old.simple || time.Since(l.broken) < retryAfter) {
		if c, ok := old.changes(g, m); ok {
			if c.same {
				return old, nil
			}
			if err := old.adjust(g, m, c, place); err != nil {
				delete(l.frames, id) // it may be half done
				return nil, err
			}
			old.simple = old.simple || p.simple
			if old.note == "" {
				old.note = p.note
			}
			return old, nil
		}
	}
	var parts []part
	var single []int
	for _, boxes := range components(len(m.nodes), m.order) {
		if len(boxes) == 1 && m.pairs[[2]int{boxes[0], boxes[0]}] == nil {
			single = append(single, boxes[0])
			continue
		}
		x, err := place(boxes)
		if err != nil {
			return nil, err
		}
		parts = append(parts, x)
	}
	p.pack(g, m, parts, single)
	l.frames[id] = p
	return p, nil
}

// part is a connected part of a frame, placed relative to itself.
type part struct {
	boxes []int // numbers within the frame
	pairs [][2]int
	*placement
}

// notice is what to tell of a part.
type notice struct {
	text   string
	failed bool // graphviz failed, as opposed to not being asked
}

func (l *Layouter) part(ctx context.Context, g *Graph, m *frameMembers, boxes []int) (part, notice, error) {
	x := part{boxes: boxes}
	local := make(map[int]int, len(boxes))
	j := &job{Boxes: make([][2]float64, len(boxes))}
	for i, b := range boxes {
		n := &g.Nodes[m.nodes[b]]
		local[b] = i
		j.Boxes[i] = [2]float64{n.W, n.H}
	}
	for _, p := range m.order {
		if a, ok := local[p[0]]; ok {
			x.pairs = append(x.pairs, p)
			j.Pairs = append(j.Pairs, [2]int{a, local[p[1]]})
		}
	}
	turned := m.turned(g, x.pairs)
	h := l.hash(func(w *maphash.Hash) {
		for _, t := range turned {
			maphash.WriteComparable(w, t)
		}
		for i, b := range boxes {
			_, _ = w.WriteString(g.Nodes[m.nodes[b]].ID)
			writeFloats(w, j.Boxes[i][0], j.Boxes[i][1])
		}
		for _, p := range j.Pairs {
			writeFloats(w, float64(p[0]), float64(p[1]))
		}
	})
	if old := l.parts[h]; old != nil && len(old.At) == len(j.Boxes) && len(old.Paths) == len(j.Pairs) {
		old.used = l.round
		x.placement = old.placement
		return x, notice{}, nil
	}
	if l.plain {
		x.placement = elementColumns(j)
		return x, notice{}, nil
	}
	if len(j.Boxes) > maxBoxesPerJob || len(j.Pairs) > maxPairsPerJob {
		x.placement = elementColumns(j)
		return x, notice{text: fmt.Sprintf("%d connected elements are too many to be placed well in good time: they stand in simple columns.", len(j.Boxes))}, nil
	}
	placed, err := l.ask(ctx, j.turn(turned))
	if err != nil {
		if ctx.Err() != nil {
			return x, notice{}, ctx.Err()
		}
		x.placement = elementColumns(j)
		return x, notice{"Placed in simple columns, for graphviz failed: " + err.Error(), true}, nil
	}
	placed.turnBack(turned)
	placed.roomForLoops(j.Pairs)
	x.placement = placed
	l.parts[h] = &placedPart{placement: placed, used: l.round}
	return x, notice{}, nil
}

// ask gives a job to the child, to a fresh one if the first fails. After that
// graphviz has a rest: a program that cannot start its child must not try for
// each of a thousand parts.
func (l *Layouter) ask(ctx context.Context, j *job) (*placement, error) {
	select {
	case <-l.closed:
		return nil, errors.New("the window is being closed")
	default:
	}
	if !l.broken.IsZero() && time.Since(l.broken) < retryAfter {
		return nil, errors.New(l.why)
	}
	var err error
	for range 2 {
		if l.child != nil && l.child.worn() {
			l.stopChild()
		}
		if l.child == nil {
			if l.child, err = start(l.command); err != nil {
				l.child = nil
				err = fmt.Errorf("the layout process does not start: %w", err)
				continue
			}
		}
		limited, cancel := context.WithTimeout(ctx, jobTimeout)
		var p *placement
		p, err = l.child.place(limited, j)
		cancel()
		if err == nil {
			return p, nil
		}
		l.stopChild()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("it took longer than %d seconds", int(jobTimeout.Seconds()))
			break
		}
	}
	l.broken, l.why = time.Now(), err.Error()
	return nil, err
}

func (l *Layouter) hash(write func(*maphash.Hash)) uint64 {
	var h maphash.Hash
	h.SetSeed(l.seed)
	write(&h)
	return h.Sum64()
}

func writeFloats(w *maphash.Hash, vs ...float64) {
	var b [8]byte
	for _, v := range vs {
		binary.LittleEndian.PutUint64(b[:], math.Float64bits(v))
		_, _ = w.Write(b[:])
	}
}

// How much is remembered. Several graphs may share one Layouter: what was not
// asked for in a while goes first. A frame of a busy pipeline takes some 16 KB, with
// the ids of all that it had at first; what is still asked for is kept beyond maxFrames.
const (
	maxFrames  = 512
	mostFrames = 16_384
	maxParts   = 2_048
	mostParts  = 8_192
	keepFor    = 64 // calls of Layout
)

func (l *Layouter) forget() {
	if len(l.frames) > maxFrames {
		for k, f := range l.frames {
			if f.asked+keepFor < l.round {
				delete(l.frames, k)
			}
		}
	}
	if len(l.parts) > maxParts {
		for k, p := range l.parts {
			if p.used+keepFor < l.round {
				delete(l.parts, k)
			}
		}
	}
	if len(l.parts) > mostParts {
		clear(l.parts)
	}
	if len(l.frames) > mostFrames {
		clear(l.frames)
	}
}

// components gives the connected parts of n boxes, each in ascending order, by
// their first boxes.
func components(n int, pairs [][2]int) [][]int {
	root := make([]int, n)
	for i := range root {
		root[i] = i
	}
	find := func(i int) int {
		for root[i] != i {
			root[i] = root[root[i]]
			i = root[i]
		}
		return i
	}
	for _, p := range pairs {
		a, b := find(p[0]), find(p[1])
		if a != b {
			root[max(a, b)] = min(a, b)
		}
	}
	place := make(map[int]int)
	var out [][]int
	for i := range n {
		r := find(i)
		k, ok := place[r]
		if !ok {
			k = len(out)
			place[r] = k
			out = append(out, nil)
		}
		out[k] = append(out[k], i)
	}
	return out
}

// apply writes what a placed frame says into the graph, relative to the frame:
// packFrames moves it to its place.
func apply(g *Graph, f *Frame, m *frameMembers, p *placedFrame) {
	f.W, f.H = p.used()
	f.RoomW, f.RoomH, f.Note = p.w, p.h, p.note
	for _, i := range m.nodes {
		n := &g.Nodes[i]
		n.X, n.Y = p.at[n.ID].X, p.at[n.ID].Y
	}
	lanes := make(map[int]float64, len(m.edges))
	for _, k := range m.order {
		from, to := g.Nodes[m.nodes[k[0]]].ID, g.Nodes[m.nodes[k[1]]].ID
		path := p.pairs[[2]string{from, to}]
		turned := path == nil
		if turned { // the pair turned round since it was placed
			path = slices.Clone(p.pairs[[2]string{to, from}])
			slices.Reverse(path)
		}
		edges := m.pairs[k]
		both := m.pairs[[2]int{k[1], k[0]}] != nil && turned
		for e, i := range edges {
			off := (float64(e) - float64(len(edges)-1)/2) * laneSpacing
			if both {
				off += float64(len(edges)) * laneSpacing
			}
			off = clamp(off, m.offsetLimit(g, k))
			lanes[i] = off
			g.Edges[i].Path = shifted(path, off)
		}
	}
	ports(g, m, lanes)
}

// laneSpacing is between the media of one pair.
const laneSpacing = 8

// offsetLimit keeps shifted ends on the side of the box.
func (m *frameMembers) offsetLimit(g *Graph, k [2]int) float64 {
	return min(g.Nodes[m.nodes[k[0]]].H, g.Nodes[m.nodes[k[1]]].H)/2 - 4
}

// clamp keeps a value between -limit and limit.
func clamp(v, limit float64) float64 { return min(max(v, -max(limit, 0)), max(limit, 0)) }

// shifted moves a path downwards: edges go from left to right, so that puts
// them side by side.
func shifted(path []Point, by float64) []Point {
	out := make([]Point, len(path))
	for i, p := range path {
		out[i] = Point{p.X, p.Y + by}
	}
	return out
}
