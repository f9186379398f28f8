// Package importpage is the page of what others wrote of the same time: the logs
// of servers, and the dumps of browsers' webrtc-internals, on the clock of the
// window.
package importpage

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"kmscope/inventory"
	"kmscope/ui/icon"
	"kmscope/ui/kit"
	"kmscope/ui/loop"
	"kmscope/ui/page"
	"kmscope/ui/surface"
	"kmscope/ui/view"
)

// Page shows imported files, one at a time.
type Page struct {
	content  fyne.CanvasObject
	frame    frame
	which    *kit.Select
	whichBox fyne.CanvasObject
	closing  *kit.Button
	opening  *kit.Button
	what     *kit.Button // shows or hides the advice
	note     *widget.Label
	row      *fyne.Container // what is open, and what to do with it
	progress *fyne.Container
	bar      *widget.ProgressBar
	reading  *widget.Label
	wrong    *fyne.Container
	sentence *widget.Label
	advice   *advice
	log      *logView
	dump     *dumpView

	load   surface.Worker
	choose func(title string, done func(path string))

	view    *view.State
	sources []*source
	shown   int  // index into sources; -1 is none
	asking  bool // the advice is shown over what is open
	queue   []request
	current *request // what is being read; nil: nothing is
	quiet   bool
}

// request is a file to read.
type request struct {
	path string
	// instead is what it replaces; nil when it is new.
	instead *source
	cancel  context.CancelFunc // once it is being read
}

var (
	_ page.Page      = (*Page)(nil)
	_ page.Commander = (*Page)(nil)
	_ page.Importer  = (*Page)(nil)
)

// New makes the page. Interface goroutine.
func New() *Page {
	p := &Page{shown: -1}
	p.which = kit.NewSelect(nil, func(string) {
		if !p.quiet {
			p.turnTo(p.which.SelectedIndex())
		}
	})
	p.closing = kit.NewButton(kit.Flat, icon.Close, "", func() { p.closeSource(p.shown) }).WithTip("Close this import")
	p.what = kit.NewButton(kit.Flat, icon.Info, "What to log", func() { p.ask(!p.asking) })
	p.note = newCount()
	p.reading = widget.NewLabel("")
	p.bar = widget.NewProgressBar()
	p.progress = container.New(kit.Bar{Gap: 8, Stretch: 1}, p.reading, p.bar, kit.NewButton(kit.Framed, "", "Cancel", p.Cancel))
	p.progress.Hide()
	p.sentence = widget.NewLabel("")
	p.sentence.Wrapping = fyne.TextWrapWord
	p.sentence.Importance = widget.DangerImportance
	p.wrong = container.NewBorder(nil, nil, nil, kit.NewButton(kit.Flat, icon.Close, "", func() { p.fail("") }), p.sentence)
	p.wrong.Hide()
	p.advice = newAdvice(p.openLog, p.openDump)
	p.log = newLogView(p)
	p.dump = newDumpView(p)
	p.whichBox = wide(260, p.which)
	p.opening = kit.NewButton(kit.Framed, icon.Folder, "Open…", func() { p.chooseFile("Open a server's log or a browser's dump") })
	p.row = p.frame.bar(p.whichBox, p.closing, p.note, container.NewHBox(p.what, p.opening))
	top := kit.WithMargin(kit.Margin{Top: 8, Bottom: 6, Left: 10, Right: 10}, container.NewVBox(p.row, p.progress, p.wrong))
	p.content = container.New(&p.frame, container.NewBorder(top, nil, nil, nil, container.NewStack(p.advice.object, p.log.object, p.dump.object)))
	p.arrange()
	return p
}

// reflow gives the bars another height where a text in them became longer.
func (p *Page) reflow() {
	if p.content != nil && p.frame.reflow() {
		p.content.Refresh()
	}
}

// Title implements page.Page.
func (p *Page) Title() string { return "Logs" }

// Content implements page.Page.
func (p *Page) Content() fyne.CanvasObject { return p.content }

// Shown implements page.Page.
func (p *Page) Shown(visible bool) {
	if !visible {
		p.log.work.Stop()
		p.log.asked = logQuery{}
		p.dump.left()
	}
}

// Commands implements page.Commander.
func (p *Page) Commands() []page.Command {
	return []page.Command{
		{Title: "Logs: open a server's log…", Run: p.openLog},
		{Title: "Logs: open a browser's dump…", Run: p.openDump},
		{Title: "Logs: show what a server should log", Run: func() { p.ask(true) }},
		{Title: "Logs: turn to the next import", Run: p.next},
		{Title: "Logs: line up again with the capture", Run: p.again},
		{Title: "Logs: close this import", Run: func() { p.closeSource(p.shown) }},
		{Title: "Logs: copy the chosen line", Run: p.log.copyLine},
		{Title: "Logs: copy all lines shown as text", Run: p.log.copyText},
		{Title: "Logs: copy all lines shown as TSV", Run: p.log.copyTSV},
	}
}

