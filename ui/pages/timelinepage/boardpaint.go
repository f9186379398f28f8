package timelinepage

import (
	"image"
	"image/color"
	"math"
	"strings"
	"time"

	"kmscope/inventory"
	"kmscope/timeline"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
	"kmscope/ui/view"
)

// painting is one frame of a board.
type painting struct {
	*board
	c             *paint.Canvas
	l             *surface.Look
	scale         float32
	width, height float64 // in window units
	x0, w         float64 // the plot
	columns       int
	small, tiny   *paint.Face
	bold          *paint.Face
	near          float64     // how far the nearest tick is
	left          int         // x0 in pixels
	hue, solid    color.NRGBA // of the last bar without an outline, as it is named and as it is drawn
}

// paint draws the lanes with their time axis, marks and the cursor.
func (b *board) paint(c *paint.Canvas, l *surface.Look, scale float32) {
	cw, ch := c.Size()
	p := painting{board: b, c: c, l: l, scale: scale, width: float64(cw) / float64(scale), height: float64(ch) / float64(scale),
		small: l.Regular.Face(11 * scale), tiny: l.Regular.Face(10.5 * scale), bold: l.Bold.Face(12 * scale), near: 6}
	p.x0, p.w = plot(p.width)
	b.said = b.said[:0]
	p.columns, p.left = max(int(p.w*float64(scale)), 1), int(p.px(p.x0))
	if len(b.servers) == 0 || b.time.From.IsZero() {
		return
	}
	p.ruler(cw)
	c.Clip(image.Rect(0, int(p.px(laneTop)), cw, int(p.px(p.height-laneFoot))))
	p.groups()
	c.Unclip()
	surface.ScrollMark(c, l, b.scroll, b.full(), image.Rect(0, 0, cw, ch), scale)
	p.connection()
	p.measure()
	p.cursor(cw)
	p.tip(cw, ch)
}

func (p *painting) px(v float64) float32 { return float32(math.Round(v * float64(p.scale))) }

// column gives where a column begins, in pixels.
func (p *painting) column(i int) float32 { return float32(p.left + i) }

func (p *painting) ruler(cw int) {
	one := surface.Hairline(p.scale)
	tick := p.l.Regular.Face(10 * p.scale)
	ticks, step := surface.TimeTicks(p.time.From, p.time.To, max(int(p.w/90), 2), p.time.Clock)
	for _, t := range ticks {
		x := float32(math.Floor(p.time.XAt(t, p.x0, p.w) * float64(p.scale)))
		p.c.Rect(x, p.px(laneTop), one, p.px(p.height-laneFoot)-p.px(laneTop), p.l.Faint)
		s := surface.ClockLabel(p.time.Clock, t, step)
		if end := x + 4*p.scale + tick.Width(s); end < float32(cw) {
			p.c.Text(tick, s, x+3*p.scale, p.px(16), p.l.Dim)
		}
	}
}

// groups draws the rows that are seen, and the errors of an object across all
// of its rows.
func (p *painting) groups() {
	for i := 0; i < len(p.rows); {
		head := &p.rows[i]
		k := i + 1
		if head.object == "" {
			if head.beside != nil {
				p.besideRow(head)
			} else {
				p.server(head, p.open(i))
			}
			i = k
			continue
		}
		for k < len(p.rows) && p.rows[k].lane != "" {
			k++
		}
		last := &p.rows[k-1]
		top, bottom := p.top(head), p.top(last)+rowHeight(last)
		if bottom > laneTop && top < p.height-laneFoot {
			p.head(head, k-i > 1)
			ice := false
			for j := i + 1; j < k; j++ {
				r := &p.rows[j]
				y := p.top(r)
				if y+laneHeight > laneTop && y < p.height-laneFoot {
					if r.beside != nil {
						p.besideRow(r)
					} else {
						p.lane(r, y)
					}
				}
				if !ice && strings.HasPrefix(string(r.lane), "ice/") {
					ice = true
					p.points(r, timeline.TickICE, y+laneHeight-7, 5, p.l.Text)
				}
			}
			if !ice {
				p.points(head, timeline.TickICE, top+laneHead-8, 5, p.l.Text)
			}
			p.points(head, timeline.TickEvent, top+laneHead-8, 5, p.l.Dim)
			p.commands(head, top)
			p.story(head)
			p.errors(head, top, bottom)
		}
		i = k
	}
}

