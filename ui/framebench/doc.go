// Package framebench measures the whole window as a person has it: drawn by the
// real driver on a display, not by the toolkit's test driver. It holds benchmarks
// alone; make bench-window runs them.
package framebench
