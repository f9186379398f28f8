package gstreamerpage

import (
	"fmt"
	"image/color"
	"strings"

	"fyne.io/fyne/v2"

	"kmscope/graph/gst"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
	"kmscope/ui/view"
)

// rowHeight is the height of a line of the panel at the right.
const rowHeight = 18.0

// row is one line of the panel: a heading, a name with its value, or something
// to go to.
type row struct {
	head  bool
	mono  bool
	name  string // before the value; "" is none
	text  string
	hue   func(*surface.Look) color.NRGBA // nil is the usual
	go2   target
	goes  bool
	above bool // a little room above
}

// panel is what stands at the right of the drawing: all of what is chosen, or
// else what there is to know of the whole dump.
type panel struct {
	rows   []row
	lines  []panelLine // rows broken to the width
	width  float64
	height float64
	at     float64 // scrolled
}

type panelLine struct {
	*row
	text string
	y    float64
	cont bool // goes on from the line above
}

func (n *panel) set(rows []row) {
	n.rows, n.width, n.at = rows, 0, 0
}

func (n *panel) full() float64 { return 16 + rowHeight*float64(len(n.lines)) + n.extra() }

func (n *panel) extra() float64 {
	if len(n.lines) == 0 {
		return 0
	}
	return n.lines[len(n.lines)-1].y - rowHeight*float64(len(n.lines)-1)
}

func (n *panel) scroll(by float64) { n.at = min(max(n.at+by, 0), max(n.full()-n.height, 0)) }

// lay breaks the rows to a width, measured with the faces of a scale.
func (n *panel) lay(l *surface.Look, width float64, scale float32) {
	if n.width == width {
		return
	}
	n.width = width
	n.lines = n.lines[:0]
	y := 10.0
	for i := range n.rows {
		r := &n.rows[i]
		if r.above && i > 0 {
			y += 8
		}
		face := r.face(l, scale)
		room := float32(width-36) * scale
		text := r.text
		if r.name != "" {
			text = r.name + "  " + r.text
		}
		for k, part := range broken(face, text, room, 60) {
			n.lines = append(n.lines, panelLine{row: r, text: part, y: y, cont: k > 0})
			y += rowHeight
		}
	}
}

func (r *row) face(l *surface.Look, scale float32) *paint.Face {
	switch {
	case r.head:
		return l.Bold.Face(12.5 * scale)
	case r.mono:
		return l.Mono.Face(11 * scale)
	}
	return l.Regular.Face(12 * scale)
}

// broken breaks a text at spaces where there are any, else anywhere.
func broken(f *paint.Face, s string, width float32, most int) []string {
	var out []string
	for _, part := range strings.Split(s, "\n") {
		for part != "" && len(out) < most {
			cut, space := len(part), 0
			w := float32(0)
			for i, r := range part {
				w += f.Width(string(r))
				if w > width && i > 0 {
					cut = i
					break
				}
				if r == ' ' || r == ';' || r == ',' {
					space = i + 1
				}
			}
			if cut < len(part) && space > cut/2 {
				cut = space
			}
			out = append(out, part[:cut])
			part = strings.TrimLeft(part[cut:], " ")
		}
	}
	if len(out) == 0 {
		return []string{""}
	}
	return out
}

func (p *Page) paintSide(c *paint.Canvas, l *surface.Look, scale float32) {
	w, h := c.Size()
	c.Rect(0, 0, float32(w), float32(h), l.Panel)
	n := &p.panel
	n.height = float64(h) / float64(scale)
	n.lay(l, float64(w)/float64(scale), scale)
	n.scroll(0)
	for i := range n.lines {
		r := &n.lines[i]
		y := float32(r.y-n.at) * scale
		if y+rowHeight*scale < 0 || y > float32(h) {
			continue
		}
		base := y + 13*scale
		hue := l.Text
		if r.hue != nil {
			hue = r.hue(l)
		}
		face := r.face(l, scale)
		x := 12 * scale
		text := r.text
		if r.name != "" && !r.cont && strings.HasPrefix(text, r.name) {
			x = c.Text(face, r.name, x, base, l.Dim)
			text = strings.TrimPrefix(text, r.name)
		}
		if r.goes && r.hue == nil {
			hue = l.Accent
		}
		if r.cont && r.goes {
			x += 10 * scale
		}
		c.Text(face, text, x, base, hue)
	}
	surface.ScrollMark(c, l, n.at, n.full(), c.Image().Rect, scale)
	c.Rect(0, 0, surface.Hairline(scale), float32(h), l.Line)
}

