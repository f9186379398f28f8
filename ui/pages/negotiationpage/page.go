// Package negotiationpage is the page of candidates, pairs and session descriptions.
package negotiationpage

import (
	"image/color"
	"reflect"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"kmscope/inventory"
	"kmscope/negotiation"
	"kmscope/ui/kit"
	"kmscope/ui/page"
	"kmscope/ui/surface"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// The parts of the page for one endpoint.
const (
	partOverview = iota
	partCandidates
	partSDP
	partStates
)

// Page is the page of how an endpoint was connected: what is wrong with
// it, how far it came, its candidates and its session descriptions; for a
// pipeline or a server the list of endpoints, the worst first.
type Page struct {
	content   fyne.CanvasObject
	chip      *surface.Chip
	state     *kit.Line
	parts     [4]*kit.Button
	filter    *kit.Entry
	filterBox *fyne.Container
	count     *kit.Line
	copyMenu  *kit.Button
	foldAll   *kit.Button
	notes     *widget.Check
	diffs     *widget.Check
	leftSide  *kit.Select
	rightSide *kit.Select
	sdpBar    *fyne.Container
	list      *kit.List
	listBox   fyne.CanvasObject
	empty     *widget.Label
	detail    *widget.Label
	detailBox *container.Scroll
	states    *surface.Surface
	laneMenu  *kit.Select
	laneBox   *fyne.Container
	split     fyne.CanvasObject

	place               Placer
	work, setWork, draw surface.Worker

	view     *view.State
	asked    negotiationQuery
	setAsked negotiationQuery
	next     time.Time // no search for more of the same before these moments
	setNext  time.Time

	one     *negotiated // nil in the list of endpoints
	diagram *iceDiagram // nil while none was made
	// noDiagram says why there is none.
	noDiagram string
	lanes     []string     // of ICE, of the endpoint
	lane      string       // the one drawn
	sorted    sorting      // of the candidates
	set       *endpointSet // of the server or pipeline
	part      int

	rows    []tableRow
	chosen  int
	folded  map[string]bool
	width   float32
	parsed  view.Filter
	wrong   string
	version [2]int // the chosen descriptions; -1 is none
	manual  bool   // a person chose them
	quiet   bool   // the widgets are being told what is chosen
	only    bool   // the endpoint is shown because there is no other
}

var (
	_ page.Page      = (*Page)(nil)
	_ page.Commander = (*Page)(nil)
)

// noRow is what the pane below says while no row is chosen.
const noRow = "Choose a row to see all of it."

// New makes the page; place places the diagram of the ICE states, nil puts them
// in columns. Interface goroutine.
func New(place Placer) *Page {
	p := &Page{place: place, folded: map[string]bool{sdpFold(-1): true}, chosen: -1, version: [2]int{-1, -1}}
	p.chip = surface.NewChip("", p.up)
	p.state = kit.NewLine(theme.TextSize)
	for i, title := range []string{"Overview", "Candidates", "Descriptions", "ICE states"} {
		p.parts[i] = kit.NewButton(kit.Flat, "", title, func() { p.setPart(i) })
	}
	p.filter = kit.NewEntry("filter: words or /regex/", "filter")
	p.filter.OnChanged = func(string) { p.filtered() }
	p.filter.OnKey = p.filterKey
	p.count = kit.NewLine(theme.TextSize)
	p.copyMenu = kit.NewButton(kit.Framed, "", "Copy", p.showCopyMenu).WithCaret()
	p.foldAll = kit.NewButton(kit.Framed, "", "Fold all", p.toggleAll)
	p.notes = widget.NewCheck("notes", func(bool) { p.rebuild() })
	p.notes.Checked = true
	p.diffs = widget.NewCheck("differences only", func(bool) { p.rebuild() })
	p.leftSide = kit.NewSelect(nil, func(string) { p.choseVersion(0) })
	p.rightSide = kit.NewSelect(nil, func(string) { p.choseVersion(1) })
	p.sdpBar = container.NewVBox(
		container.NewGridWithColumns(2, p.leftSide, p.rightSide),
		container.NewHBox(p.notes, p.diffs, p.foldAll))

	p.laneMenu = kit.NewSelect(nil, func(string) { p.choseLane() })
	p.laneBox = container.NewGridWrap(fyne.NewSize(196, p.laneMenu.MinSize().Height), p.laneMenu)
	p.states = p.newStates()

	p.filterBox = kit.Wide(220, p.filter)
	top := container.New(kit.Bar{Gap: 8, Stretch: 1, Least: map[int]float32{0: 96, 1: 0}}, p.chip, p.state, p.copyMenu)
	flow := &kit.Flow{Bar: kit.Bar{Gap: 4, Stretch: 5, Least: map[int]float32{5: 80, 6: 150}}, Break: 4, RowGap: 4}
	tools := container.New(flow, p.parts[0], p.parts[1], p.parts[2], p.parts[3], p.laneBox, p.count, p.filterBox)
	bar := kit.WithMargin(kit.Margin{Top: 8, Bottom: 8, Left: 10, Right: 10}, container.NewVBox(top, tools, p.sdpBar))

	p.list, p.listBox = kit.NewList(func() int { return len(p.rows) }, func() fyne.CanvasObject { return newRowView() }, p.fill)
	p.list.OnKey = p.key
	p.list.OnFocus = func(bool) { p.list.Refresh() }
	p.empty = widget.NewLabel("")
	p.empty.Importance = widget.LowImportance
	p.empty.Alignment = fyne.TextAlignCenter
	p.empty.Wrapping = fyne.TextWrapWord
	p.detail = widget.NewLabel(noRow)
	p.detail.TextStyle.Monospace = true
	p.detail.Selectable = true
	p.detail.Wrapping = fyne.TextWrapBreak
	p.detail.SizeName = fynetheme.SizeNameCaptionText
	p.detailBox = container.NewVScroll(p.detail)
	body := container.New(&onWidth{changed: p.resized}, container.NewStack(p.listBox, container.NewPadded(p.empty)))
	split := container.NewVSplit(body, p.detailBox)
	split.Offset = 0.84
	p.split = split
	p.content = kit.NewUnder(theme.Grid, bar, container.NewStack(split, p.states), flow)
	p.showTools()
	p.say(0, 0)
	return p
}

// onWidth fills its place with one object and tells when the width changes.
type onWidth struct {
	width   float32
	changed func(width float32)
}

// MinSize implements fyne.Layout.
func (o *onWidth) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(200, 80) }

