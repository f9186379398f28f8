package timelinepage

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kmscope/inventory"
	"kmscope/timeline"
	"kmscope/ui/pages/pagetest"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
	"kmscope/ui/theme"
	"kmscope/ui/view"
	"kmscope/wire"
)

var update = flag.Bool("update", false, "write the golden pictures")

// conference is a room whose first guest's peer was killed, whose second failed
// to connect, and whose third hung up.
func conference(t testing.TB) (*pagetest.Bench, []string) {
	b := pagetest.New(t)
	b.Created(pagetest.Room)
	ids := []string{pagetest.Alice, pagetest.Bob, strings.Replace(pagetest.Bob, "bbbbbbbb", "cccccccc", 1)}
	for i, id := range ids {
		b.Created(id)
		b.Feed(wire.Fact{Kind: wire.KindCall, Method: "invoke", Operation: "processOffer", Object: id, Took: 5 * time.Millisecond, Params: []byte(`{"offer":"v=0"}`), Result: []byte(`"v=0"`)})
		for _, s := range []string{"GATHERING", "CONNECTING"} {
			b.StateEvent(id, "IceComponentStateChanged", fmt.Sprintf(`"streamId":1,"componentId":1,"state":%q`, s))
		}
		for range 3 {
			b.StateEvent(id, "IceCandidateFound", `"candidate":{"candidate":"candidate:1 1 UDP 1 1.2.3.4 5 typ host"}`)
		}
		if i == 1 {
			b.At = b.At.Add(4 * time.Second)
			b.StateEvent(id, "IceComponentStateChanged", `"streamId":1,"componentId":1,"state":"FAILED"`)
			b.StateEvent(id, "Error", `"type":"X","errorCode":1,"description":"no candidate pair"`)
			continue
		}
		for _, s := range []string{"CONNECTED", "READY"} {
			b.StateEvent(id, "IceComponentStateChanged", fmt.Sprintf(`"streamId":1,"componentId":1,"state":%q`, s))
		}
		b.StateEvent(id, "DtlsConnectionStateChange", `"streamId":"1","componentId":"[bundle/dtlssrtpenc]","state":"CONNECTED"`)
		for _, m := range []string{"AUDIO", "VIDEO"} {
			b.StateEvent(id, "MediaFlowOutStateChanged", fmt.Sprintf(`"state":"FLOWING","padName":"default","mediaType":%q`, m))
		}
	}
	b.At = b.At.Add(8 * time.Second)
	b.StateEvent(ids[2], "DtlsConnectionStateChange", `"streamId":"1","componentId":"[bundle/dtlssrtpenc]","state":"CLOSED"`)
	for _, m := range []string{"AUDIO", "VIDEO"} {
		for _, id := range []string{ids[0], ids[2]} {
			b.StateEvent(id, "MediaFlowOutStateChanged", fmt.Sprintf(`"state":"NOT_FLOWING","padName":"default","mediaType":%q`, m))
		}
		if m == "AUDIO" {
			b.At = b.At.Add(2 * time.Second)
		}
	}
	b.At = b.At.Add(3 * time.Second)
	b.Created(pagetest.Room + "/dddddddd-0000-0000-0000-000000000000_kurento.PassThrough")
	return b, ids
}

func boardOf(b *pagetest.Bench) *board {
	x := &board{servers: []boardServer{{session: b, source: b.Lanes(), snap: b.Snapshot(), name: b.Name(), end: b.At}}, folded: map[string]bool{}, opened: map[string]bool{},
		time: surface.TimeAxis{From: b.At.Add(-20 * time.Second), To: b.At.Add(time.Second), Clock: view.Clock{Mode: view.UTC}}}
	x.arrange("")
	return x
}

