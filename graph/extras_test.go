package graph

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kmscope/inventory"
)

// oneToMany makes a presenter with viewers of two media, and a player aside.
func oneToMany(viewers int) *server {
	s := newServer()
	s.created(pipeline)
	s.created(webrtc)
	s.created(player)
	for i := range viewers {
		id := fmt.Sprintf("%s/v%03d_kurento.WebRtcEndpoint", pipeline, i)
		s.created(id)
		for _, m := range []string{"AUDIO", "VIDEO"} {
			s.connected(webrtc, id, m)
		}
	}
	return s
}

func viewer(i int) string { return fmt.Sprintf("%s/v%03d_kurento.WebRtcEndpoint", pipeline, i) }

func ids(g *Graph) []string {
	out := []string{}
	for _, n := range g.Nodes {
		out = append(out, n.ID[strings.LastIndexByte(n.ID, '/')+1:])
	}
	return out
}

// consistent holds what every graph keeps: edges between nodes that are there,
// every node in a frame, no id twice.
func consistent(t *testing.T, g *Graph) {
	t.Helper()
	nodes, frames := make(map[string]bool), make(map[string]bool)
	for _, f := range g.Frames {
		if frames[f.ID] {
			t.Fatalf("frame %q is there twice", f.ID)
		}
		frames[f.ID] = true
	}
	for _, n := range g.Nodes {
		if nodes[n.ID] || !frames[n.Frame] {
			t.Fatalf("node %q is there twice or in no frame (%q)", n.ID, n.Frame)
		}
		nodes[n.ID] = true
	}
	type key struct {
		edgeKey
		partOf bool
	}
	seen := make(map[key]bool)
	for _, e := range g.Edges {
		k := key{edgeKey{e.From, e.To, e.Media}, e.PartOf}
		if !nodes[e.From] || !nodes[e.To] || seen[k] || e.Count < 1 {
			t.Fatalf("odd edge %+v", e)
		}
		seen[k] = true
	}
}

func TestQuery(t *testing.T) {
	s := oneToMany(3)
	s.named(viewer(1), "Alice Smith")
	s.flow(viewer(1), "In", "VIDEO", "FLOWING")
	s.flow(viewer(2), "In", "VIDEO", "FLOWING")
	s.flow(viewer(2), "In", "VIDEO", "NOT_FLOWING")
	g := Build(s.Snapshot(), Figures{})
	for i := range g.Nodes {
		if g.Nodes[i].ID == viewer(0) {
			g.Nodes[i].Tags = map[string]string{"room": "7"}
		}
	}
	all := ids(g)
	v0, v1, v2 := "v000_kurento.WebRtcEndpoint", "v001_kurento.WebRtcEndpoint", "v002_kurento.WebRtcEndpoint"
	for text, want := range map[string][]string{
		"":                               all,
		"type:playerendpoint":            {"cccc_kurento.PlayerEndpoint"},
		"type:Player":                    {"cccc_kurento.PlayerEndpoint"},
		"type:PlayerEndpoint,HubPort":    {"cccc_kurento.PlayerEndpoint"},
		"name:alice":                     {v1},
		`name:"ce sm"`:                   {v1},
		"ALICE":                          {v1},
		"tag:room":                       {v0},
		"tag:room=7":                     {v0},
		"tag:=7":                         {v0},
		"tag:room=8":                     {},
		`state:"video in flowing"`:       {v1},
		"state:NOT_FLOWING":              {v2},
		"state:error":                    {v2},
		`/^v00[12]/`:                     {},
		`/v00[12]_/`:                     {v1, v2},
		`name:v002 /v00[12]_/`:           {v2},
		`/room=\d/`:                      {v0},
		`type:WebRtcEndpoint tag:room=7`: {v0},
	} {
		q, err := ParseQuery(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		out := g.Filter(q)
		consistent(t, out)
		if d := cmp.Diff(want, ids(out)); d != "" {
			t.Errorf("%q (-want +got):\n%s", text, d)
		}
	}
	for text, part := range map[string]string{
		"/(/": "regular expression", "colour:red": "nothing to filter by", "name:": "needs a value",
		"word /x/": "not both", strings.Repeat("x", 2_000): "at most",
	} {
		if _, err := ParseQuery(text); err == nil || !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%.20q: %v, want %q in one line", text, err, part)
		}
	}
}

