package app

import (
	"image/color"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"kmscope/ui/icon"
	"kmscope/ui/kit"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// inspector shows all that is known of what is selected.
type inspector struct {
	state   *view.State
	in      *view.Inspection
	lines   []line
	marked  int             // the line that the keyboard is on, -1 for none
	open    map[string]bool // sections' fields that a person opened
	code    bool            // JSON instead of fields
	list    *kit.List
	title   *canvas.Text
	sub     *canvas.Text
	gone    *canvas.Text
	id      *canvas.Text
	copyID  *kit.Button
	json    *kit.Button
	more    *kit.Button
	alert   *alertBox
	head    *fyne.Container
	empty   *fyne.Container
	body    *fyne.Container
	content fyne.CanvasObject
	say     func(string, view.Level)
	width   float32 // for which details were wrapped
	// shape is which lines of the head were laid out.
	shape       [4]bool
	alertHeight float32
}

func newInspector(s *view.State) *inspector {
	in := &inspector{state: s, marked: -1, open: map[string]bool{}, say: func(string, view.Level) {}}
	in.title = kit.NewText("", theme.TitleSize, color.Transparent)
	in.title.TextStyle.Bold = true
	in.sub = kit.NewText("", theme.TextSize, color.Transparent)
	in.gone = kit.NewText("", theme.TextSize, color.Transparent)
	in.id = kit.NewText("", theme.CaptionSize+1, color.Transparent)
	in.id.TextStyle.Monospace = true
	in.copyID = kit.NewButton(kit.Flat, icon.Copy, "", func() {
		if in.in != nil {
			in.copy(in.in.Object, "The id was copied.")
		}
	}).WithTip("Copy the whole id")
	in.json = kit.NewButton(kit.Flat, "", "JSON", func() { in.code = !in.code; in.update() }).WithTip("Show all that is known as JSON")
	in.more = kit.NewButton(kit.Flat, icon.Copy, "Copy", func() {
		widget.ShowPopUpMenuAtRelativePosition(in.copyMenu(), canvasOf(in.more), fyne.NewPos(0, kit.ButtonHeight), in.more)
	}).WithCaret()
	in.alert = newAlertBox()
	in.alert.Hide()
	idRow := container.New(kit.Bar{Gap: 0, Stretch: -1}, in.id, in.copyID)
	actions := container.New(kit.Bar{Gap: 0, Stretch: -1}, in.json, in.more)
	flow := &kit.Flow{Bar: kit.Bar{Gap: 4, Stretch: 0}, Break: 1}
	in.head = kit.WithMargin(kit.Margin{Top: 10, Left: lineLeft, Right: lineLeft - 6, Bottom: 2}, container.New(&headLayout{},
		in.title, in.sub, in.gone, container.New(flow, idRow, actions)))
	var list fyne.CanvasObject
	in.list, list = kit.NewList(func() int { return len(in.lines) }, in.create, in.fill)
	in.list.OnKey = in.key
	in.list.OnFocus = func(on bool) {
		if on && in.marked < 0 {
			in.marked = slices.IndexFunc(in.lines, line.stop)
		}
		in.list.Refresh()
	}
	in.empty = emptyNote("Nothing selected", "Choose an object in the tree or in the graph: all that is known of it stands here.")
	top := container.NewVBox(in.head, kit.WithMargin(kit.Margin{Left: lineLeft, Right: lineLeft, Top: 2, Bottom: 2}, in.alert))
	in.body = kit.NewUnder(theme.Grid, top, list, flow)
	in.content = kit.OnWindow(kit.WithMargin(kit.Margin{Left: 1}, container.New(&watchWidth{func(w float32) {
		if w != in.width {
			in.width = w
			in.layoutLines()
			in.texts()
		}
	}}, in.body, in.empty)), kit.Left)
	return in
}

// watchWidth is a stack that tells its width.
type watchWidth struct{ changed func(float32) }

func (l *watchWidth) MinSize(objects []fyne.CanvasObject) fyne.Size {
	if len(objects) == 1 {
		return objects[0].MinSize()
	}
	return fyne.NewSize(120, 100)
}

func (l *watchWidth) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		o.Move(fyne.Position{})
		o.Resize(size)
	}
	l.changed(size.Width)
}