func TestBoardRows(t *testing.T) {
	b, ids := conference(t)
	x := boardOf(b)
	words := func() string {
		var out []string
		for _, r := range x.rows {
			if r.lane == "" {
				out = append(out, view.ShortOf(r.object)+":")
			} else {
				out = append(out, view.LaneTitle(r.lane))
			}
		}
		return strings.Join(out, " ")
	}
	const lanes = " ICE 1.1 DTLS 1 out out audio default out video default"
	if got, want := strings.ReplaceAll(words(), " default", ""), strings.ReplaceAll("aaaa:"+lanes+" bbbb: ICE 1.1 cccc:"+lanes, " default", ""); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	x.fold(0)
	x.arrange(ids[0])
	if words() != "aaaa:" {
		t.Errorf("folded: %s", words())
	}
	x.fold(0)
	x.arrange(ids[0])
	if len(x.rows) != 5 || x.rowAt(laneTop+5, 300) != 0 || x.rowAt(laneTop+laneHead+laneHeight+1, 300) != 2 || x.rowAt(3, 300) != -1 || x.rowAt(299, 300) != -1 {
		t.Errorf("rows: %s", words())
	}
	x.scroll = 1e6
	if x.hold(60); x.scroll != x.full()-60 {
		t.Errorf("scrolled to %v", x.scroll)
	}
	if x.arrange("nobody"); len(x.rows) != 0 {
		t.Errorf("%s", words())
	}
}

// TestBoardOfServers holds that each server has a head that folds all of it, and
// that its lanes are its own.
func TestBoardOfServers(t *testing.T) {
	one, _ := conference(t)
	two := pagetest.New(t)
	two.Named = "other"
	two.Room()
	x := boardOf(one)
	alone := len(x.rows)
	x.servers = append(x.servers, boardServer{session: two, source: two.Lanes(), snap: two.Snapshot(), name: two.Name(), end: two.At})
	x.arrange("")
	count := func(server int) (n int) {
		for _, r := range x.rows {
			if r.server == server {
				n++
			}
		}
		return n
	}
	if count(0) != alone+1 || count(1) < 3 || x.rows[0].object != "" || !x.open(0) {
		t.Fatalf("%d and %d rows", count(0), count(1))
	}
	c := paint.NewCanvas()
	for range 2 {
		c.Begin(720, 300, theme.Dark.Background)
		x.paint(c, surface.LookOf(theme.Dark), 1)
		x.fold(0)
		x.arrange("")
	}
	x.fold(0)
	if x.arrange(""); count(0) != 1 || x.open(0) {
		t.Errorf("folded, there are %d rows", count(0))
	}
	if s := x.of(&x.rows[len(x.rows)-1]); s.name != "other" {
		t.Errorf("the last row is of %q", s.name)
	}
}

// TestTellingLanes holds that a folded object shows what flows, however many lanes
// it has.
func TestTellingLanes(t *testing.T) {
	all := []inventory.Lane{"ice/1/1", "ice/1/2", "dtls/1/in", "dtls/1/out", "connection", "media", "flow-in/AUDIO", "flow-in/VIDEO", "flow-out/AUDIO", "flow-out/VIDEO", "transcoding/AUDIO"}
	if got := fmt.Sprint(telling(all)); got != "[ice/1/1 dtls/1/in dtls/1/out flow-in/AUDIO flow-in/VIDEO flow-out/AUDIO flow-out/VIDEO]" {
		t.Error(got)
	}
	if got := telling(all[4:8]); len(got) != 4 {
		t.Error(got)
	}
}

