package chartpage

import (
	"reflect"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"kmscope/inventory"
	"kmscope/ui/pages/pagetest"
	"kmscope/ui/surface"
)

func titles(charts []chart) string {
	var out []string
	for i := range charts {
		out = append(out, charts[i].Title)
	}
	return strings.Join(out, "|")
}

func TestChoicesAreRemembered(t *testing.T) {
	want := choices{Columns: 2, Height: 200, Kinds: map[string]kindChoice{"Round trip": {Mode: surface.Fixed, Low: 1, High: 9, Log: true}},
		Order: map[string][]string{"Latency": {"Ping", "Round trip"}}, Pins: []pin{{"Ping", inventory.ManagerID}}}
	if got := readChoices(want.write()); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	for in, ok := range map[string]func(c choices) bool{
		``:               func(c choices) bool { return c.Columns == 0 },
		`{"columns":99}`: func(c choices) bool { return c.Columns == 0 },
		`{"height":1e9}`: func(c choices) bool { return c.Height == maxHeight },
		`{"kinds":{"x":{"mode":2,"low":5,"high":5}}}`:   func(c choices) bool { return len(c.Kinds) == 0 },
		`{"kinds":{"x":{"mode":77}}}`:                   func(c choices) bool { return len(c.Kinds) == 0 },
		`{"pins":[{"kind":"a\nb","element":"e"},null]}`: func(c choices) bool { return len(c.Pins) == 0 },
		`{"pins":` + strings.Repeat("[", 99999):         func(c choices) bool { return len(c.Pins) == 0 },
	} {
		if c := readChoices(in); !ok(c) {
			t.Errorf("%.60s: %+v", in, c)
		}
	}
}

func FuzzReadChoices(f *testing.F) {
	f.Add(`{"columns":2,"height":200,"kinds":{"Ping":{"mode":2,"low":1,"high":2,"log":true}},"order":{"Server":["Ping"]},"pins":[{"kind":"Ping","element":"x"}]}`)
	f.Add(`{"kinds":{"x":{"mode":2,"low":-1e308,"high":1e308}}}`)
	f.Fuzz(func(t *testing.T, s string) {
		c := readChoices(s)
		if len(c.Pins) > maxPins || len(c.Kinds) > maxKinds || c.Columns < 0 || c.Columns > maxColumns {
			t.Fatalf("out of bounds: %+v", c)
		}
		charts := []chart{{Kind: "Ping"}, {Kind: "Round trip"}, {Kind: "Ping"}}
		if n := len(c.ordered("Server", charts)); n != len(charts) {
			t.Fatalf("%d charts of %d", n, len(charts))
		}
		for _, k := range c.Kinds {
			a := k.scale().Axis(0, 5, 1, "ms", 3)
			if len(a.Ticks()) > 64 {
				t.Fatalf("%d marks", len(a.Ticks()))
			}
		}
	})
}

func TestOrdered(t *testing.T) {
	c := choices{Order: map[string][]string{"s": {"c", "a"}}}
	charts := []chart{{Title: "a", Kind: "a"}, {Title: "b", Kind: "b"}, {Title: "c", Kind: "c"}, {Title: "d", Kind: "d"}}
	// b was never moved: it stays behind a; d behind c.
	if got := titles(c.ordered("s", charts)); got != "c|d|a|b" {
		t.Errorf("%s", got)
	}
	if got := titles(c.ordered("other", charts)); got != "a|b|c|d" {
		t.Errorf("%s", got)
	}
}

func TestParseRange(t *testing.T) {
	for _, tt := range []struct {
		low, high string
		log       bool
		want      string // of the error; "" is none
	}{
		{"0", "2.5", false, ""}, {" -1,5 ", "2", false, ""}, {"1", "10", true, ""},
		{"x", "1", false, "is no number"}, {"0", "NaN", false, "is no number"}, {"0", "1e99", false, "is no number"},
		{"5", "5", false, "must end above 5"}, {"0", "5", true, "begins above zero"},
	} {
		s, err := parseRange(tt.low, tt.high, 1000, tt.log)
		if tt.want == "" {
			if err != nil || s.Mode != surface.Fixed || s.High <= s.Low {
				t.Errorf("%q to %q: %+v %v", tt.low, tt.high, s, err)
			}
		} else if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q to %q: %v, want %q", tt.low, tt.high, err, tt.want)
		}
	}
}

