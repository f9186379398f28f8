// Package archtest holds the rules of docs/ARCHITECTURE.md: which room may
// import which, who knows the window toolkit, which programs need no cgo, and
// which rooms take their time from the records. It has tests only.
package archtest
