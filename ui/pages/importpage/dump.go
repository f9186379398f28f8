package importpage

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"image/color"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"kmscope/browserdump"
	"kmscope/stats"
	"kmscope/ui/kit"
	"kmscope/ui/surface"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// dumpView shows a browser's dump: its connections, which endpoint each is, and
// of the chosen one the states, the event log and the statistics.
type dumpView struct {
	p      *Page
	object fyne.CanvasObject

	connections *table
	top         *fyne.Container
	height      *fixedHeight
	evidence    *widget.Label
	goTo        *kit.Button
	clock       *clockBar
	strip       *surface.Surface
	parts       [2]*kit.Button
	filter      *kit.Entry
	count       *widget.Label
	events      *table
	series      *table
	detail      *widget.Label
	detailBox   *container.Scroll

	s       *source
	pc      *browserdump.PeerConnection
	part    int
	parsed  view.Filter
	wrong   string // why the filter is not valid
	told    string // of that
	entries []int  // of pc, that the filter selects
	figures []int  // of pc's series, that the filter selects
	rows    []stripRow
	time    surface.TimeAxis
	chart   int // the drawn series of pc; -1: none
	hover   bool
	scroll  float64
	cursor  time.Time
	own     time.Time
}

const noEntry = "Choose a row to see all of it."

// fixedHeight gives one object a height.
type fixedHeight struct{ height float32 }

// MinSize implements fyne.Layout.
func (f *fixedHeight) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(200, f.height) }

// Layout implements fyne.Layout.
func (f *fixedHeight) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		o.Move(fyne.Position{})
		o.Resize(size)
	}
}

func newDumpView(p *Page) *dumpView {
	d := &dumpView{p: p, chart: -1, height: &fixedHeight{}}
	d.connections = newTable([]column{
		{title: "Connection", width: 90}, {title: "Endpoint", width: 190}, {title: "How sure", width: 170}, {title: "Page", share: 1},
	}, func() int {
		if d.s == nil {
			return 0
		}
		return len(d.s.dump.Connections)
	}, d.connectionCells)
	d.connections.chose = func(i int) { d.turnTo(i) }
	d.connections.opened = func(int) { d.selectEndpoint() }
	d.evidence = widget.NewLabel("")
	d.evidence.Wrapping = fyne.TextWrapWord
	d.evidence.Importance = widget.LowImportance
	d.evidence.SizeName = fynetheme.SizeNameCaptionText
	d.goTo = kit.NewButton(kit.Framed, "", "Select the endpoint", d.selectEndpoint)
	d.clock = newClockBar(&p.frame, func(shift time.Duration) {
		if d.s != nil {
			d.s.setShift(shift)
			d.p.handOver()
			d.lanes()
			d.events.list.Refresh()
			d.follow(true)
		}
	}, p.again)
	d.strip = d.newStrip()
	for i, title := range []string{"Event log", "Statistics"} {
		d.parts[i] = kit.NewButton(kit.Flat, "", title, func() { d.setPart(i) })
	}
	d.filter = kit.NewEntry("filter: words or /regex/", "filter")
	d.filter.OnChanged = func(string) { d.filtered() }
	d.filter.OnKey = func(k *fyne.KeyEvent) bool {
		switch k.Name {
		case fyne.KeyEscape:
			d.filter.SetText("")
		case fyne.KeyDown:
			focus(d.shownTable().list)
		default:
			return false
		}
		return true
	}
	d.count = newCount()
	d.events = newTable([]column{{title: "Time", width: 104, mono: true, firm: true}, {title: "Event", width: 170}, {title: "What", share: 1}},
		func() int { return len(d.entries) }, d.entryCells)
	d.events.chose = d.chooseEntry
	d.series = newTable([]column{{title: "Of", width: 132}, {title: "Id", width: 170, mono: true, from: 640}, {title: "Figure", share: 1}, {title: "Latest", width: 132}},
		func() int { return len(d.figures) }, d.seriesCells)
	d.series.chose = d.chooseSeries
	d.detail = widget.NewLabel(noEntry)
	d.detail.TextStyle.Monospace = true
	d.detail.SizeName = fynetheme.SizeNameCaptionText
	d.detail.Wrapping = fyne.TextWrapWord
	d.detail.Selectable = true
	d.detailBox = container.NewVScroll(d.detail)
	d.top = container.New(d.height, d.connections.object)
	var copyButton *kit.Button
	copyButton = kit.NewButton(kit.Framed, "", "Copy", func() {
		popUp(copyButton, fyne.NewMenuItem("The rows shown as TSV", d.copyTSV), fyne.NewMenuItem("What is below", func() { toClipboard(d.detail.Text) }))
	}).WithCaret()
	field := wide(220, d.filter)
	bar := kit.WithMargin(kit.Margin{Top: 6, Left: 10, Right: 10, Bottom: 6},
		p.frame.bar(d.parts[0], d.parts[1], field, d.count, copyButton))
	detail := container.NewHSplit(container.NewStack(d.events.object, d.series.object), d.detailBox)
	detail.Offset = 0.62
	below := container.NewVSplit(d.strip, container.NewBorder(bar, nil, nil, nil, detail))
	below.Offset = 0.6
	head := container.NewVBox(d.top,
		kit.WithMargin(kit.Margin{Left: 2, Right: 10}, container.NewBorder(nil, nil, nil, container.NewCenter(d.goTo), d.evidence)),
		kit.WithMargin(kit.Margin{Left: 10, Right: 10, Bottom: 6}, d.clock.object))
	d.object = container.NewBorder(head, nil, nil, nil, below)
	d.setPart(0)
	return d
}

