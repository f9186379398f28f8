package kit

import (
	"image/color"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"kmscope/ui/icon"
	"kmscope/ui/shade"
	"kmscope/ui/theme"
)

// Style is how loud a Button is.
type Style uint8

// The styles.
const (
	Framed  Style = iota // raised, with an outline
	Primary              // the one thing to do
	Flat                 // nothing but its text until the pointer is over it
)

// ButtonHeight is the height of a Button.
const ButtonHeight float32 = 28

// Button is a small button with an icon, a text, or both. Where it gets less than its
// MinSize, the text is cut with an ellipsis, and the tip has all of it.
type Button struct {
	widget.BaseWidget
	text     string
	icon     string
	tint     func(theme.Palette) color.NRGBA // of the icon; nil: as the text
	outline  func(theme.Palette) color.NRGBA // of text and outline; nil: as the style says
	style    Style
	caret    bool
	tip      string
	onTapped func()

	disabled, hovered, focused, pressed bool
}

var (
	_ fyne.Tappable       = (*Button)(nil)
	_ fyne.Focusable      = (*Button)(nil)
	_ desktop.Hoverable   = (*Button)(nil)
	_ desktop.Mouseable   = (*Button)(nil)
	_ desktop.Cursorable  = (*Button)(nil)
	_ fyne.WidgetRenderer = (*buttonRenderer)(nil)
)

// NewButton makes a button; iconName may be "".
func NewButton(style Style, iconName, text string, tapped func()) *Button {
	b := &Button{text: text, icon: iconName, style: style, onTapped: tapped}
	b.ExtendBaseWidget(b)
	return b
}

// WithCaret adds the sign of a menu.
func (b *Button) WithCaret() *Button { b.caret = true; return b }

// WithTip sets what is told when the pointer rests on it.
func (b *Button) WithTip(tip string) *Button { b.tip = tip; return b }

// WithTint gives the icon a colour of its own.
func (b *Button) WithTint(tint func(theme.Palette) color.NRGBA) *Button { b.tint = tint; return b }

// Set changes text and icon.
func (b *Button) Set(iconName, text string) {
	if b.icon != iconName || b.text != text {
		b.icon, b.text = iconName, text
		b.Refresh()
	}
}

// SetOutline gives text and outline a colour; nil takes it back.
func (b *Button) SetOutline(c func(theme.Palette) color.NRGBA) { b.outline = c; b.Refresh() }

// SetTip changes what is told when the pointer rests on it.
func (b *Button) SetTip(tip string) { b.tip = tip }

// SetEnabled makes it usable or not.
func (b *Button) SetEnabled(on bool) {
	if b.disabled == on {
		b.disabled = !on
		b.Refresh()
	}
}

// Enabled reports whether it can be used.
func (b *Button) Enabled() bool { return !b.disabled }

// Text gives the text.
func (b *Button) Text() string { return b.text }

// Tapped implements fyne.Tappable.
func (b *Button) Tapped(*fyne.PointEvent) {
	HideTip(b)
	if !b.disabled && b.onTapped != nil {
		b.onTapped()
	}
}

// MouseIn implements desktop.Hoverable.
func (b *Button) MouseIn(*desktop.MouseEvent) {
	b.hovered = true
	b.Refresh()
	tip := b.tip
	if b.text != "" && b.Size().Width < b.MinSize().Width { // its text is cut
		tip = strings.TrimSuffix(b.text+"\n"+tip, "\n")
	}
	ShowTip(b, tip, fyne.NewPos(0, b.Size().Height+4))
}

// MouseMoved implements desktop.Hoverable.
func (b *Button) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (b *Button) MouseOut() {
	b.hovered, b.pressed = false, false
	b.Refresh()
	HideTip(b)
}

// MouseDown implements desktop.Mouseable.
func (b *Button) MouseDown(*desktop.MouseEvent) { b.pressed = true; b.Refresh() }

// MouseUp implements desktop.Mouseable.
func (b *Button) MouseUp(*desktop.MouseEvent) { b.pressed = false; b.Refresh() }

// Cursor implements desktop.Cursorable.
func (b *Button) Cursor() desktop.Cursor { return desktop.DefaultCursor }

// FocusGained implements fyne.Focusable.
func (b *Button) FocusGained() { b.focused = true; b.Refresh() }

// FocusLost implements fyne.Focusable.
func (b *Button) FocusLost() { b.focused = false; b.Refresh() }

