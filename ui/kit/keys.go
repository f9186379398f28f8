package kit

import (
	"fyne.io/fyne/v2"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// fallback takes the keys that the focused widget has no use for, such as F1.
var fallback func(*fyne.KeyEvent)

// OnUnhandled sets what happens to keys without a modifier that the focused
// widget has no use for: the toolkit gives them to that widget only.
func OnUnhandled(f func(*fyne.KeyEvent)) { fallback = f }

// Unhandled passes on a key that a widget has no use for.
func Unhandled(_ fyne.Focusable, e *fyne.KeyEvent) {
	if fallback != nil {
		fallback(e)
	}
}

// Entry is a text field that lets others have the keys that it does not use.
type Entry struct {
	widget.Entry
	// OnKey sees every key first; true is "taken".
	OnKey func(*fyne.KeyEvent) bool
	hints []string
}

// NewEntry makes a field of one line. What it says while it is empty is the first of
// the hints that has room, or a part of the last.
func NewEntry(hints ...string) *Entry {
	e := &Entry{hints: hints}
	if len(hints) > 0 {
		e.PlaceHolder = hints[0]
	}
	e.ExtendBaseWidget(e)
	return e
}

// Resize implements fyne.CanvasObject. The toolkit would let a hint scroll.
func (e *Entry) Resize(size fyne.Size) {
	room, hint := size.Width-2*fynetheme.InnerPadding(), ""
	for _, hint = range e.hints {
		if TextWidth(hint, fynetheme.TextSize(), fyne.TextStyle{}) <= room {
			break
		}
	}
	if hint = Elide(hint, fynetheme.TextSize(), fyne.TextStyle{}, room); hint != e.PlaceHolder {
		e.SetPlaceHolder(hint)
	}
	e.Entry.Resize(size)
}

// TypedKey implements fyne.Focusable.
func (e *Entry) TypedKey(k *fyne.KeyEvent) {
	if e.OnKey != nil && e.OnKey(k) {
		return
	}
	if k.Name == fyne.KeyF1 {
		Unhandled(e, k)
		return
	}
	e.Entry.TypedKey(k)
}