// TestStories holds what a person must see at once.
func TestStories(t *testing.T) {
	b, ids := conference(t)
	x := boardOf(b)
	tell := func(id string) string {
		for i := range x.rows {
			if x.rows[i].object == id && x.rows[i].lane == "" {
				return x.tell(&x.rows[i]).text
			}
		}
		return "no row"
	}
	for i, want := range []string{"Nothing comes from the peer since", "ICE failed since", "The other side hung up since"} {
		if got := tell(ids[i]); !strings.HasPrefix(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := tell(ids[0]); !strings.Contains(got, "yet ICE still says READY") {
		t.Errorf("%q", got)
	}
	// Between the two stops one medium goes on; before, all is well.
	x.time.Cursor = b.At.Add(-4 * time.Second)
	if got := tell(ids[0]); !strings.HasPrefix(got, "audio stopped coming from the peer since") || !strings.HasSuffix(got, "video goes on") {
		t.Errorf("%q", got)
	}
	x.time.Cursor = b.At.Add(-8 * time.Second)
	if got := tell(ids[0]); got != "" {
		t.Errorf("all is well: %q", got)
	}
	// It is told of the dead, too.
	x.time.Cursor = time.Time{}
	b.Feed(wire.Fact{Kind: wire.KindCall, Method: "release", Object: pagetest.Room})
	x.servers[0].end = b.At
	x.arrange("")
	if got := tell(ids[0]); !strings.Contains(got, "READY; released 12:") {
		t.Errorf("%q", got)
	}
}

// TestStoriesOfFlow holds whom a stopped flow is put down to: an endpoint whose
// outflow stops has lost its peer, one whose inflow stops has lost what feeds it.
func TestStoriesOfFlow(t *testing.T) {
	const player = pagetest.Room + "/eeeeeeee-0000-0000-0000-000000000000_kurento.PlayerEndpoint"
	flow := func(dir, medium, state string) [3]string { return [3]string{dir, medium, state} }
	read := func(dir, medium string) [3]string { return [3]string{dir, medium, ""} }
	for _, c := range []struct {
		id   string
		up   bool
		said [][3]string
		want string
	}{
		{pagetest.Alice, true, [][3]string{flow("In", "AUDIO", "FLOWING"), flow("In", "AUDIO", "NOT_FLOWING")}, "Nothing to send to the peer since"},
		{pagetest.Alice, true, [][3]string{flow("In", "AUDIO", "NOT_FLOWING"), flow("In", "VIDEO", "FLOWING")}, "audio for the peer stopped since"},
		{pagetest.Alice, false, [][3]string{flow("Out", "AUDIO", "NOT_FLOWING")}, "Nothing comes from the peer since"},
		{pagetest.Alice, true, [][3]string{flow("Out", "VIDEO", "FLOWING"), read("Out", "AUDIO")}, "No audio comes from the peer, but video"},
		{pagetest.Alice, true, [][3]string{flow("In", "VIDEO", "FLOWING"), read("In", "AUDIO")}, "No audio goes to the peer, but video"},
		{pagetest.Alice, false, nil, "ICE has been trying since"},
		{player, false, [][3]string{flow("Out", "AUDIO", "NOT_FLOWING")}, "Nothing goes out since"},
		{player, false, [][3]string{flow("In", "AUDIO", "NOT_FLOWING")}, "Nothing arrives since"},
		{player, false, [][3]string{flow("In", "AUDIO", "NOT_FLOWING"), flow("In", "VIDEO", "FLOWING")}, "audio stopped arriving since"},
	} {
		b := pagetest.New(t)
		b.Created(pagetest.Room)
		b.Created(c.id)
		if c.id == pagetest.Alice {
			state := "CONNECTING"
			if c.up {
				state = "READY"
			}
			b.StateEvent(c.id, "IceComponentStateChanged", fmt.Sprintf(`"streamId":1,"componentId":1,"state":%q`, state))
		}
		for _, s := range c.said {
			if s[2] == "" {
				b.Feed(wire.Fact{Kind: wire.KindCall, Method: "invoke", Operation: "isMediaFlowing" + s[0], Object: c.id, Took: time.Millisecond,
					Params: []byte(fmt.Sprintf(`{"mediaType":%q}`, s[1])), Result: []byte("false")})
				continue
			}
			b.StateEvent(c.id, "MediaFlow"+s[0]+"StateChanged", fmt.Sprintf(`"state":%q,"padName":"default","mediaType":%q`, s[2], s[1]))
		}
		b.At = b.At.Add(15 * time.Second)
		b.Feed(wire.Fact{Kind: wire.KindNote, Text: "later"})
		x := boardOf(b)
		if got := x.tell(&x.rows[0]).text; !strings.HasPrefix(got, c.want) {
			t.Errorf("%v of %s: %q, want %q", c.said, view.ShortOf(c.id), got, c.want)
		}
	}
}

func TestGoldenBoard(t *testing.T) {
	b, _ := conference(t)
	for name, pal := range map[string]theme.Palette{"dark": theme.Dark, "light": theme.Light} {
		x := boardOf(b)
		x.fold(len(x.rows) - 5)
		x.arrange("")
		x.time.Cursor = b.At.Add(-time.Second)
		x.mark, x.until = b.At.Add(-15*time.Second), b.At.Add(-12500*time.Millisecond)
		x.pointer = &place{laneLeft + 120, laneTop + laneHead + 10}
		c := paint.NewCanvas()
		l := surface.LookOf(pal)
		c.Begin(720, 300, l.Background)
		x.paint(c, l, 1)
		golden(t, "board-"+name, c.Image())
	}
	// It can be drawn at any size and zoom.
	c := paint.NewCanvas()
	for _, size := range [][2]int{{1, 1}, {50, 20}, {900, 300}} {
		for _, length := range []time.Duration{0, 2 * time.Millisecond, time.Minute, 100 * time.Hour} {
			x := boardOf(b)
			x.time.From = x.time.To.Add(-length)
			c.Begin(size[0], size[1], theme.Dark.Background)
			x.paint(c, surface.LookOf(theme.Dark), 1)
		}
	}
}

// golden compares with testdata/name.png; some steps of rounding per channel are
// allowed, for the compiler may fuse multiplications on some machines.
func golden(t *testing.T, name string, img *image.RGBA) {
	t.Helper()
	path := filepath.Join("testdata", name+".png")
	if *update {
		var out bytes.Buffer
		if err := png.Encode(&out, img); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	if want.Bounds() != img.Bounds() {
		t.Fatalf("size %v, want %v", img.Bounds(), want.Bounds())
	}
	far := 0
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			r, g, b, _ := img.At(x, y).RGBA()
			R, G, B, _ := want.At(x, y).RGBA()
			if max(r, R)-min(r, R) > 3<<8 || max(g, G)-min(g, G) > 3<<8 || max(b, B)-min(b, B) > 3<<8 {
				far++
			}
		}
	}
	if far > 0 {
		t.Errorf("%s: %d pixels differ; run with -update and look at the picture", name, far)
	}
}

// BenchmarkBoard draws the lanes of a million changes of 50 endpoints, 1600 by
// 900 pixels, at several zooms.
func BenchmarkBoard(b *testing.B) {
	lanes := new(timeline.Lanes)
	var r inventory.Reducer
	for i := range 1_000_000 {
		at := time.UnixMilli(int64(i * 5))
		f := wire.Fact{Kind: wire.KindEvent, Conn: "c", At: at.Add(time.Millisecond), Stamp: at, Object: fmt.Sprintf("%s/b%d_kurento.WebRtcEndpoint", pagetest.Room, i%50)}
		f.Type = []string{"MediaFlowInStateChanged", "MediaFlowOutStateChanged"}[i/50%2]
		f.Data = []byte(`{"mediaType":"` + []string{"VIDEO", "AUDIO"}[i/100%2] + `","padName":"default","state":"` + []string{"FLOWING", "NOT_FLOWING"}[i/200%2] + `"}`)
		switch {
		case i%997 == 0:
			f.Type, f.Data = "Error", []byte(`{"type":"X"}`)
		case i%13 == 0:
			f.Type, f.Data = "IceCandidateFound", []byte(`{}`)
		}
		lanes.Feed(f)
	}
	end := time.UnixMilli(5_000_000)
	c, l := paint.NewCanvas(), surface.LookOf(theme.Dark)
	for _, length := range []time.Duration{5_000_000 * time.Millisecond, 10 * time.Minute, time.Minute, time.Second, 10 * time.Millisecond} {
		for _, open := range []bool{true, false} {
			b.Run(fmt.Sprintf("%v open=%v", length, open), func(b *testing.B) {
				x := &board{servers: []boardServer{{source: lanes, snap: r.Snapshot(), end: end}}, folded: map[string]bool{}, opened: map[string]bool{},
					time: surface.TimeAxis{From: end.Add(-length), To: end, Clock: view.Clock{Mode: view.UTC}}}
				x.arrange("")
				if open {
					for _, r := range x.rows {
						x.opened[r.object] = true
					}
					x.arrange("")
				}
				c.Begin(1600, 900, l.Background)
				x.paint(c, l, 1) // the first look goes through all events once
				for b.Loop() {
					c.Begin(1600, 900, l.Background)
					x.paint(c, l, 1)
				}
			})
		}
	}
}
