// Package graphpage is the page of the live topology: who sends what to whom, and whether it
// flows.
package graphpage

import (
	"context"
	"io"
	"math"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	fynetheme "fyne.io/fyne/v2/theme"

	"kmscope/graph"
	"kmscope/ui/kit"
	"kmscope/ui/loop"
	"kmscope/ui/page"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
	"kmscope/ui/view"
)

// Layouter places graphs; graph.Layouter does. Any goroutine may call it.
type Layouter interface {
	Layout(ctx context.Context, g *graph.Graph) (*graph.Graph, error)
}

// Page is the page of pipelines, elements and what flows between them.
//
// The worker builds the graph of a snapshot and has it placed when its shape
// (nodes, sizes, connections) is new; a change of state keeps all places. A
// result for a state that is not looked at any more is dropped. Drawing and
// hit tests run over the last placed scene on the interface goroutine.
type Page struct {
	opened   func()                                                // shows the details of what is selected; nil is nothing
	saveFile func(title, name string, write func(io.Writer) error) // the window's

	content  fyne.CanvasObject
	bar      graphBar
	surface  *surface.Surface
	placer   *placer
	work     surface.Worker
	painter  graphPainter
	troubles troubles // of the list that was seen last
	watch    *time.Timer
	visible  bool
	showGone bool
	all      bool // all servers are drawn side by side

	lens     *lens
	wrong    string            // why the filter is not valid
	told     string            // how an export went
	moved    map[string]*moves // by the address of the server
	moving   string            // the node that is being dragged; "" is none
	movingOn view.Session      // on whose band it is; nil where there is one server
	picked   map[string]bool   // nodes picked with the band
	banding  bool              // a band is being drawn, from where the button went down
	bandTo   fyne.Position
	mark     time.Time // what the graph is compared with; zero is nothing
	pathFrom string    // where the next path begins

	view    *view.State
	scene   *scene
	port    surface.Viewport
	fitted  bool // the viewport follows the graph until a person moves it
	asked   graphQuery
	session view.Session // of the scene
	problem string       // why the graph could not be placed
	slow    bool
	pending int // nodes being placed

	lastSelected string // what the page showed as selected last

	hover    hit
	hoverPos fyne.Position
	over     bool         // the pointer is over the surface
	onMap    bool         // over the small map or the link
	linkRect surface.Rect // the link that shows what is gone; empty: there is none
	flying   bool         // the next scene is flown to
	flight   *flight      // nil: everything is in its place
	mapDrag  bool
	panning  bool
}

var (
	_ page.Page      = (*Page)(nil)
	_ page.Commander = (*Page)(nil)
	_ page.Saver     = (*Page)(nil)
	_ page.Opener    = (*Page)(nil)
	_ page.Coverer   = (*Page)(nil)
)

// graphQuery is all that a scene depends on.
type graphQuery struct {
	part                   // the server that is looked at
	beside [maxBeside]part // all of them where they are drawn side by side
	gone   bool
	lens   *lens
	// selected is set only where it decides what is shown.
	selected string
	// aspect is the shape of the window where tiles are laid out for it.
	aspect float64
}

// New makes the page. Interface goroutine.
func New(l Layouter) *Page {
	p := &Page{fitted: true, placer: &placer{layouter: l}}
	p.port.Zoom = 1
	p.surface = surface.New(fyne.NewSize(320, 200), p.paint)
	p.surface.OnResized = p.resized
	p.surface.OnClicked = p.clicked
	p.surface.OnDoubled = p.doubled
	p.surface.OnDragged = p.dragged
	p.surface.OnDragDone = p.dropped
	p.surface.OnHovered = p.hovered
	p.surface.OnLeft = p.left
	p.surface.OnWheeled = p.wheeled
	p.surface.OnKey = p.key
	p.surface.OnTyped = p.typed
	p.surface.OnCursor = p.cursor
	p.landFirst()
	p.makeBar()
	// The ground of the bar reaches over the gaps that borders leave.
	ground := kit.WithMargin(kit.Margin{Top: -fynetheme.Padding(), Bottom: -fynetheme.Padding()}, kit.NewGround(kit.BackgroundColour, 0))
	p.content = container.NewBorder(container.NewStack(ground, surface.Inset(p.bar.box)), nil, nil, nil, p.surface)
	return p
}

