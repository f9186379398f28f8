package graph

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kmscope/inventory"
)

// What a Builder remembers makes no difference: not while states come and go, time
// passes, and it is told to forget.
func TestBuilder(t *testing.T) {
	s := newServer()
	const pipe = "1_kurento.MediaPipeline"
	s.created(pipe)
	var ids []string
	for i := range 12 {
		ids = append(ids, fmt.Sprintf("%s/%d_kurento.WebRtcEndpoint", pipe, i))
		s.created(ids[i])
	}
	r := rand.New(rand.NewPCG(1, 2))
	one := func(of ...string) string { return of[r.IntN(len(of))] }
	var b Builder
	taken, before := 0, map[string][]Badge{}
	for round := range 300 {
		id := ids[r.IntN(len(ids))]
		switch r.IntN(6) {
		case 0:
			s.connected(id, ids[r.IntN(len(ids))], one("VIDEO", "AUDIO"))
		case 1:
			s.event(id, "IceComponentStateChanged", fmt.Sprintf(`{"streamId":1,"componentId":1,"state":%q}`, one("GATHERING", "CONNECTING", "READY", "FAILED")))
		case 2:
			s.flow(id, one("In", "Out"), one("VIDEO", "AUDIO"), one("FLOWING", "NOT_FLOWING"))
		case 3:
			s.named(id, one("presenter", "guest", ""))
		case 4:
			s.event(inventory.ManagerID, "ObjectDestroyed", fmt.Sprintf(`{"objectId":%q}`, id))
			s.created(id)
		case 5: // only time passes
		}
		snap := *s.Snapshot()
		snap.At = snap.At.Add(time.Duration(round) * time.Second) // ICE connects for ever longer
		want := Build(&snap, Figures{Latency: func(string) (float64, bool) { return float64(round), round%2 == 0 }})
		got := b.Build(&snap, Figures{Latency: func(string) (float64, bool) { return float64(round), round%2 == 0 }})
		for i := range got.Nodes {
			if a, now := before[got.Nodes[i].ID], got.Nodes[i].States; len(a) > 0 && len(now) > 0 && &a[0] == &now[0] {
				taken++
			}
			before[got.Nodes[i].ID] = got.Nodes[i].States
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("round %d: %s", round, d)
		}
		wantAlive, wantGone := BuildAlive(&snap, Figures{})
		gotAlive, gotGone := b.BuildAlive(&snap, Figures{})
		if d := cmp.Diff(wantAlive, gotAlive); d != "" || wantGone != gotGone {
			t.Fatalf("round %d, what lives: %d gone, want %d: %s", round, gotGone, wantGone, d)
		}
		b.Forget([]int{0, 20}[r.IntN(2)])
		if n := len(b.recent) + len(b.older); n > 2*(20+len(got.Nodes)) {
			t.Fatalf("round %d: %d nodes of %d are remembered", round, n, len(got.Nodes))
		}
	}
	if taken < 1000 {
		t.Errorf("only %d nodes were taken over", taken)
	}
}
