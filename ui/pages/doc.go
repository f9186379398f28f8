// Package pages holds the pages of the window: graph, charts, timeline and
// negotiation. A page belongs to the interface goroutine; what takes long runs
// on a worker of its own, and hands over a value that nobody changes any more.
package pages