// TypedRune implements fyne.Focusable.
func (b *Button) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (b *Button) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		b.Tapped(nil)
	default:
		Unhandled(b, e)
	}
}

// CreateRenderer implements fyne.Widget.
func (b *Button) CreateRenderer() fyne.WidgetRenderer {
	r := &buttonRenderer{b: b, box: shade.NewPlate(theme.Radius, 1), over: shade.NewPlate(theme.Radius, 0),
		text: NewText("", theme.TextSize, color.Transparent), icon: icon.NewPicture("", color.NRGBA{}), caret: icon.NewPicture("", color.NRGBA{})}
	r.objects = []fyne.CanvasObject{r.box.CanvasObject, r.over.CanvasObject, r.icon.Raster, r.text, r.caret.Raster}
	r.Refresh()
	return r
}

type buttonRenderer struct {
	b           *Button
	box, over   *shade.Plate
	text        *canvas.Text
	icon, caret *icon.Picture
	objects     []fyne.CanvasObject
}

const (
	buttonPad = 10
	iconSide  = 14
	caretSide = 10
	iconGap   = 6
)

func (r *buttonRenderer) MinSize() fyne.Size {
	w := float32(2 * buttonPad)
	if r.b.text != "" {
		w += TextWidth(r.b.text, theme.TextSize, fyne.TextStyle{})
	}
	if r.b.icon != "" {
		w += iconSide
		if r.b.text != "" {
			w += iconGap
		}
	}
	if r.b.caret {
		w += iconGap + caretSide
	}
	if r.b.text == "" {
		w -= 6
	}
	return fyne.NewSize(float32(int(w+0.99)), ButtonHeight)
}

func (r *buttonRenderer) Layout(size fyne.Size) {
	r.box.Resize(size)
	r.over.Resize(size)
	x := float32(buttonPad)
	if r.b.text == "" {
		x -= 3
	}
	if extra := size.Width - r.MinSize().Width; extra > 0 {
		x += extra / 2
	}
	if r.b.icon != "" {
		r.icon.Move(fyne.NewPos(x, (size.Height-iconSide)/2))
		r.icon.Resize(fyne.NewSquareSize(iconSide))
		x += iconSide + iconGap
	}
	text := r.b.text
	if over := r.MinSize().Width - size.Width; over > 0 && size.Width > 0 {
		text = Elide(text, theme.TextSize, fyne.TextStyle{}, TextWidth(text, theme.TextSize, fyne.TextStyle{})-over)
	}
	if r.text.Text != text {
		r.text.Text = text
		r.text.Refresh()
	}
	x = Place(r.text, x, 0, size.Height)
	if r.b.caret {
		r.caret.Move(fyne.NewPos(x+iconGap, (size.Height-caretSide)/2+1))
		r.caret.Resize(fyne.NewSquareSize(caretSide))
	}
}

func (r *buttonRenderer) Refresh() {
	p, b := palette(), r.b
	fill, line, text := p.Raised, p.Line, p.Text
	switch b.style {
	case Primary:
		fill, line, text = p.Accent, p.Accent, p.OnAccent
	case Flat:
		fill, line, text = theme.Fade(p.Raised, 0), theme.Fade(p.Line, 0), p.Dim
		if b.hovered {
			text = p.Text
		}
	case Framed:
	}
	if b.outline != nil {
		line, text = b.outline(p), b.outline(p)
	}
	if b.disabled {
		text = theme.Fade(p.Dim, 0.6)
		if b.style == Primary {
			fill, line = p.Raised, p.Line
		}
	}
	if b.focused {
		line = p.Accent
		if b.style == Primary {
			line = p.Text
		}
	}
	over := theme.Fade(p.Hover, 0)
	if !b.disabled {
		if b.pressed {
			over = p.Pressed
		} else if b.hovered {
			over = p.Hover
		}
	}
	r.box.Set(fill, line)
	r.over.SetFill(over)
	r.text.Color = text
	tint := text
	if b.tint != nil && !b.disabled {
		tint = b.tint(p)
	}
	r.icon.Set(b.icon, tint)
	name := ""
	if b.caret {
		name = icon.Caret
	}
	r.caret.Set(name, text)
	r.Layout(b.Size())
	r.text.Refresh()
}

func (r *buttonRenderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *buttonRenderer) Destroy()                     {}

// Outlined gives the colour that SetOutline set; nil when none is.
func (b *Button) Outlined() func(theme.Palette) color.NRGBA { return b.outline }
