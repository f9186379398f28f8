package chartpage

import (
	"slices"
	"strings"
	"testing"
	"time"

	"kmscope/browserdump"
	"kmscope/stats"
	"kmscope/ui/pages/pagetest"
	"kmscope/ui/surface"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// TestBrowserInTheCharts draws what a browser measured in the chart of what the
// server measured of the same, lists it in the table, and offers alone what only
// a browser knows.
func TestBrowserInTheCharts(t *testing.T) {
	b := pagetest.New(t)
	b.Room()
	p := New()
	b.Catch(&p.work)
	win := pagetest.Window(p, 900, 700)
	defer win.Close()
	p.Shown(true)
	b.State.SelectObject(pagetest.Alice)
	p.Update(b.State)
	lines := func(title string) string {
		var out []string
		for i := range p.charts {
			if p.charts[i].Title != title {
				continue
			}
			for k := range p.charts[i].Lines {
				out = append(out, p.charts[i].Lines[k].Label)
			}
		}
		return strings.Join(out, ", ")
	}
	b.Settle(func() bool { return lines("Bitrate received") == "video" })
	if len(p.browserItems()) != 0 {
		t.Error("figures of a browser are offered, and there is none")
	}

	begin := b.At.Add(-20 * time.Second)
	series := func(metric string, dir stats.Direction, unit stats.Unit, v float64) stats.Series {
		s := stats.Series{Key: stats.Key{Element: pagetest.Alice, Metric: metric, Dir: dir, Media: "VIDEO", Stream: "77"}, Unit: unit}
		for i := range 15 {
			s.Points = append(s.Points, stats.Point{At: begin.Add(time.Duration(i) * time.Second), V: v})
		}
		return s
	}
	b.State.SetImports([]view.Import{{Kind: view.Browser, Name: "browser", Object: pagetest.Alice, Lay: func(time.Duration) view.Laid {
		return view.Laid{Series: []stats.Series{
			series(browserdump.MetricPrefix+stats.Bitrate, stats.In, stats.Bps, 800_000),
			series(browserdump.MetricPrefix+stats.REMB, stats.In, stats.Bps, 900_000),
			series(browserdump.Frames, stats.In, stats.PerSecond, 30),
		}}
	}}})
	p.Update(b.State)
	b.Settle(func() bool { return lines("Bitrate received") == "video, browser" })
	if got := lines("Browser: frames"); got != "sent" {
		t.Errorf("the frames of the browser: %q", got)
	}
	for i := range p.charts {
		for k := range p.charts[i].Lines {
			ln := &p.charts[i].Lines[k]
			if looks := slices.Equal(ln.dash(), dashBrowser); looks != ln.browser() {
				t.Errorf("%s of %s is drawn in the wrong pattern", ln.Label, p.charts[i].Title)
			}
		}
	}
	if v, ok := reading(p.charts[0].Lines[1].Points, surface.TimeAxis{Cursor: begin.Add(5 * time.Second)}); !ok || v.V != 800_000 {
		t.Errorf("at the cursor the browser has %v", v)
	}
	l := surface.LookOf(theme.Dark)
	if p.charts[0].Lines[0].color(l) == p.charts[0].Lines[1].color(l) {
		t.Error("where one line lies on the other nobody sees both")
	}

	// Compared with what was before, the server's lines are twice there, the
	// browser's once.
	p.compareBefore(b.At.Add(-10 * time.Second))
	b.Settle(func() bool { return lines("Bitrate received") == "video, browser, video before" })
	p.compare(comparison{})

	// One metric: what both know has one chart, what the browser alone knows has
	// its own, also where nothing is selected.
	if items := p.browserItems(); len(items) != len(browserCharts) {
		t.Fatalf("%d figures of a browser are offered", len(items))
	}
	p.chooseMetric(browserdump.MetricPrefix + stats.Bitrate)
	b.Settle(func() bool { return len(p.charts) > 0 && lines("Bit rate, in") == "video, browser" })
	p.browserItems()[0].Action()
	b.Settle(func() bool { return len(p.charts) == 1 && lines("Browser: frames") == "sent" })
	b.State.Select(view.Selection{Session: b})
	p.Update(b.State)
	b.Settle(func() bool {
		return len(p.charts) == 1 && lines("Browser: frames") == "sent" && p.charts[0].Object == pagetest.Alice
	})
	p.choose(inCongestion)
	b.State.SelectObject(pagetest.Alice)
	p.Update(b.State)
	b.Settle(func() bool { return lines("REMB told to the sender") == "browser" })

	// The table has it too.
	p.showTable(true)
	figures := func() string {
		var out []string
		for i := range p.table.rows {
			if r := &p.table.rows[i]; strings.HasPrefix(r.Figure, "browser") {
				out = append(out, r.Figure)
				if r.Min != r.Mean || r.Max != r.Mean || r.Element != "WebRtcEndpoint aaaa" {
					t.Errorf("%+v", *r)
				}
			}
		}
		return strings.Join(out, ", ")
	}
	b.Settle(func() bool {
		return figures() == "browser: bit rate, browser: REMB, browser: frames" || len(p.table.rows) > 0 && figures() != ""
	})
	if got := figures(); got != "browser: bit rate, browser: REMB, browser: frames" {
		t.Errorf("the table has %s", got)
	}
	b.State.SetImports(nil)
	p.Update(b.State)
	b.Settle(func() bool { return len(p.table.rows) > 0 && figures() == "" })
}

// TestWithin has a long dump summed up to what a chart has room for.
func TestWithin(t *testing.T) {
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	var pts []stats.Point
	for i := range 1000 {
		pts = append(pts, stats.Point{At: at.Add(time.Duration(i) * time.Second), V: float64(i % 10)})
	}
	got, ends := within(pts, at.Add(100*time.Second), at.Add(899*time.Second), 80)
	if len(got) != 80 || len(ends.low) != 80 || got[0].V != 4.5 || ends.low[3] != 0 || ends.high[3] != 9 || !got[0].At.Equal(at.Add(105*time.Second)) {
		t.Errorf("%d points, the first %+v, ends %v to %v", len(got), got[0], ends.low[:4], ends.high[:4])
	}
	if got, ends = within(pts, at.Add(990*time.Second), at.Add(time.Hour), 80); len(got) != 10 || ends.low != nil {
		t.Errorf("%d points", len(got))
	}
	if got, _ = within(pts, at.Add(time.Hour), at.Add(2*time.Hour), 80); len(got) != 0 {
		t.Errorf("%d points after the end", len(got))
	}
	if got, _ = within(nil, at, at, 80); len(got) != 0 {
		t.Errorf("%d points of none", len(got))
	}
}
