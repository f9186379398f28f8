package surface

import (
	"image/color"

	"fyne.io/fyne/v2"
	fynetheme "fyne.io/fyne/v2/theme"

	"kmscope/inventory"
	"kmscope/ui/paint"
	"kmscope/ui/theme"
)

// Look is what the painted parts of the pages take from the theme: the colours
// and the fonts. It belongs to the interface goroutine.
type Look struct {
	theme.Palette
	Regular, Bold, Mono *paint.Typeface
}

// fonts are shared by all painted parts: their glyph masks are too.
var fonts struct{ regular, bold, mono *paint.Typeface }

// CurrentLook gives the look in force. Interface goroutine.
func CurrentLook() *Look {
	if fonts.regular == nil {
		plain, symbols := fynetheme.DefaultTextFont().Content(), fynetheme.DefaultSymbolFont().Content()
		fonts.regular = TypefaceOr(theme.Regular(), plain, symbols)
		fonts.bold = TypefaceOr(theme.SemiBold(), plain, symbols)
		fonts.mono = TypefaceOr(theme.Monospace(), plain, symbols)
		fonts.regular.Scribe, fonts.bold.Scribe, fonts.mono.Scribe = scribe{}, scribe{fyne.TextStyle{Bold: true}}, scribe{fyne.TextStyle{Monospace: true}}
	}
	return &Look{Palette: theme.Current(), Regular: fonts.regular, Bold: fonts.bold, Mono: fonts.mono}
}

// TypefaceOr reads the first font, or the next when that is broken: the
// embedded fonts can be read, so the last resort is an empty Typeface.
func TypefaceOr(data ...[]byte) *paint.Typeface {
	for i := range data {
		if t, err := paint.NewTypeface(data[i], data[i+1:]...); err == nil {
			return t
		}
	}
	return &paint.Typeface{}
}

// Media gives the hue of a media type; dashOf says the same for eyes that do
// not tell hues apart.
func (l *Look) Media(m inventory.Media) color.NRGBA { return l.Palette.Media(string(m)) }

// DashOf gives the dash pattern of a media type at scale 1.
func DashOf(m inventory.Media) paint.Dash {
	switch m {
	case inventory.Audio:
		return DashAudio
	case inventory.Data:
		return DashData
	}
	return nil
}

// The dash patterns of the media and of what does not flow. Ends are round and
// add the width of the line.
var (
	DashAudio   = paint.Dash{5, 5}
	DashData    = paint.Dash{8, 4, 0, 4}
	DashUnknown = paint.Dash{0, 4.5}
	DashBroken  = paint.Dash{3, 6}
	DashLimit   = paint.Dash{2, 4}
)

// Stopped is the grey-red of what does not flow.
func (l *Look) Stopped() color.NRGBA { return paint.Mix(l.Error, l.Dim, 0.35) }

// MediaWord is a media type in a word of small letters.
func MediaWord(m inventory.Media) string {
	switch m {
	case inventory.Video:
		return "video"
	case inventory.Audio:
		return "audio"
	case inventory.Data:
		return "data"
	}
	return string(m)
}

// LookOf gives the look of a palette that need not be the one in force, for
// pictures and tests. Interface goroutine.
func LookOf(p theme.Palette) *Look {
	l := *CurrentLook()
	l.Palette = p
	return &l
}
