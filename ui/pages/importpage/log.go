package importpage

import (
	"context"
	"fmt"
	"image/color"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"kmscope/timeline/serverlog"
	"kmscope/ui/kit"
	"kmscope/ui/surface"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// logQuery is all that the rows of a log depend on.
type logQuery struct {
	source    *source
	filter    string
	level     serverlog.Level
	component string
	object    string
}

// logView shows a server's log.
type logView struct {
	p      *Page
	object fyne.CanvasObject

	filter     *kit.Entry
	level      *kit.Select
	component  *kit.Select
	components []string // of the choices after the first
	mine       *widget.Check
	count      *widget.Label
	clock      *clockBar
	table      *table
	detail     *widget.Label
	detailBox  *container.Scroll
	empty      *widget.Label
	work       surface.Worker

	s      *source
	parsed view.Filter
	wrong  string
	asked  logQuery
	rows   []int32
	done   bool                     // rows are those that were asked for
	failed string                   // why the last search failed
	told   string                   // of what is wrong
	lines  map[int32]serverlog.Line // read lately
	quiet  bool
	cursor time.Time // as shown last
	own    time.Time // where a chosen line put the cursor
}

// levelChoices are the levels from the worst on; the numbers are those of the
// filter.
var levelChoices = []struct {
	title string
	level serverlog.Level
}{
	{"all levels", serverlog.Plain}, {"errors", serverlog.Error}, {"warnings and worse", serverlog.Warning}, {"fixmes and worse", serverlog.Fixme},
	{"info and worse", serverlog.Info}, {"debug and worse", serverlog.Debug}, {"log and worse", serverlog.Log},
}

const noLine = "Choose a line to see all of it. Enter or a double click selects the object that it names."

func newLogView(p *Page) *logView {
	v := &logView{p: p, lines: map[int32]serverlog.Line{}}
	v.filter = kit.NewEntry("filter: words or /regex/", "filter")
	v.filter.OnChanged = func(string) { v.filtered() }
	v.filter.OnKey = func(k *fyne.KeyEvent) bool {
		switch k.Name {
		case fyne.KeyEscape:
			v.filter.SetText("")
		case fyne.KeyDown:
			focus(v.table.list)
		default:
			return false
		}
		return true
	}
	var titles []string
	for _, c := range levelChoices {
		titles = append(titles, c.title)
	}
	v.level = kit.NewSelect(titles, func(string) { v.refresh() })
	v.level.Selected = titles[0]
	v.component = kit.NewSelect([]string{allComponents}, func(string) { v.refresh() })
	v.component.Selected = allComponents
	v.mine = widget.NewCheck(selectedOnly, func(bool) { v.refresh() })
	v.count = newCount()
	v.clock = newClockBar(&p.frame, func(d time.Duration) {
		if v.s != nil {
			v.s.setShift(d)
			v.p.handOver()
			v.table.list.Refresh()
			v.follow(true)
		}
	}, p.again)
	v.table = newTable([]column{
		{title: "Time", width: 104, mono: true, firm: true}, {title: "Level", width: 80, firm: true}, {title: "Component", width: 168},
		{title: "Source", width: 170, mono: true, from: 1080}, {title: "Object", width: 104}, {title: "Message", share: 1},
	}, func() int { return len(v.rows) }, v.cells)
	v.table.chose, v.table.opened = v.choose, v.open
	v.detail = widget.NewLabel(noLine)
	v.detail.TextStyle.Monospace = true
	v.detail.SizeName = fynetheme.SizeNameCaptionText
	v.detail.Wrapping = fyne.TextWrapWord
	v.detail.Selectable = true
	v.detailBox = container.NewVScroll(v.detail)
	v.empty = widget.NewLabel("")
	v.empty.Importance = widget.LowImportance
	v.empty.Alignment = fyne.TextAlignCenter
	v.empty.Wrapping = fyne.TextWrapWord
	split := container.NewVSplit(container.NewStack(v.table.object, kit.WithMargin(kit.Margin{Top: 60}, container.NewVBox(v.empty))), v.detailBox)
	split.Offset = 0.8
	field := wide(200, v.filter)
	var copyButton *kit.Button
	copyButton = kit.NewButton(kit.Framed, "", "Copy", func() {
		popUp(copyButton, fyne.NewMenuItem("The chosen line", v.copyLine), fyne.NewMenuItem("All lines shown as text", v.copyText),
			fyne.NewMenuItem("All lines shown as TSV", v.copyTSV))
	}).WithCaret()
	bar := p.frame.bar(field, v.level, wide(160, v.component), v.mine, v.count, copyButton)
	v.object = container.NewBorder(kit.WithMargin(kit.Margin{Left: 10, Right: 10, Bottom: 6}, container.NewVBox(bar, v.clock.object)), nil, nil, nil, split)
	return v
}

// newCount makes a dim text in a bar: how many rows there are.
func newCount() *widget.Label {
	l := widget.NewLabel("")
	l.Importance = widget.LowImportance
	return l
}

// wide gives an object a width.
func wide(width float32, o fyne.CanvasObject) fyne.CanvasObject {
	return container.NewGridWrap(fyne.NewSize(width, o.MinSize().Height), o)
}

const selectedOnly = "selected only"

const allComponents = "all components"

// focus gives a widget the keys.
func focus(o fyne.Focusable) {
	if w, ok := o.(fyne.CanvasObject); ok {
		if c := fyne.CurrentApp().Driver().CanvasForObject(w); c != nil {
			c.Focus(o)
		}
	}
}

// popUp shows a menu under an object.
func popUp(under fyne.CanvasObject, items ...*fyne.MenuItem) {
	d := fyne.CurrentApp().Driver()
	if c := d.CanvasForObject(under); c != nil {
		widget.ShowPopUpMenuAtPosition(fyne.NewMenu("", items...), c, d.AbsolutePositionForObject(under).AddXY(0, under.Size().Height))
	}
}

// show shows a log; nil none.
func (v *logView) show(s *source) {
	if v.s == s {
		return
	}
	v.work.Stop()
	v.s, v.rows, v.asked, v.done, v.failed = s, nil, logQuery{}, false, ""
	clear(v.lines)
	v.table.reset()
	v.detail.SetText(noLine)
	v.cursor = time.Time{}
	if s == nil {
		return
	}
	counts := s.book.Components()
	v.components = v.components[:0]
	for c := range counts {
		v.components = append(v.components, c)
	}
	slices.SortFunc(v.components, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	titles := []string{allComponents}
	for _, c := range v.components {
		name := c
		if name == "" {
			name = "none"
		}
		titles = append(titles, name+" ("+view.Thousands(counts[c])+")")
	}
	v.quiet = true
	v.component.SetOptions(titles)
	v.component.SetSelectedIndex(0)
	v.quiet = false
	v.clock.show(v.why(), s.shift)
	v.refresh()
}

// why says how the offset was estimated.
func (v *logView) why() string {
	a, ok := v.s.book.Alignment()
	starts := "the log's clock starts at " + v.p.clock().Format(v.p.local(time.Unix(0, 0).Add(v.s.base)))
	if v.s.dated {
		starts = "the log's clock is moved by " + signedMs(v.s.base)
	}
	switch {
	case ok:
		text := fmt.Sprintf("%s: %d of %s agree within %s", starts, a.Votes, view.Plural(a.Of, "matching event"), stretch(a.Spread))
		if a.Doubtful {
			text += ", but others speak for another offset: look at it"
		}
		return text
	case v.s.beside == "":
		return "no capture to line it up with: " + starts
	case v.s.dated:
		return "no line says what an event of the capture says: the log's own dates are taken as UTC"
	}
	return "no line says what an event of the capture says: it is laid at the capture's beginning, move it by hand"
}

// stretch writes a short span of time.
func stretch(d time.Duration) string {
	if d < time.Millisecond {
		return strconv.FormatInt(d.Microseconds(), 10) + " µs"
	}
	if d >= time.Second {
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	}
	return strconv.FormatFloat(float64(d.Microseconds()/100)/10, 'f', -1, 64) + " ms"
}

func (v *logView) filtered() {
	f, err := view.ParseFilter(v.filter.Text)
	v.wrong = ""
	if err != nil {
		v.wrong = err.Error()
	} else {
		v.parsed = f
	}
	v.refresh()
}

// refresh searches anew if anything that the rows depend on changed.
func (v *logView) refresh() {
	if v.s == nil || v.quiet {
		return
	}
	q := logQuery{source: v.s, filter: v.filter.Text, level: levelChoices[max(v.level.SelectedIndex(), 0)].level}
	if i := v.component.SelectedIndex(); i > 0 && i <= len(v.components) {
		q.component = v.components[i-1]
	}
	named := v.p.selected()
	if v.mine.Checked {
		q.object = named
	}
	v.nameMine(named)
	if q == v.asked || v.wrong != "" {
		v.say()
		v.follow(false)
		return
	}
	v.asked, v.done = q, false
	want := serverlog.Filter{Level: q.level, Object: q.object, Text: v.parsed.Regexp()}
	if i := v.component.SelectedIndex(); i > 0 {
		want.Components = []string{q.component}
	}
	s := v.s
	v.work.Stop() // a search of a large file is not waited for when nobody wants it any more
	v.work.Start(func(ctx context.Context) func() {
		s.inUse.RLock()
		rows, err := s.book.Select(ctx, want)
		s.inUse.RUnlock()
		return func() {
			if v.asked != q || ctx.Err() != nil && err != nil {
				return
			}
			v.took(rows, err)
		}
	})
	v.say()
}

func (v *logView) nameMine(id string) {
	text := selectedOnly
	if id != "" {
		text = "only " + v.p.shortName(id)
	}
	if v.mine.Text != text {
		v.mine.SetText(text)
		v.p.reflow()
	}
	if id == "" && !v.mine.Disabled() {
		v.mine.Disable()
	} else if id != "" && v.mine.Disabled() {
		v.mine.Enable()
	}
}

func (v *logView) took(rows []int32, err error) {
	chosen := int32(-1)
	if v.table.chosen >= 0 && v.table.chosen < len(v.rows) {
		chosen = v.rows[v.table.chosen]
	}
	v.rows, v.done, v.failed = rows, true, ""
	if err != nil {
		v.failed = err.Error()
	}
	v.table.reset()
	if i, found := slices.BinarySearch(rows, chosen); found {
		v.table.chosen = i
		v.table.list.ScrollTo(i)
		v.table.list.Refresh()
	} else {
		v.detail.SetText(noLine)
	}
	v.cursor = time.Time{}
	v.say()
	v.follow(false)
}

// say writes the counts, or what is wrong, or what to do.
func (v *logView) say() {
	var count, empty string
	wrong := v.wrong
	if wrong == "" {
		wrong = v.failed
	}
	if wrong != v.told {
		v.told = wrong
		v.p.fail(wrong)
	}
	total := v.s.book.Len()
	switch {
	case !v.done:
		count = "searching …"
	case len(v.rows) == total:
		count = view.Plural(total, "line")
	default:
		count = view.Thousands(len(v.rows)) + " of " + view.Plural(total, "line")
	}
	if v.done && len(v.rows) == 0 && v.wrong == "" {
		empty = "No line matches. Change the filter, or remove it."
		if v.asked.object != "" {
			empty = "No line names this object. Levels of 5 (DEBUG) name more: see \"What to log\"."
		}
	}
	if v.count.Text != count {
		v.count.SetText(count)
		v.p.reflow()
	}
	if v.empty.Text != empty {
		v.empty.SetText(empty)
	}
}

// maxLines bounds how many lines are kept that were read from the file.
const maxLines = 2048

func (v *logView) line(n int32) serverlog.Line {
	if l, ok := v.lines[n]; ok {
		return l
	}
	l, err := v.s.book.Line(int(n))
	if err != nil {
		l.Text = err.Error()
	}
	if len(v.lines) >= maxLines {
		clear(v.lines)
	}
	v.lines[n] = l
	return l
}

// at is a message's moment on the clock of the window.
func (v *logView) at(n int32) time.Time { return v.p.local(v.s.book.At(int(n))) }

func (v *logView) cells(i int) []cell {
	n := v.rows[i]
	l := v.line(n)
	object := ""
	if id := v.s.book.Object(int(n)); id != "" {
		object = v.p.shortName(id)
	}
	level := levelHue(l.Level)
	message := plainHue
	if l.Level == serverlog.Error || l.Level == serverlog.Warning {
		message = level
	}
	return []cell{{v.p.clock().Format(v.at(n)), dimHue}, {l.Level.String(), level}, {l.Component, plainHue}, {l.Source, dimHue}, {object, plainHue}, {oneLine(l.Text), message}}
}

func levelHue(l serverlog.Level) hue {
	switch l {
	case serverlog.Error:
		return badHue
	case serverlog.Warning, serverlog.Fixme:
		return warnHue
	case serverlog.Info:
		return func(p theme.Palette) color.NRGBA { return p.Accent }
	}
	return dimHue
}

// maxShown bounds what of a text is drawn in a row.
const maxShown = 500

// oneLine is a text in one line, without secrets.
func oneLine(s string) string {
	if len(s) > 2*maxShown {
		s = s[:2*maxShown]
	}
	s = view.MaskText(strings.ToValidUTF8(s, "�"))
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if r := []rune(s); len(r) > maxShown {
		s = string(r[:maxShown]) + "…"
	}
	return s
}

// maxDetail bounds the pane below the table, in bytes.
const maxDetail = 16 << 10

// whole is a message with all that the log says of it, without secrets.
func (v *logView) whole(n int32) string {
	l := v.line(n)
	var b strings.Builder
	fmt.Fprintf(&b, "%s  line %s", v.p.clock().Format(v.at(n)), view.Thousands(int(l.Number)))
	for _, s := range []struct{ name, value string }{{"", l.Level.String()}, {"", l.Component}, {"", l.Source}, {"", l.Function}, {"element ", l.Element}, {"thread ", l.Thread}} {
		if s.value != "" {
			b.WriteString("  " + s.name + s.value)
		}
	}
	text := view.MaskText(strings.ToValidUTF8(l.Text, "�"))
	if len(text) > maxDetail {
		text = strings.ToValidUTF8(text[:maxDetail], "") + "\n… more: copy the line to have all."
	}
	b.WriteString("\n" + strings.ReplaceAll(text, "\t", "    "))
	if l.Cut {
		b.WriteString("\n… the rest of this message is longer than what is kept.")
	}
	for _, id := range l.Objects {
		b.WriteString("\nnames " + v.p.objectName(id) + "  " + id)
	}
	return b.String()
}

// choose shows a line and puts the cursor of the window on it.
func (v *logView) choose(i int) {
	n := v.rows[i]
	v.detail.SetText(v.whole(n))
	v.detailBox.ScrollToTop()
	if v.p.view != nil && v.p.view.Server() != nil {
		v.own = v.at(n)
		v.p.view.Pin(v.own)
	}
}

// open selects the object that a line names.
func (v *logView) open(i int) {
	if v.p.view == nil {
		return
	}
	if id := v.s.book.Object(int(v.rows[i])); id != "" {
		v.p.view.SelectObject(id)
		v.refresh()
	}
}

// follow shows the line nearest to the cursor of the window.
func (v *logView) follow(anew bool) {
	if v.s == nil || v.p.view == nil || len(v.rows) == 0 {
		return
	}
	at, known := v.p.cursor()
	if !known {
		v.cursor, v.own = time.Time{}, time.Time{}
		v.table.show(-1)
		return
	}
	if at.Equal(v.cursor) && !anew {
		return
	}
	v.cursor = at
	if at.Equal(v.own) && v.table.chosen >= 0 && !anew {
		v.table.near = -1 // the chosen line is where the cursor is
		v.table.list.Refresh()
		return
	}
	v.table.show(v.nearest(at))
}

// nearest gives the row next to a moment.
func (v *logView) nearest(at time.Time) int {
	i := sort.Search(len(v.rows), func(i int) bool { return !v.at(v.rows[i]).Before(at) })
	if i == len(v.rows) || i > 0 && at.Sub(v.at(v.rows[i-1])) < v.at(v.rows[i]).Sub(at) {
		i--
	}
	return i
}

// maxCopied bounds what one copy puts on the clipboard.
const maxCopied = 50_000

func (v *logView) copyLine() {
	if i := v.table.chosen; v.s != nil && i >= 0 && i < len(v.rows) {
		toClipboard(v.whole(v.rows[i]))
	}
}

func (v *logView) copyText() {
	v.copyAll(func(b *strings.Builder, c []string) {
		b.WriteString(strings.Join(slices.DeleteFunc(c, func(s string) bool { return s == "" }), "  "))
	})
}

func (v *logView) copyTSV() {
	v.copyAll(func(b *strings.Builder, c []string) { b.WriteString(strings.Join(c, "\t")) })
}

// copyAll puts the lines shown on the clipboard, read off the interface
// goroutine.
func (v *logView) copyAll(write func(*strings.Builder, []string)) {
	if v.s == nil || len(v.rows) == 0 {
		return
	}
	s, rows := v.s, v.rows[:min(len(v.rows), maxCopied)]
	clock, move := v.p.clock(), v.p.local(time.Unix(0, 0)).Sub(time.Unix(0, 0))
	v.work.Start(func(ctx context.Context) func() {
		s.inUse.RLock()
		defer s.inUse.RUnlock()
		var b strings.Builder
		for _, n := range rows {
			if ctx.Err() != nil {
				return nil
			}
			l, err := s.book.Line(int(n))
			if err != nil {
				continue // the file was changed meanwhile: the table says so
			}
			write(&b, []string{clock.Format(s.book.At(int(n)).Add(move)), l.Level.String(), l.Component, l.Source, s.book.Object(int(n)), oneLine(l.Text)})
			b.WriteByte('\n')
		}
		return func() { toClipboard(b.String()) }
	})
}
