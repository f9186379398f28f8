package app

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"kmscope/ui/icon"
	"kmscope/ui/kit"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// lineKind says what a line of the inspector is.
type lineKind uint8

const (
	lineGap lineKind = iota
	lineHeader
	lineField
	lineDetail
	lineEmpty
	lineWide // a field's text over the whole width
	lineCode
)

// line is one row of the inspector's list.
type line struct {
	kind  lineKind
	field view.Field
	text  string
	open  bool
	first bool   // of the lines of a wide field
	id    string // of the section and field, for opening
}

const (
	lineHeight = 21
	lineLeft   = 12
	wideLeft   = lineLeft + 16 // of texts after a dot
)

// fieldRow draws one line of the inspector.
type fieldRow struct {
	widget.BaseWidget
	line    line
	hovered bool
	marked  bool // the keyboard is here
	onTap   func(line)
	onMenu  func(line, fyne.Position)
}

var (
	_ fyne.Tappable          = (*fieldRow)(nil)
	_ fyne.SecondaryTappable = (*fieldRow)(nil)
	_ desktop.Hoverable      = (*fieldRow)(nil)
	_ desktop.Cursorable     = (*fieldRow)(nil)
)

func (f *fieldRow) set(l line, marked bool) { f.line, f.marked = l, marked; f.Refresh() }

func (f *fieldRow) active() bool { return f.line.active() }

// active reports whether a line opens, or leads somewhere.
func (l line) active() bool {
	return (l.kind == lineField || l.kind == lineWide) && (l.field.Detail != "" || l.field.Target.Session != nil)
}

// stop reports whether the keyboard stops at a line.
func (l line) stop() bool {
	return l.kind == lineField || l.kind == lineWide && l.first || l.kind == lineCode
}

func (f *fieldRow) Tapped(*fyne.PointEvent) {
	if f.active() {
		f.onTap(f.line)
	}
}

func (f *fieldRow) TappedSecondary(e *fyne.PointEvent) {
	kit.HideTip(f)
	f.onMenu(f.line, e.AbsolutePosition)
}

func (f *fieldRow) Cursor() desktop.Cursor {
	if f.active() && f.line.field.Target.Session != nil {
		return desktop.PointerCursor
	}
	return desktop.DefaultCursor
}

func (f *fieldRow) MouseIn(e *desktop.MouseEvent) {
	f.hovered = true
	f.Refresh()
	if f.line.kind == lineCode && len(f.line.text) > 30 {
		kit.ShowTip(f, f.line.text, fyne.NewPos(e.Position.X, f.Size().Height+2))
	}
	if f.line.kind != lineField && f.line.kind != lineWide {
		return
	}
	text := f.line.field.Value
	if f.line.field.Key != "" {
		text = f.line.field.Key + ": " + text
	}
	if d := f.line.field.Detail; d != "" && !f.line.open {
		text += "\n" + d
	}
	if t := f.line.field.Target; t.Object != "" {
		text += "\n" + t.Object
	}
	kit.ShowTip(f, text, fyne.NewPos(e.Position.X, f.Size().Height+2))
}
func (f *fieldRow) MouseMoved(*desktop.MouseEvent) {}
func (f *fieldRow) MouseOut() {
	f.hovered = false
	f.Refresh()
	kit.HideTip(f)
}

func (f *fieldRow) CreateRenderer() fyne.WidgetRenderer {
	r := &fieldRowRenderer{f: f, ground: canvas.NewRectangle(color.Transparent), rule: canvas.NewRectangle(color.Transparent),
		key: kit.NewText("", theme.TextSize, color.Transparent), value: kit.NewText("", theme.TextSize, color.Transparent),
		dot: canvas.NewCircle(color.Transparent), more: icon.NewPicture("", color.NRGBA{})}
	r.objects = []fyne.CanvasObject{r.ground, r.rule, r.key, r.value, r.dot, r.more.Raster}
	r.Refresh()
	return r
}

type fieldRowRenderer struct {
	f            *fieldRow
	ground, rule *canvas.Rectangle
	key, value   *canvas.Text
	dot          *canvas.Circle
	more         *icon.Picture
	objects      []fyne.CanvasObject
}

func (r *fieldRowRenderer) MinSize() fyne.Size { return fyne.NewSize(80, lineHeight) }

// keyWidth is the width of the column of keys.
func keyWidth(width float32) float32 { return min(max(width*0.42, 84), 170) }

