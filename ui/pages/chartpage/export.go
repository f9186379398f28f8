package chartpage

import (
	"image/color"
	"io"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"

	"kmscope/ui/chartfile"
	"kmscope/ui/surface"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// sheetOf is what a file of the charts shows: all of them, also those that are
// scrolled out of sight. The colours are those of the light theme in either,
// for files are read on white.
func sheetOf(title string, charts []chart, ct surface.TimeAxis) chartfile.Sheet {
	zone := time.Local
	if ct.Clock.Mode == view.UTC {
		zone = time.UTC
	}
	l := &surface.Look{Palette: theme.Light}
	s := chartfile.Sheet{Title: title, From: ct.From, To: ct.To, Zone: zone}
	for i := range charts {
		ch := &charts[i]
		if len(ch.Lines) == 0 {
			continue
		}
		out := chartfile.Chart{Title: ch.Title, Unit: ch.Unit, Log: ch.Scale.Log, Stacked: ch.Stacked}
		if ax := axisOf(ch, ct, 3); ch.Scale.Mode != surface.FromZero {
			out.Bottom, out.Top = ax.Bottom, ax.Top
		}
		if ch.Note != "" {
			out.Title += " · " + ch.Note
		}
		for _, m := range ch.Limits {
			out.Limits = append(out.Limits, chartfile.Limit{V: m.V, Word: m.Word})
		}
		for k := range ch.Lines {
			ln := &ch.Lines[k]
			line := chartfile.Line{Label: ln.Label, Color: color.Color(ln.color(l)), Points: ln.Points, Low: ln.Low, High: ln.High}
			for _, d := range ln.dash() {
				line.Dashes = append(line.Dashes, max(float64(d), 0.5))
			}
			out.Lines = append(out.Lines, line)
		}
		s.Charts = append(s.Charts, out)
	}
	return s
}

// fileTitle heads a file: the server, what is selected, and the set.
func (p *Page) fileTitle() string {
	words := []string{}
	if x := p.view.Server(); x != nil {
		words = append(words, x.Name())
		if o := p.view.Selection().Object; o != "" {
			words = append(words, view.ObjectName(x.Snapshot(), o))
		}
	}
	return strings.Join(append(words, savedSetOf(p.set).title), " · ")
}

func (p *Page) exportMenu() *fyne.Menu {
	m := fyne.NewMenu("",
		fyne.NewMenuItem("Save as SVG…", func() { p.save(chartfile.SVG) }),
		fyne.NewMenuItem("Save as PNG…", func() { p.save(chartfile.PNG) }),
		fyne.NewMenuItem("Save as PDF…", func() { p.save(chartfile.PDF) }),
		fyne.NewMenuItemSeparator(),
		fyne.NewMenuItem("Copy figures as CSV", p.copyCSV),
		fyne.NewMenuItem("Copy the table as text (TSV)", func() { p.copyTable(false) }),
		fyne.NewMenuItem("Copy the table as JSON", func() { p.copyTable(true) }),
		fyne.NewMenuItemSeparator())
	m.Items = append(m.Items, p.figureItems()...)
	return m
}

// window gives the window that the page stands in; nil when it stands in none.
func (p *Page) window() fyne.Window {
	app := fyne.CurrentApp()
	c := app.Driver().CanvasForObject(p.content)
	for _, w := range app.Driver().AllWindows() {
		if w.Canvas() == c {
			return w
		}
	}
	return nil
}

// save writes all charts that are shown.
func (p *Page) save(f chartfile.Format) {
	if p.view != nil {
		p.saveCharts(f, p.charts, p.fileTitle())
	}
}

// saveCharts asks for a name and writes charts as they are at this moment, drawn
// off the interface goroutine.
func (p *Page) saveCharts(f chartfile.Format, charts []chart, title string) {
	w := p.window()
	if w == nil || p.view == nil {
		return
	}
	sheet := sheetOf(title, charts, p.time)
	if len(sheet.Charts) == 0 {
		dialog.ShowInformation("Nothing to save", "There is no chart with figures. Choose a longer range, or another set.", w)
		return
	}
	if p.saveFile != nil {
		p.saveFile("Save the charts", view.FileName(title, p.time.To, string(f)), func(out io.Writer) error { return chartfile.Write(out, f, sheet) })
	}
}
