package app

import (
	"image/color"
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"kmscope/timeline"
	"kmscope/ui/icon"
	"kmscope/ui/kit"
	"kmscope/ui/shade"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// timeBar shows the whole time that is known, the visible window in it, the
// cursor, and where something went wrong. In replay it plays.
type timeBar struct {
	state   *view.State
	cursor  *canvas.Text
	track   *track
	play    *kit.Button
	speed   *kit.Button
	length  *kit.Button
	live    *kit.Button
	row     *fyne.Container
	shape   [2]bool // what the row was laid out for
	laidOut float32
	content fyne.CanvasObject
	// async runs what may take long on a goroutine, one at a time.
	async func(string, func())
	touch func() // tells that a person does something

	marks      []mark
	marksOf    view.Session
	marksTotal uint64
	marksAt    time.Time
}

// mark is a moment where something went wrong.
type mark struct {
	at   time.Time
	kind markKind
}

// markKind is what a mark on the track tells of.
type markKind uint8

const (
	markWarning markKind = iota
	markError
	markOwn // a change of the server by this tool
)

// speeds that the button offers; 0 is at once.
var speeds = []struct {
	factor float64
	word   string
}{{1, "1x"}, {10, "10x"}, {0, "at once"}}

// lengths of the visible window that the button offers; 0 is everything.
var lengths = []struct {
	d    time.Duration
	word string
}{{20 * time.Second, "20 s"}, {time.Minute, "1 min"}, {5 * time.Minute, "5 min"}, {30 * time.Minute, "30 min"}, {0, "all"}}

func newTimeBar(s *view.State, async func(string, func()), touch func()) *timeBar {
	b := &timeBar{state: s, async: async, touch: touch}
	b.cursor = kit.NewText("–", theme.TextSize-1, color.Transparent)
	b.cursor.TextStyle.Monospace = true
	b.track = newTrack(b)
	b.play = kit.NewButton(kit.Framed, icon.Play, "", b.togglePlay).WithTip("Play or pause the capture (Ctrl+P)")
	b.speed = kit.NewButton(kit.Framed, "", "1x", func() { b.popUp(b.speed, b.speedMenu()) }).WithCaret().WithTip("How fast the capture plays")
	b.length = kit.NewButton(kit.Framed, "", "5 min", func() { b.popUp(b.length, b.lengthMenu()) }).WithCaret().WithTip("How much time charts and timeline show")
	b.live = kit.NewButton(kit.Framed, "", "LIVE", b.follow).WithTip("Follow the end (Ctrl+L)")
	b.row = container.New(kit.Bar{Gap: 8, Stretch: 1}, newFixed(b.cursor, 92), b.track, b.play, b.speed, b.length, b.live)
	b.content = kit.OnWindow(kit.WithMargin(kit.Margin{Top: 8, Bottom: 8, Left: 12, Right: 12}, b.row), kit.Top)
	return b
}

// newFixed gives an object a least width, so that what is beside it stands still.
func newFixed(o fyne.CanvasObject, width float32) fyne.CanvasObject {
	return container.New(&fixedWidth{width}, o)
}

type fixedWidth struct{ width float32 }

func (f *fixedWidth) MinSize(o []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(f.width, o[0].MinSize().Height)
}
func (f *fixedWidth) Layout(o []fyne.CanvasObject, size fyne.Size) { o[0].Resize(size) }

func (b *timeBar) popUp(at *kit.Button, m *fyne.Menu) {
	c := canvasOf(at)
	if c == nil {
		return
	}
	pop := widget.NewPopUpMenu(m, c)
	pop.ShowAtRelativePosition(fyne.NewPos(0, -pop.MinSize().Height-4), at)
}

func (b *timeBar) speedMenu() *fyne.Menu {
	m := fyne.NewMenu("")
	for _, s := range speeds {
		item := fyne.NewMenuItem(s.word, func() { b.setSpeed(s.factor) })
		if r := b.state.Replay(); r != nil {
			item.Checked = r.Speed() == s.factor
		}
		m.Items = append(m.Items, item)
	}
	return m
}

func (b *timeBar) lengthMenu() *fyne.Menu {
	m := fyne.NewMenu("")
	for _, l := range lengths {
		item := fyne.NewMenuItem(l.word, func() { b.state.SetLength(l.d) })
		item.Checked = b.state.Following() && b.state.Length() == l.d
		m.Items = append(m.Items, item)
	}
	return m
}

func (b *timeBar) setSpeed(factor float64) {
	if r := b.state.Replay(); r != nil {
		b.async("speed", func() { r.SetSpeed(factor) })
	}
}

func (b *timeBar) togglePlay() {
	r := b.state.Replay()
	if r == nil {
		return
	}
	b.state.Follow()
	if r.Playing() {
		b.async("pause", r.Pause)
	} else {
		b.async("play", r.Play)
	}
}

// follow goes to the end: of time, or of the capture.
func (b *timeBar) follow() {
	b.state.Follow()
	b.state.SetPaused(false)
	if r := b.state.Replay(); r != nil && r.Position() < r.Duration() {
		b.async("seek", func() { r.Seek(r.Duration()) })
	}
}

// step moves the cursor by a part of the visible window.
func (b *timeBar) step(part float64) {
	from, to := b.state.Range()
	at, _ := b.state.Cursor()
	if at.IsZero() {
		return
	}
	b.moveTo(at.Add(time.Duration(float64(to.Sub(from)) * part)))
}

// moveTo leaves the cursor at a moment; a replay goes there.
func (b *timeBar) moveTo(at time.Time) {
	first, last := b.state.Span()
	if at.Before(first) {
		at = first
	}
	if at.After(last) {
		at = last
	}
	if r := b.state.Replay(); r != nil {
		b.state.Follow()
		to := at.Sub(r.Start())
		b.async("seek", func() { r.Seek(to) })
		return
	}
	b.state.Pin(at)
}

func (b *timeBar) update() {
	p := theme.Current()
	at, live := b.state.Cursor()
	kit.SetText(b.cursor, b.state.Clock().Format(at), p.Text)
	r := b.state.Replay()
	visible(b.play, r != nil)
	visible(b.speed, r != nil)
	for _, l := range lengths {
		if b.state.Length() == l.d {
			b.length.Set("", l.word)
		}
	}
	if !b.state.Following() {
		b.length.Set("", view.Ago(b.state.Length()))
	}
	if r != nil {
		name := icon.Play
		if r.Playing() {
			name = icon.Pause
		}
		b.play.Set(name, "")
		for _, s := range speeds {
			if s.factor == r.Speed() {
				b.speed.Set("", s.word)
			}
		}
		b.live.SetEnabled(true)
		b.live.Set("", "END")
		b.live.SetTip("Go to the end of the capture (Ctrl+L)")
		live = live && b.state.Following() && r.Position() >= r.Duration()
	} else {
		b.live.Set("", "LIVE")
		b.live.SetTip("Follow the end (Ctrl+L)")
		x := b.state.Server()
		live = live && x != nil && x.Live() && x.Link().State == view.Connected && b.state.Following() && !b.state.Paused()
		b.live.SetEnabled(x != nil)
	}
	want := func(p theme.Palette) color.NRGBA { return p.OK }
	if !live {
		want = nil
	}
	if (b.live.Outlined() != nil) != (want != nil) {
		b.live.SetOutline(want)
	}
	b.readMarks()
	if buttons := [2]bool{r != nil, r != nil && r.Playing()}; buttons != b.shape || b.widths() != b.laidOut {
		b.shape, b.laidOut = buttons, b.widths()
		b.row.Refresh()
	}
	b.track.Refresh()
}

// widths sums up the widths of the buttons, which change with their words.
func (b *timeBar) widths() float32 {
	return b.play.MinSize().Width + b.speed.MinSize().Width + b.length.MinSize().Width + b.live.MinSize().Width
}

// readMarks takes the warnings, the errors and our own commands from the timeline, at most every two
// seconds: the log may be long.
func (b *timeBar) readMarks() {
	x := b.state.Server()
	if x == nil {
		b.marks, b.marksOf = nil, nil
		return
	}
	log := x.Timeline()
	if log == nil {
		return
	}
	total := log.Total()
	now := time.Now()
	if x == b.marksOf && (total == b.marksTotal || now.Sub(b.marksAt) < 2*time.Second) {
		return
	}
	b.marksOf, b.marksTotal, b.marksAt = x, total, now
	b.marks = b.marks[:0]
	for _, f := range []timeline.Filter{{MinSeverity: timeline.Warning}, {Types: []string{timeline.TypeOwn}}} {
		indexes := log.Select(f)
		if len(indexes) > maxMarks {
			indexes = indexes[len(indexes)-maxMarks:]
		}
		for _, i := range indexes {
			for _, e := range log.Range(i, i+1) {
				m := mark{at: e.Arrived}
				switch {
				case view.EntryLevel(&e) == view.Trouble:
					m.kind = markError
				case e.Type == timeline.TypeOwn:
					m.kind = markOwn
				}
				b.marks = append(b.marks, m)
			}
		}
	}
	slices.SortFunc(b.marks, func(a, c mark) int { return a.at.Compare(c.at) })
}

// maxMarks bounds the marks: more than the track has pixels say nothing.
const maxMarks = 500

// track is the line of time itself.
type track struct {
	widget.BaseWidget
	b    *timeBar
	drag dragKind
	grab time.Duration // from the window's start to where it was taken hold of
}

type dragKind uint8

const (
	dragNone dragKind = iota
	dragCursor
	dragWindow
	dragFrom
	dragTo
)

var (
	_ fyne.Draggable      = (*track)(nil)
	_ fyne.Tappable       = (*track)(nil)
	_ fyne.DoubleTappable = (*track)(nil)
	_ desktop.Hoverable   = (*track)(nil)
	_ desktop.Mouseable   = (*track)(nil)
	_ fyne.Scrollable     = (*track)(nil)
)

func newTrack(b *timeBar) *track {
	t := &track{b: b}
	t.ExtendBaseWidget(t)
	return t
}

func (t *track) timeAt(x float32) time.Time {
	first, last := t.b.state.Span()
	w := t.Size().Width
	if w <= 0 || !last.After(first) {
		return last
	}
	share := min(max(float64(x/w), 0), 1)
	return first.Add(time.Duration(share * float64(last.Sub(first))))
}

func (t *track) xOf(at time.Time) float32 {
	first, last := t.b.state.Span()
	if !last.After(first) {
		return t.Size().Width
	}
	share := float64(at.Sub(first)) / float64(last.Sub(first))
	return float32(min(max(share, 0), 1)) * t.Size().Width
}

// MouseDown keeps the toolkit's loop awake: it hands over a tap when it is sure that
// there is no second one, and wakes nobody for it.
func (t *track) MouseDown(*desktop.MouseEvent) { t.b.touch() }

// MouseUp does nothing.
func (t *track) MouseUp(*desktop.MouseEvent) {}

// Tapped moves the cursor; a double tap follows the end.
func (t *track) Tapped(e *fyne.PointEvent)     { t.b.moveTo(t.timeAt(e.Position.X)) }
func (t *track) DoubleTapped(*fyne.PointEvent) { t.b.follow() }

func (t *track) Dragged(e *fyne.DragEvent) {
	from, to := t.b.state.Range()
	if t.drag == dragNone {
		x := e.Position.X - e.Dragged.DX
		x0, x1 := t.xOf(from), t.xOf(to)
		at, _ := t.b.state.Cursor()
		switch near := func(a float32) bool { return x > a-6 && x < a+6 }; {
		case near(t.xOf(at)) && !t.b.state.Following():
			t.drag = dragCursor
		case near(x0):
			t.drag = dragFrom
		case near(x1):
			t.drag = dragTo
		case x > x0 && x < x1 && x1-x0 < t.Size().Width-12:
			t.drag = dragWindow
			t.grab = t.timeAt(x).Sub(from)
		default:
			t.drag = dragCursor
		}
	}
	at := t.timeAt(e.Position.X)
	switch t.drag {
	case dragCursor:
		t.b.moveTo(at)
	case dragWindow:
		start := at.Add(-t.grab)
		t.b.state.SetRange(start, start.Add(to.Sub(from)))
	case dragFrom:
		t.b.state.SetRange(at, to)
	case dragTo:
		t.b.state.SetRange(from, at)
	}
}

func (t *track) DragEnd() { t.drag = dragNone }

// Scrolled makes the visible window longer or shorter.
func (t *track) Scrolled(e *fyne.ScrollEvent) {
	from, to := t.b.state.Range()
	length := to.Sub(from)
	if e.Scrolled.DY > 0 {
		length = length * 4 / 5
	} else {
		length = length * 5 / 4
	}
	first, last := t.b.state.Span()
	if length >= last.Sub(first) {
		t.b.state.SetLength(0)
		return
	}
	if t.b.state.Following() {
		t.b.state.SetLength(length)
		return
	}
	middle := from.Add(to.Sub(from) / 2)
	t.b.state.SetRange(middle.Add(-length/2), middle.Add(length/2))
}

func (t *track) MouseIn(e *desktop.MouseEvent)    { t.tip(e) }
func (t *track) MouseMoved(e *desktop.MouseEvent) { t.tip(e) }
func (t *track) MouseOut()                        { kit.HideTip(t) }

func (t *track) tip(e *desktop.MouseEvent) {
	if first, last := t.b.state.Span(); last.After(first) {
		kit.ShowTip(t, t.b.state.Clock().Format(t.timeAt(e.Position.X)), fyne.NewPos(e.Position.X, t.Size().Height+4))
	}
}

func (t *track) CreateRenderer() fyne.WidgetRenderer {
	r := &trackRenderer{t: t, rail: shade.NewPlate(4, 0), window: shade.NewPlate(3, 1), cursor: shade.NewPlate(0, 0)}
	r.Refresh()
	return r
}

type trackRenderer struct {
	t                    *track
	rail, window, cursor *shade.Plate
	marks                []*shade.Plate
}

func (r *trackRenderer) MinSize() fyne.Size { return fyne.NewSize(120, kit.ButtonHeight) }

func (r *trackRenderer) Layout(fyne.Size) { r.Refresh() }

func (r *trackRenderer) Refresh() {
	p, t := theme.Current(), r.t
	size := t.Size()
	mid := size.Height / 2
	r.rail.SetFill(p.Faint)
	r.rail.Move(fyne.NewPos(0, mid-5))
	r.rail.Resize(fyne.NewSize(size.Width, 10))
	first, last := t.b.state.Span()
	known := last.After(first) && size.Width > 0
	n := 0
	if known {
		from, to := t.b.state.Range()
		x0, x1 := t.xOf(from), t.xOf(to)
		r.window.Set(theme.Fade(p.Accent, 0.25), p.Accent)
		r.window.Move(fyne.NewPos(x0, mid-9))
		r.window.Resize(fyne.NewSize(max(x1-x0, 4), 18))
		taken := float32(-10)
		for _, m := range t.b.marks {
			x := t.xOf(m.at)
			if m.at.Before(first) || m.at.After(last) || x-taken < 3 && m.kind == markWarning {
				continue
			}
			taken = x
			if n == len(r.marks) {
				r.marks = append(r.marks, shade.NewPlate(0, 0))
			}
			rect := r.marks[n]
			rect.SetFill([...]color.NRGBA{markWarning: p.Warning, markError: p.Error, markOwn: p.Control}[m.kind])
			rect.Move(fyne.NewPos(x-1, mid-5))
			rect.Resize(fyne.NewSize(2, 10))
			n++
		}
		at, live := t.b.state.Cursor()
		hue := p.Error
		if live {
			hue = p.Accent
		}
		r.cursor.SetFill(hue)
		r.cursor.Move(fyne.NewPos(min(max(t.xOf(at)-1, 0), size.Width-2), 0))
		r.cursor.Resize(fyne.NewSize(2, size.Height))
	} else {
		r.window.SetFill(color.NRGBA{})
		r.cursor.SetFill(color.NRGBA{})
	}
	for ; n < len(r.marks); n++ {
		r.marks[n].SetFill(color.NRGBA{})
	}
	canvas.Refresh(t)
}

func (r *trackRenderer) Objects() []fyne.CanvasObject {
	objects := []fyne.CanvasObject{r.rail.CanvasObject, r.window.CanvasObject}
	for _, m := range r.marks {
		objects = append(objects, m.CanvasObject)
	}
	return append(objects, r.cursor.CanvasObject)
}
func (r *trackRenderer) Destroy() {}
