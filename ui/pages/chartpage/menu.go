package chartpage

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"kmscope/browserdump"
	"kmscope/stats"
	"kmscope/ui/chartfile"
	"kmscope/ui/kit"
	"kmscope/ui/surface"
	"kmscope/ui/view"
)

// showMenu opens the menu of a chart. The letters in it are keys for the chart
// that was chosen last.
func (p *Page) showMenu(i int, pos fyne.Position) {
	c := fyne.CurrentApp().Driver().CanvasForObject(p.surface)
	if c == nil || i < 0 || i >= len(p.charts) || p.view == nil {
		return
	}
	widget.NewPopUpMenu(p.chartMenu(i), c).ShowAtRelativePosition(pos, p.surface)
}

// chartMenu is what can be done with one chart.
func (p *Page) chartMenu(i int) *fyne.Menu {
	ch := p.charts[i]
	check := func(on bool, title string, run func()) *fyne.MenuItem {
		item := fyne.NewMenuItem(title, run)
		item.Checked = on
		return item
	}
	alone := "This chart alone  (Enter)"
	if p.alone != (pin{}) {
		alone = "All charts again  (Enter)"
	}
	m := fyne.NewMenu("", fyne.NewMenuItem(alone, func() { p.toggleAlone(i) }))
	if ch.Element != "" {
		m.Items = append(m.Items, check(ch.Pinned, "Pinned: stays whatever is selected  (p)", func() { p.togglePin(&ch) }))
	}
	if !ch.Ranked {
		m.Items = append(m.Items, check(ch.Wide, "Wide and high  (w)", func() { p.toggleWide(&ch) }))
	}
	if movable(&ch) && p.alone == (pin{}) {
		earlier := fyne.NewMenuItem("Move forward  (Alt+Up)", func() { p.move(i, i-1) })
		later := fyne.NewMenuItem("Move back  (Alt+Down)", func() { p.move(i, i+1) })
		earlier.Disabled, later.Disabled = i == 0, i == len(p.charts)-1
		m.Items = append(m.Items, earlier, later)
	}
	axis := fyne.NewMenuItem("Vertical axis", nil)
	mode := func(mode surface.ScaleMode) func() {
		return func() { p.setScale(ch.Kind, surface.Scale{Mode: mode, Log: ch.Scale.Log}) }
	}
	axis.ChildMenu = fyne.NewMenu("",
		check(ch.Scale.Mode == surface.FromZero, "From zero", mode(surface.FromZero)),
		check(ch.Scale.Mode == surface.FromData, "From the figures in view", mode(surface.FromData)),
		check(ch.Scale.Mode == surface.Fixed, "Fixed…", func() { p.askRange(&ch) }),
		fyne.NewMenuItemSeparator(),
		check(ch.Scale.Log, "Logarithmic  (l)", func() {
			s := ch.Scale
			s.Log = !s.Log
			p.setScale(ch.Kind, s)
		}))
	m.Items = append(m.Items, axis, fyne.NewMenuItemSeparator())
	at := p.time.Cursor
	if at.IsZero() {
		at = p.time.To
	}
	if pinned := p.view.Pinned(); !pinned.IsZero() {
		at = pinned // the menu is opened with the pointer somewhere else
	}
	m.Items = append(m.Items, p.compareItems(at)...)
	m.Items = append(m.Items, fyne.NewMenuItemSeparator())
	if ch.Element != "" && ch.Element != p.view.Selection().Object {
		m.Items = append(m.Items, fyne.NewMenuItem("Select "+view.ObjectName(p.view.Server().Snapshot(), ch.Element), func() {
			p.view.SelectObject(ch.Element)
			p.refresh()
		}))
	}
	reset := fyne.NewMenuItem("Follow the end again  (Esc)", p.follow)
	reset.Disabled = p.view.Following() && p.view.Pinned().IsZero()
	m.Items = append(m.Items, reset, fyne.NewMenuItem("Show all that is known", func() {
		p.view.SetLength(0)
		p.refresh()
	}), fyne.NewMenuItemSeparator())
	for _, f := range []chartfile.Format{chartfile.SVG, chartfile.PNG, chartfile.PDF} {
		m.Items = append(m.Items, fyne.NewMenuItem("Save this chart as "+strings.ToUpper(string(f))+"…", func() {
			p.saveCharts(f, []chart{ch}, p.fileTitle()+" · "+ch.Title)
		}))
	}
	m.Items = append(m.Items, fyne.NewMenuItem("Copy its figures as CSV", func() {
		fyne.CurrentApp().Clipboard().SetContent(chartCSV([]chart{ch}, p.time))
	}))
	return m
}

