package capture

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"kmscope/kmsconn/jsonrpc"
)

var start = time.Date(2026, 11, 21, 9, 0, 0, 123456789, time.UTC)

// hands is a clock whose timers the test lets run out.
type hands struct{ c chan time.Time }

func stopped() hands { return hands{make(chan time.Time)} }

func (h hands) clock() clock {
	return clock{func() time.Time { return start }, func(time.Duration) <-chan time.Time { return h.c }}
}

// until waits for a condition.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("%s: not within a minute", what)
		case <-tick.C:
		}
	}
}

// event is a message of a connection, n of them at distinct times.
func event(n int) Record {
	r := Record{Dir: DirRecv, Conn: "obs", Frame: json.RawMessage(fmt.Sprintf(
		`{"jsonrpc":"2.0","method":"onEvent","params":{"value":{"type":"MediaStateChanged","object":"o","data":{"n":%d, "text":"<&>\u2028é"}}}}`, n))}
	Stamp(&r, start.Add(time.Duration(n)*10*time.Millisecond+time.Duration(n)*time.Microsecond), start)
	return r
}

func opened(conn string, ms int) Record {
	return FromFrame(jsonrpc.Frame{
		At: start.Add(time.Duration(ms) * time.Millisecond), Dir: jsonrpc.Open, Conn: conn, URL: "ws://user:secret@kms:8888/kurento",
	}, start)
}

