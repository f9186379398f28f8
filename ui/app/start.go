package app

import (
	"path/filepath"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"kmscope/ui/icon"
	"kmscope/ui/kit"
)

// startPage stands where the pages stand while there is no server: it says
// what to do.
type startPage struct {
	w       *Window
	recent  *fyne.Container
	shown   []string
	content *fyne.Container
}

func newStartPage(w *Window) *startPage {
	s := &startPage{w: w, recent: container.NewVBox()}
	head := widget.NewLabelWithStyle("See what a media server does, without touching it", fyne.TextAlignCenter, fyne.TextStyle{Bold: true})
	head.SizeName = "subHeadingText"
	text := dimLabel("Connect to a Kurento Media Server, or open a capture: its pipelines, elements, connections and states appear here. Captures, logs of a server and dumps of chrome://webrtc-internals can be dropped anywhere on this window.")
	row := container.NewHBox(layout.NewSpacer(),
		kit.NewButton(kit.Primary, icon.Plug, "Connect to a server…", func() { showConnect(w, "") }),
		kit.NewButton(kit.Framed, icon.Folder, "Open a capture…", w.openFile))
	if w.opts.Demo != nil {
		row.Add(kit.NewButton(kit.Framed, icon.Play, "Start the demo", w.startDemo))
	}
	row.Add(layout.NewSpacer())
	s.content = container.New(&middle{width: 620}, container.NewVBox(head, text, kit.WithMargin(kit.Margin{Top: 8, Bottom: 8}, row), s.recent))
	return s
}

// update lists what was used lately.
func (s *startPage) update() {
	servers, files := s.w.prefs.recent(prefServers), s.w.prefs.recent(prefFiles)
	all := append(slices.Clone(servers), files...)
	if slices.Equal(all, s.shown) {
		return
	}
	s.shown = all
	s.recent.RemoveAll()
	if len(all) > 0 {
		title := dimLabel("Lately")
		s.recent.Add(title)
	}
	add := func(b *kit.Button) { s.recent.Add(container.NewHBox(layout.NewSpacer(), b, layout.NewSpacer())) }
	for _, r := range servers[:min(len(servers), 4)] {
		add(kit.NewButton(kit.Flat, icon.Server, r, func() { showConnect(s.w, r).start() }))
	}
	for _, f := range files[:min(len(files), 4)] {
		add(kit.NewButton(kit.Flat, icon.Folder, filepath.Base(f), func() { s.w.openCapture(f) }).WithTip(f))
	}
	s.content.Refresh()
}
