package timelinepage

import (
	"hash/fnv"
	"io"
	"math"
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"kmscope/inventory"
	"kmscope/timeline"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
	"kmscope/ui/view"
)

// makeLanes makes the surface of the lanes. The wheel zooms at the pointer, over
// the names it scrolls; dragging moves in time, with Shift it measures.
func (p *Page) makeLanes() {
	p.named = naming{}
	p.board = board{folded: map[string]bool{}, opened: map[string]bool{}}
	p.lanes = surface.New(fyne.NewSize(200, 60), func(c *paint.Canvas, l *surface.Look, scale float32) {
		if p.view == nil || p.view.Server() == nil {
			return
		}
		if len(p.board.rows) == 0 {
			surface.EmptyState(c, l, p.noLanes(), scale)
			return
		}
		p.board.paint(c, l, scale)
	})
	p.lanes.OnResized = func(fyne.Size) { p.board.hold(p.laneHeight()) }
	p.lanes.OnHovered = p.hovered
	p.lanes.OnLeft = p.laneLeft
	p.lanes.OnClicked = p.clicked
	p.lanes.OnDoubled = func(pos fyne.Position) {
		if x, _ := p.plot(); p.view != nil && float64(pos.X) >= x {
			p.view.Follow()
			p.refresh()
		}
	}
	p.lanes.OnDragged = p.dragged
	p.lanes.OnDragDone = func() { p.measuring = false }
	p.lanes.OnWheeled = p.wheeled
	p.lanes.OnKey = p.laneKey
	p.lanes.OnTyped = p.laneRune
}

func (p *Page) noLanes() string {
	if p.scope != "" {
		return "Nothing is known of the states of this object yet."
	}
	return "No states yet. They appear here as soon as an endpoint says one."
}

func (p *Page) laneHeight() float64 { return float64(p.lanes.Size().Height) }

func (p *Page) plot() (x, w float64) { return plot(float64(p.lanes.Size().Width)) }

// timed tells whether there is a time axis.
func (p *Page) timed() bool { return p.view != nil && !p.board.time.From.IsZero() }

func (p *Page) timeAt(pos fyne.Position) time.Time {
	x, w := p.plot()
	return p.board.time.TimeAt(float64(pos.X), x, w)
}

func (p *Page) hovered(pos fyne.Position) {
	x, w := p.plot()
	p.board.pointer = &place{float64(pos.X), float64(pos.Y)}
	if !p.timed() || float64(pos.X) < x-2 || float64(pos.X) > x+w+2 {
		p.endHover()
		p.lanes.Repaint()
		return
	}
	p.laneHover = true
	p.board.time.Cursor = p.timeAt(pos)
	p.view.Hover(p.board.time.Cursor)
	p.lanes.Repaint()
}

func (p *Page) laneLeft() {
	p.board.pointer = nil
	p.endHover()
}

func (p *Page) endHover() {
	if p.laneHover {
		p.laneHover = false
		p.view.Hover(time.Time{})
		p.refresh()
	}
}

func (p *Page) clicked(pos fyne.Position, secondary bool) {
	if !p.timed() {
		return
	}
	i := p.board.rowAt(float64(pos.Y), p.laneHeight())
	x, _ := p.plot()
	if secondary {
		p.laneMenu(pos, i)
		return
	}
	if float64(pos.X) < x {
		if i >= 0 && p.board.rows[i].lane == "" {
			p.board.fold(i)
			p.rearrange()
		}
		return
	}
	if i >= 0 && p.board.rows[i].object != "" {
		r := &p.board.rows[i]
		if sel := (view.Selection{Session: p.board.of(r).session, Object: r.object}); sel != p.view.Selection() {
			p.own = true
			p.view.Select(sel)
		}
	}
	p.view.Pin(p.timeAt(pos))
	p.showTime(p.timeAt(pos))
	p.refresh()
}

