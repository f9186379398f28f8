package app

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"kmscope/ui/kit"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// auditTable is what this tool changed on servers, as a table in a box.
type auditTable struct {
	w      *Window
	rows   []view.AuditRow
	filter *kit.Entry
	list   *kit.List
	head   *auditRow
	none   *widget.Label
	column int // sorted by; -1 is by time, the newest first
	down   bool
	chosen int
	goTo   *kit.Button
	copies [2]*kit.Button
	box    *kit.Modal
}

// The widths of the columns of the audit; the command takes the rest. Where that would
// be too little, all but the time give way.
var auditWidths = [...]float32{100, 130, 150, 0, 190, 160}

const leastCommand = 120

const auditHeight = 12 * theme.RowHeight

// showAudit shows what this tool changed.
func (w *Window) showAudit() {
	if w.audit != nil {
		return
	}
	t := &auditTable{w: w, column: -1, chosen: -1}
	t.filter = kit.NewEntry("Filter: words, or /regular expression/")
	t.filter.OnChanged = func(string) { t.update() }
	t.filter.OnKey = t.key
	t.head = newAuditRow(func(i int) { t.sort(i) })
	t.head.head = true
	t.none = dimLabel("")
	list, object := kit.NewList(func() int { return len(t.rows) }, func() fyne.CanvasObject {
		var r *auditRow
		r = newAuditRow(func(int) { t.choose(r.index) })
		return r
	}, func(i int, o fyne.CanvasObject) {
		if r, ok := o.(*auditRow); ok && i < len(t.rows) {
			r.call = t.rows[i].Call
			r.set(i, t.rows[i].Cells(w.state.Clock()), t.rows[i].Level, i == t.chosen)
		}
	})
	t.list = list
	t.list.OnKey = t.key
	t.goTo = kit.NewButton(kit.Framed, "", "Go there", t.goThere).WithTip("Select the object and go to the moment of the chosen row")
	for i, c := range []struct {
		title string
		text  func() string
	}{{"Copy", func() string { return view.AuditTSV(t.rows, w.state.Clock()) }}, {"Copy as JSON", func() string { return view.AuditJSON(t.rows) }}} {
		t.copies[i] = kit.NewButton(kit.Framed, "", c.title, func() {
			fyne.CurrentApp().Clipboard().SetContent(c.text())
			w.statusBar.say(view.Plural(len(t.rows), "row")+" copied.", view.Unknown)
		})
	}
	end := kit.NewButton(kit.Primary, "", "Close", func() { t.box.Hide() })
	table := container.NewBorder(t.head, nil, nil, nil, container.NewStack(object, container.New(&middle{width: 460}, t.none)))
	size := fyne.NewSize(min(max(w.win.Canvas().Size().Width-80, 560), 1100), auditHeight)
	body := container.NewVBox(t.filter, container.New(&exact{size}, table),
		container.NewHBox(t.goTo, layout.NewSpacer(), t.copies[0], t.copies[1], end))
	t.box = kit.NewModal(w.win.Canvas(), "Audit: what this tool changed", body)
	t.box.OnClosed(func() { w.audit = nil })
	w.audit = t
	t.update()
	t.box.Show()
	w.win.Canvas().Focus(t.filter)
}

// update shows what is new.
func (t *auditTable) update() {
	f, err := view.ParseFilter(t.filter.Text)
	all := view.Audit(t.w.state, view.Filter{}, -1, false)
	text := ""
	switch {
	case err != nil:
		t.rows, text = nil, sentence(err)
	default:
		if t.rows = view.Audit(t.w.state, f, t.column, t.down); len(t.rows) > 0 {
			break
		}
		text = "Nothing was changed. Commands appear here once control is turned on for a server and something is changed."
		if len(all) > 0 {
			text = "None of " + view.Plural(len(all), "row") + " matches."
		}
	}
	t.none.SetText(text)
	visible(t.none, text != "")
	t.chosen = min(t.chosen, len(t.rows)-1)
	t.goTo.SetEnabled(t.chosen >= 0)
	for _, c := range t.copies {
		c.SetEnabled(len(t.rows) > 0)
	}
	titles := append([]string(nil), view.AuditColumns...)
	if t.column >= 0 {
		mark := " ▴"
		if t.down {
			mark = " ▾"
		}
		titles[t.column] += mark
	}
	t.head.set(-1, titles, view.Unknown, false)
	t.list.Refresh()
}

// sort sorts by a column; again, the other way; a third time, by time.
func (t *auditTable) sort(column int) {
	switch {
	case t.column != column:
		t.column, t.down = column, false
	case !t.down:
		t.down = true
	default:
		t.column, t.down = -1, false
	}
	t.update()
}

func (t *auditTable) choose(i int) {
	t.chosen = i
	t.goTo.SetEnabled(i >= 0)
	t.list.Refresh()
}

func (t *auditTable) key(e *fyne.KeyEvent) bool {
	switch e.Name {
	case fyne.KeyEscape:
		t.box.Hide()
		return true
	case fyne.KeyReturn, fyne.KeyEnter:
		t.goThere()
		return true
	case fyne.KeyHome, fyne.KeyEnd:
		if t.w.win.Canvas().Focused() == t.filter {
			return false // of the text
		}
	}
	to, moves := kit.Move(e.Name, t.chosen, len(t.rows), 12)
	if moves {
		t.choose(to)
		t.list.ScrollTo(to)
	}
	return moves
}

