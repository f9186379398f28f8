package app

import (
	"context"
	"testing"
	"time"

	"fyne.io/fyne/v2"

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
		if (row.Label == "guest-1" || row.Object == ids["room-42"]) && row.Object != "" && row.Level != view.Trouble {
			t.Errorf("the dot of %s does not tell: %v", row.Label, row.Level)
		}
	}
	r.w.state.Forget(s)
	if _, known := r.w.state.Problems(s); known {
		t.Error("the problems of a removed server are kept")
	}
}

// The inspector is used with the keyboard alone: down to a line, and along it.
func TestInspectorByKeyboard(t *testing.T) {
	r := newRig(t, theme.AlwaysDark)
	s, ids := r.conference()
	r.w.state.Select(view.Selection{Session: s, Object: ids["presenter"]})
	r.w.update(true)
	r.w.openInspector()
	press := func(k fyne.KeyName) { r.w.inspector.list.TypedKey(&fyne.KeyEvent{Name: k}) }
	at := func() line { return r.w.inspector.lines[r.w.inspector.marked] }
	if !at().stop() {
		t.Fatalf("the keyboard begins at %+v", at())
	}
	for range len(r.w.inspector.lines) {
		press(fyne.KeyDown)
		if !at().stop() && r.w.inspector.marked != len(r.w.inspector.lines)-1 {
			t.Fatalf("it stops at %+v", at())
		}
	}
	for at().field.Target.Object != ids["room-42"] && r.w.inspector.marked > 0 {
		if press(fyne.KeyUp); at().field.Detail != "" && at().field.Target.Session == nil {
			press(fyne.KeyRight)
			if !r.w.inspector.open[at().id] {
				t.Fatal("Right does not open a line")
			}
			press(fyne.KeyLeft)
			if r.w.inspector.open[at().id] {
				t.Fatal("Left does not close a line")
			}
		}
	}
	want := at().field.Target.Object
	press(fyne.KeyReturn)
	r.w.update(true)
	if got := r.w.state.Selection().Object; want == "" || got != want {
		t.Errorf("Enter leads to %q, want %q", got, want)
	}
	if m := r.w.inspector.marked; m < 0 || !r.w.inspector.lines[m].stop() {
		t.Error("the keyboard is lost with a new object")
	}
}
