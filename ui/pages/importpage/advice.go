package importpage

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"kmscope/timeline/serverlog"
	"kmscope/ui/icon"
	"kmscope/ui/kit"
	"kmscope/ui/theme"
)

// advice is what stands where nothing is open, or when it is asked for: what to
// do, and what a server should log for which symptom.
type advice struct {
	object   fyne.CanvasObject
	intro    *fyne.Container
	symptoms *table
	detail   *fyne.Container
	scroll   *container.Scroll
	find     func(text string) // looks for a text in the open log; nil: there is none
	shown    int
}

func newAdvice(openLog, openDump func()) *advice {
	a := &advice{shown: -1}
	head := widget.NewLabelWithStyle("Lay a log beside the capture", fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	head.SizeName = fynetheme.SizeNameSubHeadingText
	text := widget.NewLabel("Open or drop the log of a Kurento Media Server (also .gz), or the dump of a browser's chrome://webrtc-internals: its lines and states appear on the clock of this window, beside what the server said. Nothing leaves this computer.")
	text.Wrapping = fyne.TextWrapWord
	text.Importance = widget.LowImportance
	a.intro = container.NewVBox(head, text, kit.WithMargin(kit.Margin{Left: 6, Top: 4, Bottom: 8}, container.NewHBox(
		kit.NewButton(kit.Primary, icon.Folder, "Open a server's log…", openLog),
		kit.NewButton(kit.Framed, icon.Folder, "Open a browser's dump…", openDump))))
	a.symptoms = newTable([]column{{title: "Symptom", share: 1}},
		func() int { return len(serverlog.Advices) },
		func(i int) []cell { return []cell{{serverlog.Advices[i].Symptom, nil}} })
	a.symptoms.chose = a.show
	a.detail = container.NewVBox()
	a.scroll = container.NewVScroll(kit.WithMargin(kit.Margin{Left: 8, Right: 12, Bottom: 12}, a.detail))
	title := widget.NewLabelWithStyle("What a server should log", fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	split := container.NewHSplit(a.symptoms.object, a.scroll)
	split.Offset = 0.44
	a.object = kit.WithMargin(kit.Margin{Top: 8, Left: 4, Right: 4}, container.NewBorder(container.NewVBox(a.intro, title), nil, nil, nil, split))
	a.symptoms.choose(0)
	return a
}

// show tells what to log for a symptom.
func (a *advice) show(i int) {
	a.shown = i
	x := &serverlog.Advices[i]
	a.detail.RemoveAll()
	caption := func(s string) fyne.CanvasObject {
		l := widget.NewLabel(s)
		l.Importance = widget.LowImportance
		l.Wrapping = fyne.TextWrapWord
		return l
	}
	code := widget.NewLabel(x.Environment)
	code.TextStyle.Monospace = true
	code.SizeName = fynetheme.SizeNameCaptionText
	code.Wrapping = fyne.TextWrapBreak
	code.Selectable = true
	copyButton := kit.NewButton(kit.Framed, icon.Copy, "Copy", func() { toClipboard(x.Environment) }).
		WithTip("Copy the variables")
	a.detail.Add(container.NewBorder(nil, nil, nil, container.NewCenter(copyButton), caption("Set before the server starts, in its shell or in /etc/default/kurento-media-server:")))
	a.detail.Add(kit.OnPanel(code, kit.Top|kit.Bottom|kit.Left|kit.Right))
	if x.Note != "" {
		note := widget.NewLabel(x.Note)
		note.Wrapping = fyne.TextWrapWord
		a.detail.Add(note)
	}
	if len(x.Looks) > 0 {
		a.detail.Add(caption("Then look for:"))
	}
	for _, look := range x.Looks {
		text := widget.NewLabel(look.Text)
		text.TextStyle.Monospace = true
		text.SizeName = fynetheme.SizeNameCaptionText
		text.Selectable = true
		row := container.NewHBox(text, layout.NewSpacer())
		if a.find != nil {
			row.Add(kit.NewButton(kit.Flat, icon.Search, "Find in the log", func() { a.find(look.Text) }))
		}
		row.Add(kit.NewButton(kit.Flat, icon.Copy, "", func() { toClipboard(look.Text) }).WithTip("Copy"))
		means := widget.NewLabel(look.Means)
		means.Wrapping = fyne.TextWrapWord
		a.detail.Add(container.NewVBox(row, kit.WithMargin(kit.Margin{Left: 16, Top: -2 * theme.Grid}, means)))
	}
	a.detail.Refresh()
	a.scroll.ScrollToTop()
}

// setFind lets the texts be looked for in a log.
func (a *advice) setFind(find func(text string)) {
	if (a.find == nil) == (find == nil) {
		return
	}
	a.find = find
	a.show(max(a.shown, 0))
}

func toClipboard(text string) { fyne.CurrentApp().Clipboard().SetContent(text) }
