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
	right   *phrase
	phrases []*phrase // on the left; the first n are in use
	n       int
	message view.Phrase // of the window itself, until messageEnds
	until   time.Time
	row     *fyne.Container
	laidOut float32 // the widths that the row was laid out for
	content fyne.CanvasObject
}

func newStatusBar(s *view.State) *statusBar {
	b := &statusBar{state: s, right: newPhrase()}
	b.row = container.New(&statusRow{b}, b.right)
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
		b.row.Add(p)
	}
	total := float32(0)
	for i, p := range left {
		b.phrases[i].set(p)
		total += b.phrases[i].MinSize().Width + float32(i+1) // tells lengths and order apart
	}
	b.n = len(left)
	b.right.set(right)
	if total += b.right.MinSize().Width; total != b.laidOut {
		b.laidOut = total
		b.row.Refresh()
	}
}

// statusRow is the layout of the bar. What it says changes every second, so its least
// size must not follow: the window's would, and a window that tells the desktop another
// one is laid out anew by both.
type statusRow struct{ b *statusBar }

const (
	phraseGap   = 20
	leastStatus = 200
	// sentenceWidth is what a phrase has at least that says something when it is cut.
	sentenceWidth = 220
)

func (l *statusRow) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(leastStatus, phraseHeight)
}

// Layout shows the phrases that have room; of one that has none, those behind it have
// none either. Of the first, and of a sentence, as much is there as fits.
func (l *statusRow) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	b := l.b
	w := min(b.right.MinSize().Width, size.Width)
	b.right.Move(fyne.NewPos(size.Width-w, 0))
	b.right.Resize(fyne.NewSize(w, size.Height))
	x, room := float32(0), size.Width-w-phraseGap
	for i, p := range b.phrases {
		w := p.MinSize().Width
		if i == 0 || w >= sentenceWidth && room >= sentenceWidth {
			w = max(min(w, room), 0)
		}
		fits := i < b.n && w <= room
		visible(p, fits)
		if !fits {
			room = -1
			continue
		}
		p.Move(fyne.NewPos(x, 0))
		p.Resize(fyne.NewSize(w, size.Height))
		x, room = x+w+phraseGap, room-w-phraseGap
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

const (
	phraseSize   = theme.CaptionSize + 1
	phraseHeight = 18
)

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
	return fyne.NewSize(w+r.offset(), phraseHeight)
}

func (r *phraseRenderer) Layout(size fyne.Size) {
	r.dot.Move(fyne.NewPos(0, (size.Height-8)/2))
	r.dot.Resize(fyne.NewSquareSize(8))
	r.write(size)
	kit.Place(r.text, r.offset(), 0, size.Height)
}

// write shows as much of the text as fits.
func (r *phraseRenderer) write(size fyne.Size) {
	c := theme.Current().Dim
	if r.p.Level >= view.Attention && !r.p.Dot {
		c = theme.Current().Level(theme.Level(r.p.Level))
	}
	room := float32(maxPhrase)
	if size.Width < r.MinSize().Width {
		room = max(size.Width-r.offset(), 0)
	}
	kit.SetText(r.text, kit.Elide(r.p.Text, phraseSize, fyne.TextStyle{}, room), c)
}

func (r *phraseRenderer) Refresh() {
	pal := theme.Current()
	dot := theme.Fade(pal.Dim, 0)
	if r.p.Dot {
		dot = pal.Level(theme.Level(r.p.Level))
	}
	fillDot(r.dot, dot)
	r.Layout(r.p.Size())
}

func (r *phraseRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.dot, r.text} }
func (r *phraseRenderer) Destroy()                     {}
