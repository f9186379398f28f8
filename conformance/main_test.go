package conformance

import (
	"context"
	"flag"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"kmscope/kmssim"
	"kmscope/kmssim/apart"
)

var (
	kms       = flag.String("kms", "", "address of a real Kurento server to test against, too")
	collector = flag.Duration("collector", 6*time.Second, "the garbageCollectorPeriod of the server of -kms")
	update    = flag.Bool("update", false, "write the expected answers anew, from the server of -kms")
)

func TestMain(m *testing.M) {
	apart.Serve()
	if os.Getenv(childServer) != "" {
		os.Exit(beChild())
	}
	goleak.VerifyTestMain(m)
}

// patience bounds every wait for something that takes milliseconds where the
// machine has nothing else to do.
const patience = time.Minute

// deafness is how long a connection may answer nothing until it counts as deaf;
// answers take less than a millisecond.
const deafness = time.Second

// server is one to test: the simulated one, or that of -kms.
type server struct {
	name string
	url  string
	// period is the time between two runs of the collector of sessions.
	period time.Duration
	sim    *kmssim.Server // nil for the real one
}

// simulated starts a simulated server that lives as long as the test.
func simulated(t testing.TB, opts kmssim.Options) *server {
	t.Helper()
	if opts.Seed == 0 {
		opts.Seed = 7
	}
	if opts.CollectorPeriod == 0 {
		opts.CollectorPeriod = 600 * time.Millisecond
	}
	s := kmssim.New(opts)
	t.Cleanup(s.Close)
	url, err := s.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return &server{name: "simulated", url: url, period: opts.CollectorPeriod, sim: s}
}

// servers runs a test against a simulated server of its own and, with -kms,
// against the real one.
func servers(t *testing.T, run func(t *testing.T, s *server)) {
	t.Run("simulated", func(t *testing.T) { run(t, simulated(t, kmssim.Options{})) })
	if *kms != "" {
		t.Run("real", func(t *testing.T) { run(t, realServer()) })
	}
}

// alongside lets a test run beside others where each has a simulated server of
// its own; those of the real server follow each other.
func alongside(t *testing.T) {
	t.Helper()
	if *kms == "" {
		t.Parallel()
	}
}

func realServer() *server { return &server{name: "real", url: *kms, period: *collector} }

// within gives a context that ends long after anything should have happened.
func within(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// eventually waits for a condition and gives the time that it took.
func eventually(t testing.TB, bound time.Duration, what string, holds func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	deadline := time.After(bound)
	tick := time.NewTicker(3 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("after %s still not: %s", bound, what)
		}
	}
	return time.Since(began)
}

// during checks that a condition holds all the time.
func during(t testing.TB, d time.Duration, what string, holds func() bool) {
	t.Helper()
	end := time.After(d)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for holds() {
		select {
		case <-tick.C:
		case <-end:
			return
		}
	}
	t.Errorf("no longer true, within %s: %s", d, what)
}

// pause waits a moment, or until ctx ends, between two looks at a condition.
func pause(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(3 * time.Millisecond):
	}
}
