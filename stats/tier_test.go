package stats

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// fill appends what a restless server says to one series, and gives every point
// that was taken.
func fill(s *Store, k Key, r *rand.Rand, n int) []point {
	var all []point
	ms := base.UnixMilli()
	x := s.seriesOf(k)
	v := 1000.0
	for range n {
		ms += []int64{1000, 1000, 1000, 1001, 999, 250, 5000, 0, -300, 60_000}[r.IntN(10)]
		switch r.IntN(40) {
		case 0:
			x.breakLine()
		case 1:
			s.epoch++
		case 2:
			v = r.NormFloat64() * 1e9
		}
		if r.IntN(3) > 0 {
			v += r.NormFloat64()
		}
		before := x.total
		s.append(x, ms, v)
		if x.total > before {
			all = append(all, x.last)
		}
	}
	return all
}

// TestTiers checks that no extreme, no count and no break is lost on the way of
// the samples through the tiers, and that no bucket reaches over a break.
func TestTiers(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 7))
		s := NewStoreWithin(Limits{Bytes: 20_000 + r.Int64N(60_000)})
		k := Key{Element: element, Metric: Bitrate, Dir: In, Stream: "1"}
		all := fill(s, k, r, 20_000)
		checkAccount(t, s)
		x := s.all[k]
		if x.older[1].n == 0 || x.older[0].n == 0 || x.raw.n == 0 {
			t.Fatalf("seed %d: the tiers hold %d, %d and %d", seed, x.raw.n, x.older[0].n, x.older[1].n)
		}
		for _, limit := range []int{0, 1, 7, 600} {
			zoom := s.Zoom(Query{MaxPoints: limit})
			if len(zoom) != 1 {
				t.Fatalf("seed %d: %d series", seed, len(zoom))
			}
			z := zoom[0]
			if limit > 0 && len(z.Buckets) > 2*(limit+1) {
				t.Errorf("seed %d: %d buckets, %d steps wanted", seed, len(z.Buckets), limit)
			}
			// What is there must be what came last, without a hole.
			held := 0
			for _, b := range z.Buckets {
				held += b.N
			}
			want := all[len(all)-held:]
			if z.WholeFromMs != want[len(want)-x.raw.n].ms() {
				t.Errorf("seed %d: whole from %d, expected %d", seed, z.WholeFromMs, want[len(want)-x.raw.n].ms())
			}
			for i, b := range z.Buckets {
				part := want[:b.N]
				want = want[b.N:]
				lo := slices.MinFunc(part, func(a, b point) int { return cmp.Compare(a.v, b.v) }).v
				hi := slices.MaxFunc(part, func(a, b point) int { return cmp.Compare(a.v, b.v) }).v
				sum := 0.0
				for _, p := range part {
					sum += p.v
				}
				if b.Min != lo || b.Max != hi || math.Abs(b.Mean-sum/float64(b.N)) > 1e-6*math.Max(math.Abs(lo), math.Abs(hi)) {
					t.Fatalf("seed %d, limit %d: bucket %+v of samples from %v to %v", seed, limit, b, lo, hi)
				}
				if b.FromMs != part[0].ms() || b.ToMs != part[len(part)-1].ms() || b.Gap != part[0].gap() {
					t.Fatalf("seed %d, limit %d: bucket %d %+v of %d to %d, gap %v", seed, limit, i, b, part[0].ms(), part[len(part)-1].ms(), part[0].gap())
				}
				for _, p := range part[1:] {
					if p.gap() && !b.Gap {
						t.Fatalf("seed %d, limit %d: a bucket reaches over a break: %+v", seed, limit, b)
					}
				}
			}
		}
	}
}

// TestZoomOfRange checks that a range of time gives what a filter of all gives.
func TestZoomOfRange(t *testing.T) {
	s := NewStore()
	r := rand.New(rand.NewPCG(5, 5))
	all := fill(s, Key{Element: element, Metric: Bitrate, Dir: In}, r, 5000)
	for range 50 {
		i := r.IntN(len(all))
		j := i + r.IntN(len(all)-i)
		q := Query{From: fromMs(all[i].ms()), To: fromMs(all[j].ms())}
		got := s.Zoom(q)
		if len(got) != 1 || len(got[0].Buckets) != j-i+1 || got[0].WholeFromMs != 0 {
			t.Fatalf("%d to %d: %d series", i, j, len(got))
		}
		for k, b := range got[0].Buckets {
			if p := all[i+k]; b.FromMs != p.ms() || b.Mean != p.v || b.Gap != p.gap() {
				t.Fatalf("bucket %+v of point %v", b, p)
			}
		}
		if pts := s.Series(q)[0].Points; len(pts) != j-i+1 || pts[0].V != all[i].v {
			t.Fatalf("Series gives %d points of %d", len(pts), j-i+1)
		}
		if last := s.Latest(q)[0].Points[0]; last.V != all[j].v || last.Gap != all[j].gap() {
			t.Fatalf("Latest gives %v", last)
		}
	}
}

