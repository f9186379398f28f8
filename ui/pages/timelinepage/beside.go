package timelinepage

import (
	"context"
	"image/color"
	"math"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"kmscope/browserdump"
	"kmscope/inventory"
	"kmscope/timeline"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
	"kmscope/ui/view"
)

// What is imported (view.Besides) stands among the server's own rows: what the
// browser at the other end tells below the lanes of its endpoint, the lines of
// the server's log below the element that they name, and all of them in a row
// before the first element. A stripe on the left and the name of who tells it
// mark these rows.

// The rows of ticks; all others are states.
const (
	laneEvents inventory.Lane = "browser/events"
	laneLines  inventory.Lane = "log/lines"
)

// browserLanes is the order of the states of a browser.
var browserLanes = []inventory.Lane{browserdump.LaneSignaling, browserdump.LaneICEGathering, browserdump.LaneICEConnection, browserdump.LaneConnection}

// addLogs lists the logs of a server.
func (b *board) addLogs(server int) {
	for _, x := range b.servers[server].beside {
		if x.Kind == view.ServerLog {
			b.add(boardRow{server: server, lane: laneLines, beside: x}, laneHeight)
		}
	}
}

// addBeside lists what is laid beside an object: browsers first, whose states are
// compared with those of the server.
func (b *board) addBeside(server int, o *timeline.LaneObject) {
	for _, kind := range []view.BesideKind{view.Browser, view.ServerLog} {
		for _, x := range b.servers[server].beside {
			if x.Kind == kind {
				b.addOne(boardRow{server: server, object: o.ID, died: o.Died, beside: x})
			}
		}
	}
}

// addOne lists what one import tells of an object.
func (b *board) addOne(row boardRow) {
	all := row.beside.Lanes.Objects(row.object)
	i := slices.IndexFunc(all, func(o timeline.LaneObject) bool { return o.ID == row.object })
	if i < 0 {
		return
	}
	if row.lane = laneLines; row.beside.Kind == view.Browser {
		row.lane = laneEvents
	}
	b.add(row, laneHeight)
	for _, lane := range browserLanes {
		if slices.Contains(all[i].Lanes, lane) {
			row.lane = lane
			b.add(row, laneHeight)
		}
	}
}

// told tells whether a browser tells of an object.
func (b *board) told(server int, id string) bool {
	return slices.ContainsFunc(b.servers[server].beside, func(x *view.Beside) bool { return x.Kind == view.Browser && x.Object == id })
}

// addTold adds the objects of which the server said nothing up to now, and a
// browser does.
func (b *board) addTold(server int, scope string, list []timeline.LaneObject) []timeline.LaneObject {
	for _, x := range b.servers[server].beside {
		within := scope == "" || x.Object == scope || strings.HasPrefix(x.Object, scope+"/")
		if x.Kind == view.Browser && within && !slices.ContainsFunc(list, func(o timeline.LaneObject) bool { return o.ID == x.Object }) {
			list = append(list, timeline.LaneObject{ID: x.Object})
		}
	}
	return list
}

// source gives what has the states and ticks of a row.
func (b *board) source(r *boardRow) *timeline.Lanes {
	if r.beside != nil {
		return r.beside.Lanes
	}
	return b.of(r).source
}

// besideRow draws a row that is not the server's own.
func (p *painting) besideRow(r *boardRow) {
	y := p.top(r)
	if y+laneHeight <= laneTop || y >= p.height-laneFoot {
		return
	}
	hue := p.l.Accent
	if r.beside.Kind == view.ServerLog {
		hue = p.l.Dim
	}
	top, bottom := p.px(y), p.px(y+laneHeight)
	left := 20.0
	if r.object == "" {
		left = 6
	}
	p.c.Rect(p.px(left), top, p.px(p.width)-p.px(left), bottom-top, paint.WithAlpha(hue, 0.06))
	p.c.Rect(p.px(left), top, p.px(2.5), bottom-top, hue)
	if r.lane != laneEvents && r.lane != laneLines {
		p.lane(r, y)
		return
	}
	x := left + 9
	if r.beside.Kind == view.Browser {
		p.globe(p.px(x+5), p.px(y+laneHeight/2), 5*p.scale)
	} else {
		p.page(p.px(x+1), p.px(y+laneHeight/2), p.scale)
	}
	x += 15
	p.c.Text(p.small, p.small.Fit(r.beside.Name, float32(p.x0-x-6)*p.scale), p.px(x), p.px(y+15), p.l.Text)
	p.find(r, timeline.TickEvent)
	p.strokes(p.px(y+5), p.px(y+laneHeight-5), func(t *timeline.Tick) color.NRGBA {
		switch t.Severity {
		case timeline.Error:
			return p.l.Error
		case timeline.Warning:
			return p.l.Warning
		case timeline.Notice:
			return p.l.Text
		}
		return paint.Mix(p.l.Background, p.l.Dim, 0.8)
	})
	if p.over(y, laneHeight) {
		p.besideTick(r)
	}
}

