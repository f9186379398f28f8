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
	"fyne.io/fyne/v2/layout"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"kmscope/inventory"
	"kmscope/timeline"
	"kmscope/ui/page"
	"kmscope/ui/surface"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// maxCopied bounds what one copy puts on the clipboard.
const maxCopied = 50_000

// Page is the page of events: what happened, in the order of the server's
// clock, for the selected object or for all.
type Page struct {
	content fyne.CanvasObject
	chip    *surface.Chip
	filter  *widget.Entry
	level   *widget.Select
	count   *canvas.Text
	follow  *widget.Check
	list    *widget.List
	empty   *widget.Label
	raw     *widget.Label
	rawBox  *container.Scroll
	split   *container.Split
	work    surface.Worker

	lanes      *surface.Surface
	laneWork   surface.Worker
	laneRows   []laneRow
	laneAsked  laneQuery
	laneNext   time.Time
	laneScroll float64
	laneHover  bool
	time       surface.TimeAxis

	view   *view.State
	rows   *eventList
	asked  eventQuery
	parsed view.Filter
	wrong  string // why the filter is not valid

	scope     string         // object whose events are shown; "" is all
	selection view.Selection // as seen last
	own       bool           // the next change of the selection is the page's own
	chosen    uint64         // number of the chosen entry
	hasChosen bool
	chosenRow int
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
	p.chip = surface.NewChip("", func() { p.setScope("") })
	p.chip.Hide()
	p.filter = widget.NewEntry()
	p.filter.SetPlaceHolder("filter: words or /regex/")
	p.filter.OnChanged = func(string) { p.filtered() }
	p.level = widget.NewSelect(severityChoices, func(string) { p.refresh() })
	p.level.SetSelectedIndex(0)
	p.count = canvas.NewText("", theme.Current().Dim)
	p.count.TextSize = theme.TextSize
	p.follow = widget.NewCheck("follow", func(on bool) {
		if on {
			p.refresh()
			p.toEnd()
		}
	})
	p.follow.Checked = true
	copyButton := widget.NewButton("Copy", nil)
	copyButton.OnTapped = func() {
		menu := fyne.NewMenu("",
			fyne.NewMenuItem("The chosen row as text", p.copyRow),
			fyne.NewMenuItem("The chosen row as JSON", p.copyRowJSON),
			fyne.NewMenuItemSeparator(),
			fyne.NewMenuItem("All rows shown as TSV", p.copyAll),
			fyne.NewMenuItem("All rows shown as JSON", p.copyAllJSON))
		d := fyne.CurrentApp().Driver()
		if c := d.CanvasForObject(copyButton); c != nil {
			at := d.AbsolutePositionForObject(copyButton)
			widget.ShowPopUpMenuAtPosition(menu, c, at.AddXY(0, copyButton.Size().Height))
		}
	}
	entry := container.NewGridWrap(fyne.NewSize(260, p.filter.MinSize().Height), p.filter)
	bar := container.NewHBox(p.chip, entry, p.level, container.NewCenter(p.count), layout.NewSpacer(), p.follow, copyButton)

	p.list = widget.NewList(func() int {
		if p.rows == nil {
			return 0
		}
		return len(p.rows.rows)
	}, func() fyne.CanvasObject { return newEventRow() }, p.fill)
	p.list.HideSeparators = true
	p.list.OnSelected = p.choose
	p.empty = widget.NewLabel("")
	p.empty.Importance = widget.LowImportance
	p.empty.Alignment = fyne.TextAlignCenter
	p.empty.Wrapping = fyne.TextWrapWord
	p.raw = widget.NewLabel("Choose a row to see its message.")
	p.raw.TextStyle.Monospace = true
	p.raw.Selectable = true
	p.raw.SizeName = fynetheme.SizeNameCaptionText
	p.rawBox = container.NewScroll(p.raw)
	table := container.NewBorder(container.New(layout.NewCustomPaddedLayout(0, 0, 0, 0), eventHead()), nil, nil, nil,
		container.NewStack(p.list, container.NewCenter(p.empty)))
	p.split = container.NewVSplit(table, p.rawBox)
	p.split.Offset = 0.78
	p.makeLanes()
	p.content = container.NewBorder(container.NewVBox(p.lanes, surface.Inset(bar)), nil, nil, nil, p.split)
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
		p.laneWork.Stop()
		p.asked, p.laneAsked = eventQuery{}, laneQuery{}
		p.laneLeft()
	}
}

