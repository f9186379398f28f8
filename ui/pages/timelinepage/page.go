// Package timelinepage is the page of every event and state on one time axis.
package timelinepage

import (
	"context"
	"image/color"
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
	filter  *widget.Entry
	level   *widget.Select
	types   *kit.Button
	aim     *kit.Button
	clock   *kit.Button
	count   *canvas.Text
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

	lanes     *surface.Surface
	board     board
	shape     laneShape
	laneHover bool
	measuring bool
	target    jumpTarget

	view    *view.State
	rows    *eventList
	asked   eventQuery
	parsed  view.Filter
	wrong   string          // why the filter is not valid
	note    string          // what a jump did not find
	written view.Clock      // as the rows have it
	picked  map[string]bool // types shown; none is all
	sort    column
	down    bool

	scope     string         // object whose events are shown; "" is all
	selection view.Selection // as seen last
	own       bool           // the next change of the selection is the page's own
	chosen    uint64         // number of the chosen entry
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
	bar := p.tableBar()
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
	list := container.NewBorder(p.head, nil, nil, nil, container.NewStack(p.list, container.NewCenter(p.empty)))
	closeRaw := kit.NewButton(kit.Flat, icon.Close, "", p.hideMessage).WithTip("Hide the message")
	message := container.NewBorder(container.NewBorder(nil, nil, nil, closeRaw, surface.Inset(p.rawHead)), nil, nil, nil, p.rawBox)
	p.beside = container.NewHSplit(list, message)
	p.beside.Offset = 0.66
	p.table = container.NewStack(list)
	p.makeLanes()
	above := container.NewBorder(surface.Inset(p.laneBar()), nil, nil, nil, p.lanes)
	below := container.NewBorder(surface.Inset(bar), nil, nil, nil, p.table)
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
		{Title: "Timeline: show the events of all objects", Run: func() { p.setScope("") }},
	}
}

// Update implements page.Page.
func (p *Page) Update(v *view.State) {
	p.view = v
	if sel := v.Selection(); sel != p.selection {
		// A row that was chosen here selects its object but narrows nothing.
		if !p.own {
			p.scope = sel.Object
		}
		if sel.Session != p.selection.Session {
			p.hasChosen = false
		}
		p.own = false
		p.selection = sel
		p.updateChip()
	}
	p.refresh()
}

func (p *Page) setScope(id string) {
	p.scope = id
	p.updateChip()
	p.refresh()
}

func (p *Page) updateChip() {
	if p.scope == "" || p.view == nil || p.view.Server() == nil {
		p.chip.Hide()
		return
	}
	p.chip.Set(view.ObjectName(p.view.Server().Snapshot(), p.scope))
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
	p.next = time.Time{}
	p.refresh()
}

// searchRest is how much longer than a search the page rests before the next
// one: a log of a million rows must not take a whole core.
const searchRest = 5

// query is what the table should show.
func (p *Page) query() eventQuery {
	x := p.view.Server()
	q := eventQuery{session: x, log: x.Timeline(), scope: p.scope, text: p.filter.Text, types: p.typeQuery(), total: x.Timeline().Total(),
		severity: timeline.Severity(max(p.level.SelectedIndex(), 0)), sort: p.sort, down: p.down}
	if !p.parsed.Empty() || p.sort == byObject {
		q.names = x.Snapshot().Generation
	}
	return q
}

// refresh searches the log anew if anything that the rows depend on changed.
func (p *Page) refresh() {
	v := p.view
	if v == nil {
		return
	}
	x := v.Server()
	if x == nil || x.Timeline() == nil {
		p.rows, p.asked = nil, eventQuery{}
		p.work.Stop()
		p.board.source, p.shape = nil, laneShape{}
		p.board.arrange("")
		p.lanes.Repaint()
		p.list.Refresh()
		p.say()
		return
	}
	p.sayClock()
	p.refreshLanes(x)
	q := p.query()
	if c := v.Clock(); c != p.written {
		p.written = c
		p.list.Refresh()
	}
	if q == p.asked || p.wrong != "" {
		p.say()
		return
	}
	same := q
	same.total, same.names = p.asked.total, p.asked.names
	if same == p.asked && time.Now().Before(p.next) {
		return // only more of the same: it can wait
	}
	p.asked = q
	snap, f := x.Snapshot(), p.parsed
	p.work.Start(func(ctx context.Context) func() {
		rows := p.search.find(ctx, q, f, snap)
		return func() { p.show(rows) }
	})
}

