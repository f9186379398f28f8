package timeline

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kmscope/wire"
)

// TestUnseen: it is only known that nothing is known where no connection is open.
func TestUnseen(t *testing.T) {
	at := func(ms int) time.Time { return time.UnixMilli(int64(ms)) }
	var l Lanes
	feed := func(ms int, kind wire.Kind, conn string) {
		l.Feed(wire.Fact{Kind: kind, Conn: conn, Text: "x", At: at(ms)})
	}
	show := func(from, to int) (out []string) {
		for _, s := range l.Unseen(nil, at(from), at(to)) {
			until := "now"
			if !s.To.IsZero() {
				until = fmt.Sprint(s.To.UnixMilli())
			}
			out = append(out, fmt.Sprintf("%d-%s", s.From.UnixMilli(), until))
		}
		return out
	}
	expect := func(from, to int, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, show(from, to)); diff != "" {
			t.Error(diff)
		}
	}
	feed(1, wire.KindClose, "never opened")
	feed(2, wire.KindOpen, "a")
	feed(3, wire.KindOpen, "b")
	feed(10, wire.KindClose, "a")
	expect(0, 100)
	feed(11, wire.KindClose, "b")
	before := l.Version()
	for i := range 20 {
		feed(12+i, wire.KindError, "a")
	}
	expect(0, 100, "11-now")
	if ticks := l.Ticks(nil, "", TickEvent, Window{From: at(0), To: at(100), Columns: 100}); len(ticks) != 4 {
		t.Errorf("%d ticks: each of the attempts is one", len(ticks)) // three are closings
	}
	if l.Version() != before+1 {
		t.Errorf("attempts that say nothing new change the lanes %d times", l.Version()-before)
	}
	feed(40, wire.KindOpen, "b")
	expect(0, 100, "11-40")
	feed(50, wire.KindClose, "b")
	feed(60, wire.KindEvent, "another")
	expect(0, 100, "11-40", "50-60")
	expect(41, 100, "50-60")
	expect(0, 11)
	for i := range 3 * maxUnseen {
		feed(100+2*i, wire.KindOpen, "a")
		feed(101+2*i, wire.KindClose, "a")
	}
	if n := len(show(0, 1_000_000)); n > maxUnseen || n < maxUnseen/2 {
		t.Errorf("%d are kept", n)
	}
}
