package theme

import (
	"image/color"
	"math"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	fynetheme "fyne.io/fyne/v2/theme"
	"golang.org/x/image/font/opentype"
)

// luminance is the relative luminance of WCAG 2.1.
func luminance(c color.NRGBA) float64 {
	lin := func(v uint8) float64 {
		f := float64(v) / 255
		if f <= 0.04045 {
			return f / 12.92
		}
		return math.Pow((f+0.055)/1.055, 2.4)
	}
	return 0.2126*lin(c.R) + 0.7152*lin(c.G) + 0.0722*lin(c.B)
}

func contrast(a, b color.NRGBA) float64 {
	la, lb := luminance(a), luminance(b)
	if la < lb {
		la, lb = lb, la
	}
	return (la + 0.05) / (lb + 0.05)
}

func TestContrast(t *testing.T) {
	for name, p := range map[string]Palette{"dark": Dark, "light": Light} {
		grounds := map[string]color.NRGBA{
			"background": p.Background, "panel": p.Panel, "raised": p.Raised,
			"selection": Over(p.Selection, p.Panel),
		}
		for ground, g := range grounds {
			if c := contrast(p.Text, g); c < 7 {
				t.Errorf("%s: text on %s has a contrast of %.1f, want 7", name, ground, c)
			}
			// 4.5 is WCAG's bound for small text, and all of these are colours of
			// small text. What is selected has a ground for a moment, and a bar.
			least := 4.5
			if ground == "selection" {
				least = 3.3
			}
			for what, v := range map[string]color.NRGBA{
				"dim": p.Dim, "accent": p.Accent, "video": p.Video, "audio": p.Audio, "data": p.Data,
				"ok": p.OK, "warning": p.Warning, "error": p.Error, "control": p.Control,
			} {
				if c := contrast(v, g); c < least {
					t.Errorf("%s: %s on %s has a contrast of %.2f, want %.1f", name, what, ground, c, least)
				}
			}
		}
		for what, v := range map[string]color.NRGBA{"accent": p.Accent, "error": p.Error, "warning": p.Warning, "ok": p.OK, "control": p.Control} {
			if c := contrast(p.OnAccent, v); c < 4 {
				t.Errorf("%s: text on %s has a contrast of %.1f, want 4", name, what, c)
			}
		}
	}
}

func TestModes(t *testing.T) {
	for _, c := range []struct {
		mode    Mode
		variant fyne.ThemeVariant
		dark    bool
	}{
		{System, fynetheme.VariantDark, true},
		{System, fynetheme.VariantLight, false},
		{AlwaysDark, fynetheme.VariantLight, true},
		{AlwaysLight, fynetheme.VariantDark, false},
	} {
		if got := New(c.mode).For(c.variant).Dark; got != c.dark {
			t.Errorf("%v with variant %d: dark %v, want %v", c.mode, c.variant, got, c.dark)
		}
		m, err := ParseMode(c.mode.String())
		if err != nil || m != c.mode {
			t.Errorf("ParseMode(%q) = %v, %v", c.mode, m, err)
		}
	}
	if _, err := ParseMode("blue"); err == nil {
		t.Error("ParseMode accepts blue")
	}
}

func TestCurrent(t *testing.T) {
	a := test.NewTempApp(t)
	a.Settings().SetTheme(New(AlwaysLight))
	if Current() != Light {
		t.Error("light was set, Current is not Light")
	}
	a.Settings().SetTheme(New(AlwaysDark))
	if Current() != Dark {
		t.Error("dark was set, Current is not Dark")
	}
}

func TestFontsParse(t *testing.T) {
	for name, data := range map[string][]byte{"regular": Regular(), "semibold": SemiBold(), "monospace": Monospace()} {
		if _, err := opentype.Parse(data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMediaAndLevel(t *testing.T) {
	if Dark.Media("VIDEO") != Dark.Video || Dark.Media("audio") != Dark.Audio || Dark.Media("DATA") != Dark.Data || Dark.Media("") != Dark.Dim {
		t.Error("a medium has the wrong hue")
	}
	if Light.Level(Trouble) != Light.Error || Light.Level(Attention) != Light.Warning || Light.Level(Fine) != Light.OK || Light.Level(Unknown) != Light.Dim {
		t.Error("a level has the wrong colour")
	}
}
