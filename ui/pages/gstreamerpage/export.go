package gstreamerpage

import (
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/widget"

	"kmscope/ui/kit"
	"kmscope/ui/page"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
	"kmscope/ui/view"
)

// exports are the formats in which a dump leaves the window: the text as the
// server gave it, without secrets, or the drawing as it is, with the bins that are
// open and what changed.
var exports = []struct {
	word, ending string
	write        func(p *Page) (func(io.Writer) error, error)
}{
	{"DOT, as the server wrote it", "dot", func(p *Page) (func(io.Writer) error, error) {
		text := p.now.text
		return func(w io.Writer) error { _, err := io.WriteString(w, text); return err }, nil
	}},
	{"SVG", "svg", func(p *Page) (func(io.Writer) error, error) {
		s := p.scene
		return func(w io.Writer) error { return s.WriteSVG(w, s.diff) }, nil
	}},
	{"PDF", "pdf", func(p *Page) (func(io.Writer) error, error) {
		s := p.scene
		return func(w io.Writer) error { return s.WritePDF(w, s.diff) }, nil
	}},
	{"PNG at 2x", "png", (*Page).writePNG},
}

func (p *Page) exportCommands() []page.Command {
	var out []page.Command
	for i, e := range exports {
		out = append(out, page.Command{Title: "GStreamer: save the dump as " + e.word, Run: func() { p.save(i) }})
	}
	return append(out, page.Command{Title: "GStreamer: copy the dump as DOT", Run: p.copyDOT})
}

// exportButton makes the button that opens the menu.
func (p *Page) exportButton() *kit.Button {
	var b *kit.Button
	b = kit.NewButton(kit.Framed, "", "Save", func() {
		m := fyne.NewMenu("")
		for i, e := range exports {
			m.Items = append(m.Items, fyne.NewMenuItem("Save as "+e.word+"…", func() { p.save(i) }))
		}
		m.Items = append(m.Items, fyne.NewMenuItemSeparator(), fyne.NewMenuItem("Copy as DOT", p.copyDOT))
		d := fyne.CurrentApp().Driver()
		if c := d.CanvasForObject(b); c != nil {
			widget.ShowPopUpMenuAtPosition(m, c, d.AbsolutePositionForObject(b).AddXY(0, b.Size().Height+2))
		}
	}).WithCaret().WithTip("Save or copy the dump that is shown")
	return b
}

func (p *Page) copyDOT() {
	if p.now == nil {
		p.tell("There is no dump to copy yet.")
		return
	}
	fyne.CurrentApp().Clipboard().SetContent(p.now.text)
	p.tell("Copied as DOT.")
}

// save asks for a file and writes to it, away from the interface goroutine.
func (p *Page) save(format int) {
	if p.now == nil || p.scene == nil {
		p.tell("There is no dump to save yet.")
		return
	}
	write, err := exports[format].write(p)
	if err != nil {
		p.tell("Nothing was saved: " + err.Error() + ".")
		return
	}
	name := view.FileName("gstreamer-"+p.now.name, p.now.at, exports[format].ending)
	if p.SaveFile != nil {
		p.SaveFile("Save the dump", name, write)
		return
	}
	p.saveIn(name, write)
}

func (p *Page) saveIn(name string, write func(io.Writer) error) {
	d := fyne.CurrentApp().Driver()
	c := d.CanvasForObject(p.surface)
	var win fyne.Window
	for _, w := range d.AllWindows() {
		if c != nil && w.Canvas() == c {
			win = w
		}
	}
	if win == nil {
		return
	}
	ask := dialog.NewFileSave(func(f fyne.URIWriteCloser, err error) {
		if err != nil {
			p.tell("The file could not be opened: " + err.Error() + ".")
		}
		if err != nil || f == nil {
			return
		}
		p.tell("Saving " + f.URI().Name() + " …")
		go func() {
			err := errors.Join(write(f), f.Close())
			fyne.Do(func() {
				if err != nil {
					p.tell("The dump could not be saved: " + err.Error() + ".")
					return
				}
				p.tell("Saved as " + f.URI().Name() + ".")
			})
		}()
	}, win)
	ask.SetFileName(name)
	size := win.Canvas().Size()
	ask.Show() // before it is sized: the toolkit panics otherwise
	ask.Resize(fyne.NewSize(min(size.Width*0.8, 900), min(size.Height*0.8, 640)))
}

// The picture is at twice the size of the drawing, as far as the painter and
// viewers of pictures go.
const (
	pngScale  = 2.0
	pngMargin = 24.0
	maxSide   = 8_192 // of paint.Canvas
)

// writePNG paints the whole drawing, which is quick; what takes long is to
// pack it, and that is left to the writer.
func (p *Page) writePNG() (func(io.Writer) error, error) {
	img, err := p.picture()
	if err != nil {
		return nil, err
	}
	return func(w io.Writer) error {
		if err := png.Encode(w, img); err != nil {
			return fmt.Errorf("write the picture: %w", err)
		}
		return nil
	}, nil
}

func (p *Page) picture() (image.Image, error) {
	if p.scene.bounds().Empty() {
		return nil, errors.New("there is nothing in the dump")
	}
	all := p.scene.bounds().Grown(pngMargin)
	k := min(pngScale, maxSide/all.W, maxSide/all.H)
	l, c := surface.CurrentLook(), paint.NewCanvas()
	c.Begin(int(math.Ceil(all.W*k)), int(math.Ceil(all.H*k)), l.Background)
	scale := max(k, 1)
	v := surface.Viewport{X: all.X, Y: all.Y, Zoom: k / scale, W: all.W * k / scale, H: all.H * k / scale}
	var pt painter
	pt.paint(c, l, p.scene, v, marks{chosen: nothing, hover: nothing, at: nothing}, float32(scale))
	return c.Image(), nil
}
