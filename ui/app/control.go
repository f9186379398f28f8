package app

import (
	"context"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"kmscope/ui/icon"
	"kmscope/ui/kit"
	"kmscope/ui/shade"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// Control. Everything here is read-only until a person turns control on for one
// server, in one deliberate act. While the server that is looked at is in
// control, the window says so in its frame, its tool bar, its title and the
// switch, and the tree says it of every server.

// updateControl shows the mode of the server that is looked at.
func (w *Window) updateControl() {
	m := w.state.Control()
	if w.control.set(m) {
		w.control.Refresh()
		w.tools.Refresh() // it may be wider or narrower now
	}
	if w.frame.on == m.On && w.title == m.Server {
		return
	}
	w.frame.on, w.title = m.On, m.Server
	title := "kmscope"
	if m.On {
		title += " · CONTROL of " + m.Server
	}
	visible(w.toolGround, m.On)
	w.frame.Refresh()
	w.win.SetTitle(title)
}

// toggleControl switches by keyboard.
func (w *Window) toggleControl() {
	switch m := w.state.Control(); {
	case m.On:
		w.leaveControl()
	case m.Disabled != "":
		w.statusBar.say(m.Disabled, view.Attention)
	default:
		w.askControl()
	}
}

// controlWords say what turning control on means.
const controlWords = "Until you turn it off, this window may change this server. What it can change today is latencyStats: whether a pipeline " +
	"measures delays (charts page, View).\n\n" +
	"Every command is written into the capture and the audit, and marked on the timeline and the charts.\n\n" +
	"When you turn control off, disconnect or close the window, latencyStats is put back to what it was before. " +
	"That takes a server that still answers."

// askControl asks before control is turned on.
func (w *Window) askControl() {
	x := w.state.Server()
	if m := w.state.Control(); x == nil || m.On || m.Disabled != "" {
		return
	}
	name := x.Name()
	text := widget.NewLabel(controlWords)
	text.Wrapping = fyne.TextWrapWord
	address := kit.NewText(x.URL(), theme.TextSize, theme.Current().Dim)
	address.TextStyle.Monospace = true
	var d *kit.Modal
	cancel := kit.NewButton(kit.Framed, "", "Cancel", func() { d.Hide() })
	on := kit.NewButton(kit.Primary, "", "Turn control on", func() {
		d.Hide()
		w.setControl(x, true)
	})
	box := container.NewVBox(address, flush(text), container.NewHBox(layout.NewSpacer(), cancel, on))
	d = kit.NewModal(w.win.Canvas(), "Turn on control of "+name+"?", container.New(&leastWidth{520}, box))
	d.Show()
	w.win.Canvas().Focus(cancel)
}

// leaveControl turns control off; nothing is asked, for it only takes back.
func (w *Window) leaveControl() {
	if x := w.state.Server(); x != nil && x.Control().On {
		w.setControl(x, false)
	}
}

func (w *Window) setControl(x view.Session, on bool) {
	what := "Asking " + x.Name() + " for control"
	changes := x.Control().InForce
	if !on {
		what = "Leaving control of " + x.Name() + undoingText(changes)
	}
	w.task(what, func(ctx context.Context) error { return x.SetControl(ctx, on) }, func(err error) {
		switch {
		case err != nil && on:
			w.fail("Control was not turned on", err, "", nil)
		case err != nil:
			w.fail("Not everything was put back", err, "Show the audit…", w.showAudit)
		case on:
			w.statusBar.say("Control of "+x.Name()+" is on: this window may change it.", view.Attention)
		default:
			w.statusBar.say(x.Name()+" is read-only again"+undone(changes)+".", view.Unknown)
		}
		w.pump.kick()
	})
}

// undone says how many changes were put back.
func undone(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return "; 1 change was undone"
	}
	return "; " + view.Thousands(n) + " changes were undone"
}

func undoingText(n int) string {
	if n == 0 {
		return ""
	}
	return ": undoing " + view.Plural(n, "change")
}

// undoing says how many changes will be put back when all servers are left.
func (w *Window) undoing() string {
	n := 0
	for _, x := range w.ws.Sessions() {
		n += x.Control().InForce
	}
	return undoingText(n)
}

// controlFrame is the frame of the window while the server that is looked at may
// be changed. It takes no events.
type controlFrame struct {
	widget.BaseWidget
	on bool
}

// frameWidth is the width of the frame's sides; its top is the band above the
// tool bar.
const frameWidth = 3

