package serverlog

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kmscope/capture"
	"kmscope/wire"
)

const (
	beside = "../../testdata/beside/"
	aims   = 20 * time.Millisecond
)

func run(t testing.TB, name string) (lines []Line, events []wire.Fact) {
	t.Helper()
	lines = readFile(t, beside+name+".log.gz")
	c, err := capture.Open(beside + name + ".jsonl.zst")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var d wire.Decoder
	for {
		rec, err := c.Next()
		if errors.Is(err, io.EOF) {
			return lines, events
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range d.Feed(rec) {
			if f.Kind == wire.KindEvent {
				events = append(events, f)
			}
		}
	}
}

func aligned(t testing.TB, lines []Line, events []wire.Fact, see func(*Line) bool) Alignment {
	t.Helper()
	var a Aligner
	for _, f := range events {
		a.Event(f)
	}
	for i := range lines {
		if see(&lines[i]) {
			a.See(&lines[i])
		}
	}
	got, ok := a.Alignment()
	if !ok || got.Doubtful {
		t.Fatalf("%+v, %v", got, ok)
	}
	return got
}

// first gives the server's time of the first event with these words in it.
func first(t testing.TB, events []wire.Fact, kind, word string) time.Time {
	t.Helper()
	for _, f := range events {
		if f.Type == kind && strings.Contains(string(f.Data), word) {
			return f.Stamp
		}
	}
	t.Fatalf("no %s with %s", kind, word)
	return time.Time{}
}

// TestRealRun lines a real server's log up with the capture of the same run, a
// call of a real browser: at the levels that the documentation suggests, where
// no line names an object.
func TestRealRun(t *testing.T) {
	lines, events := run(t, "loopback")
	got := aligned(t, lines, events, func(*Line) bool { return true })
	if got.Votes < 10 || got.Rival > got.Votes/4 {
		t.Errorf("%+v", got)
	}
	// What a person takes for one and the same in the two.
	checked := 0
	for i := range lines {
		l := &lines[i]
		var at time.Time
		switch {
		case strings.HasPrefix(l.Text, "[IceGatheringStarted]"):
			at = first(t, events, "IceComponentStateChanged", "GATHERING")
		case strings.HasPrefix(l.Text, "Predefined network interfaces"):
			at = first(t, events, "ObjectCreated", "WebRtcEndpoint")
		case l.Element == "nicesink0":
			at = first(t, events, "DtlsConnectionStateChange", "CONNECTING")
		case l.Element == "nicesrc0:src":
			at = first(t, events, "MediaSessionStarted", "")
		case l.Element == "kmswebrtcendpoint0_kmsagnosticbin2-1:sink":
			at = first(t, events, "MediaTranscodingStateChanged", "kmsagnosticbin2-1")
		default:
			continue
		}
		checked++
		if off := l.At(got.Offset).Sub(at); off.Abs() >= aims {
			t.Errorf("%s stands %v from its event", l.Text, off)
		}
	}
	if checked != 5 {
		t.Errorf("%d lines were compared", checked)
	}
}

// TestUsualLevels holds that a log at a usual level gives the offset that the
// server itself tells in the log of its events.
func TestUsualLevels(t *testing.T) {
	lines, events := run(t, "events")
	told := func(l *Line) bool { _, ok := toldStamp(l.Text); return ok }
	truth := aligned(t, lines, events, told)
	if truth.Votes < 60 {
		t.Errorf("%+v", truth)
	}
	n, near := 0, 0
	for i := range lines {
		if at, ok := toldStamp(lines[i].Text); ok {
			n++
			off := lines[i].Clock + truth.Offset - at
			if off.Abs() < aims {
				near++
			}
			if off <= -aims {
				t.Errorf("line %d stands %v before its event", lines[i].Number, -off)
			}
		}
	}
	// The machine was busy: many were sent some time after they were stamped.
	if n < 100 || near*2 < n {
		t.Errorf("%d of %d events stand within %v of their lines", near, n, aims)
	}
	for name, level := range map[string]Level{"warnings and unfinished code": Fixme, "all but events": Memdump} {
		got := aligned(t, lines, events, func(l *Line) bool { return !told(l) && l.Level <= level && l.Level > 0 })
		if off := got.Offset - truth.Offset; off.Abs() >= aims {
			t.Errorf("%s: %v off, %+v", name, off, got)
		}
	}
}

// begun is when the server of synthetic logs began.
var begun = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// synthetic is a log of an endpoint at each of the times, and the events of those
// from the given one on.
func synthetic(clocks []time.Duration, from int) (lines []Line, events []wire.Fact) {
	for i, c := range clocks {
		lines = append(lines, Line{Number: int64(i + 1), Timed: true, Clock: c, Text: "STUN server not configured! NAT traversal"})
		if i >= from {
			events = append(events, wire.Fact{Kind: wire.KindEvent, Type: "IceComponentStateChanged", Data: []byte(`{"state":"GATHERING"}`), Stamp: begun.Add(c).Truncate(time.Millisecond)})
		}
	}
	return lines, events
}

// TestManyFalseVotes holds that the capture of the end of a long log is found,
// with bounded memory.
func TestManyFalseVotes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	clocks := make([]time.Duration, 12_000)
	for i := range clocks[1:] {
		clocks[i+1] = clocks[i] + time.Duration(r.IntN(40_000))*time.Millisecond
	}
	lines, events := synthetic(clocks, len(clocks)-200)
	var a Aligner
	for _, f := range events {
		a.Event(f)
	}
	for i := range lines {
		a.See(&lines[i])
		if len(a.buckets) > maxBuckets {
			t.Fatalf("%d buckets", len(a.buckets))
		}
	}
	got, ok := a.Alignment()
	if off := got.Offset - time.Duration(begun.UnixNano()); !ok || off.Abs() >= aims || got.Doubtful {
		t.Errorf("%+v, %v off", got, off)
	}
}

