package graph

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"runtime"
	"slices"
	"testing"
	"time"

	"kmscope/inventory"
)

// rooms makes one connected pipeline as applications make them: presenters
// with viewers, some of them joined, two media each.
func rooms(n int) *Graph {
	g := &Graph{Frames: []Frame{{ID: "p"}}}
	link := func(a, b int) {
		for _, m := range []inventory.Media{inventory.Audio, inventory.Video} {
			g.Edges = append(g.Edges, Edge{From: fmt.Sprint("n", a), To: fmt.Sprint("n", b), Frame: "p", Media: m, Count: 1})
		}
	}
	for i := range n {
		g.Nodes = append(g.Nodes, Node{ID: fmt.Sprint("n", i), Frame: "p", W: 180, H: 56})
		if room := i - i%10; i != room {
			link(room, i)
		} else if i > 0 {
			link(room-10, room)
		}
	}
	return g
}

// BenchmarkLayout places pipelines from nothing, and says how long that takes
// beside the dot of this computer, a whole process with it, where there is one:
// "x-dot" is our time over its time.
func BenchmarkLayout(b *testing.B) {
	dot, _ := exec.LookPath("dot")
	for _, n := range []int{10, 50, 200, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			l := newLayouter(b, nil)
			g := rooms(n)
			for b.Loop() {
				clear(l.parts)
				clear(l.frames)
				if _, err := l.Layout(b.Context(), g); err != nil {
					b.Fatal(err)
				}
			}
			if dot != "" {
				ours := b.Elapsed() / time.Duration(b.N)
				b.ReportMetric(float64(ours)/float64(native(b, dot, g)), "x-dot")
			}
		})
	}
}

// native gives the median time that dot takes for the job of a graph.
func native(b *testing.B, dot string, g *Graph) time.Duration {
	j := &job{}
	seen := map[[2]int]bool{}
	number := map[string]int{}
	for i, n := range g.Nodes {
		number[n.ID] = i
		j.Boxes = append(j.Boxes, [2]float64{n.W, n.H})
	}
	for _, e := range g.Edges {
		if p := [2]int{number[e.From], number[e.To]}; !seen[p] {
			seen[p] = true
			j.Pairs = append(j.Pairs, p)
		}
	}
	var took []time.Duration
	for range 5 {
		cmd := exec.Command(dot, "-Tplain")
		cmd.Stdin = bytes.NewReader(j.dot())
		begun := time.Now()
		out, err := cmd.Output()
		took = append(took, time.Since(begun))
		if err != nil || len(out) == 0 {
			b.Fatal(err, len(out))
		}
	}
	slices.Sort(took)
	return took[len(took)/2]
}

// BenchmarkOneMore is an element that comes to a thousand, in turn at different
// places: from the snapshot's change to its place. It must stay below 50 ms.
func BenchmarkOneMore(b *testing.B) {
	l := newLayouter(b, nil)
	g := rooms(1000)
	if _, err := l.Layout(b.Context(), g); err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	for i := 0; b.Loop(); i++ {
		more, id := g.clone(), fmt.Sprint("new", i)
		more.Nodes = append(more.Nodes, Node{ID: id, Frame: "p", W: 180, H: 56})
		more.Edges = append(more.Edges, Edge{From: fmt.Sprint("n", r.IntN(1000)), To: id, Frame: "p", Media: inventory.Video, Count: 1})
		if _, err := l.Layout(b.Context(), more); err != nil {
			b.Fatal(err)
		}
	}
	if jobs := l.child.jobs; jobs != 1 {
		b.Fatalf("graphviz was asked %d times", jobs)
	}
}

// BenchmarkMemory is what a thousand nodes hold: the graph, the placed graph and
// what the Layouter remembers of it.
func BenchmarkMemory(b *testing.B) {
	l := newLayouter(b, nil)
	var total uint64
	for b.Loop() {
		b.StopTimer()
		clear(l.parts)
		clear(l.frames)
		before := weigh().heap
		b.StartTimer()
		g := rooms(1000)
		placed, err := l.Layout(b.Context(), g)
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		total += weigh().heap - before
		runtime.KeepAlive(g)
		runtime.KeepAlive(placed)
		b.StartTimer()
	}
	b.ReportMetric(float64(total)/float64(b.N), "B/1000nodes")
}

// BenchmarkLayoutUnchanged is what a page costs while nothing changes.
func BenchmarkLayoutUnchanged(b *testing.B) {
	l := newLayouter(b, nil)
	g := rooms(1000)
	if _, err := l.Layout(b.Context(), g); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := l.Layout(b.Context(), g); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkColumns(b *testing.B) {
	g := many(5000, 6000, 7)
	j := &job{}
	for range g.Nodes {
		j.Boxes = append(j.Boxes, [2]float64{180, 56})
	}
	r := rand.New(rand.NewPCG(1, 1))
	for range g.Edges {
		j.Pairs = append(j.Pairs, [2]int{r.IntN(5000), r.IntN(5000)})
	}
	for b.Loop() {
		columns(j)
	}
}
