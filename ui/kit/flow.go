package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"kmscope/ui/loop"
)

// A bar of tools in a narrow window. The toolkit asks a layout for its least size
// without telling the width that it will have, so a layout whose height depends on
// its width needs help from the one above it: a Flow remembers the width it was
// last laid out at, and what NewUnder makes lays the bar out once to learn its height,
// and then for good. Something may also come into a bar whose width stays: the toolkit
// then lays out the row it is in, but loses sight of what is around that when other
// objects change in the same moment, so a Flow tells by itself. Rejected: scrolling the
// bar sideways, for what is out of sight there is not found by who does not know that
// it exists.

// Flow is a Bar that goes on in a second row where one row has no room for all. It is
// for one container, in a bar of NewUnder.
type Flow struct {
	Bar
	Break  int // index of the first object of the second row
	RowGap float32
	// Fit is told the width before the objects are placed, and may show, hide and
	// change them; nil is nothing to do.
	Fit func(width float32)

	width   float32 // that it was laid out at last
	count   int     // of its rows then
	changed func()  // their count is another one
}

// row is one row of a Flow.
type row struct {
	bar     Bar
	objects []fyne.CanvasObject
}

// rows gives the rows that a width needs.
func (f *Flow) rows(objects []fyne.CanvasObject) []row {
	if f.width <= 0 || f.Bar.MinSize(objects).Width <= f.width {
		return []row{{f.Bar, objects}}
	}
	first, second := f.Bar, f.Bar
	if f.Stretch >= f.Break {
		first.Stretch = -1
	} else {
		second.Stretch = -1
	}
	second.Stretch -= f.Break
	second.Least = make(map[int]float32, len(f.Least))
	for i, w := range f.Least {
		second.Least[i-f.Break] = w
	}
	return []row{{first, objects[:f.Break]}, {second, objects[f.Break:]}}
}

// MinSize implements fyne.Layout: the height is that at the last width.
func (f *Flow) MinSize(objects []fyne.CanvasObject) fyne.Size {
	s := fyne.Size{}
	for i, r := range f.rows(objects) {
		m := r.bar.MinSize(r.objects)
		s.Width = max(s.Width, m.Width)
		if i > 0 && m.Height > 0 {
			m.Height += f.RowGap
		}
		s.Height += m.Height
	}
	return s
}

// Layout implements fyne.Layout.
func (f *Flow) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	f.width = size.Width
	if f.Fit != nil {
		f.Fit(size.Width)
	}
	rows := f.rows(objects)
	if len(rows) != f.count && f.changed != nil {
		f.changed()
	}
	f.count = len(rows)
	y := float32(0)
	for _, r := range rows {
		h := r.bar.MinSize(r.objects).Height
		r.bar.Layout(r.objects, fyne.NewSize(size.Width, h))
		for _, o := range r.objects {
			o.Move(o.Position().AddXY(0, y))
		}
		y += h + f.RowGap
	}
}

// NewUnder puts a bar above a body: the bar is as high as it needs to be at the width
// that there is, the body has the rest. The flows are those in the bar.
func NewUnder(gap float32, bar, body fyne.CanvasObject, flows ...*Flow) *fyne.Container {
	c := container.New(under{gap}, bar, body)
	for _, f := range flows {
		f.changed = func() { loop.Do(func() { c.Layout.Layout(c.Objects, c.Size()) }) }
	}
	return c
}

type under struct{ gap float32 }

// MinSize implements fyne.Layout.
func (u under) MinSize(o []fyne.CanvasObject) fyne.Size {
	bar, body := o[0].MinSize(), o[1].MinSize()
	return fyne.NewSize(max(bar.Width, body.Width), bar.Height+u.gap+body.Height)
}

// Layout implements fyne.Layout.
func (u under) Layout(o []fyne.CanvasObject, size fyne.Size) {
	o[0].Move(fyne.Position{})
	o[0].Resize(fyne.NewSize(size.Width, o[0].MinSize().Height))
	h := o[0].MinSize().Height // now that it knows its width
	o[0].Resize(fyne.NewSize(size.Width, h))
	h += u.gap
	o[1].Move(fyne.NewPos(0, h))
	o[1].Resize(fyne.NewSize(size.Width, max(size.Height-h, 0)))
}
