//go:build !windows

package graph

import "os/exec"

// hideWindow does something on Windows only.
func hideWindow(*exec.Cmd) {}