// goThere selects what the chosen row is about, at its moment.
func (t *auditTable) goThere() {
	if t.chosen < 0 || t.chosen >= len(t.rows) {
		return
	}
	r := t.rows[t.chosen]
	t.box.Hide()
	t.w.state.Select(view.Selection{Session: r.Session, Object: r.Entry.Object})
	t.w.timeBar.moveTo(r.At)
}

// auditRow is one line of the audit, or the line over it.
type auditRow struct {
	widget.BaseWidget
	index   int
	head    bool
	cells   []string
	call    string // as it was sent
	level   view.Level
	chosen  bool
	hovered bool
	over    int // the cell under the pointer
	tap     func(cell int)
}

var (
	_ fyne.Tappable     = (*auditRow)(nil)
	_ desktop.Hoverable = (*auditRow)(nil)
)

func newAuditRow(tap func(cell int)) *auditRow {
	r := &auditRow{tap: tap, over: -1, cells: make([]string, len(auditWidths))}
	r.ExtendBaseWidget(r)
	return r
}

func (r *auditRow) set(index int, cells []string, l view.Level, chosen bool) {
	r.index, r.cells, r.level, r.chosen = index, cells, l, chosen
	r.Refresh()
}

// columnsOf gives where the columns begin, and the end of the last.
func (r *auditRow) columnsOf(width float32) [len(auditWidths) + 1]float32 {
	fixed := float32(0)
	for _, w := range auditWidths {
		fixed += w
	}
	rest, give := width-16-auditWidths[0], float32(1)
	fixed -= auditWidths[0]
	if fixed+leastCommand > rest {
		give = max((rest-leastCommand)/fixed, 0.4)
	}
	var out [len(auditWidths) + 1]float32
	x := float32(8)
	for i, w := range auditWidths {
		out[i] = x
		switch {
		case w == 0:
			w = max(rest-fixed*give, leastCommand)
		case i > 0:
			w *= give
		}
		x += w
	}
	out[len(auditWidths)] = max(x, width)
	return out
}

func (r *auditRow) cellAt(x float32) int {
	at := r.columnsOf(r.Size().Width)
	for i := len(auditWidths) - 1; i > 0; i-- {
		if x >= at[i] {
			return i
		}
	}
	return 0
}

func (r *auditRow) Tapped(e *fyne.PointEvent) { r.tap(r.cellAt(e.Position.X)) }

func (r *auditRow) MouseIn(e *desktop.MouseEvent) {
	r.hovered = true
	r.MouseMoved(e)
	r.Refresh()
}

func (r *auditRow) MouseMoved(e *desktop.MouseEvent) {
	cell := r.cellAt(e.Position.X)
	if cell == r.over {
		return
	}
	r.over = cell
	tip := "Sort by this"
	if !r.head {
		if tip = r.cells[cell]; cell == 3 && r.call != "" {
			tip += "\n" + r.call
		}
	}
	kit.ShowTip(r, tip, fyne.NewPos(e.Position.X, r.Size().Height+2))
}

func (r *auditRow) MouseOut() {
	r.hovered, r.over = false, -1
	kit.HideTip(r)
	r.Refresh()
}

func (r *auditRow) CreateRenderer() fyne.WidgetRenderer {
	x := &auditRenderer{r: r, ground: canvas.NewRectangle(color.Transparent), rule: canvas.NewRectangle(color.Transparent)}
	x.objects = []fyne.CanvasObject{x.ground, x.rule}
	for i := range auditWidths {
		t := kit.NewText("", theme.TextSize-1, color.Transparent)
		t.TextStyle.Monospace = i == 0 && !r.head
		x.texts = append(x.texts, t)
		x.objects = append(x.objects, t)
	}
	x.Refresh()
	return x
}

type auditRenderer struct {
	r            *auditRow
	ground, rule *canvas.Rectangle
	texts        []*canvas.Text
	objects      []fyne.CanvasObject
}

func (x *auditRenderer) MinSize() fyne.Size { return fyne.NewSize(400, theme.RowHeight) }

func (x *auditRenderer) Layout(size fyne.Size) {
	x.ground.Resize(size)
	x.rule.Move(fyne.NewPos(0, size.Height-1))
	x.rule.Resize(fyne.NewSize(size.Width, 1))
	at := x.r.columnsOf(size.Width)
	for i, t := range x.texts {
		text := ""
		if i < len(x.r.cells) {
			text = kit.Elide(x.r.cells[i], t.TextSize, t.TextStyle, at[i+1]-at[i]-12)
		}
		kit.SetText(t, text, t.Color)
		kit.Place(t, at[i], 0, size.Height)
	}
}

func (x *auditRenderer) Refresh() {
	p, r := theme.Current(), x.r
	ground := theme.Fade(p.Hover, 0)
	switch {
	case r.chosen:
		ground = p.Selection
	case r.hovered && !r.head:
		ground = p.Hover
	}
	fill(x.ground, ground)
	rule := p.Faint
	if r.head {
		rule = p.Line
	}
	fill(x.rule, rule)
	for i, t := range x.texts {
		c := p.Text
		switch {
		case r.head, i == 0, i == 1:
			c = p.Dim
		case i >= 4 && r.level != view.Unknown:
			c = p.Level(theme.Level(r.level))
		}
		if t.Color != c {
			t.Color = c
			t.Refresh()
		}
	}
	x.Layout(r.Size())
}

func (x *auditRenderer) Objects() []fyne.CanvasObject { return x.objects }
func (x *auditRenderer) Destroy()                     {}
