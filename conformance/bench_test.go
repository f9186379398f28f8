package conformance

import (
	"context"
	"testing"
	"time"

	"kmscope/kmsconn"
	"kmscope/kmsconn/kmd"
	"kmscope/kmssim"
	"kmscope/session"
)

// against runs a benchmark against both servers.
func against(b *testing.B, run func(b *testing.B, s *server)) {
	b.Run("simulated", func(b *testing.B) {
		run(b, simulated(b, kmssim.Options{CollectorPeriod: 240 * time.Second}))
	})
	if *kms != "" {
		b.Run("real", func(b *testing.B) { run(b, realServer()) })
	}
}

// population makes n pipelines of ten elements each, connected in a row, and
// gives the elements. The pipelines are released at the end.
func population(b *testing.B, url string, pipelines int) (elements []string) {
	b.Helper()
	c := dial(b, url)
	for range pipelines {
		ids := c.pipeline("PassThrough", 10)
		b.Cleanup(func() {
			if !c.ended() {
				c.try("release", object{"object": ids[0]})
			}
		})
		for i := 1; i < 10; i++ {
			c.invoke(ids[i], "connect", object{"sink": ids[i+1]})
		}
		elements = append(elements, ids[1:]...)
	}
	return elements
}

// BenchmarkSweep reads the statistics of 200 elements, as the observer does and
// one by one, and gives two ratios. The aim is <= 0.15.
//
//   - to-harmless: against calls each of which leaves nothing behind, as the sweep
//     as a whole does: a reading, the end of its session, and the session's name
//     again. This is what the observer would do without bursts.
//   - to-bare: against calls that hold what they touch, which the observer never
//     makes. Its floor is what one transaction costs the server by itself: all but
//     some tenths of a millisecond of the sweep are spent there, and two thirds of
//     that with operations that do nothing. See docs/ARCHITECTURE.md.
func BenchmarkSweep(b *testing.B) {
	against(b, func(b *testing.B, s *server) {
		elements := population(b, s.url, 20)
		ctx := context.Background()
		schema := kmd.Builtin("")
		options := kmsconn.Options{Target: kmsconn.Target{URL: s.url}, Schema: func() kmsconn.Schema { return schema }}
		reader, err := kmsconn.NewReader(ctx, options, nil)
		if err != nil {
			b.Fatal(err)
		}
		defer reader.Close(ctx)
		one, err := kmsconn.Dial(ctx, options)
		if err != nil {
			b.Fatal(err)
		}
		defer one.Close(ctx)
		ops := make([]kmsconn.Op, len(elements))
		for i, id := range elements {
			ops[i] = kmsconn.Invoke(id, "getStats", nil)
		}
		sweep := func() time.Duration {
			began := time.Now()
			for _, r := range reader.Read(ctx, ops) {
				if r.Err != nil {
					b.Fatal(r.Err)
				}
			}
			return time.Since(began)
		}
		// The floor: one transaction, and nothing but the server's time.
		raw := dial(b, s.url)
		var parts []any
		for i, id := range elements {
			parts = append(parts, object{"id": i, "jsonrpc": "2.0", "method": "invoke", "params": object{"object": id, "operation": "getStats"}})
		}
		floor := func() time.Duration {
			began := time.Now()
			raw.call("transaction", object{"operations": parts})
			return time.Since(began)
		}
		floor()
		for range 10 { // the size of the transactions is found by use
			sweep()
		}
		var batched, single, harmless, least time.Duration
		for b.Loop() {
			batched += sweep()
			least += floor()
			began := time.Now()
			for _, op := range ops {
				if r := one.Do(ctx, op); r.Err != nil {
					b.Fatal(r.Err)
				}
			}
			single += time.Since(began)
			began = time.Now()
			for _, id := range elements {
				if _, err := reader.Invoke(ctx, id, "getStats", nil); err != nil {
					b.Fatal(err)
				}
			}
			harmless += time.Since(began)
		}
		b.ReportMetric(float64(batched.Microseconds())/1000/float64(b.N), "ms/sweep")
		b.ReportMetric(float64(single.Microseconds())/1000/float64(b.N), "ms/bare-one-by-one")
		b.ReportMetric(float64(harmless.Microseconds())/1000/float64(b.N), "ms/harmless-one-by-one")
		b.ReportMetric(float64(least.Microseconds())/1000/float64(b.N), "ms/floor")
		b.ReportMetric(batched.Seconds()/single.Seconds(), "ratio-to-bare")
		b.ReportMetric(batched.Seconds()/harmless.Seconds(), "ratio-to-harmless")
		b.ReportMetric(0, "ns/op")
	})
}

// replyCache is how long a real server keeps its answers.
const replyCache = 21 * time.Second

// BenchmarkAttach takes the time from nothing to complete at 220 objects: all
// are known, with their connections and states, and all is subscribed. 0.3 s is
// the aim. Names and tags follow, on which nothing depends. A server keeps every
// answer for 20 s with a timer for each, so it is let rest between two rounds: who
// attaches does it once.
func BenchmarkAttach(b *testing.B) {
	against(b, func(b *testing.B, s *server) {
		population(b, s.url, 20)
		var listed, subscribed, done, named time.Duration
		for b.Loop() {
			began, own := time.Now(), time.Duration(0)
			o := attach(b, s.url, session.Options{})
			listed += o.wait(b, patience, "all is known", func() bool {
				counts := o.s.Snapshot().Counts
				return counts.Pipelines+counts.Elements >= 220
			})
			o.wait(b, patience, "all is complete", func() bool {
				if at := time.Since(began); own == 0 && !o.s.Link().LeaseEnds.IsZero() {
					own = at
				}
				return o.attached(220)
			})
			subscribed += own
			done += time.Since(began)
			o.wait(b, patience, "all is named", func() bool { return o.complete(220) })
			named += time.Since(began)
			b.StopTimer()
			o.detach(b)
			if s.sim == nil {
				<-time.After(replyCache)
			}
			b.StartTimer()
		}
		b.ReportMetric(float64(listed.Microseconds())/1000/float64(b.N), "ms-to-listed")
		b.ReportMetric(float64(subscribed.Microseconds())/1000/float64(b.N), "ms-to-subscribed")
		b.ReportMetric(float64(done.Microseconds())/1000/float64(b.N), "ms-to-complete")
		b.ReportMetric(float64(named.Microseconds())/1000/float64(b.N), "ms-to-named")
		b.ReportMetric(0, "ns/op")
	})
}

// BenchmarkObserving measures what a server with 100 endpoints is asked in a
// second while somebody looks at all of it.
func BenchmarkObserving(b *testing.B) {
	against(b, func(b *testing.B, s *server) {
		c := dial(b, s.url)
		ids := c.pipeline("RtpEndpoint", 100)
		defer c.call("release", object{"object": ids[0]})
		o := attach(b, s.url, session.Options{})
		defer o.detach(b)
		o.s.Focus(ids...)
		o.wait(b, patience, "all is complete", func() bool { return o.complete(len(ids)) })
		before, began := o.ws.Capture(), time.Now()
		for b.Loop() {
			seen := o.s.Stats().Samples()
			o.wait(b, patience, "every endpoint was sampled", func() bool { return o.s.Stats().Samples() >= seen+2*100 })
		}
		after, took := o.ws.Capture(), time.Since(began)
		b.ReportMetric(float64(after.Records-before.Records)/took.Seconds(), "frames/s")
		b.ReportMetric(float64(after.Bytes-before.Bytes)/1024/took.Seconds(), "captured-KiB/s")
		b.ReportMetric(0, "ns/op")
	})
}