// find looks up the ticks of an object.
func (p *painting) find(r *boardRow, kind timeline.TickKind) {
	p.ticks = p.source(r).Ticks(p.ticks[:0], r.object, kind, p.window(r, p.columns))
}

func (p *painting) top(r *boardRow) float64 { return laneTop + r.y - p.scroll }

// over tells whether the pointer is on a row's plot.
func (p *painting) over(top, height float64) bool {
	return p.pointer != nil && p.pointer.y >= top && p.pointer.y < top+height && p.pointer.y > laneTop && p.pointer.y < p.height-laneFoot && p.pointer.x >= p.x0
}

// server draws the head of a server over its objects.
func (p *painting) server(r *boardRow, open bool) {
	y := p.top(r)
	if y+laneHead <= laneTop || y >= p.height-laneFoot {
		return
	}
	top := p.px(y + 2)
	p.c.Rect(0, top, p.px(p.width), p.px(y+laneHead-2)-top, p.l.Raised)
	p.arrow(y, open)
	p.c.Text(p.bold, p.bold.Fit(p.of(r).name, p.px(p.width-30)), p.px(19), p.px(y+17), p.l.Accent)
}

// arrow draws the mark of a head that can be folded.
func (p *painting) arrow(y float64, open bool) {
	x, s := 6*float64(p.scale), float64(p.scale)
	mid := (y + 13) * s
	arrow := []paint.Point{{X: float32(x), Y: float32(mid - 3*s)}, {X: float32(x + 8*s), Y: float32(mid - 3*s)}, {X: float32(x + 4*s), Y: float32(mid + 3*s)}}
	if !open {
		arrow = []paint.Point{{X: float32(x + s), Y: float32(mid - 4*s)}, {X: float32(x + 7*s), Y: float32(mid)}, {X: float32(x + s), Y: float32(mid + 4*s)}}
	}
	p.c.Convex(arrow, p.l.Dim)
}

func (p *painting) head(r *boardRow, open bool) {
	y := p.top(r)
	if len(r.lanes) > 0 {
		p.arrow(y, open)
	}
	hue := p.l.Text
	if !r.died.IsZero() {
		hue = p.l.Dim
	}
	title := view.ObjectName(p.of(r).snap, r.object)
	sub := strings.TrimSpace(view.ShortType(inventory.TypeOf(r.object)) + " " + view.ShortOf(r.object))
	end := p.c.Text(p.bold, p.bold.Fit(title, float32(p.x0-28)*p.scale), p.px(19), p.px(y+17), hue)
	if room := float32(p.x0)*p.scale - end - 16*p.scale; sub != title && room > 34*p.scale {
		tick := p.l.Regular.Face(10 * p.scale)
		p.c.Text(tick, tick.Fit(sub, room), end+8*p.scale, p.px(y+17), p.l.Dim)
	}
	if !open {
		p.strips(r, y)
	}
}

// story writes what is wrong with an object into its head.
func (p *painting) story(r *boardRow) {
	st, y := p.tell(r), p.top(r)
	if st.text == "" {
		return
	}
	hue := p.l.Dim
	switch st.level {
	case view.Trouble:
		hue = p.l.Error
	case view.Attention:
		hue = p.l.Warning
	}
	text := p.small.Fit(st.text, float32(p.w-16)*p.scale)
	width := p.small.Width(text)
	left := p.px(p.x0+p.w) - width - 12*p.scale
	p.c.RoundRect(left, p.px(y+4), width+12*p.scale, p.px(18), 3*p.scale, p.l.Background)
	p.c.RoundRect(left, p.px(y+4), width+12*p.scale, p.px(18), 3*p.scale, paint.WithAlpha(hue, 0.16))
	p.c.Rect(left, p.px(y+4), p.px(3), p.px(18), hue)
	p.c.Text(p.small, text, left+8*p.scale, p.px(y+17), hue)
}

