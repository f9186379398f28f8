package chartpage

import (
	"image/color"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"kmscope/inventory"
	"kmscope/ui/kit"
	"kmscope/ui/surface"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// makeBar makes the row of controls above the charts, and what holds both.
func (p *Page) makeBar() {
	p.chip = surface.NewChip("", func() {
		if p.view != nil {
			p.view.Select(view.Selection{Session: p.view.Server()})
		}
	})
	p.chip.Hide()
	p.against = surface.NewChip("", func() { p.compare(comparison{}) })
	menu := func(text string, m func() *fyne.Menu) *kit.Button {
		var b *kit.Button
		b = kit.NewButton(kit.Framed, "", text, func() { popUnder(b, m()) }).WithCaret()
		return b
	}
	p.sets = menu("", p.setMenu).WithTip("What the charts answer")
	p.top = menu("", p.rankMenu).WithTip("How the elements are chosen while none is selected")
	p.add = kit.NewButton(kit.Framed, "", "+ element", func() { popUnder(p.add, p.elementMenu()) }).WithTip("Draw one more element over the others")
	p.extras = container.NewHBox()
	p.filter = kit.NewEntry("filter: words or /regex/", "filter")
	p.filter.OnChanged = p.table.setFilter
	filter := container.New(layout.NewGridWrapLayout(fyne.NewSize(190, kit.ButtonHeight)), p.filter)
	p.filterBox = filter
	filter.Hide()
	p.asCharts = kit.NewButton(kit.Framed, "", "Charts", func() { p.showTable(false) })
	p.asRows = kit.NewButton(kit.Framed, "", "Table", func() { p.showTable(true) })
	row := container.New(kit.Bar{Gap: barGap, Stretch: 4}, p.sets, p.chip, p.top, p.add, layout.NewSpacer(), filter, p.asCharts, p.asRows)
	for _, s := range chartSpans {
		b := kit.NewButton(kit.Framed, "", s.word, func() {
			if p.view != nil {
				p.view.SetLength(s.d)
				p.refresh()
			}
		})
		p.spans = append(p.spans, b)
		row.Add(b)
	}
	p.layout = menu("View", p.viewMenu).WithTip("Columns and height of the charts")
	p.export = menu("Export", p.exportMenu)
	row.Add(p.layout)
	row.Add(p.export)
	p.extraRow = container.New(layout.NewCustomPaddedLayout(0, 2*theme.Grid, 2*theme.Grid, 2*theme.Grid), container.NewHScroll(p.extras))
	p.extraRow.Hide()
	p.bar = row
	p.barRoom = container.NewHScroll(surface.Inset(row))
	p.content = container.NewBorder(container.NewVBox(p.barRoom, p.extraRow), nil, nil, nil, p.surface)
}

// fitBar leaves out the lengths of time when there is little room: the time bar
// of the window has them as well.
func (p *Page) fitBar() {
	width := p.surface.Size().Width
	if p.bar == nil || width == 0 {
		return
	}
	need := 4 * theme.Grid // of the margin on both sides
	for _, o := range p.bar.Objects {
		if b, ok := o.(*kit.Button); o.Visible() || ok && slices.Contains(p.spans, b) {
			need += o.MinSize().Width + barGap
		}
	}
	if p.spans[0].Visible() == (need <= width) {
		return
	}
	for _, b := range p.spans {
		showIf(b, need <= width)
	}
	p.barRoom.Refresh() // or it would keep the width that it had
}

// barGap is between the controls of the bar.
const barGap = 8

func accent(t theme.Palette) color.NRGBA { return t.Accent }

// setOn marks the one of several buttons that is in force; it does nothing when
// nothing changed, for a refresh is not free.
func setOn(b *kit.Button, on bool) {
	switch {
	case on && b.Outlined() == nil:
		b.SetOutline(accent)
	case !on && b.Outlined() != nil:
		b.SetOutline(nil)
	}
}

func (p *Page) updateBar() {
	v := p.view
	if o := v.Selection().Object; o != "" && v.Server() != nil {
		p.chip.Set(view.ObjectName(v.Server().Snapshot(), o))
		p.chip.Show()
	} else {
		p.chip.Hide()
	}
	title := savedSetOf(p.set).title
	if p.metric != "" {
		title = rankingOf(p.metric).word
	}
	p.sets.Set("", title)
	top := "Top by " + rankingOf(p.ranking()).word
	if p.kind != "" {
		top += ", " + p.kind
	}
	p.top.Set("", top)
	overview := len(chartQuery{object: v.Selection().Object, overlay: p.overlayKey()}.elements()) == 0
	showIf(p.top, !p.set.server() && overview && !p.asTable)
	showIf(p.add, !p.set.server() && v.Server() != nil)
	showIf(p.layout, !p.asTable)
	showIf(p.sets, !p.asTable)
	showIf(p.filterBox, p.asTable)
	setOn(p.asCharts, !p.asTable)
	setOn(p.asRows, p.asTable)
	for i, s := range chartSpans {
		setOn(p.spans[i], v.Following() && v.Length() == s.d)
	}
	p.fitBar()
}

// showTable shows the figures as a table, or as charts.
func (p *Page) showTable(on bool) {
	if p.asTable == on {
		return
	}
	p.left()
	p.asTable = on
	if p.view != nil {
		p.refresh()
	}
	p.content.Refresh()
}

func (p *Page) overlayKey() string { return strings.Join(p.overlay, "\n") }

// pinKey gives the pins in a form that can be compared.
func (p *Page) pinKey() string {
	var b strings.Builder
	for _, one := range p.chosen.Pins {
		b.WriteString(one.Kind + "\t" + one.Element + "\n")
	}
	return b.String()
}

// kindMenu offers the types of elements that there are.
func (p *Page) kindMenu() *fyne.Menu {
	m := fyne.NewMenu("")
	add := func(word, kind string) {
		item := fyne.NewMenuItem(word, func() {
			p.kind = kind
			p.refresh()
		})
		item.Checked = p.kind == kind
		m.Items = append(m.Items, item)
	}
	add("Any type", "")
	if p.view == nil || p.view.Server() == nil || p.view.Server().Stats() == nil {
		return m
	}
	seen := map[string]bool{}
	for _, id := range p.view.Server().Stats().Elements() {
		if t := inventory.TypeOf(id); id != inventory.ManagerID && t != "" && !seen[t] && len(seen) < maxOffered {
			seen[t] = true
			add(t, t)
		}
	}
	return m
}

// popUnder opens a menu under the button that asked for it.
func popUnder(at fyne.CanvasObject, m *fyne.Menu) {
	if c := fyne.CurrentApp().Driver().CanvasForObject(at); c != nil {
		widget.NewPopUpMenu(m, c).ShowAtRelativePosition(fyne.NewPos(0, at.Size().Height+2), at)
	}
}
