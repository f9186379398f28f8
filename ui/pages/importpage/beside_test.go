package importpage

import (
	"strings"
	"testing"
	"time"

	"kmscope/browserdump"
	"kmscope/inventory"
	"kmscope/timeline"
	"kmscope/ui/view"
)

// TestDumpBesideTheServer holds that a dump's connections are handed to the
// other pages on the window's clock, follow what a person moves, and go with the
// import.
func TestDumpBesideTheServer(t *testing.T) {
	r := newRig(t, "loopback")
	r.open(beside + "loopback.dump.json.gz")
	list := r.state.Besides().Of(r.b.Bench)
	if len(list) != 1 || list[0].Kind != view.Browser || list[0].Name != "browser" || inventory.TypeOf(list[0].Object) != "WebRtcEndpoint" {
		t.Fatalf("laid beside the server: %+v", list)
	}
	b := list[0]
	bar, ok := b.Lanes.At(b.Object, browserdump.LaneICEConnection, b.To, b.To)
	if !ok || bar.State != "connected" {
		t.Fatalf("at the end ICE is %+v", bar)
	}
	// Both are on one machine with one clock: what the server says of ICE is of
	// the same tenth of a second.
	var server time.Time
	for _, l := range r.b.Lanes().Object(b.Object, time.Time{}) {
		for _, x := range l.Intervals {
			if strings.HasPrefix(string(l.Lane), "ice/1/1") && x.State == "CONNECTED" {
				server = x.From
			}
		}
	}
	if d := bar.From.Sub(server).Abs(); d > 100*time.Millisecond {
		t.Errorf("ICE connected in the browser at %v, at the server at %v", bar.From, server)
	}
	e, ok := b.Log.Find(timeline.Filter{Types: []string{"iceconnectionstatechange"}, Words: []string{"checking ->"}}, bar.From.Add(-2*time.Millisecond), 0, false)
	if !ok || e.Text != "ICE connection: checking -> connected after 717 µs" || e.Object != b.Object {
		t.Errorf("the event says %+v", e)
	}
	if n := len(r.p.sources[0].dump.Connections[0].Entries); b.Log.Len() != n {
		t.Errorf("%d events of %d entries", b.Log.Len(), n)
	}
	for seq := uint64(1); seq <= b.Log.Total(); seq++ {
		if raw := string(b.Log.Raw(seq)); strings.Contains(raw, "a=ice-pwd:") && !strings.Contains(raw, "a=ice-pwd:●●●●") || strings.Contains(raw, `"usernameFragment":"`) && !strings.Contains(raw, `"usernameFragment":"●●●●`) {
			t.Errorf("entry %d tells a secret: %s", seq, raw)
		}
	}
	if len(b.Series) < 20 || b.Series[0].Element != b.Object {
		t.Errorf("%d series", len(b.Series))
	}

	// What a person moves moves everywhere.
	at := b.Series[0].Points[0].At
	r.p.dump.clock.set(250 * time.Millisecond)
	moved := r.state.Besides().Of(r.b.Bench)[0]
	again, _ := moved.Lanes.At(b.Object, browserdump.LaneICEConnection, moved.To, moved.To)
	for what, d := range map[string]time.Duration{
		"the states": again.From.Sub(bar.From), "the end": moved.To.Sub(b.To), "the figures": moved.Series[0].Points[0].At.Sub(at),
		"the events": moved.Log.Range(0, 1)[0].At.Sub(b.Log.Range(0, 1)[0].At),
	} {
		if d != 250*time.Millisecond {
			t.Errorf("%s moved by %v", what, d)
		}
	}
	if r.state.Besides().Of(r.b.Bench)[0] != moved {
		t.Error("it was laid anew without a reason")
	}

	r.p.closeSource(0)
	if r.state.Besides().Len() != 0 {
		t.Error("what was closed is still laid beside the server")
	}
}

