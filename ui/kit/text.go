// Package kit holds the small widgets that the window is made of: dense, quiet,
// in the colours of ui/theme. All belong to the interface goroutine.
package kit

import (
	"image/color"
	"sync"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"kmscope/ui/theme"
)

// NewText makes a text of a size in a colour.
func NewText(text string, size float32, c color.Color) *canvas.Text {
	t := canvas.NewText(text, c)
	t.TextSize = size
	return t
}

// SetText changes a text only if it is another one: texts that are drawn anew
// fill the toolkit's cache of textures.
func SetText(t *canvas.Text, text string, c color.Color) {
	if t.Text == text && t.Color == c {
		return
	}
	t.Text, t.Color = text, c
	t.Refresh()
}

// widthKey identifies a measured text.
type widthKey struct {
	text  string
	size  float32
	style fyne.TextStyle
	font  string
}

var (
	widthMu sync.Mutex
	widths  = map[widthKey]float32{}
)

// maxWidths bounds the cache of measured texts, which is emptied when full.
const maxWidths = 8192

// TextWidth gives the width of a text.
func TextWidth(text string, size float32, style fyne.TextStyle) float32 {
	if text == "" {
		return 0
	}
	k := widthKey{text, size, style, ""}
	if a := fyne.CurrentApp(); a != nil {
		k.font = a.Settings().Theme().Font(style).Name()
	}
	widthMu.Lock()
	w, ok := widths[k]
	widthMu.Unlock()
	if ok {
		return w
	}
	w = fyne.MeasureText(text, size, style).Width
	widthMu.Lock()
	if len(widths) >= maxWidths {
		clear(widths)
	}
	widths[k] = w
	widthMu.Unlock()
	return w
}

// Elide shortens a text with an ellipsis so that it fits a width.
func Elide(text string, size float32, style fyne.TextStyle, width float32) string {
	if TextWidth(text, size, style) <= width {
		return text
	}
	r := []rune(text)
	lo, hi := 0, len(r)-1
	for lo < hi {
		mid := (lo + hi + 1) / 2
		if fyne.MeasureText(string(r[:mid])+"…", size, style).Width <= width {
			lo = mid
		} else {
			hi = mid - 1
		}
	}
	if lo == 0 {
		return ""
	}
	return string(r[:lo]) + "…"
}

// Wrap breaks a text into lines that fit a width, at spaces where it can.
func Wrap(text string, size float32, style fyne.TextStyle, width float32) []string {
	var lines []string
	for _, par := range splitLines(text) {
		r := []rune(par)
		for {
			if fyne.MeasureText(string(r), size, style).Width <= width || len(r) <= 1 {
				lines = append(lines, string(r))
				break
			}
			lo, hi := 1, len(r)-1
			for lo < hi {
				mid := (lo + hi + 1) / 2
				if fyne.MeasureText(string(r[:mid]), size, style).Width <= width {
					lo = mid
				} else {
					hi = mid - 1
				}
			}
			cut := lo
			for cut > lo/2 && (r[cut] != ' ' && r[cut-1] != ' ' && r[cut-1] != ',' && r[cut-1] != '/' || beforeUnit(r[cut:])) {
				cut--
			}
			if cut <= lo/2 {
				cut = lo
			}
			lines = append(lines, string(r[:cut]))
			for cut < len(r) && r[cut] == ' ' {
				cut++
			}
			r = r[cut:]
		}
	}
	return lines
}

// beforeUnit tells whether a text goes on with a unit, which stays with its number.
func beforeUnit(r []rune) bool {
	if len(r) > 0 && r[0] == ' ' {
		r = r[1:]
	}
	for _, unit := range []string{"%", "ms", "s", "bit/s", "kbit/s", "Mbit/s", "KiB", "MiB", "GiB"} {
		if u := []rune(unit); len(r) >= len(u) && string(r[:len(u)]) == unit && (len(r) == len(u) || !unicode.IsLetter(r[len(u)])) {
			return true
		}
	}
	return false
}

func splitLines(text string) []string {
	var lines []string
	start := 0
	for i := range len(text) {
		if text[i] == '\n' {
			lines = append(lines, text[start:i])
			start = i + 1
		}
	}
	return append(lines, text[start:])
}

// Place puts a text so that its middle is at the middle of a box of a height
// that begins at y, and gives the x after it.
func Place(t *canvas.Text, x, y, height float32) float32 {
	h := fyne.MeasureText("X", t.TextSize, t.TextStyle).Height
	w := TextWidth(t.Text, t.TextSize, t.TextStyle)
	t.Move(fyne.NewPos(x, y+(height-h)/2))
	t.Resize(fyne.NewSize(w, h))
	return x + w
}

// palette is short for the table in force.
func palette() theme.Palette { return theme.Current() }
