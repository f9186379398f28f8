package app

import (
	"context"
	"testing"
	"time"

	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// What is wrong stands in the inspector of the server, leads to the object, and
// stands there with what to do.
func TestProblemsLeadToTheObject(t *testing.T) {
	r := newRig(t, theme.AlwaysDark)
	s, ids := r.conference()
	s.Event(ids["guest-1"], "IceComponentStateChanged", `{"streamId":1,"componentId":1,"state":"FAILED","timestampMillis":"1"}`)
	s.Pass(time.Minute)
	r.w.update(true)
	ctx, end := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); r.w.problems.run(ctx) }()
	r.wait("the problems", func() bool { _, known := r.w.state.Problems(s); return known })
	end()
	<-done
	r.w.state.Select(view.Selection{Session: s})
	r.w.update(true)
	if !r.sees("guest-1") || !r.sees("ICE failed: no pair of candidates came") || !r.sees("in trouble") {
		t.Errorf("the server's inspector does not tell:\n%s", texts(r.w.inspector.content))
	}
	for _, l := range r.w.inspector.lines {
		if l.kind == lineWide && l.first && l.text == "guest-1" {
			r.w.inspector.tap(l)
		}
	}
	if got := r.w.state.Selection().Object; got != ids["guest-1"] {
		t.Fatalf("the line leads to %q", got)
	}
	r.w.update(true)
	for _, l := range r.w.inspector.lines {
		if l.kind == lineWide && l.first && l.field.Detail != "" {
			r.w.inspector.tap(l)
			break
		}
	}
	if !r.sees("Look at what both sides offered") {
		t.Errorf("an opened reason gives no advice:\n%s", texts(r.w.inspector.content))
	}
	for _, row := range r.w.navigator.rows {
		if (row.Label == "guest-1" || row.Object == ids["room"]) && row.Object != "" && row.Level != view.Trouble {
			t.Errorf("the dot of %s does not tell: %v", row.Label, row.Level)
		}
	}
	r.w.state.Forget(s)
	if _, known := r.w.state.Problems(s); known {
		t.Error("the problems of a removed server are kept")
	}
}
