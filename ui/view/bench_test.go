package view_test

import (
	"fmt"
	"testing"

	"kmscope/ui/view"
	"kmscope/ui/view/viewtest"
)

// huge is a server of 250 pipelines and 5,000 objects.
func huge() *viewtest.Server {
	s := viewtest.NewServer("huge")
	for i := range 250 {
		p := fmt.Sprintf("%08x-0000-4000-8000-000000000000_kurento.MediaPipeline", i)
		s.Create(p, fmt.Sprintf("room-%d", i))
		for j := range 19 {
			id := fmt.Sprintf("%s/%04x%04x-0000-4000-8000-000000000000_kurento.WebRtcEndpoint", p, i, j)
			s.Create(id, fmt.Sprintf("user-%d-%d", i, j))
			s.Event(id, "MediaFlowInStateChanged", `{"state":"FLOWING","padName":"default","mediaType":"VIDEO"}`)
		}
	}
	return s
}

// BenchmarkNavigatorRows is one update of the tree when nothing changed, which
// is what happens many times a second.
func BenchmarkNavigatorRows(b *testing.B) {
	for _, filter := range []string{"", "user-12"} {
		b.Run("filter="+filter, func(b *testing.B) {
			ws := &viewtest.Workspace{}
			ws.Add(huge())
			n := view.NewNavigator(view.NewState(ws))
			f, err := view.ParseFilter(filter)
			if err != nil {
				b.Fatal(err)
			}
			n.SetFilter(f)
			b.ReportAllocs()
			for b.Loop() {
				n.Rows()
			}
		})
	}
}

// BenchmarkFind is one letter typed into the finder.
func BenchmarkFind(b *testing.B) {
	ws := &viewtest.Workspace{}
	ws.Add(huge())
	st := view.NewState(ws)
	b.ReportAllocs()
	for b.Loop() {
		view.Find(st, nil, "webrtc 12")
	}
}