func TestNearAndRoutes(t *testing.T) {
	s := newServer()
	for _, id := range []string{pipeline, webrtc, player, hub, portA, portB} {
		s.created(id)
	}
	out := pipeline + "/0000_kurento.PassThrough"
	s.created(out)
	s.connected(player, portA, "VIDEO")
	s.connected(player, portA, "AUDIO")
	s.connected(portB, webrtc, "VIDEO")
	s.connected(webrtc, out, "VIDEO")
	s.connected(out, webrtc, "AUDIO")
	g := Build(s.Snapshot(), Figures{})

	for hops, want := range map[int]int{-1: 1, 0: 1, 1: 2, 2: 3, 3: 4, 4: 5, 99: 6} {
		near := g.Near(hops, player, "nobody")
		consistent(t, near)
		if len(near.Nodes) != want {
			t.Errorf("%d hops from the player: %d nodes, want %d", hops, len(near.Nodes), want)
		}
	}

	routes := g.Routes(player, out)
	if len(routes) != 1 || routes[0].Media != inventory.Video {
		t.Fatalf("routes %+v, want one of video: no audio leaves the hub", routes)
	}
	if d := cmp.Diff([]string{player, portA, hub, portB, webrtc, out}, routes[0].Nodes); d != "" {
		t.Error(d)
	}
	for k, i := range routes[0].Edges {
		e := g.Edges[i]
		a, b := routes[0].Nodes[k], routes[0].Nodes[k+1]
		if e.From+e.To != a+b && !(e.PartOf && e.From+e.To == b+a) {
			t.Errorf("step %d leads from %s to %s, the way from %s to %s", k, e.From, e.To, a, b)
		}
	}
	for _, none := range [][2]string{{out, player}, {portA, hub}, {webrtc, webrtc}, {"nobody", out}, {player, "nobody"}} {
		if r := g.Routes(none[0], none[1]); len(r) > 0 {
			t.Errorf("%v: %+v", none, r)
		}
	}
	s.connected(webrtc, webrtc, "DATA")
	if r := Build(s.Snapshot(), Figures{}).Routes(webrtc, webrtc); len(r) != 1 || len(r[0].Edges) != 1 {
		t.Errorf("a circle of one: %+v", r)
	}
}

func TestGroup(t *testing.T) {
	s := oneToMany(200)
	s.flow(viewer(3), "In", "VIDEO", "FLOWING")
	s.flow(viewer(3), "In", "VIDEO", "NOT_FLOWING")
	s.connected(viewer(9), player, "AUDIO") // sends itself: is no mere viewer
	g := Build(s.Snapshot(), Figures{Rate: func(_, _ string, m inventory.Media) (float64, bool) { return 1000, m == inventory.Video }})
	before := len(g.Nodes)
	out := g.Group(GroupFrom, viewer(5))
	consistent(t, out)
	if len(g.Nodes) != before {
		t.Error("the old graph was changed")
	}
	i := slices.IndexFunc(out.Nodes, func(n Node) bool { return len(n.Members) > 0 })
	if len(out.Nodes) != 5 || i < 0 { // presenter, player, 9, 5 and the others
		t.Fatalf("%d nodes: %v", len(out.Nodes), ids(out))
	}
	n := out.Nodes[i]
	if n.Label != "198 × WebRtcEndpoint" || len(n.Members) != 198 || n.Health != HealthError || !strings.HasPrefix(n.Summary, "1 error · ") {
		t.Errorf("%+v", n)
	}
	for _, e := range out.Edges {
		if e.To == n.ID && e.Media == inventory.Video && (e.Count != 198 || e.Stopped != 1 || e.Flow != NotFlowing || e.RateBps != 198_000) {
			t.Errorf("%+v", e)
		}
	}
	if few := Build(oneToMany(4).Snapshot(), Figures{}); len(few.Group(GroupFrom).Nodes) != len(few.Nodes) {
		t.Error("four are no crowd")
	}
	sound(t, Columns(out))
}

