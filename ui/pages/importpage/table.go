package importpage

import (
	"image/color"
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"kmscope/ui/kit"
	"kmscope/ui/paint"
	"kmscope/ui/shade"
	"kmscope/ui/surface"
	"kmscope/ui/theme"
)

// column is one column of a table. Its width is fixed, or a share of what is
// left.
type column struct {
	title        string
	width, share float32
	mono         bool
	// firm columns keep their width in a narrow table.
	firm bool
	// from is the width of the table from which on the column is shown.
	from float32
}

// hue picks a colour of the theme.
type hue func(theme.Palette) color.NRGBA

func plainHue(p theme.Palette) color.NRGBA { return p.Text }
func dimHue(p theme.Palette) color.NRGBA   { return p.Dim }
func okHue(p theme.Palette) color.NRGBA    { return p.OK }
func warnHue(p theme.Palette) color.NRGBA  { return p.Warning }
func badHue(p theme.Palette) color.NRGBA   { return p.Error }

type cell struct {
	text string
	hue  hue // nil: plainHue
}

// table is a virtual list of rows with columns and a head. It makes cells for
// the rows in view only.
type table struct {
	columns []column
	length  func() int
	cells   func(i int) []cell
	// chose is told that a person chose another row, opened that a row was opened
	// with Enter or a double click; nil is nothing.
	chose, opened func(i int)

	chosen int // -1: none
	near   int // the row at the cursor of the window; -1: none
	list   *kit.List
	object fyne.CanvasObject

	tapped   int
	tappedAt time.Time
}

func newTable(columns []column, length func() int, cells func(i int) []cell) *table {
	t := &table{columns: columns, length: length, cells: cells, chosen: -1, near: -1, tapped: -1}
	list, object := kit.NewList(length, func() fyne.CanvasObject { return newRowView(t.columns, false) }, t.fill)
	t.list = list
	t.list.OnKey = t.key
	t.list.OnFocus = func(bool) { t.list.Refresh() }
	t.object = container.NewBorder(newRowView(columns, true), nil, nil, nil, object)
	return t
}

func (t *table) fill(i widget.ListItemID, o fyne.CanvasObject) {
	v, ok := o.(*rowView)
	if !ok || i < 0 || i >= t.length() {
		return
	}
	v.set(t.cells(i), i == t.chosen, i == t.near, t.list.Focused(), func() { t.tap(i) })
}

// doubleTap is how soon a second tap must follow: the toolkit's own double taps
// would hold back every single one.
const doubleTap = 350 * time.Millisecond

func (t *table) tap(i int) {
	if c := fyne.CurrentApp().Driver().CanvasForObject(t.list); c != nil {
		c.Focus(t.list)
	}
	now := time.Now()
	if i == t.tapped && now.Sub(t.tappedAt) < doubleTap {
		t.tapped = -1
		if t.opened != nil {
			t.opened(i)
		}
		return
	}
	t.tapped, t.tappedAt = i, now
	t.choose(i)
}

// choose marks a row as a person would.
func (t *table) choose(i int) {
	if i < 0 || i >= t.length() {
		return
	}
	t.chosen = i
	t.list.Refresh()
	if t.chose != nil {
		t.chose(i)
	}
}

func (t *table) key(e *fyne.KeyEvent) bool {
	from := t.chosen
	if from < 0 {
		from = t.near
	}
	if to, moves := kit.Move(e.Name, from, t.length(), t.list.PageRows(theme.RowHeight)); moves {
		t.list.ScrollTo(to)
		t.choose(to)
		return true
	}
	if (e.Name == fyne.KeyReturn || e.Name == fyne.KeyEnter) && t.chosen >= 0 && t.chosen < t.length() && t.opened != nil {
		t.opened(t.chosen)
		return true
	}
	return false
}

// reset shows new rows, none of them chosen.
func (t *table) reset() {
	t.chosen, t.near, t.tapped = -1, -1, -1
	t.list.Refresh()
}

// show brings the row at the cursor of the window into view.
func (t *table) show(near int) {
	if near == t.near {
		return
	}
	t.near = near
	if near >= 0 {
		// Some rows before it say what led there.
		page := t.list.PageRows(theme.RowHeight)
		offset := t.list.GetScrollOffset()
		y := float32(near) * theme.RowHeight
		if y < offset || y+theme.RowHeight > offset+t.list.Size().Height {
			t.list.ScrollToOffset(max(y-float32(page/2)*theme.RowHeight, 0))
		}
	}
	t.list.Refresh()
}

const (
	rowPad  = 10
	cellGap = 10
)

// rowView draws one row of a table.
type rowView struct {
	widget.BaseWidget
	columns []column
	cells   []cell
	head    bool

	chosen, near, focused, hovered bool
	onTap                          func()
	dark                           bool // the theme that it was drawn in

	ground, rule, bar *shade.Plate
	texts             []*canvas.Text
}

var (
	_ fyne.Tappable     = (*rowView)(nil)
	_ desktop.Hoverable = (*rowView)(nil)
)

