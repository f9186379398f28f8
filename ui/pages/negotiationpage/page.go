// Package negotiationpage is the page of candidates, pairs and session descriptions.
package negotiationpage

import (
	"context"
	"image/color"
	"reflect"
	"strings"
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

// negotiationQuery is all that the page depends on.
type negotiationQuery struct {
	session    view.Session
	object     string // the endpoint; "" is the list
	pipeline   string // of the list; "" is all
	generation uint64
	at         time.Time // the past moment looked at; zero is the end
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
	tools := container.New(&kit.Flow{Bar: kit.Bar{Gap: 4, Stretch: 5, Least: map[int]float32{5: 80, 6: 150}}, Break: 4, RowGap: 4}, p.parts[0], p.parts[1], p.parts[2], p.parts[3], p.laneBox, p.count, p.filterBox)
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
	p.content = container.New(kit.Under{Gap: theme.Grid}, bar, container.NewStack(split, p.states))
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

// query says what the selection asks for: an endpoint, or the endpoints of the
// pipeline around what is selected.
func (p *Page) query(x view.Session, snap *inventory.Snapshot) negotiationQuery {
	q := negotiationQuery{session: x, generation: snap.Generation}
	if sel := p.view.Selection(); sel.Session != nil && sel.Object != "" {
		if negotiation.Negotiates(inventory.TypeOf(sel.Object)) {
			q.object = sel.Object
		} else if p := inventory.PipelineOf(sel.Object); snap.Pipeline(p) != nil {
			q.pipeline = p
		}
	}
	if q.object == "" {
		q.object = onlyEndpoint(snap, q.pipeline)
	}
	return q
}

// onlyEndpoint gives the endpoint of a pipeline, or of all of them, where there is
// but one: a list of one tells less than that one. "" is none, or several.
func onlyEndpoint(snap *inventory.Snapshot, pipeline string) string {
	only := ""
	for _, p := range snap.Pipelines {
		if pipeline != "" && p.ID != pipeline {
			continue
		}
		for _, o := range p.Objects {
			if !negotiation.Negotiates(o.Type) {
				continue
			}
			if only != "" {
				return ""
			}
			only = o.ID
		}
	}
	return only
}

// same reports whether two queries ask for the same, but for newer facts.
func (q negotiationQuery) same(r negotiationQuery) bool {
	return q.session == r.session && q.object == r.object && q.pipeline == r.pipeline
}

// refresh works out anew what changed.
func (p *Page) refresh() {
	v := p.view
	if v == nil {
		return
	}
	x := v.Server()
	if x == nil {
		p.work.Stop()
		p.setWork.Stop()
		p.one, p.set, p.asked, p.setAsked = nil, nil, negotiationQuery{}, negotiationQuery{}
		p.rebuild()
		return
	}
	snap, end := x.Snapshot(), v.End()
	at, live := v.Cursor()
	if live {
		at = time.Time{}
	} else {
		snap, end = v.Snapshot(x), at
	}
	q := p.query(x, snap)
	q.at = at
	now := time.Now()
	if !q.same(p.asked) {
		p.start(q)
	} else if v.Paused() && q.at.Equal(p.asked.at) {
		return // what is shown is held
	}
	if p.only != p.unasked() {
		p.tellChip()
	}
	if q.object != "" && q != p.asked && (!q.same(p.asked) || !q.at.Equal(p.asked.at) || !now.Before(p.next)) {
		p.asked = q
		o := snap.Object(q.object)
		p.work.Start(func(context.Context) func() {
			if o == nil {
				return func() { p.showOne(nil, 0) }
			}
			began := time.Now()
			n := negotiate(x, o, q.at, end)
			took := time.Since(began)
			return func() { p.showOne(n, took) }
		})
	}
	p.asked.session, p.asked.object, p.asked.pipeline = q.session, q.object, q.pipeline
	if q != p.setAsked && (!q.same(p.setAsked) || !q.at.Equal(p.setAsked.at) || !now.Before(p.setNext)) {
		p.setAsked = q
		p.setWork.Start(func(ctx context.Context) func() {
			set := findEndpoints(ctx, x, snap, q.pipeline, q.object, q.at, end)
			return func() { p.showSet(set) }
		})
	}
}

// start turns to something else: nothing of the last endpoint may stay.
func (p *Page) start(q negotiationQuery) {
	p.one, p.set, p.diagram, p.noDiagram = nil, nil, nil, ""
	p.draw.Stop()
	p.chosen, p.manual, p.version = -1, false, [2]int{-1, -1}
	p.asked = negotiationQuery{session: q.session, object: q.object, pipeline: q.pipeline}
	p.next, p.setNext = time.Time{}, time.Time{}
	p.work.Stop()
	p.setWork.Stop()
	p.showTools()
	p.rebuild()
	p.list.ScrollToTop()
}

func (p *Page) showOne(n *negotiated, took time.Duration) {
	p.one = n
	p.next = time.Now().Add(surface.SearchRest * took)
	if n != nil {
		if !p.manual {
			p.version[0], p.version[1] = firstPair(n)
		}
		for i, at := range p.version {
			if at >= len(n.Descriptions) {
				p.version[i] = -1
			}
		}
		p.tellVersions()
		p.redraw()
	}
	p.rebuild()
}

func (p *Page) showSet(set *endpointSet) {
	p.set = set
	p.setNext = time.Now().Add(surface.SearchRest * set.took)
	p.rebuild()
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

// say writes counts, what is wrong with the filter, or what to do.
func (p *Page) say(shown, total int) {
	count, hue := "", theme.Current().Dim
	empty := ""
	if total > 0 {
		what := "candidate"
		if p.asked.object == "" {
			what = "endpoint"
		}
		count = view.Plural(total, what)
		if shown != total {
			count = view.Thousands(shown) + " of " + count
		}
	}
	switch {
	case p.wrong != "":
		count, hue = p.wrong, theme.Current().Error
	case p.view == nil || p.view.Server() == nil:
		empty = "No server yet. Connect to one, or open a capture."
	case p.asked.object == "":
		if p.set == nil {
			empty = "Reading the negotiations …"
		} else if len(p.set.lines) == 0 {
			empty = "No endpoint negotiates here. WebRtcEndpoint and RtpEndpoint appear as soon as an application creates one; select a pipeline or the server to see theirs."
		}
	case p.one == nil && p.asked.generation != 0 && p.view.Server().Snapshot().Object(p.asked.object) == nil:
		empty = "This endpoint is not known (any more). Select another one in the navigator."
	case p.one == nil:
		empty = "Reading the negotiation …"
	}
	if p.count.Set(count, hue); p.count.Visible() != (count != "") {
		if count == "" {
			p.count.Hide()
		} else {
			p.count.Show()
		}
		p.content.Refresh() // the row that it is in comes or goes
	}
	if p.empty.Text != empty {
		p.empty.SetText(empty)
	}
}

// unasked tells whether an endpoint is shown because there is no other.
func (p *Page) unasked() bool {
	return p.asked.object != "" && p.view.Selection().Object != p.asked.object
}

// tellChip names what is shown, with its states.
func (p *Page) tellChip() {
	text, state := "", ""
	if x := p.asked.session; x != nil {
		id := p.asked.object
		if id == "" {
			id = p.asked.pipeline
		}
		if id != "" {
			text = view.ObjectName(x.Snapshot(), id)
		} else {
			state = "all endpoints of the server, the worst first"
		}
		if id != "" && p.asked.object == "" {
			state = "endpoints of the pipeline, the worst first"
		}
	}
	p.only = p.unasked()
	if n := p.one; n != nil {
		if s := iceWord(n); s != "" {
			state = "ICE " + s
		}
		if s := joinStates(n.DTLS()); s != "" {
			state += "   DTLS " + s
		}
		if !n.object.Alive() {
			state += "   gone: " + n.object.Death
		}
	}
	if p.only { // nobody chose it, so there is no way up
		text, state = "", strings.TrimRight(text+", the only endpoint   "+state, " ")
	}
	if state != "" && !p.asked.at.IsZero() {
		state += "   as at " + p.view.Clock().Format(p.asked.at)
	}
	if text == "" {
		p.chip.Hide()
	} else {
		p.chip.Set(text)
		p.chip.Show()
	}
	p.state.Set(state, theme.Current().Dim)
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
		p.laneBox.Show()
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
