package graph

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"kmscope/inventory"
)

// TestAdjust lets pipelines live, at random: elements and connections come and
// go, names are set. After each step everything must be placed soundly, and what
// stood and still stands with neighbours must not have moved, unless the frame
// was placed anew, which must stay rare.
func TestAdjust(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 3))
			l := newLayouter(t, nil)
			l.plain = true
			g := many(40, 50, seed)
			at := map[string]Point{}
			anew, next := 0, 0
			place := func() *Graph {
				g = g.clone()
				old := l.frames["p"]
				out, err := l.place(t.Context(), g)
				if err != nil {
					t.Fatal(err)
				}
				sound(t, out)
				if l.frames["p"] != old {
					anew++
				}
				return out
			}
			first := place()
			for _, n := range first.Nodes {
				at[n.ID] = Point{n.X, n.Y}
			}
			for step := range 60 {
				before := anew
				switch k := r.IntN(len(g.Nodes)); r.IntN(5) {
				case 0, 1: // an element comes, connected to another
					id := fmt.Sprint("new", next)
					next++
					g.Nodes = append(g.Nodes, Node{ID: id, Frame: "p", W: 180, H: 56})
					e := Edge{From: g.Nodes[k].ID, To: id, Frame: "p", Media: inventory.Video, Count: 1}
					if r.IntN(4) == 0 {
						e.From, e.To = e.To, e.From
					}
					g.Edges = append(g.Edges, e)
				case 2: // one goes
					id := g.Nodes[k].ID
					out := g.subset(func(n *Node) bool { return n.ID != id }, func(*Frame, bool) bool { return true })
					g.Nodes, g.Edges = out.Nodes, out.Edges
				case 3: // two are connected
					g.Edges = append(g.Edges, Edge{From: g.Nodes[k].ID, To: g.Nodes[r.IntN(len(g.Nodes))].ID, Frame: "p", Media: inventory.Audio, Count: 1})
				case 4: // one gets a name
					g.Nodes[k].W = 180 + 20*float64(r.IntN(6))
				}
				loose := map[string]bool{}
				for id, p := range l.frames["p"].at {
					loose[id] = p.loose
				}
				by := map[Point]int{} // how far boxes moved; a column before the first moves all alike
				stood := 0
				out := place()
				now := map[string]Point{}
				for _, n := range out.Nodes {
					now[n.ID] = Point{n.X, n.Y}
					if was, ok := at[n.ID]; ok && !loose[n.ID] && anew == before {
						stood++
						by[Point{math.Round(n.X - was.X), math.Round(n.Y - was.Y)}]++
					}
				}
				most := 0
				for _, n := range by {
					most = max(most, n)
				}
				if stood-most > 1 || stood > 0 && by[Point{}] < most && len(by) > 2 { // one may get too wide for where it stood
					t.Fatalf("step %d: boxes moved by %v", step, by)
				}
				at = now
			}
			if anew > 8 {
				t.Errorf("the frame was placed anew %d times in 60 steps", anew)
			}
		})
	}
}

