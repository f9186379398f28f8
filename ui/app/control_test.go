package app

import (
	"errors"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"kmscope/control"
	"kmscope/ui/kit"
	"kmscope/ui/theme"
	"kmscope/ui/view"
	"kmscope/ui/view/viewtest"
)

// tapSwitch taps the left part of the switch, or the right one.
func (r *rig) tapSwitch(right bool) {
	left, _ := r.w.control.widths()
	at := fyne.NewPos(left/2, 10)
	if right {
		at.X = left + 5
	}
	r.w.control.Tapped(&fyne.PointEvent{Position: at})
}

// press taps the button with a text in the topmost box.
func (r *rig) press(text string) {
	r.t.Helper()
	top := r.w.win.Canvas().Overlays().Top()
	if top == nil {
		r.t.Fatalf("there is no box with a button %q", text)
	}
	for _, b := range buttons(top) {
		if b.Text() == text {
			b.Tapped(nil)
			return
		}
	}
	r.t.Fatalf("there is no button %q", text)
}

func TestControlPictures(t *testing.T) {
	for _, c := range []struct {
		name string
		mode theme.Mode
	}{{"dark", theme.AlwaysDark}, {"light", theme.AlwaysLight}} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, c.mode)
			s, ids := r.conference()
			r.w.state.Select(view.Selection{Session: s, Object: ids["room-42"]})
			s.Controlled = control.State{On: true, InForce: 1}
			r.w.update(true)
			test.AssertImageMatches(t, "control-"+c.name+".png", r.w.win.Canvas().Capture())
		})
	}
}

func TestControlIsOneDeliberateAct(t *testing.T) {
	r := newRig(t, theme.AlwaysDark)
	other := viewtest.NewServer("studio-2")
	s, _ := r.conference()
	r.ws.Add(other)
	r.w.state.Select(view.Selection{Session: s})
	r.w.update(true)
	r.tapSwitch(true)
	if s.Controlled.On || !r.sees("Turn on control of studio-1?") || !r.sees("latencyStats is put back") {
		t.Fatal("nothing was asked")
	}
	r.press("Cancel")
	if s.Controlled.On {
		t.Error("control is on though it was cancelled")
	}
	r.tapSwitch(true)
	r.press("Turn control on")
	r.wait("control is on", func() bool { r.w.update(true); return r.w.frame.on })
	if got := r.w.win.Title(); got != "kmscope · CONTROL of studio-1" || other.Controlled.On || !r.sees("CONTROL studio-1") {
		t.Errorf("the title is %q", got)
	}
	r.w.state.Select(view.Selection{Session: other})
	r.w.update(true)
	if r.w.frame.on || r.w.win.Title() != "kmscope" || !r.sees("CONTROL · 2 pipelines") {
		t.Error("another server looks as if it were in control, or the tree does not tell which is")
	}
	r.w.state.Select(view.Selection{Session: s})
	s.Controlled.InForce = 2
	r.w.update(true)
	if !r.sees("CONTROL studio-1 · 2 changes") {
		t.Error("the changes in force are not counted")
	}
	s.OnControl = func(bool) error { return errors.New("not connected; control stays on") }
	r.tapSwitch(false)
	r.wait("a failure is told", func() bool { return r.sees("Not connected; control stays on") })
	r.press("Close")
	if !s.Controlled.On {
		t.Error("control is off though it could not be left")
	}
	s.OnControl = nil
	r.w.toggleControl()
	r.wait("control is off, and the status bar says so", func() bool {
		return r.w.statusBar.message.Text == "studio-1 is read-only again; 2 changes were undone."
	})
	if r.w.update(true); r.w.frame.on || s.Controlled.On {
		t.Error("the frame still tells of control")
	}
	s.OnControl = func(bool) error { return errors.New("no way") }
	r.w.toggleControl()
	r.press("Turn control on")
	r.wait("a refusal is told", func() bool { return r.sees("No way") })
}

func TestNoControlInReplay(t *testing.T) {
	r := newRig(t, theme.AlwaysDark)
	r.w.toggleControl()
	if r.w.statusBar.message.Text != "Connect to a server first." {
		t.Errorf("without a server: %q", r.w.statusBar.message.Text)
	}
	s, _ := r.conference()
	s.IsLive = false
	r.w.update(true)
	r.tapSwitch(true)
	if r.w.win.Canvas().Overlays().Top() != nil {
		t.Error("control was offered in a replay")
	}
	r.w.toggleControl()
	if r.w.statusBar.message.Text != "This is a capture: nothing in it can be changed." {
		t.Errorf("in a replay: %q", r.w.statusBar.message.Text)
	}
}

