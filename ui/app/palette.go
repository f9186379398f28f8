package app

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"kmscope/ui/icon"
	"kmscope/ui/kit"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// finder finds any object, page or command (Ctrl+K).
type finder struct {
	state    *view.State
	commands func() []view.Hit
	hits     []view.Hit
	current  int
	entry    *kit.Entry
	list     *kit.List
	pop      *widget.PopUp
	none     *canvas.Text
}

const (
	finderWidth  = 620
	finderRows   = 12
	finderHeight = finderRows*theme.RowHeight + 52
)

// showFinder opens the finder over a canvas.
func showFinder(c fyne.Canvas, s *view.State, commands func() []view.Hit) *finder {
	f := &finder{state: s, commands: commands}
	f.entry = kit.NewEntry("Find an object, a page or a command")
	f.entry.OnChanged = func(string) { f.search() }
	f.entry.OnSubmitted = func(string) { f.run(f.current) }
	f.entry.OnKey = f.key
	f.none = kit.NewText("", theme.TextSize, theme.Current().Dim)
	var list fyne.CanvasObject
	f.list, list = kit.NewList(func() int { return len(f.hits) }, func() fyne.CanvasObject {
		r := &hitRow{}
		r.ExtendBaseWidget(r)
		return r
	}, func(i int, o fyne.CanvasObject) {
		r, ok := o.(*hitRow)
		if !ok || i >= len(f.hits) {
			return
		}
		r.hit, r.chosen, r.tap = f.hits[i], i == f.current, func() { f.run(i) }
		r.Refresh()
	})
	body := container.NewBorder(kit.WithMargin(kit.Margin{Bottom: 6}, f.entry), nil, nil, nil, container.NewStack(list, container.NewCenter(f.none)))
	f.pop = widget.NewModalPopUp(container.New(&exact{fyne.NewSize(finderWidth, finderHeight)}, kit.WithMargin(kit.Margin{Top: 4, Left: 4, Right: 4, Bottom: 4}, body)), c)
	kit.HideTips(c)
	f.search()
	f.pop.Show()
	c.Focus(f.entry)
	return f
}

// exact gives its one object a size.
type exact struct{ size fyne.Size }

func (e *exact) MinSize([]fyne.CanvasObject) fyne.Size { return e.size }
func (e *exact) Layout(o []fyne.CanvasObject, size fyne.Size) {
	for _, x := range o {
		x.Move(fyne.Position{})
		x.Resize(size)
	}
}

func (f *finder) search() {
	f.hits = view.Find(f.state, f.commands(), f.entry.Text)
	f.current = 0
	text := ""
	if len(f.hits) == 0 {
		text = "Nothing is called that."
	}
	kit.SetText(f.none, text, theme.Current().Dim)
	f.list.Refresh()
	f.list.ScrollToTop()
}

func (f *finder) key(k *fyne.KeyEvent) bool {
	switch k.Name {
	case fyne.KeyEscape:
		f.pop.Hide()
		return true
	case fyne.KeyHome, fyne.KeyEnd:
		return false // of the text
	}
	to, moves := kit.Move(k.Name, f.current, len(f.hits), finderRows)
	if !moves {
		return false
	}
	f.current = to
	f.list.Refresh()
	f.list.ScrollTo(to)
	return true
}

func (f *finder) run(i int) {
	f.pop.Hide()
	if i >= 0 && i < len(f.hits) && f.hits[i].Run != nil {
		f.hits[i].Run()
	}
}

// hitRow is one line of the finder.
type hitRow struct {
	widget.BaseWidget
	hit     view.Hit
	chosen  bool
	hovered bool
	tap     func()
}

var (
	_ fyne.Tappable     = (*hitRow)(nil)
	_ desktop.Hoverable = (*hitRow)(nil)
)

func (r *hitRow) Tapped(*fyne.PointEvent)        { r.tap() }
func (r *hitRow) MouseIn(*desktop.MouseEvent)    { r.hovered = true; r.Refresh() }
func (r *hitRow) MouseMoved(*desktop.MouseEvent) {}
func (r *hitRow) MouseOut()                      { r.hovered = false; r.Refresh() }

func (r *hitRow) CreateRenderer() fyne.WidgetRenderer {
	x := &hitRenderer{r: r, ground: canvas.NewRectangle(color.Transparent), icon: icon.NewPicture("", color.NRGBA{}),
		title: kit.NewText("", theme.TextSize, color.Transparent), note: kit.NewText("", theme.TextSize-1, color.Transparent)}
	x.ground.CornerRadius = 3
	x.Refresh()
	return x
}

type hitRenderer struct {
	r           *hitRow
	ground      *canvas.Rectangle
	icon        *icon.Picture
	title, note *canvas.Text
}

func (x *hitRenderer) MinSize() fyne.Size { return fyne.NewSize(100, theme.RowHeight) }

func (x *hitRenderer) Layout(size fyne.Size) {
	x.ground.Resize(size)
	x.icon.Move(fyne.NewPos(8, (size.Height-14)/2))
	x.icon.Resize(fyne.NewSquareSize(14))
	room := size.Width - 30 - 12 - 8
	kit.SetText(x.title, kit.Elide(x.r.hit.Title, theme.TextSize, fyne.TextStyle{}, max(size.Width*0.6, room-kit.TextWidth(x.r.hit.Note, theme.TextSize-1, fyne.TextStyle{}))), x.title.Color)
	left := kit.Place(x.title, 30, 0, size.Height) + 12
	kit.SetText(x.note, kit.Elide(x.r.hit.Note, theme.TextSize-1, fyne.TextStyle{}, max(size.Width-left-8, 0)), x.note.Color)
	kit.Place(x.note, size.Width-8-kit.TextWidth(x.note.Text, theme.TextSize-1, fyne.TextStyle{}), 0, size.Height)
}

func (x *hitRenderer) Refresh() {
	p := theme.Current()
	c := theme.Fade(p.Hover, 0)
	if x.r.chosen {
		c = p.Selection
	} else if x.r.hovered {
		c = p.Hover
	}
	fill(x.ground, c)
	name := icon.Of(x.r.hit.Kind)
	if x.r.hit.Command {
		name = icon.ChevronRight
	} else if x.r.hit.Note == "server" {
		name = icon.Server
	}
	x.icon.Set(name, p.Dim)
	kit.SetText(x.title, x.r.hit.Title, p.Text)
	kit.SetText(x.note, x.r.hit.Note, p.Dim)
	x.Layout(x.r.Size())
}

func (x *hitRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{x.ground, x.icon.Raster, x.title, x.note}
}
func (x *hitRenderer) Destroy() {}
