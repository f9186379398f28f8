package wire

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"kmscope/capture"
)

func decode(t testing.TB, lines string) []Fact {
	t.Helper()
	var d Decoder
	var out []Fact
	for i, line := range strings.Split(strings.TrimSpace(lines), "\n") {
		var r capture.Record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("line %d: %v", i+1, err)
		}
		r.Index = int64(i)
		r.At = time.UnixMilli(int64(r.TimeMs))
		out = append(out, d.Feed(r)...)
	}
	return out
}

func (f Fact) summary() string {
	switch f.Kind {
	case KindRequest:
		return fmt.Sprintf("request %s %s %s", f.Method, f.Operation, f.Object)
	case KindCall:
		s := fmt.Sprintf("call %s %s %s params=%s took=%s", f.Method, f.Operation, f.Object, f.Params, f.Took)
		if f.Err != nil {
			return s + fmt.Sprintf(" error=%d %s %q", f.Err.Code, f.Err.Type, f.Err.Message)
		}
		return s + fmt.Sprintf(" result=%s server=%q session=%q", f.Result, f.ServerID, f.SessionID)
	case KindEvent:
		return fmt.Sprintf("event %s %s stamp=%d data=%s", f.Type, f.Object, f.Stamp.UnixMilli(), f.Data)
	case KindUndecoded:
		return "undecoded: " + f.Text
	}
	return fmt.Sprintf("kind %d %q code=%d dropped=%d", f.Kind, f.Text, f.Code, f.Dropped)
}

// TestTranscripts runs testdata/*.txtar: each archive holds "in" (records) and
// "facts" (what they say, a line each).
func TestTranscripts(t *testing.T) {
	a, err := txtar.ParseFile("testdata/transcripts.txtar")
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Files)%2 != 0 || len(a.Files) < 10 {
		t.Fatalf("%d files in the archive: want pairs of NAME/in and NAME/facts", len(a.Files))
	}
	for i := 0; i < len(a.Files); i += 2 {
		in, want := a.Files[i], a.Files[i+1]
		t.Run(strings.TrimSuffix(in.Name, "/in"), func(t *testing.T) {
			var got strings.Builder
			for _, f := range decode(t, string(in.Data)) {
				fmt.Fprintln(&got, strings.Join(strings.Fields(f.summary()), " "))
			}
			if got.String() != string(want.Data) {
				t.Errorf("facts:\n%swant:\n%s", got.String(), want.Data)
			}
		})
	}
}

func TestPendingRequestsAreBounded(t *testing.T) {
	var d Decoder
	for i := range 3 * maxPending {
		d.Feed(capture.Record{Dir: capture.DirSend, Conn: "c", Frame: json.RawMessage(fmt.Sprintf(`{"id":%d,"method":"ping"}`, i))})
	}
	c := d.conns["c"]
	if len(c.pending) > maxPending || len(c.order) > maxPending {
		t.Errorf("%d requests wait, %d are remembered; the bound is %d", len(c.pending), len(c.order), maxPending)
	}
	last := fmt.Sprintf(`{"id":%d,"result":{"value":"pong"}}`, 3*maxPending-1)
	if f := d.Feed(capture.Record{Dir: capture.DirRecv, Conn: "c", Frame: json.RawMessage(last)}); len(f) != 1 || f[0].Method != "ping" {
		t.Errorf("the newest request was forgotten: %v", f)
	}
}

func FuzzFeed(f *testing.F) {
	a, err := txtar.ParseFile("testdata/transcripts.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range a.Files {
		if strings.HasSuffix(file.Name, "/in") {
			for line := range strings.SplitSeq(strings.TrimSpace(string(file.Data)), "\n") {
				f.Add([]byte(line))
			}
		}
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		var d Decoder
		var r capture.Record
		if json.Unmarshal(line, &r) != nil {
			r = capture.Record{Dir: capture.DirRecv, Frame: line}
		}
		// A request that the frame may answer, then the frame, both ways.
		d.Feed(capture.Record{Dir: capture.DirSend, Conn: r.Conn, Frame: json.RawMessage(
			`{"id":1,"method":"transaction","params":{"operations":[{"id":0,"method":"create","params":{}},{"id":1,"method":"invoke","params":{"object":"newref:0","operation":"getName"}}]}}`)})
		for _, dir := range []string{r.Dir, capture.DirRecv, capture.DirSend} {
			r.Dir = dir
			for _, fact := range d.Feed(r) {
				if fact.Kind == 0 {
					t.Errorf("a fact without a kind from %q", line)
				}
			}
		}
	})
}