// TestZoomDoesNotFlicker checks that the steps stand still while the range moves.
func TestZoomDoesNotFlicker(t *testing.T) {
	s := NewStore()
	fill(s, Key{Element: element, Metric: Bitrate, Dir: In}, rand.New(rand.NewPCG(8, 8)), 5000)
	first, _ := s.Span()
	at := func(d time.Duration) []Bucket {
		return s.Zoom(Query{From: first.Add(d), To: first.Add(d + time.Hour), MaxPoints: 100})[0].Buckets
	}
	a, b := at(0), at(5*time.Second)
	i := slices.Index(a, b[10])
	if i < 0 || !slices.Equal(a[i:i+80], b[10:90]) {
		t.Error("the picture flickers while it moves")
	}
}

// TestClockSetBackInTiers checks that a clock that is set back loses nothing.
func TestClockSetBackInTiers(t *testing.T) {
	s := NewStoreWithin(Limits{Bytes: 30_000})
	x := s.seriesOf(Key{Element: element, Metric: Bitrate, Dir: In})
	r := rand.New(rand.NewPCG(1, 1))
	for i := range int64(4000) {
		ms := base.UnixMilli() + i*1000
		if i >= 2000 {
			ms -= 1_000_500
		}
		s.append(x, ms, r.Float64())
	}
	z := s.Zoom(Query{MaxPoints: 50})[0]
	n, gaps := 0, 0
	for i, b := range z.Buckets {
		n += b.N
		if b.Gap {
			gaps++
		}
		if i > 0 && b.FromMs < z.Buckets[i-1].FromMs {
			t.Error("out of order")
		}
	}
	if n != 4000 || gaps < 2 {
		t.Errorf("%d samples, %d gaps", n, gaps)
	}
}

// TestSetLimit checks that a new limit holds at once, and that all series are
// then whole for about the same time back.
func TestSetLimit(t *testing.T) {
	s := NewStore()
	r := rand.New(rand.NewPCG(3, 9))
	for i := range int64(6000) {
		for k := range 40 {
			s.gauge(Key{Element: element, Metric: Bitrate, Dir: In, Stream: fmt.Sprint(k)}, base.UnixMilli()+i*1000, r.Float64())
		}
	}
	if s.Limit() != DefaultLimit || s.Bytes() <= MinLimit {
		t.Fatalf("%d bytes of %d", s.Bytes(), s.Limit())
	}
	s.SetLimit(1)
	if s.Limit() != MinLimit || s.Bytes() > MinLimit || s.Bytes() < MinLimit*3/4 {
		t.Errorf("%d bytes of %d", s.Bytes(), s.Limit())
	}
	checkAccount(t, s)
	lo, hi := int64(math.MaxInt64), int64(0)
	for _, z := range s.Zoom(Query{MaxPoints: 1}) {
		lo, hi = min(lo, z.WholeFromMs), max(hi, z.WholeFromMs)
	}
	if lo <= base.UnixMilli() || hi-lo > 300_000 {
		t.Errorf("whole from %d to %d after the first", lo-base.UnixMilli(), hi-base.UnixMilli())
	}
}

// TestLatestOfSums: of a moment whose samples were let go of, the newest figure is
// the mean of the sum around it, and not missing.
func TestLatestOfSums(t *testing.T) {
	s := NewStoreWithin(Limits{Bytes: 30_000})
	k := Key{Element: element, Metric: Bitrate, Dir: In, Media: "VIDEO", Stream: "1"}
	const n = 20_000
	s.mu.Lock()
	x, r := s.seriesOf(k), rand.New(rand.NewPCG(1, 2))
	for i := range int64(n) {
		s.append(x, base.UnixMilli()+1000*i, float64(i)+r.Float64())
	}
	s.mu.Unlock()
	if z := s.Zoom(Query{Element: element}); len(z) != 1 || z[0].WholeFromMs <= base.UnixMilli() {
		t.Fatal("nothing was let go of")
	}
	for i := 0; i < n; i += 777 {
		at := base.Add(time.Duration(i)*time.Second + 300*time.Millisecond)
		list := s.Latest(Query{Element: element, To: at})
		if len(list) != 1 {
			t.Errorf("after %d s: %d series", i, len(list))
			continue
		}
		p := list[0].Points[0]
		if late := at.Sub(p.At); late < 0 || late > 2*time.Second {
			t.Errorf("after %d s: a figure of %v before", i, late)
		}
		// The steps of the tiers are half an hour at most.
		if p.V < float64(i-1800) || p.V > float64(i+1800) {
			t.Errorf("after %d s: %v", i, p.V)
		}
	}
	if got := s.Latest(Query{Element: element, To: base.Add(-time.Second)}); len(got) != 0 {
		t.Errorf("before everything: %+v", got)
	}
}
