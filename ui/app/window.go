// Package app is the window: five places around one view.State. It owns the
// toolkit's side of everything but the pages.
package app

import (
	"context"
	"image/color"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"kmscope/assets"
	"kmscope/inventory"
	"kmscope/session"
	"kmscope/ui/icon"
	"kmscope/ui/kit"
	"kmscope/ui/loop"
	"kmscope/ui/page"
	"kmscope/ui/shade"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// ID is the application's id; preferences are kept under it.
const ID = "io.github.kmscope.kmscope"

// Options of a Window.
type Options struct {
	Workspace view.Workspace
	// Pages makes the pages, in the order of their tabs. It is called once the
	// theme is set: the toolkit keeps the fonts that it measured with first.
	Pages func() []page.Page
	// Theme overrides what is remembered, for this run.
	Theme *theme.Mode
	// Version is shown under Help.
	Version string
	// Demo starts the simulated server and gives its address; nil offers none.
	// Any goroutine.
	Demo func(ctx context.Context) (view.Target, error)
}

// Window is the window of the program. All methods but Run belong to the
// interface goroutine; before Run, to the goroutine that calls Run.
type Window struct {
	app   fyne.App
	win   fyne.Window
	opts  Options
	ws    view.Workspace
	state *view.State
	prefs prefs
	files fileChooser
	pump  *pump
	queue *queue
	// problems finds what is wrong on the server that is looked at.
	problems *problemWatch
	judged   problemQuery // the last
	judgedAt time.Time
	ctx      context.Context
	end      context.CancelFunc

	navigator *navigator
	inspector *inspector
	timeBar   *timeBar
	statusBar *statusBar
	banner    *banner
	columns   *kit.Columns
	tabs      *kit.Tabs
	pages     []page.Page
	pageArea  *fyne.Container
	ground    *kit.Ground // behind pages that do not cover it
	start     *startPage
	commands  []command

	connectButton, recordButton, pauseButton, backButton, forwardButton, reportButton *kit.Button

	control    *controlSwitch
	tools      *fyne.Container
	toolGround *kit.Ground
	frame      *controlFrame
	title      string      // of whom the frame and the title of the window tell
	audit      *auditTable // nil while it is not shown

	// do runs a function on the interface goroutine: loop.Do. Tests, whose
	// driver runs it wherever it is called, have their own.
	do func(func())

	visible     int // the page that was told that it is shown, -1 for none
	revision    uint64
	shown       atomic.Pointer[[]seen] // by the last update
	timed       time.Time              // when the time bar was updated
	focused     view.Selection
	left        sync.Once // the sessions were ended
	closing     bool
	over        atomic.Bool // the toolkit's loop has ended
	alone       bool        // a person went to the page that shows files without a server
	unseen      bool        // there was news while the window was an icon
	drawerKnown bool        // who draws was asked
}

// New makes the window of an application; it is shown by Run.
func New(a fyne.App, o Options) *Window {
	w := &Window{app: a, opts: o, ws: o.Workspace, visible: -1, prefs: prefs{a.Preferences()}, queue: newQueue(), do: loop.Do}
	w.ctx, w.end = context.WithCancel(context.Background())
	mode := w.prefs.theme()
	if o.Theme != nil {
		mode = *o.Theme
	}
	a.Settings().SetTheme(theme.New(mode))
	if o.Pages != nil {
		w.pages = o.Pages()
	}
	appIcon := fyne.NewStaticResource("kmscope.png", assets.AppIcon)
	a.SetIcon(appIcon)
	w.win = a.NewWindow("kmscope")
	flat(w.win)
	w.win.SetIcon(appIcon)
	w.win.SetMaster()
	w.win.SetPadded(false)
	w.files = newFileChooser(w.win)
	w.state = view.NewState(w.ws)
	w.state.SetClock(view.Clock{Mode: w.prefs.clock()})
	w.pump = newPump(w.beat, w.urgent)
	w.problems = newProblemWatch(w.tellProblems)
	w.state.Observe(w.pump.kick)
	w.build()
	w.pump.prepare = w.navigator.model.Prepare
	w.win.Resize(w.prefs.windowSize())
	w.win.SetCloseIntercept(w.close)
	w.win.SetOnDropped(w.dropped)
	w.update(true)
	return w
}

// Window gives the toolkit's window, for tests.
func (w *Window) Window() fyne.Window { return w.win }

// State gives what the window looks at, for tests.
func (w *Window) State() *view.State { return w.state }

// Run shows the window, opens what was named, and returns when the window was
// closed. It must be called from the main goroutine. Names are capture files
// or addresses of servers.
func (w *Window) Run(names []string, demo bool) {
	go w.pump.run(w.ctx, w.ws.Changed())
	go w.queue.run(w.ctx)
	go w.problems.run(w.ctx)
	go loop.Run(w.ctx, w.win, w.pump.lively)
	w.app.Lifecycle().SetOnEnteredForeground(w.pump.kick)
	w.app.Lifecycle().SetOnStarted(func() {
		if demo {
			w.startDemo()
		}
		for _, n := range names {
			w.openName(n)
		}
	})
	stopped := takeStopped(w.app.Lifecycle())
	w.win.ShowAndRun()
	stopped()
	w.over.Store(true)
	w.end()
	// The toolkit ends by itself, too, when a signal tells it to.
	w.release()
	w.leave()
}

// leave ends all sessions, once: a second caller waits for the first. The
// capture is finished whatever the servers do; an error of theirs changes
// nothing any more. Any goroutine.
func (w *Window) leave() {
	w.left.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), leaveWithin)
		defer cancel()
		_ = w.ws.Close(ctx)
	})
}

