package kit

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"kmscope/ui/shade"
	"kmscope/ui/theme"
)

// TabHeight is the height of a row of tabs.
const TabHeight float32 = 34

// Tabs is a row of words, one of which is chosen.
type Tabs struct {
	bar     *fyne.Container
	tabs    []*tab
	chosen  int
	changed func(int)
}

// NewTabs makes a row; changed is called when a person chooses another.
func NewTabs(titles []string, changed func(int)) *Tabs {
	t := &Tabs{changed: changed}
	var objects []fyne.CanvasObject
	for i, title := range titles {
		one := &tab{title: title, chosen: i == 0}
		one.tapped = func() { t.Choose(i) }
		one.ExtendBaseWidget(one)
		t.tabs = append(t.tabs, one)
		objects = append(objects, one)
	}
	t.bar = container.New(&tabRow{t}, objects...)
	return t
}

// The distances around the words of all tabs: less where there is no room.
const (
	tabPad      = 28
	leastTabPad = 8
)

// tabRow puts tabs beside each other.
type tabRow struct{ t *Tabs }

func (l *tabRow) words() (width float32) {
	for _, one := range l.t.tabs {
		width += one.word()
	}
	return width
}

// MinSize implements fyne.Layout.
func (l *tabRow) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(l.words()+leastTabPad*float32(len(l.t.tabs)), TabHeight)
}

// Layout implements fyne.Layout.
func (l *tabRow) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	if len(l.t.tabs) == 0 {
		return
	}
	pad := min(max((size.Width-l.words())/float32(len(l.t.tabs)), leastTabPad), tabPad)
	x := float32(0)
	for _, one := range l.t.tabs {
		w := float32(int(one.word() + pad))
		one.Move(fyne.NewPos(x, 0))
		one.Resize(fyne.NewSize(w, TabHeight))
		x += w
	}
}

// Object is what goes into a container.
func (t *Tabs) Object() fyne.CanvasObject { return t.bar }

// Chosen gives the index of the chosen tab.
func (t *Tabs) Chosen() int { return t.chosen }

// Choose chooses a tab; out of range it does nothing.
func (t *Tabs) Choose(i int) {
	if i < 0 || i >= len(t.tabs) || i == t.chosen {
		return
	}
	t.tabs[t.chosen].choose(false)
	t.chosen = i
	t.tabs[i].choose(true)
	if t.changed != nil {
		t.changed(i)
	}
}

type tab struct {
	widget.BaseWidget
	title           string
	chosen, hovered bool
	tapped          func()
}

var (
	_ fyne.Tappable     = (*tab)(nil)
	_ desktop.Hoverable = (*tab)(nil)
)

func (t *tab) word() float32 { return TextWidth(t.title, theme.TextSize, fyne.TextStyle{}) }

func (t *tab) choose(on bool)                 { t.chosen = on; t.Refresh() }
func (t *tab) Tapped(*fyne.PointEvent)        { t.tapped() }
func (t *tab) MouseIn(*desktop.MouseEvent)    { t.hovered = true; t.Refresh() }
func (t *tab) MouseMoved(*desktop.MouseEvent) {}
func (t *tab) MouseOut()                      { t.hovered = false; t.Refresh() }

func (t *tab) CreateRenderer() fyne.WidgetRenderer {
	r := &tabRenderer{t: t, text: NewText(t.title, theme.TextSize, color.Transparent), line: shade.NewPlate(0, 0)}
	r.Refresh()
	return r
}

type tabRenderer struct {
	t    *tab
	text *canvas.Text
	line *shade.Plate
}

func (r *tabRenderer) MinSize() fyne.Size {
	return fyne.NewSize(r.t.word()+leastTabPad, TabHeight)
}

func (r *tabRenderer) Layout(size fyne.Size) {
	Place(r.text, (size.Width-r.t.word())/2, 0, size.Height)
	r.line.Move(fyne.NewPos(0, size.Height-2))
	r.line.Resize(fyne.NewSize(size.Width, 2))
}

func (r *tabRenderer) Refresh() {
	p := palette()
	r.text.Color = p.Dim
	if r.t.chosen || r.t.hovered {
		r.text.Color = p.Text
	}
	line := color.NRGBA{}
	if r.t.chosen {
		line = p.Accent
	}
	r.text.Refresh()
	r.line.SetFill(line)
}

func (r *tabRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.text, r.line.CanvasObject}
}
func (r *tabRenderer) Destroy() {}
