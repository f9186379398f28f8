package chartpage

import (
	"context"
	"fmt"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"kmscope/inventory"
	"kmscope/ui/kit"
	"kmscope/ui/loop"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// samplings are the times between two samples that the menu offers.
var samplings = []struct {
	word  string
	every time.Duration
}{{"0.25 s", 250 * time.Millisecond}, {"0.5 s", 500 * time.Millisecond}, {"1 s", time.Second}, {"2 s", 2 * time.Second}, {"5 s", 5 * time.Second}, {"10 s", 10 * time.Second}}

// samplingMenu offers how often a live server is asked.
func (p *Page) samplingMenu() *fyne.Menu {
	m := fyne.NewMenu("")
	ws := p.view.Workspace()
	for _, s := range samplings {
		item := fyne.NewMenuItem("Every "+s.word, func() { ws.SetSampling(s.every) })
		item.Checked = ws.Sampling() == s.every
		m.Items = append(m.Items, item)
	}
	return m
}

// switchTimeout bounds how long the box waits for the server.
const switchTimeout = 10 * time.Second

// measureItems are the lines of a menu on how is measured; none in a replay.
func (p *Page) measureItems() []*fyne.MenuItem {
	if p.view == nil || p.view.Server() == nil || !p.view.Server().Live() {
		return nil
	}
	every := fyne.NewMenuItem("Ask for figures", nil)
	every.ChildMenu = p.samplingMenu()
	items := []*fyne.MenuItem{fyne.NewMenuItemSeparator(), every}
	x := p.view.Server()
	if pipeline := inventory.PipelineOf(p.view.Selection().Object); pipeline != "" {
		name := view.ObjectName(p.view.Server().Snapshot(), pipeline)
		items = append(items, fyne.NewMenuItem("Measure latency in "+name+"…", func() { p.askLatency(x, pipeline, name) }))
	}
	return items
}

// latencyWarning says what would change, and how it is undone.
const latencyWarning = "This changes a setting of the server: latencyStats of the pipeline.\n" +
	"While it is on, the server marks every buffer to see how long it is under way, which costs it some CPU.\n" +
	"What it was before is put back when control is turned off or this window lets go of the server, or here by hand. " +
	"The call is written into the audit and the timeline as one of this tool."

// latencyReadOnly says what to do first.
const latencyReadOnly = "%s is read-only here. Measuring latency changes a setting of the server: turn control on for it first, with the switch " +
	"at the right of the tool bar."

// askLatency asks before the one change that measuring needs.
func (p *Page) askLatency(x view.Session, pipeline, name string) {
	c := fyne.CurrentApp().Driver().CanvasForObject(p.surface)
	if c == nil {
		return
	}
	text := latencyWarning
	controlled := x.Control().On
	if !controlled {
		text = fmt.Sprintf(latencyReadOnly, x.Name())
	}
	words := widget.NewLabel(text)
	words.Wrapping = fyne.TextWrapWord
	told := widget.NewLabel("")
	told.Wrapping = fyne.TextWrapWord
	told.Importance = widget.DangerImportance
	told.Hide()
	var box *kit.Modal
	var on, off *kit.Button
	set := func(value bool) {
		on.SetEnabled(false)
		off.SetEnabled(false)
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), switchTimeout)
			defer cancel()
			err := x.SetLatencyStats(ctx, pipeline, value)
			loop.Do(func() {
				if err == nil {
					box.Hide()
					return
				}
				told.SetText(err.Error())
				told.Show()
				on.SetEnabled(true)
				off.SetEnabled(true)
				box.Fit()
			})
		}()
	}
	on = kit.NewButton(kit.Primary, "", "Turn it on", func() { set(true) })
	off = kit.NewButton(kit.Framed, "", "Turn it off", func() { set(false) })
	end := kit.NewButton(kit.Framed, "", "Cancel", func() { box.Hide() })
	buttons := container.NewHBox(layout.NewSpacer(), end, off, on)
	height := float32(116)
	if !controlled {
		end.Set("", "Close")
		off.Hide()
		on.Hide()
		height = 56
	}
	label := container.New(layout.NewGridWrapLayout(fyne.NewSize(460, height)), words)
	box = kit.NewModal(c, "Measure latency in "+name, container.NewVBox(kit.WithMargin(kit.Margin{Left: -6}, label), told, kit.WithMargin(kit.Margin{Top: theme.Grid}, buttons)))
	box.Show()
}
