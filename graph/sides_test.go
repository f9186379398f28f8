package graph

import (
	"fmt"
	"math"
	"testing"

	"kmscope/inventory"
)

// conferenceOf is a hub with participants who send and receive, and a recorder.
func conferenceOf(guests int) *Graph {
	g := &Graph{Frames: []Frame{{ID: "p"}}}
	add := func(id, typ string) {
		g.Nodes = append(g.Nodes, Node{ID: id, Frame: "p", Type: typ, W: 180, H: 56})
	}
	link := func(from, to string, partOf bool) {
		g.Edges = append(g.Edges, Edge{From: from, To: to, Frame: "p", Media: inventory.Video, Count: 1, PartOf: partOf})
	}
	add("hub", "Composite")
	add("recording", "HubPort")
	add("recorder", "RecorderEndpoint")
	link("recording", "recorder", false)
	link("hub", "recording", true)
	for i := range guests {
		guest, port := fmt.Sprintf("guest %d", i), fmt.Sprintf("port %d", i)
		add(guest, "WebRtcEndpoint")
		add(port, "HubPort")
		link(guest, port, false)
		link(port, guest, false)
		link(port, "hub", true)
	}
	return g
}

// Participants stand outside their ports, in a large conference on both sides of
// the hub, and who comes later does so as well.
func TestConferenceStandsAroundItsHub(t *testing.T) {
	for _, tt := range []struct{ guests, left int }{{1, 1}, {4, 4}, {9, 5}, {20, 11}} {
		t.Run(fmt.Sprint(tt.guests), func(t *testing.T) {
			l := newLayouter(t, nil)
			g, err := l.Layout(t.Context(), conferenceOf(tt.guests))
			if err != nil {
				t.Fatal(err)
			}
			sound(t, g)
			if g.Frames[0].Note != "" {
				t.Fatalf("placed without graphviz: %s", g.Frames[0].Note)
			}
			if left := leftOfHub(t, g, tt.guests); left != tt.left {
				t.Errorf("%d of %d guests stand left of the hub, want %d", left, tt.guests, tt.left)
			}
			later, err := l.Layout(t.Context(), conferenceOf(tt.guests+1))
			if err != nil {
				t.Fatal(err)
			}
			sound(t, later)
			leftOfHub(t, later, tt.guests+1)
			guest, port := nodeOf(later, fmt.Sprintf("guest %d", tt.guests)), nodeOf(later, fmt.Sprintf("port %d", tt.guests))
			if math.Abs(guest.Y-port.Y) > 28 {
				t.Errorf("the late guest is at %.0f, its port at %.0f: not in a row", guest.Y, port.Y)
			}
		})
	}
}

func leftOfHub(t *testing.T, g *Graph, guests int) int {
	t.Helper()
	hub, left := nodeOf(g, "hub"), 0
	for i := range guests {
		guest, port := nodeOf(g, fmt.Sprintf("guest %d", i)), nodeOf(g, fmt.Sprintf("port %d", i))
		switch {
		case guest.X < port.X && port.X < hub.X:
			left++
		case !(guest.X > port.X && port.X > hub.X):
			t.Errorf("guest %d at %.0f, its port at %.0f, the hub at %.0f: not in this order", i, guest.X, port.X, hub.X)
		}
	}
	return left
}

func nodeOf(g *Graph, id string) *Node {
	for i := range g.Nodes {
		if g.Nodes[i].ID == id {
			return &g.Nodes[i]
		}
	}
	return &Node{}
}

// TestCollapsedHubStandsInTheMiddle collapses the hub of a large conference: half of the
// participants stand on either side.
func TestCollapsedHubStandsInTheMiddle(t *testing.T) {
	for _, tt := range []struct{ guests, left int }{{3, 3}, {19, 10}} {
		open := conferenceOf(tt.guests)
		for i := range open.Nodes {
			n := &open.Nodes[i]
			if n.Kind = KindOf(n.Type); n.Kind == HubPort {
				n.Parent = "hub"
			}
		}
		g, err := newLayouter(t, nil).Layout(t.Context(), open.Collapse("hub"))
		if err != nil {
			t.Fatal(err)
		}
		sound(t, g)
		hub, left := nodeOf(g, "hub"), 0
		for i := range tt.guests {
			switch n := nodeOf(g, fmt.Sprintf("guest %d", i)); {
			case n.X+n.W < hub.X:
				left++
			case n.X < hub.X+hub.W:
				t.Errorf("%s stands above or below the hub", n.ID)
			}
		}
		if left != tt.left || nodeOf(g, "recorder").X < hub.X {
			t.Errorf("%d of %d stand left of the hub, want %d", left, tt.guests, tt.left)
		}
	}
}