// SetSaver implements page.Saver.
func (p *Page) SetSaver(save func(title, name string, write func(io.Writer) error)) {
	p.saveFile = save
}

// SetOpener implements page.Opener.
func (p *Page) SetOpener(open func()) { p.opened = open }

// Covers implements page.Coverer.
func (p *Page) Covers() {}

// Title implements page.Page.
func (p *Page) Title() string { return "Graph" }

// Content implements page.Page.
func (p *Page) Content() fyne.CanvasObject { return p.content }

// Shown implements page.Page.
func (p *Page) Shown(visible bool) {
	p.visible = visible
	if !visible {
		p.work.Stop()
		p.asked = graphQuery{}
		p.idle()
		p.hover, p.over = hit{}, false
	}
}

// Commands implements page.Commander.
func (p *Page) Commands() []page.Command {
	return append([]page.Command{
		{Title: "Graph: fit all", Shortcut: &desktop.CustomShortcut{KeyName: fyne.Key0, Modifier: fyne.KeyModifierShortcutDefault}, Run: p.fit},
		{Title: "Graph: original size", Shortcut: &desktop.CustomShortcut{KeyName: fyne.Key1, Modifier: fyne.KeyModifierShortcutDefault}, Run: p.actual},
		{Title: "Graph: fit the selection", Run: p.fitSelection},
		{Title: "Graph: go to the selected object", Run: p.reveal},
		{Title: "Graph: show or hide what is gone", Run: p.toggleGone},
		{Title: "Graph: all servers side by side, or one", Run: func() {
			if p.others() > 1 {
				p.toggleAll()
			}
		}},
	}, append(append(p.lensCommands(), p.compareCommands()...), p.exportCommands()...)...)
}

// Update implements page.Page.
func (p *Page) Update(v *view.State) {
	p.view = v
	p.refresh()
	// What was selected elsewhere comes into view; what was selected here is.
	if now := v.Selection().Object; now != p.lastSelected {
		p.lastSelected = now
		if !p.fitted || p.port.Zoom < labelsFrom {
			p.reveal()
		}
	}
}

// refresh asks for a new scene if anything that it depends on changed.
func (p *Page) refresh() {
	v := p.view
	if v == nil {
		return
	}
	x := v.Server()
	if x == nil {
		p.scene, p.session, p.problem, p.asked = nil, nil, "", graphQuery{}
		p.work.Stop()
		p.idle()
		p.sayBar()
		p.surface.Repaint()
		return
	}
	q := graphQuery{part: p.partOf(x), gone: p.showGone, lens: p.lens}
	pipelines := len(q.snap.Pipelines)
	p.sayServers()
	if p.all {
		pipelines = 0
		for i, x := range p.view.Workspace().Sessions() {
			if i < maxBeside {
				q.beside[i] = p.partOf(x)
				pipelines += len(q.beside[i].snap.Pipelines)
			}
		}
	}
	if pipelines > tilesFrom || p.scene != nil && p.scene.groups > 0 {
		q.selected = v.Selection().Object
	}
	if pipelines > tilesFrom && q.selected == "" && p.port.H > 0 {
		q.aspect = math.Round(4*p.port.W/p.port.H) / 4
	}
	if q == p.asked {
		p.surface.Repaint()
		return
	}
	if p.scene != nil && len(p.scene.bands) > 0 && p.all {
		p.session = q.session // it was and is drawn
	}
	if q.session != p.session {
		p.session, p.scene, p.fitted = q.session, nil, true
		if p.lens != nil && (p.lens.focus != "" || p.lens.from != "") { // those are of the other server
			p.lens = p.lens.with(func(l *lens) { l.focus, l.from, l.to = "", "", "" })
			q.lens = p.lens
		}
		p.pathFrom, p.mark, p.picked = "", time.Time{}, nil
	}
	p.asked = q
	at, live := v.Cursor()
	if live {
		at = time.Time{}
	}
	var figures []graph.Figures
	elements := 0
	for _, x := range q.parts() {
		figures = append(figures, graph.FiguresAt(x.session.Stats(), at))
		elements += x.snap.Counts.Elements
	}
	p.busy(elements)
	p.work.Start(func(ctx context.Context) func() {
		s, err := p.placer.place(ctx, q, figures)
		return func() { p.show(s, err) }
	})
	p.surface.Repaint()
}

