package chartpage

import (
	"strings"
	"testing"
	"time"

	"kmscope/inventory"
	"kmscope/stats"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

func series(element, metric string, dir stats.Direction, media, stream string, vs ...float64) stats.Series {
	s := stats.Series{Key: stats.Key{Element: element, Metric: metric, Dir: dir, Media: media, Stream: stream}, Unit: stats.Bps}
	for i, v := range vs {
		s.Points = append(s.Points, stats.Point{At: time.Unix(1000+int64(i), 0).UTC(), V: v})
	}
	return s
}

func labels(charts []chart) string {
	var out []string
	for _, ch := range charts {
		s := ch.Title + ":"
		for _, ln := range ch.Lines {
			s += " [" + ln.Label + "]"
		}
		out = append(out, s)
	}
	return strings.Join(out, "\n")
}

func TestChartsOfAnElement(t *testing.T) {
	got := labels(chartsOf(elementCharts, inAll, []stats.Series{
		series("e", stats.Bitrate, stats.In, "AUDIO", "1", 1), series("e", stats.Bitrate, stats.In, "VIDEO", "2", 1),
		series("e", stats.Bitrate, stats.Out, "VIDEO", "1234567", 1), series("e", stats.Bitrate, stats.Out, "VIDEO", "7654321", 1),
		series("e", stats.REMB, stats.Out, "VIDEO", "1", 1),
		series("e", stats.NACKRate, stats.In, "VIDEO", "", 0, 0), series("e", stats.PLIRate, stats.In, "VIDEO", "", 0, 2),
		series("e", stats.PacketRate, stats.In, "VIDEO", "1", 5), series("e", stats.PacketRate, stats.Out, "VIDEO", "1", 5),
		series("e", "unheard-of", stats.In, "VIDEO", "", 1),
	}, "guest"))
	want := strings.Join([]string{
		"Bitrate received: [video] [audio]",
		"Bitrate sent, target, REMB: [video …4567] [video …4321] [REMB]",
		"Loss per interval:", "Jitter received:", "Round trip:",
		"NACK, PLI, FIR: [PLI]",
		"Packets: [video in] [video out]",
	}, "\n")
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestBusiest(t *testing.T) {
	got := busiest([]stats.Series{
		series("a", stats.Bitrate, stats.In, "VIDEO", "1", 10), series("b", stats.Bitrate, stats.In, "VIDEO", "1", 7),
		series("b", stats.Bitrate, stats.Out, "AUDIO", "1", 7), series("c", stats.Bitrate, stats.In, "VIDEO", "1", 10),
		series("d", stats.Bitrate, stats.In, "VIDEO", "1", 99), series("e", stats.Jitter, stats.In, "VIDEO", "1", 99),
	}, stats.Bitrate, 3, func(id string) bool { return id != "d" })
	if len(got) != 3 || got[0].ID != "b" || got[1].ID != "a" || got[2].ID != "c" {
		t.Errorf("%v", got)
	}
	ch := overviewChart(rankings[0], []stats.Series{series("a", stats.Bitrate, stats.In, "VIDEO", "", 1), series("a", stats.Bitrate, stats.Out, "AUDIO", "", 5)}, "a")
	if ch.Note != "sent" || len(ch.Lines) != 1 || ch.Lines[0].Label != "audio" {
		t.Errorf("%+v", ch)
	}
}

func TestChartCSV(t *testing.T) {
	s := series("e", stats.Bitrate, stats.In, "VIDEO", "7", 1, 2.5, 3)
	s.Points[1].Gap = true
	ct := surface.TimeAxis{From: time.Unix(1000, 0), To: time.Unix(1001, 0)}
	got := chartCSV(chartsOf(elementCharts[:1], inAll, []stats.Series{s}, ""), ct)
	want := `time,chart,series,object,metric,direction,media,stream,value,unit,least,greatest
1970-01-01T00:16:40Z,Bitrate received,video,e,bitrate,in,VIDEO,7,1,bit/s,,
1970-01-01T00:16:41Z,Bitrate received,video,e,bitrate,in,VIDEO,7,,bit/s,,
1970-01-01T00:16:41Z,Bitrate received,video,e,bitrate,in,VIDEO,7,2.5,bit/s,,
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestGapIsNotBridged looks at the pixels between the two sides of a gap.
func TestGapIsNotBridged(t *testing.T) {
	from := time.Unix(1_800_000_000, 0)
	for _, gap := range []bool{false, true} {
		ln := chartLine{Label: "video", Media: inventory.Video, Unit: stats.Ms}
		for i := range 21 {
			ln.Points = append(ln.Points, stats.Point{At: from.Add(time.Duration(i) * time.Second), V: 5, Gap: gap && i == 11})
		}
		ch := chart{Title: "x", Unit: stats.Ms, Lines: []chartLine{ln}}
		c, l := paint.NewCanvas(), surface.LookOf(theme.Dark)
		c.Begin(400, 160, l.Background)
		var cp chartPainter
		r := surface.Rect{X: 0, Y: 0, W: 400, H: 158}
		cp.paint(c, l, &ch, surface.TimeAxis{From: from, To: from.Add(20 * time.Second), Clock: view.Clock{Mode: view.UTC}}, r, 1)
		plot := plotArea(r)
		x := int(plot.X + plot.W*10.5/20)
		found := false
		for y := int(plot.Y); y < int(plot.Y+plot.H); y++ {
			if p := c.Image().RGBAAt(x, y); p.B > 0x80 && p.B > 2*p.R {
				found = true
			}
		}
		if found == gap {
			t.Errorf("gap %v: line between its sides: %v", gap, found)
		}
	}
}
