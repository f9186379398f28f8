package timelinepage

import (
	"cmp"
	"context"
	"encoding/json"
	"image"
	"image/color"
	"math"
	"slices"
	"strings"
	"time"

	"kmscope/inventory"
	"kmscope/timeline"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
	"kmscope/ui/view"
	"kmscope/wire"
)

// laneSpan is one state of a lane for as long as it held, on the local clock.
type laneSpan struct {
	from, to time.Time // to is zero while it lasts
	state    inventory.State
}

// laneRow is one line of the lanes: a state of an object over time, or the
// head of an object (no lane).
type laneRow struct {
	object string
	title  string // of the lane, or the object's label
	sub    string // of a head: type and short id
	lane   inventory.Lane
	spans  []laneSpan
}

// The bounds of the lanes.
const (
	maxLaneObjects = 12
	maxLaneEvents  = 20_000
)

// laneEvents are the events that move lanes, in the words of 6.x and 7.x.
var laneEvents = []string{
	"IceComponentStateChanged", "OnIceComponentStateChanged", "DtlsConnectionStateChange", "ConnectionStateChanged", "MediaStateChanged",
	"MediaFlowInStateChanged", "MediaFlowInStateChange", "MediaFlowOutStateChanged", "MediaFlowOutStateChange",
	"MediaTranscodingStateChanged", "MediaTranscodingStateChange", "UriEndpointStateChanged", "UriEndpointStateChange",
	"Recording", "Paused", "Stopped", "EndOfStream",
}

// findLanes works the lanes of an object and its descendants out of the log:
// the events go through a reducer of their own, so that there is one place only
// that knows what an event says. Any goroutine.
func findLanes(ctx context.Context, log *timeline.Log, scope string, offset time.Duration, snap *inventory.Snapshot) []laneRow {
	if scope == "" || scope == inventory.ManagerID {
		return nil
	}
	r := inventory.NewReducer("")
	type key struct {
		object string
		lane   inventory.Lane
	}
	rows := map[key]*laneRow{}
	seen := 0
	f := timeline.Filter{Object: scope, Types: laneEvents}
	for from := 0; from < log.Len() && ctx.Err() == nil && seen < maxLaneEvents; from += view.EntryChunk {
		for _, e := range log.Range(from, from+view.EntryChunk) {
			if !f.Match(&e) {
				continue
			}
			seen++
			r.Apply(factOf(&e, log.Raw(e.Seq)))
			o := r.Snapshot().Object(e.Object)
			if o == nil {
				continue
			}
			at := e.At
			for lane, s := range o.States {
				k := key{e.Object, lane}
				row := rows[k]
				if row == nil {
					row = &laneRow{object: e.Object, lane: lane, title: view.LaneTitle(lane)}
					rows[k] = row
				}
				n := len(row.spans)
				if n > 0 && row.spans[n-1].state.Value == s.Value {
					continue
				}
				if n > 0 {
					row.spans[n-1].to = at
				}
				row.spans = append(row.spans, laneSpan{from: at, state: s})
			}
		}
	}
	byObject := map[string][]laneRow{}
	for k, row := range rows {
		if o := snap.Object(k.object); o != nil && !o.Alive() {
			if last := &row.spans[len(row.spans)-1]; o.DiedAt.After(last.from) {
				last.to = o.DiedAt
			}
		}
		byObject[k.object] = append(byObject[k.object], *row)
	}
	var out []laneRow
	objects := make([]string, 0, len(byObject))
	for id := range byObject {
		objects = append(objects, id)
	}
	slices.SortFunc(objects, func(a, b string) int {
		return cmp.Or(cmp.Compare(created(snap, a), created(snap, b)), strings.Compare(a, b))
	})
	for _, id := range objects[:min(len(objects), maxLaneObjects)] {
		head := laneRow{object: id, title: view.ObjectName(snap, id), sub: strings.TrimSpace(inventory.TypeOf(id) + " " + view.ShortOf(id))}
		if head.title == head.sub {
			head.sub = ""
		}
		out = append(out, head)
		list := byObject[id]
		slices.SortFunc(list, func(a, b laneRow) int {
			return cmp.Or(cmp.Compare(laneOrder(a.lane), laneOrder(b.lane)), strings.Compare(string(a.lane), string(b.lane)))
		})
		out = append(out, list...)
	}
	return out
}

func created(snap *inventory.Snapshot, id string) uint64 {
	if o := snap.Object(id); o != nil {
		return o.Created
	}
	return math.MaxUint64
}

// laneOrder is the order in which lanes come up in the life of an endpoint.
func laneOrder(l inventory.Lane) int {
	head, _, _ := strings.Cut(string(l), "/")
	return slices.Index([]string{"ice", "dtls", "connection", "media", "uri", "recorder", "flow-in", "flow-out", "transcoding"}, head)
}

// factOf turns a row of the log back into the fact that it was made from.
func factOf(e *timeline.Entry, raw json.RawMessage) wire.Fact {
	var frame struct {
		Params struct {
			Value struct {
				Data json.RawMessage `json:"data"`
			} `json:"value"`
		} `json:"params"`
	}
	_ = json.Unmarshal(raw, &frame) // without data the event says nothing, which the reducer takes
	return wire.Fact{Kind: wire.KindEvent, At: e.Arrived, Object: e.Object, Type: e.Type, Data: frame.Params.Value.Data, Stamp: e.At, Raw: raw}
}

// The measures of the lanes, in window units.
const (
	laneHeight = 22.0
	laneHead   = 26.0
	laneTop    = 24.0
	laneFoot   = 26.0
	laneLeft   = 196.0
	laneRight  = 16.0
	lanesMost  = 300.0 // height of the whole, from which on it scrolls
)

