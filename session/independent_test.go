package session

import (
	"bytes"
	"errors"
	"io"
	"math"
	"path/filepath"
	"regexp"
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

// feedAll feeds the models with a recording, and tells of every record.
func feedAll(t testing.TB, name string, told func(rec capture.Record)) *Models {
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
		told(rec)
	}
}

// TestRecordingsAgainstIndependentReader replays every recording and compares
// what the rooms know at its end with the independent reading. No object that a
// reply or event names by its id may have escaped the inventory.
func TestRecordingsAgainstIndependentReader(t *testing.T) {
	for _, name := range recordings(t) {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".jsonl.zst"), func(t *testing.T) {
			t.Parallel()
			want, err := reading.Read(name, math.Inf(1))
			if err != nil {
				t.Fatal(err)
			}
			named := map[string]bool{}
			m := feedAll(t, name, func(rec capture.Record) {
				if rec.Dir == capture.DirRecv && !bytes.Contains(rec.Frame, []byte(`"error":{`)) {
					for _, id := range idPattern.FindAll(rec.Frame, -1) {
						named[string(id)] = true
					}
				}
			})
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
			for id := range named {
				if !got.Objects[id] {
					t.Errorf("%s is named and not known", id)
				}
			}
		})
	}
}
