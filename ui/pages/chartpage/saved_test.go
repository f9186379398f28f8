package chartpage

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"kmscope/inventory"
	"kmscope/stats"
	"kmscope/timeline"
	"kmscope/ui/chartfile"
	"kmscope/ui/pages/pagetest"
	"kmscope/ui/surface"
	"kmscope/ui/theme"
	"kmscope/ui/view"
	"kmscope/wire"
)

// TestSavedSets holds what each set answers with, and that every chart can be
// reached through one.
func TestSavedSets(t *testing.T) {
	list := []stats.Series{
		series("e", stats.Bitrate, stats.In, "VIDEO", "1", 1), series("e", stats.RTT, stats.Out, "VIDEO", "1", 1),
		series("e", stats.REMB, stats.In, "VIDEO", "1", 1), series("e", stats.MessageRate, stats.In, "DATA", "1", 1),
	}
	for set, want := range map[chartSets]string{
		inVideo:      "Bitrate received|Bitrate sent, target, REMB|Loss per interval|Jitter received|Round trip",
		inLatency:    "Jitter received|Round trip|Latency end to end (unreliable figure)|Latency at the input",
		inCongestion: "Bitrate received|Bitrate sent, target, REMB|REMB told to the sender|Loss per interval|Round trip",
		inAll:        "Bitrate received|Bitrate sent, target, REMB|REMB told to the sender|Loss per interval|Jitter received|Round trip|Data channel messages",
	} {
		var got []string
		for _, ch := range chartsOf(elementCharts, set, list, "") {
			got = append(got, ch.Title)
		}
		if s := strings.Join(got, "|"); s != want {
			t.Errorf("%s:\n%s, want\n%s", savedSetOf(set).title, s, want)
		}
	}
	for _, k := range elementCharts {
		for i := 1; i < len(k.limits); i++ {
			if k.limits[i].V <= k.limits[i-1].V {
				t.Errorf("the thresholds of %q do not rise", k.title)
			}
		}
	}
}

func TestFindMarks(t *testing.T) {
	b := pagetest.New(t)
	b.Room()
	b.Feed(wire.Fact{Kind: wire.KindEvent, Type: "IceComponentStateChanged", Object: pagetest.Alice,
		Data: []byte(fmt.Sprintf(`{"source":%q,"type":"IceComponentStateChanged","streamId":1,"componentId":1,"state":"READY"}`, pagetest.Alice))})
	from := b.At.Add(-time.Hour)
	count := func(elements ...string) string {
		n := map[surface.MarkKind]int{}
		for _, m := range findMarks(context.Background(), b.Log, elements, from, b.At.Add(time.Second)) {
			n[m.Kind]++
		}
		return fmt.Sprintf("%d errors, %d ICE", n[surface.MarkError], n[surface.MarkICE])
	}
	for elements, want := range map[string]string{"": "1 errors, 1 ICE", pagetest.Alice: "0 errors, 1 ICE", pagetest.Bob: "1 errors, 0 ICE"} {
		var list []string
		if elements != "" {
			list = []string{elements}
		}
		if got := count(list...); got != want {
			t.Errorf("of %q: %s, want %s", elements, got, want)
		}
	}
	if k, ok := markOf(&timeline.Entry{Type: timeline.TypeCommand}); !ok || k != surface.MarkCommand {
		t.Error("a command has no tick")
	}
	if got := findMarks(context.Background(), b.Log, nil, from.Add(-time.Hour), from); len(got) != 0 {
		t.Errorf("%d ticks outside of the range", len(got))
	}
}

func TestOverlayTellsElementsApart(t *testing.T) {
	l := surface.LookOf(theme.Dark)
	charts := elementsCharts(elementCharts, []string{pagetest.Alice, pagetest.Bob}, inCongestion, func(id string) []stats.Series {
		return []stats.Series{series(id, stats.Bitrate, stats.Out, "VIDEO", "1", 1), series(id, stats.REMB, stats.Out, "VIDEO", "1", 1)}
	}, func(id string) string { return "WebRtcEndpoint " + view.ShortOf(id) })
	var ch *chart
	for i := range charts {
		if charts[i].Title == "Bitrate sent, target, REMB" {
			ch = &charts[i]
		}
	}
	if ch == nil || len(ch.Lines) != 4 {
		t.Fatalf("charts %s", labels(charts))
	}
	seen := map[string]bool{}
	for _, ln := range ch.Lines {
		seen[fmt.Sprint(ln.color(l), ln.Dash)] = true
	}
	if len(seen) != 4 {
		t.Errorf("%d looks for 4 lines", len(seen))
	}
	if ch.Lines[0].Label != "aaaa video" {
		t.Errorf("the legend begins with %q", ch.Lines[0].Label)
	}
}