// show shows a dump; nil none.
func (d *dumpView) show(s *source) {
	if d.s == s {
		return
	}
	d.s, d.pc, d.rows, d.entries, d.figures, d.chart = s, nil, nil, nil, nil, -1
	d.connections.reset()
	d.events.reset()
	d.series.reset()
	d.detail.SetText(noEntry)
	if s == nil {
		return
	}
	d.height.height = theme.RowHeight*float32(min(len(s.dump.Connections), 4)+1) + 10
	if len(s.dump.Connections) > 0 {
		best := 0 // the first that has an endpoint: there is something to compare
		for i, pc := range s.dump.Connections {
			if s.result.Of(pc) != nil {
				best = i
				break
			}
		}
		d.connections.choose(best)
	} else {
		d.evidence.SetText("This dump holds no peer connection: make it while the call is on.")
		d.goTo.Hide()
		d.say()
	}
}

func (d *dumpView) connectionCells(i int) []cell {
	pc := d.s.dump.Connections[i]
	m := d.s.result.Of(pc)
	if m == nil {
		return []cell{{pc.ID, nil}, {"no endpoint known", dimHue}, {"", nil}, {oneLine(pc.URL), dimHue}}
	}
	sure := okHue
	if !m.Sure() {
		sure = warnHue
	}
	return []cell{{pc.ID, nil}, {d.p.objectName(m.Object), nil}, {sureness(m), sure}, {oneLine(pc.URL), dimHue}}
}

// sureness says in words how sure a pairing is.
func sureness(m *browserdump.Pairing) string {
	word := "likely"
	if m.Sure() {
		word = "sure"
	}
	return fmt.Sprintf("%s, %s", word, stats.Format(m.Confidence, stats.Ratio))
}

