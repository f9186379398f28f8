package stats

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestComplete checks that memory, which has summed up its beginning, and a
// second store with the same samples give together what one store that forgot
// nothing gives.
func TestComplete(t *testing.T) {
	k := Key{Element: element, Metric: Bitrate, Dir: In, Media: "VIDEO", Stream: "1"}
	whole, small := NewStore(), NewStoreWithin(Limits{Bytes: 40_000})
	all := fill(whole, k, rand.New(rand.NewPCG(4, 4)), 9000)
	fill(small, k, rand.New(rand.NewPCG(4, 4)), 9000)
	from := small.Zoom(Query{MaxPoints: 1})[0].WholeFromMs
	if from == 0 {
		t.Fatal("nothing was summed up")
	}
	other := small.Sibling()
	x := other.seriesOf(k)
	for _, p := range all {
		if p.ms() < from+7_200_000 { // more than is needed
			q, _ := x.next(p.ms(), p.v, 0)
			q.at = p.at
			other.keepPoint(x, q)
			other.first, other.last = all[0].ms(), p.ms()
		}
	}
	first, last := whole.Span()
	for _, points := range []int{0, 100, 600} {
		q := Query{From: first, To: last, MaxPoints: points}
		want := whole.Zoom(q)[0].Buckets
		got := Complete(small.Zoom(q), other.Zoom(q))
		if len(got) != 1 || len(got[0].Buckets) != len(want) {
			t.Fatalf("%d points: %d buckets, expected %d", points, len(got[0].Buckets), len(want))
		}
		for i, b := range got[0].Buckets {
			w := want[i]
			if b.FromMs != w.FromMs || b.ToMs != w.ToMs || b.N != w.N || b.Min != w.Min || b.Max != w.Max || b.Gap != w.Gap {
				t.Fatalf("%d points: bucket %d is %+v, expected %+v", points, i, b, w)
			}
		}
	}
	// What memory forgot altogether comes from the other alone.
	q := Query{MaxPoints: 100}
	if got := Complete(nil, other.Zoom(q)); len(got) != 1 || !slices.Equal(got[0].Buckets, other.Zoom(q)[0].Buckets) {
		t.Error("a forgotten series is not there")
	}
	if got := Complete(small.Zoom(q), nil); len(got) != 1 || !slices.Equal(got[0].Buckets, small.Zoom(q)[0].Buckets) {
		t.Error("memory alone is not memory")
	}
}

func TestSibling(t *testing.T) {
	s := NewStore()
	feed(s, 0, counters(0, 1, 0))
	feed(s, 1000, counters(1000, 11, 0))
	n := s.Sibling()
	for i := range int64(3) {
		at := base.UnixMilli() + i*1000
		n.Feed(reply(fromMs(at), "", entryOf("inboundrtp", at, "7", counters(1000*i, 10*i+1, 0))))
	}
	if got := n.Series(Query{Metrics: []string{Bitrate}, Media: "VIDEO"}); len(got) != 1 || show(got[0].Points) != "1000:8000 2000:8000" {
		t.Errorf("the sibling does not know the medium: %+v", got)
	}
	if off, ok := n.ClockOffset(); !ok || off != 0 {
		t.Error("the sibling does not know the clock")
	}
}