// TestAdjustKeepsTheOrder puts a viewer more under a presenter: it stands in the
// column of the others, and the one that comes back has its old place.
func TestAdjustKeepsTheOrder(t *testing.T) {
	l := newLayouter(t, nil)
	g := &Graph{Frames: []Frame{{ID: "p"}}, Nodes: []Node{{ID: "presenter", Frame: "p"}}}
	add := func(id string) {
		g = g.clone()
		g.Nodes = append(g.Nodes, Node{ID: id, Frame: "p"})
		g.Edges = append(g.Edges, Edge{From: "presenter", To: id, Frame: "p", Media: inventory.Video, Count: 1})
	}
	for i := range 12 {
		add(fmt.Sprint("viewer", i))
	}
	one, err := l.Layout(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	without := g.subset(func(n *Node) bool { return n.ID != "viewer5" }, func(*Frame, bool) bool { return true })
	if _, err := l.Layout(t.Context(), without); err != nil {
		t.Fatal(err)
	}
	add("one more")
	two, err := l.Layout(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	sound(t, two)
	for i, n := range one.Nodes {
		if two.Nodes[i].X != n.X || two.Nodes[i].Y != n.Y {
			t.Errorf("%s moved from %v,%v to %v,%v", n.ID, n.X, n.Y, two.Nodes[i].X, two.Nodes[i].Y)
		}
	}
	if a, b := node(t, two, "one more"), node(t, two, "viewer5"); a.X != b.X {
		t.Errorf("the new viewer stands at %v, the others at %v", a.X, b.X)
	}
	if l.child.jobs != 1 {
		t.Errorf("graphviz was asked %d times", l.child.jobs)
	}
	l.Tidy()
	if _, err := l.Layout(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	if l.child.jobs != 2 {
		t.Error("nothing was tidied")
	}
}

// TestBothWays has a guest with a port come to a conference: what goes to and fro
// between the two runs side by side, and not around their boxes.
func TestBothWays(t *testing.T) {
	l := newLayouter(t, nil)
	l.plain = true
	g := &Graph{Frames: []Frame{{ID: "p"}}, Nodes: []Node{{ID: "hub", Frame: "p", Kind: Hub, W: 180, H: 56}}}
	join := func(i int) {
		guest, port := fmt.Sprint("guest", i), fmt.Sprint("port", i)
		g.Nodes = append(g.Nodes, Node{ID: guest, Frame: "p", W: 180, H: 56}, Node{ID: port, Frame: "p", Kind: HubPort, Parent: "hub", W: 180, H: 56})
		for _, m := range []inventory.Media{inventory.Audio, inventory.Video} {
			g.Edges = append(g.Edges, Edge{From: guest, To: port, Frame: "p", Media: m, Count: 1}, Edge{From: port, To: guest, Frame: "p", Media: m, Count: 1})
		}
		g.Edges = append(g.Edges, Edge{From: port, To: "hub", Frame: "p", PartOf: true, Count: 1})
	}
	for i := range 9 {
		join(i)
	}
	if _, err := l.place(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	join(9)
	out, err := l.place(t.Context(), g.clone())
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]box{}
	for _, n := range out.Nodes {
		at[n.ID] = box{n.X, n.Y, n.W, n.H}
	}
	seen := 0
	for _, e := range out.Edges {
		if e.PartOf || e.From != "guest9" && e.To != "guest9" {
			continue
		}
		seen++
		a, b := at[e.From], at[e.To]
		if a.x > b.x {
			a, b = b, a
		}
		for _, p := range e.Path {
			if p.X < a.x+a.w-1 || p.X > b.x+1 {
				t.Errorf("%s -> %s goes by %v, the boxes are %v and %v", e.From, e.To, p, a, b)
				break
			}
		}
	}
	if seen != 4 || len(l.frames) != 1 || l.frames["p"].base != 19 {
		t.Errorf("%d edges, and the frame was placed anew", seen)
	}
}

// TestFrameShrinks has viewers come who are not connected at first, and then become
// part of the one node of all viewers: the frame does not keep their room. One that
// comes back finds it again.
func TestFrameShrinks(t *testing.T) {
	l := newLayouter(t, nil)
	l.plain = true
	crowd := Node{ID: "presenter#WebRtcEndpoint", Frame: "p", W: 208, Members: []string{"a", "b"}}
	alone := &Graph{
		Frames: []Frame{{ID: "p"}}, Nodes: []Node{{ID: "presenter", Frame: "p", W: 208}, crowd},
		Edges: []Edge{{From: "presenter", To: crowd.ID, Frame: "p", Media: inventory.Video, Count: 2}},
	}
	size := func(g *Graph) Point {
		t.Helper()
		out, err := l.Layout(t.Context(), g)
		if err != nil {
			t.Fatal(err)
		}
		sound(t, out)
		return Point{out.Frames[0].W, out.Frames[0].H}
	}
	small := size(alone)
	with := alone.clone()
	with.Nodes = append(with.Nodes, Node{ID: "c", Frame: "p", W: 208}, Node{ID: "d", Frame: "p", W: 208})
	large := size(with)
	if large.X*large.Y < 2*small.X*small.Y {
		t.Fatalf("%v is no room for two more than in %v", large, small)
	}
	before := l.frames["p"]
	if got := size(alone); got.X > small.X+1 || got.Y > small.Y+3*laneSpacing {
		t.Errorf("the frame is %v when all is one node, %v before", got, small)
	}
	size(with)
	if l.frames["p"] != before {
		t.Error("the frame was placed anew")
	}
}

// TestFrameFits has guests of a conference come as applications create them, first
// without a connection: they wait below the others, and go beside the hub when they
// are connected. Guests leave, too. The frame is drawn round what is in it each time,
// and neither the boxes nor the pipeline below move for that.
func TestFrameFits(t *testing.T) {
	l := newLayouter(t, nil)
	l.plain = true
	g := &Graph{
		Frames: []Frame{{ID: "p"}, {ID: "q"}},
		Nodes:  []Node{{ID: "hub", Frame: "p", Kind: Hub, W: 208}, {ID: "other", Frame: "q", W: 1200}},
	}
	come := func(i int) {
		g = g.clone()
		g.Nodes = append(g.Nodes, Node{ID: fmt.Sprint("port", i), Frame: "p", Kind: HubPort, W: 208})
	}
	connect := func(i int) {
		g = g.clone()
		g.Edges = append(g.Edges, Edge{From: fmt.Sprint("port", i), To: "hub", Frame: "p", PartOf: true, Count: 1})
	}
	leave := func(i int) {
		id := fmt.Sprint("port", i)
		g = g.subset(func(n *Node) bool { return n.ID != id }, func(*Frame, bool) bool { return true })
	}
	place := func() *Graph {
		t.Helper()
		out, err := l.place(t.Context(), g.clone())
		if err != nil {
			t.Fatal(err)
		}
		sound(t, out)
		low := 0.0
		for _, n := range out.Nodes {
			if n.Frame == "p" {
				low = max(low, n.Y+n.H)
			}
		}
		if f := out.Frames[0]; math.Abs(f.Y+f.H-low-FramePadding) > 1 {
			t.Errorf("the frame ends at %v, what is in it at %v", f.Y+f.H, low)
		}
		return out
	}
	for i := range 6 {
		come(i)
		connect(i)
	}
	place()
	first := l.frames["p"]
	come(6)
	waits := place()
	connect(6)
	placed := place()
	if a, b := node(t, waits, "port6"), node(t, placed, "port6"); a.X == b.X && a.Y == b.Y {
		t.Fatal("the guest stays below")
	}
	leave(6)
	leave(2)
	left := place()
	for _, out := range []*Graph{waits, left} {
		for _, n := range out.Nodes {
			pushed := out == waits && n.Frame != "p" // the frame may have grown below
			if was := node(t, placed, n.ID); n.ID != "port6" && !pushed && (was.X != n.X || was.Y != n.Y) {
				t.Errorf("%s moved from %v,%v to %v,%v", n.ID, was.X, was.Y, n.X, n.Y)
			}
		}
	}
	if l.frames["p"] != first {
		t.Error("the frame was placed anew")
	}
	if w, h := left.Frames[0].Room(); w < left.Frames[0].W || h <= left.Frames[0].H {
		t.Errorf("the room is %v x %v, the frame %v x %v", w, h, left.Frames[0].W, left.Frames[0].H)
	}
}