func (d *dumpView) turnTo(i int) {
	pc := d.s.dump.Connections[i]
	if pc == d.pc {
		return
	}
	d.pc, d.chart, d.scroll = pc, -1, 0
	d.detail.SetText(d.untold())
	m := d.s.result.Of(pc)
	var why []string
	if m == nil {
		d.goTo.Hide()
		text := "No endpoint of the capture shares a ufrag, certificate, SSRC or candidate with this connection."
		if d.s.beside == "" {
			text = "No capture to compare with: open the one of the same call, or connect to the server."
		}
		for _, x := range d.s.result.Doubtful {
			if x.Connection == pc {
				text += fmt.Sprintf(" Perhaps it is %s (%s).", d.p.objectName(x.Object), stats.Format(x.Confidence, stats.Ratio))
				break
			}
		}
		why = append(why, text)
	} else {
		d.goTo.Show()
		why = append(why, shared(m))
	}
	d.evidence.SetText(strings.Join(why, "; "))
	d.clock.show(d.why(), d.s.shift)
	d.search()
	d.events.reset()
	d.series.reset()
	d.lanes()
	d.follow(true)
	d.object.Refresh()
}

// shared says in short what both ends of a pairing hold, the strongest first.
func shared(m *browserdump.Pairing) string {
	counts := map[browserdump.Kind]int{}
	for _, e := range m.Evidence {
		counts[e.Kind] += e.Values
	}
	var parts []string
	for _, k := range []struct {
		kind browserdump.Kind
		word string
	}{
		{browserdump.KindUfrag, "ufrag"}, {browserdump.KindFingerprint, "certificate"}, {browserdump.KindSession, "session id"},
		{browserdump.KindSSRC, "SSRC"}, {browserdump.KindCandidate, "candidate"}, {browserdump.KindLooseCandidate, "likely candidate"},
	} {
		if n := counts[k.kind]; n > 0 {
			parts = append(parts, view.Plural(n, k.word))
		}
	}
	return "The same on both sides: " + strings.Join(parts, ", ") + ". The evidence stands beside the event log."
}

// offset is what is added to the browser's clock to get that of the window.
func (d *dumpView) offset() time.Duration {
	off, _ := d.s.result.Offset(d.pc)
	zero := time.Unix(0, 0)
	return off + d.s.shift + d.p.local(zero).Sub(zero)
}

func (d *dumpView) at(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Add(d.offset())
}

// why says how the browser's clock was lined up.
func (d *dumpView) why() string {
	off, known := d.s.result.Offset(d.pc)
	if !known {
		return "nothing tells how the browser's clock differs: it is taken as it is"
	}
	text := "add " + signedMs(off.Round(100*time.Microsecond)) + " to the browser's clock"
	c, ok := d.clockOf()
	if !ok {
		return text
	}
	ms := func(d time.Duration) string { return signedMs(d.Round(100 * time.Microsecond)) }
	switch {
	case c.HasLow && c.HasHigh:
		text += fmt.Sprintf(" (between %s and %s)", ms(c.Low), ms(c.High))
	case c.HasLow:
		text += fmt.Sprintf(" (at least %s)", ms(c.Low))
	case c.HasHigh:
		text += fmt.Sprintf(" (at most %s)", ms(c.High))
	}
	if len(c.Texts) > 0 {
		text += ": " + view.Plural(len(c.Texts), "clue") + ", told beside the event log"
	}
	return text
}

// clockOf gives how the browser's clock differs from that of the connection's
// server; false when nothing tells.
func (d *dumpView) clockOf() (browserdump.Clock, bool) {
	server := ""
	if m := d.s.result.Of(d.pc); m != nil {
		server = m.Server
	}
	c, ok := d.s.result.Clock(server)
	if !ok && len(d.s.result.Clocks) == 1 {
		c, ok = d.s.result.Clocks[0], true
	}
	return c, ok
}

// untold is what stands beside the table while no row is chosen: what the bars
// above have no room for.
func (d *dumpView) untold() string {
	var b strings.Builder
	b.WriteString(noEntry)
	list := func(title string, items []string) {
		if len(items) > 0 {
			b.WriteString("\n\n" + title + "\n- " + strings.Join(items, "\n- "))
		}
	}
	if m := d.s.result.Of(d.pc); m != nil {
		var items []string
		for _, e := range m.Evidence {
			items = append(items, e.Text)
		}
		list("Why it is "+d.p.objectName(m.Object)+":", items)
	}
	if c, ok := d.clockOf(); ok {
		list("The browser's clock was lined up by:", c.Texts)
	}
	return b.String()
}

