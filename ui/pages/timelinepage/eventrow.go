package timelinepage

import (
	"image/color"
	"math"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"kmscope/inventory"
	"kmscope/timeline"
	"kmscope/ui/shade"
	"kmscope/ui/surface"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// The columns of the table of events, in window units.
const (
	columnTime   = 104
	columnServer = 120 // where there are several
	columnObject = 150
	columnType   = 214
	columnPad    = 8
)

// eventRow is one line of the table: a text a column, nothing else, for a table of
// a hundred thousand rows scrolls through these.
type eventRow struct {
	widget.BaseWidget
	cells [columns]string
	hues  [columns]color.NRGBA
	texts [columns]*canvas.Text
	rule  *shade.Plate
	brief string // the object where there is no room for its whole name
	ref   eventRef
	row   int
	tap   func(row int)
	menu  func(ref eventRef, at fyne.Position)
	head  bool // the line over the table: its colour is the theme's, whatever set says
	// several is set where the table has a column of servers.
	several bool
}

func newEventRow(tap func(int), menu func(eventRef, fyne.Position)) *eventRow {
	r := &eventRow{tap: tap, menu: menu}
	r.fill()
	r.ExtendBaseWidget(r)
	return r
}

// fill makes the parts.
func (r *eventRow) fill() {
	r.rule = shade.NewPlate(0, 0)
	for i := range r.texts {
		r.texts[i] = canvas.NewText("", color.Black)
		r.texts[i].TextSize = theme.TextSize
	}
	r.texts[0].TextStyle.Monospace = true
	r.texts[0].TextSize = theme.TextSize - 1
}

// set shows an entry; source is who tells of it, "" where nobody need say.
func (r *eventRow) set(p theme.Palette, e *event, source, at, name string, hue color.NRGBA) {
	text := e.Text
	if e.Late {
		text += "  (arrived late, put in order)"
	}
	cells := [columns]string{byTime: at, byObject: name, byType: e.Type, byText: text, byServer: source}
	several := source != ""
	hues := [columns]color.NRGBA{p.Dim, p.Dim, p.Text, p.Dim, hue}
	if e.Type == timeline.TypeOwn || e.Type == timeline.TypeControl {
		hues[byType] = p.Control
	}
	if r.cells == cells && r.hues == hues && r.several == several {
		return
	}
	kind := inventory.TypeOf(e.Object)
	r.brief = strings.Replace(name, kind, view.ShortType(kind), 1)
	r.cells, r.hues, r.several = cells, hues, several
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
		r.menu(r.ref, e.AbsolutePosition)
	}
}

// CreateRenderer implements fyne.Widget.
func (r *eventRow) CreateRenderer() fyne.WidgetRenderer {
	x := &eventRowRenderer{r}
	x.paint() // set may have been called before there was a renderer
	return x
}

type eventRowRenderer struct{ r *eventRow }

// wholeRows gives a list a height of whole rows: who follows the end would see the
// first one cut. What is left over stays empty below.
type wholeRows struct {
	height  float32
	resized func() // after the height changed
}

// Layout implements fyne.Layout.
func (l *wholeRows) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	rows := max(float32(math.Floor(float64((size.Height+theme.Grid)/theme.RowHeight))), 1)
	height := min(rows*theme.RowHeight-theme.Grid, size.Height)
	objects[0].Move(fyne.NewPos(0, 0))
	objects[0].Resize(fyne.NewSize(size.Width, height))
	if height != l.height {
		l.height = height
		l.resized()
	}
}

// MinSize implements fyne.Layout.
func (l *wholeRows) MinSize(objects []fyne.CanvasObject) fyne.Size { return objects[0].MinSize() }

// columnWidths gives the widths of the columns; that of the servers is there where
// there are several. What changed gets half of the table: in a narrow one the
// others give way.
func columnWidths(w float32, several bool) [columns]float32 {
	server, object, kind := float32(0), float32(columnObject), float32(columnType)
	if several {
		server = columnServer
	}
	f := min(max((w-columnTime)/2/(server+object+kind), 0.4), 1)
	server, object, kind = server*f, object*f, kind*f
	return [columns]float32{columnTime, server, object, kind, max(w-columnTime-server-object-kind, 40)}
}

func (x *eventRowRenderer) Layout(size fyne.Size) {
	at := float32(columnPad)
	l := surface.CurrentLook().Regular
	for i, w := range columnWidths(size.Width-2*columnPad, x.r.several) {
		t := x.r.texts[i]
		text := x.r.cells[i]
		if i > 0 && l != nil {
			if f := l.Face(theme.TextSize); column(i) == byObject && f.Width(text) > w-10 {
				text = f.Fit(x.r.brief, w-10)
			} else {
				text = f.Fit(text, w-10)
			}
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
		x.r.hues = [columns]color.NRGBA{dim, dim, dim, dim, dim}
	}
	for i, t := range x.r.texts {
		if t.Color != x.r.hues[i] {
			t.Color = x.r.hues[i]
			canvas.Refresh(t)
		}
	}
	x.r.rule.SetFill(theme.Current().Faint)
}

func (x *eventRowRenderer) Objects() []fyne.CanvasObject {
	out := []fyne.CanvasObject{x.r.rule.CanvasObject}
	for _, t := range x.r.texts {
		out = append(out, t)
	}
	return out
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
	h.brief = "Element"
	h.texts[0].TextStyle.Monospace = false
	h.texts[0].TextSize = theme.TextSize
	h.ExtendBaseWidget(h)
	h.show(byTime, false, "")
	return h
}

// show marks the column that the table is sorted by; source is the title of that
// of the servers, "" where there is none.
func (h *eventHead) show(c column, down bool, source string) {
	h.cells = [columns]string{"Time", "", "Element", "Type", "What changed"}
	h.several = source != ""
	h.cells[byServer] = source
	if c != byTime || down {
		h.cells[c] += map[bool]string{false: " ▴", true: " ▾"}[down]
	}
	h.Refresh()
}

// Tapped implements fyne.Tappable.
func (h *eventHead) Tapped(e *fyne.PointEvent) {
	at := float32(columnPad)
	for i, w := range columnWidths(h.Size().Width-2*columnPad, h.several) {
		if at += w; e.Position.X < at || column(i) == byText {
			h.sortBy(column(i))
			return
		}
	}
}
