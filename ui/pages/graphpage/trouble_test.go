package graphpage

import (
	"image/color"
	"testing"
	"time"

	"kmscope/graph"
	"kmscope/ui/surface"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// A node that is well again is not red until the next search for problems is done; what
// figures say, and what was not in its states, stays.
func TestTroubleOfThePast(t *testing.T) {
	failed := view.Reason{Level: view.Trouble, Text: "ICE failed"}
	lossy := view.Reason{Level: view.Attention, Text: "Audio loss in 8 %", Figure: true}
	offered := view.Reason{Level: view.Attention, Text: "No video was offered"}
	for _, tt := range []struct {
		name   string
		states view.Level // when it was judged
		now    graph.Health
		has    []view.Reason
		want   string
		health graph.Health
		lines  int
	}{
		{"still", view.Trouble, graph.HealthError, []view.Reason{failed, lossy}, "own", graph.HealthError, 2},
		{"well again", view.Trouble, graph.HealthOK, []view.Reason{failed}, "own", graph.HealthOK, 0},
		{"well again, but lossy", view.Trouble, graph.HealthOK, []view.Reason{failed, lossy}, lossy.Text, graph.HealthWarning, 1},
		{"nothing in the states", view.Fine, graph.HealthOK, []view.Reason{offered, lossy}, offered.Text, graph.HealthWarning, 2},
		{"unknown states", view.Unknown, graph.HealthUnknown, []view.Reason{failed}, failed.Text, graph.HealthError, 1},
	} {
		g := &graph.Graph{Nodes: []graph.Node{{ID: "a", Health: tt.now, Summary: "own"}}}
		found := gather(nil, []view.Problem{{Object: "a", Level: tt.has[0].Level, States: tt.states, Reasons: tt.has}})
		n := found.inTrouble(newScene(g, time.Time{}), 0)
		if n.Summary != tt.want || n.Health != tt.health {
			t.Errorf("%s: %q in %v, want %q in %v", tt.name, n.Summary, n.Health, tt.want, tt.health)
		}
		if got := len(found.troubleLines(&g.Nodes[0], nil)); got != tt.lines {
			t.Errorf("%s: the card has %d lines, want %d", tt.name, got, tt.lines)
		}
	}
}

// The small map shows what is in trouble, though its states are well, and not what has
// gone.
func TestSmallMapShowsTrouble(t *testing.T) {
	l := surface.LookOf(theme.Dark)
	g := &graph.Graph{Nodes: []graph.Node{
		{ID: "a", Health: graph.HealthOK, W: 200, H: 60},
		{ID: "gone", Health: graph.HealthWarning, X: 400, W: 200, H: 60},
	}}
	s := newScene(g, time.Time{})
	s.changes = &changes{nodes: map[string]graph.Change{"gone": graph.Removed}}
	mv := surface.Viewport{Zoom: 0.2, W: mapWidth, H: mapHeight - mapFoot}.Centred(300, 30)
	has := func(gp *graphPainter, t *troubles, hue color.NRGBA) bool {
		m := gp.blocks(l, s, mv, t, 1)
		for y := range m.Rect.Dy() {
			for x := range m.Rect.Dx() {
				if m.RGBAAt(x, y) == (color.RGBA{R: hue.R, G: hue.G, B: hue.B, A: 255}) {
					return true
				}
			}
		}
		return false
	}
	var gp graphPainter
	if has(&gp, &troubles{}, l.Error) || has(&gp, &troubles{}, l.Warning) {
		t.Error("it shows trouble where there is none")
	}
	bad := gather(nil, []view.Problem{{Object: "a", Level: view.Trouble, Reasons: []view.Reason{{Level: view.Trouble, Text: "Video loss in 12 %", Figure: true}}}})
	if !has(&gp, &bad, l.Error) {
		t.Error("the trouble is not there")
	}
	if has(&gp, &troubles{}, l.Error) {
		t.Error("the trouble stays")
	}
}
