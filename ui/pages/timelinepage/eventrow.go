package timelinepage

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"kmscope/timeline"
	"kmscope/ui/surface"
	"kmscope/ui/theme"
)

// The columns of the table of events, in window units.
const (
	columnTime   = 104
	columnObject = 150
	columnType   = 214
	columnPad    = 8
)

// eventRow is one line of the table: four texts, nothing else, for a table of
// a hundred thousand rows scrolls through these.
type eventRow struct {
	widget.BaseWidget
	cells [4]string
	hues  [4]color.NRGBA
	texts [4]*canvas.Text
	rule  *canvas.Rectangle
	seq   uint64
	row   int
	tap   func(row int)
	menu  func(seq uint64, at fyne.Position)
	head  bool // the line over the table: its colour is the theme's, whatever set says
}

func newEventRow(tap func(int), menu func(uint64, fyne.Position)) *eventRow {
	r := &eventRow{tap: tap, menu: menu}
	r.fill()
	r.ExtendBaseWidget(r)
	return r
}

// fill makes the parts.
func (r *eventRow) fill() {
	r.rule = canvas.NewRectangle(color.Transparent)
	for i := range r.texts {
		r.texts[i] = canvas.NewText("", color.Black)
		r.texts[i].TextSize = theme.TextSize
	}
	r.texts[0].TextStyle.Monospace = true
	r.texts[0].TextSize = theme.TextSize - 1
}

// set shows an entry.
func (r *eventRow) set(p theme.Palette, e *timeline.Entry, at, name string, hue color.NRGBA) {
	text := e.Text
	if e.Late {
		text += "  (arrived late, put in order)"
	}
	cells := [4]string{at, name, e.Type, text}
	hues := [4]color.NRGBA{p.Dim, p.Text, p.Dim, hue}
	if e.Type == timeline.TypeOwn || e.Type == timeline.TypeControl {
		hues[2] = p.Control
	}
	if r.cells == cells && r.hues == hues {
		return
	}
	r.cells, r.hues = cells, hues
	r.Refresh()
}

// Tapped implements fyne.Tappable: who takes the one button gets the other, too,
// and the list none.
func (r *eventRow) Tapped(*fyne.PointEvent) {
	if r.tap != nil {
		r.tap(r.row)
	}
}

// TappedSecondary implements fyne.SecondaryTappable.
func (r *eventRow) TappedSecondary(e *fyne.PointEvent) {
	if r.menu != nil {
		r.menu(r.seq, e.AbsolutePosition)
	}
}

// CreateRenderer implements fyne.Widget.
func (r *eventRow) CreateRenderer() fyne.WidgetRenderer {
	x := &eventRowRenderer{r}
	x.paint() // set may have been called before there was a renderer
	return x
}

type eventRowRenderer struct{ r *eventRow }

// columnWidths gives the widths of the four columns; narrow windows take from
// the middle ones.
func columnWidths(w float32) [4]float32 {
	object, kind := float32(columnObject), float32(columnType)
	if w < 760 {
		f := max((w-columnTime)/(760-columnTime), 0.4)
		object, kind = object*f, kind*f
	}
	return [4]float32{columnTime, object, kind, max(w-columnTime-object-kind, 40)}
}

func (x *eventRowRenderer) Layout(size fyne.Size) {
	at := float32(columnPad)
	l := surface.CurrentLook().Regular
	for i, w := range columnWidths(size.Width - 2*columnPad) {
		t := x.r.texts[i]
		text := x.r.cells[i]
		if i > 0 && l != nil {
			text = l.Face(theme.TextSize).Fit(text, w-10)
		}
		if t.Text != text {
			t.Text = text
			canvas.Refresh(t)
		}
		m := t.MinSize()
		t.Move(fyne.NewPos(at, (size.Height-m.Height)/2))
		t.Resize(m)
		at += w
	}
	x.r.rule.Move(fyne.NewPos(0, size.Height-1))
	x.r.rule.Resize(fyne.NewSize(size.Width, 1))
}

// MinSize leaves out the distance that the list puts between its rows.
func (x *eventRowRenderer) MinSize() fyne.Size { return fyne.NewSize(300, theme.RowHeight-theme.Grid) }

func (x *eventRowRenderer) Refresh() {
	x.paint()
	x.Layout(x.r.Size())
}

func (x *eventRowRenderer) paint() {
	surface.CurrentLook()
	if dim := theme.Current().Dim; x.r.head {
		x.r.hues = [4]color.NRGBA{dim, dim, dim, dim}
	}
	for i, t := range x.r.texts {
		if t.Color != x.r.hues[i] {
			t.Color = x.r.hues[i]
			canvas.Refresh(t)
		}
	}
	if faint := theme.Current().Faint; x.r.rule.FillColor != faint {
		x.r.rule.FillColor = faint
		canvas.Refresh(x.r.rule)
	}
}

func (x *eventRowRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{x.r.rule, x.r.texts[0], x.r.texts[1], x.r.texts[2], x.r.texts[3]}
}

func (x *eventRowRenderer) Destroy() {}

// eventHead is the line over the table; a click on a column sorts by it.
type eventHead struct {
	eventRow
	sortBy func(column)
}

func newEventHead(sortBy func(column)) *eventHead {
	h := &eventHead{sortBy: sortBy}
	h.fill()
	h.head = true
	h.texts[0].TextStyle.Monospace = false
	h.texts[0].TextSize = theme.TextSize
	h.ExtendBaseWidget(h)
	h.show(byTime, false)
	return h
}

// show marks the column that the table is sorted by.
func (h *eventHead) show(c column, down bool) {
	h.cells = [4]string{"Time", "Object", "Type", "What changed"}
	if c != byTime || down {
		h.cells[c] += map[bool]string{false: " ▴", true: " ▾"}[down]
	}
	h.Refresh()
}

// Tapped implements fyne.Tappable.
func (h *eventHead) Tapped(e *fyne.PointEvent) {
	at := float32(columnPad)
	for i, w := range columnWidths(h.Size().Width - 2*columnPad) {
		if at += w; e.Position.X < at || i == 3 {
			h.sortBy(column(i))
			return
		}
	}
}
