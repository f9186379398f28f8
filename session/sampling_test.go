package session

import (
	"testing"
	"time"

	"kmscope/inventory"
	"kmscope/kmssim"
)

func TestSamplingIsBounded(t *testing.T) {
	w := workspace(t, Options{NoCapture: true})
	for _, x := range []struct{ set, is time.Duration }{
		{0, time.Second}, {time.Millisecond, SamplingLeast}, {2 * time.Second, 2 * time.Second}, {time.Hour, SamplingMost}, {-1, time.Second},
	} {
		if w.SetSampling(x.set); w.Sampling() != x.is {
			t.Errorf("%s became %s, want %s", x.set, w.Sampling(), x.is)
		}
	}
	if r := w.restEvery(); r != restLeast {
		t.Errorf("the rest is sampled every %s", r)
	}
	w.SetSampling(5 * time.Second)
	if r := w.restEvery(); r != 10*time.Second {
		t.Errorf("the rest is sampled every %s", r)
	}
	if x := workspace(t, Options{NoCapture: true, SampleAll: true, SampleEvery: time.Minute}); x.restEvery() != time.Minute {
		t.Errorf("a recording samples every %s", x.restEvery())
	}
}

// TestSamplingChangesWhileRunning looks at an element without RTP, which is
// sampled only because it is looked at.
func TestSamplingChangesWhileRunning(t *testing.T) {
	server := kmssim.New(kmssim.Options{Seed: 1})
	t.Cleanup(server.Close)
	url, err := server.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	app := server.NewApp()
	pipeline, err := app.Create("MediaPipeline", nil)
	if err != nil {
		t.Fatal(err)
	}
	element, err := app.Create("PassThrough", map[string]any{"mediaPipeline": pipeline})
	if err != nil {
		t.Fatal(err)
	}
	w := workspace(t, Options{SampleEvery: SamplingMost})
	w.sampling.Store(int64(time.Hour)) // nothing below comes because its time has come
	s := attach(t, w, url)
	first(t, w, s, "PassThrough")
	until(t, w, "the sampler runs", func() bool { return s.Snapshot().Server.UsedMemKiB > 0 })
	if n := s.Stats().Samples(); n != 0 {
		t.Fatalf("%d samples, and nobody looked", n)
	}
	s.Focus(element)
	until(t, w, "a sample as soon as somebody looks", func() bool { return s.Stats().Samples() >= 1 })
	w.SetSampling(SamplingLeast)
	until(t, w, "samples at the new rate", func() bool { return s.Stats().Samples() >= 6 })
}

// first waits for an object of a class and gives its id.
func first(t testing.TB, w *Workspace, s *Session, class string) (id string) {
	t.Helper()
	until(t, w, "there is a "+class, func() bool {
		for _, x := range alive(s.Snapshot()) {
			if inventory.TypeOf(x) == class {
				id = x
				return true
			}
		}
		return false
	})
	return id
}
