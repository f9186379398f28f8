package app

import (
	"image/color"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"kmscope/ui/icon"
	"kmscope/ui/kit"
	"kmscope/ui/shade"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

func errorColour(p theme.Palette) color.NRGBA   { return p.Error }
func warningColour(p theme.Palette) color.NRGBA { return p.Warning }

// updateTools shows what the buttons would do now.
func (w *Window) updateTools(now time.Time) {
	c := w.ws.Capture()
	switch {
	case c.Path == "":
		w.recordButton.Set(icon.Record, "Record")
		w.recordButton.SetTip("Nothing is captured yet: connect to a server first.")
	case c.Named:
		w.recordButton.Set(icon.Record, "Recording "+view.Stretch(now.Sub(c.Since)))
		w.recordButton.SetTip("Everything is written to " + c.Path)
	default:
		w.recordButton.Set(icon.Record, "Record")
		w.recordButton.SetTip("Everything is captured already, for " + view.Stretch(now.Sub(c.Since)) + ". Give it a name to keep it (Ctrl+S).")
	}
	w.recordButton.SetEnabled(c.Path != "")
	if r := w.state.Replay(); r != nil {
		w.pauseButton.SetTip("Play or pause the capture (Ctrl+P)")
		if r.Playing() {
			w.pauseButton.Set(icon.Pause, "Pause")
		} else {
			w.pauseButton.Set(icon.Play, "Play")
		}
	} else if w.state.Paused() {
		w.pauseButton.Set(icon.Play, "Resume")
		w.pauseButton.SetTip("The picture is held; capturing goes on. Resume shows the present again (Ctrl+P).")
	} else {
		w.pauseButton.Set(icon.Pause, "Pause")
		w.pauseButton.SetTip("Hold the picture; capturing goes on (Ctrl+P)")
	}
	w.pauseButton.SetEnabled(w.state.Server() != nil)
	w.reportButton.SetEnabled(w.state.Server() != nil)
	w.backButton.SetEnabled(w.state.CanBack())
	w.forwardButton.SetEnabled(w.state.CanForward())
	w.updateControl()
}

// togglePause holds the picture, or plays and pauses a capture.
func (w *Window) togglePause() {
	if w.state.Replay() != nil {
		w.timeBar.togglePlay()
		return
	}
	if w.state.Server() != nil {
		w.state.SetPaused(!w.state.Paused())
	}
}

// findField looks like a field and opens the finder.
type findField struct {
	widget.BaseWidget
	hovered bool
	tapped  func()
}

var (
	_ fyne.Tappable     = (*findField)(nil)
	_ desktop.Hoverable = (*findField)(nil)
)

func newFindField(tapped func()) *findField {
	f := &findField{tapped: tapped}
	f.ExtendBaseWidget(f)
	return f
}

func (f *findField) Tapped(*fyne.PointEvent)        { f.tapped() }
func (f *findField) MouseIn(*desktop.MouseEvent)    { f.hovered = true; f.Refresh() }
func (f *findField) MouseMoved(*desktop.MouseEvent) {}
func (f *findField) MouseOut()                      { f.hovered = false; f.Refresh() }

func (f *findField) CreateRenderer() fyne.WidgetRenderer {
	r := &findRenderer{f: f, box: shade.NewPlate(theme.Radius, 1), icon: icon.NewPicture(icon.Search, color.NRGBA{}),
		text: kit.NewText("Find or run…", theme.TextSize, color.Transparent), keys: kit.NewText("Ctrl K", theme.CaptionSize+1, color.Transparent)}
	r.Refresh()
	return r
}

type findRenderer struct {
	f          *findField
	box        *shade.Plate
	icon       *icon.Picture
	text, keys *canvas.Text
}

func (r *findRenderer) MinSize() fyne.Size { return fyne.NewSize(180, kit.ButtonHeight) }

func (r *findRenderer) Layout(size fyne.Size) {
	r.box.Resize(size)
	r.icon.Move(fyne.NewPos(9, (size.Height-14)/2))
	r.icon.Resize(fyne.NewSquareSize(14))
	kit.Place(r.text, 30, 0, size.Height)
	kit.Place(r.keys, size.Width-10-kit.TextWidth(r.keys.Text, r.keys.TextSize, fyne.TextStyle{}), 0, size.Height)
}

func (r *findRenderer) Refresh() {
	p := theme.Current()
	line := p.Line
	if r.f.hovered {
		line = p.Dim
	}
	r.box.Set(p.Background, line)
	r.icon.Set(icon.Search, p.Dim)
	kit.SetText(r.text, r.text.Text, p.Dim)
	kit.SetText(r.keys, r.keys.Text, p.Dim)
}

func (r *findRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.box.CanvasObject, r.icon.Raster, r.text, r.keys}
}
func (r *findRenderer) Destroy() {}

// banner is the strip over a page that tells of replay, pause, reading and
// failures, with one thing to do.
type banner struct {
	content *fyne.Container
	ground  *kit.Ground
	text    *canvas.Text
	action  *kit.Button
	run     func()
	colour  func(theme.Palette) color.NRGBA
	full    string
}

func newBanner() *banner {
	b := &banner{text: kit.NewText("", theme.TextSize, color.Transparent)}
	b.action = kit.NewButton(kit.Flat, "", "", func() {
		if b.run != nil {
			b.run()
		}
	})
	b.action.SetOutline(func(p theme.Palette) color.NRGBA { return p.Text })
	b.ground = kit.NewGround(b.fill, kit.Bottom)
	// As high with an action as without: the page below must not jump.
	row := container.New(kit.Bar{Gap: 12, Stretch: 0}, newTall(b.text, kit.ButtonHeight), b.action)
	b.content = container.NewStack(b.ground, kit.WithMargin(kit.Margin{Left: 16, Right: 12, Top: 2, Bottom: 2}, row))
	b.content.Hide()
	return b
}

// newTall gives a text a height and centres it there.
func newTall(t *canvas.Text, height float32) fyne.CanvasObject {
	return container.New(&tall{height}, t)
}

type tall struct{ height float32 }

func (l *tall) MinSize(o []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(o[0].MinSize().Width, l.height)
}

func (l *tall) Layout(o []fyne.CanvasObject, size fyne.Size) {
	h := o[0].MinSize().Height
	o[0].Move(fyne.NewPos(0, (size.Height-h)/2))
	o[0].Resize(fyne.NewSize(size.Width, h))
}

func (b *banner) fill(p theme.Palette) color.NRGBA {
	if b.colour == nil {
		return p.Panel
	}
	return theme.Over(theme.Fade(b.colour(p), 0.16), p.Panel)
}

// show shows a sentence; without one the strip goes. It reports whether the
// strip came or went.
func (b *banner) show(text string, c func(theme.Palette) color.NRGBA, action string, run func()) bool {
	if text == "" {
		was := b.content.Visible()
		visible(b.content, false)
		return was
	}
	was := b.content.Visible()
	b.run, b.colour = run, c
	if b.full != text || b.action.Text() != action || !was {
		b.full = text
		kit.SetText(b.text, text, theme.Current().Text)
		b.action.Set("", action)
		visible(b.action, action != "")
		b.content.Refresh()
	}
	visible(b.content, true)
	return !was
}