func (d *dumpView) selectEndpoint() {
	if d.s == nil || d.pc == nil || d.p.view == nil {
		return
	}
	if m := d.s.result.Of(d.pc); m != nil {
		d.p.view.SelectObject(m.Object)
	}
}

func (d *dumpView) filtered() {
	f, err := view.ParseFilter(d.filter.Text)
	d.wrong = ""
	if err != nil {
		d.wrong = err.Error()
	} else {
		d.parsed = f
		d.search()
		d.events.reset()
		d.series.reset()
		d.follow(true)
	}
	d.say()
}

// search selects the rows. A dump is bounded: it takes no worker.
func (d *dumpView) search() {
	d.entries, d.figures = nil, nil
	if d.pc == nil {
		return
	}
	for i := range d.pc.Entries {
		e := &d.pc.Entries[i]
		if d.parsed.Match(e.Type, e.Event, e.Text) {
			d.entries = append(d.entries, i)
		}
	}
	for i := range d.pc.Series {
		s := &d.pc.Series[i]
		if d.parsed.Match(s.Kind, s.Stat, s.Metric) {
			d.figures = append(d.figures, i)
		}
	}
	slices.SortStableFunc(d.figures, func(a, b int) int {
		x, y := &d.pc.Series[a], &d.pc.Series[b]
		return cmp.Or(cmp.Compare(kindRank(x.Kind), kindRank(y.Kind)), strings.Compare(x.Kind, y.Kind), strings.Compare(x.Stat, y.Stat))
	})
	d.say()
}

// kindRank puts first what tells most of a call.
func kindRank(kind string) int {
	i := slices.Index([]string{"inbound-rtp", "outbound-rtp", "remote-inbound-rtp", "remote-outbound-rtp", "candidate-pair", "transport"}, kind)
	if i < 0 {
		return 100
	}
	return i
}

func (d *dumpView) say() {
	text := ""
	if d.wrong != d.told {
		d.told = d.wrong
		d.p.fail(d.wrong)
	}
	switch {
	case d.pc == nil:
	case d.part == 0:
		text = countOf(len(d.entries), len(d.pc.Entries), "event")
	default:
		text = countOf(len(d.figures), len(d.pc.Series), "figure")
	}
	if d.count.Text != text {
		d.count.SetText(text)
		d.p.reflow()
	}
}

func countOf(n, total int, one string) string {
	if n == total {
		return view.Plural(total, one)
	}
	return view.Thousands(n) + " of " + view.Plural(total, one)
}

func (d *dumpView) setPart(i int) {
	d.part = i
	for j, b := range d.parts {
		b.SetOutline(nil)
		if j == i {
			b.SetOutline(func(x theme.Palette) color.NRGBA { return x.Accent })
		}
	}
	if i == 0 {
		d.events.object.Show()
		d.series.object.Hide()
	} else {
		d.events.object.Hide()
		d.series.object.Show()
	}
	d.say()
}

func (d *dumpView) shownTable() *table {
	if d.part == 0 {
		return d.events
	}
	return d.series
}

func (d *dumpView) entryCells(i int) []cell {
	e := &d.pc.Entries[d.entries[i]]
	h := plainHue
	if e.Failed || strings.Contains(e.Text, "failed") {
		h = badHue
	}
	name := e.Event
	if name == "" {
		name = e.Type
	}
	return []cell{{d.p.clock().Format(d.at(e.At)), dimHue}, {oneLine(name), h}, {oneLine(e.Text), h}}
}

func (d *dumpView) chooseEntry(i int) {
	e := &d.pc.Entries[d.entries[i]]
	text := d.p.clock().Format(d.at(e.At)) + "  " + e.Type
	if e.Event != "" && e.Event != e.Type {
		text += " (" + e.Event + ")"
	}
	d.detail.SetText(text + "\n" + pretty(e.Value))
	d.detailBox.ScrollToTop()
	if !e.At.IsZero() && d.p.view != nil && d.p.view.Server() != nil {
		d.own = d.at(e.At)
		d.p.view.Pin(d.own)
		d.refresh()
	}
}

