// Package timelinepage is the page of every event and state on one time axis.
package timelinepage

import (
	"context"
	"fmt"
	"image/color"
	"io"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"kmscope/inventory"
	"kmscope/timeline"
	"kmscope/ui/icon"
	"kmscope/ui/kit"
	"kmscope/ui/page"
	"kmscope/ui/surface"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// maxCopied bounds what one copy puts on the clipboard.
const maxCopied = 50_000

// Page is the page of events and states: what happened, in the order of the
// server's clock, for the selected object or for all.
type Page struct {
	content fyne.CanvasObject
	chip    *surface.Chip
	filter  *kit.Entry
	level   *kit.Select
	servers *kit.Button
	types   *kit.Button
	aim     *kit.Button
	clock   *kit.Button
	hint    *kit.Line // over the lanes: what a jump did not find, or what the mouse does
	count   *kit.Line
	follow  *widget.Check
	head    *eventHead
	list    *widget.List
	empty   *widget.Label
	table   *fyne.Container // the list, with the message beside when there is one
	raw     *widget.Label
	rawHead *canvas.Text
	rawBox  *container.Scroll
	beside  *container.Split
	work    surface.Worker
	search  search
	reader  surface.Worker // of what is told of one object

	saveFile func(title, name string, write func(io.Writer) error) // the window's

	lanes     *surface.Surface
	board     board
	shapes    []laneShape
	named     naming
	laneHover bool
	measuring bool
	target    jumpTarget

	view     *view.State
	rows     *eventList
	asked    eventQuery
	parsed   view.Filter
	wrong    string          // why the filter is not valid
	note     string          // what a jump did not find
	searched string          // how far a long search is
	written  view.Clock      // as the rows have it
	picked   map[string]bool // types shown; none is all
	sort     column
	down     bool

	scope     string         // object whose events are shown; "" is all
	selection view.Selection // as seen last
	own       bool           // the next change of the selection is the page's own
	scopeOf   view.Session   // the server of scope
	all       bool           // events of all servers are shown
	hidden    map[view.BesideKind]bool
	narrowed  []narrowing
	chosen    eventRef // the chosen entry
	chosenAt  time.Time
	hasChosen bool
	quiet     bool // the list is being told what is chosen
	bottom    float32
	next      time.Time // no new search before this moment
}

var (
	_ page.Page      = (*Page)(nil)
	_ page.Commander = (*Page)(nil)
)

var severityChoices = []string{"all events", "notices and worse", "warnings and errors", "errors"}

// New makes the page. Interface goroutine.
func New() *Page {
	p := &Page{}
	bar, flow := p.tableBar()
	p.list = widget.NewList(func() int { return p.rows.len() }, func() fyne.CanvasObject { return newEventRow(func(i int) { p.list.Select(i) }, p.rowMenu) }, p.fill)
	p.list.HideSeparators = true
	p.list.OnSelected = p.choose
	p.empty = widget.NewLabel("")
	p.empty.Importance = widget.LowImportance
	p.empty.Alignment = fyne.TextAlignCenter
	p.empty.Wrapping = fyne.TextWrapWord
	p.raw = widget.NewLabel("")
	p.raw.TextStyle.Monospace = true
	p.raw.Selectable = true
	p.raw.SizeName = fynetheme.SizeNameCaptionText
	p.rawBox = container.NewScroll(p.raw)
	p.rawHead = canvas.NewText("Message", theme.Current().Dim)
	p.rawHead.TextSize = theme.TextSize - 1
	p.head = newEventHead(p.sortBy)
	list := container.NewBorder(p.head, nil, nil, nil, container.NewStack(container.New(&wholeRows{resized: p.keepEnd}, p.list), container.NewCenter(p.empty)))
	closeRaw := kit.NewButton(kit.Flat, icon.Close, "", p.hideMessage).WithTip("Hide the message")
	message := container.NewBorder(container.NewBorder(nil, nil, nil, closeRaw, surface.Inset(p.rawHead)), nil, nil, nil, p.rawBox)
	p.beside = container.NewHSplit(list, message)
	p.beside.Offset = 0.66
	p.table = container.NewStack(list)
	p.makeLanes()
	above := container.NewBorder(surface.Inset(p.laneBar()), nil, nil, nil, p.lanes)
	below := kit.NewUnder(theme.Grid, surface.Inset(bar), p.table, flow)
	split := container.NewVSplit(above, below)
	split.Offset = 0.55
	p.content = split
	p.level.SetSelectedIndex(0)
	p.say()
	return p
}

// Title implements page.Page.
func (p *Page) Title() string { return "Timeline" }

// Content implements page.Page.
func (p *Page) Content() fyne.CanvasObject { return p.content }

// Shown implements page.Page.
func (p *Page) Shown(visible bool) {
	if !visible {
		p.work.Stop()
		p.reader.Stop()
		p.narrowed = nil
		p.asked = eventQuery{}
		p.laneLeft()
	}
}

// Commands implements page.Commander.
func (p *Page) Commands() []page.Command {
	return []page.Command{
		{Title: "Timeline: follow the end", Run: func() { p.follow.SetChecked(true) }},
		{Title: "Timeline: hold", Run: func() { p.follow.SetChecked(false) }},
		{Title: "Timeline: show everything", Run: p.fit},
		{Title: "Timeline: next error", Run: func() { p.jump(jumpError, false) }},
		{Title: "Timeline: error before", Run: func() { p.jump(jumpError, true) }},
		{Title: "Timeline: next change of ICE", Run: func() { p.jump(jumpICE, false) }},
		{Title: "Timeline: change of ICE before", Run: func() { p.jump(jumpICE, true) }},
		{Title: "Timeline: next event that matches the filter", Run: func() { p.jump(jumpMatch, false) }},
		{Title: "Timeline: event before that matches the filter", Run: func() { p.jump(jumpMatch, true) }},
		{Title: "Timeline: set a mark at the cursor, to measure", Run: p.setMark},
		{Title: "Timeline: remove the marks", Run: p.unmark},
		{Title: "Timeline: unfold all lanes", Run: func() { p.foldAll(false) }},
		{Title: "Timeline: fold all lanes", Run: func() { p.foldAll(true) }},
		{Title: "Timeline: save all rows shown as CSV", Run: func() { p.export(".csv") }},
		{Title: "Timeline: save all rows shown as JSON lines", Run: func() { p.export(".jsonl") }},
		{Title: "Timeline: copy the chosen row as text", Run: p.copyRow},
		{Title: "Timeline: copy the chosen row as JSON", Run: p.copyRowJSON},
		{Title: "Timeline: copy all rows shown as TSV", Run: p.copyAll},
		{Title: "Timeline: copy all rows shown as JSON", Run: p.copyAllJSON},
		{Title: "Timeline: show all servers", Run: func() { p.showServer(nil) }},
		{Title: "Timeline: show the events of all objects", Run: func() { p.setScope(nil, "") }},
	}
}

// Update implements page.Page.
func (p *Page) Update(v *view.State) {
	p.view = v
	if sel := v.Selection(); sel != p.selection {
		// A row that was chosen here selects its object but narrows nothing.
		if !p.own {
			p.scope, p.scopeOf = sel.Object, sel.Session
			if sel.Session != p.selection.Session {
				p.hasChosen = false
			}
		}
		p.own = false
		p.selection = sel
		p.updateChip()
	}
	p.refresh()
}

func (p *Page) setScope(server view.Session, id string) {
	p.scope, p.scopeOf = id, server
	p.updateChip()
	p.refresh()
}

func (p *Page) updateChip() {
	if p.scope == "" || p.view == nil || p.view.Server() == nil {
		p.chip.Hide()
		return
	}
	p.chip.Set(view.ObjectName(p.scopeServer().Snapshot(), p.scope))
	p.chip.Show()
}

func (p *Page) filtered() {
	f, err := view.ParseFilter(p.filter.Text)
	p.wrong = ""
	if err != nil {
		p.wrong = err.Error()
	} else {
		p.parsed = f
	}
	p.next, p.searched = time.Time{}, ""
	p.refresh()
}

// scopeServer is the server of the object that the page is narrowed to.
func (p *Page) scopeServer() view.Session {
	if p.scopeOf != nil {
		return p.scopeOf
	}
	return p.view.Server()
}

// sessions are the servers whose events and states are shown.
func (p *Page) sessions() []view.Session {
	x := p.view.Server()
	switch {
	case x == nil:
		return nil
	case p.scope != "":
		return []view.Session{p.scopeServer()}
	case p.all:
		list := p.view.Workspace().Sessions()
		return list[:min(len(list), maxOrigins)]
	}
	return []view.Session{x}
}

// query is what the table should show.
func (p *Page) query() eventQuery {
	q := eventQuery{scope: p.scope, text: p.filter.Text, types: p.typeQuery(), severity: timeline.Severity(max(p.level.SelectedIndex(), 0)), sort: p.sort, down: p.down}
	for _, x := range p.sessions() {
		log := x.Timeline()
		if log == nil {
			continue
		}
		o := origin{session: x, log: log, total: log.Total()}
		if !p.parsed.Empty() || p.sort == byObject {
			o.names = x.Snapshot().Generation
		}
		q.origins = append(q.origins, o)
		for _, s := range p.besidesOf(x) {
			if len(q.origins) < maxOrigins {
				o.beside, o.log, o.total = s, s.Log, s.Log.Total()
				q.origins = append(q.origins, o)
			}
		}
	}
	return q
}

// refresh searches the logs anew if anything that the rows depend on changed.
func (p *Page) refresh() {
	v := p.view
	if v == nil {
		return
	}
	p.sayServers()
	p.narrow()
	q := p.query()
	if len(q.origins) == 0 {
		p.rows, p.asked = nil, eventQuery{}
		p.work.Stop()
		p.refreshLanes(nil)
		p.list.Refresh()
		p.say()
		return
	}
	p.sayClock()
	p.refreshLanes(p.sessions())
	if c := v.Clock(); c != p.written {
		p.written = c
		p.list.Refresh()
	}
	if q.equal(&p.asked) || p.wrong != "" {
		p.say()
		return
	}
	if q.alike(&p.asked) {
		if time.Now().Before(p.next) {
			return // only more of the same: it can wait
		}
	} else {
		p.work.Stop() // nobody wants the old answer any more
	}
	p.asked = q
	f := p.parsed
	p.work.Start(func(ctx context.Context) func() {
		began, said := time.Now(), time.Now()
		rows := p.search.find(ctx, &q, f, func(share float64) {
			if now := time.Now(); ctx.Err() == nil && now.Sub(began) > patience && now.Sub(said) > patience {
				said = now
				p.work.Post(func() {
					p.searched = fmt.Sprintf("searching, %.0f %%", 100*share)
					p.say()
				})
			}
		})
		if rows == nil {
			return nil
		}
		return func() { p.show(rows) }
	})
}

// patience is after how long a search says how far it is, and how often.
const patience = 200 * time.Millisecond

// show takes over the rows. Interface goroutine.
func (p *Page) show(rows *eventList) {
	// Who scrolled up wants to read: hold.
	if p.follow.Checked && p.rows != nil && p.list.GetScrollOffset() < p.bottom-2*theme.RowHeight {
		p.follow.SetChecked(false)
	}
	p.searched = ""
	p.rows = rows
	p.next = time.Now().Add(surface.SearchRest * rows.took)
	p.head.show(p.sort, p.down, rows.source())
	p.list.Refresh()
	if p.hasChosen {
		p.quiet = true
		if i := rows.find(p.chosen); i >= 0 && !p.follow.Checked {
			p.list.Select(i)
		} else {
			p.list.UnselectAll()
		}
		p.quiet = false
	}
	if p.follow.Checked {
		p.toEnd()
	}
	p.say()
}

// keepEnd stays at the end when the table gets another height.
func (p *Page) keepEnd() {
	if p.follow.Checked && p.rows.len() > 0 {
		p.toEnd()
	}
}

func (p *Page) toEnd() {
	if p.down {
		p.list.ScrollToTop()
	} else {
		p.list.ScrollToBottom()
	}
	p.bottom = p.list.GetScrollOffset()
}

// say writes the counts, or what is wrong, or what to do.
func (p *Page) say() {
	count, hue := "", theme.Current().Dim
	empty := ""
	shown, total := 0, 0
	if p.rows != nil {
		shown, total = p.rows.len(), p.rows.kept
		count = view.Thousands(shown) + " of " + view.Plural(total, "event")
		if shown == total {
			count = view.Plural(total, "event")
		}
		if p.rows.dropped > 0 {
			count += ", " + view.Thousands(int(p.rows.dropped)) + " older in the capture"
		}
	}
	if p.searched != "" {
		count = p.searched
	}
	if p.note != "" {
		p.hint.Set(p.note, theme.Current().Warning)
	} else {
		p.hint.SetHint(laneHint, theme.Current().Dim)
	}
	switch {
	case p.wrong != "":
		count, hue = p.wrong, theme.Current().Error
	case p.view == nil || p.view.Server() == nil:
		empty = "No server yet. Connect to one, or open a capture."
	case p.rows == nil:
	case total == 0:
		empty = "No events yet. They appear here as soon as the server sends one."
	case shown == 0:
		empty = "No event matches. Change the filter, or remove it."
	}
	if p.wrong != "" {
		p.count.Set(count, hue)
	} else {
		p.count.SetHint(count, hue)
	}
	if p.empty.Text != empty {
		p.empty.SetText(empty)
	}
}

// fill shows row i in a line of the list.
func (p *Page) fill(i widget.ListItemID, o fyne.CanvasObject) {
	e, ok := p.rows.entry(i)
	row, isRow := o.(*eventRow)
	if !ok || !isRow || p.view == nil {
		return
	}
	pal := theme.Current()
	row.ref, row.row = e.ref(), i
	row.set(pal, &e, p.rows.sourceOf(&e), p.view.Clock().Format(e.At), objectName(e.server, e.Object), eventHue(pal, &e.Entry))
}

// eventHue is the colour of what changed: by how bad it is, else by the medium
// that flows.
func eventHue(p theme.Palette, e *timeline.Entry) color.NRGBA {
	if l := view.EntryLevel(e); l != view.Unknown {
		return p.Level(theme.Level(l))
	}
	if e.Late {
		return p.Dim
	}
	if strings.HasPrefix(e.Type, "MediaFlow") {
		for _, m := range []inventory.Media{inventory.Video, inventory.Audio, inventory.Data} {
			if strings.Contains(strings.ToLower(e.Text), surface.MediaWord(m)) {
				return p.Media(string(m))
			}
		}
	}
	return p.Text
}

// choose is called by the list.
func (p *Page) choose(i widget.ListItemID) {
	e, ok := p.rows.entry(i)
	if !ok || p.quiet || p.view == nil {
		return
	}
	if i < p.rows.len()-1 {
		p.follow.SetChecked(false)
	}
	p.note = ""
	p.take(&e)
}

// showMessage shows the message of an entry beside the table.
func (p *Page) showMessage(e *event) {
	p.raw.SetText(rawText(e.log.Raw(e.Seq)))
	p.rawBox.ScrollToTop()
	head := p.view.Clock().Format(e.At) + "  " + e.Type
	if p.rows.several() {
		head += "  " + e.source()
	}
	kit.SetText(p.rawHead, head, theme.Current().Dim)
	if p.table.Objects[0] != p.beside {
		p.table.Objects = []fyne.CanvasObject{p.beside}
		p.table.Refresh()
	}
}

// hideMessage gives the table the whole width.
func (p *Page) hideMessage() {
	p.table.Objects = []fyne.CanvasObject{p.beside.Leading}
	p.table.Refresh()
}

// sortBy orders the table by a column, and turns it round the second time.
func (p *Page) sortBy(c column) {
	if p.sort == c {
		p.down = !p.down
	} else {
		p.sort, p.down = c, false
	}
	p.head.show(p.sort, p.down, p.rows.source())
	p.follow.SetChecked(p.follow.Checked && p.sort == byTime)
	p.refresh()
}

// event finds an entry that may not be listed.
func (p *Page) event(ref eventRef) (e event, ok bool) {
	e.server, e.name = ref.server, ref.name
	if e.log = p.logOf(ref); e.log == nil {
		return event{}, false
	}
	e.Entry, ok = e.log.Entry(ref.seq)
	return e, ok
}

// rowMenu is what can be done with a row of the table.
func (p *Page) rowMenu(ref eventRef, at fyne.Position) {
	e, ok := p.event(ref)
	if !ok {
		return
	}
	p.chosen, p.hasChosen, p.chosenAt = e.ref(), true, e.At
	m := fyne.NewMenu("",
		fyne.NewMenuItem("Zero here, "+p.view.Clock().Format(e.At), func() { p.zero(e.At) }),
		fyne.NewMenuItem("Measure from here", func() {
			p.board.mark, p.board.until = e.At, time.Time{}
			p.lanes.Repaint()
		}))
	if !p.board.mark.IsZero() && !p.board.mark.Equal(e.At) {
		m.Items = append(m.Items, fyne.NewMenuItem("Measure to here", func() {
			p.board.until = e.At
			p.lanes.Repaint()
		}))
	}
	m.Items = append(m.Items, fyne.NewMenuItem("Show only "+e.Type, func() { p.picked = nil; p.pick(e.Type) }))
	if id := selectable(e.Object); id != "" {
		m.Items = append(m.Items, fyne.NewMenuItem("Show only "+objectName(e.server, id), func() { p.setScope(e.server, id) }))
	}
	if p.rows.servers() {
		m.Items = append(m.Items, fyne.NewMenuItem("Show only "+e.server.Name(), func() { p.showServer(e.server) }))
	}
	m.Items = append(m.Items,
		fyne.NewMenuItemSeparator(),
		fyne.NewMenuItem("Copy as text", p.copyRow),
		fyne.NewMenuItem("Copy as JSON", p.copyRowJSON))
	if c := fyne.CurrentApp().Driver().CanvasForObject(p.list); c != nil {
		widget.ShowPopUpMenuAtPosition(m, c, at)
	}
}

func (p *Page) chosenEntry() ([]event, bool) {
	if !p.hasChosen || p.view == nil {
		return nil, false
	}
	e, ok := p.event(p.chosen)
	return []event{e}, ok
}

func (p *Page) shownEntries() []event {
	if p.rows == nil || p.view == nil {
		return nil
	}
	out := make([]event, 0, min(p.rows.len(), maxCopied))
	for i := max(p.rows.len()-maxCopied, 0); i < p.rows.len(); i++ {
		if e, ok := p.rows.entry(i); ok {
			out = append(out, e)
		}
	}
	return out
}

func (p *Page) copyRow() {
	if e, ok := p.chosenEntry(); ok {
		fyne.CurrentApp().Clipboard().SetContent(tsv(e, p.view.Clock()))
	}
}

func (p *Page) copyRowJSON() {
	if e, ok := p.chosenEntry(); ok {
		fyne.CurrentApp().Clipboard().SetContent(asJSON(e))
	}
}

func (p *Page) copyAll() {
	if list := p.shownEntries(); len(list) > 0 {
		fyne.CurrentApp().Clipboard().SetContent(tsv(list, p.view.Clock()))
	}
}

func (p *Page) copyAllJSON() {
	if list := p.shownEntries(); len(list) > 0 {
		fyne.CurrentApp().Clipboard().SetContent(asJSON(list))
	}
}
