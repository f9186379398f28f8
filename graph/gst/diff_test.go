package gst

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// Each file of testdata/diff has two dumps and the list of what differs.
func TestCompare(t *testing.T) {
	files, err := filepath.Glob("testdata/diff/*.txtar")
	if err != nil || len(files) < 3 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(f)
			if err != nil {
				t.Fatal(err)
			}
			part := make(map[string]string)
			for _, p := range a.Files {
				part[p.Name] = string(p.Data)
			}
			diff := Compare(parse(t, part["before.dot"]), parse(t, part["after.dot"]))
			var b strings.Builder
			for _, d := range diff.List {
				fmt.Fprintf(&b, "%s %s\n", d.Change, d.What)
				for _, l := range d.Lines {
					fmt.Fprintf(&b, "\t%s\n", l)
				}
			}
			if d := cmp.Diff(part["want"], b.String()); d != "" {
				t.Errorf("(-want +got)\n%s\ngot:\n%s", d, b.String())
			}
			g, err := Layout(bounded(t), diff.Merged, nil, Options{})
			if err != nil {
				t.Fatal(err)
			}
			checkDrawing(t, f, g)
			if len(diff.Elements) != len(diff.Merged.Elements) || len(diff.Links) != len(diff.Merged.Links) {
				t.Error("not all of what is drawn has a mark")
			}
		})
	}
}

// Two real dumps of one endpoint, before media and with it: addresses are no
// difference, and what is common is matched.
func TestCompareReal(t *testing.T) {
	text := read(t, "webrtc.dot")
	moved := strings.ReplaceAll(text, "0x7", "0x5")
	if diff := Compare(parse(t, text), parse(t, moved)); len(diff.List) != 0 {
		t.Errorf("addresses differ: %+v", diff.List[:min(len(diff.List), 3)])
	}
	paused := strings.Replace(text, `label="GstNiceSink\nnicesink0\n[>]`, `label="GstNiceSink\nnicesink0\n[=]`, 1)
	if paused == text {
		t.Fatal("the dump has no nicesink0")
	}
	diff := Compare(parse(t, text), parse(t, paused))
	if len(diff.List) != 1 || diff.List[0].Change != Changed || len(diff.List[0].Lines) != 1 || diff.List[0].Lines[0] != "state: PLAYING → PAUSED" {
		t.Errorf("%+v", diff.List)
	}
}