func (p *Page) sideClicked(pos fyne.Position) {
	y := float64(pos.Y) + p.panel.at
	for i := range p.panel.lines {
		if r := &p.panel.lines[i]; r.goes && y >= r.y && y < r.y+rowHeight {
			p.visit(r.go2)
			return
		}
	}
}

// maxList bounds the list of changes, maxSection what is listed of a whole dump.
const (
	maxList    = 400
	maxSection = 12
)

// sideRows says what the panel shows.
func (p *Page) sideRows() []row {
	d := p.dump()
	switch {
	case d == nil:
		return []row{{text: "What is chosen in the drawing is told here.", hue: dim}}
	case p.chosen.link >= 0 && p.chosen.link < len(d.Links):
		return p.linkRows(d, p.chosen.link)
	case p.chosen.element >= 0 && p.chosen.element < len(d.Elements):
		return p.elementRows(d, p.chosen.element)
	}
	return p.dumpRows(d)
}

func dim(l *surface.Look) color.NRGBA     { return l.Dim }
func warning(l *surface.Look) color.NRGBA { return l.Warning }
func stopped(l *surface.Look) color.NRGBA { return l.Stopped() }

func head(text string) row { return row{head: true, text: text, above: true} }

func field(name, value string) row { return row{mono: true, name: name, text: value} }

// dumpRows tells of the whole: what changed, what has no format, what holds
// media back.
func (p *Page) dumpRows(d *gst.Dump) []row {
	when := "taken " + p.clock(p.now.at)
	if !p.now.session.Live() {
		when = "in the capture at " + p.clock(p.now.at)
	}
	rows := []row{{head: true, text: p.now.name}, {text: d.Elements[0].Type + " " + d.Elements[0].Name, hue: dim}, {text: when, hue: dim}}
	if p.now.details != "" {
		rows = append(rows, row{text: "details: " + levelWord(p.now.details), hue: dim})
	}
	if p.diff != nil {
		rows = append(rows, row{text: "compared with " + p.clock(p.before.at), hue: dim})
		rows = append(rows, head(changesTitle(p.diff)))
		rows = append(rows, changeRows(p.diff)...)
	}
	var open, queues, pads []row
	for i := range d.Links {
		if d.Links[i].Negotiated() == gst.Open {
			open = append(open, row{text: endsOf(d, i), goes: true, go2: target{-1, i}, hue: stopped})
		}
	}
	for i := range d.Elements {
		e := &d.Elements[i]
		if e.Queues() {
			text := e.Name
			if s := e.Summary(); s != "" {
				text += ": " + s
			}
			queues = append(queues, row{text: text, goes: true, go2: target{i, -1}})
		}
		if text := unusual(d, e); text != "" {
			pads = append(pads, row{text: e.Name + ": " + text, goes: true, go2: target{i, -1}, hue: warning})
		}
	}
	section := func(title, meaning string, of []row) {
		if len(of) == 0 {
			return
		}
		rows = append(rows, head(title), row{text: meaning, hue: dim})
		rows = append(rows, of[:min(len(of), maxSection)]...)
		if more := len(of) - maxSection; more > 0 {
			rows = append(rows, row{text: fmt.Sprintf("… and %s more, marked in the drawing", view.Thousands(more)), hue: dim})
		}
	}
	section(view.Plural(len(pads), "element")+" with pads blocked or ended", "Nothing passes there.", pads)
	section(view.Plural(len(open), "link")+" without a format", "No format was agreed on: usually nothing has flowed here yet.", open)
	section(view.Plural(len(queues), "queue"), "They hold media back for a while: a full one delays it.", queues)
	for _, n := range p.notes() {
		rows = append(rows, row{text: n, hue: warning, above: true})
	}
	return rows
}

// unusual says which pads of an element let nothing pass, and why.
func unusual(d *gst.Dump, e *gst.Element) string {
	var words []string
	for _, n := range e.Pads {
		q := &d.Pads[n]
		if q.Stops() {
			_, why := padHue(&surface.Look{}, q)
			words = append(words, q.Name+" "+why)
		}
	}
	return strings.Join(words, ", ")
}

func (p *Page) notes() []string {
	if p.scene != nil {
		return p.scene.Notes
	}
	return nil
}