func newRowView(columns []column, head bool) *rowView {
	v := &rowView{columns: columns, head: head}
	for _, r := range []**shade.Plate{&v.ground, &v.rule, &v.bar} {
		*r = shade.NewPlate(0, 0)
	}
	for _, c := range columns {
		v.texts = append(v.texts, canvas.NewText("", color.Transparent))
		if head {
			v.cells = append(v.cells, cell{c.title, dimHue})
		}
	}
	v.ExtendBaseWidget(v)
	return v
}

func (v *rowView) set(cells []cell, chosen, near, focused bool, tap func()) {
	v.onTap = tap
	dark := theme.Current().Dark
	// The colours follow from the texts.
	if v.chosen == chosen && v.near == near && v.focused == focused && v.dark == dark &&
		slices.EqualFunc(v.cells, cells, func(a, b cell) bool { return a.text == b.text }) {
		return
	}
	v.cells, v.chosen, v.near, v.focused, v.dark = cells, chosen, near, focused, dark
	v.Refresh()
}

// Tapped implements fyne.Tappable.
func (v *rowView) Tapped(*fyne.PointEvent) {
	if v.onTap != nil {
		v.onTap()
	}
}

// MouseIn implements desktop.Hoverable.
func (v *rowView) MouseIn(*desktop.MouseEvent) { v.hovered = !v.head; v.Refresh() }

// MouseMoved implements desktop.Hoverable.
func (v *rowView) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (v *rowView) MouseOut() { v.hovered = false; v.Refresh() }

// CreateRenderer implements fyne.Widget.
func (v *rowView) CreateRenderer() fyne.WidgetRenderer {
	r := &rowRenderer{v: v, objects: []fyne.CanvasObject{v.ground.CanvasObject, v.rule.CanvasObject, v.bar.CanvasObject}}
	for _, t := range v.texts {
		r.objects = append(r.objects, t)
	}
	r.Refresh()
	return r
}

type rowRenderer struct {
	v       *rowView
	objects []fyne.CanvasObject
}

func (r *rowRenderer) MinSize() fyne.Size { return fyne.NewSize(200, theme.RowHeight) }

// least is what a column with a share keeps in a narrow window.
const least = 240

func (r *rowRenderer) Layout(size fyne.Size) {
	v := r.v
	v.ground.Resize(size)
	v.bar.Resize(fyne.NewSize(2, size.Height))
	v.rule.Move(fyne.NewPos(0, size.Height-1))
	v.rule.Resize(fyne.NewSize(size.Width, 1))
	width, fixed, firm, shares := size.Width-2*rowPad, float32(0), float32(0), float32(0)
	for _, c := range v.columns {
		if size.Width < c.from {
			continue
		}
		if c.firm {
			firm += c.width
		} else {
			fixed += c.width
		}
		shares += c.share
	}
	width -= firm
	f := float32(1)
	if fixed > 0 && width-fixed < least {
		f = max((width-least)/fixed, 0.55)
	}
	x := float32(rowPad)
	for i, t := range v.texts {
		c := v.columns[i]
		if size.Width < c.from {
			t.Hide()
			continue
		}
		w := c.width * f
		if c.firm {
			w = c.width
		}
		if c.share > 0 {
			w = max((width-fixed*f)*c.share/shares, 40)
		}
		if i < len(v.cells) && v.cells[i].text != "" {
			t.Text = face(c, v.head).Fit(v.cells[i].text, w-cellGap)
			t.Show()
			kit.Place(t, x, 0, size.Height)
		} else {
			t.Hide()
		}
		x += w
	}
}

func face(c column, head bool) *paint.Face {
	l := surface.CurrentLook()
	if c.mono && !head {
		return l.Mono.Face(theme.TextSize - 1)
	}
	if head {
		return l.Regular.Face(theme.TextSize - 1)
	}
	return l.Regular.Face(theme.TextSize)
}

func (r *rowRenderer) Refresh() {
	v, p := r.v, theme.Current()
	for i, t := range v.texts {
		mono := v.columns[i].mono && !v.head
		t.TextStyle, t.TextSize = fyne.TextStyle{Monospace: mono}, theme.TextSize
		if mono || v.head {
			t.TextSize = theme.TextSize - 1
		}
		t.Color = p.Text
		if i < len(v.cells) && v.cells[i].hue != nil {
			t.Color = v.cells[i].hue(p)
		}
	}
	var ground, bar color.NRGBA
	rule := p.Faint
	switch {
	case v.head:
		rule = p.Line
	case v.chosen:
		ground = p.Selection
	case v.near:
		ground = p.Hover
	case v.hovered:
		ground = p.Hover
	}
	switch {
	case v.near:
		bar = p.Error // the cursor is red everywhere
	case v.chosen && v.focused:
		bar = p.Accent
	}
	v.ground.SetFill(ground)
	v.bar.SetFill(bar)
	v.rule.SetFill(rule)
	r.Layout(v.Size())
	canvas.Refresh(v)
}

func (r *rowRenderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *rowRenderer) Destroy()                     {}