// release closes the files that pages have open.
func (w *Window) release() {
	if _, x := w.importer(); x != nil {
		x.Release()
	}
}

func (w *Window) build() {
	w.navigator = newNavigator(w.state)
	w.navigator.model.HideDead = w.prefs.p.Bool(prefHideDead)
	w.navigator.changed = func() { w.prefs.p.SetBool(prefHideDead, w.navigator.model.HideDead) }
	w.navigator.menu = w.objectMenu
	w.inspector = newInspector(w.state)
	w.timeBar = newTimeBar(w.state, w.ask, w.pump.touch)
	w.statusBar = newStatusBar(w.state)
	w.inspector.say = w.statusBar.say
	w.banner = newBanner()
	w.start = newStartPage(w)

	titles := make([]string, len(w.pages))
	areas := []fyne.CanvasObject{}
	for i, p := range w.pages {
		titles[i] = p.Title()
		c := p.Content()
		c.Hide()
		areas = append(areas, c)
	}
	areas = append(areas, w.start.content)
	w.pageArea = container.NewStack(areas...)
	w.ground = kit.NewGround(kit.BackgroundColour, 0)
	w.tabs = kit.NewTabs(titles, func(i int) {
		w.prefs.p.SetString(prefPage, w.pages[i].Title())
		_, w.alone = w.pages[i].(page.Importer)
		w.showPage()
	})
	for i, t := range titles {
		if t == w.prefs.p.String(prefPage) {
			w.tabs.Choose(i)
		}
	}
	w.alone = false // who starts the program wants to know what to do first
	tabRow := kit.OnPanel(kit.WithMargin(kit.Margin{Left: 10, Bottom: 1}, w.tabs.Object()), kit.Bottom)
	middle := container.NewStack(w.ground,
		container.NewBorder(container.New(&column{}, tabRow, w.banner.content), nil, nil, nil, w.pageArea))
	left, right := w.prefs.sides()
	w.columns = kit.NewColumns(w.navigator.content, middle, w.inspector.content, left, right)
	w.columns.Changed = w.savePrefs
	w.columns.ShowSides(w.prefs.p.BoolWithFallback(prefShowLeft, true), w.prefs.p.BoolWithFallback(prefShowRig, true))
	all := container.New(&frame{}, w.toolbar(), w.columns, container.New(&column{}, w.timeBar.content, w.statusBar.content))
	w.equip()
	w.commands = w.allCommands()
	w.win.SetMainMenu(w.mainMenu())
	w.frame = newControlFrame()
	w.win.SetContent(kit.NewTips(w.win.Canvas(), container.NewStack(all, w.frame)))
	kit.OnUnhandled(w.key)
	w.win.Canvas().SetOnTypedKey(w.key)
	w.win.Canvas().SetOnTypedRune(func(r rune) {
		if r == '?' {
			w.showKeys()
		}
	})
}

// ask runs what a person asked for, as queue.do does, and has the outcome shown at
// once: a replay that goes elsewhere publishes no more than one with new figures.
func (w *Window) ask(name string, f func()) {
	w.pump.touch()
	w.queue.do(name, func() {
		f()
		w.pump.kick()
	})
}