// SetChooser implements page.Importer.
func (p *Page) SetChooser(choose func(title string, done func(path string))) { p.choose = choose }

// Takes implements page.Importer.
func (p *Page) Takes(path string) bool {
	k := kindOf(path)
	return k == logKind || k == dumpKind
}

// Release implements page.Importer.
func (p *Page) Release() {
	p.queue = nil
	if p.current != nil {
		p.current.cancel()
		p.current = nil
	}
	for _, s := range p.sources {
		if s.book != nil {
			// A search that still runs fails, and nobody sees it: the window is going.
			_ = s.book.Close()
		}
	}
	p.sources, p.shown = nil, -1
}

// Update implements page.Page.
func (p *Page) Update(v *view.State) {
	first := p.view == nil
	p.view = v
	if first {
		p.handOver()
	}
	p.lineUp()
	if s := p.source(); s != nil && !p.asking {
		if s.book != nil {
			p.log.refresh()
			p.log.table.list.Refresh()
		} else {
			p.dump.refresh()
		}
	}
}

// lineUp reads again, once, what was read without a capture when there is one.
func (p *Page) lineUp() {
	at := capturePath(p.view)
	for _, s := range p.sources {
		if at != "" && s.beside == "" && s.shift == 0 && s.tried != at {
			s.tried = at
			p.enqueue(request{path: s.path, instead: s})
		}
	}
}

// source is what is shown; nil when nothing is open.
func (p *Page) source() *source {
	if p.shown < 0 || p.shown >= len(p.sources) {
		return nil
	}
	return p.sources[p.shown]
}

func (p *Page) openLog()  { p.chooseFile("Open a server's log") }
func (p *Page) openDump() { p.chooseFile("Open a browser's dump") }

// chooseFile asks for a file and opens it.
func (p *Page) chooseFile(title string) {
	if p.choose != nil {
		p.choose(title, p.Import)
	}
}

// Import implements page.Importer.
func (p *Page) Import(path string) {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	for i, s := range p.sources {
		if s.path == path { // it may have grown
			p.turnTo(i)
			p.enqueue(request{path: path, instead: s})
			return
		}
	}
	p.enqueue(request{path: path})
}

func (p *Page) enqueue(r request) {
	p.queue = append(p.queue, r)
	p.readNext()
}

