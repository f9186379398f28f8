package app

import (
	"bytes"
	"context"
	"io"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"kmscope/ui/kit"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// maxPreview bounds the lines of a report that are shown; copying and saving
// take all.
const maxPreview = 2000

// report writes what is known of all servers as a text for a ticket, and shows it
// before it goes anywhere.
func (w *Window) report() {
	sources := w.state.ReportSources()
	if len(sources) == 0 {
		w.statusBar.say("There is nothing to report on yet: connect to a server or open a capture.", view.Attention)
		return
	}
	file := w.ws.Capture().Path
	var text string
	w.task("Writing the report", func(ctx context.Context) error {
		var b bytes.Buffer
		err := view.Report(ctx, strings.TrimSpace("kmscope "+w.opts.Version), file, sources).WriteMarkdown(&b)
		text = b.String()
		return err
	}, func(err error) {
		if err != nil {
			w.fail("No report was written", err, "", nil)
			return
		}
		w.showReport(text)
	})
}

// showReport shows a report with what can be done with it.
func (w *Window) showReport(text string) {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if len(lines) > maxPreview {
		lines = append(lines[:maxPreview], "… and so on; copy or save it to read the rest.")
	}
	size := w.win.Canvas().Size()
	width := min(size.Width-80, 900)
	rows := make([]string, 0, len(lines))
	for _, l := range lines {
		rows = append(rows, kit.Wrap(l, theme.CaptionSize, fyne.TextStyle{Monospace: true}, width-32)...)
	}
	_, list := kit.NewList(func() int { return len(rows) }, func() fyne.CanvasObject {
		t := kit.NewText("", theme.CaptionSize, theme.Current().Text)
		t.TextStyle.Monospace = true
		return newTall(t, reportRow)
	}, func(i int, o fyne.CanvasObject) {
		if c, ok := o.(*fyne.Container); ok && i < len(rows) {
			if t, ok := c.Objects[0].(*canvas.Text); ok {
				kit.SetText(t, rows[i], theme.Current().Text)
			}
		}
	})
	note := widget.NewLabel("Markdown, as issue trackers take it. Credentials are masked; addresses of participants, names and ids are in it: read it before you send it.")
	note.Wrapping = fyne.TextWrapWord
	note.Importance = widget.LowImportance
	var m *kit.Modal
	name := "kmscope-report.md"
	copied := kit.NewButton(kit.Framed, "", "Copy", func() {
		fyne.CurrentApp().Clipboard().SetContent(text)
		w.statusBar.say("The report was copied.", view.Unknown)
		m.Hide()
	})
	save := kit.NewButton(kit.Primary, "", "Save as…", func() {
		m.Hide()
		w.saveFile("Save the report", name, func(f io.Writer) error {
			_, err := io.WriteString(f, text)
			return err
		})
	})
	end := kit.NewButton(kit.Framed, "", "Close", func() { m.Hide() })
	body := container.NewBorder(nil, container.NewVBox(flush(note), container.NewHBox(layout.NewSpacer(), end, copied, save)), nil, nil, list)
	m = kit.NewModal(w.win.Canvas(), "Report", container.New(&exact{fyne.NewSize(width, max(size.Height-160, 240))}, body))
	m.Show()
	w.win.Canvas().Focus(copied)
}

// reportRow is the height of a line of the preview.
const reportRow = 16
