// Package chartpage is the page of the statistics as small multiples on one time axis.
package chartpage

import (
	"context"
	"image"
	"math"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"kmscope/ui/chartfile"
	"kmscope/ui/page"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// Page is the page of small multiples: the series of the selected element,
// or of the busiest ones while none is selected, over the window's one range
// of time and with its one cursor.
type Page struct {
	content fyne.CanvasObject
	surface *surface.Surface
	chip    *surface.Chip
	sets    *widget.Button
	top     *widget.Button
	add     *widget.Button
	extras  *fyne.Container // the chips of the overlay
	// extraRow is what holds them; hidden while there are none.
	extraRow *fyne.Container
	spans    []*widget.Button
	live     *widget.Button
	pause    *widget.Button
	export   *widget.Button
	work     surface.Worker
	painter  chartPainter

	view   *view.State
	charts []chart
	empty  string // why there is no chart at all
	time   surface.TimeAxis
	asked  chartQuery
	scroll float64 // how far the grid is scrolled up, window units

	set     chartSets
	rank    string   // metric chosen for the overview; "" is that of the set
	overlay []string // further elements, of the server last shown
	marks   []surface.Mark
	server  view.Session // that the overlay is of

	// A range being drawn with the pointer, window units; only while selecting.
	selecting      bool
	selectX0, selX float64
	selectChart    surface.Rect
	hovering       bool
}

var (
	_ page.Page      = (*Page)(nil)
	_ page.Commander = (*Page)(nil)
)

const noServer = "No server yet. Connect to one, or open a capture."

// New makes the page. Interface goroutine.
func New() *Page {
	p := &Page{empty: noServer, set: inVideo}
	p.surface = surface.New(fyne.NewSize(320, 200), p.paint)
	p.surface.OnHovered = p.hovered
	p.surface.OnLeft = p.left
	p.surface.OnClicked = p.clicked
	p.surface.OnDoubled = func(fyne.Position) { p.follow() }
	p.surface.OnDragged = p.dragged
	p.surface.OnDragDone = p.dragDone
	p.surface.OnWheeled = p.wheeled
	p.surface.OnKey = p.key
	p.surface.OnCursor = func() desktop.Cursor {
		if p.hovering {
			return desktop.CrosshairCursor
		}
		return desktop.DefaultCursor
	}
	p.chip = surface.NewChip("", func() {
		if p.view != nil {
			p.view.Select(view.Selection{Session: p.view.Server()})
		}
	})
	p.chip.Hide()
	p.sets = widget.NewButton("", func() { popUnder(p.sets, p.setMenu()) })
	p.top = widget.NewButton("", func() { popUnder(p.top, p.rankMenu()) })
	p.add = widget.NewButton("+ element", func() { popUnder(p.add, p.elementMenu()) })
	p.extras = container.NewHBox()
	bar := container.NewHBox(p.sets, p.chip, p.top, p.add, layout.NewSpacer())
	for _, s := range chartSpans {
		b := widget.NewButton(s.word, func() {
			if p.view != nil {
				p.view.SetLength(s.d)
				p.refresh()
			}
		})
		p.spans = append(p.spans, b)
		bar.Add(b)
	}
	p.live = widget.NewButton("Live", p.follow)
	bar.Add(p.live)
	p.pause = widget.NewButton("Pause", p.togglePause)
	bar.Add(p.pause)
	p.export = widget.NewButton("Export ▾", func() { popUnder(p.export, p.exportMenu()) })
	bar.Add(p.export)
	p.extraRow = container.New(layout.NewCustomPaddedLayout(0, 2*theme.Grid, 2*theme.Grid, 2*theme.Grid), container.NewHScroll(p.extras))
	p.extraRow.Hide()
	p.content = container.NewBorder(container.NewVBox(surface.Inset(bar), p.extraRow), nil, nil, nil, p.surface)
	return p
}

// Title implements page.Page.
func (p *Page) Title() string { return "Charts" }

// Content implements page.Page.
func (p *Page) Content() fyne.CanvasObject { return p.content }

// Shown implements page.Page.
func (p *Page) Shown(visible bool) {
	if !visible {
		p.work.Stop()
		p.asked = chartQuery{}
		if p.hovering {
			p.left()
		}
	}
}

// Commands implements page.Commander.
func (p *Page) Commands() []page.Command {
	var out []page.Command
	for _, s := range savedSets {
		out = append(out, page.Command{Title: "Charts: " + s.title, Run: func() { p.choose(s.set) }})
	}
	for _, s := range chartSpans {
		title := "Charts: show the last " + s.word
		if s.d == 0 {
			title = "Charts: show all"
		}
		out = append(out, page.Command{Title: title, Run: func() {
			if p.view != nil {
				p.view.SetLength(s.d)
				p.refresh()
			}
		}})
	}
	return append(out,
		page.Command{Title: "Charts: follow the end", Run: p.follow},
		page.Command{Title: "Charts: pause or go on", Run: p.togglePause},
		page.Command{Title: "Charts: save as SVG…", Run: func() { p.save(chartfile.SVG) }},
		page.Command{Title: "Charts: save as PNG…", Run: func() { p.save(chartfile.PNG) }},
		page.Command{Title: "Charts: save as PDF…", Run: func() { p.save(chartfile.PDF) }},
		page.Command{Title: "Charts: copy the figures shown as CSV", Run: p.copyCSV})
}

// Update implements page.Page.
func (p *Page) Update(v *view.State) {
	p.view = v
	p.refresh()
}

// refresh takes over the range and the cursor, and asks for the series if
// anything that they depend on changed.
func (p *Page) refresh() {
	v := p.view
	if v == nil {
		return
	}
	from, to := v.Range()
	p.time = surface.TimeAxis{From: from, To: to, Clock: v.Clock()}
	if at, live := v.Cursor(); !live {
		p.time.Cursor = at
	}
	x := v.Server()
	if x != p.server {
		p.server, p.overlay = x, nil
		p.overlayChanged()
	}
	p.time.Marks = p.marks
	p.updateBar()
	if x == nil {
		p.charts, p.empty, p.marks = nil, noServer, nil
		p.work.Stop()
		p.surface.Repaint()
		return
	}
	sel := v.Selection()
	q := chartQuery{session: x, object: sel.Object, overlay: strings.Join(p.overlay, "\n"), set: p.set, rank: p.ranking(), from: coarse(from, to.Sub(from)), to: coarse(to, to.Sub(from)), points: p.resolution(), snapshot: x.Snapshot().Generation}
	if store := x.Stats(); store != nil {
		q.version = store.Version()
	}
	if log := x.Timeline(); log != nil {
		q.events = log.Total()
	}
	if v.Paused() {
		// What is on the screen stays although the store goes on and, in the end,
		// forgets its oldest points: only what a person changes is read anew.
		q.version, q.events, q.snapshot = p.asked.version, p.asked.events, p.asked.snapshot
	}
	if q != p.asked {
		p.asked = q
		snap := x.Snapshot() // for names: the newest are the best
		p.work.Start(func(ctx context.Context) func() {
			charts, empty := gatherCharts(ctx, q, snap)
			marks := findMarks(ctx, q.session.Timeline(), q.elements(), q.from, to)
			return func() {
				p.charts, p.empty, p.marks = charts, empty, marks
				p.time.Marks = marks
				p.hold()
				p.surface.Repaint()
			}
		})
	}
	p.surface.Repaint()
}

// coarse rounds an end of the range so that a range that moves on with the end
// asks for new series only once it moved visibly; gatherCharts reads a margin.
func coarse(t time.Time, span time.Duration) time.Time {
	if t.IsZero() || span < time.Millisecond {
		return t
	}
	return t.Truncate(span / 100)
}

func (p *Page) updateBar() {
	v := p.view
	if o := v.Selection().Object; o != "" && v.Server() != nil {
		p.chip.Set(view.ObjectName(v.Server().Snapshot(), o))
		p.chip.Show()
	} else {
		p.chip.Hide()
	}
	setText(p.sets, savedSetOf(p.set).title+" ▾")
	setText(p.top, "Top by "+rankingOf(p.ranking()).word+" ▾")
	showIf(p.top, p.set != inServer && len(chartQuery{object: v.Selection().Object, overlay: strings.Join(p.overlay, "\n")}.elements()) == 0)
	showIf(p.add, p.set != inServer && v.Server() != nil)
	for i, s := range chartSpans {
		setImportance(p.spans[i], v.Following() && v.Length() == s.d)
	}
	_, live := v.Cursor()
	word := "Pause"
	if v.Paused() {
		word = "Go on"
	}
	setText(p.pause, word)
	showIf(p.pause, v.Server() != nil && v.Server().Live())
	setImportance(p.pause, v.Paused())
	atEnd := v.Following() && (live || p.hovering && v.Pinned().IsZero())
	if atEnd {
		p.live.Disable()
	} else {
		p.live.Enable()
	}
}

// setImportance marks the one of several buttons that is in force; it does
// nothing when nothing changed, for a refresh is not free.
func setImportance(b *widget.Button, on bool) {
	want := widget.MediumImportance
	if on {
		want = widget.HighImportance
	}
	if b.Importance != want {
		b.Importance = want
		b.Refresh()
	}
}

// grid gives the number of columns and the size of a chart.
func (p *Page) grid() (columns int, width float64) {
	w := float64(p.surface.Size().Width)
	columns = max(1, int((w-chartGap)/(chartMinWidth+chartGap)))
	columns = min(columns, 4)
	return columns, (w-chartGap)/float64(columns) - chartGap
}

// place gives the rectangle of chart i, scrolling taken into account.
func (p *Page) place(i int) surface.Rect {
	columns, width := p.grid()
	return surface.Rect{
		X: chartGap + float64(i%columns)*(width+chartGap),
		Y: float64(i/columns)*(chartHeight+chartGap) - p.scroll,
		W: width, H: chartHeight,
	}
}

// resolution is how many points a line is worth asking for.
func (p *Page) resolution() int {
	_, width := p.grid()
	return max(int(width)*2, 200)
}

// hold keeps the scroll position within the grid.
func (p *Page) hold() {
	columns, _ := p.grid()
	rows := (len(p.charts) + columns - 1) / columns
	full := float64(rows)*(chartHeight+chartGap) + chartGap
	p.scroll = min(max(p.scroll, 0), max(full-float64(p.surface.Size().Height), 0))
}

func (p *Page) paint(c *paint.Canvas, l *surface.Look, scale float32) {
	w, h := c.Size()
	if len(p.charts) == 0 {
		surface.EmptyState(c, l, p.empty, scale)
		return
	}
	p.hold()
	for i := range p.charts {
		r := p.place(i)
		if r.Y > float64(h)/float64(scale) || r.Y+r.H < 0 {
			continue
		}
		p.painter.paint(c, l, &p.charts[i], p.time, r, scale)
	}
	if p.selecting {
		plot := plotArea(p.selectChart)
		a, b := min(p.selectX0, p.selX), max(p.selectX0, p.selX)
		for i := range p.charts {
			q := plotArea(p.place(i))
			c.Rect(float32(q.X+a-plot.X)*scale, float32(q.Y)*scale, float32(b-a)*scale, float32(q.H)*scale, l.Selection)
		}
	}
	columns, _ := p.grid()
	rows := (len(p.charts) + columns - 1) / columns
	surface.ScrollMark(c, l, p.scroll, float64(rows)*(chartHeight+chartGap)+chartGap, image.Rect(0, 0, w, h), scale)
}

// chartAt finds the chart under a point; ok is false between them.
func (p *Page) chartAt(pos fyne.Position) (i int, r surface.Rect, ok bool) {
	for i := range p.charts {
		if r := p.place(i); r.Contains(float64(pos.X), float64(pos.Y)) {
			return i, r, true
		}
	}
	return 0, surface.Rect{}, false
}

func (p *Page) hovered(pos fyne.Position) {
	i, r, ok := p.chartAt(pos)
	plot := plotArea(r)
	inside := ok && len(p.charts[i].Lines) > 0 && float64(pos.X) >= plot.X-2 && float64(pos.X) <= plot.X+plot.W+2
	if !inside || p.view == nil || p.time.From.IsZero() {
		p.left()
		return
	}
	p.hovering = true
	at := p.time.TimeAt(float64(pos.X), plot.X, plot.W)
	p.time.Cursor = at
	p.view.Hover(at)
	p.surface.Repaint()
}

func (p *Page) left() {
	if !p.hovering {
		return
	}
	p.hovering = false
	if p.view != nil {
		p.view.Hover(time.Time{})
		p.refresh()
	}
}

func (p *Page) clicked(pos fyne.Position, _ bool) {
	i, r, ok := p.chartAt(pos)
	if !ok || p.view == nil || p.time.From.IsZero() {
		return
	}
	plot := plotArea(r)
	if float64(pos.Y) < plot.Y && p.charts[i].Object != "" {
		p.view.SelectObject(p.charts[i].Object)
		p.refresh()
		return
	}
	p.view.Pin(p.time.TimeAt(float64(pos.X), plot.X, plot.W))
	p.refresh()
}

func (p *Page) dragged(pos, delta fyne.Position) {
	if p.view == nil || p.time.From.IsZero() {
		return
	}
	if !p.selecting {
		_, r, ok := p.chartAt(p.surface.PressedAt)
		if !ok {
			p.scroll -= float64(delta.Y)
			p.surface.Repaint()
			return
		}
		p.selecting, p.selectChart = true, r
		p.selectX0 = float64(p.surface.PressedAt.X)
	}
	plot := plotArea(p.selectChart)
	p.selectX0 = min(max(p.selectX0, plot.X), plot.X+plot.W)
	p.selX = min(max(float64(pos.X), plot.X), plot.X+plot.W)
	p.surface.Repaint()
}

func (p *Page) dragDone() {
	if !p.selecting {
		return
	}
	p.selecting = false
	plot := plotArea(p.selectChart)
	if math.Abs(p.selX-p.selectX0) >= 4 {
		p.view.SetRange(p.time.TimeAt(p.selectX0, plot.X, plot.W), p.time.TimeAt(p.selX, plot.X, plot.W))
	}
	p.refresh()
}

// wheeled scrolls the grid; with Ctrl it zooms the range of time around the
// pointer, sideways (or with Shift) it moves the range.
func (p *Page) wheeled(pos fyne.Position, d fyne.Delta, mods fyne.KeyModifier) {
	_, r, ok := p.chartAt(pos)
	if p.view == nil || !ok || p.time.From.IsZero() || mods&fyne.KeyModifierControl == 0 && d.DX == 0 {
		p.scroll -= float64(d.DY)
		p.hold()
		p.surface.Repaint()
		return
	}
	plot := plotArea(r)
	span := p.time.To.Sub(p.time.From)
	if mods&fyne.KeyModifierControl == 0 {
		move := time.Duration(float64(span) * float64(-d.DX) / plot.W)
		p.view.SetRange(p.time.From.Add(move), p.time.To.Add(move))
		p.refresh()
		return
	}
	at := p.time.TimeAt(float64(pos.X), plot.X, plot.W)
	f := 1 / surface.WheelZoom(float64(d.DY))
	p.view.SetRange(at.Add(-time.Duration(float64(at.Sub(p.time.From))*f)), at.Add(time.Duration(float64(p.time.To.Sub(at))*f)))
	p.refresh()
}

func (p *Page) key(k fyne.KeyName) bool {
	switch k {
	case fyne.KeyEscape, fyne.KeyEnd:
		p.follow()
	case fyne.KeyUp:
		p.scroll -= chartHeight / 2
	case fyne.KeyDown:
		p.scroll += chartHeight / 2
	case fyne.KeyPageUp:
		p.scroll -= float64(p.surface.Size().Height)
	case fyne.KeyPageDown:
		p.scroll += float64(p.surface.Size().Height)
	case fyne.KeyHome:
		p.scroll = 0
	case fyne.KeySpace:
		p.togglePause()
	case fyne.KeyLeft, fyne.KeyRight:
		p.step(k == fyne.KeyRight)
	default:
		return false
	}
	p.hold()
	p.surface.Repaint()
	return true
}

// step moves the cursor by a hundredth of the range.
func (p *Page) step(forward bool) {
	if p.view == nil || p.time.From.IsZero() {
		return
	}
	d := p.time.To.Sub(p.time.From) / 100
	if !forward {
		d = -d
	}
	at := p.time.Cursor
	if at.IsZero() {
		at = p.time.To
	}
	p.view.Pin(at.Add(d))
	p.refresh()
}

// togglePause holds the picture of the whole window; sampling goes on, and what
// came meanwhile is there when the picture goes on.
func (p *Page) togglePause() {
	if p.view == nil || p.view.Server() == nil || !p.view.Server().Live() {
		return
	}
	p.view.SetPaused(!p.view.Paused())
	p.refresh()
}

func (p *Page) follow() {
	if p.view == nil {
		return
	}
	if p.view.Following() {
		p.view.Follow()
	} else {
		// Back to a usual length: the zoomed range was for one look.
		p.view.Follow()
		p.view.SetLength(view.DefaultRange)
	}
	p.refresh()
}
