package capture

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rest reads to the end.
func rest(t testing.TB, r *Reader) []Record {
	t.Helper()
	var out []Record
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, rec)
	}
}

// readAll opens a file, reads it to its end and closes it.
func readAll(t testing.TB, path string) []Record {
	t.Helper()
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	out := rest(t, r)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return out
}

// recordings are the recordings of a real server.
func recordings(t testing.TB) []string {
	t.Helper()
	var all []string
	for _, dir := range []string{"", "incidents"} {
		found, err := filepath.Glob(filepath.Join("..", "testdata", "recordings", dir, "*.jsonl.zst"))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found...)
	}
	if len(all) < 40 {
		t.Fatalf("only %d recordings", len(all))
	}
	return all
}

func recording(name string) string {
	return filepath.Join("..", "testdata", "recordings", name+".jsonl.zst")
}

func TestRecordingsReadWhole(t *testing.T) {
	for _, path := range recordings(t) {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".jsonl.zst"), func(t *testing.T) {
			recs := readAll(t, path)
			for i, r := range recs {
				if r.Index != int64(i) {
					t.Fatalf("record %d has the index %d", i, r.Index)
				}
				if r.Dir == DirUndecoded || r.Dir == DirGap {
					t.Errorf("record %d: %s: %s", i, r.Dir, r.Note)
				}
				if r.At.Year() != 2026 {
					t.Errorf("record %d is dated %v", i, r.At)
				}
			}
			if len(recs) < 4 {
				t.Errorf("only %d records", len(recs))
			}
		})
	}
}

// BenchmarkOpen reads the largest recording, which is 5 MB of text.
func BenchmarkOpen(b *testing.B) {
	var n int
	for b.Loop() {
		n = len(readAll(b, recording("08-large")))
	}
	b.ReportMetric(float64(n), "records")
}

