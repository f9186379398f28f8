package graphpage

import (
	"strconv"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"kmscope/graph"
	"kmscope/ui/kit"
	"kmscope/ui/page"
	"kmscope/ui/surface"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// graphBar is the row above the graph: what narrows it, and what of that is in
// force.
type graphBar struct {
	box      fyne.CanvasObject
	filter   *kit.Entry
	hide     *widget.Check
	count    *canvas.Text
	focus    *surface.Chip
	way      *surface.Chip
	compared *surface.Chip
	picked   *surface.Chip
	compare  *kit.Button
	overview *kit.Button
	servers  *kit.Button
}

func (p *Page) makeBar() {
	b := &p.bar
	b.filter = kit.NewEntry("name, type:, tag:, state: or /regex/", "filter")
	b.filter.OnChanged = func(string) { p.filtered() }
	b.hide = widget.NewCheck("hide others", func(on bool) { p.setLens(func(l *lens) { l.hide = on }) })
	b.hide.Hide()
	b.count = canvas.NewText("", theme.Current().Dim)
	b.count.TextSize = theme.TextSize
	b.focus = surface.NewChip("", func() { p.setLens(func(l *lens) { l.focus, l.hops = "", 0 }) })
	b.focus.Hide()
	b.way = surface.NewChip("", p.endPath)
	b.way.Hide()
	b.compared = surface.NewChip("", func() { p.setMark(time.Time{}) })
	b.compared.Hide()
	b.picked = surface.NewChip("", p.unpick)
	b.picked.Hide()
	b.compare = kit.NewButton(kit.Framed, "", "Compare", p.toggleMark).WithTip("Mark the moment of the cursor: the graph shows what changed from there to where the cursor goes")
	b.overview = kit.NewButton(kit.Framed, "", "Overview", p.toggleOverview)
	b.overview.Hide()
	b.servers = kit.NewButton(kit.Framed, "", "", p.toggleAll).WithTip("Draw all servers side by side, or the one that is looked at")
	b.servers.Hide()
	b.box = container.New(kit.Bar{Gap: theme.Grid, Stretch: 7, Least: map[int]float32{0: 90}}, kit.Wide(260, b.filter), container.NewCenter(b.count), b.hide, b.focus, b.way, b.picked, b.compared, layout.NewSpacer(), b.servers, b.overview, b.compare, p.exportButton())
}

// setLens changes how the graph is looked at. Interface goroutine.
func (p *Page) setLens(change func(*lens)) {
	p.lens = p.lens.with(change)
	p.told = ""
	p.sayBar()
	p.refresh()
}

// filtered takes over what was typed; what is not valid leaves the last filter
// in force.
func (p *Page) filtered() {
	text := p.bar.filter.Text
	q, err := graph.ParseQuery(text)
	if err != nil {
		p.wrong = "The filter is not valid: " + err.Error() + "."
		p.sayBar()
		p.surface.Repaint()
		return
	}
	p.wrong = ""
	p.setLens(func(l *lens) { l.text, l.query = text, q })
}

// sayBar shows in the bar what is in force.
func (p *Page) sayBar() {
	b, l := &p.bar, p.lens
	if l == nil {
		l = &lens{}
	}
	count, hue := "", theme.Current().Dim
	switch {
	case p.wrong != "":
		count, hue = "not valid", theme.Current().Error
	case l.text != "" && p.scene != nil && !p.scene.tiles:
		count = view.Thousands(p.scene.matched) + " of " + view.Thousands(p.scene.total)
		if p.scene.matched == 0 {
			hue = theme.Current().Warning
		}
	}
	if b.count.Text != count || b.count.Color != hue {
		b.count.Text, b.count.Color = count, hue
		b.count.Refresh()
		b.box.Refresh()
	}
	show(b.hide, l.text != "" || l.hide)
	if l.focus != "" {
		text := "around "
		if l.hops > 0 {
			text = view.Plural(l.hops, "hop") + " around "
		}
		text += graph.Shorten(p.nameOf(l.focus), 24)
		if p.scene != nil && p.scene.lost {
			text += ": not there, all is shown"
		}
		b.focus.Set(text)
	}
	show(b.focus, l.focus != "")
	switch {
	case l.to != "" && p.scene != nil && p.scene.way != "":
		b.way.Set(graph.Shorten(p.scene.way, 60))
	case p.pathFrom != "":
		b.way.Set("path from " + graph.Shorten(p.nameOf(p.pathFrom), 24) + " to … (click its end)")
	}
	show(b.way, p.pathFrom != "" || l.to != "" && p.scene != nil && p.scene.way != "")
	b.picked.Set(view.Plural(len(p.picked), "element") + " picked")
	show(b.picked, len(p.picked) > 0)
	if text := p.sayMark(); text != "" {
		b.compared.Set(text)
	}
	show(b.compared, !p.mark.IsZero())
	many := p.scene != nil && p.scene.pipelines > tilesFrom
	if many {
		if p.scene.tiles {
			b.overview.Set("", "Show all elements")
		} else {
			b.overview.Set("", "Overview of "+strconv.Itoa(p.scene.pipelines)+" pipelines")
		}
	}
	show(b.overview, many)
	p.sayServers()
}

// show shows or hides a part of a row, whose places change with that.
func show(o fyne.CanvasObject, on bool) {
	switch {
	case on && !o.Visible():
		o.Show()
	case !on && o.Visible():
		o.Hide()
	}
}

// nameOf gives what a person calls an object.
func (p *Page) nameOf(id string) string {
	if n := p.scene.node(id); n != nil && n.ID == id {
		return n.Label
	}
	if p.view == nil || p.view.Server() == nil {
		return id
	}
	return view.ObjectName(p.view.Snapshot(p.view.Server()), id)
}

// toggleOverview goes to the tiles, and from them to all elements.
func (p *Page) toggleOverview() {
	if p.scene != nil && p.scene.tiles {
		p.setLens(func(l *lens) { l.flat = true })
		return
	}
	p.bar.filter.SetText("")
	p.pathFrom = ""
	if p.view != nil {
		p.choose("")
	}
	p.setLens(func(l *lens) { l.flat, l.focus, l.from, l.to = false, "", "", "" })
}

// focusOn looks at what is around an object; "" is everything again.
func (p *Page) focusOn(id string, hops int) {
	p.fitted = true
	p.setLens(func(l *lens) { l.focus, l.hops = id, hops })
}

// focusSelected looks at what is around the selected object.
func (p *Page) focusSelected(hops int) {
	if p.view != nil && p.view.Selection().Object != "" {
		p.focusOn(p.view.Selection().Object, hops)
	}
}

// beginPath has the next object that is clicked be the end of a path.
func (p *Page) beginPath(id string) {
	p.pathFrom = id
	p.setLens(func(l *lens) { l.from, l.to = "", "" })
}

func (p *Page) setPath(from, to string) {
	p.pathFrom = ""
	p.setLens(func(l *lens) { l.from, l.to = from, to })
}

func (p *Page) endPath() { p.setPath("", "") }

// expand takes apart what a node stands for.
func (p *Page) expand(n *graph.Node) {
	id := n.ID
	p.setLens(func(l *lens) {
		delete(l.closed, id)
		delete(l.closed, objectOf(n))
		if isGroup(n) {
			l.open[id] = true
		}
	})
}

// collapse puts together a pipeline, a hub with its ports, or a group.
func (p *Page) collapse(id string) {
	p.setLens(func(l *lens) {
		l.closed[id] = true
		delete(l.open, id)
	})
}

// toggleCollapsed collapses what is selected, or takes it apart.
func (p *Page) toggleCollapsed() {
	if p.view == nil || p.scene == nil || p.scene.tiles {
		return
	}
	id := p.view.Selection().Object
	if n := p.scene.node(id); n != nil {
		switch {
		case len(n.Members) > 0:
			p.expand(n)
		case n.Kind == graph.Hub:
			p.collapse(n.ID)
		case n.Kind == graph.HubPort && n.Parent != "":
			p.collapse(n.Parent)
		default:
			if g := p.groupFor(n); g != "" {
				p.collapse(g)
			}
		}
		return
	}
	if _, ok := p.scene.place(id); !ok || id == "" {
		return
	}
	if p.lens != nil && p.lens.closed[id] {
		p.setLens(func(l *lens) { delete(l.closed, id) })
		return
	}
	p.collapse(id)
}

// groupFor gives the id of the group that a node could be put into; "" is none.
func (p *Page) groupFor(n *graph.Node) string {
	all := p.scene.g.Group(2)
	for i := range all.Nodes {
		g := &all.Nodes[i]
		if !isGroup(g) {
			continue
		}
		for _, id := range g.Members {
			if id == n.ID {
				return g.ID
			}
		}
	}
	return ""
}

// tidy places everything anew: where much came and went, what is new was put in
// beside what stood.
func (p *Page) tidy() {
	if t, ok := p.placer.layouter.(interface{ Tidy() }); ok {
		t.Tidy()
		p.flying = true
		p.placer.forget()
		p.asked = graphQuery{}
		p.refresh()
	}
}

// expandAll takes everything apart.
func (p *Page) expandAll() {
	if p.scene == nil {
		return
	}
	p.setLens(func(l *lens) {
		clear(l.closed)
		for i := range p.scene.g.Nodes {
			if n := &p.scene.g.Nodes[i]; isGroup(n) {
				l.open[n.ID] = true
			}
		}
	})
}

// groupAlike puts together what is of one kind under one source, however few.
func (p *Page) groupAlike() {
	if p.scene == nil {
		return
	}
	all := p.scene.g.Group(graph.GroupFrom)
	p.setLens(func(l *lens) {
		clear(l.open)
		for i := range all.Nodes {
			if n := &all.Nodes[i]; isGroup(n) {
				l.closed[n.ID] = true
			}
		}
	})
}

// toFilter puts the cursor into the filter.
func (p *Page) toFilter() {
	if c := fyne.CurrentApp().Driver().CanvasForObject(p.surface); c != nil {
		c.Focus(p.bar.filter)
	}
}

func (p *Page) lensCommands() []page.Command {
	return []page.Command{
		{Title: "Graph: filter", Run: p.toFilter},
		{Title: "Graph: show 1 hop around the selected object", Run: func() { p.focusSelected(1) }},
		{Title: "Graph: show 2 hops around the selected object", Run: func() { p.focusSelected(2) }},
		{Title: "Graph: show 3 hops around the selected object", Run: func() { p.focusSelected(3) }},
		{Title: "Graph: show everything again", Run: func() { p.focusOn("", 0) }},
		{Title: "Graph: highlight a path from the selected object", Run: func() {
			if p.view != nil && p.scene.node(p.view.Selection().Object) != nil {
				p.beginPath(p.view.Selection().Object)
			}
		}},
		{Title: "Graph: collapse or expand the selected object", Run: p.toggleCollapsed},
		{Title: "Graph: group elements of one kind under one source", Run: p.groupAlike},
		{Title: "Graph: expand all", Run: p.expandAll},
		{Title: "Graph: put back what was moved by hand", Run: p.putBack},
		{Title: "Graph: place everything anew", Run: p.tidy},
		{Title: "Graph: overview of the pipelines, or all elements", Run: p.toggleOverview},
	}
}