// lane draws one lane.
func (p *painting) lane(r *boardRow, y float64) {
	p.c.Text(p.small, p.small.Fit(view.LaneTitle(r.lane), float32(p.x0-38)*p.scale), p.px(30), p.px(y+15), p.l.Dim)
	p.bars = p.source(r).Bars(p.bars[:0], r.object, r.lane, p.window(r, p.columns))
	top, height := p.px(y+2), p.px(y+laneHeight-2)-p.px(y+2)
	unknown := p.columns
	if len(p.bars) > 0 {
		unknown = p.bars[0].Column
	}
	if from, to := p.column(0), p.column(unknown); to-from > 2*p.scale {
		p.c.Line(from, top+height/2, to-p.scale, top+height/2, p.scale, p.l.Dim, paint.Dash{1, 4}.Scaled(p.scale))
	}
	hover := -1
	if p.over(y, laneHeight) {
		hover = int((p.pointer.x - p.x0) * float64(p.scale))
	}
	if hover >= 0 {
		for i := range p.bars {
			if x := &p.bars[i]; hover >= x.Column && hover < x.Until {
				p.said = p.barWords(r, x)
			}
		}
	}
	hue, wide := p.hues(r.lane), int(thin*p.scale)
	first, bottom := int(max(top, p.px(laneTop))), int(top+height)
	for i := 0; i < len(p.bars); {
		if x := &p.bars[i]; isWide(x, wide) {
			p.bar(x, hue(x), top, height)
			i++
			continue
		}
		from := i
		for i < len(p.bars) && !isWide(&p.bars[i], wide) {
			i = p.run(hue, i, first, min(first+1, bottom), wide)
		}
		p.repeat(from, i, first, bottom)
	}
	p.unseen(r, y, laneHeight)
}

// unseen fades what bars say of times in which nobody could see the server.
func (p *painting) unseen(r *boardRow, top, height float64) {
	if r.beside != nil {
		return
	}
	server := p.of(r)
	p.spans = server.source.Unseen(p.spans[:0], p.time.From, p.time.To)
	for _, s := range p.spans {
		if s.To.IsZero() {
			s.To = server.end
		}
		from, to := max(p.time.XAt(s.From, p.x0, p.w), p.x0), min(p.time.XAt(s.To, p.x0, p.w), p.x0+p.w)
		if to <= from {
			continue
		}
		x, y := p.px(from), max(p.px(top), p.px(laneTop))
		p.c.Rect(x, y, p.px(to)-x, p.px(top+height)-y, paint.WithAlpha(p.l.Background, 0.72))
		if p.over(top, height) && p.pointer.x >= from && p.pointer.x < to {
			p.said = append(p.said, "no connection from "+p.time.Clock.Format(s.From)+" on: what was then is not known")
		}
	}
}

// thin is how wide a bar must be to have an outline and a name. Thinner ones,
// and those that are several states, are solid, so that they are seen.
const thin = 9

func isWide(x *timeline.Bar, columns int) bool { return x.Count == 1 && x.Until-x.Column >= columns }

