package view_test

import (
	"context"
	"testing"
	"time"

	"kmscope/timeline"
	"kmscope/ui/view"
	"kmscope/ui/view/viewtest"
	"kmscope/wire"
)

// TestBesides holds that imports find their server among those of their capture,
// are laid anew when its clock is known better and only then, and go with it.
func TestBesides(t *testing.T) {
	ws := &viewtest.Workspace{}
	one, two, old := viewtest.NewServer("one"), viewtest.NewServer("two"), viewtest.NewServer("two")
	for _, s := range []*viewtest.Server{one, two, old} {
		s.Feed(wire.Fact{Kind: wire.KindOpen, Text: s.Address})
		s.Conference()
		ws.Add(s)
	}
	ws.AddReplay(&viewtest.Replay{Of: old, File: "old.jsonl.zst", From: viewtest.Start, Length: time.Minute})
	st := view.NewState(ws)
	seen := 0
	stop := st.Observe(func() { seen++ })
	defer stop()
	if st.SetImports(nil); seen != 0 || st.Besides().Len() != 0 {
		t.Error("nothing was imported, and that was told")
	}
	laid := 0
	lay := func(add time.Duration) view.Laid {
		laid++
		return view.Laid{Log: timeline.NewLog(0), Lanes: new(timeline.Lanes), To: viewtest.Start.Add(add)}
	}
	mine := two.Snapshot().Pipelines[0].Objects[1].ID
	st.SetImports([]view.Import{
		{Kind: view.Browser, Name: "by address", Server: two.Address, Lay: lay},
		{Kind: view.Browser, Name: "by capture", Server: two.Address, Capture: "old.jsonl.zst", Lay: lay},
		{Kind: view.ServerLog, Name: "by object", Object: mine, Lay: lay},
		{Kind: view.ServerLog, Name: "by selection", Lay: lay},
		{Kind: view.ServerLog, Name: "of a capture that is closed", Capture: "other.jsonl.zst", Lay: lay},
	})
	if seen != 1 {
		t.Errorf("told %d times", seen)
	}
	names := func(x view.Session) (out string) {
		for _, b := range st.Besides().Of(x) {
			out += b.Name + ", "
		}
		return out
	}
	st.Select(view.Selection{Session: one})
	for _, c := range []struct {
		server *viewtest.Server
		want   string
	}{{one, "by object, by selection, "}, {two, "by address, "}, {old, "by capture, "}} {
		if got := names(c.server); got != c.want {
			t.Errorf("%s: %q, want %q", c.server.Title, got, c.want)
		}
	}
	if !st.Besides().Any(view.Browser) || st.Besides().Len() != 4 || laid != 4 {
		t.Errorf("%d, laid %d times", st.Besides().Len(), laid)
	}
	before := st.Besides()
	if st.Besides() != before {
		t.Error("another value though nothing changed")
	}
	// The server's clock turns out to be a second behind.
	two.Feed(wire.Fact{Kind: wire.KindEvent, Type: "MediaStateChanged", Object: mine, Data: []byte(`{}`), Stamp: two.Now().Add(time.Second)})
	after := st.Besides()
	if after == before || laid != 5 {
		t.Fatalf("laid %d times", laid)
	}
	if d := after.Of(two)[0].To.Sub(before.Of(two)[0].To); d > -900*time.Millisecond || d < -1100*time.Millisecond {
		t.Errorf("moved by %v", d)
	}
	// One object of a log.
	asked := time.Duration(0)
	st.SetImports([]view.Import{{Kind: view.ServerLog, Name: "log", Server: two.Address, Lay: lay,
		Narrow: func(_ context.Context, object string, add time.Duration) (view.Laid, bool) {
			asked = add
			return view.Laid{To: viewtest.Start}, object == mine
		}}})
	b := st.Besides().Of(two)[0]
	if n := b.Narrowed(t.Context(), mine); n == nil || n.Name != "log" || n.Session != view.Session(two) || asked > -900*time.Millisecond {
		t.Errorf("narrowed to %+v, with %v added", n, asked)
	}
	if b.Narrowed(t.Context(), "another") != nil || !b.CanNarrow() {
		t.Error("what cannot be read is there")
	}
	if err := ws.Remove(t.Context(), two); err != nil {
		t.Fatal(err)
	}
	if st.Besides().Of(two) != nil {
		t.Error("its server went, and it is there")
	}
	st.SetImports(nil)
	if st.Besides().Len() != 0 || (*view.Besides)(nil).Len() != 0 || (*view.Besides)(nil).Of(one) != nil {
		t.Error("closed, it is there")
	}
}
