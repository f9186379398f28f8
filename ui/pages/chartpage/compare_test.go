package chartpage

import (
	"strings"
	"testing"
	"time"

	"kmscope/stats"
	"kmscope/ui/pages/pagetest"
	"kmscope/ui/view"
)

func TestCompareWithBefore(t *testing.T) {
	b := pagetest.New(t)
	b.Room()
	p := New()
	b.Catch(&p.work)
	win := pagetest.Window(p, 1000, 700)
	defer win.Close()
	b.State.SelectObject(pagetest.Alice)
	p.Update(b.State)
	b.Settle(func() bool { return len(p.charts) > 3 })
	at := p.time.To.Add(-10 * time.Second)
	length := at.Sub(p.time.From).Round(time.Second)
	p.compareBefore(at)
	b.Settle(func() bool { return len(p.charts[0].Lines) == 2 })
	ln := p.charts[0].Lines[1]
	if !ln.Before || ln.Label != "video before" || !p.extraRow.Visible() || !strings.HasPrefix(p.against.Text, "dashed: the ") {
		t.Errorf("%q, %q", ln.Label, p.against.Text)
	}
	for _, pt := range ln.Points {
		if pt.At.After(at.Add(length)) {
			t.Fatalf("the dashed line goes on to %v, what was before ends at %v", pt.At, at.Add(length))
		}
	}
	win.Canvas().Capture()
	p.keepZero(at)
	if items := p.compareItems(at.Add(time.Second)); len(items) != 4 || !strings.Contains(items[2].Label, "WebRtcEndpoint aaaa (server)") {
		t.Errorf("%d lines, the third %q", len(items), items[2].Label)
	}
	p.compareZero(at.Add(5 * time.Second))
	b.Settle(func() bool { return len(p.charts[0].Lines) == 2 && p.charts[0].Lines[1].Label == "video then" })
	if p.compared.shift != 5*time.Second {
		t.Errorf("shift %v", p.compared.shift)
	}
	p.compareWith(b, pagetest.Alice)
	b.Settle(func() bool { return len(p.charts[0].Lines) == 2 && p.charts[0].Lines[1].Label == "video other" })
	p.compare(comparison{})
	b.Settle(func() bool { return len(p.charts[0].Lines) == 1 })
	if p.extraRow.Visible() {
		t.Error("the chip stayed")
	}
}

// TestComparisonMatchesStreams holds which stream is laid over which.
func TestComparisonMatchesStreams(t *testing.T) {
	mine := []stats.Series{series("a", stats.Bitrate, stats.In, "VIDEO", "1", 1), series("a", stats.Bitrate, stats.In, "VIDEO", "2", 2), series("a", stats.Bitrate, stats.In, "AUDIO", "3", 3)}
	theirs := []stats.Series{series("b", stats.Bitrate, stats.In, "AUDIO", "9", 30), series("b", stats.Bitrate, stats.In, "VIDEO", "8", 10), series("b", stats.Bitrate, stats.Out, "VIDEO", "7", 99)}
	charts := chartsOf(elementCharts[:1], inAll, mine, "")
	c := comparison{on: true, element: "b", shift: time.Hour, word: "then"}
	c.overlay(charts, nil, []string{"a"}, func(view.Session, string) []stats.Series { return theirs }, nil)
	got := labels(charts)
	if want := "Bitrate received: [video …1] [video …2] [audio] [video …1 then] [audio then]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if pt := charts[0].Lines[3].Points[0]; pt.V != 10 || !pt.At.Equal(theirs[0].Points[0].At.Add(time.Hour)) {
		t.Errorf("%+v", pt)
	}
}

func TestSpoken(t *testing.T) {
	for d, want := range map[time.Duration]string{23 * time.Second: "23 s", 2 * time.Minute: "2 min", 150 * time.Second: "2 min 30 s", time.Hour: "1 h", 61 * time.Minute: "1 h 1 min"} {
		if got := spoken(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}
