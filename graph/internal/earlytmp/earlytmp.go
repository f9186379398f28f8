// Package earlytmp makes go-graphviz keep its compiled code in a folder of the
// user's own.
//
// go-graphviz compiles Graphviz from WebAssembly to native code when it is
// initialised, before main runs, and keeps the result in the folder go-graphviz
// of os.TempDir, from where later starts load and run it. On a shared machine
// /tmp/go-graphviz may be anybody's. No option changes it, so this package
// points os.TempDir elsewhere before, and Restore sets it back after.
//
// Before means: Go initialises packages in the order of their import paths,
// each as soon as its own imports are ready (the Go specification, "Package
// initialization"). This package imports only syscall, so it is ready before
// package os is, and everything that go-graphviz needs comes after os. For that
// reason it must import nothing else; a test holds the outcome.
package earlytmp

import "syscall"

// Folder is the private folder, "" when none could be made: then go-graphviz
// keeps nothing and compiles at every start.
var Folder string

type variable struct {
	name, value string
	was         bool
}

var saved []variable

func init() {
	Folder = private()
	dir := Folder
	if dir == "" {
		dir = nowhere
	}
	for _, name := range names {
		v, was := syscall.Getenv(name)
		saved = append(saved, variable{name, v, was})
		_ = syscall.Setenv(name, dir)
	}
}

// Restore sets the folder for temporary files back to what it was. It runs
// when the package that imports go-graphviz is initialised, once.
func Restore() {
	for _, v := range saved {
		if v.was {
			_ = syscall.Setenv(v.name, v.value)
		} else {
			_ = syscall.Unsetenv(v.name)
		}
	}
	saved = nil
}
