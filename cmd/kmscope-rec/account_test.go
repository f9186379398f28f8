package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"go.uber.org/goleak"
)

// TestEveryRecordIsAccountedFor compares what info and print say of each
// recording of a real server with the lines that are in it.
func TestEveryRecordIsAccountedFor(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	root := filepath.Join("..", "..", "testdata", "recordings")
	files, err := filepath.Glob(filepath.Join(root, "*.zst"))
	if err != nil {
		t.Fatal(err)
	}
	incidents, err := filepath.Glob(filepath.Join(root, "incidents", "*.zst"))
	if err != nil {
		t.Fatal(err)
	}
	if files = append(files, incidents...); len(files) < 40 {
		t.Fatalf("found %d recordings, want all of them", len(files))
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			want := linesOf(t, file)
			var out, errs bytes.Buffer
			if code := run(t.Context(), []string{"info", "--json", file}, &out, &errs); code != 0 || errs.Len() > 0 {
				t.Fatalf("exit status %d: %s", code, errs.String())
			}
			var got infoJSON
			dec := json.NewDecoder(&out)
			dec.DisallowUnknownFields()
			if err := dec.Decode(&got); err != nil {
				t.Fatal(err)
			}
			if _, err := dec.Token(); err != io.EOF {
				t.Errorf("info --json printed more than one object")
			}
			undecoded := 0
			if strings.HasPrefix(filepath.Base(file), "05b-") {
				undecoded = 4 // text, nothing, an array and a number were sent as frames
			}
			if got.Records != len(want) || got.Undecoded != undecoded || got.Gaps != 0 || len(got.Servers) != 1 {
				t.Errorf("%d records, %d undecoded, %d gaps, %d servers; want %d, %d, 0, 1", got.Records, got.Undecoded, got.Gaps, len(got.Servers), len(want), undecoded)
			}
			for _, s := range got.Servers {
				for typ, n := range s.Alive {
					if strings.Contains(typ, ".") || n > s.Objects[typ] {
						t.Errorf("%d %s are alive of %d ever seen", n, typ, s.Objects[typ])
					}
				}
			}
			out.Reset()
			if code := run(t.Context(), []string{"print", file, "--json"}, &out, &errs); code != 0 {
				t.Fatal(errs.String())
			}
			lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
			if len(lines) != len(want) {
				t.Fatalf("print --json printed %d lines of %d", len(lines), len(want))
			}
			for i, line := range lines {
				if !sameFrame(line, want[i]) {
					t.Fatalf("record %d is printed as\n%s\nbut stands in the file as\n%s", i, line, want[i])
				}
			}
		})
	}
}

// linesOf reads a recording without any code of the program.
func linesOf(t *testing.T, file string) []string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	var out []string
	in := bufio.NewScanner(d)
	in.Buffer(nil, 64<<20)
	for in.Scan() {
		out = append(out, in.Text())
	}
	if err := in.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// sameFrame compares time, direction and message byte by byte.
func sameFrame(a, b string) bool {
	type record struct {
		T     json.Number     `json:"t"`
		Dir   string          `json:"dir"`
		Conn  string          `json:"conn"`
		Frame json.RawMessage `json:"frame"`
	}
	var x, y record
	if json.Unmarshal([]byte(a), &x) != nil || json.Unmarshal([]byte(b), &y) != nil {
		return false
	}
	return x.T == y.T && x.Dir == y.Dir && x.Conn == y.Conn && bytes.Equal(x.Frame, y.Frame)
}

// TestRecordLeavesNothingBehind ends a recording in the middle: no goroutine
// stays, and the server has no session of ours.
func TestRecordLeavesNothingBehind(t *testing.T) {
	server := simulate(t, "conference")
	ignore := goleak.IgnoreCurrent()
	file := filepath.Join(t.TempDir(), "c.kmscap")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan int, 1)
	var errs bytes.Buffer
	go func() { ended <- run(ctx, []string{"record", server, "-o", file}, io.Discard, &errs) }()
	deadline := time.Now().Add(30 * time.Second)
	for recordsIn(file) < 200 {
		if time.Now().After(deadline) {
			t.Fatal("nothing was recorded in 30 s")
		}
		<-time.After(20 * time.Millisecond)
	}
	stop()
	select {
	case code := <-ended:
		if code != 0 {
			t.Fatalf("exit status %d: %s", code, errs.String())
		}
	case <-time.After(30 * time.Second):
		t.Fatal("record did not end in 30 s")
	}
	goleak.VerifyNone(t, ignore, goleak.IgnoreAnyFunction("kmscope/kmssim.(*Server).Start.func1"))
	var out bytes.Buffer
	if code := run(t.Context(), []string{"info", "--json", file}, &out, &errs); code != 0 {
		t.Fatal(errs.String())
	}
	var got infoJSON
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Gaps != 0 || got.Undecoded != 0 || len(got.Servers) != 1 || got.Servers[0].Alive["WebRtcEndpoint"] == 0 {
		t.Errorf("the capture holds %+v", got)
	}
}
