package timeline

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"go.uber.org/goleak"

	"kmscope/capture"
	"kmscope/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// records reads a recording of a real server. The reader is the test's own, so
// that a mistake of the product's reader cannot hide one here.
func records(t testing.TB, name string) []capture.Record {
	t.Helper()
	f, err := os.Open("../testdata/recordings/" + name + ".jsonl.zst")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := zstd.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	in := bufio.NewScanner(z)
	in.Buffer(nil, 64<<20)
	var out []capture.Record
	start := time.UnixMilli(0)
	for in.Scan() {
		var r capture.Record
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		if r.WallMs != 0 {
			start = time.UnixMilli(r.WallMs).Add(-time.Duration(r.TimeMs * float64(time.Millisecond)))
		}
		r.Index, r.At = int64(len(out)), start.Add(time.Duration(r.TimeMs*float64(time.Millisecond)))
		out = append(out, r)
	}
	if in.Err() != nil {
		t.Fatal(in.Err())
	}
	return out
}

func replay(all []capture.Record) *Log {
	l := NewLog(0)
	var d wire.Decoder
	for _, r := range all {
		for _, f := range d.Feed(r) {
			l.Feed(f)
		}
	}
	return l
}
