package app

import (
	"image/color"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"kmscope/ui/kit"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// statusBar is the line at the bottom of the window.
type statusBar struct {
	state   *view.State
	left    *fyne.Container
	right   *phrase
	phrases []*phrase
	message view.Phrase // of the window itself, until messageEnds
	until   time.Time
	row     *fyne.Container
	laidOut float32 // the widths that the row was laid out for
	content fyne.CanvasObject
}

func newStatusBar(s *view.State) *statusBar {
	b := &statusBar{state: s, left: container.New(kit.Bar{Gap: 20, Stretch: -1}), right: newPhrase()}
	b.row = container.New(kit.Bar{Gap: 20, Stretch: 0}, b.left, b.right)
	b.content = kit.OnWindow(kit.WithMargin(kit.Margin{Top: 4, Bottom: 4, Left: 12, Right: 12}, b.row), kit.Top)
	return b
}

// say shows a sentence of the window itself for some seconds.
func (b *statusBar) say(text string, l view.Level) {
	b.message, b.until = view.Phrase{Text: text, Level: l}, time.Now().Add(8*time.Second)
	b.update(time.Now())
}

func (b *statusBar) update(now time.Time) {
	left, right := view.Status(b.state, now)
	if now.Before(b.until) {
		left = append(left[:1:1], append([]view.Phrase{b.message}, left[1:]...)...)
	}
	for len(b.phrases) < len(left) {
		p := newPhrase()
		b.phrases = append(b.phrases, p)
		b.left.Add(p)
	}
	for i, p := range b.phrases {
		if i < len(left) {
			p.set(left[i])
		}
	}
	b.right.set(right)
	b.fit(len(left))
}

// fit shows the first n phrases but those that have no room, so that none is
// cut.
func (b *statusBar) fit(n int) {
	room := b.content.Size().Width - 24 - b.right.MinSize().Width - 20
	total := float32(0)
	for i, p := range b.phrases {
		if i >= n {
			visible(p, false)
			continue
		}
		room -= p.MinSize().Width
		visible(p, room >= 0 || i == 0 || b.content.Size().Width == 0)
		room -= 20
		total += p.MinSize().Width + float32(i+1) // tells lengths and order apart
	}
	if total += b.right.MinSize().Width; total != b.laidOut {
		b.laidOut = total
		b.row.Refresh()
	}
}

// phrase is one part of the bar.
type phrase struct {
	widget.BaseWidget
	view.Phrase
}

var _ desktop.Hoverable = (*phrase)(nil)

func newPhrase() *phrase {
	p := &phrase{}
	p.ExtendBaseWidget(p)
	return p
}

func (p *phrase) set(v view.Phrase) {
	if p.Phrase != v {
		p.Phrase = v
		p.Refresh()
	}
}

func (p *phrase) MouseIn(*desktop.MouseEvent) {
	kit.ShowTip(p, p.Tip, fyne.NewPos(0, p.Size().Height+6))
}
func (p *phrase) MouseMoved(*desktop.MouseEvent) {}
func (p *phrase) MouseOut()                      { kit.HideTip(p) }

func (p *phrase) CreateRenderer() fyne.WidgetRenderer {
	r := &phraseRenderer{p: p, text: kit.NewText("", phraseSize, color.Transparent), dot: canvas.NewCircle(color.Transparent)}
	r.Refresh()
	return r
}

const phraseSize = theme.CaptionSize + 1

// maxPhrase bounds the width of a phrase: causes may be long sentences.
const maxPhrase = 520

type phraseRenderer struct {
	p    *phrase
	text *canvas.Text
	dot  *canvas.Circle
}

func (r *phraseRenderer) offset() float32 {
	if r.p.Dot {
		return 14
	}
	return 0
}

func (r *phraseRenderer) MinSize() fyne.Size {
	w := min(kit.TextWidth(r.p.Text, phraseSize, fyne.TextStyle{}), maxPhrase)
	return fyne.NewSize(w+r.offset(), 18)
}

func (r *phraseRenderer) Layout(size fyne.Size) {
	r.dot.Move(fyne.NewPos(0, (size.Height-8)/2))
	r.dot.Resize(fyne.NewSquareSize(8))
	kit.Place(r.text, r.offset(), 0, size.Height)
}

func (r *phraseRenderer) Refresh() {
	pal := theme.Current()
	c := pal.Dim
	if r.p.Level >= view.Attention && !r.p.Dot {
		c = pal.Level(theme.Level(r.p.Level))
	}
	dot := theme.Fade(pal.Dim, 0)
	if r.p.Dot {
		dot = pal.Level(theme.Level(r.p.Level))
	}
	fillDot(r.dot, dot)
	kit.SetText(r.text, kit.Elide(r.p.Text, phraseSize, fyne.TextStyle{}, maxPhrase), c)
	r.Layout(r.p.Size())
}

func (r *phraseRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.dot, r.text} }
func (r *phraseRenderer) Destroy()                     {}