func (p *Page) dragged(pos, delta fyne.Position) {
	if !p.timed() {
		return
	}
	if !p.measuring && shiftHeld() && !p.panning(pos, delta) {
		p.measuring = true
		p.board.mark = p.timeAt(p.lanes.PressedAt)
	}
	if p.measuring {
		p.board.until = p.timeAt(pos)
		p.lanes.Repaint()
		return
	}
	_, w := p.plot()
	p.moveLanes(time.Duration(-float64(delta.X) / w * float64(p.board.time.To.Sub(p.board.time.From))))
	if x, _ := p.plot(); float64(pos.X) < x || math.Abs(float64(delta.Y)) > 0 {
		p.scrollLanes(-float64(delta.Y))
	}
}

// panning tells whether a drag began as one without Shift.
func (p *Page) panning(pos, delta fyne.Position) bool {
	moved := pos.Subtract(p.lanes.PressedAt)
	return math.Abs(float64(moved.X)) > math.Abs(float64(delta.X))+8
}

func shiftHeld() bool {
	d, ok := fyne.CurrentApp().Driver().(desktop.Driver)
	return ok && d.CurrentKeyModifiers()&fyne.KeyModifierShift != 0
}

func (p *Page) wheeled(pos fyne.Position, d fyne.Delta, mods fyne.KeyModifier) {
	if !p.timed() {
		return
	}
	x, w := p.plot()
	switch {
	case d.DX != 0:
		p.moveLanes(time.Duration(-float64(d.DX) / w * float64(p.board.time.To.Sub(p.board.time.From))))
	case float64(pos.X) < x || mods&fyne.KeyModifierAlt != 0:
		p.scrollLanes(-float64(d.DY))
	default:
		p.zoom(p.timeAt(pos), surface.WheelZoom(float64(d.DY)))
	}
}

// zoom shows less of time, or more for a factor below 1, and keeps a moment
// where it is.
func (p *Page) zoom(at time.Time, factor float64) {
	if !p.timed() {
		return
	}
	t := p.board.time
	f := 1 / factor
	from := at.Add(-time.Duration(float64(at.Sub(t.From)) * f))
	to := at.Add(time.Duration(float64(t.To.Sub(at)) * f))
	if to.Sub(from) > longest {
		return
	}
	p.view.SetRange(from, to)
	p.refresh()
}

// longest bounds zooming out.
const longest = 10 * 24 * time.Hour

// zoomMiddle zooms at the cursor where it is seen, else in the middle.
func (p *Page) zoomMiddle(factor float64) {
	t := p.board.time
	at := t.From.Add(t.To.Sub(t.From) / 2)
	if c := t.Cursor; !c.IsZero() && c.After(t.From) && c.Before(t.To) {
		at = c
	}
	p.zoom(at, factor)
}

// fit shows all that there is: of the objects listed, or of everything.
func (p *Page) fit() {
	if p.view == nil {
		return
	}
	var first, last time.Time
	for _, x := range p.sessions() {
		from, to := p.view.SpanOf(x)
		if first.IsZero() || !from.IsZero() && from.Before(first) {
			first = from
		}
		if to.After(last) {
			last = to
		}
	}
	if first.IsZero() || !first.Before(last) {
		return
	}
	margin := last.Sub(first) / 50
	p.view.SetRange(first.Add(-margin), last.Add(margin))
	p.refresh()
}

func (p *Page) moveLanes(by time.Duration) {
	if p.timed() && by != 0 {
		p.view.SetRange(p.board.time.From.Add(by), p.board.time.To.Add(by))
		p.refresh()
	}
}

func (p *Page) scrollLanes(by float64) {
	p.board.scroll += by
	p.board.hold(p.laneHeight())
	p.lanes.Repaint()
}

func (p *Page) laneKey(k fyne.KeyName) bool {
	length := p.board.time.To.Sub(p.board.time.From)
	switch k {
	case fyne.KeyLeft:
		p.moveLanes(-length / 8)
	case fyne.KeyRight:
		p.moveLanes(length / 8)
	case fyne.KeyUp:
		p.scrollLanes(-laneHeight)
	case fyne.KeyDown:
		p.scrollLanes(laneHeight)
	case fyne.KeyPageUp:
		p.scrollLanes(-p.laneHeight() / 2)
	case fyne.KeyPageDown:
		p.scrollLanes(p.laneHeight() / 2)
	case fyne.KeyHome:
		p.fit()
	case fyne.KeyEnd:
		if p.view != nil {
			p.view.Follow()
			p.refresh()
		}
	case fyne.KeyEscape:
		p.unmark()
	default:
		return false
	}
	return true
}

