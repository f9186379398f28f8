package kit

import (
	"fyne.io/fyne/v2"
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
}

// NewEntry makes a field of one line.
func NewEntry(placeholder string) *Entry {
	e := &Entry{}
	e.PlaceHolder = placeholder
	e.ExtendBaseWidget(e)
	return e
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