func TestCollapse(t *testing.T) {
	s := newServer()
	for _, id := range []string{pipeline, webrtc, player, hub, portA, portB} {
		s.created(id)
	}
	s.connected(player, portA, "VIDEO")
	s.connected(portB, webrtc, "VIDEO")
	g := Build(s.Snapshot(), Figures{})

	out := g.Collapse(hub, player, "nobody")
	consistent(t, out)
	if d := cmp.Diff([]string{"bbbb_kurento.WebRtcEndpoint", "cccc_kurento.PlayerEndpoint", "dddd_kurento.Composite"}, ids(out)); d != "" {
		t.Error(d)
	}
	if n := node(t, out, hub); n.Sub != "Composite dddd · 2 ports" || len(n.Members) != 3 {
		t.Errorf("%+v", n)
	}
	if d := cmp.Diff([]string{"PlayerEndpoint -VIDEO-> Composite ×1 unknown -1", "Composite -VIDEO-> WebRtcEndpoint ×1 unknown -1"}, edges(out)); d != "" {
		t.Error(d)
	}
	all := g.Collapse(pipeline, hub)
	consistent(t, all)
	if len(all.Nodes) != 1 || all.Nodes[0].Kind != PipelineKind || all.Nodes[0].Sub != "5 elements" || len(all.Edges) != 0 {
		t.Errorf("%+v", all)
	}
	sound(t, Columns(all))
}

func TestCompare(t *testing.T) {
	s := oneToMany(3)
	s.flow(viewer(0), "In", "VIDEO", "FLOWING")
	before := Build(s.Snapshot(), Figures{})
	s.flow(viewer(0), "In", "VIDEO", "NOT_FLOWING")
	s.event(inventory.ManagerID, "ObjectDestroyed", `{"objectId":"`+viewer(1)+`"}`)
	s.created(viewer(7))
	s.connected(webrtc, viewer(7), "VIDEO")
	after := Build(s.Snapshot(), Figures{})

	d := Compare(before, after)
	consistent(t, d.Graph)
	if len(d.Nodes) != len(d.Graph.Nodes) || len(d.Edges) != len(d.Graph.Edges) || len(d.Frames) != len(d.Graph.Frames) {
		t.Fatal("marks and graph differ in length")
	}
	got := map[string]Change{}
	for i, n := range d.Graph.Nodes {
		if d.Nodes[i] != Same {
			got[n.ID] = d.Nodes[i]
		}
	}
	for i, e := range d.Graph.Edges {
		if d.Edges[i] != Same {
			got[e.To+" "+string(e.Media)] = d.Edges[i]
		}
	}
	want := map[string]Change{
		viewer(0): Changed, viewer(1): Removed, viewer(7): Added, viewer(0) + " VIDEO": Changed,
		viewer(1) + " VIDEO": Removed, viewer(1) + " AUDIO": Removed, viewer(7) + " VIDEO": Added,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string][]string{viewer(0): {"video in FLOWING → video in NOT FLOWING"}}, d.Words); diff != "" {
		t.Error(diff)
	}
	if d.Count.Added != 2 || d.Count.Removed != 3 || d.Count.Changed != 2 {
		t.Errorf("%+v", d.Count)
	}
	if none := Compare(after, after); none.Count.Added+none.Count.Removed+none.Count.Changed != 0 {
		t.Errorf("nothing changed: %+v", none.Count)
	}
	if undone := Compare(after, before); undone.Count.Added != 3 || undone.Count.Removed != 2 {
		t.Errorf("%+v", undone.Count)
	}
}

func TestMergeTwice(t *testing.T) {
	g := Build(oneToMany(2).Snapshot(), Figures{})
	m := Merge(g, nil, g)
	consistent(t, m)
	if len(m.Nodes) != len(g.Nodes) || len(m.Edges) != len(g.Edges) || len(m.Frames) != len(g.Frames) {
		t.Error("what two servers share counts once")
	}
}
