package stats

import (
	"errors"
	"io"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"kmscope/capture"
	"kmscope/wire"
)

// streamsOf counts the streams of values.
func streamsOf(list []Value) (streams []string) {
	for _, v := range list {
		if id := v.Element + " " + v.Stream; !slices.Contains(streams, id) {
			streams = append(streams, id)
		}
	}
	return streams
}

func TestPhantoms(t *testing.T) {
	s := NewStore()
	feed(s, 0, counters(0, 0, 0))
	got := s.Phantoms("", time.Time{})
	if len(streamsOf(got)) != 1 || len(s.Phantoms("nobody", time.Time{})) != 0 || len(s.Phantoms("", base.Add(time.Hour))) != 0 {
		t.Fatalf("%+v", got)
	}
	if i := slices.IndexFunc(got, func(v Value) bool { return v.Metric == "packetsReceived" }); i < 0 || got[i].V != 0 || got[i].Dir != In {
		t.Errorf("%+v", got)
	}
	if len(s.Series(Query{})) != 0 {
		t.Errorf("a phantom has series")
	}
	feed(s, 1000, counters(1000, 10, 0))
	if got := s.Phantoms("", time.Time{}); len(got) != 0 {
		t.Errorf("after it came alive: %+v", got)
	}
}

// TestPhantomsOfRecordings counts those that real servers list.
func TestPhantomsOfRecordings(t *testing.T) {
	for name, want := range map[string]int{"02-webrtc-loopback": 2, "09a-one2one": 4, "incidents/I08-loss20-both": 2} {
		reader, err := capture.Open(filepath.Join("..", "testdata", "recordings", name+".jsonl.zst"))
		if err != nil {
			t.Fatal(err)
		}
		var d wire.Decoder
		s, most := NewStore(), 0
		for {
			rec, err := reader.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range d.Feed(rec) {
				s.Feed(f)
			}
			most = max(most, len(streamsOf(s.Phantoms("", time.Time{}))))
		}
		reader.Close()
		if most != want {
			t.Errorf("%s lists %d phantoms, want %d", name, most, want)
		}
	}
}
