package app

import (
	"image/color"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"kmscope/ui/icon"
	"kmscope/ui/kit"
	"kmscope/ui/shade"
	"kmscope/ui/surface"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// navRow is one line of the navigator.
type navRow struct {
	widget.BaseWidget
	slip     *surface.Slip
	row      view.NavRow
	selected bool
	active   bool // the navigator has the keys
	hovered  bool
	cut      bool // there is no room for the whole name
	onTap    func(view.NavRow)
	onToggle func(view.NavRow)
	onMenu   func(view.NavRow, fyne.Position)
}

var (
	_ fyne.Tappable          = (*navRow)(nil)
	_ fyne.SecondaryTappable = (*navRow)(nil)
	_ desktop.Hoverable      = (*navRow)(nil)
	_ fyne.Accessible        = (*navRow)(nil)
)

const (
	navIndent  = 16
	navLeft    = 6
	navChevron = 14
	// In a tree narrower than navNarrow the levels are less far apart: names need
	// the room.
	navNarrow       = 220
	navNarrowIndent = 10
)

// left is where a row begins.
func (n *navRow) left() float32 {
	if n.Size().Width < navNarrow {
		return float32(navLeft + n.row.Depth*navNarrowIndent)
	}
	return float32(navLeft + n.row.Depth*navIndent)
}

func (n *navRow) set(r view.NavRow, selected, active bool) {
	n.row, n.selected, n.active = r, selected, active
	n.Refresh()
}

// Tapped selects, or opens and closes where the chevron is.
func (n *navRow) Tapped(e *fyne.PointEvent) {
	left := n.left()
	if n.row.Children && e.Position.X >= left-4 && e.Position.X < left+navChevron+2 {
		n.onToggle(n.row)
		return
	}
	n.onTap(n.row)
}

func (n *navRow) TappedSecondary(e *fyne.PointEvent) {
	kit.HideTip(n)
	n.onTap(n.row)
	n.onMenu(n.row, e.AbsolutePosition)
}

func (n *navRow) MouseIn(e *desktop.MouseEvent) {
	n.hovered = true
	n.Refresh()
	text := n.row.Object
	if n.row.Server {
		text = n.row.Session.URL()
	}
	if n.cut {
		text = n.row.Label + "\n" + text
		if n.row.Transcoding {
			text += "\ntranscoding"
		}
	}
	kit.ShowTip(n, text, fyne.NewPos(e.Position.X, n.Size().Height+2))
}
func (n *navRow) MouseMoved(*desktop.MouseEvent) {}
func (n *navRow) MouseOut() {
	n.hovered = false
	n.Refresh()
	kit.HideTip(n)
}

func (n *navRow) CreateRenderer() fyne.WidgetRenderer {
	n.slip = surface.NewSlip()
	r := &navRowRenderer{n}
	r.Refresh()
	return r
}

// AccessibilityLabel implements fyne.Accessible.
func (n *navRow) AccessibilityLabel() string {
	if n.slip == nil {
		return ""
	}
	return n.slip.String()
}

// AccessibilityRole implements fyne.Accessible.
func (n *navRow) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

type navRowRenderer struct{ n *navRow }

func (r *navRowRenderer) MinSize() fyne.Size { return fyne.NewSize(100, theme.RowHeight) }

func (r *navRowRenderer) Layout(fyne.Size) { r.Refresh() }

// look gives the colours of the whole row and of the bar at its left.
func (n *navRow) look(p theme.Palette) (ground, mark color.NRGBA) {
	switch {
	case n.selected && n.active:
		return p.Selection, p.Accent
	case n.selected:
		return p.Selection, color.NRGBA{}
	case n.hovered:
		return p.Hover, color.NRGBA{}
	}
	return color.NRGBA{}, color.NRGBA{}
}

func (r *navRowRenderer) Refresh() {
	p, row, s := theme.Current(), r.n.row, r.n.slip
	ground, mark := r.n.look(p)
	text, dim, dot := p.Text, p.Dim, p.Level(theme.Level(row.Level))
	if row.Dead {
		text, dot = p.Dim, theme.Fade(p.Dim, 0.5)
	}
	s.Begin(r.n, ground, mark)
	defer s.End()
	x, right := r.n.left(), r.n.Size().Width-8
	if row.Children {
		chevron := icon.ChevronRight
		if row.Open {
			chevron = icon.ChevronDown
		}
		s.Icon(x+1, 12, chevron, p.Dim)
	}
	x += navChevron + 2
	s.Pill(x, 8, 8, dot)
	x += 14
	kind := icon.Of(row.Kind)
	if row.Server {
		kind = icon.Server
	}
	s.Icon(x, 14, kind, dim)
	x += 20
	if row.Badge > 0 {
		count := strconv.Itoa(row.Badge)
		if row.Badge > 999 {
			count = "999+"
		}
		w := s.Width(count, theme.CaptionSize, fyne.TextStyle{})
		wide := max(w+8, 16)
		right -= wide
		s.Pill(right, wide, 14, p.Error)
		s.Text(right+(wide-w)/2, count, theme.CaptionSize, fyne.TextStyle{}, p.OnAccent)
		right -= 6
	}
	// The name has the first claim to the width, then the gear, then the note.
	style := fyne.TextStyle{Bold: row.Server}
	gear := row.Transcoding && x+s.Width(row.Label, theme.TextSize, style) <= right-14
	if gear {
		right -= 14
	}
	label := s.Fit(row.Label, theme.TextSize, style, right-x)
	r.n.cut = label != row.Label
	x = s.Text(x, label, theme.TextSize, style, text)
	if room := right - x - 8; room > 24 {
		note, colour := s.Fit(row.Note, theme.TextSize-1, fyne.TextStyle{}, room), dim
		if row.Control {
			colour = p.Control
		}
		if note == row.Note || len(note) >= 6 { // two letters say nothing
			x = s.Text(x+8, note, theme.TextSize-1, fyne.TextStyle{}, colour)
		}
	}
	if gear {
		s.Icon(x+6, 12, icon.Gear, p.Warning)
	}
}

func (r *navRowRenderer) Objects() []fyne.CanvasObject { return r.n.slip.Objects() }
func (r *navRowRenderer) Destroy()                     {}

func fill(r *canvas.Rectangle, c color.NRGBA) {
	if want := shade.Seen(c); r.FillColor != want {
		r.FillColor = want
		r.Refresh()
	}
}

// fillDot hides a dot without a colour: the toolkit would draw it, pixel by pixel.
func fillDot(d *canvas.Circle, c color.NRGBA) {
	visible(d, c.A > 0)
	if d.FillColor != c {
		d.FillColor = c
		d.Refresh()
	}
}
