package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"kmscope/ui/kit"
	"kmscope/ui/theme"
)

// tapButton taps the button of a box by its text.
func tapButton(t *testing.T, r *rig, text string) {
	t.Helper()
	found := false
	var walk func(fyne.CanvasObject)
	walk = func(o fyne.CanvasObject) {
		switch x := o.(type) {
		case *kit.Button:
			if x.Text() == text && !found {
				found = true
				x.Tapped(nil)
			}
		case *fyne.Container:
			for _, c := range x.Objects {
				walk(c)
			}
		case fyne.Widget:
			for _, c := range test.WidgetRenderer(x).Objects() {
				walk(c)
			}
		}
	}
	for _, o := range r.w.win.Canvas().Overlays().List() {
		walk(o)
	}
	if !found {
		t.Fatalf("there is no button %q", text)
	}
}

// The report is shown before it goes anywhere, and copying and saving give the
// same text.
func TestReport(t *testing.T) {
	r := newRig(t, theme.AlwaysDark)
	r.w.report()
	if !r.sees("There is nothing to report on yet") {
		t.Error("without a server nothing is said")
	}
	r.conference()
	r.w.report()
	r.wait("the report", func() bool { return r.sees("### What is wrong") })
	if !r.sees("read it before you send it") {
		t.Error("nobody is told what is in it")
	}
	if !kit.CloseTopModal(r.w.win.Canvas()) || r.sees("### What is wrong") {
		t.Error("Escape does not close it")
	}
	path := filepath.Join(t.TempDir(), "out")
	r.files.save = path
	text := "# Report\n" + strings.Repeat("a line\n", 2*maxPreview)
	r.w.showReport(text)
	if !r.sees("# Report") {
		t.Error("a long report is not shown")
	}
	tapButton(t, r, "Copy")
	if got := fyne.CurrentApp().Clipboard().Content(); got != text {
		t.Errorf("%d characters were copied, want %d", len(got), len(text))
	}
	r.w.showReport(text)
	tapButton(t, r, "Save as…")
	r.wait("the file", func() bool { _, err := os.Stat(path + ".md"); return err == nil })
	if got, err := os.ReadFile(path + ".md"); err != nil || string(got) != text {
		t.Errorf("the file is another: %v", err)
	}
}
