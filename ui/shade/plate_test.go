package shade

import (
	"image/color"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
)

var (
	red, blue = color.NRGBA{R: 255, A: 255}, color.NRGBA{B: 255, A: 128}
	none      = color.NRGBA{}
)

// TestToolkitsOwn: where no OpenGL draws, a plate is the toolkit's rectangle, and a
// sheet is none.
func TestToolkitsOwn(t *testing.T) {
	test.NewTempApp(t)
	if NewSheet() != nil {
		t.Error("a sheet that nothing can draw")
	}
	p := NewPlate(4, 1)
	r, ok := p.CanvasObject.(*canvas.Rectangle)
	if !ok {
		t.Fatalf("a plate is a %T", p.CanvasObject)
	}
	p.Set(red, none)
	p.Resize(fyne.NewSize(30, 20))
	if r.FillColor != red || r.StrokeColor != color.Transparent || r.CornerRadius != 4 || r.StrokeWidth != 1 || r.Size() != fyne.NewSize(30, 20) || p.Fill() != red {
		t.Errorf("%+v", r)
	}
}

// onDesktop is a driver that draws with a desktop's OpenGL, as far as can be told.
type onDesktop struct{ fyne.Driver }

func (onDesktop) CreateSplashWindow() fyne.Window       { return nil }
func (onDesktop) CurrentKeyModifiers() fyne.KeyModifier { return 0 }
func (onDesktop) HasSecondaryDisplay() bool             { return false }

var _ desktop.Driver = onDesktop{}

type desktopApp struct{ fyne.App }

func (a desktopApp) Driver() fyne.Driver { return onDesktop{a.App.Driver()} }

// TestUniforms: what a shader is told is what its source asks for, and what cannot be
// seen is not drawn.
func TestUniforms(t *testing.T) {
	if copySource == nil {
		t.Log("the toolkit's own objects are used here")
		return
	}
	a := test.NewTempApp(t)
	fyne.SetCurrentApp(desktopApp{a})
	defer fyne.SetCurrentApp(a)
	for _, c := range []struct {
		name          string
		radius, width float32
		fill, line    color.NRGBA
		hidden        bool
		want          map[string]float32
	}{
		{"fill", 0, 0, red, none, false, map[string]float32{"fillR": 1, "fillB": 0, "fillA": 1}},
		{"nothing", 0, 0, none, red, true, map[string]float32{"fillA": 0}},
		{"round", 4, 1, red, blue, false, map[string]float32{"fillR": 1, "lineB": 1, "lineA": 128. / 255, "radius": 4, "line": 1, "wide": 30}},
		{"only an outline", 4, 1, none, blue, false, map[string]float32{"fillB": 1, "fillA": 0, "lineB": 1}},
		{"no outline", 4, 1, red, none, false, map[string]float32{"lineR": 1, "lineA": 1}},
		{"empty", 4, 1, none, none, true, nil},
	} {
		p := NewPlate(c.radius, c.width)
		p.Resize(fyne.NewSize(30, 20))
		p.Set(color.NRGBA{G: 255, A: 255}, color.NRGBA{})
		p.Set(c.fill, c.line)
		s, ok := p.CanvasObject.(*canvas.Shader)
		if !ok {
			t.Fatalf("%s: a %T", c.name, p.CanvasObject)
		}
		if s.Visible() == c.hidden {
			t.Errorf("%s: visible %v", c.name, s.Visible())
		}
		for name, want := range c.want {
			if s.Uniforms[name] != want {
				t.Errorf("%s: %s is %v, want %v", c.name, name, s.Uniforms[name], want)
			}
		}
		for name := range s.Uniforms {
			if !strings.Contains(string(s.Source), name) {
				t.Errorf("%s: the shader knows no %s", c.name, name)
			}
		}
	}
	defer sheets.Store(sheets.Load()) // a test that is repeated finds some left
	first, second := NewSheet(), NewSheet()
	if first == nil || second == nil || first.Name == second.Name {
		t.Fatal("two sheets would share what was uploaded")
	}
	for range maxSheets {
		_ = NewSheet()
	}
	if NewSheet() != nil {
		t.Error("sheets without an end: the toolkit keeps each until the program ends")
	}
}

func TestWhoDraws(t *testing.T) {
	if Software(test.NewTempWindow(t, nil)) {
		t.Error("a window of tests is drawn by a program")
	}
}