// besideTick has the event said that the pointer is nearest to.
func (p *painting) besideTick(r *boardRow) {
	var best *timeline.Tick
	for i := range p.ticks {
		if d := math.Abs(p.pointer.x - p.x0 - float64(p.ticks[i].Column)/float64(p.scale)); d < p.near {
			p.near, best = d, &p.ticks[i]
		}
	}
	if best == nil {
		return
	}
	text, kind := best.Type, ""
	if e, ok := r.beside.Log.Find(timeline.Filter{Object: r.object}, best.At.Add(-time.Millisecond), 0, false); ok {
		text, kind = e.Text, e.Type+"  "
	}
	width := float32(p.width*0.6) * p.scale
	p.said = []string{p.small.Fit(r.beside.Name+": "+kind+text, width), p.time.Clock.Format(best.At)}
	if best.Count > 1 {
		p.said = append(p.said, "and "+view.Plural(best.Count-1, "more")+": zoom in to see them apart")
	}
}

// globe marks what a browser tells.
func (p *painting) globe(x, y, r float32) {
	w, hue := surface.Hairline(p.scale), p.l.Accent
	p.c.StrokeCircle(x, y, r, w, hue)
	p.c.Line(x-r, y, x+r, y, w, hue, nil)
	p.c.Line(x, y-r, x, y+r, w, hue, nil)
	for _, side := range []float32{-1, 1} {
		p.c.Cubic(paint.Point{X: x, Y: y - r}, paint.Point{X: x + side*r*0.75, Y: y - r*0.6}, paint.Point{X: x + side*r*0.75, Y: y + r*0.6}, paint.Point{X: x, Y: y + r}, w, hue, nil)
	}
}

// page marks what a log tells.
func (p *painting) page(x, y, s float32) {
	p.c.StrokeRoundRect(x, y-5*s, 9*s, 10*s, 1.5*s, surface.Hairline(p.scale), p.l.Dim)
	for i := range 3 {
		p.c.Rect(x+2*s, y-2.5*s+float32(i)*2.2*s, 5*s, surface.Hairline(p.scale), p.l.Dim)
	}
}

// besidesOf gives what is laid beside a server and not hidden; with all that it
// tells of the object to which the page is narrowed, once that was read.
func (p *Page) besidesOf(x view.Session) []*view.Beside {
	list := slices.DeleteFunc(p.view.Besides().Of(x), func(b *view.Beside) bool { return p.hidden[b.Kind] })
	for i, b := range list {
		for _, n := range p.narrowed {
			if n.of == b && n.scope == p.scope && n.beside != nil {
				list[i] = n.beside
			}
		}
	}
	return list
}

// narrowing is what is told of one object.
type narrowing struct {
	of     *view.Beside
	scope  string
	beside *view.Beside // nil: it is being read, or cannot be
}

// narrow has all read that is told of the object to which the page is narrowed.
func (p *Page) narrow() {
	var want []narrowing
	for _, x := range p.sessions() {
		for _, b := range p.view.Besides().Of(x) {
			if p.scope != "" && b.CanNarrow() {
				want = append(want, narrowing{of: b, scope: p.scope})
			}
		}
	}
	if slices.EqualFunc(want, p.narrowed, func(a, b narrowing) bool { return a.of == b.of && a.scope == b.scope }) {
		return
	}
	p.narrowed = want
	p.reader.Stop()
	if len(want) == 0 {
		return
	}
	p.reader.Start(func(ctx context.Context) func() {
		got := slices.Clone(want)
		for i := range got {
			got[i].beside = got[i].of.Narrowed(ctx, got[i].scope)
		}
		return func() {
			p.narrowed, p.shapes = got, nil
			p.refresh()
		}
	})
}

// logOf gives the log that has an entry; nil when it is closed.
func (p *Page) logOf(ref eventRef) *timeline.Log {
	switch {
	case ref.server == nil:
		return nil
	case ref.name == "":
		return ref.server.Timeline()
	}
	for _, b := range p.besidesOf(ref.server) {
		if b.Name == ref.name {
			return b.Log
		}
	}
	return nil
}

// besideItems are the lines of a menu that show and hide what was imported.
func (p *Page) besideItems() []*fyne.MenuItem {
	var out []*fyne.MenuItem
	for _, kind := range []struct {
		kind view.BesideKind
		word string
	}{{view.Browser, "What the browser tells"}, {view.ServerLog, "The server's log: errors and warnings"}} {
		if !p.view.Besides().Any(kind.kind) {
			continue
		}
		item := fyne.NewMenuItem(kind.word, func() {
			if p.hidden == nil {
				p.hidden = map[view.BesideKind]bool{}
			}
			p.hidden[kind.kind] = !p.hidden[kind.kind]
			p.shapes = nil // the rows are others
			p.refresh()
		})
		item.Checked = !p.hidden[kind.kind]
		out = append(out, item)
	}
	return out
}