func (p *Page) laneRune(r rune) bool {
	switch r {
	case '+', '=':
		p.zoomMiddle(1.5)
	case '-', '_':
		p.zoomMiddle(1 / 1.5)
	case '0':
		p.fit()
	case 'm', 'M':
		p.setMark()
	case 'n':
		p.jump(p.target, false)
	case 'N':
		p.jump(p.target, true)
	case 'e':
		p.jump(jumpError, false)
	case 'E':
		p.jump(jumpError, true)
	case 'i':
		p.jump(jumpICE, false)
	case 'I':
		p.jump(jumpICE, true)
	default:
		return false
	}
	return true
}

// setMark sets the first end of a measure at the cursor, then the second, then
// begins anew.
func (p *Page) setMark() {
	if !p.timed() {
		return
	}
	at, _ := p.view.Cursor()
	switch b := &p.board; {
	case b.mark.IsZero() || !b.until.IsZero():
		b.mark, b.until = at, time.Time{}
	default:
		b.until = at
	}
	p.lanes.Repaint()
}

func (p *Page) unmark() {
	p.board.mark, p.board.until = time.Time{}, time.Time{}
	p.lanes.Repaint()
}

// laneMenu is what can be done at a place of the lanes.
func (p *Page) laneMenu(pos fyne.Position, row int) {
	at := p.timeAt(pos)
	clock := p.view.Clock()
	items := []*fyne.MenuItem{}
	if t := p.commandNear(pos, row); t != nil {
		items = append(items, fyne.NewMenuItem("Zero at "+t.Type+", "+clock.Format(t.At), func() { p.zero(t.At) }))
	}
	items = append(items, fyne.NewMenuItem("Zero here, "+clock.Format(at), func() { p.zero(at) }))
	if bar := p.barNear(pos, row); bar != nil {
		items = append(items, fyne.NewMenuItem("Zoom to "+view.LaneTitle(p.board.rows[row].lane)+" "+bar.State, func() {
			margin := max(bar.To.Sub(bar.From)/10, time.Millisecond)
			p.view.SetRange(bar.From.Add(-margin), bar.To.Add(margin))
			p.refresh()
		}), fyne.NewMenuItem("Measure it", func() {
			p.board.mark, p.board.until = bar.From, bar.To
			p.lanes.Repaint()
		}))
	}
	items = append(items,
		fyne.NewMenuItem("Measure from here", func() {
			p.board.mark, p.board.until = at, time.Time{}
			p.lanes.Repaint()
		}),
		fyne.NewMenuItem("Copy the time", func() { fyne.CurrentApp().Clipboard().SetContent(clock.Format(at)) }))
	if !p.board.mark.IsZero() {
		items = append(items, fyne.NewMenuItem("Remove the marks", p.unmark))
	}
	items = append(items, fyne.NewMenuItemSeparator(),
		fyne.NewMenuItem("Unfold all", func() { p.foldAll(false) }),
		fyne.NewMenuItem("Fold all", func() { p.foldAll(true) }))
	d := fyne.CurrentApp().Driver()
	if c := d.CanvasForObject(p.lanes); c != nil {
		widget.ShowPopUpMenuAtPosition(fyne.NewMenu("", items...), c, d.AbsolutePositionForObject(p.lanes).Add(pos))
	}
}

// commandNear gives the command of a row's object that is drawn near a place.
func (p *Page) commandNear(pos fyne.Position, row int) *timeline.Tick {
	if row < 0 || p.board.rows[row].object == "" {
		return nil
	}
	r := &p.board.rows[row]
	x, w := p.plot()
	ticks := p.board.source(r).Ticks(nil, r.object, timeline.TickCommand, p.board.window(r, int(w)))
	ticks = p.board.source(r).Ticks(ticks, r.object, timeline.TickOwn, p.board.window(r, int(w)))
	var best *timeline.Tick
	near := 12.0
	for i := range ticks {
		if d := math.Abs(float64(pos.X) - x - float64(ticks[i].Column)); d < near {
			near, best = d, &ticks[i]
		}
	}
	return best
}

