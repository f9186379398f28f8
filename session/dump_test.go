package session

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"kmscope/inventory"
	"kmscope/kmssim"
)

// TestDump asks a live server for dumps and finds them again in its capture.
func TestDump(t *testing.T) {
	server, url := simulate(t, "conference", kmssim.Options{})
	file := filepath.Join(t.TempDir(), "x.kmscap")
	w := workspace(t, Options{CaptureFile: file})
	s := attach(t, w, url)
	until(t, w, "the session shows what lives", func() bool { return read(s) })
	ctx := context.Background()
	byType := map[string]string{}
	for _, id := range server.Objects() {
		byType[inventory.TypeOf(id)] = id
	}
	for _, class := range []string{"MediaPipeline", "Composite", "WebRtcEndpoint"} {
		for _, details := range append(DumpDetails(), "") {
			dot, err := s.Dump(ctx, byType[class], details)
			if err != nil || !strings.HasPrefix(dot, "digraph ") || !strings.HasSuffix(strings.TrimSpace(dot), "}") {
				t.Errorf("%s, %q: %.60q, %v", class, details, dot, err)
			}
		}
	}
	last, err := s.Dump(ctx, byType["WebRtcEndpoint"], "SHOW_STATES")
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []struct{ id, details, says string }{
		{byType["WebRtcEndpoint"], "SHOW_EVERYTHING", "SHOW_ALL"},
		{byType["MediaPipeline"] + "/00000000-0000-4000-8000-000000000000_kurento.PassThrough", "", "released"},
		{inventory.ManagerID, "", "no dump"},
	} {
		if dot, err := s.Dump(ctx, bad.id, bad.details); err == nil || !strings.Contains(err.Error(), bad.says) || dot != "" {
			t.Errorf("%s, %q: %.60q, %v", bad.id, bad.details, dot, err)
		}
	}
	until(t, w, "nothing is held by a dump", func() bool { return s.live.dumper.Held() == 0 })
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := w.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Dump(ctx, byType["MediaPipeline"], ""); err == nil {
		t.Error("a dump was made after the end")
	}

	again := workspace(t, Options{NoCapture: true})
	r, err := again.Open(ctx, file)
	if err != nil {
		t.Fatal(err)
	}
	x := r.Sessions()[0]
	if dot, err := x.Dump(ctx, byType["WebRtcEndpoint"], ""); err != nil || dot != last {
		t.Errorf("the capture's newest dump is %.60q, %v", dot, err)
	}
	if _, err := x.Dump(ctx, byType["HubPort"], ""); err == nil || !strings.Contains(err.Error(), "the capture holds no dump") {
		t.Errorf("nobody asked for this dump: %v", err)
	}
	all, err := x.Dumps(ctx)
	if err != nil || len(all) != 3*(len(DumpDetails())+1)+1 {
		t.Fatalf("the capture holds %d dumps, %v", len(all), err)
	}
	if d := all[len(all)-1]; d.Text != last || d.Details != "SHOW_STATES" || d.Object != byType["WebRtcEndpoint"] || d.At.IsZero() || d.TimeMs <= all[0].TimeMs {
		t.Errorf("the newest is %.60q of %s, %s at %v", d.Text, d.Object, d.Details, d.At)
	}
	r.Seek(0)
	if now, err := x.Dumps(ctx); err != nil || len(now) != len(all) {
		t.Errorf("at the beginning it holds %d, %v", len(now), err)
	}
	if _, err := x.Dump(ctx, byType["WebRtcEndpoint"], ""); err == nil {
		t.Error("a dump of the future was found")
	}
}

// TestDumpOfRecording finds the dumps of a real server.
func TestDumpOfRecording(t *testing.T) {
	w := workspace(t, Options{NoCapture: true})
	r, err := w.Open(context.Background(), filepath.Join("..", "testdata", "recordings", "01-inventory-pion.jsonl.zst"))
	if err != nil {
		t.Fatal(err)
	}
	s := r.Sessions()[0]
	found := 0
	for _, p := range s.Snapshot().Pipelines {
		for _, o := range p.Objects {
			dot, err := s.Dump(context.Background(), o.ID, "")
			if err == nil && strings.HasPrefix(dot, "digraph ") && len(dot) > 50_000 {
				found++
			}
		}
	}
	if found != 2 {
		t.Errorf("%d dumps, want those of the endpoint and of its pipeline", found)
	}
}
