package chartpage

import (
	"io"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"

	"kmscope/metrics"
	"kmscope/ui/page"
	"kmscope/ui/view"
)

// All figures of a capture, for other programs: what kmscope-rec stats writes.
// They come from the file, not from the charts, so they are whole whatever the
// charts show, and however much memory has summed up since.

var _ page.Saver = (*Page)(nil)

// figureFormats are the formats of the figures, with the endings of their files.
var figureFormats = []struct {
	word, ending string
	format       metrics.Format
}{
	{"CSV", "csv", metrics.CSV},
	{"JSON lines", "jsonl", metrics.JSONLines},
	{"OpenMetrics", "prom", metrics.OpenMetrics},
}

// SetSaver implements page.Saver.
func (p *Page) SetSaver(save func(title, name string, write func(io.Writer) error)) {
	p.saveFile = save
}

// figureItems are the lines of the menu that save all figures.
func (p *Page) figureItems() []*fyne.MenuItem {
	var out []*fyne.MenuItem
	for i, f := range figureFormats {
		out = append(out, fyne.NewMenuItem("Save all figures of the capture as "+f.word+"…", func() { p.saveFigures(i) }))
	}
	return out
}

func (p *Page) figureCommands() []page.Command {
	var out []page.Command
	for i, f := range figureFormats {
		out = append(out, page.Command{Title: "Charts: save all figures of the capture as " + f.word + "…", Run: func() { p.saveFigures(i) }})
	}
	return out
}

// saveFigures asks for a file and writes all figures of the capture behind what
// is shown, of all its servers.
func (p *Page) saveFigures(format int) {
	if p.view == nil || p.view.Server() == nil || p.saveFile == nil {
		return
	}
	path := p.view.Workspace().Capture().Path
	if r := p.view.Replay(); r != nil {
		path = r.Path()
	}
	if path == "" {
		if w := p.window(); w != nil {
			dialog.ShowInformation("There is no capture", "Nothing is being captured, so there is no file to take the figures from. Copy those that are shown instead.", w)
		}
		return
	}
	f := figureFormats[format]
	name := view.FileName("figures "+p.view.Server().Name(), p.time.To, f.ending)
	p.saveFile("Save all figures", name, func(out io.Writer) error { return metrics.WriteCapture(path, out, f.format) })
}