// key takes the keys without a modifier that nothing else has a use for.
func (w *Window) key(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyF1:
		w.showKeys()
	case fyne.KeyEscape:
		if !kit.CloseTopModal(w.win.Canvas()) {
			w.state.Follow()
		}
	}
}

func (w *Window) toolbar() fyne.CanvasObject {
	w.connectButton = kit.NewButton(kit.Primary, "", "Connect", func() {
		widget.ShowPopUpMenuAtRelativePosition(w.connectMenu(), w.win.Canvas(), fyne.NewPos(0, kit.ButtonHeight+4), w.connectButton)
	}).WithCaret()
	w.recordButton = kit.NewButton(kit.Framed, icon.Record, "Record", w.record).WithTint(errorColour)
	w.pauseButton = kit.NewButton(kit.Framed, icon.Pause, "Pause", w.togglePause)
	find := newFindField(w.find)
	w.backButton = kit.NewButton(kit.Flat, icon.Back, "", func() { w.state.Back() }).WithTip("Back (Alt+Left)")
	w.forwardButton = kit.NewButton(kit.Flat, icon.Forward, "", func() { w.state.Forward() }).WithTip("Forward (Alt+Right)")
	w.control = newControlSwitch(w.askControl, w.leaveControl, w.showAudit)
	w.toolGround = kit.NewGround(func(p theme.Palette) color.NRGBA { return theme.Over(theme.Fade(p.Control, 0.2), p.Panel) }, 0)
	w.toolGround.Hide()
	w.reportButton = kit.NewButton(kit.Framed, "", "Report…", w.report).WithTip("What is known of all servers as a text for a ticket, what is wrong first (Ctrl+Shift+R)")
	w.tools = container.New(kit.Bar{Gap: 8, Stretch: 5, MaxStretch: 320, Least: map[int]float32{5: 160, 6: switchLeast}}, w.connectButton, w.recordButton, w.pauseButton,
		w.backButton, w.forwardButton, find, w.control, w.reportButton)
	return container.NewStack(w.toolGround, kit.OnWindow(kit.WithMargin(kit.Margin{Top: 8, Bottom: 8, Left: 12, Right: 12}, w.tools), kit.Top|kit.Bottom))
}

// frame puts the toolbar on top, the bars at the bottom and the columns
// between, without any distance.
type frame struct{}

func (frame) MinSize(o []fyne.CanvasObject) fyne.Size {
	s := fyne.Size{}
	for _, x := range o {
		m := x.MinSize()
		s.Width = max(s.Width, m.Width)
		s.Height += m.Height
	}
	return s
}

func (frame) Layout(o []fyne.CanvasObject, size fyne.Size) {
	top, bottom := o[0].MinSize().Height, o[2].MinSize().Height
	o[0].Move(fyne.Position{})
	o[0].Resize(fyne.NewSize(size.Width, top))
	o[1].Move(fyne.NewPos(0, top))
	o[1].Resize(fyne.NewSize(size.Width, max(size.Height-top-bottom, 0)))
	o[2].Move(fyne.NewPos(0, size.Height-bottom))
	o[2].Resize(fyne.NewSize(size.Width, bottom))
}

// column stacks objects from top to bottom without any distance.
type column struct{}

func (column) MinSize(o []fyne.CanvasObject) fyne.Size {
	s := fyne.Size{}
	for _, x := range o {
		if x.Visible() {
			m := x.MinSize()
			s.Width = max(s.Width, m.Width)
			s.Height += m.Height
		}
	}
	return s
}

func (column) Layout(o []fyne.CanvasObject, size fyne.Size) {
	y := float32(0)
	for _, x := range o {
		if !x.Visible() {
			continue
		}
		h := x.MinSize().Height
		x.Move(fyne.NewPos(0, y))
		x.Resize(fyne.NewSize(size.Width, h))
		y += h
	}
}

// beat is update for the pump: nothing is painted while nobody can see it.
func (w *Window) beat(full bool) {
	if minimised(w.win) {
		w.unseen = w.unseen || full
		return
	}
	if !w.drawerKnown {
		w.drawerKnown = true
		w.pump.slow.Store(shade.Software(w.win))
	}
	full, w.unseen = full || w.unseen, false
	w.update(full)
}