// headLayout stacks the lines of the head; texts that are too long are cut by
// who sets them, not here.
type headLayout struct{}

func (*headLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	s := fyne.Size{}
	for _, o := range objects {
		if o.Visible() {
			s.Height += o.MinSize().Height
		}
	}
	return s
}

func (*headLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	y := float32(0)
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		h := o.MinSize().Height
		o.Move(fyne.NewPos(0, y))
		o.Resize(fyne.NewSize(size.Width, h))
		y += h
	}
}

func (in *inspector) create() fyne.CanvasObject {
	r := &fieldRow{onTap: in.tap, onMenu: in.popUp}
	r.ExtendBaseWidget(r)
	return r
}

func (in *inspector) fill(i int, o fyne.CanvasObject) {
	if r, ok := o.(*fieldRow); ok && i < len(in.lines) {
		r.set(in.lines[i], i == in.marked && in.list.Focused())
	}
}

func (in *inspector) tap(l line) {
	if l.field.Target.Session != nil {
		in.state.Select(l.field.Target)
		return
	}
	in.open[l.id] = !in.open[l.id]
	in.layoutLines()
}

func (in *inspector) popUp(l line, at fyne.Position) {
	c := canvasOf(in.list)
	if c == nil || in.in == nil {
		return
	}
	m := in.copyMenu()
	if l.ofField() && l.field.Value != "" {
		m.Items = append([]*fyne.MenuItem{
			fyne.NewMenuItem("Copy “"+kit.Elide(l.field.Value, theme.TextSize, fyne.TextStyle{}, 200)+"”", func() { in.copy(l.field.Value, "The value was copied.") }),
		}, m.Items...)
	}
	widget.ShowPopUpMenuAtPosition(m, c, at)
}

func (in *inspector) copyMenu() *fyne.Menu {
	return fyne.NewMenu("",
		fyne.NewMenuItem("Copy the id", func() {
			if in.in != nil {
				in.copy(in.in.Object, "The id was copied.")
			}
		}),
		fyne.NewMenuItem("Copy as text", func() { in.copy(in.tsv(), "The fields were copied as text.") }),
		fyne.NewMenuItem("Copy as JSON", func() { in.copy(view.JSONText(in.state), "The object was copied as JSON.") }),
	)
}

func (in *inspector) copy(text, done string) {
	if text == "" {
		return
	}
	fyne.CurrentApp().Clipboard().SetContent(text)
	in.say(done, view.Unknown)
}

// tsv gives all fields, tab-separated.
func (in *inspector) tsv() string {
	if in.in == nil {
		return ""
	}
	var b strings.Builder
	b.WriteString("id\t" + in.in.Object + "\nname\t" + in.in.Title + "\n")
	for _, s := range in.in.Sections {
		for _, f := range s.Fields {
			b.WriteString(strings.ToLower(s.Title) + "\t" + f.Key + "\t" + strings.ReplaceAll(f.Value, "\t", " ") + "\n")
		}
	}
	return b.String()
}

// key moves from line to line and opens or follows the one that is marked.
func (in *inspector) key(e *fyne.KeyEvent) bool {
	if to, moves := kit.Move(e.Name, in.marked, len(in.lines), in.list.PageRows(lineHeight)); moves {
		step := 1
		if to < in.marked {
			step = -1
		}
		// Gaps and the further lines of a text are passed over.
		for to > 0 && to < len(in.lines)-1 && !in.lines[to].stop() {
			to += step
		}
		in.mark(to)
		return true
	}
	if in.marked < 0 || in.marked >= len(in.lines) {
		return false
	}
	switch l := in.lines[in.marked]; e.Name {
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace:
		if l.active() {
			in.tap(l)
		}
	case fyne.KeyRight, fyne.KeyLeft:
		if l.active() && l.field.Target.Session == nil && in.open[l.id] != (e.Name == fyne.KeyRight) {
			in.tap(l)
		}
	default:
		return false
	}
	return true
}