func TestLeavingSaysWhatIsUndone(t *testing.T) {
	r := newRig(t, theme.AlwaysDark)
	s, _ := r.conference()
	s.Controlled = control.State{On: true, InForce: 1}
	if got := r.w.undoing(); got != ": undoing 1 change" {
		t.Errorf("closing says %q", got)
	}
	r.w.remove(s)
	r.wait("it is removed", func() bool { return r.w.statusBar.message.Text == "studio-1 was removed; 1 change was undone." })
}

func TestAuditBox(t *testing.T) {
	r := newRig(t, theme.AlwaysDark)
	r.w.showAudit()
	if !r.sees("Nothing was changed.") || r.w.audit.copies[0].Enabled() {
		t.Error("an empty audit does not say so")
	}
	r.press("Close")
	s, ids := r.conference()
	s.Note("control was turned on", `{"what":"on"}`)
	r.tapSwitch(false) // the part in force
	if r.w.audit == nil || !r.sees("Control was turned on") {
		t.Fatal("the badge does not show the audit")
	}
	s.Note("", `{"what":"done","id":1,"object":"`+ids["room-42"]+`","operation":"setLatencyStats","params":{"latencyStats":true},"text":"latencyStats: false → true","undoable":true}`)
	r.w.update(true)
	a := r.w.audit
	if len(a.rows) != 2 || !r.sees("latencyStats: false → true") {
		t.Errorf("%d rows", len(a.rows))
	}
	for i, want := range []struct {
		column int
		down   bool
		first  control.What
	}{{0, false, control.On}, {0, true, control.Done}, {-1, false, control.Done}, {3, false, control.On}} {
		cell := max(want.column, 0)
		a.head.Tapped(&fyne.PointEvent{Position: fyne.NewPos(a.head.columnsOf(a.head.Size().Width)[cell]+3, 5)})
		if a.column != want.column || a.down != want.down || a.rows[0].What != want.first {
			t.Errorf("step %d: sorted by %d, %v: %s first", i, a.column, a.down, a.rows[0].What)
		}
	}
	a.copies[0].Tapped(nil)
	if got := fyne.CurrentApp().Clipboard().Content(); got != view.AuditTSV(a.rows, r.w.state.Clock()) {
		t.Errorf("copied %q", got)
	}
	a.filter.SetText("/[/")
	if len(a.rows) != 0 || !r.sees("is no regular expression") {
		t.Error("a broken expression is not told")
	}
	a.filter.SetText("nobody")
	if !r.sees("None of 2 rows matches.") {
		t.Error("an empty result is not told")
	}
	a.filter.SetText("latency")
	a.key(&fyne.KeyEvent{Name: fyne.KeyDown})
	a.key(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if r.w.audit != nil || r.w.state.Selection().Object != ids["room-42"] || r.w.state.Pinned().IsZero() {
		t.Errorf("it does not go there: %+v", r.w.state.Selection())
	}
	r.w.showAudit()
	r.w.audit.key(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if r.w.audit != nil || r.w.win.Canvas().Overlays().Top() != nil {
		t.Error("escape does not close the audit")
	}
}

// The columns of the audit stay in its box, in a window of 800, too.
func TestAuditColumnsFit(t *testing.T) {
	r := newAuditRow(func(int) {})
	for _, width := range []float32{1100, 680, 560} {
		at := r.columnsOf(width)
		for i := range auditWidths {
			if least := float32(60); at[i+1]-at[i] < least || at[i]+least > width {
				t.Errorf("in %v the columns begin at %v", width, at)
			}
		}
		if at[len(auditWidths)] > width {
			t.Errorf("in %v the columns end at %v", width, at[len(auditWidths)])
		}
	}
}

// In a narrow window the switch leaves out the server, then the changes, and never asks
// for a wider window.
func TestControlSwitchGivesWay(t *testing.T) {
	newRig(t, theme.AlwaysDark)
	s := newControlSwitch(nil, nil, nil)
	s.set(view.ControlMode{On: true, Server: "media-server-1.example.org:8888", InForce: 2})
	text := test.WidgetRenderer(s).(*switchRenderer).texts[1]
	whole := s.MinSize().Width
	for _, c := range []struct {
		width float32
		want  string
	}{{whole, "CONTROL media-server"}, {320, "CONTROL media"}, {270, "CONTROL · 2 changes"}, {switchLeast, "CONTROL"}, {whole, "CONTROL media-server"}} {
		s.Resize(fyne.NewSize(c.width, kit.ButtonHeight))
		left, right := s.widths()
		if !strings.HasPrefix(text.Text, c.want) || left+right > c.width+0.5 {
			t.Errorf("in %v it says %q, %v wide", c.width, text.Text, left+right)
		}
		if s.MinSize().Width != whole {
			t.Errorf("in %v it wants %v", c.width, s.MinSize().Width)
		}
	}
	for _, on := range []bool{false, true} {
		s.set(view.ControlMode{On: on, Server: "a"})
		if w := s.MinSize().Width; !on && w > switchLeast {
			t.Errorf("%v wide without control", w)
		}
	}
}