// show takes over a scene. Interface goroutine.
func (p *Page) show(s *scene, err error) {
	p.idle()
	if err != nil {
		p.problem = "The graph could not be placed: " + err.Error() + "."
		p.surface.Repaint()
		return
	}
	p.problem = ""
	if p.moving != "" { // the hand is ahead of the worker
		s = p.byHand(s)
	}
	p.land() // the next scene is there already
	old, port := p.scene, p.port
	p.scene = s
	p.hover = hit{}
	p.sayBar()
	switch {
	case old != nil && old.tiles != s.tiles:
		p.fitted = true
		p.fitNow()
		if !s.tiles && p.view != nil {
			p.zoomTo(p.view.Selection().Object)
		}
	case p.fitted || old == nil:
		p.fitNow()
	case old.g != s.g:
		p.port = anchored(p.port, old, s)
	}
	if p.over && !p.onMap { // what the pointer is on is told as long as it is there
		p.hover = p.under(p.hoverPos)
	}
	if p.flying {
		p.flying = false
		p.fly(old, port)
	}
	p.surface.Repaint()
}

// busy notes that a scene is being made, and says so when it takes long.
func (p *Page) busy(nodes int) {
	p.pending = nodes
	if p.watch != nil {
		return
	}
	p.watch = time.AfterFunc(layoutPatience, func() {
		loop.Do(func() {
			if p.watch != nil {
				p.slow = true
				p.surface.Repaint()
			}
		})
	})
}

func (p *Page) idle() {
	if p.watch != nil {
		p.watch.Stop()
		p.watch = nil
	}
	p.slow = false
}

func (p *Page) resized(size fyne.Size) {
	w, h := float64(size.Width), float64(size.Height)
	if w == p.port.W && h == p.port.H {
		return
	}
	p.port.W, p.port.H = w, h
	if p.fitted {
		p.fitNow()
	}
}

func (p *Page) paint(c *paint.Canvas, l *surface.Look, scale float32) {
	if text := p.emptyText(); text != "" {
		p.goneLink(c, l, scale)
		surface.EmptyState(c, l, text, scale)
		if p.slow {
			surface.Notice(c, l, "Placing "+view.Plural(p.pending, "element")+" …", scale)
		}
		return
	}
	marks := graphMarks{hover: p.hover}
	if p.view != nil {
		marks.selected, marks.server = p.view.Selection().Object, p.view.Server()
		marks.troubles = p.troublesNow()
	}
	p.painter.paint(c, l, p.scene, p.port, marks, scale)
	p.band(c, l, scale)
	p.goneLink(c, l, scale)
	p.painter.miniMap(c, l, p.scene, p.port, &marks.troubles, scale)
	if !p.hover.none() && !p.panning && p.moving == "" && p.view != nil {
		p.painter.card(c, l, cardLines(p.scene, p.hover, p.view.Clock(), marks.troubles), [2]float32{p.hoverPos.X, p.hoverPos.Y}, scale)
	}
	switch {
	case p.problem != "":
		surface.Notice(c, l, p.problem, scale)
	case p.wrong != "":
		surface.Notice(c, l, p.wrong, scale)
	case p.told != "":
		surface.Notice(c, l, p.told, scale)
	case p.slow:
		surface.Notice(c, l, "Placing "+view.Plural(p.pending, "element")+" …", scale)
	}
}

