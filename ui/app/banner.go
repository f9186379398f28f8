package app

import (
	"errors"
	"fmt"
	"image/color"
	"path/filepath"
	"time"

	"fyne.io/fyne/v2"

	"kmscope/ui/kit"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// updateBanner tells what a person must know before reading the page: that it
// is a replay, that the picture is held, that the connection is lost, or what
// is being read.
func (w *Window) updateBanner(now time.Time) {
	x := w.state.Server()
	var text, action string
	var run func()
	colour := func(p theme.Palette) color.NRGBA { return p.Accent }
	switch {
	case x == nil:
	case w.state.Replay() != nil:
		r := w.state.Replay()
		text = fmt.Sprintf("Replay of %s · recorded %s · %s · actions are disabled", filepath.Base(r.Path()), r.Start().Local().Format("2006-01-02 15:04:05"), view.Stretch(r.Duration()))
		if cut := r.Cut(); cut != "" { // first: the banner may be too narrow for all
			text, colour = sentence(errors.New(cut))+" "+text, warningColour
		}
		if err := r.Err(); err != nil {
			text, colour = sentence(err), errorColour
		}
		action, run = "Close", func() { w.remove(x) }
	case w.state.Paused():
		at, _ := w.state.Cursor()
		text = "The picture is held at " + w.state.Clock().Format(at) + "; capturing goes on."
		action, run, colour = "Resume", func() { w.state.SetPaused(false) }, warningColour
	default:
		text, action, run, colour = w.linkBanner(x, now)
		if at, live := w.state.Cursor(); text == "" && !live && !w.state.Pinned().IsZero() {
			text = "The window shows " + w.state.Clock().Format(at) + ", not the present."
			action, run, colour = "Follow the end", w.state.Follow, warningColour
		}
	}
	if width := w.pageArea.Size().Width - 140; width > 100 {
		text = kit.Elide(text, theme.TextSize, fyne.TextStyle{}, width)
	}
	if w.banner.show(text, colour, action, run) {
		w.columns.Refresh()
		w.win.Content().Refresh()
	}
}

// linkBanner tells of a server that cannot be looked at as it is.
func (w *Window) linkBanner(x view.Session, now time.Time) (text, action string, run func(), colour func(theme.Palette) color.NRGBA) {
	l := x.Link()
	cause := ""
	if l.Cause != "" {
		cause = " " + sentence(errors.New(l.Cause))
	}
	lost := l.Since // the snapshot's own time goes on with every failed try
	if lost.IsZero() {
		lost = x.Snapshot().At
	}
	disconnect := func() { w.remove(x) }
	switch l.State {
	case view.Connecting:
		return "Connecting to " + x.Name() + " …", "Cancel", disconnect, func(p theme.Palette) color.NRGBA { return p.Accent }
	case view.Reconnecting:
		text = "The connection is lost: what you see is the state of " + w.state.Clock().Format(lost) + "." + cause
		if wait := l.RetryAt.Sub(now); !l.RetryAt.IsZero() && wait > 0 {
			text += " The next try is in " + view.Ago(wait+time.Second-1) + "."
		}
		return text, "Disconnect", disconnect, warningColour
	case view.Deaf:
		return "The server does not answer any more: what you see may be old." + cause, "Disconnect", disconnect, errorColour
	case view.Closed:
		return "The session is closed." + cause, "Remove", disconnect, errorColour
	}
	if l.Reading != "" && l.ReadTotal > 0 && l.ReadDone < l.ReadTotal && l.ReadTotal-l.ReadDone > 20 {
		return fmt.Sprintf("Reading %s: %s of %s", l.Reading, view.Thousands(l.ReadDone), view.Thousands(l.ReadTotal)), "", nil,
			func(p theme.Palette) color.NRGBA { return p.Accent }
	}
	return "", "", nil, nil
}
