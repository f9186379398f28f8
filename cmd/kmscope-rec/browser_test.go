package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func besideFile(name string) string {
	return filepath.Join("..", "..", "testdata", "beside", name)
}

// TestBrowser lays real dumps beside captures of the same calls and holds the
// JSON to the fields of docs/headless.md.
func TestBrowser(t *testing.T) {
	for _, c := range []struct {
		name        string
		connections int
		connected   bool
	}{{"loopback", 1, true}, {"ice-failed", 1, false}, {"two-connections", 2, true}} {
		t.Run(c.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			if code := run(t.Context(), []string{"browser", "--json", besideFile(c.name + ".dump.json.gz"), besideFile(c.name + ".jsonl.zst")}, &out, &errs); code != 0 || errs.Len() > 0 {
				t.Fatalf("exit status %d: %s", code, errs.String())
			}
			if s := out.String(); strings.Contains(s, "ice-pwd") || strings.Contains(s, "ice-ufrag") || strings.Contains(s, " ufrag ") && !strings.Contains(s, " ufrag is the same") {
				t.Error("a secret is left")
			}
			var got browserJSON
			dec := json.NewDecoder(&out)
			dec.DisallowUnknownFields()
			if err := dec.Decode(&got); err != nil {
				t.Fatal(err)
			}
			if len(got.Connections) != c.connections || len(got.Clocks) != 1 || len(got.Lanes) != 4*c.connections || got.Notes == nil || len(got.Series) < 100 {
				t.Fatalf("%d connections, %d clocks, %d lanes, %d series", len(got.Connections), len(got.Clocks), len(got.Lanes), len(got.Series))
			}
			// The server's own lanes stand on the same axis: ICE connects at the
			// same time in both (libnice tells it up to a fifth of a second later), and in
			// neither where it fails.
			var server bytes.Buffer
			if code := run(t.Context(), []string{"timeline", "--json", besideFile(c.name + ".jsonl.zst")}, &server, &errs); code != 0 {
				t.Fatal(errs.String())
			}
			var lanes []laneJSON
			if err := json.Unmarshal(server.Bytes(), &lanes); err != nil {
				t.Fatal(err)
			}
			for _, p := range got.Connections {
				if p.Object == nil || len(p.Evidence) == 0 {
					t.Fatalf("%s has no endpoint", p.ID)
				}
				ours, okO := began(got.Lanes, *p.Object, "browser/iceConnectionState", "connected")
				theirs, okT := began(lanes, *p.Object, "ice/1/1", "CONNECTED")
				if okO != c.connected || okT != c.connected || ours-theirs > 250 || theirs-ours > 250 {
					t.Errorf("%s connects at %v (%v) here and at %v (%v) there", p.ID, ours, okO, theirs, okT)
				}
			}
		})
	}
}

func began(lanes []laneJSON, object, lane, state string) (float64, bool) {
	for _, l := range lanes {
		if l.Object != object || l.Lane != lane {
			continue
		}
		for _, v := range l.Intervals {
			if v.State == state {
				return v.FromMs, true
			}
		}
	}
	return 0, false
}

func TestBrowserForPeople(t *testing.T) {
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"browser", besideFile("loopback.dump.json.gz"), besideFile("loopback.jsonl.zst"), "--offset", "1.5s"}, &out, &errs); code != 0 {
		t.Fatal(errs.String())
	}
	for _, want := range []string{"Chromium 156", "is certainly ", "the browser sends and the server receives SSRC", "iceConnectionState", "checking for", "sender reports of the server", "+1500.0 ms"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, out.String())
		}
	}
	// The endpoint of another call is not this one.
	out.Reset()
	if code := run(t.Context(), []string{"browser", besideFile("loopback.dump.json.gz"), besideFile("two-connections.jsonl.zst")}, &out, &errs); code != 0 {
		t.Fatal(errs.String())
	}
	if !strings.Contains(out.String(), "is no endpoint of this capture") {
		t.Error(out.String())
	}
}

func TestBrowserRefuses(t *testing.T) {
	text := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(text, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	dump, file := besideFile("loopback.dump.json.gz"), besideFile("loopback.jsonl.zst")
	for want, args := range map[string][]string{
		"needs the browser's dump": {dump},
		"is no time":               {"--offset", "soon", dump, file},
		"is no dump":               {text, file},
		"cannot be opened":         {text + "x", file},
		"browser has no option":    {"--nonsense", dump, file},
	} {
		var out, errs bytes.Buffer
		if code := run(t.Context(), append([]string{"browser"}, args...), &out, &errs); code != 1 || !strings.Contains(errs.String(), want) || strings.Count(errs.String(), "\n") != 1 {
			t.Errorf("%q: exit status %d, %s", args, code, errs.String())
		}
	}
}
