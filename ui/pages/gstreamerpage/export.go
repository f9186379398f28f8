package gstreamerpage

import (
	"errors"
	"io"

	"fyne.io/fyne/v2"
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

// save has the window ask for a file and write it.
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
	if p.saveFile != nil {
		p.saveFile("Save the dump", view.FileName("gstreamer-"+p.now.name, p.now.at, exports[format].ending), write)
	}
}

// writePNG gives the whole drawing as a picture.
func (p *Page) writePNG() (func(io.Writer) error, error) {
	s := p.scene
	if s.bounds().Empty() {
		return nil, errors.New("there is nothing in the dump")
	}
	return surface.Picture(s.bounds(), func(c *paint.Canvas, l *surface.Look, v surface.Viewport, scale float32) {
		var pt painter
		pt.paint(c, l, s, v, marks{chosen: nothing, hover: nothing, at: nothing}, scale)
	}), nil
}
