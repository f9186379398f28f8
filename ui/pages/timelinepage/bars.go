package timelinepage

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"kmscope/ui/icon"
	"kmscope/ui/kit"
	"kmscope/ui/surface"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// laneBar is the line over the lanes: zoom, jump, and how times are written.
func (p *Page) laneBar() fyne.CanvasObject {
	p.aim = kit.NewButton(kit.Flat, "", "", func() { showMenu(p.aim, p.aimMenu()) }).WithCaret().WithTip("What the arrows, N and Shift+N go to")
	p.aimAt(jumpError)
	p.clock = kit.NewButton(kit.Flat, "", "", func() { showMenu(p.clock, p.clockMenu()) }).WithCaret().WithTip("How times are written")
	p.hint = kit.NewLine(theme.TextSize - 2)
	p.hint.SetHint(laneHint, theme.Current().Dim)
	return container.New(kit.Bar{Gap: theme.Grid, Stretch: 6, Least: map[int]float32{6: 0}},
		kit.NewButton(kit.Flat, "", "−", func() { p.zoomMiddle(1 / 1.5) }).WithTip("Show more of time (−)"),
		kit.NewButton(kit.Flat, "", "+", func() { p.zoomMiddle(1.5) }).WithTip("Show less of time (+)"),
		kit.NewButton(kit.Flat, "", "Fit", p.fit).WithTip("Show everything (0)"),
		kit.NewButton(kit.Flat, icon.Back, "", func() { p.jump(p.target, true) }).WithTip("To the one before (Shift+N)"),
		p.aim,
		kit.NewButton(kit.Flat, icon.Forward, "", func() { p.jump(p.target, false) }).WithTip("To the next one (N)"),
		p.hint, p.clock)
}

// tableBar is the line over the table: what is shown, and what to do with it.
func (p *Page) tableBar() (bar fyne.CanvasObject, flow *kit.Flow) {
	p.chip = surface.NewChip("", func() { p.setScope(nil, "") })
	p.chip.Hide()
	p.filter = kit.NewEntry("filter: words or /regex/", "filter")
	p.filter.OnChanged = func(string) { p.filtered() }
	p.level = kit.NewSelect(severityChoices, func(string) { p.refresh() })
	p.servers = kit.NewButton(kit.Flat, "", "all servers", func() { showMenu(p.servers, p.serverMenu()) }).WithCaret().WithTip("Of which server, and with what was imported")
	p.servers.Hide()
	p.types = kit.NewButton(kit.Flat, "", "all types", func() { showMenu(p.types, p.typeMenu()) }).WithCaret()
	p.count = kit.NewLine(theme.TextSize)
	p.follow = widget.NewCheck("follow", func(on bool) {
		if on {
			p.refresh()
			p.toEnd()
		}
	})
	p.follow.Checked = true
	var save *kit.Button
	save = kit.NewButton(kit.Flat, icon.Copy, "", func() { showMenu(save, p.saveMenu()) }).WithCaret().WithTip("Copy and save")
	entry := kit.Wide(200, p.filter)
	flow = &kit.Flow{Bar: kit.Bar{Gap: theme.Grid, Stretch: 5, Least: map[int]float32{0: 90, 1: 80, 2: 86, 3: 104, 4: 98, 5: 0}}, Break: 5, RowGap: theme.Grid}
	return container.New(flow, p.chip, entry, p.servers, p.level, p.types, p.count, p.follow, save), flow
}

const laneHint = "wheel zooms, drag moves, Shift+drag measures"

// showMenu shows a menu below a button.
func showMenu(below fyne.CanvasObject, m *fyne.Menu) {
	d := fyne.CurrentApp().Driver()
	if c := d.CanvasForObject(below); c != nil {
		widget.ShowPopUpMenuAtPosition(m, c, d.AbsolutePositionForObject(below).AddXY(0, below.Size().Height))
	}
}

func (p *Page) aimMenu() *fyne.Menu {
	m := fyne.NewMenu("")
	for i, word := range []string{"Events that match the filter", "Errors, and media that stopped (E, Shift+E)", "Changes of ICE (I, Shift+I)"} {
		item := fyne.NewMenuItem(word, func() { p.aimAt(jumpTarget(i)) })
		item.Checked = p.target == jumpTarget(i)
		m.Items = append(m.Items, item)
	}
	return m
}

func (p *Page) aimAt(t jumpTarget) {
	p.target = t
	p.aim.Set("", jumpWords[t])
}

func (p *Page) clockMenu() *fyne.Menu {
	if p.view == nil {
		return fyne.NewMenu("")
	}
	c := p.view.Clock()
	item := func(title string, on bool, f func()) *fyne.MenuItem {
		i := fyne.NewMenuItem(title, f)
		i.Checked = on
		return i
	}
	set := func(m view.ClockMode) func() {
		return func() { p.view.SetClock(view.Clock{Mode: m, Zero: c.Zero}); p.refresh() }
	}
	at, _ := p.view.Cursor()
	first, _ := p.view.Span()
	m := fyne.NewMenu("",
		item("Local time", c.Mode == view.LocalTime, set(view.LocalTime)),
		item("UTC", c.Mode == view.UTC, set(view.UTC)),
		fyne.NewMenuItemSeparator(),
		item("Relative: zero at the cursor, "+c.Format(at), false, func() { p.zero(at) }),
		item("Relative: zero at the beginning", false, func() { p.zero(first) }))
	if !c.Zero.IsZero() {
		m.Items = append(m.Items, item("Relative to "+view.Clock{Mode: view.LocalTime}.Format(c.Zero), c.Mode == view.Relative, set(view.Relative)))
	}
	return m
}