func lanesHeight(rows []laneRow) float64 {
	h := laneTop + laneFoot
	for i := range rows {
		h += rowHeight(&rows[i])
	}
	return h
}

func rowHeight(r *laneRow) float64 {
	if r.lane == "" {
		return laneHead
	}
	return laneHeight
}

// lanePlot is the part of a window of the given width that shows time.
func lanePlot(width float64) (x, w float64) { return laneLeft, max(width-laneLeft-laneRight, 10) }

// laneHue is the colour of a state: the medium's where it flows, else how good
// the state is.
func laneHue(l *surface.Look, lane inventory.Lane, s inventory.State) color.NRGBA {
	head, rest, _ := strings.Cut(string(lane), "/")
	if media, _, _ := strings.Cut(rest, "/"); strings.HasPrefix(head, "flow") && s.Value == "FLOWING" {
		return l.Palette.Media(media)
	}
	switch view.StateLevel(lane, s) {
	case view.Fine:
		return l.OK
	case view.Attention:
		return l.Warning
	case view.Trouble:
		return l.Error
	}
	return l.Dim
}

// paintLanes draws the lanes with their time axis and the cursor.
func paintLanes(c *paint.Canvas, l *surface.Look, rows []laneRow, ct surface.TimeAxis, scroll float64, scale float32) {
	cw, ch := c.Size()
	width, height := float64(cw)/float64(scale), float64(ch)/float64(scale)
	x0, w := lanePlot(width)
	px := func(v float64) float32 { return float32(math.Round(v * float64(scale))) }
	one := surface.Hairline(scale)
	small, bold := l.Regular.Face(11*scale), l.Bold.Face(12*scale)
	tick := l.Regular.Face(10 * scale)
	ticks, step := surface.TimeTicks(ct.From, ct.To, max(int(w/90), 2), ct.Clock)
	for _, t := range ticks {
		x := float32(math.Floor(ct.XAt(t, x0, w) * float64(scale)))
		c.Rect(x, px(laneTop), one, px(height-laneFoot)-px(laneTop), l.Faint)
		s := surface.ClockLabel(ct.Clock, t, step)
		if end := x + 4*scale + tick.Width(s); end < float32(cw) {
			c.Text(tick, s, x+3*scale, px(16), l.Dim)
		}
	}
	c.Clip(image.Rect(0, int(px(laneTop)), cw, int(px(height-laneFoot))))
	y := laneTop - scroll
	for i := range rows {
		row := &rows[i]
		h := rowHeight(row)
		if y+h > laneTop && y < height-laneFoot {
			if row.lane == "" {
				end := c.Text(bold, bold.Fit(row.title, float32(x0-24)*scale), px(12), px(y+17), l.Text)
				if room := float32(x0)*scale - end - 18*scale; row.sub != "" && room > 30*scale {
					c.Text(tick, tick.Fit(row.sub, room), end+10*scale, px(y+17), l.Dim)
				}
			} else {
				c.Text(small, small.Fit(row.title, float32(x0-44)*scale), px(30), px(y+15), l.Dim)
				paintSpans(c, l, row, ct, x0, w, y+2, laneHeight-4, scale)
			}
		}
		y += h
	}
	c.Unclip()
	surface.ScrollMark(c, l, scroll, lanesHeight(rows), image.Rect(0, 0, cw, ch), scale)
	if ct.Cursor.IsZero() || ct.Cursor.Before(ct.From) || ct.Cursor.After(ct.To) {
		return
	}
	x := float32(math.Floor(ct.XAt(ct.Cursor, x0, w) * float64(scale)))
	c.Rect(x, px(laneTop-4), one, px(height-laneFoot+4)-px(laneTop-4), l.Error)
	s := ct.Clock.Format(ct.Cursor)
	tw := small.Width(s) + 20*scale
	at := min(max(x-tw/2, 4*scale), float32(cw)-tw-4*scale)
	c.RoundRect(at, px(height-laneFoot+4), tw, 18*scale, 3*scale, l.Error)
	c.TextCentred(small, s, at+tw/2, px(height-laneFoot+4)+9*scale, l.OnAccent)
}

func paintSpans(c *paint.Canvas, l *surface.Look, row *laneRow, ct surface.TimeAxis, x0, w, y, h float64, scale float32) {
	s := float64(scale)
	f := l.Regular.Face(10.5 * scale)
	for i := range row.spans {
		sp := &row.spans[i]
		to := sp.to
		if to.IsZero() || to.After(ct.To) {
			to = ct.To
		}
		if to.Before(ct.From) || sp.from.After(ct.To) {
			continue
		}
		from := sp.from
		if from.Before(ct.From) {
			from = ct.From
		}
		a := float32(math.Round(ct.XAt(from, x0, w) * s))
		b := float32(math.Round(ct.XAt(to, x0, w) * s))
		b = max(b, a+2*scale)
		top, height := float32(math.Round(y*s)), float32(math.Round(h*s))
		hue := laneHue(l, row.lane, sp.state)
		c.RoundRect(a, top, b-a, height, 3*scale, paint.WithAlpha(hue, 0.25))
		c.StrokeRoundRect(a, top, b-a, height, 3*scale, surface.Hairline(scale), paint.WithAlpha(hue, 0.75))
		word := strings.ReplaceAll(sp.state.Value, "_", " ")
		if room := b - a - 12*scale; room > 14*scale {
			if fit := f.Fit(word, room); fit == word || room > 40*scale {
				c.Text(f, fit, a+6*scale, top+height/2+f.CapHeight()/2, l.Text)
			}
		}
	}
}