func (r *fieldRowRenderer) Layout(size fyne.Size) {
	l := r.f.line
	h := size.Height
	r.ground.Resize(size)
	r.rule.Move(fyne.NewPos(lineLeft, h/2))
	r.rule.Resize(fyne.NewSize(max(size.Width-2*lineLeft, 0), 1))
	switch l.kind {
	case lineField:
		x := float32(lineLeft)
		right := size.Width - 18
		if l.field.Key != "" || l.field.Value != "" {
			kw := keyWidth(size.Width)
			kit.SetText(r.key, kit.Elide(l.field.Key, r.key.TextSize, fyne.TextStyle{}, kw-8), r.key.Color)
			kit.Place(r.key, x, 0, h)
			x += kw
		}
		kit.SetText(r.value, kit.Elide(l.field.Value, r.value.TextSize, r.value.TextStyle, right-x), r.value.Color)
		kit.Place(r.value, x, 0, h)
		r.more.Move(fyne.NewPos(size.Width-17, (h-10)/2))
		r.more.Resize(fyne.NewSquareSize(10))
	case lineDetail:
		kit.Place(r.value, wideLeft, 0, h)
	case lineWide:
		r.dot.Move(fyne.NewPos(lineLeft, (h-8)/2))
		r.dot.Resize(fyne.NewSquareSize(8))
		kit.SetText(r.value, kit.Elide(l.text, r.value.TextSize, r.value.TextStyle, size.Width-wideLeft-18), r.value.Color)
		kit.Place(r.value, wideLeft, 0, h)
		r.more.Move(fyne.NewPos(size.Width-17, (h-10)/2))
		r.more.Resize(fyne.NewSquareSize(10))
	default:
		kit.Place(r.key, lineLeft, 0, h)
		kit.SetText(r.value, kit.Elide(l.text, r.value.TextSize, r.value.TextStyle, size.Width-2*lineLeft), r.value.Color)
		kit.Place(r.value, lineLeft, 0, h)
	}
}

func style(t *canvas.Text, size float32, s fyne.TextStyle) {
	if t.TextSize != size || t.TextStyle != s {
		t.TextSize, t.TextStyle = size, s
		t.Refresh()
	}
}

func (r *fieldRowRenderer) Refresh() {
	p, l := theme.Current(), r.f.line
	ground, rule := theme.Fade(p.Hover, 0), theme.Fade(p.Line, 0)
	key, value, more := "", "", ""
	dot := theme.Fade(p.Dim, 0)
	keyColour, valueColour := p.Dim, p.Text
	style(r.key, theme.TextSize, fyne.TextStyle{})
	switch l.kind {
	case lineGap:
		rule = p.Line
	case lineHeader:
		style(r.value, theme.CaptionSize, fyne.TextStyle{})
		value, valueColour = l.text, p.Dim
	case lineEmpty:
		style(r.value, theme.TextSize-1, fyne.TextStyle{})
		value, valueColour = l.text, p.Dim
	case lineDetail:
		style(r.value, theme.CaptionSize, fyne.TextStyle{})
		value, valueColour = l.text, p.Dim
	case lineCode:
		style(r.value, theme.CaptionSize, fyne.TextStyle{Monospace: true})
		value = l.text
	case lineWide:
		f := l.field
		style(r.value, theme.TextSize, fyne.TextStyle{Bold: l.first && f.Key != ""})
		value = l.text
		if f.Dim || f.Key != "" && !l.first {
			valueColour = p.Dim
		}
		if l.first && f.Level != view.Unknown {
			dot = p.Level(theme.Level(f.Level))
		}
		if r.f.hovered && r.f.active() {
			ground = p.Hover
			if l.first && f.Target.Session == nil && f.Detail != "" {
				more = icon.ChevronRight
			}
		}
		if l.open && l.first {
			more = icon.ChevronDown
		}
	case lineField:
		f := l.field
		size := theme.TextSize
		if f.Mono {
			size = theme.TextSize - 1
		}
		style(r.value, size, fyne.TextStyle{Monospace: f.Mono})
		key, value = f.Key, f.Value
		switch {
		case f.Target.Session != nil:
			valueColour = p.Accent
		case f.Level != view.Unknown:
			valueColour = p.Level(theme.Level(f.Level))
		case f.Dim:
			valueColour = p.Dim
		case f.Media != "":
			valueColour = p.Media(string(f.Media))
		}
		if r.f.hovered && r.f.active() {
			ground = p.Hover
		}
		if f.Detail != "" && (r.f.hovered || l.open) {
			more = icon.ChevronRight
			if l.open {
				more = icon.ChevronDown
			}
		}
	}
	if r.f.marked {
		ground = p.Selection
	}
	fill(r.ground, ground)
	fill(r.rule, rule)
	fillDot(r.dot, dot)
	r.more.Set(more, p.Dim)
	kit.SetText(r.key, key, keyColour)
	kit.SetText(r.value, value, valueColour)
	r.Layout(r.f.Size())
}

func (r *fieldRowRenderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *fieldRowRenderer) Destroy()                     {}
