package view_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kmscope/control"
	"kmscope/ui/view"
	"kmscope/ui/view/viewtest"
)

func TestControlMode(t *testing.T) {
	ws := &viewtest.Workspace{}
	s := view.NewState(ws)
	if m := s.Control(); m.Server != "" || m.Disabled == "" || !strings.Contains(view.ControlTip(m), "until control is turned on") {
		t.Errorf("without a server: %+v", m)
	}
	x := viewtest.NewServer("studio-1")
	ws.Add(x)
	for _, c := range []struct {
		name string
		set  func()
		want view.ControlMode
		tip  string
	}{
		{"read-only", func() {}, view.ControlMode{Server: "studio-1"}, "Nothing that is done here changes studio-1"},
		{"control", func() { x.Controlled = control.State{On: true} }, view.ControlMode{Server: "studio-1", On: true}, "may change studio-1; it has not"},
		{"a change", func() { x.Controlled.InForce = 1 }, view.ControlMode{Server: "studio-1", On: true, InForce: 1}, "1 change will be undone"},
		{"a change, and no connection", func() { x.State.State = view.Reconnecting }, view.ControlMode{Server: "studio-1", On: true, InForce: 1}, "1 change will be undone"},
		{"no connection", func() { x.Controlled = control.State{} }, view.ControlMode{Server: "studio-1", Disabled: "There is no connection to studio-1 just now."}, "no connection"},
		{"replay", func() { x.IsLive = false }, view.ControlMode{Server: "studio-1", Disabled: "This is a capture: nothing in it can be changed."}, "capture"},
	} {
		c.set()
		if diff := cmp.Diff(c.want, s.Control()); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
		if tip := view.ControlTip(s.Control()); !strings.Contains(tip, c.tip) {
			t.Errorf("%s: %q", c.name, tip)
		}
	}
}

func TestAudit(t *testing.T) {
	ws := &viewtest.Workspace{}
	s := view.NewState(ws)
	s.SetClock(view.Clock{Mode: view.UTC})
	x := viewtest.NewServer("studio-1")
	ids := x.Conference()
	ws.Add(x)
	if err := x.SetControl(context.Background(), true); err != nil {
		t.Fatal(err)
	}
	x.Note("control was turned on", `{"what":"on"}`)
	room, gone := ids["room-42"], ids["idle"]
	for _, entry := range []string{
		`{"what":"done","id":1,"object":"` + room + `","operation":"setLatencyStats","params":{"latencyStats":true},"text":"latencyStats: false → true","tookMs":2,"undoable":true}`,
		`{"what":"done","id":2,"object":"` + room + `","operation":"setLatencyStats","params":{"latencyStats":false},"text":"latencyStats: true → false","undoes":1}`,
		`{"what":"done","id":3,"object":"` + room + `","operation":"setName","params":{"name":"a\tb\n"},"text":"name","undoable":true}`,
		`{"what":"lost","id":4,"object":"` + gone + `","operation":"setName","text":"name","problem":"not connected to the server","undoable":true}`,
		`{"what":"gone","id":5,"object":"` + gone + `","operation":"setName","text":"name","undoes":4}`,
		`{"what":"refused","id":6,"object":"` + gone + `","operation":"setName","text":"name","problem":"no"}`,
		`{"what":"refused","id":7,"object":"` + room + `","operation":"setName","text":"name","undoes":3}`,
	} {
		x.Note("", entry)
	}
	all := view.Audit(s, view.Filter{}, -1, false)
	var got []string
	for _, r := range all {
		got = append(got, strings.Join(r.Cells(s.Clock())[2:], " | "))
	}
	want := []string{
		"room-42 | undo: name | refused | –",
		"MediaPipeline 3fe0 | name | refused: no | –",
		"MediaPipeline 3fe0 | undo: name | the object was gone | –",
		"MediaPipeline 3fe0 | name | no answer: not connected to the server | not needed: the object was gone",
		"room-42 | name | done | NOT undone: refused",
		"room-42 | undo: latencyStats: true → false | done | –",
		"room-42 | latencyStats: false → true | done in 2.0 ms | " + s.Clock().Format(all[5].At),
		"– | Control was turned on |  | –",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, c := range []struct {
		filter string
		column int
		down   bool
		rows   int
		first  string
	}{
		{"", -1, false, 8, want[0]}, {"", 0, false, 8, want[7]}, {"", 0, true, 8, want[0]}, {"room-42 done", -1, false, 3, want[4]},
		{"setName", -1, false, 5, want[0]}, {"/gone|refused/", -1, false, 5, want[0]}, {"", 2, true, 8, want[7]}, {"nothing", -1, false, 0, ""},
	} {
		f, err := view.ParseFilter(c.filter)
		if err != nil {
			t.Fatal(err)
		}
		rows := view.Audit(s, f, c.column, c.down)
		first := ""
		if len(rows) > 0 {
			first = strings.Join(rows[0].Cells(s.Clock())[2:], " | ")
		}
		if len(rows) != c.rows || first != c.first {
			t.Errorf("%q by %d: %d rows, the first is %q", c.filter, c.column, len(rows), first)
		}
	}
	lines := strings.Split(view.AuditTSV(all, s.Clock()), "\n")
	if len(lines) != 10 || strings.Count(lines[5], "\t") != 7 || !strings.Contains(lines[7], `setLatencyStats({"latencyStats":true})`+"\t"+room) {
		t.Errorf("as TSV: %q", lines)
	}
	var rows []struct {
		What, Call string
		UndoneAt   time.Time
	}
	if err := json.Unmarshal([]byte(view.AuditJSON(all)), &rows); err != nil || len(rows) != 8 || rows[6].UndoneAt.IsZero() || rows[7].What != "on" {
		t.Errorf("as JSON: %v %+v", err, rows)
	}
	// In force, and not yet taken back: it depends on where one looks.
	x.Note("", `{"what":"done","id":8,"object":"`+room+`","operation":"setName","text":"name","undoable":true}`)
	for live, back := range map[bool]string{true: "when control is left", false: "not in this capture"} {
		x.IsLive = live
		if r := view.Audit(s, view.Filter{}, -1, false)[0]; r.Back != back {
			t.Errorf("live %v: %q", live, r.Back)
		}
	}
}
