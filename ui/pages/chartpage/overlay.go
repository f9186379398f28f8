package chartpage

import (
	"slices"

	"fyne.io/fyne/v2"

	"kmscope/stats"
	"kmscope/ui/surface"
	"kmscope/ui/view"
)

// maxOffered bounds the menu of elements.
const maxOffered = 24

// ranking is the metric that elements are ranked by while none is selected.
func (p *Page) ranking() string {
	if p.rank != "" {
		return p.rank
	}
	return savedSetOf(p.set).lead
}

func (p *Page) rankMenu() *fyne.Menu {
	m := fyne.NewMenu("")
	for _, r := range rankings {
		item := fyne.NewMenuItem("Top by "+r.word, func() { p.rankBy(r.metric) })
		item.Checked = r.metric == p.ranking()
		m.Items = append(m.Items, item)
	}
	kinds := fyne.NewMenuItem("Type of element", nil)
	kinds.ChildMenu = p.kindMenu()
	m.Items = append(m.Items, fyne.NewMenuItemSeparator(), kinds)
	return m
}

// rankBy ranks elements by a metric while none is selected.
func (p *Page) rankBy(metric string) {
	p.rank = metric
	p.refresh()
}

// elementMenu offers the elements that have figures, the busiest first.
func (p *Page) elementMenu() *fyne.Menu {
	m := fyne.NewMenu("")
	none := func(s string) *fyne.Menu {
		item := fyne.NewMenuItem(s, nil)
		item.Disabled = true
		m.Items = append(m.Items, item)
		return m
	}
	if p.view == nil || p.view.Server() == nil || p.view.Server().Stats() == nil {
		return none("No elements yet")
	}
	x := p.view.Server()
	shown := chartQuery{object: p.view.Selection().Object, overlay: p.overlayKey()}.elements()
	if len(shown) >= maxOverlay {
		return none("As many as can be told apart are shown")
	}
	snap := x.Snapshot()
	for _, b := range busiest(x.Stats().Latest(stats.Query{Metrics: []string{stats.Bitrate}}), stats.Bitrate, maxOffered+maxOverlay, func(id string) bool {
		return !slices.Contains(shown, id)
	}) {
		if len(m.Items) == maxOffered {
			break
		}
		m.Items = append(m.Items, fyne.NewMenuItem(view.ObjectName(snap, b.ID)+"   "+stats.Format(b.V, stats.Bps), func() { p.addElement(b.ID) }))
	}
	if len(m.Items) == 0 {
		return none("No other element has figures")
	}
	return m
}

// addElement draws one more element over the others.
func (p *Page) addElement(id string) {
	if len(p.overlay) < maxOverlay && !slices.Contains(p.overlay, id) {
		p.overlay = append(p.overlay, id)
		p.overlayChanged()
		p.refresh()
	}
}

func (p *Page) dropElement(id string) {
	p.overlay = slices.DeleteFunc(p.overlay, func(o string) bool { return o == id })
	p.overlayChanged()
	p.refresh()
}

// overlayChanged makes the chips of the overlay and of the comparison anew.
func (p *Page) overlayChanged() {
	p.extras.RemoveAll()
	if p.compared.on {
		p.extras.Add(p.against)
	}
	for _, id := range p.overlay {
		name := id
		if p.server != nil {
			name = "+ " + view.ObjectName(p.server.Snapshot(), id)
		}
		p.extras.Add(surface.NewChip(name, func() { p.dropElement(id) }))
	}
	showIf(p.extraRow, len(p.overlay) > 0 || p.compared.on)
	p.content.Refresh()
}

func showIf(o fyne.CanvasObject, on bool) {
	switch {
	case on && !o.Visible():
		o.Show()
	case !on && o.Visible():
		o.Hide()
	}
}
