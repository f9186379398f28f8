package view_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kmscope/inventory"
	"kmscope/kmsconn/kmd"
	"kmscope/ui/view"
	"kmscope/ui/view/viewtest"
)

func conference(t *testing.T) (*view.State, *viewtest.Server, map[string]string) {
	t.Helper()
	ws := &viewtest.Workspace{}
	s := viewtest.NewServer("studio-1")
	ids := s.Conference()
	ws.Add(s)
	st := view.NewState(ws)
	st.SetClock(view.Clock{Mode: view.UTC})
	return st, s, ids
}

// outline writes rows as indented lines: dot, label, note, badges.
func outline(rows []view.NavRow) string {
	var b strings.Builder
	for _, r := range rows {
		dot := [...]string{".", "+", "!", "X"}[r.Level]
		fmt.Fprintf(&b, "%s%s %s (%s)", strings.Repeat("  ", r.Depth), dot, r.Label, r.Note)
		if r.Badge > 0 {
			fmt.Fprintf(&b, " errors %d", r.Badge)
		}
		if r.Transcoding {
			b.WriteString(" transcodes")
		}
		if r.Dead {
			b.WriteString(" gone")
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestNavigatorShowsTheTree(t *testing.T) {
	st, s, ids := conference(t)
	s.Event(ids["guest-1"], "Error", `{"type":"MEDIA_ERROR","description":"no more","errorCode":7}`)
	s.Destroy(ids["idle-b"])
	n := view.NewNavigator(st)
	got := outline(n.Rows())
	for _, want := range []string{
		"+ studio-1 (2 pipelines)\n",
		"  X room-42 (7) errors 1\n",
		"    + presenter (WebRtc)\n",
		"    X guest-1 (WebRtc) errors 1\n",
		"    X guest-2 (WebRtc)\n",
		"    . mix (Composite)\n      . guest-1 ▸ out (HubPort)\n      . presenter ▸ out (HubPort)\n",
		"recorder (Recorder) transcodes\n",
		"  . 3fe0 (1)\n    . e7c1 (WebRtc)\n    . b020 (WebRtc · destroyed 12:04",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	if tip := n.GoneTip(); tip != "Hide what is gone" {
		t.Error(tip)
	}
	n.HideDead = true
	if got := outline(n.Rows()); strings.Contains(got, "b020") {
		t.Errorf("hidden, and yet there:\n%s", got)
	}
	s.Dismiss(ids["idle-b"])
	n.Rows()
	if tip := n.GoneTip(); tip != "Show what is gone (without 1 object that went earlier and of which the capture tells)" {
		t.Error(tip)
	}
}

// TestNavigatorPrepares: what was worked out beforehand is what the tree shows, also
// while both happen at once.
func TestNavigatorPrepares(t *testing.T) {
	st, s, ids := conference(t)
	n, fresh := view.NewNavigator(st), view.NewNavigator(st)
	for range 50 {
		var over sync.WaitGroup
		s.Event(ids["guest-1"], "Error", `{"type":"MEDIA_ERROR","description":"no more","errorCode":7}`)
		over.Go(n.Prepare)
		n.Rows()
		over.Wait()
	}
	n.Prepare()
	if got, want := outline(n.Rows()), outline(fresh.Rows()); got != want || !strings.Contains(got, "errors 50") {
		t.Errorf("prepared:\n%s\nnot prepared:\n%s", got, want)
	}
}

func TestNavigatorFilters(t *testing.T) {
	st, _, _ := conference(t)
	n := view.NewNavigator(st)
	for _, c := range []struct {
		filter string
		want   string // labels of all rows, in order
	}{
		{"", "studio-1 room-42 guest-1 guest-2 mix guest-1 ▸ out presenter ▸ out presenter recorder 3fe0 e7c1 b020"},
		{"guest-1", "studio-1 room-42 guest-1 mix guest-1 ▸ out"},
		{"GUEST hubport", "studio-1 room-42 mix guest-1 ▸ out"},
		{"not flowing", "studio-1 room-42 guest-2"},
		{"composite", "studio-1 room-42 mix guest-1 ▸ out presenter ▸ out"},
		{"/^guest-[12]$/", "studio-1 room-42 guest-1 guest-2"},
		{"/guest-[12]$", "studio-1 room-42 guest-1 guest-2"},
		{"3fe0", "studio-1 3fe0 e7c1 b020"},
		{"nothing like it", ""},
	} {
		f, err := view.ParseFilter(c.filter)
		if err != nil {
			t.Errorf("%q: %v", c.filter, err)
			continue
		}
		n.SetFilter(f)
		var labels []string
		for _, r := range n.Rows() {
			labels = append(labels, r.Label)
		}
		if got := strings.Join(labels, " "); got != c.want {
			t.Errorf("%q gives %q, want %q", c.filter, got, c.want)
		}
	}
	if _, err := view.ParseFilter("/guest-[12/"); err == nil || !strings.Contains(err.Error(), "is no regular expression") {
		t.Errorf("a broken expression gives %v", err)
	}
}

func TestNavigatorOpensAndReveals(t *testing.T) {
	st, s, ids := conference(t)
	n := view.NewNavigator(st)
	find := func(label string) *view.NavRow {
		for _, r := range n.Rows() {
			if r.Label == label {
				return &r
			}
		}
		return nil
	}
	n.SetOpen(*find("room-42"), false)
	if find("mix") != nil {
		t.Error("the row is closed, its children are shown")
	}
	n.Reveal(view.Selection{Session: s, Object: ids["guest-1 ▸ out"]})
	if find("guest-1 ▸ out") == nil {
		t.Error("revealed, and not shown")
	}
}

func TestNavigatorOfManyPipelinesStartsClosed(t *testing.T) {
	ws := &viewtest.Workspace{}
	s := viewtest.NewServer("big")
	for i := range 30 {
		p := fmt.Sprintf("%08x-0000-4000-8000-000000000000_kurento.MediaPipeline", i)
		s.Create(p, "")
		s.Create(p+fmt.Sprintf("/%08x-0000-4000-8000-000000000000_kurento.WebRtcEndpoint", i), "")
	}
	ws.Add(s)
	n := view.NewNavigator(view.NewState(ws))
	if rows := n.Rows(); len(rows) != 31 {
		t.Errorf("%d rows, want 31: the server and its pipelines", len(rows))
	}
	if n.Total != 60 {
		t.Errorf("%d objects, want 60", n.Total)
	}
}

func TestSelectionHasATrail(t *testing.T) {
	st, s, ids := conference(t)
	calls := 0
	stop := st.Observe(func() { calls++ })
	a, b, c := view.Selection{Session: s, Object: ids["presenter"]}, view.Selection{Session: s, Object: ids["guest-1"]}, view.Selection{Session: s, Object: ids["guest-2"]}
	st.Select(a)
	st.Select(b)
	st.Select(b) // again: no step
	st.Select(c)
	if !st.Back() || st.Selection() != b || !st.Back() || st.Selection() != a || st.Back() {
		t.Errorf("back does not lead to the start: %v", st.Selection())
	}
	if !st.Forward() || st.Selection() != b || !st.CanForward() {
		t.Error("forward does not undo back")
	}
	st.Select(a)
	if st.CanForward() {
		t.Error("a new choice keeps the way forward")
	}
	if calls != 7 {
		t.Errorf("%d calls of the observer, want 7", calls)
	}
	stop()
	st.Select(c)
	if calls != 7 {
		t.Error("a stopped observer is called")
	}
	st.Forget(s)
	if st.Selection() != (view.Selection{}) || st.CanBack() {
		t.Error("a forgotten session is still looked at")
	}
}

func TestCursorShowsThePast(t *testing.T) {
	st, s, ids := conference(t)
	before := s.Now()
	s.Pass(10 * time.Second)
	s.Destroy(ids["presenter"])
	presenter := func() *inventory.Object { return st.Snapshot(s).Object(ids["presenter"]) }
	if o := presenter(); o == nil || o.Alive() {
		t.Fatal("live shows the past")
	}
	st.Pin(before.Add(2 * time.Second))
	if o := presenter(); o == nil || !o.Alive() {
		t.Error("at a moment when it lived the object is gone")
	}
	st.Hover(s.Now())
	if o := presenter(); o == nil || o.Alive() {
		t.Error("hovering does not go before pinning")
	}
	st.Hover(time.Time{})
	if at, live := st.Cursor(); live || !at.Equal(before.Add(2*time.Second)) {
		t.Errorf("the pinned moment is lost: %v %v", at, live)
	}
	st.Follow()
	if at, live := st.Cursor(); !live || !at.Equal(s.Snapshot().At) {
		t.Errorf("following, and at %v, live %v", at, live)
	}
}

func TestPauseHoldsThePicture(t *testing.T) {
	st, s, ids := conference(t)
	held := st.Snapshot(s).Counts.Elements
	st.SetPaused(true)
	at, _ := st.Cursor()
	s.Pass(time.Second)
	s.Destroy(ids["presenter"])
	if st.Snapshot(s).Counts.Elements != held {
		t.Error("the picture moves on while it is held")
	}
	if now, _ := st.Cursor(); !now.Equal(at) {
		t.Error("the cursor moves on while the picture is held")
	}
	st.SetPaused(false)
	if st.Snapshot(s).Counts.Elements != held-1 {
		t.Error("the picture does not go on")
	}
}

func TestHistoryIsBounded(t *testing.T) {
	st, s, ids := conference(t)
	for range 5000 {
		s.Pass(time.Second)
		s.Event(ids["guest-1"], "MediaFlowInStateChanged", `{"state":"FLOWING","padName":"default","mediaType":"VIDEO"}`)
	}
	first, last := st.Span()
	if last.Sub(first) < 80*time.Minute {
		t.Errorf("the span is %v", last.Sub(first))
	}
	st.Pin(first.Add(40 * time.Minute))
	got := st.Snapshot(s).At
	if d := first.Add(40 * time.Minute).Sub(got); d < 0 || d > 10*time.Minute {
		t.Errorf("the state 40 minutes in is %v older", d)
	}
}

func TestRange(t *testing.T) {
	st, s, _ := conference(t)
	end := s.Snapshot().At
	first, last := st.Span()
	if from, to := st.Range(); !to.Equal(end) || !from.Equal(first) {
		t.Errorf("the range is %v to %v", from, to)
	}
	st.SetLength(0)
	if from, to := st.Range(); !from.Equal(first) || !to.Equal(last) {
		t.Errorf("everything is %v to %v, want %v to %v", from, to, first, last)
	}
	st.SetRange(end, end.Add(-time.Second))
	if from, to := st.Range(); to.Sub(from) != time.Second || st.Following() {
		t.Errorf("a range given backwards is %v to %v", from, to)
	}
	st.SetRange(end, end)
	if from, to := st.Range(); to.Sub(from) <= 0 {
		t.Error("an empty range")
	}
	st.Follow()
	if !st.Following() {
		t.Error("follow does not let go of the range")
	}
}

// A session that is younger than the visible length fills the width.
func TestRangeOfAYoungSession(t *testing.T) {
	tests := []struct {
		name              string
		age, length, want time.Duration
	}{
		{"half a minute", 30 * time.Second, view.DefaultRange, 30 * time.Second},
		{"just begun", time.Second, view.DefaultRange, 10 * time.Second},
		{"zoomed in", 30 * time.Second, 2 * time.Second, 2 * time.Second},
		{"just begun and zoomed in", time.Second, 2 * time.Second, 2 * time.Second},
		{"older than the window", time.Hour, view.DefaultRange, view.DefaultRange},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ws := &viewtest.Workspace{}
			s := viewtest.NewServer("file")
			s.IsLive = false
			r := &viewtest.Replay{Of: s, File: "/tmp/a.kmscap", From: viewtest.Start, Length: time.Hour}
			r.Seek(tt.age)
			ws.AddReplay(r)
			st := view.NewState(ws)
			st.SetLength(tt.length)
			from, to := st.Range()
			if !to.Equal(viewtest.Start.Add(tt.age)) || to.Sub(from) != tt.want {
				t.Errorf("the window is %v to %v after the start, want %v", from.Sub(viewtest.Start), to.Sub(viewtest.Start), tt.want)
			}
			if !st.Following() {
				t.Error("the window no longer follows")
			}
		})
	}
}

func TestReplayHasItsOwnTime(t *testing.T) {
	ws := &viewtest.Workspace{}
	s := viewtest.NewServer("file")
	s.IsLive = false
	s.State = view.Link{State: view.Replaying}
	s.Conference()
	r := &viewtest.Replay{Of: s, File: "/tmp/a.kmscap", From: viewtest.Start, Length: time.Minute}
	ws.AddReplay(r)
	st := view.NewState(ws)
	r.Seek(20 * time.Second)
	if at, live := st.Cursor(); !live || !at.Equal(viewtest.Start.Add(20*time.Second)) {
		t.Errorf("the cursor is at %v", at)
	}
	if first, last := st.Span(); last.Sub(first) != time.Minute {
		t.Errorf("the span is %v", last.Sub(first))
	}
	_, right := view.Status(st, viewtest.Start)
	if right.Text != "at 0:20 of 1:00" {
		t.Errorf("the status says %q", right.Text)
	}
}

// words writes an inspection as "SECTION key=value" lines.
func words(in *view.Inspection) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s | %s | %s\n", in.Title, in.Sub, in.Shown)
	for _, s := range in.Sections {
		for _, f := range s.Fields {
			fmt.Fprintf(&b, "%s %s=%s\n", s.Title, f.Key, f.Value)
		}
	}
	return b.String()
}

func TestInspectAnEndpoint(t *testing.T) {
	st, s, ids := conference(t)
	id := ids["guest-2"]
	s.Call(id, "getMaxVideoSendBandwidth", `{}`, `500`)
	s.Call(id, "getMaxVideoRecvBandwidth", `{}`, `0`)
	s.Call(id, "getMaxEncoderBitrate", `{}`, `2147483647`)
	s.Call(id, "getTurnUrl", `{}`, `"user:very-secret@203.0.113.9:3478"`)
	s.Call(id, "getStunServerAddress", `{}`, `"203.0.113.9"`)
	s.Call(id, "getIceConnectionState", `{}`, `[{"streamId":"1","componentId":1,"state":"READY","__type__":"IceConnection"}]`)
	s.Call(id, "getTags", `{}`, `[{"key":"room","value":"42"}]`)
	s.Event(id, "Error", `{"type":"MEDIA_ERROR","description":"the pipe broke","errorCode":7}`)
	for i := range 3 {
		s.Pass(990 * time.Millisecond)
		s.Call(id, "getStats", `{"mediaType":"VIDEO"}`, fmt.Sprintf(`{"a":{"id":"a","type":"inboundrtp","timestampMillis":%d,"ssrc":"7","bytesReceived":%d,"packetsReceived":%d,"packetsLost":0,"jitter":0.004}}`,
			s.Now().UnixMilli(), 150_000*i, 100*i))
	}
	st.Select(view.Selection{Session: s, Object: id})
	in := view.Inspect(st)
	got := words(in)
	for _, want := range []string{
		"guest-2 | WebRtcEndpoint · room-42 | e5b1…00c2\n",
		"STATE ICE 1.1=READY\n", "STATE in video=NOT FLOWING 1", "STATE in audio=FLOWING\n",
		"NOW received=video 1.20 Mbit/s\n", "NOW jitter in=video 4 ms\n",
		"PROPERTIES maxVideoSendBandwidth=500 kbit/s\n", "PROPERTIES maxVideoRecvBandwidth=no limit\n", "PROPERTIES maxEncoderBitrate=no limit\n",
		"PROPERTIES turnUrl=●●●●@203.0.113.9:3478\n", "PROPERTIES stunServerAddress=203.0.113.9\n",
		"PROPERTIES parent=room-42\n", "PROPERTIES iceTcp=not read: would stop the server\n", "PROPERTIES mtu=not read yet\n",
		"PROPERTIES IceConnectionState=componentId 1, state READY, streamId 1\n",
		"TAGS room=42\n", "CONNECTIONS to=presenter ▸ out  audio video\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	if !strings.Contains(in.Alert, "the pipe broke") || in.Level != view.Trouble {
		t.Errorf("the alert is %q", in.Alert)
	}
	if strings.Contains(got, "secret") || strings.Contains(view.JSONText(st), "very-secret") {
		t.Error("a secret is shown")
	}
	if text := view.JSONText(st); !strings.Contains(text, `"ID": "`+id+`"`) {
		t.Errorf("the JSON is %s", text)
	}
}

// TestWhyThereAreNoFigures: an endpoint that the server knows nothing of is not waited for.
func TestWhyThereAreNoFigures(t *testing.T) {
	st, s, ids := conference(t)
	id, other := ids["guest-2"], ids["guest-1"]
	st.Select(view.Selection{Session: s, Object: id})
	why := func() string {
		for _, sec := range view.Inspect(st).Sections {
			if sec.Title == "NOW" && len(sec.Fields) == 0 {
				return sec.Empty
			}
		}
		return ""
	}
	sample := func(id string, bytes int) {
		s.Pass(time.Second)
		s.Call(id, "getStats", `{"mediaType":"VIDEO"}`, fmt.Sprintf(`{"a":{"id":"a","type":"inboundrtp","timestampMillis":%d,"ssrc":"7","bytesReceived":%d,"packetsReceived":%d,"packetsLost":0,"jitter":0.004}}`, s.Now().UnixMilli(), bytes, bytes/100))
	}
	expect := func(want string) {
		t.Helper()
		if got := why(); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
	sample(other, 1)
	expect("no figures yet: statistics are read once a second")
	s.Call(id, "getStats", `{"mediaType":"VIDEO"}`, fmt.Sprintf(`{%q:{"id":%q,"type":"endpoint","timestampMillis":%d,"E2ELatency":[],"inputLatency":[]}}`, id, id, s.Now().UnixMilli()))
	expect("no figures: no media was sent or received")
	sample(id, 1000)
	sample(id, 2000)
	expect("")
	for i := range 20 {
		sample(other, 1000*i)
	}
	expect("no new figures from the server")
	st.Select(view.Selection{Session: s, Object: ids["recorder"]})
	expect("no figures yet: statistics are read once a second")
	s.Call(ids["recorder"], "getStats", `{}`, fmt.Sprintf(`{"r":{"id":"r","type":"endpoint","timestampMillis":%d}}`, s.Now().UnixMilli()))
	expect("no figures: of this the server measures latency alone, and only while that is on")
}

func TestInspectOthers(t *testing.T) {
	st, s, ids := conference(t)
	if view.Inspect(st) != nil {
		t.Error("nothing is selected, and something is shown")
	}
	st.Select(view.Selection{Session: s})
	s.State.Held, s.State.LeaseEnds = 14, s.Now().Add(92*time.Second)
	if got := words(view.Inspect(st)); !strings.Contains(got, "STATE held by this tool=14 (lease 1:32)\n") || !strings.Contains(got, "NOW pipelines=2\n") {
		t.Errorf("the server is shown as\n%s", got)
	}
	st.Select(view.Selection{Session: s, Object: ids["mix"]})
	if got := words(view.Inspect(st)); !strings.Contains(got, "CHILDREN HubPort=presenter ▸ out\n") || !strings.Contains(got, "PROPERTIES children=2 objects\n") {
		t.Errorf("the hub is shown as\n%s", got)
	}
	s.Destroy(ids["guest-1"])
	st.Select(view.Selection{Session: s, Object: ids["guest-1"]})
	if in := view.Inspect(st); !strings.HasPrefix(in.Gone, "gone: destroyed 12:04:") {
		t.Errorf("what is gone says %q", in.Gone)
	}
	st.Select(view.Selection{Session: s, Object: "x_kurento.MediaPipeline/y_kurento.PassThrough"})
	if in := view.Inspect(st); in.Level != view.Attention || in.Title != "PassThrough y_ku" && in.Title == "" {
		t.Errorf("an unknown object is shown as %+v", in)
	}
}

func TestGuessedPropertiesOfAnUnknownClassAreShownRaw(t *testing.T) {
	ws := &viewtest.Workspace{}
	s := viewtest.NewServer("s")
	id := "1111aaaa_kurento.MediaPipeline/2222bbbb_acme.Wonder"
	s.Create("1111aaaa_kurento.MediaPipeline", "")
	s.Create(id, "w")
	s.Call(id, "getSparkle", `{}`, `{"deep":{"token":"abc"},"n":3}`)
	ws.Add(s)
	st := view.NewState(ws)
	st.Select(view.Selection{Session: s, Object: id})
	if got := words(view.Inspect(st)); !strings.Contains(got, "PROPERTIES sparkle=deep token ●●●●, n 3\n") {
		t.Errorf("shown as\n%s", got)
	}
}

func TestHelpOfTheServerIsPlainText(t *testing.T) {
	ws := &viewtest.Workspace{}
	s := viewtest.NewServer("s")
	ids := s.Conference()
	s.SetSchema(kmd.Merge(&kmd.Module{Name: "core", RemoteClasses: []kmd.Class{{Name: "Composite", Properties: []kmd.Property{
		{Name: "colour", Type: "String", ReadOnly: true, Doc: "The <b>colour</b> of\nall. <ul><li>red<li>blue</ul>\n\nUnit: none &amp; never < 3."}}}}}))
	ws.Add(s)
	st := view.NewState(ws)
	st.Select(view.Selection{Session: s, Object: ids["mix"]})
	for _, sec := range view.Inspect(st).Sections {
		if sec.Title != "PROPERTIES" {
			continue
		}
		want := "The colour of all.\n– red\n– blue\nUnit: none & never < 3.\ntype String, read only"
		if got := sec.Fields[0].Detail; got != want {
			t.Errorf("the help is %q, want %q", got, want)
		}
		return
	}
	t.Error("there are no properties")
}

func TestStatusBar(t *testing.T) {
	st, s, _ := conference(t)
	now := s.Now()
	s.State.Held, s.State.LeaseEnds = 14, now.Add(92*time.Second)
	text := func() string {
		left, right := view.Status(st, now)
		var parts []string
		for _, p := range left {
			parts = append(parts, p.Text)
		}
		return strings.Join(parts, " | ") + " || " + right.Text
	}
	if got, want := text(), "studio-1 0.4 ms | 2 pipelines · 9 elements | 310 frames/s | held by this tool: 14 (lease 1:32) || nothing captured"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	s.State = view.Link{State: view.Reconnecting, Cause: "the server closed the connection", RetryAt: now.Add(2500 * time.Millisecond)}
	if got := text(); !strings.HasPrefix(got, "studio-1 reconnecting in 3 s | the server closed the connection |") {
		t.Errorf("got %q", got)
	}
	s.State = view.Link{State: view.Connected, Reading: "states", ReadDone: 120, ReadTotal: 1220, Gaps: 2}
	if got := text(); !strings.Contains(got, "reading states 120 of 1,220") || !strings.Contains(got, "| 2 gaps | 0 frames/s |") {
		t.Errorf("got %q", got)
	}
	empty := view.NewState(&viewtest.Workspace{State: view.Capture{Path: "/c", Bytes: 18 << 20, Since: now.Add(-41*time.Minute - 7*time.Second)}})
	if left, right := view.Status(empty, now); left[0].Text != "Not connected" || right.Text != "capture 41:07 · 18 MiB · redacted" {
		t.Errorf("got %q and %q", left[0].Text, right.Text)
	}
}

func TestFind(t *testing.T) {
	st, s, ids := conference(t)
	s.Destroy(ids["idle-b"])
	ran := ""
	commands := []view.Hit{{Title: "Open a capture…", Note: "Ctrl+O", Run: func() { ran = "open" }}, {Title: "Charts", Run: func() { ran = "charts" }}}
	for _, c := range []struct{ query, first string }{
		{"guest-2", "guest-2"},
		{"gst2", "guest-2"},
		{"open cap", "Open a capture…"},
		{"e5b1", "guest-2"},
		{"recorder", "recorder"},
		{"studio", "studio-1"},
		{"chart", "Charts"},
	} {
		hits := view.Find(st, commands, c.query)
		if len(hits) == 0 || hits[0].Title != c.first {
			t.Errorf("%q finds %v, want %q first", c.query, titles(hits), c.first)
		}
	}
	if hits := view.Find(st, commands, "zzzz qqq"); len(hits) != 0 {
		t.Errorf("nonsense finds %v", titles(hits))
	}
	hits := view.Find(st, commands, "webrtcendpoint")
	if last := hits[len(hits)-1]; !strings.Contains(last.Note, "gone") {
		t.Errorf("what is gone does not come last: %v", titles(hits))
	}
	view.Find(st, commands, "guest-2")[0].Run()
	if st.Selection().Object != ids["guest-2"] {
		t.Error("running a hit does not select the object")
	}
	view.Find(st, commands, "open")[0].Run()
	if ran != "open" {
		t.Error("running a hit does not run the command")
	}
}

func titles(hits []view.Hit) []string {
	var out []string
	for _, h := range hits {
		out = append(out, h.Title)
	}
	return out
}

func TestFocusIsWhatIsLookedAt(t *testing.T) {
	_, s, ids := conference(t)
	got := view.FocusOf(view.Selection{Session: s, Object: ids["guest-2"]})
	if !slices.Equal(got, []string{ids["guest-2"], ids["presenter ▸ out"]}) {
		t.Errorf("the focus is %v", got)
	}
	if got := view.FocusOf(view.Selection{Session: s, Object: ids["room-42"]}); len(got) != 8 {
		t.Errorf("of a pipeline %d objects are in focus, want 8", len(got))
	}
	if got := view.FocusOf(view.Selection{Session: s}); got != nil {
		t.Errorf("of a server %v are in focus", got)
	}
}

func TestMask(t *testing.T) {
	for _, c := range []struct{ property, text, want string }{
		{"turnUrl", "user:pw@1.2.3.4:3478?transport=tcp", "●●●●@1.2.3.4:3478?transport=tcp"},
		{"uri", "rtsp://me:pw@cam.local/1", "rtsp://●●●●@cam.local/1"},
		{"uri", "file:///tmp/a@b.webm", "file:///tmp/a@b.webm"},
		{"name", "me@home", "me@home"},
		{"password", "x", "●●●●"},
		{"sdp", "a=ice-ufrag:abcd\r\na=ice-pwd:0123\r\na=mid:0", "a=ice-ufrag:●●●●\r\na=ice-pwd:●●●●\r\na=mid:0"},
		{"sdp", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:S3cr3t|2^31", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:●●●●|2^31"},
	} {
		if got := view.Mask(c.property, c.text); got != c.want {
			t.Errorf("Mask(%q, %q) = %q, want %q", c.property, c.text, got, c.want)
		}
	}
}

func TestMaskText(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "",
		"port 8888, 12 lines":              "port 8888, 12 lines",
		"main.cpp:240: a@b":                "main.cpp:240: a@b",
		"ufrag: ab+c, pwd: 'x/y'":          "ufrag: ●●●●, pwd: '●●●●'",
		`{"sessionId":"s-1","id":3}`:       `{"sessionId":"●●●●","id":3}`,
		`"{\"password\":\"x\"}"`:           `"{\"password\":\"●●●●\"}"`,
		"TURN server me:pw@192.0.2.1:3478": "TURN server ●●●●@192.0.2.1:3478",
		"rtsp://me:pw@camera/1":            "rtsp://●●●●@camera/1",
		"a=ice-pwd:x\\r\\na=mid:0":         "a=ice-pwd:●●●●\\r\\na=mid:0",
		"inline:S3cr3t|2^31":               "inline:●●●●|2^31",
		"srtp-key=(buffer)00ff, ssrc=1":    "srtp-key=(buffer)●●●●, ssrc=1",
	} {
		if got := view.MaskText(text); got != want {
			t.Errorf("MaskText(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestFilterRegexp(t *testing.T) {
	for _, c := range []struct {
		filter, text string
		want         bool
	}{
		{"", "x", true}, {"b a", "A then B", true}, {"b a", "a", false}, {"a.b", "axb", false}, {"/^x$/", "y\nX", true},
		{"c b a d", "D C\nB A", true}, {"a b c d e", "a b c d e", true},
	} {
		f, err := view.ParseFilter(c.filter)
		if err != nil {
			t.Fatal(err)
		}
		re := f.Regexp()
		if got := re == nil || re.MatchString(c.text); got != c.want || f.Match(c.text) != c.want {
			t.Errorf("%q in %q: %v, as Match says %v", c.filter, c.text, got, f.Match(c.text))
		}
	}
}

func TestWords(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{view.LaneTitle("ice/1/1"), "ICE 1.1"},
		{view.LaneTitle("dtls/1/[bundle/dtlssrtpdec]"), "DTLS 1 in"},
		{view.LaneTitle("dtls/0/[audio/dtlssrtpenc]"), "DTLS 0 out audio"},
		{view.LaneTitle(inventory.FlowIn(inventory.Video)), "in video"},
		{view.LaneTitle("flow-out/AUDIO/pad7"), "out audio pad7"},
		{view.LaneTitle("odd"), "odd"},
		{view.ShortType("WebRtcEndpoint"), "WebRtc"},
		{view.ShortType("HubPort"), "HubPort"},
		{view.Ago(9 * time.Second), "9 s"},
		{view.Ago(6 * time.Minute), "6 min"},
		{view.Ago(3*time.Hour + 12*time.Minute), "3 h 12 min"},
		{view.Ago(50 * time.Hour), "2 d"},
		{view.Stretch(92 * time.Second), "1:32"},
		{view.Stretch(2*time.Hour + 184*time.Second), "2:03:04"},
		{view.Plural(1, "pipeline"), "1 pipeline"},
		{view.Plural(1204, "element"), "1,204 elements"},
		{view.Size(18 << 20), "18 MiB"},
		{view.Size(52 * 1024), "52 KiB"},
		{view.Size(900), "900 B"},
		{view.Clock{Mode: view.UTC}.Format(viewtest.Start.Add(44120 * time.Millisecond)), "12:03:44.120"},
		{view.Clock{Mode: view.Relative, Zero: viewtest.Start}.Format(viewtest.Start.Add(3120 * time.Millisecond)), "+3.120 s"},
		{view.Clock{Mode: view.Relative, Zero: viewtest.Start}.Format(viewtest.Start.Add(-62 * time.Second)), "-1:02.000"},
		{view.Clock{}.Format(time.Time{}), "–"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func FuzzParseFilter(f *testing.F) {
	for _, s := range []string{"", "guest", "/a.*b/", "/[/", "//", "/x/i", "a  b\tc"} {
		f.Add(s, "guest-1 WebRtcEndpoint")
	}
	f.Fuzz(func(t *testing.T, text, row string) {
		filter, err := view.ParseFilter(text)
		if err == nil && filter.Empty() && !filter.Match(row) {
			t.Error("an empty filter leaves something out")
		}
	})
}

func FuzzProse(f *testing.F) {
	for _, s := range []string{"", "a <b>c</b>", "<li>x<li>y", "1 < 2", "&lt;p&gt;", "a\n\nb", "<", "<unclosed"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, doc string) {
		if got := view.Prose(doc); strings.Contains(got, "\n\n") {
			t.Errorf("empty lines in %q", got)
		}
	})
}
