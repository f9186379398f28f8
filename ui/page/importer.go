package page

// Importer is implemented by the page that takes files beside captures: logs of
// servers, dumps of browsers. The window gives it what is opened or dropped, and
// shows it without a server too.
type Importer interface {
	// Takes tells from its content whether a file is one for the page. Any
	// goroutine; it may read a little of the file.
	Takes(path string) bool
	// Import opens a file. The page tells when it cannot. It is called after
	// Shown(true).
	Import(path string)
	// SetChooser gives the page what asks a person for the name of a file; done is
	// not called when the person thought better of it.
	SetChooser(choose func(title string, done func(path string)))
	// Release closes all files; the window is going, or has gone. It may be called
	// again.
	Release()
}
