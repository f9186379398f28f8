package graphpage

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"kmscope/ui/pages/pagetest"
)

func TestExport(t *testing.T) {
	b := pagetest.New(t)
	b.Room()
	p := New(&row{})
	b.Catch(&p.work)
	win := pagetest.Window(p, 900, 600)
	defer win.Close()
	p.save(0)
	if p.told == "" {
		t.Error("nobody was told that there is no graph")
	}
	p.Update(b.State)
	b.Settle(func() bool { return p.scene != nil })

	files := map[string][]byte{}
	p.saveFile = func(_, name string, write func(io.Writer) error) {
		var buf bytes.Buffer
		if err := write(&buf); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		files["graph"+filepath.Ext(name)] = buf.Bytes()
	}
	for i := range exports {
		p.save(i)
	}
	if err := xml.Unmarshal(files["graph.svg"], new(struct{})); err != nil {
		t.Errorf("SVG: %v", err)
	}
	img, err := png.Decode(bytes.NewReader(files["graph.png"]))
	if err != nil {
		t.Fatal(err)
	}
	want := p.scene.bounds.Grown(pngMargin)
	if got := img.Bounds().Dx(); got < int(2*want.W) || got > int(2*want.W)+1 {
		t.Errorf("the picture is %d wide, the graph %v", got, want.W)
	}
	if !json.Valid(files["graph.json"]) || !bytes.Contains(files["graph.json"], []byte(pagetest.Alice)) {
		t.Errorf("JSON: %s", files["graph.json"])
	}
	if !bytes.HasPrefix(files["graph.dot"], []byte("digraph")) || !bytes.Contains(files["graph.mmd"], []byte("flowchart")) {
		t.Errorf("%.80s\n%.80s", files["graph.dot"], files["graph.mmd"])
	}
	for i, e := range exports {
		if e.text {
			p.copyAs(i)
			if got := fyne.CurrentApp().Clipboard().Content(); got != string(files["graph."+e.ending]) {
				t.Errorf("copied %.80s", got)
			}
		}
	}
	if !strings.HasPrefix(p.told, "Copied") {
		t.Errorf("%q", p.told)
	}
	p.saveFile = nil
	p.save(0)
	if win.Canvas().Overlays().Top() == nil {
		t.Error("no dialog")
	}

	// A plane that is far too large gives a smaller picture, an empty one none.
	wide := small()
	wide.Nodes[2].X, wide.Nodes[2].Y = 90_000, 40_000
	p.scene = newScene(wide, time.Time{})
	if img, err := p.picture(); err != nil || img.Bounds().Dx() > maxPNGSide || img.Bounds().Dx()*img.Bounds().Dy() > 1.1*maxPNGArea {
		t.Errorf("%v", err)
	}
	wide.Nodes, wide.Edges, wide.Frames = nil, nil, nil
	p.scene = newScene(wide, time.Time{})
	if _, err := p.picture(); err == nil {
		t.Error("a picture of nothing")
	}
}

type failing struct{ closed bool }

func (f *failing) Write([]byte) (int, error) { return 0, errors.New("disk full") }
func (f *failing) Close() error              { f.closed = true; return nil }

func TestWriteToTellsTheFirstError(t *testing.T) {
	f := &failing{}
	err := writeTo(f, func(w io.Writer) error { _, err := w.Write([]byte("x")); return err })
	if err == nil || !f.closed {
		t.Errorf("%v, closed %v", err, f.closed)
	}
}
