package inventory_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"kmscope/inventory"
)

func TestPast(t *testing.T) {
	var p inventory.Past
	begin := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	at := func(ms int) time.Time { return begin.Add(time.Duration(ms) * time.Millisecond) }
	if p.At(begin) != nil || !p.First().IsZero() {
		t.Fatal("an empty past knows something")
	}
	add := func(ms int) { p.Add(&inventory.Snapshot{At: at(ms)}) }
	for _, ms := range []int{0, 100, 105, 110, 5000} {
		add(ms)
	}
	add(50) // a replay that went back
	for ms, want := range map[int]int{-5: 0, 0: 0, 99: 0, 102: 100, 119: 110, 4999: 110, 5000: 5000, 9999: 5000} {
		if got := p.At(at(ms)); !got.At.Equal(at(want)) {
			t.Errorf("at %d ms: the state of %v, want %d ms", ms, got.At.Sub(begin), want)
		}
	}
	if !p.First().Equal(begin) {
		t.Error("the first is lost")
	}
}

// TestPastIsNeverWrongForLong compares with the whole list of states: bursts and
// long silences, far more than are kept.
func TestPastIsNeverWrongForLong(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var p inventory.Past
	var all []*inventory.Snapshot
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	begin := now
	for range 50_000 {
		step := time.Duration(r.IntN(10)) * time.Millisecond
		switch r.IntN(40) {
		case 0:
			step = time.Duration(r.IntN(2000)) * time.Millisecond
		case 1:
			step = time.Minute
		}
		now = now.Add(step)
		s := &inventory.Snapshot{At: now}
		all = append(all, s)
		p.Add(s)
	}
	// 50,000 states of about 21 hours into 2,000: no stand-in may be wrong for
	// longer than two of the final distance, which is under two minutes.
	const most = 2 * time.Minute
	for i, s := range all {
		next := now
		if i+1 < len(all) {
			next = all[i+1].At
		}
		for _, look := range []time.Time{s.At, next.Add(-time.Nanosecond)} {
			if look.Before(s.At) {
				continue
			}
			got := p.At(look)
			if got.At.After(look) && !got.At.Equal(begin) {
				t.Fatalf("the state of %v stands for %v", got.At, look)
			}
			if next.Sub(s.At) > most && got != s {
				t.Fatalf("a state of %v is lost", next.Sub(s.At))
			}
			if look.Sub(got.At) > most && got != s {
				t.Fatalf("at %v a state that is %v old stands for one that is %v old", look.Sub(begin), look.Sub(got.At), look.Sub(s.At))
			}
		}
	}
}
