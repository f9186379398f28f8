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
	p.add = kit.NewButton(kit.Framed, "", addWord, func() { popUnder(p.add, p.elementMenu()) }).WithTip("Draw one more element over the others")
	p.extras = container.NewHBox()
	p.filter = kit.NewEntry("filter: words or /regex/", "filter")
	p.filter.OnChanged = p.table.setFilter
	filter := container.New(layout.NewGridWrapLayout(fyne.NewSize(190, kit.ButtonHeight)), p.filter)
	p.filterBox = filter
	filter.Hide()
	p.asCharts = kit.NewButton(kit.Framed, "", "Charts", func() { p.showTable(false) })
	p.asRows = kit.NewButton(kit.Framed, "", "Table", func() { p.showTable(true) })
	flow := &kit.Flow{Fit: func(width float32) { p.fitBar(width) }, Bar: kit.Bar{Gap: barGap, Stretch: 4, Least: map[int]float32{0: 90, 1: 90, 2: 90, 5: 90}}, Break: 4, RowGap: theme.Grid}
	row := container.New(flow, p.sets, p.chip, p.top, p.add, layout.NewSpacer(), filter, p.asCharts, p.asRows)
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
	p.content = kit.NewUnder(theme.Grid, container.NewVBox(surface.Inset(row), p.extraRow), p.surface, flow)
}

// fitBar makes do with little room. The lengths of time go first: the time bar of the
// window has them as well. Then of charts and table only the one that is not shown is
// offered, and the word of a button goes that has a sign. Beyond that words are cut, and
// at last the bar takes a second row. It tells whether something came or went.
func (p *Page) fitBar(width float32) (changed bool) {
	if p.bar == nil || width == 0 {
		return false
	}
	as := [2]*kit.Button{p.asCharts, p.asRows}
	shown, other := as[0], as[1]
	if p.asTable {
		shown, other = other, shown
	}
	p.add.Set("", addWord)
	least, spans := float32(-barGap), float32(0)
	for _, o := range p.bar.Objects {
		b, _ := o.(*kit.Button)
		switch w := o.MinSize().Width + barGap; {
		case slices.Contains(p.spans, b):
			spans += w
		case o.Visible() || b == shown || b == other:
			least += w
		}
	}
	roomy := least <= width
	if !roomy {
		p.add.Set("", "+")
	}
	changed = shown.Visible() != roomy || p.spans[0].Visible() != (least+spans <= width)
	showIf(other, true)
	showIf(shown, roomy)
	for _, b := range p.spans {
		showIf(b, least+spans <= width)
	}
	return changed
}

// barGap is between the controls of the bar.
const barGap = 8

// addWord is on the button that draws one more element, where there is room.
const addWord = "+ element"

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
	if p.fitBar(p.bar.Size().Width) {
		p.content.Refresh() // or it would keep the rows that it had
	}
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
