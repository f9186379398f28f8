package app

import (
	"errors"
	"os"
	"sync"

	"fyne.io/fyne/v2"
	fynedialog "fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/storage"
	native "github.com/sqweek/dialog"

	"kmscope/ui/loop"
)

// captureEndings are the file names that captures have.
var captureEndings = []string{"kmscap", "jsonl", "zst"}

// openEndings are the file names of all that can be opened.
var openEndings = append([]string{"log", "txt", "json", "gz"}, captureEndings...)

// fileChooser asks for the name of a file. done runs on the interface
// goroutine; it gets "" when the person thought better of it.
type fileChooser interface {
	Open(title, folder string, endings []string, done func(path string))
	Save(title, folder, name string, done func(path string))
}

// newFileChooser gives the desktop's own dialogs, with the toolkit's as the
// fall-back where there are none.
func newFileChooser(w fyne.Window) fileChooser {
	if os.Getenv("KMSCOPE_PLAIN_DIALOGS") != "" {
		return &plainChooser{w}
	}
	return &nativeChooser{plain: &plainChooser{w}}
}

// nativeChooser uses the desktop's dialogs. They block: each runs on a
// goroutine of its own, one at a time, as the toolkit beneath allows no more.
type nativeChooser struct {
	plain *plainChooser
	busy  sync.Mutex
}

func (c *nativeChooser) Open(title, folder string, endings []string, done func(string)) {
	c.run(func() (string, error) {
		d := native.File().Title(title).SetStartDir(folder)
		if len(endings) > 0 {
			d = d.Filter("Captures, logs and dumps", endings...).Filter("All files", "*")
		}
		return d.Load()
	}, done, func() { c.plain.Open(title, folder, endings, done) })
}

func (c *nativeChooser) Save(title, folder, name string, done func(string)) {
	c.run(func() (string, error) {
		return native.File().Title(title).SetStartDir(folder).SetStartFile(name).Save()
	}, done, func() { c.plain.Save(title, folder, name, done) })
}

func (c *nativeChooser) run(ask func() (string, error), done func(string), otherwise func()) {
	if !c.busy.TryLock() {
		return // a dialog is open already
	}
	go func() {
		defer c.busy.Unlock()
		path, err := asked(ask)
		loop.Do(func() {
			switch {
			case errors.Is(err, native.ErrCancelled):
				done("")
			case err != nil:
				otherwise()
			default:
				done(path)
			}
		})
	}()
}

// asked runs a dialog. Where the desktop's toolkit could not start, the library
// panics instead of failing.
func asked(ask func() (string, error)) (path string, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.New("no dialogs of the desktop")
		}
	}()
	return ask()
}

// plainChooser uses the dialogs of the toolkit, inside the window.
type plainChooser struct{ w fyne.Window }

func (c *plainChooser) Open(_, folder string, endings []string, done func(string)) {
	d := fynedialog.NewFileOpen(func(r fyne.URIReadCloser, err error) {
		if err != nil || r == nil {
			done("")
			return
		}
		path := r.URI().Path()
		r.Close()
		done(path)
	}, c.w)
	if len(endings) > 0 {
		var dotted []string
		for _, e := range endings {
			dotted = append(dotted, "."+e)
		}
		d.SetFilter(storage.NewExtensionFileFilter(dotted))
	}
	c.start(d, folder)
}

func (c *plainChooser) Save(_, folder, name string, done func(string)) {
	d := fynedialog.NewFileSave(func(w fyne.URIWriteCloser, err error) {
		if err != nil || w == nil {
			done("")
			return
		}
		path := w.URI().Path()
		if err := w.Close(); err != nil {
			done(path) // who writes there will say what is wrong with the place
			return
		}
		// The dialog made an empty file; who writes makes its own.
		if st, err := os.Stat(path); err == nil && st.Size() == 0 {
			os.Remove(path)
		}
		done(path)
	}, c.w)
	d.SetFileName(name)
	c.start(d, folder)
}

func (c *plainChooser) start(d *fynedialog.FileDialog, folder string) {
	if folder != "" {
		if l, err := storage.ListerForURI(storage.NewFileURI(folder)); err == nil {
			d.SetLocation(l)
		}
	}
	size := c.w.Canvas().Size()
	d.Show()
	// The toolkit panics when a file dialog is sized before it is shown.
	d.Resize(fyne.NewSize(min(size.Width*0.8, 900), min(size.Height*0.8, 640)))
}
