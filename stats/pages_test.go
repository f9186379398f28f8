package stats

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// slots is a PageFile in memory.
type slots struct {
	mu      sync.Mutex
	data    []byte
	full    bool // it takes nothing
	torn    bool // it gives nothing
	written int
}

func (f *slots) ReadAt(p []byte, off int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.torn || off+int64(len(p)) > int64(len(f.data)) {
		return 0, errors.New("cannot be read")
	}
	return copy(p, f.data[off:]), nil
}

func (f *slots) WriteAt(p []byte, off int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.full {
		return 0, errors.New("the disk is full")
	}
	if need := int(off) + len(p); need > len(f.data) {
		f.data = append(f.data, make([]byte, need-len(f.data))...)
	}
	f.written++
	return copy(f.data[off:], p), nil
}

func paging(limit int64) (*Store, *slots) {
	f := &slots{}
	s := NewStoreWithin(Limits{Bytes: limit})
	s.PageTo(func() (PageFile, error) { return f, nil })
	return s, f
}

// TestPages checks that a store which has next to nothing in memory gives, out of its
// file, exactly what one gives that forgot nothing.
func TestPages(t *testing.T) {
	k := Key{Element: element, Metric: Bitrate, Dir: In, Media: "VIDEO", Stream: "1"}
	for seed := range uint64(4) {
		whole := NewStore()
		small, f := paging(30_000)
		all := fill(whole, k, rand.New(rand.NewPCG(seed, 4)), 9000)
		fill(small, k, rand.New(rand.NewPCG(seed, 4)), 9000)
		checkAccount(t, small)
		if f.written == 0 || small.Bytes() > small.Limit() {
			t.Fatalf("%d pages, %d bytes of %d", f.written, small.Bytes(), small.Limit())
		}
		r := rand.New(rand.NewPCG(seed, 9))
		for i := range 40 {
			q := Query{MaxPoints: []int{0, 1, 100, 600}[i%4]}
			if i > 4 {
				a := r.IntN(len(all))
				q.From, q.To = fromMs(all[a].ms()), fromMs(all[a+r.IntN(len(all)-a)].ms())
			}
			if want, got := whole.Zoom(q), small.Zoom(q); !reflect.DeepEqual(want, got) {
				t.Fatalf("%+v: (- all in memory, + in a file)\n%.2000s", q, cmp.Diff(want, got))
			}
			if want, got := whole.Series(q), small.Series(q); !reflect.DeepEqual(want, got) {
				t.Fatalf("%+v: (- all in memory, + in a file)\n%.2000s", q, cmp.Diff(want, got))
			}
			if want, got := whole.Latest(q), small.Latest(q); !reflect.DeepEqual(want, got) {
				t.Fatalf("%+v: (- all in memory, + in a file)\n%.2000s", q, cmp.Diff(want, got))
			}
		}
	}
}

// TestPagesAreBounded checks that what is known of the file is bounded as well: the
// oldest pages become sums, their places are used again.
func TestPagesAreBounded(t *testing.T) {
	s, f := paging(30_000)
	fill(s, Key{Element: element, Metric: Bitrate, Dir: In}, rand.New(rand.NewPCG(1, 4)), 60_000)
	checkAccount(t, s)
	if most := 30_000 / 4 / chunkCost * pageBytes; len(f.data) > most+2*pageBytes || s.Bytes() > s.Limit() {
		t.Errorf("%d bytes of %d in the file, %d in memory", len(f.data), most, s.Bytes())
	}
	z := s.Zoom(Query{})[0]
	if first, _ := s.Span(); z.WholeFromMs <= first.UnixMilli() || z.Buckets[0].FromMs >= z.WholeFromMs {
		t.Errorf("whole from %d, known from %d", z.WholeFromMs, z.Buckets[0].FromMs)
	}
	before := len(f.data)
	s.Forget(element)
	fill(s, Key{Element: element, Metric: Bitrate, Dir: In}, rand.New(rand.NewPCG(2, 4)), 9000)
	if len(f.data) != before {
		t.Errorf("the file grew from %d to %d bytes, though nothing in it is used", before, len(f.data))
	}
}

// TestPagesFail checks what a disk does that is full or broken: sums take the place
// of samples, and no line is drawn over what cannot be read.
func TestPagesFail(t *testing.T) {
	k := Key{Element: element, Metric: Bitrate, Dir: In}
	steady := func(s *Store, from, to int64) {
		x := s.seriesOf(k)
		for i := from; i < to; i++ {
			s.append(x, base.UnixMilli()+i*1000, float64(i%977)*1.7)
		}
	}
	samples := func(s *Store) (n, gaps int) {
		for _, b := range s.Zoom(Query{})[0].Buckets {
			n += b.N
			if b.Gap {
				gaps++
			}
		}
		return n, gaps
	}
	t.Run("no file", func(t *testing.T) {
		s := NewStoreWithin(Limits{Bytes: 30_000})
		asked := 0
		s.PageTo(func() (PageFile, error) { asked++; return nil, errors.New("no folder") })
		steady(s, 0, 9000)
		checkAccount(t, s)
		if n, gaps := samples(s); n != 9000 || gaps != 0 || asked != 1 {
			t.Errorf("%d samples, %d gaps, asked %d times", n, gaps, asked)
		}
	})
	t.Run("full", func(t *testing.T) {
		s, f := paging(30_000)
		steady(s, 0, 6000)
		f.full = true
		steady(s, 6000, 12_000)
		checkAccount(t, s)
		if n, gaps := samples(s); n != 12_000 || gaps != 0 || s.Bytes() > s.Limit() {
			t.Errorf("%d samples, %d gaps, %d bytes", n, gaps, s.Bytes())
		}
		f.full = false
		steady(s, 12_000, 18_000)
		if n, gaps := samples(s); n != 18_000 || gaps != 0 {
			t.Errorf("%d samples, %d gaps once there is room again", n, gaps)
		}
	})
	t.Run("torn", func(t *testing.T) {
		s, f := paging(30_000)
		steady(s, 0, 9000)
		f.torn = true
		n, gaps := samples(s)
		if n == 0 || n >= 9000 || gaps != 1 {
			t.Errorf("%d samples, %d gaps", n, gaps)
		}
		// What cannot be read cannot be summed up either.
		f.torn = false
		steady(s, 9000, 40_000)
		f.torn = true
		steady(s, 40_000, 44_000)
		f.torn = false
		for i := range int64(3) {
			checkAccount(t, s)
			if n, gaps = samples(s); n < 20_000 || gaps != 1 {
				t.Errorf("%d samples, %d gaps", n, gaps)
			}
			steady(s, 44_000+i*4000, 48_000+i*4000)
		}
	})
}

// TestPagesWhileReading reads on several goroutines while samples go to the file.
func TestPagesWhileReading(t *testing.T) {
	s, f := paging(12_000)
	var wg sync.WaitGroup
	done := make(chan struct{})
	for range 3 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				for _, z := range s.Zoom(Query{MaxPoints: 300}) {
					if !slices.IsSortedFunc(z.Buckets, func(a, b Bucket) int { return int(a.FromMs - b.FromMs) }) {
						t.Error("out of order")
						return
					}
				}
			}
		})
	}
	for i := range int64(2000) {
		s.mu.Lock()
		s.gauge(Key{Element: element, Metric: Bitrate, Dir: In}, base.Add(time.Duration(i)*time.Second).UnixMilli(), rand.Float64())
		s.mu.Unlock()
	}
	close(done)
	wg.Wait()
	if f.written == 0 {
		t.Error("nothing went to the file")
	}
}
