package session

import (
	"errors"
	"io"
	"maps"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kmscope/capture"
	"kmscope/conformance/reading"
	"kmscope/inventory"
)

var idPattern = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}_[a-z]+\.\w+(?:/[0-9a-f]{8}-[0-9a-f-]{27}_[a-z]+\.\w+)*`)

func recordings(t *testing.T) []string {
	t.Helper()
	all, err := reading.Recordings("..")
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func feedAll(t testing.TB, name string) *Models {
	t.Helper()
	r, err := capture.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	m := &Models{}
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return m
		}
		if err != nil {
			t.Fatal(err)
		}
		m.Feed(rec)
	}
}

// TestRecordingsAgainstIndependentReader replays every recording and compares
// what the rooms know at its end with the independent reading.
func TestRecordingsAgainstIndependentReader(t *testing.T) {
	for _, name := range recordings(t) {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".jsonl.zst"), func(t *testing.T) {
			t.Parallel()
			want, err := reading.Read(name, math.Inf(1))
			if err != nil {
				t.Fatal(err)
			}
			m := feedAll(t, name)
			if m.Records != want.Records {
				t.Errorf("%d records, want %d", m.Records, want.Records)
			}
			if m.Undecoded != want.Malformed {
				t.Errorf("%d undecoded records, want %d", m.Undecoded, want.Malformed)
			}
			if n := len(m.Servers()); n != 1 {
				t.Fatalf("%d servers, want 1", n)
			}
			s := m.Servers()[0]
			got := reading.Reading{Objects: map[string]bool{}, Gone: map[string]bool{}, Connections: map[string]bool{},
				Lanes: map[string]string{}, Events: s.Timeline().Counts(), Stats: s.Stats().Samples(),
				LastMs: want.LastMs, Records: want.Records, Malformed: want.Malformed, Version: s.Snapshot().Server.Version}
			for _, p := range s.Snapshot().Pipelines {
				for _, o := range p.Objects {
					got.Objects[o.ID] = true
					if !o.Alive() {
						got.Gone[o.ID] = true
					}
					for lane, st := range o.States {
						l := string(lane)
						if !strings.HasPrefix(l, "transcoding/") && lane != inventory.LaneRecorder {
							got.Lanes[o.ID+" "+l] = st.Value
						}
					}
				}
				for _, c := range p.Connections {
					got.Connections[c.Source+" "+c.Sink+" "+string(c.Media)] = true
				}
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("the replay ends otherwise than the independent reading (-want +got):\n%s", d)
			}
			byType := map[string]int{}
			for id := range want.Objects {
				byType[inventory.TypeOf(id)]++
			}
			if d := cmp.Diff(byType, s.Snapshot().Seen); d != "" {
				t.Errorf("objects ever seen (-want +got):\n%s", d)
			}
		})
	}
}

// TestIDsAreComplete holds that no object that a reply or event names by id
// escapes the inventory.
func TestIDsAreComplete(t *testing.T) {
	for _, name := range recordings(t) {
		m := feedAll(t, name)
		known := map[string]bool{}
		for _, s := range m.Servers() {
			for _, p := range s.Snapshot().Pipelines {
				for _, o := range p.Objects {
					known[o.ID] = true
				}
			}
		}
		r, err := capture.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		missing := map[string]bool{}
		for {
			rec, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if rec.Dir != capture.DirRecv || strings.Contains(string(rec.Frame), `"error":{`) {
				continue
			}
			for _, id := range idPattern.FindAllString(string(rec.Frame), -1) {
				if !known[id] {
					missing[id] = true
				}
			}
		}
		r.Close()
		if len(missing) > 0 {
			t.Errorf("%s: %d ids are not known: %v", name, len(missing), slices.Sorted(maps.Keys(missing))[:1])
		}
	}
}