// viewMenu is how the charts stand.
func (p *Page) viewMenu() *fyne.Menu {
	m := fyne.NewMenu("")
	for i, word := range []string{"As many columns as fit", "One column", "Two columns", "Three columns"} {
		item := fyne.NewMenuItem(word+"  ("+strconv.Itoa(i)+")", func() { p.setColumns(i) })
		item.Checked = p.chosen.Columns == i
		m.Items = append(m.Items, item)
	}
	m.Items = append(m.Items, fyne.NewMenuItemSeparator())
	for _, h := range []struct {
		word string
		h    float64
	}{{"Low charts", 120}, {"Usual height", chartHeight}, {"High charts", 260}} {
		item := fyne.NewMenuItem(h.word, func() { p.setHeight(h.h) })
		item.Checked = p.height() == h.h
		m.Items = append(m.Items, item)
	}
	reset := fyne.NewMenuItem("Usual order, sizes and axes, no pins", p.resetChoices)
	m.Items = append(m.Items, fyne.NewMenuItemSeparator(), reset)
	if n := p.countPhantoms(); n > 0 {
		m.Items = append(m.Items, fyne.NewMenuItemSeparator(), fyne.NewMenuItem("Show "+view.Plural(n, "phantom stream")+" in the table", func() { p.showPhantoms(true) }))
	}
	m.Items = append(m.Items, p.measureItems()...)
	return m
}

// askRange asks for the ends of a fixed axis, in the unit that the axis shows.
func (p *Page) askRange(ch *chart) {
	c := fyne.CurrentApp().Driver().CanvasForObject(p.surface)
	if c == nil {
		return
	}
	ax := axisOf(ch, p.time, 3)
	write := func(v float64) string { return strconv.FormatFloat(v/ax.Div, 'g', 6, 64) }
	low, high := kit.NewEntry("lowest"), kit.NewEntry("highest")
	low.SetText(write(ax.Bottom))
	high.SetText(write(ax.Top))
	unit := ax.Unit
	if unit == "" {
		unit = "as counted"
	}
	wrong := widget.NewLabel("")
	wrong.Importance = widget.DangerImportance
	wrong.Hide()
	kind, log := ch.Kind, ch.Scale.Log
	var box *kit.Modal
	take := func() {
		s, err := parseRange(low.Text, high.Text, ax.Div, log)
		if err != nil {
			wrong.SetText(err.Error())
			wrong.Show()
			box.Fit()
			return
		}
		box.Hide()
		p.setScale(kind, s)
	}
	low.OnSubmitted = func(string) { take() }
	high.OnSubmitted = func(string) { take() }
	buttons := container.NewHBox(layout.NewSpacer(),
		kit.NewButton(kit.Framed, "", "Cancel", func() { box.Hide() }),
		kit.NewButton(kit.Primary, "", "Use", take))
	row := container.NewGridWithColumns(2,
		container.NewBorder(nil, nil, widget.NewLabel("from"), nil, low),
		container.NewBorder(nil, nil, widget.NewLabel("to"), nil, high))
	box = kit.NewModal(c, ch.Title+": axis in "+unit, container.NewVBox(row, wrong, buttons))
	box.Show()
	c.Focus(high)
}

// parseRange reads the typed ends of an axis; the error is a sentence for
// people.
func parseRange(low, high string, div float64, log bool) (surface.Scale, error) {
	read := func(s string) (float64, error) {
		s = strings.ReplaceAll(strings.TrimSpace(s), ",", ".")
		v, err := strconv.ParseFloat(s, 64)
		if err != nil || math.IsNaN(v) || math.Abs(v) > 1e15 {
			return 0, fmt.Errorf("%q is no number: type digits, for example 2.5", s)
		}
		return v * div, nil
	}
	lo, err := read(low)
	if err != nil {
		return surface.Scale{}, err
	}
	hi, err := read(high)
	switch {
	case err != nil:
		return surface.Scale{}, err
	case hi <= lo:
		return surface.Scale{}, fmt.Errorf("the axis must end above %s: type a larger number", strings.TrimSpace(low))
	case log && lo <= 0:
		return surface.Scale{}, fmt.Errorf("a logarithmic axis begins above zero: type a larger number than %s", strings.TrimSpace(low))
	}
	return surface.Scale{Mode: surface.Fixed, Low: lo, High: hi, Log: log}, nil
}

// metricMenu offers one metric alone.
func (p *Page) metricMenu() *fyne.Menu {
	m := fyne.NewMenu("")
	for _, c := range stats.Catalogue() {
		if len(c.Dirs) == 1 && c.Dirs[0] == stats.None && (ofServer(c.Name)) {
			continue // they are in the set of the server
		}
		item := fyne.NewMenuItem(c.Label, func() { p.chooseMetric(c.Name) })
		item.Checked = p.metric == c.Name
		m.Items = append(m.Items, item)
	}
	if items := p.browserItems(); len(items) > 0 {
		m.Items = append(append(m.Items, fyne.NewMenuItemSeparator()), items...)
	}
	return m
}

// ofServer reports whether a chart of the server shows a metric.
func ofServer(metric string) bool {
	for _, k := range serverCharts {
		if slices.ContainsFunc(k.pick, func(p pick) bool { return p.metric == metric }) {
			return true
		}
	}
	return metric == stats.Pipelines || metric == stats.Elements
}

// chooseMetric shows one metric alone: of the selected elements, or of those
// that rank first by it.
func (p *Page) chooseMetric(name string) {
	if _, ok := browserKind(name); !ok {
		name = strings.TrimPrefix(name, browserdump.MetricPrefix) // it stands in the chart of the server's
	}
	p.metric, p.rank, p.scroll, p.alone = name, name, 0, pin{}
	if p.set.server() {
		p.set = inVideo
	}
	p.refresh()
}