// readNext reads the file that waits longest, one at a time.
func (p *Page) readNext() {
	if p.current != nil || len(p.queue) == 0 {
		return
	}
	r := &p.queue[0]
	p.queue = p.queue[1:]
	if r.instead != nil && !slices.Contains(p.sources, r.instead) {
		p.readNext() // it was closed meanwhile
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	p.current = r
	p.fail("")
	p.reading.SetText("Reading " + filepath.Base(r.path) + " …")
	p.bar.SetValue(0)
	p.progress.Show()
	p.content.Refresh()
	beside, replay := capturePath(p.view), replayPath(p.view)
	post := p.load.OnUI
	if post == nil {
		post = loop.Do
	}
	var waits atomic.Bool // a figure is on its way to the window
	told := func(done float64) {
		if waits.CompareAndSwap(false, true) {
			post(func() {
				waits.Store(false)
				if p.current == r {
					p.bar.SetValue(done)
				}
			})
		}
	}
	p.load.Start(func(context.Context) func() {
		s, err := readSource(ctx, r.path, beside, told)
		if err == nil {
			s.replay = replay
		}
		return func() { p.took(r, s, err) }
	})
}

// took takes over a file that was read.
func (p *Page) took(r *request, s *source, err error) {
	cancelled := p.current != r
	if !cancelled {
		r.cancel()
		p.current = nil
		p.progress.Hide()
	}
	switch at := slices.Index(p.sources, r.instead); {
	case err != nil && (cancelled || errors.Is(err, context.Canceled)):
	case err != nil:
		p.fail(err.Error())
	case cancelled:
		s.close()
	case r.instead != nil && at >= 0:
		s.setShift(r.instead.shift)
		p.sources[at] = s
		r.instead.close()
		p.turnTo(p.shown)
		p.handOver()
	case r.instead != nil:
		s.close() // it was closed meanwhile
	default:
		p.sources = append(p.sources, s)
		p.turnTo(len(p.sources) - 1)
		p.handOver()
	}
	p.lineUp()
	p.readNext()
	p.content.Refresh()
}

// Cancel gives up what is being read and what waits.
func (p *Page) Cancel() {
	p.queue = nil
	if p.current != nil {
		p.current.cancel()
		p.current = nil
		p.progress.Hide()
		p.content.Refresh()
	}
}

// fail says what went wrong; "" takes it away.
func (p *Page) fail(sentence string) {
	if p.sentence.Text == sentence {
		return
	}
	p.sentence.SetText(sentence)
	if sentence == "" {
		p.wrong.Hide()
	} else {
		p.wrong.Show()
	}
	if p.content != nil {
		p.content.Refresh()
	}
}

// again lines up what is shown with the capture anew.
func (p *Page) again() {
	if s := p.source(); s != nil {
		s.shift = 0
		p.enqueue(request{path: s.path, instead: s})
	}
}

func (p *Page) next() {
	if len(p.sources) > 0 {
		p.turnTo((p.shown + 1) % len(p.sources))
	}
}

func (p *Page) turnTo(i int) {
	if i < 0 || i >= len(p.sources) {
		return
	}
	p.shown, p.asking = i, false
	p.arrange()
}

func (p *Page) closeSource(i int) {
	if i < 0 || i >= len(p.sources) {
		return
	}
	s := p.sources[i]
	p.sources = slices.Delete(p.sources, i, i+1)
	p.shown = min(p.shown, len(p.sources)-1)
	p.arrange()
	s.close()
	p.handOver()
}

// ask shows the advice over what is open, or takes it away.
func (p *Page) ask(on bool) {
	p.asking = on
	p.arrange()
}

// arrange shows what is open.
func (p *Page) arrange() {
	s := p.source()
	p.quiet = true
	titles := make([]string, len(p.sources))
	for i, x := range p.sources {
		titles[i] = x.title()
		for j := range i {
			if titles[j] == titles[i] {
				titles[i] = x.path
			}
		}
	}
	if !slices.Equal(titles, p.which.Options) {
		p.which.SetOptions(titles)
	}
	if s != nil && p.which.SelectedIndex() != p.shown {
		p.which.SetSelectedIndex(p.shown)
	}
	p.quiet = false
	advising := s == nil || p.asking
	visible := func(o fyne.CanvasObject, on bool) {
		if on {
			o.Show()
		} else {
			o.Hide()
		}
	}
	visible(p.row, s != nil)
	visible(p.advice.object, advising)
	visible(p.advice.intro, s == nil)
	visible(p.log.object, !advising && s.book != nil)
	visible(p.dump.object, !advising && s.dump != nil)
	title := "What to log"
	if p.asking {
		title = "Back to the import"
	}
	p.what.Set(icon.Info, title)
	var find func(string)
	note := ""
	switch {
	case s == nil:
		p.log.show(nil)
		p.dump.show(nil)
	case s.book != nil:
		p.dump.show(nil)
		p.log.show(s)
		find = func(text string) {
			p.ask(false)
			p.log.filter.SetText(text)
		}
		if notes := s.book.Notes(); len(notes) > 0 {
			note = notes[0]
		}
	default:
		p.log.show(nil)
		p.dump.show(s)
		note = s.dump.Browser
		if len(s.dump.Notes) > 0 {
			note += "   " + s.dump.Notes[0]
		}
	}
	p.advice.setFind(find)
	p.note.SetText(note)
	p.content.Refresh()
}

// clock is how the window writes times.
func (p *Page) clock() view.Clock {
	if p.view == nil {
		return view.Clock{}
	}
	return p.view.Clock()
}

func (p *Page) server() view.Session {
	if p.view == nil {
		return nil
	}
	return p.view.Server()
}

// local moves a moment of the server's clock to that of the window.
func (p *Page) local(at time.Time) time.Time {
	if x := p.server(); x != nil && x.Lanes() != nil {
		return x.Lanes().Local(x.URL(), at)
	}
	return at
}

// selected is the selected object; "" for none, and for the server itself.
func (p *Page) selected() string {
	if p.view == nil {
		return ""
	}
	if id := p.view.Selection().Object; id != inventory.ManagerID {
		return id
	}
	return ""
}

// cursor is the moment that the window is at: the cursor, else how far a replay
// is; false while a live server is followed.
func (p *Page) cursor() (time.Time, bool) {
	at, live := p.view.Cursor()
	return at, !live || p.view.Replay() != nil
}

// shortName is a name that fits a column: the object's own, else its type in
// short and the beginning of its id.
func (p *Page) shortName(id string) string {
	if x := p.server(); x != nil {
		if o := x.Snapshot().Object(id); o != nil && o.Name != "" {
			return o.Name
		}
	}
	return strings.TrimSpace(view.ShortType(inventory.TypeOf(id)) + " " + view.ShortOf(id))
}

func (p *Page) objectName(id string) string {
	if x := p.server(); x != nil {
		return view.ObjectName(x.Snapshot(), id)
	}
	return inventory.TypeOf(id) + " " + view.ShortOf(id)
}
