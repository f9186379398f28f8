package kit

import (
	"image/color"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"

	"kmscope/ui/theme"
)

// TestSelectLooksLikeAButton: a choice has the ground and the outline of a
// framed button, in both themes, also after the theme changed.
func TestSelectLooksLikeAButton(t *testing.T) {
	a := test.NewTempApp(t)
	a.Settings().SetTheme(theme.New(theme.AlwaysDark))
	chosen := ""
	s := NewSelect([]string{"one", "two"}, func(word string) { chosen = word })
	b := NewButton(Framed, "", "one", func() {})
	win := test.NewTempWindow(t, container.NewWithoutLayout(s, b))
	win.Resize(fyne.NewSize(300, 100))
	for _, o := range []fyne.CanvasObject{s, b} {
		o.Resize(fyne.NewSize(120, ButtonHeight))
	}
	s.Move(fyne.NewPos(10, 10))
	b.Move(fyne.NewPos(150, 10))
	for _, mode := range []theme.Mode{theme.AlwaysDark, theme.AlwaysLight} {
		a.Settings().SetTheme(theme.New(mode))
		s.Refresh()
		b.Refresh()
		img := win.Canvas().Capture()
		for _, at := range []struct{ x, y int }{{60, 0}, {60, 3}, {60, int(ButtonHeight) - 1}} {
			got, want := rgba(img.At(10+at.x, 10+at.y)), rgba(img.At(150+at.x, 10+at.y))
			if got != want {
				t.Errorf("mode %v at %d,%d: %v, that of a button is %v", mode, at.x, at.y, got, want)
			}
		}
	}
	s.SetSelectedIndex(1)
	if chosen != "two" || s.SelectedIndex() != 1 {
		t.Errorf("chose %q", chosen)
	}
}

func rgba(c color.Color) color.RGBA { return color.RGBAModel.Convert(c).(color.RGBA) }
