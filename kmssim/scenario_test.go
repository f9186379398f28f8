package kmssim

import (
	"context"
	"testing"
	"time"
)

// Every scenario runs through three minutes of its own time without a refusal.
func TestScenariosRun(t *testing.T) {
	want := map[string]int{"huge": 5000, "conference": 12, "loopback": 2, "one-to-many": 10}
	for _, sc := range Scenarios() {
		t.Run(sc.Name, func(t *testing.T) {
			if sc.Summary == "" || sc.Run == nil {
				t.Fatal("a scenario needs a summary and a script")
			}
			clock := NewFakeClock(time.UnixMilli(1795246696583))
			s := New(Options{Clock: clock, Seed: 7})
			defer s.Close()
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan error, 1)
			go func() { done <- s.Play(ctx, sc) }()
			eventually(t, "objects", func() bool { return len(s.Objects()) > 0 })
			most := 0
			for range 900 {
				if sc.Name == "huge" && most < 5000 {
					eventually(t, "5,000 objects", func() bool { return len(s.Objects()) >= 5000 })
				}
				clock.Advance(200 * time.Millisecond)
				most = max(most, len(s.Objects()))
				if sc.Name == "huge" {
					break
				}
				// Let the script take its next step before time goes on.
				eventually(t, "script waits", func() bool { return clock.waiting() > 0 })
				select {
				case err := <-done:
					t.Fatalf("ended early: %v", err)
				default:
				}
			}
			cancel()
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			if most < want[sc.Name] {
				t.Errorf("at most %d objects, want %d", most, want[sc.Name])
			}
		})
	}
}

func (c *FakeClock) waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.pending)
}
