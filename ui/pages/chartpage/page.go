// Package chartpage is the page of the statistics as small multiples on one time axis.
package chartpage

import (
	"context"
	"image"
	"io"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"kmscope/inventory"
	"kmscope/ui/chartfile"
	"kmscope/ui/kit"
	"kmscope/ui/page"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
	"kmscope/ui/view"
)

// Page is the page of small multiples: the series of the selected element,
// or of the busiest ones while none is selected, over the window's one range
// of time and with its one cursor; or the same figures as a table.
type Page struct {
	content fyne.CanvasObject
	surface *surface.Surface
	chip    *surface.Chip // what is selected
	against *surface.Chip // what it is compared with
	sets    *kit.Button
	top     *kit.Button
	add     *kit.Button
	extras  *fyne.Container // the chips of the overlay
	// extraRow is what holds them; hidden while there are none.
	extraRow  *fyne.Container
	bar       *fyne.Container // the controls
	asCharts  *kit.Button
	asRows    *kit.Button
	filter    *kit.Entry      // of the table
	filterBox *fyne.Container // has its width
	spans     []*kit.Button
	layout    *kit.Button
	export    *kit.Button
	work      surface.Worker
	file      surface.Worker // reads the capture
	deep      *archived      // what it read last
	fetching  *archived      // what it reads now; nil is nothing
	held      heldAxes
	wanted    bool // what it reads is in view
	slow      bool // and that takes a while
	reading   bool // so a person is told
	painter   chartPainter
	table     table
	saveFile  func(title, name string, write func(io.Writer) error) // the window's

	view     *view.State
	gathered []chart // as they come, pins first
	charts   []chart // as they stand
	places   []surface.Rect
	full     float64 // height of all
	empty    string  // why there is no chart at all
	time     surface.TimeAxis
	asked    chartQuery
	scroll   float64 // how far the grid is scrolled up, window units
	asTable  bool
	phantoms bool // are in the table

	set     chartSets
	metric  string   // the one metric that is shown; "" is those of the set
	rank    string   // metric chosen for the overview; "" is that of the set
	kind    string   // type of element that the overview is of; "" is any
	overlay []string // further elements, of the server last shown
	marks   []surface.Mark
	server  view.Session // that the overlay is of
	length  time.Duration

	chosen   choices
	alone    pin // the one chart that is shown; zero: all
	compared comparison
	zero     zero
	focus    int // the chart that keys act on; -1 is none

	drag     drag
	hovering bool
	under    int // the chart under the pointer while hovering
	pointer  fyne.Position
}

var (
	_ page.Page      = (*Page)(nil)
	_ page.Commander = (*Page)(nil)
)

const readingOld = "Reading older figures from the capture …"

const noServer = "No server yet. Connect to one, or open a capture."