func changesTitle(diff *gst.Diff) string {
	if len(diff.List) == 0 {
		return "Nothing changed"
	}
	var n [4]int
	for _, c := range diff.List {
		n[c.Change]++
	}
	return fmt.Sprintf("%s: %d new, %d gone, %d changed", view.Plural(len(diff.List), "change"), n[gst.Added], n[gst.Removed], n[gst.Changed])
}

// changeRows lists what differs between two dumps.
func changeRows(diff *gst.Diff) []row {
	var rows []row
	for i := range diff.List {
		c := &diff.List[i]
		if i >= maxList {
			rows = append(rows, row{text: fmt.Sprintf("… and %d more", len(diff.List)-i), hue: dim})
			break
		}
		change := c.Change
		what := c.What[strings.IndexByte(c.What, '/')+1:]
		if c.Link >= 0 {
			what = endsOf(diff.Merged, c.Link)
		}
		t := target{c.Element, -1}
		if c.Link >= 0 {
			t = target{-1, c.Link}
		}
		rows = append(rows, row{text: strings.Replace(c.Change.String(), "-", "−", 1) + " " + what, goes: true, go2: t, hue: func(l *surface.Look) color.NRGBA { return changeHue(l, change) }})
		for k, line := range c.Lines {
			if k == 12 {
				rows = append(rows, row{text: fmt.Sprintf("   … and %d more", len(c.Lines)-k), hue: dim})
				break
			}
			rows = append(rows, row{mono: true, text: "  " + line, hue: dim})
		}
	}
	return rows
}

// endsOf names a link by its pads.
func endsOf(d *gst.Dump, link int) string {
	l := &d.Links[link]
	name := func(pad int) string {
		q := &d.Pads[pad]
		return d.Elements[q.Element].Name + " " + q.Name
	}
	return name(l.From) + " → " + name(l.To)
}

// elementRows tells all of an element.
func (p *Page) elementRows(d *gst.Dump, i int) []row {
	e := &d.Elements[i]
	rows := []row{{head: true, text: e.Name}, {text: e.Type, hue: dim}}
	if e.State != gst.StateUnknown {
		words := e.State.String()
		if e.Pending != gst.StateUnknown {
			words += ", going to " + e.Pending.String()
		}
		if e.Locked {
			words += ", locked: it does not follow the state of its bin"
		}
		s := e.State
		rows = append(rows, row{text: "● " + words, hue: func(l *surface.Look) color.NRGBA { return stateHue(l, s) }})
	}
	if e.Parent >= 0 {
		rows = append(rows, row{text: "in " + d.Elements[e.Parent].Path, hue: dim, goes: true, go2: target{e.Parent, -1}})
	}
	if n := d.Inside(i); n > 0 {
		rows = append(rows, row{text: view.Plural(n, "element") + " inside", hue: dim})
	}
	if e.Queues() {
		rows = append(rows, row{text: "holds media back for a while", hue: dim})
	}
	rows = append(rows, p.changedRows(target{i, -1})...)
	if len(e.Params) > 0 {
		rows = append(rows, head("Properties"))
		for _, q := range e.Params {
			rows = append(rows, field(q.Name, q.Value))
		}
	} else {
		rows = append(rows, row{text: "No property differs from its default, as far as this dump tells.", hue: dim, above: true})
	}
	for _, gives := range [...]bool{false, true} {
		title := "Sink pads"
		if gives {
			title = "Source pads"
		}
		first := true
		for _, n := range e.Pads {
			q := &d.Pads[n]
			if q.Gives != gives {
				continue
			}
			if first {
				rows = append(rows, head(title))
				first = false
			}
			rows = append(rows, padRows(d, n)...)
		}
	}
	return rows
}

func padRows(d *gst.Dump, n int) []row {
	q := &d.Pads[n]
	words := []string{q.Presence.String()}
	if q.Ghost {
		words = append(words, "ghost")
	}
	if f := q.Flags(); f != "" {
		words = append(words, f)
	}
	r := row{name: q.Name, text: strings.Join(words, ", "), above: true}
	if q.Stops() || q.Mode == gst.ModeNone {
		r.hue = warning
	}
	rows := []row{r}
	for _, v := range q.Params {
		rows = append(rows, field("  "+v.Name, v.Value))
	}
	linked := false
	for i := range d.Links {
		l := &d.Links[i]
		if l.From != n && l.To != n {
			continue
		}
		linked = true
		peer, arrow := l.To, "  → "
		if l.To == n {
			peer, arrow = l.From, "  ← "
		}
		o := &d.Pads[peer]
		text := arrow + d.Elements[o.Element].Name + " " + o.Name
		if s := l.Label(); s != "" {
			text += ": " + s
		}
		lr := row{text: text, goes: true, go2: target{-1, i}}
		if l.Negotiated() == gst.Open {
			lr.hue = stopped
		}
		rows = append(rows, lr)
	}
	if !linked {
		rows = append(rows, row{text: "  not linked", hue: dim})
	}
	return rows
}

