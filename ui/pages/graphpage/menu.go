package graphpage

import (
	"encoding/json"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"kmscope/graph"
)

// showMenu opens the context menu of what lies under a point of the window.
func (p *Page) showMenu(pos fyne.Position) {
	if p.view == nil || p.scene == nil {
		return
	}
	d := fyne.CurrentApp().Driver()
	if c := d.CanvasForObject(p.surface); c != nil {
		p.left()
		widget.ShowPopUpMenuAtPosition(p.menu(p.under(pos)), c, d.AbsolutePositionForObject(p.surface).Add(pos))
	}
}

// menu is the context menu of what lies under the pointer.
func (p *Page) menu(h hit) *fyne.Menu {
	m := fyne.NewMenu("")
	add := func(title string, run func()) { m.Items = append(m.Items, fyne.NewMenuItem(title, run)) }
	line := func() { m.Items = append(m.Items, fyne.NewMenuItemSeparator()) }
	id := h.id()
	if len(p.picked) > 0 {
		p.pickItems(add)
		line()
	}
	switch {
	case h.node != nil:
		n := h.node
		if id != "" {
			add("Select", func() { p.chooseOn(h.on, id) })
		}
		if p.opened != nil && id != "" {
			add("Details", func() { p.chooseOn(h.on, id); p.opened() })
		}
		p.collapseItems(n, add)
		if id != "" {
			line()
			p.focusItems(id, add)
			p.pathItems(id, add)
			line()
			p.copyItems(id, n.Name, add)
		}
		add("Copy as JSON", func() { copyText(nodeJSON(n)) })
	case h.edge != nil:
		e := h.edge
		for _, end := range []struct{ word, id string }{{"source", e.From}, {"sink", e.To}} {
			if n := p.scene.node(end.id); n != nil && objectOf(n) != "" {
				add("Select the "+end.word+" "+graph.Shorten(n.Label, 30), func() { p.chooseOn(h.on, objectOf(n)) })
			}
		}
		add("Copy as JSON", func() { copyText(edgeJSON(e)) })
	case h.frame != nil && id != "":
		f := h.frame
		add("Select", func() { p.chooseOn(h.on, id) })
		if !p.scene.tiles {
			if p.lens != nil && p.lens.closed[id] {
				add("Expand the pipeline", func() { p.setLens(func(l *lens) { delete(l.closed, id) }) })
			} else {
				add("Collapse the pipeline", func() { p.collapse(id) })
			}
		}
		add("Show this pipeline only", func() { p.focusOn(id, 0) })
		line()
		p.copyItems(id, f.Label, add)
	case h.named:
		add("Select "+graph.Shorten(h.on.Name(), 40), func() { p.chooseOn(h.on, "") })
		add("Show this server only", func() { p.chooseOn(h.on, ""); p.toggleAll() })
	default:
		add("Fit all", p.fit)
		if p.all {
			add("Show one server", p.toggleAll)
		} else if p.others() > 1 {
			add("All servers side by side", p.toggleAll)
		}
		add("Original size", p.actual)
		line()
		add("Place everything anew", p.tidy)
		add("Group elements of one kind", p.groupAlike)
		add("Expand all", p.expandAll)
		if p.anyMoved() {
			add("Put back what was moved by hand", p.putBack)
		}
		if p.showGone {
			add("Hide what is gone", p.toggleGone)
		} else {
			add("Show what is gone", p.toggleGone)
		}
	}
	if p.lens != nil && p.lens.focus != "" {
		line()
		add("Show everything again", func() { p.focusOn("", 0) })
	}
	return m
}

func (p *Page) collapseItems(n *graph.Node, add func(string, func())) {
	switch {
	case len(n.Members) > 0:
		add("Expand", func() { p.expand(n) })
	case n.Kind == graph.Hub:
		add("Collapse the hub and its ports", func() { p.collapse(n.ID) })
	case n.Kind == graph.HubPort && n.Parent != "":
		add("Collapse the hub and its ports", func() { p.collapse(n.Parent) })
	default:
		if g := p.groupFor(n); g != "" {
			add("Group with others of its kind", func() { p.collapse(g) })
		}
	}
	if n.Frame != "" && !strings.HasSuffix(n.ID, "#") {
		add("Collapse the pipeline", func() { p.collapse(n.Frame) })
	}
}

func (p *Page) focusItems(id string, add func(string, func())) {
	add("Show 1 hop around", func() { p.focusOn(id, 1) })
	add("Show 2 hops around", func() { p.focusOn(id, 2) })
	add("Show 3 hops around", func() { p.focusOn(id, 3) })
}

func (p *Page) pathItems(id string, add func(string, func())) {
	add("Highlight a path from here", func() { p.beginPath(id) })
	from := p.pathFrom
	if from == "" {
		from = p.view.Selection().Object
	}
	if n := p.scene.node(from); n != nil && from != id {
		add("Highlight the path from "+graph.Shorten(n.Label, 24)+" to here", func() { p.setPath(from, id) })
	}
	if p.lens != nil && p.lens.to != "" {
		add("End the highlighting", p.endPath)
	}
}

func (p *Page) copyItems(id, name string, add func(string, func())) {
	if name != "" {
		add("Copy the name", func() { copyText(name) })
	}
	add("Copy the id", func() { copyText(id) })
}

func copyText(s string) { fyne.CurrentApp().Clipboard().SetContent(s) }

// nodeJSON is a node as a person pastes it into a report.
func nodeJSON(n *graph.Node) string {
	states := map[string]string{}
	for _, b := range n.States {
		key := b.Lane
		if b.Media != "" {
			key += "/" + string(b.Media)
		}
		states[key] = b.Value
	}
	return indented(struct {
		ID      string            `json:"id"`
		Type    string            `json:"type"`
		Name    string            `json:"name,omitempty"`
		Parent  string            `json:"parent"`
		Tags    map[string]string `json:"tags,omitempty"`
		States  map[string]string `json:"states"`
		Errors  int               `json:"errors"`
		Dead    bool              `json:"dead,omitempty"`
		Members []string          `json:"members,omitempty"`
	}{objectOf(n), n.Type, n.Name, n.Parent, n.Tags, states, n.Errors, n.Dead, n.Members})
}

func edgeJSON(e *graph.Edge) string {
	var flowing *bool
	if e.Flow != graph.FlowUnknown {
		is := e.Flow == graph.Flowing
		flowing = &is
	}
	return indented(struct {
		Source      string `json:"source"`
		Sink        string `json:"sink"`
		Media       string `json:"media"`
		Flowing     *bool  `json:"flowing"`
		Connections int    `json:"connections"`
	}{e.From, e.To, string(e.Media), flowing, e.Count})
}

// indented writes JSON for people; what is given to it can always be written.
func indented(v any) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if enc.Encode(v) != nil {
		return ""
	}
	return strings.TrimSuffix(b.String(), "\n")
}