// TestArrangement pins, moves, widens and singles out charts as a person does.
func TestArrangement(t *testing.T) {
	b := pagetest.New(t)
	b.Room()
	p := New()
	b.Catch(&p.work)
	win := pagetest.Window(p, 1000, 700)
	defer win.Close()
	p.Shown(true)
	b.State.SelectObject(pagetest.Alice)
	p.Update(b.State)
	b.Settle(func() bool { return len(p.charts) > 3 })
	before := titles(p.charts)
	second := p.charts[1].Title

	// Dragging a title moves its chart.
	at := func(i int) fyne.Position {
		r := p.place(i)
		return fyne.NewPos(float32(r.X)+40, float32(r.Y)+10)
	}
	from, to := at(1), at(0)
	p.surface.MouseDown(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: from}})
	p.surface.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: to}, Dragged: fyne.NewDelta(-50, 0)})
	win.Canvas().Capture()
	p.surface.DragEnd()
	if p.charts[0].Title != second || p.focus != 0 {
		t.Fatalf("after the drag: %s", titles(p.charts))
	}
	p.shift(1)
	if got := titles(p.charts); got != before {
		t.Errorf("moved back: %s", got)
	}

	// A pin stays at the top when something else is selected, and once only.
	p.focus = 2
	pinned := p.charts[2].Title
	p.surface.TypedRune('p')
	b.Settle(func() bool { return p.charts[0].Pinned })
	if p.charts[0].Title != pinned || strings.Count(titles(p.charts), pinned) != 1 {
		t.Errorf("pinned: %s", titles(p.charts))
	}
	b.State.SelectObject(pagetest.Bob)
	p.refresh()
	b.Settle(func() bool { return len(p.charts) > 0 && p.charts[0].Pinned && p.charts[0].Element == pagetest.Alice })
	if again := New(); len(again.chosen.Pins) != 1 {
		t.Error("the pin was not remembered")
	}
	b.State.SelectObject(pagetest.Alice)
	p.refresh()
	b.Settle(func() bool { return len(p.charts) > 3 })
	p.togglePin(&p.charts[0])
	b.Settle(func() bool { return titles(p.charts) == before })

	p.focus = 0
	p.surface.TypedRune('w')
	if r, s := p.place(0), p.place(1); r.W < 2*s.W || r.H != 2*s.H {
		t.Errorf("wide is %v, the next %v", r, s)
	}
	p.surface.TypedRune('l')
	if !p.charts[0].Scale.Log {
		t.Error("not logarithmic")
	}
	win.Canvas().Capture()
	p.surface.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if len(p.charts) != 1 || p.place(0).H < 400 {
		t.Errorf("%d charts, the first %v", len(p.charts), p.place(0))
	}
	p.surface.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if titles(p.charts) != before {
		t.Errorf("all again: %s", titles(p.charts))
	}
	// The lower edge sets the height of all.
	r := p.place(1)
	edge := fyne.NewPos(float32(r.X+30), float32(r.Y+r.H))
	p.surface.MouseDown(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: edge}})
	p.surface.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: edge.AddXY(0, 42)}, Dragged: fyne.NewDelta(0, 42)})
	p.surface.DragEnd()
	if p.height() != chartHeight+42 {
		t.Errorf("height %v", p.height())
	}
	p.surface.TypedRune('1')
	if a, b := p.place(1), p.place(2); a.X != b.X {
		t.Error("not one column")
	}
	if m := p.chartMenu(0); len(m.Items) < 10 {
		t.Errorf("%d lines in the menu", len(m.Items))
	}
	p.askRange(&p.charts[0])
	if win.Canvas().Overlays().Top() == nil {
		t.Error("nobody asked for the ends of the axis")
	}
	p.resetChoices()
	b.Settle(func() bool { return titles(p.charts) == before })
	if p.height() != chartHeight || p.charts[0].Scale.Log {
		t.Errorf("after the reset: %s", titles(p.charts))
	}
}

// TestOneMetric shows a metric of the catalogue alone.
func TestOneMetric(t *testing.T) {
	b := pagetest.New(t)
	b.Room()
	p := New()
	b.Catch(&p.work)
	win := pagetest.Window(p, 1000, 700)
	defer win.Close()
	b.State.SelectObject(pagetest.Alice)
	p.Update(b.State)
	p.chooseMetric("packet-rate")
	b.Settle(func() bool { return titles(p.charts) == "Packets, in|Packets, out" })
	if p.sets.Text() != "packets" {
		t.Errorf("the bar says %q", p.sets.Text())
	}
	for _, m := range p.metricMenu().Items {
		if m.Label == "" {
			t.Error("a metric without a name")
		}
	}
	b.State.SelectObject("")
	p.kind = "NoSuchEndpoint"
	p.refresh()
	b.Settle(func() bool { return strings.Contains(p.empty, "of type NoSuchEndpoint") })
	if n := len(p.kindMenu().Items); n != 2 {
		t.Errorf("%d types offered", n)
	}
	for kind, ok := range map[string]bool{"Round trip": true, "Ping": true, metricPrefix + "in:jitter": true, metricPrefix + ":jitter": true, metricPrefix + "in:nonsense": false, "nonsense": false} {
		if _, found := kindNamed(kind); found != ok {
			t.Errorf("%q: %v", kind, found)
		}
	}
}