// linkRows tells all of a link: its ends and its caps, one field per line.
func (p *Page) linkRows(d *gst.Dump, i int) []row {
	l := &d.Links[i]
	from, to := &d.Pads[l.From], &d.Pads[l.To]
	rows := []row{
		{head: true, text: "Link"},
		{text: "from " + d.Elements[from.Element].Name + " " + from.Name, goes: true, go2: target{from.Element, -1}},
		{text: "to " + d.Elements[to.Element].Name + " " + to.Name, goes: true, go2: target{to.Element, -1}},
	}
	switch l.Negotiated() {
	case gst.Open:
		rows = append(rows, row{text: "No format was agreed on yet: below is what would be possible. Usually nothing has flowed here.", hue: stopped, above: true})
	case gst.Fixed:
		rows = append(rows, row{text: "Both ends agreed on this format.", hue: func(l *surface.Look) color.NRGBA { return l.OK }, above: true})
	default:
		rows = append(rows, row{text: "This dump does not tell the whole format: take one with more details.", hue: dim, above: true})
	}
	rows = append(rows, p.changedRows(target{-1, i})...)
	title := "Caps"
	if len(l.SinkCaps.Structures) > 0 || l.SinkCaps.Any {
		title = "What the source pad can give"
	}
	rows = append(rows, capsRows(title, &l.Caps)...)
	if title != "Caps" {
		rows = append(rows, capsRows("What the sink pad can take", &l.SinkCaps)...)
	}
	for _, end := range []struct {
		title string
		pad   int
	}{{"Source pad", l.From}, {"Sink pad", l.To}} {
		q := &d.Pads[end.pad]
		rows = append(rows, head(end.title), row{name: q.Name, text: strings.Trim(q.Presence.String()+", "+q.Flags(), ", ")})
	}
	return rows
}

// capsRows writes caps one field per line.
func capsRows(title string, c *gst.Caps) []row {
	rows := []row{head(title)}
	switch {
	case c.Any:
		return append(rows, row{mono: true, text: "ANY", hue: stopped}, row{text: "any format at all", hue: dim})
	case c.None:
		return append(rows, row{mono: true, text: "EMPTY", hue: stopped}, row{text: "no format at all", hue: dim})
	case len(c.Structures) == 0:
		return append(rows, row{text: "not in this dump", hue: dim})
	}
	for i := range c.Structures {
		s := &c.Structures[i]
		rows = append(rows, row{mono: true, text: s.Media, above: i > 0})
		for _, f := range s.Fields {
			rows = append(rows, field("  "+f.Name, f.Value))
		}
	}
	return rows
}

// changedRows tells what changed of a target since the other dump.
func (p *Page) changedRows(t target) []row {
	if p.diff == nil {
		return nil
	}
	for i := range p.diff.List {
		c := &p.diff.List[i]
		if t.link >= 0 && c.Link == t.link || t.link < 0 && c.Link < 0 && c.Element == t.element {
			change := c.Change
			words := map[gst.Change]string{gst.Added: "+ new since ", gst.Removed: "− gone since ", gst.Changed: "~ changed since "}[change]
			rows := []row{{text: words + p.clock(p.before.at), hue: func(l *surface.Look) color.NRGBA { return changeHue(l, change) }, above: true}}
			for _, line := range c.Lines {
				rows = append(rows, row{mono: true, text: line})
			}
			return rows
		}
	}
	return nil
}

// copyDetails copies what the panel tells.
func (p *Page) copyDetails() {
	var b strings.Builder
	for _, r := range p.sideRows() {
		if r.name != "" {
			b.WriteString(r.name + "  ")
		}
		b.WriteString(r.text + "\n")
	}
	fyne.CurrentApp().Clipboard().SetContent(b.String())
	p.tell("Copied what the panel tells.")
}
