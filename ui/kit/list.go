package kit

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// dense is the theme in force without the distance that lists put between
// rows.
type dense struct{}

func (dense) Color(n fyne.ThemeColorName, v fyne.ThemeVariant) color.Color {
	return fyne.CurrentApp().Settings().Theme().Color(n, v)
}
func (dense) Font(s fyne.TextStyle) fyne.Resource {
	return fyne.CurrentApp().Settings().Theme().Font(s)
}
func (dense) Icon(n fyne.ThemeIconName) fyne.Resource {
	return fyne.CurrentApp().Settings().Theme().Icon(n)
}
func (dense) Size(n fyne.ThemeSizeName) float32 {
	if n == fynetheme.SizeNamePadding {
		return 0
	}
	return fyne.CurrentApp().Settings().Theme().Size(n)
}

// List is a virtual list of rows of one height without gaps. The rows draw
// their own selection and take their own clicks; the list takes the keys.
type List struct {
	widget.List
	// OnKey sees every key; false is "not taken".
	OnKey func(*fyne.KeyEvent) bool
	// OnFocus tells when the list gets or loses the keys.
	OnFocus func(bool)

	focused bool
}

// NewList makes a list; object is what goes into a container.
func NewList(length func() int, create func() fyne.CanvasObject, update func(int, fyne.CanvasObject)) (l *List, object fyne.CanvasObject) {
	l = &List{}
	l.Length, l.CreateItem, l.UpdateItem = length, create, update
	l.HideSeparators = true
	l.ExtendBaseWidget(l)
	return l, container.NewThemeOverride(l, dense{})
}

// Focused reports whether the list has the keys.
func (l *List) Focused() bool { return l.focused }

// FocusGained implements fyne.Focusable.
func (l *List) FocusGained() { l.focus(true) }

// FocusLost implements fyne.Focusable.
func (l *List) FocusLost() { l.focus(false) }

func (l *List) focus(on bool) {
	l.focused = on
	if l.OnFocus != nil {
		l.OnFocus(on)
	}
}

// TypedKey implements fyne.Focusable.
func (l *List) TypedKey(e *fyne.KeyEvent) {
	if l.OnKey == nil || !l.OnKey(e) {
		Unhandled(l, e)
	}
}

// TypedRune implements fyne.Focusable.
func (l *List) TypedRune(r rune) {
	if r == '?' {
		Unhandled(l, &fyne.KeyEvent{Name: fyne.KeyF1})
	}
}

// PageRows gives how many whole rows of a height are in view.
func (l *List) PageRows(rowHeight float32) int { return max(int(l.Size().Height/rowHeight), 1) }

// Move gives the row that a key moves to from a row (-1 is none), and whether
// the key moves at all.
func Move(key fyne.KeyName, from, length, page int) (to int, moves bool) {
	switch key {
	case fyne.KeyUp:
		to = from - 1
	case fyne.KeyDown:
		to = from + 1
	case fyne.KeyPageUp:
		to = from - page
	case fyne.KeyPageDown:
		to = from + page
	case fyne.KeyHome:
		to = 0
	case fyne.KeyEnd:
		to = length - 1
	default:
		return from, false
	}
	return min(max(to, 0), length-1), length > 0
}