// TestLogBesideTheServer holds the same of a server's log: its errors and
// warnings.
func TestLogBesideTheServer(t *testing.T) {
	r := newRig(t, "events")
	r.open(beside + "events.log.gz")
	r.open(beside + "events.log.gz") // read again, it is laid once
	list := r.state.Besides().Of(r.b.Bench)
	if len(list) != 1 || list[0].Kind != view.ServerLog || list[0].Log.Len() == 0 {
		t.Fatalf("laid beside the server: %+v", list)
	}
	for _, e := range list[0].Log.Range(0, list[0].Log.Len()) {
		if e.Severity < timeline.Warning || e.Type == "" || e.Text == "" {
			t.Errorf("%+v", e)
		}
	}
	book := r.p.sources[0].book
	worst := book.Worst(2, maxMarks)
	if first := list[0].Log.Range(0, 1)[0]; len(worst) != list[0].Log.Len() || !first.At.Equal(r.p.local(book.At(int(worst[0]))).Truncate(time.Millisecond)) {
		t.Errorf("%d of %d messages, the first at %v", list[0].Log.Len(), len(worst), first.At)
	}
	before := list[0].Log.Range(0, 1)[0].At
	r.p.log.clock.set(-time.Second)
	if d := r.state.Besides().Of(r.b.Bench)[0].Log.Range(0, 1)[0].At.Sub(before); d != -time.Second {
		t.Errorf("moved by %v", d)
	}
	ticks := r.state.Besides().Of(r.b.Bench)[0].Lanes.Ticks(nil, "", timeline.TickEvent, timeline.Window{From: before.Add(-time.Hour), To: before.Add(time.Hour), Columns: 1})
	if len(ticks) != 1 || ticks[0].Count != len(worst) {
		t.Errorf("its row has %+v", ticks)
	}
}

// TestLogOfOneObject has all that a log says of an object, whatever the level.
func TestLogOfOneObject(t *testing.T) {
	r := newRig(t, "loopback")
	r.open(beside + "loopback.log.gz")
	s := r.p.sources[0]
	object, most := "", 0
	counts := map[string]int{}
	for i := range s.book.Len() {
		if id := s.book.Object(i); id != "" && s.book.Level(i) > 2 {
			if counts[id]++; counts[id] > most {
				object, most = id, counts[id]
			}
		}
	}
	b := r.state.Besides().Of(r.b.Bench)[0]
	if most == 0 || !b.CanNarrow() {
		t.Fatal("the log says nothing of any object")
	}
	n := b.Narrowed(t.Context(), object)
	if n == nil || n.Log.Len() != b.Log.Len()+most || n.Name != b.Name {
		t.Fatalf("narrowed to %s, of which there are %d lines: %+v", object, most, n)
	}
	ticks := n.Lanes.Ticks(nil, object, timeline.TickEvent, timeline.Window{From: b.To.Add(-time.Hour), To: b.To.Add(time.Hour), Columns: 1})
	if len(ticks) != 1 || ticks[0].Count < most {
		t.Errorf("its row has %+v", ticks)
	}
	r.p.closeSource(0)
	s.inUse.Lock() // what closes it has it, or had it
	err := s.book.Close()
	s.inUse.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	if x := b.Narrowed(t.Context(), object); x != nil {
		t.Error("a closed log was read")
	}
}

// TestTwoDumps holds that two imports of one name can be told apart, and that
// a page with several connections names each.
func TestTwoDumps(t *testing.T) {
	r := newRig(t, "two-connections")
	r.open(beside + "two-connections.dump.json.gz")
	var names []string
	for _, b := range r.state.Besides().Of(r.b.Bench) {
		names = append(names, b.Name)
	}
	if len(names) != 2 || names[0] == names[1] || !strings.HasPrefix(names[0], "browser ") {
		t.Errorf("called %q", names)
	}
	one := r.p.sources[0]
	r.p.sources = append(r.p.sources, one)
	r.p.handOver()
	seen := map[string]bool{}
	for _, b := range r.state.Besides().Of(r.b.Bench) {
		seen[b.Name] = true
	}
	if r.p.sources = r.p.sources[:1]; len(seen) != 4 {
		t.Errorf("called %v", seen)
	}
}
