package app

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"kmscope/ui/kit"
	"kmscope/ui/page"
	"kmscope/ui/view"
)

// task runs work on a goroutine. If it takes longer than a moment, a dialog
// tells what is done and offers to cancel it. done runs on the interface
// goroutine, unless the person cancelled.
func (w *Window) task(what string, work func(context.Context) error, done func(error)) {
	w.longTask(what, func(ctx context.Context, _ func(float64)) error { return work(ctx) }, done)
}

// longTask is task for reading that may tell how much is read, as a share of 0 to 1.
func (w *Window) longTask(what string, work func(ctx context.Context, progress func(share float64)) error, done func(error)) {
	ctx, stop := context.WithCancel(w.ctx)
	var d *kit.Modal
	finished := false
	var far *widget.ProgressBar // once something was told
	room, told := container.NewStack(), widget.NewLabel("")
	var share atomic.Uint64
	var pending atomic.Bool
	progress := func(now float64) {
		share.Store(math.Float64bits(now))
		if pending.Swap(true) {
			return
		}
		w.do(func() {
			pending.Store(false)
			if far == nil {
				far = widget.NewProgressBar()
				far.TextFormatter = func() string { return "" } // the bar is thin: the words stand below
				room.Objects = []fyne.CanvasObject{far}
				room.Refresh()
			}
			part := math.Float64frombits(share.Load())
			far.SetValue(part)
			told.SetText(fmt.Sprintf("%.0f %% read", 100*part))
		})
	}
	show := time.AfterFunc(300*time.Millisecond, func() {
		w.do(func() {
			if finished {
				return
			}
			if far == nil {
				room.Add(widget.NewProgressBarInfinite())
			}
			cancel := kit.NewButton(kit.Framed, "", "Cancel", stop)
			d = kit.NewModal(w.win.Canvas(), what, container.New(&leastWidth{380},
				container.NewVBox(container.New(slim{}, room), container.NewHBox(flush(told), layout.NewSpacer(), cancel))))
			d.OnClosed(stop)
			d.Show()
		})
	})
	go func() {
		err := work(ctx, progress)
		w.do(func() {
			finished = true
			show.Stop()
			stop()
			if d != nil {
				d.Hide()
			}
			if !errors.Is(err, context.Canceled) {
				done(err)
			}
		})
	}()
}

// fail tells of a failure: one sentence, and one thing to do.
func (w *Window) fail(title string, err error, action string, run func()) {
	text := widget.NewLabel(sentence(err))
	text.Wrapping = fyne.TextWrapWord
	var d *kit.Modal
	row := container.NewHBox(layout.NewSpacer(), kit.NewButton(kit.Framed, "", "Close", func() { d.Hide() }))
	if action != "" {
		row.Add(kit.NewButton(kit.Primary, "", action, func() {
			d.Hide()
			run()
		}))
	}
	d = kit.NewModal(w.win.Canvas(), title, container.New(&leastWidth{440}, container.NewVBox(flush(text), row)))
	d.Show()
}

// openName opens what a person named on the command line or dropped: a capture
// or the address of a server.
func (w *Window) openName(name string) {
	if IsAddress(name) {
		ca, pin := w.prefs.trust(name)
		t := view.Target{URL: name, CAFile: ca, Fingerprint: pin}
		var x view.Session
		w.task("Connecting to "+withoutSecrets(name), func(ctx context.Context) (err error) {
			x, err = w.ws.Attach(ctx, t)
			return err
		}, func(err error) {
			if err == nil {
				w.attached(t, x)
				return
			}
			d := showConnect(w, name)
			d.done(t, nil, err)
		})
		return
	}
	w.openCapture(name)
}

// hostPort is an address without a scheme.
var hostPort = regexp.MustCompile(`^[A-Za-z0-9._-]+:[0-9]{1,5}(/[^\s]*)?$|^\[[0-9a-fA-F:]+\]:[0-9]{1,5}(/[^\s]*)?$`)

// IsAddress reports whether a name is the address of a server rather than a
// file: it has a scheme, or a port and there is no such file.
func IsAddress(name string) bool {
	if strings.Contains(name, "://") {
		return true
	}
	if !hostPort.MatchString(name) {
		return false
	}
	_, err := os.Stat(name)
	return err != nil
}

// attached takes over a new session.
func (w *Window) attached(t view.Target, x view.Session) {
	if address := withoutSecrets(t.URL); !t.Demo {
		w.prefs.used(prefServers, address)
		w.prefs.setTrust(t)
	}
	w.state.Select(view.Selection{Session: x})
	w.statusBar.say("Connected to "+x.Name()+".", view.Unknown)
	w.pump.kick()
}

func (w *Window) openFile() {
	w.files.Open("Open a capture, a server's log or a browser's dump", w.prefs.p.String(prefFolder), openEndings, func(path string) {
		if path != "" {
			w.openCapture(path)
		}
	})
}

