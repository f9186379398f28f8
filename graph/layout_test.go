package graph

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kmscope/inventory"
)

// plain makes a graph of one frame from pairs of names.
func plain(pairs ...[2]string) *Graph {
	g := &Graph{Frames: []Frame{{ID: "p"}}}
	add := func(id string) {
		if !slices.ContainsFunc(g.Nodes, func(n Node) bool { return n.ID == id }) {
			g.Nodes = append(g.Nodes, Node{ID: id, Frame: "p", W: 180, H: 56})
		}
	}
	for _, p := range pairs {
		add(p[0])
		if p[1] == "" {
			continue
		}
		add(p[1])
		g.Edges = append(g.Edges, Edge{From: p[0], To: p[1], Frame: "p", Media: inventory.Video, Count: 1})
	}
	return g
}

func newLayouter(t testing.TB, cmd func() *exec.Cmd) *Layouter {
	l := NewLayouter(cmd)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func childThat(does string) func() *exec.Cmd {
	return func() *exec.Cmd {
		cmd := ChildCommand()
		cmd.Env = append(cmd.Env, "TEST_CHILD="+does)
		return cmd
	}
}

// sound checks what must be true of every placed graph: boxes within their
// frames and apart from each other, frames within the whole and apart, edges
// that start and end at their boxes.
func sound(t *testing.T, g *Graph) {
	t.Helper()
	apart := func(ax, ay, aw, ah, bx, by, bw, bh float64) bool {
		const slack = 0.5
		return ax+aw <= bx+slack || bx+bw <= ax+slack || ay+ah <= by+slack || by+bh <= ay+slack
	}
	frames := make(map[string]Frame)
	for i, f := range g.Frames {
		frames[f.ID] = f
		if f.X < 0 || f.Y < 0 || f.X+f.W > g.W+0.5 || f.Y+f.H > g.H+0.5 {
			t.Errorf("frame %q is outside of the whole", f.ID)
		}
		for _, o := range g.Frames[:i] {
			if !apart(f.X, f.Y, f.W, f.H, o.X, o.Y, o.W, o.H) {
				t.Errorf("frames %q and %q overlap", f.ID, o.ID)
			}
		}
	}
	nodes := make(map[string]Node)
	for i, n := range g.Nodes {
		nodes[n.ID] = n
		f := frames[n.Frame]
		if math.IsNaN(n.X) || n.X < f.X || n.Y < f.Y+HeaderHeight || n.X+n.W > f.X+f.W || n.Y+n.H > f.Y+f.H {
			t.Fatalf("box %q at %v,%v is outside of its frame %+v", n.ID, n.X, n.Y, f)
		}
		for _, o := range g.Nodes[:i] {
			if !apart(n.X, n.Y, n.W, n.H, o.X, o.Y, o.W, o.H) {
				t.Fatalf("boxes %q and %q overlap", n.ID, o.ID)
			}
		}
	}
	touches := func(n Node, p Point) bool {
		const slack = 3 // graphviz ends curves near the box
		return p.X >= n.X-slack && p.X <= n.X+n.W+slack && p.Y >= n.Y-slack && p.Y <= n.Y+n.H+slack
	}
	for _, e := range g.Edges {
		if len(e.Path) < 4 || len(e.Path)%3 != 1 {
			t.Fatalf("edge %s -> %s has a path of %d points", e.From, e.To, len(e.Path))
		}
		if !touches(nodes[e.From], e.Path[0]) || !touches(nodes[e.To], e.Path[len(e.Path)-1]) {
			t.Errorf("edge %s -> %s leads from %v to %v, boxes %+v %+v", e.From, e.To, e.Path[0], e.Path[len(e.Path)-1], nodes[e.From], nodes[e.To])
		}
	}
}

func many(nodes, edges int, seed uint64) *Graph {
	r := rand.New(rand.NewPCG(seed, 1))
	g := &Graph{Frames: []Frame{{ID: "p"}}}
	for i := range nodes {
		g.Nodes = append(g.Nodes, Node{ID: fmt.Sprint("n", i), Frame: "p", W: 180, H: 56})
	}
	for range edges {
		a, b := r.IntN(nodes), r.IntN(nodes)
		g.Edges = append(g.Edges, Edge{From: fmt.Sprint("n", a), To: fmt.Sprint("n", b), Frame: "p", Media: inventory.Audio, Count: 1})
	}
	return g
}

func TestLayoutShapes(t *testing.T) {
	l := newLayouter(t, nil)
	parallel := plain([2]string{"a", "b"})
	for range 300 {
		parallel.Edges = append(parallel.Edges, parallel.Edges[0])
	}
	for name, g := range map[string]*Graph{
		"nothing":        {},
		"empty pipeline": {Frames: []Frame{{ID: "p"}}},
		"one box":        plain([2]string{"a", ""}),
		"chain":          plain([2]string{"a", "b"}, [2]string{"b", "c"}),
		"circle":         plain([2]string{"a", "b"}, [2]string{"b", "c"}, [2]string{"c", "a"}),
		"there and back": plain([2]string{"a", "b"}, [2]string{"b", "a"}),
		"self":           plain([2]string{"a", "a"}, [2]string{"b", "c"}),
		"300 parallel":   parallel,
		"lonely":         many(200, 0, 1),
		"tangle":         many(30, 90, 2),
	} {
		t.Run(name, func(t *testing.T) {
			before := g.clone()
			out, err := l.Layout(t.Context(), g)
			if err != nil {
				t.Fatal(err)
			}
			sound(t, out)
			for _, f := range out.Frames {
				if f.Note != "" {
					t.Errorf("note: %s", f.Note)
				}
			}
			if d := cmp.Diff(before, g); d != "" {
				t.Error("the graph that was handed over changed:", d)
			}
		})
	}
}

func TestLayoutKeepsPlaces(t *testing.T) {
	l := newLayouter(t, nil)
	g := plain([2]string{"a", "b"}, [2]string{"b", "c"}, [2]string{"b", "d"}, [2]string{"x", "y"})
	one, err := l.Layout(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	jobs := l.child.jobs
	same := func(what string, in *Graph) {
		t.Helper()
		out, err := l.Layout(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		sound(t, out)
		for i, n := range out.Nodes[:len(one.Nodes)] {
			if n.X != one.Nodes[i].X || n.Y != one.Nodes[i].Y {
				t.Errorf("%s: box %s moved", what, n.ID)
			}
		}
		if l.child.jobs != jobs {
			t.Errorf("%s: graphviz was asked again", what)
		}
	}
	same("nothing changed", g)
	died := g.clone()
	died.Nodes[3].Dead = true
	died.Edges = slices.Delete(died.Edges, 2, 3)
	same("an element died", died)
	turned := g.clone()
	turned.Edges[2].From, turned.Edges[2].To = turned.Edges[2].To, turned.Edges[2].From
	same("a port turned round", turned)

	// A new element is put in beside its neighbour, and nothing else moves.
	grown := g.clone()
	grown.Nodes = append(grown.Nodes, Node{ID: "z", Frame: "p", W: 180, H: 56})
	grown.Edges = append(grown.Edges, Edge{From: "y", To: "z", Frame: "p", Media: inventory.Video})
	same("an element came", grown)
	same("and went", g)
}

// TestLoopRises has an element connected to itself, by three media: the ways back
// go beside the box, one within the other, not along its border.
func TestLoopRises(t *testing.T) {
	g := plain([2]string{"a", "a"})
	e := g.Edges[0]
	for _, m := range []inventory.Media{inventory.Video, inventory.Data} {
		e.Media = m
		g.Edges = append(g.Edges, e)
	}
	out, err := newLayouter(t, nil).Layout(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	n := out.Nodes[0]
	heights := map[float64]bool{}
	for _, e := range out.Edges {
		away := 0.0
		for _, p := range e.Path {
			away = max(away, n.Y-p.Y, p.Y-n.Y-n.H)
		}
		if away < 6 {
			t.Errorf("%s goes %.1f points beside the box", e.Media, away)
		}
		heights[math.Round(away)] = true
	}
	if len(heights) != 3 {
		t.Errorf("three media go at %d heights", len(heights))
	}
}

// TestLayoutHasNoHooks has a presenter with many viewers: no edge may run behind
// the side of the box at which it ends, not even the steep ones.
func TestLayoutHasNoHooks(t *testing.T) {
	var pairs [][2]string
	for i := range 20 {
		pairs = append(pairs, [2]string{"presenter", fmt.Sprint("viewer", i)})
	}
	out, err := newLayouter(t, nil).Layout(t.Context(), plain(pairs...))
	if err != nil {
		t.Fatal(err)
	}
	sound(t, out)
	for _, e := range out.Edges {
		end := e.Path[len(e.Path)-1].X
		for _, p := range e.Path {
			if p.X < e.Path[0].X-1 || p.X > end+1 {
				t.Errorf("%s -> %s goes by %v to %v", e.From, e.To, p, end)
			}
		}
	}
}

func TestLayoutWithoutGraphviz(t *testing.T) {
	for name, c := range map[string]struct {
		cmd  func() *exec.Cmd
		note string
	}{
		"crash":         {childThat("crash"), "something snapped"},
		"babble":        {childThat("babble"), "too large"},
		"not there":     {func() *exec.Cmd { return exec.Command("/nonexistent/program") }, "does not start"},
		"other program": {func() *exec.Cmd { return exec.Command(os.Args[0], "-test.list", "xxx") }, "ended"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLayouter(t, c.cmd)
			out, err := l.Layout(t.Context(), many(40, 60, 3))
			if err != nil {
				t.Fatal(err)
			}
			sound(t, out)
			if !strings.Contains(out.Frames[0].Note, c.note) {
				t.Errorf("note %q does not say %q", out.Frames[0].Note, c.note)
			}
		})
	}
}

func TestLayoutTooLarge(t *testing.T) {
	l := newLayouter(t, childThat("crash"))
	g := many(1700, 1700, 4)
	for i := range 1699 { // one connected part
		g.Edges = append(g.Edges, Edge{From: fmt.Sprint("n", i), To: fmt.Sprint("n", i+1), Frame: "p"})
	}
	out, err := l.Layout(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	if n := out.Frames[0].Note; !strings.Contains(n, "too many") {
		t.Errorf("note %q", n)
	}
	sound(t, out)
}

func TestLayoutCancelled(t *testing.T) {
	l := newLayouter(t, childThat("hang"))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := l.Layout(ctx, plain([2]string{"a", "b"})); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("error %v", err)
	}
	if l.child != nil {
		t.Error("the child lives on")
	}
	l.command = ChildCommand
	out, err := l.Layout(t.Context(), plain([2]string{"a", "b"}))
	if err != nil {
		t.Fatal(err)
	}
	sound(t, out)
	if out.Frames[0].Note != "" {
		t.Errorf("a cancelled layout is no failure of graphviz: %s", out.Frames[0].Note)
	}
}

func TestLayoutChildIsReplaced(t *testing.T) {
	l := newLayouter(t, nil)
	if _, err := l.Layout(t.Context(), plain([2]string{"a", "b"})); err != nil {
		t.Fatal(err)
	}
	old := l.child
	old.jobs = maxJobsPerChild
	out, err := l.Layout(t.Context(), plain([2]string{"a", "c"}))
	if err != nil {
		t.Fatal(err)
	}
	if l.child == old || out.Frames[0].Note != "" {
		t.Error("a worn child was used again")
	}
	// A child that died between two jobs is replaced without a word.
	_ = l.child.cmd.Process.Kill()
	_ = l.child.cmd.Wait()
	out, err = l.Layout(t.Context(), plain([2]string{"a", "d"}))
	if err != nil {
		t.Fatal(err)
	}
	if out.Frames[0].Note != "" {
		t.Error(out.Frames[0].Note)
	}
}

func TestLayoutByMany(t *testing.T) {
	l := newLayouter(t, nil)
	errs := make(chan error, 8)
	for i := range 8 {
		go func() {
			out, err := l.Layout(context.Background(), many(10, 12, uint64(i)))
			if err == nil && out.Frames[0].Note != "" {
				err = errors.New(out.Frames[0].Note)
			}
			errs <- err
		}()
	}
	for range 8 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

// TestCompiledCodeIsPrivate starts the program as a stranger would find it and
// looks where the compiled Graphviz is put.
func TestCompiledCodeIsPrivate(t *testing.T) {
	tmp, cache := t.TempDir(), t.TempDir()
	if err := os.Chmod(tmp, 0o777); err != nil {
		t.Fatal(err)
	}
	cmd := ChildCommand()
	cmd.Env = append(cmd.Env, "TMPDIR="+tmp, "TMP="+tmp, "TEMP="+tmp, "XDG_CACHE_HOME="+cache, "HOME="+cache, "LocalAppData="+cache)
	cmd.Stdin = strings.NewReader("")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatal(err, string(out))
	}
	if left, _ := os.ReadDir(tmp); len(left) > 0 {
		t.Errorf("the shared folder holds %v", left)
	}
	found := ""
	_ = filepath.WalkDir(cache, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() == "go-graphviz" {
			found = path
		}
		return nil
	})
	if found == "" {
		t.Fatal("no compiled code in the private folder")
	}
	st, err := os.Stat(filepath.Dir(found))
	if err != nil || st.Mode().Perm() != 0o700 {
		t.Errorf("the folder has mode %v, %v", st.Mode(), err)
	}
}

// TestColumnsKeepEdgesOffBoxes places graphs without circles and follows every
// edge: it may touch the boxes at its ends only.
func TestColumnsKeepEdgesOffBoxes(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 2))
		g := many(30, 0, seed)
		for range 40 {
			a, b := r.IntN(30), r.IntN(30)
			if a != b {
				g.Edges = append(g.Edges, Edge{From: fmt.Sprint("n", min(a, b)), To: fmt.Sprint("n", max(a, b)), Frame: "p", Media: inventory.Video, Count: 1})
			}
		}
		out := Columns(g)
		sound(t, out)
		for _, e := range out.Edges {
			for i := 0; i+3 < len(e.Path); i += 3 {
				for step := range 21 {
					p := along(e.Path[i:i+4], float64(step)/20)
					for _, n := range out.Nodes {
						const slack = 1
						if n.ID != e.From && n.ID != e.To && p.X > n.X+slack && p.X < n.X+n.W-slack && p.Y > n.Y+slack && p.Y < n.Y+n.H-slack {
							t.Fatalf("seed %d: %s -> %s runs over %s at %v", seed, e.From, e.To, n.ID, p)
						}
					}
				}
			}
		}
		if !cmp.Equal(out, Columns(g)) {
			t.Error("the same graph is placed in two ways")
		}
	}
}