// Layout implements fyne.Layout.
func (o *onWidth) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, x := range objects {
		x.Move(fyne.Position{})
		x.Resize(size)
	}
	if size.Width != o.width {
		o.width = size.Width
		o.changed(size.Width)
	}
}

func (p *Page) resized(width float32) {
	p.width = width
	p.rebuild()
}

// Title implements page.Page.
func (p *Page) Title() string { return "Negotiation" }

// Content implements page.Page.
func (p *Page) Content() fyne.CanvasObject { return p.content }

// Shown implements page.Page.
func (p *Page) Shown(visible bool) {
	if !visible {
		p.work.Stop()
		p.setWork.Stop()
		p.draw.Stop()
		p.asked, p.setAsked = negotiationQuery{}, negotiationQuery{}
	}
}

// Commands implements page.Commander.
func (p *Page) Commands() []page.Command {
	return []page.Command{
		{Title: "Negotiation: show the overview", Run: func() { p.setPart(partOverview) }},
		{Title: "Negotiation: show the candidates", Run: func() { p.setPart(partCandidates) }},
		{Title: "Negotiation: show the session descriptions", Run: func() { p.setPart(partSDP) }},
		{Title: "Negotiation: show the ICE states as a diagram", Run: func() { p.setPart(partStates) }},
		{Title: "Negotiation: copy the path of the ICE states", Run: p.copyStates},
		{Title: "Negotiation: show all endpoints", Run: p.up},
		{Title: "Negotiation: fold or open all sections", Run: p.toggleAll},
		{Title: "Negotiation: copy the chosen row", Run: p.copyRow},
		{Title: "Negotiation: copy the findings", Run: p.copyFindings},
		{Title: "Negotiation: copy the candidates as TSV", Run: p.copyCandidates},
		{Title: "Negotiation: copy the candidates as JSON", Run: p.copyCandidatesJSON},
		{Title: "Negotiation: copy the left description, redacted", Run: func() { p.copyDescription(0, false) }},
		{Title: "Negotiation: copy the right description, redacted", Run: func() { p.copyDescription(1, false) }},
		{Title: "Negotiation: copy the left description, whole", Run: func() { p.copyDescription(0, true) }},
		{Title: "Negotiation: copy the right description, whole", Run: func() { p.copyDescription(1, true) }},
	}
}

// Update implements page.Page.
func (p *Page) Update(v *view.State) {
	p.view = v
	p.refresh()
}

