package negotiationpage

import (
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"kmscope/negotiation"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
	"kmscope/ui/theme"
)

func TestStatesOfARecording(t *testing.T) {
	b := recorded(t, "02-webrtc-loopback")
	p, win := shownNegotiation(t, b, b.endpoints()[0].ID)
	b.Settle(func() bool { return p.one != nil })
	p.setPart(partStates)
	b.Settle(func() bool { return p.diagram != nil })
	win.Canvas().Capture()
	if p.laneMenu.Selected != "stream 1, component 1" || p.split.Visible() || !p.states.Visible() {
		t.Errorf("the lane is %q", p.laneMenu.Selected)
	}
	p.copyStates()
	got := fyne.CurrentApp().Clipboard().Content()
	for _, want := range []string{"GATHERING -> CONNECTING\t1 times", "CONNECTING -> CONNECTED\t1 times", "CONNECTED -> READY\t1 times", "now READY for"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in %q", want, got)
		}
	}
	if strings.Contains(got, "FAILED") {
		t.Errorf("a way that was not taken: %q", got)
	}
	p.setPart(partOverview)
	if p.states.Visible() || !p.split.Visible() {
		t.Error("the diagram stayed")
	}
}

// TestPastMoment looks at an endpoint before it was connected.
func TestPastMoment(t *testing.T) {
	b := recorded(t, "02-webrtc-loopback")
	o := b.endpoints()[0]
	h := b.facts.History(o.ID)
	before := h.Marks[negotiation.StepConnected].Arrived
	if before.IsZero() {
		t.Fatal("the recording has no CONNECTED")
	}
	n := negotiate(b, o, before.Add(-time.Millisecond), before.Add(-time.Millisecond))
	now := negotiate(b, o, time.Time{}, b.At)
	was, is := n.Checklist.Check(negotiation.StepConnected), now.Checklist.Check(negotiation.StepConnected)
	if !was.At.IsZero() || is.At.IsZero() {
		t.Errorf("connected was %+v, is %+v", was, is)
	}
	if was := n.Checklist.Check(negotiation.StepConnecting); was.At.IsZero() {
		t.Error("connecting is forgotten")
	}
	visits, _, _ := iceVisits(b, o.ID, "", before.Add(-time.Millisecond))
	if len(visits) == 0 || visits[len(visits)-1].State != "CONNECTING" {
		t.Errorf("the path then is %+v", visits)
	}
}

func TestDiagramIsDrawn(t *testing.T) {
	begin := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	visits := []negotiation.Visit{
		{State: "GATHERING", From: begin, To: begin.Add(time.Second)},
		{State: "CONNECTING", From: begin.Add(time.Second), To: begin.Add(2 * time.Second)},
		{State: "FAILED", From: begin.Add(2 * time.Second), To: begin.Add(3 * time.Second)},
	}
	d, err := drawStates(t.Context(), nil, "ice/1/1", visits)
	if err != nil {
		t.Fatal(err)
	}
	look := surface.LookOf(theme.Dark)
	c := paint.NewCanvas()
	c.Begin(900, 400, look.Background)
	d.paint(c, look, 1)
	hues := map[[3]uint8]int{}
	img := c.Image()
	for y := range 400 {
		for x := range 900 {
			p := img.RGBAAt(x, y)
			hues[[3]uint8{p.R, p.G, p.B}]++
		}
	}
	for what, hue := range map[string][3]uint8{"way that worked": {look.OK.R, look.OK.G, look.OK.B}, "failure": {look.Error.R, look.Error.G, look.Error.B}} {
		if hues[hue] < 50 {
			t.Errorf("%s: %d pixels", what, hues[hue])
		}
	}
}

func TestCandidatesAreSorted(t *testing.T) {
	list := []negotiation.Candidate{{Address: "10.0.0.9", Port: 3, Type: negotiation.Relay}, {Address: "9.0.0.1", Port: 1, Type: negotiation.Host}, {Address: "x.local", Port: 2, Type: negotiation.Srflx}}
	for _, c := range []struct {
		s    sorting
		want string
	}{
		{sorting{}, "012"},
		{sorting{column: 1}, "120"},
		{sorting{column: 3}, "102"},
		{sorting{column: 3, down: true}, "201"},
		{sorting{column: 4}, "120"},
	} {
		got := ""
		for _, i := range c.s.order(list) {
			got += string(rune('0' + i))
		}
		if got != c.want {
			t.Errorf("%+v gives %s, want %s", c.s, got, c.want)
		}
	}
	s := sorting{}.next(2)
	if s = s.next(2); !s.down || s.next(2) != (sorting{}) || !strings.HasSuffix(s.titles()[1], "▾") {
		t.Errorf("%+v", s)
	}
}