// packed is a small capture of this program, of several frames.
func packed(t testing.TB) ([]byte, []Record) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.kmscap")
	w := mustCreate(t, path, WriterOptions{})
	var all []Record
	for n := range 400 {
		r := event(n)
		r.Frame = []byte(fmt.Sprintf(`{"n":%d,"noise":"%x"}`, n, noise(n)))
		all = append(all, r)
		w.Append(r)
		if n%50 == 0 {
			if err := w.flush(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b, all
}

func file(t testing.TB, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// prefix checks that what was read is the beginning of what was written, with
// or without a gap at the end, and gives its length.
func prefix(t *testing.T, all, got []Record) int {
	t.Helper()
	if n := len(got); n > 0 && got[n-1].Dir == DirGap {
		got = got[:n-1]
	}
	if len(got) > len(all) {
		t.Fatalf("%d records of %d", len(got), len(all))
	}
	same(t, all[:len(got)], got)
	return len(got)
}

func TestCutAnywhere(t *testing.T) {
	whole, all := packed(t)
	var plain []byte
	for i := range all {
		plain = appendLine(plain, &all[i])
	}
	header, err := appendHeader(nil, Header{Created: start}, 0)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"zstd": whole, "plain": append(header, plain...)} {
		t.Run(name, func(t *testing.T) {
			step, last := 997, 0
			for at := 200; at < len(content); at += step {
				got := readAll(t, file(t, content[:at]))
				n := prefix(t, all, got)
				if n < last {
					t.Fatalf("cut at %d gives %d records, and earlier %d", at, n, last)
				}
				last = n
				if name == "plain" && content[at-1] != '\n' && got[len(got)-1].Dir != DirGap && !bytes.HasPrefix(content[at:], []byte("\n")) {
					t.Fatalf("the cut at %d is not told", at)
				}
			}
			if last < len(all)/2 {
				t.Errorf("the last cut gives %d records", last)
			}
		})
	}
	got := readAll(t, file(t, whole[:len(whole)-10]))
	if g := got[len(got)-1]; g.Dir != DirGap || !strings.Contains(g.Note, "the file was cut here") || !g.At.Equal(got[len(got)-2].At) {
		t.Errorf("at the cut: %+v", g)
	}
}

func TestCutRecording(t *testing.T) {
	b, err := os.ReadFile(recording("02-webrtc-loopback"))
	if err != nil {
		t.Fatal(err)
	}
	all := readAll(t, recording("02-webrtc-loopback"))
	for at := 997; at < len(b); at += 997 {
		prefix(t, all, readAll(t, file(t, b[:at])))
	}
}

func TestDamageIsPassedOver(t *testing.T) {
	whole, all := packed(t)
	broken := bytes.Clone(whole)
	for i := range 40 {
		broken[len(broken)/2+i] ^= 0x5a
	}
	got := readAll(t, file(t, broken))
	gaps := 0
	for _, r := range got {
		if r.Dir == DirGap {
			gaps++
		}
	}
	lost := len(all) - (len(got) - gaps)
	if gaps == 0 || lost == 0 || lost > 150 {
		t.Errorf("%d gaps, %d lost", gaps, lost)
	}
	if g := got[len(got)-1]; !bytes.Equal(g.Frame, all[len(all)-1].Frame) || !g.At.Equal(all[len(all)-1].At) {
		t.Errorf("it ends with %+v", g)
	}
}

func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct{ path, want string }{
		"missing": {filepath.Join(dir, "none"), "does not exist; check the name"},
		"folder":  {dir, "is a folder"},
		"empty":   {file(t, nil), "is empty"},
		"text":    {file(t, []byte("Dear diary,\ntoday\n")), "is not a capture"},
		"json":    {file(t, []byte(`{"name":"kmscope","version":1}`)), "is not a capture"},
		"binary":  {file(t, bytes.Repeat([]byte{0, 1, 2, 250}, 1<<21)), "is not a capture"},
		"newer":   {file(t, []byte(`{"kmscope_capture":2,"created":5}`+"\n")), "newer kmscope (capture version 2"},
		"header":  {file(t, []byte(`{"kmscope_capture":"x"}`+"\n")), "no version number"},
	} {
		r, err := Open(c.path)
		if err == nil {
			r.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLinesThatAreNoRecords(t *testing.T) {
	text := "\xef\xbb\xbf" + `{"t":1.5,"dir":"open","conn":"c","wall":1795246824489}
{"t":3,"dir":"recv","conn":"c","frame":{}}

not json
{"t":4}
[1]
{"t":5,"dir":"later","conn":"c"}
{"t":6,"dir":"recv","conn":"c"}
{"t":"7","dir":"recv"}
{"t":1e300,"dir":"note"}
{"t":8,"dir":"open","conn":"d","wall":99999999999999999}
{"t":9,"dir":"recv","conn":"c","frame":{"x":1},"future":{"y":[2]}}
{"t":10,"dir":"open","conn":"d","wall":1795246900000}
{"t":11.001,"dir":"note","note":"last, without a line end"}`
	recs := readAll(t, file(t, []byte(text)))
	var got []string
	for _, r := range recs {
		got = append(got, fmt.Sprintf("%d %s %s %s", r.Index, r.Dir, r.Frame, r.At.Format("15:04:05.000000")))
	}
	want := []string{
		"0 open  07:40:24.489000",
		"1 recv {} 07:40:24.490500",
		`2 undecoded "not json" 07:40:24.490500`,
		`3 undecoded "{\"t\":4}" 07:40:24.490500`,
		`4 undecoded "[1]" 07:40:24.490500`,
		`5 undecoded "{\"t\":5,\"dir\":\"later\",\"conn\":\"c\"}" 07:40:24.490500`,
		`6 undecoded "{\"t\":6,\"dir\":\"recv\",\"conn\":\"c\"}" 07:40:24.490500`,
		`7 undecoded "{\"t\":\"7\",\"dir\":\"recv\"}" 07:40:24.490500`,
		`8 undecoded "{\"t\":1e300,\"dir\":\"note\"}" 07:40:24.490500`,
		`9 undecoded "{\"t\":8,\"dir\":\"open\",\"conn\":\"d\",\"wall\":99999999999999999}" 07:40:24.490500`,
		`10 recv {"x":1} 07:40:24.496500`,
		"11 open  07:41:40.000000",
		"12 note  07:41:40.001001",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestALineThatIsTooLong(t *testing.T) {
	var b bytes.Buffer
	enc, err := zstd.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(enc, `{"t":1,"dir":"note","note":"before"}`)
	chunk := bytes.Repeat([]byte("x"), 1<<20)
	for range 70 {
		if _, err := enc.Write(chunk); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Fprintf(enc, "\n%s\n", `{"t":2,"dir":"note","note":"after"}`)
	if err := enc.Close(); err != nil {
		t.Fatal(err)
	}
	got := readAll(t, file(t, b.Bytes()))
	if len(got) != 3 || got[1].Dir != DirUndecoded || len(got[1].Frame) > keptRawBytes+2 || got[2].Note != "after" {
		t.Errorf("%d records", len(got))
	}
}

func TestSeek(t *testing.T) {
	content, all := packed(t)
	ringPath := filepath.Join(t.TempDir(), "ring")
	ringOf(t, ringPath, 1000)
	var plain []byte
	for i := range all {
		plain = appendLine(plain, &all[i])
	}
	for name, path := range map[string]string{
		"capture": file(t, content), "ring": ringPath, "recording": recording("02-webrtc-loopback"), "plain": file(t, plain),
		"damaged": file(t, append(bytes.Clone(content[:len(content)/2]), "damage"...)),
	} {
		t.Run(name, func(t *testing.T) {
			want := readAll(t, path)
			r, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			for _, i := range []int{len(want) - 2, 3, len(want) / 2, 2, len(want) / 3} {
				at := want[i].At
				first := slices.IndexFunc(want, func(r Record) bool { return !r.At.Before(at) })
				if err := r.SeekTo(at); err != nil {
					t.Fatal(err)
				}
				if got := rest(t, r); !reflect.DeepEqual(got, want[first:]) {
					t.Fatalf("seek to record %d: %d records, want %d; first %+v want %+v", first, len(got), len(want)-first, got[0], want[first])
				}
			}
			if err := r.SeekTo(want[len(want)-1].At.Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
			if got := rest(t, r); len(got) != 0 {
				t.Errorf("%d records after the end", len(got))
			}
			if err := r.SeekTo(time.Time{}); err != nil {
				t.Fatal(err)
			}
			if got := rest(t, r); !reflect.DeepEqual(got, want) {
				t.Errorf("%d records from the start, want %d", len(got), len(want))
			}
		})
	}
}

// Two captures in one file, as cat makes them.
func TestConcatenated(t *testing.T) {
	content, all := packed(t)
	got := readAll(t, file(t, append(bytes.Clone(content), content...)))
	same(t, append(slices.Clone(all), all...), got)
}

func FuzzReader(f *testing.F) {
	content, _ := packed(f)
	f.Add(content[:2000])
	b, err := os.ReadFile(recording("05b-malformed"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte("{\"kmscope_capture\":1,\"wall\":5}\n{\"t\":1,\"dir\":\"note\"}\n"))
	f.Add([]byte("{\"t\":1,\"dir\":\"open\",\"wall\":5}\nx"))
	path := filepath.Join(f.TempDir(), "fuzzed")
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := Open(path)
		if err != nil {
			return
		}
		defer r.Close()
		var all []Record
		for len(all) < 10_000 {
			rec, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if rec.Index != int64(len(all)) {
				t.Fatalf("record %d has the index %d", len(all), rec.Index)
			}
			if len(rec.Frame) > 0 && !json.Valid(rec.Frame) {
				t.Fatalf("record %d holds %q", len(all), rec.Frame)
			}
			if _, err := json.Marshal(rec.At); err != nil {
				t.Fatal(err)
			}
			all = append(all, rec)
		}
		if p := r.Progress(); p < 0 || p > 1 {
			t.Fatalf("progress %v", p)
		}
		if len(all) > 0 {
			if err := r.SeekTo(all[len(all)/2].At); err != nil {
				t.Fatal(err)
			}
			if _, err := r.Next(); err != nil && !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
		}
	})
}
