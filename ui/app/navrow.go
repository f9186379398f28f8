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
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// navRow is one line of the navigator.
type navRow struct {
	widget.BaseWidget
	row      view.NavRow
	selected bool
	active   bool // the navigator has the keys
	hovered  bool
	onTap    func(view.NavRow)
	onToggle func(view.NavRow)
	onMenu   func(view.NavRow, fyne.Position)
}

var (
	_ fyne.Tappable          = (*navRow)(nil)
	_ fyne.SecondaryTappable = (*navRow)(nil)
	_ desktop.Hoverable      = (*navRow)(nil)
)

const (
	navIndent  = 16
	navLeft    = 6
	navChevron = 14
)

func (n *navRow) set(r view.NavRow, selected, active bool) {
	n.row, n.selected, n.active = r, selected, active
	n.Refresh()
}

// Tapped selects, or opens and closes where the chevron is.
func (n *navRow) Tapped(e *fyne.PointEvent) {
	left := float32(navLeft + n.row.Depth*navIndent)
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
	kit.ShowTip(n, text, fyne.NewPos(e.Position.X, n.Size().Height+2))
}
func (n *navRow) MouseMoved(*desktop.MouseEvent) {}
func (n *navRow) MouseOut() {
	n.hovered = false
	n.Refresh()
	kit.HideTip(n)
}

func (n *navRow) CreateRenderer() fyne.WidgetRenderer {
	r := &navRowRenderer{n: n, ground: canvas.NewRectangle(color.Transparent), mark: canvas.NewRectangle(color.Transparent),
		chevron: icon.NewPicture("", color.NRGBA{}), icon: icon.NewPicture("", color.NRGBA{}), gear: icon.NewPicture("", color.NRGBA{}),
		dot:   canvas.NewCircle(color.Transparent),
		label: kit.NewText("", theme.TextSize, color.Transparent), note: kit.NewText("", theme.TextSize-1, color.Transparent),
		badge: canvas.NewRectangle(color.Transparent), count: kit.NewText("", theme.CaptionSize, color.Transparent)}
	r.badge.CornerRadius = 7
	r.objects = []fyne.CanvasObject{r.ground, r.mark, r.chevron.Raster, r.dot, r.icon.Raster, r.label, r.note, r.gear.Raster, r.badge, r.count}
	r.Refresh()
	return r
}

type navRowRenderer struct {
	n                   *navRow
	ground, mark, badge *canvas.Rectangle
	chevron, icon, gear *icon.Picture
	dot                 *canvas.Circle
	label, note, count  *canvas.Text
	objects             []fyne.CanvasObject
}

func (r *navRowRenderer) MinSize() fyne.Size { return fyne.NewSize(100, theme.RowHeight) }

func (r *navRowRenderer) Layout(size fyne.Size) {
	row := r.n.row
	h := size.Height
	r.ground.Resize(size)
	r.mark.Resize(fyne.NewSize(2, h))
	x := float32(navLeft + row.Depth*navIndent)
	r.chevron.Move(fyne.NewPos(x+1, (h-12)/2))
	r.chevron.Resize(fyne.NewSquareSize(12))
	x += navChevron + 2
	r.dot.Move(fyne.NewPos(x, (h-8)/2))
	r.dot.Resize(fyne.NewSquareSize(8))
	x += 14
	r.icon.Move(fyne.NewPos(x, (h-14)/2))
	r.icon.Resize(fyne.NewSquareSize(14))
	x += 20
	right := size.Width - 8
	if row.Badge > 0 {
		w := max(kit.TextWidth(r.count.Text, theme.CaptionSize, fyne.TextStyle{})+8, 16)
		right -= w
		r.badge.Move(fyne.NewPos(right, (h-14)/2))
		r.badge.Resize(fyne.NewSize(w, 14))
		kit.Place(r.count, right+(w-kit.TextWidth(r.count.Text, theme.CaptionSize, fyne.TextStyle{}))/2, 0, h)
		right -= 6
	}
	if row.Transcoding {
		right -= 14
	}
	// The name has the first claim to the width, the note the second.
	kit.SetText(r.label, kit.Elide(row.Label, theme.TextSize, r.label.TextStyle, right-x), r.label.Color)
	x = kit.Place(r.label, x, 0, h) + 8
	note := ""
	if right-x > 24 {
		note = kit.Elide(row.Note, theme.TextSize-1, fyne.TextStyle{}, right-x)
		if note != row.Note && len(note) < 6 {
			note = "" // two letters say nothing
		}
	}
	kit.SetText(r.note, note, r.note.Color)
	x = kit.Place(r.note, x, 0, h)
	if note == "" {
		x -= 8
	}
	r.gear.Move(fyne.NewPos(x+6, (h-12)/2))
	r.gear.Resize(fyne.NewSquareSize(12))
}

func (r *navRowRenderer) Refresh() {
	p, n := theme.Current(), r.n
	row := n.row
	ground, mark := theme.Fade(p.Hover, 0), theme.Fade(p.Accent, 0)
	switch {
	case n.selected:
		ground = p.Selection
		if n.active {
			mark = p.Accent
		}
	case n.hovered:
		ground = p.Hover
	}
	fill(r.ground, ground)
	fill(r.mark, mark)
	chevron := ""
	if row.Children {
		chevron = icon.ChevronRight
		if row.Open {
			chevron = icon.ChevronDown
		}
	}
	r.chevron.Set(chevron, p.Dim)
	dot := p.Level(theme.Level(row.Level))
	text, dim := p.Text, p.Dim
	if row.Dead {
		text, dim = theme.Fade(p.Dim, 0.8), theme.Fade(p.Dim, 0.7)
		dot = theme.Fade(p.Dim, 0.5)
	}
	fillDot(r.dot, dot)
	name := icon.Of(row.Kind)
	if row.Server {
		name = icon.Server
	}
	r.icon.Set(name, dim)
	if bold := row.Server; r.label.TextStyle.Bold != bold {
		r.label.TextStyle.Bold = bold
		r.label.Refresh()
	}
	kit.SetText(r.label, r.label.Text, text)
	note := dim
	if row.Control {
		note = p.Control
	}
	kit.SetText(r.note, r.note.Text, note)
	gear := ""
	if row.Transcoding {
		gear = icon.Gear
	}
	r.gear.Set(gear, p.Warning)
	count, badge := "", theme.Fade(p.Error, 0)
	if row.Badge > 0 {
		count, badge = strconv.Itoa(row.Badge), p.Error
		if row.Badge > 999 {
			count = "999+"
		}
	}
	fill(r.badge, badge)
	kit.SetText(r.count, count, p.OnAccent)
	r.Layout(n.Size())
}

func (r *navRowRenderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *navRowRenderer) Destroy()                     {}

func fill(r *canvas.Rectangle, c color.NRGBA) {
	if want := kit.Seen(c); r.FillColor != want {
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
