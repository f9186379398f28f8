package importpage

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// flow lays objects out in rows of one height as they fit, the last one at the
// right edge where there is one row. A layout is asked for its height before it
// knows its width, so frame tells the width first.
type flow struct {
	width float32 // of the page
	inset float32 // what of that is margin
	gap   float32
}

// place gives the positions within a width, and the height of all.
func (f *flow) place(objects []fyne.CanvasObject, width float32) (at []fyne.Position, height float32) {
	at = make([]fyne.Position, len(objects))
	row, last := float32(0), -1
	for i, o := range objects {
		if o.Visible() {
			row = max(row, o.MinSize().Height)
			last = i
		}
	}
	x, y := float32(0), float32(0)
	for i, o := range objects {
		if !o.Visible() {
			continue
		}
		m := o.MinSize()
		if x > 0 && x+m.Width > width {
			x, y = 0, y+row+f.gap
		}
		at[i] = fyne.NewPos(x, y+(row-m.Height)/2)
		if i == last && y == 0 {
			at[i].X = max(x, width-m.Width)
		}
		x += m.Width + f.gap
	}
	return at, y + row
}

// MinSize implements fyne.Layout.
func (f *flow) MinSize(objects []fyne.CanvasObject) fyne.Size {
	widest := float32(0)
	for _, o := range objects {
		if o.Visible() {
			widest = max(widest, o.MinSize().Width)
		}
	}
	_, height := f.place(objects, f.width-f.inset)
	return fyne.NewSize(widest, height)
}

// Layout implements fyne.Layout.
func (f *flow) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	at, _ := f.place(objects, size.Width)
	for i, o := range objects {
		o.Resize(o.MinSize())
		o.Move(at[i])
	}
}

// bar puts objects into a bar as wide as the page.
func (f *frame) bar(objects ...fyne.CanvasObject) *fyne.Container {
	b := container.New(&flow{inset: 20, gap: 6}, objects...)
	f.bars = append(f.bars, b)
	return b
}

// reflow places what is in the bars anew, and reports whether one of them needs
// another height: then the page must be laid out.
func (f *frame) reflow() bool {
	for _, b := range f.bars {
		if b.Visible() && b.MinSize().Height != b.Size().Height {
			return true
		}
		b.Layout.Layout(b.Objects, b.Size())
	}
	return false
}

// frame fills its place with one object, whose flows learn the width before.
type frame struct{ bars []*fyne.Container }

// MinSize implements fyne.Layout.
func (f *frame) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(300, 240) }

// Layout implements fyne.Layout.
func (f *frame) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, b := range f.bars {
		if x, ok := b.Layout.(*flow); ok {
			x.width = size.Width
		}
	}
	for _, o := range objects {
		o.Move(fyne.Position{})
		o.Resize(size)
	}
}