// pretty writes the value of an entry for people, without secrets.
func pretty(value string) string {
	var b bytes.Buffer
	if len(value) <= 1<<20 && json.Indent(&b, []byte(value), "", "  ") == nil {
		value = b.String()
		// A description stands in one string: its lines are read better as lines.
		value = strings.NewReplacer(`\r\n`, "\n    ", `\n`, "\n    ", `\"`, `"`).Replace(value)
	}
	if len(value) > maxDetail {
		value = strings.ToValidUTF8(value[:maxDetail], "") + "\n…"
	}
	return view.MaskText(value)
}

func (d *dumpView) seriesCells(i int) []cell {
	s := &d.pc.Series[d.figures[i]]
	return []cell{{s.Kind, dimHue}, {s.Stat, dimHue}, {s.Metric, nil}, {latest(s), nil}}
}

// latest is the newest value of a series, without secrets.
func latest(s *browserdump.Series) string {
	if n := len(s.Points); n > 0 {
		return stats.Format(s.Points[n-1].Value, s.Unit)
	}
	if n := len(s.Words); n > 0 {
		if strings.Contains(strings.ToLower(s.Metric), "fragment") {
			return view.Mask("ice-ufrag", s.Words[n-1].Value)
		}
		return oneLine(view.Mask(s.Metric, s.Words[n-1].Value))
	}
	return ""
}

func (d *dumpView) chooseSeries(i int) {
	n := d.figures[i]
	s := &d.pc.Series[n]
	if d.chart = -1; len(s.Points) > 0 {
		d.chart = n
	}
	d.hold()
	text := s.Kind + "  " + s.Stat + "  " + s.Metric + " = " + latest(s)
	if len(s.Words) > 0 {
		from := max(len(s.Words)-50, 0)
		last := ""
		for _, w := range s.Words[from:] {
			one := browserdump.Series{Metric: s.Metric, Words: []browserdump.Word{w}}
			if v := latest(&one); v != last {
				text += "\n" + d.p.clock().Format(d.at(w.At)) + "  " + v
				last = v
			}
		}
	} else {
		text += "\n" + view.Plural(len(s.Points), "value") + ", drawn above under the states"
	}
	d.detail.SetText(text)
	d.detailBox.ScrollToTop()
	d.strip.Repaint()
}

func (d *dumpView) copyTSV() {
	if d.pc == nil {
		return
	}
	t := d.shownTable()
	var b strings.Builder
	for i := range min(t.length(), maxCopied) {
		for j, c := range t.cells(i) {
			if j > 0 {
				b.WriteByte('\t')
			}
			b.WriteString(strings.ReplaceAll(c.text, "\t", " "))
		}
		b.WriteByte('\n')
	}
	toClipboard(b.String())
}

// refresh takes over range, cursor and clock of the window.
func (d *dumpView) refresh() {
	if d.s == nil || d.pc == nil {
		return
	}
	d.lanes()
	d.connections.list.Refresh()
	d.events.list.Refresh()
	d.follow(false)
}

// follow shows the entry nearest to the cursor of the window.
func (d *dumpView) follow(anew bool) {
	if d.p.view == nil || d.pc == nil || len(d.entries) == 0 {
		return
	}
	at, known := d.p.cursor()
	if !known {
		d.cursor, d.own = time.Time{}, time.Time{}
		d.events.show(-1)
		return
	}
	if at.Equal(d.cursor) && !anew {
		return
	}
	d.cursor = at
	if at.Equal(d.own) && !anew {
		d.events.near = -1
		return
	}
	best, gap := -1, time.Duration(0)
	for i, n := range d.entries {
		e := &d.pc.Entries[n]
		if e.At.IsZero() {
			continue
		}
		if g := d.at(e.At).Sub(at).Abs(); best < 0 || g < gap {
			best, gap = i, g
		}
	}
	d.events.show(best)
}
