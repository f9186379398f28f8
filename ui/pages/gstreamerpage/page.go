// Package gstreamerpage is the page of GStreamer's own graph inside an element, a
// hub or a pipeline: what getGstreamerDot tells, drawn, searched and compared.
package gstreamerpage

import (
	"context"
	"io"
	"sync/atomic"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/layout"

	"kmscope/graph/gst"
	"kmscope/ui/kit"
	"kmscope/ui/loop"
	"kmscope/ui/page"
	"kmscope/ui/surface"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// Page is the page. A dump is taken only when a person asks for it: it is a call
// that makes the server walk through all of its elements. What was taken stays
// here, a few dozen of them, until the window is closed. In a replay all dumps that the
// capture holds are listed by themselves.
//
// Three workers: one takes and reads dumps, one lists those of a capture, one places
// what is to be drawn. Taking and placing can be cancelled with Esc.
type Page struct {
	saveFile func(title, name string, write func(io.Writer) error) // the window's

	placer  gst.Placer
	content fyne.CanvasObject
	target  *canvas.Text
	advice  string // what is to be done while nothing is drawn
	details *kit.Select
	takeIt  *kit.Button
	history *kit.Select
	compare *kit.Select
	search  *kit.Entry
	count   *canvas.Text
	bins    *kit.Button
	export  *kit.Button
	surface *surface.Surface
	side    *surface.Surface

	take, place surface.Worker
	list        surface.Worker // looks for the dumps of a capture
	listed      map[view.Session]bool
	progress    atomic.Int64 // bins placed << 32 | bins
	ticker      *time.Timer
	painter     painter
	panel       panel

	view    *view.State
	session view.Session
	visible bool
	quiet   bool // the widgets are being told what is chosen

	shots   []*shot
	now     *shot // what is drawn
	before  *shot // what it is compared with; nil is nothing
	diff    *gst.Diff
	open    map[string]bool // by path, where a person decided
	scene   *scene
	port    surface.Viewport
	fitted  bool
	chosen  target
	hover   target
	goal    target // where to go when placing is done
	onMap   bool   // the small map is being dragged
	panning bool
	hits    []gst.Hit
	hit     int
	wrong   string // why the search is not valid
	told    string
	problem string // why no dump was taken
	taking  string // the name of what a dump is being taken of; "" is none
	placing bool
	slow    bool
}

var (
	_ page.Page      = (*Page)(nil)
	_ page.Commander = (*Page)(nil)
	_ page.Saver     = (*Page)(nil)
)

// target is what a person points at: an element or a link of the drawn dump;
// -1 is none.
type target struct{ element, link int }

var nothing = target{-1, -1}

// New makes the page; placer is a graph.Layouter of its own, so that a large
// dump never holds up the graph of the server. Interface goroutine.
func New(placer gst.Placer) *Page {
	p := &Page{placer: placer, fitted: true, chosen: nothing, hover: nothing, goal: nothing, hit: -1}
	p.port.Zoom = 1
	dim := theme.Current().Dim
	p.target = kit.NewText("", theme.TextSize, theme.Current().Text)
	p.details = kit.NewSelect(detailWords(), nil)
	p.details.SetSelectedIndex(0)
	p.takeIt = kit.NewButton(kit.Primary, "", "Take dump", p.takeDump).WithTip("Ask the server for GStreamer's graph of the selected element, hub or pipeline (T)")
	p.history = kit.NewSelect(nil, func(string) { p.choseShot() })
	p.history.PlaceHolder = "no dump yet"
	p.compare = kit.NewSelect(nil, func(string) { p.choseBefore() })
	p.compare.PlaceHolder = "nothing to compare with"
	p.search = kit.NewEntry("find: name, caps, /regex/", "find")
	p.search.OnChanged = func(string) { p.searched() }
	p.search.OnSubmitted = func(string) { p.jump(1) }
	p.search.OnKey = p.searchKey
	p.count = kit.NewText("", theme.TextSize, dim)
	p.bins = kit.NewButton(kit.Framed, "", "Open all bins", p.toggleAll).WithTip("Show what is in every bin, or close them (B)")
	p.export = p.exportButton()

	p.surface = surface.New(fyne.NewSize(280, 180), p.paint)
	p.surface.OnResized = p.resized
	p.surface.OnClicked = p.clicked
	p.surface.OnDoubled = p.doubled
	p.surface.OnDragged = func(pos, delta fyne.Position) {
		if p.onMap || !p.panning && p.toMap(p.surface.PressedAt) {
			p.onMap = true
			p.toMap(pos)
			return
		}
		p.panning, p.fitted = true, false
		p.pan(float64(delta.X), float64(delta.Y))
	}
	p.surface.OnDragDone = func() { p.onMap, p.panning = false, false }
	p.surface.OnHovered = p.hovered
	p.surface.OnLeft = func() { p.point(nothing) }
	p.surface.OnWheeled = p.wheeled
	p.surface.OnKey = p.key
	p.surface.OnTyped = p.typed
	p.surface.OnCursor = func() desktop.Cursor {
		if p.hover != nothing {
			return desktop.PointerCursor
		}
		return desktop.DefaultCursor
	}
	p.side = surface.New(fyne.NewSize(220, 100), p.paintSide)
	p.side.OnClicked = func(pos fyne.Position, _ bool) { p.sideClicked(pos) }
	p.side.OnWheeled = func(_ fyne.Position, d fyne.Delta, _ fyne.KeyModifier) {
		p.panel.scroll(float64(-d.DY) * 3)
		p.side.Repaint()
	}
	p.side.OnDragged = func(_, delta fyne.Position) { p.panel.scroll(float64(-delta.Y)); p.side.Repaint() }
	p.side.OnKey = p.sideKey
	p.side.OnTyped = p.typed

	line := func(o fyne.CanvasObject) fyne.CanvasObject {
		return container.NewVBox(layout.NewSpacer(), o, layout.NewSpacer())
	}
	// Names and counts are cut where there is no room, fields become narrow.
	top := container.New(kit.Bar{Gap: theme.Grid, Stretch: 3, Least: map[int]float32{1: 96, 2: 60, 4: 110, 5: 60}},
		p.takeIt, kit.Wide(176, p.details), kit.Wide(190, container.NewClip(line(p.target))), layout.NewSpacer(), kit.Wide(220, p.search), kit.Wide(120, container.NewClip(line(p.count))))
	below := container.New(kit.Bar{Gap: theme.Grid, Stretch: 3, Least: map[int]float32{0: 110, 1: 0, 2: 100}},
		kit.Wide(330, p.history), kit.WholeOrNone(kit.NewText("changes since", theme.TextSize, dim)), kit.Wide(250, p.compare), layout.NewSpacer(), p.bins, p.export)
	split := container.NewHSplit(p.surface, p.side)
	split.Offset = 0.74
	p.content = container.NewBorder(surface.Inset(container.NewVBox(top, below)), nil, nil, nil, split)
	p.say()
	return p
}

// SetSaver implements page.Saver.
func (p *Page) SetSaver(save func(title, name string, write func(io.Writer) error)) {
	p.saveFile = save
}

// Title implements page.Page.
func (p *Page) Title() string { return "GStreamer" }

// Content implements page.Page.
func (p *Page) Content() fyne.CanvasObject { return p.content }

// Shown implements page.Page.
func (p *Page) Shown(visible bool) {
	p.visible = visible
	if !visible {
		p.hover = nothing
	}
}

// Update implements page.Page.
func (p *Page) Update(v *view.State) {
	p.view = v
	if x := v.Server(); x != p.session {
		p.session = x
		p.problem, p.told = "", ""
		p.cancel()
		p.show(p.latest(), nil)
		p.listCaptured()
	}
	p.say()
}

// Commands implements page.Commander.
func (p *Page) Commands() []page.Command {
	return append([]page.Command{
		{Title: "GStreamer: take a dump of the selected object", Run: p.takeDump},
		{Title: "GStreamer: find in the dump", Run: p.toSearch},
		{Title: "GStreamer: next place found", Run: func() { p.jump(1) }},
		{Title: "GStreamer: previous place found", Run: func() { p.jump(-1) }},
		{Title: "GStreamer: fit all", Run: p.fit},
		{Title: "GStreamer: original size", Run: p.actual},
		{Title: "GStreamer: open or close all bins", Run: p.toggleAll},
		{Title: "GStreamer: compare with the dump before", Run: p.compareLast},
		{Title: "GStreamer: copy what is known of the chosen element or link", Run: p.copyDetails},
	}, p.exportCommands()...)
}

// selected gives what a dump would be taken of; "" is nothing.
func (p *Page) selected() (id, name string) {
	if p.view == nil || p.session == nil {
		return "", ""
	}
	id = p.view.Selection().Object
	if id == "" || !dumpable(id) {
		return "", ""
	}
	return id, view.ObjectName(p.view.Snapshot(p.session), id)
}

// say puts into the bar what is the case.
func (p *Page) say() {
	_, name := p.selected()
	live := p.session == nil || p.session.Live()
	hue := theme.Current().Text
	switch {
	case p.taking != "":
		name = "of " + p.taking + " …"
	case name != "":
		name = "of " + name
	default:
		name, hue = "nothing is selected", theme.Current().Dim
	}
	name = kit.Elide(name, theme.TextSize, fyne.TextStyle{}, 184)
	if p.target.Text != name || p.target.Color != hue {
		p.target.Text, p.target.Color = name, hue
		p.target.Refresh()
	}
	word := "Take dump"
	switch {
	case p.taking != "":
		word = "Cancel"
	case !live:
		word = "Find dump"
	}
	if p.takeIt.Text() != word {
		p.takeIt.Set("", word)
	}
	id, _ := p.selected()
	if on := p.taking != "" || id != ""; p.takeIt.Enabled() != on {
		p.takeIt.SetEnabled(on)
	}
	if live && p.details.Disabled() {
		p.details.Enable()
	} else if !live && !p.details.Disabled() {
		p.details.Disable()
	}
	p.saySearch()
	p.sayBins()
	if text := p.emptyText(); p.advice != text {
		p.advice = text
		p.surface.Repaint()
	}
}

func short(s string, n int) string {
	for i := range s {
		if n--; n < 0 {
			return s[:i] + "…"
		}
	}
	return s
}

// cancel ends what is under way.
func (p *Page) cancel() {
	p.goal = nothing
	p.take.Stop()
	p.taking = ""
	if p.placing {
		p.place.Stop()
		p.donePlacing()
		p.told = "Placing was stopped: press B to close the bins, or choose the dump again."
	}
	p.say()
	p.surface.Repaint()
}

// layoutPatience is how long placing may take before it is talked about.
const layoutPatience = 250 * time.Millisecond

// arrange has the dump placed as its bins are open now.
func (p *Page) arrange() {
	d := p.dump()
	if d == nil {
		p.place.Stop()
		p.donePlacing()
		p.scene = nil
		p.surface.Repaint()
		p.side.Repaint()
		return
	}
	p.placing = true
	if p.ticker == nil {
		p.ticker = time.AfterFunc(layoutPatience, p.tick)
	}
	p.progress.Store(0)
	open, diff := p.openBins(d), p.diff
	p.place.Start(func(ctx context.Context) func() {
		s, err := newScene(ctx, d, diff, open, p.placer, func(done, of int) { p.progress.Store(int64(done)<<32 | int64(of)) })
		return func() { p.placed(s, err) }
	})
}

// tick shows how far placing is, four times a second.
func (p *Page) tick() {
	post := p.place.OnUI
	if post == nil {
		post = loop.Do
	}
	post(func() {
		if p.ticker == nil {
			return
		}
		p.slow = true
		p.surface.Repaint()
		p.ticker.Reset(layoutPatience)
	})
}

func (p *Page) donePlacing() {
	p.placing, p.slow = false, false
	if p.ticker != nil {
		p.ticker.Stop()
		p.ticker = nil
	}
}

// placed takes over a scene. Interface goroutine.
func (p *Page) placed(s *scene, err error) {
	p.donePlacing()
	if err != nil {
		p.told = "The dump could not be placed: " + err.Error() + "."
		p.surface.Repaint()
		return
	}
	old := p.scene
	p.scene = s
	p.hover = nothing
	switch {
	case old == nil:
		p.first()
	case p.fitted:
		p.fitNow()
	case old.d != s.d: // another dump of the same thing: the same place in it
		p.port = p.port.Held(s.bounds(), 80)
	default: // what a person looks at stays where it is
		p.port = anchored(p.port, old, s, p.chosen.element)
	}
	p.sayBins()
	if t := p.goal; t != nothing {
		p.goal = nothing
		p.goTo(t)
	}
	p.panel.set(p.sideRows())
	p.surface.Repaint()
	p.side.Repaint()
}

// dump is what is drawn: the chosen one, or both of a comparison in one.
func (p *Page) dump() *gst.Dump {
	switch {
	case p.now == nil:
		return nil
	case p.diff != nil:
		return p.diff.Merged
	}
	return p.now.dump
}