// Commands implements page.Commander.
func (p *Page) Commands() []page.Command {
	return []page.Command{
		{Title: "Timeline: follow the end", Run: func() { p.follow.SetChecked(true) }},
		{Title: "Timeline: hold", Run: func() { p.follow.SetChecked(false) }},
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
		p.showLanes(nil)
		p.list.Refresh()
		p.say()
		return
	}
	p.refreshLanes(x)
	q := eventQuery{session: x, scope: p.scope, filter: p.filter.Text, total: x.Timeline().Total(),
		severity: timeline.Severity(max(p.level.SelectedIndex(), 0))}
	if !p.parsed.Empty() {
		q.names = x.Snapshot().Generation
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
		rows := findEvents(ctx, q, f, snap)
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
	p.next = time.Now().Add(surface.SearchRest * rows.took)
	p.list.Refresh()
	if p.hasChosen {
		p.quiet = true
		if i := rows.find(p.chosen, p.chosenRow); i >= 0 {
			p.chosenRow = i
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
	p.list.ScrollToBottom()
	p.bottom = p.list.GetScrollOffset()
}

// say writes the counts, or what is wrong, or what to do.
func (p *Page) say() {
	count, hue := "", theme.Current().Dim
	empty := ""
	shown, total := 0, 0
	if p.rows != nil {
		shown, total = len(p.rows.rows), p.rows.kept
		count = view.Thousands(shown) + " of " + view.Plural(total, "event")
		if shown == total {
			count = view.Plural(total, "event")
		}
		if p.rows.dropped > 0 {
			count += ", " + view.Thousands(int(p.rows.dropped)) + " older in the capture"
		}
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
	row.set(pal, &e, p.view.Clock().Format(e.At), view.ObjectName(snap, e.Object), eventHue(pal, &e))
}

func (p *Page) offset() time.Duration {
	if x := p.view.Server(); x != nil && x.Stats() != nil {
		d, _ := x.Stats().ClockOffset()
		return d
	}
	return 0
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

// choose is called by the list: it selects the object for the whole window, puts
// the cursor on the moment and shows the message.
func (p *Page) choose(i widget.ListItemID) {
	e, ok := p.rows.entry(i)
	if !ok || p.quiet || p.view == nil {
		return
	}
	p.chosen, p.hasChosen, p.chosenRow = e.Seq, true, i
	p.raw.SetText(rawText(p.rows.log.Raw(e.Seq)))
	p.rawBox.ScrollToTop()
	if i < len(p.rows.rows)-1 {
		p.follow.SetChecked(false)
	}
	if e.Object != "" {
		id := e.Object
		if id == inventory.ManagerID {
			id = ""
		}
		if id != p.view.Selection().Object {
			p.own = true
			p.view.SelectObject(id)
		}
	}
	p.view.Pin(e.At)
}

func (p *Page) chosenEntry() ([]timeline.Entry, bool) {
	if !p.hasChosen || p.view == nil {
		return nil, false
	}
	e, ok := p.rows.entry(p.rows.find(p.chosen, p.chosenRow))
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
	out := make([]timeline.Entry, 0, min(len(p.rows.rows), maxCopied))
	for i := max(len(p.rows.rows)-maxCopied, 0); i < len(p.rows.rows); i++ {
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
		fyne.CurrentApp().Clipboard().SetContent(asJSON(p.rows.log, e, p.names()))
	}
}

func (p *Page) copyAll() {
	if list := p.shownEntries(); len(list) > 0 {
		fyne.CurrentApp().Clipboard().SetContent(tsv(list, p.view.Clock(), p.names()))
	}
}

func (p *Page) copyAllJSON() {
	if list := p.shownEntries(); len(list) > 0 {
		fyne.CurrentApp().Clipboard().SetContent(asJSON(p.rows.log, list, p.names()))
	}
}
