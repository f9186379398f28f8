package theme

import (
	_ "embed" // the fonts
	"fmt"
	"image/color"

	"fyne.io/fyne/v2"
	fynetheme "fyne.io/fyne/v2/theme"
)

// Mode says which variant is shown.
type Mode uint8

// The modes.
const (
	System Mode = iota // as the desktop says, and changes with it
	AlwaysDark
	AlwaysLight
)

// ParseMode reads a mode as flags and preferences write it: "system" (or ""),
// "dark" or "light".
func ParseMode(s string) (Mode, error) {
	switch s {
	case "", "system":
		return System, nil
	case "dark":
		return AlwaysDark, nil
	case "light":
		return AlwaysLight, nil
	}
	return System, fmt.Errorf("unknown theme %q: use dark, light or system", s)
}

// String gives the word that ParseMode reads.
func (m Mode) String() string {
	switch m {
	case AlwaysDark:
		return "dark"
	case AlwaysLight:
		return "light"
	}
	return "system"
}

// Text sizes and distances, in Fyne's device-independent pixels. Distances are
// multiples of Grid.
const (
	Grid        float32 = 4
	TextSize    float32 = 13
	CaptionSize float32 = 11
	TitleSize   float32 = 15
	// RowHeight is the height of one line of a dense list, tree or table.
	RowHeight float32 = 24
	// Radius is the corner radius of buttons, fields and nodes.
	Radius float32 = 4
)

var (
	//go:embed fonts/Inter-Regular.otf
	interRegular []byte
	//go:embed fonts/Inter-SemiBold.otf
	interSemiBold []byte

	regular  = fyne.NewStaticResource("Inter-Regular.otf", interRegular)
	semiBold = fyne.NewStaticResource("Inter-SemiBold.otf", interSemiBold)
)

// Regular gives the font of running text as an OpenType file, for painters.
// Nobody may change it.
func Regular() []byte { return interRegular }

// SemiBold gives the font of titles as an OpenType file, for painters. Nobody
// may change it.
func SemiBold() []byte { return interSemiBold }

// Monospace gives the font of ids and times as a TrueType file, for painters.
// Nobody may change it.
func Monospace() []byte { return fynetheme.DefaultTextMonospaceFont().Content() }

// Theme is the look of all widgets. It is immutable: set a new one to change
// the mode.
type Theme struct {
	mode Mode
}

// New makes a theme; give it to the settings of the application.
func New(m Mode) *Theme { return &Theme{mode: m} }

var _ fyne.Theme = (*Theme)(nil)

// Mode gives the mode that the theme was made with.
func (t *Theme) Mode() Mode { return t.mode }

// For gives the table of a variant of the system, or of the mode where that
// forces one.
func (t *Theme) For(v fyne.ThemeVariant) Palette {
	if t.mode == AlwaysLight || t.mode == System && v == fynetheme.VariantLight {
		return Light
	}
	return Dark
}

// Current gives the table that is in force. Interface goroutine; ask again for
// each picture, the system may change its variant at any time.
func Current() Palette {
	a := fyne.CurrentApp()
	if a == nil {
		return Dark
	}
	s := a.Settings()
	if t, ok := s.Theme().(*Theme); ok {
		return t.For(s.ThemeVariant())
	}
	return New(System).For(s.ThemeVariant())
}

// Color implements fyne.Theme.
func (t *Theme) Color(name fyne.ThemeColorName, v fyne.ThemeVariant) color.Color {
	p := t.For(v)
	switch name {
	case fynetheme.ColorNameBackground:
		// The toolkit clears the window with it, which costs nothing; a ground
		// of a panel would be painted for each frame anew.
		return p.Panel
	case fynetheme.ColorNameButton, fynetheme.ColorNameDisabledButton, fynetheme.ColorNameHeaderBackground:
		return p.Raised
	case fynetheme.ColorNameDisabled:
		return Fade(p.Dim, 0.85)
	case fynetheme.ColorNameError:
		return p.Error
	case fynetheme.ColorNameFocus:
		return Fade(p.Accent, 0.35)
	case fynetheme.ColorNameForeground:
		return p.Text
	case fynetheme.ColorNameForegroundOnError, fynetheme.ColorNameForegroundOnPrimary,
		fynetheme.ColorNameForegroundOnSuccess, fynetheme.ColorNameForegroundOnWarning:
		return p.OnAccent
	case fynetheme.ColorNameHover:
		return p.Hover
	case fynetheme.ColorNameHyperlink, fynetheme.ColorNamePrimary:
		return p.Accent
	case fynetheme.ColorNameInputBackground:
		return p.Background
	case fynetheme.ColorNameInputBorder:
		return Over(Fade(p.Dim, 0.35), p.Panel) // radio buttons and check boxes must be seen
	case fynetheme.ColorNameSeparator:
		return p.Line
	case fynetheme.ColorNameMenuBackground:
		return p.Raised // apart from the panels that it opens over
	case fynetheme.ColorNameOverlayBackground:
		return p.Panel
	case fynetheme.ColorNamePlaceHolder:
		return p.Dim
	case fynetheme.ColorNamePressed:
		return p.Pressed
	case fynetheme.ColorNameScrollBar:
		return Fade(p.Dim, 0.5)
	case fynetheme.ColorNameScrollBarBackground:
		return Fade(p.Line, 0.5)
	case fynetheme.ColorNameSelection:
		return p.Selection
	case fynetheme.ColorNameShadow:
		return p.Shadow
	case fynetheme.ColorNameSuccess:
		return p.OK
	case fynetheme.ColorNameWarning:
		return p.Warning
	}
	variant := fynetheme.VariantLight
	if p.Dark {
		variant = fynetheme.VariantDark
	}
	return fynetheme.DefaultTheme().Color(name, variant)
}

// Font implements fyne.Theme.
func (t *Theme) Font(s fyne.TextStyle) fyne.Resource {
	switch {
	case s.Symbol:
		return fynetheme.DefaultSymbolFont()
	case s.Monospace:
		return fynetheme.DefaultTextMonospaceFont()
	case s.Bold:
		return semiBold
	case s.Italic:
		return fynetheme.DefaultTextItalicFont()
	}
	return regular
}

// Icon implements fyne.Theme.
func (t *Theme) Icon(name fyne.ThemeIconName) fyne.Resource {
	return fynetheme.DefaultTheme().Icon(name)
}

// Size implements fyne.Theme.
func (t *Theme) Size(name fyne.ThemeSizeName) float32 {
	switch name {
	case fynetheme.SizeNameText:
		return TextSize
	case fynetheme.SizeNameCaptionText:
		return CaptionSize
	case fynetheme.SizeNameSubHeadingText:
		return TitleSize
	case fynetheme.SizeNameHeadingText:
		return 18
	case fynetheme.SizeNamePadding:
		return Grid
	case fynetheme.SizeNameInnerPadding:
		return 6
	case fynetheme.SizeNameLineSpacing:
		return 2
	case fynetheme.SizeNameInlineIcon:
		return 16
	case fynetheme.SizeNameInputRadius, fynetheme.SizeNameSelectionRadius:
		return Radius
	case fynetheme.SizeNameSeparatorThickness, fynetheme.SizeNameInputBorder:
		return 1
	case fynetheme.SizeNameModalBlurRadius:
		return 0 // blurring the whole window costs frames
	case fynetheme.SizeNameScrollBar:
		return 10
	case fynetheme.SizeNameScrollBarSmall:
		return 4
	}
	return fynetheme.DefaultTheme().Size(name)
}