// rebuild makes the rows anew out of what is known.
func (p *Page) rebuild() {
	if p.view == nil || p.quiet {
		return
	}
	m := &rowMaker{sorted: p.sorted, folded: p.folded, filter: p.parsed, clock: p.view.Clock(), wrap: func(k rowKind, s string) []string { return wrapCell(k, s, p.width) }}
	shown, total := 0, 0
	switch {
	case p.asked.session == nil:
	case p.asked.object == "":
		if p.set != nil && len(p.set.lines) > 0 {
			shown, total = m.endpoints(p.set), len(p.set.lines)
		}
	case p.one == nil:
	case p.part == partCandidates:
		shown, total = m.candidates(p.one)
	case p.part == partSDP:
		m.descriptions(p.one, p.sdpView())
	default:
		var medians map[negotiation.Step]time.Duration
		if p.set != nil {
			medians = p.set.medians
		}
		m.overview(p.one, medians)
	}
	p.tellChip()
	if !reflect.DeepEqual(m.rows, p.rows) {
		p.keepChosen(m.rows)
		p.rows = m.rows
		p.list.Refresh()
	}
	p.say(shown, total)
}

// keepChosen finds the chosen row again where rows came or went.
func (p *Page) keepChosen(rows []tableRow) {
	if p.chosen < 0 || p.chosen >= len(p.rows) {
		p.chosen = -1
		p.detail.SetText(noRow)
		return
	}
	old := &p.rows[p.chosen]
	for _, at := range nearby(p.chosen, len(rows)) {
		if r := &rows[at]; r.fold == old.fold && r.object == old.object && r.detail == old.detail && r.text() == old.text() {
			p.chosen = at
			return
		}
	}
	p.chosen = -1
	p.detail.SetText(noRow)
}

// nearby gives all indexes below n, those next to i first.
func nearby(i, n int) []int {
	out := make([]int, 0, n)
	for d := 0; d <= max(i, n); d++ {
		if at := i - d; at >= 0 && at < n {
			out = append(out, at)
		}
		if at := i + d; d > 0 && at < n {
			out = append(out, at)
		}
	}
	return out
}

func (p *Page) sdpView() sdpView {
	v := sdpView{notes: p.notes.Checked, onlyDiffs: p.diffs.Checked}
	at := func(i int) *negotiation.Version {
		if i < 0 || i >= len(p.one.Descriptions) {
			return nil
		}
		return &p.one.Descriptions[i]
	}
	v.left, v.right = at(p.version[0]), at(p.version[1])
	return v
}

func (p *Page) setPart(i int) {
	if p.part == i {
		return
	}
	p.part, p.chosen = i, -1
	p.detail.SetText(noRow)
	p.showTools()
	p.redraw()
	p.rebuild()
	p.list.ScrollToTop()
}

// showTools shows the controls of the part that is open.
func (p *Page) showTools() {
	one := p.asked.object != ""
	for i, b := range p.parts {
		b.SetOutline(nil)
		if i == p.part {
			b.SetOutline(func(x theme.Palette) color.NRGBA { return x.Accent })
		}
		if one {
			b.Show()
		} else {
			b.Hide()
		}
	}
	if one && p.part == partSDP {
		p.sdpBar.Show()
	} else {
		p.sdpBar.Hide()
	}
	p.filterBox.Show()
	if one && (p.part == partOverview || p.part == partStates) {
		p.filterBox.Hide()
	}
	if one && p.part == partStates {
		p.states.Show()
		p.showLanes()
		p.split.Hide()
	} else {
		p.states.Hide()
		p.laneBox.Hide()
		p.split.Show()
	}
	if p.content != nil {
		p.content.Refresh()
	}
}

// up leads from an endpoint to those of its pipeline, and from there to all.
func (p *Page) up() {
	if p.view == nil {
		return
	}
	if id := p.asked.object; id != "" && id == p.view.Selection().Object {
		p.view.SelectObject(inventory.PipelineOf(id))
	} else {
		p.view.SelectObject("")
	}
	p.refresh()
}

func (p *Page) filtered() {
	f, err := view.ParseFilter(p.filter.Text)
	p.wrong = ""
	if err != nil {
		p.wrong = err.Error()
	} else {
		p.parsed = f
	}
	p.rebuild()
}

// tellVersions lists the descriptions in both choices.
func (p *Page) tellVersions() {
	p.quiet = true
	defer func() { p.quiet = false }()
	titles := []string{"none"}
	for i := range p.one.Descriptions {
		titles = append(titles, versionTitle(p.one, i))
	}
	for i, s := range []*kit.Select{p.leftSide, p.rightSide} {
		if !reflect.DeepEqual(s.Options, titles) {
			s.SetOptions(titles)
		}
		if s.SelectedIndex() != p.version[i]+1 {
			s.SetSelectedIndex(p.version[i] + 1)
		}
	}
}

func (p *Page) choseVersion(side int) {
	if p.quiet {
		return
	}
	p.manual = true
	p.version[side] = []*kit.Select{p.leftSide, p.rightSide}[side].SelectedIndex() - 1
	p.rebuild()
}
