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

// In a bundle the server may list the SSRC of one RTP session in the other as
// well, without a packet: the figures are those of the session that has them,
// whichever is asked first, and when nobody asks by medium.
func TestPhantomWithTheSSRCOfAStream(t *testing.T) {
	const want = "1000:8000 2000:8000"
	at := func(ms int64) time.Time { return base.Add(time.Duration(ms) * time.Millisecond) }
	phantom := func(ms int64) map[string]any {
		e := entryOf("inboundrtp", at(ms).UnixMilli(), "7", counters(0, 0, 0))
		e["id"] = "phantom"
		return e
	}
	stream := func(ms int64) map[string]any {
		return entryOf("inboundrtp", at(ms).UnixMilli()+1, "7", counters(ms+1000, ms/100+10, 0))
	}
	for name, feed := range map[string]func(s *Store, ms int64){
		"phantom first": func(s *Store, ms int64) {
			s.Feed(reply(at(ms), "AUDIO", phantom(ms)))
			s.Feed(reply(at(ms+1), "VIDEO", stream(ms)))
		},
		"phantom last": func(s *Store, ms int64) {
			s.Feed(reply(at(ms+1), "VIDEO", stream(ms)))
			s.Feed(reply(at(ms+2), "AUDIO", phantom(ms+2)))
		},
		"phantom later": func(s *Store, ms int64) {
			s.Feed(reply(at(ms+1), "VIDEO", stream(ms)))
			if ms > 0 {
				s.Feed(reply(at(ms+500), "AUDIO", phantom(ms+500)))
			}
		},
		"in one reply": func(s *Store, ms int64) {
			s.Feed(reply(at(ms+1), "VIDEO", stream(ms)))
			s.Feed(reply(at(ms+2), "", phantom(ms+2), stream(ms)))
		},
	} {
		s := NewStore()
		for ms := int64(0); ms <= 2000; ms += 1000 {
			feed(s, ms)
		}
		list := s.Series(Query{Metrics: []string{Bitrate}})
		if len(list) != 1 || list[0].Media != "VIDEO" {
			t.Errorf("%s: %+v", name, list)
			continue
		}
		pts := slices.Clone(list[0].Points)
		for i := range pts {
			pts[i].At = pts[i].At.Add(-time.Millisecond)
		}
		if got := show(pts); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// TestBundledStreamHasItsRate reads a recording in which the video's SSRC is a
// phantom of the audio session.
func TestBundledStreamHasItsRate(t *testing.T) {
	s := NewStore()
	play(t, s, filepath.Join("..", "testdata", "beside", "loopback.jsonl.zst"))
	found := 0
	for _, x := range s.Series(Query{Metrics: []string{Bitrate}}) {
		if x.Dir != In {
			continue
		}
		found++
		for _, p := range x.Points {
			if p.V == 0 {
				t.Errorf("%s of %s: nothing at %v, though bytesReceived grows", x.Media, x.Stream, p.At)
				break
			}
		}
	}
	if found != 2 {
		t.Errorf("%d inbound streams, want 2", found)
	}
}

// play feeds all of a file.
func play(t *testing.T, s *Store, path string) {
	t.Helper()
	reader, err := capture.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	var d wire.Decoder
	for {
		rec, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range d.Feed(rec) {
			s.Feed(f)
		}
	}
}