// show takes over the rows. Interface goroutine.
func (p *Page) show(rows *eventList) {
	// Who scrolled up wants to read: hold.
	if p.follow.Checked && p.rows != nil && p.list.GetScrollOffset() < p.bottom-2*theme.RowHeight {
		p.follow.SetChecked(false)
	}
	p.rows = rows
	p.next = time.Now().Add(searchRest * rows.took)
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
	if p.note != "" {
		count, hue = p.note, theme.Current().Warning
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
	if p.count.Text != count || p.count.Color != hue {
		p.count.Text, p.count.Color = count, hue
		p.count.Refresh()
	}
	if p.empty.Text != empty {
		p.empty.SetText(empty)
	}
}

// fill shows row i in a line of the list.
func (p *Page) fill(i widget.ListItemID, o fyne.CanvasObject) {
	e, ok := p.rows.entry(i)
	row, isRow := o.(*eventRow)
	if !ok || !isRow || p.view == nil || p.view.Server() == nil {
		return
	}
	pal := theme.Current()
	snap := p.view.Server().Snapshot()
	row.seq, row.row = e.Seq, i
	row.set(pal, &e, p.view.Clock().Format(e.At), view.ObjectName(snap, e.Object), eventHue(pal, &e))
}

// eventHue is the colour of what changed: by how bad it is, else by the medium
// that flows.
func eventHue(p theme.Palette, e *timeline.Entry) color.NRGBA {
	switch e.Severity {
	case timeline.Error:
		return p.Error
	case timeline.Warning:
		return p.Warning
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
func (p *Page) showMessage(e *timeline.Entry) {
	p.raw.SetText(rawText(p.view.Server().Timeline().Raw(e.Seq)))
	p.rawBox.ScrollToTop()
	kit.SetText(p.rawHead, p.view.Clock().Format(e.At)+"  "+e.Type, theme.Current().Dim)
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
	p.head.show(p.sort, p.down)
	p.follow.SetChecked(p.follow.Checked && p.sort == byTime)
	p.refresh()
}

// rowMenu is what can be done with a row of the table.
func (p *Page) rowMenu(seq uint64, at fyne.Position) {
	e, ok := p.view.Server().Timeline().Entry(seq)
	if !ok {
		return
	}
	p.chosen, p.hasChosen, p.chosenAt = e.Seq, true, e.At
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
	m.Items = append(m.Items,
		fyne.NewMenuItem("Show only "+e.Type, func() { p.picked = nil; p.pick(e.Type) }),
		fyne.NewMenuItem("Show only "+view.ObjectName(p.view.Server().Snapshot(), e.Object), func() { p.setScope(selectable(e.Object)) }),
		fyne.NewMenuItemSeparator(),
		fyne.NewMenuItem("Copy as text", p.copyRow),
		fyne.NewMenuItem("Copy as JSON", p.copyRowJSON))
	if c := fyne.CurrentApp().Driver().CanvasForObject(p.list); c != nil {
		widget.ShowPopUpMenuAtPosition(m, c, at)
	}
}

func (p *Page) chosenEntry() ([]timeline.Entry, bool) {
	if !p.hasChosen || p.view == nil || p.view.Server() == nil {
		return nil, false
	}
	e, ok := p.view.Server().Timeline().Entry(p.chosen)
	return []timeline.Entry{e}, ok
}

func (p *Page) names() func(string) string {
	snap := p.view.Server().Snapshot()
	return func(id string) string { return view.ObjectName(snap, id) }
}

func (p *Page) shownEntries() []timeline.Entry {
	if p.rows == nil || p.view == nil || p.view.Server() == nil {
		return nil
	}
	out := make([]timeline.Entry, 0, min(p.rows.len(), maxCopied))
	for i := max(p.rows.len()-maxCopied, 0); i < p.rows.len(); i++ {
		if e, ok := p.rows.entry(i); ok {
			out = append(out, e)
		}
	}
	return out
}

func (p *Page) copyRow() {
	if e, ok := p.chosenEntry(); ok {
		fyne.CurrentApp().Clipboard().SetContent(tsv(e, p.view.Clock(), p.names()))
	}
}

func (p *Page) copyRowJSON() {
	if e, ok := p.chosenEntry(); ok {
		fyne.CurrentApp().Clipboard().SetContent(asJSON(p.view.Server().Timeline(), e, p.view.Server().Name(), p.names()))
	}
}

func (p *Page) copyAll() {
	if list := p.shownEntries(); len(list) > 0 {
		fyne.CurrentApp().Clipboard().SetContent(tsv(list, p.view.Clock(), p.names()))
	}
}

func (p *Page) copyAllJSON() {
	if list := p.shownEntries(); len(list) > 0 {
		fyne.CurrentApp().Clipboard().SetContent(asJSON(p.rows.log, list, p.view.Server().Name(), p.names()))
	}
}