// run draws bars from i on that are thinner than a width, or several states, as
// one while they touch and look alike, and gives the first that is left: far out
// they are a thousand a lane, and alike.
func (p *painting) run(hueOf func(*timeline.Bar) color.NRGBA, i, top, bottom, wide int) int {
	from, until, hue := p.bars[i].Column, p.bars[i].Until, hueOf(&p.bars[i])
	for i++; i < len(p.bars); i++ {
		x := &p.bars[i]
		if x.Column != until || isWide(x, wide) || hueOf(x) != hue {
			break
		}
		until = x.Until
	}
	if hue != p.hue {
		p.hue, p.solid = hue, paint.Mix(p.l.Background, hue, 0.7)
	}
	p.c.Fill(image.Rect(p.left+from, top, p.left+until, bottom), p.solid)
	return i
}

// hues gives what tells the colour of the bars of a lane: neighbours are alike, or
// like the one before.
func (p *painting) hues(lane inventory.Lane) func(*timeline.Bar) color.NRGBA {
	type look struct {
		state  string
		source inventory.Source
		hue    color.NRGBA
	}
	var seen [2]look
	var several [timeline.Error + 1]color.NRGBA
	return func(x *timeline.Bar) color.NRGBA {
		if x.Count > 1 {
			if hue := &several[x.Severity]; hue.A == 0 {
				*hue = barHue(p.l, lane, x)
			}
			return several[x.Severity]
		}
		for i := range seen {
			if l := &seen[i]; l.state == x.State && l.source == x.Source && l.hue.A > 0 {
				return l.hue
			}
		}
		seen[1], seen[0] = seen[0], look{x.State, x.Source, barHue(p.l, lane, x)}
		return seen[0].hue
	}
}

func (p *painting) bar(x *timeline.Bar, hue color.NRGBA, top, height float32) {
	from, width := p.column(x.Column), float32(x.Until-x.Column)
	p.c.RoundRect(from, top, width, height, 3*p.scale, paint.WithAlpha(hue, 0.25))
	p.c.StrokeRoundRect(from, top, width, height, 3*p.scale, surface.Hairline(p.scale), paint.WithAlpha(hue, 0.75))
	word := strings.ReplaceAll(x.State, "_", " ")
	if room := width - 12*p.scale; room > 14*p.scale {
		if fit := p.tiny.Fit(word, room); fit == word || room > 40*p.scale {
			p.c.Text(p.tiny, fit, from+6*p.scale, top+height/2+p.tiny.CapHeight()/2, p.l.Text)
		}
	}
}

// barHue is the colour of a state: the medium's where it flows, else how good
// the state is; of several, how bad the worst.
func barHue(l *surface.Look, lane inventory.Lane, x *timeline.Bar) color.NRGBA {
	head, rest, _ := strings.Cut(string(lane), "/")
	if x.Count > 1 {
		switch {
		case x.Severity == timeline.Error, x.Severity == timeline.Warning && strings.HasPrefix(head, "flow"): // it stopped
			return l.Error
		case x.Severity == timeline.Warning:
			return l.Warning
		}
		return l.Dim
	}
	if media, _, _ := strings.Cut(rest, "/"); strings.HasPrefix(head, "flow") && x.State == "FLOWING" {
		return l.Palette.Media(media)
	}
	switch view.StateLevel(lane, inventory.State{Value: x.State, Source: x.Source}) {
	case view.Fine:
		return l.OK
	case view.Attention:
		return l.Warning
	case view.Trouble:
		return l.Error
	}
	return l.Dim
}

// points draws ticks as short strokes.
func (p *painting) points(r *boardRow, kind timeline.TickKind, y, height float64, hue color.NRGBA) {
	if y+height < laneTop || y > p.height-laneFoot {
		return
	}
	p.find(r, kind)
	p.strokes(p.px(y), p.px(y+height), func(*timeline.Tick) color.NRGBA { return paint.WithAlpha(hue, 0.8) })
	p.point(y-6, height+12)
}

