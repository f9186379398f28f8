package negotiationpage

import (
	"image/color"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"kmscope/ui/kit"
	"kmscope/ui/paint"
	"kmscope/ui/shade"
	"kmscope/ui/surface"
	"kmscope/ui/theme"
)

const (
	rowPad  = 10
	cellGap = 8
	maxCell = 9 // most cells of a row
)

// leastShare is the least width of a whole share of what is left.
const leastShare = 120

// columnsAt gives x and width of the cells of a kind of row. In narrow windows columns
// that can be done without go, with a width of 0; then all fixed widths give way.
func columnsAt(kind rowKind, width float32) (x, w []float32) {
	cols := tableColumns[kind]
	gone := make([]bool, len(cols))
	width -= 2 * rowPad
	fixed, shares, least := float32(0), float32(0), float32(0)
	for _, c := range cols {
		fixed += c.width
		shares += c.share
		least += c.atLeast()
	}
	for k := 1; fixed+least > width; k++ {
		i := slices.IndexFunc(cols, func(c tableColumn) bool { return c.goes == k })
		if i < 0 {
			break
		}
		fixed -= cols[i].width
		gone[i] = true
	}
	f := float32(1)
	if fixed > 0 && width-fixed < least {
		f = max((width-least)/fixed, 0.5)
	}
	rest := max(width-fixed*f, 40)
	at := float32(rowPad)
	for i, c := range cols {
		cw := c.width * f
		switch {
		case gone[i]:
			x, w = append(x, at), append(w, 0)
			continue
		case c.share > 0 && rest > least:
			cw = c.atLeast() + (rest-least)*c.share/shares
		case c.share > 0:
			cw = rest * c.atLeast() / least
		}
		x, w = append(x, at), append(w, max(cw-cellGap, 4))
		at += cw
	}
	return x, w
}

// atLeast is what a share of the rest should not be narrower than.
func (c tableColumn) atLeast() float32 {
	if c.least > 0 {
		return c.least
	}
	return c.share * leastShare
}

// fitName fits the name of an endpoint. That it is gone is seen from its colour as well.
func fitName(f *paint.Face, name string, width float32) string {
	if f.Width(name) <= width {
		return name
	}
	return f.FitMiddle(strings.TrimSuffix(name, goneMark), width)
}

// faceOf gives the face that a cell is measured with.
func faceOf(c tableCell) *paint.Face {
	l := surface.CurrentLook()
	switch {
	case c.mono:
		return l.Mono.Face(theme.TextSize - 1)
	case c.bold:
		return l.Bold.Face(theme.TextSize)
	}
	return l.Regular.Face(theme.TextSize)
}

// wrapCell breaks a text at the width of the last column of a kind of row.
func wrapCell(kind rowKind, text string, width float32) []string {
	_, w := columnsAt(kind, width)
	face, room := faceOf(tableCell{}), w[len(w)-1]
	var lines []string
	r := []rune(text)
	for len(r) > 0 && len(lines) < maxLines {
		n := len(r)
		if face.Width(string(r)) > room {
			lo, hi := 1, len(r)
			for lo+1 < hi {
				if mid := (lo + hi) / 2; face.Width(string(r[:mid])) <= room {
					lo = mid
				} else {
					hi = mid
				}
			}
			n = lo
			for cut := lo; cut > lo/2; cut-- {
				if r[cut] == ' ' {
					n = cut
					break
				}
			}
		}
		lines = append(lines, string(r[:n]))
		for n < len(r) && r[n] == ' ' {
			n++
		}
		r = r[n:]
	}
	if len(r) > 0 {
		lines[len(lines)-1] += " …"
	}
	if len(lines) == 0 {
		return []string{""}
	}
	return lines
}

// maxLines bounds how many rows one text takes: the pane below has it all.
const maxLines = 6

// rowView draws one row of the page.
type rowView struct {
	widget.BaseWidget
	row             tableRow
	chosen, focused bool
	hovered         bool
	onTap           func(x float32)

	ground, left, right, rule, bar *shade.Plate
	texts                          [maxCell]*canvas.Text
}

var (
	_ fyne.Tappable     = (*rowView)(nil)
	_ desktop.Hoverable = (*rowView)(nil)
)

func newRowView() *rowView {
	v := &rowView{}
	for _, r := range []**shade.Plate{&v.ground, &v.left, &v.right, &v.rule, &v.bar} {
		*r = shade.NewPlate(0, 0)
	}
	for i := range v.texts {
		v.texts[i] = canvas.NewText("", color.Transparent)
	}
	v.ExtendBaseWidget(v)
	return v
}

func (v *rowView) set(r tableRow, chosen, focused bool, tap func(x float32)) {
	v.row, v.chosen, v.focused, v.onTap = r, chosen, focused, tap
	v.Refresh()
}

// Tapped implements fyne.Tappable.
func (v *rowView) Tapped(e *fyne.PointEvent) {
	if v.onTap != nil {
		v.onTap(e.Position.X)
	}
}