// New makes the page. Interface goroutine.
func New() *Page {
	p := &Page{empty: noServer, set: inVideo, length: view.DefaultRange, focus: -1, under: -1}
	p.recall()
	p.surface = surface.New(fyne.NewSize(240, 160), p.paint)
	p.surface.OnResized = func(fyne.Size) { p.placeAll() }
	p.surface.OnHovered = func(pos fyne.Position) {
		if p.asTable {
			p.table.hovered(pos)
			return
		}
		p.hovered(pos)
	}
	p.surface.OnLeft = func() {
		p.table.hover = -1
		p.left()
	}
	p.surface.OnClicked = func(pos fyne.Position, secondary bool) {
		if p.asTable {
			p.tableClicked(pos, secondary)
			return
		}
		p.clicked(pos, secondary)
	}
	p.surface.OnDoubled = func(pos fyne.Position) {
		if p.asTable {
			p.tableDoubled(pos)
			return
		}
		p.doubled(pos)
	}
	p.surface.OnDragged = func(pos, delta fyne.Position) {
		if p.asTable {
			p.table.scrollBy(-float64(delta.Y))
			p.surface.Repaint()
			return
		}
		p.dragged(pos, delta)
	}
	p.surface.OnDragDone = p.dragDone
	p.surface.OnWheeled = func(pos fyne.Position, d fyne.Delta, mods fyne.KeyModifier) {
		if p.asTable {
			p.table.scrollBy(-float64(d.DY))
			p.surface.Repaint()
			return
		}
		p.wheeled(pos, d, mods)
	}
	p.surface.OnKey = func(k fyne.KeyName) bool {
		if p.asTable {
			return p.tableKey(k)
		}
		return p.key(k)
	}
	p.surface.OnTyped = func(r rune) bool { return !p.asTable && p.typed(r) }
	p.surface.OnCursor = p.cursor
	p.table.page = p
	p.makeBar()
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
		p.stopFetching()
		p.deep = nil
		p.asked = chartQuery{}
		p.left()
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
	alt := func(k fyne.KeyName) fyne.Shortcut {
		return &desktop.CustomShortcut{KeyName: k, Modifier: fyne.KeyModifierAlt}
	}
	out = append(out,
		page.Command{Title: "Charts: as charts or as a table", Run: func() { p.showTable(!p.asTable) }},
		page.Command{Title: "Charts: show or hide phantom streams in the table", Run: func() { p.showPhantoms(!p.phantoms || !p.asTable) }},
		page.Command{Title: "Charts: move the chosen chart forward", Shortcut: alt(fyne.KeyUp), Run: func() { p.shift(-1) }},
		page.Command{Title: "Charts: move the chosen chart back", Shortcut: alt(fyne.KeyDown), Run: func() { p.shift(1) }},
		page.Command{Title: "Charts: compare with what was before the cursor", Run: func() {
			if !p.time.Cursor.IsZero() {
				p.compareBefore(p.time.Cursor)
			}
		}},
		page.Command{Title: "Charts: stop comparing", Run: func() { p.compare(comparison{}) }},
		page.Command{Title: "Charts: follow the end", Run: p.follow},
		page.Command{Title: "Charts: pause or go on", Run: p.togglePause},
		page.Command{Title: "Charts: save as SVG…", Run: func() { p.save(chartfile.SVG) }},
		page.Command{Title: "Charts: save as PNG…", Run: func() { p.save(chartfile.PNG) }},
		page.Command{Title: "Charts: save as PDF…", Run: func() { p.save(chartfile.PDF) }},
		page.Command{Title: "Charts: copy the figures shown as CSV", Run: p.copyCSV},
		page.Command{Title: "Charts: copy the table as text", Run: func() { p.copyTable(false) }},
		page.Command{Title: "Charts: copy the table as JSON", Run: func() { p.copyTable(true) }})
	return append(out, p.figureCommands()...)
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
	if v.Following() {
		p.length = v.Length()
	}
	x := v.Server()
	if x != p.server {
		p.server, p.overlay, p.compared, p.alone = x, nil, comparison{}, pin{}
		p.overlayChanged()
	}
	p.time.Marks, p.time.Zero = p.marks, p.compared.zero
	p.updateBar()
	if x == nil {
		p.gathered, p.charts, p.empty, p.marks = nil, nil, noServer, nil
		p.table.take(nil, noServer)
		p.work.Stop()
		p.surface.Repaint()
		return
	}
	sel := v.Selection()
	q := chartQuery{session: x, object: sel.Object, overlay: p.overlayKey(), set: p.set, metric: p.metric, rank: p.ranking(), kind: p.kind,
		pins: p.pinKey(), compared: p.compared, table: p.asTable, phantoms: p.phantoms,
		from: coarse(from, to.Sub(from)), to: coarse(to, to.Sub(from)), points: p.resolution(), deep: p.deep, besides: v.Besides(), snapshot: x.Snapshot().Generation}
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
		p.ask(q, x.Snapshot(), to) // for names: the newest are the best
	}
	p.surface.Repaint()
}

