package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"kmscope/capture"
	"kmscope/rawjson"
)

// walk writes down what Members gives, and whether it is an object.
func (f *Fact) walk() (out []string) {
	ok := f.Members(func(k, v []byte) { out = append(out, fmt.Sprintf("%q: %s", k, v)) })
	return append(out, fmt.Sprint(ok))
}

// sameBothWays holds that a frame gives the same read at once and, behind a blank,
// like any message. It tells whether the frame was read at once.
func sameBothWays(t *testing.T, d *Decoder, frame []byte) bool {
	t.Helper()
	r := capture.Record{Dir: capture.DirRecv, Conn: "c", Index: 7, Frame: frame}
	fast := slices.Clone(d.Feed(r))
	r.Frame = append([]byte(" "), frame...)
	slow := new(Decoder).Feed(r)
	if len(fast) != 1 || len(slow) != 1 {
		t.Fatalf("%q gives %d and %d facts", frame, len(fast), len(slow))
	}
	a, b := fast[0], slow[0]
	if a.summary() != b.summary() || a.Kind != b.Kind || a.Type != b.Type || a.Object != b.Object || !a.Stamp.Equal(b.Stamp) || !bytes.Equal(a.Data, b.Data) ||
		a.Record != b.Record || a.Conn != b.Conn || a.Bytes != b.Bytes-1 || !bytes.Equal(a.Raw, bytes.TrimPrefix(b.Raw, []byte(" "))) {
		t.Fatalf("%q gives\n%s and\n%s", frame, a.summary(), b.summary())
	}
	if a.Kind != KindEvent {
		return false
	}
	if x, y := a.walk(), b.walk(); !slices.Equal(x, y) {
		t.Fatalf("%q: the members are\n%q and\n%q", frame, x, y)
	}
	var direct []string
	ok := rawjson.Object(a.Data, func(k, v []byte) { direct = append(direct, fmt.Sprintf("%q: %s", k, v)) })
	if direct = append(direct, fmt.Sprint(ok)); !slices.Equal(direct, a.walk()) {
		t.Fatalf("%q: the members are\n%q, of the data\n%q", frame, a.walk(), direct)
	}
	return a.members != nil
}

// TestUsualEvents holds that the events of real servers are in the usual form, and
// that they say what they say to who reads them like any message.
func TestUsualEvents(t *testing.T) {
	paths, err := filepath.Glob("../testdata/recordings/*.jsonl.zst")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	var d Decoder
	for _, path := range paths {
		for _, frame := range eventFrames(t, path) {
			if n++; !sameBothWays(t, &d, frame) {
				t.Errorf("%s: %s is not in the usual form", path, frame)
			}
		}
	}
	if n < 500 {
		t.Errorf("%d events", n)
	}
}

func eventFrames(t *testing.T, path string) (out []json.RawMessage) {
	t.Helper()
	r, err := capture.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for {
		rec, err := r.Next()
		if err != nil {
			return out
		}
		if rec.Dir == capture.DirRecv && bytes.Contains(rec.Frame, []byte(`"onEvent"`)) {
			out = append(out, rec.Frame)
		}
	}
}

func TestMembersOfManyEvents(t *testing.T) {
	var d Decoder
	var kept []Fact
	for i := range 3 * memberBlock / 4 {
		kept = append(kept, d.Feed(capture.Record{Dir: capture.DirRecv, Frame: json.RawMessage(fmt.Sprintf(
			`%s{"a":%d,"b":[%d],"c":"x","d":null},"object":"o%d","type":"T"}}}`, eventHead, i, i, i))})...)
	}
	for i := range kept {
		want := []string{fmt.Sprintf(`"a": %d`, i), fmt.Sprintf(`"b": [%d]`, i), `"c": "x"`, `"d": null`, "true"}
		if got := kept[i].walk(); !slices.Equal(got, want) || kept[i].Object != fmt.Sprint("o", i) {
			t.Fatalf("%d: %q of %q", i, got, kept[i].Object)
		}
	}
	if len(d.names) > maxNames {
		t.Errorf("%d names are kept", len(d.names))
	}
}

// FuzzUsualEvent holds the two ways of reading an event together.
func FuzzUsualEvent(f *testing.F) {
	for _, tail := range []string{
		`{"source":"x","timestampMillis":"1750000000000","type":"Error"},"object":"x","type":"Error"}}}`,
		`{"timestamp":"1750000000.5","timestamp":7},"object":"","type":"T"}}}`,
		`{},"object":"x\"y","type":"\u0041"}}}`, `{"":1,"\u0061":{"b":[1,2]}},"object":"` + "\xff\u00e9" + `","type":"T"}}}`,
		`{"a":1},"object":"x","type":""}}}`, `{"a":1},"object":"x","type":"T"}}} `, `{"a":1},"object":"x","type":"T","type":"U"}}}`,
		`{"a":1},"type":"T"}}}`, `null,"object":"x","type":"T"}}}`, `{"a":1},"object":"x\\","type":"T"}}}`, `{"a":},"object":"x","type":"T"}}}`,
		`{"a":1},"object":"x","type":"T"}},"id":1}`, `{"a":1},"object":"x`, ` {"a":1},"object":"x","type":"T"}}}`,
	} {
		f.Add([]byte(tail))
	}
	f.Fuzz(func(t *testing.T, tail []byte) {
		frame := append([]byte(eventHead), tail...)
		d := new(Decoder)
		sameBothWays(t, d, frame)
		sameBothWays(t, d, frame) // the names are known
	})
}

func TestWord(t *testing.T) {
	for in, want := range map[string]string{`"FLOWING"`: "FLOWING", `"x\n"`: "x\n", `""`: "", `"Error"`: "Error"} {
		if got, ok := Word([]byte(in)); got != want || !ok {
			t.Errorf("%s: %q %v", in, got, ok)
		}
	}
	for _, in := range []string{``, `FLOWING`, `"`, `1`, `null`, `"a`} {
		if got, ok := Word([]byte(in)); ok {
			t.Errorf("%s: %q", in, got)
		}
	}
}
