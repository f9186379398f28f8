package main

import (
	"bytes"
	"encoding/json"
	"io"
	"path/filepath"
	"strings"
	"testing"
)

// TestNegotiateEveryRecording holds the JSON of every recording to its shape:
// the fields of docs/headless.md and no others, lists that are never null, and
// no secret.
func TestNegotiateEveryRecording(t *testing.T) {
	root := filepath.Join("..", "..", "testdata", "recordings")
	var files []string
	for _, pattern := range []string{"*.zst", filepath.Join("incidents", "*.zst")} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) < 40 {
		t.Fatalf("found %d recordings, want all of them", len(files))
	}
	endpoints := 0
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			var out, errs bytes.Buffer
			if code := run(t.Context(), []string{"negotiate", "--json", file}, &out, &errs); code != 0 || errs.Len() > 0 {
				t.Fatalf("exit status %d: %s", code, errs.String())
			}
			for _, line := range strings.Split(out.String(), `\r\n`) {
				for _, secret := range []string{"a=ice-ufrag:", "a=ice-pwd:", "inline:"} {
					if _, rest, ok := strings.Cut(line, secret); ok && rest != "redacted" {
						t.Errorf("%s%s", secret, rest)
					}
				}
			}
			if strings.Count(out.String(), " typ host ufrag ") != strings.Count(out.String(), " typ host ufrag redacted") {
				t.Error("a ufrag of a candidate is left")
			}
			var got []endpointJSON
			dec := json.NewDecoder(&out)
			dec.DisallowUnknownFields()
			if err := dec.Decode(&got); err != nil {
				t.Fatal(err)
			}
			if _, err := dec.Token(); err != io.EOF {
				t.Error("more than one array was printed")
			}
			for i := range got {
				endpoints++
				checkEndpoint(t, &got[i])
			}
			var text bytes.Buffer
			if code := run(t.Context(), []string{"negotiate", file}, &text, &errs); code != 0 || text.Len() == 0 {
				t.Errorf("exit status %d: %s", code, errs.String())
			}
		})
	}
	if endpoints < 40 {
		t.Errorf("only %d endpoints in all recordings", endpoints)
	}
}

func checkEndpoint(t *testing.T, e *endpointJSON) {
	t.Helper()
	if e.Object == "" || e.Type == "" || e.Candidates.Local == nil || e.Candidates.Remote == nil || e.Matrix == nil ||
		e.Pairs == nil || e.Descriptions == nil || e.Findings == nil || e.ICE == nil || e.DTLS == nil {
		t.Errorf("%s: something is null", e.Object)
	}
	if (e.Checklist != nil) != (e.Type == "WebRtcEndpoint") {
		t.Errorf("%s: checklist of a %s: %v", e.Object, e.Type, e.Checklist)
	}
	if e.Checklist != nil {
		if len(e.Checklist.Steps) != 10 {
			t.Errorf("%s: %d steps", e.Object, len(e.Checklist.Steps))
		}
		for _, s := range e.Checklist.Steps {
			if s.AfterMs != nil && (*s.AfterMs < 0 || *s.AfterMs > 120e3) || s.Status == "" {
				t.Errorf("%s: %+v", e.Object, s)
			}
		}
		if z := e.Checklist.ZeroMs; z != nil && (*z < -1000 || *z > 120e3) {
			t.Errorf("%s: zero at %v", e.Object, *z)
		}
	}
	for _, p := range e.Pairs {
		if p.Local.Address == "" || p.Remote.Address == "" {
			t.Errorf("%s: %+v", e.Object, p)
		}
	}
}
