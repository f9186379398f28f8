package chartpage

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kmscope/capture"
	"kmscope/session"
	"kmscope/stats"
	"kmscope/ui/pages/pagetest"
	"kmscope/ui/paint"
	"kmscope/ui/surface"
	"kmscope/ui/theme"
	"kmscope/ui/view"
	"kmscope/wire"
)

// The capture of the tests below: one endpoint with many restless streams, so that a
// memory of 1 MiB holds a part of it alone. Within, nobody samples for a while, and
// counters begin anew.
const (
	longStreams = 10
	longSeconds = 2100
	longPause   = 500 // for a minute
	longReset   = 900
)

var longBegin = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func writeLong(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "long"+capture.Extension)
	w, err := capture.Create(path, capture.Header{Version: 1, Created: longBegin}, capture.WriterOptions{QueueBytes: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	add := func(at time.Time, r capture.Record) {
		r.Conn = "1/read"
		capture.Stamp(&r, at, longBegin)
		w.Append(r)
	}
	add(longBegin, capture.Record{Dir: capture.DirOpen, Server: "ws://server", WallMs: longBegin.UnixMilli()})
	r := rand.New(rand.NewPCG(4, 4))
	var counted [longStreams]int
	for s := range longSeconds {
		if s >= longPause && s < longPause+60 {
			continue
		}
		at := longBegin.Add(time.Duration(s) * time.Second)
		add(at, capture.Record{Dir: capture.DirSend, Frame: json.RawMessage(fmt.Sprintf(
			`{"jsonrpc":"2.0","id":%d,"method":"invoke","params":{"object":%q,"operation":"getStats","operationParams":{"mediaType":"VIDEO"},"sessionId":"s"}}`, s, pagetest.Alice))})
		var all strings.Builder
		for i := range counted {
			if counted[i] += 50_000 + r.IntN(100_000); s == longReset {
				counted[i] = 0
			}
			fmt.Fprintf(&all, `,"s%d":{"__type__":"RTCInboundRTPStreamStats","id":"s%d","type":"inboundrtp","ssrc":"%d","timestampMillis":%d,"bytesReceived":%d,"packetsReceived":%d,"packetsLost":0,"jitter":%v}`,
				i, i, 100+i, at.UnixMilli(), counted[i], counted[i]/900, r.Float64()/100)
		}
		add(at.Add(3*time.Millisecond), capture.Record{Dir: capture.DirRecv, Frame: json.RawMessage(fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"result":{"sessionId":"s","value":{%s}}}`, s, all.String()[1:]))})
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// replayed opens a capture with a limit of memory; without a folder, samples that it
// has no room for find no file.
func replayed(t *testing.T, path, dir string, limit int64) view.Session {
	t.Helper()
	w, err := session.NewWorkspace(session.Options{NoCapture: true, CacheDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	ws := view.Of(w)
	t.Cleanup(func() { _ = ws.Close(t.Context()) })
	if _, err := ws.Open(t.Context(), path, nil); err != nil {
		t.Fatal(err)
	}
	x := ws.Sessions()[0]
	if limit > 0 {
		x.Stats().SetLimit(limit)
	}
	return x
}

// observed is a live server that sends what a capture holds.
func observed(t *testing.T, path string, limit int64) *pagetest.Bench {
	t.Helper()
	b := pagetest.New(t)
	b.Stats().SetLimit(limit)
	r, err := capture.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var d wire.Decoder
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return b
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range d.Feed(rec) {
			b.Stats().Feed(f)
		}
	}
}

// look is what a person sees of a range of time: the charts, as they come at first
// and as they stay.
type look struct {
	p           *Page
	first, last []chart
	loads       int
}

// lookAt shows a range of a session until nothing is read any more.
func lookAt(t *testing.T, b *pagetest.Bench, x view.Session, from, to time.Time) look {
	t.Helper()
	p := New()
	b.Catch(&p.file)
	p.view = b.State
	p.time = surface.TimeAxis{From: from, To: to, Clock: view.Clock{Mode: view.UTC}}
	q := chartQuery{session: x, object: pagetest.Alice, set: inVideo, from: from, to: to, points: 920}
	out := look{p: p}
	for {
		charts, _, old := gatherCharts(t.Context(), q, b.Snapshot())
		p.gathered = charts
		p.holdAxes(q, !old.to.IsZero() && !q.deep.covers(x, old.from, old.to))
		if out.first == nil {
			out.first = slices.Clone(p.gathered)
		}
		out.last = p.gathered
		p.view = nil // what is read is shown here, not by the page
		p.fetch(q, old.from, old.to)
		if p.fetching == nil {
			return out
		}
		out.loads++
		b.Settle(func() bool { return p.fetching == nil })
		q.deep = p.deep
	}
}

func axes(l look, charts []chart) []surface.Axis {
	var out []surface.Axis
	for i := range charts {
		out = append(out, axisOf(&charts[i], l.p.time, 4))
	}
	return out
}

// picture paints charts with the axes of others.
func picture(l look, charts, held []chart) []byte {
	c, look := paint.NewCanvas(), surface.LookOf(theme.Dark)
	c.Begin(1900, 900, look.Background)
	charts = slices.Clone(charts)
	for i := range charts {
		if i < len(held) {
			charts[i].Held = held[i].Held
		}
	}
	var cp chartPainter
	cp.paintAll(c, look, l.p.time, 1, charts, placeIn4)
	return c.Image().Pix
}

// points gives what lines are made of.
func points(charts []chart) [][]stats.Point {
	var out [][]stats.Point
	for i := range charts {
		for k := range charts[i].Lines {
			out = append(out, charts[i].Lines[k].Points)
		}
	}
	return out
}

// TestNoSeam holds that a person who looks at old figures sees the same whether memory
// kept them or not, live and in replay: at once where there is a file for them; and
// where they are read from the capture, on the same axes before and after.
func TestNoSeam(t *testing.T) {
	path := writeLong(t)
	// A folder that cannot be made: there is no file then.
	none := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(none, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	whole := replayed(t, path, t.TempDir(), 0)
	paged := replayed(t, path, t.TempDir(), stats.MinLimit)
	summed := replayed(t, path, none, stats.MinLimit)
	live := observed(t, path, stats.MinLimit)
	live.Captured = summed.Archive()
	scene := pagetest.New(t)
	scene.Created(pagetest.Alice)

	kept := summed.Stats().Zoom(stats.Query{Element: pagetest.Alice, Metrics: []string{stats.Bitrate}})[0].WholeFromMs
	if at := time.UnixMilli(kept).Sub(longBegin); at < 5*time.Minute || at > 33*time.Minute {
		t.Fatalf("memory is whole from %v on", at)
	}
	if z := paged.Stats().Zoom(stats.Query{Element: pagetest.Alice, Metrics: []string{stats.Bitrate}})[0]; z.WholeFromMs != 0 {
		t.Errorf("with a file, memory is whole from %v on", time.UnixMilli(z.WholeFromMs).Sub(longBegin))
	}
	for _, r := range []struct {
		name     string
		from, to time.Duration
	}{
		{"all old", 2 * time.Minute, 7 * time.Minute},
		{"over the pause", 8 * time.Minute, 10 * time.Minute},
		{"over the reset", 14*time.Minute + 17*time.Second, 16 * time.Minute},
		{"over the seam", time.UnixMilli(kept).Sub(longBegin) - 4*time.Minute, time.UnixMilli(kept).Sub(longBegin) + 3*time.Minute},
		{"close", 7*time.Minute + 3*time.Second, 7*time.Minute + 33*time.Second},
		{"all of it", 0, longSeconds * time.Second},
	} {
		from, to := longBegin.Add(r.from), longBegin.Add(r.to)
		want := lookAt(t, scene, whole, from, to)
		if want.loads != 0 || len(points(want.first)) < longStreams {
			t.Fatalf("%s: %d readings, %d lines", r.name, want.loads, len(points(want.first)))
		}
		for _, v := range []struct {
			name    string
			session view.Session
			reads   bool
		}{{"replay with a file", paged, false}, {"replay without", summed, true}, {"live without", live, true}} {
			t.Run(r.name+" "+v.name, func(t *testing.T) {
				got := lookAt(t, scene, v.session, from, to)
				if v.reads != (got.loads == 1) || got.loads > 1 {
					t.Errorf("the capture was read %d times", got.loads)
				}
				if len(points(got.first)) != len(points(want.first)) {
					t.Errorf("%d lines at first, expected %d", len(points(got.first)), len(points(want.first)))
				}
				for i, line := range points(got.last) {
					if one := points(want.last)[i]; !reflect.DeepEqual(one, line) {
						t.Fatalf("line %d: (- kept, + not)\n%.2000s", i, cmp.Diff(one, line))
					}
				}
				if d := cmp.Diff(axes(got, got.first), axes(got, got.last), cmp.AllowUnexported(surface.Axis{})); d != "" {
					t.Errorf("an axis jumps (- before reading, + after)\n%s", d)
				}
				if !v.reads {
					if d := cmp.Diff(axes(want, want.last), axes(got, got.last), cmp.AllowUnexported(surface.Axis{})); d != "" {
						t.Errorf("axes (- kept, + not)\n%s", d)
					}
				}
				if !bytes.Equal(picture(want, want.last, got.last), picture(got, got.last, nil)) {
					t.Error("the pictures differ")
				}
			})
		}
	}
}