// TestDoubtful holds that a server that does the same every second is not taken
// for sure.
func TestDoubtful(t *testing.T) {
	var clocks []time.Duration
	for i := range 100 {
		clocks = append(clocks, time.Duration(i)*2*time.Second)
	}
	lines, events := synthetic(clocks, 60)
	var a Aligner
	for _, f := range events {
		a.Event(f)
	}
	for i := range lines {
		a.See(&lines[i])
	}
	if got, ok := a.Alignment(); !ok || !got.Doubtful {
		t.Errorf("%+v, %v", got, ok)
	}
}

// endless is a log of so many bytes, made while it is read: the lines of a real
// one over and over, with the clock going on.
type endless struct {
	left  int64
	lines []string
	next  int
	clock time.Duration
	rest  []byte
}

func newEndless(t testing.TB, size int64) *endless {
	t.Helper()
	var e endless
	for _, l := range readFile(t, filepath.Join(beside, "loopback.log.gz")) {
		if l.Timed {
			e.lines = append(e.lines, fmt.Sprintf(" %d %s %-7v %24s %s:%s:<%s> %s\n", l.PID, l.Thread, l.Level, l.Component, l.Source, l.Function, l.Element, l.Text))
		}
	}
	e.left = size
	return &e
}

func (e *endless) Read(b []byte) (n int, err error) {
	for n < len(b) {
		if len(e.rest) == 0 {
			if e.left <= 0 {
				return n, io.EOF
			}
			e.clock += 137 * time.Microsecond
			s := e.clock / time.Second
			e.rest = fmt.Appendf(e.rest[:0], "%d:%02d:%02d.%09d%s", s/3600, s/60%60, s%60, e.clock%time.Second, e.lines[e.next])
			e.next = (e.next + 1) % len(e.lines)
			e.left -= int64(len(e.rest))
		}
		k := copy(b[n:], e.rest)
		e.rest = e.rest[k:]
		n += k
	}
	return n, nil
}
