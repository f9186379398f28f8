// Package surface is what the pages that paint themselves share: the widget
// that is one picture, the part of a plane in view, the axes, the marks and
// colours, and the worker that keeps what takes long off the interface
// goroutine.
package surface