// Lines end at the heights that were asked for, what has to stand first stands
// first, what is not connected stands below, and a line back to its box goes
// round it: with graphviz and without.
func TestBoxes(t *testing.T) {
	l := NewLayouter(nil)
	defer l.Close()
	b := &Boxes{
		Sizes: []Point{{60, 14}, {120, 90}, {100, 70}, {60, 14}, {80, 40}},
		Lines: []Line{{0, 1, 7, 50}, {1, 2, 40, 20}, {1, 2, 54, 34}, {1, 2, 68, 48}, {2, 3, 35, 7}, {2, 2, 60, 60}},
		First: []int{0}, Last: []int{3}, Gap: 60,
	}
	with, err := l.Boxes(context.Background(), b)
	if err != nil || with.Note != "" {
		t.Fatal(err, with)
	}
	without, err := BoxColumns(b)
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]*BoxesAt{"graphviz": with, "columns": without} {
		for i, e := range b.Lines {
			path := p.Paths[i]
			if len(path) < 4 {
				t.Fatalf("%s: line %d has no path", name, i)
			}
			first, last := path[0], path[len(path)-1]
			want := [4]float64{p.At[e.From].X + b.Sizes[e.From].X, p.At[e.From].Y + e.FromY, p.At[e.To].X, p.At[e.To].Y + e.ToY}
			for k, got := range [4]float64{first.X, first.Y, last.X, last.Y} {
				if math.Abs(got-want[k]) > 3 {
					t.Errorf("%s: line %d goes from %v to %v, and should to %v", name, i, first, last, want)
					break
				}
			}
		}
		for i := 1; i < 4; i++ {
			if p.At[i].X < p.At[0].X || p.At[i].X > p.At[3].X {
				t.Errorf("%s: box %d is at %v", name, i, p.At[i])
			}
		}
		for i := range 4 {
			if p.At[4].Y < p.At[i].Y+b.Sizes[i].Y {
				t.Errorf("%s: the lone box is at %v, box %d at %v", name, p.At[4], i, p.At[i])
			}
		}
	}
	if again, err := l.Boxes(context.Background(), b); err != nil || !slices.Equal(again.At, with.At) {
		t.Errorf("the same boxes stand elsewhere: %v", err)
	}
	if _, err := l.Boxes(context.Background(), &Boxes{Sizes: []Point{{1, 1}}, Lines: []Line{{0, 3, 0, 0}}}); err == nil {
		t.Error("a line that leads nowhere is placed")
	}
	none, err := l.Boxes(context.Background(), &Boxes{})
	if err != nil || len(none.At) != 0 {
		t.Errorf("%+v %v", none, err)
	}
}