// MouseIn implements desktop.Hoverable.
func (v *rowView) MouseIn(e *desktop.MouseEvent) {
	v.hovered = true
	v.Refresh()
	if i := v.cellAt(e.Position.X); i >= 0 && v.texts[i].Text != v.row.cells[i].text && v.row.kind != rowSection {
		kit.ShowTip(v, v.row.cells[i].text, fyne.NewPos(e.Position.X, v.Size().Height+2))
	}
}

// cellAt gives the cell at x; -1 is none.
func (v *rowView) cellAt(x float32) int {
	at, w := columnsAt(v.row.kind, v.Size().Width)
	for i := range min(len(at), len(v.row.cells)) {
		if w[i] > 0 && x >= at[i] && x < at[i]+w[i]+cellGap {
			return i
		}
	}
	return -1
}

// MouseMoved implements desktop.Hoverable.
func (v *rowView) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (v *rowView) MouseOut() { v.hovered = false; v.Refresh(); kit.HideTip(v) }

// CreateRenderer implements fyne.Widget.
func (v *rowView) CreateRenderer() fyne.WidgetRenderer {
	r := &rowRenderer{v: v, objects: []fyne.CanvasObject{v.ground.CanvasObject, v.left.CanvasObject, v.right.CanvasObject, v.rule.CanvasObject, v.bar.CanvasObject}}
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

func (r *rowRenderer) Layout(size fyne.Size) {
	v := r.v
	v.ground.Resize(size)
	v.bar.Resize(fyne.NewSize(2, size.Height))
	v.rule.Move(fyne.NewPos(0, size.Height-1))
	v.rule.Resize(fyne.NewSize(size.Width, 1))
	x, w := columnsAt(v.row.kind, size.Width)
	if v.row.kind == rowSDP || v.row.kind == rowNote {
		v.left.Move(fyne.NewPos(x[1]-4, 0))
		v.left.Resize(fyne.NewSize(w[1]+4, size.Height))
		v.right.Move(fyne.NewPos(x[2]-4, 0))
		v.right.Resize(fyne.NewSize(w[2]+4, size.Height))
	}
	for i, t := range v.texts {
		if i >= len(v.row.cells) || v.row.cells[i].text == "" {
			t.Hide()
			continue
		}
		c := v.row.cells[i]
		text, at, room := c.text, float32(0), float32(0)
		switch {
		case v.row.kind == rowSection && i == 0:
			sign := "▾ "
			if v.row.folded {
				sign = "▸ "
			}
			text, at, room = sign+text, rowPad, size.Width
		case v.row.kind == rowSection:
			at = rowPad + faceOf(v.row.cells[0]).Width("▾ "+v.row.cells[0].text) + 14
			room = size.Width - at - rowPad
		case i < len(x):
			at, room = x[i], w[i]
			if room == 0 {
				t.Hide()
				continue
			}
			if v.row.kind == rowNote && i == 1 && v.row.cells[2].text == "" && (v.row.left == hueNone || v.row.right != hueNone) {
				room = w[1] + w[2] + cellGap
			}
			if v.row.kind == rowNote {
				at += 10
				room -= 10
			}
		}
		if t.Text = faceOf(c).Fit(text, room); v.row.kind == rowEndpoint && i == 0 {
			t.Text = fitName(faceOf(c), text, room)
		}
		t.Show()
		kit.Place(t, at, 0, size.Height)
	}
}

func (r *rowRenderer) Refresh() {
	v, p := r.v, theme.Current()
	for i := range v.texts {
		if i >= len(v.row.cells) {
			continue
		}
		c, t := v.row.cells[i], v.texts[i]
		t.Color, t.TextSize = c.hue.in(p), theme.TextSize
		t.TextStyle = fyne.TextStyle{Monospace: c.mono, Bold: c.bold}
		if c.mono || v.row.kind == rowNote || v.row.head {
			t.TextSize = theme.TextSize - 1
		}
	}
	var ground, bar, left, right, rule color.NRGBA
	switch {
	case v.chosen:
		ground = p.Selection
	case v.hovered && !v.row.head:
		ground = p.Hover
	case v.row.kind == rowSection:
		ground = p.Panel
	}
	if v.chosen && v.focused {
		bar = p.Accent
	}
	if v.row.left != hueNone {
		left = theme.Fade(v.row.left.in(p), 0.12)
	}
	if v.row.right != hueNone {
		right = theme.Fade(v.row.right.in(p), 0.12)
	}
	if v.row.head || v.row.kind == rowCandidate || v.row.kind == rowEndpoint || v.row.kind == rowPair || v.row.kind == rowMatrix {
		rule = p.Faint
	}
	v.ground.SetFill(ground)
	v.bar.SetFill(bar)
	v.left.SetFill(left)
	v.right.SetFill(right)
	v.rule.SetFill(rule)
	r.Layout(v.Size())
	canvas.Refresh(v)
}

func (r *rowRenderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *rowRenderer) Destroy()                     {}