func (p *Page) barNear(pos fyne.Position, row int) *timeline.Bar {
	if row < 0 || p.board.rows[row].lane == "" {
		return nil
	}
	r := &p.board.rows[row]
	x, w := p.plot()
	for _, b := range p.board.source(r).Bars(nil, r.object, r.lane, p.board.window(r, int(w))) {
		if c := int(float64(pos.X) - x); b.Count == 1 && c >= b.Column && c < b.Until {
			return &b
		}
	}
	return nil
}

// zero has all times of the window count from a moment.
func (p *Page) zero(at time.Time) {
	p.view.SetClock(view.Clock{Mode: view.Relative, Zero: at})
	p.refresh()
}

func (p *Page) foldAll(fold bool) {
	if !fold {
		for i := range p.board.servers {
			delete(p.board.folded, p.board.key(&boardRow{server: i}))
		}
		p.board.arrange(p.scope)
	}
	for i := range p.board.rows {
		r := &p.board.rows[i]
		if r.lane != "" || r.object == "" {
			continue
		}
		delete(p.board.folded, r.object)
		delete(p.board.opened, r.object)
		if fold {
			p.board.folded[r.object] = true
		} else {
			p.board.opened[r.object] = true
		}
	}
	p.rearrange()
}

func (p *Page) rearrange() {
	p.board.arrange(p.scope)
	p.board.hold(p.laneHeight())
	p.lanes.Repaint()
}

// laneShape is all that the rows of the lanes of a server depend on.
type laneShape struct {
	session view.Session
	lanes   *timeline.Lanes // another one when a replay went back
	scope   string
	shape   uint64
	besides *view.Besides
	names   uint64
}

// refreshLanes takes over range and cursor, and lists the rows anew when there
// are others.
func (p *Page) refreshLanes(servers []view.Session) {
	from, to := p.view.Range()
	p.board.time = surface.TimeAxis{From: from, To: to, Clock: p.view.Clock()}
	if at, live := p.view.Cursor(); !live {
		p.board.time.Cursor = at
	}
	p.board.servers = p.board.servers[:0]
	shapes := make([]laneShape, 0, len(servers))
	for _, x := range servers {
		s := boardServer{session: x, source: x.Lanes(), snap: x.Snapshot(), name: x.Name(), end: p.view.EndOf(x), beside: p.besidesOf(x)}
		p.board.servers = append(p.board.servers, s)
		shapes = append(shapes, laneShape{x, s.source, p.scope, s.source.Shape(), p.view.Besides(), p.named.of(x, s.snap)})
	}
	if !slices.Equal(shapes, p.shapes) {
		if !slices.EqualFunc(shapes, p.shapes, func(a, b laneShape) bool { return a.session == b.session && a.scope == b.scope }) {
			p.board.scroll = 0
		}
		p.shapes = shapes
		p.board.arrange(p.scope)
		p.board.hold(p.laneHeight())
	}
	p.lanes.Repaint()
}

const maxNamed = 64 // servers

// naming notices that objects of a server got names, which are read after the
// objects are known.
type naming map[view.Session]struct{ generation, hash uint64 }

// of gives another number when objects are called otherwise.
func (n naming) of(x view.Session, snap *inventory.Snapshot) uint64 {
	was := n[x]
	if was.generation == snap.Generation && was.hash != 0 {
		return was.hash
	}
	h := fnv.New64a()
	for _, p := range snap.Pipelines {
		for _, o := range p.Objects {
			if o.Name != "" {
				// A hash takes everything.
				_, _ = io.WriteString(h, o.ID)
				_, _ = io.WriteString(h, o.Name)
			}
		}
	}
	if len(n) > maxNamed {
		clear(n) // of servers that are gone
	}
	was.generation, was.hash = snap.Generation, h.Sum64()
	n[x] = was
	return was.hash
}