// TestLoopKeepsAway has an element connected to itself below others: its media do not
// run into them.
func TestLoopKeepsAway(t *testing.T) {
	g := plain([2]string{"a", "b"}, [2]string{"b", "c"}, [2]string{"c", "a"}, [2]string{"self", "self"}, [2]string{"d", "e"}, [2]string{"e", "f"})
	for _, e := range g.Edges {
		for _, m := range []inventory.Media{inventory.Video, inventory.Data} {
			e.Media = m
			g.Edges = append(g.Edges, e)
		}
	}
	out, err := newLayouter(t, nil).Layout(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	sound(t, out)
	for _, e := range out.Edges {
		if e.From != "self" {
			continue
		}
		for _, n := range out.Nodes {
			for _, q := range e.Path {
				if n.ID != "self" && q.X > n.X && q.X < n.X+n.W && q.Y > n.Y-4 && q.Y < n.Y+n.H+4 {
					t.Errorf("%s goes at %v, %s is at %v,%v", e.Media, q, n.ID, n.X, n.Y)
				}
			}
		}
	}
}

// TestFramesAreForgotten has pipelines come and go: those that went are forgotten, the
// one that stays is not.
func TestFramesAreForgotten(t *testing.T) {
	l := newLayouter(t, nil)
	l.plain = true
	g := &Graph{Frames: []Frame{{ID: "stays"}, {}}, Nodes: []Node{{ID: "a", Frame: "stays"}, {ID: "b"}}}
	var stays *placedFrame
	for i := range maxFrames + 2*keepFor {
		id := fmt.Sprint("p", i)
		g = g.clone()
		g.Frames[1].ID, g.Nodes[1].Frame = id, id
		if _, err := l.Layout(t.Context(), g); err != nil {
			t.Fatal(err)
		}
		if stays == nil {
			stays = l.frames["stays"]
		}
	}
	if len(l.frames) > maxFrames || l.frames["stays"] != stays {
		t.Errorf("%d frames are remembered; the one that stays is: %v", len(l.frames), l.frames["stays"] == stays)
	}
}
