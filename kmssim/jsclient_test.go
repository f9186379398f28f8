package kmssim

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// installed gives a folder in which the client is installed: that of `make
// js-client` where it was made, or one of this test.
func installed(ctx context.Context, t *testing.T) string {
	t.Helper()
	if _, err := os.Stat("jsclient/node_modules/.package-lock.json"); err == nil {
		return "jsclient"
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		t.Fatal("node is there, but npm is not: install npm")
	}
	dir := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json", "session.cjs"} {
		data, err := os.ReadFile(filepath.Join("jsclient", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// The packages' install scripts build native speed-ups that are not needed.
	install := exec.CommandContext(ctx, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	install.Dir = dir
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v; \"make js-client\" installs the client with a newer npm where this one is too old\n%s", err, out)
	}
	return dir
}

// The official JavaScript client builds a call on the simulator, and finds what
// it would find on a real server.
func TestOfficialJavaScriptClient(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	dir := installed(ctx, t)
	s, url := start(t, Options{})
	run := exec.CommandContext(ctx, node, "session.cjs", url)
	run.Dir = dir
	var stdout, stderr bytes.Buffer
	run.Stdout, run.Stderr = &stdout, &stderr
	if err := run.Run(); err != nil {
		t.Fatalf("session.cjs: %v\n%s", err, stderr.Bytes())
	}
	var got struct {
		Events       map[string]int
		Name, State  string
		Sinks, Dot   int
		Flowing      bool
		Stats, Audio []string
		Tags         []struct{ Key, Value string }
		Info         struct{ Version string }
		Refused      struct {
			Code    int
			Message string
		}
	}
	if err := json.Unmarshal(stdout.Bytes(), &got); err != nil {
		t.Fatalf("%v in %s", err, stdout.Bytes())
	}
	want := map[string]int{"ObjectCreated": 5, "ObjectDestroyed": 5, "ElementConnected": 6, "IceCandidateFound": 12,
		"IceGatheringDone": 1, "ConnectionStateChanged": 1, "MediaStateChanged": 1}
	for name, n := range want {
		if got.Events[name] != n {
			t.Errorf("%d events %s, want %d", got.Events[name], name, n)
		}
	}
	switch {
	case got.Name != "caller", got.State != "CONNECTED", got.Sinks != 6, !got.Flowing, got.Dot < 10_000,
		len(got.Tags) != 1 || got.Tags[0].Value != "42", got.Info.Version != "7.3.1-dev",
		got.Refused.Code != 40208, got.Refused.Message != "Endpoint already negotiated":
		t.Errorf("got %+v", got)
	}
	if all := []string{"endpoint", "inboundrtp", "inboundrtp", "inboundrtp", "inboundrtp", "outboundrtp", "outboundrtp"}; !slices.Equal(got.Stats, all) {
		t.Errorf("statistics of %v, want %v", got.Stats, all)
	}
	if half := []string{"endpoint", "inboundrtp", "inboundrtp", "outboundrtp"}; !slices.Equal(got.Audio, half) {
		t.Errorf("audio statistics of %v, want %v", got.Audio, half)
	}
	if left := s.Objects(); len(left) != 0 {
		t.Errorf("left on the server: %v", left)
	}
}
