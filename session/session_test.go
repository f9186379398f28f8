package session

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"kmscope/inventory"
	"kmscope/kmssim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait for what takes moments on a machine that has
// nothing else to do.
const patience = time.Minute

// simulate runs a scenario on a simulated server and gives its address.
func simulate(t testing.TB, scenario string, opts kmssim.Options) (*kmssim.Server, string) {
	t.Helper()
	if opts.Seed == 0 {
		opts.Seed = 1
	}
	server := kmssim.New(opts)
	url, err := server.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	play(t, server, scenario)
	return server, url
}

// play has one more application run a scenario.
func play(t testing.TB, server *kmssim.Server, scenario string) {
	t.Helper()
	sc, err := kmssim.FindScenario(scenario)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = sc.Run(ctx, server.NewApp())
	}()
	t.Cleanup(func() { stop(); <-ended })
}

func workspace(t testing.TB, opts Options) *Workspace {
	t.Helper()
	if opts.CacheDir == "" {
		opts.CacheDir = t.TempDir()
	}
	w, err := NewWorkspace(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := w.Close(ctx); err != nil {
			t.Errorf("closing the workspace: %v", err)
		}
	})
	return w
}

func attach(t testing.TB, w *Workspace, url string) *Session {
	t.Helper()
	s, err := w.Attach(context.Background(), Target{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// until waits for a condition that publications may make true.
func until(t testing.TB, w *Workspace, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(patience)
	for !holds() {
		select {
		case <-w.Changed():
		case <-time.After(20 * time.Millisecond): // conditions outside the workspace
		case <-deadline:
			t.Fatalf("after %s still not: %s", patience, what)
		}
	}
}

func alive(s *inventory.Snapshot) []string {
	var out []string
	for _, p := range s.Pipelines {
		for _, o := range p.Objects {
			if o.Alive() {
				out = append(out, o.ID)
			}
		}
	}
	slices.Sort(out)
	return out
}

// read reports whether every living object has its states read.
func read(s *Session) bool {
	snap := s.Snapshot()
	if len(snap.Pipelines) == 0 || s.Link().Reading != "" {
		return false
	}
	for _, p := range snap.Pipelines {
		for _, o := range p.Objects {
			if o.Alive() && !o.TagsKnown {
				return false
			}
		}
	}
	return true
}

func TestAttachShowsWhatLives(t *testing.T) {
	server, url := simulate(t, "conference", kmssim.Options{})
	w := workspace(t, Options{})
	s := attach(t, w, url)
	until(t, w, "the session shows what lives", func() bool {
		return read(s) && slices.Equal(alive(s.Snapshot()), server.Objects())
	})
	until(t, w, "bitrates and server figures", func() bool {
		sv := s.Snapshot().Server
		return s.Stats().Samples() > 0 && sv.Version != "" && sv.UsedMemKiB > 0 && sv.UsedCPURatio >= 0 && sv.Sessions > 0
	})
	named, connected := 0, 0
	for _, p := range s.Snapshot().Pipelines {
		for _, o := range p.Objects {
			if o.Name != "" {
				named++
			}
		}
		connected += len(p.Connections)
	}
	if named == 0 || connected == 0 {
		t.Errorf("%d names, %d connections", named, connected)
	}
	if s.Schema().Class("WebRtcEndpoint").Doc == "" {
		until(t, w, "the server's own prose", func() bool { return s.Schema().Class("WebRtcEndpoint").Doc != "" })
	}
	if l := s.Link(); l.State != Connected || l.Undecoded > 0 || l.Gaps > 0 {
		t.Errorf("link is %+v", l)
	}
}

func TestAttachFailsInOneSentence(t *testing.T) {
	w := workspace(t, Options{NoCapture: true})
	for _, url := range []string{"", "ftp://x", "ws://127.0.0.1:1/kurento", "ws://user:secret@127.0.0.1:1"} {
		_, err := w.Attach(context.Background(), Target{URL: url})
		if err == nil {
			t.Fatalf("attached to %q", url)
		}
		if text := err.Error(); len(text) > 250 || slices.Contains([]byte(text), '\n') || cmp.Equal(text, "") || containsSecret(text) {
			t.Errorf("%q: %q", url, text)
		}
	}
	if n := len(w.Sessions()); n != 0 {
		t.Errorf("%d sessions after failures", n)
	}
}

// TestAttachToSilence attaches to what never answers: to a listener that says
// nothing at all, and to a WebSocket that says nothing. The session's loop ticks
// while the connection is made.
func TestAttachToSilence(t *testing.T) {
	quiet, err := net.Listen("tcp", "127.0.0.1:0") // the system accepts, nobody reads
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = quiet.Close() })
	mute := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		var up websocket.Upgrader
		c, err := up.Upgrade(rw, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = c.Close() }()
		for {
			if _, _, err := c.ReadMessage(); err != nil {
				return
			}
		}
	}))
	t.Cleanup(mute.Close)
	for name, address := range map[string]string{"no handshake": quiet.Addr().String(), "no reply": mute.Listener.Addr().String()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := workspace(t, Options{NoCapture: true, Patience: 2500 * time.Millisecond})
			s, err := w.Attach(context.Background(), Target{URL: "ws://" + address + "/kurento"})
			if err == nil {
				t.Fatalf("attached: %+v", s.Link())
			}
			if text := err.Error(); !strings.Contains(text, address) || len(text) > 250 || strings.Contains(text, "\n") {
				t.Errorf("%q", text)
			}
		})
	}
}

