package report_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kmscope/capture"
	"kmscope/inventory"
	"kmscope/report"
	"kmscope/session"
	"kmscope/timeline"
	"kmscope/wire"
)

// recorded reports on a recording of a real server, at a time from its start.
func recorded(t *testing.T, name string, untilMs float64) string {
	t.Helper()
	r, err := capture.Open(filepath.Join("..", "testdata", "recordings", name+".jsonl.zst"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var m session.Models
	first := math.NaN()
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if math.IsNaN(first) {
			first = rec.TimeMs
		}
		if rec.TimeMs-first > untilMs {
			break
		}
		m.Feed(rec)
	}
	doc := report.Document{Tool: "kmscope test", Capture: "a.kmscap"}
	for _, s := range m.Servers() {
		doc.Servers = append(doc.Servers, report.Server{Name: "server", URL: s.URL, Snapshot: s.Snapshot(), Log: s.Timeline(), Negotiation: s.Negotiation()})
	}
	var b bytes.Buffer
	if err := doc.WriteMarkdown(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestReportOnARecording(t *testing.T) {
	got := recorded(t, "08-large", 3000)
	for _, want := range []string{"20 pipelines, 200 elements, 380 connections", "flowchart LR", "| WebRtcEndpoint | "} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing", want)
		}
	}
	got = recorded(t, "02-webrtc-loopback", math.Inf(1))
	for _, want := range []string{
		"# Report on 1 media server\n", "No element is alive.", "loopback-ep", "| WebRtcEndpoint | gone since 20",
		"connection CONNECTED", "flow-in VIDEO", "**warning** loopback-ep", "### Warnings and errors",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing", want)
		}
	}
	for _, secret := range []string{"ice-pwd:", "inline:"} {
		if strings.Contains(got, secret) {
			t.Errorf("it tells %q", secret)
		}
	}
}

func TestNothingAServerSaysBecomesMarkup(t *testing.T) {
	r, log := inventory.NewReducer("ws://server"), timeline.NewLog(0)
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	feed := func(f wire.Fact) {
		f.At, f.Stamp, f.Conn = at, at, "1"
		r.Apply(f)
		log.Feed(f)
	}
	const room = "1111_kurento.MediaPipeline"
	const end = room + "/2222_kurento.WebRtcEndpoint"
	for _, id := range []string{room, end} {
		feed(wire.Fact{Kind: wire.KindEvent, Type: "ObjectCreated", Object: inventory.ManagerID,
			Data: []byte(fmt.Sprintf(`{"source":%q,"type":"ObjectCreated","object":%q,"objectId":%q}`, inventory.ManagerID, id, id))})
	}
	evil := "</td>\n```\n# heading | [x](javascript:1) <img src=x> ![](http://x) @everyone"
	feed(wire.Fact{Kind: wire.KindCall, Method: "invoke", Operation: "getName", Object: end, Result: []byte(fmt.Sprintf("%q", evil))})
	feed(wire.Fact{Kind: wire.KindEvent, Type: "Error", Object: end, Data: []byte(fmt.Sprintf(`{"source":%q,"type":"Error","errorCode":1,"description":%q}`, end, evil))})
	doc := report.Document{Servers: []report.Server{{Name: evil, URL: "ws://`x`", Snapshot: r.Snapshot(), Log: log}}}
	var b bytes.Buffer
	if err := doc.WriteMarkdown(&b); err != nil {
		t.Fatal(err)
	}
	got := b.String()
	fences := 0
	for _, line := range strings.Split(got, "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fences++
		}
		if strings.HasPrefix(line, "# heading") {
			t.Error("a heading of the server's")
		}
	}
	if fences != 2 {
		t.Errorf("%d fences", fences)
	}
	for _, bad := range []string{"<img", "](", "</td>", " @everyone", "![", "`x`"} {
		if strings.Contains(got, bad) {
			t.Errorf("%q came through in\n%s", bad, got)
		}
	}
	if strings.Count(got, "everyone") < 3 {
		t.Errorf("the name, the server and the error are not all there:\n%s", got)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestWriteErrorIsTold(t *testing.T) {
	doc := report.Document{}
	if err := doc.WriteMarkdown(full{}); !errors.Is(err, os.ErrClosed) {
		t.Errorf("%v", err)
	}
}

// What is wrong stands first, in words, and a large server leaves room for it.
func TestWhatIsWrongStandsFirst(t *testing.T) {
	r := inventory.NewReducer("ws://server")
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	feed := func(f wire.Fact) {
		f.At, f.Stamp, f.Conn = at, at, "1"
		r.Apply(f)
	}
	var bad string
	for i := range 30 {
		room := fmt.Sprintf("%04d_kurento.MediaPipeline", i)
		for _, id := range []string{room, room + "/a_kurento.WebRtcEndpoint", room + "/b_kurento.WebRtcEndpoint", room + "/c_kurento.PassThrough",
			room + "/d_kurento.PassThrough", room + "/e_kurento.PassThrough", room + "/f_kurento.PassThrough"} {
			feed(wire.Fact{Kind: wire.KindEvent, Type: "ObjectCreated", Object: inventory.ManagerID,
				Data: []byte(fmt.Sprintf(`{"source":%q,"type":"ObjectCreated","object":%q,"objectId":%q}`, inventory.ManagerID, id, id))})
		}
		bad = room + "/a_kurento.WebRtcEndpoint"
	}
	feed(wire.Fact{Kind: wire.KindCall, Method: "invoke", Operation: "getName", Object: bad, Result: []byte(`"guest"`)})
	doc := report.Document{Servers: []report.Server{{Name: "server", Snapshot: r.Snapshot(),
		Problems: []report.Problem{{Object: bad, Sure: true, Reasons: []string{"ICE failed", "cannot open rtsp://me:secret@camera/1"}}},
		Figures:  func(string) []string { return []string{"round trip 31 ms"} }}}}
	var b bytes.Buffer
	if err := doc.WriteMarkdown(&b); err != nil {
		t.Fatal(err)
	}
	got := b.String()
	wrong, environment := strings.Index(got, "### What is wrong"), strings.Index(got, "### Environment")
	if wrong < 0 || environment < wrong {
		t.Error("what is wrong does not stand first")
	}
	if !strings.Contains(got, "- **wrong** guest in MediaPipeline 0029: ICE failed; cannot open") || strings.Contains(got, "secret") {
		t.Errorf("what is wrong is not told as it should be:\n%s", got[wrong:environment])
	}
	if i, j := strings.Index(got, "**MediaPipeline 0029**"), strings.Index(got, "**MediaPipeline 0000**"); i < 0 || j < i {
		t.Error("the pipeline in trouble is not the first of the tables")
	}
	for _, want := range []string{"round trip 31 ms", "Drawn are 13 of 30 pipelines.", "And 30 more elements, in the capture."} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if len(got) > 65_000 {
		t.Errorf("%d characters are more than a ticket takes", len(got))
	}
}