// openCapture opens a file by what is in it: a capture is played, a log or a dump
// goes to the page that takes it.
func (w *Window) openCapture(path string) {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	var r view.Replay
	at, importer := w.importer()
	beside := false
	w.longTask("Reading "+filepath.Base(path), func(ctx context.Context, progress func(float64)) (err error) {
		if importer != nil && importer.Takes(path) {
			beside = true
			return nil
		}
		if r, err = w.ws.Open(ctx, path, progress); err != nil {
			return err
		}
		var of []view.Session
		for _, x := range w.ws.Sessions() {
			if r.Plays(x) {
				of = append(of, x)
			}
		}
		if at, over := view.LastLife(of); over {
			r.Seek(at.Sub(r.Start()))
		}
		return nil
	}, func(err error) {
		if beside {
			w.prefs.p.SetString(prefFolder, filepath.Dir(path))
			w.alone = true
			w.tabs.Choose(at)
			w.showPage()
			importer.Import(path)
			return
		}
		if err != nil {
			w.prefs.forget(prefFiles, path)
			w.fail("This capture cannot be opened", err, "Open another…", w.openFile)
			w.pump.kick()
			return
		}
		w.prefs.used(prefFiles, path)
		w.prefs.p.SetString(prefFolder, filepath.Dir(path))
		for _, x := range w.ws.Sessions() {
			if r.Plays(x) {
				w.state.Select(view.Selection{Session: x})
				break
			}
		}
		w.state.SetLength(0)
		w.pump.kick()
	})
}

// importer gives the page that takes files beside captures, and its place; nil
// when there is none.
func (w *Window) importer() (int, page.Importer) {
	for i, p := range w.pages {
		if x, ok := p.(page.Importer); ok {
			return i, x
		}
	}
	return -1, nil
}

// dropped opens the files that were dropped on the window.
func (w *Window) dropped(_ fyne.Position, uris []fyne.URI) {
	for _, u := range uris {
		if u.Scheme() == "file" {
			w.openCapture(u.Path())
		}
	}
}

func (w *Window) startDemo() {
	if w.opts.Demo == nil {
		return
	}
	var x view.Session
	var t view.Target
	w.task("Starting the demo", func(ctx context.Context) (err error) {
		if t, err = w.opts.Demo(ctx); err != nil {
			return err
		}
		x, err = w.ws.Attach(ctx, t)
		return err
	}, func(err error) {
		if err != nil {
			w.fail("The demo did not start", err, "", nil)
			return
		}
		t.Demo = true
		w.attached(t, x)
	})
}

// record gives the running capture a name.
func (w *Window) record() {
	c := w.ws.Capture()
	if c.Path == "" {
		return
	}
	if c.Named {
		fyne.CurrentApp().Clipboard().SetContent(c.Path)
		w.statusBar.say("Recording to "+c.Path+"; the path was copied.", view.Unknown)
		return
	}
	name := "kmscope-" + time.Now().Format("20060102-1504") + ".kmscap"
	w.files.Save("Keep the capture as", w.prefs.p.String(prefFolder), name, func(path string) {
		if path == "" {
			return
		}
		if filepath.Ext(path) == "" {
			path += ".kmscap"
		}
		w.task("Keeping the capture", func(context.Context) error { return w.ws.Record(path) }, func(err error) {
			if err != nil {
				w.fail("The capture cannot be kept there", err, "Choose another place…", w.record)
				return
			}
			w.prefs.p.SetString(prefFolder, filepath.Dir(path))
			w.prefs.used(prefFiles, path)
			w.statusBar.say("Recording to "+path+", from the start of this capture on.", view.Unknown)
			w.pump.kick()
		})
	})
}

// remove ends a session.
func (w *Window) remove(x view.Session) {
	if x == nil {
		return
	}
	name, changes := x.Name(), x.Control().InForce
	w.task("Leaving "+name+" as it would be without us", func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, leaveWithin)
		defer cancel()
		return w.ws.Remove(ctx, x)
	}, func(err error) {
		if w.focused.Session == x {
			w.focused = view.Selection{}
		}
		w.state.Forget(x)
		if err != nil {
			w.statusBar.say(name+" was removed, but: "+sentence(err), view.Attention)
		} else {
			w.statusBar.say(name+" was removed"+undone(changes)+".", view.Unknown)
		}
		w.pump.kick()
	})
}

// objectMenu is what can be done with a row of the navigator.
func (w *Window) objectMenu(r view.NavRow) *fyne.Menu {
	copyText := func(text, said string) func() {
		return func() {
			fyne.CurrentApp().Clipboard().SetContent(text)
			w.statusBar.say(said, view.Unknown)
		}
	}
	if r.Server {
		m := fyne.NewMenu("", fyne.NewMenuItem("Copy the address", copyText(r.Session.URL(), "The address was copied.")))
		word := "Disconnect"
		if !r.Session.Live() {
			word = "Close the capture"
		}
		m.Items = append(m.Items, fyne.NewMenuItemSeparator(), fyne.NewMenuItem(word, func() { w.remove(r.Session) }))
		return m
	}
	m := fyne.NewMenu("",
		fyne.NewMenuItem("Copy the id", copyText(r.Object, "The id was copied.")),
		fyne.NewMenuItem("Copy the name", copyText(r.Label, "The name was copied.")),
	)
	if r.Session.Live() && !r.Dead {
		m.Items = append(m.Items, fyne.NewMenuItem("Read its properties again", func() { r.Session.Read(r.Object) }))
	}
	if r.Dead && r.Session.Live() {
		m.Items = append(m.Items, fyne.NewMenuItemSeparator(), fyne.NewMenuItem("Dismiss", func() {
			r.Session.Dismiss(r.Object)
			w.pump.kick()
		}))
	}
	return m
}
