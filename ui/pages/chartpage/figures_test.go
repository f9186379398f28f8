package chartpage

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"kmscope/stats"
	"kmscope/ui/pages/pagetest"
)

// TestSaveAllFigures saves the figures of a recording in every format: those of
// the whole file, not of the charts.
func TestSaveAllFigures(t *testing.T) {
	b := pagetest.New(t)
	p := New()
	p.Update(b.State)
	var name string
	var write func(io.Writer) error
	p.SetSaver(func(_, n string, w func(io.Writer) error) { name, write = n, w })
	p.saveFigures(0)
	if write != nil {
		t.Error("there is no capture, and a file is asked for")
	}
	b.CapturePath = unpacked(t, "10-rtp")
	var text [3]string
	for i, f := range figureFormats {
		write = nil
		p.saveFigures(i)
		if write == nil {
			t.Fatal("no file is asked for")
		}
		if !strings.HasPrefix(name, "figures_") || !strings.HasSuffix(name, "."+f.ending) {
			t.Errorf("%s is named %q", f.word, name)
		}
		var out strings.Builder
		if err := write(&out); err != nil {
			t.Fatalf("%s: %v", f.word, err)
		}
		text[i] = out.String()
		if err := write(refusing{}); !errors.Is(err, errRefused) {
			t.Errorf("%s into a file that was given up: %v", f.word, err)
		}
	}
	if head, _, _ := strings.Cut(text[0], "\n"); head != stats.Columns {
		t.Errorf("the table begins with %q", head)
	}
	rows, lines := strings.Count(text[0], "\n")-1, strings.Count(text[1], "\n")
	if rows < 100 || rows != lines || !strings.Contains(text[0], ",packetsReceived,count,") {
		t.Errorf("%d rows as CSV, %d as JSON lines", rows, lines)
	}
	if !strings.HasPrefix(text[2], "# TYPE kmscope_") || !strings.HasSuffix(text[2], "# EOF\n") {
		t.Error("the third is not OpenMetrics")
	}
	b.CapturePath = filepath.Join(t.TempDir(), "gone.kmscap")
	p.saveFigures(0)
	if err := write(io.Discard); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("a capture that is gone: %v", err)
	}
}

var errRefused = errors.New("given up")

type refusing struct{}

func (refusing) Write([]byte) (int, error) { return 0, errRefused }

// unpacked gives a recording as a file of plain lines.
func unpacked(t *testing.T, name string) string {
	t.Helper()
	packed, err := os.ReadFile(filepath.Join("..", "..", "..", "testdata", "recordings", name+".jsonl.zst"))
	if err != nil {
		t.Fatal(err)
	}
	z, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	lines, err := z.DecodeAll(packed, nil)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name+".jsonl")
	if err := os.WriteFile(path, lines, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
