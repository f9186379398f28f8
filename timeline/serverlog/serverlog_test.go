package serverlog

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"kmscope/capture"
	"kmscope/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func readAll(t testing.TB, r *Reader, err error) []Line {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	var out []Line
	for {
		l, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, l)
	}
	return out
}

func readFile(t testing.TB, path string) []Line {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := NewReader(path, f)
	return readAll(t, r, err)
}

func readText(t testing.TB, text string) []Line {
	t.Helper()
	r, err := NewReader("the test's log", strings.NewReader(text))
	return readAll(t, r, err)
}

const (
	pipeline = "9b0ed85a-d005-47a1-acbe-639e64cd2263_kurento.MediaPipeline"
	endpoint = pipeline + "/1f56fb5a-a125-4ae1-9ff8-9aa753db2da1_kurento.WebRtcEndpoint"
)

func TestFormats(t *testing.T) {
	dated := func(s string) time.Duration {
		at, err := time.Parse("2006-01-02T15:04:05.000000", s)
		if err != nil {
			t.Fatal(err)
		}
		return time.Duration(at.UnixNano())
	}
	for _, c := range []struct {
		name, text string
		want       Line
	}{
		{"counted", "0:01:05.092440500 26896 0x55cb46b09e00 INFO      KurentoMediaServer main.cpp:240:main: Kurento Media Server version: 7.3.1",
			Line{Clock: 65*time.Second + 92440500, PID: 26896, Thread: "0x55cb46b09e00", Level: Info, Component: "KurentoMediaServer",
				Source: "main.cpp:240", Function: "main", Text: "Kurento Media Server version: 7.3.1"}},
		{"an element", "0:00:11.654904422 25486 0x7f7484002300 DEBUG   KurentoWebRtcEndpointImpl WebRtcEndpointImpl.cpp:357:onDtlsConnectionStateChanged:<kmswebrtcendpoint1> DTLS of " + endpoint + ", done",
			Line{Clock: 11654904422, PID: 25486, Thread: "0x7f7484002300", Level: Debug, Component: "KurentoWebRtcEndpointImpl", Source: "WebRtcEndpointImpl.cpp:357",
				Function: "onDtlsConnectionStateChanged", Element: "kmswebrtcendpoint1", Text: "DTLS of " + endpoint + ", done", Objects: []string{endpoint}}},
		{"a pad", "0:00:01.000000000 1 0x1 WARN basesrc gstbasesrc.c:1:loop:<src:src> pausing",
			Line{Clock: time.Second, PID: 1, Thread: "0x1", Level: Warning, Component: "basesrc", Source: "gstbasesrc.c:1", Function: "loop", Element: "src:src", Text: "pausing"}},
		{"colours", "0:00:00.000127059 \x1b[335m26896\x1b[00m 0x55cb46b09e00 \x1b[36mINFO   \x1b[00m \x1b[00m   GST_INIT gst.c:576:init_pre:\x1b[00m Initializing",
			Line{Clock: 127059, PID: 26896, Thread: "0x55cb46b09e00", Level: Info, Component: "GST_INIT", Source: "gst.c:576", Function: "init_pre", Text: "Initializing"}},
		{"dated", "2026-11-21T10:58:49,922428 31243 0x00007fa603a1e2c0    info KurentoMediaServer        main.cpp:196 main()  Logs storage path set to logs",
			Line{Clock: dated("2026-11-21T10:58:49.922428"), Dated: true, PID: 31243, Thread: "0x00007fa603a1e2c0", Level: Info, Component: "KurentoMediaServer",
				Source: "main.cpp:196", Function: "main", Text: "Logs storage path set to logs"}},
		{"dated with a blank", "2017-12-31 23:59:59,493295 17521 [0x00007fd59f2a78c0] warning webrtcendpoint kmswebrtcendpoint.c:439 kms_add() <kmswebrtcendpoint5>  Odd",
			Line{Clock: dated("2017-12-31T23:59:59.493295"), Dated: true, PID: 17521, Thread: "0x00007fd59f2a78c0", Level: Warning, Component: "webrtcendpoint",
				Source: "kmswebrtcendpoint.c:439", Function: "kms_add", Element: "kmswebrtcendpoint5", Text: "Odd"}},
		{"JSON", `{"time":"2020-04-08T12:34:56.123456Z","proc!id":"12","proc!tid":140,"gstreamer!level":4,"subsys":"kms","file!name":"main.cpp","file!line":255,"native!function":"main","native!object":"<a> ","msg":"of \/ ` + pipeline + `"}`,
			Line{Clock: dated("2020-04-08T12:34:56.123456"), Dated: true, PID: 12, Thread: "0x8c", Level: Info, Component: "kms", Source: "main.cpp:255",
				Function: "main", Element: "a", Text: "of / " + pipeline, Objects: []string{pipeline}}},
		{"a container's prefix", "kms_1  | 0:00:00.100000000 1 0x1 LOG a b.c:2:d: text",
			Line{Clock: 100 * time.Millisecond, PID: 1, Thread: "0x1", Level: Log, Component: "a", Source: "b.c:2", Function: "d", Text: "text"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.want.Number, c.want.Timed = 1, true
			if d := cmp.Diff([]Line{c.want}, readText(t, c.text+"\r\n")); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestContinuedMessages(t *testing.T) {
	text := "run: port 8888\n{\n" +
		"0:00:01.000000000 1 0x1 DEBUG kmssdpsession kmssdpsession.c:94:offer:<s> Process SDP Offer:\nv=0\n\no=- of " + pipeline + "\n\n" +
		"0:00:02.000000000 1 0x1 INFO a b.c:2:d: next"
	got := readText(t, text)
	if len(got) != 3 || got[0].Timed || got[0].Text != "run: port 8888\n{" {
		t.Fatalf("%+v", got)
	}
	if l := got[1]; l.Number != 3 || l.Text != "Process SDP Offer:\nv=0\n\no=- of "+pipeline || !slices.Equal(l.Objects, []string{pipeline}) {
		t.Errorf("%+v", l)
	}
	if l := got[2]; l.Number != 8 || l.Text != "next" {
		t.Errorf("%+v", l)
	}
}

// TestLongLines holds that one message never takes more than its bound.
func TestLongLines(t *testing.T) {
	head := "0:00:01.000000000 1 0x1 DEBUG a b.c:2:d: "
	long := strings.Repeat("x", 3*maxTextBytes)
	for name, text := range map[string]string{
		"one line":   head + long,
		"many lines": head + strings.Repeat("some text\n", maxTextBytes/4),
		"a long one": head + "short\n" + long,
	} {
		got := readText(t, text+"\n"+head+"next\n")
		if len(got) != 2 || !got[0].Cut || len(got[0].Text) > maxTextBytes || got[1].Cut || got[1].Text != "next" {
			t.Errorf("%s: %d messages, the first of %d bytes, cut %v", name, len(got), len(got[0].Text), got[0].Cut)
		}
	}
}

func TestErrorsAreSentences(t *testing.T) {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	for i := range 5000 {
		fmt.Fprintf(z, "0:00:01.%09d 1 0x%x INFO a b.c:2:d: line %d\n", i, i*i*7919, i*i*i)
	}
	z.Close()
	for name, c := range map[string]struct {
		text string
		want string
		more bool // lines come first
	}{
		"no log":     {"some text\nand more\n", "is no log of a Kurento Media Server", false},
		"empty":      {"", "is no log", false},
		"endless":    {strings.Repeat("0123456789\n", searchBytes/8), "is no log", false},
		"cut gzip":   {zipped.String()[:zipped.Len()/2], "cannot be read further", true},
		"no gzip":    {"\x1f\x8bnonsense that is long enough", "cannot be decompressed", false},
		"short gzip": {"\x1f\x8b\x08", "cannot be decompressed", false},
	} {
		r, err := NewReader("x.log", strings.NewReader(c.text))
		n := 0
		for err == nil {
			if _, err = r.Next(); err == nil {
				n++
			}
		}
		if !strings.HasPrefix(err.Error(), "x.log ") || !strings.Contains(err.Error(), c.want) || (n > 0) != c.more {
			t.Errorf("%s: after %d lines %v", name, n, err)
		}
	}
}

func TestGzip(t *testing.T) {
	plain := readFile(t, filepath.Join("testdata", "counted.log"))
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	for _, l := range plain {
		fmt.Fprintf(z, "0:00:%012.9f %d %s %v %s %s:%s:<%s> %s\n", l.Clock.Seconds(), l.PID, l.Thread, l.Level, l.Component, l.Source, l.Function, l.Element, l.Text)
	}
	z.Close()
	r, err := NewReader("zipped", &zipped)
	if d := cmp.Diff(plain, readAll(t, r, err)); d != "" {
		t.Error(d)
	}
}

// facts reads the events of the capture that was taken while a log was written.
func facts(t testing.TB, name string) []wire.Fact {
	t.Helper()
	r, err := capture.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var d wire.Decoder
	var out []wire.Fact
	for {
		rec, err := r.Next()
		if err != nil {
			return out
		}
		out = append(out, d.Feed(rec)...)
	}
}

// TestAlignment puts the logs of two real servers on the axis of the captures
// of the same runs. Both ran on the machine of the capture, so a dated log must
// need no offset; the other counts from the start of its process, which the
// server's own event lines put at 11:11:25.015.
func TestAlignment(t *testing.T) {
	started := time.Date(2026, 11, 21, 11, 11, 25, 15e6, time.UTC)
	for name, want := range map[string]time.Duration{"dated": 0, "counted": time.Duration(started.UnixNano())} {
		t.Run(name, func(t *testing.T) {
			lines := readFile(t, filepath.Join("testdata", name+".log"))
			events := facts(t, name+".jsonl")
			var a Aligner
			for _, f := range events {
				a.Event(f)
			}
			for i := range lines {
				a.See(&lines[i])
			}
			got, ok := a.Alignment()
			if off := got.Offset - want; !ok || off.Abs() > 20*time.Millisecond || got.Votes < 15 {
				t.Fatalf("%+v, %v off", got, off)
			}
			// Each DTLS line stands within 20 ms of its event.
			n := 0
			for i := range lines {
				clue := lineClue(&lines[i])
				if !strings.HasPrefix(clue, "dtls ") {
					continue
				}
				for _, f := range events {
					if named, _ := eventClues(&f); f.Kind == wire.KindEvent && named == clue {
						n++
						if off := lines[i].At(got.Offset).Sub(f.Stamp).Abs(); off > 20*time.Millisecond {
							t.Errorf("%s is %v off", clue, off)
						}
					}
				}
			}
			if n < 8 {
				t.Errorf("%d lines with an event", n)
			}
		})
	}
}

func TestAlignmentOfEventLines(t *testing.T) {
	lines := readText(t, `0:00:06.913056181 25486 0x7f7490002500 DEBUG   KurentoWebSocketEventHandler WebSocketEventHandler.cpp:55:sendEvent: Sending event: {"jsonrpc":"2.0","method":"onEvent","params":{"value":{"data":{"object":"`+pipeline+`","timestampMillis":"1795259491929"},"object":"manager_ServerManager","type":"ObjectCreated"}}}, sessionId: s
0:00:07.000000000 1 0x1 INFO a b.c:2:d: Response: {"onEvent":1,"timestampMillis":"1e9"}
`)
	var a Aligner
	if _, ok := a.Alignment(); ok {
		t.Error("an alignment of nothing")
	}
	for i := range lines {
		a.See(&lines[i])
	}
	got, ok := a.Alignment()
	if !ok || got.Votes != 1 || got.Of != 1 || !lines[0].At(got.Offset).Equal(time.UnixMilli(1795259491929)) {
		t.Errorf("%+v", got)
	}
}

// TestAdvices holds that every advice can be copied into a shell as it is.
func TestAdvices(t *testing.T) {
	seen := map[string]bool{}
	for _, a := range Advices {
		if a.ID == "" || seen[a.ID] || a.Symptom == "" {
			t.Errorf("%+v has no name of its own", a)
		}
		seen[a.ID] = true
		for _, l := range strings.Split(a.Environment, "\n") {
			if !strings.HasPrefix(l, "export ") || strings.Count(l, `"`) != 2 || !strings.HasSuffix(l, `"`) {
				t.Errorf("%s: %s", a.ID, l)
			}
		}
	}
}

// TestLooks holds that what people are told to search for stands in the log of a
// real server at the level that they are told to set.
func TestLooks(t *testing.T) {
	lines := readFile(t, filepath.Join("testdata", "looked-for.log"))
	for _, a := range Advices {
		for _, look := range a.Looks {
			found := false
			for i := range lines {
				l := &lines[i]
				whole := l.Function + ": " + l.Text
				found = found || strings.Contains(whole, look.Text) && logged(a.Environment, l)
			}
			if !found || look.Means == "" {
				t.Errorf("%s: no line says %q, or not at the level advised", a.ID, look.Text)
			}
		}
	}
}

// logged tells whether a GST_DEBUG lets a line be written: the last pattern that
// fits decides.
func logged(environment string, l *Line) bool {
	_, list, _ := strings.Cut(environment, `"`)
	list, _, _ = strings.Cut(list, `"`)
	most := 0
	for _, p := range strings.Split(list, ",") {
		pattern, level, ok := strings.Cut(p, ":")
		if !ok {
			pattern, level = "*", p
		}
		if fits, err := path.Match(pattern, l.Component); err == nil && fits {
			most, _ = atoi(level)
		}
	}
	return int(l.Level) <= most
}

func FuzzReader(f *testing.F) {
	f.Fuzz(func(t *testing.T, in []byte) {
		r, err := NewReader("fuzz", bytes.NewReader(in))
		if err != nil {
			return
		}
		var a Aligner
		last := int64(0)
		for {
			l, err := r.Next()
			if err != nil {
				break
			}
			if l.Number <= last || len(l.Objects) > maxObjects || len(l.Text) > 3*maxTextBytes || l.Timed && l.Clock < 0 {
				t.Fatalf("%+v", l)
			}
			last = l.Number
			a.See(&l)
		}
		a.Alignment()
	})
}

func BenchmarkReader(b *testing.B) {
	line := "0:00:11.654904422 25486 0x7f7484002300 DEBUG   KurentoWebRtcEndpointImpl WebRtcEndpointImpl.cpp:357:onDtlsConnectionStateChanged:<kmswebrtcendpoint1> DTLS of " + endpoint + ", done\n"
	text := strings.Repeat(line, 10_000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := NewReader("bench", strings.NewReader(text))
		if err != nil {
			b.Fatal(err)
		}
		for {
			if _, err := r.Next(); err != nil {
				break
			}
		}
	}
}