// strokes draws the ticks as strokes, those that touch and look alike as one: far
// out there is one in nearly every column.
func (p *painting) strokes(top, bottom float32, hue func(*timeline.Tick) color.NRGBA) {
	width := p.px(1.5)
	for i := 0; i < len(p.ticks); {
		from, last, look := p.ticks[i].Column, p.ticks[i].Column, hue(&p.ticks[i])
		for i++; i < len(p.ticks) && float32(p.ticks[i].Column-last) <= width && hue(&p.ticks[i]) == look; i++ {
			last = p.ticks[i].Column
		}
		p.c.Rect(p.column(from), top, float32(last-from)+width, bottom-top, look)
	}
}

// point has the tick said that the pointer is near to.
func (p *painting) point(top, height float64) {
	if !p.over(top, height) {
		return
	}
	var best *timeline.Tick
	for i := range p.ticks {
		d := math.Abs(p.pointer.x - p.x0 - float64(p.ticks[i].Column)/float64(p.scale))
		if d < p.near {
			p.near, best = d, &p.ticks[i]
		}
	}
	if best != nil {
		p.said = p.tickWords(best)
	}
}

// commands draws what was called on an object as small triangles that point at
// its lanes, those of this tool longer and in the colour of control.
func (p *painting) commands(r *boardRow, top float64) {
	p.commandsOf(r, top, timeline.TickCommand, p.l.Accent, 7)
	p.commandsOf(r, top, timeline.TickOwn, p.l.Control, 11)
}

func (p *painting) commandsOf(r *boardRow, top float64, kind timeline.TickKind, usual color.NRGBA, long float32) {
	p.find(r, kind)
	s := p.scale
	y := p.px(top + laneHead - 1)
	for i := range p.ticks {
		t := &p.ticks[i]
		x := p.column(t.Column)
		hue := usual
		if t.Severity >= timeline.Warning {
			hue = p.l.Warning
		}
		p.c.Convex([]paint.Point{{X: x - 4*s, Y: y - long*s}, {X: x + 4*s, Y: y - long*s}, {X: x, Y: y}}, hue)
	}
	p.point(top+8, laneHead-6)
}

// errors draws the errors of an object across all of its rows.
func (p *painting) errors(r *boardRow, top, bottom float64) {
	p.find(r, timeline.TickError)
	look := func(t *timeline.Tick) color.NRGBA {
		if t.Severity < timeline.Error {
			return p.l.Dim
		}
		return p.l.Error
	}
	p.strokes(p.px(top+2), p.px(bottom-2), func(t *timeline.Tick) color.NRGBA { return paint.WithAlpha(look(t), 0.85) })
	before := -1000
	for i := range p.ticks {
		t := &p.ticks[i]
		if float32(t.Column-before) >= 3*p.scale || look(t) != look(&p.ticks[i-1]) {
			p.c.Circle(p.column(t.Column), p.px(top+6), 3.5*p.scale, look(t))
			before = t.Column
		}
	}
	p.point(top, bottom-top)
}

// connection draws what happened to the connection across everything, or, where
// there are several servers, across what belongs to that one.
func (p *painting) connection() {
	for i := range p.servers {
		s := &p.servers[i]
		top, bottom := laneTop-4, p.height-laneFoot
		if len(p.servers) > 1 {
			from, to := p.extent(i)
			top, bottom = max(from, top), min(to, bottom)
		}
		if top >= bottom {
			continue
		}
		p.ticks = s.source.Ticks(p.ticks[:0], "", timeline.TickEvent, timeline.Window{From: p.time.From, To: p.time.To, Columns: p.columns, End: s.end})
		for k := range p.ticks {
			t := &p.ticks[k]
			hue := p.l.Dim
			switch t.Severity {
			case timeline.Error:
				hue = p.l.Error
			case timeline.Warning:
				hue = p.l.Warning
			}
			x := p.column(t.Column)
			p.c.Line(x, p.px(top), x, p.px(bottom), 1.5*p.scale, paint.WithAlpha(hue, 0.7), paint.Dash{4, 3}.Scaled(p.scale))
			p.c.Circle(x, p.px(top), 3*p.scale, hue)
		}
		p.point(max(top, laneTop), bottom-max(top, laneTop))
	}
}

