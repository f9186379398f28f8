package app

import (
	"fmt"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"kmscope/ui/kit"
	"kmscope/ui/view"
)

// memoryChoices are how much memory the statistics of a server may take, in
// MiB.
var memoryChoices = []int{64, 128, 256, 512, 1024, 2048}

const defaultMemoryMiB = 256

func (p prefs) memoryMiB() int {
	m := p.p.IntWithFallback(prefMemory, defaultMemoryMiB)
	if !slices.Contains(memoryChoices, m) {
		return defaultMemoryMiB
	}
	return m
}

func (p prefs) setMemoryMiB(m int) { p.p.SetInt(prefMemory, m) }

// applyMemory gives every store the limit that was chosen; those of new
// servers, and of replays that began again, come with their own.
func (w *Window) applyMemory() {
	limit := int64(w.prefs.memoryMiB()) << 20
	for _, x := range w.state.Workspace().Sessions() {
		if s := x.Stats(); s != nil && s.Limit() != limit {
			s.SetLimit(limit)
		}
	}
}

// showMemory asks how much memory the statistics may take.
func (w *Window) showMemory() {
	text := widget.NewLabel("How much memory the statistics of one server may take. Older figures go into a file beside the capture, from where they are shown as before. Of those for which there is no room either, sums over 10 seconds to half an hour stay in memory, and the capture is read again where you look closer.\n\n" + w.memoryUsed())
	text.Wrapping = fyne.TextWrapWord
	var titles []string
	for _, m := range memoryChoices {
		titles = append(titles, memoryTitle(m))
	}
	choice := kit.NewSelect(titles, nil)
	choice.SetSelectedIndex(slices.Index(memoryChoices, w.prefs.memoryMiB()))
	choice.OnChanged = func(string) {
		if i := choice.SelectedIndex(); i >= 0 {
			w.prefs.setMemoryMiB(memoryChoices[i])
			w.applyMemory()
		}
	}
	w.showText("Memory for statistics", container.New(&leastWidth{460}, container.NewVBox(flush(text), container.NewHBox(choice, layout.NewSpacer()))))
}

func memoryTitle(mib int) string {
	if mib >= 1024 {
		return fmt.Sprintf("%d GiB", mib/1024)
	}
	return fmt.Sprintf("%d MiB", mib)
}

func (w *Window) memoryUsed() string {
	sessions := w.state.Workspace().Sessions()
	if len(sessions) == 0 {
		return "No server is attached."
	}
	s := ""
	for _, x := range sessions {
		if store := x.Stats(); store != nil {
			s += fmt.Sprintf("%s: %s of series\n", x.Name(), view.MemoryText(store))
		}
	}
	return s[:max(len(s)-1, 0)]
}
