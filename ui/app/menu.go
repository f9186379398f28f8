package app

import (
	"image/color"
	"path/filepath"
	"runtime"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"kmscope/ui/kit"
	"kmscope/ui/page"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// command is something that a person can do: it stands in the menu, in the
// finder and in the list of keys. The keys work through the main menu: those of
// a canvas are lost while a field has the focus.
type command struct {
	menu     string // title of its menu; "" for the finder only
	title    string
	shortcut fyne.Shortcut
	run      func()
	// apart puts a line above it.
	apart bool
}

func ctrl(k fyne.KeyName) fyne.Shortcut {
	return &desktop.CustomShortcut{KeyName: k, Modifier: fyne.KeyModifierShortcutDefault}
}

func ctrlShift(k fyne.KeyName) fyne.Shortcut {
	return &desktop.CustomShortcut{KeyName: k, Modifier: fyne.KeyModifierShortcutDefault | fyne.KeyModifierShift}
}

func alt(k fyne.KeyName) fyne.Shortcut {
	return &desktop.CustomShortcut{KeyName: k, Modifier: fyne.KeyModifierAlt}
}

const quitTitle = "Quit"

// The menus, in their order.
const (
	menuFile = "File"
	menuView = "View"
	menuGo   = "Go"
	menuTime = "Time"
	menuHelp = "Help"

	menuControl = "Control"
)

func (w *Window) allCommands() []command {
	c := []command{
		{menu: menuFile, title: "Connect to a server…", shortcut: ctrl(fyne.KeyN), run: func() { showConnect(w, "") }},
		{menu: menuFile, title: "Open a capture…", shortcut: ctrl(fyne.KeyO), run: w.openFile},
	}
	if w.opts.Demo != nil {
		c = append(c, command{menu: menuFile, title: "Start the demo server", run: w.startDemo})
	}
	c = append(c,
		command{menu: menuFile, title: "Keep the capture as…", shortcut: ctrl(fyne.KeyS), run: w.record, apart: true},
		command{menu: menuFile, title: "Write a report…", shortcut: ctrlShift(fyne.KeyR), run: w.report},
		command{menu: menuFile, title: "Disconnect or close", shortcut: ctrl(fyne.KeyW), run: func() { w.remove(w.state.Server()) }},
		command{menu: menuFile, title: quitTitle, shortcut: ctrl(fyne.KeyQ), run: w.close, apart: true},
		command{menu: menuGo, title: "Find an object, a page or a command…", shortcut: ctrl(fyne.KeyK), run: w.find},
		command{menu: menuGo, title: "Filter the tree", shortcut: ctrl(fyne.KeyF), run: func() { w.win.Canvas().Focus(w.navigator.filter) }},
		command{menu: menuGo, title: "Go to the tree", shortcut: ctrl(fyne.KeyT), run: func() { w.win.Canvas().Focus(w.navigator.list) }},
		command{menu: menuGo, title: "Go to the inspector", shortcut: ctrl(fyne.KeyE), run: w.openInspector},
		command{menu: menuGo, title: "Back", shortcut: alt(fyne.KeyLeft), run: func() { w.state.Back() }, apart: true},
		command{menu: menuGo, title: "Forward", shortcut: alt(fyne.KeyRight), run: func() { w.state.Forward() }},
		command{menu: menuGo, title: "Read the properties again", shortcut: ctrl(fyne.KeyR), run: w.readAgain, apart: true},
		command{menu: menuGo, title: "Copy the id of what is selected", shortcut: ctrlShift(fyne.KeyC), run: w.copyID},
	)
	c = append(c,
		command{menu: menuControl, title: "Turn control of the server on or off…", shortcut: ctrlShift(fyne.KeyE), run: w.toggleControl},
		command{menu: menuControl, title: "Audit: what this tool changed…", shortcut: ctrlShift(fyne.KeyA), run: w.showAudit},
	)
	for i, p := range w.pages {
		key := fyne.KeyName(string(rune('1' + i)))
		c = append(c, command{menu: menuView, title: p.Title(), shortcut: alt(key), run: func() { w.tabs.Choose(i) }})
	}
	c = append(c,
		command{menu: menuView, title: "Show or hide the tree", shortcut: ctrl(fyne.KeyB), apart: true, run: func() { w.toggleSide(true) }},
		command{menu: menuView, title: "Show or hide the inspector", shortcut: ctrl(fyne.KeyI), run: func() { w.toggleSide(false) }},
		command{menu: menuView, title: "Memory for statistics…", run: w.showMemory},
		command{menu: menuView, title: "Theme as the system", apart: true, run: func() { w.setTheme(theme.System) }},
		command{menu: menuView, title: "Dark theme", run: func() { w.setTheme(theme.AlwaysDark) }},
		command{menu: menuView, title: "Light theme", run: func() { w.setTheme(theme.AlwaysLight) }},
		command{menu: menuTime, title: "Pause or resume", shortcut: ctrl(fyne.KeyP), run: w.togglePause},
		command{menu: menuTime, title: "Follow the end", shortcut: ctrl(fyne.KeyL), run: w.timeBar.follow},
		command{menu: menuTime, title: "Earlier", shortcut: ctrl(fyne.KeyLeft), run: func() { w.timeBar.step(-0.05) }},
		command{menu: menuTime, title: "Later", shortcut: ctrl(fyne.KeyRight), run: func() { w.timeBar.step(0.05) }},
		command{menu: menuTime, title: "Times in the time zone of this computer", apart: true, run: func() { w.setClock(view.LocalTime) }},
		command{menu: menuTime, title: "Times in UTC", run: func() { w.setClock(view.UTC) }},
		command{menu: menuTime, title: "Times relative to the cursor", run: func() { w.setClock(view.Relative) }},
		command{menu: menuHelp, title: "Keys", shortcut: ctrl(fyne.KeySlash), run: w.showKeys},
		command{menu: menuHelp, title: "About kmscope", run: w.showAbout},
	)
	for _, p := range w.pages {
		if x, ok := p.(page.Commander); ok {
			for _, pc := range x.Commands() {
				c = append(c, command{menu: p.Title(), title: pc.Title, shortcut: pc.Shortcut, run: w.onPage(p, pc.Run)})
			}
		}
	}
	return c
}

// onPage shows a page before its command is run.
func (w *Window) onPage(p page.Page, run func()) func() {
	return func() {
		for i, x := range w.pages {
			if x == p {
				w.tabs.Choose(i)
			}
		}
		run()
	}
}

func (w *Window) mainMenu() *fyne.MainMenu {
	m := &fyne.MainMenu{}
	byTitle := map[string]*fyne.Menu{}
	for _, title := range []string{menuFile, menuView, menuGo, menuTime, menuControl} {
		byTitle[title] = fyne.NewMenu(title)
		m.Items = append(m.Items, byTitle[title])
	}
	for _, p := range w.pages {
		if _, ok := p.(page.Commander); ok {
			byTitle[p.Title()] = fyne.NewMenu(p.Title())
			m.Items = append(m.Items, byTitle[p.Title()])
		}
	}
	byTitle[menuHelp] = fyne.NewMenu(menuHelp)
	m.Items = append(m.Items, byTitle[menuHelp])
	for _, c := range w.commands {
		menu := byTitle[c.menu]
		if menu == nil {
			continue
		}
		title := c.title
		if rest, ok := strings.CutPrefix(title, c.menu+": "); ok && rest != "" {
			title = strings.ToUpper(rest[:1]) + rest[1:]
		}
		item := fyne.NewMenuItem(title, c.run)
		item.Shortcut = c.shortcut
		// Without an item of ours the toolkit adds one that asks nobody.
		item.IsQuit = c.title == quitTitle
		if c.apart {
			menu.Items = append(menu.Items, fyne.NewMenuItemSeparator())
		}
		menu.Items = append(menu.Items, item)
	}
	return m
}

// connectMenu is under the button Connect: new ones, then what was used lately.
func (w *Window) connectMenu() *fyne.Menu {
	m := fyne.NewMenu("",
		fyne.NewMenuItem("Connect to a server…", func() { showConnect(w, "") }),
		fyne.NewMenuItem("Open a capture…", w.openFile),
	)
	if w.opts.Demo != nil {
		m.Items = append(m.Items, fyne.NewMenuItem("Start the demo server", w.startDemo))
	}
	if recent := w.prefs.recent(prefServers); len(recent) > 0 {
		m.Items = append(m.Items, fyne.NewMenuItemSeparator())
		for _, r := range recent {
			m.Items = append(m.Items, fyne.NewMenuItem(r, func() { showConnect(w, r).start() }))
		}
	}
	if recent := w.prefs.recent(prefFiles); len(recent) > 0 {
		m.Items = append(m.Items, fyne.NewMenuItemSeparator())
		for _, r := range recent {
			m.Items = append(m.Items, fyne.NewMenuItem(filepath.Base(r), func() { w.openCapture(r) }))
		}
	}
	return m
}

func (w *Window) find() {
	showFinder(w.win.Canvas(), w.state, func() []view.Hit {
		hits := make([]view.Hit, 0, len(w.commands))
		for _, c := range w.commands {
			hits = append(hits, view.Hit{Title: c.title, Note: keyText(c.shortcut), Run: c.run})
		}
		return hits
	})
}

func (w *Window) toggleSide(left bool) {
	l, r := w.columns.Sides()
	if left {
		l = !l
	} else {
		r = !r
	}
	w.columns.ShowSides(l, r)
	w.savePrefs()
}

func (w *Window) setTheme(m theme.Mode) {
	w.prefs.p.SetString(prefTheme, m.String())
	w.app.Settings().SetTheme(theme.New(m))
	w.revision--
	w.pump.kick()
}

func (w *Window) setClock(m view.ClockMode) {
	c := view.Clock{Mode: m}
	if m == view.Relative {
		c.Zero, _ = w.state.Cursor()
	}
	w.prefs.setClock(m)
	w.state.SetClock(c)
}

func (w *Window) readAgain() {
	if sel := w.state.Selection(); sel.Session != nil && sel.Object != "" {
		sel.Session.Read(sel.Object)
	}
}

func (w *Window) copyID() {
	if sel := w.state.Selection(); sel.Object != "" {
		fyne.CurrentApp().Clipboard().SetContent(sel.Object)
		w.statusBar.say("The id was copied.", view.Unknown)
	}
}

// keyText writes a shortcut as people do: "Ctrl+Shift+C".
func keyText(s fyne.Shortcut) string {
	c, ok := s.(*desktop.CustomShortcut)
	if !ok {
		return ""
	}
	var parts []string
	mac := runtime.GOOS == "darwin"
	for _, m := range []struct {
		mod  fyne.KeyModifier
		word string
	}{{fyne.KeyModifierControl, "Ctrl"}, {fyne.KeyModifierAlt, "Alt"}, {fyne.KeyModifierShift, "Shift"}, {fyne.KeyModifierSuper, "Super"}} {
		if c.Modifier&m.mod != 0 {
			word := m.word
			if mac && word == "Super" {
				word = "Cmd"
			}
			parts = append(parts, word)
		}
	}
	return strings.Join(append(parts, string(c.KeyName)), "+")
}

// otherKeys are those that stand in no menu.
var otherKeys = [][2]string{
	{"F1 or ?", "These keys"},
	{"Escape", "Close a box; leave a pinned moment and follow the end"},
	{"Up, Down, Page Up, Page Down", "Move in the tree, a table or the finder"},
	{"Left, Right", "Close and open in the tree and the inspector"},
	{"Enter", "Open or follow what is marked"},
	{"Tab", "From field to field"},
}

// showKeys lists the keys.
func (w *Window) showKeys() {
	p := theme.Current()
	grid := container.New(&keyGrid{})
	add := func(keys, what string) {
		k := kit.NewText(keys, theme.TextSize-1, p.Text)
		k.TextStyle.Monospace = true
		grid.Add(k)
		grid.Add(kit.NewText(what, theme.TextSize, color.Color(p.Dim)))
	}
	for _, o := range otherKeys {
		add(o[0], o[1])
	}
	for _, c := range w.commands {
		if t := keyText(c.shortcut); t != "" {
			add(t, c.title)
		}
	}
	scroll := container.NewVScroll(grid)
	scroll.SetMinSize(fyne.NewSize(620, min(w.win.Canvas().Size().Height-220, grid.MinSize().Height)))
	w.showText("Keys", scroll)
}

// keyGrid has two columns of texts.
type keyGrid struct{}

const keyRow = 22

func (keyGrid) MinSize(o []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(580, float32((len(o)+1)/2)*keyRow)
}

func (keyGrid) Layout(o []fyne.CanvasObject, _ fyne.Size) {
	for i, x := range o {
		pos := fyne.NewPos(0, float32(i/2)*keyRow+3)
		if i%2 == 1 {
			pos.X = 260
		}
		x.Move(pos)
		x.Resize(x.MinSize())
	}
}

// showText shows something to read, with one button.
func (w *Window) showText(title string, content fyne.CanvasObject) {
	var m *kit.Modal
	end := kit.NewButton(kit.Primary, "", "Close", func() { m.Hide() })
	m = kit.NewModal(w.win.Canvas(), title, container.NewVBox(content, container.NewHBox(layout.NewSpacer(), end)))
	m.Show()
	w.win.Canvas().Focus(end)
}

func (w *Window) showAbout() {
	text := widget.NewLabel("kmscope " + w.opts.Version + "\n\nFinds out what is wrong with a Kurento Media Server, without changing it.\n\nApache-2.0. The font Inter is licensed under the SIL Open Font License 1.1.")
	text.Wrapping = fyne.TextWrapWord
	w.showText("About", container.New(&leastWidth{420}, flush(text)))
}
