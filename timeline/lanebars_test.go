package timeline

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kmscope/inventory"
	"kmscope/wire"
)

// TestBarsEqualTheIntervals feeds at random, looks now and then at random
// windows, and holds every column against the intervals, which are made anew.
func TestBarsEqualTheIntervals(t *testing.T) {
	states := []string{"CONNECTED", "DISCONNECTED", "FAILED"}
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 3))
		var b laneFacts
		now := 100
		for step := range 400 {
			now += 1 + r.IntN(30)
			switch r.IntN(8) {
			case 0:
				b.read(now-r.IntN(20), now, states[r.IntN(3)])
			case 1:
				b.media(now, now-r.IntN(100), states[r.IntN(3)])
			default:
				b.media(now, now-r.IntN(3), states[r.IntN(3)])
			}
			if step == 350 && seed%2 == 0 {
				b.event(now+5, now, "ObjectDestroyed", `{"objectId":"`+laneEndpoint+`"}`)
			}
			if r.IntN(10) > 0 {
				continue
			}
			from := r.IntN(now)
			w := Window{From: time.UnixMilli(int64(from)), To: time.UnixMilli(int64(from + 1 + r.IntN(now))), Columns: 1 + r.IntN(200)}
			checkBars(t, &b.l, w)
			if t.Failed() {
				t.Fatalf("seed %d step %d, window %+v", seed, step, w)
			}
		}
	}
}

func checkBars(t *testing.T, l *Lanes, w Window) {
	t.Helper()
	all := l.Object(laneEndpoint, time.Time{})
	if len(all) == 0 {
		return
	}
	list := all[0].Intervals
	bars := l.Bars(nil, laneEndpoint, inventory.LaneMedia, w)
	if len(bars) > w.Columns {
		t.Errorf("%d bars in %d columns", len(bars), w.Columns)
	}
	c := l.columns(&w)
	for i, b := range bars {
		if b.Column >= b.Until || b.Until > w.Columns || i > 0 && b.Column < bars[i-1].Until || b.Count < 1 || (b.Count > 1) != (b.State == "") {
			t.Errorf("bar %d: %+v", i, b)
		}
	}
	checkCoarse(t, bars, l, w)
	at := func(column int) *Bar {
		for i := range bars {
			if bars[i].Column <= column && column < bars[i].Until {
				return &bars[i]
			}
		}
		return nil
	}
	for column := range w.Columns {
		from, next := c.start(column), c.start(column+1)
		var begin, holds []Interval // states that begin in the column, and that reach into it
		for _, v := range list {
			if f := v.From.UnixMicro(); f >= from && f < next {
				begin = append(begin, v)
			} else if f < from && v.To.UnixMicro() > from {
				holds = append(holds, v)
			}
		}
		b := at(column)
		switch {
		case len(begin) >= 2:
			if b == nil || b.Count != len(begin) {
				t.Errorf("column %d: %+v, want %d states", column, b, len(begin))
				continue
			}
			bad := Info
			for _, v := range begin {
				bad = max(bad, stateSeverity(v.State))
			}
			if b.Severity != bad {
				t.Errorf("column %d: %v, want %v", column, b.Severity, bad)
			}
		case len(begin) == 1 || len(holds) == 1:
			v := append(begin, holds...)[0]
			if b == nil || b.State != v.State || !b.From.Equal(v.From) || !b.To.Equal(v.To) || b.Late != v.Late || b.Source != v.Source {
				t.Errorf("column %d: %+v, want %+v", column, b, v)
			}
		case len(list) == 0 || list[0].From.UnixMicro() >= next:
			if b != nil {
				t.Errorf("column %d: %+v before anything is known", column, b)
			}
		}
	}
}

// checkCoarse holds that the coarse bars are the others, with neighbours of several
// states as one while they are as bad.
func checkCoarse(t *testing.T, bars []Bar, l *Lanes, w Window) {
	t.Helper()
	var want []Bar
	for _, b := range bars {
		if n := len(want); n > 0 && b.Count > 1 && want[n-1].Count > 1 && want[n-1].Severity == b.Severity && want[n-1].Until == b.Column {
			want[n-1].Until, want[n-1].To = b.Until, b.To
			want[n-1].Count += b.Count
			continue
		}
		want = append(want, b)
	}
	w.Coarse = true
	if d := cmp.Diff(want, l.Bars(nil, laneEndpoint, inventory.LaneMedia, w)); d != "" {
		t.Errorf("coarse: %s", d)
	}
}