// update shows what is new; full is false when only time went on. It is called
// at most ten times a second.
func (w *Window) update(full bool) {
	shown := w.present()
	w.shown.Store(&shown)
	now := time.Now()
	w.applyMemory()
	w.look()
	w.askProblems()
	w.statusBar.update(now)
	w.updateTools(now)
	w.updateBanner(now)
	if r := w.state.Replay(); r != nil && r.Playing() {
		w.pump.touch()
	}
	person := w.state.Revision() != w.revision
	// While the end is followed the time bar alone would have the whole window
	// painted ten times a second: once is enough to see that time goes on.
	if r := w.state.Replay(); person || r != nil && full || now.Sub(w.timed) >= idleEvery-pumpEvery/2 {
		w.timed = now
		w.timeBar.update()
	}
	if full || person {
		w.revision = w.state.Revision()
		w.navigator.update()
		w.inspector.update()
		if w.audit != nil {
			w.audit.update()
		}
		w.showPage()
		if w.visible >= 0 {
			w.pages[w.visible].Update(w.state)
		}
	}
}

// seen is what of a server is to be seen at once when it changes.
type seen struct {
	pipelines []*inventory.Pipeline // one that did not change is the same in two snapshots
	link      session.LinkState
}

func (w *Window) present() []seen {
	all := w.ws.Sessions()
	out := make([]seen, len(all))
	for i, x := range all {
		out[i] = seen{x.Snapshot().Pipelines, x.Link().State}
	}
	return out
}

// urgent tells whether states, topology or links changed since the last update,
// not figures alone. Any goroutine.
func (w *Window) urgent() bool {
	shown := w.shown.Load()
	return shown == nil || !slices.EqualFunc(*shown, w.present(), func(a, b seen) bool {
		return a.link == b.link && slices.Equal(a.pipelines, b.pipelines)
	})
}

// look selects something where nothing is selected, and tells the server what
// is looked at.
func (w *Window) look() {
	sel := w.state.Selection()
	if sel.Session == nil {
		if all := w.ws.Sessions(); len(all) > 0 {
			w.state.Select(view.Selection{Session: all[0]})
			sel = w.state.Selection()
		}
	}
	if sel == w.focused || sel.Session == nil {
		return
	}
	if w.focused.Session != nil && w.focused.Session != sel.Session {
		w.focused.Session.Focus()
	}
	w.focused = sel
	ids := view.FocusOf(sel)
	sel.Session.Focus(ids...)
	if sel.Object != "" {
		sel.Session.Read(sel.Object)
	}
}

// showPage shows the chosen page, or the start page while there is nothing to
// look at.
func (w *Window) showPage() {
	kit.HideTips(w.win.Canvas()) // of what may not be there any more
	want := w.tabs.Chosen()
	if len(w.ws.Sessions()) == 0 && !w.alone || len(w.pages) == 0 {
		want = -1
	}
	if want < 0 {
		w.start.update()
	}
	visible(w.start.content, want < 0)
	covered := false
	if want >= 0 {
		_, covered = w.pages[want].(page.Coverer)
	}
	visible(w.ground, !covered)
	if want == w.visible {
		return
	}
	if w.visible >= 0 {
		w.pages[w.visible].Content().Hide()
		w.pages[w.visible].Shown(false)
	}
	w.visible = want
	if want >= 0 {
		w.pages[want].Content().Show()
		w.pages[want].Shown(true)
		w.pages[want].Update(w.state)
	}
}

func (w *Window) savePrefs() {
	size := w.win.Canvas().Size()
	if size.Width > 200 && size.Height > 200 {
		w.prefs.setWindowSize(size)
	}
	w.prefs.setSides(w.columns.Widths())
	left, right := w.columns.Sides()
	w.prefs.p.SetBool(prefShowLeft, left)
	w.prefs.p.SetBool(prefShowRig, right)
}

// leaveWithin bounds how long closing may take: servers that do not answer are
// left to collect what we held by themselves.
const leaveWithin = 5 * time.Second

// close ends the sessions before the window goes: every server is left as it
// would be without us.
func (w *Window) close() {
	if w.closing {
		return
	}
	w.closing = true
	w.savePrefs()
	w.statusBar.say("Leaving the servers as they would be without us"+w.undoing()+" …", view.Unknown)
	w.release()
	go func() {
		w.leave()
		w.do(func() {
			if w.over.Load() { // a signal was faster: there is no window left to close
				return
			}
			w.end()
			// Not the Quit of the app: that also ends watching the toolkit's
			// settings, and panics where the system had no watch left for them (on
			// Linux a person has 128, and editors take them).
			w.app.Driver().Quit()
		})
	}()
}
