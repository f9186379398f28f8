package app

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"
)

// emptyNote says what to do where there is nothing to show.
func emptyNote(title, text string, actions ...fyne.CanvasObject) *fyne.Container {
	head := widget.NewLabelWithStyle(title, fyne.TextAlignCenter, fyne.TextStyle{Bold: true})
	head.Wrapping = fyne.TextWrapWord
	body := dimLabel(text)
	box := container.NewVBox(head, body)
	if len(actions) > 0 {
		row := container.NewHBox(layout.NewSpacer())
		for _, a := range actions {
			row.Add(a)
		}
		row.Add(layout.NewSpacer())
		box.Add(row)
	}
	return container.New(&middle{width: 460}, box)
}

// dimLabel is a wrapped sentence in the colour of secondary text.
func dimLabel(text string) *widget.Label {
	l := widget.NewLabelWithStyle(text, fyne.TextAlignCenter, fyne.TextStyle{})
	l.Wrapping = fyne.TextWrapWord
	l.Importance = widget.LowImportance
	return l
}

// middle puts its one object into the middle, no wider than a width.
type middle struct{ width float32 }

func (m *middle) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(80, 80) }

func (m *middle) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		w := min(m.width, size.Width-16)
		o.Resize(fyne.NewSize(max(w, 0), o.MinSize().Height))
		h := o.MinSize().Height // wrapped by the width
		o.Resize(fyne.NewSize(max(w, 0), h))
		o.Move(fyne.NewPos((size.Width-w)/2, max((size.Height-h)*0.4, 0)))
	}
}