func TestChartsPageSetsOverlayAndPause(t *testing.T) {
	b := pagetest.New(t)
	b.Feed(wire.Fact{Kind: wire.KindCall, Method: "invoke", Operation: "getPipelines", Object: inventory.ManagerID, Result: []byte(`[]`)})
	b.Room()
	for i := range 10 {
		b.At = b.At.Add(time.Second)
		b.Sampled(pagetest.Bob, 50_000*i)
	}
	p := New()
	b.Catch(&p.work)
	win := pagetest.Window(p, 900, 600)
	defer win.Close()
	p.Shown(true)
	b.State.SelectObject(pagetest.Alice)
	p.Update(b.State)
	b.Settle(func() bool { return len(p.charts) > 0 })
	if p.sets.Text() != "Why is the video bad" || p.top.Visible() {
		t.Errorf("set %q, ranking shown %v", p.sets.Text(), p.top.Visible())
	}
	menu := p.elementMenu()
	if len(menu.Items) != 1 || !strings.HasPrefix(menu.Items[0].Label, "WebRtcEndpoint bbbb") {
		t.Fatalf("offered %v", menu.Items)
	}
	menu.Items[0].Action()
	b.Settle(func() bool { return len(p.charts) > 0 && p.charts[0].Note == "overlay" })
	if len(p.charts[0].Lines) != 2 || !p.extraRow.Visible() {
		t.Errorf("overlay of %d lines", len(p.charts[0].Lines))
	}
	win.Canvas().Capture()
	test.Tap(p.extras.Objects[0].(fyne.Tappable))
	b.Settle(func() bool { return p.charts[0].Note != "overlay" })

	p.choose(inServer)
	titled := func(title string) bool {
		return slices.ContainsFunc(p.charts, func(ch chart) bool { return ch.Title == title && len(ch.Lines) > 0 })
	}
	b.Settle(func() bool { return titled("Elements") })
	if p.add.Visible() || !titled("Pipelines") {
		t.Errorf("the server's charts: %s", labels(p.charts))
	}
	p.choose(inAll)
	b.Settle(func() bool { return len(p.charts) > 4 })

	// While paused nothing is read anew; afterwards nothing is missing.
	p.togglePause()
	asked, to := p.asked, p.time.To
	for i := range 5 {
		b.At = b.At.Add(time.Second)
		b.Sampled(pagetest.Alice, 3_000_000+100_000*i)
	}
	p.Update(b.State)
	if p.asked != asked || !p.time.To.Equal(to) {
		t.Errorf("the paused picture moved: %v, %v", p.asked != asked, p.time.To.Sub(to))
	}
	p.surface.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	b.Settle(func() bool {
		for _, ch := range p.charts { // of those without a line nothing can be said
			if len(ch.Lines) > 0 {
				pts := ch.Lines[0].Points
				return pts[len(pts)-1].At.After(to)
			}
		}
		return false
	})
	var saved bytes.Buffer
	p.SetSaver(func(_, name string, write func(io.Writer) error) {
		if err := write(&saved); err != nil || !strings.HasSuffix(name, ".png") {
			t.Errorf("%s: %v", name, err)
		}
	})
	p.save(chartfile.PNG)
	if _, err := png.Decode(&saved); err != nil {
		t.Error(err)
	}
	b.State.SelectObject("")
	p.rankBy(stats.Jitter)
	b.Settle(func() bool {
		last := p.charts[len(p.charts)-1]
		return last.Note == "jitter" && last.Unit == stats.Ms
	})
	if p.top.Text() != "Top by jitter" || !p.top.Visible() {
		t.Errorf("ranking %q", p.top.Text())
	}
}

func TestSheetOf(t *testing.T) {
	s := series("e", stats.Jitter, stats.In, "VIDEO", "1", 10, 40, 50)
	s.Unit = stats.Ms
	ct := surface.TimeAxis{From: time.Unix(1000, 0), To: time.Unix(1003, 0), Clock: view.Clock{Mode: view.UTC}}
	sheet := sheetOf("server", chartsOf(elementCharts, inAll, []stats.Series{s}, "guest"), ct)
	if len(sheet.Charts) != 1 || sheet.Charts[0].Title != "Jitter received · guest" || len(sheet.Charts[0].Limits) != 2 || sheet.Zone != time.UTC {
		t.Fatalf("%+v", sheet)
	}
	if sheet.Charts[0].Lines[0].Color != theme.Light.Video {
		t.Error("a file has not the colours for white ground")
	}
	if err := chartfile.Write(io.Discard, chartfile.SVG, sheet); err != nil {
		t.Error(err)
	}
	if got := view.FileName("../a b · <c>", time.Unix(0, 0).UTC(), "svg"); got != "_a_b-_c_-19700101-000000.svg" {
		t.Errorf("%q", got)
	}
}