func containsSecret(s string) bool { return regexpSecret.MatchString(s) }

func TestOldCapturesAreBounded(t *testing.T) {
	dir := t.TempDir()
	old := time.Now().Add(-24 * time.Hour)
	for i, name := range []string{"kmscope-1.kmscap", "kmscope-2.kmscap", "kmscope-3.kmscap", "mine.kmscap"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, make([]byte, 600), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, old, old.Add(time.Duration(i)*time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	_, url := simulate(t, "loopback", kmssim.Options{})
	w := workspace(t, Options{CacheDir: dir, CaptureLimitBytes: 1000})
	attach(t, w, url)
	until(t, w, "the capture runs", func() bool { return w.Capture().Records > 0 })
	for name, stays := range map[string]bool{"kmscope-1.kmscap": false, "kmscope-2.kmscap": false, "kmscope-3.kmscap": true, "mine.kmscap": true} {
		if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != stays {
			t.Errorf("%s: %v, want it to stay: %v", name, err, stays)
		}
	}
}

// TestLiveEqualsReplay records a live session and replays the file: the same
// snapshots, events and series must come out.
func TestLiveEqualsReplay(t *testing.T) {
	for _, scenario := range []string{"conference", "loopback", "restart", "churn"} {
		t.Run(scenario, func(t *testing.T) {
			t.Parallel()
			server, url := simulate(t, scenario, kmssim.Options{Speed: 4})
			dir := t.TempDir()
			w := workspace(t, Options{CacheDir: dir})
			s := attach(t, w, url)
			until(t, w, "some life was recorded", func() bool {
				switch scenario {
				case "loopback": // says little, and may have said it before anybody listened
					return read(s) && s.Stats().Samples() > 4
				case "conference":
					return read(s) && s.Stats().Samples() > 4 && s.Timeline().Len() >= 10
				case "restart":
					return read(s) && s.Timeline().Len() >= 10
				}
				// Where elements come and go all the time, some are always unread.
				return s.Timeline().Len() >= 10
			})
			if scenario == "loopback" {
				play(t, server, scenario)
				until(t, w, "one more of it was recorded", func() bool {
					return read(s) && slices.Equal(alive(s.Snapshot()), server.Objects()) && len(server.Objects()) == 4
				})
			}
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			model := s.model.Load()
			if err := w.Close(ctx); err != nil {
				t.Fatal(err)
			}
			live := model.Snapshot()

			files, err := filepath.Glob(filepath.Join(dir, "*.kmscap*"))
			if err != nil || len(files) == 0 {
				t.Fatalf("no capture was written: %v", err)
			}
			again := workspace(t, Options{NoCapture: true})
			r, err := again.Open(context.Background(), files[0])
			if err != nil {
				t.Fatal(err)
			}
			if n := len(r.Sessions()); n != 1 {
				t.Fatalf("%d sessions in the replay", n)
			}
			x := r.Sessions()[0]
			same := []cmp.Option{
				cmpopts.IgnoreUnexported(inventory.Snapshot{}, inventory.Pipeline{}, inventory.State{}),
				cmpopts.IgnoreFields(inventory.Snapshot{}, "Generation"),
				cmpopts.EquateEmpty(),
			}
			if d := cmp.Diff(live, x.Snapshot(), same...); d != "" {
				t.Errorf("snapshot (-live +replay):\n%.4000s", d)
			}
			if d := cmp.Diff(model.Timeline().Range(0, model.Timeline().Len()), x.Timeline().Range(0, x.Timeline().Len()), cmpopts.EquateEmpty()); d != "" {
				t.Errorf("timeline (-live +replay):\n%.4000s", d)
			}
			if a, b := model.Stats().Samples(), x.Stats().Samples(); a != b {
				t.Errorf("%d samples live, %d in replay", a, b)
			}
		})
	}
}