// emptyText says what to do when there is nothing to draw.
func (p *Page) emptyText() string {
	if p.view == nil || p.view.Server() == nil {
		return "No server yet. Connect to one, or open a capture."
	}
	if p.scene == nil {
		if p.problem != "" {
			return p.problem
		}
		if p.asked.snap != nil && p.asked.snap.Counts.Elements+p.asked.snap.Counts.Pipelines > 0 {
			return "Placing the graph …"
		}
	}
	if p.scene != nil && len(p.scene.g.Frames) > 0 {
		return ""
	}
	if p.scene != nil && p.scene.total > 0 {
		return "Nothing matches the filter."
	}
	snap := p.asked.snap
	switch {
	case snap == nil || !snap.Listed && !snap.Server.Connected:
		return "Nothing is known of the server yet."
	case !snap.Listed:
		return "Reading what the server has …"
	}
	return "No pipelines yet. They appear here as soon as an application creates one."
}

// fitMost is how large a fitted graph may get.
const fitMost = 1.0

// fitNow shows all of the graph, above what stands in the lower corners.
func (p *Page) fitNow() {
	if p.scene == nil {
		return
	}
	above := p.port
	if above.H > 4*mapFoot {
		above.H -= mapFoot
	}
	above = above.Fitted(p.scene.bounds, 24, fitMost)
	above.H = p.port.H
	p.port = above
}

func (p *Page) fit() {
	p.fitted = true
	p.fitNow()
	p.surface.Repaint()
}

// zoomTo fits an object, and is content with what there is where it is not there.
func (p *Page) zoomTo(id string) {
	if r, ok := p.scene.place(id); ok {
		p.fitted = false
		p.port = p.port.Fitted(r, 60, fitMost)
	}
}

// actual goes to the original size, around the selection or the middle.
func (p *Page) actual() {
	p.fitted = false
	if p.view != nil {
		if r, ok := p.scene.place(p.view.Selection().Object); ok {
			p.port.Zoom = 1
			p.port = p.port.Centred(r.X+r.W/2, r.Y+r.H/2)
			p.surface.Repaint()
			return
		}
	}
	p.port = p.port.ZoomedAt(p.port.W/2, p.port.H/2, 1/p.port.Zoom)
	p.surface.Repaint()
}

// reveal brings the selected object into view.
func (p *Page) reveal() {
	if p.view == nil {
		return
	}
	if r, ok := p.scene.place(p.view.Selection().Object); ok {
		p.fitted = false
		if p.port.Zoom < labelsFrom && p.scene.node(p.view.Selection().Object) != nil {
			p.port.Zoom = 1
			p.port = p.port.Centred(r.X+r.W/2, r.Y+r.H/2)
		}
		p.port = p.port.Revealed(r, 32)
		p.surface.Repaint()
	}
}

// goneLink draws the words in the lower left corner that show and hide what is
// gone, and notes where they are.
func (p *Page) goneLink(c *paint.Canvas, l *surface.Look, scale float32) {
	p.linkRect = surface.Rect{}
	if p.scene == nil || p.scene.hidden == 0 && !p.showGone && !p.scene.over {
		return
	}
	what, link := "What is gone is shown", "Hide"
	switch {
	case p.scene.over:
		what, link = "Nothing is alive any more: this is what was there", ""
	case !p.showGone:
		what, link = view.Plural(p.scene.hidden, "object")+" gone", "Show"
	}
	f := l.Regular.Face(11.5 * scale)
	w := f.Width(what)/scale + 22
	if link != "" {
		w += f.Width(link)/scale + 10
	}
	_, h := c.Size()
	p.linkRect = surface.Rect{X: mapInset, Y: float64(h)/float64(scale) - mapInset - 26, W: float64(w), H: 26}
	x, y := float32(p.linkRect.X)*scale, float32(math.Round(p.linkRect.Y*float64(scale)))
	c.RoundRect(x, y, w*scale, 26*scale, 6*scale, l.Panel)
	c.StrokeRoundRect(x, y, w*scale, 26*scale, 6*scale, surface.Hairline(scale), l.Line)
	end := c.Text(f, what, x+11*scale, y+17*scale, l.Dim)
	c.Text(f, link, end+10*scale, y+17*scale, l.Accent)
	if link == "" {
		p.linkRect = surface.Rect{}
	}
}