func mustCreate(t testing.TB, path string, o WriterOptions) *Writer {
	t.Helper()
	w, err := Create(path, Header{Created: start, Tool: "test 1", Redacted: true}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// same compares what was written with what was read, to the last bit.
func same(t testing.TB, want, got []Record) {
	t.Helper()
	if len(want) != len(got) {
		t.Fatalf("%d records were written, %d read", len(want), len(got))
	}
	for i := range want {
		w := want[i]
		w.Index, w.whole = int64(i), got[i].whole
		if !reflect.DeepEqual(w, got[i]) {
			t.Fatalf("record %d:\n wrote %+v\n  read %+v", i, w, got[i])
		}
	}
}

// everything is one record of each kind.
func everything() []Record {
	frame := func(ms int, f jsonrpc.Frame) Record {
		f.At, f.Conn = start.Add(time.Duration(ms)*time.Millisecond+1234*time.Nanosecond), "c"
		return FromFrame(f, start)
	}
	gap := Record{Dir: DirGap, Conn: "c", Dropped: 7, Note: "too fast"}
	note := Record{Dir: DirNote, Note: "the video froze\nhere"}
	Stamp(&gap, start.Add(8*time.Second), start)
	Stamp(&note, start.Add(9*time.Second), start)
	return []Record{
		frame(0, jsonrpc.Frame{Dir: jsonrpc.Error, URL: "ws://kms", Err: "refused"}),
		frame(1, jsonrpc.Frame{Dir: jsonrpc.Open, URL: "ws://kms"}),
		frame(2, jsonrpc.Frame{Dir: jsonrpc.Send, Data: []byte(`{"id": 1,  "method":"ping"}`)}),
		frame(3, jsonrpc.Frame{Dir: jsonrpc.Recv, Data: []byte("{\n \"id\": 1,\r\n \"result\": {}\n}\n")}),
		frame(4, jsonrpc.Frame{Dir: jsonrpc.Recv, Data: []byte("no \xff JSON\x00")}),
		frame(5, jsonrpc.Frame{Dir: jsonrpc.Send, Data: nil}),
		frame(6, jsonrpc.Frame{Dir: jsonrpc.Recv, Data: []byte("\"bad utf-8 \xff\"")}),
		frame(7, jsonrpc.Frame{Dir: jsonrpc.Close, By: "server", Code: 1002, Reason: "Invalid path"}),
		gap, note,
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.kmscap")
	w := mustCreate(t, path, WriterOptions{})
	want := everything()
	for _, r := range want {
		w.Append(r)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	same(t, want, readAll(t, path))
	st := w.State()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if st.Records != int64(len(want)) || st.Dropped != 0 || st.Bytes != info.Size() || !st.Kept || st.Path != path || st.Err != nil {
		t.Errorf("state %+v, size %d", st, info.Size())
	}
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	h := r.Header()
	if !h.Created.Equal(start.Truncate(time.Millisecond)) || h.Version != 1 || h.Tool != "test 1" || !h.Redacted {
		t.Errorf("header %+v", h)
	}
	if p := r.Progress(); p != 0 {
		t.Errorf("progress %v at the start", p)
	}
	rest(t, r)
	if p := r.Progress(); p != 1 {
		t.Errorf("progress %v at the end", p)
	}
}

func TestOtherProgramsReadIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.kmscap")
	w := mustCreate(t, path, WriterOptions{})
	for _, r := range everything() {
		w.Append(r)
		if err := w.flush(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	// What any decoder of zstd and any parser of JSON make of it.
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	dec, err := zstd.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	defer dec.Close()
	out, err := io.ReadAll(dec)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(out) {
		if !json.Valid(line) {
			t.Errorf("no JSON: %s", line)
		}
	}
	// The programs themselves, where there are any.
	_, noZstd := exec.LookPath("zstd")
	_, noJq := exec.LookPath("jq")
	if noZstd == nil && noJq == nil {
		if out, err = exec.Command("sh", "-c", `zstd -dc "$1" | jq -c .`, "sh", path).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	if n := bytes.Count(out, []byte("\n")); n != 11 {
		t.Errorf("%d lines:\n%s", n, out)
	}
	if want := `{"kmscope_capture":1,"created":"2026-11-21T09:00:00.123Z","wall":1795251600123,"tool":"test 1","redacted":true}`; !strings.HasPrefix(string(out), want+"\n") {
		t.Errorf("the header is %s", bytes.SplitN(out, []byte("\n"), 2)[0])
	}
}

// A crash leaves the file as it is at any moment.
func TestACrashLosesASecond(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.kmscap")
	h := stopped()
	w, err := create(path, Header{Created: start}, WriterOptions{}, h.clock(), diskFiles{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	var want []Record
	for second := range 3 {
		for n := range 100 {
			r := event(second*100 + n)
			want = append(want, r)
			w.Append(r)
		}
		h.c <- start // a second is over
		// What was taken after the timer began is in this frame or the next.
		if err := w.flush(); err != nil {
			t.Fatal(err)
		}
		crashed := filepath.Join(dir, fmt.Sprint("crash", second))
		copyTo(t, path, crashed)
		same(t, want, readAll(t, crashed))
	}
}

func copyTo(t testing.TB, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestAFrameEndsWithItsSecond(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.kmscap")
	h := stopped()
	w, err := create(path, Header{Created: start}, WriterOptions{}, h.clock(), diskFiles{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	w.Append(event(1))
	h.c <- start
	until(t, "the record is on the disk", func() bool { return w.State().Records == 1 })
	same(t, []Record{event(1)}, readAll(t, path))
}

// fullDisk takes bytes until there is no room left.
type fullDisk struct {
	diskFiles
	room  atomic.Int64
	block chan struct{} // while not nil, writing waits for it
}

type fullFile struct {
	outFile
	d *fullDisk
}

func (d *fullDisk) create(path string) (outFile, error) {
	f, err := d.diskFiles.create(path)
	return fullFile{f, d}, err
}

func (f fullFile) Write(b []byte) (int, error) {
	if f.d.block != nil {
		<-f.d.block
	}
	room := f.d.room.Load()
	if int64(len(b)) <= room {
		f.d.room.Add(-int64(len(b)))
		return f.outFile.Write(b)
	}
	n, err := f.outFile.Write(b[:room])
	f.d.room.CompareAndSwap(room, 0) // the test may have made room meanwhile
	return n, errors.Join(err, syscall.ENOSPC)
}

func TestAFullDiskIsSaidAndWaitedFor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.kmscap")
	h := stopped()
	d := &fullDisk{}
	d.room.Store(400)
	w, err := create(path, Header{Created: start}, WriterOptions{QueueBytes: 20_000}, h.clock(), d)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	var want []Record
	for n := range 50 {
		want = append(want, event(n))
		w.Append(event(n))
	}
	if err := w.flush(); err == nil || !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the full disk was not noticed: %v", err)
	}
	if st := w.State(); st.Err == nil || !strings.Contains(st.Err.Error(), "the disk is full") || st.Records != 0 {
		t.Fatalf("state %+v", st)
	}
	for n := 50; n < 1000; n++ { // more than the queue holds
		w.Append(event(n))
	}
	dropped := int(w.State().Dropped)
	if dropped == 0 || dropped >= 950 {
		t.Fatalf("%d dropped", dropped)
	}
	h.c <- start // tries again, in vain
	d.room.Store(1 << 20)
	h.c <- start
	until(t, "there is room again", func() bool { return w.State().Err == nil })
	w.Append(event(1000))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got := readAll(t, path)
	for n := 50; n < 1000-dropped; n++ {
		want = append(want, event(n))
	}
	gap := event(1000 - dropped)
	gap = Record{Dir: DirGap, TimeMs: gap.TimeMs, At: gap.At, Dropped: dropped, Note: "the disk did not take them in time"}
	same(t, append(want, gap, event(1000)), got)
}

func TestAppendNeverWaits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.kmscap")
	d := &fullDisk{block: make(chan struct{}, 1)}
	d.room.Store(1 << 30)
	d.block <- struct{}{} // the header
	w, err := create(path, Header{Created: start}, WriterOptions{QueueBytes: 1 << 20}, stopped().clock(), d)
	if err != nil {
		t.Fatal(err)
	}
	const all = 50_000
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			for n := range all / 5 {
				w.Append(event(n)) // the disk hangs: were this to wait, the test would
			}
		})
	}
	wg.Wait()
	if w.State().Dropped == 0 {
		t.Error("nothing was dropped although the disk hung")
	}
	close(d.block)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	records, missing := 0, 0
	for _, r := range readAll(t, path) {
		if r.Dir == DirGap {
			missing += r.Dropped
		} else {
			records++
		}
	}
	if records+missing != all {
		t.Errorf("%d records and %d missing ones are not %d", records, missing, all)
	}
}

func TestCreateRefusals(t *testing.T) {
	dir := t.TempDir()
	taken := filepath.Join(dir, "taken")
	if err := os.WriteFile(taken, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		taken:                          "exists already",
		filepath.Join(dir, "no", "a"):  "there is no folder",
		filepath.Join(taken, "within"): "cannot be written",
	} {
		w, err := Create(path, Header{}, WriterOptions{})
		if err == nil {
			w.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// ringOf writes enough to go round several times.
func ringOf(t testing.TB, path string, n int) (*Writer, []Record) {
	t.Helper()
	w := mustCreate(t, path, WriterOptions{LimitBytes: 32 << 10})
	all := []Record{opened("obs", 0), opened("gone", 1)}
	closed := FromFrame(jsonrpc.Frame{At: start.Add(2 * time.Millisecond), Dir: jsonrpc.Close, Conn: "gone", Code: 1000}, start)
	all = append(all, closed)
	for i := 1; i < n; i++ {
		r := event(i)
		r.Frame = json.RawMessage(fmt.Sprintf(`{"n":%d,"noise":"%x"}`, i, noise(i)))
		all = append(all, r)
	}
	for i, r := range all {
		w.Append(r)
		if i%20 == 0 {
			if err := w.flush(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.flush(); err != nil {
		t.Fatal(err)
	}
	return w, all
}

// noise does not compress.
func noise(n int) []byte {
	var out []byte
	x := uint64(n)*2654435761 + 88172645463325252
	for range 100 {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		out = append(out, byte(x>>32))
	}
	return out
}

// tail checks that a ring holds the newest records, after what it must repeat.
func tail(t *testing.T, all, got []Record) {
	t.Helper()
	if len(got) < 3 || got[0].Dir != DirGap || got[1].Dir != DirOpen || !got[1].Resumed || got[1].Conn != "obs" || got[1].Server != "ws://kms:8888/kurento" {
		t.Fatalf("the ring begins with %+v", got[:min(3, len(got))])
	}
	got = got[2:]
	for i := range got {
		want := all[len(all)-len(got)+i]
		want.Index, want.whole = int64(i+2), got[i].whole
		if !reflect.DeepEqual(want, got[i]) {
			t.Fatalf("record %d:\n wrote %+v\n  read %+v", i, want, got[i])
		}
	}
	if len(got) < 100 {
		t.Errorf("the ring holds %d records only", len(got))
	}
}

func TestRing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.kmscap")
	w, all := ringOf(t, path, 1000)
	tail(t, all, readAll(t, path))
	st := w.State()
	if st.Bytes > 40<<10 || st.Kept || st.Records != int64(len(all)) {
		t.Errorf("state %+v", st)
	}
	files, err := filepath.Glob(path + "*")
	if err != nil || len(files) != ringSegments {
		t.Fatalf("%d files, %v", len(files), err)
	}
	first := readAll(t, path)[2].At
	if !st.Since.Equal(first) && st.Since.After(first) {
		t.Errorf("since %v, first %v", st.Since, first)
	}
	// Each file is a capture alone, and knows the server.
	for _, f := range files {
		recs := readAll(t, f)
		known := false
		for _, r := range recs {
			known = known || r.Dir == DirOpen && r.Conn == "obs" && r.Server != ""
		}
		if !known {
			t.Errorf("%s does not tell the server", f)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	// A crash between two files of the ring.
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, path); len(got) < 100 {
		t.Errorf("%d records without the newest file", len(got))
	}
	// One that went missing.
	files = files[:0]
	for _, n := range ringFiles(path) {
		files = append(files, segmentPath(path, n))
	}
	if err := os.Remove(files[3]); err != nil {
		t.Fatal(err)
	}
	gaps := 0
	for _, r := range readAll(t, path) {
		if r.Dir == DirGap {
			gaps++
		}
	}
	if gaps != 2 {
		t.Errorf("%d gaps, for the beginning and the missing file", gaps)
	}
	if w, err := Create(path, Header{}, WriterOptions{LimitBytes: 1}); err == nil {
		w.Close()
		t.Error("a ring was begun among the files of another")
	}
}

func TestKeepARing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.kmscap")
	w, all := ringOf(t, path, 1000)
	taken := filepath.Join(dir, "taken")
	if err := os.WriteFile(taken, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := w.Keep(taken); err == nil || !strings.Contains(err.Error(), "exists already") {
		t.Errorf("an existing file: %v", err)
	}
	if b, err := os.ReadFile(taken); err != nil || string(b) != "mine" {
		t.Errorf("the existing file was changed: %q %v", b, err)
	}
	held := readAll(t, path)
	kept := filepath.Join(dir, "kept.kmscap")
	if err := w.Keep(kept); err != nil {
		t.Fatal(err)
	}
	if st := w.State(); st.Path != kept || w.Path() != kept || !st.Kept {
		t.Errorf("state %+v", st)
	}
	for i := 1000; i < 2000; i++ {
		r := event(i)
		r.Frame = json.RawMessage(fmt.Sprintf(`{"noise":"%x"}`, noise(i)))
		all = append(all, r)
		w.Append(r)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got := readAll(t, kept)
	tail(t, all, got)
	if len(got) != len(held)+1000 {
		t.Errorf("%d records kept of %d", len(got)-1000, len(held))
	}
	left, err := filepath.Glob(path + "*")
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestKeepAFile(t *testing.T) {
	dir := t.TempDir()
	path, kept := filepath.Join(dir, "a.kmscap"), filepath.Join(dir, "b.kmscap")
	w := mustCreate(t, path, WriterOptions{LimitBytes: 1 << 30})
	want := everything()
	for i, r := range want {
		w.Append(r)
		if i == 4 {
			if err := w.Keep(kept); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	same(t, want, readAll(t, kept))
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the old file: %v", err)
	}
	if err := w.Keep(path); err == nil {
		t.Error("a finished capture was kept")
	}
	w.Append(event(1)) // does nothing
}

func BenchmarkAppend(b *testing.B) {
	w := mustCreate(b, filepath.Join(b.TempDir(), "a.kmscap"), WriterOptions{QueueBytes: 1 << 30})
	r := event(1)
	b.SetBytes(int64(len(r.Frame)))
	b.ReportAllocs()
	for b.Loop() {
		w.Append(r)
	}
	b.StopTimer()
	if err := w.flush(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkWrite is Append with all that follows, to the file.
func BenchmarkWrite(b *testing.B) {
	w := mustCreate(b, filepath.Join(b.TempDir(), "a.kmscap"), WriterOptions{})
	r := event(1)
	b.SetBytes(int64(len(r.Frame)))
	for n := 0; b.Loop(); n++ {
		w.Append(r)
		if n%10_000 == 0 {
			if err := w.flush(); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := w.flush(); err != nil {
		b.Fatal(err)
	}
	if d := w.State().Dropped; d > 0 {
		b.Fatalf("%d dropped", d)
	}
}
