package pages

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"kmscope/inventory"
	"kmscope/ui/paint"
	"kmscope/wire"
)

// stateEvent feeds an event of a lane, whole frame included.
func (b *bench) stateEvent(object, kind, fields string) {
	data := fmt.Sprintf(`{"source":%q,"type":%q,%s}`, object, kind, fields)
	b.feed(wire.Fact{Kind: wire.KindEvent, Type: kind, Object: object, Data: []byte(data),
		Raw: []byte(fmt.Sprintf(`{"jsonrpc":"2.0","method":"onEvent","params":{"value":{"data":%s,"object":%q,"type":%q}}}`, data, object, kind))})
}

func TestLanes(t *testing.T) {
	b := newBench(t)
	for _, id := range []string{room, alice, bob} {
		b.created(id)
	}
	for _, s := range []string{"GATHERING", "CONNECTING", "CONNECTED", "CONNECTED", "READY"} {
		b.stateEvent(alice, "IceComponentStateChanged", fmt.Sprintf(`"streamId":1,"componentId":1,"state":%q`, s))
	}
	b.stateEvent(alice, "MediaFlowInStateChanged", `"state":"FLOWING","padName":"default","mediaType":"VIDEO"`)
	b.stateEvent(bob, "MediaFlowInStateChanged", `"state":"FLOWING","padName":"default","mediaType":"AUDIO"`)
	b.stateEvent(alice, "MediaFlowInStateChanged", `"state":"NOT_FLOWING","padName":"default","mediaType":"VIDEO"`)

	words := func(rows []laneRow) string {
		var out []string
		for _, r := range rows {
			s := r.title
			for i, sp := range r.spans {
				s += " " + sp.state.Value
				if last := i == len(r.spans)-1; last != sp.to.IsZero() || !last && !sp.to.Equal(r.spans[i+1].from) {
					s += "!"
				}
			}
			out = append(out, s)
		}
		return strings.Join(out, "\n")
	}
	ctx := context.Background()
	got := words(findLanes(ctx, b.log, alice, 0, b.Snapshot()))
	want := "WebRtcEndpoint aaaa\nICE 1.1 GATHERING CONNECTING CONNECTED READY\nin video FLOWING NOT_FLOWING"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	got = words(findLanes(ctx, b.log, room, 0, b.Snapshot()))
	if want += "\nWebRtcEndpoint bbbb\nin audio FLOWING"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, scope := range []string{"", inventory.ManagerID, "nobody"} {
		if rows := findLanes(ctx, b.log, scope, 0, b.Snapshot()); len(rows) != 0 {
			t.Errorf("%q has %d lanes", scope, len(rows))
		}
	}

	// They can be drawn at any size.
	rows := findLanes(ctx, b.log, room, 0, b.Snapshot())
	ct := chartTime{From: b.at.Add(-5 * time.Second), To: b.at, Cursor: b.at.Add(-time.Second)}
	c := paint.NewCanvas()
	for _, size := range [][2]int{{1, 1}, {50, 20}, {900, 300}} {
		c.Begin(size[0], size[1], testLook().Background)
		paintLanes(c, testLook(), rows, ct, 5, 1)
	}
}

func TestTimelinePageShowsLanes(t *testing.T) {
	b := newBench(t)
	b.room()
	b.stateEvent(alice, "MediaFlowOutStateChanged", `"state":"FLOWING","padName":"default","mediaType":"VIDEO"`)
	p := NewTimeline()
	b.catch(&p.work)
	p.laneWork.onUI = p.work.onUI
	win := window(p, 1000, 600)
	defer win.Close()
	p.Shown(true)
	p.Update(b.state)
	b.state.SelectObject(alice)
	p.Update(b.state)
	b.settle(func() bool { return p.lanes.Visible() && len(p.laneRows) == 2 })
	win.Canvas().Capture()
	b.state.SelectObject("")
	p.Update(b.state)
	b.settle(func() bool { return !p.lanes.Visible() })
}
