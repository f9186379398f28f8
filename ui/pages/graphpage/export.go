package graphpage

import (
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"math"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/widget"

	"kmscope/graph"
	"kmscope/ui/kit"
	"kmscope/ui/page"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// exports are the formats in which the graph leaves the window. All but JSON
// hold what is shown, as it is placed, filtered and put together; JSON holds the
// whole server, in the form that kmscope-rec graph writes.
var exports = []struct {
	word   string
	ending string
	text   bool // it can be copied as well
	write  func(p *Page) (func(io.Writer) error, error)
}{
	{"SVG", "svg", false, func(p *Page) (func(io.Writer) error, error) {
		g, dark := p.scene.g, theme.Current().Dark
		return func(w io.Writer) error { return g.WriteSVG(w, dark) }, nil
	}},
	{"PNG at 2x", "png", false, (*Page).writePNG},
	{"DOT", "dot", true, func(p *Page) (func(io.Writer) error, error) { return p.scene.g.WriteDOT, nil }},
	{"Mermaid", "mmd", true, func(p *Page) (func(io.Writer) error, error) { return p.scene.g.WriteMermaid, nil }},
	{"JSON of the whole server", "json", true, func(p *Page) (func(io.Writer) error, error) {
		if f := p.asked.fleet; f != nil {
			return graph.Describe(f.snaps...).WriteJSON, nil
		}
		return graph.Describe(p.asked.snap).WriteJSON, nil
	}},
}

// exportMenu lists what can be saved and copied.
func (p *Page) exportMenu() *fyne.Menu {
	m := fyne.NewMenu("")
	for i, e := range exports {
		m.Items = append(m.Items, fyne.NewMenuItem("Save as "+e.word+"…", func() { p.save(i) }))
	}
	m.Items = append(m.Items, fyne.NewMenuItemSeparator())
	for i, e := range exports {
		if e.text {
			m.Items = append(m.Items, fyne.NewMenuItem("Copy as "+e.word, func() { p.copyAs(i) }))
		}
	}
	return m
}

func (p *Page) exportCommands() []page.Command {
	var out []page.Command
	for i, e := range exports {
		out = append(out, page.Command{Title: "Graph: save as " + e.word, Run: func() { p.save(i) }})
	}
	for i, e := range exports {
		if e.text {
			out = append(out, page.Command{Title: "Graph: copy as " + e.word, Run: func() { p.copyAs(i) }})
		}
	}
	return out
}

// exportButton makes the button that opens the menu.
func (p *Page) exportButton() *kit.Button {
	var b *kit.Button
	b = kit.NewButton(kit.Framed, "", "Export", func() {
		d := fyne.CurrentApp().Driver()
		if c := d.CanvasForObject(b); c != nil {
			widget.ShowPopUpMenuAtPosition(p.exportMenu(), c, d.AbsolutePositionForObject(b).AddXY(0, b.Size().Height+2))
		}
	}).WithCaret().WithTip("Save or copy what the graph shows")
	return b
}

// exporter gives what writes a format: prepared here, on the interface goroutine,
// so that it may run on any.
func (p *Page) exporter(format int) (func(io.Writer) error, bool) {
	if p.scene == nil || p.asked.snap == nil {
		p.tell("There is no graph to export yet.")
		return nil, false
	}
	write, err := exports[format].write(p)
	if err != nil {
		p.tell("Nothing was saved: " + err.Error() + ".")
		return nil, false
	}
	return write, true
}

func (p *Page) copyAs(format int) {
	write, ok := p.exporter(format)
	if !ok {
		return
	}
	var b strings.Builder
	if err := write(&b); err != nil {
		p.tell("The graph could not be written: " + err.Error() + ".")
		return
	}
	copyText(b.String())
	p.tell("Copied as " + exports[format].word + ".")
}

// save asks for a file and writes to it, away from the interface goroutine.
func (p *Page) save(format int) {
	write, ok := p.exporter(format)
	if !ok {
		return
	}
	name := view.FileName("graph-"+p.session.Name(), p.scene.at, exports[format].ending)
	if p.saveFile != nil {
		p.saveFile("Save the graph", name, write)
		return
	}
	win := windowOf(p.surface)
	if win == nil {
		return
	}
	d := dialog.NewFileSave(func(f fyne.URIWriteCloser, err error) {
		if err != nil {
			p.tell("The file could not be opened: " + err.Error() + ".")
		}
		if err != nil || f == nil {
			return
		}
		go func() {
			err := writeTo(f, write)
			fyne.Do(func() {
				if err != nil {
					p.tell("The graph could not be saved: " + err.Error() + ".")
					return
				}
				p.tell("Saved as " + f.URI().Name() + ".")
			})
		}()
	}, win)
	d.SetFileName(name)
	size := win.Canvas().Size()
	d.Show() // before it is sized: the toolkit panics otherwise
	d.Resize(fyne.NewSize(min(size.Width*0.8, 900), min(size.Height*0.8, 640)))
}

// writeTo writes all to a file and closes it; the first error counts.
func writeTo(f io.WriteCloser, write func(io.Writer) error) error {
	err := write(f)
	if closing := f.Close(); err == nil {
		err = closing
	}
	return err
}

// windowOf gives the window that shows an object; nil for none.
func windowOf(o fyne.CanvasObject) fyne.Window {
	d := fyne.CurrentApp().Driver()
	c := d.CanvasForObject(o)
	for _, w := range d.AllWindows() {
		if c != nil && w.Canvas() == c {
			return w
		}
	}
	return nil
}

// The picture is at twice the size of the plane, but never so large that viewers
// of pictures give up.
const (
	pngScale   = 2.0
	pngMargin  = 24.0
	maxPNGSide = 12_000
	maxPNGArea = 60e6 // pixels: 240 MB while it is made
)

// writePNG paints the whole graph, which is quick; what takes long is to pack it,
// and that is left to the writer.
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
	if p.scene.bounds.Empty() {
		return nil, errors.New("there is nothing in the graph")
	}
	all := p.scene.bounds.Grown(pngMargin)
	k := min(pngScale, maxPNGSide/all.W, maxPNGSide/all.H, math.Sqrt(maxPNGArea/(all.W*all.H)))
	w, h := int(math.Ceil(all.W*k)), int(math.Ceil(all.H*k))
	l, c := surface.CurrentLook(), paint.NewCanvas()
	c.Begin(w, h, l.Background)
	// The scale is what a screen of that density would have; the zoom is 1
	// unless the graph is too large for it.
	scale := max(k, 1)
	v := surface.Viewport{X: all.X, Y: all.Y, Zoom: k / scale, W: all.W * k / scale, H: all.H * k / scale}
	var gp graphPainter
	gp.paint(c, l, p.scene, v, graphMarks{}, float32(scale))
	return c.Image(), nil
}

// tell shows a sentence over the graph until something else happens there.
func (p *Page) tell(s string) {
	p.told = s
	p.surface.Repaint()
}