// extent gives where the rows of a server begin and end.
func (p *painting) extent(server int) (top, bottom float64) {
	first := true
	for i := range p.rows {
		if r := &p.rows[i]; r.server == server {
			if first {
				top, first = p.top(r), false
			}
			bottom = p.top(r) + rowHeight(r)
		}
	}
	return top, bottom
}

// measure draws the marks and what lies between them.
func (p *painting) measure() {
	if p.mark.IsZero() {
		return
	}
	at := func(t time.Time) float32 {
		return float32(math.Floor(min(max(p.time.XAt(t, p.x0, p.w), p.x0-1), p.x0+p.w+1) * float64(p.scale)))
	}
	top, height := p.px(laneTop-6), p.px(p.height-laneFoot)-p.px(laneTop-6)
	a, b := p.mark, p.until
	if b.IsZero() {
		b = a
		if !p.time.Cursor.IsZero() {
			b = p.time.Cursor
		}
	}
	if b.Before(a) {
		a, b = b, a
	}
	x, y := at(a), at(b)
	p.c.Rect(x, top, y-x, height, paint.WithAlpha(p.l.Accent, 0.10))
	for _, v := range []float32{x, y} {
		p.c.Rect(v, top, surface.Hairline(p.scale), height, p.l.Accent)
	}
	s := lasting(b.Sub(a))
	width := p.bold.Width(s) + 14*p.scale
	left := min(max((x+y)/2-width/2, p.px(p.x0)), p.px(p.x0+p.w)-width)
	p.c.RoundRect(left, p.px(3), width, p.px(18), 3*p.scale, p.l.Accent)
	p.c.TextCentred(p.bold, s, left+width/2, p.px(12), p.l.OnAccent)
}

func (p *painting) cursor(cw int) {
	t := p.time.Cursor
	if t.IsZero() || t.Before(p.time.From) || t.After(p.time.To) {
		return
	}
	x := float32(math.Floor(p.time.XAt(t, p.x0, p.w) * float64(p.scale)))
	p.c.Rect(x, p.px(laneTop-4), surface.Hairline(p.scale), p.px(p.height-laneFoot+4)-p.px(laneTop-4), p.l.Error)
	s := p.time.Clock.Format(t)
	tw := p.small.Width(s) + 20*p.scale
	at := min(max(x-tw/2, 4*p.scale), float32(cw)-tw-4*p.scale)
	p.c.RoundRect(at, p.px(p.height-laneFoot+4), tw, 18*p.scale, 3*p.scale, p.l.Error)
	p.c.TextCentred(p.small, s, at+tw/2, p.px(p.height-laneFoot+4)+9*p.scale, p.l.OnAccent)
}

// tip draws what is under the pointer, beside it.
func (p *painting) tip(cw, ch int) {
	if len(p.said) == 0 || p.pointer == nil {
		return
	}
	const line = 16
	var width float32
	for _, s := range p.said {
		width = max(width, p.small.Width(s))
	}
	width += 18 * p.scale
	height := p.px(float64(len(p.said)*line + 10))
	x := p.px(p.pointer.x + 14)
	if x+width > float32(cw) {
		x = max(p.px(p.pointer.x-10)-width, 0)
	}
	y := p.px(p.pointer.y + 16)
	if y+height > float32(ch) {
		y = max(p.px(p.pointer.y-8)-height, 0)
	}
	p.c.RoundRect(x, y, width, height, 4*p.scale, p.l.Raised)
	p.c.StrokeRoundRect(x, y, width, height, 4*p.scale, surface.Hairline(p.scale), p.l.Line)
	for i, s := range p.said {
		hue := p.l.Dim
		if i == 0 {
			hue = p.l.Text
		}
		p.c.Text(p.small, s, x+9*p.scale, y+p.px(float64(i*line+16)), hue)
	}
}
