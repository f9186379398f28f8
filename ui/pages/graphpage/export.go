package graphpage

import (
	"errors"
	"io"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"kmscope/graph"
	"kmscope/inventory"
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
		var snaps []*inventory.Snapshot
		for _, x := range p.asked.parts() {
			snaps = append(snaps, x.snap)
		}
		return graph.Describe(snaps...).WriteJSON, nil
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

// save has the window ask for a file and write it.
func (p *Page) save(format int) {
	write, ok := p.exporter(format)
	if !ok {
		return
	}
	if p.saveFile != nil {
		p.saveFile("Save the graph", view.FileName("graph-"+p.session.Name(), p.scene.at, exports[format].ending), write)
	}
}

// writePNG gives the whole graph as a picture.
func (p *Page) writePNG() (func(io.Writer) error, error) {
	s := p.scene
	if s.bounds.Empty() {
		return nil, errors.New("there is nothing in the graph")
	}
	return surface.Picture(s.bounds, func(c *paint.Canvas, l *surface.Look, v surface.Viewport, scale float32) {
		var gp graphPainter
		gp.paint(c, l, s, v, graphMarks{}, scale)
	}), nil
}

// tell shows a sentence over the graph until something else happens there.
func (p *Page) tell(s string) {
	p.told = s
	p.surface.Repaint()
}