// mark puts the mark of the keyboard on a line.
func (in *inspector) mark(to int) {
	in.marked = to
	in.list.Refresh()
	if to >= 0 && to < len(in.lines) {
		in.list.ScrollTo(to)
	}
}

// update shows what is new.
func (in *inspector) update() {
	before := in.in
	in.in = view.Inspect(in.state)
	if in.in == nil {
		if before != nil || in.body.Visible() {
			in.body.Hide()
			in.empty.Show()
		}
		return
	}
	if !in.body.Visible() {
		in.empty.Hide()
		in.body.Show()
	}
	in.texts()
	in.layoutLines()
	if before == nil || before.Object != in.in.Object || before.Session != in.in.Session {
		in.list.ScrollToTop()
		in.marked = -1
		if in.list.Focused() {
			in.marked = slices.IndexFunc(in.lines, line.stop)
			in.list.Refresh()
		}
	}
}

// texts sets the head.
func (in *inspector) texts() {
	if in.in == nil {
		return
	}
	p := theme.Current()
	w := in.width - 2*lineLeft
	if w <= 0 {
		return
	}
	set := func(t *canvas.Text, text string, c color.NRGBA) {
		kit.SetText(t, kit.Elide(text, t.TextSize, t.TextStyle, w), c)
		visible(t, text != "")
	}
	set(in.title, in.in.Title, p.Text)
	set(in.sub, in.in.Sub, p.Dim)
	set(in.gone, in.in.Gone, p.Warning)
	kit.SetText(in.id, in.in.Shown, p.Dim)
	visible(in.copyID, in.in.Object != "")
	if in.code {
		in.json.Set("", "Fields")
	} else {
		in.json.Set("", "JSON")
	}
	in.alert.set(in.in.Alert, in.in.Level, w)
	// Only a line that came or went moves the others: every refresh has the
	// whole window painted again.
	if shape := [4]bool{in.sub.Visible(), in.gone.Visible(), in.copyID.Visible(), in.alert.Visible()}; shape != in.shape || in.alert.MinSize().Height != in.alertHeight {
		in.shape, in.alertHeight = shape, in.alert.MinSize().Height
		in.head.Refresh()
		in.body.Refresh()
	}
}

// layoutLines turns sections into lines.
func (in *inspector) layoutLines() {
	if in.in == nil {
		return
	}
	var lines []line
	if in.code {
		for _, text := range view.JSONLines(in.state) {
			lines = append(lines, line{kind: lineCode, text: text})
		}
	} else {
		for _, s := range in.in.Sections {
			if len(lines) > 0 {
				lines = append(lines, line{kind: lineGap})
			}
			lines = append(lines, line{kind: lineHeader, text: s.Title})
			if len(s.Fields) == 0 {
				for _, text := range kit.Wrap(s.Empty, theme.TextSize-1, fyne.TextStyle{}, max(in.width-2*lineLeft, 60)) {
					lines = append(lines, line{kind: lineEmpty, text: text})
				}
			}
			for _, f := range s.Fields {
				id := f.ID
				open := in.open[id] && f.Detail != "" && (!f.Wide || f.Target.Session == nil)
				if f.Wide {
					lines = append(lines, in.wide(f, open)...)
				} else {
					lines = append(lines, in.narrow(line{kind: lineField, field: f, id: id, open: open})...)
				}
				if open {
					for _, text := range kit.Wrap(f.Detail, theme.CaptionSize, fyne.TextStyle{}, max(in.width-2*lineLeft-14, 60)) {
						lines = append(lines, line{kind: lineDetail, text: text})
					}
				}
			}
		}
	}
	if slices.Equal(lines, in.lines) {
		return
	}
	in.lines = lines
	in.list.Refresh()
}

// Widths of the column below which a value that finds no room beside its key goes below
// it, and below which values stand at the right edge: a column of them would be too
// narrow for most.
const (
	stackBelow = 240
	rightBelow = 200
)