// ask has the figures gathered and shown.
func (p *Page) ask(q chartQuery, snap *inventory.Snapshot, to time.Time) {
	if q.table {
		p.work.Start(func(ctx context.Context) func() {
			rows, phantoms, empty := gatherTable(ctx, q, snap)
			return func() {
				p.table.phantoms = phantoms
				p.table.take(rows, empty)
				p.surface.Repaint()
			}
		})
		return
	}
	p.work.Start(func(ctx context.Context) func() {
		charts, empty, old := gatherCharts(ctx, q, snap)
		marks := findMarks(ctx, q.session.Timeline(), q.elements(), q.from, to)
		return func() {
			p.gathered, p.empty, p.marks = charts, empty, marks
			p.time.Marks = marks
			p.holdAxes(q, !old.to.IsZero() && !q.deep.covers(q.session, old.from, old.to))
			p.arrange()
			p.surface.Repaint()
			p.fetch(q, old.from, old.to)
		}
	})
}

// coarse rounds an end of the range so that a range that moves on with the end
// asks for new series only once it moved visibly; gatherCharts reads a margin.
func coarse(t time.Time, span time.Duration) time.Time {
	if t.IsZero() || span < time.Millisecond {
		return t
	}
	return t.Truncate(span / 100)
}

func (p *Page) paint(c *paint.Canvas, l *surface.Look, scale float32) {
	w, h := c.Size()
	if p.asTable {
		p.table.paint(c, l, p.time, scale)
		return
	}
	if len(p.charts) == 0 {
		words := p.empty
		if p.reading {
			words = readingOld
		}
		surface.EmptyState(c, l, words, scale)
		return
	}
	p.placeAll() // the theme or the size may have changed
	p.painter.paintAll(c, l, p.time, scale, p.charts, p.place)
	if r := p.place(p.focus); p.focus >= 0 && p.surface.HasFocus() && len(p.charts) > 1 {
		one := surface.Hairline(scale)
		c.StrokeRoundRect(float32(r.X)*scale, float32(r.Y)*scale, float32(r.W)*scale, float32(r.H)*scale, 6*scale, one, paint.WithAlpha(l.Accent, 0.6))
	}
	p.paintDrag(c, l, scale)
	if p.hovering && p.under >= 0 && p.under < len(p.charts) && p.drag.grip == noGrip {
		p.painter.readout(c, l, &p.charts[p.under], p.time, p.place(p.under), scale)
	}
	surface.ScrollMark(c, l, p.scroll, p.full, image.Rect(0, 0, w, h), scale)
	if p.reading {
		surface.NoticeBelow(c, l, readingOld, scale)
	}
}

// paintDrag shows what a drag would do.
func (p *Page) paintDrag(c *paint.Canvas, l *surface.Look, scale float32) {
	d := &p.drag
	switch d.grip {
	case gripRange:
		plot := plotArea(d.rect)
		a, b := min(d.x0, d.x), max(d.x0, d.x)
		for i := range p.charts {
			q := plotArea(p.place(i))
			k := q.W / plot.W // wide charts show the same time over more
			c.Rect(float32(q.X+(a-plot.X)*k)*scale, float32(q.Y)*scale, float32((b-a)*k)*scale, float32(q.H)*scale, l.Selection)
		}
	case gripTitle:
		r := p.place(d.target)
		c.RoundRect(float32(r.X)*scale, float32(r.Y)*scale, float32(r.W)*scale, float32(r.H)*scale, 6*scale, l.Selection)
		if d.i < len(p.charts) {
			f := l.Bold.Face(12 * scale)
			x, y := p.pointer.X*scale+12*scale, p.pointer.Y*scale+4*scale
			t := p.charts[d.i].Title
			c.RoundRect(x, y, f.Width(t)+16*scale, 24*scale, 6*scale, l.Raised)
			c.StrokeRoundRect(x, y, f.Width(t)+16*scale, 24*scale, 6*scale, surface.Hairline(scale), l.Accent)
			c.Text(f, t, x+8*scale, y+16*scale, l.Text)
		}
	}
}