// sayClock writes how times are written.
func (p *Page) sayClock() {
	word := "local time"
	switch p.view.Clock().Mode {
	case view.UTC:
		word = "UTC"
	case view.Relative:
		word = "relative"
	}
	if p.clock.Text() != word {
		p.clock.Set("", word)
	}
}

// maxServerName is how much of a server's name its button shows.
const maxServerName = 24

// sayServers writes which servers are shown, where there are several.
func (p *Page) sayServers() {
	several := len(p.view.Workspace().Sessions()) > 1
	if !several && p.view.Besides().Len() == 0 || p.view.Server() == nil {
		p.servers.Hide()
		return
	}
	word := "all servers"
	if !several {
		word = "sources"
	} else if !p.all || p.scope != "" {
		if r := []rune(p.scopeServer().Name()); len(r) > maxServerName {
			word = string(r[:maxServerName-1]) + "…"
		} else {
			word = string(r)
		}
	}
	if p.servers.Text() != word {
		p.servers.Set("", word)
	}
	p.servers.Show()
}

func (p *Page) serverMenu() *fyne.Menu {
	m := fyne.NewMenu("")
	if sessions := p.view.Workspace().Sessions(); len(sessions) > 1 {
		all := fyne.NewMenuItem("All servers, merged by time", func() { p.showServer(nil) })
		all.Checked = p.all && p.scope == ""
		m.Items = append(m.Items, all, fyne.NewMenuItemSeparator())
		for _, x := range sessions {
			item := fyne.NewMenuItem(x.Name(), func() { p.showServer(x) })
			item.Checked = !all.Checked && x == p.scopeServer()
			m.Items = append(m.Items, item)
		}
	}
	if items := p.besideItems(); len(items) > 0 {
		if len(m.Items) > 0 {
			m.Items = append(m.Items, fyne.NewMenuItemSeparator())
		}
		m.Items = append(m.Items, items...)
	}
	return m
}

// showServer shows the events and states of a server; nil shows those of all.
func (p *Page) showServer(x view.Session) {
	p.all = x == nil
	p.setScope(nil, "")
	if x != nil {
		p.view.Select(view.Selection{Session: x})
	}
}

// maxTypeItems bounds the menu of types.
const maxTypeItems = 30

func (p *Page) typeMenu() *fyne.Menu {
	all := fyne.NewMenuItem("all types", func() { p.pick("") })
	all.Checked = len(p.picked) == 0
	m := fyne.NewMenu("", all, fyne.NewMenuItemSeparator())
	if p.view == nil || p.view.Server() == nil {
		return m
	}
	list := typesOf(p.query().origins)
	for _, t := range list[:min(len(list), maxTypeItems)] {
		item := fyne.NewMenuItem(t, func() { p.pick(t) })
		item.Checked = p.picked[t]
		m.Items = append(m.Items, item)
	}
	return m
}

// pick shows a type, or no longer; "" shows all.
func (p *Page) pick(t string) {
	switch {
	case t == "":
		p.picked = nil
	case p.picked[t]:
		delete(p.picked, t)
	default:
		if p.picked == nil {
			p.picked = map[string]bool{}
		}
		p.picked[t] = true
	}
	switch names := p.pickedTypes(); len(names) {
	case 0:
		p.types.Set("", "all types")
	case 1:
		p.types.Set("", names[0])
	default:
		p.types.Set("", view.Plural(len(names), "type"))
	}
	p.refresh()
}

func (p *Page) pickedTypes() []string {
	out := make([]string, 0, len(p.picked))
	for t := range p.picked {
		out = append(out, t)
	}
	slices.Sort(out)
	return out
}

func (p *Page) typeQuery() string { return strings.Join(p.pickedTypes(), typeSeparator) }

func (p *Page) saveMenu() *fyne.Menu {
	return fyne.NewMenu("",
		fyne.NewMenuItem("Copy the chosen row as text", p.copyRow),
		fyne.NewMenuItem("Copy the chosen row as JSON", p.copyRowJSON),
		fyne.NewMenuItemSeparator(),
		fyne.NewMenuItem("Copy all rows shown as TSV", p.copyAll),
		fyne.NewMenuItem("Copy all rows shown as JSON", p.copyAllJSON),
		fyne.NewMenuItemSeparator(),
		fyne.NewMenuItem("Save all rows shown as CSV…", func() { p.export(".csv") }),
		fyne.NewMenuItem("Save all rows shown as JSON lines…", func() { p.export(".jsonl") }))
}
