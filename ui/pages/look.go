package pages

import (
	"image/color"

	fynetheme "fyne.io/fyne/v2/theme"

	"kmscope/inventory"
	"kmscope/ui/paint"
	"kmscope/ui/theme"
)

// look is what the painted parts of the pages take from the theme: the colours
// and the fonts. It belongs to the interface goroutine.
type look struct {
	theme.Palette
	regular, bold, mono *paint.Typeface
}

// fonts are shared by all painted parts: their glyph masks are too.
var fonts struct{ regular, bold, mono *paint.Typeface }

// currentLook gives the look in force. Interface goroutine.
func currentLook() *look {
	if fonts.regular == nil {
		plain, symbols := fynetheme.DefaultTextFont().Content(), fynetheme.DefaultSymbolFont().Content()
		fonts.regular = typefaceOr(theme.Regular(), plain, symbols)
		fonts.bold = typefaceOr(theme.SemiBold(), plain, symbols)
		fonts.mono = typefaceOr(theme.Monospace(), plain, symbols)
	}
	return &look{Palette: theme.Current(), regular: fonts.regular, bold: fonts.bold, mono: fonts.mono}
}

// typefaceOr reads the first font, or the next when that is broken: the
// embedded fonts can be read, so the last resort is an empty Typeface.
func typefaceOr(data ...[]byte) *paint.Typeface {
	for i := range data {
		if t, err := paint.NewTypeface(data[i], data[i+1:]...); err == nil {
			return t
		}
	}
	return &paint.Typeface{}
}

// media gives the hue of a media type; dashOf says the same for eyes that do
// not tell hues apart.
func (l *look) media(m inventory.Media) color.NRGBA { return l.Palette.Media(string(m)) }

// dashOf gives the dash pattern of a media type at scale 1.
func dashOf(m inventory.Media) paint.Dash {
	switch m {
	case inventory.Audio:
		return dashAudio
	case inventory.Data:
		return dashData
	}
	return nil
}

// The dash patterns of the media and of what does not flow. Ends are round and
// add the width of the line.
var (
	dashAudio   = paint.Dash{5, 5}
	dashData    = paint.Dash{8, 4, 0, 4}
	dashUnknown = paint.Dash{0, 4.5}
	dashBroken  = paint.Dash{3, 6}
	dashLimit   = paint.Dash{2, 4}
)

// stopped is the grey-red of what does not flow.
func (l *look) stopped() color.NRGBA { return paint.Mix(l.Error, l.Dim, 0.35) }

func mediaWord(m inventory.Media) string {
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