func newControlFrame() *controlFrame {
	f := &controlFrame{}
	f.ExtendBaseWidget(f)
	return f
}

func (f *controlFrame) CreateRenderer() fyne.WidgetRenderer {
	r := &controlFrameRenderer{f: f}
	for range 4 {
		r.sides = append(r.sides, canvas.NewRectangle(color.Transparent))
	}
	r.Refresh()
	return r
}

type controlFrameRenderer struct {
	f     *controlFrame
	sides []fyne.CanvasObject
}

func (r *controlFrameRenderer) MinSize() fyne.Size { return fyne.Size{} }

func (r *controlFrameRenderer) Layout(size fyne.Size) {
	for i, s := range r.sides {
		pos, box := fyne.Position{}, fyne.NewSize(frameWidth, size.Height)
		switch i {
		case 0:
			box = fyne.NewSize(size.Width, frameWidth)
		case 1:
			pos.Y, box = size.Height-frameWidth, fyne.NewSize(size.Width, frameWidth)
		case 2:
			pos.X = size.Width - frameWidth
		}
		s.Move(pos)
		s.Resize(box)
	}
}

func (r *controlFrameRenderer) Refresh() {
	c := theme.Current().Control
	for _, s := range r.sides {
		visible(s, r.f.on)
		if x, ok := s.(*canvas.Rectangle); ok {
			fill(x, c)
		}
	}
}

func (r *controlFrameRenderer) Objects() []fyne.CanvasObject { return r.sides }
func (r *controlFrameRenderer) Destroy()                     {}

// controlSwitch is the switch in the tool bar: "read-only | control". The part
// that is in force opens the audit, the other one switches.
type controlSwitch struct {
	widget.BaseWidget
	mode         view.ControlMode
	shown        bool // a mode was set
	over         int  // the part under the pointer, -1 is none
	on, off, log func()
}

var (
	_ fyne.Tappable     = (*controlSwitch)(nil)
	_ desktop.Hoverable = (*controlSwitch)(nil)
)

func newControlSwitch(on, off, log func()) *controlSwitch {
	s := &controlSwitch{on: on, off: off, log: log, over: -1, mode: view.ControlMode{Disabled: " "}}
	s.ExtendBaseWidget(s)
	return s
}

// set takes a mode and reports whether it is another one.
func (s *controlSwitch) set(m view.ControlMode) bool {
	if s.shown && s.mode == m {
		return false
	}
	s.mode, s.shown = m, true
	return true
}

// words are those of the two parts.
func (s *controlSwitch) words(m view.ControlMode) [2]string {
	w := [2]string{"read-only", "control"}
	if !m.On {
		return w
	}
	bold := fyne.TextStyle{Bold: true}
	changes := ""
	if m.InForce > 0 {
		changes = " · " + view.Plural(m.InForce, "change")
	}
	const most, least = 200, 40 // of the server's name
	w[1] = "CONTROL " + kit.Elide(m.Server, theme.TextSize, bold, most) + changes
	room := s.Size().Width - switchLeft() - 2*switchPad + 0.5 // of rounding
	if s.Size().Width == 0 || kit.TextWidth(w[1], theme.TextSize, bold) <= room {
		return w
	}
	// In a narrow window the name goes first: the tree has it, and the tip.
	if room -= kit.TextWidth("CONTROL "+changes, theme.TextSize, bold); room >= least {
		w[1] = "CONTROL " + kit.Elide(m.Server, theme.TextSize, bold, room) + changes
		return w
	}
	if w[1] = "CONTROL" + changes; room < 0 {
		w[1] = "CONTROL"
	}
	return w
}

const (
	switchPad  = 10
	switchIcon = 18
	// switchLeast is down to what the switch gives way: it then says in which mode it
	// is, and no more.
	switchLeast = 182
)

// switchLeft is the width of the left part.
func switchLeft() float32 {
	return kit.TextWidth("read-only", theme.TextSize, fyne.TextStyle{}) + 2*switchPad + switchIcon
}

// widths gives the widths of the two parts.
func (s *controlSwitch) widths() (left, right float32) {
	left = switchLeft()
	right = kit.TextWidth(s.words(s.mode)[1], theme.TextSize, fyne.TextStyle{Bold: s.mode.On}) + 2*switchPad
	return left, max(right, s.Size().Width-left)
}

func (s *controlSwitch) part(at fyne.Position) int {
	if left, _ := s.widths(); at.X < left {
		return 0
	}
	return 1
}

