package gst

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"kmscope/capture"
	"kmscope/graph"
	"kmscope/graph/viz"
	"kmscope/wire"
)

// TestMain is also the child of the tests, as the program is its own.
func TestMain(m *testing.M) {
	if graph.IsChild() {
		if err := graph.ServeLayout(os.Stdin, os.Stdout, viz.Plain); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

func layouter(t testing.TB) *graph.Layouter {
	l := graph.NewLayouter(nil)
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func read(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func parse(t testing.TB, text string) *Dump {
	t.Helper()
	d, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// recorded gives the dumps of all recordings, by file and number.
func recorded(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../../testdata/recordings/*.zst")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	out := make(map[string]string)
	for _, f := range files {
		r, err := capture.Open(f)
		if err != nil {
			t.Fatal(err)
		}
		var dec wire.Decoder
		for {
			rec, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", f, err)
			}
			if !strings.Contains(string(rec.Frame), "GstreamerDot") && !strings.Contains(string(rec.Frame), "digraph") {
				continue
			}
			for _, fact := range dec.Feed(rec) {
				if text := strings.Trim(string(fact.Result), "\n"); strings.Contains(text, "digraph") {
					out[fmt.Sprintf("%s#%d", filepath.Base(f), len(out))] = unquote(t, text)
				}
			}
		}
		r.Close()
	}
	return out
}

// big makes a dump of n real WebRTC endpoints in one pipeline.
func big(t testing.TB, n int) string {
	text := read(t, "webrtc.dot")
	head, rest, _ := strings.Cut(text, "  subgraph ")
	rest = "  subgraph " + strings.TrimSuffix(strings.TrimSpace(rest), "}")
	var b strings.Builder
	b.WriteString(strings.Replace(head, "<KmsWebrtcEndpoint>", "<GstPipeline>", 1))
	for i := range n {
		fmt.Fprintf(&b, "  subgraph cluster_endpoint%d_0x1 {\n    label=\"KmsWebrtcEndpoint\\nendpoint%d\\n[>]\";\n", i, i)
		b.WriteString(strings.ReplaceAll(rest, "0x7", fmt.Sprintf("0x%04d7", i)))
		b.WriteString("  }\n")
	}
	b.WriteString("}\n")
	return b.String()
}

// counting lets a test see what is placed, and stop it.
type counting struct {
	Placer
	calls int
	stop  func(calls int)
}

func (c *counting) Boxes(ctx context.Context, b *graph.Boxes) (*graph.BoxesAt, error) {
	c.calls++
	if c.stop != nil {
		c.stop(c.calls)
	}
	return c.Placer.Boxes(ctx, b)
}

func bounded(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}
