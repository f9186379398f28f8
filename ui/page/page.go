// Package page says what a page of the window is.
package page

import (
	"io"

	"fyne.io/fyne/v2"

	"kmscope/ui/view"
)

// Page is one tab of the middle of the window. The window calls all methods on
// the interface goroutine, and nothing else does.
type Page interface {
	// Title is the word on the tab. It never changes.
	Title() string
	// Content gives the page's widgets, always the same object.
	Content() fyne.CanvasObject
	// Update shows what is new: snapshots, selection, cursor, range. It is
	// called only while the page is visible and something changed, about ten times
	// a second at most, and once right after Shown(true). It must return within a
	// few milliseconds: longer work goes to a goroutine of the page, tagged with
	// the generation it was started for. The page may keep v and call its methods
	// from its own event handlers.
	Update(v *view.State)
	// Shown tells the page that it became visible or hidden: a hidden page
	// stops its animations.
	Shown(visible bool)
}

// Saver is implemented by pages that save files: the window gives them what asks
// for the name and writes, when it is made. write may run on any goroutine.
type Saver interface {
	SetSaver(save func(title, name string, write func(io.Writer) error))
}

// Opener is implemented by pages on which an object can be opened: the window
// gives them what shows the details of the selected object, when it is made.
type Opener interface {
	SetOpener(open func())
}

// Coverer is implemented by pages that paint all of their area themselves: the
// window lays no ground behind them, which would be painted for each frame of
// theirs.
type Coverer interface {
	Covers()
}

// Command is something that a person can do on a page: the window lists it in
// the menu and in the palette.
type Command struct {
	// Title is an imperative, for example "Fit the graph".
	Title string
	// Shortcut is nil when there is none. It must hold a modifier.
	Shortcut fyne.Shortcut
	Run      func()
}

// Commander is implemented by pages that have commands of their own. The
// window asks once, when it is made.
type Commander interface {
	Commands() []Command
}
