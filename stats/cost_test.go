package stats

import (
	"testing"
	"time"

	"kmscope/inventory"
	"kmscope/wire"
)

// TestCost counts what a few frames cost, per second of the records.
func TestCost(t *testing.T) {
	s := NewStore()
	start := time.Unix(1_795_247_813, 0)
	frame := func(ms int, f wire.Fact) {
		f.At = start.Add(time.Duration(ms) * time.Millisecond)
		s.Feed(f)
	}
	ask := wire.Fact{Kind: wire.KindRequest, Method: "invoke", Bytes: 100}
	answer := wire.Fact{Kind: wire.KindCall, Method: "invoke", Operation: "getStats", Bytes: 4000, Took: 3 * time.Millisecond}
	frame(100, ask)
	frame(110, answer)
	part := answer
	part.Bytes = 0 // of a transaction: its frame was counted
	frame(110, part)
	frame(900, wire.Fact{Kind: wire.KindEvent, Bytes: 300})
	s.Count(inventory.Census{Pipelines: 2, Elements: 7, Sessions: -1})
	frame(1500, ask)
	sleeps := answer
	sleeps.Operation, sleeps.Took = "getUsedCpu", time.Second
	frame(2600, sleeps)
	s.Count(inventory.Census{Pipelines: 1, Elements: 3, Sessions: 4})
	frame(6000, ask)
	s.Feed(wire.Fact{Kind: wire.KindGap, At: start.Add(6500 * time.Millisecond), Dropped: 3})
	frame(7100, ask)
	frame(8100, ask)
	frame(60_000, ask)
	frame(61_000, ask)
	at := func(metric string) string {
		x := s.Series(Query{Element: ManagerID, Metrics: []string{metric}})
		if len(x) == 0 {
			return ""
		}
		out := x[0].Points
		for i := range out {
			out[i].At = out[i].At.Add(base.Sub(start))
		}
		return show(out)
	}
	zeros := " 9000:1 10000:0 11000:0 12000:0 13000:0 14000:0 15000:0 16000:0 17000:0 18000:0 19000:0 |61000:1"
	for metric, want := range map[string]string{
		WatchRequests: "1000:1 2000:1 3000:0 4000:0 5000:0 6000:0 |8000:1" + zeros,
		Elements:      "1000:7 2000:7 3000:3 4000:3 5000:3 6000:3 |8000:3 9000:3 10000:3 11000:3 12000:3 13000:3 14000:3 15000:3 16000:3 17000:3 18000:3 19000:3 |61000:3",
	} {
		if got := at(metric); got != want {
			t.Errorf("%s: %s, want %s", metric, got, want)
		}
	}
	first := func(metric string, n int) []float64 {
		var out []float64
		for _, p := range s.Series(Query{Metrics: []string{metric}})[0].Points[:n] {
			out = append(out, p.V)
		}
		return out
	}
	if got := first(WatchReceived, 3); got[0] != 4300 || got[1] != 0 || got[2] != 4000 {
		t.Errorf("received %v", got)
	}
	if got := first(WatchTime, 3); got[0] != 3 || got[2] != 0 {
		t.Errorf("server time %v", got)
	}
	if got := first(Sessions, 1); got[0] != 4 {
		t.Errorf("sessions %v: unknown is not -1", got)
	}
}

// TestCostOfRecording checks that a replay of what was seen live gives the same,
// and that the sums are those of the file.
func TestCostOfRecording(t *testing.T) {
	const name = "02-webrtc-loopback"
	all := records(t, name)
	var d wire.Decoder
	s := NewStore()
	names := inventory.NewReducer("")
	sent, received, requests := 0.0, 0.0, 0.0
	lastSecond := int64(0) // that of the last frame is not over
	for _, r := range all {
		if r.Dir == "send" || r.Dir == "recv" {
			lastSecond = r.At.Unix()
		}
	}
	for _, r := range all {
		if r.At.Unix() < lastSecond {
			switch r.Dir {
			case "send":
				sent += float64(len(r.Frame))
				requests++
			case "recv":
				received += float64(len(r.Frame))
			}
		}
		for _, f := range d.Feed(r) {
			names.Apply(f)
			s.Feed(f)
			s.Count(names.Census())
		}
	}
	for metric, want := range map[string]float64{WatchRequests: requests, WatchSent: sent, WatchReceived: received} {
		sum := 0.0
		for _, x := range s.Series(Query{Element: ManagerID, Metrics: []string{metric}}) {
			for _, p := range x.Points {
				sum += p.V
			}
		}
		if sum != want || want == 0 {
			t.Errorf("%s: %v in all, the file has %v", metric, sum, want)
		}
	}
	got := s.Series(Query{Element: ManagerID, Metrics: []string{Elements}})
	if snap := names.Snapshot(); len(got) == 1 && snap.Listed {
		if c := names.Census(); c.Elements != snap.Counts.Elements || c.Pipelines != snap.Counts.Pipelines {
			t.Errorf("census %+v, snapshot %+v", c, snap.Counts)
		}
	}
}
