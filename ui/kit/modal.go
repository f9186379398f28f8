package kit

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"kmscope/ui/theme"
)

// Modal is a box over the window that wants an answer first. Unlike the
// toolkit's dialogs it lines up with its title and keeps the grid.
type Modal struct {
	pop    *widget.PopUp
	closed func()
}

// shown are the boxes that are open, the topmost last. Interface goroutine.
var shown []*Modal

// CloseTopModal closes the topmost box of a canvas, as Escape does; false when
// there is none.
func CloseTopModal(c fyne.Canvas) bool {
	for i := len(shown) - 1; i >= 0; i-- {
		if shown[i].pop.Canvas == c {
			shown[i].Hide()
			return true
		}
	}
	return false
}

const modalMargin = 16

// NewModal makes a box; it is shown by Show.
func NewModal(c fyne.Canvas, title string, content fyne.CanvasObject) *Modal {
	m := &Modal{}
	head := widget.NewLabelWithStyle(title, fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	head.SizeName = "subHeadingText"
	// Labels bring a margin of their own on the left.
	box := container.NewVBox(WithMargin(Margin{Left: -6, Bottom: theme.Grid}, head), content)
	m.pop = widget.NewModalPopUp(WithMargin(Margin{Top: modalMargin - 6, Bottom: modalMargin, Left: modalMargin, Right: modalMargin}, box), c)
	return m
}

// OnClosed sets what happens after the box has gone.
func (m *Modal) OnClosed(f func()) { m.closed = f }

// Show shows it.
func (m *Modal) Show() {
	HideTips(m.pop.Canvas)
	shown = append(slices.DeleteFunc(shown, func(x *Modal) bool { return x == m }), m)
	m.pop.Show()
	m.Fit()
}

// Fit makes it as high as what is in it.
func (m *Modal) Fit() {
	if m.pop.Visible() {
		m.pop.Resize(m.pop.MinSize())
		m.pop.Refresh()
	}
}

// Visible reports whether it is shown.
func (m *Modal) Visible() bool { return m.pop.Visible() }

// Hide takes it away.
func (m *Modal) Hide() {
	shown = slices.DeleteFunc(shown, func(x *Modal) bool { return x == m })
	if !m.pop.Visible() {
		return
	}
	m.pop.Hide()
	if m.closed != nil {
		m.closed()
	}
}
