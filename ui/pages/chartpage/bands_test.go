package chartpage

import (
	"testing"
	"time"

	"kmscope/ui/pages/pagetest"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
	"kmscope/ui/theme"
)

func TestBands(t *testing.T) {
	b := pagetest.New(t)
	b.Room()
	from := b.At
	ice := func(component, state string) {
		b.StateEvent(pagetest.Alice, "IceComponentStateChanged", `"state":"`+state+`","streamId":1,"componentId":`+component)
	}
	ice("1", "GATHERING")
	ice("2", "GATHERING")
	ice("1", "CONNECTING")
	ice("1", "READY")
	ice("1", "FAILED")
	got := bandsOf(b.Lanes(), pagetest.Alice, from, b.At.Add(time.Second))
	var words []string
	for _, x := range got {
		words = append(words, x.word)
	}
	if len(got) != 3 || words[0] != "ICE GATHERING" || words[1] != "ICE CONNECTING" || !got[2].failed {
		t.Fatalf("%q", words)
	}
	if n := len(bandsOf(b.Lanes(), pagetest.Alice, from.Add(-time.Hour), from.Add(-time.Minute))); n != 0 {
		t.Errorf("%d bands before there was anything", n)
	}
	l, c := surface.LookOf(theme.Dark), paint.NewCanvas()
	c.Begin(400, 100, l.Panel)
	paintBands(c, l, got, surface.TimeAxis{From: from, To: b.At.Add(time.Second)}, 0, 0, 400, 100, 1)
	if at := c.Image().RGBAAt(395, 90); at.R <= l.Panel.R {
		t.Errorf("the end is %v, no red over %v", at, l.Panel)
	}
}
