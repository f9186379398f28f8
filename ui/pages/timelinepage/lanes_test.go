package timelinepage

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"kmscope/inventory"
	"kmscope/ui/pages/pagetest"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
	"kmscope/ui/theme"
)

func TestLanes(t *testing.T) {
	b := pagetest.New(t)
	for _, id := range []string{pagetest.Room, pagetest.Alice, pagetest.Bob} {
		b.Created(id)
	}
	for _, s := range []string{"GATHERING", "CONNECTING", "CONNECTED", "CONNECTED", "READY"} {
		b.StateEvent(pagetest.Alice, "IceComponentStateChanged", fmt.Sprintf(`"streamId":1,"componentId":1,"state":%q`, s))
	}
	b.StateEvent(pagetest.Alice, "MediaFlowInStateChanged", `"state":"FLOWING","padName":"default","mediaType":"VIDEO"`)
	b.StateEvent(pagetest.Bob, "MediaFlowInStateChanged", `"state":"FLOWING","padName":"default","mediaType":"AUDIO"`)
	b.StateEvent(pagetest.Alice, "MediaFlowInStateChanged", `"state":"NOT_FLOWING","padName":"default","mediaType":"VIDEO"`)

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
	got := words(findLanes(ctx, b.Log, pagetest.Alice, 0, b.Snapshot()))
	want := "WebRtcEndpoint aaaa\nICE 1.1 GATHERING CONNECTING CONNECTED READY\nin video FLOWING NOT_FLOWING"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	got = words(findLanes(ctx, b.Log, pagetest.Room, 0, b.Snapshot()))
	if want += "\nWebRtcEndpoint bbbb\nin audio FLOWING"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, scope := range []string{"", inventory.ManagerID, "nobody"} {
		if rows := findLanes(ctx, b.Log, scope, 0, b.Snapshot()); len(rows) != 0 {
			t.Errorf("%q has %d lanes", scope, len(rows))
		}
	}

	// They can be drawn at any size.
	rows := findLanes(ctx, b.Log, pagetest.Room, 0, b.Snapshot())
	ct := surface.TimeAxis{From: b.At.Add(-5 * time.Second), To: b.At, Cursor: b.At.Add(-time.Second)}
	c := paint.NewCanvas()
	for _, size := range [][2]int{{1, 1}, {50, 20}, {900, 300}} {
		c.Begin(size[0], size[1], surface.LookOf(theme.Dark).Background)
		paintLanes(c, surface.LookOf(theme.Dark), rows, ct, 5, 1)
	}
}

func TestTimelinePageShowsLanes(t *testing.T) {
	b := pagetest.New(t)
	b.Room()
	b.StateEvent(pagetest.Alice, "MediaFlowOutStateChanged", `"state":"FLOWING","padName":"default","mediaType":"VIDEO"`)
	p := New()
	b.Catch(&p.work)
	p.laneWork.OnUI = p.work.OnUI
	win := pagetest.Window(p, 1000, 600)
	defer win.Close()
	p.Shown(true)
	p.Update(b.State)
	b.State.SelectObject(pagetest.Alice)
	p.Update(b.State)
	b.Settle(func() bool { return p.lanes.Visible() && len(p.laneRows) == 2 })
	win.Canvas().Capture()
	b.State.SelectObject("")
	p.Update(b.State)
	b.Settle(func() bool { return !p.lanes.Visible() })
}