// Tapped implements fyne.Tappable.
func (s *controlSwitch) Tapped(e *fyne.PointEvent) {
	kit.HideTip(s)
	switch control := s.part(e.Position) == 1; {
	case control == s.mode.On:
		s.log()
	case s.mode.On:
		s.off()
	case s.mode.Disabled == "":
		s.on()
	}
}

// MouseIn implements desktop.Hoverable.
func (s *controlSwitch) MouseIn(e *desktop.MouseEvent) { s.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (s *controlSwitch) MouseMoved(e *desktop.MouseEvent) {
	part := s.part(e.Position)
	if part == s.over {
		return
	}
	s.over = part
	s.Refresh()
	tip := view.ControlTip(s.mode)
	switch {
	case part == 1 && !s.mode.On && s.mode.Disabled == "":
		tip = "Allow this window to change " + s.mode.Server + ". You are asked first."
	case part == 1 && !s.mode.On:
		tip = s.mode.Disabled
	case part == 0 && s.mode.On:
		tip = "Back to read-only. What was changed is put back."
	}
	kit.ShowTip(s, tip, fyne.NewPos(0, s.Size().Height+4))
}

// MouseOut implements desktop.Hoverable.
func (s *controlSwitch) MouseOut() {
	s.over = -1
	s.Refresh()
	kit.HideTip(s)
}

func (s *controlSwitch) CreateRenderer() fyne.WidgetRenderer {
	r := &switchRenderer{s: s, box: shade.NewPlate(theme.Radius, 1), chosen: shade.NewPlate(theme.Radius-1, 0),
		icon: icon.NewPicture(icon.Lock, color.NRGBA{})}
	for i := range r.texts {
		r.texts[i] = kit.NewText("", theme.TextSize, color.Transparent)
	}
	r.Refresh()
	return r
}

type switchRenderer struct {
	s           *controlSwitch
	box, chosen *shade.Plate
	icon        *icon.Picture
	texts       [2]*canvas.Text
}

func (r *switchRenderer) MinSize() fyne.Size {
	// What it would say with room for all.
	whole := controlSwitch{mode: r.s.mode}
	left, right := whole.widths()
	return fyne.NewSize(left+right, kit.ButtonHeight)
}

func (r *switchRenderer) Layout(size fyne.Size) {
	words := r.s.words(r.s.mode)
	for i, t := range r.texts {
		kit.SetText(t, words[i], t.Color)
	}
	left, right := r.s.widths()
	r.box.Resize(size)
	at, wide := float32(0), left
	if r.s.mode.On {
		at, wide = left, right
	}
	r.chosen.Move(fyne.NewPos(at+2, 2))
	r.chosen.Resize(fyne.NewSize(wide-4, size.Height-4))
	r.icon.Move(fyne.NewPos(switchPad, (size.Height-12)/2))
	r.icon.Resize(fyne.NewSquareSize(12))
	kit.Place(r.texts[0], switchPad+switchIcon, 0, size.Height)
	kit.Place(r.texts[1], left+switchPad, 0, size.Height)
}

func (r *switchRenderer) Refresh() {
	p, m := theme.Current(), r.s.mode
	words := r.s.words(m)
	line, chosen, lock := p.Line, theme.Over(theme.Fade(p.OK, 0.14), p.Raised), p.OK
	hues := [2]color.NRGBA{p.Text, p.Dim}
	switch {
	case m.On:
		line, chosen, lock = p.Control, p.Control, p.Dim
		hues = [2]color.NRGBA{p.Text, p.OnAccent}
	case m.Disabled != "":
		hues[1] = theme.Fade(p.Dim, 0.6)
	case r.s.over == 1:
		hues[1] = p.Text
	}
	if m.Server == "" {
		lock = p.Dim
	}
	r.box.Set(p.Background, line)
	r.chosen.SetFill(chosen)
	r.icon.Set(icon.Lock, lock)
	for i, t := range r.texts {
		if bold := i == 1 && m.On; t.TextStyle.Bold != bold {
			t.TextStyle.Bold = bold
			t.Refresh()
		}
		kit.SetText(t, words[i], hues[i])
	}
	r.Layout(r.s.Size())
}

func (r *switchRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.box.CanvasObject, r.chosen.CanvasObject, r.icon.Raster, r.texts[0], r.texts[1]}
}
func (r *switchRenderer) Destroy() {}
