package timelinepage

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"kmscope/ui/pages/pagetest"
	"kmscope/wire"
)

// TestObjectsStandByName holds that objects stand in the order of the tree, also
// when their names are read after their states.
func TestObjectsStandByName(t *testing.T) {
	b := pagetest.New(t)
	p := New()
	b.Catch(&p.work)
	win := pagetest.Window(p, 1000, 900)
	defer win.Close()
	p.Shown(true)
	var ids []string
	for i := range 3 {
		id := fmt.Sprintf("%s/%08x-0000-0000-0000-000000000000_kurento.WebRtcEndpoint", pagetest.Room, 9-i)
		ids = append(ids, id)
		b.Created(id)
		b.StateEvent(id, "MediaFlowInStateChanged", `"state":"FLOWING","padName":"default","mediaType":"VIDEO"`)
	}
	order := func() string {
		p.Update(b.State)
		b.Settle(func() bool { return p.rows.len() == b.Log.Len() })
		var out []string
		for i := range p.board.rows {
			if r := &p.board.rows[i]; r.lane == "" {
				out = append(out, r.object[len(pagetest.Room)+8:len(pagetest.Room)+9])
			}
		}
		return strings.Join(out, "")
	}
	if got := order(); got != "987" {
		t.Errorf("without names they stand as %s", got)
	}
	for i, name := range []string{"viewer-10", "viewer-9", "presenter"} {
		b.Feed(wire.Fact{Kind: wire.KindCall, Method: "invoke", Operation: "getName", Object: ids[i], Took: time.Millisecond, Result: []byte(`"` + name + `"`)})
	}
	if b.Snapshot().Object(ids[0]).Name != "viewer-10" {
		t.Fatalf("called %q", b.Snapshot().Object(ids[0]).Name)
	}
	if got := order(); got != "789" {
		t.Errorf("with names they stand as %s", got)
	}
}