// narrow gives the lines of a field: one, or its key and below it its value.
func (in *inspector) narrow(l line) []line {
	f := l.field
	if in.width >= stackBelow || f.Value == "" {
		return []line{l}
	}
	size, style := face(f)
	key, value := kit.TextWidth(f.Key, theme.TextSize, fyne.TextStyle{}), kit.TextWidth(f.Value, size, style)
	kw := keyWidth(in.width)
	fits := key <= kw-keyGap && value <= in.width-valueEdge-lineLeft-kw
	if in.width < rightBelow {
		fits = key+keyGap+value <= in.width-valueEdge-lineLeft
	}
	if fits {
		return []line{l}
	}
	return stacked(l)
}

// stacked gives a field as two lines, or as one where it has no key.
func stacked(l line) []line {
	value := l
	value.kind = lineValue
	if l.field.Key == "" {
		return []line{value}
	}
	l.bare = true
	return []line{l, value}
}

// wide gives the lines of a field whose text has the whole width.
func (in *inspector) wide(f view.Field, open bool) []line {
	texts := kit.Wrap(f.Value, theme.TextSize, fyne.TextStyle{}, max(in.width-wideLeft-22, 60))
	if len(texts) > maxWide {
		texts = append(texts[:maxWide-1], texts[maxWide-1]+" …")
	}
	if f.Key != "" {
		texts = slices.Insert(texts, 0, f.Key)
	}
	lines := make([]line, len(texts))
	for i, text := range texts {
		lines[i] = line{kind: lineWide, field: f, id: f.ID, text: text, open: open, first: i == 0}
	}
	return lines
}

// maxWide bounds the lines of one such text; its tip has all of it.
const maxWide = 3

// visible shows or hides an object if it is not so already: both have the
// window painted again.
func visible(o fyne.CanvasObject, on bool) {
	switch {
	case on && !o.Visible():
		o.Show()
	case !on && o.Visible():
		o.Hide()
	}
}

// alertBox is a sentence with a coloured bar at its side.
type alertBox struct {
	widget.BaseWidget
	text  string
	level view.Level
	width float32
}

func newAlertBox() *alertBox {
	a := &alertBox{}
	a.ExtendBaseWidget(a)
	return a
}

func (a *alertBox) set(text string, l view.Level, width float32) {
	visible(a, text != "")
	if a.text != text || a.level != l || a.width != width {
		a.text, a.level, a.width = text, l, width
		a.Refresh()
	}
}

func (a *alertBox) CreateRenderer() fyne.WidgetRenderer {
	r := &alertRenderer{a: a, ground: canvas.NewRectangle(color.Transparent), bar: canvas.NewRectangle(color.Transparent)}
	r.Refresh()
	return r
}

type alertRenderer struct {
	a           *alertBox
	ground, bar *canvas.Rectangle
	lines       []*canvas.Text
}

const (
	alertStep  = 18
	alertLines = 8
)

func (r *alertRenderer) MinSize() fyne.Size {
	return fyne.NewSize(60, float32(len(r.lines))*alertStep+12)
}

func (r *alertRenderer) Layout(size fyne.Size) {
	r.ground.Resize(size)
	r.bar.Resize(fyne.NewSize(3, size.Height))
	for i, t := range r.lines {
		kit.Place(t, 11, 6+float32(i)*alertStep, alertStep)
	}
}

func (r *alertRenderer) Refresh() {
	p := theme.Current()
	r.ground.FillColor, r.ground.CornerRadius = p.Raised, 2
	r.bar.FillColor = p.Level(theme.Level(r.a.level))
	texts := kit.Wrap(r.a.text, theme.TextSize, fyne.TextStyle{}, max(r.a.width-20, 60))
	if len(texts) > alertLines {
		texts = append(texts[:alertLines-1], "…")
	}
	r.lines = r.lines[:0]
	for _, text := range texts {
		r.lines = append(r.lines, kit.NewText(text, theme.TextSize, p.Text))
	}
	r.Layout(r.a.Size())
	canvas.Refresh(r.a)
}

func (r *alertRenderer) Objects() []fyne.CanvasObject {
	objects := []fyne.CanvasObject{r.ground, r.bar}
	for _, t := range r.lines {
		objects = append(objects, t)
	}
	return objects
}
func (r *alertRenderer) Destroy() {}
