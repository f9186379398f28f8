package graphpage

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
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
	want := p.scene.bounds.Grown(24)
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
	empty := small()
	empty.Nodes, empty.Edges, empty.Frames = nil, nil, nil
	p.scene = newScene(empty, time.Time{})
	if _, err := p.writePNG(); err == nil {
		t.Error("a picture of nothing")
	}
}
