package app

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"kmscope/ui/icon"
	"kmscope/ui/kit"
	"kmscope/ui/surface"
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
	lineWide  // a field's text over the whole width
	lineValue // the value of a field, below its key or alone
	lineCode
)

// line is one row of the inspector's list.
type line struct {
	kind  lineKind
	field view.Field
	text  string
	open  bool
	first bool   // of the lines of a wide field
	bare  bool   // a field of which this is the key alone
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
	slip    *surface.Slip
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
	_ fyne.Accessible        = (*fieldRow)(nil)
	_ desktop.Cursorable     = (*fieldRow)(nil)
)

func (f *fieldRow) set(l line, marked bool) { f.line, f.marked = l, marked; f.Refresh() }

func (f *fieldRow) active() bool { return f.line.active() }

// active reports whether a line opens, or leads somewhere.
func (l line) active() bool {
	return l.ofField() && (l.field.Detail != "" || l.field.Target.Session != nil)
}

// ofField reports whether a line has to do with one field.
func (l line) ofField() bool {
	return l.kind == lineField || l.kind == lineWide || l.kind == lineValue
}

// stop reports whether the keyboard stops at a line.
func (l line) stop() bool {
	return l.kind == lineField || l.kind == lineWide && l.first || l.kind == lineValue && l.field.Key == "" || l.kind == lineCode
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
	if !f.line.ofField() {
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
	f.slip = surface.NewSlip()
	r := &fieldRowRenderer{f}
	r.Refresh()
	return r
}

// AccessibilityLabel implements fyne.Accessible.
func (f *fieldRow) AccessibilityLabel() string {
	if f.slip == nil {
		return ""
	}
	return f.slip.String()
}

// AccessibilityRole implements fyne.Accessible.
func (f *fieldRow) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

type fieldRowRenderer struct{ f *fieldRow }

func (r *fieldRowRenderer) MinSize() fyne.Size { return fyne.NewSize(80, lineHeight) }

// keyWidth is the width of the column of keys.
func keyWidth(width float32) float32 { return min(max(width*0.42, 84), 170) }

func (r *fieldRowRenderer) Layout(fyne.Size) { r.Refresh() }

func (r *fieldRowRenderer) Refresh() {
	p, f, s := theme.Current(), r.f, r.f.slip
	l, width := f.line, f.Size().Width
	ground := color.NRGBA{}
	switch {
	case f.marked:
		ground = p.Selection
	case f.hovered && f.active():
		ground = p.Hover
	}
	s.Begin(f, ground, color.NRGBA{})
	defer s.End()
	plain := fyne.TextStyle{}
	all := width - 2*lineLeft
	switch l.kind {
	case lineGap:
		s.Pill(lineLeft, max(all, 0), 1, p.Line)
	case lineHeader:
		s.Text(lineLeft, s.Fit(l.text, theme.CaptionSize, plain, all), theme.CaptionSize, plain, p.Dim)
	case lineEmpty:
		s.Text(lineLeft, s.Fit(l.text, theme.TextSize-1, plain, all), theme.TextSize-1, plain, p.Dim)
	case lineDetail:
		s.Text(wideLeft, l.text, theme.CaptionSize, plain, p.Dim)
	case lineCode:
		mono := fyne.TextStyle{Monospace: true}
		s.Text(lineLeft, s.Fit(l.text, theme.CaptionSize, mono, all), theme.CaptionSize, mono, p.Text)
	case lineWide:
		r.wide(p, l, width)
	case lineField:
		r.field(p, l, width)
	case lineValue:
		r.value(p, l.field, lineLeft, width)
	}
	s.Icon(width-17, 10, f.chevron(), p.Dim)
}

// chevron says that a line opens, or is open.
func (f *fieldRow) chevron() string {
	l := f.line
	opens := l.field.Detail != ""
	switch l.kind {
	case lineWide:
		opens = l.first && (l.open || opens && l.field.Target.Session == nil)
	case lineField:
		opens = opens && !l.bare
	case lineValue:
	default:
		return ""
	}
	switch {
	case opens && l.open:
		return icon.ChevronDown
	case opens && f.hovered:
		return icon.ChevronRight
	}
	return ""
}

// wide writes a line of a field that has the whole width. It was broken to fit.
func (r *fieldRowRenderer) wide(p theme.Palette, l line, width float32) {
	c, style := p.Text, fyne.TextStyle{Bold: l.first && l.field.Key != ""}
	if l.field.Dim || l.field.Key != "" && !l.first {
		c = p.Dim
	}
	if l.first && l.field.Level != view.Unknown {
		r.f.slip.Pill(lineLeft, 8, 8, p.Level(theme.Level(l.field.Level)))
	}
	fit := r.f.slip.Fit
	if style.Bold {
		fit = r.f.slip.FitMiddle // a name
	}
	r.f.slip.Text(wideLeft, fit(l.text, theme.TextSize, style, width-wideLeft-16), theme.TextSize, style, c)
}

// field writes a key and its value, or the key alone.
func (r *fieldRowRenderer) field(p theme.Palette, l line, width float32) {
	s, f, x := r.f.slip, l.field, float32(lineLeft)
	if l.bare {
		s.Text(x, s.Fit(f.Key, theme.TextSize, fyne.TextStyle{}, width-x-keyGap), theme.TextSize, fyne.TextStyle{}, p.Dim)
		return
	}
	if width < rightBelow {
		s.Text(x, s.Fit(f.Key, theme.TextSize, fyne.TextStyle{}, width-x-valueEdge), theme.TextSize, fyne.TextStyle{}, p.Dim)
		r.value(p, f, x, width)
		return
	}
	if f.Key != "" || f.Value != "" {
		kw := keyWidth(width)
		s.Text(x, s.Fit(f.Key, theme.TextSize, fyne.TextStyle{}, kw-keyGap), theme.TextSize, fyne.TextStyle{}, p.Dim)
		x += kw
	}
	r.value(p, f, x, width)
}

// keyGap is between a key and its value, and valueEdge between a value and the edge.
const (
	keyGap    = 8
	valueEdge = 18
)

// face gives size and style of a value.
func face(f view.Field) (size float32, style fyne.TextStyle) {
	if f.Mono {
		return theme.TextSize - 1, fyne.TextStyle{Monospace: true}
	}
	return theme.TextSize, fyne.TextStyle{}
}

// value writes a value from x on; one that stands alone begins where the others do, or
// before that as far as it needs. In a narrow column it stands at the right edge.
func (r *fieldRowRenderer) value(p theme.Palette, f view.Field, x, width float32) {
	c := p.Text
	size, style := face(f)
	switch {
	case f.Target.Session != nil:
		c = p.Accent
	case f.Level != view.Unknown:
		c = p.Level(theme.Level(f.Level))
	case f.Dim:
		c = p.Dim
	case f.Media != "":
		c = p.Media(string(f.Media))
	}
	fit := r.f.slip.Fit
	if f.Target.Session != nil {
		fit = r.f.slip.FitMiddle // the name of an object
	}
	text := fit(f.Value, size, style, width-valueEdge-x)
	if right := width - valueEdge - r.f.slip.Width(text, size, style); width < rightBelow {
		x = max(x, right)
	} else if r.f.line.kind == lineValue {
		x = max(x, min(right, lineLeft+keyWidth(width)))
	}
	r.f.slip.Text(x, text, size, style, c)
}

func (r *fieldRowRenderer) Objects() []fyne.CanvasObject { return r.f.slip.Objects() }
func (r *fieldRowRenderer) Destroy()                     {}
