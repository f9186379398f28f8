package importpage

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"kmscope/ui/kit"
)

// clockBar says how an import was put on the clock of the window, and lets it be
// moved by hand.
type clockBar struct {
	object  fyne.CanvasObject
	text    *widget.Label
	entry   *kit.Entry
	reset   *kit.Button
	changed func(shift time.Duration)
	shift   time.Duration
	why     string // what is said of the estimate
	wrong   string // why what was typed is no time
}

// newClockBar makes it; f has its buttons, changed is told of another shift,
// again asks to line the import up anew.
func newClockBar(f *frame, changed func(time.Duration), again func()) *clockBar {
	b := &clockBar{changed: changed}
	b.text = widget.NewLabel("")
	b.text.Wrapping = fyne.TextWrapWord
	b.text.SizeName = fynetheme.SizeNameCaptionText
	b.text.Importance = widget.LowImportance
	b.entry = kit.NewEntry("+0 ms")
	b.entry.OnSubmitted = func(s string) { b.typed(s) }
	b.entry.OnKey = func(k *fyne.KeyEvent) bool {
		switch k.Name {
		case fyne.KeyUp:
			b.move(time.Millisecond)
		case fyne.KeyDown:
			b.move(-time.Millisecond)
		case fyne.KeyPageUp:
			b.move(10 * time.Millisecond)
		case fyne.KeyPageDown:
			b.move(-10 * time.Millisecond)
		default:
			return false
		}
		return true
	}
	b.reset = kit.NewButton(kit.Flat, "", "Reset", func() { b.set(0) }).WithTip("Back to the estimate")
	step := func(title string, d time.Duration) *kit.Button {
		return kit.NewButton(kit.Framed, "", title, func() { b.move(d) })
	}
	title := widget.NewLabel("Clock")
	title.Importance = widget.LowImportance
	row := f.bar(kit.WithMargin(kit.Margin{Left: -8}, title),
		step("−1 s", -time.Second), step("−10 ms", -10*time.Millisecond), step("−1 ms", -time.Millisecond), wide(104, b.entry),
		step("+1 ms", time.Millisecond), step("+10 ms", 10*time.Millisecond), step("+1 s", time.Second), b.reset,
		kit.NewButton(kit.Flat, "", "Line up again", again).WithTip("Compare it with the capture anew"))
	// Labels bring a margin of their own.
	b.object = container.NewVBox(row, kit.WithMargin(kit.Margin{Left: -8, Top: -6, Bottom: -6}, b.text))
	return b
}

func (b *clockBar) move(d time.Duration) { b.set(b.shift + d) }

func (b *clockBar) set(d time.Duration) {
	b.show(b.why, d)
	b.changed(d)
}

// show says why the clock is where it is, and how far it was moved by hand.
func (b *clockBar) show(why string, shift time.Duration) {
	b.why, b.shift, b.wrong = why, shift, ""
	b.entry.SetText(signedMs(shift))
	b.reset.SetEnabled(shift != 0)
	b.say()
}

func (b *clockBar) say() {
	text := b.why
	b.text.Importance = widget.LowImportance
	if b.shift != 0 {
		text = "moved by hand; " + text
	}
	if b.wrong != "" {
		text = b.wrong
		b.text.Importance = widget.DangerImportance
	}
	b.text.SetText(text)
}

func (b *clockBar) typed(s string) {
	d, err := parseShift(s)
	if err != nil {
		b.wrong = err.Error()
		b.say()
		return
	}
	b.set(d)
}

// maxShift bounds what can be typed: further off is another day's log.
const maxShift = 366 * 24 * time.Hour

// parseShift reads "+12.5 ms", "-1.5s", "2h3m" or "12", which is milliseconds.
func parseShift(s string) (time.Duration, error) {
	clean := strings.NewReplacer(" ", "", "−", "-", ",", "").Replace(s)
	if clean == "" {
		return 0, nil
	}
	if ms, err := strconv.ParseFloat(clean, 64); err == nil {
		clean = strconv.FormatFloat(ms, 'f', -1, 64) + "ms"
	}
	d, err := time.ParseDuration(clean)
	if err != nil || d > maxShift || d < -maxShift {
		return 0, fmt.Errorf("%q is no time: write it like 12 ms, -1.5s or 2h", s)
	}
	return d, nil
}

// signedMs writes a shift: "+12 ms", "−1,500.5 ms".
func signedMs(d time.Duration) string {
	s := strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', -1, 64)
	if i := strings.IndexByte(s, '.'); i >= 0 && len(s) > i+4 {
		s = s[:i+4]
	}
	if d >= 0 {
		s = "+" + s
	}
	return s + " ms"
}
