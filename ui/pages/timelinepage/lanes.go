package timelinepage

import (
	"context"
	"time"

	"fyne.io/fyne/v2"

	"kmscope/ui/paint"
	"kmscope/ui/surface"
	"kmscope/ui/view"
)

// laneQuery is all that the lanes depend on.
type laneQuery struct {
	session view.Session
	scope   string
	total   uint64 // of the log
}

func (p *Page) makeLanes() {
	p.lanes = surface.New(fyne.NewSize(200, 1), func(c *paint.Canvas, l *surface.Look, scale float32) {
		paintLanes(c, l, p.laneRows, p.time, p.laneScroll, scale)
	})
	p.lanes.OnHovered = func(pos fyne.Position) {
		x, w := lanePlot(float64(p.lanes.Size().Width))
		if p.view == nil || p.time.From.IsZero() || float64(pos.X) < x-2 || float64(pos.X) > x+w+2 {
			p.laneLeft()
			return
		}
		p.laneHover = true
		p.time.Cursor = p.time.TimeAt(float64(pos.X), x, w)
		p.view.Hover(p.time.Cursor)
		p.lanes.Repaint()
	}
	p.lanes.OnLeft = p.laneLeft
	p.lanes.OnClicked = func(pos fyne.Position, _ bool) {
		x, w := lanePlot(float64(p.lanes.Size().Width))
		if p.view != nil && !p.time.From.IsZero() && float64(pos.X) >= x {
			p.view.Pin(p.time.TimeAt(float64(pos.X), x, w))
			p.refresh()
		}
	}
	p.lanes.OnDoubled = func(fyne.Position) {
		if p.view != nil {
			p.view.Follow()
			p.refresh()
		}
	}
	p.lanes.OnDragged = func(_, d fyne.Position) {
		_, w := lanePlot(float64(p.lanes.Size().Width))
		p.moveLanes(time.Duration(-float64(d.X) / w * float64(p.time.To.Sub(p.time.From))))
	}
	p.lanes.OnWheeled = func(pos fyne.Position, d fyne.Delta, mods fyne.KeyModifier) {
		if p.view == nil || p.time.From.IsZero() {
			return
		}
		x, w := lanePlot(float64(p.lanes.Size().Width))
		switch {
		case mods&fyne.KeyModifierControl != 0:
			at := p.time.TimeAt(float64(pos.X), x, w)
			f := 1 / surface.WheelZoom(float64(d.DY))
			p.view.SetRange(at.Add(-time.Duration(float64(at.Sub(p.time.From))*f)), at.Add(time.Duration(float64(p.time.To.Sub(at))*f)))
			p.refresh()
		case d.DX != 0:
			p.moveLanes(time.Duration(-float64(d.DX) / w * float64(p.time.To.Sub(p.time.From))))
		default:
			p.laneScroll -= float64(d.DY)
			p.holdLanes()
			p.lanes.Repaint()
		}
	}
	p.lanes.Hide()
}

func (p *Page) moveLanes(by time.Duration) {
	if p.view != nil && !p.time.From.IsZero() {
		p.view.SetRange(p.time.From.Add(by), p.time.To.Add(by))
		p.refresh()
	}
}

func (p *Page) laneLeft() {
	if p.laneHover {
		p.laneHover = false
		p.view.Hover(time.Time{})
		p.refresh()
	}
}

func (p *Page) holdLanes() {
	p.laneScroll = min(max(p.laneScroll, 0), max(lanesHeight(p.laneRows)-float64(p.lanes.Size().Height), 0))
}

// refreshLanes takes over range and cursor, and works the lanes out anew when
// the log grew.
func (p *Page) refreshLanes(x view.Session) {
	from, to := p.view.Range()
	p.time = surface.TimeAxis{From: from, To: to, Clock: p.view.Clock()}
	if at, live := p.view.Cursor(); !live {
		p.time.Cursor = at
	}
	q := laneQuery{session: x, scope: p.scope, total: x.Timeline().Total()}
	same := q
	same.total = p.laneAsked.total
	if q != p.laneAsked && (same != p.laneAsked || !time.Now().Before(p.laneNext)) {
		if same != p.laneAsked {
			p.laneScroll = 0
		}
		p.laneAsked = q
		snap, offset := x.Snapshot(), p.offset()
		p.laneWork.Start(func(ctx context.Context) func() {
			began := time.Now()
			rows := findLanes(ctx, q.session.Timeline(), q.scope, offset, snap)
			took := time.Since(began)
			return func() {
				p.laneNext = time.Now().Add(surface.SearchRest * took)
				p.showLanes(rows)
			}
		})
	}
	if p.lanes.Visible() {
		p.lanes.Repaint()
	}
}

// showLanes gives the lanes the room that they need.
func (p *Page) showLanes(rows []laneRow) {
	p.laneRows = rows
	if len(rows) == 0 {
		if p.lanes.Visible() {
			p.lanes.Hide()
			p.content.Refresh()
		}
		return
	}
	most := min(lanesMost, max(float64(p.content.Size().Height)*0.42, laneTop+laneFoot+3*laneHeight))
	if h := float32(min(lanesHeight(rows), most)); p.lanes.Least.Height != h || !p.lanes.Visible() {
		p.lanes.Least.Height = h
		p.lanes.Show()
		p.content.Refresh()
	}
	p.holdLanes()
	p.lanes.Repaint()
}