func TestTicks(t *testing.T) {
	var b laneFacts
	call := func(at int, method, operation string, refused bool) {
		f := wire.Fact{Kind: wire.KindCall, Method: method, Operation: operation, Object: laneEndpoint, Took: 2 * time.Millisecond}
		if refused {
			f.Err = &wire.RPCError{Code: 40105}
		}
		b.feed(f, at)
	}
	b.event(10, 9, "ObjectCreated", `{"object":"`+laneEndpoint+`"}`)
	for i, at := range []int{20, 21, 60} {
		b.event(at, at-1-i, "OnIceCandidate", `{"candidate":{}}`)
	}
	b.event(62, 61, "NewCandidatePairSelected", `{}`)
	b.event(70, 69, "Error", `{"type":"X"}`)
	b.event(71, 69, "Error", `{"type":"X","description":"sctpenc_0"}`)
	b.event(80, 79, "MediaSessionStarted", `{}`)
	call(90, "invoke", "processOffer", false)
	call(91, "invoke", "getStats", false)
	call(92, "invoke", "addIceCandidate", true)
	b.feed(wire.Fact{Kind: wire.KindGap}, 95)
	b.feed(wire.Fact{Kind: wire.KindError}, 96)
	got := map[string][]string{}
	for name, q := range map[string]struct {
		object string
		kind   TickKind
	}{"ice": {laneEndpoint, TickICE}, "error": {laneEndpoint, TickError}, "event": {laneEndpoint, TickEvent}, "command": {laneEndpoint, TickCommand}, "server": {"", TickEvent}, "nobody": {"x", TickICE}} {
		for _, x := range b.l.Ticks(nil, q.object, q.kind, Window{From: time.UnixMilli(0), To: time.UnixMilli(100), Columns: 20}) {
			got[name] = append(got[name], fmt.Sprintf("%d %d %s x%d %v", x.Column, x.At.UnixMilli(), x.Type, x.Count, x.Severity))
		}
	}
	want := map[string][]string{
		"ice":     {"4 20 OnIceCandidate x2 info", "11 58 OnIceCandidate x1 info", "12 62 NewCandidatePairSelected x1 info"},
		"error":   {"14 70 Error x2 error"},
		"event":   {"16 80 MediaSessionStarted x1 info"},
		"command": {"17 88 processOffer x1 info", "18 90 addIceCandidate x1 warning"},
		"server":  {"19 95 records are missing x2 error"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	objects := b.l.Objects("")
	if len(objects) != 1 || objects[0].ID != laneEndpoint || len(objects[0].Lanes) != 0 || !objects[0].Died.IsZero() {
		t.Errorf("%+v", objects)
	}
	b.ice(110, 109, "READY")
	b.event(121, 120, "ObjectDestroyed", `{"objectId":"`+laneEndpoint+`"}`)
	for _, scope := range []string{"", laneEndpoint, inventory.PipelineOf(laneEndpoint)} {
		if x := b.l.Objects(scope); len(x) != 1 || len(x[0].Lanes) != 1 || x[0].Died.UnixMilli() != 121 {
			t.Errorf("%q: %+v", scope, x)
		}
	}
	if x := b.l.Objects(laneEndpoint[:len(laneEndpoint)-1]); len(x) != 0 {
		t.Errorf("%+v", x)
	}
	if x, ok := b.l.At(laneEndpoint, "ice/1/1", time.UnixMilli(115), time.Time{}); !ok || x.State != "READY" {
		t.Errorf("%+v", x)
	}
}

// manyMarks is a million changes of 50 endpoints with four lanes each.
func manyMarks() *Lanes {
	l := new(Lanes)
	for i := range 1_000_000 {
		at := time.UnixMilli(int64(i * 5))
		l.Feed(wire.Fact{Kind: wire.KindEvent, Conn: "c", At: at.Add(time.Millisecond), Stamp: at,
			Object: "aaaaaaaa_kurento.MediaPipeline/b" + strconv.Itoa(i%50) + "_kurento.WebRtcEndpoint",
			Type:   []string{"MediaFlowInStateChanged", "MediaFlowOutStateChanged"}[i/50%2],
			Data:   json.RawMessage(`{"mediaType":"` + []string{"VIDEO", "AUDIO"}[i/100%2] + `","padName":"default","state":"` + []string{"FLOWING", "NOT_FLOWING"}[i/200%2] + `"}`)})
	}
	return l
}

// BenchmarkBars asks for all lanes of a million events in 1400 columns.
func BenchmarkBars(b *testing.B) {
	l := manyMarks()
	objects := l.Objects("")
	end := time.UnixMilli(5_000_000)
	for name, length := range map[string]time.Duration{"all": 5_000_000 * time.Millisecond, "minute": time.Minute, "second": time.Second} {
		b.Run(name, func(b *testing.B) {
			w := Window{From: end.Add(-length), To: end, Columns: 1400}
			var bars []Bar
			n := 0
			for b.Loop() {
				n = 0
				for _, o := range objects {
					for _, lane := range o.Lanes {
						bars = l.Bars(bars[:0], o.ID, lane, w)
						n += len(bars)
					}
				}
			}
			b.ReportMetric(float64(n), "bars")
		})
	}
	// A new mark in each lane before each look, as when it follows the end.
	b.Run("growing", func(b *testing.B) {
		w := Window{From: end.Add(-time.Minute), To: end, Columns: 1400}
		i := 1_000_000
		var bars []Bar
		for b.Loop() {
			for _, o := range objects {
				at := time.UnixMilli(int64(i * 5))
				l.Feed(wire.Fact{Kind: wire.KindEvent, Conn: "c", At: at.Add(time.Millisecond), Stamp: at, Object: o.ID, Type: "MediaFlowInStateChanged",
					Data: json.RawMessage(`{"mediaType":"VIDEO","padName":"default","state":"` + []string{"FLOWING", "NOT_FLOWING"}[i/50%2] + `"}`)})
				i++
				for _, lane := range o.Lanes {
					bars = l.Bars(bars[:0], o.ID, lane, w)
				}
			}
		}
	})
}
