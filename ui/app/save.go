package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"kmscope/ui/page"
	"kmscope/ui/view"
)

// equip gives the pages what they need of the window.
func (w *Window) equip() {
	for _, p := range w.pages {
		if s, ok := p.(page.Saver); ok {
			s.SetSaver(w.saveFile)
		}
		if o, ok := p.(page.Opener); ok {
			o.SetOpener(w.openInspector)
		}
		if i, ok := p.(page.Importer); ok {
			i.SetChooser(w.chooseImport)
		}
	}
}

// chooseImport asks for a file beside captures. Logs have names of all kinds:
// every file is offered.
func (w *Window) chooseImport(title string, done func(path string)) {
	w.files.Open(title, w.prefs.p.String(prefFolder), nil, func(path string) {
		if path != "" {
			w.prefs.p.SetString(prefFolder, filepath.Dir(path))
			done(path)
		}
	})
}

// openInspector shows the inspector, if it is hidden, and puts the keyboard
// there.
func (w *Window) openInspector() {
	left, right := w.columns.Sides()
	if !right {
		w.columns.ShowSides(left, true)
		w.savePrefs()
	}
	w.win.Canvas().Focus(w.inspector.list)
}

// saveFile asks where to save something and writes it there, away from the
// interface goroutine.
func (w *Window) saveFile(title, name string, write func(io.Writer) error) {
	w.files.Save(title, w.prefs.p.String(prefFolder), name, func(path string) {
		if path == "" {
			return
		}
		if filepath.Ext(path) == "" {
			path += filepath.Ext(name)
		}
		w.task("Saving "+filepath.Base(path), func(ctx context.Context) error { return writeFile(ctx, path, write) }, func(err error) {
			if err != nil {
				w.fail("Nothing was saved", err, "Choose another place…", func() { w.saveFile(title, name, write) })
				return
			}
			w.prefs.p.SetString(prefFolder, filepath.Dir(path))
			w.statusBar.say("Saved as "+path+".", view.Unknown)
		})
	})
}

// cancelled is a writer that fails once its context has ended.
type cancelled struct {
	ctx context.Context
	w   io.Writer
}

func (c cancelled) Write(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.w.Write(b)
}

// writeFile writes a file by another name first, so that what fails half-way, or
// is cancelled, leaves what was there.
func writeFile(ctx context.Context, path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("the file cannot be written: %w", err)
	}
	b := bufio.NewWriter(f)
	err = errors.Join(write(cancelled{ctx, b}), ctx.Err(), b.Flush(), f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("the file cannot be written: %w", err)
	}
	return nil
}
